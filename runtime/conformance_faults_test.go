package runtime_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// The tests of this file are wrong results that another engine in front of ODBC
// was found to give. Each is named after its fault.

// TestFaultQuotes: names were quoted for another database: a syntax error in
// MariaDB, or the name itself as value. Savepoints have names too.
func TestFaultQuotes(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		d := db.Plugin().Dialect
		const table, column = "order `by` \"x\"", "select"
		db.exec(t, fmt.Sprintf("CREATE TABLE %s (%s BIGINT)", d.Quote(table), d.Quote(column)))
		insert := runtime.Bulk[int64]{Name: "Odd", Table: table, Columns: []runtime.Column{{Name: column, Kind: protocol.Int64}}, Encode: encodeInt64}
		err := db.InTx(t.Context(), func(tx *runtime.Tx) error {
			for range 2 {
				if _, err := insert.Insert(t.Context(), tx, slices.Values([]int64{7})); err != nil {
					return err
				}
			}
			require.ErrorIs(t, tx.InTx(t.Context(), func(tx *runtime.Tx) error {
				_, err := insert.Insert(t.Context(), tx, slices.Values([]int64{8}))
				require.NoError(t, err)
				return errOurs
			}), errOurs)
			return nil
		})
		require.NoError(t, err)
		got, err := ints("Read", fmt.Sprintf("SELECT %s FROM %s", d.Quote(column), d.Quote(table))).Many(t.Context(), db, 0)
		require.NoError(t, err)
		require.Equal(t, []int64{7, 7}, got)
	})
}

// TestFaultParametersAsText: bytes were stored as the letters of their digits,
// and integers sent as text, which is another value to SQLite.
func TestFaultParametersAsText(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		db.exec(t, "CREATE TABLE bytes (v "+blob.of(db)+")")
		insert := command("Bytes", "INSERT INTO bytes VALUES (?)", protocol.Binary, func(b *protocol.Batch, v []byte) { b.Binary(0).Append(v) })
		require.NoError(t, insert.Exec(t.Context(), db, []byte{0xde, 0xad, 0xbe, 0xef}))
		require.Equal(t, [][]string{{"DEADBEEF"}}, db.shown(t, fmt.Sprintf("SELECT "+hexOf.of(db)+" FROM bytes", "v")))

		same := ints("Same", byEngine{"": "SELECT CASE WHEN 7 = ? THEN 1 ELSE 0 END AS n", "sqlite": "SELECT 7 = ? AND typeof(?) = 'integer' AS n"}.of(db))
		n, err := same.One(t.Context(), db, 7)
		require.NoError(t, err)
		require.EqualValues(t, 1, n)
	})
}

// TestFaultBulkCutAtZeroByte: cells of a bulk insert ended at their first zero
// byte.
func TestFaultBulkCutAtZeroByte(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		db.exec(t, "CREATE TABLE bytes (id BIGINT, v "+blob.of(db)+")")
		insert := runtime.Bulk[[]byte]{
			Name: "Bytes", Table: "bytes", Columns: []runtime.Column{{Name: "id", Kind: protocol.Int64}, {Name: "v", Kind: protocol.Binary}},
			Encode: func(b *protocol.Batch, v []byte) {
				b.Int64(0).Append(int64(len(v)))
				b.Binary(1).Append(v)
			},
		}
		_, err := insert.Insert(t.Context(), db, slices.Values([][]byte{{1, 0, 2, 3}, {}, {0}, {0, 0, 1}}))
		require.NoError(t, err)
		require.Equal(t, [][]string{{""}, {"00"}, {"000001"}, {"01000203"}}, db.shown(t, fmt.Sprintf("SELECT "+hexOf.of(db)+" FROM bytes ORDER BY id", "v")))
	})
}

