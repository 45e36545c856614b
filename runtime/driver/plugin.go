// Package driver holds what is known of databases and their ODBC drivers, as
// data: one Plugin a vendor. It knows no connection and takes no decision;
// runtime and generator read it.
package driver

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Plugin describes one database as its ODBC driver shows it. It is plain data
// and must not be changed once in use.
type Plugin struct {
	// Name is the word used in specs, such as "postgres". Plugins for several drivers of
	// one database have the same.
	Name string
	// Extends is the name of the built-in plugin that one of the user's is made of, with
	// the driver behind a slash where that is not the usual one: sqlserver/tdsodbc. It is
	// "" in those that are built in.
	Extends string
	// Match says which live connections the plugin is for.
	Match Match
	// Settings are added to a connection string that does not have their keys.
	Settings []Setting
	// Setup are statements run on every new connection, in order.
	Setup []string
	// Types maps column types to kinds; the first rule that fits wins. What no
	// rule fits, StandardTypes may.
	Types []TypeRule
	// Params says how parameters of a kind travel where StandardParams is not it.
	Params []Param
	// Results says in which form result cells of a kind travel where that is
	// not the form of a Batch.
	Results []Result
	// Reads says how results are read.
	Reads Reads
	// Describe says what of the driver's describe is true.
	Describe Describe
	// Dialect is how SQL is written.
	Dialect Dialect
	// Lists says how lists of parameters are written.
	Lists Lists
	// InsertID is the query for the number that the last INSERT of the connection gave
	// its row, "" where there is none.
	InsertID string
	// Quirks are oddities of the driver that the runtime works around.
	Quirks Quirks
	// Transactions says how a transaction gets what is asked of it.
	Transactions Transactions
	// Session says how a session that a user has changed is made as new.
	Session Session
	// Database says how a connection gets to another database of its server, where the
	// driver can be believed to follow.
	Database Database
	// ReadOnly is a query that gives 0 on a server that writes, "" where there is none.
	ReadOnly string
	// Faults say what errors mean where that is not what their SQLSTATE says.
	Faults []Fault
	// Echoes are codes of diagnostic records that say only that there is an error, which
	// another one tells.
	Echoes []int32
	// Bulk says how many rows are inserted.
	Bulk Bulk
	// Catalog says how the database lists what it has.
	Catalog Catalog
	// Scratch makes a place for a scratch schema, empty where there is no way.
	Scratch Scratch
	// Calls says how procedures are called.
	Calls Calls
}

// Match recognises a live connection by what the driver answers, never by its
// connection string. Texts are compared without case.
type Match struct {
	DBMS   []string // SQL_DBMS_NAME is one of these, but for what follows a slash
	Driver []string // the driver library's name has one of these inside
	// Since is the oldest version of the database that the plugin is for, such as 9.5, and
	// DriverSince that of a driver with one of the names; "" is any.
	Since, DriverSince string
}

// Server is what a connection leads to, in the words of its driver.
type Server struct {
	DBMS, Version         string
	Driver, DriverVersion string
}

// Setting is a connection-string key with the reason why it is set.
type Setting struct {
	Key, Value string
	Why        string
}

// TypeRule maps the types with the name, or without a name those with the SQL
// type code, to a kind. The kind Invalid says that the name hides the type.
type TypeRule struct {
	Name string // as the driver names the type, compared without case and parentheses
	SQL  SQLType
	Kind protocol.Kind
}

// Form says in which C type a cell travels where that is not the type of its
// Batch column.
type Form uint8

// The forms. Numbers match those of the layer that moves the cells.
const (
	AsIs      Form = iota // in the type of the Batch column
	AsText                // written out
	AsInt64               // as 64-bit integer, range-checked
	AsNumber              // a single decimal as integer or double where that is exact, else written out
	AsFloat64             // as double, range-checked
	AsZoned               // a parameter of kind DateTimeOffset written out, with its offset
)

// Sends reports whether parameters of the kind can travel in the form.
func (f Form) Sends(kind protocol.Kind) bool {
	switch f {
	case AsText:
		return kind != protocol.Float32 && kind != protocol.Float64
	case AsInt64:
		return isWhole(kind)
	case AsNumber:
		return kind == protocol.Decimal || kind == protocol.Money
	case AsFloat64:
		return kind == protocol.Float32
	case AsZoned:
		return kind == protocol.DateTimeOffset
	}
	return true
}

