package runtime_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
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

// class is what an error means.
type class struct {
	category runtime.Category
	kind     runtime.Kind
	outcome  runtime.Outcome
	retry    runtime.Scope
}

var (
	lostClass   = class{runtime.ConnectionLost, runtime.KindConnection, runtime.OutcomeUnknown, runtime.ScopeNone}
	lockedClass = class{runtime.Transient, runtime.KindLockTimeout, runtime.StatementRolledBack, runtime.ScopeStatement}
	fullClass   = class{runtime.Transient, runtime.KindCapacity, runtime.NotSent, runtime.ScopeConnect}
)

func requireClass(t testing.TB, want class, err error) *runtime.Error {
	t.Helper()
	var e *runtime.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, want, class{e.Category, e.Kind, e.Outcome, e.Retry}, "%v", err)
	return e
}

// run runs a statement without parameters on a session.
func run(t testing.TB, db runtime.Session, sql string) error {
	t.Helper()
	return statement("Run", sql).Exec(context.Background(), db, runtime.None{})
}

// conn takes a connection of db for the test.
func conn(t testing.TB, db database) *runtime.Conn {
	t.Helper()
	c, err := db.Conn(t.Context())
	require.NoError(t, err)
	return c
}

// TestLockClasses: waiting too long for a lock, and for nobody.
func TestLockClasses(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 2)
		change := "UPDATE numbers SET n = n WHERE n = 1"
		require.NoError(t, db.InTx(t.Context(), func(tx *runtime.Tx) error {
			require.NoError(t, run(t, tx, change))
			c, err := db.Conn(t.Context())
			require.NoError(t, err)
			defer c.Close()
			require.NoError(t, c.Exec(t.Context(), byEngine{"postgres": "SET lock_timeout = 100", "mariadb": "SET innodb_lock_wait_timeout = 1", "sqlite": "PRAGMA busy_timeout = 100"}.of(db)))
			err = run(t, c, change)
			requireClass(t, lockedClass, err)
			require.True(t, runtime.IsRetryable(err))
			if db.Name == "postgres" {
				requireClass(t, lockedClass, run(t, c, "SELECT n FROM numbers FOR UPDATE NOWAIT"))
			}
			return nil
		}))
	})
}

// TestDeadlockClass: of two transactions that wait for each other one is the victim.
func TestDeadlockClass(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		if db.Name == "sqlite" {
			return // has one writer: see TestLockClasses
		}
		withNumbers(t, db, 2)
		var first, all sync.WaitGroup
		first.Add(2)
		errs := make([]error, 2)
		for i := range errs {
			all.Go(func() {
				errs[i] = db.InTx(context.Background(), func(tx *runtime.Tx) error {
					err := run(t, tx, fmt.Sprintf("UPDATE numbers SET n = n WHERE n = %d", 1+i))
					first.Done()
					first.Wait()
					if err != nil {
						return err
					}
					return run(t, tx, fmt.Sprintf("UPDATE numbers SET n = n WHERE n = %d", 2-i))
				}, runtime.NoTxRetry())
			})
		}
		all.Wait()
		require.Equal(t, 1, len(errs)-strings.Count(fmt.Sprint(errs), "<nil>"), "%v", errs)
		for _, err := range errs {
			if err != nil {
				requireClass(t, class{runtime.Transient, runtime.KindDeadlock, runtime.TransactionRolledBack, runtime.ScopeTransaction}, err)
				require.True(t, runtime.IsRetryable(err))
			}
		}
	})
}

// TestSerializationClass: a transaction that meets another one's change.
func TestSerializationClass(t *testing.T) {
	db := open(t, testdb.Postgres(t), runtime.WithPoolSize(1))
	withNumbers(t, db, 1)
	err := db.InTx(t.Context(), func(tx *runtime.Tx) error {
		_, err := count.One(t.Context(), tx, 1)
		require.NoError(t, err)
		db.exec(t, "UPDATE numbers SET n = 1")
		return run(t, tx, "UPDATE numbers SET n = 1")
	}, runtime.TxIsolation(runtime.RepeatableRead), runtime.NoTxRetry())
	requireClass(t, class{runtime.Transient, runtime.KindSerialization, runtime.TransactionRolledBack, runtime.ScopeTransaction}, err)
}

