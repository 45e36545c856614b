package pool_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/pool"
)

var errLogin = errors.New("wrong password")

// TestColdStartRamps: the first dial is alone, then their number doubles.
func TestColdStartRamps(t *testing.T) {
	within(t, func(t *testing.T) {
		p, m := newPool(t, pool.Options{MaxSize: 20})
		defer shut(t, p, m)
		m.set(func(m *maker) { m.took = time.Second })
		callAll(t, p, 20, func(item pool.Item[int], err error) {
			require.NoError(t, err)
			time.Sleep(time.Minute)
			item.Release()
		})
		synctest.Wait()
		at := map[time.Duration]int{}
		for _, d := range m.dials {
			at[d]++
		}
		require.Equal(t, map[time.Duration]int{0: 1, time.Second: 2, 2 * time.Second: 4, 3 * time.Second: 8, 4 * time.Second: 5}, at)
	})
}

// callAll has n callers acquire, and waits for what they make of it.
func callAll(t *testing.T, p *pool.Pool[int], n int, do func(pool.Item[int], error)) {
	var callers sync.WaitGroup
	for range n {
		callers.Go(func() { do(p.Acquire(t.Context())) })
	}
	callers.Wait()
}

// TestRecovery: while dials fail one tries, with growing pauses; when one succeeds
// all who waited are served.
func TestRecovery(t *testing.T) {
	within(t, func(t *testing.T) {
		p, m := newPool(t, pool.Options{MaxSize: 8})
		defer shut(t, p, m)
		m.set(func(m *maker) { m.fail = errDial })
		go func() {
			time.Sleep(20 * time.Second)
			m.set(func(m *maker) { m.fail = nil })
		}()
		callAll(t, p, 100, func(item pool.Item[int], err error) {
			require.NoError(t, err)
			time.Sleep(time.Millisecond)
			item.Release()
		})
		synctest.Wait()
		require.Less(t, time.Since(m.began), 21*time.Second)
		down := 0
		for i, d := range m.dials[1:] {
			if d < 20*time.Second {
				down++
				require.GreaterOrEqual(t, d-m.dials[i], 10*time.Millisecond)
				require.LessOrEqual(t, d-m.dials[i], 500*time.Millisecond)
			}
		}
		require.Less(t, down, 20*4+10, "pauses grow to half a second, of which the half may be left out")
		require.False(t, p.Stat().Down)
	})
}

// TestF22_PermanentDialFailure: more callers than there may be values, and nobody
// listens. Each gets the error of the dial by its acquire timeout
// (true-async/php-async #141, puddle 1.1.3), and dials are no more than the back-off allows.
func TestF22_PermanentDialFailure(t *testing.T) {
	within(t, func(t *testing.T) {
		p, m := newPool(t, pool.Options{MaxSize: 4, AcquireTimeout: 10 * time.Second})
		defer shut(t, p, m)
		m.set(func(m *maker) { m.fail = errDial })
		began := time.Now()
		callAll(t, p, 50, func(_ pool.Item[int], err error) {
			require.ErrorIs(t, err, pool.ErrDown)
			require.ErrorIs(t, err, errDial)
			require.NotErrorIs(t, err, pool.ErrExhausted)
			require.Equal(t, 10*time.Second, time.Since(began))
		})
		synctest.Wait()
		require.EqualValues(t, 50, p.Stat().Timeouts)
		require.Less(t, len(m.dials), 50)
		require.Equal(t, 1, m.mostDial)
		require.ErrorIs(t, p.Stat().DownError, errDial)
	})
}

