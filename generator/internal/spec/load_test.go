package spec_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/spec"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// TestExample loads the example that users start from.
func TestExample(t *testing.T) {
	example, err := os.ReadFile("../../../queries.example.yaml")
	require.NoError(t, err)
	s, problems := files{
		"queries.yaml":  string(example),
		"schema.sql":    "CREATE TABLE books (isbn TEXT);",
		"sql/books.sql": "-- name: ListBooks :many\n-- ListBooks returns the books of a language.\nSELECT isbn, title FROM books WHERE lang = :lang;\n",
	}.load()
	require.NoError(t, problems.Err())
	require.Equal(t, "store", s.Package.Value)
	require.Equal(t, ".", s.Out.Value)
	require.Equal(t, "sqlite", s.Driver.Value)
	require.Equal(t, spec.NullSQL, s.Null.Value)
	require.Len(t, s.SchemaFor("sqlite"), 1)
	var names []string
	for _, q := range s.Queries {
		names = append(names, q.File+" "+q.Name.Value+" "+q.Result.Value)
	}
	require.Equal(t, []string{
		"queries.yaml GetBook one", "queries.yaml CountBooks one", "queries.yaml SetPrice affected",
		"queries.yaml SaveBook exec", "queries.yaml AllBooks stream", "queries.yaml ExportBooks stream", "queries.yaml Dashboard sets",
		"queries.yaml AddScan exec", "queries.yaml ReadScan opt", "sql/books.sql ListBooks many",
	}, names)

	count := s.Queries[1]
	require.Equal(t, "text", count.Param("lang").Type.Value)
	require.Equal(t, spec.Override{}, count.Param("isbn"))
	require.True(t, count.Param("lang").Null.Value)
	require.Equal(t, "int64", count.Column("total").Type.Value)
	require.False(t, count.Column("total").Null.Set)

	price := s.Queries[2].SQL.Bound
	require.Equal(t, "UPDATE books SET price = ? WHERE isbn = ?", price.SQL)
	require.Equal(t, "price", price.Uses[0].Name)
	require.Equal(t, "isbn", price.Uses[1].Name)

	require.Equal(t, "bank.transfer", s.Procedures[0].Procedure.Value)
	require.Equal(t, 4000, s.Procedures[0].Params[1].Width)
	require.Equal(t, "report_%", s.Patterns[0].Pattern.Value)

	require.True(t, s.Queries[7].Param("pages").Reader.Value)
	require.True(t, s.Queries[8].Column("pages").Reader.Value)

	require.Equal(t, "mariadb", s.Queries[3].Dialects[0].Driver.Value)
	require.Contains(t, s.Queries[3].Dialects[0].SQL.Bound.SQL, "VALUES (?, ?)")

	require.Equal(t, "after", s.Queries[4].Keyset[0].Param.Value)
	require.Equal(t, "id", s.Queries[4].Keyset[0].Column.Value)

	export := s.Queries[5]
	require.Equal(t, int64(64<<20), export.Spool.Threshold)
	require.Equal(t, "/var/tmp", export.Spool.Dir.Value)

	require.True(t, s.Fake.Value)
	var frames []string
	for _, q := range s.Queries {
		if s.FramesOf(&q) {
			frames = append(frames, q.Name.Value)
		}
	}
	require.Equal(t, []string{"GetBook", "CountBooks", "AllBooks", "ListBooks"}, frames)

	dashboard := s.Queries[6]
	var sets []string
	for _, set := range dashboard.Sets {
		sets = append(sets, set.Name.Value+" "+set.Result.Value+": "+set.SQL.Bound.SQL)
	}
	require.False(t, dashboard.OneStatement())
	require.Equal(t, []string{
		"archived affected: UPDATE orders SET archived = 1 WHERE id < ?",
		"newest many: SELECT isbn, title FROM books ORDER BY published DESC LIMIT ?",
		"dearest opt: SELECT title FROM books ORDER BY price DESC LIMIT 1",
		"totals one: SELECT count(*) AS books FROM books",
	}, sets)

	require.Equal(t, "ListBooks returns the books of a language.", s.Queries[9].Doc.Value)
	require.Equal(t, "SELECT isbn, title FROM books WHERE lang = :lang", s.Queries[9].SQL.Text)

	require.Equal(t, "InsertBooks", s.Bulks[0].Name.Value)
	require.Len(t, s.Bulks[0].Columns, 5)
	require.Equal(t, "SavePrices", s.Bulks[1].Name.Value)
	require.Equal(t, "isbn", s.Bulks[1].Conflict[0].Value)
	require.Equal(t, "price", s.Bulks[1].Update[0].Value)
	require.Equal(t, "TransferMoney", s.Procedures[0].Name.Value)
	require.Equal(t, "report_%", s.Patterns[0].Pattern.Value)
}

