package describe_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/generator/internal/describe"
	"github.com/odbcgen/odbcgen/generator/internal/spec"
	"github.com/odbcgen/odbcgen/internal/testdb"
)

// migrations are those of a project of sqlc: made by a tool for the database, to be
// run on another version of it.
var migrations = map[string]string{
	"sqlite": "",
	"postgres": `\restrict abc
SET statement_timeout = 0;
`,
	"mariadb": `SET  names utf8mb4;
CREATE TABLE old (name VARCHAR(20) COLLATE utf8mb4_0900_ai_ci) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;
`,
}

const embedsSpec = `
  - name: All
    result: many
    sql: SELECT sqlc.embed(b), w.word, sqlc.embed(w), count(*) OVER () AS total FROM books b LEFT JOIN words w ON w.book = b.id WHERE b.id IN (:ids...)
  - name: Odd
    result: many
    sql: SELECT sqlc.embed(w) FROM books b RIGHT JOIN words w ON w.book = b.id
  - name: WithStar
    result: one
    sql: SELECT 1 AS one, sqlc.embed(words), books.* FROM books, words
`

// TestEmbeds describes tables on a scratch database of migrations: each of their
// columns is as in the table, whatever the join.
func TestEmbeds(t *testing.T) {
	for _, db := range testdb.All(t) {
		t.Run(db.Name, func(t *testing.T) {
			files := map[string]string{
				"queries.yaml": "version: 1\npackage: p\ndriver: " + db.Name + "\ndatabase: \"" + db.DSN + "\"\nschema: [migrations]\nqueries:" + embedsSpec,
				"migrations/1.sql": migrations[db.Name] + "-- migrate:up\nCREATE TABLE books (id INTEGER NOT NULL PRIMARY KEY, title VARCHAR(20));\n" +
					"-- migrate:down\nDROP TABLE books;\n",
				"migrations/2.up.sql":   strings.NewReplacer("`", map[bool]string{true: "`", false: `"`}[db.Name == "mariadb"]).Replace("CREATE TABLE words (book INTEGER, word VARCHAR(20) NOT NULL, `order` INTEGER NOT NULL);\n"),
				"migrations/2.down.sql": "DROP TABLE words;\n",
			}
			if strings.Contains(migrations[db.Name], "SET") {
				files["migrations/1.sql"] = "-- migrate:up\n" + migrations[db.Name] + strings.TrimPrefix(files["migrations/1.sql"], migrations[db.Name]+"-- migrate:up\n")
			}
			s, problems := spec.Loader{
				ReadFile: func(path string) ([]byte, error) { return []byte(files[path]), nil },
				Glob: func(string) ([]string, error) {
					return []string{"migrations/2.down.sql", "migrations/2.up.sql", "migrations/1.sql"}, nil
				},
				Env: func(string) (string, bool) { return "", false },
			}.Load("queries.yaml")
			require.NoError(t, problems.Err())
			d, findings := describe.Open(context.Background(), s, s.Targets[0], pluginOf(s))
			require.Empty(t, findings)
			defer d.Close()

			shape, findings := settled(d, &s.Queries[0])
			require.Empty(t, findings)
			require.Equal(t, []describe.Embed{
				{Name: "b", Table: "books", Columns: []string{"id", "title"}},
				{Name: "w", Table: "words", Columns: []string{"book", "word", "order"}, From: 3, Null: true},
			}, shape.Embeds)
			id := map[string]string{"sqlite": "int64"}[db.Name]
			if id == "" {
				id = "int32"
			}
			require.Equal(t, "id "+id+", title text?, word text?, book "+id+"?, word text, order "+id, strings.SplitN(values(shape.Columns), ", total", 2)[0])
			text := shape.Text(d.Plugin(), s.Queries[0].SQL.Bound)
			require.Contains(t, text, " IN (?...)")
			require.NotContains(t, text, "*,")

			shape, findings = settled(d, &s.Queries[1])
			require.Empty(t, findings)
			require.False(t, shape.Embeds[0].Null)

			shape, findings = settled(d, &s.Queries[2])
			require.Empty(t, findings)
			require.Equal(t, 1, shape.Embeds[0].From)
			require.Len(t, shape.Columns, 6)
		})
	}
}
