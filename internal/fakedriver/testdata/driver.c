// An ODBC driver with nothing behind it, for what no real driver does on demand. The
// SQL says what is to happen:
//
//	…crash…   SQLPrepare ends the process with a signal
//
// Any other statement has a parameter for each "?" and one column, n, an integer that
// is never NULL.
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <sql.h>
#include <sqlext.h>

struct statement {
	SQLSMALLINT params;
};

SQLRETURN SQLAllocHandle(SQLSMALLINT type, SQLHANDLE parent, SQLHANDLE *handle) {
	*handle = calloc(1, sizeof(struct statement));
	return SQL_SUCCESS;
}

SQLRETURN SQLFreeHandle(SQLSMALLINT type, SQLHANDLE handle) {
	free(handle);
	return SQL_SUCCESS;
}

SQLRETURN SQLSetEnvAttr(SQLHENV env, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER length) { return SQL_SUCCESS; }
SQLRETURN SQLSetConnectAttr(SQLHDBC dbc, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER length) { return SQL_SUCCESS; }
SQLRETURN SQLSetStmtAttr(SQLHSTMT stmt, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER length) { return SQL_SUCCESS; }

SQLRETURN SQLGetStmtAttr(SQLHSTMT stmt, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER size, SQLINTEGER *length) {
	static int descriptor; // the driver manager asks for four, and passes them on
	*(SQLPOINTER *)value = &descriptor;
	return SQL_SUCCESS;
}

SQLRETURN SQLDriverConnect(SQLHDBC dbc, SQLHWND window, SQLCHAR *in, SQLSMALLINT inLength, SQLCHAR *out,
                           SQLSMALLINT size, SQLSMALLINT *length, SQLUSMALLINT completion) {
	return SQL_SUCCESS;
}

SQLRETURN SQLDisconnect(SQLHDBC dbc) { return SQL_SUCCESS; }

static SQLRETURN text(const char *from, SQLPOINTER value, SQLSMALLINT size, SQLSMALLINT *length) {
	if (length)
		*length = strlen(from);
	if (value && size > 0) {
		strncpy(value, from, size);
		((char *)value)[size - 1] = 0;
	}
	return SQL_SUCCESS;
}

SQLRETURN SQLGetInfo(SQLHDBC dbc, SQLUSMALLINT type, SQLPOINTER value, SQLSMALLINT size, SQLSMALLINT *length) {
	switch (type) {
	case SQL_DBMS_NAME: return text("Fake", value, size, length);
	case SQL_DRIVER_NAME: return text("libfake.so", value, size, length);
	case SQL_DBMS_VER:
	case SQL_DRIVER_VER: return text("01.00.0000", value, size, length);
	case SQL_DRIVER_ODBC_VER: return text("03.80", value, size, length);
	}
	memset(value, 0, size > 0 && size < 4 ? size : 4);
	return SQL_SUCCESS;
}

SQLRETURN SQLPrepare(SQLHSTMT stmt, SQLCHAR *sql, SQLINTEGER length) {
	struct statement *s = stmt;
	char *copy = length == SQL_NTS ? strdup((char *)sql) : strndup((char *)sql, length);
	if (strstr(copy, "crash"))
		raise(SIGSEGV);
	s->params = 0;
	for (char *c = copy; *c; c++)
		s->params += *c == '?';
	free(copy);
	return SQL_SUCCESS;
}

SQLRETURN SQLNumParams(SQLHSTMT stmt, SQLSMALLINT *count) {
	*count = ((struct statement *)stmt)->params;
	return SQL_SUCCESS;
}

SQLRETURN SQLNumResultCols(SQLHSTMT stmt, SQLSMALLINT *count) {
	*count = 1;
	return SQL_SUCCESS;
}

SQLRETURN SQLDescribeCol(SQLHSTMT stmt, SQLUSMALLINT number, SQLCHAR *name, SQLSMALLINT size, SQLSMALLINT *length,
                         SQLSMALLINT *type, SQLULEN *columnSize, SQLSMALLINT *digits, SQLSMALLINT *nullable) {
	*type = SQL_INTEGER;
	*columnSize = 10;
	*digits = 0;
	*nullable = SQL_NO_NULLS;
	return text("n", name, size, length);
}

SQLRETURN SQLColAttribute(SQLHSTMT stmt, SQLUSMALLINT number, SQLUSMALLINT field, SQLPOINTER value, SQLSMALLINT size,
                          SQLSMALLINT *length, SQLLEN *figure) {
	switch (field) {
	case SQL_DESC_CONCISE_TYPE: *figure = SQL_INTEGER; return SQL_SUCCESS;
	case SQL_DESC_NULLABLE: *figure = SQL_NO_NULLS; return SQL_SUCCESS;
	case SQL_DESC_NAME:
	case SQL_DESC_LABEL: return text("n", value, size, length);
	case SQL_DESC_TYPE_NAME: return text("INTEGER", value, size, length);
	case SQL_DESC_BASE_TABLE_NAME:
	case SQL_DESC_TABLE_NAME:
	case SQL_DESC_SCHEMA_NAME:
	case SQL_DESC_BASE_COLUMN_NAME: return text("", value, size, length);
	}
	if (figure)
		*figure = 0;
	return SQL_SUCCESS;
}

SQLRETURN SQLFreeStmt(SQLHSTMT stmt, SQLUSMALLINT option) { return SQL_SUCCESS; }
SQLRETURN SQLCloseCursor(SQLHSTMT stmt) { return SQL_SUCCESS; }
SQLRETURN SQLEndTran(SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT completion) { return SQL_SUCCESS; }

SQLRETURN SQLGetDiagRec(SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT record, SQLCHAR *state, SQLINTEGER *native,
                        SQLCHAR *message, SQLSMALLINT size, SQLSMALLINT *length) {
	return SQL_NO_DATA;
}
