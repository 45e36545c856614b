package runtime_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

var insertNumber = command("InsertNumber", "INSERT INTO numbers VALUES (?)", protocol.Int64, encodeInt64)

// onNumbers runs a test on each engine with an empty table numbers and one
// connection; put inserts a number and want compares what others see.
func onNumbers(t *testing.T, test func(t *testing.T, db database, put func(runtime.Session, ...int64), want func(...string))) {
	t.Helper()
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 0)
		put := func(on runtime.Session, numbers ...int64) {
			t.Helper()
			for _, n := range numbers {
				require.NoError(t, insertNumber.Exec(t.Context(), on, n))
			}
		}
		want := func(numbers ...string) {
			t.Helper()
			var got []string
			for _, row := range db.shown(t, "SELECT n FROM numbers ORDER BY n") {
				got = append(got, row[0])
			}
			require.Equal(t, numbers, got)
		}
		test(t, db, put, want)
	}, runtime.WithPoolSize(1))
}

func TestTransactionEnds(t *testing.T) {
	onNumbers(t, func(t *testing.T, db database, put func(runtime.Session, ...int64), want func(...string)) {
		ctx := t.Context()
		require.NoError(t, db.InTx(ctx, func(tx *runtime.Tx) error {
			put(tx, 1, 2)
			return nil
		}))
		want("1", "2")

		require.ErrorIs(t, db.InTx(ctx, func(tx *runtime.Tx) error {
			put(tx, 3)
			return errOurs
		}), errOurs)
		want("1", "2")

		require.PanicsWithValue(t, "ours", func() {
			_ = db.InTx(ctx, func(tx *runtime.Tx) error {
				put(tx, 4)
				panic("ours")
			})
		})
		want("1", "2")

		put(db, 5) // outside of a transaction it is there at once
		want("1", "2", "5")
		requireGivenBack(t, db)
	})
}

// TestTransactionIsSeenInside: a query in it sees what it has done, and after a
// failed statement the transaction goes on, on all engines alike.
func TestTransactionIsSeenInside(t *testing.T) {
	onNumbers(t, func(t *testing.T, db database, put func(runtime.Session, ...int64), want func(...string)) {
		require.NoError(t, db.InTx(t.Context(), func(tx *runtime.Tx) error {
			put(tx, 1, 2, 3)
			require.Error(t, insertNumber.Exec(t.Context(), tx, 2))
			_, err := broken.Many(t.Context(), tx, runtime.None{})
			require.Error(t, err)
			n, err := count.One(t.Context(), tx, 1)
			require.NoError(t, err)
			require.EqualValues(t, 3, n)
			put(tx, 4)
			return nil
		}))
		want("1", "2", "3", "4")
	})
}

func TestSavepoints(t *testing.T) {
	onNumbers(t, func(t *testing.T, db database, put func(runtime.Session, ...int64), want func(...string)) {
		ctx := t.Context()
		require.NoError(t, db.InTx(ctx, func(tx *runtime.Tx) error {
			inner := func(number int64, err error) error {
				return tx.InTx(ctx, func(tx *runtime.Tx) error {
					put(tx, number)
					return err
				})
			}
			require.NoError(t, inner(1, nil)) // as the first thing of the transaction
			put(tx, 2)
			require.ErrorIs(t, inner(3, errOurs), errOurs)
			require.NoError(t, inner(4, nil))
			require.PanicsWithValue(t, "ours", func() {
				_ = tx.InTx(ctx, func(tx *runtime.Tx) error {
					put(tx, 5)
					panic("ours")
				})
			})
			require.ErrorIs(t, tx.InTx(ctx, func(tx *runtime.Tx) error {
				put(tx, 6)
				require.NoError(t, tx.InTx(ctx, func(tx *runtime.Tx) error { // undone with the one around it
					put(tx, 7)
					return nil
				}))
				return errOurs
			}), errOurs)
			put(tx, 8)
			return nil
		}))
		want("1", "2", "4", "8")
	})
}

