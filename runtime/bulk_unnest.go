package runtime

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// unnest sends one array literal a column, and the database makes rows of them.
type unnest struct {
	*sender
	literals [][]byte // one a column, kept for their memory
}

func newUnnest(ctx context.Context, in *insertion) (strategy, error) {
	sh, err := in.unnestShape(ctx)
	if err != nil || sh.sql == "" {
		if err != nil {
			return nil, err
		}
		return newArrays(ctx, in)
	}
	return &unnest{&sender{in: in, shape: sh, counts: in.c.plugin.Bulk.Counts}, make([][]byte, len(in.columns))}, nil
}

// unnestShape returns the shape of the statement: that of the one which is kept,
// else one for the types that the columns have. It has no text where the
// database does not know the columns; the error of an INSERT says it best.
func (in *insertion) unnestShape(ctx context.Context) (shape, error) {
	sh := shape{key: insertKey{in.key, 0}, name: in.name, params: in.params()}
	if kept, ok := in.kept(ctx, sh.key); ok {
		return kept, nil
	}
	types, err := in.elementTypes(ctx)
	if err != nil || len(types) < len(in.columns) {
		return sh, err
	}
	for i := range sh.params {
		sh.params[i].Kind = protocol.Text
	}
	sh.sql, err = in.statement(0, in.unnestRows(types))
	return sh, err
}

func (in *insertion) kept(ctx context.Context, key any) (shape, bool) {
	if in.c.lock(ctx) != nil {
		return shape{}, false
	}
	defer in.c.mu.Unlock()
	s, ok := in.c.statements.Get(key)
	if !ok {
		return shape{}, false
	}
	return s.shape, true
}

// elementType is how the cells of a column travel.
type elementType struct {
	column  string
	element string // type of the array's elements
	target  string // to convert them to; "" where the database does that
}

// elementTypes asks for the types of the columns, by their names.
func (in *insertion) elementTypes(ctx context.Context) (map[string]elementType, error) {
	table, err := in.c.dialect.QualifiedName(in.table)
	if err != nil {
		return nil, in.wrap("prepare", err)
	}
	q := Query[string, elementType]{
		Name:    in.name,
		SQL:     in.c.plugin.Bulk.ElementTypes,
		Params:  []Param{{Name: "table", Kind: protocol.Text}},
		Columns: []Column{{Name: "name", Kind: protocol.Text}, {Name: "element", Kind: protocol.Text}, {Name: "target", Kind: protocol.Text}},
		Encode:  func(b *protocol.Batch, table string) { b.Text(0).Append(table) },
		Decode:  decodeElementTypes,
	}
	rows, err := q.Many(ctx, in.tx, table)
	in.forget(ctx, &q)
	types := make(map[string]elementType)
	for _, t := range rows {
		if slices.ContainsFunc(in.columns, func(c Column) bool { return c.Name == t.column }) {
			types[t.column] = t
		}
	}
	return types, err
}

func decodeElementTypes(rows []elementType, b *protocol.Batch) {
	name, element, target := b.Text(0), b.Text(1), b.Text(2)
	for i := range rows {
		rows[i] = elementType{name.At(i), element.At(i), target.At(i)}
	}
}

// forget closes the statement kept for the key, if its turn comes.
func (in *insertion) forget(ctx context.Context, key any) {
	if in.c.lock(ctx) != nil {
		return
	}
	defer in.c.mu.Unlock()
	in.c.statements.Remove(key)
}

// unnestRows returns the query for the rows of the arrays.
func (in *insertion) unnestRows(types map[string]elementType) string {
	cells := make([]string, len(in.columns))
	markers := make([]string, len(in.columns))
	names := make([]string, len(in.columns))
	for i, c := range in.columns {
		t := types[c.Name]
		names[i] = "c" + strconv.Itoa(i)
		cells[i] = names[i]
		if t.target != "" {
			cells[i] += "::" + t.target
		}
		markers[i] = "?::" + t.element + "[]"
	}
	list := func(items []string) string { return strings.Join(items, ", ") }
	return "SELECT " + list(cells) + " FROM unnest(" + list(markers) + ") AS r(" + list(names) + ")"
}

