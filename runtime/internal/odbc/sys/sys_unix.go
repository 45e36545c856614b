//go:build cgo && !windows

package sys

// #include <stdint.h>
// #include <string.h>
// #include <sql.h>
// #include <sqlext.h>
//
// // Integer attributes travel in a pointer argument. Go must not make a pointer of
// // an integer, so C does.
// static SQLRETURN setStmtAttrInt(SQLHSTMT h, SQLINTEGER attr, uintptr_t value) {
// 	return SQLSetStmtAttr(h, attr, (SQLPOINTER)value, SQL_IS_UINTEGER);
// }
//
// // So do the tokens of parameters that are sent at execution.
// static SQLRETURN bindAtExecution(SQLHSTMT h, SQLUSMALLINT n, SQLSMALLINT cType, SQLSMALLINT sqlType, SQLULEN size, uintptr_t token, SQLLEN *indicator) {
// 	return SQLBindParameter(h, n, SQL_PARAM_INPUT, cType, sqlType, size, 0, (SQLPOINTER)token, 0, indicator);
// }
//
// static SQLRETURN paramData(SQLHSTMT h, uintptr_t *token) {
// 	SQLPOINTER p = NULL;
// 	SQLRETURN ret = SQLParamData(h, &p);
// 	*token = (uintptr_t)p;
// 	return ret;
// }
//
// // rowColumn is RowColumn.
// typedef struct {
// 	char *slot;
// 	SQLLEN *length;
// 	char *cells;
// 	SQLLEN *lengths;
// 	SQLLEN width, whole;
// } rowColumn;
//
// static SQLRETURN fetchRows(SQLHSTMT h, const rowColumn *columns, int count, SQLLEN to, SQLLEN *row, int *cut) {
// 	while (*row < to && !*cut) {
// 		SQLRETURN ret = SQLFetch(h);
// 		if (!SQL_SUCCEEDED(ret))
// 			return ret;
// 		for (const rowColumn *c = columns; c < columns + count; c++) {
// 			SQLLEN length = *c->length, bytes = length;
// 			c->lengths[*row] = length;
// 			if (length == SQL_NO_TOTAL || length > c->whole)
// 				*cut = 1, bytes = c->width;
// 			if (bytes > 0)
// 				memcpy(c->cells + *row * c->width, c->slot, bytes);
// 		}
// 		++*row;
// 	}
// 	return SQL_SUCCESS;
// }
//
// #cgo noescape fetchRows
// #cgo nocallback fetchRows
import "C"

import "unsafe"

// DriverConnect is SQLDriverConnect without prompting.
func DriverConnect(dbc Handle, connection string) Return {
	text, length := narrow(connection)
	var completed C.SQLSMALLINT
	// Drivers that write the completed string without looking at its length
	// exist (MariaDB Connector/ODBC): the buffer is ours and large.
	out := make([]byte, 4096+4*len(connection))
	return Return(C.SQLDriverConnect(C.SQLHDBC(dbc), nil, text, C.SQLSMALLINT(length),
		(*C.SQLCHAR)(unsafe.Pointer(&out[0])), 2048, &completed, C.SQLUSMALLINT(DriverNoPrompt)))
}

// narrow returns s as C text with an ending zero, and its length without it.
func narrow(s string) (*C.SQLCHAR, int) {
	b := append([]byte(s), 0)
	return (*C.SQLCHAR)(unsafe.Pointer(&b[0])), len(s)
}

// ExecDirect is SQLExecDirect.
func ExecDirect(stmt Handle, sql string) Return {
	text, length := narrow(sql)
	return Return(C.SQLExecDirect(C.SQLHSTMT(stmt), text, C.SQLINTEGER(length)))
}

// Prepare is SQLPrepare.
func Prepare(stmt Handle, sql string) Return {
	text, length := narrow(sql)
	return Return(C.SQLPrepare(C.SQLHSTMT(stmt), text, C.SQLINTEGER(length)))
}

// FreeStmt is SQLFreeStmt: it closes the cursor, unbinds the columns or resets
// the parameters, and frees no handle.
func FreeStmt(stmt Handle, option uint16) Return {
	return Return(C.SQLFreeStmt(C.SQLHSTMT(stmt), C.SQLUSMALLINT(option)))
}

// SetStmtAttr is SQLSetStmtAttr with an integer value.
func SetStmtAttr(stmt Handle, attr int32, value uintptr) Return {
	return Return(C.setStmtAttrInt(C.SQLHSTMT(stmt), C.SQLINTEGER(attr), C.uintptr_t(value)))
}

