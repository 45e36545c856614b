package describe

import (
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// place is where a parameter stands, as far as it tells the parameter's type.
type place struct {
	span // the marker, with the parentheses that are around it alone

	// kind is known from the place alone, with the reason.
	kind   protocol.Kind
	reason string
	cast   string // or the type, as written, that it is cast to

	operand  span   // the expression that the parameter is compared with
	table    string // or the table, as written, into which it is inserted
	column   string // and the column's name there, "" to go by its number
	number   int
	assigned bool   // the value is stored in a column
	function string // or the function, in capitals, that it is an argument of
}

// place finds out where the parameter marker at the offset stands.
func (r reading) place(offset int) place {
	p := place{}
	for i, t := range r.tokens {
		if t.Offset == offset && t.Kind == sqlscan.Question {
			p.span = span{i, i + 1}
		}
	}
	for !p.empty() && !r.look(&p) && r.is(p.from-1, "(") && r.is(p.to, ")") {
		p.span = span{p.from - 1, p.to + 1}
	}
	return p
}

// look tells whether the neighbours of the parameter say something.
func (r reading) look(p *place) bool {
	for _, kind := range []func(reading, *place) bool{
		reading.casts, reading.limit, reading.inserted, reading.listed, reading.between, reading.operator, reading.argument,
	} {
		if kind(r, p) {
			return true
		}
	}
	return false
}

// casts reads CAST(? AS type) and ?::type.
func (r reading) casts(p *place) bool {
	switch {
	case r.is(p.from-1, "(") && r.is(p.from-2, "CAST") && r.is(p.to, "AS"), r.is(p.to, "::"):
		p.cast = r.name(p.to + 1)
	}
	return p.cast != ""
}

// limit reads LIMIT ?, OFFSET ?, LIMIT ?, ? and FETCH FIRST ? ROWS.
func (r reading) limit(p *place) bool {
	i := p.from
	ok := r.is(i-1, "LIMIT", "OFFSET") || r.is(i-1, ",") && r.is(i-3, "LIMIT") ||
		r.is(i-1, "FIRST", "NEXT") && r.is(i-2, "FETCH")
	if ok {
		p.kind, p.reason = protocol.Int64, "row count"
	}
	return ok
}

// inserted reads INSERT INTO t (c, …) VALUES (?, …) and INSERT INTO t SELECT ?, ….
func (r reading) inserted(p *place) bool {
	row := r.level(p.from)
	if r.tupleOf(row.from-1, "VALUES") {
		return r.alone(p, r.items(row)) && r.intoTable(p, row.from-1)
	}
	arm := r.arm(p.from)
	verb := r.first(arm, "SELECT")
	if !r.is(arm.from, "INSERT", "REPLACE") || verb > p.from {
		return false
	}
	return r.alone(p, r.selectList(span{verb, arm.to})) && r.intoTable(p, verb)
}

// alone tells whether the parameter is one of the items, and its number.
func (r reading) alone(p *place, items []span) bool {
	p.number = slices.Index(items, p.span)
	return p.number >= 0
}

// tupleOf tells whether the "(" at token i begins one of the tuples behind word.
func (r reading) tupleOf(i int, word string) bool {
	for i > 0 && r.is(i, "(") {
		if r.is(i-1, word) {
			return true
		}
		if !r.is(i-1, ",") || !r.is(i-2, ")") {
			return false
		}
		i = r.opening(i - 2)
	}
	return false
}

func (r reading) opening(i int) int {
	if start := sqlscan.Match(r.tokens, i); start >= 0 {
		return start
	}
	return 0
}

// intoTable reads INTO t (c, …) before token verb.
func (r reading) intoTable(p *place, verb int) bool {
	level := r.level(verb)
	into := r.first(level, "INTO")
	if into >= verb {
		return false
	}
	next, _ := r.qualified(into + 1)
	p.table, p.assigned = r.text(span{into + 1, next}), true
	if r.is(next, "AS") {
		next += 2
	}
	if r.is(next, "(") {
		columns := r.items(span{next + 1, r.closing(next)})
		if p.number >= len(columns) {
			return false
		}
		p.column = r.name(columns[p.number].from)
	}
	return true
}

// listed reads X IN (?, …).
func (r reading) listed(p *place) bool {
	open := r.level(p.from).from - 1
	if !r.is(open-1, "IN") || !r.is(p.from-1, "(", ",") || !r.is(p.to, ",", ")") || r.is(open+1, "SELECT", "WITH", "VALUES") {
		return false
	}
	p.operand = r.compared(r.skipNot(open - 2))
	return !p.operand.empty()
}

// skipNot steps back over a NOT that belongs to the operator behind it.
func (r reading) skipNot(i int) int {
	if r.is(i, "NOT") {
		return i - 1
	}
	return i
}

// between reads X BETWEEN ? AND ?.
func (r reading) between(p *place) bool {
	i := p.from - 1
	if r.is(i, "AND") { // the second one, if a BETWEEN comes before any other AND
		for i--; i >= 0 && r.depth[i] >= r.depth[p.from] && !r.is(i, "BETWEEN", "AND", "OR", "WHERE", "ON"); i-- {
		}
	}
	if !r.is(i, "BETWEEN") {
		return false
	}
	p.operand = r.compared(r.skipNot(i - 1))
	return !p.operand.empty()
}

var (
	arithmetic  = []string{"+", "-", "*", "/", "%"}
	comparisons = append([]string{"=", "<>", "!=", "<", ">", "<=", ">=", "<=>", "IS"}, arithmetic...)
)

// operator reads X op ? and ? op X, assignments included.
func (r reading) operator(p *place) bool {
	i := r.operatorBefore(p.from - 1)
	switch {
	case r.is(i, "LIKE", "ILIKE", "||", "GLOB", "REGEXP", "RLIKE", "ESCAPE") || r.is(p.to, "||", "LIKE"):
		p.kind, p.reason = protocol.Text, "text operator"
		return true
	case r.is(i, arithmetic...):
		p.operand = r.before(i - 1)
	case r.is(i, comparisons...):
		p.operand = r.compared(i - 1)
		p.assigned = r.is(i, "=") && r.assigns(i)
	case r.is(p.to, comparisons...):
		p.operand = r.after(p.to + 1)
	}
	return !p.operand.empty()
}

// operatorBefore returns the first word of the operator that ends with token i:
// the IS of IS NOT and of IS NOT DISTINCT FROM.
func (r reading) operatorBefore(i int) int {
	start := i
	if r.is(i, "FROM") && r.is(i-1, "DISTINCT") {
		start -= 2
	}
	if start = r.skipNot(start); r.is(start, "IS") {
		return start
	}
	return i
}

// assigns tells whether the "=" at token i is one of a SET clause.
func (r reading) assigns(i int) bool {
	for j := i - 1; j >= 0 && r.depth[j] >= r.depth[i]; j-- {
		if r.depth[j] > r.depth[i] {
			continue
		}
		if r.is(j, "SET") || r.is(j, "UPDATE") && r.is(j-1, "KEY") {
			return true
		}
		if r.is(j, "WHERE", "ON", "HAVING", "SELECT", "AND", "OR", "WHEN") {
			return false
		}
	}
	return false
}

// compared returns the operand of a comparison that ends with token i, with the
// arithmetic in it.
func (r reading) compared(i int) span {
	s := r.before(i)
	for !s.empty() && r.is(s.from-1, arithmetic...) {
		left := r.before(s.from - 2)
		if left.empty() {
			return span{}
		}
		s.from = left.from
	}
	return s
}

// before returns the operand that ends with token i.
func (r reading) before(i int) span {
	s := span{i, i + 1}
	switch {
	case r.is(i, ")"):
		s.from = r.opening(i)
		if r.name(s.from-1) != "" {
			s.from--
		}
	case r.name(i) == "" && !r.number(i):
		return span{}
	}
	for r.is(s.from-1, ".") && r.name(s.from-2) != "" {
		s.from -= 2
	}
	return s
}

func (r reading) number(i int) bool {
	return i >= 0 && i < len(r.tokens) && r.tokens[i].Kind == sqlscan.Number
}

// after returns the operand that begins with token i.
func (r reading) after(i int) span {
	if r.is(i, "(") {
		return span{i, r.closing(i) + 1}
	}
	if r.name(i) == "" {
		return span{}
	}
	next, _ := r.qualified(i)
	if r.is(next, "(") {
		next = r.closing(next) + 1
	}
	return span{i, next}
}

// argument reads f(?, …). The arguments of some functions are of one type.
func (r reading) argument(p *place) bool {
	list := r.level(p.from)
	if !r.calls(list.from-2) || !r.alone(p, r.items(list)) {
		return false
	}
	p.function = strings.ToUpper(r.name(list.from - 2))
	if !slices.Contains([]string{"COALESCE", "IFNULL", "NULLIF"}, p.function) {
		return true
	}
	for _, item := range r.items(list) {
		if p.operand.empty() && !slices.ContainsFunc(r.tokens[item.from:item.to], isMarker) {
			p.operand = item
		}
	}
	return true
}

func isMarker(t sqlscan.Token) bool { return t.Kind == sqlscan.Question }
