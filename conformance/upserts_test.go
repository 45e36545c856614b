package conformance_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// stock makes a table of things with a text and a number, and an upsert of its rows by the
// thing. Update is nil for all columns.
func (s *subject) stock(t *testing.T, name string, update []string) (table string, put *runtime.Bulk[row]) {
	t.Helper()
	table = s.table(name)
	s.exec(t, fmt.Sprintf("CREATE TABLE %s (thing %s NOT NULL PRIMARY KEY, note %s NOT NULL, pieces %[2]s NOT NULL)", table, s.integer, s.text))
	return table, s.putInto(table, update)
}

func (s *subject) putInto(table string, update []string) *runtime.Bulk[row] {
	put := bulk(table, []string{s.fold("thing"), s.fold("note"), s.fold("pieces")}, protocol.Int64, protocol.Text, protocol.Int64)
	put.Conflict, put.Update = []string{s.fold("thing")}, update
	return put
}

// stored returns the rows of stock in words.
func (s *subject) stored(t *testing.T, table string) []string {
	t.Helper()
	rows, err := query("SELECT thing, note, pieces FROM "+table+" ORDER BY thing", nil, protocol.Int64, protocol.Text, protocol.Int64).Many(t.Context(), s, nil)
	require.NoError(t, err)
	words := make([]string, len(rows))
	for i, r := range rows {
		words[i] = fmt.Sprint(r...)
	}
	return words
}

// upserts: one row is inserted, changed as far as it shall be, or left as it is.
func upserts(t *testing.T, s *subject) {
	table, all := s.stock(t, "stock", nil)
	for _, step := range []struct {
		put  *runtime.Bulk[row]
		row  row
		want []string
	}{
		{all, row{int64(1), "first", int64(5)}, []string{"1first5"}},
		{all, row{int64(1), "second", int64(6)}, []string{"1second6"}},
		{all, row{int64(2), "größe", int64(7)}, []string{"1second6", "2größe7"}},
		{s.putInto(table, []string{s.fold("pieces")}), row{int64(1), "third", int64(8)}, []string{"1second8", "2größe7"}},
		{s.putInto(table, []string{}), row{int64(1), "fourth", int64(9)}, []string{"1second8", "2größe7"}},
		{s.putInto(table, []string{}), row{int64(3), "' OR 1", int64(9)}, []string{"1second8", "2größe7", "3' OR 19"}},
		{all, row{int64(3), "' OR 1", int64(9)}, []string{"1second8", "2größe7", "3' OR 19"}},
	} {
		result, err := step.put.Insert(t.Context(), s, slices.Values([]row{step.row}))
		require.NoError(t, err)
		require.EqualValues(t, 1, result.Rows)
		require.Equal(t, step.want, s.stored(t, table))
	}
}

// upsertsMany: what many rows make of the table is what they would one by one, with keys
// that come twice, and what is told of them is true.
func upsertsMany(t *testing.T, s *subject) {
	for name, update := range map[string][]string{"all_changed": nil, "none_changed": {}} {
		t.Run(name, func(t *testing.T) {
			table, put := s.stock(t, name, update)
			want := map[int64]row{}
			for round, n := range []int{40, 103} {
				told := runtime.BulkResult{Rows: int64(n)}
				rows := make([]row, n)
				for i := range rows {
					rows[i] = row{int64(i * 7 % 60), strings.Repeat("x", i%5), int64(i + 1000*round)}
					_, there := want[rows[i][0].(int64)]
					switch {
					case !there:
						told.Inserted++
					case update != nil:
						told.Unchanged++
						continue
					default:
						told.Updated++
					}
					want[rows[i][0].(int64)] = rows[i]
				}
				result, err := put.Insert(t.Context(), s, slices.Values(rows), runtime.BulkRows(10))
				require.NoError(t, err)
				requireTrue(t, told, result)
				var words []string
				for _, thing := range slices.Sorted(maps.Keys(want)) {
					words = append(words, fmt.Sprint(want[thing]...))
				}
				require.Equal(t, words, s.stored(t, table))
			}
		})
	}
}

// requireTrue checks that what is told is so.
func requireTrue(t *testing.T, truth, told runtime.BulkResult) {
	t.Helper()
	for _, pair := range [][2]*int64{{&truth.Inserted, &told.Inserted}, {&truth.Updated, &told.Updated}, {&truth.Unchanged, &told.Unchanged}} {
		if *pair[1] < 0 {
			*pair[0] = *pair[1]
		}
	}
	require.Equal(t, truth, told)
}

// upsertsBadRow: the bad row is named, and no other is stored or changed.
func upsertsBadRow(t *testing.T, s *subject) {
	table, put := s.stock(t, "stock", nil)
	_, err := put.Insert(t.Context(), s, slices.Values([]row{{int64(3), "old", int64(0)}}))
	require.NoError(t, err)
	for _, bad := range []int{1, 3, 10, 11, 25} {
		rows := make([]row, 25)
		for i := range rows {
			rows[i] = row{int64(i), "new", int64(i)}
		}
		rows[bad-1][1] = nil
		_, err := put.Insert(t.Context(), s, slices.Values(rows), runtime.BulkRows(10))
		var e *runtime.Error
		require.ErrorAs(t, err, &e)
		require.EqualValues(t, bad, e.Row, "%v", err)
		require.Equal(t, driver.KindNotNull, e.Kind, "%v", err)
		require.Equal(t, []string{"3old0"}, s.stored(t, table))
	}
}

