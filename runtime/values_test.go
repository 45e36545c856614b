package runtime_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-sql/civil"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// valuesOfKinds: every kind goes in as a parameter by each road, the
// engine's own client shows what is stored, and the same value comes out.
func valuesOfKinds(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		for _, kind := range kindsOf(db) {
			t.Run(kind.name, func(t *testing.T) { kind.test(t, db, false) })
		}
	})
}

// TestValuesBulk: every kind goes in by every strategy of bulk inserts.
func TestValuesBulk(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		byStrategy(t, db, func(t *testing.T, db database) {
			for _, kind := range kindsOf(db) {
				t.Run(kind.name, func(t *testing.T) { kind.test(t, db, true) })
			}
		})
	})
}

// kindTest tests one kind.
type kindTest struct {
	name string
	test func(t *testing.T, db database, bulk bool)
}

// column is what the columns of all kinds have in common.
type column[T any] interface {
	Append(T)
	AppendNull(sql.Null[T])
	AppendPtr(*T)
	At(int) T
	Null(int) sql.Null[T]
	Ptr(int) *T
}

// sample is a value and what the engine's client shows for it.
type sample[T any] struct {
	value T
	shown byEngine // an engine that is not in it is not tried
}

// everywhere is what all engines show.
func everywhere[T any](value T, shown string) sample[T] {
	return sample[T]{value, byEngine{"": shown}}
}

func each[T any](value T, sqlite, postgres, mariadb string) sample[T] {
	return sample[T]{value, byEngine{"sqlite": sqlite, "postgres": postgres, "mariadb": mariadb}}
}

func except[T any](engine string, s sample[T]) sample[T] {
	shown := byEngine{}
	for _, name := range []string{"sqlite", "postgres", "mariadb"} {
		if name != engine {
			shown[name] = s.shown[""]
		}
	}
	return sample[T]{s.value, shown}
}

func on[T any](engine string, value T, shown string) sample[T] {
	return sample[T]{value, byEngine{engine: shown}}
}

// hexOf shows bytes; SQLite's function shows NULL as nothing.
var hexOf = byEngine{"": "CASE WHEN %[1]s IS NOT NULL THEN hex(%[1]s) END", "postgres": "upper(encode(%[1]s, 'hex'))"}

