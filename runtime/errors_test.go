package runtime_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// secret must stand in no error.
const secret = "s3cret-pässword"

// openErrors: the diagnostics of the driver manager and the driver stand in the
// error, the password does not.
func openErrors(t *testing.T) {
	refused := refusingPort(t)
	folder := filepath.Join(t.TempDir(), "no", "such", "folder", "a.db")
	notADatabase := filepath.Join(t.TempDir(), "text.db")
	require.NoError(t, os.WriteFile(notADatabase, []byte(strings.Repeat("this is no database\n", 100)), 0o644))
	for _, test := range []struct {
		name, connection string
		states           []string
	}{
		{"missing driver", "Driver=No Such Driver;Server=here;UID=u", []string{"IM002", "01000"}},
		{"missing data source", "DSN=no_such_source;UID=u", []string{"IM002"}},
		{"nothing", "UID=u", []string{"IM002"}},
		{"postgres refuses", "Driver=PostgreSQL Unicode;Server=127.0.0.1;Port=" + refused + ";Database=d;UID=u", []string{"08001"}},
		{"mariadb refuses", "Driver=MariaDB Unicode;SERVER=127.0.0.1;PORT=" + refused + ";UID=u", []string{"HY000", "08001", "08S01"}},
		{"file in no folder", "Driver=SQLite3;Database=" + folder, nil},
		{"file of another kind", "Driver=SQLite3;Database=" + notADatabase, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := runtime.Open(t.Context(), test.connection+";PWD="+secret)
			e := requireError(t, err, runtime.Error{Op: "connect"})
			if test.states != nil {
				require.Contains(t, test.states, e.State)
			}
			require.NotContains(t, fmt.Sprintf("%v %+v", err, e), secret)
			requireNothingLive(t)
		})
	}
}

// refusingPort returns a port on which nobody listens.
func refusingPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return port
}

// TestWrongPassword: what the server says of it stands in the error, the
// password does not.
func TestWrongPassword(t *testing.T) {
	for _, at := range []testdb.Database{testdb.MariaDB(t)} {
		_, err := runtime.Open(t.Context(), strings.Replace(at.DSN, "PWD=p", "PWD="+secret, 1))
		e := requireError(t, err, runtime.Error{Op: "connect"})
		require.EqualValues(t, 1045, e.Native)
		require.NotContains(t, fmt.Sprintf("%v %+v", err, e), secret)
	}
}

// TestOpenEndsWithItsContext: a server that never answers holds nobody beyond
// the context, or beyond PoolOptions.DialTimeout.
func TestOpenEndsWithItsContext(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, _ := net.SplitHostPort(silent.Addr().String())
	for _, connection := range []string{
		"Driver=PostgreSQL Unicode;Server=127.0.0.1;Database=d;UID=u;Port=" + port,
		"Driver=MariaDB Unicode;SERVER=127.0.0.1;UID=u;PORT=" + port,
	} {
		ctx, ended := deadlineSoon(t)
		_, err := runtime.Open(ctx, connection)
		require.Less(t, time.Since(ended()), cancelPatience)
		requireError(t, err, runtime.Error{Op: "connect", Err: context.DeadlineExceeded})
	}
	require.NoError(t, silent.Close()) // now the drivers let go
	require.Eventually(t, func() bool { n, _ := odbc.Live(); return n == 0 }, time.Minute, 10*time.Millisecond)
}

func TestOpenRefusesBadOptions(t *testing.T) {
	at := testdb.SQLite(t)
	for _, size := range []int{-1, 1 << 40} {
		_, err := runtime.Open(t.Context(), at.DSN, runtime.WithPoolSize(size))
		require.ErrorContains(t, requireError(t, err, runtime.Error{Op: "connect"}), "MaxSize")
	}
	_, err := runtime.Open(t.Context(), at.DSN+"\x00;BigInt=0")
	require.ErrorContains(t, requireError(t, err, runtime.Error{Op: "connect"}), "zero byte")
	requireNothingLive(t)
}

