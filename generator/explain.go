package generator

import (
	"context"
	"fmt"
	"slices"

	"github.com/odbcgen/odbcgen/generator/internal/describe"
	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/plan"
	"github.com/odbcgen/odbcgen/generator/internal/spec"
)

// Explained is what a query, or a bulk insert, takes and returns, and why.
type Explained struct {
	Name     string
	Snapshot bool    // all of it comes from snapshots
	Params   []Value // in the order of the markers; a name used twice stands here twice
	Columns  []Value
	Sets     []ExplainedSet // of the result sets
}

// ExplainedSet is one of the results of a query with several.
type ExplainedSet struct {
	Name    string
	Result  string
	Columns []Value // none where there are no rows
}

// Value is a parameter or column.
type Value struct {
	Name    string
	GoType  string // as generated code has it
	Type    string // odbcgen's word for it
	Null    bool
	NullWhy string // why NULL can occur, or cannot; "" where nobody said
	Of      string // table and column that a column is from, "" where the driver does not tell
	SQLType string // as the database writes it, "" where it does not say
	Source  string // where the type comes from
	// Direction of a parameter of a procedure: in, out, inout, return or cursor.
	Direction string
}

// Explain returns what the database says of the queries of the spec, of all
// without names. What could be described is returned with the error, a
// *Diagnostics.
func Explain(ctx context.Context, o Options, names ...string) ([]Explained, error) {
	d := describeSpec(ctx, o)
	var all []Explained
	var known []string
	if d.spec != nil {
		for _, q := range d.spec.Queries {
			known = append(known, q.Name.Value)
			if shape, ok := d.shapes[q.Name.Value]; ok && wanted(names, q.Name.Value) {
				all = append(all, d.explain(q, shape))
			}
		}
		for _, b := range d.spec.Bulks {
			known = append(known, b.Name.Value)
			if shape, ok := d.shapes[b.Name.Value]; ok && wanted(names, b.Name.Value) {
				all = append(all, Explained{Name: b.Name.Value, Snapshot: d.kept(b.Name.Value), Params: d.values(shape.Columns)})
			}
		}
		for _, p := range d.spec.Procedures {
			known = append(known, p.Name.Value)
			if shape, ok := d.shapes[p.Name.Value]; ok && wanted(names, p.Name.Value) {
				all = append(all, d.explainProcedure(p, shape))
			}
		}
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			d.problems.Add(diag.Diagnostic{
				Pos: diag.Pos{File: o.Spec}, Message: fmt.Sprintf("there is no query %q", name), Help: diag.DidYouMean(name, known),
			})
		}
	}
	return all, errorOf(d.problems)
}

func wanted(names []string, name string) bool {
	return len(names) == 0 || slices.Contains(names, name)
}

func (d *described) explain(q spec.Query, shape describe.Shape) Explained {
	e := Explained{
		Name: q.Name.Value, Snapshot: d.kept(q.Name.Value),
		Params: d.values(shape.Params), Columns: d.values(shape.Columns),
	}
	for i, s := range shape.Sets {
		e.Sets = append(e.Sets, ExplainedSet{q.Sets[i].Name.Value, q.Sets[i].Result.Value, d.values(s.Columns)})
	}
	return e
}

// kept tells whether no target was asked about a query.
func (d *described) kept(name string) bool {
	return !slices.ContainsFunc(d.answers, func(a answers) bool { return a.asked[name] })
}

func (d *described) values(described []describe.Value) []Value {
	var all []Value
	for i, c := range columns(described) {
		v := described[i]
		list := ""
		if v.List {
			list = "[]"
		}
		all = append(all, Value{
			Name: v.Name, GoType: list + plan.GoType(c, d.nullStyle()), Type: v.Kind.String(), Null: v.Null, NullWhy: v.NullWhy, Of: v.Of,
			SQLType: v.SQLType, Source: v.Source, Direction: directionWord(v),
		})
	}
	return all
}

func directionWord(v describe.Value) string {
	if v.Direction == 0 {
		return ""
	}
	return v.Direction.String()
}
