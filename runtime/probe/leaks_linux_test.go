package probe_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/odbcgen/odbcgen/internal/fakedriver"
	"github.com/odbcgen/odbcgen/runtime/probe"
)

// TestNothingIsLeft: drivers that crash and hang leave no child, goroutine or file.
func TestNothingIsLeft(t *testing.T) {
	before := goleak.IgnoreCurrent()
	dying(t) // the Go runtime keeps files of its own
	files := openFiles(t)
	dying(t)
	require.Empty(t, children(t))
	require.Eventually(t, func() bool { return openFiles(t) <= files }, 10*time.Second, 10*time.Millisecond, "%d files at first", files)
	goleak.VerifyNone(t, before)
}

// dying asks a driver that hangs and crashes.
func dying(t *testing.T) {
	t.Run("driver", func(t *testing.T) {
		d := fakedriver.New(t)
		gate := d.Wait(&fakedriver.Gate{Op: fakedriver.GetInfo, When: func(c *fakedriver.Call) bool { return c.Attribute == 10002 }, Deaf: true})
		t.Cleanup(gate.Open)
		record(d, func(c *fakedriver.Call, a *fakedriver.Answer) {
			a.Crash = a.Crash || c.Op == fakedriver.Execute && len(c.Params) == 10
		})
		r := ask(t, probe.Options{Connection: d.HiddenDSN(), Scratch: true, Limit: 500 * time.Millisecond})
		require.True(t, result(t, r, "bad row in a parameter array").Crashed)
		require.Contains(t, result(t, r, "claims").Problem, "the driver hung")
		require.Empty(t, r.Left)
	})
}

func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return len(entries)
}

// children returns the processes that this one has started and that are children of a
// probe.
func children(t *testing.T) (commands []string) {
	t.Helper()
	lists, err := filepath.Glob("/proc/self/task/*/children")
	require.NoError(t, err)
	self, err := os.Executable()
	require.NoError(t, err)
	for _, list := range lists {
		pids, err := os.ReadFile(list)
		require.NoError(t, err)
		for pid := range strings.FieldsSeq(string(pids)) {
			if program, err := os.Readlink("/proc/" + pid + "/exe"); err == nil && program == self {
				commands = append(commands, program)
			}
		}
	}
	return commands
}
