package generator

import (
	"context"
	"fmt"
	"slices"

	"github.com/odbcgen/odbcgen/generator/internal/describe"
	"github.com/odbcgen/odbcgen/generator/internal/diag"
)

// Described is what a query, or a bulk insert, takes and returns.
type Described struct {
	Name    string
	Params  []Value // in the order of the markers; a name used twice stands here twice
	Columns []Value
	Sets    []DescribedSet // of the result sets
}

// DescribedSet is one of the results of a query with several.
type DescribedSet struct {
	Name    string
	Result  string
	Columns []Value // none where there are no rows
}

// Value is a parameter or column.
type Value struct {
	Name    string
	Type    string // odbcgen's word for it
	Null    bool
	SQLType string // as the database writes it, "" where it does not say
	Source  string // where the type comes from
}

// Describe returns what the database says of the queries of the spec, of all
// without names. What could be described is returned with the error, a
// *Diagnostics.
func Describe(ctx context.Context, o Options, names ...string) ([]Described, error) {
	d := describeSpec(ctx, o)
	var all []Described
	var known []string
	if d.spec != nil {
		for _, q := range d.spec.Queries {
			known = append(known, q.Name.Value)
			if shape, ok := d.shapes[q.Name.Value]; ok && wanted(names, q.Name.Value) {
				found := Described{Name: q.Name.Value, Params: values(shape.Params), Columns: values(shape.Columns)}
				for i, s := range shape.Sets {
					found.Sets = append(found.Sets, DescribedSet{q.Sets[i].Name.Value, q.Sets[i].Result.Value, values(s.Columns)})
				}
				all = append(all, found)
			}
		}
		for _, b := range d.spec.Bulks {
			known = append(known, b.Name.Value)
			if shape, ok := d.shapes[b.Name.Value]; ok && wanted(names, b.Name.Value) {
				all = append(all, Described{Name: b.Name.Value, Params: values(shape.Columns)})
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

func values(described []describe.Value) []Value {
	var all []Value
	for _, v := range described {
		all = append(all, Value{Name: v.Name, Type: v.Kind.String(), Null: v.Null, SQLType: v.SQLType, Source: v.Source})
	}
	return all
}
