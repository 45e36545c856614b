package runtime

import (
	"bufio"
	"context"
	"errors"
	"io"
	"iter"
	"sync/atomic"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// ErrRowPassed says that a long value was read after its row: another row has
// been fetched since, or the result has been closed.
var ErrRowPassed = errors.New("the row that is read from has been passed")

// ErrColumnPassed says that a long value was read after one of a later column in
// its row. Many drivers read a row in one direction only.
var ErrColumnPassed = errors.New("a later column of the row has been read")

// ReadOne calls read with the only row of a query that has readers among its
// columns; they can be read until it returns. No row is ErrNoRows, a second one
// ErrTooManyRows, which is found after read. A reader's failure fails the query,
// whatever read makes of it.
func (q *Query[P, R]) ReadOne(ctx context.Context, db Session, p P, read func(R) error) error {
	ok, err := q.ReadOpt(ctx, db, p, read)
	if err == nil && !ok {
		err = operation{query: q.Name, op: "fetch"}.wrap(ErrNoRows)
	}
	return err
}

// ReadOpt is ReadOne for a row that may not be there: it returns false then.
func (q *Query[P, R]) ReadOpt(ctx context.Context, db Session, p P, read func(R) error) (ok bool, err error) {
	err = q.turns(ctx, db, p, func(r *result[P, R], row R) (bool, error) {
		if ok {
			return false, r.wrap("fetch", ErrTooManyRows)
		}
		ok = true
		return true, read(row)
	})
	return ok, err
}

// ReadStream is Stream for a query that has readers among its columns: those of
// a row can be read until the loop's next turn. Rows are fetched one by one.
func (q *Query[P, R]) ReadStream(ctx context.Context, db Session, p P) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		runs := true
		err := q.turns(ctx, db, p, func(_ *result[P, R], row R) (bool, error) {
			runs = yield(row, nil)
			return runs, nil
		})
		yieldError(err, runs, yield)
	}
}

// turns gives the rows to take one by one, until it wants no more.
func (q *Query[P, R]) turns(ctx context.Context, db Session, p P, take func(*result[P, R], R) (more bool, err error)) (err error) {
	r, err := q.open(ctx, db, p, 1, false)
	if err != nil {
		return err
	}
	defer r.close(ctx, &err)
	for row := make([]R, 0, 1); ; row = row[:0] {
		t := &turn{ctx: ctx, loan: r.loan, s: r.cursor.s, failed: func(err error) error { return r.wrap("fetch", err) }}
		if row, err = r.fetchTurn(t, row); err != nil || len(row) == 0 {
			return err
		}
		more, err := t.take(func() (bool, error) { return take(r, row[0]) })
		if err != nil || !more {
			return err
		}
	}
}

// fetchTurn appends the next row, whose readers belong to t; none at the end.
func (r *result[P, R]) fetchTurn(t *turn, row []R) ([]R, error) {
	if err := r.loan.mu.lockUntil(t.ctx); err != nil {
		return row, r.wrap("fetch", err)
	}
	defer r.loan.mu.Unlock()
	b := r.cursor.fetchLocked(t.ctx)
	if b.rows == 0 {
		return row, r.wrap("fetch", b.err)
	}
	t.open(b.rowset.Batch().Columns())
	return r.decode(row, b)
}

// turn is a row whose long values can be read, until the next one is fetched.
type turn struct {
	ctx     context.Context
	loan    loan
	s       *statement
	failed  func(error) error // names the query
	columns []protocol.Column
	over    atomic.Bool

	// Guarded by loan.mu.
	column int   // the one read last
	err    error // of the first reader that failed
}

// open gives each long cell of the row a reader.
func (t *turn) open(columns []protocol.Column) {
	t.columns = columns
	for i, c := range columns {
		if c, ok := c.(*protocol.Readers); ok {
			c.Cells[0] = &cellReader{turn: t, column: i, size: readSize(c.Indicators()[0])}
		}
	}
}

