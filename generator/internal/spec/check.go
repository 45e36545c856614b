package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
)

// addQuery finds the parameters of q and takes it into the spec.
func (r *reader) addQuery(q Query) {
	r.checkFrames(&q)
	r.checkSpool(&q)
	if q.SQL.Text != "" && r.bind(r.dialect(), &q.SQL) {
		r.nameParameters(&q)
		r.checkParams(&q)
		r.checkReaders(&q)
		for i := range q.Dialects {
			r.bindDialect(&q, &q.Dialects[i])
		}
		r.checkSets(&q)
		r.checkSingle(&q)
		r.checkKeyset(&q)
	}
	r.spec.Queries = append(r.spec.Queries, q)
}

// bind fills s.Bound, and tells and returns whether it is sound.
func (r *reader) bind(d sqlscan.Dialect, s *SQL) bool {
	var problems []sqlscan.Problem
	s.Bound, problems = sqlscan.Parameters(d, s.Text)
	if len(sqlscan.Significant(sqlscan.Scan(d, s.Text))) == 0 {
		problems = append(problems, sqlscan.Problem{Length: len(s.Text), Message: "there is no SQL here, only comments"})
	}
	for _, p := range problems {
		r.add(diag.Diagnostic{Pos: s.Pos(p.Offset, p.Length), Message: p.Message, Help: p.Help})
	}
	return len(problems) == 0
}

// nameParameters gives the uses of ? and $1 the names that params has in that order.
func (r *reader) nameParameters(q *Query) {
	count := 0
	for _, u := range q.SQL.Bound.Uses {
		count = max(count, u.Number)
	}
	if count == 0 || q.File != r.spec.Path {
		return // those of annotated files are named after what they stand for
	}
	if count != len(q.Params) {
		u := q.SQL.Bound.Uses[slices.IndexFunc(q.SQL.Bound.Uses, func(u sqlscan.Use) bool { return u.Number > 0 })]
		r.add(diag.Diagnostic{
			Pos:     q.SQL.Pos(u.Offset, u.Length),
			Message: fmt.Sprintf("parameters without a name: %d in the SQL, %d under params", count, len(q.Params)),
			Help:    "write :name, or name them under params, in order",
		})
	}
	for i := range q.SQL.Bound.Uses {
		if u := &q.SQL.Bound.Uses[i]; u.Number > 0 && u.Number <= len(q.Params) {
			u.Name = q.Params[u.Number-1].Name.Value
		}
	}
}

// checkParams tells of params that do not occur in the SQL.
func (r *reader) checkParams(q *Query) {
	var names []string
	used := map[string]bool{}
	for _, u := range q.SQL.Bound.Uses {
		if u.Number > 0 {
			return // nameParameters counted
		}
		names = append(names, u.Name)
		used[u.Name] = true
	}
	for _, p := range q.Params {
		if !used[p.Name.Value] {
			r.add(diag.Diagnostic{
				Pos: p.Name.Pos, Message: fmt.Sprintf("the SQL has no parameter %q", p.Name.Value),
				Help: diag.NearOrFew(p.Name.Value, "it", names),
			})
		}
	}
}

// checkReaders tells of readers where none can be: the rows of many are kept when
// others come, and a reader gives its bytes once.
func (r *reader) checkReaders(q *Query) {
	for _, c := range q.Columns {
		if c.Reader.Value && !slices.Contains([]string{Stream, One, Opt}, q.Result.Value) {
			r.add(diag.Diagnostic{
				Pos: c.Reader.Pos, Message: fmt.Sprintf("column %q is a reader, which the rows of result: %s cannot have", c.Name.Value, q.Result.Value),
				Help: "write result: stream, one or opt",
			})
		}
	}
	for _, p := range q.Params {
		uses := 0
		for _, u := range q.SQL.Bound.Uses {
			if u.Name == p.Name.Value {
				uses++
			}
			if u.List && u.Name == p.Name.Value && (p.Reader.Value || p.Null.Value) {
				r.problemAt(p.Name.Pos, "leave null and reader out; without values, IN is false and NOT IN is true",
					"%q is a list, which has neither readers nor NULLs", p.Name.Value)
			}
		}
		if p.Reader.Value && uses > 1 {
			r.add(diag.Diagnostic{
				Pos: p.Reader.Pos, Message: fmt.Sprintf("parameter %q is a reader, and is used %d times", p.Name.Value, uses),
				Help: "a reader can be read once: use two parameters",
			})
		}
	}
}

