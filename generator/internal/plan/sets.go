package plan

import (
	"cmp"
	"fmt"
)

// sets plans a query with several results: its method returns a struct that has a
// field for each.
func (b *builder) sets(d DescribedQuery) Query {
	q := b.begin(d.Name, "query")
	q.Method.Doc = cmp.Or(d.Doc, q.Method.Name+" runs its statements in order and returns their results.")
	q.Method.Verb = "Run"
	if len(d.Sets) > 0 && d.Sets[0].SQL != "" { // the columns of one statement are the spec's
		q.Value.Driver = b.driver
	}
	params := b.passParams(&q, d.Params)
	all := Struct{Name: q.Method.Name + "Sets"}
	all.Doc = all.Name + " holds the results of " + q.Method.Name + "."
	into := Type{Name: all.Name}
	fields := map[string]string{} // Go name -> set
	for _, s := range d.Sets {
		set, structs := b.set(&q, s, into, fields)
		if set.Into != "" {
			all.Fields = append(all.Fields, set.Field)
		}
		q.Structs = append(q.Structs, structs...)
		b.addSet(&q, d, s, set)
	}
	q.Structs = append(q.Structs, all)
	q.Method.Results = []Type{into, errorType}
	q.Value.Type = runtimeType("Sets", params, into)
	q.Value.Params, q.Value.Encode, q.Encode = nil, "", nil // those of the statements
	return q
}

// setForm is how a result becomes a field.
type setForm struct {
	into   string // function of the runtime, "" without a field
	rows   bool
	prefix string // of the row's type
}

var setForms = map[Result]setForm{
	One:      {"IntoValue", true, ""},
	Opt:      {"IntoPointer", true, "*"},
	Many:     {"IntoSlice", true, "[]"},
	Exec:     {},
	Affected: {"IntoCount", false, ""},
}

// set plans one result, with the types of its rows. Without a type that it is a field
// of, it is all that its method returns.
func (b *builder) set(q *Query, s DescribedSet, into Type, fields map[string]string) (Set, []Struct) {
	form, known := setForms[s.Result]
	if !known || form.rows != (len(s.Columns) > 0) {
		b.problem(Problem{
			Message: fmt.Sprintf("result %q of set %q is not one that its statement can have", s.Result, s.Name),
			Help:    "write one, opt or many for rows, and exec or affected where there are none",
		})
	}
	set := Set{Name: s.Name, Into: form.into, Of: into, Field: Field{Name: b.setField(s.Name, fields), Type: Type{Name: "int64"}}}
	if !form.rows {
		return set.alone(), nil
	}
	rows := Query{Value: Value{Driver: q.Value.Driver}, Method: Method{Name: q.Method.Name}}
	if into.Name != "" {
		rows.Method.Name += set.Field.Name
	}
	set.Field.Type = b.decodeRows(&rows, s.Columns, nil).under(form.prefix)
	set.Columns, set.Decode = rows.Value.Columns, rows.Decode
	if into.Name == "" {
		return set.alone(), rows.Structs
	}
	for i := range rows.Structs {
		rows.Structs[i].Doc = fmt.Sprintf("%s is a row of %s in %s.", rows.Structs[i].Name, set.Field.Name, into.Name)
	}
	return set, rows.Structs
}

// alone returns a set that is no field of another type as the place of itself.
func (s Set) alone() Set {
	if s.Of.Name == "" {
		s.Of, s.Field.Name = s.Field.Type, ""
	}
	return s
}

// setField returns the name of a set in Go.
func (b *builder) setField(name string, fields map[string]string) string {
	field := fieldName(name)
	first, taken := fields[field]
	switch {
	case field == "":
		b.problem(Problem{Message: fmt.Sprintf("the name of set %q has no letters", name), Help: "give it a name that Go allows, such as rows"})
	case taken:
		b.problem(Problem{Message: fmt.Sprintf("%q and %q are both %s in Go", first, name, field), Help: "give one of them another name"})
	}
	fields[field] = name
	return field
}

// addSet adds a set to the statement that has it, which it makes at first.
func (b *builder) addSet(q *Query, d DescribedQuery, s DescribedSet, set Set) {
	statements := q.Value.Statements
	if n := len(statements); s.SQL == "" && n > 0 {
		statements[n-1].Sets = append(statements[n-1].Sets, set)
		return
	}
	from := 0
	for _, st := range statements {
		from += len(st.Params)
	}
	to := min(from+s.Params, len(d.Params))
	own, encode := d, q.Encode
	if s.SQL != "" {
		own = DescribedQuery{SQL: s.SQL, Dialects: s.Dialects, Params: d.Params[from:to]}
		encode = b.partEncoder(q, set.Field.Name, from, to)
	}
	q.Value.Statements = append(statements, Statement{
		SQL: own.SQL, Dialects: b.dialects(own), Params: q.Value.Params[from:to],
		Encode: encode, Sets: []Set{set},
	})
}

// partEncoder plans the encoder of one statement, which writes the parameters from
// one to another of the query's.
func (b *builder) partEncoder(q *Query, field string, from, to int) *Encoder {
	if from == to {
		return nil
	}
	e := &Encoder{Name: b.private.claim("encode" + q.Method.Name + field), Arg: q.Encode.Arg}
	for i, cell := range q.Encode.Cells[from:to] {
		cell.Index = i
		e.Cells = append(e.Cells, cell)
	}
	return e
}
