package sys

import (
	"unicode/utf16"
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	odbc32 = windows.NewLazySystemDLL("odbc32.dll")

	procDriverConnect    = odbc32.NewProc("SQLDriverConnectW")
	procExecDirect       = odbc32.NewProc("SQLExecDirectW")
	procPrepare          = odbc32.NewProc("SQLPrepareW")
	procFreeStmt         = odbc32.NewProc("SQLFreeStmt")
	procSetStmtAttr      = odbc32.NewProc("SQLSetStmtAttrW")
	procGetConnectAttr   = odbc32.NewProc("SQLGetConnectAttrW")
	procFetch            = odbc32.NewProc("SQLFetch")
	procBindParameter    = odbc32.NewProc("SQLBindParameter")
	procParamData        = odbc32.NewProc("SQLParamData")
	procPutData          = odbc32.NewProc("SQLPutData")
	procFetchScroll      = odbc32.NewProc("SQLFetchScroll")
	procSetPos           = odbc32.NewProc("SQLSetPos")
	procDescribeCol      = odbc32.NewProc("SQLDescribeColW")
	procColAttribute     = odbc32.NewProc("SQLColAttributeW")
	procGetInfo          = odbc32.NewProc("SQLGetInfoW")
	procGetFunctions     = odbc32.NewProc("SQLGetFunctions")
	procGetDiagRec       = odbc32.NewProc("SQLGetDiagRecW")
	procGetDiagField     = odbc32.NewProc("SQLGetDiagFieldW")
	procDrivers          = odbc32.NewProc("SQLDriversW")
	procDataSources      = odbc32.NewProc("SQLDataSourcesW")
	procColumns          = odbc32.NewProc("SQLColumnsW")
	procTables           = odbc32.NewProc("SQLTablesW")
	procPrimaryKeys      = odbc32.NewProc("SQLPrimaryKeysW")
	procForeignKeys      = odbc32.NewProc("SQLForeignKeysW")
	procStatistics       = odbc32.NewProc("SQLStatisticsW")
	procProcedures       = odbc32.NewProc("SQLProceduresW")
	procProcedureColumns = odbc32.NewProc("SQLProcedureColumnsW")
	procGetTypeInfo      = odbc32.NewProc("SQLGetTypeInfoW")
)

// Lengths that say what kind of argument stands before them.
const (
	isPointer  = ^uintptr(3) // SQL_IS_POINTER, -4
	isUInteger = ^uintptr(4) // SQL_IS_UINTEGER, -5
	terminated = ^uintptr(2) // SQL_NTS, -3
)

// ret takes a return code from what LazyProc.Call answers. Pointers must be
// converted in the argument list of Call itself, which keeps them alive.
func ret(r, _ uintptr, _ error) Return { return Return(int16(r)) }

// wide returns s as UTF-16 with an ending zero. Text with a zero inside is
// refused before it comes here; nil stands for it.
func wide(s string) *uint16 {
	p, err := windows.UTF16PtrFromString(s)
	if err != nil {
		return nil
	}
	return p
}

// DriverConnect is SQLDriverConnect without prompting.
func DriverConnect(dbc Handle, connection string) Return {
	out := make([]uint16, 4096)
	var completed int16
	return ret(procDriverConnect.Call(uintptr(dbc), 0, uintptr(unsafe.Pointer(wide(connection))), terminated,
		uintptr(unsafe.Pointer(&out[0])), uintptr(len(out)), uintptr(unsafe.Pointer(&completed)), uintptr(DriverNoPrompt)))
}

// ExecDirect is SQLExecDirect.
func ExecDirect(stmt Handle, sql string) Return {
	return ret(procExecDirect.Call(uintptr(stmt), uintptr(unsafe.Pointer(wide(sql))), terminated))
}

// Prepare is SQLPrepare.
func Prepare(stmt Handle, sql string) Return {
	return ret(procPrepare.Call(uintptr(stmt), uintptr(unsafe.Pointer(wide(sql))), terminated))
}

// FreeStmt is SQLFreeStmt: it closes the cursor, unbinds the columns or resets
// the parameters, and frees no handle.
func FreeStmt(stmt Handle, option uint16) Return {
	return ret(procFreeStmt.Call(uintptr(stmt), uintptr(option)))
}

// SetStmtAttr is SQLSetStmtAttr with an integer value.
func SetStmtAttr(stmt Handle, attr int32, value uintptr) Return {
	return ret(procSetStmtAttr.Call(uintptr(stmt), uintptr(attr), value, isUInteger))
}

