package protocol

import (
	"database/sql"
	"fmt"
	"time"

	"github.com/golang-sql/civil"
)

// DateCell is a calendar day as drivers write it (SQL_DATE_STRUCT).
type DateCell struct {
	Year       int16
	Month, Day uint16
}

// AppendTo writes the day, YYYY-MM-DD, to the end of b.
func (c DateCell) AppendTo(b []byte) []byte {
	b = appendDigits(b, uint32(c.Year), 4)
	b = appendDigits(append(b, '-'), uint32(c.Month), 2)
	return appendDigits(append(b, '-'), uint32(c.Day), 2)
}

// appendDigits writes n, below 10 to the power of digits, with leading zeros.
func appendDigits(b []byte, n uint32, digits int) []byte {
	end := len(b) + digits
	b = append(b, "000000"[:digits]...)
	for i := end - 1; n > 0 && i >= end-digits; i-- {
		b[i] = '0' + byte(n%10)
		n /= 10
	}
	return b
}

// TimestampCell is a day and a time of day as drivers write them
// (SQL_TIMESTAMP_STRUCT).
type TimestampCell struct {
	Year                 int16
	Month, Day           uint16
	Hour, Minute, Second uint16
	Fraction             uint32 // nanoseconds
}

// AppendTo writes the time, YYYY-MM-DD hh:mm:ss and the microseconds, to the end
// of b. It writes no more digits of fraction than there are, as SQLite's own
// CURRENT_TIMESTAMP: equal times must be equal texts.
func (c TimestampCell) AppendTo(b []byte) []byte {
	b = DateCell{c.Year, c.Month, c.Day}.AppendTo(b)
	b = appendDigits(append(b, ' '), uint32(c.Hour), 2)
	b = appendDigits(append(b, ':'), uint32(c.Minute), 2)
	b = appendDigits(append(b, ':'), uint32(c.Second), 2)
	if micros := c.Fraction / 1000; micros != 0 {
		b = appendDigits(append(b, '.'), micros, 6)
		for b[len(b)-1] == '0' {
			b = b[:len(b)-1]
		}
	}
	return b
}

// Dates is a column of calendar days.
type Dates struct {
	meta
	Cells []DateCell
}

// At returns the day of row i. NULL, and a day that no calendar has (MariaDB's
// 0000-00-00), are errors of the Batch.
func (c *Dates) At(i int) civil.Date {
	if c.indicators[i] == Null {
		c.Fail(i, ErrNull)
		return civil.Date{}
	}
	cell := c.Cells[i]
	if !isDay(cell.Year, cell.Month, cell.Day) {
		c.Fail(i, notADay(cell.Year, cell.Month, cell.Day))
	}
	return civil.Date{Year: int(cell.Year), Month: time.Month(cell.Month), Day: int(cell.Day)}
}

// Null returns the day of row i, or NULL.
func (c *Dates) Null(i int) sql.Null[civil.Date] { return nullOf[civil.Date](c, i) }

// Ptr returns the day of row i, nil for NULL.
func (c *Dates) Ptr(i int) *civil.Date { return pointerTo[civil.Date](c, i) }

// Append adds a row. A day outside the years 1 to 9999 is an error of the Batch.
func (c *Dates) Append(v civil.Date) {
	if !v.IsValid() || v.Year < 1 || v.Year > 9999 {
		c.Fail(len(c.indicators), fmt.Errorf("%v is not a day of the years 1 to 9999", v))
	}
	c.add(DateCell{Year: int16(v.Year), Month: uint16(v.Month), Day: uint16(v.Day)}, true)
}

// AppendNull adds a row that may be NULL.
func (c *Dates) AppendNull(v sql.Null[civil.Date]) {
	if !v.Valid {
		c.add(DateCell{}, false)
		return
	}
	c.Append(v.V)
}

// AppendPtr adds a row; nil is NULL.
func (c *Dates) AppendPtr(v *civil.Date) { c.AppendNull(fromPointer(v)) }

func (c *Dates) add(cell DateCell, valid bool) {
	c.Cells = append(c.Cells, cell)
	c.mark(indicatorOf(valid))
}

func (c *Dates) copyCell(from Column, row int) {
	c.add(from.(*Dates).Cells[row], from.Indicators()[row] != Null)
}

func (c *Dates) truncate(rows int) { c.Cells, c.indicators = c.Cells[:rows], c.indicators[:rows] }

