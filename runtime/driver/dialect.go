package driver

import (
	"fmt"
	"strings"
)

// Dialect is how SQL is written.
type Dialect struct {
	QuoteOpen, QuoteClose string
	AskQuote              bool // the driver names the quotes, those above are for before that
	Pipes                 Pipes
	RecursiveWith         bool // a query of WITH may name itself without RECURSIVE
	Savepoints            Savepoints
}

// Pipes says what || means, and how tight it binds.
type Pipes uint8

// The meanings.
const (
	PipesConcat Pipes = iota // it joins texts, and binds looser than +
	PipesTight               // it joins texts, and binds tighter than *
	PipesOr                  // it is OR
)

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

// Savepoints is how they are written, %s is the quoted name. The zero Savepoints is
// standard SQL.
type Savepoints struct {
	Make, Back string
	// Release is empty where there is no such statement: a savepoint ends with its transaction.
	Release string
	// None: there are no savepoints.
	None bool
}

// Savepoint is the statements of one savepoint, all empty where there are none.
type Savepoint struct {
	Make, Back string
	Release    string // may be empty
}

// Savepoint returns the statements of the savepoint with the name.
func (d Dialect) Savepoint(name string) Savepoint {
	forms, name := d.Savepoints, d.Quote(name)
	if forms.None {
		return Savepoint{}
	}
	if forms == (Savepoints{}) {
		forms = Savepoints{Make: "SAVEPOINT %s", Back: "ROLLBACK TO SAVEPOINT %s", Release: "RELEASE SAVEPOINT %s"}
	}
	s := Savepoint{Make: fmt.Sprintf(forms.Make, name), Back: fmt.Sprintf(forms.Back, name)}
	if forms.Release != "" {
		s.Release = fmt.Sprintf(forms.Release, name)
	}
	return s
}