func kindsOf(db database) []kindTest {
	at := func(text string) time.Time {
		v, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			panic(err)
		}
		return v
	}
	day := func(y int, m time.Month, d int) civil.Date { return civil.Date{Year: y, Month: m, Day: d} }
	number := decimal.RequireFromString
	times := []sample[time.Time]{
		each(at("2024-02-29T13:14:15.123456Z"), "2024-02-29 13:14:15.123456", "2024-02-29 13:14:15.123456", "2024-02-29 13:14:15.123456"),
		each(at("1969-12-31T23:59:59.5Z"), "1969-12-31 23:59:59.5", "1969-12-31 23:59:59.5", "1969-12-31 23:59:59.500000"),
		each(at("0001-01-01T00:00:00Z"), "0001-01-01 00:00:00", "0001-01-01 00:00:00", "0001-01-01 00:00:00.000000"),
		everywhere(at("9999-12-31T23:59:59.999999Z"), "9999-12-31 23:59:59.999999"),
	}
	instants := []sample[time.Time]{
		each(at("2024-02-29T13:14:15.123456+02:00"), "2024-02-29 11:14:15.123456", "2024-02-29 11:14:15.123456+00", "2024-02-29 11:14:15.123456"),
		each(at("2000-01-01T00:00:00-11:30"), "2000-01-01 11:30:00", "2000-01-01 11:30:00+00", "2000-01-01 11:30:00.000000"),
	}
	texts := []sample[string]{
		everywhere("", ""), everywhere("größe", "größe"), everywhere(" a ", " a "),
		everywhere("'\"\\;?--", "'\"\\;?--"), everywhere("a\r\nb\tc", "a\r\nb\tc"),
	}
	emoji := strings.Repeat("😀", 8)
	instant := byEngine{"": "TIMESTAMPTZ", "postgres": "TIMESTAMPTZ(6)", "mariadb": "TIMESTAMP(6) NULL"}

	return []kindTest{
		kindOf(protocol.Bool, byEngine{"": "BOOLEAN"}, (*protocol.Batch).Bool, each(true, "1", "t", "1"), each(false, "0", "f", "0")),
		kindOf(protocol.Int8, byEngine{"": "TINYINT", "postgres": "SMALLINT"}, (*protocol.Batch).Int8, everywhere[int8](-128, "-128"), everywhere[int8](127, "127")),
		kindOf(protocol.Int16, byEngine{"": "SMALLINT"}, (*protocol.Batch).Int16, everywhere[int16](math.MinInt16, "-32768"), everywhere[int16](math.MaxInt16, "32767")),
		kindOf(protocol.Int32, byEngine{"": "INTEGER"}, (*protocol.Batch).Int32, everywhere[int32](math.MinInt32, "-2147483648"), everywhere[int32](math.MaxInt32, "2147483647")),
		kindOf(protocol.Int64, byEngine{"": "BIGINT"}, (*protocol.Batch).Int64, everywhere[int64](math.MinInt64, "-9223372036854775808"), everywhere[int64](math.MaxInt64, "9223372036854775807")),
		kindOf(protocol.Uint8, byEngine{"": "SMALLINT", "mariadb": "TINYINT UNSIGNED"}, (*protocol.Batch).Uint8, everywhere[uint8](0, "0"), everywhere[uint8](255, "255")),
		kindOf(protocol.Uint16, byEngine{"": "INTEGER", "mariadb": "SMALLINT UNSIGNED"}, (*protocol.Batch).Uint16, everywhere[uint16](math.MaxUint16, "65535")),
		kindOf(protocol.Uint32, byEngine{"": "BIGINT", "mariadb": "INT UNSIGNED"}, (*protocol.Batch).Uint32, everywhere[uint32](math.MaxUint32, "4294967295")),
		kindOf(protocol.Uint64, byEngine{"": "BIGINT", "postgres": "NUMERIC(20)", "mariadb": "BIGINT UNSIGNED"}, (*protocol.Batch).Uint64,
			everywhere[uint64](math.MaxInt64, "9223372036854775807"), except("sqlite", everywhere[uint64](math.MaxUint64, "18446744073709551615"))),
		kindOf(protocol.Float32, byEngine{"": "REAL", "mariadb": "FLOAT"}, (*protocol.Batch).Float32, everywhere[float32](1.5, "1.5"), everywhere[float32](-0.25, "-0.25")),
		// SQLite reads doubles back with 15 digits.
		kindOf(protocol.Float64, byEngine{"": "DOUBLE PRECISION"}, (*protocol.Batch).Float64, everywhere(0.1, "0.1"), each(1e300, "1.0e+300", "1e+300", "1e300"),
			on("postgres", math.MaxFloat64, "1.7976931348623157e+308"), on("mariadb", math.MaxFloat64, "1.7976931348623157e308"), on("postgres", math.Inf(-1), "-Infinity")),
		// SQLite has no decimals: a column of doubles holds 15 digits, one of text all.
		kindOf(protocol.Decimal, byEngine{"": "DECIMAL(18,4)", "sqlite": "TEXT"}, (*protocol.Batch).Decimal,
			everywhere(number("12345678901234.5678"), "12345678901234.5678"), everywhere(number("-99999999999999.9999"), "-99999999999999.9999"),
			each(number("-0.001"), "-0.001", "-0.0010", "-0.0010"), each(number("100"), "100", "100.0000", "100.0000")),
		kindOf(protocol.Money, byEngine{"": "DECIMAL(19,2)", "postgres": "MONEY"}, (*protocol.Batch).Decimal,
			each(number("1234567.89"), "1234567.89", "$1,234,567.89", "1234567.89"), each(number("-0.5"), "-0.5", "-$0.50", "-0.50")),
		kindOf(protocol.Text, byEngine{"": "VARCHAR(8)"}, (*protocol.Batch).Text, append(texts, everywhere(emoji, emoji))...),
		kindOf(protocol.NText, byEngine{"": "VARCHAR(8)", "mariadb": "NVARCHAR(8)"}, (*protocol.Batch).Text, texts...),
		kindOf(protocol.XML, byEngine{"": "TEXT", "postgres": "XML"}, (*protocol.Batch).Text, everywhere("<a>größe</a>", "<a>größe</a>")),
		kindOf(protocol.Interval, byEngine{"": "VARCHAR(20)", "postgres": "INTERVAL"}, (*protocol.Batch).Text, everywhere("1 day 02:03:04", "1 day 02:03:04")),
		kindOf(protocol.JSON, byEngine{"": "JSON"}, (*protocol.Batch).JSON, everywhere(json.RawMessage(`{"a": [1, null, "😀"]}`), `{"a": [1, null, "😀"]}`)),
		kindOf(protocol.UUID, byEngine{"": "UUID"}, (*protocol.Batch).UUID, everywhere(uuid.MustParse("0b6d5d5b-7a9d-4f43-8d2a-6a1f00ff10e7"), "0b6d5d5b-7a9d-4f43-8d2a-6a1f00ff10e7")),
		kindOf(protocol.Binary, blob, (*protocol.Batch).Binary, everywhere([]byte{}, ""), everywhere([]byte("a\x00b"), "610062"), everywhere([]byte{0}, "00"), everywhere([]byte{255, 0, 0}, "FF0000")),
		kindOf(protocol.Date, byEngine{"": "DATE"}, (*protocol.Batch).Date, everywhere(day(2024, 2, 29), "2024-02-29"), everywhere(day(1, 1, 1), "0001-01-01"), everywhere(day(9999, 12, 31), "9999-12-31")),
		kindOf(protocol.Time, byEngine{"": "TIME(6)"}, (*protocol.Batch).Time,
			each(civil.Time{Hour: 13, Minute: 14, Second: 15, Nanosecond: 123456000}, "13:14:15.123456", "13:14:15.123456", "13:14:15.123456"),
			each(civil.Time{}, "00:00:00", "00:00:00", "00:00:00.000000"), each(civil.Time{Hour: 23, Minute: 59, Second: 59}, "23:59:59", "23:59:59", "23:59:59.000000")),
		kindOf(protocol.Timestamp, timestamp, (*protocol.Batch).Timestamp, times...),
		kindOf(protocol.TimestampTZ, instant, (*protocol.Batch).Timestamp, instants...),
		kindOf(protocol.DateTimeOffset, instant, (*protocol.Batch).Timestamp, instants...),
	}
}