// TestF22_RefusedLogin: an error that may not be tried again is told at once to all
// who wait, and to newcomers without a dial until the pause is over (F27: a login
// that is tried again and again locks the account).
func TestF22_RefusedLogin(t *testing.T) {
	within(t, func(t *testing.T) {
		m := &maker{open: map[int]bool{}, fail: errLogin, took: 10 * time.Millisecond}
		config := m.config(pool.Options{MaxSize: 4})
		config.Again = func(err error) bool { return !errors.Is(err, errLogin) }
		p, err := pool.New(config)
		require.NoError(t, err)
		refused := func(_ pool.Item[int], err error) {
			require.ErrorIs(t, err, pool.ErrDown)
			require.ErrorIs(t, err, errLogin)
		}
		callAll(t, p, 50, refused)
		synctest.Wait()
		require.Equal(t, 10*time.Millisecond, time.Since(m.began))
		callAll(t, p, 50, refused)
		synctest.Wait()
		require.Len(t, m.dials, 1)
		for range 1000 { // 100 s of callers
			time.Sleep(100 * time.Millisecond)
			callAll(t, p, 1, refused)
		}
		synctest.Wait()
		require.LessOrEqual(t, len(m.dials), 12, "1 s, 2 s, 4 s, … 30 s, of which the half may be left out")
		m.set(func(m *maker) { m.fail = nil })
		time.Sleep(30 * time.Second)
		take(t, p).Release()
		shut(t, p, m)
	})
}

// TestRefusedLoginSparesIdleValues: those that are open go on serving (F27).
func TestRefusedLoginSparesIdleValues(t *testing.T) {
	within(t, func(t *testing.T) {
		m := &maker{open: map[int]bool{}}
		config := m.config(pool.Options{MaxSize: 2})
		config.Again = func(err error) bool { return false }
		p, err := pool.New(config)
		require.NoError(t, err)
		a := take(t, p)
		m.set(func(m *maker) { m.fail = errLogin })
		_, err = p.Acquire(t.Context())
		require.ErrorIs(t, err, errLogin)
		a.Release()
		take(t, p).Release()
		shut(t, p, m)
	})
}

// TestDownButAnotherComesBack: who waits for a dial that fails takes a value that
// another caller gives back, in order of arrival, before those that came later.
func TestDownButAnotherComesBack(t *testing.T) {
	within(t, func(t *testing.T) {
		p, m := newPool(t, pool.Options{MaxSize: 3})
		defer shut(t, p, m)
		item := take(t, p)
		m.set(func(m *maker) { m.fail = errDial })
		var order []int
		var callers sync.WaitGroup
		for i := range 10 {
			callers.Go(func() {
				item := take(t, p)
				order = append(order, i) // one value, so one caller at a time
				time.Sleep(time.Millisecond)
				item.Release()
			})
			time.Sleep(time.Millisecond)
		}
		item.Release()
		callers.Wait()
		require.True(t, slices.IsSorted(order), "%v", order)
		require.True(t, p.Stat().Down)
	})
}

// TestF23_DialHangs: dials that never return cost their callers their timeout, are
// capped, and the pool serves on (HikariCP #1474, #2161: it drained and did not refill).
func TestF23_DialHangs(t *testing.T) {
	within(t, func(t *testing.T) {
		gate := make(chan struct{})
		var hung atomic.Int32
		m := &maker{open: map[int]bool{}}
		config := m.config(pool.Options{MaxSize: 3, MaxStuck: 2, DialTimeout: time.Second, AcquireTimeout: 5 * time.Second})
		config.Dial = func(ctx context.Context) (int, error) {
			if hung.Load() < 4 {
				hung.Add(1)
				<-gate
			}
			return m.dial(ctx)
		}
		p, err := pool.New(config)
		require.NoError(t, err)
		_, err = p.Acquire(t.Context())
		require.ErrorIs(t, err, pool.ErrDown)
		require.ErrorIs(t, err, context.DeadlineExceeded, "of the dial")
		time.Sleep(time.Minute)
		c := p.Stat()
		require.Equal(t, 2, c.Stuck, "the third keeps its place")
		require.LessOrEqual(t, c.Stuck+c.Total(), 5)
		close(gate)
		synctest.Wait()
		callAll(t, p, 10, func(item pool.Item[int], err error) {
			require.NoError(t, err)
			item.Release()
		})
		require.Zero(t, p.Stat().Stuck)
		shut(t, p, m)
	})
}

