package protocol_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

var packed = protocol.Format{Version: protocol.Packed}

var compressions = []protocol.Compression{protocol.Uncompressed, protocol.Zstd, protocol.LZ4}

func packedAs(c protocol.Compression) protocol.Format {
	return protocol.Format{Version: protocol.Packed, Compression: c}
}

// TestPackedRandom: what is written is read, whatever the kinds and NULLs are; from
// slots, and as the Decoder holds it.
func TestPackedRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var d, again protocol.Decoder
	for round := range 60 {
		rows := random.IntN(3) * random.IntN(90)
		b := randomBatch(random, rows, round%3 == 0)
		for _, c := range compressions {
			frame, err := packedAs(c).Append(nil, b)
			require.NoError(t, err)
			got, err := d.Decode(frame)
			require.NoError(t, err)
			requireCells(t, b, got)

			plain, err := packed.Append([]byte("xyz"), got) // where nothing is aligned
			require.NoError(t, err)
			require.Equal(t, "xyz", string(plain[:3]))
			got, err = again.Decode(plain[3:])
			require.NoError(t, err)
			requireCells(t, b, got)
		}
	}
}

// randomBatch has a column of each kind. Where a cell is NULL there is what another
// row may have left.
func randomBatch(random *rand.Rand, rows int, full bool) *protocol.Batch {
	var specs []protocol.ColumnSpec
	for i, kind := range protocol.Kinds() {
		specs = append(specs, protocol.ColumnSpec{Name: fmt.Sprintf("%d世", i), Kind: kind, Width: 1 + random.IntN(60)})
	}
	b := protocol.NewBatch(specs, rows)
	b.SetRows(rows, 0)
	for _, c := range b.Columns() {
		odd := random.IntN(3) == 0 // has cells that are not as the Decoder would write them
		for row := range rows {
			fill(random, c, row, odd)
			if !full && random.IntN(4) == 0 {
				c.Indicators()[row] = protocol.Null
			}
		}
	}
	return b
}

func fill(random *rand.Rand, c protocol.Column, row int, odd bool) {
	switch c := c.(type) {
	case *protocol.Bools:
		c.Cells[row] = uint8(random.IntN(2))
	case *protocol.Dates:
		c.Cells[row] = protocol.DateCell{Year: int16(random.Uint32()), Month: uint16(random.IntN(16)), Day: uint16(random.IntN(32))}
	case *protocol.Timestamps:
		c.Cells[row] = protocol.TimestampCell{
			Year: int16(random.Uint32()), Month: uint16(random.IntN(16)), Day: uint16(random.IntN(32)),
			Hour: uint16(random.IntN(32)), Minute: uint16(random.IntN(64)), Second: uint16(random.IntN(64)), Fraction: 1000 * random.Uint32N(1e6),
		}
		if odd {
			c.Cells[row].Fraction = random.Uint32N(1e9)
		}
	case variable:
		cell := randomCell(random, c.Kind(), odd)
		if data, width := c.Slots(); len(cell) <= width {
			copy(data[row*width:], cell)
			c.Indicators()[row] = int64(len(cell))
		} else {
			c.SetLong(row, cell)
		}
	default: // numbers
		cell := reflect.ValueOf(c).Elem().FieldByName("Cells").Index(row)
		bits := random.Uint64()
		cell.Set(reflect.NewAt(cell.Type(), reflect.ValueOf(&bits).UnsafePointer()).Elem())
	}
}

type variable interface {
	protocol.Column
	Bytes(i int) []byte
	Slots() (data []byte, width int)
	SetLong(row int, cell []byte)
}

