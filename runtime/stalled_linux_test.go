package runtime_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// link is a TCP proxy whose bytes can stop to arrive while its connections live, or
// together with them.
type link struct {
	listener net.Listener
	server   string
	stalled  atomic.Bool
	left     atomic.Int64 // bytes that still arrive when it is stalled
	cuts     atomic.Bool  // it is cut where it would be stalled
	trip     atomic.Value // the string that stalls the link when it passes
	copies   sync.WaitGroup

	mu    sync.Mutex // guards conns
	conns []net.Conn
}

// linkTo returns a proxy before the server of the database, and the database behind it.
func linkTo(t *testing.T, at testdb.Database) (*link, testdb.Database) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := &link{listener: listener}
	parts, host, port := strings.Split(at.DSN, ";"), "127.0.0.1", ""
	for i, part := range parts {
		switch key, value, _ := strings.Cut(part, "="); strings.ToLower(key) {
		case "port":
			port = value
			parts[i] = fmt.Sprint("Port=", listener.Addr().(*net.TCPAddr).Port)
		case "server", "servername":
			host = value
		}
	}
	l.server = net.JoinHostPort(host, port)
	l.copies.Go(l.serve)
	t.Cleanup(l.close)
	return l, testdb.Database{Name: at.Name, DSN: strings.Join(parts, ";")}
}

func (l *link) serve() {
	for {
		client, err := l.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", l.server)
		if err != nil {
			client.Close()
			return
		}
		l.mu.Lock()
		l.conns = append(l.conns, client, server)
		l.mu.Unlock()
		l.copies.Go(func() { l.copy(server, client) })
		l.copies.Go(func() { l.copy(client, server) })
	}
}

// copy drops what comes while the link is stalled.
func (l *link) copy(to, from net.Conn) {
	defer to.Close()
	buf := make([]byte, 16<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if trip, is := l.trip.Load().(string); is && bytes.Contains(buf[:n], []byte(trip)) {
			l.stalled.Store(true)
		}
		arrive := n
		if l.stalled.Load() {
			arrive = l.remainder(n)
		}
		if _, err := to.Write(buf[:arrive]); err != nil || arrive < n && l.cuts.Load() {
			return
		}
	}
}

// remainder returns how many of n bytes still arrive.
func (l *link) remainder(n int) int {
	left := l.left.Add(-int64(n)) + int64(n)
	return int(min(max(left, 0), int64(n)))
}

func (l *link) close() {
	l.listener.Close()
	l.mu.Lock()
	for _, c := range l.conns {
		c.Close()
	}
	l.mu.Unlock()
	l.copies.Wait()
}

