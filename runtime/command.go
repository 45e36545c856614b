package runtime

import (
	"context"
	"errors"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Command is a statement without rows, for parameters of type P. Generated code
// holds one value for each; it is safe for concurrent use and must not be copied
// or changed.
type Command[P any] struct {
	Name     string
	SQL      string
	Dialects []Dialect // texts for other databases than the one of SQL
	Driver   string    // plugin that told Params, see WithDrift; "" where nothing is compared
	Params   []Param   // one for each marker
	// Encode appends one row of parameters. Its errors are those of the Batch.
	Encode func(*protocol.Batch, P)
}

// Exec runs the command.
func (c *Command[P]) Exec(ctx context.Context, db Session, p P) error {
	return c.run(ctx, db, p, func(*statement) error { return nil })
}

// errUncounted says that a driver cannot count changed rows.
var errUncounted = errors.New("the driver does not tell how many rows were changed")

// Affected runs the command and returns the number of rows that it changed, as
// the database counts them: MariaDB leaves out rows that were given the values
// they had.
func (c *Command[P]) Affected(ctx context.Context, db Session, p P) (rows int64, err error) {
	err = c.run(ctx, db, p, func(s *statement) error {
		var err error
		if rows, err = s.native.Affected(); err == nil && rows < 0 {
			err = errUncounted
		}
		return operation{c.Name, "execute", s.c.plugin.Name}.wrap(err)
	})
	return rows, err
}

// run executes the command and asks the statement about it.
func (c *Command[P]) run(ctx context.Context, db Session, p P, ask func(*statement) error) (err error) {
	l, err := db.loan(ctx)
	if err != nil {
		return named(c.Name, err)
	}
	defer func() { l.end(err) }()
	l.mu.Lock()
	defer l.mu.Unlock()
	s, err := l.statementFor(ctx, shape{key: c, name: c.Name, sql: textFor(l.plugin, c.SQL, c.Dialects), driver: c.Driver, params: c.Params})
	if err != nil {
		return err
	}
	defer func() { s.done(err != nil) }()
	if err := run(ctx, s, c.Name, c.Encode, p); err != nil {
		return err
	}
	return ask(s)
}
