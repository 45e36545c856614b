package generator

import (
	"errors"
	"io"

	"github.com/odbcgen/odbcgen/generator/internal/diag"
)

// Diagnostics are the findings of a run, in order of file and line. It is an
// error whose text draws all of them.
type Diagnostics struct{ list *diag.List }

// DiagnosticsOf returns the Diagnostics that err is; for any other error one
// finding, which is fatal, and for nil none.
func DiagnosticsOf(err error) *Diagnostics {
	if found := (*Diagnostics)(nil); errors.As(err, &found) {
		return found
	}
	list := &diag.List{}
	if err != nil {
		list.Add(diag.Diagnostic{Message: err.Error(), Fatal: true})
	}
	return &Diagnostics{list}
}

// Error draws all findings under their source lines.
func (d *Diagnostics) Error() string { return d.list.Err().Error() }

// Fatal reports whether the run could not do its work (no database, no driver,
// no such file) rather than finding fault with the user's spec.
func (d *Diagnostics) Fatal() bool { return d.list.Fatal() }

// Len returns the number of findings.
func (d *Diagnostics) Len() int { return d.list.Len() }

// WriteText draws all findings under their source lines, in colours if wanted.
func (d *Diagnostics) WriteText(w io.Writer, colored bool) error { return d.list.WriteText(w, colored) }

// WriteJSON writes one JSON document, which doc/diagnostics.md describes.
func (d *Diagnostics) WriteJSON(w io.Writer) error { return d.list.WriteJSON(w) }

// WriteGitHub writes a workflow command of GitHub Actions for each finding. Paths
// are told from root, the folder of the repository, if that is not empty.
func (d *Diagnostics) WriteGitHub(w io.Writer, root string) error { return d.list.WriteGitHub(w, root) }

// errorOf returns the list as an error, nil when it is empty.
func errorOf(list *diag.List) error {
	if list.Len() == 0 {
		return nil
	}
	return &Diagnostics{list}
}
