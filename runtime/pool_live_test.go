package runtime_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/fakedriver"
	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
)

// TestPoolOptionsAreChecked: each wrong one is named, and no driver is asked before.
func TestPoolOptionsAreChecked(t *testing.T) {
	wrong := runtime.PoolOptions{
		MaxSize: -1, MinSize: -1, AcquireTimeout: -2, IdleTimeout: -2, MaxLifetime: -2, LifetimeJitter: 2,
		Check: 9, CheckAfter: -1, BackOff: struct{ First, Max time.Duration }{First: -1}, MaxWaiting: -1, LeakThreshold: -2,
	}
	_, err := runtime.Open(t.Context(), "Driver=/nowhere/no.so", runtime.WithPool(wrong))
	e := requireError(t, err, runtime.Error{Op: "connect"})
	require.Equal(t, [...]any{runtime.Validation, runtime.KindConfig, runtime.NotSent, ""}, [...]any{e.Category, e.Kind, e.Outcome, e.State})
	for _, name := range []string{
		"MaxSize", "MinSize", "AcquireTimeout", "IdleTimeout", "MaxLifetime", "LifetimeJitter", "Check ", "CheckAfter", "BackOff.First", "MaxWaiting", "LeakThreshold",
	} {
		require.ErrorContains(t, err, name)
	}
}

// TestPoolKeysAreForThePool: the driver does not see them, those of a fallback
// neither, and they have the word before the environment, and that before the options.
func TestPoolKeysAreForThePool(t *testing.T) {
	fake := fakedriver.New(t)
	var seen []string
	fake.Script(func(c *fakedriver.Call, _ *fakedriver.Answer) {
		if c.Op == fakedriver.Connect {
			seen = append(seen, c.Connection)
		}
	})
	for _, key := range []string{"PoolTestOnCheckout=yes", "test_on_check_out={off}", "HealthCheckQuery={SELECT ';'}"} {
		db, err := runtime.Open(t.Context(), key+";"+fake.DSN(), runtime.WithFallback(fake.DSN()+";"+key))
		require.NoError(t, err, key)
		db.Close()
	}
	require.NotEmpty(t, seen)
	for _, connection := range seen {
		require.NotContains(t, strings.ToLower(connection), "check")
	}
	at := testdb.SQLite(t)
	broken := "SELECT nothing FROM nowhere"
	for name, test := range map[string]struct {
		keys, test, query string
		option            runtime.PoolOptions
		asked             bool
	}{
		"default":                {asked: false},
		"option":                 {option: runtime.PoolOptions{Check: runtime.CheckAlways}, asked: true},
		"environment":            {test: "no", option: runtime.PoolOptions{Check: runtime.CheckAlways}, asked: false},
		"environment asks":       {test: "1", asked: true},
		"string":                 {keys: ";TestOnCheckout=on", test: "off", asked: true},
		"string refuses":         {keys: ";TestOnCheckout=off", test: "on", option: runtime.PoolOptions{Check: runtime.CheckAlways}, asked: false},
		"query of the string":    {keys: ";TestOnCheckout=on;HealthCheckQuery=SELECT 1", query: broken, asked: false},
		"query of the variable":  {keys: ";TestOnCheckout=on", query: "SELECT 1", asked: false},
		"what is no word passes": {keys: ";TestOnCheckout=perhaps", test: "maybe", asked: false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("ODBC_POOL_TEST_ON_CHECKOUT", test.test)
			t.Setenv("ODBC_POOL_HEALTH_CHECK_QUERY", test.query)
			db, err := runtime.Open(t.Context(), at.DSN+test.keys, runtime.WithHealthQuery(broken), runtime.WithPool(test.option))
			require.NoError(t, err)
			defer db.Close()
			for range 3 {
				c, err := db.Conn(t.Context())
				require.NoError(t, err)
				c.Close()
			}
			require.Equal(t, test.asked, db.Stat().Evicted.Unhealthy > 0, "the query that fails was asked")
		})
	}
}

// TestAcquireSaysWhy: what keeps a caller from a connection, and what helps.
func TestAcquireSaysWhy(t *testing.T) {
	at := testdb.SQLite(t)
	capacity := func(err, reason error, advice string) {
		t.Helper()
		require.ErrorIs(t, err, reason)
		require.ErrorContains(t, err, advice)
		e := requireError(t, err, runtime.Error{Op: "connect"})
		require.Equal(t, [...]any{runtime.Transient, runtime.KindCapacity, runtime.NotSent}, [...]any{e.Category, e.Kind, e.Outcome})
		require.True(t, runtime.IsRetryable(err))
	}
	short := open(t, at, runtime.WithPool(runtime.PoolOptions{MaxSize: 1, AcquireTimeout: 20 * time.Millisecond}))
	held, err := short.Conn(t.Context())
	require.NoError(t, err)
	defer held.Close()
	_, err = short.Conn(t.Context())
	capacity(err, runtime.ErrExhausted, "1 in use, 0 being made, 0 stuck, at most 1")
	capacity(err, runtime.ErrExhausted, "MaxSize")

	full := open(t, at, runtime.WithPool(runtime.PoolOptions{MaxSize: 1, MaxWaiting: 1}))
	alone, err := full.Conn(t.Context())
	require.NoError(t, err)
	defer alone.Close()
	ctx, cancel := context.WithCancel(t.Context())
	waited := make(chan error)
	go func() {
		_, err := full.Conn(ctx)
		waited <- err
	}()
	require.Eventually(t, func() bool { return full.Stat().Waiting == 1 }, time.Minute, time.Millisecond)
	_, err = full.Conn(t.Context())
	capacity(err, runtime.ErrQueueFull, "MaxWaiting")
	cancel()
	err = <-waited
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, runtime.ErrExhausted)
	require.ErrorIs(t, err, runtime.KindCancelled)
	alone.Close()
	full.Close()
	_, err = full.Conn(t.Context())
	require.ErrorIs(t, err, runtime.ErrClosed)
}

