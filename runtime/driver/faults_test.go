package driver_test

import (
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
		dbms    string
		phase   driver.Phase
		records []driver.Record
		want    class
	}{
		{"pg refused", &driver.Postgres, "", driver.Connecting, []driver.Record{record("08001", 101, "connection refused")}, refused},
		{"pg password", &driver.Postgres, "", driver.Connecting, []driver.Record{record("08001", 101, `FATAL: password authentication failed for user "u"`)}, auth},
		{"pg database", &driver.Postgres, "", driver.Connecting, []driver.Record{record("08001", 101, `FATAL: database "nix" does not exist`)}, config},
		{"pg full", &driver.Postgres, "", driver.Connecting, []driver.Record{record("08001", 101, "FATAL: sorry, too many clients already")}, full},
		{"pg slots", &driver.Postgres, "", driver.Connecting, []driver.Record{record("08001", 101, "FATAL: remaining connection slots are reserved")}, full},
		{"pg host", &driver.Postgres, "", driver.Connecting, []driver.Record{record("08001", 101, `could not translate host name "x"`)}, config},
		{"pg silent", &driver.Postgres, "", driver.Connecting, []driver.Record{record("08001", 101, "timeout expired")}, class{driver.Transient, driver.KindDeadline, driver.NotSent, driver.ScopeConnect}},
		{"pg starting", &driver.Postgres, "", driver.Connecting, []driver.Record{record("57P03", 101, "the database system is starting up")}, refused},
		{"pg killed", &driver.Postgres, "", driver.Executing, []driver.Record{record("57P01", 35)}, lost},
		{"pg killed before", &driver.Postgres, "", driver.Executing, []driver.Record{record("08S01", 35)}, lost},
		{"pg idle in transaction", &driver.Postgres, "", driver.Executing, []driver.Record{record("25P03", 35)}, class{driver.ConnectionLost, driver.KindConnection, driver.TransactionRolledBack, driver.ScopeTransaction}},
		{"pg commit after kill", &driver.Postgres, "", driver.Committing, []driver.Record{record("57P01", 108)}, lost},
		{"pg deadlock", &driver.Postgres, "", driver.Executing, []driver.Record{record("40P01", 1)}, deadlock},
		{"pg serialization", &driver.Postgres, "", driver.Executing, []driver.Record{record("40001", 1)}, serialization},
		{"pg lock", &driver.Postgres, "", driver.Executing, []driver.Record{record("55P03", 1)}, locked},
		{"pg cancelled", &driver.Postgres, "", driver.Executing, []driver.Record{record("57014", 1, "canceling statement due to user request")}, class{driver.Fatal, driver.KindCancelled, driver.StatementRolledBack, driver.ScopeNone}},
		{"pg statement timeout", &driver.Postgres, "", driver.Executing, []driver.Record{record("57014", 1, "canceling statement due to statement timeout")}, class{driver.Transient, driver.KindDeadline, driver.StatementRolledBack, driver.ScopeNone}},
		{"pg read-only", &driver.Postgres, "", driver.Executing, []driver.Record{record("25006", 1)}, class{driver.Validation, driver.KindReadOnly, driver.NotExecuted, driver.ScopeNone}},
		{"pg no table", &driver.Postgres, "", driver.Preparing, []driver.Record{record("42P01", 1)}, invalid(driver.KindUnknownObject)},
		{"pg syntax", &driver.Postgres, "", driver.Preparing, []driver.Record{record("42601", 1)}, invalid(driver.KindSyntax)},
		{"pg duplicate", &driver.Postgres, "", driver.Executing, []driver.Record{record("23505", 1)}, invalid(driver.KindUnique)},
		{"pg exclusion", &driver.Postgres, "", driver.Executing, []driver.Record{record("23P01", 1)}, invalid(driver.KindCheck)},
		{"pg too long", &driver.Postgres, "", driver.Executing, []driver.Record{record("22001", 1)}, invalid(driver.KindData)},
		{"pg disk full", &driver.Postgres, "", driver.Executing, []driver.Record{record("53100", 1)}, class{driver.Fatal, driver.KindDiskFull, driver.StatementRolledBack, driver.ScopeNone}},
		{"pg cached plan", &driver.Postgres, "", driver.Executing, []driver.Record{record("0A000", 1, "cached plan must not change result type")}, class{driver.Transient, driver.KindStale, driver.NotExecuted, driver.ScopeStatement}},
		{"pg not supported", &driver.Postgres, "", driver.Executing, []driver.Record{record("0A000", 1)}, invalid(driver.KindUnsupported)},
		{"pg raised", &driver.Postgres, "", driver.Executing, []driver.Record{record("P0001", 1)}, invalid(driver.KindUser)},
		{"pg aborted", &driver.Postgres, "", driver.Executing, []driver.Record{record("25P02", 1)}, class{driver.Fatal, driver.KindTransaction, driver.NotExecuted, driver.ScopeNone}},

		{"mariadb refused", &driver.MariaDB, "", driver.Connecting, []driver.Record{record("HY000", 2002)}, refused},
		{"mariadb full", &driver.MariaDB, "", driver.Connecting, []driver.Record{record("HY000", 1040)}, full},
		{"mariadb password", &driver.MariaDB, "", driver.Connecting, []driver.Record{record("28000", 1045)}, auth},
		{"mariadb database", &driver.MariaDB, "", driver.Connecting, []driver.Record{record("42000", 1049)}, config},
		{"mariadb killed", &driver.MariaDB, "", driver.Executing, []driver.Record{record("08S01", 2013)}, lost},
		{"mariadb dead socket", &driver.MariaDB, "", driver.Executing, []driver.Record{record("HY000", 5014)}, lost},
		{"mariadb found dead", &driver.MariaDB, "", driver.Executing, []driver.Record{record("08003", 0)}, class{driver.ConnectionLost, driver.KindConnection, driver.NotExecuted, driver.ScopeNone}},
		{"mariadb out of step", &driver.MariaDB, "", driver.Executing, []driver.Record{record("HY000", 2027)}, class{driver.ConnectionLost, driver.KindProtocol, driver.OutcomeUnknown, driver.ScopeNone}},
		{"mariadb deadlock", &driver.MariaDB, "", driver.Executing, []driver.Record{record("40001", 1213)}, deadlock},
		{"mariadb lock", &driver.MariaDB, "", driver.Executing, []driver.Record{record("HY000", 1205)}, locked},
		{"mariadb duplicate", &driver.MariaDB, "", driver.Executing, []driver.Record{record("23000", 1062)}, invalid(driver.KindUnique)},
		{"mariadb foreign key", &driver.MariaDB, "", driver.Executing, []driver.Record{record("23000", 1452)}, invalid(driver.KindForeignKey)},
		{"mariadb not null", &driver.MariaDB, "", driver.Executing, []driver.Record{record("23000", 1048)}, invalid(driver.KindNotNull)},
		{"mariadb check", &driver.MariaDB, "", driver.Executing, []driver.Record{record("23000", 4025)}, invalid(driver.KindCheck)},
		{"mariadb no table", &driver.MariaDB, "", driver.Executing, []driver.Record{record("42S02", 1146)}, invalid(driver.KindUnknownObject)},
		{"mariadb too long", &driver.MariaDB, "", driver.Executing, []driver.Record{record("22001", 1406)}, invalid(driver.KindData)},
		{"mariadb read-only", &driver.MariaDB, "", driver.Executing, []driver.Record{record("HY000", 1290)}, class{driver.Validation, driver.KindReadOnly, driver.StatementRolledBack, driver.ScopeNone}},
		{"mariadb cancelled", &driver.MariaDB, "", driver.Executing, []driver.Record{record("HY018", 1317)}, class{driver.Fatal, driver.KindCancelled, driver.StatementRolledBack, driver.ScopeNone}},
		{"mariadb statement time", &driver.MariaDB, "", driver.Executing, []driver.Record{record("70100", 1969)}, class{driver.Transient, driver.KindDeadline, driver.StatementRolledBack, driver.ScopeNone}},

		{"sqlite busy", &driver.SQLite, "", driver.Executing, []driver.Record{record("HY000", 5, "database is locked (5)")}, locked},
		{"sqlite no file", &driver.SQLite, "", driver.Connecting, []driver.Record{record("HY000", 14)}, config},
		{"sqlite no database", &driver.SQLite, "", driver.Connecting, []driver.Record{record("HY000", 26)}, class{driver.Fatal, driver.KindCorrupt, driver.NotSent, driver.ScopeNone}},
		{"sqlite duplicate", &driver.SQLite, "", driver.Executing, []driver.Record{record("HY000", 19, "UNIQUE constraint failed: book.id (19)")}, invalid(driver.KindUnique)},
		{"sqlite not null", &driver.SQLite, "", driver.Executing, []driver.Record{record("HY000", 19, "NOT NULL constraint failed: book.title (19)")}, invalid(driver.KindNotNull)},
		{"sqlite foreign key", &driver.SQLite, "", driver.Executing, []driver.Record{record("HY000", 19, "FOREIGN KEY constraint failed (19)")}, invalid(driver.KindForeignKey)},
		{"sqlite check", &driver.SQLite, "", driver.Executing, []driver.Record{record("HY000", 19, "CHECK constraint failed: pages (19)")}, invalid(driver.KindCheck)},
		{"sqlite no table", &driver.SQLite, "", driver.Preparing, []driver.Record{record("HY000", 1, "no such table: nix (1)")}, invalid(driver.KindUnknownObject)},
		{"sqlite syntax", &driver.SQLite, "", driver.Preparing, []driver.Record{record("HY000", 1, `near "SELEC": syntax error (1)`)}, invalid(driver.KindSyntax)},
		{"sqlite full", &driver.SQLite, "", driver.Executing, []driver.Record{record("HY000", 13)}, class{driver.Fatal, driver.KindDiskFull, driver.StatementRolledBack, driver.ScopeNone}},
		{"sqlite interrupted", &driver.SQLite, "", driver.Executing, []driver.Record{record("HY000", 9)}, class{driver.Fatal, driver.KindCancelled, driver.StatementRolledBack, driver.ScopeNone}},

		{"freetds refused", &driver.Generic, "", driver.Connecting, []driver.Record{record("08S01", 20009), record("08001", 0)}, refused},
		{"freetds silent", &driver.Generic, "", driver.Connecting, []driver.Record{record("HYT00", 0), record("08001", 0)}, class{driver.Transient, driver.KindDeadline, driver.NotSent, driver.ScopeConnect}},
		{"sql server deadlock", &driver.Generic, "Microsoft SQL Server", driver.Executing, []driver.Record{record("40001", 1205)}, deadlock},
		{"sql server lock", &driver.Generic, "Microsoft SQL Server", driver.Executing, []driver.Record{record("HYT00", 1222)}, locked},
		{"sql server duplicate", &driver.Generic, "Microsoft SQL Server", driver.Executing, []driver.Record{record("23000", 2627)}, invalid(driver.KindUnique)},
		{"sql server timeout", &driver.Generic, "Microsoft SQL Server", driver.Executing, []driver.Record{record("HYT00", 0)}, class{driver.Transient, driver.KindDeadline, driver.OutcomeUnknown, driver.ScopeNone}},
		{"oracle dead", &driver.Generic, "Oracle", driver.Executing, []driver.Record{record("HY000", 3113)}, lost},
		{"oracle deadlock", &driver.Generic, "Oracle", driver.Executing, []driver.Record{record("HY000", 60)}, deadlock},
		{"oracle serialization", &driver.Generic, "Oracle", driver.Executing, []driver.Record{record("HY000", 8177)}, serialization},
		{"db2 rolled back", &driver.Generic, "DB2", driver.Executing, []driver.Record{record("40001", -911)}, deadlock},
		{"ase deadlock", &driver.Generic, "Adaptive Server Enterprise", driver.Executing, []driver.Record{record("ZZZZZ", 1205)}, deadlock},
		{"another's 1205", &driver.Generic, "Ingres", driver.Executing, []driver.Record{record("HY000", 1205)}, unknown},

		{"no driver", &driver.Generic, "", driver.Connecting, []driver.Record{record("IM002", 0)}, config},
		{"no record", &driver.Generic, "", driver.Executing, nil, unknown},
		{"nonsense", &driver.Generic, "", driver.Executing, []driver.Record{record("?????", 99)}, unknown},
		{"unknown completion", &driver.Generic, "", driver.Committing, []driver.Record{record("40003", 0)}, class{driver.Fatal, driver.KindTransaction, driver.OutcomeUnknown, driver.ScopeNone}},
		{"link", &driver.Generic, "", driver.Fetching, []driver.Record{record("01000", 0), record("08S01", 0)}, lost},
		{"warning that is none", &driver.Generic, "", driver.Executing, []driver.Record{record("01002", 0)}, lost},
		{"transaction state", &driver.Generic, "", driver.Executing, []driver.Record{record("25S03", 0)}, class{driver.Fatal, driver.KindTransaction, driver.TransactionRolledBack, driver.ScopeTransaction}},
		{"optional feature", &driver.Generic, "", driver.Executing, []driver.Record{record("HYC00", 0)}, invalid(driver.KindUnsupported)},
		{"constraint", &driver.Generic, "", driver.Executing, []driver.Record{record("23000", 0)}, invalid(driver.KindConstraint)},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := test.plugin.Classify(test.dbms, test.phase, test.records)
			require.Equal(t, test.want, class{got.Category, got.Kind, got.Outcome, got.Scope})
		})
	}
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
