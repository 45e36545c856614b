package protocol

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// Version 1: cell after cell. A cell is a byte, 1 for NULL, or 0, four bytes of length
// and the value.

func appendRowMajor(dst []byte, b *Batch) ([]byte, error) {
	sources, err := sourcesOf(b)
	if err != nil {
		return dst, err
	}
	frame := binary.LittleEndian.AppendUint32(dst, magic)
	frame = binary.LittleEndian.AppendUint16(frame, uint16(RowMajor))
	frame = binary.LittleEndian.AppendUint16(frame, uint16(len(sources)))
	frame = binary.LittleEndian.AppendUint32(frame, uint32(b.rows))
	frame = binary.LittleEndian.AppendUint32(frame, 0)
	payload := len(frame)
	for i := range sources {
		frame = sources[i].appendHead(frame)
	}
	for i := range b.rows {
		for j := range sources {
			s := &sources[j]
			switch {
			case s.indicators[i] == Null:
				frame = append(frame, 1)
				continue
			case s.int64 != nil:
				v := uint64(s.int64[i])
				frame = append(frame, 0, 8, 0, 0, 0, byte(v), byte(v>>8), byte(v>>16), byte(v>>24), byte(v>>32), byte(v>>40), byte(v>>48), byte(v>>56))
				continue
			case s.int32 != nil:
				v := uint32(s.int32[i])
				frame = append(frame, 0, 4, 0, 0, 0, byte(v), byte(v>>8), byte(v>>16), byte(v>>24))
				continue
			}
			if frame, err = s.appendCell(frame, i); err != nil {
				return dst, s.fail(b, i, err)
			}
		}
		if err := fits(len(frame) - payload); err != nil {
			return dst, err
		}
	}
	if err := fits(len(frame) - payload); err != nil {
		return dst, err
	}
	binary.LittleEndian.PutUint32(frame[payload-4:], uint32(len(frame)-payload))
	return frame, nil
}

// appendHead writes what stands before the cells of a column: kind and name.
func (s *source) appendHead(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint16(dst, uint16(s.kind))
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(s.column.Name())))
	return append(dst, s.column.Name()...)
}

// fits refuses a payload that decoders of the defaults would refuse.
func fits(payload int) error {
	if int64(payload) > DefaultLimits.Payload {
		return &FormatError{"payload", 0, fmt.Errorf("%w: over %d bytes; write fewer rows a frame", ErrLimit, DefaultLimits.Payload)}
	}
	return nil
}

// head is what a frame says of a column.
type head struct {
	kind Kind
	name []byte
	// body is a column of version 2, from byte at of the frame, compressed or not.
	body        []byte
	at          int
	compression Compression
}

func (d *Decoder) decodeRowMajor(data []byte) (*Batch, error) {
	limits := d.Limits.orDefault()
	columns, rows := int(binary.LittleEndian.Uint16(data[6:])), int(binary.LittleEndian.Uint32(data[8:]))
	if err := limits.check(uint64(columns), uint64(rows)); err != nil {
		return nil, err
	}
	c := &d.cells
	c.forget(limits.Memory)
	c.heads = c.heads[:0]
	at := rowMajorHeader
	for i := range columns {
		h, next, err := headAt(data, at, i)
		if err != nil {
			return nil, err
		}
		c.heads = append(c.heads, h)
		at = next
	}
	if int64(rows)*int64(columns) > int64(len(data)-at) {
		return nil, &FormatError{"rows", 8, fmt.Errorf("%w: %d rows of %d columns in %d bytes", ErrCorrupt, rows, columns, len(data)-at)}
	}
	if err := c.aim(d.Columns); err != nil {
		return nil, err
	}
	if err := c.measureRows(data, at, rows, limits.Cell); err != nil {
		return nil, err
	}
	left := roomOf(&limits)
	if err := left.takeSent(int64(len(data) - at)); err != nil {
		return nil, &FormatError{"payload", int64(at), err}
	}
	for i := range c.targets {
		if err := c.targets[i].begin(rows, &left); err != nil {
			return nil, columnError(i, string(c.heads[i].name), at, err)
		}
	}
	if err := c.fillRows(data, at, rows); err != nil {
		return nil, err
	}
	return c.finish(rows, d.base)
}

