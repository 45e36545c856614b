package conformance_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// listedTables: a table is listed by its name as a table, and a view as a view.
func listedTables(t *testing.T, s *subject) {
	table := s.numbers(t, 1)
	listed, err := s.Catalog().Tables(t.Context(), runtime.CatalogFilter{Name: table})
	require.NoError(t, err)
	require.Len(t, listed, 1)
	require.Equal(t, table, listed[0].Name)
	require.Equal(t, "TABLE", listed[0].Type)
	none, err := s.Catalog().Tables(t.Context(), runtime.CatalogFilter{Name: table, Types: []string{"VIEW"}})
	require.NoError(t, err)
	require.Empty(t, none)
	none, err = s.Catalog().Tables(t.Context(), runtime.CatalogFilter{Name: table + "%"})
	require.NoError(t, err)
	require.Empty(t, none, "a name is no pattern")
	like, err := s.Catalog().Tables(t.Context(), runtime.CatalogFilter{Name: table[:len(table)-1] + "_", Pattern: true, Types: []string{"TABLE"}})
	require.NoError(t, err)
	require.Contains(t, like, listed[0])
}

// listedViews: so are views.
func listedViews(t *testing.T, s *subject) {
	table, view := s.numbers(t, 1), s.table("view")
	s.exec(t, fmt.Sprintf("CREATE VIEW %s AS SELECT n FROM %s", view, table))
	listed, err := s.Catalog().Tables(t.Context(), runtime.CatalogFilter{Name: view})
	require.NoError(t, err)
	require.Len(t, listed, 1)
	require.Equal(t, "VIEW", listed[0].Type)
	columns, err := s.Catalog().Columns(t.Context(), listed[0].ObjectName)
	require.NoError(t, err)
	require.Len(t, columns, 1)
	require.Equal(t, s.fold("n"), columns[0].Name)
}

// listedColumns: each type has its kind in the catalog, too, and who may be NULL is told.
func listedColumns(t *testing.T, s *subject) {
	for i, typ := range s.types {
		t.Run(typ.sql, func(t *testing.T) {
			table := s.column(t, i, typ)
			columns, err := s.Catalog().Columns(t.Context(), runtime.ObjectName{Name: table})
			require.NoError(t, err)
			require.Len(t, columns, 2)
			id, v := columns[0], columns[1]
			require.Equal(t, []string{s.fold("id"), s.fold("v")}, []string{id.Name, v.Name})
			require.True(t, id.NotNull)
			require.False(t, v.NotNull)
			require.Contains(t, []protocol.Kind{typ.kind, typ.told}, v.Type.Kind, "%q, code %d", v.Type.Name, v.Type.SQL)
			if typ.kind == protocol.Decimal && strings.HasSuffix(typ.sql, "(20,4)") {
				require.EqualValues(t, 20, v.Type.Size)
				require.Equal(t, 4, v.Type.Digits)
			}
		})
	}
	none, err := s.Catalog().Columns(t.Context(), runtime.ObjectName{Name: s.table("nowhere")})
	require.NoError(t, err)
	require.Empty(t, none)
}

// listedKeys: the primary key, in its own order, and keys that refer to it from there and
// from here.
func listedKeys(t *testing.T, s *subject) {
	parent, child := s.table("parent"), s.table("child")
	s.exec(t, fmt.Sprintf("CREATE TABLE %s (a %s NOT NULL, b %[2]s NOT NULL, PRIMARY KEY (b, a))", parent, s.integer),
		fmt.Sprintf("CREATE TABLE %s (id %s NOT NULL PRIMARY KEY, pa %[2]s%[3]s, pb %[2]s%[3]s, FOREIGN KEY (pb, pa) REFERENCES %[4]s (b, a))", child, s.integer, s.nullable, parent))
	catalog := s.Catalog()
	key, err := catalog.PrimaryKey(t.Context(), runtime.ObjectName{Name: parent})
	require.NoError(t, err)
	require.Equal(t, []string{s.fold("b"), s.fold("a")}, key.Columns)

	of, err := catalog.ForeignKeys(t.Context(), runtime.ObjectName{Name: child})
	require.NoError(t, err)
	to, err := catalog.ReferencedBy(t.Context(), runtime.ObjectName{Name: parent})
	require.NoError(t, err)
	require.Equal(t, of, to)
	require.Len(t, of, 1)
	require.Equal(t, child, of[0].Table.Name)
	require.Equal(t, parent, of[0].RefersTo.Name)
	require.Equal(t, []string{s.fold("pb"), s.fold("pa")}, of[0].Columns)
	require.Equal(t, []string{s.fold("b"), s.fold("a")}, of[0].Referred)
	require.Contains(t, []string{"NO ACTION", "RESTRICT"}, of[0].OnDelete)
	none, err := catalog.ForeignKeys(t.Context(), runtime.ObjectName{Name: parent})
	require.NoError(t, err)
	require.Empty(t, none)
}

