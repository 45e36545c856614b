package describe

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/spec"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// ParseDirection returns the direction of a word, 0 for none.
func ParseDirection(word string) driver.Direction {
	for d := driver.In; d <= driver.Cursor; d++ {
		if d.String() == word {
			return d
		}
	}
	return 0
}

// SettleProcedure gives the spec the last word on what the catalog of a database said
// of a procedure, now or earlier: what it takes and gives back, the return value first,
// and its sets. With findings, the Shape is not to be used.
func SettleProcedure(p *spec.Procedure, plugin *driver.Plugin, said Shape) (Shape, []diag.Diagnostic) {
	s := signature{settling{faults{query: &spec.Query{File: p.File, Name: p.Name}}}, p, plugin}
	var shape Shape
	switch chosen, ok := s.choose(said.Procedures); {
	case !ok:
		return shape, s.findings
	case chosen == nil:
		shape.Params = s.written()
	default:
		shape.Params, shape.Procedures = s.listed(*chosen), []Procedure{*chosen}
	}
	for _, set := range p.Sets {
		shape.Sets = append(shape.Sets, Set{Columns: s.writtenColumns(set.Columns)})
	}
	for _, v := range shape.Params {
		s.checkCursor(v)
	}
	return shape, s.findings
}

// signature is a procedure that the spec has the last word on.
type signature struct {
	settling
	p      *spec.Procedure
	plugin *driver.Plugin
}

// choose returns the procedure that is meant among those of one name: with several,
// the one that fits what the spec says. It is nil where the catalog tells of none.
func (s *signature) choose(all []Procedure) (chosen *Procedure, ok bool) {
	if len(all) == 0 {
		return nil, true
	}
	var fitting []*Procedure
	for i := range all {
		if len(all) == 1 || s.fits(all[i]) {
			fitting = append(fitting, &all[i])
		}
	}
	if len(fitting) == 1 {
		return fitting[0], s.reachable(*fitting[0], all)
	}
	var forms, examples []string
	for _, one := range all {
		forms, examples = append(forms, one.signature()), append(examples, one.example())
	}
	s.findAt(s.p.Procedure.Pos, "say which one is meant by all that it takes and returns: "+strings.Join(examples, ", or "),
		"the database has %d procedures of that name: %s", len(all), strings.Join(forms, ", "))
	return nil, false
}

// reachable tells whether a call reaches the one that was chosen. Values have no types
// in a call on all databases: psqlODBC 13.02 sends them so that PostgreSQL takes find(text)
// where find(bigint) is meant.
func (s *signature) reachable(one Procedure, all []Procedure) bool {
	others := 0
	for _, other := range all {
		if other.Function == one.Function && len(other.taken()) == len(one.taken()) {
			others++
		}
	}
	if others > 1 {
		s.findAt(s.p.Procedure.Pos, fmt.Sprintf("write a query that casts them, such as SELECT * FROM %s(CAST(:%s AS …))", one.Name, one.taken()[0].Name),
			"the database has %d procedures of that name that take as many values, which only their types tell apart", others)
	}
	return others <= 1
}

// fits tells whether the spec has all that a procedure takes, and nothing that it has
// not.
func (s *signature) fits(one Procedure) bool {
	returns := slices.ContainsFunc(one.Params, Value.returns)
	unsaid := slices.ContainsFunc(one.taken(), func(v Value) bool { return s.param(v.Name).Name.Value == "" })
	if unsaid || s.p.Return.Name.Value != "" && !returns {
		return false
	}
	return !slices.ContainsFunc(s.p.Params, func(said spec.ProcedureParam) bool {
		return !slices.ContainsFunc(one.given(), func(v Value) bool {
			sameKind := said.Type.Value == "" || v.Kind == protocol.Invalid || said.Type.Value == v.Kind.String()
			return sameKind && strings.EqualFold(v.Name, said.Name.Value)
		})
	})
}

// given returns the parameters between the parentheses of a call.
func (p Procedure) given() []Value {
	return slices.DeleteFunc(slices.Clone(p.Params), Value.returns)
}

