package describe

import (
	"strings"

	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
	"github.com/odbcgen/odbcgen/runtime/driver"
)

// reading is our own reading of a statement: enough of its grammar to say what
// stands beside a parameter and where a column comes from. Where it is not sure
// it says nothing.
type reading struct {
	sql    string
	tokens []sqlscan.Token // without comments
	depth  []int           // parentheses around each token, those of "(" and ")" not counted
	pipes  int             // how tight || binds
}

// span is a run of tokens: from is the first, to stands behind the last.
type span struct{ from, to int }

func (s span) empty() bool { return s.from >= s.to }

// read reads a statement of the database.
func (d *Database) read(sql string) reading {
	return read(sqlscan.Scan(d.dialect, sql), sql, d.plugin.Dialect.Pipes)
}

func read(tokens []sqlscan.Token, sql string, pipes driver.Pipes) reading {
	r := reading{sql: sql, tokens: sqlscan.Significant(tokens)}
	r.pipes = map[driver.Pipes]int{driver.PipesTight: concatLevel, driver.PipesOr: orLevel, driver.PipesConcat: otherLevel}[pipes]
	depth := 0
	for _, t := range r.tokens {
		if t.Is(")") {
			depth--
		}
		r.depth = append(r.depth, depth)
		if t.Is("(") {
			depth++
		}
	}
	return r
}

// is tells whether token i exists and is one of the words or symbols.
func (r reading) is(i int, texts ...string) bool {
	return i >= 0 && i < len(r.tokens) && r.tokens[i].Is(texts...)
}

// name returns what token i names, "" for a keyword that cannot be a name here.
func (r reading) name(i int) string {
	if i < 0 || i >= len(r.tokens) || r.tokens[i].Is(reserved...) {
		return ""
	}
	return r.tokens[i].Name()
}

// reserved are the words that end a table reference or an operand.
var reserved = strings.Fields(`SELECT FROM WHERE GROUP HAVING ORDER LIMIT OFFSET FETCH WINDOW UNION INTERSECT EXCEPT MINUS
	RETURNING SET VALUES ON USING JOIN INNER LEFT RIGHT FULL CROSS OUTER NATURAL STRAIGHT_JOIN AS AND OR NOT IN LIKE ILIKE
	BETWEEN IS CASE WHEN THEN ELSE END BY DISTINCT ALL FOR INTO INSERT UPDATE DELETE WITH DO DUPLICATE CONFLICT
	TABLESAMPLE LATERAL NULL DEFAULT`)

// number tells whether token i is a number.
func (r reading) number(i int) bool {
	return i >= 0 && i < len(r.tokens) && r.tokens[i].Kind == sqlscan.Number
}

// level returns the tokens between the innermost parentheses around token i, or
// all of them.
func (r reading) level(i int) span {
	from := i
	for from > 0 && !(r.is(from-1, "(") && r.depth[from-1] < r.depth[i]) {
		from--
	}
	to := i
	for to < len(r.tokens) && !(r.is(to, ")") && r.depth[to] < r.depth[i]) {
		to++
	}
	return span{from, to}
}

// first returns the first token within s, at the depth of its first one, that is
// one of the words; s.to when there is none.
func (r reading) first(s span, words ...string) int {
	for i := s.from; i < s.to; i++ {
		if r.depth[i] == r.depth[s.from] && r.tokens[i].Is(words...) {
			return i
		}
	}
	return s.to
}

// arm returns the part of a level around token i between set operators, without
// its WITH clause.
func (r reading) arm(i int) span {
	s := r.level(i)
	if r.is(s.from, "WITH") {
		if verb := r.first(s, "SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE", "VALUES"); verb <= i {
			s.from = verb
		}
	}
	for {
		operator := r.setOperator(s)
		if operator >= s.to || operator > i {
			s.to = operator
			return s
		}
		s.from = operator + 1
		if r.is(s.from, "ALL", "DISTINCT") {
			s.from++
		}
	}
}

// main returns the first arm of the statement itself.
func (r reading) main() span {
	if len(r.tokens) == 0 {
		return span{}
	}
	s := span{0, len(r.tokens)}
	if r.is(0, "WITH") {
		s.from = r.first(s, "SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE", "VALUES")
	}
	if s.empty() {
		return s
	}
	return r.arm(s.from)
}

// with returns the text of the statement's WITH clause, "" without one.
func (r reading) with() string {
	if !r.is(0, "WITH") {
		return ""
	}
	return r.sql[:r.tokens[min(r.main().from, len(r.tokens)-1)].Offset]
}

// text returns the SQL of s.
func (r reading) text(s span) string {
	offset, length := r.extent(s)
	return r.sql[offset : offset+length]
}

