// Package spec reads what the user wrote: the YAML spec and the annotated SQL files
// it names. Every value keeps its place, and all that can be wrong without asking a
// database is told at once. It knows no database, no Go types and nothing of the
// code to be written.
package spec

import (
	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
)

// Spec is a spec file with the files it names.
type Spec struct {
	Path       string // as given to Load
	Package    Text   // of the Go files to write
	Out        Text   // folder for them; a path from where Path is one from
	Driver     Text   // name of a plugin, which a path is read as: that of the first target, whose SQL the queries are in
	Targets    []Target
	Schema     []Schema
	Null       Text // NullSQL or NullPointer
	Frames     Bool // for every query that can, see Query.Frames
	Fake       Bool // a Querier for tests is written, too
	Queries    []Query
	Bulks      []Bulk
	Procedures []Procedure
	Patterns   []Procedures
	Plugins    []Plugin // of the files that the spec names as drivers
}

// Plugin is a driver that the user has described in a file.
type Plugin struct {
	Path    string // a path from where Spec.Path is one from
	Name    string
	Scratch bool // a scratch database needs no server
	Dialect sqlscan.Dialect
}

// DialectOf returns the spellings of a driver.
func (s *Spec) DialectOf(driver string) sqlscan.Dialect {
	for _, p := range s.Plugins {
		if p.Name == driver {
			return p.Dialect
		}
	}
	return sqlscan.DialectOf(driver)
}

// Target is a database to describe the queries on.
type Target struct {
	Driver   Text // name of a plugin
	Database Text // ODBC connection string, expanded; a secret
	// Faults say why there is no connecting to it. They matter to a run that has to.
	Faults []diag.Diagnostic
}

// Text is a value with the place it was written at. What was left out has the default
// or nothing as Value, and no Pos.
type Text struct {
	Value string
	Pos   diag.Pos
}

// The words of null.
const (
	NullSQL     = "sql.Null"
	NullPointer = "pointer"
)

// Schema is a script to build a scratch database from.
type Schema struct {
	Driver Text // the only driver it is for, "" for all
	Path   Text // a path from where Spec.Path is one from
	SQL    SQL
	Unread bool // the file could not be read, which is told
}

// SchemaFor returns the scripts that build a scratch database of driver, in order.
func (s *Spec) SchemaFor(driver string) []Schema {
	var scripts []Schema
	for _, script := range s.Schema {
		if script.Driver.Value == "" || script.Driver.Value == driver {
			scripts = append(scripts, script)
		}
	}
	return scripts
}

// Query is a statement to make a Go method of.
type Query struct {
	File     string // the file it is written in
	Name     Text   // an exported Go identifier, unique among queries and bulk inserts
	Doc      Text
	Result   Text // One, Opt, Many, Stream, Exec, Affected, InsertID or Sets
	SQL      SQL
	Dialects []Dialect  // their parameters are those of SQL, in the same order
	Params   []Override // as written; each occurs in SQL
	Columns  []Override // as written
	Sets     []Set      // of the result Sets, in order
	Keyset   []Key      // of the result Stream: the rows are read page by page
	Frames   Bool       // the rows can be written and read as frames, see Spec.FramesOf
	Spool    *Spool     // of the result Stream: the rows are kept on disk; nil where they are not
}

// TextFor returns the text of q for a driver.
func (q *Query) TextFor(driver string) SQL {
	for _, d := range q.Dialects {
		if d.Driver.Value == driver {
			return d.SQL
		}
	}
	return q.SQL
}

// The words of result.
const (
	One      = "one"      // exactly one row
	Opt      = "opt"      // one row or none
	Many     = "many"     // all rows at once
	Stream   = "stream"   // the rows one by one
	Exec     = "exec"     // nothing
	Affected = "affected" // the number of rows changed
	InsertID = "insertid" // the number that the database gave the row inserted
	Sets     = "sets"     // several of the others, see Query.Sets
)

// Dialect is the text to send to a driver instead of Query.SQL.
type Dialect struct {
	Driver Text
	SQL    SQL
}

// Override is what the user says about a parameter or column.
type Override struct {
	Name   Text
	Type   Text // a kind, "" for the database's own
	Null   Bool
	Reader Bool // the value is an io.Reader
}

// Bool is a yes or no that may be left out.
type Bool struct {
	Value, Set bool
	Pos        diag.Pos
}

// Param returns what the user says about a parameter, the zero Override for nothing.
func (q *Query) Param(name string) Override { return find(q.Params, name) }

// Column returns what the user says about a column, the zero Override for nothing.
func (q *Query) Column(name string) Override { return find(q.Columns, name) }

func find(overrides []Override, name string) Override {
	for _, o := range overrides {
		if o.Name.Value == name {
			return o
		}
	}
	return Override{}
}

// Bulk is a table to make a Go method of that inserts many rows.
type Bulk struct {
	File    string // the file it is written in
	Name    Text   // an exported Go identifier, unique among queries and bulk inserts
	Doc     Text
	Table   Text
	Columns []Text
	// Conflict are the columns of a key by which a row that is there is found, none
	// where that is an error.
	Conflict []Text
	// Update are the columns of such a row that change; none for all that are not in
	// Conflict, or with NoUpdate for none at all.
	Update   []Text
	NoUpdate bool
}

// SQL is text in SQL and where it is written.
type SQL struct {
	Text   string        // without surrounding white space
	Bound  sqlscan.Bound // of Text; every use has its name. The zero Bound in a Schema
	origin origin
}

// Pos returns the place of length bytes of s.Text from offset on.
func (s SQL) Pos(offset, length int) diag.Pos { return s.origin.pos(offset, length) }

// BoundPos is Pos for an offset of s.Bound.SQL.
func (s SQL) BoundPos(offset, length int) diag.Pos {
	from, to := s.Bound.Original(offset), s.Bound.Original(offset+length)
	return s.Pos(from, to-from)
}
