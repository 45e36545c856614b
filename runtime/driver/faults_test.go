package driver_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/driver"
)

// TestClassify holds what errors mean. The records are those that the drivers have
// been seen to give; those of databases without a server here are from documents.
func TestClassify(t *testing.T) {
	type class struct {
		category driver.Category
		kind     driver.Kind
		outcome  driver.Outcome
		scope    driver.Scope
	}
	lost := class{driver.ConnectionLost, driver.KindConnection, driver.OutcomeUnknown, driver.ScopeNone}
	refused := class{driver.Transient, driver.KindConnect, driver.NotSent, driver.ScopeConnect}
	full := class{driver.Transient, driver.KindCapacity, driver.NotSent, driver.ScopeConnect}
	auth := class{driver.Fatal, driver.KindAuth, driver.NotSent, driver.ScopeNone}
	config := class{driver.Fatal, driver.KindConfig, driver.NotSent, driver.ScopeNone}
	deadlock := class{driver.Transient, driver.KindDeadlock, driver.TransactionRolledBack, driver.ScopeTransaction}
	serialization := class{driver.Transient, driver.KindSerialization, driver.TransactionRolledBack, driver.ScopeTransaction}
	locked := class{driver.Transient, driver.KindLockTimeout, driver.StatementRolledBack, driver.ScopeStatement}
	unknown := class{driver.Fatal, driver.KindUnknown, driver.OutcomeUnknown, driver.ScopeNone}
	invalid := func(k driver.Kind) class {
		return class{driver.Validation, k, driver.StatementRolledBack, driver.ScopeNone}
	}
	record := func(state string, native int32, message ...string) driver.Record {
		r := driver.Record{State: state, Native: native}
		if len(message) > 0 {
			r.Message = message[0]
		}
		return r
	}
	for _, test := range []struct {
		name    string
		plugin  *driver.Plugin
		phase   driver.Phase
		records []driver.Record
		want    class
	}{
		{"pg refused", &driver.Postgres, driver.Connecting, []driver.Record{record("08001", 101, "connection refused")}, refused},
		{"pg password", &driver.Postgres, driver.Connecting, []driver.Record{record("08001", 101, `FATAL: password authentication failed for user "u"`)}, auth},
		{"pg database", &driver.Postgres, driver.Connecting, []driver.Record{record("08001", 101, `FATAL: database "nix" does not exist`)}, config},
		{"pg full", &driver.Postgres, driver.Connecting, []driver.Record{record("08001", 101, "FATAL: sorry, too many clients already")}, full},
		{"pg slots", &driver.Postgres, driver.Connecting, []driver.Record{record("08001", 101, "FATAL: remaining connection slots are reserved")}, full},
		{"pg host", &driver.Postgres, driver.Connecting, []driver.Record{record("08001", 101, `could not translate host name "x"`)}, config},
		{"pg silent", &driver.Postgres, driver.Connecting, []driver.Record{record("08001", 101, "timeout expired")}, class{driver.Transient, driver.KindDeadline, driver.NotSent, driver.ScopeConnect}},
		{"pg starting", &driver.Postgres, driver.Connecting, []driver.Record{record("57P03", 101, "the database system is starting up")}, refused},
		{"pg killed", &driver.Postgres, driver.Executing, []driver.Record{record("57P01", 35)}, lost},
		{"pg killed before", &driver.Postgres, driver.Executing, []driver.Record{record("08S01", 35)}, lost},
		{"pg idle in transaction", &driver.Postgres, driver.Executing, []driver.Record{record("25P03", 35)}, class{driver.ConnectionLost, driver.KindConnection, driver.TransactionRolledBack, driver.ScopeTransaction}},
		{"pg commit after kill", &driver.Postgres, driver.Committing, []driver.Record{record("57P01", 108)}, lost},
		{"pg deadlock", &driver.Postgres, driver.Executing, []driver.Record{record("40P01", 1)}, deadlock},
		{"pg serialization", &driver.Postgres, driver.Executing, []driver.Record{record("40001", 1)}, serialization},
		{"pg lock", &driver.Postgres, driver.Executing, []driver.Record{record("55P03", 1)}, locked},
		{"pg cancelled", &driver.Postgres, driver.Executing, []driver.Record{record("57014", 1, "canceling statement due to user request")}, class{driver.Fatal, driver.KindCancelled, driver.StatementRolledBack, driver.ScopeNone}},
		{"pg statement timeout", &driver.Postgres, driver.Executing, []driver.Record{record("57014", 1, "canceling statement due to statement timeout")}, class{driver.Transient, driver.KindDeadline, driver.StatementRolledBack, driver.ScopeNone}},
		{"pg read-only", &driver.Postgres, driver.Executing, []driver.Record{record("25006", 1)}, class{driver.Validation, driver.KindReadOnly, driver.NotExecuted, driver.ScopeNone}},
		{"pg no table", &driver.Postgres, driver.Preparing, []driver.Record{record("42P01", 1)}, invalid(driver.KindUnknownObject)},
		{"pg syntax", &driver.Postgres, driver.Preparing, []driver.Record{record("42601", 1)}, invalid(driver.KindSyntax)},
		{"pg duplicate", &driver.Postgres, driver.Executing, []driver.Record{record("23505", 1)}, invalid(driver.KindUnique)},
		{"pg exclusion", &driver.Postgres, driver.Executing, []driver.Record{record("23P01", 1)}, invalid(driver.KindCheck)},
		{"pg too long", &driver.Postgres, driver.Executing, []driver.Record{record("22001", 1)}, invalid(driver.KindData)},
		{"pg disk full", &driver.Postgres, driver.Executing, []driver.Record{record("53100", 1)}, class{driver.Fatal, driver.KindDiskFull, driver.StatementRolledBack, driver.ScopeNone}},
		{"pg cached plan", &driver.Postgres, driver.Executing, []driver.Record{record("0A000", 1, "cached plan must not change result type")}, class{driver.Transient, driver.KindStale, driver.NotExecuted, driver.ScopeStatement}},
		{"pg not supported", &driver.Postgres, driver.Executing, []driver.Record{record("0A000", 1)}, invalid(driver.KindUnsupported)},
		{"pg raised", &driver.Postgres, driver.Executing, []driver.Record{record("P0001", 1)}, invalid(driver.KindUser)},
		{"pg aborted", &driver.Postgres, driver.Executing, []driver.Record{record("25P02", 1)}, class{driver.Fatal, driver.KindTransaction, driver.NotExecuted, driver.ScopeNone}},

		{"pg full for a role", &driver.Postgres, driver.Connecting, []driver.Record{record("08001", 101, `FATAL: too many connections for role "r"`)}, full},
		{"pg full for a database", &driver.Postgres, driver.Connecting, []driver.Record{record("08001", 101, `FATAL: too many connections for database "d"`)}, full},
		{"pg no right to connect", &driver.Postgres, driver.Connecting, []driver.Record{record("08001", 101, `FATAL: permission denied for database "d"`)}, auth},
		{"pg no role", &driver.Postgres, driver.Connecting, []driver.Record{record("08001", 101, `FATAL: role "nobody" does not exist`)}, auth},
		{"pg peer", &driver.Postgres, driver.Connecting, []driver.Record{record("08001", 101, `FATAL: Peer authentication failed for user "u"`)}, auth},
		{"pg starting up", &driver.Postgres, driver.Connecting, []driver.Record{record("08001", 101, "FATAL: the database system is starting up")}, refused},
		{"pg in another language", &driver.Postgres, driver.Connecting, []driver.Record{record("08001", 101, "FATAL: Datenbank »nix« existiert nicht")}, refused},
		{"pg idle", &driver.Postgres, driver.Executing, []driver.Record{record("57P05", 35)}, class{driver.ConnectionLost, driver.KindConnection, driver.TransactionRolledBack, driver.ScopeTransaction}},
		{"pg killed in commit", &driver.Postgres, driver.Committing, []driver.Record{record("57P01", -1)}, lost},
		{"pg gone before prepare", &driver.Postgres, driver.Preparing, []driver.Record{record("HY000", 1, "server closed the connection unexpectedly;\nNo query has been executed with that handle")}, class{driver.ConnectionLost, driver.KindConnection, driver.NotExecuted, driver.ScopeNone}},
		{"pg lock timeout by text", &driver.Postgres, driver.Executing, []driver.Record{record("57014", 1, "canceling statement due to lock timeout")}, locked},
		{"pg no type for a parameter", &driver.Postgres, driver.Preparing, []driver.Record{record("42P18", 1)}, invalid(driver.KindSyntax)},

		{"mariadb silent", &driver.MariaDB, driver.Connecting, []driver.Record{record("08S01", 2013)}, class{driver.Transient, driver.KindDeadline, driver.NotSent, driver.ScopeConnect}},
		{"mariadb garbage", &driver.MariaDB, driver.Connecting, []driver.Record{record("HY000", 2027)}, refused},
		{"mariadb without a right to files", &driver.MariaDB, driver.Executing, []driver.Record{record("HY000", 1290, "running with the --secure-file-priv option")}, invalid(driver.KindUnsupported)},
		{"mariadb unknown", &driver.MariaDB, driver.Executing, []driver.Record{record("HY000", 1105)}, unknown},
		{"mariadb null without indicator", &driver.MariaDB, driver.Fetching, []driver.Record{record("22002", 0)}, invalid(driver.KindData)},
		{"mariadb too large a packet", &driver.MariaDB, driver.Executing, []driver.Record{record("08S01", 1153)}, class{driver.Validation, driver.KindData, driver.NotExecuted, driver.ScopeNone}},

		{"mariadb refused", &driver.MariaDB, driver.Connecting, []driver.Record{record("HY000", 2002)}, refused},
		{"mariadb full", &driver.MariaDB, driver.Connecting, []driver.Record{record("HY000", 1040)}, full},
		{"mariadb password", &driver.MariaDB, driver.Connecting, []driver.Record{record("28000", 1045)}, auth},
		{"mariadb database", &driver.MariaDB, driver.Connecting, []driver.Record{record("42000", 1049)}, config},
		{"mariadb killed", &driver.MariaDB, driver.Executing, []driver.Record{record("08S01", 2013)}, lost},
		{"mariadb dead socket", &driver.MariaDB, driver.Executing, []driver.Record{record("HY000", 5014)}, lost},
		{"mariadb found dead", &driver.MariaDB, driver.Executing, []driver.Record{record("08003", 0)}, class{driver.ConnectionLost, driver.KindConnection, driver.NotExecuted, driver.ScopeNone}},
		{"mariadb out of step", &driver.MariaDB, driver.Executing, []driver.Record{record("HY000", 2027)}, class{driver.ConnectionLost, driver.KindProtocol, driver.OutcomeUnknown, driver.ScopeNone}},
		{"mariadb deadlock", &driver.MariaDB, driver.Executing, []driver.Record{record("40001", 1213)}, deadlock},
		{"mariadb lock", &driver.MariaDB, driver.Executing, []driver.Record{record("HY000", 1205)}, locked},
		{"mariadb duplicate", &driver.MariaDB, driver.Executing, []driver.Record{record("23000", 1062)}, invalid(driver.KindUnique)},
		{"mariadb foreign key", &driver.MariaDB, driver.Executing, []driver.Record{record("23000", 1452)}, invalid(driver.KindForeignKey)},
		{"mariadb not null", &driver.MariaDB, driver.Executing, []driver.Record{record("23000", 1048)}, invalid(driver.KindNotNull)},
		{"mariadb check", &driver.MariaDB, driver.Executing, []driver.Record{record("23000", 4025)}, invalid(driver.KindCheck)},
		{"mariadb no table", &driver.MariaDB, driver.Executing, []driver.Record{record("42S02", 1146)}, invalid(driver.KindUnknownObject)},
		{"mariadb too long", &driver.MariaDB, driver.Executing, []driver.Record{record("22001", 1406)}, invalid(driver.KindData)},
		{"mariadb read-only", &driver.MariaDB, driver.Executing, []driver.Record{record("HY000", 1290, "The MariaDB server is running with the --read-only option")}, class{driver.Validation, driver.KindReadOnly, driver.StatementRolledBack, driver.ScopeNone}},
		{"mariadb cancelled", &driver.MariaDB, driver.Executing, []driver.Record{record("HY018", 1317)}, class{driver.Fatal, driver.KindCancelled, driver.StatementRolledBack, driver.ScopeNone}},
		{"mariadb statement time", &driver.MariaDB, driver.Executing, []driver.Record{record("70100", 1969)}, class{driver.Transient, driver.KindDeadline, driver.StatementRolledBack, driver.ScopeNone}},

		{"sqlite busy", &driver.SQLite, driver.Executing, []driver.Record{record("HY000", 5, "database is locked (5)")}, locked},
		{"sqlite locked", &driver.SQLite, driver.Executing, []driver.Record{record("HY000", 6)}, locked},
		{"sqlite no journal", &driver.SQLite, driver.Executing, []driver.Record{record("HY000", 14)}, class{driver.Fatal, driver.KindConfig, driver.StatementRolledBack, driver.ScopeNone}},
		{"sqlite read-only", &driver.SQLite, driver.Executing, []driver.Record{record("HY000", 8)}, class{driver.Validation, driver.KindReadOnly, driver.StatementRolledBack, driver.ScopeNone}},
		{"sqlite no file", &driver.SQLite, driver.Connecting, []driver.Record{record("HY000", 14)}, config},
		{"sqlite no database", &driver.SQLite, driver.Connecting, []driver.Record{record("HY000", 26)}, class{driver.Fatal, driver.KindCorrupt, driver.NotSent, driver.ScopeNone}},
		{"sqlite duplicate", &driver.SQLite, driver.Executing, []driver.Record{record("HY000", 19, "UNIQUE constraint failed: book.id (19)")}, invalid(driver.KindUnique)},
		{"sqlite not null", &driver.SQLite, driver.Executing, []driver.Record{record("HY000", 19, "NOT NULL constraint failed: book.title (19)")}, invalid(driver.KindNotNull)},
		{"sqlite foreign key", &driver.SQLite, driver.Executing, []driver.Record{record("HY000", 19, "FOREIGN KEY constraint failed (19)")}, invalid(driver.KindForeignKey)},
		{"sqlite check", &driver.SQLite, driver.Executing, []driver.Record{record("HY000", 19, "CHECK constraint failed: pages (19)")}, invalid(driver.KindCheck)},
		{"sqlite no table", &driver.SQLite, driver.Preparing, []driver.Record{record("HY000", 1, "no such table: nix (1)")}, invalid(driver.KindUnknownObject)},
		{"sqlite syntax", &driver.SQLite, driver.Preparing, []driver.Record{record("HY000", 1, `near "SELEC": syntax error (1)`)}, invalid(driver.KindSyntax)},
		{"sqlite full", &driver.SQLite, driver.Executing, []driver.Record{record("HY000", 13)}, class{driver.Fatal, driver.KindDiskFull, driver.StatementRolledBack, driver.ScopeNone}},
		{"sqlite interrupted", &driver.SQLite, driver.Executing, []driver.Record{record("HY000", 9)}, class{driver.Fatal, driver.KindCancelled, driver.StatementRolledBack, driver.ScopeNone}},

		{"freetds refused", &driver.SQLServerFreeTDS, driver.Connecting, []driver.Record{record("08S01", 20009), record("08001", 0)}, refused},
		{"freetds silent", &driver.SQLServerFreeTDS, driver.Connecting, []driver.Record{record("HYT00", 0), record("08001", 0)}, class{driver.Transient, driver.KindDeadline, driver.NotSent, driver.ScopeConnect}},
		{"freetds garbage", &driver.SQLServerFreeTDS, driver.Connecting, []driver.Record{record("08001", 0), record("01000", 20002)}, refused},
		{"freetds wrong password", &driver.SQLServerFreeTDS, driver.Connecting, []driver.Record{record("42000", 18456), record("08001", 0)}, auth},
		{"sql server wrong password", &driver.SQLServer, driver.Connecting, []driver.Record{record("08001", 0), record("28000", 18456)}, auth},
		{"sql server check", &driver.SQLServer, driver.Executing, []driver.Record{record("23000", 547, "The INSERT statement conflicted with the CHECK constraint")}, invalid(driver.KindCheck)},
		{"sql server connection broken while it is made", &driver.SQLServer, driver.Connecting, []driver.Record{record("08S01", 10054)}, refused},
		{"oracle wrong password", &driver.Oracle, driver.Connecting, []driver.Record{record("HY000", 1017)}, auth},
		{"db2 by its platform", &driver.Db2, driver.Executing, []driver.Record{record("23505", -803)}, invalid(driver.KindUnique)},
		{"sql server deadlock", &driver.SQLServer, driver.Executing, []driver.Record{record("40001", 1205)}, deadlock},
		{"sql server lock", &driver.SQLServer, driver.Executing, []driver.Record{record("HYT00", 1222)}, locked},
		{"sql server duplicate", &driver.SQLServer, driver.Executing, []driver.Record{record("23000", 2627)}, invalid(driver.KindUnique)},
		{"sql server timeout", &driver.SQLServer, driver.Executing, []driver.Record{record("HYT00", 0)}, class{driver.Transient, driver.KindDeadline, driver.OutcomeUnknown, driver.ScopeNone}},
		{"oracle dead", &driver.Oracle, driver.Executing, []driver.Record{record("HY000", 3113)}, lost},
		{"oracle deadlock", &driver.Oracle, driver.Executing, []driver.Record{record("HY000", 60)}, class{driver.Transient, driver.KindDeadlock, driver.StatementRolledBack, driver.ScopeTransaction}},
		{"oracle serialization", &driver.Oracle, driver.Executing, []driver.Record{record("HY000", 8177)}, class{driver.Transient, driver.KindSerialization, driver.StatementRolledBack, driver.ScopeTransaction}},
		{"db2 rolled back", &driver.Db2, driver.Executing, []driver.Record{record("40001", -911)}, deadlock},
		{"ase deadlock", &driver.Sybase, driver.Executing, []driver.Record{record("ZZZZZ", 1205)}, deadlock},
		{"another's 1205", &driver.Generic, driver.Executing, []driver.Record{record("HY000", 1205)}, unknown},

		{"no driver", &driver.Generic, driver.Connecting, []driver.Record{record("IM002", 0)}, config},
		{"no record", &driver.Generic, driver.Executing, nil, unknown},
		{"nonsense", &driver.Generic, driver.Executing, []driver.Record{record("?????", 99)}, unknown},
		{"unknown completion", &driver.Generic, driver.Committing, []driver.Record{record("40003", 0)}, class{driver.Fatal, driver.KindTransaction, driver.OutcomeUnknown, driver.ScopeNone}},
		{"link", &driver.Generic, driver.Fetching, []driver.Record{record("01000", 0), record("08S01", 0)}, lost},
		{"warning that is none", &driver.Generic, driver.Executing, []driver.Record{record("01002", 0)}, lost},
		{"transaction state", &driver.Generic, driver.Executing, []driver.Record{record("25S03", 0)}, class{driver.Fatal, driver.KindTransaction, driver.TransactionRolledBack, driver.ScopeTransaction}},
		{"optional feature", &driver.Generic, driver.Executing, []driver.Record{record("HYC00", 0)}, invalid(driver.KindUnsupported)},
		{"constraint", &driver.Generic, driver.Executing, []driver.Record{record("23000", 0)}, invalid(driver.KindConstraint)},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := test.plugin.Classify(test.phase, test.records)
			require.Equal(t, test.want, class{got.Category, got.Kind, got.Outcome, got.Scope})
		})
	}
}

