package protocol

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Version 2: column after column. The cells are those of version 1, but Int32 and Int64
// have no length, and each column can be compressed.

func appendColumnar(dst []byte, f Format, b *Batch) ([]byte, error) {
	sources, err := sourcesOf(b)
	if err != nil {
		return dst, err
	}
	frame := binary.LittleEndian.AppendUint32(dst, magic)
	frame = binary.LittleEndian.AppendUint16(frame, uint16(Columnar))
	frame = binary.LittleEndian.AppendUint16(frame, 0)
	frame = binary.LittleEndian.AppendUint16(frame, uint16(len(sources)))
	frame = binary.LittleEndian.AppendUint32(frame, uint32(b.rows))
	frame = append(frame, 0, 0, 0, 0, 0)
	payload := len(frame)
	if f.Compression != Uncompressed {
		frame[payload-5] = 1 // asked for, whether or not a column became smaller
	}
	whole := 0 // before compression
	for i := range sources {
		s := &sources[i]
		frame = append(s.appendHead(frame), 0, 0, 0, 0, 0)
		body := len(frame)
		if frame, err = s.appendColumn(frame, b, body-whole); err != nil {
			return dst, err
		}
		whole += len(frame) - body
		frame = closeColumn(frame, body, f.Compression)
	}
	if f.Compression != Uncompressed { // a reader has the column twice, and what its cells take
		whole += b.rows * len(sources) * variableCell
	}
	if err := fits(max(whole, len(frame)-payload)); err != nil {
		return dst, err
	}
	binary.LittleEndian.PutUint32(frame[payload-4:], uint32(len(frame)-payload))
	return frame, nil
}

// appendColumn writes the cells of a column; start is where those of the frame would
// begin, had none been compressed.
func (s *source) appendColumn(dst []byte, b *Batch, start int) ([]byte, error) {
	if wireWidth(s.kind) > 0 {
		return s.appendBare(dst, b.rows), nil
	}
	var err error
	for i, n := range s.indicators[:b.rows] {
		if n == Null {
			dst = append(dst, 1)
			continue
		}
		if dst, err = s.appendCell(dst, i); err != nil {
			return dst, s.fail(b, i, err)
		}
		if err := fits(len(dst) - start); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// closeColumn writes the length of the body that ends dst, and compresses it where that
// makes it smaller. The five bytes before it are for that.
func closeColumn(dst []byte, body int, c Compression) []byte {
	end := len(dst)
	both, smaller := compress(dst, dst[body:], c)
	if !smaller {
		binary.LittleEndian.PutUint32(dst[body-4:], uint32(end-body))
		return dst
	}
	stored := both[end:]
	dst = append(both[:body-5], 1, byte(c))
	// Six bytes are written over five and the body, which is longer than one.
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(stored)))
	return append(dst, stored...)
}

func (d *Decoder) decodeColumnar(data []byte) (*Batch, error) {
	limits := d.Limits.orDefault()
	columns, rows := int(binary.LittleEndian.Uint16(data[8:])), int(binary.LittleEndian.Uint32(data[10:]))
	if err := limits.check(uint64(columns), uint64(rows)); err != nil {
		return nil, err
	}
	if flags := binary.LittleEndian.Uint16(data[6:]); flags != 0 {
		return nil, &FormatError{"flags", 6, fmt.Errorf("%w: %#x", ErrUnsupported, flags)}
	}
	if data[14] > 1 {
		return nil, &FormatError{"compression", 14, fmt.Errorf("%w: %d is neither asked for nor not", ErrCorrupt, data[14])}
	}
	c := &d.cells
	c.forget(limits.Memory)
	if err := c.readColumns(data, columns, rows); err != nil {
		return nil, err
	}
	if err := c.aim(d.Columns); err != nil {
		return nil, err
	}
	left := roomOf(&limits)
	for i := range c.heads {
		if err := c.fillColumn(i, rows, limits.Cell, &left); err != nil {
			return nil, err
		}
	}
	return c.finish(rows, d.base)
}

// readColumns reads the heads of all columns.
func (c *cellDecoder) readColumns(data []byte, columns, rows int) error {
	c.heads = c.heads[:0]
	at := columnarHeader
	for i := range columns {
		h, next, err := headAt(data, at, i)
		if err != nil {
			return err
		}
		if next, err = h.bodyAt(data, next); err != nil {
			return columnError(i, string(h.name), at, err)
		}
		if h.compression == Uncompressed && rows > len(h.body) {
			return columnError(i, string(h.name), h.at, fmt.Errorf("%w: %d rows in %d bytes", ErrCorrupt, rows, len(h.body)))
		}
		c.heads = append(c.heads, h)
		at = next
	}
	if at != len(data) {
		return &FormatError{"payload", int64(at), fmt.Errorf("%w: %d bytes behind the last column", ErrCorrupt, len(data)-at)}
	}
	return nil
}

