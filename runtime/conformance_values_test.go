package runtime_test

import (
	"database/sql"
	"fmt"
	"math"
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

// largestBlocks reads enough rows for blocks to grow to their bound, twice.
func largestBlocks(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		const rows = 140_000
		withNumbers(t, db, rows)
		for range 2 {
			got, err := upTo.Many(t.Context(), db, rows)
			require.NoError(t, err)
			require.True(t, slices.Equal(numbersTo(rows), got))
		}
	})
}

// nullBesideLong: a NULL is no cut cell, and a cut cell no NULL.
func nullBesideLong(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		createDocuments(t, db)
		want := []document{
			{1, textOf(1, 5000), sql.Null[[]byte]{}, "text"},
			{2, sql.Null[string]{}, bytesOf(2, 5000), "bytes"},
			{3, sql.Null[string]{}, sql.Null[[]byte]{}, "neither"},
			{4, textOf(4, 5000), bytesOf(4, 5000), "both"},
			{5, textOf(5, 0), bytesOf(5, 0), "empty"},
		}
		_, err := insertDocuments.Insert(t.Context(), db, slices.Values(want))
		require.NoError(t, err)
		requireStored(t, db, want)
		requireDocumentsByBlockAndCell(t, db, want)
	})
}

// requireDocumentsByBlockAndCell reads the documents in blocks, and cell by cell
// as of an unknown driver.
func requireDocumentsByBlockAndCell(t *testing.T, db database, want []document) {
	t.Helper()
	unknown := open(t, db.Database, runtime.WithPlugin(&driver.Generic))
	defer unknown.Close()
	for _, at := range []database{db, unknown} {
		got, err := documents.Many(t.Context(), at, math.MaxInt32)
		require.NoError(t, err)
		requireDocuments(t, want, got, "%s", at.Plugin().Name)
	}
}

// fourByteCharacters fills columns with the widest characters that there are, by
// both kinds of text, one by one and in an array.
func fourByteCharacters(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		for _, length := range []int{1, 63, 64, 255, 1000} {
			table := fmt.Sprint("wide", length)
			db.exec(t, fmt.Sprintf("CREATE TABLE %s (v VARCHAR(%d))", table, length))
			full := strings.Repeat("😀", length)
			for _, kind := range []protocol.Kind{protocol.Text, protocol.NText} {
				appendText := func(b *protocol.Batch, v string) { b.Text(0).Append(v) }
				require.NoError(t, command("One", "INSERT INTO "+table+" VALUES (?)", kind, appendText).Exec(t.Context(), db, full))
				columns := []runtime.Column{{Name: "v", Kind: kind}}
				array := runtime.Bulk[string]{Name: "Array", Table: table, Columns: columns, Encode: appendText}
				_, err := array.Insert(t.Context(), db, slices.Values([]string{full, "", full}))
				require.NoError(t, err)
				query := runtime.Query[runtime.None, string]{Name: "Wide", SQL: "SELECT v FROM " + table + " WHERE v <> ''", Columns: columns, Decode: decodeColumn((*protocol.Batch).Text)}
				got, err := query.Many(t.Context(), db, runtime.None{})
				require.NoError(t, err)
				require.Equal(t, []string{full, full, full}, got)
				require.Len(t, db.shown(t, "SELECT v FROM "+table+" WHERE v = '"+full+"'"), 3)
				db.exec(t, "DELETE FROM "+table)
			}
		}
	})
}

// zeroBytes: bytes keep theirs everywhere, text where the database has a place
// for them; elsewhere it is refused. Nothing is cut, and empty is not NULL.
func zeroBytes(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		createDocuments(t, db)
		var want []document
		add := func(text sql.Null[string], bytes string) {
			want = append(want, document{int64(len(want)), text, sql.Null[[]byte]{V: []byte(bytes), Valid: true}, ""})
		}
		for _, bytes := range []string{"", "\x00", "a\x00b", "ab\x00", "\x00\x00\x00", "\x01\x00\x02\x03"} {
			add(sql.Null[string]{}, bytes)
			add(sql.Null[string]{Valid: true}, bytes)
			if text := (sql.Null[string]{V: bytes, Valid: true}); db.Name == "mariadb" {
				add(text, bytes)
			} else if bytes != "" {
				err := insertDocument.Exec(t.Context(), db, document{id: -1, text: text})
				requireError(t, err, runtime.Error{Query: "Insert", Op: "execute", Column: "body", Row: 1})
			}
		}
		for _, d := range want {
			require.NoError(t, insertDocument.Exec(t.Context(), db, d))
		}
		requireStored(t, db, want)
		requireDocumentsByBlockAndCell(t, db, want)
		db.exec(t, "DELETE FROM documents")
		_, err := insertDocuments.Insert(t.Context(), db, slices.Values(want))
		require.NoError(t, err)
		requireStored(t, db, want)
		requireDocumentsByBlockAndCell(t, db, want)
	})
}

// chunkEdges: characters lie across the ends of the pieces in which a long cell
// is asked for, at each of their bytes.
func chunkEdges(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		createDocuments(t, db)
		var want []document
		for id, around := range []int{63, 64, 255, 256, 4096, 1 << 16, 1 << 17, 1 << 18} {
			for shift := range 4 {
				text := strings.Repeat("x", shift) + strings.Repeat("😀", around/4+1)
				want = append(want, document{int64(4*id + shift), sql.Null[string]{V: text, Valid: true}, bytesOf(id, around+shift-1), "t"})
			}
		}
		_, err := insertDocuments.Insert(t.Context(), db, slices.Values(want))
		require.NoError(t, err)
		requireStored(t, db, want)
		requireDocumentsByBlockAndCell(t, db, want)
	})
}

