package runtime

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// target is what a Bulk inserts into.
type target struct {
	key     any // the Bulk; statements are kept for it
	name    string
	table   string
	columns []Column
}

// insertion is a bulk insert under way, of one set of rows after the other.
type insertion struct {
	target
	tx   *Tx
	c    loan
	how  strategy
	set  *protocol.Batch
	rows int   // that make a set full
	base int64 // rows before the first
	sent int64

	progress func(rows int64) // may be nil
	// strict believes a count of no rows, see sender.
	strict bool
}

func beginInsertion(ctx context.Context, tx *Tx, into target, base int64, o bulkOptions) (*insertion, error) {
	l, err := tx.loan(ctx)
	if err != nil {
		return nil, err
	}
	in := &insertion{target: into, tx: tx, c: l, base: base, progress: o.progress}
	in.rows = in.setRows(o.setRows)
	specs := make([]protocol.ColumnSpec, len(in.columns))
	for i, c := range in.columns {
		specs[i] = protocol.ColumnSpec{Name: c.Name, Kind: c.Kind, Width: firstWidth}
	}
	in.set = protocol.NewBatch(specs, 0)
	in.empty()
	if in.how, err = strategies[in.c.plugin.Bulk.Strategy](ctx, in); err != nil {
		l.end(ctx, err, nil)
	}
	return in, err
}

// firstWidth is the bytes for a cell of a set, before a longer one has come.
const firstWidth = 32

// setRows returns the rows of a set where the caller wants a number of them, or
// none in particular. A plugin with sets of one row trusts the driver with no
// other.
func (in *insertion) setRows(wanted int) int {
	known := in.c.plugin.Bulk
	if known.Rows <= 1 {
		return 1
	}
	rows := cmp.Or(wanted, known.Rows)
	if known.MaxMarkers > 0 {
		rows = min(rows, known.MaxMarkers/max(len(in.columns), 1))
	}
	return max(rows, 1)
}

// empty begins a set. Errors count rows from the first of the insert.
func (in *insertion) empty() {
	in.set.Reset()
	in.set.SetRows(0, in.base+in.sent)
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
	if err := in.insertSet(ctx, n); err != nil {
		return err
	}
	in.sent += int64(n)
	in.empty()
	if in.progress != nil {
		in.progress(in.sent)
	}
	return nil
}

// savepoint stands before each set of several rows, so that one that fails can be
// taken apart.
func (in *insertion) savepoint() driver.Savepoint { return in.c.dialect.Savepoint("odbcgen_set") }

func (in *insertion) insertSet(ctx context.Context, n int) error {
	if n == 1 {
		return in.at(ctx, 0, in.send(ctx, 0, 1))
	}
	if err := in.mark(ctx); err != nil {
		return err
	}
	if err := in.send(ctx, 0, n); err != nil {
		return in.blame(ctx, n, err)
	}
	return in.c.release(ctx, in.savepoint())
}

// mark sets the savepoint, where there is such a thing.
func (in *insertion) mark(ctx context.Context) error {
	set := in.savepoint().Make
	switch {
	case set == "":
		return nil
	case in.sent > 0:
		return in.c.direct(ctx, set)
	}
	return in.c.firstSavepoint(ctx, set)
}

// send inserts n rows of the set, beginning with row from.
func (in *insertion) send(ctx context.Context, from, n int) error {
	if err := in.c.lock(ctx); err != nil {
		return err
	}
	defer in.c.mu.Unlock()
	return in.wrap("execute", in.how.send(ctx, from, n))
}

func (in *insertion) wrap(op string, err error) error {
	return in.c.operation(in.name, op).wrap(err)
}

// into returns the beginning of the INSERT statement.
func (in *insertion) into() string {
	return fmt.Sprintf("INSERT INTO %s (%s) ", in.c.dialect.QuoteQualified(in.table), in.list("%s"))
}

// list writes each column in the form, in which %s is its quoted name.
func (in *insertion) list(form string) string {
	items := make([]string, len(in.columns))
	for i, c := range in.columns {
		items[i] = strings.ReplaceAll(form, "%s", in.c.dialect.Quote(c.Name))
	}
	return strings.Join(items, ", ")
}

// params returns a parameter for each column, of the column's kind.
func (in *insertion) params() []Param {
	params := make([]Param, len(in.columns))
	for i, c := range in.columns {
		params[i] = Param{Name: c.Name, Kind: c.Kind}
	}
	return params
}
