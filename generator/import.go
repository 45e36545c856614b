package generator

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/odbcgen/odbcgen/generator/internal/sqlcimport"
)

// Imported is what was made of the configuration of another generator.
type Imported struct {
	Specs []ImportedSpec
	Notes []ImportNote
}

// ImportedSpec is a spec to be written.
type ImportedSpec struct {
	Path    string
	Content []byte
	Driver  string
	Files   int // with queries
	Queries int
}

// ImportNote says what became of a piece of the configuration, or of a query.
type ImportNote struct {
	File  string
	Line  int  // 0 for the whole file
	Taken bool // it is in the spec, or so anyway
	Text  string
}

// ImportSQLC reads the configuration of sqlc at path, for specs in the folder out. It
// writes nothing: see Imported.Commit.
func ImportSQLC(path, out string) (*Imported, error) {
	read, err := sqlcimport.Read(path, out)
	if err != nil {
		return nil, err
	}
	imported := &Imported{}
	for _, s := range read.Specs {
		imported.Specs = append(imported.Specs, ImportedSpec(s))
	}
	for _, n := range read.Notes {
		imported.Notes = append(imported.Notes, ImportNote(n))
	}
	return imported, nil
}

// Commit writes the specs. Where one of them is there already it writes none, unless
// it is forced to.
func (i *Imported) Commit(force bool) error {
	for _, s := range i.Specs {
		if _, err := os.Stat(s.Path); !force && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is there already; with --force it is overwritten, with --out the specs go to another folder", s.Path)
		}
	}
	for _, s := range i.Specs {
		if err := os.MkdirAll(filepath.Dir(s.Path), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(s.Path, s.Content, 0o666); err != nil {
			return err
		}
	}
	return nil
}
