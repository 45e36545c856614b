package conformance_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/tdsserver"
	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// engine is a database, with the words that it has for what the checks do.
type engine struct {
	name string
	// open starts it, or finds it, and returns where it is.
	open func(*testing.T) at
	// types are all that the runtime reads and writes there.
	types []typed
	// integer, text and long are types for a number of 64 bits, and for texts of 40 and of
	// any number of characters.
	integer, text, long string
	// numbered is a column whose numbers the database gives.
	numbered string
	// wide is a character of as many bytes as there can be.
	wide string
	// upper: names that are not quoted are in upper case.
	upper bool
	// page ends a query for the first three rows.
	page string
	// nullable says of a column that it may be NULL, where that is not so by itself.
	nullable string
	// level is a query for the isolation level of the transaction, "" where there is
	// but one.
	level string
	// slow is a query for one number that takes minutes.
	slow string
	// routines make what the rows of procedures call, by its name there.
	routines map[string][]string
	// outsTakeValues: the catalog has no parameters that only come back.
	outsTakeValues bool
	// cannot says why the emulation cannot run a row. A database that cannot do it is
	// not here: the runtime has to refuse it.
	cannot map[string]string
}

// at is a running engine.
type at struct {
	dsn     string
	options []runtime.Option
}

// typed is a type with the kind that it has in Go, and values that it holds.
type typed struct {
	sql    string
	kind   protocol.Kind
	told   protocol.Kind // by describe, where that is not the kind
	values []any
}

