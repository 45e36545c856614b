package faults_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
)

// TestF26_Failover: a primary turns read-only, and its address moves to another
// server. Writes are refused by the first as what they are, no write is reported that
// is not stored, reads go on, and the pool is with the other server two seconds after
// the address.
func TestF26_Failover(t *testing.T) {
	onServers(t, func(t *testing.T, e engine) {
		first := e.own(t)
		old := first.Fresh(t)
		second := e.shared(t)
		name := settingOf(old.DSN, "Database")
		testdb.Exec(t, second, "CREATE DATABASE "+name)
		t.Cleanup(func() { testdb.Exec(t, second, "DROP DATABASE "+name) })
		other := second
		other.DSN = replaceKey(other.DSN, "Database", "Database="+name)
		for _, at := range []testdb.Database{old, other} {
			testdb.Exec(t, at, "CREATE TABLE entries (n BIGINT NOT NULL)")
		}
		testdb.Exec(t, first.Database, createUser(e.name, "writer", "p"))
		testdb.Exec(t, other, createUser(e.name, "writer", "p"))
		testdb.Exec(t, old, writable[e.name])
		testdb.Exec(t, other, writable[e.name])
		leavesNothing(t, 8)
		at, link := behindLink(t, old)
		at.DSN = replaceKey(replaceKey(at.DSN, "UID", "UID=writer"), "PWD", "PWD=p")
		db := open(t, at, sized(4))
		require.NoError(t, insertEntry.Exec(t.Context(), db, 1))

		testdb.Exec(t, first.Database, readOnly[e.name])
		t.Cleanup(func() { testdb.Exec(t, first.Database, readWrite[e.name]) })
		err := insertEntry.Exec(t.Context(), db, 2)
		requireKind(t, err, runtime.Validation, driver.KindReadOnly)
		_, err = one.One(t.Context(), db, 0)
		require.NoError(t, err, "reads go on")

		link.moveTo(t, settingOf(other.DSN, "port"))
		moved := time.Now()
		eventually(t, 2*time.Second, func() bool {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			return insertEntry.Exec(ctx, db, 3) == nil
		}, "writes go on")
		t.Logf("writes go on after %v", time.Since(moved))
		require.Equal(t, [][]string{{"1"}}, testdb.Query(t, old, "SELECT n FROM entries"))
		require.Equal(t, [][]string{{"3"}}, testdb.Query(t, other, "SELECT n FROM entries"))
	})
}

var (
	writable = map[string]string{
		"postgres": "GRANT ALL ON entries TO writer",
		"mariadb":  "REVOKE SUPER, READ_ONLY ADMIN ON *.* FROM 'writer'@'127.0.0.1', 'writer'@'localhost'",
	}
	readOnly = map[string]string{
		"postgres": "ALTER SYSTEM SET default_transaction_read_only = on; SELECT pg_reload_conf()",
		"mariadb":  "SET GLOBAL read_only = 1",
	}
	readWrite = map[string]string{
		"postgres": "SET default_transaction_read_only = off; ALTER SYSTEM RESET default_transaction_read_only; SELECT pg_reload_conf()",
		"mariadb":  "SET GLOBAL read_only = 0",
	}
)
