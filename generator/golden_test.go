package generator_test

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/odbcgen/odbcgen/generator"
	"github.com/odbcgen/odbcgen/internal/golden"
)

var update = flag.Bool("update", false, "rewrite what is wanted in testdata")

// TestGolden generates from the archives in testdata, on scratch databases of
// SQLite. Each archive holds the files of a user, and behind them what is wanted:
// generated files, those that it lists, and output.txt of its main.go; or, for
// wrong input, diagnostics.txt.
func TestGolden(t *testing.T) {
	for _, path := range golden.Archives(t) {
		t.Run(golden.Name(path), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			require.NoError(t, err)
			input, wanted := split(archive)
			var got []txtar.File
			if golden.Lists(wanted, "diagnostics.txt") {
				got = []txtar.File{{Name: "diagnostics.txt", Data: diagnose(t, input)}}
			} else {
				got = listed(generate(t, input), wanted)
			}
			if *update {
				archive.Files = append(input, got...)
				require.NoError(t, os.WriteFile(path, txtar.Format(archive), 0o644))
				return
			}
			require.Equal(t, text(wanted), text(got))
		})
	}
}

// split parts what the user has from what is wanted: beside diagnostics, all
// files are the user's.
func split(archive *txtar.Archive) (input, wanted []txtar.File) {
	wrong := golden.Lists(archive.Files, "diagnostics.txt")
	for _, f := range archive.Files {
		if f.Name == "diagnostics.txt" || !wrong && (strings.HasSuffix(f.Name, ".gen.go") || f.Name == "output.txt") {
			wanted = append(wanted, f)
		} else {
			input = append(input, f)
		}
	}
	return input, wanted
}

// listed returns those of the generated files that are wanted, and the wanted
// output.txt, which TestGoldenRuns is about.
func listed(generated, wanted []txtar.File) []txtar.File {
	var all []txtar.File
	for _, w := range wanted {
		i := slices.IndexFunc(generated, func(f txtar.File) bool { return f.Name == w.Name })
		switch {
		case i >= 0:
			all = append(all, generated[i])
		case w.Name == "output.txt":
			all = append(all, w)
		}
	}
	return all
}

func text(files []txtar.File) string { return string(txtar.Format(&txtar.Archive{Files: files})) }

// generate returns the generated files of an archive, by their paths in it.
func generate(t *testing.T, input []txtar.File) []txtar.File {
	dir := t.TempDir()
	golden.Write(t, dir, input)
	result, err := generator.Generate(context.Background(), options(dir))
	require.NoError(t, err)
	var files []txtar.File
	for _, f := range result.Files {
		path, err := filepath.Rel(dir, f.Path)
		require.NoError(t, err)
		files = append(files, txtar.File{Name: filepath.ToSlash(path), Data: f.Content})
	}
	return files
}

func options(dir string) generator.Options {
	return generator.Options{
		Spec: filepath.Join(dir, "queries.yaml"),
		Env: func(name string) (string, bool) {
			return "Driver=SQLite3;Database=" + filepath.Join(dir, "real.db"), name == "DSN"
		},
	}
}

// diagnose returns what is told of wrong input, and the exit code that it makes.
// $PORT in the input is a port that nobody listens on.
func diagnose(t *testing.T, input []txtar.File) []byte {
	dir, port := t.TempDir(), closedPort(t)
	for i, f := range input {
		input[i].Data = []byte(strings.ReplaceAll(string(f.Data), "$PORT", port))
	}
	golden.Write(t, dir, append(input, txtar.File{Name: "real.db"}))
	before := tree(t, dir)
	result, err := generator.Generate(context.Background(), options(dir))
	require.Error(t, err)
	require.Equal(t, before, tree(t, dir), "wrong input must change nothing")
	var found *generator.Diagnostics
	require.ErrorAs(t, err, &found)
	require.Nil(t, result)
	require.NotZero(t, found.Len())
	exit := 2
	if found.Fatal() {
		exit = 1
	}
	for i, f := range input {
		input[i].Data = []byte(strings.ReplaceAll(string(f.Data), port, "$PORT"))
	}
	drawn := strings.NewReplacer(dir+"/", "", dir, "$DIR", port, "$PORT").Replace(err.Error())
	return fmt.Appendf(nil, "%s\nexit %d\n", drawn, exit)
}

func closedPort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	return port
}

// tree returns the files below dir with their contents.
func tree(t *testing.T, dir string) map[string]string {
	files := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		files[path] = string(content)
		return err
	})
	require.NoError(t, err)
	return files
}
