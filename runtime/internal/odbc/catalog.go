package odbc

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/internal/odbc/sys"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// CatalogFunction is a function that lists what a database has.
type CatalogFunction uint8

// The functions.
const (
	Tables CatalogFunction = iota
	Columns
	PrimaryKeys
	ForeignKeys  // of the table
	ReferencedBy // those of others that refer to it
	Statistics
	Procedures
	ProcedureColumns
	TypeInfo
)

// String returns the name of the function.
func (f CatalogFunction) String() string {
	names := [...]string{"SQLTables", "SQLColumns", "SQLPrimaryKeys", "SQLForeignKeys", "SQLForeignKeys", "SQLStatistics",
		"SQLProcedures", "SQLProcedureColumns", "SQLGetTypeInfo"}
	return names[f]
}

// patterns reports whether the function takes schema and name for patterns, in which
// "_" and "%" match more than themselves.
func (f CatalogFunction) patterns() bool {
	return f == Tables || f == Columns || f == Procedures || f == ProcedureColumns
}

// Object is what is asked for. What is empty, may be anything.
type Object struct{ Catalog, Schema, Name string }

// Rows are those of a catalog function or query, as text.
type Rows [][]sql.Null[string]

// List calls a catalog function. Where it takes patterns, there may be rows of other
// objects among those asked for. A Tables call lists the types, such as "TABLE,VIEW",
// or all.
func (c *Conn) List(ctx context.Context, f CatalogFunction, of Object, types string) (rows Rows, err error) {
	if strings.ContainsRune(of.Catalog+of.Schema+of.Name, 0) {
		return nil, fmt.Errorf("name holds a zero byte")
	}
	if f.patterns() {
		of.Schema, of.Name = c.pattern(of.Schema), c.pattern(of.Name)
	}
	s, err := c.newStmt(StmtOptions{})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	ret, err := s.watched(ctx, func(s *Stmt) (ret sys.Return) {
		if ret = f.call(s.h, of, types); ret.OK() {
			s.columns, ret = sys.NumResultCols(s.h)
		}
		return ret
	})
	if err != nil || !ret.OK() {
		return nil, s.failure(f.String(), ret, err)
	}
	return s.texts(ctx)
}

// pattern returns a pattern that matches the name and perhaps others, whether or not
// the driver knows its own escape character. SQL Server has sets in brackets, too.
func (c *Conn) pattern(name string) string {
	name = strings.ReplaceAll(name, "[", "_")
	if escape := c.info(sys.InfoPatternEscape); escape != "" {
		name = strings.ReplaceAll(name, escape, "_")
	}
	return name
}

func (f CatalogFunction) call(s sys.Handle, of Object, types string) sys.Return {
	switch f {
	case Tables:
		return sys.Tables(s, of.Catalog, of.Schema, of.Name, types)
	case Columns:
		return sys.Columns(s, of.Catalog, of.Schema, of.Name)
	case PrimaryKeys:
		return sys.PrimaryKeys(s, of.Catalog, of.Schema, of.Name)
	case ForeignKeys, ReferencedBy:
		return sys.ForeignKeys(s, of.Catalog, of.Schema, of.Name, f == ReferencedBy)
	case Statistics:
		return sys.Statistics(s, of.Catalog, of.Schema, of.Name)
	case Procedures:
		return sys.Procedures(s, of.Catalog, of.Schema, of.Name)
	case ProcedureColumns:
		return sys.ProcedureColumns(s, of.Catalog, of.Schema, of.Name)
	}
	return sys.GetTypeInfo(s)
}

// texts reads the result to its end, row by row.
func (s *Stmt) texts(ctx context.Context) (Rows, error) {
	specs := make([]protocol.ColumnSpec, s.columns)
	for i := range specs {
		specs[i] = protocol.ColumnSpec{Kind: protocol.Text, Width: 512}
	}
	r := s.NewRowset(protocol.NewBatch(specs, 1), nil, 1)
	var rows Rows
	for {
		n, _, err := s.Fetch(ctx, r, 1)
		if err != nil || n == 0 {
			return rows, err
		}
		r.Load()
		row := make([]sql.Null[string], s.columns)
		for i := range row {
			row[i] = r.Batch().Text(i).Null(0)
			row[i].V = strings.Clone(row[i].V)
		}
		rows = append(rows, row)
	}
}

// Query runs a query about the catalog with texts for its markers, and returns the
// names of its columns too.
func (c *Conn) Query(ctx context.Context, text string, args []string, as Parameter, options ParamOptions) (names []string, rows Rows, err error) {
	s, err := c.Prepare(ctx, text, StmtOptions{})
	if err != nil {
		return nil, nil, err
	}
	defer s.Close()
	specs, types := make([]protocol.ColumnSpec, len(args)), make([]Parameter, len(args))
	for i := range args {
		specs[i], types[i] = protocol.ColumnSpec{Kind: protocol.Text, Width: 64}, as
	}
	b := protocol.NewBatch(specs, 0)
	for i, arg := range args {
		b.Text(i).Append(arg)
	}
	b.EndRow()
	s.BindParams(b, types, options)
	if err := s.Execute(ctx); err != nil {
		return nil, nil, err
	}
	for i := range s.columns {
		names = append(names, s.ColumnName(i))
	}
	rows, err = s.texts(ctx)
	return names, rows, err
}
