package protocol_test

import (
	"bytes"
	"encoding/hex"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/golang-sql/civil"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// unhex returns the bytes of hex with spaces.
func unhex(t testing.TB, text string) []byte {
	data, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	require.NoError(t, err)
	return data
}

func textValue(s string) protocol.Value {
	return protocol.Value{Tag: protocol.TagText, Data: []byte(s)}
}

func int32Value(n int64) protocol.Value { return protocol.Value{Tag: protocol.TagInt32, Int: n} }

func int64Value(n int64) protocol.Value { return protocol.Value{Tag: protocol.TagInt64, Int: n} }

func numberValue(s string) protocol.Value {
	return protocol.Value{Tag: protocol.TagDecimal, Data: []byte(s)}
}

func binaryValue(s string) protocol.Value {
	return protocol.Value{Tag: protocol.TagBinary, Data: []byte(s)}
}

var (
	nullValue   = protocol.Value{Tag: protocol.TagNull}
	cursorValue = protocol.Value{Tag: protocol.TagCursor}
)

func TestValues(t *testing.T) {
	data := vector(t, "09-values")
	values := []protocol.Value{nullValue, textValue("hello"), int32Value(42), int64Value(-1), numberValue("3.14"), binaryValue("\x00\xff"), cursorValue}
	got, err := protocol.ParseValues(data, protocol.Limits{})
	require.NoError(t, err)
	require.Equal(t, values, got)
	again, err := protocol.AppendValues([]byte("before"), values)
	require.NoError(t, err)
	require.Equal(t, append([]byte("before"), data...), again)

	borders := map[int]bool{0: true}
	for i := range values {
		part, err := protocol.AppendValues(nil, values[:i+1])
		require.NoError(t, err)
		borders[len(part)] = true
	}
	for n := range data {
		_, err := protocol.ParseValues(data[:n], protocol.Limits{})
		if borders[n] { // values have no number in front: the first ones look whole
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, protocol.ErrTruncated, "cut after %d bytes", n)
		}
	}
}

func TestDirected(t *testing.T) {
	data := vector(t, "10-directed")
	parameters := []protocol.Parameter{{Value: int32Value(5)}, {Direction: protocol.Out, Value: textValue("")}}
	for _, parse := range []func([]byte, protocol.Limits) ([]protocol.Parameter, error){protocol.ParseDirected, protocol.ParseParameters} {
		got, err := parse(data, protocol.Limits{})
		require.NoError(t, err)
		require.Equal(t, parameters, got)
	}
	again, err := protocol.AppendDirected(nil, parameters)
	require.NoError(t, err)
	require.Equal(t, data, again)
	for n := range data {
		_, err := protocol.ParseDirected(data[:n], protocol.Limits{})
		require.ErrorIs(t, err, protocol.ErrTruncated, "cut after %d bytes", n)
		if n > 0 {
			_, err = protocol.ParseParameters(data[:n], protocol.Limits{})
			require.Error(t, err, "cut after %d bytes", n)
		}
	}
	_, err = protocol.ParseDirected(append(data, 0), protocol.Limits{})
	require.ErrorIs(t, err, protocol.ErrCorrupt)
}

func TestParameters(t *testing.T) {
	got, err := protocol.ParseParameters(vector(t, "09-values"), protocol.Limits{})
	require.NoError(t, err)
	require.Len(t, got, 7)
	require.Equal(t, protocol.Parameter{Direction: protocol.In, Value: textValue("hello")}, got[1])
	none, err := protocol.ParseParameters(nil, protocol.Limits{})
	require.NoError(t, err)
	require.Empty(t, none)
}

