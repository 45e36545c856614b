package odbc

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/odbcgen/odbcgen/runtime/internal/odbc/sys"
)

// Conn is a connection.
type Conn struct {
	h            sys.Handle
	local        bool
	linkEnds     bool
	noPlaces     bool
	errorsFollow bool
	together     bool               // see RowsTogether
	statements   map[*Stmt]struct{} // open ones; they are closed with the connection
	canceller    sys.Handle         // a statement to cancel all others by, see CancelApart

	// See CancelLongBy.
	connection string // what it was made with, a secret
	longCancel SessionCancel
	session    string // the session's number, "" before it was asked

	beginAgain string // see BeginAgain

	socket *socket       // nil where it is not known
	ender  ender         // nothing before the first call that needs it
	crew   crew          // likewise
	stuck  chan struct{} // see Stuck
	broken atomic.Bool

	cancelling atomic.Pointer[search] // of the SQLCancel under way
}

// open holds every open connection, and through it its statements: a pinned
// buffer whose owner is forgotten would end the program at the next garbage
// collection, and a forgotten connection is only a leak.
var open sync.Map // *Conn -> struct{}

// Connect opens a connection. It returns when ctx ends even where the driver
// hangs; its socket is then shut down where that is known, and the connection is
// closed whenever the driver lets go of it.
func Connect(ctx context.Context, connection string) (*Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if strings.ContainsRune(connection, 0) {
		return nil, fmt.Errorf("connection string holds a zero byte")
	}
	if err := begin(ctx, 0); err != nil {
		return nil, err
	}
	d := &dial{connection: connection, timeout: loginTimeout(ctx), answered: make(chan struct{})}
	if ctx.Done() == nil {
		d.connect()
		return d.c, d.err
	}
	go d.connect()
	select {
	case <-d.answered:
		return d.c, d.err
	case <-ctx.Done():
		abandoned.Add(1)
		go d.giveUp()
		return nil, ctx.Err()
	}
}

// loginTimeout returns whole seconds until ctx ends, at least one; 0 is no limit.
func loginTimeout(ctx context.Context) uintptr {
	deadline, ok := ctx.Deadline()
	if !ok {
		return 0
	}
	return uintptr(max(1, (time.Until(deadline)+time.Second-1)/time.Second))
}

// dial is the making of a connection.
type dial struct {
	connection string
	timeout    uintptr // in seconds, 0 for none
	search     atomic.Pointer[search]

	answered chan struct{} // closed when the following are there
	c        *Conn
	err      error
}

func (d *dial) connect() {
	d.c, d.err = d.connected()
	<-calls
	close(d.answered)
}

// giveUp ends the dial, and closes what it came to.
func (d *dial) giveUp() {
	for waiting := true; waiting; {
		if s := d.search.Load(); s != nil {
			s.cut()
		}
		select {
		case <-d.answered:
			waiting = false
		case <-time.After(grace): // it may have begun another one
		}
	}
	if d.err == nil {
		d.c.Close()
	}
	abandoned.Add(-1)
}

func (d *dial) connected() (*Conn, error) {
	env, err := environment()
	if err != nil {
		return nil, err
	}
	h, ret := sys.AllocHandle(sys.HandleDBC, env)
	if !ret.OK() {
		return nil, newError("SQLAllocHandle(DBC)", ret, sys.HandleEnv, env)
	}
	if d.timeout > 0 {
		sys.SetConnectAttr(h, sys.AttrLoginTimeout, d.timeout) // a wish: several drivers refuse it
	}
	loaded := awaitFirst(d.connection)
	s := sockets.begin()
	d.search.Store(s)
	ret = sys.DriverConnect(h, d.connection)
	socket := s.end(ret.OK())
	loaded()
	if !ret.OK() {
		err := newError("SQLDriverConnect", ret, sys.HandleDBC, h)
		sys.FreeHandle(sys.HandleDBC, h)
		return nil, err
	}
	c := &Conn{h: h, connection: d.connection, statements: make(map[*Stmt]struct{}), socket: socket}
	c.together = sys.RowsTogether() // each time: a driver may have been unloaded meanwhile
	open.Store(c, struct{}{})
	return c, nil
}

