package describe

import (
	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// place is where a parameter stands, as far as it tells the parameter's type.
type place struct {
	token int

	// kind is known from the place alone, with the reason.
	kind   protocol.Kind
	reason string

	operand  span   // the expression that the parameter is compared with
	table    string // or the table, as written, into which it is inserted
	column   string // and the column's name there, "" to go by its number
	number   int
	assigned bool // the value is stored in a column
}

// place finds out where the parameter marker at the offset stands.
func (r reading) place(offset int) place {
	p := place{token: -1}
	for i, t := range r.tokens {
		if t.Offset == offset && t.Kind == sqlscan.Question {
			p.token = i
		}
	}
	if p.token < 0 {
		return p
	}
	for _, look := range []func(reading, *place) bool{
		reading.cast, reading.limit, reading.inserted, reading.listed, reading.between, reading.operator,
	} {
		if look(r, &p) {
			break
		}
	}
	return p
}

// cast reads CAST(? AS type) and ?::type.
func (r reading) cast(p *place) bool {
	i := p.token
	name := ""
	switch {
	case r.is(i-1, "(") && r.is(i-2, "CAST") && r.is(i+1, "AS"):
		name = r.name(i + 2)
	case r.is(i+1, "::"):
		name = r.name(i + 2)
	}
	p.kind, p.reason = castKind(name), "cast to "+name
	return name != ""
}

// limit reads LIMIT ?, OFFSET ?, LIMIT ?, ? and FETCH FIRST ? ROWS.
func (r reading) limit(p *place) bool {
	i := p.token
	ok := r.is(i-1, "LIMIT", "OFFSET") || r.is(i-1, ",") && r.is(i-3, "LIMIT") ||
		r.is(i-1, "FIRST", "NEXT") && r.is(i-2, "FETCH")
	if ok {
		p.kind, p.reason = protocol.Int64, "row count"
	}
	return ok
}

// inserted reads INSERT INTO t (c, …) VALUES (?, …) and INSERT INTO t SELECT ?, ….
func (r reading) inserted(p *place) bool {
	i := p.token
	if !r.is(i+1, ",", ")", "FROM", "WHERE", "UNION", ";") && i+1 < len(r.tokens) {
		return false
	}
	row := r.level(i)
	if r.tupleOf(row.from-1, "VALUES") {
		return r.target(p, row, row.from-1)
	}
	arm := r.arm(i)
	verb := r.first(arm, "SELECT")
	if !r.is(arm.from, "INSERT", "REPLACE") || verb > i {
		return false
	}
	for n, item := range r.selectList(span{verb, arm.to}) {
		if item == (span{i, i + 1}) {
			p.number = n
			return r.intoTable(p, verb)
		}
	}
	return false
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

// target says which column the marker of a VALUES tuple goes to, if it stands
// there alone.
func (r reading) target(p *place, tuple span, verb int) bool {
	for n, item := range r.items(tuple) {
		if item == (span{p.token, p.token + 1}) {
			p.number = n
			return r.intoTable(p, verb)
		}
	}
	return false
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
	open := r.level(p.token).from - 1
	if !r.is(open-1, "IN") || !r.is(p.token-1, "(", ",") || !r.is(p.token+1, ",", ")") || r.is(open+1, "SELECT", "WITH", "VALUES") {
		return false
	}
	p.operand = r.before(r.skipNot(open - 2))
	return !p.operand.empty()
}

// skipNot steps over a NOT that belongs to the operator behind it.
func (r reading) skipNot(i int) int {
	if r.is(i, "NOT") {
		return i - 1
	}
	return i
}

// between reads X BETWEEN ? AND ?.
func (r reading) between(p *place) bool {
	i := p.token - 1
	if r.is(i, "AND") { // the second one, if a BETWEEN comes before any other AND
		for i--; i >= 0 && r.depth[i] >= r.depth[p.token] && !r.is(i, "BETWEEN", "AND", "OR", "WHERE", "ON"); i-- {
		}
	}
	if !r.is(i, "BETWEEN") {
		return false
	}
	p.operand = r.before(r.skipNot(i - 1))
	return !p.operand.empty()
}

var comparisons = []string{"=", "<>", "!=", "<", ">", "<=", ">=", "<=>", "+", "-", "*", "/", "%", "IS"}

// operator reads X op ? and ? op X, assignments included.
func (r reading) operator(p *place) bool {
	i := p.token
	switch {
	case r.is(i-1, "LIKE", "ILIKE", "||", "GLOB", "REGEXP", "RLIKE") || r.is(i+1, "||", "LIKE"):
		p.kind, p.reason = protocol.Text, "text operator"
		return true
	case r.is(i-1, comparisons...):
		p.operand = r.before(i - 2)
		p.assigned = r.is(i-1, "=") && r.assigns(i-1)
	case r.is(i+1, comparisons...):
		p.operand = r.after(i + 2)
	}
	return !p.operand.empty()
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

// before returns the operand that ends with token i.
func (r reading) before(i int) span {
	s := span{i, i + 1}
	switch {
	case r.is(i, ")"):
		s.from = r.opening(i)
		if r.name(s.from-1) != "" {
			s.from--
		}
	case r.name(i) == "":
		return span{}
	}
	for r.is(s.from-1, ".") && r.name(s.from-2) != "" {
		s.from -= 2
	}
	return s
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

// scopes returns the FROM clauses in which the names beside token i may be
// found, the innermost first.
func (r reading) scopes(i int) []span {
	var all []span
	for {
		if from := r.fromClause(r.arm(i)); !from.empty() {
			all = append(all, from)
		}
		if outer := r.level(i).from - 1; outer >= 0 {
			i = outer
			continue
		}
		return all
	}
}
