package odbc

import (
	"context"
	"fmt"
	"math/bits"
	"runtime"
	"slices"
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
	pins     runtime.Pinner
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
	r.pin()
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
}

// Forget lets go of a Rowset.
func (s *Stmt) Forget(r *Rowset) error {
	if s.bound == r {
		if ret := sys.FreeStmt(s.h, sys.FreeUnbind); !ret.OK() {
			return s.failure("SQLFreeStmt(UNBIND)", ret, nil)
		}
		s.bound = nil
	}
	r.pins.Unpin()
	delete(s.rowsets, r)
	return nil
}

// Batch returns the Batch that the Rowset fills.
func (r *Rowset) Batch() *protocol.Batch { return r.batch }

// Room returns the most rows of a block.
func (r *Rowset) Room() int { return r.room }

// Load converts the block's cells for the Batch to be read. It uses nothing but
// the Rowset: the statement may be filling another one.
func (r *Rowset) Load() {
	for _, c := range r.carriers {
		c.load(r.held)
	}
}

// Fetch reads the next block into r, to be followed by Load, and returns its
// rows; last says that no block follows. No cell is cut: one that is longer than
// its slot is read again in full.
func (s *Stmt) Fetch(ctx context.Context, r *Rowset, rows int) (n int, last bool, err error) {
	n, asked, err := s.fetchBlock(ctx, r, min(rows, r.room))
	if err != nil {
		return 0, true, err
	}
	r.held = n
	r.batch.SetRows(n, s.read)
	r.between.SetRows(n, s.read)
	s.read += int64(n)
	if !s.scrolls && n > 0 {
		err = s.getCells(r)
	}
	return n, err != nil || n < asked, err
}

// fetchBlock fetches rows at most, and returns how many it got and for how many
// it asked at last.
func (s *Stmt) fetchBlock(ctx context.Context, r *Rowset, rows int) (n, asked int, err error) {
	if asked, err = s.bind(r, rows); err != nil {
		return 0, 0, err
	}
	n, err = s.scroll(ctx, sys.FetchNext, 0)
	for err == nil && s.scrolls && s.fit(r, n) {
		if asked, err = s.bind(r, rows); err == nil {
			n, err = s.scroll(ctx, sys.FetchAbsolute, s.read+1)
		}
	}
	return n, asked, err
}

// bind makes the driver write blocks of so many rows to r, or of as many as r
// has memory for, and returns their number.
func (s *Stmt) bind(r *Rowset, rows int) (int, error) {
	if !s.scrolls {
		return 1, nil // rows come one by one, cells are asked for one by one
	}
	if moved := r.lay(s.wanted); moved || s.bound != r {
		for _, c := range r.carriers {
			if err := s.bindColumn(c); err != nil {
				return 0, err
			}
		}
		s.bound = r
	}
	rows = min(rows, r.afford)
	if s.arraySize == rows {
		return rows, nil
	}
	if ret := sys.SetStmtAttr(s.h, sys.AttrRowArraySize, uintptr(rows)); ret != sys.Success {
		return 0, s.failure("SQLSetStmtAttr(ROW_ARRAY_SIZE)", ret, nil)
	}
	s.arraySize = rows
	return rows, nil
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
	for i, c := range r.carriers {
		if v, ok := c.bound.(variable); ok {
			v.Resize(wanted[i], r.afford)
		}
	}
	r.pin()
	return true
}

func (s *Stmt) bindColumn(c carrier) error {
	cells, width := cellsOf(c.bound)
	if ret := sys.BindCol(s.h, c.place, c.cType, cells, width, unsafe.SliceData(c.bound.Indicators())); !ret.OK() {
		return s.failure(fmt.Sprintf("SQLBindCol(%d)", c.place), ret, nil)
	}
	return nil
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
		_, width := v.Slots()
		switch needed := slotNeeded(v, rows, width); {
		case needed > width:
			s.wanted[i], cut = needed, true
		case needed <= s.described[i]:
			s.wanted[i] = s.described[i]
		}
	}
	return cut
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
func ending(v variable) int {
	if v.Kind() == protocol.Binary {
		return 0
	}
	return 1
}

// getCells reads the one row of a driver that cannot go back in its result,
// cell by cell and in order, which is all that ODBC asks of SQLGetData.
func (s *Stmt) getCells(r *Rowset) error {
	for _, c := range r.carriers {
		if err := s.getCell(c); err != nil {
			return err
		}
	}
	return nil
}

func (s *Stmt) getCell(c carrier) error {
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
	if *indicator != sys.NoTotal && int(*indicator) <= len(slot)-ending(v) {
		return nil
	}
	cell, err := s.getRest(c, v, slot, *indicator)
	v.SetLong(0, cell)
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

// getRest reads what did not fit the slot, piece by piece; left is the length
// of the whole cell, or NoTotal.
func (s *Stmt) getRest(c carrier, v variable, slot []byte, left int64) ([]byte, error) {
	cell := append([]byte(nil), slot[:len(slot)-ending(v)]...)
	piece := make([]byte, max(64<<10, 2*len(slot)))
	if left != sys.NoTotal {
		piece = make([]byte, int(left)-len(cell)+ending(v))
	}
	for {
		length, ret := sys.GetData(s.h, c.place, c.cType, piece)
		if ret == sys.NoData {
			return cell, nil
		}
		if !ret.OK() {
			return nil, s.failure(fmt.Sprintf("SQLGetData(%d)", c.place), ret, nil)
		}
		room := len(piece) - ending(v)
		if length != sys.NoTotal && int(length) <= room {
			return append(cell, piece[:max(0, int(length))]...), nil
		}
		cell = append(cell, piece[:room]...)
	}
}
