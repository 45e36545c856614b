package describe_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/generator/internal/describe"
	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/spec"
	"github.com/odbcgen/odbcgen/internal/testdb"
)

// setsSpec has a query whose second statement knows what type :n has, and one
// statement with two results.
const setsSpec = `
  - name: Several
    result: sets
    sets: {first: {result: opt, columns: {m: int64}}, authors: many, changed: affected, totals: one}
    sql: |
      SELECT :n + 1 AS m;
      SELECT id, name, born FROM author WHERE id > :n;
      UPDATE book SET pages = :pages WHERE id = :n;
      SELECT COUNT(*) AS books FROM book
  - name: Wrong
    result: sets
    sets: {authors: affected, changed: one}
    sql: |
      SELECT id FROM author WHERE id > :n;
      UPDATE book SET pages = :pages WHERE id = :n
`

func TestSets(t *testing.T) {
	for _, db := range testdb.All(t) {
		t.Run(db.Name, func(t *testing.T) {
			schema, err := os.ReadFile("testdata/schema/" + db.Name + ".sql")
			require.NoError(t, err)
			testdb.Exec(t, db, string(schema))
			several, findings := describeSets(t, db, setsSpec, 0)
			require.Empty(t, findings)
			id := map[string]string{"sqlite": "int64", "postgres": "int32", "mariadb": "int32"}[db.Name]
			require.Equal(t, fmt.Sprintf("n %[1]s, n %[1]s, pages %[1]s, n %[1]s", id), strings.ReplaceAll(values(several.Params), "?", ""))
			require.Equal(t, []string{"1: m int64?", "1: id " + id + ", name text, born date?", "2: ", "0: books int64"}, setLines(several))

			_, findings = describeSets(t, db, setsSpec, 1)
			require.Equal(t, []string{
				`set "authors" is affected, but its statement returns rows`, `set "changed" is one, but its statement returns no rows`,
			}, messages(findings))
		})
	}
}

func setLines(shape describe.Shape) []string {
	var lines []string
	for _, s := range shape.Sets {
		lines = append(lines, fmt.Sprintf("%d: %s", s.Params, values(s.Columns)))
	}
	return lines
}

func messages(findings []diag.Diagnostic) []string {
	var all []string
	for _, f := range findings {
		all = append(all, f.Message)
	}
	return all
}

// describeSets describes the query of that number in a spec.
func describeSets(t *testing.T, db testdb.Database, queries string, number int) (describe.Shape, []diag.Diagnostic) {
	files := map[string]string{"queries.yaml": "version: 1\npackage: p\ndriver: " + db.Name + "\ndatabase: \"" + db.DSN + "\"\nqueries:" + queries}
	s, problems := spec.Loader{
		ReadFile: func(path string) ([]byte, error) { return []byte(files[path]), nil }, Env: os.LookupEnv,
	}.Load("queries.yaml")
	require.NoError(t, problems.Err())
	d, findings := describe.Open(context.Background(), s, s.Targets[0], pluginOf(s))
	require.Empty(t, findings)
	defer d.Close()
	return settled(d, &s.Queries[number])
}

// calls are procedures with the query that calls them.
var calls = map[string]struct{ ddl, query string }{
	"postgres": {"CREATE PROCEDURE several(IN low BIGINT, INOUT total TEXT) LANGUAGE sql AS 'SELECT ''x'''", `
  - name: Call
    result: sets
    sets: {total: one}
    sql: CALL several(:low, '')
`},
	"mariadb": {"CREATE PROCEDURE several(IN low BIGINT) SELECT id, name FROM author WHERE id > low", `
  - name: Call
    result: sets
    sets: {authors: {result: many, columns: {id: int32, name: {type: text, null: false}}}, done: exec}
    sql: CALL several(:low)
    params: {low: int64}
`},
}

// TestSetsOfOneStatement: nothing is called, and the columns are those of the spec
// where the database cannot know them.
func TestSetsOfOneStatement(t *testing.T) {
	want := map[string]string{"postgres": "low int64 [1: total text?]", "mariadb": "low int64 [1: id int32?, name text 0: ]"}
	for _, db := range testdb.All(t) {
		call, has := calls[db.Name]
		if !has {
			continue // SQLite has no procedures
		}
		t.Run(db.Name, func(t *testing.T) {
			schema, err := os.ReadFile("testdata/schema/" + db.Name + ".sql")
			require.NoError(t, err)
			testdb.Exec(t, db, string(schema)+call.ddl+";")
			shape, findings := describeSets(t, db, call.query, 0)
			require.Empty(t, messages(findings))
			require.Equal(t, want[db.Name], fmt.Sprint(strings.ReplaceAll(values(shape.Params), "?", ""), " ", setLines(shape)))
		})
	}
}
