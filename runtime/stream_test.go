package runtime_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

var upTo = ints("UpTo", "SELECT n FROM numbers WHERE n <= ? ORDER BY n")

func TestOneOptMany(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 100)
		n, err := upTo.One(t.Context(), db, 1)
		require.NoError(t, err)
		require.EqualValues(t, 1, n)

		_, err = upTo.One(t.Context(), db, 0)
		requireError(t, err, runtime.Error{Query: "UpTo", Op: "fetch", Err: runtime.ErrNoRows})
		_, ok, err := upTo.Opt(t.Context(), db, 0)
		require.NoError(t, err)
		require.False(t, ok)
		n, ok, err = upTo.Opt(t.Context(), db, 1)
		require.NoError(t, err)
		require.True(t, ok)
		require.EqualValues(t, 1, n)

		for _, rows := range []int64{2, 3, 100} {
			_, err = upTo.One(t.Context(), db, rows)
			requireError(t, err, runtime.Error{Query: "UpTo", Op: "fetch", Err: runtime.ErrTooManyRows})
			_, ok, err = upTo.Opt(t.Context(), db, rows)
			require.ErrorIs(t, err, runtime.ErrTooManyRows)
			require.False(t, ok)
		}
		all, err := upTo.Many(t.Context(), db, 0)
		require.NoError(t, err)
		require.Equal(t, []int64{}, all)
		all, err = upTo.Many(t.Context(), db, 100) // after One has made blocks of two rows
		require.NoError(t, err)
		require.Equal(t, numbersTo(100), all)
	})
}

// collect returns the rows of a stream.
func collect[R any](t testing.TB, rows iter.Seq2[R, error]) []R {
	t.Helper()
	var all []R
	for r, err := range rows {
		require.NoError(t, err)
		all = append(all, r)
	}
	return all
}

// streamBrokenOff: the connection, the only one, is free again, and nothing
// is left open but the statement that is kept.
func streamBrokenOff(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		withNumbers(t, db, 1000)
		rows := upTo.Stream(t.Context(), db, 1000)
		for _, after := range []int64{1, 63, 64, 65, 500} {
			for n, err := range rows {
				require.NoError(t, err)
				if n == after {
					break
				}
			}
			requireGivenBack(t, db)
			requireStatements(t, db, 1)
		}
		require.Panics(t, func() {
			for range rows {
				panic("in the loop")
			}
		})
		requireGivenBack(t, db)
		require.Equal(t, numbersTo(1000), collect(t, rows))
		require.Equal(t, numbersTo(1000), collect(t, rows), "a second range runs the query again")
		requireStatements(t, db, 1)
	}, runtime.WithPoolSize(1))
}

// nestedStreams: a query may run while another one streams on the same
// connection, the same query too.
func nestedStreams(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		withNumbers(t, db, 200)
		insert := statement("Insert", "INSERT INTO numbers SELECT max(n) + 1 FROM numbers")
		err := db.InTx(t.Context(), func(tx *runtime.Tx) error {
			var sum, inner int64
			for n, err := range upTo.Stream(t.Context(), tx, 200) {
				require.NoError(t, err)
				sum += n
				if n%50 != 0 {
					continue
				}
				require.Equal(t, numbersTo(int(n)), collect(t, upTo.Stream(t.Context(), tx, n)))
				for m, err := range upTo.Stream(t.Context(), tx, 5) { // broken off, with a third inside
					require.NoError(t, err)
					inner += m
					one, err := upTo.One(t.Context(), tx, 1)
					require.NoError(t, err)
					require.EqualValues(t, 1, one)
					if m == 3 {
						break
					}
				}
				require.NoError(t, insert.Exec(t.Context(), tx, runtime.None{}))
			}
			require.EqualValues(t, 200*201/2, sum)
			require.EqualValues(t, 4*6, inner)
			return nil
		})
		require.NoError(t, err)
		n, err := count.One(t.Context(), db, 1)
		require.NoError(t, err)
		require.EqualValues(t, 204, n)
		requireStatements(t, db, 3)
	}, runtime.WithPoolSize(1))
}

// TestOneTransactionManyGoroutines: calls on one connection take their turn.
func TestOneTransactionManyGoroutines(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 300)
		require.NoError(t, db.InTx(t.Context(), func(tx *runtime.Tx) error {
			var workers sync.WaitGroup
			for w := range 8 {
				workers.Go(func() {
					for i := range 10 {
						n := w*30 + i
						got, err := upTo.Many(t.Context(), tx, int64(n))
						if err != nil || !slices.Equal(got, numbersTo(n)) {
							t.Errorf("%d: %v, %v", n, got, err)
						}
					}
				})
			}
			workers.Wait()
			return nil
		}))
	})
}

