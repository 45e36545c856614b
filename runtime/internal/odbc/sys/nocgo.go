//go:build !cgo && !windows

// Package sys needs cgo on unix.
package sys

// This line does not compile, so that the compiler says what is missing.
const _ int = "odbcgen reaches ODBC through cgo on unix: install gcc and the unixODBC headers (Debian: apt-get install gcc unixodbc-dev) and build with CGO_ENABLED=1"
