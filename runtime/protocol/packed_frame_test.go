package protocol

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func frameOfTwo(t *testing.T, c Compression) []byte {
	b := NewBatch([]ColumnSpec{{Name: "id", Kind: Int64}, {Name: "name", Kind: Text}}, 0)
	for i := range 40 {
		b.Int64(0).Append(int64(i))
		b.Text(1).Append(strings.Repeat("abc", i))
		b.EndRow()
	}
	frame, err := Format{Version: Packed, Compression: c}.Append(nil, b)
	require.NoError(t, err)
	return frame
}

// TestPackedFrame: a Batch is written as the frame that it came as, with a header of its
// own.
func TestPackedFrame(t *testing.T) {
	for _, c := range []Compression{Uncompressed, Zstd, LZ4} {
		frame := frameOfTwo(t, c)
		var d Decoder
		b, err := d.Decode(frame)
		require.NoError(t, err)
		require.NotNil(t, b.frame)
		for _, wanted := range []Compression{Uncompressed, Zstd, LZ4} {
			require.Equal(t, c == wanted, b.frame.isAs(wanted))
			again, err := Format{Version: Packed, Compression: wanted}.Append([]byte("before"), b)
			require.NoError(t, err)
			require.Equal(t, frameOfTwo(t, wanted), again[len("before"):])
		}
		var out bytes.Buffer
		w := ResumeWriter(&out, Format{Version: Packed, Compression: c}, 7)
		require.NoError(t, w.Write(b))
		head, err := readPackedHead(out.Bytes(), &DefaultLimits)
		require.NoError(t, err)
		require.Equal(t, int64(7), head.first)
		require.False(t, head.last)
		require.Equal(t, frame[packedHeader:], out.Bytes()[packedHeader:])
	}
}

// TestPackedFrameChanged: whatever changes a Batch makes it no more that frame.
func TestPackedFrameChanged(t *testing.T) {
	frame := frameOfTwo(t, Uncompressed)
	for name, change := range map[string]func(b *Batch){
		"Keep":         func(b *Batch) { b.Keep(b.rows) },
		"SetRows":      func(b *Batch) { b.SetRows(b.rows, 0) },
		"Reset":        (*Batch).Reset,
		"DropRow":      (*Batch).DropRow,
		"EndRow":       func(b *Batch) { b.rows--; b.EndRow() },
		"Append":       func(b *Batch) { b.Int64(0).Append(1) },
		"AppendNull":   func(b *Batch) { b.Int64(0).AppendPtr(nil) },
		"CopyCell":     func(b *Batch) { b.CopyCell(0, b.columns[0], 0) },
		"SetLong":      func(b *Batch) { b.Text(1).SetLong(0, nil) },
		"Resize":       func(b *Batch) { b.Text(1).Resize(5, b.rows) },
		"Lend":         func(b *Batch) { b.Text(1).Lend([]byte("x")) },
		"no next rows": func(b *Batch) { b.SetRows(0, 0) },
	} {
		b, err := new(Decoder).Decode(frame)
		require.NoError(t, err)
		require.NotNil(t, b.frame)
		change(b)
		require.Nil(t, b.frame, name)
	}
}

// TestPackedFrameOfOthers: what columns are wanted as is what is written.
func TestPackedFrameOfOthers(t *testing.T) {
	frame := frameOfTwo(t, Uncompressed)
	for _, columns := range [][]ColumnSpec{
		{{Name: "ID", Kind: Int64}, {Name: "name", Kind: Text}},
		{{Name: "id", Kind: Int32}, {Name: "name", Kind: Text}},
		{{Name: "id", Kind: Int64}, {Name: "name", Kind: NText}},
	} {
		d := Decoder{Columns: columns}
		b, err := d.Decode(frame)
		require.NoError(t, err)
		require.Nil(t, b.frame)
		again, err := Format{Version: Packed}.Append(nil, b)
		require.NoError(t, err)
		back, err := new(Decoder).Decode(again)
		require.NoError(t, err)
		require.Equal(t, columnsOf(b), columnsOf(back))
	}

	var d Decoder
	b, err := d.Decode(frame)
	require.NoError(t, err)
	_, err = d.Decode(frame[:len(frame)-1])
	require.Error(t, err)
	_, err = d.Decode(append(bytes.Clone(frame[:len(frame)-1]), 1))
	require.Error(t, err)
	require.Nil(t, b.frame, "the bytes that it came from may be gone")
}

// TestPackedAtOnce: frames are the same, however many work.
func TestPackedAtOnce(t *testing.T) {
	b := NewBatch([]ColumnSpec{{Name: "a", Kind: Int64}, {Name: "b", Kind: Text}, {Name: "c", Kind: Bool}, {Name: "d", Kind: Text}}, 0)
	for i := range 5000 {
		b.Int64(0).Append(int64(i * i))
		b.Text(1).Append(strings.Repeat("abcdefghij"[i%10:], i%7))
		b.Bool(2).Append(i%3 == 0)
		b.Text(3).Append(strings.Repeat("klmnop"[i%6:], i%9))
		b.EndRow()
	}
	for _, c := range []Compression{Zstd, LZ4} {
		var frames [][]byte
		for _, processors := range []int{1, 4} {
			before := runtime.GOMAXPROCS(processors)
			for range 3 {
				frame, err := Format{Version: Packed, Compression: c}.Append(nil, b)
				require.NoError(t, err)
				frames = append(frames, frame)
			}
			runtime.GOMAXPROCS(before)
		}
		for _, frame := range frames {
			require.Equal(t, frames[0], frame)
		}
		_, err := new(Decoder).Decode(frames[0])
		require.NoError(t, err)
	}
}
