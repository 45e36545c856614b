package describe

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
