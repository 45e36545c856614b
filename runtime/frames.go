package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Frames runs the query and writes its rows to w, in the blocks in which they come and
// without decoding them. The driver need not hold the result as a whole, as for Stream.
//
// The rows before an error are written. Only where there was none is w to be closed: a
// result that was cut must not look like a whole one. An error of w itself has the op
// "write", ends the query, and does the connection no harm.
func (q *Query[P, R]) Frames(ctx context.Context, db Session, p P, w *protocol.Writer) (err error) {
	r, err := q.openFrames(ctx, db, p, true)
	if err != nil {
		return err
	}
	defer r.close(ctx, &err)
	w.Columns(q.specs())
	return r.writeTo(ctx, w, "write", nil)
}

// PageFrames is Frames for the rows of page after page, see Pages.
func (q *Query[P, R]) PageFrames(ctx context.Context, db Session, p P, advance func(p P, row R) P, w *protocol.Writer) error {
	w.Columns(q.specs())
	for {
		last, err := q.framesOfPage(ctx, db, p, w)
		if err != nil || len(last) == 0 {
			return err
		}
		if p, err = q.advance(p, last[len(last)-1], advance); err != nil {
			return err
		}
	}
}

// framesOfPage writes a page, and returns the rows of its last block.
func (q *Query[P, R]) framesOfPage(ctx context.Context, db Session, p P, w *protocol.Writer) (last []R, err error) {
	r, err := q.openFrames(ctx, db, p, false)
	if err != nil {
		return nil, err
	}
	defer r.close(ctx, &err)
	err = r.writeTo(ctx, w, "write", func(b *protocol.Batch) (err error) {
		last, err = q.decode(last[:0], b)
		return err
	})
	return last, err
}

// errPieces says that a result cannot be written as frames.
var errPieces = errors.New("a column of the query is read in pieces, which frames do not hold: generate it without reader")

// openFrames is open for a result of which frames can be made.
func (q *Query[P, R]) openFrames(ctx context.Context, db Session, p P, stream bool) (*result[P, R], error) {
	if hasReader(q.Columns) {
		return nil, operation{query: q.Name, op: "bind"}.wrap(errPieces)
	}
	return q.open(ctx, db, p, firstBlock, stream)
}

// specs returns what the columns are in frames.
func (q *Query[P, R]) specs() []protocol.ColumnSpec {
	specs := make([]protocol.ColumnSpec, len(q.Columns))
	for i, c := range q.Columns {
		specs[i] = protocol.ColumnSpec{Name: c.Name, Kind: c.Kind}
	}
	return specs
}

// writeTo writes the rows to w, whose errors are told as those of op, and shows each
// block to seen, unless that is nil.
func (r *result[P, R]) writeTo(ctx context.Context, w *protocol.Writer, op string, seen func(*protocol.Batch) error) error {
	for {
		b := r.cursor.next(ctx)
		if b.rows == 0 {
			return r.wrap("fetch", b.err)
		}
		batch, failed := r.taken(b)
		if err := writeRows(w, batch); err != nil {
			return r.wrap(op, cause(err))
		}
		if failed == nil && seen != nil {
			failed = r.wrap("decode", seen(batch))
		}
		if failed != nil {
			return failed
		}
	}
}

// writeRows writes the rows of b, up to one that frames cannot hold.
func writeRows(w *protocol.Writer, b *protocol.Batch) error {
	if b.Len() == 0 {
		return nil
	}
	written := w.Rows()
	err := w.Write(b)
	if cell := (*protocol.CellError)(nil); errors.As(err, &cell) && w.Rows() == written {
		b.Keep(b.Before(cell))
		if failed := writeRows(w, b); failed != nil {
			return failed
		}
	}
	return err
}

// taken returns the rows of a block before the first that cannot be taken, and the
// error of that one.
func (r *result[P, R]) taken(b block) (*protocol.Batch, error) {
	batch := b.load()
	bytes := int64(1)
	for i, c := range batch.Columns() {
		for row, length := range c.Indicators()[:b.rows] {
			if length != protocol.Null {
				bytes += max(length, 0)
			} else if !r.query.Columns[i].Null {
				c.Fail(row, protocol.ErrNull)
			}
		}
	}
	r.cursor.fit(b.rows, bytes)
	var cell *protocol.CellError
	if errors.As(batch.Err(), &cell) {
		batch.Keep(batch.Before(cell))
		return batch, r.wrap("decode", cell)
	}
	return batch, r.wrap("fetch", b.err)
}

