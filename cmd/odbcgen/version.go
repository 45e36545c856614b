package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/odbcgen/odbcgen/generator"
	"github.com/odbcgen/odbcgen/runtime"
)

func version() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Show the release, and the contract between generated code and runtime",
		Args:  cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) {
			fmt.Fprintf(cmd.OutOrStdout(), "odbcgen %s, writes contract %d; its runtime takes %d to %d\n",
				release(), generator.Contract, runtime.MinContract, runtime.MaxContract)
		},
	}
}

// release returns the version of this module as the Go command stamped it.
func release() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
