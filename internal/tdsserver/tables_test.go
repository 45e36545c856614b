package tdsserver_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-sql/civil"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	. "github.com/odbcgen/odbcgen/internal/tdsserver"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// things are a table that tests write to.
const things = "CREATE TABLE things (id INT IDENTITY PRIMARY KEY, name NVARCHAR(10) NOT NULL UNIQUE, price DECIMAL(10,2), made DATETIME2(3) DEFAULT '2024-01-01')"

func withThings(t *testing.T, s *Server) *runtime.DB {
	t.Helper()
	db := open(t, s, runtime.WithPlugin(&freeTDS))
	require.NoError(t, command(things).Exec(t.Context(), db, nil))
	return db
}

// TestRoundTrip: values of all kinds are what they were.
func TestRoundTrip(t *testing.T) {
	s := New(t)
	db := open(t, s, runtime.WithPlugin(&freeTDS))
	for i, v := range []struct {
		typ  string
		kind protocol.Kind
		sent any
		want any
	}{
		{"bit", protocol.Bool, true, true},
		{"tinyint", protocol.Uint8, uint8(255), uint8(255)},
		{"smallint", protocol.Int16, int16(-32768), int16(-32768)},
		{"int", protocol.Int32, int32(-1 << 31), int32(-1 << 31)},
		{"bigint", protocol.Int64, int64(-1 << 63), int64(-1 << 63)},
		{"real", protocol.Float32, float32(0.1), float32(0.1)},
		{"float", protocol.Float64, 0.1, 0.1},
		{"decimal(12,2)", protocol.Decimal, decimal.RequireFromString("-1234567890.125"), "-1234567890.13"},
		{"money", protocol.Money, decimal.RequireFromString("1.2345"), "1.2345"},
		{"nvarchar(10)", protocol.Text, "é你😀", "é你😀"},
		{"varchar(10)", protocol.Text, "é你", "é?"},
		{"char(3)", protocol.Text, "a", "a  "},
		{"nvarchar(max)", protocol.Text, "", ""},
		{"varbinary(10)", protocol.Binary, []byte{0, 1}, []byte{0, 1}},
		{"uniqueidentifier", protocol.UUID, uuid.MustParse(guid), uuid.MustParse(guid)},
		{"date", protocol.Date, civil.Date{Year: 2024, Month: 2, Day: 29}, civil.Date{Year: 2024, Month: 2, Day: 29}},
		{"time(3)", protocol.Time, civil.Time{Hour: 23, Minute: 59, Nanosecond: 123_000_000}, civil.Time{Hour: 23, Minute: 59, Nanosecond: 123_000_000}},
		{"datetime", protocol.Timestamp, leap, leap.Truncate(time.Millisecond)},
		{"datetime2(6)", protocol.Timestamp, leap, leap.Truncate(time.Microsecond)},
	} {
		t.Run(v.typ, func(t *testing.T) {
			table := fmt.Sprint("of_", i)
			require.NoError(t, command("CREATE TABLE "+table+" (n INT NOT NULL, v "+v.typ+")").Exec(t.Context(), db, nil))
			insert := command("INSERT INTO "+table+" (n, v) VALUES (?, ?)", protocol.Int32, v.kind)
			require.NoError(t, insert.Exec(t.Context(), db, []any{int32(1), v.sent}))
			require.NoError(t, insert.Exec(t.Context(), db, []any{int32(2), null(v.kind)}))
			got, err := query("SELECT v FROM "+table+" ORDER BY n", nil, v.kind).Many(t.Context(), db, nil)
			require.NoError(t, err)
			require.Equal(t, [][]any{{v.want}, {nil}}, got)
			if v.typ == "varchar(10)" {
				return // the text that was sent is not there
			}
			got, err = query("SELECT n FROM "+table+" WHERE v = ?", []protocol.Kind{v.kind}, protocol.Int32).Many(t.Context(), db, []any{backAgain(v.want, v.sent)})
			require.NoError(t, err)
			require.Equal(t, [][]any{{int32(1)}}, got)
		})
	}
}

