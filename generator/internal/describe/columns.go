package describe

import (
	"context"
	"fmt"
	"strings"

	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// answer is what was found out about an expression.
type answer struct {
	Kind    protocol.Kind
	SQLType string
	Source  string
	notNull bool // proven never to be NULL
}

func (a answer) known() bool { return a.Kind != protocol.Invalid }

// column types a result column; item is its expression, empty where unknown.
func (s *statement) column(ctx context.Context, c runtime.ColumnDescription, item span) answer {
	var a answer
	if c.Table != "" || s.d.plugin.Describe.Expressions {
		a.Kind = s.d.plugin.KindOf(c.TypeName, c.Type, c.Unsigned)
		a.Source, a.SQLType = "driver", s.d.sqlType(ctx, c, s.columnName(c, item))
	}
	if !a.known() {
		inferred := s.infer(ctx, item)
		a.Kind, a.Source = inferred.Kind, inferred.Source
	}
	a.notNull = s.notNull(ctx, c, item)
	return a
}

// columnName returns the name of a column in its table, whatever its label.
func (s *statement) columnName(c runtime.ColumnDescription, item span) string {
	if _, name, ok := s.reading.reference(item); ok && name != "*" {
		return name
	}
	return c.Name
}

// infer types an expression of which the database says nothing.
func (s *statement) infer(ctx context.Context, e span) answer {
	if e.empty() {
		return answer{}
	}
	if a := s.literal(e); a.known() {
		return a
	}
	r := s.reading
	if r.first(e, "||") < e.to {
		return answer{Kind: protocol.Text, Source: "text operator"}
	}
	if r.is(e.from, "CAST") && r.is(e.to-1, ")") {
		if as := r.first(span{e.from + 2, e.to - 1}, "AS"); as < e.to-1 {
			return answer{Kind: s.d.castKind(r.name(as + 1)), Source: "cast"}
		}
	}
	name, arguments, ok := r.call(e)
	f, known := functionOf(name)
	if !ok || !known {
		return answer{}
	}
	a := answer{Kind: f.kind, Source: "function " + name, notNull: f.notNull}
	if f.argument && len(arguments) > 0 {
		a.Kind = s.argumentKind(ctx, f, arguments[0])
	}
	return a
}

// castKind returns the kind of a CAST. SQLite's integers all have 64 bits.
func (d *Database) castKind(name string) protocol.Kind {
	kind := castKind(name)
	if kind == protocol.Int32 && !d.plugin.Describe.Expressions {
		return protocol.Int64
	}
	return kind
}

// argumentKind returns the kind of a function that answers with the kind of its
// argument, except that sums and the like widen integers.
func (s *statement) argumentKind(ctx context.Context, f function, argument span) protocol.Kind {
	kind := s.infer(ctx, argument).Kind
	if kind == protocol.Invalid {
		kind = s.typed(ctx, argument, s.reading.scopes(argument.from)).Kind
	}
	switch kind {
	case protocol.Int8, protocol.Int16, protocol.Int32, protocol.Int64:
		if f.kind != protocol.Invalid {
			return f.kind
		}
	case protocol.Float32:
		return protocol.Float64
	}
	return kind
}

// literal types a number, a text or a truth value.
func (s *statement) literal(e span) answer {
	if e.to-e.from != 1 {
		return answer{}
	}
	a := answer{Source: "literal", notNull: true}
	switch t := s.reading.tokens[e.from]; {
	case t.Kind == sqlscan.String:
		a.Kind = protocol.Text
	case t.Kind == sqlscan.Number && !strings.ContainsAny(t.Text, ".eE"):
		a.Kind = protocol.Int64
	case t.Kind == sqlscan.Number:
		a.Kind = protocol.Float64
	case t.Is("TRUE", "FALSE"):
		a.Kind = protocol.Bool
	}
	return a
}

// typed asks the database for the type of an expression, by describing a SELECT
// of it from the first of the FROM clauses in which it means something.
func (s *statement) typed(ctx context.Context, e span, scopes []span) answer {
	for i := e.from; i < e.to; i++ {
		if s.reading.tokens[i].Kind == sqlscan.Question {
			return answer{} // its type hangs on a parameter
		}
	}
	for _, from := range scopes {
		sql := s.reading.with() + "SELECT " + s.reading.text(e) + " FROM " + s.reading.text(from)
		described, err := s.d.conn.Describe(ctx, sql)
		if err != nil || len(described.Columns) != 1 {
			continue
		}
		probe := statement{d: s.d, reading: read(sqlscan.Scan(s.d.dialect, sql), sql)}
		a := probe.column(ctx, described.Columns[0], probe.reading.selected(0, 1))
		if a.known() {
			a.Source = "probe " + s.reading.text(e)
			return a
		}
	}
	return answer{}
}

// probe types a parameter by what stands beside it.
func (s *statement) probe(ctx context.Context, p place) answer {
	switch {
	case p.kind != protocol.Invalid:
		return answer{Kind: p.kind, Source: p.reason}
	case p.table != "":
		return s.targetColumn(ctx, p)
	case !p.operand.empty():
		return s.typed(ctx, p.operand, s.assignedFirst(p))
	}
	return answer{}
}

// assignedFirst returns the FROM clauses for a parameter; for one that is
// assigned in a SET clause they begin with the table that is changed.
func (s *statement) assignedFirst(p place) []span {
	scopes := s.reading.scopes(p.token)
	if !p.assigned {
		return scopes
	}
	arm := s.reading.arm(p.token)
	start := s.reading.first(arm, "INTO", "UPDATE")
	next, _ := s.reading.qualified(start + 1)
	return append([]span{{start + 1, next}}, scopes...)
}

// targetColumn types a parameter by the column that it is inserted into.
func (s *statement) targetColumn(ctx context.Context, p place) answer {
	columns, err := s.d.table(ctx, p.table)
	if err != nil {
		return answer{}
	}
	for i, c := range columns {
		if p.column == "" && i == p.number || p.column != "" && strings.EqualFold(c.Name, p.column) {
			return answer{Kind: c.Kind, SQLType: c.SQLType, Source: fmt.Sprintf("column %s.%s", p.table, c.Name), notNull: !c.Null}
		}
	}
	return answer{}
}

// notNull tells whether a column is proven never to be NULL. A driver's word is
// not enough where an outer join, a grouping set or a set operator may add NULLs
// that it does not see.
func (s *statement) notNull(ctx context.Context, c runtime.ColumnDescription, item span) bool {
	r := s.reading
	if r.has("ROLLUP", "CUBE", "GROUPING") {
		return false
	}
	if s.neverNull(item) && !r.compound() {
		return true
	}
	computed := s.d.plugin.Describe.NotNull == driver.NotNullDescribed // the server works it out for any expression
	told := computed && c.NotNull
	if s.d.plugin.Describe.NotNull == driver.NotNullField {
		told = c.NotNullField
	}
	qualifier, _, reference := r.reference(item)
	if !reference && !r.star(item) || r.compound() {
		return told && computed
	}
	from, ok := r.sources(r.fromClause(r.main()))
	src, found := sourceOf(from, qualifier, c.Table)
	switch {
	case !ok || !found:
		return told && computed && !r.has("LEFT", "RIGHT", "FULL")
	case src.nullable:
		return false
	case told && (computed || strings.EqualFold(src.table, c.Table)) && !r.defines(src.table):
		return true
	case src.table == "" || r.defines(src.table):
		return told && computed
	}
	return s.d.catalogNotNull(ctx, c, src.table, s.columnName(c, item))
}

// neverNull tells whether an expression cannot be NULL whatever it is made from.
func (s *statement) neverNull(e span) bool {
	if e.empty() {
		return false
	}
	if s.literal(e).known() {
		return true
	}
	name, arguments, ok := s.reading.call(e)
	if !ok {
		return false
	}
	if name == "COALESCE" || name == "IFNULL" {
		for _, argument := range arguments {
			if s.neverNull(argument) {
				return true
			}
		}
	}
	f, known := functionOf(name)
	return known && f.notNull
}

// sourceOf returns the table reference that a column belongs to.
func sourceOf(from []source, qualifier, table string) (source, bool) {
	var match source
	matches := 0
	for _, src := range from {
		if qualifier != "" && strings.EqualFold(src.alias, qualifier) ||
			qualifier == "" && (len(from) == 1 || table != "" && strings.EqualFold(src.table, table)) {
			match = src
			matches++
		}
	}
	return match, matches == 1
}
