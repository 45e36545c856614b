package pool

import (
	"fmt"
	goruntime "runtime"
	"strings"
	"sync"
	"time"
)

// keep is the housekeeper: it ends values that are old or idle for too long and sees
// that MinSize are open, until the pool is closed.
func (p *Pool[T]) keep() {
	ticker := time.NewTicker(p.period())
	defer ticker.Stop()
	for {
		p.settle()
		select {
		case <-p.base.Done():
			return
		case <-ticker.C:
			p.evict()
		}
	}
}

// period is the time between two rounds: short beside what they look for.
func (p *Pool[T]) period() time.Duration {
	shortest := time.Duration(1<<63 - 1)
	for _, d := range []time.Duration{p.config.IdleTimeout, p.config.MaxLifetime} {
		if d != Never {
			shortest = min(shortest, d)
		}
	}
	return min(max(shortest/32, 10*time.Millisecond), 10*time.Second)
}

// evict ends idle values that are too old or were not used for too long, those that
// were used last at last. It ends only some in one round, so that values that grew
// old together, or while the process stood still, are not all made anew at once; an
// old one that is wanted before its turn is not lent.
func (p *Pool[T]) evict() {
	p.mu.Lock()
	defer p.mu.Unlock()
	quota := max(1, p.size/16)
	s := p.statLocked()
	spare := s.Total() - s.Closing - p.config.MinSize
	idle := p.places.AcquireAllIdle()
	for i := len(idle) - 1; i >= 0; i-- { // the last is the one used first; given back in this order they stay in it
		res := idle[i]
		pl, now := res.Value(), p.now()
		switch {
		case quota > 0 && now >= pl.expires:
			p.discardLocked(res, evictedLifetime)
		case quota > 0 && spare > 0 && p.config.IdleTimeout != Never && now-pl.used >= p.config.IdleTimeout:
			p.discardLocked(res, evictedIdle)
		default:
			res.ReleaseUnused()
			continue
		}
		quota--
		spare--
	}
}

// Leak is a value on loan for long.
type Leak struct {
	Held  time.Duration
	Stack string // of the caller of Acquire
}

// leakWatch waits for the end of one loan after the other of a place.
type leakWatch struct {
	mu    sync.Mutex // guards the fields that follow
	timer *time.Timer
	loan  int // goes up with each
	taken time.Duration
	stack [32]uintptr
	depth int
}

// watch begins a loan.
func (p *Pool[T]) watch(pl *place[T]) {
	if pl.leak == nil {
		pl.leak = &leakWatch{}
	}
	w := pl.leak
	w.mu.Lock()
	defer w.mu.Unlock()
	w.loan++
	w.taken = p.now()
	w.depth = goruntime.Callers(4, w.stack[:]) // Callers, watch, lend and Acquire are ours
	loan := w.loan
	w.timer = time.AfterFunc(p.config.LeakThreshold, func() {
		if leak, ok := w.leak(loan, p.now()); ok {
			p.leaks.Add(1)
			if p.config.Leaked != nil {
				p.config.Leaked(leak)
			}
		}
	})
}

// stop ends the loan.
func (w *leakWatch) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.loan++
	w.timer.Stop()
}

// leak returns the report of a loan, if it is still on.
func (w *leakWatch) leak(loan int, now time.Duration) (Leak, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if loan != w.loan {
		return Leak{}, false
	}
	return Leak{Held: now - w.taken, Stack: stackText(w.stack[:w.depth])}, true
}

func stackText(pcs []uintptr) string {
	var b strings.Builder
	frames := goruntime.CallersFrames(pcs)
	for {
		f, more := frames.Next()
		fmt.Fprintf(&b, "%s\n\t%s:%d\n", f.Function, f.File, f.Line)
		if !more {
			return b.String()
		}
	}
}
