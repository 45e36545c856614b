package driver

import (
	"slices"
	"strings"
)

// Class is what an error means for who asked and for the connection.
type Class struct {
	Category Category
	Kind     Kind
	Outcome  Outcome
	Scope    Scope
	Action   Action
}

// Category is the coarse class of an error.
type Category uint8

// The categories.
const (
	Fatal          Category = iota // doing the same again would fail again, or nobody knows
	Transient                      // a later try may succeed
	Validation                     // the statement or its values are at fault
	ConnectionLost                 // the connection is gone
)

// String returns the category in words.
func (c Category) String() string {
	return [...]string{"fatal", "transient", "validation", "connection lost"}[c]
}

// Kind says what has happened, in words. It is an error, so that errors.Is can ask
// for it.
type Kind string

// Error returns the kind in words.
func (k Kind) Error() string {
	if k == KindUnknown {
		return "unknown"
	}
	return string(k)
}

// The kinds of errors.
const (
	KindUnknown       Kind = ""
	KindAuth          Kind = "auth"           // wrong user or password, or no right to connect
	KindCapacity      Kind = "capacity"       // too many connections, out of memory or of another resource
	KindConnect       Kind = "connect"        // the server cannot be reached, or is not ready
	KindConnection    Kind = "connection"     // the link or the session has ended
	KindDeadlock      Kind = "deadlock"       // chosen to end a deadlock
	KindLockTimeout   Kind = "lock timeout"   // waited too long for a lock, or was not to wait
	KindSerialization Kind = "serialization"  // the transaction met another one
	KindCancelled     Kind = "cancelled"      // somebody cancelled the statement
	KindDeadline      Kind = "deadline"       // a timeout ended it
	KindReadOnly      Kind = "read-only"      // the server or the transaction may not write
	KindDiskFull      Kind = "disk full"      // there is no room left
	KindUnique        Kind = "unique"         // the value is there already
	KindForeignKey    Kind = "foreign key"    // the row referred to is not there, or is referred to
	KindNotNull       Kind = "not null"       // NULL where there must be a value
	KindCheck         Kind = "check"          // a check or exclusion constraint
	KindConstraint    Kind = "constraint"     // a constraint; the database does not say which
	KindSyntax        Kind = "syntax"         // the SQL is not SQL
	KindUnknownObject Kind = "unknown object" // a table, column or function that is not there, or there twice
	KindPermission    Kind = "permission"     // the user may not do that
	KindData          Kind = "data"           // a value that does not fit its type, or cannot be computed with
	KindTransaction   Kind = "transaction"    // the transaction has failed before, or is in no state for this
	KindStale         Kind = "stale"          // what was prepared does not fit the database any more
	KindUnsupported   Kind = "unsupported"    // the database or the driver cannot do that
	KindProtocol      Kind = "protocol"       // driver and server do not understand each other, or calls came out of order, or frames are not what they should be
	KindConfig        Kind = "config"         // no such driver, data source, server or database
	KindCorrupt       Kind = "corrupt"        // the database is damaged
	KindUser          Kind = "user"           // raised by code in the database
)

// Outcome says what the database has done.
type Outcome uint8

// The outcomes.
const (
	OutcomeUnknown        Outcome = iota // nobody can tell
	NotSent                              // nothing was sent
	NotExecuted                          // the statement was sent, and did nothing
	StatementRolledBack                  // what the statement did is undone; the transaction goes on
	TransactionRolledBack                // what the transaction did is undone
	Done                                 // it was done
)

// String returns the outcome in words.
func (o Outcome) String() string {
	return [...]string{"unknown", "not sent", "not executed", "statement rolled back", "transaction rolled back", "done"}[o]
}

// Scope says what may be tried again.
type Scope uint8

// The scopes of a retry.
const (
	ScopeNone        Scope = iota
	ScopeStatement         // the statement
	ScopeTransaction       // the transaction from its beginning
	ScopeConnect           // connecting
)

// String returns the scope in words.
func (s Scope) String() string { return [...]string{"none", "statement", "transaction", "connect"}[s] }

// Action says what becomes of the connection.
type Action uint8

// The actions, each more than the one before.
const (
	Keep    Action = iota // it is in order
	Reset                 // its transaction must be ended
	Destroy               // it must not be used again
	Shed                  // nor may those that were idle meanwhile without a check
)

// Phase is what was being done when an error came.
type Phase uint8

// The phases.
const (
	AnyPhase Phase = iota
	Connecting
	Preparing
	Binding
	Executing
	Fetching
	Committing
)

// String returns the phase in words, "" for any.
func (p Phase) String() string {
	return [...]string{"", "connect", "prepare", "bind", "execute", "fetch", "commit"}[p]
}

// Record is a diagnostic record.
type Record struct {
	State   string
	Native  int32
	Message string
}

// Fault is a row of a table of errors: what a diagnostic record means that fits all
// that the row names.
type Fault struct {
	States  string  // SQLSTATEs, or classes of two characters, apart by spaces; "" for any
	Natives []int32 // codes of the database; nil for any
	Text    string  // a part of the message in lower case, as the last resort; "" for any
	Phase   Phase
	Class
}

