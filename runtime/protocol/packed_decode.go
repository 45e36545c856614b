package protocol

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"iter"
	"math/bits"
	"slices"
	"unicode/utf8"

	"github.com/odbcgen/odbcgen/runtime/protocol/internal/view"
)

// unpacking is what a Decoder keeps from frame to frame of version 3. Its Batch is no
// other version's, because the numbers of it lie in the memory of the frame.
type unpacking struct {
	batch   *Batch
	kinds   []Kind        // of the columns of the frame
	columns []Column      // into which bodies are read: the Batch's, or others to be converted
	convert []*conversion // by column, nil for the Batch's
	table   []packedColumn
	kept    []packedKept // by column
	plain   []byte       // decompressed bodies
	origin  packedFrame  // of the Batch
	body    packedBody
}

// packedKept is memory of a column for cells that do not lie in the frame.
type packedKept struct {
	zeros   int // indicators, from the first on, that are known to be 0
	borders []uint32
	text    []byte
}

// decodePacked decodes the frame of version 3 that data is.
func (d *Decoder) decodePacked(data []byte) (*Batch, error) {
	limits := d.Limits.orDefault()
	head, err := readPackedHead(data, &limits)
	if err != nil {
		return nil, err
	}
	switch rest := int64(len(data) - packedHeader); {
	case rest < head.payload:
		return nil, &FormatError{"payload", packedHeader, fmt.Errorf("%w: %d of %d bytes", ErrTruncated, rest, head.payload)}
	case rest > head.payload:
		return nil, &FormatError{"payload", packedHeader + head.payload, fmt.Errorf("%w: %d bytes behind the frame", ErrCorrupt, rest-head.payload)}
	}
	u := &d.unpacking
	if u.batch != nil {
		u.batch.frame = nil
	}
	u.forget(limits.Memory)
	left := roomOf(&limits)
	if err := u.readTable(data, head, &left); err != nil {
		return nil, err
	}
	if crc32.Checksum(data[packedHeader:], castagnoli) != head.checksum {
		return nil, &FormatError{"payload", 36, fmt.Errorf("%w: its checksum is another", ErrCorrupt)}
	}
	if err := u.makeBatch(d.Columns); err != nil {
		return nil, err
	}
	u.batch.SetRows(head.rows, head.first)
	if err := u.readBodies(data, head.rows, &limits); err != nil {
		return nil, err
	}
	if err := u.convertColumns(head.rows, &left); err != nil {
		return nil, err
	}
	u.batch.frame = u.frame(data, head)
	return u.batch, nil
}

// forget lets go of the memory of the frames before where it is much, as that of other
// versions does.
func (u *unpacking) forget(memory int64) {
	kept := int64(cap(u.plain))
	for i := range u.kept {
		kept += int64(cap(u.kept[i].text))
		if c := u.convert[i]; c != nil {
			kept += int64(cap(c.data))
		}
	}
	if kept > memory/4 {
		*u = unpacking{table: u.table}
	}
}

// readTable reads and checks the column table. Nothing is allocated yet but its
// entries, which have been counted, and there is room for all columns.
func (u *unpacking) readTable(data []byte, head packedHead, left *room) error {
	u.table = slices.Grow(u.table[:0], head.columns)[:head.columns]
	table := data[packedHeader:][:head.table]
	at, body := 0, int64(packedHeader+head.table)
	for i := range u.table {
		e := &u.table[i]
		end, err := e.read(table[at:])
		if err == nil {
			err = e.check(head.rows)
		}
		if err == nil {
			err = left.takeSent(e.size)
		}
		if err == nil {
			err = left.takeRows(head.rows, e.memory(head.rows))
		}
		e.at = body
		body += e.stored
		padding := -body & 7
		if err == nil && (body+padding > int64(len(data)) || !isZero(data[body:body+padding])) {
			err = fmt.Errorf("%w: its body ends outside of the frame, or not in zeros", ErrCorrupt)
		}
		if err != nil {
			return &FormatError{part(i, string(e.name)), int64(packedHeader + at), err}
		}
		at, body = at+end, body+padding
	}
	if aligned(at) != len(table) || !isZero(table[at:]) || body != int64(len(data)) {
		return &FormatError{"column table", int64(packedHeader + at), fmt.Errorf("%w: bytes that no column has", ErrCorrupt)}
	}
	return nil
}

