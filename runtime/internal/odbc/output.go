package odbc

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/odbcgen/odbcgen/runtime/internal/odbc/sys"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Output says whether a parameter comes back from an execution. Those that do have
// one row, in whose cells the driver writes. The zero Output does not come back.
type Output struct {
	Way   Way
	Width int // bytes of the longest value, where they vary
	// Guessed says that they may not be enough. The database is told of them, and may cut
	// a value to them without saying so: one that fills them is not believed.
	Guessed bool
}

// Way is the way of a parameter's value.
type Way uint8

// The ways.
const (
	Only Way = iota // there
	Back
	Both
)

func (o Output) direction() int16 {
	return [...]int16{Only: sys.ParamInput, Back: sys.ParamOutput, Both: sys.ParamInOut}[o.Way]
}

// makeRoom gives the cells that come back their width.
func (p *paramset) makeRoom() {
	for i, t := range p.types {
		v, varies := p.carriers[i].bound.(variable)
		if t.Output.Way == Only || !varies {
			continue
		}
		data, have := v.Slots()
		width := t.Output.Width + ending(v)
		if have >= width {
			continue
		}
		cell := bytes.Clone(data[:max(0, v.Indicators()[0])])
		v.Resize(width, 1)
		data, _ = v.Slots()
		copy(data, cell)
	}
}

// Outputs takes over what came back. It is there when no result is left: some drivers
// write it only then. A value that the driver has cut is an error of its column.
func (s *Stmt) Outputs() error {
	if s.c.Broken() {
		return ErrAbandoned
	}
	for i, t := range s.set.types {
		if t.Output.Way == Only {
			continue
		}
		c := s.set.carriers[i]
		if v, varies := c.bound.(variable); varies {
			if err := wholeOutput(v, t.Output.Guessed); err != nil {
				clear(v.Indicators()) // of a length that its slot does not have
				c.column.Fail(0, err)
				continue
			}
		}
		c.load(1)
	}
	return s.set.batch.Err()
}

// wholeOutput says what is wrong with the length of a cell that came back.
func wholeOutput(v variable, guessed bool) error {
	length := v.Indicators()[0]
	_, width := v.Slots()
	room := int64(width - ending(v))
	switch {
	case length == sys.NoTotal:
		return fmt.Errorf("%w to %d bytes: give the parameter a larger width", errCut, room)
	case length > room:
		return fmt.Errorf("%w, of %d bytes, to %d: give the parameter a larger width", errCut, length, room)
	case length == room && guessed:
		return fmt.Errorf("%w to %d bytes, or has just as many: give the parameter a width", errCut, room)
	case length < 0 && length != protocol.Null:
		return lengthError(length)
	}
	return nil
}

var errCut = errors.New("the procedure has run, and its value was cut")
