package tdsserver_test

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/odbcgen/odbcgen/internal/tdsserver"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// numbers are rows of one column, the numbers up to n.
func numbers(n int) Rows {
	rows := Rows{Columns: []Column{{Name: "n", Type: Int, NotNull: true}}}
	for i := range n {
		rows.Values = append(rows.Values, []any{i + 1})
	}
	return rows
}

// TestPrepared: what is sent for statements that are prepared, described, executed, and
// executed again.
func TestPrepared(t *testing.T) {
	const parameters, marks = "SELECT n FROM t WHERE n > ?", "SELECT n FROM t WHERE n > @P1"
	for _, c := range []struct {
		name     string
		commands []string
		want     []string
	}{
		{"direct", []string{"direct|SELECT n FROM t"}, []string{"batch SELECT n FROM t"}},
		{"without parameters", []string{"prepare|SELECT n FROM t", "execute", "close", "execute"},
			[]string{"execute sp_prepexec SELECT n FROM t", "execute sp_execute SELECT n FROM t", "unprepare sp_unprepare SELECT n FROM t"}},
		{"described", []string{"prepare|SELECT n FROM t", "describe", "execute"},
			[]string{"prepare sp_prepare SELECT n FROM t", "execute sp_execute SELECT n FROM t", "unprepare sp_unprepare SELECT n FROM t"}},
		{"with parameters", []string{"prepare|" + parameters, "bind|in|4|10|0|5", "execute", "close", "execute"},
			[]string{"execute sp_prepexec " + marks, "execute sp_execute " + marks, "unprepare sp_unprepare " + marks}},
		{"direct with parameters", []string{"bind|in|4|10|0|5", "direct|" + parameters}, []string{"execute sp_executesql " + marks}},
		{"described before parameters are bound", []string{"prepare|" + parameters, "describe", "bind|in|4|10|0|5", "execute"},
			[]string{"prepare sp_prepare " + marks, "unprepare sp_unprepare " + marks, "execute sp_prepexec " + marks, "unprepare sp_unprepare " + marks}},
		{"described when they are bound", []string{"prepare|" + parameters, "bind|in|4|10|0|5", "describe", "execute"},
			[]string{"prepare sp_prepare " + marks, "execute sp_execute " + marks, "unprepare sp_unprepare " + marks}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := New(t)
			s.On("SELECT n FROM t…", numbers(1))
			require.NotContains(t, call(t, s.DSN(), c.commands...), "SQL")
			require.Equal(t, c.want, told(s))
			require.Zero(t, ended(t, s).Prepared)
		})
	}
}

// TestDeclared: before parameters are bound they are told as varchar(4000), then by
// their types.
func TestDeclared(t *testing.T) {
	s := New(t)
	s.On("SELECT n FROM t…", numbers(1))
	call(t, s.DSN(), "prepare|SELECT n FROM t WHERE a = ? AND b = ?", "describe", "bind|in|4|10|0|5", "bind|in|3|12|2|1.5", "execute")
	require.Equal(t, "@P1 varchar(4000),@P2 varchar(4000)", sent(s, Prepare)[0].Declared)
	executed := sent(s, Execute)[0]
	require.Equal(t, "@P1 INT,@P2 DECIMAL(12,2)", executed.Declared)
	require.Equal(t, "int, decimal(12,2)", executed.Types())
	require.Equal(t, []any{int64(5), "1.50"}, executed.Values())
}

// TestProcedure: parameters in both directions, of several types and NULL, and what the
// procedure returns.
func TestProcedure(t *testing.T) {
	s := New(t)
	s.On("p", numbers(2), Affected(4), Status(7), Out{Type: Int, Value: 42}, Out{Type: NVarchar(20), Value: "ö你"}, Out{Type: Decimal(12, 2)})
	out := call(t, s.DSN(), "prepare|{?=call p(?,?,?,?)}",
		"bind|out|4|10|0|0", "bind|in|4|10|0|5", "bind|out|4|10|0|0", "bind|inout|-9|20|0|abc", "bind|inout|3|12|2|NULL", "execute")
	require.Equal(t, lines(
		"result of 1 columns, count -1", "row\t1", "row\t2", // what was affected is not told
		"out 1 7", "out 3 42", "out 4 ö你", "out 5 NULL",
	), out)
	called := s.Requests()[0]
	require.Equal(t, Procedure, called.Kind)
	require.Equal(t, "int, int, nvarchar(20), decimal(12,2)", called.Types())
	require.Equal(t, []any{int64(5), nil, "abc", nil}, called.Values())
	require.True(t, called.Params[1].Out)
	require.False(t, called.Params[0].Out)

	require.Contains(t, call(t, s.DSN(), "direct|{call missing}"), "42000 2812 [FreeTDS][SQL Server]Could not find stored procedure 'missing'.")
}

