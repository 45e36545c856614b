package runtime_test

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// stock is how many of a thing lie in a place.
type stock struct {
	place string
	thing int64
	count int32
	note  string
}

// upsertStock returns a bulk insert that updates the columns, nil for all.
func upsertStock(update []string) *runtime.Bulk[stock] {
	return &runtime.Bulk[stock]{
		Name: "PutStock", Table: "stock",
		Columns: []runtime.Column{
			{Name: "place", Kind: protocol.Text}, {Name: "thing", Kind: protocol.Int64}, {Name: "count", Kind: protocol.Int32}, {Name: "note", Kind: protocol.Text},
		},
		Conflict: []string{"place", "thing"}, Update: update,
		Encode: func(b *protocol.Batch, s stock) {
			b.Text(0).Append(s.place)
			b.Int64(1).Append(s.thing)
			b.Int32(2).Append(s.count)
			b.Text(3).Append(s.note)
		},
	}
}

var allStock = runtime.Query[runtime.None, stock]{
	Name: "AllStock", SQL: "SELECT place, thing, count, note FROM stock", Columns: upsertStock(nil).Columns,
	Decode: func(rows []stock, b *protocol.Batch) {
		place, thing, count, note := b.Text(0), b.Int64(1), b.Int32(2), b.Text(3)
		for i := range rows {
			rows[i] = stock{strings.Clone(place.At(i)), thing.At(i), count.At(i), strings.Clone(note.At(i))}
		}
	},
}

func createStock(t testing.TB, db database) {
	t.Helper()
	db.exec(t, fmt.Sprintf("CREATE TABLE stock (place %s NOT NULL, thing BIGINT NOT NULL, count INTEGER CHECK (count >= 0), note VARCHAR(20), PRIMARY KEY (place, thing))",
		byEngine{"": "VARCHAR(20)", "mariadb": "VARCHAR(20) COLLATE utf8mb4_bin"}.of(db)))
}

func shownStock(t testing.TB, db database) [][]string {
	t.Helper()
	return db.shown(t, "SELECT place, thing, count, note FROM stock ORDER BY place, thing")
}

// store is the table as it must become, row by row.
type store map[stock]stock

// put does what the database must do with a row, and says what that is.
func (s store) put(row stock, update []string) (inserted, same bool) {
	key := stock{place: row.place, thing: row.thing}
	old, there := s[key]
	if !there {
		s[key] = row
		return true, false
	}
	changed := old
	if update == nil || slices.Contains(update, "count") {
		changed.count = row.count
	}
	if update == nil || slices.Contains(update, "note") {
		changed.note = row.note
	}
	s[key] = changed
	return false, changed == old
}

func (s store) rows() []stock { return sorted(slices.AppendSeq([]stock{}, maps.Values(s))) }

func sorted(rows []stock) []stock {
	slices.SortFunc(rows, func(a, b stock) int { return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.thing, b.thing)) })
	return rows
}

// TestBulkUpsert: whatever is there and whatever comes, with the same key more than
// once in a set, the table becomes what it would row by row, and what the result says
// is true.
func TestBulkUpsert(t *testing.T) {
	require.NoError(t, flag.Set("rapid.checks", "10")) // each on every strategy of three databases
	onAll(t, func(t *testing.T, db database) {
		createStock(t, db)
		clean := statement("Clean", "DELETE FROM stock")
		byStrategy(t, db, func(t *testing.T, db database) {
			for name, update := range map[string][]string{"all": nil, "some": {"count"}, "none": {}} {
				bulk := upsertStock(update)
				rapid.Check(t, func(rt *rapid.T) {
					require.NoError(rt, clean.Exec(t.Context(), db, runtime.None{}))
					want := make(store)
					for round := range 2 {
						rows := drawStock(rt)
						told := runtime.BulkResult{Rows: int64(len(rows))}
						for _, row := range rows {
							switch inserted, same := want.put(row, update); {
							case inserted:
								told.Inserted++
							case len(update) == 0 && update != nil, same && db.Name == "mariadb":
								told.Unchanged++
							default:
								told.Updated++
							}
						}
						size := rapid.SampledFrom([]int{1, 2, 7, 64}).Draw(rt, "set")
						got, err := bulk.Insert(t.Context(), db, slices.Values(rows), runtime.BulkRows(size))
						require.NoError(rt, err, name)
						requireTrue(rt, told, got)
						stored, err := allStock.Many(t.Context(), db, runtime.None{})
						require.NoError(rt, err)
						require.Equal(rt, want.rows(), sorted(stored), "%s, round %d", name, round)
					}
				})
			}
		})
	})
}

