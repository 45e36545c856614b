package faults_test

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
)

// engine is what differs between the two servers.
type engine struct {
	name     string
	shared   func(testing.TB) testdb.Database
	own      func(testing.TB, ...string) *testdb.Server
	sessions string // query for the sessions in the current database, but for the asking one
	kill     string // ends the session %s
	sleep    string // expression that takes the seconds %s
	polite   syscall.Signal
}

var engines = []engine{
	{
		name: "postgres", shared: testdb.Postgres, own: testdb.OwnPostgres,
		sessions: "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY 1",
		kill:     "SELECT pg_terminate_backend(%s)",
		sleep:    "(SELECT count(*) FROM (SELECT pg_sleep(%s)) AS s)",
		polite:   syscall.SIGINT,
	},
	{
		name: "mariadb", shared: testdb.MariaDB, own: testdb.OwnMariaDB,
		sessions: "SELECT id FROM information_schema.processlist WHERE db = database() AND id <> connection_id() ORDER BY 1",
		kill:     "KILL %s",
		sleep:    "sleep(%s)",
		polite:   syscall.SIGTERM,
	},
}

func onServers(t *testing.T, test func(t *testing.T, e engine)) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) { test(t, e) })
	}
}

// sessionsOf returns the sessions in the database, as the server counts them.
func (e engine) sessionsOf(t testing.TB, db testdb.Database) (all []string) {
	t.Helper()
	for _, row := range testdb.Query(t, db, e.sessions) {
		all = append(all, row[0])
	}
	return all
}

// killSessions ends all sessions in the database, and returns when they are gone.
func (e engine) killSessions(t testing.TB, db testdb.Database) {
	t.Helper()
	require.NotEmpty(t, e.sessionsOf(t, db))
	e.killSessionsIfAny(t, db)
	eventually(t, 10*time.Second, func() bool { return len(e.sessionsOf(t, db)) == 0 }, "sessions are gone")
}

// killSessionsIfAny ends the sessions that a server has not found to be without client.
func (e engine) killSessionsIfAny(t testing.TB, db testdb.Database) {
	t.Helper()
	for _, id := range e.sessionsOf(t, db) {
		testdb.Exec(t, db, fmt.Sprintf(e.kill, id))
	}
}

// sleeping is an insert that takes long.
func (e engine) sleeping(seconds string) string {
	return "INSERT INTO entries SELECT ? WHERE " + fmt.Sprintf(e.sleep, seconds) + " >= 0"
}

// busy waits until the database runs a statement with such text for somebody else.
func (e engine) busy(t testing.TB, db testdb.Database, like string) {
	t.Helper()
	query := map[string]string{
		"postgres": "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid() AND query LIKE '%s'",
		"mariadb":  "SELECT 1 FROM information_schema.processlist WHERE db = database() AND id <> connection_id() AND command <> 'Sleep' AND info LIKE '%s'",
	}[e.name]
	eventually(t, 10*time.Second, func() bool { return len(testdb.Query(t, db, fmt.Sprintf(query, like))) > 0 }, "the statement runs")
}

// smallDisk mounts a file system of 3 MB that the server may write to.
func smallDisk(t *testing.T, server *testdb.Server) string {
	t.Helper()
	owner := testdb.Query(t, server.Database, "SELECT setting FROM pg_settings WHERE name = 'data_directory'")[0][0]
	info, err := os.Stat(owner)
	require.NoError(t, err)
	as := info.Sys().(*syscall.Stat_t)
	place, err := os.MkdirTemp("", "small")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.Remove(place)) })
	require.NoError(t, syscall.Mount("none", place, "tmpfs", 0, fmt.Sprintf("size=3m,mode=0700,uid=%d,gid=%d", as.Uid, as.Gid)))
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(place, syscall.MNT_DETACH)) })
	return place
}
