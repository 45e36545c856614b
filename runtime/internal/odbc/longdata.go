package odbc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"github.com/odbcgen/odbcgen/runtime/internal/odbc/sys"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// pieceBytes is what is sent at a time. Larger pieces are no faster on any driver
// measured.
const pieceBytes = 256 << 10

// longParam is a parameter whose value is read while the statement is executed.
type longParam struct {
	column *protocol.Readers
	source io.Reader
	length int64    // -1 where it is not known
	spool  *os.File // that the source was copied to, nil for none
}

// openLong begins the parameters that are readers. closeLong must follow.
func (s *Stmt) openLong(ctx context.Context) error {
	for i, c := range s.set.carriers {
		column, ok := c.column.(*protocol.Readers)
		if !ok || column.IsNull(0) {
			continue
		}
		p := &longParam{column: column, source: untilDone{ctx, column.Cells[0]}, length: -1}
		s.set.long[i] = p
		if s.c.needsLength() {
			if err := s.measure(p); err != nil {
				return s.unread(ctx, p, err)
			}
		}
		column.Indicators()[0] = sys.AtExecution(max(0, p.length))
	}
	return nil
}

func (s *Stmt) closeLong() {
	for _, p := range s.set.long {
		if p.spool != nil {
			p.spool.Close()
			os.Remove(p.spool.Name())
		}
	}
	clear(s.set.long)
}

// needsLength reports whether the driver must be told the length of a value
// before its first byte: sqliteodbc 0.9998 makes room for just that many.
func (c *Conn) needsLength() bool {
	return c.info(sys.InfoNeedLongDataLen) == "Y"
}

// measure finds the length of what the reader of p has to give. One that cannot
// tell is copied, to a file when it is longer than a piece.
func (s *Stmt) measure(p *longParam) (err error) {
	s.apart(func() {
		switch from := p.column.Cells[0].(type) {
		case interface{ Len() int }:
			p.length = int64(from.Len())
		case io.Seeker:
			p.length = left(from)
		}
		if p.length < 0 {
			err = p.copy()
		}
	})
	if err == nil && p.length > math.MaxInt32 {
		err = fmt.Errorf("%d bytes are more than a driver counts that must know the length", p.length)
	}
	return err
}

// apart makes a call of the user's code. The connection may be used meanwhile:
// a driver that waits for data has not begun the statement.
func (s *Stmt) apart(call func()) {
	if s.set.options.Apart == nil {
		call()
		return
	}
	s.set.options.Apart(call)
}

// left returns the bytes from where the seeker stands to its end, -1 where it
// does not know: a pipe is a seeker that cannot seek.
func left(from io.Seeker) int64 {
	at, err := from.Seek(0, io.SeekCurrent)
	if err != nil {
		return -1
	}
	end, err := from.Seek(0, io.SeekEnd)
	if err != nil {
		return -1
	}
	if _, err = from.Seek(at, io.SeekStart); err != nil {
		return -1
	}
	return max(0, end-at)
}

func (p *longParam) copy() error {
	first, err := io.ReadAll(io.LimitReader(p.source, pieceBytes+1))
	if err != nil {
		return err
	}
	start := bytes.NewReader(first)
	if len(first) <= pieceBytes {
		p.source, p.length = start, int64(len(first))
		return nil
	}
	if p.spool, err = os.CreateTemp("", "odbcgen-"); err != nil {
		return err
	}
	if p.length, err = io.Copy(p.spool, io.MultiReader(start, p.source)); err != nil {
		return err
	}
	p.source = p.spool
	_, err = p.spool.Seek(0, io.SeekStart)
	return err
}

// unread returns the error of a parameter that could not be read, the context's
// where it has ended.
func (s *Stmt) unread(ctx context.Context, p *longParam, err error) error {
	if ended := ctx.Err(); ended != nil {
		return ended
	}
	p.column.Fail(0, err)
	return s.set.batch.Err()
}

// untilDone is a reader that fails when the context has ended.
type untilDone struct {
	ctx context.Context
	io.Reader
}

func (r untilDone) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// sendLong sends what the driver asks for after Execute has answered ret and err,
// and returns the answer of the execution. When it is left before its end, by an
// error or by a panic of a reader, the execution is given up.
func (s *Stmt) sendLong(ctx context.Context, ret sys.Return, err error) (_ sys.Return, _ error) {
	if len(s.set.long) == 0 {
		return ret, err
	}
	done := false
	defer func() {
		if !done {
			s.giveUp()
		}
	}()
	for err == nil && ret == sys.NeedData {
		var n int
		ret, err = s.watchedLong(ctx, func(s *Stmt) (ret sys.Return) {
			n, ret = sys.ParamData(s.h)
			return ret
		})
		if err == nil && ret == sys.NeedData {
			err = s.putLong(ctx, s.set.long[n-1])
		}
	}
	done = err == nil
	return ret, err
}

