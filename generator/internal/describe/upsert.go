package describe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/generator/internal/spec"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
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
	if d.plugin.Dialect.Upserts.Form == driver.MergeRows { // needs no index
		return "", ""
	}
	keys, err := d.uniqueKeys(ctx, table)
	switch {
	case errors.Is(err, runtime.KindUnsupported):
		return "", ""
	case err != nil:
		return err.Error(), ""
	case !slices.ContainsFunc(keys, func(k runtime.CatalogIndex) bool { return finds(k, i.Conflict) }):
		return fmt.Sprintf("no unique key of table %s is (%s)", b.Table.Value, strings.Join(i.Conflict, ", ")), keysThere(keys)
	case d.plugin.Dialect.Upserts.Form != driver.OnDuplicateKey:
		return "", ""
	}
	for _, k := range keys {
		if !finds(k, i.Conflict) && !slices.ContainsFunc(k.Columns, func(c runtime.IndexColumn) bool { return c.Name != "" && !slices.Contains(i.Columns, c.Name) }) {
			return fmt.Sprintf("%s would also take a row with the same (%s) for the one to update", d.plugin.Name, strings.Join(columnsOf(k), ", ")),
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

// uniqueKeys returns the unique indexes of a table, given quoted, and its primary key
// where that is none.
func (d *Database) uniqueKeys(ctx context.Context, table string) ([]runtime.CatalogIndex, error) {
	catalog := d.conn.Catalog()
	name, err := catalog.ObjectName(table)
	if err != nil {
		return nil, err
	}
	keys, err := catalog.Indexes(ctx, name)
	if err != nil {
		return nil, err
	}
	keys = slices.DeleteFunc(keys, func(k runtime.CatalogIndex) bool { return !k.Unique })
	primary, err := catalog.PrimaryKey(ctx, name)
	if primary.Columns != nil && !slices.ContainsFunc(keys, func(k runtime.CatalogIndex) bool { return finds(k, primary.Columns) }) {
		k := runtime.CatalogIndex{Name: primary.Name, Unique: true}
		for _, c := range primary.Columns {
			k.Columns = append(k.Columns, runtime.IndexColumn{Name: c})
		}
		keys = append([]runtime.CatalogIndex{k}, keys...)
	}
	return keys, err
}

// finds reports whether an upsert finds any row by a key when it goes by the columns, in
// any order.
func finds(k runtime.CatalogIndex, columns []string) bool {
	return whole(k) && slices.Equal(slices.Sorted(slices.Values(columnsOf(k))), slices.Sorted(slices.Values(columns)))
}

// whole reports whether a key is of all rows, of whole columns, and held at once.
func whole(k runtime.CatalogIndex) bool {
	part := func(c runtime.IndexColumn) bool { return c.Name == "" || c.Prefix > 0 }
	return k.Filter == "" && !k.Deferrable && !slices.ContainsFunc(k.Columns, part)
}

// columnsOf returns the columns and expressions of a key.
func columnsOf(k runtime.CatalogIndex) []string {
	var all []string
	for _, c := range k.Columns {
		all = append(all, cmp.Or(c.Name, c.Expression))
	}
	return all
}

// keysThere says which keys there are to go by.
func keysThere(keys []runtime.CatalogIndex) string {
	var shown []string
	for _, k := range keys {
		if whole(k) {
			shown = append(shown, "("+strings.Join(columnsOf(k), ", ")+")")
		}
	}
	if shown == nil {
		return "the table has no unique key to go by: make one"
	}
	return "its unique keys are " + strings.Join(shown, ", ")
}
