package protocol

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"
)

// Variable holds cells of varying length, each in a slot of Width bytes, as
// ODBC binds them column by column, or one after the other, as frames hold them.
type Variable struct {
	meta
	Data    []byte // the slot of row i begins at i*Width
	Width   int    // bytes a slot; a driver may need the last one for its ending zero
	first   int    // the Width to begin with
	long    map[int][]byte
	borders []uint32 // of a column without slots: the cell of row i is Data[borders[i]:borders[i+1]]
}

func newVariable(m meta, width, rows int) Variable {
	width = max(width, 1)
	return Variable{meta: m, Data: make([]byte, rows*width), Width: width, first: width}
}

// Bytes returns the cell of row i where it lies, nil for NULL: valid until the
// next block, and not to be changed.
func (v *Variable) Bytes(i int) []byte {
	n := v.indicators[i]
	if n == Null {
		return nil
	}
	return v.cell(i, int(n))
}

func (v *Variable) cell(i, length int) []byte {
	if v.borders != nil {
		return v.Data[v.borders[i]:v.borders[i+1]]
	}
	if len(v.long) > 0 {
		if cell, ok := v.long[i]; ok {
			return cell
		}
	}
	return v.Data[i*v.Width:][:length]
}

// SetLong keeps the whole cell of row i, which did not fit its slot.
func (v *Variable) SetLong(i int, cell []byte) {
	if v.long == nil {
		v.long = make(map[int][]byte)
	}
	v.long[i] = cell
	v.indicators[i] = int64(len(cell))
	v.batch.frame = nil
}

// pack makes data the column's cells, without slots, where they lie. The caller sets
// the indicators.
func (v *Variable) pack(data []byte, borders []uint32) { v.Data, v.borders = data, borders }

// Slots returns the slot memory and the bytes of a slot.
func (v *Variable) Slots() (data []byte, width int) { return v.Data, v.Width }

// Resize gives every slot the width, and the column room for the rows. What the
// column held is lost.
func (v *Variable) Resize(width, rows int) {
	v.Width, v.batch.frame = max(width, 1), nil
	if size := v.Width * rows; size <= cap(v.Data) && cap(v.Data) <= max(2*size, maxSlots) {
		v.Data = v.Data[:size]
	} else {
		v.Data = make([]byte, size)
	}
}

// begin forgets the long cells of the block before.
func (v *Variable) begin() { clear(v.long) }

// maxSlots bounds the bytes of the slots of an appended column of several rows,
// and maxKept those of a slot that Reset keeps.
const (
	maxSlots = 4 << 20
	maxKept  = 4 << 10
)

// Lend makes cell the only row of the column, where it lies: it must not change
// while the row is used.
func (v *Variable) Lend(cell []byte) {
	v.Data, v.Width = cell, max(len(cell), 1)
	v.indicators = append(v.indicators[:0], int64(len(cell)))
	v.batch.frame = nil
}

// appendCell adds a row, in a wider slot for all rows where the cell needs one.
// A cell for which there is no room is left out, and the Batch is full.
func appendCell[T ~string | ~[]byte](v *Variable, cell T) {
	row, width := len(v.indicators), v.Width
	if len(cell) > width {
		width = max(len(cell), width+width/2)
	}
	if row > 0 && width > maxSlots/(row+1) {
		v.batch.full = true
		width, cell = v.Width, cell[:0]
	}
	if width > v.Width {
		v.widen(width)
	}
	v.Data = append(v.Data, cell...)
	v.Data = append(v.Data, make([]byte, (row+1)*v.Width-len(v.Data))...)
	v.mark(len(cell))
}

// appendNullable adds cell, or NULL.
func appendNullable[T ~string | ~[]byte](v *Variable, cell T, valid bool) {
	if valid {
		appendCell(v, cell)
		return
	}
	appendCell(v, "")
	v.indicators[len(v.indicators)-1] = Null
}

func (v *Variable) copyCell(from Column, row int) {
	cell := from.(interface{ Bytes(i int) []byte }).Bytes(row)
	appendNullable(v, cell, from.Indicators()[row] != Null)
}

// widen lays the rows out anew. The growth factor keeps a bulk insert whose
// values grow row by row linear.
func (v *Variable) widen(width int) {
	rows := len(v.indicators)
	room := int64(max(rows, cap(v.Data)/v.Width)+1) * int64(width)
	data := make([]byte, rows*width, min(room, int64(max(maxSlots, (rows+1)*width))))
	for i := range rows {
		copy(data[i*width:], v.Data[i*v.Width:][:v.Width])
	}
	v.Data, v.Width = data, width
}

func (v *Variable) truncate(rows int) {
	if rows == 0 && (v.Width > maxKept || v.borders != nil) {
		v.Data, v.Width, v.borders = nil, v.first, nil
	}
	v.Data, v.indicators = v.Data[:rows*v.Width], v.indicators[:rows]
}

// arena is the one string that all text of a block is cut from: one allocation
// a block instead of one a cell. A kept cell keeps its block's arena alive.
type arena struct {
	strings.Builder
	sized bool
}

// size makes room for the text of every text column, so that the string never
// moves while cells are cut from it.
func (a *arena) size(b *Batch) {
	if a.sized {
		return
	}
	total := 0
	for _, c := range b.columns {
		if t, ok := c.(*Texts); ok {
			total += t.length(b.rows)
		}
	}
	a.Grow(total)
	a.sized = true
}

