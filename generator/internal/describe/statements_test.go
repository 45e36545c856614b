package describe_test

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/odbcgen/odbcgen/generator/internal/describe"
	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/spec"
	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime/driver"
)

var update = flag.Bool("update", false, "rewrite what is wanted in testdata")

// TestStatements describes the statements of testdata on all databases. What is
// wanted stands below each, a line for databases that agree:
//
//	=> sqlite mariadb: (year int64?) id int64, name text?
//
// with the parameters in parentheses and a question mark where NULL can occur.
// A statement whose name ends with @ and databases is for those.
//
// The statements are run, too, on tables with rows and on empty ones: no column
// said to be never NULL may have one.
func TestStatements(t *testing.T) {
	for _, path := range archives(t) {
		archive, err := txtar.ParseFile(path)
		require.NoError(t, err)
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			statements := statementsOf(archive)
			for _, db := range testdb.All(t) {
				t.Run(db.Name, func(t *testing.T) { describeAll(t, db, statements) })
			}
			for i, s := range statements {
				archive.Files[i].Data = []byte(s.String())
			}
			if *update {
				require.NoError(t, os.WriteFile(path, txtar.Format(archive), 0o644))
				return
			}
			wanted, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, string(wanted), string(txtar.Format(archive)))
		})
	}
}

