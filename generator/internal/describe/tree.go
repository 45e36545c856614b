package describe

import "strings"

// query is a SELECT with everything around it, or a statement that changes rows.
type query struct {
	span
	with      []commonTable
	recursive bool
	arms      []*arm
	operators []string // between the arms: UNION, INTERSECT, EXCEPT or MINUS
}

// commonTable is a definition of a WITH clause.
type commonTable struct {
	name  string
	names []string // of its columns, nil for those of the query
	query *query
}

// arm is a part of a query between set operators: a SELECT, VALUES, a query in
// parentheses, or a statement that changes rows.
type arm struct {
	span
	verb    string     // SELECT, VALUES, INSERT, UPDATE or DELETE; "" for a nested query
	nested  *query     // in parentheses
	list    []output   // of SELECT and RETURNING
	from    *reference // nil for none; of an UPDATE or DELETE with the table that is changed
	where   *expression
	others  []*expression   // of GROUP BY, HAVING, ORDER BY: they say nothing about the result
	rows    [][]*expression // of VALUES
	grouped bool            // by something
	sets    bool            // by several sets of columns, which makes the others NULL
	one     bool            // no clause takes away or adds rows
	framed  bool            // a window may be without the current row

	table   string   // that an INSERT fills, as written
	columns []string // that it fills, nil for all
	source  *query   // of its rows, where they are not rows
	assigns []assignment
}

// output is an item of a SELECT list.
type output struct {
	span
	e    *expression
	name string // of the result column; "" where the database makes one up
	star bool   // * or t.*
	of   string // the t
}

// assignment is an item of a SET clause.
type assignment struct {
	columns []*expression // several for (a, b) = …
	value   *expression
}

// reference is a table reference: a table, view, query or function, or a join.
type reference struct {
	span
	table     string // as written; "" for all others
	last      string // its last part
	qualified bool   // there are others
	lateral   bool   // the query may name what stands before it
	query     *query
	function  string // in capitals
	alias     string
	names     []string // other names for the columns

	kind        string // of a join: INNER, LEFT, RIGHT or FULL; "" for no join
	left, right *reference
	natural     bool
	comma       bool
	using       []string
	on          *expression
	doubt       bool // the sides are not sure
}

// form says what an expression is.
type form uint8

const (
	unread form = iota // not understood
	columnForm
	literalForm
	markerForm
	operatorForm // op, with the operands
	callForm     // op, with the arguments
	castForm     // to the type op
	caseForm     // the operand or nil, then WHEN and THEN in turn, then ELSE or nil
	betweenForm
	inForm // the left side, then the list or the query
	existsForm
	subqueryForm
	rowForm
	intervalForm
)

// expression is a node of an expression.
type expression struct {
	span
	form      form
	op        string // in capitals
	qualifier string // of a column
	name      string
	args      []*expression
	query     *query
	filter    *expression // of an aggregate
	over      bool        // there is a window
	framed    bool        // which has a frame of its own
}

// tree reads the whole statement, nil where it is not understood.
func (r reading) tree() *query {
	end := len(r.tokens)
	for end > 0 && r.is(end-1, ";") {
		end--
	}
	return r.query(span{0, end})
}

// view reads the query in the text of a view: CREATE VIEW … AS, or the query alone.
func (r reading) view() (q *query, names []string) {
	s := span{0, len(r.tokens)}
	if r.is(0, "CREATE") {
		as := r.first(s, "AS")
		if open := r.first(span{0, as}, "("); open < as {
			names = r.names(span{open + 1, r.closing(open)})
		}
		s.from = as + 1
	}
	for s.to > s.from && r.is(s.to-1, ";") {
		s.to--
	}
	return r.query(s), names
}

// query reads a query, nil where it is not understood.
func (r reading) query(s span) *query {
	q := &query{span: s}
	i := s.from
	if r.is(i, "WITH") {
		if i = r.commonTables(q); i < 0 {
			return nil
		}
	}
	body := span{i, s.to}
	for !body.empty() {
		end := r.setOperator(body)
		a := r.readArm(span{body.from, end})
		if a == nil {
			return nil
		}
		q.arms = append(q.arms, a)
		if end >= body.to {
			return q
		}
		q.operators = append(q.operators, strings.ToUpper(r.tokens[end].Text))
		body.from = end + 1
		if r.is(body.from, "ALL", "DISTINCT") {
			body.from++
		}
	}
	return nil
}

