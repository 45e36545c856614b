package pool

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"
)

// turn is a caller that waits: first for a place, in the queue of puddle, and then,
// where the place is empty, for a value. It is the context of the first wait.
type turn[T any] struct {
	pool  *Pool[T]
	queue chan struct{}    // closed to end the wait for a place
	over  chan struct{}    // closed with err
	ready chan resource[T] // a value, at most one at a time

	// guarded by mu of the pool
	arrived bool  // it has a place; queue is not closed any more
	err     error // why the wait ended
}

func newTurn[T any](p *Pool[T]) *turn[T] {
	return &turn[T]{pool: p, queue: make(chan struct{}), over: make(chan struct{}), ready: make(chan resource[T], 1)}
}

// Deadline says that there is none: see wait.
func (t *turn[T]) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done ends with the wait for a place.
func (t *turn[T]) Done() <-chan struct{} { return t.queue }

// Err returns an error after the end of Done.
func (t *turn[T]) Err() error {
	select {
	case <-t.queue:
		return context.Canceled
	default:
		return nil
	}
}

// Value returns the turn itself to construct.
func (t *turn[T]) Value(key any) any {
	if key == (purpose{}) {
		return t
	}
	return nil
}

// arrive says whether t still waits for a place, which puddle now makes. From here
// on Done does not end, so that puddle cannot put the empty place among the idle ones.
func (t *turn[T]) arrive() bool {
	t.pool.mu.Lock()
	defer t.pool.mu.Unlock()
	t.arrived = t.err == nil
	return t.arrived
}

// wait is Acquire where no good value was idle. It begins with the place res, if
// there is one.
func (p *Pool[T]) wait(ctx context.Context, res resource[T]) (Item[T], error) {
	began := p.now()
	t, err := p.begin(res != nil)
	if err != nil {
		return Item[T]{}, p.failed(began, t)
	}
	defer p.forget(t)
	defer context.AfterFunc(ctx, func() { p.over(t, endOf(ctx)) })()
	if p.config.AcquireTimeout != Never {
		defer time.AfterFunc(p.config.AcquireTimeout, func() { p.over(t, errTimeout) }).Stop()
	}
	if res == nil {
		if res, err = p.places.Acquire(t); err != nil {
			return Item[T]{}, p.failed(began, t)
		}
	}
	if res, err = p.take(t, res); err != nil {
		return Item[T]{}, p.failed(began, t)
	}
	p.waits.add(p.now() - began)
	return p.lend(res), nil
}

// begin adds a turn, unless the pool is closed or, for one that has no place yet,
// the last dial failed in a way that all callers are told.
func (p *Pool[T]) begin(arrived bool) (*turn[T], error) {
	t := newTurn(p)
	t.arrived = arrived
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		t.err = ErrClosed
	} else if !arrived {
		t.err = p.dials.refusal(p.now())
	}
	if t.err == nil {
		p.turns[t] = struct{}{}
	}
	return t, t.err
}

func (p *Pool[T]) forget(t *turn[T]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.turns, t)
}

// over ends a turn with err, unless it has ended.
func (p *Pool[T]) over(t *turn[T], err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.overLocked(t, err)
	p.settleLocked()
}

// overLocked is over with p.mu held; settleLocked is to follow.
func (p *Pool[T]) overLocked(t *turn[T], err error) {
	if t.err != nil {
		return
	}
	t.err = err
	close(t.over)
	if !t.arrived {
		close(t.queue)
	}
	if i := slices.Index(p.wanted, t); i >= 0 {
		p.wanted = slices.Delete(p.wanted, i, i+1)
		p.wanting.Add(-1)
	}
}

// take makes of the place res one with a good value, its own or another.
func (p *Pool[T]) take(t *turn[T], res resource[T]) (resource[T], error) {
	for {
		if good, err := p.verify(t, res); good || err != nil {
			return res, err
		}
		select {
		case res = <-t.ready:
			continue
		case <-t.over:
		}
		select {
		case res = <-t.ready: // it was given before
		default:
			return nil, t.err
		}
	}
}

// join puts t among those who want a value: one that is idle, that comes back, or
// that is made. Its place is given up after, so that it is not held for one too
// many. p.mu must be held.
func (p *Pool[T]) join(t *turn[T]) {
	t.arrived = true
	if t.err != nil {
		return
	}
	if err := p.dials.refusal(p.now()); err != nil && !p.idle() {
		p.overLocked(t, err)
		return
	}
	p.wanted = append(p.wanted, t)
	p.wanting.Add(1)
}

// idle says whether a value lies idle. p.mu must be held.
func (p *Pool[T]) idle() bool { return p.places.Stat().IdleResources() > 0 }

