package main

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"strings"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	_ "github.com/mattn/go-sqlite3" // the driver "sqlite3"

	"github.com/odbcgen/odbcgen/bench/store"
)

// streamNative scans through the driver that Go programs use without ODBC.
func streamNative(ctx context.Context, db database) (work, error) {
	return nativeStreams[db.driver](ctx, keysOf(db.dsn))
}

var nativeStreams = map[string]func(context.Context, map[string]string) (work, error){
	"sqlite":   streamGoSQLite,
	"postgres": streamPgx,
	"mariadb":  streamGoMySQL,
}

// keysOf returns the values of a connection string, which must be plain, by
// their keys in lower case.
func keysOf(dsn string) map[string]string {
	keys := make(map[string]string)
	for part := range strings.SplitSeq(dsn, ";") {
		key, value, _ := strings.Cut(part, "=")
		keys[strings.ToLower(key)] = value
	}
	return keys
}

func streamGoSQLite(ctx context.Context, keys map[string]string) (work, error) {
	return streamSQLDriver(ctx, "sqlite3", "file:"+keys["database"])
}

func streamGoMySQL(ctx context.Context, keys map[string]string) (work, error) {
	config := mysql.NewConfig()
	config.User, config.Passwd, config.DBName = keys["uid"], keys["pwd"], keys["database"]
	config.Net, config.Addr = "tcp", net.JoinHostPort(keys["server"], keys["port"])
	config.ParseTime = true
	return streamSQLDriver(ctx, "mysql", config.FormatDSN())
}

func streamPgx(ctx context.Context, keys map[string]string) (work, error) {
	conn, err := pgx.Connect(ctx, fmt.Sprintf("host=%s port=%s dbname=%s user=%s", keys["server"], keys["port"], keys["database"], keys["uid"]))
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (fmt.Stringer, error) { return scanPgx(ctx, conn) }, nil
}

// scanPgx scans into variables that stay, as pgx does fastest.
func scanPgx(ctx context.Context, conn *pgx.Conn) (*checksum, error) {
	rows, err := conn.Query(ctx, streamSQL)
	if err != nil {
		return nil, err
	}
	var p store.StreamPeopleRow
	var note *string
	sum := new(checksum)
	_, err = pgx.ForEachRow(rows, []any{&p.ID, &p.Name, &p.Score, &p.Created, &note}, func() error {
		p.Note = sql.Null[string]{}
		if note != nil {
			p.Note = sql.Null[string]{V: *note, Valid: true}
		}
		sum.add(p.ID, p.Name, p.Score, p.Created, p.Note)
		return nil
	})
	return sum, err
}
