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
	"github.com/odbcgen/odbcgen/internal/testdb"
)

var update = flag.Bool("update", false, "rewrite what is wanted in testdata")

// TestGolden generates from the archives in testdata, on scratch databases of
// SQLite, or on the test servers that the input names as ${POSTGRES} and ${MARIADB}. Each archive holds the files of a user, and behind them what is wanted:
// generated files, those that it lists, and output.txt of its main.go; or, for
// wrong input, diagnostics.txt, or one such as diagnostics.postgres.txt for each
// database that it is tried on.
func TestGolden(t *testing.T) {
	for _, path := range golden.Archives(t) {
		t.Run(golden.Name(path), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			require.NoError(t, err)
			input, wanted := split(archive)
			var got []txtar.File
			if isWrong(archive) {
				for _, w := range wanted {
					got = append(got, txtar.File{Name: w.Name, Data: diagnose(t, input, databaseOf(w.Name))})
				}
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
	wrong := isWrong(archive)
	for _, f := range archive.Files {
		if isDiagnostics(f) || !wrong && (strings.HasSuffix(f.Name, ".gen.go") || f.Name == "output.txt") {
			wanted = append(wanted, f)
		} else {
			input = append(input, f)
		}
	}
	return input, wanted
}

// isWrong tells whether an archive has wrong input.
func isWrong(archive *txtar.Archive) bool {
	return slices.ContainsFunc(archive.Files, isDiagnostics)
}

func isDiagnostics(f txtar.File) bool { return strings.HasPrefix(f.Name, "diagnostics.") }

// databaseOf returns the database in the name of a file of diagnostics, "" for none.
func databaseOf(file string) string {
	name := strings.TrimSuffix(strings.TrimPrefix(file, "diagnostics."), "txt")
	return strings.TrimSuffix(name, ".")
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
	o := options(dir)
	o.Env = servers(t, o.Env)
	result, err := generator.Generate(context.Background(), o)
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
			if name == "EMPTY" {
				return "", true
			}
			return "Driver=SQLite3;Database=" + filepath.Join(dir, "real.db"), name == "DSN"
		},
	}
}

// servers returns the environment with the connection strings of the test servers,
// POSTGRES and MARIADB, which no other input has to start.
func servers(t *testing.T, otherwise func(string) (string, bool)) func(string) (string, bool) {
	return func(name string) (string, bool) {
		switch name {
		case "POSTGRES":
			return testdb.Postgres(t).DSN, true
		case "MARIADB":
			return testdb.MariaDB(t).DSN, true
		}
		return otherwise(name)
	}
}

// diagnose returns what is told of wrong input on a database, "" for that of the
// input, and the exit code that it makes. In the input, $PORT is a port that nobody
// listens on, $POSTGRES and $MARIADB are those of the test servers, and s3cret is
// what nobody may read.
func diagnose(t *testing.T, input []txtar.File, database string) []byte {
	dir := t.TempDir()
	ports := variables(t, input)
	var written []txtar.File
	for _, f := range input {
		written = append(written, txtar.File{Name: f.Name, Data: []byte(replacer(ports, false).Replace(string(f.Data)))})
	}
	golden.Write(t, dir, append(written, txtar.File{Name: "real.db"}))
	o := options(dir)
	o.Env = servers(t, o.Env)
	o.Driver = database
	switch database {
	case "postgres":
		o.Database = testdb.Postgres(t).DSN
	case "mariadb":
		o.Database = testdb.MariaDB(t).DSN
	}
	before := tree(t, dir)
	result, err := generator.Generate(context.Background(), o)
	require.Error(t, err)
	require.Equal(t, before, tree(t, dir), "wrong input must change nothing")
	var found *generator.Diagnostics
	require.ErrorAs(t, err, &found)
	require.Nil(t, result)
	require.NotZero(t, found.Len())
	requireNoSecret(t, found)
	exit := 2
	if found.Fatal() {
		exit = 1
	}
	ports = append(ports, dir+"/", "", dir, "$DIR", "'u'@'127.0.0.1'", "'u'@'localhost'")
	return fmt.Appendf(nil, "%s\nexit %d\n", replacer(ports, true).Replace(err.Error()), exit)
}

// variables returns pairs of variables in the input and their values.
func variables(t *testing.T, input []txtar.File) []string {
	all := []string{closedPort(t), "$PORT"}
	servers := map[string]func(testing.TB) testdb.Database{"$POSTGRES": testdb.Postgres, "$MARIADB": testdb.MariaDB}
	for variable, server := range servers {
		if slices.ContainsFunc(input, func(f txtar.File) bool { return strings.Contains(string(f.Data), variable) }) {
			_, port, _ := strings.Cut(strings.ToUpper(server(t).DSN), "PORT=")
			port, _, _ = strings.Cut(port, ";")
			all = append(all, port, variable)
		}
	}
	return all
}

// replacer puts variables in the place of their values, or the other way round.
func replacer(pairs []string, values bool) *strings.Replacer {
	pairs = slices.Clone(pairs)
	if !values {
		slices.Reverse(pairs)
	}
	return strings.NewReplacer(pairs...)
}

// requireNoSecret requires that no form of what is told has the passwords that the
// archives have.
func requireNoSecret(t *testing.T, found *generator.Diagnostics) {
	var b strings.Builder
	require.NoError(t, found.WriteText(&b, true))
	require.NoError(t, found.WriteJSON(&b))
	require.NoError(t, found.WriteGitHub(&b, ""))
	require.NotContains(t, b.String(), "s3cret")
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
