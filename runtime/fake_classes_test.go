package runtime_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/fakedriver"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
)

// verdict is what an error must be held for, and whether its connection is used again.
type verdict struct {
	category runtime.Category
	kind     runtime.Kind
	outcome  runtime.Outcome
	retry    runtime.Scope
	kept     bool
}

const (
	kept = true
	gone = false
)

var (
	isLost     = verdict{runtime.ConnectionLost, driver.KindConnection, runtime.OutcomeUnknown, runtime.ScopeNone, gone}
	isDesync   = verdict{runtime.ConnectionLost, driver.KindProtocol, runtime.OutcomeUnknown, runtime.ScopeNone, gone}
	isIdle     = verdict{runtime.ConnectionLost, driver.KindConnection, runtime.TransactionRolledBack, runtime.ScopeTransaction, gone}
	isBug      = verdict{runtime.Fatal, driver.KindProtocol, runtime.NotExecuted, runtime.ScopeNone, gone}
	isUnknown  = verdict{runtime.Fatal, driver.KindUnknown, runtime.OutcomeUnknown, runtime.ScopeNone, gone}
	isRefused  = verdict{runtime.Transient, driver.KindConnect, runtime.NotSent, runtime.ScopeConnect, gone}
	isFull     = verdict{runtime.Transient, driver.KindCapacity, runtime.NotSent, runtime.ScopeConnect, gone}
	isAuth     = verdict{runtime.Fatal, driver.KindAuth, runtime.NotSent, runtime.ScopeNone, gone}
	isConfig   = verdict{runtime.Fatal, driver.KindConfig, runtime.NotSent, runtime.ScopeNone, gone}
	isBusy     = verdict{runtime.Transient, driver.KindCapacity, runtime.StatementRolledBack, runtime.ScopeStatement, kept}
	isLocked   = verdict{runtime.Transient, driver.KindLockTimeout, runtime.StatementRolledBack, runtime.ScopeStatement, kept}
	isDeadline = verdict{runtime.Transient, driver.KindDeadline, runtime.OutcomeUnknown, runtime.ScopeNone, gone}
	isDisk     = verdict{runtime.Fatal, driver.KindDiskFull, runtime.StatementRolledBack, runtime.ScopeNone, kept}
	isStale    = verdict{runtime.Transient, driver.KindStale, runtime.NotExecuted, runtime.ScopeStatement, kept}
	isTxState  = verdict{runtime.Fatal, driver.KindTransaction, runtime.NotExecuted, runtime.ScopeNone, kept}
	isArgument = verdict{runtime.Validation, driver.KindProtocol, runtime.NotExecuted, runtime.ScopeNone, kept}
	isCorrupt  = verdict{runtime.Fatal, driver.KindCorrupt, runtime.OutcomeUnknown, runtime.ScopeNone, gone}
	isReadOnly = verdict{runtime.Validation, driver.KindReadOnly, runtime.NotExecuted, runtime.ScopeNone, kept}
)

// isInvalid is a statement at fault, isAgain a transaction to be tried again.
func isInvalid(k runtime.Kind) verdict {
	return verdict{runtime.Validation, k, runtime.StatementRolledBack, runtime.ScopeNone, kept}
}

func isAgain(k runtime.Kind) verdict {
	return verdict{runtime.Transient, k, runtime.TransactionRolledBack, runtime.ScopeTransaction, kept}
}

func isCancelled(kept bool) verdict {
	return verdict{runtime.Fatal, driver.KindCancelled, runtime.StatementRolledBack, runtime.ScopeNone, kept}
}

// but returns the verdict with another outcome.
func (v verdict) but(outcome runtime.Outcome) verdict {
	v.outcome = outcome
	return v
}

// faultRow is one row of what is known of errors: what all the codes mean that it has.
type faultRow struct {
	dbms    string
	during  fakedriver.Op // Execute where it is ""
	states  string        // apart by blanks; HY000 where it is ""
	natives []int
	message string
	want    verdict
}