// startsQuery tells whether a query may begin at token i, in parentheses or not.
func (r reading) startsQuery(i int) bool {
	for r.is(i, "(") {
		i++
	}
	return r.is(i, "SELECT", "WITH", "VALUES")
}

// setOperator returns the first set operator of s, s.to when there is none. MINUS
// may be a name.
func (r reading) setOperator(s span) int {
	end := r.first(s, "UNION", "INTERSECT", "EXCEPT", "MINUS")
	for end < s.to && r.is(end, "MINUS") && !r.is(end+1, "SELECT", "WITH", "ALL", "DISTINCT", "VALUES", "(") {
		end = r.first(span{end + 1, s.to}, "UNION", "INTERSECT", "EXCEPT", "MINUS")
	}
	return end
}

// commonTables reads a WITH clause and returns what stands behind it, -1 where it
// is not understood.
func (r reading) commonTables(q *query) int {
	i := q.from + 1
	if q.recursive = r.is(i, "RECURSIVE"); q.recursive {
		i++
	}
	for {
		c := commonTable{name: r.name(i)}
		i++
		if r.is(i, "(") {
			c.names = r.names(span{i + 1, r.closing(i)})
			i = r.closing(i) + 1
		}
		if !r.is(i, "AS") || c.name == "" {
			return -1
		}
		for i++; r.is(i, "NOT", "MATERIALIZED"); i++ {
		}
		if !r.is(i, "(") || r.closing(i) >= q.to {
			return -1
		}
		if c.query = r.query(span{i + 1, r.closing(i)}); c.query == nil {
			return -1
		}
		q.with = append(q.with, c)
		if i = r.closing(i) + 1; !r.is(i, ",") {
			return i
		}
		i++
	}
}

// names returns the first words of the items of s.
func (r reading) names(s span) []string {
	var all []string
	for _, item := range r.items(s) {
		all = append(all, r.name(item.from))
	}
	return all
}

// clause is a part of an arm; of several words, the first names it.
type clause struct {
	word string
	span // behind the word
}

// split cuts an arm at its clauses.
func (r reading) split(s span) []clause {
	var all []clause
	for i := s.from; i < s.to; i++ {
		if r.depth[i] != r.depth[s.from] || !r.beginsClause(i, s.from) {
			continue
		}
		if len(all) > 0 {
			all[len(all)-1].to = i
		}
		all = append(all, clause{strings.ToUpper(r.tokens[i].Text), span{i + 1, s.to}})
	}
	return all
}

func (r reading) beginsClause(i, start int) bool {
	switch {
	case i == start:
		return true
	case r.is(i, "GROUP", "ORDER"):
		return r.is(i+1, "BY")
	case r.is(i, "FROM"):
		return !r.is(i-1, "DISTINCT")
	case r.is(i, "ON"):
		return r.is(i+1, "CONFLICT", "DUPLICATE")
	case r.is(i, "USING"): // of a DELETE; else it belongs to a join
		return r.is(start, "DELETE")
	case r.is(i, "SET"):
		return !r.is(i-1, "UPDATE") || r.is(start, "UPDATE")
	case r.is(i, "VALUES"):
		return r.is(start, "INSERT", "REPLACE") && !r.is(i-1, "=", "+", "-", "*", "/", ",", "(")
	case r.is(i, "SELECT", "WITH"):
		return r.is(start, "INSERT", "REPLACE")
	case r.is(i, "UPDATE"): // DO UPDATE, FOR UPDATE
		return false
	}
	return r.is(i, "WHERE", "HAVING", "LIMIT", "OFFSET", "FETCH", "WINDOW", "FOR", "RETURNING", "INTO", "PROCEDURE", "LOCK")
}

