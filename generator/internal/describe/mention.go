package describe

import (
	"slices"

	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
)

// mention is a place where a statement names a table.
type mention struct {
	span           // of the name with its schema
	written string // the same as written
	name    string // its last part without quotes
	alias   string // what columns are qualified with
	at      int    // the token that is the alias
}

// mentions returns the places where tables stand.
func (r reading) mentions() []mention {
	var all []mention
	for i := range r.tokens {
		if !r.namesTable(i) {
			continue
		}
		next, name := r.qualified(i + 1)
		if name == "" || next > len(r.tokens) || r.is(next, "(") && r.is(i, "FROM", "JOIN", ",") { // a function
			continue
		}
		m := mention{span: span{i + 1, next}, name: name, alias: name, at: next - 1}
		m.written = r.text(m.span)
		if r.is(next, "AS") {
			next++
		}
		if second := r.name(next); second != "" && r.tokens[next].Kind != sqlscan.Named {
			m.alias, m.at = second, next
		}
		all = append(all, m)
	}
	return all
}

// namesTable tells whether the name of a table comes behind token i.
func (r reading) namesTable(i int) bool {
	switch {
	case r.is(i, ","):
		from := r.fromClause(r.arm(i))
		return from.from < i && i < from.to
	case r.is(i, "ON"):
		return r.is(0, "CREATE") && r.has("INDEX")
	case r.is(i, "FROM"): // not that of EXTRACT, or of IS DISTINCT FROM
		return !r.is(i-1, "DISTINCT") && (r.depth[i] <= 0 || r.is(r.arm(i).from, "SELECT", "DELETE", "UPDATE"))
	case r.is(i, "UPDATE"):
		return !r.is(i-1, "KEY", "FOR")
	}
	return r.is(i, "JOIN", "INTO", "TABLE", "REFERENCES")
}

// repeatsAlias tells whether token i is an alias that an earlier table beside it has.
func repeatsAlias(r reading, i int) bool {
	var earlier []string
	for _, m := range r.mentions() {
		if m.at == i {
			return slices.Contains(earlier, m.alias)
		}
		if r.arm(m.at) == r.arm(i) {
			earlier = append(earlier, m.alias)
		}
	}
	return false
}

// mentioned tells whether a table is named at s, or the end of s.
func (r reading) mentioned(s span) bool {
	for _, m := range r.mentions() {
		if m.to == s.to {
			return true
		}
	}
	return false
}