// backAgain is a value to be sent that equals the one that was read.
func backAgain(read, sent any) any {
	if _, ok := sent.(decimal.Decimal); ok {
		return decimal.RequireFromString(read.(string))
	}
	return read
}

// TestStatements: the statements that the server understands.
func TestStatements(t *testing.T) {
	s := New(t)
	db := withThings(t, s)
	for _, c := range []struct {
		sql  string
		want [][]any // as text
	}{
		{"INSERT INTO things (name, price) OUTPUT INSERTED.id, inserted.made VALUES ('a', 1.5), (N'it''s', NULL), (N'c', 3)",
			[][]any{{"1", "2024-01-01 00:00:00.000"}, {"2", "2024-01-01 00:00:00.000"}, {"3", "2024-01-01 00:00:00.000"}}},
		{"SELECT SCOPE_IDENTITY() AS id", [][]any{{nil}}}, // what was prepared has a scope of its own
		{"SELECT @@IDENTITY AS id", [][]any{{"3"}}},
		{"SELECT name, price FROM things WHERE price >= 1.5 ORDER BY price DESC", [][]any{{"c", "3.00"}, {"a", "1.50"}}},
		{"SELECT COUNT(*) FROM [dbo].[things] WHERE price IS NOT NULL AND name IN ('A', 'b')", [][]any{{"1"}}},
		{"SELECT TOP (1) id FROM things ORDER BY name DESC", [][]any{{"2"}}},
		{"SELECT id FROM things -- all 'of\nORDER BY id OFFSET 1 ROWS FETCH NEXT 1 ROWS ONLY", [][]any{{"2"}}},
		{"UPDATE things SET price = price + 1, name = name + 'x' OUTPUT DELETED.price, INSERTED.price, INSERTED.name WHERE id = 1", [][]any{{"1.50", "2.50", "ax"}}},
		{"DELETE FROM things OUTPUT DELETED.name WHERE price IS NULL", [][]any{{"it's"}}},
		{"SELECT id, name AS [the name] FROM things", [][]any{{"1", "ax"}, {"3", "c"}}},
		{"MERGE INTO things WITH (HOLDLOCK) AS t USING (VALUES ('ax', 7), ('new', 8)) AS s ([name], [price]) ON t.[name] = s.[name] " +
			"WHEN MATCHED THEN UPDATE SET t.[price] = s.[price] WHEN NOT MATCHED THEN INSERT ([name], [price]) VALUES (s.[name], s.[price]) " +
			"OUTPUT $action, INSERTED.id, DELETED.price, INSERTED.price;",
			[][]any{{"UPDATE", "1", "2.50", "7.00"}, {"INSERT", "4", nil, "8.00"}}},
		{"MERGE things AS t USING (SELECT 'new' AS name) AS s ON (t.name = s.name AND 1 = 1) WHEN NOT MATCHED THEN INSERT (name) VALUES (s.name) OUTPUT INSERTED.id;", nil},
		{"DELETE FROM things OUTPUT DELETED.id WHERE name = 'new'", [][]any{{"4"}}},
		{"SELECT 1 - 3, 'a' + 'b', CAST('7' AS INT), 0x0aFF, NULL, -2", [][]any{{"-2", "ab", "7", "0aff", nil, "-2"}}},
	} {
		kinds := []protocol.Kind{protocol.Text}
		if len(c.want) > 0 {
			kinds = make([]protocol.Kind, len(c.want[0]))
		}
		for i := range kinds {
			kinds[i] = protocol.Text
		}
		got, err := query(c.sql, nil, kinds...).Many(t.Context(), db, nil)
		require.NoError(t, err, c.sql)
		require.Equal(t, len(c.want), len(got), c.sql)
		require.ElementsMatch(t, c.want, got, c.sql)
	}
	affected, err := command("UPDATE things SET price = ? WHERE id > ?", protocol.Decimal, protocol.Int32).Affected(t.Context(), db, []any{decimal.NewFromInt(9), int32(0)})
	require.NoError(t, err)
	require.EqualValues(t, 2, affected)
	require.NoError(t, command("CREATE TABLE other (n INT); INSERT INTO other VALUES (1); DROP TABLE other").Exec(t.Context(), db, nil))
}

