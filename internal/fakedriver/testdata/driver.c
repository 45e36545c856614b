// An ODBC driver with nothing behind it but a test: each call goes to the test's
// process, by the address in the connection string ("Fake=host:port"), and what comes
// back is what the call answers and writes. fakedriver.go has the other end. With
// "Polled=1" an epoll waits for the link too, as for the sockets of Go, so that it is
// taken for one of those.
//
// A request is its length, the name of the call, the numbers of connection and
// statement, and the call's arguments; an answer is its length, the head that ask reads,
// and what the call reads behind it. Numbers are of the machine's byte order.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sql.h>
#include <sqlext.h>

struct buffer {
	char *bytes;
	size_t length, at, room;
};

struct record {
	char state[6];
	SQLINTEGER native;
	char *message;
};

struct diagnostics {
	struct record *records;
	int count, repeats; // repeats: how often the last one is given again
};

struct connection {
	uint64_t number;
	struct diagnostics diagnostics;
	struct sockaddr_in address;
	int socket; // -1 before connecting and after disconnecting
	int epoll;  // likewise, and where the link is not polled
	pthread_mutex_t lock; // of socket
};

struct column {
	char *name, *typeName;
	SQLSMALLINT type, digits, nullable;
	SQLULEN size;
	char isUnsigned;
};

struct binding {
	SQLSMALLINT cType;
	char *target;
	SQLLEN size, *indicator;
};

enum { maxBindings = 2048 };

struct statement {
	uint64_t number;
	struct diagnostics diagnostics;
	struct connection *connection;
	SQLSMALLINT params, count;
	struct column *columns;
	SQLLEN rowCount;
	SQLULEN arraySize, paramsetSize, *fetched, *processed, position;
	SQLUSMALLINT *status;
	struct binding results[maxBindings], parameters[maxBindings];
};

static uint64_t last; // the number given last to a connection or a statement

static void put(struct buffer *b, const void *from, size_t length) {
	if (b->length + length > b->room)
		b->bytes = realloc(b->bytes, b->room = 2 * (b->length + length) + 64);
	memcpy(b->bytes + b->length, from, length);
	b->length += length;
}

static void putNumber(struct buffer *b, int64_t n) { put(b, &n, sizeof n); }

static void putBytes(struct buffer *b, const void *from, size_t length) {
	putNumber(b, length);
	put(b, from, length);
}

static int64_t number(struct buffer *b) {
	int64_t n;
	if (b->at + sizeof n > b->length)
		return 0;
	memcpy(&n, b->bytes + b->at, sizeof n);
	b->at += sizeof n;
	return n;
}

static const char *bytes(struct buffer *b, int64_t *length) {
	*length = number(b);
	const char *from = b->bytes + b->at;
	b->at += *length;
	return from;
}

static char *text(struct buffer *b) {
	int64_t length;
	const char *from = bytes(b, &length);
	return from ? strndup(from, length) : strdup("");
}

static void forget(struct diagnostics *d) {
	for (int i = 0; i < d->count; i++)
		free(d->records[i].message);
	free(d->records);
	memset(d, 0, sizeof *d);
}

static void tell(struct diagnostics *d, const char *state, SQLINTEGER native, char *message) {
	d->records = realloc(d->records, (d->count + 1) * sizeof *d->records);
	struct record *r = &d->records[d->count++];
	snprintf(r->state, sizeof r->state, "%s", state);
	r->native = native;
	r->message = message;
}

static int transfer(int socket, struct buffer *request, struct buffer *answer) {
	int64_t length = request->length;
	if (send(socket, &length, sizeof length, MSG_NOSIGNAL | MSG_MORE) != sizeof length)
		return 0;
	for (size_t sent = 0; sent < request->length;) {
		ssize_t n = send(socket, request->bytes + sent, request->length - sent, MSG_NOSIGNAL);
		if (n <= 0)
			return 0;
		sent += n;
	}
	if (recv(socket, &length, sizeof length, MSG_WAITALL) != sizeof length)
		return 0;
	answer->bytes = malloc(length + 1);
	answer->length = length;
	return recv(socket, answer->bytes, length, MSG_WAITALL) == length;
}

