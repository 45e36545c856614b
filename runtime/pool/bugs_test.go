package pool_test

import (
	"context"
	"errors"
	"math/rand/v2"
	goruntime "runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/pool"
)

// The bugs other pools had, each with the place where it was found.

// TestNoWaiterStarvesUnderCapacity: HikariCP #222, #452, #1909. Values are destroyed
// as fast as they come; there is room, so all callers are served.
func TestNoWaiterStarvesUnderCapacity(t *testing.T) {
	within(t, func(t *testing.T) {
		p, m := newPool(t, pool.Options{MaxSize: 5})
		m.set(func(m *maker) { m.took = time.Millisecond })
		callAll(t, p, 500, func(item pool.Item[int], err error) {
			require.NoError(t, err)
			item.Destroy()
		})
		require.Less(t, time.Since(m.began), 120*time.Millisecond, "five at a time")
		shut(t, p, m)
	})
}

// TestNoLostWakeUp: bb8 #122, HikariCP #222. One place goes round among many.
func TestNoLostWakeUp(t *testing.T) {
	p, m := newPool(t, pool.Options{MaxSize: 1, AcquireTimeout: pool.Never})
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for range 10_000 {
				take(t, p).Release()
			}
		})
	}
	callers.Wait()
	require.Equal(t, 1, m.made)
	shut(t, p, m)
}

// TestBrokenReturnWakesOne: bb8 #167, bb8 PR 225. Of 1000 that wait one gets the place
// of the broken value.
func TestBrokenReturnWakesOne(t *testing.T) {
	within(t, func(t *testing.T) {
		p, m := newPool(t, pool.Options{MaxSize: 1})
		broken := take(t, p)
		ctx, cancel := context.WithCancel(t.Context())
		var served atomic.Int32
		items := make(chan pool.Item[int], 1000)
		var callers sync.WaitGroup
		for range 1000 {
			callers.Go(func() {
				if item, err := p.Acquire(ctx); err == nil {
					served.Add(1)
					items <- item
				}
			})
		}
		synctest.Wait()
		broken.Destroy()
		synctest.Wait()
		require.EqualValues(t, 1, served.Load())
		cancel()
		callers.Wait()
		(<-items).Release()
		shut(t, p, m)
	})
}

// TestCancelStormLeaksNothing: bb8 #59, #67, clickhouse-go PR 1759, go-sql-driver
// #1023, puddle 1.1.0.
func TestCancelStormLeaksNothing(t *testing.T) {
	p, m := newPool(t, pool.Options{MaxSize: 4, Check: pool.CheckAlways})
	var callers sync.WaitGroup
	for range 100 {
		callers.Go(func() {
			for range 100 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(200))*time.Microsecond)
				if item, err := p.Acquire(ctx); err == nil {
					if rand.IntN(5) == 0 {
						item.Destroy()
					} else {
						item.Release()
					}
				}
				cancel()
			}
		})
	}
	callers.Wait()
	for p.Stat().InUse > 0 { // checks whose callers have left
		goruntime.Gosched()
	}
	require.LessOrEqual(t, m.most, 4+4, "those that are closed may be more, by MaxStuck")
	shut(t, p, m)
}

// TestDialOutlivesItsCallers: pgx #1259, #1287. A dial slower than each caller's
// patience still fills the pool.
func TestDialOutlivesItsCallers(t *testing.T) {
	within(t, func(t *testing.T) {
		p, m := newPool(t, pool.Options{MaxSize: 3})
		m.set(func(m *maker) { m.took = 100 * time.Millisecond })
		for range 20 {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			if item, err := p.Acquire(ctx); err == nil {
				item.Release()
			}
			cancel()
		}
		require.Equal(t, 1, p.Stat().Idle)
		shut(t, p, m)
	})
}

// TestDeadValueHoldsNoPlace: pgx #948, where one did for 15 s.
func TestDeadValueHoldsNoPlace(t *testing.T) {
	within(t, func(t *testing.T) {
		p, m := newPool(t, pool.Options{MaxSize: 1})
		m.set(func(m *maker) { m.closing = func(int) { time.Sleep(15 * time.Second) } })
		take(t, p).Destroy()
		began := time.Now()
		item := take(t, p)
		require.Equal(t, began, time.Now())
		item.Release()
		shut(t, p, m)
	})
}

