package tdsserver

import (
	"slices"
)

// plan is a statement about tables that has been understood.
type plan struct {
	columns []Column // of its result, nil for none
	run     func(e *execution) ([][]any, int, *Message)
}

// execution is what a plan runs on.
type execution struct {
	session *session
	args    []Param
	undo    *undo
	now     []any // cells of the record at hand
	before  []any // those that it had, see DELETED
	source  []any // values of the row at hand of a MERGE
}

// planner reads one statement.
type planner struct {
	parser
	session *session
	params  []Type
	table   *table  // that names belong to, nil for none
	sourced *source // that they may belong to, too, nil for none
	depth   int
	asked   map[int]Type // types that parameters should have, nil where they are declared
}

// plan understands a statement. The storing of the server must be locked.
func (s *session) plan(r *Request, tokens []token) (*plan, *Message) {
	return (&planner{parser: parser{tokens: tokens}, session: s, params: declared(r)}).plan()
}

// undeclared returns the types that the parameters of a statement should have.
func (s *session) undeclared(tokens []token) ([]Type, *Message) {
	p := &planner{parser: parser{tokens: tokens}, session: s, asked: map[int]Type{}}
	if _, m := p.plan(); m != nil {
		return nil, m
	}
	types := make([]Type, len(p.asked))
	for n, t := range p.asked {
		if n > len(types) {
			return nil, failure(137, "Parameters must be numbered from 1.")
		}
		types[n-1] = t
	}
	return types, nil
}

// ask says which type an expression should have, if it is a parameter.
func (p *planner) ask(e expression, t Type) {
	if p.asked != nil && e.param > 0 {
		p.asked[e.param] = t
	}
}

func (p *planner) plan() (*plan, *Message) {
	var made *plan
	switch {
	case p.accept("CREATE TABLE"):
		made = p.create()
	case p.accept("DROP TABLE"):
		made = p.drop()
	case p.accept("INSERT"):
		made = p.insert()
	case p.accept("UPDATE"):
		made = p.update()
	case p.accept("MERGE"):
		made = p.merge()
	case p.accept("DELETE"):
		made = p.remove()
	case p.accept("SELECT"):
		made = p.selects()
	default:
		p.wrong()
	}
	if p.peek().kind != endToken {
		p.wrong()
	}
	return made, p.failure
}

// declared are the types of a request's parameters.
func declared(r *Request) (types []Type) {
	for _, p := range r.Params {
		if p.Type.id == idNull {
			p.Type = Int
		}
		types = append(types, p.Type)
	}
	if len(types) > 0 || r.Declared == "" {
		return types
	}
	tokens, unclosed := scan(r.Declared)
	if unclosed != nil {
		return nil
	}
	p := &parser{tokens: tokens}
	for p.peek().kind == wordToken {
		p.next()
		types = append(types, p.typ())
		p.accept("OUTPUT")
		p.accept(",")
	}
	return types
}

func (p *planner) use(name string) {
	p.table = p.session.server.tables[p.session.key(name)]
	if p.table == nil {
		p.fail(Error(208, "Invalid object name '"+name+"'."))
		p.table = &table{}
	}
}

func (p *planner) columnIndex(name string) int {
	i := p.table.column(name)
	if i < 0 {
		p.fail(Error(207, "Invalid column name '"+name+"'."))
	}
	return i
}

// constraint is a key by the names of its columns.
type constraint struct {
	columns []string
	primary bool
}

func (p *planner) create() *plan {
	t := &table{name: p.name()}
	var keys []constraint
	p.list(func() {
		if p.accept("CONSTRAINT") {
			p.name()
		}
		switch {
		case p.accept("FOREIGN KEY"):
			columns := p.names()
			p.expect("REFERENCES")
			p.references(t, columns...)
		case p.accept("PRIMARY KEY"):
			keys = append(keys, constraint{p.names(), true})
		case p.accept("UNIQUE"):
			keys = append(keys, constraint{p.names(), false})
		default:
			keys = append(keys, p.define(t)...)
		}
	})
	p.table = t
	for _, k := range keys {
		p.constrain(t, k)
	}
	return &plan{run: func(e *execution) ([][]any, int, *Message) {
		all, name := e.session.server.tables, e.session.key(t.name)
		if all[name] != nil {
			return nil, -1, failure(2714, "There is already an object named '"+t.name+"' in the database.")
		}
		all[name] = t
		t.database = e.session.state.Database
		e.undo.add(func() { delete(all, name) })
		return nil, -1, nil
	}}
}