// requireTrue checks that what a result tells is true.
func requireTrue(t require.TestingT, want, got runtime.BulkResult) {
	untold := func(told, truth int64) int64 {
		if told < 0 {
			return -1
		}
		return truth
	}
	require.Equal(t, runtime.BulkResult{
		Rows: want.Rows, Inserted: untold(got.Inserted, want.Inserted),
		Updated: untold(got.Updated, want.Updated), Unchanged: untold(got.Unchanged, want.Unchanged),
	}, got)
}

func drawStock(t *rapid.T) []stock {
	rows := make([]stock, rapid.IntRange(0, 150).Draw(t, "rows"))
	keys := rapid.SampledFrom([]int64{2, 30, 1000}).Draw(t, "keys")
	for i := range rows {
		rows[i] = stock{
			rapid.SampledFrom([]string{"a", "b's", `"c`, "größe"}).Draw(t, "place"), rapid.Int64Range(1, keys).Draw(t, "thing"),
			rapid.Int32Range(0, 3).Draw(t, "count"), rapid.SampledFrom([]string{"", "x", "{?}"}).Draw(t, "note"),
		}
	}
	return rows
}

// TestBulkUpsertTold: what each database tells.
func TestBulkUpsertTold(t *testing.T) {
	rows := []stock{{"a", 1, 1, "new"}, {"a", 2, 2, "old"}, {"a", 3, 3, "other"}}
	for _, test := range []struct {
		name   string
		update []string
		want   map[string]runtime.BulkResult
	}{
		{"all", nil, map[string]runtime.BulkResult{
			"": {Rows: 3, Inserted: -1, Updated: -1}, "mariadb": {Rows: 3, Inserted: -1, Updated: -1, Unchanged: -1},
		}},
		{"none", []string{}, map[string]runtime.BulkResult{"": {Rows: 3, Inserted: 1, Unchanged: 2}}},
	} {
		onAll(t, func(t *testing.T, db database) {
			createStock(t, db)
			for range 2 {
				db.exec(t, "DELETE FROM stock; INSERT INTO stock VALUES ('a', 2, 2, 'old'), ('a', 3, 3, 'old')")
				got, err := upsertStock(test.update).Insert(t.Context(), db, slices.Values(rows))
				require.NoError(t, err)
				want, ok := test.want[db.Name]
				if !ok {
					want = test.want[""]
				}
				require.Equal(t, want, got, test.name)
			}
			got, err := upsertStock(test.update).Insert(t.Context(), db, slices.Values(rows), runtime.BulkChunk(2))
			require.NoError(t, err)
			require.EqualValues(t, 3, got.Rows)
		})
	}
	onAll(t, func(t *testing.T, db database) {
		if db.Name != "mariadb" {
			return
		}
		createStock(t, db)
		db.exec(t, "INSERT INTO stock VALUES ('a', 2, 2, 'old'), ('a', 3, 3, 'old')")
		found := db.Database
		found.DSN += ";OPTION=2" // counts rows that stay as they are
		counting := open(t, found)
		defer counting.Close()
		got, err := upsertStock([]string{}).Insert(t.Context(), counting, slices.Values(rows))
		require.NoError(t, err)
		require.Equal(t, runtime.BulkResult{Rows: 3, Inserted: -1, Unchanged: -1}, got)
	})
}