func TestClosed(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 1)
		db.Close()
		_, err := count.One(t.Context(), db, 1)
		requireError(t, err, runtime.Error{Query: "Count", Op: "connect", Err: runtime.ErrClosed})
		require.ErrorIs(t, db.InTx(t.Context(), nil), runtime.ErrClosed)
		_, err = db.Conn(t.Context())
		require.ErrorIs(t, err, runtime.ErrClosed)
	})
}

// errorsOfStatements: unknown tables, syntax, wrong counts of parameters
// and columns are told with the query's name.
func errorsOfStatements(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		withNumbers(t, db, 1)
		for _, text := range []string{"SELECT nothing FROM numbers", "SELECT n FROM nowhere", "SELEC 1", "INSERT INTO nowhere VALUES (1)"} {
			_, err := ints("Bad", text).Many(t.Context(), db, 1)
			var e *runtime.Error
			require.ErrorAs(t, err, &e, text)
			require.Equal(t, "Bad", e.Query)
			require.NotEmpty(t, e.State)
			require.Error(t, statement("Bad", text).Exec(t.Context(), db, runtime.None{}))
		}
		more := *ints("More", "SELECT n FROM numbers WHERE n = ?")
		more.SQL = "SELECT n, n FROM numbers WHERE n = ?"
		_, err := more.Many(t.Context(), db, 1)
		require.ErrorContains(t, requireError(t, err, runtime.Error{Query: "More", Op: "prepare", Err: runtime.ErrDrift}), "the number of columns was 1 and is 2")
		more = *ints("More", "SELECT n FROM numbers WHERE n = ?")
		more.SQL = "SELECT n FROM numbers WHERE n = ? AND n = ?"
		_, err = more.Many(t.Context(), db, 1)
		require.ErrorContains(t, requireError(t, err, runtime.Error{Query: "More", Op: "prepare", Err: runtime.ErrDrift}), "the number of parameters was 1 and is 2")
		zero := *ints("Zero", "SELECT n FROM numbers -- \x00")
		_, err = zero.Many(t.Context(), db, 1)
		require.ErrorContains(t, requireError(t, err, runtime.Error{Query: "Zero", Op: "prepare"}), "zero byte")
		n, err := count.One(t.Context(), db, 1)
		require.NoError(t, err)
		require.EqualValues(t, 1, n)
	})
}

// errorsDoNotMix: each caller gets the diagnostics of its own statement.
func errorsDoNotMix(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		var callers sync.WaitGroup
		for c := range 8 {
			table := fmt.Sprintf("missing_%d_", c)
			callers.Go(func() {
				for i := range 40 {
					name := fmt.Sprint(table, i)
					_, err := ints("Missing", "SELECT n FROM "+name).Many(context.Background(), db, 0)
					if err == nil || !strings.Contains(err.Error(), name) || strings.Count(err.Error(), "missing_") > 1 {
						t.Errorf("%s: %v", name, err)
					}
				}
			})
		}
		callers.Wait()
	}, runtime.WithPoolSize(8))
}

// killedConnection: a connection that the server has cut fails once, and
// is replaced.
func killedConnection(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		withNumbers(t, db, 1)
		for range 3 {
			_, err := count.One(t.Context(), db, 1)
			require.NoError(t, err)
			if kill(t, db) {
				_, err = count.One(t.Context(), db, 1)
				require.Error(t, err)
			}
			n, err := count.One(t.Context(), db, 1)
			require.NoError(t, err)
			require.EqualValues(t, 1, n)
		}
		// In a transaction, whose work is lost, on the connection of the caller.
		c, err := db.Conn(t.Context())
		require.NoError(t, err)
		killed := false
		err = c.InTx(t.Context(), func(tx *runtime.Tx) error {
			require.NoError(t, insertNumber.Exec(t.Context(), tx, 2))
			killed = kill(t, db)
			return nil
		})
		c.Close()
		require.Equal(t, killed, err != nil, "%v", err)
		n, err := count.One(t.Context(), db, 1)
		require.NoError(t, err)
		require.Equal(t, killed, n == 1)
	}, runtime.WithPoolSize(1))
}