// weight orders the rows that fit a record: a row that names more is more to be
// believed. It is 0 where the row does not fit.
func (f *Fault) weight(phase Phase, r Record) int {
	weight := 1
	if f.Phase != AnyPhase {
		if f.Phase != phase {
			return 0
		}
		weight++
	}
	if f.States != "" {
		state := stateWeight(f.States, r.State)
		if state == 0 {
			return 0
		}
		weight += state
	}
	if f.Natives != nil {
		if !slices.Contains(f.Natives, r.Native) {
			return 0
		}
		weight += 16
	}
	if f.Text != "" {
		if !strings.Contains(strings.ToLower(r.Message), f.Text) {
			return 0
		}
		weight += 32
	}
	return weight
}

// stateWeight returns 8 for one of the states, 2 for one of the classes, 0 for none.
func stateWeight(states, state string) int {
	weight := 0
	for word := range strings.FieldsSeq(states) {
		switch {
		case word == state:
			return 8
		case len(word) == 2 && strings.HasPrefix(state, word):
			weight = 2
		}
	}
	return weight
}

// Classify says what the diagnostic records of a failed call mean. All of them are
// looked at, for the first is not always the one that tells; of rows that fit, the
// one that names most has the word, and a plugin's own before the common ones.
func (p *Plugin) Classify(phase Phase, records []Record) Class {
	best, class := 0, unknownFault
	for _, r := range records {
		for i, table := range [][]Fault{p.Faults, commonFaults} {
			for k := range table {
				weight := 2 * table[k].weight(phase, r)
				if weight > 0 && i == 0 {
					weight++ // the plugin's own
				}
				if weight > best {
					best, class = weight, table[k].Class
				}
			}
		}
	}
	if phase == Connecting {
		if class.Category == ConnectionLost { // what was never there
			class = connectClass
		}
		class.Outcome = NotSent
	}
	if phase == Committing && class.Outcome == StatementRolledBack { // the statement is the whole
		class.Outcome = TransactionRolledBack
		if class.Scope == ScopeStatement {
			class.Scope = ScopeTransaction
		}
	}
	return class
}

// unknownFault is the class of an error that no table knows.
var unknownFault = Class{Fatal, KindUnknown, OutcomeUnknown, ScopeNone, Destroy}

// The classes that several rows have.
var (
	lostClass    = Class{ConnectionLost, KindConnection, OutcomeUnknown, ScopeNone, Shed}
	idleClass    = Class{ConnectionLost, KindConnection, TransactionRolledBack, ScopeTransaction, Shed}
	connectClass = Class{Transient, KindConnect, NotSent, ScopeConnect, Destroy}
	slowClass    = Class{Transient, KindDeadline, NotSent, ScopeConnect, Destroy}
	configClass  = Class{Fatal, KindConfig, NotSent, ScopeNone, Destroy}
	authClass    = Class{Fatal, KindAuth, NotSent, ScopeNone, Destroy}
	fullClass    = Class{Transient, KindCapacity, NotSent, ScopeConnect, Destroy}
	bugClass     = Class{Fatal, KindProtocol, NotExecuted, ScopeNone, Destroy}
	busyClass    = Class{Transient, KindCapacity, StatementRolledBack, ScopeStatement, Keep}
	diskClass    = Class{Fatal, KindDiskFull, StatementRolledBack, ScopeNone, Keep}
)

// invalid is the class of a statement that is at fault itself.
func invalid(k Kind) Class { return Class{Validation, k, StatementRolledBack, ScopeNone, Keep} }

// again is the class of a transaction that may be tried again.
func again(k Kind) Class { return Class{Transient, k, TransactionRolledBack, ScopeTransaction, Reset} }

// waited is the class of a statement that may be tried again.
func waited(k Kind) Class { return Class{Transient, k, StatementRolledBack, ScopeStatement, Keep} }

