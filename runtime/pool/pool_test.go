package pool_test

import (
	"context"
	"errors"
	goruntime "runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/odbcgen/odbcgen/runtime/pool"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// maker makes numbered values and knows which are open.
type maker struct {
	mu   sync.Mutex
	made int
	open map[int]bool
	fail error // what Dial answers, if anything
}

func (m *maker) dial(context.Context) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return 0, m.fail
	}
	m.made++
	m.open[m.made] = true
	return m.made, nil
}

func (m *maker) close(value int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.open[value] {
		panic("closed twice, or never made")
	}
	delete(m.open, value)
}

func newPool(t require.TestingT, size int) (*pool.Pool[int], *maker) {
	m := &maker{open: map[int]bool{}}
	p, err := pool.New(pool.Config[int]{MaxSize: size, Dial: m.dial, Close: m.close})
	require.NoError(t, err)
	return p, m
}

// TestPool does random things with a pool and compares it with a model: a list
// of what is on loan, and the set of what is idle.
func TestPool(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 4).Draw(t, "size")
		p, m := newPool(t, size)
		var loans []pool.Item[int]
		idle := map[int]bool{}
		take := func() pool.Item[int] {
			if len(loans) == 0 {
				t.Skip("nothing on loan")
			}
			i := rapid.IntRange(0, len(loans)-1).Draw(t, "loan")
			item := loans[i]
			loans = append(loans[:i:i], loans[i+1:]...)
			return item
		}
		t.Repeat(map[string]func(*rapid.T){
			"acquire": func(t *rapid.T) {
				ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
				defer cancel()
				if len(loans) < size {
					ctx = context.Background()
				}
				item, err := p.Acquire(ctx)
				if len(loans) == size {
					require.ErrorIs(t, err, context.DeadlineExceeded)
					return
				}
				require.NoError(t, err)
				require.True(t, len(idle) == 0 || idle[item.Value()], "a new value while others are idle")
				delete(idle, item.Value())
				loans = append(loans, item)
			},
			"release": func(t *rapid.T) {
				item := take()
				idle[item.Value()] = true
				item.Release()
			},
			"destroy": func(t *rapid.T) {
				take().Destroy()
				for p.Stat().Acquired > len(loans) {
					goruntime.Gosched()
				}
			},
			"add": func(t *rapid.T) {
				if len(loans)+len(idle) == size {
					t.Skip("no room")
				}
				require.NoError(t, p.Add(context.Background()))
				idle[m.made] = true
			},
			"": func(t *rapid.T) {
				require.Equal(t, pool.Stat{Max: size, Idle: len(idle), Acquired: len(loans)}, p.Stat())
				seen := map[int]bool{}
				for _, item := range loans {
					require.False(t, seen[item.Value()] || idle[item.Value()], "a value on loan twice")
					seen[item.Value()] = true
				}
			},
		})
		for _, item := range loans {
			item.Release()
		}
		p.Close()
		require.Empty(t, m.open)
	})
}

func TestPoolUnderLoad(t *testing.T) {
	const size = 3
	p, m := newPool(t, size)
	var used atomic.Int32
	var callers sync.WaitGroup
	for c := range 50 {
		callers.Go(func() {
			for i := range 50 {
				ctx, cancel := context.WithCancel(t.Context())
				if (c+i)%7 == 0 {
					cancel()
				}
				item, err := p.Acquire(ctx)
				cancel()
				if err != nil {
					continue
				}
				if used.Add(1) > size {
					t.Error("more on loan than there may be")
				}
				used.Add(-1)
				if (c+i)%5 == 0 {
					item.Destroy()
				} else {
					item.Release()
				}
			}
		})
	}
	callers.Wait()
	p.Close()
	require.Empty(t, m.open)
}

func TestCloseWaits(t *testing.T) {
	p, m := newPool(t, 2)
	item, err := p.Acquire(t.Context())
	require.NoError(t, err)
	closed := make(chan struct{})
	go func() {
		p.Close()
		close(closed)
	}()
	for {
		other, err := p.Acquire(t.Context())
		if err != nil {
			require.ErrorIs(t, err, pool.ErrClosed)
			break
		}
		other.Release() // Close has not begun
	}
	select {
	case <-closed:
		t.Fatal("closed with a value on loan")
	default:
	}
	item.Release()
	<-closed
	require.Empty(t, m.open)
	p.Close()
}

// TestCloseLeavesNobodyWaiting: who waits for a value when the pool is closed
// gets the one that comes back, or is told.
func TestCloseLeavesNobodyWaiting(t *testing.T) {
	p, m := newPool(t, 1)
	item, err := p.Acquire(t.Context())
	require.NoError(t, err)
	var waiters sync.WaitGroup
	for range 3 {
		waiters.Go(func() {
			item, err := p.Acquire(t.Context())
			if err == nil {
				item.Release()
			} else if !errors.Is(err, pool.ErrClosed) {
				t.Error(err)
			}
		})
	}
	waiters.Go(p.Close)
	item.Release()
	waiters.Wait()
	require.Empty(t, m.open)
}

func TestDialFails(t *testing.T) {
	p, m := newPool(t, 1)
	defer p.Close()
	m.fail = errors.New("no")
	_, err := p.Acquire(t.Context())
	require.ErrorIs(t, err, m.fail)
	require.ErrorIs(t, p.Add(t.Context()), m.fail)
	m.fail = nil
	item, err := p.Acquire(t.Context()) // the place is free again
	require.NoError(t, err)
	item.Release()
}

func TestNewRefuses(t *testing.T) {
	m := &maker{}
	for _, config := range []pool.Config[int]{
		{MaxSize: 0, Dial: m.dial, Close: m.close}, {MaxSize: -1, Dial: m.dial, Close: m.close}, {MaxSize: 1 << 31, Dial: m.dial, Close: m.close},
		{MaxSize: 1, Close: m.close}, {MaxSize: 1, Dial: m.dial},
	} {
		_, err := pool.New(config)
		require.Error(t, err)
	}
}
