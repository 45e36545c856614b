package protocol

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"math"
	"runtime"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/stretchr/testify/require"
)

// bombColumn is a column of text of a hostile frame, as it is stored.
type bombColumn struct {
	kind        Kind
	compression Compression
	stored      []byte
}

// bombColumns returns a frame of version 2.
func bombColumns(rows int, columns ...bombColumn) []byte {
	le := binary.LittleEndian
	frame := le.AppendUint16(le.AppendUint32(nil, magic), uint16(Columnar))
	frame = le.AppendUint16(le.AppendUint16(frame, 0), uint16(len(columns)))
	frame = append(le.AppendUint32(frame, uint32(rows)), 1, 0, 0, 0, 0)
	for _, c := range columns {
		frame = append(le.AppendUint16(frame, uint16(c.kind)), 1, 0, 'c')
		if c.compression == Uncompressed {
			frame = append(frame, 0)
		} else {
			frame = append(frame, 1, byte(c.compression))
		}
		frame = append(le.AppendUint32(frame, uint32(len(c.stored))), c.stored...)
	}
	le.PutUint32(frame[columnarHeader-4:], uint32(len(frame)-columnarHeader))
	return frame
}

// bombPacked returns a frame of version 3 with one row, whose bodies are told to have so
// many bytes each.
func bombPacked(size int, columns ...bombColumn) []byte {
	le := binary.LittleEndian
	var table, bodies []byte
	for _, c := range columns {
		table = append(le.AppendUint16(table, uint16(c.kind)), 2, byte(c.compression), 0, 0, 0, 0)
		table = le.AppendUint64(le.AppendUint64(table, uint64(size)), uint64(len(c.stored)))
		table = append(table, 1, 0, 'c')
		bodies = append(bodies, c.stored...)
		bodies = append(bodies, make([]byte, -len(bodies)&7)...)
	}
	table = append(table, make([]byte, -len(table)&7)...)
	payload := append(table, bodies...)
	frame := le.AppendUint16(le.AppendUint16(le.AppendUint32(nil, magic), uint16(Packed)), 1)
	frame = le.AppendUint32(le.AppendUint32(frame, uint32(len(columns))), 1)
	frame = le.AppendUint64(le.AppendUint64(frame, 0), uint64(len(payload)))
	frame = le.AppendUint32(le.AppendUint32(frame, uint32(len(table))), crc32.Checksum(payload, castagnoli))
	frame = le.AppendUint32(frame, 0)
	return append(le.AppendUint32(frame, crc32.Checksum(frame, castagnoli)), payload...)
}

// TestF41_BombFrame: a frame that unpacks to a gigabyte is refused by a Decoder and by a
// Reader, whether or not it says so, and takes at most twice the limit until then.
func TestF41_BombFrame(t *testing.T) {
	const limit, gigabyte = 8 << 20, 1 << 30
	for name, c := range map[string]bombColumn{
		"zstd":          {Text, Zstd, zstdRun(gigabyte, 1)},
		"zstd, streams": {Text, Zstd, streamed(t, must(zstd.NewWriter(nil)), gigabyte/8)},
		"lz4":           {Text, LZ4, streamed(t, lz4.NewWriter(nil), gigabyte/8)},
	} {
		for version, frame := range map[string][]byte{
			"version 2":              bombColumns(1, c),
			"version 3":              bombPacked(gigabyte, c),
			"version 3, with a lie":  bombPacked(limit, c),
			"version 3, a small lie": bombPacked(100, c),
		} {
			t.Run(name+", "+version, func(t *testing.T) {
				decoder := func() *Decoder { return &Decoder{Limits: Limits{Memory: limit}} }
				requireRefused(t, 2*limit, func() error { _, err := decoder().Decode(frame); return err })
				requireRefused(t, 2*limit+3*uint64(len(frame)), func() error { _, err := NewReader(bytes.NewReader(frame), decoder()).Next(); return err })
			})
		}
	}
}

