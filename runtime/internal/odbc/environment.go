// Package odbc holds ODBC handles and their state: connections, prepared
// statements, bound parameters and rowsets, cancellation. It speaks return codes
// and diagnostic records; what an error means, and what a driver is known to get
// wrong, its callers know.
//
// A Conn and its statements are for one goroutine at a time. All memory that a
// driver may write to is pinned for as long as it may.
package odbc

import (
	"strings"
	"sync"

	"github.com/odbcgen/odbcgen/runtime/internal/odbc/sys"
)

// environment is the process's one ODBC environment. It is never freed: a
// driver may hold threads and statics that outlive any connection.
var environment = sync.OnceValues(func() (sys.Handle, error) {
	env, ret := sys.AllocHandle(sys.HandleEnv, noHandle)
	if !ret.OK() {
		return env, &Error{Call: "SQLAllocHandle(ENV)", Return: ret}
	}
	// Asking for 3.80 makes older drivers answer with a warning (SQLite,
	// psqlodbc 13); nothing of 3.80 is used.
	if ret := sys.SetEnvAttr(env, sys.AttrODBCVersion, sys.ODBC3); !ret.OK() {
		return env, newError("SQLSetEnvAttr(ODBC_VERSION)", ret, sys.HandleEnv, env)
	}
	return env, nil
})

var noHandle sys.Handle

// environmentMu guards the enumerations below, which keep their place in the
// environment.
var environmentMu sync.Mutex

// Source is a driver or a data source that the driver manager knows.
type Source struct {
	Name   string
	Driver string // the library of a driver; the driver of a data source
}

// Drivers returns the installed drivers.
func Drivers() ([]Source, error) {
	return enumerate("SQLDrivers", func(env sys.Handle, direction uint16) (Source, sys.Return) {
		name, attributes, ret := sys.Drivers(env, direction)
		source := Source{Name: name}
		for attribute := range strings.SplitSeq(attributes, "\x00") {
			if key, value, _ := strings.Cut(attribute, "="); strings.EqualFold(key, "Driver") {
				source.Driver = value
			}
		}
		return source, ret
	})
}

// DataSources returns the configured data sources of user and system.
func DataSources() ([]Source, error) {
	return enumerate("SQLDataSources", func(env sys.Handle, direction uint16) (Source, sys.Return) {
		name, driver, ret := sys.DataSources(env, direction)
		return Source{Name: name, Driver: driver}, ret
	})
}

func enumerate(call string, next func(sys.Handle, uint16) (Source, sys.Return)) ([]Source, error) {
	env, err := environment()
	if err != nil {
		return nil, err
	}
	environmentMu.Lock()
	defer environmentMu.Unlock()
	var all []Source
	for direction := sys.FetchFirst; ; direction = sys.FetchNext {
		source, ret := next(env, direction)
		if ret == sys.NoData {
			return all, nil
		}
		if !ret.OK() {
			return all, newError(call, ret, sys.HandleEnv, env)
		}
		all = append(all, source)
	}
}

// Live returns the number of connection and statement handles now allocated by
// this process, for tests that count leaks.
func Live() (connections, statements int64) {
	return sys.Live(sys.HandleDBC), sys.Live(sys.HandleStmt)
}
