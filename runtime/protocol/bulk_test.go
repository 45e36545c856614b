package protocol_test

import (
	"bytes"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

func TestBulk(t *testing.T) {
	data := vector(t, "12-bulk")
	b, err := protocol.ParseBulk(data, protocol.Limits{})
	require.NoError(t, err)
	require.Equal(t, "t", b.Table)
	require.Equal(t, []protocol.BulkColumn{{Nullable: true}, {MaxLength: 4}}, b.Columns)
	require.Equal(t, 3, b.Rows.Len())
	require.Equal(t, "a", b.Rows.Columns()[0].Name())
	numbers, texts := b.Rows.Int32(0), b.Rows.Text(1)
	require.EqualValues(t, 1, numbers.At(0))
	require.True(t, numbers.IsNull(1))
	require.EqualValues(t, 3, numbers.At(2))
	require.Equal(t, []string{"hi", "", "wxyz"}, []string{texts.At(0), texts.At(1), texts.At(2)})
	require.NoError(t, b.Rows.Err())
	requireSameBulk(t, data, b)
	b.Columns = nil // measured, they are the same
	requireSameBulk(t, data, b)
}

func requireSameBulk(t *testing.T, data []byte, b *protocol.Bulk) {
	t.Helper()
	again, err := b.Append([]byte("before"))
	require.NoError(t, err)
	require.True(t, bytes.Equal(append([]byte("before"), data...), again), "% x", again)
}

func TestBulkTimestamp(t *testing.T) {
	data := vector(t, "13-bulk-timestamp")
	b, err := protocol.ParseBulk(data, protocol.Limits{})
	require.NoError(t, err)
	require.Equal(t, time.Date(2026, 2, 15, 13, 14, 15, 123_000_000, time.UTC), b.Rows.Timestamp(0).At(0))
	requireSameBulk(t, data, b)
}

func TestBulkCut(t *testing.T) {
	for _, name := range []string{"12-bulk", "13-bulk-timestamp"} {
		data := vector(t, name)
		for n := range data {
			_, err := protocol.ParseBulk(data[:n], protocol.Limits{})
			require.ErrorIs(t, err, protocol.ErrTruncated, "%s cut after %d bytes", name, n)
			requirePlace(t, err)
		}
		_, err := protocol.ParseBulk(append(data, 0), protocol.Limits{})
		require.ErrorIs(t, err, protocol.ErrCorrupt)
	}
}

// TestBulkOfEveryKind: every kind travels as one of the six types.
func TestBulkOfEveryKind(t *testing.T) {
	rows := everyKind()
	data, err := (&protocol.Bulk{Table: "日本", Rows: rows}).Append(nil)
	require.NoError(t, err)
	b, err := protocol.ParseBulk(data, protocol.Limits{})
	require.NoError(t, err)
	require.Equal(t, "日本", b.Table)
	requireSameBulk(t, data, b)
	for row := range rows.Len() {
		want, err := protocol.ValuesOf(rows, row)
		require.NoError(t, err)
		got, err := protocol.ValuesOf(b.Rows, row)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	require.Equal(t, protocol.Timestamp, b.Rows.Columns()[21].Kind())
}

func TestBulkNegativeYear(t *testing.T) {
	rows := protocol.NewBatch([]protocol.ColumnSpec{{Name: "at", Kind: protocol.Timestamp}}, 2)
	rows.SetRows(2, 0)
	rows.Timestamp(0).Cells = []protocol.TimestampCell{{Year: -4713}, {Year: math.MaxInt16, Month: 12, Day: 31, Hour: 23, Minute: 59, Second: 60, Fraction: 999_999_999}}
	data, err := (&protocol.Bulk{Rows: rows}).Append(nil)
	require.NoError(t, err)
	b, err := protocol.ParseBulk(data, protocol.Limits{})
	require.NoError(t, err)
	require.Equal(t, rows.Timestamp(0).Cells, b.Rows.Timestamp(0).Cells)
}

// TestBulkAppendRefuses: what the reference cut is an error that names the cell.
func TestBulkAppendRefuses(t *testing.T) {
	rows := protocol.NewBatch([]protocol.ColumnSpec{{Name: "id", Kind: protocol.Int32}, {Name: "name", Kind: protocol.Text}}, 0)
	add := func(name *string) {
		rows.Int32(0).Append(1)
		rows.Text(1).AppendPtr(name)
		rows.EndRow()
	}
	ok, long, zero, broken := "ok", "äöü", "a\x00b", "\xff"
	for _, test := range []struct {
		name    *string
		columns []protocol.BulkColumn
		want    string
	}{
		{&long, []protocol.BulkColumn{{}, {MaxLength: 5}}, `column 2 "name", row 2: over the limit: 6 bytes, and the column takes 5`},
		{&zero, nil, `column 2 "name", row 2: a zero byte, at 1, cannot be sent in a bulk insert: insert such rows by a query`},
		{&zero, []protocol.BulkColumn{{}, {MaxLength: 5}}, `column 2 "name", row 2: a zero byte, at 1, cannot be sent in a bulk insert: insert such rows by a query`},
		{&broken, nil, "not UTF-8"},
		{nil, []protocol.BulkColumn{{}, {MaxLength: 5}}, `column 2 "name", row 2: NULL in a column generated as not null`},
		{&ok, []protocol.BulkColumn{{}}, "bulk insert into t: 1 columns are described, and the rows have 2"},
		{&ok, []protocol.BulkColumn{{}, {MaxLength: 16<<20 + 1}}, "protocol: column 2 at byte 0: over the limit: cells of 16777217 bytes, and 16777216 are taken"},
		{&ok, []protocol.BulkColumn{{MaxLength: -1}, {}}, "protocol: column 1 at byte 0: over the limit: cells of -1 bytes, and 16777216 are taken"},
	} {
		rows.Reset()
		add(&ok)
		add(test.name)
		data, err := (&protocol.Bulk{Table: "t", Columns: test.columns, Rows: rows}).Append([]byte("before"))
		require.ErrorContains(t, err, test.want)
		require.Equal(t, "before", string(data))
	}
	rows.Reset()
	add(nil)
	rows.Columns()[0].Fail(0, protocol.ErrNull)
	_, err := (&protocol.Bulk{Rows: rows}).Append(nil)
	require.ErrorIs(t, err, protocol.ErrNull)
}

func TestBulkKeepsOneByte(t *testing.T) {
	rows := protocol.NewBatch([]protocol.ColumnSpec{{Name: "flag", Kind: protocol.Text}}, 0)
	rows.Text(0).Append("y")
	rows.EndRow()
	data, err := (&protocol.Bulk{Columns: []protocol.BulkColumn{{}}, Rows: rows}).Append(nil)
	require.NoError(t, err)
	b, err := protocol.ParseBulk(data, protocol.Limits{})
	require.NoError(t, err)
	require.Equal(t, "y", b.Rows.Text(0).At(0))
	requireSameBulk(t, data, b)
}

func TestParseBulkRefuses(t *testing.T) {
	const table, nullable = "00000000 01000000", "01000000 61 00 01 00000000"
	for _, test := range []struct {
		name, hex string
		want      error
	}{
		{"an unknown type", table + "00000000 06 00 00000000 00000000", protocol.ErrCorrupt},
		{"nullable 2", table + "00000000 00 02 00000000 00000000", protocol.ErrCorrupt},
		{"a bitmap that is too short", table + nullable + "09000000 00" + "0000000000000000000000000000000000000000000000000000000000000000 00000000", protocol.ErrTruncated},
		{"no bitmap", table + nullable + "01000000 07000000", protocol.ErrTruncated},
		{"bits behind the last row", table + nullable + "01000000 02 07000000", protocol.ErrCorrupt},
		{"NULL with a value", table + nullable + "01000000 01 07000000", protocol.ErrCorrupt},
		{"bytes behind the end of a text", table + "00000000 02 00 03000000 01000000 610062", protocol.ErrCorrupt},
		{"bytes behind the end of bytes", table + "00000000 04 00 03000000 01000000 010002", protocol.ErrCorrupt},
		{"text that is not UTF-8", table + "00000000 02 00 02000000 01000000 61ff", protocol.ErrCorrupt},
		{"a decimal that is none", table + "00000000 03 00 03000000 01000000 312d31", protocol.ErrCorrupt},
		{"an empty decimal", table + "00000000 03 00 03000000 01000000 000000", protocol.ErrCorrupt},
		{"a thirteenth month", table + "00000000 05 00 00000000 01000000 ea07 0d00 0f00 0d00 0e00 0f00 c0d45407", protocol.ErrCorrupt},
		{"a table's name that is not UTF-8", "01000000 ff 00000000 00000000", protocol.ErrCorrupt},
		{"a column's name that is not UTF-8", table + "01000000 ff 00 00 00000000 00000000", protocol.ErrCorrupt},
		{"a name that is not there", "ffffffff 00000000", protocol.ErrTruncated},
		{"too many columns", "00000000 01100000", protocol.ErrLimit},
		{"columns that are not there", "00000000 00100000", protocol.ErrTruncated},
		{"too long cells", table + "00000000 02 00 01000001 00000000", protocol.ErrLimit},
		{"too many rows", table + "00000000 00 00 00000000 81969800", protocol.ErrLimit},
		{"too many rows and no columns", "00000000 00000000 81969800", protocol.ErrLimit},
		{"rows that are not there", table + "00000000 00 00 00000000 80969800", protocol.ErrTruncated},
		{"too much memory", table + "00000000 02 00 00000001 80969800", protocol.ErrLimit},
	} {
		_, err := protocol.ParseBulk(unhex(t, test.hex), protocol.Limits{})
		require.ErrorIs(t, err, test.want, test.name)
		requirePlace(t, err)
	}
}

func TestParseBulkSaysWhere(t *testing.T) {
	data := vector(t, "12-bulk")
	data[len(data)-4] = 0 // of wxyz
	_, err := protocol.ParseBulk(data, protocol.Limits{})
	require.EqualError(t, err, `protocol: column 2 "b" at byte 56: row 3: damaged: bytes behind the end of the cell`)
}

func TestBulkLimits(t *testing.T) {
	data := vector(t, "12-bulk")
	for _, l := range []protocol.Limits{{Rows: 3}, {Columns: 2}, {ValueBytes: 4}, {Memory: 3 * (4 + 8 + 4 + 8)}, {Rows: math.MaxInt32, ValueBytes: math.MaxInt32, Memory: math.MaxInt64}} {
		_, err := protocol.ParseBulk(data, l)
		require.NoError(t, err)
	}
	for _, l := range []protocol.Limits{{Rows: 2}, {Columns: 1}, {ValueBytes: 3}, {Memory: 3*(4+8+4+8) - 1}} {
		_, err := protocol.ParseBulk(data, l)
		require.ErrorIs(t, err, protocol.ErrLimit)
	}
	most := unhex(t, "00000000 01000000 00000000 02 00 ffffffff ffffffff")
	_, err := protocol.ParseBulk(most, protocol.Limits{Rows: math.MaxInt, ValueBytes: math.MaxInt, Memory: math.MaxInt64})
	require.ErrorIs(t, err, protocol.ErrLimit)
}

// FuzzBulk: what is read is written again the same.
func FuzzBulk(f *testing.F) {
	f.Add(vector(f, "12-bulk"))
	f.Add(vector(f, "13-bulk-timestamp"))
	every, err := (&protocol.Bulk{Table: "every", Rows: everyKind()}).Append(nil)
	require.NoError(f, err)
	f.Add(every)
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := protocol.ParseBulk(data, protocol.Limits{Memory: 1 << 20})
		if err != nil {
			requirePlace(t, err)
			return
		}
		requireSameBulk(t, data, b)
	})
}
