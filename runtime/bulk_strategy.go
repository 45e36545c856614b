package runtime

import (
	"context"
	"fmt"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// strategy is a way to insert rows of a set. It is used under the connection's
// lock.
type strategy interface {
	// send inserts n rows of the set, beginning with row from. Of several rows it
	// may have inserted some when it fails.
	send(ctx context.Context, from, n int) (BulkResult, error)
	// end gives the statements back.
	end()
}

var strategies = map[driver.BulkStrategy]func(context.Context, *insertion) (strategy, error){
	driver.BulkArrays: newArrays,
	driver.BulkRows:   newValues,
	driver.BulkUnnest: newUnnest,
}

// newArrays returns a strategy that sends rows in a parameter array.
func newArrays(_ context.Context, in *insertion) (strategy, error) {
	return newRowSender(in, 1)
}

// values sends rows in the VALUES of one statement, and those that are fewer than
// a set in several: of half the rows, a quarter and so on.
type values struct {
	in      *insertion
	senders map[int]*sender // by the rows of the statement
}

func newValues(_ context.Context, in *insertion) (strategy, error) {
	v := values{in, make(map[int]*sender)}
	_, err := v.sender(in.rows)
	return v, err
}

func (v values) send(ctx context.Context, from, n int) (done BulkResult, err error) {
	size := v.in.rows
	for n > 0 {
		for size > n {
			size = (size + 1) / 2
		}
		s, err := v.sender(size)
		if err != nil {
			return done, err
		}
		sent, err := s.send(ctx, from, size)
		if err != nil {
			return done, err
		}
		from, n, done = from+size, n-size, done.plus(sent)
	}
	return done, nil
}

func (v values) sender(size int) (s *sender, err error) {
	s, ok := v.senders[size]
	if ok {
		return s, nil
	}
	if s, err = newRowSender(v.in, size); err == nil {
		v.senders[size] = s
	}
	return s, err
}

func (v values) end() {
	for _, s := range v.senders {
		s.end()
	}
}

// sender inserts rows with one statement, which it prepares when it is needed
// first and again after it has failed.
type sender struct {
	in     *insertion
	shape  shape
	counts bool // SQLRowCount is the number of rows
	s      *statement
	bound  bool // its parameters are
}

// insertKey is what statements are kept by.
type insertKey struct {
	bulk any
	rows int // that the text has markers for, 0 for unnest
}

// newRowSender returns a sender with markers for that many rows of the set.
func newRowSender(in *insertion, size int) (*sender, error) {
	sql, err := in.statement(size, "")
	bulk := in.c.plugin.Bulk
	return &sender{
		in: in, counts: bulk.Counts && bulk.Strategy != driver.BulkUnnest, // whose fallback are arrays
		shape: shape{key: insertKey{in.key, size}, name: in.name, sql: sql, params: in.params(), rows: size},
	}, err
}

func (t *sender) send(ctx context.Context, from, n int) (BulkResult, error) {
	if err := t.prepare(ctx); err != nil {
		return BulkResult{}, err
	}
	return t.run(ctx, t.in.set, from, n, n)
}

func (t *sender) prepare(ctx context.Context) (err error) {
	if t.s == nil {
		t.s, err = t.in.c.statementFor(ctx, t.shape)
	}
	return err
}

// run executes the statement with n rows of b, which insert that many rows.
func (t *sender) run(ctx context.Context, b *protocol.Batch, from, n, inserted int) (done BulkResult, err error) {
	t.bind(b)
	err = t.s.native.ExecuteRows(ctx, from, n)
	if err == nil {
		done, err = t.check(n, inserted)
	}
	if err == nil {
		err = t.s.native.CloseCursor()
	}
	if err != nil {
		t.drop()
	}
	return done, err
}

// bind makes the rows of b the statement's parameters.
func (t *sender) bind(b *protocol.Batch) {
	if t.bound {
		return
	}
	types := t.in.c.parameters(t.shape.params)
	for i := range types {
		if types[i].Form == odbc.Number { // which a set of one row would be, and others not
			types[i].Form = odbc.Text
		}
	}
	t.s.native.BindParams(b, types, t.in.c.paramOptions())
	t.bound = true
}

// check holds what the driver says of its success against the rows sent. Without
// the server's bulk protocol MariaDB's driver answers SUCCESS_WITH_INFO for an
// array that it has broken off.
func (t *sender) check(n, inserted int) (BulkResult, error) {
	array := n / max(t.shape.rows, 1)
	if processed, bad := t.s.native.Processed(); array > 1 && (processed != array || bad > 0) {
		return BulkResult{}, fmt.Errorf("the driver took %d of %d rows, %d of them bad", processed, array, bad)
	}
	return t.count(int64(inserted))
}

// shortError says that the database has left out rows without an error: a
// trigger did, or a constraint with ON CONFLICT IGNORE.
type shortError struct{ stored, rows int64 }

func (e *shortError) Error() string {
	return fmt.Sprintf("the database counts %d of %d rows inserted", e.stored, e.rows)
}

// count asks how many rows have been stored. None at all may be no answer.
func (t *sender) count(n int64) (BulkResult, error) {
	o := t.in.outcome()
	if !t.counts || t.in.upserts() && (t.in.c.recounts || t.in.c.dialect.Upserts.Count == driver.NotCounted) {
		return o.of(n, -1), nil
	}
	counted, err := t.s.native.Affected()
	known := counted > 0 || t.in.strict || t.in.c.plugin.Bulk.CountsNone
	if err == nil && known && o.allCounted() && counted < n {
		err = &shortError{counted, n}
	}
	return o.of(n, counted), err
}

// drop closes a statement that has failed.
func (t *sender) drop() {
	t.s.done(true)
	t.s, t.bound = nil, false
}

func (t *sender) end() {
	if t.s == nil {
		return
	}
	t.s.done(t.s.native.UnbindParams() != nil)
	t.s, t.bound = nil, false
}
