package protocol

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// aimAt makes t take cells of a kind into the column.
func (t *target) aimAt(column Column, from Kind) error {
	t.from, t.width = from, wireWidth(from)
	switch c := column.(type) {
	case *Numbers[int8]:
		aimInteger(t, c, 8)
	case *Numbers[int16]:
		aimInteger(t, c, 16)
	case *Numbers[int32]:
		aimInteger(t, c, 32)
		if t.width == 4 {
			t.int32 = c
		}
	case *Numbers[int64]:
		aimInteger(t, c, 64)
		if t.width == 8 {
			t.int64 = c
		}
	case *Numbers[uint8]:
		aimInteger(t, c, 8)
	case *Numbers[uint16]:
		aimInteger(t, c, 16)
	case *Numbers[uint32]:
		aimInteger(t, c, 32)
	case *Numbers[uint64]:
		aimInteger(t, c, 64)
	case *Numbers[float32]:
		aimFloat(t, c, 32)
	case *Numbers[float64]:
		aimFloat(t, c, 64)
	case *Bools:
		aimBool(t, c)
	case *Dates:
		aimFixed(t, &c.meta, &c.Cells, parseDay)
	case *Timestamps:
		zoned := c.kind != Timestamp
		aimFixed(t, &c.meta, &c.Cells, func(b []byte) (TimestampCell, bool) { return parseTimestamp(b, zoned) })
	case interface{ variable() *Variable }:
		aimVariable(t, c.variable())
	default:
		return fmt.Errorf("%w: readers cannot be filled from a frame; want %s", ErrUnsupported, column.Kind())
	}
	if t.width > 0 && t.number == nil || (from == Binary) != (column.Kind() == Binary) {
		return fmt.Errorf("%w: %s cannot be taken as %s", ErrCorrupt, known(from), column.Kind())
	}
	return nil
}

// aimFixed is for cells of a fixed size that are written.
func aimFixed[T any](t *target, m *meta, cells *[]T, parse func([]byte) (T, bool)) {
	t.meta = m
	t.resize = func(rows int) { *cells = sized(*cells, rows) }
	t.written = func(i int, cell []byte) bool {
		v, ok := parse(cell)
		(*cells)[i] = v
		return ok
	}
}

func aimInteger[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64](t *target, c *Numbers[T], size int) {
	signed := ^T(0) < 0
	aimFixed(t, &c.meta, &c.Cells, func(b []byte) (T, bool) {
		if digits, places, ok := parsePlain(b); ok && places == 0 && digits < 1<<(size-1) {
			if v := T(digits); b[0] != '-' {
				return v, true
			} else if signed {
				return -v, true
			}
		}
		if whole, fraction, ok := bytes.Cut(b, []byte(".")); ok && len(fraction) > 0 && len(bytes.Trim(fraction, "0")) == 0 {
			b = whole // of a decimal number
		}
		if signed {
			v, err := strconv.ParseInt(string(b), 10, size)
			return T(v), err == nil
		}
		v, err := strconv.ParseUint(string(b), 10, size)
		return T(v), err == nil
	})
	t.number = func(i int, v int64) bool {
		n := T(v)
		c.Cells[i] = n
		return int64(n) == v && (n < 0) == (v < 0)
	}
}

func aimFloat[T float32 | float64](t *target, c *Numbers[T], size int) {
	digits, parse := 53, parseFloat
	if size == 32 {
		digits, parse = 24, parseFloat32
	}
	aimFixed(t, &c.meta, &c.Cells, func(b []byte) (T, bool) {
		v, ok := parse(b)
		return T(v), ok
	})
	t.number = func(i int, v int64) bool {
		c.Cells[i] = T(v)
		magnitude := uint64(max(v, -v)) // right for the least of them too
		return bits.Len64(magnitude)-bits.TrailingZeros64(magnitude) <= digits || v == 0
	}
}

func aimBool(t *target, c *Bools) {
	aimFixed(t, &c.meta, &c.Cells, func(b []byte) (uint8, bool) {
		switch strings.ToLower(string(b)) {
		case "1", "t", "true":
			return 1, true
		case "0", "f", "false":
			return 0, true
		}
		return 0, false
	})
	t.number = func(i int, v int64) bool {
		c.Cells[i] = uint8(v)
		return v == 0 || v == 1
	}
}

// aimVariable is for cells that a Batch has as they are written.
func aimVariable(t *target, v *Variable) {
	t.meta, t.variable = &v.meta, v
	valid := spelling(known(t.from), v.kind)
	t.plain = valid == nil && t.width == 0
	t.written = func(i int, cell []byte) bool {
		t.data = append(t.data, cell...)
		t.indicators[i] = int64(len(cell))
		return valid == nil || valid(cell)
	}
	switch v.kind {
	case Text, NText, JSON, Decimal, Money:
		t.number = func(i int, n int64) bool {
			start := len(t.data)
			t.data = strconv.AppendInt(t.data, n, 10)
			t.indicators[i] = int64(len(t.data) - start)
			return true
		}
	}
}

