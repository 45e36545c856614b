package runtime_test

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// item is a row of every shape that travels in sets.
type item struct {
	id    int64
	name  sql.Null[string]
	price decimal.Decimal
	seen  *time.Time
	score sql.Null[float32]
	small int16
	flag  sql.Null[bool]
}

var insertItems = runtime.Bulk[item]{
	Name: "InsertItems", Table: "items",
	Columns: []runtime.Column{
		{Name: "id", Kind: protocol.Int64}, {Name: "name", Kind: protocol.Text}, {Name: "price", Kind: protocol.Decimal},
		{Name: "seen", Kind: protocol.Timestamp}, {Name: "score", Kind: protocol.Float32}, {Name: "small", Kind: protocol.Int16}, {Name: "flag", Kind: protocol.Bool},
	},
	Encode: func(b *protocol.Batch, i item) {
		b.Int64(0).Append(i.id)
		b.Text(1).AppendNull(i.name)
		b.Decimal(2).Append(i.price)
		b.Timestamp(3).AppendPtr(i.seen)
		b.Float32(4).AppendNull(i.score)
		b.Int16(5).Append(i.small)
		b.Bool(6).AppendNull(i.flag)
	},
}

func createItems(t testing.TB, db database) {
	t.Helper()
	db.exec(t, fmt.Sprintf("CREATE TABLE items (id BIGINT PRIMARY KEY, name VARCHAR(4000), price DECIMAL(12,2), seen %s NULL, score DOUBLE PRECISION, small SMALLINT, flag BOOLEAN)", timestamp.of(db)))
}

// itemsTo returns items 1 to n, with NULLs, and with names that grow.
func itemsTo(n int) []item {
	items := make([]item, n)
	for i := range items {
		id := i + 1
		items[i] = item{id: int64(id), price: decimal.New(int64(id), -2), small: int16(-i)}
		if i%3 != 0 {
			items[i].name = sql.Null[string]{V: strings.Repeat("ö", i%1300), Valid: true}
			items[i].score = sql.Null[float32]{V: float32(i) / 4, Valid: true}
		}
		if i%5 != 0 {
			seen := time.Date(2024, 1, 1, 0, 0, i, 123456000, time.UTC)
			items[i].seen = &seen
			items[i].flag = sql.Null[bool]{V: i%2 == 0, Valid: true}
		}
	}
	return items
}

func (i item) shown(db database) []string {
	row := []string{fmt.Sprint(i.id), "NULL", i.price.String(), "NULL", "NULL", fmt.Sprint(i.small), "NULL"}
	if i.name.Valid {
		row[1] = i.name.V
	}
	if i.seen != nil {
		row[3] = i.seen.Format("2006-01-02 15:04:05.000000")
	}
	if i.score.Valid {
		row[4] = fmt.Sprint(i.score.V * 4)
	}
	if i.flag.Valid {
		row[6] = fmt.Sprint(map[bool]int{true: 1}[i.flag.V])
	}
	return row
}

// requireItems compares the table as the engine's own client shows it.
func requireItems(t *testing.T, db database, want []item) {
	t.Helper()
	price := byEngine{"": "trim_scale(price)", "sqlite": "price", "mariadb": "price + 0.0e0"}
	score := byEngine{"": "score * 4", "sqlite": "CAST(score * 4 AS INTEGER)"}
	flag := byEngine{"": "flag", "postgres": "flag::int"}
	got := db.shown(t, fmt.Sprintf("SELECT id, name, %s, seen, %s, small, %s FROM items ORDER BY id", price.of(db), score.of(db), flag.of(db)))
	require.Len(t, got, len(want))
	for i, item := range want {
		require.Equal(t, item.shown(db), got[i])
	}
}

// bulkArrays: no row, one, and as many as make one set, more or less than one.
func bulkArrays(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		createItems(t, db)
		all := itemsTo(2500)
		for _, n := range []int{2500, 0, 1, 999, 1000, 1001} { // on one statement
			result, err := insertItems.Insert(t.Context(), db, slices.Values(all[:n]))
			require.NoError(t, err)
			require.EqualValues(t, n, result.Rows)
			requireItems(t, db, all[:n])
			db.exec(t, "DELETE FROM items")
		}
	}, runtime.WithPoolSize(1))
}

