package conformance_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// roundTrips: each type holds its values, sent as parameters and read back.
func roundTrips(t *testing.T, s *subject) {
	for i, typ := range s.types {
		t.Run(typ.sql, func(t *testing.T) {
			table := s.column(t, i, typ)
			insert := command("INSERT INTO "+table+" (id, v) VALUES (?, ?)", protocol.Int32, typ.kind)
			for id, v := range typ.values {
				require.NoError(t, insert.Exec(t.Context(), s, row{int32(id), v}))
			}
			require.Equal(t, shownAll(typ.values), s.all(t, s, "SELECT v FROM "+table+" ORDER BY id", typ.kind))
		})
	}
}

// column makes a table with a column of the type.
func (s *subject) column(t *testing.T, i int, typ typed) (table string) {
	t.Helper()
	table = s.table(fmt.Sprintf("column%d", i))
	s.exec(t, fmt.Sprintf("CREATE TABLE %s (id INTEGER NOT NULL PRIMARY KEY, v %s%s)", table, typ.sql, s.nullable))
	return table
}

func shownAll(values []any) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = shown(v)
	}
	return all
}

// described: the driver's description and the plugin's rules make the kind of it.
func described(t *testing.T, s *subject) {
	conn, err := s.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	for i, typ := range s.types {
		t.Run(typ.sql, func(t *testing.T) {
			table := s.table(fmt.Sprintf("column%d", i))
			require.NoError(t, conn.Exec(t.Context(), fmt.Sprintf("CREATE TABLE %s (id INTEGER NOT NULL PRIMARY KEY, v %s%s)", table, typ.sql, s.nullable)))
			d, err := conn.Describe(t.Context(), "SELECT v, id FROM "+table)
			require.NoError(t, err)
			require.Len(t, d.Columns, 2)
			v, id := d.Columns[0], d.Columns[1]
			require.Equal(t, typ.told, s.Plugin().KindOf(v.TypeName, v.Type, v.Unsigned), "%q, code %d, unsigned %v", v.TypeName, v.Type, v.Unsigned)
			if told := notNull(s.Plugin(), id); told {
				require.False(t, notNull(s.Plugin(), v))
			}
		})
	}
}

// notNull reports whether the driver tells, where it is believed, that the column has no NULL.
func notNull(p *driver.Plugin, c runtime.ColumnDescription) bool {
	switch p.Describe.NotNull {
	case driver.NotNullDescribed:
		return c.NotNull
	case driver.NotNullField:
		return c.NotNullField
	}
	return false
}

// questions: what a plugin has the generator ask is answered.
func questions(t *testing.T, s *subject) {
	table := s.numbers(t, 1)
	p := s.Plugin()
	if p.Describe.Functions != "" {
		s.all(t, s, p.Describe.Functions, protocol.Text)
	}
	if p.ReadOnly != "" {
		require.Equal(t, []string{"0"}, s.all(t, s, p.ReadOnly, protocol.Text))
	}
	if p.Describe.Check.How == driver.NoCheck {
		return
	}
	for sql, good := range map[string]bool{"INSERT INTO " + table + " (n) VALUES (2)": true, "INSERT INTO " + table + " SET (n) 2": false} {
		err := command(checked(p.Describe.Check, sql)).Exec(t.Context(), s, nil)
		require.Equal(t, good, err == nil, "%s: %v", sql, err)
		require.Equal(t, []string{"1"}, s.all(t, s, "SELECT COUNT(*) FROM "+table, protocol.Int64))
	}
}

// views: the text of a view is told, and that a table is none.
func views(t *testing.T, s *subject) {
	if s.Plugin().Describe.ViewText == "" {
		return
	}
	table, view := s.numbers(t, 1), s.table("view")
	s.exec(t, fmt.Sprintf("CREATE VIEW %s AS SELECT n FROM %s", view, table))
	texts := s.viewText(t, view)
	require.Len(t, texts, 1)
	require.Contains(t, strings.ToUpper(texts[0]), "SELECT")
	require.Empty(t, s.viewText(t, table))
}