// readArm reads an arm, nil where it is not understood.
func (r reading) readArm(s span) *arm {
	a := &arm{span: s, verb: strings.ToUpper(r.text(span{s.from, min(s.from+1, s.to)}))}
	switch a.verb {
	case "(":
		end := r.closing(s.from)
		if a.verb, a.nested = "", r.query(span{s.from + 1, end}); a.nested == nil || end+1 < s.to && !r.is(end+1, "ORDER", "LIMIT", "OFFSET", "FETCH") {
			return nil
		}
		return a
	case "SELECT":
		return r.selectArm(a)
	case "VALUES":
		end := s.to
		for _, c := range r.split(s)[1:] {
			end = min(end, c.from-1)
		}
		if a.rows = r.tuples(span{s.from + 1, end}); a.rows == nil {
			return nil
		}
		return a
	case "INSERT", "REPLACE":
		return r.insertArm(a)
	case "UPDATE", "DELETE":
		return r.changeArm(a)
	}
	return nil
}

func (r reading) selectArm(a *arm) *arm {
	a.one = true
	for k, c := range r.split(a.span) {
		switch c.word {
		case "SELECT":
			if k > 0 {
				return nil
			}
			c.from = r.skipDistinct(c.from)
			a.list = r.outputs(c.span)
		case "FROM":
			if a.from = r.references(c.span); a.from == nil {
				return nil
			}
		case "WHERE":
			a.where = r.readExpression(c.span)
		case "GROUP":
			r.groups(a, span{c.from + 1, c.to})
		case "HAVING":
			a.one = false
			a.others = append(a.others, r.readExpression(c.span))
		case "ORDER":
			a.others = append(a.others, r.ordered(span{c.from + 1, c.to})...)
		case "WINDOW":
			for i := c.from; i < c.to; i++ {
				a.framed = a.framed || r.is(i, frames...)
			}
		case "LIMIT", "FETCH", "OFFSET":
			atLeastOne := c.word == "LIMIT" && c.to-c.from == 1 && r.number(c.from) && !r.is(c.from, "0") && strings.Trim(r.tokens[c.from].Text, "0") != ""
			a.one = a.one && atLeastOne
		case "FOR", "LOCK":
		default:
			return nil
		}
	}
	if a.list == nil {
		return nil
	}
	return a
}

// frames are the words that begin the frame of a window.
var frames = []string{"ROWS", "RANGE", "GROUPS"}

// groups reads what stands behind GROUP BY.
func (r reading) groups(a *arm, s span) {
	a.grouped, a.one = true, false
	for i := s.from; i < s.to; i++ {
		a.sets = a.sets || r.is(i, "ROLLUP", "CUBE", "GROUPING") || r.is(i, "(") && r.is(i+1, ")") && !r.calls(i-1)
	}
	a.others = append(a.others, r.ordered(s)...)
}

// ordered reads the items of ORDER BY and GROUP BY.
func (r reading) ordered(s span) []*expression {
	var all []*expression
	for _, item := range r.items(s) {
		item.to = r.first(item, "ASC", "DESC", "NULLS", "WITH")
		all = append(all, r.readExpression(item))
	}
	return all
}

// outputs reads a SELECT list.
func (r reading) outputs(s span) []output {
	var all []output
	for _, item := range r.items(s) {
		o := output{span: item}
		if o.star = r.star(item); o.star {
			if item.to-item.from > 2 {
				o.of = r.name(item.to - 3)
			}
			all = append(all, o)
			continue
		}
		e := r.expression(item)
		o.span, o.e = e, r.readExpression(e)
		switch {
		case e.to < item.to:
			o.name = r.tokens[item.to-1].Name()
		case o.e.form == columnForm:
			o.name = o.e.name
		case o.e.form == callForm:
			o.name = o.e.op
		}
		all = append(all, o)
	}
	return all
}

// tuples reads (…), (…), nil where it is something else.
func (r reading) tuples(s span) [][]*expression {
	var all [][]*expression
	for _, item := range r.items(s) {
		if r.is(item.from, "ROW") {
			item.from++
		}
		if !r.is(item.from, "(") || r.closing(item.from) != item.to-1 {
			return nil
		}
		var row []*expression
		for _, cell := range r.items(span{item.from + 1, item.to - 1}) {
			row = append(row, r.readExpression(cell))
		}
		all = append(all, row)
	}
	return all
}

