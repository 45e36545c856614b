package pool_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/pool"
)

// TestF45_CloseWithAStuckCall: Close returns by its deadline with the count of what is
// out; what comes back later is closed. It may be called again (HikariCP #955,
// #2152), by many.
func TestF45_CloseWithAStuckCall(t *testing.T) {
	within(t, func(t *testing.T) {
		p, m := newPool(t, pool.Options{MaxSize: 4})
		fillUp(t, p, 4)
		released, destroyed, abandoned := take(t, p), take(t, p), take(t, p)
		freed := make(chan struct{})
		value := abandoned.Value()
		abandoned.Abandon(freed)
		var closers sync.WaitGroup
		for range 5 {
			closers.Go(func() {
				began := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				err := p.Close(ctx)
				var out *pool.AbandonedError
				require.ErrorAs(t, err, &out)
				require.Equal(t, 3, out.Count)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.Equal(t, 2*time.Second, time.Since(began))
			})
		}
		closers.Wait()
		_, err := p.Acquire(t.Context())
		require.ErrorIs(t, err, pool.ErrClosed)
		require.ErrorIs(t, p.Add(t.Context()), pool.ErrClosed)
		require.ErrorIs(t, p.Resize(2), pool.ErrClosed)
		released.Release()
		destroyed.Destroy()
		m.close(value)
		close(freed)
		shut(t, p, m)
		shut(t, p, m)
	})
}

// TestCloseTellsWaiters at once, those who wait for a value and those who wait for a dial.
func TestCloseTellsWaiters(t *testing.T) {
	within(t, func(t *testing.T) {
		p, m := newPool(t, pool.Options{MaxSize: 2})
		item := take(t, p)
		m.set(func(m *maker) { m.took = time.Hour })
		var waiters sync.WaitGroup
		for range 10 {
			waiters.Go(func() {
				_, err := p.Acquire(t.Context())
				require.ErrorIs(t, err, pool.ErrClosed)
			})
		}
		synctest.Wait()
		began := time.Now()
		go p.Close(t.Context())
		waiters.Wait()
		require.Equal(t, began, time.Now())
		item.Release()
		shut(t, p, m)
	})
}

// TestAbandon: the place of a stuck value is free at once, but for those over MaxStuck.
func TestAbandon(t *testing.T) {
	within(t, func(t *testing.T) {
		p, m := newPool(t, pool.Options{MaxSize: 2, MaxStuck: 1, AcquireTimeout: time.Second})
		freed := make(chan struct{})
		for range 2 {
			item := take(t, p)
			value := item.Value()
			item.Abandon(freed)
			m.close(value)
		}
		require.Equal(t, 2, p.Stat().Stuck)
		item := take(t, p)
		_, err := p.Acquire(t.Context())
		require.ErrorIs(t, err, pool.ErrExhausted)
		close(freed)
		take(t, p).Release()
		synctest.Wait() // for those that note the end
		require.Zero(t, p.Stat().Stuck)
		item.Release()
		shut(t, p, m)
	})
}

func TestResize(t *testing.T) {
	within(t, func(t *testing.T) {
		p, m := newPool(t, pool.Options{MaxSize: 4, MinSize: 2, Ceiling: 10})
		for _, n := range []int{-1, 0, 1, 11} {
			require.ErrorContains(t, p.Resize(n), "want 2 to 10")
		}
		work := func() {
			callAll(t, p, 100, func(item pool.Item[int], err error) {
				require.NoError(t, err)
				time.Sleep(time.Millisecond)
				item.Release()
			})
		}
		for _, n := range []int{10, 2, 7, 3, 4} {
			var busy sync.WaitGroup
			busy.Go(work)
			time.Sleep(5 * time.Millisecond)
			require.NoError(t, p.Resize(n), "in use")
			busy.Wait()
			m.set(func(m *maker) { m.most = 0 })
			work()
			fillUp(t, p, n)
			c := p.Stat().Counts
			require.Equal(t, n, c.Max)
			require.Equal(t, n, c.Idle)
			require.LessOrEqual(t, m.most, n)
		}
		shut(t, p, m)
	})
}
