// Command withdb runs a command with test databases:
//
//	withdb [--] command [argument ...]
//
// It starts the servers of package testdb, puts them into the environment of
// the command, and stops them when the command has ended. It hands SIGINT and
// SIGTERM to the command, and passes on its exit code: 128+n when signal n ended
// it, 127 when it did not start, as a shell does.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/odbcgen/odbcgen/internal/testdb"
)

func main() {
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: withdb [--] command [argument ...]")
		os.Exit(2)
	}
	code, err := run(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "withdb:", err)
	}
	os.Exit(code)
}

// run runs the command args and returns the code to exit with.
func run(args []string) (code int, err error) {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	// What arrives between the start of the servers and that of the command waits here.
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)

	servers, stop, err := testdb.Start(ctx)
	if err != nil {
		return 1, err
	}
	code, err = runCommand(args, servers.Environ(), signals)
	if stopErr := stop(); stopErr != nil {
		return max(code, 1), errors.Join(err, stopErr)
	}
	return code, err
}

func runCommand(args, environ []string, signals <-chan os.Signal) (code int, err error) {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), environ...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return 127, err
	}
	go func() {
		for s := range signals {
			_ = cmd.Process.Signal(s) // fails when the command has just ended, and then nobody misses it
		}
	}()
	err = cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exitCode(exit.ProcessState), nil
	}
	return cmd.ProcessState.ExitCode(), err
}

func exitCode(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}
