package tdsserver

import (
	"fmt"
	"strings"
)

// foreign is a foreign key: values of columns that a key of a table must have.
type foreign struct {
	columns []int
	to      *table
	others  []int
}

// references reads what stands behind REFERENCES, for columns by their names.
func (p *planner) references(t *table, columns ...string) {
	name := p.name()
	to := p.session.server.tables[p.session.key(name)]
	if to == nil {
		if !strings.EqualFold(name, t.name) {
			p.fail(Error(1767, "Foreign key references invalid table '"+name+"'."))
			return
		}
		to = t
	}
	f := foreign{to: to}
	for i, other := range p.names() {
		if i == len(columns) || to.column(other) < 0 || t.column(columns[i]) < 0 {
			p.fail(Error(1770, "Foreign key references invalid column '"+other+"' in referenced table '"+name+"'."))
			return
		}
		f.columns, f.others = append(f.columns, t.column(columns[i])), append(f.others, to.column(other))
	}
	t.foreign = append(t.foreign, f)
}

// refers reports whether the cells of a record refer to those of another one.
func (f foreign) refers(cells, other []any) bool {
	for i, c := range f.columns {
		if cells[c] == nil || other[f.others[i]] == nil || collated(textOf(cells[c])) != collated(textOf(other[f.others[i]])) {
			return false
		}
	}
	return true
}

// missing returns the error of cells that refer to no record.
func (t *table) missing(cells []any) *Message {
	for i, f := range t.foreign {
		if f.null(cells) || f.to == t && f.refers(cells, cells) || f.to.has(func(other []any) bool { return f.refers(cells, other) }) {
			continue
		}
		return failure(547, fmt.Sprintf("The INSERT statement conflicted with the FOREIGN KEY constraint \"%s\". The conflict occurred in database \"%s\", table \"dbo.%s\", column '%s'.",
			t.foreignName(i), t.database, f.to.name, f.to.columns[f.others[0]].Name))
	}
	return nil
}

func (f foreign) null(cells []any) bool {
	for _, c := range f.columns {
		if cells[c] == nil {
			return true
		}
	}
	return false
}

// has reports whether a record of the table is wanted.
func (t *table) has(wanted func(cells []any) bool) bool {
	for _, r := range t.records {
		if !r.deleted && wanted(r.cells) {
			return true
		}
	}
	return false
}

func (t *table) foreignName(i int) string {
	f := t.foreign[i]
	return fmt.Sprintf("FK_%s_%s", t.name, t.columns[f.columns[0]].Name)
}

// referred returns the error of a record that others refer to.
func (all tables) referred(t *table, cells []any) *Message {
	for _, from := range all {
		for i, f := range from.foreign {
			if f.to == t && from.has(func(other []any) bool { return f.refers(other, cells) }) {
				return failure(547, fmt.Sprintf("The DELETE statement conflicted with the REFERENCE constraint \"%s\". The conflict occurred in database \"%s\", table \"dbo.%s\", column '%s'.",
					from.foreignName(i), from.database, from.name, from.columns[f.columns[0]].Name))
			}
		}
	}
	return nil
}