// requireRefused: decode, which begins with a Decoder of its own, takes at most so many
// bytes. The least of some calls counts: a call that finds the pools of the compressors
// empty fills them, and with the race detector a sync.Pool drops some of what it is given.
func requireRefused(t *testing.T, most uint64, decode func() error) {
	t.Helper()
	least := uint64(math.MaxUint64)
	for try := 0; try < 10 && least > most+few; try++ {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := decode()
		runtime.ReadMemStats(&after)
		var failed *FormatError
		require.ErrorAs(t, err, &failed)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	require.LessOrEqual(t, least, most+few)
}

// few bytes are those of errors and the like.
const few = 64 << 10

// TestF41_BombOfCells: a NULL is one byte, and its cell many. At the default limits the most
// cells that a frame may have fit; by a small limit they are refused.
func TestF41_BombOfCells(t *testing.T) {
	nulls, _ := compress(nil, bytes.Repeat([]byte{1}, 1_000_000), Zstd)
	for _, kind := range []Kind{Timestamp, Text, Binary, UUID, Int32} {
		column := bombColumn{kind, Zstd, nulls}
		frame := bombColumns(1_000_000, column, column, column, column, column)
		require.Less(t, len(frame), 1<<10)
		for _, wanted := range [][]ColumnSpec{nil, {{Name: "c", Kind: kind}, {Name: "c", Kind: kind}, {Name: "c", Kind: kind}, {Name: "c", Kind: kind}, {Name: "c", Kind: kind}}} {
			requireRefused(t, 12<<20, func() error {
				_, err := (&Decoder{Columns: wanted, Limits: Limits{Memory: 6 << 20}}).Decode(frame)
				return err
			})
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		b, err := new(Decoder).Decode(frame)
		runtime.ReadMemStats(&after)
		require.NoError(t, err)
		require.Equal(t, 1_000_000, b.Len())
		require.LessOrEqual(t, after.TotalAlloc-before.TotalAlloc, uint64(2*DefaultLimits.Memory))
	}
	for _, kind := range []Kind{Bool, Date, Timestamp, Text, Binary, UUID, Time, Int32} {
		frame := nullsPacked(t, kind, 5)
		require.Less(t, len(frame), 16<<10)
		requireRefused(t, 0, func() error { _, err := (&Decoder{Limits: Limits{Memory: 6 << 20}}).Decode(frame); return err })
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		b, err := new(Decoder).Decode(frame)
		runtime.ReadMemStats(&after)
		require.NoError(t, err)
		require.Equal(t, 1_000_000, b.Len())
		require.LessOrEqual(t, after.TotalAlloc-before.TotalAlloc, uint64(2*DefaultLimits.Memory))
	}
	bools := nullsPacked(t, Bool, 1)
	for _, wanted := range []Kind{Text, Int32} { // there is room for one of both columns
		requireRefused(t, 12<<20, func() error {
			_, err := (&Decoder{Columns: []ColumnSpec{{Name: "c", Kind: wanted}}, Limits: Limits{Memory: 6 << 20}}).Decode(bools)
			return err
		})
	}
	rows := append(binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint32(nil, magic), 1), 1, 0) // version 1
	rows = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(rows, 1_000_000), 1_000_005)
	rows = append(append(rows, byte(Timestamp), 0, 1, 0, 'c'), bytes.Repeat([]byte{1}, 1_000_000)...)
	requireRefused(t, 4<<20, func() error { _, err := (&Decoder{Limits: Limits{Memory: 2 << 20}}).Decode(rows); return err })
	requireRefused(t, 4<<10, func() error { _, err := (&Decoder{Limits: Limits{Memory: 999_999}}).Decode(rows); return err })
}