// manyGoroutines: a thousand callers share four connections, and every one
// gets the answer to its own question.
func manyGoroutines(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		withNumbers(t, db, 1000)
		var callers sync.WaitGroup
		for n := range int64(1000) {
			callers.Go(func() {
				if n%10 == 0 {
					if _, err := broken.Many(t.Context(), db, runtime.None{}); err == nil {
						t.Error("no error")
					}
				}
				got, err := count.One(t.Context(), db, n+1)
				if err != nil || got != 1000-n {
					t.Errorf("%d: %d, %v", n, got, err)
				}
			})
		}
		callers.Wait()
		require.LessOrEqual(t, db.Stat().Idle, 4)
		connections, _ := odbc.Live()
		require.LessOrEqual(t, connections, int64(4))
		requireStatements(t, db, 4)
	}, runtime.WithPoolSize(4))
}

var broken = runtime.Query[runtime.None, int64]{Name: "Broken", SQL: "SELECT nothing FROM nowhere"}

// TestCachedStatements: a connection keeps a hundred, and works with more.
func TestCachedStatements(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 10)
		queries := make([]*runtime.Query[int64, int64], 150)
		for i := range queries {
			queries[i] = ints(fmt.Sprint("Q", i), fmt.Sprintf("SELECT n + %d AS n FROM numbers WHERE n = ?", i))
		}
		for range 2 {
			for i, q := range queries {
				n, err := q.One(t.Context(), db, 5)
				require.NoError(t, err)
				require.EqualValues(t, i+5, n)
			}
			requireStatements(t, db, 100)
		}
		// One that is evicted while it is read is closed after it.
		for n, err := range upTo.Stream(t.Context(), db, 10) {
			require.NoError(t, err)
			require.LessOrEqual(t, n, int64(10))
		}
		require.NoError(t, db.InTx(t.Context(), func(tx *runtime.Tx) error {
			seen := 0
			for n, err := range upTo.Stream(t.Context(), tx, 10) {
				require.NoError(t, err)
				seen++
				require.EqualValues(t, seen, n)
				if n == 1 {
					for _, q := range queries {
						_, err := q.One(t.Context(), tx, 5)
						require.NoError(t, err)
					}
				}
			}
			require.Equal(t, 10, seen)
			return nil
		}))
		requireStatements(t, db, 100)
	}, runtime.WithPoolSize(1))
}

// statementAfterError: a statement that failed is made anew.
func statementAfterError(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		withNumbers(t, db, 3)
		insert := command("Insert", "INSERT INTO numbers VALUES (?)", protocol.Int64, encodeInt64)
		ctx := context.Background()
		for range 3 {
			e := requireError(t, insert.Exec(ctx, db, 2), runtime.Error{Query: "Insert", Op: "execute"})
			require.NotEmpty(t, e.State)
			require.NotEmpty(t, e.Message)
			require.NotEmpty(t, e.Diagnostics)
		}
		require.NoError(t, insert.Exec(ctx, db, 4))
		_, err := upTo.One(ctx, db, 4)
		require.ErrorIs(t, err, runtime.ErrTooManyRows)
		require.Equal(t, numbersTo(4), collect(t, upTo.Stream(ctx, db, 9)))
	}, runtime.WithPoolSize(1))
}

// TestFetchedAhead: a stream that is left while its next block is being fetched
// leaves nothing behind, and blocks never mix.
func TestFetchedAhead(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		const rows = 20_000
		withNumbers(t, db, rows)
		stream := upTo.Stream(t.Context(), db, rows)
		for _, after := range []int64{576, 577, 5_000, rows - 1} { // the third block begins at 577
			var n int64
			for got, err := range stream {
				require.NoError(t, err)
				if n++; got != n {
					require.Equal(t, n, got)
				}
				if n == after {
					break
				}
			}
			requireGivenBack(t, db)
		}
		require.Equal(t, numbersTo(rows), collect(t, stream))
		all, err := upTo.Many(t.Context(), db, rows)
		require.NoError(t, err)
		require.Equal(t, numbersTo(rows), all)
		requireStatements(t, db, 2) // a stream has a statement of its own where drivers make a difference
	}, runtime.WithPoolSize(1), runtime.WithPrefetch(true))
}

// TestEndInLaterBlock: a context that ends while blocks are fetched ahead ends
// the stream, with rows in order before the error.
func TestEndInLaterBlock(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 20_000)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var n int64
		var failed error
		for got, err := range upTo.Stream(ctx, db, 20_000) {
			if err != nil {
				failed = err
				break
			}
			n++
			require.Equal(t, n, got)
			if n == 6_000 {
				cancel()
			}
		}
		require.ErrorIs(t, failed, context.Canceled)
		require.Less(t, n, int64(20_000))
		requireGivenBack(t, db)
	}, runtime.WithPoolSize(1), runtime.WithPrefetch(true))
}
