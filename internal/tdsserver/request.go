package tdsserver

import (
	"strings"
)

// Kind says what a request is.
type Kind uint8

// The kinds of requests.
const (
	Batch       Kind = iota // statements without parameters
	Execute                 // a statement with parameters, by sp_executesql, sp_prepexec, sp_execute or a cursor
	Prepare                 // a statement that is prepared, and not executed
	Unprepare               // a prepared statement that is forgotten
	Procedure               // a procedure by its name
	Fetch                   // rows of a cursor
	Transaction             // one of the transaction manager: SQL is what it stands for
	Attention               // what is under way shall end
)

// String is the name of the kind.
func (k Kind) String() string {
	names := [...]string{"batch", "execute", "prepare", "unprepare", "procedure", "fetch", "transaction", "attention"}
	return names[k]
}

// Request is what a client has asked for. It must not be changed.
type Request struct {
	Session int
	Kind    Kind
	// By is the procedure that carries the statement, such as sp_prepexec, "" for none.
	By string
	// SQL is the statement as it was sent, or the name of the Procedure.
	SQL string
	// Declared are the parameters as sp_prepare and others tell them, "@P1 int,@P2 bit".
	Declared string
	// Handle is that of a prepared statement, or of a cursor.
	Handle int
	Params []Param
	// Set counts from 0 the parameter sets of a message, Last is for its last one.
	Set  int
	Last bool
	// Describing: only the columns of the answer are wanted, and nothing is to happen.
	Describing bool
}

// Param is a parameter of a request.
type Param struct {
	Name    string
	Type    Type
	Value   any
	Out     bool // the client wants its value
	Default bool // the client gives no value
}

// Values are those of the parameters.
func (r *Request) Values() []any {
	values := make([]any, len(r.Params))
	for i, p := range r.Params {
		values[i] = p.Value
	}
	return values
}

// Types are those of the parameters, as written in SQL, with commas.
func (r *Request) Types() string {
	types := make([]string, len(r.Params))
	for i, p := range r.Params {
		types[i] = p.Type.String()
	}
	return strings.Join(types, ", ")
}
