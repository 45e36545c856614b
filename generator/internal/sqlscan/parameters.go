package sqlscan

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Bound is a statement in which each parameter is written ?, and each embedded
// table name.*.
type Bound struct {
	SQL    string
	Uses   []Use // one for each ?, in order
	Embeds []Embed
	before int // bytes of SQL before all of the original text
}

// Use is one place where a parameter stands.
type Use struct {
	Name     string // "" for ? and $1
	Number   int    // from 1: of ? by its place, of $1 as written; 0 with a name
	Nullable bool   // written sqlc.narg
	List     bool   // stands for any number of values: :name... or sqlc.slice(name)
	Offset   int    // in the original text
	Length   int    // in the original text
	At       int    // of its ? in Bound.SQL
}

// Order returns the number that the user gave the parameter, 0 for none: that of ? is
// only its place.
func (u Use) Order() int {
	if u.style() == "numbered" {
		return u.Number
	}
	return 0
}

// Embed is one place where all columns of a table stand: sqlc.embed(name).
type Embed struct {
	Name   string // the table's name or alias
	Offset int    // in the original text
	Length int    // in the original text
	At     int    // in Bound.SQL
	Width  int    // in Bound.SQL
}

// edit is a place where Bound.SQL is another text than the original.
type edit struct{ offset, length, at, width int }

// edits returns all of them, in order.
func (b Bound) edits() []edit {
	var all []edit
	if b.before > 0 {
		all = append(all, edit{width: b.before})
	}
	for _, u := range b.Uses {
		all = append(all, edit{u.Offset, u.Length, u.At, 1})
	}
	for _, e := range b.Embeds {
		all = append(all, edit{e.Offset, e.Length, e.At, e.Width})
	}
	slices.SortStableFunc(all, func(a, b edit) int { return a.offset - b.offset })
	return all
}

// Original returns the offset in the original text of an offset in b.SQL.
func (b Bound) Original(offset int) int {
	shift := 0
	for _, e := range b.edits() {
		if offset <= e.at {
			break
		}
		if offset < e.at+e.width {
			return e.offset
		}
		shift = e.offset + e.length - (e.at + e.width)
	}
	return offset + shift
}

// Part returns what b made of length bytes of the original text from offset on.
func (b Bound) Part(offset, length int) Bound {
	from, to := offset, offset+length // in b.SQL
	for _, e := range b.edits() {
		switch longer := e.length - e.width; {
		case e.offset < offset:
			from, to = from-longer, to-longer
		case e.offset < offset+length:
			to -= longer
		}
	}
	part := Bound{SQL: b.SQL[from:to]}
	for _, u := range b.Uses {
		if offset <= u.Offset && u.Offset < offset+length {
			u.Offset, u.At = u.Offset-offset, u.At-from
			part.Uses = append(part.Uses, u)
		}
	}
	for _, e := range b.Embeds {
		if offset <= e.Offset && e.Offset < offset+length {
			e.Offset, e.At = e.Offset-offset, e.At-from
			part.Embeds = append(part.Embeds, e)
		}
	}
	return part
}

// Expand returns b with text in the place of embed i, which stands for each of the
// embedded tables.
func (b Bound) Expand(text func(i int) string) Bound {
	b.Uses, b.Embeds = slices.Clone(b.Uses), slices.Clone(b.Embeds)
	for i := range b.Embeds {
		e := &b.Embeds[i]
		columns := text(i)
		b.SQL = b.SQL[:e.At] + columns + b.SQL[e.At+e.Width:]
		b.moveBehind(e.At, len(columns)-e.Width)
		e.Width = len(columns)
	}
	return b
}

func (b Bound) moveBehind(at, by int) {
	for i := range b.Uses {
		if b.Uses[i].At > at {
			b.Uses[i].At += by
		}
	}
	for i := range b.Embeds {
		if b.Embeds[i].At > at {
			b.Embeds[i].At += by
		}
	}
}

// Behind returns b with text before all else.
func (b Bound) Behind(text string) Bound {
	b.Uses, b.Embeds = slices.Clone(b.Uses), slices.Clone(b.Embeds)
	b.moveBehind(-1, len(text))
	b.SQL, b.before = text+b.SQL, b.before+len(text)
	return b
}

// ListMarker is what Template writes for a list.
const ListMarker = "?..."

// Template returns b.SQL with ListMarker for each list, as the runtime wants it.
func (b Bound) Template() string {
	var text strings.Builder
	done := 0
	for _, u := range b.Uses {
		if u.List {
			text.WriteString(b.SQL[done:u.At] + ListMarker)
			done = u.At + 1
		}
	}
	return text.String() + b.SQL[done:]
}

// Problem is something wrong with the parameters of a statement.
type Problem struct {
	Offset, Length int // in the original text
	Message        string
	Help           string // what to write instead, "" when nothing is known
}

