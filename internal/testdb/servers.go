package testdb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// The environment variables that hand running servers to tests.
// Both must be set, else a test process starts its own.
const (
	EnvPostgres = "ODBCGEN_TEST_POSTGRES"
	EnvMariaDB  = "ODBCGEN_TEST_MARIADB"
)

// Servers holds the ODBC connection strings of running servers,
// for accounts that may create databases.
type Servers struct {
	Postgres, MariaDB string

	// line ends the servers when it is collected as garbage.
	line *lifeline
}

// Start starts a PostgreSQL and a MariaDB server of this process, on free ports
// of 127.0.0.1, with their files in a folder for temporary files. ctx limits the
// start only. The servers run until stop is called or this process is gone,
// and take their files with them; stop may be called more than once.
func Start(ctx context.Context) (servers *Servers, stop func() error, err error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	line, err := newLifeline()
	if err != nil {
		return nil, nil, fmt.Errorf("start test databases: %w", err)
	}
	servers = &Servers{line: line}
	var starting sync.WaitGroup
	var failed [2]error
	starting.Go(func() { servers.Postgres, failed[0] = postgres.start(ctx, line) })
	starting.Go(func() { servers.MariaDB, failed[1] = mariadb.start(ctx, line) })
	starting.Wait()
	if err := errors.Join(failed[:]...); err != nil {
		return nil, nil, errors.Join(err, line.cut())
	}
	return servers, line.cut, nil
}

// startLimit leaves much room above the one or two seconds that a start takes.
const startLimit = time.Minute

// Environ returns what to add to the environment of a command that shall use the servers.
func (s *Servers) Environ() []string {
	return []string{EnvPostgres + "=" + s.Postgres, EnvMariaDB + "=" + s.MariaDB}
}

// engine is what there is to know of a kind of server.
// In commands $HOME is the folder of the server and $PORT its port. SIGQUIT must
// end the server within moments, and all that it started.
type engine struct {
	name    string
	account string   // the system account that it runs as when we are root
	prepare []string // command that makes the data folder
	sql     string   // becomes $HOME/init.sql
	serve   []string // command that is the server
	dsn     string
}

var postgres = engine{
	name:    "postgres",
	account: "postgres",
	prepare: []string{"initdb", "--pgdata=$HOME/data", "--username=postgres", "--auth=trust",
		"--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"},
	serve: []string{"postgres", "-D", "$HOME/data", "-p", "$PORT", "-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories=", // a folder for temporary files can be too deep for a socket
		"-c", "max_connections=100", "-c", "shared_buffers=32MB", "-c", "timezone=UTC",
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
		// Or a query whose connection was given up goes on, and takes a processor from the next ones.
		"-c", "client_connection_check_interval=100ms"},
	// Debian's odbcinst.ini switches a log on. psqlodbc 13.02 still writes one line
	// of it to /tmp when a connection closes, whatever the connection string says.
	dsn: "Driver=PostgreSQL Unicode;Server=127.0.0.1;Port=$PORT;Database=postgres;UID=postgres;CommLog=0;Debug=0",
}

var mariadb = engine{
	name:    "mariadb",
	account: "mysql",
	prepare: []string{"mariadb-install-db", "--no-defaults", "--datadir=$HOME/data",
		"--auth-root-authentication-method=normal", "--skip-test-db"},
	// It runs at each start. The server takes a client from 127.0.0.1 for one from localhost, if that is what the system calls it.
	sql: `CREATE DATABASE IF NOT EXISTS t;
CREATE USER IF NOT EXISTS 'u'@'127.0.0.1' IDENTIFIED BY 'p';
CREATE USER IF NOT EXISTS 'u'@'localhost' IDENTIFIED BY 'p';
GRANT ALL ON *.* TO 'u'@'127.0.0.1' WITH GRANT OPTION;
GRANT ALL ON *.* TO 'u'@'localhost' WITH GRANT OPTION;
`,
	serve: []string{"mariadbd", "--no-defaults", "--datadir=$HOME/data", "--port=$PORT", "--bind-address=127.0.0.1",
		"--socket=s.sock", // in the data folder; a full path can be too long for a socket
		"--pid-file=pid", "--tmpdir=$HOME", "--init-file=$HOME/init.sql",
		"--character-set-server=utf8mb4", "--default-time-zone=+00:00",
		"--innodb-buffer-pool-size=32M", "--innodb-log-file-size=16M", "--innodb-use-native-aio=0",
		"--innodb-flush-method=nosync", "--innodb-flush-log-at-trx-commit=0"},
	dsn: "Driver=MariaDB Unicode;SERVER=127.0.0.1;PORT=$PORT;UID=u;PWD=p;DATABASE=t",
}

// Server is a server that tests may kill and start again, with the same data on
// the same port. Its Database is that of an account which may do all; what it
// has acknowledged outlives a Kill, which that of the shared servers does not.
type Server struct {
	Database

	engine  engine
	line    *lifeline
	home    string
	as      *account
	expand  func(string) string // $HOME and $PORT
	options []string            // that it was started with, beside the engine's
	running *process            // nil after its end
}

