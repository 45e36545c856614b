package main

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/odbcgen/odbcgen/generator"
)

func generate(out *output) *cobra.Command {
	var o generator.Options
	cmd := &cobra.Command{
		Use:   "generate",
		Short: "Write the Go files of a spec",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			result, err := generator.Generate(cmd.Context(), o)
			if err != nil {
				return err
			}
			if err := result.Commit(); err != nil {
				return err
			}
			report(cmd.OutOrStdout(), result)
			return nil
		},
	}
	specFlags(cmd, &o, out)
	cmd.Flags().BoolVar(&o.Refresh, "refresh", false, "ask the database about all queries, and take nothing from snapshots")
	return cmd
}

// report names the Go files that were written or removed, and counts snapshots; a
// run that changes nothing says nothing.
func report(w io.Writer, result *generator.Result) {
	for _, note := range result.Notes {
		fmt.Fprintln(w, "note:", note)
	}
	for _, f := range result.Files {
		if f.Changed {
			fmt.Fprintln(w, "wrote", f.Path)
		}
	}
	changed := make(map[string]int) // by folder
	for _, f := range result.Snapshots {
		if f.Changed {
			changed[filepath.Dir(f.Path)]++
		}
	}
	for folder, n := range changed {
		fmt.Fprintf(w, "wrote %d snapshots into %s\n", n, folder)
	}
	for _, path := range result.Stale {
		fmt.Fprintln(w, "removed", path)
	}
}