// TestReadOnlyClass: nothing may be written.
func TestReadOnlyClass(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 1)
		c := conn(t, db)
		defer c.Close()
		require.NoError(t, c.Exec(t.Context(), byEngine{"postgres": "SET default_transaction_read_only = on", "mariadb": "SET SESSION TRANSACTION READ ONLY", "sqlite": "PRAGMA query_only = 1"}.of(db)))
		err := run(t, c, "INSERT INTO numbers VALUES (2)")
		e := (*runtime.Error)(nil)
		require.ErrorAs(t, err, &e)
		require.Equal(t, []any{runtime.Validation, runtime.KindReadOnly, runtime.ScopeNone}, []any{e.Category, e.Kind, e.Retry}, "%v", err)
	}, runtime.WithPoolSize(1))
}

// TestStatementTimeoutClass: the database's own limit, which is not the caller's.
func TestStatementTimeoutClass(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		if db.Name == "sqlite" {
			return // has none
		}
		c := conn(t, db)
		defer c.Close()
		require.NoError(t, c.Exec(t.Context(), byEngine{"postgres": "SET statement_timeout = 50", "mariadb": "SET max_statement_time = 0.05"}.of(db)))
		sleep := byEngine{"postgres": "SELECT pg_sleep(60)", "mariadb": "SELECT count(*) FROM information_schema.columns a, information_schema.columns b, information_schema.columns c"}.of(db)
		requireClass(t, class{runtime.Transient, runtime.KindDeadline, runtime.StatementRolledBack, runtime.ScopeNone}, c.Exec(t.Context(), sleep))
	}, runtime.WithPoolSize(1))
}

// TestDiskFullClass: the database may not grow any more, and goes on.
func TestDiskFullClass(t *testing.T) {
	db := open(t, testdb.SQLite(t))
	require.NoError(t, run(t, db, "CREATE TABLE texts (v TEXT)"))
	c := conn(t, db)
	defer c.Close()
	require.NoError(t, c.Exec(t.Context(), "PRAGMA max_page_count = 4"))
	requireClass(t, class{runtime.Fatal, runtime.KindDiskFull, runtime.StatementRolledBack, runtime.ScopeNone}, run(t, c, "INSERT INTO texts VALUES (hex(zeroblob(100000)))"))
	require.NoError(t, run(t, c, "INSERT INTO texts VALUES ('a')"))
	require.Equal(t, [][]string{{"1"}}, db.shown(t, "SELECT count(*) FROM texts"))
}

// TestLostClasses: sessions that the server ends, while they run a statement, while
// they are idle, and before a commit.
func TestLostClasses(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		if db.Name == "sqlite" {
			return // has no server
		}
		withNumbers(t, db, 1)
		sleeping := byEngine{
			"postgres": "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%sleep(61)%' AND pid <> pg_backend_pid()",
			"mariadb":  "SELECT count(*) FROM information_schema.processlist WHERE info LIKE '%sleep(61)%' AND id <> connection_id()",
		}.of(db)
		failed := make(chan error)
		go func() { failed <- run(t, db, byEngine{"": "DO sleep(61)", "postgres": "SELECT pg_sleep(61)"}.of(db)) }()
		require.Eventually(t, func() bool { return db.shown(t, sleeping)[0][0] == "1" }, time.Minute, 10*time.Millisecond)
		kill(t, db)
		requireClass(t, lostClass, <-failed)

		_, err := count.One(t.Context(), db, 1)
		require.NoError(t, err)
		kill(t, db)
		_, err = count.One(t.Context(), db, 1)
		require.Equal(t, runtime.ConnectionLost, runtime.CategoryOf(err), "%v", err)
		require.False(t, runtime.IsRetryable(err) && runtime.CategoryOf(err) == runtime.Transient, "%v", err)

		err = db.InTx(t.Context(), func(tx *runtime.Tx) error {
			require.NoError(t, run(t, tx, "INSERT INTO numbers VALUES (7)"))
			kill(t, db)
			return nil
		})
		require.Equal(t, "commit", requireClass(t, lostClass, err).Op)
		require.False(t, runtime.IsRetryable(err))
		require.Equal(t, [][]string{{"0"}}, db.shown(t, "SELECT count(*) FROM numbers WHERE n = 7"))
	}, runtime.WithPoolSize(1))
}

