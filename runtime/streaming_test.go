package runtime_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// The queries of this file have no parameters: with them SQLite does not stream.

var allNumbers = ints("AllNumbers", "SELECT n FROM numbers ORDER BY n")

// TestStreaming: a result that the driver holds in part is read from its first
// row each time, wherever it was left the time before.
func TestStreaming(t *testing.T) {
	for _, ahead := range []bool{false, true} {
		onAll(t, streaming, runtime.WithPoolSize(1), runtime.WithPrefetch(ahead))
	}
}

func streaming(t *testing.T, db database) {
	const rows = 20_000
	withNumbers(t, db, rows)
	stream := allNumbers.Stream(t.Context(), db, 0)
	for _, after := range []int{1, 2, 64, 65, 576, 577, 4673, 12_000, rows - 1} {
		got := make([]int64, 0, after)
		for n, err := range stream {
			require.NoError(t, err)
			if got = append(got, n); len(got) == after {
				break
			}
		}
		require.Equal(t, numbersTo(after), got)
		requireGivenBack(t, db)
	}
	for range 2 {
		require.Equal(t, numbersTo(rows), collect(t, stream))
	}
	requireStatements(t, db, 1)
	n, err := count.One(t.Context(), db, 0) // the connection is in order, in autocommit
	require.NoError(t, err)
	require.EqualValues(t, rows, n)
}

// TestStreamingLongValues reads values of every length in every place.
func TestStreamingLongValues(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		createDocuments(t, db)
		want := longDocuments()
		_, err := insertDocuments.Insert(t.Context(), db, slices.Values(want))
		require.NoError(t, err)
		all := documents
		all.SQL, all.Params, all.Encode = "SELECT id, body, data, title FROM documents ORDER BY id", nil, nil
		for range 2 {
			requireDocuments(t, want, collect(t, all.Stream(t.Context(), db, 0)))
		}
	})
}

// endless is a query that only a driver which streams ever answers.
var endless = ints("Endless", "WITH RECURSIVE c(n) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT n + 1 FROM c) SELECT n FROM c")

func TestStreamingEndless(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		if !db.Plugin().Reads.Stream.Possible() {
			require.Equal(t, "mariadb", db.Name)
			return
		}
		withNumbers(t, db, 1)
		var read int64
		for n, err := range endless.Stream(t.Context(), db, 0) {
			require.NoError(t, err)
			if read++; n == 50_000 {
				break
			}
		}
		require.EqualValues(t, 50_000, read)

		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var failed error
		read = 0
		for n, err := range endless.Stream(ctx, db, 0) {
			if err != nil {
				failed = err
				break
			}
			read++
			require.Equal(t, read, n)
			if read == 30_000 {
				cancel()
			}
		}
		require.ErrorIs(t, failed, context.Canceled)
		requireGivenBack(t, db)
		n, err := count.One(t.Context(), db, 0)
		require.NoError(t, err)
		require.EqualValues(t, 1, n)
	}, runtime.WithPoolSize(1))
}

// failing gives an error in row 15,000.
var failing = byEngine{
	"sqlite":   "SELECT n + 0 * abs(-9223372036854775807 - n / 15000) AS n FROM numbers",
	"postgres": "SELECT n + 0 / (n - 15000) AS n FROM numbers",
	"mariadb":  "SELECT n + 0 * (9223372036854760807 + n) AS n FROM numbers ORDER BY n",
}

// TestErrorInLaterRow: the rows before it are handed out.
func TestErrorInLaterRow(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 20_000)
		var got []int64
		var failed error
		for n, err := range ints("Failing", failing.of(db)).Stream(t.Context(), db, 0) {
			if failed = err; err == nil {
				got = append(got, n)
			}
		}
		var e *runtime.Error
		require.ErrorAs(t, failed, &e)
		require.Equal(t, "Failing", e.Query)
		require.Equal(t, numbersTo(len(got)), got)
		if db.Plugin().Reads.Stream.Possible() {
			require.Greater(t, len(got), 12_000) // psqlODBC tells nothing of the rows of the block with the error
		}
		require.Equal(t, numbersTo(20_000), collect(t, allNumbers.Stream(t.Context(), db, 0)))
	}, runtime.WithPoolSize(1))
}

