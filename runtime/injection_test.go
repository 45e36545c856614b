package runtime_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/tdsserver"
	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// hostileNames are names that want to be something else.
var hostileNames = []string{
	`"`, `""`, `a"b`, `a""b`, `"a"`, "`", "``", "a`b", "a``b", "]", "[a]", "a]]b", "'", "''", "a'b", `\`, `a\`, `\"`, "\\`", `\'`,
	"a\nb", "a\r\nb", "a\tb", "\x01", "a\x00b", "\x00", "", "\xff", "a\xc3", strings.Repeat("a", 200), strings.Repeat("ö", 63), strings.Repeat("a", 64),
	"ʼ", "a＂b", "＇", "｀", "a］b", "“a”", "‘a’", "; DROP TABLE canary; --", `"; DROP TABLE canary; --`, "`; DROP TABLE canary; -- ", "a) VALUES (1); --",
	"--", "-- a", "/*", "*/", "/* a */", "#", "#a", "\u202eabc\u202c", "\u200b", "\ufeffa", "select", "order", "NULL", "1a", "1", "a ", " a", " ",
	".", "a.b", "a..b", "😀", "%s %d", "%!s(MISSING)", "%[1]s", "?", "a?b", "?...", "{fn now()}", "{?=call a}", "{", "}", ":a", "@a", "$1", "$$", "$1$", "excluded", "t", "s", "c0", "*", "a,b", "(", ")", "é", "e\u0301",
}

// TestHostileNames: a column, and a table, of any name is made, filled, updated and read
// by what the dialect writes, or the name is refused; nothing else happens.
func TestHostileNames(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		db.exec(t, "CREATE TABLE canary (id BIGINT PRIMARY KEY)")
		refused := tryNames(t, db)
		for _, name := range refused {
			requireRefused(t, db, name)
		}
		require.Equal(t, refusedNames[db.Name], refused)
		require.Equal(t, [][]string{{"0"}}, db.shown(t, "SELECT count(*) FROM canary"))
	})
}

// tryNames tries all names, and returns those that are refused.
func tryNames(t *testing.T, db database) (refused []string) {
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	native, err := odbc.Connect(t.Context(), db.DSN)
	require.NoError(t, err)
	defer native.Close()
	for _, name := range hostileNames {
		if _, err := db.Plugin().Dialect.Name(name); err != nil {
			refused = append(refused, name)
			continue
		}
		tryName(t, db, conn, name)
		trySavepoint(t, native, db.Plugin().Dialect, name)
	}
	return refused
}

// TestHostileNamesOfSQLServer: the same through FreeTDS.
func TestHostileNamesOfSQLServer(t *testing.T) {
	s := tdsserver.New(t)
	db := database{testdb.Database{Name: "sqlserver", DSN: s.DSN()}, openTDS(t, s)}
	execOn(t, db.DB, "CREATE TABLE canary (id BIGINT PRIMARY KEY)")
	refused := tryNames(t, db)
	require.Equal(t, []string{"a\x00b", "\x00", "", "\xff", "a\xc3", strings.Repeat("a", 200)}, refused)
	for _, r := range s.Requests() {
		require.NotContains(t, unbracketed(r.SQL), "DROP TABLE canary", r.SQL)
	}
}

// unbracketed is SQL without its names in brackets.
func unbracketed(sql string) string {
	return regexp.MustCompile(`\[(?:[^\]]|\]\])*\]`).ReplaceAllString(sql, "")
}

// refusedNames are those that each database does not have.
var refusedNames = map[string][]string{
	"sqlite":   {"a\x00b", "\x00", "", "\xff", "a\xc3"},
	"postgres": {"a\x00b", "\x00", "", "\xff", "a\xc3", strings.Repeat("a", 200), strings.Repeat("ö", 63), strings.Repeat("a", 64)},
	"mariadb":  {"a\x00b", "\x00", "", "\xff", "a\xc3", strings.Repeat("a", 200), "`; DROP TABLE canary; -- ", "a ", " ", "😀"},
}

// requireRefused: no builder takes the name.
func requireRefused(t *testing.T, db database, name string) {
	t.Helper()
	for _, bulk := range []*runtime.Bulk[[]string]{texts(name, "a"), texts("canary", name), texts("canary", "a", name)} {
		_, err := bulk.Insert(t.Context(), db, slices.Values([][]string{{"a", "b"}}))
		requireError(t, err, runtime.Error{Query: "InsertTexts", Op: "prepare"})
	}
	d := db.Plugin().Dialect
	_, err := d.Savepoint(name)
	require.ErrorContains(t, err, "savepoint: ")
	_, err = d.Page("SELECT 1 AS a", driver.Order{Column: name})
	require.Error(t, err)
}

