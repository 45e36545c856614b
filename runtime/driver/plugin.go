// Package driver holds what is known of databases and their ODBC drivers, as
// data: one Plugin a vendor. It knows no connection and takes no decision;
// runtime and generator read it.
package driver

import (
	"strings"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Plugin describes one database as its ODBC driver shows it. It is plain data
// and must not be changed once in use.
type Plugin struct {
	// Name is the word used in specs, such as "postgres".
	Name string
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
	// Describe says what of the driver's describe is true.
	Describe Describe
	// Dialect is how names are written.
	Dialect Dialect
	// Quirks are oddities of the driver that the runtime works around.
	Quirks Quirks
	// Scratch makes a place for a scratch schema, empty where there is no way.
	Scratch Scratch
}

// Match recognises a live connection by what the driver answers, never by its
// connection string. Texts are compared without case.
type Match struct {
	DBMS   []string // SQL_DBMS_NAME is one of these
	Driver []string // the driver library's name has one of these inside; for lists of installed drivers
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
)

// Param says how parameters of a kind travel.
type Param struct {
	Kind   protocol.Kind
	SQL    SQLType
	Form   Form
	Size   uint64 // column size; 0 is the length of the value
	Digits int16
}

// Result says in which form result cells of a kind travel.
type Result struct {
	Kind protocol.Kind
	Form Form
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
	// Labels: the base column of an aliased column is its alias, not its column.
	Labels bool
	// Unsigned: the unsigned attribute of integer columns is true.
	Unsigned bool
	// Check makes the server read a statement without running it, for drivers
	// that send some statements only when they are executed.
	Check Check
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

// Dialect is how names are written.
type Dialect struct {
	QuoteOpen, QuoteClose string
	AskQuote              bool // the driver names the quotes, those above are for before that
}

// Quote writes a name so that it is read as a name, whatever is in it.
func (d Dialect) Quote(name string) string {
	return d.QuoteOpen + strings.ReplaceAll(name, d.QuoteClose, d.QuoteClose+d.QuoteClose) + d.QuoteClose
}

// QuoteQualified writes a dotted name, each part quoted.
func (d Dialect) QuoteQualified(name string) string {
	parts := strings.Split(name, ".")
	for i, part := range parts {
		parts[i] = d.Quote(part)
	}
	return strings.Join(parts, ".")
}

// Quirks are oddities of a driver.
type Quirks struct {
	// Static: a static cursor costs nothing and can fetch a block again, which
	// is how a value longer than its slot is read in full.
	Static bool
	// Buffered: the driver holds the whole result before the first row is fetched.
	Buffered bool
	// CancelApart: SQLCancel interrupts the connection, and is not safe on the
	// statement that is at work.
	CancelApart bool
	// ReadSchema makes the connection notice that tables have changed. It is run
	// before a statement with a star is prepared, and that is not kept: the driver
	// breaks when a statement has fewer columns than it had when it was prepared.
	ReadSchema string
	// RebindParams: parameters are bound before every execution.
	RebindParams bool
	// RowwiseBinary: a parameter array with a binary column is not sent as one.
	RowwiseBinary bool
	// RefuseZeroBytes: text with a zero byte would be stored or read cut.
	RefuseZeroBytes bool
	// InfoIsFailure: a statement with parameters that failed with the SQLSTATE of a
	// warning is SUCCESS_WITH_INFO, and nothing else is.
	InfoIsFailure bool
	// RefuseNaN: a float that is not a number would be stored as NULL.
	RefuseNaN bool
	// MaxParamset is the largest useful parameter array, 0 for the runtime's.
	MaxParamset int
	// FailedRow is where the driver tells which row of a parameter array failed.
	FailedRow FailedRow
}

// FailedRow is where a driver tells which row of a parameter array failed.
type FailedRow uint8

// The places.
const (
	FailedRowUntold         FailedRow = iota
	FailedRowAfterProcessed           // the count of processed rows is that of the good ones before it
	FailedRowIsProcessed              // the count of processed rows includes it
)

// Scratch are statements that make, enter and drop a place for tables; %s is
// its quoted name. A database in a file of its own needs only Connection.
type Scratch struct {
	// Connection is a connection string for an own scratch file, %s its path.
	Connection string
	Create     string
	Enter      string
	Drop       string
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
	name, _, _ = strings.Cut(strings.ToLower(name), "(")
	name = strings.TrimSpace(name)
	for _, r := range rules {
		if r.Name != "" && r.Name == name || r.Name == "" && r.SQL == code {
			return r.Kind, true
		}
	}
	return protocol.Invalid, false
}

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