// SetStmtAttrPtr is SQLSetStmtAttr with an address that the driver keeps: what
// it points at must stay where it is until the attribute is set to nil.
func SetStmtAttrPtr(stmt Handle, attr int32, p unsafe.Pointer) Return {
	return ret(procSetStmtAttr.Call(uintptr(stmt), uintptr(attr), uintptr(p), isPointer))
}

// GetConnectAttr is SQLGetConnectAttr of an integer attribute.
func GetConnectAttr(dbc Handle, attr int32) (uint32, Return) {
	var value uint32
	r := ret(procGetConnectAttr.Call(uintptr(dbc), uintptr(attr), uintptr(unsafe.Pointer(&value)), isUInteger, 0))
	return value, r
}

// BindAtExecution is SQLBindParameter for input whose value is sent by PutData;
// parameters count from 1. The driver reads indicator, which is AtExecution or
// Null, at every Execute until parameters are reset: it must stay where it is.
func BindAtExecution(stmt Handle, n int, cType, sqlType int16, size uint64, indicator *int64) Return {
	const input = 1 // SQL_PARAM_INPUT
	return ret(procBindParameter.Call(uintptr(stmt), uintptr(n), input, uintptr(cType), uintptr(sqlType),
		uintptr(size), 0, uintptr(n), 0, uintptr(unsafe.Pointer(indicator))))
}

// ParamData is SQLParamData: with NeedData, parameter n is to be sent.
func ParamData(stmt Handle) (n int, r Return) {
	var token uintptr
	r = ret(procParamData.Call(uintptr(stmt), uintptr(unsafe.Pointer(&token))))
	return int(token), r
}

// PutData is SQLPutData of a piece, whose capacity must not be 0.
func PutData(stmt Handle, piece []byte) Return {
	return ret(procPutData.Call(uintptr(stmt), uintptr(unsafe.Pointer(unsafe.SliceData(piece))), uintptr(len(piece))))
}

// FetchScroll is SQLFetchScroll.
func FetchScroll(stmt Handle, orientation uint16, offset int64) Return {
	return ret(procFetchScroll.Call(uintptr(stmt), uintptr(orientation), uintptr(offset)))
}

// FetchRows calls SQLFetch for the rows from one number to before another, and
// takes each to its place. It stops behind a row with a cell that its slot has cut.
func FetchRows(stmt Handle, columns []RowColumn, from, to int) (next int, cut bool, r Return) {
	for next = from; next < to && !cut; next++ {
		if r = ret(procFetch.Call(uintptr(stmt))); !r.OK() {
			return next, false, r
		}
		for _, c := range columns {
			cut = c.take(next) || cut
		}
	}
	return next, cut, Success
}

// take takes a cell to its row, and reports whether it was cut.
func (c RowColumn) take(row int) (cut bool) {
	unsafe.Slice(c.Lengths, row+1)[row] = *c.Length
	bytes := int(*c.Length)
	if cut = *c.Length == NoTotal || bytes > c.Whole; cut {
		bytes = c.Width
	}
	if bytes > 0 {
		copy(unsafe.Slice((*byte)(c.Cells), (row+1)*c.Width)[row*c.Width:], unsafe.Slice((*byte)(c.Slot), bytes))
	}
	return cut
}

// SetPos is SQLSetPos to a row of the block, from 1.
func SetPos(stmt Handle, row int) Return {
	const position, lockNoChange = 0, 0
	return ret(procSetPos.Call(uintptr(stmt), uintptr(row), position, lockNoChange))
}

// DescribeCol is SQLDescribeCol; columns count from 1.
func DescribeCol(stmt Handle, n int) (Description, Return) {
	var (
		dataType, digits, nullable int16
		size                       uint64
	)
	name, r := wideText(1, func(buf *uint16, room int16, length *int16) Return {
		return ret(procDescribeCol.Call(uintptr(stmt), uintptr(n), uintptr(unsafe.Pointer(buf)), uintptr(room), uintptr(unsafe.Pointer(length)),
			uintptr(unsafe.Pointer(&dataType)), uintptr(unsafe.Pointer(&size)), uintptr(unsafe.Pointer(&digits)), uintptr(unsafe.Pointer(&nullable))))
	})
	return Description{Name: name, Type: dataType, Size: size, Digits: digits, Nullable: nullable}, r
}

// wideText calls a function that writes text, again with more room where the
// first buffer was too small. Calls count room and length in characters (unit
// 1) or in bytes (unit 2).
func wideText(unit int, call func(buf *uint16, room int16, length *int16) Return) (string, Return) {
	buf := make([]uint16, 512)
	for {
		var length int16
		r := call(&buf[0], int16(len(buf)*unit), &length)
		if !r.OK() {
			return "", r
		}
		units := max(int(length), 0) / unit
		if units < len(buf) || len(buf) > 15_000 {
			return windows.UTF16ToString(buf[:min(units, len(buf)-1)]), r
		}
		buf = make([]uint16, min(units+1, 16_000))
	}
}

