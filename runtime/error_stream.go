package runtime

import "errors"

// StreamFault says in words what ended a stream before its last row.
type StreamFault string

// What ends streams.
const (
	StreamTimeout     StreamFault = "Query timed out"
	StreamProtocol    StreamFault = "Streaming protocol error" // what came is not what the code reads
	StreamInterrupted StreamFault = "Streaming interrupted"    // by the caller, or because the connection is gone
	StreamSQL         StreamFault = "Streaming SQL error"      // the database's answer, with its SQLSTATE
)

// yieldError yields the error that ends a stream, if there is one and the loop still
// runs.
func yieldError[R any](err error, runs bool, yield func(R, error) bool) {
	if err == nil || !runs {
		return
	}
	if e := (*Error)(nil); errors.As(err, &e) && e.Stream == "" {
		e.Stream = streamFault(e)
	}
	var none R
	yield(none, err)
}

func streamFault(e *Error) StreamFault {
	switch {
	case e.Kind == KindDeadline:
		return StreamTimeout
	case e.Kind == KindProtocol, e.State == "" && e.Category == Validation:
		return StreamProtocol
	case e.Category == ConnectionLost, e.Kind == KindCancelled, e.State == "":
		return StreamInterrupted
	default:
		return StreamSQL
	}
}
