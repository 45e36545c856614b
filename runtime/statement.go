package runtime

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Param is a parameter of a query, one for each marker in the SQL text.
type Param struct {
	Name   string
	Kind   protocol.Kind
	Reader bool // the value is an io.Reader, read during the execution
	// List: the value is any number of them, for which the text has ?... as all that
	// stands in the parentheses of an IN. Where the database takes an array, the text
	// may have a plain marker, and with Null an array of none is NULL.
	List, Null bool
	// Told is the kind that the driver told when the code was generated, where that
	// is not Kind.
	Told protocol.Kind
}

// Column is a result column as it was when the code was generated, or a column
// of a bulk insert.
type Column struct {
	Name   string
	Kind   protocol.Kind
	Null   bool // the Go type has a place for NULL
	Reader bool // the cell is an io.Reader, see ReadStream; not for bulk inserts
	// Told is the kind that the driver told when the code was generated, where that
	// is not Kind. Untold says that it told none.
	Told   protocol.Kind
	Untold bool
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
	driver  string // plugin that the code was generated with, "" where nothing is known of it
	params  []Param
	columns []Column
	rows    int  // of parameters that the text has markers for; 0 is one
	streams bool // the driver is to keep only a part of the result
	lists   lists
	call    *boundCall // nil where it is none of a procedure
}

// statement is a prepared statement with the Batches for its parameters and
// rows. It is for one use at a time, and used under its connection's lock.
type statement struct {
	c       *physical
	shape   shape
	native  *odbc.Stmt
	star    bool // it may give other columns when a table gets others
	dirty   bool // it may change more than rows, see session
	defines bool // it may change the catalog
	params  *protocol.Batch

	described []odbc.ColumnType // when it was prepared; nil where they were not compared
	types     []cellType        // that the forms are for

	specs    []protocol.ColumnSpec
	forms    []odbc.Form
	rowBytes int             // memory of a row
	rowsets  [2]*odbc.Rowset // one is filled while the other is read

	kept, busy bool
	again      bool // it has been used before
}

// statementFor returns a statement for the shape: the one that the connection
// keeps, else a new one, which it then keeps unless one is kept already and in
// use. c.mu must be held.
func (c *physical) statementFor(ctx context.Context, sh shape) (*statement, error) {
	kept, ok := c.statements.Get(sh.cacheKey())
	if ok && !kept.busy {
		kept.busy, kept.again = true, true
		c.used(kept)
		return kept, nil
	}
	s, err := c.prepare(ctx, sh)
	if err != nil {
		return nil, err
	}
	s.busy = true
	c.used(s)
	if !ok && !(s.star && c.plugin.Quirks.StarsOnce) {
		s.kept = true
		c.statements.Add(sh.cacheKey(), s)
	}
	return s, nil
}

// cacheKey returns what the statement is kept by: one that streams is another, and
// one for longer lists.
func (sh shape) cacheKey() any {
	key := sh.key
	if sh.lists.counts != nil {
		key = [2]any{sh.key, sh.lists.key}
	}
	if sh.streams {
		return [1]any{key}
	}
	return key
}

func (c *physical) prepare(ctx context.Context, sh shape) (*statement, error) {
	sh = sh.spread(c.plugin.Lists)
	if read := c.plugin.Quirks.ReadSchema; read != "" && len(sh.columns) > 0 {
		if err := c.execLocked(ctx, read); err != nil {
			return nil, named(sh.name, err)
		}
	}
	options := c.reads(sh)
	if c.plugin.Quirks.BindFirst {
		options.First = c.parameters(sh.params)
	}
	native, err := c.native.Prepare(ctx, sh.sql, options)
	if err != nil {
		return nil, c.operation(sh.name, "prepare").wrap(err)
	}
	s := &statement{c: c, shape: sh, native: native, star: hasStar(sh.sql), dirty: changesSession(c.plugin, sh.sql), defines: defines(sh.sql)}
	if err := s.compare(); err != nil {
		native.Close()
		return nil, c.operation(sh.name, "prepare").wrap(err)
	}
	if err := s.plan(); err != nil {
		native.Close()
		return nil, c.operation(sh.name, "bind").wrap(err)
	}
	return s, nil
}

// hasStar reports whether the text may have a star that stands for columns: that
// of COUNT(*) is none.
func hasStar(sql string) bool { return strings.Contains(countStar.ReplaceAllString(sql, ""), "*") }

var countStar = regexp.MustCompile(`\(\s*\*\s*\)`)

