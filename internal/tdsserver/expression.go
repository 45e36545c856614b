package tdsserver

import (
	"encoding/hex"
	"strconv"
	"strings"
)

// expression is a part of a statement with a value.
type expression struct {
	name  string // of the column that it is
	param int    // number of the parameter that it is
	typ   Type
	value func(e *execution) (any, *Message)
}

// condition reports whether a record is meant.
type condition func(e *execution) (bool, *Message)

func (p *planner) where() condition {
	if !p.accept("WHERE") {
		return func(*execution) (bool, *Message) { return true, nil }
	}
	return p.conditions()
}

// conditions reads comparisons that must all hold.
func (p *planner) conditions() condition {
	first := p.comparison()
	for p.accept("AND") {
		left, right := first, p.comparison()
		first = func(e *execution) (bool, *Message) {
			if ok, m := left(e); !ok || m != nil {
				return false, m
			}
			return right(e)
		}
	}
	return first
}

// meets says which results of a comparison a sign takes.
var meets = map[string]func(int) bool{
	"=": func(n int) bool { return n == 0 }, "<>": func(n int) bool { return n != 0 }, "!=": func(n int) bool { return n != 0 },
	"<": func(n int) bool { return n < 0 }, "<=": func(n int) bool { return n <= 0 },
	">": func(n int) bool { return n > 0 }, ">=": func(n int) bool { return n >= 0 },
}

func (p *planner) comparison() condition {
	if p.accept("(") {
		all := p.conditions()
		p.expect(")")
		return all
	}
	left := p.expression()
	if p.accept("IS") {
		not := p.accept("NOT")
		p.expect("NULL")
		return func(e *execution) (bool, *Message) {
			v, m := left.value(e)
			return (v == nil) != not, m
		}
	}
	var right []expression
	sign := meets["="]
	if p.accept("IN") {
		p.list(func() { right = append(right, p.expression()) })
	} else {
		if sign = meets[p.peek().text]; sign == nil {
			p.wrong()
		}
		p.next()
		right = []expression{p.expression()}
	}
	for _, r := range right {
		p.ask(left, r.typ)
		p.ask(r, left.typ)
	}
	return func(e *execution) (bool, *Message) {
		v, m := left.value(e)
		if v == nil || m != nil {
			return false, m
		}
		for _, r := range right {
			w, m := r.value(e)
			if m != nil {
				return false, m
			}
			if w == nil {
				continue
			}
			n, m := left.typ.compare(v, w)
			if m != nil || sign(n) {
				return m == nil, m
			}
		}
		return false, nil
	}
}

func (p *planner) expression() expression {
	left := p.operand()
	for p.peek().text == "+" || p.peek().text == "-" {
		left = sum(left, p.next().text, p.operand())
	}
	return left
}

// sum adds numbers, or subtracts them, and joins texts.
func sum(left expression, sign string, right expression) expression {
	typ := left.typ
	if families[typ.id].collated {
		typ = NVarchar(4000)
	}
	return expression{typ: typ, value: func(e *execution) (any, *Message) {
		a, m := left.value(e)
		if a == nil || m != nil {
			return nil, m
		}
		b, m := right.value(e)
		if b == nil || m != nil {
			return nil, m
		}
		x, isNumber := number(a)
		y, alsoNumber := number(b)
		switch {
		case families[left.typ.id].collated && sign == "+":
			return textOf(a) + textOf(b), nil
		case !isNumber || !alsoNumber:
			return nil, failure(402, "The data types "+left.typ.String()+" and "+right.typ.String()+" are incompatible in the add operator.")
		case sign == "-":
			return left.typ.convert(x.Sub(x, y))
		}
		return left.typ.convert(x.Add(x, y))
	}}
}

func constant(t Type, v any) expression {
	return expression{typ: t, value: func(*execution) (any, *Message) { return v, nil }}
}

// deepest is how far expressions may stand within each other.
const deepest = 100

func (p *planner) operand() expression {
	if p.depth++; p.depth > deepest {
		p.fail(Message{Number: 191, State: 1, Class: 15, Text: "Some part of your SQL statement is nested too deeply. Rewrite the query or break it up into smaller queries."})
	}
	defer func() { p.depth-- }()
	switch t := p.peek(); {
	case t.kind == textToken:
		p.next()
		units := max(1, len(appendUTF16(nil, t.text))/2)
		if units > 4000 {
			units = Max
		}
		return constant(NVarchar(units), t.text)
	case t.kind == numberToken:
		p.next()
		return numeral(t.text)
	case t.kind == hexToken:
		p.next()
		b, _ := hex.DecodeString(t.text)
		return constant(Varbinary(max(1, len(b))), b)
	case p.accept("NULL"):
		return constant(Int, nil)
	case p.accept("-"):
		return sum(constant(BigInt, int64(0)), "-", p.operand())
	case p.accept("("):
		inner := p.expression()
		p.expect(")")
		return inner
	case p.accept("SCOPE_IDENTITY ( )"):
		return identity(func(e *execution) int64 { return e.session.identity })
	case p.accept("@@IDENTITY"):
		return identity(func(e *execution) int64 { return e.session.last })
	case p.accept("CAST ("):
		inner := p.expression()
		p.expect("AS")
		typ := p.typ()
		p.expect(")")
		return expression{typ: typ, value: func(e *execution) (any, *Message) {
			v, m := inner.value(e)
			if m != nil {
				return nil, m
			}
			return typ.convert(v)
		}}
	case t.kind == wordToken && strings.HasPrefix(t.text, "@"):
		p.next()
		return p.param(t.text)
	}
	qualifier, name := p.qualifiedName()
	if e, ok := p.sourceColumn(qualifier, name); ok {
		return e
	}
	return p.columnNamed(name, func(e *execution) []any { return e.now })
}

// identity is a number of an identity column, NULL where there is none.
func identity(of func(e *execution) int64) expression {
	return expression{typ: Numeric(38, 0), value: func(e *execution) (any, *Message) {
		if n := of(e); n != 0 {
			return n, nil
		}
		return nil, nil
	}}
}

func numeral(text string) expression {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		if n == int64(int32(n)) {
			return constant(Int, n)
		}
		return constant(BigInt, n)
	}
	whole, fraction, _ := strings.Cut(text, ".")
	return constant(Numeric(byte(min(38, len(whole)+len(fraction))), byte(min(38, len(fraction)))), text)
}

// param is @P1 and so on.
func (p *planner) param(name string) expression {
	n, err := strconv.Atoi(strings.TrimLeft(name, "@pP"))
	if p.asked != nil && err == nil && n > 0 && n <= maxParams {
		p.asked[n] = NVarchar(4000)
		return expression{param: n, typ: p.asked[n]}
	}
	if err != nil || n < 1 || n > len(p.params) {
		p.fail(Error(137, "Must declare the scalar variable \""+name+"\"."))
		return expression{}
	}
	return expression{typ: p.params[n-1], value: func(e *execution) (any, *Message) { return e.args[n-1].Value, nil }}
}

func (p *planner) columnNamed(name string, cells func(e *execution) []any) expression {
	if p.failure != nil {
		return expression{}
	}
	if p.table == nil {
		p.fail(Error(207, "Invalid column name '"+name+"'."))
		return expression{}
	}
	i := p.columnIndex(name)
	if i < 0 {
		return expression{}
	}
	return expression{name: p.table.columns[i].Name, typ: p.table.columns[i].Type, value: func(e *execution) (any, *Message) { return cells(e)[i], nil }}
}
