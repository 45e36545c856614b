package tdsserver_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/odbcgen/odbcgen/internal/tdsserver"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// TestTransaction: the requests of a transaction, and the server's state in it.
func TestTransaction(t *testing.T) {
	s := New(t)
	s.On("INSERT …", Affected(1))
	for _, c := range []struct {
		commands []string
		want     []string
		state    Session
	}{
		{[]string{"attribute|connection|102|0", "direct|INSERT INTO t", "commit"},
			[]string{"BEGIN TRANSACTION", "INSERT INTO t", "COMMIT TRANSACTION; BEGIN TRANSACTION"}, Session{}},
		{[]string{"attribute|connection|102|0", "direct|INSERT INTO t", "rollback", "attribute|connection|102|1"},
			[]string{"BEGIN TRANSACTION", "INSERT INTO t", "ROLLBACK TRANSACTION; BEGIN TRANSACTION", "ROLLBACK TRANSACTION"}, Session{}},
		{[]string{"attribute|connection|108|8"}, []string{"SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"}, Session{Isolation: "SERIALIZABLE"}},
		{[]string{"attribute|connection|108|1"}, []string{"SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED"}, Session{Isolation: "READ UNCOMMITTED"}},
		{[]string{"direct|set transaction  isolation level snapshot"}, []string{"set transaction  isolation level snapshot"}, Session{Isolation: "SNAPSHOT"}},
		{[]string{"direct|SET LOCK_TIMEOUT 100"}, []string{"SET LOCK_TIMEOUT 100"}, Session{LockTimeout: 100}},
		{[]string{"direct|SET XACT_ABORT ON;SET NOCOUNT OFF"}, []string{"SET XACT_ABORT ON;SET NOCOUNT OFF"},
			Session{Settings: map[string]string{"XACT_ABORT": "ON", "NOCOUNT": "OFF"}}},
		{[]string{"direct|USE master"}, []string{"USE master"}, Session{Database: "master"}},
	} {
		s.Forget()
		out := call(t, s.DSN(), c.commands...)
		require.NotContains(t, out, "-1\n  ", "%v", c.commands)
		var all []string
		for _, r := range s.Requests() {
			all = append(all, r.SQL)
		}
		require.Equal(t, c.want, all)
		last := ended(t, s)
		want := Session{ID: last.ID, User: User, Database: "test", PacketSize: 4096, Isolation: "READ COMMITTED", LockTimeout: -1, Settings: map[string]string{}}
		fill(&want, c.state)
		require.Equal(t, want, last)
	}
}

// fill sets what is given.
func fill(s *Session, given Session) {
	if given.Isolation != "" {
		s.Isolation = given.Isolation
	}
	if given.LockTimeout != 0 {
		s.LockTimeout = given.LockTimeout
	}
	if given.Settings != nil {
		s.Settings = given.Settings
	}
	if given.Database != "" {
		s.Database = given.Database
	}
}

