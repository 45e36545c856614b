package plan

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

func TestEveryKindHasAForm(t *testing.T) {
	for _, kind := range protocol.Kinds() {
		require.Contains(t, kindForms, kind)
		require.NotContains(t, kindForms, protocol.Invalid)
	}
	require.Len(t, kindForms, len(protocol.Kinds()))
}

// TestProblemsComeTogether holds that a problem does not hide those behind it,
// and that each says where it is.
func TestProblemsComeTogether(t *testing.T) {
	pkg, problems := New(Input{Package: "store", Files: []SourceFile{
		{Name: "queries.yaml", Queries: []DescribedQuery{
			{Name: "GetBook", Result: One, SQL: "SELECT 1", Columns: []Column{{Name: "a"}, {Kind: protocol.Text}}},
			{Name: "GetBook", Result: "all", SQL: "SELECT ?", Params: []Param{{Name: "x"}}},
		}},
		{Name: "sql/tags.sql", Bulks: []DescribedBulk{{Name: "AddTags"}}},
	}})
	require.Nil(t, pkg)
	type place struct {
		file, query, param string
		column             int
	}
	var places []place
	for _, p := range problems {
		require.NotEmpty(t, p.Message)
		require.NotEmpty(t, p.Help)
		places = append(places, place{p.File, p.Query, p.Param, p.Column})
	}
	require.Equal(t, []place{
		{"queries.yaml", "GetBook", "", 1},
		{"queries.yaml", "GetBook", "", 2},
		{"queries.yaml", "GetBook", "", 0},
		{"queries.yaml", "GetBook", "", 0},
		{"queries.yaml", "GetBook", "x", 0},
		{"sql/tags.sql", "AddTags", "", 0},
	}, places)
}
