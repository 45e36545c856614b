package runtime

import (
	"strings"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// MarshalBinary returns SQLSTATE, native code and message as protocol.Failure sends
// them; without a message of the driver, the text of the error.
func (e *Error) MarshalBinary() ([]byte, error) {
	f := protocol.Failure{State: e.State, Native: e.Native, Message: e.Message}
	if e.State == "" && e.Message == "" {
		f.Message = e.Error()
	}
	if data, err := f.MarshalBinary(); err == nil {
		return data, nil
	}
	f.State, f.Message = "", strings.ToValidUTF8(f.Message, "") // no SQLSTATE that could be sent
	return f.MarshalBinary()
}

// UnmarshalBinary makes the error that was sent, of the class that its SQLSTATE has
// by itself.
func (e *Error) UnmarshalBinary(data []byte) error {
	var f protocol.Failure
	if err := f.UnmarshalBinary(data); err != nil {
		return err
	}
	*e = Error{Op: "receive", State: f.State, Native: f.Native, Message: f.Message}
	if f.State != "" {
		e.Diagnostics = []Diagnostic{{State: f.State, Native: f.Native, Message: f.Message}}
		operation{}.classify(e)
	}
	return nil
}
