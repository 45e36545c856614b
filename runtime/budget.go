package runtime

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/odbcgen/odbcgen/runtime/pool"
)

// Budget bounds the connections to each backend, that is the server, port and user
// of BackendID, over all DBs that have it. Where there is no place left, a DB gets
// that of a connection which another DB has idle, or has in use while it has at least
// two more: the connection itself, if all but the name of the database is the same in
// both connection strings and the driver is known to change databases truthfully;
// else that one is closed and another made.
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

	// mu is taken before the locks of pools.
	mu      sync.Mutex
	free    int         // places
	held    map[*DB]int // the others, by who has them
	members []*DB       // whose idle connections may be taken
	waiters []*waiter   // for places, in order of arrival
}

// waiter is a dial that waits for a place.
type waiter struct {
	db   *DB
	turn chan *physical // gets one answer: the connection that has the place, or nil
}

// backend returns the backend of the id.
func (b *Budget) backend(id string) *backend {
	b.mu.Lock()
	defer b.mu.Unlock()
	at := b.backends[id]
	if at == nil {
		at = &backend{free: b.max, held: make(map[*DB]int)}
		b.backends[id] = at
	}
	return at
}

// join makes db, which has its pool, one of those whose idle connections may be taken.
func (b *backend) join(db *DB) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.members = append(b.members, db)
}

// leave undoes join.
func (b *backend) leave(db *DB) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.members = slices.DeleteFunc(b.members, func(m *DB) bool { return m == db })
}

// lookAgain is the time after which a waiter looks again for connections that lie
// idle. Most are offered to it; what a dial made for a caller that has left is not.
const lookAgain = 100 * time.Millisecond

// place waits for the place of one connection more for db. With it may come the
// connection that has it, which another DB had.
func (b *backend) place(ctx context.Context, db *DB) (*physical, error) {
	w := &waiter{db, make(chan *physical, 1)}
	b.mu.Lock()
	b.setWaiters(append(b.waiters, w)) // before looking, or a connection that gets idle meanwhile is missed
	b.serve()
	b.mu.Unlock()
	again := time.NewTicker(lookAgain)
	defer again.Stop()
	for {
		select {
		case c := <-w.turn:
			return c, nil
		case <-again.C:
			b.mu.Lock()
			b.serve()
			b.mu.Unlock()
		case <-ctx.Done():
			b.giveUp(w)
			return nil, fmt.Errorf("%w: %w", errBudget, ctx.Err())
		}
	}
}

// errBudget says that a DB waits for others.
var errBudget = fmt.Errorf("%w that the Budget allows to this server and user", ErrExhausted)

// giveUp ends a wait. An answer that has come meanwhile is for the next waiter.
func (b *backend) giveUp(w *waiter) {
	b.mu.Lock()
	i := slices.Index(b.waiters, w)
	if i >= 0 {
		b.setWaiters(slices.Delete(b.waiters, i, i+1))
	}
	b.mu.Unlock()
	if i >= 0 {
		return
	}
	if c := <-w.turn; c != nil {
		c.close()
		return
	}
	b.gone(w.db)
}

// gone says that a connection of db, which had a place, has been closed, or was not
// made.
func (b *backend) gone(db *DB) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hold(db, -1)
	b.free++
	b.serve()
}

// idle says that a connection of db is not in use any more.
func (b *backend) idle(db *DB) {
	if b.waiting.Load() == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.serveFrom(db)
}

// claim gives a waiter the connection that db has in use and would give its own
// callers, and reports whether there is a waiter that has none, or at least two less.
func (b *backend) claim(db *DB, item pool.Item[*physical]) bool {
	if b.waiting.Load() == 0 {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.waiters, func(w *waiter) bool {
		return w.db != db && (b.held[w.db] == 0 || b.held[w.db]+1 < b.held[db])
	})
	if i < 0 {
		return false
	}
	b.answer(i, item.Take())
	return true
}

// waits reports whether db waits for a place.
func (b *backend) waits(db *DB) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(b.waiters, func(w *waiter) bool { return w.db == db })
}

// serve answers waiters while there are places, free or with an idle connection.
// b.mu must be held.
func (b *backend) serve() {
	for b.free > 0 && len(b.waiters) > 0 {
		b.free--
		b.answer(0, nil)
	}
	for _, m := range b.members {
		for b.serveFrom(m) {
		}
	}
}

// serveFrom gives the first waiter of another DB a connection that db has idle, and
// reports whether there are both. b.mu must be held.
func (b *backend) serveFrom(db *DB) bool {
	i := slices.IndexFunc(b.waiters, func(w *waiter) bool { return w.db != db })
	if i < 0 {
		return false
	}
	c, ok := db.pool.TakeIdle()
	if ok {
		b.answer(i, c)
	}
	return ok
}

// answer gives a waiter a place, with the connection that has it or without. b.mu must
// be held.
func (b *backend) answer(i int, c *physical) {
	w := b.waiters[i]
	b.setWaiters(slices.Delete(b.waiters, i, i+1))
	if c != nil {
		b.hold(c.holder, -1)
		c.holder = w.db
	}
	b.hold(w.db, 1)
	w.turn <- c
}

// hold counts the places of db. b.mu must be held.
func (b *backend) hold(db *DB, n int) {
	b.held[db] += n
	if b.held[db] == 0 {
		delete(b.held, db)
	}
}

// setWaiters sets waiters. b.mu must be held.
func (b *backend) setWaiters(waiters []*waiter) {
	b.waiters = waiters
	b.waiting.Store(int32(len(waiters)))
}
