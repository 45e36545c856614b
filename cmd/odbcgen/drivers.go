package main

import (
	"cmp"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
)

func drivers(out *output) *cobra.Command {
	var p probing
	cmd := &cobra.Command{
		Use:   "drivers",
		Short: "List the installed ODBC drivers and data sources, with the plugin for each; or probe one",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := p.check(); err != nil {
				return err
			}
			if p.connection != "" {
				return p.run(cmd, out)
			}
			installed, err := runtime.InstalledDrivers()
			if err != nil {
				return err
			}
			sources, err := runtime.DataSources()
			if err != nil {
				return err
			}
			return listSources(cmd.OutOrStdout(), installed, sources)
		},
	}
	p.flags(cmd)
	return cmd
}

// listSources prints drivers, and data sources with the plugin of their driver.
func listSources(w io.Writer, installed, sources []runtime.Source) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "kind\tname\tdriver\tplugin")
	libraries := make(map[string]string)
	for _, d := range installed {
		libraries[d.Name] = d.Driver
		fmt.Fprintf(t, "driver\t%s\t%s\t%s\n", d.Name, d.Driver, driver.ForLibrary(d.Driver).Name)
	}
	for _, s := range sources {
		library := cmp.Or(libraries[s.Driver], s.Driver)
		fmt.Fprintf(t, "source\t%s\t%s\t%s\n", s.Name, s.Driver, driver.ForLibrary(library).Name)
	}
	return t.Flush()
}
