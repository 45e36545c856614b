package runtime

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
)

// Conn is one connection, for statements that belong together without being a
// transaction: session settings, temporary tables. It is safe for concurrent
// use; calls take their turn.
type Conn struct {
	held   loan
	ctx    context.Context // that it was taken with
	closed atomic.Bool
}

// Close gives the connection back to its DB, when the call under way on it has
// returned. It does not wait for that beyond the end of the context that was given to
// DB.Conn. Closing twice does nothing.
func (c *Conn) Close() {
	if !c.closed.Swap(true) {
		c.held.end(c.ctx, nil, nil)
	}
}

// InTx runs do in a transaction on this connection, which must not have one
// open.
func (c *Conn) InTx(ctx context.Context, do func(*Tx) error, opts ...TxOption) error {
	return inTxAgain(ctx, c.loan, do, opts)
}

// Exec runs one statement that has no parameters and whose rows, if it gives
// any, nobody wants: DDL, session settings.
func (c *Conn) Exec(ctx context.Context, sql string) (err error) {
	l, err := c.loan(ctx)
	if err != nil {
		return err
	}
	defer func() { l.end(ctx, err, nil) }()
	if err := l.lock(ctx); err != nil {
		return err
	}
	defer l.mu.Unlock()
	l.dirty.Store(true)
	if defines(sql) {
		l.definesNow()
	}
	return l.execLocked(ctx, sql)
}

// Server says what a connection leads to, in the words of its driver.
type Server = driver.Server

// Server returns what the connection leads to.
func (c *Conn) Server() Server {
	c.held.mu.Lock()
	defer c.held.mu.Unlock()
	return Server(c.held.native.Server())
}

// Plugin returns what is known of the database. It must not be changed.
func (c *Conn) Plugin() *driver.Plugin { return c.held.plugin }

// Dialect returns how SQL is written, with the quotes that the driver names where the
// plugin says so.
func (c *Conn) Dialect() driver.Dialect { return c.held.dialect }

func (c *Conn) loan(context.Context) (loan, error) {
	if err := c.usable(); err != nil {
		return loan{}, err
	}
	return loan{physical: c.held.physical, holder: c}, nil
}

func (c *Conn) usable() error {
	if c.closed.Load() {
		return c.held.operation("", "execute").refuse(driver.KindUnknown, errConnClosed)
	}
	return nil
}

// errConnClosed says that a Conn was used after its Close.
var errConnClosed = errors.New("connection has been given back")

// maxStatements is the most prepared statements that a connection keeps.
const maxStatements = 100

// gate is a mutex whose wait a context may end.
type gate chan struct{}

func (g gate) Lock()   { g <- struct{}{} }
func (g gate) Unlock() { <-g }

// lockUntil locks g unless ctx ends before.
func (g gate) lockUntil(ctx context.Context) error {
	select {
	case g <- struct{}{}:
		return nil
	default:
	}
	select {
	case g <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for other calls on the connection: %w", ctx.Err())
	}
}

// physical is a connection with its prepared statements. One goroutine at a
// time may be in the driver: mu is held around native calls, never while the
// user's code runs.
type physical struct {
	plugin  *driver.Plugin
	secrets secrets        // of the connection string
	dialect driver.Dialect // the plugin's, with the quotes that the driver names
	broken  atomic.Bool    // not to be used again
	suspect atomic.Bool    // nor those that lie idle, before they are checked
	session

	made     time.Time
	identity string // see identity
	writer   bool   // its server is to write, see WithWritable
	holder   *DB    // that has a place for it in its Budget, if there is one

	prefetch bool  // see WithPrefetch
	drift    Drift // see WithDrift
	spool    Spool // see WithSpool

	catalog  *catalogCache // of the DB; nil for a connection of none
	defining atomic.Bool   // since the catalog was last cleared, it may have changed again, see definesNow

	mu         gate // guards the following and all use of the driver
	native     *odbc.Conn
	statements *simplelru.LRU[any, *statement] // by the query that they are for
}

