package runtime

import (
	"time"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/pool"
)

// Option changes how Open works.
type Option interface{ apply(*options) }

type options struct {
	plugin      *driver.Plugin
	source      source
	pool        PoolOptions
	healthQuery string // "" for the plugin's way
	leaked      func(Leak)
	budget      *Budget
	prefetch    bool
	drift       Drift
	spool       Spool
	lists       catalogOptions
}

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

// PoolOptions says how connections are kept; what is zero has its default.
type PoolOptions = pool.Options

// Check says when a connection of the pool is checked before it is used.
type Check = pool.Check

// The checks, see there.
const (
	CheckIdle   = pool.CheckIdle
	CheckAlways = pool.CheckAlways
	CheckNever  = pool.CheckNever
)

// Never switches off a duration of PoolOptions.
const Never time.Duration = pool.Never

// WithPool says how connections are kept. The connection string and the environment
// have the last word on whether they are checked, see Open.
func WithPool(p PoolOptions) Option { return optionFunc(func(o *options) { o.pool = p }) }

// WithPoolSize sets MaxSize of the PoolOptions and leaves the others as they are.
func WithPoolSize(n int) Option { return optionFunc(func(o *options) { o.pool.MaxSize = n }) }

// WithPlugin names the database instead of asking it.
func WithPlugin(p *driver.Plugin) Option { return optionFunc(func(o *options) { o.plugin = p }) }

// WithSettings adds keys to the connection string that it does not have.
func WithSettings(settings ...driver.Setting) Option {
	return optionFunc(func(o *options) {
		o.source.settings = append(o.source.settings, func(connection string) string { return withSettings(connection, settings) })
	})
}

// WithHealthQuery sets the statement by which connections are checked. Without it
// the driver is asked, and the server where the driver does not ask it.
func WithHealthQuery(sql string) Option { return optionFunc(func(o *options) { o.healthQuery = sql }) }

// Leak is a connection that is in use for longer than PoolOptions.LeakThreshold.
type Leak = pool.Leak

// WithLeaked sets what is called, on a goroutine of its own, for a connection that
// is in use for longer than PoolOptions.LeakThreshold. Without it slog's default
// logger gets a warning.
func WithLeaked(report func(Leak)) Option { return optionFunc(func(o *options) { o.leaked = report }) }

// WithPrefetch says whether the next block of a long result is fetched, by another
// goroutine, while the one before is read. It pays where a program works on its rows
// for about as long as the driver; the default is no, since a loop that only takes
// them was now faster and now slower with it.
func WithPrefetch(on bool) Option { return optionFunc(func(o *options) { o.prefetch = on }) }
