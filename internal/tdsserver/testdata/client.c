// An ODBC client for tests: commands come by stdin, one a line with tabs between their
// words, and what the driver makes of them goes to stdout.
#include <sql.h>
#include <sqlext.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 64, PARAMS = 32, SETS = 16, WIDTH = 16384 };

static SQLHENV env;
static SQLHDBC dbc;
static SQLHSTMT stmt;
static struct param {
	int direction;
	char cells[SETS][WIDTH];
	SQLLEN lengths[SETS];
} params[PARAMS];
static int count, sets = 1;
static SQLULEN processed;
static SQLUSMALLINT statuses[SETS];

static void records(SQLSMALLINT type, SQLHANDLE handle) {
	SQLCHAR state[6], text[2048];
	SQLINTEGER native;
	for (SQLSMALLINT i = 1; SQL_SUCCEEDED(SQLGetDiagRec(type, handle, i, state, &native, text, sizeof text, NULL)); i++)
		printf("  %s %d %s\n", state, native, text);
}

static int told(const char *call, SQLRETURN rc) {
	if (rc != SQL_SUCCESS)
		printf("%s %d\n", call, rc);
	if (rc == SQL_ERROR || rc == SQL_SUCCESS_WITH_INFO)
		records(SQL_HANDLE_STMT, stmt);
	return SQL_SUCCEEDED(rc);
}

static void describe(void) {
	SQLSMALLINT n = 0;
	if (!told("SQLNumResultCols", SQLNumResultCols(stmt, &n)))
		return;
	for (int i = 1; i <= n; i++) {
		SQLCHAR name[256] = "", type[256] = "";
		SQLSMALLINT code = 0, digits = 0, null = 0;
		SQLULEN size = 0;
		SQLLEN automatic = 0, is_unsigned = 0;
		SQLDescribeCol(stmt, i, name, sizeof name, NULL, &code, &size, &digits, &null);
		SQLColAttribute(stmt, i, SQL_DESC_TYPE_NAME, type, sizeof type, NULL, NULL);
		SQLColAttribute(stmt, i, SQL_DESC_AUTO_UNIQUE_VALUE, NULL, 0, NULL, &automatic);
		SQLColAttribute(stmt, i, SQL_DESC_UNSIGNED, NULL, 0, NULL, &is_unsigned);
		printf("column %s %s type %d size %llu digits %d %s%s%s\n", name, type, code, (unsigned long long)size, digits,
			null == SQL_NO_NULLS ? "not null" : "null", automatic ? " auto" : "", is_unsigned ? " unsigned" : "");
	}
}

static void row(SQLSMALLINT n) {
	printf("row");
	for (int i = 1; i <= n; i++) {
		static char cell[1 << 20];
		SQLLEN length = 0;
		SQLRETURN rc = SQLGetData(stmt, i, SQL_C_CHAR, cell, sizeof cell, &length);
		if (!SQL_SUCCEEDED(rc))
			printf("\t!%d", rc);
		else if (length == SQL_NULL_DATA)
			printf("\tNULL");
		else if (length > 200)
			printf("\t%.20s... (%ld)", cell, (long)length);
		else
			printf("\t%s", cell);
	}
	printf("\n");
}

static void results(void) {
	SQLRETURN rc = SQL_SUCCESS;
	do {
		SQLSMALLINT n = 0;
		SQLLEN changed = -1;
		SQLNumResultCols(stmt, &n);
		SQLRowCount(stmt, &changed);
		printf("result of %d columns, count %ld\n", n, (long)changed);
		while (n > 0 && (rc = SQLFetch(stmt)) != SQL_NO_DATA) {
			if (!told("SQLFetch", rc))
				break;
			row(n);
		}
		rc = SQLMoreResults(stmt);
		if (rc != SQL_NO_DATA)
			told("SQLMoreResults", rc);
	} while (SQL_SUCCEEDED(rc));
}

