package describe_test

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/odbcgen/odbcgen/generator/internal/describe"
	"github.com/odbcgen/odbcgen/internal/testdb"
)

// truthDocument shows what TestTruth measures.
const truthDocument = "../../../doc/type-truth.md"

// TestTruth holds what describe says against truth written by hand: testdata/truth
// has below each statement
//
//	=> (year int) id int, name text?
//	=> mariadb: (year int) id int, name text?
//
// for all databases and for those that differ, with the kinds of words below. A
// question mark says that NULL can occur, ~ that it can in SQLite; where neither
// stands, schema and text prove that it cannot. What is unknown cannot be told.
//
// All statements with a result are run on rows and on empty tables, too.
func TestTruth(t *testing.T) {
	truths := truthsOf(t)
	var lines []string
	for _, db := range testdb.All(t) {
		t.Run(db.Name, func(t *testing.T) {
			m := measure(t, db, truths)
			lines = append(lines, m.String())
			fmt.Println(m)
			m.require(t)
		})
	}
	text, err := os.ReadFile(truthDocument)
	require.NoError(t, err)
	before, rest, _ := strings.Cut(string(text), "```\n")
	_, after, ok := strings.Cut(rest, "```\n")
	require.True(t, ok, "%s has no block for the figures", truthDocument)
	wanted := before + "```\n" + strings.Join(lines, "\n") + "\n```\n" + after
	if *update {
		require.NoError(t, os.WriteFile(truthDocument, []byte(wanted), 0o644))
		return
	}
	require.Equal(t, wanted, string(text), "go test -run TestTruth -update writes the figures")
}

// measurement counts what is right about the statements of a database.
type measurement struct {
	database         string
	queries          int
	columns, types   int
	provable, proven int
	params, typed    int
	unsound          int
	wrong            []string         // findings, for the log
	claims           map[string]claim // by the number of the statement
}

func (m *measurement) String() string {
	return fmt.Sprintf("%s type=%.1f unsound=%d nonnull=%.1f params=%.1f queries=%d", m.database,
		percent(m.types, m.columns), m.unsound, percent(m.proven, m.provable), percent(m.typed, m.params), m.queries)
}

func percent(part, all int) float64 { return float64(1000*part/all) / 10 }

func (m *measurement) require(t *testing.T) {
	for _, w := range m.wrong {
		t.Log(w)
	}
	require.GreaterOrEqual(t, m.queries, 320)
	require.GreaterOrEqual(t, percent(m.types, m.columns), 99.0, "types that are right")
	require.Zero(t, m.unsound, "columns said to be never NULL that can be")
	require.GreaterOrEqual(t, percent(m.proven, m.provable), 95.0, "columns said to be never NULL, of those that are")
	require.GreaterOrEqual(t, percent(m.typed, m.params), 97.0, "parameters whose type is right without a mark")
}

func measure(t *testing.T, db testdb.Database, truths []*truthStatement) *measurement {
	schema, err := os.ReadFile("testdata/truth/schema/" + db.Name + ".sql")
	require.NoError(t, err)
	testdb.Exec(t, db, string(schema))
	var statements []*statement
	for _, s := range truths {
		statements = append(statements, s.statement)
	}
	described := open(t, db, statements)
	m := &measurement{database: db.Name, claims: make(map[string]claim)}
	for _, s := range truths {
		if s.isFor(db.Name) {
			m.queries++
			m.add(s, described)
		}
	}
	m.run(t, db)
	return m
}

// add holds a statement against its truth.
func (m *measurement) add(s *truthStatement, d database) {
	params, columns := s.truth(m.database)
	q := d.query(s.statement)
	shape, findings := settled(d.Database, q)
	note := func(format string, args ...any) {
		m.wrong = append(m.wrong, s.name+": "+fmt.Sprintf(format, args...)+"\n"+s.sql)
	}
	if len(shape.Params) != len(params) || len(shape.Columns) != len(columns) {
		note("%s: %s", line(shape, findings), "wanted "+values(params)+" / "+values(columns))
		m.params, m.columns = m.params+len(params), m.columns+len(columns)
		for _, want := range columns {
			if !want.Null {
				m.provable++
			}
		}
		return
	}
	for i, want := range params {
		got := shape.Params[i]
		kind := got.Kind.String()
		if got.List {
			kind += "..."
		}
		if m.params++; kind == want.SQLType {
			m.typed++
		} else {
			note("parameter %s is %s, %s by %q", got.Name, want.SQLType, got.Kind, got.Source)
		}
	}
	for i, want := range columns {
		got := shape.Columns[i]
		if m.columns++; got.Kind.String() == want.SQLType {
			m.types++
		} else {
			note("column %s is %s, %s by %q", got.Name, want.SQLType, got.Kind, got.Source)
		}
		if got.Name != want.Name {
			note("column %s is called %s", got.Name, want.Name)
		}
		if got.NullWhy == "" {
			note("column %s has no reason", got.Name)
		}
		switch {
		case want.Null && !got.Null:
			m.unsound++
			note("UNSOUND: column %s can be NULL, not by %q", got.Name, got.NullWhy)
		case !want.Null:
			if m.provable++; !got.Null {
				m.proven++
			} else {
				note("column %s is never NULL, not proven by %q", got.Name, got.NullWhy)
			}
		}
	}
	if len(columns) > 0 {
		m.claims[fmt.Sprintf("#%d", len(m.claims))] = claimOf(withLiterals(q, shape), shape)
	}
}

