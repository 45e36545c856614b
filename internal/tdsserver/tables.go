package tdsserver

import (
	"fmt"
	"slices"
	"strings"
)

// tables are what sessions have stored, for statements that are not in the script: those
// of CREATE TABLE, INSERT, UPDATE, DELETE and SELECT that have one table and no more
// than a comparison after the other. Nobody is kept from seeing what a transaction has
// not committed yet.
type tables map[string]*table // by database and name

type table struct {
	database, name string

	columns []tableColumn
	keys    []key
	foreign []foreign
	records []*record
	counter int64 // last number given to an identity column
}

type tableColumn struct {
	Column
	otherwise *expression // the DEFAULT
}

// key is columns whose values are those of one record only.
type key struct {
	columns []int
	primary bool
	taken   map[string]*record
}

// record is a row; those that were deleted stay in their place.
type record struct {
	cells   []any
	deleted bool
}

// undo takes back what a statement has done.
type undo []func()

func (u *undo) add(f func()) { *u = append(*u, f) }

// to takes back what was done since there were n.
func (u *undo) to(n int) {
	for len(*u) > n {
		last := len(*u) - 1
		(*u)[last]()
		*u = (*u)[:last]
	}
}

// key is what a table is found by.
func (s *session) key(name string) string { return strings.ToLower(s.state.Database + "\x00" + name) }

func (t *table) column(name string) int {
	return slices.IndexFunc(t.columns, func(c tableColumn) bool { return strings.EqualFold(c.Name, name) })
}

// insert stores a record.
func (t *table) insert(cells []any, u *undo) (*record, *Message) {
	r := &record{}
	if m := t.set(r, cells, u); m != nil {
		return nil, m
	}
	t.records = append(t.records, r)
	u.add(func() { r.deleted = true })
	return r, nil
}

// set gives a record its cells, if they may be stored.
func (t *table) set(r *record, cells []any, u *undo) *Message {
	for i, c := range t.columns {
		v, m := c.Type.convert(cells[i])
		if m != nil && m.Number == 2628 {
			return failure(2628, fmt.Sprintf("String or binary data would be truncated in table '%s.dbo.%s', column '%s'. Truncated value: '%.100s'.", t.database, t.name, c.Name, textOf(cells[i])))
		}
		if m != nil {
			return m
		}
		if v == nil && c.NotNull {
			return failure(515, fmt.Sprintf("Cannot insert the value NULL into column '%s', table '%s.dbo.%s'; column does not allow nulls. INSERT fails.", c.Name, t.database, t.name))
		}
		cells[i] = v
	}
	for _, k := range t.keys {
		now := k.of(cells)
		if taken := k.taken[now]; taken != nil && taken != r {
			return t.violation(k, now)
		}
	}
	if m := t.missing(cells); m != nil {
		return m
	}
	before := r.cells
	t.release(r)
	r.cells = cells
	t.claim(r)
	u.add(func() {
		t.release(r)
		if r.cells = before; before != nil {
			t.claim(r)
		}
	})
	return nil
}

func (t *table) violation(k key, value string) *Message {
	kind := "UNIQUE KEY"
	if k.primary {
		kind = "PRIMARY KEY"
	}
	return &Message{Number: 2627, State: 1, Class: 14, Text: fmt.Sprintf("Violation of %s constraint '%s'. Cannot insert duplicate key in object 'dbo.%s'. The duplicate key value is (%s).",
		kind, t.constraint(k), t.name, value)}
}

// constraint is the name of a key.
func (t *table) constraint(k key) string {
	words := []string{map[bool]string{true: "PK", false: "UQ"}[k.primary], t.name}
	for _, c := range k.columns {
		words = append(words, t.columns[c].Name)
	}
	name := []rune(strings.Join(words, "_"))
	return string(name[:min(len(name), 128)]) // as long as a sysname
}

func (t *table) remove(r *record, u *undo) {
	t.release(r)
	r.deleted = true
	u.add(func() {
		r.deleted = false
		t.claim(r)
	})
}

func (t *table) claim(r *record) {
	for _, k := range t.keys {
		k.taken[k.of(r.cells)] = r
	}
}

func (t *table) release(r *record) {
	for _, k := range t.keys {
		if r.cells != nil {
			delete(k.taken, k.of(r.cells))
		}
	}
}

func (k key) of(cells []any) string {
	values := make([]string, len(k.columns))
	for i, c := range k.columns {
		values[i] = "<NULL>"
		if cells[c] != nil {
			values[i] = collated(textOf(cells[c]))
		}
	}
	return strings.Join(values, ", ")
}
