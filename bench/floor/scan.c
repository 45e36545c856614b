// The floor of scans: a whole result, in blocks of the size that it finds fastest.
//
//	scan CONNECTION-STRING TIMES SQL LAYOUT
#include "floor.h"

static SQLHSTMT stmt;
static struct rowset rows;

static void scan(int time, struct checksum *sum) {
	(void)time;
	checkStmt(SQLExecute(stmt), stmt, "SQLExecute");
	fetchAll(stmt, &rows, sum);
}

static void setBlock(SQLULEN size) { setAttribute(stmt, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)size); }

static SQLHSTMT prepared(SQLHDBC dbc, const char *sql) {
	SQLHSTMT prepared = newStatement(dbc);
	checkStmt(SQLPrepare(prepared, (SQLCHAR *)sql, SQL_NTS), prepared, "SQLPrepare");
	bindRowset(prepared, &rows);
	return prepared;
}

// fastestBlock returns the block size with which the second scan of a part of
// the rows was fastest.
static SQLULEN fastestBlock(SQLHDBC dbc, const char *sql) {
	static const SQLULEN sizes[] = {100, 300, 1000, 4000};
	struct checksum ignored;
	char part[2000];
	snprintf(part, sizeof part, "%s LIMIT 30000", sql);
	stmt = prepared(dbc, part);
	SQLULEN best = 1;
	int64_t least = INT64_MAX;
	for (int i = 0; i < 8; i++) {
		SQLULEN size = sizes[i % 4] < rows.capacity ? sizes[i % 4] : rows.capacity;
		setBlock(size);
		int64_t begin = now();
		scan(0, &ignored);
		int64_t took = now() - begin;
		if (i >= 4 && took < least)
			least = took, best = size;
	}
	SQLFreeHandle(SQL_HANDLE_STMT, stmt);
	return best;
}

int main(int argc, char **argv) {
	if (argc != 5)
		fail("usage: scan CONNECTION-STRING TIMES SQL LAYOUT");
	SQLHDBC dbc = connectTo(argv[1]);
	rows = newRowset(argv[4], 4000);
	SQLULEN block = fastestBlock(dbc, argv[3]);
	stmt = prepared(dbc, argv[3]);
	setBlock(block);
	serve(atoi(argv[2]), scan);
	return 0;
}
