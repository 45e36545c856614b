package faults_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
)

// childOf is the environment variable with the connection string that a test which
// runs as the child of another one works on.
const childOf = "FAULTS_CHILD"

// child is a command that runs the calling test in a process of its own on a
// database, with more of an environment.
func child(t *testing.T, at testdb.Database, environ ...string) *exec.Cmd {
	t.Helper()
	name, _, _ := strings.Cut(t.Name(), "/")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+name+"$", "-test.v")
	cmd.Env = append(append(os.Environ(), childOf+"="+at.DSN), environ...)
	cmd.Stderr = os.Stderr
	return cmd
}

// asChild returns the database of a test that runs as a child.
func asChild(engine string) (at testdb.Database, ok bool) {
	dsn := os.Getenv(childOf)
	return testdb.Database{Name: engine, DSN: dsn}, dsn != ""
}

// TestF37_AnswersOutOfStep: the statements that MariaDB Connector/ODBC 3.1.15 loses
// count of, or crashes with when they are not prepared. No later statement gets the
// answer of another one.
func TestF37_AnswersOutOfStep(t *testing.T) {
	if at, ok := asChild("mariadb"); ok {
		outOfStep(t, at)
		return
	}
	out, err := child(t, testdb.MariaDB(t)).Output()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "--- PASS: TestF37")
}

func outOfStep(t *testing.T, at testdb.Database) {
	db := open(t, at, sized(1))
	db.withNumbers(t, 10)
	echo := ints("Echo", "SELECT ? + 0 AS n")
	nonce := int64(0)
	inStep := func(sql string) {
		for range 5 {
			nonce++
			n, err := echo.One(t.Context(), db, nonce)
			if err == nil {
				require.Equal(t, nonce, n, "after %s", sql)
			} else {
				t.Logf("after %s: %v", sql, err)
			}
		}
		_, err := echo.One(t.Context(), db, nonce)
		require.NoError(t, err, "after %s", sql)
	}
	for _, sql := range []string{
		"VALUES (1)", "HELP 'select'", "OPTIMIZE TABLE numbers",
		"SET STATEMENT max_statement_time = 10 FOR SELECT n FROM numbers", "ANALYZE TABLE numbers",
	} {
		for range 3 {
			rows, err := ints("Odd", sql).Many(t.Context(), db, 0)
			t.Logf("%s: %d rows, %v", sql, len(rows), err)
			inStep(sql)
			c, err := db.Conn(t.Context())
			require.NoError(t, err)
			t.Logf("%s: %v", sql, c.Exec(t.Context(), sql))
			c.Close()
			inStep(sql)
		}
	}
}

// TestF44_ProcessStoppedForLong: a client that was stopped, as by a debugger or a
// suspended machine, goes on with the connections that it had.
func TestF44_ProcessStoppedForLong(t *testing.T) {
	const connections = 10
	pause := 30 * time.Second
	if testing.Short() {
		pause = 1500 * time.Millisecond
	}
	onServers(t, func(t *testing.T, e engine) {
		if at, ok := asChild(e.name); ok {
			if os.Getenv("FAULTS_ENGINE") == e.name {
				stopped(t, at, connections)
			}
			return
		}
		at := e.shared(t)
		cmd := child(t, at, "FAULTS_ENGINE="+e.name)
		in, err := cmd.StdinPipe()
		require.NoError(t, err)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		lines := bufio.NewScanner(out)
		require.NoError(t, cmd.Start())
		await(t, lines, "ready")
		before := e.sessionsOf(t, at)
		require.Len(t, before, connections)

		require.NoError(t, cmd.Process.Signal(syscall.SIGSTOP))
		time.Sleep(pause) // which is the fault
		require.NoError(t, cmd.Process.Signal(syscall.SIGCONT))
		fmt.Fprintln(in, "go on")
		await(t, lines, "served")
		require.Equal(t, before, e.sessionsOf(t, at))
		fmt.Fprintln(in, "end")
		await(t, lines, "--- PASS")
		require.NoError(t, cmd.Wait())
	})
}

// await reads lines up to one that has the text.
func await(t *testing.T, lines *bufio.Scanner, text string) {
	t.Helper()
	var all []string
	for lines.Scan() {
		if all = append(all, lines.Text()); strings.Contains(lines.Text(), text) {
			return
		}
	}
	require.Fail(t, "the child has ended", "%s", strings.Join(all, "\n"))
}

