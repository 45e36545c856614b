package odbc

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/odbcgen/odbcgen/runtime/internal/odbc/sys"
)

// What a call is given when its context has ended: grace for its cancel, then the
// connection's socket is shut down, and after lastGrace more the call is abandoned.
// Together they keep a caller below 100 ms.
const (
	grace     = 70 * time.Millisecond
	lastGrace = 10 * time.Millisecond
)

// patience is for calls that tidy up, which have no context of their own.
const patience = 5 * time.Second

// ErrAbandoned is the error of calls on a connection that is Broken or closed. None of
// them is made.
var ErrAbandoned = errors.New("the connection was closed, or given up because of a call that did not end")

var errNoAnswer = fmt.Errorf("the driver has not answered for %v", patience)

// maxCalls bounds the native calls under way, each of which may hold a thread: Go
// ends a program that has 10,000.
const maxCalls = 4000

// calls holds a place for each native call under way, but for those on connections
// that are Local.
var calls = make(chan struct{}, maxCalls)

// abandoned counts the calls that their callers did not wait for.
var abandoned atomic.Int64

// Calls returns how many native calls are under way on connections that use a
// network, SQLCancel among them, and how many of those have been abandoned.
func Calls() (underWay, stuck int) { return len(calls), int(abandoned.Load()) }

