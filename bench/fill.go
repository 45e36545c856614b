package main

import (
	"context"
	"embed"
	"strings"

	"github.com/odbcgen/odbcgen/bench/store"
	"github.com/odbcgen/odbcgen/runtime"
)

//go:embed store/*.sql
var schemas embed.FS

// tables are the rows of the tables that this run has made.
type tables map[string]int

// grow makes the table have so many rows.
func (t tables) grow(ctx context.Context, db database, d *runtime.DB, table filler, rows int) error {
	have, made := t[table.name()]
	if !made || have > rows {
		if err := create(ctx, db, d, table.name()); err != nil {
			return err
		}
		have = 0
	}
	delete(t, table.name()) // in case of an error, nobody knows
	if err := table.fill(ctx, store.New(d), have, rows); err != nil {
		return err
	}
	t[table.name()] = rows
	if db.driver != "postgres" {
		return nil
	}
	// Else it vacuums a minute later, while somebody is measured.
	return execute(ctx, d, "VACUUM ANALYZE "+table.name())
}

func create(ctx context.Context, db database, d *runtime.DB, table string) error {
	schema, err := schemas.ReadFile("store/" + table + ".sql")
	if err != nil {
		return err
	}
	return execute(ctx, d, "DROP TABLE IF EXISTS "+table, schemaFor(db.driver, string(schema)))
}

func schemaFor(driver, schema string) string {
	if driver == "sqlite" { // go-sqlite3 looks for this very word
		return strings.Replace(schema, "timestamp(6)", "timestamp", 1)
	}
	return schema
}

// empty takes all rows out of the table. SQLite knows no TRUNCATE.
func empty(ctx context.Context, db database, d *runtime.DB, table filler) error {
	if db.driver == "sqlite" {
		return execute(ctx, d, "DELETE FROM "+table.name())
	}
	return execute(ctx, d, "TRUNCATE TABLE "+table.name())
}

func execute(ctx context.Context, d *runtime.DB, statements ...string) error {
	conn, err := d.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, statement := range statements {
		if err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
