package runtime

import (
	"context"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
)

// CatalogIndex is an index of a table. That of a key is among them where the database
// has one.
type CatalogIndex struct {
	Name   string
	Unique bool
	// Deferrable: rows that are alike may be refused only when their transaction ends.
	Deferrable bool
	Columns    []IndexColumn
	// Filter is the condition of the rows that are indexed, in SQL, "" for all of them.
	Filter string
}

// IndexColumn is what an index is ordered by: a column or an expression.
type IndexColumn struct {
	Name       string // "" for an expression
	Expression string // in SQL
	Descending bool
	Prefix     int // characters or bytes from the beginning that are indexed, 0 for all
}

// Indexes lists the indexes of a table. Columns that an index only carries are left
// out.
func (c *Catalog) Indexes(ctx context.Context, table ObjectName) ([]CatalogIndex, error) {
	rows, err := c.list(ctx, odbc.Statistics, table)
	var all []CatalogIndex
	places := map[string]int{}
	for _, r := range rows {
		name := r.text("index_name")
		if !r["index_name"].Valid || r["index_type"].Valid && r.text("index_type") == "0" { // SQL_TABLE_STAT: no index
			continue
		}
		at, known := places[name]
		if !known {
			at = len(all)
			places[name] = at
			all = append(all, CatalogIndex{Name: name, Unique: !r.is("non_unique"), Deferrable: r.is("deferrable"), Filter: r.text("filter")})
		}
		index := &all[at]
		column := IndexColumn{
			Name: r.text("column_name"), Expression: r.text("expression"),
			Descending: strings.HasPrefix(strings.ToUpper(r.text("sort_order")), "D"), Prefix: int(r.number("prefix")),
		}
		if r["definition"].Valid {
			parts, filter := indexParts(r.text("definition"))
			index.Filter = filter
			if n := int(r.number("ordinal")); column.Name == "" && n >= 1 && n <= len(parts) {
				column.Expression = parts[n-1]
			}
		}
		index.Columns = append(index.Columns, column)
	}
	return all, err
}

// indexParts returns what stands between the parentheses of a CREATE INDEX, and its
// condition.
func indexParts(definition string) (parts []string, filter string) {
	depth, start := 0, 0
	for i := 0; i < len(definition); i++ {
		switch ch := definition[i]; ch {
		case '\'', '"', '`', '[':
			i = quoteEnd(definition, i)
		case '(':
			if depth++; depth == 1 {
				start = i + 1
			}
		case ',', ')':
			if depth == 1 {
				parts, start = append(parts, withoutOrder(definition[start:i])), i+1
			}
			if ch == ')' {
				depth--
			}
			if depth == 0 && ch == ')' {
				return parts, condition(definition[i+1:])
			}
		}
	}
	return parts, ""
}

// quoteEnd returns the place of the quote that closes the one at i. A doubled quote
// opens the next one.
func quoteEnd(s string, i int) int {
	closing := s[i]
	if closing == '[' {
		closing = ']'
	}
	if n := strings.IndexByte(s[i+1:], closing); n >= 0 {
		return i + 1 + n
	}
	return len(s)
}

// withoutOrder returns an expression of an index without ASC or DESC.
func withoutOrder(part string) string {
	part = strings.TrimSpace(part)
	for _, word := range []string{"asc", "desc"} {
		if n := len(part) - len(word); n > 0 && strings.EqualFold(part[n:], word) && strings.ContainsAny(part[n-1:n], " \t\r\n)") {
			return strings.TrimSpace(part[:n])
		}
	}
	return part
}

// condition returns what stands behind WHERE, if s begins with that.
func condition(s string) string {
	const where = "where"
	if s = strings.TrimSpace(s); len(s) <= len(where) || !strings.EqualFold(s[:len(where)], where) {
		return ""
	}
	return strings.TrimSpace(s[len(where):])
}
