package generator_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/odbcgen/odbcgen/generator"
	"github.com/odbcgen/odbcgen/internal/golden"
	"github.com/odbcgen/odbcgen/internal/testdb"
)

// TestCheckDrift changes databases behind snapshots. The check tells what has
// changed; generating anew takes it over.
func TestCheckDrift(t *testing.T) {
	for _, db := range testdb.All(t) {
		t.Run(db.Name, func(t *testing.T) {
			testdb.Exec(t, db, `CREATE TABLE book (id BIGINT NOT NULL PRIMARY KEY, title VARCHAR(40) NOT NULL, pages INTEGER NOT NULL, note VARCHAR(40));
				CREATE TABLE gone (id BIGINT NOT NULL PRIMARY KEY)`)
			o := specOn(t, db, `
  - {name: ListBooks, result: many, sql: SELECT * FROM book}
  - {name: SetPages, result: exec, sql: "UPDATE book SET pages = :pages WHERE id = :id"}
  - {name: ListTitles, result: many, sql: SELECT title FROM book}
  - {name: ListGone, result: many, sql: SELECT id FROM gone}
`)
			result, err := generator.Generate(t.Context(), o)
			require.NoError(t, err)
			require.NoError(t, result.Commit())
			_, err = generator.Check(t.Context(), o, false)
			require.NoError(t, err)

			testdb.Exec(t, db, `DROP TABLE gone; DROP TABLE book;
				CREATE TABLE book (id BIGINT NOT NULL PRIMARY KEY, title VARCHAR(40) NOT NULL, pages NUMERIC(9,2), added DATE)`)
			_, err = generator.Check(t.Context(), o, false)
			told := strings.ReplaceAll(fmt.Sprint(err), filepath.Dir(o.Spec)+"/", "")
			for _, want := range []string{
				"query ListBooks: the " + db.Name + " database has changed since the snapshot was made",
				`column "note": is gone (was text (VARCHAR(40)) null)`,
				`column "added": is new (date (DATE) null)`,
				"query SetPages: the " + db.Name + " database has changed",
				"query ListGone: ",
			} {
				require.Contains(t, told, want)
			}
			require.Regexp(t, `column "pages": is decimal \((NUMERIC|DECIMAL)\(9, ?2\)\) null, was int(32|64) \(INTEGER|INT4\) not null`, told)
			require.NotContains(t, told, "ListTitles")
			_, err = generator.Check(t.Context(), offline(o), false)
			require.NoError(t, err, "what is checked in belongs together")

			_, err = generator.Generate(t.Context(), offline(o))
			require.NoError(t, err, "the snapshots are enough")
			unreached := o
			unreached.Database = "Driver=No Such Driver"
			result, err = generator.Generate(t.Context(), unreached)
			require.NoError(t, err, "likewise")
			require.Len(t, result.Notes, 1)
			require.Contains(t, result.Notes[0], "the "+db.Name+" database was not asked: cannot connect to the database")
			unreached.Refresh = true
			_, err = generator.Generate(t.Context(), unreached)
			require.ErrorContains(t, err, "cannot connect to the database")
			_, err = generator.Generate(t.Context(), o)
			require.ErrorContains(t, err, "query ListGone: ", "the database is asked where it can be")
		})
	}
}

// specOn writes a spec of queries for a database.
func specOn(t *testing.T, db testdb.Database, queries string) generator.Options {
	dir := t.TempDir()
	golden.Write(t, dir, []txtar.File{{Name: "queries.yaml", Data: fmt.Appendf(nil, `
version: 1
package: store
driver: %s
database: %q
queries:%s`, db.Name, db.DSN, queries)}})
	return generator.Options{Spec: filepath.Join(dir, "queries.yaml")}
}

func offline(o generator.Options) generator.Options {
	o.Offline = true
	return o
}

