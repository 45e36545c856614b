package generator_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/odbcgen/odbcgen/generator"
	"github.com/odbcgen/odbcgen/internal/fakedriver"
	"github.com/odbcgen/odbcgen/internal/golden"
)

// asChild in the environment makes this test the child of one.
const asChild = "ODBCGEN_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(asChild) == "" {
		os.Exit(m.Run())
	}
	if err := generator.ServeChild(context.Background(), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// TestCrash: a driver that crashes takes a child with it. That query is told; all
// others are described.
func TestCrash(t *testing.T) {
	dir := t.TempDir()
	dsn := fakedriver.Build(t)
	spec := `
version: 1
package: store
driver: generic
database: "` + dsn + `"
queries:
  - {name: First, result: one, sql: SELECT 1}
  - {name: Second, result: one, sql: SELECT crash}
  - {name: Third, result: many, sql: SELECT n FROM t WHERE n > :low, params: {low: int32}}
  - {name: Fourth, result: one, sql: SELECT crash again}
  - {name: Fifth, result: one, sql: SELECT 5}
`
	write := func(spec string) {
		golden.Write(t, dir, []txtar.File{{Name: "queries.yaml", Data: []byte(spec)}})
	}
	write(spec)
	self, err := os.Executable()
	require.NoError(t, err)
	t.Setenv(asChild, "1")
	o := generator.Options{Spec: filepath.Join(dir, "queries.yaml"), Child: []string{self}}
	explained, err := generator.Explain(t.Context(), o)
	var found *generator.Diagnostics
	require.True(t, errors.As(err, &found))
	require.Equal(t, `queries.yaml:8:12: query Second: the ODBC driver crashed when it was asked about this query (SIGSEGV: segmentation violation)
    - {name: Second, result: one, sql: SELECT crash}
             ^^^^^^
    help: write it another way, or try another version of the driver
queries.yaml:10:12: query Fourth: the ODBC driver crashed when it was asked about this query (SIGSEGV: segmentation violation)
    - {name: Fourth, result: one, sql: SELECT crash again}
             ^^^^^^
    help: write it another way, or try another version of the driver`, strings.ReplaceAll(err.Error(), dir+"/", ""))
	var names []string
	for _, e := range explained {
		names = append(names, e.Name)
		require.Equal(t, "int32", e.Columns[0].GoType)
	}
	require.Equal(t, []string{"First", "Third", "Fifth"}, names)

	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = generator.Explain(interrupted, o)
	require.ErrorContains(t, err, "the run was interrupted")
	require.NotContains(t, err.Error(), "crashed")

	write(strings.NewReplacer("SELECT crash again", "SELECT 4", "SELECT crash", "SELECT 2").Replace(spec))
	result, err := generator.Generate(t.Context(), o)
	require.NoError(t, err)
	require.Len(t, result.Snapshots, 5)
	for _, s := range result.Snapshots {
		require.Contains(t, string(s.Content), "Fake 01.00.0000, libfake.so 01.00.0000")
	}
}