// spelling returns what a cell has to be as another kind than it was, nil for anything.
// What was of the same kind is not looked at: a NaN or 24:00:00 of a database is told to
// who asks for the cell, and can be passed on.
func spelling(from, to Kind) func(cell []byte) bool {
	if from == to {
		return nil
	}
	switch to {
	case Decimal:
		return func(cell []byte) bool { return checkNumber(cell) == nil }
	case Money:
		return func(cell []byte) bool { _, err := parseMoney(string(cell)); return err == nil }
	case JSON:
		return json.Valid
	case UUID:
		return func(cell []byte) bool { _, err := uuid.ParseBytes(cell); return err == nil }
	case Time:
		return func(cell []byte) bool {
			var c TimestampCell
			rest, ok := c.parseClock(cell)
			return ok && len(rest) == 0 && c.Second <= 59
		}
	}
	return nil
}

// parseDay reads YYYY-MM-DD, and a timestamp at midnight.
func parseDay(b []byte) (DateCell, bool) {
	t, ok := parseTimestamp(b, false)
	return DateCell{t.Year, t.Month, t.Day}, ok && t.Hour == 0 && t.Minute == 0 && t.Second == 0 && t.Fraction == 0
}

// parseTimestamp reads YYYY-MM-DD, and hh:mm:ss with up to nine digits of fraction where
// it is not midnight. Where it may have a zone, the time is taken to UTC. Days are not
// looked up in a calendar: MariaDB has 0000-00-00.
func parseTimestamp(b []byte, zoned bool) (c TimestampCell, ok bool) {
	if len(b) < 10 || b[4] != '-' || b[7] != '-' {
		return c, false
	}
	year, month, day := 100*two(b)+two(b[2:]), two(b[5:]), two(b[8:])
	c.Year, c.Month, c.Day = int16(year), uint16(month), uint16(day)
	if ok = year <= 9999 && month <= 12 && day <= 31; len(b) == 10 || !ok {
		return c, ok
	}
	if b[10] != ' ' && b[10] != 'T' {
		return c, false
	}
	rest, ok := c.parseClock(b[11:])
	return c, ok && (len(rest) == 0 || zoned && c.toUTC(rest))
}

// parseClock reads hh:mm:ss with up to nine digits of fraction.
func (c *TimestampCell) parseClock(b []byte) (rest []byte, ok bool) {
	if len(b) < 8 || b[2] != ':' || b[5] != ':' {
		return nil, false
	}
	hour, minute, second := two(b), two(b[3:]), two(b[6:])
	c.Hour, c.Minute, c.Second = uint16(hour), uint16(minute), uint16(second)
	rest, ok = b[8:], hour <= 23 && minute <= 59 && second <= 61
	if ok && len(rest) > 0 && rest[0] == '.' {
		c.Fraction, rest, ok = parseFraction(rest[1:])
	}
	return rest, ok
}

// two reads two digits; what is none becomes more than any.
func two(b []byte) uint32 {
	tens, ones := uint32(b[0]-'0'), uint32(b[1]-'0')
	if tens > 9 || ones > 9 {
		return 10_000 // more than any field may be, be it the second half of a year
	}
	return 10*tens + ones
}

// parseFraction reads up to nine digits as nanoseconds.
func parseFraction(b []byte) (nanos uint32, rest []byte, ok bool) {
	n := 0
	for ; n < len(b) && n < 9 && b[n] >= '0' && b[n] <= '9'; n++ {
		nanos = nanos*10 + uint32(b[n]-'0')
	}
	for range 9 - n {
		nanos *= 10
	}
	return nanos, b[n:], n > 0
}

// toUTC takes away a zone: Z, ±hh, ±hhmm or ±hh:mm.
func (c *TimestampCell) toUTC(zone []byte) bool {
	if string(zone) == "Z" {
		return true
	}
	hour, minute, ok := parseZone(zone)
	if !ok || !isDay(c.Year, c.Month, c.Day) {
		return false
	}
	offset := time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute
	if zone[0] == '+' {
		offset = -offset
	}
	t := time.Date(int(c.Year), time.Month(c.Month), int(c.Day), int(c.Hour), int(c.Minute), int(c.Second), int(c.Fraction), time.UTC).Add(offset)
	c.Year, c.Month, c.Day = int16(t.Year()), uint16(t.Month()), uint16(t.Day())
	c.Hour, c.Minute, c.Second = uint16(t.Hour()), uint16(t.Minute()), uint16(t.Second())
	return t.Year() >= 1 && t.Year() <= 9999
}

func parseZone(zone []byte) (hour, minute uint32, ok bool) {
	if len(zone) < 3 || zone[0] != '+' && zone[0] != '-' {
		return 0, 0, false
	}
	hour = two(zone[1:])
	switch rest := bytes.TrimPrefix(zone[3:], []byte(":")); len(rest) {
	case 2:
		minute = two(rest)
	case 0:
		if len(zone) > 3 {
			return 0, 0, false
		}
	default:
		return 0, 0, false
	}
	return hour, minute, hour <= 23 && minute <= 59
}