// SetStmtAttrPtr is SQLSetStmtAttr with an address that the driver keeps: what
// it points at must stay where it is until the attribute is set to nil.
func SetStmtAttrPtr(stmt Handle, attr int32, p unsafe.Pointer) Return {
	return Return(C.SQLSetStmtAttr(C.SQLHSTMT(stmt), C.SQLINTEGER(attr), C.SQLPOINTER(p), C.SQL_IS_POINTER))
}

// GetConnectAttr is SQLGetConnectAttr of an integer attribute.
func GetConnectAttr(dbc Handle, attr int32) (uint32, Return) {
	var value C.SQLUINTEGER
	ret := C.SQLGetConnectAttr(C.SQLHDBC(dbc), C.SQLINTEGER(attr), C.SQLPOINTER(unsafe.Pointer(&value)), C.SQL_IS_UINTEGER, nil)
	return uint32(value), Return(ret)
}

// BindAtExecution is SQLBindParameter for input whose value is sent by PutData;
// parameters count from 1. The driver reads indicator, which is AtExecution or
// Null, at every Execute until parameters are reset: it must stay where it is.
func BindAtExecution(stmt Handle, n int, cType, sqlType int16, size uint64, indicator *int64) Return {
	return Return(C.bindAtExecution(C.SQLHSTMT(stmt), C.SQLUSMALLINT(n), C.SQLSMALLINT(cType), C.SQLSMALLINT(sqlType),
		C.SQLULEN(size), C.uintptr_t(n), (*C.SQLLEN)(unsafe.Pointer(indicator))))
}

// ParamData is SQLParamData: with NeedData, parameter n is to be sent.
func ParamData(stmt Handle) (n int, ret Return) {
	var token C.uintptr_t
	ret = Return(C.paramData(C.SQLHSTMT(stmt), &token))
	return int(token), ret
}

// PutData is SQLPutData of a piece, whose capacity must not be 0.
func PutData(stmt Handle, piece []byte) Return {
	return Return(C.SQLPutData(C.SQLHSTMT(stmt), C.SQLPOINTER(unsafe.Pointer(unsafe.SliceData(piece))), C.SQLLEN(len(piece))))
}

// FetchScroll is SQLFetchScroll.
func FetchScroll(stmt Handle, orientation uint16, offset int64) Return {
	return Return(C.SQLFetchScroll(C.SQLHSTMT(stmt), C.SQLSMALLINT(orientation), C.SQLLEN(offset)))
}

// FetchRows calls SQLFetch for the rows from one number to before another, and
// takes each to its place. It stops behind a row with a cell that its slot has cut.
func FetchRows(stmt Handle, columns []RowColumn, from, to int) (next int, cut bool, ret Return) {
	row, cutting := C.SQLLEN(from), C.int(0)
	r := C.fetchRows(C.SQLHSTMT(stmt), (*C.rowColumn)(unsafe.Pointer(unsafe.SliceData(columns))), C.int(len(columns)), C.SQLLEN(to), &row, &cutting)
	return int(row), cutting != 0, Return(r)
}

// SetPos is SQLSetPos to a row of the block, from 1.
func SetPos(stmt Handle, row int) Return {
	return Return(C.SQLSetPos(C.SQLHSTMT(stmt), C.SQLSETPOSIROW(row), C.SQL_POSITION, C.SQL_LOCK_NO_CHANGE))
}

// DescribeCol is SQLDescribeCol; columns count from 1.
func DescribeCol(stmt Handle, n int) (Description, Return) {
	var (
		dataType, digits, nullable C.SQLSMALLINT
		size                       C.SQLULEN
	)
	name, ret := narrowText(func(buf *C.SQLCHAR, room C.SQLSMALLINT, length *C.SQLSMALLINT) C.SQLRETURN {
		return C.SQLDescribeCol(C.SQLHSTMT(stmt), C.SQLUSMALLINT(n), buf, room, length, &dataType, &size, &digits, &nullable)
	})
	return Description{Name: name, Type: int16(dataType), Size: uint64(size), Digits: int16(digits), Nullable: int16(nullable)}, ret
}

// narrowText calls a function that writes text, again with more room where the
// first buffer was too small.
func narrowText(call func(buf *C.SQLCHAR, room C.SQLSMALLINT, length *C.SQLSMALLINT) C.SQLRETURN) (string, Return) {
	buf := make([]byte, 512)
	for {
		var length C.SQLSMALLINT
		ret := Return(call((*C.SQLCHAR)(unsafe.Pointer(&buf[0])), C.SQLSMALLINT(len(buf)), &length))
		if !ret.OK() {
			return "", ret
		}
		if int(length) < len(buf) || len(buf) > 16_000 {
			return string(buf[:min(max(int(length), 0), len(buf)-1)]), ret
		}
		buf = make([]byte, min(int(length)+1, 32_000))
	}
}

