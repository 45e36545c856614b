package driver

import (
	"time"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// SQLite describes SQLite 3 through sqliteodbc 0.9998. SQLite stores decimals
// as doubles and reads doubles back with 15 digits; text is cut at a zero byte
// when it is read.
var SQLite = Plugin{
	Name:  "sqlite",
	Match: Match{DBMS: []string{"SQLite"}, Driver: []string{"sqlite3odbc"}},
	Settings: []Setting{
		{"BigInt", "1", "INTEGER columns hold 64 bits; without it ids are read as 32"},
		{"FKSupport", "1", "foreign keys are off by default"},
		{"StepAPI", "1", "streams are read from the file as they go; without it every result is held in memory"},
		{"Timeout", "1", "milliseconds; the driver's own wait for a lock cannot be changed later, and is 100 s by default; SQLite's is used"},
	},
	// Opening a file reads nothing of it: this finds one that is no database.
	Setup: []string{"SELECT 1 FROM sqlite_master LIMIT 1"},
	// Columns have the name that their declaration gives them. One that neither
	// SQLite's manual nor the standard has is VARCHAR to the driver, but a column of
	// numbers to SQLite: '007' in a STRING is 7.
	Types: []TypeRule{
		{Name: "unsigned big int", Kind: protocol.Int64},
		{Name: "decimal", Kind: protocol.Decimal},
		{Name: "numeric", Kind: protocol.Decimal},
		{Name: "money", Kind: protocol.Money},
		{Name: "json", Kind: protocol.JSON},
		{Name: "jsonb", Kind: protocol.JSON},
		{Name: "xml", Kind: protocol.XML},
		{Name: "interval", Kind: protocol.Interval},
		{Name: "uuid", Kind: protocol.UUID},
		{Name: "guid", Kind: protocol.UUID},
		{Name: "char", Kind: protocol.Text},
		{Name: "character", Kind: protocol.Text},
		{Name: "varchar", Kind: protocol.Text},
		{Name: "varying character", Kind: protocol.Text},
		{Name: "character varying", Kind: protocol.Text},
		{Name: "nchar", Kind: protocol.Text},
		{Name: "native character", Kind: protocol.Text},
		{Name: "nvarchar", Kind: protocol.Text},
		{Name: "clob", Kind: protocol.Text},
		{Name: "text", Kind: protocol.Text},
		{Name: "tinytext", Kind: protocol.Text},
		{Name: "mediumtext", Kind: protocol.Text},
		{Name: "longtext", Kind: protocol.Text},
		{Name: "binary", Kind: protocol.Binary},
		{Name: "bytea", Kind: protocol.Binary},
		{Name: "timestamptz", Kind: protocol.TimestampTZ},
		{Name: "timestamp with time zone", Kind: protocol.TimestampTZ},
		{SQL: Varchar, Kind: protocol.Invalid},
	},
	Params: []Param{
		{Kind: protocol.Bool, SQL: BigInt, Form: AsInt64, Size: 19},
		{Kind: protocol.Int8, SQL: BigInt, Form: AsInt64, Size: 19},
		{Kind: protocol.Int16, SQL: BigInt, Form: AsInt64, Size: 19},
		{Kind: protocol.Int32, SQL: BigInt, Form: AsInt64, Size: 19},
		{Kind: protocol.Decimal, SQL: Varchar, Form: AsNumber},
		{Kind: protocol.Money, SQL: Varchar, Form: AsNumber},
		// The driver writes a timestamp structure with three digits of fraction.
		{Kind: protocol.Date, SQL: Varchar, Form: AsText},
		{Kind: protocol.Timestamp, SQL: Varchar, Form: AsText},
		{Kind: protocol.TimestampTZ, SQL: Varchar, Form: AsText},
		{Kind: protocol.DateTimeOffset, SQL: Varchar, Form: AsText},
	},
	// The driver's own conversions answer junk with success: 'abc' is the number
	// 0, '13:14:15' the day 0015-00-00, a timestamp expression loses its fraction.
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
		{Kind: protocol.Float32, Form: AsText},
		{Kind: protocol.Float64, Form: AsText},
		{Kind: protocol.Date, Form: AsText},
		{Kind: protocol.Timestamp, Form: AsText},
		{Kind: protocol.TimestampTZ, Form: AsText},
		{Kind: protocol.DateTimeOffset, Form: AsText},
	},
	// A static cursor holds the whole result, and with StepAPI a forward-only one
	// steps through it, if there are no parameters. Everything else must be static
	// then: WITH … INSERT would be executed by being fetched.
	Reads: Reads{How: Refetch, Fixed: true, Buffered: true, Stream: Stream{How: RowByRow, Once: true}},
	// INSERT, UPDATE and DELETE reach SQLite only when they are executed.
	Describe: Describe{
		Settings: []Setting{{"NoCreat", "1", "a file that is not there would be made, empty"}},
		NotNull:  NotNullField, Labels: true, ReturningBehind: "WITH returning_rows AS (SELECT 1) ", Check: Check{CheckPrefix, "EXPLAIN "},
		Functions: "SELECT DISTINCT CAST(name AS TEXT) AS name FROM pragma_function_list ORDER BY 1",
		ViewText: `SELECT sql FROM (SELECT * FROM sqlite_master UNION ALL SELECT * FROM sqlite_temp_master)
WHERE type = 'view' AND name = trim(?, '"[]' || char(96)) COLLATE NOCASE`,
	},
	// The driver waits for a lock twice, and neither wait can be cancelled.
	Transactions: Transactions{
		Levels:   []Isolation{Serializable},
		ReadOnly: Temporary{Do: "PRAGMA query_only = 1", Undo: "PRAGMA query_only = 0"},
		LockTimeout: LockTimeout{Unit: 2 * time.Millisecond, Needs: Setting{Key: "Timeout", Value: "1"},
			Temporary: Temporary{Do: "PRAGMA busy_timeout = %d", Undo: "PRAGMA busy_timeout = 5000"}},
		// A write that is interrupted ends it, a read does not.
		EndedBy: []Kind{KindCancelled, KindDeadline, KindDiskFull, KindCapacity, KindCorrupt}, Over: "BEGIN",
	},
	Faults:  sqliteFaults,
	Catalog: sqliteCatalog,
	Dialect: Dialect{
		QuoteOpen: `"`, QuoteClose: `"`, Pipes: PipesTight, RecursiveWith: true,
		Upserts: Upserts{Form: OnConflict, Count: CountedOnce}, Returning: ReturningClause, Pages: LimitOffset,
	},
	Lists:    Lists{In: "IN ()", NotIn: "NOT IN ()", Max: 32766}, // SQLITE_MAX_VARIABLE_NUMBER since 3.32
	InsertID: "SELECT last_insert_rowid()",
	Quirks: Quirks{
		Local:           true,
		NoPlaces:        true,
		CancelApart:     true,
		ReadSchema:      "SELECT 1 FROM sqlite_master LIMIT 1", // or it describes tables as they were when it first met them
		StarsOnce:       true,                                  // it reads beyond the end of shorter rows
		RebindBinary:    true,
		RefuseZeroBytes: true,
		RefuseNaN:       true,
	},
	// Rows a second of a table of five columns, against 134 k in parameter arrays,
	// which the driver executes one by one: 240 k in sets of 5, 302 k of 20, 354 k
	// of 100, 371 k of 300, 335 k of 1000; 236 k through json_each (whose doubles
	// are not exact), 149 k as literals. Arrays give each row of a binary column
	// the length of the first one.
	Bulk: Bulk{
		Strategy: BulkRows, Rows: 256, MaxMarkers: 4096, Counts: true, OneWriter: true,
		Culprit: []string{"constraint failed: %t.%s ("},
	},
	Scratch: Scratch{Connection: "Driver=SQLite3;Database=%s"},
}
