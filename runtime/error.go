package runtime

import (
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// ErrNoRows says that a query of exactly one row met none. It is
// database/sql's, so that code which asks for that one keeps working.
var ErrNoRows = sql.ErrNoRows

// ErrTooManyRows says that a query of one row met more.
var ErrTooManyRows = errors.New("more than one row where one was expected")

// ErrClosed says that the DB has been closed.
var ErrClosed = errors.New("database is closed")

// Error is what every call of this package fails with. Ask errors.Is for a Kind, and
// for context.Canceled, context.DeadlineExceeded, ErrNoRows, ErrTooManyRows,
// ErrClosed, ErrDrift and protocol.ErrNull, and errors.As for *Error to read the
// fields. No secret of the connection string stands in it.
type Error struct {
	Query   string // the query's name, "" where none was at work
	Set     string // the set's name, "" where the query has one result
	Op      string // what failed: connect, prepare, bind, execute, fetch, decode, begin, commit, rollback, describe, receive, write and read (frames), spool
	Driver  string // name of the plugin, "" before the database is known
	State   string // SQLSTATE of the first diagnostic record that tells the error, "" where no call of the driver failed
	Native  int32  // the database's own code of that record
	Message string // and its text
	// Category and Kind say what that means, Outcome what the database has done, and
	// Retry what may be tried again. They come from tables of what drivers and
	// databases say, see driver.Fault.
	Category Category
	Kind     Kind
	Outcome  Outcome
	Retry    Scope
	Stream   StreamFault // what ended a stream; "" where none was read
	// Diagnostics are all records of the failed call, as the driver gave them.
	Diagnostics []Diagnostic
	// Column and Row say which cell was at fault, or which row of a bulk insert;
	// "" and 0 where that is not known. Rows count from 1.
	Column string
	Row    int64
	// Err is the cause behind the error where it was not the driver.
	Err error

	action driver.Action // what becomes of the connection
}

// Diagnostic is a diagnostic record of the driver.
type Diagnostic struct {
	State   string // SQLSTATE
	Native  int32  // the database's own code
	Message string
	// Row and Column count from 1, within what was sent or fetched at a time; 0 is
	// none, or unknown.
	Row, Column int64
}

// Error is one line: the query, what was done, and why it failed.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Query != "" {
		fmt.Fprintf(&b, "query %s: ", e.Query)
	}
	if e.Set != "" {
		fmt.Fprintf(&b, "set %q: ", e.Set)
	}
	if e.Stream != "" {
		fmt.Fprintf(&b, "%s: ", e.Stream)
	}
	b.WriteString(e.Op)
	if cell := (*protocol.CellError)(nil); e.Row > 0 && !errors.As(e.Err, &cell) { // which says it itself
		fmt.Fprintf(&b, " row %d", e.Row)
	}
	if e.Message != "" {
		fmt.Fprintf(&b, ": %s", e.Message)
	}
	if e.State != "" {
		fmt.Fprintf(&b, " (SQLSTATE %s, native %d)", e.State, e.Native)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap returns the cause where it was not the driver.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether the error is of the kind that target is.
func (e *Error) Is(target error) bool { return target == error(e.Kind) }

// Phase returns what Op was a part of.
func (e *Error) Phase() Phase { return phases[e.Op] }

// LogValue returns the error as a group of attributes, without those that are not
// known.
func (e *Error) LogValue() slog.Value {
	category, outcome, retry := e.Category.String(), e.Outcome.String(), e.Retry.String()
	var attrs []slog.Attr
	for _, text := range []struct{ key, value string }{
		{"query", e.Query}, {"set", e.Set}, {"op", e.Op}, {"phase", e.Phase().String()}, {"driver", e.Driver}, {"sqlstate", e.State},
		{"message", e.Message}, {"category", category}, {"kind", string(e.Kind)}, {"outcome", outcome}, {"retry", retry},
		{"stream", string(e.Stream)}, {"column", e.Column},
	} {
		if text.value != "" {
			attrs = append(attrs, slog.String(text.key, text.value))
		}
	}
	if e.State != "" {
		attrs = append(attrs, slog.Int64("native", int64(e.Native)))
	}
	if e.Row > 0 {
		attrs = append(attrs, slog.Int64("row", e.Row))
	}
	if e.Err != nil {
		attrs = append(attrs, slog.String("cause", e.Err.Error()))
	}
	return slog.GroupValue(attrs...)
}

// operation is what a failure is told with.
type operation struct {
	query, op string
	plugin    *driver.Plugin // nil before the database is known
	secrets   secrets        // of the connection string
}

// operation returns what a failure of op on the connection is told with; query is the
// query's name, "" for none.
func (c *physical) operation(query, op string) operation {
	return operation{query: query, op: op, plugin: c.plugin, secrets: c.secrets}
}

// wrap makes an *Error of err. It is the one place where the language of ODBC,
// of cells and of contexts becomes that of this package.
func (o operation) wrap(err error) error {
	if err == nil {
		return nil
	}
	if already := (*Error)(nil); errors.As(err, &already) {
		return err
	}
	e := &Error{Query: o.query, Op: o.op}
	if o.plugin != nil {
		e.Driver = o.plugin.Name
	}
	var call *odbc.Error
	var cell *protocol.CellError
	switch {
	case errors.As(err, &call):
		e.fromDriver(call, o.plugin)
	case errors.As(err, &cell):
		e.Column, e.Row, e.Err = cell.Column, cell.Row+1, err
	default:
		e.Err = err
	}
	o.classify(e)
	e.scrub(o.secrets)
	return e
}

// during says of a statement's error that it happened in the course of op.
func during(op string, err error) error {
	if e := (*Error)(nil); errors.As(err, &e) {
		e.Op = op
	}
	return err
}

// fromDriver takes over what the driver said; plugin may be nil.
func (e *Error) fromDriver(call *odbc.Error, plugin *driver.Plugin) {
	if len(call.Records) == 0 {
		e.Err = call
		return
	}
	for _, r := range call.Records {
		e.Diagnostics = append(e.Diagnostics, Diagnostic(r))
	}
	first := e.Diagnostics[0]
	if plugin != nil && slices.Contains(plugin.Echoes, first.Native) {
		tells := func(d Diagnostic) bool { return d.Native != 0 && !slices.Contains(plugin.Echoes, d.Native) }
		first = e.Diagnostics[max(0, slices.IndexFunc(e.Diagnostics, tells))]
	}
	e.State, e.Native, e.Message = first.State, first.Native, first.Message
}

// scrub takes the secrets out of what the driver said. The classes, which look at
// messages, must be known: a password may be a word of one.
func (e *Error) scrub(s secrets) {
	e.Message = s.scrub(e.Message)
	for i, d := range e.Diagnostics {
		e.Diagnostics[i].Message = s.scrub(d.Message)
	}
}

// is reports whether the error has the code.
func (e *Error) is(code driver.Code) bool {
	return strings.HasPrefix(e.State, code.State) && (code.Native == 0 || code.Native == e.Native)
}

// lost reports whether err says that the connection is gone, or in no state to be
// used again.
func lost(err error) bool {
	e := (*Error)(nil)
	return errors.As(err, &e) && e.action >= driver.Destroy
}