// TestIdleClasses: sessions that the server has grown tired of.
func TestIdleClasses(t *testing.T) {
	idle := class{runtime.ConnectionLost, runtime.KindConnection, runtime.NotExecuted, runtime.ScopeNone}
	for _, test := range []struct {
		engine, limit string
		inTx          bool
		want          class
	}{
		{"postgres", "SET idle_session_timeout = 50", false, idle},
		{"postgres", "SET idle_in_transaction_session_timeout = 50", true, idle},
		{"mariadb", "SET SESSION wait_timeout = 1", false, lostClass},
		{"mariadb", "SET SESSION idle_transaction_timeout = 1", true, lostClass},
	} {
		t.Run(test.engine+" "+test.limit, func(t *testing.T) {
			at := testdb.Postgres
			if test.engine == "mariadb" {
				at = testdb.MariaDB
			}
			db := open(t, at(t), runtime.WithPoolSize(1))
			withNumbers(t, db, 1)
			c := conn(t, db)
			defer c.Close()
			require.NoError(t, c.Exec(t.Context(), test.limit))
			use := func(s runtime.Session) error {
				sessions := byEngine{
					"postgres": "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
					"mariadb":  "SELECT count(*) FROM information_schema.processlist WHERE db = database() AND id <> connection_id()",
				}.of(db)
				require.Eventually(t, func() bool { return db.shown(t, sessions)[0][0] == "0" }, time.Minute, 10*time.Millisecond)
				return run(t, s, "INSERT INTO numbers VALUES (7)")
			}
			err := error(nil)
			if test.inTx {
				err = c.InTx(t.Context(), func(tx *runtime.Tx) error {
					require.NoError(t, run(t, tx, "INSERT INTO numbers VALUES (6)"))
					return use(tx)
				})
			} else {
				err = use(c)
			}
			c.Close()
			requireClass(t, test.want, err)
			require.Equal(t, [][]string{{"0"}}, db.shown(t, "SELECT count(*) FROM numbers WHERE n > 1"))
			require.NoError(t, run(t, db, "INSERT INTO numbers VALUES (8)"))
		})
	}
}

// TestTooManySessions: capacity, and neither a wrong password nor a lost connection.
func TestTooManySessions(t *testing.T) {
	user := "u_" + strings.ToLower(rand.Text())
	for _, test := range []struct {
		at           testdb.Database
		plugin       *driver.Plugin // named, for asking it takes a session
		create, drop string
	}{
		{testdb.Postgres(t), &driver.Postgres, "CREATE ROLE %s LOGIN PASSWORD 'limited1' CONNECTION LIMIT 1", "DROP ROLE %s"},
		{testdb.MariaDB(t), &driver.MariaDB, "CREATE USER %s IDENTIFIED BY 'limited1' WITH MAX_USER_CONNECTIONS 1", "DROP USER %s"},
	} {
		testdb.Exec(t, test.at, fmt.Sprintf(test.create, user))
		limited := test.at
		limited.DSN = with(with(test.at.DSN, "UID", user), "PWD", "limited1")
		if test.at.Name == "mariadb" {
			limited.DSN = with(limited.DSN, "DATABASE", "") // the user has no right to it
		}
		db := open(t, limited, runtime.WithPool(runtime.PoolOptions{MaxSize: 2, AcquireTimeout: 2 * time.Second}), runtime.WithPlugin(test.plugin))
		c, err := db.Conn(t.Context())
		require.NoError(t, err)
		_, err = db.Conn(t.Context())
		e := requireClass(t, fullClass, err)
		require.True(t, runtime.IsRetryable(err))
		require.NotContains(t, fmt.Sprintf("%+v", e), "limited1")
		c.Close()
		db.Close()
		testdb.Exec(t, test.at, fmt.Sprintf(test.drop, user))
	}
}

