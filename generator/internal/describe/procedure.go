package describe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/spec"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Procedure is what the catalog tells of a stored procedure or function.
type Procedure struct {
	Name     string // with the qualifier that the spec has
	Function bool
	Params   []Value // in order; what is returned stands first
}

// returns tells whether a value is what a procedure returns. A cursor that a function
// returns has no name.
func (v Value) returns() bool {
	return v.Direction == driver.Return || v.Direction == driver.Cursor && v.Name == ""
}

// Procedure asks the catalog about a procedure. It tells of several where the name is
// overloaded, and of none where the driver lists no procedures.
func (d *Database) Procedure(ctx context.Context, p *spec.Procedure) (Shape, []diag.Diagnostic) {
	l := listing{d: d, ctx: ctx, query: p.Name.Value, pos: p.Procedure.Pos}
	qualifier, name := qualified(p.Procedure.Value)
	all, listed := l.procedures(qualifier)
	if len(l.findings) > 0 || !listed {
		return Shape{}, l.findings
	}
	matching := l.reached(qualifier, slices.DeleteFunc(slices.Clone(all), func(c runtime.CatalogProcedure) bool { return !strings.EqualFold(c.Name, name) }))
	if len(matching) == 0 {
		l.find(l.nearest(qualifier, name, all), "the database has no procedure %q", p.Procedure.Value)
	}
	return l.signatures(qualifier, exactly(matching, name)), l.findings
}

// Procedures asks the catalog about all procedures of a pattern.
func (d *Database) Procedures(ctx context.Context, p *spec.Procedures) (Shape, []diag.Diagnostic) {
	l := listing{d: d, ctx: ctx, query: p.Label(), pos: p.Pattern.Pos}
	qualifier, pattern := p.Parts()
	all, listed := l.procedures(qualifier)
	if !listed && len(l.findings) == 0 {
		l.find("write an entry for each, with name, procedure and params", "the driver lists no procedures")
	}
	if len(l.findings) > 0 {
		return Shape{}, l.findings
	}
	matching := l.reached(qualifier, slices.DeleteFunc(slices.Clone(all), func(c runtime.CatalogProcedure) bool { return !p.Match(c.Name) }))
	for _, c := range matching {
		if strings.Contains(c.Name, ".") && !p.Skips(c.Name) {
			l.find("call it by a query, and write it under skip", "procedure %q has a dot in its name, which would part it", c.Name)
		}
	}
	if len(matching) == 0 {
		l.find(l.nearest(qualifier, pattern, all), "the database has no procedure of the pattern %q", p.Pattern.Value)
	}
	return l.signatures(qualifier, matching), l.findings
}

// qualified cuts the name of a procedure into its qualifier, "" for none, and itself.
func qualified(name string) (qualifier, last string) {
	dot := strings.LastIndexByte(name, '.')
	return name[:max(dot, 0)], name[dot+1:]
}

// listing asks the catalog for the sake of one entry of the spec.
type listing struct {
	d        *Database
	ctx      context.Context
	query    string
	pos      diag.Pos
	findings []diag.Diagnostic
}

func (l *listing) find(help, format string, args ...any) {
	l.findings = append(l.findings, diag.Diagnostic{Pos: l.pos, Query: l.query, Message: fmt.Sprintf(format, args...), Help: help})
}

// failed tells of an answer that did not come.
func (l *listing) failed(err error) {
	f := l.d.said(err)
	f.Pos, f.Query = l.pos, l.query
	l.findings = append(l.findings, f)
}

// procedures lists those of a schema, "" for all that are not the system's; listed is
// false where the driver cannot.
func (l *listing) procedures(qualifier string) (all []runtime.CatalogProcedure, listed bool) {
	if l.d.plugin.Calls.Procedure.Text == "" {
		l.find("write a query, or sets for several statements", "%s has no procedures", l.d.conn.Server().DBMS)
		return nil, false
	}
	catalog, schema := qualified(qualifier)
	all, err := l.d.conn.Catalog().Procedures(l.ctx, runtime.CatalogFilter{Catalog: catalog, Schema: schema})
	switch {
	case errors.Is(err, runtime.KindUnsupported):
		return nil, false
	case err != nil:
		l.failed(err)
	case l.d.scratch != "" && qualifier == "": // all others are none of the user's
		all = slices.DeleteFunc(all, func(c runtime.CatalogProcedure) bool { return c.Schema != l.d.scratch })
	}
	return all, true
}

