package main

import (
	"github.com/spf13/cobra"

	"github.com/odbcgen/odbcgen/generator"
)

// plugin is the verb for plugin files.
func plugin() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plugin",
		Short: "Check the files that describe databases of your own",
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "check FILE...",
		Short: "Tell what is wrong with plugin files",
		Long: `Check reads plugin files by themselves, and connects to nothing. It exits with 0
when all is well, with 2 when it found something, and with 1 when it could not do
its work.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, files []string) error { return generator.CheckPlugins(files...) },
	})
	return cmd
}
