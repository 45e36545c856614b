package odbc

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"unsafe"

	"github.com/odbcgen/odbcgen/runtime/internal/odbc/sys"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Parameter says how one parameter travels.
type Parameter struct {
	SQLType int16
	Form    Form
	Size    uint64 // column size; 0 is the slot width of its column, the largest number none
	Digits  int16  // AsWritten is as many as the values have behind the point
	// Long is the type for rows with a value of more than LongOver bytes, and for readers;
	// 0 is SQLType.
	Long     int16
	LongOver int
	Cut      bool // fractions of a second are cut to Digits
	Output   Output
}

// AsWritten are the digits of a Parameter whose values bring their own.
const AsWritten = -1

// paramset is what the driver reads at Execute.
type paramset struct {
	batch    *protocol.Batch
	types    []Parameter
	carriers []carrier
	between  *protocol.Batch
	bound    []binding          // what the driver has been given, one a column
	numbers  []uint64           // one a column: the bits of a decimal that goes as number
	long     map[int]*longParam // of the execution under way, by index
	from, to int                // the rows of the Batch that Execute sends
	rows     int                // of the parameter array
	status   []uint16           // one a row, written by the driver
	options  ParamOptions
}

// ParamOptions says what a driver needs beside the types.
type ParamOptions struct {
	// Rebind binds the parameters anew at every Execute.
	Rebind bool
	// RebindBinary does where one of them is binary: SQLite ODBC 0.9998 keeps its
	// length from the first Execute after it was bound.
	RebindBinary bool
	// RefuseZeroBytes fails for text with a zero byte inside.
	RefuseZeroBytes bool
	// InfoIsFailure fails where Execute says SUCCESS_WITH_INFO.
	InfoIsFailure bool
	// RefuseNaN fails for a float that is not a number.
	RefuseNaN bool
	// Apart makes a call of the user's code, a parameter's reader, nil for simply.
	Apart func(call func())
}

// binding is everything that SQLBindParameter was told of a parameter.
type binding struct {
	cells      unsafe.Pointer
	indicators *int64
	width      int
	cType      int16
	sqlType    int16
	size       uint64
	digits     int16
	direction  int16
	long       bool // sent at execution: there are no cells
}

// BindParams makes Execute send the rows of b: one parameter a column, and in a
// statement that has markers for several rows those rows one after the other.
func (s *Stmt) BindParams(b *protocol.Batch, types []Parameter, options ParamOptions) {
	forms := make([]Form, len(types))
	for i, t := range types {
		forms[i] = t.Form
	}
	carriers, between := carry(b, forms, 0)
	options.Rebind = options.Rebind || options.RebindBinary && slices.ContainsFunc(b.Columns(), isBinary)
	s.set = paramset{
		batch: b, types: types, carriers: carriers, between: between, options: options,
		bound: make([]binding, len(types)), numbers: make([]uint64, len(types)), long: make(map[int]*longParam),
		rows: max(s.set.rows, 1), status: s.set.status, // of the statement, whatever the Batch
	}
}

// UnbindParams makes the driver let go of the rows.
func (s *Stmt) UnbindParams() error {
	if s.c.Broken() {
		return ErrAbandoned
	}
	if ret := sys.FreeStmt(s.h, sys.FreeResetParams); !ret.OK() {
		return s.failure("SQLFreeStmt(RESET_PARAMS)", ret, nil)
	}
	s.paramPins.Unpin()
	s.set = paramset{rows: s.set.rows, status: s.set.status}
	return nil
}

func isBinary(c protocol.Column) bool { return c.Kind() == protocol.Binary }

// ExecuteRows runs the statement with n rows of the Batch, beginning with row
// from. Where the statement has markers for several rows, n is their number.
func (s *Stmt) ExecuteRows(ctx context.Context, from, n int) error {
	s.set.from, s.set.to = from, from+n
	return s.execute(ctx)
}

// Execute runs the statement with all rows of the Batch given to BindParams.
func (s *Stmt) Execute(ctx context.Context) error {
	if s.set.batch == nil {
		return s.execute(ctx)
	}
	return s.ExecuteRows(ctx, 0, s.set.batch.Len())
}

