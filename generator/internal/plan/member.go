package plan

import (
	"cmp"
	"fmt"
	"strings"
)

// member is a parameter or a column in Go.
type member struct {
	slot    Slot
	field   string // name as a field
	local   string // name as a variable
	goType  Type
	comment string
	column  string // method of a batch that picks the column
	null    nullForm
	each    string // variable for the values of a list, "" for a single value
}

// role is what a member is to its query, in words.
type role struct {
	noun    string
	untyped string // what to do when its kind is not known
	unnamed string // what to do when its name is of no use
	at      func(number int, name string) Problem
}

var (
	paramRole = role{
		noun:    "parameter",
		untyped: "give its type under params:",
		unnamed: "name it under params:",
		at:      func(_ int, name string) Problem { return Problem{Param: name} },
	}
	columnRole = role{
		noun:    "column",
		untyped: "give its type under columns:",
		unnamed: "name it in the SQL with AS",
		at:      func(number int, _ string) Problem { return Problem{Column: number} },
	}
	bulkRole = role{
		noun:    "column",
		untyped: "leave it out, or insert with a query and give its type under params:",
		unnamed: "leave it out, or insert with a query",
		at:      columnRole.at,
	}
)

// member plans the parameter or column of that number, counted from 1.
func (b *builder) member(r role, number int, c Column) member {
	b.check(r, number, c)
	form, null := forms(c, b.null)
	return member{
		slot:    Slot{Name: c.Name, Kind: form.constant, Null: c.Null, Reader: c.Reader},
		field:   fieldName(c.Name),
		local:   localName(c.Name),
		goType:  null.wrap(form.goType),
		comment: comment(c),
		column:  form.column,
		null:    null,
	}
}

// forms returns how a value of c stands in generated code.
func forms(c Column, style nullForm) (kindForm, nullForm) {
	form := kindForms[c.Kind]
	switch {
	case c.Reader && c.Null:
		return form.reader(), nilReader
	case c.Reader:
		return form.reader(), notNull
	case c.Null:
		return form, style
	}
	return form, notNull
}

// GoType returns the Go type of a parameter or column as a file that imports its
// package writes it.
func GoType(c Column, style NullStyle) string {
	form, null := forms(c, nullForms[style])
	return null.wrap(form.goType).String()
}

// check notes what c lacks.
func (b *builder) check(r role, number int, c Column) {
	p := r.at(number, c.Name)
	if fieldName(c.Name) == "" {
		p.Message = fmt.Sprintf("%s %d has no name that Go can use: %q", r.noun, number, c.Name)
		p.Help = r.unnamed
		b.problem(p)
	}
	if _, known := kindForms[c.Kind]; !known {
		p.Message = fmt.Sprintf("the type of %s %q is not known: %s", r.noun, c.Name, cmp.Or(c.SQLType, "the database does not say"))
		p.Help = r.untyped
		b.problem(p)
	}
}

// comment returns what c is in SQL, on one line; nothing where that is no more
// than the field says.
func comment(c Column) string {
	if c.SQLType == "" && strings.EqualFold(fieldName(c.Name), strings.ReplaceAll(c.Name, "_", "")) {
		return ""
	}
	words := strings.Join(strings.Fields(c.Name+" "+c.SQLType), " ")
	if c.Null {
		return words + ", null"
	}
	return words
}

func (m member) structField() Field {
	return Field{Name: m.field, Type: m.goType, Comment: m.comment}
}

// list returns m as any number of values.
func (m member) list() member {
	m.slot.List, m.goType, m.each = true, m.goType.under("[]"), "v"
	return m
}

func (m member) write(index int, field string) Write {
	return Write{Each: m.each, Index: index, Column: m.column, Append: m.null.append, Field: field}
}

func (m member) read(field string) Read {
	return Read{Field: field, From: m.local, At: m.null.at}
}
