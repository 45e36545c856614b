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
type source struct {
	first    func(context.Context) (string, error)
	others   []string
	settings []driver.Setting // the caller's
	writable bool
	last     atomic.Int32 // the one that was reached last
}

// WithConnection makes Open ask for the connection string, which is then "", and
// ask again before each connection that is made later: for passwords and tokens
// that change. Connections that are open stay.
func WithConnection(ask func(context.Context) (string, error)) Option {
	return optionFunc(func(o *options) { o.source.first = ask })
}

// WithFallback names other servers of the same database, by their connection
// strings. They are tried in order where the one that served last cannot be
// reached, or does not accept the user.
func WithFallback(connections ...string) Option {
	return optionFunc(func(o *options) { o.source.others = append(o.source.others, connections...) })
}

// WithWritable passes over servers that refuse to write, such as the standby of a
// fallback. A connection whose server has come to refuse it is given up with its
// first error of KindReadOnly, and the others are looked at before they are used.
func WithWritable() Option { return optionFunc(func(o *options) { o.source.writable = true }) }

// connect makes a connection to the first server that gives one, beginning with the
// one that gave the last.
func (s *source) connect(ctx context.Context, plugin *driver.Plugin) (*physical, error) {
	count := 1 + len(s.others)
	var failed []error
	for i := range count {
		at := (int(s.last.Load()) + i) % count
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
	c.identity, c.writer = identity(connection), s.writable
	if err := c.writes(ctx); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// connection returns the connection string of the server of the number, with the
// caller's settings.
func (s *source) connection(ctx context.Context, at int) (string, error) {
	var connection string
	var err error
	if at > 0 {
		connection = s.others[at-1]
	} else if connection, err = s.first(ctx); err != nil {
		return "", fmt.Errorf("ask for the connection string: %w", err)
	}
	rest, _ := poolKeys(connection, os.Getenv)
	return withSettings(rest, s.settings), nil
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
