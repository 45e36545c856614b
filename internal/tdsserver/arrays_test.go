package tdsserver_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/odbcgen/odbcgen/internal/tdsserver"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

var (
	duplicate  = Message{Number: 2627, State: 1, Class: 14, Text: "Violation of PRIMARY KEY constraint 'pk'. Cannot insert duplicate key in object 'dbo.t'."}
	terminated = Message{Number: 3621, State: 0, Class: 0, Text: "The statement has been terminated."}
)

// failing answers INSERTs whose first parameter is one of the values with an error.
func failing(values ...int64) func(*Request) []Answer {
	return func(r *Request) []Answer {
		if !strings.HasPrefix(r.SQL, "INSERT") {
			return nil
		}
		if len(r.Params) > 0 && slices.Contains(values, r.Params[0].Value.(int64)) {
			return []Answer{duplicate, terminated}
		}
		return []Answer{Affected(1)}
	}
}

// TestArray: a parameter array is one message with a call for each of its sets. What
// fails is marked, what is before and behind it is done. The driver tells success even
// where all have failed.
func TestArray(t *testing.T) {
	array := []string{"prepare|INSERT INTO t VALUES (?, ?)", "array|5", "bind|in|4|10|0|1|2|3|4|5", "bind|in|-9|10|0|a|b|c|NULL|e", "execute"}
	failed := "  23000 2627 [FreeTDS][SQL Server]Violation of PRIMARY KEY constraint 'pk'. Cannot insert duplicate key in object 'dbo.t'."
	ended := "  01000 3621 [FreeTDS][SQL Server]The statement has been terminated."
	for _, c := range []struct {
		failing []int64
		want    string
	}{
		{nil, lines("result of 0 columns, count 5", "processed 5: 0 0 0 0 0")},
		{[]int64{1}, lines("SQLExecute 1", failed, ended, "result of 0 columns, count 4", "processed 5: 5 0 0 0 0")},
		{[]int64{3}, lines("SQLExecute 1", failed, ended, "result of 0 columns, count 4", "processed 5: 0 0 5 0 0")},
		{[]int64{5}, lines("SQLExecute 1", failed, ended, "result of 0 columns, count 4", "processed 5: 0 0 0 0 5")},
		{[]int64{2, 4}, lines("SQLExecute 1", failed, ended, failed, ended, "result of 0 columns, count 3", "processed 5: 0 5 0 5 0")},
		{[]int64{1, 2, 3, 4, 5}, lines("SQLExecute 1", failed, ended, failed, ended, failed, ended, failed, ended, failed, ended,
			"result of 0 columns, count -1", "processed 5: 5 5 5 5 5")},
	} {
		t.Run(fmt.Sprint(c.failing), func(t *testing.T) {
			s := New(t)
			s.OnFunc(failing(c.failing...))
			require.Equal(t, c.want, call(t, s.DSN(), array...))
			executed := sent(s, Execute)
			require.Len(t, executed, 5)
			for i, r := range executed {
				require.Equal(t, "sp_execute", r.By)
				require.Equal(t, i, r.Set)
				require.Equal(t, i == 4, r.Last)
				require.Equal(t, "int, nvarchar(10)", r.Types())
			}
			require.Equal(t, []any{int64(4), nil}, executed[3].Values())
			require.Len(t, sent(s, Prepare), 1)
		})
	}
}

// TestUnconvertible: a value that the driver itself cannot convert ends the array. The
// sets before it have been sent, and the status array is one behind.
func TestUnconvertible(t *testing.T) {
	s := New(t)
	s.OnFunc(failing())
	require.Equal(t, lines(
		"SQLExecute 1", "  22018 0 [FreeTDS][SQL Server]Invalid character value for cast specification",
		"result of 0 columns, count 1", "processed 2: 5 0 99",
	), call(t, s.DSN(), "prepare|INSERT INTO t VALUES (?)", "array|3", "bind|in|4|10|0|1|x|3", "execute"))
	require.Len(t, sent(s, Execute), 1)
}

// TestBulk: the bulk insert of the runtime sends arrays, and finds the row that failed.
func TestBulk(t *testing.T) {
	for _, failed := range [][]int64{nil, {1}, {137}, {250}} {
		t.Run(fmt.Sprint(failed), func(t *testing.T) {
			s := New(t)
			s.OnFunc(failing(failed...))
			s.On("…SAVEPOINT odbcgen_…") // as the runtime writes it where it does not know better
			db := open(t, s, runtime.WithPlugin(&freeTDS))
			rows := make([][]any, 250)
			for i := range rows {
				rows[i] = []any{int32(i + 1), fmt.Sprint("row ", i+1)}
			}
			bulk := runtime.Bulk[[]any]{Name: "Bulk", Table: "t", Encode: appendRow,
				Columns: []runtime.Column{{Name: "n", Kind: protocol.Int32}, {Name: "v", Kind: protocol.Text}}}
			result, err := bulk.Insert(t.Context(), db, slices.Values(rows))
			begun := sent(s, Transaction)
			if failed == nil {
				require.NoError(t, err)
				require.EqualValues(t, 250, result.Rows)
				require.Len(t, sent(s, Execute), 250)
				require.Equal(t, "COMMIT TRANSACTION; BEGIN TRANSACTION", begun[1].SQL)
				return
			}
			var failure *runtime.Error
			require.ErrorAs(t, err, &failure)
			require.ErrorIs(t, err, runtime.KindUnique)
			require.Equal(t, failed[0], failure.Row)
			require.Equal(t, "ROLLBACK TRANSACTION; BEGIN TRANSACTION", begun[1].SQL)
		})
	}
}
