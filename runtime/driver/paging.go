package driver

import (
	"errors"
	"fmt"
	"strings"
)

// PageForm is how a query asks for some of its rows.
type PageForm uint8

// The forms.
const (
	NoPages     PageForm = iota // there is no known way
	LimitOffset                 // LIMIT ? OFFSET ?
	OffsetFetch                 // OFFSET ? ROWS FETCH NEXT ? ROWS ONLY
)

// Order is a column of a result by which its rows are ordered.
type Order struct {
	Column     string
	Descending bool
}

// Page is a query for some rows of another one. It has two parameters behind those
// of that: how many rows, and how many are before them.
type Page struct {
	SQL string
	// SkipFirst: how many rows are before is the first of the two.
	SkipFirst bool
}

var (
	errNoPages = errors.New("the database is not known to have a clause for a page of rows: read the rows in order of a key, from the last one on")
	errNoOrder = errors.New("a page needs an order of the rows: without one, each page may have any")
)

// Page returns the query for some rows of a query that has no ORDER BY, LIMIT, OFFSET
// or FETCH of its own. Nothing of it is changed, the clauses stand behind; with
// another of a kind, or with a semicolon, it is not SQL and the database says so.
func (d Dialect) Page(query string, by ...Order) (Page, error) {
	clause := [...]string{LimitOffset: "LIMIT ? OFFSET ?", OffsetFetch: "OFFSET ? ROWS FETCH NEXT ? ROWS ONLY"}[d.Pages]
	switch {
	case clause == "":
		return Page{}, errNoPages
	case len(by) == 0:
		return Page{}, errNoOrder
	}
	columns := make([]string, len(by))
	for i, o := range by {
		name, err := d.Name(o.Column)
		if err != nil {
			return Page{}, err
		}
		if columns[i] = name; o.Descending {
			columns[i] += " DESC"
		}
	}
	// The query may end with a comment, which ends with the line.
	sql := fmt.Sprintf("%s\nORDER BY %s %s", query, strings.Join(columns, ", "), clause)
	return Page{SQL: sql, SkipFirst: d.Pages == OffsetFetch}, nil
}