func (u *unnest) send(ctx context.Context, from, n int) (BulkResult, error) {
	set := u.in.set
	odbc.Refuse(set, from, from+n, u.in.c.paramOptions())
	if err := set.Err(); err != nil {
		return BulkResult{}, err
	}
	if err := u.prepare(ctx); err != nil {
		return BulkResult{}, err
	}
	u.s.params.Reset()
	for i, c := range set.Columns() {
		u.literals[i] = appendArray(u.literals[i][:0], c, from, from+n)
		u.s.params.Text(i).Lend(u.literals[i])
	}
	u.s.params.EndRow()
	return u.run(ctx, u.s.params, 0, 1, n)
}

// appendArray writes rows of a column as an array literal.
func appendArray(b []byte, c protocol.Column, from, to int) []byte {
	write := elementWriter(c)
	nulls := c.Indicators()
	b = append(b, '{')
	for i := from; i < to; i++ {
		if i > from {
			b = append(b, ',')
		}
		if nulls[i] == protocol.Null {
			b = append(b, "NULL"...)
			continue
		}
		b = write(b, i)
	}
	return append(b, '}')
}

// elementWriter returns the function that writes the cell of a row.
func elementWriter(c protocol.Column) func(b []byte, row int) []byte {
	switch c := c.(type) {
	case *protocol.Bools:
		return func(b []byte, i int) []byte { return append(b, '0'+c.Cells[i]) }
	case *protocol.Numbers[int8]:
		return integerWriter(c.Cells)
	case *protocol.Numbers[int16]:
		return integerWriter(c.Cells)
	case *protocol.Numbers[int32]:
		return integerWriter(c.Cells)
	case *protocol.Numbers[int64]:
		return integerWriter(c.Cells)
	case *protocol.Numbers[uint8]:
		return integerWriter(c.Cells)
	case *protocol.Numbers[uint16]:
		return integerWriter(c.Cells)
	case *protocol.Numbers[uint32]:
		return integerWriter(c.Cells)
	case *protocol.Numbers[uint64]:
		return func(b []byte, i int) []byte { return strconv.AppendUint(b, c.Cells[i], 10) }
	case *protocol.Numbers[float32]:
		return func(b []byte, i int) []byte { return strconv.AppendFloat(b, float64(c.Cells[i]), 'g', -1, 32) }
	case *protocol.Numbers[float64]:
		return func(b []byte, i int) []byte { return strconv.AppendFloat(b, c.Cells[i], 'g', -1, 64) }
	case *protocol.Dates:
		return func(b []byte, i int) []byte { return c.Cells[i].AppendTo(b) }
	case *protocol.Timestamps:
		return func(b []byte, i int) []byte { return c.Cells[i].AppendTo(b) }
	case *protocol.Binaries:
		return func(b []byte, i int) []byte { return append(hex.AppendEncode(append(b, `"\\x`...), c.Bytes(i)), '"') }
	case interface{ Bytes(row int) []byte }:
		return func(b []byte, i int) []byte { return appendQuoted(b, c.Bytes(i)) }
	}
	panic(fmt.Sprintf("runtime: %T has no array literal", c))
}

func integerWriter[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32](cells []T) func([]byte, int) []byte {
	return func(b []byte, i int) []byte { return strconv.AppendInt(b, int64(cells[i]), 10) }
}

// appendQuoted writes text between quotes, which keeps ”, 'NULL', spaces and
// braces what they are.
func appendQuoted(b, text []byte) []byte {
	b = append(b, '"')
	start := 0
	for i, c := range text {
		if c == '"' || c == '\\' {
			b = append(append(b, text[start:i]...), '\\')
			start = i
		}
	}
	return append(append(b, text[start:]...), '"')
}
