package runtime

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
)

func TestCatalogCacheTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := catalogOptions{}.cache(func(string) string { return "" })
		key := catalogKey{function: odbc.Columns, of: ObjectName{Name: "pairs"}}
		rows := []catalogRow{{}}
		_, asOf, kept := c.get(key)
		require.False(t, kept)
		c.put(key, rows, asOf)
		time.Sleep(300*time.Second - time.Nanosecond)
		_, _, kept = c.get(key)
		require.True(t, kept)
		time.Sleep(time.Nanosecond)
		_, asOf, kept = c.get(key)
		require.False(t, kept, "too old")

		c.clear() // while the list is asked for
		c.put(key, rows, asOf)
		_, _, kept = c.get(key)
		require.False(t, kept, "of before")

		short := catalogOptions{}.cache(func(name string) string {
			return map[string]string{catalogTTLVariable: "2", catalogSizeVariable: "7"}[name]
		})
		short.put(key, rows, 0)
		time.Sleep(2 * time.Second)
		_, _, kept = short.get(key)
		require.False(t, kept)
	})
}

func TestDefines(t *testing.T) {
	for sql, want := range map[string]bool{
		"SELECT 1": false, "INSERT INTO t VALUES (1)": false, "insert into t select 1;": false, "SET search_path TO x": false,
		"WITH a AS (SELECT 1) SELECT * FROM a": false, "UPDATE t SET a = 1": false, "": true,
		"CREATE TABLE t (a INT)": true, "-- more\nalter table t add b int": true, "/* x */ Drop Table t": true, "TRUNCATE t": true, "COMMENT ON TABLE t IS 'x'": true,
		"RENAME TABLE a TO b": true, "CALL anything()": true, "DO $$ $$": true, "SELECT * INTO b FROM a": true, "SELECT 1; DROP TABLE t": true,
		"/*! DROP TABLE t */": true, "SET STATEMENT max_statement_time = 1 FOR DROP TABLE t": true,
	} {
		require.Equal(t, want, defines(sql), sql)
	}
}

func TestNameParts(t *testing.T) {
	double := driver.Dialect{QuoteOpen: `"`, QuoteClose: `"`}
	brackets := driver.Dialect{QuoteOpen: "[", QuoteClose: "]"}
	for _, test := range []struct {
		written string
		dialect driver.Dialect
		fold    driver.Fold
		want    []string
		err     string
	}{
		{"Users", double, driver.FoldLower, []string{"users"}, ""},
		{"Users", double, driver.FoldUpper, []string{"USERS"}, ""},
		{"Users", double, driver.IgnoreCase, []string{"Users"}, ""},
		{`Public."Order Lines"`, double, driver.FoldLower, []string{"public", "Order Lines"}, ""},
		{`"a""b.c".d`, double, driver.FoldNothing, []string{`a"b.c`, "d"}, ""},
		{"[a]]b].dbo.[c]", brackets, driver.IgnoreCase, []string{"a]b", "dbo", "c"}, ""},
		{`"open`, double, driver.FoldNothing, nil, "is not closed"},
		{`"a"b`, double, driver.FoldNothing, nil, "behind a part"},
		{"a..b", double, driver.FoldNothing, nil, "is empty"},
		{"", double, driver.FoldNothing, nil, "is empty"},
		{"a.", double, driver.FoldNothing, nil, "is empty"},
		{`""`, double, driver.FoldNothing, nil, "is empty"},
	} {
		parts, err := nameParts(test.written, test.dialect, test.fold)
		if test.err != "" {
			require.ErrorContains(t, err, test.err, test.written)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, test.want, parts)
	}
}

func TestLike(t *testing.T) {
	for _, test := range []struct {
		name, pattern string
		fold          driver.Fold
		want          bool
	}{
		{"abc", "abc", 0, true}, {"abc", "a_c", 0, true}, {"abc", "a%", 0, true}, {"abc", "%", 0, true}, {"", "%", 0, true}, {"", "_", 0, false},
		{"abc", "%b", 0, false}, {"abcbc", "%bc", 0, true}, {"größe", "gr__e", 0, true}, {"ABC", "abc", 0, false}, {"ABC", "abc", driver.IgnoreCase, true},
		{"ab", "a_b", 0, false}, {"a\nb", "a_b", 0, true}, {"aXbXc", "a%b%c", 0, true}, {"abc", "abc%%", 0, true}, {"abc", "abcd", 0, false},
	} {
		require.Equal(t, test.want, like(test.fold, test.name, test.pattern), "%q like %q", test.name, test.pattern)
	}
}

func TestIndexParts(t *testing.T) {
	for _, test := range []struct {
		definition string
		parts      []string
		filter     string
	}{
		{"CREATE INDEX i ON t (a, b)", []string{"a", "b"}, ""},
		{`CREATE INDEX "i(" ON "t,(" (a DESC, lower(b) asc)`, []string{"a", "lower(b)"}, ""},
		{"CREATE UNIQUE INDEX i ON t (coalesce(a, ',)'), (b+1)DESC)\n  where a IN (1, 2)", []string{"coalesce(a, ',)')", "(b+1)"}, "a IN (1, 2)"},
		{"CREATE INDEX i ON [t)] (`a``)`, 'it''s')", []string{"`a``)`", "'it''s'"}, ""},
		{"nonsense (", nil, ""}, {"'", nil, ""}, {"", nil, ""},
	} {
		parts, filter := indexParts(test.definition)
		require.Equal(t, test.parts, parts, test.definition)
		require.Equal(t, test.filter, filter, test.definition)
	}
}

func TestAmbiguous(t *testing.T) {
	row := func(schema string) catalogRow {
		return rowsOf([]string{"schema_name", "object_name"}, odbc.Rows{{{V: schema, Valid: true}, {V: "pairs", Valid: true}}})[0]
	}
	rows := []catalogRow{row("a"), row("b"), row("a")}
	require.ErrorContains(t, ambiguous(rows, odbc.Columns, catalogRow.object), "a.pairs, b.pairs: say which schema")
	require.NoError(t, ambiguous(rows, odbc.Tables, catalogRow.object))
	require.NoError(t, ambiguous(rows[:1], odbc.Columns, catalogRow.object))
}
