// Package sqlscan cuts SQL text into tokens, scripts into statements, and finds
// the parameters of a statement. It knows spellings, not grammar: it does not say
// whether SQL is right, and it changes nothing but parameters.
package sqlscan

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Token is a piece of SQL text. Between tokens there is only white space.
type Token struct {
	Kind   Kind
	Text   string // as written
	Offset int    // of the first byte, in the scanned text
}

// Kind says what a token is.
type Kind uint8

// The kinds of tokens.
const (
	Bad        Kind = iota // a string, quoted name or comment that does not end
	Symbol                 // an operator or other punctuation
	Word                   // a keyword or a name without quotes
	QuotedName             // "name", `name` or [name]
	String                 // 'text' with its prefix, $$text$$, q'[text]'
	Number                 // 12, 1.5e3, 0xff
	Comment                // to the end of the line, without the line end, or /* … */
	Variable               // @@name
	Named                  // a parameter: :name or @name
	Numbered               // a parameter: $1
	Question               // a parameter: ?
)

// End returns the offset behind the token.
func (t Token) End() int { return t.Offset + len(t.Text) }

// Is tells whether t is one of the words or symbols, in any letter case.
func (t Token) Is(texts ...string) bool {
	if t.Kind != Word && t.Kind != Symbol {
		return false
	}
	for _, text := range texts {
		if strings.EqualFold(t.Text, text) {
			return true
		}
	}
	return false
}

// Name returns what a word, quoted name or named parameter names, without quotes
// or sign, in the letter case as written; "" for any other token.
func (t Token) Name() string {
	switch t.Kind {
	case Word:
		return t.Text
	case Named:
		return t.Text[1:]
	case QuotedName:
		closing := t.Text[len(t.Text)-1:]
		return strings.ReplaceAll(t.Text[1:len(t.Text)-1], closing+closing, closing)
	}
	return ""
}

// Scan cuts sql into its tokens. It never fails: what does not end is one Bad token
// up to the end of sql, what is unknown a Symbol.
func Scan(d Dialect, sql string) []Token {
	s := scanner{Dialect: d, sql: sql}
	for s.skipSpace(); s.at < len(sql); s.skipSpace() {
		start := s.at
		kind := s.next()
		s.tokens = append(s.tokens, Token{Kind: kind, Text: sql[start:s.at], Offset: start})
	}
	return s.tokens
}

// scanner stands at a byte of sql. Methods that return a Kind move it behind the
// token they found.
type scanner struct {
	Dialect
	sql    string
	at     int
	tokens []Token // those before at
}