// TestBulkUpsertBadRow: a row that the database refuses is named, beside others of one
// key, and none is stored.
func TestBulkUpsertBadRow(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		createStock(t, db)
		db.exec(t, "INSERT INTO stock VALUES ('p', 7, 1, 'old')")
		byStrategy(t, db, func(t *testing.T, db database) {
			for _, bad := range []int{1, 2, 50, 51, 120} {
				rows := make([]stock, 120)
				for i := range rows {
					rows[i] = stock{"p", int64(i / 2), int32(i), "new"}
				}
				rows[bad-1].count = -1
				result, err := upsertStock(nil).Insert(t.Context(), db, slices.Values(rows), runtime.BulkRows(50))
				requireError(t, err, runtime.Error{Query: "PutStock", Op: "execute", Row: int64(bad)})
				require.Zero(t, result)
				require.Equal(t, [][]string{{"p", "7", "1", "old"}}, shownStock(t, db))
			}
		})
	})
}

// TestBulkUpsertChunks: chunks on several connections, each stored or not as a whole.
func TestBulkUpsertChunks(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		createStock(t, db)
		rows := make([]stock, 3000)
		for i := range rows {
			rows[i] = stock{"p", int64(i), 1, "new"}
		}
		for round, want := range []runtime.BulkResult{{Rows: 3000, Inserted: 3000}, {Rows: 3000, Unchanged: 3000}} {
			got, err := upsertStock([]string{}).Insert(t.Context(), db, slices.Values(rows), runtime.BulkParallel(3), runtime.BulkChunk(400))
			require.NoError(t, err)
			require.Equal(t, want, got, round)
		}
		for i := range rows {
			rows[i].count = 2
		}
		rows[1234].count = -1
		_, err := upsertStock(nil).Insert(t.Context(), db, slices.Values(rows), runtime.BulkChunk(500))
		var report *runtime.BulkError
		require.ErrorAs(t, err, &report)
		require.Equal(t, []runtime.RowRange{{First: 1, Last: 1000}}, report.Stored)
		require.Equal(t, [][]string{{"1000"}}, db.shown(t, "SELECT count(*) FROM stock WHERE count = 2"))
	})
}

// TestBulkUpsertRefused: what is no key, and columns that do not fit each other, are
// told of before a row is taken, and nothing is stored.
func TestBulkUpsertRefused(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		createStock(t, db)
		for _, test := range []struct {
			change func(*runtime.Bulk[stock])
			want   string
		}{
			{func(b *runtime.Bulk[stock]) { b.Conflict = []string{"palce"} }, `the column "palce" is not among those to insert`},
			{func(b *runtime.Bulk[stock]) { b.Update = []string{"note", "thing"} }, `the column "thing" cannot be updated`},
			{func(b *runtime.Bulk[stock]) { b.Update = []string{"nothing"} }, `the column "nothing" is not among`},
			{func(b *runtime.Bulk[stock]) { b.Conflict, b.Update = nil, []string{"note"} }, `columns to update need columns`},
			{func(b *runtime.Bulk[stock]) { b.Table = "" }, `the name "" is empty`},
			{func(b *runtime.Bulk[stock]) { b.Table = `"stock` }, `has a quote that is not closed`},
			{func(b *runtime.Bulk[stock]) { b.Table = `"stock"x` }, `behind a quoted part`},
		} {
			bulk := upsertStock(nil)
			test.change(bulk)
			_, err := bulk.Insert(t.Context(), db, func(func(stock) bool) { t.Fatal("a row was asked for") })
			requireError(t, err, runtime.Error{Query: "PutStock", Op: "prepare"})
			require.ErrorContains(t, err, test.want)
		}
		for _, plugin := range []driver.Plugin{driver.Generic, driver.Sybase} {
			plugin.Setup = nil
			other := open(t, db.Database, runtime.WithPlugin(&plugin))
			_, err := upsertStock(nil).Insert(t.Context(), other, slices.Values([]stock{{"a", 1, 1, ""}}))
			require.ErrorContains(t, err, "the database is not known to have a statement")
			other.Close()
		}
		if db.Name != "mariadb" { // to which any key is the one
			noKey := upsertStock(nil)
			noKey.Conflict = []string{"thing"}
			_, err := noKey.Insert(t.Context(), db, slices.Values([]stock{{"a", 1, 1, ""}, {"a", 1, 1, ""}}))
			require.ErrorContains(t, err, "ON CONFLICT")
		}
		require.Empty(t, shownStock(t, db))
	})
}
