package pool

import "context"

// Close refuses new callers and those who wait, ends the idle values, and waits for
// those on loan or in a call until ctx ends; its error is an *AbandonedError then, and
// what comes back later is ended still. It may be called again, to wait again, and by
// many at a time.
func (p *Pool[T]) Close(ctx context.Context) error {
	p.mu.Lock()
	if !p.closed {
		p.shut()
	}
	p.mu.Unlock()
	select {
	case <-p.ended:
		return nil
	case <-ctx.Done():
	}
	select {
	case <-p.ended:
		return nil
	default:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.countsLocked()
	return &AbandonedError{Count: c.InUse + c.Dialing + c.Closing + c.Stuck, Err: endOf(ctx)}
}

// shut closes p, but for what is out. p.mu must be held.
func (p *Pool[T]) shut() {
	p.closed = true
	p.end()
	for t := range p.turns {
		p.overLocked(t, ErrClosed)
	}
	if p.dials.wake != nil {
		p.dials.wake.Stop()
	}
	for _, res := range p.blanks {
		res.Hijack()
	}
	p.blanks = nil
	p.settleLocked()
	go func() {
		p.places.Close() // returns when all places are given up
		p.calls.Wait()
		close(p.ended)
	}()
}
