package runtime

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Sets are statements whose results, rows and row counts, make one value of type
// R, for parameters of type P. They are sent one after the other, since drivers
// differ in what they make of several in one text. Generated code holds one value
// for each; it is safe for concurrent use and must not be copied or changed.
type Sets[P, R any] struct {
	Name       string
	Driver     string // plugin that told parameters and columns, see WithDrift; "" where nothing is compared
	Statements []SetsStatement[P, R]
}

// SetsStatement is one of the statements of Sets. Most have one result; a CALL
// may have several.
type SetsStatement[P, R any] struct {
	SQL      string
	Dialects []Dialect // texts for other databases than the one of SQL
	Params   []Param   // one for each marker
	// Encode appends one row of parameters. Its errors are those of the Batch.
	Encode  func(*protocol.Batch, P)
	Results []Set[R] // at least one, in the order in which they come
}

// Set is one result of a statement.
type Set[R any] struct {
	Name    string
	Columns []Column // none where it is a row count
	Into    Into[R]  // the zero Into takes a row count and forgets it
}

// Run runs the statements in order on one connection, where nothing else comes
// between them. They are not a transaction unless db is a Tx: what ran before a
// statement that fails stays done. With an error, the sets before the one that it
// names are complete, and the others are not to be used. A database that gives
// other results than those of the Sets, or more, or fewer, is an error.
func (q *Sets[P, R]) Run(ctx context.Context, db Session, p P) (sets R, err error) {
	l, err := db.loan(ctx)
	if err != nil {
		return sets, named(q.Name, err)
	}
	var last *statement // the one that has failed
	defer func() {
		l.end(ctx, err, func(context.Context) {
			if last != nil {
				last.done(true)
			}
		})
	}()
	if err := l.lock(ctx); err != nil {
		return sets, named(q.Name, err)
	}
	defer l.mu.Unlock()
	for i := range q.Statements {
		r := setsReader[P, R]{name: q.Name, driver: q.Driver, statement: &q.Statements[i], into: &sets}
		if err = r.run(ctx, l, p); err != nil {
			last = r.s
			return sets, err
		}
	}
	return sets, nil
}

// setsReader reads the results of one statement.
type setsReader[P, R any] struct {
	name      string
	driver    string
	statement *SetsStatement[P, R]
	s         *statement
	into      *R
}

// run runs the statement on l, whose mu must be held. It leaves one that fails in s.
func (r *setsReader[P, R]) run(ctx context.Context, l loan, p P) (err error) {
	st := r.statement
	first := st.Results[0].Name
	sh := shape{key: st, name: r.name, sql: textFor(l.plugin, st.SQL, st.Dialects), driver: r.driver, params: st.Params, columns: st.columns()}
	sh, encode, err := withLists(l.physical, sh, st.Encode, p)
	if err != nil {
		return ofSet(first, err)
	}
	defer func() {
		if r.s != nil && err == nil {
			r.s.done(false)
		}
	}()
	if err := start(ctx, l.physical, sh, &r.s, encode, p); err != nil {
		return ofSet(first, err)
	}
	for i := range st.Results {
		if err := r.result(ctx, i); err != nil {
			return ofSet(st.Results[i].Name, err)
		}
	}
	return ofSet(st.Results[len(st.Results)-1].Name, r.end(ctx))
}

// columns returns those of the first result that has any: a statement with rows
// is prepared in another way than one without.
func (st *SetsStatement[P, R]) columns() []Column {
	for _, set := range st.Results {
		if len(set.Columns) > 0 {
			return set.Columns
		}
	}
	return nil
}

// ofSet says of an error which set it met.
func ofSet(set string, err error) error {
	if e := (*Error)(nil); errors.As(err, &e) {
		e.Set = set
	}
	return err
}

var (
	errFewResults = errors.New("the database gave no more results")
	errNoRowSet   = errors.New("the database gave a row count where rows were expected")
	errRowSet     = errors.New("the database gave rows where a row count was expected")
)

