package pool_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/pool"
)

// TestF20_Fair: 1000 callers on 10 values, each of them 1 ms at a time, 20 times. In
// order of arrival the longest wait is 99 ms.
func TestF20_Fair(t *testing.T) {
	within(t, func(t *testing.T) {
		p, m := newPool(t, pool.Options{MaxSize: 10})
		fillUp(t, p, 10)
		var mu sync.Mutex
		var waits []time.Duration
		var callers sync.WaitGroup
		for range 1000 {
			callers.Go(func() {
				for range 20 {
					began := time.Now()
					item := take(t, p)
					mu.Lock()
					waits = append(waits, time.Since(began))
					mu.Unlock()
					time.Sleep(time.Millisecond)
					item.Release()
				}
			})
		}
		callers.Wait()
		slices.Sort(waits)
		const ideal = 100 * time.Millisecond
		require.LessOrEqual(t, waits[len(waits)*99/100], ideal)
		require.LessOrEqual(t, waits[len(waits)-1], ideal+ideal/100)
		require.Equal(t, 10, m.most)
		shut(t, p, m)
	})
}

// TestF21_QueueOverflow: of 1000 callers 10 are served, 100 wait and are served, 890
// are refused at once.
func TestF21_QueueOverflow(t *testing.T) {
	within(t, func(t *testing.T) {
		p, m := newPool(t, pool.Options{MaxSize: 10, MaxWaiting: 100})
		began := time.Now()
		var served, refused atomic.Int32
		callAll(t, p, 1000, func(item pool.Item[int], err error) {
			if err != nil {
				require.ErrorIs(t, err, pool.ErrQueueFull)
				require.Equal(t, began, time.Now())
				refused.Add(1)
				return
			}
			time.Sleep(time.Second)
			item.Release()
			served.Add(1)
		})
		require.EqualValues(t, 110, served.Load())
		require.EqualValues(t, 890, refused.Load())
		require.EqualValues(t, 890, p.Stat().Refused)
		take(t, p).Release()
		shut(t, p, m)
	})
}

// TestSaturation: HikariCP #830. Values that serve one use a second balance with an
// offer of just as many; with one more each second callers time out.
func TestSaturation(t *testing.T) {
	for perSecond, want := range map[int]bool{9: false, 10: false, 12: true} {
		within(t, func(t *testing.T) {
			p, m := newPool(t, pool.Options{MaxSize: 10, AcquireTimeout: time.Second})
			fillUp(t, p, 10)
			var callers sync.WaitGroup
			for range 60 * perSecond {
				callers.Go(func() {
					if item, err := p.Acquire(t.Context()); err == nil {
						time.Sleep(time.Second)
						item.Release()
					} else {
						require.ErrorIs(t, err, pool.ErrExhausted)
					}
				})
				time.Sleep(time.Second / time.Duration(perSecond))
			}
			callers.Wait()
			require.Equal(t, want, p.Stat().Timeouts > 0, "%d each second", perSecond)
			shut(t, p, m)
		})
	}
}

// TestSpike: HikariCP's. A dial takes 150 ms, a use 2 ms, and 50 come at once: values
// that come back serve them, and few are made.
func TestSpike(t *testing.T) {
	within(t, func(t *testing.T) {
		p, m := newPool(t, pool.Options{MaxSize: 50, MinSize: 5})
		m.set(func(m *maker) { m.took = 150 * time.Millisecond })
		time.Sleep(time.Second)
		began := time.Now()
		callAll(t, p, 50, func(item pool.Item[int], err error) {
			require.NoError(t, err)
			time.Sleep(2 * time.Millisecond)
			item.Release()
		})
		require.LessOrEqual(t, time.Since(began), 20*time.Millisecond)
		time.Sleep(time.Second)
		require.LessOrEqual(t, p.Stat().Idle, 12)
		shut(t, p, m)
	})
}

// TestCancellations: deadpool's managed_cancellation. Each of five steps succeeds,
// fails, is slow or never ends; eight callers are cancelled after 0 to 7 ns. The pool
// never has more values than it may, loses none, and serves when the steps are well again.
func TestCancellations(t *testing.T) {
	for c := range 1024 {
		within(t, func(t *testing.T) { cancelled(t, c) })
	}
}

// step is what a call does.
type step int

const (
	ok step = iota
	fails
	slow
	never
)

// run does it, until gate is closed.
func (s step) run(gate <-chan struct{}) error {
	select {
	case <-gate:
		return nil
	default:
	}
	switch s {
	case fails:
		return errDial
	case slow:
		time.Sleep(time.Nanosecond)
	case never:
		<-gate
	}
	return nil
}

func cancelled(t *testing.T, c int) {
	var steps [5]step
	for i := range steps {
		steps[i], c = step(c%4), c/4
	}
	dial, check, closing, use, abandon := steps[0], steps[1], steps[2], steps[3], steps[4]
	gate := make(chan struct{})
	m := &maker{open: map[int]bool{}}
	p, err := pool.New(pool.Config[int]{
		Options: pool.Options{MaxSize: 4, MaxStuck: 2, Ceiling: 4, Check: pool.CheckAlways},
		Dial: func(ctx context.Context) (int, error) {
			if err := dial.run(gate); err != nil {
				return 0, err
			}
			return m.dial(context.WithoutCancel(ctx))
		},
		Probe: func(context.Context, int) error { return check.run(gate) },
		Close: func(v int) {
			_ = closing.run(gate)
			m.close(v)
		},
	})
	require.NoError(t, err)
	var callers sync.WaitGroup
	for i := range 8 {
		callers.Go(func() {
			for range 2 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i))
				if item, err := p.Acquire(ctx); err == nil {
					giveBack(item, m, use.run(gate), abandon, gate)
				}
				cancel()
			}
		})
	}
	if use != never {
		callers.Wait()
	}
	time.Sleep(time.Minute)
	require.LessOrEqual(t, p.Stat().Total(), 4)
	close(gate)
	callers.Wait()
	synctest.Wait()
	require.LessOrEqual(t, m.most, 4+2)
	callAll(t, p, 8, func(item pool.Item[int], err error) {
		require.NoError(t, err)
		item.Release()
	})
	shut(t, p, m)
}

// giveBack ends a loan as the use of it went.
func giveBack(item pool.Item[int], m *maker, used error, abandon step, gate chan struct{}) {
	switch {
	case used != nil:
		item.Destroy()
	case abandon == ok:
		item.Release()
	default:
		value, freed := item.Value(), make(chan struct{})
		item.Abandon(freed)
		go func() {
			_ = abandon.run(gate)
			m.close(value)
			close(freed)
		}()
	}
}
