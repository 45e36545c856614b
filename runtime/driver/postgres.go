package driver

import (
	"time"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Postgres describes PostgreSQL through psqlODBC 13.
var Postgres = Plugin{
	Name: "postgres",
	// Redshift calls itself PostgreSQL 8.0.2.
	Match: Match{DBMS: []string{"PostgreSQL"}, Driver: []string{"psqlodbc"}, Since: "9.5"},
	Settings: []Setting{
		{"BoolsAsChar", "0", "booleans are SQL_BIT instead of VARCHAR(5)"},
		{"UseServerSidePrepare", "1", "without it parameters cannot be described"},
		{"LFConversion", "0", "text is sent as it is, LF is not made CR LF"},
		{"CommLog", "0", "Debian's driver entry logs every process's traffic to the temp folder"},
		{"Debug", "0", "likewise"},
		{"Protocol", "7.4-2", "a savepoint around each statement; without it a failed one ends the transaction, and COMMIT says success"},
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
	// A statement with a static cursor is not prepared on the server: its parameters
	// are written into the text, and a look-up takes a third longer.
	Reads: Reads{How: Position, Buffered: true, Stream: Stream{How: Position, Buffered: true, Params: true, Together: true, Attributes: []Attribute{
		{65539, 1, 0, "UseDeclareFetch: a cursor on the server instead of the whole result in memory"},
		{65541, 1000, 100, "Fetch: rows of a round trip; more are no faster"},
	}}},
	Describe: Describe{
		Params: true, Expressions: true, NotNull: NotNullDescribed, Infallible: true, ScaleBits: 11,
		ViewText:  "SELECT pg_get_viewdef(oid) FROM pg_class WHERE oid = to_regclass(?) AND relkind IN ('v', 'm')",
		Functions: "SELECT DISTINCT proname::text AS name FROM pg_proc WHERE pg_function_is_visible(oid) ORDER BY 1",
		Prepared: Prepared{
			Prepare: "PREPARE odbcgen_types AS ",
			Types: `SELECT string_agg(t.typname, ' ' ORDER BY u.n) FROM pg_prepared_statements p
CROSS JOIN LATERAL unnest(p.parameter_types) WITH ORDINALITY AS u (type, n) JOIN pg_type t ON t.oid = u.type
WHERE p.name = 'odbcgen_types'`,
			Close: "DEALLOCATE odbcgen_types",
		},
		TypeOf: "SELECT pg_typeof(c%[1]d)::text FROM (SELECT 1) AS one LEFT JOIN (SELECT * FROM (%[2]s) AS q (%[3]s) LIMIT 0) AS none ON true",
	},
	Dialect: Dialect{
		QuoteOpen: `"`, QuoteClose: `"`,
		Names:   Names{Max: 63, Unit: NameBytes}, // a longer one is cut, with a notice
		Upserts: Upserts{Form: OnConflict, Once: true, Count: CountedOnce}, Returning: ReturningClause, Pages: LimitOffset,
	},
	// An array is one marker for lists of all lengths; many markers end the connection.
	Lists: Lists{Array: true, In: "= ANY (?)", NotIn: "<> ALL (?)"},
	Transactions: Transactions{
		// The driver puts no savepoint around the first statement. READ ONLY ends with the
		// savepoint that is around it.
		Modes: "SET TRANSACTION %s",
		// READ UNCOMMITTED is another name of READ COMMITTED here.
		Levels:      []Isolation{ReadCommitted, RepeatableRead, Serializable},
		Isolation:   Temporary{Mode: "ISOLATION LEVEL %s"},
		ReadOnly:    Temporary{Mode: "READ ONLY"},
		LockTimeout: LockTimeout{Temporary: Temporary{Do: "SET LOCAL lock_timeout = '%dms'"}, Unit: time.Millisecond, Least: 1}, // 0 is no bound
		// A1 is short for Protocol. With -0 the transaction is aborted, with -1 rolled
		// back, and the next statement begins another.
		FailureEnds: []Setting{{Key: "protocol", Value: "-0"}, {Key: "protocol", Value: "-1"}, {Key: "a1", Value: "-0"}, {Key: "a1", Value: "-1"}},
	},
	Session: Session{
		// After a ROLLBACK where there is no transaction, psqlODBC 13 closes prepared
		// statements no more, and then gives new ones their names.
		Reset: []string{"BEGIN", "ROLLBACK", "DISCARD ALL"},
		// The driver's own DateStyle and extra_float_digits are among the settings, and
		// those of ConnSettings.
		Remember: "SELECT 'SELECT ' || string_agg(format('set_config(%L, %L, false)', name, setting), ', ') FROM pg_settings WHERE source = 'session'",
		Marks:    []string{";", "set_config", "update pg_settings", "advisory_lock", "into temp", "into local temp", "into global temp", "pg_temp"},
	},
	// A text parameter would be cut at the zero byte that PostgreSQL has no text for.
	Faults:   postgresFaults,
	Catalog:  postgresCatalog,
	ReadOnly: "SELECT CASE WHEN pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool THEN 1 ELSE 0 END",
	Quirks: Quirks{
		LinkEnds: true, RefuseZeroBytes: true, BeforeSavepoint: "SELECT 1", Probe: "SELECT 1",
		Outdated:     Code{State: "0A000"}, // cached plan must not change result type
		CancelLongBy: SessionCancel{ID: "SELECT pg_backend_pid()", Cancel: "SELECT pg_cancel_backend(%s)"},
	},
	// The driver sends each row of a parameter array as a statement of its own: 29 k
	// rows a second of a table of five columns, against 123 k in multi-row VALUES.
	Bulk: Bulk{
		Strategy: BulkUnnest, Rows: 2000, Counts: true,
		// An element type has no length, since a conversion to it would cut text
		// where the insert refuses it: -1 makes character(3) bpchar, not character(1).
		// unnest would flatten an array and give each field of a row type a column of
		// its own, and the delimiter of box is not a comma.
		ElementTypes: `SELECT a.attname::text AS name,
	CASE WHEN own THEN format_type(t.oid, -1) ELSE 'text' END AS element,
	CASE WHEN own THEN '' ELSE format_type(t.oid, -1) END AS target
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
CROSS JOIN LATERAL (SELECT t.typarray <> 0 AND t.typdelim = ',' AND t.typcategory NOT IN ('A', 'C') AS own) AS o
WHERE a.attrelid = to_regclass(?) AND a.attnum > 0 AND NOT a.attisdropped`,
		Culprit: []string{`column "%s"`, `Key (%s)=`},
	},
	// psqlODBC 13.02 calls functions by {? = call f(?)} without their parameters when the
	// server prepares. A function without a value would give a row with nothing in it.
	Calls: Calls{
		Procedure: Call{Text: "CALL %s(%s)", Out: "NULL", Cursor: "NULL", Values: ValuesRow},
		Function:  Call{Text: "SELECT * FROM %s(%s)", Void: "SELECT FROM %s(%s)", Values: ValuesRow},
		IsFunction: `SELECT bool_and(prokind <> 'p')::int FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace, parse_ident(?) AS name
WHERE proname = name[cardinality(name)]
	AND CASE WHEN cardinality(name) = 1 THEN pg_function_is_visible(p.oid) ELSE nspname = name[cardinality(name) - 1] END`,
		Cursors: Cursors{Fetch: "FETCH ALL IN %s", Close: "CLOSE %s"},
	},
	Scratch: Scratch{
		Skip:    []string{"SET search_path", "SELECT pg_catalog.set_config('search_path'"},
		Outside: "public",
		Create:  "CREATE SCHEMA %s",
		Enter:   "SET search_path TO %s",
		Drop:    "DROP SCHEMA %s CASCADE",
	},
}
