package main

import (
	"context"
	"database/sql"

	"github.com/jackc/pgx/v5"

	"github.com/odbcgen/odbcgen/bench/store"
)

// lookup reads rows by their keys, one by one. With a statement that is
// "lookup" prepared once, and "lookup-unprepared" each time; odbcgen has no way
// to do the latter: it keeps every statement.
func lookup(name string, rows, lookups int) scenario {
	prepared := name == "lookup"
	return scenario{
		name: name, unit: "lookups/s", size: size{rows, lookups, lookups}, reads: people, want: func() checksum { return sumOfLookups(rows, lookups) },
		contenders: []contender{
			{name: floor, source: "floor/lookup.c", arguments: lookupArguments(prepared)},
			{name: ours, open: lookupOurs},
			{name: "alexbrainman", open: lookupAlexbrainman(prepared)},
			{name: "native", open: lookupNative(prepared)},
			{name: "pyodbc", source: "peers/lookup.py", arguments: lookupArguments(prepared)},
		},
	}
}

const lookupSQL = "SELECT id, name, score, created, note FROM people WHERE id = "

func lookupArguments(prepared bool) func(task) []string {
	word := map[bool]string{true: "prepared", false: "unprepared"}[prepared]
	return func(t task) []string { return []string{lookupSQL + "?", people.layout, text(t.rows), word} }
}

// keyAt returns the key of a turn's lookup i, from 0.
func keyAt(i, rows int) int64 { return int64(i)*7919%int64(rows) + 1 }

func sumOfLookups(rows, lookups int) (sum checksum) {
	for i := range lookups {
		people.add(&sum, personAt(int(keyAt(i, rows))-1))
	}
	return sum
}

// each does the work for the keys of a turn, again and again.
func each(t task, get func(context.Context, int64) (person, error)) work {
	i := 0
	return func(ctx context.Context, sum *checksum) error {
		p, err := get(ctx, keyAt(i%t.times, t.rows))
		if err != nil {
			return err
		}
		i++
		people.add(sum, p)
		return nil
	}
}

func lookupOurs(ctx context.Context, t task) (work, error) {
	d, err := t.db.open(ctx)
	if err != nil {
		return nil, err
	}
	queries := store.New(d)
	return each(t, func(ctx context.Context, key int64) (person, error) {
		p, err := queries.GetPerson(ctx, key)
		return person(p), err
	}), nil
}

func lookupAlexbrainman(prepared bool) func(context.Context, task) (work, error) {
	return func(ctx context.Context, t task) (work, error) {
		d, err := t.db.openAlexbrainman()
		if err != nil {
			return nil, err
		}
		return lookupInSQL(ctx, t, d, prepared)
	}
}

func lookupNative(prepared bool) func(context.Context, task) (work, error) {
	return func(ctx context.Context, t task) (work, error) {
		if t.db.driver == "postgres" {
			return lookupPgx(ctx, t, prepared)
		}
		d, err := t.db.openNativeSQL()
		if err != nil {
			return nil, err
		}
		return lookupInSQL(ctx, t, d, prepared)
	}
}

func lookupInSQL(ctx context.Context, t task, d *sql.DB, prepared bool) (work, error) {
	query := func(ctx context.Context, key int64) *sql.Row { return d.QueryRowContext(ctx, lookupSQL+"?", key) }
	if prepared {
		statement, err := d.PrepareContext(ctx, lookupSQL+"?")
		if err != nil {
			return nil, err
		}
		query = func(ctx context.Context, key int64) *sql.Row { return statement.QueryRowContext(ctx, key) }
	}
	row := new(person)
	to := pointers(row)
	return each(t, func(ctx context.Context, key int64) (person, error) {
		err := query(ctx, key).Scan(to...)
		return *row, err
	}), nil
}

// lookupPgx takes pgx's way of one round trip where nothing is to be prepared.
func lookupPgx(ctx context.Context, t task, prepared bool) (work, error) {
	conn, err := t.db.connectPgx(ctx)
	if err != nil {
		return nil, err
	}
	mode := pgx.QueryExecModeExec
	if prepared {
		mode = pgx.QueryExecModeCacheStatement
	}
	row := new(person)
	to, finish := pgxPointers(row)
	return each(t, func(ctx context.Context, key int64) (person, error) {
		err := conn.QueryRow(ctx, lookupSQL+"$1", mode, key).Scan(to...)
		finish()
		return *row, err
	}), nil
}