// connect makes a connection and sets up its session.
func connect(ctx context.Context, connection string, plugin *driver.Plugin) (*physical, error) {
	hidden := secretsOf(connection)
	native, err := odbc.Connect(ctx, connection)
	if err != nil {
		if plugin == &driver.Generic { // which understands little of it
			plugin = likely(connection)
		}
		return nil, operation{op: "connect", plugin: plugin, secrets: hidden}.wrap(err)
	}
	c := &physical{mu: make(gate, 1), plugin: plugin, native: native, secrets: hidden}
	c.statements, _ = simplelru.NewLRU(maxStatements, func(_ any, s *statement) { s.evict() })
	if err := c.setUp(ctx, connection); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *physical) setUp(ctx context.Context, connection string) error {
	c.dialect = c.plugin.Dialect
	if quote := c.native.IdentifierQuote(); c.dialect.AskQuote && quote != "" {
		c.dialect.QuoteOpen, c.dialect.QuoteClose = quote, quote
	}
	if c.plugin.Quirks.Local {
		c.native.Local()
	}
	c.native.BeginAgain(c.plugin.Transactions.Over)
	if c.plugin.Quirks.NoPlaces {
		c.native.NoPlaces()
	}
	if c.plugin.Quirks.ErrorsFollow {
		c.native.ErrorsFollow()
	}
	if c.plugin.Quirks.CancelApart {
		if err := c.native.CancelApart(); err != nil {
			return c.operation("", "connect").wrap(err)
		}
	}
	if c.plugin.Quirks.LinkEnds {
		c.native.LinkEnds()
	}
	c.native.CancelLongBy(odbc.SessionCancel(c.plugin.Quirks.CancelLongBy))
	return during("connect", c.setUpSession(ctx, connection))
}

// dead asks the driver whether the connection is lost, after an error that does
// not say so, which says it then: a server's idle timeout is HY000 in MariaDB, and so
// is in PostgreSQL a session that was ended, for a statement that is prepared. c.mu
// must be held.
func (c *physical) dead(ctx context.Context, err error) bool {
	e := undecided(err)
	if e == nil || !c.native.Dead(ctx) {
		return false
	}
	e.Category, e.Kind, e.Outcome, e.Retry, e.action = ConnectionLost, driver.KindConnection, OutcomeUnknown, ScopeNone, driver.Shed
	if phases[e.Op] == driver.Preparing {
		e.Outcome = NotExecuted
	}
	return true
}

// undecided returns the error if it is one after which the driver is asked whether the
// connection is lost.
func undecided(err error) *Error {
	var e *Error
	if !errors.As(err, &e) || len(e.Diagnostics) == 0 || e.Category == ConnectionLost {
		return nil
	}
	return e
}

// end ends the use of a connection by a call that has come to err. tidy, if not nil, is
// what the call has left to do, with the connection's turn; it must not read what its
// caller goes on to use. Then the connection is given back, by a goroutine where nobody
// waits for the network any more.
func (l loan) end(ctx context.Context, err error, tidy func(context.Context)) {
	turn := l.mu.lockUntil(ctx) == nil
	if turn && err == nil && tidy == nil && l.clean() { // most loans end here: nothing is to be allocated
		l.mu.Unlock()
		l.giveBack(!l.broken.Load(), nil)
		return
	}
	l.endTidily(ctx, err, tidy, turn)
}

// clean reports whether there is nothing to do before the next user has the connection.
func (c *physical) clean() bool {
	return !c.native.Broken() && !c.dirty.Load() && !c.defining.Load() && c.tx.Load() == nil
}

// endTidily is end where there may be something to do.
func (l loan) endTidily(ctx context.Context, err error, tidy func(context.Context), turn bool) {
	waits := turn && l.waits(ctx)
	if !waits {
		l.note(ctx, err, false)
		err = nil
	}
	l.tidy(ctx, waits, func(ctx context.Context) {
		if !turn {
			l.mu.Lock()
		}
		if tidy != nil {
			tidy(ctx)
		}
		l.note(ctx, err, true)
		l.defined()
		asNew := l.db == nil || !l.broken.Load() && l.reset(ctx) == nil
		stuck := l.native.Stuck()
		l.mu.Unlock()
		l.giveBack(asNew, stuck)
	})
}