// Reads reports whether result cells of the kind can travel in the form.
func (f Form) Reads(kind protocol.Kind) bool {
	switch f {
	case AsInt64:
		return isWhole(kind)
	case AsFloat64:
		return isNumber(kind) && !isWhole(kind)
	}
	return f == AsIs || f == AsText
}

func isWhole(kind protocol.Kind) bool {
	integer, _ := kind.Integer()
	return integer || kind == protocol.Bool
}

// isNumber reports whether the cells of a Batch are binary numbers.
func isNumber(kind protocol.Kind) bool {
	return isWhole(kind) || kind == protocol.Float32 || kind == protocol.Float64
}

// Param says how parameters of a kind travel.
type Param struct {
	Kind   protocol.Kind
	SQL    SQLType
	Form   Form
	Size   uint64 // column size; 0 is the length of the value, see Unlimited
	Digits int16  // behind the point; AsWritten is as many as the values have
	// Long is the type for values of more than LongOver bytes, and for those that are
	// read during the execution; 0 is SQL for all.
	Long     SQLType
	LongOver int
	// Cut: the driver refuses fractions of a second with more than Digits.
	Cut bool
}

// Unlimited is the size of a Param that has none, for which the driver is given 0.
const Unlimited = math.MaxUint64

// AsWritten are the digits of a Param whose values bring their own.
const AsWritten int16 = -1

// Result says in which form result cells of a kind travel.
type Result struct {
	Kind protocol.Kind
	Form Form
}

// Reads says how results are read.
type Reads struct {
	// How is for all results but those of a Stream.
	How Reading
	// Fixed: the columns of a prepared statement do not change with its tables.
	Fixed bool
	// Buffered: the driver holds the whole result before the first row is fetched,
	// or cannot be cancelled while it fetches.
	Buffered bool
	// Stream is for a query that streams, and has its connection to itself.
	Stream Stream
}

// Stream says how the driver can be made to keep only a part of a result.
type Stream struct {
	How Reading
	// Buffered: as in Reads.
	Buffered bool
	// Params: statements with parameters stream too.
	Params bool
	// Once: a statement that was not read to its end cannot be executed again.
	Once bool
	// Together: only where the driver gets the rows of a round trip together. psqlODBC
	// 13.02 crashes when the connection is lost between two of them.
	Together bool
	// Attributes are set on the connection while the statement is executed.
	Attributes []Attribute
}

// Possible reports whether the driver can stream at all.
func (s Stream) Possible() bool { return s.How != CellByCell }

// Reading is a way to read a result without cutting a value that is longer than
// the memory bound for it.
type Reading uint8

// The ways. Numbers match those of the layer that reads.
const (
	CellByCell Reading = iota // nothing is bound, rows are fetched one at a time: it asks least of a driver
	Refetch                   // from a static cursor: a block with such a value is fetched again into wider slots
	Position                  // from a forward-only cursor: SQLSetPos and SQLGetData get the value out of the block
	RowByRow                  // from a forward-only cursor that keeps one row: SQLGetData gets the value before the next row
	Sized                     // a block with room for the longest values of its columns; cell by cell where one is described with no size, or over 8,000
)

// Attribute is a connection attribute of the driver's own, with its values for
// a stream and for all else.
type Attribute struct {
	Code    int32
	On, Off uintptr
	Why     string
}

