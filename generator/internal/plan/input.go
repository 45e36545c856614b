package plan

import (
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Input is what the user wrote joined with what the database said about it.
type Input struct {
	Package string // name of the Go package
	Doc     string // package comment, without comment marks; "" for a standard one
	Null    NullStyle
	Driver  string // name of the driver plugin that told the types, "" where they are not to be compared at run time
	Files   []SourceFile
	Plugins []*driver.Plugin // that the user has described
	Fake    bool             // a Querier for tests is written, too
}

// NullStyle is how a value that can be NULL is written in Go.
type NullStyle int

// The two ways to write a value that can be NULL.
const (
	NullSQL     NullStyle = iota // sql.Null[T]
	NullPointer                  // *T
)

// SourceFile is one file of queries that the user wrote. Each gives one Go file.
type SourceFile struct {
	Name       string // as in the spec, with slashes: queries.yaml, sql/books.sql
	Queries    []DescribedQuery
	Bulks      []DescribedBulk
	Procedures []DescribedProcedure
}

// DescribedQuery is a query whose parameters and columns are known.
type DescribedQuery struct {
	Name     string
	Doc      string // without comment marks; "" for a standard one
	Result   Result
	SQL      string // each parameter written as ?
	Dialects []Dialect
	Params   []Param // in the order of the ?; a name used twice stands here twice
	Columns  []Column
	Embeds   []Embed
	Sets     []DescribedSet // of the result Sets
	Keyset   []Key          // of the result Stream: it is read page by page
	Frames   bool           // the rows can be written and read as frames, unless they have readers
	Spool    *Spool         // of the result Stream: the rows are kept until they are read
}

// Embed is a run of the columns that are those of a table, and one value in Go.
type Embed struct {
	Name    string // of the table in the query
	Table   string // its own name
	From    int    // the first of the columns
	Columns int    // how many
	Null    bool   // where the table has no row, all are NULL
}

// DescribedSet is one of the results of a query with several.
type DescribedSet struct {
	Name    string
	Result  Result
	Columns []Column
	// SQL is the statement that has this result, "" where the one statement of
	// the query has all. Params is how many of the query's Params are its own.
	SQL      string
	Dialects []Dialect
	Params   int
}

// Key says that a parameter is the value of a column in the last row of the page
// before.
type Key struct {
	Param, Column string
}

// Result says what running a query gives back.
type Result string

// The results, as a spec writes them.
const (
	One      Result = "one"      // the only row
	Opt      Result = "opt"      // a row or none
	Many     Result = "many"     // all rows at once
	Stream   Result = "stream"   // all rows, one after the other
	Exec     Result = "exec"     // nothing
	Affected Result = "affected" // the number of rows changed
	InsertID Result = "insertid" // the number that the row inserted was given
	Sets     Result = "sets"     // several of the others
)

// Dialect is the text of a query for one kind of database.
type Dialect struct {
	Driver string   // name of the driver plugin
	SQL    string   // each parameter written as ?
	Params []string // names in the order of the ?
}

// Param is what one ? of a query stands for.
type Param struct {
	Name    string
	Kind    protocol.Kind
	Told    protocol.Kind // by the driver; Invalid where it tells nothing
	Null    bool          // NULL may be passed
	Reader  bool          // the value is an io.Reader
	SQLType string        // as the database writes it; "" when it does not say
	List    bool          // any number of values, for which the SQL has ?...
	Number  int           // the user's for it, by which parameters are ordered in Go; 0 for none
}

// Column is a column of a result, or of the table of a bulk insert.
type Column struct {
	Name    string
	Kind    protocol.Kind
	Told    protocol.Kind // by the driver; Invalid where it tells nothing
	Null    bool
	Reader  bool   // the value is an io.Reader
	SQLType string // as the database writes it; "" when it does not say
}

// DescribedBulk is a bulk insert whose columns are known.
type DescribedBulk struct {
	Name    string
	Doc     string // without comment marks; "" for a standard one
	Table   string
	Columns []Column
	// Conflict are the columns of a key by which a row that is there is found, and
	// Update those of it that change: none for all others, or with NoUpdate for none.
	Conflict, Update []string
	NoUpdate         bool
}

// DescribedProcedure is a stored procedure whose parameters are known.
type DescribedProcedure struct {
	Name      string
	Doc       string // without comment marks; "" for a standard one
	Procedure string // its name in the database
	Params    []ProcedureParam
	Sets      []DescribedSet // in order; that of a cursor has its name
}

// ProcedureParam is a parameter of a procedure, or what it returns, which stands first.
type ProcedureParam struct {
	Name      string
	Kind      protocol.Kind // Invalid for a cursor
	Null      bool          // NULL may be passed; of one that only comes back: NULL may
	NullBack  bool          // NULL may come back
	SQLType   string        // as the database writes it; "" when it does not say
	Direction driver.Direction
	Width     int // most bytes of a value that comes back, 0 where nobody says
}

// Problem says why a query cannot become Go code, and what to write instead.
type Problem struct {
	File    string // SourceFile.Name
	Query   string // DescribedQuery.Name or DescribedBulk.Name
	Param   string // the parameter it is about, else ""
	Column  int    // the column it is about, counted from 1, else 0
	Message string
	Help    string
}

// String returns the problem as one line.
func (p Problem) String() string {
	return p.File + ": query " + p.Query + ": " + p.Message + ": " + p.Help
}