// TestSeveralResults: rows, counts and texts of one batch come in order.
func TestSeveralResults(t *testing.T) {
	s := New(t)
	s.On("SELECT n; UPDATE t; PRINT; SELECT m",
		numbers(2), Affected(3), Message{Number: 50001, Class: 5, Text: "a word"}, numbers(1))
	require.Equal(t, lines(
		"result of 1 columns, count -1", "row\t1", "row\t2",
		"result of 0 columns, count 3",
		"SQLMoreResults 1", "  01000 50001 [FreeTDS][SQL Server]a word",
		"result of 1 columns, count -1", "row\t1",
	), call(t, s.DSN(), "direct|SELECT n; UPDATE t; PRINT; SELECT m"))
}

// TestCursor: a statement with a static cursor is one of the server's, which is asked
// for each block.
func TestCursor(t *testing.T) {
	s := New(t)
	s.On("SELECT n FROM t…", numbers(20))
	require.Equal(t, lines("row\t1", "row\t20", "row\t2", "row\t1", "row\t4", "SQLFetchScroll 100"),
		call(t, s.DSN(), "attribute|statement|6|3", "open|SELECT n FROM t",
			"scroll|1|0", "scroll|3|0", "scroll|5|2", "scroll|4|0", "scroll|6|3", "scroll|5|21", "close"))
	require.Zero(t, ended(t, s).Cursors)

	s.Forget()
	db := open(t, s, runtime.WithPlugin(with(driver.Refetch)))
	got, err := query("SELECT n FROM t WHERE n > ?", []protocol.Kind{protocol.Int32}, protocol.Int32).Many(t.Context(), db, []any{int32(0)})
	require.NoError(t, err)
	require.Len(t, got, 20)
	require.Equal(t, "sp_cursoropen", sent(s, Execute)[0].By)
	require.Equal(t, []any{int64(0)}, sent(s, Execute)[0].Values())
	require.NotContains(t, told(s), "fetch sp_cursorfetch 1")
}

// TestDescribingProcedures: what the script says of a statement is told by the two
// procedures, in the columns that SQL Server documents.
func TestDescribingProcedures(t *testing.T) {
	s := New(t)
	const statement = "SELECT id, name FROM users WHERE id = @P1 AND name = @P2"
	s.On(statement, Rows{Columns: []Column{
		{Name: "id", Type: Int, NotNull: true, Identity: true, Schema: "dbo", Table: "users", Base: "id"},
		{Name: "name", Type: NVarchar(40)},
	}}).Takes(Int, Decimal(12, 2))
	s.On("SELECT wrong", Error(207, "Invalid column name 'wrong'."))
	db := open(t, s, runtime.WithPlugin(&freeTDS))
	tell := func(procedure, sql string, columns int) ([][]any, error) {
		kinds := make([]protocol.Kind, columns)
		for i := range kinds {
			kinds[i] = protocol.Text
		}
		return query("EXEC "+procedure+" ?", []protocol.Kind{protocol.Text}, kinds...).Many(t.Context(), db, []any{sql})
	}
	columns, err := tell("sp_describe_first_result_set", statement, 39)
	require.NoError(t, err)
	require.Equal(t, []any{"0", "1", "id", "0", "56", "int", "4", "10", "0"}, columns[0][:9])
	require.Equal(t, []any{"dbo", "users", "id", "1"}, columns[0][24:28])
	require.Equal(t, []any{"0", "2", "name", "1", "231", "nvarchar(40)", "80", "0", "0"}, columns[1][:9])
	require.Equal(t, []any{nil, nil, nil, "0"}, columns[1][24:28])

	params, err := tell("sp_describe_undeclared_parameters", statement, 24)
	require.NoError(t, err)
	require.Equal(t, []any{"1", "@P1", "56", "int", "4", "10", "0"}, params[0][:7])
	require.Equal(t, []any{"2", "@P2", "106", "decimal(12,2)", "9", "12", "2"}, params[1][:7])

	_, err = tell("sp_describe_first_result_set", "SELECT wrong", 39)
	require.ErrorIs(t, err, runtime.KindUnknownObject)

	literal := "direct|EXEC sp_describe_undeclared_parameters N'" + statement + "'"
	require.Contains(t, call(t, s.DSN(), literal), "row\t1\t@P1\t56\tint\t4")
	byName := []string{"prepare|{call sp_describe_undeclared_parameters(?)}", "bind|in|-10|4000|0|" + statement, "execute"}
	require.Contains(t, call(t, s.DSN(), byName...), "row\t1\t@P1\t56\tint\t4")
}