// take runs the turn, and ends it.
func (t *turn) take(do func() (bool, error)) (more bool, err error) {
	defer t.close()
	if more, err = do(); err != nil {
		return more, err
	}
	if err := t.loan.mu.lockUntil(t.ctx); err != nil {
		return false, t.failed(err)
	}
	defer t.loan.mu.Unlock()
	return more, t.err
}

// close takes the readers back. The statement may be kept: their buffers are not.
func (t *turn) close() {
	t.over.Store(true)
	for _, c := range t.columns {
		if c, ok := c.(*protocol.Readers); ok {
			c.Cells[0] = nil
		}
	}
}

// Bytes of a piece of a long cell: a 64th of it, within bounds. sqliteodbc 0.9998
// counts the rest of a text again for each piece, so many small ones would take
// the square of its length.
const (
	piecesOfCell = 64
	minPiece     = 64 << 10
	maxPiece     = 4 << 20
)

// readSize returns the size of the pieces for a cell of the length, which may not
// be known, with room for an ending zero and for seeing its end.
func readSize(length int64) int {
	if length < 0 {
		return minPiece
	}
	return int(min(length+2, max(minPiece, min(length/piecesOfCell, maxPiece))))
}

// cellReader reads one long cell of the row at hand.
type cellReader struct {
	turn   *turn
	column int
	size   int
	ahead  *bufio.Reader // made by the first Read
}

// Read reads the next bytes of the cell.
func (c *cellReader) Read(p []byte) (int, error) {
	if c.turn.over.Load() {
		return 0, c.turn.failed(ErrRowPassed)
	}
	return c.buffered().Read(p)
}

// WriteTo writes what is left of the cell, from the buffer that the driver wrote.
func (c *cellReader) WriteTo(w io.Writer) (int64, error) {
	if c.turn.over.Load() {
		return 0, c.turn.failed(ErrRowPassed)
	}
	return c.buffered().WriteTo(struct{ io.Writer }{w}) // a writer that reads would do so in small pieces
}

func (c *cellReader) buffered() *bufio.Reader {
	if c.ahead == nil {
		c.ahead = bufio.NewReaderSize(pieces{c}, c.size)
	}
	return c.ahead
}

// pieces reads a cell straight from the driver.
type pieces struct{ cell *cellReader }

func (c pieces) Read(p []byte) (int, error) {
	t := c.cell.turn
	if err := t.loan.mu.lockUntil(t.ctx); err != nil {
		return 0, t.failed(err)
	}
	defer t.loan.mu.Unlock()
	switch {
	case t.over.Load():
		return 0, t.failed(ErrRowPassed)
	case c.cell.column < t.column:
		return 0, t.failed(ErrColumnPassed)
	}
	t.column = c.cell.column
	n, err := t.s.native.ReadCell(t.ctx, t.columns[t.column], p)
	if err != nil && err != io.EOF {
		err = t.failed(err)
		t.err = errors.Join(t.err, err)
	}
	return n, err
}

// hasReader reports whether a column is a reader.
func hasReader(columns []Column) bool {
	for _, c := range columns {
		if c.Reader {
			return true
		}
	}
	return false
}

// checkOrder says whether the driver can read the columns: those of one that goes
// through a row in one direction must all be read before the row is handed out,
// but for a reader that is the last.
func (s *statement) checkOrder() error {
	columns := s.shape.columns
	if last := len(columns) - 1; last < 0 || !hasReader(columns[:last]) || s.c.native.AnyOrder() {
		return nil
	}
	return errors.New("this driver reads the columns of a row in order: one reader is possible, as the last column")
}

// apart makes a call of the user's code while a statement is under way. c.mu must
// be held, and is not meanwhile.
func (c *physical) apart(call func()) {
	c.mu.Unlock()
	defer c.mu.Lock()
	call()
}
