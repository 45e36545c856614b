// Package describe asks a database what queries take and return. Every answer
// says where it comes from: the spec, the driver, a declared column, a probe, or
// a table of functions. It executes none of the user's queries and decides
// nothing about Go; what nobody can tell is a finding with advice, not a guess.
package describe

import (
	"context"
	"fmt"
	"slices"

	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/spec"
	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Shape is what a query takes and returns.
type Shape struct {
	Params  []Value // one for each parameter marker, in order
	Columns []Value
	Sets    []Set // of the result sets
}

// Value is a parameter, a result column or a column of a table.
type Value struct {
	Name    string
	Kind    protocol.Kind
	Null    bool
	Reader  bool   // the value is an io.Reader
	SQLType string // as the database writes it, "" when it does not say
	Source  string // where the type comes from
}

// Query describes one query. With findings, the Shape is not to be used.
func (d *Database) Query(ctx context.Context, q *spec.Query) (Shape, []diag.Diagnostic) {
	if q.Result.Value == spec.Sets {
		return d.sets(ctx, q)
	}
	s := d.statement(q)
	described := s.describe(ctx)
	if described == nil {
		return Shape{}, s.findings
	}
	shape := Shape{Params: s.params(ctx, described.Params)}
	s.settle(shape.Params, shape.Params)
	shape.Columns = s.columns(ctx, described.Columns)
	return shape, s.findings
}

func (d *Database) statement(q *spec.Query) *statement {
	text := d.textOf(q)
	return &statement{d: d, query: q, text: text, reading: read(sqlscan.Scan(d.dialect, text.Bound.SQL), text.Bound.SQL)}
}

// textOf returns the query's text for this database.
func (d *Database) textOf(q *spec.Query) spec.SQL {
	for _, variant := range q.Dialects {
		if variant.Driver.Value == d.plugin.Name {
			return variant.SQL
		}
	}
	return q.SQL
}

// statement is a query being described.
type statement struct {
	d        *Database
	query    *spec.Query
	text     spec.SQL
	reading  reading
	findings []diag.Diagnostic
}

// describe returns what the database says of the statement, nil with findings.
func (s *statement) describe(ctx context.Context) *runtime.Description {
	// MariaDB Connector/ODBC 3.1.15 crashes at the statement after a VALUES, and
	// sqliteodbc 0.9998 shows no rows of one.
	if s.reading.is(0, "VALUES") && s.d.plugin.Describe.Check.How != driver.NoCheck {
		s.find(0, len("VALUES"), "write SELECT * FROM (VALUES …) AS v", "the driver cannot run VALUES as a statement")
		return nil
	}
	described, err := s.d.conn.Describe(ctx, s.text.Bound.SQL)
	if err == nil && len(described.Columns) == 0 {
		err = s.d.check(ctx, s.text.Bound)
	}
	if err != nil {
		s.findings = append(s.findings, s.failure(ctx, err))
		return nil
	}
	return described
}

// find adds a finding about length bytes of the text sent, from offset on.
func (s *statement) find(offset, length int, help, format string, args ...any) {
	s.findAt(s.text.BoundPos(offset, length), help, format, args...)
}

func (s *statement) findAt(pos diag.Pos, help, format string, args ...any) {
	s.findings = append(s.findings, diag.Diagnostic{
		Pos: pos, Query: s.query.Name.Value, Message: fmt.Sprintf(format, args...), Help: help,
	})
}

// params types the parameters as far as they say themselves what they are.
func (s *statement) params(ctx context.Context, described []runtime.ParamDescription) []Value {
	uses := s.text.Bound.Uses
	if len(described) != len(uses) {
		s.find(0, len(s.text.Bound.SQL), "report this query as a bug of odbcgen", "the database counts %d parameters, odbcgen %d", len(described), len(uses))
		return nil
	}
	values := make([]Value, len(uses))
	for i, use := range uses {
		values[i] = s.param(ctx, use, described[i])
	}
	return values
}

// settle types the rest of the parameters by others of all, and has the spec's word.
func (s *statement) settle(params, all []Value) {
	for i := range params {
		shareType(&params[i], all)
		s.override(&params[i], s.query.Param(params[i].Name))
		if params[i].Kind == protocol.Invalid {
			s.unknownParam(s.text.Bound.Uses[i])
		}
	}
}

// param types one use of a parameter.
func (s *statement) param(ctx context.Context, use sqlscan.Use, described runtime.ParamDescription) Value {
	place := s.reading.place(use.At)
	a := s.probe(ctx, place)
	a.notNull = a.notNull || !place.assigned || !a.known()
	if kind := s.d.plugin.ParamKindOf(described.Type); kind != protocol.Invalid {
		a.Kind, a.Source = kind, "driver"
	}
	v := a.value(use.Name)
	v.Null = v.Null || use.Nullable
	return v
}

func (s *statement) unknownParam(use sqlscan.Use) {
	s.findAt(s.text.Pos(use.Offset, use.Length),
		fmt.Sprintf("say it in the spec, under params: %s: int64 (or another of odbcgen's types)", use.Name),
		"the database does not say what type parameter %q has", use.Name)
}

// override lets the spec have the last word.
func (s *statement) override(v *Value, o spec.Override) {
	if o.Type.Value != "" {
		v.Kind, _ = protocol.ParseKind(o.Type.Value)
		v.Source = "spec"
	}
	if o.Null.Set {
		v.Null = o.Null.Value
	}
	v.Reader = o.Reader.Value
	if v.Reader && v.Kind != protocol.Invalid && !v.Kind.Readable() {
		s.findAt(o.Reader.Pos, "write reader: true for text, ntext, json, xml and binary only",
			"%q is %s, which is not read in pieces", v.Name, v.Kind)
	}
}

// shareType gives a use of a parameter of which nothing is known the type of
// another use of the same name.
func shareType(v *Value, all []Value) {
	for _, other := range all {
		if v.Kind == protocol.Invalid && other.Name == v.Name {
			v.Kind, v.SQLType, v.Source = other.Kind, other.SQLType, other.Source
		}
	}
}

// columns types the result columns.
func (s *statement) columns(ctx context.Context, described []runtime.ColumnDescription) []Value {
	values := make([]Value, len(described))
	names := make([]string, len(described))
	items := s.items(ctx, len(described))
	for i, c := range described {
		values[i] = s.column(ctx, c, items[i]).value(c.Name)
		names[i] = c.Name
		s.override(&values[i], s.query.Column(c.Name))
		if values[i].Kind == protocol.Invalid {
			s.unknownColumn(c, items[i].span)
		}
	}
	s.checkOverrides(names)
	s.checkKeyset(names)
	return values
}

func (s *statement) unknownColumn(c runtime.ColumnDescription, item span) {
	offset, length := s.reading.extent(item)
	what := ""
	if s.d.plugin.Describe.Expressions {
		what = fmt.Sprintf(" (the driver calls it %q, type code %d)", c.TypeName, c.Type)
	}
	s.find(offset, length,
		fmt.Sprintf("say it in the spec, under columns: %s: int64 (or another of odbcgen's types)", c.Name),
		"the database does not say what type column %q has%s", c.Name, what)
}

// checkOverrides tells of columns in the spec that the result has not.
func (s *statement) checkOverrides(names []string) {
	for _, o := range s.query.Columns {
		if !slices.Contains(names, o.Name.Value) {
			s.findAt(o.Name.Pos, diag.DidYouMean(o.Name.Value, names), "the result has no column %q", o.Name.Value)
		}
	}
}

// checkKeyset tells of columns in the keyset that the result has not.
func (s *statement) checkKeyset(names []string) {
	for _, k := range s.query.Keyset {
		if !slices.Contains(names, k.Column.Value) {
			s.findAt(k.Column.Pos, diag.DidYouMean(k.Column.Value, names), "the result has no column %q to go on from", k.Column.Value)
		}
	}
}

// Bulk describes the columns of a bulk insert.
func (d *Database) Bulk(ctx context.Context, b *spec.Bulk) ([]Value, []diag.Diagnostic) {
	find := func(pos diag.Pos, help, format string, args ...any) []diag.Diagnostic {
		return []diag.Diagnostic{{Pos: pos, Query: b.Name.Value, Message: fmt.Sprintf(format, args...), Help: help}}
	}
	all, err := d.tableOf(ctx, d.plugin.Dialect.QuoteQualified(b.Table.Value))
	if err != nil {
		return nil, find(b.Table.Pos, "", "%s", plainMessage(err))
	}
	names := make([]string, len(all))
	for i, v := range all {
		names[i] = v.Name
	}
	var values []Value
	var findings []diag.Diagnostic
	for _, c := range b.Columns {
		i := slices.Index(names, c.Value)
		switch {
		case i < 0:
			findings = append(findings, find(c.Pos, diag.DidYouMean(c.Value, names), "table %s has no column %q", b.Table.Value, c.Value)...)
		case all[i].Kind == protocol.Invalid:
			findings = append(findings, find(c.Pos, "insert it with a query whose params say the type", "the database does not say what type column %q has", c.Value)...)
		default:
			values = append(values, all[i])
		}
	}
	return values, findings
}

// tableOf describes all columns of a table, given quoted.
func (d *Database) tableOf(ctx context.Context, table string) ([]Value, error) {
	sql := "SELECT * FROM " + table
	described, err := d.conn.Describe(ctx, sql)
	if err != nil {
		return nil, err
	}
	s := statement{d: d, reading: read(sqlscan.Scan(d.dialect, sql), sql)}
	values := make([]Value, len(described.Columns))
	for i, item := range s.items(ctx, len(values)) {
		c := described.Columns[i]
		values[i] = s.column(ctx, c, item).value(c.Name)
	}
	return values, nil
}
