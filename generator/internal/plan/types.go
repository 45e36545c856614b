package plan

import (
	"path"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Type is a Go type as it is printed: Prefix, then the name with its package,
// then type arguments.
type Type struct {
	Prefix string // of *, [] and ...
	Func   bool   // a function that takes a value of each Arg and returns an error
	Path   string // import path, "" for a type of Go or of the package itself
	Name   string
	Args   []Type
}

// String returns the type as a file that imports its package writes it.
func (t Type) String() string {
	name := t.Name
	if t.Path != "" {
		name = path.Base(t.Path) + "." + name
	}
	var args []string
	for _, a := range t.Args {
		args = append(args, a.String())
	}
	if len(args) > 0 {
		name += "[" + strings.Join(args, ", ") + "]"
	}
	return t.Prefix + name
}

// same tells whether t and u are one type, apart from type arguments.
func (t Type) same(u Type) bool { return t.Prefix == u.Prefix && t.Path == u.Path && t.Name == u.Name }

// under returns t with prefix before it.
func (t Type) under(prefix string) Type {
	t.Prefix = prefix + t.Prefix
	return t
}

// The packages that all generated code is written against.
const (
	RuntimePath  = "github.com/odbcgen/odbcgen/runtime"
	ProtocolPath = RuntimePath + "/protocol"
	DriverPath   = RuntimePath + "/driver"
)

// imports are all the packages that generated queries import.
var imports = []Import{
	{"context", "context"},
	{"database/sql", "sql"},
	{"encoding/json", "json"},
	{"io", "io"},
	{"iter", "iter"},
	{"time", "time"},
	{"github.com/golang-sql/civil", "civil"},
	{"github.com/google/uuid", "uuid"},
	{"github.com/shopspring/decimal", "decimal"},
	{RuntimePath, "runtime"},
	{ProtocolPath, "protocol"},
}

// fakeImports are what the fake imports beside. Arguments may have these names: only
// its type needs them.
var fakeImports = []Import{
	{"io/fs", "fs"},
	{"slices", "slices"},
	{"sync", "sync"},
}

func isImport(name string) bool {
	return slices.ContainsFunc(imports, func(i Import) bool { return i.Name == name })
}

func runtimeType(name string, args ...Type) Type {
	return Type{Path: RuntimePath, Name: name, Args: args}
}

// kindForm is how values of one kind stand in generated code.
type kindForm struct {
	constant string // in package protocol
	column   string // method of a batch that picks a column of the kind
	goType   Type
}

// reader is how long values of the kind stand there.
func (f kindForm) reader() kindForm {
	return kindForm{f.constant, "Reader", Type{Path: "io", Name: "Reader"}}
}

var (
	stringType  = Type{Name: "string"}
	decimalType = Type{Path: "github.com/shopspring/decimal", Name: "Decimal"}
	timeType    = Type{Path: "time", Name: "Time"}
)

var kindForms = map[protocol.Kind]kindForm{
	protocol.Bool:           {"Bool", "Bool", Type{Name: "bool"}},
	protocol.Int8:           {"Int8", "Int8", Type{Name: "int8"}},
	protocol.Int16:          {"Int16", "Int16", Type{Name: "int16"}},
	protocol.Int32:          {"Int32", "Int32", Type{Name: "int32"}},
	protocol.Int64:          {"Int64", "Int64", Type{Name: "int64"}},
	protocol.Uint8:          {"Uint8", "Uint8", Type{Name: "uint8"}},
	protocol.Uint16:         {"Uint16", "Uint16", Type{Name: "uint16"}},
	protocol.Uint32:         {"Uint32", "Uint32", Type{Name: "uint32"}},
	protocol.Uint64:         {"Uint64", "Uint64", Type{Name: "uint64"}},
	protocol.Float32:        {"Float32", "Float32", Type{Name: "float32"}},
	protocol.Float64:        {"Float64", "Float64", Type{Name: "float64"}},
	protocol.Decimal:        {"Decimal", "Decimal", decimalType},
	protocol.Money:          {"Money", "Decimal", decimalType},
	protocol.Text:           {"Text", "Text", stringType},
	protocol.NText:          {"NText", "Text", stringType},
	protocol.XML:            {"XML", "Text", stringType},
	protocol.Interval:       {"Interval", "Text", stringType},
	protocol.JSON:           {"JSON", "JSON", Type{Path: "encoding/json", Name: "RawMessage"}},
	protocol.UUID:           {"UUID", "UUID", Type{Path: "github.com/google/uuid", Name: "UUID"}},
	protocol.Binary:         {"Binary", "Binary", Type{Prefix: "[]", Name: "byte"}},
	protocol.Date:           {"Date", "Date", Type{Path: "github.com/golang-sql/civil", Name: "Date"}},
	protocol.Time:           {"Time", "Time", Type{Path: "github.com/golang-sql/civil", Name: "Time"}},
	protocol.Timestamp:      {"Timestamp", "Timestamp", timeType},
	protocol.TimestampTZ:    {"TimestampTZ", "Timestamp", timeType},
	protocol.DateTimeOffset: {"DateTimeOffset", "Timestamp", timeType},
}

// nullForm is how a value is typed, read from a column and appended to one.
type nullForm struct {
	wrap   func(Type) Type
	at     string
	append string
	// address: a value is made one that can be NULL by taking its address.
	address bool
}

var notNull = nullForm{
	wrap:   func(t Type) Type { return t },
	at:     "At",
	append: "Append",
}

var nullForms = map[NullStyle]nullForm{
	NullSQL: {
		wrap:   func(t Type) Type { return Type{Path: "database/sql", Name: "Null", Args: []Type{t}} },
		at:     "Null",
		append: "AppendNull",
	},
	NullPointer: {
		wrap:   func(t Type) Type { return t.under("*") },
		at:     "Ptr",
		append: "AppendPtr", address: true,
	},
}

// nilReader is the one way to write a reader that can be NULL.
var nilReader = nullForm{
	wrap:   notNull.wrap,
	at:     "OrNil",
	append: "Append",
}

// resultForm is how a query of one result is run.
type resultForm struct {
	value   string // type in package runtime that describes the query
	verb    string // method of that type
	rows    bool   // the result is made of rows
	reads   bool   // the method takes a function that reads the row
	frames  framesForm
	results func(row Type) []Type
	doc     string // what the method does, after its name
}

// framesForm is how the rows of such a query are read from frames.
type framesForm struct {
	verb string
	doc  string // what the function does, after its name; %s is the query
}

var errorType = Type{Name: "error"}

var resultForms = map[Result]resultForm{
	One: {
		value: "Query", verb: "One", rows: true, doc: "returns the only row.",
		frames:  framesForm{"ReplayOne", "returns the only row of %s, which was written as frames."},
		results: func(row Type) []Type { return []Type{row, errorType} },
	},
	Opt: {
		value: "Query", verb: "Opt", rows: true, doc: "returns the row, and false when there is none.",
		frames:  framesForm{"ReplayOpt", "returns the row of %s that was written as frames, and false when there is none."},
		results: func(row Type) []Type { return []Type{row, {Name: "bool"}, errorType} },
	},
	Many: {
		value: "Query", verb: "Many", rows: true, doc: "returns all rows.",
		frames:  framesForm{"ReplayMany", "returns all rows of %s that were written as frames."},
		results: func(row Type) []Type { return []Type{row.under("[]"), errorType} },
	},
	Stream: {
		value: "Query", verb: "Stream", rows: true, doc: "yields the rows one after the other.",
		frames: framesForm{"Read", "yields the rows of %s that were written as frames."},
		results: func(row Type) []Type {
			return []Type{{Path: "iter", Name: "Seq2", Args: []Type{row, errorType}}}
		},
	},
	Exec: {
		value: "Command", verb: "Exec", doc: "runs the statement.",
		results: func(Type) []Type { return []Type{errorType} },
	},
	Affected: {
		value: "Command", verb: "Affected", doc: "runs the statement and returns the number of rows it changed.",
		results: func(Type) []Type { return []Type{{Name: "int64"}, errorType} },
	},
	InsertID: {
		value: "Command", verb: "InsertID", doc: "runs the statement and returns the number that its row was given, 0 when none was inserted.",
		results: func(Type) []Type { return []Type{{Name: "int64"}, errorType} },
	},
}

// readingForms are how queries with readers among their columns are run.
var readingForms = map[Result]resultForm{
	One: {
		value: "Query", verb: "ReadOne", rows: true, reads: true, doc: "gives read the only row.",
		results: func(Type) []Type { return []Type{errorType} },
	},
	Opt: {
		value: "Query", verb: "ReadOpt", rows: true, reads: true, doc: "gives read the row, and returns false when there is none.",
		results: func(Type) []Type { return []Type{{Name: "bool"}, errorType} },
	},
	Stream: {
		value: "Query", verb: "ReadStream", rows: true, doc: "yields the rows one after the other.",
		results: resultForms[Stream].results,
	},
}