func TestTransactionIsOver(t *testing.T) {
	onNumbers(t, func(t *testing.T, db database, put func(runtime.Session, ...int64), want func(...string)) {
		var outer, inner *runtime.Tx
		require.NoError(t, db.InTx(t.Context(), func(tx *runtime.Tx) error {
			outer = tx
			require.NoError(t, tx.InTx(t.Context(), func(tx *runtime.Tx) error { inner = tx; return nil }))
			requireOver(t, inner)
			put(tx, 1)
			return nil
		}))
		requireOver(t, outer)
		requireOver(t, inner)
		want("1")
	})
}

func requireOver(t *testing.T, tx *runtime.Tx) {
	t.Helper()
	ctx := context.Background()
	const over = "transaction is over"
	require.ErrorContains(t, insertNumber.Exec(ctx, tx, 9), over)
	_, err := count.One(ctx, tx, 1)
	require.ErrorContains(t, err, over)
	for _, err := range upTo.Stream(ctx, tx, 1) {
		require.ErrorContains(t, err, over)
	}
	require.ErrorContains(t, tx.InTx(ctx, func(*runtime.Tx) error { panic("not to be called") }), over)
}

// TestTransactionWithEndedContext: what nobody waits for any more is undone, the
// inside of a savepoint too.
func TestTransactionWithEndedContext(t *testing.T) {
	onNumbers(t, func(t *testing.T, db database, put func(runtime.Session, ...int64), want func(...string)) {
		ctx, cancel := context.WithCancel(t.Context())
		err := db.InTx(ctx, func(tx *runtime.Tx) error {
			put(tx, 1)
			cancel()
			return nil
		})
		requireUncommitted(t, err)
		want()

		ctx, cancel = context.WithCancel(t.Context())
		require.NoError(t, db.InTx(t.Context(), func(tx *runtime.Tx) error {
			put(tx, 2)
			require.ErrorIs(t, tx.InTx(ctx, func(tx *runtime.Tx) error {
				put(tx, 3)
				cancel()
				return nil
			}), context.Canceled)
			put(tx, 4)
			return nil
		}))
		want("2", "4")
	})
}

// TestConn: a connection for the caller alone keeps its session, and is of no
// use once it is given back.
func TestConn(t *testing.T) {
	onNumbers(t, func(t *testing.T, db database, put func(runtime.Session, ...int64), want func(...string)) {
		c, err := db.Conn(t.Context())
		require.NoError(t, err)
		require.NoError(t, c.Exec(t.Context(), "CREATE TEMPORARY TABLE mine (n BIGINT)"))
		require.NoError(t, c.Exec(t.Context(), "INSERT INTO mine VALUES (7)"))
		n, err := ints("Mine", "SELECT n FROM mine").One(t.Context(), c, 0)
		require.NoError(t, err)
		require.EqualValues(t, 7, n)
		require.ErrorIs(t, c.InTx(t.Context(), func(tx *runtime.Tx) error {
			put(tx, 1)
			return errOurs
		}), errOurs)
		require.NoError(t, c.InTx(t.Context(), func(tx *runtime.Tx) error {
			put(tx, 2)
			return nil
		}))
		put(c, 3)
		want("2", "3")
		server := c.Server()
		require.Equal(t, byEngine{"sqlite": "SQLite", "postgres": "PostgreSQL", "mariadb": "MariaDB"}.of(db), server.DBMS)
		require.NotEmpty(t, server.Version)
		require.NotEmpty(t, server.Driver)
		require.Equal(t, db.Name, c.Plugin().Name)

		c.Close()
		c.Close()
		requireGivenBack(t, db)
		const back = "given back"
		require.ErrorContains(t, c.Exec(t.Context(), "SELECT 1"), back)
		require.ErrorContains(t, insertNumber.Exec(t.Context(), c, 4), back)
		_, err = c.Describe(t.Context(), "SELECT 1")
		require.ErrorContains(t, err, back)
		_, err = c.TableColumns(t.Context(), "", "numbers")
		require.ErrorContains(t, err, back)
		require.ErrorContains(t, c.InTx(t.Context(), nil), back)
	})
}

