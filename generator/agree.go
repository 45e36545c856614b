package generator

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/generator/internal/describe"
	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/spec"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// agree makes one shape of what all targets answered to a question, and tells where
// they say different things. There is none where a target has not answered.
func (d *described) agree(q question) {
	a := agreement{question: q}
	for _, answers := range d.answers {
		shape, ok := answers.shapes[q.key.Name]
		if !ok {
			return
		}
		a.drivers, a.shapes = append(a.drivers, answers.driver), append(a.shapes, shape)
	}
	if shape := a.shape(); d.add(a.findings) {
		d.shapes[q.key.Name] = shape
	}
}

// agreement is what several databases say of one query.
type agreement struct {
	question
	drivers  []string
	shapes   []describe.Shape // one for each
	findings []diag.Diagnostic
}

// shape returns what holds for all of the databases.
func (a *agreement) shape() describe.Shape {
	agreed := a.shapes[0]
	agreed.Params = a.values("parameter", func(s describe.Shape) []describe.Value { return s.Params })
	agreed.Columns = a.values("column", func(s describe.Shape) []describe.Value { return s.Columns })
	agreed.Sets = slices.Clone(agreed.Sets)
	for i := range agreed.Sets { // whose number is that of the spec
		agreed.Sets[i].Columns = a.values("column", func(s describe.Shape) []describe.Value { return s.Sets[i].Columns })
	}
	return agreed
}

// values returns what holds for parameters or columns.
func (a *agreement) values(noun string, of func(describe.Shape) []describe.Value) []describe.Value {
	agreed := slices.Clone(of(a.shapes[0]))
	for _, s := range a.shapes[1:] {
		others := of(s)
		if len(others) != len(agreed) {
			a.findAt(a.pos(), a.alike(), "it has %s", a.each(func(s describe.Shape) string {
				return fmt.Sprintf("%d %ss", len(of(s)), noun)
			}))
			return nil
		}
		for i := range agreed {
			agreed[i].Null = agreed[i].Null || others[i].Null
			agreed[i].NullBack = agreed[i].NullBack || others[i].NullBack
			agreed[i].Width = max(agreed[i].Width, others[i].Width)
			agreed[i].Kind = wider(agreed[i].Kind, others[i].Kind)
			if agreed[i].SQLType != others[i].SQLType {
				agreed[i].SQLType = "" // it is that of one only
			}
		}
	}
	for i, v := range agreed {
		a.compare(noun, v, i, of)
		agreed[i].Source = a.each(func(s describe.Shape) string { return of(s)[i].Source })
		agreed[i].NullWhy = a.each(func(s describe.Shape) string { return of(s)[i].NullWhy })
	}
	return agreed
}

// alike says what to do about a number of values that is not the same everywhere.
func (a *agreement) alike() string {
	if a.procedure != nil {
		return "make the procedures alike, or write a spec for each database"
	}
	return "write texts under dialects: that give the same"
}

// wider returns the kind that holds the values of both, Invalid for none.
func wider(a, b protocol.Kind) protocol.Kind {
	for _, widening := range [][]protocol.Kind{
		{protocol.Int8, protocol.Int16, protocol.Int32, protocol.Int64},
		{protocol.Uint8, protocol.Uint16, protocol.Uint32, protocol.Uint64},
		{protocol.Float32, protocol.Float64},
	} {
		if i, j := slices.Index(widening, a), slices.Index(widening, b); i >= 0 && j >= 0 {
			return widening[max(i, j)]
		}
	}
	if a == b {
		return a
	}
	return protocol.Invalid
}

// compare tells where the databases have another name or type for a value.
func (a *agreement) compare(noun string, agreed describe.Value, i int, of func(describe.Shape) []describe.Value) {
	names := func(s describe.Shape) string { return fmt.Sprintf("%q", of(s)[i].Name) }
	kinds := func(s describe.Shape) string { return of(s)[i].Kind.String() }
	pos := a.pos()
	rename, cast := "name it in the SQL with AS", ", or cast it in the SQL"
	switch {
	case a.procedure != nil:
		pos, rename, cast = placeOfParam(a.procedure, agreed.Name), a.alike(), ""
	case noun == "parameter":
		pos = placeOf(a.query, agreed.Name)
	}
	sameName := func(s describe.Shape) bool { return strings.EqualFold(of(s)[i].Name, agreed.Name) }
	switch {
	case slices.ContainsFunc(a.shapes, func(s describe.Shape) bool { return !sameName(s) }):
		a.findAt(pos, rename, "%s %d is %s", noun, i+1, a.each(names))
	case a.procedure != nil && noun == "parameter" && !a.sameDirection(i, of):
		a.findAt(pos, a.sameWay(agreed.Name, i, of),
			"parameter %q is %s", agreed.Name, a.each(func(s describe.Shape) string { return of(s)[i].Direction.String() }))
	case agreed.Direction == driver.Cursor:
	case agreed.Kind == protocol.Invalid && a.bulk != nil:
		a.findAt(pos, "leave it out, or insert with a query and say its type under params:",
			"%s %q is %s", noun, agreed.Name, a.each(kinds))
	case agreed.Kind == protocol.Invalid:
		a.findAt(pos, fmt.Sprintf("say its type in the spec, under %s: %s: %s%s",
			map[string]string{"column": "columns", "parameter": "params"}[noun], agreed.Name, of(a.shapes[0])[i].Kind, cast),
			"%s %q is %s", noun, agreed.Name, a.each(kinds))
	}
}

// sameWay says what to do about a parameter that goes another way somewhere. One that
// goes both ways can be used for one.
func (a *agreement) sameWay(name string, i int, of func(describe.Shape) []describe.Value) string {
	ways := make(map[driver.Direction]bool)
	for _, s := range a.shapes {
		ways[of(s)[i].Direction] = true
	}
	delete(ways, driver.InOut)
	if len(ways) > 1 {
		return a.alike()
	}
	return fmt.Sprintf("say it in the spec, under params: %s: {direction: %s}", name, slices.Collect(maps.Keys(ways))[0])
}

// sameDirection tells whether value i goes the same way everywhere.
func (a *agreement) sameDirection(i int, of func(describe.Shape) []describe.Value) bool {
	return !slices.ContainsFunc(a.shapes, func(s describe.Shape) bool { return of(s)[i].Direction != of(a.shapes[0])[i].Direction })
}

// each lists what holds for the databases: decimal on postgres and mariadb, float64
// on sqlite. What holds for all stands alone.
func (a *agreement) each(say func(describe.Shape) string) string {
	var said []string
	on := make(map[string][]string)
	for i, s := range a.shapes {
		word := say(s)
		if on[word] == nil {
			said = append(said, word)
		}
		on[word] = append(on[word], a.drivers[i])
	}
	if len(said) == 1 {
		return said[0]
	}
	for i, word := range said {
		said[i] = word + " on " + strings.Join(on[word], " and ")
	}
	return strings.Join(said, ", ")
}

func (a *agreement) findAt(pos diag.Pos, help, format string, args ...any) {
	a.findings = append(a.findings, diag.Diagnostic{Pos: pos, Query: a.key.Name, Message: fmt.Sprintf(format, args...), Help: help})
}

// placeOf returns where a query has a parameter of the name, or its own place.
func placeOf(q *spec.Query, name string) diag.Pos {
	for _, use := range q.SQL.Bound.Uses {
		if use.Name == name && name != "" {
			return q.SQL.Pos(use.Offset, use.Length)
		}
	}
	return q.Name.Pos
}
