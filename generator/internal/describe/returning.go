package describe

import (
	"context"
	"strings"

	"github.com/odbcgen/odbcgen/generator/internal/spec"
	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
	"github.com/odbcgen/odbcgen/runtime/driver"
)

// readable returns b so that the driver reads the rows of a statement that changes
// something: see driver.Describe.ReturningBehind.
func readable(plugin *driver.Plugin, b sqlscan.Bound) sqlscan.Bound {
	r := read(sqlscan.Scan(sqlscan.DialectOf(plugin.Name), b.SQL), b.SQL)
	if plugin.Describe.ReturningBehind == "" || !r.is(0, "INSERT", "REPLACE", "UPDATE", "DELETE") || !r.returns() {
		return b
	}
	return b.Behind(plugin.Describe.ReturningBehind)
}

// returns tells whether the statement has a RETURNING clause.
func (r reading) returns() bool {
	all := span{0, len(r.tokens)}
	return !all.empty() && r.first(all, "RETURNING") < all.to
}

// givesRows tells whether rows are wanted of a query.
func givesRows(q *spec.Query) bool {
	switch q.Result.Value {
	case spec.One, spec.Opt, spec.Many, spec.Stream:
		return true
	}
	return false
}

// settleReturned says which columns of RETURNING are never NULL, where the database does
// not say: those of the changed table that are not NULL in it. There must be no other
// table, from which a row might be missing.
func (s *statement) settleReturned(ctx context.Context, columns []Value) {
	r := s.reading
	if s.computes() || len(columns) == 0 || !r.returns() || r.main().empty() || r.is(r.main().from, "SELECT") {
		return
	}
	target := r.target(r.main())
	if r.is(r.main().from, "DELETE") {
		target = r.fromClause(r.main())
	}
	sources, understood := r.sources(target)
	if len(sources) != 1 || !understood || sources[0].name == "" || r.is(r.main().from, "UPDATE") && r.first(r.main(), "FROM") < r.main().to {
		return
	}
	stored, err := s.d.table(ctx, sources[0].name)
	if err != nil {
		return
	}
	for i, item := range s.items(ctx, len(columns)) {
		_, name, plain := r.reference(item.span)
		if !plain && !r.star(item.span) {
			continue
		}
		if r.star(item.span) || name == "*" {
			name = columns[i].Name
		}
		for _, c := range stored {
			if strings.EqualFold(c.Name, name) {
				columns[i].Null = c.Null
			}
		}
	}
}