func isZero(b []byte) bool {
	var any byte
	for _, v := range b {
		any |= v
	}
	return any == 0
}

// makeBatch makes the Batch, unless that of the last frame is for such columns.
func (u *unpacking) makeBatch(wanted []ColumnSpec) error {
	if wanted != nil && len(wanted) != len(u.table) {
		return &FormatError{"column table", packedHeader, fmt.Errorf("%w: %d columns, and %d are wanted", ErrCorrupt, len(u.table), len(wanted))}
	}
	if u.batch != nil && u.isFor(wanted) {
		return nil
	}
	n := len(u.table)
	in, out, kinds := make([]ColumnSpec, n), make([]ColumnSpec, n), make([]Kind, n)
	for i, e := range u.table {
		kinds[i] = e.kind
		in[i] = ColumnSpec{Name: string(e.name), Kind: e.kind}
		if out[i] = in[i]; wanted != nil {
			out[i] = wanted[i]
			out[i].Width = 0 // cells lie one after the other
		}
		if !named(out[i].Name, e.name) {
			return &FormatError{part(i, in[i].Name), packedHeader, fmt.Errorf("%w: %q is wanted", ErrCorrupt, out[i].Name)}
		}
		if !isPackable(out[i].Kind) || out[i].Reader {
			return &FormatError{part(i, in[i].Name), packedHeader, fmt.Errorf("%w: cells of kind %s, or to be read in pieces", ErrUnsupported, out[i].Kind)}
		}
	}
	*u = unpacking{batch: NewBatch(out, 0), kinds: kinds, columns: NewBatch(in, 0).columns, table: u.table,
		convert: make([]*conversion, n), kept: make([]packedKept, n), plain: u.plain}
	for i, c := range u.batch.columns {
		if sameColumn(c.Kind(), kinds[i]) {
			u.columns[i] = c
			continue
		}
		var err error
		if u.convert[i], err = newConversion(c, u.columns[i]); err != nil {
			u.batch = nil
			return &FormatError{part(i, in[i].Name), packedHeader, err}
		}
	}
	return nil
}

// isFor reports whether the Batch is for the columns of the table, taken as wanted.
func (u *unpacking) isFor(wanted []ColumnSpec) bool {
	if len(u.table) != len(u.kinds) {
		return false
	}
	for i, c := range u.batch.columns {
		e := &u.table[i]
		is := ColumnSpec{Name: c.Name(), Kind: e.kind}
		if wanted != nil {
			is = wanted[i]
		}
		if e.kind != u.kinds[i] || c.Kind() != is.Kind || c.Name() != is.Name || is.Reader || !named(is.Name, e.name) || wanted == nil && is.Name != string(e.name) {
			return false
		}
	}
	return true
}

func isPackable(k Kind) bool {
	allowed, _ := layoutsOf(k)
	return allowed != nil
}

// sameColumn reports whether cells of both kinds are the same in a Batch.
func sameColumn(a, b Kind) bool {
	return a == b || isText(a) && isText(b) || isTimestamp(a) && isTimestamp(b)
}

func isText(k Kind) bool { return k == Text || k == NText || k == XML }

func isTimestamp(k Kind) bool { return k == Timestamp || k == TimestampTZ || k == DateTimeOffset }

