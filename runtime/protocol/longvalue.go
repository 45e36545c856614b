package protocol

import "io"

// Readable reports whether values of kind k can be long ones, which are read
// and written in pieces.
func (k Kind) Readable() bool {
	switch k {
	case Text, NText, JSON, XML, Binary:
		return true
	}
	return false
}

// Readers is a column of long values that are not in the Batch: as a parameter
// each is read while the statement is executed, as a cell while its row is at
// hand. Text is UTF-8. A parameter's reader that blocks is waited for, whatever
// becomes of the context; one that has a method Len, or Seek, is never copied.
type Readers struct {
	meta
	// Cells are what the rows are read from, nil for a parameter that is NULL.
	Cells []io.Reader
}

// At returns what the cell of row i is read from. NULL is an error of the Batch.
func (c *Readers) At(i int) io.Reader {
	if c.IsNull(i) {
		c.Fail(i, ErrNull)
	}
	return c.Cells[i]
}

// OrNil returns what the cell of row i is read from, nil for NULL.
func (c *Readers) OrNil(i int) io.Reader {
	if c.IsNull(i) {
		return nil
	}
	return c.Cells[i]
}

func (c *Readers) copyCell(from Column, row int) { c.Append(from.(*Readers).Cells[row]) }

// Append adds a row; nil is NULL.
func (c *Readers) Append(r io.Reader) {
	c.Cells = append(c.Cells, r)
	c.mark(0)
	if r == nil {
		c.indicators[len(c.indicators)-1] = Null
	}
}

func (c *Readers) truncate(rows int) {
	clear(c.Cells[rows:])
	c.Cells, c.indicators = c.Cells[:rows], c.indicators[:rows]
}
