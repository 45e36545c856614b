package runtime

import (
	"context"
	"iter"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Bulk inserts many rows of type R into a table, or updates those that are there
// already. Generated code holds one value for each; it is safe for concurrent use and
// must not be copied or changed.
type Bulk[R any] struct {
	Name    string
	Table   string // see driver.Dialect.QualifiedName
	Columns []Column
	// Conflict are the columns of a unique key: a row that has its values is updated.
	// None: it is an error.
	Conflict []string
	// Update are the columns of such a row that get new values. Nil is all that are not
	// in Conflict; empty leaves the row as it is.
	Update []string
	// Encode appends one row. Its errors are those of the Batch.
	Encode func(*protocol.Batch, R)
}

// BulkResult says what a bulk insert has done. It is zero after an error, unless rows
// were inserted in chunks.
type BulkResult struct {
	// Rows is the number of rows that were taken and are stored.
	Rows int64
	// Inserted, Updated and Unchanged are how many of them were new, have changed a row
	// that was there, or have left it as it was. Each is -1 where the database does not
	// tell. They count rows of the source: two of one key are two.
	Inserted, Updated, Unchanged int64
}

// plus adds what other rows have done.
func (r BulkResult) plus(other BulkResult) BulkResult {
	add := func(a, b int64) int64 {
		if a < 0 || b < 0 {
			return -1
		}
		return a + b
	}
	return BulkResult{r.Rows + other.Rows, add(r.Inserted, other.Inserted), add(r.Updated, other.Updated), add(r.Unchanged, other.Unchanged)}
}

// BulkOption changes how a bulk insert works.
type BulkOption func(*bulkOptions)

type bulkOptions struct {
	setRows  int // 0 is the plugin's
	workers  int
	chunk    int // rows of a chunk, 0 for one transaction
	progress func(rows int64)
}

// BulkRows sets how many rows are sent at a time. The default, which depends on
// the database, is the fastest; fewer need less memory.
func BulkRows(n int) BulkOption { return func(o *bulkOptions) { o.setRows = max(n, 1) } }

// BulkProgress calls f with the number of rows inserted so far, whenever some
// have been. Calls do not overlap. Rows may still be rolled back, unless they are
// inserted in chunks: those that are told of are committed.
func BulkProgress(f func(rows int64)) BulkOption { return func(o *bulkOptions) { o.progress = f } }

// BulkChunk inserts in chunks of that many rows, each a transaction of its own:
// stored or not as a whole. After the first chunk that fails no more rows are
// taken, and the error is a *BulkError.
func BulkChunk(rows int) BulkOption { return func(o *bulkOptions) { o.chunk = max(rows, 1) } }

// BulkParallel inserts chunks over up to n connections of a *DB at a time; see
// BulkChunk. A chunk has 10,000 rows unless BulkChunk says otherwise. Databases
// with one writer at a time are given one connection.
func BulkParallel(n int) BulkOption {
	return func(o *bulkOptions) {
		o.workers = max(n, 1)
		if o.chunk == 0 {
			o.chunk = defaultChunk
		}
	}
}

// defaultChunk is long beside a commit, and short beside a bulk insert.
const defaultChunk = 10_000

// Insert inserts the rows of an iterator, or those of a slice:
//
//	result, err := q.InsertBooks(ctx, slices.Values(books))
//
// All are inserted or none, in one transaction, on a Tx within a savepoint. Rows
// are taken while others are sent, a set at a time, in the way that is fastest on
// the database; memory does not grow with their number. An error names the row,
// and its column where the driver tells.
//
// Where there are columns of Conflict, of two rows with the same key the later one has
// the last word, as if they were sent one by one.
func (b *Bulk[R]) Insert(ctx context.Context, db Session, rows iter.Seq[R], opts ...BulkOption) (BulkResult, error) {
	var o bulkOptions
	for _, opt := range opts {
		opt(&o)
	}
	if o.chunk > 0 {
		return insertChunks(ctx, b, db, rows, o)
	}
	var done BulkResult
	err := db.InTx(ctx, func(tx *Tx) (err error) {
		done, err = b.insert(ctx, tx, rows, 0, o)
		return err
	}, NoTxRetry()) // rows may come only once
	if err != nil {
		return BulkResult{}, named(b.Name, err)
	}
	return done, nil
}

// insert inserts the rows within tx. As many as base come before them.
func (b *Bulk[R]) insert(ctx context.Context, tx *Tx, rows iter.Seq[R], base int64, o bulkOptions) (done BulkResult, err error) {
	in, err := beginInsertion(ctx, tx, target{b, b.Name, b.Table, b.Columns, b.Conflict, b.Update}, base, o)
	if err != nil {
		return BulkResult{}, err
	}
	defer func() { in.c.end(ctx, err, func(context.Context) { in.how.end() }) }()
	for row := range rows {
		if err := b.append(ctx, in, row); err != nil {
			return BulkResult{}, err
		}
	}
	err = in.flush(ctx)
	return in.done, err
}

// append adds a row to the set, which is sent when it is full, or before where
// the row is too long for it. The connection is not locked while the iterator
// runs: it may query the same transaction.
func (b *Bulk[R]) append(ctx context.Context, in *insertion, row R) error {
	b.Encode(in.set, row)
	in.set.EndRow()
	if in.set.Full() {
		in.set.DropRow()
		if err := in.flush(ctx); err != nil {
			return err
		}
		b.Encode(in.set, row)
		in.set.EndRow()
	}
	if in.set.Len() < in.rows {
		return nil
	}
	return in.flush(ctx)
}
