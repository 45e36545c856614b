// Package tdsserver is a server of TDS 7.2 to 7.4, the protocol of SQL Server, for
// tests that reach it through a real ODBC driver, FreeTDS.
//
//	s := tdsserver.New(t)
//	s.On("SELECT n FROM t WHERE n > @P1", tdsserver.Rows{
//		Columns: []tdsserver.Column{{Name: "n", Type: tdsserver.Int, NotNull: true}},
//		Values:  [][]any{{1}, {2}},
//	})
//	db, err := runtime.Open(ctx, s.DSN())
//	…
//	require.Equal(t, "int", s.Requests()[0].Types())
//
// It answers what the script says, and by itself statements about the session: its
// transaction, savepoints, isolation level and settings are kept. Once a client has
// created a table, simple statements about tables work without a script, too; a
// transaction can take back what it has stored, but it is not kept from others.
//
// What the server does is what SQL Server's documents say, and what FreeTDS makes of it
// is measured. Nothing of it was compared with a real SQL Server.
package tdsserver

import (
	"fmt"
	"maps"
	"net"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// The account that may connect, and the names of the databases that there are at first.
const (
	User     = "sa"
	Password = "Secret-1"
	Database = "test"
	Master   = "master"
)

const serverName = "tdsserver"

// Server is a server on a port of 127.0.0.1. It is safe for concurrent use.
type Server struct {
	t        testing.TB
	listener net.Listener
	serving  sync.WaitGroup

	mu        sync.Mutex // guards the following
	closed    bool
	databases []string
	packet    int // the largest packet, 0 for any
	script    []*Entry
	sessions  []*session // all that have been logged in, in order
	live      map[*session]bool
	requests  []*Request

	storing    sync.Mutex // guards the following, and what it holds
	tables     tables
	procedures []procedure
}

// New starts a server for a test. It is closed when the test ends.
func New(t testing.TB) *Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, listener: listener, databases: []string{Master, Database}, live: map[*session]bool{}, tables: tables{}}
	s.serving.Go(s.accept)
	t.Cleanup(s.Close)
	return s
}

// DSN returns a connection string for FreeTDS.
func (s *Server) DSN() string {
	s.t.Helper()
	library, err := driver()
	if err != nil {
		s.t.Fatal(err)
	}
	return fmt.Sprintf("Driver=%s;Server=127.0.0.1;Port=%d;TDS_Version=7.4;UID=%s;PWD=%s;Database=%s;ClientCharset=UTF-8",
		library, s.listener.Addr().(*net.TCPAddr).Port, User, Password, Database)
}

// driver finds the library of FreeTDS.
var driver = sync.OnceValues(func() (string, error) {
	for _, place := range []string{"/usr/lib/*/odbc", "/usr/lib*", "/usr/local/lib", "/opt/homebrew/lib"} {
		if found, _ := filepath.Glob(filepath.Join(place, "libtdsodbc.so*")); len(found) > 0 {
			return found[0], nil
		}
	}
	return "", fmt.Errorf("no libtdsodbc.so (make deps-test installs it)")
})

// CreateDatabase makes a database that clients can connect to.
func (s *Server) CreateDatabase(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.databases = append(s.databases, name)
}

// dropDatabase forgets a database with its tables.
func (s *Server) dropDatabase(name string) {
	is := func(other string) bool { return strings.EqualFold(other, name) }
	s.mu.Lock()
	s.databases = slices.DeleteFunc(s.databases, is)
	s.mu.Unlock()
	s.storing.Lock()
	defer s.storing.Unlock()
	maps.DeleteFunc(s.tables, func(_ string, t *table) bool { return is(t.database) })
}

// LimitPackets sets the largest packet of connections that are made from now on.
func (s *Server) LimitPackets(size int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.packet = size
}

// Entry is a statement, or many, of the script.
type Entry struct {
	server *Server
	answer func(*Request) []Answer
	params []Type
}

