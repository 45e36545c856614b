package odbc

import (
	"context"

	"github.com/odbcgen/odbcgen/runtime/internal/odbc/sys"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// TableColumn is a column as SQLColumns lists it.
type TableColumn struct {
	Schema, Table, Name string
	TypeName            string
	Nullable            int64 // sys.NoNulls, sys.Nullable or sys.NullableUnknown
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
	s, err := c.newStmt(StmtOptions{})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	ret, err := s.watched(ctx, func() sys.Return { return sys.Columns(s.h, schema, table) })
	if err != nil || !ret.OK() {
		return nil, s.failure("SQLColumns", ret, err)
	}
	specs := make([]protocol.ColumnSpec, columnsRead)
	for i := range specs {
		specs[i] = protocol.ColumnSpec{Kind: protocol.Text, Width: 512}
	}
	specs[columnsNullable] = protocol.ColumnSpec{Kind: protocol.Int64}
	b := protocol.NewBatch(specs, 1)
	if err := s.BindColumns(b, nil, 1); err != nil {
		return nil, err
	}
	var all []TableColumn
	for {
		n, err := s.Fetch(ctx)
		if err != nil || n == 0 {
			return all, err
		}
		text := func(i int) string { return b.Text(i).Null(0).V }
		all = append(all, TableColumn{
			Schema: text(columnsSchema), Table: text(columnsTable), Name: text(columnsName),
			TypeName: text(columnsTypeName), Nullable: b.Int64(columnsNullable).Null(0).V,
		})
	}
}
