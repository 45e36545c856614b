package runtime

import (
	"context"
	"fmt"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Param is a parameter of a query, one for each marker in the SQL text.
type Param struct {
	Name string
	Kind protocol.Kind
}

// Column is a result column as it was when the code was generated, or a column
// of a bulk insert.
type Column struct {
	Name string
	Kind protocol.Kind
	Null bool // the Go type has a place for NULL
}

// Dialect is the SQL text of a query for one database.
type Dialect struct {
	Driver string // name of the plugin
	SQL    string
}

// textFor returns the SQL text for the plugin.
func textFor(plugin *driver.Plugin, sql string, dialects []Dialect) string {
	for _, d := range dialects {
		if d.Driver == plugin.Name {
			return d.SQL
		}
	}
	return sql
}

// shape is what a statement is made for.
type shape struct {
	key     any // the query; a statement is kept for it
	name    string
	sql     string
	params  []Param
	columns []Column
}

// statement is a prepared statement with the Batches for its parameters and
// rows. It is for one use at a time, and used under its connection's lock.
type statement struct {
	c      *physical
	shape  shape
	native *odbc.Stmt
	params *protocol.Batch

	rows     *protocol.Batch
	forms    []odbc.Form
	specs    []protocol.ColumnSpec
	rowBytes int // memory of a row
	size     int // rows of a block

	kept, busy bool
}

// statementFor returns a statement for the shape: the one that the connection
// keeps, else a new one, which it then keeps unless one is kept already and in
// use. c.mu must be held.
func (c *physical) statementFor(ctx context.Context, sh shape) (*statement, error) {
	kept, ok := c.statements.Get(sh.key)
	if ok && !kept.busy {
		kept.busy = true
		return kept, nil
	}
	s, err := c.prepare(ctx, sh)
	if err != nil {
		return nil, err
	}
	s.busy = true
	if !ok && c.keeps(sh) {
		s.kept = true
		c.statements.Add(sh.key, s)
	}
	return s, nil
}

// keeps reports whether a statement for the shape may be kept. A column list
// without a star cannot change its length.
func (c *physical) keeps(sh shape) bool {
	return c.plugin.Quirks.ReadSchema == "" || !strings.Contains(sh.sql, "*")
}

func (c *physical) prepare(ctx context.Context, sh shape) (*statement, error) {
	if !c.keeps(sh) {
		if err := c.execLocked(ctx, c.plugin.Quirks.ReadSchema); err != nil {
			return nil, named(sh.name, err)
		}
	}
	quirks := c.plugin.Quirks
	native, err := c.native.Prepare(ctx, sh.sql, odbc.StmtOptions{Static: quirks.Static && len(sh.columns) > 0, Buffered: quirks.Buffered})
	if err != nil {
		return nil, operation{sh.name, "prepare", c.plugin.Name}.wrap(err)
	}
	s := &statement{c: c, shape: sh, native: native}
	if err := s.plan(); err != nil {
		native.Close()
		return nil, operation{sh.name, "bind", c.plugin.Name}.wrap(err)
	}
	return s, nil
}

// The forms of plugins and of the layer below are the same, number by number.
const (
	_ = uint(driver.AsFloat64) - uint(odbc.Float64)
	_ = uint(odbc.Float64) - uint(driver.AsFloat64)
)

// plan decides once how parameters and cells travel.
func (s *statement) plan() error {
	if n := s.native.Params(); n != len(s.shape.params) {
		return fmt.Errorf("the database counts %d parameters, the code was generated for %d: run odbcgen again", n, len(s.shape.params))
	}
	specs := make([]protocol.ColumnSpec, len(s.shape.params))
	types := make([]odbc.Parameter, len(s.shape.params))
	for i, p := range s.shape.params {
		specs[i] = protocol.ColumnSpec{Name: p.Name, Kind: p.Kind, Width: 64}
		rule := s.c.plugin.ParamOf(p.Kind)
		types[i] = odbc.Parameter{SQLType: int16(rule.SQL), Form: odbc.Form(rule.Form), Size: rule.Size, Digits: rule.Digits}
	}
	s.params = protocol.NewBatch(specs, 0)
	quirks := s.c.plugin.Quirks
	s.native.BindParams(s.params, types, odbc.ParamOptions{Rebind: quirks.RebindParams, RefuseZeroBytes: quirks.RefuseZeroBytes, RefuseNaN: quirks.RefuseNaN, InfoIsFailure: quirks.InfoIsFailure})
	return nil
}

// firstSlot and maxSlot bound the bytes that are set aside for a cell of
// varying length. A longer one is read again, and its column widened.
const (
	firstSlot = 256
	maxSlot   = 1024
)

// planRows decides how the result's cells are laid out. It runs after every
// execution: some drivers know the columns of a statement only then, and those
// of a statement that is kept change with its tables.
func (s *statement) planRows() error {
	if n := s.native.Columns(); n != len(s.shape.columns) {
		return fmt.Errorf("the database gives %d columns, the code was generated for %d: run odbcgen again", n, len(s.shape.columns))
	}
	if s.rows != nil && s.fits() {
		return nil
	}
	s.rows, s.specs, s.forms, s.rowBytes = nil, nil, nil, 0
	for i, c := range s.shape.columns {
		column := s.native.ColumnType(i)
		spec := protocol.ColumnSpec{Name: c.Name, Kind: c.Kind, Width: slotFor(c.Kind, column)}
		s.specs, s.forms = append(s.specs, spec), append(s.forms, s.formFor(c.Kind, column))
		s.rowBytes += max(spec.Width, 16) + 8
	}
	return nil
}

// fits reports whether the cells still travel as they were laid out.
func (s *statement) fits() bool {
	for i, c := range s.shape.columns {
		if s.formFor(c.Kind, s.native.ColumnType(i)) != s.forms[i] {
			return false
		}
	}
	return true
}

// formFor returns how the cells of a column travel. Integers are written out
// where the column is not one of integers or is of the other sign: a driver
// would wrap, cut or saturate them without a word.
func (s *statement) formFor(kind protocol.Kind, column odbc.ColumnType) odbc.Form {
	integer, unsigned := kind.Integer()
	if integer && (!column.Integer || s.c.plugin.Describe.Unsigned && column.Unsigned != unsigned) {
		return odbc.Text
	}
	return odbc.Form(s.c.plugin.FormOf(kind))
}

// slotFor returns the bytes for a cell: up to four a character and the driver's
// ending zero.
func slotFor(kind protocol.Kind, column odbc.ColumnType) int {
	if kind == protocol.UUID || kind == protocol.Time || kind == protocol.Decimal || kind == protocol.Money {
		return 72
	}
	if column.Size == 0 || column.Size > maxSlot {
		return firstSlot
	}
	return min(int(4*column.Size+1), maxSlot)
}

// Rows of blocks: the first is small, so that the first row comes soon; each
// full one is followed by a larger, up to a bound in memory.
const (
	oneRow      = 2 // one, and another that must not be
	firstBlock  = 64
	blockGrowth = 8
	maxBlock    = 1 << 20 // bytes
)

// bindRows makes room for blocks of about size rows.
func (s *statement) bindRows(size int) error {
	size = max(1, min(size, maxBlock/max(s.rowBytes, 1), odbc.MaxRowset))
	if s.rows != nil && s.size >= size {
		return nil
	}
	s.rows, s.size = protocol.NewBatch(s.specs, size), size
	return s.native.BindColumns(s.rows, s.forms, size)
}

// done ends a use of the statement. One that has failed is closed: its driver
// may not have it in order. c.mu must be held.
func (s *statement) done(failed bool) {
	s.busy = false
	if failed || s.native.CloseCursor() != nil {
		s.drop()
		return
	}
	if !s.kept {
		s.native.Close()
		return
	}
	s.params.Reset()
}

// drop closes the statement and forgets it.
func (s *statement) drop() {
	if s.kept {
		s.c.statements.Remove(s.shape.key) // evicts it
		return
	}
	s.native.Close()
}

// evict closes a statement that is no longer kept, at once or after its use.
func (s *statement) evict() {
	s.kept = false
	if !s.busy {
		s.native.Close()
	}
}