// TestDatabases describes queries on three databases at once: they get one
// interface, in which the wider type stands, and a finding for each difference.
func TestDatabases(t *testing.T) {
	dir := t.TempDir()
	connections := make(map[string]string)
	for _, db := range testdb.All(t) {
		connections["DSN_"+db.Name] = db.DSN
		testdb.Exec(t, db, "CREATE TABLE book (id INTEGER NOT NULL PRIMARY KEY, title VARCHAR(40) NOT NULL, price NUMERIC(9,2))")
	}
	o := generator.Options{
		Spec: filepath.Join(dir, "queries.yaml"),
		Env: func(name string) (string, bool) {
			value, ok := connections[name]
			return value, ok
		},
	}
	write := func(sum string) {
		golden.Write(t, dir, []txtar.File{{Name: "queries.yaml", Data: []byte(`
version: 1
package: store
databases: {sqlite: "${DSN_sqlite}", postgres: "${DSN_postgres}", mariadb: "${DSN_mariadb}"}
queries:
  - {name: GetBook, result: one, sql: "SELECT id, title, price FROM book WHERE id = :id"}
  - name: Sum
    result: one
    sql: SELECT SUM(id) AS ids FROM book` + sum + `
bulk:
  - {name: AddBooks, table: book, columns: [id, title, price]}
`)}})
	}
	write("")
	_, err := generator.Generate(t.Context(), o)
	require.ErrorContains(t, err, `queries.yaml:7:11: query Sum: column "ids" is int64 on sqlite and postgres, decimal on mariadb`)
	require.ErrorContains(t, err, "help: say its type in the spec, under columns: ids: int64, or cast it in the SQL")

	write("\n    columns: {ids: decimal}")
	result, err := generator.Generate(t.Context(), o)
	require.NoError(t, err)
	require.Len(t, result.Snapshots, 9)
	code := string(result.Files[1].Content)
	require.Contains(t, code, "func (q *Queries) GetBook(ctx context.Context, id int64) (GetBookRow, error)", "32 bits on two of them")
	require.Contains(t, code, "func (q *Queries) Sum(ctx context.Context) (sql.Null[decimal.Decimal], error)")
	require.NoError(t, result.Commit())

	again, err := generator.Generate(context.Background(), offline(o))
	require.NoError(t, err)
	require.Equal(t, code, string(again.Files[1].Content))
	_, err = generator.Check(t.Context(), o, false)
	require.NoError(t, err)

	o.Driver = "postgres" // one of them
	result, err = generator.Generate(t.Context(), o)
	require.NoError(t, err)
	require.Contains(t, string(result.Files[1].Content), "GetBook(ctx context.Context, id int32)")
}

// TestCheckRows runs queries on live data, in which some rows contradict what the
// spec claims of them.
func TestCheckRows(t *testing.T) {
	for _, db := range testdb.All(t) {
		t.Run(db.Name, func(t *testing.T) {
			testdb.Exec(t, db, `CREATE TABLE book (id BIGINT NOT NULL PRIMARY KEY, title VARCHAR(40) NOT NULL, pages INTEGER, note VARCHAR(40), added TIMESTAMP NULL);
				INSERT INTO book VALUES (1, 'a', 10, '2020-02-29', NULL), (7, 'b', NULL, 'no date', '2020-02-29 10:11:12'), (9, 'c', 3, NULL, '2020-02-29 10:11:13.5');
				CREATE TABLE untouched (id BIGINT NOT NULL PRIMARY KEY)`)
			o := specOn(t, db, `
  - {name: Sound, result: many, sql: "SELECT id, title, pages, added FROM book WHERE id IN (:a, :b) AND title LIKE :t"}
  - {name: ByTime, result: many, sql: "SELECT id FROM book WHERE added > :since LIMIT :n"}
  - {name: Claims, result: opt, sql: "SELECT id, pages FROM book WHERE id = :id", columns: {pages: {null: false}}}
  - {name: Dates, result: many, sql: "SELECT note FROM book WHERE note IS NOT NULL", columns: {note: date}}
  - {name: None, result: many, sql: "SELECT id FROM untouched WHERE id = :id"}
  - {name: SetPages, result: exec, sql: "UPDATE book SET pages = :pages"}
`)
			result, err := generator.Generate(t.Context(), o)
			require.NoError(t, err)
			require.NoError(t, result.Commit())

			checked, err := generator.Check(t.Context(), o, true)
			told := strings.ReplaceAll(fmt.Sprint(err), filepath.Dir(o.Spec)+"/", "")
			require.Contains(t, told, `queries.yaml:9:12: query Claims: column "pages" is said never to be NULL (spec), and is in row 2 of live data`)
			require.Contains(t, told, `query Dates: run on live data: `)
			require.NotContains(t, told, "Sound")
			require.NotContains(t, told, "ByTime")
			require.Contains(t, checked.Notes, "no row proves anything of None")
			require.Contains(t, checked.Notes, "not run, since they change something or take arrays: SetPages")
			require.Equal(t, "10", testdb.Query(t, db, "SELECT pages FROM book WHERE id = 1")[0][0])
		})
	}
}

// TestNegativeScale: psqlODBC 13 tells the scale of NUMERIC(5,-2) as 2046.
func TestNegativeScale(t *testing.T) {
	db := testdb.Postgres(t)
	testdb.Exec(t, db, "CREATE TABLE amount (id BIGINT NOT NULL PRIMARY KEY, thousands NUMERIC(5,-2))")
	o := specOn(t, db, `
  - {name: ListAmounts, result: many, sql: SELECT thousands FROM amount}
`)
	all, err := generator.Explain(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, "NUMERIC(5,-2)", all[0].Columns[0].SQLType)
}
