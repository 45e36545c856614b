// Package diag holds what the generator has to tell about the user's files: each
// finding with its place, drawn under the source line it is about. It only
// collects and draws; it reads no files and decides no exit codes.
package diag

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Diagnostic is one finding.
type Diagnostic struct {
	Pos
	Query   string // the query or bulk insert it is about, "" for none
	Message string // lower case, no full stop
	Detail  string // lines that show it, such as a difference
	State   string // the SQLSTATE that came with it, "" where no database spoke
	Native  int32  // the database's own code beside State
	Help    string // what to write instead; lines of their own when it has several; "" for none
	Fatal   bool   // the run could not do its work, the user's files may be right
}

// String returns the first line of the drawing: place, query and message.
func (d Diagnostic) String() string {
	var b strings.Builder
	if place := d.Pos.String(); place != "" {
		b.WriteString(place + ": ")
	}
	if d.Query != "" {
		b.WriteString("query " + d.Query + ": ")
	}
	b.WriteString(d.text())
	return b.String()
}

// text is the message with the codes of the database.
func (d Diagnostic) text() string {
	if d.State == "" {
		return d.Message
	}
	return fmt.Sprintf("%s (SQLSTATE %s, native %d)", d.Message, d.State, d.Native)
}

// Pos is a span of a source file. Zero fields mean not known: without Line it is
// the whole file, without Col the whole line.
type Pos struct {
	File string
	Line int // from 1
	Col  int // from 1, in runes
	Len  int // in runes, line ends and indentation included
}

// String returns file:line:col as far as it is known.
func (p Pos) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Col == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// List collects the diagnostics of one run. The zero List is empty and ready; it
// is not safe for use by several goroutines.
type List struct {
	Sources Sources // texts to draw from; a file that is missing here is not drawn
	all     []Diagnostic
}

// Add appends d.
func (l *List) Add(d Diagnostic) { l.all = append(l.all, d) }

// Addf appends a diagnostic at pos that has a message only.
func (l *List) Addf(pos Pos, format string, args ...any) {
	l.Add(Diagnostic{Pos: pos, Message: fmt.Sprintf(format, args...)})
}

// AddSource keeps the text of a file for the drawing.
func (l *List) AddSource(file, text string) {
	if l.Sources == nil {
		l.Sources = Sources{}
	}
	l.Sources[file] = text
}

// Len returns the number of different diagnostics.
func (l *List) Len() int { return len(l.All()) }

// All returns the diagnostics by file, line and column, each once.
func (l *List) All() []Diagnostic {
	sorted := slices.Clone(l.all)
	slices.SortStableFunc(sorted, compare)
	return slices.Compact(sorted)
}

func compare(a, b Diagnostic) int {
	return cmp.Or(
		cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col),
		cmp.Compare(a.Query, b.Query), cmp.Compare(a.Message, b.Message), cmp.Compare(a.State, b.State),
		cmp.Compare(a.Native, b.Native), cmp.Compare(a.Help, b.Help), cmp.Compare(a.Detail, b.Detail), cmp.Compare(a.Len, b.Len),
	)
}

// Fatal tells whether a diagnostic says that the run could not do its work.
func (l *List) Fatal() bool {
	return slices.ContainsFunc(l.all, func(d Diagnostic) bool { return d.Fatal })
}

// Err returns nil for an empty list, else an error whose text is the drawing.
func (l *List) Err() error {
	if len(l.all) == 0 {
		return nil
	}
	var b strings.Builder
	_ = l.WriteText(&b, false) // a strings.Builder takes everything
	return errors.New(strings.TrimSuffix(b.String(), "\n"))
}
