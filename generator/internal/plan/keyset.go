package plan

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// page makes of a planned stream one that is read page by page.
func (b *builder) page(q *Query, d DescribedQuery) {
	if q.Encode == nil || q.Decode == nil {
		return // a problem is noted
	}
	if len(d.Embeds) > 0 {
		b.problem(Problem{Message: "a keyset does not go with sqlc.embed", Help: "name the columns of the table"})
		return
	}
	q.Method.Doc = cmp.Or(d.Doc, q.Method.Name+" yields the rows one after the other, page by page.")
	q.Advance = &Advance{Name: b.private.claim("advance" + q.Method.Name), Params: q.Encode.Arg.Type, Row: q.Decode.Row}
	q.Method.Verb, q.Method.With = "Pages", []string{q.Advance.Name}
	for _, key := range d.Keyset {
		q.Advance.Keys = append(q.Advance.Keys, b.move(q, d, key))
	}
}

// move plans how the parameter of a key gets its next value.
func (b *builder) move(q *Query, d DescribedQuery, key Key) Move {
	param := slices.IndexFunc(d.Params, func(p Param) bool { return p.Name == key.Param })
	column := slices.IndexFunc(d.Columns, func(c Column) bool { return c.Name == key.Column })
	if param < 0 || column < 0 {
		b.problem(Problem{
			Param:   key.Param,
			Message: fmt.Sprintf("keyset: there is no parameter %q or no column %q", key.Param, key.Column),
			Help:    "write under keyset the parameter that begins a page: the column it is compared with",
		})
		return Move{}
	}
	b.checkMove(d, key, d.Columns[column])
	m := Move{Param: q.Encode.Cells[param].Field, Column: q.Decode.Cells[column].Field}
	if !mayBeNull(d.Params, key.Param) {
		return m
	}
	if b.null.address {
		m.Prefix = "&"
		return m
	}
	m.Wrap = b.null.wrap(kindForms[d.Columns[column].Kind].goType)
	return m
}

func mayBeNull(params []Param, name string) bool {
	return slices.ContainsFunc(params, func(p Param) bool { return p.Name == name && p.Null })
}

// checkMove notes where the column cannot be the parameter.
func (b *builder) checkMove(d DescribedQuery, key Key, c Column) {
	if c.Null {
		b.problem(Problem{
			Param:   key.Param,
			Message: fmt.Sprintf("column %q of the keyset can be NULL, which no row comes behind", key.Column),
			Help:    fmt.Sprintf("take another column, or write columns: {%s: {null: false}} if it never is", key.Column),
		})
	}
	for _, p := range d.Params {
		if p.Name == key.Param && p.Kind != protocol.Invalid && !kindForms[p.Kind].goType.same(kindForms[c.Kind].goType) {
			b.problem(Problem{
				Param:   key.Param,
				Message: fmt.Sprintf("parameter %q of the keyset is %s, its column %q is %s", key.Param, p.Kind, key.Column, c.Kind),
				Help:    fmt.Sprintf("write params: {%s: %s}", key.Param, c.Kind),
			})
			return
		}
	}
}
