package faults_test

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
)

// TestF20_ThousandCallers: 1000 callers share 10 connections. The slowest of a hundred
// waits at most 1.5 times as long as those before it take.
func TestF20_ThousandCallers(t *testing.T) {
	const callers, connections, rounds = 1000, 10, 3
	at := testdb.Postgres(t)
	leavesNothing(t, connections)
	db := open(t, at, runtime.WithPool(runtime.PoolOptions{MaxSize: connections, MinSize: connections}))
	eventually(t, 10*time.Second, func() bool { return db.Stat().Idle == connections }, "all connections are made")
	work := ints("Work", "SELECT count(*) AS n FROM (SELECT pg_sleep(0.005)) AS s")
	var mu sync.Mutex // guards the following
	var waits []time.Duration
	var held time.Duration
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			for range rounds {
				began := time.Now()
				c, err := db.Conn(t.Context())
				require.NoError(t, err)
				taken := time.Now()
				_, err = work.One(t.Context(), c, 0)
				require.NoError(t, err)
				c.Close()
				mu.Lock()
				waits, held = append(waits, taken.Sub(began)), held+time.Since(taken)
				mu.Unlock()
			}
		})
	}
	group.Wait()
	slices.Sort(waits)
	ideal := held / (rounds * connections)
	p99 := waits[len(waits)*99/100]
	t.Logf("ideal %v, p99 %v", ideal, p99)
	require.LessOrEqual(t, p99, ideal*3/2)
}

// TestF20_Exhausted: who waits too long for connections that are in use is told so.
func TestF20_Exhausted(t *testing.T) {
	db := open(t, testdb.SQLite(t), runtime.WithPool(runtime.PoolOptions{MaxSize: 1, AcquireTimeout: 50 * time.Millisecond}))
	c, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer c.Close()
	all(100, func() {
		_, err := one.One(t.Context(), db, 0)
		require.ErrorIs(t, err, runtime.ErrExhausted)
		require.NotErrorIs(t, err, runtime.ErrDown)
	})
}

// all has callers do something at once.
func all(callers int, do func()) {
	var group sync.WaitGroup
	for range callers {
		group.Go(do)
	}
	group.Wait()
}

// TestF22_PortCloses: each of more callers than there may be connections is told why
// none can be made, by its timeout, and nobody storms the port.
func TestF22_PortCloses(t *testing.T) {
	onServers(t, func(t *testing.T, e engine) {
		const timeout = time.Second
		real := e.shared(t)
		leavesNothing(t, 8)
		at, link := behindLink(t, real)
		db := open(t, at, runtime.WithPool(runtime.PoolOptions{MaxSize: 4, AcquireTimeout: timeout, Check: runtime.CheckAlways}))
		_, err := one.One(t.Context(), db, 0)
		require.NoError(t, err)
		link.proxy.Stop()
		before := db.Stat().Dials
		began := time.Now()
		all(50, func() {
			_, err := one.One(t.Context(), db, 0)
			require.True(t, runtime.IsConnectionError(err), "%v", err)
			var failed *runtime.Error
			require.ErrorAs(t, err, &failed)
			require.NotEmpty(t, failed.State, "%v", err)
		})
		require.Less(t, time.Since(began), timeout+slack)
		_, err = one.One(t.Context(), db, 0)
		require.ErrorIs(t, err, runtime.ErrDown)
		require.Less(t, int(db.Stat().Dials-before), 30, "pauses of 10 ms to half a second")
		require.NoError(t, link.proxy.Start())
		db.serves(t)
	})
}

// TestF23_SilentListener: dials that get no answer cost their callers no more than their
// timeout, and the pool serves when there is a server again.
func TestF23_SilentListener(t *testing.T) {
	onServers(t, func(t *testing.T, e engine) {
		const timeout = 2 * time.Second
		silent, err := net.Listen("tcp", "127.0.0.1:0") // nobody accepts
		require.NoError(t, err)
		defer silent.Close()
		_, port, err := net.SplitHostPort(silent.Addr().String())
		require.NoError(t, err)
		real := e.shared(t)
		leavesNothing(t, 8)
		at, link := behindLink(t, real)
		options := runtime.PoolOptions{MaxSize: 3, AcquireTimeout: timeout, DialTimeout: timeout / 4, Check: runtime.CheckAlways}
		db := open(t, at, runtime.WithPool(options))
		_, err = one.One(t.Context(), db, 0) // one that was never lent is not checked
		require.NoError(t, err)
		link.moveTo(t, port)
		began := time.Now()
		all(20, func() {
			_, err := one.One(t.Context(), db, 0)
			require.ErrorIs(t, err, runtime.ErrDown)
		})
		require.Less(t, time.Since(began), timeout+slack)
		require.LessOrEqual(t, db.Stat().Stuck, 3)
		link.moveTo(t, settingOf(real.DSN, "port"))
		db.serves(t)
	})
}

// TestF25_RecoveryAndShutdown: 200 callers lose their connections at once, and the
// database is shut down while one dial after the other fails: all end with an error that
// says why, and nobody dials any more.
func TestF25_RecoveryAndShutdown(t *testing.T) {
	onServers(t, func(t *testing.T, e engine) {
		real := e.shared(t)
		leavesNothing(t, 20)
		at, link := behindLink(t, real)
		db := open(t, at, sized(20))
		var working, ended sync.WaitGroup
		for range 200 {
			working.Add(1)
			ended.Go(func() {
				_, err := one.One(t.Context(), db, 0)
				for working.Done(); err == nil || runtime.IsConnectionError(err); {
					_, err = one.One(t.Context(), db, 0)
				}
				require.ErrorIs(t, err, runtime.ErrClosed)
				var closed *runtime.Error
				require.ErrorAs(t, err, &closed)
			})
		}
		working.Wait()
		link.proxy.Stop()
		eventually(t, 10*time.Second, func() bool { return db.Stat().Down && db.Stat().DialFailures > 20 }, "dials fail")
		require.LessOrEqual(t, db.Stat().Dialing, 1)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		require.NoError(t, db.Shutdown(ctx))
		ended.Wait()
		require.Zero(t, db.Stat().Total())
	})
}

// TestF45_ShutdownWithAStuckCall: a caller who waits for ever for a link that is dead
// keeps Shutdown only until its deadline. What is left is closed when the link ends.
func TestF45_ShutdownWithAStuckCall(t *testing.T) {
	onServers(t, func(t *testing.T, e engine) {
		const patience = 2 * time.Second
		real := e.shared(t)
		leavesNothing(t, 8)
		at, link := behindLink(t, real)
		db := open(t, at, sized(2))
		ended := make(chan error)
		go func() {
			_, err := ints("Sleep", "SELECT "+fmt.Sprintf(e.sleep, "60")+" AS n").One(context.Background(), db, 0)
			ended <- err
		}()
		e.busy(t, real, "%60%")
		link.stall(t)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		err := db.Shutdown(ctx)
		requireDeadline(t, ctx, err)
		var left *runtime.AbandonedError
		require.ErrorAs(t, err, &left)
		require.Equal(t, 1, left.Count)
		link.heal()
		require.Error(t, <-ended)
		require.NoError(t, db.Shutdown(t.Context()))
	})
}
