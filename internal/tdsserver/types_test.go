package tdsserver_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-sql/civil"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	. "github.com/odbcgen/odbcgen/internal/tdsserver"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

var (
	leap = time.Date(2024, 2, 29, 13, 14, 15, 123456700, time.UTC)
	east = time.FixedZone("", 5*60*60+30*60)
	guid = "0E984725-C51C-4BF4-9960-E1C80E27ABA0"
)

// valuesOf are a value of each type, as the server has it and as the runtime reads it.
var valuesOf = []struct {
	typ  Type
	kind protocol.Kind
	sent any
	want any
}{
	{Bit, protocol.Bool, true, true},
	{TinyInt, protocol.Uint8, 200, uint8(200)},
	{SmallInt, protocol.Int16, -32768, int16(-32768)},
	{Int, protocol.Int32, -1 << 31, int32(-1 << 31)},
	{BigInt, protocol.Int64, int64(-1 << 63), int64(-1 << 63)},
	{Real, protocol.Float32, 1.5, float32(1.5)},
	{Float, protocol.Float64, 0.1, 0.1},
	{SmallMoney, protocol.Money, "-1.2345", "-1.2345"},
	{Money, protocol.Money, "-922337203685477.5808", "-922337203685477.5808"},
	{Decimal(9, 0), protocol.Decimal, 7, "7"},
	{Decimal(12, 2), protocol.Decimal, "-1234567890.12", "-1234567890.12"},
	{Numeric(38, 10), protocol.Decimal, "1234567890123456789012345678.0123456789", "1234567890123456789012345678.0123456789"},
	{Char(5), protocol.Text, "ab", "ab   "},
	{Varchar(40), protocol.Text, "ä€", "ä€"},
	{Varchar(Max), protocol.Text, strings.Repeat("x", 20_000), strings.Repeat("x", 20_000)},
	{NChar(4), protocol.NText, "ä😀", "ä😀 "},
	{NVarchar(40), protocol.NText, "é你😀", "é你😀"},
	{NVarchar(Max), protocol.NText, strings.Repeat("你", 9_000), strings.Repeat("你", 9_000)},
	{Text, protocol.Text, "text", "text"},
	{NText, protocol.NText, "你", "你"},
	{XML, protocol.XML, "<a/>", "<a/>"},
	{Binary(3), protocol.Binary, []byte{1, 2}, []byte{1, 2, 0}},
	{Varbinary(10), protocol.Binary, []byte{0, 255}, []byte{0, 255}},
	{Varbinary(Max), protocol.Binary, make([]byte, 20_000), make([]byte, 20_000)},
	{Image, protocol.Binary, []byte{9}, []byte{9}},
	{Date, protocol.Date, leap, civil.Date{Year: 2024, Month: 2, Day: 29}},
	{Time(0), protocol.Time, 13 * time.Hour, civil.Time{Hour: 13}},
	{Time(7), protocol.Time, 13*time.Hour + 100*time.Nanosecond, civil.Time{Hour: 13, Nanosecond: 100}},
	{DateTime, protocol.Timestamp, leap, leap.Truncate(time.Second).Add(123 * time.Millisecond)},
	{SmallDateTime, protocol.Timestamp, leap, leap.Truncate(time.Minute)},
	{DateTime2(3), protocol.Timestamp, leap, leap.Truncate(time.Millisecond)},
	{DateTime2(7), protocol.Timestamp, leap, leap},
	{UniqueIdentifier, protocol.UUID, guid, uuid.MustParse(guid)},
}

// TestColumns: values of all types, and NULLs, are read. FreeTDS 1.3.17 has no
// SQLSetPos on a forward-only cursor, and takes the part of a value that was bound for
// read: the other ways to read are not for it.
func TestColumns(t *testing.T) {
	s := New(t)
	rows := Rows{Values: make([][]any, 3)}
	var kinds []protocol.Kind
	want := make([][]any, 3)
	for i, v := range valuesOf {
		rows.Columns = append(rows.Columns, Column{Name: fmt.Sprintf("c%d", i+1), Type: v.typ})
		kinds = append(kinds, v.kind)
		for j, cells := range [][2]any{{v.sent, v.want}, {nil, nil}, {v.sent, v.want}} {
			rows.Values[j] = append(rows.Values[j], cells[0])
			want[j] = append(want[j], cells[1])
		}
	}
	s.On("SELECT * FROM t", rows)
	for name, how := range map[string]driver.Reading{"cell by cell": driver.CellByCell, "refetch": driver.Refetch} {
		t.Run(name, func(t *testing.T) {
			db := open(t, s, runtime.WithPlugin(with(how)))
			got, err := query("SELECT * FROM t", nil, kinds...).Many(t.Context(), db, nil)
			require.NoError(t, err)
			require.Len(t, got, len(want))
			for i := range want {
				for j := range want[i] {
					require.Equal(t, want[i][j], got[i][j], "row %d, %s", i+1, valuesOf[j].typ)
				}
			}
		})
	}
}