// commonFaults are the SQLSTATEs of ODBC 3 (Appendix A), of SQL, and those that
// PostgreSQL passes on. Most of the last are no other database's.
var commonFaults = []Fault{
	{States: "07", Class: invalid(KindProtocol)},
	{States: "07002", Class: Class{Validation, KindProtocol, StatementRolledBack, ScopeNone, Destroy}}, // or MariaDB's driver is out of step
	{States: "07006", Class: invalid(KindData)},
	{States: "21", Class: invalid(KindSyntax)},
	{States: "21000 22", Class: invalid(KindData)},
	{States: "23 2B", Class: invalid(KindConstraint)},
	{States: "23502", Class: invalid(KindNotNull)},
	{States: "23503 23001", Class: invalid(KindForeignKey)},
	{States: "23505", Class: invalid(KindUnique)},
	{States: "23514 23P01 44", Class: invalid(KindCheck)},
	{States: "42 37", Class: invalid(KindSyntax)},
	{States: "42S01 42S02 42S11 42S12 42S21 42S22 42P01 42P02 42P06 42P07 42P09 42701 42702 42703 42704 42710 42723 42725 42883 S0 3D 3F", Class: invalid(KindUnknownObject)},
	{States: "42501 0L 0P", Class: invalid(KindPermission)},
	{States: "0A 54", Class: invalid(KindUnsupported)},
	{States: "P0 45 20 2F 38 39 HV", Class: invalid(KindUser)},

	{States: "01002", Class: lostClass},
	{States: "08", Class: lostClass},
	{States: "08P01", Class: Class{ConnectionLost, KindProtocol, OutcomeUnknown, ScopeNone, Shed}},
	{States: "08003", Class: Class{ConnectionLost, KindConnection, NotExecuted, ScopeNone, Shed}},
	{States: "08002", Class: bugClass},
	{States: "HYT01", Class: lostClass},
	{States: "IM", Class: configClass},
	{States: "01000", Phase: Connecting, Text: "can't open lib", Class: configClass}, // of unixODBC
	{States: "IM001 HYC00 S1C00", Class: invalid(KindUnsupported)},
	{States: "IMC01 IMC02 IMC03 IMC04 IMC05 IMC06", Class: lostClass},
	{States: "28 28000 28P01", Class: authClass},

	{States: "24 34 HY S1", Class: bugClass},
	{States: "HY000 S1000", Class: unknownFault},
	{States: "HY001 HY013 HY014 S1001", Class: Class{Fatal, KindCapacity, OutcomeUnknown, ScopeNone, Destroy}},
	{States: "HY008 HY018 S1008", Class: Class{Fatal, KindCancelled, StatementRolledBack, ScopeNone, Destroy}},
	{States: "HY003 HY004 HY009 HY090 HY091 HY092 HY093 HY094 HY095 HY096 HY097 HY098 HY099 HY100 HY101 HY103 HY104 HY105 HY106 HY107 HY109 HY110 HY111", Class: Class{Validation, KindProtocol, NotExecuted, ScopeNone, Keep}},
	{States: "S1003 S1004 S1009 S1090 S1091 S1092 S1096 S1097 S1098 S1099 S1100 S1101 S1103 S1104 S1105 S1106 S1107 S1109 S1110 S1111", Class: Class{Validation, KindProtocol, NotExecuted, ScopeNone, Keep}},
	{States: "HY117", Class: Class{Fatal, KindTransaction, OutcomeUnknown, ScopeNone, Destroy}},
	{States: "HYT00 S1T00", Class: Class{Transient, KindDeadline, OutcomeUnknown, ScopeNone, Destroy}},
	{States: "HYT00 S1T00", Phase: Connecting, Class: slowClass},

	{States: "25 2D 3B", Class: Class{Fatal, KindTransaction, NotExecuted, ScopeNone, Reset}},
	{States: "25006", Class: Class{Validation, KindReadOnly, NotExecuted, ScopeNone, Reset}},
	{States: "25S01", Class: Class{Fatal, KindTransaction, OutcomeUnknown, ScopeNone, Destroy}},
	{States: "25S03", Class: Class{Fatal, KindTransaction, TransactionRolledBack, ScopeTransaction, Reset}},
	{States: "25P03 57P05", Class: idleClass},
	{States: "26000 42P05", Class: Class{Transient, KindStale, NotExecuted, ScopeStatement, Keep}},

	{States: "40 40001", Class: again(KindSerialization)},
	{States: "40P01", Class: again(KindDeadlock)},
	{States: "40002", Class: Class{Validation, KindConstraint, TransactionRolledBack, ScopeNone, Reset}},
	{States: "40003", Class: Class{Fatal, KindTransaction, OutcomeUnknown, ScopeNone, Destroy}},
	{States: "40000", Class: Class{Fatal, KindTransaction, TransactionRolledBack, ScopeTransaction, Reset}},
	{States: "72000", Class: again(KindSerialization)},
	{States: "55P03", Class: waited(KindLockTimeout)},
	{States: "55", Class: Class{Fatal, KindTransaction, StatementRolledBack, ScopeNone, Keep}},

	{States: "53", Class: busyClass},
	{States: "53", Phase: Connecting, Class: fullClass},
	{States: "53100", Class: diskClass},
	{States: "57014", Class: Class{Fatal, KindCancelled, StatementRolledBack, ScopeNone, Keep}},
	{States: "57P01 57P02", Class: lostClass},
	{States: "57P03", Class: connectClass},
	{States: "57P04", Class: Class{Fatal, KindConfig, OutcomeUnknown, ScopeNone, Destroy}},
	{States: "58000 58030", Class: Class{Transient, KindCapacity, StatementRolledBack, ScopeStatement, Destroy}},
	{States: "58 XX", Class: Class{Fatal, KindCorrupt, OutcomeUnknown, ScopeNone, Destroy}},
	{States: "XX000", Class: Class{Fatal, KindUnknown, OutcomeUnknown, ScopeNone, Destroy}},
	{States: "F0", Class: configClass},
}
