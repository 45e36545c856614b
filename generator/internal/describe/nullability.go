package describe

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
)

// notNull tells whether a result column is proven never to be NULL. A driver's
// word is not enough where an outer join, a grouping set or an aggregate over no
// rows may add NULLs that it does not see.
func (s *statement) notNull(ctx context.Context, c runtime.ColumnDescription, item item) bool {
	r := s.reading
	switch {
	case r.has("ROLLUP", "CUBE", "GROUPING"):
		return false
	case s.neverNull(item.span) && !r.compound():
		return true
	}
	if src, ok := s.sourceOf(ctx, c, item); ok {
		return !src.nullable && !s.aggregates(ctx, r.main()) && s.storedNotNull(ctx, c, s.columnName(c, item))
	}
	// psqlODBC 13 finds outer joins by their words, unless a comment parts them.
	// MariaDB 10.11 forgets that a view's columns are NULL beside an aggregate.
	return s.computes() && c.NotNull && !r.outerJoin() && !s.mixes(ctx)
}

// computes tells whether the database works out for any expression whether it
// can be NULL.
func (s *statement) computes() bool {
	return s.d.plugin.Describe.NotNull == driver.NotNullDescribed
}

// neverNull tells whether an expression cannot be NULL whatever it is made from.
func (s *statement) neverNull(e span) bool {
	if s.literal(e).known() {
		return s.d.plugin != &driver.Generic || s.reading.text(e) != "''" // NULL in Oracle
	}
	name, arguments, ok := s.reading.call(e)
	if !ok {
		return false
	}
	if name == "COALESCE" || name == "IFNULL" {
		return slices.ContainsFunc(arguments, s.neverNull)
	}
	f, known := s.d.function(name)
	return known && f.notNull
}

// sourceOf returns the table of the FROM clause that a plain column is from; ok
// is false for any other column, and where it is not sure.
func (s *statement) sourceOf(ctx context.Context, c runtime.ColumnDescription, item item) (src source, ok bool) {
	r := s.reading
	qualifier, _, reference := r.reference(item.span)
	if c.Table == "" || !reference && !r.star(item.span) || r.compound() || !r.is(r.main().from, "SELECT") {
		return source{}, false
	}
	all, understood := r.sources(r.fromClause(r.main()))
	if !understood {
		return source{}, false
	}
	if qualifier = cmp.Or(qualifier, item.source); qualifier == "" {
		qualifier = s.owner(ctx, item.span, all)
	}
	matches := 0
	for _, candidate := range all {
		// The driver's word for the table is that below a view in SQLite, and the
		// alias of a view in MariaDB.
		if strings.EqualFold(candidate.table, c.Table) && strings.EqualFold(candidate.alias, qualifier) {
			src = candidate
			matches++
		}
	}
	return src, matches == 1 && !r.defines(src.table)
}

// owner returns the alias of the one source that has a column, written without
// a qualifier; "" for none and for several.
func (s *statement) owner(ctx context.Context, column span, all []source) string {
	if len(all) == 1 {
		return all[0].alias
	}
	var owners []string
	for _, src := range all {
		if s.width(ctx, src.written+"."+s.reading.text(column)) == 1 && !s.reading.star(column) {
			owners = append(owners, src.alias)
		}
	}
	if len(owners) != 1 {
		return ""
	}
	return owners[0]
}

// storedNotNull tells whether a column of a table is never NULL there.
func (s *statement) storedNotNull(ctx context.Context, c runtime.ColumnDescription, name string) bool {
	told := c.NotNull
	if !s.computes() {
		told = s.d.plugin.Describe.NotNull == driver.NotNullField && c.NotNullField
	}
	return told || s.d.catalogNotNull(ctx, c, name)
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
	return r.calls(i) && r.is(i, aggregateFunctions...) && !r.is(r.skipFilter(r.closing(i+1)+1), "OVER")
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
			i = r.closing(i + 1)
		case r.star(span{i, i + 1}), r.name(i) != "" && !r.calls(i) && !r.is(i-1, "AS"):
			return true
		}
	}
	return false
}