// TestHealthCheck: a connection that the server has cut is replaced unseen.
func TestHealthCheck(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 1)
		for range 3 {
			n, err := count.One(t.Context(), db, 1)
			require.NoError(t, err)
			require.EqualValues(t, 1, n)
			kill(t, db)
		}
	}, runtime.WithPool(runtime.PoolOptions{MaxSize: 1, Check: runtime.CheckAlways}))
}

// idleTimeout: the same for one that the server has grown tired of.
func idleTimeout(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		withNumbers(t, db, 1)
		set, sessions := "SET SESSION wait_timeout = 1", "SELECT count(*) FROM information_schema.processlist WHERE db = database() AND id <> connection_id()"
		switch db.Name {
		case "sqlite": // has no server that could
			require.False(t, kill(t, db))
			return
		case "postgres":
			set, sessions = "SET idle_session_timeout = 1", "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
		}
		c, err := db.Conn(t.Context())
		require.NoError(t, err)
		require.NoError(t, c.Exec(t.Context(), set))
		require.Eventually(t, func() bool { return db.shown(t, sessions)[0][0] == "0" }, time.Minute, 10*time.Millisecond)
		_, err = count.One(t.Context(), c, 1)
		require.Error(t, err)
		c.Close()
		_, err = count.One(t.Context(), db, 1)
		require.NoError(t, err)
	}, runtime.WithPoolSize(1))
}

// kill cuts all connections to the database, and reports whether there are any
// to cut.
func kill(t *testing.T, db database) bool {
	t.Helper()
	switch db.Name {
	case "postgres":
		db.shown(t, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
	case "mariadb":
		for _, row := range db.shown(t, "SELECT id FROM information_schema.processlist WHERE db = database() AND id <> connection_id()") {
			db.exec(t, "KILL "+row[0])
		}
	default:
		return false
	}
	return true
}

// tableChangedUnderStatement: a statement that is kept meets another table
// than the one it was made for. That is an error, or the right rows.
func tableChangedUnderStatement(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		type pair struct {
			id   int64
			name string
		}
		pairs := runtime.Query[runtime.None, pair]{
			Name: "Pairs", SQL: "SELECT * FROM pairs ORDER BY id",
			Columns: []runtime.Column{{Name: "id", Kind: protocol.Int64}, {Name: "name", Kind: protocol.Text}},
			Decode: func(rows []pair, b *protocol.Batch) {
				id, name := b.Int64(0), b.Text(1)
				for i := range rows {
					rows[i] = pair{id.At(i), name.At(i)}
				}
			},
		}
		long := strings.Repeat("x", 300)
		for _, test := range []struct {
			change string
			want   []pair // none where it must fail
		}{
			{"CREATE TABLE pairs (id BIGINT, name VARCHAR(10)); INSERT INTO pairs VALUES (1, 'a')", []pair{{1, "a"}}},
			{"DROP TABLE pairs; CREATE TABLE pairs (id BIGINT, name VARCHAR(400)); INSERT INTO pairs VALUES (2, '" + long + "')", []pair{{2, long}}},
			{"DROP TABLE pairs; CREATE TABLE pairs (name VARCHAR(10), id BIGINT); INSERT INTO pairs VALUES ('a', 1)", nil},
			{"DROP TABLE pairs; CREATE TABLE pairs (id BIGINT, more BIGINT, name VARCHAR(10)); INSERT INTO pairs VALUES (3, 4, 'a')", nil},
			{"DROP TABLE pairs; CREATE TABLE pairs (id BIGINT); INSERT INTO pairs VALUES (5)", nil},
			{"DROP TABLE pairs; CREATE TABLE pairs (id BIGINT, name VARCHAR(10), more BIGINT); INSERT INTO pairs VALUES (5, 'a', 1)", nil},
			{"ALTER TABLE pairs DROP COLUMN more", []pair{{5, "a"}}},
			{"ALTER TABLE pairs DROP COLUMN name", nil},
			{"DROP TABLE pairs", nil},
			{"CREATE TABLE pairs (id BIGINT, name VARCHAR(10)); INSERT INTO pairs VALUES (6, 'b')", []pair{{6, "b"}}},
		} {
			_, _ = pairs.Many(t.Context(), db, runtime.None{}) // keep the statement, if there is a table
			db.exec(t, test.change)
			for try := range 3 {
				got, err := pairs.Many(t.Context(), db, runtime.None{})
				if err != nil {
					if test.want != nil {
						require.Zero(t, try, "the second statement is a new one")
					}
					continue
				}
				require.NotNil(t, test.want, "%s: %v", test.change, got)
				require.Equal(t, test.want, got, test.change)
			}
		}
	}, runtime.WithPoolSize(1))
}

