package pool_test

import (
	"context"
	"errors"
	goruntime "runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/odbcgen/odbcgen/runtime/pool"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// maker makes numbered values and knows which are open.
type maker struct {
	mu       sync.Mutex
	made     int
	open     map[int]bool
	most     int // open, or being made, at a time
	dialing  int
	mostDial int
	dials    []time.Duration // when each began, after the first
	began    time.Time
	took     time.Duration // of a dial
	fail     error         // what Dial answers, if anything
	sick     error         // what a probe answers, if anything
	probes   int
	closing  func(int) // what Close waits for
}

var errDial = errors.New("nobody listens")

func (m *maker) dial(ctx context.Context) (int, error) {
	m.mu.Lock()
	if len(m.dials) == 0 {
		m.began = time.Now()
	}
	m.dials = append(m.dials, time.Since(m.began))
	m.dialing++
	m.mostDial = max(m.mostDial, m.dialing)
	m.most = max(m.most, len(m.open)+m.dialing)
	took := m.took
	m.mu.Unlock()
	if took > 0 {
		select {
		case <-time.After(took):
		case <-ctx.Done():
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dialing--
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	if m.fail != nil {
		return 0, m.fail
	}
	m.made++
	m.open[m.made] = true
	return m.made, nil
}

func (m *maker) probe(context.Context, int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.probes++
	return m.sick
}

func (m *maker) close(value int) {
	m.mu.Lock()
	closing := m.closing
	m.mu.Unlock()
	if closing != nil {
		closing(value)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.open[value] {
		panic("closed twice, or never made")
	}
	delete(m.open, value)
}

// set changes what m does from now on.
func (m *maker) set(change func(*maker)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(m)
}

func (m *maker) config(o pool.Options) pool.Config[int] {
	return pool.Config[int]{Options: o, Dial: m.dial, Close: m.close, Probe: m.probe}
}

func newPool(t require.TestingT, o pool.Options) (*pool.Pool[int], *maker) {
	m := &maker{open: map[int]bool{}}
	p, err := pool.New(m.config(o))
	require.NoError(t, err)
	return p, m
}

// shut closes a pool nobody uses, and shows that nothing is left.
func shut(t require.TestingT, p *pool.Pool[int], m *maker) {
	require.NoError(t, p.Close(context.Background()))
	require.Empty(t, m.open)
	c := p.Stat().Counts
	require.Zero(t, c.Total()+c.Stuck+c.Waiting)
}

// take returns a value, which there must be.
func take(t require.TestingT, p *pool.Pool[int]) pool.Item[int] {
	item, err := p.Acquire(context.Background())
	require.NoError(t, err)
	return item
}

// within runs do, whose time is not real.
func within(t *testing.T, do func(t *testing.T)) { synctest.Test(t, do) }

// TestPool does random things with a pool and compares it with a model: a list
// of what is on loan, and the set of what is idle.
func TestPool(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 4).Draw(t, "size")
		p, m := newPool(t, pool.Options{MaxSize: size, Ceiling: 6, Check: rapid.SampledFrom([]pool.Check{pool.CheckIdle, pool.CheckAlways, pool.CheckNever}).Draw(t, "check")})
		var loans []pool.Item[int]
		var stuck []chan struct{} // those without a place, and with
		idle := map[int]bool{}
		places := func() int { return len(loans) + max(0, len(stuck)-p.Stuck()) }
		pick := func() pool.Item[int] {
			if len(loans) == 0 {
				t.Skip("nothing on loan")
			}
			i := rapid.IntRange(0, len(loans)-1).Draw(t, "loan")
			item := loans[i]
			loans = append(loans[:i:i], loans[i+1:]...)
			return item
		}
		settled := func() {
			for c := p.Stat(); c.Closing > 0 || c.InUse > len(loans) || c.Total()-c.Closing > len(loans)+c.Idle || c.Stuck > len(stuck); c = p.Stat() {
				goruntime.Gosched()
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"acquire": func(t *rapid.T) {
				full := places() >= size
				ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
				defer cancel()
				if !full {
					ctx = context.Background()
				}
				item, err := p.Acquire(ctx)
				if full {
					require.ErrorIs(t, err, context.DeadlineExceeded)
					require.NotErrorIs(t, err, pool.ErrDown)
					return
				}
				require.NoError(t, err)
				require.True(t, len(idle) == 0 || idle[item.Value()], "a new value while others are idle")
				delete(idle, item.Value())
				loans = append(loans, item)
			},
			"release": func(t *rapid.T) {
				item := pick()
				idle[item.Value()] = true
				item.Release()
			},
			"destroy": func(t *rapid.T) {
				pick().Destroy()
				settled()
			},
			"abandon": func(t *rapid.T) {
				item := pick()
				freed := make(chan struct{})
				value := item.Value()
				item.Abandon(freed)
				m.close(value) // by its owner
				stuck = append(stuck, freed)
			},
			"free": func(t *rapid.T) {
				if len(stuck) == 0 {
					t.Skip("nothing stuck")
				}
				for _, freed := range stuck {
					close(freed)
				}
				stuck = nil
				settled()
			},
			"suspect": func(*rapid.T) { p.Suspect() },
			"add": func(t *rapid.T) {
				if places()+len(idle) >= size {
					t.Skip("no room")
				}
				require.NoError(t, p.Add(context.Background()))
				idle[m.made] = true
			},
			"": func(t *rapid.T) {
				c := p.Stat().Counts
				require.Equal(t, pool.Counts{Max: size, Idle: len(idle), InUse: len(loans), Stuck: len(stuck)}, c)
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
		for _, freed := range stuck {
			close(freed)
		}
		shut(t, p, m)
	})
}

// TestNewestFirst: of the idle values the one used last is lent.
func TestNewestFirst(t *testing.T) {
	p, m := newPool(t, pool.Options{MaxSize: 3})
	defer shut(t, p, m)
	a, b, c := take(t, p), take(t, p), take(t, p)
	newest := b.Value()
	a.Release()
	c.Release()
	b.Release()
	item := take(t, p)
	require.Equal(t, newest, item.Value())
	item.Release()
}

func TestAdd(t *testing.T) {
	p, m := newPool(t, pool.Options{MaxSize: 1})
	defer shut(t, p, m)
	m.set(func(m *maker) { m.fail = errDial })
	require.ErrorIs(t, p.Add(t.Context()), errDial)
	m.set(func(m *maker) { m.fail = nil })
	require.NoError(t, p.Add(t.Context()))
	require.ErrorIs(t, p.Add(t.Context()), pool.ErrFull)
	item := take(t, p)
	require.Equal(t, 1, item.Value())
	item.Release()
}

// TestAddEndsWithItsContext, not with the dial, whose value is kept.
func TestAddEndsWithItsContext(t *testing.T) {
	within(t, func(t *testing.T) {
		gate := make(chan struct{})
		p, err := pool.New(pool.Config[int]{
			Dial:  func(context.Context) (int, error) { <-gate; return 1, nil },
			Close: func(int) {},
		})
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, p.Add(ctx), context.DeadlineExceeded)
		close(gate)
		synctest.Wait()
		require.Equal(t, 1, p.Stat().Idle)
		require.NoError(t, p.Close(t.Context()))
	})
}

func TestCheckPolicy(t *testing.T) {
	for _, c := range []struct {
		name    string
		options pool.Options
		probes  int // after a use at once, one after 2 s, and one after Suspect
	}{
		{"always", pool.Options{Check: pool.CheckAlways}, 3},
		{"idle", pool.Options{}, 2},
		{"idle for longer", pool.Options{CheckAfter: time.Minute}, 1},
		{"never, but suspects", pool.Options{Check: pool.CheckNever}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			within(t, func(t *testing.T) {
				p, m := newPool(t, c.options)
				defer shut(t, p, m)
				take(t, p).Release()
				take(t, p).Release()
				time.Sleep(2 * time.Second)
				take(t, p).Release()
				p.Suspect()
				take(t, p).Release()
				require.Equal(t, c.probes, m.probes)
			})
		})
	}
}

// TestUnhealthyIsReplaced: each value that fails its check is ended, and the caller
// gets a new one.
func TestUnhealthyIsReplaced(t *testing.T) {
	within(t, func(t *testing.T) {
		p, m := newPool(t, pool.Options{MaxSize: 3, Check: pool.CheckAlways})
		defer shut(t, p, m)
		a, b, c := take(t, p), take(t, p), take(t, p)
		a.Release()
		b.Release()
		c.Release()
		m.set(func(m *maker) { m.sick = errDial })
		item := take(t, p)
		require.Equal(t, 4, item.Value())
		require.EqualValues(t, 3, p.Stat().Evicted.Unhealthy)
		require.LessOrEqual(t, m.most, 3)
		item.Release()
	})
}

// TestCheckThatHangs costs its caller CheckTimeout, and its value.
func TestCheckThatHangs(t *testing.T) {
	within(t, func(t *testing.T) {
		gate := make(chan struct{})
		m := &maker{open: map[int]bool{}}
		config := m.config(pool.Options{MaxSize: 1, Check: pool.CheckAlways})
		config.Probe = func(context.Context, int) error { <-gate; return nil }
		p, err := pool.New(config)
		require.NoError(t, err)
		take(t, p).Release()
		began := time.Now()
		item := take(t, p)
		require.Equal(t, 5*time.Second, time.Since(began))
		require.Equal(t, 2, item.Value())
		require.Equal(t, 1, p.Stat().Stuck)
		item.Release()
		close(gate)
		synctest.Wait()
		require.Equal(t, map[int]bool{2: true}, m.open)
		shut(t, p, m)
	})
}

// TestCallerLeavesACheck: its context ends the wait, the value goes on.
func TestCallerLeavesACheck(t *testing.T) {
	within(t, func(t *testing.T) {
		gate := make(chan struct{})
		m := &maker{open: map[int]bool{}}
		config := m.config(pool.Options{MaxSize: 1, Check: pool.CheckAlways})
		config.Probe = func(context.Context, int) error { <-gate; return nil }
		p, err := pool.New(config)
		require.NoError(t, err)
		take(t, p).Release()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = p.Acquire(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		close(gate)
		synctest.Wait()
		require.Equal(t, 1, p.Stat().Idle)
		shut(t, p, m)
	})
}

func TestMisusePanics(t *testing.T) {
	p, m := newPool(t, pool.Options{MaxSize: 1})
	defer shut(t, p, m)
	item := take(t, p)
	item.Release()
	require.Panics(t, item.Release)
	require.Panics(t, func() { item.Value() })
}

func TestLeakIsReported(t *testing.T) {
	within(t, func(t *testing.T) {
		leaks := make(chan pool.Leak, 10)
		m := &maker{open: map[int]bool{}}
		config := m.config(pool.Options{LeakThreshold: time.Minute})
		config.Leaked = func(l pool.Leak) { leaks <- l }
		p, err := pool.New(config)
		require.NoError(t, err)
		take(t, p).Release()
		item := take(t, p)
		time.Sleep(time.Minute)
		synctest.Wait()
		leak := <-leaks
		require.Equal(t, time.Minute, leak.Held)
		require.Contains(t, leak.Stack, "TestLeakIsReported")
		time.Sleep(time.Hour)
		item.Release()
		require.Empty(t, leaks, "once for each loan")
		require.EqualValues(t, 1, p.Stat().Leaks)
		shut(t, p, m)
	})
}
