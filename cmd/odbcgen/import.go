package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/odbcgen/odbcgen/generator"
)

func importSQLC() *cobra.Command {
	var out string
	var force bool
	cmd := &cobra.Command{
		Use:   "import [sqlc.yaml]",
		Short: "Make specs of a configuration of sqlc",
		Long: "Import makes a spec for each set of queries in a configuration of sqlc, and tells what\n" +
			"it took over and what not. The queries and the configuration stay as they are.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := configuration(args)
			if err != nil {
				return err
			}
			imported, err := generator.ImportSQLC(file, cmp.Or(out, filepath.Dir(file)))
			if err != nil {
				return err
			}
			if err := imported.Commit(force); err != nil {
				return err
			}
			reportImport(cmd, imported)
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "folder of the specs (default that of the configuration)")
	cmd.Flags().BoolVar(&force, "force", false, "overwrite specs that are there")
	return cmd
}

// configuration returns the file to read: the one named, else that which sqlc would read.
func configuration(args []string) (string, error) {
	if len(args) > 0 {
		return args[0], nil
	}
	for _, name := range []string{"sqlc.yaml", "sqlc.yml", "sqlc.json"} {
		if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			return name, err
		}
	}
	return "", errors.New("there is no sqlc.yaml, sqlc.yml or sqlc.json in this folder; name the file")
}

// reportImport tells what was written, what was taken over and what was not.
func reportImport(cmd *cobra.Command, imported *generator.Imported) {
	w := cmd.OutOrStdout()
	for _, s := range imported.Specs {
		fmt.Fprintf(w, "wrote %s: %d queries of %d files, for %s\n", s.Path, s.Queries, s.Files, s.Driver)
	}
	for _, part := range []struct {
		taken bool
		title string
	}{{true, "taken over:"}, {false, "not taken over:"}} {
		title := part.title
		for _, n := range imported.Notes {
			if n.Taken != part.taken {
				continue
			}
			if title != "" {
				fmt.Fprintln(w, title)
				title = ""
			}
			if n.Line > 0 {
				fmt.Fprintf(w, "  %s:%d: %s\n", n.File, n.Line, n.Text)
			} else {
				fmt.Fprintf(w, "  %s: %s\n", n.File, n.Text)
			}
		}
	}
	for _, s := range imported.Specs {
		fmt.Fprintf(w, "next: odbcgen generate -f %s\n", s.Path)
	}
}