// ColAttributeText is SQLColAttribute of a text field; columns count from 1.
func ColAttributeText(stmt Handle, n int, field uint16) (string, Return) {
	return narrowText(func(buf *C.SQLCHAR, room C.SQLSMALLINT, length *C.SQLSMALLINT) C.SQLRETURN {
		return C.SQLColAttribute(C.SQLHSTMT(stmt), C.SQLUSMALLINT(n), C.SQLUSMALLINT(field), C.SQLPOINTER(unsafe.Pointer(buf)), room, length, nil)
	})
}

// ColAttributeInt is SQLColAttribute of a number field; columns count from 1.
func ColAttributeInt(stmt Handle, n int, field uint16) (int64, Return) {
	var value C.SQLLEN
	ret := C.SQLColAttribute(C.SQLHSTMT(stmt), C.SQLUSMALLINT(n), C.SQLUSMALLINT(field), nil, 0, nil, &value)
	return int64(value), Return(ret)
}

// GetInfoText is SQLGetInfo of a text value.
func GetInfoText(dbc Handle, info uint16) (string, Return) {
	return narrowText(func(buf *C.SQLCHAR, room C.SQLSMALLINT, length *C.SQLSMALLINT) C.SQLRETURN {
		return C.SQLGetInfo(C.SQLHDBC(dbc), C.SQLUSMALLINT(info), C.SQLPOINTER(unsafe.Pointer(buf)), room, length)
	})
}

// GetInfoInt is SQLGetInfo of a number of 32 bits.
func GetInfoInt(dbc Handle, info uint16) (uint32, Return) {
	var value C.SQLUINTEGER
	ret := C.SQLGetInfo(C.SQLHDBC(dbc), C.SQLUSMALLINT(info), C.SQLPOINTER(unsafe.Pointer(&value)), C.SQLSMALLINT(unsafe.Sizeof(value)), nil)
	return uint32(value), Return(ret)
}

// GetFunctions is SQLGetFunctions of all functions of ODBC 3: a bit for each, by its number.
func GetFunctions(dbc Handle) (bits [250]uint16, ret Return) {
	ret = Return(C.SQLGetFunctions(C.SQLHDBC(dbc), C.SQL_API_ODBC3_ALL_FUNCTIONS, (*C.SQLUSMALLINT)(unsafe.Pointer(&bits[0]))))
	return bits, ret
}

// DiagRec is SQLGetDiagRec; records count from 1.
func DiagRec(handleType int16, h Handle, n int) (state string, native int32, message string, ret Return) {
	var (
		sqlState [6]byte
		code     C.SQLINTEGER
	)
	message, ret = narrowText(func(buf *C.SQLCHAR, room C.SQLSMALLINT, length *C.SQLSMALLINT) C.SQLRETURN {
		return C.SQLGetDiagRec(C.SQLSMALLINT(handleType), C.SQLHANDLE(h), C.SQLSMALLINT(n),
			(*C.SQLCHAR)(unsafe.Pointer(&sqlState[0])), &code, buf, room, length)
	})
	return string(sqlState[:5]), int32(code), message, ret
}

// GetDiagFieldInt is SQLGetDiagField of a number; records count from 1. What the
// driver does not write is left as before: all of it, or the upper half where it
// writes 32 bits.
func GetDiagFieldInt(handleType int16, h Handle, n int, field int16, before int64) (int64, Return) {
	value := C.SQLLEN(before)
	ret := C.SQLGetDiagField(C.SQLSMALLINT(handleType), C.SQLHANDLE(h), C.SQLSMALLINT(n), C.SQLSMALLINT(field),
		C.SQLPOINTER(unsafe.Pointer(&value)), C.SQL_IS_INTEGER, nil)
	return int64(value), Return(ret)
}

// Drivers is SQLDrivers: name and attributes of the next installed driver. The
// attributes are key=value texts, each with an ending zero.
func Drivers(env Handle, direction uint16) (name, attributes string, ret Return) {
	var list [4096]byte
	var written C.SQLSMALLINT
	name, ret = narrowText(func(buf *C.SQLCHAR, room C.SQLSMALLINT, length *C.SQLSMALLINT) C.SQLRETURN {
		return C.SQLDrivers(C.SQLHENV(env), C.SQLUSMALLINT(direction), buf, room, length,
			(*C.SQLCHAR)(unsafe.Pointer(&list[0])), C.SQLSMALLINT(len(list)), &written)
	})
	return name, string(list[:min(max(int(written), 0), len(list)-1)]), ret
}