func randomCell(random *rand.Rand, kind protocol.Kind, odd bool) []byte {
	switch kind {
	case protocol.UUID:
		id := fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", random.Uint32(), random.IntN(1<<16), random.IntN(1<<16), random.IntN(1<<16), random.Uint64()>>16)
		if odd {
			id = strings.ToUpper(id)
		}
		return []byte(id)
	case protocol.Time:
		text := fmt.Sprintf("%02d:%02d:%02d", random.IntN(24), random.IntN(60), random.IntN(60))
		if fraction := strings.TrimRight(fmt.Sprintf("%09d", random.IntN(1e9)), "0"); random.IntN(2) == 0 && fraction != "" {
			text += "." + fraction
		}
		if odd {
			text = "-8" + text
		}
		return []byte(text)
	case protocol.Binary:
		return binary.LittleEndian.AppendUint64(nil, random.Uint64())[:random.IntN(9)]
	}
	return []byte(strings.Repeat([]string{"a", "é", "世界", "\x00", "😀"}[random.IntN(5)], random.IntN(30)))
}

// requireCells compares two Batches cell by cell.
func requireCells(t *testing.T, want, got *protocol.Batch) {
	t.Helper()
	require.Equal(t, want.Len(), got.Len())
	require.Len(t, got.Columns(), len(want.Columns()))
	for i, w := range want.Columns() {
		g := got.Columns()[i]
		require.Equal(t, w.Name(), g.Name())
		require.Equal(t, w.Kind(), g.Kind())
		require.Len(t, g.Indicators(), want.Len())
		for row := range want.Len() {
			if isNull := w.Indicators()[row] == protocol.Null; isNull || g.Indicators()[row] == protocol.Null {
				require.Equal(t, isNull, g.Indicators()[row] == protocol.Null, "%s, row %d", w.Kind(), row)
				continue
			}
			if cell, ok := w.(variable); ok {
				require.Equal(t, string(cell.Bytes(row)), string(g.(variable).Bytes(row)), "%s, row %d", w.Kind(), row)
				require.Equal(t, w.Indicators()[row], g.Indicators()[row])
				continue
			}
			require.Equal(t, cellText(w, row), cellText(g, row), "%s, row %d", w.Kind(), row)
		}
	}
}

// cellText tells a cell of a fixed width to the bit.
func cellText(c protocol.Column, row int) string {
	switch cell := reflect.ValueOf(c).Elem().FieldByName("Cells").Index(row).Interface().(type) {
	case float64:
		return fmt.Sprint(math.Float64bits(cell))
	case float32:
		return fmt.Sprint(math.Float32bits(cell))
	default:
		return fmt.Sprint(cell)
	}
}

// TestPackedVector: the frame of the document, both ways.
func TestPackedVector(t *testing.T) {
	frame := packedVector(t)
	b := protocol.NewBatch([]protocol.ColumnSpec{{Name: "id", Kind: protocol.Int32}, {Name: "name", Kind: protocol.Text}}, 0)
	b.Int32(0).Append(7)
	b.Text(1).Append("Al")
	b.EndRow()
	b.Int32(0).AppendPtr(nil)
	b.Text(1).AppendPtr(nil)
	b.EndRow()
	got, err := packed.Append(nil, b)
	require.NoError(t, err)
	require.Equal(t, frame, got, "%x", got)

	var d protocol.Decoder
	back, err := d.Decode(frame)
	require.NoError(t, err)
	requireCells(t, b, back)
	require.Equal(t, "Al", back.Text(1).At(0))
	require.Nil(t, back.Int32(0).Ptr(1))
}

// packedVector reads hexadecimal digits with blanks, and comments behind #.
func packedVector(t testing.TB) []byte {
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "protocol", "14-packed.hex"))
	require.NoError(t, err)
	var digits strings.Builder
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		digits.WriteString(strings.Join(strings.Fields(line), ""))
	}
	frame, err := hex.DecodeString(digits.String())
	require.NoError(t, err)
	return frame
}

