package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/odbcgen/odbcgen/generator"
)

func check(out *output) *cobra.Command {
	var o generator.Options
	var rows bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Hold generated files and snapshots against the spec and the live database",
		Long: `Check tells of generated files that are missing, stale or left over, of
snapshots that are not current, and of what has changed in the database since they
were made. It writes nothing. It exits with 0 when all is well, with 2 when it found
something, and with 1 when it could not do its work.

A database whose connection string needs an environment variable that is not set is
not asked. With --rows, queries run in a transaction that is rolled back, with
values for their parameters that stand in what these are compared with.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			checked, err := generator.Check(cmd.Context(), o, rows)
			for _, note := range checked.Notes {
				fmt.Fprintln(cmd.OutOrStdout(), "note:", note)
			}
			return err
		},
	}
	specFlags(cmd, &o, out)
	cmd.Flags().BoolVar(&rows, "rows", false, "run the queries that only read, and look for rows that contradict the types")
	return cmd
}
