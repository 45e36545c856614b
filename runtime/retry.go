package runtime

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// RetryPolicy says how often something is tried, and with which pauses. The zero
// RetryPolicy is three attempts, 1 s and 2 s apart.
type RetryPolicy struct {
	// Attempts is the most tries, the first one included; 0 is 3.
	Attempts int
	// First is the pause before the second try; 0 is 1 s. Each further one is twice as
	// long, up to Max; 0 is 30 s. A pause is shortened at random by up to a half, so
	// that those who failed together do not come back together.
	First, Max time.Duration
	// Idempotent: doing it twice is as doing it once. It is then tried again where the
	// database may have done it already: after a lost connection, or a commit of which
	// nobody knows.
	Idempotent bool
}

// RetryError is the failure of what was tried more than once.
type RetryError struct {
	Attempts int
	Err      error // of the last try
	// Ended is the error of the context where that ended the waiting for another try.
	Ended error
}

// Error is the number of tries, and the last error.
func (e *RetryError) Error() string {
	text := fmt.Sprintf("tried %d times: %v", e.Attempts, e.Err)
	if e.Ended != nil {
		text += fmt.Sprintf(" (no further try: %v)", e.Ended)
	}
	return text
}

// Unwrap returns the last error, and that of the context.
func (e *RetryError) Unwrap() []error {
	if e.Ended == nil {
		return []error{e.Err}
	}
	return []error{e.Err, e.Ended}
}

// Retry runs do, and again as the policy says when it fails with an error that
// IsRetryable, or that a later try may not meet where the policy says Idempotent.
// When it gives up, it returns the last error, in a *RetryError where there was
// more than one try. The context ends the waiting.
//
// Within a transaction the statement is not what can be tried again, see InTx.
func Retry(ctx context.Context, policy RetryPolicy, do func(context.Context) error) error {
	return retry(ctx, policy, IsRetryable, do)
}

// retry is Retry where again says which errors are worth another try.
//
// Package backoff of cenkalti is not used: its Retry returns the context's error in
// place of the last one, finds instructions to itself in errors that users return,
// and has its longest pause lengthened at random.
func retry(ctx context.Context, policy RetryPolicy, again func(error) bool, do func(context.Context) error) error {
	attempts := cmp.Or(policy.Attempts, 3)
	for tried := 1; ; tried++ {
		err := do(ctx)
		if err == nil {
			return nil
		}
		more := tried < attempts && (again(err) || policy.Idempotent && passing(err))
		var ended error
		if more {
			ended = wait(ctx, policy.pause(tried))
		}
		if more && ended == nil {
			continue
		}
		if tried == 1 && ended == nil {
			return err
		}
		return &RetryError{Attempts: tried, Err: err, Ended: ended}
	}
}

// passing reports whether a later try may not meet the error.
func passing(err error) bool {
	e := (*Error)(nil)
	return errors.As(err, &e) && (e.Category == Transient || e.Category == ConnectionLost)
}

// pause returns the pause after a number of tries.
func (p RetryPolicy) pause(tried int) time.Duration {
	longest := cmp.Or(p.Max, 30*time.Second)
	pause := min(cmp.Or(p.First, time.Second), longest)
	for range tried - 1 {
		pause = min(2*pause, longest)
	}
	return pause - time.Duration(rand.Float64()*float64(pause)/2)
}

// wait returns the context's error where that ends before the time has passed.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}
