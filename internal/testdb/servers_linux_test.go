package testdb_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
)

func TestStopLeavesNothing(t *testing.T) {
	dir := temporaryFolder(t)
	servers, stop, err := testdb.Start(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, processes(t, dir))
	require.Regexp(t, `^Driver=PostgreSQL Unicode;Server=127\.0\.0\.1;Port=\d+;Database=postgres;UID=postgres;CommLog=0;Debug=0$`, servers.Postgres)
	require.Regexp(t, `^Driver=MariaDB Unicode;SERVER=127\.0\.0\.1;PORT=\d+;UID=u;PWD=p;DATABASE=t$`, servers.MariaDB)

	require.NoError(t, stop())
	require.Empty(t, processes(t, dir))
	require.Empty(t, folders(t, dir))
	require.NoError(t, stop(), "a second time")
}

func TestStartShowsTheLogOfWhatFails(t *testing.T) {
	for program, want := range map[string]string{
		"mariadb-install-db": "start mariadb: mariadb-install-db: exit status 3\nthe disk is full\n",
		"mariadbd":           "start mariadb: the server ended (exit status 3)\n",
	} {
		t.Run(program, func(t *testing.T) {
			t.Setenv("PATH", brokenPath(t, program))
			dir := temporaryFolder(t)
			_, _, err := testdb.Start(t.Context())
			require.ErrorContains(t, err, want)
			require.ErrorContains(t, err, "the disk is full\n")
			require.Empty(t, processes(t, dir))
			require.Empty(t, folders(t, dir))
		})
	}
}

// brokenPath is PATH with a program before the real one that fails.
func brokenPath(t *testing.T, program string) string {
	dir := worldFolder(t)
	script := "#!/bin/sh\necho the disk is full\nexit 3\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, program), []byte(script), 0o755))
	return dir + string(os.PathListSeparator) + os.Getenv("PATH")
}

func TestStartEndsWithItsContext(t *testing.T) {
	dir := temporaryFolder(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := testdb.Start(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, folders(t, dir))
}

// ownerEnds are the ways in which a process that has servers ends.
var ownerEnds = map[string]func(t *testing.T){
	"exit":      func(*testing.T) { os.Exit(0) },
	"panic":     func(*testing.T) { panic("the owner panics") },
	"terminate": func(t *testing.T) { killSelf(t, syscall.SIGTERM) },
	"kill":      func(t *testing.T) { killSelf(t, syscall.SIGKILL) },
}

// ownerEnd is the environment variable that makes this test binary such a process.
const ownerEnd = "TESTDB_OWNER_END"

func TestServersEndWithTheirProcess(t *testing.T) {
	if end, ok := ownerEnds[os.Getenv(ownerEnd)]; ok {
		fmt.Println(testdb.All(t))
		end(t)
	}
	for name := range ownerEnds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := worldFolder(t)
			require.Contains(t, runOwner(t, dir, name), "Driver=MariaDB Unicode", "the servers did start")
			requireSoon(t, func() bool { return len(processes(t, dir))+len(folders(t, dir)) == 0 })
		})
	}
}

// Without the undertaker the folder stays, but no process does.
func TestServersEndWithTheirProcessAndItsUndertaker(t *testing.T) {
	if os.Getenv(ownerEnd) != "" {
		fmt.Println(testdb.All(t))
		for _, p := range processes(t, os.TempDir()) {
			if strings.Contains(p.command, "undertaker") {
				require.NoError(t, syscall.Kill(p.pid, syscall.SIGKILL))
			}
		}
		killSelf(t, syscall.SIGKILL)
	}
	dir := worldFolder(t)
	require.Contains(t, runOwner(t, dir, "yes"), "Driver=MariaDB Unicode", "the servers did start")
	requireSoon(t, func() bool { return len(processes(t, dir)) == 0 })
}

// runOwner runs the calling test in a process of its own.
func runOwner(t *testing.T, dir, end string) (out string) {
	t.Helper()
	name, _, _ := strings.Cut(t.Name(), "/")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+name+"$")
	cmd.Env = append(os.Environ(), "TMPDIR="+dir, ownerEnd+"="+end, testdb.EnvPostgres+"=", testdb.EnvMariaDB+"=")
	bytes, _ := cmd.Output() // most ends are failures; the output tells what was reached
	return string(bytes)
}

func killSelf(t *testing.T, s syscall.Signal) {
	require.NoError(t, syscall.Kill(os.Getpid(), s))
	select {}
}

// temporaryFolder makes a new folder the one for temporary files.
func temporaryFolder(t *testing.T) string {
	dir := worldFolder(t)
	t.Setenv("TMPDIR", dir)
	return dir
}

// worldFolder returns a new folder that other accounts can enter, unlike TempDir's.
func worldFolder(t *testing.T) string {
	dir, err := os.MkdirTemp("", "testdb")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chmod(dir, 0o755))
	return dir
}

type process struct {
	pid     int
	command string
}

// processes returns those that work in dir or have it in their arguments.
// A PostgreSQL backend has other arguments, but works in the data folder.
func processes(t *testing.T, dir string) []process {
	t.Helper()
	commands, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	var found []process
	for _, file := range commands {
		command, _ := os.ReadFile(file) // the process may be gone by now
		cwd, _ := os.Readlink(filepath.Join(filepath.Dir(file), "cwd"))
		if strings.Contains(string(command)+cwd, dir+"/") {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			require.NoError(t, err)
			found = append(found, process{pid, string(command)})
		}
	}
	return found
}

// folders returns the folders of servers in dir.
func folders(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "odbcgen-testdb-*"))
	require.NoError(t, err)
	return found
}

func requireSoon(t *testing.T, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, 20*time.Second, 20*time.Millisecond)
}

func TestOwnServersKeepWhatTheyAcknowledged(t *testing.T) {
	for _, own := range []func(testing.TB, ...string) *testdb.Server{testdb.OwnPostgres, testdb.OwnMariaDB} {
		server := own(t)
		db := server.Fresh(t)
		testdb.Exec(t, db, "CREATE TABLE kept (n INTEGER)")
		testdb.Exec(t, db, "INSERT INTO kept VALUES (1)")
		server.Kill(t)
		server.Start(t)
		testdb.Exec(t, db, "INSERT INTO kept VALUES (2)")
		server.Stop(t, syscall.SIGTERM)
		require.Equal(t, server, own(t), "it is started again")
		require.Equal(t, [][]string{{"1"}, {"2"}}, testdb.Query(t, db, "SELECT n FROM kept ORDER BY n"))
		require.NotEmpty(t, server.Log(t))
	}
}
