package driver

import "strings"

// Catalog says how a database lists what it has. A list without a query is that of the
// ODBC function, whose fields the rows of a query have too: by the names in
// doc/catalog.md, in any order, and those that matter. In a query, {catalog}, {schema}
// and {name} are markers for what is asked for, the empty text where that is nothing.
// Rows of other objects among those asked for do no harm.
type Catalog struct {
	// Fold is what becomes of a name without quotes.
	Fold Fold
	// SchemaIsCatalog: what the driver calls a catalog is what SQL writes before a table.
	SchemaIsCatalog bool
	// SystemSchemas are those that are listed only when they are asked for.
	SystemSchemas []string
	// AutoNumbered are ends of the names of types whose columns the database numbers.
	AutoNumbered []string
	// Cursors are the names of types whose values are results.
	Cursors []string

	// Resolve is a query for catalog and schema of the table {name} written without
	// them, with no row where there is none; ResolveProcedure is for a procedure.
	// Without a query, all schemas are searched.
	Resolve, ResolveProcedure string

	Tables, Columns, PrimaryKey, ForeignKeys, ReferencedBy, Indexes, Procedures, Params, Types string
}

// Fold is what a database makes of a name without quotes.
type Fold uint8

// The ways. With FoldNothing and IgnoreCase the name is kept as it is written, and with
// IgnoreCase it is also found by another case.
const (
	FoldNothing Fold = iota
	FoldLower
	FoldUpper
	IgnoreCase
)

// Of returns what becomes of the name.
func (f Fold) Of(name string) string {
	switch f {
	case FoldLower:
		return strings.ToLower(name)
	case FoldUpper:
		return strings.ToUpper(name)
	}
	return name
}

// FillCatalogQuery returns a query of a Catalog as it is sent, and the texts for its
// markers.
func FillCatalogQuery(query, catalog, schema, name string) (text string, args []string) {
	values := map[string]string{"catalog": catalog, "schema": schema, "name": name}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(query, "{")
		b.WriteString(before)
		if !found {
			return b.String(), args
		}
		marker, after, _ := strings.Cut(rest, "}")
		if value, ok := values[marker]; ok {
			b.WriteByte('?')
			args, query = append(args, value), after
		} else {
			b.WriteByte('{')
			query = rest
		}
	}
}
