package odbc

import (
	"context"
	"time"

	"github.com/odbcgen/odbcgen/runtime/internal/odbc/sys"
)

// cancelInterval is the first pause between two SQLCancel calls; it doubles.
const cancelInterval = 5 * time.Millisecond

// watcher cancels the calls of one statement. It serves call after call.
type watcher struct {
	cancel    func()        // Stmt.cancel
	returned  chan struct{} // the call has returned, while it was being cancelled
	cancelled chan struct{} // the last SQLCancel has returned
}

func (s *Stmt) newWatcher() watcher {
	return watcher{s.cancel, make(chan struct{}, 1), make(chan struct{}, 1)}
}

// watched makes a native call on s that ends soon after ctx does. It returns
// ctx's error when ctx ended during the call, whatever the call answered: a
// cancelled call may well report success (MariaDB's BENCHMARK, with value 0).
//
// SQLCancel is repeated until the call returns, because a cancel that comes
// before the statement has begun is lost, and watched returns only after the
// last SQLCancel has: none can hit the next statement.
func (s *Stmt) watched(ctx context.Context, call func() sys.Return) (sys.Return, error) {
	if err := ctx.Err(); err != nil {
		return sys.Error, err
	}
	if ctx.Done() == nil {
		return call(), nil
	}
	stop := context.AfterFunc(ctx, s.watcher.cancel)
	ret := call()
	if stop() {
		return ret, nil
	}
	s.watcher.returned <- struct{}{}
	<-s.watcher.cancelled
	return ret, ctx.Err()
}

// cancel cancels the call at work until it returns.
func (s *Stmt) cancel() {
	h := s.h
	if s.c.canceller != noHandle {
		h = s.c.canceller
	}
	for pause := cancelInterval; ; pause = min(2*pause, 100*time.Millisecond) {
		sys.Cancel(h)
		select {
		case <-s.watcher.returned:
			s.watcher.cancelled <- struct{}{}
			return
		case <-time.After(pause):
		}
	}
}