// Parameters replaces the parameters of sql, :name, @name, ?, ?1, $1, sqlc.arg(name),
// sqlc.narg(name), and the lists :name... and sqlc.slice(name), by ?; and
// sqlc.embed(name) by name.*. All else stays as written. With problems, Bound holds
// what could be made of it.
func Parameters(d Dialect, sql string) (Bound, []Problem) {
	f := finder{dialect: d, tokens: Significant(Scan(d, sql))}
	for f.i < len(f.tokens) {
		f.step()
	}
	f.checkMixed()
	f.checkNumbers()
	b := Bound{SQL: f.replace(sql), Uses: f.uses, Embeds: f.embeds}
	f.checkLists(b)
	return b, f.problems
}

// finder stands at a token and collects the uses before it.
type finder struct {
	dialect   Dialect
	tokens    []Token
	i         int
	uses      []Use
	embeds    []Embed
	questions int  // uses written ?
	misread   bool // one of them is none, which is told
	problems  []Problem
}

// step looks at the tokens from f.i on and goes behind those it looked at.
func (f *finder) step() {
	t := f.tokens[f.i]
	switch {
	case t.Kind == Bad:
		t.Text, _, _ = strings.Cut(t.Text, "\n")
		f.problem(t, t, "the quote or comment that begins here does not end", "close it; a quote inside of a string is written twice")
	case t.Kind == Named && f.dots():
		f.list(t, f.ahead(3), t.Name())
		f.i += 3
	case t.Kind == Named:
		f.use(t, t, Use{Name: t.Name()})
	case t.Kind == Numbered:
		f.use(t, t, Use{Number: number(t.Text[1:])})
	case t.Kind == Question && f.ahead(1).Kind == Number && f.ahead(1).Offset == t.End():
		f.use(t, f.ahead(1), Use{Number: number(f.ahead(1).Text)})
		f.i++
	case t.Kind == Question:
		f.checkOperator()
		f.questions++
		f.use(t, t, Use{Number: f.questions})
	case t.Is("sqlc") && f.ahead(1).Is(".") && f.ahead(3).Is("("):
		f.macro()
		return
	}
	f.i++
}

// ahead returns the token n further on, a Bad one behind the end.
func (f *finder) ahead(n int) Token {
	if f.i+n < len(f.tokens) {
		return f.tokens[f.i+n]
	}
	return Token{}
}

func (f *finder) use(from, to Token, u Use) {
	u.Offset, u.Length = from.Offset, to.End()-from.Offset
	f.uses = append(f.uses, u)
}

// dots tells whether ... stands right behind the token at f.i.
func (f *finder) dots() bool {
	end := f.ahead(0).End()
	for n := 1; n <= 3; n++ {
		if t := f.ahead(n); !t.Is(".") || t.Offset != end {
			return false
		}
		end++
	}
	return true
}

// list takes a list, which stands alone in the parentheses of an IN. In those of ANY
// it is an array, and no more to us than any parameter.
func (f *finder) list(from, to Token, name string) {
	in, open, closing := f.at(from, -2), f.at(from, -1), f.at(to, 1)
	array := in.Is("ANY", "ALL", "SOME") && f.dialect.SymbolOperators
	f.use(from, to, Use{Name: name, List: !array})
	if array {
		return
	}
	if !open.Is("(") || !in.Is("IN") || !closing.Is(")") {
		f.problem(from, to, fmt.Sprintf("the list %q does not stand alone in IN (…)", name), fmt.Sprintf("write x IN (:%s...)", name))
	}
}

// at returns the token n behind, or before, another one; a Bad one beyond the ends.
func (f *finder) at(t Token, n int) Token {
	i := slices.IndexFunc(f.tokens, func(other Token) bool { return other.Offset == t.Offset }) + n
	if i < 0 || i >= len(f.tokens) {
		return Token{}
	}
	return f.tokens[i]
}

func (f *finder) problem(from, to Token, message, help string) {
	f.problems = append(f.problems, Problem{
		Offset: from.Offset, Length: to.End() - from.Offset, Message: message, Help: help,
	})
}

// number reads the digits behind a $; one too great for any statement is 1 << 16,
// one more than ODBC can number (SQLBindParameter, ParameterNumber).
func number(digits string) int {
	n := 0
	for _, c := range digits {
		n = min(n*10+int(c-'0'), 1<<16)
	}
	return n
}

// operators are what begins or ends with a question mark elsewhere, and what to
// write so that no driver takes it for a parameter.
var operators = []struct {
	text     string
	postgres bool // only with SymbolOperators
	help     string
}{
	{"??", false, "for the jsonb operator ? write jsonb_exists(a, b)"},
	{"?|", true, "for the jsonb operator write jsonb_exists_any(a, b); for a parameter put a space behind the ?"},
	{"?&", true, "for the jsonb operator write jsonb_exists_all(a, b); for a parameter put a space behind the ?"},
	{"@?", true, "write jsonb_path_exists(a, b)"},
}

// checkOperator tells of the ? at f.i when it was meant as part of an operator.
func (f *finder) checkOperator() {
	from, to := f.ahead(0), f.ahead(1)
	if f.i > 0 && f.ahead(-1).Is("@") {
		from, to = f.ahead(-1), f.ahead(0)
	}
	if from.End() != to.Offset {
		return
	}
	for _, o := range operators {
		if from.Text+to.Text == o.text && (f.dialect.SymbolOperators || !o.postgres) {
			f.problem(from, to, fmt.Sprintf("an ODBC driver reads the question mark in %s as a parameter", o.text), o.help)
			f.misread = true
			return
		}
	}
}

