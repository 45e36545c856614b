package faults_test

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime"
)

// calls are those of many callers.
type calls struct {
	mu  sync.Mutex
	all []call
}

// call is how long a call took that began at a time.
type call struct {
	began time.Time
	took  time.Duration
	err   error
}

// TestF24_ServerRestartsUnderLoad: nothing that was acknowledged is lost, nothing is
// there twice, and a second after the server answers all is as before.
func TestF24_ServerRestartsUnderLoad(t *testing.T) {
	onServers(t, func(t *testing.T, e engine) {
		server := e.own(t)
		at := server.Fresh(t)
		leavesNothing(t, 10)
		db := open(t, at, sized(10))
		l := newLedger(t, db)
		var made calls
		end := made.load(t, db, l, 200)
		enough(t, l, 500)
		server.Stop(t, e.polite)
		server.Start(t)
		enough(t, l, 500)
		server.Kill(t)
		server.Start(t)
		again := time.Now().Add(time.Second)
		eventually(t, 20*time.Second, func() bool { return len(made.after(again)) > 1000 }, "calls end")
		end()
		l.require(t, db)
		made.requireHealthy(t, again)
	})
}

// load has callers insert rows until end is called.
func (c *calls) load(t *testing.T, db database, l *ledger, callers int) (end func()) {
	var group sync.WaitGroup
	working, cancel := context.WithCancel(t.Context())
	for range callers {
		group.Go(func() {
			for working.Err() == nil {
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				began := time.Now()
				err := l.insert(ctx, db)
				cancel()
				c.mu.Lock()
				c.all = append(c.all, call{began, time.Since(began), err})
				c.mu.Unlock()
			}
		})
	}
	return func() {
		cancel()
		group.Wait()
	}
}

// after returns the calls that began after a time.
func (c *calls) after(start time.Time) (found []call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range c.all {
		if one.began.After(start) {
			found = append(found, one)
		}
	}
	return found
}

// requireHealthy checks the calls that began after a time: all succeed, in time.
func (c *calls) requireHealthy(t *testing.T, start time.Time) {
	t.Helper()
	found := c.after(start)
	slices.SortFunc(found, func(a, b call) int { return cmp.Compare(a.took, b.took) })
	for _, one := range found {
		require.NoError(t, one.err)
	}
	p99 := found[len(found)*99/100].took
	t.Logf("%d calls, of which %d after recovery with p99 %v", len(c.all), len(found), p99)
	require.Less(t, p99, time.Second)
}

// enough waits until so many more rows are acknowledged.
func enough(t *testing.T, l *ledger, rows int) {
	t.Helper()
	acked := func() int {
		l.mu.Lock()
		defer l.mu.Unlock()
		return len(l.acked)
	}
	before := acked()
	eventually(t, 20*time.Second, func() bool { return acked() >= before+rows }, "calls succeed")
}

// TestF28_TooManySessions: a server that is full is neither wrong nor lost, and the
// caller gets a connection when there is room again.
func TestF28_TooManySessions(t *testing.T) {
	options := map[string][]string{
		"postgres": {"-c", "max_connections=12"},
		"mariadb":  {"--max-connections=12"},
	}
	onServers(t, func(t *testing.T, e engine) {
		server := e.own(t, options[e.name]...)
		at := server.Fresh(t)
		leavesNothing(t, 16)
		db := open(t, at, runtime.WithPool(runtime.PoolOptions{MaxSize: 20, AcquireTimeout: 2 * time.Second}))
		var held []*runtime.Conn
		t.Cleanup(func() { // else a failure would wait for them
			for _, c := range held {
				c.Close()
			}
		})
		err := holdAll(t, db, &held)
		require.GreaterOrEqual(t, len(held), 8)
		requireKind(t, err, runtime.Transient, "capacity")
		require.True(t, runtime.IsConnectionError(err))

		for _, c := range held {
			_, err := one.One(t.Context(), c, 0)
			require.NoError(t, err, "those that are open go on")
		}
		held[0].Close()
		_, err = one.One(t.Context(), db, 0)
		require.NoError(t, err)
		for _, c := range held[1:] {
			c.Close()
		}
		db.serves(t)
	})
}

// holdAll takes connections until there are no more.
func holdAll(t *testing.T, db database, held *[]*runtime.Conn) error {
	for {
		c, err := db.Conn(t.Context())
		if err != nil {
			return err
		}
		*held = append(*held, c)
	}
}

// requireKind checks that the error, or the one behind it, is of the class.
func requireKind(t *testing.T, err error, category runtime.Category, kind runtime.Kind) {
	t.Helper()
	var e *runtime.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, kind, e.Kind, "%v", err)
	require.Equal(t, category, e.Category, "%v", err)
}
