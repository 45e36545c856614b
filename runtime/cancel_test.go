package runtime_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// The time that a call may go on after its context has ended: cancelLimit once
// in three tries, and cancelPatience on a machine that has other things to do.
const (
	cancelLimit    = 200 * time.Millisecond
	cancelPatience = 2 * time.Second
)

// slow are queries that run long for a long parameter, and not at all for 0.
var slow = map[string][]*runtime.Query[int64, int64]{
	"sqlite": {
		ints("Count", "WITH RECURSIVE c(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM c WHERE i < ?) SELECT count(*) AS n FROM c"),
	},
	"postgres": {
		ints("Sleep", "SELECT count(*) AS n FROM (SELECT pg_sleep(?)) s"),
		ints("Count", "SELECT count(*) AS n FROM generate_series(1, 100000) a, generate_series(1, 100000) b WHERE ? > 0"),
	},
	"mariadb": {
		ints("Sleep", "SELECT sleep(?) AS n"),
		ints("Benchmark", "SELECT benchmark(?, sha2('a', 512)) AS n"), // which answers success when it is cancelled
		ints("Count", "SELECT count(*) AS n FROM seq_1_to_100000 a JOIN seq_1_to_100000 b ON a.seq * b.seq > 5 WHERE ? > 0"),
	},
}

// forever is long enough for each of slow: seconds, or rounds.
const forever = 1_000_000_000

// end is a way in which a context ends a moment after it was made; ended gives
// the time when it did.
type end struct {
	name string
	err  error
	make func(*testing.T) (ctx context.Context, ended func() time.Time)
}

var ends = []end{
	{"cancel", context.Canceled, cancelSoon},
	{"deadline", context.DeadlineExceeded, deadlineSoon},
}

func cancelSoon(t *testing.T) (context.Context, func() time.Time) {
	ctx, cancel := context.WithCancel(t.Context())
	at := make(chan time.Time, 1)
	time.AfterFunc(moment, func() {
		at <- time.Now()
		cancel()
	})
	return ctx, func() time.Time { return <-at }
}

func deadlineSoon(t *testing.T) (context.Context, func() time.Time) {
	deadline := time.Now().Add(moment)
	ctx, cancel := context.WithDeadline(t.Context(), deadline)
	t.Cleanup(cancel)
	return ctx, func() time.Time { return deadline }
}

const moment = 100 * time.Millisecond

// cancelExecuting: a call ends soon after its context, with the context's error,
// whether the driver heeds a cancel or answers success.
func cancelExecuting(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		withNumbers(t, db, 10)
		for _, q := range slow[db.Name] {
			for _, end := range ends {
				t.Run(q.Name+"/"+end.name, func(t *testing.T) {
					late := cancelPatience
					for try := 0; try < 20 && late >= cancelLimit; try++ { // a busy machine takes its time
						late = min(late, lateness(t, db, q, end))
					}
					require.Less(t, late, cancelLimit)
				})
			}
		}
	}, runtime.WithPoolSize(1))
}

// lateness returns how long q went on after its context had ended, and checks
// that the connection and q are in order.
func lateness(t *testing.T, db database, q *runtime.Query[int64, int64], end end) time.Duration {
	ctx, ended := end.make(t)
	_, err := q.Many(ctx, db, forever)
	late := time.Since(ended())
	requireError(t, err, runtime.Error{Query: q.Name, Op: "execute", Err: end.err})

	requireGivenBack(t, db)
	if db.Stat().Idle == 0 { // given up with a call that went on for too long
		late = cancelPatience
	}
	n, err := count.One(t.Context(), db, 1)
	require.NoError(t, err)
	require.EqualValues(t, 10, n)
	_, err = q.One(t.Context(), db, 0)
	require.NoError(t, err)
	return late
}

// TestCancelInTransaction: what was done before stays, and can be committed.
func TestCancelInTransaction(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 0)
		insert := command("Insert", "INSERT INTO numbers VALUES (?)", protocol.Int64, encodeInt64)
		err := db.InTx(t.Context(), func(tx *runtime.Tx) error {
			require.NoError(t, insert.Exec(t.Context(), tx, 1))
			ctx, ended := cancelSoon(t)
			_, err := slow[db.Name][0].Many(ctx, tx, forever)
			require.ErrorIs(t, err, context.Canceled)
			require.Less(t, time.Since(ended()), cancelPatience)
			return insert.Exec(t.Context(), tx, 2)
		})
		require.NoError(t, err)
		require.Equal(t, [][]string{{"1"}, {"2"}}, db.shown(t, "SELECT n FROM numbers ORDER BY n"))
	})
}

