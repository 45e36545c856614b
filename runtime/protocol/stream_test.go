package protocol_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

var (
	plainRows     = protocol.Format{Version: protocol.RowMajor}
	columnsLZ4    = protocol.Format{Version: protocol.Columnar, Compression: protocol.LZ4}
	packedZstd    = protocol.Format{Version: protocol.Packed, Compression: protocol.Zstd}
	streamFormats = []protocol.Format{{}, plainRows, columnsLZ4, packedZstd, {Version: protocol.Packed}}
)

var people = []protocol.ColumnSpec{{Name: "id", Kind: protocol.Int32}, {Name: "name", Kind: protocol.Text}}

// peopleFrom returns a Batch of rows with the ids from first on, every fourth nameless.
func peopleFrom(first, rows int) *protocol.Batch {
	b := protocol.NewBatch(people, 0)
	for id := first; id < first+rows; id++ {
		b.Int32(0).Append(int32(id))
		name := fmt.Sprint("name ", id)
		b.Text(1).AppendPtr(map[bool]*string{false: &name}[id%4 == 0])
		b.EndRow()
	}
	return b
}

// written returns the bytes of batches of so many rows each.
func written(t testing.TB, f protocol.Format, rows ...int) []byte {
	var to bytes.Buffer
	w := protocol.NewWriter(&to, f)
	first := 0
	for _, n := range rows {
		require.NoError(t, w.Write(peopleFrom(first, n)))
		first += n
	}
	require.NoError(t, w.Close())
	require.EqualValues(t, first, w.Rows())
	require.EqualValues(t, to.Len(), w.Bytes())
	return to.Bytes()
}

// read returns what a Reader has before its error, rows as text.
func read(r *protocol.Reader) (items []string, err error) {
	for {
		item, err := r.Next()
		switch {
		case err != nil:
			return items, err
		case item.Batch == nil:
			items = append(items, fmt.Sprint("count ", item.Count))
		default:
			items = append(items, fmt.Sprint("set ", item.Batch.Len()))
			for row := range item.Batch.Len() {
				items = append(items, fmt.Sprint(item.Batch.Int32(0).At(row), " ", item.Batch.Text(1).Null(row).V))
			}
		}
	}
}

func TestStream(t *testing.T) {
	want := []string{"set 3", "0 ", "1 name 1", "2 name 2", "set 0", "set 2", "3 name 3", "4 "}
	for _, f := range streamFormats {
		data := written(t, f, 3, 0, 2)
		if f.Version == protocol.Packed {
			want = append(want[:8:8], "set 0")
		}
		for name, from := range map[string]io.Reader{
			"at once":           bytes.NewReader(data),
			"byte by byte":      iotest.OneByteReader(bytes.NewReader(data)),
			"halves":            iotest.HalfReader(bytes.NewReader(data)),
			"the end with data": iotest.DataErrReader(bytes.NewReader(data)),
		} {
			r := protocol.NewReader(from, nil)
			got, err := read(r)
			require.Equal(t, io.EOF, err, "%v %s", f, name)
			require.Equal(t, want, got, "%v %s", f, name)
			require.EqualValues(t, 5, r.Rows())
			require.EqualValues(t, len(data), r.Offset())
			_, err = r.Next()
			require.Equal(t, io.EOF, err)
		}
	}
}

// TestStreamOfReference: frames go as the reference streams several results.
func TestStreamOfReference(t *testing.T) {
	var to bytes.Buffer
	w := protocol.NewWriter(&to, plainRows)
	require.NoError(t, w.Count(42))
	require.NoError(t, w.Write(protocol.NewBatch(nil, 0)))
	require.NoError(t, w.Count(-1))
	require.NoError(t, w.Close())
	// The envelope of vectors 5 and 6 without its header.
	require.Equal(t, append(vector(t, "05-count")[12:], vector(t, "06-set-and-count")[12:]...), to.Bytes())
	got, err := read(protocol.NewReader(&to, nil))
	require.Equal(t, io.EOF, err)
	require.Equal(t, []string{"count 42", "set 0", "count -1"}, got)
}