func kindOf[T any, C column[T]](kind protocol.Kind, types byEngine, pick func(*protocol.Batch, int) C, samples ...sample[T]) kindTest {
	return kindTest{kind.String(), func(t *testing.T, db database, bulk bool) {
		k := kindOnTable[T, C]{kind: kind, table: "t_" + kind.String(), pick: pick, bulk: bulk}
		db.exec(t, fmt.Sprintf("DROP TABLE IF EXISTS %s", k.table))
		db.exec(t, fmt.Sprintf("CREATE TABLE %s (id BIGINT PRIMARY KEY, v %s)", k.table, types.of(db)))
		// NULL by each road, then each sample by each road.
		k.insert(t, db, sql.Null[T]{})
		want := []string{"NULL", "NULL"}
		var values []T
		for _, s := range samples {
			shown, tried := s.shown[db.Name]
			if everywhere, ok := s.shown[""]; ok && !tried {
				shown, tried = everywhere, true
			}
			if tried {
				k.insert(t, db, sql.Null[T]{V: s.value, Valid: true})
				want = append(want, shown, shown, shown)
				values = append(values, s.value, s.value, s.value)
			}
		}
		k.flush(t, db)
		require.Equal(t, want, k.shown(t, db))
		k.requireRead(t, db, values)
	}}
}

