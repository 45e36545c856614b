package runtime_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// database is an empty database of a test: opened, and by its name and
// connection string for the command-line clients of package testdb.
type database struct {
	testdb.Database
	*runtime.DB
}

// onAll runs a test on an empty database of each engine, and checks that it
// leaves no handle and no goroutine behind.
func onAll(t *testing.T, test func(t *testing.T, db database), opts ...runtime.Option) {
	t.Helper()
	for _, at := range testdb.All(t) {
		onOne(t, at.Name, at, test, opts...)
	}
}

// onProfiles is onAll, and PostgreSQL through the driver without wide calls too.
func onProfiles(t *testing.T, test func(t *testing.T, db database), opts ...runtime.Option) {
	t.Helper()
	onAll(t, test, opts...)
	narrow := testdb.Postgres(t)
	narrow.DSN = strings.Replace(narrow.DSN, "Driver=PostgreSQL Unicode", "Driver=PostgreSQL ANSI", 1)
	onOne(t, "postgres-ansi", narrow, test, opts...)
}

func onOne(t *testing.T, name string, at testdb.Database, test func(t *testing.T, db database), opts ...runtime.Option) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		goroutines := goleak.IgnoreCurrent()
		db := open(t, at, opts...)
		test(t, db)
		db.Close()
		requireNothingLive(t)
		require.NoError(t, goleak.Find(goroutines))
	})
}

func open(t testing.TB, at testdb.Database, opts ...runtime.Option) database {
	t.Helper()
	db, err := runtime.Open(t.Context(), at.DSN, opts...)
	require.NoError(t, err)
	t.Cleanup(db.Close)
	return database{at, db}
}

// requireNothingLive waits for a connection that was being made when its pool was
// closed: it is closed when the driver lets go of it.
func requireNothingLive(t testing.TB) {
	t.Helper()
	require.Eventually(t, func() bool {
		connections, statements := odbc.Live()
		return connections == 0 && statements == 0
	}, 10*time.Second, 10*time.Millisecond, "open connections and statements")
}

// requireStatements checks that no more prepared statements are there than those
// that connections keep, apart from the one that SQLite is cancelled by.
func requireStatements(t testing.TB, db database, kept int64) {
	t.Helper()
	connections, statements := odbc.Live()
	if db.Name == "sqlite" {
		statements -= connections
	}
	require.LessOrEqual(t, statements, kept, "open statements")
}

// byEngine is what differs between the engines; what has no name is for those
// that are not there.
type byEngine map[string]string

func (b byEngine) of(db database) string {
	if text, ok := b[db.Name]; ok {
		return text
	}
	return b[""]
}

// shown returns the rows of a query as the engine's own client shows them.
func (db database) shown(t testing.TB, sql string) [][]string {
	t.Helper()
	return testdb.Query(t, db.Database, sql)
}

// exec runs statements with the engine's own client.
func (db database) exec(t testing.TB, sql string) {
	t.Helper()
	testdb.Exec(t, db.Database, sql)
}

// The types that the engines have other names for.
var (
	blob      = byEngine{"": "BLOB", "postgres": "BYTEA", "mariadb": "LONGBLOB"}
	longText  = byEngine{"": "TEXT", "mariadb": "LONGTEXT"}
	timestamp = byEngine{"": "TIMESTAMP(6)", "mariadb": "DATETIME(6)"}
)

// command returns a command whose parameters are all of one kind.
func command[T any](name, sql string, kind protocol.Kind, encode func(*protocol.Batch, T)) *runtime.Command[T] {
	c := &runtime.Command[T]{Name: name, SQL: sql, Encode: encode}
	for range strings.Count(sql, "?") {
		c.Params = append(c.Params, runtime.Param{Name: "p", Kind: kind})
	}
	return c
}

// statement returns a command without parameters.
func statement(name, sql string) *runtime.Command[runtime.None] {
	return &runtime.Command[runtime.None]{Name: name, SQL: sql}
}

func encodeInt64(b *protocol.Batch, v int64) { b.Int64(0).Append(v) }

// ints returns a query for one int64 column, with an int64 for each marker.
func ints(name, sql string) *runtime.Query[int64, int64] {
	q := &runtime.Query[int64, int64]{
		Name: name, SQL: sql,
		Columns: []runtime.Column{{Name: "n", Kind: protocol.Int64}},
		Encode: func(b *protocol.Batch, p int64) {
			for i := range b.Columns() {
				b.Int64(i).Append(p)
			}
		},
		Decode: func(rows []int64, b *protocol.Batch) {
			n := b.Int64(0)
			for i := range rows {
				rows[i] = n.At(i)
			}
		},
	}
	for range strings.Count(sql, "?") {
		q.Params = append(q.Params, runtime.Param{Name: "p", Kind: protocol.Int64})
	}
	return q
}

// count asks whether a connection is in order.
var count = ints("Count", "SELECT count(*) AS n FROM numbers WHERE n >= ?")

// withNumbers makes the table numbers with 1 to n.
func withNumbers(t testing.TB, db database, n int) {
	t.Helper()
	db.exec(t, "CREATE TABLE numbers (n BIGINT NOT NULL PRIMARY KEY)")
	if n > 0 {
		db.exec(t, "INSERT INTO numbers VALUES "+valuesTo(n))
	}
}

// valuesTo returns (1),(2),…,(n).
func valuesTo(n int) string {
	values := make([]string, n)
	for i := range values {
		values[i] = "(" + strconv.Itoa(i+1) + ")"
	}
	return strings.Join(values, ",")
}

// requireError checks that err is the package's error with the fields, of which
// empty ones are not looked at, and returns it.
func requireError(t testing.TB, err error, want runtime.Error) *runtime.Error {
	t.Helper()
	var e *runtime.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, want.Query, e.Query, "query of %v", err)
	require.Equal(t, want.Set, e.Set, "set of %v", err)
	require.Equal(t, want.Op, e.Op, "operation of %v", err)
	require.Equal(t, want.Column, e.Column, "column of %v", err)
	require.Equal(t, want.Row, e.Row, "row of %v", err)
	if want.Err != nil {
		require.ErrorIs(t, err, want.Err)
	}
	return e
}

var errOurs = errors.New("an error of the test")

// requireGivenBack waits until all connections are back: where a context has ended, they
// are tidied up behind the call.
func requireGivenBack(t testing.TB, db interface{ Stat() runtime.Stat }) {
	t.Helper()
	require.Eventually(t, func() bool { return db.Stat().InUse == 0 }, time.Minute, time.Millisecond, "connections in use")
}