// taken returns those that have a value before the call.
func (p Procedure) taken() []Value {
	return slices.DeleteFunc(p.given(), func(v Value) bool { return v.Direction != driver.In && v.Direction != driver.InOut })
}

// signature returns what the database would call the procedure.
func (p Procedure) signature() string {
	var params []string
	result := ""
	for _, v := range p.Params {
		switch {
		case v.returns():
			result = " returns " + v.SQLType
		case v.Direction == driver.In:
			params = append(params, strings.TrimSpace(v.Name+" "+v.SQLType))
		default:
			params = append(params, strings.TrimSpace(fmt.Sprintf("%s %s %s", v.Direction, v.Name, v.SQLType)))
		}
	}
	return fmt.Sprintf("%s(%s)%s", p.Name, strings.Join(params, ", "), result)
}

// example returns what the spec says to choose p.
func (p Procedure) example() string {
	var params []string
	result := ""
	for _, v := range p.Params {
		if v.returns() {
			result = " and return: result"
			continue
		}
		params = append(params, v.Name+": "+v.Kind.String())
	}
	return fmt.Sprintf("params: {%s}%s", strings.Join(params, ", "), result)
}

// written returns the parameters that only the spec tells.
func (s *signature) written() []Value {
	var values []Value
	if s.p.Return.Name.Value != "" {
		values = append(values, s.returned(Value{Kind: protocol.Int32, Source: "status"}))
	}
	for _, said := range s.p.Params {
		v := Value{Name: said.Name.Value, Direction: driver.In, Source: "spec"}
		s.say(&v, said)
		values = append(values, v)
	}
	return values
}

// listed returns the parameters of the catalog, as far as they are wanted.
func (s *signature) listed(one Procedure) []Value {
	var values []Value
	var names []string
	returns := false
	for _, v := range one.Params {
		switch {
		case !v.returns():
			names = append(names, v.Name)
			s.say(&v, s.param(v.Name))
			values = append(values, v)
		case one.Function || s.p.Return.Name.Value != "":
			returns = true
			v.Null = one.Function
			values = append(values, s.returned(v))
		}
	}
	for _, said := range s.p.Params {
		if !slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, said.Name.Value) }) {
			s.findAt(said.Name.Pos, cmp.Or(diag.NearOrFew(said.Name.Value, "it", names), "it has none"), "procedure %s has no parameter %q", one.Name, said.Name.Value)
		}
	}
	switch name := s.p.Return.Name; {
	case name.Value == "" || returns:
	case s.p.Return.Type.Value == "":
		s.findAt(name.Pos, fmt.Sprintf("leave return out, or say its type: return: {name: %s, type: int32}", name.Value), "procedure %s returns no value", one.Name)
	default:
		values = slices.Insert(values, 0, s.returned(Value{}))
	}
	return values
}

// param returns what the spec says of a parameter.
func (s *signature) param(name string) spec.ProcedureParam {
	for _, said := range s.p.Params {
		if strings.EqualFold(said.Name.Value, name) {
			return said
		}
	}
	return spec.ProcedureParam{}
}

// changes are the directions that the spec may give a parameter of another: there are
// databases whose parameters that go out are listed as going in too, and a cursor is
// a value to some.
var changes = map[driver.Direction][]driver.Direction{
	driver.In:     {driver.In},
	driver.Out:    {driver.Out, driver.Cursor},
	driver.InOut:  {driver.In, driver.Out, driver.InOut, driver.Cursor},
	driver.Cursor: {driver.Cursor},
}

// say has the spec's word on a parameter. What goes in is not NULL unless the spec says
// so, and what comes back may be, unless it says not.
func (s *signature) say(v *Value, said spec.ProcedureParam) {
	pos := s.p.Procedure.Pos
	if said.Name.Value != "" {
		pos = said.Name.Pos
	}
	if word := said.Direction.Value; word != "" {
		direction := ParseDirection(word)
		if v.Source != "spec" && !slices.Contains(changes[v.Direction], direction) {
			s.findAt(said.Direction.Pos, "leave direction out", "parameter %q is %s in the database, and cannot be %s", v.Name, v.Direction, word)
		}
		v.Direction = direction
	}
	if v.Direction == driver.Cursor {
		v.Kind, v.Null, v.NullWhy = protocol.Invalid, false, ""
		return
	}
	v.Null, v.NullWhy = v.Direction == driver.Out, "what comes back may be NULL, unless the spec says not"
	if v.Direction != driver.Out {
		v.NullWhy = "what goes in is not NULL, unless the spec says so"
	}
	s.override(v, said.Override)
	v.NullBack = v.Null || v.Direction == driver.InOut && !said.Null.Set
	v.Width = s.width(*v, said.Width)
	s.checkValue(*v, said, pos)
}

