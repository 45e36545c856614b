package odbc

import (
	"math"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// FuzzParseTimestamp compares with the time package, which is slower.
func FuzzParseTimestamp(f *testing.F) {
	for _, seed := range []string{
		"2024-02-29", "2024-02-29 13:14:15", "2024-02-29 13:14:15.123456", "2024-02-29T13:14:15Z", "2024-02-29 13:14:15+02:00", "2024-02-29 13:14",
		"0001-01-01 00:00:00", "9999-12-31 23:59:59.999999999", "2024-02-29 13:14:15.", "2024-02-30", "0000-00-00", "", "13:14:15", "2024-02-29 24:00:00", "٢٠٢٤-02-29",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		cell, plain := parsePlain(text)
		want, err := parseBySpelling(text)
		if err == nil {
			require.True(t, plain, "%q is plain", text)
			require.Equal(t, want, timeOf(cell), "%q", text)
		} else if plain { // the calendar is asked later, by protocol
			require.False(t, onCalendar(cell), "%q", text)
		}
		cell, err = parseTimestamp(text)
		if err != nil || !onCalendar(cell) || cell.Year < 1 {
			return
		}
		again, err := parseTimestamp(string(cell.AppendTo(nil)))
		require.NoError(t, err)
		cell.Fraction -= cell.Fraction % 1000
		require.Equal(t, cell, again, "%q", text)
	})
}

var plainSpelling = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?)?$`)

func parseBySpelling(text string) (time.Time, error) {
	if !plainSpelling.MatchString(text) {
		return time.Time{}, strconv.ErrSyntax
	}
	if len(text) == len(time.DateOnly) {
		return time.Parse(time.DateOnly, text)
	}
	return time.Parse("2006-01-02 15:04:05.999999999", text)
}

func timeOf(c protocol.TimestampCell) time.Time {
	return time.Date(int(c.Year), time.Month(c.Month), int(c.Day), int(c.Hour), int(c.Minute), int(c.Second), int(c.Fraction), time.UTC)
}

func onCalendar(c protocol.TimestampCell) bool {
	t := timeOf(c)
	return t.Month() == time.Month(c.Month) && t.Day() == int(c.Day)
}

// FuzzNumberOf: a decimal goes as a number only where no digit is lost.
func FuzzNumberOf(f *testing.F) {
	for _, seed := range []string{"0", "-1", "12.50", "9223372036854775807", "9223372036854775808", "0.1", "123456789012.345", "1234567890123.456", "-0.000001"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := decimal.NewFromString(text)
		if err != nil || v.Exponent() > 50 || v.Exponent() < -50 || len(text) > 60 {
			return
		}
		i, float, kind := numberOf(v.StringFixed(max(0, -v.Exponent())))
		switch kind {
		case protocol.Int64:
			require.True(t, decimal.NewFromInt(i).Equal(v), text)
		case protocol.Float64:
			shortest, err := decimal.NewFromString(strconv.FormatFloat(float, 'f', -1, 64))
			require.NoError(t, err)
			require.True(t, shortest.Equal(v), text)
		default:
			require.Equal(t, protocol.Text, kind)
		}
	})
}

func TestParseInteger(t *testing.T) {
	for text, want := range map[string]int8{"0": 0, "-128": -128, "127": 127, "5.00": 5, "-0": 0, "+7": 7} {
		n, err := parseInteger[int8](text)
		require.NoError(t, err, text)
		require.Equal(t, want, n)
	}
	for _, text := range []string{"", "128", "-129", "5.5", "abc", "1e3", "12abc", " 1", "0x1", "1_0"} {
		_, err := parseInteger[int8](text)
		require.Error(t, err, text)
	}
	for _, text := range []string{"-1", "18446744073709551616"} {
		_, err := parseInteger[uint64](text)
		require.Error(t, err, text)
	}
	n, err := parseInteger[uint64]("18446744073709551615")
	require.NoError(t, err)
	require.EqualValues(t, uint64(math.MaxUint64), n)
}

// FuzzParseInteger compares the short way with the long one.
func FuzzParseInteger(f *testing.F) {
	for _, seed := range []string{"0", "-0", "-", "", "7", "-128", "128", "999999999999999999", "-9223372036854775808", "18446744073709551615", "5.00", "+7", "٧"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if v, ok := plainInteger(text); ok {
			want, err := strconv.ParseInt(text, 10, 64)
			require.NoError(t, err, text)
			require.Equal(t, want, v, text)
		}
		if v, err := parseInteger[int8](text); err == nil {
			want, err := decimal.NewFromString(text)
			require.NoError(t, err, text)
			require.True(t, want.Equal(decimal.NewFromInt(int64(v))), text)
		}
	})
}

// TestSlotNeeded: a driver may not know how long a cell is that it has cut.
func TestSlotNeeded(t *testing.T) {
	b := protocol.NewBatch([]protocol.ColumnSpec{{Kind: protocol.Text, Width: 10}, {Kind: protocol.Binary, Width: 10}}, 3)
	text, bytes := b.Text(0), b.Binary(1)
	for indicators, want := range map[[3]int64][2]int{
		{0, -1, 9}:              {10, 9}, // text has an ending zero
		{10, -1, -1}:            {16, 10},
		{-1, 11, 3}:             {16, 16},
		{-4, -1, 3}:             {32, 32}, // SQL_NO_TOTAL
		{-1, -1, -1}:            {1, 0},
		{100_000, -1, 5}:        {100_001, 100_000},
		{5, maxRounded - 1, -4}: {maxRounded, maxRounded},
	} {
		copy(text.Indicators(), indicators[:])
		copy(bytes.Indicators(), indicators[:])
		require.Equal(t, want, [2]int{slotNeeded(text, 3, 10), slotNeeded(bytes, 3, 10)}, "%v", indicators)
	}
	text.Indicators()[0] = -4
	require.True(t, isCut(text, 0))
	text.Indicators()[0] = -1
	require.False(t, isCut(text, 0))
}

// TestStoreWritten: integers of every kind are written out for drivers without 64 bits.
func TestStoreWritten(t *testing.T) {
	b := protocol.NewBatch([]protocol.ColumnSpec{
		{Kind: protocol.Bool}, {Kind: protocol.Int8}, {Kind: protocol.Int64}, {Kind: protocol.Uint64},
	}, 0)
	add := func(truth bool, small int8, whole int64, large uint64) {
		b.Bool(0).Append(truth)
		b.Int8(1).Append(small)
		b.Int64(2).Append(whole)
		b.Uint64(3).Append(large)
		b.EndRow()
	}
	add(true, -128, math.MinInt64, math.MaxUint64)
	add(false, 127, math.MaxInt64, 0)
	b.Bool(0).AppendPtr(nil)
	b.Int8(1).AppendPtr(nil)
	b.Int64(2).AppendPtr(nil)
	b.Uint64(3).AppendPtr(nil)
	b.EndRow()
	carriers, between := carry(b, []Form{Text, Text, Text, Text}, 0)
	for _, c := range carriers {
		c.store(0, 3)
	}
	between.SetRows(3, 0)
	require.NoError(t, b.Err())
	for i, want := range [][]string{{"1", "0"}, {"-128", "127"}, {"-9223372036854775808", "9223372036854775807"}, {"18446744073709551615", "0"}} {
		text := between.Text(i)
		require.Equal(t, want, []string{text.At(0), text.At(1)})
		require.True(t, text.IsNull(2))
	}
}
