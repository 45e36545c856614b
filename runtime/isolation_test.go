package runtime_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// cellOf is the one text that a query gives, or none.
func cellOf(t testing.TB, on runtime.Session, sql string) string {
	t.Helper()
	q := runtime.Query[runtime.None, string]{
		Name: "Text", SQL: sql, Columns: []runtime.Column{{Name: "text", Kind: protocol.Text}},
		Decode: func(rows []string, b *protocol.Batch) {
			for i := range rows {
				rows[i] = b.Text(0).At(i)
			}
		},
	}
	got, _, err := q.Opt(t.Context(), on, runtime.None{})
	if err != nil {
		t.Errorf("%s: %v", sql, err)
	}
	return got
}

// asTold are queries for what the server knows of the transaction: its level and
// whether it may write.
var asTold = byEngine{
	"postgres": "SELECT upper(current_setting('transaction_isolation')) || ' ' || current_setting('transaction_read_only') AS text",
	// InnoDB shows what it has shown until nobody looks for a tenth of a second.
	"mariadb": "SELECT CONCAT(trx_isolation_level, ' ', IF(trx_is_read_only, 'on', 'off')) AS text FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id = CONNECTION_ID()",
}

// requireTold waits until the server says so of the transaction.
func requireTold(t *testing.T, db database, tx *runtime.Tx, want string) {
	t.Helper()
	_, err := count.One(t.Context(), tx, 1) // begins it
	require.NoError(t, err)
	told := ""
	require.Eventually(t, func() bool { told = cellOf(t, tx, asTold.of(db)); return told == want }, 10*time.Second, 150*time.Millisecond,
		"want %s", want)
}

// TestIsolation: the server confirms the level, and that of the next transaction is
// the default.
func TestIsolation(t *testing.T) {
	onNumbers(t, func(t *testing.T, db database, put func(runtime.Session, ...int64), want func(...string)) {
		has := db.Plugin().Transactions.Levels
		for level := runtime.ReadUncommitted; level <= runtime.Serializable; level++ {
			called := false
			err := db.InTx(t.Context(), func(tx *runtime.Tx) error {
				called = true
				if db.Name != "sqlite" {
					requireTold(t, db, tx, level.String()+" off")
				}
				return tx.InTx(t.Context(), func(tx *runtime.Tx) error { put(tx, int64(level)); return nil })
			}, runtime.TxIsolation(level))
			if strings.Contains(strings.Join(levelNames(has), ","), level.String()) {
				require.NoError(t, err, level)
				continue
			}
			requireError(t, err, runtime.Error{Op: "begin", Err: err.(*runtime.Error).Err})
			require.ErrorContains(t, err, level.String())
			require.Equal(t, runtime.NotSent, err.(*runtime.Error).Outcome)
			require.False(t, called)
		}
		want(byEngine{"": "1,2,3,4", "postgres": "2,3,4", "sqlite": "4"}.list(db)...)
		if db.Name != "sqlite" {
			require.NoError(t, db.InTx(t.Context(), func(tx *runtime.Tx) error {
				requireTold(t, db, tx, byEngine{"postgres": "READ COMMITTED off", "mariadb": "REPEATABLE READ off"}.of(db))
				return nil
			}))
		}
	})
}

func levelNames(levels []runtime.Isolation) (all []string) {
	for _, l := range levels {
		all = append(all, l.String())
	}
	return all
}

// list is of, of words with commas.
func (b byEngine) list(db database) []string { return strings.Split(b.of(db), ",") }

// TestOneMode: of a database that takes one mode for a transaction no second one is asked.
func TestOneMode(t *testing.T) {
	plugin := driver.Postgres
	plugin.Transactions.OneMode = true
	db := open(t, testdb.Postgres(t), runtime.WithPlugin(&plugin))
	err := db.InTx(t.Context(), func(*runtime.Tx) error { return errOurs }, runtime.TxReadOnly(), runtime.TxIsolation(runtime.Serializable))
	require.ErrorIs(t, err, driver.KindUnsupported)
	require.ErrorContains(t, err, "ISOLATION LEVEL SERIALIZABLE and READ ONLY")
	require.ErrorIs(t, db.InTx(t.Context(), func(*runtime.Tx) error { return errOurs }, runtime.TxReadOnly()), errOurs)
}

