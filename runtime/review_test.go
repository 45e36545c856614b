//go:build linux

package runtime_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// TestTransactionOutlived: a statement that other goroutines have begun on a Tx when it is
// rolled back is not executed behind it, by itself.
func TestTransactionOutlived(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 0)
		for round := range int64(20) {
			var users sync.WaitGroup
			err := db.InTx(t.Context(), func(tx *runtime.Tx) error {
				require.NoError(t, insertNumber.Exec(t.Context(), tx, round*100_000))
				for user := range int64(8) {
					users.Go(func() {
						for n := range int64(10_000) {
							if insertNumber.Exec(t.Context(), tx, round*100_000+user*10_000+n+1) != nil {
								return
							}
						}
					})
				}
				time.Sleep(5 * time.Millisecond)
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

// TestSharedConnDeadline: who waits for a Conn that another goroutine uses ends with its context.
func TestSharedConnDeadline(t *testing.T) {
	onOne(t, "postgres", testdb.Postgres(t), func(t *testing.T, db database) {
		withNumbers(t, db, 1)
		c, err := db.Conn(t.Context())
		require.NoError(t, err)
		defer c.Close()
		var other sync.WaitGroup
		other.Go(func() { _ = c.Exec(t.Context(), "SELECT pg_sleep(2)") })
		defer other.Wait()
		time.Sleep(100 * time.Millisecond)
		ctx, ended := deadlineSoon(t)
		_, err = count.One(ctx, c, 1)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Less(t, time.Since(ended()), 500*time.Millisecond)
	})
}

// TestConnClosedInUse: what reads from a Conn that is closed meets an error, and no handle that is freed.
func TestConnClosedInUse(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 5000)
		c, err := db.Conn(t.Context())
		require.NoError(t, err)
		n := 0
		for _, err := range ints("All", "SELECT n FROM numbers WHERE n >= ?").Stream(t.Context(), c, 1) {
			if n++; n == 1 {
				c.Close()
				ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
				require.NoError(t, db.Shutdown(ctx))
				cancel()
			}
			if err != nil {
				require.True(t, runtime.IsConnectionError(err), err)
			}
		}
	})
}