// TestF23_OthersServe: while dials hang, values that are there go round.
func TestF23_OthersServe(t *testing.T) {
	within(t, func(t *testing.T) {
		gate := make(chan struct{})
		m := &maker{open: map[int]bool{}}
		var dials atomic.Int32
		config := m.config(pool.Options{MaxSize: 4})
		config.Dial = func(ctx context.Context) (int, error) {
			if dials.Add(1) > 1 {
				<-gate
			}
			return m.dial(ctx)
		}
		p, err := pool.New(config)
		require.NoError(t, err)
		began := time.Now()
		callAll(t, p, 100, func(item pool.Item[int], err error) {
			require.NoError(t, err)
			time.Sleep(time.Millisecond)
			item.Release()
		})
		require.LessOrEqual(t, time.Since(began), 101*time.Millisecond)
		close(gate)
		shut(t, p, m)
	})
}

// TestF25_RecoveryIsSingleFlight: 200 values are lost at once; one dials.
func TestF25_RecoveryIsSingleFlight(t *testing.T) {
	within(t, func(t *testing.T) {
		p, m := newPool(t, pool.Options{MaxSize: 200})
		defer shut(t, p, m)
		var lost sync.WaitGroup
		held := make(chan struct{})
		var ready atomic.Int32
		for range 200 {
			lost.Go(func() {
				item := take(t, p)
				ready.Add(1)
				<-held
				item.Destroy()
			})
		}
		synctest.Wait()
		require.EqualValues(t, 200, ready.Load())
		m.set(func(m *maker) { m.fail, m.took, m.mostDial, m.dials = errDial, 5*time.Millisecond, 0, nil })
		close(held)
		lost.Wait()
		callers, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		var waiting sync.WaitGroup
		for range 200 {
			waiting.Go(func() {
				_, err := p.Acquire(callers)
				require.ErrorIs(t, err, pool.ErrDown)
			})
		}
		time.Sleep(time.Second)
		m.set(func(m *maker) { m.mostDial = 0 }) // those that failed together at first are over
		waiting.Wait()
		synctest.Wait()
		require.Equal(t, 1, m.mostDial)
	})
}

// TestF25_CloseWins: callers that wait for recovery are told at once, and nobody dials
// after.
func TestF25_CloseWins(t *testing.T) {
	within(t, func(t *testing.T) {
		m := &maker{open: map[int]bool{}, fail: errDial}
		p, err := pool.New(m.config(pool.Options{MaxSize: 4, MinSize: 2}))
		require.NoError(t, err)
		var waiting sync.WaitGroup
		for range 200 {
			waiting.Go(func() {
				_, err := p.Acquire(t.Context())
				require.ErrorIs(t, err, pool.ErrClosed)
				require.NotErrorIs(t, err, pool.ErrDown)
			})
		}
		time.Sleep(time.Second)
		began := time.Now()
		shut(t, p, m)
		waiting.Wait()
		require.Equal(t, began, time.Now())
		synctest.Wait()
		dials := len(m.dials)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Len(t, m.dials, dials)
	})
}

// TestReasonIsTrue: one that timed out is told why.
func TestReasonIsTrue(t *testing.T) {
	within(t, func(t *testing.T) {
		p, m := newPool(t, pool.Options{MaxSize: 1, AcquireTimeout: time.Second})
		item := take(t, p)
		_, err := p.Acquire(t.Context())
		require.ErrorIs(t, err, pool.ErrExhausted)
		require.NotErrorIs(t, err, pool.ErrDown)
		require.NotErrorIs(t, err, context.DeadlineExceeded, "the caller's context goes on")
		var failed *pool.AcquireError
		require.ErrorAs(t, err, &failed)
		require.Equal(t, time.Second, failed.Waited)
		require.Equal(t, 1, failed.Stat.InUse)
		require.Equal(t, "acquire: all values are in use (waited 1s; 1 in use, 0 dialing, 0 stuck, at most 1; 0 waiting)", err.Error())

		cause := errors.New("the user has left")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Millisecond, func() { cancel(cause) })
		for range 2 { // while it waits, and before
			_, err = p.Acquire(ctx)
			require.ErrorIs(t, err, context.Canceled)
			require.ErrorIs(t, err, cause)
		}
		require.EqualValues(t, 2, p.Stat().Cancelled)
		m.set(func(m *maker) { m.took = time.Minute })
		item.Destroy()
		_, err = p.Acquire(t.Context())
		require.ErrorIs(t, err, pool.ErrDown, "its dial has not answered")
		shut(t, p, m)
	})
}
