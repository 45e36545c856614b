package describe

import (
	"fmt"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/spec"
	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Settle gives the spec the last word on what a database of the plugin said of a
// query, now or earlier, and holds the two against each other. It asks nobody. With
// findings, the Shape is not to be used.
func Settle(q *spec.Query, plugin *driver.Plugin, said Shape) (Shape, []diag.Diagnostic) {
	said = said.clone()
	switch {
	case q.Result.Value != spec.Sets:
		text := q.TextFor(plugin.Name)
		nameAll(text.Bound.Uses, said.Params)
		if givesRows(q) {
			text.Bound = readable(plugin, text.Bound)
		}
		text.Bound = expand(text.Bound, said.Embeds, plugin.Dialect.Quote)
		s := settling{faults{query: q, text: text}}
		s.checkMarks()
		s.params(said.Params, said.Params)
		s.columns(said.Columns)
		return said, s.findings
	case q.OneStatement():
		return settleOne(q, plugin.Name, said)
	}
	return settleSets(q, plugin.Name, said)
}

// nameAll gives uses without a name those that the database led to.
func nameAll(uses []sqlscan.Use, params []Value) {
	for i := range min(len(uses), len(params)) {
		uses[i].Name = params[i].Name
	}
}

// Fits tells whether a Shape can be that of a query: one that was kept may be of
// another.
func (s Shape) Fits(q *spec.Query, driver string) bool {
	var uses []sqlscan.Use
	if several := q.Result.Value == spec.Sets && !q.OneStatement(); several {
		if len(s.Sets) != len(q.Sets) {
			return false
		}
		for i, set := range q.Sets {
			part := q.SetQuery(set)
			text := part.TextFor(driver)
			if s.Sets[i].Params != len(text.Bound.Uses) {
				return false
			}
			uses = append(uses, text.Bound.Uses...)
		}
	} else {
		uses = q.TextFor(driver).Bound.Uses
	}
	return slices.EqualFunc(s.Params, uses, func(v Value, use sqlscan.Use) bool { return use.Name == "" || v.Name == use.Name })
}

// clone returns a Shape with values of its own.
func (s Shape) clone() Shape {
	s.Params, s.Columns, s.Sets = slices.Clone(s.Params), slices.Clone(s.Columns), slices.Clone(s.Sets)
	for i := range s.Sets {
		s.Sets[i].Columns = slices.Clone(s.Sets[i].Columns)
	}
	return s
}

// settleSets settles a query of several statements, which share the types of their
// parameters.
func settleSets(q *spec.Query, driver string, said Shape) (Shape, []diag.Diagnostic) {
	var findings []diag.Diagnostic
	from := 0
	for i, set := range q.Sets {
		part := q.SetQuery(set)
		s := settling{faults{query: &part, text: part.TextFor(driver)}}
		to := from + said.Sets[i].Params
		if !said.Sets[i].failed {
			s.columns(said.Sets[i].Columns)
			s.checkRows(set, len(said.Sets[i].Columns))
		}
		s.params(said.Params[from:to], said.Params)
		findings, from = append(findings, s.findings...), to
	}
	return said, findings
}

// settleOne settles a statement that has all sets; their columns are those of the
// spec.
func settleOne(q *spec.Query, driver string, said Shape) (Shape, []diag.Diagnostic) {
	s := settling{faults{query: q, text: q.TextFor(driver)}}
	s.params(said.Params, said.Params)
	said.Columns = nil
	for _, set := range q.Sets {
		said.Sets = append(said.Sets, Set{Columns: s.writtenColumns(set.Columns)})
	}
	said.Sets[0].Params = len(said.Params)
	return said, s.findings
}

// writtenColumns returns the columns that only the spec tells.
func (s *settling) writtenColumns(written []spec.Override) []Value {
	var columns []Value
	for _, c := range written {
		v := Value{Name: c.Name.Value, Null: true, Source: "spec"}
		s.override(&v, c)
		columns = append(columns, v)
	}
	return columns
}

// settling is a statement that the spec has the last word on.
type settling struct{ faults }

// params types parameters that nobody tells the type of by others of all, and has
// the spec's word.
func (s *settling) params(params, all []Value) {
	for i := range params {
		shareCast(&params[i], all)
		shareType(&params[i], all)
		s.override(&params[i], s.query.Param(params[i].Name))
		if params[i].Kind == protocol.Invalid {
			s.unknownParam(s.text.Bound.Uses[i])
		}
	}
}

// shareCast gives a use of a parameter the type that another use is cast to: what the
// user has said of one is meant for all.
func shareCast(v *Value, all []Value) {
	for _, other := range all {
		if other.Name == v.Name && other.List == v.List && strings.HasPrefix(other.Source, "cast to ") && other.Kind != protocol.Invalid {
			v.Kind, v.SQLType, v.Source = other.Kind, other.SQLType, other.Source
			return
		}
	}
}

// shareType gives a use of a parameter of which nothing is known the type of
// another use of the same name.
func shareType(v *Value, all []Value) {
	for _, other := range all {
		if v.Kind == protocol.Invalid && other.Name == v.Name {
			v.Kind, v.SQLType, v.Source = other.Kind, other.SQLType, other.Source
		}
	}
}

// override lets the spec have the last word.
func (s *settling) override(v *Value, o spec.Override) {
	if o.Type.Value != "" {
		v.Kind, _ = protocol.ParseKind(o.Type.Value)
		v.Source = "spec"
	}
	if o.Null.Set {
		v.Null, v.NullWhy = o.Null.Value, "spec"
	}
	v.Reader = o.Reader.Value
	if v.Reader && v.Kind != protocol.Invalid && !v.Kind.Readable() {
		s.findAt(o.Reader.Pos, "write reader: true for text, ntext, json, xml and binary only",
			"%q is %s, which is not read in pieces", v.Name, v.Kind)
	}
}

func (s *settling) unknownParam(use sqlscan.Use) {
	s.findAt(s.text.Pos(use.Offset, use.Length),
		s.sayType("param", use.Name),
		"the database does not say what type parameter %q has", use.Name)
}

// sayType says where the user can say a type.
func (s *settling) sayType(what, name string) string {
	if strings.HasSuffix(s.query.File, ".sql") {
		return fmt.Sprintf("say it above the SQL: -- @%s %s int64 (or another of odbcgen's types)", what, name)
	}
	return fmt.Sprintf("say it in the spec, under %ss: %s: int64 (or another of odbcgen's types)", what, name)
}

// columns has the spec's word on the result columns.
func (s *settling) columns(values []Value) {
	names := make([]string, len(values))
	for i := range values {
		v := &values[i]
		names[i] = v.Name
		s.override(v, s.query.Column(v.Name))
		if v.Kind == protocol.Invalid {
			s.unknownColumn(*v)
		}
	}
	s.checkOverrides(names)
	s.checkKeyset(names)
}

func (s *settling) unknownColumn(v Value) {
	what := ""
	if v.Source != "" {
		what = fmt.Sprintf(" (%s)", v.Source)
	}
	s.find(v.Offset, v.Length,
		s.sayType("column", v.Name),
		"the database does not say what type column %q has%s", v.Name, what)
}

// checkMarks tells of params in the spec that the statement has not.
func (s *settling) checkMarks() {
	var names []string
	for _, use := range s.text.Bound.Uses {
		names = append(names, use.Name)
	}
	for _, o := range s.query.Params {
		if !slices.Contains(names, o.Name.Value) {
			s.findAt(o.Name.Pos, diag.NearOrFew(o.Name.Value, "it", names), "the SQL has no parameter %q", o.Name.Value)
		}
	}
}

// checkOverrides tells of columns in the spec that the result has not.
func (s *settling) checkOverrides(names []string) {
	for _, o := range s.query.Columns {
		if !slices.Contains(names, o.Name.Value) {
			s.findAt(o.Name.Pos, diag.NearOrFew(o.Name.Value, "it", names), "the result has no column %q", o.Name.Value)
		}
	}
}

// checkKeyset tells of columns in the keyset that the result has not.
func (s *settling) checkKeyset(names []string) {
	for _, k := range s.query.Keyset {
		if !slices.Contains(names, k.Column.Value) {
			s.findAt(k.Column.Pos, diag.NearOrFew(k.Column.Value, "it", names), "the result has no column %q to go on from", k.Column.Value)
		}
	}
}

// checkRows holds the statement's columns against the result of its set.
func (s *settling) checkRows(set spec.Set, columns int) {
	switch {
	case set.Rows() && columns == 0:
		s.findAt(set.Result.Pos, "write affected for the number of rows changed, or exec",
			"set %q is %s, but its statement returns no rows", set.Name.Value, set.Result.Value)
	case !set.Rows() && columns > 0:
		s.findAt(set.Result.Pos, "write one, opt or many",
			"set %q is %s, but its statement returns rows", set.Name.Value, set.Result.Value)
	}
}

// faults collects what is wrong with a statement of a query.
type faults struct {
	query    *spec.Query
	text     spec.SQL
	findings []diag.Diagnostic
}

// find adds a finding about length bytes of the text sent, from offset on.
func (f *faults) find(offset, length int, help, format string, args ...any) {
	f.findAt(f.text.BoundPos(offset, length), help, format, args...)
}

func (f *faults) findAt(pos diag.Pos, help, format string, args ...any) {
	f.findings = append(f.findings, diag.Diagnostic{
		Pos: pos, Query: f.query.Name.Value, Message: fmt.Sprintf(format, args...), Help: help,
	})
}
