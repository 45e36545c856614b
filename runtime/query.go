package runtime

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// None is the parameter type of a query without parameters.
type None = struct{}

// Query is a statement that gives rows of type R for parameters of type P.
// Generated code holds one value for each query; it is safe for concurrent use
// and must not be copied or changed.
type Query[P, R any] struct {
	Name     string
	SQL      string
	Dialects []Dialect // texts for other databases than the one of SQL
	Params   []Param   // one for each marker
	Columns  []Column
	// Encode appends one row of parameters. Its errors are those of the Batch.
	Encode func(*protocol.Batch, P)
	// Decode fills rows from the first rows of the Batch.
	Decode func([]R, *protocol.Batch)
}

// One returns the only row. No row is ErrNoRows, a second one ErrTooManyRows.
func (q *Query[P, R]) One(ctx context.Context, db Session, p P) (R, error) {
	row, ok, err := q.Opt(ctx, db, p)
	if err == nil && !ok {
		err = &Error{Query: q.Name, Op: "fetch", Err: ErrNoRows}
	}
	return row, err
}

// Opt returns the only row and true, or false when there is none. A second row
// is ErrTooManyRows.
func (q *Query[P, R]) Opt(ctx context.Context, db Session, p P) (row R, ok bool, err error) {
	r, err := q.open(ctx, db, p, oneRow)
	if err != nil {
		return row, false, err
	}
	defer r.close(&err)
	rows, err := r.next(ctx, nil)
	if err == nil && len(rows) == 1 { // a driver may give one row a block
		rows, err = r.next(ctx, rows)
	}
	switch {
	case err != nil || len(rows) == 0:
		return row, false, err
	case len(rows) > 1:
		return row, false, r.wrap("fetch", ErrTooManyRows)
	}
	return rows[0], true, nil
}

// Many returns all rows, an empty slice when there are none.
func (q *Query[P, R]) Many(ctx context.Context, db Session, p P) (all []R, err error) {
	r, err := q.open(ctx, db, p, firstBlock)
	if err != nil {
		return nil, err
	}
	defer r.close(&err)
	all = []R{}
	for {
		n := len(all)
		if all, err = r.next(ctx, all); err != nil {
			return nil, err
		}
		if len(all) == n {
			return all, nil
		}
	}
}

// Stream yields the rows one by one while they are fetched block by block; an
// error is yielded last, after the rows that came before it. Nothing is sent
// before the range begins, and breaking off ends the query. On a DB the
// connection is held until then.
func (q *Query[P, R]) Stream(ctx context.Context, db Session, p P) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		if err := q.each(ctx, db, p, yield); err != nil {
			var none R
			yield(none, err)
		}
	}
}

// each yields rows until yield says no, and returns the error that ends them.
func (q *Query[P, R]) each(ctx context.Context, db Session, p P, yield func(R, error) bool) (err error) {
	r, err := q.open(ctx, db, p, firstBlock)
	if err != nil {
		return err
	}
	defer r.close(&err)
	var block []R
	for {
		var failed error
		block, failed = r.next(ctx, block[:0])
		for i := range block {
			if !yield(block[i], nil) {
				return nil
			}
		}
		if failed != nil || len(block) == 0 {
			return failed
		}
	}
}

// open runs the query and returns its result.
func (q *Query[P, R]) open(ctx context.Context, db Session, p P, block int) (*result[P, R], error) {
	l, err := db.loan(ctx)
	if err != nil {
		return nil, named(q.Name, err)
	}
	r := &result[P, R]{query: q, loan: l, block: block}
	if err := r.execute(ctx, p); err != nil {
		r.close(&err)
		return nil, err
	}
	return r, nil
}

// named adds the query's name to an error that came before its statement.
func named(query string, err error) error {
	var e *Error
	if errors.As(err, &e) && e.Query == "" {
		e.Query = query
	}
	return err
}

// result is the open result of a query.
type result[P, R any] struct {
	query *Query[P, R]
	loan  loan
	s     *statement // nil before it is prepared
	block int        // rows wanted in a block
	ended bool
}

func (r *result[P, R]) wrap(op string, err error) error {
	return operation{r.query.Name, op, r.loan.plugin.Name}.wrap(err)
}

func (r *result[P, R]) execute(ctx context.Context, p P) (err error) {
	q := r.query
	r.loan.mu.Lock()
	defer r.loan.mu.Unlock()
	r.s, err = r.loan.statementFor(ctx, shape{q, q.Name, textFor(r.loan.plugin, q.SQL, q.Dialects), q.Params, q.Columns, 0})
	if err != nil {
		return err
	}
	if err := run(ctx, r.s, q.Name, q.Encode, p); err != nil {
		return err
	}
	if err := r.s.planRows(); err != nil {
		return r.wrap("bind", err)
	}
	return r.wrap("bind", r.s.bindRows(r.block))
}

// run executes s with one row of parameters.
func run[P any](ctx context.Context, s *statement, name string, encode func(*protocol.Batch, P), p P) error {
	s.params.Reset()
	if encode != nil {
		encode(s.params, p)
	}
	s.params.EndRow()
	if err := s.params.Err(); err != nil {
		return operation{name, "bind", s.c.plugin.Name}.wrap(err)
	}
	return operation{name, "execute", s.c.plugin.Name}.wrap(s.native.Execute(ctx))
}

// next appends the next block's rows; it appends none at the end. With an error
// it appends the rows before the one at fault.
func (r *result[P, R]) next(ctx context.Context, rows []R) ([]R, error) {
	if r.ended {
		return rows, nil
	}
	r.loan.mu.Lock()
	defer r.loan.mu.Unlock()
	if err := r.grow(); err != nil {
		return rows, r.wrap("bind", err)
	}
	n, err := r.s.native.Fetch(ctx)
	r.ended = err != nil || n < r.s.native.Rowset() // a short block is the last one
	if err != nil || n == 0 {
		return rows, r.wrap("fetch", err)
	}
	return r.decode(rows, n)
}

// grow makes the next block larger than the one before if that was full.
func (r *result[P, R]) grow() error {
	if r.block == oneRow || r.s.rows.Len() < r.s.size {
		return nil
	}
	r.block *= blockGrowth
	return r.s.bindRows(r.block)
}

func (r *result[P, R]) decode(rows []R, n int) ([]R, error) {
	have := len(rows)
	rows = slices.Grow(rows, n)[:have+n]
	b := r.s.rows
	r.query.Decode(rows[have:], b)
	var cell *protocol.CellError
	if errors.As(b.Err(), &cell) {
		r.ended = true
		return rows[:have+b.Before(cell)], r.wrap("decode", cell)
	}
	return rows, nil
}

// close ends the result and gives the connection back.
func (r *result[P, R]) close(err *error) {
	if r.s != nil {
		r.loan.mu.Lock()
		r.s.done(*err != nil)
		r.loan.mu.Unlock()
	}
	r.loan.end(*err)
}