func TestParseValuesRefuses(t *testing.T) {
	for _, test := range []struct {
		hex  string
		want error
	}{
		{"07 00000000", protocol.ErrCorrupt},
		{"ff 00000000", protocol.ErrCorrupt},
		{"44 52543100", protocol.ErrCorrupt}, // DRT1 too short to be one
		{"00 01000000 00", protocol.ErrCorrupt},
		{"06 01000000 00", protocol.ErrCorrupt},
		{"02 03000000 000000", protocol.ErrCorrupt},
		{"02 08000000 0000000000000000", protocol.ErrCorrupt},
		{"03 04000000 00000000", protocol.ErrCorrupt},
		{"01 02000000 c328", protocol.ErrCorrupt},
		{"01 01000000 e4", protocol.ErrCorrupt},
		{"04 00000000", protocol.ErrCorrupt},
		{"04 01000000 2d", protocol.ErrCorrupt},
		{"04 03000000 312c35", protocol.ErrCorrupt},
		{"04 03000000 4e614e", protocol.ErrCorrupt},
		{"04 02000000 3165", protocol.ErrCorrupt},
		{"04 02000000 6531", protocol.ErrCorrupt},
		{"04 02000000 2031", protocol.ErrCorrupt},
		{"05 ffffffff 00", protocol.ErrLimit},
		{"05 01000001", protocol.ErrLimit},
		{"05 00000001", protocol.ErrTruncated},
	} {
		_, err := protocol.ParseValues(unhex(t, test.hex), protocol.Limits{})
		require.ErrorIs(t, err, test.want, test.hex)
		requirePlace(t, err)
		directed := append(unhex(t, "44525431 01000000 00"), unhex(t, test.hex)...)
		_, err = protocol.ParseParameters(directed, protocol.Limits{})
		require.ErrorIs(t, err, test.want, test.hex)
		message := append(unhex(t, "4342444f010000000000000000000000 4f555431 01000000"), unhex(t, test.hex)...)
		_, err = protocol.ParseMessage(message, protocol.Limits{})
		require.ErrorIs(t, err, test.want, test.hex)
	}
	for _, direction := range []string{"03", "ff"} {
		_, err := protocol.ParseDirected(unhex(t, "44525431 01000000 "+direction+" 00 00000000"), protocol.Limits{})
		require.ErrorIs(t, err, protocol.ErrCorrupt)
		require.EqualError(t, err, "protocol: parameter 1 at byte 8: damaged: direction "+map[string]string{"03": "3", "ff": "255"}[direction])
	}
}

// requirePlace: an error says what part is at fault.
func requirePlace(t *testing.T, err error) {
	t.Helper()
	var place *protocol.FormatError
	require.ErrorAs(t, err, &place)
	require.NotEmpty(t, place.Part)
	require.GreaterOrEqual(t, place.Offset, int64(0))
}

func TestNumbers(t *testing.T) {
	for _, s := range []string{"0", "-1", "+1", "1.", ".5", "-0.50", "1e3", "1E-300", "12345678901234567890123456789.5"} {
		data, err := protocol.AppendValues(nil, []protocol.Value{numberValue(s)})
		require.NoError(t, err, s)
		got, err := protocol.ParseValues(data, protocol.Limits{})
		require.NoError(t, err, s)
		require.Equal(t, s, string(got[0].Data))
	}
	for _, s := range []string{"", ".", "-", "e1", "1e", "1e+", "1.2.3", "0x10", "1_000", "Infinity", "1 ", "--1", "1\x00"} {
		_, err := protocol.AppendValues(nil, []protocol.Value{numberValue(s)})
		require.ErrorIs(t, err, protocol.ErrCorrupt, s)
	}
}

func TestValueLimits(t *testing.T) {
	small := protocol.Limits{Values: 2, ValueBytes: 3}
	fine, err := protocol.AppendValues(nil, []protocol.Value{binaryValue("123"), nullValue})
	require.NoError(t, err)
	_, err = protocol.ParseValues(fine, small)
	require.NoError(t, err)
	for _, values := range [][]protocol.Value{{nullValue, nullValue, nullValue}, {binaryValue("1234")}} {
		data, err := protocol.AppendValues(nil, values)
		require.NoError(t, err)
		_, err = protocol.ParseValues(data, small)
		require.ErrorIs(t, err, protocol.ErrLimit)
	}
	_, err = protocol.ParseDirected(unhex(t, "44525431 03000000 00 00 00000000 00 00 00000000 00 00 00000000"), small)
	require.ErrorIs(t, err, protocol.ErrLimit)
	_, err = protocol.ParseDirected(unhex(t, "44525431 ffffff7f"), protocol.Limits{Values: math.MaxInt})
	require.ErrorIs(t, err, protocol.ErrTruncated)
}

