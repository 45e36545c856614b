package describe

import (
	"context"

	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/spec"
)

// Set is what a set of a query returns, and what its statement takes.
type Set struct {
	Params  int // how many of the Shape's belong to its statement
	Columns []Value
}

// sets describes a query of several results. All of its statements share their
// parameters' types.
func (d *Database) sets(ctx context.Context, q *spec.Query) (Shape, []diag.Diagnostic) {
	if q.OneStatement() {
		return d.oneStatement(ctx, q)
	}
	var all Shape
	var statements []*statement
	for _, set := range q.Sets {
		part := q.SetQuery(set)
		s := d.statement(&part)
		statements = append(statements, s)
		shape := Set{}
		if described := s.describe(ctx); described != nil {
			params := s.params(ctx, described.Params)
			all.Params = append(all.Params, params...)
			shape = Set{Params: len(params), Columns: s.columns(ctx, described.Columns)}
			s.checkRows(set, len(shape.Columns))
		}
		all.Sets = append(all.Sets, shape)
	}
	var findings []diag.Diagnostic
	from := 0
	for i, s := range statements {
		s.settle(all.Params[from:from+all.Sets[i].Params], all.Params)
		from += all.Sets[i].Params
		findings = append(findings, s.findings...)
	}
	return all, findings
}

// checkRows holds the statement's columns against the result of its set.
func (s *statement) checkRows(set spec.Set, columns int) {
	switch {
	case set.Rows() && columns == 0:
		s.findAt(set.Result.Pos, "write affected for the number of rows changed, or exec",
			"set %q is %s, but its statement returns no rows", set.Name.Value, set.Result.Value)
	case !set.Rows() && columns > 0:
		s.findAt(set.Result.Pos, "write one, opt or many",
			"set %q is %s, but its statement returns rows", set.Name.Value, set.Result.Value)
	}
}

// oneStatement describes a statement that has all sets; their columns are those of
// the spec.
func (d *Database) oneStatement(ctx context.Context, q *spec.Query) (Shape, []diag.Diagnostic) {
	s := d.statement(q)
	described := s.describe(ctx)
	if described == nil {
		return Shape{}, s.findings
	}
	all := Shape{Params: s.params(ctx, described.Params)}
	s.settle(all.Params, all.Params)
	for _, set := range q.Sets {
		shape := Set{}
		for _, c := range set.Columns {
			v := Value{Name: c.Name.Value, Null: true, Source: "spec"}
			s.override(&v, c)
			shape.Columns = append(shape.Columns, v)
		}
		all.Sets = append(all.Sets, shape)
	}
	all.Sets[0].Params = len(all.Params)
	return all, s.findings
}