// nullsPacked returns a frame of version 3 with a million NULLs in each of its columns.
func nullsPacked(t *testing.T, kind Kind, columns int) []byte {
	t.Helper()
	specs := make([]ColumnSpec, columns)
	for i := range specs {
		specs[i] = ColumnSpec{Name: "c", Kind: kind}
	}
	b := NewBatch(specs, 1_000_000)
	for _, c := range b.columns {
		for i := range c.Indicators() {
			c.Indicators()[i] = Null
		}
	}
	b.SetRows(1_000_000, 0)
	frame, err := Format{Version: Packed, Compression: Zstd}.Append(nil, b)
	require.NoError(t, err)
	return frame
}

// TestF41_MostRows: as many rows as a header can say are refused, whatever an int holds;
// and a payload that an int64 cannot hold with its header.
func TestF41_MostRows(t *testing.T) {
	for _, columns := range []uint32{0, 1} {
		frame := bombPacked(8, bombColumn{Binary, Uncompressed, make([]byte, 8)})
		binary.LittleEndian.PutUint32(frame[8:], columns)
		binary.LittleEndian.PutUint32(frame[12:], 0xFFFFFFFF)
		binary.LittleEndian.PutUint32(frame[44:], crc32.Checksum(frame[:44], castagnoli))
		_, err := new(Decoder).Decode(frame)
		require.ErrorIs(t, err, ErrLimit)
	}
	frame := bombPacked(8, bombColumn{Binary, Uncompressed, make([]byte, 8)})
	binary.LittleEndian.PutUint64(frame[24:], math.MaxInt64)
	binary.LittleEndian.PutUint32(frame[44:], crc32.Checksum(frame[:44], castagnoli))
	for name, decode := range map[string]func(d *Decoder) error{
		"Decoder": func(d *Decoder) error { _, err := d.Decode(frame); return err },
		"Reader":  func(d *Decoder) error { _, err := NewReader(bytes.NewReader(frame), d).Next(); return err },
	} {
		require.ErrorIs(t, decode(&Decoder{Limits: Limits{Payload: math.MaxInt64}}), ErrLimit, name)
	}
}

// TestF41_BombOfRooms: many small bodies, each with blocks that could become long, are
// decompressed into one memory.
func TestF41_BombOfRooms(t *testing.T) {
	body := append(binary.LittleEndian.AppendUint32(make([]byte, 4), 120), make([]byte, 120)...)
	var stored bytes.Buffer
	w := must(zstd.NewWriter(&stored))
	_, err := w.Write(body)
	require.NoError(t, err)
	require.NoError(t, w.Flush())
	require.NoError(t, w.Close())
	_, bound, err := zstdSize(stored.Bytes())
	require.NoError(t, err)
	require.Equal(t, int64(zstdBlock), bound)
	columns := make([]bombColumn, 1000)
	for i := range columns {
		columns[i] = bombColumn{Binary, Zstd, stored.Bytes()}
	}
	frame := bombPacked(len(body), columns...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	b, err := (&Decoder{Limits: Limits{Memory: 1 << 20}}).Decode(frame)
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	require.Equal(t, body[8:], b.Binary(999).Bytes(0))
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(100<<20)) // with the race detector, pools lose decoders
}

// TestF41_BombInTurn: frames that are each within the limit, and each long in another
// column, do not add up.
func TestF41_BombInTurn(t *testing.T) {
	const limit, columns = 16 << 20, 16
	cell := append([]byte{0, 0, 0, 0x80, 0}, make([]byte, 8<<20)...)
	long, _ := compress(nil, cell, Zstd)
	var stream []byte
	for i := range columns {
		all := make([]bombColumn, columns)
		for j := range all {
			all[j] = bombColumn{Text, Uncompressed, []byte{1}}
		}
		all[i] = bombColumn{Text, Zstd, long}
		stream = append(stream, bombColumns(1, all...)...)
	}
	r := NewReader(bytes.NewReader(stream), &Decoder{Limits: Limits{Memory: limit}})
	before := heap()
	for {
		item, err := r.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		require.Equal(t, 1, item.Batch.Len())
	}
	require.LessOrEqual(t, heap()-before, int64(2*limit))
	runtime.KeepAlive(r)
}

// heap returns the bytes in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
