package odbc

import (
	"context"

	"github.com/odbcgen/odbcgen/runtime/internal/odbc/sys"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// InfoText returns a text of SQLGetInfo, and whether the driver has it.
func (c *Conn) InfoText(info uint16) (string, bool) {
	if c.Broken() {
		return "", false
	}
	text, ret := sys.GetInfoText(c.h, info)
	return text, ret.OK()
}

// InfoInt returns a number or bit mask of SQLGetInfo, and whether the driver has it.
func (c *Conn) InfoInt(info uint16) (uint32, bool) {
	if c.Broken() {
		return 0, false
	}
	value, ret := sys.GetInfoInt(c.h, info)
	return value, ret.OK()
}

// Functions returns what SQLGetFunctions says of a function by its number, nil where it
// says nothing.
func (c *Conn) Functions() func(number int) bool {
	if c.Broken() {
		return nil
	}
	bits, ret := sys.GetFunctions(c.h)
	if !ret.OK() {
		return nil
	}
	return func(number int) bool { return bits[number>>4]&(1<<(number&15)) != 0 }
}

// DataType is a type as SQLGetTypeInfo lists it.
type DataType struct {
	Name         string
	Code         int16
	Size         int64
	CreateParams string // what stands in its parentheses, such as "precision,scale"
	Unsigned     bool
	AutoNumbered bool
}

// Places of what is read of SQLGetTypeInfo's result, from 0.
const (
	typeName         = 0
	typeCode         = 1
	typeSize         = 2
	typeCreateParams = 5
	typeUnsigned     = 9
	typeAutoUnique   = 11
	typesRead        = 12
)

// DataTypes lists the types of the database.
func (c *Conn) DataTypes(ctx context.Context) ([]DataType, error) {
	s, err := c.newStmt(StmtOptions{})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	ret, err := s.watched(ctx, func(s *Stmt) sys.Return { return sys.GetTypeInfo(s.h) })
	if err != nil || !ret.OK() {
		return nil, s.failure("SQLGetTypeInfo", ret, err)
	}
	specs := make([]protocol.ColumnSpec, typesRead)
	for i := range specs {
		specs[i] = protocol.ColumnSpec{Kind: protocol.Text, Width: 512}
	}
	for _, i := range []int{typeCode, typeSize, typeUnsigned, typeAutoUnique} {
		specs[i] = protocol.ColumnSpec{Kind: protocol.Int64}
	}
	r := s.NewRowset(protocol.NewBatch(specs, 1), nil, 1)
	var all []DataType
	for {
		n, _, err := s.Fetch(ctx, r, 1)
		if err != nil || n == 0 {
			return all, err
		}
		r.Load()
		all = append(all, dataTypeOf(r.Batch()))
	}
}

func dataTypeOf(b *protocol.Batch) DataType {
	text := func(i int) string { return b.Text(i).Null(0).V }
	number := func(i int) int64 { return b.Int64(i).Null(0).V }
	return DataType{
		Name: text(typeName), Code: int16(number(typeCode)), Size: number(typeSize), CreateParams: text(typeCreateParams),
		Unsigned: number(typeUnsigned) == 1, AutoNumbered: number(typeAutoUnique) == 1,
	}
}

// TryAttribute sets an integer attribute and returns what the driver answers.
func (c *Conn) TryAttribute(code int32, value uintptr) sys.Return {
	if c.Broken() {
		return sys.Error
	}
	return sys.SetConnectAttr(c.h, code, value)
}

// Attribute returns an integer attribute, and what the driver answers.
func (c *Conn) Attribute(code int32) (uint32, sys.Return) {
	if c.Broken() {
		return 0, sys.Error
	}
	return sys.GetConnectAttr(c.h, code)
}

// TryAttribute sets an integer attribute of the statement and returns what the driver
// answers.
func (s *Stmt) TryAttribute(code int32, value uintptr) sys.Return {
	if s.c.Broken() {
		return sys.Error
	}
	return sys.SetStmtAttr(s.h, code, value)
}

// Answered returns what the last SQLExecute answered.
func (s *Stmt) Answered() sys.Return { return s.answered }

// ParamStates returns the state of each row of the last parameter array as the driver
// wrote it, and false for those that it did not write.
func (s *Stmt) ParamStates() (states []uint16, written []bool) {
	for _, state := range s.set.status {
		states, written = append(states, state), append(written, state != unwritten)
	}
	return states, written
}

// CancelFrom is a single SQLCancel of the statement, from another thread than that which
// is in a call on it.
func (s *Stmt) CancelFrom() sys.Return { return sys.Cancel(s.h) }

// Reading returns the way in which the statement is read: that of its StmtOptions, or
// CellByCell where the driver refuses it.
func (s *Stmt) Reading() Reading { return s.reading }
