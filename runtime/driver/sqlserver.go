package driver

import (
	"time"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// SQLServer describes Microsoft SQL Server through Microsoft's ODBC Driver 17 and 18. What
// is not SQLServerFreeTDS's too, is from Microsoft's documents.
var SQLServer = Plugin{
	Name:   "sqlserver",
	Match:  Match{DBMS: []string{"Microsoft SQL Server"}, Driver: []string{"msodbcsql", "sqlncli", "sqlsrv32"}},
	Types:  sqlserverTypes,
	Params: sqlserverParams,
	// A block with a long value cannot be gone back to: of a forward-only cursor SQLSetPos
	// is refused, and a static one is a copy of the result in tempdb. All types but those
	// of (max) have their longest size.
	Reads:        Reads{How: Sized},
	Describe:     sqlserverDescribe,
	Dialect:      sqlserverDialect,
	Lists:        sqlserverLists,
	Transactions: sqlserverTransactions,
	Session:      sqlserverSession,
	Database:     sqlserverDatabase,
	ReadOnly:     sqlserverReadOnly,
	Faults:       sqlserverFaults,
	Echoes:       sqlserverEchoes,
	Catalog:      sqlserverCatalog,
	Calls:        microsoftCalls,
	Quirks:       Quirks{RebindParams: true, Scoped: true, ErrorsFollow: true},
	// An array is done to its end though rows of it fail, and their states tell which. What
	// SQLRowCount says of one is told in several ways.
	Bulk:    Bulk{Strategy: BulkArrays, Rows: 1000, Culprit: sqlserverCulprits},
	Scratch: sqlserverScratch,
}

// SQLServerFreeTDS describes Microsoft SQL Server through FreeTDS 1.3.
var SQLServerFreeTDS = Plugin{
	Name:  "sqlserver",
	Match: Match{DBMS: []string{"Microsoft SQL Server"}, Driver: []string{"tdsodbc"}},
	Settings: []Setting{
		{"ClientCharset", "UTF-8", "text is ISO 8859-1 otherwise, and what that does not have is an error"},
	},
	// A "text size" of freetds.conf would cut long values without a word.
	Setup:  []string{"SET TEXTSIZE 2147483647"},
	Types:  sqlserverTypes,
	Params: freeTDSParams,
	// SQLSetPos is refused, a static cursor asks the server for each block, and SQLGetData
	// of a bound column goes on behind what was bound.
	Reads:        Reads{How: Sized},
	Describe:     sqlserverDescribe,
	Dialect:      sqlserverDialect,
	Lists:        sqlserverLists,
	Transactions: sqlserverTransactions,
	Session:      sqlserverSession,
	Database:     sqlserverDatabase,
	ReadOnly:     sqlserverReadOnly,
	Faults:       sqlserverFaults,
	Echoes:       sqlserverEchoes,
	Catalog:      sqlserverCatalog,
	Calls:        freeTDSCalls,
	// Asked for columns before parameters are bound, the driver calls them all
	// varchar(4000), which TOP and OFFSET refuse, and prepares the statement again when
	// it knows better.
	Quirks: Quirks{LinkEnds: true, Scoped: true, BindFirst: true, ErrorsFollow: true},
	// An array is one message, with a call for each row.
	Bulk:    Bulk{Strategy: BulkArrays, Rows: 1000, Counts: true, Culprit: sqlserverCulprits},
	Scratch: sqlserverScratch,
}

// Type codes of SQL Server.
const (
	sqlVariant        SQLType = -150
	sqlUDT            SQLType = -151
	sqlXML            SQLType = -152
	sqlTime2          SQLType = -154
	sqlDateTimeOffset SQLType = -155
)

// sqlserverTypes have all names: the server and its catalog tell no codes. A tinyint has no
// sign, and timestamp is another word for rowversion.
var sqlserverTypes = []TypeRule{
	{Name: "bit", Kind: protocol.Bool},
	{Name: "tinyint", Kind: protocol.Uint8},
	{Name: "tinyint identity", Kind: protocol.Uint8},
	{Name: "smallint", Kind: protocol.Int16},
	{Name: "smallint identity", Kind: protocol.Int16},
	{Name: "int", Kind: protocol.Int32},
	{Name: "int identity", Kind: protocol.Int32},
	{Name: "bigint", Kind: protocol.Int64},
	{Name: "bigint identity", Kind: protocol.Int64},
	{Name: "decimal", Kind: protocol.Decimal},
	{Name: "numeric", Kind: protocol.Decimal},
	{Name: "money", Kind: protocol.Money},
	{Name: "smallmoney", Kind: protocol.Money},
	{Name: "real", Kind: protocol.Float32},
	{Name: "float", Kind: protocol.Float64},
	{Name: "char", Kind: protocol.Text},
	{Name: "varchar", Kind: protocol.Text},
	{Name: "text", Kind: protocol.Text},
	{Name: "nchar", Kind: protocol.NText},
	{Name: "nvarchar", Kind: protocol.NText},
	{Name: "ntext", Kind: protocol.NText},
	{Name: "sysname", Kind: protocol.NText},
	{Name: "json", Kind: protocol.JSON}, // of SQL Server 2025
	{Name: "xml", Kind: protocol.XML},
	{Name: "uniqueidentifier", Kind: protocol.UUID},
	{Name: "binary", Kind: protocol.Binary},
	{Name: "varbinary", Kind: protocol.Binary},
	{Name: "image", Kind: protocol.Binary},
	{Name: "timestamp", Kind: protocol.Binary},
	{Name: "rowversion", Kind: protocol.Binary},
	{Name: "hierarchyid", Kind: protocol.Binary},
	{Name: "geography", Kind: protocol.Binary},
	{Name: "geometry", Kind: protocol.Binary},
	{Name: "date", Kind: protocol.Date},
	{Name: "time", Kind: protocol.Time},
	{Name: "smalldatetime", Kind: protocol.Timestamp},
	{Name: "datetime", Kind: protocol.Timestamp},
	{Name: "datetime2", Kind: protocol.Timestamp},
	{Name: "datetimeoffset", Kind: protocol.DateTimeOffset},
	{Name: "sql_variant", Kind: protocol.Invalid}, // each row has a type of its own
	{SQL: TinyInt, Kind: protocol.Uint8},
	{SQL: sqlVariant, Kind: protocol.Invalid},
	{SQL: sqlUDT, Kind: protocol.Binary},
	{SQL: sqlXML, Kind: protocol.XML},
	{SQL: sqlTime2, Kind: protocol.Time},
	{SQL: sqlDateTimeOffset, Kind: protocol.DateTimeOffset},
}

// sqlserverParams: sizes are the largest, so that a statement is prepared once, whatever
// its values. A parameter that is longer would be cut: it is nvarchar(max) or
// varbinary(max). Texts written out are converted to the type of what stands beside them,
// and round: numbers go as numbers.
var sqlserverParams = append([]Param{
	{Kind: protocol.Timestamp, SQL: Timestamp, Size: 27, Digits: 7, Cut: true},
	{Kind: protocol.TimestampTZ, SQL: Timestamp, Size: 27, Digits: 7, Cut: true},
	{Kind: protocol.DateTimeOffset, SQL: sqlDateTimeOffset, Form: AsZoned, Size: 34, Digits: 7},
}, sqlserverPlainParams...)

// freeTDSParams: FreeTDS 1.3.17 reads no offset in a text that goes as datetimeoffset, and
// sends a time as one of UTC; SQL Server does read it.
var freeTDSParams = append([]Param{
	{Kind: protocol.Timestamp, SQL: Timestamp, Size: 27, Digits: 7},
	{Kind: protocol.TimestampTZ, SQL: Timestamp, Size: 27, Digits: 7},
	{Kind: protocol.DateTimeOffset, SQL: WVarchar, Form: AsZoned, Size: 40},
}, sqlserverPlainParams...)

var sqlserverPlainParams = []Param{
	{Kind: protocol.Text, SQL: WVarchar, Size: 4000, Long: WLongVarchar, LongOver: 4000},
	{Kind: protocol.NText, SQL: WVarchar, Size: 4000, Long: WLongVarchar, LongOver: 4000},
	{Kind: protocol.JSON, SQL: WVarchar, Size: 4000, Long: WLongVarchar, LongOver: 4000},
	{Kind: protocol.XML, SQL: WVarchar, Size: 4000, Long: WLongVarchar, LongOver: 4000},
	{Kind: protocol.Interval, SQL: WVarchar, Size: 4000, Long: WLongVarchar, LongOver: 4000},
	{Kind: protocol.Binary, SQL: Varbinary, Size: 8000, Long: LongVarbinary, LongOver: 8000},
	{Kind: protocol.Decimal, SQL: Numeric, Size: 38, Digits: AsWritten},
	{Kind: protocol.Money, SQL: Numeric, Size: 38, Digits: AsWritten},
	{Kind: protocol.Uint64, SQL: Numeric, Size: 20},
	{Kind: protocol.UUID, SQL: GUID, Size: 36},
	{Kind: protocol.Time, SQL: sqlTime2, Size: 16, Digits: 7},
}

// sqlserverDescribe: the server reads a statement, and finds names that it does not know,
// when it is prepared. It wants types for parameters then, and tells them in a procedure
// of SQL Server 2012.
var sqlserverDescribe = Describe{
	Expressions: true, NotNull: NotNullDescribed, Unsigned: true, Tableless: true,
	ViewText:   "SELECT m.definition FROM sys.sql_modules AS m WHERE m.object_id = OBJECT_ID(?, 'V')",
	Functions:  "SELECT LOWER(name) AS name FROM sys.all_objects WHERE type IN ('AF', 'FN', 'FS', 'FT', 'IF', 'TF') ORDER BY 1",
	Undeclared: Undeclared{Query: "EXEC sp_describe_undeclared_parameters ?", Marker: "@P%d", Columns: 24, Type: 4},
}

var sqlserverDialect = Dialect{
	QuoteOpen: "[", QuoteClose: "]",
	RecursiveWith: true,
	Savepoints:    Savepoints{Make: "SAVE TRANSACTION %s", Back: "ROLLBACK TRANSACTION %s", Max: 32},
	Names:         Names{Max: 128, Unit: NameUTF16},
	// Without HOLDLOCK two connections may both find that a row is not there.
	Upserts:   Upserts{Form: MergeRows, Merge: Merge{Into: "%s WITH (HOLDLOCK) AS t", Keys: sqlserverKeys, End: ";"}},
	Returning: OutputInserted, Pages: OffsetFetch,
}

// sqlserverKeys: of two rows of one key in a MERGE, both are inserted where none is there,
// but for a unique index (2627); one that is there is an error (8672).
const sqlserverKeys = "SELECT i.name, c.name FROM sys.indexes AS i JOIN sys.index_columns AS k ON k.object_id = i.object_id AND k.index_id = i.index_id" +
	" JOIN sys.columns AS c ON c.object_id = k.object_id AND c.column_id = k.column_id WHERE i.object_id = OBJECT_ID(?)" +
	" AND i.is_unique = 1 AND i.is_disabled = 0 AND i.has_filter = 0 AND k.key_ordinal > 0"

// sqlserverLists: a statement takes 2,100 parameters, some of which the driver may need.
var sqlserverLists = Lists{In: "IN (SELECT NULL WHERE 1 = 0)", NotIn: "NOT IN (SELECT NULL WHERE 1 = 0)", Max: 2000}

// sqlserverTransactions: levels and lock time-outs are the session's, and would be those of
// its next user. There is no READ ONLY. SNAPSHOT is no level of the standard: a database
// with READ_COMMITTED_SNAPSHOT has it as READ COMMITTED.
//
// With XACT_ABORT any error ends the transaction, and so does one in a trigger; the server
// tells that only by a transaction count of 0.
var sqlserverTransactions = Transactions{
	Levels:      []Isolation{ReadUncommitted, ReadCommitted, RepeatableRead, Serializable},
	Isolation:   Temporary{Do: "SET TRANSACTION ISOLATION LEVEL %s", Undo: "SET TRANSACTION ISOLATION LEVEL READ COMMITTED"},
	LockTimeout: LockTimeout{Temporary: Temporary{Do: "SET LOCK_TIMEOUT %d", Undo: "SET LOCK_TIMEOUT -1"}, Unit: time.Millisecond}, // 0 does not wait
	EndedBy: []Kind{
		KindUnknown, KindLockTimeout, KindCancelled, KindDeadline, KindReadOnly, KindDiskFull, KindUnique, KindForeignKey, KindNotNull, KindCheck,
		KindConstraint, KindSyntax, KindUnknownObject, KindPermission, KindData, KindUnsupported, KindUser,
	},
	Over: "IF @@TRANCOUNT > 0 RAISERROR('a transaction is open', 16, 1) ELSE BEGIN TRANSACTION",
}

// sqlserverSession: what makes a session as new is a bit in the header of a message
// (sp_reset_connection may not be called), which these drivers set for their own pools
// only. SQL Server needs no semicolon between statements.
var sqlserverSession = Session{Marks: []string{
	";", " exec ", " execute ", " set transaction ", " set lock_timeout ", " set nocount ", " set xact_abort ", " set language ", " set dateformat ",
	" set datefirst ", " set identity_insert ", " set context_info ", " set rowcount ", " set ansi_", " set implicit_transactions ", " use ",
	" begin tran", "into #", "create table #",
}}

var sqlserverDatabase = Database{Enter: "USE %s", Name: "SELECT DB_NAME()"}

const sqlserverReadOnly = "SELECT CASE DATABASEPROPERTYEX(DB_NAME(), 'Updateability') WHEN 'READ_WRITE' THEN 0 ELSE 1 END"

// sqlserverEchoes: a login has failed, a statement was not prepared, or is undone. FreeTDS
// puts messages of a higher class first.
var sqlserverEchoes = []int32{18456, 8180, 3621}

// sqlserverCulprits are those of 515 and 2628. The column that 547 names may be one of the
// table referred to.
var sqlserverCulprits = []string{"into column '%s'", "column '%s'. Truncated value"}

var sqlserverScratch = Scratch{
	Skip:   []string{"USE "},
	Create: "CREATE DATABASE %s",
	Enter:  "USE %s",
	Drop:   "USE master; DROP DATABASE %s",
}
