package odbc

import (
	"fmt"
	"math"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/internal/odbc/sys"
)

// maxRecords bounds the diagnostics read of one call: a driver may have
// thousands, and a broken one never says NO_DATA.
const maxRecords = 64

// Record is a diagnostic record.
type Record struct {
	State   string // SQLSTATE, five characters
	Native  int32  // the database's own code
	Message string
	// Row and Column count from 1; 0 is none, or unknown. A row is one of the rowset or
	// of the parameter set.
	Row, Column int64
}

// Error is a call that failed, with all its diagnostic records.
type Error struct {
	Call    string // the ODBC function
	Return  sys.Return
	Records []Record
}

// newError reads the diagnostics of h. It must be called before any other call
// on the handle: unixODBC replaces them by those of the next call.
func newError(call string, ret sys.Return, handleType int16, h sys.Handle) *Error {
	e := &Error{Call: call, Return: ret}
	if ret == sys.InvalidHandle {
		return e // there is nothing to ask
	}
	for n := 1; n <= maxRecords; n++ {
		state, native, message, ret := sys.DiagRec(handleType, h, n)
		if !ret.OK() {
			break
		}
		e.add(Record{
			State: state, Native: native, Message: message,
			Row: place(handleType, h, n, sys.DiagRowNumber), Column: place(handleType, h, n, sys.DiagColumnNumber),
		})
	}
	for i, r := range e.Records { // unixODBC 2.3.11 cuts sqliteodbc's after 512 bytes
		e.Records[i].Message = strings.ToValidUTF8(r.Message, "")
	}
	return e
}

// place returns the row or column number of record n of a statement, 0 where there
// is none. A driver may answer success without writing one.
func place(handleType int16, h sys.Handle, n int, field int16) int64 {
	if handleType != sys.HandleStmt {
		return 0
	}
	const unwritten int64 = 0x5afe5afe_5afe5afe
	value, ret := sys.GetDiagFieldInt(handleType, h, n, field, unwritten)
	if !ret.OK() || value == unwritten {
		return 0
	}
	if value>>32 == unwritten>>32 { // 32 bits were written
		value = int64(int32(value))
	}
	if value > math.MaxInt32 { // which no driver has rows for
		return 0
	}
	return max(value, 0) // -1 is no row, -2 an unknown one
}

// withoutPlaces takes rows and columns away, see NoPlaces.
func (e *Error) withoutPlaces() {
	for i := range e.Records {
		e.Records[i].Row, e.Records[i].Column = 0, 0
	}
}

// pieceLength is the bytes of the pieces, a record each, into which psqlODBC 13.02
// cuts a long message.
const pieceLength = 511

// add adds a record, to the last one if that was cut.
func (e *Error) add(r Record) {
	if len(e.Records) > 0 {
		last := &e.Records[len(e.Records)-1]
		whole := len(last.Message) == 0 || len(last.Message)%pieceLength != 0
		if !whole && last.State == r.State && last.Native == r.Native {
			last.Message += r.Message
			return
		}
	}
	e.Records = append(e.Records, r)
}

// Error gives the call and the messages of all records.
func (e *Error) Error() string {
	if len(e.Records) == 0 {
		return fmt.Sprintf("%s returned %d without a diagnostic record", e.Call, e.Return)
	}
	texts := make([]string, len(e.Records))
	for i, r := range e.Records {
		texts[i] = fmt.Sprintf("%s (SQLSTATE %s, native %d)", strings.TrimSpace(r.Message), r.State, r.Native)
	}
	return e.Call + ": " + strings.Join(texts, "; ")
}
