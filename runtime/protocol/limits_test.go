package protocol_test

import (
	"encoding/binary"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// TestLimits: a frame is taken at each limit, and refused by one less.
func TestLimits(t *testing.T) {
	b := protocol.NewBatch([]protocol.ColumnSpec{{Name: "a", Kind: protocol.Text}, {Name: "b", Kind: protocol.Int32}}, 0)
	for range 3 {
		b.Text(0).Append(strings.Repeat("long", 100))
		b.Int32(1).Append(1)
		b.EndRow()
	}
	for name, f := range formats {
		frame, err := f.Append(nil, b)
		require.NoError(t, err)
		payload := int64(len(frame) - headerOf(frame))
		memory := int64(3*405 + 3*5)
		if name == "v1" {
			memory += 3 * 4 // lengths of integers
		}
		for part, limit := range map[string]struct{ at, below protocol.Limits }{
			"columns": {protocol.Limits{Columns: 2}, protocol.Limits{Columns: 1}},
			"rows":    {protocol.Limits{Rows: 3}, protocol.Limits{Rows: 2}},
			"cells":   {protocol.Limits{Cells: 6}, protocol.Limits{Cells: 5}},
			"cell":    {protocol.Limits{Cell: 400}, protocol.Limits{Cell: 399}},
			"payload": {protocol.Limits{Payload: payload}, protocol.Limits{Payload: payload - 1}},
			"memory":  {protocol.Limits{Memory: memory}, protocol.Limits{Memory: memory - 1}},
		} {
			_, err := (&protocol.Decoder{Limits: limit.at}).Decode(frame)
			require.NoError(t, err, "%s of %s", part, name)
			_, err = (&protocol.Decoder{Limits: limit.below}).Decode(frame)
			require.ErrorIs(t, err, protocol.ErrLimit, "%s of %s", part, name)
		}
	}
}

// TestLies: what the header and lengths say is not believed, and nothing is allocated
// for it.
func TestLies(t *testing.T) {
	set32 := func(at int, v uint32) func([]byte) []byte {
		return func(b []byte) []byte { binary.LittleEndian.PutUint32(b[at:], v); return b }
	}
	set8 := func(at int, v byte) func([]byte) []byte {
		return func(b []byte) []byte { b[at] = v; return b }
	}
	for _, test := range []struct {
		name, vector string
		lie          func([]byte) []byte
		want         error
	}{
		{"magic", "02-rows", set8(0, 'D'), protocol.ErrCorrupt},
		{"constant of the reference that it never writes", "02-rows", set32(0, 0x4342444F), protocol.ErrCorrupt},
		{"version 0", "02-rows", set8(4, 0), protocol.ErrUnsupported},
		{"version 4", "02-rows", set8(4, 4), protocol.ErrUnsupported},
		{"a million rows", "02-rows", set32(8, 1_000_000), protocol.ErrCorrupt},
		{"a million rows in columns", "03-columns", set32(10, 1_000_000), protocol.ErrCorrupt},
		{"a million rows, compressed", "04-zstd", set32(10, 1_000_000), protocol.ErrCorrupt},
		{"4,000 columns", "02-rows", set32(6, 4000), protocol.ErrCorrupt},
		{"256 MiB", "02-rows", set32(12, 256<<20), protocol.ErrTruncated},
		{"4 GiB", "02-rows", set32(12, 1<<32-1), protocol.ErrLimit},
		{"4 GiB of columns", "03-columns", set32(15, 1<<32-1), protocol.ErrLimit},
		{"a cell of 64 MiB", "02-rows", set32(40, 64<<20), protocol.ErrCorrupt},
		{"a cell of 4 GiB", "02-rows", set32(40, 1<<32-1), protocol.ErrLimit},
		{"a cell of 4 GiB in a column", "03-columns", set32(50, 1<<32-1), protocol.ErrLimit},
		{"neither NULL nor text in a column", "03-columns", set8(49, 2), protocol.ErrCorrupt},
		{"a cell that ends too late", "03-columns", set32(50, 4), protocol.ErrCorrupt},
		{"a cell that ends too early", "03-columns", set32(50, 1), protocol.ErrCorrupt},
		{"neither NULL nor a value", "02-rows", set8(30, 2), protocol.ErrCorrupt},
		{"neither NULL nor an integer", "03-columns", set8(30, 0xff), protocol.ErrCorrupt},
		{"a name that is not UTF-8", "02-rows", set8(20, 0xff), protocol.ErrCorrupt},
		{"a cell that is not UTF-8", "03-columns", set8(54, 0xff), protocol.ErrCorrupt},
		{"flags", "03-columns", set8(6, 1), protocol.ErrUnsupported},
		{"a compression that was not asked for", "04-zstd", set8(14, 0), protocol.ErrCorrupt},
		{"asked for twice", "04-zstd", set8(14, 2), protocol.ErrCorrupt},
		{"compressed twice", "04-zstd", set8(24, 2), protocol.ErrCorrupt},
		{"a compression of nobody", "04-zstd", set8(25, 3), protocol.ErrUnsupported},
		{"another compression", "04-zstd", set8(25, 2), protocol.ErrCorrupt},
		{"a shorter column", "03-columns", set8(26, 5), protocol.ErrCorrupt},
		{"no rows, but cells", "02-rows", set8(8, 0), protocol.ErrCorrupt},
		{"no rows, but a column", "03-columns", set8(10, 0), protocol.ErrCorrupt},
	} {
		t.Run(test.name, func(t *testing.T) {
			data := test.lie(slices.Clone(vector(t, test.vector)))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := new(protocol.Decoder).Decode(data)
			runtime.ReadMemStats(&after)
			require.ErrorIs(t, err, test.want)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4<<20)) // a decoder of zstd is some of it
		})
	}
}

