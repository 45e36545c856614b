// Command bench measures generated code against the floor, a C program that does
// the same through ODBC, and against peers, other Go drivers of the same
// database. See README.md.
//
// Figures are only compared within one run: the contenders take turns on the same
// database, each in a process of its own, and all must come to the same result.
package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"

	"github.com/odbcgen/odbcgen/runtime"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	do := measure
	if len(os.Args) > 1 {
		do = func(ctx context.Context) error { return serve(ctx, os.Args[1:]) }
	}
	if err := do(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

var scenarios = []scenario{stream}

// measure runs every scenario on every database, and writes the results.
func measure(ctx context.Context) error {
	rows, err := number("BENCH_ROWS", 300_000)
	if err != nil {
		return err
	}
	repeat, err := number("BENCH_REPEAT", 7)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	databases, err := databasesIn(folder)
	if err != nil {
		return err
	}
	var results []result
	for _, s := range scenarios {
		for _, db := range databases {
			r, err := run{s, db, rows, repeat, folder}.measure(ctx)
			if err != nil {
				return fmt.Errorf("%s on %s: %w", s.name, db.driver, err)
			}
			results = append(results, r)
		}
	}
	printTable(os.Stdout, results)
	return writeJSON("results.json", results)
}

// number returns the number above 0 that the environment variable holds.
func number(variable string, otherwise int) (int, error) {
	text := cmp.Or(os.Getenv(variable), strconv.Itoa(otherwise))
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%s=%s is not a number above 0", variable, text)
	}
	return n, nil
}

// database is a database that the bench may fill.
type database struct {
	driver string // name of its plugin
	dsn    string // ODBC connection string
}

// databasesIn returns the databases: SQLite in the folder, the others where
// withdb has put them.
func databasesIn(folder string) ([]database, error) {
	databases := []database{
		{"sqlite", "Driver=SQLite3;Database=" + filepath.Join(folder, "bench.db")},
		{"postgres", os.Getenv("ODBCGEN_TEST_POSTGRES")},
		{"mariadb", os.Getenv("ODBCGEN_TEST_MARIADB")},
	}
	for _, db := range databases {
		if db.dsn == "" {
			return nil, fmt.Errorf("no %s database: run me under withdb", db.driver)
		}
	}
	return databases, nil
}

// open opens the database with what is measured.
func (db database) open(ctx context.Context) (*runtime.DB, error) {
	return runtime.Open(ctx, db.dsn, runtime.WithPoolSize(1))
}
