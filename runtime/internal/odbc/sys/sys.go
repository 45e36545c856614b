//go:build cgo || windows

// Package sys is the ODBC C interface under its own names: the calls that
// github.com/alexbrainman/odbc/api binds, and those that it lacks. Every call
// returns ODBC's return code; nothing here turns one into an error, keeps
// state beyond a count of live handles, or knows a driver.
//
// Text is UTF-8 in Go strings. On unix it travels through the narrow calls:
// drivers without wide entry points (Debian's SQLite driver, psqlodbca) lose
// every character above U+00FF in the driver manager's conversion, because a Go
// process runs in the "C" locale. On Windows it travels through the wide calls.
package sys

import (
	"sync/atomic"
	"unsafe"

	"github.com/alexbrainman/odbc/api"
)

// Handle is an environment, connection or statement handle.
type Handle = api.SQLHANDLE

// Return is a return code.
type Return int16

// Indicators and row counts are shared with Go code as int64: this line stops
// the build where SQLLEN is not 64 bits wide.
var _ = [1]struct{}{}[unsafe.Sizeof(api.SQLLEN(0))-8]

// live counts the handles allocated and not yet freed, by handle type.
var live [4]atomic.Int64

// Live returns how many handles of the type are allocated.
func Live(handleType int16) int64 { return live[handleType].Load() }

// AllocHandle is SQLAllocHandle. The parent of an environment is the zero Handle.
func AllocHandle(handleType int16, parent Handle) (Handle, Return) {
	var h Handle
	ret := api.SQLAllocHandle(api.SQLSMALLINT(handleType), parent, &h)
	if Return(ret).OK() {
		live[handleType].Add(1)
	}
	return h, Return(ret)
}

// FreeHandle is SQLFreeHandle.
func FreeHandle(handleType int16, h Handle) Return {
	ret := Return(api.SQLFreeHandle(api.SQLSMALLINT(handleType), h))
	if ret.OK() {
		live[handleType].Add(-1)
	}
	return ret
}

// OK reports whether the call did what was asked, with or without information.
func (r Return) OK() bool { return r == Success || r == SuccessWithInfo }

// Disconnect is SQLDisconnect.
func Disconnect(dbc Handle) Return { return Return(api.SQLDisconnect(api.SQLHDBC(dbc))) }

// EndTran is SQLEndTran on a connection.
func EndTran(dbc Handle, completion int16) Return {
	return Return(api.SQLEndTran(api.SQLSMALLINT(HandleDBC), dbc, api.SQLSMALLINT(completion)))
}

// SetEnvAttr is SQLSetEnvAttr with an integer value.
func SetEnvAttr(env Handle, attr int32, value uintptr) Return {
	return Return(api.SQLSetEnvUIntPtrAttr(api.SQLHENV(env), api.SQLINTEGER(attr), value, 0))
}

// SetConnectAttr is SQLSetConnectAttr with an integer value.
func SetConnectAttr(dbc Handle, attr int32, value uintptr) Return {
	return Return(api.SQLSetConnectUIntPtrAttr(api.SQLHDBC(dbc), api.SQLINTEGER(attr), value, api.SQL_IS_UINTEGER))
}

// Execute is SQLExecute.
func Execute(stmt Handle) Return { return Return(api.SQLExecute(api.SQLHSTMT(stmt))) }

// Cancel is SQLCancel, the one call that may be made while another one runs on
// the same statement.
func Cancel(stmt Handle) Return { return Return(api.SQLCancel(api.SQLHSTMT(stmt))) }

// MoreResults is SQLMoreResults.
func MoreResults(stmt Handle) Return { return Return(api.SQLMoreResults(api.SQLHSTMT(stmt))) }

// NumParams is SQLNumParams.
func NumParams(stmt Handle) (int, Return) {
	var n api.SQLSMALLINT
	ret := api.SQLNumParams(api.SQLHSTMT(stmt), &n)
	return int(n), Return(ret)
}