static int dial(const struct sockaddr_in *address) {
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (connect(s, (const struct sockaddr *)address, sizeof *address) == 0)
		return s;
	close(s);
	return -1;
}

static void pollLink(struct connection *c) {
	struct epoll_event never = {0};
	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	epoll_ctl(c->epoll, EPOLL_CTL_ADD, c->socket, &never);
}

static void hangUp(struct connection *c) {
	if (c->socket >= 0)
		close(c->socket);
	if (c->epoll >= 0)
		close(c->epoll);
	c->socket = c->epoll = -1;
}

static void begin(struct buffer *request, const char *call, struct connection *c, struct statement *s) {
	putBytes(request, call, strlen(call));
	putNumber(request, c->number);
	putNumber(request, s ? s->number : 0);
}

// head reads what every answer begins with.
static SQLRETURN head(struct buffer *answer, struct diagnostics *d) {
	SQLRETURN ret = number(answer);
	if (number(answer))
		raise(SIGSEGV);
	d->repeats = number(answer);
	for (int64_t records = number(answer); records > 0; records--) {
		char *state = text(answer);
		SQLINTEGER native = number(answer);
		tell(d, state, native, text(answer));
		free(state);
	}
	return ret;
}

// isCleaning says whether a request is to end a connection or to free a handle.
static int isCleaning(const struct buffer *request) {
	const char *call = request->bytes + sizeof(int64_t); // behind its length
	return !strncmp(call, "free", 4) || !strncmp(call, "disconnect", 10);
}

// ask sends a request and reads its answer up to what the call itself wants of it.
// apart asks on a connection of its own, beside a call that is under way.
static SQLRETURN ask(struct connection *c, struct statement *s, struct buffer *request, struct buffer *answer, int apart) {
	struct diagnostics *d = s ? &s->diagnostics : &c->diagnostics, none = {0};
	int socket = c->socket, answered = 0;
	if (apart) {
		d = &none; // the call's own records are being written by the other thread
		socket = dial(&c->address);
	} else {
		pthread_mutex_lock(&c->lock);
		forget(d);
	}
	SQLRETURN ret = SQL_ERROR;
	answered = socket >= 0 && transfer(socket, request, answer);
	if (!answered && !apart && isCleaning(request)) { // our link was shut down, and handles are counted all the same
		int other = dial(&c->address);
		answered = other >= 0 && transfer(other, request, answer);
		close(other);
	}
	if (answered)
		ret = head(answer, d);
	if (!answered) {
		free(answer->bytes);
		memset(answer, 0, sizeof *answer);
		tell(d, "08S01", 0, strdup("the link is lost"));
	}
	if (apart) {
		forget(&none);
		close(socket);
	} else {
		pthread_mutex_unlock(&c->lock);
	}
	free(request->bytes);
	return ret;
}

// plain makes a call that has nothing but a number to tell, and nothing to ask.
static SQLRETURN plain(const char *call, struct connection *c, struct statement *s, int64_t argument, int apart) {
	struct buffer request = {0}, answer = {0};
	begin(&request, call, c, s);
	putNumber(&request, argument);
	SQLRETURN ret = ask(c, s, &request, &answer, apart);
	free(answer.bytes);
	return ret;
}

static SQLRETURN copyText(const char *from, SQLPOINTER value, SQLSMALLINT size, SQLSMALLINT *length) {
	if (length)
		*length = strlen(from);
	if (value && size > 0) {
		strncpy(value, from, size);
		((char *)value)[size - 1] = 0;
	}
	return SQL_SUCCESS;
}

// Handles.

