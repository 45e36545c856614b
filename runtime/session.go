package runtime

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"unicode"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// session is what a connection's users share of its state, and must not hand on.
type session struct {
	tx    atomic.Pointer[Tx] // the open transaction
	dirty atomic.Bool        // a user may have changed more than rows

	// The following do not change once the session is set up.
	failureEnds bool   // see driver.Transactions.FailureEnds
	ownLockWait bool   // see driver.LockTimeout.Needs
	recounts    bool   // see driver.Upserts.Recounts
	settings    string // statement that gives the session its settings back, see driver.Session.Remember
}

// setUpSession does what the plugin wants of a new session, which was made with the
// connection string.
func (c *physical) setUpSession(ctx context.Context, connection string) error {
	for _, sql := range c.plugin.Setup {
		if err := c.exec(ctx, sql); err != nil {
			return err
		}
	}
	can := c.plugin.Transactions
	for _, s := range can.FailureEnds {
		c.failureEnds = c.failureEnds || strings.HasSuffix(connectionValue(connection, s.Key), s.Value)
	}
	for _, key := range c.dialect.Upserts.Recounts {
		c.recounts = c.recounts || connectionValue(connection, key) != ""
	}
	needs := can.LockTimeout.Needs
	c.ownLockWait = needs.Key == "" || connectionValue(connection, strings.ToLower(needs.Key)) == needs.Value
	if needs.Key != "" && c.ownLockWait {
		if err := c.direct(ctx, can.LockTimeout.Undo); err != nil {
			return err
		}
	}
	if c.plugin.Session.Remember == "" {
		return nil
	}
	var err error
	c.settings, err = c.text(ctx, c.plugin.Session.Remember)
	return err
}

// text returns the first cell of a query, "" where it is NULL.
func (c *physical) text(ctx context.Context, sql string) (text string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.textLocked(ctx, sql)
}

// textLocked is text for a query with parameters. c.mu must be held.
func (c *physical) textLocked(ctx context.Context, sql string, values ...string) (text string, err error) {
	params := make([]Param, len(values))
	for i := range params {
		params[i].Kind = protocol.Text
	}
	s, err := c.prepare(ctx, shape{sql: sql, params: params, columns: []Column{{Name: "text", Kind: protocol.Text, Null: true}}})
	if err != nil {
		return "", err
	}
	defer s.native.Close()
	for i, v := range values {
		s.params.Text(i).Append(v)
	}
	s.params.EndRow()
	if err := s.native.Execute(ctx); err != nil {
		return "", c.operation("", "execute").wrap(err)
	}
	if err := s.planRows(); err != nil {
		return "", c.operation("", "execute").wrap(err)
	}
	b := (&cursor{s: s, size: 1}).fetchLocked(ctx)
	if b.err != nil || b.rows == 0 {
		return "", c.operation("", "fetch").wrap(b.err)
	}
	cells := b.load().Text(0)
	if cells.IsNull(0) {
		return "", nil
	}
	return strings.Clone(cells.At(0)), nil
}

var (
	errTxOpen  = errors.New("a transaction is open")
	errNotAnew = errors.New("the driver cannot make the session as new")
)

// reset makes the session as new for the next user. One that cannot be, is not to be
// used again: the caller closes the connection, which rolls back what is open. Nothing
// is sent where a user has changed rows only. c.mu must be held.
func (c *physical) reset(ctx context.Context) error {
	switch {
	case c.tx.Swap(nil) != nil:
		return errTxOpen
	case !c.dirty.Load():
		return nil
	}
	statements := c.plugin.Session.Reset
	if len(statements) == 0 {
		return errNotAnew
	}
	c.statements.Purge() // they would be gone on the server
	for _, sql := range statements {
		if err := c.native.ExecDirect(ctx, sql); err != nil {
			return err
		}
	}
	if c.settings != "" {
		if err := c.native.ExecDirect(ctx, c.settings); err != nil {
			return err
		}
	}
	c.dirty.Store(false)
	return nil
}

// used notes that a statement is about to be executed.
func (c *physical) used(s *statement) {
	if s.dirty {
		c.dirty.Store(true)
	}
	if s.defines {
		c.definesNow()
	}
}

// changesSession reports whether a statement may change more than rows.
func changesSession(plugin *driver.Plugin, sql string) bool {
	if !plain[firstWord(sql)] {
		return true
	}
	text := strings.TrimRight(strings.Join(strings.Fields(strings.ToLower(sql)), " "), "; ")
	for _, mark := range plugin.Session.Marks {
		if strings.Contains(text, mark) {
			return true
		}
	}
	return false
}

// plain are the first words of statements that read and write rows.
var plain = map[string]bool{
	"select": true, "insert": true, "update": true, "delete": true, "merge": true, "replace": true,
	"with": true, "values": true, "table": true, "explain": true, "show": true,
}

// firstWord returns the first word of a statement, in lower case. What MariaDB reads
// of a comment, /*! … */, is none.
func firstWord(sql string) string {
	for {
		sql = strings.TrimLeftFunc(sql, func(r rune) bool { return r == '(' || unicode.IsSpace(r) })
		end := ""
		switch {
		case strings.HasPrefix(sql, "--"), strings.HasPrefix(sql, "#"):
			end = "\n"
		case strings.HasPrefix(sql, "/*") && !strings.HasPrefix(sql, "/*!") && !strings.HasPrefix(sql, "/*M!"):
			end = "*/"
		default:
			word := strings.FieldsFunc(sql, func(r rune) bool { return !unicode.IsLetter(r) })
			if len(word) == 0 || !strings.HasPrefix(sql, word[0]) {
				return ""
			}
			return strings.ToLower(word[0])
		}
		_, sql, _ = strings.Cut(sql, end)
	}
}
