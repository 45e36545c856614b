package odbc

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"unsafe"

	"github.com/odbcgen/odbcgen/runtime/internal/odbc/sys"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Parameter says how one parameter travels.
type Parameter struct {
	SQLType int16
	Form    Form
	Size    uint64 // column size; 0 is the slot width of its column
	Digits  int16
}

// paramset is what the driver reads at Execute.
type paramset struct {
	batch    *protocol.Batch
	types    []Parameter
	carriers []carrier
	between  *protocol.Batch
	bound    []binding // what the driver has been given, one a parameter
	numbers  []uint64  // one a parameter: the bits of a decimal that goes as number
	rows     int
	status   []uint16 // one a row, written by the driver
	options  ParamOptions
}

// ParamOptions says what a driver needs beside the types.
type ParamOptions struct {
	// Rebind binds the parameters anew at every Execute: SQLite ODBC 0.9998 keeps
	// the length of a binary parameter from the first Execute after it was bound.
	Rebind bool
	// RefuseZeroBytes fails for text with a zero byte inside.
	RefuseZeroBytes bool
	// InfoIsFailure fails where Execute says SUCCESS_WITH_INFO.
	InfoIsFailure bool
	// RefuseNaN fails for a float that is not a number.
	RefuseNaN bool
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
}

// BindParams makes Execute send the rows of b, one parameter a column.
func (s *Stmt) BindParams(b *protocol.Batch, types []Parameter, options ParamOptions) {
	forms := make([]Form, len(types))
	for i, t := range types {
		forms[i] = t.Form
	}
	carriers, between := carry(b, forms, 0)
	s.set = paramset{
		batch: b, types: types, carriers: carriers, between: between, options: options,
		bound: make([]binding, len(types)), numbers: make([]uint64, len(types)), rows: 1,
	}
}

// sendParams prepares the parameters for Execute.
func (s *Stmt) sendParams() error {
	if len(s.set.carriers) == 0 {
		return nil
	}
	s.set.between.Reset()
	for _, c := range s.set.carriers {
		if c.bound != c.column {
			c.store()
		}
		if s.set.options.RefuseZeroBytes {
			refuseZeroBytes(c.column)
		}
		if s.set.options.RefuseNaN {
			refuseNaN(c.column)
		}
	}
	if err := s.set.batch.Err(); err != nil {
		return err
	}
	if err := s.setParamset(s.set.batch.Len()); err != nil {
		return err
	}
	return s.bindAll()
}

var errZeroByte = errors.New("text holds a zero byte, which this database cannot keep")

func refuseZeroBytes(c protocol.Column) {
	text, ok := c.(interface {
		variable
		Bytes(row int) []byte
	})
	if !ok || c.Kind() == protocol.Binary {
		return
	}
	for i := range text.Indicators() {
		if bytes.IndexByte(text.Bytes(i), 0) >= 0 {
			text.Fail(i, errZeroByte)
		}
	}
}

var errNaN = errors.New("not a number, which this database cannot keep")

func refuseNaN(c protocol.Column) {
	switch c := c.(type) {
	case *protocol.Numbers[float32]:
		refuseNaNOf(c)
	case *protocol.Numbers[float64]:
		refuseNaNOf(c)
	}
}

func refuseNaNOf[T float32 | float64](c *protocol.Numbers[T]) {
	for i, v := range c.Cells {
		if v != v && !c.IsNull(i) {
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
	moved := s.set.options.Rebind
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
	for i, b := range s.set.bound {
		s.paramPins.Pin((*byte)(b.cells))
		s.paramPins.Pin(b.indicators)
		if ret := sys.BindParameter(s.h, i+1, b.cType, b.sqlType, b.size, b.digits, b.cells, b.width, b.indicators); !ret.OK() {
			return s.failure(fmt.Sprintf("SQLBindParameter(%d)", i+1), ret, nil)
		}
	}
	return nil
}

// bindingOf returns how parameter i is to be bound for the rows now in the set.
func (p *paramset) bindingOf(i int) binding {
	c, t := p.carriers[i].bound, p.types[i]
	b := binding{indicators: unsafe.SliceData(c.Indicators()), cType: cTypeOf(c.Kind()), sqlType: t.SQLType, size: t.Size, digits: t.Digits}
	b.cells, b.width = cellsOf(c)
	if b.size == 0 {
		b.size = uint64(b.width)
	}
	if t.Form == Number && len(c.Indicators()) == 1 {
		p.asNumber(i, c.(interface{ Bytes(int) []byte }).Bytes(0), &b)
	}
	return b
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
func (s *Stmt) Processed() (rows, bad int) {
	for _, status := range s.set.status {
		if status != paramSuccess && status != paramSuccessWithInfo && status != unwritten {
			bad++
		}
	}
	return int(s.counters.processed), bad
}