// stalledCalls are what waits for the server when its link stalls.
var stalledCalls = map[string]func(t *testing.T, l *link, db database, ctx context.Context) error{
	"execute": func(t *testing.T, l *link, db database, ctx context.Context) error {
		l.stalled.Store(true)
		_, err := upTo.Many(ctx, db, 10)
		return err
	},
	"commit": func(t *testing.T, l *link, db database, ctx context.Context) error {
		return db.InTx(ctx, func(tx *runtime.Tx) error {
			insert := command("Insert", "INSERT INTO numbers VALUES (?)", protocol.Int64, encodeInt64)
			require.NoError(t, insert.Exec(ctx, tx, 1))
			l.stalled.Store(true)
			return nil
		})
	},
	"fetch": func(t *testing.T, l *link, db database, ctx context.Context) error {
		rows := 0
		for _, err := range upTo.Stream(ctx, db, 20_000) {
			if err != nil {
				return err
			}
			if rows++; rows == 1 {
				l.stalled.Store(true)
			}
		}
		return nil
	},
	"fetch within a block": func(t *testing.T, l *link, db database, ctx context.Context) error {
		rows := 0
		for _, err := range upTo.Stream(ctx, db, 20_000) {
			if err != nil {
				return err
			}
			if rows++; rows == 1 {
				l.left.Store(100_000)
				l.stalled.Store(true)
			}
		}
		return nil
	},
	"dial": func(t *testing.T, l *link, db database, ctx context.Context) error {
		l.stalled.Store(true)
		_, err := runtime.Open(ctx, db.DSN)
		return err
	},
	"roll back": func(t *testing.T, l *link, db database, ctx context.Context) error {
		return db.InTx(ctx, func(tx *runtime.Tx) error {
			l.stalled.Store(true)
			_, err := upTo.Many(ctx, tx, 10)
			return err
		})
	},
	"roll back between statements": func(t *testing.T, l *link, db database, ctx context.Context) error {
		return db.InTx(ctx, func(tx *runtime.Tx) error {
			l.stalled.Store(true)
			<-ctx.Done()
			return ctx.Err()
		})
	},
	"savepoint": func(t *testing.T, l *link, db database, ctx context.Context) error {
		return db.InTx(ctx, func(tx *runtime.Tx) error {
			return tx.InTx(ctx, func(tx *runtime.Tx) error {
				l.stalled.Store(true)
				<-ctx.Done()
				return ctx.Err()
			})
		})
	},
	"uncommitted": func(t *testing.T, l *link, db database, ctx context.Context) error {
		return db.InTx(ctx, func(tx *runtime.Tx) error {
			l.stalled.Store(true)
			<-ctx.Done()
			return nil
		}, runtime.TxLockTimeout(time.Second))
	},
	"break off": func(t *testing.T, l *link, db database, ctx context.Context) error {
		for _, err := range upTo.Stream(ctx, db, 20_000) {
			require.NoError(t, err)
			l.stalled.Store(true)
			<-ctx.Done()
			break
		}
		return ctx.Err()
	},
	"give back": func(t *testing.T, l *link, db database, ctx context.Context) error {
		c, err := db.Conn(ctx)
		require.NoError(t, err)
		defer c.Close()
		require.NoError(t, c.Exec(ctx, "SET "+byEngine{"postgres": "work_mem = '5MB'", "mariadb": "@odbcgen = 1"}.of(db)))
		l.stalled.Store(true)
		<-ctx.Done()
		return ctx.Err()
	},
	"give back in time": func(t *testing.T, l *link, db database, ctx context.Context) error {
		l.trip.Store("DISCARD ALL")
		err := statement("Set", "SET work_mem = '5MB'").Exec(ctx, db, runtime.None{})
		return errors.Join(err, cmp.Or(ctx.Err(), context.DeadlineExceeded))
	},
	"send a long value": func(t *testing.T, l *link, db database, ctx context.Context) error {
		l.trip.Store("pg_backend_pid") // which is asked for when the statement waits for data
		return sendLong(ctx, db)
	},
}

// notOnMariaDB: its driver holds the whole result when it has executed, and has no way
// to reset a session, which is closed; its sessions are not asked for.
var notOnMariaDB = []string{"fetch", "fetch within a block", "break off", "give back in time", "send a long value"}

// stalledLimit is what a call may take beyond its deadline on a busy machine.
// The promise is 100 ms.
const stalledLimit = 500 * time.Millisecond

// closedLimit is what closing may take beyond the deadline. A connection that was idle
// has 5 s for its farewell; a SQLCancel that hangs gives up by itself after 10 s or more.
const closedLimit = 8 * time.Second

// TestStalledLink: where no byte arrives any more, a call ends with its context,
// the driver lets go of it, and nothing is left.
func TestStalledLink(t *testing.T) {
	for _, at := range []testdb.Database{testdb.Postgres(t), testdb.MariaDB(t)} {
		testdb.Exec(t, at, "CREATE TABLE numbers (n BIGINT)")
		for name, wait := range stalledCalls {
			if slices.Contains(notOnMariaDB, name) && at.Name == "mariadb" {
				continue
			}
			t.Run(at.Name+"/"+name, func(t *testing.T) {
				testdb.Exec(t, at, "DELETE FROM numbers")
				if strings.HasPrefix(name, "fetch") || name == "break off" {
					testdb.Exec(t, at, "INSERT INTO numbers SELECT generate_series(1, 20000)")
				}
				goroutines := goleak.IgnoreCurrent()
				files := entries(t, "/proc/self/fd")
				stall(t, at, wait)
				require.NoError(t, goleak.Find(goroutines))
				require.LessOrEqual(t, entries(t, "/proc/self/fd"), files+1)
			})
		}
	}
}

func stall(t *testing.T, at testdb.Database, wait func(*testing.T, *link, database, context.Context) error) {
	l, behind := linkTo(t, at)
	defer l.close()
	other := open(t, at, runtime.WithPoolSize(1))
	defer other.Close()
	db := open(t, behind, runtime.WithPoolSize(2))
	_, err := upTo.Many(t.Context(), db, 10)
	require.NoError(t, err)

	ctx, ended := deadlineSoon(t)
	err = wait(t, l, db, ctx)
	late := time.Since(ended())
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, late, stalledLimit)
	_, err = count.One(t.Context(), other, 1)
	require.NoError(t, err, "another connection")
	db.Close()
	closed := time.Since(ended())
	require.Less(t, closed, closedLimit)
	l.close() // and with it a SQLCancel that hangs
	other.Close()
	requireNothingLive(t)
	require.Eventually(t, func() bool {
		underWay, stuck := odbc.Calls()
		return underWay == 0 && stuck == 0
	}, 10*time.Second, 5*time.Millisecond)
	t.Logf("%v after the deadline, closed after %v", late.Round(time.Millisecond), closed.Round(time.Millisecond))
}