// headAt reads kind and name of column i.
func headAt(data []byte, at, i int) (h head, next int, err error) {
	if len(data)-at < 4 {
		return h, 0, columnError(i, "", at, fmt.Errorf("%w: no room for a column", ErrCorrupt))
	}
	kind, length := Kind(binary.LittleEndian.Uint16(data[at:])), int(binary.LittleEndian.Uint16(data[at+2:]))
	if len(data)-at-4 < length {
		return h, 0, columnError(i, "", at, fmt.Errorf("%w: no room for a name of %d bytes", ErrCorrupt, length))
	}
	next = at + 4 + length
	h = head{kind: kind, name: data[at+4 : next]}
	if !utf8.Valid(h.name) {
		return h, 0, columnError(i, "", at, fmt.Errorf("%w: the name is not UTF-8", ErrCorrupt))
	}
	return h, next, nil
}

// measureRows looks at the lengths of all cells, and adds them up for each column.
func (c *cellDecoder) measureRows(data []byte, at, rows, longest int) error {
	for i := range c.targets {
		c.targets[i].size = 0
	}
	for i := range rows {
		for j := range c.targets {
			length, ok := lengthAt(data, at, longest)
			switch {
			case ok:
				c.targets[j].size += length
				at += 5 + length
			case at < len(data) && data[at] == 1:
				at++
			default:
				return c.cellError(j, i, at, badCell(data, at, longest))
			}
		}
	}
	if at != len(data) {
		return &FormatError{"payload", int64(at), fmt.Errorf("%w: %d bytes behind the last row", ErrCorrupt, len(data)-at)}
	}
	for i := range c.targets {
		if t := &c.targets[i]; t.width > 0 {
			t.size = t.digits(t.size / t.width)
		}
	}
	return nil
}

// lengthAt returns the length of the value that begins at a byte of data, if there is one
// and nothing is wrong with it.
func lengthAt(data []byte, at, longest int) (int, bool) {
	if len(data)-at < 5 || data[at] != 0 {
		return 0, false
	}
	length := int(binary.LittleEndian.Uint32(data[at+1:]))
	return length, uint(length) <= uint(longest) && length <= len(data)-at-5
}

// badCell says what is wrong with a cell that is not NULL.
func badCell(data []byte, at, longest int) error {
	if at < len(data) && data[at] > 1 { // the reference takes these as values, and bit flips with them
		return fmt.Errorf("%w: %d is neither NULL nor a value", ErrCorrupt, data[at])
	}
	if len(data)-at >= 5 {
		if length := binary.LittleEndian.Uint32(data[at+1:]); uint64(length) > uint64(longest) {
			return fmt.Errorf("%w: %d bytes, a cell has at most %d", ErrLimit, length, longest)
		}
	}
	return fmt.Errorf("%w: there is no end of the cell", ErrCorrupt)
}

// fillRows takes the cells, which have been measured.
func (c *cellDecoder) fillRows(data []byte, at, rows int) error {
	for i := range rows {
		for j := range c.targets {
			t := &c.targets[j]
			if data[at] == 1 {
				t.indicators[i] = Null
				at++
				continue
			}
			end := at + 5 + int(binary.LittleEndian.Uint32(data[at+1:]))
			cell := data[at+5 : end]
			switch {
			case t.plain:
				t.data = append(t.data, cell...)
				t.indicators[i] = int64(len(cell))
			case t.int64 != nil && len(cell) == 8:
				t.int64.Cells[i] = int64(binary.LittleEndian.Uint64(cell))
			case t.int32 != nil && len(cell) == 4:
				t.int32.Cells[i] = int32(binary.LittleEndian.Uint32(cell))
			case !t.take(i, cell):
				return c.refuse(j, i, at, cell)
			}
			at = end
		}
	}
	return nil
}
