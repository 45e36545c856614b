package runtime_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
)

// TestLockTimeoutEndsTransaction: a wait for a lock that was too long ends a transaction
// of MariaDB, or only its statement; the server is asked which.
func TestLockTimeoutEndsTransaction(t *testing.T) {
	for option, ends := range map[string]bool{"--innodb-rollback-on-timeout=0": false, "--innodb-rollback-on-timeout=1": true} {
		t.Run(option, func(t *testing.T) {
			db := open(t, testdb.OwnMariaDB(t, option).Fresh(t))
			db.exec(t, "CREATE TABLE numbers (n BIGINT PRIMARY KEY) ENGINE = InnoDB")
			require.NoError(t, db.InTx(t.Context(), func(holder *runtime.Tx) error {
				require.NoError(t, insertNumber.Exec(t.Context(), holder, 1))
				var after error
				err := db.InTx(t.Context(), func(tx *runtime.Tx) error {
					require.NoError(t, insertNumber.Exec(t.Context(), tx, 2))
					require.ErrorIs(t, insertNumber.Exec(t.Context(), tx, 1), runtime.KindLockTimeout)
					after = insertNumber.Exec(t.Context(), tx, 3)
					return nil
				}, runtime.TxLockTimeout(time.Second), runtime.NoTxRetry())
				if ends {
					require.ErrorIs(t, after, runtime.KindTransaction)
					require.ErrorIs(t, err, runtime.KindTransaction)
				} else {
					require.NoError(t, errors.Join(after, err))
				}
				return nil
			}))
			want := [][]string{{"1"}}
			if !ends {
				want = append(want, []string{"2"}, []string{"3"})
			}
			require.Equal(t, want, db.shown(t, "SELECT n FROM numbers ORDER BY n"))
			db.Close()
		})
	}
}
