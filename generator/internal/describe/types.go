package describe

import (
	"slices"
	"strings"
	"time"

	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// answer returns what is known of an expression.
func (v *resolver) answer(e *expression, sc *scope) answer {
	if e == nil {
		return answer{why: "without ELSE it is NULL"}
	}
	switch e.form {
	case columnForm:
		if a, ok := sc.find(e.qualifier, e.name); ok {
			return a
		}
	case literalForm:
		return v.literal(e)
	case markerForm:
		return answer{why: "a parameter may be NULL"}
	case operatorForm:
		return v.operator(e, sc)
	case callForm:
		return v.call(e, sc)
	case castForm:
		return v.cast(e, sc)
	case caseForm:
		return v.caseOf(e, sc)
	case betweenForm, rowForm:
		return v.strictly(answer{Kind: protocol.Bool, Source: "comparison"}, v.answers(e.args, sc))
	case inForm:
		return v.in(e, sc)
	case existsForm:
		return answer{Kind: protocol.Bool, Source: "EXISTS", notNull: true, why: "EXISTS is never NULL"}
	case subqueryForm:
		return v.subquery(e, sc)
	case intervalForm:
		return v.strictly(answer{Kind: protocol.Interval, Source: "interval"}, v.answers(e.args, sc))
	}
	return answer{why: unproven}
}

// unproven is why most columns can be NULL.
const unproven = "nobody proves that it is not NULL"

func (v *resolver) answers(all []*expression, sc *scope) []answer {
	answers := make([]answer, len(all))
	for i, e := range all {
		answers[i] = v.answer(e, sc)
	}
	return answers
}

// strictly makes an answer not NULL if none of the operands is.
func (v *resolver) strictly(a answer, operands []answer) answer {
	a.notNull, a.why = true, "no operand of it is NULL"
	for _, o := range operands {
		if !o.notNull {
			a.notNull, a.why = false, o.why
			return a
		}
		if len(operands) == 1 {
			a.why = o.why
		}
	}
	return a
}

func (v *resolver) literal(e *expression) answer {
	t := v.reading.last(e)
	a := answer{Kind: literalKind(t), Source: "literal", notNull: true, why: "a literal"}
	switch {
	case t.Is("NULL", "DEFAULT"):
		return answer{why: "it is NULL"}
	case v.d.plugin == &driver.Generic && t.Text == "''":
		a.notNull, a.why = false, "'' is NULL in Oracle"
	case a.Kind == protocol.Float64 && v.d.plugin.Describe.Expressions && !strings.ContainsAny(t.Text, "eE"):
		a.Kind = protocol.Decimal
	}
	return a
}

// last returns the last token of an expression, without parentheses around it all.
func (r reading) last(e *expression) sqlscan.Token {
	i := e.to - 1
	for i > e.from && r.is(i, ")") {
		i--
	}
	return r.tokens[i]
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

// operator answers for operators and tests.
func (v *resolver) operator(e *expression, sc *scope) answer {
	if e.op == "AND" || e.op == "OR" { // the right side is asked for only after the left one
		after := map[string]outcome{"AND": isTrue, "OR": isFalse}[e.op]
		left, right := v.answer(e.args[0], sc), v.answer(e.args[1], v.branch(e.args[0], after, sc))
		return v.strictly(answer{Kind: protocol.Bool, Source: "condition"}, []answer{left, right})
	}
	operands := v.answers(e.args, sc)
	switch e.op {
	case "IS NULL", "IS NOT NULL", "IS TRUTH", "IS", "<=>":
		return answer{Kind: protocol.Bool, Source: "test", notNull: true, why: "the test is never NULL"}
	case "NOT", "XOR", "=", "==", "<>", "!=", "<", ">", "<=", ">=", "LIKE", "ILIKE", "GLOB", "~":
		return v.strictly(answer{Kind: protocol.Bool, Source: "comparison"}, operands)
	case "REGEXP", "RLIKE", "MATCH", "@>", "<@", "OVERLAPS":
		return answer{Kind: protocol.Bool, Source: "comparison", why: unproven}
	case "||":
		if v.d.plugin.Dialect.Pipes == driver.PipesOr {
			return v.strictly(answer{Kind: protocol.Bool, Source: "condition"}, operands)
		}
		return v.strictly(answer{Kind: protocol.Text, Source: "text operator"}, operands)
	case "->":
		return answer{Kind: protocol.JSON, Source: "JSON operator", why: "a document may be without it"}
	case "&", "|", "<<", "BITS":
		return v.strictly(answer{Kind: protocol.Int64, Source: "bits"}, operands)
	case "COLLATE":
		return operands[0]
	case "+", "-", "*", "/", "%", "DIV", "MOD":
		return v.arithmetic(e, operands)
	case "AT TIME ZONE":
		return v.strictly(answer{}, operands)
	}
	return answer{why: unproven}
}

// arithmetic answers for numbers. In SQLite infinity times 0 is NULL, in both
// SQLite and MariaDB so is what is divided by zero.
func (v *resolver) arithmetic(e *expression, operands []answer) answer {
	kind := protocol.Invalid
	numbers, whole := true, true
	for i, o := range operands {
		k := o.Kind
		if e.args[i].form == markerForm && len(operands) == 2 {
			k = operands[1-i].Kind
		}
		if k == protocol.Bool {
			k = protocol.Int64
		}
		numbers = numbers && numeric(k)
		integer, _ := k.Integer()
		whole = whole && integer
		switch {
		case i == 0:
			kind = k
		case k == protocol.Float64 && e.args[i].form == literalForm && kind == protocol.Decimal:
		case kind == protocol.Float64 && k == protocol.Decimal && e.args[0].form == literalForm:
			kind = k
		default:
			kind = wider(kind, k)
		}
	}
	if !numbers {
		kind = protocol.Invalid
	}
	if integer, _ := kind.Integer(); integer && !v.d.plugin.Describe.Expressions {
		kind = protocol.Int64
	}
	a := v.strictly(answer{Kind: kind, Source: "arithmetic"}, operands)
	if v.d.plugin.Describe.Infallible {
		return a
	}
	switch divides := slices.Contains([]string{"/", "%", "DIV", "MOD"}, e.op); {
	case divides && !v.nonzero(e.args[1]):
		a.notNull, a.why = false, "divided by zero it is NULL"
	case !numbers || !whole && len(operands) > 1 && !v.d.plugin.Describe.Expressions:
		a.notNull, a.why = false, "arithmetic may give NULL"
	}
	return a
}

func (v *resolver) nonzero(e *expression) bool {
	t := v.reading.last(e)
	mantissa, _, _ := strings.Cut(strings.ToLower(t.Text), "e") // and not 0x10
	return e.form == literalForm && t.Kind == sqlscan.Number && strings.ContainsAny(mantissa, "123456789") && !strings.HasPrefix(mantissa, "0x")
}

func numeric(k protocol.Kind) bool {
	integer, _ := k.Integer()
	return integer || k == protocol.Decimal || k == protocol.Money || k == protocol.Float32 || k == protocol.Float64
}

// wider returns the kind of what is computed from two numbers.
func wider(a, b protocol.Kind) protocol.Kind {
	for _, k := range []protocol.Kind{protocol.Float64, protocol.Float32, protocol.Money, protocol.Decimal} {
		if a == k || b == k {
			if k == protocol.Float32 {
				return protocol.Float64
			}
			return k
		}
	}
	if a == b {
		return a
	}
	return protocol.Int64
}

// unify returns the kind of what is the one or the other. It says nothing of NULL.
func (v *resolver) unify(a, b answer) answer {
	switch {
	case !a.known():
		a, b = b, a
		fallthrough
	case !b.known() || a.Kind == b.Kind:
		return answer{Kind: a.Kind, SQLType: a.SQLType, Source: a.Source}
	case numeric(a.Kind) && numeric(b.Kind):
		kind := wider(a.Kind, b.Kind)
		// A literal with a fraction takes the type of the other side.
		if a.Kind == protocol.Decimal && b.Source == "literal" || b.Kind == protocol.Decimal && a.Source == "literal" {
			kind = protocol.Decimal
		}
		return answer{Kind: kind, Source: a.Source}
	case b.Kind == protocol.Text && a.Kind != protocol.Binary, a.Kind == protocol.Text && b.Kind != protocol.Binary:
		return answer{Kind: protocol.Text, Source: a.Source}
	}
	return answer{}
}

// unifyAll returns the kind of what is one of several expressions.
func (v *resolver) unifyAll(all []*expression, answers []answer) answer {
	var kind answer
	for i, a := range answers {
		if other, ok := v.asLiteral(all[i], kind.Kind); ok {
			a.Kind = other
		}
		if kind = v.unify(kind, a); !kind.known() && a.known() {
			return answer{}
		}
	}
	return kind
}

// asLiteral returns the kind of a day, time or document that a text literal stands
// for beside one.
func (v *resolver) asLiteral(e *expression, beside protocol.Kind) (protocol.Kind, bool) {
	if e != nil && e.form == literalForm && beside == protocol.JSON {
		return beside, literalKind(v.reading.last(e)) == protocol.Text
	}
	layouts := map[protocol.Kind]string{protocol.Date: time.DateOnly, protocol.Timestamp: time.DateTime, protocol.Time: time.TimeOnly}
	if e == nil || e.form != literalForm || layouts[beside] == "" {
		return protocol.Invalid, false
	}
	_, err := time.Parse("'"+layouts[beside]+"'", v.reading.last(e).Text)
	return beside, err == nil
}

func (v *resolver) cast(e *expression, sc *scope) answer {
	operand := v.answer(e.args[0], sc)
	a := v.strictly(answer{Kind: v.d.castKind(e.op), Source: "cast to " + e.op}, []answer{operand})
	switch a.Kind {
	case protocol.Invalid, protocol.JSON:
		a.notNull, a.why = false, unproven
	case protocol.Date, protocol.Time, protocol.Timestamp, protocol.TimestampTZ, protocol.UUID, protocol.Interval:
		if !v.d.plugin.Describe.Infallible {
			a.notNull, a.why = false, "NULL where it is no date"
		}
		if !v.d.plugin.Describe.Expressions {
			a.Kind = protocol.Invalid // SQLite makes a number of it
		}
	}
	if operand.Kind == protocol.JSON || !operand.known() && v.d.plugin.Describe.Expressions && e.args[0].form != literalForm {
		a.notNull, a.why = false, unproven
	}
	return a
}

// caseOf answers for CASE: each branch is seen with what its condition proves.
func (v *resolver) caseOf(e *expression, sc *scope) answer {
	var results []*expression
	var answers []answer
	left := sc
	for i := 1; i+1 < len(e.args); i += 2 {
		when, within := e.args[i], left
		if e.args[0] == nil {
			within = v.branch(when, isTrue, left)
			left = v.branch(when, notTrue, left)
		}
		results, answers = append(results, e.args[i+1]), append(answers, v.answer(e.args[i+1], within))
	}
	otherwise := e.args[len(e.args)-1]
	results, answers = append(results, otherwise), append(answers, v.answer(otherwise, left))
	a := v.unifyAll(results, answers)
	a.Source = "CASE"
	a = v.strictly(a, answers)
	if a.notNull {
		a.why = "no branch of CASE is NULL"
	}
	return a
}

func (v *resolver) in(e *expression, sc *scope) answer {
	operands := v.answers(e.args, sc)
	if e.query != nil {
		columns, ok := v.query(e.query, sc)
		if !ok {
			return answer{Kind: protocol.Bool, Source: "IN", why: unproven}
		}
		for _, c := range columns {
			operands = append(operands, c.answer)
		}
	}
	return v.strictly(answer{Kind: protocol.Bool, Source: "IN"}, operands)
}

// subquery answers for a query that is a value, NULL when it has no row.
func (v *resolver) subquery(e *expression, sc *scope) answer {
	columns, ok := v.query(e.query, sc)
	if !ok || len(columns) != 1 {
		return answer{why: unproven}
	}
	a := columns[0].answer
	a.SQLType = ""
	if a.notNull && !v.oneRow(e.query, sc) {
		a.notNull, a.why = false, "the subquery may have no row"
	}
	return a
}

// oneRow tells whether a query always has a row: an aggregate of all rows, or a
// SELECT without FROM and WHERE.
func (v *resolver) oneRow(q *query, around *scope) bool {
	if len(q.arms) != 1 || q.arms[0].verb != "SELECT" || !q.arms[0].one {
		return false
	}
	a := q.arms[0]
	sc := v.scope(a, around)
	if a.from == nil && a.where == nil {
		return !slices.ContainsFunc(a.list, func(o output) bool { return o.e == nil || v.aggregatesWithin(o.span) })
	}
	return slices.ContainsFunc(a.list, func(o output) bool { return o.e != nil && v.hasAggregate(o.e, sc) })
}

// aggregatesWithin tells whether there is an aggregate, of whatever query.
func (v *resolver) aggregatesWithin(s span) bool {
	for i := s.from; i < s.to; i++ {
		if v.reading.aggregate(i) {
			return true
		}
	}
	return false
}

// hasAggregate tells whether in an expression there is an aggregate of the scope,
// and not of a query around it.
func (v *resolver) hasAggregate(e *expression, sc *scope) bool {
	if e.form == callForm && v.reading.aggregate(e.from) {
		return !slices.ContainsFunc(e.args, func(a *expression) bool { return !v.own(a, sc) })
	}
	return slices.ContainsFunc(e.args, func(a *expression) bool { return a != nil && v.hasAggregate(a, sc) })
}

// call answers for functions.
func (v *resolver) call(e *expression, sc *scope) answer {
	within := sc
	if e.filter != nil && sc != nil {
		within = v.branch(e.filter, isTrue, sc)
	}
	arguments := v.answers(e.args, within)
	if !e.over && v.d.plugin.Vendor() == "sqlite" && len(e.args) > 1 && (e.op == "MIN" || e.op == "MAX") {
		return v.strictly(v.unifyAll(e.args, arguments), arguments)
	}
	f, ok := v.d.function(e.op)
	if !ok {
		return answer{why: unproven}
	}
	a := answer{Kind: f.kind, Source: "function " + e.op}
	if f.argument {
		a.Kind = v.ofArguments(f, e, arguments)
	}
	a.notNull, a.why = v.neverNull(f, e, arguments, sc)
	return a
}

// ofArguments returns the kind of a function that answers with the kind of its
// arguments, except that sums and the like widen integers.
func (v *resolver) ofArguments(f function, e *expression, arguments []answer) protocol.Kind {
	if len(arguments) == 0 {
		return f.kind
	}
	one := arguments[min(f.first, len(arguments)-1)]
	if f.null == anyOf || f.null == branches || f.null == strictAll {
		one = v.unifyAll(e.args[f.first:], arguments[f.first:])
	}
	integer, _ := one.Kind.Integer()
	switch {
	case integer && f.kind != protocol.Invalid:
		return f.kind
	case integer && f.null == aggregated && e.op == "SUM":
		return protocol.Int64
	case one.Kind == protocol.Float32:
		return protocol.Float64
	}
	return one.Kind
}

// neverNull tells whether a function cannot be NULL, and why.
func (v *resolver) neverNull(f function, e *expression, arguments []answer, sc *scope) (bool, string) {
	strict := v.strictly(answer{}, arguments)
	switch f.null {
	case never:
		return true, e.op + " is never NULL"
	case strictly, strictAll:
		return strict.notNull, strict.why
	case shortly: // what is too long is NULL
		for i, a := range e.args {
			if !v.short(a, arguments[i]) {
				return false, e.op + " of long texts may be NULL"
			}
		}
		return strict.notNull, strict.why
	case firstOnly:
		return len(arguments) > 0 && arguments[0].notNull, strict.why
	case anyOf:
		for _, a := range arguments {
			if a.notNull {
				return true, "an argument of " + e.op + " is not NULL"
			}
		}
		return false, "all arguments of " + e.op + " may be NULL"
	case branches:
		condition := v.branch(e.args[0], isTrue, sc)
		if len(e.args) != 3 {
			return false, unproven
		}
		both := v.strictly(answer{}, []answer{v.answer(e.args[1], condition), v.answer(e.args[2], v.branch(e.args[0], notTrue, sc))})
		return both.notNull, both.why
	case aggregated, collected:
		return v.aggregatedNotNull(f, e, arguments, sc)
	case inFrame:
		if !e.over || e.framed || sc != nil && sc.arm != nil && sc.arm.framed {
			return false, "the frame of the window may be empty"
		}
		return strict.notNull, strict.why
	case offset:
		if len(arguments) < 3 {
			return false, "there may be no such row"
		}
		return strict.notNull, strict.why
	case now:
		if len(e.args) == 0 || len(e.args) == 1 && strings.EqualFold(v.reading.text(e.args[0].span), "'now'") {
			return true, e.op + " of now is not NULL"
		}
		return false, "NULL where it is no date"
	case numberedText: // SUBSTR(x'', 1) is NULL in SQLite, SUBSTRING(a FROM 'b') in PostgreSQL
		numbers := true
		for _, a := range arguments[min(1, len(arguments)):] {
			integer, _ := a.Kind.Integer()
			numbers = numbers && integer
		}
		return strict.notNull && numbers && v.d.plugin.Describe.Expressions, strict.why
	case literalFirst:
		return len(e.args) > 0 && e.args[0].form == literalForm && arguments[0].notNull, e.op + " of a literal"
	}
	return false, unproven
}

// short tells whether an expression cannot be a long text.
func (v *resolver) short(e *expression, a answer) bool {
	switch {
	case e.form == literalForm, numeric(a.Kind), a.Kind == protocol.Date, a.Kind == protocol.Timestamp:
		return true
	}
	return strings.HasPrefix(a.SQLType, "VARCHAR(") || strings.HasPrefix(a.SQLType, "CHAR(")
}

// aggregatedNotNull tells whether an aggregate is not NULL: there is a row, and
// in it the argument.
func (v *resolver) aggregatedNotNull(f function, e *expression, arguments []answer, sc *scope) (bool, string) {
	if e.over {
		if e.framed || e.filter != nil || sc != nil && sc.arm != nil && sc.arm.framed {
			return false, "the frame of the window may be empty"
		}
	} else if sc == nil || sc.arm == nil || !sc.arm.grouped || sc.arm.sets || e.filter != nil {
		return false, "of no rows " + e.op + " is NULL"
	}
	if len(arguments) == 0 || sc == nil || !v.own(e.args[0], sc) {
		return false, unproven
	}
	if !arguments[0].notNull && f.null != collected {
		return false, arguments[0].why
	}
	integer, _ := arguments[0].Kind.Integer()
	counts := e.op == "SUM" || e.op == "AVG"
	if counts && !integer && !v.d.plugin.Describe.Expressions {
		return false, "infinities add up to NULL"
	}
	return true, "each group has a row, and in it the argument of " + e.op
}

// own tells whether all columns of an expression are of the scope's own relations.
// An aggregate of others may be one of the query around it.
func (v *resolver) own(e *expression, sc *scope) bool {
	if e.form == columnForm {
		_, ok, _ := among(sc.relations, e.qualifier, e.name)
		return ok
	}
	return e.form != unread && e.query == nil && !slices.ContainsFunc(e.args, func(a *expression) bool { return a != nil && !v.own(a, sc) })
}
