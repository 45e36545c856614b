package tdsserver

import (
	"fmt"
	"strings"
)

// token is a word of SQL. Names in brackets or quotes are plain in text.
type token struct {
	kind tokenKind
	text string
	from int // place in the SQL
}

type tokenKind uint8

const (
	endToken tokenKind = iota
	wordToken
	nameToken // in brackets or double quotes
	numberToken
	textToken
	hexToken
	signToken
)

// scan cuts SQL into tokens.
func scan(sql string) ([]token, *Message) {
	var tokens []token
	for at := 0; at < len(sql); {
		switch c := sql[at]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			at++
		case strings.HasPrefix(sql[at:], "--"):
			at += span(sql[at:], func(c byte) bool { return c != '\n' })
		case c == '\'' || (c == 'N' || c == 'n') && strings.HasPrefix(sql[at+1:], "'"):
			from := at + strings.IndexByte(sql[at:], '\'')
			text, end, ok := quoted(sql, from, '\'')
			if !ok {
				return nil, unclosed(sql[from+1:])
			}
			tokens, at = append(tokens, token{textToken, text, at}), end
		case c == '[' || c == '"':
			text, end, ok := quoted(sql, at, map[byte]byte{'[': ']', '"': '"'}[c])
			if !ok {
				return nil, unclosed(sql[at+1:])
			}
			tokens, at = append(tokens, token{nameToken, text, at}), end
		case strings.HasPrefix(sql[at:], "0x"):
			end := at + 2 + span(sql[at+2:], func(c byte) bool { return isLetter(c) || isDigit(c) })
			tokens, at = append(tokens, token{hexToken, sql[at+2 : end], at}), end
		case isDigit(c):
			end := at + span(sql[at:], func(c byte) bool { return isDigit(c) || c == '.' })
			tokens, at = append(tokens, token{numberToken, sql[at:end], at}), end
		case isLetter(c):
			end := at + span(sql[at:], func(c byte) bool { return isLetter(c) || isDigit(c) })
			tokens, at = append(tokens, token{wordToken, sql[at:end], at}), end
		default:
			size := 1
			if strings.Contains(" <> <= >= != ", " "+sql[at:min(at+2, len(sql))]+" ") {
				size = 2
			}
			tokens, at = append(tokens, token{signToken, sql[at : at+size], at}), at+size
		}
	}
	return tokens, nil
}

// quoted returns what stands in quotes that begin at a place, and where they end; end
// twice is one of it.
func quoted(sql string, from int, end byte) (text string, behind int, ok bool) {
	var b strings.Builder
	for at := from + 1; at < len(sql); at++ {
		if sql[at] != end {
			b.WriteByte(sql[at])
			continue
		}
		if at+1 == len(sql) || sql[at+1] != end {
			return b.String(), at + 1, true
		}
		b.WriteByte(end)
		at++
	}
	return "", 0, false
}

func unclosed(text string) *Message {
	return &Message{Number: 105, State: 1, Class: 15, Text: fmt.Sprintf("Unclosed quotation mark after the character string '%.100s'.", text)}
}

func span(s string, in func(byte) bool) int {
	n := 0
	for n < len(s) && in(s[n]) {
		n++
	}
	return n
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == '@' || c == '#' || c == '$' || c >= 0x80
}

// parser reads tokens. Behind what is wrong there are no more, and failure says so.
type parser struct {
	tokens  []token
	at      int
	failure *Message
}

func (p *parser) fail(m Message) {
	if p.failure == nil {
		p.failure = &m
	}
	p.tokens = nil
}

func (p *parser) peek() token {
	if p.at < len(p.tokens) {
		return p.tokens[p.at]
	}
	return token{}
}

func (p *parser) next() token {
	t := p.peek()
	p.at++
	return t
}

