package protocol_test

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// frameOf returns a frame of version 1 with one column, as the reference writes it; nil
// cells are NULL.
func frameOf(kind protocol.Kind, cells ...[]byte) []byte {
	frame := []byte("CBDO\x01\x00\x01\x00")
	frame = binary.LittleEndian.AppendUint32(frame, uint32(len(cells)))
	payload := binary.LittleEndian.AppendUint16(nil, uint16(kind))
	payload = append(payload, 1, 0, 'c')
	for _, cell := range cells {
		if cell == nil {
			payload = append(payload, 1)
			continue
		}
		payload = binary.LittleEndian.AppendUint32(append(payload, 0), uint32(len(cell)))
		payload = append(payload, cell...)
	}
	return append(binary.LittleEndian.AppendUint32(frame, uint32(len(payload))), payload...)
}

func in32(v int32) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(v)) }
func in64(v int64) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(v)) }

// TestConversion reads frames of the reference, which knows few kinds, as typed columns.
// No want is an error.
func TestConversion(t *testing.T) {
	const least, most = math.MinInt64, math.MaxInt64
	for _, test := range []struct {
		from protocol.Kind
		cell []byte
		to   protocol.Kind
		want string
	}{
		{protocol.Text, []byte("1.5"), protocol.Float64, "4609434218613702656"},
		{protocol.Text, []byte("NaN"), protocol.Float32, "2143289344"},
		{protocol.Text, []byte("-Infinity"), protocol.Float32, "4286578688"},
		{protocol.Text, []byte("1e400"), protocol.Float64, ""},
		{protocol.Text, []byte(""), protocol.Float64, ""},
		{protocol.Int32, in32(1), protocol.Bool, "1"},
		{protocol.Int32, in32(0), protocol.Bool, "0"},
		{protocol.Int32, in32(2), protocol.Bool, ""},
		{protocol.Int64, in64(256), protocol.Bool, ""},
		{protocol.Text, []byte("TRUE"), protocol.Bool, "1"},
		{protocol.Text, []byte("f"), protocol.Bool, "0"},
		{protocol.Text, []byte("yes"), protocol.Bool, ""},
		{protocol.Int64, in64(math.MaxUint32), protocol.Uint32, "4294967295"},
		{protocol.Int64, in64(math.MaxUint32 + 1), protocol.Uint32, ""},
		{protocol.Int64, in64(-1), protocol.Uint64, ""},
		{protocol.Int64, in64(most), protocol.Uint64, "9223372036854775807"},
		{protocol.Int64, in64(least), protocol.Int32, ""},
		{protocol.Int32, in32(-129), protocol.Int8, ""},
		{protocol.Int32, in32(-128), protocol.Int8, "-128"},
		{protocol.Int32, in32(-1), protocol.Uint16, ""},
		{protocol.Int32, in32(65535), protocol.Uint16, "65535"},
		{protocol.Int32, in32(-5), protocol.Int64, "-5"},
		{protocol.Int32, in32(-5), protocol.Decimal, `"-5"`},
		{protocol.Int64, in64(least), protocol.Text, `"-9223372036854775808"`},
		{protocol.Int64, in64(1 << 53), protocol.Float64, "4845873199050653696"},
		{protocol.Int64, in64(1<<53 + 1), protocol.Float64, ""},
		{protocol.Int64, in64(least), protocol.Float64, "14114281232179134464"},
		{protocol.Int64, in64(most), protocol.Float64, ""},
		{protocol.Int32, in32(1<<24 + 1), protocol.Float32, ""},
		{protocol.Int32, in32(0), protocol.Float32, "0"},
		{protocol.Int32, in32(1), protocol.Date, ""},
		{protocol.Int32, in32(1), protocol.Binary, ""},
		{protocol.Int32, []byte("4294967295"), protocol.Uint32, "4294967295"}, // the reference writes what does not fit as text
		{protocol.Int32, []byte("4294967295"), protocol.Int64, "4294967295"},
		{protocol.Int32, []byte("4294967295"), protocol.Text, `"4294967295"`},
		{protocol.Int32, []byte("4294967295"), protocol.Int32, ""},
		{protocol.Int64, []byte("18446744073709551615"), protocol.Uint64, "18446744073709551615"},
		{protocol.Int64, []byte("18446744073709551616"), protocol.Uint64, ""},
		{protocol.Decimal, []byte("42"), protocol.Int64, "42"},
		{protocol.Decimal, []byte("42.00"), protocol.Int16, "42"},
		{protocol.Decimal, []byte("42.01"), protocol.Int64, ""},
		{protocol.Decimal, []byte("42."), protocol.Int64, ""},
		{protocol.Decimal, []byte("NaN"), protocol.Decimal, `"NaN"`}, // who asks for it is told
		{protocol.Text, []byte("NaN"), protocol.Decimal, ""},
		{protocol.Text, []byte("-.5e-3"), protocol.Decimal, `"-.5e-3"`},
		{protocol.Text, []byte("1.2.3"), protocol.Decimal, ""},
		{protocol.Text, []byte("."), protocol.Decimal, ""},
		{protocol.Text, []byte("1e"), protocol.Decimal, ""},
		{protocol.Text, []byte("-$1,234.50"), protocol.Money, `"-$1,234.50"`},
		{protocol.Text, []byte("a"), protocol.Money, ""},
		{protocol.Text, []byte("13:14:15.5"), protocol.Time, `"13:14:15.5"`},
		{protocol.Text, []byte("24:00:00"), protocol.Time, ""},
		{protocol.Time, []byte("838:59:59"), protocol.Time, `"838:59:59"`},
		{protocol.Text, []byte("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), protocol.UUID, `"6ba7b810-9dad-11d1-80b4-00c04fd430c8"`},
		{protocol.Text, []byte("6ba7b810"), protocol.UUID, ""},
		{protocol.Text, []byte(`{"a":1}`), protocol.JSON, `"{\"a\":1}"`},
		{protocol.Text, []byte(`{`), protocol.JSON, ""},
		{protocol.Text, []byte("x"), protocol.Binary, ""},
		{protocol.Binary, []byte("x"), protocol.Text, ""},
		{protocol.Binary, []byte{0, 0xff}, protocol.Binary, `"\x00\xff"`},
		{protocol.Text, []byte{0xff}, protocol.Text, ""},
		{protocol.Text, []byte("a\x00b"), protocol.NText, `"a\x00b"`},
		{protocol.Text, []byte("你好"), protocol.Text, `"你好"`},
		{30, []byte("unknown"), protocol.Text, `"unknown"`},
		{protocol.Uint8, []byte("7"), protocol.Int8, "7"}, // a kind of ours is unknown here
		{protocol.Date, []byte("2026-02-15"), protocol.Date, "{2026 2 15}"},
		{protocol.Date, []byte("0000-00-00"), protocol.Date, "{0 0 0}"},
		{protocol.Date, []byte("2026-2-15"), protocol.Date, ""},
		{protocol.Date, []byte("2026-13-15"), protocol.Date, ""},
		{protocol.Date, []byte("2026-12-xx"), protocol.Date, ""},
		{protocol.Timestamp, []byte("2026-02-15 00:00:00"), protocol.Date, "{2026 2 15}"},
		{protocol.Timestamp, []byte("2026-02-15 00:00:01"), protocol.Date, ""},
		{protocol.Date, []byte("2026-02-15"), protocol.Timestamp, "{2026 2 15 0 0 0 0}"},
		{protocol.Timestamp, []byte("2026-02-15T13:14:15.123"), protocol.Timestamp, "{2026 2 15 13 14 15 123000000}"},
		{protocol.Timestamp, []byte("2026-02-15 13:14:15.000000001"), protocol.Timestamp, "{2026 2 15 13 14 15 1}"},
		{protocol.Timestamp, []byte("2026-02-15 13:14:15.0000000001"), protocol.Timestamp, ""},
		{protocol.Timestamp, []byte("2026-02-15 13:14:15."), protocol.Timestamp, ""},
		{protocol.Timestamp, []byte("2026-02-15 13:14"), protocol.Timestamp, ""},
		{protocol.Timestamp, []byte("2026-02-15_13:14:15"), protocol.Timestamp, ""},
		{protocol.Timestamp, []byte("2026-02-15 24:00:00"), protocol.Timestamp, ""},
		{protocol.Timestamp, []byte("-infinity"), protocol.Timestamp, ""},
		{protocol.Timestamp, []byte("-infinity"), protocol.Text, `"-infinity"`},
		{protocol.Text, []byte("2026-02-15 01:14:15.5+02"), protocol.TimestampTZ, "{2026 2 14 23 14 15 500000000}"},
		{protocol.Text, []byte("2026-02-15 23:14:15-01:30"), protocol.DateTimeOffset, "{2026 2 16 0 44 15 0}"},
		{protocol.Text, []byte("2026-02-15 23:14:15Z"), protocol.TimestampTZ, "{2026 2 15 23 14 15 0}"},
		{protocol.Text, []byte("2026-02-15 23:14:15+0230"), protocol.TimestampTZ, "{2026 2 15 20 44 15 0}"},
		{protocol.Text, []byte("2026-02-15 23:14:15+2"), protocol.TimestampTZ, ""},
		{protocol.Text, []byte("2026-02-15 23:14:15+02:"), protocol.TimestampTZ, ""},
		{protocol.Text, []byte("2026-02-15 23:14:15+023"), protocol.TimestampTZ, ""},
		{protocol.Text, []byte("2026-02-15 23:14:15+24"), protocol.TimestampTZ, ""},
		{protocol.Text, []byte("2026-02-15 23:14:15+02:99"), protocol.TimestampTZ, ""},
		{protocol.Text, []byte("0001-01-01 00:14:15+02"), protocol.TimestampTZ, ""},
		{protocol.Text, []byte("2026-02-30 00:14:15+02"), protocol.TimestampTZ, ""},
		{protocol.Text, []byte("2026-02-15 23:14:15+02"), protocol.Timestamp, ""},
	} {
		d := protocol.Decoder{Columns: []protocol.ColumnSpec{{Name: "c", Kind: test.to}}}
		b, err := d.Decode(frameOf(test.from, nil, test.cell))
		if test.want == "" {
			require.ErrorIs(t, err, protocol.ErrCorrupt, "%s %q as %s", test.from, test.cell, test.to)
			continue
		}
		require.NoError(t, err, "%s %q as %s", test.from, test.cell, test.to)
		require.EqualValues(t, protocol.Null, b.Columns()[0].Indicators()[0])
		require.Equal(t, test.want, cellOf(b.Columns()[0], 1), "%s %q as %s", test.from, test.cell, test.to)
	}
}

// TestRefusedCell: the error says which cell it is, and what it is.
func TestRefusedCell(t *testing.T) {
	d := protocol.Decoder{Columns: []protocol.ColumnSpec{{Name: "c", Kind: protocol.Int8}}}
	_, err := d.Decode(frameOf(protocol.Int32, in32(1), in32(128)))
	require.EqualError(t, err, `protocol: column 1 "c", row 2 at byte 30: damaged: 128 is not of kind int8`)
	_, err = d.Decode(frameOf(protocol.Text, []byte("one")))
	require.EqualError(t, err, `protocol: column 1 "c", row 1 at byte 21: damaged: "one" is not of kind int8`)
	_, err = d.Decode(frameOf(protocol.Binary))
	require.EqualError(t, err, `protocol: column 1 "c" at byte 0: damaged: binary cannot be taken as int8`)
}

// TestWantedColumns: a frame with other columns is an error; the case of a name is not.
func TestWantedColumns(t *testing.T) {
	spec := protocol.ColumnSpec{Name: "c", Kind: protocol.Text}
	frame := frameOf(protocol.Text, []byte("x"))
	for _, wanted := range [][]protocol.ColumnSpec{{}, {spec, spec}, {{Name: "d", Kind: protocol.Text}}, {{Name: "c", Kind: protocol.Text, Reader: true}}} {
		_, err := (&protocol.Decoder{Columns: wanted}).Decode(frame)
		var format *protocol.FormatError
		require.ErrorAs(t, err, &format)
	}
	b, err := (&protocol.Decoder{Columns: []protocol.ColumnSpec{{Name: "C", Kind: protocol.Text}}}).Decode(frame)
	require.NoError(t, err)
	require.Equal(t, "C", b.Columns()[0].Name())
	require.Equal(t, "x", b.Text(0).At(0))
}

// TestOneDecoder reads frames of other columns, kinds and lengths one after another.
func TestOneDecoder(t *testing.T) {
	var d protocol.Decoder
	for range 2 {
		b, err := d.Decode(frameOf(protocol.Text, []byte("long enough"), nil, []byte("")))
		require.NoError(t, err)
		require.Equal(t, []string{`0 "c" text: "long enough" NULL ""`, "3 rows"}, cellsOf(b))
		require.Equal(t, "long enough", b.Text(0).At(0))
		b, err = d.Decode(frameOf(protocol.Text, []byte("x")))
		require.NoError(t, err)
		require.Equal(t, "x", b.Text(0).At(0))
		b, err = d.Decode(frameOf(protocol.Int32, in32(3)))
		require.NoError(t, err)
		require.EqualValues(t, 3, b.Int32(0).At(0))
		_, err = d.Decode(frameOf(protocol.Int32, []byte("three")))
		require.Error(t, err)
		b, err = d.Decode(vector(t, "03-columns"))
		require.NoError(t, err)
		require.Equal(t, "Al", b.Text(1).At(0))
	}
}

// TestNotWritable: what a frame cannot hold is an error that names it, and nothing is
// written.
func TestNotWritable(t *testing.T) {
	one := func(kind protocol.Kind, set func(b *protocol.Batch)) *protocol.Batch {
		b := protocol.NewBatch([]protocol.ColumnSpec{{Name: "c", Kind: kind}}, 2)
		b.SetRows(2, 10)
		b.Columns()[0].Indicators()[0] = protocol.Null
		set(b)
		return b
	}
	readers := protocol.NewBatch([]protocol.ColumnSpec{{Name: "c", Kind: protocol.Text, Reader: true}}, 0)
	failed := protocol.NewBatch([]protocol.ColumnSpec{{Name: "c", Kind: protocol.Int32}}, 1)
	failed.Columns()[0].Fail(0, protocol.ErrNull)
	many := make([]protocol.ColumnSpec, 4097)
	for i := range many {
		many[i].Kind = protocol.Bool
	}
	for want, b := range map[string]*protocol.Batch{
		`column 1 "c", row 12: -1-0-0: only the years 0 to 9999 can be written as text`:                                                         one(protocol.Date, func(b *protocol.Batch) { b.Date(0).Cells[1].Year = -1 }),
		`column 1 "c", row 12: 10000-0-0: only the years 0 to 9999 can be written as text`:                                                      one(protocol.Timestamp, func(b *protocol.Batch) { b.Timestamp(0).Cells[1].Year = 10000 }),
		`column 1 "c", row 12: 24:0:0.000000000 is no time of day`:                                                                              one(protocol.Timestamp, func(b *protocol.Batch) { b.Timestamp(0).Cells[1].Hour = 24 }),
		`column 1 "c", row 12: not UTF-8`:                                                                                                       one(protocol.Text, func(b *protocol.Batch) { b.Columns()[0].(*protocol.Texts).SetLong(1, []byte{0xff}) }),
		`column 1 "c", row 12: over the limit: 67108865 bytes, a cell has at most 67108864`:                                                     one(protocol.Binary, func(b *protocol.Batch) { b.Binary(0).SetLong(1, make([]byte, 64<<20+1)) }),
		`protocol: rows at byte 0: over the limit: 1000001 rows, a frame has at most 1000000`:                                                   filled(1_000_001, 1),
		`protocol: cells at byte 0: over the limit: 5000100 cells, a frame has at most 5000000`:                                                 filled(50_001, 100),
		`protocol: columns at byte 0: over the limit: 4097 columns, a frame has at most 4096`:                                                   protocol.NewBatch(many, 0),
		`protocol: column 1 "c" at byte 0: not known to this version of the package: a frame has no place for readers; give the column as text`: readers,
		`column 1 "c", row 1: NULL in a column generated as not null`:                                                                           failed,
		`protocol: column 1 "" at byte 0: not known to this version of the package: a name is UTF-8 of at most 65535 bytes`:                     protocol.NewBatch([]protocol.ColumnSpec{{Name: strings.Repeat("n", 65536), Kind: protocol.Bool}}, 0),
	} {
		for _, f := range []protocol.Format{formats["v1"], formats["v2"]} {
			dst, err := f.Append([]byte("before"), b)
			require.EqualError(t, err, want)
			require.Equal(t, "before", string(dst))
		}
	}
	_, err := protocol.Format{Version: 4}.Append(nil, readers)
	require.ErrorIs(t, err, protocol.ErrUnsupported)
}

// filled returns a Batch with so many rows of NULLs.
func filled(rows, columns int) *protocol.Batch {
	specs := make([]protocol.ColumnSpec, columns)
	for i := range specs {
		specs[i] = protocol.ColumnSpec{Kind: protocol.Bool}
	}
	b := protocol.NewBatch(specs, rows)
	b.SetRows(rows, 0)
	for _, c := range b.Columns() {
		for i := range c.Indicators() {
			c.Indicators()[i] = protocol.Null
		}
	}
	return b
}

// TestMostRows: as many rows as are written are read.
func TestMostRows(t *testing.T) {
	most := filled(1_000_000, 2)
	for _, f := range []protocol.Format{formats["v1"], formats["v2"]} {
		frame, err := f.Append(nil, most)
		require.NoError(t, err)
		b, err := new(protocol.Decoder).Decode(frame)
		require.NoError(t, err)
		require.Equal(t, 1_000_000, b.Len())
	}
}

// TestPayloadLimit: a frame over the limit of readers is not written.
func TestPayloadLimit(t *testing.T) {
	b := protocol.NewBatch([]protocol.ColumnSpec{{Name: "c", Kind: protocol.Binary}}, 5)
	b.SetRows(5, 0)
	cell := make([]byte, 64<<20)
	for i := range 5 {
		b.Binary(0).SetLong(i, cell)
	}
	for _, f := range []protocol.Format{formats["v1"], formats["v2-lz4"]} {
		_, err := f.Append(nil, b)
		require.ErrorIs(t, err, protocol.ErrLimit)
	}
}
