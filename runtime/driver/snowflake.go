package driver

import (
	"time"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Snowflake describes Snowflake through its own driver, from its documents only. Unique
// and foreign keys are not enforced there.
var Snowflake = Plugin{
	Name:  "snowflake",
	Match: Match{DBMS: []string{"Snowflake"}, Driver: []string{"snowflake"}},
	// All times come in the session's zone, those with a zone of their own as text.
	Setup: []string{"ALTER SESSION SET TIMEZONE = 'UTC', TIMESTAMP_TZ_OUTPUT_FORMAT = 'YYYY-MM-DD HH24:MI:SS.FF9 TZH:TZM'"},
	// Codes above 2000 are the driver's own. Integers are NUMBER(38, 0), which the
	// driver calls DECIMAL.
	Types: []TypeRule{
		{Name: "timestamp_ltz", Kind: protocol.TimestampTZ},
		{Name: "timestamp_tz", Kind: protocol.DateTimeOffset},
		{Name: "timestamp_ntz", Kind: protocol.Timestamp},
		{Name: "variant", Kind: protocol.JSON},
		{Name: "object", Kind: protocol.JSON},
		{Name: "array", Kind: protocol.JSON},
		{Name: "geography", Kind: protocol.JSON},
		{Name: "geometry", Kind: protocol.JSON},
		{SQL: 2000, Kind: protocol.TimestampTZ},
		{SQL: 2001, Kind: protocol.DateTimeOffset},
		{SQL: 2002, Kind: protocol.Timestamp},
		{SQL: 2003, Kind: protocol.JSON},
		{SQL: 2004, Kind: protocol.JSON},
		{SQL: 2005, Kind: protocol.JSON},
	},
	Results: []Result{{Kind: protocol.DateTimeOffset, Form: AsText}},
	Describe: Describe{
		Expressions: true, NotNull: NotNullDescribed,
		ViewText: `SELECT view_definition FROM information_schema.views WHERE UPPER(REPLACE(?, '"', '')) IN ` +
			`(UPPER(table_schema || '.' || table_name), IFF(table_schema = CURRENT_SCHEMA(), UPPER(table_name), NULL))`,
	},
	// Names without quotes are upper case to the database, so that those given here must
	// be, of such tables and columns. A unique key is not enforced. Markers in the SELECT of
	// a MERGE are known from its JDBC driver; that its ODBC driver sends arrays for them is not.
	Dialect: Dialect{
		QuoteOpen: `"`, QuoteClose: `"`, RecursiveWith: true, Savepoints: Savepoints{None: true},
		Names:   Names{Max: 255},
		Upserts: Upserts{Form: MergeRows, Merge: Merge{Into: "%s AS t", Rows: MergeSelect}}, Pages: LimitOffset,
	},
	Lists: Lists{In: "IN (SELECT NULL WHERE 1 = 0)", NotIn: "NOT IN (SELECT NULL WHERE 1 = 0)", Max: 16384},
	// ALTER SESSION within a transaction would commit it.
	Transactions: Transactions{
		Levels: []Isolation{ReadCommitted},
		LockTimeout: LockTimeout{Unit: time.Second, Temporary: Temporary{
			Do: "ALTER SESSION SET LOCK_TIMEOUT = %d", Undo: "ALTER SESSION UNSET LOCK_TIMEOUT"}},
	},
	Faults:  snowflakeFaults,
	Catalog: snowflakeCatalog,
	Calls:   Calls{Procedure: Call{Text: "CALL %s(%s)", Values: ValuesRow}, Function: Call{Text: "CALL %s(%s)", Values: ValuesRow}},
	Quirks:  Quirks{RebindParams: true},
	// An array is one statement for the server, however many rows it has.
	Bulk: Bulk{Strategy: BulkArrays, Rows: 10_000},
	Scratch: Scratch{
		Outside: "public",
		Create:  "CREATE SCHEMA %s",
		Enter:   "USE SCHEMA %s",
		Drop:    "DROP SCHEMA %s CASCADE",
	},
}