// TestClosesDoNotOutrunDials: pgx PR 2425. Values broken faster than they close are
// never more than MaxSize and MaxStuck.
func TestClosesDoNotOutrunDials(t *testing.T) {
	within(t, func(t *testing.T) {
		p, m := newPool(t, pool.Options{MaxSize: 4, MaxStuck: 2})
		m.set(func(m *maker) { m.closing = func(int) { time.Sleep(10 * time.Second) } })
		callAll(t, p, 50, func(item pool.Item[int], err error) {
			if err == nil {
				item.Destroy()
			}
		})
		require.Equal(t, 6, m.most)
		shut(t, p, m)
	})
}

// TestExpiredIsNotLent: go#32530. Neither when the housekeeper has not come yet.
func TestExpiredIsNotLent(t *testing.T) {
	within(t, func(t *testing.T) {
		p, m := newPool(t, pool.Options{MaxSize: 1, MaxLifetime: time.Second, LifetimeJitter: pool.NoJitter, Check: pool.CheckNever})
		for range 100 {
			item := take(t, p)
			var age time.Duration
			m.set(func(m *maker) { age = time.Since(m.began) - m.dials[item.Value()-1] })
			require.Less(t, age, time.Second)
			time.Sleep(300 * time.Millisecond)
			item.Release()
		}
		// The last was used up when it came back, maybe just after the housekeeper had looked.
		time.Sleep(time.Second)
		synctest.Wait()
		require.EqualValues(t, m.made, p.Stat().Evicted.Lifetime)
		shut(t, p, m)
	})
}

// TestIdleIsReapedAfterShrink: go#39471.
func TestIdleIsReapedAfterShrink(t *testing.T) {
	within(t, func(t *testing.T) {
		p, m := newPool(t, pool.Options{MaxSize: 8})
		fillUp(t, p, 8)
		require.Equal(t, 8, p.Stat().Idle)
		require.NoError(t, p.Resize(3))
		synctest.Wait()
		require.LessOrEqual(t, len(m.open), 3)
		require.LessOrEqual(t, p.Stat().Total(), 3)
		shut(t, p, m)
	})
}

// fillUp opens n values.
func fillUp(t *testing.T, p *pool.Pool[int], n int) {
	items := make([]pool.Item[int], n)
	for i := range items {
		items[i] = take(t, p)
	}
	for _, item := range items {
		item.Release()
	}
}

// TestFailedDialsDoNotCount: go#10886, deadpool 0.9.5, puddle 2.2.1, pgx 5.4.3. However dials
// end, there are never more values than may be, and always room for as many.
func TestFailedDialsDoNotCount(t *testing.T) {
	within(t, func(t *testing.T) {
		p, m := newPool(t, pool.Options{MaxSize: 3, MinSize: 1})
		for i := range 300 {
			m.set(func(m *maker) {
				m.fail, m.took = nil, time.Duration(i%3)*time.Millisecond
				if i%2 == 0 {
					m.fail = errDial
				}
			})
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%5)*10*time.Millisecond)
			if item, err := p.Acquire(ctx); err == nil {
				item.Destroy()
			}
			cancel()
		}
		m.set(func(m *maker) { m.fail, m.most = nil, 0 })
		fillUp(t, p, 3)
		require.LessOrEqual(t, m.most, 3)
		shut(t, p, m)
	})
}

// TestCloseDuringDial: puddle 1.1.2, 1.1.4, 2.0.1, 2.2.3, HikariCP #229. What a dial makes
// after Close is closed, whoever wanted it.
func TestCloseDuringDial(t *testing.T) {
	for _, by := range []struct {
		name string
		dial func(*pool.Pool[int])
	}{
		{"acquire", func(p *pool.Pool[int]) { _, _ = p.Acquire(context.Background()) }},
		{"add", func(p *pool.Pool[int]) { _ = p.Add(context.Background()) }},
		{"refill", func(*pool.Pool[int]) {}},
	} {
		t.Run(by.name, func(t *testing.T) {
			within(t, func(t *testing.T) {
				gate := make(chan struct{})
				m := &maker{open: map[int]bool{}}
				config := m.config(pool.Options{MaxSize: 1, MinSize: 1})
				config.Dial = func(context.Context) (int, error) { <-gate; return m.dial(context.Background()) }
				p, err := pool.New(config)
				require.NoError(t, err)
				go by.dial(p)
				synctest.Wait()
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				var abandoned *pool.AbandonedError
				require.ErrorAs(t, p.Close(ctx), &abandoned)
				require.Equal(t, 1, abandoned.Count)
				close(gate)
				shut(t, p, m)
				require.Equal(t, 1, m.made)
			})
		})
	}
}

