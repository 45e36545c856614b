package runtime_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// cancelledAfter: a context that ends when all is done ends nothing.
func cancelledAfter(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		withNumbers(t, db, 100)
		for range 20 {
			ctx, cancel := context.WithCancel(t.Context())
			got, err := upTo.Many(ctx, db, 100)
			cancel()
			require.NoError(t, err)
			require.Len(t, got, 100)
			require.EqualValues(t, 1, db.Stat().Idle)
		}
	}, runtime.WithPoolSize(1))
}

// secondResult: a query is one statement. Of a text with two, PostgreSQL answers
// the first result and the second is thrown away; the others refuse it. The
// connection is in order after it.
func secondResult(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		withNumbers(t, db, 3)
		both := *ints("Both", "SELECT n FROM numbers WHERE n <= 2 ORDER BY n; SELECT n + 10 AS n FROM numbers")
		for range 3 {
			got, err := both.Many(t.Context(), db, 0)
			if db.Name == "postgres" {
				require.NoError(t, err)
				require.Equal(t, []int64{1, 2}, got)
			} else {
				requireError(t, err, runtime.Error{Query: "Both", Op: "prepare"})
			}
			n, err := count.One(t.Context(), db, 1)
			require.NoError(t, err)
			require.EqualValues(t, 3, n)
		}
	}, runtime.WithPoolSize(1))
}

// longMessages: a message beyond the 512 bytes that many clients have room for
// comes whole, in characters of several bytes, with the state and number of the
// server. unixODBC 2.3.11 ends SQLite's after 512 bytes, and takes each byte for a
// character if that is within one. MariaDB Connector/ODBC 3.1.15 has room for 472
// bytes, and leaves a longer message out; its server keeps no characters of four
// bytes in messages.
func longMessages(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		long := strings.TrimSpace(strings.Repeat("größe 漢字 ", 120))
		for _, message := range []string{long[:299], long, "x" + long, "xx" + long} { // cut at each byte of a character
			fail, state, native, want := failWith(t, db, message), "HY000", int32(1), message
			switch db.Name {
			case "sqlite":
				if len(message) > 480 {
					want = "no such table: "
				}
			case "postgres":
				state = "P0123"
			case "mariadb":
				state, native = "45123", 4711
				if len(message) > 472 {
					want = ""
				}
			}
			for range 2 {
				var e *runtime.Error
				require.ErrorAs(t, statement("Fail", fail).Exec(t.Context(), db, runtime.None{}), &e)
				require.Contains(t, e.Message, want)
				require.Equal(t, state, e.State)
				require.Equal(t, native, e.Native)
				require.Len(t, e.Diagnostics, 1)
				require.True(t, utf8.ValidString(e.Message))
			}
		}
	})
}

// failWith returns a statement that the database answers with the message.
func failWith(t *testing.T, db database, message string) string {
	switch db.Name {
	case "postgres":
		db.exec(t, "CREATE OR REPLACE FUNCTION fail() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '"+message+"' USING ERRCODE = 'P0123'; END $$")
		return "SELECT fail()"
	case "mariadb":
		db.exec(t, "CREATE OR REPLACE PROCEDURE fail() SIGNAL SQLSTATE '45123' SET MESSAGE_TEXT = '"+string([]rune(message)[:min(500, len([]rune(message)))])+"', MYSQL_ERRNO = 4711")
		return "CALL fail()"
	}
	return `SELECT * FROM "` + message + `"`
}

// TestTables: tables and views of the user's are listed, and nothing of the system's.
func TestTables(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		db.exec(t, "CREATE TABLE pairs (id INTEGER)")
		db.exec(t, "CREATE VIEW doubles AS SELECT id FROM pairs")
		c, err := db.Conn(t.Context())
		require.NoError(t, err)
		defer c.Close()
		listed, err := c.Tables(t.Context())
		require.NoError(t, err)
		var names []string
		for _, table := range listed {
			names = append(names, table.Name)
		}
		require.ElementsMatch(t, []string{"pairs", "doubles"}, names)
	})
}

// catalogAgainstPrepared: both name the same columns and types. They are known to
// disagree about NULL: SQLDescribeCol of SQLite calls every column nullable (the
// field SQL_DESC_NULLABLE is right), and MariaDB's driver does so of an
// AUTO_INCREMENT one, in the catalog too.
func catalogAgainstPrepared(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		key := byEngine{"": "BIGINT NOT NULL PRIMARY KEY", "mariadb": "BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT"}
		db.exec(t, "CREATE TABLE pairs (id "+key.of(db)+", a VARCHAR(10) NOT NULL, b INTEGER, c DECIMAL(10,2) NOT NULL, d "+blob.of(db)+")")
		c, err := db.Conn(t.Context())
		require.NoError(t, err)
		defer c.Close()
		listed, err := c.TableColumns(t.Context(), "", "pairs")
		require.NoError(t, err)
		prepared, err := c.Describe(t.Context(), "SELECT * FROM pairs")
		require.NoError(t, err)
		require.Len(t, listed, 5)
		require.Len(t, prepared.Columns, 5)
		for i, want := range []bool{true, true, false, true, false} {
			in, of := listed[i], prepared.Columns[i]
			require.Equal(t, in.Name, of.Name)
			automatic := i == 0 && db.Name == "mariadb"
			require.Equal(t, want && !automatic, in.NotNull, "%s in the catalog", in.Name)
			require.Equal(t, i == 0, in.PrimaryKey)
			require.Equal(t, want && !automatic && db.Name != "sqlite", of.NotNull, "SQLDescribeCol of %s", of.Name)
			if db.Name == "sqlite" {
				require.Equal(t, want, of.NotNullField, "SQL_DESC_NULLABLE of %s", of.Name)
			}
			plugin := db.Plugin()
			require.Equal(t, plugin.KindOf(of.TypeName, of.Type, of.Unsigned), plugin.KindOf(in.TypeName, of.Type, of.Unsigned), in.Name)
		}
	})
}

// openedAndClosed: the environment outlives every connection, and a value of the
// connection string may hold what the string is written with.
func openedAndClosed(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		at := db.Database
		switch db.Name {
		case "sqlite":
			at.DSN = "Driver=SQLite3;Database=" + filepath.Join(t.TempDir(), "a=b + {c} 'd'.db")
		case "postgres": // which trusts us whatever the password is
			at.DSN += ";PWD={a;b=c+ d}"
		default:
			at.DSN = strings.Replace(at.DSN, "PWD=p", "PWD={p}", 1)
			at.DSN += ";INITSTMT={SELECT '+ ='}"
		}
		one := runtime.Query[runtime.None, int64]{Name: "One", SQL: "SELECT 1 AS n", Columns: []runtime.Column{{Name: "n", Kind: protocol.Int64}}, Decode: decodeColumn((*protocol.Batch).Int64)}
		for range 5 {
			again, err := runtime.Open(t.Context(), at.DSN)
			require.NoError(t, err)
			n, err := one.One(t.Context(), again, runtime.None{})
			require.NoError(t, err)
			require.EqualValues(t, 1, n)
			again.Close()
			again.Close()
		}
	})
}