// insertArm reads INSERT and REPLACE.
func (r reading) insertArm(a *arm) *arm {
	for _, c := range r.split(a.span) {
		switch c.word {
		case "INTO":
			next, _ := r.qualified(c.from)
			a.table = r.text(span{c.from, min(next, c.to)})
			a.from = &reference{span: span{c.from, next}, table: a.table, last: r.name(next - 1), alias: r.name(next - 1)}
			if r.is(next, "AS") {
				a.from.alias = r.name(next + 1)
				next += 2
			}
			if r.is(next, "(") {
				a.columns = r.lastNames(span{next + 1, r.closing(next)})
			}
		case "VALUES":
			a.rows = r.tuples(c.span)
		case "SELECT", "WITH":
			end := a.to
			for _, behind := range r.split(a.span) {
				if behind.word == "ON" || behind.word == "RETURNING" {
					end = min(end, behind.from-1)
				}
			}
			if a.source == nil {
				a.source = r.query(span{c.from - 1, end})
			}
		case "SET":
			a.assigns = append(a.assigns, r.assignments(c.span)...)
		case "ON":
			if update := r.first(c.span, "UPDATE"); update < c.to {
				a.assigns = append(a.assigns, r.assignments(span{update + 1, c.to})...)
			}
		case "WHERE": // of ON CONFLICT, or of the SELECT
			if a.source == nil {
				a.where = r.readExpression(c.span)
			}
		case "RETURNING":
			a.list = r.outputs(c.span)
		}
	}
	a.verb = "INSERT"
	if a.table == "" {
		return nil
	}
	return a
}

// lastNames returns the last words of the items of s.
func (r reading) lastNames(s span) []string {
	var all []string
	for _, item := range r.items(s) {
		all = append(all, r.name(item.to-1))
	}
	return all
}

// assignments reads the items of a SET clause.
func (r reading) assignments(s span) []assignment {
	var all []assignment
	if r.is(s.from, "SET") {
		s.from++
	}
	for _, item := range r.items(s) {
		eq := r.first(item, "=")
		if eq >= item.to {
			continue
		}
		target := r.readExpression(span{item.from, eq})
		a := assignment{columns: []*expression{target}, value: r.readExpression(span{eq + 1, item.to})}
		if target.form == rowForm {
			a.columns = target.args
		}
		all = append(all, a)
	}
	return all
}

// changeArm reads UPDATE and DELETE. The tables are joined to what is changed.
func (r reading) changeArm(a *arm) *arm {
	var tables []span
	for k, c := range r.split(a.span) {
		switch c.word {
		case "UPDATE":
			if r.is(c.from, "OR") { // OR IGNORE
				c.from += 2
			}
			for r.is(c.from, "IGNORE", "LOW_PRIORITY") {
				c.from++
			}
			tables = append(tables, c.span)
		case "FROM", "USING":
			tables = append(tables, c.span)
		case "DELETE": // DELETE t FROM …
			if k > 0 {
				return nil
			}
		case "SET":
			a.assigns = append(a.assigns, r.assignments(c.span)...)
		case "WHERE":
			a.where = r.readExpression(c.span)
		case "ORDER":
			a.others = append(a.others, r.ordered(span{c.from + 1, c.to})...)
		case "RETURNING":
			a.list = r.outputs(c.span)
		}
	}
	for _, s := range tables {
		t := r.references(s)
		switch {
		case t == nil:
			return nil
		case a.from == nil:
			a.from = t
		default:
			a.from = &reference{span: span{a.from.from, s.to}, kind: "INNER", left: a.from, right: t}
		}
	}
	if a.from == nil {
		return nil
	}
	return a
}

// references reads a FROM clause, nil where it is not understood.
func (r reading) references(s span) *reference {
	p := parser{reading: r, i: s.from, to: s.to}
	t := p.joined(true)
	if p.i != s.to {
		return nil
	}
	return t
}

// joined reads table references with the joins between them. Databases do not
// agree how commas bind; read from the left, more is NULL rather than less.
func (p *parser) joined(commas bool) *reference {
	return p.joinedTo(p.single(), commas)
}

