package runtime

import (
	"database/sql"
	"regexp"
	"strconv"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// catalogFields are the fields of the catalog functions' rows, in the order of the
// ODBC specification; "" is one that nobody reads. Queries name them, see doc/catalog.md.
var catalogFields = map[odbc.CatalogFunction][]string{
	odbc.Tables: {"catalog_name", "schema_name", "object_name", "object_type", "remarks"},
	odbc.Columns: {"catalog_name", "schema_name", "object_name", "column_name", "sql_type", "type_name", "column_size", "", "digits", "",
		"nullable", "remarks", "column_default", "", "", "", "ordinal"},
	odbc.PrimaryKeys: {"catalog_name", "schema_name", "object_name", "column_name", "ordinal", "key_name"},
	odbc.ForeignKeys: {"to_catalog", "to_schema", "to_object", "to_column", "catalog_name", "schema_name", "object_name", "column_name",
		"ordinal", "on_update", "on_delete", "key_name"},
	odbc.Statistics: {"catalog_name", "schema_name", "object_name", "non_unique", "", "index_name", "index_type", "ordinal", "column_name",
		"sort_order", "", "", "filter"},
	odbc.Procedures: {"catalog_name", "schema_name", "object_name", "", "", "", "remarks", "object_type"},
	odbc.ProcedureColumns: {"catalog_name", "schema_name", "object_name", "column_name", "direction", "sql_type", "type_name", "column_size", "", "digits", "",
		"nullable", "remarks", "column_default", "", "", "", "ordinal"},
	odbc.TypeInfo: {"type_name", "sql_type", "column_size", "literal_prefix", "literal_suffix", "create_params", "nullable", "case_sensitive", "",
		"is_unsigned", "", "auto_numbered"},
}

// catalogRow is a row of a catalog function or query by its fields. It is not changed
// once it is read, since the cache may hold it.
type catalogRow map[string]sql.Null[string]

// functionRows gives the rows of a catalog function their fields.
func functionRows(f odbc.CatalogFunction, rows odbc.Rows) []catalogRow {
	if f == odbc.ReferencedBy {
		f = odbc.ForeignKeys
	}
	all := rowsOf(catalogFields[f], rows)
	if f == odbc.Procedures || f == odbc.ProcedureColumns {
		for _, r := range all { // SQL Server has the number of a procedure behind its name
			name := r["object_name"]
			name.V = strings.TrimSuffix(strings.TrimSuffix(name.V, ";1"), ";0")
			r["object_name"] = name
		}
	}
	return all
}

func rowsOf(fields []string, rows odbc.Rows) []catalogRow {
	all := make([]catalogRow, len(rows))
	for i, cells := range rows {
		all[i] = make(catalogRow, len(fields))
		for at, cell := range cells[:min(len(cells), len(fields))] {
			all[i][fields[at]] = cell
		}
	}
	return all
}

func (r catalogRow) text(field string) string { return r[field].V }

// number returns 0 for what is not one.
func (r catalogRow) number(field string) int64 {
	n, _ := strconv.ParseInt(strings.TrimSpace(r[field].V), 10, 64)
	return n
}

// is reports whether the field says yes: a number that is not 0, or a truth.
func (r catalogRow) is(field string) bool {
	text := strings.ToLower(r.text(field))
	return r.number(field) != 0 || text == "t" || text == "true"
}

func (r catalogRow) object() ObjectName {
	return ObjectName{r.text("catalog_name"), r.text("schema_name"), r.text("object_name")}
}

// referred is the table that a foreign key refers to.
func (r catalogRow) referred() ObjectName {
	return ObjectName{r.text("to_catalog"), r.text("to_schema"), r.text("to_object")}
}

// CatalogDataType is the type of a column or parameter.
type CatalogDataType struct {
	Name   string         // as the database calls it, without sizes
	SQL    driver.SQLType // driver.Unknown where the driver has no code for it
	Kind   protocol.Kind  // protocol.Invalid where nobody knows
	Size   int64          // most characters of a text, bytes of a binary, digits of a decimal; 0 for no bound, and for other kinds
	Digits int            // behind the point of a decimal, or of a second
}

// dataType reads the type of a column or parameter.
func (r catalogRow) dataType(plugin *driver.Plugin) (t CatalogDataType, autoNumbered bool) {
	code := driver.SQLType(r.number("sql_type"))
	if code >= 9 && code <= 11 { // those of ODBC 2, in the order of ODBC 3
		code += driver.Date - 9
	}
	t = CatalogDataType{Name: r.text("type_name"), SQL: code, Size: r.number("column_size"), Digits: int(r.number("digits"))}
	declared := sizes.FindStringSubmatch(t.Name)
	if declared != nil {
		t.Name = strings.Join(strings.Fields(strings.Replace(t.Name, declared[0], " ", 1)), " ")
	}
	for _, end := range plugin.Catalog.AutoNumbered {
		if rest, found := strings.CutSuffix(t.Name, end); found && !autoNumbered {
			t.Name, autoNumbered = rest, true
		}
	}
	base, unsigned := t.Name, r.is("is_unsigned")
	if i := strings.Index(strings.ToLower(base), " unsigned"); i > 0 { // MariaDB Connector/ODBC writes it into the name
		base, unsigned = base[:i], true
	}
	if r["base_type"].Valid {
		base = r.text("base_type")
	}
	t.Kind = plugin.KindOf(base, t.SQL, unsigned)
	t.settle(declared, r["column_size"].Valid)
	return t, autoNumbered
}

// sizes are those of a declaration, which SQLite keeps as it was written.
var sizes = regexp.MustCompile(`\(\s*(\d+)\s*(?:,\s*(-?\d+)\s*)?\)`)

// settle leaves the numbers that say something of the kind.
func (t *CatalogDataType) settle(declared []string, told bool) {
	timed := t.Kind == protocol.Time || t.Kind == protocol.Timestamp || t.Kind == protocol.TimestampTZ || t.Kind == protocol.DateTimeOffset
	if declared != nil && !told {
		first, _ := strconv.ParseInt(declared[1], 10, 64)
		second, _ := strconv.Atoi(declared[2])
		if t.Size, t.Digits = first, second; timed {
			t.Digits = int(first)
		}
	}
	switch t.Kind {
	case protocol.Decimal:
	case protocol.Text, protocol.NText, protocol.Binary:
		t.Digits = 0
	default:
		if t.Size = 0; !timed {
			t.Digits = 0
		}
	}
	if t.Size = max(t.Size, 0); t.Size >= 1<<31-1 {
		t.Size = 0 // SQL_NO_TOTAL as some drivers have it
	}
}
