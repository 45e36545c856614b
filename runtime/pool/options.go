package pool

import (
	"context"
	"errors"
	"fmt"
	"math"
	goruntime "runtime"
	"time"
)

// Never switches a duration of Options off.
const Never time.Duration = -1

// DialTimeout is the default of Options.DialTimeout.
const DialTimeout = 30 * time.Second

// NoJitter makes all values live for MaxLifetime exactly.
const NoJitter = -1

// Options are what may be chosen of a Pool. Zero chooses the default.
type Options struct {
	// MaxSize is the most values at a time; zero is 4, or the number of CPUs if that
	// is more.
	MaxSize int
	// MinSize is how many values are kept open: made ahead, and made again.
	MinSize int
	// Ceiling is the most that Resize may set; zero is four times MaxSize.
	Ceiling int

	// AcquireTimeout bounds the wait for a value, beside the caller's context; zero is 30 s.
	AcquireTimeout time.Duration
	// MaxWaiting is how many callers may wait, where zero is any number; one more is
	// refused at once.
	MaxWaiting int

	// DialTimeout bounds the making of a value; zero is 30 s.
	DialTimeout time.Duration
	// BackOff is the pause between dials while they fail.
	BackOff BackOff

	// IdleTimeout is how long a value may lie idle, where more than MinSize are open;
	// zero is 10 min.
	IdleTimeout time.Duration
	// MaxLifetime is how long a value serves; zero is 30 min.
	MaxLifetime time.Duration
	// LifetimeJitter is the most that is taken off MaxLifetime, by chance, so that
	// values of one hour of birth do not end at one time: a share from 0 to 1, where
	// zero is 0.25.
	LifetimeJitter float64

	// Check says which values are checked before they are lent.
	Check Check
	// CheckAfter is for CheckIdle: the idle time after which a value is checked; zero is 1 s.
	CheckAfter time.Duration
	// CheckTimeout bounds a check; one that takes longer has failed. Zero is 5 s.
	CheckTimeout time.Duration

	// LeakThreshold is for how long a value may be on loan before Config.Leaked is
	// told; zero is for ever.
	LeakThreshold time.Duration
	// MaxStuck is how many values, beside MaxSize, may be stuck in a call that does
	// not return: abandoned ones, and those of a dial, a check or a close that hangs.
	// One more keeps its place. Zero is MaxSize.
	MaxStuck int
}

// Check says which values are checked before they are lent.
type Check uint8

const (
	// CheckIdle checks values that were idle for CheckAfter.
	CheckIdle Check = iota
	// CheckAlways checks all.
	CheckAlways
	// CheckNever checks none but suspects: see Pool.Suspect.
	CheckNever
)

// BackOff is a pause that doubles from First up to Max; of each a random part, up to
// the half, is left out.
type BackOff struct {
	First time.Duration // zero is 20 ms
	Max   time.Duration // zero is 500 ms
}

// Config says what a Pool keeps, and how.
type Config[T any] struct {
	Options
	// Dial makes a value. It runs apart from the callers that wait, whose end does
	// not end it: the value then serves the next.
	Dial func(context.Context) (T, error)
	// Close ends a value.
	Close func(T)
	// Probe checks a value; without it none is.
	Probe func(context.Context, T) error
	// Again says whether a dial that failed with this error may be tried again;
	// without it each may. The error of one that may not is told to all who wait.
	Again func(error) bool
	// Leaked is told of a value on loan for longer than LeakThreshold, once for each loan.
	Leaked func(Leak)
}

// Validate returns an error for each option that is not allowed, joined.
func (o Options) Validate() error {
	count := func(name string, n, low, high int) error {
		if n != 0 && (n < low || n > high) {
			return fmt.Errorf("%s %d: want %d to %d, or 0 for the default", name, n, low, high)
		}
		return nil
	}
	full := o.WithDefaults()
	errs := []error{
		count("MaxSize", o.MaxSize, 1, math.MaxInt32),
		count("MinSize", o.MinSize, 0, max(full.MaxSize, 0)),
		count("Ceiling", o.Ceiling, max(full.MaxSize, 1), math.MaxInt32),
		count("MaxWaiting", o.MaxWaiting, 0, math.MaxInt32),
		count("MaxStuck", o.MaxStuck, 0, math.MaxInt32),
	}
	for _, d := range []struct {
		name string
		d    time.Duration
		off  bool // whether it may be
	}{
		{"AcquireTimeout", o.AcquireTimeout, true}, {"DialTimeout", o.DialTimeout, true},
		{"IdleTimeout", o.IdleTimeout, true}, {"MaxLifetime", o.MaxLifetime, true},
		{"CheckTimeout", o.CheckTimeout, true}, {"LeakThreshold", o.LeakThreshold, true},
		{"CheckAfter", o.CheckAfter, false}, {"BackOff.First", o.BackOff.First, false}, {"BackOff.Max", o.BackOff.Max, false},
	} {
		switch {
		case d.d >= 0, d.off && d.d == Never:
		case d.off:
			errs = append(errs, fmt.Errorf("%s %v: want a positive time, Never, or 0 for the default", d.name, d.d))
		default:
			errs = append(errs, fmt.Errorf("%s %v: want a positive time, or 0 for the default", d.name, d.d))
		}
	}
	if full.BackOff.First > full.BackOff.Max && full.BackOff.Max > 0 {
		errs = append(errs, fmt.Errorf("BackOff.First %v: want at most BackOff.Max, which is %v", full.BackOff.First, full.BackOff.Max))
	}
	if o.LifetimeJitter != NoJitter && !(o.LifetimeJitter >= 0 && o.LifetimeJitter <= 1) {
		errs = append(errs, fmt.Errorf("LifetimeJitter %v: want 0 to 1, NoJitter, or 0 for the default", o.LifetimeJitter))
	}
	if o.Check > CheckNever {
		errs = append(errs, fmt.Errorf("Check %d: want CheckIdle, CheckAlways or CheckNever", o.Check))
	}
	return errors.Join(errs...)
}

// WithDefaults returns o with each zero replaced by what it stands for.
func (o Options) WithDefaults() Options {
	number := func(n *int, d int) {
		if *n == 0 {
			*n = d
		}
	}
	duration := func(n *time.Duration, d time.Duration) {
		if *n == 0 {
			*n = d
		}
	}
	number(&o.MaxSize, max(4, goruntime.NumCPU()))
	number(&o.Ceiling, min(o.MaxSize, math.MaxInt32/4)*4)
	o.Ceiling = max(o.Ceiling, o.MaxSize)
	number(&o.MaxStuck, o.MaxSize)
	duration(&o.AcquireTimeout, 30*time.Second)
	duration(&o.DialTimeout, DialTimeout)
	duration(&o.BackOff.First, 20*time.Millisecond)
	duration(&o.BackOff.Max, max(500*time.Millisecond, o.BackOff.First))
	duration(&o.IdleTimeout, 10*time.Minute)
	duration(&o.MaxLifetime, 30*time.Minute)
	duration(&o.CheckAfter, time.Second)
	duration(&o.CheckTimeout, 5*time.Second)
	duration(&o.LeakThreshold, Never)
	switch o.LifetimeJitter {
	case 0:
		o.LifetimeJitter = 0.25
	case NoJitter:
		o.LifetimeJitter = 0
	}
	return o
}
