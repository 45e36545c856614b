package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/driver"
)

var procedureRole = role{
	noun:    "parameter",
	untyped: "give its type under params:",
	unnamed: "call the procedure by a query, whose parameters have names",
	at:      paramRole.at,
}

// procedure plans the call of a stored procedure. What comes back is the result of the
// method when it is one value or set, and else the fields of a struct.
func (b *builder) procedure(d DescribedProcedure) Query {
	q := b.begin(d.Name, "procedure")
	q.Value.Procedure = d.Procedure
	q.Method.Doc = cmp.Or(d.Doc, q.Method.Name+" calls the procedure "+d.Procedure+".")
	q.Method.Verb = "Call"
	params := b.passParams(&q, d.given())
	q.Value.Params = slotsOf(d.Params)
	c := call{builder: b, q: &q, d: d, fields: map[string]string{}, into: Type{Name: q.Method.Name + "Result"}}
	result := c.results()
	q.Value.Type = runtimeType("Procedure", params, result)
	q.Method.Results = []Type{result, errorType}
	if q.Method.Drop = result.same(runtimeType("None")); q.Method.Drop {
		q.Method.Results = []Type{errorType}
	}
	return q
}

// given returns the parameters that the caller gives.
func (d DescribedProcedure) given() []Param {
	var params []Param
	for _, p := range d.Params {
		if p.Direction == driver.In || p.Direction == driver.InOut {
			params = append(params, Param{Name: p.Name, Kind: p.Kind, Null: p.Null, SQLType: p.SQLType})
		}
	}
	return params
}

// back returns the parameters that are values which come back.
func (d DescribedProcedure) back() []Column {
	var columns []Column
	for _, p := range d.Params {
		switch p.Direction {
		case driver.Out, driver.Return:
			columns = append(columns, Column{Name: p.Name, Kind: p.Kind, Null: p.Null, SQLType: p.SQLType})
		case driver.InOut:
			columns = append(columns, Column{Name: p.Name, Kind: p.Kind, Null: p.NullBack, SQLType: p.SQLType})
		}
	}
	return columns
}

var directionNames = map[driver.Direction]string{
	driver.In: "In", driver.Out: "Out", driver.InOut: "InOut", driver.Return: "Return", driver.Cursor: "Cursor",
}

// slotsOf returns the parameters as the runtime is told of them.
func slotsOf(params []ProcedureParam) []Slot {
	var slots []Slot
	for _, p := range params {
		slots = append(slots, Slot{Name: p.Name, Kind: kindForms[p.Kind].constant, Direction: directionNames[p.Direction], Width: p.Width})
	}
	return slots
}

// call is a procedure whose results are being planned.
type call struct {
	*builder
	q      *Query
	d      DescribedProcedure
	fields map[string]string // Go name -> parameter or set
	into   Type              // the struct of all results
}

// results plans what comes back, and returns its type.
func (c *call) results() Type {
	all := Struct{Name: c.into.Name, Doc: c.into.Name + " holds what " + c.q.Method.Name + " gives back."}
	back, sets := c.d.back(), c.inOrder()
	wanted := slices.DeleteFunc(slices.Clone(sets), func(s DescribedSet) bool { return setForms[s.Result].into == "" })
	single := len(back)+len(wanted) == 1
	into := c.into
	if single {
		into = Type{}
	}
	if len(back) > 0 {
		all.Fields = c.output(back, single)
	}
	for _, s := range sets {
		set, structs := c.set(c.q, s, into, c.fields)
		c.q.Structs = append(c.q.Structs, structs...)
		if set.Into != "" {
			all.Fields = append(all.Fields, set.Field)
		}
		c.q.Value.Sets = append(c.q.Value.Sets, set)
	}
	switch {
	case len(all.Fields) == 0:
		return runtimeType("None")
	case single:
		return all.Fields[0].Type
	}
	c.q.Structs = append(c.q.Structs, all)
	return c.into
}

// inOrder returns the sets as the runtime expects them: those of cursors last, in the
// order of the parameters.
func (c *call) inOrder() []DescribedSet {
	var own, cursors []DescribedSet
	cursor := make(map[string]bool)
	for _, p := range c.d.Params {
		if p.Direction != driver.Cursor {
			continue
		}
		for _, s := range c.d.Sets {
			if strings.EqualFold(s.Name, p.Name) {
				cursors, cursor[s.Name] = append(cursors, s), true
			}
		}
	}
	for _, s := range c.d.Sets {
		if !cursor[s.Name] {
			own = append(own, s)
		}
	}
	return append(own, cursors...)
}

// output plans the parameters that come back. It returns a field for each; the only
// result is no field, but the value itself.
func (c *call) output(columns []Column, single bool) []Field {
	name := c.private.claim("decode" + c.q.Method.Name)
	c.q.Value.Decode = name
	c.q.Output = &Output{Name: name, Into: c.into}
	var fields []Field
	for i, column := range columns {
		m := c.member(procedureRole, i+1, column)
		if first, taken := c.fields[m.field]; taken {
			c.problem(Problem{
				Param:   column.Name,
				Message: fmt.Sprintf("%q and %q are both %s in Go", first, column.Name, m.field),
				Help:    "what is returned can have another name, return: status",
			})
		}
		c.fields[m.field] = column.Name
		fields = append(fields, m.structField())
		read := m.read(m.field)
		if single {
			read.Field, c.q.Output.Into = "", m.goType
		}
		c.q.Output.Picks = append(c.q.Output.Picks, Pick{Index: i, Column: m.column})
		c.q.Output.Fields = append(c.q.Output.Fields, read)
	}
	return fields
}
