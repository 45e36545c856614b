// Command odbcgen writes typed Go for SQL queries, with the types that the
// user's own database tells through ODBC.
//
//	odbcgen generate     write the Go files of a spec
//	odbcgen check        hold what is checked in against the spec and the database
//	odbcgen explain      show what queries take and return, and who says so
//	odbcgen import       make specs of a configuration of sqlc
//	odbcgen drivers      list ODBC drivers and data sources, or probe one
//	odbcgen plugin       check files that describe databases
//	odbcgen version      show release and contract
//
// It exits with 0 when all is well, 2 when it found fault with the spec or its
// SQL or with what it knows of a driver, and 1 when it could not run.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"

	"github.com/spf13/cobra"

	"github.com/odbcgen/odbcgen/generator"
)

// Exit codes.
const (
	exitClean    = 0
	exitFailed   = 1
	exitFindings = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	out := newOutput(os.Stderr)
	err := root(out).ExecuteContext(ctx)
	stop()
	if out.write(err) != nil {
		os.Exit(exitFailed)
	}
	os.Exit(exitCode(err))
}

// root is the command without a verb.
func root(out *output) *cobra.Command {
	cmd := &cobra.Command{
		Use:           "odbcgen",
		Short:         "Typed Go for SQL, checked against your database through ODBC",
		SilenceErrors: true,
		SilenceUsage:  true,

		PersistentPreRunE: func(*cobra.Command, []string) error { return out.check() },
	}
	out.flags(cmd.PersistentFlags())
	cmd.AddCommand(generate(out), check(out), explain(out), importSQLC(), drivers(out), plugin(), version(), child(), probeChild())
	return cmd
}

// exitCode returns the process's exit code for an error.
func exitCode(err error) int {
	if errors.As(err, new(contradictions)) {
		return exitFindings
	}
	switch found := generator.DiagnosticsOf(err); {
	case found.Fatal():
		return exitFailed
	case found.Len() > 0:
		return exitFindings
	}
	return exitClean
}

// child is the verb with which odbcgen calls itself, see generator.ServeChild.
func child() *cobra.Command {
	return &cobra.Command{
		Use:    childVerb,
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return generator.ServeChild(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
}

const childVerb = "ask-driver"

// specFlags are the flags of verbs that read a spec.
func specFlags(cmd *cobra.Command, o *generator.Options, out *output) {
	o.Progress = out.progress
	if self, err := os.Executable(); err == nil {
		o.Child = []string{self, childVerb}
	}
	cmd.Flags().StringVarP(&o.Spec, "file", "f", "queries.yaml", "spec file")
	cmd.Flags().StringVar(&o.Driver, "driver", "", "driver plugin to use instead of the spec's")
	cmd.Flags().BoolVar(&o.Offline, "offline", false, "take all from the snapshots, and fail where they are not current")
	cmd.Flags().StringVar(&o.Database, "database", "", "ODBC connection string to use instead of the spec's")
}