func (s *subject) viewText(t *testing.T, name string) (texts []string) {
	t.Helper()
	rows, err := query(s.Plugin().Describe.ViewText, []protocol.Kind{protocol.Text}, protocol.Text).Many(t.Context(), s, row{name})
	require.NoError(t, err)
	for _, r := range rows {
		texts = append(texts, r[0].(string))
	}
	return texts
}

// checked is the statement by which the server reads sql.
func checked(c driver.Check, sql string) string {
	if c.How == driver.CheckQuoted {
		return c.Prefix + "'" + sql + "'"
	}
	return c.Prefix + sql
}

// integersThatDoNotFit: what is out of range is an error, there and back.
func integersThatDoNotFit(t *testing.T, s *subject) {
	table := s.table("wide")
	s.exec(t, fmt.Sprintf("CREATE TABLE %s (n %s NOT NULL)", table, s.integer),
		fmt.Sprintf("INSERT INTO %s (n) VALUES (5000000000)", table))
	_, err := query("SELECT n FROM "+table, nil, protocol.Int32).One(t.Context(), s, nil)
	require.ErrorContains(t, err, "c1")
	_, err = query("SELECT n FROM "+table, nil, protocol.Int16).One(t.Context(), s, nil)
	require.Error(t, err)
	require.Equal(t, []string{"5000000000"}, s.all(t, s, "SELECT n FROM "+table, protocol.Int64))
}

// parametersDecide: comparisons with parameters find what they should.
func parametersDecide(t *testing.T, s *subject) {
	table := s.table("found")
	s.exec(t, fmt.Sprintf("CREATE TABLE %s (n %s NOT NULL, s %s NOT NULL)", table, s.integer, s.text))
	insert := command("INSERT INTO "+table+" (n, s) VALUES (?, ?)", protocol.Int64, protocol.Text)
	for n, text := range []string{"a", "größe", "Größe", s.wide, "a b", "ab"} {
		require.NoError(t, insert.Exec(t.Context(), s, row{int64(n), text}))
	}
	find := func(where string, kinds []protocol.Kind, values ...any) []string {
		rows, err := query("SELECT n FROM "+table+" WHERE "+where+" ORDER BY n", kinds, protocol.Int64).Many(t.Context(), s, values)
		require.NoError(t, err, where)
		var found []string
		for _, r := range rows {
			found = append(found, shown(r[0]))
		}
		return found
	}
	require.Equal(t, []string{"3"}, find("s = ?", []protocol.Kind{protocol.Text}, s.wide))
	require.Equal(t, []string{"2", "3", "4"}, find("n >= ? AND n < ?", []protocol.Kind{protocol.Int64, protocol.Int32}, int64(2), int32(5)))
	changed, err := command("UPDATE "+table+" SET s = ? WHERE n > ?", protocol.Text, protocol.Int64).Affected(t.Context(), s, row{"x", int64(3)})
	require.NoError(t, err)
	require.EqualValues(t, 2, changed)
	changed, err = command("DELETE FROM "+table+" WHERE n > ?", protocol.Int64).Affected(t.Context(), s, row{int64(100)})
	require.NoError(t, err)
	require.Zero(t, changed)
	require.Equal(t, []string{"4", "5"}, find("s = ?", []protocol.Kind{protocol.Text}, "x"))
}

// patterns: LIKE takes one from a parameter.
func patterns(t *testing.T, s *subject) {
	table := s.table("patterns")
	s.exec(t, fmt.Sprintf("CREATE TABLE %s (s %s NOT NULL)", table, s.text))
	for _, text := range []string{"ab", "ba", "a%"} {
		require.NoError(t, command("INSERT INTO "+table+" (s) VALUES (?)", protocol.Text).Exec(t.Context(), s, row{text}))
	}
	rows, err := query("SELECT s FROM "+table+" WHERE s LIKE ? ORDER BY s", []protocol.Kind{protocol.Text}, protocol.Text).Many(t.Context(), s, row{"a%"})
	require.NoError(t, err)
	require.Equal(t, []row{{"a%"}, {"ab"}}, rows)
}

