package describe

// source is a table reference of a FROM clause.
type source struct {
	alias    string // the name that columns are qualified with
	written  string // that name as written
	name     string // the table's name as written; "" for a derived table
	table    string // its last part, without quotes; "" for a derived table
	nullable bool   // it stands on the outer side of a join
}

// clauses are the words that end a FROM clause.
var clauses = []string{
	"WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "FETCH", "WINDOW", "FOR", "RETURNING", "SET", "VALUES",
	"DUPLICATE", "CONFLICT", ";",
}

// fromClause returns the tokens between FROM and the next clause of an arm. The
// table of an UPDATE or INSERT counts as its FROM clause.
func (r reading) fromClause(arm span) span {
	start := r.from(arm)
	if start == arm.to {
		if start = r.first(arm, "UPDATE", "INTO"); r.is(start, "INTO") {
			return r.target(arm)
		}
	}
	from := span{start + 1, arm.to}
	if from.empty() {
		return span{}
	}
	from.to = r.first(from, clauses...)
	if r.is(from.to, "DUPLICATE", "CONFLICT") { // behind its ON
		from.to--
	}
	return from
}

// target returns the table that an INSERT or UPDATE changes, with its alias;
// nothing for any other arm.
func (r reading) target(arm span) span {
	start := r.first(arm, "UPDATE", "INTO")
	if start >= arm.to || r.is(arm.from, "SELECT") {
		return span{}
	}
	next, _ := r.qualified(start + 1)
	if r.is(next, "AS") {
		next += 2
	}
	return span{start + 1, min(next, arm.to)}
}

// sources reads a FROM clause; ok is false when not all of it was understood.
func (r reading) sources(from span) (all []source, ok bool) {
	ok = true
	for i := from.from; i < from.to; { // behind the comma or JOIN before the reference
		s, next, understood := r.source(i, from.to)
		outer := r.joins(i-1, "LEFT", "RIGHT", "FULL")
		// Without its ON, an outer join reaches over the references that follow.
		here := !outer || r.joins(i-1, "NATURAL") || r.is(next, "ON", "USING")
		ok = ok && understood && here
		if r.joins(i-1, "RIGHT", "FULL") {
			for k := range all {
				all[k].nullable = true
			}
		}
		s.nullable = r.joins(i-1, "LEFT", "FULL")
		all = append(all, s)
		i = r.first(span{next, from.to}, ",", "JOIN", "STRAIGHT_JOIN") + 1
	}
	return all, ok
}

// joins tells whether the JOIN at token i is of one of the kinds.
func (r reading) joins(i int, kinds ...string) bool {
	if !r.is(i, "JOIN") {
		return false
	}
	for i--; r.is(i, "LEFT", "RIGHT", "FULL", "INNER", "CROSS", "OUTER", "NATURAL"); i-- {
		if r.is(i, kinds...) {
			return true
		}
	}
	return false
}

// outerJoin tells whether there is an outer join anywhere in the statement.
func (r reading) outerJoin() bool {
	for i := range r.tokens {
		if r.joins(i, "LEFT", "RIGHT", "FULL") {
			return true
		}
	}
	return false
}

// source reads the table reference at token i; next stands behind its alias.
func (r reading) source(i, to int) (s source, next int, ok bool) {
	if r.is(i, "LATERAL", "ONLY") {
		i++
	}
	ok = true
	if r.is(i, "(") {
		ok = r.is(i+1, "SELECT", "WITH", "VALUES") // else a join in parentheses
		i = r.closing(i) + 1
	} else {
		start := i
		i, s.table = r.qualified(i)
		s.name = r.text(span{start, min(i, to)})
		if r.is(i, "(") { // a function
			s.table, i = "", r.closing(i)+1
		}
	}
	if s.alias = s.table; s.alias != "" {
		s.written = r.tokens[i-1].Text
	}
	if r.is(i, "AS") {
		i++
	}
	if name := r.name(i); i < to && name != "" {
		s.alias, s.written = name, r.tokens[i].Text
		i++
	}
	return s, min(i, to), ok && !r.is(i, "(") // behind an alias, other names for the columns
}

// scopes returns the FROM clauses in which the names beside token i may be
// found, the innermost first.
func (r reading) scopes(i int) []span {
	var all []span
	for {
		arm := r.arm(i)
		for _, from := range []span{r.fromClause(arm), r.target(arm)} {
			if !from.empty() {
				all = append(all, from)
			}
		}
		if i = r.level(i).from - 1; i < 0 {
			return all
		}
	}
}