// TestFilesOfTheSystem loads from a folder other than the working one.
func TestFilesOfTheSystem(t *testing.T) {
	dir := filepath.ToSlash(t.TempDir())
	for name, text := range map[string]string{
		"queries.yaml": "version: 1\npackage: store\nout: ../gen\ndriver: sqlite\nschema:\n  sqlite: [db/a.sql]\n  postgres: [db/b.sql]\nqueries:\n  - files: sql/*.sql\n",
		"db/a.sql":     "CREATE TABLE a (b INT);\n",
		"db/b.sql":     "CREATE TABLE b (c INT);\n",
		"sql/b.sql":    "-- name: B :execrows\nDELETE FROM a\n",
		"sql/a.sql":    "-- name: A :exec\nDELETE FROM a WHERE b = $1 -- trailing\n;\n-- the end\n",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	s, problems := spec.Loader{}.Load(dir + "/queries.yaml")
	require.NoError(t, problems.Err())
	require.Equal(t, 1, s.Queries[0].SQL.Bound.Uses[0].Number)
	require.Equal(t, filepath.ToSlash(filepath.Join(filepath.Dir(dir), "gen")), s.Out.Value)
	require.Len(t, s.SchemaFor("postgres"), 1)
	require.Equal(t, dir+"/db/b.sql", s.SchemaFor("postgres")[0].Path.Value)
	require.Equal(t, "DELETE FROM a WHERE b = $1", s.Queries[0].SQL.Text)
	require.Equal(t, spec.Affected, s.Queries[1].Result.Value)
}

func TestMissingSpecIsFatal(t *testing.T) {
	s, problems := files{}.load()
	require.Nil(t, s)
	require.True(t, problems.Fatal())
}

func TestDatabaseIsExpandedWithEnvOnly(t *testing.T) {
	input := files{"queries.yaml": "version: 1\npackage: store\ndriver: generic\ndatabase: a=${STORE_DSN};b=${STORE_DSN}\nbulk:\n  - {name: A, table: b, columns: [c]}\n"}
	s, problems := input.load()
	require.NoError(t, problems.Err())
	require.Equal(t, "a=Driver=SQLite3;Database=x;b=Driver=SQLite3;Database=x", s.Targets[0].Database.Value)

	s, problems = spec.Loader{ReadFile: input.read}.Load("queries.yaml")
	require.NoError(t, problems.Err())
	require.Equal(t, "a=${STORE_DSN};b=${STORE_DSN}", s.Targets[0].Database.Value)
}

// TestPlaces holds the place of every word of a statement against the file, for all
// ways to write it.
func TestPlaces(t *testing.T) {
	const head = "version: 1\npackage: p\ndriver: generic\ndatabase: x\nqueries:\n"
	for name, query := range map[string]string{
		"literal":           "  - name: A\n    result: one\n    sql: |\n      SELECT größe,\n        'x' AS b\n\n      FROM :c\n",
		"literal, kept":     "  - name: A\n    result: one\n    sql: |2+\n        SELECT größe\n      FROM :c\n\n\n",
		"literal, stripped": "  - name: A\n    result: one\n    sql: &x |-\n\n      SELECT größe\n      FROM :c",
		"literal, tabs":     "  - name: A\n    result: one\n    sql: |\n      SELECT größe\n      \tFROM :c\n",
		"literal, CRLF":     "  - name: A\r\n    result: one\r\n    sql: |\r\n      SELECT größe\r\n      FROM :c\r\n",
		"folded":            "  - name: A\n    result: one\n    sql: >-\n      SELECT größe\n      FROM :c\n\n        WHERE d\n      LIMIT 1\n",
		"plain":             "  - {name: A, result: one, sql: SELECT größe FROM :c}\n",
		"plain, two lines":  "  - name: A\n    result: one\n    sql: SELECT größe\n      FROM :c\n\n      LIMIT 1\n",
		"plain, tagged":     "  - {name: A, result: one, sql: !!str &x SELECT größe FROM :c}\n",
		"single quotes":     "  - {name: Größe, result: one, sql: 'SELECT ''größe'' FROM :c, '''''}\n",
		"double quotes":     "  - {name: A, result: one, sql: \"SELECT \\\"größe\\\" \\\n    FROM\\n:c\\t'\\\\' \"}\n",
		"alias":             "  - {name: A, result: one, doc: &x SELECT größe FROM :c, sql: *x}\n",
	} {
		t.Run(name, func(t *testing.T) {
			text := head + query
			s, problems := files{"queries.yaml": text}.load()
			require.NoError(t, problems.Err())
			sql := s.Queries[0].SQL
			require.Contains(t, sql.Text, "größe")
			offset := 0
			for _, word := range strings.Fields(sql.Text) {
				offset += strings.Index(sql.Text[offset:], word)
				got := at(text, sql.Pos(offset, len(word)))
				require.Equal(t, word, strings.NewReplacer(`''`, `'`, `\"`, `"`, `\\`, `\`).Replace(got))
				offset += len(word)
			}
			parameter := strings.IndexByte(sql.Bound.SQL, '?')
			require.Equal(t, ":c", at(text, sql.BoundPos(parameter, 1)))
		})
	}
}

// at returns the text of a span.
func at(text string, p diag.Pos) string {
	lines := strings.SplitAfter(text, "\n")
	runes := []rune(strings.Join(lines[p.Line-1:], ""))
	return string(runes[p.Col-1 : p.Col-1+p.Len])
}

func TestPlaceOfEscapesIsTheScalar(t *testing.T) {
	s, _ := files{"queries.yaml": "queries:\n  - {name: A, sql: \"SELECT \\x41\"}\n"}.load()
	require.Equal(t, diag.Pos{File: "queries.yaml", Line: 2, Col: 20, Len: 10}, s.Queries[0].SQL.Pos(7, 1))
}

// TestSchemaHasTheKeysOfTheParser holds the JSON schema for editors against what Load
// accepts.
func TestSchemaHasTheKeysOfTheParser(t *testing.T) {
	text, err := os.ReadFile("../../../doc/queries.schema.json")
	require.NoError(t, err)
	var root schema
	require.NoError(t, json.Unmarshal(text, &root))

	known, needed := spec.Keys()
	for name := range known {
		s := root.object(name)
		require.ElementsMatch(t, known[name], properties(s), "keys of %q", name)
		require.ElementsMatch(t, needed[name], s.Required, "needed keys of %q", name)
		require.NotNil(t, s.AdditionalProperties, name)
		for key, property := range s.Properties {
			require.True(t, property.Description != "" || property.Ref != "", "%s %s has no description", name, key)
		}
	}
	require.Equal(t, spec.Results, root.Definitions["query"].Properties["result"].Enum)
	require.Equal(t, spec.SetResults, root.Definitions["setResult"].Enum)
	require.Equal(t, spec.Directions, root.Definitions["procedureParam"].object("").Properties["direction"].Enum)
	require.Equal(t, []string{spec.NullSQL, spec.NullPointer}, root.Properties["null"].Enum)
	var kinds []string
	for _, k := range protocol.Kinds() {
		kinds = append(kinds, k.String())
	}
	require.ElementsMatch(t, kinds, root.Definitions["type"].Enum)
}

// schema is what the test needs of JSON schema.
type schema struct {
	Description          string
	Ref                  string `json:"$ref"`
	Properties           map[string]schema
	AdditionalProperties any
	Required             []string
	Enum                 []string
	OneOf                []schema
	Definitions          map[string]schema
}

// object returns the definition of a mapping, "" for the root.
func (s schema) object(name string) schema {
	if name != "" {
		s = s.Definitions[name]
	}
	for _, one := range s.OneOf {
		if one.Properties != nil {
			return one
		}
	}
	return s
}

func properties(s schema) []string {
	var keys []string
	for key := range s.Properties {
		keys = append(keys, key)
	}
	return keys
}

// FuzzLoad: whatever the files hold, Load ends, and what it tells can be drawn.
func FuzzLoad(f *testing.F) {
	archives, err := filepath.Glob("testdata/*.txtar")
	require.NoError(f, err)
	for _, archive := range archives {
		text, err := os.ReadFile(archive)
		require.NoError(f, err)
		_, yaml, _ := strings.Cut(string(text), "-- queries.yaml --\n")
		yaml, _, _ = strings.Cut(yaml, "\n-- ")
		f.Add(yaml, "-- name: A :one\nSELECT :a;")
	}
	f.Fuzz(func(t *testing.T, yaml, sql string) {
		if len(yaml) > 2000 {
			t.Skip("finding the line of an error is quadratic")
		}
		s, problems := files{"queries.yaml": yaml, "sql/a.sql": sql, "schema.sql": sql}.load()
		require.True(t, s != nil || problems.Len() > 0)
		_ = problems.Err()
		if s == nil {
			return
		}
		for _, q := range s.Queries {
			for offset := range len(q.SQL.Bound.SQL) + 1 {
				q.SQL.BoundPos(offset, 3)
			}
			for _, set := range q.Sets {
				for offset := range len(set.SQL.Bound.SQL) + 1 {
					set.SQL.BoundPos(offset, 3)
				}
			}
		}
	})
}
