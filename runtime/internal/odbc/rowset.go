package odbc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/bits"
	"runtime"
	"slices"
	"strings"
	"unsafe"

	"github.com/odbcgen/odbcgen/runtime/internal/odbc/sys"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// maxBlockBytes bounds the memory of a block whose slots had to be widened.
const maxBlockBytes = 4 << 20

// Rowset is a Batch for blocks of a statement's results, with what stands
// between its columns and the driver. While a statement fills one of its Rowsets
// another may be read; each is for one goroutine at a time.
type Rowset struct {
	batch    *protocol.Batch
	between  *protocol.Batch // the carriers' own columns
	carriers []carrier
	widths   []int // bytes of a slot of each column, 0 for columns of fixed size
	room     int   // rows that the columns are made for
	afford   int   // rows that fit while slots are as wide as they are
	held     int   // rows in batch
	large    bool  // a single row is over the memory bound
	long     []longCell
	single   []sys.RowColumn // where rows that are fetched one by one come from and go to
	scratch  []byte          // the slots of single
	pins     runtime.Pinner
}

// longCell is a cell that did not fit its slot, read apart.
type longCell struct {
	column variable
	row    int
	cell   []byte
}

// NewRowset returns a Rowset that fills b, which must have room for the rows.
// The cells travel in the forms given, one a column.
func (s *Stmt) NewRowset(b *protocol.Batch, forms []Form, rows int) *Rowset {
	r := &Rowset{batch: b, room: rows, afford: rows}
	r.carriers, r.between = carry(b, forms, rows)
	r.widths = make([]int, len(r.carriers))
	for i, c := range r.carriers {
		if v, ok := c.bound.(variable); ok {
			_, r.widths[i] = v.Slots()
		}
	}
	if s.reading == RowByRow {
		r.single = make([]sys.RowColumn, len(r.carriers))
		r.laySingle()
	}
	if s.reading != CellByCell {
		r.pin()
	}
	if s.described == nil {
		s.described, s.wanted = slices.Clone(r.widths), slices.Clone(r.widths)
	}
	s.rowsets[r] = struct{}{}
	return r
}

// pin holds the columns where they are, for the driver to write to.
func (r *Rowset) pin() {
	r.pins.Unpin()
	for _, c := range r.carriers {
		cells, _ := cellsOf(c.bound)
		r.pins.Pin((*byte)(cells))
		r.pins.Pin(unsafe.SliceData(c.bound.Indicators()))
	}
	if len(r.scratch) > 0 {
		r.pins.Pin(&r.scratch[0])
	}
}

// Forget lets go of a Rowset.
func (s *Stmt) Forget(r *Rowset) error {
	if s.c.Broken() {
		return ErrAbandoned // it is let go of with the connection
	}
	if s.bound == r {
		if ret := sys.FreeStmt(s.h, sys.FreeUnbind); !ret.OK() {
			return s.failure("SQLFreeStmt(UNBIND)", ret, nil)
		}
		s.bound = nil
	}
	r.pins.Unpin()
	copy(s.wanted, s.described)
	if delete(s.rowsets, r); len(s.rowsets) == 0 {
		s.described = nil // the next one may be for other columns
	}
	return nil
}

// Batch returns the Batch that the Rowset fills.
func (r *Rowset) Batch() *protocol.Batch { return r.batch }

// Room returns the most rows of a block.
func (r *Rowset) Room() int { return r.room }

// Large reports whether the Rowset holds more memory than one should keep.
func (r *Rowset) Large() bool { return r.large }

// Load converts the block's cells for the Batch to be read. It uses nothing but
// the Rowset: the statement may be filling another one.
func (r *Rowset) Load() {
	for _, c := range r.carriers {
		c.load(r.held)
	}
}

// Fetch reads the next block of so many rows into r, to be followed by Load, and
// returns how many there were; last says that no block follows. No cell is cut:
// one that is longer than its slot is read again in full, or an error. With an error it returns
// the rows before the one at fault, as far as the driver tells them.
func (s *Stmt) Fetch(ctx context.Context, r *Rowset, rows int) (n int, last bool, err error) {
	if s.c.Broken() {
		return 0, true, ErrAbandoned
	}
	r.long = r.long[:0]
	asked := min(rows, r.room)
	if s.reading == CellByCell {
		asked = 1
	}
	if asked, err = s.bind(r, asked); err == nil {
		n, asked, err = s.fetchBlock(ctx, r, asked)
		n, err = r.believe(n, err)
	}
	r.held = n
	r.batch.SetRows(n, s.read)
	r.between.SetRows(n, s.read)
	for _, l := range r.long {
		l.column.SetLong(l.row, l.cell)
	}
	s.read += int64(n)
	return n, err != nil || n < asked, err
}

