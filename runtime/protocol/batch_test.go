package protocol_test

import (
	"bytes"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/golang-sql/civil"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

func TestKindsHaveNames(t *testing.T) {
	for _, kind := range protocol.Kinds() {
		named, ok := protocol.ParseKind(kind.String())
		require.True(t, ok, kind)
		require.Equal(t, kind, named)
		require.NotNil(t, protocol.NewBatch([]protocol.ColumnSpec{{Kind: kind}}, 1).Columns()[0])
	}
	for _, name := range []string{"", "Text", "kind(7)", "invalid"} {
		_, ok := protocol.ParseKind(name)
		require.False(t, ok, name)
	}
	require.Equal(t, "kind(999)", protocol.Kind(999).String())
	require.Panics(t, func() { protocol.NewBatch([]protocol.ColumnSpec{{Name: "x"}}, 1) })
}

func TestColumnOfAnotherKind(t *testing.T) {
	b := protocol.NewBatch([]protocol.ColumnSpec{{Name: "n", Kind: protocol.Int32}}, 1)
	require.PanicsWithValue(t, `protocol: column 0 "n" is of kind int32, taken as *protocol.Texts`, func() { b.Text(0) })
}

func TestRowWithAColumnLeftOut(t *testing.T) {
	b := protocol.NewBatch([]protocol.ColumnSpec{{Name: "a", Kind: protocol.Int32}, {Name: "b", Kind: protocol.Int32}}, 0)
	b.Int32(0).Append(1)
	require.Panics(t, b.EndRow)
}

// TestAppend appends random cells and finds each in its slot, whatever came to
// widen the slots between, and whatever rows were dropped.
func TestAppend(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(0, 8).Draw(t, "width")
		b := protocol.NewBatch([]protocol.ColumnSpec{{Name: "b", Kind: protocol.Binary, Width: width}, {Name: "t", Kind: protocol.Text, Width: width}}, 0)
		for round := range 3 {
			var want [][]byte
			cells := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 300), 0, 30).Draw(t, "cells")
			for i, cell := range cells {
				b.Binary(0).Append(cell) // nil is NULL
				b.Text(1).Append(string(cell))
				b.EndRow()
				if i%7 == 3 {
					b.DropRow()
					continue
				}
				want = append(want, cell)
			}
			require.Equal(t, len(want), b.Len())
			require.False(t, b.Full())
			data, slot := b.Binary(0).Slots()
			require.Len(t, data, slot*len(want))
			texts := b.Columns()[1].(*protocol.Texts)
			for i, cell := range want {
				require.Equal(t, cell == nil, b.Binary(0).IsNull(i))
				require.True(t, bytes.Equal(cell, b.Binary(0).Bytes(i)), "row %d of round %d", i, round)
				require.Equal(t, string(cell), string(texts.Bytes(i)))
				if len(cell) > 0 {
					require.True(t, bytes.HasPrefix(data[i*slot:], cell))
				}
			}
			b.Reset()
			require.Zero(t, b.Len())
		}
	})
}

// TestFull: one long cell does not make all rows long.
func TestFull(t *testing.T) {
	b := protocol.NewBatch([]protocol.ColumnSpec{{Name: "n", Kind: protocol.Int64}, {Name: "b", Kind: protocol.Binary, Width: 16}}, 0)
	add := func(n int) {
		b.Int64(0).Append(int64(n))
		b.Binary(1).Append(make([]byte, n))
		b.EndRow()
	}
	for range 999 {
		add(4000)
		require.False(t, b.Full())
	}
	add(1 << 20)
	require.True(t, b.Full())
	b.DropRow()
	require.False(t, b.Full())
	require.Equal(t, 999, b.Len())
	b.Reset()
	add(64 << 20) // alone, anything fits
	require.False(t, b.Full())
	require.Len(t, b.Binary(1).Bytes(0), 64<<20)
	b.Reset()
	add(1)
	data, _ := b.Binary(1).Slots()
	require.Less(t, cap(data), 1<<20, "the memory of long cells is not kept")
}

// TestErrorOfTheFirstRow: columns are taken one after the other, rows count.
func TestErrorOfTheFirstRow(t *testing.T) {
	b := protocol.NewBatch([]protocol.ColumnSpec{{Name: "a", Kind: protocol.Int64}, {Name: "b", Kind: protocol.Int64}}, 10)
	b.SetRows(10, 100)
	require.NoError(t, b.Err())
	b.Int64(0).Fail(7, errors.New("late"))
	b.Int64(1).Fail(3, errors.New("early"))
	b.Int64(0).Fail(5, errors.New("between"))
	var cell *protocol.CellError
	require.ErrorAs(t, b.Err(), &cell)
	require.EqualError(t, cell, `column 2 "b", row 104: early`)
	require.Equal(t, 3, b.Before(cell))
	b.SetRows(10, 110)
	require.NoError(t, b.Err())
}

