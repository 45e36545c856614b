package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/odbcgen/odbcgen/generator"
)

func describe() *cobra.Command {
	var o generator.Options
	cmd := &cobra.Command{
		Use:   "describe [query …]",
		Short: "Show what queries take and return, and where each type comes from",
		RunE: func(cmd *cobra.Command, names []string) error {
			described, err := generator.Describe(cmd.Context(), o, names...)
			for i, d := range described {
				if i > 0 {
					fmt.Fprintln(cmd.OutOrStdout())
				}
				table(cmd.OutOrStdout(), d)
			}
			return err
		},
	}
	specFlags(cmd, &o)
	return cmd
}

// table prints a query's parameters and columns.
func table(w io.Writer, d generator.Described) {
	fmt.Fprintln(w, d.Name)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "  \tname\ttype\tnull\tSQL type\tsource")
	rows(t, "parameter", d.Params)
	rows(t, "column", d.Columns)
	for _, s := range d.Sets {
		fmt.Fprintf(t, "  set %s: %s\n", s.Name, s.Result)
		rows(t, "column", s.Columns)
	}
	t.Flush()
}

func rows(w io.Writer, what string, values []generator.Value) {
	for _, v := range values {
		null := "no"
		if v.Null {
			null = "yes"
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\t%s\n", what, v.Name, v.Type, null, v.SQLType, v.Source)
	}
}
