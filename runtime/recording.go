package runtime

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// ErrNotFaked says that a fake of generated code was called where the test has not said
// what comes of it.
var ErrNotFaked = errors.New("not faked")

// NotFaked returns what queries of a fake run on where the function in field is not set:
// each fails with ErrNotFaked.
func NotFaked(field string) Session {
	return notFaked{field}
}

type notFaked struct{ field string }

func (n notFaked) InTx(context.Context, func(*Tx) error, ...TxOption) error { return n.err() }

func (n notFaked) loan(context.Context) (loan, error) { return loan{}, n.err() }

// writers lets BulkParallel come to the error, too.
func (n notFaked) writers(int) int { return 1 }

func (n notFaked) err() error {
	return operation{op: "connect"}.wrap(fmt.Errorf("%w: set %s", ErrNotFaked, n.field))
}

// Recording returns the frames that were recorded for a query: the file GetBook.frames
// for GetBook. It is opened when they are read; where there is none, reading fails with
// ErrNotFaked.
func Recording(recordings fs.FS, query string) io.Reader {
	return &recordedFile{fs: recordings, query: query}
}

type recordedFile struct {
	fs     fs.FS
	query  string
	frames *bytes.Reader // nil before the first Read
}

// Read reads the whole file at first, so that nobody has to close it.
func (r *recordedFile) Read(p []byte) (int, error) {
	if r.frames == nil {
		name := r.query + ".frames"
		if r.fs == nil {
			return 0, fmt.Errorf("%w: set %sFunc, or Frames to a folder with %s", ErrNotFaked, r.query, name)
		}
		content, err := fs.ReadFile(r.fs, name)
		if err != nil {
			return 0, fmt.Errorf("%w: set %sFunc, or record %s: %w", ErrNotFaked, r.query, name, err)
		}
		r.frames = bytes.NewReader(content)
	}
	return r.frames.Read(p)
}

// Copy reads the rows of the query from frames and writes them to w.
func (q *Query[P, R]) Copy(w *protocol.Writer, r io.Reader) error {
	w.Columns(q.specs())
	frames := q.recording(r, &protocol.Decoder{Columns: q.specs()})
	for {
		b, err := frames.next()
		if err != nil || b == nil {
			return q.unread(err)
		}
		if err := w.Write(b); err != nil {
			return operation{query: q.Name, op: "write"}.wrap(err)
		}
	}
}
