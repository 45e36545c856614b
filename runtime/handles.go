package runtime

import "github.com/odbcgen/odbcgen/runtime/internal/odbc"

// Handles returns the number of ODBC connections and statements that this process
// has open now. After the Close of all databases both are 0, unless a driver holds
// on to a call.
func Handles() (connections, statements int64) { return odbc.Live() }
