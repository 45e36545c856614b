package runtime

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/odbcgen/odbcgen/runtime/driver"
)

// Tx is an open transaction. It is safe for concurrent use; calls take their
// turn. It is over when the function that it was given to returns.
type Tx struct {
	held  loan
	depth int // savepoints around this one
	over  atomic.Bool
}

// errOver says that a Tx was kept beyond its function.
var errOver = errors.New("transaction is over")

// Plugin returns what is known of the database. It must not be changed.
func (t *Tx) Plugin() *driver.Plugin { return t.held.plugin }

func (t *Tx) loan(context.Context) (loan, error) {
	if t.over.Load() {
		return loan{}, t.held.operation("", "execute").wrap(errOver)
	}
	return loan{physical: t.held.physical}, nil
}

// InTx runs do behind a savepoint: its error or panic undoes what do has done,
// and the transaction goes on.
func (t *Tx) InTx(ctx context.Context, do func(*Tx) error) error {
	l, err := t.loan(ctx)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("odbcgen_%d", t.depth+1)
	if err := l.firstSavepoint(ctx, "SAVEPOINT "+name); err != nil {
		return err
	}
	inner := &Tx{held: l, depth: t.depth + 1}
	kept := false
	defer func() {
		inner.over.Store(true)
		if !kept && l.undo(ctx, "ROLLBACK TO SAVEPOINT "+name) != nil {
			l.broken.Store(true)
		}
	}()
	if err := do(inner); err != nil {
		return err
	}
	err = l.savepoint(ctx, "RELEASE SAVEPOINT "+name)
	kept = err == nil
	return err
}

// firstSavepoint makes a savepoint, before which a transaction may have run no
// statement.
func (c *physical) firstSavepoint(ctx context.Context, sql string) error {
	if before := c.plugin.Quirks.BeforeSavepoint; before != "" {
		if err := c.savepoint(ctx, before); err != nil {
			return err
		}
	}
	return c.savepoint(ctx, sql)
}

// savepoint runs a statement about a savepoint. It is not prepared: psqlodbc 13
// recognises it only so, and otherwise loses count of its own savepoints, which
// it puts around statements, and of whether the transaction has failed.
func (c *physical) savepoint(ctx context.Context, sql string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.operation("", "execute").wrap(c.native.ExecDirect(ctx, sql))
}

// undo is savepoint beyond the end of ctx.
func (c *physical) undo(ctx context.Context, sql string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidyTimeout)
	defer cancel()
	return c.savepoint(ctx, sql)
}

// inTx runs do in a transaction on l.
func inTx(ctx context.Context, l loan, do func(*Tx) error) error {
	if err := l.begin(ctx); err != nil {
		return err
	}
	tx := &Tx{held: l}
	committing := false
	defer func() { // do failed or panicked
		tx.over.Store(true)
		if !committing {
			l.rollback()
		}
	}()
	if err := do(tx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return l.operation("", "commit").wrap(err)
	}
	committing = true
	return l.commit(ctx)
}

func (c *physical) begin(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.operation("", "begin").wrap(c.native.SetAutocommit(ctx, false))
}

// commit ends the transaction and goes back to autocommit. When it fails, what
// it left is rolled back first: turning autocommit on would commit it. When only
// going back fails, all is stored, and the connection is not used again.
func (c *physical) commit(ctx context.Context) error {
	c.mu.Lock()
	err := c.native.Commit(ctx)
	if err == nil && c.autocommit() != nil {
		c.broken.Store(true)
	}
	c.mu.Unlock()
	if err != nil {
		c.rollback()
	}
	return c.operation("", "commit").wrap(err)
}

// autocommit goes back to it. c.mu must be held.
func (c *physical) autocommit() error {
	ctx, cancel := context.WithTimeout(context.Background(), tidyTimeout)
	defer cancel()
	return c.native.SetAutocommit(ctx, true)
}

// rollback undoes the transaction and goes back to autocommit. A connection on
// which that fails is not used again.
func (c *physical) rollback() {
	ctx, cancel := context.WithTimeout(context.Background(), tidyTimeout)
	defer cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.native.Rollback(ctx) != nil || c.autocommit() != nil {
		c.broken.Store(true)
	}
}
