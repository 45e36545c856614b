package tdsserver_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/odbcgen/odbcgen/internal/tdsserver"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// inBlocks runs a query and returns its rows, and how many of them its largest block had.
func inBlocks(t *testing.T, db *runtime.DB, sql string, kinds ...protocol.Kind) (rows [][]any, block int) {
	t.Helper()
	q := query(sql, nil, kinds...)
	decode := q.Decode
	q.Decode = func(rows [][]any, b *protocol.Batch) {
		block = max(block, len(rows))
		decode(rows, b)
	}
	rows, err := q.Many(t.Context(), db, nil)
	require.NoError(t, err)
	return rows, block
}

// TestBlocks: rows of columns that have a size come in blocks, of all types, with NULLs
// and the widest values.
func TestBlocks(t *testing.T) {
	widest := []struct {
		typ  Type
		kind protocol.Kind
		cell any
	}{
		{Varchar(8000), protocol.Text, strings.Repeat("ä", 8000)},
		{Varchar(8000), protocol.Text, strings.Repeat("€", 8000)},
		{NVarchar(4000), protocol.NText, strings.Repeat("你", 4000)},
		{NVarchar(4000), protocol.NText, strings.Repeat("😀", 2000)},
		{NChar(10), protocol.NText, strings.Repeat("你", 10)},
		{Varbinary(8000), protocol.Binary, make([]byte, 8000)},
		{Decimal(38, 38), protocol.Decimal, "-0." + strings.Repeat("9", 38)},
		{Decimal(38, 0), protocol.Decimal, "-" + strings.Repeat("9", 38)},
	}
	s := New(t)
	db := open(t, s, runtime.WithPlugin(with(driver.Sized)))
	for name, rows := range map[string]int{"all types": 5000, "widest": 300} {
		t.Run(name, func(t *testing.T) {
			result := Rows{Values: make([][]any, rows)}
			var kinds []protocol.Kind
			want := make([][]any, rows)
			add := func(typ Type, kind protocol.Kind, sent, read any) {
				result.Columns = append(result.Columns, Column{Name: fmt.Sprintf("c%d", len(kinds)+1), Type: typ})
				kinds = append(kinds, kind)
				for i := range rows {
					cells := [2]any{sent, read}
					if (i+len(kinds))%3 == 0 {
						cells = [2]any{}
					}
					result.Values[i], want[i] = append(result.Values[i], cells[0]), append(want[i], cells[1])
				}
			}
			if name == "widest" {
				for _, c := range widest {
					add(c.typ, c.kind, c.cell, c.cell)
				}
			} else {
				for _, v := range valuesOf {
					if !unbounded(v.typ) {
						add(v.typ, v.kind, v.sent, v.want)
					}
				}
			}
			sql := "SELECT " + name
			s.On(sql, result)
			for range 2 { // the statement is kept
				got, block := inBlocks(t, db, sql, kinds...)
				require.Greater(t, block, 5)
				require.Less(t, block, rows)
				require.Len(t, got, rows)
				for i := range want {
					for j := range want[i] {
						require.True(t, fmt.Sprint(want[i][j]) == fmt.Sprint(got[i][j]), "row %d, %s: %.80v for %.80v", i+1, result.Columns[j].Type, got[i][j], want[i][j])
					}
				}
			}
		})
	}
}

// unbounded reports whether the driver tells no size for a type, or one that is not to be
// set aside.
func unbounded(t Type) bool {
	switch t {
	case Varchar(Max), NVarchar(Max), Varbinary(Max), Text, NText, Image, XML:
		return true
	}
	return false
}

// TestNoBlocks: a column without a size, or a row that is too wide, comes cell by cell, and
// the statement that is kept goes from one to the other.
func TestNoBlocks(t *testing.T) {
	s := New(t)
	db := open(t, s, runtime.WithPlugin(with(driver.Sized)))
	long := strings.Repeat("x", 100_000)
	for _, c := range []struct {
		typ   Type
		cell  any
		block int
	}{
		{NVarchar(10), "short", 30}, {NVarchar(20), "twenty characters, ü", 30}, {NVarchar(Max), long, 1}, {NVarchar(10), "short", 30}, {Text, long, 1},
	} {
		columns, values := []Column{{Name: "c1", Type: c.typ}}, []any{c.cell}
		result := Rows{Columns: columns}
		for range 30 {
			result.Values = append(result.Values, values)
		}
		s.On("SELECT kept", result)
		got, block := inBlocks(t, db, "SELECT kept", protocol.NText)
		require.Equal(t, c.block, block)
		require.Len(t, got, 30)
		for _, row := range got {
			require.True(t, row[0] == c.cell)
		}
	}
	wide := Rows{Values: [][]any{nil, nil, nil}}
	var kinds []protocol.Kind
	for i := range 20 {
		wide.Columns, kinds = append(wide.Columns, Column{Name: fmt.Sprintf("c%d", i+1), Type: NVarchar(4000)}), append(kinds, protocol.NText)
		for row := range wide.Values {
			wide.Values[row] = append(wide.Values[row], "a")
		}
	}
	s.On("SELECT wide", wide)
	got, block := inBlocks(t, db, "SELECT wide", kinds...)
	require.Equal(t, 1, block)
	require.Len(t, got, 3)
}

// TestBlockEndsInError: the rows do not look as if they were all where the server ends
// them with an error.
func TestBlockEndsInError(t *testing.T) {
	for name, how := range map[string]driver.Reading{"cell by cell": driver.CellByCell, "sized": driver.Sized} {
		t.Run(name, func(t *testing.T) {
			for _, rows := range []int{0, 1, 10, 64, 65, 100} {
				t.Run(fmt.Sprint(rows), func(t *testing.T) {
					s := New(t)
					result := Rows{Columns: []Column{{Name: "c1", Type: Int}}}
					for i := range rows {
						result.Values = append(result.Values, []any{i})
					}
					result.Failure = Error(8134, "Divide by zero error encountered.")
					s.On("SELECT some", result)
					db := open(t, s, runtime.WithPlugin(with(how)))
					_, err := query("SELECT some", nil, protocol.Int32).Many(t.Context(), db, nil)
					var failure *runtime.Error
					require.ErrorAs(t, err, &failure)
					require.EqualValues(t, 8134, failure.Native)
				})
			}
		})
	}
}