func TestStreamForms(t *testing.T) {
	rows, frames := vector(t, "02-rows"), vector(t, "03-columns")
	envelope, err := (&protocol.Message{Results: []protocol.Result{{Count: 2}, {Frame: rows}, {Frame: frames}, {Count: 1}}}).Append(nil)
	require.NoError(t, err)
	set := []string{"set 2", "7 Al", "0 "}
	for _, test := range []struct {
		data []byte
		want []string
	}{
		{nil, nil},
		{append(bytes.Clone(rows), rows...), append(set, set...)},
		{frames, set},
		{envelope, append(append([]string{"count 2"}, append(set, set...)...), "count 1")},
		{vector(t, "05-count"), []string{"count 42"}},
		{vector(t, "06-set-and-count"), []string{"set 0", "count -1"}},
		{unhex(t, "4d554c54 0200 0000 00000000"), nil},
		{written(t, packedZstd), []string{"set 0"}},
	} {
		r := protocol.NewReader(iotest.OneByteReader(bytes.NewReader(test.data)), nil)
		got, err := read(r)
		require.Equal(t, io.EOF, err)
		require.Equal(t, test.want, got)
		require.EqualValues(t, len(test.data), r.Offset())
	}
}

// TestF40_BrokenStreamCut: a stream ends where it was closed; in versions 1 and 2 a cut at a
// border of frames looks the same, in version 3 it does not.
func TestF40_BrokenStreamCut(t *testing.T) {
	for _, f := range streamFormats {
		data := written(t, f, 1, 0, 2)
		borders := bordersOf(t, data)
		for n := 1; n < len(data); n++ {
			r := protocol.NewReader(bytes.NewReader(data[:n]), nil)
			_, err := read(r)
			if f.Version != protocol.Packed && borders[int64(n)] {
				require.Equal(t, io.EOF, err, "%v cut after %d bytes", f, n)
			} else {
				require.ErrorIs(t, err, protocol.ErrTruncated, "%v cut after %d bytes", f, n)
				requirePlace(t, err)
			}
			require.True(t, borders[r.Offset()], "%v cut after %d bytes", f, n)
			require.LessOrEqual(t, r.Offset(), int64(n))
			_, again := r.Next()
			require.Equal(t, err, again)
		}
	}
	envelope, err := (&protocol.Message{Results: []protocol.Result{{Count: 2}, {Frame: vector(t, "02-rows")}}}).Append(nil)
	require.NoError(t, err)
	for n := 1; n < len(envelope); n++ {
		_, err := read(protocol.NewReader(bytes.NewReader(envelope[:n]), nil))
		require.ErrorIs(t, err, protocol.ErrTruncated, "cut after %d bytes", n)
	}
}

func bordersOf(t *testing.T, data []byte) map[int64]bool {
	borders := map[int64]bool{0: true}
	r := protocol.NewReader(bytes.NewReader(data), nil)
	for {
		_, err := r.Next()
		if err == io.EOF {
			return borders
		}
		require.NoError(t, err)
		borders[r.Offset()] = true
	}
}

// TestResume: what follows a border is read as if nothing had been in between, and can
// be written by another Writer.
func TestResume(t *testing.T) {
	for _, f := range streamFormats {
		whole := written(t, f, 3, 2, 4)
		for border := range bordersOf(t, whole) {
			before := protocol.NewReader(bytes.NewReader(whole[:border]), nil)
			_, _ = read(before)
			require.Equal(t, border, before.Offset())
			after := protocol.ResumeReader(bytes.NewReader(whole[border:]), nil, before.Rows())
			_, err := read(after)
			require.Equal(t, io.EOF, err)
			require.EqualValues(t, 9, after.Rows())
		}

		var to bytes.Buffer
		w := protocol.NewWriter(&to, f)
		require.NoError(t, w.Write(peopleFrom(0, 3)))
		require.NoError(t, w.Write(peopleFrom(3, 2)))
		w = protocol.ResumeWriter(&to, f, w.Rows())
		require.NoError(t, w.Write(peopleFrom(5, 4)))
		require.NoError(t, w.Close())
		require.Equal(t, whole, to.Bytes())
	}

	whole := written(t, packedZstd, 3, 2)
	one := protocol.NewReader(bytes.NewReader(whole), nil)
	_, err := one.Next()
	require.NoError(t, err)
	rest := whole[one.Offset():]
	unknown := protocol.ResumeReader(bytes.NewReader(rest), nil, -1)
	require.Zero(t, unknown.Rows())
	_, err = read(unknown)
	require.Equal(t, io.EOF, err)
	require.EqualValues(t, 5, unknown.Rows())
	for _, rows := range []int64{0, 2, 4} {
		_, err = read(protocol.ResumeReader(bytes.NewReader(rest), nil, rows))
		require.ErrorIs(t, err, protocol.ErrCorrupt)
	}
	plain := protocol.ResumeReader(bytes.NewReader(written(t, plainRows, 2)), nil, -1)
	_, err = read(plain)
	require.Equal(t, io.EOF, err)
	require.EqualValues(t, 2, plain.Rows())
}