// TestClassifyStates: what SQLSTATEs mean by themselves, of a database that is not
// known. The first part is Appendix A of ODBC 3 with the names of ODBC 2, then come
// those of SQL and PostgreSQL.
func TestClassifyStates(t *testing.T) {
	lost := lostWith(driver.KindConnection)
	deadline := driver.Class{Category: driver.Transient, Kind: driver.KindDeadline, Action: driver.Destroy}
	bug := fatal(driver.KindProtocol, driver.NotExecuted, driver.Destroy)
	argument := driver.Class{Category: driver.Validation, Kind: driver.KindProtocol, Outcome: driver.NotExecuted}
	corrupt := fatal(driver.KindCorrupt, driver.OutcomeUnknown, driver.Destroy)
	idle := driver.Class{Category: driver.ConnectionLost, Kind: driver.KindConnection, Outcome: driver.TransactionRolledBack, Scope: driver.ScopeTransaction, Action: driver.Shed}
	busy := transient(driver.KindCapacity, driver.StatementRolledBack, driver.ScopeStatement, driver.Keep)
	again := func(k driver.Kind) driver.Class {
		return transient(k, driver.TransactionRolledBack, driver.ScopeTransaction, driver.Reset)
	}
	for _, test := range []struct {
		states string
		phase  driver.Phase
		want   driver.Class
	}{
		{"00000 01000 01004 01S02 01S07 02000", driver.Executing, fatal(driver.KindUnknown, driver.OutcomeUnknown, driver.Destroy)}, // no errors: the one that came with them is not told
		{"01002", driver.Executing, lost},
		{"07001 07005 07009", driver.Executing, validation(driver.KindProtocol)},
		{"07002", driver.Executing, driver.Class{Category: driver.Validation, Kind: driver.KindProtocol, Outcome: driver.StatementRolledBack, Action: driver.Destroy}},
		{"07006 21000 22001 22003 22012 22018 22021", driver.Executing, validation(driver.KindData)},
		{"21S01 21S02 42000 37000 42601 42804 42P18", driver.Executing, validation(driver.KindSyntax)},
		{"23000 2BP01", driver.Executing, validation(driver.KindConstraint)},
		{"44000 23514 23P01", driver.Executing, validation(driver.KindCheck)},
		{"3D000 3F000 42S02 42S22 S0001 S0002 S0011 S0012 S0021 S0022 42P01 42P07 42703 42883", driver.Executing, validation(driver.KindUnknownObject)},
		{"42501 0LP01 0P000", driver.Executing, validation(driver.KindPermission)},
		{"08001 08004 08006 08S01 08S02 08000 08003 08P01 HYT01 01002", driver.Connecting, transient(driver.KindConnect, driver.NotSent, driver.ScopeConnect, driver.Destroy)},
		{"08001 08004 08006 08007 08S01 08S02 08000 HYT01 IMC01 IMC06", driver.Executing, lost},
		{"08P01", driver.Executing, lostWith(driver.KindProtocol)},
		{"08003", driver.Executing, driver.Class{Category: driver.ConnectionLost, Kind: driver.KindConnection, Outcome: driver.NotExecuted, Action: driver.Shed}},
		{"08002 24000 34000 HY010 HY024 S1010", driver.Executing, bug},
		{"0A000 54000 54001 IM001 HYC00 S1C00", driver.Executing, validation(driver.KindUnsupported)},
		{"25000 25001 25P01 25P02 25S02 2D000 3B001", driver.Executing, fatal(driver.KindTransaction, driver.NotExecuted, driver.Reset)},
		{"25S01 40003 HY117", driver.Committing, fatal(driver.KindTransaction, driver.OutcomeUnknown, driver.Destroy)},
		{"25S03 40000", driver.Committing, driver.Class{Category: driver.Fatal, Kind: driver.KindTransaction, Outcome: driver.TransactionRolledBack, Scope: driver.ScopeTransaction, Action: driver.Reset}},
		{"25006", driver.Executing, driver.Class{Category: driver.Validation, Kind: driver.KindReadOnly, Outcome: driver.NotExecuted, Action: driver.Reset}},
		{"25P03 57P05", driver.Executing, idle},
		{"26000 42P05", driver.Executing, transient(driver.KindStale, driver.NotExecuted, driver.ScopeStatement, driver.Keep)},
		{"28000 28P01 28999", driver.Connecting, fatal(driver.KindAuth, driver.NotSent, driver.Destroy)},
		{"40001", driver.Executing, again(driver.KindSerialization)},
		{"40P01", driver.Executing, again(driver.KindDeadlock)},
		{"40002", driver.Committing, driver.Class{Category: driver.Validation, Kind: driver.KindConstraint, Outcome: driver.TransactionRolledBack, Action: driver.Reset}},
		{"53000 53200 53300 53400", driver.Executing, busy},
		{"53000 53300", driver.Connecting, transient(driver.KindCapacity, driver.NotSent, driver.ScopeConnect, driver.Destroy)},
		{"53100", driver.Executing, fatal(driver.KindDiskFull, driver.StatementRolledBack, driver.Keep)},
		{"55P03", driver.Executing, transient(driver.KindLockTimeout, driver.StatementRolledBack, driver.ScopeStatement, driver.Keep)},
		{"55000 55006", driver.Executing, fatal(driver.KindTransaction, driver.StatementRolledBack, driver.Keep)},
		{"57014", driver.Executing, fatal(driver.KindCancelled, driver.StatementRolledBack, driver.Keep)},
		{"57P01 57P02", driver.Executing, lost},
		{"57P01 57P02 57P03", driver.Connecting, transient(driver.KindConnect, driver.NotSent, driver.ScopeConnect, driver.Destroy)},
		{"57P04", driver.Executing, fatal(driver.KindConfig, driver.OutcomeUnknown, driver.Destroy)},
		{"58000 58030", driver.Executing, transient(driver.KindCapacity, driver.StatementRolledBack, driver.ScopeStatement, driver.Destroy)},
		{"58P01 XX001 XX002", driver.Executing, corrupt},
		{"XX000 HY000 S1000", driver.Executing, fatal(driver.KindUnknown, driver.OutcomeUnknown, driver.Destroy)},
		{"F0000 F0001 IM002 IM003 IM014", driver.Connecting, fatal(driver.KindConfig, driver.NotSent, driver.Destroy)},
		{"72000", driver.Executing, again(driver.KindSerialization)},
		{"HY001 HY013 HY014 S1001", driver.Executing, fatal(driver.KindCapacity, driver.OutcomeUnknown, driver.Destroy)},
		{"HY008 HY018 S1008", driver.Executing, fatal(driver.KindCancelled, driver.StatementRolledBack, driver.Destroy)},
		{"HY003 HY009 HY090 HY092 HY105 HY111 S1090 S1009", driver.Executing, argument},
		{"HYT00 S1T00", driver.Executing, deadline},
		{"HYT00 S1T00", driver.Connecting, transient(driver.KindDeadline, driver.NotSent, driver.ScopeConnect, driver.Destroy)},
		{"HV000 P0001 45000 20000 38000 39000", driver.Executing, validation(driver.KindUser)},
	} {
		for state := range strings.FieldsSeq(test.states) {
			require.Equal(t, test.want, driver.Generic.Classify(test.phase, []driver.Record{{State: state}}), "%s while %s", state, test.phase)
		}
	}
}

