// Package faults_test breaks servers, links and processes under the runtime, and
// holds it to what doc/faults.md promises for each fault. The tests of faults that
// need a driver of their own, or none, are beside what they test.
package faults_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// database is a database of a test: opened, and by its name and connection string
// for the command-line clients of package testdb.
type database struct {
	testdb.Database
	*runtime.DB
}

// open opens a database until the end of the test.
func open(t testing.TB, at testdb.Database, opts ...runtime.Option) database {
	t.Helper()
	db, err := runtime.Open(t.Context(), at.DSN, opts...)
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return database{at, db}
}

// shown returns the rows of a query as the database's own client shows them.
func (db database) shown(t testing.TB, sql string) [][]string {
	t.Helper()
	return testdb.Query(t, db.Database, sql)
}

// exec runs statements with the database's own client.
func (db database) exec(t testing.TB, sql string) {
	t.Helper()
	testdb.Exec(t, db.Database, sql)
}

// ints is a query for one column of integers whose parameters are integers.
func ints(name, sql string) *runtime.Query[int64, int64] {
	return &runtime.Query[int64, int64]{
		Name: name, SQL: sql, Params: intParams(sql),
		Columns: []runtime.Column{{Name: "n", Kind: protocol.Int64}},
		Encode:  encodeInts(sql),
		Decode: func(rows []int64, b *protocol.Batch) {
			for i, n := 0, b.Int64(0); i < len(rows); i++ {
				rows[i] = n.At(i)
			}
		},
	}
}

// texts is a query for one column of text whose parameters are integers.
func texts(name, sql string) *runtime.Query[int64, string] {
	return &runtime.Query[int64, string]{
		Name: name, SQL: sql, Params: intParams(sql),
		Columns: []runtime.Column{{Name: "s", Kind: protocol.Text}},
		Encode:  encodeInts(sql),
		Decode: func(rows []string, b *protocol.Batch) {
			for i, s := 0, b.Text(0); i < len(rows); i++ {
				rows[i] = s.At(i)
			}
		},
	}
}

// command is a statement whose parameters are the same integer.
func command(name, sql string) *runtime.Command[int64] {
	return &runtime.Command[int64]{Name: name, SQL: sql, Params: intParams(sql), Encode: encodeInts(sql)}
}

func intParams(sql string) (params []runtime.Param) {
	for range strings.Count(sql, "?") {
		params = append(params, runtime.Param{Name: "p", Kind: protocol.Int64})
	}
	return params
}

func encodeInts(sql string) func(*protocol.Batch, int64) {
	markers := strings.Count(sql, "?")
	return func(b *protocol.Batch, n int64) {
		for i := range markers {
			b.Int64(i).Append(n)
		}
	}
}

// one asks whether a session is in order.
var one = ints("One", "SELECT 1 AS n")

// withNumbers creates the table numbers with the rows 1 to n.
func (db database) withNumbers(t testing.TB, n int) {
	t.Helper()
	db.exec(t, "CREATE TABLE numbers (n BIGINT NOT NULL)")
	db.exec(t, "INSERT INTO numbers "+map[string]string{
		"sqlite":   fmt.Sprintf("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < %d) SELECT n FROM c", n),
		"postgres": fmt.Sprintf("SELECT generate_series(1, %d)", n),
		"mariadb":  fmt.Sprintf("SELECT seq FROM seq_1_to_%d", n),
	}[db.Name])
}

// ledger writes rows with numbers of their own into the table entries, which keeps
// no number from being there twice, and remembers what each call said.
type ledger struct {
	last atomic.Int64

	mu      sync.Mutex // guards the following
	acked   []int64    // known to be stored
	unknown []int64    // stored or not
}

var insertEntry = command("InsertEntry", "INSERT INTO entries VALUES (?)")

func newLedger(t testing.TB, db database) *ledger {
	t.Helper()
	db.exec(t, "CREATE TABLE entries (n BIGINT NOT NULL)")
	return &ledger{}
}

// insert adds a row to the table.
func (l *ledger) insert(ctx context.Context, db runtime.Session) error {
	n := l.last.Add(1)
	err := insertEntry.Exec(ctx, db, n)
	l.note(err, n)
	return err
}

// note remembers what became of rows.
func (l *ledger) note(err error, numbers ...int64) {
	switch {
	case err == nil:
		l.mu.Lock()
		defer l.mu.Unlock()
		l.acked = append(l.acked, numbers...)
	case outcome(err) == runtime.OutcomeUnknown:
		l.doubt(numbers...)
	}
}

