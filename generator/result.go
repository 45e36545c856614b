package generator

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/emit"
	"github.com/odbcgen/odbcgen/generator/internal/snapshot"
	"github.com/odbcgen/odbcgen/generator/internal/spec"
)

// Result is what a run has generated.
type Result struct {
	// Files are the generated files, in order of their names.
	Files []File
	// Snapshots are what the database said of each query: files to be checked in
	// beside the spec, in order of their names.
	Snapshots []File
	// Stale are the paths of files of both kinds that odbcgen wrote earlier and that
	// belong to the spec no more.
	Stale []string
	// Notes are what the user should know of the run.
	Notes []string
}

// File is a file that odbcgen writes.
type File struct {
	Path    string
	Content []byte
	Changed bool // what lies there is missing or different
}

// newResult holds the files against the folders they belong in.
func newResult(folder string, files []emit.File, snapshots *snapshot.Folder) (*Result, []diag.Diagnostic) {
	r := &Result{}
	var findings []diag.Diagnostic
	for _, f := range files {
		path := filepath.Join(folder, f.Name)
		have, err := os.ReadFile(path)
		if err == nil && !emit.Ours(have) {
			findings = append(findings, diag.Diagnostic{
				Pos: diag.Pos{File: path}, Fatal: true,
				Message: "odbcgen would write this file, but has not written the one that is there",
				Help:    "move it away, or set another folder under out",
			})
		}
		r.Files = append(r.Files, newFile(path, f.Content))
	}
	kept := snapshots.Files()
	for _, path := range slices.Sorted(maps.Keys(kept)) {
		r.Snapshots = append(r.Snapshots, newFile(path, kept[path]))
	}
	r.Stale = append(stale(folder, r.Files), snapshots.Stale()...)
	return r, findings
}

func newFile(path string, content []byte) File {
	have, err := os.ReadFile(path)
	return File{Path: path, Content: content, Changed: err != nil || !bytes.Equal(have, content)}
}

// stale returns the files of ours in the folder that are not among files.
func stale(folder string, files []File) []string {
	var paths []string
	candidates, _ := filepath.Glob(filepath.Join(escapeGlob(folder), "*.gen.go"))
	for _, path := range candidates {
		kept := slices.ContainsFunc(files, func(f File) bool { return f.Path == path })
		if content, err := os.ReadFile(path); !kept && err == nil && emit.Ours(content) {
			paths = append(paths, path)
		}
	}
	return paths
}

// escapeGlob makes a folder's name mean itself in a pattern.
func escapeGlob(name string) string {
	var b bytes.Buffer
	for _, c := range name {
		if c == '*' || c == '?' || c == '[' {
			fmt.Fprintf(&b, "[%c]", c)
			continue
		}
		b.WriteRune(c)
	}
	return b.String()
}

// Commit writes the files that have changed and removes the stale ones. Each
// file is replaced whole, and none before all could be written.
func (r *Result) Commit() error {
	written := make(map[string]string) // temporary file by path
	defer func() {
		for _, temp := range written {
			os.Remove(temp)
		}
	}()
	for _, f := range slices.Concat(r.Files, r.Snapshots) {
		if !f.Changed {
			continue
		}
		temp, err := writeBeside(f)
		if err != nil {
			return fmt.Errorf("write %s: %w", f.Path, err)
		}
		written[f.Path] = temp
	}
	return r.replace(written)
}

func (r *Result) replace(written map[string]string) error {
	for path, temp := range written {
		if err := os.Rename(temp, path); err != nil {
			return err
		}
	}
	for _, path := range r.Stale {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}

// writeBeside writes the content into a new file in the folder of f.
func writeBeside(f File) (string, error) {
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o777); err != nil {
		return "", err
	}
	temp, err := os.CreateTemp(filepath.Dir(f.Path), ".odbcgen-*")
	if err != nil {
		return "", err
	}
	_, err = temp.Write(f.Content)
	if err = errors.Join(err, temp.Chmod(0o644), temp.Close()); err != nil {
		os.Remove(temp.Name())
		return "", err
	}
	return temp.Name(), nil
}

// checkFolder tells early when files could not be written into the folder.
func checkFolder(out spec.Text, problems *diag.List) {
	existing := out.Value
	for {
		_, err := os.Stat(existing)
		if !errors.Is(err, fs.ErrNotExist) || existing == filepath.Dir(existing) {
			break
		}
		existing = filepath.Dir(existing) // it will be made
	}
	probe, err := os.CreateTemp(existing, ".odbcgen-*")
	if err != nil {
		problems.Add(diag.Diagnostic{
			Pos: out.Pos, Fatal: true,
			Message: fmt.Sprintf("cannot write into folder %s: %v", out.Value, errors.Unwrap(err)),
			Help:    "make it writable, or set another folder under out",
		})
		return
	}
	probe.Close()
	os.Remove(probe.Name())
}