// TestBudgetRace: two DBs pass the places of a budget to and fro.
func TestBudgetRace(t *testing.T) {
	at := testdb.Postgres(t)
	budget, err := runtime.NewBudget(2)
	require.NoError(t, err)
	one := open(t, at, runtime.WithPoolSize(2), runtime.WithBudget(budget))
	one.exec(t, "CREATE TABLE numbers (n BIGINT)")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	two := open(t, at, runtime.WithPoolSize(2), runtime.WithBudget(budget))
	var users sync.WaitGroup
	for _, db := range []database{one, two, one, two} {
		users.Go(func() {
			for range 100 {
				if _, err := count.One(ctx, db, 1); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	users.Wait()
	one.Close()
	two.Close()
}

// TestBudgetAbandoned: the place of an abandoned connection comes back.
func TestBudgetAbandoned(t *testing.T) {
	at := testdb.Postgres(t)
	testdb.Exec(t, at, "CREATE TABLE numbers (n BIGINT)")
	l, behind := linkTo(t, at)
	budget, err := runtime.NewBudget(1)
	require.NoError(t, err)
	db := open(t, behind, runtime.WithPoolSize(1), runtime.WithBudget(budget))
	_, err = count.One(t.Context(), db, 1)
	require.NoError(t, err)
	ctx, _ := deadlineSoon(t)
	l.stalled.Store(true)
	_, err = count.One(ctx, db, 1)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, stuck := odbc.Calls()
	t.Log("stuck", stuck)
	l.stalled.Store(false)
	l.mu.Lock()
	for _, c := range l.conns {
		c.Close()
	}
	l.mu.Unlock()
	require.Eventually(t, func() bool {
		underWay, stuck := odbc.Calls()
		return underWay == 0 && stuck == 0
	}, 10*time.Second, 5*time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
	defer cancel()
	_, err = count.One(ctx, db, 1)
	require.NoError(t, err)
	db.Close()
}

// TestBulkDeadlockInTx: a Tx whose bulk insert was the victim of a deadlock does not commit.
func TestBulkDeadlockInTx(t *testing.T) {
	onOne(t, "mariadb", testdb.MariaDB(t), func(t *testing.T, db database) {
		withNumbers(t, db, 0)
		db.exec(t, "CREATE TABLE accounts (id BIGINT PRIMARY KEY, n BIGINT)")
		db.exec(t, "INSERT INTO accounts VALUES (1, 0), (2, 0)")
		bulk := &runtime.Bulk[int64]{Name: "Odd", Table: "numbers", Columns: []runtime.Column{{Name: "n", Kind: protocol.Int64}}, Encode: encodeInt64}
		update := command("Update", "UPDATE accounts SET n = n + 1 WHERE id = ?", protocol.Int64, encodeInt64)
		locked, waits := make(chan struct{}), make(chan struct{})
		var other sync.WaitGroup
		other.Go(func() {
			err := db.InTx(t.Context(), func(tx *runtime.Tx) error {
				many := make([]int64, 2000)
				for i := range many {
					many[i] = int64(i + 1)
				}
				if _, err := bulk.Insert(t.Context(), tx, slices.Values(many)); err != nil {
					return err
				}
				close(locked)
				<-waits
				return update.Exec(t.Context(), tx, 1)
			}, runtime.NoTxRetry())
			t.Log("other", err)
		})
		<-locked
		var failed error
		err := db.InTx(t.Context(), func(tx *runtime.Tx) error {
			require.NoError(t, update.Exec(t.Context(), tx, 1))
			time.AfterFunc(300*time.Millisecond, func() { close(waits) })
			_, failed = bulk.Insert(t.Context(), tx, slices.Values([]int64{5, 6}))
			return nil
		}, runtime.NoTxRetry())
		other.Wait()
		t.Log("bulk", failed)
		require.Error(t, failed)
		t.Log(db.shown(t, "SELECT * FROM accounts"))
		require.Error(t, err, "the commit of a transaction that is no more")
	})
}

// TestChunkCommitUnknown: nobody knows of a chunk whose commit had no answer.
func TestChunkCommitUnknown(t *testing.T) {
	at := testdb.Postgres(t)
	testdb.Exec(t, at, "CREATE TABLE numbers (n BIGINT)")
	l := trip(t, at, "COMMIT")
	db := open(t, l.behind)
	bulk := &runtime.Bulk[int64]{Name: "Odd", Table: "numbers", Columns: []runtime.Column{{Name: "n", Kind: protocol.Int64}}, Encode: encodeInt64}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := bulk.Insert(ctx, db, slices.Values([]int64{1, 2, 3}), runtime.BulkChunk(10))
	var report *runtime.BulkError
	require.ErrorAs(t, err, &report)
	t.Log(err)
	var e *runtime.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "commit", e.Op)
	require.Equal(t, runtime.OutcomeUnknown, e.Outcome)
	require.True(t, report.Failed[0].Unknown)
}

// TestRestoreStalled: what is undone after a transaction has an end.
func TestRestoreStalled(t *testing.T) {
	at := testdb.MariaDB(t)
	testdb.Exec(t, at, "CREATE TABLE numbers (n BIGINT)")
	l := trip(t, at, "innodb_lock_wait_timeout = @odbcgen_rows")
	db := open(t, l.behind)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		ended <- db.InTx(ctx, func(tx *runtime.Tx) error { return insertNumber.Exec(ctx, tx, 1) }, runtime.TxLockTimeout(time.Second))
	}()
	began := time.Now()
	select {
	case err := <-ended:
		t.Log(time.Since(began), err)
		require.Less(t, time.Since(began), 8*time.Second)
	case <-time.After(15 * time.Second):
		t.Error("it hangs")
		l.close()
		<-ended
	}
}

// TestSessionLeaks: statements that look like others and change the session.
func TestSessionLeaks(t *testing.T) {
	for engine, tests := range map[string][][2]string{
		"mariadb": {
			{"SELECT 42 INTO @leak", "SELECT CONCAT(COALESCE(@leak, 'none')) AS text"},
			{"SELECT 42\nINTO\n@leak", "SELECT CONCAT(COALESCE(@leak, 'none')) AS text"},
		},
		"postgres": {
			{"SELECT 1 AS n INTO TEMPORARY leak", "SELECT COUNT(*)::text AS text FROM pg_class WHERE relname = 'leak'"},
			{"SELECT 1 AS n INTO\nTEMPORARY leak", "SELECT COUNT(*)::text AS text FROM pg_class WHERE relname = 'leak'"},
			{"SELECT 1 AS n INTO LOCAL TEMP leak", "SELECT COUNT(*)::text AS text FROM pg_class WHERE relname = 'leak'"},
			{"SELECT 1 AS n INTO pg_temp.leak", "SELECT COUNT(*)::text AS text FROM pg_class WHERE relname = 'leak'"},
			{"SELECT 1; SET lock_timeout = 77", "SELECT current_setting('lock_timeout') AS text"},
			{"INSERT INTO numbers VALUES (1); SET lock_timeout = 77", "SELECT current_setting('lock_timeout') AS text"},
			{"UPDATE pg_settings SET setting = '77' WHERE name = 'lock_timeout'", "SELECT current_setting('lock_timeout') AS text"},
		},
	} {
		at := map[string]func(testing.TB) testdb.Database{"mariadb": testdb.MariaDB, "postgres": testdb.Postgres}[engine](t)
		testdb.Exec(t, at, "CREATE TABLE numbers (n BIGINT)")
		for _, test := range tests {
			t.Run(fmt.Sprint(engine, "/", test[0]), func(t *testing.T) {
				db := open(t, at, runtime.WithPoolSize(1))
				defer db.Close()
				fresh := cellOf(t, db, test[1])
				err := statement("Change", test[0]).Exec(t.Context(), db, runtime.None{})
				t.Log(err)
				require.Equal(t, fresh, cellOf(t, db, test[1]))
			})
		}
	}
}

// TestNoSecretIsPrinted: a DB that is logged shows no connection string.
func TestNoSecretIsPrinted(t *testing.T) {
	db := open(t, testdb.SQLite(t), runtime.WithFallback("Driver=SQLite3;Database=x;PWD=geheim4711"))
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("opened", "db", db.DB)
	fmt.Fprintf(&b, "%+v %#v", db.DB, db.DB)
	require.NotContains(t, b.String(), "geheim4711")
}

// TestDeferredConstraint: a constraint that is checked at the commit has rolled all back.
func TestDeferredConstraint(t *testing.T) {
	onOne(t, "postgres", testdb.Postgres(t), func(t *testing.T, db database) {
		db.exec(t, "CREATE TABLE numbers (n BIGINT PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)")
		err := db.InTx(t.Context(), func(tx *runtime.Tx) error {
			return errors.Join(insertNumber.Exec(t.Context(), tx, 1), insertNumber.Exec(t.Context(), tx, 1))
		})
		var e *runtime.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, "commit", e.Op)
		require.Equal(t, runtime.TransactionRolledBack, e.Outcome)
	})
}

// tripLink is a proxy that stalls when the client sends the text.
type tripLink struct {
	listener net.Listener
	behind   testdb.Database
	mu       sync.Mutex
	conns    []net.Conn
	tripped  bool
}

func trip(t *testing.T, at testdb.Database, text string) *tripLink {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := &tripLink{listener: listener}
	parts, host, port := strings.Split(at.DSN, ";"), "127.0.0.1", ""
	for i, part := range parts {
		switch key, value, _ := strings.Cut(part, "="); strings.ToLower(key) {
		case "port":
			port = value
			parts[i] = fmt.Sprint("Port=", listener.Addr().(*net.TCPAddr).Port)
		case "server", "servername":
			host = value
		}
	}
	l.behind = testdb.Database{Name: at.Name, DSN: strings.Join(parts, ";")}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", net.JoinHostPort(host, port))
			if err != nil {
				client.Close()
				return
			}
			l.mu.Lock()
			l.conns = append(l.conns, client, server)
			l.mu.Unlock()
			copies := func(to, from net.Conn, watch bool) {
				defer to.Close()
				buf := make([]byte, 64<<10)
				for {
					n, err := from.Read(buf)
					if err != nil {
						return
					}
					l.mu.Lock()
					if watch && bytes.Contains(buf[:n], []byte(text)) {
						l.tripped = true
					}
					stop := l.tripped
					l.mu.Unlock()
					if stop {
						continue
					}
					to.Write(buf[:n])
				}
			}
			go copies(server, client, true)
			go copies(client, server, false)
		}
	}()
	t.Cleanup(l.close)
	return l
}

func (l *tripLink) close() {
	l.listener.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.conns {
		c.Close()
	}
}
