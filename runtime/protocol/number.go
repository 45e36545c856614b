package protocol

import "database/sql"

// Number is a Go number type that a driver writes in place.
type Number interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

// Numbers is a column of numbers.
type Numbers[T Number] struct {
	meta
	Cells []T // one a row; that of a NULL is undefined
	own   []T // what Cells was copied to, if a frame's numbers cannot be read where they lie
}

func newNumbers[T Number](m meta, rows int) *Numbers[T] {
	return &Numbers[T]{meta: m, Cells: make([]T, rows)}
}

// At returns the number of row i. NULL is an error of the Batch.
func (c *Numbers[T]) At(i int) T {
	if c.indicators[i] == Null {
		c.Fail(i, ErrNull)
	}
	return c.Cells[i]
}

// Null returns the number of row i, or NULL.
func (c *Numbers[T]) Null(i int) sql.Null[T] {
	if c.indicators[i] == Null {
		return sql.Null[T]{}
	}
	return sql.Null[T]{V: c.Cells[i], Valid: true}
}

// Ptr returns the number of row i, nil for NULL.
func (c *Numbers[T]) Ptr(i int) *T { return pointerTo[T](c, i) }

// Append adds a row.
func (c *Numbers[T]) Append(v T) {
	c.Cells = append(c.Cells, v)
	c.mark(0)
}

// AppendNull adds a row that may be NULL.
func (c *Numbers[T]) AppendNull(v sql.Null[T]) {
	c.Append(v.V)
	if !v.Valid {
		c.indicators[len(c.indicators)-1] = Null
	}
}

// AppendPtr adds a row; nil is NULL.
func (c *Numbers[T]) AppendPtr(v *T) { c.AppendNull(fromPointer(v)) }

func (c *Numbers[T]) copyCell(from Column, row int) {
	c.Append(from.(*Numbers[T]).Cells[row])
	c.copyNull(from, row)
}

func (c *Numbers[T]) truncate(rows int) { c.Cells, c.indicators = c.Cells[:rows], c.indicators[:rows] }

// fromPointer makes the two spellings of NULL one.
func fromPointer[T any](v *T) sql.Null[T] {
	if v == nil {
		return sql.Null[T]{}
	}
	return sql.Null[T]{V: *v, Valid: true}
}

// Bools is a column of truth values.
type Bools struct {
	meta
	Cells []uint8 // 0 or 1 a row, as SQL_C_BIT
}

// At returns the value of row i. NULL is an error of the Batch.
func (c *Bools) At(i int) bool {
	if c.indicators[i] == Null {
		c.Fail(i, ErrNull)
	}
	return c.Cells[i] != 0
}

// Null returns the value of row i, or NULL.
func (c *Bools) Null(i int) sql.Null[bool] { return nullOf[bool](c, i) }

// Ptr returns the value of row i, nil for NULL.
func (c *Bools) Ptr(i int) *bool { return pointerTo[bool](c, i) }

// Append adds a row.
func (c *Bools) Append(v bool) {
	var cell uint8
	if v {
		cell = 1
	}
	c.Cells = append(c.Cells, cell)
	c.mark(0)
}

// AppendNull adds a row that may be NULL.
func (c *Bools) AppendNull(v sql.Null[bool]) {
	c.Append(v.V)
	if !v.Valid {
		c.indicators[len(c.indicators)-1] = Null
	}
}

// AppendPtr adds a row; nil is NULL.
func (c *Bools) AppendPtr(v *bool) { c.AppendNull(fromPointer(v)) }

func (c *Bools) copyCell(from Column, row int) {
	c.Append(from.(*Bools).Cells[row] != 0)
	c.copyNull(from, row)
}

func (c *Bools) truncate(rows int) { c.Cells, c.indicators = c.Cells[:rows], c.indicators[:rows] }
