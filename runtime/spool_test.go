package runtime_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	goruntime "runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// spooled returns upTo with a spool.
func spooled(s runtime.Spool) *runtime.Query[int64, int64] {
	q := *upTo
	q.Spool = &s
	return &q
}

// inFile is a spool that holds nothing in memory.
func inFile(t *testing.T) runtime.Spool { return runtime.Spool{Threshold: -1, Dir: t.TempDir()} }

// requireNoSpools checks that no file is left.
func requireNoSpools(t *testing.T, s runtime.Spool) {
	t.Helper()
	files, err := os.ReadDir(s.Dir)
	require.NoError(t, err)
	require.Empty(t, files)
	if goruntime.GOOS == "linux" {
		require.Empty(t, openSpools(t))
	}
}

// openSpools returns the modes of the spools' files that are open.
func openSpools(t *testing.T) (modes []os.FileMode) {
	t.Helper()
	const open = "/proc/self/fd"
	files, err := os.ReadDir(open)
	require.NoError(t, err)
	for _, f := range files {
		path := filepath.Join(open, f.Name())
		target, _ := os.Readlink(path) // the one of ReadDir is closed
		if !strings.Contains(target, ".spool") {
			continue
		}
		require.Contains(t, target, " (deleted)")
		info, err := os.Stat(path)
		require.NoError(t, err)
		modes = append(modes, info.Mode())
	}
	return modes
}

// TestSpool: rows are those of the stream, in memory and in a file, and the only
// connection is free while they are read.
func TestSpool(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		withNumbers(t, db, 10_000)
		for _, threshold := range []int64{0, -1, 1, 10_000, 1 << 30} {
			s := runtime.Spool{Threshold: threshold, Dir: t.TempDir()}
			for _, rows := range []int{0, 1, 64, 65, 10_000} {
				stream := spooled(s).Stream(t.Context(), db, int64(rows))
				for range 2 {
					require.Equal(t, numbersTo(rows), collect(t, stream))
				}
			}
			seen := int64(0)
			for n, err := range spooled(s).Stream(t.Context(), db, 10_000) {
				require.NoError(t, err)
				if seen++; n%2_000 != 0 {
					continue
				}
				requireGivenBack(t, db)
				left, err := count.One(t.Context(), db, n)
				require.NoError(t, err)
				require.EqualValues(t, 10_001-n, left)
			}
			require.EqualValues(t, 10_000, seen)
			requireNoSpools(t, s)
		}
	}, runtime.WithPoolSize(1))
}

// TestSpoolsAtOnce: in a transaction, one within the other.
func TestSpoolsAtOnce(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 300)
		s := inFile(t)
		q := spooled(s)
		require.NoError(t, db.InTx(t.Context(), func(tx *runtime.Tx) error {
			require.NoError(t, insertNumber.Exec(t.Context(), tx, 301))
			for n, err := range q.Stream(t.Context(), tx, 301) {
				require.NoError(t, err)
				if n%50 == 0 {
					require.Equal(t, numbersTo(int(n)), collect(t, q.Stream(t.Context(), tx, n)))
				}
			}
			return nil
		}))
		requireNoSpools(t, s)
	}, runtime.WithPoolSize(1))
}

// TestSpoolEnds: however a stream ends, its file goes and its connection is free.
func TestSpoolEnds(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 10_000)
		s := inFile(t)
		q := spooled(s)
		ends := func(t *testing.T) {
			requireGivenBack(t, db)
			requireNoSpools(t, s)
			n, err := count.One(t.Context(), db, 1)
			require.NoError(t, err)
			require.EqualValues(t, 10_000, n)
		}
		t.Run("broken off", func(t *testing.T) {
			for n, err := range q.Stream(t.Context(), db, 10_000) {
				require.NoError(t, err)
				if n == 5_000 {
					break
				}
			}
			ends(t)
		})
		t.Run("panic", func(t *testing.T) {
			require.PanicsWithValue(t, errOurs, func() {
				for range q.Stream(t.Context(), db, 10_000) {
					panic(errOurs)
				}
			})
			ends(t)
		})
		t.Run("goroutine ends", func(t *testing.T) {
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				for range q.Stream(t.Context(), db, 10_000) {
					goruntime.Goexit()
				}
			}()
			<-ended
			ends(t)
		})
		t.Run("context ends", func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var last int64
			var failed error
			for n, err := range q.Stream(ctx, db, 10_000) {
				if failed = err; err != nil {
					break
				}
				if last = n; n == 100 {
					cancel()
				}
			}
			requireError(t, failed, runtime.Error{Query: "UpTo", Op: "fetch", Err: context.Canceled})
			require.Less(t, last, int64(10_000))
			ends(t)
		})
		t.Run("context ends before the first row", func(t *testing.T) {
			rows, err := until(q.Stream(&afterwards{Context: t.Context(), db: db}, db, 10_000))
			requireError(t, err, runtime.Error{Query: "UpTo", Op: "fetch", Err: context.Canceled})
			require.Empty(t, rows)
			ends(t)
		})
		t.Run("context has ended", func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			rows, err := until(q.Stream(ctx, db, 10_000))
			require.ErrorIs(t, err, context.Canceled)
			require.Empty(t, rows)
			ends(t)
		})
		t.Run("wrong statement", func(t *testing.T) {
			wrong := broken
			wrong.Spool = &s
			_, err := until(wrong.Stream(t.Context(), db, runtime.None{}))
			require.ErrorContains(t, err, string(runtime.StreamSQL))
			ends(t)
		})
		t.Run("NULL", func(t *testing.T) {
			holed := *holed
			holed.Spool = &s
			rows, err := until(holed.Stream(t.Context(), db, 0))
			require.ErrorIs(t, err, protocol.ErrNull)
			require.Len(t, rows, 699)
			ends(t)
		})
		t.Run("no directory", func(t *testing.T) {
			none := runtime.Spool{Threshold: 1000, Dir: filepath.Join(s.Dir, "none")}
			rows, err := until(spooled(none).Stream(t.Context(), db, 10_000))
			e := requireError(t, err, runtime.Error{Query: "UpTo", Op: "spool", Err: os.ErrNotExist})
			require.Equal(t, runtime.Done, e.Outcome)
			require.ErrorContains(t, err, "query UpTo: Streaming interrupted: spool: spool in "+none.Dir)
			require.Empty(t, rows)
			ends(t)
		})
	}, runtime.WithPoolSize(1))
}

