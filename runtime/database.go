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
	"context"
	"errors"
	goruntime "runtime"
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
	pool    *pool.Pool[*physical]
	plugin  *driver.Plugin
	checked bool // connections are, before each use
}

// Option changes how Open works.
type Option interface{ apply(*options) }

type options struct {
	plugin      *driver.Plugin
	settings    []driver.Setting
	size        int
	dialTimeout time.Duration
	prefetch    bool
	healthCheck bool
	drift       Drift
}

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

// WithPlugin names the database instead of asking it.
func WithPlugin(p *driver.Plugin) Option { return optionFunc(func(o *options) { o.plugin = p }) }

// WithSettings adds keys to the connection string that it does not have.
func WithSettings(settings ...driver.Setting) Option {
	return optionFunc(func(o *options) { o.settings = append(o.settings, settings...) })
}

// WithPoolSize sets the most connections at a time. The default is four, or the
// number of CPUs if that is more.
func WithPoolSize(n int) Option { return optionFunc(func(o *options) { o.size = n }) }

// WithDialTimeout bounds the making of one connection; the default is 30 s.
func WithDialTimeout(d time.Duration) Option {
	return optionFunc(func(o *options) { o.dialTimeout = d })
}

// WithPrefetch says whether the next block of a long result is fetched, by another
// goroutine, while the one before is read. It pays where a program works on its rows
// for about as long as the driver; the default is no, since a loop that only takes
// them was now faster and now slower with it.
func WithPrefetch(on bool) Option { return optionFunc(func(o *options) { o.prefetch = on }) }

// WithHealthCheck says whether a connection of the pool is checked each time before
// it is used, and replaced where it is lost. The default is no: the first call on a
// lost connection fails then, and the next one gets another. The check costs a round
// trip, but on SQLite.
func WithHealthCheck(on bool) Option { return optionFunc(func(o *options) { o.healthCheck = on }) }

// Open connects to a database by an ODBC connection string. It makes the first
// connection at once, asks it which database it is, and from then on adds what
// the database's plugin wants set (see driver.Plugin) to the string.
func Open(ctx context.Context, connection string, opts ...Option) (*DB, error) {
	o := options{size: max(4, goruntime.NumCPU()), dialTimeout: 30 * time.Second}
	for _, opt := range opts {
		opt.apply(&o)
	}
	if err := ValidateConnectionString(connection); err != nil {
		return nil, err
	}
	connection = withSettings(connection, o.settings)
	if o.plugin == nil {
		var err error
		if o.plugin, err = detect(ctx, connection, o.dialTimeout); err != nil {
			return nil, err
		}
	}
	db := &DB{plugin: o.plugin, checked: o.healthCheck}
	if err := db.fill(ctx, connection, o); err != nil {
		return nil, operation{op: "connect", plugin: o.plugin}.wrap(err)
	}
	return db, nil
}

// detect asks the database behind connection which it is.
func detect(ctx context.Context, connection string, timeout time.Duration) (*driver.Plugin, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	c, err := connect(ctx, connection, &driver.Generic)
	if err != nil {
		return nil, err
	}
	defer c.close()
	return driver.ForDBMS(c.dbms), nil
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
func (db *DB) fill(ctx context.Context, connection string, o options) error {
	full := withSettings(connection, o.plugin.Settings)
	var err error
	db.pool, err = pool.New(pool.Config[*physical]{
		Options: pool.Options{MaxSize: o.size, DialTimeout: o.dialTimeout},
		Dial: func(ctx context.Context) (*physical, error) {
			c, err := connect(ctx, full, o.plugin)
			if err == nil {
				c.prefetch, c.drift = o.prefetch, o.drift
			}
			return c, err
		},
		Close: (*physical).close,
	})
	if err != nil {
		return err
	}
	if err := db.pool.Add(ctx); err != nil {
		db.Close()
		return err
	}
	return nil
}

// Plugin returns what is known of the database. It must not be changed.
func (db *DB) Plugin() *driver.Plugin { return db.plugin }

// Conn takes a connection for the caller alone, until its Close.
func (db *DB) Conn(ctx context.Context) (*Conn, error) {
	l, err := db.loan(ctx)
	if err != nil {
		return nil, err
	}
	return &Conn{held: l}, nil
}

// InTx runs do in a transaction on a connection of the pool.
func (db *DB) InTx(ctx context.Context, do func(*Tx) error, opts ...TxOption) error {
	return inTxAgain(ctx, db.loan, do, opts)
}

// Stat counts the connections of a DB.
type Stat = pool.Stat

// Stat returns the counts of one moment.
func (db *DB) Stat() Stat { return db.pool.Stat() }

// Close waits for the connections in use and closes all. Calls that come later
// fail with ErrClosed.
func (db *DB) Close() { _ = db.pool.Close(context.Background()) }

func (db *DB) loan(ctx context.Context) (loan, error) {
	for tries := 1; ; tries++ {
		item, err := db.pool.Acquire(ctx)
		if errors.Is(err, pool.ErrClosed) {
			err = ErrClosed
		}
		if err != nil {
			return loan{}, operation{op: "connect", plugin: db.plugin}.wrap(err)
		}
		if !db.checked || item.Value().alive(ctx) || tries > db.pool.Stat().Max { // the last is a new one
			return loan{physical: item.Value(), item: item}, nil
		}
		item.Destroy()
	}
}

// loan is the use of a connection, to be ended exactly once.
type loan struct {
	*physical
	item pool.Item[*physical] // none where the connection stays with its holder
}

// end gives the connection back; one that err shows to be lost is closed.
func (l loan) end(err error) {
	if l.native.Broken() || err != nil && (lost(err) || l.dead(err)) {
		l.broken.Store(true)
	}
	l.failed(err)
	switch {
	case l.item == pool.Item[*physical]{}:
	case l.broken.Load(), l.reset(context.Background()) != nil:
		l.item.Destroy()
	default:
		l.item.Release()
	}
}
