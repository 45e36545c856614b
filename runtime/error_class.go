package runtime

import (
	"context"
	"errors"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Category is the coarse class of an error, Kind what has happened, Outcome what the
// database has done, Scope what may be tried again, and Phase what was being done.
type (
	Category = driver.Category
	Kind     = driver.Kind
	Outcome  = driver.Outcome
	Scope    = driver.Scope
	Phase    = driver.Phase
)

// The kinds. errors.Is asks for them: errors.Is(err, runtime.KindUnique).
const (
	KindUnknown       = driver.KindUnknown
	KindAuth          = driver.KindAuth
	KindCapacity      = driver.KindCapacity
	KindConnect       = driver.KindConnect
	KindConnection    = driver.KindConnection
	KindDeadlock      = driver.KindDeadlock
	KindLockTimeout   = driver.KindLockTimeout
	KindSerialization = driver.KindSerialization
	KindCancelled     = driver.KindCancelled
	KindDeadline      = driver.KindDeadline
	KindReadOnly      = driver.KindReadOnly
	KindDiskFull      = driver.KindDiskFull
	KindUnique        = driver.KindUnique
	KindForeignKey    = driver.KindForeignKey
	KindNotNull       = driver.KindNotNull
	KindCheck         = driver.KindCheck
	KindConstraint    = driver.KindConstraint
	KindSyntax        = driver.KindSyntax
	KindUnknownObject = driver.KindUnknownObject
	KindPermission    = driver.KindPermission
	KindData          = driver.KindData
	KindTransaction   = driver.KindTransaction
	KindStale         = driver.KindStale
	KindUnsupported   = driver.KindUnsupported
	KindProtocol      = driver.KindProtocol
	KindConfig        = driver.KindConfig
	KindCorrupt       = driver.KindCorrupt
	KindUser          = driver.KindUser
)

// The categories.
const (
	Fatal          = driver.Fatal
	Transient      = driver.Transient
	Validation     = driver.Validation
	ConnectionLost = driver.ConnectionLost
)

// The outcomes.
const (
	OutcomeUnknown        = driver.OutcomeUnknown
	NotSent               = driver.NotSent
	NotExecuted           = driver.NotExecuted
	StatementRolledBack   = driver.StatementRolledBack
	TransactionRolledBack = driver.TransactionRolledBack
	Done                  = driver.Done
)

// The scopes of a retry.
const (
	ScopeNone        = driver.ScopeNone
	ScopeStatement   = driver.ScopeStatement
	ScopeTransaction = driver.ScopeTransaction
	ScopeConnect     = driver.ScopeConnect
)

// CategoryOf returns the category of an error of this package, Fatal for any other.
func CategoryOf(err error) Category {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.Category
	}
	return Fatal
}

// IsRetryable reports whether what failed may be tried again, as a whole: the
// statement, the transaction around it, or connecting, see Error.Retry. It is false
// where the database may have done it.
func IsRetryable(err error) bool {
	e := (*Error)(nil)
	return errors.As(err, &e) && e.Retry != ScopeNone && e.Outcome != OutcomeUnknown && e.Outcome != Done
}

// IsConnectionError reports whether the connection is gone, or could not be made.
func IsConnectionError(err error) bool {
	e := (*Error)(nil)
	return errors.As(err, &e) && (e.Category == ConnectionLost || e.Op == "connect" && e.State != "")
}

// classify fills in what the error means.
func (o operation) classify(e *Error) {
	class := o.class(e)
	e.Category, e.Kind, e.Outcome, e.Retry, e.action = class.Category, class.Kind, class.Outcome, class.Scope, class.Action
}