// TestFaultUnsigned: an unsigned number above the largest signed one came out as
// text, as NULL or as another number. Every type that can hold it reads it, each
// that cannot says so.
func TestFaultUnsigned(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		db.exec(t, byEngine{"": "CREATE TABLE n (n BIGINT)", "mariadb": "CREATE TABLE n (n INT UNSIGNED)"}.of(db)+"; INSERT INTO n VALUES (4294967295)")
		const read = "SELECT n FROM n"
		for _, want := range []any{[]uint32{math.MaxUint32}, []int64{math.MaxUint32}, []uint64{math.MaxUint32}, []float64{math.MaxUint32}} {
			var got any
			var err error
			switch want.(type) {
			case []uint32:
				got, err = reader(db, protocol.Uint32, (*protocol.Batch).Uint32)(t.Context(), read)
			case []int64:
				got, err = reader(db, protocol.Int64, (*protocol.Batch).Int64)(t.Context(), read)
			case []uint64:
				got, err = reader(db, protocol.Uint64, (*protocol.Batch).Uint64)(t.Context(), read)
			default:
				got, err = reader(db, protocol.Float64, (*protocol.Batch).Float64)(t.Context(), read)
			}
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		_, err := reader(db, protocol.Int32, (*protocol.Batch).Int32)(t.Context(), read)
		requireError(t, err, runtime.Error{Query: "Read", Op: "decode", Column: "n", Row: 1})
	})
}

// TestFaultBulkMicroseconds: times of a bulk insert lost a factor of a thousand,
// and doubles went with six decimals.
func TestFaultBulkMicroseconds(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		type event struct {
			at    time.Time
			value float64
		}
		db.exec(t, "CREATE TABLE events (at "+timestamp.of(db)+", value DOUBLE PRECISION)")
		insert := runtime.Bulk[event]{
			Name: "Events", Table: "events", Columns: []runtime.Column{{Name: "at", Kind: protocol.Timestamp}, {Name: "value", Kind: protocol.Float64}},
			Encode: func(b *protocol.Batch, e event) {
				b.Timestamp(0).Append(e.at)
				b.Float64(1).Append(e.value)
			},
		}
		at := time.Date(2024, 2, 29, 13, 14, 15, 123_456_000, time.UTC)
		_, err := insert.Insert(t.Context(), db, slices.Values([]event{{at, 0.30000000000000004}, {at.Add(time.Microsecond), 1e-300}}))
		require.NoError(t, err)
		value := byEngine{"": "value", "sqlite": "printf('%!.17g', value)"}
		require.Equal(t, [][]string{{"2024-02-29 13:14:15.123456", "0.30000000000000004"}, {"2024-02-29 13:14:15.123457", byEngine{"": "1e-300", "sqlite": "1.0e-300"}.of(db)}},
			db.shown(t, "SELECT at, "+value.of(db)+" FROM events ORDER BY at"))
	})
}

// TestFaultSharedResult: of two callers of the same text, one got the rows of the
// other. Here each has a table of its own by the same name, and both read at once.
func TestFaultSharedResult(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		const callers, rows = 2, 3000
		query := ints("Mine", "SELECT n FROM mine ORDER BY n")
		var reading sync.WaitGroup
		for caller := range callers {
			c, err := db.Conn(t.Context())
			require.NoError(t, err)
			defer c.Close()
			require.NoError(t, c.Exec(t.Context(), "CREATE TEMPORARY TABLE mine (n BIGINT)"))
			require.NoError(t, c.Exec(t.Context(), "INSERT INTO mine VALUES "+valuesTo(rows)))
			require.NoError(t, c.Exec(t.Context(), fmt.Sprintf("UPDATE mine SET n = n * %d + %d", callers, caller)))
			reading.Go(func() {
				for range 20 {
					got, err := query.Many(context.Background(), c, 0)
					if err != nil || len(got) != rows || slices.ContainsFunc(got, func(n int64) bool { return n%callers != int64(caller) }) {
						t.Errorf("caller %d: %d rows, %v", caller, len(got), err)
					}
				}
			})
		}
		reading.Wait()
	})
}
