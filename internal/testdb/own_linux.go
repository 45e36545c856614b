package testdb

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// OwnPostgres returns a PostgreSQL server that this process has to itself, running
// with more options: those of the command postgres. Tests that use it cannot run
// at the same time.
func OwnPostgres(t testing.TB, options ...string) *Server {
	t.Helper()
	return own(t, &ownPostgres, append([]string{"-c", "synchronous_commit=on"}, options...))
}

// OwnMariaDB is the same for MariaDB; options are those of the command mariadbd.
func OwnMariaDB(t testing.TB, options ...string) *Server {
	t.Helper()
	return own(t, &ownMariaDB, append([]string{"--innodb-flush-log-at-trx-commit=1"}, options...))
}

// owned is a server that is made when it is first asked for.
type owned struct {
	engine engine
	mu     sync.Mutex
	server *Server
}

var (
	ownPostgres = owned{engine: postgres}
	ownMariaDB  = owned{engine: mariadb}
)

func own(t testing.TB, o *owned, options []string) *Server {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.server == nil {
		line, err := newLifeline()
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), startLimit)
		defer cancel()
		server, err := o.engine.launch(ctx, line, options)
		if err != nil {
			t.Fatal(errors.Join(err, line.cut()))
		}
		o.server = server
	}
	s := o.server
	if s.running != nil && !slices.Equal(s.options, options) {
		s.Kill(t)
	}
	if s.options = options; s.running == nil {
		s.Start(t)
	}
	return s
}

// Fresh creates an empty database on the server.
func (s *Server) Fresh(t testing.TB) Database {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text())
	Exec(t, s.Database, "CREATE DATABASE "+name)
	return Database{Name: s.Name, DSN: inDatabase(s.DSN, name)}
}

// Kill ends all processes of the server at once, without a last word.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	s.signal(t, s.running.pid, syscall.SIGSTOP) // it shall not start another one meanwhile
	all := children(t, s.running.pid)
	for _, pid := range append(all, s.running.pid) {
		s.signal(t, pid, syscall.SIGKILL)
	}
	<-s.running.ended
	s.running = nil
	for _, pid := range all {
		for alive(pid) { // with the memory that PostgreSQL wants to be nobody's
			time.Sleep(time.Millisecond)
		}
	}
}

// Freeze stops all processes of the server until Thaw, by SIGSTOP. Its connections stay.
func (s *Server) Freeze(t testing.TB) {
	t.Helper()
	s.signalAll(t, syscall.SIGSTOP)
}

// Thaw lets a server go on that was frozen.
func (s *Server) Thaw(t testing.TB) {
	t.Helper()
	s.signalAll(t, syscall.SIGCONT)
}

// signalAll begins with the process that starts the others.
func (s *Server) signalAll(t testing.TB, signal syscall.Signal) {
	t.Helper()
	s.signal(t, s.running.pid, signal)
	for _, pid := range children(t, s.running.pid) {
		s.signal(t, pid, signal)
	}
}

func (s *Server) signal(t testing.TB, pid int, signal syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
		t.Fatal(err)
	}
}

// alive reports whether a process is neither gone nor a zombie, which has no arguments.
func alive(pid int) bool {
	arguments, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return err == nil && len(arguments) > 0
}

// children returns the processes that the process pid has started.
func children(t testing.TB, pid int) (found []int) {
	t.Helper()
	lists, err := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range lists {
		text, _ := os.ReadFile(list) // the thread may be gone by now
		for word := range strings.FieldsSeq(string(text)) {
			child, err := strconv.Atoi(word)
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, child)
		}
	}
	return found
}

// Stop sends a signal to the server and waits for its end. On SIGINT PostgreSQL
// ends its sessions and rolls back, on SIGQUIT it is gone without a checkpoint, on
// SIGTERM it waits for its sessions. MariaDB knows SIGTERM, which ends them.
func (s *Server) Stop(t testing.TB, signal syscall.Signal) {
	t.Helper()
	s.signal(t, s.running.pid, signal)
	<-s.running.ended
	s.running = nil
}

// Start starts the server again and waits until it answers.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	if err := s.serve(ctx, s.options); err != nil {
		t.Fatalf("start %s: %v%s", s.Name, err, logTail(s.home))
	}
}

// Log returns what the server has written to its log since it was made.
func (s *Server) Log(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(logFile(s.home))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
