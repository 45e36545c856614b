package faults_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
)

var (
	take = command("Take", "UPDATE accounts SET n = n - 1 WHERE id = ?")
	give = command("Give", "UPDATE accounts SET n = n + 1 WHERE id = ?")
)

// TestF14_Deadlock: of two transfers that cross, one is chosen to end and done again as
// a whole. No money comes or goes.
func TestF14_Deadlock(t *testing.T) {
	const accounts = 4
	onServers(t, func(t *testing.T, e engine) {
		at := e.shared(t)
		if e.name == "postgres" {
			testdb.Exec(t, at, "ALTER DATABASE "+settingOf(at.DSN, "Database")+" SET deadlock_timeout = '20ms'")
		}
		leavesNothing(t, 8)
		db := open(t, at, sized(8))
		db.exec(t, "CREATE TABLE accounts (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)")
		for id := range accounts {
			db.exec(t, fmt.Sprintf("INSERT INTO accounts VALUES (%d, 1000)", id))
		}
		tries := crossed(t, db)
		require.GreaterOrEqual(t, tries, int64(3), "one of the two was tried again")

		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				for range 25 {
					from := rand.Int64N(accounts)
					assertNoError(t, transfer(t, db, from, (from+1+rand.Int64N(accounts-1))%accounts, func() {}))
				}
			})
		}
		group.Wait()
		require.Equal(t, [][]string{{"4000"}}, db.shown(t, "SELECT sum(n) FROM accounts"))
	})
}

// crossed runs two transfers each of which has what the other one waits for, and
// returns how often they were tried.
func crossed(t *testing.T, db database) int64 {
	t.Helper()
	var tries atomic.Int64
	var both, group sync.WaitGroup
	both.Add(2)
	for id := range int64(2) {
		group.Go(func() {
			first := true
			assertNoError(t, transfer(t, db, id, 1-id, func() {
				tries.Add(1)
				if first {
					first = false
					both.Done()
					both.Wait()
				}
			}))
		})
	}
	group.Wait()
	require.Equal(t, [][]string{{"1000"}, {"1000"}}, db.shown(t, "SELECT n FROM accounts WHERE id < 2"))
	return tries.Load()
}

// transfer moves one from an account to another one, as often as it may be tried;
// between is called in the middle of each try.
func transfer(t *testing.T, db database, from, to int64, between func()) error {
	for {
		err := db.InTx(t.Context(), func(tx *runtime.Tx) error {
			if err := take.Exec(t.Context(), tx, from); err != nil {
				return err
			}
			between()
			return give.Exec(t.Context(), tx, to)
		})
		if !runtime.IsRetryable(err) {
			return err
		}
	}
}

// TestF16_SerializationFailure: what met another transaction is tried again on what
// that one has left, and not for ever.
func TestF16_SerializationFailure(t *testing.T) {
	at := testdb.Postgres(t) // MariaDB 10.11 updates what the transaction does not see
	testdb.Exec(t, at, "ALTER DATABASE "+settingOf(at.DSN, "Database")+" SET default_transaction_isolation = 'repeatable read'")
	leavesNothing(t, 4)
	db := open(t, at, sized(4))
	db.withNumbers(t, 1)
	read := ints("Read", "SELECT n FROM numbers")
	write := command("Write", "UPDATE numbers SET n = ?")
	add := func(tx *runtime.Tx, between func()) error {
		n, err := read.One(t.Context(), tx, 0)
		if err != nil {
			return err
		}
		between()
		return write.Exec(t.Context(), tx, n+10)
	}
	other := func() {
		require.NoError(t, db.InTx(t.Context(), func(tx *runtime.Tx) error { return add(tx, func() {}) }))
	}
	tries := 0
	var err error
	for again := true; again; again = runtime.IsRetryable(err) {
		err = db.InTx(t.Context(), func(tx *runtime.Tx) error {
			return add(tx, func() {
				if tries++; tries == 1 {
					other()
				}
			})
		})
	}
	require.NoError(t, err)
	require.Equal(t, 2, tries)
	require.Equal(t, [][]string{{"21"}}, db.shown(t, "SELECT n FROM numbers"))

	tries = 0
	err = db.InTx(t.Context(), func(tx *runtime.Tx) error {
		return add(tx, func() { tries++; other() })
	})
	requireKind(t, err, runtime.Transient, driver.KindSerialization)
	require.True(t, runtime.IsRetryable(err))
	require.LessOrEqual(t, tries, 3)
}

