package odbc

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"strings"
	"unsafe"

	"github.com/odbcgen/odbcgen/runtime/internal/odbc/sys"
)

// Stmt is a prepared statement with its bound parameters and rowset.
type Stmt struct {
	c       *Conn
	h       sys.Handle
	columns int // of the result; 0 where the statement gives no rows
	params  int

	reading   Reading
	sizable   bool // see Sized
	fixed     bool // see StmtOptions
	buffered  bool
	streams   bool
	rowsets   map[*Rowset]struct{}
	bound     *Rowset // the one that the driver writes to
	arraySize int     // rows of a block, as the driver knows it
	described []int   // bytes of a slot, one a column, as the columns were described
	wanted    []int   // and as the cells read last need them
	read      int64   // rows fetched since Execute
	answered  sys.Return

	set     paramset
	givenUp bool // while it waited for data, some of which the server may keep
	watcher watcher
	ctx     context.Context // of the last call, for those that tidy up; nil behind them
	block   block
	piece   []byte // of ReadCell

	// What the driver writes to or reads from, pinned from binding to unbinding.
	counters   *counters
	pins       runtime.Pinner // of counters
	paramPins  runtime.Pinner
	statusPins runtime.Pinner
}

// counters are what a driver writes beside cells. They lie apart from Stmt,
// because memory that C sees must hold no Go pointers.
type counters struct {
	fetched   uint64
	processed uint64
}

// StmtOptions says how a statement is to be opened.
type StmtOptions struct {
	Reading Reading
	// Static asks for a static cursor, as Refetch does.
	Static bool
	// Fixed says that a result has the columns that were told when it was prepared.
	Fixed bool
	// Buffered says that the driver holds the whole result once Execute has
	// returned. Fetch is then not cancelled: it soon ends by itself, and
	// SQLCancel frees the rows under it (sqliteodbc 0.9998, which crashes).
	Buffered bool
	// First are the types that parameters are bound with before the driver is asked for
	// columns, one for each of a row.
	First []Parameter
	// Streams says that Fetch may wait for the database all the same. What is not
	// cancelled then ends with the connection.
	Streams bool
}

// Reading is a way to read a result without cutting a cell that is longer than
// the slot bound for it.
type Reading uint8

// The ways.
const (
	CellByCell Reading = iota // nothing is bound: it asks least of a driver
	Refetch                   // a static cursor goes back to the block, which has got wider slots
	Position                  // SQLSetPos and SQLGetData get the cell out of the block
	RowByRow                  // rows are fetched singly, SQLGetData gets the cell while its row is the last
	Sized                     // no cell is longer than its slot; CellByCell until Stmt.Sized says so
)

// ExecDirect runs a statement that has neither parameters nor rows without
// preparing it.
func (c *Conn) ExecDirect(ctx context.Context, sql string) error {
	s, err := c.newStmt(StmtOptions{})
	if err != nil {
		return err
	}
	defer s.Close()
	if ret, err := s.watched(ctx, func(s *Stmt) sys.Return { return sys.ExecDirect(s.h, sql) }); err != nil || !ret.OK() && ret != sys.NoData {
		return s.failure("SQLExecDirect", ret, err)
	}
	return s.Finish(ctx)
}

