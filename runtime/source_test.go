package runtime_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
)

// TestConnectionIsAskedFor: once for each connection that is made.
func TestConnectionIsAskedFor(t *testing.T) {
	for _, at := range testdb.All(t) {
		t.Run(at.Name, func(t *testing.T) {
			var asked atomic.Uint64
			with := runtime.WithConnection(func(context.Context) (string, error) {
				asked.Add(1)
				return at.DSN, nil
			})
			db, err := runtime.Open(t.Context(), "", with)
			require.NoError(t, err)
			defer db.Close()
			require.EqualValues(t, 2, asked.Load(), "the first connection only says which database it is")
			one, err := db.Conn(t.Context())
			require.NoError(t, err)
			defer one.Close()
			two, err := db.Conn(t.Context())
			require.NoError(t, err)
			defer two.Close()
			require.EqualValues(t, 3, asked.Load())
			require.EqualValues(t, 2, db.Stat().Dials)
			known, err := runtime.Open(t.Context(), "", with, runtime.WithPlugin(db.Plugin()))
			require.NoError(t, err)
			defer known.Close()
			require.EqualValues(t, 4, asked.Load())
			_, err = runtime.Open(t.Context(), at.DSN, with)
			require.ErrorContains(t, err, "give one of them")
		})
	}
}

// TestConnectionCannotBeAsked: a source that fails for a while is asked again, and its
// error is told.
func TestConnectionCannotBeAsked(t *testing.T) {
	at := testdb.SQLite(t)
	var failing atomic.Bool
	ask := runtime.WithConnection(func(context.Context) (string, error) {
		if failing.Load() {
			return "", errOurs
		}
		return at.DSN, nil
	})
	db, err := runtime.Open(t.Context(), "", ask, runtime.WithPool(runtime.PoolOptions{AcquireTimeout: 100 * time.Millisecond}))
	require.NoError(t, err)
	defer db.Close()
	failing.Store(true)
	_, err = runtime.Open(t.Context(), "", ask)
	require.ErrorIs(t, err, errOurs)
	one, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer one.Close()
	_, err = db.Conn(t.Context())
	require.ErrorIs(t, err, errOurs)
	require.ErrorIs(t, err, runtime.ErrDown)
	e := requireError(t, err, runtime.Error{Op: "connect"})
	require.Equal(t, [...]any{runtime.Transient, runtime.KindConnect, runtime.NotSent}, [...]any{e.Category, e.Kind, e.Outcome})
	failing.Store(false)
	require.Eventually(t, func() bool { c, err := db.Conn(t.Context()); return err == nil && giveBack(c) }, time.Minute, time.Millisecond)
}

// TestFallback: where the first server refuses connections, the next one serves.
func TestFallback(t *testing.T) {
	refused := refusingPort(t)
	for _, at := range []testdb.Database{testdb.Postgres(t), testdb.MariaDB(t)} {
		t.Run(at.Name, func(t *testing.T) {
			key := map[string]string{"postgres": "Port=", "mariadb": "PORT="}[at.Name]
			down := strings.Replace(at.DSN, key, key+refused+";Ignored=", 1)
			db, err := runtime.Open(t.Context(), down, runtime.WithFallback(down, at.DSN))
			require.NoError(t, err)
			defer db.Close()
			name, _ := session(t, db, at.Name)
			require.Equal(t, nameOf(at), name)
			_, err = runtime.Open(t.Context(), down, runtime.WithFallback(down))
			require.True(t, runtime.IsRetryable(err), "%v", err)
			require.True(t, runtime.IsConnectionError(err), "%v", err)
			_, err = runtime.Open(t.Context(), down, runtime.WithFallback("PWD={"+secret))
			require.ErrorIs(t, err, runtime.KindConfig)
			require.NotContains(t, err.Error(), secret)
		})
	}
	requireNothingLive(t)
}

// private starts servers that a test may spoil.
func private(t *testing.T) *testdb.Servers {
	t.Helper()
	servers, stop, err := testdb.Start(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, stop()) })
	return servers
}

