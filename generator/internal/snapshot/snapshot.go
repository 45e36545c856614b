// Package snapshot keeps what a database said of queries in files that are checked
// in, one for each query and driver, so that code can be generated without the
// database. It knows nothing of types, and connects to nothing.
package snapshot

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/odbcgen/odbcgen/generator/internal/describe"
)

// format is the version of the files, and of what is told in them: it rises when
// describing comes to other answers. A file of another version answers nothing.
const format = 1

// Folder is the snapshots of a spec.
type Folder struct {
	path   string
	only   string            // the driver that a run is about, "" for all
	have   map[string][]byte // what lies there, by name
	files  map[string][]byte // what belongs there, by name
	schema map[string]string // what is in schemaFile: a fingerprint by driver
	made   map[string]string // what belongs there
}

// schemaFile tells from which schema files the snapshots were made. It is one file,
// so that a change there touches one line and not all snapshots.
const schemaFile = "schema.json"

// FolderFor returns the folder for the snapshots of a spec file.
func FolderFor(spec string) string {
	return strings.TrimSuffix(spec, filepath.Ext(spec)) + ".snapshots"
}

// Open reads a folder, which need not be there. only is the driver that the run is
// about, "" for all.
func Open(path, only string) (*Folder, error) {
	f := &Folder{
		path: path, only: only, have: make(map[string][]byte), files: make(map[string][]byte),
		schema: make(map[string]string), made: make(map[string]string),
	}
	entries, err := os.ReadDir(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		if e.IsDir() || filepath.Ext(e.Name()) != ".json" {
			continue
		}
		if f.have[e.Name()], err = os.ReadFile(filepath.Join(path, e.Name())); err != nil {
			return nil, err
		}
	}
	if json.Unmarshal(f.have[schemaFile], &f.schema) != nil { // a merge that went wrong
		f.schema = make(map[string]string)
	}
	return f, nil
}

// Key is what a snapshot answers for.
type Key struct {
	Name   string // of the query, bulk insert or procedure, or a pattern
	Driver string // name of a plugin
	SQL    string // its text as written
	Asked  string // what is asked beside the plain question, "" for nothing
}

// file returns the name of the file of a key: its SQL is in it, so that branches
// that change the same query do not change the same file.
func (k Key) file() string {
	question := k.Driver + "\x00" + k.SQL
	if k.Asked != "" {
		question += "\x00" + k.Asked
	}
	sum := sha256.Sum256([]byte(question))
	return fileName(k.Name) + "." + k.Driver + "." + hex.EncodeToString(sum[:])[:12] + ".json"
}

// fileName puts _ in the place of what not every file system takes: the name of
// several procedures is a pattern.
func fileName(name string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) || c == '_' || c == '-' {
			return c
		}
		return '_'
	}, name)
}

// Snapshot is what a database said.
type Snapshot struct {
	Server string // DBMS and driver, with versions
	Shape  describe.Shape
}

// Fingerprint returns that of schema files, "" for none.
func Fingerprint(scripts ...string) string {
	if len(scripts) == 0 {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.Join(scripts, "\x00")))
	return hex.EncodeToString(sum[:])[:16]
}

// Current tells whether the snapshots of a driver are of the schema files with the
// fingerprint.
func (f *Folder) Current(driver, fingerprint string) bool { return f.schema[driver] == fingerprint }

// Get returns the snapshot of a key; ok is false when there is none that can be read.
func (f *Folder) Get(k Key) (s Snapshot, ok bool) {
	content, ok := f.have[k.file()]
	if !ok {
		return s, false
	}
	s, err := Decode(content)
	return s, err == nil
}

// Keep says that the snapshot of a key, which there is, belongs here.
func (f *Folder) Keep(k Key) { f.files[k.file()] = f.have[k.file()] }

// Put takes a new snapshot. The one that is there stays if it says the same: another
// version of the server is no reason to change a file.
func (f *Folder) Put(k Key, s Snapshot) {
	old, _ := f.Get(k)
	if same := Encode(k, Snapshot{old.Server, s.Shape}); bytes.Equal(same, f.have[k.file()]) {
		f.Keep(k)
		return
	}
	f.files[k.file()] = Encode(k, s)
}

// MadeFrom says from which schema files the snapshots of a driver are.
func (f *Folder) MadeFrom(driver, fingerprint string) {
	if fingerprint != "" {
		f.made[driver] = fingerprint
	}
}

// Files returns the files that belong into the folder, by their paths.
func (f *Folder) Files() map[string][]byte {
	all := make(map[string][]byte)
	for name, content := range f.files {
		all[filepath.Join(f.path, name)] = content
	}
	if schema := f.fingerprints(); len(schema) > 0 {
		all[filepath.Join(f.path, schemaFile)] = toJSON(schema)
	}
	return all
}

// fingerprints returns what belongs into schemaFile.
func (f *Folder) fingerprints() map[string]string {
	all := maps.Clone(f.made)
	for driver, fingerprint := range f.schema {
		if f.only != "" && driver != f.only {
			all[driver] = fingerprint
		}
	}
	return all
}

// Stale returns the paths of snapshots that belong there no more, in order. Other
// files are none of ours, and those of drivers that the run is not about stay.
func (f *Folder) Stale() []string {
	var paths []string
	for name, content := range f.have {
		if _, wanted := f.files[name]; !wanted && f.stale(name, content) {
			paths = append(paths, filepath.Join(f.path, name))
		}
	}
	slices.Sort(paths)
	return paths
}

func (f *Folder) stale(name string, content []byte) bool {
	if name == schemaFile {
		return len(f.fingerprints()) == 0
	}
	k, err := parse(content)
	return err == nil && (f.only == "" || k.Driver == f.only)
}