// reached returns the procedures that a call finds. Without a qualifier those are the
// ones of the first schema that has the name.
func (l *listing) reached(qualifier string, all []runtime.CatalogProcedure) []runtime.CatalogProcedure {
	if qualifier != "" || l.d.scratch != "" || l.d.plugin.Catalog.ResolveProcedure == "" {
		return all
	}
	schemas := make(map[string]string)
	return slices.DeleteFunc(all, func(c runtime.CatalogProcedure) bool {
		if _, known := schemas[c.Name]; !known {
			schemas[c.Name] = l.schemaOf(c.Name)
		}
		return c.Schema != schemas[c.Name]
	})
}

// schemaOf returns the schema in which a call finds the name.
func (l *listing) schemaOf(name string) string {
	text, args := driver.FillCatalogQuery(l.d.plugin.Catalog.ResolveProcedure, "", "", name)
	q := runtime.Query[[]string, string]{
		Name: "catalog", SQL: text,
		Columns: []runtime.Column{{Name: "catalog", Kind: protocol.Text, Null: true}, {Name: "schema", Kind: protocol.Text, Null: true}},
		Encode: func(b *protocol.Batch, args []string) {
			for i, a := range args {
				b.Text(i).Append(a)
			}
		},
		Decode: func(schemas []string, b *protocol.Batch) {
			for i := range schemas {
				schemas[i] = strings.TrimRight(b.Text(1).Null(i).V, " ")
			}
		},
	}
	for range args {
		q.Params = append(q.Params, runtime.Param{Kind: protocol.Text})
	}
	schemas, err := q.Many(l.ctx, l.d.conn, args)
	if err != nil {
		l.failed(err)
	}
	return strings.Join(schemas, "")
}

// nearest returns help for a name that no procedure has.
func (l *listing) nearest(qualifier, name string, all []runtime.CatalogProcedure) string {
	var names []string
	for _, c := range all {
		names = append(names, c.Name)
		if strings.EqualFold(c.Name, name) { // in a schema that it is not looked up in
			return "write " + c.Schema + "." + c.Name
		}
	}
	slices.Sort(names)
	owner := cmp.Or(qualifier, "it")
	return cmp.Or(diag.NearOrFew(name, owner, slices.Compact(names)), owner+" has none that the user of the connection may see")
}

// exactly returns those that are spelled like name, and all where none is.
func exactly(all []runtime.CatalogProcedure, name string) []runtime.CatalogProcedure {
	spelled := slices.DeleteFunc(slices.Clone(all), func(c runtime.CatalogProcedure) bool { return c.Name != name })
	if len(spelled) == 0 {
		return all
	}
	return spelled
}

// signatures asks for the parameters of procedures.
func (l *listing) signatures(qualifier string, listed []runtime.CatalogProcedure) Shape {
	said := Shape{}
	params := make(map[runtime.ObjectName][]runtime.CatalogParam)
	for _, c := range listed {
		if _, asked := params[c.ObjectName]; !asked {
			answer, err := l.d.conn.Catalog().ProcedureParams(l.ctx, c.ObjectName)
			if err != nil {
				l.failed(err)
				return Shape{}
			}
			params[c.ObjectName] = answer
		}
		p := Procedure{Name: c.Name, Function: c.Function}
		if qualifier != "" {
			p.Name = qualifier + "." + p.Name
		}
		for _, param := range params[c.ObjectName] {
			if param.Specific == c.Specific {
				p.add(param)
			}
		}
		said.Procedures = append(said.Procedures, p)
	}
	return said
}

// add takes a parameter into p. What is returned goes to the front, and what has no
// name is called by its number.
func (p *Procedure) add(param runtime.CatalogParam) {
	v := Value{
		Name: param.Name, Kind: param.Type.Kind, Direction: param.Direction, SQLType: declared(param.Type), Source: "catalog", Width: width(param.Type),
	}
	if v.returns() {
		p.Params = slices.Insert(p.Params, 0, v)
		return
	}
	if v.Name == "" {
		v.Name = fmt.Sprintf("p%d", len(p.given())+1)
	}
	p.Params = append(p.Params, v)
}

// declared returns a type as a declaration writes it.
func declared(t runtime.CatalogDataType) string {
	name := strings.ToUpper(t.Name)
	switch {
	case t.Size == 0:
	case t.Kind == protocol.Decimal:
		return fmt.Sprintf("%s(%d,%d)", name, t.Size, t.Digits)
	case t.Kind.Readable() && t.Size <= longest:
		return fmt.Sprintf("%s(%d)", name, t.Size)
	}
	return name
}

// longest is the size of a declaration from which on it is the bound of a type.
const longest = 32767

// width returns the most bytes that a value can have, 0 where that is no small number.
func width(t runtime.CatalogDataType) int {
	switch {
	case t.Size > longest || !t.Kind.Readable():
		return 0
	case t.Kind == protocol.Binary:
		return int(t.Size)
	}
	return utf8.UTFMax * int(t.Size)
}
