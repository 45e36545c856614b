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
	over  atomic.Bool

	stored     bool                  // it has been committed; guarded by the connection's mu
	savepoints atomic.Int64          // made so far
	failed     atomic.Pointer[Error] // the error that has ended the transaction
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
// and the transaction goes on. There are no options for it but NoTxRetry. Of two that
// overlap, the one that began first takes the other with it when it ends: that one
// fails then, and the transaction with it.
func (t *Tx) InTx(ctx context.Context, do func(*Tx) error, opts ...TxOption) error {
	l, err := t.loan(ctx)
	if err != nil {
		return err
	}
	if o := txOptionsOf(opts); o != (txOptions{retry: txRetry}) && o != (txOptions{retry: RetryPolicy{Attempts: 1}}) {
		return l.operation("", "begin").refuse(driver.KindUnsupported, errInner)
	}
	savepoint, err := l.dialect.Savepoint(fmt.Sprintf("odbcgen_%d", t.whole().savepoints.Add(1)))
	if err != nil {
		l.end(ctx, err, nil)
		return l.operation("", "begin").wrap(err)
	}
	if savepoint.Make == "" {
		return l.operation("", "begin").refuse(driver.KindUnsupported, fmt.Errorf("%s has no savepoints, so that a transaction cannot be within another", l.plugin.Name))
	}
	if err := l.firstSavepoint(ctx, savepoint.Make); err != nil {
		l.end(ctx, err, nil)
		return err
	}
	inner := &Tx{held: l, outer: t.whole()}
	kept := false
	defer func() {
		inner.over.Store(true)
		if !kept && inner.refusal("rollback") == nil {
			l.undo(ctx, t.whole(), savepoint.Back)
		}
	}()
	if err := do(inner); err != nil {
		return err
	}
	if err := inner.refusal("commit"); err != nil {
		return err
	}
	err = l.release(ctx, savepoint)
	kept = err == nil
	return err
}

