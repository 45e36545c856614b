package spec

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
)

// Set is one of the results of a query whose result is Sets.
type Set struct {
	Name    Text
	Result  Text       // One, Opt, Many, Exec or Affected
	Columns []Override // as written
	// SQL is the statement that has this result; nothing where one statement has
	// all sets. Dialects are other texts for it, see Query.Dialects.
	SQL      SQL
	Dialects []Dialect
}

// Rows tells whether the set is one of rows.
func (s *Set) Rows() bool { return s.Result.Value != Exec && s.Result.Value != Affected }

// OneStatement tells whether all sets of q are results of one statement, so that
// the database cannot be asked for their columns.
func (q *Query) OneStatement() bool { return len(q.Sets) > 1 && q.Sets[0].SQL.Text == "" }

// SetQuery returns the statement of a set as a query of its own.
func (q *Query) SetQuery(s Set) Query {
	return Query{File: q.File, Name: q.Name, Result: s.Result, SQL: s.SQL, Dialects: s.Dialects, Params: q.Params, Columns: s.Columns}
}

// sets reads a mapping of names to a result alone or a mapping.
func (r *reader) sets(n *yaml.Node, into *[]Set) {
	r.pairs("sets", n, func(key, value *yaml.Node) {
		s := Set{Name: Text{key.Value, r.pos(key)}}
		if value.Kind == yaml.ScalarNode {
			r.word("result", setResults, &s.Result)(value)
		} else {
			r.mapping("a set", value, r.setFields(&s))
		}
		*into = append(*into, s)
	})
}

var setResults = []string{One, Opt, Many, Exec, Affected}

func (r *reader) setFields(s *Set) []field {
	return []field{
		{"result", true, r.word("result", setResults, &s.Result)},
		{"columns", false, func(n *yaml.Node) { r.overrides("columns", n, &s.Columns) }},
	}
}

// checkSets gives each set its statement.
func (r *reader) checkSets(q *Query) {
	switch {
	case q.Result.Value != Sets && len(q.Sets) > 0:
		r.problemAt(q.Sets[0].Name.Pos, "write result: sets, or leave sets out", "sets belong to result: sets")
	case q.Result.Value != Sets:
	case len(q.Sets) == 0:
		r.problemAt(q.Result.Pos, "name the result of each statement, in order, such as sets: {newest: many, archived: affected}", "result sets needs sets")
	case len(q.Columns) > 0:
		r.problemAt(q.Columns[0].Name.Pos, fmt.Sprintf("write %s: {result: many, columns: {…}} under sets", q.Sets[0].Name.Value), "columns belong to a set here")
	case len(q.SQL.Bound.Embeds) > 0:
		e := q.SQL.Bound.Embeds[0]
		r.problemAt(q.SQL.Pos(e.Offset, e.Length), "name its columns", "sqlc.embed does not go with result sets")
	default:
		r.splitSets(q)
	}
}

// problemAt tells what is wrong at a place.
func (r *reader) problemAt(pos diag.Pos, help, format string, args ...any) {
	r.add(diag.Diagnostic{Pos: pos, Message: fmt.Sprintf(format, args...), Help: help})
}

func (r *reader) splitSets(q *Query) {
	parts := split(r.dialect(), q.SQL)
	switch {
	case len(parts) == 1 && len(q.Sets) > 1:
		r.checkSetColumns(q.Sets, fmt.Sprintf("one statement has all %d sets", len(q.Sets)),
			"; or give each set a statement of its own, with ; between them")
	case len(parts) < len(q.Sets):
		r.problemAt(q.Sets[len(parts)].Name.Pos, "one statement for each set, with ; between them", "sets has %d, the SQL has %d statements", len(q.Sets), len(parts))
	case len(parts) > len(q.Sets):
		first, _, _ := strings.Cut(parts[len(q.Sets)].Text, "\n")
		r.problemAt(parts[len(q.Sets)].Pos(0, len(first)), "name the result of this one too; exec is one without",
			"the SQL has %d statements, sets has %d", len(parts), len(q.Sets))
	default:
		for i := range q.Sets {
			q.Sets[i].SQL = parts[i]
		}
		for _, d := range q.Dialects {
			r.splitDialect(q, d)
		}
	}
}

// split cuts a bound text into its statements.
func split(d sqlscan.Dialect, s SQL) []SQL {
	var parts []SQL
	for _, st := range sqlscan.Split(d, s.Text) {
		parts = append(parts, SQL{Text: st.Text, Bound: s.Bound.Part(st.Offset, len(st.Text)), origin: s.origin.without(st.Offset)})
	}
	return parts
}