static void executed(const char *call, SQLRETURN rc) {
	if (told(call, rc) || rc == SQL_NO_DATA)
		results();
	if (sets > 1) {
		printf("processed %lu:", (unsigned long)processed);
		for (int i = 0; i < sets; i++)
			printf(" %u", statuses[i]);
		printf("\n");
	}
	for (int i = 0; i < count; i++)
		if (params[i].direction != SQL_PARAM_INPUT) {
			if (params[i].lengths[0] == SQL_NULL_DATA)
				printf("out %d NULL\n", i + 1);
			else
				printf("out %d %s\n", i + 1, params[i].cells[0]);
		}
}

// bind takes a direction, an SQL type, a size, digits, and a value for each set.
static void bind(char **words, int n) {
	struct param *p = &params[count++];
	p->direction = strcmp(words[0], "in") == 0 ? SQL_PARAM_INPUT : strcmp(words[0], "out") == 0 ? SQL_PARAM_OUTPUT : SQL_PARAM_INPUT_OUTPUT;
	for (int i = 0; i + 4 < n; i++) {
		strncpy(p->cells[i], words[i + 4], WIDTH - 1);
		p->lengths[i] = strcmp(words[i + 4], "NULL") == 0 ? SQL_NULL_DATA : SQL_NTS;
	}
	told("SQLBindParameter", SQLBindParameter(stmt, count, p->direction, SQL_C_CHAR, atoi(words[1]), atoi(words[2]), atoi(words[3]),
		p->cells[0], WIDTH, p->lengths));
}

static void array(int n) {
	sets = n;
	SQLSetStmtAttr(stmt, SQL_ATTR_PARAMSET_SIZE, (SQLPOINTER)(SQLULEN)n, 0);
	SQLSetStmtAttr(stmt, SQL_ATTR_PARAMS_PROCESSED_PTR, &processed, 0);
	SQLSetStmtAttr(stmt, SQL_ATTR_PARAM_STATUS_PTR, statuses, 0);
	for (int i = 0; i < n; i++)
		statuses[i] = 99;
}

static void attribute(char **words, int n) {
	SQLPOINTER value = (SQLPOINTER)(SQLULEN)atoi(words[2]);
	if (strcmp(words[0], "statement") == 0) {
		told("SQLSetStmtAttr", SQLSetStmtAttr(stmt, atoi(words[1]), value, 0));
		return;
	}
	SQLRETURN rc = SQLSetConnectAttr(dbc, atoi(words[1]), value, 0);
	if (rc != SQL_SUCCESS) {
		printf("SQLSetConnectAttr %d\n", rc);
		records(SQL_HANDLE_DBC, dbc);
	}
}

static void end(SQLSMALLINT how) {
	SQLRETURN rc = SQLEndTran(SQL_HANDLE_DBC, dbc, how);
	if (rc != SQL_SUCCESS) {
		printf("SQLEndTran %d\n", rc);
		records(SQL_HANDLE_DBC, dbc);
	}
}

static void fresh(void) {
	if (stmt)
		SQLFreeHandle(SQL_HANDLE_STMT, stmt);
	SQLAllocHandle(SQL_HANDLE_STMT, dbc, &stmt);
	count = 0;
	sets = 1;
	memset(params, 0, sizeof params);
}

static void scroll(int orientation, int offset) {
	SQLSMALLINT n = 0;
	SQLNumResultCols(stmt, &n);
	if (told("SQLFetchScroll", SQLFetchScroll(stmt, orientation, offset)))
		row(n);
}