// reads returns how the rows of a statement are read. A cell that is a reader is
// read while its row is the only one.
func (c *physical) reads(sh shape) odbc.StmtOptions {
	reads := c.plugin.Reads
	options := odbc.StmtOptions{Reading: odbc.Reading(reads.How), Fixed: reads.Fixed, Buffered: reads.Buffered}
	switch {
	case sh.streams:
		options.Reading, options.Buffered, options.Streams = odbc.Reading(reads.Stream.How), reads.Stream.Buffered, true
	case hasReader(sh.columns):
		options.Reading, options.Static = odbc.CellByCell, reads.How == driver.Refetch
	}
	return options
}

// The forms and readings of plugins and of the layer below are the same, number
// by number.
const (
	_ = uint(driver.AsZoned) - uint(odbc.Zoned)
	_ = uint(odbc.Zoned) - uint(driver.AsZoned)
	_ = uint(driver.AsWritten - odbc.AsWritten)
	_ = uint(odbc.AsWritten - driver.AsWritten)
	_ = uint(driver.Sized) - uint(odbc.Sized)
	_ = uint(odbc.Sized) - uint(driver.Sized)
)

// plan decides once how parameters and cells travel.
func (s *statement) plan() error {
	types := s.c.parameters(s.shape.params)
	s.shape.call.bind(types, s.c.plugin.Calls)
	s.params = protocol.NewBatch(specsOf(s.shape.params), 0)
	s.native.BindParams(s.params, types, s.c.paramOptions())
	return s.checkOrder()
}

func specsOf(params []Param) []protocol.ColumnSpec {
	specs := make([]protocol.ColumnSpec, len(params))
	for i, p := range params {
		specs[i] = protocol.ColumnSpec{Name: p.Name, Kind: p.Kind, Width: 64, Reader: p.Reader}
	}
	return specs
}

// parameters returns how the parameters travel.
func (c *physical) parameters(params []Param) []odbc.Parameter {
	types := make([]odbc.Parameter, len(params))
	for i, p := range params {
		types[i] = c.parameter(p.Kind)
	}
	return types
}

// parameter returns how parameters of the kind travel.
func (c *physical) parameter(kind protocol.Kind) odbc.Parameter {
	return parameterOf(c.plugin.ParamOf(kind))
}

func parameterOf(rule driver.Param) odbc.Parameter {
	return odbc.Parameter{
		SQLType: int16(rule.SQL), Form: odbc.Form(rule.Form), Size: rule.Size, Digits: rule.Digits,
		Long: int16(rule.Long), LongOver: rule.LongOver, Cut: rule.Cut,
	}
}

func (c *physical) paramOptions() odbc.ParamOptions {
	quirks := c.plugin.Quirks
	return odbc.ParamOptions{
		Rebind: quirks.RebindParams, RebindBinary: quirks.RebindBinary,
		RefuseZeroBytes: quirks.RefuseZeroBytes, RefuseNaN: quirks.RefuseNaN,
		Apart: c.apart, InfoIsFailure: quirks.InfoIsFailure,
	}
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
	if err := s.compareRows(); err != nil {
		return err
	}
	if s.forms != nil {
		return nil
	}
	for i := range s.rowsets {
		if err := s.forget(i); err != nil {
			return err
		}
	}
	for i, c := range s.shape.columns {
		s.forms = append(s.forms, s.formFor(i, c.Kind))
	}
	slots, err := s.slots()
	if err != nil {
		return err
	}
	s.specs, s.rowBytes = nil, 0
	for i, c := range s.shape.columns {
		s.specs = append(s.specs, protocol.ColumnSpec{Name: c.Name, Kind: c.Kind, Width: slots[i], Reader: c.Reader})
		s.rowBytes += max(slots[i], 16) + 8
	}
	return nil
}

// formFor returns how the cells of column i travel. They are written out, for us
// to parse, where the column is not what the code was generated for. A driver
// would wrap, cut or saturate integers of another type or sign without a word, and
// make numbers and times of anything: psqlODBC 13 calls each text the present day,
// and MariaDB Connector/ODBC 3.1.15 a date the number of its year.
func (s *statement) formFor(i int, kind protocol.Kind) odbc.Form {
	form := odbc.Form(s.c.plugin.FormOf(kind))
	codes, converts := readable[kind]
	if !converts || form == odbc.Text {
		return form
	}
	integer, unsigned := kind.Integer()
	is := s.types[i]
	if !slices.Contains(codes, is.code) || integer && s.c.plugin.Describe.Unsigned && is.unsigned != unsigned {
		return odbc.Text
	}
	return form
}

