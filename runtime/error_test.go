package runtime_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
)

// TestKindsAreErrors: errors.Is asks for the kind, through what wraps the error.
func TestKindsAreErrors(t *testing.T) {
	err := fmt.Errorf("saving: %w", &runtime.Error{Op: "execute", Kind: runtime.KindUnique})
	require.ErrorIs(t, err, runtime.KindUnique)
	require.NotErrorIs(t, err, runtime.KindForeignKey)
	require.NotErrorIs(t, err, runtime.KindUnknown)
	require.NotErrorIs(t, err, uncomparable{})
	require.ErrorIs(t, &runtime.Error{}, runtime.KindUnknown)
	require.EqualError(t, runtime.KindForeignKey, "foreign key")
	require.EqualError(t, runtime.KindUnknown, "unknown")
}

type uncomparable []int

func (uncomparable) Error() string { return "" }

func TestPhases(t *testing.T) {
	for op, phase := range map[string]string{
		"connect": "connect", "prepare": "prepare", "describe": "prepare", "begin": "prepare", "bind": "bind", "execute": "execute",
		"rollback": "execute", "fetch": "fetch", "decode": "fetch", "commit": "commit", "receive": "",
	} {
		require.Equal(t, phase, (&runtime.Error{Op: op}).Phase().String())
	}
}

// TestErrorAsLogged: a group of what is known, in text and in JSON.
func TestErrorAsLogged(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))
	log.Error("failed", "err", &runtime.Error{
		Query: "Save", Op: "execute", State: "23505", Native: 1, Message: "duplicate key", Row: 3, Column: "id",
		Category: runtime.Validation, Kind: runtime.KindUnique, Outcome: runtime.StatementRolledBack,
	})
	require.Contains(t, out.String(), `err.query=Save err.op=execute err.phase=execute err.sqlstate=23505 err.message="duplicate key" err.category=validation err.kind=unique err.outcome="statement rolled back" err.retry=none err.column=id err.native=1 err.row=3`)
	out.Reset()
	log.Error("failed", "err", &runtime.Error{Op: "connect", Err: context.Canceled})
	require.Contains(t, out.String(), `err.op=connect err.phase=connect err.category=fatal err.outcome=unknown err.retry=none err.cause="context canceled"`)
}

// TestErrorsAreSent: in bytes that other programs read.
func TestErrorsAreSent(t *testing.T) {
	data, err := (&runtime.Error{Query: "Save", Op: "execute", State: "23000", Native: 42, Message: "Test error"}).MarshalBinary()
	require.NoError(t, err)
	require.Equal(t, "32333030302a0000000a00000054657374206572726f72", hex.EncodeToString(data))
	var got runtime.Error
	require.NoError(t, got.UnmarshalBinary(append(data, "more"...)))
	require.EqualError(t, &got, "receive: Test error (SQLSTATE 23000, native 42)")
	require.Equal(t, runtime.Validation, runtime.CategoryOf(&got))
	require.ErrorIs(t, &got, runtime.KindConstraint)
	require.Len(t, got.Diagnostics, 1)

	data, err = (&runtime.Error{Query: "Save", Op: "execute", Err: context.Canceled}).MarshalBinary()
	require.NoError(t, err)
	require.Equal(t, make([]byte, 5), data[:5])
	require.NoError(t, got.UnmarshalBinary(data))
	require.EqualError(t, &got, "receive: query Save: execute: context canceled")
	require.Equal(t, runtime.OutcomeUnknown, got.Outcome)
	require.Empty(t, got.Diagnostics)

	data, err = (&runtime.Error{Op: "execute", State: "1", Native: 7, Message: "odd \xff"}).MarshalBinary()
	require.NoError(t, err)
	require.Equal(t, "000000000007000000040000006f646420", hex.EncodeToString(data))
	require.Error(t, got.UnmarshalBinary(data[:12]))
}

// TestStreamFaults: a stream says what ended it.
func TestStreamFaults(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 3000)
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		late, done := context.WithTimeout(t.Context(), 0)
		defer done()
		null := ints("Null", "SELECT CASE WHEN n = 2000 THEN NULL ELSE n END AS n FROM numbers WHERE n > ? ORDER BY n")
		for _, test := range []struct {
			rows iter.Seq2[int64, error]
			want runtime.StreamFault
			text string
		}{
			{upTo.Stream(cancelled, db, 1), runtime.StreamInterrupted, "Streaming interrupted: "},
			{upTo.Stream(late, db, 1), runtime.StreamTimeout, "Query timed out: "},
			{ints("Missing", "SELECT n FROM nowhere WHERE n = ?").Stream(t.Context(), db, 1), runtime.StreamSQL, "Streaming SQL error: "},
			{null.Stream(t.Context(), db, 0), runtime.StreamProtocol, "Streaming protocol error: "},
			{null.Pages(t.Context(), db, 0, func(p, last int64) int64 { return last }), runtime.StreamProtocol, "Streaming protocol error: "},
			{null.ReadStream(t.Context(), db, 0), runtime.StreamProtocol, "Streaming protocol error: "},
		} {
			err := lastError(test.rows)
			var e *runtime.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, test.want, e.Stream, "%v", err)
			require.Contains(t, err.Error(), test.text)
			require.Contains(t, err.Error(), e.State)
		}
		_, err := upTo.Many(cancelled, db, 1)
		require.Empty(t, requireError(t, err, runtime.Error{Query: "UpTo", Op: "connect"}).Stream)

		// The server goes away while the rows are read.
		rows := 0
		for _, err = range upTo.Stream(t.Context(), db, 3000) {
			if rows++; rows == 1 && !kill(t, db) {
				return
			}
		}
		if err != nil { // MariaDB's driver has all rows by then
			var e *runtime.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, runtime.StreamInterrupted, e.Stream, "%v", err)
		}
	}, runtime.WithPoolSize(2))
}