// stateFaults are SQLSTATEs, of ODBC 3 (Appendix A), of SQL and of PostgreSQL.
var stateFaults = []faultRow{
	{states: "21S01 37000 42000 42601 42P18", want: isInvalid(driver.KindSyntax)},
	{states: "07009 07S01", want: isInvalid(driver.KindProtocol)},
	{states: "07002", want: verdict{runtime.Validation, driver.KindProtocol, runtime.StatementRolledBack, runtime.ScopeNone, gone}},
	{states: "21000", want: isInvalid(driver.KindData)},
	{states: "22001 22003 22007 22008 22012 22018 22021 22P02", want: isInvalid(driver.KindData)},
	{states: "23000", want: isInvalid(driver.KindConstraint)},
	{states: "23502", want: isInvalid(driver.KindNotNull)},
	{states: "23503", want: isInvalid(driver.KindForeignKey)},
	{states: "23505", want: isInvalid(driver.KindUnique)},
	{states: "23514 23P01 44000", want: isInvalid(driver.KindCheck)},
	{states: "42S01 42S02 42S22 42P01 42703 3D000 3F000 S0001 S0002 S0012 S0022", want: isInvalid(driver.KindUnknownObject)},
	{states: "42501", want: isInvalid(driver.KindPermission)},
	{states: "01002", want: isLost},
	{states: "08001 08004 08006 08S01 HYT01 57P03", during: fakedriver.Connect, want: isRefused},
	{states: "08001 08004 08006 08S01 08S02 08000 08007 HYT01", want: isLost},
	{states: "08P01", want: isDesync},
	{states: "08007 08S01", during: fakedriver.EndTransaction, want: isLost},
	{states: "08002", want: isBug},
	{states: "08003", want: isLost.but(runtime.NotExecuted)},
	{states: "0A000", want: isInvalid(driver.KindUnsupported)},
	{states: "24000 34000 HY010 HY024", want: isBug},
	{states: "25000 25001 25P01 25S02 25P02", want: isTxState},
	{states: "25S01", want: verdict{runtime.Fatal, driver.KindTransaction, runtime.OutcomeUnknown, runtime.ScopeNone, gone}},
	{states: "25S03 40000", want: verdict{runtime.Fatal, driver.KindTransaction, runtime.TransactionRolledBack, runtime.ScopeTransaction, kept}},
	{states: "25006", want: isReadOnly},
	{states: "25P03 57P05", want: isIdle},
	{states: "26000 42P05", want: isStale},
	{dbms: "PostgreSQL", states: "0A000", message: "cached plan must not change result type", want: isStale},
	{states: "28000 28P01", during: fakedriver.Connect, want: isAuth},
	{states: "40001 72000", want: isAgain(driver.KindSerialization)},
	{states: "40001", during: fakedriver.EndTransaction, want: isAgain(driver.KindSerialization)},
	{states: "40P01", want: isAgain(driver.KindDeadlock)},
	{states: "40002", during: fakedriver.EndTransaction, want: isInvalid(driver.KindConstraint).but(runtime.TransactionRolledBack)},
	{states: "40003", during: fakedriver.EndTransaction, want: verdict{runtime.Fatal, driver.KindTransaction, runtime.OutcomeUnknown, runtime.ScopeNone, gone}},
	{states: "53000 53200 53300 53400", want: isBusy},
	{states: "53300", during: fakedriver.Connect, want: isFull},
	{states: "53100", want: isDisk},
	{states: "54000 54001", want: isInvalid(driver.KindUnsupported)},
	{states: "55P03", want: isLocked},
	{states: "55006 55000", want: verdict{runtime.Fatal, driver.KindTransaction, runtime.StatementRolledBack, runtime.ScopeNone, kept}},
	{states: "57014", want: isCancelled(kept)},
	{states: "57P01 57P02", want: isLost},
	{states: "57P04", want: verdict{runtime.Fatal, driver.KindConfig, runtime.OutcomeUnknown, runtime.ScopeNone, gone}},
	{states: "XX001 XX002 58P01 58P02", want: isCorrupt},
	{states: "F0000 F0001", want: isConfig},
	{states: "58000 58030", want: verdict{runtime.Transient, driver.KindCapacity, runtime.StatementRolledBack, runtime.ScopeStatement, gone}},
	{states: "HY000 S1000", want: isUnknown},
	{states: "HY001 HY013 HY014", want: verdict{runtime.Fatal, driver.KindCapacity, runtime.OutcomeUnknown, runtime.ScopeNone, gone}},
	{states: "HY008 HY018", want: isCancelled(gone)},
	{states: "HY090 HY091 HY092 HY093 HY095 HY100 HY104 HY109", want: isArgument},
	{states: "HYC00 IM001", want: isInvalid(driver.KindUnsupported)},
	{states: "HY117", want: verdict{runtime.Fatal, driver.KindTransaction, runtime.OutcomeUnknown, runtime.ScopeNone, gone}},
	{states: "HYT00", want: isDeadline},
	{states: "HYT00", during: fakedriver.Connect, want: verdict{runtime.Transient, driver.KindDeadline, runtime.NotSent, runtime.ScopeConnect, gone}},
	{states: "IM002 IM003 IM004 IM005 IM006 IM010 IM012 IM014", during: fakedriver.Connect, want: isConfig},
	{states: "IMC01 IMC02 IMC03 IMC04 IMC05 IMC06", want: isLost},
	{states: "HV000 HV00R P0001 45000", want: isInvalid(driver.KindUser)},
}