// afterwards ends when the connection that it was used on has been given back.
type afterwards struct {
	context.Context
	db   database
	used atomic.Bool
}

func (c *afterwards) Err() error {
	switch used := c.db.Stat().InUse > 0; {
	case used:
		c.used.Store(true)
	case c.used.Load():
		return context.Canceled
	}
	return c.Context.Err()
}

// TestSpoolsOfManyGoroutines: one stream is ranged over by many at the same time.
func TestSpoolsOfManyGoroutines(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 1_000)
		s := inFile(t)
		stream := spooled(s).Stream(t.Context(), db, 1_000)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				rows, err := until(stream)
				assert.NoError(t, err)
				assert.Equal(t, numbersTo(1_000), rows)
			})
		}
		all.Wait()
		requireNoSpools(t, s)
	}, runtime.WithPoolSize(2), runtime.WithPrefetch(true))
}

// TestSpoolErrorInLaterRow: the rows before it and the error are those of the stream.
func TestSpoolErrorInLaterRow(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 20_000)
		q := ints("Failing", failing.of(db))
		want, failed := until(q.Stream(t.Context(), db, 0))
		require.Error(t, failed)
		s := inFile(t)
		q.Spool = &s
		rows, err := until(q.Stream(t.Context(), db, 0))
		require.Equal(t, want, rows)
		require.EqualError(t, err, failed.Error())
		requireGivenBack(t, db)
		requireNoSpools(t, s)
	}, runtime.WithPoolSize(1))
}

// TestSpoolOfDatabase: the option says what the query leaves open.
func TestSpoolOfDatabase(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 1_000)
		inMissing := func(db runtime.Session, s runtime.Spool) bool {
			_, err := until(spooled(s).Stream(t.Context(), db, 1_000))
			var e *runtime.SpoolError
			return errors.As(err, &e) && e.Dir == missing
		}
		require.True(t, inMissing(db, runtime.Spool{}))
		require.False(t, inMissing(db, runtime.Spool{Threshold: 1 << 20}))
		require.False(t, inMissing(db, runtime.Spool{Dir: t.TempDir()}))
		require.Equal(t, numbersTo(1_000), collect(t, upTo.Stream(t.Context(), db, 1_000)))
		require.NoError(t, db.InTx(t.Context(), func(tx *runtime.Tx) error {
			require.True(t, inMissing(tx, runtime.Spool{}))
			return nil
		}))
	}, runtime.WithPoolSize(1), runtime.WithSpool(runtime.Spool{Threshold: 10, Dir: missing}))
}

// TestSpoolMemory: of 100 MiB no more is in memory than the threshold, a block, and a
// frame either way.
func TestSpoolMemory(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		side := 320
		if testing.Short() { // 25 MiB, still more than may be held
			side = 160
		}
		withNumbers(t, db, side)
		q := words("Wide", "SELECT '"+strings.Repeat("x", 1024)+"' AS v FROM numbers a, numbers b")
		q.Spool = &runtime.Spool{Threshold: 1 << 20, Dir: t.TempDir()}
		before, n := heap(), 0
		ctx := &measuring{Context: t.Context()}
		for v, err := range q.Stream(ctx, db, runtime.None{}) {
			if err != nil || len(v) != 1024 {
				require.NoError(t, err)
				require.Len(t, v, 1024)
			}
			if n++; n%1000 == 0 {
				ctx.measure()
			}
		}
		require.Equal(t, side*side, n)
		require.Greater(t, ctx.times.Load(), int64(side/4), "while the result is fetched, and while it is read")
		require.Less(t, ctx.peak.Load(), before+16<<20)
	}, runtime.WithPoolSize(1))
}

// measuring measures the heap each time it is asked whether it has ended.
type measuring struct {
	context.Context
	peak  atomic.Uint64
	times atomic.Int64
}

func (c *measuring) Err() error {
	c.measure()
	return c.Context.Err()
}

func (c *measuring) Done() <-chan struct{} {
	c.measure()
	return c.Context.Done()
}

func (c *measuring) measure() {
	c.times.Add(1)
	c.peak.Store(max(c.peak.Load(), heap()))
}