// cancelCommand: a command that was cancelled has done nothing.
func cancelCommand(t *testing.T) {
	source := byEngine{
		"sqlite":   "WITH RECURSIVE c(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM c WHERE i < ?) SELECT max(i) FROM c",
		"postgres": "SELECT 0 FROM (SELECT pg_sleep(?)) s",
		"mariadb":  "SELECT sleep(?)",
	}
	onProfiles(t, func(t *testing.T, db database) {
		withNumbers(t, db, 0)
		insert := command("Insert", "INSERT INTO numbers "+source.of(db), protocol.Int64, encodeInt64)
		ctx, ended := deadlineSoon(t)
		err := insert.Exec(ctx, db, forever)
		require.Less(t, time.Since(ended()), cancelPatience)
		requireError(t, err, runtime.Error{Query: "Insert", Op: "execute", Err: context.DeadlineExceeded})
		require.Empty(t, db.shown(t, "SELECT n FROM numbers"))
		require.NoError(t, insert.Exec(t.Context(), db, 0))
		require.Equal(t, [][]string{{"0"}}, db.shown(t, "SELECT n FROM numbers"))
	})
}

// TestCancelWaitForLock: a caller need not wait for the lock of another one. On
// SQLite the driver waits, and listens to nobody until its Timeout.
func TestCancelWaitForLock(t *testing.T) {
	const timeout = 100 * time.Millisecond
	for _, at := range testdb.All(t) {
		t.Run(at.Name, func(t *testing.T) {
			limit := cancelPatience
			if at.Name == "sqlite" {
				at.DSN += fmt.Sprint(";Timeout=", timeout.Milliseconds())
				limit += 2 * timeout
			}
			db := open(t, at)
			withNumbers(t, db, 1)
			update := command("Update", "UPDATE numbers SET n = n + ?", protocol.Int64, encodeInt64)
			require.NoError(t, db.InTx(t.Context(), func(tx *runtime.Tx) error {
				require.NoError(t, update.Exec(t.Context(), tx, 1))
				ctx, ended := deadlineSoon(t)
				err := update.Exec(ctx, db, 10)
				require.Less(t, time.Since(ended()), limit)
				requireError(t, err, runtime.Error{Query: "Update", Op: "execute", Err: context.DeadlineExceeded})
				return nil
			}))
			require.NoError(t, update.Exec(t.Context(), db, 100))
			require.Equal(t, [][]string{{"102"}}, db.shown(t, "SELECT n FROM numbers"))
		})
	}
}

// cancelledStream: the stream ends with the context's error and keeps what
// it has delivered.
func cancelledStream(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		withNumbers(t, db, 1000)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		rows, last := 0, error(nil)
		for _, err := range upTo.Stream(ctx, db, 1000) {
			if last = err; err == nil {
				rows++
			}
			if rows == 10 {
				cancel()
			}
		}
		requireError(t, last, runtime.Error{Query: "UpTo", Op: "fetch", Err: context.Canceled})
		require.Equal(t, 64, rows, "the block that was there")
		require.Equal(t, numbersTo(1000), collect(t, upTo.Stream(t.Context(), db, 1000)))
	}, runtime.WithPoolSize(1))
}

// cancelledBeforeStart: nothing is sent for a context that has ended.
func cancelledBeforeStart(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		withNumbers(t, db, 1)
		ctx, cancel := context.WithCancel(t.Context())
		c, err := db.Conn(t.Context())
		require.NoError(t, err)
		defer c.Close()
		cancel()
		for name, session := range map[string]runtime.Session{"DB": db, "Conn": c} {
			insert := command("Insert", "INSERT INTO numbers VALUES (?)", protocol.Int64, encodeInt64)
			err := insert.Exec(ctx, session, 2)
			require.ErrorIs(t, err, context.Canceled, name)
			require.ErrorContains(t, err, "query Insert: ", name)
			_, err = upTo.Many(ctx, session, 1)
			require.ErrorIs(t, err, context.Canceled, name)
			require.ErrorIs(t, session.InTx(ctx, func(*runtime.Tx) error { panic("not to be called") }), context.Canceled, name)
		}
		require.ErrorIs(t, c.Exec(ctx, "DELETE FROM numbers"), context.Canceled)
		_, err = db.Conn(ctx)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, [][]string{{"1"}}, db.shown(t, "SELECT n FROM numbers"))
	})
}

// TestDeadlineWhileWaiting: a caller does not wait longer for a connection than
// its context lives.
func TestDeadlineWhileWaiting(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 1)
		c, err := db.Conn(t.Context())
		require.NoError(t, err)
		ctx, ended := deadlineSoon(t)
		_, err = count.One(ctx, db, 1)
		requireError(t, err, runtime.Error{Query: "Count", Op: "connect", Err: context.DeadlineExceeded})
		require.Less(t, time.Since(ended()), cancelPatience)
		c.Close()
		_, err = count.One(t.Context(), db, 1)
		require.NoError(t, err)
	}, runtime.WithPoolSize(1))
}

// TestCancelRace ends contexts around the moment at which short statements end:
// none may hit the statement after it.
func TestCancelRace(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 2000)
		for i := range 300 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%300)*time.Microsecond)
			if got, err := upTo.Many(ctx, db, 2000); err == nil {
				require.Len(t, got, 2000)
			} else {
				require.ErrorIs(t, err, context.DeadlineExceeded)
			}
			cancel()
			n, err := count.One(t.Context(), db, 1)
			require.NoError(t, err, "round %d", i)
			require.EqualValues(t, 2000, n)
		}
		connections, _ := odbc.Live()
		require.EqualValues(t, 1, connections)
	}, runtime.WithPoolSize(1))
}
