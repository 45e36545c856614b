package describe

import (
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// function says what a function returns, for databases that do not tell the
// type of an expression.
type function struct {
	names    string
	kind     protocol.Kind
	argument bool // the type is that of the first argument; kind stands for an integer one
	notNull  bool
	texts    bool   // parameters among the arguments are texts
	only     string // the plugin whose database has it; elsewhere it may be anything
}

var functions = []function{
	{names: "COUNT ROW_NUMBER RANK DENSE_RANK", kind: protocol.Int64, notNull: true},
	{names: "NTILE", kind: protocol.Int64}, // NULL of NULL
	{names: "LENGTH CHAR_LENGTH CHARACTER_LENGTH OCTET_LENGTH INSTR POSITION UNICODE SIGN", kind: protocol.Int64},
	{names: "LOWER UPPER TRIM LTRIM RTRIM REPLACE CONCAT", kind: protocol.Text, texts: true},
	{names: "SUBSTR SUBSTRING GROUP_CONCAT STRING_AGG HEX PRINTF FORMAT STRFTIME QUOTE TYPEOF", kind: protocol.Text},
	{names: "MIN MAX COALESCE IFNULL NULLIF LAG LEAD FIRST_VALUE LAST_VALUE NTH_VALUE ABS", argument: true},
	{names: "SUM", kind: protocol.Int64, argument: true},
	{names: "ROUND", kind: protocol.Float64, argument: true},
	{names: "AVG PERCENT_RANK CUME_DIST", kind: protocol.Float64},
	{names: "TOTAL", kind: protocol.Float64, notNull: true, only: "sqlite"},
	{names: "DATE", kind: protocol.Date},
	{names: "DATETIME", kind: protocol.Timestamp},
	{names: "TIME", kind: protocol.Time},
}

// function returns what is known of a function, named in capitals.
func (d *Database) function(name string) (function, bool) {
	for _, f := range functions {
		if slices.Contains(strings.Fields(f.names), name) && (f.only == "" || f.only == d.plugin.Name) {
			return f, true
		}
	}
	return function{}, false
}

// casts are the kinds of type names that mean the same everywhere.
var casts = []struct {
	names string
	kind  protocol.Kind
}{
	{"SMALLINT INT2", protocol.Int16},
	{"INT INTEGER INT4 SIGNED", protocol.Int32},
	{"BIGINT INT8", protocol.Int64},
	{"UNSIGNED", protocol.Uint64},
	{"REAL FLOAT DOUBLE FLOAT8", protocol.Float64},
	{"FLOAT4", protocol.Float32},
	{"DECIMAL NUMERIC DEC", protocol.Decimal},
	{"CHAR VARCHAR TEXT NCHAR NVARCHAR CHARACTER CLOB", protocol.Text},
	{"BLOB BYTEA BINARY VARBINARY", protocol.Binary},
	{"BOOLEAN BOOL", protocol.Bool},
	{"DATE", protocol.Date},
	{"TIME", protocol.Time},
	{"TIMESTAMP DATETIME", protocol.Timestamp},
	{"TIMESTAMPTZ", protocol.TimestampTZ},
	{"UUID", protocol.UUID},
	{"JSON JSONB", protocol.JSON},
}

// castNames returns the type names.
func castNames() []string {
	var names []string
	for _, c := range casts {
		names = append(names, strings.Fields(c.names)...)
	}
	return names
}

// castKind returns the kind of a type name, Invalid for an unknown one.
func castKind(name string) protocol.Kind {
	for _, c := range casts {
		if slices.Contains(strings.Fields(c.names), strings.ToUpper(name)) {
			return c.kind
		}
	}
	return protocol.Invalid
}
