package main

import (
	"context"
	"database/sql"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/odbcgen/odbcgen/bench/store"
	"github.com/odbcgen/odbcgen/runtime"
)

type person = store.StreamPeopleRow

var people = &shape[person]{
	table:   "people",
	columns: "id, name, score, created, note",
	layout:  "i s40 d t s100",
	row:     personAt,
	touch:   touchPerson,
	insert: func(ctx context.Context, q *store.Queries, rows iter.Seq[person]) error {
		_, err := q.InsertPeople(ctx, converted(rows, func(p person) store.InsertPeopleRow { return store.InsertPeopleRow(p) }))
		return err
	},
	stream: (*store.Queries).StreamPeople,
}

type guest = store.StreamGuestsRow

// guests is a table like people, for inserts.
var guests = &shape[guest]{
	table:   "guests",
	columns: people.columns,
	layout:  people.layout,
	row:     func(i int) guest { return guest(personAt(i)) },
	touch:   func(sum *checksum, g guest) { touchPerson(sum, person(g)) },
	insert: func(ctx context.Context, q *store.Queries, rows iter.Seq[guest]) error {
		return insertGuests(ctx, q, rows)
	},
	stream: (*store.Queries).StreamGuests,
}

func insertGuests(ctx context.Context, q *store.Queries, rows iter.Seq[guest], options ...runtime.BulkOption) error {
	_, err := q.InsertGuests(ctx, converted(rows, func(g guest) store.InsertGuestsRow { return store.InsertGuestsRow(g) }), options...)
	return err
}

var (
	begin = time.Date(2020, 2, 28, 0, 0, 0, 0, time.UTC)
	words = strings.Repeat("lorem ipsum dolor sit amet ", 4)
)

// personAt makes what floor/insert.c makes: of ten million rows, the last is before
// the end of MariaDB's timestamps, in 2038. Doubles are quarters here and in all
// tables: SQLite's driver reads them with 15 digits.
func personAt(i int) person {
	p := person{
		ID:      int64(i + 1),
		Name:    "José Müller " + strconv.Itoa(7919*i%1_000_003),
		Score:   float64(i) / 4,
		Created: begin.Add(time.Duration(i) * 50_000_123 * time.Microsecond),
	}
	if i%10 > 0 {
		p.Note = sql.Null[string]{V: words[:13*i%101], Valid: true}
	}
	return p
}

func touchPerson(sum *checksum, p person) {
	sum.addInts(p.ID)
	sum.addTexts(p.Name)
	sum.addDoubles(p.Score)
	sum.addTime(p.Created)
	sum.addNullText(p.Note)
}