// waits reports whether the caller waits for what is left to do with the connection:
// while ctx goes on, and always where no network is in between.
func (c *physical) waits(ctx context.Context) bool { return c.plugin.Quirks.Local || ctx.Err() == nil }

// tidyTimeout bounds what is left to do with a connection, whatever the caller's context.
const tidyTimeout = 5 * time.Second

// tidy calls do: at once, or by a goroutine, for which ctx has not ended.
func (c *physical) tidy(ctx context.Context, waits bool, do func(context.Context)) {
	if c.plugin.Quirks.Local { // and its calls end by themselves
		do(context.WithoutCancel(ctx))
		return
	}
	if !waits {
		ctx = context.WithoutCancel(ctx)
	}
	run := func() {
		ctx, cancel := context.WithTimeout(ctx, tidyTimeout)
		defer cancel()
		do(ctx)
	}
	if !waits {
		go run()
		return
	}
	run()
}

// errDead says that the driver knows a connection for lost.
var errDead = errors.New("the connection is lost")

// alive asks for the state of a connection that nobody uses: by the query if there
// is one, else the driver, and the server where the driver does not.
func (c *physical) alive(ctx context.Context, query string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	probe := c.plugin.Quirks.Probe
	switch {
	case query != "":
		return c.execLocked(ctx, query)
	case c.native.Dead(ctx):
		return c.operation("", "execute").wrap(errDead)
	case probe != "":
		return c.operation("", "execute").wrap(c.native.ExecDirect(ctx, probe))
	}
	return nil
}

// moveTo makes a connection that another DB had one of db, and reports whether it is:
// it was made not long ago by the same user in the same way, and its driver changes
// databases truthfully.
func (c *physical) moveTo(ctx context.Context, db *DB) bool {
	change, life := c.plugin.Database, db.options.pool.WithDefaults().MaxLifetime
	if change.Enter == "" || c.plugin != db.plugin || life != Never && time.Since(c.made) >= life {
		return false
	}
	wanted, err := db.source.connection(ctx, int(db.source.last.Load()))
	name := connectionValue(wanted, "database")
	if err != nil || name == "" || identity(wanted) != c.identity {
		return false
	}
	c.prefetch, c.drift, c.spool, c.writer, c.catalog = db.prefetch, db.drift, db.spool, db.source.writable, db.catalog
	if err := c.enter(ctx, name); err != nil {
		return false
	}
	entered, err := c.text(ctx, change.Name)
	return err == nil && entered == name && c.writes(ctx) == nil
}

// enter changes the database.
func (c *physical) enter(ctx context.Context, name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	quoted, err := c.dialect.Name(name)
	if err != nil {
		return err
	}
	c.statements.Purge() // they are for tables of the other
	return c.native.ExecDirect(ctx, fmt.Sprintf(c.plugin.Database.Enter, quoted))
}

// close closes the connection, and gives up its place, if it is Stuck when it is not
// any more.
func (c *physical) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.native.Close()
	stuck := c.native.Stuck()
	switch holder := c.holder; {
	case holder == nil:
	case stuck == nil:
		holder.backend.gone(holder)
	default:
		go func() {
			<-stuck
			holder.backend.gone(holder)
		}()
	}
}

// exec runs a statement without parameters, and keeps nothing of it. It is
// prepared first: MariaDB Connector/ODBC 3.1.15 breaks the process when
// SQLExecDirect meets a statement such as VALUES (1).
func (c *physical) exec(ctx context.Context, sql string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.execLocked(ctx, sql)
}

// execLocked is exec. c.mu must be held.
func (c *physical) execLocked(ctx context.Context, sql string) error {
	if c.plugin.Quirks.Scoped {
		return c.directLocked(ctx, sql)
	}
	s, err := c.native.Prepare(ctx, sql, c.reads(shape{}))
	if err != nil {
		return c.operation("", "prepare").wrap(err)
	}
	defer s.Close()
	return c.operation("", "execute").wrap(s.Execute(ctx))
}
