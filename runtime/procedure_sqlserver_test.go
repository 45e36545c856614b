package runtime_test

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/tdsserver"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// payment is what comes back from the procedure below.
type payment struct {
	status  sql.Null[int32]
	balance sql.Null[decimal.Decimal]
	note    sql.Null[string]
	receipt sql.Null[[]byte]
	changed int64
	words   []word
}

// pay has everything that a procedure of SQL Server can give.
func pay(width int, results ...runtime.Set[payment]) *runtime.Procedure[string, payment] {
	return &runtime.Procedure[string, payment]{
		Name: "Pay", Procedure: "bank.pay",
		Params: []runtime.ProcedureParam{
			{Name: "status", Kind: protocol.Int32, Direction: driver.Return},
			{Name: "balance", Kind: protocol.Decimal, Direction: driver.Out},
			{Name: "note", Kind: protocol.Text, Direction: driver.InOut, Width: width},
			{Name: "receipt", Kind: protocol.Binary, Direction: driver.Out},
		},
		Encode: func(b *protocol.Batch, note string) { b.Text(0).Append(note) },
		Decode: func(r *payment, b *protocol.Batch) {
			r.status, r.balance, r.note, r.receipt = b.Int32(0).Null(0), b.Decimal(1).Null(0), b.Text(2).Null(0), b.Binary(3).Null(0)
		},
		Results: results,
	}
}

var paidWords = runtime.Set[payment]{
	Name: "words", Columns: wordColumns, Into: runtime.IntoSlice(decodeWords, func(p *payment) *[]word { return &p.words }),
}