// TestResumedIsNoEmptySet: a Writer that goes on has no set of its own to write.
func TestResumedIsNoEmptySet(t *testing.T) {
	var to bytes.Buffer
	w := protocol.ResumeWriter(&to, plainRows, 3)
	w.Columns(people)
	require.NoError(t, w.Close())
	require.Zero(t, to.Len())
}

// TestEmptySet: no rows are not the same as no set.
func TestEmptySet(t *testing.T) {
	for _, f := range streamFormats {
		var to bytes.Buffer
		w := protocol.NewWriter(&to, f)
		w.Columns(people)
		require.Zero(t, to.Len())
		require.NoError(t, w.Close())
		require.NoError(t, w.Close())
		r := protocol.NewReader(&to, &protocol.Decoder{Columns: people})
		item, err := r.Next()
		require.NoError(t, err)
		require.Zero(t, item.Batch.Len())
		require.Equal(t, "name", item.Batch.Columns()[1].Name())
		_, err = r.Next()
		require.Equal(t, io.EOF, err)
		require.EqualError(t, w.Write(peopleFrom(0, 1)), "protocol: the Writer is closed")
	}
	var to bytes.Buffer
	require.NoError(t, protocol.NewWriter(&to, columnsLZ4).Close())
	require.Zero(t, to.Len())
	w := protocol.NewWriter(&to, columnsLZ4) // the columns come with rows
	w.Columns(people)
	require.NoError(t, w.Write(peopleFrom(0, 1)))
	require.NoError(t, w.Close())
	got, err := read(protocol.NewReader(&to, nil))
	require.Equal(t, io.EOF, err)
	require.Equal(t, []string{"set 1", "0 "}, got)
}

// TestLastIsTheEnd: what follows a result of version 3 is not touched.
func TestLastIsTheEnd(t *testing.T) {
	data := written(t, packedZstd, 2)
	from := bytes.NewReader(append(bytes.Clone(data), "something else"...))
	_, err := read(protocol.NewReader(from, nil))
	require.Equal(t, io.EOF, err)
	rest, err := io.ReadAll(from)
	require.NoError(t, err)
	require.Equal(t, "something else", string(rest))
}