// stopped makes connections, uses them again when it is told to go on, and ends when
// it is told to.
func stopped(t *testing.T, at testdb.Database, connections int) {
	db := open(t, at, sized(connections))
	orders := bufio.NewScanner(os.Stdin)
	useAll(t, db, connections)
	fmt.Println("ready")
	orders.Scan()
	useAll(t, db, connections)
	fmt.Println("served")
	orders.Scan()
}

// useAll uses so many connections at a time.
func useAll(t *testing.T, db database, connections int) {
	for range connections {
		c, err := db.Conn(t.Context())
		require.NoError(t, err)
		defer c.Close()
		_, err = one.One(t.Context(), c, 0)
		require.NoError(t, err)
	}
}

// TestF48_Environments: what an error means does not depend on the language that a
// process, or its server, speaks.
func TestF48_Environments(t *testing.T) {
	onServers(t, func(t *testing.T, e engine) {
		if at, ok := asChild(e.name); ok {
			if os.Getenv("FAULTS_ENGINE") == e.name {
				classify(t, at)
			}
			return
		}
		at := e.shared(t)
		testdb.Exec(t, at, "CREATE TABLE unique_numbers (n BIGINT PRIMARY KEY, s VARCHAR(3) NOT NULL); INSERT INTO unique_numbers VALUES (1, 'a')")
		environs := []string{"LC_ALL=C", "LC_ALL=tr_TR.UTF-8", "PGCLIENTENCODING=LATIN1", "LC_ALL=C.UTF-8", "LC_ALL=de_DE.ISO-8859-1", "LANG=", "TZ=Asia/Kathmandu", "HOME=/nowhere"}
		if testing.Short() {
			environs = environs[:3]
		}
		for _, environ := range environs {
			out, err := child(t, at, environ, "FAULTS_ENGINE="+e.name).Output()
			require.NoError(t, err, "%s: %s", environ, out)
			require.Equal(t, classesWanted, classes(string(out)), environ)
		}
	})
}

// classify provokes errors and prints their classes.
func classify(t *testing.T, at testdb.Database) {
	db := open(t, at)
	for _, sql := range []string{
		"SELECT n FROM nowhere", "SELEC 1", "INSERT INTO unique_numbers VALUES (1, 'a')",
		"INSERT INTO unique_numbers VALUES (2, NULL)", "INSERT INTO unique_numbers VALUES (2, 'abcd')",
	} {
		fmt.Println("class", class(command("Bad", sql).Exec(t.Context(), db, 0)))
	}
	for _, wrong := range []string{"Port=1", "Database=nowhere", "UID=nobody"} {
		key, _, _ := strings.Cut(wrong, "=")
		_, err := runtime.Open(t.Context(), replaceKey(at.DSN, key, wrong))
		fmt.Println("class", class(err))
	}
}

func class(err error) string {
	e, ok := err.(*runtime.Error)
	if !ok {
		return fmt.Sprint(err)
	}
	return fmt.Sprintf("%v, %s, %v, %v", e.Category, e.Kind, e.Outcome, e.Retry)
}

// classes returns the lines that a child's classify has printed.
func classes(out string) string {
	var all []string
	for line := range strings.Lines(out) {
		if rest, ok := strings.CutPrefix(line, "class "); ok {
			all = append(all, strings.TrimSpace(rest))
		}
	}
	return strings.Join(all, "\n")
}

// classesWanted are those of the errors of classify, on both servers.
const classesWanted = `validation, unknown object, statement rolled back, none
validation, syntax, statement rolled back, none
validation, unique, statement rolled back, none
validation, not null, statement rolled back, none
validation, data, statement rolled back, none
transient, connect, not sent, connect
fatal, config, not sent, none
fatal, auth, not sent, none`

// replaceKey returns the connection string with another setting.
func replaceKey(dsn, key, setting string) string {
	parts := strings.Split(dsn, ";")
	for i, part := range parts {
		if name, _, _ := strings.Cut(part, "="); strings.EqualFold(name, key) {
			parts[i] = setting
		}
	}
	return strings.Join(parts, ";")
}
