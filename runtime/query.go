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
	Driver   string    // plugin that told Params and Columns, see WithDrift; "" where nothing is compared
	Params   []Param   // one for each marker
	Columns  []Column
	// Encode appends one row of parameters. Its errors are those of the Batch.
	Encode func(*protocol.Batch, P)
	// Decode fills rows from the first rows of the Batch.
	Decode func([]R, *protocol.Batch)
	// Spool makes Stream give its connection back before it yields the first row. Nil
	// holds it until the last.
	Spool *Spool
}

// One returns the only row. No row is ErrNoRows, a second one ErrTooManyRows.
func (q *Query[P, R]) One(ctx context.Context, db Session, p P) (R, error) {
	row, ok, err := q.Opt(ctx, db, p)
	if err == nil && !ok {
		err = operation{query: q.Name, op: "fetch"}.wrap(ErrNoRows)
	}
	return row, err
}

// Opt returns the only row and true, or false when there is none. A second row
// is ErrTooManyRows.
func (q *Query[P, R]) Opt(ctx context.Context, db Session, p P) (row R, ok bool, err error) {
	r, err := q.open(ctx, db, p, oneRow, false)
	if err != nil {
		return row, false, err
	}
	defer r.close(ctx, &err)
	row, ok, err = r.blocks(ctx).only()
	return row, ok, r.wrap("fetch", err)
}

// Many returns all rows, an empty slice when there are none.
func (q *Query[P, R]) Many(ctx context.Context, db Session, p P) (all []R, err error) {
	r, err := q.open(ctx, db, p, firstBlock, false)
	if err != nil {
		return nil, err
	}
	defer r.close(ctx, &err)
	return r.blocks(ctx).all()
}

// Stream yields the rows one by one while they are fetched block by block; an
// error is yielded last, after the rows that came before it, and says what ended the
// stream, see StreamFault. Nothing is sent before the range begins, and breaking off
// ends the query; an error that comes then has no reader, and only decides what
// becomes of the connection. On a DB the connection is held until then.
func (q *Query[P, R]) Stream(ctx context.Context, db Session, p P) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		runs := true
		err := q.each(ctx, db, p, func(row R) bool {
			runs = yield(row, nil)
			return runs
		})
		yieldError(err, runs, yield)
	}
}

// each takes rows until take wants no more, and returns the error that ended them or
// would have.
func (q *Query[P, R]) each(ctx context.Context, db Session, p P, take func(R) bool) (err error) {
	if q.Spool != nil {
		return q.eachSpooled(ctx, db, p, take)
	}
	r, err := q.open(ctx, db, p, firstBlock, true)
	if err != nil {
		return err
	}
	defer r.close(ctx, &err)
	return r.blocks(ctx).each(take)
}

// blocks appends the next block's rows; it appends none at the end. With an error it
// appends the rows before the one at fault.
type blocks[R any] func(rows []R) ([]R, error)

// only returns the only row and true, or false when there is none.
func (next blocks[R]) only() (row R, ok bool, err error) {
	rows, err := next(nil)
	if err == nil && len(rows) == 1 { // a driver may give one row a block
		rows, err = next(rows)
	}
	switch {
	case err != nil || len(rows) == 0:
		return row, false, err
	case len(rows) > 1:
		return row, false, ErrTooManyRows
	}
	return rows[0], true, nil
}

// all returns all rows, none with an error.
func (next blocks[R]) all() (all []R, err error) {
	all = []R{}
	for {
		n := len(all)
		if all, err = next(all); err != nil {
			return nil, err
		}
		if len(all) == n {
			return all, nil
		}
	}
}

// each takes rows until take wants no more, and returns the error that ended them or
// would have.
func (next blocks[R]) each(take func(R) bool) error {
	var block []R
	for {
		var failed error
		block, failed = next(block[:0])
		for i := range block {
			if !take(block[i]) {
				return failed
			}
		}
		if failed != nil || len(block) == 0 {
			return failed
		}
	}
}

