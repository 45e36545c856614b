package tdsserver

import (
	"slices"
	"strings"
)

// source are the rows that MERGE compares with a table.
type source struct {
	name    string
	columns []string
	rows    [][]expression
}

// merge reads MERGE, of which there is one form: USING VALUES or SELECT of a row, and for
// what is matched UPDATE, for the rest INSERT, either of which may be missing.
func (p *planner) merge() *plan {
	p.accept("INTO")
	p.use(p.name())
	p.accept("WITH ( HOLDLOCK )")
	p.alias()
	p.expect("USING")
	from := p.source()
	p.sourced = &from
	p.expect("ON")
	matches := p.conditions()
	var update, insert func(e *execution, r *record) (*record, *Message)
	for p.accept("WHEN") {
		if p.accept("MATCHED THEN UPDATE SET") {
			update = p.merged(p.assignments())
			continue
		}
		p.expect("NOT MATCHED THEN INSERT")
		insert = p.merged(p.inserted())
	}
	output := p.output()
	t := p.table
	return &plan{columns: output.columns(), run: func(e *execution) (results [][]any, n int, m *Message) {
		pairs, m := t.pairs(e, from.rows, matches)
		if m != nil {
			return nil, 0, m
		}
		updated := map[*record]bool{}
		for _, pair := range pairs {
			do, r := update, pair.found
			if r == nil {
				do = insert
			}
			if do == nil {
				continue
			}
			if updated[r] {
				return nil, 0, failure(8672, "The MERGE statement attempted to UPDATE or DELETE the same row more than once.")
			}
			e.source = pair.source
			if r, m = do(e, r); m != nil {
				return nil, 0, m
			}
			updated[pair.found] = pair.found != nil
			n++
			e.now = r.cells
			if results, m = output.append(e, results); m != nil {
				return nil, 0, m
			}
		}
		return results, n, nil
	}}
}

// pair is a row of the source, with the record that it matches, nil for none.
type pair struct {
	source []any
	found  *record
}

// pairs matches all rows before anything is stored: what one inserts, another does not find.
func (t *table) pairs(e *execution, rows [][]expression, matches condition) (all []pair, m *Message) {
	for _, row := range rows {
		if e.source, m = values(e, row); m != nil {
			return nil, m
		}
		found, m := t.find(e, matches)
		if m != nil {
			return nil, m
		}
		for _, r := range found {
			all = append(all, pair{e.source, r})
		}
		if len(found) == 0 {
			all = append(all, pair{e.source, nil})
		}
	}
	return all, nil
}

// alias reads another name of a table, "" where there is none.
func (p *planner) alias() string {
	if p.accept("AS") {
		return p.name()
	}
	if t := p.peek(); t.kind == nameToken || t.kind == wordToken && !strings.EqualFold(t.text, "USING") && !strings.EqualFold(t.text, "ON") {
		return p.name()
	}
	return ""
}

// source reads what stands behind USING.
func (p *planner) source() (from source) {
	t := p.table
	p.table = nil // values have no columns
	defer func() { p.table = t }()
	p.expect("(")
	if p.accept("SELECT") {
		var row []expression
		for _, f := range p.fields() {
			from.columns, row = append(from.columns, f.column.Name), append(row, f.expression)
		}
		from.rows = [][]expression{row}
	} else {
		p.expect("VALUES")
		for more := true; more; more = p.accept(",") {
			var row []expression
			p.list(func() { row = append(row, p.expression()) })
			from.rows = append(from.rows, row)
		}
	}
	p.expect(")")
	from.name = p.alias()
	if p.peek().text == "(" {
		from.columns = p.names()
	}
	for _, row := range from.rows {
		if len(row) != len(from.columns) {
			p.fail(Error(8158, "'"+from.name+"' has more columns than were specified in the column list."))
		}
	}
	return from
}

// sourceColumn is a column of the source, if the name is one.
func (p *planner) sourceColumn(qualifier, name string) (expression, bool) {
	if p.sourced == nil || !strings.EqualFold(qualifier, p.sourced.name) {
		return expression{}, false
	}
	i := slices.IndexFunc(p.sourced.columns, func(c string) bool { return strings.EqualFold(c, name) })
	if i < 0 || len(p.sourced.rows) == 0 || i >= len(p.sourced.rows[0]) {
		p.fail(Error(207, "Invalid column name '"+name+"'."))
		return expression{}, true
	}
	first := p.sourced.rows[0][i]
	return expression{typ: first.typ, param: first.param, value: func(e *execution) (any, *Message) { return e.source[i], nil }}, true
}

// inserted reads the columns of INSERT, and their values.
func (p *planner) inserted() (at []int, values []expression) {
	for _, name := range p.names() {
		at = append(at, p.columnIndex(name))
	}
	p.expect("VALUES")
	p.list(func() { values = append(values, p.expression()) })
	if p.failure == nil && len(at) != len(values) {
		p.fail(Error(213, "Column name or number of supplied values does not match table definition."))
	}
	p.askAll(values, at)
	return at, values
}

// merged stores values in a record, or in a new one where there is none.
func (p *planner) merged(at []int, assigned []expression) func(e *execution, r *record) (*record, *Message) {
	t := p.table
	return func(e *execution, r *record) (*record, *Message) {
		if r == nil {
			e.before = make([]any, len(t.columns))
			cells, m := t.cells(e, at, assigned)
			if m != nil {
				return nil, m
			}
			return t.insert(cells, e.undo)
		}
		e.now, e.before = r.cells, r.cells
		cells := slices.Clone(r.cells)
		for i, v := range assigned {
			var m *Message
			if cells[at[i]], m = v.value(e); m != nil {
				return nil, m
			}
		}
		return r, t.set(r, cells, e.undo)
	}
}

func values(e *execution, row []expression) (cells []any, m *Message) {
	for _, v := range row {
		cell, m := v.value(e)
		if m != nil {
			return nil, m
		}
		cells = append(cells, cell)
	}
	return cells, nil
}