// sendParams prepares the parameters for an execution.
func (s *Stmt) sendParams() error {
	if len(s.set.carriers) == 0 {
		return nil
	}
	s.set.between.Reset()
	for _, c := range s.set.carriers {
		if c.bound != c.column {
			c.store(s.set.from, s.set.to)
		}
	}
	s.set.cutFractions()
	Refuse(s.set.batch, s.set.from, s.set.to, s.set.options)
	if err := s.set.batch.Err(); err != nil {
		return err
	}
	if err := s.setParamset((s.set.to - s.set.from) / s.spread()); err != nil {
		return err
	}
	s.set.makeRoom()
	return s.bindAll()
}

// cutFractions cuts what the driver would refuse of a second.
func (p *paramset) cutFractions() {
	for i, t := range p.types {
		column, ok := p.carriers[i].column.(*protocol.Timestamps)
		if !ok || !t.Cut {
			continue
		}
		unit := uint32(1)
		for range 9 - t.Digits {
			unit *= 10
		}
		for row := p.from; row < p.to; row++ {
			column.Cells[row].Fraction -= column.Cells[row].Fraction % unit
		}
	}
}

// spread returns for how many rows the statement has markers.
func (s *Stmt) spread() int { return s.params / len(s.set.types) }

// Refuse fails those of the rows, in b, that hold what the options refuse.
func Refuse(b *protocol.Batch, from, to int, options ParamOptions) {
	for _, c := range b.Columns() {
		if options.RefuseZeroBytes {
			refuseZeroBytes(c, from, to)
		}
		if options.RefuseNaN {
			refuseNaN(c, from, to)
		}
	}
}

var errZeroByte = errors.New("text holds a zero byte, which this database cannot keep")

func refuseZeroBytes(c protocol.Column, from, to int) {
	text, ok := c.(interface {
		variable
		Bytes(row int) []byte
	})
	if !ok || isBinary(c) {
		return
	}
	for i := from; i < to; i++ {
		if bytes.IndexByte(text.Bytes(i), 0) >= 0 {
			text.Fail(i, errZeroByte)
		}
	}
}

var errNaN = errors.New("not a number, which this database cannot keep")

func refuseNaN(c protocol.Column, from, to int) {
	switch c := c.(type) {
	case *protocol.Numbers[float32]:
		refuseNaNOf(c, from, to)
	case *protocol.Numbers[float64]:
		refuseNaNOf(c, from, to)
	}
}

func refuseNaNOf[T float32 | float64](c *protocol.Numbers[T], from, to int) {
	for i := from; i < to; i++ {
		if v := c.Cells[i]; v != v && !c.IsNull(i) {
			c.Fail(i, errNaN)
		}
	}
}

// setParamset sets the rows of the parameter set.
func (s *Stmt) setParamset(rows int) error {
	if rows == s.set.rows {
		return nil
	}
	s.set.rows = rows
	// MariaDB Connector/ODBC 3.1.15 sends heap bytes for an array that follows a
	// single row on the same statement, unless the parameters are bound anew.
	clear(s.set.bound)
	s.set.status = make([]uint16, rows)
	s.statusPins.Unpin()
	s.statusPins.Pin(&s.set.status[0])
	if ret := sys.SetStmtAttr(s.h, sys.AttrParamsetSize, uintptr(rows)); ret != sys.Success {
		return s.failure("SQLSetStmtAttr(PARAMSET_SIZE)", ret, nil)
	}
	if ret := sys.SetStmtAttrPtr(s.h, sys.AttrParamStatus, unsafe.Pointer(&s.set.status[0])); !ret.OK() {
		return s.failure("SQLSetStmtAttr(PARAM_STATUS_PTR)", ret, nil)
	}
	if ret := sys.SetStmtAttrPtr(s.h, sys.AttrParamsProcessed, unsafe.Pointer(&s.counters.processed)); !ret.OK() {
		return s.failure("SQLSetStmtAttr(PARAMS_PROCESSED_PTR)", ret, nil)
	}
	return nil
}

// bindAll binds the parameters if any has moved since they were bound.
func (s *Stmt) bindAll() error {
	moved := s.set.options.Rebind || len(s.set.long) > 0
	for i := range s.set.carriers {
		b := s.set.bindingOf(i)
		moved = moved || b != s.set.bound[i]
		s.set.bound[i] = b
	}
	if !moved {
		return nil
	}
	if ret := sys.FreeStmt(s.h, sys.FreeResetParams); !ret.OK() {
		return s.failure("SQLFreeStmt(RESET_PARAMS)", ret, nil)
	}
	s.paramPins.Unpin()
	for _, b := range s.set.bound {
		s.paramPins.Pin(b.indicators)
		if !b.long {
			s.paramPins.Pin((*byte)(b.cells))
		}
	}
	for row := range s.spread() {
		if err := s.bindRow(row); err != nil {
			return err
		}
	}
	return nil
}