// TestViolations: what is refused leaves nothing behind.
func TestViolations(t *testing.T) {
	s := New(t)
	db := withThings(t, s)
	require.NoError(t, command("INSERT INTO things (name) VALUES ('a')").Exec(t.Context(), db, nil))
	for sql, number := range map[string]int32{
		"INSERT INTO things (name) VALUES ('b'), ('A')":            2627,
		"INSERT INTO things (name) VALUES ('b'), (NULL)":           515,
		"INSERT INTO things (name) VALUES ('b'), ('12345678901')":  2628,
		"INSERT INTO things (id, name) VALUES (7, 'b')":            544,
		"INSERT INTO things (name, price) VALUES ('b', 'x')":       245,
		"INSERT INTO things (name, price) VALUES ('b', 1e9)":       102,
		"INSERT INTO things (name, price) VALUES ('b', 123456789)": 8115,
		"INSERT INTO things (name, made) VALUES ('b', 'today')":    241,
		"INSERT INTO things (name) VALUES ('b', 1)":                213,
		"INSERT INTO things (nome) VALUES ('b')":                   207,
		"INSERT INTO thongs (name) VALUES ('b')":                   208,
		"UPDATE things SET name = NULL":                            515,
		"SELECT @a FROM things":                                    137,
		"SELECT name FROM things WHERE":                            102,
		"SELECT name FROM things, others":                          102,
		"DROP TABLE thongs":                                        3701,
		"SELECT 'a":                                                105,
		things:                                                     2714,
	} {
		requireMessage(t, command(sql).Exec(t.Context(), db, nil), number)
	}
	got, err := query("SELECT name FROM things", nil, protocol.Text).Many(t.Context(), db, nil)
	require.NoError(t, err)
	require.Equal(t, [][]any{{"a"}}, got)
}

// TestRollback: transactions and savepoints take back what was stored.
func TestRollback(t *testing.T) {
	s := New(t)
	db := withThings(t, s)
	insert := command("INSERT INTO things (name) VALUES (?)", protocol.Text)
	names := func(on runtime.Session) (all []string) {
		rows, err := query("SELECT name FROM things ORDER BY id", nil, protocol.Text).Many(t.Context(), on, nil)
		require.NoError(t, err)
		for _, r := range rows {
			all = append(all, r[0].(string))
		}
		return all
	}
	no := errors.New("no")
	require.NoError(t, insert.Exec(t.Context(), db, []any{"a"}))
	err := db.InTx(t.Context(), func(tx *runtime.Tx) error {
		require.NoError(t, insert.Exec(t.Context(), tx, []any{"b"}))
		require.NoError(t, command("UPDATE things SET name = 'x' WHERE name = 'a'").Exec(t.Context(), tx, nil))
		require.NoError(t, command("SAVE TRANSACTION s").Exec(t.Context(), tx, nil))
		require.NoError(t, command("DELETE FROM things").Exec(t.Context(), tx, nil))
		require.Empty(t, names(tx))
		require.NoError(t, command("ROLLBACK TRANSACTION s").Exec(t.Context(), tx, nil))
		require.Equal(t, []string{"x", "b"}, names(tx))
		return no
	})
	require.ErrorIs(t, err, no)
	require.Equal(t, []string{"a"}, names(db))
	require.NoError(t, db.InTx(t.Context(), func(tx *runtime.Tx) error { return insert.Exec(t.Context(), tx, []any{"b"}) }))
	require.Equal(t, []string{"a", "b"}, names(db))

	s.On("die", Disconnect{})
	err = db.InTx(t.Context(), func(tx *runtime.Tx) error {
		require.NoError(t, insert.Exec(t.Context(), tx, []any{"c"}))
		return command("die").Exec(t.Context(), tx, nil)
	})
	require.True(t, runtime.IsConnectionError(err), "%v", err)
	require.Eventually(t, func() bool { return slices.Equal([]string{"a", "b"}, names(db)) }, patience, tick)
}