// sendLong runs a statement with a long value that stores nothing.
func sendLong(ctx context.Context, db database) error {
	long := runtime.Command[string]{
		Name: "SendLong", SQL: "DELETE FROM numbers WHERE CAST(n AS CHAR(20)) = ?",
		Params: []runtime.Param{{Name: "text", Kind: protocol.Text, Reader: true}},
		Encode: func(b *protocol.Batch, text string) { b.Reader(0).Append(strings.NewReader(text)) },
	}
	return long.Exec(ctx, db, "long")
}

// TestLinkCutInResult: wherever in a result the connection is lost, the rows before are
// the first ones, and an error follows.
func TestLinkCutInResult(t *testing.T) {
	const rows = 20_000
	for _, at := range []testdb.Database{testdb.Postgres(t), testdb.MariaDB(t)} {
		t.Run(at.Name, func(t *testing.T) {
			l, behind := linkTo(t, at)
			l.cuts.Store(true)
			db := open(t, behind, runtime.WithPoolSize(1))
			withNumbers(t, db, rows)
			for bytes := int64(0); bytes < 200_000; bytes += 6007 {
				_, err := count.One(t.Context(), db, 0)
				require.NoError(t, err)
				l.left.Store(bytes)
				l.stalled.Store(true)
				var got []int64
				for n, failed := range allNumbers.Stream(t.Context(), db, 0) {
					if err = failed; err == nil {
						got = append(got, n)
					}
				}
				l.stalled.Store(false)
				require.True(t, runtime.IsConnectionError(err), "after %d rows and %d bytes: %v", len(got), bytes, err)
				require.Equal(t, numbersTo(len(got)), got)
			}
			db.Close()
			requireNothingLive(t)
		})
	}
}

// TestLinkCutBeforeLongValue: a statement that waits for its data when the connection is
// lost is freed like any other one.
func TestLinkCutBeforeLongValue(t *testing.T) {
	l, behind := linkTo(t, testdb.Postgres(t))
	l.cuts.Store(true)
	db := open(t, behind, runtime.WithPoolSize(1))
	withNumbers(t, db, 1)
	l.trip.Store("pg_backend_pid")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	require.True(t, runtime.IsConnectionError(sendLong(ctx, db)))
	db.Close()
	requireNothingLive(t)
}

// TestChunkCommitUnknown: nobody knows of a chunk whose commit had no answer.
func TestChunkCommitUnknown(t *testing.T) {
	at := testdb.Postgres(t)
	testdb.Exec(t, at, "CREATE TABLE numbers (n BIGINT)")
	l, behind := linkTo(t, at)
	l.trip.Store("COMMIT")
	db := open(t, behind)
	bulk := &runtime.Bulk[int64]{Name: "Odd", Table: "numbers", Columns: []runtime.Column{{Name: "n", Kind: protocol.Int64}}, Encode: encodeInt64}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := bulk.Insert(ctx, db, slices.Values([]int64{1, 2, 3}), runtime.BulkChunk(10))
	var report *runtime.BulkError
	require.ErrorAs(t, err, &report)
	e := requireError(t, report.Failed[0].Err, runtime.Error{Query: "Odd", Op: "commit", Err: context.DeadlineExceeded})
	require.Equal(t, runtime.OutcomeUnknown, e.Outcome)
	require.True(t, report.Failed[0].Unknown)
}

// TestRestoreStalled: what is undone after a transaction keeps its caller no longer than
// the context.
func TestRestoreStalled(t *testing.T) {
	at := testdb.MariaDB(t)
	testdb.Exec(t, at, "CREATE TABLE numbers (n BIGINT)")
	l, behind := linkTo(t, at)
	l.trip.Store("innodb_lock_wait_timeout = @odbcgen_rows")
	db := open(t, behind)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	deadline, _ := ctx.Deadline()
	err := db.InTx(ctx, func(tx *runtime.Tx) error { return insertNumber.Exec(ctx, tx, 1) }, runtime.TxLockTimeout(time.Second))
	require.NoError(t, err, "it is stored")
	require.True(t, l.stalled.Load())
	require.Less(t, time.Since(deadline), stalledLimit)
}
