package describe

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// answer is what was found out about an expression.
type answer struct {
	Kind    protocol.Kind
	SQLType string
	Source  string
	told    protocol.Kind // by the driver
	notNull bool          // proven never to be NULL; of a column
}

func (a answer) known() bool { return a.Kind != protocol.Invalid }

func (a answer) value(name string) Value {
	return Value{Name: name, Kind: a.Kind, Told: a.told, Null: !a.notNull, SQLType: a.SQLType, Source: a.Source}
}

// column types a result column.
func (s *statement) column(ctx context.Context, c runtime.ColumnDescription, item item) answer {
	var a answer
	told := protocol.Invalid
	if c.Table != "" || s.d.plugin.Describe.Expressions {
		told = s.d.plugin.KindOf(c.TypeName, c.Type, c.Unsigned)
		a.Kind = told
		a.Source, a.SQLType = "driver", s.d.sqlType(ctx, c, s.columnName(c, item))
	}
	if !a.known() && c.Table != "" {
		a = s.d.listedType(ctx, c, s.columnName(c, item))
	}
	if !a.known() {
		inferred := s.infer(ctx, item.span)
		a.Kind, a.Source = inferred.Kind, inferred.Source
	}
	a.told, a.notNull = told, s.notNull(ctx, c, item)
	return a
}

// columnName returns the name of a column in its table, whatever its label.
func (s *statement) columnName(c runtime.ColumnDescription, item item) string {
	if _, name, ok := s.reading.reference(item.span); ok && name != "*" {
		return name
	}
	return c.Name
}

// item is the item of a SELECT list that a result column comes from, without its
// alias. It is empty where it is not sure.
type item struct {
	span
	source string // the source of a column that * stands for, "" where not known
}

// items returns the item for each of n result columns.
func (s *statement) items(ctx context.Context, n int) []item {
	r := s.reading
	list := r.selectList(r.main())
	sources, _ := r.sources(r.fromClause(r.main()))
	oneStar := len(sources) == 1 && count(list, r.star) == 1
	var all []item
	for _, e := range list {
		switch {
		case !r.star(e):
			all = append(all, item{span: r.expression(e)})
		case oneStar:
			all = append(all, slices.Repeat([]item{{span: e}}, max(0, n-len(list)+1))...)
		default:
			all = append(all, s.expand(ctx, e)...)
		}
	}
	if len(all) != n {
		return make([]item, n)
	}
	return all
}

func count(list []span, is func(span) bool) int {
	n := 0
	for _, e := range list {
		if is(e) {
			n++
		}
	}
	return n
}

// expand returns the items that a star stands for. Where columns are joined by
// their names it is not known which source they are from.
func (s *statement) expand(ctx context.Context, star span) []item {
	r := s.reading
	from := r.fromClause(r.main())
	sources, understood := r.sources(from)
	if star.to-star.from > 1 || !understood || r.first(from, "NATURAL", "USING") < from.to {
		return slices.Repeat([]item{{span: star}}, s.width(ctx, r.text(star)))
	}
	var all []item
	for _, src := range sources {
		all = append(all, slices.Repeat([]item{{star, src.alias}}, s.width(ctx, src.written+".*"))...)
	}
	return all
}

// width returns how many columns an item stands for, as the database says.
func (s *statement) width(ctx context.Context, text string) int {
	described, err := s.d.conn.Describe(ctx, s.selecting(text, s.reading.fromClause(s.reading.main())))
	if err != nil {
		return 0
	}
	return len(described.Columns)
}

// selecting returns a SELECT of one item from a FROM clause of the statement.
func (s *statement) selecting(text string, from span) string {
	return s.reading.with() + "SELECT " + text + " FROM " + s.reading.text(from)
}

// infer types an expression of which the database says nothing.
func (s *statement) infer(ctx context.Context, e span) answer {
	if a := s.literal(e); a.known() {
		return a
	}
	r := s.reading
	if r.first(e, "||") < e.to && r.first(e, looser...) == e.to {
		return answer{Kind: protocol.Text, Source: "text operator"}
	}
	if name, ok := r.castTo(e); ok {
		return answer{Kind: s.d.castKind(name), Source: "cast"}
	}
	name, arguments, ok := r.call(e)
	f, known := s.d.function(name)
	if !ok || !known {
		return answer{}
	}
	a := answer{Kind: f.kind, Source: "function " + name}
	if f.argument && len(arguments) > 0 {
		a.Kind = s.argumentKind(ctx, f, arguments[0])
	}
	return a
}

