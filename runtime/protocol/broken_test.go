package protocol_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// TestF40_BrokenStreamBits: with a bit turned over, a stream of version 3 gives the rows of
// the frames before and an error. Others may give other rows, and never anything but rows,
// a FormatError or the end.
func TestF40_BrokenStreamBits(t *testing.T) {
	for _, f := range streamFormats {
		data := written(t, f, 2, 3)
		whole, err := read(protocol.NewReader(bytes.NewReader(data), nil))
		require.Equal(t, io.EOF, err)
		for bit := range 8 * len(data) {
			broken := bytes.Clone(data)
			broken[bit/8] ^= 1 << (bit % 8)
			r := protocol.NewReader(bytes.NewReader(broken), nil)
			items, err := 0, error(nil)
			for err == nil {
				if _, err = r.Next(); err == nil {
					items++
				}
			}
			if err != io.EOF {
				requirePlace(t, err)
			}
			if f.Version == protocol.Packed {
				require.NotEqual(t, io.EOF, err, "bit %d", bit)
				before, err := read(protocol.NewReader(bytes.NewReader(broken), nil))
				require.Error(t, err)
				require.True(t, slices.Equal(whole[:len(before)], before))
			}
		}
	}
}

// TestF40_BrokenFrame: frames of every kind, cut and turned over, by one Decoder, which then
// still reads a whole one.
func TestF40_BrokenFrame(t *testing.T) {
	random := rand.New(rand.NewPCG(21, 22))
	want := randomBatch(random, 40, false)
	for _, c := range want.Columns() { // days and times that versions 1 and 2 can write
		switch c := c.(type) {
		case *protocol.Dates:
			clear(c.Cells)
		case *protocol.Timestamps:
			clear(c.Cells)
		}
	}
	all := map[string]protocol.Format{"v3": packed, "v3-zstd": packedZstd, "v3-lz4": packedAs(protocol.LZ4)}
	for name, f := range formats {
		all[name] = f
	}
	for name, f := range all {
		frame, err := f.Append(nil, want)
		require.NoError(t, err)
		var d protocol.Decoder
		for range 300 {
			broken := bytes.Clone(frame)
			for range 1 + random.IntN(3) {
				broken[random.IntN(len(broken))] ^= 1 << random.IntN(8)
			}
			if cut := random.IntN(2 * len(broken)); cut < len(broken) {
				broken = broken[:cut]
			}
			if _, err := d.Decode(broken); err != nil {
				requirePlace(t, err)
			} else {
				require.NotEqual(t, protocol.Packed, f.Version, name)
			}
		}
		got, err := d.Decode(frame)
		require.NoError(t, err, name)
		require.Equal(t, want.Len(), got.Len())
	}
}

// TestVectorStreams reads the vectors of streams, at once and in two pieces, and up to each
// byte.
func TestVectorStreams(t *testing.T) {
	for _, test := range []struct {
		vector string
		want   []string
		ends   []int // where a cut stream looks whole
	}{
		{"15-stream", []string{"0 rows", "count 3", "1 rows: 7"}, []int{21, 34}},
		{"16-frames", []string{"2 rows: 7 8", "0 rows:"}, nil},
	} {
		data := vector(t, test.vector)
		items, err := itemsOf(protocol.NewReader(bytes.NewReader(data), nil))
		require.Equal(t, io.EOF, err)
		require.Equal(t, test.want, items)
		for n := 1; n < len(data); n++ {
			items, err := itemsOf(protocol.NewReader(io.MultiReader(bytes.NewReader(data[:n]), bytes.NewReader(data[n:])), nil))
			require.Equal(t, io.EOF, err)
			require.Equal(t, test.want, items)
			items, err = itemsOf(protocol.NewReader(bytes.NewReader(data[:n]), nil))
			require.True(t, slices.Equal(test.want[:len(items)], items))
			if slices.Contains(test.ends, n) {
				require.Equal(t, io.EOF, err)
				continue
			}
			require.ErrorIs(t, err, protocol.ErrTruncated, "%s cut after %d bytes", test.vector, n)
		}
	}
	_, err := protocol.ParseMessage(vector(t, "15-stream"), protocol.Limits{})
	require.ErrorContains(t, err, "streams are for a Reader")
	_, err = new(protocol.Decoder).Decode(vector(t, "16-frames"))
	require.ErrorIs(t, err, protocol.ErrCorrupt, "two frames are not one")
}

