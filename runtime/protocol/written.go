package protocol

import (
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/golang-sql/civil"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"
)

// The columns of this file travel as text: the one form in which every driver
// keeps all digits of a decimal and the fraction of a time of day.

// Decimals is a column of exact decimal numbers.
type Decimals struct{ Variable }

// At returns the number of row i. NULL, NaN and infinities are errors of the
// Batch.
func (c *Decimals) At(i int) decimal.Decimal {
	if c.kind == Money {
		return written(&c.Variable, i, parseMoney)
	}
	return written(&c.Variable, i, decimal.NewFromString)
}

// parseMoney reads an amount as PostgreSQL writes it in its "C" locale,
// -$1,234.50, or as a plain number, of which a comma is no part.
func parseMoney(s string) (decimal.Decimal, error) {
	if !strings.Contains(s, "$") {
		return decimal.NewFromString(s)
	}
	return decimal.NewFromString(strings.NewReplacer("$", "", ",", "").Replace(s))
}

// Null returns the number of row i, or NULL.
func (c *Decimals) Null(i int) sql.Null[decimal.Decimal] { return nullOf[decimal.Decimal](c, i) }

// Ptr returns the number of row i, nil for NULL.
func (c *Decimals) Ptr(i int) *decimal.Decimal { return pointerTo[decimal.Decimal](c, i) }

// Append adds a row, with all digits of v: 12.50 is not 12.5 to a database that
// keeps the scale.
func (c *Decimals) Append(v decimal.Decimal) {
	appendCell(&c.Variable, v.StringFixed(max(0, -v.Exponent())))
}

// AppendNull adds a row that may be NULL.
func (c *Decimals) AppendNull(v sql.Null[decimal.Decimal]) {
	if !v.Valid {
		appendNullable(&c.Variable, "", false)
		return
	}
	c.Append(v.V)
}

// AppendPtr adds a row; nil is NULL.
func (c *Decimals) AppendPtr(v *decimal.Decimal) { c.AppendNull(fromPointer(v)) }

// UUIDs is a column of UUIDs.
type UUIDs struct{ Variable }

// At returns the UUID of row i. NULL is an error of the Batch.
func (c *UUIDs) At(i int) uuid.UUID { return written(&c.Variable, i, uuid.Parse) }

// Null returns the UUID of row i, or NULL.
func (c *UUIDs) Null(i int) sql.Null[uuid.UUID] { return nullOf[uuid.UUID](c, i) }

// Ptr returns the UUID of row i, nil for NULL.
func (c *UUIDs) Ptr(i int) *uuid.UUID { return pointerTo[uuid.UUID](c, i) }

// Append adds a row.
func (c *UUIDs) Append(v uuid.UUID) { appendCell(&c.Variable, v.String()) }

// AppendNull adds a row that may be NULL.
func (c *UUIDs) AppendNull(v sql.Null[uuid.UUID]) { appendNullable(&c.Variable, v.V.String(), v.Valid) }

// AppendPtr adds a row; nil is NULL.
func (c *UUIDs) AppendPtr(v *uuid.UUID) { c.AppendNull(fromPointer(v)) }

// Times is a column of times of day. It travels as text because ODBC's
// SQL_TIME_STRUCT has no fraction.
type Times struct{ Variable }

// At returns the time of row i. NULL, and what is not a time of day (MariaDB's
// TIME reaches 838:59:59), are errors of the Batch.
func (c *Times) At(i int) civil.Time { return written(&c.Variable, i, parseTime) }

// Null returns the time of row i, or NULL.
func (c *Times) Null(i int) sql.Null[civil.Time] { return nullOf[civil.Time](c, i) }

// Ptr returns the time of row i, nil for NULL.
func (c *Times) Ptr(i int) *civil.Time { return pointerTo[civil.Time](c, i) }

// Append adds a row, with no more digits of fraction than there are, up to
// microseconds: PostgreSQL would round 23:59:59.9999999 up to 24:00:00, and equal
// times must be equal texts to SQLite. A time that no clock shows is an error of
// the Batch.
func (c *Times) Append(v civil.Time) {
	if !v.IsValid() {
		c.Fail(len(c.indicators), fmt.Errorf("%v is not a time of day", v))
	}
	var digits [32]byte
	appendCell(&c.Variable, time.Date(1, 1, 1, v.Hour, v.Minute, v.Second, v.Nanosecond, time.UTC).AppendFormat(digits[:0], "15:04:05.999999"))
}

// AppendNull adds a row that may be NULL.
func (c *Times) AppendNull(v sql.Null[civil.Time]) {
	if !v.Valid {
		appendNullable(&c.Variable, "", false)
		return
	}
	c.Append(v.V)
}

// AppendPtr adds a row; nil is NULL.
func (c *Times) AppendPtr(v *civil.Time) { c.AppendNull(fromPointer(v)) }

// parseTime reads hh:mm:ss with up to nine digits of fraction. Unlike
// civil.ParseTime it refuses a 24th hour with a message about the value.
func parseTime(s string) (civil.Time, error) {
	t, err := time.Parse("15:04:05.999999999", s)
	if err != nil {
		return civil.Time{}, fmt.Errorf("%q is not a time of day", s)
	}
	return civil.TimeOf(t), nil
}

// written parses the text of row i.
func written[T any](v *Variable, i int, parse func(string) (T, error)) T {
	var zero T
	if v.indicators[i] == Null {
		v.Fail(i, ErrNull)
		return zero
	}
	value, err := parse(string(v.Bytes(i)))
	if err != nil {
		v.Fail(i, err)
		return zero
	}
	return value
}
