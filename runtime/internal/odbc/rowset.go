package odbc

import (
	"context"
	"fmt"
	"unsafe"

	"github.com/odbcgen/odbcgen/runtime/internal/odbc/sys"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// MaxRowset is the largest number of rows in one block: SAP SQL Anywhere
// refuses more.
const MaxRowset = 65535

// maxBlockBytes bounds the memory of a block whose slots had to be widened.
const maxBlockBytes = 4 << 20

// rowset is the state of the result that is being read.
type rowset struct {
	batch    *protocol.Batch
	between  *protocol.Batch // the carriers' own columns
	carriers []carrier
	size     int   // rows of a block
	read     int64 // rows of the blocks before the one in batch
	held     int   // rows in batch
}

func (r *rowset) begin() { r.read, r.held = 0, 0 }

// BindColumns makes Fetch fill b, size rows a block; b must have room for them.
// The cells travel in the forms given, one a column. It may be called between
// two fetches, with another Batch.
func (s *Stmt) BindColumns(b *protocol.Batch, forms []Form, size int) error {
	if !s.scrolls {
		size = 1
	}
	s.rows.batch = b
	s.rows.carriers, s.rows.between = carry(b, forms, size)
	return s.bindRowset(size)
}

// bindRowset binds the carriers where their cells lie now.
func (s *Stmt) bindRowset(size int) error {
	if ret := sys.FreeStmt(s.h, sys.FreeUnbind); !ret.OK() {
		return s.failure("SQLFreeStmt(UNBIND)", ret, nil)
	}
	s.rowPins.Unpin()
	s.rows.size = size
	if !s.scrolls {
		return nil // rows come one by one, cells are asked for one by one
	}
	if ret := sys.SetStmtAttr(s.h, sys.AttrRowArraySize, uintptr(size)); ret != sys.Success {
		return s.failure("SQLSetStmtAttr(ROW_ARRAY_SIZE)", ret, nil)
	}
	if ret := sys.SetStmtAttrPtr(s.h, sys.AttrRowsFetched, unsafe.Pointer(&s.counters.fetched)); !ret.OK() {
		return s.failure("SQLSetStmtAttr(ROWS_FETCHED_PTR)", ret, nil)
	}
	for _, c := range s.rows.carriers {
		if err := s.bindColumn(c.bound); err != nil {
			return err
		}
	}
	return nil
}

func (s *Stmt) bindColumn(c protocol.Column) error {
	cells, width := cellsOf(c)
	indicators := unsafe.SliceData(c.Indicators())
	s.rowPins.Pin((*byte)(cells))
	s.rowPins.Pin(indicators)
	if ret := sys.BindCol(s.h, c.Index()+1, cTypeOf(c.Kind()), cells, width, indicators); !ret.OK() {
		return s.failure(fmt.Sprintf("SQLBindCol(%d)", c.Index()+1), ret, nil)
	}
	return nil
}

// Rowset returns the rows of a full block. A shorter one ends the result.
func (s *Stmt) Rowset() int { return s.rows.size }

// Fetch reads the next block into the bound Batch and returns its rows; 0 is
// the end of the result. A cell longer than its slot is read again in full: the
// Batch never holds cut data.
func (s *Stmt) Fetch(ctx context.Context) (int, error) {
	s.rows.read += int64(s.rows.held)
	s.rows.held = 0
	n, err := s.fetchBlock(ctx)
	if err != nil {
		return 0, err
	}
	s.rows.held = n
	s.rows.batch.SetRows(n, s.rows.read)
	s.rows.between.SetRows(n, s.rows.read)
	if !s.scrolls && n > 0 {
		if err := s.getCells(); err != nil {
			return 0, err
		}
	}
	for _, c := range s.rows.carriers {
		c.load(n)
	}
	return n, nil
}

func (s *Stmt) fetchBlock(ctx context.Context) (int, error) {
	n, err := s.scroll(ctx, sys.FetchNext, 0)
	for err == nil && s.scrolls && s.widen(n) {
		if err = s.bindRowset(s.affordable()); err == nil {
			n, err = s.scroll(ctx, sys.FetchAbsolute, s.rows.read+1)
		}
	}
	return n, err
}

// scroll is one SQLFetchScroll. Its return code says nothing about cut cells:
// MariaDB Connector/ODBC 3.1.15 answers SUCCESS.
func (s *Stmt) scroll(ctx context.Context, orientation uint16, row int64) (int, error) {
	s.counters.fetched = 1 // what a driver without row arrays means
	ret, err := s.fetch(ctx, func() sys.Return { return sys.FetchScroll(s.h, orientation, row) })
	switch {
	case err == nil && ret == sys.NoData:
		return 0, nil
	case err != nil || !ret.OK():
		return 0, s.failure("SQLFetchScroll", ret, err)
	}
	return int(s.counters.fetched), nil
}

// fetch makes the call, watched unless the driver has the rows already: cancelling
// would take them away under it.
func (s *Stmt) fetch(ctx context.Context, call func() sys.Return) (sys.Return, error) {
	if !s.buffered {
		return s.watched(ctx, call)
	}
	if err := ctx.Err(); err != nil {
		return sys.Error, err
	}
	return call(), nil
}

// widen gives room to the cells of the block that did not fit, and reports
// whether there were any. The next bindRowset must follow.
func (s *Stmt) widen(rows int) bool {
	cut := false
	for _, c := range s.rows.carriers {
		if v, ok := c.bound.(variable); ok {
			if width := roomFor(v, rows); width > 0 {
				v.Resize(width, 0)
				cut = true
			}
		}
	}
	return cut
}

// variable is a column whose cells lie in slots.
type variable interface {
	protocol.Column
	Slots() (data []byte, width int)
	Resize(width, rows int)
	SetLong(row int, cell []byte)
}

// roomFor returns the slot width for the longest cell that did not fit, 0 when
// all did.
func roomFor(v variable, rows int) int {
	_, width := v.Slots()
	longest := 0
	for _, length := range v.Indicators()[:rows] {
		switch {
		case length == sys.NoTotal:
			longest = max(longest, 2*width)
		case int(length) > width-ending(v):
			longest = max(longest, int(length)+ending(v))
		}
	}
	return longest
}

// ending returns the bytes of a slot that the driver's ending zero takes.
func ending(v variable) int { return endingOf(v.Kind()) }

func endingOf(kind protocol.Kind) int {
	if kind == protocol.Binary {
		return 0
	}
	return 1
}

// affordable lays the columns out for as many rows as the memory bound allows
// with the slots now wanted, and returns their number.
func (s *Stmt) affordable() int {
	row := 0
	for _, c := range s.rows.carriers {
		_, width := cellsOf(c.bound)
		row += width
	}
	size := max(1, min(s.rows.size, maxBlockBytes/max(row, 1)))
	for _, c := range s.rows.carriers {
		if v, ok := c.bound.(variable); ok {
			_, width := v.Slots()
			v.Resize(width, size)
		}
	}
	return size
}

// getCells reads the one row of a driver that cannot go back in its result,
// cell by cell and in order, which is all that ODBC asks of SQLGetData.
func (s *Stmt) getCells() error {
	for _, c := range s.rows.carriers {
		if err := s.getCell(c.bound); err != nil {
			return err
		}
	}
	return nil
}

func (s *Stmt) getCell(c protocol.Column) error {
	if r, long := c.(*protocol.Readers); long {
		return s.probeCell(r)
	}
	v, ok := c.(variable)
	if !ok {
		cells, width := cellsOf(c)
		return s.getData(c, unsafe.Slice((*byte)(cells), width), &c.Indicators()[0])
	}
	slots, width := v.Slots()
	slot := slots[:width]
	indicator := &c.Indicators()[0]
	if err := s.getData(c, slot, indicator); err != nil {
		return err
	}
	if *indicator != sys.NoTotal && int(*indicator) <= len(slot)-ending(v) {
		return nil
	}
	cell, err := s.getRest(v, slot, *indicator)
	v.SetLong(0, cell)
	return err
}

func (s *Stmt) getData(c protocol.Column, into []byte, indicator *int64) error {
	length, ret := sys.GetData(s.h, c.Index()+1, cTypeOf(c.Kind()), into)
	*indicator = length
	if !ret.OK() {
		return s.failure(fmt.Sprintf("SQLGetData(%d)", c.Index()+1), ret, nil)
	}
	return nil
}

// getRest reads what did not fit the slot, piece by piece; left is the length
// of the whole cell, or NoTotal.
func (s *Stmt) getRest(v variable, slot []byte, left int64) ([]byte, error) {
	cell := append([]byte(nil), slot[:len(slot)-ending(v)]...)
	piece := make([]byte, max(64<<10, 2*len(slot)))
	if left != sys.NoTotal {
		piece = make([]byte, int(left)-len(cell)+ending(v))
	}
	for {
		length, ret := sys.GetData(s.h, v.Index()+1, cTypeOf(v.Kind()), piece)
		if ret == sys.NoData {
			return cell, nil
		}
		if !ret.OK() {
			return nil, s.failure(fmt.Sprintf("SQLGetData(%d)", v.Index()+1), ret, nil)
		}
		room := len(piece) - ending(v)
		if length != sys.NoTotal && int(length) <= room {
			return append(cell, piece[:max(0, int(length))]...), nil
		}
		cell = append(cell, piece[:room]...)
	}
}
