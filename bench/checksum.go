package main

import (
	"database/sql"
	"fmt"
	"time"
)

// checksum is what values come to, whatever the order of rows. Its text is what
// the C and Python programs print.
type checksum struct {
	rows, ints, quarters, micros, text, nulls uint64
}

func (c *checksum) addInts(values ...int64) {
	for _, v := range values {
		c.ints += uint64(v)
	}
}

func (c *checksum) addDoubles(values ...float64) {
	for _, v := range values {
		c.quarters += uint64(int64(4 * v))
	}
}

func (c *checksum) addTime(t time.Time) { c.micros += uint64(t.UnixMicro()) }

func (c *checksum) addTexts(values ...string) {
	for _, v := range values {
		c.text += bytesOf(v)
	}
}

// bytesOf returns the sum of the bytes, eight at a time as in floor/floor.h: one
// by one they would weigh more than some ways to read them.
func bytesOf(v string) (sum uint64) {
	const evens, lanes = 0x00ff00ff00ff00ff, 0x0001000100010001
	for ; len(v) >= 8; v = v[8:] {
		x := uint64(v[0]) | uint64(v[1])<<8 | uint64(v[2])<<16 | uint64(v[3])<<24 |
			uint64(v[4])<<32 | uint64(v[5])<<40 | uint64(v[6])<<48 | uint64(v[7])<<56
		sum += (x&evens + x>>8&evens) * lanes >> 48
	}
	for i := range len(v) {
		sum += uint64(v[i])
	}
	return sum
}

func (c *checksum) addNullText(v sql.Null[string]) {
	if !v.Valid {
		c.nulls++
	}
	c.addTexts(v.V)
}

func (c *checksum) add(o checksum) {
	*c = checksum{c.rows + o.rows, c.ints + o.ints, c.quarters + o.quarters, c.micros + o.micros, c.text + o.text, c.nulls + o.nulls}
}

// times returns what the same values come to so many times.
func (c checksum) times(n int) checksum {
	u := uint64(n)
	return checksum{c.rows * u, c.ints * u, c.quarters * u, c.micros * u, c.text * u, c.nulls * u}
}

func (c checksum) String() string {
	return fmt.Sprintf("rows=%d ints=%d quarters=%d micros=%d text=%d nulls=%d", c.rows, c.ints, c.quarters, c.micros, c.text, c.nulls)
}
