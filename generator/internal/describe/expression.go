package describe

import (
	"strings"

	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
)

// parser reads expressions and table references at token i, up to token to.
type parser struct {
	reading
	i, to int
}

// readExpression reads all of s as one expression; its form is unread where it is
// not understood.
func (r reading) readExpression(s span) *expression {
	p := parser{reading: r, i: s.from, to: s.to}
	if e := p.expression(0); e != nil && p.i == s.to {
		return e
	}
	return &expression{span: s}
}

func (p *parser) accept(words ...string) bool {
	if p.i < p.to && p.is(p.i, words...) {
		p.i++
		return true
	}
	return false
}

// How tight operators bind.
const (
	orLevel = 1 + iota
	andLevel
	notLevel
	compareLevel
	otherLevel // of PostgreSQL, and those on bits
	addLevel
	multiplyLevel
	powerLevel
	concatLevel // of SQLite, whose || and -> bind before all arithmetic
	signLevel
)

var binary = []struct {
	operators string
	level     int
}{
	{"OR XOR", orLevel},
	{"AND", andLevel},
	{"= == <> != < > <= >= <=> LIKE ILIKE GLOB REGEXP RLIKE MATCH ~ OVERLAPS", compareLevel},
	{"& | # @> <@ #> #>> #- @@", otherLevel},
	{"+ -", addLevel},
	{"* / % DIV MOD", multiplyLevel},
	{"^", powerLevel},
}

// arrows are operators that some databases bind like ||.
var arrows = []string{"||", "->", "->>"}

// operatorLevel returns how tight the operator at token i binds, 0 where there is none.
func (p *parser) operatorLevel(i int) int {
	if i >= p.to {
		return 0
	}
	if p.is(i, arrows...) {
		return p.pipes
	}
	for _, b := range binary {
		for operator := range strings.FieldsSeq(b.operators) {
			if p.tokens[i].Is(operator) {
				return b.level
			}
		}
	}
	return 0
}

// expression reads an expression of operators that bind at least as tight as min,
// nil where it is not understood.
func (p *parser) expression(min int) *expression {
	left := p.prefix()
	for left != nil && p.i < p.to {
		next := p.postfix(left)
		if next == left && min <= compareLevel {
			next = p.predicate(left)
		}
		if next == left {
			next = p.binary(left, min)
		}
		if next == left {
			return left
		}
		left = next
	}
	return left
}

// binary reads an operator that binds tight enough and its right side.
func (p *parser) binary(left *expression, min int) *expression {
	level := p.operatorLevel(p.i)
	if level == 0 || level < min {
		return left
	}
	op := strings.ToUpper(p.tokens[p.i].Text)
	p.i++
	switch {
	case op == "=":
		p.accept("=")
	case op == "~":
		p.accept("*")
	case op == "<" && p.accept("<"), op == ">" && p.accept(">"): // shifts
		op, level = "<<", otherLevel
	}
	right := p.expression(level + 1)
	if right == nil {
		return nil
	}
	e := &expression{span: span{left.from, p.i}, form: operatorForm, op: op, args: []*expression{left, right}}
	if op == "LIKE" || op == "ILIKE" {
		if p.accept("ESCAPE") {
			escape := p.expression(otherLevel)
			if escape == nil {
				return nil
			}
			e.args, e.to = append(e.args, escape), p.i
		}
	}
	return e
}

// postfix reads what binds tightest: casts, subscripts, collations and zones.
func (p *parser) postfix(left *expression) *expression {
	e := &expression{form: operatorForm, args: []*expression{left}}
	switch {
	case p.accept("::"):
		e.form, e.op = castForm, p.typeName()
	case p.is(p.i, "[") && p.i < p.to:
		for depth := 0; p.i < p.to; p.i++ {
			if p.is(p.i, "[") {
				depth++
			} else if p.is(p.i, "]") {
				if depth--; depth == 0 {
					break
				}
			}
		}
		p.i++
		e.op = "[]"
	case p.accept("COLLATE"):
		p.i, _ = p.qualified(p.i)
		e.op = "COLLATE"
	case p.is(p.i, "AT") && p.is(p.i+1, "TIME") && p.is(p.i+2, "ZONE"):
		p.i += 3
		zone := p.prefix()
		if zone == nil {
			return nil
		}
		e.op, e.args = "AT TIME ZONE", append(e.args, zone)
	default:
		return left
	}
	if p.i > p.to {
		return nil
	}
	e.span = span{left.from, p.i}
	return e
}

