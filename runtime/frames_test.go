package runtime_test

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// formats are all that frames can be written in.
var formats = []protocol.Format{
	{Version: protocol.RowMajor},
	{Version: protocol.Columnar},
	{Version: protocol.Columnar, Compression: protocol.Zstd},
	{Version: protocol.Columnar, Compression: protocol.LZ4},
	packed,
	{Version: protocol.Packed, Compression: protocol.Zstd},
	{Version: protocol.Packed, Compression: protocol.LZ4},
}

var packed = protocol.Format{Version: protocol.Packed}

// record returns the rows of a query as frames.
func record[P, R any](t testing.TB, db runtime.Session, q *runtime.Query[P, R], p P, f protocol.Format) []byte {
	t.Helper()
	var frames bytes.Buffer
	w := protocol.NewWriter(&frames, f)
	require.NoError(t, q.Frames(t.Context(), db, p, w))
	require.NoError(t, w.Close())
	return frames.Bytes()
}

// requireSameByFrames checks that the rows of a query come out of frames, and out of a
// spool, as they come from the database. Values of every kind pass here.
func requireSameByFrames[R any](t *testing.T, db database, q *runtime.Query[runtime.None, R]) {
	t.Helper()
	want := collect(t, q.Stream(t.Context(), db, runtime.None{}))
	for _, f := range formats {
		frames := record(t, db, q, runtime.None{}, f)
		require.Equal(t, want, collect(t, q.Read(bytes.NewReader(frames))), "%+v", f)
	}
	for _, s := range []runtime.Spool{{}, {Threshold: -1, Dir: t.TempDir()}, {Compression: protocol.Zstd}} {
		spooled := *q
		spooled.Spool = &s
		require.Equal(t, want, collect(t, spooled.Stream(t.Context(), db, runtime.None{})), "%+v", s)
	}
}

// TestFrames: a result of several blocks, of a part of one, and of none.
func TestFrames(t *testing.T) {
	for _, ahead := range []bool{false, true} {
		onProfiles(t, frames, runtime.WithPoolSize(1), runtime.WithPrefetch(ahead))
	}
}

func frames(t *testing.T, db database) {
	withNumbers(t, db, 10_000)
	for _, f := range formats {
		for _, rows := range []int{0, 1, 64, 65, 10_000} {
			var frames bytes.Buffer
			w := protocol.NewWriter(&frames, f)
			require.NoError(t, upTo.Frames(t.Context(), db, int64(rows), w))
			requireGivenBack(t, db)
			require.NoError(t, w.Close())
			require.EqualValues(t, rows, w.Rows())
			got, err := upTo.ReplayMany(iotest.HalfReader(&frames))
			require.NoError(t, err)
			require.Equal(t, append([]int64{}, numbersTo(rows)...), got)
		}
	}
}

// TestFramesLongValues: values that did not fit their slots stand in frames too.
func TestFramesLongValues(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		createDocuments(t, db)
		want := longDocuments()
		_, err := insertDocuments.Insert(t.Context(), db, slices.Values(want))
		require.NoError(t, err)
		all := documents
		all.SQL, all.Params, all.Encode = "SELECT id, body, data, title FROM documents ORDER BY id", nil, nil
		requireDocuments(t, want, collect(t, all.Read(bytes.NewReader(record(t, db, &all, 0, packed)))))
		all.Spool = &runtime.Spool{}
		requireDocuments(t, want, collect(t, all.Stream(t.Context(), db, 0)))
	})
}

// TestFramesThroughPipe: the reader has rows while the query goes on.
func TestFramesThroughPipe(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 5_000)
		r, w := io.Pipe()
		go func() {
			frames := protocol.NewWriter(w, packed)
			err := upTo.Frames(t.Context(), db, 5_000, frames)
			if err == nil {
				err = frames.Close()
			}
			w.CloseWithError(err)
		}()
		require.Equal(t, numbersTo(5_000), collect(t, upTo.Read(r)))
		requireGivenBack(t, db)
	}, runtime.WithPoolSize(1))
}