// kindOnTable is a table with a column of a kind.
type kindOnTable[T any, C column[T]] struct {
	kind  protocol.Kind
	table string
	pick  func(*protocol.Batch, int) C
	rows  int64
	bulk  bool      // rows are inserted by flush
	adds  []func(C) // that many
}

// insert adds v by AppendNull and AppendPtr, and by Append where it is valid.
func (k *kindOnTable[T, C]) insert(t *testing.T, db database, v sql.Null[T]) {
	k.row(t, db, func(c C) { c.AppendNull(v) })
	if !v.Valid {
		k.row(t, db, func(c C) { c.AppendPtr(nil) })
		return
	}
	k.row(t, db, func(c C) { c.AppendPtr(&v.V) })
	k.row(t, db, func(c C) { c.Append(v.V) })
}

func (k *kindOnTable[T, C]) row(t *testing.T, db database, add func(C)) {
	if k.bulk {
		k.adds = append(k.adds, add)
		return
	}
	insert := runtime.Command[func(C)]{
		Name: "Insert", SQL: fmt.Sprintf("INSERT INTO %s (id, v) VALUES (?, ?)", k.table),
		Params: []runtime.Param{{Name: "id", Kind: protocol.Int64}, {Name: "v", Kind: k.kind}},
		Encode: func(b *protocol.Batch, add func(C)) {
			b.Int64(0).Append(k.rows)
			add(k.pick(b, 1))
		},
	}
	require.NoError(t, insert.Exec(t.Context(), db, add))
	k.rows++
}

func (k *kindOnTable[T, C]) flush(t *testing.T, db database) {
	insert := runtime.Bulk[func(C)]{
		Name: "Insert", Table: k.table,
		Columns: []runtime.Column{{Name: "id", Kind: protocol.Int64}, {Name: "v", Kind: k.kind}},
		Encode: func(b *protocol.Batch, add func(C)) {
			b.Int64(0).Append(k.rows)
			add(k.pick(b, 1))
			k.rows++
		},
	}
	result, err := insert.Insert(t.Context(), db, slices.Values(k.adds))
	require.NoError(t, err)
	require.EqualValues(t, len(k.adds), result.Rows)
}

func (k *kindOnTable[T, C]) shown(t *testing.T, db database) []string {
	v := "v"
	if k.kind == protocol.Binary {
		v = fmt.Sprintf(hexOf.of(db), v)
	}
	var shown []string
	for _, row := range db.shown(t, fmt.Sprintf("SELECT %s FROM %s ORDER BY id", v, k.table)) {
		shown = append(shown, row[0])
	}
	return shown
}

// reading is one value by each road.
type reading[T any] struct {
	null sql.Null[T]
	ptr  *T
}

func (k *kindOnTable[T, C]) requireRead(t *testing.T, db database, want []T) {
	nullable := runtime.Query[runtime.None, reading[T]]{
		Name: "Nullable", SQL: "SELECT v FROM " + k.table + " ORDER BY id",
		Columns: []runtime.Column{{Name: "v", Kind: k.kind, Null: true}},
		Decode: func(rows []reading[T], b *protocol.Batch) {
			v := k.pick(b, 0)
			for i := range rows {
				rows[i] = reading[T]{v.Null(i), v.Ptr(i)}
			}
		},
	}
	rows, err := nullable.Many(t.Context(), db, runtime.None{})
	require.NoError(t, err)
	require.Equal(t, []reading[T]{{}, {}}, rows[:2])
	require.Len(t, rows, 2+len(want))
	for i, row := range rows[2:] {
		require.True(t, row.null.Valid)
		require.Equal(t, plain(want[i]), plain(row.null.V))
		require.Equal(t, plain(want[i]), plain(*row.ptr))
	}

	requireSameByFrames(t, db, &nullable)

	values, err := k.query("v IS NOT NULL").Many(t.Context(), db, runtime.None{})
	require.NoError(t, err)
	require.Equal(t, plains(want), plains(values))

	_, err = k.query("v IS NULL").Many(t.Context(), db, runtime.None{})
	requireError(t, err, runtime.Error{Query: "Values", Op: "decode", Column: "v", Row: 1, Err: protocol.ErrNull})
}

