package conformance_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// blocks: results of no row, one, and about as many as a block has.
func blocks(t *testing.T, s *subject) {
	table := s.numbers(t, 300)
	for _, n := range []int{0, 1, 2, 99, 100, 101, 255, 256, 257, 300} {
		rows, err := query("SELECT n FROM "+table+" WHERE n <= ? ORDER BY n", []protocol.Kind{protocol.Int64}, protocol.Int64).Many(t.Context(), s, row{int64(n)})
		require.NoError(t, err)
		require.Len(t, rows, n)
		for i, r := range rows {
			require.EqualValues(t, i+1, r[0])
		}
	}
}

// brokenOff: who leaves a stream leaves a connection in order.
func brokenOff(t *testing.T, s *subject) {
	table := s.numbers(t, 300)
	one := s.connect(t, runtime.WithPoolSize(1))
	q := query("SELECT n FROM "+table+" ORDER BY n", nil, protocol.Int64)
	for _, leave := range []int64{1, 150, 300} {
		var last int64
		for r, err := range q.Stream(t.Context(), one, nil) {
			require.NoError(t, err)
			if last = r[0].(int64); last == leave {
				break
			}
		}
		require.Equal(t, leave, last)
	}
	require.Equal(t, []string{"300"}, s.all(t, one, "SELECT COUNT(*) FROM "+table, protocol.Int64))
}

// pages: a table is read page by page, by its key.
func pages(t *testing.T, s *subject) {
	table := s.numbers(t, 7)
	page := query(fmt.Sprintf("SELECT n FROM %s WHERE n > ? ORDER BY n %s", table, s.page), []protocol.Kind{protocol.Int64}, protocol.Int64)
	var got []any
	for r, err := range page.Pages(t.Context(), s, row{int64(0)}, func(_, last row) row { return last }) {
		require.NoError(t, err)
		got = append(got, r[0])
	}
	require.Equal(t, []any{int64(1), int64(2), int64(3), int64(4), int64(5), int64(6), int64(7)}, got)
}

// insertID: each row's own number, and none where the runtime does not learn it.
func insertID(t *testing.T, s *subject) {
	table := s.table("given")
	s.exec(t, fmt.Sprintf("CREATE TABLE %s (%s, n %s NOT NULL)", table, s.numbered, s.integer))
	for want := int64(1); want < 4; want++ {
		id, err := insertInto(table).InsertID(t.Context(), s, row{want})
		if s.Plugin().InsertID == "" {
			s.refuse(t, err, "RETURNING")
			require.Equal(t, []string{"0"}, s.all(t, s, "SELECT COUNT(*) FROM "+table, protocol.Int64))
			return
		}
		require.NoError(t, err)
		require.Equal(t, want, id)
	}
}

// twoSets are the results of severalSets.
type twoSets struct{ first, second int64 }

// severalSets: statements one after the other, and their results in order.
func severalSets(t *testing.T, s *subject) {
	one := func(name string, field func(*twoSets) *int64) runtime.Set[twoSets] {
		return runtime.Set[twoSets]{Name: name, Columns: []runtime.Column{{Name: "n", Kind: protocol.Int64}},
			Into: runtime.IntoValue(func(rows []int64, b *protocol.Batch) {
				for i := range rows {
					rows[i] = b.Int64(0).At(i)
				}
			}, field)}
	}
	first, second := one("first", func(s *twoSets) *int64 { return &s.first }), one("second", func(s *twoSets) *int64 { return &s.second })
	table := s.numbers(t, 5)
	sets := &runtime.Sets[row, twoSets]{Name: "Sets", Statements: []runtime.SetsStatement[row, twoSets]{
		{SQL: "SELECT n FROM " + table + " WHERE n = 2", Results: []runtime.Set[twoSets]{first}},
		{SQL: "SELECT n FROM " + table + " WHERE n = 4", Results: []runtime.Set[twoSets]{second}},
	}}
	got, err := sets.Run(t.Context(), s, nil)
	require.NoError(t, err)
	require.Equal(t, twoSets{2, 4}, got)
}

// bulkTypes: every type goes in by the strategy for many rows.
func bulkTypes(t *testing.T, s *subject) {
	for i, typ := range s.types {
		t.Run(typ.sql, func(t *testing.T) {
			table := s.column(t, i, typ)
			var rows []row
			var want []string
			for id, v := range slices.Concat([]any{nil}, typ.values, []any{nil}, typ.values) {
				rows = append(rows, row{int32(id), v})
				want = append(want, shown(v))
			}
			b := bulk(table, []string{s.fold("id"), s.fold("v")}, protocol.Int32, typ.kind)
			result, err := b.Insert(t.Context(), s, slices.Values(rows))
			require.NoError(t, err)
			require.EqualValues(t, len(rows), result.Rows)
			require.Equal(t, want, s.all(t, s, "SELECT v FROM "+table+" ORDER BY id", typ.kind))
		})
	}
}

