package testdb_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
)

func TestAllGivesOneFreshDatabaseOfEachEngine(t *testing.T) {
	var names []string
	for _, db := range testdb.All(t) {
		names = append(names, db.Name)
		testdb.Exec(t, db, "CREATE TABLE here (id INTEGER)")
	}
	require.Equal(t, []string{"sqlite", "postgres", "mariadb"}, names)
	for _, db := range testdb.All(t) {
		testdb.Exec(t, db, "CREATE TABLE here (id INTEGER)")
	}
}

// isql is a client of the driver manager: it shows that the connection strings
// are good for ODBC, with no code of ours between.
func TestConnectionStringsWorkInODBC(t *testing.T) {
	for _, db := range testdb.All(t) {
		t.Run(db.Name, func(t *testing.T) {
			cmd := exec.Command("isql", "-v", "-b", "-k", db.DSN)
			cmd.Stdin = strings.NewReader("CREATE TABLE made_by_isql (id INTEGER)\n")
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", out)
			require.Equal(t, [][]string{{"0"}}, testdb.Query(t, db, "SELECT count(*) FROM made_by_isql"), "%s", out)
		})
	}
}

func TestQuery(t *testing.T) {
	const column = `SELECT '' AS v UNION ALL SELECT NULL UNION ALL SELECT 'a	b' UNION ALL SELECT 'größe
😀' UNION ALL SELECT ' x '`
	for _, db := range testdb.All(t) {
		t.Run(db.Name, func(t *testing.T) {
			testdb.Exec(t, db, "CREATE TABLE pairs (id INTEGER, v VARCHAR(20)); INSERT INTO pairs VALUES (1, ''), (2, NULL)")
			require.Equal(t, [][]string{{"1", ""}, {"2", testdb.Null}}, testdb.Query(t, db, "SELECT id, v FROM pairs ORDER BY id"))
			require.Empty(t, testdb.Query(t, db, "SELECT id FROM pairs WHERE id > 2"))
			require.Equal(t, [][]string{{""}}, testdb.Query(t, db, "SELECT v FROM pairs WHERE id = 1"))
			require.Equal(t, [][]string{{""}, {testdb.Null}, {"a\tb"}, {"größe\n😀"}, {" x "}}, testdb.Query(t, db, column))
		})
	}
}

func TestQueryKeepsBackslashes(t *testing.T) {
	literal := map[string]string{"sqlite": `'\n\t\\'`, "postgres": `'\n\t\\'`, "mariadb": `'\\n\\t\\\\'`}
	for _, db := range testdb.All(t) {
		t.Run(db.Name, func(t *testing.T) {
			require.Equal(t, [][]string{{`\n\t\\`}}, testdb.Query(t, db, "SELECT "+literal[db.Name]))
		})
	}
}

func TestExecFailsTheTestOnBadSQL(t *testing.T) {
	for _, db := range testdb.All(t) {
		t.Run(db.Name, func(t *testing.T) {
			message := failure(t, func(t testing.TB) { testdb.Exec(t, db, "CREATE TABLE a (id INTEGER); SELECT nowhere FROM a") })
			require.Contains(t, message, "nowhere")
			require.Contains(t, message, db.Name)
		})
	}
}

func TestServersSpeakUTF8AndUTC(t *testing.T) {
	postgres, mariadb := testdb.Postgres(t), testdb.MariaDB(t)
	require.Equal(t, [][]string{{"UTF8", "UTC"}},
		testdb.Query(t, postgres, "SELECT current_setting('server_encoding'), current_setting('timezone')"))
	require.Equal(t, [][]string{{"utf8mb4", "+00:00"}},
		testdb.Query(t, mariadb, "SELECT @@character_set_database, @@time_zone"))
}

func TestDatabasesGoWithTheirTest(t *testing.T) {
	lists := map[string]string{
		"postgres": "SELECT datname FROM pg_database",
		"mariadb":  "SELECT schema_name FROM information_schema.schemata",
	}
	for _, open := range []func(testing.TB) testdb.Database{testdb.Postgres, testdb.MariaDB} {
		watcher := open(t)
		t.Run(watcher.Name, func(t *testing.T) {
			var name string
			t.Run("inner", func(t *testing.T) { name = databaseName(open(t)) })
			names := testdb.Query(t, watcher, lists[watcher.Name])
			require.Contains(t, names, []string{databaseName(watcher)})
			require.NotContains(t, names, []string{name})
		})
	}
}

func databaseName(db testdb.Database) string {
	for part := range strings.SplitSeq(db.DSN, ";") {
		if key, name, _ := strings.Cut(part, "="); strings.EqualFold(key, "database") {
			return name
		}
	}
	return ""
}

// failure returns what do says when it ends its test, "" when it does not.
func failure(t testing.TB, do func(testing.TB)) (message string) {
	caught := &fatalTB{TB: t}
	defer func() {
		if r := recover(); r != nil && r != caught {
			panic(r)
		}
		message = caught.message
	}()
	do(caught)
	return ""
}

// fatalTB keeps the message of Fatal and panics with itself.
type fatalTB struct {
	testing.TB
	message string
}

func (f *fatalTB) Fatal(args ...any) {
	f.message = fmt.Sprint(args...)
	panic(f)
}