// TestAffected counts the rows that a command has changed.
func TestAffected(t *testing.T) {
	onNumbers(t, func(t *testing.T, db database, put func(runtime.Session, ...int64), want func(...string)) {
		put(db, 1, 2, 3)
		for _, test := range []struct {
			sql  string
			from int64
			rows int64
		}{
			{"UPDATE numbers SET n = n + 100 WHERE n > ?", 10, 0},
			{"UPDATE numbers SET n = n + 100 WHERE n > ?", 1, 2},
			{"DELETE FROM numbers WHERE n > ?", 1000, 0},
			{"DELETE FROM numbers WHERE n > ?", 0, 3},
			{"DELETE FROM numbers WHERE n > ?", 0, 0},
			{"INSERT INTO numbers VALUES (?)", 1, 1},
		} {
			rows, err := command("Change", test.sql, protocol.Int64, encodeInt64).Affected(t.Context(), db, test.from)
			require.NoError(t, err, test.sql)
			require.Equal(t, test.rows, rows, test.sql)
		}
		update := command("Update", "UPDATE numbers SET n = n + 1 WHERE n > ?", protocol.Int64, encodeInt64)
		for range 3 { // the same statement again after it has met no row
			rows, err := update.Affected(t.Context(), db, 1000)
			require.NoError(t, err)
			require.Zero(t, rows)
			rows, err = update.Affected(t.Context(), db, 0)
			require.NoError(t, err)
			require.EqualValues(t, 1, rows)
		}
	})
}

// TestTransactionEndedBehindTheDriver: SQLite may end a transaction by itself, and
// sqliteodbc then refuses to disconnect.
func TestTransactionEndedBehindTheDriver(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 1)
		_ = db.InTx(t.Context(), func(tx *runtime.Tx) error {
			require.NoError(t, statement("Insert", "INSERT INTO numbers VALUES (2)").Exec(t.Context(), tx, runtime.None{}))
			_ = statement("Rollback", "ROLLBACK").Exec(t.Context(), tx, runtime.None{})
			return errOurs
		})
		require.Equal(t, [][]string{{"1"}}, db.shown(t, "SELECT count(*) FROM numbers"))
	})
}

// TestTransactionOutlived: a statement that other goroutines have begun on a Tx when it is rolled
// back is not executed behind it, by itself.
func TestTransactionOutlived(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 0)
		for round := range int64(20) {
			var users sync.WaitGroup
			busy := make(chan struct{}, 80_000)
			err := db.InTx(t.Context(), func(tx *runtime.Tx) error {
				require.NoError(t, insertNumber.Exec(t.Context(), tx, round*100_000))
				for user := range int64(8) {
					users.Go(func() {
						for n := range int64(10_000) {
							if insertNumber.Exec(t.Context(), tx, round*100_000+user*10_000+n+1) != nil {
								return
							}
							busy <- struct{}{}
						}
					})
				}
				for range 16 {
					<-busy
				}
				return errOurs
			})
			require.ErrorIs(t, err, errOurs)
			users.Wait()
			require.Equal(t, [][]string{{"0"}}, db.shown(t, "SELECT count(*) FROM numbers"), "round %d", round)
		}
	})
}

// TestConnInTxTwice: a Conn has one transaction at a time.
func TestConnInTxTwice(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 0)
		c, err := db.Conn(t.Context())
		require.NoError(t, err)
		defer c.Close()
		err = c.InTx(t.Context(), func(tx *runtime.Tx) error {
			require.NoError(t, insertNumber.Exec(t.Context(), tx, 1))
			inner := c.InTx(t.Context(), func(tx *runtime.Tx) error { return nil })
			require.Error(t, inner)
			return errOurs
		})
		require.ErrorIs(t, err, errOurs)
		require.Equal(t, [][]string{{"0"}}, db.shown(t, "SELECT count(*) FROM numbers"))
	})
}

