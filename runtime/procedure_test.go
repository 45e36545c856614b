package runtime_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/golang-sql/civil"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// routines are procedures of the tests, as each engine has them. SQLite has none.
type routines struct{ mariadb, postgres string }

// onProcedures runs a test on the engines that have procedures, with those.
func onProcedures(t *testing.T, r routines, test func(t *testing.T, db database), opts ...runtime.Option) {
	t.Helper()
	onAll(t, func(t *testing.T, db database) {
		switch db.Name {
		case "sqlite":
			return
		case "mariadb":
			db.exec(t, "DELIMITER //\n"+r.mariadb+"\n//")
		default:
			db.exec(t, r.postgres)
		}
		test(t, db)
	}, opts...)
}

// transfer is what the procedure of the first test takes and gives.
type transfer struct {
	amount sql.Null[decimal.Decimal]
	note   sql.Null[string]
}

type transferred struct {
	rows    sql.Null[int32]
	balance sql.Null[decimal.Decimal]
	note    sql.Null[string]
}

var transferProcedure = runtime.Procedure[transfer, transferred]{
	Name: "Transfer", Procedure: "transfer",
	Params: []runtime.ProcedureParam{
		{Name: "amount", Kind: protocol.Decimal, Direction: driver.In},
		{Name: "moved", Kind: protocol.Int32, Direction: driver.Out},
		{Name: "balance", Kind: protocol.Decimal, Direction: driver.Out},
		{Name: "note", Kind: protocol.Text, Direction: driver.InOut},
	},
	Encode: func(b *protocol.Batch, p transfer) {
		b.Decimal(0).AppendNull(p.amount)
		b.Text(1).AppendNull(p.note)
	},
	Decode: func(r *transferred, b *protocol.Batch) {
		r.rows, r.balance, r.note = b.Int32(0).Null(0), b.Decimal(1).Null(0), b.Text(2).Null(0)
	},
}

var transferRoutines = routines{
	mariadb: "CREATE PROCEDURE transfer(IN amount DECIMAL(20,5), OUT moved INT, OUT balance DECIMAL(38,9), INOUT note LONGTEXT)" +
		" BEGIN SET moved = amount; SET balance = amount * 2; SET note = CONCAT(note, '!'); END",
	postgres: `CREATE PROCEDURE transfer(amount numeric, OUT moved int, OUT balance numeric(38,9), INOUT note text) LANGUAGE plpgsql
AS $$ BEGIN moved := amount; balance := amount * 2; note := note || '!'; END $$`,
}

// TestProcedure: values go both ways, on all kinds of sessions, with a statement that
// is kept.
func TestProcedure(t *testing.T) {
	onProcedures(t, transferRoutines, func(t *testing.T, db database) {
		conn, err := db.Conn(t.Context())
		require.NoError(t, err)
		defer conn.Close()
		for _, s := range []runtime.Session{db, conn, conn} {
			got, err := transferProcedure.Call(t.Context(), s, transfer{some(decimal.RequireFromString("12.50")), valid("ä")})
			require.NoError(t, err)
			require.EqualValues(t, 13, got.rows.V)
			require.Equal(t, "25", got.balance.V.String())
			require.Equal(t, valid("ä!"), got.note)

			got, err = transferProcedure.Call(t.Context(), s, transfer{})
			require.NoError(t, err)
			require.Equal(t, transferred{}, got)
		}
		require.NoError(t, conn.InTx(t.Context(), func(tx *runtime.Tx) error {
			return tx.InTx(t.Context(), func(tx *runtime.Tx) error {
				got, err := transferProcedure.Call(t.Context(), tx, transfer{note: valid(longWord)})
				require.Equal(t, valid(longWord+"!"), got.note)
				return err
			})
		}))
		requireStatements(t, db, 2)
	}, runtime.WithPoolSize(2))
}

func some[T any](v T) sql.Null[T] { return sql.Null[T]{V: v, Valid: true} }

// everything is a value of each kind.
type everything struct {
	flag   sql.Null[bool]
	small  sql.Null[int16]
	count  sql.Null[int32]
	large  sql.Null[int64]
	ratio  sql.Null[float64]
	amount sql.Null[decimal.Decimal]
	text   sql.Null[string]
	data   sql.Null[[]byte]
	day    sql.Null[civil.Date]
	moment sql.Null[time.Time]
	id     sql.Null[uuid.UUID]
}

