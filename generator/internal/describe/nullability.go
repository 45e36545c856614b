package describe

import (
	"context"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
)

// notNull tells whether a result column is proven never to be NULL, and why. A
// driver's word is not enough where an outer join, a grouping set or an aggregate
// over no rows may add NULLs that it does not see.
func (s *statement) notNull(ctx context.Context, c runtime.ColumnDescription, item item) (bool, string) {
	if item.notNull {
		return true, item.why
	}
	r := s.reading
	// psqlODBC 13 finds outer joins by their words, unless a comment parts them.
	// MariaDB 10.11 forgets that a view's columns are NULL beside an aggregate, and
	// the NULL of a constant when it simplifies a condition.
	if slices.ContainsFunc(r.tokens[item.from:item.to], func(t sqlscan.Token) bool { return t.Is("AND", "OR", "XOR", "||") }) {
		return false, item.why
	}
	if s.computes() && c.NotNull && !r.outerJoin() && !s.mixes(ctx) && !r.has("ROLLUP", "CUBE", "GROUPING") {
		return true, "the driver says so"
	}
	return false, item.why
}

// computes tells whether the database works out for any expression whether it
// can be NULL.
func (s *statement) computes() bool {
	return s.d.plugin.Describe.NotNull == driver.NotNullDescribed
}

// stored tells whether a column of a table is never NULL there, and why.
func (s *statement) stored(ctx context.Context, c runtime.ColumnDescription, name string) (bool, string) {
	told := c.NotNull
	if !s.computes() {
		told = s.d.plugin.Describe.NotNull == driver.NotNullField && c.NotNullField
	}
	if told || s.d.catalogNotNull(ctx, c, name) {
		return true, c.Table + "." + name + " is NOT NULL"
	}
	return false, c.Table + "." + name + " may be NULL"
}

// aggregates tells whether a SELECT may aggregate without GROUP BY. SQLite and
// MariaDB then allow plain columns too, which are NULL when there are no rows.
func (s *statement) aggregates(ctx context.Context, query span) bool {
	r := s.reading
	if r.grouped(query) {
		return false
	}
	from, behind := r.from(query), r.first(query, "HAVING", "ORDER")
	for i := query.from; i < query.to; i++ {
		if i == from { // what FROM and WHERE aggregate, they do for themselves
			i = behind
		}
		if r.aggregate(i) && !s.ofSubquery(ctx, i, query) {
			return true
		}
	}
	return false
}

func (r reading) grouped(query span) bool {
	for i := query.from; i < query.to; i++ {
		if r.depth[i] == r.depth[query.from] && r.is(i, "GROUP") && r.is(i+1, "BY") {
			return true
		}
	}
	return false
}

// aggregateFunctions are those of the databases that allow columns beside them.
var aggregateFunctions = strings.Fields(`COUNT SUM MIN MAX AVG TOTAL GROUP_CONCAT STRING_AGG ARRAY_AGG JSON_ARRAYAGG JSON_OBJECTAGG
	JSON_GROUP_ARRAY JSON_GROUP_OBJECT JSONB_GROUP_ARRAY JSONB_GROUP_OBJECT JSON_AGG JSONB_AGG BIT_AND BIT_OR BIT_XOR BOOL_AND
	BOOL_OR EVERY STD STDDEV STDDEV_POP STDDEV_SAMP VARIANCE VAR_POP VAR_SAMP MEDIAN PERCENTILE PERCENTILE_CONT PERCENTILE_DISC`)

// aggregate tells whether token i calls an aggregate function.
func (r reading) aggregate(i int) bool {
	if !r.calls(i) || !r.is(i, aggregateFunctions...) || r.is(r.skipFilter(r.closing(i+1)+1), "OVER") {
		return false
	}
	return !r.is(i, "MIN", "MAX") || len(r.items(span{i + 2, r.closing(i + 1)})) == 1 // of several values it is none
}

// ofSubquery tells whether the aggregate at token i of a query belongs to a
// subquery: to the innermost one that one of its columns is from.
func (s *statement) ofSubquery(ctx context.Context, i int, query span) bool {
	r := s.reading
	for _, from := range r.scopes(i) {
		if from == r.fromClause(query) {
			return false
		}
		for k := i + 2; k < r.closing(i+1); k++ {
			next, _ := r.qualified(k)
			if r.is(k, "*") || r.name(k) != "" && !r.is(k-1, ".") && s.has(ctx, span{k, next}, from) {
				return true
			}
		}
	}
	return false
}

// has tells whether a FROM clause has the column.
func (s *statement) has(ctx context.Context, column, from span) bool {
	_, err := s.d.conn.Describe(ctx, s.selecting(s.reading.text(column), from))
	return err == nil
}

// mixes tells whether a SELECT anywhere has plain columns beside an aggregate of
// all rows.
func (s *statement) mixes(ctx context.Context) bool {
	r := s.reading
	for i := range r.tokens {
		query := span{i, r.arm(i).to}
		if r.is(i, "SELECT") && slices.ContainsFunc(r.selectList(query), r.plain) && s.aggregates(ctx, query) {
			return true
		}
	}
	return false
}

// plain tells whether an item names anything outside of aggregates.
func (r reading) plain(item span) bool {
	e := r.expression(item)
	for i := e.from; i < e.to; i++ {
		switch {
		case r.aggregate(i):
			i = r.skipFilter(r.closing(i+1)+1) - 1
		case r.star(span{i, i + 1}), r.name(i) != "" && !r.calls(i) && !r.is(i-1, "AS"):
			return true
		}
	}
	return false
}