// TestBulkGeneric: of a driver of which nothing is known, sets are not asked.
func TestBulkGeneric(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		createDocuments(t, db)
		var want []document
		for i, length := range []int{5, 20, 3, 0, 70, 5000, 1} {
			want = append(want, document{int64(i), textOf(i, length), bytesOf(i, length), "t"})
		}
		_, err := insertDocuments.Insert(t.Context(), db, slices.Values(want))
		require.NoError(t, err)
		requireStored(t, db, want)
	}, runtime.WithPlugin(&driver.Generic))
}

// bulkDuplicate: a bad row anywhere in any set undoes the whole insert.
func bulkDuplicate(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		createItems(t, db)
		all := itemsTo(2500)
		for _, bad := range []int{2, 500, 999, 1000, 1001, 1500, 2000, 2001, 2500} {
			rows := slices.Clone(all)
			rows[bad-1].id = rows[bad-2].id
			result, err := insertItems.Insert(t.Context(), db, slices.Values(rows))
			column := byEngine{"": "id", "mariadb": ""}.of(db) // which names the key
			requireError(t, err, runtime.Error{Query: "InsertItems", Op: "execute", Row: int64(bad), Column: column})
			require.Zero(t, result)
			requireItems(t, db, nil)
		}
		result, err := insertItems.Insert(t.Context(), db, slices.Values(all))
		require.NoError(t, err)
		require.EqualValues(t, 2500, result.Rows)
		requireItems(t, db, all)
	}, runtime.WithPoolSize(1))
}

// bulkInTransaction: a bulk insert that fails takes only itself back.
func bulkInTransaction(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		createItems(t, db)
		all := itemsTo(1500)
		require.NoError(t, db.InTx(t.Context(), func(tx *runtime.Tx) error {
			_, err := insertItems.Insert(t.Context(), tx, slices.Values(all[:1200]))
			require.NoError(t, err)
			_, err = insertItems.Insert(t.Context(), tx, slices.Values(all)) // the first is there
			require.Error(t, err)
			_, err = insertItems.Insert(t.Context(), tx, slices.Values(all[1200:]))
			return err
		}))
		requireItems(t, db, all)
	})
}

// TestBulkEncodingError names the row of the insert, not of its set.
func TestBulkEncodingError(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		createItems(t, db)
		rows := itemsTo(1500)
		late := time.Date(10001, 1, 1, 0, 0, 0, 0, time.UTC)
		rows[1233].seen = &late
		_, err := insertItems.Insert(t.Context(), db, slices.Values(rows))
		requireError(t, err, runtime.Error{Query: "InsertItems", Op: "bind", Column: "seen", Row: 1234})
		require.ErrorContains(t, err, "row 1234")
		if db.Name != "mariadb" { // which keeps zero bytes
			rows = itemsTo(1500)
			rows[1233].name = sql.Null[string]{V: "a\x00", Valid: true}
			_, err = insertItems.Insert(t.Context(), db, slices.Values(rows))
			requireError(t, err, runtime.Error{Query: "InsertItems", Op: "execute", Column: "name", Row: 1234})
		}
		requireItems(t, db, nil)
	})
}

// TestBulkIterator: rows may be made by queries on the same transaction, and an
// iterator that panics or outlives its context inserts nothing.
func TestBulkIterator(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		createItems(t, db)
		withNumbers(t, db, 1100)
		all := itemsTo(1100)
		require.NoError(t, db.InTx(t.Context(), func(tx *runtime.Tx) error {
			_, err := insertItems.Insert(t.Context(), tx, func(yield func(item) bool) {
				for n, err := range upTo.Stream(t.Context(), tx, 1100) {
					require.NoError(t, err)
					if !yield(all[n-1]) {
						return
					}
				}
			})
			return err
		}))
		requireItems(t, db, all)
		db.exec(t, "DELETE FROM items")

		require.PanicsWithValue(t, "ours", func() { _, _ = insertItems.Insert(t.Context(), db, panicsAfter(all)) })
		ctx, cancel := context.WithCancel(t.Context())
		_, err := insertItems.Insert(ctx, db, func(yield func(item) bool) {
			cancel()
			slices.Values(all)(yield)
		})
		require.ErrorIs(t, err, context.Canceled)
		requireItems(t, db, nil)
		requireGivenBack(t, db)
	})
}

func panicsAfter(items []item) iter.Seq[item] {
	return func(yield func(item) bool) {
		slices.Values(items)(yield)
		panic("ours")
	}
}
