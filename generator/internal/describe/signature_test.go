package describe_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/generator/internal/describe"
	"github.com/odbcgen/odbcgen/generator/internal/spec"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// transfer is a procedure as a catalog may tell it. Its shape on SQL Server is that of a
// status before the parameters, of which those that go out go in too.
var transfer = describe.Procedure{Name: "transfer", Params: []describe.Value{
	{Direction: driver.Return, Kind: protocol.Int32, SQLType: "INT"},
	{Name: "amount", Direction: driver.In, Kind: protocol.Decimal, SQLType: "NUMERIC"},
	{Name: "note", Direction: driver.InOut, Kind: protocol.Text, SQLType: "VARCHAR(40)", Width: 160},
	{Name: "balance", Direction: driver.Out, Kind: protocol.Decimal, SQLType: "NUMERIC"},
	{Name: "place", Direction: driver.In, SQLType: "GEOGRAPHY"},
}}

var sum = describe.Procedure{Name: "sum", Function: true, Params: []describe.Value{
	{Direction: driver.Return, Kind: protocol.Int64, SQLType: "BIGINT"},
	{Name: "a", Direction: driver.In, Kind: protocol.Int64, SQLType: "BIGINT"},
}}

// TestSettleProcedure: the spec has the last word, and what nobody tells is a finding. A
// value is written with its direction, ? where NULL can go in, and ! where NULL cannot
// come back.
func TestSettleProcedure(t *testing.T) {
	for name, test := range map[string]struct {
		entry  string
		said   []describe.Procedure
		want   string
		wanted []string // findings
	}{
		"all but one from the catalog": {
			"{params: {place: text}}", []describe.Procedure{transfer},
			"in amount decimal, inout note text/160, out balance decimal?, in place text", nil,
		},
		"status": {
			"{params: {place: text}, return: status}", []describe.Procedure{transfer},
			"return status int32!, in amount decimal, inout note text/160, out balance decimal?, in place text", nil,
		},
		"overruled": {
			"{params: {amount: {type: float64, null: true}, NOTE: {direction: out, width: 8}, balance: {null: false}, place: text}, return: {name: s, type: int64, null: true}}",
			[]describe.Procedure{transfer},
			"return s int64?, in amount float64?, out note text?/8, out balance decimal!, in place text", nil,
		},
		"null both ways": {
			"{params: {note: {null: true}, place: text}}", []describe.Procedure{transfer},
			"in amount decimal, inout note text?/160, out balance decimal?, in place text", nil,
		},
		"null neither way": {
			"{params: {note: {null: false}, place: text}}", []describe.Procedure{transfer},
			"in amount decimal, inout note text!/160, out balance decimal?, in place text", nil,
		},
		"no type": {
			"{}", []describe.Procedure{transfer}, "",
			[]string{`the database does not say what type parameter "place" has (it calls it GEOGRAPHY)`},
		},
		"wrong directions": {
			"{params: {amount: {direction: out}, balance: {direction: in}, place: text}}", []describe.Procedure{transfer}, "",
			[]string{`parameter "amount" is in in the database, and cannot be out`, `parameter "balance" is out in the database, and cannot be in`},
		},
		"function": {"{}", []describe.Procedure{sum}, "return result int64?, in a int64", nil},
		"function that is never NULL": {
			"{return: {name: total, null: false}}", []describe.Procedure{sum}, "return total int64!, in a int64", nil,
		},
		"a catalog without the status": {
			"{params: {a: int64}, return: {name: status, type: int32}}",
			[]describe.Procedure{{Name: "p", Params: sum.Params[1:]}}, "return status int32!, in a int64", nil,
		},
		"cursors": {
			"{return: rows, params: {c: {direction: cursor}}, sets: {rows: {result: one, columns: {a: text}}, c: {result: many, columns: {b: int64}}}}",
			[]describe.Procedure{{Name: "p", Function: true, Params: []describe.Value{
				{Direction: driver.Cursor, SQLType: "REFCURSOR"}, {Name: "c", Direction: driver.InOut, Kind: protocol.Text},
			}}},
			"cursor rows, cursor c", nil,
		},
		"silent catalog": {
			"{params: {a: int64, b: {type: text, direction: inout, width: 10}, c: {type: date, direction: out}}, return: status}", nil,
			"return status int32!, in a int64, inout b text/10, out c date?", nil,
		},
		"silent catalog and spec": {
			"{params: {a: {null: true}}}", nil, "", []string{`the database does not say what type parameter "a" has`},
		},
		"overloaded": {
			"{params: {a: int64}}", []describe.Procedure{sum, {Name: "sum", Function: true, Params: []describe.Value{
				{Name: "a", Direction: driver.In, Kind: protocol.Int64}, {Name: "b", Direction: driver.In, Kind: protocol.Int64},
			}}},
			"return result int64?, in a int64", nil,
		},
		"overloaded by types alone": {
			"{params: {a: int64}}", []describe.Procedure{sum, {Name: "sum", Function: true, Params: []describe.Value{{Name: "a", Direction: driver.In, Kind: protocol.Text}}}}, "",
			[]string{"the database has 2 procedures of that name that take as many values, which only their types tell apart"},
		},
		"overloaded by what comes back": {
			"{params: {a: {}, b: {}}}", []describe.Procedure{sum, {Name: "sum", Params: append(sum.Params[1:2:2], describe.Value{Name: "b", Direction: driver.Out, Kind: protocol.Text})}},
			"in a int64, out b text?", nil,
		},
		"overloaded and not told apart": {
			"{params: {a: {}}}", []describe.Procedure{sum, {Name: "sum", Params: []describe.Value{{Name: "a", Direction: driver.In, Kind: protocol.Text}}}}, "",
			[]string{"the database has 2 procedures of that name: sum(a BIGINT) returns BIGINT, sum(a)"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			shape, findings := describe.SettleProcedure(procedureOf(t, test.entry), &driver.Postgres, describe.Shape{Procedures: test.said})
			require.Equal(t, test.wanted, messages(findings))
			if test.wanted == nil {
				require.Equal(t, test.want, parameters(shape.Params))
			}
		})
	}
}