// typeName reads the name of a type and returns its first words in capitals, ""
// for an array.
func (p *parser) typeName() string {
	next, name := p.qualified(p.i)
	p.i = next
	p.accept("PRECISION", "VARYING")
	if p.is(p.i, "(") {
		p.i = p.closing(p.i) + 1
	}
	if p.is(p.i, "WITH", "WITHOUT") && p.is(p.i+1, "TIME") {
		if p.is(p.i, "WITH") && strings.EqualFold(name, "TIMESTAMP") {
			name = "TIMESTAMPTZ"
		}
		p.i += 3
	}
	for p.is(p.i, "[") {
		name = ""
		for p.i < p.to && !p.is(p.i, "]") {
			p.i++
		}
		p.i++
	}
	return strings.ToUpper(name)
}

// predicate reads IS, IN, BETWEEN and the like behind their left side.
func (p *parser) predicate(left *expression) *expression {
	if p.accept("ISNULL") {
		return p.test(left, "IS NULL")
	}
	if p.accept("NOTNULL") {
		return p.test(left, "IS NOT NULL")
	}
	if p.accept("IS") {
		return p.isTest(left)
	}
	start := p.i
	not := p.accept("NOT")
	var e *expression
	switch {
	case p.is(p.i, "IN") && p.is(p.i+1, "("):
		e = p.in(left)
	case p.accept("BETWEEN"):
		p.accept("SYMMETRIC", "ASYMMETRIC")
		low := p.expression(otherLevel)
		if low == nil || !p.accept("AND") {
			return nil
		}
		high := p.expression(otherLevel)
		if high == nil {
			return nil
		}
		e = &expression{form: betweenForm, args: []*expression{left, low, high}}
	case p.accept("SIMILAR"):
		if right := p.similar(); right != nil {
			e = &expression{form: operatorForm, op: "LIKE", args: []*expression{left, right}}
		}
	case not && p.is(p.i, "LIKE", "ILIKE", "GLOB", "REGEXP", "RLIKE", "MATCH"):
		e = p.binary(left, compareLevel)
	default:
		p.i = start
		return left
	}
	if e == nil {
		return nil
	}
	if e.span = (span{left.from, p.i}); not {
		e = &expression{span: e.span, form: operatorForm, op: "NOT", args: []*expression{e}}
	}
	return e
}

func (p *parser) similar() *expression {
	if !p.accept("TO") {
		return nil
	}
	return p.expression(otherLevel)
}

// test is a predicate that is never NULL.
func (p *parser) test(e *expression, op string) *expression {
	return &expression{span: span{e.from, p.i}, form: operatorForm, op: op, args: []*expression{e}}
}

// isTest reads what stands behind IS.
func (p *parser) isTest(left *expression) *expression {
	op := "IS"
	if p.accept("NOT") {
		op = "IS NOT"
	}
	if p.accept("NULL") {
		return p.test(left, op+" NULL")
	}
	if p.accept("TRUE", "FALSE", "UNKNOWN") {
		return p.test(left, "IS TRUTH")
	}
	if p.accept("DISTINCT") && !p.accept("FROM") {
		return nil
	}
	right := p.expression(otherLevel)
	if right == nil {
		return nil
	}
	e := p.test(left, "IS")
	e.args = append(e.args, right)
	return e
}

// in reads the list or query of IN.
func (p *parser) in(left *expression) *expression {
	inside := span{p.i + 2, p.closing(p.i + 1)}
	p.i = inside.to + 1
	e := &expression{form: inForm, args: []*expression{left}}
	if p.startsQuery(inside.from) {
		if e.query = p.query(inside); e.query != nil {
			return e
		}
	}
	for _, item := range p.items(inside) {
		e.args = append(e.args, p.readExpression(item))
	}
	return e
}