// TestReadOnly: a write fails, reads go on, and the next transaction writes.
func TestReadOnly(t *testing.T) {
	onNumbers(t, func(t *testing.T, db database, put func(runtime.Session, ...int64), want func(...string)) {
		put(db, 1)
		require.NoError(t, db.InTx(t.Context(), func(tx *runtime.Tx) error {
			n, err := count.One(t.Context(), tx, 1)
			require.NoError(t, err)
			require.EqualValues(t, 1, n)
			err = insertNumber.Exec(t.Context(), tx, 2)
			require.Error(t, err)
			require.Equal(t, "read-only", string(err.(*runtime.Error).Kind))
			require.Error(t, tx.InTx(t.Context(), func(tx *runtime.Tx) error { return insertNumber.Exec(t.Context(), tx, 3) }))
			if db.Name != "sqlite" {
				requireTold(t, db, tx, byEngine{"postgres": "SERIALIZABLE on", "mariadb": "SERIALIZABLE on"}.of(db))
			}
			return nil
		}, runtime.TxReadOnly(), runtime.TxIsolation(runtime.Serializable)))
		require.ErrorIs(t, db.InTx(t.Context(), func(*runtime.Tx) error { return errOurs }, runtime.TxReadOnly()), errOurs) // that runs nothing
		require.NoError(t, db.InTx(t.Context(), func(tx *runtime.Tx) error { put(tx, 4); return nil }))
		put(db, 5)
		want("1", "4", "5")
	})
}

// TestLockTimeout: the wait is measured, and that of the next transaction is what it
// was.
func TestLockTimeout(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 1)
		update := command("Update", "UPDATE numbers SET n = n + ?", protocol.Int64, encodeInt64)
		other := open(t, db.Database, runtime.WithPoolSize(1))
		settings := byEngine{
			"sqlite": "SELECT CAST(timeout AS TEXT) AS text FROM pragma_busy_timeout", "postgres": "SELECT current_setting('lock_timeout') AS text",
			"mariadb": "SELECT CONCAT(@@innodb_lock_wait_timeout, ' ', @@lock_wait_timeout) AS text",
		}.of(db)
		before := cellOf(t, other, settings)
		require.NoError(t, db.InTx(t.Context(), func(tx *runtime.Tx) error {
			require.NoError(t, update.Exec(t.Context(), tx, 1))
			for _, wait := range []time.Duration{400 * time.Millisecond, time.Microsecond} {
				at := time.Now()
				err := other.InTx(t.Context(), func(tx *runtime.Tx) error { return update.Exec(t.Context(), tx, 1) }, runtime.TxLockTimeout(wait))
				require.Error(t, err)
				require.Equal(t, "lock timeout", string(err.(*runtime.Error).Kind), "%v", err)
				if db.Name == "mariadb" {
					wait = time.Second
				}
				require.Greater(t, time.Since(at), wait*9/10)
				require.Less(t, time.Since(at), wait+2*time.Second)
			}
			return nil
		}))
		require.Equal(t, before, cellOf(t, other, settings))
		other.Close()
	})
}

// TestLockTimeoutInTheWay: with a Timeout of the user's, SQLite's driver waits as
// long whatever SQLite is told.
func TestLockTimeoutInTheWay(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		at := db.Database
		at.DSN += ";Timeout=700"
		other := open(t, at)
		err := other.InTx(t.Context(), func(*runtime.Tx) error { return nil }, runtime.TxLockTimeout(time.Second))
		if db.Name == "sqlite" {
			require.ErrorContains(t, err, "Timeout")
		} else {
			require.NoError(t, err)
		}
		other.Close()
	})
}

// TestOptionsOfSavepoint: they are those of the transaction.
func TestOptionsOfSavepoint(t *testing.T) {
	onNumbers(t, func(t *testing.T, db database, put func(runtime.Session, ...int64), want func(...string)) {
		require.NoError(t, db.InTx(t.Context(), func(tx *runtime.Tx) error {
			for _, option := range []runtime.TxOption{
				runtime.TxIsolation(runtime.Serializable), runtime.TxReadOnly(), runtime.TxLockTimeout(time.Second), runtime.TxRetry(runtime.RetryPolicy{}),
			} {
				require.ErrorContains(t, tx.InTx(t.Context(), func(*runtime.Tx) error { panic("not to be called") }, option), "savepoint")
			}
			return tx.InTx(t.Context(), func(tx *runtime.Tx) error { put(tx, 1); return nil }, runtime.NoTxRetry())
		}))
		want("1")
	})
}

