package driver

import (
	"fmt"
	"strings"
)

// Dialect is how SQL is written. Its methods build the statements that no user writes;
// they change none that a user has written.
type Dialect struct {
	QuoteOpen, QuoteClose string
	AskQuote              bool // the driver names the quotes, those above are for before that
	Names                 Names
	Pipes                 Pipes
	RecursiveWith         bool // a query of WITH may name itself without RECURSIVE
	Savepoints            Savepoints
	Rows                  RowForm
	Upserts               Upserts
	Returning             ReturningForm
	Pages                 PageForm
}

// Pipes says what || means, and how tight it binds.
type Pipes uint8

// The meanings.
const (
	PipesConcat Pipes = iota // it joins texts, and binds looser than +
	PipesTight               // it joins texts, and binds tighter than *
	PipesOr                  // it is OR
)

// Quote writes a name so that it is read as a name. It is for names that are known to
// be good ones, see Name.
func (d Dialect) Quote(name string) string {
	return d.QuoteOpen + strings.ReplaceAll(name, d.QuoteClose, d.QuoteClose+d.QuoteClose) + d.QuoteClose
}

// Savepoints is how they are written, %s is the quoted name. The zero Savepoints is
// standard SQL.
type Savepoints struct {
	Make, Back string
	// Release is empty where there is no such statement: a savepoint ends with its transaction.
	Release string
	// None: there are no savepoints.
	None bool
	// Max is the longest name, in characters, where that is shorter than other names.
	Max int
	// Plain: the name is not quoted. What is no letter, digit or _ in it becomes _.
	Plain bool
}

// Savepoint is the statements of one savepoint, all empty where there are none.
type Savepoint struct {
	Make, Back string
	Release    string // may be empty
}

// Savepoint returns the statements of the savepoint with the name.
func (d Dialect) Savepoint(name string) (Savepoint, error) {
	forms := d.Savepoints
	if forms.None {
		return Savepoint{}, nil
	}
	if forms.Max > 0 {
		d.Names.Max, d.Names.Unit = forms.Max, NameCharacters
	}
	quoted, err := d.Name(name)
	if err != nil {
		return Savepoint{}, fmt.Errorf("savepoint: %w", err)
	}
	if forms.Plain {
		quoted = plain(name)
	}
	if forms.Make == "" {
		forms = Savepoints{Make: "SAVEPOINT %s", Back: "ROLLBACK TO SAVEPOINT %s", Release: "RELEASE SAVEPOINT %s"}
	}
	s := Savepoint{Make: fmt.Sprintf(forms.Make, quoted), Back: fmt.Sprintf(forms.Back, quoted)}
	if forms.Release != "" {
		s.Release = fmt.Sprintf(forms.Release, quoted)
	}
	return s, nil
}

func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, name)
}
