package describe

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
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

// Text returns what is to be sent to a driver for a text of the query.
func (s Shape) Text(driverName string, b sqlscan.Bound) string {
	plugin := pluginOf(driverName)
	if len(s.Columns) > 0 {
		b = readable(plugin, b)
	}
	return expand(b, s.Embeds, plugin.Dialect.Quote).Template()
}

func pluginOf(driverName string) *driver.Plugin {
	if plugin, ok := driver.ByName(driverName); ok {
		return plugin
	}
	return &driver.Generic
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
	r := s.reading
	sources, understood := r.sources(r.fromClause(r.main()))
	var all []Embed
	for _, written := range b.Embeds {
		name := sqlscan.Scan(s.d.dialect, written.Name)[0].Name()
		i := slices.IndexFunc(sources, func(src source) bool { return strings.EqualFold(src.alias, name) })
		if i < 0 || sources[i].table == "" || r.defines(sources[i].table) || r.compound() {
			s.find(written.At, written.Width, "write sqlc.embed of a table, or its alias, in the FROM clause of a plain SELECT; or name the columns",
				"%s is no table whose columns odbcgen can find", name)
			continue
		}
		columns, err := s.d.table(ctx, sources[i].name)
		if err != nil {
			s.findings = append(s.findings, s.failure(ctx, err))
			continue
		}
		e := Embed{Name: written.Name, Table: sources[i].table, Null: sources[i].nullable || !understood && r.outerJoin()}
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
	s.reading = read(sqlscan.Scan(s.d.dialect, b.SQL), b.SQL)
}

// placeEmbeds finds the columns of the embeds among those of the result. Whether one
// can be NULL is as in its table: where the table has no row there is no value at all.
func (s *statement) placeEmbeds(ctx context.Context, embeds []Embed, columns []Value) {
	items := s.items(ctx, len(columns))
	for i := range embeds {
		e, written := &embeds[i], s.text.Bound.Embeds[i]
		e.From = slices.IndexFunc(items, func(item item) bool {
			return !item.empty() && s.reading.tokens[item.from].Offset == written.At
		})
		if e.From < 0 || e.From+len(e.Columns) > len(columns) {
			s.find(written.At, written.Width, "write it in the SELECT list of the query itself, or name the columns", "sqlc.embed is not among the columns of the result")
			continue
		}
		stored, _ := s.d.table(ctx, s.sourceName(written.Name))
		for k := range stored {
			columns[e.From+k].Null = stored[k].Null
		}
	}
}

// sourceName returns the table behind the name of an embed, as written.
func (s *statement) sourceName(embed string) string {
	name := sqlscan.Scan(s.d.dialect, embed)[0].Name()
	sources, _ := s.reading.sources(s.reading.fromClause(s.reading.main()))
	for _, src := range sources {
		if strings.EqualFold(src.alias, name) {
			return src.name
		}
	}
	return ""
}
