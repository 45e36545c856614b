package pool

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/jackc/puddle/v2"
)

// Back-off of dials that may not be tried again: a login that is refused again and
// again locks the account.
const (
	firstRefusal = time.Second
	maxRefusal   = 30 * time.Second
)

// dialPatience is how long a dial counts as one that will serve somebody who waits;
// then another may begin beside it.
const dialPatience = time.Second

// dials says how many may dial. After a failure it is one, after a pause; each one
// that succeeds lets one more dial, so that their number doubles each round. A pool
// begins that way too. It is guarded by mu of the pool.
type dials struct {
	limit    int           // of those at a time, up to the size of the pool
	running  int           // all that run
	placed   int           // those of them for which a caller gave its place
	orphans  int           // those of placed whose caller has another value, or left
	hopeful  int           // those of placed within dialPatience
	filling  int           // the others, which are to lie idle
	making   int           // those of filling that have their place
	failures int           // in a row
	round    int           // goes up by each failure that counts
	pause    time.Duration // until when, on the clock of the pool, nobody dials
	err      error         // of the last that failed; nil when one succeeded since
	refused  bool          // err may not be tried again
	wake     *time.Timer   // at the end of the pause
}

// refusal returns the error that callers are told without a dial, if there is one.
func (d *dials) refusal(now time.Duration) error {
	if d.refused && now < d.pause {
		return refusal{d.err}
	}
	return nil
}

// room says whether one more may dial.
func (d *dials) room(now time.Duration) bool { return d.running < d.limit && now >= d.pause }

// claimed returns how many of the callers that want a value have given their place to a
// dial. The others keep theirs: the dial that is to serve them may hang.
func (d *dials) claimed(wanted int) int {
	d.orphans = max(min(d.orphans, d.placed), d.placed-wanted)
	return d.placed - d.orphans
}

// dialWanted starts the dials for callers that wait, as far as they may run. p.mu must
// be held.
func (p *Pool[T]) dialWanted() {
	for !p.closed && len(p.empty) > 0 && p.dials.hopeful < len(p.wanted) && p.dials.room(p.now()) {
		res := p.pop()
		p.dials.running++
		p.dials.placed++
		p.dials.hopeful++
		round := p.dials.round
		p.calls.Go(func() { p.dialInto(res, round) })
	}
}

// refill starts the dials for what is to be kept open, and sees that those that may
// not run now are started after the pause. p.mu must be held.
func (p *Pool[T]) refill() {
	if p.closed {
		return
	}
	missing := p.missing()
	for ; missing > 0 && p.dials.room(p.now()); missing-- {
		p.dials.running++
		p.dials.filling++
		p.calls.Go(p.addOne)
	}
	if pause := p.dials.pause - p.now(); pause > 0 && p.dials.wake == nil && (missing > 0 || len(p.empty) > 0) {
		p.dials.wake = time.AfterFunc(pause, func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.dials.wake = nil
			p.settleLocked()
		})
	}
}

// missing is how many values are to be made beside those that callers wait for.
func (p *Pool[T]) missing() int {
	if p.config.MinSize == 0 {
		return 0
	}
	s := p.places.Stat()
	open := int(s.IdleResources()+s.AcquiredResources()) - len(p.empty) - len(p.blanks) - p.closing
	return min(p.config.MinSize, p.size) - open - p.dials.filling
}

// dialInto makes a value for a place; it is for the first who wants one by then.
func (p *Pool[T]) dialInto(res resource[T], round int) {
	late := time.AfterFunc(dialPatience, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.dials.hopeful--
		p.settleLocked()
	})
	value, err := p.dialOnce(p.base)
	p.mu.Lock()
	defer p.mu.Unlock()
	if late.Stop() {
		p.dials.hopeful--
	}
	p.dials.running--
	p.dials.placed--
	p.note(round, err)
	if err != nil {
		p.vacate(res)
		return
	}
	p.fill(res.Value(), value)
	p.put(res)
	p.settleLocked()
}

// dialOnce makes a value. A dial that hangs is left to itself, as far as bounded allows it.
func (p *Pool[T]) dialOnce(ctx context.Context) (value T, err error) {
	var made T
	var failed error
	ctx, cancel := limited(ctx, p.config.DialTimeout)
	defer cancel()
	p.dialed.Add(1)
	returned := p.bounded(p.config.DialTimeout, func() { made, failed = p.config.Dial(ctx) }, func() {
		if failed == nil {
			p.config.Close(made)
		}
	})
	switch {
	case !returned:
		err = fmt.Errorf("%w within %v: %w", errHung, p.config.DialTimeout, context.DeadlineExceeded)
	case failed != nil:
		err = failed
	default:
		return made, nil
	}
	p.dialFailures.Add(1)
	return value, err
}

