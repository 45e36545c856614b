package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// model is the shared type of an embedded table.
type model struct {
	table string
	at    Problem // the query that embeds it first
	Struct
}

// modelsFileName holds the shared types.
const modelsFileName = "models" + suffix

// modelsFile returns the shared types, in order of their names.
func (b *builder) modelsFile() Models {
	m := Models{Name: modelsFileName}
	for _, name := range slices.Sorted(maps.Keys(b.models)) {
		of := b.models[name]
		if query, taken := b.types[name]; taken {
			b.at = of.at
			b.problem(Problem{
				Message: fmt.Sprintf("the Go type %s of the embedded table %s belongs to query %s", name, of.table, query),
				Help:    "name the columns of the table instead of embedding it",
			})
		}
		m.Structs = append(m.Structs, of.Struct)
	}
	return m
}

// embed plans the field of an embedded table. It has the name of the table's type, and
// where several are of one table, the name that the table has in the query.
func (b *builder) embed(e Embed, all []Embed, members []member, columns []Column) part {
	fields := make([]string, len(members))
	for i, m := range members {
		fields[i] = fieldName(m.slot.Name)
	}
	fields = distinct(fields)
	s := b.model(e, members, fields)
	p := part{field: Field{Name: s.Name, Type: Type{Name: s.Name}}, read: Read{Type: Type{Name: s.Name}}}
	of := slices.DeleteFunc(slices.Clone(all), func(other Embed) bool { return other.Table != e.Table })
	if len(of) > 1 {
		p.field.Name = cmp.Or(fieldName(e.Name), s.Name)
	}
	p.field.Comment = e.Name
	for i, m := range members {
		p.read.Cells = append(p.read.Cells, m.read(fields[i]))
	}
	if e.Null {
		p.field.Type = p.field.Type.under("*")
		p.field.Comment += ", nil without a row"
		p.read.Any = telling(members, columns)
	}
	return p
}

// telling returns the columns that tell whether there is a row: one that is never NULL
// in its table, else all.
func telling(members []member, columns []Column) []string {
	var all []string
	for i, m := range members {
		if !columns[i].Null {
			return []string{m.local}
		}
		all = append(all, m.local)
	}
	return all
}

// model returns the shared type of a table, which is declared once.
func (b *builder) model(e Embed, members []member, fields []string) Struct {
	name := modelName(e.Table)
	s := Struct{Name: name, Doc: fmt.Sprintf("%s is a row of the table %s.", name, e.Table)}
	for i, m := range members {
		f := m.structField()
		f.Name = fields[i]
		s.Fields = append(s.Fields, f)
	}
	have, known := b.models[name]
	switch {
	case !known:
		b.models[name] = model{e.Table, b.at, s}
	case have.table != e.Table:
		b.problem(Problem{
			Message: fmt.Sprintf("the tables %s and %s are both %s in Go", have.table, e.Table, name),
			Help:    "name the columns of one instead of embedding it",
		})
	case !sameFields(have.Fields, s.Fields):
		b.problem(Problem{
			Message: fmt.Sprintf("the columns of %s are of other types here than in another query that embeds it", e.Table),
			Help:    "say their types alike under columns:, in both",
		})
	}
	return s
}

func sameFields(a, b []Field) bool {
	return slices.EqualFunc(a, b, func(x, y Field) bool { return x.Name == y.Name && fmt.Sprint(x.Type) == fmt.Sprint(y.Type) })
}

// packageNames are those that every package has.
var packageNames = []string{"Queries", "Querier", "New", "Fake"}

// modelName returns the Go name for a row of a table: its name in the singular.
func modelName(table string) string {
	parts := words(table)
	if len(parts) == 0 {
		return "Row"
	}
	last := &parts[len(parts)-1]
	*last = singular(*last)
	name := fieldName(strings.Join(parts, "_"))
	if slices.Contains(packageNames, name) {
		name += "Model"
	}
	return name
}

// plurals are endings of English plurals and those of their singulars; the first one
// that fits counts. Some words end like plurals, and are none.
var plurals = []struct{ plural, singular string }{
	{"people", "person"}, {"children", "child"}, {"news", "news"}, {"series", "series"}, {"species", "species"},
	{"movies", "movie"}, {"cookies", "cookie"}, {"statuses", "status"}, {"addresses", "address"}, {"aliases", "alias"},
	{"ies", "y"}, {"sses", "ss"}, {"shes", "sh"}, {"ches", "ch"}, {"xes", "x"}, {"ss", "ss"}, {"us", "us"}, {"is", "is"}, {"s", ""},
}

func singular(word string) string {
	for _, p := range plurals {
		if stem, ok := strings.CutSuffix(strings.ToLower(word), p.plural); ok && stem+p.singular != "" {
			return word[:len(stem)] + p.singular
		}
	}
	return word
}
