package faults_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// TestF31_InvalidTextOfADatabase: a database that knows no encoding holds bytes that
// are no UTF-8. They come as they are or not at all.
func TestF31_InvalidTextOfADatabase(t *testing.T) {
	server := testdb.OwnPostgres(t)
	testdb.Exec(t, server.Database, "DROP DATABASE IF EXISTS ascii")
	testdb.Exec(t, server.Database, "CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
	ascii := server.Database
	ascii.DSN = replaceKey(ascii.DSN, "Database", "Database=ascii")
	testdb.Exec(t, ascii, `CREATE TABLE bytes AS SELECT E'a\xff\xfe\xc3z' AS s`)
	for _, driverName := range []string{"PostgreSQL Unicode", "PostgreSQL ANSI"} {
		t.Run(driverName, func(t *testing.T) {
			at := ascii
			at.DSN = replaceKey(at.DSN, "Driver", "Driver="+driverName)
			leavesNothing(t, 4)
			db := open(t, at)
			s, err := texts("Bytes", "SELECT s FROM bytes").One(t.Context(), db, 0)
			t.Logf("%q, %v", s, err)
			if err != nil {
				requireKind(t, err, runtime.Validation, driver.KindData)
			} else {
				require.Equal(t, "a\xff\xfe\xc3z", s)
			}
			s, err = texts("Good", `SELECT 'grün' AS s`).One(t.Context(), db, 0)
			require.NoError(t, err)
			require.Equal(t, "grün", s)
		})
	}
}

// TestF34_SchemaDrift: a table changes under a statement that is kept. The statement is
// prepared once more, or the error says what is wrong.
func TestF34_SchemaDrift(t *testing.T) {
	for _, at := range testdb.All(t) {
		t.Run(at.Name, func(t *testing.T) {
			leavesNothing(t, 4)
			db := open(t, at, sized(1))
			db.exec(t, "CREATE TABLE people (id BIGINT NOT NULL, n BIGINT)")
			db.exec(t, "INSERT INTO people VALUES (1, 10)")
			all := ints("All", "SELECT * FROM people")
			all.Columns = []runtime.Column{{Name: "id", Kind: protocol.Int64}, {Name: "n", Kind: protocol.Int64}}
			all.Driver = at.Name // so that columns are compared
			insert := command("Insert", "INSERT INTO people (id, n) VALUES (?, ?)")
			use := func() error {
				_, err := all.Many(t.Context(), db, 0)
				return errors.Join(err, insert.Exec(t.Context(), db, 2))
			}
			require.NoError(t, use())
			require.NoError(t, use())

			db.exec(t, "ALTER TABLE people ADD COLUMN added VARCHAR(10)")
			if err := use(); err != nil {
				requireKind(t, err, runtime.Validation, driver.KindStale)
			}
			db.exec(t, "ALTER TABLE people DROP COLUMN added")
			require.NoError(t, use(), "as it was")

			db.exec(t, "ALTER TABLE people RENAME COLUMN n TO m")
			err := use()
			require.Equal(t, runtime.Validation, runtime.CategoryOf(err), "%v", err)
			db.exec(t, "ALTER TABLE people RENAME COLUMN m TO n")
			require.NoError(t, use(), "as it was")

			db.exec(t, "DROP TABLE people")
			requireKind(t, use(), runtime.Validation, driver.KindUnknownObject)
			db.exec(t, "CREATE TABLE people (id BIGINT NOT NULL, n BIGINT)")
			require.NoError(t, use(), "another table of the name")
		})
	}
}

// TestF43_OversizedPacket: a value that the server takes no packet for fails
// alone, and is not sent again; rows fit in packets by BulkRows.
func TestF43_OversizedPacket(t *testing.T) {
	at := testdb.OwnMariaDB(t, "--max-allowed-packet=1M").Fresh(t)
	leavesNothing(t, 4)
	db := open(t, at)
	db.exec(t, "CREATE TABLE documents (body LONGTEXT NOT NULL)")
	body := []runtime.Column{{Name: "body", Kind: protocol.Text}}
	encode := func(b *protocol.Batch, s string) { b.Text(0).Append(s) }
	insert := &runtime.Command[string]{Name: "Insert", SQL: "INSERT INTO documents VALUES (?)", Params: []runtime.Param{{Name: "body", Kind: protocol.Text}}, Encode: encode}
	err := insert.Exec(t.Context(), db, strings.Repeat("x", 4*mega))
	t.Log(err)
	require.Error(t, err)
	require.False(t, runtime.IsRetryable(err))
	require.NoError(t, insert.Exec(t.Context(), db, "short"))

	bulk := &runtime.Bulk[string]{Name: "InsertAll", Table: "documents", Columns: body, Encode: encode}
	many := slices.Repeat([]string{strings.Repeat("y", 8192)}, 1000)
	_, err = bulk.Insert(t.Context(), db, slices.Values(many)) // its driver makes one packet of a set
	require.Error(t, err)
	require.False(t, runtime.IsRetryable(err))
	require.Equal(t, [][]string{{"1"}}, db.shown(t, "SELECT count(*) FROM documents"))
	_, err = bulk.Insert(t.Context(), db, slices.Values(many), runtime.BulkRows(50))
	require.NoError(t, err)
	require.Equal(t, [][]string{{"1001"}}, db.shown(t, "SELECT count(*) FROM documents"))
	db.serves(t)
}