// checkSingle tells of a second statement, which one driver refuses and another
// leaves out.
func (r *reader) checkSingle(q *Query) {
	if !slices.Contains(results, q.Result.Value) {
		return
	}
	r.checkStatements(r.dialect(), q.SQL)
	for _, d := range q.Dialects {
		r.checkStatements(r.spec.DialectOf(d.Driver.Value), d.SQL)
	}
}

func (r *reader) checkStatements(d sqlscan.Dialect, s SQL) {
	if parts := sqlscan.Split(d, s.Text); len(parts) > 1 {
		first, _, _ := strings.Cut(parts[1].Text, "\n")
		r.problemAt(s.Pos(parts[1].Offset, len(first)), "make it a query of its own, or write result: sets and name the result of each statement",
			"a second statement begins here")
	}
}

// bindDialect finds the parameters of d and holds them against those of the query:
// both are sent the same values.
func (r *reader) bindDialect(q *Query, d *Dialect) {
	if !r.bind(r.spec.DialectOf(d.Driver.Value), &d.SQL) {
		return
	}
	want, got := q.SQL.Bound.Uses, d.SQL.Bound.Uses
	for i := range got {
		if i < len(want) && got[i].Number > 0 && got[i].Number == i+1 {
			got[i].Name = want[i].Name
		}
	}
	if names(got) != names(want) {
		r.add(diag.Diagnostic{
			Pos:     d.SQL.Pos(0, len(d.SQL.Text)),
			Message: fmt.Sprintf("the text for %s has the parameters (%s), sql has (%s)", d.Driver.Value, names(got), names(want)),
			Help:    "use the same parameters in the same order",
		})
	}
	if got, want := embedded(d.SQL), embedded(q.SQL); got != want {
		r.problemAt(d.SQL.Pos(0, len(d.SQL.Text)), "embed the same tables in the same order, under the same names",
			"the text for %s embeds (%s), sql embeds (%s)", d.Driver.Value, got, want)
	}
}

// embedded returns the names of the embedded tables.
func embedded(s SQL) string {
	var all []string
	for _, e := range s.Bound.Embeds {
		all = append(all, e.Name)
	}
	return strings.Join(all, ", ")
}

func names(uses []sqlscan.Use) string {
	var all []string
	for _, u := range uses {
		if u.Name == "" {
			u.Name = "?"
		}
		all = append(all, u.Name)
	}
	return strings.Join(all, ", ")
}

// checkNames tells of names that two queries, bulk inserts or procedures share.
func (r *reader) checkNames() {
	first := map[string]diag.Pos{}
	for _, q := range r.spec.Queries {
		r.checkName(q.Name, first)
	}
	for _, b := range r.spec.Bulks {
		r.checkName(b.Name, first)
	}
	for _, p := range r.spec.Procedures {
		r.checkName(p.Name, first)
	}
}

func (r *reader) checkName(name Text, first map[string]diag.Pos) {
	earlier, ok := first[name.Value]
	switch {
	case name.Value == "":
	case !ok:
		first[name.Value] = name.Pos
	case earlier.File == name.Pos.File:
		r.problems.Addf(name.Pos, "the name %s is already taken on line %d", name.Value, earlier.Line)
	default:
		r.problems.Addf(name.Pos, "the name %s is already taken at %s:%d", name.Value, earlier.File, earlier.Line)
	}
}
