package runtime

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/odbcgen/odbcgen/runtime/driver"
)

// source tells what connections are made by: connection strings of servers that
// hold the same database, the one that is wanted most first.
//
// Strings are within functions: what prints a DB or an option does not print them.
type source struct {
	first    ask
	others   []ask
	settings []func(connection string) string // each adds some of the caller's
	writable bool
	last     atomic.Int32 // the one that was reached last
}

// ask returns a connection string.
type ask = func(context.Context) (string, error)

// WithConnection makes Open ask for the connection string, which is then "", and
// ask again before each connection that is made, once: for passwords and tokens that
// change. Connections that are open stay. The size, the checks and the Budget of the
// pool are as the first string says.
func WithConnection(ask func(context.Context) (string, error)) Option {
	return optionFunc(func(o *options) { o.source.first = ask })
}

// WithFallback names other servers of the same database, by their connection
// strings. They are tried in order where the one that served last cannot be
// reached, or does not accept the user.
func WithFallback(connections ...string) Option {
	return optionFunc(func(o *options) {
		for _, connection := range connections {
			o.source.others = append(o.source.others, always(connection))
		}
	})
}

func always(connection string) ask {
	return func(context.Context) (string, error) { return connection, nil }
}

// WithWritable passes over servers that refuse to write, such as the standby of a
// fallback. A connection whose server has come to refuse it is given up with its
// first error of KindReadOnly, and the others are looked at before they are used.
func WithWritable() Option { return optionFunc(func(o *options) { o.source.writable = true }) }

// open returns the first connection string as it was given: connection, or what
// WithConnection has, for the first dial too. It looks at the form of all.
func (s *source) open(ctx context.Context, connection string) (string, error) {
	switch {
	case s.first == nil:
		s.first = always(connection)
	case connection != "":
		return "", fmt.Errorf("%w: there is a connection string and a WithConnection: give one of them", errOptions)
	}
	first, err := s.first(ctx)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errAsk, err)
	}
	s.first = onceThen(first, s.first)
	for _, other := range append([]ask{always(first)}, s.others...) {
		text, _ := other(ctx)
		if err := ValidateConnectionString(text); err != nil {
			return "", err
		}
	}
	return first, nil
}

// errAsk says that there is no connection string.
var errAsk = errors.New("ask for the connection string")

// onceThen returns connection once.
func onceThen(connection string, then ask) ask {
	var given atomic.Bool
	return func(ctx context.Context) (string, error) {
		if !given.Swap(true) {
			return connection, nil
		}
		return then(ctx)
	}
}

// connect makes a connection to the first server that gives one, beginning with the
// one that gave the last.
func (s *source) connect(ctx context.Context, plugin *driver.Plugin) (*physical, error) {
	count, last := 1+len(s.others), int(s.last.Load())
	var failed []error
	for i := range count {
		at := (last + i) % count
		c, err := s.connectTo(ctx, at, count-i, plugin)
		if err == nil {
			s.last.Store(int32(at))
			return c, nil
		}
		failed = append(failed, err)
	}
	return nil, mostHopeful(failed)
}

// connectTo makes a connection to the server of the number. It leaves a part of the
// time until ctx ends to each of those that are left.
func (s *source) connectTo(ctx context.Context, at, left int, plugin *driver.Plugin) (*physical, error) {
	connection, err := s.connection(ctx, at)
	if err != nil {
		return nil, operation{op: "connect", plugin: plugin}.wrap(err)
	}
	if deadline, bound := ctx.Deadline(); bound && left > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/time.Duration(left))
		defer cancel()
	}
	c, err := connect(ctx, withSettings(connection, plugin.Settings), plugin)
	if err != nil {
		return nil, err
	}
	c.made, c.identity, c.writer = time.Now(), identity(connection), s.writable
	if err := c.writes(ctx); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// connection returns the connection string of the server of the number.
func (s *source) connection(ctx context.Context, at int) (string, error) {
	from := s.first
	if at > 0 {
		from = s.others[at-1]
	}
	connection, err := from(ctx)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errAsk, err)
	}
	return s.complete(connection), ValidateConnectionString(connection)
}

// complete returns a connection string without what is for the pool and with the
// caller's settings.
func (s *source) complete(connection string) string {
	connection, _ = poolKeys(connection, os.Getenv)
	for _, add := range s.settings {
		connection = add(connection)
	}
	return connection
}

// mostHopeful returns the first of the errors that a later try may not meet, else
// the first: one server that refuses the user does not keep callers from waiting for
// another to come back.
func mostHopeful(failed []error) error {
	for _, err := range failed {
		if IsRetryable(err) {
			return err
		}
	}
	return failed[0]
}

// errReadOnly says that a server does not write.
var errReadOnly = errors.New("the server is read-only, and WithWritable asks for one that is not")

// writes asks the server whether it writes, where the connection is to.
func (c *physical) writes(ctx context.Context) error {
	if !c.writer || c.plugin.ReadOnly == "" {
		return nil
	}
	answer, err := c.text(ctx, c.plugin.ReadOnly)
	if err == nil && answer != "0" {
		err = errReadOnly
	}
	return c.operation("", "connect").wrap(err)
}
