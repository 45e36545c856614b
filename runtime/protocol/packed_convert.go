package protocol

import (
	"fmt"
	"math"
)

// conversion takes the cells of a column of a frame into one of another kind, as they
// are in versions 1 and 2.
type conversion struct {
	target
	value func(dst []byte, i int) ([]byte, error)
	text  *Variable // what is converted, where it is text already
	cell  []byte
}

func newConversion(to, from Column) (*conversion, error) {
	c := &conversion{value: valuesOf(from)}
	if v, ok := from.(interface{ variable() *Variable }); ok {
		c.text = v.variable()
		c.value = func(_ []byte, i int) ([]byte, error) { return c.text.Bytes(i), nil }
	}
	return c, c.aimAt(to, wireKind(from.Kind()))
}

// begin gives the column room for what the cells of so many rows may become.
func (c *conversion) begin(rows int, left *room) error {
	longest := timestampText
	if c.width > 0 {
		longest = c.digits(1)
	}
	c.size = int(min(int64(rows)*int64(longest), math.MaxInt))
	if c.text != nil {
		c.size = len(c.text.Data)
	}
	return c.target.begin(rows, left)
}

// convert takes all cells. It returns the first row that cannot be had exactly, and why.
func (c *conversion) convert(from Column) (row int, err error) {
	for row, length := range from.Indicators() {
		if length == Null {
			c.indicators[row] = Null
			continue
		}
		if c.cell, err = c.value(c.cell[:0], row); err != nil {
			return row, fmt.Errorf("%w: %v", ErrCorrupt, err)
		}
		if !c.take(row, c.cell) {
			return row, c.refusal(c.cell)
		}
	}
	if c.variable != nil {
		c.close() // what it is made of is UTF-8
		c.variable.pack(c.data, c.borders)
	}
	return 0, nil
}
