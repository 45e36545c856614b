package generator_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/odbcgen/odbcgen/generator"
	"github.com/odbcgen/odbcgen/internal/golden"
)

func TestProgress(t *testing.T) {
	o := options(t.TempDir())
	writeSpec(t, o)
	var told []generator.Progress
	o.Progress = func(p generator.Progress) { told = append(told, p) }
	_, err := generator.Generate(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, []generator.Progress{
		{Done: 0, Total: 3, Name: "One"}, {Done: 1, Total: 3, Name: "Two"}, {Done: 2, Total: 3, Name: "Insert"}, {Done: 3, Total: 3},
	}, told)
}

// TestInterrupted: a run that is interrupted tells that once, not of each query.
func TestInterrupted(t *testing.T) {
	o := options(t.TempDir())
	writeSpec(t, o)
	ctx, cancel := context.WithCancel(t.Context())
	o.Progress = func(generator.Progress) { cancel() }
	_, err := generator.Generate(ctx, o)
	require.EqualError(t, err, "the run was interrupted")
	require.True(t, generator.DiagnosticsOf(err).Fatal())

	_, err = generator.Generate(ctx, o)
	require.EqualError(t, err, "the run was interrupted")
}

// writeSpec writes a spec of two queries and a bulk insert where o looks for it.
func writeSpec(t *testing.T, o generator.Options) {
	dir := o.Spec[:len(o.Spec)-len("queries.yaml")]
	golden.Write(t, dir, txtar.Parse([]byte(`-- queries.yaml --
version: 1
package: store
driver: sqlite
schema: [schema.sql]
queries:
  - {name: One, result: many, sql: SELECT id FROM books}
  - {name: Two, result: many, sql: SELECT id FROM books}
bulk:
  - {name: Insert, table: books, columns: [id]}
-- schema.sql --
CREATE TABLE books (id INTEGER NOT NULL PRIMARY KEY);
`)).Files)
}