// macros are those of sqlc, with what they take for an example.
var macros = []string{"arg", "narg", "slice", "embed"}

// macro stands at sqlc.something(.
func (f *finder) macro() {
	start, word, argument, end := f.ahead(0), f.ahead(2), f.ahead(4), f.ahead(5)
	f.i += 4
	known := word.Is(macros...)
	name := argumentName(argument)
	switch {
	case !known:
		f.problem(start, word, fmt.Sprintf("sqlc.%s is not supported", word.Text), "write sqlc.arg(name), sqlc.narg(name), sqlc.slice(name) or sqlc.embed(table)")
		return
	case name == "" || !end.Is(")"):
		f.problem(start, word, fmt.Sprintf("sqlc.%s wants one name", word.Text), fmt.Sprintf("write sqlc.%s(name)", word.Text))
		return
	case word.Is("slice"):
		f.list(start, end, name)
	case word.Is("embed"):
		if argument.Kind != String {
			name = argument.Text // with its quotes
		}
		f.embeds = append(f.embeds, Embed{Name: name, Offset: start.Offset, Length: end.End() - start.Offset})
	default:
		f.use(start, end, Use{Name: name, Nullable: word.Is("narg")})
	}
	f.i += 2
}

// argumentName returns the name in sqlc.arg(name), sqlc.arg('name') or
// sqlc.arg("name"), "" for anything else.
func argumentName(t Token) string {
	if t.Kind == Word || t.Kind == QuotedName {
		return t.Name()
	}
	if t.Kind == String && len(t.Text) > 2 && strings.ContainsRune(`'"`, rune(t.Text[0])) {
		return t.Text[1 : len(t.Text)-1]
	}
	return ""
}

// checkMixed tells of the first ? beside $1 or the other way round: which of the
// numbers it has is not clear. Names go with both.
func (f *finder) checkMixed() {
	first := ""
	for _, u := range f.uses {
		style := u.style()
		if first == "" && style != "named" {
			first = style
		}
		if style != "named" && style != first && !f.misread {
			f.problems = append(f.problems, Problem{
				Offset: u.Offset, Length: u.Length,
				Message: fmt.Sprintf("%s parameters do not mix with %s ones", style, first),
				Help:    "write :name for all of them",
			})
			return
		}
	}
}

func (u Use) style() string {
	switch {
	case u.Number == 0 && u.Name != "":
		return "named"
	case u.Length == 1:
		return "positional"
	}
	return "numbered"
}

// checkLists tells of text that could be taken for a list, and of comments where the
// words around a list are looked for.
func (f *finder) checkLists(b Bound) {
	lists := 0
	for _, u := range b.Uses {
		if u.List {
			lists++
		}
	}
	text := b.Template()
	if lists > 0 && len(f.problems) == 0 && (len(listed.FindAllString(text, -1)) != lists || strings.Count(text, ListMarker) != lists) {
		f.problems = append(f.problems, Problem{
			Length: len(f.tokens[0].Text), Offset: f.tokens[0].Offset,
			Message: "a comment in IN (…), or a text with ?... in it, hides where the list stands",
			Help:    "take it out",
		})
	}
}

// listed is how a list stands in the template: see driver.Lists.
var listed = regexp.MustCompile(`(?i)\bIN\s*\(\s*\?\.\.\.\s*\)`)

// checkNumbers tells of the first number that is out of range or has one missing
// below it.
func (f *finder) checkNumbers() {
	seen := map[int]bool{}
	for _, u := range f.uses {
		seen[u.Number] = true
	}
	for _, u := range f.uses {
		if u.style() == "numbered" && (u.Number == 0 || u.Number > 1 && !seen[u.Number-1]) {
			f.problems = append(f.problems, Problem{
				Offset: u.Offset, Length: u.Length,
				Message: fmt.Sprintf("parameter $%d has none before it", u.Number),
				Help:    "number the parameters from $1 on, without gaps",
			})
			return
		}
	}
}

// replace writes sql with a ? for each use and name.* for each embed, and notes in
// them where.
func (f *finder) replace(sql string) string {
	var b strings.Builder
	done, uses, embeds := 0, f.uses, f.embeds
	for len(uses)+len(embeds) > 0 {
		if len(embeds) == 0 || len(uses) > 0 && uses[0].Offset < embeds[0].Offset {
			u := &uses[0]
			b.WriteString(sql[done:u.Offset])
			u.At = b.Len()
			b.WriteByte('?')
			done, uses = u.Offset+u.Length, uses[1:]
			continue
		}
		e := &embeds[0]
		b.WriteString(sql[done:e.Offset])
		e.At, e.Width = b.Len(), len(e.Name)+len(".*")
		b.WriteString(e.Name + ".*")
		done, embeds = e.Offset+e.Length, embeds[1:]
	}
	b.WriteString(sql[done:])
	return b.String()
}