// verify says whether the value of res is good, after a check where that is wanted.
// Where it is not, or there is none, res is given up, and t has joined.
func (p *Pool[T]) verify(t *turn[T], res resource[T]) (bool, error) {
	pl := res.Value()
	switch {
	case !pl.filled:
		p.mu.Lock()
		defer p.mu.Unlock()
		p.join(t)
		p.vacate(res)
		return false, nil
	case p.now() >= pl.expires:
		p.mu.Lock()
		defer p.mu.Unlock()
		p.join(t)
		p.discardLocked(res, evictedLifetime)
		p.settleLocked()
		return false, nil
	case p.config.Probe == nil, pl.epoch == p.epoch.Load() && !p.due(pl, p.now()):
		pl.epoch = p.epoch.Load()
		return true, nil
	}
	good := make(chan bool, 1)
	p.calls.Go(func() { p.check(t, res, good) })
	select {
	case ok := <-good:
		return ok, nil
	case <-t.over:
	}
	select {
	case ok := <-good: // it ended before
		return ok, nil
	default:
		return false, t.err
	}
}

// check checks the value of res. A good one is for t, or whoever is next if that has
// gone.
func (p *Pool[T]) check(t *turn[T], res resource[T], good chan<- bool) {
	pl, epoch := res.Value(), p.epoch.Load()
	value := pl.value
	ctx, cancel := limited(p.base, p.config.CheckTimeout)
	defer cancel()
	var err error
	returned := p.bounded(p.config.CheckTimeout, func() { err = p.config.Probe(ctx, value) }, func() { p.config.Close(value) })
	p.mu.Lock()
	defer p.mu.Unlock()
	if returned && err == nil && (ctx.Err() == nil || p.base.Err() != nil) {
		pl.epoch = epoch
		if t.err == nil {
			good <- true
		} else {
			p.put(res)
		}
		return
	}
	p.join(t)
	if returned {
		p.discardLocked(res, evictedUnhealthy)
		p.settleLocked()
	} else { // the call that hangs has the value
		p.evicted[evictedUnhealthy].Add(1)
		p.vacateValue(res)
	}
	good <- false
}

// handOver gives a value that comes back to who wants one, if there is any.
func (p *Pool[T]) handOver(res resource[T]) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.wanted) == 0 {
		return false
	}
	res.Value().used = p.now()
	p.put(res)
	p.settleLocked()
	return true
}

// put gives a value to the first who wants one, or lays it idle. p.mu must be held.
func (p *Pool[T]) put(res resource[T]) {
	if len(p.wanted) == 0 {
		p.rest(res)
		return
	}
	t := p.wanted[0]
	p.wanted = slices.Delete(p.wanted, 0, 1)
	p.wanting.Add(-1)
	t.ready <- res
}

// vacateValue is vacate for a place whose value has another owner now.
func (p *Pool[T]) vacateValue(res resource[T]) {
	res.Value().clear()
	p.vacate(res)
}

// vacate takes an empty place back for who wants one. p.mu must be held.
func (p *Pool[T]) vacate(res resource[T]) {
	p.empty = append(p.empty, res)
	p.settleLocked()
}

// settle brings together what there is and who wants it.
func (p *Pool[T]) settle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settleLocked()
}

// settleLocked gives idle values to who wants them, gives up the empty places that are too many,
// and dials for the others. p.mu must be held.
func (p *Pool[T]) settleLocked() {
	for len(p.wanted) > 0 {
		res, err := p.places.TryAcquire(context.Background())
		if err != nil {
			break
		}
		p.put(res)
	}
	for len(p.empty) > len(p.wanted)-p.dials.claimed(len(p.wanted)) {
		p.pop().Hijack()
	}
	p.dialWanted()
	p.refill()
}

// pop takes one of the empty places. p.mu must be held.
func (p *Pool[T]) pop() resource[T] {
	last := len(p.empty) - 1
	res := p.empty[last]
	p.empty = p.empty[:last]
	return res
}

// failed returns the error of a turn that has ended.
func (p *Pool[T]) failed(began time.Duration, t *turn[T]) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.turns, t)
	stat := p.statLocked()
	e := &AcquireError{Waited: p.now() - began, Stat: stat.Counts}
	var refused refusal
	switch {
	case t.err == ErrClosed || p.closed:
		e.Reason = ErrClosed
		return e
	case errors.As(t.err, &refused):
		e.Reason, e.Dial = ErrDown, refused.error
		return e
	case t.err == errTimeout:
		p.timeouts.Add(1)
	default:
		p.cancelled.Add(1)
		e.Err = t.err
	}
	e.Reason = ErrExhausted
	if p.dials.failures > 0 || t.arrived || stat.InUse == 0 && stat.Dialing > 0 {
		e.Reason, e.Dial = ErrDown, cmp.Or(p.dials.err, errUnanswered)
	}
	return e
}
