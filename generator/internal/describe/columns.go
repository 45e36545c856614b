package describe

import (
	"context"
	"slices"
	"strings"

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
	why     string        // the reason for that, or for the contrary
}

func (a answer) known() bool { return a.Kind != protocol.Invalid }

func (a answer) value(name string) Value {
	return Value{Name: name, Kind: a.Kind, Told: a.told, Null: !a.notNull, NullWhy: a.why, SQLType: a.SQLType, Source: a.Source}
}

// column types a result column. What SQLite's driver tells of a column is that of
// the first arm of a set operator.
func (s *statement) column(ctx context.Context, c runtime.ColumnDescription, item item) answer {
	told := protocol.Invalid
	if c.Table != "" || s.d.plugin.Describe.Expressions {
		told = s.d.plugin.KindOf(c.TypeName, c.Type, c.Unsigned)
	}
	a := s.d.told(ctx, c, s.columnName(c, item))
	if !a.known() || c.TypeName == "" && s.d.plugin.Describe.Expressions {
		if name, ok := s.typeName(ctx, item.number); ok {
			a.Kind, a.SQLType, a.Source = s.d.plugin.KindOf(name, c.Type, c.Unsigned), strings.ToUpper(name), "server"
		}
	}
	if read := item.answer; read.known() && read.Kind != a.Kind && !(a.known() && s.d.plugin.Describe.Expressions) {
		a.Kind, a.SQLType, a.Source = read.Kind, read.SQLType, read.Source
	}
	a.told = told
	a.notNull, a.why = s.notNull(ctx, c, item)
	return a
}

// columnName returns the name of a column in its table, whatever its label.
func (s *statement) columnName(c runtime.ColumnDescription, item item) string {
	if _, name, ok := s.reading.reference(item.span); ok && name != "*" {
		return name
	}
	return c.Name
}

// item is what our reading says of a result column: the item of the SELECT list
// that it comes from, without its alias. It is empty where it is not sure.
type item struct {
	span
	answer
	number int // of the column
}

// items returns the item for each of the result columns.
func (s *statement) items(ctx context.Context, described []runtime.ColumnDescription) []item {
	s.columnCount = len(described)
	all := make([]item, len(described))
	for i := range all {
		all[i] = item{number: i, answer: answer{why: unproven}}
	}
	v := s.resolver(ctx)
	if v.tree == nil {
		return all
	}
	columns, ok := v.query(v.tree, nil)
	if !ok || len(columns) != len(described) {
		return all
	}
	for i, span := range s.outputs(described) {
		all[i].span = span
		if all[i].answer = columns[i].answer; s.reading.star(span) && !strings.EqualFold(columns[i].name, described[i].Name) {
			all[i].answer = answer{why: unproven}
		}
	}
	return all
}

// outputs returns the item of the first SELECT list for each result column; a
// star stands for all that the others do not.
func (s *statement) outputs(described []runtime.ColumnDescription) []span {
	a := s.tree.arms[0]
	for a.nested != nil {
		a = a.nested.arms[0]
	}
	spans := make([]span, len(described))
	stars := 0
	for _, o := range a.list {
		if o.star {
			stars++
		}
	}
	at := 0
	for i, o := range a.list {
		switch {
		case !o.star && at < len(spans):
			spans[at] = o.span
			at++
		case stars == 1:
			for end := len(spans) - (len(a.list) - i - 1); at < end; at++ {
				spans[at] = o.span
			}
		case o.star:
			columns, _ := s.read.star(o, s.read.scopes[a])
			for range columns {
				if at < len(spans) {
					spans[at] = o.span
					at++
				}
			}
		}
	}
	return spans
}

// resolver returns what reads the statement, with its hints.
func (s *statement) resolver(ctx context.Context) *resolver {
	if s.read == nil {
		s.read = &resolver{ctx: ctx, statement: s, scopes: make(map[*arm]*scope), hints: make(hints)}
		s.tree = s.reading.tree()
	}
	return s.read
}

// selecting returns a SELECT of one item from a FROM clause of the statement.
func (s *statement) selecting(text string, from span) string {
	return s.reading.with() + "SELECT " + text + " FROM " + s.reading.text(from)
}

// castKind returns the kind of a CAST. SQLite's integers all have 64 bits.
func (d *Database) castKind(name string) protocol.Kind {
	kind := castKind(name)
	if kind == protocol.Int32 && !d.plugin.Describe.Expressions {
		return protocol.Int64
	}
	return kind
}

// typed asks the database for the type of an expression, by describing a SELECT
// of it from the first of the FROM clauses in which it means something. The type
// of one with markers hangs on them, unless it is fixed.
func (s *statement) typed(ctx context.Context, e span, scopes []span, fixed bool) answer {
	if !fixed && slices.ContainsFunc(s.reading.tokens[e.from:e.to], isMarker) {
		return answer{}
	}
	for _, from := range scopes {
		if a := s.typedFrom(ctx, e, from); a.known() {
			return a
		}
	}
	return answer{}
}

func (s *statement) typedFrom(ctx context.Context, e, from span) answer {
	text := s.reading.text(e)
	sql := s.selecting(s.reading.unmarked(e), from)
	described, err := s.d.conn.Describe(ctx, sql)
	if err != nil || len(described.Columns) != 1 {
		return answer{}
	}
	probe := statement{d: s.d, reading: s.d.read(sql)}
	a := probe.column(ctx, described.Columns[0], probe.items(ctx, described.Columns)[0])
	a.Source = "probe " + text
	return a
}

// unmarked returns the SQL of s with NULL for each marker.
func (r reading) unmarked(s span) string {
	var b strings.Builder
	from, _ := r.extent(s)
	for _, t := range r.tokens[s.from:s.to] {
		if isMarker(t) {
			b.WriteString(r.sql[from:t.Offset] + "NULL")
			from = t.End()
		}
	}
	b.WriteString(r.sql[from:r.tokens[s.to-1].End()])
	return b.String()
}