// kinds are those of everything, with the engines' types.
var kinds = []struct {
	name              string
	kind              protocol.Kind
	mariadb, postgres string
}{
	{"flag", protocol.Bool, "BOOLEAN", "boolean"},
	{"small", protocol.Int16, "SMALLINT", "smallint"},
	{"number", protocol.Int32, "INT", "int"},
	{"large", protocol.Int64, "BIGINT", "bigint"},
	{"ratio", protocol.Float64, "DOUBLE", "double precision"},
	{"amount", protocol.Decimal, "DECIMAL(38,10)", "numeric"},
	{"words", protocol.Text, "LONGTEXT", "text"},
	{"data", protocol.Binary, "LONGBLOB", "bytea"},
	{"day", protocol.Date, "DATE", "date"},
	{"moment", protocol.Timestamp, "DATETIME(6)", "timestamp"},
	{"id", protocol.UUID, "UUID", "uuid"},
}

// echo gives each of its first parameters back in two others.
func echo() (*runtime.Procedure[everything, [2]everything], routines) {
	p := &runtime.Procedure[everything, [2]everything]{Name: "Echo", Procedure: "echo", Encode: encodeEverything, Decode: func(r *[2]everything, b *protocol.Batch) {
		r[0], r[1] = decodeEverything(b, 0), decodeEverything(b, len(kinds))
	}}
	var mariadb, postgres, sets, assigns []string
	for _, direction := range []driver.Direction{driver.InOut, driver.Out} {
		for _, k := range kinds {
			name := k.name
			if direction == driver.Out {
				name += "_out"
				sets = append(sets, "SET "+name+" = "+k.name+";")
				assigns = append(assigns, name+" := "+k.name+";")
			}
			p.Params = append(p.Params, runtime.ProcedureParam{Name: name, Kind: k.kind, Direction: direction})
			mariadb = append(mariadb, strings.ToUpper(direction.String())+" "+name+" "+k.mariadb)
			postgres = append(postgres, strings.ToUpper(direction.String())+" "+name+" "+k.postgres)
		}
	}
	return p, routines{
		mariadb:  "CREATE PROCEDURE echo(" + strings.Join(mariadb, ", ") + ") BEGIN " + strings.Join(sets, " ") + " END",
		postgres: "CREATE PROCEDURE echo(" + strings.Join(postgres, ", ") + ") LANGUAGE plpgsql AS $$ BEGIN " + strings.Join(assigns, " ") + " END $$",
	}
}

func encodeEverything(b *protocol.Batch, v everything) {
	b.Bool(0).AppendNull(v.flag)
	b.Int16(1).AppendNull(v.small)
	b.Int32(2).AppendNull(v.count)
	b.Int64(3).AppendNull(v.large)
	b.Float64(4).AppendNull(v.ratio)
	b.Decimal(5).AppendNull(v.amount)
	b.Text(6).AppendNull(v.text)
	b.Binary(7).AppendNull(v.data)
	b.Date(8).AppendNull(v.day)
	b.Timestamp(9).AppendNull(v.moment)
	b.UUID(10).AppendNull(v.id)
}

func decodeEverything(b *protocol.Batch, from int) everything {
	return everything{
		b.Bool(from).Null(0), b.Int16(from + 1).Null(0), b.Int32(from + 2).Null(0), b.Int64(from + 3).Null(0),
		b.Float64(from + 4).Null(0), b.Decimal(from + 5).Null(0), b.Text(from + 6).Null(0), b.Binary(from + 7).Null(0),
		b.Date(from + 8).Null(0), b.Timestamp(from + 9).Null(0), b.UUID(from + 10).Null(0),
	}
}

// aValue has long texts and bytes: 256 KiB.
var aValue = everything{
	some(true), some[int16](-32768), some[int32](2147483647), some[int64](-9223372036854775808), some(0.1),
	some(decimal.RequireFromString("-123456789012345678.0123456789")), valid(strings.Repeat("ä你😀", 29128)),
	some([]byte(strings.Repeat("\x00\xff'\\", 64<<10))), some(civil.Date{Year: 2024, Month: 2, Day: 29}),
	some(time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC)), some(uuid.MustParse("01020304-0506-0708-090a-0b0c0d0e0f10")),
}