func tryName(t *testing.T, db database, conn *runtime.Conn, name string) {
	t.Helper()
	d := db.Plugin().Dialect
	column, err := d.Name(name)
	require.NoError(t, err)
	written := `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
	table, err := d.QualifiedName(written)
	require.NoError(t, err)
	require.Equal(t, column, table)
	if db.Name == "mariadb" && len(name) > 50 { // its file would have a name that is too long
		table, written = "hostile", "hostile"
	}
	create := fmt.Sprintf("CREATE TABLE %s (%s VARCHAR(100) PRIMARY KEY, other_column VARCHAR(100))", table, column)
	require.NoError(t, conn.Exec(t.Context(), create), "%q", name)
	defer func() { require.NoError(t, conn.Exec(t.Context(), "DROP TABLE "+table), "%q", name) }()

	described, err := conn.Describe(t.Context(), "SELECT * FROM "+table)
	require.NoError(t, err, "%q", name)
	if db.Name == "sqlite" { // whose driver may leave out what is before a dot
		require.True(t, strings.HasSuffix(name, described.Columns[0].Name))
	} else {
		require.Equal(t, name, described.Columns[0].Name)
	}

	if db.Name != "sqlserver" { // the test server does not find the schema of a name
		requireListed(t, conn, table, name)
	}
	bulk := texts(written, name, "other_column")
	bulk.Conflict = []string{name}
	for _, rows := range [][][]string{{{"1", "a"}, {"2", "b"}, {"3", "c"}}, {{"2", "changed"}}, {{"3", "x"}, {"3", "changed too"}}} {
		done, err := bulk.Insert(t.Context(), conn, slices.Values(rows))
		require.NoError(t, err, "%q", name)
		require.EqualValues(t, len(rows), done.Rows)
	}
	bulk = texts(written, "other_column", name)
	bulk.Conflict, bulk.Update = []string{name}, []string{}
	_, err = bulk.Insert(t.Context(), conn, slices.Values([][]string{{"not", "1"}}))
	require.NoError(t, err, "%q", name)

	page, err := d.Page(fmt.Sprintf("SELECT %s, other_column FROM %s -- all", column, table), driver.Order{Column: name, Descending: true})
	require.NoError(t, err)
	numbers := []int64{2, 1}
	if page.SkipFirst {
		slices.Reverse(numbers)
	}
	require.Equal(t, [][2]string{{"2", "changed"}, {"1", "a"}}, pairs(t, conn, page.SQL, numbers...), "%q", name)
	returning, err := d.InsertReturning(driver.Insert{Table: written, Columns: []string{name}, From: "SELECT '4'", Returning: []string{name, "other_column"}})
	require.NoError(t, err)
	if db.Name != "sqlserver" { // the test server has no INSERT of a query
		require.Equal(t, [][2]string{{"4", ""}}, pairs(t, conn, db.Plugin().Describe.ReturningBehind+returning.SQL), "%q", name)
		require.Equal(t, [][2]string{{"4", ""}}, pairs(t, conn, fmt.Sprintf("SELECT %s, other_column FROM %s WHERE %[1]s = '4'", column, table)), "%q", name)
	}
}

// requireListed: the catalog has the table's columns, by the name as it is written in SQL.
func requireListed(t *testing.T, conn *runtime.Conn, table, name string) {
	t.Helper()
	catalog := conn.Catalog()
	object, err := catalog.ObjectName(table)
	require.NoError(t, err, "%q", name)
	columns, err := catalog.Columns(t.Context(), object)
	require.NoError(t, err, "%q", name)
	require.Len(t, columns, 2, "%q", name)
	require.Equal(t, name, columns[0].Name)
	key, err := catalog.PrimaryKey(t.Context(), object)
	require.NoError(t, err, "%q", name)
	require.Equal(t, []string{name}, key.Columns)
	_, err = catalog.Indexes(t.Context(), object)
	require.NoError(t, err, "%q", name)
}

// TestHostileNamesOfNothing: the catalog lists nothing of any name, and no procedure is
// called by it.
func TestHostileNamesOfNothing(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		db.exec(t, "CREATE TABLE canary (id BIGINT PRIMARY KEY)")
		conn, err := db.Conn(t.Context())
		require.NoError(t, err)
		defer conn.Close()
		for _, name := range hostileNames {
			if name != "" { // which is all
				requireNothing(t, conn, name)
			}
			call := runtime.Procedure[runtime.None, runtime.None]{Name: "Call", Procedure: `"` + strings.ReplaceAll(name, `"`, `""`) + `"`}
			_, err := call.Call(t.Context(), conn, runtime.None{})
			require.Error(t, err, "%q", name)
			call.Procedure = name
			_, err = call.Call(t.Context(), conn, runtime.None{})
			require.Error(t, err, "%q", name)
		}
		require.Equal(t, [][]string{{"0"}}, db.shown(t, "SELECT count(*) FROM canary"))
	})
}