// TestCursorsThatADatabaseHasNot: MariaDB's procedures give results, and no cursors.
func TestCursorsThatADatabaseHasNot(t *testing.T) {
	p := procedureOf(t, "{params: {c: {direction: cursor}}, sets: {c: {result: many, columns: {b: int64}}}}")
	_, findings := describe.SettleProcedure(p, &driver.MariaDB, describe.Shape{})
	require.Equal(t, []string{`"c" is a cursor, which procedures on mariadb cannot give`}, messages(findings))
}

// procedureOf reads an entry, given without its names.
func procedureOf(t *testing.T, entry string) *spec.Procedure {
	comma := ", "
	if entry == "{}" {
		comma = ""
	}
	text := "version: 1\npackage: p\ndriver: postgres\ndatabase: x\nprocedures:\n  - {name: P, procedure: p" + comma + strings.TrimPrefix(entry, "{") + "\n"
	s, problems := spec.Loader{ReadFile: func(string) ([]byte, error) { return []byte(text), nil }}.Load("queries.yaml")
	require.NoError(t, problems.Err())
	return &s.Procedures[0]
}

func parameters(params []describe.Value) string {
	var all []string
	for _, v := range params {
		word := v.Direction.String() + " " + v.Name
		if v.Direction != driver.Cursor {
			word += " " + v.Kind.String()
		}
		comesBack := v.Direction != driver.In && v.Direction != driver.Cursor
		switch {
		case v.Null:
			word += "?"
		case comesBack && !v.NullBack:
			word += "!"
		}
		if v.Width > 0 {
			word += fmt.Sprintf("/%d", v.Width)
		}
		all = append(all, word)
	}
	return strings.Join(all, ", ")
}
