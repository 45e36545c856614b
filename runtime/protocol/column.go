package protocol

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
)

// Null is the indicator of a NULL cell; any other is the cell's length in bytes.
// It is ODBC's SQL_NULL_DATA, so that a driver can write indicators in place.
const Null = -1

// ErrNull says that a cell is NULL where the generated type has no place for it.
var ErrNull = errors.New("NULL in a column generated as not null")

// CellError says which cell could not be taken or appended, and why.
type CellError struct {
	Column string
	Index  int   // of the column, from 0
	Row    int64 // of the result or parameter set, from 0
	Err    error
}

// Error names column and row; rows count from 1 as people do.
func (e *CellError) Error() string {
	return fmt.Sprintf("column %d %q, row %d: %v", e.Index+1, e.Column, e.Row+1, e.Err)
}

// Unwrap returns the reason.
func (e *CellError) Unwrap() error { return e.Err }

// Column is one column of a Batch: *Numbers, *Bools, *Texts, *JSONs, *Binaries,
// *Decimals, *Dates, *Times, *Timestamps, *UUIDs or *Readers.
type Column interface {
	// Name returns the column's name in the result, or the parameter's.
	Name() string
	// Index returns the place in the Batch, from 0.
	Index() int
	// Kind returns what the cells hold.
	Kind() Kind
	// Indicators returns one number a row: Null or the cell's length in bytes.
	Indicators() []int64
	// Fail records that the cell of row i is not what the column holds; it is
	// the Batch's error unless an earlier row has one.
	Fail(i int, err error)

	begin()            // forget what belongs to the block before
	truncate(rows int) // to that many
	copyCell(from Column, row int)

	appendBody(*packing) (layout, error) // the cells, as version 3 has them
	takeBody(*packedBody) error
}

// newColumn is the only place that ties a kind to its column type.
func newColumn(b *Batch, index int, spec ColumnSpec, rows int) Column {
	m := meta{batch: b, index: index, name: spec.Name, kind: spec.Kind, indicators: make([]int64, rows)}
	if spec.Reader {
		return &Readers{meta: m, Cells: make([]io.Reader, rows)}
	}
	switch spec.Kind {
	case Bool:
		return &Bools{meta: m, Cells: make([]uint8, rows)}
	case Int8:
		return newNumbers[int8](m, rows)
	case Int16:
		return newNumbers[int16](m, rows)
	case Int32:
		return newNumbers[int32](m, rows)
	case Int64:
		return newNumbers[int64](m, rows)
	case Uint8:
		return newNumbers[uint8](m, rows)
	case Uint16:
		return newNumbers[uint16](m, rows)
	case Uint32:
		return newNumbers[uint32](m, rows)
	case Uint64:
		return newNumbers[uint64](m, rows)
	case Float32:
		return newNumbers[float32](m, rows)
	case Float64:
		return newNumbers[float64](m, rows)
	case Text, NText, XML, Interval:
		return &Texts{Variable: newVariable(m, spec.Width, rows)}
	case JSON:
		return &JSONs{Variable: newVariable(m, spec.Width, rows)}
	case Binary:
		return &Binaries{Variable: newVariable(m, spec.Width, rows)}
	case Decimal, Money:
		return &Decimals{Variable: newVariable(m, spec.Width, rows)}
	case Date:
		return &Dates{meta: m, Cells: make([]DateCell, rows)}
	case Time:
		return &Times{Variable: newVariable(m, spec.Width, rows)}
	case Timestamp, TimestampTZ, DateTimeOffset:
		return &Timestamps{meta: m, Cells: make([]TimestampCell, rows)}
	case UUID:
		return &UUIDs{Variable: newVariable(m, spec.Width, rows)}
	}
	panic(fmt.Sprintf("protocol: column %d %q has no kind (%d)", index, spec.Name, uint16(spec.Kind)))
}

// meta is what every column has.
type meta struct {
	batch      *Batch
	index      int
	name       string
	kind       Kind
	indicators []int64
}

func (m *meta) Name() string        { return m.name }
func (m *meta) Index() int          { return m.index }
func (m *meta) Kind() Kind          { return m.kind }
func (m *meta) Indicators() []int64 { return m.indicators }
func (m *meta) begin()              {}

// IsNull reports whether the cell of row i is NULL.
func (m *meta) IsNull(i int) bool { return m.indicators[i] == Null }

// Fail records an error of the cell of row i.
func (m *meta) Fail(i int, err error) {
	row := m.batch.base + int64(i)
	if earlier := m.batch.err; earlier == nil || row < earlier.Row {
		m.batch.err = &CellError{Column: m.name, Index: m.index, Row: row, Err: err}
	}
}

// mark appends an indicator.
func (m *meta) mark(length int) {
	m.indicators = append(m.indicators, int64(length))
	m.batch.frame = nil
}

// copyNull makes the last cell NULL where that of another column is.
func (m *meta) copyNull(from Column, row int) {
	if from.Indicators()[row] == Null {
		m.indicators[len(m.indicators)-1] = Null
	}
}

// cells is what a column offers for one row; it lets NULL be told the same way
// for every type.
type cells[T any] interface {
	IsNull(i int) bool
	At(i int) T
}

func nullOf[T any](c cells[T], i int) sql.Null[T] {
	if c.IsNull(i) {
		return sql.Null[T]{}
	}
	return sql.Null[T]{V: c.At(i), Valid: true}
}

func pointerTo[T any](c cells[T], i int) *T {
	if c.IsNull(i) {
		return nil
	}
	v := c.At(i)
	return &v
}