// itemsOf returns what a Reader has before its error, with the cells of the first column.
func itemsOf(r *protocol.Reader) (items []string, err error) {
	for {
		item, err := r.Next()
		switch {
		case err != nil:
			return items, err
		case item.Batch == nil:
			items = append(items, "count "+strconv.FormatInt(item.Count, 10))
		default:
			text := strconv.Itoa(item.Batch.Len()) + " rows"
			if len(item.Batch.Columns()) > 0 {
				text += ":"
				for row := range item.Batch.Len() {
					text += " " + strconv.Itoa(int(item.Batch.Int32(0).At(row)))
				}
			}
			items = append(items, text)
		}
	}
}

// TestTaggedPacked: a frame of version 3 in an item is a whole result, so that the stream
// may end behind it.
func TestTaggedPacked(t *testing.T) {
	item := append([]byte{0, 160, 0, 0, 0}, vector(t, "14-packed")...)
	for _, n := range []int{1, 2} {
		items, err := read(protocol.NewReader(bytes.NewReader(bytes.Repeat(item, n)), nil))
		require.Equal(t, io.EOF, err)
		require.Equal(t, slices.Repeat([]string{"set 2", "7 Al", "0 "}, n), items)
	}
}

// TestWriterAfterRefusedBatch: a first Batch that cannot be written says nothing of the
// columns.
func TestWriterAfterRefusedBatch(t *testing.T) {
	var to bytes.Buffer
	w := protocol.NewWriter(&to, packed)
	for _, spec := range []protocol.ColumnSpec{{Name: "\xff", Kind: protocol.Int32}, {Name: "long", Kind: protocol.Text, Reader: true}} {
		bad := protocol.NewBatch([]protocol.ColumnSpec{spec}, 1)
		bad.SetRows(1, 0)
		require.Error(t, w.Write(bad))
		require.Zero(t, to.Len())
	}
	require.NoError(t, w.Write(peopleFrom(0, 1)))
	require.Error(t, w.Write(protocol.NewBatch(nil, 0)))
	require.NoError(t, w.Close())
	items, err := read(protocol.NewReader(&to, nil))
	require.Equal(t, io.EOF, err)
	require.Equal(t, []string{"set 1", "0 ", "set 0"}, items)
}

// TestSplitReaders: long values cannot be in a frame, nor in several.
func TestSplitReaders(t *testing.T) {
	b := protocol.NewBatch([]protocol.ColumnSpec{{Name: "long", Kind: protocol.Text, Reader: true}}, 1_000_001)
	b.SetRows(1_000_001, 0)
	for _, f := range streamFormats {
		require.ErrorIs(t, protocol.NewWriter(io.Discard, f).Write(b), protocol.ErrUnsupported)
	}
}

// TestOddColumns: rows without columns, columns without names, names that are the same, are
// long or have a zero byte.
func TestOddColumns(t *testing.T) {
	rows := protocol.NewBatch(nil, 0)
	rows.SetRows(1_000_000, 0)
	specs := []protocol.ColumnSpec{{Kind: protocol.Int32}, {Kind: protocol.Text}, {Name: "a\x00b", Kind: protocol.Bool}, {Name: "a\x00b", Kind: protocol.Date}}
	specs = append(specs, protocol.ColumnSpec{Name: strings.Repeat("n", 65535), Kind: protocol.Int64})
	odd := protocol.NewBatch(specs, 2)
	odd.SetRows(2, 0)
	for _, f := range []protocol.Format{plainRows, columnsLZ4, packed, packedZstd} {
		for _, b := range []*protocol.Batch{rows, odd} {
			frame, err := f.Append(nil, b)
			require.NoError(t, err)
			got, err := new(protocol.Decoder).Decode(frame)
			require.NoError(t, err)
			requireSame(t, b, got)
		}
		for _, specs := range [][]protocol.ColumnSpec{make([]protocol.ColumnSpec, 65536), {{Name: strings.Repeat("n", 65536)}}} {
			for i := range specs {
				specs[i].Kind = protocol.Int8
			}
			_, err := f.Append(nil, protocol.NewBatch(specs, 0))
			var failed *protocol.FormatError
			require.ErrorAs(t, err, &failed)
		}
	}
}

// TestHugeAmount: an amount with an exponent is sent as it is written, and not as a number
// of a billion digits.
func TestHugeAmount(t *testing.T) {
	frame := frameOf(protocol.Money, []byte("$1e999999999"), []byte("-$1,234.50"))
	b, err := new(protocol.Decoder).Decode(frame)
	require.NoError(t, err)
	for row, want := range []string{"1e999999999", "-1234.50"} {
		values, err := protocol.ValuesOf(b, row)
		require.NoError(t, err)
		require.Equal(t, want, string(values[0].Data))
	}
}
