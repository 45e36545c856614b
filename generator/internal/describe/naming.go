package describe

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
)

// nameUses names the uses of ? and $1 after what they stand for, as sqlc does: the
// column that they are compared with or stored in. Of two with one name, the second
// has a number.
func (s *statement) nameUses(ctx context.Context) {
	uses := s.text.Bound.Uses
	taken, numbered := map[string]bool{}, map[int]string{}
	for _, use := range uses {
		taken[use.Name] = true
	}
	for i := range uses {
		use := &uses[i]
		if use.Name != "" {
			continue
		}
		name, again := numbered[use.Number]
		if !again {
			name = free(s.standsFor(ctx, *use), taken)
			taken[name], numbered[use.Number] = true, name
		}
		use.Name = name
	}
}

func free(name string, taken map[string]bool) string {
	numbered := name
	for n := 2; taken[numbered]; n++ {
		numbered = fmt.Sprintf("%s_%d", name, n)
	}
	return numbered
}

// standsFor returns the name of what a parameter stands for.
func (s *statement) standsFor(ctx context.Context, use sqlscan.Use) string {
	r := s.reading
	i := r.marker(use.At)
	if name := s.storedIn(ctx, i); name != "" {
		return name
	}
	switch {
	case r.is(i-1, "OFFSET"), r.is(i-1, "LIMIT") && r.is(i+1, ","):
		return "offset"
	case r.is(i-1, "LIMIT", "FIRST", "NEXT"), r.is(i-1, ",") && r.is(i-3, "LIMIT"):
		return "limit"
	}
	if name := r.besideName(i); name != "" {
		return name
	}
	return fmt.Sprintf("arg%d", use.Number)
}

// marker returns the token at an offset.
func (r reading) marker(offset int) int {
	return slices.IndexFunc(r.tokens, func(t sqlscan.Token) bool { return t.Offset == offset })
}

// storedIn returns the column that the item around token i is inserted into.
func (s *statement) storedIn(ctx context.Context, i int) string {
	r := s.reading
	for ; i > 0; i = r.level(i).from - 1 {
		items, verb := r.items(r.level(i)), r.valuesOf(r.level(i).from-1)
		if arm := r.arm(i); verb < 0 && r.is(arm.from, "INSERT", "REPLACE") {
			verb = r.first(arm, "SELECT")
			items = r.selectList(span{verb, arm.to})
		}
		number := slices.IndexFunc(items, func(item span) bool { return item.from <= i && i < item.to })
		if verb >= 0 && verb < i && number >= 0 {
			return s.insertedColumn(ctx, verb, number)
		}
	}
	return ""
}

// valuesOf returns the VALUES of which the "(" at token i begins a row, -1 for none.
func (r reading) valuesOf(i int) int {
	for r.is(i, "(") {
		if r.is(i-1, "VALUES") {
			return i - 1
		}
		if !r.is(i-1, ",") || !r.is(i-2, ")") {
			return -1
		}
		i = sqlscan.Match(r.tokens, i-2)
	}
	return -1
}

// insertedColumn returns the column of that number of the INSERT that token verb, its
// VALUES or SELECT, belongs to.
func (s *statement) insertedColumn(ctx context.Context, verb, number int) string {
	r := s.reading
	into := r.first(r.level(verb), "INTO")
	if into >= verb {
		return ""
	}
	next, _ := r.qualified(into + 1)
	table := r.text(span{into + 1, next})
	if r.is(next, "AS") {
		next += 2
	}
	if r.is(next, "(") {
		if columns := r.items(span{next + 1, r.closing(next)}); number < len(columns) {
			return r.name(columns[number].from)
		}
		return ""
	}
	columns, err := s.d.table(ctx, table)
	if err != nil || number >= len(columns) {
		return ""
	}
	return columns[number].Name
}

// compares are the operators beside which a column may stand, and parts the words that
// end its expression.
var (
	compares = strings.Fields("= <> != < > <= >= <=> IS LIKE ILIKE GLOB REGEXP RLIKE MATCH IN ~ @> <@ &&")
	parts    = strings.Fields("AND OR WHERE ON HAVING SELECT SET VALUES , ; WHEN THEN ELSE BY FROM LIMIT OFFSET")
)

// besideName returns the name of the column that the expression around token i is
// compared with, or assigned to; "" for none.
func (r reading) besideName(i int) string {
	for {
		if operator := r.operatorLeft(i); operator >= 0 {
			if name := r.nameBefore(operator - 1); name != "" {
				return name
			}
		}
		if operator := r.operatorRight(i); operator >= 0 {
			if name := r.nameAfter(operator + 1); name != "" {
				return name
			}
		}
		level := r.level(i)
		if i = level.from - 1; i < 0 || r.is(level.from, "SELECT", "WITH") {
			return ""
		}
	}
}

// nameBefore returns the name in the operand that ends with token i.
func (r reading) nameBefore(i int) string {
	for r.is(i, "NOT", "IS", "DISTINCT") {
		i--
	}
	if open := sqlscan.Match(r.tokens, i); r.is(i, ")") && open >= 0 {
		return r.lastName(span{open + 1, i})
	}
	return r.lastName(span{i, i + 1})
}

// nameAfter returns the name in the operand that begins with token i.
func (r reading) nameAfter(i int) string {
	next, _ := r.qualified(i)
	if r.is(i, "(") {
		next = i
	}
	if r.is(next, "(") {
		return r.lastName(span{next + 1, r.closing(next)})
	}
	return r.lastName(span{i, next})
}

func (r reading) operatorLeft(i int) int {
	for j := i - 1; j >= 0 && r.depth[j] >= r.depth[i]; j-- {
		switch {
		case r.depth[j] > r.depth[i]:
		case r.is(j, compares...), r.is(j, "BETWEEN"):
			return j
		case r.is(j, "AND"):
			return r.betweenOf(j)
		case r.is(j, parts...) && !r.is(j, "WHEN", "THEN", "ELSE"):
			return -1
		}
	}
	return -1
}

// betweenOf returns the BETWEEN that the AND at token i belongs to, -1 for none.
func (r reading) betweenOf(i int) int {
	for j := i - 1; j >= 0 && r.depth[j] >= r.depth[i]; j-- {
		switch {
		case r.depth[j] > r.depth[i]:
		case r.is(j, "BETWEEN"):
			return j
		case r.is(j, parts...):
			return -1
		}
	}
	return -1
}

func (r reading) operatorRight(i int) int {
	for j := i + 1; j < len(r.tokens) && r.depth[j] >= r.depth[i]; j++ {
		switch {
		case r.depth[j] > r.depth[i]:
		case r.is(j, compares...):
			return j
		case r.is(j, parts...):
			return -1
		}
	}
	return -1
}

// lastName returns the last name in s that is not one of a function.
func (r reading) lastName(s span) string {
	for i := s.to - 1; i >= s.from; i-- {
		if name := r.name(i); name != "" && !r.calls(i) && !r.is(i-1, "::") {
			return name
		}
	}
	return ""
}
