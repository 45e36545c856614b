package runtime_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/odbcgen/odbcgen/internal/tdsserver"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

const createSQLServerStock = "CREATE TABLE stock (place NVARCHAR(20) NOT NULL, thing BIGINT NOT NULL, count INT, note NVARCHAR(20)%s)"

func openSQLServerStock(t *testing.T, s *tdsserver.Server, key string) *runtime.DB {
	t.Helper()
	db := openTDS(t, s)
	execOn(t, db, fmt.Sprintf(createSQLServerStock, key))
	s.Forget()
	return db
}

// TestSQLServerUpsert: whatever comes, the table becomes what it would row by row, with a
// key, by which a MERGE may have several rows, or without.
func TestSQLServerUpsert(t *testing.T) {
	for name, key := range map[string]string{"key": ", PRIMARY KEY (place, thing)", "no key": ""} {
		t.Run(name, func(t *testing.T) {
			s := tdsserver.New(t)
			db := openSQLServerStock(t, s, key)
			for _, update := range [][]string{nil, {"count"}, {}} {
				rapid.Check(t, func(rt *rapid.T) {
					execOn(t, db, "DELETE FROM stock")
					want := make(store)
					for range 2 {
						rows := drawStock(rt)
						for _, row := range rows {
							want.put(row, update)
						}
						got, err := upsertStock(update).Insert(t.Context(), db, slices.Values(rows), runtime.BulkRows(rapid.SampledFrom([]int{1, 7, 64}).Draw(rt, "set")))
						require.NoError(rt, err)
						require.EqualValues(rt, len(rows), got.Rows)
						stored, err := allStock.Many(t.Context(), db, runtime.None{})
						require.NoError(rt, err)
						require.Equal(rt, want.rows(), sorted(stored))
					}
				})
			}
		})
	}
}

// TestSQLServerUpsertStatements: by a key a MERGE has many rows, and no key twice.
func TestSQLServerUpsertStatements(t *testing.T) {
	for _, c := range []struct {
		name, key string
		rows      []stock
		want      []int // rows of the statements that are executed
	}{
		{"key", ", PRIMARY KEY (place, thing)", []stock{{"a", 1, 1, ""}, {"a", 2, 1, ""}, {"b", 1, 1, ""}, {"c", 1, 1, ""}}, []int{4}},
		{"in another order", ", UNIQUE (thing, place)", []stock{{"a", 1, 1, ""}, {"a", 2, 1, ""}}, []int{2}},
		{"a key twice", ", PRIMARY KEY (place, thing)", []stock{{"a", 1, 1, ""}, {"b", 1, 1, ""}, {"a", 1, 2, ""}, {"c", 1, 1, ""}}, []int{2, 2}},
		{"another key", ", UNIQUE (thing)", []stock{{"a", 1, 1, ""}, {"a", 2, 1, ""}}, []int{1, 1}},
		{"none", "", []stock{{"a", 1, 1, ""}, {"a", 2, 1, ""}}, []int{1, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tdsserver.New(t)
			db := openSQLServerStock(t, s, c.key)
			_, err := upsertStock(nil).Insert(t.Context(), db, slices.Values(c.rows), runtime.BulkRows(len(c.rows)))
			require.NoError(t, err)
			var sent []int
			for _, r := range s.Requests() {
				if r.Kind == tdsserver.Execute && strings.HasPrefix(r.SQL, "MERGE") {
					sent = append(sent, len(r.Params)/4)
				}
			}
			require.Equal(t, c.want, sent)
		})
	}
}