SQLRETURN SQLAllocHandle(SQLSMALLINT type, SQLHANDLE parent, SQLHANDLE *handle) {
	if (type == SQL_HANDLE_DBC) {
		struct connection *c = *handle = calloc(1, sizeof *c);
		c->number = __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
		c->socket = c->epoll = -1;
		pthread_mutex_init(&c->lock, NULL);
		return SQL_SUCCESS;
	}
	if (type != SQL_HANDLE_STMT) {
		*handle = calloc(1, sizeof(int));
		return SQL_SUCCESS;
	}
	struct statement *s = *handle = calloc(1, sizeof *s);
	s->number = __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
	s->connection = parent;
	s->arraySize = s->paramsetSize = 1;
	struct buffer request = {0}, answer = {0};
	begin(&request, "alloc", s->connection, s);
	SQLRETURN ret = ask(s->connection, NULL, &request, &answer, 0);
	free(answer.bytes);
	if (!SQL_SUCCEEDED(ret))
		free(s);
	return ret;
}

static void forgetColumns(struct statement *s) {
	for (int i = 0; i < s->count; i++) {
		free(s->columns[i].name);
		free(s->columns[i].typeName);
	}
	free(s->columns);
	s->columns = NULL;
	s->count = 0;
}

SQLRETURN SQLFreeHandle(SQLSMALLINT type, SQLHANDLE handle) {
	if (type == SQL_HANDLE_DBC) {
		struct connection *c = handle;
		if (c->address.sin_port)
			plain("free", c, NULL, 0, 1);
		hangUp(c);
		forget(&c->diagnostics);
	}
	if (type == SQL_HANDLE_STMT) {
		struct statement *s = handle;
		if (plain("free", s->connection, s, 0, 0) == SQL_ERROR) // the link is lost
			plain("free", s->connection, s, 0, 1);
		forgetColumns(s);
		forget(&s->diagnostics);
	}
	free(handle);
	return SQL_SUCCESS;
}

SQLRETURN SQLGetDiagRec(SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT number, SQLCHAR *state, SQLINTEGER *native,
                        SQLCHAR *message, SQLSMALLINT size, SQLSMALLINT *length) {
	struct diagnostics *d;
	switch (type) {
	case SQL_HANDLE_DBC: d = &((struct connection *)handle)->diagnostics; break;
	case SQL_HANDLE_STMT: d = &((struct statement *)handle)->diagnostics; break;
	default: return SQL_NO_DATA;
	}
	if (number < 1 || d->count == 0 || number > d->count + d->repeats)
		return SQL_NO_DATA;
	struct record *r = &d->records[(number < d->count ? number : d->count) - 1];
	if (state)
		memcpy(state, r->state, sizeof r->state);
	if (native)
		*native = r->native;
	return copyText(r->message, message, size, length);
}

// The driver manager asks for records only where there is this too. It tells nothing.
SQLRETURN SQLGetDiagField(SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT number, SQLSMALLINT field, SQLPOINTER value,
                          SQLSMALLINT size, SQLSMALLINT *length) {
	return SQL_ERROR;
}

// Connections.

SQLRETURN SQLSetEnvAttr(SQLHENV env, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER length) { return SQL_SUCCESS; }

SQLRETURN SQLSetConnectAttr(SQLHDBC dbc, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER length) {
	struct connection *c = dbc;
	if (c->socket < 0)
		return SQL_SUCCESS;
	struct buffer request = {0}, answer = {0};
	begin(&request, "set attribute", c, NULL);
	putNumber(&request, attribute);
	putNumber(&request, (intptr_t)value);
	SQLRETURN ret = ask(c, NULL, &request, &answer, 0);
	free(answer.bytes);
	return ret;
}

SQLRETURN SQLGetConnectAttr(SQLHDBC dbc, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER size, SQLINTEGER *length) {
	struct connection *c = dbc;
	struct buffer request = {0}, answer = {0};
	begin(&request, "get attribute", c, NULL);
	putNumber(&request, attribute);
	SQLRETURN ret = ask(c, NULL, &request, &answer, 0);
	if (!answer.bytes && attribute == SQL_ATTR_CONNECTION_DEAD) {
		*(SQLUINTEGER *)value = SQL_CD_TRUE;
		return SQL_SUCCESS;
	}
	*(SQLUINTEGER *)value = number(&answer);
	free(answer.bytes);
	return ret;
}