// TestOneResult: a connection has place for one open result.
func TestOneResult(t *testing.T) {
	s := New(t)
	s.On("SELECT n FROM t", numbers(100_000))
	db := open(t, s, runtime.WithPlugin(&freeTDS))
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	for _, err := range query("SELECT n FROM t", nil, protocol.Int32).Stream(t.Context(), conn, nil) {
		require.NoError(t, err)
		_, err := query("SELECT @@SPID", nil, protocol.Int16).Many(t.Context(), conn, nil)
		require.ErrorContains(t, err, "SQLSTATE 24000")
		break
	}
	_, err = query("SELECT @@SPID", nil, protocol.Int16).Many(t.Context(), conn, nil)
	require.NoError(t, err)
}

// TestReaders: long values in pieces, both ways.
func TestReaders(t *testing.T) {
	s := New(t)
	long := strings.Repeat("x你", 100_000)
	s.On("INSERT INTO t VALUES (@P1)", Affected(1))
	s.On("SELECT v", Rows{Columns: []Column{{Name: "v", Type: NVarchar(Max)}}, Values: [][]any{{long}, {nil}, {""}}})
	db := open(t, s)
	insert := runtime.Command[string]{Name: "Insert", SQL: "INSERT INTO t VALUES (?)", Params: []runtime.Param{{Name: "v", Kind: protocol.Text, Reader: true}},
		Encode: func(b *protocol.Batch, v string) { b.Reader(0).Append(strings.NewReader(v)) }}
	require.NoError(t, insert.Exec(t.Context(), db, long))
	require.True(t, sent(s, Execute)[0].Params[0].Value == long)

	texts := runtime.Query[runtime.None, io.Reader]{Name: "Read", SQL: "SELECT v", Columns: []runtime.Column{{Name: "v", Kind: protocol.Text, Reader: true, Null: true}},
		Decode: func(rows []io.Reader, b *protocol.Batch) {
			for i := range rows {
				rows[i] = b.Reader(0).OrNil(i)
			}
		}}
	var got []any
	for r, err := range texts.ReadStream(t.Context(), db, runtime.None{}) {
		require.NoError(t, err)
		if r == nil {
			got = append(got, nil)
			continue
		}
		whole, err := io.ReadAll(r)
		require.NoError(t, err)
		got = append(got, string(whole))
	}
	require.True(t, reflect.DeepEqual([]any{long, nil, ""}, got))
}

// TestCatalog: the procedures and parameters that catalog functions become.
func TestCatalog(t *testing.T) {
	s := New(t)
	s.OnFunc(func(*Request) []Answer { return []Answer{numbers(1)} })
	call(t, s.DSN(), "tables|t%", "statement", "columns|t", "statement", "keys|t", "statement", "foreign|t", "statement",
		"statistics|t", "statement", "procedures|p", "statement", "arguments|p", "statement", "types")
	var got []string
	for _, r := range s.Requests() {
		text := r.SQL
		for _, p := range r.Params {
			text += fmt.Sprintf(" %s=%v", p.Name, p.Value)
		}
		got = append(got, text)
	}
	require.Equal(t, []string{
		"sp_tables @table_name=t%",
		"sp_columns @table_name=t @ODBCVer=3",
		"sp_pkeys @table_name=t",
		"sp_fkeys @fktable_name=t",
		"sp_statistics @table_name=t @is_unique=N @accuracy=Q",
		"..sp_stored_procedures @sp_name=p",
		"sp_sproc_columns @procedure_name=p @ODBCVer=3",
		"sp_datatype_info_100 0,3",
	}, got)
}

// TestUnknownStatements: what the script does not know is an error that says so.
func TestUnknownStatements(t *testing.T) {
	s := New(t)
	s.On("SELECT a", numbers(1))
	s.On("SELECT a", numbers(2)) // the last one counts
	require.Equal(t, 2, strings.Count(call(t, s.DSN(), "direct|SELECT a"), "row"))
	require.Equal(t, lines("SQLExecDirect -1", `  42000 50000 [FreeTDS][SQL Server]the script has no answer to "SELECT b"`),
		call(t, s.DSN(), "direct|SELECT b"))
}
