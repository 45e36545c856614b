package runtime_test

import (
	"context"
	"fmt"
	"net"
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

// link is a TCP proxy whose bytes can stop to arrive while its connections live.
type link struct {
	listener net.Listener
	server   string
	stalled  atomic.Bool
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
		if l.stalled.Load() {
			continue
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
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
}

// stalledLimit is what a call may take beyond its deadline on a busy machine.
// The promise is 100 ms.
const stalledLimit = time.Second

// closedLimit is what closing may take beyond the deadline. A connection that was idle
// has 5 s for its farewell; a SQLCancel that hangs gives up by itself after 10 s or more.
const closedLimit = 8 * time.Second

// TestStalledLink: where no byte arrives any more, a call ends with its context,
// the driver lets go of it, and nothing is left.
func TestStalledLink(t *testing.T) {
	for _, at := range []testdb.Database{testdb.Postgres(t), testdb.MariaDB(t)} {
		testdb.Exec(t, at, "CREATE TABLE numbers (n BIGINT)")
		for name, wait := range stalledCalls {
			if name == "fetch" && at.Name == "mariadb" {
				continue // its driver holds the whole result when it has executed
			}
			t.Run(at.Name+"/"+name, func(t *testing.T) {
				testdb.Exec(t, at, "DELETE FROM numbers")
				if name == "fetch" {
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
