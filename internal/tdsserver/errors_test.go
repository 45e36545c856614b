package tdsserver_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/odbcgen/odbcgen/internal/tdsserver"
	"github.com/odbcgen/odbcgen/runtime"
)

// TestStates: the SQLSTATEs that FreeTDS gives to numbers of errors. What it has no
// SQLSTATE for is 42000: deadlocks (1205), time-outs of locks (1222), a full disk (1105).
func TestStates(t *testing.T) {
	s := New(t)
	var commands, want []string
	for _, e := range []struct {
		number int
		class  byte
		state  string
	}{
		{102, 15, "42000"}, {156, 15, "42000"}, {207, 16, "42S22"}, {208, 16, "42S02"}, {209, 16, "42000"}, {213, 16, "21S01"},
		{220, 16, "HY019"}, {229, 14, "42000"}, {241, 16, "22007"}, {242, 16, "22007"}, {245, 16, "22018"}, {266, 16, "25000"},
		{515, 16, "23000"}, {517, 16, "22007"}, {544, 16, "23000"}, {547, 16, "23000"}, {911, 16, "08004"}, {1105, 17, "42000"},
		{1205, 13, "42000"}, {1222, 16, "42000"}, {1505, 16, "23000"}, {1913, 16, "42S11"}, {2601, 14, "23000"}, {2627, 14, "23000"},
		{2628, 16, "42000"}, {2714, 16, "42S01"}, {2812, 16, "42000"}, {3701, 11, "42S02"}, {3902, 16, "25000"}, {3903, 16, "25000"},
		{3906, 16, "25000"}, {3960, 16, "42000"}, {8114, 16, "42000"}, {8115, 16, "HY019"}, {8134, 16, "22012"}, {8152, 16, "22001"},
		{18456, 14, "28000"}, {50000, 16, "42000"},
	} {
		sql := fmt.Sprint("E", e.number)
		s.On(sql, Message{Number: e.number, State: 1, Class: e.class, Text: "words"})
		commands = append(commands, "direct|"+sql)
		want = append(want, "SQLExecDirect -1", fmt.Sprintf("  %s %d [FreeTDS][SQL Server]words", e.state, e.number))
	}
	require.Equal(t, lines(want...), call(t, s.DSN(), commands...))
}

// TestMessages: informations, several errors, errors behind rows, and one that ends the
// connection.
func TestMessages(t *testing.T) {
	s := New(t)
	s.On("PRINT 'a'", Message{Text: "a"})
	s.On("two", Error(50001, "one"), Error(50002, "two"))
	s.On("late", numbers(2), Error(8134, "Divide by zero error encountered."))
	s.On("fatal", Message{Number: 823, State: 2, Class: 24, Text: "The operating system returned an error."})
	require.Equal(t, lines(
		"SQLExecDirect 1", "  01000 0 [FreeTDS][SQL Server]a", "result of 0 columns, count -1",
		"SQLExecDirect -1", "  42000 50001 [FreeTDS][SQL Server]one", "  42000 50002 [FreeTDS][SQL Server]two",
		"result of 1 columns, count -1", "row\t1", "row\t2", "SQLMoreResults -1", "  22012 8134 [FreeTDS][SQL Server]Divide by zero error encountered.",
		"SQLExecDirect -1", "  42000 823 [FreeTDS][SQL Server]The operating system returned an error.",
	), call(t, s.DSN(), "direct|PRINT 'a'", "direct|two", "direct|late", "direct|fatal"))
	ended(t, s)
}

// TestCompilerErrors come when a statement is prepared, all others when it is executed.
func TestCompilerErrors(t *testing.T) {
	s := New(t)
	s.On("SELECT x", Error(207, "Invalid column name 'x'."))
	s.On("UPDATE t", duplicate)
	require.Equal(t, lines(
		"SQLNumResultCols -1",
		"  42S22 207 [FreeTDS][SQL Server]Invalid column name 'x'.",
		"  42000 8180 [FreeTDS][SQL Server]Statement(s) could not be prepared.",
		"SQLExecute -1", "  23000 2627 [FreeTDS][SQL Server]"+duplicate.Text,
	), call(t, s.DSN(), "prepare|SELECT x", "describe", "statement", "prepare|UPDATE t", "describe", "execute"))
}

// TestKinds: what the runtime makes of errors.
func TestKinds(t *testing.T) {
	s := New(t)
	for number, kind := range map[int]error{
		102: runtime.KindSyntax, 207: runtime.KindUnknownObject, 208: runtime.KindUnknownObject, 229: runtime.KindPermission,
		515: runtime.KindNotNull, 547: runtime.KindForeignKey, 1105: runtime.KindDiskFull, 1205: runtime.KindDeadlock,
		1222: runtime.KindLockTimeout, 2601: runtime.KindUnique, 2627: runtime.KindUnique, 3906: runtime.KindReadOnly,
		3960: runtime.KindSerialization, 8115: runtime.KindData, 8134: runtime.KindData, 8152: runtime.KindData,
	} {
		s.On(fmt.Sprint("UPDATE t", number), Error(number, "words"))
		db := open(t, s, runtime.WithPlugin(&freeTDS))
		err := command(fmt.Sprint("UPDATE t", number)).Exec(t.Context(), db, nil)
		require.ErrorIs(t, err, kind, "%d", number)
		requireMessage(t, err, int32(number))
		db.Close()
	}
}

// TestWrongScript: an answer that cannot be given is found where it is written.
func TestWrongScript(t *testing.T) {
	s := New(t)
	int4 := []Column{{Name: "n", Type: Int, NotNull: true}}
	for _, rows := range []Rows{
		{Columns: int4, Values: [][]any{{nil}}},
		{Columns: int4, Values: [][]any{{1 << 40}}},
		{Columns: int4, Values: [][]any{{"1"}}},
		{Columns: int4, Values: [][]any{{1, 2}}},
		{Columns: []Column{{Name: "v", Type: NVarchar(3)}}, Values: [][]any{{"four"}}},
		{Columns: []Column{{Name: "v", Type: Varchar(3)}}, Values: [][]any{{"你"}}},
		{Columns: []Column{{Name: "d", Type: Decimal(4, 2)}}, Values: [][]any{{"123.45"}}},
		{Columns: []Column{{Name: "d", Type: Decimal(4, 2)}}, Values: [][]any{{"1.234"}}},
		{Columns: []Column{{Name: "g", Type: UniqueIdentifier}}, Values: [][]any{{"no"}}},
	} {
		s.OnFunc(func(*Request) []Answer { return []Answer{rows} })
		out := call(t, s.DSN(), "direct|SELECT 1")
		require.True(t, strings.HasPrefix(out, "SQLExecDirect -1\n  42000 50000 [FreeTDS][SQL Server]row 1"), "%s", out)
	}
}
