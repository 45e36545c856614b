// Package runtime is what generated code runs on: a pool of ODBC connections,
// prepared statements that are kept, blocks of rows decoded without reflection,
// transactions, bulk inserts, cancellation and errors with all that the driver
// said.
//
// A program opens one DB for each database, gives it (or a Conn, or a Tx) to the
// New function of its generated package, and calls the typed methods there. The
// package sends SQL as it was written but for the markers of lists.
package runtime

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/pool"
)

// Session is what queries run on: a *DB, which takes a connection from its pool
// for each call, a *Conn or a *Tx.
type Session interface {
	// InTx runs do in a transaction, which is committed when do returns nil and
	// rolled back when it returns an error or panics. When the transaction has met
	// another one, in a deadlock or because both cannot be serialized, do is run again
	// in a new one, see TxRetry: what it does outside of the transaction, it may do more
	// than once. On a Tx it is a savepoint.
	InTx(ctx context.Context, do func(*Tx) error, opts ...TxOption) error

	loan(ctx context.Context) (loan, error)
}

// DB is a database with a pool of connections. It is safe for concurrent use.
type DB struct {
	options
	pool    *pool.Pool[*physical]
	backend *backend // nil without a Budget
	catalog *catalogCache
}

// Open connects to a database by an ODBC connection string. It makes the first
// connection at once, asks it which database it is, and from then on adds what
// the database's plugin wants set (see driver.Plugin) to the string.
//
// Two keys of the string are for the pool, which takes them out: PoolTestOnCheckout
// (yes or no; also TestOnCheckout, Pool_Test_On_Checkout, pool_test_on_check_out,
// test_on_checkout, test_on_check_out) makes it check connections always or never,
// and PoolHealthCheckQuery (also HealthCheckQuery, pool_health_check_query,
// health_check_query) is the statement for that. Next to the string,
// ODBC_POOL_TEST_ON_CHECKOUT and ODBC_POOL_HEALTH_CHECK_QUERY of the environment have
// the word, and then the options; where none of them says it, a connection is checked
// that was idle for a second.
func Open(ctx context.Context, connection string, opts ...Option) (*DB, error) {
	db := &DB{}
	for _, opt := range opts {
		opt.apply(&db.options)
	}
	if err := db.open(ctx, connection); err != nil {
		return nil, operation{op: "connect", plugin: db.plugin}.wrap(err)
	}
	return db, nil
}

func (db *DB) open(ctx context.Context, connection string) error {
	if err := db.options.pool.Validate(); err != nil {
		return fmt.Errorf("%w: %w", errOptions, err)
	}
	first, err := db.source.open(ctx, connection)
	if err != nil {
		return err
	}
	db.obey(first)
	db.catalog = db.lists.cache(os.Getenv)
	if db.budget != nil {
		db.backend = db.budget.backend(BackendID(db.source.complete(first)))
	}
	if db.plugin == nil {
		if err := db.recognise(ctx); err != nil {
			return err
		}
	}
	return db.fill(ctx)
}

// obey follows what the connection string and the environment say of the pool.
func (db *DB) obey(connection string) {
	_, said := poolKeys(connection, os.Getenv)
	if said.Test != nil && *said.Test {
		db.options.pool.Check = CheckAlways
	} else if said.Test != nil {
		db.options.pool.Check = CheckNever
	}
	db.healthQuery = cmp.Or(said.Query, db.healthQuery)
}

// errOptions says that Open was asked for what cannot be.
var errOptions = errors.New("options")

