package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/odbcgen/odbcgen/runtime/driver"
)

// Tx is an open transaction. It is safe for concurrent use; calls take their
// turn. It is over when the function that it was given to returns. When the
// database has ended it before, after a deadlock for one, all further calls fail,
// and so does its commit.
type Tx struct {
	held  loan
	outer *Tx // the transaction, where this is a savepoint of it
	depth int // savepoints around this one
	over  atomic.Bool

	failed atomic.Pointer[Error] // the error that has ended the transaction
}

// errOver says that a Tx was kept beyond its function.
var errOver = errors.New("transaction is over")

// Isolation is an isolation level of SQL.
type Isolation = driver.Isolation

// The isolation levels.
const (
	ReadUncommitted = driver.ReadUncommitted
	ReadCommitted   = driver.ReadCommitted
	RepeatableRead  = driver.RepeatableRead
	Serializable    = driver.Serializable
)

// TxOption changes a transaction.
type TxOption func(*txOptions)

type txOptions struct {
	isolation driver.Isolation
	readOnly  bool
	bounded   bool
	lockWait  time.Duration
	retry     RetryPolicy
}

// TxIsolation sets the isolation level. A level that the database does not have is
// an error, even where it has a stricter one.
func TxIsolation(level Isolation) TxOption { return func(o *txOptions) { o.isolation = level } }

// TxReadOnly makes every write in the transaction fail.
func TxReadOnly() TxOption { return func(o *txOptions) { o.readOnly = true } }

// TxLockTimeout bounds each wait for a lock. It is rounded up to what the database
// counts in, on MariaDB a second, and to the least that it has, which is an end of
// the wait at once where there is such a thing.
func TxLockTimeout(d time.Duration) TxOption {
	return func(o *txOptions) { o.bounded, o.lockWait = true, d }
}

// TxRetry says how often a transaction is tried that another one has ended, by a
// deadlock or because both cannot be serialized. The default is three times, 10 ms
// and 20 ms apart: a deadlock is over when its victim is.
func TxRetry(policy RetryPolicy) TxOption { return func(o *txOptions) { o.retry = policy } }

// NoTxRetry has the transaction tried only once.
func NoTxRetry() TxOption { return TxRetry(RetryPolicy{Attempts: 1}) }

// txRetry is the RetryPolicy of a transaction.
var txRetry = RetryPolicy{First: 10 * time.Millisecond}

