package runtime_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/pool"
)

// sessionOf asks which session of the server a connection is, and of which database.
var sessionOf = map[string]string{
	"postgres": "SELECT current_database() || ' ' || pg_backend_pid() AS text",
	"mariadb":  "SELECT CONCAT(DATABASE(), ' ', CONNECTION_ID()) AS text",
}

// session returns the database and the number of the session that a query meets.
func session(t testing.TB, s runtime.Session, engine string) (database, number string) {
	t.Helper()
	database, number, _ = strings.Cut(cellOf(t, s, sessionOf[engine]), " ")
	return database, number
}

// onServers runs a test on two empty databases of one server.
func onServers(t *testing.T, test func(t *testing.T, a, b testdb.Database)) {
	for _, pair := range [][2]testdb.Database{{testdb.Postgres(t), testdb.Postgres(t)}, {testdb.MariaDB(t), testdb.MariaDB(t)}} {
		t.Run(pair[0].Name, func(t *testing.T) {
			test(t, pair[0], pair[1])
			requireNothingLive(t)
		})
	}
}

func budget(t testing.TB, most int) *runtime.Budget {
	t.Helper()
	b, err := runtime.NewBudget(most)
	require.NoError(t, err)
	return b
}

// nameOf returns the name of a database.
func nameOf(at testdb.Database) string {
	_, name, _ := strings.Cut(strings.ToLower(at.DSN), "database=")
	name, _, _ = strings.Cut(name, ";")
	return name
}

// sessions asks how many there are of two databases, but for the one that asks.
var sessions = map[string]string{
	"postgres": "SELECT CAST(COUNT(*) AS VARCHAR(9)) AS text FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IN ('%s', '%s')",
	"mariadb":  "SELECT CAST(COUNT(*) AS CHAR(9)) AS text FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND db IN ('%s', '%s')",
}

func TestBudgetRefusesNone(t *testing.T) {
	for _, most := range []int{0, -1} {
		_, err := runtime.NewBudget(most)
		require.ErrorContains(t, err, "at least 1")
	}
}

// TestBudgetIsKept: the server never sees more sessions than the budget has places,
// though the pools are larger and there is always somebody who waits; and all get on.
func TestBudgetIsKept(t *testing.T) {
	onServers(t, func(t *testing.T, a, b testdb.Database) {
		both := budget(t, 2)
		dbs := []database{
			open(t, a, runtime.WithBudget(both), runtime.WithPoolSize(4)),
			open(t, b, runtime.WithBudget(both), runtime.WithPoolSize(4)),
		}
		apart := open(t, a, runtime.WithPoolSize(1))
		ended := make(chan struct{})
		var callers sync.WaitGroup
		for c := range 16 {
			db := dbs[c%2]
			callers.Go(func() {
				for range 10 {
					if at, _ := session(t, db, db.Name); at != nameOf(db.Database) {
						t.Errorf("%s answers in the place of %s", at, nameOf(db.Database))
					}
				}
			})
		}
		go func() {
			callers.Wait()
			close(ended)
		}()
		most := ""
		for working := true; working; {
			select {
			case <-ended:
				working = false
			default:
				most = max(most, cellOf(t, apart, fmt.Sprintf(sessions[a.Name], nameOf(a), nameOf(b))))
			}
		}
		// PostgreSQL lists a process that has been told to end until it has.
		require.Contains(t, map[string][]string{"postgres": {"2", "3", "4"}, "mariadb": {"2"}}[a.Name], most, "of 8 that both pools would have")
		for _, db := range append(dbs, apart) {
			db.Close()
		}
	})
}

