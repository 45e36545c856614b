package runtime

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
)

// BulkError is the failure of an insert in chunks. It says of every row taken
// from the source what has become of it.
type BulkError struct {
	Query  string
	Stored []RowRange    // in order
	Failed []FailedChunk // in order; what is in neither has not been taken
	// Err is the end of the context where no chunk has failed: the source may have
	// ended because of it.
	Err error
}

// RowRange is rows of the source, both ends included. Rows count from 1.
type RowRange struct{ First, Last int64 }

// FailedChunk is a chunk that has not been stored.
type FailedChunk struct {
	RowRange
	Err error // an *Error
	// Unknown: nobody knows what became of the commit. The rows may have been stored.
	Unknown bool
}

// errNotSent is of rows that were taken before another chunk failed.
var errNotSent = errors.New("not sent, since another chunk failed")

// Error is the number of failed chunks and the error of each, one a line, or Err.
func (e *BulkError) Error() string {
	if e.Err != nil {
		return e.Err.Error()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "query %s: %d chunks were not stored", e.Query, len(e.Failed))
	for _, c := range e.Failed {
		fmt.Fprintf(&b, "\nrows %d to %d: %v", c.First, c.Last, c.Err)
	}
	return b.String()
}

// Unwrap returns the errors of the chunks, or Err.
func (e *BulkError) Unwrap() []error {
	if e.Err != nil {
		return []error{e.Err}
	}
	errs := make([]error, len(e.Failed))
	for i, c := range e.Failed {
		errs[i] = c.Err
	}
	return errs
}

// chunk is consecutive rows of the source.
type chunk[R any] struct {
	base int64 // rows before them
	rows []R
}

func (c chunk[R]) place() RowRange { return RowRange{c.base + 1, c.base + int64(len(c.rows))} }

// chunks inserts chunks on several connections. Its caller takes the rows from
// the iterator, and workers insert them.
type chunks[R any] struct {
	bulk    *Bulk[R]
	db      Session
	options bulkOptions
	queue   chan chunk[R]
	free    chan []R      // the memory of chunks that are done
	failing chan struct{} // closed when the first chunk has failed

	mu     sync.Mutex // guards the following
	done   BulkResult
	report BulkError
}

// errOneConnection says that BulkParallel has nothing to choose from.
var errOneConnection = errors.New("BulkParallel needs a *DB: a Conn or Tx is one connection")

func insertChunks[R any](ctx context.Context, b *Bulk[R], db Session, rows iter.Seq[R], o bulkOptions) (BulkResult, error) {
	workers, err := workersOn(db, max(o.workers, 1))
	if err != nil {
		return BulkResult{}, operation{query: b.Name, op: "execute"}.wrap(err)
	}
	c := &chunks[R]{
		bulk: b, db: db, options: o,
		queue: make(chan chunk[R]), free: make(chan []R, workers+1), failing: make(chan struct{}),
		report: BulkError{Query: b.Name},
	}
	c.run(ctx, workers, rows)
	return c.result(ctx)
}

// workersOn returns how many workers db has connections for, of those wanted.
// What embeds a *DB has its methods and counts as one.
func workersOn(db Session, wanted int) (int, error) {
	pool, ok := db.(interface{ writers(wanted int) int })
	switch {
	case ok:
		return pool.writers(wanted), nil
	case wanted > 1:
		return 0, errOneConnection
	}
	return 1, nil
}

// writers returns how many connections write at a time, of those wanted.
func (db *DB) writers(wanted int) int {
	if db.plugin.Bulk.OneWriter {
		return 1
	}
	return wanted
}

// run returns, or panics as the iterator did, when no worker is left.
func (c *chunks[R]) run(ctx context.Context, workers int, rows iter.Seq[R]) {
	var group sync.WaitGroup
	defer group.Wait()
	defer close(c.queue)
	for range workers {
		group.Go(func() { c.work(ctx) })
	}
	var next chunk[R]
	for row := range rows {
		next.rows = append(next.rows, row)
		if len(next.rows) < c.options.chunk {
			continue
		}
		if !c.hand(ctx, next) {
			return
		}
		next = chunk[R]{next.base + int64(len(next.rows)), c.room()}
	}
	if len(next.rows) > 0 {
		c.hand(ctx, next)
	}
}

// hand gives a chunk to a worker, unless there is no use in it any more.
func (c *chunks[R]) hand(ctx context.Context, next chunk[R]) bool {
	select {
	case <-c.failing:
		c.failed(next, errNotSent)
		return false
	default:
	}
	select {
	case c.queue <- next:
		return true
	case <-c.failing:
		c.failed(next, errNotSent)
	case <-ctx.Done():
		c.failed(next, ctx.Err())
	}
	return false
}

// room returns memory for a chunk, that of an earlier one where there is some.
func (c *chunks[R]) room() []R {
	select {
	case rows := <-c.free:
		return rows[:0]
	default:
		return nil
	}
}

func (c *chunks[R]) work(ctx context.Context) {
	for next := range c.queue {
		var done BulkResult
		err := c.db.InTx(ctx, func(tx *Tx) error {
			o := bulkOptions{setRows: c.options.setRows}
			var err error
			done, err = c.bulk.insert(ctx, tx, slices.Values(next.rows), next.base, o)
			return err
		})
		if err != nil {
			c.failed(next, err)
		} else {
			c.stored(next, done)
		}
		c.free <- next.rows
	}
}

func (c *chunks[R]) stored(rows chunk[R], done BulkResult) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done = c.done.plus(done)
	c.report.Stored = append(c.report.Stored, rows.place())
	if c.options.progress != nil {
		c.options.progress(c.done.Rows)
	}
}

func (c *chunks[R]) failed(done chunk[R], err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	err = named(c.bulk.Name, operation{query: c.bulk.Name, op: "execute"}.wrap(err))
	var e *Error
	unknown := errors.As(err, &e) && e.Op == "commit" && e.Outcome == OutcomeUnknown
	if len(c.report.Failed) == 0 {
		close(c.failing)
	}
	c.report.Failed = append(c.report.Failed, FailedChunk{done.place(), err, unknown})
}

// result reports what the workers have done.
func (c *chunks[R]) result(ctx context.Context) (BulkResult, error) {
	if len(c.report.Failed) == 0 {
		if c.report.Err = (operation{query: c.bulk.Name, op: "execute"}).wrap(ctx.Err()); c.report.Err == nil {
			return c.done, nil
		}
	}
	slices.SortFunc(c.report.Failed, func(a, b FailedChunk) int { return cmp.Compare(a.First, b.First) })
	c.report.Stored = joined(c.report.Stored)
	return c.done, &c.report
}

// joined puts ranges in order, and those that touch into one.
func joined(ranges []RowRange) []RowRange {
	slices.SortFunc(ranges, func(a, b RowRange) int { return cmp.Compare(a.First, b.First) })
	var all []RowRange
	for _, r := range ranges {
		if n := len(all); n > 0 && all[n-1].Last+1 == r.First {
			all[n-1].Last = r.Last
			continue
		}
		all = append(all, r)
	}
	return all
}