func requireNothing(t *testing.T, conn *runtime.Conn, name string) {
	t.Helper()
	c, object := conn.Catalog(), runtime.ObjectName{Name: name}
	refused := strings.Contains(name, "\x00")
	if _, err := c.Columns(t.Context(), object); err != nil && !utf8.ValidString(name) { // PostgreSQL says so
		require.ErrorIs(t, err, runtime.KindData)
		return
	}
	columns, err := c.Columns(t.Context(), object)
	require.Equal(t, refused, err != nil, "%q: %v", name, err)
	require.Empty(t, columns)
	indexes, err := c.Indexes(t.Context(), object)
	require.Equal(t, refused, err != nil, "%q: %v", name, err)
	require.Empty(t, indexes)
	tables, err := c.Tables(t.Context(), runtime.CatalogFilter{Name: name})
	require.Equal(t, refused, err != nil, "%q: %v", name, err)
	require.Empty(t, tables)
	procedures, err := c.Procedures(t.Context(), runtime.CatalogFilter{Name: name})
	require.Equal(t, refused, err != nil, "%q: %v", name, err)
	require.Empty(t, procedures)
}

// pairs runs a query for two texts with numbers.
func pairs(t *testing.T, on runtime.Session, sql string, numbers ...int64) [][2]string {
	t.Helper()
	q := runtime.Query[[]int64, [2]string]{
		Name: "Pairs", SQL: sql, Columns: []runtime.Column{{Name: "a", Kind: protocol.Text}, {Name: "b", Kind: protocol.Text, Null: true}},
		Encode: func(b *protocol.Batch, numbers []int64) {
			for i, n := range numbers {
				b.Int64(i).Append(n)
			}
		},
		Decode: func(rows [][2]string, b *protocol.Batch) {
			for i := range rows {
				rows[i] = [2]string{strings.Clone(b.Text(0).At(i)), b.Text(1).Null(i).V}
			}
		},
	}
	for range numbers {
		q.Params = append(q.Params, runtime.Param{Name: "n", Kind: protocol.Int64})
	}
	rows, err := q.Many(t.Context(), on, numbers)
	require.NoError(t, err, sql)
	return rows
}

// trySavepoint: a savepoint of the name is made, gone back to and released.
func trySavepoint(t *testing.T, native *odbc.Conn, d driver.Dialect, name string) {
	t.Helper()
	s, err := d.Savepoint(name)
	if d.Savepoints.Max > 0 && len([]rune(name)) > d.Savepoints.Max {
		require.ErrorContains(t, err, "savepoint: ")
		return
	}
	require.NoError(t, err)
	require.NoError(t, native.SetAutocommit(t.Context(), false))
	for _, sql := range []string{"INSERT INTO canary VALUES (1)", s.Make, "INSERT INTO nothing VALUES (2)", s.Back, s.Release} {
		if sql == "" { // a savepoint ends with its transaction
			continue
		}
		err := native.ExecDirect(t.Context(), sql)
		require.Equal(t, strings.Contains(sql, "nothing"), err != nil, "%q: %s: %v", name, sql, err)
	}
	require.NoError(t, native.Rollback(t.Context()))
}

// TestHostileNamesOfVendors: a name is refused or stands in quotes in what every
// dialect writes.
func TestHostileNamesOfVendors(t *testing.T) {
	for _, p := range driver.All() {
		for _, name := range hostileNames {
			quoted, err := p.Dialect.Name(name)
			if err != nil {
				require.Empty(t, quoted)
				continue
			}
			inner := quoted[len(p.Dialect.QuoteOpen) : len(quoted)-len(p.Dialect.QuoteClose)]
			once := strings.ReplaceAll(inner, p.Dialect.QuoteClose+p.Dialect.QuoteClose, "")
			require.NotContains(t, once, p.Dialect.QuoteClose, "%s: %q", p.Name, name)
			s, err := p.Dialect.Savepoint(name)
			switch {
			case err != nil:
			case p.Dialect.Savepoints.Plain:
				require.Regexp(t, `^\w+ TRANSACTION \w+$`, s.Make, name)
			case !p.Dialect.Savepoints.None:
				require.Contains(t, s.Make, quoted)
				require.Contains(t, s.Back, quoted)
			}
			sql, err := p.Dialect.Insert(driver.Insert{Table: "t", Columns: []string{name, "other"}, Kinds: []protocol.Kind{protocol.Text, protocol.Text}, Conflict: []string{name}})
			if err == nil {
				require.NotContains(t, strings.ReplaceAll(sql, quoted, ""), "DROP", "%s: %q", p.Name, name)
				require.Contains(t, sql, quoted)
			}
		}
	}
}