// TestOneLongCell: a long cell beside many rows takes its own length once.
func TestOneLongCell(t *testing.T) {
	cells := make([][]byte, 1_000_000)
	cells[500_000] = make([]byte, 60<<20)
	frame := frameOf(protocol.Binary, cells...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	b, err := new(protocol.Decoder).Decode(frame)
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	require.Len(t, b.Binary(0).Bytes(500_000), 60<<20)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(80<<20))
}

func FuzzDecodeRows(f *testing.F) {
	f.Add(vector(f, "01-empty"), byte(0))
	f.Add(vector(f, "02-rows"), byte(1))
	fuzzFrames(f, protocol.RowMajor)
}

func FuzzDecodeColumns(f *testing.F) {
	f.Add(vector(f, "03-columns"), byte(0))
	f.Add(vector(f, "04-zstd"), byte(1))
	fuzzFrames(f, protocol.Columnar)
}

// fuzzFrames: what is read is written again and read as the same, within bounds of memory.
func fuzzFrames(f *testing.F, version protocol.Version) {
	for _, name := range []string{"numeric", "floats", "mixed"} {
		b := benchBatch(name)
		b.SetRows(6, 0) // longer seeds take the fuzzer minutes to make shorter
		for c := range protocol.LZ4 + 1 {
			frame, err := protocol.Format{Version: version, Compression: c}.Append(nil, b)
			require.NoError(f, err)
			f.Add(frame, byte(c))
		}
	}
	limits := protocol.Limits{Columns: 50, Rows: 1000, Cells: 5000, Cell: 1 << 14, Payload: 1 << 16, Memory: 1 << 16}
	f.Fuzz(func(t *testing.T, data []byte, compression byte) {
		d := protocol.Decoder{Limits: limits}
		b, err := d.Decode(data)
		if err != nil {
			requireFormatError(t, err)
			return
		}
		format := protocol.Format{Version: max(1, min(protocol.Version(data[4]), 2)), Compression: protocol.Compression(compression % 3)}
		frame, err := format.Append(nil, b)
		require.NoError(t, err)
		again, err := new(protocol.Decoder).Decode(frame)
		require.NoError(t, err)
		if !slices.Equal(cellsOf(b), cellsOf(again)) {
			requireSame(t, b, again)
		}
	})
}

// requireFormatError is quicker than testify, which a fuzzer feels.
func requireFormatError(t *testing.T, err error) {
	if format, ok := errors.AsType[*protocol.FormatError](err); ok {
		for _, reason := range []error{protocol.ErrTruncated, protocol.ErrLimit, protocol.ErrCorrupt, protocol.ErrUnsupported} {
			if errors.Is(format, reason) {
				return
			}
		}
	}
	t.Fatalf("%v is no FormatError", err)
}
