package pool_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/pool"
)

func TestMinSizeIsKept(t *testing.T) {
	within(t, func(t *testing.T) {
		p, m := newPool(t, pool.Options{MaxSize: 8, MinSize: 4})
		synctest.Wait()
		require.Equal(t, 4, p.Stat().Idle, "made ahead")
		for range 4 {
			take(t, p).Destroy()
		}
		synctest.Wait()
		require.Equal(t, 4, p.Stat().Idle, "made again")
		m.set(func(m *maker) { m.fail = errDial })
		take(t, p).Destroy()
		time.Sleep(time.Minute)
		m.set(func(m *maker) { m.fail = nil })
		time.Sleep(time.Second)
		require.Equal(t, 4, p.Stat().Idle, "after a failure too")
		shut(t, p, m)
	})
}

// TestIdleTimeout ends those used least lately, down to MinSize.
func TestIdleTimeout(t *testing.T) {
	within(t, func(t *testing.T) {
		p, m := newPool(t, pool.Options{MaxSize: 8, MinSize: 2, IdleTimeout: time.Minute})
		fillUp(t, p, 8)
		for range 100 {
			time.Sleep(10 * time.Second)
			take(t, p).Release()
		}
		synctest.Wait()
		require.Equal(t, 2, p.Stat().Idle)
		require.True(t, m.open[8], "the one that was used")
		require.EqualValues(t, 6, p.Stat().Evicted.Idle)
		shut(t, p, m)
	})
}

// TestF44_PauseEvictsNoMass: after a pause longer than what they may be idle, values
// end a few at a time, and one is lent at once.
func TestF44_PauseEvictsNoMass(t *testing.T) {
	within(t, func(t *testing.T) {
		p, m := newPool(t, pool.Options{MaxSize: 64, IdleTimeout: 32 * time.Second})
		fillUp(t, p, 64)
		time.Sleep(32*time.Second - 1)
		require.Equal(t, 64, p.Stat().Idle)
		time.Sleep(time.Second)
		synctest.Wait()
		require.GreaterOrEqual(t, p.Stat().Idle, 60)
		dials := len(m.dials)
		take(t, p).Release()
		require.Len(t, m.dials, dials)
		shut(t, p, m)
	})
}

// TestF46_MassExpiry: 100 values of one birth, which live for 10 s, are made again
// over time, and nearly all are open all the while.
func TestF46_MassExpiry(t *testing.T) {
	within(t, func(t *testing.T) {
		p, m := newPool(t, pool.Options{MaxSize: 100, MinSize: 100, MaxLifetime: 10 * time.Second})
		m.set(func(m *maker) { m.took = time.Millisecond })
		time.Sleep(time.Second)
		require.Equal(t, 100, p.Stat().Idle)
		for range 60 {
			time.Sleep(time.Second)
			require.GreaterOrEqual(t, p.Stat().Idle, 80)
		}
		synctest.Wait()
		peak := 0
		for i, from := range m.dials[100:] {
			n := 0
			for _, d := range m.dials[100+i:] {
				if d < from+time.Second {
					n++
				}
			}
			peak = max(peak, n)
		}
		require.LessOrEqual(t, peak, 33, "in a second")
		require.Greater(t, m.made, 400)
		shut(t, p, m)
	})
}

// TestStatIsOfOneMoment: sizes add up while values come and go.
func TestStatIsOfOneMoment(t *testing.T) {
	p, m := newPool(t, pool.Options{MaxSize: 4, MinSize: 2})
	var stop atomic.Bool
	var callers sync.WaitGroup
	for c := range 10 {
		callers.Go(func() {
			for i := 0; !stop.Load(); i++ {
				item := take(t, p)
				if (i+c)%7 == 0 {
					item.Destroy()
				} else {
					item.Release()
				}
			}
		})
	}
	for range 20_000 {
		s := p.Stat()
		if s.Total() > 4 || s.Stuck > 4 || s.Waiting > 10 || s.InUse < 0 {
			t.Fatalf("%+v", s)
		}
	}
	stop.Store(true)
	callers.Wait()
	shut(t, p, m)
}

func TestStatCounts(t *testing.T) {
	within(t, func(t *testing.T) {
		p, m := newPool(t, pool.Options{MaxSize: 1, AcquireTimeout: pool.Never})
		m.set(func(m *maker) { m.took = time.Second })
		callAll(t, p, 100, func(item pool.Item[int], err error) {
			require.NoError(t, err)
			time.Sleep(time.Second)
			item.Release()
		})
		s := p.Stat()
		require.EqualValues(t, 100, s.Acquires)
		require.EqualValues(t, 100, s.Waits, "the first for its dial")
		require.Equal(t, 100*time.Second, s.WaitMax)
		require.Equal(t, 5050*time.Second, s.WaitTotal)
		for want, got := range map[time.Duration]time.Duration{50 * time.Second: s.WaitP50, 95 * time.Second: s.WaitP95, 99 * time.Second: s.WaitP99} {
			require.GreaterOrEqual(t, got, want)
			require.LessOrEqual(t, got, want+want/8)
		}
		shut(t, p, m)
	})
}