// TestProcedureOfEveryKind: each kind, and NULL of each, goes both ways.
func TestProcedureOfEveryKind(t *testing.T) {
	procedure, routines := echo()
	onProcedures(t, routines, func(t *testing.T, db database) {
		for _, v := range []everything{aValue, {}, aValue, {text: valid(""), data: some([]byte{}), flag: some(false)}} {
			got, err := procedure.Call(t.Context(), db, v)
			require.NoError(t, err)
			require.Equal(t, v, got[0])
			require.Equal(t, v, got[1])
		}
	}, runtime.WithPoolSize(1))
}

// TestProcedureResults: rows and counts of the procedure come before the values.
func TestProcedureResults(t *testing.T) {
	type report struct {
		wordSets
		total sql.Null[int64]
	}
	words := runtime.Set[report]{Name: "words", Columns: wordColumns, Into: runtime.IntoSlice(decodeWords, func(r *report) *[]word { return &r.words })}
	counted := runtime.Set[report]{
		Name: "counted", Columns: []runtime.Column{{Name: "counted", Kind: protocol.Int64}},
		Into: runtime.IntoValue(decodeInt64, func(r *report) *int64 { return &r.counted }),
	}
	removed := runtime.Set[report]{Name: "removed", Into: runtime.IntoCount(func(r *report) *int64 { return &r.removed })}
	procedure := func(results ...runtime.Set[report]) *runtime.Procedure[int64, report] {
		return &runtime.Procedure[int64, report]{
			Name: "Report", Procedure: "report", Driver: "mariadb", Results: results,
			Params: []runtime.ProcedureParam{
				{Name: "low", Kind: protocol.Int64, Direction: driver.In}, {Name: "total", Kind: protocol.Int64, Direction: driver.Out},
			},
			Encode: encodeInt64,
			Decode: func(r *report, b *protocol.Batch) { r.total = b.Int64(0).Null(0) },
		}
	}
	db := open(t, testdb.MariaDB(t), runtime.WithPoolSize(1))
	withWords(t, db)
	db.exec(t, "DELIMITER //\nCREATE PROCEDURE report(IN low BIGINT, OUT total BIGINT) BEGIN SELECT count(*) AS counted FROM words;"+
		" SET total = low * 2; SELECT n, word FROM words WHERE n >= low ORDER BY n; DELETE FROM words WHERE n > low; END\n//")
	for _, test := range []struct {
		results []runtime.Set[report]
		want    string
	}{
		{results: []runtime.Set[report]{counted, words, removed}},
		{results: []runtime.Set[report]{counted, words}},
		{[]runtime.Set[report]{counted}, "the number of columns was 1 and is 2"},
		{[]runtime.Set[report]{words}, `set "words": bind: the database is not the one that the code was generated for`},
		{[]runtime.Set[report]{removed, counted, words}, `set "removed": fetch: the database gave rows where a row count was expected`},
		{[]runtime.Set[report]{counted, words, counted}, `set "counted": bind: the database is not the one`},
		{[]runtime.Set[report]{counted, words, removed, removed}, `set "removed": fetch: the database gave no more results`},
		{results: []runtime.Set[report]{counted, words, removed}},
	} {
		got, err := procedure(test.results...).Call(t.Context(), db, 3)
		if test.want != "" {
			require.ErrorContains(t, err, "query Report: ")
			require.ErrorContains(t, err, test.want)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, report{wordSets{counted: 3, words: []word{{3, valid(longWord)}}}, some[int64](6)}, got)
	}
	_, err := procedure().Call(t.Context(), db, 3)
	require.ErrorContains(t, err, "query Report: fetch: the database gave rows where no more were expected")
	requireFreeHandles(t, db)
}

// requireFreeHandles checks that the connection is in order.
func requireFreeHandles(t *testing.T, db database) {
	t.Helper()
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.Exec(t.Context(), "SELECT 1"))
}

// scalar returns a procedure with parameters of one kind, Return among them.
func scalar(name string, directions ...driver.Direction) *runtime.Procedure[int64, []sql.Null[int64]] {
	p := &runtime.Procedure[int64, []sql.Null[int64]]{Name: "Scalar", Procedure: name}
	for _, d := range directions {
		p.Params = append(p.Params, runtime.ProcedureParam{Name: d.String(), Kind: protocol.Int64, Direction: d})
	}
	p.Encode = func(b *protocol.Batch, v int64) {
		for i := range b.Columns() {
			b.Int64(i).Append(v)
		}
	}
	p.Decode = func(r *[]sql.Null[int64], b *protocol.Batch) {
		for i := range b.Columns() {
			*r = append(*r, b.Int64(i).Null(0))
		}
	}
	return p
}