// DataSources is SQLDataSources: name and driver of the next data source.
func DataSources(env Handle, direction uint16) (name, driver string, ret Return) {
	var description [512]byte
	var written C.SQLSMALLINT
	name, ret = narrowText(func(buf *C.SQLCHAR, room C.SQLSMALLINT, length *C.SQLSMALLINT) C.SQLRETURN {
		return C.SQLDataSources(C.SQLHENV(env), C.SQLUSMALLINT(direction), buf, room, length,
			(*C.SQLCHAR)(unsafe.Pointer(&description[0])), C.SQLSMALLINT(len(description)), &written)
	})
	return name, string(description[:min(max(int(written), 0), len(description)-1)]), ret
}

// Tables is SQLTables: it opens a result set of the tables of the given types, such as
// "TABLE,VIEW". An empty argument of this and the other catalog functions is NULL.
func Tables(stmt Handle, catalog, schema, table, types string) Return {
	c, s, t, y := optional(catalog), optional(schema), optional(table), optional(types)
	return Return(C.SQLTables(C.SQLHSTMT(stmt), c.text, c.length, s.text, s.length, t.text, t.length, y.text, y.length))
}

// argument is one of a catalog function.
type argument struct {
	text   *C.SQLCHAR
	length C.SQLSMALLINT
}

func optional(s string) argument {
	if s == "" {
		return argument{}
	}
	text, length := narrow(s)
	return argument{text, C.SQLSMALLINT(length)}
}

// Columns is SQLColumns: it opens a result set of the columns of tables.
func Columns(stmt Handle, catalog, schema, table string) Return {
	c, s, t := optional(catalog), optional(schema), optional(table)
	return Return(C.SQLColumns(C.SQLHSTMT(stmt), c.text, c.length, s.text, s.length, t.text, t.length, nil, 0))
}

// PrimaryKeys is SQLPrimaryKeys: it opens a result set of the key columns of a
// table.
func PrimaryKeys(stmt Handle, catalog, schema, table string) Return {
	c, s, t := optional(catalog), optional(schema), optional(table)
	return Return(C.SQLPrimaryKeys(C.SQLHSTMT(stmt), c.text, c.length, s.text, s.length, t.text, t.length))
}

// ForeignKeys is SQLForeignKeys: it opens a result set of the keys of the table that
// refer to others, or with referenced of those of others that refer to it.
func ForeignKeys(stmt Handle, catalog, schema, table string, referenced bool) Return {
	c, s, t := optional(catalog), optional(schema), optional(table)
	var none argument
	if referenced {
		return Return(C.SQLForeignKeys(C.SQLHSTMT(stmt), c.text, c.length, s.text, s.length, t.text, t.length,
			none.text, none.length, none.text, none.length, none.text, none.length))
	}
	return Return(C.SQLForeignKeys(C.SQLHSTMT(stmt), none.text, none.length, none.text, none.length, none.text, none.length,
		c.text, c.length, s.text, s.length, t.text, t.length))
}

// Statistics is SQLStatistics: it opens a result set of the columns of a table's indexes.
func Statistics(stmt Handle, catalog, schema, table string) Return {
	c, s, t := optional(catalog), optional(schema), optional(table)
	return Return(C.SQLStatistics(C.SQLHSTMT(stmt), c.text, c.length, s.text, s.length, t.text, t.length, C.SQL_INDEX_ALL, C.SQL_QUICK))
}

// Procedures is SQLProcedures: it opens a result set of procedures and functions.
func Procedures(stmt Handle, catalog, schema, procedure string) Return {
	c, s, p := optional(catalog), optional(schema), optional(procedure)
	return Return(C.SQLProcedures(C.SQLHSTMT(stmt), c.text, c.length, s.text, s.length, p.text, p.length))
}

// ProcedureColumns is SQLProcedureColumns: it opens a result set of the parameters of
// procedures.
func ProcedureColumns(stmt Handle, catalog, schema, procedure string) Return {
	c, s, p := optional(catalog), optional(schema), optional(procedure)
	return Return(C.SQLProcedureColumns(C.SQLHSTMT(stmt), c.text, c.length, s.text, s.length, p.text, p.length, nil, 0))
}

// GetTypeInfo is SQLGetTypeInfo: it opens a result set of all types of the database.
func GetTypeInfo(stmt Handle) Return {
	return Return(C.SQLGetTypeInfo(C.SQLHSTMT(stmt), C.SQL_ALL_TYPES))
}