// Texts is a column of UTF-8 text.
type Texts struct {
	Variable
	text    string // the cells of this block, one after the other
	offsets []int  // the cell of row i is text[offsets[i]:offsets[i+1]]
}

// pick copies the block's cells into the arena, once a block.
func (c *Texts) pick() {
	b := c.batch
	if !b.filled || len(c.offsets) == b.rows+1 {
		return
	}
	b.text.size(b)
	start, end := b.text.Len(), 0
	c.offsets = slices.Grow(c.offsets[:0], b.rows+1)[:b.rows+1]
	c.offsets[0] = 0
	if c.borders != nil {
		b.text.Write(c.Data[:c.borders[b.rows]])
		for i, border := range c.borders[1 : b.rows+1] {
			c.offsets[i+1] = int(border)
		}
		c.text = b.text.String()[start:]
		return
	}
	for i, n := range c.indicators[:b.rows] {
		if n > 0 {
			b.text.Write(c.cell(i, int(n)))
			end += int(n)
		}
		c.offsets[i+1] = end
	}
	c.text = b.text.String()[start:]
}

// length returns the bytes of all cells of the block.
func (c *Texts) length(rows int) int {
	total := 0
	for _, n := range c.indicators[:rows] {
		total += max(int(n), 0)
	}
	return total
}

func (c *Texts) begin() {
	c.Variable.begin()
	c.text, c.offsets = "", c.offsets[:0]
}

// At returns the text of row i. NULL is an error of the Batch.
func (c *Texts) At(i int) string {
	if c.indicators[i] == Null {
		c.Fail(i, ErrNull)
	}
	return c.text[c.offsets[i]:c.offsets[i+1]]
}

// Null returns the text of row i, or NULL.
func (c *Texts) Null(i int) sql.Null[string] {
	if c.indicators[i] == Null {
		return sql.Null[string]{}
	}
	return sql.Null[string]{V: c.text[c.offsets[i]:c.offsets[i+1]], Valid: true}
}

// Ptr returns the text of row i, nil for NULL.
func (c *Texts) Ptr(i int) *string { return pointerTo[string](c, i) }

// Append adds a row.
func (c *Texts) Append(v string) { appendCell(&c.Variable, v) }

// AppendBytes adds a row of text that is UTF-8 in v; it keeps a copy.
func (c *Texts) AppendBytes(v []byte) { appendCell(&c.Variable, v) }

// AppendNull adds a row that may be NULL.
func (c *Texts) AppendNull(v sql.Null[string]) { appendNullable(&c.Variable, v.V, v.Valid) }

// AppendPtr adds a row; nil is NULL.
func (c *Texts) AppendPtr(v *string) { c.AppendNull(fromPointer(v)) }

// JSONs is a column of JSON documents, passed on as the database wrote them.
type JSONs struct{ Variable }

// At returns a copy of the document of row i. NULL is an error of the Batch.
func (c *JSONs) At(i int) json.RawMessage {
	if c.indicators[i] == Null {
		c.Fail(i, ErrNull)
	}
	return bytes.Clone(c.Bytes(i))
}

// Null returns the document of row i, or NULL.
func (c *JSONs) Null(i int) sql.Null[json.RawMessage] { return nullOf[json.RawMessage](c, i) }

// Ptr returns the document of row i, nil for NULL.
func (c *JSONs) Ptr(i int) *json.RawMessage { return pointerTo[json.RawMessage](c, i) }

// Append adds a row; a nil document is NULL.
func (c *JSONs) Append(v json.RawMessage) { appendNullable(&c.Variable, v, v != nil) }

// AppendNull adds a row that may be NULL.
func (c *JSONs) AppendNull(v sql.Null[json.RawMessage]) { appendNullable(&c.Variable, v.V, v.Valid) }

// AppendPtr adds a row; nil is NULL.
func (c *JSONs) AppendPtr(v *json.RawMessage) { c.AppendNull(fromPointer(v)) }

// Binaries is a column of bytes.
type Binaries struct{ Variable }

// At returns a copy of the bytes of row i. NULL is an error of the Batch.
func (c *Binaries) At(i int) []byte {
	if c.indicators[i] == Null {
		c.Fail(i, ErrNull)
	}
	return bytes.Clone(c.Bytes(i))
}

// Null returns the bytes of row i, or NULL.
func (c *Binaries) Null(i int) sql.Null[[]byte] { return nullOf[[]byte](c, i) }

// Ptr returns the bytes of row i, nil for NULL.
func (c *Binaries) Ptr(i int) *[]byte { return pointerTo[[]byte](c, i) }

// Append adds a row; nil bytes are NULL, empty bytes are not.
func (c *Binaries) Append(v []byte) { appendNullable(&c.Variable, v, v != nil) }

// AppendNull adds a row that may be NULL.
func (c *Binaries) AppendNull(v sql.Null[[]byte]) { appendNullable(&c.Variable, v.V, v.Valid) }

// AppendPtr adds a row; nil is NULL.
func (c *Binaries) AppendPtr(v *[]byte) { c.AppendNull(fromPointer(v)) }