// maxRefetched is more than a slot can need: a value of SQLite has up to 10⁹ bytes.
const maxRefetched = 1 << 30

// believe returns the rows, of n, before the first with a length that cannot be, and
// an error in place of err where there is one.
func (r *Rowset) believe(n int, err error) (int, error) {
	for _, c := range r.carriers {
		v, ok := c.bound.(variable)
		if !ok {
			continue
		}
		for row, length := range v.Indicators()[:n] {
			if length < 0 && length != sys.Null {
				n, err = row, lengthError(length)
				break
			}
		}
	}
	return n, err
}

// ErrUntrue says that a driver told what cannot be.
var ErrUntrue = errors.New("the driver says what cannot be")

// lengthError returns the error of a length that is not that of its cell.
func lengthError[T int | int64](length T) error {
	return fmt.Errorf("%w: a cell of %d bytes", ErrUntrue, length)
}

// block is what a fetch has come to.
type block struct {
	rowset *Rowset
	asked  int // rows, at last
	rows   int
	err    error
}

// fetchBlock returns how many rows it has fetched and for how many it asked at last.
// Those before the end of ctx are told only where they were fetched singly.
func (s *Stmt) fetchBlock(ctx context.Context, r *Rowset, rows int) (n, asked int, err error) {
	s.block = block{rowset: r, asked: rows}
	_, err = s.fetch(ctx, (*Stmt).readBlock)
	switch {
	case err == nil:
		return s.block.rows, s.block.asked, s.block.err
	case s.c.stuck == nil && s.reading == RowByRow:
		return s.block.rows, rows, err
	}
	return 0, rows, err
}

func (s *Stmt) readBlock() sys.Return {
	b := &s.block
	switch s.reading {
	case Refetch:
		b.rows, b.asked, b.err = s.refetch(b.rowset, b.asked)
	case Position:
		b.rows, b.err = s.scroll(sys.FetchNext, 0)
		if b.err == nil && s.fit(b.rowset, b.rows) {
			b.rows, b.err = s.getCut(b.rowset, b.rows)
		}
	case RowByRow:
		b.rows, b.err = s.gather(b.rowset, b.asked)
		s.fit(b.rowset, b.rows)
	case Sized:
		b.rows, b.err = s.scroll(sys.FetchNext, 0)
		if b.err == nil {
			b.rows, b.err = b.rowset.whole(b.rows)
		}
	default:
		b.rows, b.err = s.scroll(sys.FetchNext, 0)
		if b.err == nil && b.rows > 0 {
			b.rows, b.err = s.getCells(b.rowset)
		}
	}
	return sys.Success
}

// refetch fetches a block from a static cursor, and again with wider slots until
// all cells fit.
func (s *Stmt) refetch(r *Rowset, rows int) (n, asked int, err error) {
	asked = rows
	n, err = s.scroll(sys.FetchNext, 0)
	for err == nil && s.fit(r, n) {
		if widest := slices.Max(s.wanted); widest > maxRefetched {
			copy(s.wanted, s.described)
			return 0, asked, lengthError(widest)
		}
		if asked, err = s.bind(r, rows); err == nil {
			n, err = s.scroll(sys.FetchAbsolute, s.read+1)
		}
	}
	if err != nil {
		n = 0 // what r holds may be cut
	}
	return n, asked, err
}

// bind makes the driver write blocks of so many rows to r, or of as many as r
// has memory for, and returns their number.
func (s *Stmt) bind(r *Rowset, rows int) (int, error) {
	if s.reading == CellByCell {
		return rows, nil
	}
	if moved := r.lay(s.wanted); moved || s.bound != r {
		if err := s.bindColumns(r); err != nil {
			return 0, err
		}
		s.bound = r
	}
	rows = min(rows, r.afford)
	if s.reading == RowByRow {
		return rows, nil
	}
	return rows, s.setArraySize(rows)
}

func (s *Stmt) setArraySize(rows int) error {
	if s.arraySize == rows {
		return nil
	}
	if ret := sys.SetStmtAttr(s.h, sys.AttrRowArraySize, uintptr(rows)); ret != sys.Success {
		return s.failure("SQLSetStmtAttr(ROW_ARRAY_SIZE)", ret, nil)
	}
	s.arraySize = rows
	return nil
}