// TestDescribed: what the driver tells of columns before a statement is executed.
func TestDescribed(t *testing.T) {
	s := New(t)
	var rows Rows
	for _, v := range valuesOf {
		rows.Columns = append(rows.Columns, Column{Name: v.typ.String(), Type: v.typ})
	}
	rows.Columns = append(rows.Columns,
		Column{Name: "id", Type: Int, NotNull: true, Identity: true}, Column{Name: "offset", Type: DateTimeOffset(7)})
	s.On("SELECT * FROM t", rows)
	require.Equal(t, lines(
		"column bit bit type -7 size 1 digits 0 null unsigned",
		"column tinyint tinyint type -6 size 3 digits 0 null unsigned",
		"column smallint smallint type 5 size 5 digits 0 null",
		"column int int type 4 size 10 digits 0 null",
		"column bigint bigint type -5 size 19 digits 0 null",
		"column real real type 7 size 24 digits 0 null",
		"column float float type 8 size 53 digits 0 null",
		"column smallmoney money type 3 size 10 digits 4 null",
		"column money money type 3 size 19 digits 4 null",
		"column decimal(9,0) decimal type 2 size 9 digits 0 null",
		"column decimal(12,2) decimal type 2 size 12 digits 2 null",
		"column numeric(38,10) numeric type 2 size 38 digits 10 null",
		"column char(5) char type 1 size 5 digits 0 null",
		"column varchar(40) varchar type 12 size 40 digits 0 null",
		"column varchar(max) varchar type 12 size 0 digits 0 null",
		"column nchar(4) nchar type -8 size 4 digits 0 null",
		"column nvarchar(40) nvarchar type -9 size 40 digits 0 null",
		"column nvarchar(max) nvarchar type -9 size 0 digits 0 null",
		"column text text type -1 size 2147483647 digits 0 null",
		"column ntext ntext type -10 size 1073741823 digits 0 null",
		"column xml xml type -152 size 0 digits 0 null",
		"column binary(3) binary type -2 size 3 digits 0 null",
		"column varbinary(10) varbinary type -3 size 10 digits 0 null",
		"column varbinary(max) varbinary type -3 size 0 digits 0 null",
		"column image image type -4 size 2147483647 digits 0 null",
		"column date date type 91 size 10 digits 0 null",
		"column time(0) time type -154 size 8 digits 0 null",
		"column time(7) time type -154 size 16 digits 7 null",
		"column datetime datetime type 93 size 23 digits 3 null",
		"column smalldatetime datetime type 93 size 16 digits 0 null",
		"column datetime2(3) datetime2 type 93 size 23 digits 3 null",
		"column datetime2(7) datetime2 type 93 size 27 digits 7 null",
		"column uniqueidentifier uniqueidentifier type -11 size 36 digits 0 null",
		"column id int type 4 size 10 digits 0 not null auto",
		"column offset datetimeoffset type -155 size 34 digits 7 null",
	), call(t, s.DSN(), "prepare|SELECT * FROM t", "describe"))
}

