package runtime

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Catalog lists what a database has, in the same shape on all: what the driver's
// catalog functions say wrong, its plugin says right. Names are spelled as the database
// keeps them, see ObjectName for those of SQL. What there is none of is an empty list.
//
// Lists are kept for a while, see WithCatalogCache. A session that has been changed, or
// has a transaction open, reads them anew, since it may see what others do not.
type Catalog struct {
	loan   func(context.Context) (loan, error)
	plugin *driver.Plugin
	cache  *catalogCache
}

// Catalog lists what the database has. Each call takes a connection of the pool.
func (db *DB) Catalog() *Catalog { return &Catalog{db.loan, db.plugin, db.catalog} }

// Catalog lists what the connection sees, temporary tables too.
func (c *Conn) Catalog() *Catalog { return &Catalog{c.loan, c.held.plugin, c.held.catalog} }

// Refresh forgets all lists that are kept: somebody else has changed the database.
func (c *Catalog) Refresh() { c.cache.clear() }

// ObjectName names a table or procedure as the database keeps it. A name without a
// schema is looked up where SQL would look. Where a database is all the schema that
// there is, as on MariaDB, that is the Schema, and Catalog is empty.
type ObjectName struct{ Catalog, Schema, Name string }

// String returns the parts that there are, with dots between.
func (n ObjectName) String() string {
	parts := slices.DeleteFunc([]string{n.Catalog, n.Schema, n.Name}, func(part string) bool { return part == "" })
	return strings.Join(parts, ".")
}

// ObjectName reads a name as it is written in SQL, such as public."Order Lines": what
// has no quotes becomes lower or upper case where the database makes it so.
func (c *Catalog) ObjectName(written string) (ObjectName, error) {
	parts, err := nameParts(strings.TrimSpace(written), c.plugin.Dialect, c.plugin.Catalog.Fold)
	if err == nil && len(parts) > 3 {
		err = errors.New("it has more than three parts")
	}
	if err != nil {
		return ObjectName{}, operation{op: "describe", plugin: c.plugin}.refuse(driver.KindUnknown, fmt.Errorf("name %q: %w", written, err))
	}
	parts = append(make([]string, 3-len(parts)), parts...)
	return ObjectName{parts[0], parts[1], parts[2]}, nil
}

func nameParts(written string, d driver.Dialect, fold driver.Fold) (parts []string, err error) {
	for {
		part, rest := "", ""
		if quoted, is := strings.CutPrefix(written, d.QuoteOpen); is && d.QuoteOpen != "" {
			if part, rest, is = unquote(quoted, d.QuoteClose); !is {
				return nil, fmt.Errorf("a quote %s is not closed", d.QuoteOpen)
			}
		} else {
			end := strings.IndexByte(written, '.')
			if end < 0 {
				end = len(written)
			}
			part, rest = fold.Of(written[:end]), written[end:]
		}
		if parts = append(parts, part); part == "" {
			return nil, errors.New("a part of it is empty")
		}
		if rest == "" {
			return parts, nil
		}
		if written = rest[1:]; rest[0] != '.' {
			return nil, fmt.Errorf("there is %q behind a part of it", rest)
		}
	}
}

// unquote returns the name before the closing quote, and what is behind.
func unquote(s, quote string) (name, rest string, closed bool) {
	for {
		before, after, found := strings.Cut(s, quote)
		if name += before; !found {
			return "", "", false
		}
		if !strings.HasPrefix(after, quote) {
			return name, after, true
		}
		name, s = name+quote, after[len(quote):]
	}
}

// CatalogFilter says what is listed. An empty Catalog is the current one, an empty Schema
// any that is not the system's (where schemas are databases, the current one), an empty
// Name any, and no Types are all.
type CatalogFilter struct {
	Catalog, Schema, Name string
	Types                 []string // such as TABLE, VIEW; of tables only
	// Pattern: in Name, % is any text and _ any character.
	Pattern bool
}

// CatalogTable is a table or view.
type CatalogTable struct {
	ObjectName
	// Type is TABLE, VIEW, LOCAL TEMPORARY, or a word of the database's own, such as
	// MATERIALIZED VIEW.
	Type    string
	Comment string
}

