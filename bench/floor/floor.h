// What the floors share: a connection, columns bound in blocks, a checksum of
// every value, and the conversation with the bench, see process.go.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sql.h>
#include <sqlext.h>

static void fail(const char *what) {
	fprintf(stderr, "floor: %s\n", what);
	exit(1);
}

static void check(SQLRETURN ret, SQLSMALLINT type, SQLHANDLE handle, const char *call) {
	if (SQL_SUCCEEDED(ret))
		return;
	SQLCHAR state[6] = "", message[1000] = "";
	SQLINTEGER native = 0;
	SQLGetDiagRec(type, handle, 1, state, &native, message, sizeof message, NULL);
	fprintf(stderr, "floor: %s: %s %s\n", call, state, message);
	exit(1);
}

static void checkStmt(SQLRETURN ret, SQLHSTMT stmt, const char *call) { check(ret, SQL_HANDLE_STMT, stmt, call); }

static SQLHDBC connectTo(const char *connection) {
	SQLHENV env;
	SQLHDBC dbc;
	if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &env)))
		fail("SQLAllocHandle(ENV)");
	SQLSetEnvAttr(env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
	check(SQLAllocHandle(SQL_HANDLE_DBC, env, &dbc), SQL_HANDLE_ENV, env, "SQLAllocHandle(DBC)");
	check(SQLDriverConnect(dbc, NULL, (SQLCHAR *)connection, SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT),
	      SQL_HANDLE_DBC, dbc, "SQLDriverConnect");
	return dbc;
}

static SQLHSTMT newStatement(SQLHDBC dbc) {
	SQLHSTMT stmt;
	check(SQLAllocHandle(SQL_HANDLE_STMT, dbc, &stmt), SQL_HANDLE_DBC, dbc, "SQLAllocHandle(STMT)");
	return stmt;
}

static void setAttribute(SQLHSTMT stmt, SQLINTEGER attribute, void *value) {
	checkStmt(SQLSetStmtAttr(stmt, attribute, value, 0), stmt, "SQLSetStmtAttr");
}

// What values came to, whatever the order of rows. The bench compares the text.
struct checksum {
	uint64_t rows, ints, quarters, micros, text, nulls;
};

// bytes returns their sum, eight at a time: one by one they would weigh more
// than some ways to read them.
static uint64_t bytes(const char *text, SQLLEN length) {
	const uint64_t evens = 0x00ff00ff00ff00ff, lanes = 0x0001000100010001;
	uint64_t sum = 0, x;
	for (; length >= 8; text += 8, length -= 8) {
		memcpy(&x, text, 8);
		sum += ((x & evens) + (x >> 8 & evens)) * lanes >> 48;
	}
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

// A result's columns are told by a layout: one word for each of them, i (64-bit
// integer), d (double), t (timestamp) or sN (text of N characters).
enum { maxColumns = 64 };

struct column {
	char kind;
	SQLLEN size; // of a cell
	char *cells;
	SQLLEN *lengths;
};

struct rowset {
	int columns;
	struct column column[maxColumns];
	SQLULEN capacity, fetched; // rows
};

static struct column columnOf(const char *word) {
	switch (word[0]) {
	case 'i': return (struct column){'i', sizeof(SQLBIGINT)};
	case 'd': return (struct column){'d', sizeof(double)};
	case 't': return (struct column){'t', sizeof(SQL_TIMESTAMP_STRUCT)};
	case 's': return (struct column){'s', 4 * atoi(word + 1) + 1}; // four bytes a character, and the ending zero
	}
	fail("unknown word in a layout");
	return (struct column){0};
}

// newRowset makes room for as many rows as are worth trying, within 32 MiB.
static struct rowset newRowset(const char *layout, SQLULEN capacity) {
	struct rowset r = {0};
	SQLLEN row = 0;
	char *words = strdup(layout);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
		if (r.columns == maxColumns)
			fail("too many columns in a layout");
		r.column[r.columns] = columnOf(word);
		row += r.column[r.columns++].size;
	}
	r.capacity = capacity;
	while (r.capacity > 1 && r.capacity * row > 32 << 20)
		r.capacity /= 2;
	for (int i = 0; i < r.columns; i++) {
		r.column[i].cells = calloc(r.capacity, r.column[i].size);
		r.column[i].lengths = calloc(r.capacity, sizeof(SQLLEN));
	}
	free(words);
	return r;
}