// giveUp ends an execution that waits for data, in the one way that ODBC has: such
// a statement cannot even be freed. It is not to be executed again: MariaDB would
// put the next value behind what it has of this one.
func (s *Stmt) giveUp() {
	s.tidy((*Stmt).endWait)
	s.givenUp = true
}

// endWait ends the waiting for data.
//
// The SQLCancel of psqlODBC 13.02 does nothing but fail when the connection is lost, and
// with unixODBC the statement waits on. A call that sends data and fails ends that. It
// cannot execute the statement: SQLParamData is called only where SQLPutData is not
// allowed, before the first value.
func (s *Stmt) endWait() sys.Return {
	ret := sys.Cancel(s.h)
	if !ret.OK() && !sys.PutData(s.h, make([]byte, 0, 1)).OK() {
		sys.ParamData(s.h)
	}
	return ret
}

var errGivenUp = errors.New("the execution was given up")

// putLong sends the value of one parameter, an empty one as an empty piece.
func (s *Stmt) putLong(ctx context.Context, p *longParam) error {
	room := int64(pieceBytes)
	if p.length >= 0 {
		room = min(room, p.length+1) // enough to see that nothing follows
	}
	piece := make([]byte, room)
	for sent, last := int64(0), false; !last; {
		n, err := s.readPiece(p, piece)
		if last = err == io.EOF; last || err == nil {
			err = s.checkPiece(p, piece[:n], sent+int64(n), last)
		}
		if err != nil {
			return s.unread(ctx, p, err)
		}
		if n == 0 && sent > 0 {
			return nil
		}
		// Not cancelled: drivers copy the piece, and SQLCancel would take away what
		// psqlODBC copies to.
		ret, err := s.c.run(ctx, call{s: s, native: func(s *Stmt) sys.Return { return sys.PutData(s.h, piece[:n]) }}, 0)
		if err != nil || !ret.OK() {
			return s.failure(fmt.Sprintf("SQLPutData(%d)", p.column.Index()+1), ret, err)
		}
		sent += int64(n)
	}
	return nil
}

// readPiece fills the piece as far as the value goes; io.EOF comes with its last
// bytes.
func (s *Stmt) readPiece(p *longParam, piece []byte) (n int, err error) {
	s.apart(func() {
		for n < len(piece) && err == nil {
			var m int
			m, err = p.source.Read(piece[n:])
			n += m
		}
	})
	return n, err
}

// checkPiece says what is wrong with a piece that ends after so many bytes.
func (s *Stmt) checkPiece(p *longParam, piece []byte, end int64, last bool) error {
	switch {
	case p.length >= 0 && (end > p.length || last && end < p.length):
		return fmt.Errorf("the reader told a length of %d bytes and gave another", p.length)
	case s.set.options.RefuseZeroBytes && p.column.Kind() != protocol.Binary && bytes.IndexByte(piece, 0) >= 0:
		return errZeroByte
	}
	return nil
}

// AnyOrder reports whether the driver reads the cells of a row in any order.
func (c *Conn) AnyOrder() bool {
	if c.Broken() {
		return false
	}
	extensions, ret := sys.GetInfoInt(c.h, sys.InfoGetDataExtensions)
	return ret.OK() && extensions&sys.GetDataAnyOrder != 0
}

// ReadCell reads the next bytes of a cell of the row fetched last, of column c of
// the bound Batch, until io.EOF. It may use one byte of p more than it fills.
func (s *Stmt) ReadCell(ctx context.Context, c protocol.Column, p []byte) (int, error) {
	into := p
	if !s.c.local { // p is the caller's again though the call may be abandoned
		s.piece = slices.Grow(s.piece[:0], len(p))[:len(p)]
		into = s.piece
	}
	var length int64
	ret, err := s.fetch(ctx, func(s *Stmt) (ret sys.Return) {
		length, ret = sys.GetData(s.h, c.Index()+1, cTypeOf(c.Kind()), into)
		return ret
	})
	switch {
	case err != nil:
		return 0, err
	case ret == sys.NoData || ret.OK() && (length == 0 || length == sys.Null):
		return 0, io.EOF
	case !ret.OK():
		return 0, s.failure(fmt.Sprintf("SQLGetData(%d)", c.Index()+1), ret, nil)
	}
	n := int64(len(p) - endingOf(c.Kind()))
	if length != sys.NoTotal {
		n = min(length, n)
	}
	if !s.c.local {
		copy(p, into[:n])
	}
	return int(n), nil
}
