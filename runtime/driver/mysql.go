package driver

import (
	"slices"
	"time"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// MySQL describes MySQL 8 through MySQL Connector/ODBC 8 and 9, from documents: what
// needs trust in the driver is left out.
var MySQL = Plugin{
	Name:  "mysql",
	Match: Match{DBMS: []string{"MySQL"}, Driver: []string{"myodbc"}},
	Setup: mysqlSetup,
	Types: []TypeRule{
		{Name: "json", Kind: protocol.JSON},
		// The driver with wide calls has these for all text.
		{SQL: WChar, Kind: protocol.Text},
		{SQL: WVarchar, Kind: protocol.Text},
		{SQL: WLongVarchar, Kind: protocol.Text},
	},
	Params: []Param{
		{Kind: protocol.Uint64, SQL: Decimal, Form: AsText, Size: 20},
		{Kind: protocol.Decimal, SQL: Decimal, Size: 65},
		{Kind: protocol.Binary, SQL: LongVarbinary},
	},
	Results: []Result{
		{Kind: protocol.Date, Form: AsText}, // 0000-00-00 has no structure
	},
	// There is no Check: MySQL prepares no PREPARE, and explains not every statement.
	Describe: Describe{
		Expressions: true, NotNull: NotNullDescribed, Unsigned: true,
		Functions: mysqlFunctions, ViewText: MariaDB.Describe.ViewText,
	},
	Dialect:      mysqlDialect,
	Lists:        MariaDB.Lists,
	InsertID:     MariaDB.InsertID,
	Reads:        Reads{Buffered: true},
	Bulk:         mysqlBulk,
	Transactions: mysqlTransactions,
	Session:      MariaDB.Session,
	Faults:       mysqlFaults,
	Catalog:      mysqlCatalog,
	// Connector/ODBC writes OUT parameters into the bound ones since 5.2.2, but for LONGTEXT
	// and LONGBLOB.
	Calls: Calls{
		Procedure: Call{Text: "CALL %s(%s)", Out: "?"},
		Function:  Call{Text: "SELECT %s(%s)", Values: ValuesRow},
		Width:     65535,
	},
	ReadOnly: MariaDB.ReadOnly,
	Quirks:   Quirks{RebindParams: true, StarsOnce: true, Probe: "SELECT 1"},
	Scratch:  mysqlScratch,
}

// MySQLMariaDB describes MySQL 8 through MariaDB Connector/ODBC 3.1, measured on
// go-mysql-server 0.20.
var MySQLMariaDB = Plugin{
	Name:  "mysql",
	Match: Match{DBMS: []string{"MySQL"}, Driver: []string{"maodbc"}},
	Setup: mysqlSetup,
	// MySQL has a type of its own for json on the wire. The driver has no name for
	// it, and no code; the catalog has the name.
	Types:   []TypeRule{{SQL: Unknown, Kind: protocol.JSON}, {Name: "json", Kind: protocol.JSON}},
	Params:  MariaDB.Params,
	Results: MariaDB.Results,
	Describe: Describe{
		Expressions: true, NotNull: NotNullDescribed, Unsigned: true,
		Functions: mysqlFunctions, ViewText: MariaDB.Describe.ViewText,
	},
	Dialect:      mysqlDialect,
	Lists:        MariaDB.Lists,
	InsertID:     MariaDB.InsertID,
	Reads:        MariaDB.Reads,
	Bulk:         mysqlBulk,
	Transactions: mysqlTransactions,
	Session:      MariaDB.Session,
	Faults:       mysqlFaults,
	Catalog:      mysqlCatalog,
	Calls:        MariaDB.Calls,
	Database:     MariaDB.Database,
	ReadOnly:     MariaDB.ReadOnly,
	Quirks:       MariaDB.Quirks,
	Scratch:      mysqlScratch,
}

// mysqlDialect: VALUES(column) in ON DUPLICATE KEY UPDATE is deprecated since 8.0.20, and
// the only form that older servers have.
var mysqlDialect = Dialect{
	QuoteOpen: "`", QuoteClose: "`", Pipes: PipesOr,
	Names:   Names{Max: 64, Basic: true, NoEndSpace: true},
	Upserts: Upserts{Form: OnDuplicateKey}, Pages: LimitOffset,
}

var mysqlSetup = []string{"SET time_zone = '+00:00'"}

// mysqlFunctions: MySQL lists the functions of users alone, its own are in its help.
const mysqlFunctions = "SELECT ROUTINE_NAME AS name FROM information_schema.ROUTINES" +
	" WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_TYPE = 'FUNCTION' ORDER BY 1"

// mysqlBulk: both drivers execute the rows of a parameter array one by one. MariaDB's
// breaks it off at a bad one with SUCCESS_WITH_INFO.
var mysqlBulk = Bulk{
	Strategy: BulkRows, Rows: 500, MaxMarkers: 10_000, Counts: true, CountsNone: true,
	Culprit: []string{"olumn '%s'", "FOREIGN KEY (`%s`)"},
}

var mysqlTransactions = Transactions{
	Modes:     MariaDB.Transactions.Modes,
	Levels:    MariaDB.Transactions.Levels,
	Isolation: MariaDB.Transactions.Isolation,
	ReadOnly:  MariaDB.Transactions.ReadOnly,
	LockTimeout: LockTimeout{Unit: time.Second, Least: 1, Temporary: Temporary{
		Do: "SET @odbcgen_rows = @@SESSION.innodb_lock_wait_timeout, @odbcgen_tables = @@SESSION.lock_wait_timeout, " +
			"SESSION innodb_lock_wait_timeout = %[1]d, SESSION lock_wait_timeout = %[1]d",
		Undo: "SET SESSION innodb_lock_wait_timeout = @odbcgen_rows, SESSION lock_wait_timeout = @odbcgen_tables, " +
			"@odbcgen_rows = NULL, @odbcgen_tables = NULL",
	}},
	// The wait ends the whole transaction with innodb_rollback_on_timeout. There are no
	// blocks outside of routines to ask in; the modes of a transaction that has a
	// statement cannot be changed (1568).
	EndedBy: []Kind{KindLockTimeout}, Over: "SET TRANSACTION READ WRITE",
}

// mysqlFaults are those of MariaDB, and what MySQL alone has, from its documents.
var mysqlFaults = slices.Concat(mariadbFaults, []Fault{
	{Natives: []int32{3058}, Class: Class{Transient, KindDeadlock, StatementRolledBack, ScopeTransaction, Reset}}, // of GET_LOCK
	{Natives: []int32{3101}, Class: again(KindSerialization)},                                                     // of group replication
	{Natives: []int32{3572}, Class: waited(KindLockTimeout)},                                                      // NOWAIT
	{Natives: []int32{1568}, Class: Class{Validation, KindTransaction, NotExecuted, ScopeNone, Keep}},
	{Natives: []int32{3098}, Class: invalid(KindUnsupported)}, // a table that group replication does not take
	{Natives: []int32{3730}, Class: invalid(KindForeignKey)},  // the table is referred to
	{Natives: []int32{1411, 1416, 1690, 3140, 3141, 3143, 3144}, Class: invalid(KindData)},
	{Natives: []int32{3118, 3955}, Phase: Connecting, Class: authClass}, // locked, blocked
	{Natives: []int32{3168, 3169}, Class: lostClass},
})

var mysqlScratch = Scratch{
	Skip:   MariaDB.Scratch.Skip,
	Create: "CREATE DATABASE %s",
	Enter:  "USE %s",
	Drop:   "DROP DATABASE %s",
}