// names runs the test of names in a process of each locale: a Go process
// is in the "C" locale whatever the environment says, but drivers may ask.
func names(t *testing.T) {
	for _, locale := range []string{"C", "C.UTF-8", "de_DE.ISO-8859-1"} {
		t.Run(locale, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestNamesHere$", "-test.count=1")
			cmd.Env = append(os.Environ(), "LC_ALL="+locale, "LANG="+locale)
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", out)
			require.Contains(t, string(out), "PASS")
		})
	}
}

// TestNamesHere uses letters of other alphabets, and beyond 16 bits, in text,
// in table and in column names.
func TestNamesHere(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		const table, name, more = "größen 你好", "Länge", "שם"
		quote := byEngine{"": `"`, "mariadb": "`"}.of(db)
		quoted := func(name string) string { return quote + name + quote }
		db.exec(t, fmt.Sprintf("CREATE TABLE %s (%s VARCHAR(40), %s BIGINT)", quoted(table), quoted(name), quoted(more)))
		bulk := runtime.Bulk[string]{
			Name: "Größen", Table: table,
			Columns: []runtime.Column{{Name: name, Kind: protocol.Text}, {Name: more, Kind: protocol.Int64}},
			Encode: func(b *protocol.Batch, v string) {
				b.Text(0).Append(v)
				b.Int64(1).Append(int64(len(v)))
			},
		}
		_, err := bulk.Insert(t.Context(), db, func(yield func(string) bool) { _ = yield("ä😀") && yield("漢字") })
		require.NoError(t, err)
		require.Equal(t, [][]string{{"ä😀", "6"}, {"漢字", "6"}}, db.shown(t, fmt.Sprintf("SELECT * FROM %s ORDER BY %s", quoted(table), quoted(name))))

		query := runtime.Query[string, string]{
			Name: "Größe", SQL: fmt.Sprintf("SELECT %s AS %s FROM %s WHERE %[1]s = ? OR %[1]s = '漢字😀' -- 😀 'ö", quoted(name), quoted("ÄÖ"), quoted(table)),
			Params:  []runtime.Param{{Name: "größe", Kind: protocol.Text}},
			Columns: []runtime.Column{{Name: "ÄÖ", Kind: protocol.Text}},
			Encode:  func(b *protocol.Batch, v string) { b.Text(0).Append(v) },
			Decode:  decodeColumn((*protocol.Batch).Text),
		}
		got, err := query.One(t.Context(), db, "ä😀")
		require.NoError(t, err)
		require.Equal(t, "ä😀", got)

		c, err := db.Conn(t.Context())
		require.NoError(t, err)
		defer c.Close()
		d, err := c.Describe(t.Context(), query.SQL)
		require.NoError(t, err)
		require.Equal(t, "ÄÖ", d.Columns[0].Name)
		columns, err := c.TableColumns(t.Context(), "", table)
		require.NoError(t, err)
		require.Len(t, columns, 2)
		require.Equal(t, []string{name, more}, []string{columns[0].Name, columns[1].Name})

		_, err = ints("Missing", "SELECT n FROM "+quoted("fehlt_größe")).Many(t.Context(), c, 0)
		require.ErrorContains(t, err, "fehlt_größe")
	})
}