// Describe says what can be believed.
type Describe struct {
	// Settings are for connections that describe and must change nothing.
	Settings []Setting
	// Params: SQLDescribeParam answers the type that the server found.
	Params bool
	// Expressions: a result column without a base table has its true type.
	Expressions bool
	// NotNull says where a column's NO_NULLS is told.
	NotNull NotNull
	// Tableless: no result column has a base table.
	Tableless bool
	// Labels: the base column of an aliased column is its alias, not its column.
	Labels bool
	// Unsigned: the unsigned attribute of integer columns is true.
	Unsigned bool
	// ReturningBehind is what INSERT, UPDATE and DELETE … RETURNING must stand behind,
	// where the driver does not read their rows without it.
	ReturningBehind string
	// ScaleBits are those of a scale that is below zero and that the driver takes for
	// one above; 0 where it does not.
	ScaleBits uint
	// Infallible: operators and conversions of values that are not NULL fail rather
	// than give NULL.
	Infallible bool
	// ViewText is a query for the text of a view by its name as written in SQL, with
	// a row only if it is one.
	ViewText string
	// Returning says when the columns of RETURNING are told.
	Returning Returning
	// Prepared asks the server for the types of parameters.
	Prepared Prepared
	// Undeclared does so in one query.
	Undeclared Undeclared
	// TypeOf is a query for the type of a column whose name the driver hides: %[1]d
	// is its number, %[2]s the statement, %[3]s are names for its columns, c1 the
	// first. It reads no row.
	TypeOf string
	// Check makes the server read a statement without running it, for drivers
	// that send some statements only when they are executed.
	Check Check
	// Functions is a query for the names of all functions, "" where there is none.
	Functions string
}

// Returning is when a driver tells the columns of RETURNING.
type Returning uint8

// The times.
const (
	ReturningDescribed Returning = iota // as those of a SELECT
	ReturningExecuted                   // only when the statement was executed
)

// Prepared are statements that tell the types of the parameters of a statement:
// Prepare stands before it, with $1 for the first marker, Types gives their names
// with blanks between, Close forgets it.
type Prepared struct {
	Prepare, Types, Close string
}

// Undeclared is a query for the types of the parameters of a statement, whose text is
// its only parameter. It gives a row for each, in their order.
type Undeclared struct {
	Query string
	// Marker is what stands in the text for each ?, %d is its number from 1.
	Marker string
	// Columns is how many columns the rows have, and Type the one with the name of the
	// type, from 1.
	Columns, Type int
}

// Check says how a statement is shown to the server.
type Check struct {
	How    CheckForm
	Prefix string // before the statement
}

// CheckForm is how a statement follows the prefix of its Check.
type CheckForm uint8

// The forms of a check.
const (
	NoCheck     CheckForm = iota // preparing is enough
	CheckPrefix                  // as it is, with NULL for each marker
	CheckQuoted                  // as a string literal
)

// NotNull is where a driver tells that a column is never NULL.
type NotNull uint8

// The places.
const (
	NotNullNowhere   NotNull = iota
	NotNullDescribed         // SQLDescribeCol
	NotNullField             // SQLColAttribute(SQL_DESC_NULLABLE)
)

// Quirks are oddities of a driver.
type Quirks struct {
	// Local: the driver uses no network. Its calls are waited for however long they
	// take after they were cancelled.
	Local bool
	// LinkEnds: a call returns when the connection's socket is shut down. Where that was
	// not measured, a call that does not end is given up with its connection.
	LinkEnds bool
	// NoPlaces: the rows and columns of diagnostic records are untrue.
	NoPlaces bool
	// CancelApart: SQLCancel interrupts the connection, and is not safe on the
	// statement that is at work.
	CancelApart bool
	// CancelLongBy: SQLCancel does not end a statement whose values were sent in
	// pieces, another connection does.
	CancelLongBy SessionCancel
	// ReadSchema makes the connection notice that tables have changed. It is run
	// before a statement with rows is prepared.
	ReadSchema string
	// StarsOnce: a statement with a star is not kept, since the driver does not
	// notice which columns the star has come to stand for.
	StarsOnce bool
	// Outdated is the error of a statement whose columns have changed since it was
	// prepared. It has not been executed.
	Outdated Code
	// BeforeSavepoint is a statement for a transaction that begins with a savepoint:
	// the driver takes that for none, and rolls the whole transaction back when the
	// statement after it fails.
	BeforeSavepoint string
	// RebindParams: parameters are bound before every execution.
	RebindParams bool
	// RebindBinary: those of statements with a binary parameter are.
	RebindBinary bool
	// RefuseZeroBytes: text with a zero byte would be stored or read cut.
	RefuseZeroBytes bool
	// InfoIsFailure: a statement with parameters that failed with the SQLSTATE of a
	// warning is SUCCESS_WITH_INFO, and nothing else is.
	InfoIsFailure bool
	// Probe is a statement by which a connection is checked, where the driver does not
	// ask the server when it is asked for SQL_ATTR_CONNECTION_DEAD.
	Probe string
	// RefuseNaN: a float that is not a number would be stored as NULL.
	RefuseNaN bool
	// Scoped: a statement that was prepared runs in a scope of its own, which what it
	// sets does not outlive. Those without parameters and rows are not prepared.
	Scoped bool
	// BindFirst: what the driver asks the server of a statement depends on the types of
	// its parameters, which are bound before.
	BindFirst bool
	// ErrorsFollow: an error behind the first result of a statement is told only by
	// SQLMoreResults.
	ErrorsFollow bool
}