// readBodies reads the body of every column.
func (u *unpacking) readBodies(data []byte, rows int, limits *Limits) error {
	u.makePlain()
	plain := u.plain
	for i := range u.table {
		e := &u.table[i]
		body, err := data[e.at:][:e.stored], error(nil)
		if e.compression != Uncompressed {
			room := int(aligned(e.size))
			body, err = decompress(plain[:0:room+behind(e.compression)], body, e.compression, e.size, e.size)
			plain = plain[room:]
		}
		if err == nil && int64(len(body)) != e.size {
			err = fmt.Errorf("%w: %d bytes, and not %d, when decompressed", ErrCorrupt, len(body), e.size)
		}
		if err == nil {
			err = u.body.begin(e, body, rows, limits.Cell, &u.kept[i])
		}
		if err == nil {
			err = u.columns[i].takeBody(&u.body)
		}
		if err != nil {
			return &FormatError{part(i, string(e.name)), e.at, err}
		}
	}
	return nil
}

// makePlain makes room for the bodies that are compressed, and once for what decompress
// wants to have behind each.
func (u *unpacking) makePlain() {
	total, end := 0, 0
	for i := range u.table {
		if e := &u.table[i]; e.compression != Uncompressed {
			total += int(aligned(e.size))
			end = max(end, behind(e.compression))
		}
	}
	if cap(u.plain) < total+end {
		u.plain = make([]byte, total+end)
	}
	u.plain = u.plain[:cap(u.plain)]
}

// behind returns the bytes that decompress wants to have behind a body, so that it does
// not make an own one.
func behind(c Compression) int {
	if c == Zstd {
		return zstdBlock
	}
	return 0
}

// convertColumns fills the columns of the Batch whose kind in the frame is another.
func (u *unpacking) convertColumns(rows int, left *room) error {
	for i, from := range u.columns {
		c := u.convert[i]
		if c == nil {
			continue
		}
		if err := c.begin(rows, left); err != nil {
			return &FormatError{part(i, from.Name()), u.table[i].at, err}
		}
		if row, err := c.convert(from); err != nil {
			return &FormatError{fmt.Sprintf("%s, row %d", part(i, from.Name()), u.batch.base+int64(row)+1), u.table[i].at, err}
		}
	}
	return nil
}

// packedBody is the body of a column.
type packedBody struct {
	rows    int
	layout  layout
	nulls   int
	valid   []byte // the bitmap, if there are NULLs
	data    []byte // behind it
	longest int    // bytes that a cell may have
	kept    *packedKept
}

func (b *packedBody) begin(e *packedColumn, body []byte, rows, longest int, kept *packedKept) error {
	*b = packedBody{rows: rows, layout: e.layout, nulls: e.nulls, data: body, longest: longest, kept: kept}
	if e.nulls == 0 {
		return nil
	}
	n := (rows + 7) / 8
	b.valid, b.data = body[:n], body[aligned(n):]
	if !isZero(body[n:aligned(n)]) || !endsInZeros(b.valid, rows) {
		return fmt.Errorf("%w: the validity bitmap does not end in zeros", ErrCorrupt)
	}
	if set := countOnes(b.valid); rows-set != e.nulls {
		return fmt.Errorf("%w: %d NULLs in the validity bitmap, and not %d", ErrCorrupt, rows-set, e.nulls)
	}
	return nil
}

// endsInZeros reports whether the bits behind the last row are 0.
func endsInZeros(bitmap []byte, rows int) bool {
	return rows&7 == 0 || bitmap[len(bitmap)-1]>>(rows&7) == 0
}

func countOnes(bitmap []byte) (n int) {
	for ; len(bitmap) >= 8; bitmap = bitmap[8:] {
		n += bits.OnesCount64(binary.LittleEndian.Uint64(bitmap))
	}
	for _, b := range bitmap {
		n += bits.OnesCount8(b)
	}
	return n
}

// allNull yields the rows that are NULL.
func (b *packedBody) allNull() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i, v := range b.valid {
			for none := ^v; none != 0; none &= none - 1 {
				if row := 8*i + bits.TrailingZeros8(none); row >= b.rows || !yield(row) {
					return
				}
			}
		}
	}
}