// TestBudgetGivesIdleUp: what one DB has idle, another one that wants it gets: on
// MariaDB as it is, on PostgreSQL, where a session cannot change its database, by its
// place.
func TestBudgetGivesIdleUp(t *testing.T) {
	onServers(t, func(t *testing.T, a, b testdb.Database) {
		one := budget(t, 1)
		first, second := open(t, a, runtime.WithBudget(one)), open(t, b, runtime.WithBudget(one))
		for _, db := range []database{first, second} {
			db.exec(t, "CREATE TABLE numbers (n BIGINT NOT NULL PRIMARY KEY)")
		}
		first.exec(t, "INSERT INTO numbers VALUES (1), (2)")
		_, before := session(t, second, b.Name)
		for range 3 {
			for _, db := range []database{first, second} {
				n, err := count.One(t.Context(), db, 1) // prepared for the tables of this one only
				require.NoError(t, err)
				require.EqualValues(t, map[database]int{first: 2, second: 0}[db], n)
				at, number := session(t, db, db.Name)
				require.Equal(t, nameOf(db.Database), at)
				require.Equal(t, a.Name == "mariadb", number == before, "the session is another")
				before = number
			}
		}
		first.Close()
		second.Close()
	})
}

// TestBudgetIsShared: a DB that gives its connections no rest gives one up for another.
func TestBudgetIsShared(t *testing.T) {
	onServers(t, func(t *testing.T, a, b testdb.Database) {
		two := budget(t, 2)
		busy, other := open(t, a, runtime.WithBudget(two), runtime.WithPoolSize(2)), (*runtime.DB)(nil)
		ctx, stop := context.WithCancel(t.Context())
		var callers sync.WaitGroup
		for range 8 {
			callers.Go(func() {
				for ctx.Err() == nil {
					session(t, busy, a.Name)
				}
			})
		}
		require.Eventually(t, func() bool { return busy.Stat().InUse == 2 }, time.Minute, time.Millisecond)
		began := time.Now()
		other = open(t, b, runtime.WithBudget(two), runtime.WithPoolSize(2)).DB
		for range 10 {
			session(t, other, b.Name)
		}
		require.Less(t, time.Since(began), 5*time.Second)
		stop()
		callers.Wait()
		busy.Close()
		other.Close()
	})
}

// TestBudgetOfOne: DBs that are always wanted take turns.
func TestBudgetOfOne(t *testing.T) {
	onServers(t, func(t *testing.T, a, b testdb.Database) {
		one := budget(t, 1)
		var callers sync.WaitGroup
		for _, at := range []testdb.Database{a, b} {
			db := open(t, at, runtime.WithBudget(one), runtime.WithPoolSize(2))
			for range 4 {
				callers.Go(func() {
					for range 5 {
						session(t, db, at.Name)
					}
				})
			}
			defer db.Close()
		}
		callers.Wait()
	})
}

// TestBudgetUsedUp: who waits for a place in vain is told so, not that the database is
// down.
func TestBudgetUsedUp(t *testing.T) {
	onServers(t, func(t *testing.T, a, b testdb.Database) {
		one := budget(t, 1)
		with := runtime.WithPool(runtime.PoolOptions{MaxSize: 4, AcquireTimeout: 200 * time.Millisecond, DialTimeout: time.Second})
		first, second := open(t, a, runtime.WithBudget(one), with), open(t, b, runtime.WithBudget(one), with)
		held, err := first.Conn(t.Context())
		require.NoError(t, err)
		defer held.Close()
		refused := func() {
			_, err := second.Conn(t.Context())
			require.ErrorIs(t, err, runtime.ErrExhausted)
			require.NotErrorIs(t, err, runtime.ErrDown)
			require.ErrorContains(t, err, "Budget")
			e := requireError(t, err, runtime.Error{Op: "connect"})
			require.Equal(t, [...]any{runtime.Transient, runtime.KindCapacity, runtime.NotSent}, [...]any{e.Category, e.Kind, e.Outcome})
			require.True(t, runtime.IsRetryable(err))
		}
		refused() // while the dial waits
		require.Eventually(t, func() bool { return second.Stat().DialFailures > 0 }, time.Minute, time.Millisecond)
		refused() // when it has
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err = runtime.Open(ctx, b.DSN, runtime.WithBudget(one))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "Budget")
		held.Close()
		require.Eventually(t, func() bool { c, err := second.Conn(t.Context()); return err == nil && giveBack(c) }, time.Minute, time.Millisecond)
		first.Close()
		second.Close()
	})
}

