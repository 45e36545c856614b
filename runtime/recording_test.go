package runtime_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// TestNotFaked: whatever runs, its error names the query and what to set.
func TestNotFaked(t *testing.T) {
	db := runtime.NotFaked("GetBookFunc")
	const text = "connect: not faked: set GetBookFunc"
	query := ints("GetBook", "SELECT 1")
	for name, run := range map[string]func() error{
		"one":  func() error { _, err := query.One(t.Context(), db, 0); return err },
		"opt":  func() error { _, _, err := query.Opt(t.Context(), db, 0); return err },
		"many": func() error { _, err := query.Many(t.Context(), db, 0); return err },
		"frames": func() error {
			return query.Frames(t.Context(), db, 0, protocol.NewWriter(io.Discard, protocol.Format{}))
		},
		"exec": func() error { return statement("GetBook", "DELETE FROM x").Exec(t.Context(), db, runtime.None{}) },
		"bulk": func() error {
			bulk := runtime.Bulk[int64]{Name: "GetBook", Columns: query.Columns}
			_, err := bulk.Insert(t.Context(), db, slices.Values([]int64{1}))
			return err
		},
		"sets": func() error {
			sets := runtime.Sets[runtime.None, int64]{Name: "GetBook"}
			_, err := sets.Run(t.Context(), db, runtime.None{})
			return err
		},
	} {
		err := run()
		require.ErrorIs(t, err, runtime.ErrNotFaked, name)
		require.EqualError(t, err, "query GetBook: "+text, name)
		require.False(t, runtime.IsRetryable(err), name)
	}
	for _, stream := range []func(yield func(int64, error) bool){
		query.Stream(t.Context(), db, 0), query.Pages(t.Context(), db, 0, nextNumber),
	} {
		for _, err := range stream {
			require.EqualError(t, err, "query GetBook: Streaming interrupted: "+text)
		}
	}
	bulk := runtime.Bulk[int64]{Name: "GetBook", Columns: query.Columns}
	_, err := bulk.Insert(t.Context(), db, slices.Values([]int64{1}), runtime.BulkParallel(2))
	require.ErrorIs(t, err, runtime.ErrNotFaked)
	require.EqualError(t, db.InTx(t.Context(), func(*runtime.Tx) error { return nil }), text)
}

// TestRecording: a file is read as often as it is asked for, and one that is missing is
// told when it is read.
func TestRecording(t *testing.T) {
	query := ints("Numbers", "")
	files := fstest.MapFS{"Numbers.frames": {Data: numbersAsFrames(t, 1, 2, 3)}}
	for range 2 {
		require.Equal(t, []int64{1, 2, 3}, collect(t, query.Read(runtime.Recording(files, "Numbers"))))
	}
	_, err := query.ReplayMany(runtime.Recording(nil, "Numbers"))
	require.ErrorIs(t, err, runtime.ErrNotFaked)
	require.ErrorContains(t, err, "not faked: set NumbersFunc, or Frames to a folder with Numbers.frames")
	_, err = query.ReplayMany(runtime.Recording(fstest.MapFS{}, "Numbers"))
	require.ErrorIs(t, err, runtime.ErrNotFaked)
	require.ErrorContains(t, err, "not faked: set NumbersFunc, or record Numbers.frames: open Numbers.frames: file does not exist")
}

// TestCopy: the copy has the rows, and the errors of both sides are told.
func TestCopy(t *testing.T) {
	query := ints("Numbers", "")
	for _, numbers := range [][]int64{{1, 2, 3}, {}} {
		var copied bytes.Buffer
		w := protocol.NewWriter(&copied, protocol.Format{Version: protocol.Packed})
		require.NoError(t, query.Copy(w, bytes.NewReader(numbersAsFrames(t, numbers...))))
		require.NoError(t, w.Close())
		require.Equal(t, numbers, append([]int64{}, collect(t, query.Read(&copied))...))
	}
	broken := errors.New("broken")
	err := query.Copy(protocol.NewWriter(io.Discard, protocol.Format{Version: protocol.Packed}), iotest.ErrReader(broken))
	require.ErrorIs(t, err, broken)
	requireError(t, err, runtime.Error{Query: "Numbers", Op: "read"})

	pipe, end := io.Pipe()
	require.NoError(t, pipe.CloseWithError(broken))
	err = query.Copy(protocol.NewWriter(end, protocol.Format{Version: protocol.Packed}), bytes.NewReader(numbersAsFrames(t, 1)))
	require.ErrorIs(t, err, broken)
	requireError(t, err, runtime.Error{Query: "Numbers", Op: "write"})
}

// numbersAsFrames returns numbers as frames of a query with the column n.
func numbersAsFrames(t *testing.T, numbers ...int64) []byte {
	columns := []protocol.ColumnSpec{{Name: "n", Kind: protocol.Int64}}
	b := protocol.NewBatch(columns, 0)
	for _, n := range numbers {
		b.Int64(0).Append(n)
		b.EndRow()
	}
	var frames bytes.Buffer
	w := protocol.NewWriter(&frames, protocol.Format{Version: protocol.Packed})
	w.Columns(columns)
	require.NoError(t, w.Write(b))
	require.NoError(t, w.Close())
	return frames.Bytes()
}
