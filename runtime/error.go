package runtime

import (
	"database/sql"
	"errors"
	"fmt"
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

// Error is what every call of this package fails with. Ask errors.Is for
// context.Canceled, context.DeadlineExceeded, ErrNoRows, ErrTooManyRows,
// ErrClosed, ErrDrift and protocol.ErrNull, and errors.As for *Error to read the
// fields.
type Error struct {
	Query   string // the query's name, "" where none was at work
	Set     string // the set's name, "" where the query has one result
	Op      string // what failed: connect, prepare, bind, execute, fetch, decode, begin, commit, rollback, describe
	Driver  string // name of the plugin, "" before the database is known
	State   string // SQLSTATE of the first diagnostic record, "" where no call of the driver failed
	Native  int32  // the database's own code of that record
	Message string // and its text
	// Category and Kind say what that means, Outcome what the database has done, and
	// Retry what may be tried again. They come from tables of what drivers and
	// databases say, see driver.Fault.
	Category Category
	Kind     Kind
	Outcome  Outcome
	Retry    Scope
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
	b.WriteString(e.Op)
	if cell := (*protocol.CellError)(nil); e.Row > 0 && !errors.As(e.Err, &cell) { // which says it itself
		fmt.Fprintf(&b, " row %d", e.Row)
	}
	if e.Message != "" {
		fmt.Fprintf(&b, ": %s (SQLSTATE %s, native %d)", e.Message, e.State, e.Native)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap returns the cause where it was not the driver.
func (e *Error) Unwrap() error { return e.Err }

// operation is what a failure is told with.
type operation struct {
	query, op string
	plugin    *driver.Plugin // nil before the database is known
	dbms      string         // what the database calls itself, "" before that is known
}

// operation returns what a failure of op on the connection is told with; query is the
// query's name, "" for none.
func (c *physical) operation(query, op string) operation {
	return operation{query: query, op: op, plugin: c.plugin, dbms: c.dbms}
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
		e.fromDriver(call)
	case errors.As(err, &cell):
		e.Column, e.Row, e.Err = cell.Column, cell.Row+1, err
	default:
		e.Err = err
	}
	o.classify(e)
	return e
}

// during says of a statement's error that it happened in the course of op.
func during(op string, err error) error {
	if e := (*Error)(nil); errors.As(err, &e) {
		e.Op = op
	}
	return err
}

// fromDriver takes over what the driver said.
func (e *Error) fromDriver(call *odbc.Error) {
	if len(call.Records) == 0 {
		e.Err = call
		return
	}
	for _, r := range call.Records {
		e.Diagnostics = append(e.Diagnostics, Diagnostic(r))
	}
	first := e.Diagnostics[0]
	e.State, e.Native, e.Message = first.State, first.Native, first.Message
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