// TestF17_CommitOfAFailedTransaction: psqlODBC's Protocol says what an error does to the
// transaction around it: with 7.4-0 a COMMIT of nothing succeeds, with 7.4-1 the rows
// before the error are gone and those behind it are stored.
func TestF17_CommitOfAFailedTransaction(t *testing.T) {
	for _, protocol := range []string{"", ";Protocol=7.4", ";Protocol=7.4-0", ";Protocol=7.4-1", ";Protocol=7.4-2"} {
		t.Run(protocol, func(t *testing.T) {
			at := testdb.Postgres(t)
			at.DSN += protocol
			leavesNothing(t, 4)
			db := open(t, at)
			l := newLedger(t, db)
			db.exec(t, "ALTER TABLE entries ADD CHECK (n < 100)")
			var stored []int64
			err := db.InTx(t.Context(), func(tx *runtime.Tx) error {
				for _, n := range []int64{1, 100, 3, 100, 5} {
					if insertEntry.Exec(t.Context(), tx, n) == nil {
						stored = append(stored, n)
					}
				}
				return nil
			})
			t.Logf("%v: %v", stored, err)
			if err == nil {
				l.note(nil, stored...)
			}
			l.require(t, db)
		})
	}
}

// TestF18_TransactionLeftOpen: a transaction that was begun by hand and never ended is
// rolled back before another caller has its connection.
func TestF18_TransactionLeftOpen(t *testing.T) {
	for _, at := range testdb.All(t) {
		t.Run(at.Name, func(t *testing.T) {
			leavesNothing(t, 4)
			db := open(t, at, sized(1))
			l := newLedger(t, db)
			c, err := db.Conn(t.Context())
			require.NoError(t, err)
			require.NoError(t, c.Exec(t.Context(), "BEGIN"))
			require.NoError(t, insertEntry.Exec(t.Context(), c, 1000))
			if len(db.shown(t, "SELECT n FROM entries")) > 0 {
				require.Equal(t, "postgres", db.Name) // psqlODBC 13.02 commits each statement all the same
				l.note(nil, 1000)
			}
			c.Close()
			require.NoError(t, l.insert(t.Context(), db))
			l.require(t, db)
		})
	}
}

// TestF19_SessionSettingsLeftBehind: the next caller meets the session as it was made.
func TestF19_SessionSettingsLeftBehind(t *testing.T) {
	for _, test := range []struct {
		at    testdb.Database
		leave []string
		want  map[string]string // by query
	}{
		{testdb.Postgres(t),
			[]string{"SET statement_timeout = '1234s'", "SET default_transaction_isolation = 'serializable'", "CREATE TEMP TABLE left_behind AS SELECT 1 AS n", "SET TIME ZONE 'Asia/Tokyo'", "SELECT set_config('odbcgen.user', 'alice', false)"},
			map[string]string{
				"SELECT current_setting('statement_timeout') AS s":                                "0",
				"SELECT current_setting('default_transaction_isolation') AS s":                    "read committed",
				"SELECT count(*)::text AS s FROM pg_class WHERE relname = 'left_behind'":          "0",
				"SELECT current_setting('TimeZone') AS s":                                         "UTC",
				"SELECT coalesce(nullif(current_setting('odbcgen.user', true), ''), 'none') AS s": "none",
			}},
		{testdb.MariaDB(t),
			[]string{"SET max_statement_time = 1234", "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE", "CREATE TEMPORARY TABLE left_behind AS SELECT 1 AS n", "SET @user = 'alice'", "CREATE TABLE numbered (id BIGINT PRIMARY KEY AUTO_INCREMENT)", "INSERT INTO numbered VALUES (77)", "INSERT INTO numbered VALUES (NULL)"},
			map[string]string{
				"SELECT cast(@@max_statement_time AS CHAR) AS s": "0.000000",
				"SELECT @@tx_isolation AS s":                     "REPEATABLE-READ",
				"SELECT coalesce(@user, 'none') AS s":            "none",
				"SELECT cast(last_insert_id() AS CHAR) AS s":     "0",
				"SELECT cast(count(*) AS CHAR) AS s FROM information_schema.tables WHERE table_name = 'left_behind'": "0",
			}},
		{testdb.SQLite(t),
			[]string{"PRAGMA foreign_keys = ON", "PRAGMA case_sensitive_like = ON", "CREATE TEMP TABLE left_behind (n)"},
			map[string]string{
				"SELECT 'a' LIKE 'A' || '' AS s":                     "1",
				"SELECT '' || count(*) AS s FROM sqlite_temp_master": "0",
			}},
	} {
		t.Run(test.at.Name, func(t *testing.T) {
			leavesNothing(t, 4)
			db := open(t, test.at, sized(1))
			c, err := db.Conn(t.Context())
			require.NoError(t, err)
			for _, sql := range test.leave {
				require.NoError(t, c.Exec(t.Context(), sql))
			}
			c.Close()
			for sql, want := range test.want {
				got, err := texts("Ask", sql).One(t.Context(), db, 0)
				require.NoError(t, err)
				require.Equal(t, want, got, sql)
			}
		})
	}
}
