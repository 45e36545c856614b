package diag

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// document is what WriteJSON writes. Its version rises when something goes or
// changes its meaning, not when something is added.
type document struct {
	Version  int       `json:"version"`
	Findings []finding `json:"findings"`
}

// finding is a diagnostic in JSON. What is not known is left out.
type finding struct {
	File      string `json:"file,omitempty"`
	Line      int    `json:"line,omitempty"`      // from 1
	Column    int    `json:"column,omitempty"`    // from 1, in characters
	EndLine   int    `json:"endLine,omitempty"`   // of the last character
	EndColumn int    `json:"endColumn,omitempty"` // behind the last character
	Query     string `json:"query,omitempty"`
	Message   string `json:"message"`
	Detail    string `json:"detail,omitempty"` // lines that show it, such as a difference
	Help      string `json:"help,omitempty"`
	SQLState  string `json:"sqlstate,omitempty"`
	Native    *int32 `json:"native,omitempty"` // with sqlstate
	Fatal     bool   `json:"fatal"`
}

// WriteJSON writes one document with all diagnostics, for programs.
func (l *List) WriteJSON(w io.Writer) error {
	all := document{Version: 1, Findings: []finding{}}
	for _, d := range l.All() {
		f := finding{
			File: d.File, Line: d.Line, Column: d.Col, Query: d.Query,
			Message: d.Message, Detail: d.Detail, Help: d.Help, SQLState: d.State, Fatal: d.Fatal,
		}
		f.EndLine, f.EndColumn = l.Sources.end(d.Pos)
		if d.State != "" {
			f.Native = &d.Native
		}
		all.Findings = append(all.Findings, f)
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(all)
}

// WriteGitHub writes the diagnostics as workflow commands, which GitHub Actions
// shows beside the lines they are about. It wants paths from the root of the
// repository; an empty root leaves them as they are.
func (l *List) WriteGitHub(w io.Writer, root string) error {
	var b strings.Builder
	for _, d := range l.All() {
		message := d.text()
		if d.Detail != "" {
			message += "\n" + d.Detail
		}
		if d.Help != "" {
			message += "\nhelp: " + d.Help
		}
		fmt.Fprintf(&b, "::error %s::%s\n", strings.Join(l.properties(d, root), ","), commandText.Replace(message))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// properties say where an annotation belongs. Columns are taken only where the
// span ends on its first line.
func (l *List) properties(d Diagnostic, root string) []string {
	var all []string
	add := func(name, value string) { all = append(all, name+"="+commandProperty.Replace(value)) }
	if d.File != "" {
		add("file", below(root, d.File))
	}
	endLine, endCol := l.Sources.end(d.Pos)
	if d.Line > 0 {
		add("line", fmt.Sprint(d.Line))
		add("endLine", fmt.Sprint(endLine))
	}
	if d.Col > 0 && endLine == d.Line {
		add("col", fmt.Sprint(d.Col))
		add("endColumn", fmt.Sprint(endCol))
	}
	title := "odbcgen"
	if d.Query != "" {
		title += ": query " + d.Query
	}
	add("title", title)
	return all
}

// below returns the path from root of a file that lies below it.
func below(root, file string) string {
	absolute, err := filepath.Abs(file)
	if root == "" || err != nil {
		return file
	}
	if path, err := filepath.Rel(root, absolute); err == nil && filepath.IsLocal(path) {
		return filepath.ToSlash(path)
	}
	return file
}

// What stands for characters that end a workflow command or one of its properties.
var (
	commandText     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	commandProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)