// TestSQLServerUpsertSameKeys: keys that differ here are the same to the database, which
// refuses them in one statement, whether the row is there (8672) or not (2627).
func TestSQLServerUpsertSameKeys(t *testing.T) {
	s := tdsserver.New(t)
	db := openSQLServerStock(t, s, ", PRIMARY KEY (place, thing)")
	for range 2 {
		rows := []stock{{"x", 1, 1, ""}, {"a", 1, 1, "first"}, {"b", 1, 1, ""}, {"A", 1, 2, "second"}, {"a", 1, 3, "third"}, {"z", 9, 1, ""}}
		_, err := upsertStock([]string{"count"}).Insert(t.Context(), db, slices.Values(rows))
		require.NoError(t, err)
		stored, err := allStock.Many(t.Context(), db, runtime.None{})
		require.NoError(t, err)
		require.Equal(t, []stock{{"a", 1, 3, "first"}, {"b", 1, 1, ""}, {"x", 1, 1, ""}, {"z", 9, 1, ""}}, sorted(stored))
	}
}

// TestSQLServerUpsertBadRow: the row that the database refuses is named.
func TestSQLServerUpsertBadRow(t *testing.T) {
	s := tdsserver.New(t)
	db := openSQLServerStock(t, s, ", PRIMARY KEY (place, thing)")
	for _, bad := range []int64{1, 2, 50, 51, 120} {
		rows := make([]stock, 120)
		for i := range rows {
			rows[i] = stock{"p", int64(i / 2), int32(i), "new"}
		}
		rows[bad-1].note = "longer than the column is"
		_, err := upsertStock(nil).Insert(t.Context(), db, slices.Values(rows), runtime.BulkRows(50))
		var failure *runtime.Error
		require.ErrorAs(t, err, &failure)
		require.Equal(t, bad, failure.Row)
		require.Equal(t, "note", failure.Column)
		stored, err := allStock.Many(t.Context(), db, runtime.None{})
		require.NoError(t, err)
		require.Empty(t, stored)
	}
}

// TestSQLServerBuilders: what the dialect writes is executed: columns returned, pages.
func TestSQLServerBuilders(t *testing.T) {
	s := tdsserver.New(t)
	db := openSQLServerStock(t, s, ", PRIMARY KEY (place, thing)")
	d := driver.SQLServerFreeTDS.Dialect
	columns := []string{"place", "thing", "count", "note"}
	for _, i := range []driver.Insert{
		{Table: "dbo.stock", Columns: columns, Rows: 2},
		{Table: "stock", Columns: columns, Rows: 2, Conflict: []string{"place", "thing"}},
		{Table: "test.dbo.stock", Columns: columns, Rows: 2, Conflict: []string{"place", "thing"}, Update: []string{"note"}},
	} {
		i.Returning = columns
		statement, err := d.InsertReturning(i)
		require.NoError(t, err)
		add := runtime.Query[[2]stock, stock]{Name: "Add", SQL: statement.SQL, Params: slices.Repeat(stockParams(), 2), Columns: upsertStock(nil).Columns,
			Encode: encodeTwo, Decode: allStock.Decode}
		added, err := add.Many(t.Context(), db, [2]stock{{"a", 1, 7, "x"}, {"b", 2, 8, "ö"}})
		require.NoError(t, err, statement.SQL)
		require.Equal(t, []stock{{"a", 1, 7, "x"}, {"b", 2, 8, "ö"}}, sorted(added))
	}
	page, err := d.Page("SELECT place, note FROM stock -- all", driver.Order{Column: "thing", Descending: true}, driver.Order{Column: "place"})
	require.NoError(t, err)
	require.True(t, page.SkipFirst)
	require.Equal(t, [][2]string{{"a", "x"}}, pairs(t, db, page.SQL, 1, 5))
}

func stockParams() []runtime.Param {
	var params []runtime.Param
	for _, c := range upsertStock(nil).Columns {
		params = append(params, runtime.Param{Name: c.Name, Kind: c.Kind})
	}
	return params
}

func encodeTwo(b *protocol.Batch, rows [2]stock) {
	for i, s := range rows {
		b.Text(4 * i).Append(s.place)
		b.Int64(4*i + 1).Append(s.thing)
		b.Int32(4*i + 2).Append(s.count)
		b.Text(4*i + 3).Append(s.note)
	}
}
