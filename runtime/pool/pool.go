// Package pool keeps values for reuse, up to a number, and makes new ones when they
// are wanted, lost or old. It knows nothing of databases.
//
// Underneath is puddle, whose resources are here the places for values: it hands
// places out in order of arrival, the one used last first. What fills a place, and
// who waits for that, is decided here.
package pool

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/puddle/v2"
)

// Pool keeps values. It is safe for concurrent use.
type Pool[T any] struct {
	config Config[T] // with its defaults
	places *puddle.Pool[*place[T]]
	start  time.Time
	base   context.Context // of dials and checks; ends with the pool
	end    context.CancelFunc
	calls  sync.WaitGroup // goroutines; while the pool is open, or a place is taken, one may be added

	epoch   atomic.Uint64 // of suspicion: a place of another one is checked
	wanting atomic.Int64  // len(wanted), for Release to look at without mu
	inside  atomic.Int64  // callers that wait or have a value, where MaxWaiting counts them
	counters

	// mu is taken before any lock of places, and never held across a call of config.
	// It guards the fields that follow.
	mu        sync.Mutex
	size      int                   // MaxSize, or what Resize made of it
	turns     map[*turn[T]]struct{} // all who wait
	wanted    []*turn[T]            // those whose turn has come and that want a value, first come first
	empty     []resource[T]         // places taken and not filled: at most one for each of wanted
	blanks    []resource[T]         // places held back: there are Ceiling, size may be used
	blanking  int                   // blanks on their way
	dials     dials
	closing   int // places whose value is being closed
	ending    int // values closed since the pool was
	outcast   int // values in calls that do not return, without a place; at most MaxStuck
	abandoned int // values with a place whose Abandon found no room among the outcasts
	closed    bool
	ended     chan struct{} // closed when all values are
}

// resource is a place as puddle has it: taken, or idle.
type resource[T any] = *puddle.Resource[*place[T]]

// place is room for a value. It belongs to who has taken it.
type place[T any] struct {
	pool    *Pool[T]
	value   T
	filled  bool
	expires time.Duration // when, by the clock of the pool, the value is too old
	rested  bool          // or was lent, since it was made
	used    time.Duration // when it was last
	epoch   uint64        // of Pool, when the value was last known to be good
	leak    *leakWatch
}

// clear takes the value out.
func (pl *place[T]) clear() {
	var none T
	pl.value, pl.filled = none, false
}

// New returns a Pool, whose MinSize values are being made.
func New[T any](config Config[T]) (*Pool[T], error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	if config.Dial == nil || config.Close == nil {
		return nil, errors.New("a pool needs Dial and Close")
	}
	config.Options = config.WithDefaults()
	p := &Pool[T]{
		config: config, start: time.Now(), turns: map[*turn[T]]struct{}{}, dials: dials{limit: 1}, ended: make(chan struct{}),
	}
	p.base, p.end = context.WithCancel(context.Background())
	var err error
	p.places, err = puddle.NewPool(&puddle.Config[*place[T]]{
		Constructor: p.construct,
		Destructor:  p.destruct,
		MaxSize:     int32(config.Ceiling),
	})
	if err != nil {
		return nil, err
	}
	p.resize(config.MaxSize)
	for range config.Ceiling - config.MaxSize {
		p.blanking++
		p.blank()
	}
	p.calls.Go(p.keep)
	return p, nil
}

// construct makes a place: an empty one for a turn, a full one for a filler. It
// refuses who only wants to know whether a value is idle.
func (p *Pool[T]) construct(ctx context.Context) (*place[T], error) {
	switch asked := ctx.Value(purpose{}).(type) {
	case *turn[T]:
		if !asked.arrive() {
			return nil, asked.Err()
		}
		return &place[T]{pool: p}, nil
	case *filler[T]:
		return p.filledPlace(asked)
	default:
		return nil, puddle.ErrNotAvailable
	}
}

// purpose is the key of a context for who asks puddle for a place.
type purpose struct{}

// destruct ends the value of a place that puddle drops: the pool is closed.
func (p *Pool[T]) destruct(pl *place[T]) {
	if !pl.filled {
		return
	}
	p.mu.Lock()
	p.ending++
	p.mu.Unlock()
	p.config.Close(pl.value)
	p.mu.Lock()
	p.ending--
	p.mu.Unlock()
}

// Acquire returns the value used last among the idle ones, a new one where there
// is room, or waits its turn. Its error is an *AcquireError.
func (p *Pool[T]) Acquire(ctx context.Context) (Item[T], error) {
	if ctx.Err() != nil {
		p.cancelled.Add(1)
		return Item[T]{}, &AcquireError{Err: endOf(ctx), Stat: p.Stat().Counts}
	}
	if !p.enter() {
		p.refused.Add(1)
		return Item[T]{}, &AcquireError{Reason: ErrQueueFull, Stat: p.Stat().Counts}
	}
	res, err := p.places.TryAcquire(context.Background())
	if err == nil && p.good(res) {
		return p.lend(res), nil
	}
	item, err := p.wait(ctx, res)
	if err != nil {
		p.leave()
	}
	return item, err
}

