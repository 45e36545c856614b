package driver

import (
	"fmt"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Direction says which way the value of a procedure's parameter goes.
type Direction uint8

// The directions.
const (
	In     Direction = iota + 1
	Out              // only back
	InOut            // there and back
	Return           // what a function, or a procedure's return status, gives
	Cursor           // a REF CURSOR, whose rows are a result set
)

// String returns the direction as it is written in specs.
func (d Direction) String() string {
	names := [...]string{In: "in", Out: "out", InOut: "inout", Return: "return", Cursor: "cursor"}
	if d == 0 || int(d) >= len(names) {
		return fmt.Sprintf("Direction(%d)", uint8(d))
	}
	return names[d]
}

// Calls says how procedures are called and how the values of their parameters come
// back. Without a Procedure the database has none.
type Calls struct {
	// Procedure and Function are the statements, Function of what has a Return
	// parameter.
	Procedure, Function Call
	// IsFunction is a query that gives 1 for the quoted name of a function, where there
	// are functions without a Return parameter; "" where there are none.
	IsFunction string
	// Params says how bound parameters of a kind that come back travel where that is not
	// as others do.
	Params []Param
	// Width is the bytes set aside for a text or binary of which no width is known.
	Width int
	// Cursors says how the rows of a REF CURSOR are read.
	Cursors Cursors
}

// Call is a form of the statement.
type Call struct {
	// Text is the statement: the first %s is the quoted name, the second what stands for
	// the parameters, with commas.
	Text string
	// Void is Text for what gives no rows and no values; "" where that is the same.
	Void string
	// Out stands for a parameter that only comes back, and Cursor for a REF CURSOR: "?"
	// where it is bound, "" where it is left out. That of a Return parameter is in the Text.
	Out, Cursor string
	// Values says where those of parameters come back.
	Values Values
}

// Statement returns the statement for a quoted name, which gives rows or not. It has a
// marker for each parameter that is bound.
func (c Call) Statement(name string, params []Direction, rows bool) string {
	text, void := c.Text, !rows
	var args []string
	for _, d := range params {
		void = void && d == In
		if arg := c.argument(d); arg != "" {
			args = append(args, arg)
		}
	}
	if void && c.Void != "" {
		text = c.Void
	}
	return fmt.Sprintf(text, name, strings.Join(args, ", "))
}

// argument returns what stands for a parameter, "" where nothing does.
func (c Call) argument(d Direction) string {
	switch d {
	case In, InOut:
		return "?"
	case Out:
		return c.Out
	case Cursor:
		return c.Cursor
	}
	return ""
}

// Bound reports whether the statement has a marker for a parameter.
func (c Call) Bound(d Direction) bool {
	return c.argument(d) == "?" || d == Return && strings.HasPrefix(c.Text, "{?")
}

// Values is where the values of parameters come back.
type Values uint8

// The places.
const (
	ValuesBound Values = iota // in the bound parameters, when no result is left
	ValuesRow                 // as a row of the parameters that come back, the last of all rows
)

// Cursors says how the rows of a REF CURSOR are read. The zero Cursors is for a
// database that has none.
type Cursors struct {
	// Results: they are results of the call, behind all others. The parameter is left out.
	Results bool
	// Fetch and Close are statements for a cursor by its quoted name, %s, which is the
	// value that comes back, within a transaction.
	Fetch, Close string
}

// escapedCalls are those of the ODBC specification: the driver knows how its database
// calls a procedure, and what comes back is in the bound parameters.
var escapedCalls = Calls{
	Procedure: Call{Text: "{call %s(%s)}", Out: "?"},
	Function:  Call{Text: "{? = call %s(%s)}", Out: "?"},
	Width:     8000,
}

// microsoftCalls are those of SQL Server through Microsoft's drivers, from documents. The
// server cuts what comes back to the size that its parameter was given, and rounds it
// to its digits. Written out, decimals come whole, but money with two digits only.
var microsoftCalls = Calls{
	Procedure: escapedCalls.Procedure, Function: escapedCalls.Function, Width: escapedCalls.Width,
	Params: []Param{
		{Kind: protocol.Text, SQL: WVarchar, Size: Unlimited},
		{Kind: protocol.NText, SQL: WVarchar, Size: Unlimited},
		{Kind: protocol.JSON, SQL: WVarchar, Size: Unlimited},
		{Kind: protocol.XML, SQL: WVarchar, Size: Unlimited},
		{Kind: protocol.Binary, SQL: Varbinary, Size: Unlimited},
		{Kind: protocol.Decimal, SQL: Varchar},
		{Kind: protocol.Money, SQL: Decimal, Size: 19, Digits: 4},
	},
}

// freeTDSCalls are those through FreeTDS 1.3.17, for which these types are nvarchar(max)
// and varbinary(max). The others have no more than 4,000 characters and 8,000 bytes.
var freeTDSCalls = Calls{
	Procedure: escapedCalls.Procedure, Function: escapedCalls.Function, Width: escapedCalls.Width,
	Params: []Param{
		{Kind: protocol.Text, SQL: WLongVarchar},
		{Kind: protocol.NText, SQL: WLongVarchar},
		{Kind: protocol.JSON, SQL: WLongVarchar},
		{Kind: protocol.XML, SQL: WLongVarchar},
		{Kind: protocol.Binary, SQL: LongVarbinary},
		{Kind: protocol.Decimal, SQL: Varchar},
		{Kind: protocol.Money, SQL: Decimal, Size: 19, Digits: 4},
	},
}