func TestReaderRefuses(t *testing.T) {
	rows, frames := vector(t, "02-rows"), vector(t, "03-columns")
	tagged := func(frame []byte) []byte { return append(unhex(t, fmt.Sprintf("00 %02x000000", len(frame))), frame...) }
	whole := written(t, packedZstd, 2, 2)
	one := protocol.NewReader(bytes.NewReader(whole), nil)
	_, err := one.Next()
	require.NoError(t, err)
	part := whole[:one.Offset()]
	var other bytes.Buffer
	more := protocol.ResumeWriter(&other, packedZstd, 2)
	more.Columns(people[:1])
	require.NoError(t, more.Close())
	for _, test := range []struct {
		name string
		data []byte
		want error
		sets int
	}{
		{"garbage", []byte("garbage"), protocol.ErrCorrupt, 0},
		{"the reserved tag", unhex(t, "fe 00000000"), protocol.ErrCorrupt, 0},
		{"an unknown tag", append(tagged(rows), unhex(t, "02 00000000")...), protocol.ErrCorrupt, 1},
		{"a short row count", unhex(t, "01 07000000 00000000000000"), protocol.ErrCorrupt, 0},
		{"too long a frame", unhex(t, "00 01000010"), protocol.ErrLimit, 0},
		{"a length that is too long", append(unhex(t, "00 31000000"), append(rows, 0)...), protocol.ErrCorrupt, 0},
		{"a length that is too short", append(unhex(t, "00 2f000000"), rows...), protocol.ErrCorrupt, 0},
		{"a length shorter than a header", append(unhex(t, "00 05000000"), rows...), protocol.ErrCorrupt, 0},
		{"another version", append(bytes.Clone(rows), frames...), protocol.ErrCorrupt, 1},
		{"another version with a tag", append(tagged(rows), tagged(frames)...), protocol.ErrCorrupt, 1},
		{"bytes behind a frame", append(bytes.Clone(rows), "OUT1\x00\x00\x00\x00"...), protocol.ErrCorrupt, 1},
		{"bytes behind an envelope", append(vector(t, "06-set-and-count"), "OUT1\x00\x00\x00\x00"...), protocol.ErrCorrupt, 1},
		{"another envelope", unhex(t, "4d554c54 0300 0000 00000000"), protocol.ErrUnsupported, 0},
		{"no envelope", []byte("MULLED WINE..."), protocol.ErrCorrupt, 0},
		{"too many results", unhex(t, "4d554c54 0200 0000 01400000"), protocol.ErrLimit, 0},
		{"a frame twice", append(bytes.Clone(part), part...), protocol.ErrCorrupt, 1},
		{"other columns", append(bytes.Clone(part), other.Bytes()...), protocol.ErrCorrupt, 1},
		{"a frame left out", whole[one.Offset():], protocol.ErrCorrupt, 0},
		{"a part of a result with a tag", append(unhex(t, fmt.Sprintf("00 %02x%02x0000", len(part)&0xFF, len(part)>>8)), part...), protocol.ErrTruncated, 0},
	} {
		r := protocol.NewReader(bytes.NewReader(test.data), nil)
		got, err := read(r)
		require.ErrorIs(t, err, test.want, test.name)
		requirePlace(t, err)
		require.Equal(t, test.sets, strings.Count(strings.Join(got, "\n"), "set"), test.name)
	}
}

func TestReaderSaysWhere(t *testing.T) {
	data := append(unhex(t, "01 08000000 0000000000000000"), unhex(t, "07 00000000")...)
	_, err := read(protocol.NewReader(bytes.NewReader(data), nil))
	require.EqualError(t, err, "protocol: result at byte 13: damaged: tag 7")
}

// TestReaderPassesErrorsOn: what is wrong with the io.Reader is not wrong with the bytes.
func TestReaderPassesErrorsOn(t *testing.T) {
	lost := errors.New("connection lost")
	for _, f := range streamFormats {
		data := written(t, f, 2, 2)
		for n := range data {
			for _, want := range []error{lost, io.ErrUnexpectedEOF} {
				_, err := read(protocol.NewReader(io.MultiReader(bytes.NewReader(data[:n]), iotest.ErrReader(want)), nil))
				require.ErrorIs(t, err, want)
				require.NotErrorIs(t, err, protocol.ErrTruncated)
			}
		}
	}
	_, err := protocol.NewReader(idle{}, nil).Next()
	require.ErrorIs(t, err, io.ErrNoProgress)
}

type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

// TestReaderLie: a length that is a lie takes no memory.
func TestReaderLie(t *testing.T) {
	for _, lie := range []string{"4342444f 0100 0000 00000000 00000010", "4342444f 0200 0000 0000 00000000 00 00000010", "00 00000010 4342444f 0100 0000 00000000 f0ffff0f"} {
		grown := allocated(func() {
			_, err := protocol.NewReader(bytes.NewReader(append(unhex(t, lie), 1, 2, 3, 4)), nil).Next()
			require.ErrorIs(t, err, protocol.ErrTruncated)
		})
		require.Less(t, grown, uint64(256<<10))
	}
}

func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestReaderLimits(t *testing.T) {
	for _, f := range streamFormats {
		data := written(t, f, 100)
		_, err := read(protocol.NewReader(bytes.NewReader(data), &protocol.Decoder{Limits: protocol.Limits{Payload: 64}}))
		require.ErrorIs(t, err, protocol.ErrLimit)
		_, err = read(protocol.NewReader(bytes.NewReader(data), &protocol.Decoder{Limits: protocol.Limits{Rows: 99}}))
		require.ErrorIs(t, err, protocol.ErrLimit)
	}
}

// TestErrorRowsAreAbsolute: the row of a cell at fault is that of the result.
func TestErrorRowsAreAbsolute(t *testing.T) {
	for _, f := range streamFormats {
		r := protocol.NewReader(bytes.NewReader(written(t, f, 5, 5)), nil)
		_, err := r.Next()
		require.NoError(t, err)
		item, err := r.Next()
		require.NoError(t, err)
		item.Batch.Text(1).At(3) // the ninth has no name
		var cell *protocol.CellError
		require.ErrorAs(t, item.Batch.Err(), &cell)
		require.EqualValues(t, 8, cell.Row)
	}
}