// Timestamps is a column of days with a time of day. A database's timestamp
// without zone is taken as UTC both ways; one with a zone is sent and received
// in UTC, which the session is set to.
type Timestamps struct {
	meta
	Cells   []TimestampCell
	offsets []int16 // of the rows appended to a column of kind DateTimeOffset, in minutes
}

// At returns the time of row i in UTC. NULL, a time that no calendar has, and one
// before the year 1 (PostgreSQL's -infinity), are errors of the Batch.
func (c *Timestamps) At(i int) time.Time {
	if c.indicators[i] == Null {
		c.Fail(i, ErrNull)
		return time.Time{}
	}
	cell := &c.Cells[i]
	if !isDay(cell.Year, cell.Month, cell.Day) {
		c.Fail(i, notADay(cell.Year, cell.Month, cell.Day))
		return time.Time{}
	}
	seconds := dayNumber(int(cell.Year), int(cell.Month), int(cell.Day))*86400 + int64(cell.Hour)*3600 + int64(cell.Minute)*60 + int64(cell.Second)
	return time.Unix(seconds, int64(cell.Fraction)).UTC()
}

// isDay reports whether the calendar has the day, and from year 1 on: psqlODBC
// gives years before it for -infinity.
func isDay(year int16, month, day uint16) bool {
	return year >= 1 && month-1 < 12 && day-1 < daysOf[month] || month == 2 && day == 29 && isLeap(int(year))
}

// daysOf are the days of the months, from 1, in a year that is no leap year.
var daysOf = [13]uint16{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

func isLeap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

// dayNumber returns the days since 1970-01-01. It is a third of the cost of
// time.Date, which a block pays once a cell. Years begin in March here, so that the
// leap day is the last one.
func dayNumber(year, month, day int) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	return int64(365*year+year/4-year/100+year/400+(153*(month-3)+2)/5+day) - 719469
}

// Null returns the time of row i, or NULL.
func (c *Timestamps) Null(i int) sql.Null[time.Time] { return nullOf[time.Time](c, i) }

// Ptr returns the time of row i, nil for NULL.
func (c *Timestamps) Ptr(i int) *time.Time { return pointerTo[time.Time](c, i) }

// Append adds a row. A time outside the years 1 to 9999 (in UTC) is an error of
// the Batch.
func (c *Timestamps) Append(v time.Time) {
	_, offset := v.Zone()
	v = v.UTC()
	if v.Year() < 1 || v.Year() > 9999 {
		c.Fail(len(c.indicators), fmt.Errorf("%v is not within the years 1 to 9999", v))
	}
	c.add(TimestampCell{
		Year: int16(v.Year()), Month: uint16(v.Month()), Day: uint16(v.Day()),
		Hour: uint16(v.Hour()), Minute: uint16(v.Minute()), Second: uint16(v.Second()),
		Fraction: uint32(v.Nanosecond()),
	}, true, int16(offset/60))
}

// AppendNull adds a row that may be NULL.
func (c *Timestamps) AppendNull(v sql.Null[time.Time]) {
	if !v.Valid {
		c.add(TimestampCell{}, false, 0)
		return
	}
	c.Append(v.V)
}

// AppendPtr adds a row; nil is NULL.
func (c *Timestamps) AppendPtr(v *time.Time) { c.AppendNull(fromPointer(v)) }

func (c *Timestamps) add(cell TimestampCell, valid bool, offset int16) {
	c.Cells = append(c.Cells, cell)
	if c.kind == DateTimeOffset {
		c.offsets = append(c.offsets, offset)
	}
	c.mark(indicatorOf(valid))
}

// Offset returns how many minutes ahead of UTC the clock was that told the time of row i,
// where that was appended to a column of kind DateTimeOffset, else 0.
func (c *Timestamps) Offset(i int) int {
	if i < len(c.offsets) {
		return int(c.offsets[i])
	}
	return 0
}

func (c *Timestamps) copyCell(from Column, row int) {
	times := from.(*Timestamps)
	c.add(times.Cells[row], times.indicators[row] != Null, int16(times.Offset(row)))
}

func (c *Timestamps) truncate(rows int) {
	c.Cells, c.indicators, c.offsets = c.Cells[:rows], c.indicators[:rows], c.offsets[:min(rows, len(c.offsets))]
}

func indicatorOf(valid bool) int {
	if valid {
		return 0
	}
	return Null
}

func notADay(year int16, month, day uint16) error {
	return fmt.Errorf("%04d-%02d-%02d is not a day of the calendar", year, month, day)
}
