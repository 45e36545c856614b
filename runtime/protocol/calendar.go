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

// TimestampCell is a day and a time of day as drivers write them
// (SQL_TIMESTAMP_STRUCT).
type TimestampCell struct {
	Year                 int16
	Month, Day           uint16
	Hour, Minute, Second uint16
	Fraction             uint32 // nanoseconds
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
	d := civil.Date{Year: int(cell.Year), Month: time.Month(cell.Month), Day: int(cell.Day)}
	if !d.IsValid() || cell.Year < 1 {
		c.Fail(i, notADay(cell.Year, cell.Month, cell.Day))
	}
	return d
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

func (c *Dates) truncate(rows int) { c.Cells, c.indicators = c.Cells[:rows], c.indicators[:rows] }

// Timestamps is a column of days with a time of day. A database's timestamp
// without zone is taken as UTC both ways; one with a zone is sent and received
// in UTC, which the session is set to.
type Timestamps struct {
	meta
	Cells []TimestampCell
}

// At returns the time of row i in UTC. NULL, a time that no calendar has, and one
// before the year 1 (PostgreSQL's -infinity), are errors of the Batch.
func (c *Timestamps) At(i int) time.Time {
	if c.indicators[i] == Null {
		c.Fail(i, ErrNull)
		return time.Time{}
	}
	cell := &c.Cells[i]
	t := time.Date(int(cell.Year), time.Month(cell.Month), int(cell.Day),
		int(cell.Hour), int(cell.Minute), int(cell.Second), int(cell.Fraction), time.UTC)
	// time.Date carries a 13th month over into the next year: not our value.
	if cell.Month-1 > 11 || cell.Day-1 > 27 && t.Day() != int(cell.Day) || cell.Year < 1 {
		c.Fail(i, notADay(cell.Year, cell.Month, cell.Day))
	}
	return t
}

// Null returns the time of row i, or NULL.
func (c *Timestamps) Null(i int) sql.Null[time.Time] { return nullOf[time.Time](c, i) }

// Ptr returns the time of row i, nil for NULL.
func (c *Timestamps) Ptr(i int) *time.Time { return pointerTo[time.Time](c, i) }

// Append adds a row. A time outside the years 1 to 9999 (in UTC) is an error of
// the Batch.
func (c *Timestamps) Append(v time.Time) {
	v = v.UTC()
	if v.Year() < 1 || v.Year() > 9999 {
		c.Fail(len(c.indicators), fmt.Errorf("%v is not within the years 1 to 9999", v))
	}
	c.add(TimestampCell{
		Year: int16(v.Year()), Month: uint16(v.Month()), Day: uint16(v.Day()),
		Hour: uint16(v.Hour()), Minute: uint16(v.Minute()), Second: uint16(v.Second()),
		Fraction: uint32(v.Nanosecond()),
	}, true)
}

// AppendNull adds a row that may be NULL.
func (c *Timestamps) AppendNull(v sql.Null[time.Time]) {
	if !v.Valid {
		c.add(TimestampCell{}, false)
		return
	}
	c.Append(v.V)
}

// AppendPtr adds a row; nil is NULL.
func (c *Timestamps) AppendPtr(v *time.Time) { c.AppendNull(fromPointer(v)) }

func (c *Timestamps) add(cell TimestampCell, valid bool) {
	c.Cells = append(c.Cells, cell)
	c.mark(indicatorOf(valid))
}

func (c *Timestamps) truncate(rows int) { c.Cells, c.indicators = c.Cells[:rows], c.indicators[:rows] }

func indicatorOf(valid bool) int {
	if valid {
		return 0
	}
	return Null
}

func notADay(year int16, month, day uint16) error {
	return fmt.Errorf("%04d-%02d-%02d is not a day of the calendar", year, month, day)
}