// ColAttributeText is SQLColAttribute of a text field; columns count from 1.
func ColAttributeText(stmt Handle, n int, field uint16) (string, Return) {
	return wideText(2, func(buf *uint16, room int16, length *int16) Return {
		return ret(procColAttribute.Call(uintptr(stmt), uintptr(n), uintptr(field), uintptr(unsafe.Pointer(buf)), uintptr(room), uintptr(unsafe.Pointer(length)), 0))
	})
}

// ColAttributeInt is SQLColAttribute of a number field; columns count from 1.
func ColAttributeInt(stmt Handle, n int, field uint16) (int64, Return) {
	var value int64
	r := ret(procColAttribute.Call(uintptr(stmt), uintptr(n), uintptr(field), 0, 0, 0, uintptr(unsafe.Pointer(&value))))
	return value, r
}

// GetInfoText is SQLGetInfo of a text value.
func GetInfoText(dbc Handle, info uint16) (string, Return) {
	return wideText(2, func(buf *uint16, room int16, length *int16) Return {
		return ret(procGetInfo.Call(uintptr(dbc), uintptr(info), uintptr(unsafe.Pointer(buf)), uintptr(room), uintptr(unsafe.Pointer(length))))
	})
}

// GetInfoInt is SQLGetInfo of a number of 32 bits.
func GetInfoInt(dbc Handle, info uint16) (uint32, Return) {
	var value uint32
	r := ret(procGetInfo.Call(uintptr(dbc), uintptr(info), uintptr(unsafe.Pointer(&value)), unsafe.Sizeof(value), 0))
	return value, r
}

// GetFunctions is SQLGetFunctions of all functions of ODBC 3: a bit for each, by its number.
func GetFunctions(dbc Handle) (bits [250]uint16, r Return) {
	const allFunctions = 999 // SQL_API_ODBC3_ALL_FUNCTIONS
	r = ret(procGetFunctions.Call(uintptr(dbc), allFunctions, uintptr(unsafe.Pointer(&bits[0]))))
	return bits, r
}

// DiagRec is SQLGetDiagRec; records count from 1.
func DiagRec(handleType int16, h Handle, n int) (state string, native int32, message string, r Return) {
	var sqlState [6]uint16
	message, r = wideText(1, func(buf *uint16, room int16, length *int16) Return {
		return ret(procGetDiagRec.Call(uintptr(handleType), uintptr(h), uintptr(n), uintptr(unsafe.Pointer(&sqlState[0])),
			uintptr(unsafe.Pointer(&native)), uintptr(unsafe.Pointer(buf)), uintptr(room), uintptr(unsafe.Pointer(length))))
	})
	return windows.UTF16ToString(sqlState[:]), native, message, r
}

// GetDiagFieldInt is SQLGetDiagField of a number; records count from 1. What the
// driver does not write is left as before: all of it, or the upper half where it
// writes 32 bits.
func GetDiagFieldInt(handleType int16, h Handle, n int, field int16, before int64) (int64, Return) {
	const isInteger = ^uintptr(5) // SQL_IS_INTEGER, -6
	value := before
	r := ret(procGetDiagField.Call(uintptr(handleType), uintptr(h), uintptr(n), uintptr(field), uintptr(unsafe.Pointer(&value)), isInteger, 0))
	return value, r
}

// Drivers is SQLDrivers: name and attributes of the next installed driver. The
// attributes are key=value texts, each with an ending zero.
func Drivers(env Handle, direction uint16) (name, attributes string, r Return) {
	var list [4096]uint16
	var written int16
	name, r = wideText(1, func(buf *uint16, room int16, length *int16) Return {
		return ret(procDrivers.Call(uintptr(env), uintptr(direction), uintptr(unsafe.Pointer(buf)), uintptr(room), uintptr(unsafe.Pointer(length)),
			uintptr(unsafe.Pointer(&list[0])), uintptr(len(list)), uintptr(unsafe.Pointer(&written))))
	})
	return name, string(utf16.Decode(list[:min(max(int(written), 0), len(list)-1)])), r
}

// DataSources is SQLDataSources: name and driver of the next data source.
func DataSources(env Handle, direction uint16) (name, driver string, r Return) {
	var description [512]uint16
	var written int16
	name, r = wideText(1, func(buf *uint16, room int16, length *int16) Return {
		return ret(procDataSources.Call(uintptr(env), uintptr(direction), uintptr(unsafe.Pointer(buf)), uintptr(room), uintptr(unsafe.Pointer(length)),
			uintptr(unsafe.Pointer(&description[0])), uintptr(len(description)), uintptr(unsafe.Pointer(&written))))
	})
	return name, windows.UTF16ToString(description[:]), r
}

