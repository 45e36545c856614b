package protocol

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/odbcgen/odbcgen/runtime/protocol/internal/view"
)

// packing is a frame of version 3 that is being written.
type packing struct {
	out    []byte
	start  int // of the frame in out
	batch  *Batch
	rows   int
	table  int            // bytes of the column table
	bodies []packedColumn // by column

	// of the column at hand
	bitmap int // where its validity bitmap is in out, if it has NULLs
	nulls  int
}

// column appends the body of a column.
func (p *packing) column(c Column, e *packedColumn) error {
	start := len(p.out)
	p.validity(c.Indicators()[:p.rows])
	l, err := c.appendBody(p)
	if err != nil {
		return err
	}
	size := int64(len(p.out) - start)
	*e = packedColumn{kind: c.Kind(), layout: l, nulls: p.nulls, size: size, stored: size, at: int64(start)}
	p.pad()
	return nil
}

// putTable fills the column table, for which there is room.
func (p *packing) putTable() {
	at := p.start + packedHeader
	for i, c := range p.batch.columns {
		at += p.bodies[i].put(p.out[at:], c.Name())
	}
}

// validity appends the validity bitmap of a column that has NULLs.
func (p *packing) validity(indicators []int64) {
	p.bitmap, p.nulls = len(p.out), 0
	if !anyNegative(indicators) {
		return
	}
	bits := p.grow((p.rows + 7) / 8)
	for i := range bits {
		var b byte
		for j, n := range indicators[8*i : min(8*i+8, p.rows)] {
			b |= bit(n != Null) << j
			p.nulls += int(bit(n == Null))
		}
		bits[i] = b
	}
	if p.nulls == 0 {
		p.out = p.out[:p.bitmap]
	}
	p.pad()
}

// anyNegative sees four numbers at a time: most columns of most blocks have no NULL.
func anyNegative(numbers []int64) bool {
	var a, b, c, d int64
	for ; len(numbers) >= 8; numbers = numbers[8:] {
		eight := (*[8]int64)(numbers)
		a |= eight[0] | eight[4]
		b |= eight[1] | eight[5]
		c |= eight[2] | eight[6]
		d |= eight[3] | eight[7]
	}
	for _, n := range numbers {
		a |= n
	}
	return a|b|c|d < 0
}

func bit(set bool) byte {
	if set {
		return 1
	}
	return 0
}

// valid returns the bitmap, nil where there is no NULL. It is good until out grows.
func (p *packing) valid() []byte {
	if p.nulls == 0 {
		return nil
	}
	return p.out[p.bitmap:][:(p.rows+7)/8]
}

// isNull reports whether a bitmap, nil without NULLs, says that the cell of row i is NULL.
func isNull(valid []byte, i int) bool { return valid != nil && valid[i>>3]>>(i&7)&1 == 0 }

// grow appends n bytes, which are whatever lay in that memory.
func (p *packing) grow(n int) []byte {
	end := len(p.out)
	p.out = slices.Grow(p.out, n)[:end+n]
	return p.out[end:]
}

// pad appends zeros up to the next multiple of 8.
func (p *packing) pad() {
	n := len(p.out) - p.start
	clear(p.grow(aligned(n) - n))
}

// fail says that the cell of row i cannot be in a frame.
func (p *packing) fail(c Column, i int, err error) error {
	return &CellError{Column: c.Name(), Index: c.Index(), Row: p.batch.base + int64(i), Err: err}
}

func (c *Numbers[T]) appendBody(p *packing) (layout, error) {
	start := len(p.out)
	p.out = view.Append(p.out, c.Cells[:p.rows])
	if p.nulls > 0 {
		cells, valid := p.out[start:], p.valid()
		width := len(cells) / p.rows
		for i := range p.rows {
			if isNull(valid, i) {
				clear(cells[i*width:][:width])
			}
		}
	}
	return fixedLayout, nil
}

func (c *Bools) appendBody(p *packing) (layout, error) {
	bits := p.grow((p.rows + 7) / 8)
	for i := range bits {
		var b byte
		for j, cell := range c.Cells[8*i : min(8*i+8, p.rows)] {
			b |= bit(cell != 0) << j
		}
		bits[i] = b
	}
	for i, v := range p.valid() {
		bits[i] &= v
	}
	return bitsLayout, nil
}

