// Package describe asks a database what queries take and return. Every answer
// says where it comes from: the spec, the driver, a declared column, a probe, or
// a table of functions. It executes none of the user's queries and decides
// nothing about Go; what nobody can tell is a finding with advice, not a guess.
package describe

import (
	"context"
	"fmt"
	"slices"
	"strings"

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
	Embeds  []Embed
	// Procedures are what the catalog has of the name of a procedure, or of a pattern.
	Procedures []Procedure
}

// Set is what a set of a query returns, and what its statement takes.
type Set struct {
	Params  int // how many of the Shape's belong to its statement
	Columns []Value
	failed  bool // its statement could not be described
}

// Value is a parameter, a result column or a column of a table.
type Value struct {
	Name    string
	Kind    protocol.Kind // Invalid where nobody tells
	Told    protocol.Kind // by the driver, which may be overruled; Invalid where it is not asked or not believed
	Null    bool
	NullWhy string // why NULL can occur, or cannot
	Of      string // table and column that a column is from, "" where the driver does not tell
	Reader  bool   // the value is an io.Reader
	List    bool   // any number of values
	SQLType string // as the database writes it, "" when it does not say
	Source  string // where the type comes from

	Direction driver.Direction // of a parameter of a procedure
	NullBack  bool             // of one that comes back: NULL can be what does
	Width     int              // of one that comes back: its most bytes, 0 where nobody says

	Offset, Length int // the place in the text sent, of a column that nobody tells the type of
}

// Query asks what one query takes and returns. Settle gives the spec the last word
// on that. With findings, the Shape serves for nothing but more findings of Settle.
func (d *Database) Query(ctx context.Context, q *spec.Query) (Shape, []diag.Diagnostic) {
	if q.Result.Value != spec.Sets || q.OneStatement() {
		return d.describe(ctx, q)
	}
	var all Shape
	var findings []diag.Diagnostic
	for _, set := range q.Sets {
		part := q.SetQuery(set)
		shape, found := d.describe(ctx, &part)
		all.Params = append(all.Params, shape.Params...)
		all.Sets = append(all.Sets, Set{Params: len(shape.Params), Columns: shape.Columns, failed: len(found) > 0})
		findings = append(findings, found...)
	}
	return all, findings
}

// describe describes a query of one statement.
func (d *Database) describe(ctx context.Context, q *spec.Query) (Shape, []diag.Diagnostic) {
	text := q.TextFor(d.plugin.Name)
	if givesRows(q) {
		text.Bound = readable(d.plugin, text.Bound)
	}
	s := &statement{
		d: d, faults: faults{query: q, text: text},
		reading: d.read(text.Bound.SQL),
	}
	shape := Shape{Embeds: s.embeds(ctx)}
	if len(s.findings) > 0 {
		return Shape{}, s.findings
	}
	described := s.describe(ctx)
	if described == nil {
		return Shape{}, s.findings
	}
	shape.Params = s.params(ctx, described.Params)
	s.checkInsertID(ctx)
	shape.Columns = s.columns(ctx, described.Columns)
	s.placeEmbeds(ctx, shape.Embeds, shape.Columns, described.Columns)
	return shape, s.findings
}

// statement is a query being described.
type statement struct {
	faults
	d           *Database
	reading     reading
	tree        *query    // nil where it is not understood
	read        *resolver // of the tree
	prepared    []string  // the parameters' types as the server names them, nil where not asked
	columnCount int       // of the result
}

// describe returns what the database says of the statement, nil with findings.
func (s *statement) describe(ctx context.Context) *runtime.Description {
	// MariaDB Connector/ODBC 3.1.15 crashes at the statement after a VALUES, and
	// sqliteodbc 0.9998 shows no rows of one.
	if s.reading.is(0, "VALUES") && s.d.plugin.Describe.Check.How != driver.NoCheck {
		s.find(0, len("VALUES"), "write SELECT * FROM (VALUES …) AS v", "the driver cannot run VALUES as a statement")
		return nil
	}
	described, err := s.d.conn.Describe(ctx, s.text.Bound.SQL, s.undeclaredKinds(ctx)...)
	if err == nil && len(described.Columns) == 0 {
		err = s.d.check(ctx, s.text.Bound)
	}
	if err == nil && len(described.Columns) == 0 {
		err = s.describeReturning(ctx, described)
	}
	if err == nil {
		err = s.checkEmpty(ctx)
	}
	if err != nil {
		s.findings = append(s.findings, s.failure(ctx, err))
		return nil
	}
	s.nameUses(ctx)
	return described
}