// loadTime is the most that the first connect of a driver keeps others waiting: by
// then the driver is loaded, and waits for its server.
const loadTime = time.Second

var (
	firstMu sync.Mutex
	firsts  = map[string]chan struct{}{} // by driver or data source; closed when a connect has returned
)

// awaitFirst lets the first connect of each driver run alone, until loaded is called:
// loading a driver races with reading its settings in unixODBC before 2.3.13.
func awaitFirst(connection string) (loaded func()) {
	name := driverOf(connection)
	firstMu.Lock()
	first, seen := firsts[name]
	if !seen {
		first = make(chan struct{})
		firsts[name] = first
		if strings.Contains(name, "sqlite") { // it can be told only before it is used
			sys.SQLiteWithoutLocks()
		}
	}
	firstMu.Unlock()
	if !seen {
		return func() { close(first) }
	}
	select {
	case <-first:
	case <-time.After(loadTime):
	}
	return func() {}
}

// driverOf returns the first Driver or DSN value, enough to tell drivers apart.
func driverOf(connection string) string {
	for part := range strings.SplitSeq(connection, ";") {
		key, value, _ := strings.Cut(part, "=")
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "driver", "dsn", "filedsn":
			return strings.ToLower(value)
		}
	}
	return ""
}

// Local says that the driver uses no network. Its calls are then made on the
// goroutine of their caller, are not counted, and are waited for however long they
// take after they were cancelled.
func (c *Conn) Local() {
	sockets.release(c.socket)
	c.local, c.socket = true, nil
}

// BeginAgain sets a statement that begins a transaction. It is for a driver which
// takes a transaction for open that the database has ended by itself: sqliteodbc
// 0.9998 can then neither roll back nor disconnect, unless one is open again.
func (c *Conn) BeginAgain(sql string) { c.beginAgain = sql }

// RowsTogether reports whether psqlODBC gets the rows of a round trip together, or not at
// all.
func (c *Conn) RowsTogether() bool { return c.together }

// LinkEnds says that a call of the driver returns when the connection's socket is shut
// down. Where that is not known, calls are made on a goroutine that can be left to them.
func (c *Conn) LinkEnds() { c.linkEnds = true }

// NoPlaces says that the row and column of a diagnostic record are what the memory
// held before: sqliteodbc 0.9998 answers success without writing them, and unixODBC
// keeps what it finds.
func (c *Conn) NoPlaces() { c.noPlaces = true }

// ErrorsFollow says that an error behind the first result of a statement is told only by
// SQLMoreResults.
func (c *Conn) ErrorsFollow() { c.errorsFollow = true }

// CancelApart makes SQLCancel go to a statement that is there for nothing else.
// It is for a driver which interrupts the connection whatever the statement, but
// also closes the statement's cursor, in the middle of the call that runs on it:
// sqliteodbc 0.9998 corrupts its heap that way.
func (c *Conn) CancelApart() error {
	h, ret := sys.AllocHandle(sys.HandleStmt, c.h)
	if !ret.OK() {
		return newError("SQLAllocHandle(STMT)", ret, sys.HandleDBC, c.h)
	}
	c.canceller = h
	return nil
}

// Server says what a connection leads to, in the words of its driver.
type Server struct {
	DBMS, Version         string
	Driver, DriverVersion string
}

// Server returns what the connection leads to.
func (c *Conn) Server() Server {
	return Server{
		DBMS: c.info(sys.InfoDBMSName), Version: c.info(sys.InfoDBMSVersion),
		Driver: c.info(sys.InfoDriverName), DriverVersion: c.info(sys.InfoDriverVersion),
	}
}

// IdentifierQuote returns what names are quoted with, "" where the driver does
// not know.
func (c *Conn) IdentifierQuote() string { return c.info(sys.InfoIdentifierQuote) }