// TestCellsOutliveTheirBlock: what accessors return stays when the next block
// is written over it.
func TestCellsOutliveTheirBlock(t *testing.T) {
	b := protocol.NewBatch([]protocol.ColumnSpec{{Name: "t", Kind: protocol.Text, Width: 8}, {Name: "b", Kind: protocol.Binary, Width: 8}, {Name: "j", Kind: protocol.JSON, Width: 8}}, 1)
	write := func(text string, long string) {
		b.SetRows(1, 0)
		for i, c := range b.Columns() {
			slots := c.(interface{ Slots() ([]byte, int) })
			data, _ := slots.Slots()
			copy(data, text)
			c.Indicators()[0] = int64(len(text))
			if long != "" {
				c.(interface{ SetLong(int, []byte) }).SetLong(0, []byte(long))
			}
			_ = i
		}
	}
	write("one", "")
	text, binary, json := b.Text(0).At(0), b.Binary(1).At(0), b.JSON(2).At(0)
	write("two", "longer than its slot")
	require.Equal(t, "longer than its slot", b.Text(0).At(0))
	require.Equal(t, "longer than its slot", string(b.Binary(1).At(0)))
	write("six", "")
	require.Equal(t, "six", b.Text(0).At(0))
	require.Equal(t, "one", text)
	require.Equal(t, []byte("one"), binary)
	require.Equal(t, "one", string(json))
}

func TestWrittenCells(t *testing.T) {
	for text, want := range map[string]string{
		"12.50": "12.5", "-0.001": "-0.001", "1.0e+20": "100000000000000000000", "$1,234.50": "1234.5", "-$0.50": "-0.5",
		"NaN": "", "": "", "12,5": "", "abc": "", "0x10": "",
	} {
		b := protocol.NewBatch([]protocol.ColumnSpec{{Kind: protocol.Money, Width: 32}, {Kind: protocol.Decimal, Width: 32}}, 1)
		b.SetRows(1, 0)
		for i := range 2 {
			data, _ := b.Decimal(i).Slots()
			b.Decimal(i).Indicators()[0] = int64(copy(data, text))
		}
		money := b.Decimal(0).At(0)
		require.Equal(t, want == "", b.Err() != nil, text)
		if want != "" {
			require.Equal(t, want, money.String(), text)
		}
	}
	b := protocol.NewBatch([]protocol.ColumnSpec{{Kind: protocol.Decimal, Width: 32}}, 0)
	for _, text := range []string{"12.50", "0", "0.00", "-1.000", "1E+5"} {
		b.Decimal(0).Append(decimal.RequireFromString(text))
		b.EndRow()
	}
	for i, want := range []string{"12.50", "0", "0.00", "-1.000", "100000"} {
		require.Equal(t, want, string(b.Decimal(0).Bytes(i)))
	}
}

// TestWrittenTimes: equal times are equal texts, and none is rounded up to a day.
func TestWrittenTimes(t *testing.T) {
	b := protocol.NewBatch([]protocol.ColumnSpec{{Kind: protocol.Time, Width: 32}}, 0)
	for nanos, want := range map[int]string{0: "23:59:59", 500_000_000: "23:59:59.5", 123_456_000: "23:59:59.123456", 1_000: "23:59:59.000001", 999_999_999: "23:59:59.999999"} {
		b.Reset()
		b.Time(0).Append(civil.Time{Hour: 23, Minute: 59, Second: 59, Nanosecond: nanos})
		require.NoError(t, b.Err())
		require.Equal(t, want, string(b.Time(0).Bytes(0)))
	}
}

func TestDaysOfNoCalendar(t *testing.T) {
	b := protocol.NewBatch([]protocol.ColumnSpec{{Kind: protocol.Date}, {Kind: protocol.Timestamp}}, 1)
	for _, cell := range []protocol.DateCell{{0, 0, 0}, {2024, 0, 1}, {2024, 13, 1}, {2024, 1, 0}, {2024, 2, 30}, {2023, 2, 29}, {2024, 4, 31}, {2024, math.MaxUint16, 1}, {0, 1, 1}, {-44, 3, 15}} {
		b.SetRows(1, 0)
		b.Date(0).Cells[0] = cell
		b.Date(0).At(0)
		require.Error(t, b.Err(), "%v", cell)
		b.SetRows(1, 0)
		b.Timestamp(1).Cells[0] = protocol.TimestampCell{Year: cell.Year, Month: cell.Month, Day: cell.Day}
		b.Timestamp(1).At(0)
		require.Error(t, b.Err(), "%v", cell)
	}
	b.SetRows(1, 0)
	b.Timestamp(1).Cells[0] = protocol.TimestampCell{Year: 2024, Month: 2, Day: 29, Hour: 23, Minute: 59, Second: 59, Fraction: 999_999_999}
	require.Equal(t, time.Date(2024, 2, 29, 23, 59, 59, 999_999_999, time.UTC), b.Timestamp(1).At(0))
	require.NoError(t, b.Err())
	b.Reset()
	b.Date(0).Append(civil.Date{Year: 2023, Month: 2, Day: 29})
	require.Error(t, b.Err())
}

// TestCalendar holds every day of the years that databases have against the time
// package.
func TestCalendar(t *testing.T) {
	b := protocol.NewBatch([]protocol.ColumnSpec{{Name: "at", Kind: protocol.Timestamp}}, 1)
	b.SetRows(1, 0)
	at := b.Timestamp(0)
	for day := time.Date(1, 1, 1, 23, 59, 59, 999_999_999, time.UTC); day.Year() <= 9999; day = day.AddDate(0, 0, 1) {
		at.Cells[0] = protocol.TimestampCell{
			Year: int16(day.Year()), Month: uint16(day.Month()), Day: uint16(day.Day()), Hour: 23, Minute: 59, Second: 59, Fraction: 999_999_999,
		}
		if got := at.At(0); got != day {
			require.Equal(t, day, got)
		}
	}
	require.NoError(t, b.Err())
}
