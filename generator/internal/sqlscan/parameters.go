package sqlscan

import (
	"fmt"
	"strings"
)

// Bound is a statement in which each parameter is written ?.
type Bound struct {
	SQL  string
	Uses []Use // one for each ?, in order
}

// Use is one place where a parameter stands.
type Use struct {
	Name     string // "" for ? and $1
	Number   int    // from 1: of ? by its place, of $1 as written; 0 with a name
	Nullable bool   // written sqlc.narg
	Offset   int    // in the original text
	Length   int    // in the original text
	At       int    // of its ? in Bound.SQL
}

// Original returns the offset in the original text of an offset in b.SQL.
func (b Bound) Original(offset int) int {
	shift := 0
	for _, u := range b.Uses {
		if offset <= u.At {
			break
		}
		shift = u.Offset + u.Length - (u.At + 1)
	}
	return offset + shift
}

// Part returns what b made of length bytes of the original text from offset on.
func (b Bound) Part(offset, length int) Bound {
	from, to := offset, offset+length // in b.SQL
	var part Bound
	for _, u := range b.Uses {
		switch longer := u.Length - 1; {
		case u.Offset < offset:
			from, to = from-longer, to-longer
		case u.Offset < offset+length:
			to -= longer
			u.Offset, u.At = u.Offset-offset, u.At-from
			part.Uses = append(part.Uses, u)
		}
	}
	part.SQL = b.SQL[from:to]
	return part
}

// Problem is something wrong with the parameters of a statement.
type Problem struct {
	Offset, Length int // in the original text
	Message        string
	Help           string // what to write instead, "" when nothing is known
}

// Parameters replaces the parameters of sql, :name, @name, ?, $1, sqlc.arg(name) and
// sqlc.narg(name), by ?. All else stays as written. With problems, Bound holds what
// could be made of it.
func Parameters(d Dialect, sql string) (Bound, []Problem) {
	f := finder{dialect: d, tokens: Significant(Scan(d, sql))}
	for f.i < len(f.tokens) {
		f.step()
	}
	f.checkMixed()
	f.checkNumbers()
	return Bound{SQL: f.replace(sql), Uses: f.uses}, f.problems
}

// finder stands at a token and collects the uses before it.
type finder struct {
	dialect   Dialect
	tokens    []Token
	i         int
	uses      []Use
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
	case t.Kind == Named:
		f.use(t, t, Use{Name: t.Name()})
	case t.Kind == Numbered:
		f.use(t, t, Use{Number: number(t.Text[1:])})
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
	if to.Kind == Number {
		f.problem(from, to, "a question mark has no number", "write $"+to.Text+", or :name")
		f.misread = true
	}
}

// macro stands at sqlc.something(.
func (f *finder) macro() {
	start, name, argument, end := f.ahead(0), f.ahead(2), f.ahead(4), f.ahead(5)
	f.i += 4
	known := name.Is("arg", "narg")
	parameter := argumentName(argument)
	switch {
	case !known:
		f.problem(start, name, fmt.Sprintf("sqlc.%s is not supported", name.Text), "write sqlc.arg(name) or sqlc.narg(name)")
	case parameter == "" || !end.Is(")"):
		f.problem(start, name, fmt.Sprintf("sqlc.%s wants one name", name.Text), fmt.Sprintf("write sqlc.%s(name)", name.Text))
	default:
		f.use(start, end, Use{Name: parameter, Nullable: name.Is("narg")})
		f.i += 2
	}
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

// checkMixed tells of the first use that is named where the first was not, or the
// other way round; ? and $1 do not mix either.
func (f *finder) checkMixed() {
	for _, u := range f.uses {
		first := f.uses[0]
		if u.style() != first.style() && !f.misread {
			f.problems = append(f.problems, Problem{
				Offset: u.Offset, Length: u.Length,
				Message: fmt.Sprintf("%s parameters do not mix with %s ones", u.style(), first.style()),
				Help:    "write :name for all of them",
			})
			return
		}
	}
}

func (u Use) style() string {
	switch {
	case u.Name != "":
		return "named"
	case u.Length == 1:
		return "positional"
	}
	return "numbered"
}

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

// replace writes sql with a ? for each use, and notes in the use where.
func (f *finder) replace(sql string) string {
	var b strings.Builder
	done := 0
	for i := range f.uses {
		u := &f.uses[i]
		b.WriteString(sql[done:u.Offset])
		u.At = b.Len()
		b.WriteByte('?')
		done = u.Offset + u.Length
	}
	b.WriteString(sql[done:])
	return b.String()
}