// TestOneHungCallStallsNobody: async-bb8-diesel #94. No lock is held across a call.
func TestOneHungCallStallsNobody(t *testing.T) {
	within(t, func(t *testing.T) {
		gate := make(chan struct{})
		var hang atomic.Bool
		wait := func() {
			if hang.CompareAndSwap(true, false) {
				<-gate
			}
		}
		m := &maker{open: map[int]bool{}}
		config := m.config(pool.Options{MaxSize: 4, Check: pool.CheckAlways})
		config.Dial = func(ctx context.Context) (int, error) { wait(); return m.dial(ctx) }
		config.Probe = func(context.Context, int) error { wait(); return nil }
		config.Close = func(v int) { wait(); m.close(v) }
		p, err := pool.New(config)
		require.NoError(t, err)
		fillUp(t, p, 2)
		others := func() {
			began := time.Now()
			take(t, p).Release()
			p.Stat()
			require.NoError(t, p.Resize(4))
			require.LessOrEqual(t, time.Since(began), time.Second) // the dial that hangs was hoped for
		}
		hang.Store(true)
		go func() { take(t, p).Release() }() // a check hangs
		synctest.Wait()
		others()
		held := take(t, p)
		hang.Store(true)
		go func() { take(t, p).Release() }() // a dial hangs
		synctest.Wait()
		held.Release()
		others()
		item := take(t, p)
		hang.Store(true)
		item.Destroy() // a close hangs
		synctest.Wait()
		require.False(t, hang.Load())
		others()
		close(gate)
		synctest.Wait()
		shut(t, p, m)
	})
}

// TestPgx1354: all values are to be kept open, callers give up after a second, and
// dials take about as long: the pool must not stop serving.
func TestPgx1354(t *testing.T) {
	within(t, func(t *testing.T) {
		p, m := newPool(t, pool.Options{MaxSize: 100, MinSize: 100, MaxLifetime: 20 * time.Second})
		m.set(func(m *maker) { m.took = 900 * time.Millisecond })
		var served atomic.Int32
		var callers sync.WaitGroup
		for range 100 {
			callers.Go(func() {
				for i := range 50 {
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					if item, err := p.Acquire(ctx); err == nil {
						time.Sleep(200 * time.Millisecond)
						if i >= 30 {
							served.Add(1)
						}
						if i%10 == 0 {
							item.Destroy()
						} else {
							item.Release()
						}
					}
					cancel()
				}
			})
		}
		callers.Wait()
		require.Greater(t, served.Load(), int32(1500), "of 2000")
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, 100, p.Stat().Total())
		require.LessOrEqual(t, m.most, 200)
		shut(t, p, m)
	})
}

// TestGoPg1879: 10 callers of 1000 uses, of which a tenth is cancelled after 1 µs to
// 5 ms. Those that are not cancelled never fail.
func TestGoPg1879(t *testing.T) {
	within(t, func(t *testing.T) {
		p, m := newPool(t, pool.Options{MaxSize: 5})
		m.set(func(m *maker) { m.took = time.Millisecond })
		var callers sync.WaitGroup
		for range 10 {
			callers.Go(func() {
				for range 1000 {
					ctx, cancel := t.Context(), context.CancelFunc(func() {})
					if rand.IntN(10) == 0 {
						ctx, cancel = context.WithTimeout(ctx, time.Microsecond+rand.N(5*time.Millisecond))
					}
					item, err := p.Acquire(ctx)
					switch {
					case err != nil:
						require.Error(t, ctx.Err(), err)
					case errors.Is(use(ctx), context.DeadlineExceeded):
						item.Destroy()
					default:
						item.Release()
					}
					cancel()
				}
			})
		}
		callers.Wait()
		shut(t, p, m)
	})
}

// use takes a while.
func use(ctx context.Context) error {
	select {
	case <-time.After(2 * time.Millisecond):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
