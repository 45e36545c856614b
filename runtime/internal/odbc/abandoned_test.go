package odbc_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// TestAbandonedCall: a driver that heeds no cancel and has no socket, SQLite's that
// waits for a lock, keeps nobody waiting. Its connection answers at once from then
// on, and is closed when the driver lets go.
func TestAbandonedCall(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	at := testdb.SQLite(t)
	testdb.Exec(t, at, "CREATE TABLE numbers (n BIGINT)")
	holder, waiter := connect(t, at.DSN), connect(t, at.DSN+";Timeout=60000")
	require.NoError(t, waiter.CancelApart())
	s, err := waiter.Prepare(t.Context(), "UPDATE numbers SET n = 1", odbc.StmtOptions{})
	require.NoError(t, err)
	require.NoError(t, holder.SetAutocommit(t.Context(), false))
	require.NoError(t, holder.ExecDirect(t.Context(), "INSERT INTO numbers VALUES (1)"))

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	deadline, _ := ctx.Deadline()
	require.ErrorIs(t, s.Execute(ctx), context.DeadlineExceeded)
	t.Logf("%v after the deadline", time.Since(deadline))
	require.Less(t, time.Since(deadline), time.Second)
	_, stuck := odbc.Calls()
	require.Equal(t, 1, stuck)
	require.True(t, waiter.Broken())
	require.NotNil(t, waiter.Stuck())
	requireRefused(t, waiter, s)

	require.NoError(t, holder.Rollback(t.Context()))
	select {
	case <-waiter.Stuck():
	case <-time.After(10 * time.Second):
		t.Fatal("the driver has not let go")
	}
	holder.Close()
	requireNothingLeft(t)
}

// TestTooManyCalls: a call beyond the bound waits for its turn, not longer than its
// context, and nothing is lost by that.
func TestTooManyCalls(t *testing.T) {
	at := testdb.SQLite(t)
	c := connect(t, at.DSN)
	free := odbc.FillCalls()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, c.ExecDirect(ctx, "CREATE TABLE numbers (n BIGINT)"), context.DeadlineExceeded)
	_, err := odbc.Connect(ctx, at.DSN)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	done := make(chan error)
	go func() { done <- c.ExecDirect(t.Context(), "CREATE TABLE numbers (n BIGINT)") }()
	free()
	require.NoError(t, <-done)
	require.False(t, c.Broken())
	c.Close()
	requireNothingLeft(t)
}

// TestNoPlaces: what sqliteodbc says of the row and column of a record is not told.
func TestNoPlaces(t *testing.T) {
	c := connect(t, testdb.SQLite(t).DSN)
	defer c.Close()
	c.NoPlaces()
	for range 100 {
		var failed *odbc.Error
		require.ErrorAs(t, c.ExecDirect(t.Context(), "SELECT nothing FROM nowhere"), &failed)
		require.NotEmpty(t, failed.Records)
		for _, r := range failed.Records {
			require.Zero(t, r.Row)
			require.Zero(t, r.Column)
		}
	}
}

func connect(t *testing.T, dsn string) *odbc.Conn {
	t.Helper()
	c, err := odbc.Connect(t.Context(), dsn)
	require.NoError(t, err)
	return c
}

// requireRefused makes each call on a connection that is stuck.
func requireRefused(t *testing.T, c *odbc.Conn, s *odbc.Stmt) {
	t.Helper()
	ctx := t.Context()
	b := protocol.NewBatch([]protocol.ColumnSpec{{Kind: protocol.Int64}}, 1)
	_, prepared := c.Prepare(ctx, "SELECT 1", odbc.StmtOptions{})
	_, _, fetched := s.Fetch(ctx, s.NewRowset(b, nil, 1), 1)
	_, described := s.DescribeColumn(0)
	_, param := s.DescribeParam(0)
	_, affected := s.Affected()
	_, next := s.NextResult(ctx)
	_, tables := c.List(ctx, odbc.Tables, odbc.Object{}, "TABLE,VIEW")
	for name, err := range map[string]error{
		"Prepare": prepared, "ExecDirect": c.ExecDirect(ctx, "SELECT 1"), "Execute": s.Execute(ctx), "Fetch": fetched,
		"CloseCursor": s.CloseCursor(), "UnbindParams": s.UnbindParams(), "DescribeColumn": described, "DescribeParam": param,
		"Affected": affected, "NextResult": next, "Tables": tables,
		"SetAutocommit": c.SetAutocommit(ctx, true), "Commit": c.Commit(ctx), "Rollback": c.Rollback(ctx),
	} {
		require.ErrorContains(t, err, "given up", name)
	}
	require.True(t, c.Dead(ctx))
	require.Zero(t, c.Server())
	require.Zero(t, s.ColumnSize(0))
	require.Zero(t, s.TypeCode(0))
	require.Empty(t, s.ColumnName(0))
	require.False(t, s.IsUnsigned(0))
	require.False(t, c.AnyOrder())
	c.SetAttribute(1, 1)
	s.Close()
	c.Close()
	_, statements := odbc.Live()
	require.NotZero(t, statements, "the driver uses it still")
}

func requireNothingLeft(t *testing.T) {
	t.Helper()
	connections, statements := odbc.Live()
	require.Zero(t, connections)
	require.Zero(t, statements)
	underWay, stuck := odbc.Calls()
	require.Zero(t, underWay)
	require.Zero(t, stuck)
}