// open runs the query and returns its result, which the driver need not hold as a
// whole if it is a stream.
func (q *Query[P, R]) open(ctx context.Context, db Session, p P, block int, stream bool) (_ *result[P, R], err error) {
	l, err := db.loan(ctx)
	if err != nil {
		return nil, named(q.Name, err)
	}
	r := &result[P, R]{query: q, loan: l}
	executed := false
	defer func() { // a parameter's reader may panic
		if !executed {
			r.close(ctx, &err)
		}
	}()
	if err := r.execute(ctx, p, block, stream); err != nil {
		return nil, err
	}
	executed = true
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
	query  *Query[P, R]
	loan   loan
	cursor cursor
}

func (r *result[P, R]) wrap(op string, err error) error {
	return r.loan.operation(r.query.Name, op).wrap(err)
}

func (r *result[P, R]) execute(ctx context.Context, p P, block int, stream bool) (err error) {
	q := r.query
	if err := r.loan.lock(ctx); err != nil {
		return named(q.Name, err)
	}
	defer r.loan.mu.Unlock()
	sh := shape{key: q, name: q.Name, sql: textFor(r.loan.plugin, q.SQL, q.Dialects), driver: q.Driver, params: q.Params, columns: q.Columns}
	sh, encode, err := withLists(r.loan.physical, sh, q.Encode, p)
	if err != nil {
		return err
	}
	sh.streams = stream && r.loan.canStream(sh)
	if sh.streams {
		defer r.loan.streaming()()
	}
	r.cursor.size, r.cursor.only = block, true
	if err := start(ctx, r.loan.physical, sh, &r.cursor.s, encode, p); err != nil {
		return err
	}
	return r.wrap("bind", r.cursor.s.planRows())
}

// start executes a statement with rows for the shape, which *s is from then on. One
// that is kept and that the database finds outdated is prepared anew and compared
// with the code: it is executed again if its columns are not what they were and yet
// what the code takes.
func start[P any](ctx context.Context, c *physical, sh shape, s **statement, encode func(*protocol.Batch, P), p P) (err error) {
	if *s, err = c.statementFor(ctx, sh); err != nil {
		return err
	}
	if err = run(ctx, *s, sh.name, encode, p); !(*s).outdated(err) {
		return err
	}
	was := (*s).described
	(*s).done(true)
	var failed error
	if *s, failed = c.statementFor(ctx, sh); failed != nil {
		if errors.Is(failed, ErrDrift) {
			err = failed
		}
		return err
	}
	if slices.Equal(was, (*s).described) {
		return err
	}
	return run(ctx, *s, sh.name, encode, p)
}

// run executes s with one row of parameters.
func run[P any](ctx context.Context, s *statement, name string, encode func(*protocol.Batch, P), p P) error {
	s.params.Reset()
	if encode != nil {
		encode(s.params, p)
	}
	s.params.EndRow()
	if err := s.params.Err(); err != nil {
		return s.c.operation(name, "bind").wrap(err)
	}
	return s.c.operation(name, "execute").wrap(s.native.Execute(ctx))
}

// blocks returns what appends the rows.
func (r *result[P, R]) blocks(ctx context.Context) blocks[R] {
	return func(rows []R) ([]R, error) { return r.next(ctx, rows) }
}

func (r *result[P, R]) next(ctx context.Context, rows []R) ([]R, error) {
	b := r.cursor.next(ctx)
	if b.rows == 0 {
		return rows, r.wrap("fetch", b.err)
	}
	return r.decode(rows, b)
}

// decode appends the rows of a block.
func (r *result[P, R]) decode(rows []R, b block) ([]R, error) {
	rows, err := r.query.decode(rows, b.load())
	if err != nil {
		r.cursor.last = true
		return rows, r.wrap("decode", err)
	}
	return rows, r.wrap("fetch", b.err)
}

// decode appends the rows of a Batch, up to one that cannot be decoded.
func (q *Query[P, R]) decode(rows []R, b *protocol.Batch) ([]R, error) {
	have := len(rows)
	rows = slices.Grow(rows, b.Len())[:have+b.Len()]
	q.Decode(rows[have:], b)
	var cell *protocol.CellError
	if errors.As(b.Err(), &cell) {
		return rows[:have+b.Before(cell)], cell
	}
	return rows, nil
}

// close ends the result and gives the connection back.
func (r *result[P, R]) close(ctx context.Context, err *error) {
	failed := *err
	if ahead := r.cursor.stop(); failed == nil {
		failed = r.wrap("fetch", ahead)
	}
	r.loan.end(ctx, failed, func(context.Context) { r.cursor.close(failed != nil) })
}