func giveBack(c *runtime.Conn) bool {
	c.Close()
	return true
}

// TestBudgetAfterShutdown: the places of a DB that is closed are the others', those of
// the connections that it leaves behind later; and so are those of an Open that fails.
func TestBudgetAfterShutdown(t *testing.T) {
	onServers(t, func(t *testing.T, a, b testdb.Database) {
		two := budget(t, 2)
		first := open(t, a, runtime.WithBudget(two))
		held, err := first.Conn(t.Context())
		require.NoError(t, err)
		defer held.Close()
		idle, err := first.Conn(t.Context())
		require.NoError(t, err)
		idle.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		abandoned := (*runtime.AbandonedError)(nil)
		require.ErrorAs(t, first.Shutdown(ctx), &abandoned)
		require.Equal(t, 1, abandoned.Count)
		_, err = runtime.Open(t.Context(), strings.Replace(a.DSN, nameOf(a), "missing", 1), runtime.WithBudget(two))
		require.Error(t, err)
		second := open(t, b, runtime.WithBudget(two), runtime.WithPool(runtime.PoolOptions{AcquireTimeout: 100 * time.Millisecond}))
		one, err := second.Conn(t.Context())
		require.NoError(t, err)
		defer one.Close()
		_, err = second.Conn(t.Context())
		require.ErrorIs(t, err, runtime.ErrExhausted)
		held.Close()
		var other *runtime.Conn
		require.Eventually(t, func() bool { other, err = second.Conn(t.Context()); return err == nil }, time.Minute, time.Millisecond)
		one.Close()
		other.Close()
		second.Close()
	})
}

// TestBudgetPlacesComeBack: 200 callers of four DBs that give up at any moment leave
// all places as they were.
func TestBudgetPlacesComeBack(t *testing.T) {
	onServers(t, func(t *testing.T, a, b testdb.Database) {
		const places = 3
		some := budget(t, places)
		var dbs []database
		for _, at := range []testdb.Database{a, b, a, b} {
			dbs = append(dbs, open(t, at, runtime.WithBudget(some), runtime.WithPoolSize(3)))
		}
		var callers sync.WaitGroup
		for c := range 200 {
			db := dbs[c%4]
			callers.Go(func() {
				for range 5 {
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(100))*time.Millisecond)
					c, err := db.Conn(ctx)
					if err == nil {
						_ = c.Exec(ctx, "SELECT 1")
						c.Close()
					}
					cancel()
				}
			})
		}
		callers.Wait()
		for _, db := range dbs {
			db.Close()
		}
		requireNothingLive(t)
		last := open(t, a, runtime.WithBudget(some), runtime.WithPoolSize(places+1))
		var held []*runtime.Conn
		for range places {
			c, err := last.Conn(t.Context())
			require.NoError(t, err)
			defer c.Close()
			held = append(held, c)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := last.Conn(ctx)
		require.ErrorIs(t, err, runtime.ErrExhausted, "more places than the budget has")
		for _, c := range held {
			c.Close()
		}
		last.Close()
	})
}

