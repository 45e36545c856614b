package plan

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// maxInline is how many parameters stand as arguments of the method. More are
// the fields of one struct.
const maxInline = 3

// passParams plans how the method takes the parameters of the query and how they
// reach a batch. It returns the type that carries them.
func (b *builder) passParams(q *Query, params []Param) Type {
	members, uses := b.params(params)
	for i, use := range uses {
		slot := members[use].slot
		slot = Slot{Name: slot.Name, Kind: slot.Kind, Reader: slot.Reader, List: slot.List, Null: slot.List && slot.Null}
		if q.Value.Driver != "" {
			slot.Told = told(params[i].Told, slot.Kind)
		}
		q.Value.Params = append(q.Value.Params, slot)
	}
	switch n := len(members); {
	case n == 0:
		q.Method.Pass.Type = runtimeType("None")
		return q.Method.Pass.Type
	case n == 1:
		return b.passOne(q, members[0], uses)
	case n <= maxInline:
		return b.passInline(q, members, uses)
	}
	return b.passStruct(q, members, uses)
}

// told returns the constant for what the driver told, "" where that is kind or nothing.
func told(by protocol.Kind, kind string) string {
	if constant := kindForms[by].constant; constant != kind {
		return constant
	}
	return ""
}

// params returns the parameters, each once, and for every ? which of them it is.
func (b *builder) params(params []Param) (members []member, uses []int) {
	once, uses := byNumber(b.mergeParams(params))
	taken := map[string]string{} // Go name -> name in SQL
	for i, p := range once {
		m := b.member(paramRole, i+1, Column{Name: p.Name, Kind: p.Kind, Null: p.Null && !p.List, Reader: p.Reader, SQLType: p.SQLType})
		if p.List {
			m = m.list()
			m.slot.Null = p.Null
		}
		if first, clash := taken[m.field]; clash && m.field != "" {
			b.problem(Problem{
				Param:   p.Name,
				Message: fmt.Sprintf("parameters %q and %q are both %s in Go", first, p.Name, m.field),
				Help:    "give one of them another name",
			})
		}
		taken[m.field] = p.Name
		members = append(members, m)
	}
	return members, uses
}

// byNumber orders parameters by their numbers, those without behind.
func byNumber(params []Param, uses []int) (sorted []Param, renumbered []int) {
	order := make([]int, len(params))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, k int) int {
		return cmp.Compare(uint(params[i].Number)-1, uint(params[k].Number)-1) // 0 is the greatest
	})
	for _, i := range order {
		sorted = append(sorted, params[i])
	}
	for _, use := range uses {
		renumbered = append(renumbered, slices.Index(order, use))
	}
	return sorted, renumbered
}

// mergeParams joins the uses of each name. One use whose kind is known speaks for
// all, and NULL may be passed when any use says so.
func (b *builder) mergeParams(params []Param) (once []Param, uses []int) {
	index := map[string]int{}
	for _, p := range params {
		i, seen := index[p.Name]
		if !seen {
			i = len(once)
			index[p.Name] = i
			once = append(once, p)
		}
		first := &once[i]
		first.Null, first.Reader = first.Null || p.Null, first.Reader || p.Reader
		if first.List != p.List {
			b.problem(Problem{
				Param:   p.Name,
				Message: fmt.Sprintf("parameter %q is a list in one place and a single value in another", p.Name),
				Help:    "use two names",
			})
		}
		switch {
		case first.Kind == protocol.Invalid:
			first.Kind, first.SQLType = p.Kind, p.SQLType
		case p.Kind != protocol.Invalid && p.Kind != first.Kind:
			b.problem(Problem{
				Param:   p.Name,
				Message: fmt.Sprintf("parameter %q is %s in one place and %s in another", p.Name, first.Kind, p.Kind),
				Help:    "give its type under params:, or use two names",
			})
		}
		uses = append(uses, i)
	}
	return once, uses
}

// passOne passes a single parameter as it is.
func (b *builder) passOne(q *Query, m member, uses []int) Type {
	arg := Field{Name: newScope("ctx", "q", q.Value.Name).free(m.local), Type: m.goType}
	q.Method.Args = []Field{arg}
	q.Method.Pass.Name = arg.Name
	b.encode(q, Field{Name: newScope("b", m.each).free(m.local), Type: m.goType})
	for i := range uses {
		q.Encode.Cells = append(q.Encode.Cells, m.write(i, ""))
	}
	return m.goType
}

// passInline takes the parameters as arguments and passes them in a private
// struct.
func (b *builder) passInline(q *Query, members []member, uses []int) Type {
	s := Struct{Name: b.private.claim(privateName(q.Method.Name) + "Params")}
	s.Doc = s.Name + " holds the arguments of " + q.Method.Name + "."
	taken := newScope("ctx", "q", q.Value.Name, s.Name)
	q.Method.Pass.Type = Type{Name: s.Name}
	for i := range members {
		m := &members[i]
		m.field = taken.free(m.local)
		s.Fields = append(s.Fields, m.structField())
		q.Method.Args = append(q.Method.Args, Field{Name: m.field, Type: m.goType})
		q.Method.Pass.Fields = append(q.Method.Pass.Fields, Setting{Field: m.field, Name: m.field})
	}
	return b.encodeStruct(q, s, "p", members, uses)
}

// passStruct takes and passes the parameters in an exported struct.
func (b *builder) passStruct(q *Query, members []member, uses []int) Type {
	s := Struct{Name: q.Method.Name + "Params"}
	s.Doc = s.Name + " holds the parameters of " + q.Method.Name + "."
	for _, m := range members {
		s.Fields = append(s.Fields, m.structField())
	}
	q.Method.Args = []Field{{Name: "p", Type: Type{Name: s.Name}}}
	q.Method.Pass.Name = "p"
	return b.encodeStruct(q, s, "p", members, uses)
}

// encodeStruct plans the type s and the encoder of its values, which writes the
// members in the order of uses.
func (b *builder) encodeStruct(q *Query, s Struct, arg string, members []member, uses []int) Type {
	q.Structs = append(q.Structs, s)
	t := Type{Name: s.Name}
	b.encode(q, Field{Name: arg, Type: t})
	for i, use := range uses {
		q.Encode.Cells = append(q.Encode.Cells, members[use].write(i, members[use].field))
	}
	return t
}

func (b *builder) encode(q *Query, arg Field) {
	q.Value.Encode = b.private.claim("encode" + q.Method.Name)
	q.Encode = &Encoder{Name: q.Value.Encode, Arg: arg}
}
