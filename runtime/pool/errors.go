package pool

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Why no value was to be had, for errors.Is.
var (
	ErrExhausted = errors.New("all values are in use")
	ErrDown      = errors.New("no value can be made")
	ErrQueueFull = errors.New("as many callers wait as may")
	ErrClosed    = errors.New("the pool is closed")
	// ErrFull is the error of Add where there is no room.
	ErrFull = errors.New("the pool is full")
)

// errTimeout ends a turn after Options.AcquireTimeout.
var errTimeout = errors.New("acquire timeout")

// errUnanswered stands for the error of a dial that still runs.
var errUnanswered = errors.New("the dial has not answered")

// refusal is the error of a dial that may not be tried again.
type refusal struct{ error }

// errHung is the error of a dial that was left to itself.
var errHung = errors.New("the dial does not return")

// AcquireError says why Acquire has no value to give. It is the Reason, the error
// of the last dial and the error of the context that ended the wait, each for
// errors.Is and errors.As.
type AcquireError struct {
	Reason error         // ErrExhausted, ErrDown, ErrQueueFull or ErrClosed; nil where the context had ended before
	Waited time.Duration // since the call
	Stat   Counts        // of the pool, when the wait ended
	Dial   error         // of the last dial, where the Reason is ErrDown
	Err    error         // the end of the caller's context, where that ended the wait
}

// Counts are how many values of a Pool were in each state at one moment.
type Counts struct {
	Max, Min int // what they may be
	Idle     int
	InUse    int // on loan
	Dialing  int
	Closing  int // with a place that is free only after
	Stuck    int // in a call that does not return; most have no place any more
	Waiting  int // callers
}

// Total is how many values there are, or will be when their dial succeeds.
func (c Counts) Total() int { return c.Idle + c.InUse + c.Dialing + c.Closing }

func (e *AcquireError) Error() string {
	var b strings.Builder
	b.WriteString("acquire")
	for _, err := range []error{e.Reason, e.Dial, e.Err} {
		if err != nil {
			b.WriteString(": " + err.Error())
		}
	}
	fmt.Fprintf(&b, " (waited %v; %d in use, %d dialing, %d stuck, at most %d; %d waiting)",
		e.Waited.Round(time.Microsecond), e.Stat.InUse, e.Stat.Dialing, e.Stat.Stuck, e.Stat.Max, e.Stat.Waiting)
	return b.String()
}

// Unwrap returns the errors that e is.
func (e *AcquireError) Unwrap() []error {
	var errs []error
	for _, err := range []error{e.Reason, e.Dial, e.Err} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// endOf returns the error of a context that has ended, with its cause.
func endOf(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != ctx.Err() {
		return fmt.Errorf("%w: %w", ctx.Err(), cause)
	}
	return ctx.Err()
}

// AbandonedError is the error of a Close whose context ended first.
type AbandonedError struct {
	Count int   // values that were on loan or in a call
	Err   error // of the context
}

func (e *AbandonedError) Error() string {
	return fmt.Sprintf("close: %d values are still out: %v", e.Count, e.Err)
}

func (e *AbandonedError) Unwrap() error { return e.Err }