// TestF26_WritesMove: writes go to the other server soon after the first has become
// read-only; each is stored once.
func TestF26_WritesMove(t *testing.T) {
	servers := private(t)
	for _, test := range []struct {
		first, second  testdb.Database
		prepare, spoil string
	}{
		{
			first: testdb.Database{Name: "postgres", DSN: servers.Postgres}, second: testdb.Postgres(t),
			spoil: "ALTER SYSTEM SET default_transaction_read_only = on; SELECT pg_reload_conf()",
		},
		{
			first: testdb.Database{Name: "mariadb", DSN: servers.MariaDB}, second: testdb.MariaDB(t),
			prepare: "CREATE OR REPLACE USER f26@'%%' IDENTIFIED BY 'p'; GRANT SELECT, INSERT ON %s.* TO f26@'%%'", // which read_only is for
			spoil:   "SET GLOBAL read_only = 1",
		},
	} {
		t.Run(test.first.Name, func(t *testing.T) {
			var dsns []string
			for _, at := range []testdb.Database{test.first, test.second} {
				testdb.Exec(t, at, "CREATE TABLE numbers (n BIGINT NOT NULL PRIMARY KEY)")
				if test.prepare != "" {
					testdb.Exec(t, at, fmt.Sprintf(test.prepare, nameOf(at)))
				}
				dsns = append(dsns, strings.Replace(at.DSN, "UID=u", "UID=f26", 1))
			}
			db, err := runtime.Open(t.Context(), dsns[0], runtime.WithFallback(dsns[1]), runtime.WithWritable(), runtime.WithPoolSize(4))
			require.NoError(t, err)
			defer db.Close()
			ctx, stop := context.WithCancel(t.Context())
			var last, stored atomic.Int64
			var callers sync.WaitGroup
			for range 8 {
				callers.Go(func() {
					for ctx.Err() == nil {
						writeOnce(t, db, last.Add(1))
						stored.Add(1)
					}
				})
			}
			more := func() {
				from := stored.Load()
				require.Eventually(t, func() bool { return stored.Load() > from+100 }, time.Minute, time.Millisecond)
			}
			more()
			testdb.Exec(t, test.first, test.spoil)
			began := time.Now()
			moved := open(t, test.second, runtime.WithPoolSize(1))
			require.Eventually(t, func() bool {
				n, err := count.One(t.Context(), moved, 0)
				return err == nil && n > 0
			}, time.Minute, time.Millisecond)
			t.Log("writes have moved after", time.Since(began))
			require.Less(t, time.Since(began), 2*time.Second)
			more()
			stop()
			callers.Wait()
			moved.Close()
			var both []string
			for _, at := range []testdb.Database{test.first, test.second} {
				for _, row := range testdb.Query(t, at, "SELECT n FROM numbers") {
					both = append(both, row[0])
				}
			}
			var want []string
			for n := range stored.Load() {
				want = append(want, strconv.FormatInt(n+1, 10))
			}
			require.ElementsMatch(t, want, both)
			db.Close()
			if test.prepare != "" {
				testdb.Exec(t, test.second, "DROP USER f26@'%'")
			}
		})
	}
}

// writeOnce inserts a number, again where the database has not done it.
func writeOnce(t *testing.T, db *runtime.DB, n int64) {
	for {
		err := insertNumber.Exec(context.Background(), db, n)
		if err == nil {
			return
		}
		if e := (*runtime.Error)(nil); !errors.As(err, &e) || e.Outcome == runtime.OutcomeUnknown || e.Outcome == runtime.Done {
			t.Errorf("%d: %v", n, err)
			return
		}
	}
}

// TestWritableRefuses: where no server writes, the error says so.
func TestWritableRefuses(t *testing.T) {
	at := testdb.Postgres(t)
	testdb.Exec(t, at, "ALTER DATABASE "+nameOf(at)+" SET default_transaction_read_only = on")
	_, err := runtime.Open(t.Context(), at.DSN, runtime.WithFallback(at.DSN), runtime.WithWritable())
	require.ErrorIs(t, err, runtime.KindReadOnly)
	require.ErrorContains(t, err, "WithWritable")
	require.True(t, runtime.IsRetryable(err))
	requireNothingLive(t)
	db, err := runtime.Open(t.Context(), at.DSN)
	require.NoError(t, err)
	db.Close()
}