// TestDeferredConstraint: a constraint that is checked at the commit has rolled all back,
// and what comes next on the connection is stored by itself.
func TestDeferredConstraint(t *testing.T) {
	onOne(t, "postgres", testdb.Postgres(t), func(t *testing.T, db database) {
		db.exec(t, "CREATE TABLE numbers (n BIGINT PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)")
		c := conn(t, db)
		err := c.InTx(t.Context(), func(tx *runtime.Tx) error {
			return errors.Join(insertNumber.Exec(t.Context(), tx, 1), insertNumber.Exec(t.Context(), tx, 1))
		})
		var e *runtime.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, "commit", e.Op)
		require.Equal(t, runtime.TransactionRolledBack, e.Outcome)
		require.NoError(t, insertNumber.Exec(t.Context(), c, 2))
		require.Equal(t, [][]string{{"2"}}, db.shown(t, "SELECT n FROM numbers"))
		c.Close()
	})
}

// TestSavepointsOverlap: savepoints of one transaction that overlap are told apart. The
// one that is undone with another does not pass for kept.
func TestSavepointsOverlap(t *testing.T) {
	onNumbers(t, func(t *testing.T, db database, put func(runtime.Session, ...int64), want func(...string)) {
		began, undone := make(chan struct{}), make(chan struct{})
		err := db.InTx(t.Context(), func(tx *runtime.Tx) error {
			var second sync.WaitGroup
			require.ErrorIs(t, tx.InTx(t.Context(), func(first *runtime.Tx) error {
				put(first, 1)
				second.Go(func() {
					err := tx.InTx(t.Context(), func(tx *runtime.Tx) error {
						put(tx, 2)
						close(began)
						<-undone
						return nil
					})
					if err == nil {
						t.Error("the savepoint is gone")
					}
				})
				<-began
				return errOurs
			}), errOurs)
			close(undone)
			second.Wait()
			return nil
		})
		require.Error(t, err)
		want()
	})
}

// TestSharedDeadline: who waits for a connection that another goroutine uses ends with
// its context, whatever it wants.
func TestSharedDeadline(t *testing.T) {
	onOne(t, "postgres", testdb.Postgres(t), func(t *testing.T, db database) {
		withNumbers(t, db, 1)
		for name, call := range map[string]func(context.Context, *runtime.Conn) error{
			"query":    func(ctx context.Context, c *runtime.Conn) error { _, err := count.One(ctx, c, 1); return err },
			"begin":    func(ctx context.Context, c *runtime.Conn) error { return c.InTx(ctx, nil) },
			"describe": func(ctx context.Context, c *runtime.Conn) error { _, err := c.Describe(ctx, "SELECT 1"); return err },
		} {
			t.Run(name, func(t *testing.T) {
				c := conn(t, db)
				defer c.Close()
				occupied(t, db, c, func() {
					ctx, ended := deadlineSoon(t)
					require.ErrorIs(t, call(ctx, c), context.DeadlineExceeded)
					require.Less(t, time.Since(ended()), sharedLimit)
				})
			})
		}
	})
}

const sharedLimit = 500 * time.Millisecond

// occupied calls do while a call on a session waits for another session.
func occupied(t *testing.T, db database, on runtime.Session, do func()) {
	t.Helper()
	holder := conn(t, db)
	require.NoError(t, holder.Exec(t.Context(), "SELECT pg_advisory_lock(7)"))
	wait := statement("Wait", "SELECT pg_advisory_xact_lock_shared(7)")
	var other sync.WaitGroup
	other.Go(func() { _ = wait.Exec(t.Context(), on, runtime.None{}) })
	defer other.Wait()
	defer holder.Close()
	require.Eventually(t, func() bool {
		return db.shown(t, "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")[0][0] == "1"
	}, time.Minute, 5*time.Millisecond)
	do()
}

// requireUncommitted: the context's end has kept the transaction from its commit, and
// nothing of it is stored.
func requireUncommitted(t *testing.T, err error) {
	t.Helper()
	var e *runtime.Error
	require.ErrorAs(t, err, &e)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, "commit", e.Op)
	require.Equal(t, runtime.TransactionRolledBack, e.Outcome)
}
