package conformance_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// routine makes what a row calls, conf_ and the name, and reports whether there are
// procedures at all.
func (s *subject) routine(t *testing.T, name string) bool {
	t.Helper()
	if s.Plugin().Calls.Procedure.Text == "" {
		return false
	}
	conn, err := s.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	for _, sql := range s.routines[name] {
		require.NoError(t, conn.Exec(t.Context(), sql), sql)
	}
	return true
}

// called is what comes back from a procedure.
type called struct {
	values        row
	first, second []row
}

// procedure calls one with parameters, and rows of the kinds.
func (s *subject) procedure(name string, params []runtime.ProcedureParam, results ...runtime.Set[called]) *runtime.Procedure[row, called] {
	var in, back []protocol.Kind
	for _, p := range params {
		if p.Direction == driver.In || p.Direction == driver.InOut {
			in = append(in, p.Kind)
		}
		if p.Direction != driver.In && p.Direction != driver.Cursor {
			back = append(back, p.Kind)
		}
	}
	return &runtime.Procedure[row, called]{
		Name: "Call", Procedure: s.fold("conf_" + name), Params: params, Encode: encode(in), Results: results,
		Decode: func(c *called, b *protocol.Batch) {
			for i, kind := range back {
				c.values = append(c.values, cells[kind].at(b, i, 0))
			}
		},
	}
}

func param(name string, direction driver.Direction, kind protocol.Kind) runtime.ProcedureParam {
	return runtime.ProcedureParam{Name: name, Direction: direction, Kind: kind}
}

// rowsOf is a result of rows of the kinds.
func rowsOf(name string, field func(*called) *[]row, kinds ...protocol.Kind) runtime.Set[called] {
	q := query("", nil, kinds...)
	return runtime.Set[called]{Name: name, Columns: q.Columns, Into: runtime.IntoSlice(q.Decode, field)}
}

var (
	firstRows  = rowsOf("first", func(c *called) *[]row { return &c.first }, protocol.Int64)
	secondRows = rowsOf("second", func(c *called) *[]row { return &c.second }, protocol.Int64, protocol.Text)
)

// valuesParams are those of the procedure conf_values.
var valuesParams = []runtime.ProcedureParam{
	param("n", driver.In, protocol.Int64), param("twice", driver.Out, protocol.Int64), param("note", driver.InOut, protocol.Text),
	param("data", driver.InOut, protocol.Binary), param("nothing", driver.Out, protocol.Text),
}

// procedureValues: values of parameters go both ways, and so does NULL.
func procedureValues(t *testing.T, s *subject) {
	call := s.procedure("values", valuesParams)
	if !s.routine(t, "values") {
		_, err := call.Call(t.Context(), s, row{int64(1), "a", nil})
		s.refuse(t, err, "the database has no procedures")
		return
	}
	for _, test := range []struct{ in, back row }{
		{row{int64(5000000000), "größe", []byte{0, 1, 255}}, row{int64(10000000000), "größe!", []byte{0, 1, 255}, nil}},
		{row{nil, nil, nil}, row{nil, nil, nil, nil}},
		{row{int64(-1), "", []byte{}}, row{int64(-2), "!", []byte{}, nil}},
	} {
		got, err := call.Call(t.Context(), s, test.in)
		require.NoError(t, err)
		require.Equal(t, test.back, got.values)
	}
}

// procedureReturns: a function's value, or the status of a procedure.
func procedureReturns(t *testing.T, s *subject) {
	call := s.procedure("double", []runtime.ProcedureParam{param("", driver.Return, protocol.Int32), param("n", driver.In, protocol.Int32)})
	if !s.routine(t, "double") {
		_, err := call.Call(t.Context(), s, row{int32(1)})
		s.refuse(t, err, "the database has no procedures")
		return
	}
	for range 2 {
		got, err := call.Call(t.Context(), s, row{int32(7)})
		require.NoError(t, err)
		require.Equal(t, row{int32(14)}, got.values)
	}
}

// procedureResults: the results of a call come in order, each of its own kinds.
func procedureResults(t *testing.T, s *subject) {
	params := []runtime.ProcedureParam{param("low", driver.In, protocol.Int64)}
	if s.Plugin().Calls.Cursors != (driver.Cursors{}) {
		params = append(params, param("one", driver.Cursor, 0), param("two", driver.Cursor, 0))
	}
	call := s.procedure("report", params, firstRows, secondRows)
	if !s.routine(t, "report") {
		_, err := call.Call(t.Context(), s, row{int64(1)})
		s.refuse(t, err, "the database has no procedures")
		return
	}
	for range 2 {
		got, err := call.Call(t.Context(), s, row{int64(3)})
		require.NoError(t, err)
		require.Equal(t, []row{{int64(3)}}, got.first)
		require.Equal(t, []row{{int64(3), "größe"}, {int64(4), nil}}, got.second)
	}
	_, err := s.procedure("report", params, firstRows, firstRows).Call(t.Context(), s, row{int64(3)})
	require.Error(t, err, "the second has other columns")
}

// procedureCursors: the rows of a REF CURSOR are a result.
func procedureCursors(t *testing.T, s *subject) {
	call := s.procedure("open", []runtime.ProcedureParam{param("low", driver.In, protocol.Int64), param("rows", driver.Cursor, 0)}, firstRows)
	if s.Plugin().Calls.Cursors == (driver.Cursors{}) {
		_, err := call.Call(t.Context(), s, row{int64(1)})
		about := "REF CURSOR"
		if s.Plugin().Calls.Procedure.Text == "" {
			about = "the database has no procedures"
		}
		s.refuse(t, err, about)
		return
	}
	s.routine(t, "open")
	for range 2 {
		got, err := call.Call(t.Context(), s, row{int64(3)})
		require.NoError(t, err)
		require.Equal(t, []row{{int64(3)}, {int64(4)}}, got.first)
	}
}