// TestFramesWriterFails: what is wrong with the writer is no fault of the connection,
// nor of the transaction.
func TestFramesWriterFails(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 20_000)
		fails := func(db runtime.Session) {
			for _, room := range []int{0, 100, 50_000} {
				err := upTo.Frames(t.Context(), db, 20_000, protocol.NewWriter(&fullWriter{room}, packed))
				e := requireError(t, err, runtime.Error{Query: "UpTo", Op: "write", Err: errOurs})
				require.Equal(t, runtime.Done, e.Outcome)
				require.False(t, runtime.IsConnectionError(err))
				require.False(t, runtime.IsRetryable(err))
				require.ErrorContains(t, err, "query UpTo: write: ")
			}
		}
		fails(db)
		made := db.Stat().Dials
		require.NoError(t, db.InTx(t.Context(), func(tx *runtime.Tx) error {
			fails(tx)
			return insertNumber.Exec(t.Context(), tx, 30_000)
		}))
		n, err := count.One(t.Context(), db, 30_000)
		require.NoError(t, err)
		require.EqualValues(t, 1, n)
		require.Equal(t, made, db.Stat().Dials)
		requireStatements(t, db, 3)
	}, runtime.WithPoolSize(1))
}

// fullWriter fails when it has taken so many bytes.
type fullWriter struct{ room int }

func (w *fullWriter) Write(p []byte) (int, error) {
	if len(p) > w.room {
		return w.room, errOurs
	}
	w.room -= len(p)
	return len(p), nil
}

// holed gives NULL in row 700 of its column that is not null.
var holed = ints("Holed", "SELECT CASE WHEN n < 700 THEN n END AS n FROM numbers ORDER BY numbers.n")

// TestFramesNull: a NULL that has no place in a row ends the frames as it ends a stream.
func TestFramesNull(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 1000)
		var frames bytes.Buffer
		w := protocol.NewWriter(&frames, packed)
		err := holed.Frames(t.Context(), db, 0, w)
		requireError(t, err, runtime.Error{Query: "Holed", Op: "decode", Column: "n", Row: 700, Err: protocol.ErrNull})
		require.EqualValues(t, 699, w.Rows())
		rows, err := until(holed.Read(&frames))
		require.Equal(t, numbersTo(699), rows)
		requireError(t, err, runtime.Error{Query: "Holed", Op: "read", Err: protocol.ErrTruncated})

		spooled := *holed
		spooled.Spool = &runtime.Spool{}
		for _, q := range []*runtime.Query[int64, int64]{holed, &spooled} {
			rows, err = until(q.Stream(t.Context(), db, 0))
			require.Equal(t, numbersTo(699), rows)
			require.EqualError(t, err, `query Holed: Streaming protocol error: decode: column 1 "n", row 700: NULL in a column generated as not null`)
		}
	})
}

// TestFramesNotUTF8: text that frames cannot hold ends them behind the rows before it. It
// is in the second column of a row before that with the first.
func TestFramesNotUTF8(t *testing.T) {
	onOne(t, "sqlite", testdb.SQLite(t), func(t *testing.T, db database) {
		withNumbers(t, db, 1000)
		q := words("Odd", `SELECT CASE WHEN n = 690 THEN CAST(X'C3' AS TEXT) ELSE 'ä' END AS v,
			CASE WHEN n = 680 THEN CAST(X'C3' AS TEXT) ELSE 'ö' END AS w FROM numbers ORDER BY n`)
		q.Columns = append(q.Columns, runtime.Column{Name: "w", Kind: protocol.Text})
		for _, f := range formats {
			var frames bytes.Buffer
			w := protocol.NewWriter(&frames, f)
			err := q.Frames(t.Context(), db, runtime.None{}, w)
			e := requireError(t, err, runtime.Error{Query: "Odd", Op: "write", Column: "w", Row: 680})
			require.Equal(t, runtime.KindData, e.Kind)
			require.Equal(t, runtime.Done, e.Outcome)
			require.ErrorContains(t, err, `column 2 "w", row 680: `)
			require.ErrorContains(t, err, "not UTF-8")
			require.EqualValues(t, 679, w.Rows())
			require.NoError(t, w.Close())
			require.Len(t, collect(t, q.Read(&frames)), 679)
		}
		q.Spool = &runtime.Spool{}
		rows, err := until(q.Stream(t.Context(), db, runtime.None{}))
		require.Len(t, rows, 679)
		requireError(t, err, runtime.Error{Query: "Odd", Op: "spool", Column: "w", Row: 680})
		requireGivenBack(t, db)
	}, runtime.WithPoolSize(1))
}

