package main

import (
	"context"
	"database/sql"

	"github.com/odbcgen/odbcgen/bench/store"
)

const insertSQL = "INSERT INTO guests (id, name, score, created, note) VALUES (?, ?, ?, ?, ?)"

// insertSingle inserts rows one by one, and commits each.
func insertSingle(rows int) scenario {
	return scenario{
		name: "insert-single", unit: "rows/s", size: size{rows, rows, rows}, inserts: guests, want: counted(rows),
		contenders: []contender{
			{name: floor, source: "floor/insert.c", arguments: insertArguments("1")},
			{name: ours, open: insertOurs},
			{name: "alexbrainman", open: insertAlexbrainman},
			{name: "native", open: insertNative},
			{name: "pyodbc", source: "peers/insert.py", arguments: pyodbcArguments("1")},
		},
	}
}

func insertArguments(set string) func(task) []string {
	return func(t task) []string { return []string{insertSQL, text(t.rows), set, timeFor[t.db.driver]} }
}

// timeFor is how ODBC's drivers keep the microseconds of a timestamp.
var timeFor = map[string]string{"sqlite": "text", "postgres": "timestamp", "mariadb": "timestamp"}

// pyodbcArguments are the same, but for MariaDB: there pyodbc cuts them off.
func pyodbcArguments(set string) func(task) []string {
	return func(t task) []string {
		created := timeFor[t.db.driver]
		if t.db.driver == "mariadb" {
			created = "text"
		}
		return []string{insertSQL, text(t.rows), set, created}
	}
}

// values returns the parameters of a row for a driver that takes any. SQLite has
// no type for a time: what its drivers make of one differs.
func (db database) values(g guest) []any {
	all := []any{g.ID, g.Name, g.Score, g.Created, nil}
	if db.driver == "sqlite" {
		all[3] = g.Created.Format("2006-01-02 15:04:05.000000")
	}
	if g.Note.Valid {
		all[4] = g.Note.V
	}
	return all
}

// eachGuest does the work for the rows of a turn, again and again.
func eachGuest(t task, insert func(context.Context, guest) error) work {
	all := guests.first(t.times)
	i := 0
	return func(ctx context.Context, sum *checksum) error {
		if err := insert(ctx, all[i%t.times]); err != nil {
			return err
		}
		i++
		sum.rows++
		return nil
	}
}

func insertOurs(ctx context.Context, t task) (work, error) {
	d, err := t.db.open(ctx)
	if err != nil {
		return nil, err
	}
	queries := store.New(d)
	return eachGuest(t, func(ctx context.Context, g guest) error { return queries.AddGuest(ctx, store.AddGuestParams(g)) }), nil
}

func insertAlexbrainman(ctx context.Context, t task) (work, error) {
	d, err := t.db.openAlexbrainman()
	if err != nil {
		return nil, err
	}
	return insertIntoSQL(ctx, t, d)
}

func insertNative(ctx context.Context, t task) (work, error) {
	if t.db.driver == "postgres" {
		return insertPgx(ctx, t)
	}
	d, err := t.db.openNativeSQL()
	if err != nil {
		return nil, err
	}
	return insertIntoSQL(ctx, t, d)
}

func insertIntoSQL(ctx context.Context, t task, d *sql.DB) (work, error) {
	statement, err := d.PrepareContext(ctx, insertSQL)
	if err != nil {
		return nil, err
	}
	return eachGuest(t, func(ctx context.Context, g guest) error {
		_, err := statement.ExecContext(ctx, t.db.values(g)...)
		return err
	}), nil
}

func insertPgx(ctx context.Context, t task) (work, error) {
	conn, err := t.db.connectPgx(ctx)
	if err != nil {
		return nil, err
	}
	return eachGuest(t, func(ctx context.Context, g guest) error {
		_, err := conn.Exec(ctx, "INSERT INTO guests (id, name, score, created, note) VALUES ($1, $2, $3, $4, $5)", t.db.values(g)...)
		return err
	}), nil
}
