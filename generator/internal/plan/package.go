// Package plan decides what the generated Go code looks like: every name, type
// and file, how each NULL is written, which imports there are. Its result is
// ready to be printed without a further question; it prints nothing itself, and
// it knows neither databases nor the places in the user's files.
package plan

import "github.com/odbcgen/odbcgen/runtime/driver"

// Contract is the number of the contract that the generated code keeps with the
// runtime. It is raised, together with runtime.MaxContract, when generated code
// starts to need something that older runtimes lack.
const Contract = 5

// Package is a Go package, ready to be printed.
type Package struct {
	Name     string
	Doc      string // package comment, without comment marks
	Contract int
	Imports  []Import // every package that the code may import
	Main     string   // name of the file that holds Queries and Querier
	Methods  []Method // those of Querier, in the order of the spec
	Files    []File
	Models   Models
	Fake     *Fake // nil for none
	Plugins  Plugins
}

// Models is the Go file of the types that queries share, one for each embedded table.
type Models struct {
	Name    string
	Structs []Struct
}

// Plugins is the Go file of the plugins that the user has described.
type Plugins struct {
	Name string
	All  []Plugin
}

// Plugin is the variable that holds one.
type Plugin struct {
	Name  string
	Doc   string
	Value *driver.Plugin
}

// Import is a package that generated code may import.
type Import struct {
	Path string
	Name string
}

// File is the Go file of one file of queries.
type File struct {
	Name    string
	Queries []Query
}

// Query is everything printed for one query or one bulk insert.
type Query struct {
	Structs []Struct
	Value   Value
	Method  Method
	Encode  *Encoder // nil without parameters
	Decode  *Decoder // nil without rows
	Advance *Advance // nil unless the rows are read page by page
	Frames  *Frames  // nil unless the rows can be written and read as frames
	Output  *Output  // nil unless parameters of a procedure come back
}

// Struct is the declaration of a struct type.
type Struct struct {
	Name   string
	Doc    string
	Fields []Field
}

// Field is a field of a struct, or an argument of a method.
type Field struct {
	Name    string
	Type    Type
	Comment string // what it is in SQL, "" for none
}

// Value is the package variable that describes a query to the runtime.
type Value struct {
	Name     string
	Doc      string
	Type     Type
	Query    string // name by which errors and metrics call it
	Table    string // bulk inserts only
	Conflict []string
	Update   []string
	NoUpdate bool
	SQL      string // queries only
	Driver   string // that told Params and Columns, "" where nothing is to be compared
	Params   []Slot
	Columns  []Slot
	Dialects []DialectText
	Encode   string // name of the function, "" without
	Decode   string // name of the function, "" without
	Spool    *Spool // nil where the rows are not spooled
	// Statements are those of a query with several results, which has no SQL,
	// Params and Columns of its own.
	Statements []Statement
	// Procedure is the name of a procedure in the database; Sets are its results.
	Procedure string
	Sets      []Set
}

// Spool says how the rows of a stream are kept until they are read.
type Spool struct {
	Threshold int64  // bytes kept in memory; 0 for the default
	Dir       string // of the file for more, "" for the default
}

// Statement is one of the statements of a query with several results.
type Statement struct {
	SQL      string
	Dialects []DialectText
	Params   []Slot
	Encode   *Encoder // nil without parameters
	Sets     []Set
}

// Set is one result of a statement.
type Set struct {
	Name    string
	Columns []Slot
	Decode  *Decoder // nil without rows
	Into    string   // function of the runtime that puts it into Field; "" for a result that nobody wants
	Of      Type     // the struct that has Field
	Field   Field
}

// Slot is a parameter or column as the runtime is told of it.
type Slot struct {
	Name   string
	Kind   string // name of a constant of package protocol
	Null   bool   // of a column: the Go type has a place for NULL; of a list: without values it is NULL
	Reader bool   // the value is an io.Reader
	List   bool   // of a parameter: any number of values
	Told   string // name of the constant for what the driver told, "" where that is Kind or nothing
	Untold bool   // of a column: the driver told nothing
	// Direction is the name of a constant of package driver, and Width the most bytes
	// of a value that comes back; both are of a parameter of a procedure.
	Direction string
	Width     int
}

// DialectText is the SQL text for one kind of database.
type DialectText struct {
	Driver string
	SQL    string
}

// Method is the method of Queries that runs a query.
type Method struct {
	Name    string
	Doc     string
	Args    []Field // after the context
	Results []Type
	Value   string   // name of the variable that describes the query
	Verb    string   // method of that variable that is called
	Pass    Argument // given to it after context and session
	With    []string // variables and functions given to it last
	Options string   // the variadic argument that is passed on, "" for none
	Drop    bool     // the first of what Verb returns is not wanted
}

// Frames are how the rows of a query become frames, and these rows again.
type Frames struct {
	Write Method
	Read  Reading
}

// Reading is the function that reads the rows of a query from frames.
type Reading struct {
	Name    string
	Doc     string
	Results []Type
	Value   string // name of the variable that describes the query
	Verb    string // method of that variable that is called
}

// Argument is the variable Name, or else a literal of Type with Fields set.
type Argument struct {
	Name   string
	Type   Type
	Fields []Setting
}

// Setting sets one field of a literal to a variable.
type Setting struct {
	Field string
	Name  string
}

// Encoder is the function that writes parameters, or a row to insert, to a batch.
type Encoder struct {
	Name  string
	Arg   Field
	Cells []Write
}

// Write appends a value to one column of a batch.
type Write struct {
	Each   string // variable for each value of a list; "" for a single value
	Index  int
	Column string // method of the batch that picks the column
	Append string // method of the column
	Field  string // field of the argument; "" for the argument itself
}

// Advance is the function that returns the parameters for the page behind a row.
type Advance struct {
	Name   string
	Params Type
	Row    Type
	Keys   []Move
}

// Move sets a parameter to a value of the row.
type Move struct {
	Param  string // field of the parameters; "" for the parameters themselves
	Column string // field of the row; "" for the row itself
	Wrap   Type   // sql.Null type to put the value into, no type for none
	Prefix string // of the value: & to point at it
}

// Decoder is the function that reads the rows of a batch.
type Decoder struct {
	Name  string
	Row   Type
	Picks [][]Pick // one assignment each
	Cells []Read
}

// Output is the function that puts parameters of a procedure that came back into a
// value.
type Output struct {
	Name   string
	Into   Type
	Picks  []Pick // one for each
	Fields []Read // likewise, From a Pick
}

// Pick names a column of a batch.
type Pick struct {
	Name   string
	Index  int
	Column string // method of the batch that picks the column
}

// Read takes a value from one picked column, or makes one of Type from several.
type Read struct {
	Field string // field of the row; "" for the row itself
	From  string // name of the picked column
	At    string // method of the column
	Type  Type
	Cells []Read
	// Any: the value is a pointer to one of Type where any of these columns is not
	// NULL, else nil. None for a value that is always there.
	Any []string
}