// engines are those that are run; emulations add theirs.
var engines = []engine{
	{
		name: "sqlite",
		open: func(t *testing.T) at { return at{dsn: testdb.SQLite(t).DSN} },
		types: []typed{
			of("BOOLEAN", true, false), of("SMALLINT", int16(math.MinInt16), int16(math.MaxInt16)),
			of("INTEGER", int64(math.MinInt64), int64(math.MaxInt64)).as(protocol.Int64), of("BIGINT", int64(math.MinInt64), int64(math.MaxInt64)),
			of("DOUBLE", 0.1, -1e300), of("DECIMAL(12,2)", number("-1234567890.12")), of("VARCHAR(40)", "größe 😀", "' OR 1"), of("TEXT", "größe 😀"),
			of("BLOB", []byte{}, []byte{0, 1, 255}), of("DATE", day(2024, 2, 29), day(1, 1, 1)), of("TIME", clock(13, 14, 15, 0)),
			of("TIMESTAMP", moment("2024-02-29T13:14:15.123456Z"), moment("0001-01-01T00:00:00Z")),
			of("TIMESTAMPTZ", moment("2024-02-29T13:14:15.123456Z")).as(protocol.TimestampTZ),
			of("JSON", someJSON), of("UUID", guid), of("XML", "<a>größe</a>").as(protocol.XML),
		},
		integer: "BIGINT", text: "VARCHAR(40)", long: "TEXT", page: "LIMIT 3", numbered: "id INTEGER PRIMARY KEY", wide: "😀",
		slow: "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1e9) SELECT count(*) AS n FROM n",
	},
	{
		name: "postgres",
		open: func(t *testing.T) at { return at{dsn: testdb.Postgres(t).DSN} },
		types: []typed{
			of("BOOLEAN", true, false), of("SMALLINT", int16(math.MinInt16), int16(math.MaxInt16)), of("INTEGER", int32(math.MinInt32), int32(math.MaxInt32)),
			of("BIGINT", int64(math.MinInt64), int64(math.MaxInt64)), of("REAL", float32(1.5)), of("DOUBLE PRECISION", 0.1, math.MaxFloat64),
			of("NUMERIC(20,4)", number("-1234567890123456.7890")), of("MONEY", number("1234567.89")).as(protocol.Money),
			of("VARCHAR(40)", "größe 😀", "' OR 1"), of("TEXT", "größe 😀"), of("BYTEA", []byte{}, []byte{0, 1, 255}),
			of("DATE", day(2024, 2, 29), day(1, 1, 1)), of("TIME", clock(13, 14, 15, 0)),
			of("TIMESTAMP", moment("2024-02-29T13:14:15.123456Z"), moment("0001-01-01T00:00:00Z")),
			of("TIMESTAMPTZ", moment("2024-02-29T13:14:15.123456Z")).as(protocol.TimestampTZ),
			of("JSONB", someJSON).hidden(), of("UUID", guid), of("XML", "<a>größe</a>").as(protocol.XML), of("INTERVAL", "1 day 02:03:04").as(protocol.Interval).toldAs(protocol.Text),
		},
		integer: "BIGINT", text: "VARCHAR(40)", long: "TEXT", page: "LIMIT 3", numbered: "id BIGSERIAL PRIMARY KEY", wide: "😀",
		level: "SELECT upper(current_setting('transaction_isolation')) AS text",
		slow:  "SELECT count(*) AS n FROM (SELECT pg_sleep(300)) s",
		routines: map[string][]string{
			"values": {"CREATE OR REPLACE PROCEDURE conf_values(n bigint, OUT twice bigint, INOUT note text, INOUT data bytea, OUT nothing text) LANGUAGE plpgsql" +
				" AS $$ BEGIN twice := n * 2; note := note || '!'; END $$"},
			"double": {"CREATE FUNCTION conf_double(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 2'"},
			"report": {"CREATE PROCEDURE conf_report(low bigint, OUT one refcursor, OUT two refcursor) LANGUAGE plpgsql AS $$ BEGIN" +
				" OPEN one FOR SELECT low; OPEN two FOR SELECT low, 'größe'::text UNION ALL SELECT low + 1, NULL; END $$"},
			"open": {"CREATE PROCEDURE conf_open(low bigint, OUT rows refcursor) LANGUAGE plpgsql AS $$ BEGIN" +
				" OPEN rows FOR SELECT generate_series(low, low + 1); END $$"},
		},
	},
	{
		name:  "mariadb",
		open:  func(t *testing.T) at { return at{dsn: testdb.MariaDB(t).DSN} },
		types: slices.Concat(mysqlTypes, []typed{of("TIME(6)", clock(13, 14, 15, 0)), of("JSON", someJSON).toldAs(protocol.Text), of("UUID", guid).toldAs(protocol.Text)}),
		// InnoDB shows what it has shown until nobody looks for a tenth of a second.
		integer: "BIGINT", text: "VARCHAR(40)", long: "LONGTEXT", page: "LIMIT 3", numbered: "id BIGINT AUTO_INCREMENT PRIMARY KEY", wide: "😀",
		level:    "SELECT trx_isolation_level AS text FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id = CONNECTION_ID()",
		slow:     "SELECT sleep(300) AS n",
		routines: mysqlRoutines,
	},
	{
		name: "sqlserver",
		open: sqlserver,
		types: []typed{
			of("bit", true, false), of("tinyint", uint8(0), uint8(255)), of("smallint", int16(math.MinInt16), int16(math.MaxInt16)),
			of("int", int32(math.MinInt32), int32(math.MaxInt32)), of("bigint", int64(math.MinInt64), int64(math.MaxInt64)),
			of("real", float32(1.5)), of("float", 0.1, -1e300), of("decimal(20,4)", number("-1234567890123456.7890")), of("money", number("1.2345")).as(protocol.Money),
			of("nvarchar(40)", "größe 😀", "' OR 1").as(protocol.NText), of("varchar(40)", "a", "' OR 1"), of("varbinary(40)", []byte{}, []byte{0, 1, 255}),
			of("date", day(2024, 2, 29), day(1753, 1, 1)), of("time(6)", clock(13, 14, 15, 0)),
			of("datetime2(6)", moment("2024-02-29T13:14:15.123456Z"), moment("1753-01-01T00:00:00Z")),
			of("datetimeoffset(6)", moment("2024-02-29T13:14:15.123456Z")).as(protocol.DateTimeOffset),
			of("uniqueidentifier", guid), of("xml", "<a/>").as(protocol.XML),
		},
		integer: "bigint", text: "nvarchar(40)", long: "nvarchar(max)", page: "OFFSET 0 ROWS FETCH NEXT 3 ROWS ONLY", numbered: "id BIGINT IDENTITY PRIMARY KEY", wide: "😀",
		level: "SELECT transaction_isolation_level FROM sys.dm_exec_sessions WHERE session_id = @@SPID",
		slow:  slowSQLServer, outsTakeValues: true,
		cannot: map[string]string{
			"LIKE": "The TDS test server understands simple statements alone.",
			"the same rows by two connections at once": "The TDS test server does not keep transactions from each other.",
			"views":                              "The TDS test server understands simple statements alone.",
			"what the generator asks":            "The TDS test server understands simple statements alone.",
			"the text of a view":                 "The TDS test server understands simple statements alone.",
			"NOT IN a list":                      "The TDS test server understands simple statements alone.",
			"empty lists":                        "The TDS test server understands simple statements alone.",
			"lock timeout":                       "The TDS test server does not keep transactions from each other.",
			"a sum that two transactions change": "The TDS test server does not keep transactions from each other.",
		},
	},
}

