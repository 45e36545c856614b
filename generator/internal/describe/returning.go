package describe

import (
	"github.com/odbcgen/odbcgen/generator/internal/spec"
	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
	"github.com/odbcgen/odbcgen/runtime/driver"
)

// readable returns b so that the driver reads the rows of a statement that changes
// something: see driver.Describe.ReturningBehind.
func readable(plugin *driver.Plugin, b sqlscan.Bound) sqlscan.Bound {
	r := read(sqlscan.Scan(DialectOf(plugin), b.SQL), b.SQL, plugin.Dialect.Pipes)
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
