package runtime

import (
	"context"
	"errors"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/driver"
)

// blame finds the row of a set of n that the database does not take: what stands
// before it is inserted again, by ever smaller parts. Its error is that row's own, or
// failure where none of the rows fails by itself. Those of an upsert are stored then:
// one statement could not have several of one key.
func (in *insertion) blame(ctx context.Context, n int, failure error) (BulkResult, error) {
	var short *shortError
	in.strict = errors.As(failure, &short)
	return in.apart(ctx, 0, n, failure)
}

// apart sends n rows by halves that have failed together.
func (in *insertion) apart(ctx context.Context, from, n int, failure error) (done BulkResult, err error) {
	if n == 1 {
		return done, in.at(ctx, from, failure)
	}
	if !in.again(ctx, failure) {
		return done, failure
	}
	for _, part := range []int{(n + 1) / 2, n / 2} {
		sent, err := in.send(ctx, from, part)
		switch {
		case err != nil:
			if sent, err = in.apart(ctx, from, part, err); err != nil {
				return done, err
			}
		case in.keep(ctx) != nil:
			return done, failure
		}
		from, done = from+part, done.plus(sent)
	}
	if !in.upserts() {
		return done, failure
	}
	return done, nil
}

// again undoes the rows behind the savepoint, and reports whether they can be
// sent again: not after the context's end, nor without connection or
// transaction or savepoints, and it serves nothing where no row was executed.
func (in *insertion) again(ctx context.Context, failure error) bool {
	var e *Error
	if !errors.As(failure, &e) || e.Op != "execute" || e.Row > 0 || ctx.Err() != nil || in.interrupted(ctx, e) {
		return false
	}
	back := in.savepoint.Back
	return back != "" && in.c.direct(ctx, back) == nil
}

// keep moves the savepoint behind the rows inserted since.
func (in *insertion) keep(ctx context.Context) error {
	if err := in.c.release(ctx, in.savepoint); err != nil {
		return err
	}
	return in.c.direct(ctx, in.savepoint.Make)
}

// at says of a driver's error that row i of the set is at fault, and which of
// its columns.
func (in *insertion) at(ctx context.Context, i int, err error) error {
	if e := (*Error)(nil); errors.As(err, &e) && e.Op == "execute" && e.Row == 0 && !in.interrupted(ctx, e) {
		e.Row = in.base + in.done.Rows + int64(i) + 1
		e.Column = in.culprit(e.Message)
	}
	return err
}

// interrupted reports whether the error is no answer to the row.
func (in *insertion) interrupted(ctx context.Context, e *Error) bool {
	switch {
	case e.Category == Transient, e.Category == ConnectionLost, e.Kind == driver.KindCancelled:
		return true
	}
	if in.c.lock(ctx) != nil {
		return true
	}
	defer in.c.mu.Unlock()
	return in.c.dead(ctx, e)
}

// culprit returns the column that the driver's message names, "" for none and
// for several.
func (in *insertion) culprit(message string) string {
	parts, _ := in.c.dialect.Parts(in.table)
	table, found := parts[len(parts)-1], ""
	for _, place := range in.c.plugin.Bulk.Culprit {
		for _, c := range in.columns {
			if !strings.Contains(message, strings.NewReplacer("%t", table, "%s", c.Name).Replace(place)) {
				continue
			}
			if found != "" && found != c.Name {
				return ""
			}
			found = c.Name
		}
	}
	return found
}
