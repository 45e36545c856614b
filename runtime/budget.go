package runtime

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// Budget bounds the connections to each backend, that is the server, port and user
// of BackendID, over all DBs that have it. Where there is no place left, a DB gets
// that of a connection which another DB has idle: the connection itself, if all but
// the name of the database is the same in both connection strings and the driver is
// known to change databases truthfully; else that one is closed and another made.
type Budget struct {
	max      int
	mu       sync.Mutex
	backends map[string]*backend
}

// NewBudget returns a Budget of max connections to each backend.
func NewBudget(max int) (*Budget, error) {
	if max < 1 {
		return nil, fmt.Errorf("a budget of %d connections: it must be at least 1", max)
	}
	return &Budget{max: max, backends: make(map[string]*backend)}, nil
}

// WithBudget makes the connections of a DB count in the budget, beside the size of
// its own pool.
func WithBudget(b *Budget) Option { return optionFunc(func(o *options) { o.budget = b }) }

// backend is what a Budget knows of one server, port and user.
type backend struct {
	waiting atomic.Int32 // the length of waiters, for those who only look

	mu      sync.Mutex
	free    int              // places
	members []*DB            // that have connections to it
	waiters []chan *physical // of places, in order of arrival; each gets one answer
}

// join makes db one of the members of its backend.
func (b *Budget) join(db *DB, id string) *backend {
	b.mu.Lock()
	defer b.mu.Unlock()
	at := b.backends[id]
	if at == nil {
		at = &backend{free: b.max}
		b.backends[id] = at
	}
	at.mu.Lock()
	defer at.mu.Unlock()
	at.members = append(at.members, db)
	return at
}

// leave undoes join.
func (b *backend) leave(db *DB) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.members = slices.DeleteFunc(b.members, func(m *DB) bool { return m == db })
}

// place waits for the place of one connection more for db. With it may come the
// connection that has it, which another DB had idle.
func (b *backend) place(ctx context.Context, db *DB) (*physical, error) {
	c, turn := b.tryPlace(db)
	if turn == nil {
		return c, nil
	}
	select {
	case c = <-turn:
		return c, nil
	case <-ctx.Done():
		b.giveUp(turn)
		return nil, ctx.Err()
	}
}

// tryPlace is place without the wait: where there is none, it returns a channel that
// the answer comes by.
func (b *backend) tryPlace(db *DB) (*physical, chan *physical) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.free > 0 && len(b.waiters) == 0 {
		b.free--
		return nil, nil
	}
	turn := make(chan *physical, 1)
	b.setWaiters(append(b.waiters, turn)) // before looking, or a connection that gets idle meanwhile is missed
	for _, m := range b.members {
		if m == db {
			continue
		}
		if c, ok := m.pool.TakeIdle(); ok {
			b.setWaiters(b.waiters[:len(b.waiters)-1])
			return c, nil
		}
	}
	return nil, turn
}

// setWaiters sets waiters. b.mu must be held.
func (b *backend) setWaiters(waiters []chan *physical) {
	b.waiters = waiters
	b.waiting.Store(int32(len(waiters)))
}

// giveUp ends a wait. An answer that has come meanwhile goes to the next waiter.
func (b *backend) giveUp(turn chan *physical) {
	b.mu.Lock()
	i := slices.Index(b.waiters, turn)
	if i >= 0 {
		b.setWaiters(slices.Delete(b.waiters, i, i+1))
	}
	b.mu.Unlock()
	if i >= 0 {
		return
	}
	if c := <-turn; c != nil {
		c.close() // and its place is another's
		return
	}
	b.gone()
}

// gone says that a connection with a place has been closed, or was not made.
func (b *backend) gone() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.answer(nil) {
		b.free++
	}
}

// idle says that a connection of db is not in use any more.
func (b *backend) idle(db *DB) {
	if b.waiting.Load() == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiters) == 0 {
		return
	}
	if c, ok := db.pool.TakeIdle(); ok {
		b.answer(c)
	}
}

// answer gives the first waiter a place, with the connection that has it or without,
// and reports whether there is one. b.mu must be held.
func (b *backend) answer(c *physical) bool {
	if len(b.waiters) == 0 {
		return false
	}
	b.waiters[0] <- c
	b.setWaiters(slices.Delete(b.waiters, 0, 1))
	return true
}