// Database returns the name of the database that the connection is in, "" where the
// driver does not know.
func (c *Conn) Database() string { return c.info(sys.InfoDatabaseName) }

func (c *Conn) info(info uint16) string {
	if c.Broken() {
		return ""
	}
	text, _ := sys.GetInfoText(c.h, info)
	return text
}

// SetAutocommit turns autocommit on or off. Turning it on commits an open
// transaction on every driver tried.
func (c *Conn) SetAutocommit(ctx context.Context, on bool) error {
	value := sys.AutocommitOff
	if on {
		value = sys.AutocommitOn
	}
	return c.conclude(ctx, "SQLSetConnectAttr(AUTOCOMMIT)", func(*Stmt) sys.Return {
		return sys.SetConnectAttr(c.h, sys.AttrAutocommit, value)
	})
}

// SetAttribute sets an integer attribute of the driver's own. A driver that does
// not have it refuses, which changes nothing.
func (c *Conn) SetAttribute(code int32, value uintptr) {
	if !c.Broken() {
		sys.SetConnectAttr(c.h, code, value)
	}
}

// Commit commits the open transaction. When ctx ends before the driver has
// answered, it is unknown whether it did.
func (c *Conn) Commit(ctx context.Context) error { return c.endTran(ctx, sys.Commit) }

// Rollback undoes the open transaction.
func (c *Conn) Rollback(ctx context.Context) error { return c.endTran(ctx, sys.Rollback) }

func (c *Conn) endTran(ctx context.Context, completion int16) error {
	return c.conclude(ctx, "SQLEndTran", func(*Stmt) sys.Return { return sys.EndTran(c.h, completion) })
}

// conclude makes a call that nothing cancels. An answer that comes when ctx has ended
// is an answer.
func (c *Conn) conclude(ctx context.Context, name string, native func(*Stmt) sys.Return) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ret, err := c.run(ctx, call{native: native}, 0)
	switch {
	case ret.OK():
		return nil
	case err != nil:
		return err
	}
	return newError(name, ret, sys.HandleDBC, c.h)
}

// Dead reports whether the driver knows that the connection is lost. Some
// drivers know only after a call has failed.
func (c *Conn) Dead(ctx context.Context) bool {
	var value uint32
	ret, err := c.run(ctx, call{native: func(*Stmt) (ret sys.Return) {
		value, ret = sys.GetConnectAttr(c.h, sys.AttrConnectionDead)
		return ret
	}}, 0)
	return c.Broken() || err == nil && ret.OK() && value == sys.Dead
}

// Close closes the statements and the connection, and frees the handle in any
// case: where the driver does not answer, and where it is Stuck, whenever it does.
func (c *Conn) Close() {
	if _, is := open.Load(c); is && c.stuck == nil {
		c.runAlways(context.Background(), call{native: func(*Stmt) sys.Return { return c.free() }}, patience)
	}
}

// free closes the connection, once.
func (c *Conn) free() sys.Return {
	if _, is := open.LoadAndDelete(c); !is {
		return sys.Success
	}
	c.broken.Store(true) // for who has it still
	for s := range c.statements {
		s.free()
	}
	if c.canceller != noHandle {
		sys.FreeHandle(sys.HandleStmt, c.canceller)
	}
	// An error is 25000: a transaction is open. Nothing asked for its commit.
	if sys.Disconnect(c.h) == sys.Error && !c.rolledBack() && c.beginAgain != "" {
		if s, ret := sys.AllocHandle(sys.HandleStmt, c.h); ret.OK() {
			sys.ExecDirect(s, c.beginAgain)
			sys.FreeHandle(sys.HandleStmt, s)
		}
		c.rolledBack()
	}
	sockets.release(c.socket)
	if c.crew.calls != nil {
		close(c.crew.calls)
	}
	return sys.FreeHandle(sys.HandleDBC, c.h)
}

// rolledBack rolls back and disconnects, if the driver can.
func (c *Conn) rolledBack() bool {
	return sys.EndTran(c.h, sys.Rollback).OK() && sys.Disconnect(c.h).OK()
}
