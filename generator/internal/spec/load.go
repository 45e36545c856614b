package spec

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/odbcgen/odbcgen/generator/internal/diag"
)

// Loader says where specs are read from and which words they may use. The zero
// Loader reads the files of the system, allows any driver and type, and does not
// expand ${NAME}.
type Loader struct {
	ReadFile func(path string) ([]byte, error)      // nil for os.ReadFile
	Glob     func(pattern string) ([]string, error) // nil for filepath.Glob
	Env      func(name string) (string, bool)       // nil leaves ${NAME} as written and lets database out: the run needs none
	Drivers  []string                               // words of driver; nil allows any
	Kinds    []string                               // words of type; nil allows any

	// Plugin reads a plugin file, and adds what is wrong with it to the problems. A driver
	// whose name ends in .yaml or .yml is the path of one. Nil reads none.
	Plugin func(path, text string, problems *diag.List) (p Plugin, ok bool)

	Driver   string // stands for what the spec says, "" for nothing
	Database string // likewise
}

// Load reads the spec at path and the files it names. The list holds all problems
// found and the texts to draw them from; with problems, the Spec holds what could be
// read, and is nil when that is nothing.
func (l Loader) Load(path string) (*Spec, *diag.List) {
	if l.ReadFile == nil {
		l.ReadFile = os.ReadFile
	}
	if l.Glob == nil {
		l.Glob = filepath.Glob
	}
	r := &reader{Loader: l, problems: &diag.List{Sources: diag.Sources{}}, spec: &Spec{Path: path}, file: path}
	root := r.document()
	if root == nil {
		return nil, r.problems
	}
	r.readSpec(root)
	r.checkNames()
	return r.spec, r.problems
}

// reader fills spec from the file it stands in.
type reader struct {
	Loader
	problems *diag.List
	spec     *Spec
	file     string
	query    string      // the query being read, "" outside
	lines    []int       // where those of the spec begin; nil before the first is asked for
	entry    *queryFiles // the entry whose files are being read, nil outside
}

// sibling returns the path of a file named in the spec.
func (r *reader) sibling(name string) string {
	if filepath.IsAbs(name) {
		return filepath.ToSlash(filepath.Clean(name))
	}
	return filepath.ToSlash(filepath.Join(filepath.Dir(r.spec.Path), name))
}

// read returns the text of a file and keeps it for the drawing. What cannot be read
// is told at the place that names the file.
func (r *reader) read(path string, at diag.Diagnostic) (string, bool) {
	content, err := r.ReadFile(path)
	if err != nil {
		at.Message = "read " + path + ": " + reason(err)
		r.add(at)
		return "", false
	}
	text := strings.ReplaceAll(string(content), "\r\n", "\n") // which git may make of each other
	r.problems.AddSource(path, text)
	if !utf8.ValidString(text) {
		valid := strings.Index(strings.ToValidUTF8(text, "\x00"), "\x00")
		r.add(diag.Diagnostic{Pos: r.problems.Sources.Pos(path, valid, 1), Message: "the file is not UTF-8", Help: "save it as UTF-8"})
		return "", false
	}
	return text, true
}

// reason returns err without the path that fs and os put before it.
func reason(err error) string {
	if pathErr, ok := err.(*fs.PathError); ok {
		return pathErr.Err.Error()
	}
	return err.Error()
}

// add tells d, of the query being read.
func (r *reader) add(d diag.Diagnostic) {
	if d.Query == "" {
		d.Query = r.query
	}
	r.problems.Add(d)
}
