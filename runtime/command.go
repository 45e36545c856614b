package runtime

import (
	"cmp"
	"context"
	"errors"

	"github.com/odbcgen/odbcgen/runtime/driver"
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
	return c.run(ctx, db, p, anything, func(context.Context, *statement) error { return nil })
}

// anything asks nothing of a database.
func anything(*driver.Plugin) error { return nil }

// errUncounted says that a driver cannot count changed rows.
var errUncounted = errors.New("the driver does not tell how many rows were changed")

// Affected runs the command and returns the number of rows that it changed, as
// the database counts them: MariaDB leaves out rows that were given the values
// they had.
func (c *Command[P]) Affected(ctx context.Context, db Session, p P) (rows int64, err error) {
	err = c.run(ctx, db, p, anything, func(_ context.Context, s *statement) error {
		var err error
		if rows, err = s.native.Affected(); err == nil && rows < 0 {
			err = errUncounted
		}
		return s.c.operation(c.Name, "execute").wrap(err)
	})
	return rows, err
}

// errNoInsertID says that a database does not tell the number of a row.
var errNoInsertID = errors.New("the database does not tell the number that it gave the row: use INSERT … RETURNING")

// InsertID runs the command, an INSERT of one row into a table that numbers its rows,
// and returns the number that the row was given; 0 when none was inserted.
func (c *Command[P]) InsertID(ctx context.Context, db Session, p P) (id int64, err error) {
	err = c.run(ctx, db, p, tellsInsertID, func(ctx context.Context, s *statement) error {
		rows, err := s.native.Affected()
		if err == nil && rows != 0 {
			id, err = s.c.insertID(ctx)
		}
		return s.c.operation(c.Name, "execute").wrap(err)
	})
	return id, err
}

// tellsInsertID refuses what would be stored before it turns out that nobody tells the
// number.
func tellsInsertID(p *driver.Plugin) error {
	if p.InsertID == "" {
		return errNoInsertID
	}
	return nil
}

// insertID asks for the number of the row inserted last. c.mu must be held.
func (c *physical) insertID(ctx context.Context) (id int64, err error) {
	sh := shape{key: c.plugin, name: "InsertID", sql: c.plugin.InsertID, columns: []Column{{Name: "id", Kind: protocol.Int64}}}
	s, err := c.statementFor(ctx, sh)
	if err != nil {
		return 0, err
	}
	defer func() { s.done(err != nil) }()
	if err := s.native.Execute(ctx); err != nil {
		return 0, err
	}
	if err := s.planRows(); err != nil {
		return 0, err
	}
	b := (&cursor{s: s, size: 1}).fetchLocked(ctx)
	if b.err != nil || b.rows == 0 {
		return 0, cmp.Or(b.err, error(ErrNoRows))
	}
	batch := b.load()
	return batch.Int64(0).At(0), batch.Err()
}

// run executes the command, if the database can do what can asks for, and asks the
// statement about it.
func (c *Command[P]) run(ctx context.Context, db Session, p P, can func(*driver.Plugin) error, ask func(context.Context, *statement) error) (err error) {
	l, err := db.loan(ctx)
	if err != nil {
		return named(c.Name, err)
	}
	var s *statement
	defer func() {
		failed := err != nil
		l.end(ctx, err, func(context.Context) {
			if s != nil {
				s.done(failed)
			}
		})
	}()
	if err := l.lock(ctx); err != nil {
		return named(c.Name, err)
	}
	defer l.mu.Unlock()
	if err := can(l.plugin); err != nil {
		return l.operation(c.Name, "execute").refuse(driver.KindUnsupported, err)
	}
	sh := shape{key: c, name: c.Name, sql: textFor(l.plugin, c.SQL, c.Dialects), driver: c.Driver, params: c.Params}
	sh, encode, err := withLists(l.physical, sh, c.Encode, p)
	if err != nil {
		return err
	}
	if s, err = l.statementFor(ctx, sh); err != nil {
		return err
	}
	if err := run(ctx, s, c.Name, encode, p); err != nil {
		return err
	}
	if err := ask(ctx, s); err != nil {
		return err
	}
	return l.operation(c.Name, "execute").wrap(s.native.Finish(ctx))
}