// bulkRows: no row is lost at the end of a set, or in one that is not full.
func bulkRows(t *testing.T, s *subject) {
	table, things := s.things(t)
	for _, n := range []int{0, 1, 2, 103} {
		s.exec(t, "DELETE FROM "+table)
		result, err := things.Insert(t.Context(), s, numbered(n, 0), runtime.BulkRows(10))
		require.NoError(t, err)
		require.EqualValues(t, n, result.Rows)
		got := s.all(t, s, "SELECT s FROM "+table+" ORDER BY n", protocol.Text)
		require.Len(t, got, n)
		for i, text := range got {
			require.Equal(t, strings.Repeat("x", i%37), text)
		}
	}
}

// things makes a table for numbers and texts.
func (s *subject) things(t *testing.T) (table string, into *runtime.Bulk[row]) {
	t.Helper()
	table = s.table("things")
	s.exec(t, fmt.Sprintf("CREATE TABLE %s (n %s NOT NULL PRIMARY KEY, s %s NOT NULL)", table, s.integer, s.text))
	return table, bulk(table, []string{s.fold("n"), s.fold("s")}, protocol.Int64, protocol.Text)
}

// numbered yields n rows for things; of that with the number bad the text is NULL.
func numbered(n, bad int) func(func(row) bool) {
	return func(yield func(row) bool) {
		for i := range n {
			r := row{int64(i + 1), strings.Repeat("x", i%37)}
			if i+1 == bad {
				r[1] = nil
			}
			if !yield(r) {
				return
			}
		}
	}
}

// bulkBadRow: wherever the bad row stands, it is the one that is named.
func bulkBadRow(t *testing.T, s *subject) {
	table, things := s.things(t)
	for _, bad := range []int{1, 7, 10, 11, 25} {
		_, err := things.Insert(t.Context(), s, numbered(25, bad), runtime.BulkRows(10))
		var e *runtime.Error
		require.ErrorAs(t, err, &e)
		require.EqualValues(t, bad, e.Row, "%v", err)
		require.Equal(t, driver.KindNotNull, e.Kind)
		require.Equal(t, []string{"0"}, s.all(t, s, "SELECT COUNT(*) FROM "+table, protocol.Int64))
	}
	_, err := things.Insert(t.Context(), s, func(yield func(row) bool) {
		_ = yield(row{int64(1), "a"}) && yield(row{int64(2), "b"}) && yield(row{int64(1), "c"})
	})
	var e *runtime.Error
	require.ErrorAs(t, err, &e)
	require.EqualValues(t, 3, e.Row, "%v", err)
	require.Equal(t, driver.KindUnique, e.Kind)
}

// bulkChunks: what stands before the chunk that fails is stored.
func bulkChunks(t *testing.T, s *subject) {
	table, things := s.things(t)
	_, err := things.Insert(t.Context(), s, numbered(25, 17), runtime.BulkChunk(5))
	var failed *runtime.BulkError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, []string{"15"}, s.all(t, s, "SELECT COUNT(*) FROM "+table, protocol.Int64))
}

// quotedNames: tables and columns with names that have to be quoted, with the quotes
// themselves in them.
func quotedNames(t *testing.T, s *subject) {
	d := s.Plugin().Dialect
	s.requireNames(t, "two words", "select", "CamelCase", "it's", "a"+d.QuoteClose+"b", d.QuoteOpen+"a", "x; DROP TABLE y --", "%s", "a?b")
}

func wideNames(t *testing.T, s *subject) { s.requireNames(t, "größe", "ﬀ", "名前") }

// hostileNames: what would end a quote, a statement or a text is refused, or is a name.
func hostileNames(t *testing.T, s *subject) {
	s.requireNames(t, "", "a\x00b", "\xff", strings.Repeat("a", 200), strings.Repeat("b", 120), `"`, "`", "]", "[c]", "''", `\`, "a\nb", "a\tb",
		`"; DROP TABLE canary; --`, "`; DROP TABLE canary; -- ", "]; DROP TABLE canary; --", "a) VALUES (1); --", "/*", "--", "{fn now()}", "@a", ":b", "$1", "g.h")
}

// hostileWideNames have characters that look like quotes, or that are others in some
// character sets.
func hostileWideNames(t *testing.T, s *subject) {
	s.requireNames(t, "ʼ", "d＂e", "“f”", "`g］", "＇; DROP TABLE canary; --", "😀", "\u202eabc\u202c", "\u200b", "e\u0301")
}

// requireNames checks that each name is that of a table and a column, or is refused before
// it is sent.
func (s *subject) requireNames(t *testing.T, names ...string) {
	d := s.Plugin().Dialect
	for i, name := range names {
		t.Run(fmt.Sprintf("%q", name), func(t *testing.T) {
			numbers := bulk(s.table("numbers"), []string{name}, protocol.Int64)
			column, err := d.Name(name)
			if err != nil {
				_, err := numbers.Insert(t.Context(), s, slices.Values([]row{{int64(1)}}))
				var e *runtime.Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, "prepare", e.Op)
				require.NotEqual(t, runtime.Done, e.Outcome)
				require.ErrorContains(t, err, "the name ")
				return
			}
			numbers.Table, err = d.Name(fmt.Sprintf("%s %d %d", name, s.row, i))
			if err != nil { // the column's is the longest there can be
				numbers.Table, err = d.Name(fmt.Sprintf("numbers %d %d", s.row, i))
			}
			require.NoError(t, err)
			s.exec(t, fmt.Sprintf("CREATE TABLE %s (%s %s NOT NULL)", numbers.Table, column, s.integer))
			result, err := numbers.Insert(t.Context(), s, slices.Values([]row{{int64(1)}, {int64(2)}}))
			require.NoError(t, err)
			require.EqualValues(t, 2, result.Rows)
			require.Equal(t, []string{"1", "2"}, s.all(t, s, fmt.Sprintf("SELECT %s FROM %s ORDER BY 1", column, numbers.Table), protocol.Int64))
		})
	}
}