func (k *kindOnTable[T, C]) query(where string) *runtime.Query[runtime.None, T] {
	return &runtime.Query[runtime.None, T]{
		Name: "Values", SQL: fmt.Sprintf("SELECT v FROM %s WHERE %s ORDER BY id", k.table, where),
		Columns: []runtime.Column{{Name: "v", Kind: k.kind}},
		Decode: func(rows []T, b *protocol.Batch) {
			v := k.pick(b, 0)
			for i := range rows {
				rows[i] = v.At(i)
			}
		},
	}
}

// plain makes equal values equal: a time in another zone, a decimal with
// another number of ending zeros.
func plain(v any) any {
	switch v := v.(type) {
	case time.Time:
		return v.UTC()
	case decimal.Decimal:
		return v.String()
	}
	return v
}

func plains[T any](values []T) []any {
	all := make([]any, len(values))
	for i, v := range values {
		all[i] = plain(v)
	}
	return all
}

// TestValuesGeneric: integers are range-checked with every plugin.
func TestValuesGeneric(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 3)
		q := runtime.Query[int64, int32]{
			Name: "Narrow", SQL: "SELECT n FROM numbers WHERE n > ? ORDER BY n",
			Params:  []runtime.Param{{Name: "n", Kind: protocol.Int64}},
			Columns: []runtime.Column{{Name: "n", Kind: protocol.Int32}},
			Encode:  func(b *protocol.Batch, n int64) { b.Int64(0).Append(n) },
			Decode:  decodeColumn((*protocol.Batch).Int32),
		}
		rows, err := q.Many(t.Context(), db, 1)
		require.NoError(t, err)
		require.Equal(t, []int32{2, 3}, rows)
	}, runtime.WithPlugin(&driver.Generic))
}

func decodeColumn[T any, C column[T]](pick func(*protocol.Batch, int) C) func([]T, *protocol.Batch) {
	return func(rows []T, b *protocol.Batch) {
		c := pick(b, 0)
		for i := range rows {
			rows[i] = c.At(i)
		}
	}
}

// integersThatDoNotFit: no driver may wrap a number for us.
func integersThatDoNotFit(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		db.exec(t, "CREATE TABLE wide (id INTEGER PRIMARY KEY, n BIGINT); INSERT INTO wide VALUES (1, 1), (2, 2), (3, 9223372036854775807), (4, -9223372036854775808), (5, NULL)")
		for _, test := range []struct {
			kind protocol.Kind
			last int // the row of the first that does not fit, in order of id and in reverse
			read func(context.Context, string) (any, error)
		}{
			{protocol.Int8, 3, reader(db, protocol.Int8, (*protocol.Batch).Int8)},
			{protocol.Int16, 3, reader(db, protocol.Int16, (*protocol.Batch).Int16)},
			{protocol.Int32, 3, reader(db, protocol.Int32, (*protocol.Batch).Int32)},
			{protocol.Uint8, 3, reader(db, protocol.Uint8, (*protocol.Batch).Uint8)},
			{protocol.Uint16, 3, reader(db, protocol.Uint16, (*protocol.Batch).Uint16)},
			{protocol.Uint32, 3, reader(db, protocol.Uint32, (*protocol.Batch).Uint32)},
			{protocol.Uint64, 4, reader(db, protocol.Uint64, (*protocol.Batch).Uint64)},
			{protocol.Bool, 2, reader(db, protocol.Bool, (*protocol.Batch).Bool)},
		} {
			t.Run(test.kind.String(), func(t *testing.T) {
				got, err := test.read(t.Context(), "SELECT n FROM wide WHERE n IS NOT NULL ORDER BY id")
				require.Len(t, got, test.last-1)
				e := requireError(t, err, runtime.Error{Query: "Read", Op: "decode", Column: "n", Row: int64(test.last)})
				require.ErrorContains(t, e, "decode: column 1 \"n\"")
				_, err = test.read(t.Context(), "SELECT n FROM wide WHERE id = 4")
				requireError(t, err, runtime.Error{Query: "Read", Op: "decode", Column: "n", Row: 1})
			})
		}
	})
}

