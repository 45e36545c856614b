package describe

import (
	"context"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// hint is what the place of a parameter says of it.
type hint struct {
	answer
	assigned bool // the value is stored in a column
}

// below returns a hint for what is below an expression that has one.
func (h hint) below() hint { return hint{answer: h.answer} }

func (a answer) hint() hint { return hint{answer: a} }

// hints are by the token of the marker.
type hints map[int]hint

// hint returns what is known of the parameter at the offset.
func (s *statement) hint(ctx context.Context, offset int) hint {
	v := s.resolver(ctx)
	if !v.visited && s.tree != nil {
		v.visited = true
		v.visitQuery(s.tree, nil, nil)
	}
	i := slices.IndexFunc(s.reading.tokens, func(t sqlscan.Token) bool { return t.Offset == offset })
	if s.reading.counts(i) {
		return answer{Kind: protocol.Int64, Source: "row count"}.hint()
	}
	return v.hints[i]
}

// counts tells whether the marker is that of LIMIT ?, OFFSET ?, LIMIT ?, ? or
// FETCH FIRST ? ROWS.
func (r reading) counts(i int) bool {
	return r.is(i-1, "LIMIT", "OFFSET") || r.is(i-1, ",") && r.is(i-3, "LIMIT") || r.is(i-1, "FIRST", "NEXT") && r.is(i-2, "FETCH")
}

// visitQuery gives the parameters of a query their hints; wanted are those for
// its columns.
func (v *resolver) visitQuery(q *query, around *scope, wanted []hint) {
	for _, c := range q.with {
		within := around
		around = v.define(&query{span: q.span, with: []commonTable{c}, recursive: q.recursive}, around)
		if q.recursive || v.d.plugin.Dialect.RecursiveWith {
			within = around
		}
		v.visitQuery(c.query, within, nil)
	}
	for _, a := range q.arms {
		v.visitArm(a, around, wanted)
	}
}

func (v *resolver) visitArm(a *arm, around *scope, wanted []hint) {
	switch {
	case a.nested != nil:
		v.visitQuery(a.nested, around, wanted)
		return
	case a.verb == "VALUES":
		v.visitRows(a.rows, around, wanted)
		return
	}
	if a.verb == "INSERT" {
		around = v.visitInsert(a, around)
	}
	sc := v.scope(a, around)
	for i, o := range a.list {
		want := hint{}
		if i < len(wanted) && !slices.ContainsFunc(a.list[:i], func(o output) bool { return o.star }) {
			want = wanted[i]
		}
		v.visit(o.e, want, sc)
	}
	if a.from != nil {
		v.visitReference(a.from, sc)
	}
	v.visit(a.where, truth, sc)
	for _, e := range a.others {
		v.visit(e, truth, sc)
	}
	for _, assigned := range a.assigns {
		v.visitAssignment(a, assigned, sc)
	}
}

// truth is the hint for conditions.
var truth = answer{Kind: protocol.Bool, Source: "condition"}.hint()

func (v *resolver) visitRows(rows [][]*expression, sc *scope, wanted []hint) {
	for _, row := range rows {
		for k, cell := range row {
			if k < len(wanted) {
				v.visit(cell, wanted[k], sc)
				continue
			}
			var column []*expression
			for _, other := range rows {
				if k < len(other) {
					column = append(column, other[k])
				}
			}
			v.visit(cell, v.oneOf(column, sc).hint(), sc)
		}
	}
}

// visitInsert gives hints to what is inserted, and returns the scope for the rest
// of the statement.
func (v *resolver) visitInsert(a *arm, around *scope) *scope {
	columns, _ := v.tableColumns(a.table)
	var wanted []hint
	for _, c := range columns {
		if a.columns == nil {
			wanted = append(wanted, v.stores(a.table, c))
		}
	}
	for _, name := range a.columns {
		h := hint{}
		if i := (&relation{columns: columns}).index(name); i >= 0 {
			h = v.stores(a.table, columns[i])
		}
		wanted = append(wanted, h)
	}
	v.visitRows(a.rows, around, wanted)
	if a.source != nil {
		v.visitQuery(a.source, around, wanted)
	}
	return &scope{relations: []*relation{{alias: "excluded", columns: columns}}, around: around}
}

// stores is the hint for a value that is stored in a column.
func (v *resolver) stores(table string, c column) hint {
	c.answer.Source = "column " + table + "." + c.name
	return hint{c.answer, true}
}

// visitAssignment gives hints to the values of a SET clause. Its columns are those
// of the table that is changed.
func (v *resolver) visitAssignment(a *arm, assigned assignment, sc *scope) {
	var wanted []hint
	for _, c := range assigned.columns {
		wanted = append(wanted, v.assignedTo(a, c, sc))
	}
	switch values := assigned.value; {
	case len(wanted) == 1:
		v.visit(values, wanted[0], sc)
	case values.form == rowForm && len(values.args) == len(wanted):
		for i, e := range values.args {
			v.visit(e, wanted[i], sc)
		}
	case values.query != nil:
		v.visitQuery(values.query, sc, wanted)
	}
}

func (v *resolver) assignedTo(a *arm, c *expression, sc *scope) hint {
	if c.qualifier == "" && len(sc.relations) > 0 {
		target := sc.relations[0]
		if i := target.index(c.name); i >= 0 {
			return v.stores(target.alias, target.columns[i])
		}
	}
	p, ok, _ := among(sc.relations, c.qualifier, c.name)
	if !ok {
		return hint{}
	}
	return v.stores(p.alias, p.columns[p.number])
}

func (v *resolver) visitReference(t *reference, sc *scope) {
	switch {
	case t.kind != "":
		v.visitReference(t.left, sc)
		v.visitReference(t.right, sc)
		v.visit(t.on, truth, sc)
	case t.query != nil && t.lateral:
		v.visitQuery(t.query, sc, nil)
	case t.query != nil:
		v.visitQuery(t.query, sc.around, nil)
	}
}

// visit gives hints to the parameters of an expression that shall be as wanted.
func (v *resolver) visit(e *expression, want hint, sc *scope) {
	if e == nil || !v.hasMarker(e) {
		return
	}
	switch e.form {
	case markerForm:
		if i := v.marker(e); want.known() && !v.hints[i].known() {
			v.hints[i] = want
		}
	case operatorForm:
		v.visitOperator(e, want.below(), sc)
	case castForm:
		v.visit(e.args[0], answer{Kind: v.d.castKind(e.op), Source: "cast to " + e.op}.hint(), sc)
	case betweenForm:
		v.visitAlike(e.args, hint{}, sc)
	case inForm:
		v.visitIn(e, sc)
	case caseForm:
		v.visitCase(e, want.below(), sc)
	case callForm:
		v.visitCall(e, want.below(), sc)
	case existsForm:
		v.visitQuery(e.query, sc, nil)
	case subqueryForm:
		v.visitQuery(e.query, sc, []hint{want.below()})
	case intervalForm:
		v.visit(e.args[0], answer{Kind: protocol.Int64, Source: "interval"}.hint(), sc)
	case rowForm:
		for _, a := range e.args {
			v.visit(a, hint{}, sc)
		}
	}
}

// marker returns the token of a marker, which may have parentheses around it.
func (v *resolver) marker(e *expression) int {
	for i := e.from; i < e.to; i++ {
		if isMarker(v.reading.tokens[i]) {
			return i
		}
	}
	return e.from
}

func isMarker(t sqlscan.Token) bool { return t.Kind == sqlscan.Question }

// visitOperator gives each operand the type of the other.
func (v *resolver) visitOperator(e *expression, want hint, sc *scope) {
	switch e.op {
	case "AND", "OR", "NOT", "XOR":
		want = truth
	case "LIKE", "ILIKE", "GLOB", "REGEXP", "RLIKE", "~", "||", "MATCH":
		want = answer{Kind: protocol.Text, Source: "text operator"}.hint()
	case "=", "==", "<>", "!=", "<", ">", "<=", ">=", "<=>", "IS", "@>", "<@", "OVERLAPS":
		v.visitAlike(e.args, hint{}, sc)
		return
	case "+", "-", "*", "/", "%", "DIV", "MOD":
		v.visitArithmetic(e, want, sc)
		return
	case "IS NULL", "IS NOT NULL", "[]", "ARRAY", "AT TIME ZONE":
		want = hint{}
	}
	for _, a := range e.args {
		v.visit(a, want, sc)
	}
}

// visitArithmetic gives a parameter the type of what stands beside it, or that of
// the result beside another parameter or a literal.
func (v *resolver) visitArithmetic(e *expression, want hint, sc *scope) {
	for i, a := range e.args {
		h := want
		if len(e.args) == 2 {
			other := e.args[1-i]
			if beside := v.typeOf(other, sc); beside.known() && (numeric(beside.Kind) || !want.known()) && (!want.known() || other.form != literalForm && !v.hasMarker(other)) {
				h = beside.hint()
			}
		}
		v.visit(a, h, sc)
	}
}

func (v *resolver) hasMarker(e *expression) bool {
	return slices.ContainsFunc(v.reading.tokens[e.from:e.to], isMarker)
}

// visitAlike visits expressions that are of one type, rows part by part.
func (v *resolver) visitAlike(all []*expression, want hint, sc *scope) {
	if all[0].form == rowForm {
		for k := range all[0].args {
			var parts []*expression
			for _, row := range all {
				if row.form == rowForm && k < len(row.args) {
					parts = append(parts, row.args[k])
				}
			}
			v.visitAlike(parts, hint{}, sc)
		}
		return
	}
	if a := v.oneOf(all, sc); a.known() && (!want.known() || a.Source != "literal") {
		want = a.hint()
	}
	for _, e := range all {
		v.visit(e, want, sc)
	}
}

// oneOf returns the type of the first of some expressions that has one, rather
// of one that is neither a literal nor made of parameters.
func (v *resolver) oneOf(all []*expression, sc *scope) answer {
	var weak answer
	for _, e := range all {
		if e == nil {
			continue
		}
		a := v.typeOf(e, sc)
		if a.known() && e.form != literalForm && !v.hasMarker(e) {
			return a
		}
		if !weak.known() {
			weak = a
		}
	}
	return weak
}

// typeOf returns the type of an expression: as the database tells it, where it
// tells those of expressions, else as it is read.
func (v *resolver) typeOf(e *expression, sc *scope) answer {
	if e.form == markerForm || e.form == unread && e.empty() {
		return answer{}
	}
	if v.d.plugin.Describe.Expressions && e.form != literalForm && e.form != rowForm {
		f, ok := v.d.function(e.op)
		if a := v.typed(v.ctx, e.span, v.reading.scopes(e.from), e.form == callForm && ok && !f.argument); a.known() {
			return a
		}
	}
	a := v.answer(e, sc)
	if item := sc.item(e); !a.known() && item != nil {
		return v.typeOf(item, sc)
	}
	if integer, _ := a.Kind.Integer(); e.form == literalForm && integer && v.d.plugin.Describe.Expressions {
		a.Kind = protocol.Int32
	}
	if e.form != literalForm {
		a.Source = "probe " + v.reading.text(e.span)
	}
	return a
}

// visitIn gives the list the type of the left side, and the other way round.
func (v *resolver) visitIn(e *expression, sc *scope) {
	if e.query == nil {
		v.visitAlike(e.args, hint{}, sc)
		return
	}
	left := e.args[:1]
	if left[0].form == rowForm {
		left = left[0].args
	}
	columns, _ := v.query(e.query, sc)
	var wanted []hint
	for i, l := range left {
		if i < len(columns) {
			v.visit(l, columns[i].hint(), sc)
		}
		wanted = append(wanted, v.typeOf(l, sc).hint())
	}
	v.visitQuery(e.query, sc, wanted)
}

func (v *resolver) visitCase(e *expression, want hint, sc *scope) {
	operand, otherwise := e.args[0], e.args[len(e.args)-1]
	var compared, results []*expression
	for i := 1; i+1 < len(e.args); i += 2 {
		compared, results = append(compared, e.args[i]), append(results, e.args[i+1])
	}
	if otherwise != nil {
		results = append(results, otherwise)
	}
	if operand != nil {
		v.visitAlike(append([]*expression{operand}, compared...), hint{}, sc)
	} else {
		for _, when := range compared {
			v.visit(when, truth, sc)
		}
	}
	v.visitAlike(results, want, sc)
}

// visitCall gives arguments the kinds that a function takes.
func (v *resolver) visitCall(e *expression, want hint, sc *scope) {
	v.visit(e.filter, truth, sc)
	f, ok := v.d.function(e.op)
	takes := strings.Fields(f.takes)
	if !ok || len(takes) == 0 {
		for _, a := range e.args {
			v.visit(a, hint{}, sc)
		}
		return
	}
	var alike []*expression
	for i, a := range e.args {
		word := takes[min(i, len(takes)-1)]
		if word == "same" {
			alike = append(alike, a)
			continue
		}
		kind, _ := protocol.ParseKind(word)
		v.visit(a, answer{Kind: kind, Source: "argument of " + e.op}.hint(), sc)
	}
	if len(alike) > 0 {
		v.visitAlike(alike, want, sc)
	}
}