// SessionCancel are statements that end what a session does, from another one.
type SessionCancel struct {
	ID     string // gives the session's number
	Cancel string // %s is the number
}

// Transactions says how a transaction gets what is asked of it. What is empty, the
// database cannot do.
type Transactions struct {
	// Levels are the isolation levels that the database tells apart.
	Levels []Isolation
	// Words are how they are written, where that is not as in SQL.
	Words []IsolationWord
	// Modes is the first statement of a transaction that has any, %s with commas.
	Modes string
	// OneMode: it takes no more than one of them.
	OneMode bool
	// Isolation is for a level, %s. It is empty where there is but one.
	Isolation Temporary
	// ReadOnly makes every write fail.
	ReadOnly Temporary
	// LockTimeout bounds the wait for a lock.
	LockTimeout LockTimeout
	// EndedBy are kinds of errors after which the database may have ended the
	// transaction without saying so. Over is a statement that fails if it has not,
	// and begins one.
	EndedBy []Kind
	Over    string
	// FailureEnds are keys of connection strings, and ends of their values, with which
	// any failed statement ends the transaction, and a commit is success all the same.
	FailureEnds []Setting
}

// Word returns how a level is written.
func (t Transactions) Word(level Isolation) string {
	for _, w := range t.Words {
		if w.Level == level {
			return w.Word
		}
	}
	return level.String()
}

// IsolationWord is how a level is written.
type IsolationWord struct {
	Level Isolation
	Word  string
}

// Temporary has an effect for one transaction. It is a mode, or else a statement.
// Without Undo that is run when the transaction has begun, and its end undoes it.
// With Undo it is run before, and Undo after the end.
type Temporary struct {
	Mode, Do, Undo string
}

// Possible reports whether there is such a thing.
func (t Temporary) Possible() bool { return t != Temporary{} }

// LockTimeout says how the wait for a lock is bounded.
type LockTimeout struct {
	Temporary // %d is the time
	// Unit is that of the time, which is rounded up.
	Unit time.Duration
	// Least is the shortest time, in units.
	Least int64
	// Needs is the setting of the connection string without which there is another
	// bound. With it, Undo is part of the session's setup.
	Needs Setting
}

// Isolation is an isolation level of SQL.
type Isolation uint8

// The levels. DefaultIsolation is what the session has.
const (
	DefaultIsolation Isolation = iota
	ReadUncommitted
	ReadCommitted
	RepeatableRead
	Serializable
)

// String returns the level as it is written in SQL.
func (i Isolation) String() string {
	names := [...]string{"DEFAULT", "READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"}
	if int(i) >= len(names) {
		return fmt.Sprintf("Isolation(%d)", uint8(i))
	}
	return names[i]
}

// Session says how a session that a user has changed is made as new.
type Session struct {
	// Reset are statements that undo all that a user can change, an open transaction
	// first. Without any, the connection is closed.
	Reset []string
	// Remember is a query, for a new session, for the statement that gives its settings
	// back after Reset.
	Remember string
	// Marks are parts of statements, in lower case, that change the session though the
	// statement reads or writes rows.
	Marks []string
}

// Bulk says how a bulk insert sends its rows: in sets, each by as few executions
// as the strategy needs.
type Bulk struct {
	Strategy BulkStrategy
	// Rows is the number of rows of a set, 0 for one.
	Rows int
	// MaxMarkers is the most parameter markers of a statement, 0 for any number.
	MaxMarkers int
	// ElementTypes is the query that BulkUnnest needs. For the quoted name of a
	// table it gives a row for each of its columns: name, element type, and the
	// type to convert the elements to, "" where the database does that.
	ElementTypes string
	// Counts: SQLRowCount after a set is the number of rows stored.
	Counts bool
	// CountsNone: it is also where that is none. Elsewhere rows that a trigger of a
	// view stores in another table are not counted.
	CountsNone bool
	// OneWriter: connections that write wait for each other.
	OneWriter bool
	// Culprit are the places of a failed row's message where the name of the
	// column at fault stands, %s.
	Culprit []string
}