// Tables lists tables and views.
func (c *Catalog) Tables(ctx context.Context, filter CatalogFilter) ([]CatalogTable, error) {
	rows, err := c.filtered(ctx, odbc.Tables, filter)
	var all []CatalogTable
	for _, r := range rows {
		t := CatalogTable{r.object(), r.text("object_type"), r.text("remarks")}
		if len(filter.Types) == 0 || slices.ContainsFunc(filter.Types, func(w string) bool { return strings.EqualFold(w, t.Type) }) {
			all = append(all, t)
		}
	}
	return all, err
}

// CatalogColumn is a column of a table or view.
type CatalogColumn struct {
	Name    string
	Type    CatalogDataType
	NotNull bool
	// Default is the text of the default, in SQL.
	Default sql.Null[string]
	// AutoNumbered: the database numbers the rows that are given no value. Generated:
	// it computes all values. Some drivers do not tell.
	AutoNumbered, Generated bool
	Comment                 string
}

// Columns lists the columns of a table in their order.
func (c *Catalog) Columns(ctx context.Context, table ObjectName) ([]CatalogColumn, error) {
	rows, err := c.list(ctx, odbc.Columns, table)
	var all []CatalogColumn
	for _, r := range rows {
		t, numbered := r.dataType(c.plugin)
		column := CatalogColumn{
			Name: r.text("column_name"), Type: t, NotNull: r["nullable"].Valid && !r.is("nullable"), Default: r["column_default"],
			AutoNumbered: numbered || r.is("auto_numbered"), Generated: r.is("generated"), Comment: r.text("remarks"),
		}
		if strings.EqualFold(column.Default.V, "NULL") { // drivers' word for none
			column.Default = sql.Null[string]{}
		}
		all = append(all, column)
	}
	return all, err
}

// CatalogKey is a primary key; one without columns is none.
type CatalogKey struct {
	Name    string // "" where the database keeps none
	Columns []string
}

// PrimaryKey returns the primary key of a table, its columns in the key's order.
func (c *Catalog) PrimaryKey(ctx context.Context, table ObjectName) (key CatalogKey, err error) {
	rows, err := c.list(ctx, odbc.PrimaryKeys, table)
	rows = slices.SortedStableFunc(slices.Values(rows), func(a, b catalogRow) int { return int(a.number("ordinal") - b.number("ordinal")) })
	for _, r := range rows {
		key.Name, key.Columns = r.text("key_name"), append(key.Columns, r.text("column_name"))
	}
	return key, err
}

// CatalogForeignKey is a foreign key of Table.
type CatalogForeignKey struct {
	Name     string // "" where the database keeps none
	Table    ObjectName
	Columns  []string
	RefersTo ObjectName
	Referred []string // the columns there, one for each
	// OnUpdate and OnDelete are NO ACTION, RESTRICT, CASCADE, SET NULL or SET DEFAULT.
	OnUpdate, OnDelete string
}

// ForeignKeys lists the foreign keys of a table.
func (c *Catalog) ForeignKeys(ctx context.Context, table ObjectName) ([]CatalogForeignKey, error) {
	rows, err := c.list(ctx, odbc.ForeignKeys, table)
	return foreignKeys(rows), err
}

// ReferencedBy lists the foreign keys, of all tables, that refer to a table.
func (c *Catalog) ReferencedBy(ctx context.Context, table ObjectName) ([]CatalogForeignKey, error) {
	rows, err := c.list(ctx, odbc.ReferencedBy, table)
	return foreignKeys(rows), err
}

// foreignKeys puts the columns of each key together. Without names, a key begins with
// its first column.
func foreignKeys(rows []catalogRow) []CatalogForeignKey {
	type identity struct {
		table, refersTo ObjectName
		name            string
		begun           int
	}
	var all []CatalogForeignKey
	places, begun := map[identity]int{}, 0
	for _, r := range rows {
		id := identity{table: r.object(), refersTo: r.referred(), name: r.text("key_name") + r.text("key_number")}
		if id.name == "" {
			if r.number("ordinal") == 1 {
				begun++
			}
			id.begun = begun
		}
		at, known := places[id]
		if !known {
			at = len(all)
			places[id] = at
			all = append(all, CatalogForeignKey{
				Name: r.text("key_name"), Table: id.table, RefersTo: id.refersTo,
				OnUpdate: referentialAction(r.text("on_update")), OnDelete: referentialAction(r.text("on_delete")),
			})
		}
		all[at].Columns, all[at].Referred = append(all[at].Columns, r.text("column_name")), append(all[at].Referred, r.text("to_column"))
	}
	return all
}

