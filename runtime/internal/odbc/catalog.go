package odbc

import (
	"context"
	"database/sql"

	"github.com/odbcgen/odbcgen/runtime/internal/odbc/sys"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// TableColumn is a column as SQLColumns lists it.
type TableColumn struct {
	Schema, Table, Name string
	TypeName            string
	NotNull             bool
}

// Places of what is read of SQLColumns' result, from 0.
const (
	columnsSchema   = 1
	columnsTable    = 2
	columnsName     = 3
	columnsTypeName = 5
	columnsNullable = 10
	columnsRead     = 11
)

// TableColumns lists the columns of a table in their order; an empty schema is
// any. The names are patterns: "_" and "%" match more than themselves.
func (c *Conn) TableColumns(ctx context.Context, schema, table string) ([]TableColumn, error) {
	specs := make([]protocol.ColumnSpec, columnsRead)
	for i := range specs {
		specs[i] = protocol.ColumnSpec{Kind: protocol.Text, Width: 512}
	}
	specs[columnsNullable] = protocol.ColumnSpec{Kind: protocol.Int64}
	var all []TableColumn
	err := c.list(ctx, "SQLColumns", specs, func(s sys.Handle) sys.Return { return sys.Columns(s, schema, table) }, func(b *protocol.Batch) {
		text := func(i int) string { return b.Text(i).Null(0).V }
		all = append(all, TableColumn{
			Schema: text(columnsSchema), Table: text(columnsTable), Name: text(columnsName),
			TypeName: text(columnsTypeName), NotNull: b.Int64(columnsNullable).Null(0) == sql.Null[int64]{V: int64(sys.NoNulls), Valid: true},
		})
	})
	return all, err
}

// Table is a table or view as SQLTables lists it.
type Table struct{ Catalog, Schema, Name string }

// Tables lists the tables and views of the current catalog that are not the
// system's. MariaDB's driver lists those of all catalogs.
func (c *Conn) Tables(ctx context.Context) ([]Table, error) {
	current := c.info(sys.InfoDatabaseName)
	specs := make([]protocol.ColumnSpec, 3) // catalog, schema, name
	for i := range specs {
		specs[i] = protocol.ColumnSpec{Kind: protocol.Text, Width: 512}
	}
	var all []Table
	err := c.list(ctx, "SQLTables", specs, func(s sys.Handle) sys.Return { return sys.Tables(s, "TABLE,VIEW") }, func(b *protocol.Batch) {
		text := func(i int) string { return b.Text(i).Null(0).V }
		if t := (Table{text(0), text(1), text(2)}); t.Catalog == "" || current == "" || t.Catalog == current {
			all = append(all, t)
		}
	})
	return all, err
}

// PrimaryKey lists the columns of a table's primary key.
func (c *Conn) PrimaryKey(ctx context.Context, schema, table string) ([]string, error) {
	specs := make([]protocol.ColumnSpec, columnsName+1)
	for i := range specs {
		specs[i] = protocol.ColumnSpec{Kind: protocol.Text, Width: 512}
	}
	var all []string
	err := c.list(ctx, "SQLPrimaryKeys", specs, func(s sys.Handle) sys.Return { return sys.PrimaryKeys(s, schema, table) }, func(b *protocol.Batch) {
		all = append(all, b.Text(columnsName).Null(0).V)
	})
	return all, err
}

// list reads the result of a catalog call row by row.
func (c *Conn) list(ctx context.Context, name string, specs []protocol.ColumnSpec, call func(sys.Handle) sys.Return, row func(*protocol.Batch)) error {
	s, err := c.newStmt(StmtOptions{})
	if err != nil {
		return err
	}
	defer s.Close()
	ret, err := s.watched(ctx, func(s *Stmt) sys.Return { return call(s.h) })
	if err != nil || !ret.OK() {
		return s.failure(name, ret, err)
	}
	r := s.NewRowset(protocol.NewBatch(specs, 1), nil, 1)
	for {
		n, _, err := s.Fetch(ctx, r, 1)
		if err != nil || n == 0 {
			return err
		}
		r.Load()
		row(r.Batch())
	}
}