// until returns the rows before the error, and the error.
func until[R any](rows iter.Seq2[R, error]) (got []R, err error) {
	for row, err := range rows {
		if err != nil {
			return got, err
		}
		got = append(got, row)
	}
	return got, nil
}

// TestFramesOfReaders: what is read in pieces does not stand in frames.
func TestFramesOfReaders(t *testing.T) {
	q := runtime.Query[runtime.None, longDocument]{Name: "Long", Columns: longColumns}
	err := q.Frames(t.Context(), nil, runtime.None{}, nil) // nothing is asked of the database
	requireError(t, err, runtime.Error{Query: "Long", Op: "bind"})
	require.ErrorContains(t, err, "generate it without reader")
	_, err = q.ReplayMany(bytes.NewReader(framesOf(t, 1, packed)))
	requireError(t, err, runtime.Error{Query: "Long", Op: "read"})
	require.ErrorContains(t, err, "generate it without reader")
}

// TestPageFrames: the pages are one result.
func TestPageFrames(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 25)
		write := func(advance func(p, row int64) int64) ([]int64, error) {
			var frames bytes.Buffer
			w := protocol.NewWriter(&frames, packed)
			err := pageOfNumbers.PageFrames(t.Context(), db, 5, advance, w)
			require.NoError(t, w.Close())
			return collect(t, pageOfNumbers.Read(&frames)), err
		}
		rows, err := write(nextNumber)
		require.NoError(t, err)
		require.Equal(t, numbersTo(25)[5:], rows)
		rows, err = write(func(p, _ int64) int64 { return p })
		require.ErrorContains(t, err, "does not advance")
		require.Equal(t, numbersTo(15)[5:], rows)
		require.NoError(t, pageOfNumbers.PageFrames(t.Context(), db, 25, nextNumber, protocol.NewWriter(io.Discard, packed)))
	}, runtime.WithPoolSize(1))
}

// framesOf returns frames of one column n with the numbers to n, without a database.
func framesOf(t *testing.T, n int, f protocol.Format) []byte {
	t.Helper()
	var frames bytes.Buffer
	w := protocol.NewWriter(&frames, f)
	w.Columns([]protocol.ColumnSpec{{Name: "n", Kind: protocol.Int64}})
	for _, number := range numbersTo(n) { // a frame each
		b := protocol.NewBatch([]protocol.ColumnSpec{{Name: "n", Kind: protocol.Int64}}, 0)
		b.Int64(0).Append(number)
		b.EndRow()
		require.NoError(t, w.Write(b))
	}
	require.NoError(t, w.Close())
	return frames.Bytes()
}

// TestReplay: frames are read as the query's own result would be.
func TestReplay(t *testing.T) {
	for _, f := range formats {
		for n := range 4 {
			frames := func() io.Reader { return bytes.NewReader(framesOf(t, n, f)) }
			all, err := upTo.ReplayMany(frames())
			require.NoError(t, err)
			require.Equal(t, append([]int64{}, numbersTo(n)...), all)
			one, errOne := upTo.ReplayOne(frames())
			opt, ok, errOpt := upTo.ReplayOpt(frames())
			require.Equal(t, n == 1, ok)
			switch n {
			case 0:
				requireError(t, errOne, runtime.Error{Query: "UpTo", Op: "read", Err: runtime.ErrNoRows})
				require.NoError(t, errOpt)
			case 1:
				require.NoError(t, errors.Join(errOne, errOpt))
				require.EqualValues(t, []int64{1, 1}, []int64{one, opt})
			default:
				requireError(t, errOne, runtime.Error{Query: "UpTo", Op: "read", Err: runtime.ErrTooManyRows})
				require.ErrorIs(t, errOpt, runtime.ErrTooManyRows)
			}
		}
	}
	for n, err := range upTo.Read(bytes.NewReader(framesOf(t, 9, packed))) { // broken off
		require.NoError(t, err)
		if n == 5 {
			break
		}
	}
}

