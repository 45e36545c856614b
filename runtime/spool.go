package runtime

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"syscall"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Spool says where the rows of a stream wait for those who read them: in memory up to a
// threshold, and beyond that in a file. The file has the mode 0600 and a name that no
// other has, and goes when the stream ends in whatever way; on unix a program that is
// killed leaves none either.
type Spool struct {
	// Threshold is the most bytes that are held in memory; 0 is that of WithSpool, or
	// else 8 MiB. One below 0 holds none.
	Threshold int64
	// Dir is where the file is made; "" is that of WithSpool, or else os.TempDir().
	Dir string
	// Compression of the rows, in memory and in the file.
	Compression protocol.Compression
}

// defaultThreshold is the Threshold where nobody says one.
const defaultThreshold = 8 << 20

// WithSpool sets Threshold and Dir for the queries that have a Spool which leaves them
// open. It makes no other query have one.
func WithSpool(s Spool) Option { return optionFunc(func(o *options) { o.spool = s }) }

// within returns s with what it leaves open.
func (s Spool) within(db Spool) Spool {
	s.Threshold = cmp.Or(s.Threshold, db.Threshold, defaultThreshold)
	s.Dir = cmp.Or(s.Dir, db.Dir, os.TempDir())
	return s
}

// SpoolError says that a Spool could not be written or read.
type SpoolError struct {
	Dir  string // of its file
	Size int64  // bytes that it had
	Err  error
}

// Error says what helps, where that is known.
func (e *SpoolError) Error() string {
	text := fmt.Sprintf("spool in %s, of %d bytes so far: %v", e.Dir, e.Size, e.Err)
	if e.full() {
		text += ": make room, or set Dir of the Spool, or of WithSpool, to a larger place"
	}
	return text
}

// Unwrap returns the reason.
func (e *SpoolError) Unwrap() error { return e.Err }

// full reports whether there was no room left.
func (e *SpoolError) full() bool {
	const diskFull = syscall.Errno(112) // of Windows; elsewhere nothing that a file is refused with
	return errors.Is(e.Err, syscall.ENOSPC) || errors.Is(e.Err, syscall.EDQUOT) || errors.Is(e.Err, syscall.EFBIG) || errors.Is(e.Err, diskFull)
}

// cause returns the Spool's own error where a Writer or Reader tells it, and else err.
func cause(err error) error {
	if own := (*SpoolError)(nil); errors.As(err, &own) {
		return own
	}
	return err
}

// eachSpooled is each, without the connection while rows are taken. Those of a result
// that could not be held come not at all.
func (q *Query[P, R]) eachSpooled(ctx context.Context, db Session, p P, take func(R) bool) error {
	s := &spool{}
	defer s.close()
	wrap, failed := q.fill(ctx, db, p, s)
	if !s.whole || failed != nil && ctx.Err() != nil {
		return failed
	}
	frames := q.recording(s, &protocol.Decoder{Columns: q.specs(), Limits: ownLimits})
	rows := blocks[R](func(rows []R) ([]R, error) {
		if ctx.Err() != nil {
			return rows, wrap("fetch", ctx.Err())
		}
		b, err := frames.next()
		if err != nil || b == nil {
			return rows, wrap("spool", cause(err))
		}
		rows, err = q.decode(rows, b)
		return rows, wrap("decode", err)
	})
	if err := rows.each(take); err != nil {
		return err
	}
	return failed
}

// ownLimits are those of frames that nobody else has written.
var ownLimits = protocol.Limits{
	Columns: math.MaxUint16, Rows: math.MaxInt32, Cells: math.MaxInt32, Cell: math.MaxInt32, Payload: math.MaxInt64 / 2, Memory: math.MaxInt64 / 2,
}

// fill runs the query and writes its rows to s, as far as they come. What it returns
// makes errors of those rows.
func (q *Query[P, R]) fill(ctx context.Context, db Session, p P, s *spool) (wrap func(op string, err error) error, err error) {
	r, err := q.openFrames(ctx, db, p, true)
	if err != nil {
		return nil, err
	}
	defer r.close(ctx, &err)
	s.Spool = q.Spool.within(r.loan.spool)
	w := protocol.NewWriter(s, protocol.Format{Version: protocol.Packed, Compression: s.Compression})
	w.Columns(q.specs())
	err = r.writeTo(ctx, w, "spool", nil)
	closed := w.Close()
	if s.whole = closed == nil; err == nil {
		err = r.wrap("spool", cause(closed))
	}
	return r.wrap, err
}

// spool is what is written to it and then read from it, once.
type spool struct {
	Spool
	whole bool     // all has been written
	held  [][]byte // what there is without a file
	file  *os.File
	named bool  // the file still has its name
	size  int64 // of all
	read  int64 // of the file
}

// Write adds p, which lies in memory or in the file as a whole.
func (s *spool) Write(p []byte) (int, error) {
	if s.file == nil && s.size+int64(len(p)) <= s.Threshold {
		s.held = append(s.held, append([]byte(nil), p...))
		s.size += int64(len(p))
		return len(p), nil
	}
	if err := s.toFile(); err != nil {
		return 0, s.failed(err)
	}
	n, err := s.file.Write(p)
	s.size += int64(n)
	return n, s.failed(err)
}

// toFile makes the file of what is held, unless there is one.
func (s *spool) toFile() (err error) {
	if s.file != nil {
		return nil
	}
	if s.file, err = os.CreateTemp(s.Dir, "odbcgen-*.spool"); err != nil {
		return err
	}
	s.named = os.Remove(s.file.Name()) != nil // as on Windows, while it is open
	for _, p := range s.held {
		if _, err := s.file.Write(p); err != nil {
			return err
		}
	}
	s.held = nil
	return nil
}

// Read reads what was written, from its beginning on.
func (s *spool) Read(p []byte) (int, error) {
	if s.file != nil {
		n, err := s.file.ReadAt(p, s.read)
		s.read += int64(n)
		if err != io.EOF {
			err = s.failed(err)
		}
		return n, err
	}
	if len(s.held) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.held[0])
	if s.held[0] = s.held[0][n:]; len(s.held[0]) == 0 {
		s.held[0] = nil
		s.held = s.held[1:]
	}
	return n, nil
}

func (s *spool) failed(err error) error {
	if err == nil {
		return nil
	}
	return &SpoolError{Dir: s.Dir, Size: s.size, Err: err}
}

// close forgets what was written.
func (s *spool) close() {
	if s.file == nil {
		return
	}
	s.file.Close()
	if s.named {
		os.Remove(s.file.Name())
	}
}