SQLRETURN SQLDriverConnect(SQLHDBC dbc, SQLHWND window, SQLCHAR *in, SQLSMALLINT inLength, SQLCHAR *out,
                           SQLSMALLINT size, SQLSMALLINT *length, SQLUSMALLINT completion) {
	struct connection *c = dbc;
	char *connection = inLength == SQL_NTS ? strdup((char *)in) : strndup((char *)in, inLength);
	char *key = strcasestr(connection, "Fake="), host[64];
	int port;
	forget(&c->diagnostics);
	if (key && sscanf(key + strlen("Fake="), "%63[0-9.]:%d", host, &port) == 2) {
		c->address.sin_family = AF_INET;
		c->address.sin_port = htons(port);
		inet_pton(AF_INET, host, &c->address.sin_addr);
		c->socket = dial(&c->address);
	}
	if (c->socket >= 0 && strcasestr(connection, "Polled=1"))
		pollLink(c);
	if (c->socket < 0) {
		tell(&c->diagnostics, "08001", 0, strdup("nobody is there"));
		free(connection);
		return SQL_ERROR;
	}
	struct buffer request = {0}, answer = {0};
	begin(&request, "connect", c, NULL);
	putBytes(&request, connection, strlen(connection));
	SQLRETURN ret = ask(c, NULL, &request, &answer, 0);
	free(answer.bytes);
	free(connection);
	return ret;
}

SQLRETURN SQLDisconnect(SQLHDBC dbc) {
	struct connection *c = dbc;
	SQLRETURN ret = plain("disconnect", c, NULL, 0, 0);
	if (ret != SQL_ERROR)
		hangUp(c);
	return ret;
}

SQLRETURN SQLEndTran(SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT completion) {
	return type == SQL_HANDLE_DBC ? plain("end transaction", handle, NULL, completion, 0) : SQL_SUCCESS;
}

SQLRETURN SQLGetInfo(SQLHDBC dbc, SQLUSMALLINT type, SQLPOINTER value, SQLSMALLINT size, SQLSMALLINT *length) {
	struct buffer request = {0}, answer = {0};
	begin(&request, "get info", dbc, NULL);
	putNumber(&request, type);
	SQLRETURN ret = ask(dbc, NULL, &request, &answer, 0);
	int isText = number(&answer);
	int64_t figure = number(&answer);
	if (isText) {
		char *s = text(&answer);
		copyText(s, value, size, length);
		free(s);
	} else if (value && size >= 4) {
		memcpy(value, &figure, 4);
	} else if (value) {
		memcpy(value, &figure, 2);
	}
	free(answer.bytes);
	return ret;
}

// Statements.

SQLRETURN SQLSetStmtAttr(SQLHSTMT stmt, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER length) {
	struct statement *s = stmt;
	switch (attribute) {
	case SQL_ATTR_ROWS_FETCHED_PTR: s->fetched = value; return SQL_SUCCESS;
	case SQL_ATTR_PARAMS_PROCESSED_PTR: s->processed = value; return SQL_SUCCESS;
	case SQL_ATTR_PARAM_STATUS_PTR: s->status = value; return SQL_SUCCESS;
	}
	struct buffer request = {0}, answer = {0};
	begin(&request, "set attribute", s->connection, s);
	putNumber(&request, attribute);
	putNumber(&request, (intptr_t)value);
	SQLRETURN ret = ask(s->connection, s, &request, &answer, 0);
	free(answer.bytes);
	if (ret == SQL_SUCCESS && attribute == SQL_ATTR_ROW_ARRAY_SIZE)
		s->arraySize = (SQLULEN)value;
	if (ret == SQL_SUCCESS && attribute == SQL_ATTR_PARAMSET_SIZE)
		s->paramsetSize = (SQLULEN)value;
	return ret;
}

