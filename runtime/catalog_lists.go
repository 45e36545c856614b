package runtime

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// filtered lists tables or procedures.
func (c *Catalog) filtered(ctx context.Context, f odbc.CatalogFunction, filter CatalogFilter) ([]catalogRow, error) {
	of := ObjectName{filter.Catalog, filter.Schema, filter.Name}
	if filter.Pattern {
		of.Name = ""
	}
	rows, err := c.list(ctx, f, of)
	if err != nil {
		return nil, err
	}
	system := c.plugin.Catalog.SystemSchemas
	return slices.DeleteFunc(slices.Clone(rows), func(r catalogRow) bool {
		return filter.Schema == "" && slices.Contains(system, r.text("schema_name")) ||
			filter.Pattern && !like(c.plugin.Catalog.Fold, r.text("object_name"), filter.Name)
	}), nil
}

// like reports whether the name matches the pattern.
func like(fold driver.Fold, name, pattern string) bool {
	if fold == driver.IgnoreCase {
		name, pattern = strings.ToLower(name), strings.ToLower(pattern)
	}
	return matches([]rune(name), []rune(pattern))
}

// matches goes back to the last % only: an earlier one can take no less.
func matches(name, pattern []rune) bool {
	n, p, any, taken := 0, 0, -1, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '%':
			any, taken = p, n
			p++
		case p < len(pattern) && (pattern[p] == '_' || pattern[p] == name[n]):
			n, p = n+1, p+1
		case any >= 0:
			taken++
			n, p = taken, any+1
		default:
			return false
		}
	}
	return strings.Trim(string(pattern[p:]), "%") == ""
}