static void run(char **words, int n) {
	SQLCHAR *text = (SQLCHAR *)(n > 1 ? words[1] : "");
	if (strcmp(words[0], "statement") == 0)
		fresh();
	else if (strcmp(words[0], "prepare") == 0)
		told("SQLPrepare", SQLPrepare(stmt, text, SQL_NTS));
	else if (strcmp(words[0], "describe") == 0)
		describe();
	else if (strcmp(words[0], "bind") == 0)
		bind(words + 1, n - 1);
	else if (strcmp(words[0], "array") == 0)
		array(atoi(words[1]));
	else if (strcmp(words[0], "execute") == 0)
		executed("SQLExecute", SQLExecute(stmt));
	else if (strcmp(words[0], "open") == 0)
		told("SQLExecDirect", SQLExecDirect(stmt, text, SQL_NTS));
	else if (strcmp(words[0], "direct") == 0)
		executed("SQLExecDirect", SQLExecDirect(stmt, text, SQL_NTS));
	else if (strcmp(words[0], "scroll") == 0)
		scroll(atoi(words[1]), atoi(words[2]));
	else if (strcmp(words[0], "close") == 0)
		SQLFreeStmt(stmt, SQL_CLOSE);
	else if (strcmp(words[0], "attribute") == 0)
		attribute(words + 1, n - 1);
	else if (strcmp(words[0], "commit") == 0)
		end(SQL_COMMIT);
	else if (strcmp(words[0], "rollback") == 0)
		end(SQL_ROLLBACK);
	else if (strcmp(words[0], "tables") == 0)
		executed("SQLTables", SQLTables(stmt, NULL, 0, NULL, 0, text, SQL_NTS, NULL, 0));
	else if (strcmp(words[0], "columns") == 0)
		executed("SQLColumns", SQLColumns(stmt, NULL, 0, NULL, 0, text, SQL_NTS, NULL, 0));
	else if (strcmp(words[0], "keys") == 0)
		executed("SQLPrimaryKeys", SQLPrimaryKeys(stmt, NULL, 0, NULL, 0, text, SQL_NTS));
	else if (strcmp(words[0], "foreign") == 0)
		executed("SQLForeignKeys", SQLForeignKeys(stmt, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL, 0, text, SQL_NTS));
	else if (strcmp(words[0], "statistics") == 0)
		executed("SQLStatistics", SQLStatistics(stmt, NULL, 0, NULL, 0, text, SQL_NTS, SQL_INDEX_ALL, SQL_QUICK));
	else if (strcmp(words[0], "procedures") == 0)
		executed("SQLProcedures", SQLProcedures(stmt, NULL, 0, NULL, 0, text, SQL_NTS));
	else if (strcmp(words[0], "arguments") == 0)
		executed("SQLProcedureColumns", SQLProcedureColumns(stmt, NULL, 0, NULL, 0, text, SQL_NTS, NULL, 0));
	else if (strcmp(words[0], "types") == 0)
		executed("SQLGetTypeInfo", SQLGetTypeInfo(stmt, SQL_ALL_TYPES));
	else
		printf("what is %s?\n", words[0]);
}

int main(int argc, char **argv) {
	static char line[1 << 20];
	SQLAllocHandle(SQL_HANDLE_ENV, NULL, &env);
	SQLSetEnvAttr(env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
	SQLAllocHandle(SQL_HANDLE_DBC, env, &dbc);
	SQLRETURN rc = SQLDriverConnect(dbc, NULL, (SQLCHAR *)argv[1], SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT);
	if (rc != SQL_SUCCESS) {
		printf("SQLDriverConnect %d\n", rc);
		records(SQL_HANDLE_DBC, dbc);
		if (!SQL_SUCCEEDED(rc))
			return 0;
	}
	fresh();
	while (fgets(line, sizeof line, stdin)) {
		char *words[WORDS], *rest = line;
		int n = 0;
		line[strcspn(line, "\n")] = 0;
		while (n < WORDS && (words[n] = strsep(&rest, "\t")))
			n++;
		run(words, n);
		fflush(stdout);
	}
	SQLFreeHandle(SQL_HANDLE_STMT, stmt);
	SQLDisconnect(dbc);
	return 0;
}