// someInLists: one value, some, and many.
func someInLists(t *testing.T, s *subject) {
	s.requireListed(t, "IN (?...)", s.Plugin().Lists.In, func(list []int64) []int64 { return slices.Compact(list) })
}

// someNotInLists: all others are not in them.
func someNotInLists(t *testing.T, s *subject) {
	s.requireListed(t, "NOT IN (?...)", s.Plugin().Lists.NotIn, func(list []int64) (others []int64) {
		for n := range int64(20) {
			if !slices.Contains(list, n+1) {
				others = append(others, n+1)
			}
		}
		return others
	})
}

// requireListed checks lists by an operator, which array stands for where a list is one
// array.
func (s *subject) requireListed(t *testing.T, operator, array string, want func([]int64) []int64) {
	t.Helper()
	table := s.numbers(t, 20)
	if s.Plugin().Lists.Array {
		operator = array
	}
	for _, list := range [][]int64{{3}, {3, 5, 5}, {1, 2, 3, 4, 5, 6, 7, 8, 9}} {
		got, err := lists("SELECT n FROM "+table+" WHERE n "+operator+" ORDER BY n").Many(t.Context(), s, list)
		require.NoError(t, err)
		require.Equal(t, want(slices.Clone(list)), got)
	}
}

// emptyLists: nothing is in one, and everything is not.
func emptyLists(t *testing.T, s *subject) {
	table := s.numbers(t, 20)
	in, out := "IN (?...)", "NOT IN (?...)"
	if forms := s.Plugin().Lists; forms.Array {
		in, out = forms.In, forms.NotIn
	}
	got, err := lists("SELECT n FROM "+table+" WHERE n "+in).Many(t.Context(), s, nil)
	require.NoError(t, err)
	require.Empty(t, got)
	got, err = lists("SELECT n FROM "+table+" WHERE n "+out).Many(t.Context(), s, nil)
	require.NoError(t, err)
	require.Len(t, got, 20)
}

// lists is a query for numbers by a list of them.
func lists(sql string) *runtime.Query[[]int64, int64] {
	return &runtime.Query[[]int64, int64]{
		Name: "Lists", SQL: sql,
		Params:  []runtime.Param{{Name: "list", Kind: protocol.Int64, List: true}},
		Columns: []runtime.Column{{Name: "n", Kind: protocol.Int64}},
		Encode: func(b *protocol.Batch, list []int64) {
			for _, n := range list {
				b.Int64(0).Append(n)
			}
		},
		Decode: func(rows []int64, b *protocol.Batch) {
			for i := range rows {
				rows[i] = b.Int64(0).At(i)
			}
		},
	}
}

// fractions: a time of day has microseconds.
func fractions(t *testing.T, s *subject) {
	for i, typ := range s.types {
		if typ.kind == protocol.Time {
			table := s.column(t, i, typ)
			at := clock(13, 14, 15, 123456)
			require.NoError(t, command("INSERT INTO "+table+" (id, v) VALUES (1, ?)", typ.kind).Exec(t.Context(), s, row{at}))
			require.Equal(t, []string{shown(at)}, s.all(t, s, "SELECT v FROM "+table, typ.kind))
		}
	}
}

// hostile is text that ends literals, comments and statements.
var hostile = []string{
	"'; DROP TABLE x; --", `"; DROP TABLE x`, "`", "]", `\`, `\'`, "/* a */", "-- a", "?", ":a", "@a", "{fn now()}", "%s", "a\nb", "a\r\nb", "\t", " a ", "ﬀ’‘", "\u202ea",
}

