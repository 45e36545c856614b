package runtime_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// leftBehind are changes of a session by the name of each, and a query for what the
// next user sees of it.
var leftBehind = map[string][]struct{ change, seen string }{
	"sqlite": {
		{"PRAGMA case_sensitive_like = 1", "SELECT CAST('a' LIKE 'A' AS TEXT) AS text"},
		{"CREATE TEMP TABLE left_behind (n INT)", "SELECT CAST(COUNT(*) AS TEXT) AS text FROM sqlite_temp_master"},
		{"PRAGMA cache_size = 77", "SELECT CAST(cache_size AS TEXT) AS text FROM pragma_cache_size"},
		{"REPLACE INTO numbers VALUES (77)", "SELECT CAST(last_insert_rowid() AS TEXT) AS text"},
		{"BEGIN", ""},
	},
	"postgres": {
		{"SET search_path TO nowhere, public", "SELECT current_setting('search_path') AS text"},
		{"SET statement_timeout = 12345", "SELECT current_setting('statement_timeout') AS text"},
		{"SET TIME ZONE 'Asia/Tokyo'", "SELECT current_setting('TimeZone') AS text"},
		{"SET DateStyle = 'German'", "SELECT current_setting('DateStyle') || ' ' || current_date::text AS text"},
		{"SET extra_float_digits = -10", "SELECT (1.0::float8/3)::text AS text"},
		{"SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE", "SELECT current_setting('transaction_isolation') AS text"},
		{"CREATE TEMP TABLE left_behind (n INT)", "SELECT COUNT(*)::text AS text FROM pg_class WHERE relname = 'left_behind'"},
		{"PREPARE left_behind AS SELECT 1", "SELECT COUNT(*)::text AS text FROM pg_prepared_statements WHERE name = 'left_behind'"},
		{"SELECT pg_advisory_lock(7)", "SELECT COUNT(*)::text AS text FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"},
		{"LISTEN left_behind", "SELECT COUNT(*)::text AS text FROM pg_listening_channels()"},
		{"BEGIN", ""},
	},
	"mariadb": {
		{"SET @left_behind = 'x'", "SELECT COALESCE(@left_behind, 'none') AS text"},
		{"SET SESSION time_zone = '+09:00'", "SELECT CONCAT(@@time_zone) AS text"},
		{"SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE", "SELECT @@tx_isolation AS text"},
		{"SET autocommit = 0", "SELECT CONCAT(@@autocommit) AS text"},
		{"CREATE TEMPORARY TABLE left_behind (n INT)", ""}, // or it could not be made again
		{"INSERT INTO counted VALUES (NULL)", "SELECT CONCAT(LAST_INSERT_ID()) AS text"},
		{"SELECT GET_LOCK('left_behind', 0)", "SELECT CONCAT(COALESCE(IS_USED_LOCK('left_behind'), 0)) AS text"},
		{"BEGIN", ""},
	},
}

// TestSessionLeftBehind: what one user has changed, the next one does not see (faults
// F18 and F19).
func TestSessionLeftBehind(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 1)
		if db.Name == "mariadb" {
			db.exec(t, "CREATE TABLE counted (id BIGINT AUTO_INCREMENT PRIMARY KEY)")
		}
		changes := leftBehind[db.Name]
		for _, test := range append(changes, changes...) {
			fresh := ""
			if test.seen != "" {
				fresh = cellOf(t, db, test.seen)
			}
			t.Log(test.change)
			c, err := db.Conn(t.Context())
			require.NoError(t, err)
			defer c.Close()
			require.NoError(t, c.Exec(t.Context(), test.change))
			require.NoError(t, insertNumber.Exec(t.Context(), c, 99))
			const stored = "SELECT COUNT(*) FROM numbers WHERE n = 99"
			before := db.shown(t, stored)
			c.Close()
			if test.seen != "" {
				require.Equal(t, fresh, cellOf(t, db, test.seen), test.change)
			}
			require.Equal(t, before, db.shown(t, stored), "%s: giving back stores nothing", test.change)
			remove := command("Remove", "DELETE FROM numbers WHERE n = ?", protocol.Int64, encodeInt64)
			for range 3 { // statements of before, and again
				require.NoError(t, remove.Exec(t.Context(), db, 99))
				_, err = count.One(t.Context(), db, 1)
				require.NoError(t, err)
			}
		}
	}, runtime.WithPoolSize(1))
}