// TestCellThatCannotBeRead: a row whose cells could not all be read is not handed
// out, whatever the way to read it.
func TestCellThatCannotBeRead(t *testing.T) {
	moments := runtime.Query[runtime.None, string]{
		Name: "Moments", SQL: "SELECT title, moment FROM moments ORDER BY title",
		Columns: []runtime.Column{{Name: "title", Kind: protocol.Text}, {Name: "moment", Kind: protocol.Timestamp}},
		Decode: func(rows []string, b *protocol.Batch) {
			title, moment := b.Text(0), b.Timestamp(1)
			for i := range rows {
				rows[i] = title.At(i) + " " + moment.At(i).Format(time.DateTime)
			}
		},
	}
	onAll(t, func(t *testing.T, db database) {
		db.exec(t, "CREATE TABLE moments (title VARCHAR(10), moment VARCHAR(40)); INSERT INTO moments VALUES ('a', '2024-02-29 13:14:15'), ('b', 'no moment'), ('c', '2024-02-29 13:14:16')")
		unknown := open(t, db.Database, runtime.WithPlugin(&driver.Generic))
		defer unknown.Close()
		for _, at := range []database{db, unknown} {
			var got []string
			var failed error
			for row, err := range moments.Stream(t.Context(), at, runtime.None{}) {
				if failed = err; err == nil {
					got = append(got, row)
				}
			}
			require.Error(t, failed)
			require.Subset(t, []string{"a 2024-02-29 13:14:15"}, got)
		}
	})
}

// TestStreamThatWrites: a statement that changes something is executed as a whole
// and does not go through a cursor.
func TestStreamThatWrites(t *testing.T) {
	moving := byEngine{
		"postgres": "WITH moved AS (DELETE FROM numbers WHERE n > 10 RETURNING n) SELECT n FROM moved ORDER BY n",
		"mariadb":  "INSERT INTO numbers VALUES (1001), (1002) RETURNING n",
	}
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 1000)
		if db.Name == "sqlite" { // the driver tells no columns of INSERT … RETURNING, and takes WITH … DELETE for a command
			remove := statement("Remove", "WITH old AS (SELECT 10 AS n) DELETE FROM numbers WHERE n > (SELECT n FROM old)")
			require.NoError(t, remove.Exec(t.Context(), db, runtime.None{}))
			n, err := count.One(t.Context(), db, 0)
			require.NoError(t, err)
			require.EqualValues(t, 10, n)
			return
		}
		moved := collect(t, ints("Moving", moving.of(db)).Stream(t.Context(), db, 0))
		n, err := count.One(t.Context(), db, 0)
		require.NoError(t, err)
		if db.Name == "postgres" {
			require.Equal(t, numbersTo(1000)[10:], moved)
			require.EqualValues(t, 10, n)
		} else {
			require.Equal(t, []int64{1001, 1002}, moved)
			require.EqualValues(t, 1002, n)
		}
	}, runtime.WithPoolSize(1))
}

// TestStreamAllocates: three allocations a block, however many rows are in it.
func TestStreamAllocates(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		const rows = 120_000
		withNumbers(t, db, rows)
		named := runtime.Query[runtime.None, string]{
			Name: "Named", SQL: "SELECT CAST(n AS CHAR(20)) AS name FROM numbers", // SQLite calls it VARCHAR(255)
			Columns: []runtime.Column{{Name: "name", Kind: protocol.Text}},
			Decode: func(rows []string, b *protocol.Batch) {
				name := b.Text(0)
				for i := range rows {
					rows[i] = name.At(i)
				}
			},
		}
		read := func() {
			for _, err := range named.Stream(t.Context(), db, runtime.None{}) {
				require.NoError(t, err)
			}
		}
		const blocks = rows / 900                                      // of 1 MiB
		require.Less(t, testing.AllocsPerRun(3, read), 3.0*blocks+110) // what the query itself takes, and the tool's own
	})
}
