package shopdata

import (
	"database/sql"
	"time"

	"github.com/golang-sql/civil"
)

func some[T any](v T) sql.Null[T] { return sql.Null[T]{V: v, Valid: true} }

func null[T any]() sql.Null[T] { return sql.Null[T]{} }

// known returns v, NULL for zero.
func known[T comparable](v T) sql.Null[T] {
	var zero T
	return sql.Null[T]{V: v, Valid: v != zero}
}

// date reads a day, NULL for none.
func date(text string) sql.Null[civil.Date] {
	if text == "" {
		return null[civil.Date]()
	}
	return some(must(civil.ParseDate(text)))
}

// clock reads hours and minutes, NULL for none.
func clock(text string) sql.Null[civil.Time] {
	if text == "" {
		return null[civil.Time]()
	}
	return some(must(civil.ParseTime(text + ":00")))
}

// at reads a time in UTC.
func at(text string) time.Time { return must(time.Parse(time.DateTime, text)) }

// must returns v; the texts that are read here are our own.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
