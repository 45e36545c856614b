package driver

import (
	"time"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Db2 describes IBM Db2 for Linux, Unix and Windows through its CLI driver, from IBM's
// documents only. On 64-bit Linux the library must be libdb2o.so: libdb2.so writes 32 of
// the 64 bits of lengths and indicators.
var Db2 = Plugin{
	Name:  "db2",
	Match: Match{DBMS: []string{"DB2"}, Driver: []string{"libdb2", "db2cli", "db2odbc"}},
	// Codes below zero are IBM's own, in sqlcli1.h.
	Types: []TypeRule{
		{SQL: 16, Kind: protocol.Bool},      // BOOLEAN
		{SQL: -360, Kind: protocol.Decimal}, // DECFLOAT
		{SQL: -370, Kind: protocol.XML},
		{SQL: -98, Kind: protocol.Binary}, // BLOB
		{SQL: -99, Kind: protocol.Text},   // CLOB
		{SQL: -350, Kind: protocol.NText}, // DBCLOB
		{SQL: -95, Kind: protocol.NText},  // GRAPHIC
		{SQL: -96, Kind: protocol.NText},  // VARGRAPHIC
		{SQL: -97, Kind: protocol.NText},  // LONG VARGRAPHIC
	},
	// A statement is not sent before it is executed or described.
	Describe: Describe{
		Settings: []Setting{{"DeferredPrepare", "0", "errors of a statement come when it is prepared"}},
		Params:   true, Expressions: true, NotNull: NotNullDescribed, Infallible: true,
		ViewText: `SELECT text FROM syscat.views WHERE UPPER(REPLACE(CAST(? AS VARCHAR(260)), '"', '')) IN ` +
			`(UPPER(RTRIM(viewschema) || '.' || viewname), CASE WHEN viewschema = CURRENT SCHEMA THEN UPPER(viewname) END)`,
		Functions: "SELECT DISTINCT LOWER(routinename) AS name FROM syscat.routines WHERE routinetype = 'F' " +
			"AND routineschema IN ('SYSIBM', 'SYSFUN', CURRENT SCHEMA) ORDER BY 1",
	},
	Dialect: Dialect{
		QuoteOpen: `"`, QuoteClose: `"`, RecursiveWith: true,
		Savepoints: Savepoints{Make: "SAVEPOINT %s ON ROLLBACK RETAIN CURSORS", Back: "ROLLBACK TO SAVEPOINT %s", Release: "RELEASE SAVEPOINT %s"},
		// From documents: on z/OS a marker in the VALUES of a MERGE that is used twice has no
		// type but the one that it is converted to (-20433). Of this Db2 that was not found.
		Names: Names{Max: 128, Unit: NameBytes},
		// Of two connections that insert the same row, the unique index refuses one.
		Upserts:   Upserts{Form: MergeRows, Merge: Merge{Into: "%s AS t", Types: db2Types}},
		Returning: FinalTable, Pages: OffsetFetch,
	},
	Lists: Lists{
		In:    "IN (SELECT CAST(NULL AS VARCHAR(1)) FROM sysibm.sysdummy1 WHERE 1 = 0)",
		NotIn: "NOT IN (SELECT CAST(NULL AS VARCHAR(1)) FROM sysibm.sysdummy1 WHERE 1 = 0)",
	},
	InsertID: "SELECT CAST(IDENTITY_VAL_LOCAL() AS BIGINT) FROM sysibm.sysdummy1",
	// The levels of SQL have other names: RR is SERIALIZABLE. There is no read-only
	// transaction. Both registers are the session's.
	Transactions: Transactions{
		Levels:    []Isolation{ReadUncommitted, ReadCommitted, RepeatableRead, Serializable},
		Words:     []IsolationWord{{ReadUncommitted, "UR"}, {ReadCommitted, "CS"}, {RepeatableRead, "RS"}, {Serializable, "RR"}},
		Isolation: Temporary{Do: "SET CURRENT ISOLATION = %s", Undo: "SET CURRENT ISOLATION = RESET"},
		LockTimeout: LockTimeout{Unit: time.Second, Temporary: Temporary{
			Do: "SET CURRENT LOCK TIMEOUT = %d", Undo: "SET CURRENT LOCK TIMEOUT = NULL"}},
	},
	Faults:  db2Faults,
	Catalog: db2Catalog,
	Calls:   Calls{Procedure: escapedCalls.Procedure, Function: escapedCalls.Function, Width: 32672},
	Quirks:  Quirks{RebindParams: true},
	// The rows of an array are stored as a whole or not at all (SQL_ATTR_PARAMOPT_ATOMIC);
	// it has at most 32,767.
	Bulk: Bulk{Strategy: BulkArrays, Rows: 1000},
}

// db2Types hold any value of their kind: a conversion to a shorter one would cut it.
var db2Types = []TypeName{
	{protocol.Bool, "BOOLEAN"}, {protocol.Int8, "SMALLINT"}, {protocol.Int16, "SMALLINT"}, {protocol.Int32, "INTEGER"}, {protocol.Int64, "BIGINT"},
	{protocol.Uint8, "SMALLINT"}, {protocol.Uint16, "INTEGER"}, {protocol.Uint32, "BIGINT"}, {protocol.Float32, "REAL"}, {protocol.Float64, "DOUBLE"},
	{protocol.Decimal, "DECFLOAT(34)"}, {protocol.Money, "DECFLOAT(34)"}, {protocol.Text, "VARCHAR(32672)"}, {protocol.Binary, "VARBINARY(32672)"},
	{protocol.Date, "DATE"}, {protocol.Time, "TIME"}, {protocol.Timestamp, "TIMESTAMP(12)"},
}
