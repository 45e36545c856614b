package main

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/odbcgen/odbcgen/bench/store"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
)

// bulk inserts many rows in one transaction, ours in the way that has the
// scenario's name.
func bulk(name string, rows int, without ...string) scenario {
	return scenario{
		name: name, unit: "rows/s", size: size{rows, 1, rows}, inserts: guests, want: counted(rows),
		contenders: []contender{
			{name: floor, source: "floor/insert.c", arguments: insertArguments("1000")},
			{name: ours, open: bulkOurs(nil, bulkWays[name]...)},
			{name: "alexbrainman", open: bulkAlexbrainman},
			{name: "native", open: bulkNative},
			{name: "pyodbc", source: "peers/insert.py", arguments: pyodbcArguments("1000")},
		},
	}.without(without...)
}

// bulkArray is ours with parameter arrays, whatever the database's plugin would
// choose.
func bulkArray(rows int) scenario {
	s := bulk("bulk-array", rows, "native")
	i := slices.IndexFunc(s.contenders, func(c contender) bool { return c.name == ours })
	s.contenders[i].open = func(ctx context.Context, t task) (work, error) {
		known, _ := driver.ByName(t.db.driver)
		plugin := *known
		plugin.Bulk.Strategy, plugin.Bulk.Rows, plugin.Bulk.Counts = driver.BulkArrays, 1000, false
		return bulkOurs([]runtime.Option{runtime.WithPlugin(&plugin)})(ctx, t)
	}
	return s
}

// connections is how many bulk-parallel uses.
const connections = 4

// bulkParallel inserts over several connections, each with a part of the rows
// and a transaction of its own. SQLite has one writer at a time.
func bulkParallel(rows int) scenario {
	s := bulk("bulk-parallel", rows, "alexbrainman", "pyodbc")
	s.drivers = []string{"postgres", "mariadb"}
	i := slices.IndexFunc(s.contenders, func(c contender) bool { return c.name == "native" })
	s.contenders[i].open = bulkNativeParallel
	return s
}

// bulkWays are our options for the scenarios.
var bulkWays = map[string][]runtime.BulkOption{
	"bulk-parallel": {runtime.BulkParallel(connections)},
}

// parts yields one part of the rows for each connection.
func parts(rows []guest) func(func([]guest) bool) {
	return slices.Chunk(rows, max(1, (len(rows)+connections-1)/connections))
}

func bulkOurs(open []runtime.Option, insert ...runtime.BulkOption) func(context.Context, task) (work, error) {
	return func(ctx context.Context, t task) (work, error) {
		d, err := t.db.open(ctx, append(open, runtime.WithPoolSize(connections))...)
		if err != nil {
			return nil, err
		}
		queries, rows := store.New(d), guests.first(t.rows)
		return func(ctx context.Context, sum *checksum) error {
			sum.rows += uint64(len(rows))
			return insertGuests(ctx, queries, slices.Values(rows), insert...)
		}, nil
	}
}

// bulkAlexbrainman inserts row by row: the driver has no arrays.
func bulkAlexbrainman(_ context.Context, t task) (work, error) {
	d, err := t.db.openAlexbrainman()
	if err != nil {
		return nil, err
	}
	rows := guests.first(t.rows)
	return func(ctx context.Context, sum *checksum) error {
		sum.rows += uint64(len(rows))
		return inSets(ctx, t.db, d, rows, 1)
	}, nil
}

// bulkNative inserts in the fastest way of the driver: by COPY on PostgreSQL,
// with rows of VALUES in one prepared statement on the others.
func bulkNative(ctx context.Context, t task) (work, error) {
	insert, err := openNativeBulk(ctx, t)
	if err != nil {
		return nil, err
	}
	rows := guests.first(t.rows)
	return func(ctx context.Context, sum *checksum) error {
		sum.rows += uint64(len(rows))
		return insert(ctx, rows)
	}, nil
}

// bulkNativeParallel does it with several connections.
func bulkNativeParallel(ctx context.Context, t task) (work, error) {
	var inserts []func(context.Context, []guest) error
	for range connections {
		insert, err := openNativeBulk(ctx, t)
		if err != nil {
			return nil, err
		}
		inserts = append(inserts, insert)
	}
	rows := guests.first(t.rows)
	return func(ctx context.Context, sum *checksum) error {
		sum.rows += uint64(len(rows))
		group, ctx := errgroup.WithContext(ctx)
		i := 0
		for part := range parts(rows) {
			insert := inserts[i]
			group.Go(func() error { return insert(ctx, part) })
			i++
		}
		return group.Wait()
	}, nil
}

func openNativeBulk(ctx context.Context, t task) (func(context.Context, []guest) error, error) {
	if t.db.driver == "postgres" {
		return copyPgx(ctx, t.db)
	}
	d, err := t.db.openNativeSQL()
	if err != nil {
		return nil, err
	}
	set, err := fastestSet(ctx, t.db, d, guests.first(min(t.rows, 10_000)))
	return func(ctx context.Context, rows []guest) error { return inSets(ctx, t.db, d, rows, set) }, err
}

func copyPgx(ctx context.Context, db database) (func(context.Context, []guest) error, error) {
	conn, err := db.connectPgx(ctx)
	if err != nil {
		return nil, err
	}
	columns := strings.Split(guests.columns, ", ")
	return func(ctx context.Context, rows []guest) error {
		_, err := conn.CopyFrom(ctx, pgx.Identifier{guests.table}, columns,
			pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) { return db.values(rows[i]), nil }))
		return err
	}, nil
}

// fastestSet tries rows of VALUES. It leaves the table empty.
func fastestSet(ctx context.Context, db database, d *sql.DB, rows []guest) (best int, err error) {
	least := time.Duration(1<<63 - 1)
	for _, set := range []int{50, 100, 200, 500, 50, 100, 200, 500} {
		begin := time.Now()
		if err := inSets(ctx, db, d, rows, set); err != nil {
			return 0, err
		}
		if took := time.Since(begin); took < least {
			best, least = set, took
		}
		if _, err := d.ExecContext(ctx, "DELETE FROM guests"); err != nil {
			return 0, err
		}
	}
	return best, nil
}

// inSets inserts in one transaction, so many rows with each prepared statement,
// the last ones one by one.
func inSets(ctx context.Context, db database, d *sql.DB, rows []guest, set int) error {
	tx, err := d.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	whole := len(rows) - len(rows)%set
	if err := insertSets(ctx, db, tx, rows[:whole], set); err != nil {
		return err
	}
	if err := insertSets(ctx, db, tx, rows[whole:], 1); err != nil {
		return err
	}
	return tx.Commit()
}

func insertSets(ctx context.Context, db database, tx *sql.Tx, rows []guest, set int) error {
	if len(rows) == 0 {
		return nil
	}
	statement, err := tx.PrepareContext(ctx, insertSQL+strings.Repeat(", (?, ?, ?, ?, ?)", set-1))
	if err != nil {
		return err
	}
	defer statement.Close()
	values := make([]any, 0, 5*set)
	for part := range slices.Chunk(rows, set) {
		values = values[:0]
		for _, g := range part {
			values = append(values, db.values(g)...)
		}
		if _, err := statement.ExecContext(ctx, values...); err != nil {
			return err
		}
	}
	return nil
}