const (
	sqlServer = "Microsoft SQL Server"
	ase       = "Adaptive Server Enterprise"
)

// nativeFaults are codes of databases, which say more than the SQLSTATE.
var nativeFaults = []faultRow{
	{dbms: sqlServer, natives: []int{1205}, want: isAgain(driver.KindDeadlock)},
	{dbms: sqlServer, natives: []int{3960, 41301, 41302, 41305, 41325, 41839}, want: isAgain(driver.KindSerialization)},
	{dbms: sqlServer, natives: []int{1204, 1222}, want: isLocked},
	{dbms: sqlServer, natives: []int{4060, 4221, 42108, 42109}, want: isRefused},
	{dbms: sqlServer, natives: []int{10928, 10929, 40501, 49918, 49919, 49920}, want: isBusy.but(runtime.NotExecuted)},
	{dbms: sqlServer, natives: []int{20, 64, 121, 233, 997, 10053, 10054, 10060, 40143, 40197, 40540, 40613, 49977, 49983}, want: isLost},
	{dbms: sqlServer, natives: []int{20006, 20017, 20047}, want: isLost},
	{dbms: sqlServer, natives: []int{20003}, want: isDeadline},
	{dbms: sqlServer, natives: []int{2601, 2627}, want: isInvalid(driver.KindUnique)},
	{dbms: sqlServer, natives: []int{544, 8114, 8115}, want: isInvalid(driver.KindData)},
	{dbms: sqlServer, natives: []int{156, 170}, want: isInvalid(driver.KindSyntax)},
	{dbms: sqlServer, natives: []int{207, 208}, want: isInvalid(driver.KindUnknownObject)},
	{dbms: sqlServer, natives: []int{229}, want: isInvalid(driver.KindPermission)},
	{dbms: sqlServer, during: fakedriver.Connect, natives: []int{18456}, want: isAuth},

	{dbms: "Oracle", natives: []int{22, 28, 31, 45, 378, 600, 602, 603, 609, 1012, 1041, 1043, 1089, 1092, 2396, 2399, 3113, 3114, 3122, 3135, 12153, 12537, 12547, 12570, 12583, 27146, 28511, 56600}, want: isLost},
	{dbms: "Oracle", natives: []int{376, 1033, 1034, 1090, 1115, 12514, 12571, 12757, 16456}, want: isLost},
	{dbms: "Oracle", natives: []int{3136, 3156, 12161}, want: isDeadline},
	{dbms: "Oracle", natives: []int{60}, want: isAgain(driver.KindDeadlock).but(runtime.StatementRolledBack)},
	{dbms: "Oracle", natives: []int{8177}, want: isAgain(driver.KindSerialization).but(runtime.StatementRolledBack)},
	{dbms: "Oracle", natives: []int{54, 30006}, want: isLocked},
	{dbms: "Oracle", natives: []int{1}, want: isInvalid(driver.KindUnique)},
	{dbms: "Oracle", natives: []int{1400}, want: isInvalid(driver.KindNotNull)},
	{dbms: "Oracle", natives: []int{1438}, want: isInvalid(driver.KindData)},
	{dbms: "Oracle", natives: []int{2290}, want: isInvalid(driver.KindCheck)},
	{dbms: "Oracle", natives: []int{2291, 2292}, want: isInvalid(driver.KindForeignKey)},
	{dbms: "Oracle", natives: []int{1013}, want: isCancelled(kept)},
	{dbms: "Oracle", natives: []int{1017, 28000, 28001}, want: isAuth},

	{dbms: "MariaDB", natives: []int{1927, 2006, 2013, 2014, 2045, 2048, 2055, 4031, 5014}, want: isLost},
	{dbms: "MariaDB", natives: []int{2027}, want: isDesync},
	{dbms: "MariaDB", during: fakedriver.Connect, natives: []int{2002, 2003}, want: isRefused},
	{dbms: "MariaDB", during: fakedriver.Connect, natives: []int{1040, 1203}, want: isFull},
	{dbms: "MariaDB", during: fakedriver.Connect, natives: []int{1044, 1045, 1130}, want: isAuth},
	{dbms: "MariaDB", during: fakedriver.Connect, natives: []int{1049}, want: isConfig},
	{dbms: "MariaDB", natives: []int{1213}, want: isAgain(driver.KindDeadlock)},
	{dbms: "MariaDB", natives: []int{1205}, want: isLocked},
	{dbms: "MariaDB", natives: []int{1317}, want: isCancelled(gone)},
	{dbms: "MariaDB", natives: []int{1969, 3024}, want: verdict{runtime.Transient, driver.KindDeadline, runtime.StatementRolledBack, runtime.ScopeNone, kept}},
	{dbms: "MariaDB", natives: []int{1792, 1836}, want: isReadOnly.but(runtime.StatementRolledBack)},
	{dbms: "MariaDB", natives: []int{1290}, message: "running with the --read-only option", want: isReadOnly.but(runtime.StatementRolledBack)},
	{dbms: "MariaDB", natives: []int{1290}, message: "running with the --secure-file-priv option", want: isInvalid(driver.KindUnsupported)},
	{dbms: "MariaDB", natives: []int{1114, 1021, 28}, want: isDisk},
	{dbms: "MariaDB", natives: []int{1048}, want: isInvalid(driver.KindNotNull)},
	{dbms: "MariaDB", natives: []int{1062}, want: isInvalid(driver.KindUnique)},
	{dbms: "MariaDB", natives: []int{1451, 1452}, want: isInvalid(driver.KindForeignKey)},
	{dbms: "MariaDB", natives: []int{1064}, want: isInvalid(driver.KindSyntax)},
	{dbms: "MariaDB", natives: []int{1052, 1054, 1146}, want: isInvalid(driver.KindUnknownObject)},
	{dbms: "MariaDB", natives: []int{1264, 1406}, want: isInvalid(driver.KindData)},

	{dbms: "PostgreSQL", states: "HY000 08S01 57P01", natives: []int{35}, want: isLost},
	{dbms: "PostgreSQL", states: "57P01", natives: []int{-1, 35, 108}, during: fakedriver.EndTransaction, want: isLost},
	{dbms: "PostgreSQL", states: "25P03", natives: []int{35}, want: isIdle},
	{dbms: "PostgreSQL", during: fakedriver.Connect, states: "08001", natives: []int{101}, want: isRefused},
	{dbms: "PostgreSQL", during: fakedriver.Connect, states: "08001", natives: []int{101}, message: "FATAL: sorry, too many clients already", want: isFull},
	{dbms: "PostgreSQL", during: fakedriver.Connect, states: "08001", natives: []int{101}, message: `FATAL: password authentication failed for user "u"`, want: isAuth},

	{dbms: "SQLite", natives: []int{5, 6}, want: isLocked},
	{dbms: "SQLite", natives: []int{9}, want: isCancelled(kept)},
	{dbms: "SQLite", natives: []int{19}, want: isInvalid(driver.KindConstraint)},
	{dbms: "SQLite", natives: []int{1, 25}, want: isInvalid(driver.KindSyntax)},
	{dbms: "SQLite", natives: []int{18, 20}, want: isInvalid(driver.KindData)},
	{dbms: "SQLite", natives: []int{13}, want: isDisk},
	{dbms: "SQLite", natives: []int{8}, want: isReadOnly.but(runtime.StatementRolledBack)},
	{dbms: "SQLite", natives: []int{10}, want: isCorrupt},
	{dbms: "SQLite", natives: []int{11, 26}, want: isCorrupt.but(runtime.NotExecuted)},
	{dbms: "SQLite", during: fakedriver.Connect, natives: []int{14}, want: isConfig},

	{dbms: "DB2", natives: []int{-911}, want: isAgain(driver.KindDeadlock)},
	{dbms: "DB2", natives: []int{-913}, want: isLocked},
	{dbms: "DB2", natives: []int{-1035, -1218, -30080, -30081}, want: isLost},
	{dbms: "DB2", natives: []int{-904, -971}, want: isBusy},
	{dbms: "DB2", natives: []int{-803}, want: isInvalid(driver.KindUnique)},
	{dbms: "DB2", natives: []int{-407}, want: isInvalid(driver.KindNotNull)},
	{dbms: "DB2", natives: []int{-530, -531, -532}, want: isInvalid(driver.KindForeignKey)},
	{dbms: "DB2", natives: []int{-543, -544, -545}, want: isInvalid(driver.KindCheck)},
	{dbms: "DB2", natives: []int{-603, -667}, want: isInvalid(driver.KindConstraint)},

	{dbms: ase, natives: []int{1205}, want: isAgain(driver.KindDeadlock)},
	{dbms: ase, natives: []int{921, 1105}, want: isBusy},
}

