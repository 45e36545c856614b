package runtime

import (
	"cmp"
	"context"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// target is what a Bulk inserts into.
type target struct {
	key     any // the Bulk; statements are kept for it
	name    string
	table   string
	columns []Column

	conflict, update []string // see Bulk
}

// upserts reports whether a row that is there is no error.
func (t *target) upserts() bool { return len(t.conflict) > 0 }

// insertion is a bulk insert under way, of one set of rows after the other.
type insertion struct {
	target
	tx   *Tx
	c    loan
	how  strategy
	set  *protocol.Batch
	rows int   // that make a set full
	base int64 // rows before the first
	done BulkResult
	// savepoint stands before each set of several rows, so that one that fails can be
	// taken apart.
	savepoint driver.Savepoint

	progress func(rows int64) // may be nil
	// strict believes a count of no rows, see sender.
	strict bool
	// unique: the rows of a MERGE may be several, since a unique key refuses two of one key.
	unique bool
}

func beginInsertion(ctx context.Context, tx *Tx, into target, base int64, o bulkOptions) (*insertion, error) {
	l, err := tx.loan(ctx)
	if err != nil {
		return nil, err
	}
	in := &insertion{target: into, tx: tx, c: l, base: base, progress: o.progress}
	if err := in.begin(ctx, o); err != nil {
		l.end(ctx, err, nil)
		return nil, err
	}
	return in, nil
}

func (in *insertion) begin(ctx context.Context, o bulkOptions) (err error) {
	if in.savepoint, err = in.c.dialect.Savepoint("odbcgen_set"); err != nil {
		return in.wrap("execute", err)
	}
	if in.unique, err = in.hasKey(ctx); err != nil {
		return err
	}
	in.rows = in.setRows(o.setRows)
	specs := make([]protocol.ColumnSpec, len(in.columns))
	for i, c := range in.columns {
		specs[i] = protocol.ColumnSpec{Name: c.Name, Kind: c.Kind, Width: firstWidth}
	}
	in.set = protocol.NewBatch(specs, 0)
	in.empty()
	strategy := in.c.plugin.Bulk.Strategy
	switch {
	case in.unique:
		strategy = driver.BulkRows
	case in.merges():
		strategy = driver.BulkArrays
	}
	in.how, err = strategies[strategy](ctx, in)
	return err
}

// firstWidth is the bytes for a cell of a set, before a longer one has come.
const firstWidth = 32

// setRows returns the rows of a set where the caller wants a number of them, or
// none in particular. A plugin with sets of one row trusts the driver with no
// other.
func (in *insertion) setRows(wanted int) int {
	known := in.c.plugin.Bulk
	if known.Rows <= 1 || in.merges() && !in.unique && known.Strategy != driver.BulkArrays {
		return 1
	}
	rows, markers := cmp.Or(wanted, known.Rows), known.MaxMarkers
	if in.unique {
		markers = in.c.plugin.Lists.Markers()
	}
	if markers > 0 {
		rows = min(rows, markers/max(len(in.columns), 1))
	}
	return max(rows, 1)
}

// empty begins a set. Errors count rows from the first of the insert.
func (in *insertion) empty() {
	in.set.Reset()
	in.set.SetRows(0, in.base+in.done.Rows)
}

// flush inserts the rows of the set.
func (in *insertion) flush(ctx context.Context) error {
	n := in.set.Len()
	if err := in.set.Err(); err != nil {
		return in.wrap("bind", err)
	}
	if n == 0 {
		return nil
	}
	done, err := in.insertSet(ctx, n)
	if err != nil {
		return err
	}
	in.done = in.done.plus(done)
	in.empty()
	if in.progress != nil {
		in.progress(in.done.Rows)
	}
	return nil
}

func (in *insertion) insertSet(ctx context.Context, n int) (BulkResult, error) {
	if n == 1 {
		done, err := in.send(ctx, 0, 1)
		return done, in.at(ctx, 0, err)
	}
	if err := in.mark(ctx); err != nil {
		return BulkResult{}, err
	}
	done, err := in.send(ctx, 0, n)
	if err != nil {
		if done, err = in.blame(ctx, n, err); err != nil {
			return done, err
		}
	}
	return done, in.c.release(ctx, in.savepoint)
}

// mark sets the savepoint, where there is such a thing.
func (in *insertion) mark(ctx context.Context) error {
	set := in.savepoint.Make
	switch {
	case set == "":
		return nil
	case in.done.Rows > 0:
		return in.c.direct(ctx, set)
	}
	return in.c.firstSavepoint(ctx, set)
}

// send inserts n rows of the set, beginning with row from.
func (in *insertion) send(ctx context.Context, from, n int) (done BulkResult, err error) {
	if err := in.c.lock(ctx); err != nil {
		return BulkResult{}, err
	}
	defer in.c.mu.Unlock()
	for end := from + n; from < end; from += n {
		n = in.together(from, end)
		sent, err := in.how.send(ctx, from, n)
		if err != nil {
			return done, in.wrap("execute", err)
		}
		done = done.plus(sent)
	}
	return done, nil
}

func (in *insertion) wrap(op string, err error) error {
	return in.c.operation(in.name, op).wrap(err)
}

// statement returns the text that inserts that many rows of parameters, or the rows of
// a query.
func (in *insertion) statement(rows int, from string) (string, error) {
	i := driver.Insert{Table: in.table, Rows: rows, From: from, Conflict: in.conflict, Update: in.update}
	for _, c := range in.columns {
		i.Columns, i.Kinds = append(i.Columns, c.Name), append(i.Kinds, c.Kind)
	}
	sql, err := in.c.dialect.Insert(i)
	return sql, in.wrap("prepare", err)
}

// params returns a parameter for each column, of the column's kind.
func (in *insertion) params() []Param {
	params := make([]Param, len(in.columns))
	for i, c := range in.columns {
		params[i] = Param{Name: c.Name, Kind: c.Kind}
	}
	return params
}