func TestAppendValuesRefuses(t *testing.T) {
	before := []byte("before")
	long := protocol.Value{Tag: protocol.TagBinary, Data: make([]byte, 16<<20+1)}
	for _, test := range []struct {
		value protocol.Value
		want  error
	}{
		{protocol.Value{Tag: 7}, protocol.ErrCorrupt},
		{textValue("\xff"), protocol.ErrCorrupt},
		{int32Value(math.MaxInt32 + 1), protocol.ErrCorrupt},
		{long, protocol.ErrLimit},
	} {
		data, err := protocol.AppendValues(before, []protocol.Value{nullValue, test.value})
		require.ErrorIs(t, err, test.want)
		require.ErrorContains(t, err, "value 2")
		require.Equal(t, before, data)
		data, err = protocol.AppendDirected(before, []protocol.Parameter{{Value: test.value}})
		require.ErrorIs(t, err, test.want)
		require.Equal(t, before, data)
	}
	_, err := protocol.AppendDirected(nil, []protocol.Parameter{{Direction: 3}})
	require.ErrorIs(t, err, protocol.ErrCorrupt)
	_, err = protocol.AppendValues(nil, make([]protocol.Value, 4097))
	require.ErrorIs(t, err, protocol.ErrLimit)
	_, err = protocol.AppendDirected(nil, make([]protocol.Parameter, 4097))
	require.ErrorIs(t, err, protocol.ErrLimit)
	most, err := protocol.AppendDirected(nil, make([]protocol.Parameter, 4096))
	require.NoError(t, err)
	got, err := protocol.ParseDirected(most, protocol.Limits{})
	require.NoError(t, err)
	require.Len(t, got, 4096)
}

// everyKind is a row of each kind, and one of NULLs.
func everyKind() *protocol.Batch {
	specs := make([]protocol.ColumnSpec, 0, 32)
	for _, kind := range protocol.Kinds() {
		specs = append(specs, protocol.ColumnSpec{Name: kind.String(), Kind: kind})
	}
	b := protocol.NewBatch(specs, 0)
	for _, c := range b.Columns() {
		switch c := c.(type) {
		case *protocol.Bools:
			c.Append(true)
			c.AppendPtr(nil)
		case *protocol.Numbers[int8]:
			c.Append(math.MinInt8)
			c.AppendPtr(nil)
		case *protocol.Numbers[int16]:
			c.Append(math.MinInt16)
			c.AppendPtr(nil)
		case *protocol.Numbers[int32]:
			c.Append(math.MinInt32)
			c.AppendPtr(nil)
		case *protocol.Numbers[int64]:
			c.Append(math.MinInt64)
			c.AppendPtr(nil)
		case *protocol.Numbers[uint8]:
			c.Append(math.MaxUint8)
			c.AppendPtr(nil)
		case *protocol.Numbers[uint16]:
			c.Append(math.MaxUint16)
			c.AppendPtr(nil)
		case *protocol.Numbers[uint32]:
			c.Append(math.MaxUint32)
			c.AppendPtr(nil)
		case *protocol.Numbers[uint64]:
			c.Append(math.MaxUint64)
			c.AppendPtr(nil)
		case *protocol.Numbers[float32]:
			c.Append(0.1)
			c.AppendPtr(nil)
		case *protocol.Numbers[float64]:
			c.Append(math.Inf(-1))
			c.AppendPtr(nil)
		case *protocol.Decimals:
			c.Append(decimal.RequireFromString("12.50"))
			c.AppendPtr(nil)
		case *protocol.Texts:
			c.Append("日本")
			c.AppendPtr(nil)
		case *protocol.JSONs:
			c.Append([]byte(`{"a":1}`))
			c.AppendPtr(nil)
		case *protocol.UUIDs:
			c.Append(uuid.MustParse("6ba7b810-9dad-11d1-80b4-00c04fd430c8"))
			c.AppendPtr(nil)
		case *protocol.Binaries:
			c.Append([]byte{0xde, 0xad, 0xbe, 0xef})
			c.AppendPtr(nil)
		case *protocol.Dates:
			c.Append(civil.Date{Year: 2026, Month: 2, Day: 15})
			c.AppendPtr(nil)
		case *protocol.Times:
			c.Append(civil.Time{Hour: 13, Minute: 14, Second: 15, Nanosecond: 123_000_000})
			c.AppendPtr(nil)
		case *protocol.Timestamps:
			c.Append(time.Date(2026, 2, 15, 13, 14, 15, 123_000_000, time.UTC))
			c.AppendPtr(nil)
		}
	}
	b.SetRows(2, 0)
	return b
}

