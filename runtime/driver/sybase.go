package driver

import (
	"time"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Sybase describes SAP (Sybase) Adaptive Server Enterprise 15.7 and 16, from its documents.
var Sybase = Plugin{
	Name: "sybase",
	// FreeTDS has the name that the server gives itself.
	Match: Match{DBMS: []string{"Adaptive Server Enterprise", "SQL Server", "ASE"}, Driver: []string{"sybdrvodb"}},
	// Without the first, a name in double quotes is a text. A transaction is open only
	// while autocommit is off: the driver turns the chained mode on for that.
	Setup: []string{"SET QUOTED_IDENTIFIER ON", "SET CHAINED OFF", "SET TEXTSIZE 2147483647"},
	Types: []TypeRule{
		{Name: "bit", Kind: protocol.Bool},
		{Name: "tinyint", Kind: protocol.Uint8},
		{Name: "smallint", Kind: protocol.Int16},
		{Name: "int", Kind: protocol.Int32},
		{Name: "bigint", Kind: protocol.Int64},
		{Name: "unsigned smallint", Kind: protocol.Uint16},
		{Name: "unsigned int", Kind: protocol.Uint32},
		{Name: "unsigned bigint", Kind: protocol.Uint64},
		{Name: "usmallint", Kind: protocol.Uint16},
		{Name: "uint", Kind: protocol.Uint32},
		{Name: "ubigint", Kind: protocol.Uint64},
		{Name: "decimal", Kind: protocol.Decimal},
		{Name: "numeric", Kind: protocol.Decimal},
		{Name: "numeric identity", Kind: protocol.Decimal},
		{Name: "money", Kind: protocol.Money},
		{Name: "smallmoney", Kind: protocol.Money},
		{Name: "real", Kind: protocol.Float32},
		{Name: "float", Kind: protocol.Float64},
		{Name: "double precision", Kind: protocol.Float64},
		{Name: "char", Kind: protocol.Text},
		{Name: "varchar", Kind: protocol.Text},
		{Name: "text", Kind: protocol.Text},
		{Name: "sysname", Kind: protocol.Text},
		{Name: "longsysname", Kind: protocol.Text},
		{Name: "nchar", Kind: protocol.NText},
		{Name: "nvarchar", Kind: protocol.NText},
		{Name: "unichar", Kind: protocol.NText},
		{Name: "univarchar", Kind: protocol.NText},
		{Name: "unitext", Kind: protocol.NText},
		{Name: "binary", Kind: protocol.Binary},
		{Name: "varbinary", Kind: protocol.Binary},
		{Name: "image", Kind: protocol.Binary},
		{Name: "timestamp", Kind: protocol.Binary}, // the number of a row's version
		{Name: "date", Kind: protocol.Date},
		{Name: "time", Kind: protocol.Time},
		{Name: "bigtime", Kind: protocol.Time},
		{Name: "smalldatetime", Kind: protocol.Timestamp},
		{Name: "datetime", Kind: protocol.Timestamp},
		{Name: "bigdatetime", Kind: protocol.Timestamp},
		{SQL: TinyInt, Kind: protocol.Uint8},
	},
	// 16,384 bytes are the most of a row, and so of a value that is not LONG.
	Params: []Param{
		{Kind: protocol.Text, SQL: Varchar, Long: LongVarchar, LongOver: 16384},
		{Kind: protocol.NText, SQL: WVarchar, Long: WLongVarchar, LongOver: 16384},
		{Kind: protocol.JSON, SQL: Varchar, Long: LongVarchar, LongOver: 16384},
		{Kind: protocol.XML, SQL: Varchar, Long: LongVarchar, LongOver: 16384},
		{Kind: protocol.Binary, SQL: Varbinary, Long: LongVarbinary, LongOver: 16384},
		{Kind: protocol.Decimal, SQL: Numeric, Size: 38, Digits: AsWritten},
		{Kind: protocol.Money, SQL: Numeric, Size: 38, Digits: AsWritten},
		{Kind: protocol.Uint64, SQL: Numeric, Size: 20},
		{Kind: protocol.Timestamp, SQL: Timestamp, Size: 26, Digits: 6, Cut: true},
		{Kind: protocol.TimestampTZ, SQL: Timestamp, Size: 26, Digits: 6, Cut: true},
	},
	Describe: Describe{Expressions: true, NotNull: NotNullDescribed, Tableless: true},
	// Names of tables, views and columns are quoted, those of savepoints and databases
	// cannot be. A name with a dot may be taken for a qualified one, and spaces at its end
	// are removed. There is no INSERT of several rows. The type of a marker must be known when
	// the statement is read, so that none can stand in the SELECT that a MERGE has for values.
	// TOP takes a number that is written out, and has no offset.
	Dialect: Dialect{
		QuoteOpen: `"`, QuoteClose: `"`,
		Savepoints: Savepoints{Make: "SAVE TRANSACTION %s", Back: "ROLLBACK TRANSACTION %s", Plain: true},
		Names:      Names{Max: 253, Unit: NameBytes, Never: `".`, NoEndSpace: true},
		Rows:       OneRow,
	},
	Lists: Lists{In: "IN (SELECT NULL WHERE 1 = 0)", NotIn: "NOT IN (SELECT NULL WHERE 1 = 0)", Max: 2000}, // a statement takes 2,048
	// As on SQL Server, levels and waits are the session's. There is no READ ONLY.
	Transactions: Transactions{
		Levels:      []Isolation{ReadUncommitted, ReadCommitted, RepeatableRead, Serializable},
		Isolation:   Temporary{Do: "SET TRANSACTION ISOLATION LEVEL %s", Undo: "SET TRANSACTION ISOLATION LEVEL READ COMMITTED"},
		LockTimeout: LockTimeout{Temporary: Temporary{Do: "SET LOCK WAIT %d", Undo: "SET LOCK WAIT"}, Unit: time.Second, Least: 1},
	},
	Session: Session{Marks: []string{";", " exec ", " execute ", " set ansi", " set chained ", " set lock ", " set transaction ", " set rowcount ", " use ", "into #"}},
	Faults:  sybaseFaults,
	Echoes:  []int32{3621},
	Catalog: sybaseCatalog,
	Calls:   escapedCalls,
	Quirks:  Quirks{RebindParams: true, Scoped: true},
	Bulk:    Bulk{Strategy: BulkArrays, Rows: 1, Culprit: []string{"column %s in table"}},
}
