// The floor of inserts: rows of a table like people, in parameter arrays within
// one transaction, or one by one with a commit after each.
//
//	insert CONNECTION-STRING TIMES SQL ROWS SET timestamp|text
//
// The rows are made before, from ROW on when there are several TIMES; SET is the
// rows of an array, 1 commits each row. SQLite's driver writes timestamps with
// three digits of fraction unless they are text.
#include "floor.h"

enum { nameSize = 4 * 40 + 1, noteSize = 4 * 100 + 1, createdSize = 27 };

struct person {
	SQLBIGINT id;
	char name[40];
	double score;
	SQL_TIMESTAMP_STRUCT created;
	char createdText[createdSize];
	char note[101];
	int noteLength; // -1 is NULL
};

static SQLHDBC dbc;
static SQLHSTMT stmt;
static SQLULEN set;
static int asText;
static struct person *people;
static int rows;

// The parameter set, and one indicator a cell.
static SQLBIGINT *id;
static char (*name)[nameSize];
static double *score;
static SQL_TIMESTAMP_STRUCT *created;
static char (*createdText)[createdSize];
static char (*note)[noteSize];
static SQLLEN *idLen, *nameLen, *scoreLen, *createdLen, *noteLen;

static void makeArrays(void) {
	id = calloc(set, sizeof *id), name = calloc(set, sizeof *name), score = calloc(set, sizeof *score);
	created = calloc(set, sizeof *created), createdText = calloc(set, sizeof *createdText), note = calloc(set, sizeof *note);
	SQLLEN **lengths[] = {&idLen, &nameLen, &scoreLen, &createdLen, &noteLen};
	for (int i = 0; i < 5; i++)
		*lengths[i] = calloc(set, sizeof(SQLLEN));
}

// setCreated is the same as begin.Add(i * 61.000123 s) in people.go.
static void setCreated(struct person *p, int64_t i) {
	int64_t all = 1582848000000000LL + i * 50000123; // microseconds; 2020-02-28
	time_t seconds = all / 1000000;
	struct tm t;
	gmtime_r(&seconds, &t);
	p->created = (SQL_TIMESTAMP_STRUCT){t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, all % 1000000 * 1000};
	size_t n = strftime(p->createdText, createdSize, "%Y-%m-%d %H:%M:%S", &t);
	snprintf(p->createdText + n, createdSize - n, ".%06d", (int)(all % 1000000));
}

// makePeople makes the rows that people.go makes.
static void makePeople(void) {
	char words[4 * 27 + 1] = "";
	for (int i = 0; i < 4; i++)
		strcat(words, "lorem ipsum dolor sit amet ");
	people = calloc(rows, sizeof *people);
	for (int64_t i = 0; i < rows; i++) {
		struct person *p = &people[i];
		p->id = i + 1;
		snprintf(p->name, sizeof p->name, "José Müller %d", (int)(7919 * i % 1000003));
		p->score = i / 4.0;
		setCreated(p, i);
		p->noteLength = i % 10 ? 13 * i % 101 : -1;
		if (p->noteLength > 0)
			memcpy(p->note, words, p->noteLength);
	}
}

static void bind(SQLUSMALLINT column, SQLSMALLINT type, SQLSMALLINT sqlType, SQLULEN columnSize, SQLSMALLINT digits, void *cells, SQLLEN size, SQLLEN *lengths) {
	checkStmt(SQLBindParameter(stmt, column, SQL_PARAM_INPUT, type, sqlType, columnSize, digits, cells, size, lengths), stmt, "SQLBindParameter");
}

// bindSet binds anew: a driver may keep what it made of another size.
static void bindSet(SQLULEN size) {
	checkStmt(SQLFreeStmt(stmt, SQL_RESET_PARAMS), stmt, "SQLFreeStmt(RESET_PARAMS)");
	setAttribute(stmt, SQL_ATTR_PARAMSET_SIZE, (SQLPOINTER)size);
	bind(1, SQL_C_SBIGINT, SQL_BIGINT, 19, 0, id, sizeof *id, idLen);
	bind(2, SQL_C_CHAR, SQL_VARCHAR, 40, 0, name, sizeof *name, nameLen);
	bind(3, SQL_C_DOUBLE, SQL_DOUBLE, 15, 0, score, sizeof *score, scoreLen);
	if (asText)
		bind(4, SQL_C_CHAR, SQL_VARCHAR, createdSize - 1, 0, createdText, createdSize, createdLen);
	else
		bind(4, SQL_C_TYPE_TIMESTAMP, SQL_TYPE_TIMESTAMP, 26, 6, created, sizeof *created, createdLen);
	bind(5, SQL_C_CHAR, SQL_VARCHAR, 100, 0, note, sizeof *note, noteLen);
}

static void put(SQLULEN i, const struct person *p) {
	id[i] = p->id;
	nameLen[i] = strlen(p->name);
	memcpy(name[i], p->name, nameLen[i]);
	score[i] = p->score;
	if (asText) {
		createdLen[i] = createdSize - 1;
		memcpy(createdText[i], p->createdText, createdSize);
	} else {
		created[i] = p->created;
	}
	noteLen[i] = p->noteLength < 0 ? SQL_NULL_DATA : p->noteLength;
	if (p->noteLength > 0)
		memcpy(note[i], p->note, p->noteLength);
}

static void insertOne(int time, struct checksum *sum) {
	put(0, &people[time]);
	checkStmt(SQLExecute(stmt), stmt, "SQLExecute");
	sum->rows++;
}

static void insertSet(int from, SQLULEN size) {
	for (SQLULEN i = 0; i < size; i++)
		put(i, &people[from + i]);
	checkStmt(SQLExecute(stmt), stmt, "SQLExecute");
}

static void insertAll(int time, struct checksum *sum) {
	(void)time;
	check(SQLSetConnectAttr(dbc, SQL_ATTR_AUTOCOMMIT, SQL_AUTOCOMMIT_OFF, 0), SQL_HANDLE_DBC, dbc, "SQL_ATTR_AUTOCOMMIT");
	int whole = rows - rows % set;
	bindSet(set);
	for (int from = 0; from < whole; from += set)
		insertSet(from, set);
	if (rows > whole) {
		bindSet(rows - whole);
		insertSet(whole, rows - whole);
	}
	check(SQLEndTran(SQL_HANDLE_DBC, dbc, SQL_COMMIT), SQL_HANDLE_DBC, dbc, "SQLEndTran");
	check(SQLSetConnectAttr(dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_ON, 0), SQL_HANDLE_DBC, dbc, "SQL_ATTR_AUTOCOMMIT");
	sum->rows += rows;
}

int main(int argc, char **argv) {
	if (argc != 7)
		fail("usage: insert CONNECTION-STRING TIMES SQL ROWS SET timestamp|text");
	rows = atoi(argv[4]);
	set = atoi(argv[5]);
	asText = strcmp(argv[6], "text") == 0;
	makeArrays();
	makePeople();
	dbc = connectTo(argv[1]);
	stmt = newStatement(dbc);
	checkStmt(SQLPrepare(stmt, (SQLCHAR *)argv[3], SQL_NTS), stmt, "SQLPrepare");
	bindSet(set);
	serve(atoi(argv[2]), set > 1 ? insertAll : insertOne);
	return 0;
}
