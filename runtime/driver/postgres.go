package driver

import "github.com/odbcgen/odbcgen/runtime/protocol"

// Postgres describes PostgreSQL through psqlODBC 13.
var Postgres = Plugin{
	Name:  "postgres",
	Match: Match{DBMS: []string{"PostgreSQL"}, Driver: []string{"psqlodbc"}},
	Settings: []Setting{
		{"BoolsAsChar", "0", "booleans are SQL_BIT instead of VARCHAR(5)"},
		{"UseServerSidePrepare", "1", "without it parameters cannot be described"},
		{"LFConversion", "0", "text is sent as it is, LF is not made CR LF"},
		{"CommLog", "0", "Debian's driver entry logs every process's traffic to the temp folder"},
		{"Debug", "0", "likewise"},
	},
	// A timestamp with zone is shown in the session's zone, without saying so, and
	// money in the form of the session's locale; that of "C" is $1,234.50.
	Setup: []string{"SET TIME ZONE 'UTC'", "SET lc_monetary TO 'C'"},
	Types: []TypeRule{
		{Name: "oid", Kind: protocol.Uint32}, // the driver says INTEGER
		{Name: "interval", Kind: protocol.Interval},
		{Name: "timestamptz", Kind: protocol.TimestampTZ},
		{Name: "uuid", Kind: protocol.UUID},
		{Name: "xml", Kind: protocol.XML},
		{Name: "money", Kind: protocol.Money},
		// json, jsonb, enumerations, arrays and bit strings all have this name in a
		// result; the catalog calls them by their own.
		{Name: "unknown", Kind: protocol.Invalid},
		{Name: "json", Kind: protocol.JSON},
		{Name: "jsonb", Kind: protocol.JSON},
	},
	Params: []Param{
		{Kind: protocol.Uint64, SQL: Numeric, Size: 20},
		{Kind: protocol.Decimal, SQL: Decimal, Size: 38},
		{Kind: protocol.Binary, SQL: LongVarbinary},
	},
	// PostgreSQL has no unsigned integers: a uint64 is a numeric. What psqlODBC 13.02
	// cannot parse, it replaces by the day of today: a date of infinity, or of a year
	// above 9999. Timestamps are left to it: written out they take a third longer, and
	// infinity is 9999-12-31 23:59:59 all the same.
	Results: []Result{
		{Kind: protocol.Uint64, Form: AsText},
		{Kind: protocol.Date, Form: AsText},
	},
	Describe: Describe{Params: true, Expressions: true, NotNull: NotNullDescribed},
	Dialect:  Dialect{QuoteOpen: `"`, QuoteClose: `"`},
	// A text parameter would be cut at the zero byte that PostgreSQL has no text for.
	Quirks: Quirks{Static: true, Buffered: true, RefuseZeroBytes: true, FailedRow: FailedRowIsProcessed},
	Scratch: Scratch{
		Create: "CREATE SCHEMA %s",
		Enter:  "SET search_path TO %s",
		Drop:   "DROP SCHEMA %s CASCADE",
	},
}
