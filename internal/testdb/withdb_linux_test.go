package testdb_test

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
)

func TestWithdb(t *testing.T) {
	withdb := buildWithdb(t)
	for _, test := range []struct {
		name string
		args []string
		code int
		out  string // regular expression
	}{
		{"sets the environment", []string{"--", "sh", "-c", "echo $" + testdb.EnvPostgres + "; echo $" + testdb.EnvMariaDB},
			0, `^Driver=PostgreSQL.*\nDriver=MariaDB.*\n$`},
		{"passes the exit code on", []string{"sh", "-c", "echo $1; exit 7", "sh", "--"}, 7, `^--\n$`},
		{"passes a signal on", []string{"sh", "-c", "kill -9 $$"}, 128 + 9, `^$`},
		{"says what cannot start", []string{"--", "/nowhere/command"}, 127, `^withdb: .*/nowhere/command.*\n$`},
		{"says how it is used", []string{"--"}, 2, `^usage: withdb`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := worldFolder(t)
			cmd := exec.CommandContext(t.Context(), withdb, test.args...)
			cmd.Env = append(os.Environ(), "TMPDIR="+dir)
			out, _ := cmd.CombinedOutput() // the error is in the exit code
			require.Equal(t, test.code, cmd.ProcessState.ExitCode(), "%s", out)
			require.Regexp(t, test.out, string(out))
			require.Empty(t, processes(t, dir))
			require.Empty(t, folders(t, dir))
		})
	}
}

func TestWithdbHandsSignalsOn(t *testing.T) {
	withdb := buildWithdb(t)
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			dir := worldFolder(t)
			cmd := exec.CommandContext(t.Context(), withdb, "sh", "-c", `trap 'exit 40' INT TERM; echo ready; while :; do sleep 0.1; done`)
			cmd.Env = append(os.Environ(), "TMPDIR="+dir)
			out, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			line, err := bufio.NewReader(out).ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, "ready\n", line)
			require.NoError(t, cmd.Process.Signal(s))
			require.Error(t, cmd.Wait())
			require.Equal(t, 40, cmd.ProcessState.ExitCode())
			require.Empty(t, processes(t, dir))
			require.Empty(t, folders(t, dir))
		})
	}
}

func TestWithdbStopsWhileItStarts(t *testing.T) {
	withdb, dir := buildWithdb(t), worldFolder(t)
	cmd := exec.CommandContext(t.Context(), withdb, "true")
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	require.NoError(t, cmd.Start())
	requireSoon(t, func() bool { return len(processes(t, dir)) > 0 })
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.Error(t, cmd.Wait())
	require.Contains(t, stderr.String(), "context canceled")
	require.Empty(t, processes(t, dir))
	require.Empty(t, folders(t, dir))
}

func buildWithdb(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(worldFolder(t), "withdb")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", path, "./withdb").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}
