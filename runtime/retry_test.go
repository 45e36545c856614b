package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// The errors of the tests below.
var (
	again = &runtime.Error{Op: "execute", State: "40001", Category: runtime.Transient, Outcome: runtime.TransactionRolledBack, Retry: runtime.ScopeTransaction}
	lost  = &runtime.Error{Op: "execute", State: "08S01", Category: runtime.ConnectionLost}
	never = &runtime.Error{Op: "execute", State: "23505", Category: runtime.Validation, Outcome: runtime.StatementRolledBack}
)

// TestRetry: what is tried again, how often, and how long the pauses are.
func TestRetry(t *testing.T) {
	idempotent := runtime.RetryPolicy{Idempotent: true}
	for name, test := range map[string]struct {
		policy   runtime.RetryPolicy
		errs     []error // of the tries; then success
		tries    int
		want     error
		at, most time.Duration // between these it ends
	}{
		"at once":               {tries: 1},
		"after two":             {errs: []error{again, again}, tries: 3, at: 1500 * time.Millisecond, most: 3 * time.Second},
		"never":                 {errs: []error{again, again, again}, tries: 3, want: again, at: 1500 * time.Millisecond, most: 3 * time.Second},
		"what fails again":      {errs: []error{never}, tries: 1, want: never},
		"somebody else's":       {errs: []error{errOurs}, tries: 1, want: errOurs},
		"another error later":   {errs: []error{again, never}, tries: 2, want: never, at: 500 * time.Millisecond, most: time.Second},
		"may be done":           {errs: []error{lost}, tries: 1, want: lost},
		"may be done, and so":   {policy: idempotent, errs: []error{lost, lost}, tries: 3, at: 1500 * time.Millisecond, most: 3 * time.Second},
		"idempotent, but wrong": {policy: idempotent, errs: []error{never}, tries: 1, want: never},
		"up to the longest": {
			policy: runtime.RetryPolicy{Attempts: 5, First: 10 * time.Second}, errs: []error{again, again, again, again},
			tries: 5, at: 45 * time.Second, most: 90 * time.Second,
		},
		"once": {policy: runtime.RetryPolicy{Attempts: 1}, errs: []error{again}, tries: 1, want: again},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, tries := time.Now(), 0
				err := runtime.Retry(t.Context(), test.policy, func(context.Context) error {
					tries++
					if tries <= len(test.errs) {
						return fmt.Errorf("try %d: %w", tries, test.errs[tries-1])
					}
					return nil
				})
				require.Equal(t, test.tries, tries)
				require.ErrorIs(t, err, test.want)
				var tried *runtime.RetryError
				if test.want != nil && tries > 1 {
					require.ErrorAs(t, err, &tried)
					require.Equal(t, tries, tried.Attempts)
					require.ErrorContains(t, err, fmt.Sprintf("tried %d times: try %[1]d: ", tries))
				} else {
					require.False(t, errors.As(err, &tried))
				}
				require.GreaterOrEqual(t, time.Since(began), test.at)
				require.LessOrEqual(t, time.Since(began), test.most)
			})
		})
	}
}

// TestRetryEnded: the context ends the waiting, and the last error is not lost.
func TestRetryEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		began := time.Now()
		err := runtime.Retry(ctx, runtime.RetryPolicy{}, func(context.Context) error { return again })
		require.ErrorIs(t, err, again)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "tried 1 times")
		require.Equal(t, 100*time.Millisecond, time.Since(began))
	})
}