// lay gives the slots the widths wanted, with as many rows as the memory bound
// allows, and reports whether that has moved columns.
func (r *Rowset) lay(wanted []int) (moved bool) {
	if slices.Equal(wanted, r.widths) {
		return false
	}
	copy(r.widths, wanted)
	row := 0
	for i, c := range r.carriers {
		_, width := cellsOf(c.bound)
		if wanted[i] > 0 {
			width = wanted[i]
		}
		row += width
	}
	r.afford = max(1, min(r.room, maxBlockBytes/row))
	r.large = row > maxBlockBytes
	for i, c := range r.carriers {
		if v, ok := c.bound.(variable); ok {
			v.Resize(wanted[i], r.afford)
		}
	}
	r.laySingle()
	r.pin()
	return true
}

// laySingle makes the place for one row, from where rows are gathered. The row is
// bound apart from the columns: SQLGetData writes to the indicator of a bound
// column, that of the first row.
func (r *Rowset) laySingle() {
	if r.single == nil {
		return
	}
	const indicator = 8
	total := 0
	for _, c := range r.carriers {
		_, width := cellsOf(c.bound)
		total += indicator + (width+indicator-1)/indicator*indicator
	}
	r.scratch = make([]byte, total)
	rest := r.scratch
	for i, c := range r.carriers {
		cells, width := cellsOf(c.bound)
		r.single[i] = sys.RowColumn{
			Length: (*int64)(unsafe.Pointer(&rest[0])), Slot: unsafe.Pointer(&rest[indicator]),
			Cells: cells, Lengths: unsafe.SliceData(c.bound.Indicators()), Width: width, Whole: width,
		}
		if v, ok := c.bound.(variable); ok {
			r.single[i].Whole = width - ending(v)
		}
		rest = rest[indicator+(width+indicator-1)/indicator*indicator:]
	}
}

func (s *Stmt) bindColumns(r *Rowset) error {
	for i, c := range r.carriers {
		cells, width := cellsOf(c.bound)
		indicators := unsafe.SliceData(c.bound.Indicators())
		if s.reading == RowByRow {
			cells, indicators = r.single[i].Slot, r.single[i].Length
		}
		if ret := sys.BindCol(s.h, c.place, c.cType, cells, width, indicators); !ret.OK() {
			return s.failure(fmt.Sprintf("SQLBindCol(%d)", c.place), ret, nil)
		}
	}
	return nil
}

// scroll is one SQLFetchScroll. Its return code says nothing about cut cells:
// MariaDB Connector/ODBC 3.1.15 answers SUCCESS.
func (s *Stmt) scroll(orientation uint16, row int64) (int, error) {
	s.counters.fetched = 1 // what a driver without row arrays means
	switch ret := sys.FetchScroll(s.h, orientation, row); {
	case ret == sys.NoData:
		return 0, nil
	case !ret.OK():
		return 0, s.failure("SQLFetchScroll", ret, nil)
	case ret == sys.SuccessWithInfo:
		if err := s.behindRows(ret); err != nil {
			return 0, err
		}
	}
	n := int(s.counters.fetched)
	if n < 0 || n > s.arraySize {
		return 0, fmt.Errorf("%w: %d rows were fetched, of %d that it was asked for", ErrUntrue, n, s.arraySize)
	}
	return n, nil
}

// behindRows returns the error of a fetch that has succeeded for other rows of its block
// only: behind those before it FreeTDS 1.3.17 tells it at no other time.
func (s *Stmt) behindRows(ret sys.Return) error {
	e := newError("SQLFetchScroll", ret, sys.HandleStmt, s.h)
	if !slices.ContainsFunc(e.Records, Record.failed) {
		return nil
	}
	return s.failure("SQLFetchScroll", ret, nil)
}

// failed reports whether the SQLSTATE is that of an error, not of a warning.
func (r Record) failed() bool {
	return !strings.HasPrefix(r.State, "01") && !strings.HasPrefix(r.State, "00")
}

// fetch makes the call, watched unless the driver has the rows already: cancelling
// would take them away under it.
func (s *Stmt) fetch(ctx context.Context, native func(*Stmt) sys.Return) (sys.Return, error) {
	switch {
	case !s.buffered:
		return s.watched(ctx, native)
	case s.streams:
		return s.watchedBy(ctx, native, nil)
	case ctx.Err() != nil:
		return sys.Error, ctx.Err()
	case s.c.Broken():
		return sys.Error, ErrAbandoned
	}
	return native(s), nil
}

