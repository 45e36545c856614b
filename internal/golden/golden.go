// Package golden holds what the tests of generated code share: archives of input
// and what is wanted, and modules in which the output is built as a user would.
package golden

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"
)

const module = "github.com/odbcgen/odbcgen"

// Archives returns the paths of the archives in testdata; there is at least one.
func Archives(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	return paths
}

// Name returns what an archive is called after.
func Name(path string) string { return strings.TrimSuffix(filepath.Base(path), ".txtar") }

// Lists tells whether a file of the name is among files.
func Lists(files []txtar.File, name string) bool {
	return slices.ContainsFunc(files, func(f txtar.File) bool { return f.Name == name })
}

// Write writes files into dir.
func Write(t testing.TB, dir string, files []txtar.File) {
	t.Helper()
	for _, f := range files {
		path := filepath.Join(dir, f.Name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, f.Data, 0o644))
	}
}

// UseRepository makes dir a module that needs what the repository needs, in the
// same versions, and the repository itself. Commands in it want Environ.
func UseRepository(t testing.TB, dir string) {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	root := filepath.Join(filepath.Dir(here), "..", "..")
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	require.NoError(t, err)
	own := strings.Replace(string(mod), "module "+module+"\n", "module goldens\n", 1)
	own += "\nrequire " + module + " v0.0.0\n\nreplace " + module + " => " + root + "\n"
	Write(t, dir, []txtar.File{{Name: "go.mod", Data: []byte(own)}, {Name: "go.sum", Data: sum}})
}

// Environ returns the environment in which the go command takes such a module as
// it is and asks no proxy.
func Environ() []string {
	return append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
}