// accept takes words and signs if they all come next.
func (p *parser) accept(words string) bool {
	at := p.at
	for word := range strings.FieldsSeq(words) {
		if t := p.next(); t.kind != wordToken && t.kind != signToken || !strings.EqualFold(t.text, word) {
			p.at = at
			return false
		}
	}
	return true
}

func (p *parser) expect(words string) {
	if !p.accept(words) {
		p.wrong()
	}
}

func (p *parser) wrong() {
	near := p.peek().text
	if p.peek().kind == endToken {
		near = "the end"
	}
	p.fail(Message{Number: 102, State: 1, Class: 15, Text: "Incorrect syntax near '" + near + "'. This server understands only simple statements: script others."})
}

// name reads the name of a column, or of a table, of which only the last part counts.
func (p *parser) name() string {
	_, name := p.qualifiedName()
	return name
}

// qualifiedName reads a name, and the part of it before the last one.
func (p *parser) qualifiedName() (qualifier, name string) {
	for more := true; more; more = p.accept(".") {
		t := p.peek()
		if t.kind != wordToken && t.kind != nameToken {
			p.wrong()
			return "", ""
		}
		p.next()
		qualifier, name = name, t.text
	}
	return qualifier, name
}

// list reads what stands between commas in parentheses.
func (p *parser) list(one func()) {
	p.expect("(")
	for {
		one()
		if !p.accept(",") {
			break
		}
	}
	p.expect(")")
}

func (p *parser) names() (names []string) {
	p.list(func() { names = append(names, p.name()) })
	return names
}

// typ reads a type.
func (p *parser) typ() Type {
	name := strings.ToLower(p.name())
	var sizes []int
	if p.accept("( max )") {
		sizes = []int{Max}
	} else if p.peek().text == "(" {
		p.list(func() {
			n := 0
			if _, err := fmt.Sscan(p.next().text, &n); err != nil {
				p.wrong()
			}
			sizes = append(sizes, n)
		})
	}
	t, ok := typeOf(name, sizes)
	if !ok || !t.possible(sizes) {
		p.fail(Error(2715, "Cannot find data type "+name+"."))
	}
	return t
}

// possible reports whether a type can have the numbers that it was given.
func (t Type) possible(sizes []int) bool {
	for _, n := range sizes {
		if n < Max || n > 8000 {
			return false
		}
	}
	switch families[t.id].layout {
	case decimalLayout:
		return t.precision > 0 && t.precision <= 38 && t.scale <= t.precision
	case scaleLayout:
		return t.scale <= 7
	case shortLayout:
		return t.size == Max || t.size > 0 && t.size <= 8000
	}
	return true
}

// typeOf returns the type of a name and its numbers.
func typeOf(name string, sizes []int) (Type, bool) {
	size := func(i, otherwise int) int {
		if i < len(sizes) {
			return sizes[i]
		}
		return otherwise
	}
	switch name {
	case "decimal", "dec":
		return Decimal(byte(size(0, 18)), byte(size(1, 0))), true
	case "numeric":
		return Numeric(byte(size(0, 18)), byte(size(1, 0))), true
	case "char":
		return Char(size(0, 1)), true
	case "varchar":
		return Varchar(size(0, 1)), true
	case "nchar":
		return NChar(size(0, 1)), true
	case "nvarchar":
		return NVarchar(size(0, 1)), true
	case "binary":
		return Binary(size(0, 1)), true
	case "varbinary":
		return Varbinary(size(0, 1)), true
	case "time":
		return Time(byte(size(0, 7))), true
	case "datetime2":
		return DateTime2(byte(size(0, 7))), true
	case "datetimeoffset":
		return DateTimeOffset(byte(size(0, 7))), true
	case "integer":
		return Int, true
	}
	for _, t := range []Type{Bit, TinyInt, SmallInt, Int, BigInt, Real, Float, SmallMoney, Money, SmallDateTime, DateTime, UniqueIdentifier, Date, Text, NText, Image, XML} {
		if t.String() == name {
			return t, true
		}
	}
	return Type{}, false
}
