package describe

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/generator/internal/spec"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// upsertFault returns what is wrong with the columns by which a bulk insert finds rows
// that are there, "" for nothing.
func (d *Database) upsertFault(ctx context.Context, b *spec.Bulk, table string, columns []Value) (message, help string) {
	i := driver.Insert{Table: b.Table.Value, Conflict: names(b.Conflict), Update: names(b.Update)}
	if b.NoUpdate {
		i.Update = []string{}
	}
	for _, c := range columns {
		i.Columns, i.Kinds = append(i.Columns, c.Name), append(i.Kinds, c.Kind)
	}
	if _, err := d.plugin.Dialect.Insert(i); err != nil {
		return err.Error(), ""
	}
	if d.plugin.Describe.UniqueKeys == "" || d.plugin.Dialect.Upserts.Form == driver.MergeRows {
		return "", ""
	}
	keys, err := d.uniqueKeys(ctx, table)
	if err != nil {
		return err.Error(), ""
	}
	if !slices.ContainsFunc(keys, func(k []string) bool { return sameColumns(k, i.Conflict) }) {
		return fmt.Sprintf("no unique key of table %s is (%s)", b.Table.Value, strings.Join(i.Conflict, ", ")), keysThere(keys)
	}
	if d.plugin.Dialect.Upserts.Form != driver.OnDuplicateKey {
		return "", ""
	}
	for _, k := range keys {
		if !sameColumns(k, i.Conflict) && !slices.ContainsFunc(k, func(c string) bool { return !slices.Contains(i.Columns, c) }) {
			return fmt.Sprintf("%s would also take a row with the same (%s) for the one to update", d.plugin.Name, strings.Join(k, ", ")),
				"take a column of that key out of columns, or write a query for each row"
		}
	}
	return "", ""
}

// names returns the columns, nil for none.
func names(columns []spec.Text) []string {
	var all []string
	for _, c := range columns {
		all = append(all, c.Value)
	}
	return all
}

// keysThere says which keys a table has.
func keysThere(keys [][]string) string {
	if len(keys) == 0 {
		return "the table has no unique key: make one"
	}
	shown := make([]string, len(keys))
	for i, k := range keys {
		shown[i] = "(" + strings.Join(k, ", ") + ")"
	}
	return "its unique keys are " + strings.Join(shown, ", ")
}

// sameColumns reports whether two keys have the same columns, in any order.
func sameColumns(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// uniqueKeys returns the columns of each unique key of a table, given quoted.
func (d *Database) uniqueKeys(ctx context.Context, table string) ([][]string, error) {
	list := runtime.Query[string, [2]string]{
		Name: "unique keys", SQL: d.plugin.Describe.UniqueKeys,
		Params:  []runtime.Param{{Name: "table", Kind: protocol.Text}},
		Columns: []runtime.Column{{Name: "key", Kind: protocol.Text}, {Name: "column", Kind: protocol.Text}},
		Encode:  func(b *protocol.Batch, table string) { b.Text(0).Append(table) },
		Decode: func(rows [][2]string, b *protocol.Batch) {
			key, column := b.Text(0), b.Text(1)
			for i := range rows {
				rows[i] = [2]string{strings.Clone(key.At(i)), strings.Clone(column.At(i))}
			}
		},
	}
	rows, err := list.Many(ctx, d.conn, table)
	var keys [][]string
	for i, row := range rows {
		if i == 0 || rows[i-1][0] != row[0] {
			keys = append(keys, nil)
		}
		keys[len(keys)-1] = append(keys[len(keys)-1], row[1])
	}
	return keys, err
}
