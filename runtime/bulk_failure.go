package runtime

import (
	"context"
	"errors"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/driver"
)

// blame finds the row of a set of n that the database does not take: what stands
// before it is inserted again, by ever smaller parts. It returns that row's own
// error, or failure where none of the rows fails by itself.
func (in *insertion) blame(ctx context.Context, n int, failure error) error {
	var short *shortError
	in.strict = errors.As(failure, &short)
	from := 0
	for n > 0 {
		if !in.again(ctx, failure) {
			return failure
		}
		half := (n + 1) / 2
		err := in.send(ctx, from, half)
		if err != nil && n == 1 {
			return in.at(ctx, from, err)
		}
		if err != nil {
			failure, n = err, half
			continue
		}
		if in.keep(ctx) != nil {
			return failure
		}
		from, n = from+half, n-half
	}
	return failure
}

// again undoes the rows behind the savepoint, and reports whether they can be
// sent again: not after the context's end, nor without connection or
// transaction or savepoints, and it serves nothing where no row was executed.
func (in *insertion) again(ctx context.Context, failure error) bool {
	var e *Error
	if !errors.As(failure, &e) || e.Op != "execute" || e.Row > 0 || ctx.Err() != nil || in.interrupted(ctx, e) {
		return false
	}
	back := in.savepoint().Back
	return back != "" && in.c.direct(ctx, back) == nil
}

// keep moves the savepoint behind the rows inserted since.
func (in *insertion) keep(ctx context.Context) error {
	if err := in.c.release(ctx, in.savepoint()); err != nil {
		return err
	}
	return in.c.direct(ctx, in.savepoint().Make)
}

// at says of a driver's error that row i of the set is at fault, and which of
// its columns.
func (in *insertion) at(ctx context.Context, i int, err error) error {
	if e := (*Error)(nil); errors.As(err, &e) && e.Op == "execute" && e.Row == 0 && !in.interrupted(ctx, e) {
		e.Row = in.base + in.sent + int64(i) + 1
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
	table := in.table[strings.LastIndexByte(in.table, '.')+1:]
	found := ""
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