func archives(t *testing.T) []string {
	paths, err := filepath.Glob("testdata/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	return paths
}

// statement is a file of an archive.
type statement struct {
	name      string
	sql       string
	databases []string          // nil for all
	found     map[string]string // by database
}

func statementsOf(archive *txtar.Archive) []*statement {
	var all []*statement
	for _, f := range archive.Files {
		sql, _, _ := strings.Cut(string(f.Data), "\n=> ")
		s := &statement{name: f.Name, sql: strings.TrimSpace(sql), found: make(map[string]string)}
		if _, databases, ok := strings.Cut(f.Name, "@"); ok {
			s.databases = strings.Fields(databases)
		}
		all = append(all, s)
	}
	return all
}

func (s *statement) isFor(database string) bool {
	return s.databases == nil || slices.Contains(s.databases, database)
}

// String is the statement with what was found out about it.
func (s *statement) String() string {
	agreeing := make(map[string][]string)
	for _, database := range []string{"sqlite", "postgres", "mariadb"} {
		if found, ok := s.found[database]; ok {
			agreeing[found] = append(agreeing[found], database)
		}
	}
	var lines []string
	for found, databases := range agreeing {
		lines = append(lines, fmt.Sprintf("=> %s: %s\n", strings.Join(databases, " "), found))
	}
	slices.Sort(lines)
	slices.Reverse(lines)
	return s.sql + "\n" + strings.Join(lines, "") + "\n"
}

// describeAll describes the statements that are for db, and runs them.
func describeAll(t *testing.T, db testdb.Database, statements []*statement) {
	schema, err := os.ReadFile("testdata/schema/" + db.Name + ".sql")
	require.NoError(t, err)
	testdb.Exec(t, db, string(schema))
	described := open(t, db, statements)
	for _, s := range statements {
		if !s.isFor(db.Name) {
			continue
		}
		q := described.query(s)
		shape, findings := settled(described.Database, q)
		s.found[db.Name] = line(shape, findings)
		if len(findings) == 0 && len(shape.Columns) > 0 {
			requireSound(t, db, s, q, shape)
		}
	}
}

// settled describes a query and gives the spec the last word on it.
func settled(d *describe.Database, q *spec.Query) (describe.Shape, []diag.Diagnostic) {
	said, findings := d.Query(context.Background(), q)
	if len(findings) > 0 {
		return said, findings
	}
	return describe.Settle(q, d.Plugin(), said)
}

// database is an open database with the statements as its queries.
type database struct {
	*describe.Database
	queries map[string]*spec.Query
}

// pluginOf returns the plugin of the first target.
func pluginOf(s *spec.Spec) *driver.Plugin {
	p, _ := driver.ByName(s.Targets[0].Driver.Value)
	return p
}

func open(t *testing.T, db testdb.Database, statements []*statement) database {
	var sql strings.Builder
	for i, s := range statements {
		if s.isFor(db.Name) {
			fmt.Fprintf(&sql, "-- name: Q%d :many\n%s;\n\n", i, s.sql)
		}
	}
	files := map[string]string{
		"queries.yaml": "version: 1\npackage: p\ndriver: " + db.Name + "\ndatabase: \"" + db.DSN + "\"\nqueries:\n  - files: q.sql\n",
		"q.sql":        sql.String(),
	}
	s, problems := spec.Loader{
		ReadFile: func(path string) ([]byte, error) { return []byte(files[path]), nil },
		Glob:     func(pattern string) ([]string, error) { return []string{pattern}, nil },
		Env:      os.LookupEnv,
	}.Load("queries.yaml")
	require.NoError(t, problems.Err())
	d, findings := describe.Open(context.Background(), s, s.Targets[0], pluginOf(s))
	require.Empty(t, findings)
	t.Cleanup(d.Close)
	all := database{d, make(map[string]*spec.Query)}
	for i := range s.Queries {
		all.queries[s.Queries[i].SQL.Text] = &s.Queries[i]
	}
	return all
}

func (d database) query(s *statement) *spec.Query { return d.queries[strings.TrimSuffix(s.sql, ";")] }

func line(shape describe.Shape, findings []diag.Diagnostic) string {
	if len(findings) > 0 {
		var messages []string
		for _, f := range findings {
			f.Pos, f.Query = diag.Pos{}, ""
			messages = append(messages, scratch.ReplaceAllString(f.String(), "test."))
		}
		return "error: " + strings.Join(messages, "; ")
	}
	var b strings.Builder
	if len(shape.Params) > 0 {
		b.WriteString("(" + values(shape.Params) + ") ")
	}
	return strings.TrimSpace(b.String() + values(shape.Columns))
}

// scratch is the name of a database made for the test.
var scratch = regexp.MustCompile(`test_\w+\.`)

func values(all []describe.Value) string {
	var texts []string
	for _, v := range all {
		null := ""
		if v.Null {
			null = "?"
		}
		if v.List {
			null = "..."
		}
		texts = append(texts, v.Name+" "+v.Kind.String()+null)
	}
	return strings.Join(texts, ", ")
}

// literals are values for parameters by kind, and for those of some names; any
// other is a number.
var literals = map[string]string{
	"text": "'a'", "date": "'2020-01-01'", "timestamp": "'2020-01-01 10:00:00'", "time": "'10:00:00'",
	"binary": "'a'", "uuid": "'6ba7b810-9dad-11d1-80b4-00c04fd430c8'", "xml": "'<a/>'", "json": "'{}'", "bool": "TRUE",
	"interval": "'1 day'", "age": "'1 day'",
	"escape": "'!'", "ids": "'{1}'", "new_id": "4711", "new_name": "'new'",
}

// requireSound runs the statement as the database's own client does and looks
// for a NULL in a column that is said to have none.
func requireSound(t *testing.T, db testdb.Database, s *statement, q *spec.Query, shape describe.Shape) {
	for _, empty := range []bool{false, true} {
		script := "BEGIN;\n"
		if empty {
			script += "DELETE FROM author; DELETE FROM book; DELETE FROM pair; DELETE FROM target;\n"
		}
		for _, row := range testdb.Query(t, db, script+withLiterals(q, shape)+";\nROLLBACK;\n") {
			for i, c := range shape.Columns {
				if i < len(row) && row[i] == testdb.Null && !c.Null {
					t.Errorf("%s: column %s is said to be never NULL, but it is (empty tables: %v)\n%s", s.name, c.Name, empty, s.sql)
				}
			}
		}
	}
}

func withLiterals(q *spec.Query, shape describe.Shape) string {
	sql := q.SQL.Bound.SQL
	for i, use := range slices.Backward(q.SQL.Bound.Uses) {
		literal := cmp.Or(literals[use.Name], literals[shape.Params[i].Kind.String()], "1")
		if shape.Params[i].List && !use.List {
			literal = "'{}'"
		}
		sql = sql[:use.At] + literal + sql[use.At+1:]
	}
	return sql
}