// TestSessionOfCommand: a command that is not about rows is found out, too.
func TestSessionOfCommand(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		sql := byEngine{"sqlite": "PRAGMA query_only = 1", "postgres": "SET statement_timeout = 12345", "mariadb": "SET @left_behind = 'x'"}.of(db)
		seen := byEngine{
			"sqlite": "SELECT CAST(query_only AS TEXT) AS text FROM pragma_query_only", "postgres": "SELECT current_setting('statement_timeout') AS text",
			"mariadb": "SELECT COALESCE(@left_behind, 'none') AS text",
		}.of(db)
		fresh := cellOf(t, db, seen)
		for range 3 {
			require.NoError(t, statement("Set", "/* a note */ -- and\n "+sql).Exec(t.Context(), db, runtime.None{}))
			require.Equal(t, fresh, cellOf(t, db, seen))
		}
	}, runtime.WithPoolSize(1))
}

// TestSessionKeepsConnSettings: what a connection string asks for is not undone with
// what a user did.
func TestSessionKeepsConnSettings(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		if db.Name != "postgres" { // the other drivers close the connection
			return
		}
		at := db.Database
		at.DSN += ";ConnSettings=SET work_mem TO '5MB'"
		other := open(t, at, runtime.WithPoolSize(1))
		const pid, memory = "SELECT pg_backend_pid()::text AS text", "SELECT current_setting('work_mem') AS text"
		same := cellOf(t, other, pid)
		require.Equal(t, "5MB", cellOf(t, other, memory))
		c, err := other.Conn(t.Context())
		require.NoError(t, err)
		require.NoError(t, c.Exec(t.Context(), "SET work_mem TO '7MB'"))
		require.Equal(t, "7MB", cellOf(t, c, memory))
		c.Close()
		require.Equal(t, "5MB", cellOf(t, other, memory))
		require.Equal(t, same, cellOf(t, other, pid), "the connection is the same")
		other.Close()
	})
}

// TestConnClosedInTransaction: a connection that is given back with its transaction
// open is not handed on, and nothing of the transaction is stored.
func TestConnClosedInTransaction(t *testing.T) {
	onNumbers(t, func(t *testing.T, db database, put func(runtime.Session, ...int64), want func(...string)) {
		c, err := db.Conn(t.Context())
		require.NoError(t, err)
		err = c.InTx(t.Context(), func(tx *runtime.Tx) error {
			put(tx, 1)
			c.Close()
			requireGivenBack(t, db)
			put(db, 2)
			requireOver(t, tx)
			return nil
		})
		require.ErrorContains(t, err, "transaction is over")
		put(db, 3)
		want("2", "3")
	})
}

// TestInterruptedBulk: the same for a bulk insert. Where that goes unnoticed sqliteodbc
// 0.9998 can neither roll back nor disconnect.
func TestInterruptedBulk(t *testing.T) {
	before, _ := runtime.Handles()
	db := open(t, testdb.SQLite(t), runtime.WithPoolSize(1))
	withNumbers(t, db, 0)
	db.exec(t, "CREATE TABLE more (n)")
	db.exec(t, `CREATE TRIGGER slow AFTER INSERT ON numbers WHEN new.n = 10 BEGIN
		INSERT INTO more SELECT n FROM (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1000000000) SELECT n FROM c); END`)
	insert := &runtime.Bulk[int64]{
		Name: "InsertNumbers", Table: "numbers", Columns: []runtime.Column{{Name: "n", Kind: protocol.Int64}}, Encode: encodeInt64,
	}
	err := db.InTx(t.Context(), func(tx *runtime.Tx) error {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err := insert.Insert(ctx, tx, slices.Values([]int64{9, 10, 11}))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Error(t, insertNumber.Exec(t.Context(), tx, 2))
		return nil
	})
	require.Error(t, err)
	require.Empty(t, testdb.Query(t, db.Database, "SELECT n FROM numbers"))
	db.Close()
	left, _ := runtime.Handles()
	require.Equal(t, before, left)
}