static SQLSMALLINT typeOf(char kind) {
	switch (kind) {
	case 'i': return SQL_C_SBIGINT;
	case 'd': return SQL_C_DOUBLE;
	case 't': return SQL_C_TYPE_TIMESTAMP;
	}
	return SQL_C_CHAR;
}

static void bindRowset(SQLHSTMT stmt, struct rowset *r) {
	setAttribute(stmt, SQL_ATTR_ROWS_FETCHED_PTR, &r->fetched);
	for (int i = 0; i < r->columns; i++) {
		struct column *c = &r->column[i];
		checkStmt(SQLBindCol(stmt, i + 1, typeOf(c->kind), c->cells, c->size, c->lengths), stmt, "SQLBindCol");
	}
}

static void addInts(struct checksum *sum, const struct column *c, SQLULEN rows) {
	const SQLBIGINT *cells = (void *)c->cells;
	for (SQLULEN i = 0; i < rows; i++)
		if (c->lengths[i] == SQL_NULL_DATA)
			sum->nulls++;
		else
			sum->ints += cells[i];
}

static void addDoubles(struct checksum *sum, const struct column *c, SQLULEN rows) {
	const double *cells = (void *)c->cells;
	for (SQLULEN i = 0; i < rows; i++)
		if (c->lengths[i] == SQL_NULL_DATA)
			sum->nulls++;
		else
			sum->quarters += (int64_t)(4 * cells[i]);
}

static void addTimes(struct checksum *sum, const struct column *c, SQLULEN rows) {
	const SQL_TIMESTAMP_STRUCT *cells = (void *)c->cells;
	for (SQLULEN i = 0; i < rows; i++)
		if (c->lengths[i] == SQL_NULL_DATA)
			sum->nulls++;
		else
			sum->micros += micros(&cells[i]);
}

static void addTexts(struct checksum *sum, const struct column *c, SQLULEN rows) {
	for (SQLULEN i = 0; i < rows; i++)
		if (c->lengths[i] == SQL_NULL_DATA)
			sum->nulls++;
		else
			sum->text += bytes(c->cells + i * c->size, c->lengths[i]);
}

// addRowset touches every value fetched.
static void addRowset(struct checksum *sum, const struct rowset *r) {
	sum->rows += r->fetched;
	for (int i = 0; i < r->columns; i++)
		switch (r->column[i].kind) {
		case 'i': addInts(sum, &r->column[i], r->fetched); break;
		case 'd': addDoubles(sum, &r->column[i], r->fetched); break;
		case 't': addTimes(sum, &r->column[i], r->fetched); break;
		case 's': addTexts(sum, &r->column[i], r->fetched); break;
		}
}

// fetchAll fetches what was executed, and closes the cursor.
static void fetchAll(SQLHSTMT stmt, struct rowset *r, struct checksum *sum) {
	SQLRETURN ret;
	while ((ret = SQLFetch(stmt)) != SQL_NO_DATA) {
		checkStmt(ret, stmt, "SQLFetch");
		addRowset(sum, r);
	}
	checkStmt(SQLFreeStmt(stmt, SQL_CLOSE), stmt, "SQLFreeStmt(CLOSE)");
}

static int64_t now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int earlier(const void *a, const void *b) {
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

// serve says that it is ready, and then does the work so many times for each
// line of standard input. It answers with the nanoseconds of all, of the 50th,
// 95th and 99th percentile, and the checksum.
static void serve(int times, void (*work)(int time, struct checksum *)) {
	int64_t *laps = calloc(times, sizeof *laps);
	puts("ready");
	fflush(stdout);
	for (char line[80]; fgets(line, sizeof line, stdin);) {
		struct checksum s = {0};
		int64_t all = 0;
		for (int i = 0; i < times; i++) {
			int64_t begin = now();
			work(i, &s);
			all += laps[i] = now() - begin;
		}
		qsort(laps, times, sizeof *laps, earlier);
		printf("%lld %lld %lld %lld 0 rows=%llu ints=%llu quarters=%llu micros=%llu text=%llu nulls=%llu\n", (long long)all,
		       (long long)laps[(times - 1) * 50 / 100], (long long)laps[(times - 1) * 95 / 100], (long long)laps[(times - 1) * 99 / 100],
		       (unsigned long long)s.rows, (unsigned long long)s.ints, (unsigned long long)s.quarters,
		       (unsigned long long)s.micros, (unsigned long long)s.text, (unsigned long long)s.nulls);
		fflush(stdout);
	}
}