// fit sets the widths that slots are to have from the lengths of the cells that
// a block holds, and reports whether any cell was cut. A column goes back to its
// described width after a block that fits it: a single long cell among millions
// must not make all blocks behind it short.
func (s *Stmt) fit(r *Rowset, rows int) (cut bool) {
	for i, c := range r.carriers {
		v, ok := c.bound.(variable)
		if !ok {
			continue
		}
		settle(v, rows)
		_, width := v.Slots()
		needed := slotNeeded(v, rows, width)
		cut = cut || needed > width
		switch {
		case needed <= s.described[i]:
			s.wanted[i] = s.described[i]
		case needed > width && (s.reading == Refetch || needed < maxRounded):
			s.wanted[i] = needed // a rare long cell is read apart where that can be
		}
	}
	return cut
}

// settle finds the lengths that the driver does not tell, of cells that are in their
// slots with their ending zero.
func settle(v variable, rows int) {
	data, width := v.Slots()
	for row, length := range v.Indicators()[:rows] {
		if length == sys.NoTotal {
			v.Indicators()[row] = lengthIn(v, data[row*width:][:width])
		}
	}
}

// lengthIn returns the length of a cell that ends in the slot, NoTotal where it does not.
func lengthIn(v variable, slot []byte) int64 {
	if end := bytes.IndexByte(slot, 0); ending(v) > 0 && end >= 0 && end < len(slot)-1 {
		return int64(end)
	}
	return sys.NoTotal
}

// slotNeeded returns the slot width for the longest cell of a column. That of a
// longer cell than the slots have is rounded up, since others may be longer still.
func slotNeeded(v variable, rows, width int) int {
	longest := int64(0)
	for _, length := range v.Indicators()[:rows] {
		if length == sys.NoTotal {
			length = 2 * int64(width)
		}
		longest = max(longest, length)
	}
	needed := int(longest) + ending(v)
	if needed > width && needed < maxRounded {
		return 1 << bits.Len(uint(needed-1))
	}
	return needed
}

// maxRounded is the slot width above which a long cell is taken for a rare one.
const maxRounded = 64 << 10

// variable is a column whose cells lie in slots.
type variable interface {
	protocol.Column
	Slots() (data []byte, width int)
	Resize(width, rows int)
	SetLong(row int, cell []byte)
}

// ending returns the bytes of a slot that the driver's ending zero takes.
func ending(v variable) int { return endingOf(v.Kind()) }

func endingOf(kind protocol.Kind) int {
	if kind == protocol.Binary {
		return 0
	}
	return 1
}

// whole returns how many of the rows come before one with a cell that is longer than
// its slot, and an error if there is one.
func (r *Rowset) whole(rows int) (int, error) {
	for _, c := range r.carriers {
		if v, ok := c.bound.(variable); ok {
			settle(v, rows)
		}
	}
	for row := range rows {
		for _, c := range r.carriers {
			if v, ok := c.bound.(variable); ok && isCut(v, row) {
				return row, fmt.Errorf("%w in column %d, which is described as shorter", lengthError(v.Indicators()[row]), c.place)
			}
		}
	}
	return rows, nil
}

// getCut reads the cells of a block in full that did not fit their slots. It
// returns how many rows are whole.
func (s *Stmt) getCut(r *Rowset, rows int) (whole int, err error) {
	for row := range rows {
		if !r.isCut(row) {
			continue
		}
		if ret := sys.SetPos(s.h, row+1); !ret.OK() {
			return row, s.failure("SQLSetPos", ret, nil)
		}
		if err := s.getCutOf(r, row); err != nil {
			return row, err
		}
	}
	return rows, nil
}

func (r *Rowset) isCut(row int) bool {
	return slices.ContainsFunc(r.carriers, func(c carrier) bool {
		v, ok := c.bound.(variable)
		return ok && isCut(v, row)
	})
}

func isCut(v variable, row int) bool {
	_, width := v.Slots()
	length := v.Indicators()[row]
	return length == sys.NoTotal || int(length) > width-ending(v)
}

// getCutOf reads the cut cells of the row that the cursor is on.
func (s *Stmt) getCutOf(r *Rowset, row int) error {
	for _, c := range r.carriers {
		if v, ok := c.bound.(variable); ok && isCut(v, row) {
			if err := s.getLong(r, c, v, row); err != nil {
				return err
			}
		}
	}
	return nil
}

