package runtime_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime"
)

func TestBulkParallel(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		createMembers(t, db)
		var told atomic.Int64
		result, err := insertMembers.Insert(t.Context(), db, slices.Values(membersTo(4321)),
			runtime.BulkParallel(3), runtime.BulkChunk(500), runtime.BulkProgress(func(rows int64) {
				require.Greater(t, rows, told.Swap(rows))
			}))
		require.NoError(t, err)
		require.Equal(t, runtime.BulkResult{Rows: 4321, Inserted: 4321}, result)
		require.EqualValues(t, 4321, told.Load())
		requireMembers(t, db, 4321)
	})
}

// TestBulkParallelBadChunk: the report says of each row whether it is stored.
func TestBulkParallelBadChunk(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		createMembers(t, db)
		rows := membersTo(5000)
		rows[2344].name.Valid = false
		taken := 0
		result, err := insertMembers.Insert(t.Context(), db, func(yield func(member) bool) {
			for _, row := range rows {
				taken++
				if !yield(row) {
					return
				}
			}
		}, runtime.BulkParallel(3), runtime.BulkChunk(100))
		report := requireReport(t, db, result, err, taken)
		require.Equal(t, runtime.RowRange{First: 2301, Last: 2400}, report.Failed[0].RowRange)
		requireError(t, report.Failed[0].Err, runtime.Error{Query: "InsertMembers", Op: "execute", Row: 2345, Column: "name"})
		require.ErrorContains(t, err, "rows 2301 to 2400: query InsertMembers: execute row 2345")
		require.Less(t, taken, 5000)
	})
}

// requireReport checks a report against the table: every row taken is stored or
// has failed.
func requireReport(t *testing.T, db database, result runtime.BulkResult, err error, taken int) *runtime.BulkError {
	t.Helper()
	var report *runtime.BulkError
	require.ErrorAs(t, err, &report)
	var stored, all int64
	between := ints("Between", "SELECT count(*) AS n FROM members WHERE id >= ?")
	for _, r := range report.Stored {
		from, err := between.One(t.Context(), db, r.First)
		require.NoError(t, err)
		beyond, err := between.One(t.Context(), db, r.Last+1)
		require.NoError(t, err)
		require.Equal(t, r.Last-r.First+1, from-beyond)
		stored += r.Last - r.First + 1
	}
	all = stored
	for _, f := range report.Failed {
		require.False(t, f.Unknown)
		all += f.Last - f.First + 1
	}
	require.Equal(t, stored, result.Rows)
	requireMembers(t, db, stored)
	require.EqualValues(t, taken, all)
	return report
}

// TestBulkParallelCancelled: chunks that are done stay, the others are undone,
// and nobody waits.
func TestBulkParallelCancelled(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		createMembers(t, db)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		taken := 0
		result, err := insertMembers.Insert(ctx, db, func(yield func(member) bool) {
			for _, row := range membersTo(5000) {
				if taken == 2345 {
					cancel()
				}
				taken++
				if !yield(row) {
					return
				}
			}
		}, runtime.BulkParallel(2), runtime.BulkChunk(100))
		require.ErrorIs(t, err, context.Canceled)
		requireReport(t, db, result, err, taken)
		requireGivenBack(t, db)
	})
}

// TestBulkChunksCancelledBehindTheLast: the report says that all is stored.
func TestBulkChunksCancelledBehindTheLast(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		createMembers(t, db)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		all := runtime.BulkProgress(func(rows int64) {
			if rows == 200 {
				cancel()
			}
		})
		result, err := insertMembers.Insert(ctx, db, slices.Values(membersTo(200)), runtime.BulkChunk(100), all)
		require.ErrorIs(t, err, context.Canceled)
		report := requireReport(t, db, result, err, 200)
		require.Equal(t, []runtime.RowRange{{First: 1, Last: 200}}, report.Stored)
		require.Empty(t, report.Failed)
	})
}

// TestBulkChunksIterator: an iterator that panics leaves the chunks before it,
// and no goroutine.
func TestBulkChunksIterator(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		createMembers(t, db)
		require.PanicsWithValue(t, "ours", func() {
			_, _ = insertMembers.Insert(t.Context(), db, func(yield func(member) bool) {
				slices.Values(membersTo(350))(yield)
				panic("ours")
			}, runtime.BulkParallel(2), runtime.BulkChunk(100))
		})
		requireMembers(t, db, 300)
		requireGivenBack(t, db)
	})
}

// TestBulkOptions: chunks work on one connection too, several connections need
// a DB.
func TestBulkOptions(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		createMembers(t, db)
		all := membersTo(1000)
		conn, err := db.Conn(t.Context())
		require.NoError(t, err)
		defer conn.Close()
		_, err = insertMembers.Insert(t.Context(), conn, slices.Values(all), runtime.BulkParallel(2))
		require.ErrorContains(t, err, "needs a *DB")
		var progress []int64
		tell := runtime.BulkProgress(func(rows int64) { progress = append(progress, rows) })
		_, err = insertMembers.Insert(t.Context(), conn, slices.Values(all[:250]), runtime.BulkChunk(100), tell)
		require.NoError(t, err)
		require.Equal(t, []int64{100, 200, 250}, progress)
		progress = nil
		_, err = insertMembers.Insert(t.Context(), conn, slices.Values(all[250:]), runtime.BulkRows(200), tell)
		require.NoError(t, err)
		require.Equal(t, []int64{200, 400, 600, 750}, progress)
		requireMembers(t, conn, 1000)
	})
}
