package tdsserver

import (
	"context"
	"slices"
	"strings"
)

// selects reads SELECT.
func (p *planner) selects() *plan {
	begin := p.at
	if p.from() {
		p.use(p.name())
	}
	p.at = begin
	limit, offset := constant(BigInt, int64(1)<<40), constant(BigInt, int64(0))
	if p.accept("TOP") {
		limit = p.rowCount(p.operand())
	}
	if p.accept("COUNT ( * )") {
		return p.count()
	}
	list := p.fields()
	if p.table == nil {
		return &plan{columns: list.columns(), run: func(e *execution) ([][]any, int, *Message) {
			rows, m := list.append(e, nil)
			return rows, len(rows), m
		}}
	}
	p.expect("FROM")
	p.name()
	where := p.where()
	order := p.order()
	if p.accept("OFFSET") {
		offset = p.rowCount(p.expression())
		p.expect("ROWS")
		if p.accept("FETCH NEXT") {
			limit = p.rowCount(p.expression())
			p.expect("ROWS ONLY")
		}
	}
	t := p.table
	return &plan{columns: list.columns(), run: func(e *execution) (rows [][]any, n int, m *Message) {
		found, m := t.find(e, where)
		if m == nil {
			m = order(e, found)
		}
		skipped, m1 := whole(e, offset)
		most, m2 := whole(e, limit)
		if m = firstOf(m, m1, m2); m != nil {
			return nil, 0, m
		}
		found = found[min(skipped, len(found)):]
		for _, r := range found[:min(most, len(found))] {
			e.now = r.cells
			if rows, m = list.append(e, rows); m != nil {
				return nil, 0, m
			}
		}
		return rows, len(rows), nil
	}}
}

// rowCount wants an expression to be an integer.
func (p *planner) rowCount(e expression) expression {
	p.ask(e, BigInt)
	if p.asked == nil && p.failure == nil && e.typ.id != idInt {
		p.fail(Error(1060, "The number of rows provided for a TOP or FETCH clauses row count parameter must be an integer."))
	}
	return e
}

// from goes behind FROM, and reports whether there is one.
func (p *planner) from() bool {
	for depth := 0; p.peek().kind != endToken; {
		switch t := p.next(); {
		case t.kind == signToken && t.text == "(":
			depth++
		case t.kind == signToken && t.text == ")":
			depth--
		case depth == 0 && t.kind == wordToken && strings.EqualFold(t.text, "FROM"):
			return true
		}
	}
	return false
}

func (p *planner) count() *plan {
	o := p.labelled(expression{typ: Int})
	o.column.NotNull = true
	p.expect("FROM")
	p.name()
	where := p.where()
	t := p.table
	if t == nil {
		p.wrong()
	}
	return &plan{columns: fields{o}.columns(), run: func(e *execution) ([][]any, int, *Message) {
		found, m := t.find(e, where)
		return [][]any{{len(found)}}, 1, m
	}}
}

func (p *planner) fields() (all fields) {
	for more := true; more; more = p.accept(",") {
		if p.table != nil && p.accept("*") {
			for _, c := range p.table.columns {
				all = append(all, p.labelled(p.columnNamed(c.Name, func(e *execution) []any { return e.now })))
			}
			continue
		}
		all = append(all, p.labelled(p.expression()))
	}
	return all
}

// order reads ORDER BY.
func (p *planner) order() func(e *execution, records []*record) *Message {
	var by []expression
	var falling []bool
	if p.accept("ORDER BY") {
		for more := true; more; more = p.accept(",") {
			by = append(by, p.expression())
			falling = append(falling, p.accept("DESC"))
			p.accept("ASC")
		}
	}
	return func(e *execution, records []*record) (failed *Message) {
		slices.SortStableFunc(records, func(a, b *record) int {
			for i, x := range by {
				n, m := x.order(e, a, b)
				if failed = firstOf(failed, m); n == 0 {
					continue
				}
				if falling[i] {
					return -n
				}
				return n
			}
			return 0
		})
		return failed
	}
}

// order compares the values of two records; NULL comes first.
func (x expression) order(e *execution, a, b *record) (int, *Message) {
	e.now = a.cells
	v, m1 := x.value(e)
	e.now = b.cells
	w, m2 := x.value(e)
	if v == nil || w == nil {
		return int(toByte(v != nil)) - int(toByte(w != nil)), firstOf(m1, m2)
	}
	n, m3 := x.typ.compare(v, w)
	return n, firstOf(m1, m2, m3)
}

func whole(e *execution, x expression) (int, *Message) {
	v, m := x.value(e)
	if m != nil {
		return 0, m
	}
	v, m = BigInt.convert(v)
	n, ok := v.(int64)
	if m == nil && (!ok || n < 0) {
		m = failure(10742, "The offset specified in a OFFSET clause may not be negative.")
	}
	return int(n), m
}

func firstOf(messages ...*Message) *Message {
	for _, m := range messages {
		if m != nil {
			return m
		}
	}
	return nil
}

// onTables is a statement about tables as an answer.
type onTables struct {
	session *session
	request *Request
	tokens  []token
}

func (o onTables) check() error { return nil }

func (o onTables) give(ctx context.Context, r *reply) bool {
	return o.answer().give(ctx, r)
}

// answer executes the statement.
func (o onTables) answer() Answer {
	rows, n, m := o.execute()
	switch {
	case m != nil:
		return refusal(*m)
	case rows.Columns != nil:
		return rows
	case n >= 0:
		return Affected(n)
	}
	return effect((*reply).succeed)
}

// refusal is the failure of a statement that stores.
type refusal Message

func (f refusal) check() error { return nil }

func (f refusal) give(ctx context.Context, r *reply) bool {
	goesOn := Message(f).give(ctx, r)
	if f.Number == 2627 || f.Number == 515 || f.Number == 2628 {
		r.message(Message{Number: 3621, Text: "The statement has been terminated."})
	}
	return goesOn
}

// execute runs the statement, or leaves all as it was.
func (o onTables) execute() (rows Rows, n int, m *Message) {
	s := o.session
	s.server.storing.Lock()
	defer s.server.storing.Unlock()
	made, m := s.plan(o.request, o.tokens)
	if m != nil {
		return rows, 0, m
	}
	before := len(s.undo)
	e := &execution{session: s, args: o.request.Params, undo: &s.undo}
	rows.Columns = made.columns
	if rows.Values, n, m = made.run(e); m != nil {
		s.undo.to(before)
		return rows, 0, m
	}
	if !s.inTransaction() {
		s.undo = nil
	}
	if err := rows.check(); err != nil {
		return rows, 0, failure(50000, err.Error())
	}
	return rows, n, nil
}

// columns are those of the statement's result.
func (o onTables) columns() ([]Column, *Message) {
	o.session.server.storing.Lock()
	defer o.session.server.storing.Unlock()
	made, m := o.session.plan(o.request, o.tokens)
	if m != nil {
		return nil, m
	}
	return made.columns, nil
}
