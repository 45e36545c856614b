package tdsserver_test

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	. "github.com/odbcgen/odbcgen/internal/tdsserver"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// TestNothingIsLeft: sessions that end well, badly and by a context leave neither
// goroutines nor files in server and driver.
func TestNothingIsLeft(t *testing.T) {
	work := func() {
		s := New(t)
		s.On("SELECT n FROM t", numbers(1000))
		s.On("SELECT n FROM slow", Delay(time.Hour))
		s.On("SELECT n FROM lost", Disconnect{})
		db := open(t, s, runtime.WithPlugin(&freeTDS), runtime.WithPoolSize(4))
		var callers sync.WaitGroup
		for i := range 12 {
			callers.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(10*i)*time.Millisecond)
				defer cancel()
				for _, table := range []string{"t", "slow", "lost"} {
					_, _ = query("SELECT n FROM "+table, nil, protocol.Int32).Many(ctx, db, nil)
				}
				for range query("SELECT n FROM t", nil, protocol.Int32).Stream(t.Context(), db, nil) {
					break
				}
			})
		}
		callers.Wait()
		db.Close()
		s.Close()
	}
	work() // libraries are loaded, and keep threads
	files := openFiles(t)
	for range 3 {
		work()
	}
	require.Eventually(t, func() bool { return openFiles(t) <= files }, patience, tick, "%d files at first", files)
	goleak.VerifyNone(t)
}

func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return len(entries)
}