// hostileText: text is data.
func hostileText(t *testing.T, s *subject) {
	table := s.table("hostile")
	s.exec(t, fmt.Sprintf("CREATE TABLE %s (n %s NOT NULL, s %s NOT NULL)", table, s.integer, s.text))
	insert := command("INSERT INTO "+table+" (n, s) VALUES (?, ?)", protocol.Int64, protocol.Text)
	for n, text := range hostile {
		require.NoError(t, insert.Exec(t.Context(), s, row{int64(n), text}))
	}
	require.Equal(t, hostile, s.all(t, s, "SELECT s FROM "+table+" ORDER BY n", protocol.Text))
	for n, text := range hostile {
		found, err := query("SELECT n FROM "+table+" WHERE s = ? AND n = ?", []protocol.Kind{protocol.Text, protocol.Int64}, protocol.Int64).
			One(t.Context(), s, row{text, int64(n)})
		require.NoError(t, err, text)
		require.EqualValues(t, n, found[0])
	}
}

// nulls: each type has NULL, as a parameter and as a cell, between values.
func nulls(t *testing.T, s *subject) {
	for i, typ := range s.types {
		t.Run(typ.sql, func(t *testing.T) {
			table := s.column(t, i, typ)
			insert := command("INSERT INTO "+table+" (id, v) VALUES (?, ?)", protocol.Int32, typ.kind)
			for id, v := range []any{nil, typ.values[0], nil} {
				require.NoError(t, insert.Exec(t.Context(), s, row{int32(id), v}))
			}
			require.Equal(t, []string{"NULL", shown(typ.values[0]), "NULL"}, s.all(t, s, "SELECT v FROM "+table+" ORDER BY id", typ.kind))
			require.Equal(t, []string{"0", "2"}, s.all(t, s, "SELECT id FROM "+table+" WHERE v IS NULL ORDER BY id", protocol.Int32))
		})
	}
}

// nullInNotNull: a NULL that the generated code has no place for is no zero value.
func nullInNotNull(t *testing.T, s *subject) {
	table := s.table("holes")
	s.exec(t, fmt.Sprintf("CREATE TABLE %s (n %s%s)", table, s.integer, s.nullable), fmt.Sprintf("INSERT INTO %s (n) VALUES (NULL)", table))
	q := query("SELECT n FROM "+table, nil, protocol.Int64)
	q.Columns[0].Null = false
	q.Decode = func(rows []row, b *protocol.Batch) {
		for i := range rows {
			rows[i] = row{b.Int64(0).At(i)}
		}
	}
	_, err := q.One(t.Context(), s, nil)
	require.ErrorIs(t, err, protocol.ErrNull)
}

// emptyText: a text of no characters is one.
func emptyText(t *testing.T, s *subject) {
	table := s.table("empty")
	s.exec(t, fmt.Sprintf("CREATE TABLE %s (n %s NOT NULL, s %s%s)", table, s.integer, s.text, s.nullable))
	insert := command("INSERT INTO "+table+" (n, s) VALUES (?, ?)", protocol.Int64, protocol.Text)
	for n, text := range []any{"", nil, " "} {
		require.NoError(t, insert.Exec(t.Context(), s, row{int64(n), text}))
	}
	require.Equal(t, []string{"", "NULL", " "}, s.all(t, s, "SELECT s FROM "+table+" ORDER BY n", protocol.Text))
	require.Equal(t, []string{"1"}, s.all(t, s, "SELECT n FROM "+table+" WHERE s IS NULL", protocol.Int64))
}

// longValues: a text that is longer than any block.
func longValues(t *testing.T, s *subject) {
	table := s.table("long")
	s.exec(t, fmt.Sprintf("CREATE TABLE %s (n %s NOT NULL, s %s)", table, s.integer, s.long))
	insert := command("INSERT INTO "+table+" (n, s) VALUES (?, ?)", protocol.Int64, protocol.Text)
	all := []string{"a", strings.Repeat("ä", 3000), "", strings.Repeat("größe "+s.wide, 20_000), "z"}
	for n, text := range all {
		require.NoError(t, insert.Exec(t.Context(), s, row{int64(n), text}))
	}
	got := s.all(t, s, "SELECT s FROM "+table+" ORDER BY n", protocol.Text)
	require.Len(t, got, len(all))
	for i := range all {
		require.True(t, all[i] == got[i], "text %d has %d bytes of %d", i, len(got[i]), len(all[i]))
	}
}
