package driver

import (
	"regexp"
	"strings"
)

// Lists says how a list of parameters is written into IN (?...) and NOT IN (?...).
type Lists struct {
	// In and NotIn stand for the operator and its parentheses where there are no
	// values: what they make of anything before them, NULL too, is false and true.
	In, NotIn string
	// Array: In and NotIn are for any number of values, and have one marker for an
	// array literal.
	Array bool
	// Max is the most parameter markers of a statement, 0 for those that ODBC can
	// number.
	Max int
}

// Markers returns the most parameter markers of a statement.
func (l Lists) Markers() int {
	if l.Max == 0 {
		return 1<<15 - 1 // SQLNumParams counts in SQLSMALLINT; psqlODBC 13 crashes with more
	}
	return l.Max
}

// list is where one stands.
var list = regexp.MustCompile(`(?i)(\bNOT\s+)?\bIN\s*\(\s*\?\.\.\.\s*\)`)

// Expand returns the text of a statement with as many markers for each of its lists,
// in order, as counts says. Those of arrays are none.
func (l Lists) Expand(sql string, counts []int) string {
	var text strings.Builder
	done := 0
	for i, at := range list.FindAllStringSubmatchIndex(sql, -1) {
		text.WriteString(sql[done:at[0]])
		done = at[1]
		switch match := sql[at[0]:at[1]]; {
		case counts[i] > 0:
			text.WriteString(strings.Replace(match, "?...", "?"+strings.Repeat(", ?", counts[i]-1), 1))
		case at[2] >= 0:
			text.WriteString(l.NotIn)
		default:
			text.WriteString(l.In)
		}
	}
	return text.String() + sql[done:]
}
