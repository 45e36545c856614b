package pool

import (
	"context"
	"time"
)

// closeGrace is how long a value that is closed keeps its place: a server that
// counts sessions sees no more than may be, unless a close hangs.
const closeGrace = time.Second

// bounded runs call in a goroutine of its own and waits for its end. A call that
// outlasts limit is left to itself, if fewer than MaxStuck are, and bounded returns
// false: its place is free then. late runs when such a call ends.
func (p *Pool[T]) bounded(limit time.Duration, call, late func()) bool {
	done := make(chan struct{})
	var left, ended bool // guarded by mu
	p.calls.Go(func() {
		call()
		p.mu.Lock()
		ended = true
		p.mu.Unlock()
		close(done)
		if !left {
			return
		}
		late()
		p.mu.Lock()
		p.outcast--
		p.mu.Unlock()
	})
	leave := func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		if !ended && p.outcast < p.config.MaxStuck {
			left = true
			p.outcast++
		}
		return left
	}
	if limit == Never {
		<-done
		return true
	}
	for wait := limit; ; wait = max(limit, closeGrace) {
		timer := time.NewTimer(wait)
		select {
		case <-done:
			timer.Stop()
			return true
		case <-timer.C:
			if leave() {
				return false
			}
		}
	}
}

// limited returns the context of a call that may take so long.
func limited(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit == Never {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, limit)
}

// discard ends the value of a place that its owner has taken. The place is free
// when it has ended or hangs; that of a broken value at once, if it may be.
func (p *Pool[T]) discard(res resource[T], why eviction) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.discardLocked(res, why)
}

// discardLocked is discard with p.mu held.
func (p *Pool[T]) discardLocked(res resource[T], why eviction) {
	p.evicted[why].Add(1)
	value := res.Value().value
	if why == evictedBroken && p.outcast < p.config.MaxStuck {
		p.outcast++
		p.calls.Go(func() {
			p.config.Close(value)
			p.mu.Lock()
			defer p.mu.Unlock()
			p.outcast--
		})
		p.vacateValue(res)
		return
	}
	p.closing++
	p.calls.Go(func() {
		p.bounded(closeGrace, func() { p.config.Close(value) }, func() {})
		p.mu.Lock()
		defer p.mu.Unlock()
		p.closing--
		p.vacateValue(res)
	})
}