// prefix reads an operand with the signs before it.
func (p *parser) prefix() *expression {
	if p.i >= p.to {
		return nil
	}
	start, t := p.i, p.tokens[p.i]
	switch {
	case p.accept("NOT"):
		return p.signed(start, "NOT", notLevel)
	case p.accept("-"):
		return p.signed(start, "-", signLevel)
	case p.accept("+"):
		return p.signed(start, "-", signLevel)
	case p.accept("~"):
		return p.signed(start, "BITS", signLevel)
	case p.accept("!"):
		return p.signed(start, "NOT", signLevel)
	case t.Is("("):
		return p.parenthesised()
	case t.Is("CASE"):
		return p.caseOf()
	case t.Is("INTERVAL") && !p.is(p.i+1, "(", ","):
		return p.interval()
	case t.Is("DATE", "TIME", "TIMESTAMP", "TIMESTAMPTZ") && p.i+1 < p.to && p.tokens[p.i+1].Kind == sqlscan.String:
		p.i += 2
		return &expression{span: span{start, p.i}, form: castForm, op: strings.ToUpper(t.Text), args: []*expression{{span: span{start + 1, p.i}, form: literalForm}}}
	case t.Is("ARRAY") && p.is(p.i+1, "["):
		p.i++
		e := p.postfix(&expression{span: span{start, p.i}})
		if e != nil {
			e.op = "ARRAY"
		}
		return e
	case t.Kind == sqlscan.Word && p.is(p.i+1, "("):
		return p.function()
	case t.Kind == sqlscan.Number, t.Kind == sqlscan.String, t.Is("TRUE", "FALSE", "NULL", "DEFAULT"):
		p.i++
		return &expression{span: span{start, p.i}, form: literalForm}
	case t.Kind == sqlscan.Question:
		p.i++
		return &expression{span: span{start, p.i}, form: markerForm}
	case t.Is(niladic...):
		p.i++
		return &expression{span: span{start, p.i}, form: callForm, op: strings.ToUpper(t.Text)}
	case p.name(p.i) != "":
		return p.columnOrFunction()
	}
	return nil
}

// niladic are functions without parentheses.
var niladic = strings.Fields("CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP LOCALTIME LOCALTIMESTAMP CURRENT_USER SESSION_USER")

func (p *parser) signed(start int, op string, level int) *expression {
	operand := p.expression(level)
	if operand == nil {
		return nil
	}
	return &expression{span: span{start, p.i}, form: operatorForm, op: op, args: []*expression{operand}}
}

func (p *parser) columnOrFunction() *expression {
	start := p.i
	next, last := p.qualified(p.i)
	if p.is(next, "(") && next < p.to { // schema.function(…)
		p.i = p.closing(next) + 1
		return &expression{span: span{start, p.i}, form: callForm, op: "?"}
	}
	e := &expression{span: span{start, next}, form: columnForm, name: last}
	if next-start > 2 {
		e.qualifier = p.name(next - 3)
	}
	if p.i = next; p.i > p.to {
		return nil
	}
	return e
}

// parenthesised reads a query, a row or an expression in parentheses.
func (p *parser) parenthesised() *expression {
	start := p.i
	inside := span{start + 1, p.closing(start)}
	p.i = inside.to + 1
	if p.i > p.to {
		return nil
	}
	whole := span{start, p.i}
	if p.startsQuery(inside.from) {
		if q := p.query(inside); q != nil {
			return &expression{span: whole, form: subqueryForm, query: q}
		}
	}
	items := p.items(inside)
	if len(items) == 1 {
		e := p.readExpression(items[0])
		e.span = whole
		return e
	}
	return p.row(whole, items)
}

func (p *parser) row(whole span, items []span) *expression {
	e := &expression{span: whole, form: rowForm}
	for _, item := range items {
		e.args = append(e.args, p.readExpression(item))
	}
	return e
}

func (p *parser) caseOf() *expression {
	e := &expression{form: caseForm, args: []*expression{nil}}
	start := p.i
	p.i++
	if !p.is(p.i, "WHEN") {
		if e.args[0] = p.expression(0); e.args[0] == nil {
			return nil
		}
	}
	for p.accept("WHEN") {
		when := p.expression(0)
		if when == nil || !p.accept("THEN") {
			return nil
		}
		then := p.expression(0)
		if then == nil {
			return nil
		}
		e.args = append(e.args, when, then)
	}
	var otherwise *expression
	if p.accept("ELSE") {
		if otherwise = p.expression(0); otherwise == nil {
			return nil
		}
	}
	if !p.accept("END") {
		return nil
	}
	e.args, e.span = append(e.args, otherwise), span{start, p.i}
	return e
}

