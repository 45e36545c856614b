package odbc

import (
	"fmt"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/internal/odbc/sys"
)

// maxRecords bounds the diagnostics read of one call: a driver may have
// thousands, and a broken one never says NO_DATA.
const maxRecords = 64

// Record is a diagnostic record. The numbers of row and column that belong to it
// are not asked for: of sqliteodbc 0.9998 they are what the memory held before.
type Record struct {
	State   string // SQLSTATE, five characters
	Native  int32  // the database's own code
	Message string
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
		e.add(Record{State: state, Native: native, Message: message})
	}
	for i, r := range e.Records { // unixODBC 2.3.11 cuts sqliteodbc's after 512 bytes
		e.Records[i].Message = strings.ToValidUTF8(r.Message, "")
	}
	return e
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