func uniqueViolation(t *testing.T, s *subject) {
	table := s.numbers(t, 1)
	s.requireError(t, insertInto(table).Exec(t.Context(), s, row{int64(1)}), driver.KindUnique)
}

func notNullViolation(t *testing.T, s *subject) {
	table := s.table("filled")
	s.exec(t, fmt.Sprintf("CREATE TABLE %s (n %s NOT NULL)", table, s.integer))
	s.requireError(t, insertInto(table).Exec(t.Context(), s, row{nil}), driver.KindNotNull)
}

func foreignKeyViolation(t *testing.T, s *subject) {
	table := s.numbers(t, 1)
	child := s.table("child")
	s.exec(t, fmt.Sprintf("CREATE TABLE %s (n %s NOT NULL, FOREIGN KEY (n) REFERENCES %s (n))", child, s.integer, table))
	require.NoError(t, insertInto(child).Exec(t.Context(), s, row{int64(1)}))
	s.requireError(t, insertInto(child).Exec(t.Context(), s, row{int64(2)}), driver.KindForeignKey)
	s.requireError(t, command("DELETE FROM "+table).Exec(t.Context(), s, nil), driver.KindForeignKey)
}

func syntaxError(t *testing.T, s *subject) {
	table := s.numbers(t, 1)
	s.requireError(t, command("UPDATE "+table+" SETT n = 2").Exec(t.Context(), s, nil), driver.KindSyntax)
	_, err := query("SELECT n FROM "+table+" WHERE", nil, protocol.Int64).Many(t.Context(), s, nil)
	s.requireError(t, err, driver.KindSyntax)
}

func unknownTable(t *testing.T, s *subject) {
	_, err := query("SELECT n FROM "+s.table("nowhere"), nil, protocol.Int64).Many(t.Context(), s, nil)
	s.requireError(t, err, driver.KindUnknownObject)
	s.requireError(t, insertInto(s.table("nowhere")).Exec(t.Context(), s, row{int64(1)}), driver.KindUnknownObject)
}

func unknownColumn(t *testing.T, s *subject) {
	_, err := query("SELECT missing FROM "+s.numbers(t, 1), nil, protocol.Int64).Many(t.Context(), s, nil)
	s.requireError(t, err, driver.KindUnknownObject)
}

// requireError checks that an error says what happened, and that it serves nothing to
// try again.
func (s *subject) requireError(t *testing.T, err error, kind driver.Kind) {
	t.Helper()
	var e *runtime.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, kind, e.Kind, "%v", err)
	require.Equal(t, runtime.Validation, e.Category)
	require.False(t, runtime.IsRetryable(err))
}

// goesOn: a connection is good for more after statements that failed.
func goesOn(t *testing.T, s *subject) {
	table := s.numbers(t, 1)
	one := s.connect(t, runtime.WithPoolSize(1))
	for range 3 {
		require.Error(t, insertInto(table).Exec(t.Context(), one, row{int64(1)}))
		require.Error(t, command("UPDATE "+table+" SETT n = 2").Exec(t.Context(), one, nil))
		require.Error(t, insertInto(s.table("nowhere")).Exec(t.Context(), one, row{int64(1)}))
		require.Equal(t, []string{"1"}, s.all(t, one, "SELECT n FROM "+table, protocol.Int64))
	}
}

// cancelAtWork: the end of the context ends the statement, and the pool goes on.
func cancelAtWork(t *testing.T, s *subject) {
	one := s.connect(t, runtime.WithPoolSize(1))
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	begun := time.Now()
	_, err := query(s.slow, nil, protocol.Int64).Many(ctx, one, nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, time.Since(begun), 10*time.Second)
	table := s.numbers(t, 1)
	require.Equal(t, []string{"1"}, s.all(t, one, "SELECT n FROM "+table, protocol.Int64))
}