// interval reads INTERVAL '1 day' and INTERVAL n DAY.
func (p *parser) interval() *expression {
	start := p.i
	p.i++
	amount := p.expression(addLevel)
	if amount == nil {
		return nil
	}
	p.accept(units...)
	return &expression{span: span{start, p.i}, form: intervalForm, args: []*expression{amount}}
}

var units = strings.Fields(`MICROSECOND SECOND MINUTE HOUR DAY WEEK MONTH QUARTER YEAR DAY_HOUR DAY_MINUTE DAY_SECOND HOUR_MINUTE
	HOUR_SECOND MINUTE_SECOND YEAR_MONTH`)

// function reads a call and what looks like one.
func (p *parser) function() *expression {
	start := p.i
	name := strings.ToUpper(p.tokens[start].Text)
	inside := span{start + 2, p.closing(start + 1)}
	p.i = inside.to + 1
	if p.i > p.to {
		return nil
	}
	whole := span{start, p.i}
	switch name {
	case "CAST", "TRY_CAST":
		as := p.first(inside, "AS")
		t := parser{reading: p.reading, i: as + 1, to: inside.to}
		return &expression{span: whole, form: castForm, op: t.typeName(), args: []*expression{p.readExpression(span{inside.from, as})}}
	case "CONVERT":
		if items := p.items(inside); len(items) == 2 {
			t := parser{reading: p.reading, i: items[1].from, to: inside.to}
			return &expression{span: whole, form: castForm, op: t.typeName(), args: []*expression{p.readExpression(items[0])}}
		}
	case "EXISTS":
		q := p.query(inside)
		if q == nil {
			return nil
		}
		return &expression{span: whole, form: existsForm, query: q}
	case "ROW":
		return p.row(whole, p.items(inside))
	}
	e := &expression{form: callForm, op: name, args: p.arguments(name, inside)}
	if name == "COUNT" && p.star(inside) {
		e.args = nil
	}
	p.behindCall(e)
	e.span = span{start, p.i}
	return e
}

// arguments reads the arguments of a call, those between words included.
func (p *parser) arguments(name string, inside span) []*expression {
	if p.is(inside.from, "SELECT", "WITH") {
		if q := p.query(inside); q != nil {
			return []*expression{{span: inside, form: subqueryForm, query: q}}
		}
	}
	if p.is(inside.from, "DISTINCT", "ALL", "BOTH", "LEADING", "TRAILING") {
		inside.from++
	}
	if name == "EXTRACT" { // EXTRACT(YEAR FROM x)
		inside.from = min(p.first(inside, "FROM")+1, inside.to)
	}
	var all []*expression
	for _, item := range p.items(inside) {
		for !item.empty() {
			end := p.first(item, "FROM", "FOR", "USING", "ORDER", "SEPARATOR")
			if name == "POSITION" {
				end = min(end, p.first(item, "IN"))
			}
			all = append(all, p.readExpression(span{item.from, end}))
			if p.is(end, "ORDER", "SEPARATOR", "USING") {
				break
			}
			item.from = end + 1
		}
	}
	return all
}

// behindCall reads WITHIN GROUP, FILTER and OVER.
func (p *parser) behindCall(e *expression) {
	if p.is(p.i, "WITHIN") && p.is(p.i+1, "GROUP") && p.is(p.i+2, "(") && p.i < p.to {
		p.i = p.closing(p.i+2) + 1
		e.op = "WITHIN GROUP"
	}
	if p.is(p.i, "FILTER") && p.is(p.i+1, "(") && p.i < p.to {
		end := p.closing(p.i + 1)
		e.filter = p.readExpression(span{p.i + 3, end})
		p.i = end + 1
	}
	if p.is(p.i, "IGNORE", "RESPECT") && p.is(p.i+1, "NULLS") && p.i < p.to {
		e.framed = true
		p.i += 2
	}
	if !p.is(p.i, "OVER") || p.i >= p.to {
		return
	}
	e.over = true
	next := p.skipWindow(p.i)
	for i := p.i; i < next; i++ {
		e.framed = e.framed || p.is(i, frames...)
	}
	p.i = next
}
