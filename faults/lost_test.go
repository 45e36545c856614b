package faults_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
)

// requireLost checks for the error of a call whose connection went away.
func requireLost(t *testing.T, err error, want runtime.Outcome) {
	t.Helper()
	var e *runtime.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, runtime.ConnectionLost, e.Category, "%v", err)
	require.Equal(t, want, e.Outcome, "%v", err)
	require.True(t, runtime.IsConnectionError(err))
	require.Equal(t, want != runtime.OutcomeUnknown && e.Retry != runtime.ScopeNone, runtime.IsRetryable(err))
}

// TestF1_ServerKilledWhileRowsAreRead: the rows are the first ones of the result, and
// what is cut off does not look like its end.
func TestF1_ServerKilledWhileRowsAreRead(t *testing.T) {
	onServers(t, func(t *testing.T, e engine) {
		const rows = 200_000
		server := e.own(t)
		at := server.Fresh(t)
		leavesNothing(t, 4)
		db := open(t, at)
		db.withNumbers(t, rows)
		var killed time.Time
		var read int64
		var failed error
		for n, err := range ints("All", "SELECT n FROM numbers ORDER BY n").Stream(t.Context(), db, 0) {
			if failed = err; err != nil {
				break
			}
			if read++; read != n {
				require.Equal(t, read, n)
			}
			if read == 5000 {
				server.Kill(t)
				killed = time.Now()
			}
		}
		require.Less(t, time.Since(killed), time.Second)
		if db.Plugin().Reads.Stream.Possible() {
			requireLost(t, failed, runtime.OutcomeUnknown)
			require.Less(t, read, int64(rows))
		} else { // the driver has all rows by then
			require.NoError(t, failed)
			require.EqualValues(t, rows, read)
		}
		server.Start(t)
		db.serves(t)
	})
}

// TestF2_SessionEndedWhileAStatementRuns: what the statement has done is not known,
// and its place in the pool is free at once.
func TestF2_SessionEndedWhileAStatementRuns(t *testing.T) {
	onServers(t, func(t *testing.T, e engine) {
		at := e.shared(t)
		leavesNothing(t, 4)
		db := open(t, at, sized(1))
		l := newLedger(t, db)
		failed := make(chan error)
		go func() {
			err := command("Sleep", e.sleeping("60")).Exec(t.Context(), db, 1)
			l.note(err, 1)
			failed <- err
		}()
		e.busy(t, at, "%sleep(60)%")
		e.killSessions(t, at)
		select {
		case err := <-failed:
			requireLost(t, err, runtime.OutcomeUnknown)
		case <-time.After(time.Second):
			require.Fail(t, "the call goes on without a session")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := one.One(ctx, db, 0)
		require.NoError(t, err, "the place in the pool is free")
		l.require(t, db)
	})
}

// TestF3_SessionEndedWhileIdle: with a check nobody sees it. Without, one call fails
// and is not repeated: nobody knows what has become of a write.
func TestF3_SessionEndedWhileIdle(t *testing.T) {
	onServers(t, func(t *testing.T, e engine) {
		t.Run("checked", func(t *testing.T) {
			at := e.shared(t)
			leavesNothing(t, 4)
			db := open(t, at, checked(2, runtime.CheckAlways))
			l := newLedger(t, db)
			for range 5 {
				e.killSessions(t, at)
				require.NoError(t, l.insert(t.Context(), db))
			}
			l.require(t, db)
		})
		t.Run("unchecked", func(t *testing.T) {
			at := e.shared(t)
			leavesNothing(t, 4)
			db := open(t, at, checked(1, runtime.CheckNever))
			l := newLedger(t, db)
			for range 5 {
				e.killSessions(t, at)
				err := l.insert(t.Context(), db)
				require.True(t, runtime.IsConnectionError(err), "%v", err)
				require.NoError(t, l.insert(t.Context(), db), "one call fails")
			}
			l.require(t, db)
		})
	})
}

// TestF4_SessionEndedBeforeCommit: the answer of the commit is lost with the session,
// and nothing is done twice.
func TestF4_SessionEndedBeforeCommit(t *testing.T) {
	onServers(t, func(t *testing.T, e engine) {
		at := e.shared(t)
		leavesNothing(t, 4)
		db := open(t, at)
		l := newLedger(t, db)
		runs := 0
		err := db.InTx(t.Context(), func(tx *runtime.Tx) error {
			runs++
			require.NoError(t, insertEntry.Exec(t.Context(), tx, 1))
			e.killSessions(t, at)
			return nil
		})
		requireLost(t, err, runtime.OutcomeUnknown)
		l.note(err, 1)
		var told *runtime.Error
		require.True(t, errors.As(err, &told))
		require.Equal(t, "commit", told.Op)
		require.Equal(t, driver.KindConnection, told.Kind)
		require.Equal(t, 1, runs)
		l.require(t, db)
		require.Empty(t, db.shown(t, "SELECT n FROM entries"))
		require.NoError(t, l.insert(t.Context(), db))
	})
}