func openTDS(t *testing.T, s *tdsserver.Server, opts ...runtime.Option) *runtime.DB {
	t.Helper()
	db, err := runtime.Open(t.Context(), s.DSN(), append([]runtime.Option{runtime.WithPoolSize(1)}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(db.Close)
	return db
}

// TestProcedureOfSQLServer: rows come first, then the status and the parameters.
func TestProcedureOfSQLServer(t *testing.T) {
	s := tdsserver.New(t)
	rows := tdsserver.Rows{
		Columns: []tdsserver.Column{{Name: "n", Type: tdsserver.BigInt}, {Name: "word", Type: tdsserver.NVarchar(20)}},
		Values:  [][]any{{1, "one"}, {2, nil}},
	}
	s.On("[bank].[pay]", rows, tdsserver.Affected(3), tdsserver.Status(7),
		tdsserver.Out{Type: tdsserver.Decimal(20, 4), Value: "12.3400"},
		tdsserver.Out{Type: tdsserver.NVarchar(100), Value: "ö你😀"}, tdsserver.Out{Type: tdsserver.Varbinary(20), Value: []byte{0, 1, 255}})
	db := openTDS(t, s)
	for range 2 {
		got, err := pay(0, paidWords).Call(t.Context(), db, strings.Repeat("é", 100))
		require.NoError(t, err)
		require.Equal(t, payment{
			some[int32](7), some(decimal.RequireFromString("12.3400")), valid("ö你😀"), some([]byte{0, 1, 255}), 0,
			[]word{{1, valid("one")}, {2, sql.Null[string]{}}},
		}, got)
	}
}

// TestProcedureDeclares: what comes back is declared so that the server cuts nothing,
// and NULL goes both ways.
func TestProcedureDeclares(t *testing.T) {
	s := tdsserver.New(t)
	null := tdsserver.Out{Type: tdsserver.NVarchar(10)}
	s.On("[bank].[pay]", tdsserver.Affected(2), tdsserver.Affected(5), null, null, null)
	changed := runtime.Set[payment]{Name: "changed", Into: runtime.IntoCount(func(p *payment) *int64 { return &p.changed })}
	got, err := pay(0, changed).Call(t.Context(), openTDS(t, s), "note")
	require.NoError(t, err)
	require.Equal(t, payment{status: some[int32](0), changed: 5}, got) // FreeTDS tells the last

	called := s.Requests()[len(s.Requests())-1]
	require.Equal(t, tdsserver.Procedure, called.Kind)
	require.Equal(t, "varchar(72), nvarchar(max), varbinary(max)", called.Types())
	require.Equal(t, []any{nil, "note", nil}, called.Values())
}

// TestProcedureCutsNothing: a value for which there is no room is an error, and the
// procedure has been called once.
func TestProcedureCutsNothing(t *testing.T) {
	for _, test := range []struct {
		name         string
		note         string
		receipt      int
		width        int
		want, column string
	}{
		{name: "all there is room for", note: strings.Repeat("x", 100), width: 100},
		{name: "one more", note: strings.Repeat("x", 101), width: 100, column: "note", want: "its value was cut, of 101 bytes, to 100: give the parameter a larger width"},
		{name: "characters of two bytes", note: strings.Repeat("é", 51), width: 100, column: "note", want: "of 102 bytes, to 100"},
		{name: "not known to be whole", note: strings.Repeat("x", 8000), column: "note", want: "to 8000 bytes, or has just as many: give the parameter a width"},
		{name: "whole", note: strings.Repeat("x", 7999), receipt: 7999},
		{name: "bytes not known to be whole", receipt: 8000, column: "receipt", want: "to 8000 bytes, or has just as many"},
		{name: "long", note: strings.Repeat("é", 128<<10), width: 256 << 10},
		{name: "too long", note: strings.Repeat("é", 128<<10) + "x", width: 256 << 10, column: "note", want: "of 262145 bytes, to 262144"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := tdsserver.New(t)
			receipt := []byte(strings.Repeat("\x00", test.receipt))
			s.On("[bank].[pay]", tdsserver.Out{Type: tdsserver.Decimal(5, 2)},
				tdsserver.Out{Type: tdsserver.NVarchar(tdsserver.Max), Value: test.note}, tdsserver.Out{Type: tdsserver.Varbinary(tdsserver.Max), Value: receipt})
			db := openTDS(t, s)
			for range 2 {
				got, err := pay(test.width).Call(t.Context(), db, "longer than ten")
				if test.want == "" {
					require.NoError(t, err)
					require.Equal(t, payment{status: some[int32](0), note: valid(test.note), receipt: some(receipt)}, got)
					continue
				}
				e := requireError(t, err, runtime.Error{Query: "Pay", Op: "decode", Column: test.column, Row: 1})
				require.ErrorContains(t, err, test.want)
				require.Equal(t, runtime.Done, e.Outcome)
			}
			require.Len(t, calls(s), 2)
		})
	}
}

func calls(s *tdsserver.Server) (found []*tdsserver.Request) {
	for _, r := range s.Requests() {
		if r.Kind == tdsserver.Procedure {
			found = append(found, r)
		}
	}
	return found
}

// TestProcedureOfSQLServerFails: an error behind rows ends the call, and the connection
// goes on.
func TestProcedureOfSQLServerFails(t *testing.T) {
	s := tdsserver.New(t)
	rows := tdsserver.Rows{
		Columns: []tdsserver.Column{{Name: "n", Type: tdsserver.BigInt}, {Name: "word", Type: tdsserver.NVarchar(20)}},
		Values:  [][]any{{1, "one"}},
	}
	s.On("[bank].[pay]", rows, tdsserver.Error(50000, "oh no"))
	db := openTDS(t, s)
	for range 2 {
		_, err := pay(0, paidWords).Call(t.Context(), db, "note")
		e := requireError(t, err, runtime.Error{Query: "Pay", Op: "fetch"})
		require.Contains(t, e.Message, "oh no")
		_, err = pay(0, paidWords, paidWords).Call(t.Context(), db, "note")
		require.ErrorContains(t, err, "oh no")
	}
}

// TestProcedureOfEveryKindOnSQLServer: the cells go both ways in bound parameters.
func TestProcedureOfEveryKindOnSQLServer(t *testing.T) {
	procedure, _ := echo()
	for i := range procedure.Params {
		procedure.Params[i].Width = 300 << 10
	}
	types := []tdsserver.Type{
		tdsserver.Bit, tdsserver.SmallInt, tdsserver.Int, tdsserver.BigInt, tdsserver.Float, tdsserver.Decimal(38, 10),
		tdsserver.NVarchar(tdsserver.Max), tdsserver.Varbinary(tdsserver.Max), tdsserver.Date, tdsserver.DateTime2(7), tdsserver.UniqueIdentifier,
	}
	s := tdsserver.New(t)
	s.OnFunc(func(r *tdsserver.Request) (answers []tdsserver.Answer) {
		if r.SQL != "[echo]" {
			return nil
		}
		for i := range r.Params { // the second half are the first ones again
			answers = append(answers, tdsserver.Out{Type: types[i%len(types)], Value: r.Params[i%len(types)].Value})
		}
		return answers
	})
	db := openTDS(t, s)
	for _, v := range []everything{aValue, {}, aValue, {text: valid(""), data: some([]byte{}), flag: some(false)}} {
		got, err := procedure.Call(t.Context(), db, v)
		require.NoError(t, err)
		require.Equal(t, v, got[0])
		require.Equal(t, v, got[1])
	}
}
