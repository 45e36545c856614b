package main

import (
	"context"
	"database/sql"
	"iter"
	"reflect"

	"github.com/odbcgen/odbcgen/bench/store"
)

// shape is a table with rows of type R: how they are made, sent and read, and
// how each of their values is touched.
type shape[R any] struct {
	table   string
	columns string
	layout  string      // of the columns, see floor/floor.h
	row     func(int) R // row i, from 0; the same on every run
	// touch takes a copy: to take an address would cost an allocation a row.
	touch  func(*checksum, R)
	insert func(context.Context, *store.Queries, iter.Seq[R]) error
	stream func(*store.Queries, context.Context) iter.Seq2[R, error]
}

// filler is a shape to those who need not know its rows.
type filler interface {
	name() string
	fill(ctx context.Context, queries *store.Queries, from, to int) error
	sum(rows int) checksum
}

func (s *shape[R]) name() string { return s.table }

func (s *shape[R]) query() string { return "SELECT " + s.columns + " FROM " + s.table }

// fill inserts rows from up to to.
func (s *shape[R]) fill(ctx context.Context, queries *store.Queries, from, to int) error {
	return s.insert(ctx, queries, func(yield func(R) bool) {
		for i := from; i < to && yield(s.row(i)); i++ {
		}
	})
}

// first returns the first rows.
func (s *shape[R]) first(rows int) []R {
	all := make([]R, rows)
	for i := range all {
		all[i] = s.row(i)
	}
	return all
}

// sum returns what the first rows come to.
func (s *shape[R]) sum(rows int) checksum {
	var sum checksum
	for i := range rows {
		s.add(&sum, s.row(i))
	}
	return sum
}

func (s *shape[R]) add(sum *checksum, row R) {
	sum.rows++
	s.touch(sum, row)
}

// converted yields the rows in another type.
func converted[R, I any](rows iter.Seq[R], convert func(R) I) iter.Seq[I] {
	return func(yield func(I) bool) {
		for row := range rows {
			if !yield(convert(row)) {
				return
			}
		}
	}
}

// pointers returns pointers to the fields of *row.
func pointers[R any](row *R) []any {
	v := reflect.ValueOf(row).Elem()
	all := make([]any, v.NumField())
	for i := range all {
		all[i] = v.Field(i).Addr().Interface()
	}
	return all
}

// pgxPointers returns pointers as pgx scans fastest into: to *string instead of
// sql.Null[string], which finish sets.
func pgxPointers[R any](row *R) (all []any, finish func()) {
	all = pointers(row)
	finish = func() {}
	for i, p := range all {
		null, ok := p.(*sql.Null[string])
		if !ok {
			continue
		}
		var text *string
		all[i] = &text
		before := finish
		finish = func() {
			before()
			*null = sql.Null[string]{}
			if text != nil {
				*null = sql.Null[string]{V: *text, Valid: true}
			}
		}
	}
	return all, finish
}
