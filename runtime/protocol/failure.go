package protocol

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"
)

// Failure is an error as it is sent: five bytes of SQLSTATE, zeros where there is
// none, the database's own code and the length of the message, both in four bytes
// with the lowest first, and the message in UTF-8.
type Failure struct {
	State   string // SQLSTATE, "" for none
	Native  int32  // the database's own code
	Message string
}

const (
	stateLength   = 5
	failureHeader = stateLength + 4 + 4
)

// MarshalBinary returns the Failure as it is sent.
func (f Failure) MarshalBinary() ([]byte, error) {
	switch {
	case f.State != "" && !validState([]byte(f.State)):
		return nil, fmt.Errorf("SQLSTATE %q is not five characters of ASCII", f.State)
	case uint64(len(f.Message)) > math.MaxUint32:
		return nil, fmt.Errorf("message of %d bytes is too long", len(f.Message))
	case !utf8.ValidString(f.Message):
		return nil, errors.New("message is not UTF-8")
	}
	b := make([]byte, stateLength, failureHeader+len(f.Message))
	copy(b, f.State)
	b = binary.LittleEndian.AppendUint32(b, uint32(f.Native))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(f.Message)))
	return append(b, f.Message...), nil
}

// UnmarshalBinary reads a Failure. Bytes that follow it are not looked at.
func (f *Failure) UnmarshalBinary(data []byte) error {
	if len(data) < failureHeader {
		return fmt.Errorf("error of %d bytes is shorter than its header", len(data))
	}
	state, message := data[:stateLength], data[failureHeader:]
	length := binary.LittleEndian.Uint32(data[stateLength+4:])
	switch {
	case uint64(length) > uint64(len(message)):
		return fmt.Errorf("message of %d bytes in %d", length, len(message))
	case string(state) == "\x00\x00\x00\x00\x00":
		state = nil
	case !validState(state):
		return fmt.Errorf("SQLSTATE %q is not five characters of ASCII", state)
	}
	message = message[:length]
	if !utf8.Valid(message) {
		return errors.New("message is not UTF-8")
	}
	*f = Failure{string(state), int32(binary.LittleEndian.Uint32(data[stateLength:])), string(message)}
	return nil
}

// validState reports whether state is five visible characters.
func validState(state []byte) bool {
	for _, c := range state {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return len(state) == stateLength
}