// define reads a column, and returns the keys that it is by itself.
func (p *planner) define(t *table) (keys []constraint) {
	c := tableColumn{Column: Column{Name: p.name(), Type: p.typ(), Schema: "dbo", Table: t.name}}
	c.Base = c.Name
	t.columns = append(t.columns, c)
	defer func() { t.columns[len(t.columns)-1] = c }()
	for more := true; more; {
		switch {
		case p.accept("NOT NULL"):
			c.NotNull = true
		case p.accept("NULL"):
		case p.accept("IDENTITY"):
			c.Identity, c.NotNull = true, true
			p.accept("( 1 , 1 )")
		case p.accept("PRIMARY KEY"):
			keys = append(keys, constraint{[]string{c.Name}, true})
		case p.accept("UNIQUE"):
			keys = append(keys, constraint{[]string{c.Name}, false})
		case p.accept("DEFAULT"):
			e := p.expression()
			c.otherwise = &e
		case p.accept("REFERENCES"):
			p.references(t, c.Name)
		default:
			more = false
		}
	}
	return keys
}

func (p *planner) constrain(t *table, by constraint) {
	k := key{primary: by.primary, taken: map[string]*record{}}
	for _, name := range by.columns {
		c := p.columnIndex(name)
		if c < 0 {
			return
		}
		k.columns = append(k.columns, c)
		t.columns[c].NotNull = t.columns[c].NotNull || by.primary
	}
	t.keys = append(t.keys, k)
}

func (p *planner) drop() *plan {
	maybe := p.accept("IF EXISTS")
	name := p.name()
	return &plan{run: func(e *execution) ([][]any, int, *Message) {
		all, key := e.session.server.tables, e.session.key(name)
		t := all[key]
		if t == nil && !maybe {
			return nil, -1, &Message{Number: 3701, State: 5, Class: 11, Text: "Cannot drop the table '" + name + "', because it does not exist or you do not have permission."}
		}
		delete(all, key)
		if t != nil {
			e.undo.add(func() { all[key] = t })
		}
		return nil, -1, nil
	}}
}

func (p *planner) insert() *plan {
	p.accept("INTO")
	p.use(p.name())
	var into []int
	if p.peek().text == "(" {
		for _, name := range p.names() {
			into = append(into, p.columnIndex(name))
		}
	} else {
		for i, c := range p.table.columns {
			if !c.Identity {
				into = append(into, i)
			}
		}
	}
	output := p.output()
	p.expect("VALUES")
	var rows [][]expression
	for more := true; more; more = p.accept(",") {
		var row []expression
		t := p.table
		p.table = nil // values have no columns
		p.list(func() { row = append(row, p.expression()) })
		p.table = t
		if p.failure == nil && len(row) != len(into) {
			p.fail(Error(213, "Column name or number of supplied values does not match table definition."))
		}
		p.askAll(row, into)
		rows = append(rows, row)
	}
	t := p.table
	return &plan{columns: output.columns(), run: func(e *execution) (results [][]any, n int, m *Message) {
		for _, row := range rows {
			cells, m := t.cells(e, into, row)
			if m != nil {
				return nil, 0, m
			}
			if _, m = t.insert(cells, e.undo); m != nil {
				return nil, 0, m
			}
			e.now = cells
			if results, m = output.append(e, results); m != nil {
				return nil, 0, m
			}
		}
		return results, len(rows), nil
	}}
}

// askAll says that expressions should have the types of columns.
func (p *planner) askAll(row []expression, columns []int) {
	for i, e := range row[:min(len(row), len(columns))] {
		if columns[i] >= 0 && columns[i] < len(p.table.columns) {
			p.ask(e, p.table.columns[columns[i]].Type)
		}
	}
}

// cells makes those of a new record.
func (t *table) cells(e *execution, into []int, row []expression) ([]any, *Message) {
	cells := make([]any, len(t.columns))
	for i, c := range t.columns {
		at := slices.Index(into, i)
		value := c.otherwise
		switch {
		case at >= 0 && c.Identity:
			return nil, failure(544, "Cannot insert explicit value for identity column in table '"+t.name+"' when IDENTITY_INSERT is set to OFF.")
		case at >= 0:
			value = &row[at]
		case c.Identity:
			t.counter++
			cells[i], e.session.identity, e.session.last = t.counter, t.counter, t.counter
		}
		if value == nil {
			continue
		}
		var m *Message
		if cells[i], m = value.value(e); m != nil {
			return nil, m
		}
	}
	return cells, nil
}