// TestStrangeListeners: what listens is silent, or is no database.
func TestStrangeListeners(t *testing.T) {
	for _, talk := range []string{"", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", strings.Repeat("\xff", 512)} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		var accepted []net.Conn
		var answering sync.WaitGroup
		answering.Go(func() {
			for {
				c, err := listener.Accept()
				if err != nil {
					return
				}
				_, _ = c.Write([]byte(talk))
				accepted = append(accepted, c)
			}
		})
		_, port, _ := net.SplitHostPort(listener.Addr().String())
		for _, connection := range []string{
			"Driver=PostgreSQL Unicode;Server=127.0.0.1;Database=d;UID=u;PWD=" + secret + ";Port=" + port,
			"Driver=MariaDB Unicode;SERVER=127.0.0.1;UID=u;PWD=" + secret + ";PORT=" + port,
		} {
			_, err := runtime.Open(t.Context(), connection, runtime.WithPool(runtime.PoolOptions{DialTimeout: 2 * time.Second}))
			var e *runtime.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, runtime.Transient, e.Category, "%q: %v", talk, err)
			require.Equal(t, runtime.NotSent, e.Outcome, "%v", err)
			require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, e, e), secret)
		}
		require.NoError(t, listener.Close())
		answering.Wait()
		for _, c := range accepted {
			require.NoError(t, c.Close()) // now the drivers let go
		}
	}
	requireNothingLive(t)
}

// TestOversizedPacket: more than the server takes in one piece.
func TestOversizedPacket(t *testing.T) {
	db := open(t, testdb.MariaDB(t), runtime.WithPoolSize(1))
	db.exec(t, "CREATE TABLE texts (v LONGTEXT)")
	insert := command("Large", "INSERT INTO texts VALUES (?)", protocol.Text, func(b *protocol.Batch, v string) { b.Text(0).Append(v) })
	err := insert.Exec(t.Context(), db, strings.Repeat("x", 20<<20))
	require.Error(t, err)
	require.False(t, runtime.IsRetryable(err), "%v", err)
	require.NoError(t, insert.Exec(t.Context(), db, "y"))
	require.Equal(t, [][]string{{"1"}}, db.shown(t, "SELECT count(*) FROM texts"))
}

// TestNothingShowsThePassword: whatever is printed or logged.
func TestNothingShowsThePassword(t *testing.T) {
	at := testdb.SQLite(t)
	option := runtime.WithSettings(driver.Setting{Key: "APIKey", Value: secret})
	db, err := runtime.Open(t.Context(), at.DSN+";PWD="+secret, option)
	require.NoError(t, err)
	defer db.Close()
	c, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer c.Close()
	err = c.Exec(t.Context(), "SELECT '"+secret+"' FROM nowhere")
	require.Error(t, err)
	err = errors.Join(err, c.Exec(t.Context(), "SELEC '"+secret+"'"), c.Exec(t.Context(), "SELECT \""+secret+"\""))
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Error("failed", "db", db, "conn", c, "option", option, "err", err)
	for _, v := range []any{db, c, option, err} {
		fmt.Fprintf(&out, "%v %+v %#v\n", v, v, v)
	}
	require.NotContains(t, out.String(), secret)
}