// note draws the conclusions from a dial that began in that round. p.mu must be held.
func (p *Pool[T]) note(round int, err error) {
	d := &p.dials
	if p.closed {
		return
	}
	final := err != nil && p.config.Again != nil && !p.config.Again(err)
	if final {
		for t := range p.turns {
			p.overLocked(t, refusal{err})
		}
	}
	if round != d.round { // it began before the last failure: of those that ran together the first counts
		return
	}
	if err == nil {
		d.limit = min(d.limit+1, p.config.Ceiling)
		d.failures, d.err, d.refused, d.pause = 0, nil, false, 0
		return
	}
	first, most := p.config.BackOff.First, p.config.BackOff.Max
	if final {
		first, most = firstRefusal, maxRefusal
	}
	if final != d.refused {
		d.failures = 0
	}
	d.pause = p.now() + jittered(first, most, d.failures)
	d.limit, d.failures, d.err, d.refused = 1, d.failures+1, err, final
	d.round++
}

// jittered returns the pause after so many failures before the last one.
func jittered(first, most time.Duration, failures int) time.Duration {
	pause := min(float64(first)*math.Pow(2, float64(failures)), float64(most))
	return time.Duration(pause * (0.5 + rand.Float64()/2))
}

// filler is the context of a value that is made ahead.
type filler[T any] struct {
	context.Context
	err  error // of the dial
	none bool  // there was no dial: no room
}

// Value returns the filler itself to construct.
func (f *filler[T]) Value(key any) any {
	if key == (purpose{}) {
		return f
	}
	return f.Context.Value(key)
}

// filledPlace makes a place with its value.
func (p *Pool[T]) filledPlace(f *filler[T]) (*place[T], error) {
	f.none = false
	p.mu.Lock()
	p.dials.making++
	p.mu.Unlock()
	value, err := p.dialOnce(f.Context)
	p.mu.Lock()
	p.dials.making--
	p.mu.Unlock()
	if f.err = err; err != nil {
		return nil, err
	}
	pl := &place[T]{pool: p}
	p.fill(pl, value)
	pl.rested = true // it is idle next
	return pl, nil
}

// create has puddle make a place with its value. Puddle says too that there is no
// room while it refuses somebody a look for an idle value, which takes a place that
// is gone at once.
func (p *Pool[T]) create(f *filler[T]) error {
	for {
		err := p.places.CreateResource(f)
		if !errors.Is(err, puddle.ErrNotAvailable) || f.err != nil || p.full() {
			return err
		}
		runtime.Gosched()
	}
}

// full says whether all places are taken.
func (p *Pool[T]) full() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.places.Stat()
	return int(s.IdleResources()+s.AcquiredResources())+p.dials.making >= p.config.Ceiling
}

// addOne makes a value ahead, for refill.
func (p *Pool[T]) addOne() {
	p.mu.Lock()
	round := p.dials.round
	p.mu.Unlock()
	f := &filler[T]{Context: p.base, none: true}
	err := p.create(f)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dials.running--
	p.dials.filling--
	if !f.none {
		p.note(round, f.err)
	}
	if err == nil || f.err != nil {
		p.settleLocked()
	} else { // no room: others fill it
		p.dialWanted()
	}
}

// Add makes one value ahead of its first use, with no back-off and no second try.
func (p *Pool[T]) Add(ctx context.Context) error {
	added := make(chan error, 1)
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return ErrClosed
	}
	p.dials.running++
	p.dials.filling++
	round := p.dials.round
	p.calls.Go(func() { added <- p.add(ctx, round) })
	p.mu.Unlock()
	select {
	case err := <-added:
		return err
	case <-ctx.Done():
		return endOf(ctx)
	}
}

func (p *Pool[T]) add(ctx context.Context, round int) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(p.base, cancel)()
	f := &filler[T]{Context: ctx, none: true}
	err := p.create(f)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dials.running--
	p.dials.filling--
	if !f.none && (f.err == nil || ctx.Err() == nil) { // what ctx ended says nothing of the dial
		p.note(round, f.err)
	}
	p.settleLocked()
	switch {
	case f.err != nil:
		return f.err
	case errors.Is(err, puddle.ErrNotAvailable):
		return ErrFull
	case err != nil:
		return ErrClosed
	}
	return nil
}