func (c *Readers) appendBody(*packing) (layout, error) {
	return 0, &FormatError{part(c.index, c.name), 0, fmt.Errorf("%w: values that are read in pieces; read them before", ErrUnsupported)}
}

func (c *Dates) appendBody(p *packing) (layout, error) {
	out, cells := p.grow(4*p.rows), c.Cells[:p.rows]
	valid := p.valid()
	for i := range cells {
		cell := &cells[i]
		if isNull(valid, i) {
			cell = &DateCell{}
		}
		if cell.Month>>4|cell.Day>>5 != 0 {
			return 0, p.fail(c, i, notADay(cell.Year, cell.Month, cell.Day))
		}
		binary.LittleEndian.PutUint32(out[4*i:], uint32(uint16(cell.Year))<<9|uint32(cell.Month)<<5|uint32(cell.Day))
	}
	return fixedLayout, nil
}

func (c *Timestamps) appendBody(p *packing) (layout, error) {
	out, cells := p.grow(8*p.rows), c.Cells[:p.rows]
	valid, finer := p.valid(), uint32(0)
	for i := range cells {
		cell := &cells[i]
		if isNull(valid, i) {
			cell = &TimestampCell{}
		}
		if cell.Month>>4|cell.Day>>5|cell.Hour>>5|cell.Minute>>6|cell.Second>>6 != 0 || cell.Fraction > maxFraction {
			return 0, p.fail(c, i, fmt.Errorf("%+v is not a time of the calendar", *cell))
		}
		micros := cell.Fraction / 1000
		finer |= cell.Fraction - 1000*micros
		binary.LittleEndian.PutUint64(out[8*i:], uint64(uint16(cell.Year))<<46|uint64(cell.Month)<<42|uint64(cell.Day)<<37|
			uint64(cell.Hour)<<32|uint64(cell.Minute)<<26|uint64(cell.Second)<<20|uint64(micros))
	}
	if finer == 0 {
		return fixedLayout, nil
	}
	out = p.grow(2 * p.rows)
	for i := range cells {
		nanos := cells[i].Fraction % 1000
		if isNull(valid, i) {
			nanos = 0
		}
		binary.LittleEndian.PutUint16(out[2*i:], uint16(nanos))
	}
	return nanosLayout, nil
}

// maxFraction are the most nanoseconds behind a second.
const maxFraction = 999_999_999

func (c *UUIDs) appendBody(p *packing) (layout, error) {
	if appendParsed(p, &c.Variable, 16, putUUID) {
		return fixedLayout, nil
	}
	return c.Variable.appendBody(p)
}

func (c *Times) appendBody(p *packing) (layout, error) {
	if appendParsed(p, &c.Variable, 8, putTime) {
		return fixedLayout, nil
	}
	return c.Variable.appendBody(p)
}

// appendParsed appends a value of the width for every row. It appends none and
// returns false if a cell is not as the Decoder would write it.
func appendParsed(p *packing, v *Variable, width int, put func(to, cell []byte) bool) bool {
	start := len(p.out)
	out := p.grow(width * p.rows)
	valid := p.valid()
	for i := range p.rows {
		if to := out[i*width:][:width]; isNull(valid, i) {
			clear(to)
		} else if !put(to, v.Bytes(i)) {
			p.out = p.out[:start]
			return false
		}
	}
	return true
}

// putUUID takes 36 characters, lower case.
func putUUID(to, cell []byte) bool {
	if len(cell) != 36 || cell[8] != '-' || cell[13] != '-' || cell[18] != '-' || cell[23] != '-' {
		return false
	}
	var bad byte
	for i, at := range uuidDigits {
		high, low := hexValues[cell[at]], hexValues[cell[at+1]]
		bad |= high | low
		to[i] = high<<4 | low
	}
	return bad < 16
}

// uuidDigits are the places of the bytes of a UUID in its text.
var uuidDigits = [16]uint8{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34}