// mysqlTypes are the types that MySQL and MariaDB share.
var mysqlTypes = []typed{
	of("TINYINT", int8(-128), int8(127)), of("SMALLINT", int16(math.MinInt16), int16(math.MaxInt16)),
	of("INT", int32(math.MinInt32), int32(math.MaxInt32)), of("BIGINT", int64(math.MinInt64), int64(math.MaxInt64)),
	of("TINYINT UNSIGNED", uint8(255)), of("SMALLINT UNSIGNED", uint16(math.MaxUint16)), of("INT UNSIGNED", uint32(math.MaxUint32)),
	of("BIGINT UNSIGNED", uint64(math.MaxUint64)), of("FLOAT", float32(1.5)), of("DOUBLE", 0.1, -1e300),
	of("DECIMAL(20,4)", number("-1234567890123456.7890")), of("VARCHAR(40)", "größe 😀", "' OR 1"), of("LONGTEXT", "größe 😀"),
	of("LONGBLOB", []byte{}, []byte{0, 1, 255}), of("DATE", day(2024, 2, 29), day(1000, 1, 1)),
	of("DATETIME(6)", moment("2024-02-29T13:14:15.123456Z"), moment("1000-01-01T00:00:00Z")),
}

var mysqlRoutines = map[string][]string{
	"values": {"DROP PROCEDURE IF EXISTS conf_values", "CREATE PROCEDURE conf_values(IN n BIGINT, OUT twice BIGINT, INOUT note TEXT, INOUT data BLOB, OUT nothing TEXT)" +
		" BEGIN SET twice = n * 2; SET note = CONCAT(note, '!'); END"},
	"double": {"CREATE FUNCTION conf_double(n INT) RETURNS INT DETERMINISTIC RETURN n * 2"},
	"report": {"CREATE PROCEDURE conf_report(IN low BIGINT) BEGIN SELECT low; SELECT low, 'größe' UNION ALL SELECT low + 1, NULL; END"},
}

const slowSQLServer = "SELECT n FROM slow"

// sqlserver starts a TDS server that is asked through FreeTDS.
func sqlserver(t *testing.T) at {
	s := tdsserver.New(t)
	n := tdsserver.Column{Name: "n", Type: tdsserver.BigInt, NotNull: true}
	s.On(slowSQLServer, tdsserver.Delay(time.Hour), tdsserver.Rows{Columns: []tdsserver.Column{n}, Values: [][]any{{1}}})
	s.On("SELECT 1 AS n; SELECT 2 AS n",
		tdsserver.Rows{Columns: []tdsserver.Column{n}, Values: [][]any{{1}}}, tdsserver.Rows{Columns: []tdsserver.Column{n}, Values: [][]any{{2}}})
	names := []tdsserver.Column{{Type: tdsserver.NVarchar(128)}, {Type: tdsserver.NVarchar(128)}}
	s.On("SELECT DB_NAME(), COALESCE(…", tdsserver.Rows{Columns: names, Values: [][]any{{tdsserver.Database, "dbo"}}})
	scriptProcedures(s, n)
	return at{dsn: s.DSN()}
}

