package odbc

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/odbcgen/odbcgen/runtime/internal/odbc/sys"
)

// Conn is a connection.
type Conn struct {
	h          sys.Handle
	statements map[*Stmt]struct{} // open ones; they are closed with the connection
	canceller  sys.Handle         // a statement to cancel all others by, see CancelApart

	// See CancelLongBy.
	connection string // what it was made with, a secret
	longCancel SessionCancel
	session    string // the session's number, "" before it was asked
}

// open holds every open connection, and through it its statements: a pinned
// buffer whose owner is forgotten would end the program at the next garbage
// collection, and a forgotten connection is only a leak.
var open sync.Map // *Conn -> struct{}

// Connect opens a connection. It returns when ctx ends even where the driver
// hangs; the connection is then closed whenever the driver lets go of it.
func Connect(ctx context.Context, connection string) (*Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if strings.ContainsRune(connection, 0) {
		return nil, fmt.Errorf("connection string holds a zero byte")
	}
	if ctx.Done() == nil {
		return dial(connection, 0)
	}
	type answer struct {
		c   *Conn
		err error
	}
	answered := make(chan answer, 1)
	go func() {
		c, err := dial(connection, loginTimeout(ctx))
		answered <- answer{c, err}
	}()
	select {
	case a := <-answered:
		return a.c, a.err
	case <-ctx.Done():
		go func() {
			if a := <-answered; a.err == nil {
				a.c.Close()
			}
		}()
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

func dial(connection string, timeout uintptr) (*Conn, error) {
	env, err := environment()
	if err != nil {
		return nil, err
	}
	h, ret := sys.AllocHandle(sys.HandleDBC, env)
	if !ret.OK() {
		return nil, newError("SQLAllocHandle(DBC)", ret, sys.HandleEnv, env)
	}
	if timeout > 0 {
		sys.SetConnectAttr(h, sys.AttrLoginTimeout, timeout) // a wish: several drivers refuse it
	}
	unlock := lockFirst(connection)
	ret = sys.DriverConnect(h, connection)
	unlock()
	if !ret.OK() {
		err := newError("SQLDriverConnect", ret, sys.HandleDBC, h)
		sys.FreeHandle(sys.HandleDBC, h)
		return nil, err
	}
	c := &Conn{h: h, connection: connection, statements: make(map[*Stmt]struct{})}
	open.Store(c, struct{}{})
	return c, nil
}

var (
	firstMu sync.Mutex
	loaded  = map[string]*sync.Mutex{} // by driver or data source; nil once a connect has returned
)

// lockFirst lets the first connect of each driver run alone, until unlock:
// loading a driver races with reading its settings in unixODBC before 2.3.13.
func lockFirst(connection string) (unlock func()) {
	name := driverOf(connection)
	firstMu.Lock()
	first, seen := loaded[name]
	if !seen {
		first = new(sync.Mutex)
		loaded[name] = first
		if strings.Contains(name, "sqlite") { // it can be told only before it is used
			sys.SQLiteWithoutLocks()
		}
	}
	firstMu.Unlock()
	if first == nil {
		return func() {}
	}
	first.Lock()
	return func() {
		firstMu.Lock()
		loaded[name] = nil
		firstMu.Unlock()
		first.Unlock()
	}
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

func (c *Conn) info(info uint16) string {
	text, _ := sys.GetInfoText(c.h, info)
	return text
}

// SetAutocommit turns autocommit on or off. Turning it on commits an open
// transaction on every driver tried.
func (c *Conn) SetAutocommit(on bool) error {
	value := sys.AutocommitOff
	if on {
		value = sys.AutocommitOn
	}
	if ret := sys.SetConnectAttr(c.h, sys.AttrAutocommit, value); !ret.OK() {
		return newError("SQLSetConnectAttr(AUTOCOMMIT)", ret, sys.HandleDBC, c.h)
	}
	return nil
}

// SetAttribute sets an integer attribute of the driver's own. A driver that does
// not have it refuses, which changes nothing.
func (c *Conn) SetAttribute(code int32, value uintptr) {
	sys.SetConnectAttr(c.h, code, value)
}

// Commit commits the open transaction.
func (c *Conn) Commit() error { return c.endTran(sys.Commit) }

// Rollback undoes the open transaction.
func (c *Conn) Rollback() error { return c.endTran(sys.Rollback) }

func (c *Conn) endTran(completion int16) error {
	if ret := sys.EndTran(c.h, completion); !ret.OK() {
		return newError("SQLEndTran", ret, sys.HandleDBC, c.h)
	}
	return nil
}

// Dead reports whether the driver knows that the connection is lost. Some
// drivers know only after a call has failed.
func (c *Conn) Dead() bool {
	value, ret := sys.GetConnectAttr(c.h, sys.AttrConnectionDead)
	return ret.OK() && value == sys.Dead
}

// Close closes the statements and the connection, and frees the handle in any
// case.
func (c *Conn) Close() {
	for s := range c.statements {
		s.Close()
	}
	if c.canceller != noHandle {
		sys.FreeHandle(sys.HandleStmt, c.canceller)
	}
	if ret := sys.Disconnect(c.h); ret == sys.Error {
		// 25000: a transaction is open. Nothing asked for its commit.
		sys.EndTran(c.h, sys.Rollback)
		sys.Disconnect(c.h)
	}
	sys.FreeHandle(sys.HandleDBC, c.h)
	open.Delete(c)
}