// TestReadErrors: what is wrong with frames is told last, and with the query's name.
func TestReadErrors(t *testing.T) {
	three := framesOf(t, 3, packed)
	other := *upTo
	other.Columns = []runtime.Column{{Name: "m", Kind: protocol.Int64}}
	two := *upTo
	two.Columns = []runtime.Column{{Name: "n", Kind: protocol.Int64}, {Name: "m", Kind: protocol.Int64}}
	twoColumns, err := packed.Append(nil, protocol.NewBatch([]protocol.ColumnSpec{{Name: "n", Kind: protocol.Int64}, {Name: "m", Kind: protocol.Int64}}, 0))
	require.NoError(t, err)
	var counted bytes.Buffer
	require.NoError(t, protocol.NewWriter(&counted, protocol.Format{Version: protocol.RowMajor}).Count(7))
	for _, test := range []struct {
		name  string
		q     *runtime.Query[int64, int64]
		r     io.Reader
		opts  []runtime.ReadOption
		rows  int
		err   error
		words string
	}{
		{name: "cut", q: upTo, r: bytes.NewReader(three[:len(three)-1]), rows: 3, err: protocol.ErrTruncated},
		{name: "nothing", q: upTo, r: bytes.NewReader(nil), err: protocol.ErrTruncated},
		{name: "no frames", q: upTo, r: bytes.NewReader(bytes.Repeat([]byte("x"), 100))},
		{name: "another column", q: &other, r: bytes.NewReader(three), words: `"m"`},
		{name: "a column more", q: &two, r: bytes.NewReader(three)},
		{name: "a column less", q: upTo, r: bytes.NewReader(twoColumns), words: "2 columns"},
		{name: "row count", q: upTo, r: &counted, words: "row count"},
		{name: "limit", q: upTo, r: bytes.NewReader(three), opts: []runtime.ReadOption{runtime.ReadLimits(protocol.Limits{Payload: 1})}, err: protocol.ErrLimit},
		{name: "reader", q: upTo, r: io.MultiReader(bytes.NewReader(three[:len(three)*2/3]), iotest.ErrReader(errOurs)), rows: -1, err: errOurs},
	} {
		t.Run(test.name, func(t *testing.T) {
			rows, err := until(test.q.Read(test.r, test.opts...))
			if test.rows >= 0 {
				require.Equal(t, numbersTo(test.rows), rows)
			}
			e := requireError(t, err, runtime.Error{Query: "UpTo", Op: "read", Err: test.err})
			require.ErrorContains(t, err, test.words)
			require.Equal(t, runtime.NotSent, e.Outcome)
			if test.err != errOurs {
				require.Equal(t, runtime.Validation, e.Category)
				require.Equal(t, runtime.StreamProtocol, e.Stream)
			}
		})
	}
}

// TestReadNull: a NULL in frames of another query is told as it is of a live one.
func TestReadNull(t *testing.T) {
	var frames bytes.Buffer
	w := protocol.NewWriter(&frames, packed)
	b := protocol.NewBatch([]protocol.ColumnSpec{{Name: "n", Kind: protocol.Int64}}, 0)
	for i := range int64(3) {
		b.Int64(0).AppendPtr([]*int64{&i, nil, nil}[i])
		b.EndRow()
	}
	require.NoError(t, w.Write(b))
	require.NoError(t, w.Close())
	rows, err := until(upTo.Read(&frames))
	require.Equal(t, []int64{0}, rows)
	requireError(t, err, runtime.Error{Query: "UpTo", Op: "read", Column: "n", Row: 2, Err: protocol.ErrNull})
}