func (p *planner) update() *plan {
	p.use(p.name())
	p.expect("SET")
	at, values := p.assignments()
	output := p.output()
	where := p.where()
	t := p.table
	return &plan{columns: output.columns(), run: func(e *execution) (results [][]any, n int, m *Message) {
		found, m := t.find(e, where)
		for _, r := range found {
			e.now, e.before = r.cells, r.cells
			cells := slices.Clone(r.cells)
			for i, v := range values {
				if cells[at[i]], m = v.value(e); m != nil {
					return nil, 0, m
				}
			}
			if m = t.set(r, cells, e.undo); m != nil {
				return nil, 0, m
			}
			e.now = cells
			if results, m = output.append(e, results); m != nil {
				return nil, 0, m
			}
		}
		return results, len(found), m
	}}
}

// assignments reads what stands behind SET.
func (p *planner) assignments() (at []int, values []expression) {
	for more := true; more; more = p.accept(",") {
		at = append(at, p.columnIndex(p.name()))
		p.expect("=")
		values = append(values, p.expression())
	}
	p.askAll(values, at)
	return at, values
}

func (p *planner) remove() *plan {
	p.accept("FROM")
	p.use(p.name())
	output := p.output()
	where := p.where()
	t := p.table
	return &plan{columns: output.columns(), run: func(e *execution) (results [][]any, n int, m *Message) {
		found, m := t.find(e, where)
		for _, r := range found {
			e.now, e.before = r.cells, r.cells
			if results, m = output.append(e, results); m != nil {
				return nil, 0, m
			}
			if m = e.session.server.tables.referred(t, r.cells); m != nil {
				return nil, 0, m
			}
			t.remove(r, e.undo)
		}
		return results, len(found), m
	}}
}

// find returns the records that meet a condition.
func (t *table) find(e *execution, where condition) (found []*record, m *Message) {
	for _, r := range t.records {
		if r.deleted {
			continue
		}
		e.now = r.cells
		ok, m := where(e)
		if m != nil {
			return nil, m
		}
		if ok {
			found = append(found, r)
		}
	}
	return found, nil
}

// fields are expressions that make rows.
type fields []field

type field struct {
	expression
	column Column
}

// output reads OUTPUT with columns of INSERTED or DELETED.
func (p *planner) output() (all fields) {
	if !p.accept("OUTPUT") {
		return nil
	}
	for more := true; more; more = p.accept(",") {
		cells := func(e *execution) []any { return e.now }
		if p.accept("$ACTION") {
			all = append(all, p.action())
			continue
		}
		if p.accept("DELETED .") {
			cells = func(e *execution) []any { return e.before }
		} else {
			p.expect("INSERTED .")
		}
		if p.accept("*") {
			for _, c := range p.table.columns {
				all = append(all, p.labelled(p.columnNamed(c.Name, cells)))
			}
			continue
		}
		all = append(all, p.labelled(p.columnNamed(p.name(), cells)))
	}
	return all
}

// action tells what MERGE has done with a row: before there was nothing in what it has
// inserted.
func (p *planner) action() field {
	f := p.labelled(expression{typ: NVarchar(10), value: func(e *execution) (any, *Message) {
		if slices.ContainsFunc(e.before, func(v any) bool { return v != nil }) {
			return "UPDATE", nil
		}
		return "INSERT", nil
	}})
	if f.column.Name == "" {
		f.column.Name = "$action"
	}
	return f
}

// labelled makes a column of an expression, which may have AS behind it.
func (p *planner) labelled(e expression) field {
	o := field{expression: e, column: Column{Name: e.name, Type: e.typ}}
	if p.table != nil && e.name != "" {
		o.column = p.table.columns[p.table.column(e.name)].Column
	}
	if p.accept("AS") {
		o.column.Name = p.name()
	}
	return o
}

func (o fields) columns() (columns []Column) {
	for _, one := range o {
		columns = append(columns, one.column)
	}
	return columns
}

// append adds the row that the fields make.
func (o fields) append(e *execution, rows [][]any) ([][]any, *Message) {
	if o == nil {
		return rows, nil
	}
	row := make([]any, len(o))
	for i, one := range o {
		var m *Message
		if row[i], m = one.value(e); m != nil {
			return nil, m
		}
	}
	return append(rows, row), nil
}
