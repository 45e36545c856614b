package runtime_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/fakedriver"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

const readText = "SELECT v FROM t"

// TestF30_Truncation: a cell that is longer than its slot comes in full, whatever the
// driver tells of its length.
func TestF30_Truncation(t *testing.T) {
	for name, lengths := range map[string][]int64{
		"told":         nil,
		"no total":     {fakedriver.NoTotal},
		"no total yet": {fakedriver.NoTotal, fakedriver.NoTotal, fakedriver.Truth},
		"growing":      {200, fakedriver.Truth},
		"shrinking":    {1_000_000, fakedriver.Truth},
	} {
		t.Run(name, func(t *testing.T) {
			onReadings(t, func(t *testing.T, d *fakedriver.Driver, db *runtime.DB) {
				var want []string
				var rows [][]any
				for _, size := range []int{66, 300, 5000, 200_000} {
					whole := strings.Repeat("abcdefghi€", size/12+1)[:size-size%3]
					want, rows = append(want, "short", whole), append(rows, []any{"short"}, []any{&fakedriver.Odd{Value: whole, Lengths: lengths}})
				}
				d.SetResult(readText, fakedriver.Result{Columns: text, Rows: rows})
				got, err := words("Words", readText).Many(t.Context(), db, runtime.None{})
				if db.Plugin().Reads.How == driver.Sized {
					require.ErrorContains(t, err, "in column 1, which is described as shorter")
					return
				}
				require.NoError(t, err)
				require.Equal(t, len(want), len(got))
				for i := range want {
					require.True(t, want[i] == got[i], "row %d: %d bytes for %d: %.80q", i+1, len(got[i]), len(want[i]), got[i])
				}
			})
		})
	}
}