// TestF0_Classes: every SQLSTATE and every code of a database, where it occurs, is held
// for what it is, and the connection goes or stays by it. It comes through the driver
// manager.
func TestF0_Classes(t *testing.T) {
	for _, row := range append(stateFaults, nativeFaults...) {
		if row.states == "" {
			row.states = "HY000"
		}
		if row.natives == nil {
			row.natives = []int{0}
		}
		if row.during == "" {
			row.during = fakedriver.Execute
		}
		name := fmt.Sprint(row.dbms, " ", row.during, " ", row.states, " ", row.natives)
		t.Run(name, func(t *testing.T) {
			d := fakedriver.New(t)
			d.SetDBMS(row.dbms)
			db := openFake(t, d, runtime.WithPlugin(driver.For(driver.Server{DBMS: row.dbms})))
			for state := range strings.FieldsSeq(row.states) {
				for _, native := range row.natives {
					requireVerdict(t, d, db, row, fakedriver.Record{State: state, Native: native, Message: row.message})
				}
			}
		})
	}
}

// requireVerdict provokes one error.
func requireVerdict(t *testing.T, d *fakedriver.Driver, db *runtime.DB, row faultRow, r fakedriver.Record) {
	t.Helper()
	before := connectionOf(t, d, db)
	d.Script(func(c *fakedriver.Call, a *fakedriver.Answer) {
		if c.Op == row.during && c.Attribute == 0 && (c.Op != fakedriver.Execute || c.SQL == faulty) { // 0 is COMMIT
			a.Return, a.Records = fakedriver.Error, []fakedriver.Record{r}
		}
	})
	err := provoke(t, d, db, row.during)
	d.Script(nil)
	var e *runtime.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, cmp.Or(newStates[r.State], r.State), e.State, "%v", err)
	require.EqualValues(t, r.Native, e.Native)
	v := verdict{e.Category, e.Kind, e.Outcome, e.Retry, row.during != fakedriver.Connect && connectionOf(t, d, db) == before}
	require.Equal(t, row.want, v, "%s %d", r.State, r.Native)
	require.Equal(t, row.want.retry != runtime.ScopeNone && row.want.outcome != runtime.OutcomeUnknown, runtime.IsRetryable(err))
}