func txOptionsOf(opts []TxOption) txOptions {
	o := txOptions{retry: txRetry}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// Plugin returns what is known of the database. It must not be changed.
func (t *Tx) Plugin() *driver.Plugin { return t.held.plugin }

func (t *Tx) loan(context.Context) (loan, error) {
	if err := t.usable(); err != nil {
		return loan{}, err
	}
	return loan{physical: t.held.physical, holder: t}, nil
}

func (t *Tx) usable() error {
	if t.over.Load() || t.held.tx.Load() != t.whole() {
		return t.held.operation("", "execute").refuse(driver.KindTransaction, errOver)
	}
	return t.refusal("execute")
}

// whole returns the transaction that t is or is a part of.
func (t *Tx) whole() *Tx {
	if t.outer != nil {
		return t.outer
	}
	return t
}

// refusal is the error of op when the transaction has failed before, else nil.
// It may be tried again where the first error may.
func (t *Tx) refusal(op string) error {
	first := t.whole().failed.Load()
	if first == nil {
		return nil
	}
	return &Error{
		Op: op, Driver: first.Driver, Category: first.Category, Kind: driver.KindTransaction,
		Outcome: TransactionRolledBack, Retry: first.Retry,
		Err: fmt.Errorf("transaction has failed before: %w", first),
	}
}

// errInner says that options came too late.
var errInner = errors.New("a savepoint has the isolation level, access, lock timeout and tries of its transaction: give the options to that")

// InTx runs do behind a savepoint: its error or panic undoes what do has done,
// and the transaction goes on. There are no options for it but NoTxRetry.
func (t *Tx) InTx(ctx context.Context, do func(*Tx) error, opts ...TxOption) error {
	l, err := t.loan(ctx)
	if err != nil {
		return err
	}
	if o := txOptionsOf(opts); o != (txOptions{retry: txRetry}) && o != (txOptions{retry: RetryPolicy{Attempts: 1}}) {
		return l.operation("", "begin").refuse(driver.KindUnsupported, errInner)
	}
	name := l.dialect.Quote(fmt.Sprintf("odbcgen_%d", t.depth+1))
	if err := l.firstSavepoint(ctx, "SAVEPOINT "+name); err != nil {
		l.failed(err)
		return err
	}
	inner := &Tx{held: l, outer: t.whole(), depth: t.depth + 1}
	kept := false
	defer func() {
		inner.over.Store(true)
		if kept || inner.refusal("rollback") != nil {
			return
		}
		if err := l.undo(ctx, "ROLLBACK TO SAVEPOINT "+name); err != nil { // a commit would store what do has done
			l.broken.Store(true)
			e := (*Error)(nil)
			errors.As(err, &e)
			t.whole().failed.CompareAndSwap(nil, e)
		}
	}()
	if err := do(inner); err != nil {
		return err
	}
	if err := inner.refusal("commit"); err != nil {
		return err
	}
	err = l.direct(ctx, "RELEASE SAVEPOINT "+name)
	kept = err == nil
	return err
}

// firstSavepoint makes a savepoint, before which a transaction may have run no
// statement.
func (l loan) firstSavepoint(ctx context.Context, sql string) error {
	if before := l.plugin.Quirks.BeforeSavepoint; before != "" {
		if err := l.direct(ctx, before); err != nil {
			return err
		}
	}
	return l.direct(ctx, sql)
}

// direct is direct of the connection, while the holder has it.
func (l loan) direct(ctx context.Context, sql string) error {
	if err := l.lock(ctx); err != nil {
		return err
	}
	defer l.mu.Unlock()
	return l.directLocked(ctx, sql)
}

// direct runs a statement about a transaction or the session. It is not prepared:
// psqlodbc 13 recognises savepoints only so, and otherwise loses count of its own,
// which it puts around statements, and of whether the transaction has failed. One
// of them would stand before SET TRANSACTION.
func (c *physical) direct(ctx context.Context, sql string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.directLocked(ctx, sql)
}

// directLocked is direct. c.mu must be held.
func (c *physical) directLocked(ctx context.Context, sql string) error {
	return c.operation("", "execute").wrap(c.native.ExecDirect(ctx, sql))
}

// undo is direct for what tidies up.
func (c *physical) undo(ctx context.Context, sql string) error {
	ctx, cancel := tidying(ctx)
	defer cancel()
	return c.direct(ctx, sql)
}

// tidying returns the context of what tidies up: it ends with the caller's, unless that
// was over before, and after tidyTimeout.
func tidying(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx.Err() != nil {
		ctx = context.WithoutCancel(ctx)
	}
	return context.WithTimeout(ctx, tidyTimeout)
}

// inTxAgain runs do in a transaction, and again when that has met another one; take
// gives a connection for each.
func inTxAgain(ctx context.Context, take func(context.Context) (loan, error), do func(*Tx) error, opts []TxOption) error {
	o := txOptionsOf(opts)
	return retry(ctx, o.retry, hasMetAnother, func(ctx context.Context) (err error) {
		l, err := take(ctx)
		if err != nil {
			return err
		}
		defer func() { l.end(err) }()
		return inTx(ctx, l, do, o)
	})
}

// hasMetAnother reports whether a transaction may be tried again at once: nothing of
// it is stored, and what was in its way is over.
func hasMetAnother(err error) bool {
	e := (*Error)(nil)
	return errors.As(err, &e) && e.Category == Transient && e.Retry == ScopeTransaction && IsRetryable(err)
}

// inTx runs do in a transaction on l.
func inTx(ctx context.Context, l loan, do func(*Tx) error, o txOptions) error {
	asked, err := l.asked(o)
	if err != nil {
		return l.operation("", "begin").refuse(driver.KindUnsupported, err)
	}
	tx := &Tx{held: l}
	defer l.restore(ctx, asked)
	if err := l.begin(ctx, tx, asked); err != nil {
		return err
	}
	committing := false
	defer func() { // do failed or panicked
		tx.over.Store(true)
		if !committing {
			l.rollback(ctx, tx)
		}
	}()
	if err := do(tx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return l.operation("", "commit").unsent(err)
	}
	if err := tx.refusal("commit"); err != nil {
		return err
	}
	committing = true
	return l.commit(ctx, tx)
}

// asked is what a transaction is asked for, in the order in which it is sent.
type asked struct {
	before, modes, first, after []string // see driver.Temporary
}

func (a *asked) add(t driver.Temporary, value ...any) {
	switch {
	case t.Mode != "":
		a.modes = append(a.modes, filled(t.Mode, value))
	case t.Undo != "":
		a.before, a.after = append(a.before, filled(t.Do, value)), append(a.after, t.Undo)
	case t.Do != "":
		a.first = append(a.first, filled(t.Do, value))
	}
}

// filled returns SQL with its value, if it has one.
func filled(sql string, value []any) string {
	if len(value) == 0 {
		return sql
	}
	return fmt.Sprintf(sql, value...)
}

// asked returns what the options ask for, or why the database cannot have it.
func (c *physical) asked(o txOptions) (a asked, err error) {
	can := c.plugin.Transactions
	if o.isolation != driver.DefaultIsolation {
		if !slices.Contains(can.Levels, o.isolation) {
			return a, fmt.Errorf("%s has no isolation level %s, only %v", c.plugin.Name, o.isolation, can.Levels)
		}
		a.add(can.Isolation, o.isolation)
	}
	if o.readOnly {
		if !can.ReadOnly.Possible() {
			return a, fmt.Errorf("%s is not known to have read-only transactions", c.plugin.Name)
		}
		a.add(can.ReadOnly)
	}
	if o.bounded {
		if !can.LockTimeout.Possible() {
			return a, fmt.Errorf("%s is not known to have lock timeouts", c.plugin.Name)
		}
		if !c.ownLockWait {
			return a, fmt.Errorf("the connection string has a %s of its own, which no lock timeout can change", can.LockTimeout.Needs.Key)
		}
		a.add(can.LockTimeout.Temporary, unitsOf(can.LockTimeout, o.lockWait))
	}
	if len(a.modes) > 0 {
		a.first = slices.Insert(a.first, 0, fmt.Sprintf(can.Modes, strings.Join(a.modes, ", ")))
	}
	return a, nil
}

// unitsOf returns d in the units of the lock timeout, rounded up.
func unitsOf(t driver.LockTimeout, d time.Duration) int64 {
	return max(t.Least, int64((max(d, 0)+t.Unit-1)/t.Unit))
}

// begin begins a transaction. When it fails, there is none.
func (c *physical) begin(ctx context.Context, tx *Tx, a asked) error {
	if err := c.all(ctx, a.before); err != nil {
		return during("begin", err)
	}
	if err := c.beginNative(ctx, tx); err != nil {
		return err
	}
	if err := c.all(ctx, a.first); err != nil {
		c.rollback(ctx, tx)
		return during("begin", err)
	}
	return nil
}

func (c *physical) beginNative(ctx context.Context, tx *Tx) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tx.Load() != nil { // which this one would end
		return c.operation("", "begin").refuse(driver.KindTransaction, errTxOpen)
	}
	if err := c.native.SetAutocommit(ctx, false); err != nil {
		return c.operation("", "begin").wrap(err)
	}
	c.tx.Store(tx)
	return nil
}

