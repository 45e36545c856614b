package faults_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
)

// TestF12_CancelledCallReportsSuccess: MariaDB answers a BENCHMARK that was killed
// with the value 0 and success.
func TestF12_CancelledCallReportsSuccess(t *testing.T) {
	at := testdb.MariaDB(t)
	leavesNothing(t, 4)
	db := open(t, at, sized(1))
	benchmark := ints("Benchmark", "SELECT benchmark(?, sha2('a', 512)) AS n")
	for range 5 {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		rows, err := benchmark.Many(ctx, db, 1_000_000_000)
		cancel()
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Empty(t, rows)
		requireKind(t, err, runtime.Transient, runtime.Kind("deadline"))
		n, err := benchmark.One(t.Context(), db, 1)
		require.NoError(t, err)
		require.Zero(t, n)
	}
}

// TestF13_LateCancel: contexts end around the moment at which short statements do; no
// statement of another caller is hit, in 100,000 rounds.
func TestF13_LateCancel(t *testing.T) {
	rounds := 100_000
	if testing.Short() {
		rounds = 3000
	}
	onServers(t, func(t *testing.T, e engine) {
		at := e.shared(t)
		leavesNothing(t, 4)
		db := open(t, at, sized(2))
		echo := ints("Echo", "SELECT ? + 0 AS n")
		start := time.Now()
		for i := range int64(100) {
			_, err := echo.One(t.Context(), db, i)
			require.NoError(t, err)
		}
		usual := time.Since(start) / 100
		hit := 0
		for i := range int64(rounds) {
			ctx, cancel := context.WithTimeout(t.Context(), rand.N(2*usual))
			n, err := echo.One(ctx, db, i)
			cancel()
			if err == nil {
				require.Equal(t, i, n)
			} else {
				require.True(t, errors.Is(err, context.DeadlineExceeded), "%v", err)
				hit++
			}
			n, err = echo.One(t.Context(), db, -i)
			require.NoError(t, err, "round %d", i)
			require.Equal(t, -i, n)
		}
		t.Logf("%d of %d cancelled; a call takes %v", hit, rounds, usual)
		require.NotZero(t, hit)
		require.Less(t, hit, rounds)
	})
}

// TestF47_BlockedCalls: each blocked call has a thread while it is blocked, and the
// process no more than these.
func TestF47_BlockedCalls(t *testing.T) {
	calls := 500
	if testing.Short() {
		calls = 100
	}
	at := testdb.OwnPostgres(t, "-c", "max_connections=600").Fresh(t)
	leavesNothing(t, 2*calls)
	db := open(t, at, sized(calls))
	before := entries(t, "/proc/self/task")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	sleep := ints("Sleep", "SELECT count(*) AS n FROM (SELECT pg_sleep(?)) AS s")
	var group sync.WaitGroup
	errs := make([]error, calls)
	for i := range calls {
		group.Go(func() { _, errs[i] = sleep.One(ctx, db, 600) })
	}
	asleep := func() bool {
		n := testdb.Query(t, at, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
		return n[0][0] == strconv.Itoa(calls)
	}
	require.Eventually(t, asleep, time.Minute, 50*time.Millisecond)
	threads := entries(t, "/proc/self/task") - before
	t.Logf("%d calls, %d threads", calls, threads)
	require.LessOrEqual(t, threads, calls+32)
	cancel()
	group.Wait()
	for _, err := range errs {
		require.ErrorIs(t, err, context.Canceled)
	}
	db.serves(t)
}