// upsertsAtOnce: connections that insert the same rows at the same time make no row twice,
// and none of them fails but for what may be tried again.
func upsertsAtOnce(t *testing.T, s *subject) {
	const connections, rounds = 2, 30
	table, put := s.stock(t, "stock", nil)
	done := make(chan error, connections)
	for n := range connections {
		go func() {
			var err error
			for i := range rounds {
				for range 50 {
					_, err = put.Insert(t.Context(), s, slices.Values([]row{{int64(i), fmt.Sprint(n), int64(n)}}))
					if !runtime.IsRetryable(err) {
						break
					}
				}
				if err != nil {
					break
				}
			}
			done <- err
		}()
	}
	for range connections {
		require.NoError(t, <-done)
	}
	require.Len(t, s.stored(t, table), rounds)
}

// returning: an INSERT, and an upsert, tell columns of the rows that they store.
func returning(t *testing.T, s *subject) {
	d := s.Plugin().Dialect
	table := s.table("returning")
	s.exec(t, fmt.Sprintf("CREATE TABLE %s (%s, n %s NOT NULL UNIQUE, note %s)", table, s.numbered, s.integer, s.text))
	insert := driver.Insert{
		Table: table, Columns: []string{s.fold("n"), s.fold("note")}, Kinds: []protocol.Kind{protocol.Int64, protocol.Text},
		Returning: []string{s.fold("id"), s.fold("note"), s.fold("n")},
	}
	statement, err := d.InsertReturning(insert)
	if d.Returning == driver.NoReturning {
		require.ErrorContains(t, err, "the database has no INSERT that returns columns")
		s.refused = true
		return
	}
	require.NoError(t, err)
	require.Equal(t, []string{"1a10"}, s.returned(t, statement, row{int64(10), "a"}))
	if insert.Rows = 2; d.Returning == driver.ReturningInto {
		_, err := d.InsertReturning(insert)
		require.Error(t, err)
		return
	}
	statement, err = d.InsertReturning(insert)
	require.NoError(t, err)
	require.Equal(t, []string{"2b20", "3NULL30"}, s.returned(t, statement, row{int64(20), "b", int64(30), nil}))

	insert.Rows, insert.Conflict, insert.Returning = 1, insert.Columns[:1], []string{s.fold("note"), s.fold("n")}
	statement, err = d.InsertReturning(insert)
	require.NoError(t, err)
	require.Equal(t, []string{"größe20"}, s.returned(t, statement, row{int64(20), "größe"}))
	require.Equal(t, []string{"new40"}, s.returned(t, statement, row{int64(40), "new"}))
	require.Equal(t, []string{"a", "größe", "NULL", "new"}, s.all(t, s, "SELECT note FROM "+table+" ORDER BY n", protocol.Text))
}

// returned executes the statement and returns the rows that it tells, in order.
func (s *subject) returned(t *testing.T, statement driver.InsertStatement, values row) (words []string) {
	t.Helper()
	kinds := make([]protocol.Kind, len(values))
	for i := range kinds {
		kinds[i] = []protocol.Kind{protocol.Int64, protocol.Text}[i%2]
	}
	columns := []protocol.Kind{protocol.Int64, protocol.Text, protocol.Int64}
	if !strings.Contains(statement.SQL, s.Plugin().Dialect.Quote(s.fold("id"))) {
		columns = columns[1:]
	}
	rows, err := query(s.Plugin().Describe.ReturningBehind+statement.SQL, kinds, columns...).Many(t.Context(), s, values)
	require.NoError(t, err, statement.SQL)
	for _, r := range rows {
		text := ""
		for _, v := range r {
			text += shown(v)
		}
		words = append(words, text)
	}
	slices.Sort(words)
	return words
}

// numberedPages: the dialect's page of a query has the rows that it should.
func numberedPages(t *testing.T, s *subject) {
	table := s.numbers(t, 10)
	d := s.Plugin().Dialect
	_, err := d.Page("SELECT n FROM " + table)
	require.Error(t, err, "without an order each page may have any rows")
	page, err := d.Page("SELECT n FROM "+table+" WHERE n > ? -- not 1", driver.Order{Column: s.fold("n"), Descending: true})
	require.NoError(t, err)
	q := query(page.SQL, []protocol.Kind{protocol.Int64, protocol.Int64, protocol.Int64}, protocol.Int64)
	for _, test := range []struct {
		skip, limit int64
		want        []string
	}{
		{0, 3, []string{"10", "9", "8"}}, {3, 3, []string{"7", "6", "5"}}, {8, 3, []string{"2"}}, {9, 3, nil}, {0, 100, []string{"10", "9", "8", "7", "6", "5", "4", "3", "2"}},
	} {
		values := row{int64(1), test.limit, test.skip}
		if page.SkipFirst {
			values = row{int64(1), test.skip, test.limit}
		}
		rows, err := q.Many(t.Context(), s, values)
		require.NoError(t, err, page.SQL)
		var got []string
		for _, r := range rows {
			got = append(got, shown(r[0]))
		}
		require.Equal(t, test.want, got, page.SQL)
	}
}