SQLRETURN SQLGetStmtAttr(SQLHSTMT stmt, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER size, SQLINTEGER *length) {
	static int descriptor; // the driver manager asks for four, and passes them on
	*(SQLPOINTER *)value = &descriptor;
	return SQL_SUCCESS;
}

// shape reads what a statement or its next result looks like.
static void shape(struct statement *s, struct buffer *answer) {
	if (!answer->bytes)
		return;
	forgetColumns(s);
	s->params = number(answer);
	s->rowCount = number(answer);
	int count = number(answer);
	s->columns = calloc(count, sizeof *s->columns);
	for (int i = 0; i < count; i++) {
		struct column *c = &s->columns[i];
		c->name = text(answer);
		c->typeName = text(answer);
		c->type = number(answer);
		c->size = number(answer);
		c->digits = number(answer);
		c->nullable = number(answer);
		c->isUnsigned = number(answer);
	}
	s->count = count;
}

static SQLRETURN statementText(const char *call, struct statement *s, SQLCHAR *sql, SQLINTEGER length) {
	struct buffer request = {0}, answer = {0};
	begin(&request, call, s->connection, s);
	putBytes(&request, sql, length == SQL_NTS ? strlen((char *)sql) : (size_t)length);
	SQLRETURN ret = ask(s->connection, s, &request, &answer, 0);
	shape(s, &answer);
	free(answer.bytes);
	return ret;
}

SQLRETURN SQLPrepare(SQLHSTMT stmt, SQLCHAR *sql, SQLINTEGER length) { return statementText("prepare", stmt, sql, length); }
SQLRETURN SQLExecDirect(SQLHSTMT stmt, SQLCHAR *sql, SQLINTEGER length) { return statementText("execute directly", stmt, sql, length); }

SQLRETURN SQLNumParams(SQLHSTMT stmt, SQLSMALLINT *count) {
	*count = ((struct statement *)stmt)->params;
	return SQL_SUCCESS;
}

SQLRETURN SQLNumResultCols(SQLHSTMT stmt, SQLSMALLINT *count) {
	*count = ((struct statement *)stmt)->count;
	return SQL_SUCCESS;
}

SQLRETURN SQLRowCount(SQLHSTMT stmt, SQLLEN *count) {
	*count = ((struct statement *)stmt)->rowCount;
	return SQL_SUCCESS;
}

SQLRETURN SQLDescribeCol(SQLHSTMT stmt, SQLUSMALLINT place, SQLCHAR *name, SQLSMALLINT size, SQLSMALLINT *length,
                         SQLSMALLINT *type, SQLULEN *columnSize, SQLSMALLINT *digits, SQLSMALLINT *nullable) {
	struct statement *s = stmt;
	if (place < 1 || place > s->count)
		return SQL_ERROR;
	struct column *c = &s->columns[place - 1];
	*type = c->type;
	*columnSize = c->size;
	*digits = c->digits;
	*nullable = c->nullable;
	return copyText(c->name, name, size, length);
}

SQLRETURN SQLColAttribute(SQLHSTMT stmt, SQLUSMALLINT place, SQLUSMALLINT field, SQLPOINTER value, SQLSMALLINT size,
                          SQLSMALLINT *length, SQLLEN *figure) {
	struct statement *s = stmt;
	if (place < 1 || place > s->count)
		return SQL_ERROR;
	struct column *c = &s->columns[place - 1];
	switch (field) {
	case SQL_DESC_CONCISE_TYPE: *figure = c->type; return SQL_SUCCESS;
	case SQL_DESC_NULLABLE: *figure = c->nullable; return SQL_SUCCESS;
	case SQL_DESC_UNSIGNED: *figure = c->isUnsigned; return SQL_SUCCESS;
	case SQL_DESC_NAME:
	case SQL_DESC_LABEL: return copyText(c->name, value, size, length);
	case SQL_DESC_TYPE_NAME: return copyText(c->typeName, value, size, length);
	case SQL_DESC_BASE_TABLE_NAME:
	case SQL_DESC_TABLE_NAME:
	case SQL_DESC_SCHEMA_NAME:
	case SQL_DESC_BASE_COLUMN_NAME: return copyText("", value, size, length);
	}
	if (figure)
		*figure = 0;
	return SQL_SUCCESS;
}