// list returns the rows about an object, or about all where it has no name.
func (c *Catalog) list(ctx context.Context, f odbc.CatalogFunction, of ObjectName) (rows []catalogRow, err error) {
	l, err := c.loan(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { l.end(ctx, err, nil) }()
	if err := l.lock(ctx); err != nil {
		return nil, err
	}
	defer l.mu.Unlock()
	if strings.ContainsRune(of.String(), 0) {
		return nil, l.operation("", "describe").refuse(driver.KindUnknown, fmt.Errorf("name %q holds a zero byte", of.String()))
	}
	if l.dirty.Load() || l.tx.Load() != nil {
		return l.listAnew(ctx, f, of)
	}
	key := catalogKey{l.identity, l.native.Database(), f, of}
	rows, asOf, kept := c.cache.get(key)
	if !kept {
		if rows, err = l.listAnew(ctx, f, of); err == nil {
			c.cache.put(key, rows, asOf)
		}
	}
	return rows, err
}

// listAnew asks the database. c.mu must be held.
func (c *physical) listAnew(ctx context.Context, f odbc.CatalogFunction, of ObjectName) ([]catalogRow, error) {
	if c.plugin.Catalog.SchemaIsCatalog && of.Schema == "" {
		of.Catalog, of.Schema = "", of.Catalog
	}
	of, found, err := c.resolve(ctx, f, of)
	if err != nil || !found {
		return nil, c.operation("", "describe").wrap(err)
	}
	rows, err := c.askCatalog(ctx, f, of)
	if err != nil {
		return nil, c.operation("", "describe").wrap(err)
	}
	if of.Name == "" {
		return c.current(rows, of, catalogRow.object), nil
	}
	named := catalogRow.object
	if f == odbc.ReferencedBy {
		named = catalogRow.referred
	}
	rows = about(c.plugin.Catalog.Fold, c.current(rows, of, named), of, named)
	return rows, c.operation("", "describe").wrap(ambiguous(rows, f, named))
}

// resolve finds the schema of an object that has none.
func (c *physical) resolve(ctx context.Context, f odbc.CatalogFunction, of ObjectName) (_ ObjectName, found bool, err error) {
	query := c.plugin.Catalog.Resolve
	if f == odbc.ProcedureColumns {
		query = c.plugin.Catalog.ResolveProcedure
	}
	if of.Schema != "" || of.Name == "" || query == "" || f == odbc.Tables || f == odbc.Procedures {
		return of, true, nil
	}
	_, rows, err := c.catalogQuery(ctx, query, of)
	if err != nil || len(rows) == 0 {
		return of, false, err
	}
	if of.Catalog == "" {
		of.Catalog = rows[0][0].V
	}
	of.Schema = strings.TrimRight(rows[0][1].V, " ")
	return of, true, nil
}

func (c *physical) catalogQuery(ctx context.Context, query string, of ObjectName) (fields []string, rows odbc.Rows, err error) {
	text, args := driver.FillCatalogQuery(query, of.Catalog, of.Schema, of.Name)
	return c.native.Query(ctx, text, args, c.parameter(protocol.Text), c.paramOptions())
}

// askCatalog asks by the plugin's query, or else the driver.
func (c *physical) askCatalog(ctx context.Context, f odbc.CatalogFunction, of ObjectName) ([]catalogRow, error) {
	p := &c.plugin.Catalog
	query := map[odbc.CatalogFunction]string{
		odbc.Tables: p.Tables, odbc.Columns: p.Columns, odbc.PrimaryKeys: p.PrimaryKey, odbc.ForeignKeys: p.ForeignKeys, odbc.ReferencedBy: p.ReferencedBy,
		odbc.Statistics: p.Indexes, odbc.Procedures: p.Procedures, odbc.ProcedureColumns: p.Params, odbc.TypeInfo: p.Types,
	}[f]
	if query != "" {
		fields, rows, err := c.catalogQuery(ctx, query, of)
		for i := range fields {
			fields[i] = strings.ToLower(fields[i])
		}
		return rowsOf(fields, rows), err
	}
	at := odbc.Object(of)
	if p.SchemaIsCatalog {
		at.Catalog, at.Schema = of.Schema, ""
	}
	listed, err := c.native.List(ctx, f, at, "")
	rows := functionRows(f, listed)
	if p.SchemaIsCatalog {
		for _, r := range rows {
			r["schema_name"], r["to_schema"] = r["catalog_name"], r["to_catalog"]
			delete(r, "catalog_name")
			delete(r, "to_catalog")
		}
	}
	return rows, err
}

// current leaves the rows of the catalog and schema asked for. Drivers may have more.
func (c *physical) current(rows []catalogRow, of ObjectName, named func(catalogRow) ObjectName) []catalogRow {
	catalog := of.Catalog
	if catalog == "" && !c.plugin.Catalog.SchemaIsCatalog {
		catalog = c.native.Database()
	}
	same := func(want, is string) bool {
		return want == "" || is == "" || want == is || c.plugin.Catalog.Fold == driver.IgnoreCase && strings.EqualFold(want, is)
	}
	return slices.DeleteFunc(rows, func(r catalogRow) bool {
		is := named(r)
		return !same(catalog, is.Catalog) || !same(of.Schema, is.Schema)
	})
}

// about leaves the rows of the object asked for: by its very name, or else by another
// case of it where the database makes no difference.
func about(fold driver.Fold, rows []catalogRow, of ObjectName, named func(catalogRow) ObjectName) []catalogRow {
	exact := slices.ContainsFunc(rows, func(r catalogRow) bool { return named(r).Name == of.Name })
	return slices.DeleteFunc(rows, func(r catalogRow) bool {
		name := named(r).Name
		return name != of.Name && (exact || fold != driver.IgnoreCase || !strings.EqualFold(name, of.Name))
	})
}

// ambiguous is the error of rows about several objects.
func ambiguous(rows []catalogRow, f odbc.CatalogFunction, named func(catalogRow) ObjectName) error {
	if f == odbc.Tables || f == odbc.Procedures {
		return nil
	}
	var names []string
	for _, r := range rows {
		if name := named(r).String(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) < 2 {
		return nil
	}
	return fmt.Errorf("there are several: %s: say which schema", strings.Join(names, ", "))
}
