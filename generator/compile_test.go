package generator_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/odbcgen/odbcgen/internal/golden"
	"github.com/odbcgen/odbcgen/internal/testdb"
)

// TestGoldenRuns compiles and vets what is generated from all archives, in one
// module as a user would have it, and runs those that have a main.go.
func TestGoldenRuns(t *testing.T) {
	dir := t.TempDir()
	golden.UseRepository(t, dir)
	wanted := writeGoldens(t, dir)
	require.NotEmpty(t, wanted)
	run(t, dir, "go", "vet", "./...")
	bin := t.TempDir()
	run(t, dir, "go", "build", "-o", bin, "./...")
	for program, want := range wanted {
		t.Run(program, func(t *testing.T) {
			setServers(t, program)
			got := run(t, t.TempDir(), filepath.Join(bin, program))
			if *update {
				rewriteOutput(t, "testdata/"+program+".txtar", got)
				return
			}
			require.Equal(t, want, got)
		})
	}
}

// setServers gives a program that is named after its database a server of that.
func setServers(t *testing.T, program string) {
	switch _, database, _ := strings.Cut(program, "_of_"); database {
	case "postgres":
		t.Setenv("DSN", testdb.Postgres(t).DSN)
	case "mariadb":
		t.Setenv("DSN", testdb.MariaDB(t).DSN)
	}
}

// writeGoldens writes each archive with right input into a folder of its name,
// with all that is generated from it, and returns what the programs among them
// are to print.
func writeGoldens(t *testing.T, dir string) map[string]string {
	wanted := make(map[string]string)
	for _, path := range golden.Archives(t) {
		archive, err := txtar.ParseFile(path)
		require.NoError(t, err)
		if isWrong(archive) {
			continue
		}
		input, want := split(archive)
		generated := generate(t, input)
		for _, f := range generated {
			requirePlain(t, f)
		}
		golden.Write(t, filepath.Join(dir, golden.Name(path)), append(input, generated...))
		if output := want[len(want)-1]; output.Name == "output.txt" {
			wanted[golden.Name(path)] = string(output.Data)
		}
	}
	return wanted
}

// run returns what a program prints that succeeds.
func run(t *testing.T, dir, program string, args ...string) string {
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = golden.Environ()
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", output)
	return string(output)
}

func rewriteOutput(t *testing.T, path, output string) {
	archive, err := txtar.ParseFile(path)
	require.NoError(t, err)
	archive.Files[len(archive.Files)-1].Data = []byte(output)
	require.NoError(t, os.WriteFile(path, txtar.Format(archive), 0o644))
}

// requirePlain requires that a generated file has no any and no reflection.
func requirePlain(t *testing.T, f txtar.File) {
	parsed, err := parser.ParseFile(token.NewFileSet(), f.Name, f.Data, 0)
	require.NoError(t, err)
	for _, i := range parsed.Imports {
		require.NotEqual(t, `"reflect"`, i.Path.Value)
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			require.NotEqual(t, "any", n.Name, f.Name)
		case *ast.InterfaceType:
			require.NotEmpty(t, n.Methods.List, f.Name)
		}
		return true
	})
}
