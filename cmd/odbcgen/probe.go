package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/odbcgen/odbcgen/generator"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/probe"
)

// probing are the flags of drivers --probe.
type probing struct {
	connection string
	scratch    bool
	write      string // a file
	driver     string
}

func (p *probing) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.connection, "probe", "", "ODBC connection string of a database whose driver is to be asked, and tried")
	cmd.Flags().BoolVar(&p.scratch, "scratch", false, "allow --probe tables of its own, odbcgen_probe_…, which it drops")
	cmd.Flags().StringVar(&p.write, "write", "", "plugin file for what --probe finds, - for stdout")
	cmd.Flags().StringVar(&p.driver, "driver", "", "built-in driver that --probe holds its findings against, instead of the database's own")
}

// check tells of flags that mean nothing without --probe.
func (p *probing) check() error {
	if p.connection == "" && (p.scratch || p.write != "" || p.driver != "") {
		return fmt.Errorf("--scratch, --write and --driver say how to probe a driver: give --probe a connection string")
	}
	return nil
}

// contradictions is how often a plugin was found wrong.
type contradictions int

func (n contradictions) Error() string {
	return fmt.Sprintf("the plugin is wrong, or the driver did not survive, in %d places: see the lines with !", int(n))
}

// run asks the driver and writes what was found.
func (p *probing) run(cmd *cobra.Command, out *output) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	o := probe.Options{Connection: p.connection, Scratch: p.scratch, Child: []string{self, probeVerb}}
	if p.driver != "" {
		plugin, ok := driver.ByName(p.driver)
		if !ok {
			return fmt.Errorf("--driver: there is no built-in driver %q", p.driver)
		}
		o.Plugin = plugin
	}
	o.Progress = func(trial string, done, total int) {
		out.progress(generator.Progress{Name: trial, Done: done, Total: total})
	}
	report, err := probe.Ask(cmd.Context(), o)
	if err != nil {
		return err
	}
	if err := p.tell(cmd.OutOrStdout(), report); err != nil {
		return err
	}
	if n := report.Contradictions(); n > 0 {
		return contradictions(n)
	}
	return nil
}

func (p *probing) tell(w io.Writer, report *probe.Report) error {
	var file bytes.Buffer
	if p.write != "" {
		found, comments := report.Found()
		if err := generator.WritePlugin(&file, cmp.Or(report.Plugin.Extends, report.Plugin.BuiltInName()), found, comments); err != nil {
			return err
		}
	}
	switch p.write {
	case "-":
		_, err := file.WriteTo(w)
		return err
	case "":
	default:
		if err := os.WriteFile(p.write, file.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return report.WriteText(w)
}

// probeChild is the verb with which odbcgen calls itself, see probe.ServeChild.
func probeChild() *cobra.Command {
	return &cobra.Command{
		Use:    probeVerb,
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return probe.ServeChild(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
}

const probeVerb = "try-driver"