// Database is how a connection gets to another database: Enter is the statement, %s
// the quoted name, and Name a query for the name of the one that it is in.
type Database struct {
	Enter, Name string
}

// Code is an error of a database: State begins its SQLSTATE, and Native is its
// own code where that is not 0.
type Code struct {
	State  string
	Native int32
}

// BulkStrategy is the way in which the rows of a set travel.
type BulkStrategy uint8

// The strategies.
const (
	BulkArrays BulkStrategy = iota // parameter arrays; a set of one row is a loop
	BulkRows                       // INSERT … VALUES of several rows
	BulkUnnest                     // one array literal a column, INSERT … SELECT … FROM unnest(…)
)

// Scratch are statements that make, enter and drop a place for tables; %s is
// its quoted name. A database in a file of its own needs only Connection.
type Scratch struct {
	// Skip are the beginnings of statements of schema files that the driver refuses,
	// and a scratch place does not need.
	Skip []string
	// Outside is the schema that a schema file may name, such as that of a dump, and
	// that is the user's own; "" for none.
	Outside string
	// Synonyms are words of schema files for what the database knows by the word that
	// follows each.
	Synonyms []string
	// Connection is a connection string for an own scratch file, %s its path.
	Connection string
	Create     string
	Enter      string
	Drop       string
}

// Vendor returns the name of the built-in plugin that knows how the database reads SQL.
func (p *Plugin) Vendor() string {
	vendor, _, _ := strings.Cut(cmp.Or(p.Extends, p.Name), "/")
	return vendor
}

// KindOf returns the kind of a column of the named type and SQL type code, and
// Invalid where nobody knows.
func (p *Plugin) KindOf(name string, code SQLType, unsigned bool) protocol.Kind {
	kind, ok := lookUp(p.Types, name, code)
	if !ok {
		kind, _ = lookUp(StandardTypes, "", code)
	}
	if unsigned && p.Describe.Unsigned {
		return toUnsigned(kind)
	}
	return kind
}

// ParamKindOf returns the kind of a parameter that SQLDescribeParam gives the
// type code, and Invalid where that says nothing.
func (p *Plugin) ParamKindOf(code SQLType) protocol.Kind {
	if !p.Describe.Params {
		return protocol.Invalid
	}
	kind, _ := lookUp(StandardTypes, "", code)
	return kind
}

func lookUp(rules []TypeRule, name string, code SQLType) (protocol.Kind, bool) {
	name = strings.ToLower(name)
	first, _, _ := strings.Cut(name, "(")
	first, name = strings.TrimSpace(first), parentheses.ReplaceAllString(name, "")
	for _, r := range rules {
		if r.Name == name && name != first { // timestamp(6) with time zone
			return r.Kind, true
		}
	}
	for _, r := range rules {
		if r.Name != "" && r.Name == first || r.Name == "" && r.SQL == code {
			return r.Kind, true
		}
	}
	return protocol.Invalid, false
}

var parentheses = regexp.MustCompile(`\s*\([^)]*\)`)

func toUnsigned(k protocol.Kind) protocol.Kind {
	switch k {
	case protocol.Int8:
		return protocol.Uint8
	case protocol.Int16:
		return protocol.Uint16
	case protocol.Int32:
		return protocol.Uint32
	case protocol.Int64:
		return protocol.Uint64
	}
	return k
}

// ParamOf returns how parameters of the kind travel.
func (p *Plugin) ParamOf(kind protocol.Kind) Param {
	for _, rules := range [][]Param{p.Params, StandardParams} {
		for _, r := range rules {
			if r.Kind == kind {
				return r
			}
		}
	}
	return Param{Kind: kind, SQL: Varchar}
}

// FormOf returns the form of result cells of the kind.
func (p *Plugin) FormOf(kind protocol.Kind) Form {
	for _, rules := range [][]Result{p.Results, StandardResults} {
		for _, r := range rules {
			if r.Kind == kind {
				return r.Form
			}
		}
	}
	return AsIs
}
