package protocol

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"unicode/utf8"
)

// The frame of version 3: a header, a table with an entry a column, and the bodies of
// the columns. All begin at multiples of 8, so that numbers are read where they lie.

// layout says how the body of a column holds its cells.
type layout uint8

const (
	fixedLayout layout = 0 // one value of a fixed width a row
	bitsLayout  layout = 1 // one bit a row
	textLayout  layout = 2 // offsets, one more than rows, and the bytes between them
	nanosLayout layout = 3 // as fixed, and behind that the nanoseconds of each row
)

const (
	packedEntry = 26 // bytes of a column's entry in the table, its name not counted
	packedLast  = 1  // the flag of a result's last frame
)

// appendPacked appends the rows of b as a frame of version 3. first is the number of
// rows in earlier frames of the result, last says that no frame follows.
func appendPacked(dst []byte, f Format, b *Batch, first int64, last bool) ([]byte, error) {
	if err := packable(f, b); err != nil {
		return dst, err
	}
	if b.frame != nil && b.frame.isAs(f.Compression) {
		return b.frame.append(dst, first, last), nil
	}
	p := packing{out: dst, start: len(dst), batch: b, rows: b.rows, bodies: make([]packedColumn, len(b.columns))}
	for _, c := range b.columns {
		p.table += packedEntry + len(c.Name())
	}
	p.table = aligned(p.table)
	clear(p.grow(packedHeader + p.table))
	memory := int64(0)
	for i, c := range b.columns {
		if err := p.column(c, &p.bodies[i]); err != nil {
			return dst, err
		}
		memory += p.bodies[i].size
	}
	if f.Compression != Uncompressed {
		p.compress(f.Compression)
	}
	p.putTable()
	payload := p.out[p.start+packedHeader:]
	if size := max(int64(len(payload)), memory); size > DefaultLimits.Payload {
		return dst, &FormatError{"frame", 0, fmt.Errorf("%w: %d bytes; write fewer rows a frame", ErrLimit, size)}
	}
	packedHead{last: last, columns: len(b.columns), rows: b.rows, first: first, payload: int64(len(payload)), table: p.table,
		checksum: crc32.Checksum(payload, castagnoli)}.put(p.out[p.start:])
	return p.out, nil
}

// packable refuses what cannot be in a frame, or what no decoder would take.
func packable(f Format, b *Batch) error {
	if err := b.Err(); err != nil {
		return err
	}
	if f.Compression > LZ4 {
		return &FormatError{"format", 0, fmt.Errorf("%w: compression %d", ErrUnsupported, f.Compression)}
	}
	if err := DefaultLimits.check(uint64(len(b.columns)), uint64(b.rows)); err != nil {
		return err
	}
	for _, c := range b.columns {
		if len(c.Name()) > math.MaxUint16 || !utf8.ValidString(c.Name()) {
			return &FormatError{part(c.Index(), c.Name()), 0, fmt.Errorf("%w: the name is not UTF-8 of up to %d bytes", ErrCorrupt, math.MaxUint16)}
		}
	}
	return nil
}

func part(index int, name string) string { return fmt.Sprintf("column %d %q", index+1, name) }

// aligned returns the next multiple of 8.
func aligned[T int | int64](n T) T { return (n + 7) &^ 7 }

// packedHead is the header of a frame.
type packedHead struct {
	last     bool
	columns  int
	rows     int
	first    int64 // rows of the result in earlier frames
	payload  int64 // bytes behind the header
	table    int   // bytes of the payload that are the column table
	checksum uint32
}

func (h packedHead) put(to []byte) {
	le := binary.LittleEndian
	le.PutUint32(to, magic)
	le.PutUint16(to[4:], uint16(Packed))
	if h.last {
		le.PutUint16(to[6:], packedLast)
	}
	le.PutUint32(to[8:], uint32(h.columns))
	le.PutUint32(to[12:], uint32(h.rows))
	le.PutUint64(to[16:], uint64(h.first))
	le.PutUint64(to[24:], uint64(h.payload))
	le.PutUint32(to[32:], uint32(h.table))
	le.PutUint32(to[36:], h.checksum)
	le.PutUint32(to[44:], crc32.Checksum(to[:44], castagnoli))
}

