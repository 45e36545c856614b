// Package pool keeps values for reuse, up to a number. It is a narrow front of
// puddle, which hands waiters their turn in order of arrival; it knows nothing
// of databases.
package pool

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/puddle/v2"
)

// ErrClosed says that the pool has been closed.
var ErrClosed = puddle.ErrClosedPool

// Config says what a Pool keeps.
type Config[T any] struct {
	// MaxSize is the most values at a time, at least 1.
	MaxSize int
	// Dial makes a value. It runs apart from the caller that waits for it, whose
	// end does not end it: the value then serves the next caller.
	Dial func(context.Context) (T, error)
	// Close ends a value.
	Close func(T)
}

// Pool keeps values. It is safe for concurrent use.
type Pool[T any] struct {
	values *puddle.Pool[T]
}

// New returns an empty Pool.
func New[T any](config Config[T]) (*Pool[T], error) {
	if config.MaxSize < 1 || config.MaxSize > 1<<31-1 {
		return nil, fmt.Errorf("pool size %d is not between 1 and %d", config.MaxSize, 1<<31-1)
	}
	if config.Dial == nil || config.Close == nil {
		return nil, errors.New("a pool needs Dial and Close")
	}
	values, err := puddle.NewPool(&puddle.Config[T]{
		Constructor: config.Dial,
		Destructor:  config.Close,
		MaxSize:     int32(config.MaxSize),
	})
	if err != nil {
		return nil, err
	}
	return &Pool[T]{values}, nil
}

// Add makes one value ahead of its first use.
func (p *Pool[T]) Add(ctx context.Context) error { return p.values.CreateResource(ctx) }

// Acquire returns the value used last among the idle ones, a new one where
// there is room, or waits its turn until ctx ends.
func (p *Pool[T]) Acquire(ctx context.Context) (Item[T], error) {
	resource, err := p.values.Acquire(ctx)
	if err != nil {
		return Item[T]{}, err
	}
	return Item[T]{resource}, nil
}

// Item is a value on loan, to be given back exactly once; its copies are the same
// loan. The zero Item is none.
type Item[T any] struct {
	resource *puddle.Resource[T]
}

// Value returns the value.
func (i Item[T]) Value() T { return i.resource.Value() }

// Release gives the value back for the next caller.
func (i Item[T]) Release() { i.resource.Release() }

// Destroy ends the value. Close runs apart; when it has ended there is room for
// another value.
func (i Item[T]) Destroy() { i.resource.Destroy() }

// Stat counts the values of a Pool.
type Stat struct {
	Max, Idle, Acquired, Dialing int
}

// Stat returns the counts of one moment.
func (p *Pool[T]) Stat() Stat {
	s := p.values.Stat()
	return Stat{
		Max: int(s.MaxResources()), Idle: int(s.IdleResources()),
		Acquired: int(s.AcquiredResources()), Dialing: int(s.ConstructingResources()),
	}
}

// Close refuses new callers, waits for the values on loan and ends all.
func (p *Pool[T]) Close() { p.values.Close() }
