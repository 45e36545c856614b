package runtime_test

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime"
)

// TestNothingIsLeftOpen opens and closes databases, with queries that end well,
// badly and by their context, and counts what the process holds. onAll counts
// handles and goroutines.
func TestNothingIsLeftOpen(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 300)
		work := func() {
			db := open(t, db.Database, runtime.WithPoolSize(4))
			defer db.Close()
			var callers sync.WaitGroup
			for c := range 20 {
				callers.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(c)*time.Millisecond)
					defer cancel()
					_, _ = slow[db.Name][0].Many(ctx, db, forever)
					_, _ = broken.Many(t.Context(), db, runtime.None{})
					_, _ = upTo.One(t.Context(), db, 300)
					for range upTo.Stream(t.Context(), db, 300) {
						break
					}
				})
			}
			callers.Wait()
		}
		work() // drivers load libraries and keep threads
		files, threads := entries(t, "/proc/self/fd"), entries(t, "/proc/self/task")
		for range 4 {
			work()
		}
		require.LessOrEqual(t, entries(t, "/proc/self/fd"), files+1)
		require.LessOrEqual(t, entries(t, "/proc/self/task"), threads+4)
	})
}

func entries(t *testing.T, folder string) int {
	t.Helper()
	list, err := os.ReadDir(folder)
	require.NoError(t, err)
	return len(list)
}
