package odbc

import (
	"context"
	"fmt"
	"time"

	"github.com/odbcgen/odbcgen/runtime/internal/odbc/sys"
)

// cancelInterval is the first pause between two SQLCancel calls; it doubles.
const cancelInterval = 5 * time.Millisecond

// watcher cancels the calls of one statement of a Local connection. It serves call
// after call.
type watcher struct {
	cancel    func()        // cancels the call at work by SQLCancel, until it returns
	returned  chan struct{} // the call has returned, while it was being cancelled
	cancelled chan struct{} // the last cancelling has ended
}

func (s *Stmt) newWatcher() watcher {
	w := watcher{returned: make(chan struct{}, 1), cancelled: make(chan struct{}, 1)}
	w.cancel = func() {
		cancelUntil(w.returned, func() { s.cancel() })
		w.cancelled <- struct{}{}
	}
	return w
}

// watched makes a native call on s that ends soon after ctx does. It returns
// ctx's error when ctx ended during the call, whatever the call answered: a
// cancelled call may well report success (MariaDB's BENCHMARK, with value 0).
//
// SQLCancel is repeated until the call returns, because a cancel that comes
// before the statement has begun is lost, and the connection is not used again
// before the last SQLCancel has returned: none can hit the next statement.
//
// The call must capture nothing that is read while it may be Stuck.
func (s *Stmt) watched(ctx context.Context, native func(*Stmt) sys.Return) (sys.Return, error) {
	return s.watchedBy(ctx, native, (*Stmt).cancel)
}

// watchedBy is watched for a call that cancel ends, if not nil.
func (s *Stmt) watchedBy(ctx context.Context, native func(*Stmt) sys.Return, cancel func(*Stmt)) (sys.Return, error) {
	if err := ctx.Err(); err != nil {
		return sys.Error, err
	}
	if s.c.local && cancel != nil && ctx.Done() != nil {
		return s.watchedHere(ctx, native)
	}
	s.ctx = ctx
	return s.c.run(ctx, call{s, native, cancel}, 0)
}

// watchedHere is watched on the caller's goroutine.
func (s *Stmt) watchedHere(ctx context.Context, native func(*Stmt) sys.Return) (sys.Return, error) {
	stop := context.AfterFunc(ctx, s.watcher.cancel)
	ret := native(s)
	if stop() {
		return ret, nil
	}
	s.watcher.returned <- struct{}{}
	<-s.watcher.cancelled
	return ret, ctx.Err()
}

func (s *Stmt) cancel() {
	if s.c.canceller != noHandle {
		sys.Cancel(s.c.canceller)
		return
	}
	search := sockets.beginNow() // drivers cancel through a connection of their own
	s.c.cancelling.Store(search)
	sys.Cancel(s.h)
	s.c.cancelling.Store(nil)
	search.end(false)
}

// cancelUntil calls cancel again and again until the call has returned.
func cancelUntil(returned <-chan struct{}, cancel func()) {
	for pause := cancelInterval; ; pause = min(2*pause, 100*time.Millisecond) {
		cancel()
		select {
		case <-returned:
			return
		case <-time.After(pause):
		}
	}
}

// tidy makes a native call that ends a use of s. It ends with the context of that use,
// and after the patience where the use is over or has none that ends.
func (s *Stmt) tidy(native func(*Stmt) sys.Return) (sys.Return, error) {
	ctx := s.ctx
	s.ctx = nil
	if ctx == nil || ctx.Done() == nil || ctx.Err() != nil {
		return s.c.run(context.Background(), call{s, native, nil}, patience)
	}
	return s.c.run(ctx, call{s, native, nil}, 0)
}

// SessionCancel are statements that end what a session does, from another one.
type SessionCancel struct {
	ID     string // gives the session's number
	Cancel string // %s is the number
}

// CancelLongBy makes executions whose values were sent in pieces be cancelled by a
// second connection. It is for psqlODBC 13.02, whose SQLCancel waits for the end of
// SQLParamData.
func (c *Conn) CancelLongBy(by SessionCancel) { c.longCancel = by }

// watchedLong is watched for the SQLParamData that runs the statement.
func (s *Stmt) watchedLong(ctx context.Context, native func(*Stmt) sys.Return) (sys.Return, error) {
	if s.c.longCancel.ID == "" || ctx.Done() == nil {
		return s.watched(ctx, native)
	}
	if s.c.session == "" {
		if err := s.c.askSession(ctx); err != nil {
			return sys.Error, err
		}
	}
	return s.watchedBy(ctx, native, (*Stmt).cancelSession)
}

func (c *Conn) askSession(ctx context.Context) error {
	s, err := c.Prepare(ctx, c.longCancel.ID, StmtOptions{})
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Execute(ctx); err != nil {
		return err
	}
	var number [32]byte
	var length int64
	ret, err := s.watched(ctx, func(s *Stmt) (ret sys.Return) {
		if ret = sys.FetchScroll(s.h, sys.FetchNext, 0); ret.OK() {
			length, ret = sys.GetData(s.h, 1, sys.CChar, number[:])
		}
		return ret
	})
	if err != nil || !ret.OK() {
		return s.failure("SQLFetchScroll and SQLGetData(1)", ret, err)
	}
	c.session = string(number[:min(max(length, 0), int64(len(number)-1))])
	return nil
}

// cancelTimeout is the time that a connection to cancel by may take.
const cancelTimeout = 5 * time.Second

// cancelSession ends what the session of s does, from another one.
func (s *Stmt) cancelSession() {
	ctx, stop := context.WithTimeout(context.Background(), cancelTimeout)
	defer stop()
	other, err := Connect(ctx, s.c.connection)
	if err != nil {
		return
	}
	defer other.Close()
	other.ExecDirect(ctx, fmt.Sprintf(s.c.longCancel.Cancel, s.c.session))
}
