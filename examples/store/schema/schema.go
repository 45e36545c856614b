// Package schema holds the tables of the bookshop, as each database wants them
// written.
package schema

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed *.sql
var files embed.FS

// Statements returns the statements that create the tables on a database:
// sqlite, postgres or mariadb.
func Statements(database string) ([]string, error) {
	script, err := files.ReadFile(database + ".sql")
	if err != nil {
		return nil, fmt.Errorf("there is no schema for %s: %w", database, err)
	}
	// In these files, unlike in SQL at large, a semicolon at the end of a line
	// always ends a statement.
	return strings.Split(strings.TrimSuffix(string(script), ";\n"), ";\n"), nil
}
