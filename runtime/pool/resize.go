package pool

import (
	"context"
	"fmt"
)

// Resize sets the most values at a time, up to Options.Ceiling. Room that grows is
// there at once; what is too much goes as callers give it back, those who wait
// before first.
func (p *Pool[T]) Resize(n int) error {
	if low := max(1, p.config.MinSize); n < low || n > p.config.Ceiling {
		return fmt.Errorf("size %d: want %d to %d", n, low, p.config.Ceiling)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	p.resize(n)
	for len(p.blanks) > 0 && len(p.blanks) > p.config.Ceiling-n {
		last := len(p.blanks) - 1
		p.blanks[last].Hijack()
		p.blanks = p.blanks[:last]
	}
	for len(p.blanks)+p.blanking < p.config.Ceiling-n {
		p.blanking++
		p.calls.Go(p.blank)
	}
	return nil
}

// resize notes the size. p.mu must be held.
func (p *Pool[T]) resize(n int) {
	p.size = n
	p.room.Store(int64(n + p.config.MaxWaiting))
}

// blank waits its turn for a place and holds it back, if that is still wanted.
func (p *Pool[T]) blank() {
	t := newTurn(p)
	defer context.AfterFunc(p.base, func() { p.over(t, ErrClosed) })()
	res, err := p.places.Acquire(t)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.blanking--
	if err != nil {
		return
	}
	pl := res.Value()
	wanted := !p.closed && len(p.blanks) < p.config.Ceiling-p.size
	switch {
	case wanted && pl.filled:
		p.evicted[evictedResized].Add(1)
		value := pl.value
		p.calls.Go(func() { p.config.Close(value) })
		pl.clear()
		fallthrough
	case wanted:
		p.blanks = append(p.blanks, res)
	case pl.filled:
		p.put(res)
	default:
		p.vacate(res)
	}
}