// TestPackedCut: no part of a frame is a frame, nor one with more behind it.
func TestPackedCut(t *testing.T) {
	frame := packedVector(t)
	var d protocol.Decoder
	for n := range frame {
		_, err := d.Decode(frame[:n])
		var failed *protocol.FormatError
		require.ErrorAs(t, err, &failed, "%d bytes", n)
		require.ErrorIs(t, err, protocol.ErrTruncated, "%d bytes", n)
	}
	_, err := d.Decode(append(frame, 0))
	require.ErrorIs(t, err, protocol.ErrCorrupt)
	_, err = d.Decode(packedVector(t))
	require.NoError(t, err, "the Decoder goes on")
}

// TestPackedDamaged flips bits of frames. The checksums tell all of them; where they
// are made right again, the frame is refused or read, and what is read can be written.
func TestPackedDamaged(t *testing.T) {
	var d protocol.Decoder
	flip := func(frame []byte, bit int) {
		frame[bit/8] ^= 1 << (bit % 8)
		_, err := d.Decode(frame)
		require.Error(t, err, "bit %d", bit)
		tryPacked(t, &d, checksummed(bytes.Clone(frame)))
		frame[bit/8] ^= 1 << (bit % 8)
	}
	frame := packedVector(t)
	for bit := range 8 * len(frame) {
		flip(frame, bit)
	}
	random := rand.New(rand.NewPCG(3, 4))
	for _, c := range compressions {
		frame, err := packedAs(c).Append(nil, randomBatch(random, 13, false))
		require.NoError(t, err)
		for range 150 {
			flip(frame, random.IntN(8*len(frame)))
		}
	}
}

// tryPacked decodes what may be no frame. What is one is written again and must come
// to the same cells.
func tryPacked(t *testing.T, d *protocol.Decoder, data []byte) {
	b, err := d.Decode(data)
	if err != nil {
		var failed *protocol.FormatError
		require.ErrorAs(t, err, &failed)
		return
	}
	again, err := packed.Append(nil, b)
	require.NoError(t, err)
	var second protocol.Decoder
	same, err := second.Decode(again)
	require.NoError(t, err)
	requireCells(t, b, same)
}

// checksummed makes the checksums of a frame right.
func checksummed(frame []byte) []byte {
	if len(frame) < 48 {
		return frame
	}
	castagnoli := crc32.MakeTable(crc32.Castagnoli)
	le := binary.LittleEndian
	le.PutUint32(frame[36:], crc32.Checksum(frame[48:], castagnoli))
	le.PutUint32(frame[44:], crc32.Checksum(frame[:44], castagnoli))
	return frame
}