// Tables is SQLTables: it opens a result set of the tables of the given types, such as
// "TABLE,VIEW". An empty argument of this and the other catalog functions is NULL.
func Tables(stmt Handle, catalog, schema, table, types string) Return {
	c, s, t, y := optional(catalog), optional(schema), optional(table), optional(types)
	return ret(procTables.Call(uintptr(stmt), uintptr(unsafe.Pointer(c)), terminated, uintptr(unsafe.Pointer(s)), terminated,
		uintptr(unsafe.Pointer(t)), terminated, uintptr(unsafe.Pointer(y)), terminated))
}

// optional is wide, and nil for an empty text.
func optional(s string) *uint16 {
	if s == "" {
		return nil
	}
	return wide(s)
}

// Columns is SQLColumns: it opens a result set of the columns of tables.
func Columns(stmt Handle, catalog, schema, table string) Return {
	c, s, t := optional(catalog), optional(schema), optional(table)
	return ret(procColumns.Call(uintptr(stmt), uintptr(unsafe.Pointer(c)), terminated, uintptr(unsafe.Pointer(s)), terminated,
		uintptr(unsafe.Pointer(t)), terminated, 0, 0))
}

// PrimaryKeys is SQLPrimaryKeys: it opens a result set of the key columns of a
// table.
func PrimaryKeys(stmt Handle, catalog, schema, table string) Return {
	c, s, t := optional(catalog), optional(schema), optional(table)
	return ret(procPrimaryKeys.Call(uintptr(stmt), uintptr(unsafe.Pointer(c)), terminated, uintptr(unsafe.Pointer(s)), terminated,
		uintptr(unsafe.Pointer(t)), terminated))
}

// ForeignKeys is SQLForeignKeys: it opens a result set of the keys of the table that
// refer to others, or with referenced of those of others that refer to it.
func ForeignKeys(stmt Handle, catalog, schema, table string, referenced bool) Return {
	c, s, t := optional(catalog), optional(schema), optional(table)
	if referenced {
		return ret(procForeignKeys.Call(uintptr(stmt), uintptr(unsafe.Pointer(c)), terminated, uintptr(unsafe.Pointer(s)), terminated,
			uintptr(unsafe.Pointer(t)), terminated, 0, 0, 0, 0, 0, 0))
	}
	return ret(procForeignKeys.Call(uintptr(stmt), 0, 0, 0, 0, 0, 0, uintptr(unsafe.Pointer(c)), terminated, uintptr(unsafe.Pointer(s)), terminated,
		uintptr(unsafe.Pointer(t)), terminated))
}

// Statistics is SQLStatistics: it opens a result set of the columns of a table's indexes.
func Statistics(stmt Handle, catalog, schema, table string) Return {
	const all, quick = 1, 0 // SQL_INDEX_ALL, SQL_QUICK
	c, s, t := optional(catalog), optional(schema), optional(table)
	return ret(procStatistics.Call(uintptr(stmt), uintptr(unsafe.Pointer(c)), terminated, uintptr(unsafe.Pointer(s)), terminated,
		uintptr(unsafe.Pointer(t)), terminated, all, quick))
}

// Procedures is SQLProcedures: it opens a result set of procedures and functions.
func Procedures(stmt Handle, catalog, schema, procedure string) Return {
	c, s, p := optional(catalog), optional(schema), optional(procedure)
	return ret(procProcedures.Call(uintptr(stmt), uintptr(unsafe.Pointer(c)), terminated, uintptr(unsafe.Pointer(s)), terminated,
		uintptr(unsafe.Pointer(p)), terminated))
}

// ProcedureColumns is SQLProcedureColumns: it opens a result set of the parameters of
// procedures.
func ProcedureColumns(stmt Handle, catalog, schema, procedure string) Return {
	c, s, p := optional(catalog), optional(schema), optional(procedure)
	return ret(procProcedureColumns.Call(uintptr(stmt), uintptr(unsafe.Pointer(c)), terminated, uintptr(unsafe.Pointer(s)), terminated,
		uintptr(unsafe.Pointer(p)), terminated, 0, 0))
}

// GetTypeInfo is SQLGetTypeInfo: it opens a result set of all types of the database.
func GetTypeInfo(stmt Handle) Return {
	const allTypes = 0 // SQL_ALL_TYPES
	return ret(procGetTypeInfo.Call(uintptr(stmt), allTypes))
}
