// The floor of stream-300k: the scan as a C program would do it that knows its
// table. Columns are bound in blocks, every value is touched.
//
//	stream CONNECTION-STRING SQL
//
// Before it is ready it tries block sizes and keeps the fastest. Then it answers
// each line of standard input with the nanoseconds of one scan and its checksum.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sql.h>
#include <sqlext.h>

enum {
	maxRows = 4000,
	nameSize = 4 * 40 + 1, // four bytes a character, and the ending zero
	noteSize = 4 * 100 + 1,
};

static SQLHSTMT stmt;
static SQLULEN fetched;

// The block, and one indicator a cell.
static SQLBIGINT id[maxRows];
static char name[maxRows][nameSize];
static double score[maxRows];
static SQL_TIMESTAMP_STRUCT created[maxRows];
static char note[maxRows][noteSize];
static SQLLEN idLen[maxRows], nameLen[maxRows], scoreLen[maxRows], createdLen[maxRows], noteLen[maxRows];

struct checksum {
	uint64_t rows, ids, quarters, micros, text, nulls;
};

static void check(SQLRETURN ret, SQLSMALLINT type, SQLHANDLE handle, const char *call) {
	if (SQL_SUCCEEDED(ret))
		return;
	SQLCHAR state[6] = "", message[1000] = "";
	SQLINTEGER native = 0;
	SQLGetDiagRec(type, handle, 1, state, &native, message, sizeof message, NULL);
	fprintf(stderr, "%s: %s %s\n", call, state, message);
	exit(1);
}

static SQLHDBC connectTo(const char *connection) {
	SQLHENV env;
	SQLHDBC dbc;
	if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &env))) {
		fprintf(stderr, "SQLAllocHandle(ENV) failed\n");
		exit(1);
	}
	SQLSetEnvAttr(env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
	check(SQLAllocHandle(SQL_HANDLE_DBC, env, &dbc), SQL_HANDLE_ENV, env, "SQLAllocHandle(DBC)");
	check(SQLDriverConnect(dbc, NULL, (SQLCHAR *)connection, SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT),
	      SQL_HANDLE_DBC, dbc, "SQLDriverConnect");
	return dbc;
}

static void bind(SQLUSMALLINT column, SQLSMALLINT type, void *cells, SQLLEN size, SQLLEN *lengths) {
	check(SQLBindCol(stmt, column, type, cells, size, lengths), SQL_HANDLE_STMT, stmt, "SQLBindCol");
}

static void prepare(SQLHDBC dbc, const char *sql) {
	check(SQLAllocHandle(SQL_HANDLE_STMT, dbc, &stmt), SQL_HANDLE_DBC, dbc, "SQLAllocHandle(STMT)");
	check(SQLPrepare(stmt, (SQLCHAR *)sql, SQL_NTS), SQL_HANDLE_STMT, stmt, "SQLPrepare");
	check(SQLSetStmtAttr(stmt, SQL_ATTR_ROWS_FETCHED_PTR, &fetched, 0), SQL_HANDLE_STMT, stmt, "ROWS_FETCHED_PTR");
	bind(1, SQL_C_SBIGINT, id, sizeof *id, idLen);
	bind(2, SQL_C_CHAR, name, sizeof *name, nameLen);
	bind(3, SQL_C_DOUBLE, score, sizeof *score, scoreLen);
	bind(4, SQL_C_TYPE_TIMESTAMP, created, sizeof *created, createdLen);
	bind(5, SQL_C_CHAR, note, sizeof *note, noteLen);
}

static void setRows(SQLULEN rows) {
	check(SQLSetStmtAttr(stmt, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)rows, 0), SQL_HANDLE_STMT, stmt, "ROW_ARRAY_SIZE");
}

static uint64_t bytes(const char *text, SQLLEN length) {
	uint64_t sum = 0;
	for (SQLLEN i = 0; i < length; i++)
		sum += (unsigned char)text[i];
	return sum;
}

// micros counts from 1970. Years begin in March, so that the leap day is last.
static int64_t micros(const SQL_TIMESTAMP_STRUCT *t) {
	int64_t year = t->year - (t->month <= 2);
	int64_t month = (t->month + 9) % 12;
	int64_t day = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + t->day - 1 - 719468;
	return ((day * 24 + t->hour) * 60 + t->minute) * 60000000 + t->second * 1000000LL + t->fraction / 1000;
}

static void add(struct checksum *sum, SQLULEN i) {
	if (idLen[i] == SQL_NULL_DATA || nameLen[i] == SQL_NULL_DATA || scoreLen[i] == SQL_NULL_DATA || createdLen[i] == SQL_NULL_DATA) {
		fprintf(stderr, "NULL in a column that has none\n");
		exit(1);
	}
	sum->rows++;
	sum->ids += id[i];
	sum->quarters += (int64_t)(4 * score[i]);
	sum->micros += micros(&created[i]);
	sum->text += bytes(name[i], nameLen[i]);
	if (noteLen[i] == SQL_NULL_DATA)
		sum->nulls++;
	else
		sum->text += bytes(note[i], noteLen[i]);
}

static struct checksum scan(void) {
	struct checksum sum = {0};
	SQLRETURN ret;
	check(SQLExecute(stmt), SQL_HANDLE_STMT, stmt, "SQLExecute");
	while ((ret = SQLFetch(stmt)) != SQL_NO_DATA) {
		check(ret, SQL_HANDLE_STMT, stmt, "SQLFetch");
		for (SQLULEN i = 0; i < fetched; i++)
			add(&sum, i);
	}
	check(SQLFreeStmt(stmt, SQL_CLOSE), SQL_HANDLE_STMT, stmt, "SQLFreeStmt(CLOSE)");
	return sum;
}

static int64_t now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

// tryRows sets the block size with which the second scan was fastest.
static void tryRows(void) {
	static const SQLULEN sizes[] = {100, 300, 1000, maxRows};
	SQLULEN best = 0;
	int64_t least = INT64_MAX;
	for (int i = 0; i < 8; i++) {
		setRows(sizes[i % 4]);
		int64_t begin = now();
		scan();
		int64_t took = now() - begin;
		if (i >= 4 && took < least)
			least = took, best = sizes[i % 4];
	}
	setRows(best);
	fprintf(stderr, "floor: blocks of %lu rows\n", (unsigned long)best);
}

int main(int argc, char **argv) {
	if (argc != 3) {
		fprintf(stderr, "usage: stream CONNECTION-STRING SQL\n");
		return 2;
	}
	prepare(connectTo(argv[1]), argv[2]);
	tryRows();
	for (char line[80]; fgets(line, sizeof line, stdin);) {
		int64_t begin = now();
		struct checksum s = scan();
		int64_t took = now() - begin;
		printf("%lld rows=%llu ids=%llu quarters=%llu micros=%llu text=%llu nulls=%llu\n", (long long)took,
		       (unsigned long long)s.rows, (unsigned long long)s.ids, (unsigned long long)s.quarters,
		       (unsigned long long)s.micros, (unsigned long long)s.text, (unsigned long long)s.nulls);
		fflush(stdout);
	}
	return 0;
}
