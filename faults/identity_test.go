package faults_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
)

// TestF49_IdentitiesAreNeverMixed: databases of several users on one server, used at
// the same time and closed and opened again.
func TestF49_IdentitiesAreNeverMixed(t *testing.T) {
	who := map[string]string{
		"postgres": "SELECT current_user || ' ' || current_database() AS s",
		"mariadb":  "SELECT concat(substring_index(user(), '@', 1), ' ', database()) AS s",
	}
	onServers(t, func(t *testing.T, e engine) {
		server := e.own(t)
		type identity struct {
			at   testdb.Database
			want string
		}
		var all []identity
		for _, user := range []string{"alice", "bob"} {
			testdb.Exec(t, server.Database, createUser(e.name, user, "secret-of-"+user))
			for range 2 {
				at := server.Fresh(t)
				at.DSN = replaceKey(at.DSN, "UID", "UID="+user)
				at.DSN = replaceKey(at.DSN, "PWD", "PWD=secret-of-"+user)
				all = append(all, identity{at, user + " " + settingOf(at.DSN, "Database")})
			}
		}
		leavesNothing(t, 16)
		ask := texts("Who", who[e.name])
		var group sync.WaitGroup
		for range 4 {
			for _, id := range all {
				group.Go(func() {
					db, err := runtime.Open(t.Context(), id.at.DSN, sized(2))
					if !assertNoError(t, err) {
						return
					}
					defer db.Close()
					for range 100 {
						got, err := ask.One(t.Context(), db, 0)
						if !assertNoError(t, err) || got != id.want {
							t.Errorf("%s for %s", got, id.want)
							return
						}
					}
				})
			}
		}
		group.Wait()
	})
}

func assertNoError(t *testing.T, err error) bool {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
	return err == nil
}

// createUser makes a user who may use all databases.
func createUser(engine, name, password string) string {
	if engine == "postgres" {
		return fmt.Sprintf("DROP ROLE IF EXISTS %s; CREATE ROLE %[1]s LOGIN PASSWORD '%s'", name, password)
	}
	all := ""
	for _, host := range []string{"127.0.0.1", "localhost"} {
		all += fmt.Sprintf("CREATE OR REPLACE USER '%s'@'%s' IDENTIFIED BY '%s'; GRANT ALL ON *.* TO '%[1]s'@'%[2]s';", name, host, password)
	}
	return all
}

// TestF27_PasswordRotation: sessions go on after a new password, and no more than two
// logins in a second are tried with the old one, however many callers there are.
func TestF27_PasswordRotation(t *testing.T) {
	onServers(t, func(t *testing.T, e engine) {
		server := e.own(t, withPasswords(t, e)...)
		testdb.Exec(t, server.Database, createUser(e.name, "rotator", "old"))
		leavesNothing(t, 16)
		at := server.Database
		at.DSN = replaceKey(at.DSN, "UID", "UID=rotator")
		at.DSN = strings.TrimSuffix(replaceKey(at.DSN, "PWD", "PWD=old"), ";")
		at.DSN = replaceKey(at.DSN, "Database", map[string]string{"postgres": "Database=postgres", "mariadb": "DATABASE=information_schema"}[e.name])
		if e.name == "postgres" {
			at.DSN += ";PWD=old"
		}
		db := open(t, at, sized(4))
		held, err := db.Conn(t.Context())
		require.NoError(t, err)
		defer held.Close()
		testdb.Exec(t, server.Database, createPassword(e.name, "new"))
		refused := logins(t, e, server)

		var group sync.WaitGroup
		errs := make([]error, 50)
		start := time.Now()
		for i := range errs {
			group.Go(func() { _, errs[i] = one.One(t.Context(), db, 0) })
		}
		group.Wait()
		took := time.Since(start)
		for _, err := range errs {
			requireKind(t, err, runtime.Fatal, driver.KindAuth)
			require.False(t, runtime.IsRetryable(err))
			require.NotContains(t, err.Error(), "old")
		}
		_, err = one.One(t.Context(), held, 0)
		require.NoError(t, err, "the session goes on")
		tried := logins(t, e, server) - refused
		t.Logf("%d logins in %v", tried, took)
		require.LessOrEqual(t, tried, 2+int(2*took/time.Second))

		testdb.Exec(t, server.Database, createPassword(e.name, "old"))
		db.serves(t)
	})
}

func createPassword(engine, password string) string {
	if engine == "postgres" {
		return "ALTER ROLE rotator PASSWORD '" + password + "'"
	}
	return fmt.Sprintf("SET PASSWORD FOR 'rotator'@'127.0.0.1' = PASSWORD('%s'); SET PASSWORD FOR 'rotator'@'localhost' = PASSWORD('%[1]s')", password)
}

// withPasswords returns the options of a server that wants one from rotator.
func withPasswords(t *testing.T, e engine) []string {
	t.Helper()
	if e.name == "mariadb" {
		return nil
	}
	folder, err := os.MkdirTemp("", "faults")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(folder) })
	require.NoError(t, os.Chmod(folder, 0o755))
	file := filepath.Join(folder, "hba.conf")
	rules := "host all rotator 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n"
	require.NoError(t, os.WriteFile(file, []byte(rules), 0o644))
	return []string{"-c", "hba_file=" + file}
}

// logins returns how many have been refused.
func logins(t *testing.T, e engine, server *testdb.Server) int {
	t.Helper()
	if e.name == "postgres" {
		return strings.Count(server.Log(t), "password authentication failed for user")
	}
	row := testdb.Query(t, server.Database, "SHOW GLOBAL STATUS LIKE 'Access_denied_errors'")[0]
	n, err := strconv.Atoi(row[1])
	require.NoError(t, err)
	return n
}
