package odbc

import (
	"context"
	"fmt"
	"time"

	"github.com/odbcgen/odbcgen/runtime/internal/odbc/sys"
)

// cancelInterval is the first pause between two SQLCancel calls; it doubles.
const cancelInterval = 5 * time.Millisecond

// watcher cancels the calls of one statement. It serves call after call.
type watcher struct {
	cancel    func()        // cancels the call at work by SQLCancel, until it returns
	returned  chan struct{} // the call has returned, while it was being cancelled
	cancelled chan struct{} // the last cancelling has ended
}

func (s *Stmt) newWatcher() watcher {
	return watcher{func() { s.cancelUntilReturned(s.cancel) }, make(chan struct{}, 1), make(chan struct{}, 1)}
}

// watched makes a native call on s that ends soon after ctx does. It returns
// ctx's error when ctx ended during the call, whatever the call answered: a
// cancelled call may well report success (MariaDB's BENCHMARK, with value 0).
//
// SQLCancel is repeated until the call returns, because a cancel that comes
// before the statement has begun is lost, and watched returns only after the
// last SQLCancel has: none can hit the next statement.
func (s *Stmt) watched(ctx context.Context, call func() sys.Return) (sys.Return, error) {
	return s.watchedBy(ctx, call, s.watcher.cancel)
}

// watchedBy is watched for a call that cancel ends.
func (s *Stmt) watchedBy(ctx context.Context, call func() sys.Return, cancel func()) (sys.Return, error) {
	if err := ctx.Err(); err != nil {
		return sys.Error, err
	}
	if ctx.Done() == nil {
		return call(), nil
	}
	stop := context.AfterFunc(ctx, cancel)
	ret := call()
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
	sys.Cancel(s.h)
}

func (s *Stmt) cancelUntilReturned(cancel func()) {
	for pause := cancelInterval; ; pause = min(2*pause, 100*time.Millisecond) {
		cancel()
		select {
		case <-s.watcher.returned:
			s.watcher.cancelled <- struct{}{}
			return
		case <-time.After(pause):
		}
	}
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
func (s *Stmt) watchedLong(ctx context.Context, call func() sys.Return) (sys.Return, error) {
	if s.c.longCancel.ID == "" || ctx.Done() == nil {
		return s.watched(ctx, call)
	}
	if s.c.session == "" {
		if err := s.c.askSession(ctx); err != nil {
			return sys.Error, err
		}
	}
	return s.watchedBy(ctx, call, func() { s.cancelUntilReturned(s.c.cancelSession) })
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
	if ret := sys.FetchScroll(s.h, sys.FetchNext, 0); !ret.OK() {
		return s.failure("SQLFetchScroll", ret, nil)
	}
	var number [32]byte
	length, ret := sys.GetData(s.h, 1, sys.CChar, number[:])
	if !ret.OK() || length < 0 || length >= int64(len(number)) {
		return s.failure("SQLGetData(1)", ret, nil)
	}
	c.session = string(number[:length])
	return nil
}

// cancelTimeout is the time that a connection to cancel by may take, in seconds.
const cancelTimeout = 5

func (c *Conn) cancelSession() {
	other, err := dial(c.connection, cancelTimeout)
	if err != nil {
		return
	}
	defer other.Close()
	other.ExecDirect(context.Background(), fmt.Sprintf(c.longCancel.Cancel, c.session))
}