// width returns the width of a value that comes back, as the spec or else the catalog
// has it.
func (s *signature) width(v Value, said int) int {
	if v.Direction == driver.In {
		return 0
	}
	return cmp.Or(said, v.Width)
}

// checkValue tells of a parameter that has no type, or a width of which nobody asks.
func (s *signature) checkValue(v Value, said spec.ProcedureParam, pos diag.Pos) {
	help := fmt.Sprintf("say it under params: %s: int64 (or another of odbcgen's types); of a cursor, write %s: {direction: cursor}", v.Name, v.Name)
	if v.Direction == driver.Return {
		help = fmt.Sprintf("say it: return: {name: %s, type: int64} (or another of odbcgen's types)", v.Name)
	}
	switch {
	case v.Kind == protocol.Invalid:
		s.findAt(pos, help, "the database does not say what type parameter %q has%s", v.Name, because(v.SQLType))
	case said.Width > 0 && v.Direction == driver.In:
		s.findAt(pos, "leave width out", "width is for values that come back, and %q does not", v.Name)
	case said.Width > 0 && !v.Kind.Readable():
		s.findAt(pos, "leave width out", "width is for text and binary values, and %q is %s", v.Name, v.Kind)
	}
}

// because tells a type that is none of ours.
func because(sqlType string) string {
	if sqlType == "" {
		return ""
	}
	return fmt.Sprintf(" (it calls it %s)", sqlType)
}

// returned has the spec's word on what a procedure returns. It is a cursor where there
// is a set of its name.
func (s *signature) returned(v Value) Value {
	said := s.p.Return
	v.Name = cmp.Or(said.Name.Value, "result")
	if v.Direction == driver.Cursor || s.p.Set(v.Name) != nil {
		return Value{Name: v.Name, Direction: driver.Cursor, SQLType: v.SQLType, Source: v.Source}
	}
	v.Direction, v.Width = driver.Return, s.width(v, said.Width)
	v.NullWhy = "a status is never NULL"
	if v.Null {
		v.NullWhy = "what a function returns may be NULL, unless the spec says not"
	}
	s.override(&v, said.Override)
	pos := s.p.Procedure.Pos
	if said.Name.Value != "" {
		pos = said.Name.Pos
	}
	s.checkValue(v, said, pos)
	return v
}

// checkCursor tells of a cursor that has no set, or that the database cannot have.
func (s *signature) checkCursor(v Value) {
	set := s.p.Set(v.Name)
	switch {
	case v.Direction == driver.Cursor && s.plugin.Calls.Cursors == (driver.Cursors{}):
		s.findAt(s.p.Procedure.Pos, "leave direction: cursor out; sets that the procedure gives by itself have names of their own",
			"%q is a cursor, which procedures on %s cannot give", v.Name, s.plugin.Name)
	case set != nil && (v.Direction == driver.Out || v.Direction == driver.InOut):
		s.findAt(set.Name.Pos, fmt.Sprintf("give the set another name, or write params: {%s: {direction: cursor}}", v.Name),
			"set %q has the name of a parameter that is no cursor", set.Name.Value)
	case v.Direction == driver.Cursor && set == nil:
		s.findAt(s.p.Procedure.Pos, "write "+spec.SetOfCursor(v.Name), "the cursor %q has no set", v.Name)
	case v.Direction == driver.Cursor && !set.Rows() && s.param(v.Name).Direction.Value == "": // else the reader has told
		s.findAt(set.Result.Pos, "write one, opt or many", "set %q is %s, but its cursor has rows", set.Name.Value, set.Result.Value)
	}
}