func (o operation) class(e *Error) driver.Class {
	phase := phases[e.Op]
	before := driver.OutcomeUnknown // what the database has done when our own word ended it
	switch phase {
	case driver.Connecting, driver.Binding, driver.AnyPhase:
		before = driver.NotSent
	case driver.Preparing:
		before = driver.NotExecuted
	}
	if e.Op == "write" || e.Op == "spool" { // what is done with rows that the database has given
		before = driver.Done
	}
	var cell *protocol.CellError
	var frame *protocol.FormatError
	var spooled *SpoolError
	var form *connectionStringError
	var call *odbc.Error
	switch {
	// A context that ended has the word: a call that it cancelled may say anything, or
	// success.
	case errors.Is(e.Err, context.DeadlineExceeded):
		return driver.Class{Category: Transient, Kind: driver.KindDeadline, Outcome: before}
	case errors.Is(e.Err, context.Canceled):
		return driver.Class{Category: Fatal, Kind: driver.KindCancelled, Outcome: before}
	case errors.Is(e.Err, odbc.ErrAbandoned):
		if phase != driver.Fetching {
			before = driver.NotSent
		}
		return driver.Class{Category: ConnectionLost, Kind: driver.KindConnection, Outcome: before, Action: driver.Destroy}
	case errors.As(e.Err, &form), errors.Is(e.Err, errOptions):
		return driver.Class{Category: Validation, Kind: driver.KindConfig, Outcome: NotSent}
	case errors.Is(e.Err, ErrExhausted), errors.Is(e.Err, ErrQueueFull):
		return driver.Class{Category: Transient, Kind: driver.KindCapacity, Outcome: NotSent, Scope: ScopeConnect}
	case errors.Is(e.Err, ErrDown), errors.Is(e.Err, errAsk):
		return driver.Class{Category: Transient, Kind: driver.KindConnect, Outcome: NotSent, Scope: ScopeConnect}
	case errors.Is(e.Err, errReadOnly):
		return driver.Class{Category: Transient, Kind: driver.KindReadOnly, Outcome: NotSent, Scope: ScopeConnect}
	case errors.Is(e.Err, ErrDrift):
		return driver.Class{Category: Validation, Kind: driver.KindStale, Outcome: NotExecuted}
	case errors.Is(e.Err, ErrNoRows), errors.Is(e.Err, ErrTooManyRows):
		return driver.Class{Category: Validation, Kind: driver.KindData, Outcome: Done}
	case errors.As(e.Err, &cell) && phase == driver.Fetching:
		return driver.Class{Category: Validation, Kind: driver.KindData, Outcome: Done}
	case errors.As(e.Err, &cell):
		return driver.Class{Category: Validation, Kind: driver.KindData, Outcome: NotSent}
	case errors.As(e.Err, &frame), errors.Is(e.Err, errOther):
		return driver.Class{Category: Validation, Kind: driver.KindProtocol, Outcome: before}
	case errors.As(e.Err, &spooled) && spooled.full():
		return driver.Class{Category: Fatal, Kind: driver.KindDiskFull, Outcome: before}
	case errors.Is(e.Err, odbc.ErrUntrue):
		return driver.Class{Category: Fatal, Kind: driver.KindProtocol, Action: driver.Destroy}
	case len(e.Diagnostics) > 0, errors.As(e.Err, &call): // which failed without a record
		return o.fromRecords(phase, e.Diagnostics)
	}
	return driver.Class{Category: Fatal, Outcome: before}
}

// phases are those of Error.Op.
var phases = map[string]driver.Phase{
	"connect": driver.Connecting, "prepare": driver.Preparing, "describe": driver.Preparing,
	"begin": driver.Preparing, "bind": driver.Binding, "execute": driver.Executing, "rollback": driver.Executing,
	"fetch": driver.Fetching, "decode": driver.Fetching, "write": driver.Fetching, "spool": driver.Fetching, "commit": driver.Committing,
}

func (o operation) fromRecords(phase driver.Phase, records []Diagnostic) driver.Class {
	plugin := o.plugin
	if plugin == nil {
		plugin = &driver.Generic
	}
	all := make([]driver.Record, len(records))
	for i, r := range records {
		all[i] = driver.Record{State: r.State, Native: r.Native, Message: r.Message}
	}
	return plugin.Classify(phase, all)
}