// TestClassifyNatives: codes of the databases, with the SQLSTATE that tells nothing.
// MariaDB's and SQLite's are those of their plugins.
func TestClassifyNatives(t *testing.T) {
	lost := lostWith(driver.KindConnection)
	deadline := driver.Class{Category: driver.Transient, Kind: driver.KindDeadline, Action: driver.Destroy}
	refused := transient(driver.KindConnect, driver.NotSent, driver.ScopeConnect, driver.Destroy)
	full := transient(driver.KindCapacity, driver.NotSent, driver.ScopeConnect, driver.Destroy)
	auth := fatal(driver.KindAuth, driver.NotSent, driver.Destroy)
	locked := transient(driver.KindLockTimeout, driver.StatementRolledBack, driver.ScopeStatement, driver.Keep)
	busy := transient(driver.KindCapacity, driver.StatementRolledBack, driver.ScopeStatement, driver.Keep)
	again := func(k driver.Kind) driver.Class {
		return transient(k, driver.TransactionRolledBack, driver.ScopeTransaction, driver.Reset)
	}
	const sqlServer, oracle, db2, ase = "Microsoft SQL Server", "Oracle", "DB2", "Adaptive Server Enterprise"
	for _, test := range []struct {
		dbms    string
		phase   driver.Phase
		want    driver.Class
		natives []int32
	}{
		// SQL Server: what Microsoft's clients try again, judged by what may have happened.
		{sqlServer, driver.Executing, again(driver.KindDeadlock), []int32{1205}},
		{sqlServer, driver.Executing, again(driver.KindSerialization), []int32{3960, 41301, 41302, 41305, 41325, 41839}},
		{sqlServer, driver.Executing, locked, []int32{1204, 1222}},
		{sqlServer, driver.Connecting, refused, []int32{20, 64, 121, 233, 997, 4060, 4221, 10053, 10054, 10060, 40143, 40197, 40540, 40613, 42108, 42109, 20009}},
		{sqlServer, driver.Connecting, full, []int32{10928, 10929, 40501, 49918, 49919, 49920}},
		{sqlServer, driver.Executing, transient(driver.KindCapacity, driver.NotExecuted, driver.ScopeStatement, driver.Keep), []int32{10928, 10929, 40501, 49918, 49919, 49920}},
		{sqlServer, driver.Executing, lost, []int32{20, 64, 121, 233, 997, 10053, 10054, 10060, 40143, 40197, 40540, 40613, 49977, 49983, 20006, 20017, 20047}},
		{sqlServer, driver.Executing, deadline, []int32{20003}},
		{sqlServer, driver.Connecting, auth, []int32{18456, 18452, 20014}},
		{sqlServer, driver.Executing, validation(driver.KindUnique), []int32{2601, 2627}},
		{sqlServer, driver.Executing, validation(driver.KindData), []int32{544, 8114, 8115}},
		{sqlServer, driver.Executing, validation(driver.KindSyntax), []int32{156, 170}},
		{sqlServer, driver.Executing, validation(driver.KindUnknownObject), []int32{207, 208}},
		{sqlServer, driver.Executing, validation(driver.KindPermission), []int32{229}},
		{sqlServer, driver.Executing, fatal(driver.KindDiskFull, driver.StatementRolledBack, driver.Keep), []int32{1105, 9002}},

		{oracle, driver.Executing, lost, []int32{22, 28, 31, 45, 378, 600, 602, 603, 609, 1012, 1041, 1043, 1089, 1092, 2396, 2399, 3113, 3114, 3122, 3135, 12153, 12537, 12547, 12570, 12583, 27146, 28511, 56600}},
		{oracle, driver.Executing, lost, []int32{376, 1033, 1034, 1090, 1115, 12571, 12757, 16456}},
		{oracle, driver.Connecting, refused, []int32{12514, 12170, 12541, 12543, 1033, 1034}},
		{oracle, driver.Connecting, full, []int32{12516, 12519, 12520}},
		{oracle, driver.Executing, deadline, []int32{3136, 3156, 12161}},
		{oracle, driver.Executing, transient(driver.KindDeadlock, driver.StatementRolledBack, driver.ScopeTransaction, driver.Reset), []int32{60}},
		{oracle, driver.Executing, transient(driver.KindSerialization, driver.StatementRolledBack, driver.ScopeTransaction, driver.Reset), []int32{8177, 1555}},
		{oracle, driver.Executing, locked, []int32{54, 30006}},
		{oracle, driver.Executing, validation(driver.KindUnique), []int32{1}},
		{oracle, driver.Executing, validation(driver.KindNotNull), []int32{1400}},
		{oracle, driver.Executing, validation(driver.KindData), []int32{1438}},
		{oracle, driver.Executing, validation(driver.KindCheck), []int32{2290}},
		{oracle, driver.Executing, validation(driver.KindForeignKey), []int32{2291, 2292}},
		{oracle, driver.Executing, fatal(driver.KindCancelled, driver.StatementRolledBack, driver.Keep), []int32{1013}},
		{oracle, driver.Connecting, auth, []int32{1017, 28000, 28001}},

		{db2, driver.Executing, again(driver.KindDeadlock), []int32{-911}},
		{db2, driver.Executing, locked, []int32{-913}},
		{db2, driver.Executing, lost, []int32{-1035, -1218, -30080, -30081}},
		{db2, driver.Connecting, refused, []int32{-1035, -1218, -30080, -30081}},
		{db2, driver.Executing, busy, []int32{-904, -971}},
		{db2, driver.Executing, validation(driver.KindUnique), []int32{-803}},
		{db2, driver.Executing, validation(driver.KindNotNull), []int32{-407}},
		{db2, driver.Executing, validation(driver.KindForeignKey), []int32{-530, -531, -532}},
		{db2, driver.Executing, validation(driver.KindCheck), []int32{-543, -544, -545}},
		{db2, driver.Executing, validation(driver.KindConstraint), []int32{-603, -667}},

		{ase, driver.Executing, again(driver.KindDeadlock), []int32{1205}},
		{ase, driver.Executing, busy, []int32{921, 1105}},

		{"MariaDB", driver.Executing, lost, []int32{1053, 1927, 2006, 2013, 2014, 2045, 2048, 2055, 4031, 5014, 2002, 2003}},
		{"MariaDB", driver.Executing, driver.Class{Category: driver.ConnectionLost, Kind: driver.KindProtocol, Action: driver.Destroy}, []int32{2027}},
		{"MariaDB", driver.Connecting, refused, []int32{2002, 2003, 2005, 2006, 1129, 2027}},
		{"MariaDB", driver.Connecting, full, []int32{1040, 1203, 1226}},
		{"MariaDB", driver.Connecting, auth, []int32{1044, 1045, 1130, 1698}},
		{"MariaDB", driver.Connecting, fatal(driver.KindConfig, driver.NotSent, driver.Destroy), []int32{1049}},
		{"MariaDB", driver.Executing, again(driver.KindDeadlock), []int32{1213}},
		{"MariaDB", driver.Executing, locked, []int32{1205}},
		{"MariaDB", driver.Executing, fatal(driver.KindCancelled, driver.StatementRolledBack, driver.Destroy), []int32{1317}},
		{"MariaDB", driver.Executing, transient(driver.KindDeadline, driver.StatementRolledBack, driver.ScopeNone, driver.Keep), []int32{1969, 3024}},
		{"MariaDB", driver.Executing, driver.Class{Category: driver.Validation, Kind: driver.KindReadOnly, Outcome: driver.StatementRolledBack, Action: driver.Reset}, []int32{1792, 1836}},
		{"MariaDB", driver.Executing, fatal(driver.KindDiskFull, driver.StatementRolledBack, driver.Keep), []int32{1114, 1021, 28}},
		{"MariaDB", driver.Executing, validation(driver.KindNotNull), []int32{1048}},
		{"MariaDB", driver.Executing, validation(driver.KindUnknownObject), []int32{1049, 1054, 1146}},
		{"MariaDB", driver.Executing, validation(driver.KindUnique), []int32{1062}},
		{"MariaDB", driver.Executing, validation(driver.KindSyntax), []int32{1064}},
		{"MariaDB", driver.Executing, validation(driver.KindData), []int32{1264, 1406}},
		{"MariaDB", driver.Executing, validation(driver.KindForeignKey), []int32{1451, 1452}},

		{"SQLite", driver.Executing, locked, []int32{5, 6}},
		{"SQLite", driver.Executing, fatal(driver.KindCancelled, driver.StatementRolledBack, driver.Keep), []int32{9}},
		{"SQLite", driver.Executing, validation(driver.KindConstraint), []int32{19}},
		{"SQLite", driver.Executing, validation(driver.KindSyntax), []int32{1, 25}},
		{"SQLite", driver.Executing, validation(driver.KindData), []int32{18, 20}},
		{"SQLite", driver.Executing, fatal(driver.KindDiskFull, driver.StatementRolledBack, driver.Keep), []int32{13}},
		{"SQLite", driver.Executing, driver.Class{Category: driver.Validation, Kind: driver.KindReadOnly, Outcome: driver.StatementRolledBack}, []int32{8}},
		{"SQLite", driver.Executing, fatal(driver.KindCorrupt, driver.OutcomeUnknown, driver.Destroy), []int32{10}},
		{"SQLite", driver.Executing, fatal(driver.KindCorrupt, driver.NotExecuted, driver.Destroy), []int32{11, 26}},
		{"SQLite", driver.Connecting, fatal(driver.KindConfig, driver.NotSent, driver.Destroy), []int32{14}},
	} {
		for _, native := range test.natives {
			got := driver.For(driver.Server{DBMS: test.dbms}).Classify(test.phase, []driver.Record{{State: "HY000", Native: native}})
			require.Equal(t, test.want, got, "%s %d while %s", test.dbms, native, test.phase)
		}
	}
}

func validation(k driver.Kind) driver.Class {
	return driver.Class{Category: driver.Validation, Kind: k, Outcome: driver.StatementRolledBack}
}

func fatal(k driver.Kind, o driver.Outcome, a driver.Action) driver.Class {
	return driver.Class{Category: driver.Fatal, Kind: k, Outcome: o, Action: a}
}

func transient(k driver.Kind, o driver.Outcome, s driver.Scope, a driver.Action) driver.Class {
	return driver.Class{Category: driver.Transient, Kind: k, Outcome: o, Scope: s, Action: a}
}

func lostWith(k driver.Kind) driver.Class {
	return driver.Class{Category: driver.ConnectionLost, Kind: k, Action: driver.Shed}
}

// TestRetryNeverAfterUnknown: no row of any table lets something be tried again that
// the database may have done.
func TestRetryNeverAfterUnknown(t *testing.T) {
	for _, p := range driver.All() {
		for _, f := range p.Faults {
			if f.Scope != driver.ScopeNone {
				require.NotEqual(t, driver.OutcomeUnknown, f.Outcome, "%+v", f)
			}
		}
	}
}
