package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// process is a contender at work. It says "ready" first. For each line of its
// standard input it does the work of a turn and answers with one line: the
// nanoseconds of all, of the 50th, 95th and 99th percentile, the allocations of
// Go, and the checksum.
type process struct {
	name string
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
}

// turn is what a turn took.
type turn struct {
	took          time.Duration
	p50, p95, p99 time.Duration
	mallocs       uint64
}

func startProcess(name string, cmd *exec.Cmd) (*process, error) {
	// alexbrainman/odbc reads timestamps in the zone of the process.
	cmd.Env = append(os.Environ(), "TZ=UTC")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &process{name, cmd, in, bufio.NewReader(out)}, cmd.Start()
}

// awaitReady waits until the process has connected.
func (p *process) awaitReady() error {
	line, err := p.out.ReadString('\n')
	if err == nil && line != "ready\n" {
		err = fmt.Errorf("it says %q", line)
	}
	return err
}

// turn lets the process do its work.
func (p *process) turn(want string) (turn, error) {
	if _, err := fmt.Fprintln(p.in); err != nil {
		return turn{}, err
	}
	line, err := p.out.ReadString('\n')
	if err != nil {
		return turn{}, fmt.Errorf("ended without an answer: %w", err)
	}
	t, got, err := parseTurn(strings.TrimSpace(line))
	if err == nil && got != want {
		err = fmt.Errorf("came to %q, and should to %q", got, want)
	}
	return t, err
}

// parseTurn takes an answer apart.
func parseTurn(line string) (t turn, sum string, err error) {
	words := strings.SplitN(line, " ", 6)
	if len(words) < 6 {
		return t, "", errors.New("answered " + line)
	}
	_, err = fmt.Sscan(line, (*int64)(&t.took), (*int64)(&t.p50), (*int64)(&t.p95), (*int64)(&t.p99), &t.mallocs)
	return t, words[5], err
}

// peakMiB returns the most memory that the process has had at a time, 0 where
// the system does not say. The figure of wait4 would include that of the parent.
func (p *process) peakMiB() int {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	_, peak, _ := strings.Cut(string(status), "VmHWM:")
	var kib int
	fmt.Sscan(peak, &kib)
	return kib / 1024
}

// stop ends the process, which ends by itself when there is no more to read.
func (p *process) stop() {
	p.in.Close()
	p.cmd.Wait()
}