// TestF31_Text: bytes that are not UTF-8 are kept, and none is replaced; a character
// that stands in two pieces of SQLGetData is whole.
func TestF31_Text(t *testing.T) {
	onReadings(t, func(t *testing.T, d *fakedriver.Driver, db *runtime.DB) {
		text := text
		if db.Plugin().Reads.How == driver.Sized { // which believes a size
			text = []fakedriver.Column{{Name: "v", TypeName: "LONGVARCHAR", Type: fakedriver.LongVarchar}}
		}
		want := []string{"\xc3", "a\xffb", "\xed\xa0\x80", "\xc0\xaf", strings.Repeat("x", 60) + "€", strings.Repeat("x", 65_534) + "€€"}
		d.SetResult(readText, fakedriver.Result{Columns: text, Rows: rowsOf(want...)})
		got, err := words("Words", readText).Many(t.Context(), db, runtime.None{})
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

// TestF32_Overflow: a value that does not fit its type is an error that names its cell:
// integers, whose driver makes the nearest of them without a word, decimals and days.
func TestF32_Overflow(t *testing.T) {
	onReadings(t, func(t *testing.T, d *fakedriver.Driver, db *runtime.DB) {
		one := func(column fakedriver.Column, value any, kind protocol.Kind, touch func(*protocol.Batch)) error {
			d.SetResult(readText, fakedriver.Result{Columns: []fakedriver.Column{column}, Rows: [][]any{{value}}})
			q := runtime.Query[runtime.None, int]{
				Name: "Read", SQL: readText, Columns: []runtime.Column{{Name: "v", Kind: kind}},
				Decode: func(_ []int, b *protocol.Batch) { touch(b) },
			}
			_, err := q.Many(t.Context(), db, runtime.None{})
			return err
		}
		numeric := fakedriver.Column{Name: "v", Type: fakedriver.Decimal, Size: 40}
		written := fakedriver.Column{Name: "v", Type: fakedriver.Varchar, Size: 40}
		big := fakedriver.Column{Name: "v", Type: fakedriver.BigInt, Size: 19}
		day := fakedriver.Column{Name: "v", Type: fakedriver.Date, Size: 10}
		for name, err := range map[string]error{
			"numeric for int64":   one(numeric, "12345678901234567890", protocol.Int64, func(b *protocol.Batch) { b.Int64(0).At(0) }),
			"numeric below":       one(numeric, "-9223372036854775809", protocol.Int64, func(b *protocol.Batch) { b.Int64(0).At(0) }),
			"numeric for uint64":  one(numeric, "18446744073709551616", protocol.Uint64, func(b *protocol.Batch) { b.Uint64(0).At(0) }),
			"negative for uint64": one(numeric, "-1", protocol.Uint64, func(b *protocol.Batch) { b.Uint64(0).At(0) }),
			"fraction for int64":  one(numeric, "1.5", protocol.Int64, func(b *protocol.Batch) { b.Int64(0).At(0) }),
			"text for int64":      one(written, "seven", protocol.Int64, func(b *protocol.Batch) { b.Int64(0).At(0) }),
			"bigint for int32":    one(big, 1<<31, protocol.Int32, func(b *protocol.Batch) { b.Int32(0).At(0) }),
			"bigint for uint8":    one(big, 256, protocol.Uint8, func(b *protocol.Batch) { b.Uint8(0).At(0) }),
			"bigint for bool":     one(big, 2, protocol.Bool, func(b *protocol.Batch) { b.Bool(0).At(0) }),
			"text for decimal":    one(written, "1e", protocol.Decimal, func(b *protocol.Batch) { b.Decimal(0).At(0) }),
			"text for float64":    one(written, "1e400", protocol.Float64, func(b *protocol.Batch) { b.Float64(0).At(0) }),
			"day 30 February":     one(day, []byte{0xe7, 0x07, 2, 0, 30, 0}, protocol.Date, func(b *protocol.Batch) { b.Date(0).At(0) }),
			"month 0":             one(day, []byte{0xe7, 0x07, 0, 0, 1, 0}, protocol.Date, func(b *protocol.Batch) { b.Date(0).At(0) }),
			"text for day":        one(written, "2023-02-30", protocol.Date, func(b *protocol.Batch) { b.Date(0).At(0) }),
		} {
			require.Error(t, err, name)
			e := requireError(t, err, runtime.Error{Query: "Read", Op: "decode", Column: "v", Row: 1})
			require.Equal(t, runtime.Validation, e.Category, name)
		}
		require.NoError(t, one(numeric, "9223372036854775807.000", protocol.Int64, func(b *protocol.Batch) { require.EqualValues(t, 1<<63-1, b.Int64(0).At(0)) }))
	})
}

// TestF33_Null: NULL in a column that is said never to be NULL is an error that names
// column and row, after the rows before it.
func TestF33_Null(t *testing.T) {
	onReadings(t, func(t *testing.T, d *fakedriver.Driver, db *runtime.DB) {
		rows := rowsOf[any](1, 2, nil, 4)
		d.SetResult("SELECT n FROM t", fakedriver.Result{Columns: integer, Rows: rows})
		var got []int64
		var failed error
		for n, err := range ints("Read", "SELECT n FROM t").Stream(t.Context(), db, 0) {
			if failed = err; err == nil {
				got = append(got, n)
			}
		}
		require.Equal(t, []int64{1, 2}, got)
		e := requireError(t, failed, runtime.Error{Query: "Read", Op: "decode", Column: "n", Row: 3, Err: protocol.ErrNull})
		require.Equal(t, runtime.Validation, e.Category)
	})
}

// TestF39_Lengths: a length that cannot be is an error or does no harm: nothing is read
// beside the cell, no more memory is used than the cell could need, and no value is
// given that is not there.
func TestF39_Lengths(t *testing.T) {
	for name, odd := range map[string]fakedriver.Odd{
		"a gigabyte":        {Value: "abc", Lengths: []int64{1 << 30}},
		"beyond the slot":   {Value: "abc", Lengths: []int64{100}},
		"negative":          {Value: "abc", Lengths: []int64{-7}},
		"most negative":     {Value: "abc", Lengths: []int64{-1 << 62}},
		"half a length":     {Value: "abc", Half: true},
		"half a NULL":       {Value: nil, Half: true},
		"no total at all":   {Value: "abc", Lengths: []int64{fakedriver.NoTotal}},
		"NULL with a value": {Value: "abc", Lengths: []int64{fakedriver.Null}},
	} {
		t.Run(name, func(t *testing.T) {
			onReadings(t, func(t *testing.T, d *fakedriver.Driver, db *runtime.DB) {
				if name == "beyond the slot" && db.Plugin().Reads.How == driver.Refetch {
					return // the slots are then as wide as the driver says: nothing shows that it lies
				}
				cell := odd
				d.SetResult(readText, fakedriver.Result{Columns: text, Rows: [][]any{{"first"}, {&cell}, {"third"}}})
				got, err := words("Words", readText).Many(t.Context(), db, runtime.None{})
				if err != nil {
					var e *runtime.Error
					require.ErrorAs(t, err, &e)
					require.False(t, runtime.IsRetryable(err))
					require.Contains(t, []runtime.Category{runtime.Fatal, runtime.Validation}, e.Category) // NULL is the latter
					return
				}
				require.Equal(t, 3, len(got))
				require.True(t, got[1] == "abc", "%d bytes: %.80q", len(got[1]), got[1])
			})
		})
	}
}