// TestParams: what the runtime sends as parameters of the kinds, and NULL.
func TestParams(t *testing.T) {
	s := New(t)
	s.On("INSERT INTO t VALUES (@P1)", Affected(1))
	db := open(t, s, runtime.WithPlugin(&freeTDS))
	for _, p := range []struct {
		kind protocol.Kind
		sent any
		typ  string
		want any
	}{
		{protocol.Bool, true, "bit", true},
		{protocol.Int8, int8(-128), "smallint", int64(-128)},
		{protocol.Uint8, uint8(200), "smallint", int64(200)},
		{protocol.Int16, int16(-32768), "smallint", int64(-32768)},
		{protocol.Uint16, uint16(65535), "int", int64(65535)},
		{protocol.Int32, int32(-1 << 31), "int", int64(-1 << 31)},
		{protocol.Uint32, uint32(1<<32 - 1), "bigint", int64(1<<32 - 1)},
		{protocol.Int64, int64(-1 << 63), "bigint", int64(-1 << 63)},
		{protocol.Uint64, uint64(1<<64 - 1), "numeric(20,0)", "18446744073709551615"},
		{protocol.Float32, float32(1.5), "float", 1.5},
		{protocol.Float64, 0.1, "float", 0.1},
		{protocol.Decimal, decimal.RequireFromString("-1234567890.12"), "numeric(38,2)", "-1234567890.12"},
		{protocol.Decimal, decimal.RequireFromString("7"), "numeric(38,0)", "7"},
		{protocol.Decimal, decimal.RequireFromString("0.00000000000000000000000000000000000001"), "numeric(38,38)", "0.00000000000000000000000000000000000001"},
		{protocol.Money, decimal.RequireFromString("1.2345"), "numeric(38,4)", "1.2345"},
		{protocol.Text, "é你😀", "nvarchar(4000)", "é你😀"},
		{protocol.Text, "", "nvarchar(4000)", ""},
		{protocol.NText, strings.Repeat("x", 4_000), "nvarchar(4000)", strings.Repeat("x", 4_000)},
		{protocol.NText, strings.Repeat("x", 4_001), "nvarchar(max)", strings.Repeat("x", 4_001)},
		{protocol.JSON, `{"a": "你"}`, "nvarchar(4000)", `{"a": "你"}`},
		{protocol.XML, "<a>你</a>", "nvarchar(4000)", "<a>你</a>"},
		{protocol.Binary, []byte{0, 255}, "varbinary(8000)", []byte{0, 255}},
		{protocol.Binary, []byte{}, "varbinary(8000)", []byte{}},
		{protocol.Binary, make([]byte, 8_000), "varbinary(8000)", make([]byte, 8_000)},
		{protocol.Binary, make([]byte, 8_001), "varbinary(max)", make([]byte, 8_001)},
		{protocol.Date, civil.Date{Year: 2024, Month: 2, Day: 29}, "date", leap.Truncate(24 * time.Hour)},
		{protocol.Time, civil.Time{Hour: 13, Nanosecond: 1000}, "time(7)", 13*time.Hour + time.Microsecond},
		{protocol.Timestamp, leap, "datetime2(7)", leap},
		{protocol.TimestampTZ, leap.In(east), "datetime2(7)", leap},
		{protocol.DateTimeOffset, leap.In(east), "nvarchar(40)", "2024-02-29 18:44:15.1234567 +05:30"},
		{protocol.DateTimeOffset, leap, "nvarchar(40)", "2024-02-29 13:14:15.1234567 +00:00"},
		{protocol.UUID, uuid.MustParse(guid), "uniqueidentifier", guid},
		{protocol.Int64, null(protocol.Int64), "bigint", nil},
		{protocol.Int32, null(protocol.Int32), "int", nil},
		{protocol.Bool, null(protocol.Bool), "bit", nil},
		{protocol.Float64, null(protocol.Float64), "float", nil},
		{protocol.Decimal, null(protocol.Decimal), "numeric(38,0)", nil},
		{protocol.Text, null(protocol.Text), "nvarchar(4000)", nil},
		{protocol.Binary, null(protocol.Binary), "varbinary(8000)", nil},
		{protocol.UUID, null(protocol.UUID), "uniqueidentifier", nil},
		{protocol.Date, null(protocol.Date), "date", nil},
		{protocol.Time, null(protocol.Time), "time(7)", nil},
		{protocol.Timestamp, null(protocol.Timestamp), "datetime2(7)", nil},
		{protocol.DateTimeOffset, null(protocol.Timestamp), "nvarchar(40)", nil},
	} {
		s.Forget()
		require.NoError(t, command("INSERT INTO t VALUES (?)", p.kind).Exec(t.Context(), db, []any{p.sent}), "%s", p.kind)
		executed := sent(s, Execute)
		require.Len(t, executed, 1)
		require.Equal(t, p.want, executed[0].Params[0].Value, "%s", p.kind)
		require.Equal(t, p.typ, executed[0].Types(), "%s", p.kind)
	}
}

// TestLongParams: FreeTDS 1.3.17 cuts a text at 4,000 UTF-16 units and bytes at 8,000
// with success, unless they go as SQL_WLONGVARCHAR and SQL_LONGVARBINARY.
func TestLongParams(t *testing.T) {
	s := New(t)
	s.On("INSERT INTO t VALUES (@P1, @P2)", Affected(1))
	insert := command("INSERT INTO t VALUES (?, ?)", protocol.Text, protocol.Binary)
	text, bytes := strings.Repeat("你", 9_000), make([]byte, 20_000)
	short := freeTDS
	short.Params = []driver.Param{{Kind: protocol.Text, SQL: driver.WVarchar}, {Kind: protocol.Binary, SQL: driver.Varbinary}}
	for _, p := range []struct {
		plugin *driver.Plugin
		types  string
		want   []any
	}{
		{&short, "nvarchar(4000), varbinary(8000)", []any{strings.Repeat("你", 4_000), make([]byte, 8_000)}},
		{&freeTDS, "nvarchar(max), varbinary(max)", []any{text, bytes}},
	} {
		t.Run(p.types, func(t *testing.T) {
			db := open(t, s, runtime.WithPlugin(p.plugin))
			s.Forget()
			require.NoError(t, insert.Exec(t.Context(), db, []any{text, bytes}))
			executed := sent(s, Execute)
			require.Equal(t, p.types, executed[0].Types())
			require.True(t, reflect.DeepEqual(p.want, executed[0].Values()))
		})
	}
}