// getLong reads a cell of the row that the cursor is on from its beginning.
func (s *Stmt) getLong(r *Rowset, c carrier, v variable, row int) error {
	cell, err := s.getRest(c, v, nil, v.Indicators()[row])
	r.long = append(r.long, longCell{v, row, cell})
	v.Indicators()[row] = int64(len(cell))
	return err
}

// gather fetches up to so many rows one by one, for a driver that keeps nothing
// of a row but the last.
func (s *Stmt) gather(r *Rowset, rows int) (n int, err error) {
	for n < rows {
		var cut bool
		var ret sys.Return
		n, cut, ret = sys.FetchRows(s.h, r.single, n, rows)
		switch {
		case ret == sys.NoData:
			return n, nil
		case !ret.OK():
			return n, s.failure("SQLFetch", ret, nil)
		}
		if cut {
			if err := s.getCutOf(r, n-1); err != nil {
				return n - 1, err
			}
		}
	}
	return n, nil
}

// getCells reads the one row of a driver that cannot go back in its result,
// cell by cell and in order, which is all that ODBC asks of SQLGetData. It returns
// how many rows are whole.
func (s *Stmt) getCells(r *Rowset) (whole int, err error) {
	for _, c := range r.carriers {
		if err := s.getCell(r, c); err != nil {
			return 0, err
		}
	}
	return 1, nil
}

func (s *Stmt) getCell(r *Rowset, c carrier) error {
	if _, long := c.bound.(*protocol.Readers); long {
		return s.getData(c, make([]byte, 0, 1), &c.bound.Indicators()[0]) // asks for the length alone
	}
	v, ok := c.bound.(variable)
	if !ok {
		cells, width := cellsOf(c.bound)
		return s.getData(c, unsafe.Slice((*byte)(cells), width), &c.bound.Indicators()[0])
	}
	slots, width := v.Slots()
	slot := slots[:width]
	indicator := &c.bound.Indicators()[0]
	if err := s.getData(c, slot, indicator); err != nil {
		return err
	}
	if *indicator == sys.NoTotal {
		*indicator = lengthIn(v, slot)
	}
	if *indicator != sys.NoTotal && int(*indicator) <= len(slot)-ending(v) {
		return nil
	}
	cell, err := s.getRest(c, v, slot[:len(slot)-ending(v)], *indicator)
	r.long = append(r.long, longCell{v, 0, cell})
	*indicator = int64(len(cell))
	return err
}

func (s *Stmt) getData(c carrier, into []byte, indicator *int64) error {
	length, ret := sys.GetData(s.h, c.place, c.cType, into)
	*indicator = length
	if !ret.OK() {
		return s.failure(fmt.Sprintf("SQLGetData(%d)", c.place), ret, nil)
	}
	return nil
}

// getRest reads what follows the beginning of a cell, in few pieces where its
// length is known: sqliteodbc 0.9998 measures what is left of a text for each. The
// length is that of the whole cell, or NoTotal.
func (s *Stmt) getRest(c carrier, v variable, beginning []byte, length int64) ([]byte, error) {
	cell := slices.Clone(beginning)
	piece := make([]byte, 64<<10)
	if length != sys.NoTotal {
		piece = make([]byte, min(int(length)-len(cell)+ending(v), maxPiece))
	}
	room := len(piece) - ending(v)
	for {
		piece[len(piece)-1] = 1 // for the driver to put its ending zero there
		left, ret := sys.GetData(s.h, c.place, c.cType, piece)
		switch {
		case ret == sys.NoData && length <= int64(len(cell)):
			return cell, nil
		case ret == sys.NoData:
			return nil, lengthError(length)
		case !ret.OK():
			return nil, s.failure(fmt.Sprintf("SQLGetData(%d)", c.place), ret, nil)
		}
		if left == sys.NoTotal {
			left = lengthIn(v, piece)
		}
		if left >= 0 && left < int64(room) {
			return append(cell, piece[:left]...), nil
		}
		if left < 0 && left != sys.NoTotal || ending(v) > 0 && piece[room] != 0 {
			return nil, lengthError(left)
		}
		cell = append(cell, piece[:room]...)
		if left == int64(room) {
			return cell, nil
		}
	}
}

// maxPiece bounds what is set aside for a cell because of what its driver tells.
const maxPiece = 16 << 20