// looser are the operators that bind less than ||, and those that bind as much.
var looser = append(strings.Fields("AND OR NOT IN LIKE ILIKE GLOB REGEXP RLIKE MATCH BETWEEN ISNULL NOTNULL -> ->>"), comparisons...)

// castTo returns the first word of the type of CAST(… AS type); ok is false for
// any other expression.
func (r reading) castTo(e span) (name string, ok bool) {
	if e.empty() || !r.is(e.from, "CAST") || !r.is(e.from+1, "(") || r.closing(e.from+1) != e.to-1 {
		return "", false
	}
	as := r.first(span{e.from + 2, e.to - 1}, "AS")
	return r.name(as + 1), as < e.to-1
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
	if s.reading.is(e.from, "-", "+") {
		e.from++
		if e.from < e.to && s.reading.tokens[e.from].Kind != sqlscan.Number {
			return answer{}
		}
	}
	if e.to-e.from != 1 {
		return answer{}
	}
	if kind := literalKind(s.reading.tokens[e.from]); kind != protocol.Invalid {
		return answer{Kind: kind, Source: "literal"}
	}
	return answer{}
}

func literalKind(t sqlscan.Token) protocol.Kind {
	text := strings.ToLower(t.Text)
	switch {
	case t.Kind == sqlscan.String && strings.HasPrefix(text, "x"):
		return protocol.Binary
	case t.Kind == sqlscan.String:
		return protocol.Text
	case t.Kind == sqlscan.Number && (strings.HasPrefix(text, "0x") || !strings.ContainsAny(text, ".e")):
		return protocol.Int64
	case t.Kind == sqlscan.Number:
		return protocol.Float64
	case t.Is("TRUE", "FALSE"):
		return protocol.Bool
	}
	return protocol.Invalid
}

// typed asks the database for the type of an expression, by describing a SELECT
// of it from the first of the FROM clauses in which it means something.
func (s *statement) typed(ctx context.Context, e span, scopes []span) answer {
	if slices.ContainsFunc(s.reading.tokens[e.from:e.to], isMarker) {
		return answer{} // its type hangs on a parameter
	}
	for _, from := range scopes {
		if a := s.typedFrom(ctx, e, from); a.known() {
			return a
		}
	}
	return answer{}
}

func (s *statement) typedFrom(ctx context.Context, e, from span) answer {
	sql := s.selecting(s.reading.text(e), from)
	described, err := s.d.conn.Describe(ctx, sql)
	if err != nil || len(described.Columns) != 1 {
		return answer{}
	}
	probe := statement{d: s.d, reading: read(sqlscan.Scan(s.d.dialect, sql), sql)}
	a := probe.column(ctx, described.Columns[0], probe.items(ctx, 1)[0])
	a.Source = "probe " + s.reading.text(e)
	return a
}

// probe types a parameter by what stands beside it.
func (s *statement) probe(ctx context.Context, p place) answer {
	switch {
	case p.cast != "":
		return answer{Kind: s.d.castKind(p.cast), Source: "cast to " + p.cast}
	case p.kind != protocol.Invalid:
		return answer{Kind: p.kind, Source: p.reason}
	case p.table != "":
		return s.targetColumn(ctx, p)
	case !p.operand.empty():
		return s.typed(ctx, p.operand, s.assignedFirst(p))
	}
	if f, ok := s.d.function(p.function); ok && f.texts {
		return answer{Kind: protocol.Text, Source: "argument of " + p.function}
	}
	return answer{}
}

// assignedFirst returns the FROM clauses for a parameter; for one that is
// assigned in a SET clause they begin with the table that is changed.
func (s *statement) assignedFirst(p place) []span {
	scopes := s.reading.scopes(p.from)
	if !p.assigned {
		return scopes
	}
	return append([]span{s.reading.target(s.reading.arm(p.from))}, scopes...)
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