// newStates are the SQLSTATEs of ODBC 3 that the driver manager makes of those of
// ODBC 2.
var newStates = map[string]string{
	"37000": "42000", "S0001": "42S01", "S0002": "42S02", "S0012": "42S12", "S0022": "42S22", "S1000": "HY000",
}

const faulty = "UPDATE t SET n = 1"

// provoke does what meets the call op.
func provoke(t *testing.T, d *fakedriver.Driver, db *runtime.DB, op fakedriver.Op) error {
	t.Helper()
	switch op {
	case fakedriver.Connect:
		_, err := runtime.Open(t.Context(), d.DSN(), runtime.WithPlugin(db.Plugin()))
		return err
	case fakedriver.EndTransaction:
		return db.InTx(t.Context(), func(tx *runtime.Tx) error {
			return statement("Update", "UPDATE t SET n = 2").Exec(t.Context(), tx, runtime.None{})
		})
	}
	return statement("Faulty", faulty).Exec(t.Context(), db, runtime.None{})
}

// connectionOf returns the number of the connection that the pool hands out.
func connectionOf(t *testing.T, d *fakedriver.Driver, db *runtime.DB) (number int64) {
	t.Helper()
	d.Script(func(c *fakedriver.Call, _ *fakedriver.Answer) {
		if c.Op == fakedriver.Execute {
			number = c.Conn
		}
	})
	_, err := ints("Which", "SELECT n FROM which").One(t.Context(), db, 0)
	require.NoError(t, err)
	d.Script(nil)
	return number
}