// listedIndexes: an index has its columns in order, and is unique or not.
func listedIndexes(t *testing.T, s *subject) {
	table := s.table("indexed")
	s.exec(t, fmt.Sprintf("CREATE TABLE %s (a %s NOT NULL, b %[2]s NOT NULL, UNIQUE (b, a))", table, s.integer))
	indexes, err := s.Catalog().Indexes(t.Context(), runtime.ObjectName{Name: table})
	require.NoError(t, err)
	require.Len(t, indexes, 1)
	require.True(t, indexes[0].Unique)
	require.Equal(t, []runtime.IndexColumn{{Name: s.fold("b")}, {Name: s.fold("a")}}, indexes[0].Columns)
}

// listedTypes: the types that there are have kinds.
func listedTypes(t *testing.T, s *subject) {
	types, err := s.Catalog().Types(t.Context())
	require.NoError(t, err)
	for _, kind := range []protocol.Kind{protocol.Int64, protocol.Float64, protocol.Date} {
		require.True(t, slices.ContainsFunc(types, func(listed runtime.CatalogType) bool { return listed.Kind == kind }), kind)
	}
}

// listedProcedures: a procedure has its parameters, in order, with their directions.
func listedProcedures(t *testing.T, s *subject) {
	if !s.routine(t, "values") {
		procedures, err := s.Catalog().Procedures(t.Context(), runtime.CatalogFilter{})
		require.NoError(t, err)
		require.Empty(t, procedures)
		return
	}
	name := s.fold("conf_values")
	procedures, err := s.Catalog().Procedures(t.Context(), runtime.CatalogFilter{Name: name})
	require.NoError(t, err)
	require.Len(t, procedures, 1)
	require.Equal(t, name, procedures[0].Name)
	params, err := s.Catalog().ProcedureParams(t.Context(), procedures[0].ObjectName)
	require.NoError(t, err)
	var told, want []string
	for _, p := range params {
		if p.Direction != driver.Return {
			told = append(told, strings.TrimPrefix(p.Name, "@")+" "+p.Direction.String())
		}
	}
	for _, p := range valuesParams {
		if p.Direction == driver.Out && s.outsTakeValues {
			p.Direction = driver.InOut
		}
		want = append(want, s.fold(p.Name)+" "+p.Direction.String())
	}
	require.Equal(t, want, told)
	require.True(t, slices.ContainsFunc(params, func(p runtime.CatalogParam) bool { return p.Type.Kind == protocol.Int64 }))
}

// forgottenLists: lists are kept, and forgotten when a table is changed by us.
func forgottenLists(t *testing.T, s *subject) {
	table := s.table("changed")
	create := func(column string) string {
		return fmt.Sprintf("CREATE TABLE %s (%s %s NOT NULL)", table, column, s.integer)
	}
	columns := func() string {
		t.Helper()
		columns, err := s.Catalog().Columns(t.Context(), runtime.ObjectName{Name: table})
		require.NoError(t, err)
		require.Len(t, columns, 1)
		return columns[0].Name
	}
	s.exec(t, create("a"))
	require.Equal(t, s.fold("a"), columns())
	other := s.connect(t)
	require.NoError(t, command("DROP TABLE "+table).Exec(t.Context(), other, nil))
	require.NoError(t, command(create("b")).Exec(t.Context(), other, nil))
	require.Equal(t, s.fold("a"), columns(), "it is kept")
	s.Catalog().Refresh()
	require.Equal(t, s.fold("b"), columns())
	s.exec(t, "DROP TABLE "+table, create("c"))
	require.Equal(t, s.fold("c"), columns())
}