// recognise asks the database, by a connection for that alone, what it is.
func (db *DB) recognise(ctx context.Context) error {
	if limit := db.options.pool.WithDefaults().DialTimeout; limit != Never {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	db.plugin = &driver.Generic
	c, err := db.dial(ctx)
	if err != nil {
		return err
	}
	db.plugin = driver.For(driver.Server(c.native.Server()))
	c.close()
	return nil
}

// likely returns the plugin of a connection string that leads nowhere, by the library
// of its driver.
func likely(connection string) *driver.Plugin {
	name := connectionValue(connection, "driver")
	if dsn := connectionValue(connection, "dsn"); dsn != "" && name == "" {
		name = driverOf(DataSources, dsn)
	}
	if library := driverOf(InstalledDrivers, name); library != "" {
		name = library
	}
	return driver.ForLibrary(name)
}

// driverOf returns the driver of the source of the name, "" without one.
func driverOf(list func() ([]Source, error), name string) string {
	all, _ := list() // a list that cannot be had helps nobody here
	for _, s := range all {
		if strings.EqualFold(s.Name, name) {
			return s.Driver
		}
	}
	return ""
}

// fill makes the pool and its first connection.
func (db *DB) fill(ctx context.Context) error {
	var err error
	db.pool, err = pool.New(pool.Config[*physical]{
		Options: db.options.pool,
		Dial:    db.dial,
		Close:   (*physical).close,
		Probe:   db.probe,
		Again:   again,
		Leaked:  db.reportLeak,
	})
	if err != nil {
		return err
	}
	if db.backend != nil {
		db.backend.join(db)
	}
	if err := db.pool.Add(ctx); err != nil {
		db.Close()
		return err
	}
	return nil
}

// dial makes a connection, when there is a place for it in the budget.
func (db *DB) dial(ctx context.Context) (*physical, error) {
	if db.backend == nil {
		return db.connect(ctx)
	}
	c, err := db.backend.place(ctx, db)
	if err != nil {
		return nil, operation{op: "connect", plugin: db.plugin}.wrap(err)
	}
	if c != nil && c.moveTo(ctx, db) {
		return c, nil
	}
	if c != nil {
		c.holder = nil // its place is for the new one
		c.close()
	}
	if c, err = db.connect(ctx); err != nil {
		db.backend.gone(db)
		return nil, err
	}
	c.holder = db
	return c, nil
}

func (db *DB) connect(ctx context.Context) (*physical, error) {
	c, err := db.source.connect(ctx, db.plugin)
	if err == nil {
		c.prefetch, c.drift, c.spool, c.catalog = db.prefetch, db.drift, db.spool, db.catalog
	}
	return c, err
}

// again reports whether a dial that failed may be tried again, which one with a wrong
// password must not be: logins that fail lock accounts.
func again(err error) bool {
	e := (*Error)(nil)
	return !errors.As(err, &e) || e.Retry == ScopeConnect || e.Category == Transient
}

// probe checks a connection that nobody uses.
func (db *DB) probe(ctx context.Context, c *physical) error {
	if err := c.alive(ctx, db.healthQuery); err != nil {
		return err
	}
	return c.writes(ctx)
}

// reportLeak tells of a connection that is not given back.
func (db *DB) reportLeak(l Leak) {
	if db.leaked != nil {
		db.leaked(l)
		return
	}
	slog.Warn("a database connection is not given back", "held", l.Held, "taken_by", l.Stack)
}

// Plugin returns what is known of the database. It must not be changed.
func (db *DB) Plugin() *driver.Plugin { return db.plugin }

// Conn takes a connection for the caller alone, until its Close.
func (db *DB) Conn(ctx context.Context) (*Conn, error) {
	l, err := db.loan(ctx)
	if err != nil {
		return nil, err
	}
	return &Conn{held: l, ctx: ctx}, nil
}

// InTx runs do in a transaction on a connection of the pool.
func (db *DB) InTx(ctx context.Context, do func(*Tx) error, opts ...TxOption) error {
	return inTxAgain(ctx, db.loan, do, opts)
}

// Stat counts the connections of a DB.
type Stat = pool.Stat

// Stat returns the counts of one moment.
func (db *DB) Stat() Stat { return db.pool.Stat() }

// Resize sets the most connections at a time, up to PoolOptions.Ceiling. All other
// options stay.
func (db *DB) Resize(n int) error { return db.pool.Resize(n) }

// Close is Shutdown without an end to the wait.
func (db *DB) Close() { _ = db.Shutdown(context.Background()) }

// Shutdown refuses calls that come later, and those that wait for a connection, with
// ErrClosed, closes the connections that nobody uses, and waits for the others until
// ctx ends. Its error tells then how many there still are, see AbandonedError; each
// is closed when it is given back.
func (db *DB) Shutdown(ctx context.Context) error {
	err := db.pool.Close(ctx)
	if db.backend != nil {
		db.backend.leave(db)
	}
	return operation{op: "close", plugin: db.plugin}.wrap(err)
}

// AbandonedError has the number of connections that a Shutdown left behind.
type AbandonedError = pool.AbandonedError

func (db *DB) loan(ctx context.Context) (loan, error) {
	item, err := db.pool.Acquire(ctx)
	if err != nil {
		return loan{}, db.unavailable(err)
	}
	return loan{physical: item.Value(), item: item, db: db}, nil
}

// unavailable tells why there is no connection, in the words of this package.
func (db *DB) unavailable(err error) error {
	o := operation{op: "connect", plugin: db.plugin}
	var why *pool.AcquireError
	if !errors.As(err, &why) {
		return o.wrap(err)
	}
	e := &Error{Op: o.op, Driver: db.plugin.Name}
	if db.starves(why) {
		why.Reason, why.Dial = pool.ErrExhausted, errBudget
	}
	dial := (*Error)(nil)
	if errors.As(why.Dial, &dial) {
		e.State, e.Native, e.Message, e.Diagnostics = dial.State, dial.Native, dial.Message, dial.Diagnostics
		why.Dial = dial.Err
	}
	e.Err = noConnection(why)
	if o.classify(e); dial != nil && why.Err == nil { // else the caller's context has the word
		e.Category, e.Kind, e.Outcome, e.Retry = dial.Category, dial.Kind, dial.Outcome, dial.Retry
	}
	return e
}

// starves reports whether what the pool has for a dial without an answer is one that
// waits, or has waited, for a place in the budget.
func (db *DB) starves(why *pool.AcquireError) bool {
	if why.Reason != pool.ErrDown || db.backend == nil {
		return false
	}
	answered := (*Error)(nil)
	return errors.Is(why.Dial, errBudget) || !errors.As(why.Dial, &answered) && db.backend.waits(db)
}

// Why there is no connection, for errors.Is.
var (
	ErrExhausted = errors.New("all connections are in use")
	ErrDown      = errors.New("no connection can be made")
	ErrQueueFull = errors.New("too many callers wait for a connection")
)

// reasons are those of the pool in the words of this package, and what helps.
var reasons = map[error]struct {
	err    error
	advice string
}{
	pool.ErrExhausted: {ErrExhausted, "give them back sooner, or raise PoolOptions.MaxSize or the Budget"},
	pool.ErrQueueFull: {ErrQueueFull, "try later, or raise PoolOptions.MaxWaiting"},
	pool.ErrDown:      {ErrDown, "see to the server, or to the connection string"},
}

// noConnection says it in one line.
func noConnection(why *pool.AcquireError) error {
	switch why.Reason {
	case nil:
		return why.Err
	case pool.ErrClosed:
		return ErrClosed
	}
	reason, s := reasons[why.Reason], why.Stat
	err := reason.err
	for _, cause := range []error{why.Dial, why.Err} {
		switch {
		case cause == nil:
		case errors.Is(cause, err):
			err = cause
		default:
			err = fmt.Errorf("%w: %w", err, cause)
		}
	}
	return fmt.Errorf("%w (waited %v; %d in use, %d being made, %d stuck, at most %d; %d waiting): %s", err,
		why.Waited.Round(time.Millisecond), s.InUse, s.Dialing, s.Stuck, s.Max, s.Waiting, reason.advice)
}

// loan is the use of a connection, to be ended exactly once.
type loan struct {
	*physical
	item   pool.Item[*physical] // none where the connection stays with its holder
	db     *DB                  // nil there, too
	holder holder               // nil elsewhere
}

// holder is a Conn or a Tx, which several goroutines may use.
type holder interface {
	usable() error // why it cannot be used any more
}

// lock takes the turn of a call on the connection, to be ended by mu.Unlock. The
// holder is asked again then: it may have been ended by the call before, and what is
// executed behind a transaction is stored by itself.
func (l loan) lock(ctx context.Context) error {
	if err := l.mu.lockUntil(ctx); err != nil {
		return l.operation("", "connect").wrap(err)
	}
	if l.holder == nil {
		return nil
	}
	err := l.endOver(ctx)
	if err == nil {
		err = l.holder.usable()
	}
	if err != nil {
		l.mu.Unlock()
	}
	return err
}

// giveBack gives the connection back; one that is lost, or not as new, is closed.
func (l loan) giveBack(asNew bool, stuck <-chan struct{}) {
	if l.db == nil {
		return
	}
	if l.suspect.Swap(false) { // those that lie idle may be as bad, and those that are made instead
		l.db.pool.Suspect()
	}
	switch {
	case stuck != nil:
		l.item.Abandon(stuck)
		l.close()
	case !asNew:
		l.item.Destroy()
	case l.db.backend == nil:
		l.item.Release()
	case !l.db.backend.claim(l.db, l.item):
		l.item.Release()
		l.db.backend.idle(l.db)
	}
}

// note notes what err says of the connection. It is asked where that does not decide,
// if ask says so and then with l.mu held; else it is taken for lost.
func (l loan) note(ctx context.Context, err error, ask bool) {
	if l.native.Broken() {
		l.broken.Store(true)
	}
	if err == nil { // most calls pass here: nothing is to be allocated
		return
	}
	refused := l.writer && errors.Is(err, driver.KindReadOnly)
	dead := !ask && undecided(err) != nil || ask && l.dead(ctx, err)
	if dead || refused || lost(err) {
		l.broken.Store(true)
	}
	// Not only what says that a session is gone: psqlodbc 13.02 has HY000 where
	// SQLPrepare meets one that was terminated.
	if refused || lost(err) {
		l.suspect.Store(true)
	}
	l.failed(ctx, err, ask)
}