static SQLLEN cellSize(const struct binding *b) {
	switch (b->cType) {
	case SQL_C_BIT:
	case SQL_C_STINYINT:
	case SQL_C_UTINYINT: return 1;
	case SQL_C_SSHORT:
	case SQL_C_USHORT: return 2;
	case SQL_C_SLONG:
	case SQL_C_ULONG:
	case SQL_C_FLOAT: return 4;
	case SQL_C_SBIGINT:
	case SQL_C_UBIGINT:
	case SQL_C_DOUBLE: return 8;
	case SQL_C_TYPE_DATE: return sizeof(SQL_DATE_STRUCT);
	case SQL_C_TYPE_TIMESTAMP: return sizeof(SQL_TIMESTAMP_STRUCT);
	}
	return b->size;
}

SQLRETURN SQLBindParameter(SQLHSTMT stmt, SQLUSMALLINT place, SQLSMALLINT inOut, SQLSMALLINT cType, SQLSMALLINT sqlType,
                           SQLULEN columnSize, SQLSMALLINT digits, SQLPOINTER value, SQLLEN size, SQLLEN *indicator) {
	if (place < 1 || place > maxBindings)
		return SQL_ERROR;
	((struct statement *)stmt)->parameters[place - 1] = (struct binding){cType, value, size, indicator};
	return SQL_SUCCESS;
}

static void putParameter(struct buffer *request, const struct binding *b, SQLULEN row) {
	SQLLEN indicator = b->indicator ? b->indicator[row] : SQL_NTS, size = cellSize(b);
	const char *from = b->target + row * size;
	putNumber(request, b->cType);
	putNumber(request, indicator == SQL_NULL_DATA);
	if (indicator == SQL_NULL_DATA)
		size = 0;
	else if (b->cType == SQL_C_CHAR || b->cType == SQL_C_BINARY)
		size = indicator == SQL_NTS ? (SQLLEN)strlen(from) : indicator;
	putBytes(request, from, size);
}

SQLRETURN SQLExecute(SQLHSTMT stmt) {
	struct statement *s = stmt;
	struct buffer request = {0}, answer = {0};
	begin(&request, "execute", s->connection, s);
	putNumber(&request, s->params ? s->paramsetSize : 0);
	putNumber(&request, s->params);
	for (SQLULEN row = 0; row < s->paramsetSize; row++)
		for (int i = 0; i < s->params; i++)
			putParameter(&request, &s->parameters[i], row);
	SQLRETURN ret = ask(s->connection, s, &request, &answer, 0);
	shape(s, &answer);
	int64_t processed = number(&answer), rows = number(&answer);
	if (s->processed && processed >= 0)
		*s->processed = processed;
	for (int64_t i = 0; i < rows; i++) {
		int64_t status = number(&answer);
		if (s->status && status >= 0 && i < (int64_t)s->paramsetSize)
			s->status[i] = status;
	}
	free(answer.bytes);
	return ret;
}

SQLRETURN SQLBindCol(SQLHSTMT stmt, SQLUSMALLINT place, SQLSMALLINT cType, SQLPOINTER target, SQLLEN size, SQLLEN *indicator) {
	if (place < 1 || place > maxBindings)
		return SQL_ERROR;
	((struct statement *)stmt)->results[place - 1] = (struct binding){cType, target, size, indicator};
	return SQL_SUCCESS;
}