// takeValidity sets the indicators of a column whose cells have a fixed width.
func (m *meta) takeValidity(b *packedBody) {
	if cap(m.indicators) < b.rows {
		m.indicators, b.kept.zeros = make([]int64, b.rows), b.rows
	}
	m.indicators = m.indicators[:b.rows]
	if b.kept.zeros < b.rows {
		clear(m.indicators)
		b.kept.zeros = b.rows
	}
	for i := range b.allNull() {
		m.indicators[i] = Null
		b.kept.zeros = min(b.kept.zeros, i)
	}
}

func (c *Numbers[T]) takeBody(b *packedBody) error {
	c.takeValidity(b)
	c.Cells, c.own = view.Of(b.data, c.own)
	return nil
}

func (c *Bools) takeBody(b *packedBody) error {
	if !endsInZeros(b.data, b.rows) {
		return fmt.Errorf("%w: the bits do not end in zeros", ErrCorrupt)
	}
	c.takeValidity(b)
	c.Cells = sized(c.Cells, b.rows)
	for i := range c.Cells {
		c.Cells[i] = b.data[i>>3] >> (i & 7) & 1
	}
	return nil
}

func (c *Readers) takeBody(*packedBody) error { return ErrUnsupported }

func (c *Dates) takeBody(b *packedBody) error {
	c.takeValidity(b)
	c.Cells = sized(c.Cells, b.rows)
	cells, data := c.Cells, b.data
	for i := range cells {
		v := binary.LittleEndian.Uint32(data[4*i:])
		if v>>25 != 0 {
			return notInRow(i)
		}
		cell := &cells[i]
		cell.Year, cell.Month, cell.Day = int16(v>>9), uint16(v>>5&15), uint16(v&31)
	}
	return nil
}

func notInRow(i int) error {
	return fmt.Errorf("%w: row %d of the frame has no such value", ErrCorrupt, i+1)
}

func (c *Timestamps) takeBody(b *packedBody) error {
	c.takeValidity(b)
	c.Cells = sized(c.Cells, b.rows)
	cells, data := c.Cells, b.data
	for i := range cells {
		v := binary.LittleEndian.Uint64(data[8*i:])
		micros := uint32(v & (1<<20 - 1))
		if v>>62 != 0 || micros > 999_999 {
			return notInRow(i)
		}
		cell := &cells[i] // whose fields are set one by one: a whole cell goes over the stack
		cell.Year, cell.Month, cell.Day = int16(v>>46), uint16(v>>42&15), uint16(v>>37&31)
		cell.Hour, cell.Minute, cell.Second = uint16(v>>32&31), uint16(v>>26&63), uint16(v>>20&63)
		cell.Fraction = 1000 * micros
	}
	if b.layout == nanosLayout {
		return c.takeNanos(b.data[8*b.rows:])
	}
	return nil
}

func (c *Timestamps) takeNanos(data []byte) error {
	for i := range c.Cells {
		nanos := binary.LittleEndian.Uint16(data[2*i:])
		if nanos > 999 {
			return notInRow(i)
		}
		c.Cells[i].Fraction += uint32(nanos)
	}
	return nil
}

func (c *UUIDs) takeBody(b *packedBody) error {
	if b.layout == textLayout {
		return c.Variable.takeBody(b)
	}
	return c.takeWritten(b, 16, uuidText, writeUUID)
}

func (c *Times) takeBody(b *packedBody) error {
	if b.layout == textLayout {
		return c.Variable.takeBody(b)
	}
	return c.takeWritten(b, 8, timeText, writeTime)
}

// What a cell has as text at most.
const (
	uuidText      = len("00000000-0000-0000-0000-000000000000")
	timeText      = len("00:00:00.000000000")
	timestampText = len("0000-00-00 00:00:00.000000000")
)

// takeWritten has every value of the width written as text, of so many bytes at most.
func (v *Variable) takeWritten(b *packedBody, width, longest int, write func(to, value []byte) int) error {
	v.indicators, b.kept.zeros = sized(v.indicators, b.rows), 0
	borders, text := sized(b.kept.borders, b.rows+1), sized(b.kept.text, b.rows*longest)
	b.kept.borders, b.kept.text = borders, text
	end := 0
	borders[0] = 0
	for i := range b.rows {
		n := Null
		if !isNull(b.valid, i) {
			if n = write(text[end:], b.data[i*width:][:width]); n < 0 {
				return notInRow(i)
			}
			end += n
		}
		v.indicators[i] = int64(n)
		borders[i+1] = uint32(end)
	}
	v.pack(text[:end], borders)
	return nil
}