// result goes on to result i, unless it is the first, and reads it.
func (r *setsReader[P, R]) result(ctx context.Context, i int) error {
	if i > 0 {
		more, err := r.s.native.NextResult(ctx)
		if err == nil && !more {
			err = errFewResults
		}
		if err != nil {
			return r.s.wrap("fetch", err)
		}
	}
	set := &r.statement.Results[i]
	switch have := r.s.native.Columns() > 0; {
	case have && len(set.Columns) == 0:
		return r.s.wrap("fetch", errRowSet)
	case !have && len(set.Columns) > 0:
		return r.s.wrap("fetch", errNoRowSet)
	case have:
		if len(r.statement.Results) > 1 {
			r.s.expect(set.Columns)
		}
		return set.rows(ctx, r.s, r.into)
	}
	return set.count(r.s, r.into)
}

// expect says what columns the next result has. What is planned is for another one.
func (s *statement) expect(columns []Column) { s.shape.columns, s.types, s.forms = columns, nil, nil }

// wrap makes an *Error of a failure of the statement.
func (s *statement) wrap(op string, err error) error {
	return s.c.operation(s.shape.name, op).wrap(err)
}

// count takes the row count of the statement's result.
func (set *Set[R]) count(s *statement, into *R) error {
	if set.Into.count == nil {
		return nil
	}
	n, err := s.native.Affected()
	if err == nil && n < 0 {
		err = errUncounted
	}
	set.Into.count(into, n)
	return s.wrap("execute", err)
}

// rows reads the rows of the statement's result.
func (set *Set[R]) rows(ctx context.Context, s *statement, into *R) error {
	if err := s.planRows(); err != nil {
		return s.wrap("bind", err)
	}
	set.Into.begin(into)
	var read int64
	c := cursor{s: s, size: 1 + int(min(firstBlock-1, set.Into.most))}
	for !c.last {
		b := c.fetchLocked(ctx)
		if c.last = b.last; b.err != nil {
			return s.wrap("fetch", b.err)
		}
		if b.rows == 0 {
			break
		}
		batch := b.load()
		set.Into.rows(into, batch)
		if err := batch.Err(); err != nil {
			return s.wrap("decode", err)
		}
		if read += int64(b.rows); read > set.Into.most {
			return s.wrap("fetch", ErrTooManyRows)
		}
	}
	if read < set.Into.least {
		return s.wrap("fetch", ErrNoRows)
	}
	return nil
}

// end checks that no result is left.
func (r *setsReader[P, R]) end(ctx context.Context) error {
	more, err := r.s.native.NextResult(ctx)
	if err == nil && more {
		what := "a row count"
		if r.s.native.Columns() > 0 {
			what = "rows"
		}
		err = fmt.Errorf("the database gave %s behind this, the last result that was expected", what)
	}
	return r.s.wrap("fetch", err)
}

// Into is the place of a result in a value of type R: see IntoSlice, IntoValue,
// IntoPointer and IntoCount.
type Into[R any] struct {
	begin       func(*R)
	rows        func(*R, *protocol.Batch) // takes the rows of a block
	least, most int64                     // rows
	count       func(*R, int64)           // takes the number of rows changed
}

// IntoSlice puts all rows into a field, an empty slice when there are none.
func IntoSlice[R, T any](decode func([]T, *protocol.Batch), field func(*R) *[]T) Into[R] {
	return Into[R]{
		begin: func(r *R) { *field(r) = []T{} },
		rows: func(r *R, b *protocol.Batch) {
			all := field(r)
			have := len(*all)
			*all = slices.Grow(*all, b.Len())[:have+b.Len()]
			decode((*all)[have:], b)
		},
		most: math.MaxInt64,
	}
}

// IntoValue puts the only row into a field. No row is ErrNoRows, a second one
// ErrTooManyRows.
func IntoValue[R, T any](decode func([]T, *protocol.Batch), field func(*R) *T) Into[R] {
	return Into[R]{
		begin: func(*R) {},
		rows: func(r *R, b *protocol.Batch) {
			var row [1]T
			decode(row[:], b)
			*field(r) = row[0]
		},
		least: 1, most: 1,
	}
}

// IntoPointer puts the only row into a field, which stays nil when there is none.
// A second row is ErrTooManyRows.
func IntoPointer[R, T any](decode func([]T, *protocol.Batch), field func(*R) **T) Into[R] {
	into := IntoValue(decode, func(r *R) *T {
		*field(r) = new(T)
		return *field(r)
	})
	into.least = 0
	return into
}

// IntoCount puts the number of rows changed into a field, as the database counts
// them: see Command.Affected.
func IntoCount[R any](field func(*R) *int64) Into[R] {
	return Into[R]{count: func(r *R, n int64) { *field(r) = n }}
}