// TestForeignCharacters: a text that goes as SQL_VARCHAR and has characters that are not
// in the server's code page fails, and FreeTDS 1.3.17 fails whatever comes then.
func TestForeignCharacters(t *testing.T) {
	s := New(t)
	s.On("INSERT INTO t …", Affected(1))
	require.Equal(t, lines(
		"SQLExecute -1",
		"  HY000 2402 [FreeTDS][SQL Server]Error converting characters into server's character set. Some character(s) could not be converted",
		"SQLExecDirect -1",
		"  24000 0 [FreeTDS][SQL Server]Invalid cursor state",
	), call(t, s.DSN(), "prepare|INSERT INTO t VALUES (?)", "bind|in|12|10|0|你", "execute", "statement", "direct|INSERT INTO t VALUES (1)"))
	require.Eventually(t, func() bool { return slices.Equal([]string{"attention"}, told(s)) }, patience, tick)

	s.Forget() // in an array, it is sent as an empty text, and another row is marked
	require.Equal(t, lines(
		"SQLExecute 1",
		"  HY000 2402 [FreeTDS][SQL Server]Error converting characters into server's character set. Some character(s) could not be converted",
		"result of 0 columns, count 3",
		"processed 3: 6 0 0",
	), call(t, s.DSN(), "prepare|INSERT INTO t VALUES (?)", "array|3", "bind|in|12|10|0|a|你|c", "execute"))
	require.Equal(t, []any{""}, sent(s, Execute)[1].Values())
}

// TestODBCTypes: what the driver sends for each SQL type code.
func TestODBCTypes(t *testing.T) {
	s := New(t)
	s.On("INSERT INTO t VALUES (@P1)", Affected(1))
	for _, p := range []struct {
		code, size, digits int
		sent               string
		typ                string
		want               any
	}{
		{-7, 1, 0, "1", "bit", true},
		{-6, 3, 0, "200", "tinyint", int64(200)},
		{5, 5, 0, "-3", "smallint", int64(-3)},
		{7, 24, 0, "1.5", "real", 1.5},
		{8, 53, 0, "0.1", "float", 0.1},
		{3, 12, 2, "-1234567890.12", "decimal(12,2)", "-1234567890.12"},
		{2, 38, 10, "1234567890123456789012345678.0123456789", "numeric(38,10)", "1234567890123456789012345678.0123456789"},
		{1, 5, 0, "ä€", "char(5)", "ä€"},
		{12, 40, 0, "ä€", "varchar(40)", "ä€"},
		{12, 9000, 0, "abc", "varchar(8000)", "abc"},
		{-1, 40, 0, "abc", "varchar(max)", "abc"},
		{-8, 5, 0, "é你😀", "nchar(5)", "é你😀"},
		{-9, 40, 0, "é你😀", "nvarchar(40)", "é你😀"},
		{-9, 5000, 0, "é你😀", "nvarchar(4000)", "é你😀"},
		{-10, 40, 0, "é你😀", "nvarchar(max)", "é你😀"},
		{-2, 4, 0, "0102", "binary(4)", []byte{1, 2}},
		{-4, 4, 0, "0102", "varbinary(max)", []byte{1, 2}},
		{92, 8, 0, "13:14:15", "time(7)", 13*time.Hour + 14*time.Minute + 15*time.Second},
		{93, 27, 7, "2024-02-29 13:14:15.1234567", "datetime2(7)", leap},
		{-154, 16, 7, "13:14:15.1234567", "time(7)", leap.Sub(leap.Truncate(24 * time.Hour))},
		{-155, 34, 7, "2024-02-29 13:14:15.1234567", "datetimeoffset(7)", leap},
		{-11, 36, 0, guid, "uniqueidentifier", guid},
	} {
		s.Forget()
		out := call(t, s.DSN(), "prepare|INSERT INTO t VALUES (?)", fmt.Sprintf("bind|in|%d|%d|%d|%s", p.code, p.size, p.digits, p.sent), "execute")
		require.Equal(t, "result of 0 columns, count 1\n", out, "type %d", p.code)
		param := sent(s, Execute)[0].Params[0]
		require.Equal(t, p.typ, param.Type.String())
		if moment, ok := param.Value.(time.Time); ok {
			param.Value = moment.UTC()
		}
		require.Equal(t, p.want, param.Value, "%s", p.typ)
	}
}