// decimals: on SQLite, which has none, exact numbers are text.
func decimals(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		db.exec(t, fmt.Sprintf("CREATE TABLE exact (id BIGINT, v %s)", byEngine{"": "DECIMAL(38,10)", "sqlite": "TEXT"}.of(db)))
		insert := runtime.Bulk[decimal.Decimal]{
			Name: "Exact", Table: "exact", Columns: []runtime.Column{{Name: "v", Kind: protocol.Decimal}},
			Encode: func(b *protocol.Batch, v decimal.Decimal) { b.Decimal(0).Append(v) },
		}
		one := command("One", "INSERT INTO exact (v) VALUES (?)", protocol.Decimal, insert.Encode)
		for _, want := range []decimal.Decimal{
			decimal.New(1, -1), decimal.New(-1, -1), decimal.New(-1, -3), {}, decimal.New(1250, -2),
			decimal.New(12, 3), decimal.New(-9, 27), // digits before the point that are not written
			decimal.RequireFromString("1234567890123456789012345678.0123456789"),
			decimal.RequireFromString("-9999999999999999999999999999.9999999999"),
			decimal.New(1, -10),
		} {
			require.NoError(t, one.Exec(t.Context(), db, want))
			_, err := insert.Insert(t.Context(), db, slices.Values([]decimal.Decimal{want, want}))
			require.NoError(t, err)
			query := runtime.Query[runtime.None, decimal.Decimal]{Name: "Read", SQL: "SELECT v FROM exact", Columns: insert.Columns, Decode: decodeColumn((*protocol.Batch).Decimal)}
			got, err := query.Many(t.Context(), db, runtime.None{})
			require.NoError(t, err)
			require.Len(t, got, 3)
			for _, v := range got {
				require.True(t, want.Equal(v), "%s reads %s", want, v)
				if db.Name != "sqlite" {
					require.EqualValues(t, -10, v.Exponent(), "zeros at the end are kept")
				}
			}
			db.exec(t, "DELETE FROM exact")
		}
	})
}

// timestampPrecisions: a column keeps the digits that it has, and none is made up.
func timestampPrecisions(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		for digits := range 7 {
			unit := time.Duration(math.Pow10(9 - digits))
			table := fmt.Sprint("times", digits)
			db.exec(t, fmt.Sprintf("CREATE TABLE %s (id BIGINT, v %s(%d))", table, byEngine{"": "TIMESTAMP", "mariadb": "DATETIME"}.of(db), digits))
			var want []time.Time
			for _, v := range []time.Time{
				time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
				time.Date(1969, 12, 31, 23, 59, 59, 500_000_000, time.UTC), time.Date(2024, 2, 29, 13, 14, 15, 123_456_000, time.UTC),
				time.Date(2024, 3, 31, 2, 30, 0, 1_000, time.UTC), // an hour that Europe leaves out
				time.Date(1582, 10, 10, 0, 0, 0, 0, time.UTC),     // a day that the Gregorian calendar left out
			} {
				want = append(want, v.Truncate(unit))
			}
			insert := runtime.Bulk[time.Time]{
				Name: "Times", Table: table, Columns: []runtime.Column{{Name: "v", Kind: protocol.Timestamp}},
				Encode: func(b *protocol.Batch, v time.Time) { b.Timestamp(0).Append(v) },
			}
			_, err := insert.Insert(t.Context(), db, slices.Values(want))
			require.NoError(t, err)
			one := command("One", "SELECT v FROM "+table+" WHERE v = ?", protocol.Timestamp, insert.Encode)
			equal := runtime.Query[time.Time, time.Time]{Name: "Equal", SQL: one.SQL, Params: one.Params, Columns: insert.Columns, Encode: insert.Encode, Decode: decodeColumn((*protocol.Batch).Timestamp)}
			for _, v := range want { // found by itself, so it is the same to the database
				got, err := equal.One(t.Context(), db, v)
				require.NoError(t, err, "%s(%d)", v, digits)
				require.Equal(t, v, got)
			}
		}
	})
}

// floatsThatAreNoNumbers: kept by PostgreSQL, in part by SQLite, by MariaDB not.
func floatsThatAreNoNumbers(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		db.exec(t, "CREATE TABLE floats (v DOUBLE PRECISION)")
		insert := command("Insert", "INSERT INTO floats VALUES (?)", protocol.Float64, func(b *protocol.Batch, v float64) { b.Float64(0).Append(v) })
		query := runtime.Query[runtime.None, float64]{Name: "Read", SQL: "SELECT v FROM floats", Columns: []runtime.Column{{Name: "v", Kind: protocol.Float64}}, Decode: decodeColumn((*protocol.Batch).Float64)}
		for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			kept := db.Name == "postgres" || db.Name == "sqlite" && math.IsInf(v, 0)
			err := insert.Exec(t.Context(), db, v)
			require.Equal(t, kept, err == nil, "%v: %v", v, err)
			got, err := query.Many(t.Context(), db, runtime.None{})
			require.NoError(t, err)
			if kept {
				require.Equal(t, []string{fmt.Sprint(v)}, []string{fmt.Sprint(got[0])})
			} else {
				require.Empty(t, got)
			}
			db.exec(t, "DELETE FROM floats")
		}
	})
}

// twoBadRows: nothing of an insert with them stays.
func twoBadRows(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		createItems(t, db)
		for _, bad := range [][2]int{{2, 3}, {2, 1000}, {700, 900}, {999, 1001}, {1001, 1500}} {
			rows := itemsTo(1500)
			for _, n := range bad {
				rows[n-1].id = rows[0].id
			}
			result, err := insertItems.Insert(t.Context(), db, slices.Values(rows))
			require.Error(t, err)
			require.Zero(t, result)
			requireItems(t, db, nil)
		}
	})
}