// TestBulkRows: a bulk insert is stored as a whole, or not at all.
func TestBulkRows(t *testing.T) {
	s := New(t)
	s.On("…SAVEPOINT odbcgen_…")
	db := withThings(t, s)
	bulk := runtime.Bulk[[]any]{Name: "Bulk", Table: "things", Encode: appendRow,
		Columns: []runtime.Column{{Name: "name", Kind: protocol.Text}, {Name: "price", Kind: protocol.Decimal}}}
	rows := make([][]any, 1000)
	for i := range rows {
		rows[i] = []any{fmt.Sprint("n", i), decimal.New(int64(i), -2)}
	}
	rows[700][0] = "n3"
	_, err := bulk.Insert(t.Context(), db, slices.Values(rows))
	require.ErrorIs(t, err, runtime.KindUnique)
	require.ErrorContains(t, err, "row 701")
	rows[700][0] = "n700"
	_, err = bulk.Insert(t.Context(), db, slices.Values(rows))
	require.NoError(t, err)
	got, err := query("SELECT name, price FROM things ORDER BY id", nil, protocol.Text, protocol.Decimal).Many(t.Context(), db, nil)
	require.NoError(t, err)
	for i, row := range rows {
		row[1] = row[1].(decimal.Decimal).String()
		require.True(t, reflect.DeepEqual(row, got[i]) || i%10 == 0, "%v %v", row, got[i])
	}
}

// TestDescribedTables: the server describes statements about its tables.
func TestDescribedTables(t *testing.T) {
	s := New(t)
	withThings(t, s)
	require.Equal(t, lines(
		"column id int type 4 size 10 digits 0 not null auto",
		"column name nvarchar type -9 size 10 digits 0 not null",
		"column price decimal type 2 size 10 digits 2 null",
		"column made datetime2 type 93 size 23 digits 3 null",
		"SQLNumResultCols -1",
		"  42S22 207 [FreeTDS][SQL Server]Invalid column name 'nome'.",
		"  42000 8180 [FreeTDS][SQL Server]Statement(s) could not be prepared.",
	), call(t, s.DSN(), "prepare|SELECT * FROM things WHERE id = ?", "describe", "statement", "prepare|SELECT nome FROM things", "describe"))
}

// TestCursorOnTables: a static cursor reads tables as it reads a script.
func TestCursorOnTables(t *testing.T) {
	s := New(t)
	require.Equal(t, lines("SQLExecDirect 100", "result of 0 columns, count -1", "result of 0 columns, count 2",
		"row\t2", "row\t1", "SQLExecDirect -1", "  42S22 207 [FreeTDS][SQL Server]Invalid column name 'm'."),
		call(t, s.DSN(), "direct|CREATE TABLE t (n INT)", "direct|INSERT INTO t VALUES (1), (2)", "statement",
			"attribute|statement|6|3", "open|SELECT n FROM t", "scroll|3|0", "scroll|2|0", "close", "open|SELECT m FROM t"))
}

