package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/odbcgen/odbcgen/generator"
)

// output is how findings and progress are shown. All of it goes to stderr: stdout
// has what the user asked for, such as the tables of explain.
type output struct {
	stderr *os.File
	format choice
	color  choice
	line   *progress // nil until there is something to show
}

func newOutput(stderr *os.File) *output {
	return &output{
		stderr: stderr,
		format: choice{cmp.Or(os.Getenv("ODBCGEN_FORMAT"), "text"), []string{"text", "json", "github"}},
		color:  choice{"auto", []string{"auto", "always", "never"}},
	}
}

func (o *output) flags(flags *pflag.FlagSet) {
	flags.Var(&o.format, "format", "form of the findings; ODBCGEN_FORMAT changes the default")
	flags.Var(&o.color, "color", "colours in the findings")
}

// check tells of a word that came from the environment.
func (o *output) check() error {
	if err := o.format.Set(o.format.word); err != nil {
		return fmt.Errorf("ODBCGEN_FORMAT is %q: %w", o.format.word, err)
	}
	return nil
}

// progress shows how far a run is, to somebody who watches.
func (o *output) progress(at generator.Progress) {
	if o.line == nil {
		if o.format.word != "text" || !o.terminal() {
			return
		}
		o.line = newProgress(o.stderr, func() int {
			width, _, _ := term.GetSize(int(o.stderr.Fd()))
			return width
		})
	}
	o.line.show(at)
}

// write writes what a run has found. In JSON that is a document even of nothing,
// so that programs always have one to read.
func (o *output) write(err error) error {
	found := generator.DiagnosticsOf(err)
	switch o.format.word {
	case "json":
		return found.WriteJSON(o.stderr)
	case "github":
		return found.WriteGitHub(o.stderr, os.Getenv("GITHUB_WORKSPACE"))
	}
	if err != nil && !errors.As(err, &found) {
		_, err = fmt.Fprintln(o.stderr, "odbcgen:", err)
		return err
	}
	return found.WriteText(o.stderr, o.colored())
}

// colored tells whether to write colours; NO_COLOR is that of https://no-color.org.
func (o *output) colored() bool {
	if o.color.word == "auto" {
		return os.Getenv("NO_COLOR") == "" && o.terminal()
	}
	return o.color.word == "always"
}

// terminal tells whether stderr is a terminal that obeys control sequences.
func (o *output) terminal() bool {
	return term.IsTerminal(int(o.stderr.Fd())) && os.Getenv("TERM") != "dumb" && obeys(o.stderr)
}

// choice is the value of a flag that is one of some words.
type choice struct {
	word  string
	words []string
}

func (c *choice) String() string { return c.word }

// Type is what help shows behind the flag's name.
func (c *choice) Type() string { return strings.Join(c.words, "|") }

func (c *choice) Set(word string) error {
	if !slices.Contains(c.words, word) {
		return fmt.Errorf("it is one of %s", strings.Join(c.words, ", "))
	}
	c.word = word
	return nil
}