// TestSavepoints: they are the session's, as transactions are.
func TestSavepoints(t *testing.T) {
	s := New(t)
	db := open(t, s, runtime.WithPlugin(&freeTDS))
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	exec := func(sql string) error { return conn.Exec(t.Context(), sql) }
	state := func() Session { sessions := s.Sessions(); return sessions[len(sessions)-1] }
	number := func(sql string) any {
		rows, err := query("SELECT "+sql, nil, protocol.Int32).Many(t.Context(), conn, nil)
		require.NoError(t, err)
		return rows[0][0]
	}

	requireMessage(t, exec("SAVE TRANSACTION a"), 628)
	requireMessage(t, exec("COMMIT"), 3902)
	requireMessage(t, exec("ROLLBACK TRANSACTION"), 3903)
	require.NoError(t, exec("IF @@TRANCOUNT > 0 ROLLBACK"))
	require.NoError(t, exec("BEGIN TRANSACTION"))
	require.NoError(t, exec("SAVE TRANSACTION a"))
	require.NoError(t, exec("save tran [b c]"))
	require.Equal(t, []string{"a", "b c"}, state().Savepoints)
	require.Equal(t, int32(1), number("@@TRANCOUNT"))
	require.NoError(t, exec("ROLLBACK TRANSACTION a"))
	require.Equal(t, []string{"a"}, state().Savepoints)
	requireMessage(t, exec("ROLLBACK TRANSACTION [b c]"), 6401)
	require.NoError(t, exec("BEGIN TRAN"))
	require.Equal(t, int32(2), number("@@TRANCOUNT"))
	require.NoError(t, exec("COMMIT TRAN"))
	require.Equal(t, int32(1), number("@@TRANCOUNT"))
	require.NoError(t, exec("IF @@TRANCOUNT > 0 COMMIT"))
	require.Equal(t, int32(0), number("@@TRANCOUNT"))
	require.Empty(t, state().Savepoints)
	require.NoError(t, exec("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
	require.Equal(t, int32(3), number("transaction_isolation_level FROM sys.dm_exec_sessions WHERE session_id = @@SPID"))
	require.Equal(t, int32(-1), number("@@LOCK_TIMEOUT"))
}

func requireMessage(t *testing.T, err error, number int32) {
	t.Helper()
	var failure *runtime.Error
	require.ErrorAs(t, err, &failure)
	// The driver puts messages of a higher class first, 8180 before 102.
	told := func(d runtime.Diagnostic) bool { return d.Native == number }
	require.True(t, slices.ContainsFunc(failure.Diagnostics, told), "%v", failure.Diagnostics)
}

// TestInTx: transactions of the runtime.
func TestInTx(t *testing.T) {
	s := New(t)
	s.On("INSERT …", Affected(1))
	db := open(t, s, runtime.WithPlugin(&freeTDS))
	insert := command("INSERT INTO t VALUES (1)")
	refusal := errors.New("no")
	for _, c := range []struct {
		with error
		want string
	}{{nil, "COMMIT"}, {refusal, "ROLLBACK"}} {
		s.Forget()
		err := db.InTx(t.Context(), func(tx *runtime.Tx) error {
			require.NoError(t, insert.Exec(t.Context(), tx, nil))
			sessions := s.Sessions()
			require.Equal(t, 1, sessions[len(sessions)-1].Transactions)
			return c.with
		})
		require.ErrorIs(t, err, c.with)
		sessions := s.Sessions()
		require.Zero(t, sessions[len(sessions)-1].Transactions)
		var asked []string
		for _, r := range sent(s, Transaction) {
			asked = append(asked, r.SQL)
		}
		// Autocommit on rolls back what the driver has begun behind the end of the transaction.
		require.Equal(t, []string{"BEGIN TRANSACTION", c.want + " TRANSACTION; BEGIN TRANSACTION", "ROLLBACK TRANSACTION"}, asked)
	}
}

// TestEndedByServer: FreeTDS 1.3.17 begins no transaction after the server has ended
// one: what comes then is committed by itself, and the end of the transaction fails.
func TestEndedByServer(t *testing.T) {
	deadlock := Message{Number: 1205, State: 51, Class: 13, Text: "Transaction (Process ID 51) was deadlocked on lock resources with another process and has been chosen as the deadlock victim. Rerun the transaction."}
	for _, c := range []struct {
		name, setup string
		failure     Message
	}{
		{"deadlock", "SET NOCOUNT OFF", deadlock},
		{"XACT_ABORT", "SET XACT_ABORT ON", duplicate},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := New(t)
			s.On("UPDATE t", c.failure)
			s.On("INSERT …", Affected(1))
			out := call(t, s.DSN(), "direct|"+c.setup, "attribute|connection|102|0", "direct|UPDATE t", "direct|SELECT @@TRANCOUNT", "direct|INSERT INTO t", "commit", "direct|SELECT @@TRANCOUNT")
			require.Contains(t, out, lines("result of 1 columns, count -1", "row\t0", "result of 0 columns, count 1",
				"SQLEndTran -1", "  25000 3902 [FreeTDS][SQL Server]The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION.",
				"result of 1 columns, count -1", "row\t0"))
		})
	}
}
