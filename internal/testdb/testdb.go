// Package testdb gives tests real databases, each fresh for the test that asks:
// a SQLite file, a PostgreSQL and a MariaDB database on private servers.
//
// The servers come from the environment (see [EnvPostgres]), where the command
// withdb puts them for a whole test run, or are started once per test process.
// Nothing here goes through the code under test: databases are made and looked
// into with the databases' own command-line clients.
//
// A database that cannot be had fails the test. It is never skipped.
package testdb

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Database is a database that belongs to one test.
type Database struct {
	Name string // the engine: sqlite, postgres or mariadb
	DSN  string // ODBC connection string
}

// All returns one database of each engine, all empty, all gone after the test.
func All(t testing.TB) []Database {
	t.Helper()
	return []Database{SQLite(t), Postgres(t), MariaDB(t)}
}

// SQLite returns a SQLite database whose file does not exist yet.
func SQLite(t testing.TB) Database {
	file := filepath.Join(t.TempDir(), "test.db")
	return Database{Name: "sqlite", DSN: "Driver=SQLite3;Database=" + file}
}

// Postgres returns an empty PostgreSQL database.
// Connections left open to it are cut when the test ends.
func Postgres(t testing.TB) Database {
	t.Helper()
	return fresh(t, Database{Name: "postgres", DSN: running(t).Postgres}, "DROP DATABASE %s WITH (FORCE)")
}

// MariaDB returns an empty MariaDB database.
// A transaction left open in it fails the test when it ends.
func MariaDB(t testing.TB) Database {
	t.Helper()
	return fresh(t, Database{Name: "mariadb", DSN: running(t).MariaDB}, "SET lock_wait_timeout = 10; DROP DATABASE %s")
}

// running returns the servers of this process.
func running(t testing.TB) *Servers {
	t.Helper()
	servers, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return servers
}

// shared holds on to the servers that it starts until the process ends, and
// their lifeline ends them then: a test process has no last moment of its own.
var shared = sync.OnceValues(func() (*Servers, error) {
	given := Servers{Postgres: os.Getenv(EnvPostgres), MariaDB: os.Getenv(EnvMariaDB)}
	if given.Postgres != "" && given.MariaDB != "" {
		return &given, nil
	}
	servers, _, err := Start(context.Background())
	return servers, err
})

// fresh creates a database on server, and drops it after the test.
func fresh(t testing.TB, server Database, drop string) Database {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text())
	Exec(t, server, "CREATE DATABASE "+name)
	t.Cleanup(func() { Exec(t, server, fmt.Sprintf(drop, name)) })
	return Database{Name: server.Name, DSN: inDatabase(server.DSN, name)}
}

// inDatabase returns dsn with another database name in it.
func inDatabase(dsn, name string) string {
	parts := strings.Split(dsn, ";")
	for i, part := range parts {
		if key, _, _ := strings.Cut(part, "="); strings.EqualFold(key, "Database") {
			parts[i] = key + "=" + name
		}
	}
	return strings.Join(parts, ";")
}