func (c *physical) all(ctx context.Context, statements []string) error {
	for _, sql := range statements {
		if err := c.direct(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// restore undoes what was asked of a transaction that is over. A connection on which
// that fails is not used again.
func (c *physical) restore(ctx context.Context, a asked) {
	ctx, cancel := tidying(ctx)
	defer cancel()
	if !c.broken.Load() && c.all(ctx, a.after) != nil {
		c.broken.Store(true)
	}
}

// commit ends the transaction and goes back to autocommit. When it fails, what
// it left is rolled back first: turning autocommit on would commit it. When only
// going back fails, all is stored, and the connection is not used again.
func (c *physical) commit(ctx context.Context, tx *Tx) error {
	c.mu.Lock()
	if c.tx.Load() != tx {
		c.mu.Unlock()
		return c.operation("", "commit").wrap(errOver)
	}
	err := c.native.Commit(ctx)
	if err == nil {
		c.tx.Store(nil)
		if c.autocommit(ctx) != nil {
			c.broken.Store(true)
		}
	}
	c.mu.Unlock()
	if err != nil {
		c.rollback(ctx, tx)
	}
	return c.operation("", "commit").wrap(err)
}

// autocommit goes back to it. c.mu must be held.
func (c *physical) autocommit(ctx context.Context) error {
	ctx, cancel := tidying(ctx)
	defer cancel()
	return c.native.SetAutocommit(ctx, true)
}

// rollback undoes the transaction and goes back to autocommit. A connection on
// which that fails is not used again.
func (c *physical) rollback(ctx context.Context, tx *Tx) {
	ctx, cancel := tidying(ctx)
	defer cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.tx.CompareAndSwap(tx, nil) {
		return // the connection has been given back meanwhile, see reset
	}
	if c.native.Rollback(ctx) != nil || c.autocommit(ctx) != nil {
		c.broken.Store(true)
	}
}

// failed notes an error of a statement that has ended the transaction which is open
// on c, if there is one.
func (c *physical) failed(err error) {
	tx, e := c.tx.Load(), (*Error)(nil)
	if tx != nil && tx.failed.Load() == nil && errors.As(err, &e) && c.ends(e) {
		tx.failed.CompareAndSwap(nil, e)
	}
}

// ends reports whether the error has ended the transaction in which it happened.
func (c *physical) ends(e *Error) bool {
	can := c.plugin.Transactions
	executed := e.Outcome != NotSent && e.Outcome != Done
	switch {
	case e.Outcome == TransactionRolledBack, e.Kind == driver.KindTransaction, e.Category == ConnectionLost:
		return true
	case c.failureEnds:
		return executed
	case executed && slices.Contains(can.EndedBy, e.Kind):
		return c.undo(context.Background(), can.Over) == nil
	}
	return false
}

// refuse is the error of what was not tried.
func (o operation) refuse(kind driver.Kind, cause error) error {
	return &Error{Op: o.op, Driver: o.plugin.Name, Category: Validation, Kind: kind, Outcome: NotSent, Err: cause}
}

// unsent is the error of a commit that was not tried since the context has ended.
func (o operation) unsent(ended error) error {
	e := o.wrap(ended).(*Error)
	e.Outcome = TransactionRolledBack
	return e
}