// readable are the types that drivers can be asked for as the kinds that they
// convert to.
var readable = map[protocol.Kind][]driver.SQLType{
	protocol.Bool: integers,
	protocol.Int8: integers, protocol.Int16: integers, protocol.Int32: integers, protocol.Int64: integers,
	protocol.Uint8: integers, protocol.Uint16: integers, protocol.Uint32: integers, protocol.Uint64: integers,
	protocol.Float32: numeric, protocol.Float64: numeric,
	protocol.Date: {driver.Date}, protocol.Timestamp: moments, protocol.TimestampTZ: moments, protocol.DateTimeOffset: moments,
}

var (
	integers = []driver.SQLType{driver.Bit, driver.TinyInt, driver.SmallInt, driver.Integer, driver.BigInt}
	numeric  = append([]driver.SQLType{driver.Real, driver.Float, driver.Double, driver.Numeric, driver.Decimal}, integers...)
	moments  = []driver.SQLType{driver.Date, driver.Timestamp}
)

// slots returns the bytes for a cell of each column.
func (s *statement) slots() ([]int, error) {
	slots, sized := make([]int, len(s.shape.columns)), make([]int, len(s.shape.columns))
	room, row := s.c.reads(s.shape).Reading == odbc.Sized, 0
	for i, c := range s.shape.columns {
		size := s.native.ColumnSize(i)
		slots[i], sized[i] = slotFor(c.Kind, size), sizedSlot(c.Kind, s.forms[i], size)
		room = room && sized[i] > 0
		row += sized[i]
	}
	room = room && row <= maxSizedRow
	if room {
		slots = sized
	}
	return slots, s.native.Sized(room)
}

// slotFor returns the bytes for a cell: up to four a character and the driver's
// ending zero.
func slotFor(kind protocol.Kind, size uint64) int {
	if isShort(kind) {
		return shortSlot
	}
	if size == 0 || size > maxSlot {
		return firstSlot
	}
	return min(int(4*size+1), maxSlot)
}

// isShort reports whether the cells of the kind are written out in few characters.
func isShort(kind protocol.Kind) bool {
	return kind == protocol.UUID || kind == protocol.Time || kind == protocol.Decimal || kind == protocol.Money
}

// shortSlot is the slot of such a cell.
const shortSlot = 72

// maxSized is the longest size of a column that a sized slot is made for, and maxSizedRow
// bounds the bytes of their row, so that a block has several.
const (
	maxSized    = 8000
	maxSizedRow = maxBlock / 8
)

// sizedSlot returns the bytes for the longest cell of a column of the size, and 0 where
// that is too long, or not known.
func sizedSlot(kind protocol.Kind, form odbc.Form, size uint64) int {
	_, converts := readable[kind]
	switch {
	case converts && form != odbc.Text:
		return 16
	case size == 0 || size > maxSized:
		return 0
	case converts && size >= odbc.TextWidth || isShort(kind) && size >= shortSlot:
		return 0 // another type than that of the kind, written out
	case converts || isShort(kind):
		return shortSlot
	}
	return int(4*size + 1)
}

// maxBlock bounds the memory of a block, in bytes.
const maxBlock = 1 << 20

// rowset returns one of the two Rowsets, with room for blocks of about size rows,
// and that number.
func (s *statement) rowset(i, size int) (*odbc.Rowset, int, error) {
	size = max(1, min(size, maxBlock/max(s.rowBytes, 1)))
	if r := s.rowsets[i]; r != nil && r.Room() >= size {
		return r, size, nil
	}
	if err := s.forget(i); err != nil {
		return nil, 0, err
	}
	s.rowsets[i] = s.native.NewRowset(protocol.NewBatch(s.specs, size), s.forms, size)
	return s.rowsets[i], size, nil
}

func (s *statement) forget(i int) error {
	r := s.rowsets[i]
	if r == nil {
		return nil
	}
	s.rowsets[i] = nil
	return s.native.Forget(r)
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
	for i, r := range s.rowsets {
		if r != nil && r.Large() && s.forget(i) != nil {
			s.drop()
			return
		}
	}
}

// drop closes the statement and forgets it.
func (s *statement) drop() {
	if s.kept {
		s.c.statements.Remove(s.shape.cacheKey()) // evicts it
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