func writeUUID(to, value []byte) int {
	to = to[:36]
	to[8], to[13], to[18], to[23] = '-', '-', '-', '-'
	for i, at := range uuidDigits {
		to[at], to[at+1] = hexDigits[value[i]>>4], hexDigits[value[i]&15]
	}
	return 36
}

const hexDigits = "0123456789abcdef"

func writeTime(to, value []byte) int {
	nanos := binary.LittleEndian.Uint64(value)
	seconds := nanos / 1e9
	if seconds >= 86400 {
		return -1
	}
	text := appendDigits(to[:0], uint32(seconds/3600), 2)
	text = appendDigits(append(text, ':'), uint32(seconds/60%60), 2)
	text = appendDigits(append(text, ':'), uint32(seconds%60), 2)
	if nanos %= 1e9; nanos == 0 {
		return len(text)
	}
	text = appendDigits(append(text, '.'), uint32(nanos/1000), 6)
	text = appendDigits(text, uint32(nanos%1000), 3)
	for text[len(text)-1] == '0' {
		text = text[:len(text)-1]
	}
	return len(text)
}

func (v *Variable) takeBody(b *packedBody) error {
	width := 4 * (b.rows + 1)
	offsets, text := b.data[:width], b.data[aligned(width):]
	if !isZero(b.data[width:aligned(width)]) {
		return fmt.Errorf("%w: the offsets do not end in zeros", ErrCorrupt)
	}
	var borders []uint32
	borders, b.kept.borders = view.Of(offsets, b.kept.borders)
	b.kept.zeros = 0
	v.indicators = sized(v.indicators, b.rows)
	if !lengthsOf(v.indicators, borders) || borders[0] != 0 || int64(borders[b.rows]) != int64(len(text)) {
		return fmt.Errorf("%w: offsets that fall, or do not end with the %d bytes of text", ErrCorrupt, len(text))
	}
	if len(text) > b.longest && slices.Max(v.indicators) > int64(b.longest) {
		return fmt.Errorf("%w: a cell of %d bytes", ErrLimit, slices.Max(v.indicators))
	}
	for i := range b.allNull() {
		if v.indicators[i] != 0 {
			return fmt.Errorf("%w: the NULL in row %d of the frame has bytes", ErrCorrupt, i+1)
		}
		v.indicators[i] = Null
	}
	if v.kind != Binary {
		if i := notText(text, offsets); i >= 0 {
			return fmt.Errorf("%w: the text in row %d of the frame is not UTF-8", ErrCorrupt, i+1)
		}
	}
	v.pack(text, borders)
	return nil
}

// lengthsOf sets the lengths between borders, and reports whether none is below 0.
func lengthsOf(lengths []int64, borders []uint32) bool {
	rest, last, any := borders[1:], int64(borders[0]), int64(0)
	for i := range lengths {
		border := int64(rest[i])
		lengths[i] = border - last
		any |= border - last
		last = border
	}
	return any >= 0
}

// notText returns the first cell of data that is not UTF-8, -1 if there is none.
func notText(data, offsets []byte) int {
	if isASCII(data) {
		return -1
	}
	border := func(i int) int { return int(binary.LittleEndian.Uint32(offsets[4*i:])) }
	cells := len(offsets)/4 - 1
	inside := !utf8.Valid(data)
	for i := 0; i < cells && !inside; i++ { // text as a whole, cut between characters?
		at := border(i)
		inside = at < len(data) && !utf8.RuneStart(data[at])
	}
	if !inside {
		return -1
	}
	for i := range cells {
		if !utf8.Valid(data[border(i):border(i+1)]) {
			return i
		}
	}
	return -1
}
