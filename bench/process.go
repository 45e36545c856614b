package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// process is a contender at work. For each line of its standard input it does
// the work once and answers with one line: the nanoseconds that it took, and what
// it came to.
type process struct {
	name string
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
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

// turn lets the process do its work once and returns how long it took.
func (p *process) turn(want string) (time.Duration, error) {
	if _, err := fmt.Fprintln(p.in); err != nil {
		return 0, err
	}
	line, err := p.out.ReadString('\n')
	if err != nil {
		return 0, fmt.Errorf("ended without an answer: %w", err)
	}
	took, got, _ := strings.Cut(strings.TrimSpace(line), " ")
	if got != want {
		return 0, fmt.Errorf("came to %q, and should to %q", got, want)
	}
	n, err := strconv.ParseInt(took, 10, 64)
	return time.Duration(n), err
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

// serve is the process of a contender: arguments are scenario, contender, driver
// and connection string.
func serve(ctx context.Context, arguments []string) error {
	if len(arguments) != 4 {
		return errors.New("usage: bench, without arguments")
	}
	db := database{driver: arguments[2], dsn: arguments[3]}
	do, err := openContender(ctx, arguments[0], arguments[1], db)
	if err != nil {
		return err
	}
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		begin := time.Now()
		got, err := do(ctx)
		took := time.Since(begin)
		if err != nil {
			return fmt.Errorf("%s on %s: %w", arguments[1], db.driver, err)
		}
		fmt.Println(took.Nanoseconds(), got)
	}
	return nil
}

func openContender(ctx context.Context, scenarioName, name string, db database) (work, error) {
	for _, s := range scenarios {
		i := slices.IndexFunc(s.contenders, func(c contender) bool { return c.name == name })
		if s.name == scenarioName && i >= 0 {
			return s.contenders[i].open(ctx, db)
		}
	}
	return nil, fmt.Errorf("no %s in a scenario %s", name, scenarioName)
}