// reader returns a function that streams the rows of one column, and returns
// those before the error.
func reader[T any, C column[T]](db database, kind protocol.Kind, pick func(*protocol.Batch, int) C) func(context.Context, string) (any, error) {
	return func(ctx context.Context, text string) (any, error) {
		q := runtime.Query[runtime.None, T]{
			Name: "Read", SQL: text,
			Columns: []runtime.Column{{Name: "n", Kind: kind}}, Decode: decodeColumn(pick),
		}
		var got []T
		for v, err := range q.Stream(ctx, db, runtime.None{}) {
			if err != nil {
				return got, err
			}
			got = append(got, v)
		}
		return got, nil
	}
}

// parametersThatDoNotFit: what the database cannot keep is refused, by it
// or by us, and never stored cut or wrapped.
func parametersThatDoNotFit(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		db.exec(t, "CREATE TABLE texts (v VARCHAR(4)); CREATE TABLE unsigned_numbers (v BIGINT); CREATE TABLE days (v "+timestamp.of(db)+"); CREATE TABLE docs (v JSON)")
		texts := command("Text", "INSERT INTO texts VALUES (?)", protocol.Text, func(b *protocol.Batch, v string) { b.Text(0).Append(v) })
		unsigned := command("Unsigned", "INSERT INTO unsigned_numbers VALUES (?)", protocol.Uint64, func(b *protocol.Batch, v uint64) { b.Uint64(0).Append(v) })
		moments := command("Moment", "INSERT INTO days VALUES (?)", protocol.Timestamp, func(b *protocol.Batch, v time.Time) { b.Timestamp(0).Append(v) })
		documents := command("Document", "INSERT INTO docs VALUES (?)", protocol.JSON, func(b *protocol.Batch, v json.RawMessage) { b.JSON(0).Append(v) })

		if db.Name == "mariadb" {
			require.NoError(t, texts.Exec(t.Context(), db, "a\x00b"))
			require.Equal(t, [][]string{{"610062"}}, db.shown(t, "SELECT hex(v) FROM texts"))
			db.exec(t, "DELETE FROM texts")
		} else {
			requireError(t, texts.Exec(t.Context(), db, "a\x00b"), runtime.Error{Query: "Text", Op: "execute", Column: "p", Row: 1})
		}
		if db.Name != "sqlite" { // which has no lengths
			e := requireError(t, texts.Exec(t.Context(), db, "😀😀😀😀😀"), runtime.Error{Query: "Text", Op: "execute"})
			require.Equal(t, "22001", e.State)
		}
		requireError(t, documents.Exec(t.Context(), db, json.RawMessage("[1]\x00,2")), runtime.Error{Query: "Document", Op: "execute", Column: byEngine{"": "p", "mariadb": ""}.of(db), Row: map[string]int64{"sqlite": 1, "postgres": 1}[db.Name]})

		err := unsigned.Exec(t.Context(), db, math.MaxInt64+1)
		require.Error(t, err)
		require.ErrorContains(t, err, "query Unsigned: execute")

		for _, year := range []int{0, -1, 10000, 40000} {
			err := moments.Exec(t.Context(), db, time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC))
			requireError(t, err, runtime.Error{Query: "Moment", Op: "bind", Column: "p", Row: 1})
		}
		for _, table := range []string{"texts", "unsigned_numbers", "days", "docs"} {
			require.Equal(t, [][]string{{"0"}}, db.shown(t, "SELECT count(*) FROM "+table), table)
		}
	})
}