func TestValuesOf(t *testing.T) {
	b := everyKind()
	got, err := protocol.ValuesOf(b, 0)
	require.NoError(t, err)
	want := map[protocol.Kind]protocol.Value{
		protocol.Bool: int32Value(1),
		protocol.Int8: int32Value(math.MinInt8), protocol.Int16: int32Value(math.MinInt16), protocol.Int32: int32Value(math.MinInt32), protocol.Int64: int64Value(math.MinInt64),
		protocol.Uint8: int32Value(math.MaxUint8), protocol.Uint16: int32Value(math.MaxUint16), protocol.Uint32: int64Value(math.MaxUint32), protocol.Uint64: numberValue("18446744073709551615"),
		protocol.Float32: textValue("0.1"), protocol.Float64: textValue("-Inf"),
		protocol.Decimal: numberValue("12.50"), protocol.Money: numberValue("12.50"),
		protocol.Text: textValue("日本"), protocol.NText: textValue("日本"), protocol.XML: textValue("日本"), protocol.Interval: textValue("日本"), protocol.JSON: textValue(`{"a":1}`),
		protocol.UUID:   textValue("6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
		protocol.Binary: binaryValue("\xde\xad\xbe\xef"), // the reference sent the eight letters deadbeef
		protocol.Date:   textValue("2026-02-15"), protocol.Time: textValue("13:14:15.123"),
		protocol.Timestamp: textValue("2026-02-15 13:14:15.123"), protocol.TimestampTZ: textValue("2026-02-15 13:14:15.123"), protocol.DateTimeOffset: textValue("2026-02-15 13:14:15.123"),
	}
	for i, c := range b.Columns() {
		require.Equal(t, want[c.Kind()], got[i], "%s", c.Kind())
	}
	data, err := protocol.AppendValues(nil, got)
	require.NoError(t, err)
	again, err := protocol.ParseValues(data, protocol.Limits{})
	require.NoError(t, err)
	require.Equal(t, got, again)

	nulls, err := protocol.ValuesOf(b, 1)
	require.NoError(t, err)
	for _, v := range nulls {
		require.Equal(t, nullValue, v)
	}
}

func TestValuesOfOddCells(t *testing.T) {
	b := protocol.NewBatch([]protocol.ColumnSpec{{Name: "at", Kind: protocol.Timestamp}, {Name: "price", Kind: protocol.Money, Width: 16}}, 1)
	b.SetRows(1, 7)
	b.Timestamp(0).Cells[0] = protocol.TimestampCell{Fraction: 1}
	b.Decimal(1).SetLong(0, []byte("-$1,234.50"))
	got, err := protocol.ValuesOf(b, 0)
	require.NoError(t, err)
	require.Equal(t, []protocol.Value{textValue("0000-00-00 00:00:00.000000001"), numberValue("-1234.50")}, got)

	b.Decimal(1).SetLong(0, []byte("NaN"))
	_, err = protocol.ValuesOf(b, 0)
	require.EqualError(t, err, `column 2 "price", row 8: damaged: "NaN" is not a number`)
	require.ErrorAs(t, err, new(*protocol.CellError))

	readers := protocol.NewBatch([]protocol.ColumnSpec{{Name: "scan", Kind: protocol.Binary, Reader: true}}, 0)
	readers.Reader(0).Append(bytes.NewReader(nil))
	readers.EndRow()
	_, err = protocol.ValuesOf(readers, 0)
	require.ErrorContains(t, err, "read in pieces")
}

// FuzzValues: what is read is written again the same.
func FuzzValues(f *testing.F) {
	f.Add(vector(f, "09-values"))
	f.Add(vector(f, "10-directed"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		parameters, err := protocol.ParseParameters(data, protocol.Limits{})
		if err != nil {
			requirePlace(t, err)
			return
		}
		var again []byte
		if bytes.HasPrefix(data, []byte("DRT1")) {
			again, err = protocol.AppendDirected(nil, parameters)
		} else {
			values := make([]protocol.Value, len(parameters))
			for i, p := range parameters {
				values[i] = p.Value
			}
			again, err = protocol.AppendValues(nil, values)
		}
		require.NoError(t, err)
		require.Equal(t, len(data), len(again))
		require.True(t, bytes.Equal(data, again))
	})
}
