package runtime_test

import (
	"database/sql"
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/golang-sql/civil"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// anything is a row of whatever a generated row can hold.
type anything struct {
	id    int64
	small sql.Null[int16]
	ratio sql.Null[float64]
	price sql.Null[decimal.Decimal]
	text  sql.Null[string]
	bytes sql.Null[[]byte]
	day   sql.Null[civil.Date]
	seen  sql.Null[time.Time]
}

var anythingColumns = []runtime.Column{
	{Name: "id", Kind: protocol.Int64}, {Name: "small", Kind: protocol.Int16}, {Name: "ratio", Kind: protocol.Float64}, {Name: "price", Kind: protocol.Decimal},
	{Name: "body", Kind: protocol.Text}, {Name: "data", Kind: protocol.Binary}, {Name: "born", Kind: protocol.Date}, {Name: "seen", Kind: protocol.Timestamp},
}

var insertAnything = runtime.Bulk[anything]{
	Name: "InsertAnything", Table: "anything", Columns: anythingColumns,
	Encode: func(b *protocol.Batch, a anything) {
		b.Int64(0).Append(a.id)
		b.Int16(1).AppendNull(a.small)
		b.Float64(2).AppendNull(a.ratio)
		b.Decimal(3).AppendNull(a.price)
		b.Text(4).AppendNull(a.text)
		b.Binary(5).AppendNull(a.bytes)
		b.Date(6).AppendNull(a.day)
		b.Timestamp(7).AppendNull(a.seen)
	},
}

var allOfAnything = runtime.Query[runtime.None, anything]{
	Name: "AllOfAnything", SQL: "SELECT id, small, ratio, price, body, data, born, seen FROM anything ORDER BY id", Columns: anythingColumns,
	Decode: func(rows []anything, b *protocol.Batch) {
		id, small, ratio, price := b.Int64(0), b.Int16(1), b.Float64(2), b.Decimal(3)
		text, bytes, day, seen := b.Text(4), b.Binary(5), b.Date(6), b.Timestamp(7)
		for i := range rows {
			rows[i] = anything{id.At(i), small.Null(i), ratio.Null(i), price.Null(i), text.Null(i), bytes.Null(i), day.Null(i), seen.Null(i)}
		}
	},
}

func maybe[T any](t *rapid.T, g *rapid.Generator[T], label string) sql.Null[T] {
	if rapid.IntRange(0, 3).Draw(t, label+" is null") == 0 {
		return sql.Null[T]{}
	}
	return sql.Null[T]{V: g.Draw(t, label), Valid: true}
}

// drawRows draws rows that every engine keeps exactly: SQLite tells 15 digits of
// a number, and no database keeps all of U+0000.
func drawRows(t *rapid.T) []anything {
	character := rapid.RuneFrom([]rune(`aß😀"'\{},;?: NULL` + "\n\t\x01\u2028"))
	words := rapid.OneOf(rapid.SampledFrom([]string{"", "NULL", "{}", `\`, "null", "'", " "}), rapid.StringOfN(character, 0, 300, -1))
	seconds := rapid.Int64Range(-60_000_000_000, 250_000_000_000)
	rows := make([]anything, rapid.IntRange(0, 300).Draw(t, "rows"))
	for i := range rows {
		rows[i] = anything{
			id:    int64(i),
			small: maybe(t, rapid.Int16(), "small"),
			ratio: maybe(t, rapid.Map(rapid.Int32(), func(n int32) float64 { return float64(n) / 8 }), "ratio"),
			price: maybe(t, rapid.Map(rapid.Int32(), func(n int32) decimal.Decimal { return decimal.New(int64(n), -2) }), "price"),
			text:  maybe(t, words, "text"),
			bytes: maybe(t, rapid.SliceOfN(rapid.Byte(), 0, 100), "bytes"),
			day:   maybe(t, rapid.Map(seconds, func(s int64) civil.Date { return civil.DateOf(time.Unix(s, 0).UTC()) }), "day"),
			seen:  maybe(t, rapid.Map(seconds, func(s int64) time.Time { return time.Unix(s, s%1e6*1e3).UTC() }), "seen"),
		}
		if rows[i].bytes.Valid && rows[i].bytes.V == nil {
			rows[i].bytes.V = []byte{}
		}
	}
	return rows
}

// TestBulkRandom: what is inserted is what is read, by every strategy, in sets
// of any size.
func TestBulkRandom(t *testing.T) {
	require.NoError(t, flag.Set("rapid.checks", "15")) // each on every strategy of three databases
	onAll(t, func(t *testing.T, db database) {
		db.exec(t, fmt.Sprintf("CREATE TABLE anything (id BIGINT PRIMARY KEY, small SMALLINT, ratio DOUBLE PRECISION, price %s, body %s, data %s, born DATE, seen %s NULL)",
			byEngine{"": "DECIMAL(12,2)", "sqlite": "TEXT"}.of(db), longText.of(db), blob.of(db), timestamp.of(db)))
		clean := statement("Clean", "DELETE FROM anything")
		byStrategy(t, db, func(t *testing.T, db database) {
			rapid.Check(t, func(rt *rapid.T) {
				rows := drawRows(rt)
				size := rapid.SampledFrom([]int{1, 2, 7, 64, 255, 300}).Draw(rt, "set")
				result, err := insertAnything.Insert(t.Context(), db, slices.Values(rows), runtime.BulkRows(size))
				require.NoError(rt, err)
				require.EqualValues(rt, len(rows), result.Rows)
				got, err := allOfAnything.Many(t.Context(), db, runtime.None{})
				require.NoError(rt, err)
				require.Len(rt, got, len(rows))
				for i := range rows {
					require.Equal(rt, rows[i].price.V.String(), got[i].price.V.String())
					got[i].price.V = rows[i].price.V
					require.Equal(rt, rows[i], got[i])
				}
				require.NoError(rt, clean.Exec(t.Context(), db, runtime.None{}))
			})
		})
	})
}