// On sets the answer to a statement, or to a procedure by its name. In sql, … stands for
// any text. Of entries for the same statement the last one counts.
//
// The driver writes @P1 for the first ?.
func (s *Server) On(sql string, answers ...Answer) *Entry {
	s.t.Helper()
	for _, a := range answers {
		if err := a.check(); err != nil {
			s.t.Fatalf("answer to %s: %v", sql, err)
		}
	}
	if answers == nil {
		answers = []Answer{}
	}
	pattern := pattern(sql)
	return s.OnFunc(func(r *Request) []Answer {
		if !pattern.MatchString(r.SQL) {
			return nil
		}
		return answers
	})
}

// procedure is what the catalog tells of one.
type procedure struct {
	name      string
	arguments []Argument
}

// Argument is a parameter of a procedure, @name.
type Argument struct {
	Name string
	Type Type
	Out  bool
}

// CreateProcedure sets the answer to a procedure that is in the catalog.
func (s *Server) CreateProcedure(name string, arguments []Argument, answers ...Answer) *Entry {
	s.t.Helper()
	s.storing.Lock()
	s.procedures = append(s.procedures, procedure{name, arguments})
	s.storing.Unlock()
	return s.On(name, answers...)
}

func pattern(sql string) *regexp.Regexp {
	parts := strings.Split(sql, "…")
	for i, part := range parts {
		parts[i] = regexp.QuoteMeta(part)
	}
	return regexp.MustCompile(`(?s)\A` + strings.Join(parts, ".*") + `\z`)
}

// OnFunc sets what answers requests, nil for those that are not for it. It may be called
// by several connections at once, and for statements that are only described, which have
// no Params.
func (s *Server) OnFunc(answer func(*Request) []Answer) *Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := &Entry{server: s, answer: answer}
	s.script = append(s.script, e)
	return e
}

// Takes sets the types of the statement's parameters, for
// sp_describe_undeclared_parameters.
func (e *Entry) Takes(params ...Type) *Entry {
	e.server.mu.Lock()
	defer e.server.mu.Unlock()
	e.params = params
	return e
}

// find returns the answers to a request and the types of its parameters.
func (s *Server) find(r *Request) (answers []Answer, params []Type, ok bool) {
	s.mu.Lock()
	script := slices.Clone(s.script)
	s.mu.Unlock()
	for _, e := range slices.Backward(script) {
		if answers = e.answer(r); answers != nil {
			s.mu.Lock()
			defer s.mu.Unlock()
			return answers, e.params, true
		}
	}
	return nil, nil, false
}

// Requests returns what has been asked so far, in order.
func (s *Server) Requests() []*Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Forget forgets the requests so far.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

func (s *Server) record(r Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, &r)
}

// Session is what the server knows of a session.
type Session struct {
	ID                          int
	User, Database, Application string
	PacketSize                  int
	Open                        bool

	Isolation    string   // as in SQL
	LockTimeout  int      // in milliseconds, -1 for none
	Transactions int      // @@TRANCOUNT
	Savepoints   []string // of the transaction
	Settings     map[string]string
	Prepared     int // statements
	Cursors      int
}

// Sessions returns all sessions that there have been, in order.
func (s *Server) Sessions() []Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Session, len(s.sessions))
	for i, one := range s.sessions {
		all[i] = one.state
		all[i].Savepoints = slices.Clone(one.state.Savepoints)
		all[i].Settings = maps.Clone(one.state.Settings)
		all[i].Prepared, all[i].Cursors = len(one.statements), len(one.cursors)
	}
	return all
}

// Disconnect closes all connections without a word.
func (s *Server) Disconnect() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.live {
		c.disconnect()
	}
}

// Close closes all connections and the port. Closing twice does nothing.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.listener.Close()
	s.Disconnect()
	s.serving.Wait()
}

func (s *Server) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		c := newSession(s, conn)
		s.mu.Lock()
		if s.closed {
			c.disconnect()
		}
		s.live[c] = true
		s.mu.Unlock()
		s.serving.Go(func() {
			c.serve()
			s.mu.Lock()
			defer s.mu.Unlock()
			delete(s.live, c)
		})
	}
}