// TestUndeclaredParams: the types of parameters are those of what they meet.
func TestUndeclaredParams(t *testing.T) {
	s := New(t)
	withThings(t, s)
	for sql, want := range map[string][]string{
		"SELECT id FROM things WHERE name = @P1 AND @P2 < price ORDER BY id OFFSET @P3 ROWS": {"nvarchar(10)", "decimal(10,2)", "bigint"},
		"INSERT INTO things (made, name) VALUES (@P1, @P2)":                                  {"datetime2(3)", "nvarchar(10)"},
		"UPDATE things SET price = @P2 WHERE id IN (@P1, @P3)":                               {"int", "decimal(10,2)", "int"},
		"SELECT @P1": {"nvarchar(4000)"},
	} {
		out := call(t, s.DSN(), "prepare|{call sp_describe_undeclared_parameters(?)}", "bind|in|-10|4000|0|"+sql, "execute")
		var types []string
		for line := range strings.Lines(out) {
			if words := strings.Split(line, "\t"); words[0] == "row" {
				types = append(types, words[4])
			}
		}
		require.Equal(t, want, types, "%s: %s", sql, out)
	}
	require.Contains(t, call(t, s.DSN(), "direct|EXEC sp_describe_first_result_set N'SELECT price FROM things WHERE id = @a'"), " 137 ")
	require.Contains(t, call(t, s.DSN(), "direct|EXEC sp_describe_first_result_set N'SELECT price FROM things WHERE id = @P1', N'@P1 INT'"),
		"row\t0\t1\tprice\t1\t106\tdecimal(10,2)\t9\t10\t2")
}

// TestTablesOfCatalog: the driver's catalog functions tell of the server's tables.
func TestTablesOfCatalog(t *testing.T) {
	s := New(t)
	db := withThings(t, s)
	require.NoError(t, command("CREATE TABLE pairs (a INT, b INT, c XML, PRIMARY KEY (b, a))").Exec(t.Context(), db, nil))
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	tables, err := conn.Tables(t.Context())
	require.NoError(t, err)
	require.Equal(t, []runtime.Table{{Catalog: "test", Schema: "dbo", Name: "pairs"}, {Catalog: "test", Schema: "dbo", Name: "things"}}, tables)
	columns, err := conn.TableColumns(t.Context(), "dbo", "things")
	require.NoError(t, err)
	require.Equal(t, []runtime.TableColumn{
		{Schema: "dbo", Table: "things", Name: "id", TypeName: "int identity", NotNull: true, PrimaryKey: true},
		{Schema: "dbo", Table: "things", Name: "name", TypeName: "nvarchar", NotNull: true},
		{Schema: "dbo", Table: "things", Name: "price", TypeName: "decimal"},
		{Schema: "dbo", Table: "things", Name: "made", TypeName: "datetime2"},
	}, columns)
	columns, err = conn.TableColumns(t.Context(), "", "pairs")
	require.NoError(t, err)
	require.True(t, columns[0].PrimaryKey && columns[1].PrimaryKey && !columns[2].PrimaryKey)
	require.Contains(t, call(t, s.DSN(), "tables|t_i%s"), "row\ttest\tdbo\tthings\tTABLE")
}

// TestForeignKeys: rows refer to rows that there are, and the catalog tells of the keys.
func TestForeignKeys(t *testing.T) {
	s := New(t)
	db := withThings(t, s)
	exec := func(sql string) error { return command(sql).Exec(t.Context(), db, nil) }
	require.NoError(t, exec("CREATE TABLE parts (id INT PRIMARY KEY, thing INT NULL REFERENCES things (id), whole INT, FOREIGN KEY (whole) REFERENCES parts (id))"))
	require.NoError(t, exec("INSERT INTO things (name) VALUES ('a')"))
	requireMessage(t, exec("INSERT INTO parts VALUES (1, 2, NULL)"), 547)
	require.NoError(t, exec("INSERT INTO parts VALUES (1, 1, 1), (2, NULL, 1)"))
	requireMessage(t, exec("UPDATE parts SET thing = 2"), 547)
	requireMessage(t, exec("DELETE FROM things"), 547)
	requireMessage(t, exec("DELETE FROM parts WHERE id = 1"), 547)
	require.Equal(t, lines(
		"result of 14 columns, count -1",
		"row\ttest\tdbo\tthings\tid\ttest\tdbo\tparts\tthing\t1\t1\t1\tFK_parts_thing\tPK_things_id\t7",
		"row\ttest\tdbo\tparts\tid\ttest\tdbo\tparts\twhole\t1\t1\t1\tFK_parts_whole\tPK_parts_id\t7",
	), call(t, s.DSN(), "foreign|parts"))
}