// scriptProcedures answers for the procedures, of which this server has none of its own.
func scriptProcedures(s *tdsserver.Server, n tdsserver.Column) {
	text, bytes := tdsserver.NVarchar(tdsserver.Max), tdsserver.Varbinary(tdsserver.Max)
	s.CreateProcedure("conf_values", []tdsserver.Argument{
		{Name: "@n", Type: tdsserver.BigInt}, {Name: "@twice", Type: tdsserver.BigInt, Out: true}, {Name: "@note", Type: text, Out: true},
		{Name: "@data", Type: bytes, Out: true}, {Name: "@nothing", Type: text, Out: true},
	})
	s.OnFunc(func(r *tdsserver.Request) []tdsserver.Answer {
		if r.SQL != "[conf_values]" || len(r.Params) != 5 {
			return nil
		}
		var twice, note any
		if in, ok := r.Params[0].Value.(int64); ok {
			twice = in * 2
		}
		if in, ok := r.Params[2].Value.(string); ok {
			note = in + "!"
		}
		return []tdsserver.Answer{
			tdsserver.Out{Type: tdsserver.BigInt, Value: twice}, tdsserver.Out{Type: text, Value: note},
			tdsserver.Out{Type: bytes, Value: r.Params[3].Value}, tdsserver.Out{Type: text},
		}
	})
	s.On("[conf_double]", tdsserver.Status(14))
	s.On("[conf_report]", tdsserver.Rows{Columns: []tdsserver.Column{n}, Values: [][]any{{3}}},
		tdsserver.Rows{Columns: []tdsserver.Column{n, {Name: "word", Type: tdsserver.NVarchar(20)}}, Values: [][]any{{3, "größe"}, {4, nil}}})
}

// subject is an engine under test.
type subject struct {
	engine
	at
	*runtime.DB
	reasons []string // of cannot, in the order of the rows
	row     int
	refused bool // the runtime has refused what the row wants
}

func (e engine) start(t *testing.T) *subject {
	s := &subject{engine: e}
	s.at = e.open(t)
	s.DB = s.connect(t)
	return s
}

// connect opens the database once more.
func (s *subject) connect(t *testing.T, options ...runtime.Option) *runtime.DB {
	t.Helper()
	db, err := runtime.Open(t.Context(), s.dsn, slices.Concat(s.options, options)...)
	require.NoError(t, err)
	t.Cleanup(db.Close)
	return db
}

// note returns the cell of a row that the emulation cannot run, with the number of the
// reason.
func (s *subject) note(reason string) string {
	if !slices.Contains(s.reasons, reason) {
		s.reasons = append(s.reasons, reason)
	}
	return fmt.Sprintf("no (%d)", slices.Index(s.reasons, reason)+1)
}

// requireReasonsUsed: a reason whose row has another name would be none.
func (s *subject) requireReasonsUsed(t *testing.T) {
	t.Helper()
	for name, reason := range s.cannot {
		require.Contains(t, s.reasons, reason, "%s: there is no row %q", s.engine.name, name)
	}
}

// refuse marks the row as refused by the runtime, which says what it is about before
// anything is sent.
func (s *subject) refuse(t *testing.T, err error, about string) {
	t.Helper()
	var e *runtime.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, driver.KindUnsupported, e.Kind, "%v", err)
	require.Equal(t, runtime.NotSent, e.Outcome)
	require.ErrorContains(t, err, about)
	require.Equal(t, s.Plugin().Name, e.Driver)
	s.refused = true
}

// table returns a name that no other row has.
func (s *subject) table(name string) string { return s.fold(fmt.Sprintf("%s_%d", name, s.row)) }

// fold returns a name as the database keeps it when it is not quoted.
func (s *subject) fold(name string) string {
	if s.upper {
		return strings.ToUpper(name)
	}
	return name
}

// exec runs statements without parameters.
func (s *subject) exec(t *testing.T, statements ...string) {
	t.Helper()
	for _, sql := range statements {
		require.NoError(t, command(sql).Exec(t.Context(), s, nil), sql)
	}
}

// numbers makes a table of the numbers from 1 to n.
func (s *subject) numbers(t *testing.T, n int) (table string) {
	t.Helper()
	table = s.table("numbers")
	s.exec(t, fmt.Sprintf("CREATE TABLE %s (n %s NOT NULL PRIMARY KEY)", table, s.integer))
	rows := make([]row, n)
	for i := range rows {
		rows[i] = row{int64(i + 1)}
	}
	_, err := bulk(table, []string{s.fold("n")}, protocol.Int64).Insert(t.Context(), s, slices.Values(rows))
	require.NoError(t, err)
	return table
}

// all returns the one column of a query, each value as shown.
func (s *subject) all(t *testing.T, on runtime.Session, sql string, kind protocol.Kind) []string {
	t.Helper()
	rows, err := query(sql, nil, kind).Many(t.Context(), on, nil)
	require.NoError(t, err, sql)
	texts := make([]string, len(rows))
	for i, r := range rows {
		texts[i] = shown(r[0])
	}
	return texts
}