// fit makes the next block a frame that is not too long for who reads it, as far as one
// of so many rows and bytes tells. One that is being fetched stays as it is.
func (c *cursor) fit(rows int, bytes int64) {
	if !c.pending {
		c.size = min(c.size, max(firstBlock, int(int64(rows)*maxBlock/bytes)))
	}
}

// ReadOption changes how frames are read.
type ReadOption func(*protocol.Decoder)

// ReadLimits bounds what is read. Limits that are 0 are those of
// protocol.DefaultLimits, as all are without this option.
func ReadLimits(l protocol.Limits) ReadOption { return func(d *protocol.Decoder) { d.Limits = l } }

// Read yields the rows that Frames, or another writer of the format, has written for
// this query, which must have its columns by name, in their order, and as kinds that
// can be taken for its own. An error is yielded last, after the rows that came before
// it, and has the op "read". What stands in r behind the result is not read.
//
// The rows can be ranged over once, unless r is set back.
func (q *Query[P, R]) Read(r io.Reader, opts ...ReadOption) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		runs := true
		err := q.recorded(r, opts).each(func(row R) bool {
			runs = yield(row, nil)
			return runs
		})
		yieldError(err, runs, yield)
	}
}

// ReplayOne is One for rows that are read as by Read.
func (q *Query[P, R]) ReplayOne(r io.Reader, opts ...ReadOption) (R, error) {
	row, ok, err := q.ReplayOpt(r, opts...)
	if err == nil && !ok {
		err = q.unread(ErrNoRows)
	}
	return row, err
}

// ReplayOpt is Opt for rows that are read as by Read.
func (q *Query[P, R]) ReplayOpt(r io.Reader, opts ...ReadOption) (row R, ok bool, err error) {
	row, ok, err = q.recorded(r, opts).only()
	return row, ok, q.unread(err)
}

// ReplayMany is Many for rows that are read as by Read.
func (q *Query[P, R]) ReplayMany(r io.Reader, opts ...ReadOption) ([]R, error) {
	return q.recorded(r, opts).all()
}

// unread returns what is told of frames that could not be read.
func (q *Query[P, R]) unread(err error) error { return operation{query: q.Name, op: "read"}.wrap(err) }

// recorded returns the rows of frames.
func (q *Query[P, R]) recorded(r io.Reader, opts []ReadOption) blocks[R] {
	if hasReader(q.Columns) {
		return func(rows []R) ([]R, error) { return rows, q.unread(errPieces) }
	}
	d := &protocol.Decoder{Columns: q.specs()}
	for _, opt := range opts {
		opt(d)
	}
	frames := q.recording(r, d)
	return func(rows []R) ([]R, error) {
		b, err := frames.next()
		if err != nil || b == nil {
			return rows, q.unread(err)
		}
		rows, err = q.decode(rows, b)
		return rows, q.unread(err)
	}
}

// recording is a result as frames.
type recording struct {
	*protocol.Reader
	columns []Column
	begun   bool
}

func (q *Query[P, R]) recording(r io.Reader, d *protocol.Decoder) *recording {
	return &recording{Reader: protocol.NewReader(r, d), columns: q.Columns}
}

// errOther says that frames are whole, and not what is read.
var errOther = errors.New("these are not the frames of this query")

// next returns the next frame that has rows, nil at the end.
func (r *recording) next() (*protocol.Batch, error) {
	for {
		item, err := r.Next()
		switch {
		case err == io.EOF && !r.begun: // a result without rows has a frame
			return nil, &protocol.FormatError{Part: "frame", Err: protocol.ErrTruncated}
		case err == io.EOF:
			return nil, nil
		case err != nil:
			return nil, err
		case item.Batch == nil:
			return nil, fmt.Errorf("%w: a row count is among them", errOther)
		}
		r.begun = true
		if err := r.compare(item.Batch); err != nil || item.Batch.Len() > 0 {
			return item.Batch, err
		}
	}
}

// compare compares the names of the columns, of which databases change the case.
func (r *recording) compare(b *protocol.Batch) error {
	for i, c := range b.Columns() {
		if want := r.columns[i].Name; !strings.EqualFold(c.Name(), want) {
			return fmt.Errorf("%w: column %d is %q there, and %q here", errOther, i+1, c.Name(), want)
		}
	}
	return nil
}