func TestWriterCount(t *testing.T) {
	w := protocol.NewWriter(io.Discard, packedZstd)
	require.ErrorContains(t, w.Count(1), "version 3")
	require.NoError(t, w.Write(peopleFrom(0, 1)), "it can go on")
}

func TestWriterColumns(t *testing.T) {
	w := protocol.NewWriter(io.Discard, packedZstd)
	w.Columns(people)
	require.ErrorContains(t, w.Write(protocol.NewBatch(people[:1], 0)), "1 columns in a result of 2")
	other := []protocol.ColumnSpec{people[0], {Name: "name", Kind: protocol.JSON}}
	require.EqualError(t, w.Write(protocol.NewBatch(other, 0)), `protocol: write: column 2 is "name" of kind json, and before it was "name" of kind text`)
	require.NoError(t, w.Write(peopleFrom(0, 1)))
	require.Error(t, w.Write(protocol.NewBatch(other, 0)))
}

// recorder counts calls, takes room bytes and then fails.
type recorder struct {
	calls, room int
	err         error
}

func (r *recorder) Write(p []byte) (int, error) {
	r.calls++
	n := min(len(p), r.room)
	r.room -= n
	if n < len(p) {
		return n, r.err
	}
	return n, nil
}

func TestWriterError(t *testing.T) {
	full := errors.New("disk full")
	for _, f := range streamFormats {
		to := &recorder{room: math.MaxInt}
		w := protocol.NewWriter(to, f)
		require.NoError(t, w.Write(peopleFrom(0, 2)))
		require.Equal(t, 1, to.calls)
		bytes := w.Bytes()
		to.room, to.err = 3, full
		err := w.Write(peopleFrom(2, 2))
		require.ErrorIs(t, err, full)
		require.Equal(t, err, w.Write(peopleFrom(2, 2)))
		require.Equal(t, err, w.Count(1))
		require.Equal(t, err, w.Close())
		require.Equal(t, 2, to.calls)
		require.Equal(t, bytes, w.Bytes(), "whole frames")
		require.EqualValues(t, 2, w.Rows())

		short := protocol.NewWriter(&recorder{room: 3}, f)
		require.ErrorIs(t, short.Write(peopleFrom(0, 2)), io.ErrShortWrite)
	}
}

// TestWriterRefusesBatch: a Batch that cannot be sent leaves no trace.
func TestWriterRefusesBatch(t *testing.T) {
	for _, f := range streamFormats {
		var to bytes.Buffer
		w := protocol.NewWriter(&to, f)
		bad := peopleFrom(0, 1)
		bad.Columns()[0].Fail(0, protocol.ErrNull)
		require.ErrorIs(t, w.Write(bad), protocol.ErrNull)
		require.Zero(t, to.Len())
		require.NoError(t, w.Write(peopleFrom(0, 1)))
		require.EqualValues(t, 1, w.Rows())
	}
}

// TestWriterSplits: a Batch over the limits of readers goes as several frames.
func TestWriterSplits(t *testing.T) {
	const rows = 1_000_001
	b := protocol.NewBatch([]protocol.ColumnSpec{{Name: "n", Kind: protocol.Int32}}, rows)
	b.SetRows(rows, 0)
	for i := range b.Int32(0).Cells {
		b.Int32(0).Cells[i] = int32(i)
	}
	requireSplit(t, plainRows, b, []int{1_000_000, 1}, func(got *protocol.Batch, row, at int) bool { return got.Int32(0).At(row) == int32(at) })
	wide := protocol.NewBatch(make8(protocol.Int16), 700_000)
	wide.SetRows(700_000, 0)
	requireSplit(t, protocol.Format{Version: protocol.Packed}, wide, []int{625_000, 75_000}, func(*protocol.Batch, int, int) bool { return true })
}

func make8(kind protocol.Kind) []protocol.ColumnSpec {
	specs := make([]protocol.ColumnSpec, 8)
	for i := range specs {
		specs[i] = protocol.ColumnSpec{Name: fmt.Sprint("c", i), Kind: kind}
	}
	return specs
}