// TestTransactionsCrossed: a bank whose transfers lock their accounts in any order.
// The victims of deadlocks are tried again, and no money comes or goes (fault F14).
func TestTransactionsCrossed(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		if db.Name == "sqlite" { // where one writer at a time cannot lock the other
			return
		}
		const accounts, tellers, transfers = 4, 8, 25
		db.exec(t, "CREATE TABLE accounts (id BIGINT PRIMARY KEY, n BIGINT NOT NULL, moves BIGINT NOT NULL)"+
			"; INSERT INTO accounts VALUES (0, 100, 0), (1, 100, 0), (2, 100, 0), (3, 100, 0)")
		balance := ints("Balance", "SELECT n FROM accounts WHERE id = ? FOR UPDATE")
		take := command("Take", "UPDATE accounts SET n = n - 1, moves = moves + 1 WHERE id = ?", protocol.Int64, encodeInt64)
		give := command("Give", "UPDATE accounts SET n = n + 1, moves = moves + 1 WHERE id = ?", protocol.Int64, encodeInt64)
		if db.Name == "postgres" {
			db.exec(t, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = 20', current_database()); END $$")
		}
		bank := open(t, db.Database, runtime.WithPoolSize(tellers))
		var done, again atomic.Int64
		var group sync.WaitGroup
		for teller := range tellers {
			group.Go(func() {
				for i := range transfers {
					from := int64(teller+i) % accounts
					to := (from + 1 + int64(i)%(accounts-1)) % accounts
					tries := 0
					err := bank.InTx(t.Context(), func(tx *runtime.Tx) error {
						tries++
						if _, err := balance.One(t.Context(), tx, from); err != nil {
							return err
						}
						if err := take.Exec(t.Context(), tx, from); err != nil {
							return err
						}
						return give.Exec(t.Context(), tx, to)
					}, runtime.TxRetry(runtime.RetryPolicy{Attempts: 50, First: 10 * time.Millisecond, Max: 50 * time.Millisecond}))
					again.Add(int64(tries - 1))
					if err != nil {
						t.Errorf("teller %d, transfer %d: %v", teller, i, err)
						continue
					}
					done.Add(1)
				}
			})
		}
		group.Wait()
		bank.Close()
		require.EqualValues(t, tellers*transfers, done.Load())
		require.Equal(t, [][]string{{fmt.Sprint(100 * accounts), fmt.Sprint(2 * done.Load())}}, db.shown(t, "SELECT SUM(n), SUM(moves) FROM accounts"))
		t.Logf("%d tries after a deadlock", again.Load())
		require.Positive(t, again.Load(), "no transfers met each other")
	})
}

// TestSerialization: each try sees the database as it is then, and the last error is
// told when all have failed (fault F16).
func TestSerialization(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		if db.Name != "postgres" { // MariaDB's update goes on with the row as it is now
			return
		}
		withNumbers(t, db, 1)
		add := command("Add", "UPDATE numbers SET n = n + ?", protocol.Int64, encodeInt64)
		sum := ints("Sum", "SELECT SUM(n)::bigint AS n FROM numbers")
		c, err := db.Conn(t.Context())
		require.NoError(t, err)
		defer c.Close()
		both := map[string]runtime.Session{"DB": db.DB, "Conn": c}
		for _, test := range []struct{ met, tries int }{{0, 1}, {1, 2}, {2, 3}, {3, 3}} {
			before, err := sum.One(t.Context(), db, 0)
			require.NoError(t, err)
			for name, on := range both {
				var seen []int64
				err := on.InTx(t.Context(), func(tx *runtime.Tx) error {
					n, err := sum.One(t.Context(), tx, 0)
					require.NoError(t, err)
					seen = append(seen, n)
					if len(seen) <= test.met {
						require.NoError(t, add.Exec(t.Context(), db, 100))
					}
					return add.Exec(t.Context(), tx, 1)
				}, runtime.TxIsolation(runtime.RepeatableRead))
				require.Len(t, seen, test.tries, name)
				for try, n := range seen {
					require.Equal(t, before+int64(100*try), n, name)
				}
				before = seen[len(seen)-1] + 1
				if test.met < test.tries {
					require.NoError(t, err, name)
					continue
				}
				before += 100 - 1
				var tried *runtime.RetryError
				require.ErrorAs(t, err, &tried)
				require.Equal(t, 3, tried.Attempts)
				require.Equal(t, "serialization", string(tried.Err.(*runtime.Error).Kind))
			}
		}
		tries := 0
		require.Error(t, db.InTx(t.Context(), func(tx *runtime.Tx) error { tries++; return again }, runtime.NoTxRetry()))
		require.Equal(t, 1, tries)
	})
}

// TestCommitUnknown: a commit whose connection is cut may have been done, and is not
// tried again.
func TestCommitUnknown(t *testing.T) {
	onNumbers(t, func(t *testing.T, db database, put func(runtime.Session, ...int64), want func(...string)) {
		tries, killed := 0, false
		err := db.InTx(t.Context(), func(tx *runtime.Tx) error {
			tries++
			put(tx, int64(tries))
			killed = kill(t, db)
			return nil
		})
		require.Equal(t, 1, tries)
		if !killed {
			require.NoError(t, err)
			return
		}
		var e *runtime.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, "commit", e.Op)
		require.Equal(t, "connection", string(e.Kind))
		require.Equal(t, runtime.OutcomeUnknown, e.Outcome)
		require.False(t, runtime.IsRetryable(err))
		put(db, 5)
		want("5")
	})
}
