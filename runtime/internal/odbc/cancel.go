package odbc

import (
	"context"
	"time"

	"github.com/odbcgen/odbcgen/runtime/internal/odbc/sys"
)

// cancelInterval is the first pause between two SQLCancel calls; it doubles.
const cancelInterval = 5 * time.Millisecond

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
	returned, cancelled := make(chan struct{}), make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(cancelled)
		s.cancelUntil(returned)
	})
	ret := call()
	if stop() {
		return ret, nil
	}
	close(returned)
	<-cancelled
	return ret, ctx.Err()
}

func (s *Stmt) cancelUntil(returned <-chan struct{}) {
	h := s.h
	if s.c.canceller != noHandle {
		h = s.c.canceller
	}
	for pause := cancelInterval; ; pause = min(2*pause, 100*time.Millisecond) {
		select {
		case <-returned:
			return
		default:
		}
		sys.Cancel(h)
		select {
		case <-returned:
			return
		case <-time.After(pause):
		}
	}
}
