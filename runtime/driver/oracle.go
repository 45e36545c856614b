package driver

import "github.com/odbcgen/odbcgen/runtime/protocol"

// Oracle describes Oracle Database 12.2 and later through its own driver, from
// documents. The SQL was run on HSQLDB in its Oracle mode, as far as that goes. An
// empty text is NULL to Oracle, and comes back as such.
var Oracle = Plugin{
	Name:  "oracle",
	Match: Match{DBMS: []string{"Oracle"}, Driver: []string{"sqora"}},
	Settings: []Setting{
		{"BNF", "F", "numbers are not bound as floats, which would lose digits"},
	},
	// What is text on its way must not depend on the territory of the client.
	Setup: []string{
		"ALTER SESSION SET NLS_DATE_FORMAT = 'YYYY-MM-DD HH24:MI:SS' NLS_TIMESTAMP_FORMAT = 'YYYY-MM-DD HH24:MI:SS.FF'" +
			" NLS_TIMESTAMP_TZ_FORMAT = 'YYYY-MM-DD HH24:MI:SS.FF TZH:TZM' NLS_NUMERIC_CHARACTERS = '.,'",
		"ALTER SESSION SET TIME_ZONE = '+00:00'",
	},
	// A DATE has a time of day. A number's kind does not hang on its digits: say int64
	// in the spec where it is one. FLOAT is a NUMBER too, of up to 38 digits.
	Types: []TypeRule{
		{Name: "number", Kind: protocol.Decimal},
		{Name: "float", Kind: protocol.Decimal},
		{Name: "binary_float", Kind: protocol.Float32},
		{Name: "binary_double", Kind: protocol.Float64},
		{Name: "boolean", Kind: protocol.Bool}, // of 23ai
		{Name: "date", Kind: protocol.Timestamp},
		{Name: "timestamp", Kind: protocol.Timestamp},
		{Name: "timestamp with time zone", Kind: protocol.TimestampTZ},
		{Name: "timestamp with local time zone", Kind: protocol.TimestampTZ},
		{Name: "interval year to month", Kind: protocol.Interval},
		{Name: "interval day to second", Kind: protocol.Interval},
		{Name: "char", Kind: protocol.Text},
		{Name: "varchar2", Kind: protocol.Text},
		{Name: "clob", Kind: protocol.Text},
		{Name: "long", Kind: protocol.Text},
		{Name: "nchar", Kind: protocol.NText},
		{Name: "nvarchar2", Kind: protocol.NText},
		{Name: "nclob", Kind: protocol.NText},
		{Name: "rowid", Kind: protocol.Text},
		{Name: "urowid", Kind: protocol.Text},
		{Name: "raw", Kind: protocol.Binary},
		{Name: "long raw", Kind: protocol.Binary},
		{Name: "blob", Kind: protocol.Binary},
		{Name: "bfile", Kind: protocol.Binary},
		{Name: "xmltype", Kind: protocol.XML},
		{Name: "json", Kind: protocol.JSON}, // since 21c
	},
	// The driver has neither SQL_C_SBIGINT nor SQL_C_UBIGINT: whole numbers travel
	// written out. A boolean is NUMBER(1).
	Params: []Param{
		{Kind: protocol.Bool, SQL: Decimal, Form: AsText, Size: 1},
		{Kind: protocol.Int8, SQL: Decimal, Form: AsText, Size: 3},
		{Kind: protocol.Int16, SQL: Decimal, Form: AsText, Size: 5},
		{Kind: protocol.Int32, SQL: Decimal, Form: AsText, Size: 10},
		{Kind: protocol.Int64, SQL: Decimal, Form: AsText, Size: 19},
		{Kind: protocol.Uint8, SQL: Decimal, Form: AsText, Size: 3},
		{Kind: protocol.Uint16, SQL: Decimal, Form: AsText, Size: 5},
		{Kind: protocol.Uint32, SQL: Decimal, Form: AsText, Size: 10},
		{Kind: protocol.Uint64, SQL: Decimal, Form: AsText, Size: 20},
		{Kind: protocol.Decimal, SQL: Varchar}, // as SQL_DECIMAL it would need its scale
		{Kind: protocol.NText, SQL: WVarchar},
		{Kind: protocol.Timestamp, SQL: Timestamp, Size: 29, Digits: 9},
		{Kind: protocol.TimestampTZ, SQL: Timestamp, Size: 29, Digits: 9},
		{Kind: protocol.DateTimeOffset, SQL: Timestamp, Size: 29, Digits: 9},
	},
	Results: []Result{
		{Kind: protocol.Bool, Form: AsText},
		{Kind: protocol.Int8, Form: AsText},
		{Kind: protocol.Int16, Form: AsText},
		{Kind: protocol.Int32, Form: AsText},
		{Kind: protocol.Int64, Form: AsText},
		{Kind: protocol.Uint8, Form: AsText},
		{Kind: protocol.Uint16, Form: AsText},
		{Kind: protocol.Uint32, Form: AsText},
		{Kind: protocol.Uint64, Form: AsText},
	},
	// Preparing sends nothing. EXPLAIN PLAN fills a table that is the session's own.
	Describe: Describe{
		Expressions: true, NotNull: NotNullDescribed, Check: Check{CheckPrefix, "EXPLAIN PLAN FOR "},
		// Those of SQL are functions of the package STANDARD, but for aggregates.
		Functions: "SELECT LOWER(object_name) AS name FROM all_arguments WHERE owner = 'SYS' AND package_name = 'STANDARD' AND argument_name IS NULL" +
			" UNION SELECT LOWER(object_name) FROM all_objects WHERE object_type = 'FUNCTION' AND owner = SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA') ORDER BY 1",
		ViewText: `SELECT text FROM all_views WHERE UPPER(REPLACE(?, '"', '')) IN (UPPER(owner || '.' || view_name),` +
			" CASE WHEN owner = SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA') THEN UPPER(view_name) END)",
	},
	// A savepoint is not released, it ends with its transaction.
	Dialect: Dialect{
		QuoteOpen: `"`, QuoteClose: `"`, RecursiveWith: true,
		Savepoints: Savepoints{Make: "SAVEPOINT %s", Back: "ROLLBACK TO SAVEPOINT %s"},
		// From documents. Names without quotes are upper case to the database, so that those
		// given here must be, of such tables and columns.
		Names: Names{Max: 128, Unit: NameBytes, Never: `"`}, // 30 with COMPATIBLE below 12.2
		Rows:  RowsFromDual,
		// Of two connections that insert the same row, the unique index refuses one.
		Upserts:   Upserts{Form: MergeRows, Merge: Merge{Into: "%s t", Rows: MergeDual}},
		Returning: ReturningInto, Pages: OffsetFetch,
	},
	// More than 1000 expressions in a list are ORA-01795.
	Lists:   Lists{In: "IN (SELECT NULL FROM DUAL WHERE 1 = 0)", NotIn: "NOT IN (SELECT NULL FROM DUAL WHERE 1 = 0)", Max: 1000},
	Faults:  oracleFaults,
	Catalog: oracleCatalog,
	// From documents: what a REF CURSOR of the call gives is a result, and it is left out
	// of the parameters. 32,767 bytes are the longest text of PL/SQL.
	Calls: Calls{
		Procedure: escapedCalls.Procedure, Function: escapedCalls.Function,
		Width: 32767, Cursors: Cursors{Results: true},
	},
	// SET TRANSACTION takes a level or READ ONLY, which is the view of one moment too.
	// READ UNCOMMITTED and REPEATABLE READ are not known. Rows are waited for without
	// end, unless the statement itself says FOR UPDATE WAIT n.
	Transactions: Transactions{
		Modes: "SET TRANSACTION %s", OneMode: true,
		Levels:    []Isolation{ReadCommitted, Serializable},
		Isolation: Temporary{Mode: "ISOLATION LEVEL %s"},
		ReadOnly:  Temporary{Mode: "READ ONLY"},
	},
	Session:  Session{Marks: []string{"dbms_session", "dbms_lock", "dbms_application_info", "set_context"}},
	ReadOnly: "SELECT CASE SYS_CONTEXT('USERENV', 'DATABASE_ROLE') WHEN 'PRIMARY' THEN 0 ELSE 1 END FROM DUAL",
	Quirks:   Quirks{RebindParams: true, Probe: "SELECT 1 FROM DUAL"},
	// Arrays are one execution (BAM is for those in autocommit).
	Bulk: Bulk{Strategy: BulkArrays, Rows: 100, Culprit: []string{`."%s")`}},
}