// extent returns the place of s in the text; of an empty span, the whole text.
func (r reading) extent(s span) (offset, length int) {
	if s.empty() || s.to > len(r.tokens) {
		return 0, len(r.sql)
	}
	offset = r.tokens[s.from].Offset
	return offset, r.tokens[s.to-1].End() - offset
}

// qualified reads a dotted name and returns what stands behind it, and its last
// part.
func (r reading) qualified(i int) (next int, last string) {
	for last = r.name(i); r.is(i+1, ".") && r.name(i+2) != ""; last = r.name(i) {
		i += 2
	}
	return i + 1, last
}

// closing returns the ")" of the "(" at token i, the last token when it is open.
func (r reading) closing(i int) int {
	if end := sqlscan.Match(r.tokens, i); end >= 0 {
		return end
	}
	return len(r.tokens) - 1
}

// has tells whether a token anywhere is one of the words.
func (r reading) has(words ...string) bool {
	for i := range r.tokens {
		if r.is(i, words...) {
			return true
		}
	}
	return false
}

// items splits s at the commas of its own depth.
func (r reading) items(s span) []span {
	var all []span
	for !s.empty() {
		comma := r.first(s, ",")
		all = append(all, span{s.from, comma})
		s.from = comma + 1
	}
	return all
}

// selectList returns the items of an arm's SELECT list, or those of RETURNING.
func (r reading) selectList(arm span) []span {
	start := arm.from
	if !r.is(start, "SELECT") {
		start = r.first(arm, "RETURNING")
	}
	list := span{r.skipDistinct(start + 1), arm.to}
	if list.empty() {
		return nil
	}
	list.to = min(r.from(list), r.first(list, "INTO", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "WINDOW", ";"))
	return r.items(list)
}

// skipDistinct steps over DISTINCT, DISTINCT ON (…) or ALL at token i.
func (r reading) skipDistinct(i int) int {
	if r.is(i, "DISTINCT", "ALL") {
		i++
	}
	if r.is(i, "ON") && r.is(i+1, "(") {
		i = r.closing(i+1) + 1
	}
	return i
}

// from returns the FROM of a clause within s, at the depth of its first token;
// s.to when there is none. The one of IS DISTINCT FROM is none.
func (r reading) from(s span) int {
	for i := r.first(s, "FROM"); i < s.to; i = r.first(span{i + 1, s.to}, "FROM") {
		if !r.is(i-1, "DISTINCT") {
			return i
		}
	}
	return s.to
}

// expression returns an item without its alias.
func (r reading) expression(item span) span {
	if as := r.first(item, "AS"); as < item.to {
		return span{item.from, as}
	}
	last := item.to - 1
	if last > item.from && r.name(last) != "" && !r.is(last, "ISNULL", "NOTNULL") && !r.is(last-1, ".") && r.operandEnds(last-1) {
		return span{item.from, last}
	}
	return item
}

// operandEnds tells whether token i can be the last of an operand.
func (r reading) operandEnds(i int) bool {
	return r.is(i, ")", "END") || r.name(i) != "" || i >= 0 && (r.tokens[i].Kind == sqlscan.Number || r.tokens[i].Kind == sqlscan.String)
}

// reference returns qualifier and name of a column reference; ok is false for
// any other expression.
func (r reading) reference(s span) (qualifier, name string, ok bool) {
	if s.empty() || r.name(s.from) == "" {
		return "", "", false
	}
	if next, last := r.qualified(s.from); next == s.to {
		if next-s.from > 2 {
			qualifier = r.name(next - 3)
		}
		return qualifier, last, true
	}
	if r.is(s.to-1, "*") && s.to-s.from >= 3 {
		return r.name(s.to - 3), "*", true
	}
	return "", "", false
}

// calls tells whether token i is the name of a function being called. One in
// quotes may be any function.
func (r reading) calls(i int) bool {
	return r.name(i) != "" && r.tokens[i].Kind == sqlscan.Word && r.is(i+1, "(")
}

// skipFilter steps over FILTER (…) at token i.
func (r reading) skipFilter(i int) int {
	if r.is(i, "FILTER") && r.is(i+1, "(") {
		return r.closing(i+1) + 1
	}
	return i
}

// skipWindow steps over OVER (…) or OVER name at token i.
func (r reading) skipWindow(i int) int {
	switch {
	case r.is(i, "OVER") && r.is(i+1, "("):
		return r.closing(i+1) + 1
	case r.is(i, "OVER"):
		return i + 2
	}
	return i
}

// star tells whether an item stands for columns: * or t.*.
func (r reading) star(s span) bool {
	return r.is(s.to-1, "*") && (s.to-s.from == 1 || r.is(s.to-2, "."))
}