// run runs all statements at once, each behind a row with its number, and looks
// for NULL in columns that are said to have none.
func (m *measurement) run(t *testing.T, db testdb.Database) {
	var script strings.Builder
	for _, before := range []string{"", emptied} {
		for number, c := range m.claims {
			fmt.Fprintf(&script, "BEGIN;\n%sSELECT '%s';\n%s;\nROLLBACK;\n", before, number, c.sql)
		}
	}
	rows := testdb.Query(t, db, script.String())
	var current claim
	for _, row := range rows {
		if c, ok := m.claims[row[0]]; ok {
			current = c
			continue
		}
		for _, k := range current.never {
			if row[k] == testdb.Null {
				m.unsound++
				m.wrong = append(m.wrong, fmt.Sprintf("UNSOUND: column %d has NULL\n%s", k, current.sql))
			}
		}
	}
}

const emptied = "DELETE FROM customer; DELETE FROM category; DELETE FROM product; DELETE FROM orders; DELETE FROM item; DELETE FROM staff; DELETE FROM setting; DELETE FROM visit;\n"

// truthStatement is a statement with its truths.
type truthStatement struct {
	*statement
	truths map[string]string // by database, "" for all others
}

func truthsOf(t *testing.T) []*truthStatement {
	paths, err := filepath.Glob("testdata/truth/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	var all []*truthStatement
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		require.NoError(t, err)
		for i, s := range statementsOf(archive) {
			one := &truthStatement{s, make(map[string]string)}
			one.name = filepath.Base(path) + ": " + one.name
			for text := range strings.Lines(string(archive.Files[i].Data)) {
				rest, ok := strings.CutPrefix(strings.TrimSpace(text), "=>")
				if !ok {
					continue
				}
				database, truth, specific := strings.Cut(rest, ":")
				if !specific || strings.ContainsAny(database, "(,") {
					database, truth = "", rest
				}
				one.truths[strings.TrimSpace(database)] = strings.TrimSpace(truth)
			}
			all = append(all, one)
		}
	}
	return all
}

// words are kinds that differ between sqlite, postgres and mariadb.
var words = map[string][3]string{
	"int":      {"int64", "int32", "int32"},       // of an INTEGER column
	"calc":     {"int64", "int32", "int64"},       // computed of such
	"sum":      {"int64", "int64", "decimal"},     // of integers
	"avg":      {"float64", "decimal", "decimal"}, // of integers and decimals
	"fraction": {"float64", "decimal", "decimal"}, // a literal
	"flag":     {"bool", "bool", "int8"},          // of a BOOLEAN column
	"truth":    {"bool", "bool", "int32"},         // of a comparison
	"doc":      {"json", "json", "text"},
	"key":      {"uuid", "uuid", "text"},
	"unknown":  {"kind(0)", "kind(0)", "kind(0)"},
}

// truth returns the parameters and columns as they are, each with the name of its
// kind as SQLType.
func (s *truthStatement) truth(database string) (params, columns []describe.Value) {
	text := s.truths[""]
	if own, ok := s.truths[database]; ok {
		text = own
	}
	if rest, ok := strings.CutPrefix(text, "("); ok {
		inside, behind, _ := strings.Cut(rest, ")")
		return valuesOf(inside, database), valuesOf(behind, database)
	}
	return nil, valuesOf(text, database)
}

func valuesOf(text, database string) []describe.Value {
	var all []describe.Value
	for part := range strings.SplitSeq(text, ",") {
		name, kind, ok := cut(strings.TrimSpace(part))
		if !ok {
			continue
		}
		v := describe.Value{Name: name}
		if kind, v.Null = strings.CutSuffix(kind, "?"); !v.Null {
			kind, v.Null = strings.CutSuffix(kind, "~")
			v.Null = v.Null && database == "sqlite"
		}
		v.SQLType = cmp.Or(words[kind][slices.Index([]string{"sqlite", "postgres", "mariadb"}, database)], kind)
		all = append(all, v)
	}
	return all
}

// cut parts the last word, the kind, from the name before it.
func cut(text string) (name, kind string, ok bool) {
	i := strings.LastIndex(text, " ")
	if i < 0 {
		return "", "", false
	}
	return text[:i], text[i+1:], true
}