// TestWriterSplitsLongCells: cells that are long together go in frames that are not.
func TestWriterSplitsLongCells(t *testing.T) {
	const rows, size = 4, 60 << 20
	b := protocol.NewBatch([]protocol.ColumnSpec{{Name: "data", Kind: protocol.Binary, Width: 1}}, rows)
	b.SetRows(rows, 0)
	cell := make([]byte, size)
	for row := range rows {
		b.Binary(0).SetLong(row, cell)
	}
	to := &recorder{room: math.MaxInt}
	w := protocol.NewWriter(to, protocol.Format{Version: protocol.Packed})
	require.NoError(t, w.Write(b))
	require.NoError(t, w.Close())
	require.EqualValues(t, rows, w.Rows())
	require.Equal(t, rows+1, to.calls)
}

func requireSplit(t *testing.T, f protocol.Format, b *protocol.Batch, want []int, same func(got *protocol.Batch, row, at int) bool) {
	var to bytes.Buffer
	w := protocol.NewWriter(&to, f)
	require.NoError(t, w.Write(b))
	require.NoError(t, w.Close())
	require.EqualValues(t, b.Len(), w.Rows())
	r := protocol.NewReader(&to, nil)
	at := 0
	for _, rows := range want {
		item, err := r.Next()
		require.NoError(t, err)
		require.Equal(t, rows, item.Batch.Len())
		for row := range rows {
			if !same(item.Batch, row, at) {
				require.Fail(t, "another cell", "row %d", at)
			}
			at++
		}
	}
	require.Equal(t, b.Len(), at)
	if item, err := r.Next(); err != io.EOF {
		require.NoError(t, err)
		require.Zero(t, item.Batch.Len())
	}
}

// BenchmarkStream writes and reads frames of 4,096 rows.
func BenchmarkStream(b *testing.B) {
	for _, f := range []protocol.Format{plainRows, {Version: protocol.Columnar}, {Version: protocol.Packed}} {
		batch := peopleFrom(0, 4096)
		b.Run(fmt.Sprint("write/", f.Version), func(b *testing.B) {
			w := protocol.NewWriter(io.Discard, f)
			for b.Loop() {
				require.NoError(b, w.Write(batch))
			}
			b.SetBytes(w.Bytes() / int64(b.N))
			b.ReportAllocs()
		})
		b.Run(fmt.Sprint("read/", f.Version), func(b *testing.B) {
			data := written(b, f, 4096, 4096)
			d, from := new(protocol.Decoder), new(bytes.Reader)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				from.Reset(data)
				for r := protocol.NewReader(from, d); ; {
					if _, err := r.Next(); err == io.EOF {
						break
					} else if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// FuzzReader: whatever comes, a Reader ends, stays within its limits and says where it
// was; what it took is the beginning of what it was given.
func FuzzReader(f *testing.F) {
	for _, format := range streamFormats {
		f.Add(written(f, format, 2, 0, 1))
	}
	for _, name := range []string{"02-rows", "03-columns", "04-zstd", "05-count", "06-set-and-count", "07-out"} {
		f.Add(vector(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		limits := protocol.Limits{Columns: 16, Rows: 1 << 12, Cells: 1 << 12, Cell: 1 << 12, Payload: 1 << 14, Memory: 1 << 14, Items: 64}
		once := protocol.NewReader(bytes.NewReader(data), &protocol.Decoder{Limits: limits})
		bits := protocol.NewReader(iotest.OneByteReader(bytes.NewReader(data)), &protocol.Decoder{Limits: limits})
		for {
			want, err := once.Next()
			got, other := bits.Next()
			if fmt.Sprint(err) != fmt.Sprint(other) || once.Offset() != bits.Offset() || once.Rows() != bits.Rows() || once.Offset() > int64(len(data)) {
				t.Fatalf("%v and %v, at %d and %d, %d and %d rows", err, other, once.Offset(), bits.Offset(), once.Rows(), bits.Rows())
			}
			if err == io.EOF {
				return
			}
			if err != nil {
				requirePlace(t, err)
				return
			}
			if want.Count != got.Count || (want.Batch == nil) != (got.Batch == nil) || want.Batch != nil && want.Batch.Len() != got.Batch.Len() {
				t.Fatalf("%v and %v", want, got)
			}
		}
	})
}
