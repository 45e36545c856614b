// The floor of lookups: one row by its key, of a table with keys 1 to ROWS.
//
//	lookup CONNECTION-STRING TIMES SQL LAYOUT ROWS prepared|unprepared
#include "floor.h"

static SQLHDBC dbc;
static SQLHSTMT stmt;
static const char *sql;
static struct rowset row;
static SQLBIGINT key;
static int64_t keys;

static void bindKey(void) {
	checkStmt(SQLBindParameter(stmt, 1, SQL_PARAM_INPUT, SQL_C_SBIGINT, SQL_BIGINT, 19, 0, &key, 0, NULL), stmt, "SQLBindParameter");
}

static void lookup(int time, struct checksum *sum) {
	key = (int64_t)time * 7919 % keys + 1;
	checkStmt(SQLExecute(stmt), stmt, "SQLExecute");
	fetchAll(stmt, &row, sum);
}

static void lookupUnprepared(int time, struct checksum *sum) {
	key = (int64_t)time * 7919 % keys + 1;
	stmt = newStatement(dbc);
	bindKey();
	bindRowset(stmt, &row);
	checkStmt(SQLExecDirect(stmt, (SQLCHAR *)sql, SQL_NTS), stmt, "SQLExecDirect");
	fetchAll(stmt, &row, sum);
	SQLFreeHandle(SQL_HANDLE_STMT, stmt);
}

int main(int argc, char **argv) {
	if (argc != 7)
		fail("usage: lookup CONNECTION-STRING TIMES SQL LAYOUT ROWS prepared|unprepared");
	dbc = connectTo(argv[1]);
	sql = argv[3];
	row = newRowset(argv[4], 1);
	keys = atoll(argv[5]);
	if (strcmp(argv[6], "prepared") != 0) {
		serve(atoi(argv[2]), lookupUnprepared);
		return 0;
	}
	stmt = newStatement(dbc);
	checkStmt(SQLPrepare(stmt, (SQLCHAR *)sql, SQL_NTS), stmt, "SQLPrepare");
	bindKey();
	bindRowset(stmt, &row);
	serve(atoi(argv[2]), lookup);
	return 0;
}
