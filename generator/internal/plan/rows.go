package plan

import (
	"slices"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// decodeRows plans the rows of the query and how a batch becomes rows. It
// returns the type of a row.
func (b *builder) decodeRows(q *Query, columns []Column, embeds []Embed) Type {
	members := b.columns(q, columnRole, columns)
	if q.Value.Driver != "" {
		for i, c := range columns {
			slot := &q.Value.Columns[i]
			slot.Told, slot.Untold = told(c.Told, slot.Kind), c.Told == protocol.Invalid
		}
	}
	q.Value.Decode = b.private.claim("decode" + q.Method.Name)
	q.Decode = &Decoder{Name: q.Value.Decode, Picks: picks(members)}
	parts := b.parts(q, members, columns, embeds)
	if len(parts) == 1 {
		parts[0].read.Field = ""
		q.Decode.Row = parts[0].field.Type
		q.Decode.Cells = []Read{parts[0].read}
		return q.Decode.Row
	}
	s := rowStruct(q, nil, "is a row of")
	for _, p := range parts {
		s.Fields = append(s.Fields, p.field)
		q.Decode.Cells = append(q.Decode.Cells, p.read)
	}
	q.Structs = append(q.Structs, s)
	q.Decode.Row = Type{Name: s.Name}
	return q.Decode.Row
}

// part is a field of a row, and how it is read.
type part struct {
	field Field
	read  Read
}

// parts returns a part for each column that is not of an embedded table, and for each
// of those tables.
func (b *builder) parts(q *Query, members []member, columns []Column, embeds []Embed) []part {
	var parts []part
	for i := 0; i < len(members); i++ {
		embedded := slices.IndexFunc(embeds, func(e Embed) bool { return e.From == i && e.Columns > 0 })
		if embedded < 0 {
			m := members[i]
			if len(embeds) > 0 {
				m.field = fieldName(m.slot.Name)
			}
			parts = append(parts, part{m.structField(), m.read(m.field)})
			continue
		}
		e := embeds[embedded]
		if e.Null {
			for k := range e.Columns {
				q.Value.Columns[i+k].Null = true
			}
		}
		parts = append(parts, b.embed(e, embeds, members[i:i+e.Columns], columns[i:i+e.Columns]))
		i += e.Columns - 1
	}
	return distinctParts(parts)
}

// distinctParts numbers fields that would have one name.
func distinctParts(parts []part) []part {
	names := make([]string, len(parts))
	for i, p := range parts {
		names[i] = p.field.Name
	}
	for i, name := range distinct(names) {
		parts[i].field.Name, parts[i].read.Field = name, name
	}
	return parts
}

// encodeRows plans the rows of a bulk insert and how they become a batch. It
// returns the type of a row.
func (b *builder) encodeRows(q *Query, columns []Column) Type {
	members := b.columns(q, bulkRole, columns)
	if len(members) == 1 {
		m := members[0]
		b.encode(q, Field{Name: m.local, Type: m.goType})
		q.Encode.Cells = []Write{m.write(0, "")}
		return m.goType
	}
	uses := make([]int, len(members))
	for i := range uses {
		uses[i] = i
	}
	return b.encodeStruct(q, rowStruct(q, members, "is a row that is inserted by"), "row", members, uses)
}

func rowStruct(q *Query, members []member, is string) Struct {
	s := Struct{Name: q.Method.Name + "Row"}
	s.Doc = s.Name + " " + is + " " + q.Method.Name + "."
	for _, m := range members {
		s.Fields = append(s.Fields, m.structField())
	}
	return s
}

// columns returns what the columns are in Go. Names that are the same in Go are
// numbered.
func (b *builder) columns(q *Query, r role, columns []Column) []member {
	members := make([]member, len(columns))
	fields, locals := make([]string, len(columns)), make([]string, len(columns))
	taken := newScope("b", "i", "rows")
	for i, c := range columns {
		m := b.member(r, i+1, c)
		q.Value.Columns = append(q.Value.Columns, m.slot)
		members[i], fields[i], locals[i] = m, m.field, taken.free(m.local)
	}
	fields, locals = distinct(fields), distinct(locals)
	for i := range members {
		members[i].field, members[i].local = fields[i], locals[i]
	}
	return members
}

// perPick is how many columns one assignment picks: a line of code.
const perPick = 4

func picks(members []member) [][]Pick {
	var lines [][]Pick
	for i, m := range members {
		if i%perPick == 0 {
			lines = append(lines, nil)
		}
		last := &lines[len(lines)-1]
		*last = append(*last, Pick{Name: m.local, Index: i, Column: m.column})
	}
	return lines
}