// readPackedHead reads and checks the header of the frame that begins with data. The
// limits must be whole ones.
func readPackedHead(data []byte, limits *Limits) (h packedHead, err error) {
	if len(data) < packedHeader {
		return h, &FormatError{"header", 0, ErrTruncated}
	}
	le := binary.LittleEndian
	if le.Uint32(data[44:]) != crc32.Checksum(data[:44], castagnoli) {
		return h, &FormatError{"header", 44, fmt.Errorf("%w: its checksum is another", ErrCorrupt)}
	}
	flags, columns, rows, first := le.Uint16(data[6:]), le.Uint32(data[8:]), le.Uint32(data[12:]), le.Uint64(data[16:])
	payload, table := le.Uint64(data[24:]), le.Uint32(data[32:])
	switch {
	case le.Uint32(data) != magic:
		return h, &FormatError{"magic", 0, fmt.Errorf("%w: these bytes are no frame", ErrCorrupt)}
	case le.Uint16(data[4:]) != uint16(Packed):
		return h, &FormatError{"version", 4, fmt.Errorf("%w: %d", ErrUnsupported, le.Uint16(data[4:]))}
	case flags&^packedLast != 0 || le.Uint32(data[40:]) != 0:
		return h, &FormatError{"flags", 6, ErrUnsupported}
	case payload > uint64(limits.Payload):
		return h, &FormatError{"payload", 24, fmt.Errorf("%w: %d bytes", ErrLimit, payload)}
	case first > math.MaxInt64-math.MaxUint32:
		return h, &FormatError{"earlier rows", 16, fmt.Errorf("%w: %d", ErrCorrupt, first)}
	case uint64(table) > payload || table%8 != 0 || uint64(columns)*packedEntry > uint64(table):
		return h, &FormatError{"column table", 32, fmt.Errorf("%w: %d bytes for %d columns in %d", ErrCorrupt, table, columns, payload)}
	}
	if err := limits.check(uint64(columns), uint64(rows)); err != nil {
		return h, err
	}
	return packedHead{flags&packedLast != 0, int(columns), int(rows), int64(first), int64(payload), int(table), le.Uint32(data[36:])}, nil
}

// packedFrame is the frame that a Batch came as. It has been checked.
type packedFrame struct {
	packedHead
	bytes       []byte // behind the header
	memory      int64  // bytes of the bodies, not compressed
	compression Compression
	mixed       bool // bodies are compressed in several ways
}

// frame returns the frame that the Batch was read from, nil if it is another's: columns
// were wanted with other names or of other kinds.
func (u *unpacking) frame(data []byte, head packedHead) *packedFrame {
	u.origin = packedFrame{packedHead: head, bytes: data[packedHeader:]}
	for i, c := range u.batch.columns {
		e := &u.table[i]
		if c != u.columns[i] || c.Kind() != e.kind || c.Name() != string(e.name) {
			return nil
		}
		u.origin.memory += e.size
		if e.compression != Uncompressed {
			u.origin.mixed = u.origin.mixed || u.origin.compression != Uncompressed && u.origin.compression != e.compression
			u.origin.compression = e.compression
		}
	}
	return &u.origin
}

// isAs reports whether the frame is one as it would be written. That a body could not be
// compressed is not seen where no other was. What may have a cell that is too long for
// others is written anew.
func (f *packedFrame) isAs(c Compression) bool {
	return !f.mixed && f.compression == c && f.payload <= DefaultLimits.Payload && f.memory <= int64(DefaultLimits.Cell)
}

func (f *packedFrame) append(dst []byte, first int64, last bool) []byte {
	start := len(dst)
	dst = slices.Grow(dst, packedHeader+len(f.bytes))[:start+packedHeader]
	head := f.packedHead
	head.first, head.last = first, last
	clear(dst[start:])
	head.put(dst[start:])
	return append(dst, f.bytes...)
}

// packedColumn is an entry of the column table, and the place of the column's body.
type packedColumn struct {
	kind        Kind
	layout      layout
	compression Compression
	nulls       int
	size        int64 // bytes of the body
	stored      int64 // bytes of the body in the frame
	name        []byte
	at          int64 // of the body in the frame
}

func (e *packedColumn) put(to []byte, name string) int {
	le := binary.LittleEndian
	le.PutUint16(to, uint16(e.kind))
	to[2], to[3] = byte(e.layout), byte(e.compression)
	le.PutUint32(to[4:], uint32(e.nulls))
	le.PutUint64(to[8:], uint64(e.size))
	le.PutUint64(to[16:], uint64(e.stored))
	le.PutUint16(to[24:], uint16(len(name)))
	return packedEntry + copy(to[packedEntry:], name)
}

