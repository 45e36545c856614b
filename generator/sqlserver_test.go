package generator_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/odbcgen/odbcgen/generator"
	"github.com/odbcgen/odbcgen/internal/golden"
	"github.com/odbcgen/odbcgen/internal/tdsserver"
)

const ledger = `
-- queries.yaml --
version: 1
package: store
out: store
driver: sqlserver
database: ${LEDGER}
schema: [schema.sql]
queries:
  - name: GetEntry
    result: one
    sql: SELECT id, name, price, made, flags, token FROM entries WHERE id = :id AND price > :least
  - name: AddEntry
    result: one
    sql: INSERT INTO entries (name, price, made, flags, token) OUTPUT INSERTED.id VALUES (:name, :price, :made, :flags, :token)
  - name: RaisePrices
    result: affected
    sql: UPDATE entries SET price = :price WHERE name = :name
  - name: Page
    result: many
    sql: SELECT TOP (:count) id, name FROM entries ORDER BY id
bulk:
  - {name: AddEntries, table: entries, columns: [name, price, made]}
-- schema.sql --
CREATE TABLE entries (
	id    INT IDENTITY PRIMARY KEY,
	name  NVARCHAR(40) NOT NULL,
	price DECIMAL(12,2),
	made  DATETIMEOFFSET(7) NOT NULL,
	flags TINYINT NOT NULL,
	token UNIQUEIDENTIFIER
);
`

// TestSQLServer generates against a server that speaks TDS, in a scratch database, which
// is gone afterwards. The server tells the types of parameters.
func TestSQLServer(t *testing.T) {
	s := tdsserver.New(t)
	dir := t.TempDir()
	golden.Write(t, dir, txtar.Parse([]byte(ledger)).Files)
	result, err := generator.Generate(t.Context(), generator.Options{
		Spec: filepath.Join(dir, "queries.yaml"),
		Env:  func(name string) (string, bool) { return s.DSN(), name == "LEDGER" },
	})
	require.NoError(t, err)
	code := ""
	for _, f := range result.Files {
		code += string(f.Content)
	}
	for _, part := range []string{
		"GetEntry(ctx context.Context, id int32, least decimal.Decimal) (GetEntryRow, error)",
		`	ID    int32               // id INT
	Name  string              // name NVARCHAR
	Price decimal.Decimal     // price DECIMAL(12,2)
	Made  time.Time           // made DATETIMEOFFSET
	Flags uint8               // flags TINYINT
	Token sql.Null[uuid.UUID] // token UNIQUEIDENTIFIER, null
`,
		`	Name  string                    // name NVARCHAR
	Price sql.Null[decimal.Decimal] // price DECIMAL(12,2), null
	Made  time.Time                 // made DATETIMEOFFSET
	Flags uint8                     // flags TINYINT
	Token sql.Null[uuid.UUID]       // token UNIQUEIDENTIFIER, null
`,
		"AddEntry(ctx context.Context, p AddEntryParams) (int32, error)",
		"RaisePrices(ctx context.Context, price sql.Null[decimal.Decimal], name string) (int64, error)",
		"Page(ctx context.Context, count int64) ([]PageRow, error)",
	} {
		require.Contains(t, code, part)
	}
	var asked []string
	for _, r := range s.Requests() {
		if strings.Contains(r.SQL, "DATABASE") || r.By == "sp_describe_undeclared_parameters" {
			asked = append(asked, scratch.ReplaceAllString(r.SQL, "[scratch]"))
		}
	}
	require.Equal(t, "CREATE DATABASE [scratch]", asked[0])
	require.Contains(t, asked, "INSERT INTO entries (name, price, made, flags, token) OUTPUT INSERTED.id VALUES (@P1, @P2, @P3, @P4, @P5)")
	require.Equal(t, "USE master; DROP DATABASE [scratch]", asked[len(asked)-1])
}

// scratch is the name of the database that the generator makes.
var scratch = regexp.MustCompile(`\[odbcgen_\w+\]`)