// lastError returns the error that ends rows.
func lastError[R any](rows iter.Seq2[R, error]) error {
	for _, err := range rows {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestStreamLeftBeforeItsError: who leaves the loop is not called again, and the
// connection that the server has cut meanwhile serves nobody.
func TestStreamLeftBeforeItsError(t *testing.T) {
	for _, prefetch := range []bool{false, true} {
		onAll(t, func(t *testing.T, db database) {
			withNumbers(t, db, 30_000)
			rows := 0
			for _, err := range upTo.Stream(t.Context(), db, 30_000) {
				require.NoError(t, err)
				if rows++; rows == 600 { // in the third block; the fourth is asked for
					kill(t, db)
					break
				}
			}
			_, _ = count.One(t.Context(), db, 1) // tells of the loss where the stream has not met it
			n, err := count.One(t.Context(), db, 1)
			require.NoError(t, err)
			require.EqualValues(t, 30_000, n)
		}, runtime.WithPoolSize(1), runtime.WithPrefetch(prefetch))
	}
}

// TestErrorsAreTheCallers: callers on all databases at once, each with its own
// mistakes, and no error that is another's.
func TestErrorsAreTheCallers(t *testing.T) {
	var callers sync.WaitGroup
	for _, at := range testdb.All(t) {
		at := open(t, at, runtime.WithPoolSize(4))
		at.exec(t, "CREATE TABLE taken (k VARCHAR(40) NOT NULL PRIMARY KEY)")
		for c := range 8 {
			mark := fmt.Sprintf("%s_%d_", at.Name, c)
			at.exec(t, "INSERT INTO taken VALUES ('"+mark+"')")
			callers.Go(func() { ownMistakes(t, at, mark) })
		}
	}
	callers.Wait()
}

// ownMistakes provokes errors that name mark.
func ownMistakes(t *testing.T, db database, mark string) {
	wrong := func(err error, kind runtime.Kind, query, text string) {
		e := (*runtime.Error)(nil)
		if !errors.As(err, &e) || e.Kind != kind || e.Query != query || !strings.Contains(err.Error(), text) || strings.Count(err.Error(), db.Name+"_") != strings.Count(err.Error(), mark) {
			t.Errorf("%s: %s: %v", mark, kind, err)
		}
		if driverOf := db.Plugin().Name; e != nil && e.Driver != driverOf {
			t.Errorf("%s: an error of %s", mark, e.Driver)
		}
	}
	key := mark
	if db.Plugin() == &driver.SQLite {
		key = "taken.k" // it does not tell the value
	}
	for i := range 30 {
		table := fmt.Sprint(mark, i)
		wrong(lastError(ints(table, "SELECT n FROM "+table+" WHERE n = ?").Stream(context.Background(), db, 1)), runtime.KindUnknownObject, table, table)
		wrong(statement(table, "INSERT INTO taken VALUES ('"+mark+"')").Exec(context.Background(), db, runtime.None{}), runtime.KindUnique, table, key)
		wrong(statement(table, "DROP TABLE "+table).Exec(context.Background(), db, runtime.None{}), runtime.KindUnknownObject, table, table)
	}
}

// TestReaderFailsAndLoopIsLeft: what a reader of the row failed with has no loop left
// to be told to, and calls nobody.
func TestReaderFailsAndLoopIsLeft(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		createDocuments(t, db)
		require.NoError(t, insertLong.Exec(t.Context(), db, longDocument{id: 1, text: strings.NewReader(strings.Repeat("x", 1<<20)), title: "t"}))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		for d, err := range longDocumentsTo.ReadStream(ctx, db, 1) {
			require.NoError(t, err)
			cancel()
			_, err = io.Copy(io.Discard, d.text)
			require.ErrorIs(t, err, context.Canceled)
			break
		}
		require.NoError(t, readOne.ReadOne(t.Context(), db, 1, func(longDocument) error { return nil }))
	}, runtime.WithPoolSize(1))
}
