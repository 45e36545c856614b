package spec

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/odbcgen/odbcgen/generator/internal/yamlnode"
)

// Procedure is a stored procedure or function to make a Go method of.
type Procedure struct {
	File      string // the file it is written in
	Name      Text   // an exported Go identifier, unique among queries, bulk inserts and procedures
	Doc       Text
	Procedure Text             // its name in the database, may be qualified
	Params    []ProcedureParam // as written
	Return    ProcedureParam   // the return value or status; without a name where it is not wanted
	Sets      []Set            // in the order in which they come, those of cursors among them
}

// ProcedureParam is what the user says about a parameter of a procedure.
type ProcedureParam struct {
	Override
	Direction Text // In, Out, InOut or Cursor; "" for the database's own
	Width     int  // most bytes of a value that comes back, 0 for the database's own
}

// The words of direction.
const (
	In     = "in"
	Out    = "out"
	InOut  = "inout"
	Cursor = "cursor" // its rows are the set of its name
)

// Set returns the set of a name, nil where there is none.
func (p *Procedure) Set(name string) *Set {
	for i := range p.Sets {
		if strings.EqualFold(p.Sets[i].Name.Value, name) {
			return &p.Sets[i]
		}
	}
	return nil
}

// Procedures are all stored procedures of a name that are not written down on their
// own; each becomes a method.
type Procedures struct {
	File    string
	Pattern Text // a name, may be qualified; % stands for any characters
	Skip    []Text
}

// Label is what the pattern is called where queries go by their names.
func (p *Procedures) Label() string { return "procedures " + p.Pattern.Value }

// Match tells whether a procedure of that name is one of p. Letter case is free.
func (p *Procedures) Match(name string) bool {
	_, pattern := p.Parts()
	parts := strings.Split(strings.ToLower(pattern), "%")
	name = strings.ToLower(name)
	for i, part := range parts {
		at := strings.Index(name, part)
		if i == len(parts)-1 && i > 0 {
			at = strings.LastIndex(name, part)
		}
		if at < 0 || i == 0 && at > 0 || i == len(parts)-1 && at+len(part) < len(name) {
			return false
		}
		name = name[at+len(part):]
	}
	return true
}

// Skips tells whether a procedure of that name is left out.
func (p *Procedures) Skips(name string) bool {
	return slices.ContainsFunc(p.Skip, func(skip Text) bool { return strings.EqualFold(skip.Value, name) })
}

// Parts returns the qualifier of the pattern, "" for none, and its last part.
func (p *Procedures) Parts() (qualifier, name string) {
	dot := strings.LastIndexByte(p.Pattern.Value, '.')
	return p.Pattern.Value[:max(dot, 0)], p.Pattern.Value[dot+1:]
}

// procedureOrPattern reads an item of procedures.
func (r *reader) procedureOrPattern(n *yaml.Node) {
	if yamlnode.Child(n, "procedures") != nil {
		p := Procedures{File: r.file}
		r.mapping("an entry with procedures", n, r.patternFields(&p))
		r.checkPattern(&p)
		return
	}
	p := Procedure{File: r.file}
	if name := yamlnode.Child(n, "name"); name != nil {
		r.query = name.Value
	}
	r.mapping("a procedure", n, r.procedureFields(&p))
	if n.Kind == yaml.MappingNode {
		r.checkProcedure(&p)
		r.spec.Procedures = append(r.spec.Procedures, p)
	}
	r.query = ""
}

func (r *reader) patternFields(p *Procedures) []field {
	return []field{
		{"procedures", true, r.text("procedures", &p.Pattern)},
		{"skip", false, func(n *yaml.Node) {
			r.list("skip", n, func(item *yaml.Node) {
				var name Text
				r.text("a procedure to skip", &name)(item)
				p.Skip = append(p.Skip, name)
			})
		}},
	}
}

// checkPattern takes a pattern into the spec, unless it can match nothing.
func (r *reader) checkPattern(p *Procedures) {
	qualifier, _ := p.Parts()
	switch {
	case p.Pattern.Value == "":
	case strings.ContainsRune(qualifier, '%'):
		r.problemAt(p.Pattern.Pos, "write an entry for each schema", "%% stands for characters of a procedure's name, and not of a schema's")
	default:
		r.spec.Patterns = append(r.spec.Patterns, *p)
	}
}

func (r *reader) procedureFields(p *Procedure) []field {
	return []field{
		{"name", true, r.exported("name", &p.Name)},
		{"doc", false, r.text("doc", &p.Doc)},
		{"procedure", true, r.text("procedure", &p.Procedure)},
		{"params", false, func(n *yaml.Node) { r.procedureParams(n, p) }},
		{"return", false, func(n *yaml.Node) { r.returned(n, &p.Return) }},
		{"sets", false, func(n *yaml.Node) { r.sets(n, &p.Sets) }},
	}
}