// checkEmpty makes the database read the statement with lists of no values.
func (s *statement) checkEmpty(ctx context.Context) error {
	lists := 0
	for _, use := range s.text.Bound.Uses {
		if use.List {
			lists++
		}
	}
	if lists == 0 {
		return nil
	}
	_, err := s.d.conn.Describe(ctx, s.d.plugin.Lists.Expand(s.text.Bound.Template(), make([]int, lists)))
	return err
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

// param types one use of a parameter.
func (s *statement) param(ctx context.Context, use sqlscan.Use, described runtime.ParamDescription) Value {
	hint := s.hint(ctx, use.At)
	a := hint.answer
	if a.notNull = a.notNull || !hint.assigned || !a.known(); !hint.assigned {
		a.why = "not stored in a column"
	}
	cast := strings.HasPrefix(a.Source, "cast to ")
	a.told = s.d.plugin.ParamKindOf(described.Type)
	if a.told != protocol.Invalid {
		if !cast {
			a.Source = "driver"
		}
		a.Kind = a.told
	}
	if kind := s.preparedKind(ctx, use); kind != protocol.Invalid {
		a.Kind, a.Source = kind, "prepared statement"
	}
	v := a.value(use.Name)
	v.Null, v.List = v.Null || use.Nullable, use.List
	if array, ok := s.array(ctx, use, a); ok {
		v = array.value(use.Name)
		v.List = true
	}
	if v.List {
		v.Null = use.Nullable // whatever a column is that it is compared with
	}
	return v
}

// columns types the result columns.
func (s *statement) columns(ctx context.Context, described []runtime.ColumnDescription) []Value {
	values := make([]Value, len(described))
	items := s.items(ctx, described)
	for i, c := range described {
		values[i] = s.column(ctx, c, items[i]).value(c.Name)
		if c.Table != "" && !items[i].empty() {
			values[i].Of = c.Table + "." + s.columnName(c, items[i])
		}
		if values[i].Kind == protocol.Invalid {
			values[i].Offset, values[i].Length = s.reading.extent(items[i].span)
			values[i].Source = s.whatDriverSays(c)
		}
	}
	return values
}

// whatDriverSays tells the driver's words for a type that is none of ours.
func (s *statement) whatDriverSays(c runtime.ColumnDescription) string {
	if !s.d.plugin.Describe.Expressions {
		return ""
	}
	return fmt.Sprintf("the driver calls it %q, type code %d", c.TypeName, c.Type)
}

// Bulk describes the columns of a bulk insert.
func (d *Database) Bulk(ctx context.Context, b *spec.Bulk) ([]Value, []diag.Diagnostic) {
	find := func(pos diag.Pos, help, format string, args ...any) []diag.Diagnostic {
		return []diag.Diagnostic{{Pos: pos, Query: b.Name.Value, Message: fmt.Sprintf(format, args...), Help: help}}
	}
	table, err := d.conn.Dialect().QualifiedName(b.Table.Value)
	if err != nil {
		return nil, find(b.Table.Pos, "", "%v", err)
	}
	all, err := d.tableOf(ctx, table)
	if err != nil {
		return nil, []diag.Diagnostic{d.bulkFailure(ctx, b, err)}
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
			findings = append(findings, find(c.Pos, diag.NearOrFew(c.Value, b.Table.Value, names), "table %s has no column %q", b.Table.Value, c.Value)...)
		case all[i].Kind == protocol.Invalid:
			findings = append(findings, find(c.Pos, "insert it with a query whose params say the type", "the database does not say what type column %q has", c.Value)...)
		default:
			values = append(values, all[i])
		}
	}
	if len(b.Conflict) > 0 && len(findings) == 0 {
		if message, help := d.upsertFault(ctx, b, table, values); message != "" {
			findings = find(b.Conflict[0].Pos, help, "%s", message)
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
	s := statement{d: d, reading: d.read(sql)}
	values := make([]Value, len(described.Columns))
	for i, item := range s.items(ctx, described.Columns) {
		c := described.Columns[i]
		values[i] = s.column(ctx, c, item).value(c.Name)
	}
	return values, nil
}