// TestFunction: functions give a value, or have parameters that come back, or nothing.
func TestFunction(t *testing.T) {
	const (
		in, out, inOut, back = driver.In, driver.Out, driver.InOut, driver.Return
	)
	for _, test := range []struct {
		routines
		name string
		p    *runtime.Procedure[int64, []sql.Null[int64]]
		want []sql.Null[int64]
	}{
		{
			routines{"CREATE FUNCTION double_of(n BIGINT) RETURNS BIGINT RETURN n * 2", "CREATE FUNCTION double_of(n bigint) RETURNS bigint LANGUAGE sql AS 'SELECT n * 2'"},
			"value", scalar("double_of", back, in), []sql.Null[int64]{some[int64](14)},
		},
		{
			routines{"CREATE FUNCTION nothing() RETURNS BIGINT RETURN NULL", "CREATE FUNCTION nothing() RETURNS bigint LANGUAGE sql AS 'SELECT NULL::bigint'"},
			"NULL without parameters", scalar("nothing", back), []sql.Null[int64]{{}},
		},
		{
			routines{"", "CREATE FUNCTION pair(n bigint, OUT m bigint, INOUT o bigint) LANGUAGE sql AS 'SELECT n + 1, o + 2'"},
			"parameters", scalar("pair", in, out, inOut), []sql.Null[int64]{some[int64](8), some[int64](9)},
		},
		{
			routines{"CREATE PROCEDURE silent(n BIGINT) SET @n = n", "CREATE FUNCTION silent(n bigint) RETURNS void LANGUAGE plpgsql AS 'BEGIN NULL; END'"},
			"nothing", scalar("silent", in), nil,
		},
		{
			routines{"CREATE PROCEDURE `we``ird \"name'? {`() SET @n = 1", "CREATE PROCEDURE \"we`ird \"\"name'? {\"() LANGUAGE sql AS ''"},
			"name", scalar("we`ird \"name'? {"), nil,
		},
		{
			routines{"CREATE PROCEDURE `größe`() SET @n = 1", "CREATE SCHEMA \"Ärger\"; CREATE PROCEDURE \"Ärger\".\"größe\"() LANGUAGE sql AS ''"},
			"schema", scalar("Ärger.größe"), nil,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			onProcedures(t, test.routines, func(t *testing.T, db database) {
				if db.Name == "mariadb" && test.mariadb == "" {
					return
				}
				p := *test.p
				if db.Name == "mariadb" {
					p.Procedure = strings.TrimPrefix(p.Procedure, "Ärger.") // its schemas are databases
				}
				for range 2 {
					got, err := p.Call(t.Context(), db, 7)
					require.NoError(t, err)
					require.Equal(t, test.want, got)
				}
			}, runtime.WithPoolSize(1))
		})
	}
}

// TestFunctionOfRows: the rows of a function are a result.
func TestFunctionOfRows(t *testing.T) {
	db := open(t, testdb.Postgres(t), runtime.WithPoolSize(1))
	withWords(t, db)
	db.exec(t, "CREATE FUNCTION words_from(low bigint) RETURNS TABLE (n bigint, word text) LANGUAGE sql AS"+
		" 'SELECT n, word FROM words WHERE n >= low ORDER BY n'")
	p := runtime.Procedure[int64, wordSets]{
		Name: "WordsFrom", Procedure: "words_from", Driver: "postgres", Params: scalar("", driver.In).Params, Encode: encodeInt64,
		Results: []runtime.Set[wordSets]{wordsSet},
	}
	for range 2 {
		got, err := p.Call(t.Context(), db, 2)
		require.NoError(t, err)
		require.Equal(t, []word{{2, sql.Null[string]{}}, {3, valid(longWord)}}, got.words)
	}
}

