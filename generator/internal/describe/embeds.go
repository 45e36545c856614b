package describe

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
)

// Embed is a table of which a query returns all columns, as one value.
type Embed struct {
	Name    string   // of the table in the query, as written
	Table   string   // its own name
	Columns []string // all of them, in order
	From    int      // the first of them among the Shape's Columns
	Null    bool     // the table is on the outer side of a join: all columns are NULL where it has no row
	Quoted  bool     // all columns are written in quotes
}

// Text returns what is to be sent to the database of a plugin for a text of the query.
func (s Shape) Text(plugin *driver.Plugin, b sqlscan.Bound) string {
	if len(s.Columns) > 0 {
		b = readable(plugin, b)
	}
	return expand(b, s.Embeds, plugin.Dialect.Quote).Template()
}

// expand writes the columns of each embed.
func expand(b sqlscan.Bound, embeds []Embed, quote func(string) string) sqlscan.Bound {
	if len(embeds) < len(b.Embeds) {
		return b // they have findings
	}
	return b.Expand(func(i int) string {
		e := embeds[i]
		columns := make([]string, len(e.Columns))
		for k, name := range e.Columns {
			columns[k] = e.Name + "." + name
			if e.Quoted || !plainName.MatchString(name) || slices.Contains(reserved, strings.ToUpper(name)) {
				columns[k] = e.Name + "." + quote(name)
			}
		}
		return strings.Join(columns, ", ")
	})
}

var plainName = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

// embeds finds the tables that the query embeds, and writes their columns into its
// text.
func (s *statement) embeds(ctx context.Context) []Embed {
	b := s.text.Bound
	if len(b.Embeds) == 0 {
		return nil
	}
	var all []Embed
	for _, written := range b.Embeds {
		name := sqlscan.Scan(s.d.dialect, written.Name)[0].Name()
		table, outer := s.embedded(ctx, name)
		if table == nil {
			s.find(written.At, written.Width, "write sqlc.embed of a table, or its alias, in the FROM clause of a plain SELECT; or name the columns",
				"%s is no table whose columns odbcgen can find", name)
			continue
		}
		columns, err := s.d.table(ctx, table.table)
		if err != nil {
			s.findings = append(s.findings, s.failure(ctx, err))
			continue
		}
		e := Embed{Name: written.Name, Table: table.last, Null: outer}
		for _, c := range columns {
			e.Columns = append(e.Columns, c.Name)
		}
		all = append(all, e)
	}
	if len(all) == len(b.Embeds) {
		s.writeEmbeds(ctx, all)
	}
	return all
}

// embedded returns the reference of a table in the FROM clause by its name there, and
// whether a join may leave it without a row; nil where there is none that is sure.
func (s *statement) embedded(ctx context.Context, name string) (table *reference, outer bool) {
	v := s.resolver(ctx)
	if s.tree == nil || len(s.tree.arms) != 1 || s.tree.arms[0].from == nil {
		return nil, false
	}
	from := s.tree.arms[0].from
	table = from.named(name)
	defined := func(c commonTable) bool { return strings.EqualFold(c.name, table.last) }
	if table == nil || table.table == "" || slices.ContainsFunc(s.tree.with, defined) {
		return nil, false
	}
	for _, r := range v.scope(s.tree.arms[0], v.define(s.tree, nil)).relations {
		outer = outer || strings.EqualFold(r.alias, name) && r.outer != ""
	}
	return table, outer
}

// named returns the table of a name in a FROM clause, nil for none.
func (t *reference) named(name string) *reference {
	switch {
	case t == nil:
		return nil
	case t.kind != "":
		if found := t.left.named(name); found != nil {
			return found
		}
		return t.right.named(name)
	case strings.EqualFold(cmp.Or(t.alias, t.last), name):
		return t
	}
	return nil
}

// writeEmbeds writes the columns, in quotes where the database does not read them
// without: names that are words of its own.
func (s *statement) writeEmbeds(ctx context.Context, all []Embed) {
	bound := s.text.Bound
	s.setBound(expand(bound, all, s.d.plugin.Dialect.Quote))
	if _, err := s.d.conn.Describe(ctx, s.text.Bound.SQL); err == nil {
		return
	}
	for i := range all {
		all[i].Quoted = true
	}
	s.setBound(expand(bound, all, s.d.plugin.Dialect.Quote))
}

func (s *statement) setBound(b sqlscan.Bound) {
	s.text.Bound = b
	s.reading, s.tree, s.read = s.d.read(b.SQL), nil, nil
}

// placeEmbeds finds the columns of the embeds among those of the result. Whether one
// can be NULL is as in its table: where the table has no row there is no value at all.
func (s *statement) placeEmbeds(ctx context.Context, embeds []Embed, columns []Value, described []runtime.ColumnDescription) {
	if len(embeds) == 0 {
		return
	}
	items := s.items(ctx, described)
	for i := range embeds {
		e, written := &embeds[i], s.text.Bound.Embeds[i]
		e.From = slices.IndexFunc(items, func(item item) bool {
			return !item.empty() && s.reading.tokens[item.from].Offset == written.At
		})
		if e.From < 0 || e.From+len(e.Columns) > len(columns) {
			s.find(written.At, written.Width, "write it in the SELECT list of the query itself, or name the columns", "sqlc.embed is not among the columns of the result")
			continue
		}
		table, _ := s.embedded(ctx, sqlscan.Scan(s.d.dialect, written.Name)[0].Name())
		if table == nil {
			continue
		}
		stored, _ := s.d.table(ctx, table.table)
		for k := range stored {
			columns[e.From+k].Null, columns[e.From+k].NullWhy = stored[k].Null, stored[k].NullWhy
		}
	}
}
