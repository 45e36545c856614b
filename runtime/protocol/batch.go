// Package protocol holds rows by column: the Batch that a driver fills or reads
// in place, and from which generated code takes typed cells without reflection.
//
// The package knows kinds and cells. It knows no driver, opens no connection and
// converts no value that the database did not send in that kind.
package protocol

import "fmt"

// Batch is a block of rows held by column. A cursor fills the same Batch block
// after block, so cells are valid only until the next block; what the typed
// accessors return is a copy and stays valid.
//
// A Batch is for one goroutine at a time.
type Batch struct {
	columns []Column
	rows    int
	filled  bool  // the rows come from SetRows, not from appending
	base    int64 // rows delivered in earlier blocks; makes row numbers of errors absolute
	err     *CellError
	full    bool // the last row did not fit, see Full
	text    arena
	frame   *packedFrame // from which it was decoded, until it is changed
}

// ColumnSpec says what one column of a new Batch holds.
type ColumnSpec struct {
	Name string
	Kind Kind
	// Width is the room for one cell in bytes, for kinds of variable length
	// only. A longer cell is kept aside, see Variable.SetLong.
	Width int
	// Reader says that the values are read in pieces and not held: see Readers.
	Reader bool
}

// NewBatch returns a Batch with room for the given number of rows in every
// column. Zero rows make a Batch to append to.
func NewBatch(specs []ColumnSpec, rows int) *Batch {
	b := &Batch{columns: make([]Column, len(specs))}
	for i, spec := range specs {
		b.columns[i] = newColumn(b, i, spec, rows)
	}
	return b
}

// Columns returns the columns in order; the slice belongs to the Batch.
func (b *Batch) Columns() []Column { return b.columns }

// Len returns the number of rows.
func (b *Batch) Len() int { return b.rows }

// SetRows says that the columns now hold n rows that follow base earlier ones.
// It begins a new block: errors and strings of the block before are forgotten.
func (b *Batch) SetRows(n int, base int64) {
	b.rows, b.base, b.err = n, base, nil
	b.filled = n > 0
	b.text, b.frame = arena{}, nil
	for _, c := range b.columns {
		c.begin()
	}
}

// Keep drops the rows from n on of a block that SetRows began, and the error of the
// first of them.
func (b *Batch) Keep(n int) { b.rows, b.err, b.frame = n, nil, nil }

// Reset empties a Batch that was appended to and keeps its memory.
func (b *Batch) Reset() {
	b.SetRows(0, 0)
	b.truncate()
}

// EndRow closes a row to which every column has been appended once.
func (b *Batch) EndRow() {
	b.rows++
	b.frame = nil
	for _, c := range b.columns {
		if len(c.Indicators()) != b.rows {
			panic(fmt.Sprintf("protocol: column %d %q has %d cells after %d rows", c.Index(), c.Name(), len(c.Indicators()), b.rows))
		}
	}
}

// CopyCell appends the cell of a row of another Batch to column i, which is of the
// same kind.
func (b *Batch) CopyCell(i int, from Column, row int) { b.columns[i].copyCell(from, row) }

// Full reports whether the row closed last is to be dropped: one of its cells is
// so long that slots of its length for all rows would take too much memory. In
// an empty Batch every row fits.
func (b *Batch) Full() bool { return b.full }

// DropRow takes the last row back.
func (b *Batch) DropRow() {
	b.rows--
	b.truncate()
}

func (b *Batch) truncate() {
	b.full, b.frame = false, nil
	for _, c := range b.columns {
		c.truncate(b.rows)
	}
}

// Err returns the error of the first row whose cells could not be taken or
// appended, a *CellError, and nil when there is none. It and the rows after it
// must not be handed out.
func (b *Batch) Err() error {
	if b.err == nil {
		return nil // not a nil *CellError in an error
	}
	return b.err
}

// Before returns how many rows of this block come before the cell at fault.
func (b *Batch) Before(e *CellError) int { return int(e.Row - b.base) }

// The accessors return column i of the named type. They panic when the column
// is of another kind: generated code and the Batch it reads are made together.

// Bool returns column i of kind Bool.
func (b *Batch) Bool(i int) *Bools { return as[*Bools](b, i) }

// Int8 returns column i of kind Int8.
func (b *Batch) Int8(i int) *Numbers[int8] { return as[*Numbers[int8]](b, i) }

// Int16 returns column i of kind Int16.
func (b *Batch) Int16(i int) *Numbers[int16] { return as[*Numbers[int16]](b, i) }

// Int32 returns column i of kind Int32.
func (b *Batch) Int32(i int) *Numbers[int32] { return as[*Numbers[int32]](b, i) }

// Int64 returns column i of kind Int64.
func (b *Batch) Int64(i int) *Numbers[int64] { return as[*Numbers[int64]](b, i) }

// Uint8 returns column i of kind Uint8.
func (b *Batch) Uint8(i int) *Numbers[uint8] { return as[*Numbers[uint8]](b, i) }

// Uint16 returns column i of kind Uint16.
func (b *Batch) Uint16(i int) *Numbers[uint16] { return as[*Numbers[uint16]](b, i) }

// Uint32 returns column i of kind Uint32.
func (b *Batch) Uint32(i int) *Numbers[uint32] { return as[*Numbers[uint32]](b, i) }

// Uint64 returns column i of kind Uint64.
func (b *Batch) Uint64(i int) *Numbers[uint64] { return as[*Numbers[uint64]](b, i) }

// Float32 returns column i of kind Float32.
func (b *Batch) Float32(i int) *Numbers[float32] { return as[*Numbers[float32]](b, i) }

// Float64 returns column i of kind Float64.
func (b *Batch) Float64(i int) *Numbers[float64] { return as[*Numbers[float64]](b, i) }

// Text returns column i of kind Text, NText, XML or Interval.
func (b *Batch) Text(i int) *Texts {
	c := as[*Texts](b, i)
	c.pick()
	return c
}

// JSON returns column i of kind JSON.
func (b *Batch) JSON(i int) *JSONs { return as[*JSONs](b, i) }

// Binary returns column i of kind Binary.
func (b *Batch) Binary(i int) *Binaries { return as[*Binaries](b, i) }

// Decimal returns column i of kind Decimal or Money.
func (b *Batch) Decimal(i int) *Decimals { return as[*Decimals](b, i) }

// Date returns column i of kind Date.
func (b *Batch) Date(i int) *Dates { return as[*Dates](b, i) }

// Time returns column i of kind Time.
func (b *Batch) Time(i int) *Times { return as[*Times](b, i) }

// Timestamp returns column i of kind Timestamp, TimestampTZ or DateTimeOffset.
func (b *Batch) Timestamp(i int) *Timestamps { return as[*Timestamps](b, i) }

// UUID returns column i of kind UUID.
func (b *Batch) UUID(i int) *UUIDs { return as[*UUIDs](b, i) }

// Reader returns column i whose ColumnSpec says Reader.
func (b *Batch) Reader(i int) *Readers { return as[*Readers](b, i) }

func as[C Column](b *Batch, i int) C {
	c, ok := b.columns[i].(C)
	if !ok {
		panic(fmt.Sprintf("protocol: column %d %q is of kind %s, taken as %T", i, b.columns[i].Name(), b.columns[i].Kind(), c))
	}
	return c
}