// TestNanoseconds: databases keep microseconds; what is finer is cut off, on all
// in the same way.
func TestNanoseconds(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		db.exec(t, fmt.Sprintf("CREATE TABLE fine (v %s)", timestamp.of(db)))
		insert := command("Insert", "INSERT INTO fine VALUES (?)", protocol.Timestamp, func(b *protocol.Batch, v time.Time) { b.Timestamp(0).Append(v) })
		require.NoError(t, insert.Exec(t.Context(), db, time.Date(2024, 12, 31, 23, 59, 59, 999_999_999, time.UTC)))
		require.Equal(t, [][]string{{"2024-12-31 23:59:59.999999"}}, db.shown(t, "SELECT v FROM fine"))
	})
}

// TestZones: neither the zone of a value nor that of a database changes an
// instant, and a timestamp without zone is the clock of UTC.
func TestZones(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		if db.Name == "postgres" {
			db.exec(t, "DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET timezone TO ''Asia/Kolkata'''; END $$")
		}
		zoned := byEngine{"": "TIMESTAMPTZ", "mariadb": "TIMESTAMP(6) NULL"}
		db.exec(t, fmt.Sprintf("CREATE TABLE moments (plain %s, zoned %s)", timestamp.of(db), zoned.of(db)))
		at := open(t, db.Database) // in the zone of the database
		defer at.Close()
		insert := runtime.Command[time.Time]{
			Name: "Insert", SQL: "INSERT INTO moments VALUES (?, ?)",
			Params: []runtime.Param{{Name: "plain", Kind: protocol.Timestamp}, {Name: "zoned", Kind: protocol.TimestampTZ}},
			Encode: func(b *protocol.Batch, v time.Time) {
				b.Timestamp(0).Append(v)
				b.Timestamp(1).Append(v)
			},
		}
		moment := time.Date(2024, 3, 31, 1, 30, 0, 0, time.FixedZone("UTC+5:45", 20700))
		require.NoError(t, insert.Exec(t.Context(), at, moment))
		for _, column := range []string{"plain", "zoned"} {
			for _, kind := range []protocol.Kind{protocol.Timestamp, protocol.TimestampTZ, protocol.DateTimeOffset} {
				got, err := reader(at, kind, (*protocol.Batch).Timestamp)(t.Context(), "SELECT "+column+" AS n FROM moments")
				require.NoError(t, err)
				require.Equal(t, []time.Time{moment.UTC()}, got, "%s as %s", column, kind)
			}
		}
		clock := byEngine{"": "plain", "mariadb": "date_format(plain, '%Y-%m-%d %H:%i:%s')"}
		require.Equal(t, [][]string{{"2024-03-30 19:45:00"}}, db.shown(t, "SELECT "+clock.of(db)+" FROM moments"))
	})
}

// TestTimesInOtherShapes: SQLite keeps any text in a column of times.
func TestTimesInOtherShapes(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		if db.Name != "sqlite" {
			return
		}
		read := reader(db, protocol.Timestamp, (*protocol.Batch).Timestamp)
		noon := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
		for text, want := range map[string]time.Time{
			"2024-02-29T12:00:00Z":          noon,
			"2024-02-29 14:00:00+02:00":     noon,
			"2024-02-29 12:00":              noon,
			"2024-02-29T12:00:00.000000500": noon.Add(500),
			"2024-02-29":                    noon.Add(-12 * time.Hour),
		} {
			got, err := read(t.Context(), "SELECT '"+text+"' AS n")
			require.NoError(t, err, text)
			require.Equal(t, []time.Time{want}, got, text)
		}
		for _, text := range []string{"", "2024-02-30 00:00:00", "2023-02-29", "12:00:00", "2024-13-01 00:00:00", "1709208000", "2024-02-29 24:00:00", "now"} {
			_, err := read(t.Context(), "SELECT '"+text+"' AS n")
			requireError(t, err, runtime.Error{Query: "Read", Op: "decode", Column: "n", Row: 1})
		}
	})
}