// TakeIdle takes the idle value that was used last out of the pool, for good: to
// close it is the affair of the caller. It reports whether there was one.
func (p *Pool[T]) TakeIdle() (value T, ok bool) {
	res, err := p.places.TryAcquire(context.Background())
	if err != nil {
		return value, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	value, ok = res.Value().value, res.Value().filled
	p.vacateValue(res)
	return value, ok
}

// enter counts a caller in, if one more may wait.
func (p *Pool[T]) enter() bool {
	if p.config.MaxWaiting == 0 || p.inside.Add(1) <= p.room.Load() {
		return true
	}
	p.inside.Add(-1)
	return false
}

func (p *Pool[T]) leave() {
	if p.config.MaxWaiting != 0 {
		p.inside.Add(-1)
	}
}

// good says whether the value of res can be lent as it is.
func (p *Pool[T]) good(res resource[T]) bool {
	pl := res.Value()
	if !pl.filled || pl.epoch != p.epoch.Load() {
		return false
	}
	if p.config.MaxLifetime == Never && p.config.Check == CheckNever {
		return true
	}
	now := p.now()
	return now < pl.expires && !p.due(pl, now)
}

// now returns the time since New. It is monotonic: a clock that is set evicts nothing.
func (p *Pool[T]) now() time.Duration { return time.Since(p.start) }

// due says whether the policy wants a value checked now. One that was just made is
// not: that check could go round for ever.
func (p *Pool[T]) due(pl *place[T], now time.Duration) bool {
	if p.config.Check == CheckNever || p.config.Probe == nil {
		return false
	}
	return p.config.Check == CheckAlways && pl.rested || now-pl.used >= p.config.CheckAfter
}

func (p *Pool[T]) lend(res resource[T]) Item[T] {
	p.acquires.Add(1)
	if p.config.LeakThreshold != Never {
		p.watch(res.Value())
	}
	return Item[T]{res}
}

// fill puts a new value into a place.
func (p *Pool[T]) fill(pl *place[T], value T) {
	pl.value, pl.filled, pl.rested, pl.epoch = value, true, false, p.epoch.Load()
	pl.used, pl.expires = p.now(), math.MaxInt64
	if life := p.config.MaxLifetime; life != Never {
		pl.expires = pl.used + time.Duration(float64(life)*(1-rand.Float64()*p.config.LifetimeJitter))
	}
}

// Suspect has the values that are idle now checked before their next use, whatever
// the policy, and one dial go ahead of the others: another value was found lost. Were
// all lost because a password has changed, each dial would count as a bad login.
func (p *Pool[T]) Suspect() {
	p.epoch.Add(1)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dials.limit = 1
}

// Item is a value on loan, to be given back exactly once, by Release, Destroy,
// Take or Abandon; its copies are the same loan. The zero Item is none.
type Item[T any] struct {
	resource resource[T]
}

// Value returns the value.
func (i Item[T]) Value() T { return i.resource.Value().value }

// Release gives the value back for the next caller.
func (i Item[T]) Release() {
	p := i.back()
	if p.wanting.Load() > 0 && p.handOver(i.resource) {
		return
	}
	p.rest(i.resource)
	if p.wanting.Load() > 0 { // since then: it looked for an idle value too early
		p.settle()
	}
}

// rest lays a value idle.
func (p *Pool[T]) rest(res resource[T]) {
	pl := res.Value()
	pl.used, pl.rested = p.now(), true
	res.ReleaseUnused() // puddle's clock is not wanted
}

// back ends the loan.
func (i Item[T]) back() *Pool[T] {
	pl := i.resource.Value()
	if pl.leak != nil {
		pl.leak.stop()
	}
	pl.rested, pl.epoch = true, pl.pool.epoch.Load()
	pl.pool.leave()
	return pl.pool
}

// Destroy ends the value, which is broken. Its Close runs apart. There is room for
// another at once while fewer than MaxStuck values are in calls that hang: a broken
// connection may take its time to close (pgx #948), but a server must not see ever
// more of them (pgx #2425).
func (i Item[T]) Destroy() {
	i.back().discard(i.resource, evictedBroken)
}

// Take takes the value out of the pool for good, as TakeIdle does.
func (i Item[T]) Take() T {
	value := i.Value()
	p := i.back()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.vacateValue(i.resource)
	return value
}

// Abandon gives up a value that is stuck in a call: to close it, when freed is
// closed, is the affair of the caller, who has asked for the Value before. Until then it counts as stuck; its place is
// free at once while fewer than MaxStuck are, or else after.
func (i Item[T]) Abandon(freed <-chan struct{}) {
	p := i.back()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.outcast < p.config.MaxStuck {
		p.outcast++
		p.calls.Go(func() {
			<-freed
			p.mu.Lock()
			defer p.mu.Unlock()
			p.outcast--
		})
		p.vacateValue(i.resource)
		return
	}
	p.abandoned++
	p.calls.Go(func() {
		<-freed
		p.mu.Lock()
		defer p.mu.Unlock()
		p.abandoned--
		p.vacateValue(i.resource)
	})
}
