package spec_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/generator/internal/spec"
)

func TestProceduresMatch(t *testing.T) {
	for pattern, names := range map[string]struct{ match, differ string }{
		"report":          {"REPORT", "reports"},
		"report_%":        {"report_", "report"},
		"bank.report_%":   {"Report_Sales", "reportxsales"},
		"%":               {"anything", ""},
		"%_old":           {"a_old_old", "a_older"},
		"a%b%c":           {"aXbXbXc", "aXcXb"},
		"a%a":             {"aa", "a"},
		"%é%":             {"CAFÉS", "cafe"},
		"main.bank.get_%": {"get_it", "bank.get_it"},
	} {
		p := spec.Procedures{Pattern: spec.Text{Value: pattern}}
		require.True(t, p.Match(names.match), "%s %s", pattern, names.match)
		if names.differ != "" {
			require.False(t, p.Match(names.differ), "%s %s", pattern, names.differ)
		}
	}
}
