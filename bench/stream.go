package main

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"strings"
	"time"

	_ "embed"

	_ "github.com/alexbrainman/odbc" // the driver "odbc"

	"github.com/odbcgen/odbcgen/bench/store"
)

// stream reads a whole table, row by row, and touches every value.
var stream = scenario{
	name:      "stream-300k",
	unit:      "rows/s",
	prepare:   fillPeople,
	floor:     "stream",
	arguments: []string{streamSQL},
	contenders: []contender{
		{ours, streamOurs},
		{"alexbrainman", streamAlexbrainman},
		{"native", streamNative},
	},
}

const streamSQL = "SELECT id, name, score, created, note FROM people"

//go:embed store/schema.sql
var schema string

// fillPeople makes the table new.
func fillPeople(ctx context.Context, db database, rows int) (fmt.Stringer, error) {
	d, err := db.open(ctx)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	conn, err := d.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	for _, statement := range []string{"DROP TABLE IF EXISTS people", schemaOf(db.driver)} {
		if err := conn.Exec(ctx, statement); err != nil {
			return nil, err
		}
	}
	if _, err := store.New(conn).InsertPeople(ctx, people(rows)); err != nil {
		return nil, err
	}
	if db.driver == "postgres" { // else it vacuums a minute later, while somebody is measured
		if err := conn.Exec(ctx, "VACUUM ANALYZE people"); err != nil {
			return nil, err
		}
	}
	return checksumOf(rows), nil
}

func schemaOf(driver string) string {
	if driver == "sqlite" { // go-sqlite3 looks for this very word
		return strings.Replace(schema, "timestamp(6)", "timestamp", 1)
	}
	return schema
}

// people yields the table's rows, the same on every run. Scores are quarters:
// SQLite's driver reads doubles with 15 digits.
func people(rows int) iter.Seq[store.InsertPeopleRow] {
	begin := time.Date(2020, 2, 28, 0, 0, 0, 0, time.UTC)
	words := strings.Repeat("lorem ipsum dolor sit amet ", 4)
	return func(yield func(store.InsertPeopleRow) bool) {
		for i := range rows {
			row := store.InsertPeopleRow{
				ID:      int64(i + 1),
				Name:    fmt.Sprintf("José Müller %d", 7919*i%rows),
				Score:   float64(i) / 4,
				Created: begin.Add(time.Duration(i) * 61_000_123 * time.Microsecond),
			}
			if i%10 > 0 {
				row.Note = sql.Null[string]{V: words[:13*i%101], Valid: true}
			}
			if !yield(row) {
				return
			}
		}
	}
}

// checksum is what a scan comes to, whatever the order of rows. Its text is what
// the C program prints.
type checksum struct {
	rows, ids, quarters, micros, text, nulls uint64
}

func checksumOf(rows int) *checksum {
	sum := new(checksum)
	for p := range people(rows) {
		sum.add(p.ID, p.Name, p.Score, p.Created, p.Note)
	}
	return sum
}

func (c *checksum) add(id int64, name string, score float64, created time.Time, note sql.Null[string]) {
	c.rows++
	c.ids += uint64(id)
	c.quarters += uint64(int64(4 * score))
	c.micros += uint64(created.UnixMicro())
	c.text += bytesOf(name) + bytesOf(note.V)
	if !note.Valid {
		c.nulls++
	}
}

func bytesOf(text string) (sum uint64) {
	for i := range len(text) {
		sum += uint64(text[i])
	}
	return sum
}

func (c *checksum) String() string {
	return fmt.Sprintf("rows=%d ids=%d quarters=%d micros=%d text=%d nulls=%d", c.rows, c.ids, c.quarters, c.micros, c.text, c.nulls)
}

func streamOurs(ctx context.Context, db database) (work, error) {
	d, err := db.open(ctx)
	if err != nil {
		return nil, err
	}
	queries := store.New(d)
	return func(ctx context.Context) (fmt.Stringer, error) {
		sum := new(checksum)
		for p, err := range queries.StreamPeople(ctx) {
			if err != nil {
				return nil, err
			}
			sum.add(p.ID, p.Name, p.Score, p.Created, p.Note)
		}
		return sum, nil
	}, nil
}

func streamAlexbrainman(ctx context.Context, db database) (work, error) {
	// Without it the driver takes integers of SQLite for 32-bit ones.
	return streamSQLDriver(ctx, "odbc", db.dsn+";BigInt=1")
}

// streamSQLDriver scans through database/sql.
func streamSQLDriver(ctx context.Context, driver, dsn string) (work, error) {
	d, err := sql.Open(driver, dsn)
	if err != nil {
		return nil, err
	}
	d.SetMaxOpenConns(1)
	statement, err := d.PrepareContext(ctx, streamSQL)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (fmt.Stringer, error) { return scanRows(ctx, statement) }, nil
}

func scanRows(ctx context.Context, statement *sql.Stmt) (*checksum, error) {
	rows, err := statement.QueryContext(ctx)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	sum := new(checksum)
	for rows.Next() {
		var p store.StreamPeopleRow
		if err := rows.Scan(&p.ID, &p.Name, &p.Score, &p.Created, &p.Note); err != nil {
			return nil, err
		}
		sum.add(p.ID, p.Name, p.Score, p.Created, p.Note)
	}
	return sum, rows.Err()
}