// TestPackedCorrupt: what the checksums cannot tell, since who wrote it made them right.
func TestPackedCorrupt(t *testing.T) {
	vector := packedVector(t)
	const ids, names, bodyOfIDs, bodyOfNames = 48, 76, 112, 128
	for _, test := range []struct {
		name string
		at   int
		put  byte
		want error
		text string
	}{
		{"flags", 6, 3, protocol.ErrUnsupported, "flags"},
		{"reserved", 40, 1, protocol.ErrUnsupported, "flags"},
		{"version", 4, 77, protocol.ErrUnsupported, ""},
		{"columns", 8, 3, protocol.ErrCorrupt, "column table"},
		{"fewer columns", 8, 1, protocol.ErrCorrupt, "column table"},
		{"rows", 12, 3, protocol.ErrCorrupt, "for 3 rows"},
		{"earlier rows", 23, 0x80, protocol.ErrCorrupt, "earlier rows"},
		{"table", 32, 0x48, protocol.ErrCorrupt, ""},
		{"kind", ids, 200, protocol.ErrUnsupported, "kind 200"},
		{"layout of another kind", ids + 2, 2, protocol.ErrUnsupported, "layout 2 of kind int32"},
		{"no layout", ids + 2, 9, protocol.ErrUnsupported, "layout 9"},
		{"compression", ids + 3, 3, protocol.ErrUnsupported, "compression 3"},
		{"not compressed", ids + 3, 1, protocol.ErrCorrupt, `column 1 "id"`},
		{"NULLs", ids + 4, 2, protocol.ErrCorrupt, "1 NULLs in the validity bitmap, and not 2"},
		{"more NULLs than rows", ids + 4, 3, protocol.ErrCorrupt, "3 NULLs in 2 rows"},
		{"size", ids + 8, 17, protocol.ErrCorrupt, "a body of 17 bytes, 16 stored"},
		{"name", ids + 26, 0xFF, protocol.ErrCorrupt, "the name is not UTF-8"},
		{"padding of the table", 111, 1, protocol.ErrCorrupt, "column table"},
		{"bits behind the rows", bodyOfIDs, 0b101, protocol.ErrCorrupt, "does not end in zeros"},
		{"padding of the bitmap", bodyOfIDs + 7, 1, protocol.ErrCorrupt, "does not end in zeros"},
		{"first offset", bodyOfNames + 8, 1, protocol.ErrCorrupt, "offsets"},
		{"offset that falls", bodyOfNames + 12, 3, protocol.ErrCorrupt, "offsets"},
		{"last offset", bodyOfNames + 16, 1, protocol.ErrCorrupt, "offsets"},
		{"NULL with bytes", bodyOfNames + 12, 1, protocol.ErrCorrupt, "the NULL in row 2 of the frame has bytes"},
		{"padding of offsets", bodyOfNames + 20, 1, protocol.ErrCorrupt, "offsets"},
		{"text", bodyOfNames + 24, 0xFF, protocol.ErrCorrupt, "the text in row 1 of the frame is not UTF-8"},
		{"padding of the body", bodyOfNames + 26, 1, protocol.ErrCorrupt, `column 2 "name"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			frame := bytes.Clone(vector)
			frame[test.at] = test.put
			_, err := new(protocol.Decoder).Decode(checksummed(frame))
			require.ErrorIs(t, err, test.want)
			require.ErrorContains(t, err, test.text)
		})
	}
}

// TestPackedLimits: at the limit a frame is read, over it it is not.
func TestPackedLimits(t *testing.T) {
	frame := packedVector(t) // 2 columns, 2 rows, "Al", 112 bytes, of which 42 are bodies
	for name, limits := range map[string][2]protocol.Limits{
		"columns": {{Columns: 2}, {Columns: 1}},
		"rows":    {{Rows: 2}, {Rows: 1}},
		"cells":   {{Cells: 4}, {Cells: 3}},
		"cell":    {{Cell: 2}, {Cell: 1}},
		"payload": {{Payload: 112}, {Payload: 111}},
		"memory":  {{Memory: 42}, {Memory: 41}},
	} {
		_, err := (&protocol.Decoder{Limits: limits[0]}).Decode(frame)
		require.NoError(t, err, name)
		_, err = (&protocol.Decoder{Limits: limits[1]}).Decode(frame)
		require.ErrorIs(t, err, protocol.ErrLimit, name)
	}
}

// TestPackedBomb: a body that says it is small is not decompressed to more, and one
// that says it is large is not decompressed at all.
func TestPackedBomb(t *testing.T) {
	b := protocol.NewBatch([]protocol.ColumnSpec{{Name: "c", Kind: protocol.Binary, Width: 1}}, 0)
	b.Binary(0).Append(make([]byte, 32<<20))
	b.EndRow()
	for _, c := range compressions[1:] {
		frame, err := packedAs(c).Append(nil, b)
		require.NoError(t, err)
		require.Less(t, len(frame), 1<<20)
		_, err = (&protocol.Decoder{Limits: protocol.Limits{Memory: 1 << 20}}).Decode(frame)
		require.ErrorIs(t, err, protocol.ErrLimit)
		binary.LittleEndian.PutUint64(frame[48+8:], 8+1<<10)
		_, err = (&protocol.Decoder{Limits: protocol.Limits{Memory: 1 << 20}}).Decode(checksummed(frame))
		require.ErrorIs(t, err, protocol.ErrCorrupt)
	}
}

// TestPackedAtTheSameTime: the bytes of a frame are only read.
func TestPackedAtTheSameTime(t *testing.T) {
	want := randomBatch(rand.New(rand.NewPCG(9, 10)), 70, false)
	frame, err := packed.Append(nil, want)
	require.NoError(t, err)
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			var d protocol.Decoder
			for range 20 {
				got, err := d.Decode(frame)
				if assert.NoError(t, err) {
					assert.Equal(t, want.Len(), got.Len())
				}
			}
		})
	}
	readers.Wait()
}

// TestPackedWanted: columns are taken as others that hold the same, cell by cell.
func TestPackedWanted(t *testing.T) {
	b := protocol.NewBatch([]protocol.ColumnSpec{{Name: "n", Kind: protocol.Int64}, {Name: "t", Kind: protocol.Text}, {Name: "at", Kind: protocol.Timestamp}}, 0)
	for i, text := range []string{"12", "-7", "0"} {
		b.Int64(0).Append(int64(i))
		b.Text(1).Append(text)
		b.Timestamp(2).Append(time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC))
		b.EndRow()
	}
	for _, c := range b.Columns() {
		c.Indicators()[2] = protocol.Null
	}
	frame, err := packed.Append(nil, b)
	require.NoError(t, err)
	d := protocol.Decoder{Columns: []protocol.ColumnSpec{{Name: "n", Kind: protocol.Uint8}, {Name: "T", Kind: protocol.Int16}, {Name: "at", Kind: protocol.TimestampTZ}}}
	for range 2 {
		got, err := d.Decode(frame)
		require.NoError(t, err)
		require.Equal(t, uint8(1), got.Uint8(0).At(1))
		require.Equal(t, int16(-7), got.Int16(1).At(1))
		require.Nil(t, got.Int16(1).Ptr(2))
		require.Equal(t, 6, got.Timestamp(2).At(0).Nanosecond())
	}
	d.Columns = []protocol.ColumnSpec{{Name: "n", Kind: protocol.Bool}, {Name: "T", Kind: protocol.XML}, {Name: "at", Kind: protocol.Timestamp}}
	got, err := d.Decode(frame)
	require.NoError(t, err)
	require.True(t, got.Bool(0).At(1))
	require.Equal(t, "-7", got.Text(1).At(1))
	d.Columns = []protocol.ColumnSpec{{Name: "n", Kind: protocol.Text}, {Name: "T", Kind: protocol.Decimal}, {Name: "at", Kind: protocol.Timestamp}}
	got, err = d.Decode(frame)
	require.NoError(t, err)
	require.Equal(t, "1", got.Text(0).At(1))
	require.Equal(t, "-7", got.Decimal(1).At(1).String())

	for want, columns := range map[string][]protocol.ColumnSpec{
		`column 2 "t", row 2 at byte`:                     {{Name: "n", Kind: protocol.Int64}, {Name: "T", Kind: protocol.Uint8}, {Name: "at", Kind: protocol.Timestamp}},
		`cells of kind text, or to be read in pieces`:     {{Name: "n", Kind: protocol.Int64}, {Name: "T", Kind: protocol.Text, Reader: true}, {Name: "at", Kind: protocol.Timestamp}},
		`column 1 "n" at byte 48: damaged: "m" is wanted`: {{Name: "m", Kind: protocol.Int64}, {Name: "t", Kind: protocol.Text}, {Name: "at", Kind: protocol.Timestamp}},
		`3 columns, and 1 are wanted`:                     {{Kind: protocol.Int64}},
		`column 3 "at", row 1 at byte`:                    {{Name: "n", Kind: protocol.Int64}, {Name: "T", Kind: protocol.Text}, {Name: "at", Kind: protocol.UUID}},
	} {
		_, err := (&protocol.Decoder{Columns: columns}).Decode(frame)
		require.ErrorContains(t, err, want)
		var failed *protocol.FormatError
		require.ErrorAs(t, err, &failed)
	}
}

// FuzzDecodePacked makes the checksums of its input right, or it would hardly ever get
// behind them.
func FuzzDecodePacked(f *testing.F) {
	random := rand.New(rand.NewPCG(11, 12))
	f.Add(packedVector(f))
	for i, c := range compressions {
		frame, err := packedAs(c).Append(nil, randomBatch(random, 9*i, false))
		require.NoError(f, err)
		f.Add(frame)
	}
	limits := protocol.Limits{Columns: 64, Rows: 1000, Cells: 10_000, Cell: 1 << 16, Payload: 1 << 20, Memory: 1 << 20}
	f.Fuzz(func(t *testing.T, data []byte) {
		tryPacked(t, &protocol.Decoder{Limits: limits}, checksummed(bytes.Clone(data)))
	})
}

// TestPackedRaw: cells that no calendar has are kept for who takes them to judge.
func TestPackedRaw(t *testing.T) {
	b := protocol.NewBatch([]protocol.ColumnSpec{{Name: "d", Kind: protocol.Date}, {Name: "t", Kind: protocol.Timestamp}}, 1)
	b.SetRows(1, 0) // MariaDB's 0000-00-00
	frame, err := packed.Append(nil, b)
	require.NoError(t, err)
	var d protocol.Decoder
	got, err := d.Decode(frame)
	require.NoError(t, err)
	require.Equal(t, protocol.DateCell{}, got.Date(0).Cells[0])
	got.Date(0).At(0)
	require.EqualError(t, got.Err(), `column 1 "d", row 1: 0000-00-00 is not a day of the calendar`)
	_, err = packed.Append(nil, got)
	require.Error(t, err, "a Batch with an error is not written")
}

func TestPackedRefuses(t *testing.T) {
	for _, test := range []struct {
		name string
		make func(*protocol.Batch)
		spec protocol.ColumnSpec
		want string
	}{
		{"month", func(b *protocol.Batch) { b.Date(0).Cells[1].Month = 16 }, protocol.ColumnSpec{Name: "c", Kind: protocol.Date}, `column 1 "c", row 12: 0000-16-00 is not a day of the calendar`},
		{"second", func(b *protocol.Batch) { b.Timestamp(0).Cells[1].Second = 64 }, protocol.ColumnSpec{Name: "c", Kind: protocol.Timestamp}, `column 1 "c", row 12: {Year:0 Month:0 Day:0 Hour:0 Minute:0 Second:64 Fraction:0} is not a time of the calendar`},
		{"fraction", func(b *protocol.Batch) { b.Timestamp(0).Cells[1].Fraction = 1e9 }, protocol.ColumnSpec{Name: "c", Kind: protocol.Timestamp}, `column 1 "c", row 12: {Year:0 Month:0 Day:0 Hour:0 Minute:0 Second:0 Fraction:1000000000} is not a time of the calendar`},
		{"text", func(b *protocol.Batch) { b.Columns()[0].(variable).SetLong(1, []byte("a\xff")) }, protocol.ColumnSpec{Name: "c", Kind: protocol.Text}, `column 1 "c", row 12: the text is not UTF-8`},
		{"half a character in each of two rows", func(b *protocol.Batch) {
			b.Columns()[0].(variable).SetLong(1, []byte("\xc3"))
			b.Columns()[0].(variable).SetLong(2, []byte("\xa9"))
		}, protocol.ColumnSpec{Name: "c", Kind: protocol.Text}, `column 1 "c", row 12: the text is not UTF-8`},
		{"reader", func(*protocol.Batch) {}, protocol.ColumnSpec{Name: "c", Kind: protocol.Text, Reader: true}, `protocol: column 1 "c" at byte 0: not known to this version of the package: values that are read in pieces; read them before`},
		{"name", func(*protocol.Batch) {}, protocol.ColumnSpec{Name: "\xff", Kind: protocol.Int8}, `protocol: column 1 "\xff" at byte 0: damaged: the name is not UTF-8 of up to 65535 bytes`},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := protocol.NewBatch([]protocol.ColumnSpec{test.spec}, 3)
			b.SetRows(3, 10)
			test.make(b)
			out, err := packed.Append([]byte("before"), b)
			require.EqualError(t, err, test.want)
			require.Equal(t, "before", string(out))
		})
	}
	_, err := packedAs(9).Append(nil, protocol.NewBatch(nil, 0))
	require.ErrorIs(t, err, protocol.ErrUnsupported)
	many := protocol.NewBatch(make([]protocol.ColumnSpec, 0), 0)
	many.SetRows(1_000_001, 0)
	_, err = packed.Append(nil, many)
	require.ErrorIs(t, err, protocol.ErrLimit)
}

// TestPackedUndefined: what lies in the memory of a NULL stays there.
func TestPackedUndefined(t *testing.T) {
	var specs []protocol.ColumnSpec
	for _, kind := range protocol.Kinds() {
		specs = append(specs, protocol.ColumnSpec{Kind: kind, Width: 40})
	}
	random := rand.New(rand.NewPCG(5, 6))
	clean := protocol.NewBatch(specs, 9)
	dirty := protocol.NewBatch(specs, 9)
	for i, b := range []*protocol.Batch{clean, dirty} {
		b.SetRows(9, 0)
		for _, c := range b.Columns() {
			for row := range 9 {
				if i == 1 {
					fill(random, c, row, true)
				}
				c.Indicators()[row] = protocol.Null
			}
		}
	}
	want, err := packed.Append(nil, clean)
	require.NoError(t, err)
	memory := bytes.Repeat([]byte{0xAA}, 2*len(want))
	got, err := packed.Append(memory[:0], dirty)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// benchRows are as many as a block of a cursor has at most.
const benchRows = 4096

// benchBatches are blocks as a cursor leaves them.
func benchBatches() map[string]*protocol.Batch {
	random := rand.New(rand.NewPCG(7, 8))
	batch := func(kinds ...protocol.Kind) *protocol.Batch {
		var specs []protocol.ColumnSpec
		for i, kind := range kinds {
			specs = append(specs, protocol.ColumnSpec{Name: fmt.Sprint("c", i), Kind: kind, Width: 64})
		}
		b := protocol.NewBatch(specs, benchRows)
		b.SetRows(benchRows, 0)
		return b
	}
	text := func(c protocol.Column, least, most int, nullable bool) {
		for row := range benchRows {
			if nullable && random.IntN(5) == 0 {
				c.Indicators()[row] = protocol.Null
				continue
			}
			n := least + random.IntN(most-least+1)
			data, width := c.(variable).Slots()
			for i := range n {
				data[row*width+i] = "etaoin shrdlucmfwypvbgkqjxz"[random.IntN(27)]
			}
			c.Indicators()[row] = int64(n)
		}
	}
	numeric := batch(protocol.Int64, protocol.Int32, protocol.Float64, protocol.Int16)
	texts := batch(protocol.Text, protocol.Text, protocol.Text)
	mixed := batch(protocol.Int64, protocol.Text, protocol.Float64, protocol.Timestamp, protocol.Text)
	for row := range benchRows {
		numeric.Int64(0).Cells[row] = int64(row) * 7
		numeric.Int32(1).Cells[row] = random.Int32N(100_000)
		numeric.Float64(2).Cells[row] = float64(random.IntN(1_000_000)) / 4
		numeric.Int16(3).Cells[row] = int16(random.IntN(1000))
		mixed.Int64(0).Cells[row] = int64(row)
		mixed.Float64(2).Cells[row] = float64(random.IntN(1_000_000)) / 4
		mixed.Timestamp(3).Cells[row] = protocol.TimestampCell{Year: 2026, Month: 1 + uint16(random.IntN(12)), Day: 1 + uint16(random.IntN(28)),
			Hour: uint16(random.IntN(24)), Minute: uint16(random.IntN(60)), Second: uint16(random.IntN(60)), Fraction: 1000 * random.Uint32N(1e6)}
	}
	for i, c := range texts.Columns() {
		text(c, 8, 60, i == 2)
	}
	text(mixed.Columns()[1], 10, 30, false)
	text(mixed.Columns()[4], 20, 60, true)
	return map[string]*protocol.Batch{"numeric": numeric, "text": texts, "mixed": mixed}
}

func BenchmarkPacked(b *testing.B) {
	for name, batch := range benchBatches() {
		for _, c := range compressions {
			format := packedAs(c)
			plain, err := packed.Append(nil, batch)
			require.NoError(b, err)
			frame, err := format.Append(nil, batch)
			require.NoError(b, err)
			b.Run(fmt.Sprintf("append/%s-%d", name, c), func(b *testing.B) {
				b.SetBytes(int64(len(plain)))
				b.ReportAllocs()
				var out []byte
				for b.Loop() {
					out, _ = format.Append(out[:0], batch)
				}
				b.ReportMetric(float64(len(frame))/float64(len(plain)), "size")
			})
			b.Run(fmt.Sprintf("decode/%s-%d", name, c), func(b *testing.B) {
				b.SetBytes(int64(len(plain)))
				b.ReportAllocs()
				var d protocol.Decoder
				for b.Loop() {
					if _, err := d.Decode(frame); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// TestPackedWantedAsOthers: columns are taken as others in the same way as those of
// versions 1 and 2.
func TestPackedWantedAsOthers(t *testing.T) {
	b := protocol.NewBatch([]protocol.ColumnSpec{{Name: "a", Kind: protocol.Text}, {Name: "b", Kind: protocol.Timestamp}, {Name: "c", Kind: protocol.Float64}, {Name: "d", Kind: protocol.Uint64}}, 0)
	for i, text := range []string{"true", "0", "T"} {
		b.Text(0).Append(text)
		b.Timestamp(1).Append(time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC))
		b.Float64(2).Append(float64(i) / 4)
		b.Uint64(3).Append(1 << (10 * i))
		b.EndRow()
	}
	for _, c := range b.Columns() {
		c.Indicators()[1] = protocol.Null
	}
	frame := func(v protocol.Version) []byte {
		frame, err := protocol.Format{Version: v}.Append(nil, b)
		require.NoError(t, err)
		return frame
	}
	for _, kinds := range [][]protocol.Kind{
		{protocol.Bool, protocol.Date, protocol.Decimal, protocol.Int32},
		{protocol.XML, protocol.Text, protocol.Float32, protocol.Int64},
		{protocol.NText, protocol.TimestampTZ, protocol.Text, protocol.Money},
	} {
		var d, other protocol.Decoder
		for i, kind := range kinds {
			d.Columns = append(d.Columns, protocol.ColumnSpec{Name: b.Columns()[i].Name(), Kind: kind})
		}
		other.Columns = d.Columns
		for _, version := range []protocol.Version{protocol.RowMajor, protocol.Columnar} {
			want, err := other.Decode(frame(version))
			require.NoError(t, err)
			for range 2 {
				got, err := d.Decode(frame(protocol.Packed))
				require.NoError(t, err)
				requireCells(t, want, got)
			}
		}
	}
	for i, kind := range []protocol.Kind{protocol.Int32, protocol.UUID, protocol.Bool, protocol.Uint8} {
		var d protocol.Decoder
		for j, c := range b.Columns() {
			d.Columns = append(d.Columns, protocol.ColumnSpec{Name: c.Name(), Kind: c.Kind()})
			if i == j {
				d.Columns[j].Kind = kind
			}
		}
		for _, version := range []protocol.Version{protocol.RowMajor, protocol.Columnar, protocol.Packed} {
			_, err := d.Decode(frame(version))
			require.ErrorIs(t, err, protocol.ErrCorrupt, "%s, version %d", kind, version)
			require.ErrorContains(t, err, fmt.Sprintf("column %d", i+1))
		}
	}
}
