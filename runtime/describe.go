package runtime

import (
	"context"
	"slices"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Description is what a driver tells of a statement before it is executed,
// unjudged: drivers err in ways that their plugins know.
type Description struct {
	Params  []ParamDescription
	Columns []ColumnDescription
}

// ParamDescription is what SQLDescribeParam tells of a parameter.
type ParamDescription struct {
	Type   driver.SQLType // driver.Unknown where the driver cannot describe parameters
	Size   uint64
	Digits int
}

// ColumnDescription is what the driver tells of a result column.
type ColumnDescription struct {
	Name     string
	Type     driver.SQLType
	TypeName string // as the database names it; drivers leave out sizes
	Size     uint64 // characters, digits, or bytes of a binary type
	Digits   int    // scale, or digits of a second's fraction
	// NotNull and NotNullField are the two places where a driver may say that
	// the column is never NULL: SQLDescribeCol and SQL_DESC_NULLABLE.
	NotNull, NotNullField bool
	Unsigned              bool
	AutoNumbered          bool
	// Schema, Table and Column are the base column, "" where there is none or
	// the driver does not tell.
	Schema, Table, Column string
}

// Describe prepares sql and returns what the driver tells of it. Nothing is
// executed. The kinds of its parameters, where they are known, are for drivers whose
// word depends on them.
func (c *Conn) Describe(ctx context.Context, sql string, params ...protocol.Kind) (*Description, error) {
	p, err := c.loan(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.lock(ctx); err != nil {
		return nil, err
	}
	defer p.mu.Unlock()
	options := p.reads(shape{})
	if p.plugin.Quirks.BindFirst {
		for _, kind := range params {
			options.First = append(options.First, p.parameter(kind))
		}
	}
	s, err := p.native.Prepare(ctx, sql, options)
	if err != nil {
		return nil, p.operation("", "prepare").wrap(err)
	}
	defer s.Close()
	d := &Description{Params: describeParams(s)}
	for i := range s.Columns() {
		column, err := s.DescribeColumn(i)
		if err != nil {
			return nil, p.operation("", "describe").wrap(err)
		}
		d.Columns = append(d.Columns, describeColumn(column))
	}
	return d, nil
}

func describeParams(s *odbc.Stmt) []ParamDescription {
	params := make([]ParamDescription, s.Params())
	for i := range params {
		// A driver without SQLDescribeParam (FreeTDS before 1.5) fails here.
		if d, err := s.DescribeParam(i); err == nil {
			params[i] = ParamDescription{Type: driver.SQLType(d.Type), Size: d.Size, Digits: int(d.Digits)}
		}
	}
	return params
}

func describeColumn(c odbc.Column) ColumnDescription {
	return ColumnDescription{
		Name: c.Name, Type: driver.SQLType(c.Type), TypeName: c.TypeName, Size: c.Size, Digits: int(c.Digits),
		NotNull: c.NotNull, NotNullField: c.NotNullField,
		Unsigned: c.Unsigned, AutoNumbered: c.AutoNumbered,
		Schema: c.Schema, Table: c.Table, Column: c.BaseColumn,
	}
}

// TableColumn is a column of a table as the driver's catalog lists it.
type TableColumn struct {
	Schema, Table, Name string
	TypeName            string
	NotNull             bool
	PrimaryKey          bool // part of it
}

// TableColumns lists the columns of a table in their order; none when there is
// no such table. An empty schema is any. Schema and table must be spelled as
// the database keeps them.
func (c *Conn) TableColumns(ctx context.Context, schema, table string) ([]TableColumn, error) {
	p, err := c.loan(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.lock(ctx); err != nil {
		return nil, err
	}
	defer p.mu.Unlock()
	of := odbc.Object{Schema: schema, Name: table}
	listed, err := p.native.List(ctx, odbc.Columns, of, "")
	if err != nil {
		return nil, p.operation("", "describe").wrap(err)
	}
	keys, _ := p.native.List(ctx, odbc.PrimaryKeys, of, "") // not every driver can tell
	key := functionRows(odbc.PrimaryKeys, keys)
	var columns []TableColumn
	for _, r := range functionRows(odbc.Columns, listed) {
		if r.text("object_name") != table { // the driver took "_" for a pattern
			continue
		}
		columns = append(columns, TableColumn{
			Schema: r.text("schema_name"), Table: table, Name: r.text("column_name"), TypeName: r.text("type_name"), NotNull: r.text("nullable") == "0",
			PrimaryKey: slices.ContainsFunc(key, func(k catalogRow) bool { return k.text("column_name") == r.text("column_name") }),
		})
	}
	return columns, nil
}

// Table is a table or view as the driver's catalog lists it. Catalog and Schema
// are "" where the database has none.
type Table struct{ Catalog, Schema, Name string }

// Tables lists the tables and views of the current catalog that are not the
// system's.
func (c *Conn) Tables(ctx context.Context) ([]Table, error) {
	p, err := c.loan(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.lock(ctx); err != nil {
		return nil, err
	}
	defer p.mu.Unlock()
	listed, err := p.native.List(ctx, odbc.Tables, odbc.Object{}, "TABLE,VIEW")
	current := p.native.Database()
	var all []Table
	for _, r := range functionRows(odbc.Tables, listed) {
		// MariaDB's driver lists those of all catalogs.
		if t := (Table(r.object())); t.Catalog == "" || current == "" || t.Catalog == current {
			all = append(all, t)
		}
	}
	return all, p.operation("", "describe").wrap(err)
}

// Source is an installed driver, or a configured data source with its driver.
type Source struct {
	Name   string
	Driver string // the library of a driver; the driver of a data source
}

// InstalledDrivers returns the drivers that the driver manager knows.
func InstalledDrivers() ([]Source, error) { return sources(odbc.Drivers) }

// DataSources returns the data sources that the driver manager knows.
func DataSources() ([]Source, error) { return sources(odbc.DataSources) }

func sources(list func() ([]odbc.Source, error)) ([]Source, error) {
	listed, err := list()
	all := make([]Source, len(listed))
	for i, s := range listed {
		all[i] = Source(s)
	}
	return all, operation{op: "list"}.wrap(err)
}