// Prepare prepares sql on a new statement.
func (c *Conn) Prepare(ctx context.Context, sql string, options StmtOptions) (*Stmt, error) {
	if strings.ContainsRune(sql, 0) {
		return nil, fmt.Errorf("SQL text holds a zero byte")
	}
	s, err := c.newStmt(options)
	if err != nil {
		return nil, err
	}
	if err := s.prepare(ctx, sql, options.First); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (c *Conn) newStmt(options StmtOptions) (*Stmt, error) {
	if c.Broken() {
		return nil, ErrAbandoned
	}
	h, ret := sys.AllocHandle(sys.HandleStmt, c.h)
	if !ret.OK() {
		return nil, newError("SQLAllocHandle(STMT)", ret, sys.HandleDBC, c.h)
	}
	s := &Stmt{c: c, h: h, buffered: options.Buffered, streams: options.Streams, fixed: options.Fixed, rowsets: make(map[*Rowset]struct{}), arraySize: 1, counters: new(counters)}
	s.watcher = s.newWatcher()
	c.statements[s] = struct{}{}
	s.pins.Pin(s.counters)
	s.reading = s.possible(options)
	if s.reading == Sized {
		s.reading, s.sizable = CellByCell, true
	}
	return s, nil
}

// possible sets the statement up for the reading, and returns it, or CellByCell
// where the driver refuses.
func (s *Stmt) possible(options StmtOptions) Reading {
	r := options.Reading
	if r == Refetch || options.Static {
		// 01S02, "changed to another type", leaves a cursor that cannot go back.
		if ret := sys.SetStmtAttr(s.h, sys.AttrCursorType, sys.CursorStatic); r == Refetch && ret != sys.Success {
			return CellByCell
		}
	}
	if r != CellByCell && !sys.SetStmtAttrPtr(s.h, sys.AttrRowsFetched, unsafe.Pointer(&s.counters.fetched)).OK() {
		return CellByCell
	}
	return r
}

func (s *Stmt) prepare(ctx context.Context, sql string, first []Parameter) error {
	name := "SQLPrepare"
	ret, err := s.watched(ctx, func(s *Stmt) (ret sys.Return) {
		if ret = sys.Prepare(s.h, sql); !ret.OK() {
			return ret
		}
		name = "SQLNumParams"
		if s.params, ret = sys.NumParams(s.h); !ret.OK() {
			return ret
		}
		if ret = s.bindNulls(first); !ret.OK() {
			name = "SQLBindParameter"
			return ret
		}
		// psqlodbc asks the server only now, so this is where it finds an unknown column.
		name = "SQLNumResultCols"
		s.columns, ret = sys.NumResultCols(s.h)
		return ret
	})
	if err != nil {
		return err
	}
	if !ret.OK() {
		return s.failure(name, ret, nil)
	}
	return nil
}

// Sized says of a Stmt that was opened for it, before the first Rowset of a result is
// made, whether the slots have room for the longest cells.
func (s *Stmt) Sized(room bool) error {
	if !s.sizable {
		return nil
	}
	if room {
		s.reading = Sized
		return nil
	}
	s.reading = CellByCell
	return s.setArraySize(1)
}

// bindNulls binds NULL to all parameters, if their types are given.
func (s *Stmt) bindNulls(types []Parameter) sys.Return {
	if len(types) == 0 {
		return sys.Success
	}
	null := new(int64)
	*null = sys.Null
	s.paramPins.Pin(null)
	for i := range s.params {
		t := types[i%len(types)]
		size := max(t.Size, 1)
		if t.Size == math.MaxUint64 {
			size = 0
		}
		if ret := sys.BindParameter(s.h, i+1, sys.ParamInput, sys.CChar, t.SQLType, size, max(t.Digits, 0), nil, 0, null); !ret.OK() {
			return ret
		}
	}
	return sys.Success
}

// failure returns the context's error where there is one, else what the handle
// has to say.
func (s *Stmt) failure(call string, ret sys.Return, err error) error {
	if err != nil {
		return err
	}
	e := newError(call, ret, sys.HandleStmt, s.h)
	if s.c.noPlaces {
		e.withoutPlaces()
	}
	return e
}

// Params returns the number of parameter markers.
func (s *Stmt) Params() int { return s.params }

// Columns returns the number of result columns; 0 is a statement without rows.
// Some drivers know it only after Execute (INSERT … RETURNING on MariaDB).
func (s *Stmt) Columns() int { return s.columns }

// Column is what the driver tells of a result column.
type Column struct {
	ColumnType
	Schema, Table string // of the base table, "" where unknown
	BaseColumn    string
	AutoNumbered  bool
	// NotNull is what SQLDescribeCol says, NotNullField is SQL_DESC_NULLABLE, which
	// on SQLite tells the truth where SQLDescribeCol always says nullable.
	NotNull, NotNullField bool
}

// ColumnType is the name of a result column, and what its kind depends on.
type ColumnType struct {
	sys.Description
	TypeName string
	Unsigned bool
}

// DescribeColumn describes result column i, from 0.
func (s *Stmt) DescribeColumn(i int) (Column, error) {
	t, err := s.DescribeType(i)
	if err != nil {
		return Column{}, err
	}
	c := Column{ColumnType: t, NotNull: t.Nullable == sys.NoNulls}
	_, err = s.tidy(func(s *Stmt) sys.Return { // psqlODBC asks the server for base columns
		s.describeBase(i, &c)
		return sys.Success
	})
	if err != nil {
		return Column{}, err
	}
	return c, nil
}

func (s *Stmt) describeBase(i int, c *Column) {
	c.Schema, _ = sys.ColAttributeText(s.h, i+1, sys.DescSchemaName)
	c.Table, _ = sys.ColAttributeText(s.h, i+1, sys.DescBaseTableName)
	c.BaseColumn, _ = sys.ColAttributeText(s.h, i+1, sys.DescBaseColumnName)
	nullable, ret := sys.ColAttributeInt(s.h, i+1, sys.DescNullable)
	c.NotNullField = ret.OK() && nullable == int64(sys.NoNulls)
	auto, _ := sys.ColAttributeInt(s.h, i+1, sys.DescAutoUnique)
	c.AutoNumbered = auto != 0
}

// DescribeType describes the type of result column i, from 0.
func (s *Stmt) DescribeType(i int) (ColumnType, error) {
	if s.c.Broken() {
		return ColumnType{}, ErrAbandoned
	}
	description, ret := sys.DescribeCol(s.h, i+1)
	if !ret.OK() {
		return ColumnType{}, s.failure("SQLDescribeCol", ret, nil)
	}
	t := ColumnType{Description: description, Unsigned: s.IsUnsigned(i)}
	t.TypeName, _ = sys.ColAttributeText(s.h, i+1, sys.DescTypeName)
	return t, nil
}

// ColumnSize returns the size of result column i, from 0, in the unit of its
// type; 0 where the driver does not know.
func (s *Stmt) ColumnSize(i int) uint64 {
	if s.c.Broken() {
		return 0
	}
	description, ret := sys.DescribeCol(s.h, i+1)
	if !ret.OK() {
		return 0
	}
	return description.Size
}

// ColumnName returns the name of result column i, from 0.
func (s *Stmt) ColumnName(i int) string {
	if s.c.Broken() {
		return ""
	}
	description, _ := sys.DescribeCol(s.h, i+1)
	return description.Name
}

// TypeCode returns the SQL type code of result column i, from 0, and 0 where the
// driver does not know.
func (s *Stmt) TypeCode(i int) int16 {
	if s.c.Broken() {
		return 0
	}
	code, _ := sys.ColAttributeInt(s.h, i+1, sys.DescConciseType)
	return int16(code)
}

// IsUnsigned reports whether the driver holds result column i, from 0, for one
// without sign.
func (s *Stmt) IsUnsigned(i int) bool {
	if s.c.Broken() {
		return false
	}
	unsigned, _ := sys.ColAttributeInt(s.h, i+1, sys.DescUnsigned)
	return unsigned != 0
}

// DescribeParam describes parameter i, from 0. Many drivers answer something
// that is not the type; see the plugins.
func (s *Stmt) DescribeParam(i int) (sys.Description, error) {
	var description sys.Description
	ret, err := s.tidy(func(s *Stmt) (ret sys.Return) {
		description, ret = sys.DescribeParam(s.h, i+1)
		return ret
	})
	if err != nil || !ret.OK() {
		return sys.Description{}, s.failure("SQLDescribeParam", ret, err)
	}
	return description, nil
}

// execute runs the statement with the rows picked of its Batch.
func (s *Stmt) execute(ctx context.Context) error {
	if s.c.Broken() {
		return ErrAbandoned
	}
	defer s.closeLong() // a reader may panic while it is measured
	if err := s.openLong(ctx); err != nil {
		return err
	}
	if err := s.sendParams(); err != nil {
		return err
	}
	for i := range s.set.status {
		s.set.status[i] = unwritten
	}
	s.counters.processed = 0
	ret, err := s.watched(ctx, func(s *Stmt) sys.Return { return sys.Execute(s.h) })
	ret, err = s.sendLong(ctx, ret, err)
	s.read, s.answered = 0, ret
	// NO_DATA is an UPDATE or DELETE that met no row (psqlodbc, SQLite).
	if err != nil || !ret.OK() && ret != sys.NoData || ret == sys.SuccessWithInfo && (s.set.options.InfoIsFailure || s.badRows() > 0) {
		return s.failure("SQLExecute", ret, err)
	}
	if !s.fixed || s.columns == 0 {
		s.columns, _ = sys.NumResultCols(s.h) // the tables may have changed since Prepare
	}
	return nil
}

// Affected returns the rows that the last Execute changed, -1 where the driver
// does not know.
func (s *Stmt) Affected() (int64, error) {
	if s.c.Broken() {
		return -1, ErrAbandoned
	}
	n, ret := sys.RowCount(s.h)
	if !ret.OK() {
		return -1, s.failure("SQLRowCount", ret, nil)
	}
	return n, nil
}

// CloseCursor ends the result, read to its end or not. The statement can be
// executed again.
func (s *Stmt) CloseCursor() error {
	if s.givenUp {
		return errGivenUp
	}
	ret, err := s.tidy(func(s *Stmt) sys.Return { return sys.FreeStmt(s.h, sys.FreeClose) })
	if err != nil || !ret.OK() {
		return s.failure("SQLFreeStmt(CLOSE)", ret, err)
	}
	return nil
}

// Close frees the statement. Closing twice does nothing. The statement of a Broken
// connection is freed with that.
func (s *Stmt) Close() {
	if s.c.Broken() {
		return
	}
	s.tidy(func(s *Stmt) sys.Return { return s.free() })
}

// free frees the statement, once. The driver lets go of all memory before it is
// unpinned.
func (s *Stmt) free() sys.Return {
	if _, open := s.c.statements[s]; !open {
		return sys.Success
	}
	delete(s.c.statements, s)
	if s.givenUp { // and the connection too, before it could be told
		s.endWait()
	}
	ret := sys.FreeHandle(sys.HandleStmt, s.h)
	for r := range s.rowsets {
		r.pins.Unpin()
	}
	s.paramPins.Unpin()
	s.statusPins.Unpin()
	s.pins.Unpin()
	return ret
}
