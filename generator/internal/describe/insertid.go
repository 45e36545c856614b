package describe

import (
	"context"
	"slices"

	"github.com/odbcgen/odbcgen/generator/internal/spec"
	"github.com/odbcgen/odbcgen/runtime"
)

// checkInsertID tells where the number of the last row would be missing, or that of
// another row.
func (s *statement) checkInsertID(ctx context.Context) {
	const help = "write INSERT … RETURNING id, with the result one"
	r := s.reading
	pos := s.query.Result.Pos
	if s.query.Result.Value != spec.InsertID {
		return
	}
	next, _ := r.qualified(2)
	switch {
	case s.d.plugin.InsertID == "":
		s.findAt(pos, help, "%s does not tell the number that it gave a row", s.d.plugin.Name)
	case !r.is(0, "INSERT", "REPLACE") || !r.is(1, "INTO"):
		s.findAt(pos, "write affected, or exec", "only INSERT INTO gives a row its number")
	case r.has("CONFLICT", "DUPLICATE"):
		s.findAt(pos, help, "the row may be there already, and then the last number is that of another row")
	case !s.numbers(ctx, r.text(span{2, next})):
		s.findAt(pos, "write exec, or give the table such a column", "the table has no column that the database numbers")
	}
}

// numbers tells whether the database numbers the rows of a table.
func (s *statement) numbers(ctx context.Context, table string) bool {
	if s.d.plugin.Vendor() == "sqlite" {
		_, err := s.d.conn.Describe(ctx, "SELECT rowid FROM "+table)
		return err == nil
	}
	described, err := s.d.conn.Describe(ctx, "SELECT * FROM "+table)
	return err == nil && slices.ContainsFunc(described.Columns, func(c runtime.ColumnDescription) bool { return c.AutoNumbered })
}