// fill writes a cell as the answer has it, whose bytes fit.
static void fill(struct buffer *answer, char *target, SQLLEN *indicator) {
	int64_t said = number(answer), half = number(answer), length;
	const char *from = bytes(answer, &length);
	if (target)
		memcpy(target, from, length);
	if (indicator)
		memcpy(indicator, &said, half ? 4 : 8);
}

static SQLRETURN fetch(struct statement *s, int64_t orientation, int64_t offset) {
	struct buffer request = {0}, answer = {0};
	begin(&request, "fetch", s->connection, s);
	putNumber(&request, orientation);
	putNumber(&request, offset);
	putNumber(&request, s->arraySize);
	int bound = 0;
	for (int i = 0; i < s->count; i++)
		bound += s->results[i].target != NULL;
	putNumber(&request, bound);
	for (int i = 0; i < s->count; i++) {
		if (!s->results[i].target)
			continue;
		putNumber(&request, i);
		putNumber(&request, s->results[i].cType);
		putNumber(&request, s->results[i].size);
	}
	SQLRETURN ret = ask(s->connection, s, &request, &answer, 0);
	int64_t fetched = number(&answer);
	if (s->fetched && fetched != -1 && answer.bytes)
		*s->fetched = fetched;
	int64_t rows = number(&answer);
	for (int64_t row = 0; row < rows; row++)
		for (int i = 0; i < s->count; i++) {
			struct binding *b = &s->results[i];
			if (b->target)
				fill(&answer, b->target + row * cellSize(b), b->indicator ? b->indicator + row : NULL);
		}
	s->position = 0;
	free(answer.bytes);
	return ret;
}

SQLRETURN SQLFetch(SQLHSTMT stmt) { return fetch(stmt, SQL_FETCH_NEXT, 0); }
SQLRETURN SQLFetchScroll(SQLHSTMT stmt, SQLSMALLINT orientation, SQLLEN offset) { return fetch(stmt, orientation, offset); }

SQLRETURN SQLSetPos(SQLHSTMT stmt, SQLSETPOSIROW row, SQLUSMALLINT operation, SQLUSMALLINT lock) {
	struct statement *s = stmt;
	s->position = row - 1;
	return plain("set position", s->connection, s, row, 0);
}

SQLRETURN SQLGetData(SQLHSTMT stmt, SQLUSMALLINT place, SQLSMALLINT cType, SQLPOINTER target, SQLLEN size, SQLLEN *indicator) {
	struct statement *s = stmt;
	struct buffer request = {0}, answer = {0};
	begin(&request, "get data", s->connection, s);
	putNumber(&request, s->position);
	putNumber(&request, place - 1);
	putNumber(&request, cType);
	putNumber(&request, size);
	SQLRETURN ret = ask(s->connection, s, &request, &answer, 0);
	if (SQL_SUCCEEDED(ret))
		fill(&answer, target, indicator);
	free(answer.bytes);
	return ret;
}

SQLRETURN SQLMoreResults(SQLHSTMT stmt) {
	struct statement *s = stmt;
	struct buffer request = {0}, answer = {0};
	begin(&request, "more results", s->connection, s);
	SQLRETURN ret = ask(s->connection, s, &request, &answer, 0);
	shape(s, &answer);
	free(answer.bytes);
	return ret;
}

SQLRETURN SQLCancel(SQLHSTMT stmt) {
	struct statement *s = stmt;
	return plain("cancel", s->connection, s, 0, 1);
}

SQLRETURN SQLCloseCursor(SQLHSTMT stmt) {
	struct statement *s = stmt;
	return plain("close", s->connection, s, 0, 0);
}

SQLRETURN SQLFreeStmt(SQLHSTMT stmt, SQLUSMALLINT option) {
	struct statement *s = stmt;
	switch (option) {
	case SQL_UNBIND: memset(s->results, 0, sizeof s->results); return SQL_SUCCESS;
	case SQL_RESET_PARAMS: memset(s->parameters, 0, sizeof s->parameters); return SQL_SUCCESS;
	}
	return SQLCloseCursor(stmt);
}
