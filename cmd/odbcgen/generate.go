package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/odbcgen/odbcgen/generator"
)

func generate() *cobra.Command {
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
			report(cmd, result)
			return nil
		},
	}
	specFlags(cmd, &o)
	return cmd
}

// report names the files that were written or removed; a run that changes
// nothing says nothing.
func report(cmd *cobra.Command, result *generator.Result) {
	for _, f := range result.Files {
		if f.Changed {
			fmt.Fprintln(cmd.OutOrStdout(), "wrote", f.Path)
		}
	}
	for _, path := range result.Stale {
		fmt.Fprintln(cmd.OutOrStdout(), "removed", path)
	}
}
