package runtime_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
)

// TestErrorClasses provokes errors on the databases themselves.
func TestErrorClasses(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		db.exec(t, `CREATE TABLE author (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(5) NOT NULL CHECK (name <> 'x'));
			CREATE TABLE book (id BIGINT NOT NULL PRIMARY KEY, author BIGINT REFERENCES author (id), title VARCHAR(5));
			INSERT INTO author VALUES (1, 'a')`)
		if db.Name == "sqlite" {
			require.NoError(t, statement("On", "PRAGMA foreign_keys = ON").Exec(t.Context(), db, runtime.None{}))
		}
		for _, test := range []struct {
			sql  string
			kind runtime.Kind
		}{
			{"INSERT INTO author VALUES (1, 'b')", driver.KindUnique},
			{"INSERT INTO author VALUES (2, NULL)", driver.KindNotNull},
			{"INSERT INTO author VALUES (2, 'x')", driver.KindCheck},
			{"INSERT INTO book VALUES (1, 9, 'b')", driver.KindForeignKey},
			{"SELEC 1", driver.KindSyntax},
			{"DELETE FROM nowhere_else", driver.KindUnknownObject},
			{"UPDATE author SET nix = 1", driver.KindUnknownObject},
			{"INSERT INTO author VALUES (2, 'much too long')", driver.KindData},
		} {
			if db.Name == "sqlite" && test.kind == driver.KindData {
				continue // SQLite knows no lengths
			}
			err := statement("Wrong", test.sql).Exec(t.Context(), db, runtime.None{})
			var e *runtime.Error
			require.ErrorAs(t, err, &e, test.sql)
			require.Equal(t, runtime.Validation, e.Category, "%s: %v", test.sql, err)
			require.Equal(t, test.kind, e.Kind, "%s: %v", test.sql, err)
			require.Equal(t, runtime.StatementRolledBack, e.Outcome, "%s: %v", test.sql, err)
			require.Equal(t, runtime.ScopeNone, e.Retry)
			require.False(t, runtime.IsRetryable(err))
			require.False(t, runtime.IsConnectionError(err))
		}
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		err := statement("Cancelled", "DELETE FROM book").Exec(cancelled, db, runtime.None{})
		var e *runtime.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, driver.KindCancelled, e.Kind)
		require.False(t, runtime.IsRetryable(err))
	}, runtime.WithPoolSize(1))
}

// TestConnectClasses: what keeps a connection from being made, of a database that is
// not known yet.
func TestConnectClasses(t *testing.T) {
	refused := refusingPort(t)
	postgres, mariadb := testdb.Postgres(t).DSN, testdb.MariaDB(t).DSN
	for _, test := range []struct {
		connection string
		category   runtime.Category
		kind       runtime.Kind
		retry      runtime.Scope
	}{
		{"Driver=No Such Driver", runtime.Fatal, driver.KindConfig, runtime.ScopeNone},
		{"Driver=PostgreSQL Unicode;Server=127.0.0.1;Port=" + refused + ";Database=d;UID=u", runtime.Transient, driver.KindConnect, runtime.ScopeConnect},
		{"Driver=MariaDB Unicode;SERVER=127.0.0.1;PORT=" + refused + ";UID=u", runtime.Transient, driver.KindConnect, runtime.ScopeConnect},
		{"Driver=SQLite3;Database=/no/such/folder/a.db", runtime.Fatal, driver.KindConfig, runtime.ScopeNone},
		{with(postgres, "Database", "nix"), runtime.Fatal, driver.KindConfig, runtime.ScopeNone},
		{with(postgres, "UID", "nobody"), runtime.Fatal, driver.KindAuth, runtime.ScopeNone},
		{with(mariadb, "PWD", "wrong"), runtime.Fatal, driver.KindAuth, runtime.ScopeNone},
		{with(mariadb, "DATABASE", "nix"), runtime.Fatal, driver.KindConfig, runtime.ScopeNone},
	} {
		_, err := runtime.Open(t.Context(), test.connection)
		var e *runtime.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, test.category, e.Category, "%v", err)
		require.Equal(t, test.kind, e.Kind, "%v", err)
		require.Equal(t, test.retry, e.Retry, "%v", err)
		require.Equal(t, runtime.NotSent, e.Outcome, "%v", err)
		require.Equal(t, test.retry == runtime.ScopeConnect, runtime.IsRetryable(err), "%v", err)
		require.True(t, runtime.IsConnectionError(err), "%v", err)
	}
}

// with returns a connection string with another value for a key.
func with(connection, key, value string) string {
	parts := strings.Split(connection, ";")
	for i, part := range parts {
		if k, _, _ := strings.Cut(part, "="); strings.EqualFold(k, key) {
			parts[i] = k + "=" + value
		}
	}
	return strings.Join(parts, ";")
}