// NumResultCols is SQLNumResultCols; 0 columns make a statement without rows.
func NumResultCols(stmt Handle) (int, Return) {
	var n api.SQLSMALLINT
	ret := api.SQLNumResultCols(api.SQLHSTMT(stmt), &n)
	return int(n), Return(ret)
}

// RowCount is SQLRowCount.
func RowCount(stmt Handle) (int64, Return) {
	var n api.SQLLEN
	ret := api.SQLRowCount(api.SQLHSTMT(stmt), &n)
	return int64(n), Return(ret)
}

// Description is what SQLDescribeCol and SQLDescribeParam tell.
type Description struct {
	Name     string // of a column; parameters have none
	Type     int16  // SQL type code
	Size     uint64 // in characters or digits, bytes for binary types; drivers differ
	Digits   int16  // scale, or digits of a second's fraction
	Nullable int16  // NoNulls, Nullable or NullableUnknown
}

// DescribeParam is SQLDescribeParam; parameters count from 1.
func DescribeParam(stmt Handle, n int) (Description, Return) {
	var (
		dataType, digits, nullable api.SQLSMALLINT
		size                       api.SQLULEN
	)
	ret := api.SQLDescribeParam(api.SQLHSTMT(stmt), api.SQLUSMALLINT(n), &dataType, &size, &digits, &nullable)
	return Description{Type: int16(dataType), Size: uint64(size), Digits: int16(digits), Nullable: int16(nullable)}, Return(ret)
}

// BindCol is SQLBindCol; columns count from 1. The driver writes to cell and
// indicator at every Fetch until the column is unbound: both must stay where
// they are and be kept alive that long.
func BindCol(stmt Handle, n int, cType int16, cell unsafe.Pointer, width int, indicator *int64) Return {
	return Return(api.SQLBindCol(api.SQLHSTMT(stmt), api.SQLUSMALLINT(n), api.SQLSMALLINT(cType),
		api.SQLPOINTER(cell), api.SQLLEN(width), (*api.SQLLEN)(unsafe.Pointer(indicator))))
}

// BindParameter is SQLBindParameter; parameters count from 1. The driver reads or
// writes cell and indicator, as the direction says, at every Execute until parameters
// are reset: both must stay where they are and be kept alive that long.
func BindParameter(stmt Handle, n int, direction, cType, sqlType int16, size uint64, digits int16, cell unsafe.Pointer, width int, indicator *int64) Return {
	return Return(api.SQLBindParameter(api.SQLHSTMT(stmt), api.SQLUSMALLINT(n), api.SQLSMALLINT(direction),
		api.SQLSMALLINT(cType), api.SQLSMALLINT(sqlType), api.SQLULEN(size), api.SQLSMALLINT(digits),
		api.SQLPOINTER(cell), api.SQLLEN(width), (*api.SQLLEN)(unsafe.Pointer(indicator))))
}

// RowColumn says where the cells of a column come from and go to when rows are
// fetched one by one. Everything that it points at must be pinned.
type RowColumn struct {
	Slot    unsafe.Pointer // bound, as Length is
	Length  *int64
	Cells   unsafe.Pointer // of all rows
	Lengths *int64
	Width   int // bytes of a cell
	Whole   int // the longest cell that the slot holds in full
}

// GetData is SQLGetData into buf, whose capacity must not be 0; the indicator is
// the length that was left before the call, Null or NoTotal.
func GetData(stmt Handle, n int, cType int16, buf []byte) (indicator int64, ret Return) {
	var ind api.SQLLEN
	r := api.SQLGetData(api.SQLHSTMT(stmt), api.SQLUSMALLINT(n), api.SQLSMALLINT(cType),
		api.SQLPOINTER(unsafe.Pointer(unsafe.SliceData(buf))), api.SQLLEN(len(buf)), &ind)
	return int64(ind), Return(r)
}