// bindRow binds the parameters of a row of the statement's text.
func (s *Stmt) bindRow(row int) error {
	for i, b := range s.set.bound {
		marker := row*len(s.set.bound) + i + 1
		if ret := s.bindMarker(marker, row, b); !ret.OK() {
			return s.failure(fmt.Sprintf("SQLBindParameter(%d)", marker), ret, nil)
		}
	}
	return nil
}

func (s *Stmt) bindMarker(marker, row int, b binding) sys.Return {
	if b.long {
		return sys.BindAtExecution(s.h, marker, b.cType, b.sqlType, b.size, b.indicators)
	}
	indicators := (*int64)(unsafe.Add(unsafe.Pointer(b.indicators), row*8))
	return sys.BindParameter(s.h, marker, b.direction, b.cType, b.sqlType, b.size, b.digits, unsafe.Add(b.cells, row*b.width), b.width, indicators)
}

// bindingOf returns how column i is to be bound for the rows that are sent. A
// carrier holds only those.
func (p *paramset) bindingOf(i int) binding {
	c, t, from := p.carriers[i].bound, p.types[i], p.from
	if c != p.carriers[i].column {
		from = 0
	}
	lengths := c.Indicators()[from:][:p.to-p.from]
	b := binding{indicators: &c.Indicators()[from], cType: p.carriers[i].cType, sqlType: t.SQLType, size: t.Size, digits: t.Digits, direction: t.Output.direction()}
	_, b.long = c.(*protocol.Readers)
	if t.Long != 0 && (b.long || slices.Max(lengths) > int64(t.LongOver)) {
		b.sqlType, b.size = t.Long, 0
	}
	if b.long {
		b.size = cmp.Or(b.size, math.MaxInt32)
		return b
	}
	b.cells, b.width = cellsOf(c)
	if t.Digits == AsWritten {
		b.digits = pointed(unsafe.Slice((*byte)(b.cells), (from+len(lengths))*b.width)[from*b.width:], b.width, lengths)
	}
	b.cells = unsafe.Add(b.cells, from*b.width)
	switch b.size {
	case 0:
		b.size = uint64(b.width)
	case math.MaxUint64: // it has none
		b.size = 0
	}
	if t.Form == Number && len(c.Indicators()) == 1 {
		p.asNumber(i, c.(interface{ Bytes(int) []byte }).Bytes(0), &b)
	}
	return b
}

// pointed returns the most digits behind the point of numbers written out, of the
// lengths in slots of the width.
func pointed(slots []byte, width int, lengths []int64) (most int16) {
	for i, length := range lengths {
		if length < 0 {
			continue
		}
		number := slots[i*width:][:length]
		if point := bytes.IndexByte(number, '.'); point >= 0 {
			most = max(most, int16(len(number)-point-1))
		}
	}
	return most
}

// asNumber binds a single decimal as an integer or a double if it is one. As
// text it would be compared as text in SQLite: price*quantity > '5' is never true.
func (p *paramset) asNumber(i int, text []byte, b *binding) {
	integer, float, kind := numberOf(string(text))
	switch kind {
	case protocol.Int64:
		p.numbers[i], b.cType, b.sqlType = uint64(integer), sys.CSBigInt, sys.TypeBigInt
	case protocol.Float64:
		p.numbers[i], b.cType, b.sqlType = math.Float64bits(float), sys.CDouble, sys.TypeDouble
	default:
		return
	}
	b.cells, b.width, b.digits = unsafe.Pointer(&p.numbers[i]), 8, 0
}

// States of a row of a parameter set, in the driver's status array.
const (
	paramSuccess         = 0
	paramSuccessWithInfo = 6
)

// unwritten fills the status array before Execute: SQLite never writes it.
const unwritten = 0xffff

// Processed returns how many rows of the parameter set the last Execute says
// that it has gone through, and how many of those it does not call good. A
// driver that writes no status has no bad ones.
func (s *Stmt) Processed() (rows, bad int) { return int(s.counters.processed), s.badRows() }

func (s *Stmt) badRows() (bad int) {
	for _, status := range s.set.status {
		if status != paramSuccess && status != paramSuccessWithInfo && status != unwritten {
			bad++
		}
	}
	return bad
}