// TestCatalogOfStore: what else the driver's catalog functions tell.
func TestCatalogOfStore(t *testing.T) {
	s := New(t)
	withThings(t, s)
	s.CreateProcedure("add_thing", []Argument{{Name: "@name", Type: NVarchar(10)}, {Name: "@id", Type: Int, Out: true}}, Status(0))
	require.Equal(t, lines(
		"result of 13 columns, count -1",
		"row\ttest\tdbo\tthings\tNULL\tNULL\tNULL\t0\tNULL\tNULL\tNULL\t0\t1\tNULL",
		"row\ttest\tdbo\tthings\t0\tthings\tPK_things_id\t1\t1\tid\tA\tNULL\tNULL\tNULL",
		"row\ttest\tdbo\tthings\t0\tthings\tUQ_things_name\t3\t1\tname\tA\tNULL\tNULL\tNULL",
	), call(t, s.DSN(), "statistics|things"))
	require.Equal(t, lines("result of 8 columns, count -1", "row\ttest\tdbo\tadd_thing;1\t-1\t-1\t-1\tNULL\t2"), call(t, s.DSN(), "procedures|add%"))
	require.Equal(t, lines(
		"result of 20 columns, count -1",
		"row\ttest\tdbo\tadd_thing;1\t@RETURN_VALUE\t5\t4\tint\t10\t4\t0\t10\t0\tNULL\tNULL\t4\tNULL\t4\t0\tNO\tNULL",
		"row\ttest\tdbo\tadd_thing;1\t@name\t1\t-9\tnvarchar\t10\t20\t0\t10\t1\tNULL\tNULL\t-9\tNULL\t20\t1\tYES\tNULL",
		"row\ttest\tdbo\tadd_thing;1\t@id\t2\t4\tint\t10\t4\t0\t10\t1\tNULL\tNULL\t4\tNULL\t4\t2\tYES\tNULL",
	), call(t, s.DSN(), "arguments|add_thing"))
	require.Contains(t, call(t, s.DSN(), "types"), "row\tdatetimeoffset\t")
}

// TestDatabases: each has tables of its own.
func TestDatabases(t *testing.T) {
	s := New(t)
	out := call(t, s.DSN(), "direct|CREATE DATABASE [a b]", "direct|USE [a b]", "direct|CREATE TABLE t (n INT)", "direct|DROP DATABASE [a b]",
		"direct|USE test", "direct|INSERT INTO t VALUES (1)", "direct|DROP DATABASE [a b]", "direct|USE [a b]")
	require.Contains(t, out, "3702 [FreeTDS][SQL Server]Cannot drop database")
	require.Contains(t, out, "911 [FreeTDS][SQL Server]Database 'a b' does not exist")
}

// TestScope: what a prepared statement sets does not outlive it.
func TestScope(t *testing.T) {
	s := New(t)
	s.CreateDatabase("shop")
	call(t, s.DSN(), "prepare|SET LOCK_TIMEOUT 5", "execute", "statement", "prepare|USE shop", "execute", "statement", "prepare|SET NOCOUNT ON", "execute", "statement", "direct|SET XACT_ABORT ON")
	last := ended(t, s)
	require.Equal(t, -1, last.LockTimeout)
	require.Equal(t, "test", last.Database)
	require.Equal(t, map[string]string{"XACT_ABORT": "ON"}, last.Settings)
}
