package faults_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
)

// TestF15_LockTimeout: who does not get a lock in time may try again, and what its
// transaction did before is rolled back with it when it gives up: MariaDB's 1205
// undoes the statement alone.
func TestF15_LockTimeout(t *testing.T) {
	nowait := ints("Nowait", "SELECT n FROM numbers WHERE n = ? FOR UPDATE NOWAIT")
	update := command("Update", "UPDATE numbers SET n = n WHERE n = ?")
	wait := func(t *testing.T, tx *runtime.Tx) error { return update.Exec(t.Context(), tx, 1) }
	noWait := func(t *testing.T, tx *runtime.Tx) error {
		_, err := nowait.Many(t.Context(), tx, 1)
		return err
	}
	for _, test := range []struct {
		name  string
		at    func(testing.TB) testdb.Database
		setup string
		wait  func(*testing.T, *runtime.Tx) error
	}{
		{"postgres timeout", testdb.Postgres, "SET lock_timeout = '50ms'", wait},
		{"postgres nowait", testdb.Postgres, "", noWait},
		{"mariadb timeout", testdb.MariaDB, "SET innodb_lock_wait_timeout = 1", wait},
		{"mariadb nowait", testdb.MariaDB, "", noWait},
	} {
		t.Run(test.name, func(t *testing.T) {
			at := test.at(t)
			leavesNothing(t, 4)
			db := open(t, at)
			db.withNumbers(t, 1)
			newLedger(t, db)
			require.NoError(t, db.InTx(t.Context(), func(holder *runtime.Tx) error {
				require.NoError(t, update.Exec(t.Context(), holder, 1))
				c, err := db.Conn(t.Context())
				require.NoError(t, err)
				defer c.Close()
				if test.setup != "" {
					require.NoError(t, c.Exec(t.Context(), test.setup))
				}
				err = c.InTx(t.Context(), func(tx *runtime.Tx) error {
					require.NoError(t, insertEntry.Exec(t.Context(), tx, 7))
					return test.wait(t, tx)
				})
				requireKind(t, err, runtime.Transient, driver.KindLockTimeout)
				require.True(t, runtime.IsRetryable(err))
				return nil
			}))
			require.Empty(t, db.shown(t, "SELECT n FROM entries"))
		})
	}
	t.Run("sqlite busy", func(t *testing.T) {
		at := testdb.SQLite(t)
		at.DSN += ";Timeout=50"
		leavesNothing(t, 4)
		db := open(t, at)
		db.withNumbers(t, 1)
		require.NoError(t, db.InTx(t.Context(), func(holder *runtime.Tx) error {
			require.NoError(t, update.Exec(t.Context(), holder, 1))
			err := update.Exec(t.Context(), db, 1)
			requireKind(t, err, runtime.Transient, driver.KindLockTimeout)
			require.True(t, runtime.IsRetryable(err))
			return nil
		}))
		require.NoError(t, update.Exec(t.Context(), db, 1))
	})
}
