package main

import (
	"cmp"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/odbcgen/odbcgen/generator"
)

func explain(out *output) *cobra.Command {
	var o generator.Options
	cmd := &cobra.Command{
		Use:   "explain [query …]",
		Short: "Show what queries take and return, where each type comes from, and why NULL can occur",
		RunE: func(cmd *cobra.Command, names []string) error {
			explained, err := generator.Explain(cmd.Context(), o, names...)
			for i, e := range explained {
				if i > 0 {
					fmt.Fprintln(cmd.OutOrStdout())
				}
				table(cmd.OutOrStdout(), e)
			}
			return err
		},
	}
	specFlags(cmd, &o, out)
	return cmd
}

// table prints a query's parameters and columns.
func table(w io.Writer, e generator.Explained) {
	from := ""
	if e.Snapshot {
		from = " (from its snapshot)"
	}
	fmt.Fprintln(w, e.Name+from)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "  \tname\tGo type\ttype\tSQL type\tof\tsays\tnull\tbecause")
	rows(t, "parameter", e.Params)
	rows(t, "column", e.Columns)
	for _, s := range e.Sets {
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
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", cmp.Or(v.Direction, what), v.Name, v.GoType, v.Type, v.SQLType, v.Of, v.Source, null, v.NullWhy)
	}
}
