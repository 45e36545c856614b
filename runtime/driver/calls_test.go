package driver_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/driver"
)

// TestCallStatements: the statements that call a procedure and a function with a
// parameter of each direction.
func TestCallStatements(t *testing.T) {
	params := []driver.Direction{driver.In, driver.Out, driver.InOut}
	escaped := [3]string{`{call P(?, ?, ?)}`, `{? = call P(?)}`, `{call P(?)}`}
	want := map[string][3]string{
		"postgres":  {`CALL P(?, NULL, ?)`, `SELECT * FROM P(?)`, `CALL P(?)`},
		"mariadb":   {`CALL P(?, ?, ?)`, `SELECT P(?)`, `CALL P(?)`},
		"mysql":     {`CALL P(?, ?, ?)`, `SELECT P(?)`, `CALL P(?)`},
		"snowflake": {`CALL P(?, ?)`, `CALL P(?)`, `CALL P(?)`},
		"sqlserver": escaped, "sybase": escaped, "oracle": escaped, "db2": escaped, "generic": escaped,
	}
	for _, p := range append(driver.All(), &driver.SQLServerFreeTDS) {
		calls := p.Calls
		if calls.Procedure.Text == "" {
			require.Equal(t, "sqlite", p.Name)
			continue
		}
		require.Equal(t, want[p.Name], [3]string{
			calls.Procedure.Statement("P", params, false),
			calls.Function.Statement("P", []driver.Direction{driver.Return, driver.In}, false),
			calls.Procedure.Statement("P", params[:1], false),
		}, p.Name)
	}
}

// TestCallCursor: a REF CURSOR stands in the statement only where the database wants one,
// and a statement without values is another one where its rows would be empty.
func TestCallCursor(t *testing.T) {
	params := []driver.Direction{driver.Cursor, driver.In}
	require.Equal(t, `{call "P"(?)}`, driver.Oracle.Calls.Procedure.Statement(`"P"`, params, false))
	require.Equal(t, `CALL "P"(NULL, ?)`, driver.Postgres.Calls.Procedure.Statement(`"P"`, params, false))
	require.Equal(t, `SELECT * FROM "P"(?)`, driver.Postgres.Calls.Function.Statement(`"P"`, params, false))
	require.Equal(t, `SELECT FROM "P"(?)`, driver.Postgres.Calls.Function.Statement(`"P"`, params[1:], false))
	require.Equal(t, `SELECT * FROM "P"(?)`, driver.Postgres.Calls.Function.Statement(`"P"`, params[1:], true))
	require.Equal(t, `SELECT * FROM "%s"()`, driver.Postgres.Calls.Function.Statement(`"%s"`, []driver.Direction{driver.Return}, false))
}

// TestDirection writes the directions as specs do.
func TestDirection(t *testing.T) {
	require.Equal(t, "in out inout return cursor", driver.In.String()+" "+driver.Out.String()+" "+driver.InOut.String()+" "+driver.Return.String()+" "+driver.Cursor.String())
	require.Equal(t, "Direction(9)", driver.Direction(9).String())
}