// TestF27_PasswordRotation: connections that are open stay, new ones are made with the
// secret of the moment, and one that is late does not lock the account.
func TestF27_PasswordRotation(t *testing.T) {
	at := testdb.Database{Name: "mariadb", DSN: private(t).MariaDB}
	testdb.Exec(t, at, "CREATE USER f27@'%' IDENTIFIED BY 'one'; GRANT ALL ON *.* TO f27@'%'")
	var password atomic.Value
	password.Store("one")
	db, err := runtime.Open(t.Context(), "", runtime.WithPoolSize(8), runtime.WithConnection(func(context.Context) (string, error) {
		return strings.NewReplacer("UID=u", "UID=f27", "PWD=p", "PWD="+password.Load().(string)).Replace(at.DSN), nil
	}))
	require.NoError(t, err)
	defer db.Close()
	ctx, stop := context.WithCancel(t.Context())
	var done, refused, lost atomic.Int64
	var callers sync.WaitGroup
	ping := statement("Ping", "SELECT 1 FROM DUAL WHERE SLEEP(0.01)")
	for range 16 {
		callers.Go(func() {
			for ctx.Err() == nil {
				switch err := ping.Exec(context.Background(), db, runtime.None{}); {
				case err == nil:
					done.Add(1)
				case errors.Is(err, runtime.KindAuth):
					refused.Add(1)
				default:
					lost.Add(1)
				}
			}
		})
	}
	more := func(n *atomic.Int64, by int64) {
		t.Helper()
		from := n.Load()
		require.Eventually(t, func() bool { return n.Load() >= from+by }, time.Minute, time.Millisecond)
	}
	badLogins := func() int {
		n, err := strconv.Atoi(testdb.Query(t, at, "SHOW GLOBAL STATUS LIKE 'Aborted_connects'")[0][1])
		require.NoError(t, err)
		return n
	}
	require.Eventually(t, func() bool { return db.Stat().InUse == 8 }, time.Minute, time.Millisecond)
	before := badLogins()
	testdb.Exec(t, at, "ALTER USER f27@'%' IDENTIFIED BY 'two'")
	more(&done, 200)
	require.Zero(t, refused.Load()+lost.Load(), "connections that are open stay")
	testdb.Exec(t, at, "KILL USER f27")
	more(&refused, 1)
	password.Store("two")
	more(&done, 200)
	t.Log("bad logins:", badLogins()-before)
	require.LessOrEqual(t, badLogins()-before, 2)
	require.LessOrEqual(t, lost.Load(), int64(16), "each loses what it did")
	stop()
	callers.Wait()
	db.Close()
	requireNothingLive(t)
}

// TestSecretsAreNotPrinted: whoever prints what this package gives out, sees none.
func TestSecretsAreNotPrinted(t *testing.T) {
	at := testdb.MariaDB(t)
	with := strings.Replace(at.DSN, "PWD=p", "PWD="+secret, 1)
	testdb.Exec(t, at, "CREATE OR REPLACE USER printed@'%' IDENTIFIED BY '"+secret+"'; GRANT ALL ON *.* TO printed@'%'")
	defer testdb.Exec(t, at, "DROP USER printed@'%'")
	with = strings.Replace(with, "UID=u", "UID=printed", 1)
	opts := []runtime.Option{
		runtime.WithFallback(with), runtime.WithSettings(driver.Setting{Key: "Secret", Value: secret}), runtime.WithBudget(budget(t, 2)),
	}
	db, err := runtime.Open(t.Context(), with, opts...)
	require.NoError(t, err)
	defer db.Close()
	require.NoError(t, db.InTx(t.Context(), func(tx *runtime.Tx) error {
		c, err := db.Conn(t.Context())
		require.NoError(t, err)
		defer c.Close()
		for _, shown := range []any{db, c, tx, opts, struct{ any }{db}} {
			var log bytes.Buffer
			slog.New(slog.NewTextHandler(&log, nil)).Info("shown", "what", shown)
			slog.New(slog.NewJSONHandler(&log, nil)).Info("shown", "what", shown)
			asJSON, _ := json.Marshal(shown)
			text := fmt.Sprintf("%v %+v %#v %s", shown, shown, shown, shown) + log.String() + string(asJSON)
			require.NotContains(t, text, secret, "%T", shown)
		}
		return nil
	}))
}