func (s *scanner) skipSpace() {
	s.skipWhile(func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' })
}

func (s *scanner) skipWhile(is func(rune) bool) {
	for s.at < len(s.sql) {
		r, size := utf8.DecodeRuneInString(s.sql[s.at:])
		if !is(r) {
			return
		}
		s.at += size
	}
}

// next finds the token that begins here.
func (s *scanner) next() Kind {
	switch c := s.sql[s.at]; {
	case s.lineComment():
		s.skipWhile(func(r rune) bool { return r != '\n' && r != '\r' })
		return Comment
	case s.has("/*"):
		return s.blockComment()
	case c == '\'':
		return s.quoted(String, '\'', s.BackslashEscapes)
	case c == '"' && s.DoubleQuoteStrings:
		return s.quoted(String, '"', s.BackslashEscapes)
	case c == '"':
		return s.quoted(QuotedName, '"', false)
	case c == '`' && s.BacktickQuotes:
		return s.quoted(QuotedName, '`', false)
	case c == '[' && s.BracketQuotes:
		return s.quoted(QuotedName, ']', false)
	case c == '$':
		return s.dollar()
	case isDigit(rune(c)), c == '.' && isDigit(s.peek(1)):
		return s.number()
	case c == '?':
		s.at++
		return Question
	case c == ':' || c == '@':
		return s.sign()
	case startsWord(s.peek(0)), c == '#' && s.HashNames && s.tempName():
		return s.word()
	}
	return s.symbol()
}

func (s *scanner) has(prefix string) bool { return strings.HasPrefix(s.sql[s.at:], prefix) }

// peek returns the rune n bytes ahead, utf8.RuneError behind the end.
func (s *scanner) peek(n int) rune {
	r, _ := utf8.DecodeRuneInString(s.sql[min(s.at+n, len(s.sql)):])
	return r
}

func (s *scanner) lineComment() bool {
	if s.HashComments && s.has("#") {
		return true
	}
	if !s.has("--") {
		return false
	}
	return !s.DashesNeedSpace || s.at+2 == len(s.sql) || unicode.IsSpace(s.peek(2)) || unicode.IsControl(s.peek(2))
}

func (s *scanner) blockComment() Kind {
	depth := 0
	for s.at < len(s.sql) {
		switch {
		case s.has("/*") && (depth == 0 || s.NestedComments):
			depth++
			s.at += 2
		case s.has("*/"):
			depth--
			s.at += 2
		default:
			s.at++
		}
		if depth == 0 {
			return Comment
		}
	}
	return Bad
}

// quoted stands at an opening quote. Inside, the closing quote is written twice.
func (s *scanner) quoted(kind Kind, closing byte, backslash bool) Kind {
	for s.at++; s.at < len(s.sql); s.at++ {
		switch c := s.sql[s.at]; {
		case c == '\\' && backslash:
			s.at++
		case c == closing && s.at+1 < len(s.sql) && s.sql[s.at+1] == closing:
			s.at++
		case c == closing:
			s.at++
			return kind
		}
	}
	return s.unended()
}

func (s *scanner) unended() Kind {
	s.at = len(s.sql)
	return Bad
}

// dollar stands at a $: of a numbered parameter, a dollar quote, or a name.
func (s *scanner) dollar() Kind {
	if isDigit(s.peek(1)) {
		s.at++
		s.skipWhile(isDigit)
		return Numbered
	}
	if !s.DollarQuotes {
		return s.word()
	}
	tag := s.dollarTag()
	if tag == "" {
		return s.symbol()
	}
	s.at += len(tag)
	end := strings.Index(s.sql[s.at:], tag)
	if end < 0 {
		return s.unended()
	}
	s.at += end + len(tag)
	return String
}

// dollarTag returns the $tag$ that begins here, "" when none does.
func (s *scanner) dollarTag() string {
	end := strings.IndexByte(s.sql[s.at+1:], '$')
	if end < 0 {
		return ""
	}
	tag := s.sql[s.at : s.at+end+2]
	for i, r := range tag[1 : len(tag)-1] {
		if i == 0 && !startsWord(r) || !s.continuesWord(r) {
			return ""
		}
	}
	return tag
}

// number also takes letters that follow: what 12abc means is the database's matter.
func (s *scanner) number() Kind {
	hex := s.has("0x") || s.has("0X")
	for s.at < len(s.sql) {
		c := s.sql[s.at]
		exponent := !hex && (c == 'e' || c == 'E') && s.at+2 < len(s.sql) && isDigit(s.peek(2))
		switch {
		case exponent && (s.sql[s.at+1] == '+' || s.sql[s.at+1] == '-'):
			s.at += 2
		case c == '.' || c < utf8.RuneSelf && c != '$' && c != '#' && s.continuesWord(rune(c)):
			s.at++
		default:
			return Number
		}
	}
	return Number
}

// sign stands at : or @.
func (s *scanner) sign() Kind {
	switch {
	case s.has("@@") && startsWord(s.peek(2)) && !s.SymbolOperators:
		s.at += 2
		s.skipWhile(s.continuesWord)
		return Variable
	case startsWord(s.peek(1)) && !s.behindOperand():
		s.at++
		s.skipWhile(s.continuesWord)
		return Named
	}
	return s.symbol()
}

// behindOperand tells whether a value or name ends right here, so that what comes
// is no parameter: a[lo:hi] slices an array, src:name is a path into a document,
// 'u'@host an account, emp@remote a database link.
func (s *scanner) behindOperand() bool {
	if len(s.tokens) == 0 || s.tokens[len(s.tokens)-1].End() != s.at {
		return false
	}
	last := s.tokens[len(s.tokens)-1]
	return last.Kind != Comment && last.Kind != Symbol || last.Is(")", "]")
}

// word stands at a word or at the prefix of a string.
func (s *scanner) word() Kind {
	start := s.at
	s.at += len(string(s.peek(0)))
	s.skipWhile(s.continuesWord)
	if !s.has("'") {
		return Word
	}
	switch prefix := strings.ToLower(s.sql[start:s.at]); {
	case prefix == "e" && s.EscapeStrings:
		return s.quoted(String, '\'', true)
	case s.QStrings && (prefix == "q" || prefix == "nq"):
		return s.qString()
	case prefix == "n" || prefix == "x" || prefix == "b" || prefix == "e":
		return s.quoted(String, '\'', s.BackslashEscapes)
	}
	return Word
}

// qString stands at the quote of q'[…]': any character opens, its counterpart
// before a quote closes.
func (s *scanner) qString() Kind {
	opening := s.peek(1)
	closing := string(opening)
	if i := strings.IndexRune("[](){}<>", opening); i >= 0 && i%2 == 0 {
		closing = "[](){}<>"[i+1 : i+2]
	}
	s.at = min(s.at+1+len(closing), len(s.sql))
	end := strings.Index(s.sql[s.at:], closing+"'")
	if end < 0 {
		return s.unended()
	}
	s.at += end + len(closing) + 1
	return String
}

// tempName tells whether #name or ##name begins here.
func (s *scanner) tempName() bool {
	return startsWord(s.peek(1)) || s.has("##") && startsWord(s.peek(2))
}

// symbols are the ones of several characters, those with a common beginning
// longest first.
var symbols = []string{"::", ":=", "||", "<=>", "<=", ">=", "<>", "!=", "=>", "->>", "->"}

// symbolOperators are the symbols of SymbolOperators. Those with a question mark
// are not among them: to ODBC it is a parameter wherever it stands.
var symbolOperators = []string{"@@", "@>", "<@", "@-@", "#>>", "#>", "#-"}

func (s *scanner) symbol() Kind {
	for _, symbol := range symbols {
		if s.has(symbol) {
			s.at += len(symbol)
			return Symbol
		}
	}
	if s.SymbolOperators {
		for _, symbol := range symbolOperators {
			if s.has(symbol) {
				s.at += len(symbol)
				return Symbol
			}
		}
	}
	_, size := utf8.DecodeRuneInString(s.sql[s.at:])
	s.at += size
	return Symbol
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

func startsWord(r rune) bool {
	return r == '_' || unicode.IsLetter(r)
}

func (s *scanner) continuesWord(r rune) bool {
	return startsWord(r) || r == '$' || r == '#' && s.HashNames || unicode.IsDigit(r) || unicode.IsMark(r)
}
