package runtime

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Bulk inserts many rows of type R into a table. Generated code holds one value
// for each; it is safe for concurrent use and must not be copied or changed.
type Bulk[R any] struct {
	Name    string
	Table   string // may be qualified with dots
	Columns []Column
	// Encode appends one row. Its errors are those of the Batch.
	Encode func(*protocol.Batch, R)
}

// BulkResult says what a bulk insert has done.
type BulkResult struct {
	// Rows is the number of rows inserted, 0 after an error.
	Rows int64
}

// paramsetRows is the number of rows sent at a time. More are no faster on any
// driver measured.
const paramsetRows = 1000

// Insert inserts the rows, all or none: they are sent in parameter arrays within
// one transaction, on a Tx within a savepoint. Rows are taken from the iterator
// while they are sent; memory does not grow with their number. An error names
// the row where the driver tells it.
func (b *Bulk[R]) Insert(ctx context.Context, db Session, rows iter.Seq[R]) (BulkResult, error) {
	var inserted int64
	err := db.InTx(ctx, func(tx *Tx) error {
		l, err := tx.loan(ctx)
		if err != nil {
			return err
		}
		in := insertion[R]{bulk: b, c: l.physical}
		err = in.send(ctx, rows)
		inserted = in.sent
		return err
	})
	if err != nil {
		return BulkResult{}, named(b.Name, err)
	}
	return BulkResult{Rows: inserted}, nil
}

// sql returns the INSERT statement of one row.
func (b *Bulk[R]) sql(d driver.Dialect) string {
	names := make([]string, len(b.Columns))
	for i, c := range b.Columns {
		names[i] = d.Quote(c.Name)
	}
	markers := strings.TrimSuffix(strings.Repeat("?, ", len(names)), ", ")
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", d.QuoteQualified(b.Table), strings.Join(names, ", "), markers)
}

// insertion is a bulk insert under way.
type insertion[R any] struct {
	bulk *Bulk[R]
	c    *physical
	s    *statement
	size int   // rows of a parameter set
	sent int64 // rows inserted so far
}

func (in *insertion[R]) wrap(op string, err error) error {
	return operation{in.bulk.Name, op, in.c.plugin.Name}.wrap(err)
}

// send takes rows from the iterator and inserts them. The connection is not
// locked while the iterator runs: it may query the same transaction.
func (in *insertion[R]) send(ctx context.Context, rows iter.Seq[R]) (err error) {
	if err := in.prepare(ctx); err != nil {
		return err
	}
	defer func() {
		in.c.mu.Lock()
		defer in.c.mu.Unlock()
		in.s.done(err != nil)
	}()
	in.s.params.Reset()
	for row := range rows {
		if err := in.append(ctx, row); err != nil {
			return err
		}
		if in.s.params.Len() < in.size {
			continue
		}
		if err := in.execute(ctx); err != nil {
			return err
		}
	}
	if in.s.params.Len() == 0 {
		return nil
	}
	return in.execute(ctx)
}

func (in *insertion[R]) prepare(ctx context.Context) (err error) {
	in.c.mu.Lock()
	defer in.c.mu.Unlock()
	params := make([]Param, len(in.bulk.Columns))
	for i, c := range in.bulk.Columns {
		params[i] = Param{Name: c.Name, Kind: c.Kind}
	}
	in.size = in.setRows()
	in.s, err = in.c.statementFor(ctx, shape{key: in.bulk, name: in.bulk.Name, sql: in.bulk.sql(in.c.dialect), params: params})
	return err
}

// append adds a row to the parameter set, to the next set where it is too long
// for this one.
func (in *insertion[R]) append(ctx context.Context, row R) error {
	params := in.s.params
	in.bulk.Encode(params, row)
	params.EndRow()
	if !params.Full() {
		return nil
	}
	params.DropRow()
	if err := in.execute(ctx); err != nil {
		return err
	}
	in.bulk.Encode(params, row)
	params.EndRow()
	return nil
}

// setRows returns the rows of a parameter set.
func (in *insertion[R]) setRows() int {
	quirks := in.c.plugin.Quirks
	if quirks.RowwiseBinary {
		for _, c := range in.bulk.Columns {
			if c.Kind == protocol.Binary {
				return 1
			}
		}
	}
	if quirks.MaxParamset > 0 {
		return min(quirks.MaxParamset, paramsetRows)
	}
	return paramsetRows
}

// execute inserts the rows appended, and empties the parameter set.
func (in *insertion[R]) execute(ctx context.Context) error {
	in.c.mu.Lock()
	defer in.c.mu.Unlock()
	params := in.s.params
	if err := params.Err(); err != nil {
		return in.wrap("bind", err)
	}
	rows := params.Len()
	if err := in.s.native.Execute(ctx); err != nil {
		return in.failed(rows, in.wrap("execute", err))
	}
	// Not every driver fails when a row of the set does: without the bulk
	// protocol MariaDB's answers SUCCESS_WITH_INFO and leaves out the rest.
	if processed, bad := in.s.native.Processed(); rows > 1 && (processed != rows || bad > 0) {
		return in.failed(rows, in.wrap("execute", fmt.Errorf("the driver took %d of %d rows, %d of them bad", processed, rows, bad)))
	}
	in.sent += int64(rows)
	params.Reset()
	params.SetRows(0, in.sent) // errors count rows from the first of the insert
	return in.wrap("execute", in.s.native.CloseCursor())
}

// failed names the row of the set that failed, where the driver tells.
func (in *insertion[R]) failed(rows int, err error) error {
	e, ok := err.(*Error)
	if !ok || len(e.Diagnostics) == 0 {
		return err
	}
	processed, _ := in.s.native.Processed()
	switch quirk := in.c.plugin.Quirks.FailedRow; {
	case rows == 1:
		e.Row = in.sent + 1
	case quirk == driver.FailedRowAfterProcessed:
		e.Row = in.sent + int64(processed) + 1
	case quirk == driver.FailedRowIsProcessed:
		e.Row = in.sent + int64(processed)
	}
	return err
}