// procedureParams reads a mapping whose values are a type alone or a mapping.
func (r *reader) procedureParams(n *yaml.Node, p *Procedure) {
	r.pairs("params", n, func(key, value *yaml.Node) {
		param := ProcedureParam{Override: Override{Name: Text{key.Value, r.pos(key)}}}
		if value.Kind == yaml.ScalarNode {
			r.kind(&param.Type)(value)
		} else {
			r.mapping("an entry of params", value, r.procedureParamFields(&param))
		}
		r.checkProcedureParam(&param)
		p.Params = append(p.Params, param)
	})
}

func (r *reader) procedureParamFields(p *ProcedureParam) []field {
	return []field{
		{"type", false, r.kind(&p.Type)},
		{"null", false, r.bool("null", &p.Null)},
		{"direction", false, r.word("direction", wordsOfDirection, &p.Direction)},
		{"width", false, r.width(&p.Width)},
	}
}

var wordsOfDirection = []string{In, Out, InOut, Cursor}

// width returns a reader of a number of bytes.
func (r *reader) width(into *int) func(*yaml.Node) {
	return func(n *yaml.Node) {
		var text Text
		r.text("width", &text)(n)
		if text.Value == "" {
			return
		}
		bytes, err := strconv.Atoi(text.Value)
		if err != nil || bytes <= 0 {
			r.problem(n, "write the most bytes that can come back, such as 4000", "width %q is not a number of bytes", text.Value)
			return
		}
		*into = bytes
	}
}

// checkProcedureParam tells of what does not go together.
func (r *reader) checkProcedureParam(p *ProcedureParam) {
	switch {
	case p.Width > 0 && p.Direction.Value == In:
		r.problemAt(p.Name.Pos, "leave width out, or write direction: inout", "width is for values that come back, and %q does not", p.Name.Value)
	case p.Direction.Value == Cursor && (p.Type.Value != "" || p.Null.Set || p.Width > 0):
		r.problemAt(p.Name.Pos, fmt.Sprintf("write %s: {direction: cursor}, and its columns under sets: %s", p.Name.Value, p.Name.Value),
			"%q is a cursor, which has columns, and neither a type nor a width nor NULL", p.Name.Value)
	}
}

// returned reads the name of the return value alone or a mapping.
func (r *reader) returned(n *yaml.Node, p *ProcedureParam) {
	if n.Kind == yaml.ScalarNode {
		r.text("return", &p.Name)(n)
		return
	}
	r.mapping("return", n, r.returnFields(p))
}

func (r *reader) returnFields(p *ProcedureParam) []field {
	return []field{
		{"name", true, r.text("name", &p.Name)},
		{"type", false, r.kind(&p.Type)},
		{"null", false, r.bool("null", &p.Null)},
		{"width", false, r.width(&p.Width)},
	}
}

// checkProcedure tells of sets whose columns nobody can say, and of cursors without
// a set.
func (r *reader) checkProcedure(p *Procedure) {
	r.checkSetColumns(p.Sets, "no database tells what a procedure returns", "")
	for _, s := range p.Sets {
		for _, c := range s.Columns {
			if c.Reader.Value {
				r.problemAt(c.Reader.Pos, "leave reader out", "column %q is a reader, which the rows of a procedure cannot have", c.Name.Value)
			}
		}
	}
	for _, param := range p.Params {
		if p.Return.Name.Value != "" && strings.EqualFold(param.Name.Value, p.Return.Name.Value) {
			r.problemAt(p.Return.Name.Pos, "give it another name", "%q is a parameter, and what is returned", p.Return.Name.Value)
		}
		if param.Direction.Value == Cursor {
			r.checkCursor(p, param.Name)
		}
	}
}

func (r *reader) checkCursor(p *Procedure, param Text) {
	set := p.Set(param.Value)
	switch {
	case set == nil:
		r.problemAt(param.Pos, "write "+SetOfCursor(param.Value), "the cursor %q has no set", param.Value)
	case slices.Contains(setResults, set.Result.Value) && !set.Rows():
		r.problemAt(set.Result.Pos, "write one, opt or many", "set %q is %s, but its cursor has rows", set.Name.Value, set.Result.Value)
	}
}

// SetOfCursor returns what a set for a cursor looks like.
func SetOfCursor(name string) string {
	return fmt.Sprintf("sets: {%s: {result: many, columns: {id: int64, title: text}}}", name)
}