// hexValues are the values of the hexadecimal digits, 255 for other characters.
var hexValues = func() (values [256]byte) {
	for i := range values {
		values[i] = 255
	}
	for i, digit := range "0123456789abcdef" {
		values[digit] = byte(i)
	}
	return values
}()

// putTime takes hh:mm:ss and, if there is a fraction, that without zeros at the end.
func putTime(to, cell []byte) bool {
	var c TimestampCell
	rest, ok := c.parseClock(cell)
	if !ok || len(rest) > 0 || c.Second > 59 || len(cell) > len("hh:mm:ss") && cell[len(cell)-1] == '0' {
		return false
	}
	seconds := (uint64(c.Hour)*60+uint64(c.Minute))*60 + uint64(c.Second)
	binary.LittleEndian.PutUint64(to, seconds*1e9+uint64(c.Fraction))
	return true
}

func (v *Variable) appendBody(p *packing) (layout, error) {
	total, longest := v.lengths(p)
	if total > DefaultLimits.Payload || longest > int64(DefaultLimits.Cell) {
		return 0, &FormatError{part(v.index, v.name), 0, fmt.Errorf("%w: %d bytes, %d in a cell; write fewer rows a frame", ErrLimit, total, longest)}
	}
	from := len(p.out)
	if v.borders != nil && v.borders[0] == 0 && int64(v.borders[p.rows]) == total { // the cells that are NULL are empty
		p.out = view.Append(p.out, v.borders[:p.rows+1])
		p.pad()
		p.out = append(p.out, v.Data[:total]...)
	} else {
		v.gather(p, int(total))
	}
	offsets := p.out[from:][:4*(p.rows+1)]
	data := p.out[from+aligned(len(offsets)):]
	if v.kind != Binary {
		if i := notText(data, offsets); i >= 0 {
			return 0, p.fail(v, i, errors.New("the text is not UTF-8"))
		}
	}
	return textLayout, nil
}

// lengths returns the bytes of all cells, and of the longest or more.
func (v *Variable) lengths(p *packing) (total, longest int64) {
	for _, n := range v.indicators[:p.rows] {
		n &^= n >> 63
		total += n
		longest |= n // without a branch
	}
	if longest > int64(DefaultLimits.Cell) {
		longest = slices.Max(v.indicators[:p.rows])
	}
	return total, longest
}

// gather appends the offsets and, cell by cell, the bytes of the column.
func (v *Variable) gather(p *packing, total int) {
	width := aligned(4 * (p.rows + 1))
	out := p.grow(width + total + shortCell)
	p.out = p.out[:len(p.out)-shortCell]
	offsets, data := out[:width], out[width:]
	clear(offsets[width-8:]) // with the padding
	binary.LittleEndian.PutUint32(offsets, 0)
	offsets = offsets[4:]
	begin := 0
	if v.borders == nil && len(v.long) == 0 {
		begin = gatherShort(data, offsets, v.Data, v.Width, v.indicators[:p.rows])
	}
	end := 0
	if begin > 0 {
		end = int(binary.LittleEndian.Uint32(offsets[4*(begin-1):]))
	}
	for i, n := range v.indicators[begin:p.rows] {
		if n > 0 {
			end += copy(data[end:], v.cell(begin+i, int(n)))
		}
		binary.LittleEndian.PutUint32(offsets[4*(begin+i):], uint32(end))
	}
}

// gatherShort gathers cells from slots until there is a long one, or one that ends too
// near to the end of the slots. It returns the row of that.
func gatherShort(data, offsets, slots []byte, width int, lengths []int64) int {
	offsets = offsets[:4*len(lengths)]
	end := 0
	for i, n := range lengths {
		n &^= n >> 63 // NULL is empty
		if at := i * width; n > shortCell || at+shortCell > len(slots) {
			return i
		} else {
			cell := [shortCell]byte(slots[at:])
			*(*[shortCell]byte)(data[end:]) = cell
			end += int(n)
		}
		binary.LittleEndian.PutUint32(offsets[4*i:], uint32(end))
	}
	return len(lengths)
}

// shortCell is the length up to which a cell is copied with what lies behind it: that
// is quicker than to copy as much as there is, and needs no branch for NULL.
const shortCell = 64