// TestF49_IdentitiesShareNothing: a connection never serves another user, password or
// way to connect, though all are of one backend; and without a Budget none serves
// another DB.
func TestF49_IdentitiesShareNothing(t *testing.T) {
	at := testdb.MariaDB(t)
	testdb.Exec(t, at, "CREATE OR REPLACE USER f49@'%' IDENTIFIED BY 'one'; GRANT ALL ON *.* TO f49@'%';"+
		"CREATE OR REPLACE USER f49b@'%' IDENTIFIED BY 'one'; GRANT ALL ON *.* TO f49b@'%'")
	t.Cleanup(func() { testdb.Exec(t, at, "DROP USER f49@'%', f49b@'%'") })
	as := func(user, password, more string) testdb.Database {
		dsn := strings.NewReplacer("UID=u", "UID="+user, "PWD=p", "PWD="+password).Replace(at.DSN)
		return testdb.Database{Name: at.Name, DSN: dsn + more}
	}
	one, ours := as("f49", "one", ""), driver.MariaDB
	for name, test := range map[string]struct {
		other  testdb.Database
		opts   []runtime.Option
		budget *runtime.Budget
		shared bool
	}{
		"same":           {one, nil, budget(t, 1), true},
		"no budget":      {one, nil, nil, false},
		"another budget": {one, nil, budget(t, 1), false},
		"user":           {as("f49b", "one", ""), nil, budget(t, 1), false},
		"option":         {as("f49", "one", ";NO_PROMPT=1;CHARSET=utf8mb4"), nil, budget(t, 1), false},
		"setting":        {one, []runtime.Option{runtime.WithSettings(driver.Setting{Key: "CHARSET", Value: "utf8mb4"})}, budget(t, 1), false},
		"plugin":         {one, []runtime.Option{runtime.WithPlugin(&ours)}, budget(t, 1), false},
	} {
		t.Run(name, func(t *testing.T) {
			var mine []runtime.Option
			if test.budget != nil && name != "another budget" {
				mine = append(mine, runtime.WithBudget(test.budget))
				test.opts = append(test.opts, runtime.WithBudget(test.budget))
			}
			if name == "another budget" {
				mine = append(mine, runtime.WithBudget(test.budget))
				test.opts = append(test.opts, runtime.WithBudget(budget(t, 1)))
			}
			first, second := open(t, one, mine...), open(t, test.other, test.opts...)
			_, before := session(t, first, "mariadb")
			_, after := session(t, second, "mariadb")
			require.Equal(t, test.shared, before == after)
			user, _, _ := strings.Cut(cellOf(t, second, "SELECT USER() AS text"), "@")
			require.Contains(t, test.other.DSN, "UID="+user+";")
			first.Close()
			second.Close()
		})
	}
}

// TestF49_PasswordIsOfTheIdentity: with a password that is not the user's any more, the
// connection that was made with the right one is not to be had.
func TestF49_PasswordIsOfTheIdentity(t *testing.T) {
	at := testdb.MariaDB(t)
	testdb.Exec(t, at, "CREATE OR REPLACE USER f49p@'%' IDENTIFIED BY 'one'; GRANT ALL ON *.* TO f49p@'%'")
	t.Cleanup(func() { testdb.Exec(t, at, "DROP USER f49p@'%'") })
	dsn := strings.NewReplacer("UID=u", "UID=f49p", "PWD=p", "PWD=one").Replace(at.DSN)
	one := budget(t, 1)
	first := open(t, testdb.Database{Name: at.Name, DSN: dsn}, runtime.WithBudget(one))
	session(t, first, at.Name)
	_, err := runtime.Open(t.Context(), strings.Replace(dsn, "PWD=one", "PWD=two", 1), runtime.WithBudget(one))
	require.ErrorIs(t, err, runtime.KindAuth)
	_, err = runtime.Open(t.Context(), strings.Replace(dsn, "PWD=one", "PWD=two", 1), runtime.WithBudget(one), runtime.WithPlugin(first.Plugin()))
	require.ErrorIs(t, err, runtime.KindAuth)
	session(t, first, at.Name)
	first.Close()
	requireNothingLive(t)
}

// TestBudgetDoesNotRenewLifetimes: a connection does not get younger by a change of
// its database.
func TestBudgetDoesNotRenewLifetimes(t *testing.T) {
	a, b := testdb.MariaDB(t), testdb.MariaDB(t)
	one := budget(t, 1)
	with := runtime.WithPool(runtime.PoolOptions{MaxLifetime: 300 * time.Millisecond, LifetimeJitter: pool.NoJitter})
	first, second := open(t, a, runtime.WithBudget(one), with), open(t, b, runtime.WithBudget(one), with)
	_, born := session(t, first, a.Name)
	began := time.Now()
	require.Eventually(t, func() bool {
		_, number := session(t, second, b.Name)
		_, again := session(t, first, a.Name)
		return number != born && again != born
	}, time.Minute, time.Millisecond)
	t.Log("a connection served for", time.Since(began))
	first.Close()
	second.Close()
	requireNothingLive(t)
}