// TestDownSaysWhy: the error of who waits for a server that is gone is that of the
// dials, and is one to try again.
func TestDownSaysWhy(t *testing.T) {
	at := testdb.Database{Name: "mariadb", DSN: private(t).MariaDB}
	db := open(t, at, runtime.WithPool(runtime.PoolOptions{AcquireTimeout: 300 * time.Millisecond}))
	testdb.Exec(t, at, "SHUTDOWN")
	require.Eventually(t, func() bool {
		_, err := ints("Ping", "SELECT 1 AS n").One(t.Context(), db, 0)
		return errors.Is(err, runtime.ErrDown)
	}, time.Minute, time.Millisecond)
	_, err := db.Conn(t.Context())
	e := requireError(t, err, runtime.Error{Op: "connect", Err: runtime.ErrDown})
	require.EqualValues(t, 2002, e.Native)
	require.Equal(t, [...]any{runtime.Transient, runtime.KindConnect, runtime.NotSent}, [...]any{e.Category, e.Kind, e.Outcome})
	require.True(t, runtime.IsConnectionError(err))
	require.True(t, runtime.IsRetryable(err))
	db.Close()
	requireNothingLive(t)
}

// killAll ends all sessions of a database but that of the client.
var killAll = map[string]string{
	"postgres": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
	"mariadb":  "SELECT CONCAT('KILL ', id) FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()",
}

// TestLossIsMetOnce: when one connection is found lost, those that lie idle are checked
// before their use, whatever the policy.
func TestLossIsMetOnce(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		if killAll[db.Name] == "" {
			return // there is no server
		}
		var held []*runtime.Conn
		for range 4 {
			c, err := db.Conn(t.Context())
			require.NoError(t, err)
			defer c.Close()
			held = append(held, c)
		}
		for _, c := range held {
			c.Close()
		}
		for _, kill := range db.shown(t, killAll[db.Name]) {
			if db.Name == "mariadb" {
				db.exec(t, kill[0])
			}
		}
		ping, failed := ints("Ping", "SELECT 1 AS n"), 0
		for range 10 {
			if _, err := ping.One(t.Context(), db, 0); err != nil {
				t.Log(err)
				failed++
			}
		}
		require.Equal(t, 1, failed)
	}, runtime.WithPool(runtime.PoolOptions{MaxSize: 4, Check: runtime.CheckNever}))
}

// TestF45_ShutdownWithBusyConnection: it returns when its context ends, and tells how many
// connections it left; those are closed when they come back.
func TestF45_ShutdownWithBusyConnection(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		held, err := db.Conn(t.Context())
		require.NoError(t, err)
		defer held.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		began := time.Now()
		err = db.Shutdown(ctx)
		require.Less(t, time.Since(began), 2*time.Second)
		abandoned := (*runtime.AbandonedError)(nil)
		require.ErrorAs(t, err, &abandoned)
		require.Equal(t, 1, abandoned.Count)
		requireError(t, err, runtime.Error{Op: "close", Err: context.DeadlineExceeded})
		_, err = db.Conn(t.Context())
		require.ErrorIs(t, err, runtime.ErrClosed)
		_, err = ints("Ping", "SELECT 1 AS n").One(t.Context(), held, 0)
		require.NoError(t, err, "who has one may go on")
		held.Close()
		require.NoError(t, db.Shutdown(t.Context()))
	})
}

// TestResize: there are more connections at once, and fewer when they come back; the
// other options stay.
func TestResize(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		take := func() (*runtime.Conn, error) { return db.Conn(t.Context()) }
		one, err := take()
		require.NoError(t, err)
		defer one.Close()
		_, err = take()
		require.ErrorIs(t, err, runtime.ErrExhausted)
		require.NoError(t, db.Resize(2))
		two, err := take()
		require.NoError(t, err)
		defer two.Close()
		require.NoError(t, db.Resize(1))
		one.Close()
		require.Eventually(t, func() bool { // what is too much goes when it comes back
			c, err := take()
			return errors.Is(err, runtime.ErrExhausted) || err == nil && !giveBack(c)
		}, time.Minute, time.Millisecond)
		two.Close()
		one, err = take()
		require.NoError(t, err)
		defer one.Close()
		require.Equal(t, 1, db.Stat().InUse)
		require.Error(t, db.Resize(3))
		one.Close()
	}, runtime.WithPool(runtime.PoolOptions{MaxSize: 1, Ceiling: 2, AcquireTimeout: time.Second}))
}

// TestLeakNamesTheTaker: the report of a connection that is not given back has the
// stack of who took it.
func TestLeakNamesTheTaker(t *testing.T) {
	leaks := make(chan runtime.Leak, 1)
	db := open(t, testdb.SQLite(t), runtime.WithPool(runtime.PoolOptions{LeakThreshold: 20 * time.Millisecond}),
		runtime.WithLeaked(func(l runtime.Leak) { leaks <- l }))
	c, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer c.Close()
	leak := <-leaks
	require.Contains(t, leak.Stack, "TestLeakNamesTheTaker")
	require.Contains(t, leak.Stack, "pool_live_test.go")
	require.GreaterOrEqual(t, leak.Held, 20*time.Millisecond)
	require.EqualValues(t, 1, db.Stat().Leaks)
}