// referentialAction writes out a code of SQLForeignKeys.
func referentialAction(code string) string {
	words := map[string]string{"0": "CASCADE", "1": "RESTRICT", "2": "SET NULL", "3": "NO ACTION", "4": "SET DEFAULT"}
	if word, is := words[code]; is {
		return word
	}
	return code
}

// CatalogProcedure is a procedure or function.
type CatalogProcedure struct {
	ObjectName
	Function bool
	// Specific tells those of one name apart, "" where there can be but one.
	Specific string
	Comment  string
}

// Procedures lists procedures and functions.
func (c *Catalog) Procedures(ctx context.Context, filter CatalogFilter) ([]CatalogProcedure, error) {
	rows, err := c.filtered(ctx, odbc.Procedures, filter)
	var all []CatalogProcedure
	for _, r := range rows {
		all = append(all, CatalogProcedure{
			ObjectName: r.object(), Function: r.number("object_type") == 2, Specific: r.text("specific_name"), Comment: r.text("remarks"),
		})
	}
	return all, err
}

// CatalogParam is a parameter of a procedure, or what a function returns.
type CatalogParam struct {
	Specific  string // see CatalogProcedure
	Name      string // "" where it has none
	Direction driver.Direction
	Type      CatalogDataType
	Default   sql.Null[string] // in SQL
}

// ProcedureParams lists the parameters of a procedure in their order, those of all that
// have the name. Columns of a result are not among them.
func (c *Catalog) ProcedureParams(ctx context.Context, procedure ObjectName) ([]CatalogParam, error) {
	rows, err := c.list(ctx, odbc.ProcedureColumns, procedure)
	var all []CatalogParam
	for _, r := range rows {
		p := CatalogParam{Specific: r.text("specific_name"), Name: r.text("column_name"), Direction: direction(r.number("direction")), Default: r["column_default"]}
		if p.Direction == 0 {
			continue
		}
		p.Type, _ = r.dataType(c.plugin)
		if p.Direction != driver.In && slices.ContainsFunc(c.plugin.Catalog.Cursors, func(name string) bool { return strings.EqualFold(name, p.Type.Name) }) {
			p.Direction = driver.Cursor
		}
		all = append(all, p)
	}
	return all, err
}

// direction reads a code of SQLProcedureColumns; 0 is a column of a result. What a
// driver does not know is taken for what comes in.
func direction(code int64) driver.Direction {
	switch code {
	case 2: // SQL_PARAM_INPUT_OUTPUT
		return driver.InOut
	case 3: // SQL_RESULT_COL
		return 0
	case 4: // SQL_PARAM_OUTPUT
		return driver.Out
	case 5: // SQL_RETURN_VALUE
		return driver.Return
	}
	return driver.In
}

// CatalogType is a type that the database has.
type CatalogType struct {
	Name           string
	SQL            driver.SQLType
	Kind           protocol.Kind // protocol.Invalid where nobody knows
	Size           int64         // the most that a declaration may ask for, 0 where there is no bound
	Prefix, Suffix string        // around a literal
	CreateParams   string        // what a declaration has in parentheses, such as "precision,scale"
	Unsigned       bool
	AutoNumbered   bool
}

// Types lists the types of the database, as its driver has them.
func (c *Catalog) Types(ctx context.Context) ([]CatalogType, error) {
	rows, err := c.list(ctx, odbc.TypeInfo, ObjectName{})
	var all []CatalogType
	for _, r := range rows {
		t, numbered := r.dataType(c.plugin)
		listed := CatalogType{
			Name: r.text("type_name"), SQL: t.SQL, Kind: t.Kind, Size: max(r.number("column_size"), 0), Prefix: r.text("literal_prefix"),
			Suffix: r.text("literal_suffix"), CreateParams: r.text("create_params"), Unsigned: r.is("is_unsigned"),
			AutoNumbered: numbered || r.is("auto_numbered"),
		}
		if !slices.Contains(all, listed) { // drivers have the times by their codes of ODBC 2, too
			all = append(all, listed)
		}
	}
	return all, err
}
