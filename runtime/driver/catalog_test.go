package driver_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/driver"
)

func TestFillCatalogQuery(t *testing.T) {
	text, args := driver.FillCatalogQuery("SELECT '{' || '}' FROM x WHERE {schema} IN ('', s) AND n = {name} AND {catalog} = c AND m = {name}", "the catalog", "", "it's {schema}")
	require.Equal(t, "SELECT '{' || '}' FROM x WHERE ? IN ('', s) AND n = ? AND ? = c AND m = ?", text)
	require.Equal(t, []string{"", "it's {schema}", "the catalog", "it's {schema}"}, args)
	text, args = driver.FillCatalogQuery("SELECT 1", "a", "b", "c")
	require.Equal(t, "SELECT 1", text)
	require.Empty(t, args)
}

// TestCatalogQueries: a query has the markers that it needs, and no other braces.
func TestCatalogQueries(t *testing.T) {
	for _, p := range driver.All() {
		c := p.Catalog
		for name, query := range map[string]string{
			"Columns": c.Columns, "PrimaryKey": c.PrimaryKey, "ForeignKeys": c.ForeignKeys, "ReferencedBy": c.ReferencedBy, "Indexes": c.Indexes,
			"Tables": c.Tables, "Procedures": c.Procedures, "Params": c.Params, "Resolve": c.Resolve, "ResolveProcedure": c.ResolveProcedure,
		} {
			text, args := driver.FillCatalogQuery(query, "a", "b", "c")
			require.NotContains(t, text, "{", "%s of %s", name, p.Name)
			require.Equal(t, len(args), strings.Count(text, "?"), "%s of %s", name, p.Name)
		}
	}
}

func TestFold(t *testing.T) {
	for fold, want := range map[driver.Fold]string{driver.FoldNothing: "Größe", driver.FoldLower: "größe", driver.IgnoreCase: "Größe"} {
		require.Equal(t, want, fold.Of("Größe"))
	}
}