// start makes a server in a folder of line and returns its connection string.
func (e engine) start(ctx context.Context, line *lifeline) (dsn string, err error) {
	server, err := e.launch(ctx, line, nil)
	if err != nil {
		return "", err
	}
	return server.DSN, nil
}

// launch makes a server in a folder of line and starts it with more options.
func (e engine) launch(ctx context.Context, line *lifeline, options []string) (*Server, error) {
	home := filepath.Join(line.dir, e.name)
	s, err := e.create(ctx, line, home)
	if err == nil {
		err = s.serve(ctx, options)
	}
	if err != nil {
		return nil, fmt.Errorf("start %s: %w%s", e.name, err, logTail(home))
	}
	return s, nil
}

// create makes the data of a server that does not run yet.
func (e engine) create(ctx context.Context, line *lifeline, home string) (*Server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	as, err := e.makeHome(home)
	if err != nil {
		return nil, err
	}
	s := &Server{engine: e, line: line, home: home, as: as}
	s.expand = strings.NewReplacer("$HOME", home, "$PORT", port).Replace
	s.Database = Database{Name: e.name, DSN: s.expand(e.dsn)}
	prepared, err := line.start(home, as, 0, expandAll(e.prepare, s.expand))
	if err != nil {
		return nil, err
	}
	if err := awaitEnd(ctx, prepared.ended); err != nil {
		return nil, fmt.Errorf("%s: %w", e.prepare[0], err)
	}
	return s, nil
}

// serve starts the server, which does not run, and waits until it answers.
func (s *Server) serve(ctx context.Context, options []string) (err error) {
	args := append(expandAll(s.engine.serve, s.expand), options...)
	if s.running, err = s.line.start(s.home, s.as, syscall.SIGQUIT, args); err != nil {
		return err
	}
	s.options = options
	if err := awaitAnswer(ctx, s.Database, s.running.ended); err != nil {
		s.running = nil
		return err
	}
	return nil
}

// freePort returns a port below those that systems give to outgoing
// connections, which otherwise could take it before the server does.
func freePort() (string, error) {
	for {
		port := strconv.Itoa(20000 + rand.IntN(10000))
		listener, err := net.Listen("tcp", "127.0.0.1:"+port)
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("find a free port: %w", err)
		}
		return port, listener.Close()
	}
}

// account is a system account; nil is our own.
type account struct{ uid, gid int }

// makeHome makes the folder home and returns the account that owns it.
func (e engine) makeHome(home string) (*account, error) {
	as, err := e.serverAccount()
	if err != nil {
		return nil, err
	}
	if err := os.Mkdir(home, 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(home, "init.sql"), []byte(e.sql), 0o644); err != nil {
		return nil, err
	}
	if as == nil {
		return nil, nil
	}
	return as, os.Chown(home, as.uid, as.gid)
}

// serverAccount returns the account to run as: our own, unless we are root.
// PostgreSQL refuses to run as root, MariaDB does so unless told.
func (e engine) serverAccount() (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	found, err := user.Lookup(e.account)
	if err != nil {
		return nil, fmt.Errorf("find the account of the server (make deps-test installs it): %w", err)
	}
	uid, err := strconv.Atoi(found.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(found.Gid)
	return &account{uid, gid}, err
}

func expandAll(args []string, expand func(string) string) []string {
	expanded := make([]string, len(args))
	for i, arg := range args {
		expanded[i] = expand(arg)
	}
	return expanded
}

// awaitEnd waits for the end of a process, or for ctx.
func awaitEnd(ctx context.Context, ended <-chan error) error {
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// awaitAnswer asks db until it answers, or its server has ended.
func awaitAnswer(ctx context.Context, db Database, ended <-chan error) error {
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		_, refusal := db.query(ctx, "SELECT 1")
		if refusal == nil {
			return nil
		}
		select {
		case err := <-ended:
			return fmt.Errorf("the server ended (%v)", err)
		case <-ctx.Done():
			return errors.Join(ctx.Err(), refusal)
		case <-again.C:
		}
	}
}

// logTail returns the end of the log in home for an error message.
func logTail(home string) string {
	log, err := os.ReadFile(logFile(home))
	if err != nil || len(log) == 0 {
		return ""
	}
	lines := strings.SplitAfter(string(log), "\n")
	return "\n" + strings.Join(lines[max(0, len(lines)-logLines):], "")
}

// logLines is enough to see the cause above the advice that mariadb-install-db ends with.
const logLines = 50

func logFile(home string) string { return filepath.Join(home, "log") }

// program finds a program: in Debian's folder of the newest PostgreSQL, which
// is in no PATH, then in PATH, then where many accounts do not look.
func program(name string) (string, error) {
	places, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil {
		return "", err
	}
	slices.Reverse(places)
	for _, place := range append(places, name, "/usr/sbin/"+name) {
		if path, err := exec.LookPath(place); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no program %s (make deps-test installs it)", name)
}