// TestProcedureUnsupported: what a database does not have is said before anything is sent.
func TestProcedureUnsupported(t *testing.T) {
	cursor := runtime.Procedure[runtime.None, wordSets]{
		Name: "Words", Procedure: "words", Params: []runtime.ProcedureParam{{Name: "words", Direction: driver.Cursor}}, Results: []runtime.Set[wordSets]{wordsSet},
	}
	onAll(t, func(t *testing.T, db database) {
		var err error
		switch db.Name {
		case "sqlite":
			_, err = scalar("f", driver.Return).Call(t.Context(), db, 1)
			require.ErrorContains(t, err, "query Scalar: prepare: the database has no procedures")
		case "mariadb":
			_, err = cursor.Call(t.Context(), db, runtime.None{})
			require.ErrorContains(t, err, "query Words: prepare: the database has no REF CURSOR")
		default:
			return
		}
		require.ErrorIs(t, err, driver.KindUnsupported)
	})
}

// TestProcedureFails: an error inside ends the call, in a transaction too, and names what
// was called.
func TestProcedureFails(t *testing.T) {
	rows := runtime.Procedure[int64, wordSets]{
		Name: "Fail", Procedure: "fail", Params: scalar("", driver.In, driver.Out).Params, Encode: encodeInt64,
		Results: []runtime.Set[wordSets]{countedSet},
	}
	onProcedures(t, routines{
		"CREATE PROCEDURE fail(n BIGINT, OUT m BIGINT) BEGIN SELECT 1 AS counted; SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'oh no'; END",
		"CREATE PROCEDURE fail(n bigint, OUT m bigint) LANGUAGE plpgsql AS $$ BEGIN RAISE 'oh no'; END $$",
	}, func(t *testing.T, db database) {
		p, op := rows, "fetch"
		if db.Name == "postgres" {
			p.Results, op = nil, "execute"
		}
		for range 2 {
			_, err := p.Call(t.Context(), db, 1)
			e := requireError(t, err, runtime.Error{Query: "Fail", Op: op})
			require.ErrorIs(t, err, driver.KindUser)
			require.Contains(t, e.Message, "oh no")
			require.NoError(t, db.InTx(t.Context(), func(tx *runtime.Tx) error {
				err := tx.InTx(t.Context(), func(tx *runtime.Tx) error {
					_, err := p.Call(t.Context(), tx, 1)
					return err
				})
				require.ErrorIs(t, err, driver.KindUser)
				return nil
			}))
		}
		_, err := scalar("missing", driver.In).Call(t.Context(), db, 1)
		require.ErrorIs(t, err, driver.KindUnknownObject)
		_, err = scalar("fail", driver.In).Call(t.Context(), db, 1)
		require.ErrorContains(t, err, "query Scalar: ")
		requireFreeHandles(t, db)
	}, runtime.WithPoolSize(1))
}

