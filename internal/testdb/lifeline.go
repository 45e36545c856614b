package testdb

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
)

// lifeline holds a folder and the processes that work in it. Both are gone when
// the line is cut, or when this process is gone, in whatever way: a shell waits
// for the end of a pipe whose only writing end is here.
type lifeline struct {
	dir string

	// cut ends the processes and removes the folder; it may be called again.
	cut func() error

	mu   sync.Mutex // guards pipe
	pipe io.WriteCloser
}

// undertaker reads process numbers up to the end of its input, then ends these
// processes with their groups and removes the folder $1.
//
// A process is ours while its arguments name the folder: a zombie, which may
// stay one for long in a container, has none, and who got the number after it
// has others. Ten seconds are given to end in peace.
const undertaker = `
trap '' HUP INT TERM
dir=$1
while read -r pid; do
	all="$all $pid"
done
ours() { grep -qsaF -e "$dir" "/proc/$1/cmdline"; }
for pid in $all; do
	ours "$pid" && kill -s QUIT -- "-$pid" && ending="$ending $pid"
done
for pid in $ending; do
	for try in $(seq 200); do
		ours "$pid" || break
		sleep 0.05
	done
	kill -s KILL -- "-$pid"
done
for try in 1 2 3 4 5; do
	rm -rf "$dir" && exit
	sleep 0.2
done
exit 1
`

func newLifeline() (*lifeline, error) {
	dir, err := os.MkdirTemp("", "odbcgen-testdb-")
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // the accounts of the servers must get through
		return nil, err
	}
	shell := exec.Command("sh", "-c", undertaker, "undertaker", dir)
	if shell.SysProcAttr, err = detached(nil, 0); err != nil {
		return nil, err
	}
	pipe, err := shell.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := shell.Start(); err != nil {
		return nil, err
	}
	l := &lifeline{dir: dir, pipe: pipe}
	l.cut = sync.OnceValue(func() error {
		pipe.Close()
		if err := shell.Wait(); err != nil {
			return fmt.Errorf("remove the test databases in %s: %w", dir, err)
		}
		return nil
	})
	return l, nil
}

// process is one that a lifeline has started.
type process struct {
	pid   int
	ended <-chan error // gets how it ended
}

// start starts a process in the folder home, with its output in the log there.
// orphaned is the signal for it should even the undertaker be killed, 0 for none.
func (l *lifeline) start(home string, as *account, orphaned syscall.Signal, args []string) (*process, error) {
	path, err := program(args[0])
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(logFile(home), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(path, args[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = home, log, log
	cmd.Env = append(os.Environ(), "TMPDIR="+home) // ours may be closed to the account
	if cmd.SysProcAttr, err = detached(as, orphaned); err != nil {
		return nil, err
	}
	ended, err := startLocked(cmd)
	if err != nil {
		return nil, err
	}
	return &process{cmd.Process.Pid, ended}, l.enter(cmd.Process.Pid)
}

// startLocked starts cmd from a thread that lives as long as cmd does: it is
// the end of the thread that brings the parent death signal (prctl(2)).
func startLocked(cmd *exec.Cmd) (<-chan error, error) {
	started, ended := make(chan error), make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			ended <- cmd.Wait()
		}
	}()
	return ended, <-started
}

// enter tells the undertaker of a process.
func (l *lifeline) enter(pid int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := fmt.Fprintln(l.pipe, pid)
	return err
}
