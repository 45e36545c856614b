package describe

import (
	"context"
	"strings"

	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// array types a parameter that the database takes as an array: what is cast to one,
// compared with ANY or ALL, or stored in a column of arrays. Its value in Go is a
// list, which travels as an array literal.
func (s *statement) array(ctx context.Context, use sqlscan.Use, stored answer) (answer, bool) {
	if !s.d.plugin.Lists.Array {
		return answer{}, false
	}
	r := s.reading
	i := r.marker(use.At)
	marker := span{i, i + 1}
	for {
		if name, ok := r.arrayCast(marker); ok {
			return answer{Kind: elementKind(name), SQLType: name + "[]", Source: "cast to " + name + "[]"}, true
		}
		if a := s.elementOf(ctx, marker); a.known() {
			return a, true
		}
		if !r.is(marker.from-1, "(") || !r.is(marker.to, ")") {
			break
		}
		marker = span{marker.from - 1, marker.to + 1}
	}
	// PostgreSQL's catalog puts an underscore before the type of the elements.
	if element, ok := strings.CutPrefix(stored.SQLType, "_"); ok && stored.known() {
		return answer{Kind: elementKind(element), SQLType: element + "[]", Source: stored.Source}, true
	}
	return answer{}, false
}

// elementOf types the elements of an array by the column that is compared with ANY of
// them.
func (s *statement) elementOf(ctx context.Context, array span) answer {
	r := s.reading
	if !r.is(array.from-1, "(") || !r.is(array.to, ")") || !r.is(array.from-2, "ANY", "ALL", "SOME") {
		return answer{}
	}
	operand := span{array.from - 4, array.from - 3} // before the operator
	for r.is(operand.from-1, ".") {
		operand.from -= 2
	}
	if operand.from < 0 || r.name(operand.from) == "" {
		return answer{}
	}
	for _, from := range r.scopes(array.from) {
		if a := s.typedFrom(ctx, operand, from); a.known() {
			return a
		}
	}
	return answer{}
}

// arrayCast returns the first word of the type of the elements in ?::type[] and
// CAST(? AS type[]).
func (r reading) arrayCast(s span) (name string, ok bool) {
	at := s.to + 1
	if !r.is(s.to, "::") && !(r.is(s.to, "AS") && r.is(s.from-1, "(") && r.is(s.from-2, "CAST")) {
		return "", false
	}
	next, last := r.qualified(at)
	for r.is(next, "PRECISION", "VARYING", "WITH", "WITHOUT", "TIME", "ZONE") {
		next++
	}
	if r.is(next, "(") {
		next = r.closing(next) + 1
	}
	return last, last != "" && r.is(next, "[") && r.is(next+1, "]")
}

// elementKind returns the kind of a type; a value of one that is not known, such as an
// enumeration, is written as text.
func elementKind(name string) protocol.Kind {
	if kind := castKind(name); kind != protocol.Invalid && kind != protocol.JSON {
		return kind
	}
	return protocol.Text
}
