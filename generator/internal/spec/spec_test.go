package spec_test

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/spec"
)

var update = flag.Bool("update", false, "rewrite the wanted diagnostics of testdata")

// files is a file system in memory.
type files map[string]string

func (f files) read(name string) ([]byte, error) {
	text, ok := f[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return []byte(text), nil
}

func (f files) glob(pattern string) ([]string, error) {
	var matches []string
	for name := range f {
		ok, err := path.Match(pattern, name)
		if err != nil {
			return nil, err
		}
		if ok {
			matches = append(matches, name)
		}
	}
	return matches, nil
}

func (f files) load() (*spec.Spec, *diag.List) {
	l := spec.Loader{
		ReadFile: f.read,
		Glob:     f.glob,
		Env:      func(name string) (string, bool) { return "Driver=SQLite3;Database=x", name == "STORE_DSN" },
		Drivers:  []string{"generic", "mariadb", "postgres", "sqlite"},
		Kinds:    []string{"text", "int32", "int64", "decimal", "date", "timestamp", "bool"},
	}
	return l.Load("queries.yaml")
}

// TestDiagnostics holds what is drawn for wrong specs against the last file, want,
// of each archive in testdata.
func TestDiagnostics(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, archives)
	for _, archive := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(archive), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(archive)
			require.NoError(t, err)
			input := files{}
			var want string
			for _, f := range a.Files {
				input[f.Name] = string(f.Data)
			}
			want = input["want"]
			delete(input, "want")
			got := drawn(t, input)
			require.NotEmpty(t, got, "nothing is wrong here")
			if *update {
				rewrite(t, archive, a, got)
				return
			}
			require.Equal(t, want, got)
		})
	}
}

func drawn(t *testing.T, input files) string {
	s, problems := input.load()
	for i := 0; s != nil && i < len(s.Targets); i++ {
		for _, fault := range s.Targets[i].Faults {
			problems.Add(fault)
		}
	}
	var b bytes.Buffer
	require.NoError(t, problems.WriteText(&b, false))
	return b.String()
}

func rewrite(t *testing.T, name string, a *txtar.Archive, got string) {
	var kept []txtar.File
	for _, f := range a.Files {
		if f.Name != "want" {
			kept = append(kept, f)
		}
	}
	a.Files = append(kept, txtar.File{Name: "want", Data: []byte(got)})
	require.NoError(t, os.WriteFile(name, txtar.Format(a), 0o644))
}