// splitDialect gives each set its text for another driver.
func (r *reader) splitDialect(q *Query, d Dialect) {
	if d.SQL.Bound.SQL == "" {
		return // it has problems
	}
	parts := split(r.spec.DialectOf(d.Driver.Value), d.SQL)
	if len(parts) != len(q.Sets) {
		r.problemAt(d.SQL.Pos(0, len(d.SQL.Text)), "one statement for each set, with ; between them",
			"sql has %d statements, the text for %s has %d", len(q.Sets), d.Driver.Value, len(parts))
		return
	}
	for i := range q.Sets {
		s := &q.Sets[i]
		if got, want := names(parts[i].Bound.Uses), names(s.SQL.Bound.Uses); got != want {
			r.problemAt(parts[i].Pos(0, len(parts[i].Text)), "use the same parameters in the same order",
				"set %q has the parameters (%s) in the text for %s, and (%s) in sql", s.Name.Value, got, d.Driver.Value, want)
		}
		if parts[i].Bound.SQL != s.SQL.Bound.SQL {
			s.Dialects = append(s.Dialects, Dialect{Driver: d.Driver, SQL: parts[i]})
		}
	}
}

// checkSetColumns tells of sets whose columns nobody can say, for a reason, and what
// can be done beside writing them down.
func (r *reader) checkSetColumns(sets []Set, reason, orElse string) {
	for _, s := range sets {
		help := fmt.Sprintf("write %s: {result: %s, columns: {id: int64, title: text}}%s", s.Name.Value, s.Result.Value, orElse)
		switch {
		case !slices.Contains(setResults, s.Result.Value): // told
		case s.Rows() && len(s.Columns) == 0:
			r.problemAt(s.Name.Pos, help, "the columns of set %q are not known: %s", s.Name.Value, reason)
		case !s.Rows() && len(s.Columns) > 0:
			r.problemAt(s.Columns[0].Name.Pos, "write result: one, opt or many", "set %q has no rows, and so no columns", s.Name.Value)
		}
		for _, c := range s.Columns {
			if c.Type.Value == "" {
				r.problemAt(c.Name.Pos, help, "the type of column %q is not known: %s", c.Name.Value, reason)
			}
		}
	}
}

// Key says that a parameter begins a page: it is set to a column of the last row
// of the page before.
type Key struct {
	Param  Text // occurs in SQL
	Column Text
}

func (r *reader) keyset(n *yaml.Node, q *Query) {
	r.pairs("keyset", n, func(key, value *yaml.Node) {
		k := Key{Param: Text{key.Value, r.pos(key)}}
		r.text("a column", &k.Column)(value)
		q.Keyset = append(q.Keyset, k)
	})
}

// checkKeyset tells where the rows would not be those of one page after another.
func (r *reader) checkKeyset(q *Query) {
	if len(q.Keyset) == 0 {
		return
	}
	if q.Result.Value != Stream {
		r.problemAt(q.Keyset[0].Param.Pos, "write result: stream, or leave keyset out", "keyset belongs to result: stream")
	}
	for _, k := range q.Keyset {
		if !slices.ContainsFunc(q.SQL.Bound.Uses, func(u sqlscan.Use) bool { return u.Name == k.Param.Value }) {
			var known []string
			for _, u := range q.SQL.Bound.Uses {
				known = append(known, u.Name)
			}
			r.problemAt(k.Param.Pos, diag.DidYouMean(k.Param.Value, known), "the SQL has no parameter %q", k.Param.Value)
		}
	}
	r.checkPage(r.dialect(), q.SQL)
	for _, d := range q.Dialects {
		r.checkPage(r.spec.DialectOf(d.Driver.Value), d.SQL)
	}
}

// checkPage tells what a text lacks to be a page.
func (r *reader) checkPage(d sqlscan.Dialect, s SQL) {
	var words []sqlscan.Token // outside of parentheses
	depth := 0
	for _, t := range sqlscan.Significant(sqlscan.Scan(d, s.Text)) {
		switch {
		case t.Is("("):
			depth++
		case t.Is(")"):
			depth--
		case depth == 0:
			words = append(words, t)
		}
	}
	has := func(texts ...string) bool {
		return slices.ContainsFunc(words, func(t sqlscan.Token) bool { return t.Is(texts...) })
	}
	if !has("ORDER") {
		r.problemAt(s.Pos(0, len(s.Text)), "write ORDER BY the columns of keyset", "without ORDER BY, the last row of a page is not where the next one begins")
	}
	if !has("LIMIT", "FETCH", "TOP", "FIRST") {
		r.problemAt(s.Pos(0, len(s.Text)), "write LIMIT 1000, or another number of rows", "without LIMIT, the first page is the whole result")
	}
}