// TestProcedureCursors: the rows of REF CURSORs come in the order of the parameters, on
// a database in a transaction of the call's own.
func TestProcedureCursors(t *testing.T) {
	type opened struct {
		wordSets
		n sql.Null[int64]
	}
	words := runtime.Set[opened]{Name: "words", Columns: wordColumns, Into: runtime.IntoSlice(decodeWords, func(o *opened) *[]word { return &o.words })}
	longest := runtime.Set[opened]{
		Name: "longest", Columns: []runtime.Column{{Name: "word", Kind: protocol.Text}},
		Into: runtime.IntoPointer(decodeText, func(o *opened) **string { return &o.longest }),
	}
	procedure := func(name string, results []runtime.Set[opened], params ...runtime.ProcedureParam) *runtime.Procedure[int64, opened] {
		return &runtime.Procedure[int64, opened]{
			Name: "Open", Procedure: name, Driver: "postgres", Results: results,
			Params: append(params, runtime.ProcedureParam{Name: "low", Kind: protocol.Int64, Direction: driver.In}),
			Encode: encodeInt64, Decode: func(o *opened, b *protocol.Batch) { o.n = b.Int64(0).Null(0) },
		}
	}
	first := runtime.ProcedureParam{Name: "first", Direction: driver.Cursor}
	second := runtime.ProcedureParam{Name: "second", Direction: driver.Cursor}
	n := runtime.ProcedureParam{Name: "n", Kind: protocol.Int64, Direction: driver.Out}

	db := open(t, testdb.Postgres(t), runtime.WithPoolSize(1))
	withWords(t, db)
	db.exec(t, `CREATE FUNCTION one(low bigint) RETURNS refcursor LANGUAGE plpgsql AS $$
DECLARE c refcursor; BEGIN OPEN c FOR SELECT n, word FROM words WHERE words.n >= low ORDER BY words.n; RETURN c; END $$;
CREATE PROCEDURE two(INOUT first refcursor, OUT n bigint, OUT second refcursor, low bigint) LANGUAGE plpgsql AS $$
BEGIN OPEN first FOR SELECT words.n, word FROM words WHERE words.n >= low ORDER BY words.n; n := low;
second := 'my "cursor'; OPEN second FOR SELECT word FROM words WHERE words.n = low; END $$;
CREATE PROCEDURE unopened(OUT first refcursor, low bigint) LANGUAGE plpgsql AS $$ BEGIN END $$`)
	two := procedure("two", []runtime.Set[opened]{words, longest}, first, n, second)
	calls := func(s runtime.Session) {
		t.Helper()
		got, err := procedure("one", []runtime.Set[opened]{words}, first).Call(t.Context(), s, 2)
		require.NoError(t, err)
		require.Equal(t, []word{{2, sql.Null[string]{}}, {3, valid(longWord)}}, got.words)
		for range 2 {
			got, err = two.Call(t.Context(), s, 1)
			require.NoError(t, err)
			require.Len(t, got.words, 3)
			require.Equal(t, "one", *got.longest)
			require.Equal(t, some[int64](1), got.n)
		}
	}
	calls(db)
	require.NoError(t, db.InTx(t.Context(), func(tx *runtime.Tx) error {
		calls(tx)
		return nil
	}))
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	calls(conn)
	conn.Close()

	_, err = procedure("unopened", []runtime.Set[opened]{words}, first).Call(t.Context(), db, 1)
	require.ErrorContains(t, err, `query Open: set "words": fetch: the procedure has opened no cursor for this parameter: it is NULL`)
	_, err = procedure("two", []runtime.Set[opened]{words, words}, first, n, second).Call(t.Context(), db, 1)
	require.ErrorContains(t, err, `query Open: set "words": prepare: the database is not the one that the code was generated for: the number of columns was 2 and is 1`)
	_, err = two.Call(t.Context(), db, 2)
	requireError(t, err, runtime.Error{Query: "Open", Set: "longest", Op: "decode", Column: "word", Row: 1, Err: protocol.ErrNull})
	calls(db)
}

// TestProcedureCommits: a procedure that ends transactions itself can do so where there
// is none around it.
func TestProcedureCommits(t *testing.T) {
	onProcedures(t, routines{
		"CREATE TABLE steps (n BIGINT)//\nCREATE PROCEDURE steps(n BIGINT, OUT m BIGINT) BEGIN INSERT INTO steps VALUES (n); COMMIT; SET m = n; END",
		"CREATE TABLE steps (n bigint); CREATE PROCEDURE steps(n bigint, OUT m bigint) LANGUAGE plpgsql AS $$ BEGIN INSERT INTO steps VALUES (n); COMMIT; m := n; END $$",
	}, func(t *testing.T, db database) {
		got, err := scalar("steps", driver.In, driver.Out).Call(t.Context(), db, 5)
		require.NoError(t, err)
		require.Equal(t, []sql.Null[int64]{some[int64](5)}, got)
		require.Equal(t, [][]string{{"5"}}, db.shown(t, "SELECT n FROM steps"))
		if db.Name == "postgres" {
			require.Error(t, db.InTx(t.Context(), func(tx *runtime.Tx) error {
				_, err := scalar("steps", driver.In, driver.Out).Call(t.Context(), tx, 6)
				return err
			}))
			require.Equal(t, [][]string{{"5"}}, db.shown(t, "SELECT n FROM steps"))
		}
	})
}

// TestProcedureCancelled: the end of the context ends the call.
func TestProcedureCancelled(t *testing.T) {
	onProcedures(t, routines{
		"CREATE PROCEDURE wait(n BIGINT, OUT m BIGINT) BEGIN DO sleep(n); SET m = n; END",
		"CREATE PROCEDURE wait(n bigint, OUT m bigint) LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(n); m := n; END $$",
	}, func(t *testing.T, db database) {
		wait := scalar("wait", driver.In, driver.Out)
		ctx, ended := cancelSoon(t)
		_, err := wait.Call(ctx, db, forever)
		require.Less(t, time.Since(ended()), cancelPatience)
		requireError(t, err, runtime.Error{Query: "Scalar", Op: "execute", Err: context.Canceled})
		got, err := wait.Call(t.Context(), db, 0)
		require.NoError(t, err)
		require.Equal(t, []sql.Null[int64]{some[int64](0)}, got)
	}, runtime.WithPoolSize(1))
}