// read reads an entry from the begin of table and returns its bytes.
func (e *packedColumn) read(table []byte) (int, error) {
	if len(table) < packedEntry {
		return 0, fmt.Errorf("%w: the table ends in an entry", ErrCorrupt)
	}
	le := binary.LittleEndian
	end := packedEntry + int(le.Uint16(table[24:]))
	if len(table) < end {
		return 0, fmt.Errorf("%w: the table ends in a name", ErrCorrupt)
	}
	size, stored := le.Uint64(table[8:]), le.Uint64(table[16:])
	if size > math.MaxInt64/2 || stored > math.MaxInt64/2 {
		return 0, fmt.Errorf("%w: a body of %d bytes, %d stored", ErrCorrupt, size, stored)
	}
	*e = packedColumn{Kind(le.Uint16(table)), layout(table[2]), Compression(table[3]), int(le.Uint32(table[4:])), int64(size), int64(stored), table[packedEntry:end], 0}
	return end, nil
}

// check holds the entry against itself and the number of rows.
func (e *packedColumn) check(rows int) error {
	allowed, width := layoutsOf(e.kind)
	least, n := int64(0), int64(rows)
	if e.nulls > 0 {
		least = aligned((n + 7) / 8)
	}
	switch e.layout {
	case fixedLayout:
		least += n * width
	case bitsLayout:
		least += (n + 7) / 8
	case textLayout:
		least += aligned(4 * (n + 1))
	case nanosLayout:
		least += n * (width + 2)
	}
	switch {
	case allowed == nil:
		return fmt.Errorf("%w: kind %d", ErrUnsupported, e.kind)
	case !slices.Contains(allowed, e.layout):
		return fmt.Errorf("%w: layout %d of kind %s", ErrUnsupported, e.layout, e.kind)
	case e.compression > LZ4:
		return fmt.Errorf("%w: compression %d", ErrUnsupported, e.compression)
	case !utf8.Valid(e.name):
		return fmt.Errorf("%w: the name is not UTF-8", ErrCorrupt)
	case uint32(e.nulls) > uint32(rows):
		return fmt.Errorf("%w: %d NULLs in %d rows", ErrCorrupt, uint32(e.nulls), rows)
	case e.size < least, e.size > least && e.layout != textLayout, e.compression == Uncompressed && e.stored != e.size:
		return fmt.Errorf("%w: a body of %d bytes, %d stored, for %d rows", ErrCorrupt, e.size, e.stored, rows)
	}
	return nil
}

// memory returns the bytes that the column takes, of which a body that is not compressed
// may take its own: the numbers of a frame do not always lie where they can be read.
func (e *packedColumn) memory(rows int) int64 {
	row := int64(8) // the indicator
	switch {
	case e.kind == Bool:
		row += 1
	case e.kind == Date:
		row += 6
	case isTimestamp(e.kind):
		row += 16
	case e.kind == Time && e.layout == fixedLayout:
		row += int64(timeText) + 4
	case e.kind == UUID && e.layout == fixedLayout:
		row += int64(uuidText) + 4
	}
	return e.size + int64(rows)*row
}

// layoutsOf returns the layouts that columns of a kind can have, none for a kind that
// is not known, and the width of a value in those that have one.
func layoutsOf(k Kind) (allowed []layout, width int64) {
	switch k {
	case Bool:
		return bitsOnly, 0
	case Int8, Uint8:
		return fixedOnly, 1
	case Int16, Uint16:
		return fixedOnly, 2
	case Int32, Uint32, Float32, Date:
		return fixedOnly, 4
	case Int64, Uint64, Float64:
		return fixedOnly, 8
	case Timestamp, TimestampTZ, DateTimeOffset:
		return fixedOrNanos, 8
	case Time:
		return fixedOrText, 8
	case UUID:
		return fixedOrText, 16
	case Text, NText, JSON, XML, Interval, Decimal, Money, Binary:
		return textOnly, 0
	}
	return nil, 0
}

var (
	bitsOnly     = []layout{bitsLayout}
	fixedOnly    = []layout{fixedLayout}
	fixedOrNanos = []layout{fixedLayout, nanosLayout}
	fixedOrText  = []layout{fixedLayout, textLayout}
	textOnly     = []layout{textLayout}
)