// begin takes a place among the calls, to be given back when the call has returned.
func begin(ctx context.Context, limit time.Duration) error {
	select {
	case calls <- struct{}{}:
		return nil
	default:
	}
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, errNoAnswer)
		defer cancel()
	}
	select {
	case calls <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// call is a native call. One that does not concern a statement has none.
type call struct {
	s      *Stmt
	native func(*Stmt) sys.Return
	cancel func(*Stmt) // nil where nothing but the end of the link ends the call
}

// repeatPause is the time between two calls of one that goes on by itself.
const repeatPause = time.Millisecond

// make makes the call, and again as long as the driver says that it goes on by itself
// (SQL_STILL_EXECUTING). Nobody has asked it to do so, but unixODBC frees neither
// statement nor connection before it has ended.
func (t call) make(c *Conn) sys.Return {
	for {
		ret := t.native(t.s)
		if ret != sys.StillExecuting || c.Broken() {
			return ret
		}
		time.Sleep(repeatPause)
	}
}

// run makes a native call that ends soon after ctx does, or after the limit where
// it is not 0. An error says that they have ended: sys.Return is then what the call
// answered all the same, and sys.Error if it has not (see Stuck).
func (c *Conn) run(ctx context.Context, t call, limit time.Duration) (sys.Return, error) {
	if c.Broken() {
		return sys.Error, ErrAbandoned
	}
	return c.runAlways(ctx, t, limit)
}

// runAlways is run on a connection that may have been given up.
//
// Where the end of the link ends the call, and its socket is known, the caller makes the
// call itself; by another goroutine a look-up takes half as long again.
func (c *Conn) runAlways(ctx context.Context, t call, limit time.Duration) (sys.Return, error) {
	if c.local {
		return t.native(t.s), nil
	}
	if err := begin(ctx, limit); err != nil {
		return sys.Error, err
	}
	switch {
	case ctx.Done() == nil && limit == 0:
		defer func() { <-calls }()
		return t.make(c), nil
	case c.linkEnds && c.socket != nil:
		return c.runHere(ctx, t, limit)
	}
	return c.runApart(ctx, t, limit)
}

// ender ends the calls that are made where their caller is, one after the other.
type ender struct {
	call     call
	end      func()        // ends the call
	limit    *time.Timer   // calls end
	returned chan struct{} // the call has returned, while it was being ended
	verdict  chan verdict
}

// verdict says whether a call and its cancels have returned in time. They have when
// over is closed.
type verdict struct {
	inTime bool
	over   <-chan struct{}
}

func (c *Conn) newEnder() ender {
	e := ender{returned: make(chan struct{}, 1), verdict: make(chan verdict, 1), end: c.endHere}
	e.limit = time.AfterFunc(patience, e.end)
	e.limit.Stop()
	return e
}

func (c *Conn) runHere(ctx context.Context, t call, limit time.Duration) (sys.Return, error) {
	if c.ender.end == nil {
		c.ender = c.newEnder()
	}
	c.ender.call = t
	stop := c.ender.limit.Stop
	if limit > 0 {
		c.ender.limit.Reset(limit)
	} else {
		stop = context.AfterFunc(ctx, c.ender.end)
	}
	ret := t.make(c)
	<-calls
	if stop() {
		return ret, nil
	}
	c.ender.returned <- struct{}{}
	if v := <-c.ender.verdict; !v.inTime {
		c.abandon(v.over)
	}
	if limit > 0 {
		return ret, errNoAnswer
	}
	return ret, ctx.Err()
}

func (c *Conn) endHere() {
	returned := make(chan struct{})
	go func() {
		<-c.ender.returned
		close(returned)
	}()
	over := cancelling(c.ender.call, returned)
	c.ender.verdict <- verdict{c.outwait(over), over}
}

// crew is the goroutine that makes a connection's calls, one at a time, where nothing
// is sure to end them.
type crew struct {
	calls   chan call
	answers chan sys.Return
	limit   *time.Timer
}

func (c *Conn) startCrew() {
	c.crew = crew{make(chan call), make(chan sys.Return, 1), time.NewTimer(patience)}
	go func(w crew) {
		for t := range w.calls {
			ret := t.make(c)
			<-calls
			w.answers <- ret
		}
	}(c.crew)
}

func (c *Conn) runApart(ctx context.Context, t call, limit time.Duration) (sys.Return, error) {
	if c.crew.calls == nil {
		c.startCrew()
	}
	c.crew.calls <- t
	var late <-chan time.Time
	if limit > 0 {
		c.crew.limit.Reset(limit)
		defer c.crew.limit.Stop()
		late = c.crew.limit.C
	}
	select {
	case ret := <-c.crew.answers:
		return ret, nil
	case <-ctx.Done():
		return c.giveUp(t), ctx.Err()
	case <-late:
		return c.giveUp(t), errNoAnswer
	}
}

// giveUp ends a call that the crew makes. One that does not end is abandoned.
func (c *Conn) giveUp(t call) sys.Return {
	answer, returned := make(chan sys.Return, 1), make(chan struct{})
	go func() {
		answer <- <-c.crew.answers
		close(returned)
	}()
	over := cancelling(t, returned)
	if c.outwait(over) {
		return <-answer
	}
	c.abandon(over)
	return sys.Error
}

// outwait waits for a call that nobody wants any more, ends its link when it takes
// too long, and reports whether it is over then.
func (c *Conn) outwait(over <-chan struct{}) bool {
	for _, wait := range [...]time.Duration{grace, lastGrace} {
		select {
		case <-over:
			return true
		case <-time.After(wait):
			c.cut()
		}
	}
	return false
}

// cancelling cancels a call until it returns, by a goroutine of its own since
// SQLCancel may hang too. The call is over when the last SQLCancel has returned:
// none can hit the next statement.
func cancelling(t call, returned <-chan struct{}) (over <-chan struct{}) {
	ended := make(chan struct{})
	go func() {
		if t.cancel != nil {
			cancelUntil(returned, func() { cancelOnce(t) })
		}
		<-returned
		close(ended)
	}()
	return ended
}

// cancelOnce cancels the call unless too many calls are under way.
func cancelOnce(t call) {
	select {
	case calls <- struct{}{}:
	default:
		return
	}
	defer func() { <-calls }()
	t.cancel(t.s)
}

// cut ends the connection's link where its socket is known.
func (c *Conn) cut() {
	c.broken.Store(true)
	c.socket.shutDown()
}

// cancelTime is the time that a SQLCancel of an abandoned call is given before its own
// link is shut down.
const cancelTime = time.Second

// abandon leaves the call to itself. Everything that it may use stays as it is
// until it returns; then the connection is closed.
func (c *Conn) abandon(over <-chan struct{}) {
	abandoned.Add(1)
	c.broken.Store(true)
	done := make(chan struct{})
	c.stuck = done
	go func() {
		c.awaitAbandoned(over)
		c.free()
		abandoned.Add(-1)
		close(done)
	}()
}

// awaitAbandoned waits for a call, and ends the links of the cancels that outlast it.
func (c *Conn) awaitAbandoned(over <-chan struct{}) {
	for {
		select {
		case <-over:
			return
		case <-time.After(cancelTime):
		}
		if s := c.cancelling.Load(); s != nil {
			s.cut()
		}
	}
}

// Broken reports whether the connection was given up with one of its calls. All
// that is left is to close it. It may be asked at any time.
func (c *Conn) Broken() bool { return c.broken.Load() }

// Stuck returns nil, or, where a call was abandoned, what is closed when it has
// returned and the connection is closed. Until then the driver may write to all
// memory that it was given.
func (c *Conn) Stuck() <-chan struct{} { return c.stuck }