// joinedTo reads the joins behind a reference. One whose condition does not follow
// waits for it: a LEFT JOIN b JOIN c ON … ON ….
func (p *parser) joinedTo(left *reference, commas bool) *reference {
	for left != nil {
		j, conditional := p.join(commas)
		if j == nil {
			return left
		}
		right := p.single()
		if waits := conditional && p.atJoin(); waits {
			right = p.joinedTo(right, false)
			j.doubt = !p.is(p.i, "ON", "USING") && (right.has("RIGHT") || right.has("FULL"))
		}
		if right == nil {
			return nil
		}
		j.left, j.right = left, right
		switch {
		case p.is(p.i, "ON") && j.comma:
			return nil // SQLite has that, and evaluates it in its own order
		case p.accept("ON"):
			j.on = p.expression(0)
		case p.is(p.i, "USING") && p.is(p.i+1, "("):
			j.using = p.names(span{p.i + 2, p.closing(p.i + 1)})
			p.i = p.closing(p.i+1) + 1
		case j.kind != "INNER" && !j.natural:
			return nil
		}
		j.span = span{left.from, p.i}
		left = j
	}
	return nil
}

// has tells whether a join of the kind is among the joins.
func (t *reference) has(kind string) bool {
	return t != nil && t.kind != "" && (t.kind == kind || t.left.has(kind) || t.right.has(kind))
}

func (p *parser) atJoin() bool {
	i := p.i
	for p.is(i, "NATURAL", "INNER", "CROSS", "LEFT", "RIGHT", "FULL", "OUTER") {
		i++
	}
	return i < p.to && p.is(i, "JOIN", "STRAIGHT_JOIN")
}

// join reads the words of a join, or a comma, and tells whether a condition may
// follow; it is nil for anything else.
func (p *parser) join(commas bool) (j *reference, conditional bool) {
	if j = (&reference{kind: "INNER"}); commas && p.accept(",") {
		j.comma = true
		return j, false
	}
	if !p.atJoin() {
		return nil, false
	}
	for conditional = true; !p.is(p.i, "JOIN", "STRAIGHT_JOIN"); p.i++ {
		switch {
		case p.is(p.i, "NATURAL"):
			j.natural, conditional = true, false
		case p.is(p.i, "CROSS"):
			conditional = false
		case p.is(p.i, "LEFT", "RIGHT", "FULL"):
			j.kind = strings.ToUpper(p.tokens[p.i].Text)
		}
	}
	p.i++
	return j, conditional
}

// single reads a table reference without joins around it, nil where it is not
// understood.
func (p *parser) single() *reference {
	start := p.i
	t := &reference{}
	for p.is(p.i, "LATERAL", "ONLY") {
		t.lateral = p.is(p.i, "LATERAL")
		p.i++
	}
	switch {
	case p.is(p.i, "("):
		inside := span{p.i + 1, p.closing(p.i)}
		p.i = inside.to + 1
		if p.startsQuery(inside.from) {
			t.query = p.query(inside)
		}
		if t.query == nil {
			if t = p.references(inside); t == nil || p.alias() != "" {
				return nil
			}
			return t
		}
	case p.name(p.i) != "":
		next, last := p.qualified(p.i)
		t.table, t.last, t.alias, t.qualified = p.text(span{p.i, next}), last, last, next > p.i+1
		if p.i = next; p.is(p.i, "(") {
			t.table, t.function = "", strings.ToUpper(last)
			p.i = p.closing(p.i) + 1
		}
	default:
		return nil
	}
	if alias := p.alias(); alias != "" {
		t.alias = alias
		p.i++
		if p.is(p.i, "(") {
			t.names = p.names(span{p.i + 1, p.closing(p.i)})
			p.i = p.closing(p.i) + 1
		}
	}
	t.span = span{start, p.i}
	if p.i > p.to {
		return nil
	}
	return t
}

// alias returns the alias at p.i, behind AS, and stands at it.
func (p *parser) alias() string {
	p.accept("AS")
	if p.i >= p.to {
		return ""
	}
	return p.name(p.i)
}