// TestInterruptedWrite: SQLite ends the transaction of a write that is interrupted,
// and what followed would be stored alone.
func TestInterruptedWrite(t *testing.T) {
	onNumbers(t, func(t *testing.T, db database, put func(runtime.Session, ...int64), want func(...string)) {
		long := command("Long", byEngine{
			"sqlite":   "INSERT INTO numbers WITH RECURSIVE c(n) AS (SELECT 10 UNION ALL SELECT n + 1 FROM c WHERE n < 1000000000 + ?) SELECT n FROM c",
			"postgres": "INSERT INTO numbers SELECT n FROM generate_series(10, 1000000000 + ?) AS n",
			"mariadb":  "INSERT INTO numbers SELECT seq FROM seq_10_to_1000000000 WHERE seq > 9 + 0 * ?",
		}.of(db), protocol.Int64, encodeInt64)
		var after error
		err := db.InTx(t.Context(), func(tx *runtime.Tx) error {
			put(tx, 1)
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			require.ErrorIs(t, long.Exec(ctx, tx, 1), context.DeadlineExceeded)
			after = insertNumber.Exec(t.Context(), tx, 2)
			return nil
		})
		require.Equal(t, after != nil, err != nil, "%v, %v", after, err)
		if err != nil {
			want()
			return
		}
		require.NotEqual(t, "sqlite", db.Name)
		want("1", "2")
	})
}

// TestConnClosedInUse: what reads from a Conn that is closed meets an error,
// and no handle that is freed.
func TestConnClosedInUse(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		withNumbers(t, db, 5000)
		c, err := db.Conn(t.Context())
		require.NoError(t, err)
		n := 0
		for _, err := range ints("All", "SELECT n FROM numbers WHERE n >= ?").Stream(t.Context(), c, 1) {
			if n++; n == 1 {
				c.Close()
				ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
				require.NoError(t, db.Shutdown(ctx))
				cancel()
			}
			if err != nil {
				require.True(t, runtime.IsConnectionError(err), err)
			}
		}
	})
}

// TestSessionLeaks: statements that look like others and change the session.
func TestSessionLeaks(t *testing.T) {
	for engine, tests := range map[string][][2]string{
		"mariadb": {
			{"SELECT 42 INTO @leak", "SELECT CONCAT(COALESCE(@leak, 'none')) AS text"},
			{"SELECT 42\nINTO\n@leak", "SELECT CONCAT(COALESCE(@leak, 'none')) AS text"},
		},
		"postgres": {
			{"SELECT 1 AS n INTO TEMPORARY leak", "SELECT COUNT(*)::text AS text FROM pg_class WHERE relname = 'leak'"},
			{"SELECT 1 AS n INTO\nTEMPORARY leak", "SELECT COUNT(*)::text AS text FROM pg_class WHERE relname = 'leak'"},
			{"SELECT 1 AS n INTO LOCAL TEMP leak", "SELECT COUNT(*)::text AS text FROM pg_class WHERE relname = 'leak'"},
			{"SELECT 1 AS n INTO pg_temp.leak", "SELECT COUNT(*)::text AS text FROM pg_class WHERE relname = 'leak'"},
			{"SELECT 1; SET lock_timeout = 77", "SELECT current_setting('lock_timeout') AS text"},
			{"INSERT INTO numbers VALUES (1); SET lock_timeout = 77", "SELECT current_setting('lock_timeout') AS text"},
			{"UPDATE pg_settings SET setting = '77' WHERE name = 'lock_timeout'", "SELECT current_setting('lock_timeout') AS text"},
		},
	} {
		at := map[string]func(testing.TB) testdb.Database{"mariadb": testdb.MariaDB, "postgres": testdb.Postgres}[engine](t)
		testdb.Exec(t, at, "CREATE TABLE numbers (n BIGINT)")
		for _, test := range tests {
			t.Run(fmt.Sprint(engine, "/", test[0]), func(t *testing.T) {
				db := open(t, at, runtime.WithPoolSize(1))
				defer db.Close()
				fresh := cellOf(t, db, test[1])
				err := statement("Change", test[0]).Exec(t.Context(), db, runtime.None{})
				t.Log("refused or undone:", err)
				require.Equal(t, fresh, cellOf(t, db, test[1]))
			})
		}
	}
}