// release forgets a savepoint, where the database can; elsewhere it ends with its
// transaction.
func (l loan) release(ctx context.Context, s driver.Savepoint) error {
	if s.Release == "" {
		return nil
	}
	return l.direct(ctx, s.Release)
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

// undo goes back to a savepoint of tx. A transaction in which that fails is not
// committed, which would store what is to be undone; nor is one where another call has
// the connection when ctx has ended: the next would come before.
func (l loan) undo(ctx context.Context, tx *Tx, sql string) {
	if err := l.mu.lockUntil(ctx); err != nil {
		tx.fail(l.operation("", "rollback").wrap(err))
		return
	}
	l.tidy(ctx, l.waits(ctx), func(ctx context.Context) {
		defer l.mu.Unlock()
		if err := l.directLocked(ctx, sql); err != nil {
			l.broken.Store(true)
			tx.fail(err)
		}
	})
}

// fail notes the first error that has ended the transaction.
func (t *Tx) fail(err error) {
	if e := (*Error)(nil); errors.As(err, &e) {
		t.failed.CompareAndSwap(nil, e)
	}
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
	if err := c.mu.lockUntil(ctx); err != nil {
		return c.operation("", "connect").wrap(err)
	}
	defer c.mu.Unlock()
	return c.directLocked(ctx, sql)
}

// directLocked is direct. c.mu must be held.
func (c *physical) directLocked(ctx context.Context, sql string) error {
	return c.operation("", "execute").wrap(c.native.ExecDirect(ctx, sql))
}

// inTxAgain runs do in a transaction, and again when that has met another one; take
// gives a connection for each.
func inTxAgain(ctx context.Context, take func(context.Context) (loan, error), do func(*Tx) error, opts []TxOption) error {
	o := txOptionsOf(opts)
	return retry(ctx, o.retry, hasMetAnother, func(ctx context.Context) error {
		l, err := take(ctx)
		if err != nil {
			return err
		}
		return inTx(ctx, l, do, o)
	})
}

// hasMetAnother reports whether a transaction may be tried again at once: nothing of
// it is stored, and what was in its way is over.
func hasMetAnother(err error) bool {
	e := (*Error)(nil)
	return errors.As(err, &e) && e.Category == Transient && e.Retry == ScopeTransaction && IsRetryable(err)
}

// inTx runs do in a transaction on l, and ends that loan.
func inTx(ctx context.Context, l loan, do func(*Tx) error, o txOptions) (err error) {
	tx := &Tx{held: l}
	var asked asked
	defer func() { // do may have panicked
		tx.over.Store(true)
		l.end(ctx, err, func(ctx context.Context) { l.leave(ctx, tx, asked) })
	}()
	if asked, err = l.asked(o); err != nil {
		return l.operation("", "begin").refuse(driver.KindUnsupported, err)
	}
	if err := l.begin(ctx, tx, asked); err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return err
	}
	if err := tx.refusal("commit"); err != nil {
		return err
	}
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
		a.add(can.Isolation, can.Word(o.isolation))
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
	if len(a.modes) > 1 && can.OneMode {
		return a, fmt.Errorf("%s has %s for a transaction, but not both", c.plugin.Name, strings.Join(a.modes, " and "))
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

// begin begins a transaction. Where it fails there may be one, for leave to end.
func (c *physical) begin(ctx context.Context, tx *Tx, a asked) error {
	if err := c.all(ctx, a.before); err != nil {
		return during("begin", err)
	}
	if err := c.beginNative(ctx, tx); err != nil {
		return err
	}
	return during("begin", c.all(ctx, a.first))
}

func (c *physical) beginNative(ctx context.Context, tx *Tx) error {
	if err := c.mu.lockUntil(ctx); err != nil {
		return c.operation("", "begin").wrap(err)
	}
	defer c.mu.Unlock()
	if err := c.endOver(ctx); err != nil {
		return during("begin", err)
	}
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

// commit commits the transaction. When that fails, it is left to be rolled back.
func (c *physical) commit(ctx context.Context, tx *Tx) error {
	if err := c.mu.lockUntil(ctx); err != nil {
		return c.uncommitted(err)
	}
	defer c.mu.Unlock()
	if c.tx.Load() != tx {
		return c.operation("", "commit").wrap(errOver)
	}
	if err := ctx.Err(); err != nil {
		return c.uncommitted(err)
	}
	if err := c.native.Commit(ctx); err != nil {
		return c.operation("", "commit").wrap(err)
	}
	tx.stored = true
	tx.over.Store(true)
	return nil
}

// uncommitted is the error of a commit that has not been sent: the transaction is rolled
// back, or its connection is closed.
func (c *physical) uncommitted(cause error) error {
	err := c.operation("", "commit").wrap(cause)
	if e := (*Error)(nil); errors.As(err, &e) {
		e.Outcome = TransactionRolledBack
	}
	return err
}

// leave goes back to how it was before the transaction. A connection on which that
// fails is not used again. c.mu must be held.
func (c *physical) leave(ctx context.Context, tx *Tx, a asked) {
	if c.tx.Load() == tx { // the connection may have been given back meanwhile, see reset
		_ = c.endOver(ctx)
	}
	for _, sql := range a.after {
		if !c.broken.Load() && c.directLocked(ctx, sql) != nil {
			c.broken.Store(true)
		}
	}
}

// endOver ends a transaction that is over, if there is one: it is rolled back unless it
// is stored, since turning autocommit on would commit it. Who comes next on a Conn must
// not come into it. c.mu must be held.
func (c *physical) endOver(ctx context.Context) (err error) {
	tx := c.tx.Load()
	if tx == nil || !tx.over.Load() {
		return nil
	}
	if !tx.stored {
		err = c.rollback(ctx)
	}
	if err == nil {
		err = c.native.SetAutocommit(ctx, true)
	}
	if err != nil {
		c.broken.Store(true)
		return c.operation("", "rollback").wrap(err)
	}
	c.tx.Store(nil)
	return nil
}

// rollback rolls the transaction back. Where the database has ended it, that may fail,
// and leave a driver for which there is one: it gets another one to roll back.
func (c *physical) rollback(ctx context.Context) error {
	err := c.native.Rollback(ctx)
	if over := c.plugin.Transactions.Over; err != nil && over != "" && c.native.ExecDirect(ctx, over) == nil {
		return c.native.Rollback(ctx)
	}
	return err
}

// failed notes an error of a statement that has ended the transaction which is open
// on c, if there is one.
func (c *physical) failed(ctx context.Context, err error, ask bool) {
	tx, e := c.tx.Load(), (*Error)(nil)
	if tx != nil && tx.failed.Load() == nil && errors.As(err, &e) && c.ends(ctx, e, ask) {
		tx.fail(e)
	}
}

// ends reports whether the error has ended the transaction in which it happened. It
// is taken to have where the database would have to be asked and may not be.
func (c *physical) ends(ctx context.Context, e *Error, ask bool) bool {
	can := c.plugin.Transactions
	executed := e.Outcome != NotSent && e.Outcome != Done
	switch {
	case e.Outcome == TransactionRolledBack, e.Kind == driver.KindTransaction, e.Category == ConnectionLost:
		return true
	case c.failureEnds:
		return executed
	case executed && slices.Contains(can.EndedBy, e.Kind):
		return !ask || c.directLocked(ctx, can.Over) == nil
	}
	return false
}

// refuse is the error of what was not tried.
func (o operation) refuse(kind driver.Kind, cause error) error {
	return &Error{Query: o.query, Op: o.op, Driver: o.plugin.Name, Category: Validation, Kind: kind, Outcome: NotSent, Err: cause}
}
