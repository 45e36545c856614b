package driver

import (
	"time"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// MariaDB describes MariaDB through MariaDB Connector/ODBC 3.1.
var MariaDB = Plugin{
	Name: "mariadb",
	// What is said here was measured on 3.1: what is older is asked as an unknown driver.
	Match: Match{DBMS: []string{"MariaDB"}, Driver: []string{"maodbc"}, DriverSince: "3.1"},
	Setup: []string{"SET time_zone = '+00:00'"},
	// boolean and tinyint(1) are tinyint to the driver, json is text, uuid is char.
	Params: []Param{
		{Kind: protocol.Uint64, SQL: BigInt, Size: 20},
		{Kind: protocol.Decimal, SQL: Decimal, Size: 65},
		{Kind: protocol.Binary, SQL: LongVarbinary},
	},
	// As a structure 0000-00-00 is NULL. A zero timestamp stays so: written out,
	// timestamps take a quarter longer.
	Results: []Result{
		{Kind: protocol.Date, Form: AsText},
	},
	// The driver tells a syntax error only at execution.
	Describe: Describe{
		Expressions: true, NotNull: NotNullDescribed, Unsigned: true, Check: Check{CheckQuoted, "PREPARE odbcgen_check FROM "},
		Functions: "SELECT LOWER(FUNCTION) AS name FROM information_schema.SQL_FUNCTIONS" +
			" UNION SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() ORDER BY 1",
		Returning: ReturningExecuted,
		ViewText: "SELECT view_definition FROM information_schema.views " +
			"WHERE REPLACE(?, '`', '') IN (CONCAT(table_schema, '.', table_name), IF(table_schema = DATABASE(), table_name, NULL))",
	},
	Dialect: Dialect{
		QuoteOpen: "`", QuoteClose: "`", Pipes: PipesOr,
		Names: Names{Max: 64, Basic: true, NoEndSpace: true},
		// With 2 among the bits of OPTION, rows that are there count though they stay as they are.
		Upserts:   Upserts{Form: OnDuplicateKey, Count: CountedTwice, Recounts: []string{"option", "dsn"}},
		Returning: ReturningClause, Pages: LimitOffset,
	},
	Lists:    Lists{In: "IN (SELECT NULL FROM DUAL WHERE FALSE)", NotIn: "NOT IN (SELECT NULL FROM DUAL WHERE FALSE)"},
	InsertID: "SELECT LAST_INSERT_ID()",
	// The driver has no way to stream.
	Reads: Reads{How: Refetch, Buffered: true},
	// Rows a second of a table of five columns: 174 k in arrays of 200, 190 k of
	// 5000, 243 k of 20 000; 170 k in multi-row VALUES.
	Bulk: Bulk{
		Strategy: BulkArrays, Rows: 4000, Counts: true, CountsNone: true,
		Culprit: []string{"olumn '%s'", "FOREIGN KEY (`%s`)"},
	},
	// SET TRANSACTION is for the next transaction, or the one that has no statement yet.
	// Waits for rows and for tables have bounds of their own.
	Transactions: Transactions{
		Modes:     "SET TRANSACTION %s",
		Levels:    []Isolation{ReadUncommitted, ReadCommitted, RepeatableRead, Serializable},
		Isolation: Temporary{Mode: "ISOLATION LEVEL %s"},
		ReadOnly:  Temporary{Mode: "READ ONLY"},
		LockTimeout: LockTimeout{Unit: time.Second, Least: 1, Temporary: Temporary{
			Do: "SET @odbcgen_rows = @@SESSION.innodb_lock_wait_timeout, @odbcgen_tables = @@SESSION.lock_wait_timeout, " +
				"SESSION innodb_lock_wait_timeout = %[1]d, SESSION lock_wait_timeout = %[1]d",
			Undo: "SET SESSION innodb_lock_wait_timeout = @odbcgen_rows, SESSION lock_wait_timeout = @odbcgen_tables, " +
				"@odbcgen_rows = NULL, @odbcgen_tables = NULL",
		}},
		// A wait that is too long ends the statement, but all with innodb_rollback_on_timeout.
		EndedBy: []Kind{KindLockTimeout}, Over: "BEGIN NOT ATOMIC IF @@in_transaction THEN SIGNAL SQLSTATE '45000'; END IF; END",
	},
	// The driver has no way to reset a session: SQL_ATTR_RESET_CONNECTION changes nothing.
	Session: Session{Marks: []string{"get_lock", ":=", "into @", "last_insert_id(?"}},
	// The SQLSTATE of a value that is not in an ENUM is 01000. A parameter array with
	// one is plain success, and stores nothing.
	// The server gives what the star stands for now, the driver calls it by the old names.
	Faults:   mariadbFaults,
	Catalog:  mariadbCatalog,
	Database: Database{Enter: "USE %s", Name: "SELECT DATABASE()"},
	ReadOnly: "SELECT @@GLOBAL.read_only",
	Quirks:   Quirks{LinkEnds: true, InfoIsFailure: true, StarsOnce: true},
	// What MariaDB Connector/ODBC 3.1.15 writes into bound parameters is 0 where the value
	// is NULL; the server's own row of them, which it gives too, is right.
	Calls: Calls{Procedure: Call{Text: "CALL %s(%s)", Out: "?", Values: ValuesRow}, Function: Call{Text: "SELECT %s(%s)", Values: ValuesRow}},
	Scratch: Scratch{
		Skip:     []string{"SET NAMES"},
		Synonyms: []string{"utf8mb4_0900_ai_ci", "utf8mb4_unicode_ci", "utf8mb4_0900_as_cs", "utf8mb4_bin", "utf8mb4_0900_bin", "utf8mb4_bin"}, // of MySQL 8
		Create:   "CREATE DATABASE %s",
		Enter:    "USE %s",
		Drop:     "DROP DATABASE %s",
	},
}