// bodyAt reads what follows the name of a column.
func (h *head) bodyAt(data []byte, at int) (next int, err error) {
	rest := data[at:]
	short := 5
	if len(rest) > 0 && rest[0] == 1 {
		short = 6
	}
	if len(rest) < short {
		return 0, fmt.Errorf("%w: the payload ends in the column", ErrCorrupt)
	}
	if short == 6 {
		h.compression = Compression(rest[1])
	}
	switch {
	case rest[0] > 1:
		return 0, fmt.Errorf("%w: %d is neither compressed nor not", ErrCorrupt, rest[0])
	case short == 6 && data[14] == 0:
		return 0, fmt.Errorf("%w: compressed, which the header says it is not", ErrCorrupt)
	case short == 6 && h.compression != Zstd && h.compression != LZ4:
		return 0, fmt.Errorf("%w: compression %d", ErrUnsupported, h.compression)
	}
	length := int64(binary.LittleEndian.Uint32(rest[short-4:]))
	if length > int64(len(rest)-short) {
		return 0, fmt.Errorf("%w: %d bytes of cells, %d are left", ErrCorrupt, length, len(rest)-short)
	}
	h.at = at + short
	next = h.at + int(length)
	h.body = data[h.at:next]
	return next, nil
}

// fillColumn takes the cells of column j. Places in errors are those of the bytes before
// compression, behind where the column begins.
func (c *cellDecoder) fillColumn(j, rows, longest int, left *room) error {
	h, t := &c.heads[j], &c.targets[j]
	body, err := c.bodyOf(h, left)
	if err == nil && rows > len(body) {
		err = fmt.Errorf("%w: %d rows in %d bytes", ErrCorrupt, rows, len(body))
	}
	if err != nil {
		return columnError(j, string(h.name), h.at, err)
	}
	if t.width > 0 {
		t.size = t.digits(len(body) / (1 + t.width))
	} else if err := c.measureColumn(j, body, rows, longest); err != nil {
		return err
	}
	if err := t.begin(rows, left); err != nil {
		return columnError(j, string(h.name), h.at, err)
	}
	if t.width > 0 {
		return c.fillBare(j, body, rows)
	}
	return c.fillCells(j, body, rows)
}

// bodyOf returns the cells of a column, decompressed.
func (c *cellDecoder) bodyOf(h *head, left *room) ([]byte, error) {
	body := h.body
	if h.compression != Uncompressed {
		var err error
		if body, err = decompress(c.body, h.body, h.compression, -1, min(left.sent, left.all)); err != nil {
			return nil, err
		}
		c.body = body
		left.all -= int64(len(body))
	}
	return body, left.takeSent(int64(len(body)))
}

// fillBare takes integers, which have no length.
func (c *cellDecoder) fillBare(j int, body []byte, rows int) error {
	t, start := &c.targets[j], c.heads[j].at
	first, at := 0, 0
	switch {
	case t.int32 != nil:
		first, at = takeNumbers(t.int32.Cells, t.indicators, body, 4)
	case t.int64 != nil:
		first, at = takeNumbers(t.int64.Cells, t.indicators, body, 8)
	}
	for i := first; i < rows; i++ {
		if at < len(body) && body[at] == 1 {
			t.indicators[i] = Null
			at++
			continue
		}
		if len(body)-at <= t.width || body[at] != 0 {
			return c.cellError(j, i, start+at, badCell(body, at, math.MaxInt))
		}
		cell := body[at+1 : at+1+t.width]
		if !t.take(i, cell) {
			return c.refuse(j, i, start+at, cell)
		}
		at += 1 + t.width
	}
	if at != len(body) {
		return columnError(j, string(c.heads[j].name), start+at, fmt.Errorf("%w: %d bytes behind the last row", ErrCorrupt, len(body)-at))
	}
	return nil
}

// takeNumbers takes cells up to the end of body, or to what is wrong, and returns the row
// and the place of that.
func takeNumbers[T int32 | int64](cells []T, indicators []int64, body []byte, width int) (row, at int) {
	cells = cells[:len(indicators)]
	for i := range indicators {
		if at < len(body) && body[at] == 1 {
			indicators[i] = Null
			at++
			continue
		}
		if len(body)-at <= width || body[at] != 0 {
			return i, at
		}
		if width == 4 {
			cells[i] = T(int32(binary.LittleEndian.Uint32(body[at+1:])))
		} else {
			cells[i] = T(binary.LittleEndian.Uint64(body[at+1:]))
		}
		at += 1 + width
	}
	return len(indicators), at
}

// measureColumn looks at the lengths of all cells, and adds them up.
func (c *cellDecoder) measureColumn(j int, body []byte, rows, longest int) error {
	start, at := c.heads[j].at, 0
	total := 0
	for i := range rows {
		length, ok := lengthAt(body, at, longest)
		switch {
		case ok:
			total += length
			at += 5 + length
		case at < len(body) && body[at] == 1:
			at++
		default:
			return c.cellError(j, i, start+at, badCell(body, at, longest))
		}
	}
	if at != len(body) {
		return columnError(j, string(c.heads[j].name), start+at, fmt.Errorf("%w: %d bytes behind the last row", ErrCorrupt, len(body)-at))
	}
	c.targets[j].size = total
	return nil
}

// fillCells takes the cells, which have been measured.
func (c *cellDecoder) fillCells(j int, body []byte, rows int) error {
	t, at := &c.targets[j], 0
	for i := range rows {
		if body[at] == 1 {
			t.indicators[i] = Null
			at++
			continue
		}
		end := at + 5 + int(binary.LittleEndian.Uint32(body[at+1:]))
		cell := body[at+5 : end]
		switch {
		case t.plain:
			t.data = append(t.data, cell...)
			t.indicators[i] = int64(len(cell))
		case !t.take(i, cell):
			return c.refuse(j, i, c.heads[j].at+at, cell)
		}
		at = end
	}
	return nil
}
