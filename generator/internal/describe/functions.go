package describe

import (
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// function says what a function returns and takes. The kind matters for databases
// that do not tell the type of an expression.
type function struct {
	names    string
	kind     protocol.Kind
	argument bool // the kind is that of the first argument, or of all; kind stands for an integer one
	first    int  // the argument that argument means
	null     nullRule
	takes    string // the kinds of the arguments, the last one for all that follow; "same" is that of the others
	only     string // the plugins whose databases have it; elsewhere it may be anything
}

// nullRule says when a function is not NULL.
type nullRule uint8

const (
	sometimes    nullRule = iota
	never                 // never NULL
	strictly              // not NULL where no argument is
	strictAll             // likewise, and the arguments are of one kind
	shortly               // likewise, if no argument is a long text
	firstOnly             // where the first argument is not
	anyOf                 // where one argument is not
	branches              // the first argument chooses between the others
	aggregated            // of a row where the argument is not
	collected             // of a row
	inFrame               // of a window that has the current row, where the argument is not
	offset                // of a row before or behind, or of the default
	now                   // of the time now
	literalFirst          // where the first argument is a literal
	numberedText          // of a text and numbers, where none is NULL; a part of an empty blob is
)

// both are the plugins whose databases fail where SQLite may return NULL.
const both = "postgres mariadb"

var functions = []function{
	{names: "COUNT ROW_NUMBER RANK DENSE_RANK", kind: protocol.Int64, null: never},
	{names: "SUM", kind: protocol.Int64, argument: true, null: aggregated, takes: "same"},
	{names: "MIN MAX", argument: true, null: aggregated, takes: "same"},
	{names: "AVG", kind: protocol.Float64, null: aggregated},
	{names: "GROUP_CONCAT STRING_AGG", kind: protocol.Text, null: aggregated, takes: "text"},
	{names: "BOOL_AND BOOL_OR EVERY", kind: protocol.Bool, null: aggregated, only: "postgres"},
	{names: "STDDEV_POP VAR_POP", kind: protocol.Float64, null: aggregated, only: both},
	{names: "JSON_AGG JSONB_AGG JSON_OBJECT_AGG JSONB_OBJECT_AGG ARRAY_AGG", null: collected, only: "postgres"},
	{names: "TOTAL", kind: protocol.Float64, null: never, only: "sqlite"},
	{names: "JSON_GROUP_ARRAY JSON_GROUP_OBJECT JSON_ARRAY JSON_OBJECT", kind: protocol.JSON, null: never, only: "sqlite"},
	{names: "LAG LEAD", argument: true, null: offset, takes: "same int64 same"},
	{names: "FIRST_VALUE LAST_VALUE", argument: true, null: inFrame, takes: "same"},
	{names: "NTH_VALUE", argument: true, takes: "same int64"},
	{names: "NTILE", kind: protocol.Int64, null: literalFirst, takes: "int64"}, // NULL of NULL
	{names: "PERCENT_RANK CUME_DIST", kind: protocol.Float64, null: never},

	{names: "COALESCE IFNULL", argument: true, null: anyOf, takes: "same"},
	{names: "NULLIF", argument: true, takes: "same"},
	{names: "IIF IF", argument: true, first: 1, null: branches, takes: "bool same", only: "sqlite mariadb"},
	{names: "GREATEST LEAST", argument: true, null: anyOf, takes: "same", only: "postgres"},
	{names: "GREATEST LEAST", argument: true, null: strictAll, takes: "same", only: "mariadb"},
	{names: "ISNULL", kind: protocol.Bool, null: never, only: "mariadb"},

	{names: "UPPER LOWER TRIM LTRIM RTRIM", kind: protocol.Text, null: strictly, takes: "text"},
	{names: "REVERSE MD5", kind: protocol.Text, null: strictly, takes: "text", only: both},
	{names: "LENGTH", kind: protocol.Int64, null: strictly, takes: "text"},
	{names: "CHAR_LENGTH CHARACTER_LENGTH OCTET_LENGTH ASCII", kind: protocol.Int64, null: strictly, takes: "text", only: both},
	{names: "INSTR", kind: protocol.Int64, null: strictly, takes: "text", only: "sqlite mariadb"},
	{names: "LOCATE POSITION", kind: protocol.Int64, null: strictly, takes: "text text int64", only: both},
	{names: "STRPOS", kind: protocol.Int64, null: strictly, takes: "text", only: "postgres"},
	{names: "REPLACE", kind: protocol.Text, null: strictly, takes: "text", only: "sqlite postgres"},
	{names: "REPLACE CONCAT", kind: protocol.Text, null: shortly, takes: "text", only: "mariadb"},
	{names: "CONCAT_WS", kind: protocol.Text, null: firstOnly, takes: "text", only: both},
	{names: "CONCAT", kind: protocol.Text, null: never, takes: "text", only: "postgres"},
	{names: "CONCAT REPLACE", kind: protocol.Text, takes: "text"},
	{names: "LEFT RIGHT", kind: protocol.Text, null: strictly, takes: "text int64", only: both},
	{names: "SUBSTRING_INDEX", kind: protocol.Text, null: strictly, takes: "text text int64", only: "mariadb"},
	{names: "SPLIT_PART INITCAP LPAD RPAD REPEAT TRANSLATE STARTS_WITH CHR QUOTE_LITERAL QUOTE_IDENT", kind: protocol.Text, null: strictly, takes: "text int64 text", only: "postgres"},
	{names: "REGEXP_REPLACE", kind: protocol.Text, null: strictly, takes: "text", only: "postgres"},
	{names: "FORMAT", kind: protocol.Text, null: firstOnly, only: "postgres"},
	{names: "LPAD RPAD", kind: protocol.Text, takes: "text int64 text"},
	{names: "SUBSTR SUBSTRING", kind: protocol.Text, null: numberedText, takes: "text int64"},
	{names: "HEX TYPEOF", kind: protocol.Text, null: never, only: "sqlite"},
	{names: "QUOTE", kind: protocol.Text, null: strictly, only: "sqlite"},
	{names: "HEX QUOTE", kind: protocol.Text},
	{names: "PRINTF FORMAT", kind: protocol.Text, null: literalFirst, only: "sqlite"},
	{names: "CHAR", kind: protocol.Text, null: never, only: "sqlite"},
	{names: "UNICODE SIGN", kind: protocol.Int64, only: "sqlite"},
	{names: "ZEROBLOB RANDOMBLOB", kind: protocol.Binary, null: never, takes: "int64", only: "sqlite"},

	{names: "ABS", argument: true, null: strictly, takes: "same"},
	{names: "ROUND", kind: protocol.Float64, argument: true, null: strictly, takes: "same int64"},
	{names: "CEIL CEILING FLOOR", argument: true, null: strictly, takes: "same", only: both},
	{names: "MOD POWER TRUNC SIGN EXP", argument: true, null: strictly, takes: "same", only: "postgres"},
	{names: "RANDOM CHANGES TOTAL_CHANGES LAST_INSERT_ROWID", kind: protocol.Int64, null: never, only: "sqlite"},
	{names: "LAST_INSERT_ID", kind: protocol.Uint64, null: never, only: "mariadb"},
	{names: "ROW_COUNT FOUND_ROWS CONNECTION_ID", kind: protocol.Int64, null: never, only: "mariadb"},
	{names: "RANDOM", kind: protocol.Float64, null: never, only: "postgres"},
	{names: "GEN_RANDOM_UUID", kind: protocol.UUID, null: never, only: "postgres"},
	{names: "UUID", kind: protocol.Text, null: never, only: "mariadb"},
	{names: "ELT", kind: protocol.Text, takes: "int64 text", only: "mariadb"},
	{names: "FIND_IN_SET", kind: protocol.Int64, null: strictly, takes: "text", only: "mariadb"},

	{names: "CURRENT_TIMESTAMP", kind: protocol.Timestamp, null: never, only: "sqlite mariadb"},
	{names: "CURRENT_TIMESTAMP NOW STATEMENT_TIMESTAMP CLOCK_TIMESTAMP TRANSACTION_TIMESTAMP", kind: protocol.TimestampTZ, null: never, only: "postgres"},
	{names: "NOW SYSDATE UTC_TIMESTAMP LOCALTIMESTAMP LOCALTIME", kind: protocol.Timestamp, null: never, only: both},
	{names: "CURRENT_DATE", kind: protocol.Date, null: never},
	{names: "CURDATE UTC_DATE", kind: protocol.Date, null: never, only: "mariadb"},
	{names: "CURRENT_TIME", kind: protocol.Time, null: never},
	{names: "CURTIME UTC_TIME", kind: protocol.Time, null: never, only: "mariadb"},
	{names: "DATE", kind: protocol.Date, null: now, takes: "text", only: "sqlite"},
	{names: "DATETIME", kind: protocol.Timestamp, null: now, takes: "text", only: "sqlite"},
	{names: "TIME", kind: protocol.Time, null: now, takes: "text", only: "sqlite"},
	{names: "JULIANDAY", kind: protocol.Float64, null: now, takes: "text", only: "sqlite"},
	{names: "STRFTIME", kind: protocol.Text, takes: "text", only: "sqlite"},
	{names: "DATE_TRUNC", null: strictly, takes: "text timestamp", only: "postgres"},
	{names: "MAKE_DATE MAKE_TIME MAKE_TIMESTAMP", null: strictly, takes: "int64", only: "postgres"},
	{names: "DATEDIFF", kind: protocol.Int64, takes: "date", only: "mariadb"},
	{names: "TIMESTAMPDIFF", kind: protocol.Int64, takes: "text timestamp", only: "mariadb"},
	{names: "DATE_FORMAT", kind: protocol.Text, takes: "timestamp text", only: "mariadb"},
	{names: "DATE_ADD DATE_SUB ADDDATE SUBDATE YEAR MONTH DAY HOUR MINUTE SECOND QUARTER WEEK LAST_DAY UNIX_TIMESTAMP", takes: "timestamp", only: "mariadb"},
	{names: "STR_TO_DATE", takes: "text", only: "mariadb"},

	{names: "TO_JSON TO_JSONB", kind: protocol.JSON, null: strictly, only: "postgres"},
	{names: "JSONB_BUILD_OBJECT JSON_BUILD_OBJECT JSONB_BUILD_ARRAY JSON_BUILD_ARRAY", kind: protocol.JSON, null: never, only: "postgres"},
	{names: "JSON_VALID", kind: protocol.Bool, null: strictly, takes: "text", only: "sqlite"},
	{names: "JSON_OBJECT JSON_ARRAY", kind: protocol.Text, only: "mariadb"},
	{names: "JSON_ARRAY_LENGTH", kind: protocol.Int64, takes: "json text", only: "sqlite"},
	{names: "JSON_TYPE", kind: protocol.Text, takes: "json text", only: "sqlite"},
	{names: "JSON JSON_SET JSON_INSERT JSON_REPLACE JSON_PATCH JSON_REMOVE", kind: protocol.JSON, only: "sqlite"},
	{names: "JSON_EXTRACT JSON_VALUE JSON_UNQUOTE JSON_CONTAINS JSON_LENGTH", takes: "json text", only: "sqlite mariadb"},
}

// function returns what is known of a function, named in capitals.
func (d *Database) function(name string) (function, bool) {
	for _, f := range functions {
		if slices.Contains(strings.Fields(f.names), name) && (f.only == "" || slices.Contains(strings.Fields(f.only), d.plugin.Vendor())) {
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
	{"INT INTEGER INT4", protocol.Int32},
	{"BIGINT INT8 SIGNED", protocol.Int64},
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
	{"INTERVAL", protocol.Interval},
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