// TestFailedTransaction: nothing follows a deadlock, though its victim goes on, and
// nothing of it is stored.
func TestFailedTransaction(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		if db.Name == "sqlite" { // where one writer at a time cannot lock the other
			return
		}
		db.exec(t, "CREATE TABLE pairs (id BIGINT PRIMARY KEY, n BIGINT); INSERT INTO pairs VALUES (1, 0), (2, 0)")
		add := command("Add", "UPDATE pairs SET n = n + 1 WHERE id = ?", protocol.Int64, encodeInt64)
		var both sync.WaitGroup
		both.Add(2)
		var ends [2]error
		var group sync.WaitGroup
		for i, order := range [][2]int64{{1, 2}, {2, 1}} {
			group.Go(func() {
				ends[i] = db.InTx(t.Context(), func(tx *runtime.Tx) error {
					if err := add.Exec(t.Context(), tx, order[0]); err != nil {
						return err
					}
					both.Done()
					both.Wait()
					if first := add.Exec(t.Context(), tx, order[1]); first != nil {
						for _, later := range []error{
							add.Exec(t.Context(), tx, order[0]),
							tx.InTx(t.Context(), func(*runtime.Tx) error { panic("not to be called") }),
						} {
							if later == nil || !strings.Contains(later.Error(), first.Error()) {
								t.Errorf("after %v: %v", first, later)
							}
						}
					}
					return nil
				}, runtime.NoTxRetry())
			})
		}
		group.Wait()
		failed := ends[0]
		if failed == nil {
			failed = ends[1]
		} else {
			require.NoError(t, ends[1])
		}
		var e *runtime.Error
		require.ErrorAs(t, failed, &e)
		require.Equal(t, "commit", e.Op)
		require.Equal(t, "transaction", string(e.Kind))
		require.Equal(t, runtime.TransactionRolledBack, e.Outcome)
		require.ErrorAs(t, e.Err, &e)
		require.Equal(t, "deadlock", string(e.Kind))
		require.Equal(t, [][]string{{"1"}, {"1"}}, db.shown(t, "SELECT n FROM pairs"))
	})
}

// TestFailedStatement: under a psqlODBC that has no savepoints a failed statement is
// the end of its transaction, and no commit says otherwise (fault F17).
func TestFailedStatement(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		if db.Name != "postgres" {
			return
		}
		withNumbers(t, db, 0)
		for _, test := range []struct {
			settings string
			ends     bool
		}{
			{"", false}, {";Protocol=7.4-2", false}, {";Protocol=7.4", false},
			{";Protocol=7.4-1", true}, {";Protocol=7.4-0", true}, {";A1=7.4-0", true}, {";A1=7.4-1", true},
		} {
			at := db.Database
			at.DSN += test.settings
			other := open(t, at, runtime.WithPoolSize(1))
			for _, swallow := range []int64{3, 1} { // another error, or one of a statement that fails to be prepared
				db.exec(t, "DELETE FROM numbers")
				err := other.InTx(t.Context(), func(tx *runtime.Tx) error {
					require.NoError(t, insertNumber.Exec(t.Context(), tx, 1))
					if swallow == 1 {
						require.Error(t, insertNumber.Exec(t.Context(), tx, 1))
					} else {
						_, err := broken.Many(t.Context(), tx, runtime.None{})
						require.Error(t, err)
					}
					err := insertNumber.Exec(t.Context(), tx, 2)
					require.Equal(t, test.ends, err != nil, "%s: %v", test.settings, err)
					return nil
				})
				require.Equal(t, test.ends, err != nil, "%s: %v", test.settings, err)
				stored := map[bool][][]string{true: nil, false: {{"1"}, {"2"}}}[test.ends]
				require.Equal(t, stored, db.shown(t, "SELECT n FROM numbers ORDER BY n"), test.settings)
				require.NoError(t, other.InTx(t.Context(), func(tx *runtime.Tx) error { return insertNumber.Exec(t.Context(), tx, 5) }))
			}
			other.Close()
		}
	})
}