// doubt remembers rows of which nobody knows.
func (l *ledger) doubt(numbers ...int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unknown = append(l.unknown, numbers...)
}

func outcome(err error) runtime.Outcome {
	if e := (*runtime.Error)(nil); errors.As(err, &e) {
		return e.Outcome
	}
	return runtime.OutcomeUnknown
}

// require checks that what was acknowledged is in the table, once each, and beside it
// nothing but what may be.
func (l *ledger) require(t testing.TB, db database) {
	t.Helper()
	may := map[int64]bool{}
	for _, n := range l.unknown {
		may[n] = true
	}
	stored := map[int64]int{}
	for _, row := range db.shown(t, "SELECT n FROM entries") {
		n, err := strconv.ParseInt(row[0], 10, 64)
		require.NoError(t, err)
		stored[n]++
	}
	t.Logf("%d acknowledged, %d unknown, %d stored", len(l.acked), len(l.unknown), len(stored))
	for _, n := range l.acked {
		require.Equal(t, 1, stored[n], "row %d was acknowledged", n)
		delete(stored, n)
	}
	for n, times := range stored {
		require.True(t, may[n], "row %d was refused", n)
		require.Equal(t, 1, times, "row %d", n)
	}
}

// footprint is what the process holds.
type footprint struct{ files, threads int }

func takeFootprint(t testing.TB) footprint {
	t.Helper()
	return footprint{entries(t, "/proc/self/fd"), entries(t, "/proc/self/task")}
}

func entries(t testing.TB, folder string) int {
	t.Helper()
	list, err := os.ReadDir(folder)
	require.NoError(t, err)
	return len(list)
}

// leavesNothing checks at the end of the test, behind all that the test has left to
// its own end before, that the process holds no handle, goroutine or file more than
// now, and no more threads than the calls which may be blocked at a time: Go keeps
// those it has made.
func leavesNothing(t testing.TB, calls int) {
	t.Helper()
	goroutines := goleak.IgnoreCurrent()
	before := takeFootprint(t)
	t.Cleanup(func() {
		if t.Failed() {
			return
		}
		require.Eventually(t, func() bool {
			connections, statements := runtime.Handles()
			return connections == 0 && statements == 0
		}, 10*time.Second, 10*time.Millisecond, "open connections and statements")
		waiting := goleak.IgnoreAnyFunction("github.com/odbcgen/odbcgen/internal/testdb.startLocked.func1") // for a server
		proxied := goleak.IgnoreAnyFunction("github.com/Shopify/toxiproxy/v2/toxics.(*NoopToxic).Pipe")     // which outlives a limit_data
		read := goleak.IgnoreAnyFunction("github.com/Shopify/toxiproxy/v2.(*ToxicLink).read")               // and a link that is stopped meanwhile
		require.NoError(t, goleak.Find(goroutines, waiting, proxied, read))
		now := takeFootprint(t)
		require.LessOrEqual(t, now.files, before.files+2, "files") // a driver's library, Go's poller
		require.LessOrEqual(t, now.threads, before.threads+calls+8, "threads")
	})
}

// eventually waits for a condition and returns how long it took.
func eventually(t testing.TB, limit time.Duration, condition func() bool, what ...any) time.Duration {
	t.Helper()
	start := time.Now()
	require.Eventually(t, condition, limit, 5*time.Millisecond, what...)
	return time.Since(start)
}

// serves waits until the database answers again through its pool.
func (db database) serves(t testing.TB) {
	t.Helper()
	eventually(t, 20*time.Second, func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := one.One(ctx, db, 0)
		return err == nil
	}, "the pool serves again")
}

// insertEntries inserts many rows into the table of a ledger.
var insertEntries = &runtime.Bulk[int64]{
	Name: "InsertEntries", Table: "entries", Columns: []runtime.Column{{Name: "n", Kind: protocol.Int64}},
	Encode: func(b *protocol.Batch, n int64) { b.Int64(0).Append(n) },
}

// numbersTo yields the numbers 1 to n.
func numbersTo(n int64) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		for i := int64(1); i <= n && yield(i); i++ {
		}
	}
}

// sized is the size of a pool.
func sized(n int) runtime.Option { return runtime.WithPoolSize(n) }

// checked says whether connections are checked before each use.
func checked(n int, c runtime.Check) runtime.Option {
	return runtime.WithPool(runtime.PoolOptions{MaxSize: n, Check: c})
}
