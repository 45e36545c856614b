package runtime

import (
	"context"
	"errors"
	"iter"
	"reflect"
)

// errKeyset says that a page ended where the one before it had ended, so that
// there would be no end of pages.
var errKeyset = errors.New("the keyset does not advance: the query must give rows behind its parameters only, and in their order")

// Pages yields the rows of page after page until one is empty. Each page is the
// whole result of the query, which is to be a short one; advance returns the
// parameters for the page behind row, the last of the one before. No more than a
// page is in memory, also where the driver reads whole results at execution, and
// between pages no connection is held. What others change between two pages shows.
//
// An error is yielded last. Breaking off and ranging again are as for Stream.
func (q *Query[P, R]) Pages(ctx context.Context, db Session, p P, advance func(p P, row R) P) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		runs := true
		err := q.eachPage(ctx, db, p, advance, func(row R) bool {
			runs = yield(row, nil)
			return runs
		})
		yieldError(err, runs, yield)
	}
}

// eachPage takes rows until take wants no more, and returns the error that ends them.
func (q *Query[P, R]) eachPage(ctx context.Context, db Session, p P, advance func(P, R) P, take func(R) bool) error {
	for {
		page, err := q.Many(ctx, db, p)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, row := range page {
			if !take(row) {
				return nil
			}
		}
		if p, err = q.advance(p, page[len(page)-1], advance); err != nil {
			return err
		}
	}
}

// advance returns the parameters for the page behind row, which are not those of p.
func (q *Query[P, R]) advance(p P, row R, advance func(P, R) P) (P, error) {
	next := advance(p, row)
	if reflect.DeepEqual(next, p) { // once a page; P may hold what == does not compare
		return p, operation{query: q.Name, op: "fetch"}.wrap(errKeyset)
	}
	return next, nil
}