func TestZeroDateOfMariaDB(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		if db.Name != "mariadb" {
			return
		}
		db.exec(t, "SET sql_mode = ''; CREATE TABLE d (d DATE); INSERT INTO d VALUES ('2024-00-00')")
		_, err := reader(db, protocol.Date, (*protocol.Batch).Date)(t.Context(), "SELECT d AS n FROM d")
		requireError(t, err, runtime.Error{Query: "Read", Op: "decode", Column: "n", Row: 1})
	})
}

// nullInNotNull: rows before the NULL are delivered, the error names it.
func nullInNotNull(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		const bad = 100 // in the second block
		db.exec(t, "CREATE TABLE holes (id INTEGER PRIMARY KEY, a INTEGER, b VARCHAR(10))")
		var rows []string
		for i := 1; i <= 200; i++ {
			rows = append(rows, fmt.Sprintf("(%d, %d, 'x')", i, i))
		}
		rows[bad-1] = fmt.Sprintf("(%d, %d, NULL)", bad, bad)
		rows[bad] = fmt.Sprintf("(%d, NULL, NULL)", bad+1)
		db.exec(t, "INSERT INTO holes VALUES "+strings.Join(rows, ","))
		type row struct {
			a int64
			b string
		}
		holes := runtime.Query[runtime.None, row]{
			Name: "Holes", SQL: "SELECT a, b FROM holes ORDER BY id",
			Columns: []runtime.Column{{Name: "a", Kind: protocol.Int64}, {Name: "b", Kind: protocol.Text}},
			Decode: func(rows []row, batch *protocol.Batch) {
				a, b := batch.Int64(0), batch.Text(1)
				for i := range rows {
					rows[i] = row{a.At(i), b.At(i)}
				}
			},
		}
		var got []int64
		for r, err := range holes.Stream(t.Context(), db, runtime.None{}) {
			if err == nil {
				require.Equal(t, "x", r.b)
				got = append(got, r.a)
				continue
			}
			e := requireError(t, err, runtime.Error{Query: "Holes", Op: "decode", Column: "b", Row: bad, Err: protocol.ErrNull})
			require.EqualError(t, e, `query Holes: Streaming protocol error: decode: column 2 "b", row 100: NULL in a column generated as not null`)
		}
		require.Equal(t, numbersTo(bad-1), got)
		all, err := holes.Many(t.Context(), db, runtime.None{})
		require.ErrorIs(t, err, protocol.ErrNull)
		require.Nil(t, all)
	})
}

func numbersTo(n int) []int64 {
	return slices.Collect(func(yield func(int64) bool) {
		for i := range n {
			if !yield(int64(i + 1)) {
				return
			}
		}
	})
}

// TestDecimalParameters: in SQLite a decimal must be a number to be compared
// with one.
func TestDecimalParameters(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		db.exec(t, "CREATE TABLE prices (n BIGINT, price DECIMAL(12,2)); INSERT INTO prices VALUES (1, 9.99), (2, 12.50), (3, 100)")
		for text, want := range map[string][]int64{"19.98": {2, 3}, "25": {3}, "299.99": {3}, "300": nil} {
			dear := runtime.Query[decimal.Decimal, int64]{
				Name: "Dear", SQL: "SELECT n FROM prices WHERE price * n > ? ORDER BY n",
				Params:  []runtime.Param{{Name: "price", Kind: protocol.Decimal}},
				Columns: []runtime.Column{{Name: "n", Kind: protocol.Int64}},
				Encode:  func(b *protocol.Batch, v decimal.Decimal) { b.Decimal(0).Append(v) },
				Decode:  decodeColumn((*protocol.Batch).Int64),
			}
			got, err := dear.Many(t.Context(), db, decimal.RequireFromString(text))
			require.NoError(t, err)
			require.ElementsMatch(t, want, got, text)
		}
	})
}
