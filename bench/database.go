package main

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	_ "github.com/alexbrainman/odbc" // the driver "odbc"
	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	_ "github.com/mattn/go-sqlite3" // the driver "sqlite3"

	"github.com/odbcgen/odbcgen/runtime"
)

// database is a database that the bench may fill.
type database struct {
	driver string // name of its plugin
	dsn    string // ODBC connection string
}

// databasesIn returns the databases: SQLite in the folder, the others where
// withdb has put them. SQLite does not wait for the disk, as they do not.
func databasesIn(folder string) ([]database, error) {
	databases := []database{
		{"sqlite", "Driver=SQLite3;SyncPragma=OFF;Database=" + filepath.Join(folder, "bench.db")},
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
func (db database) open(ctx context.Context, options ...runtime.Option) (*runtime.DB, error) {
	return runtime.Open(ctx, db.dsn, append([]runtime.Option{runtime.WithPoolSize(1)}, options...)...)
}

// openAlexbrainman opens it through alexbrainman/odbc.
func (db database) openAlexbrainman() (*sql.DB, error) {
	// Without BigInt the driver takes integers of SQLite for 32-bit ones.
	return openSQL("odbc", db.dsn+";BigInt=1")
}

// openGoSQLite opens it through mattn/go-sqlite3.
func (db database) openGoSQLite() (*sql.DB, error) {
	return openSQL("sqlite3", "file:"+keysOf(db.dsn)["database"]+"?_synchronous=OFF")
}

// openGoMySQL opens it through go-sql-driver/mysql. It writes parameters of
// statements that are not prepared into their text, which saves round trips.
func (db database) openGoMySQL() (*sql.DB, error) {
	keys := keysOf(db.dsn)
	config := mysql.NewConfig()
	config.User, config.Passwd, config.DBName = keys["uid"], keys["pwd"], keys["database"]
	config.Net, config.Addr = "tcp", net.JoinHostPort(keys["server"], keys["port"])
	config.ParseTime, config.InterpolateParams = true, true
	return openSQL("mysql", config.FormatDSN())
}

// openNativeSQL opens it through the driver of database/sql that needs no ODBC.
// PostgreSQL is not for it: see connectPgx.
func (db database) openNativeSQL() (*sql.DB, error) {
	if db.driver == "sqlite" {
		return db.openGoSQLite()
	}
	return db.openGoMySQL()
}

func openSQL(driver, dsn string) (*sql.DB, error) {
	d, err := sql.Open(driver, dsn)
	if err != nil {
		return nil, err
	}
	d.SetMaxOpenConns(1)
	return d, nil
}

// connectPgx connects to PostgreSQL through jackc/pgx.
func (db database) connectPgx(ctx context.Context) (*pgx.Conn, error) {
	keys := keysOf(db.dsn)
	return pgx.Connect(ctx, fmt.Sprintf("host=%s port=%s dbname=%s user=%s", keys["server"], keys["port"], keys["database"], keys["uid"]))
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
