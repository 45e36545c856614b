package tdsserver_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/odbcgen/odbcgen/internal/tdsserver"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// TestLogin: who is let in, and what is told to those who are not.
func TestLogin(t *testing.T) {
	s := New(t)
	s.CreateDatabase("shop")
	for _, l := range []struct {
		name, old, new string
		want           string
	}{
		{"right", "", "", ""},
		{"other database", "Database=test", "Database=shop", ""},
		{"no database", "Database=test;", "", ""},
		{"wrong password", Password, "wrong", lines(
			"SQLDriverConnect -1",
			"  42000 18456 [FreeTDS][SQL Server]Login failed for user 'sa'.",
			"  08001 0 [FreeTDS][SQL Server]Unable to connect to data source")},
		{"unknown user", "UID=sa", "UID=nobody", lines(
			"SQLDriverConnect -1",
			"  42000 18456 [FreeTDS][SQL Server]Login failed for user 'nobody'.",
			"  08001 0 [FreeTDS][SQL Server]Unable to connect to data source")},
		{"unknown database", "Database=test", "Database=nothing", lines(
			"SQLDriverConnect -1",
			"  42000 18456 [FreeTDS][SQL Server]Login failed for user 'sa'.",
			"  42000 4060 [FreeTDS][SQL Server]Cannot open database \"nothing\" requested by the login. The login failed.",
			"  08001 0 [FreeTDS][SQL Server]Unable to connect to data source")},
	} {
		t.Run(l.name, func(t *testing.T) {
			dsn := strings.Replace(s.DSN(), l.old, l.new, 1)
			require.Equal(t, l.want, call(t, dsn))
		})
	}
	var databases []string
	for _, session := range s.Sessions() {
		databases = append(databases, session.Database)
	}
	require.Equal(t, []string{"test", "shop", "master"}, databases)
}

// TestLoginKinds: what the runtime makes of refusals.
func TestLoginKinds(t *testing.T) {
	s := New(t)
	_, err := runtime.Open(t.Context(), strings.Replace(s.DSN(), Password, "wrong", 1))
	require.ErrorIs(t, err, runtime.KindAuth)
	require.NotContains(t, err.Error(), Password)
	_, err = runtime.Open(t.Context(), strings.Replace(s.DSN(), "Database=test", "Database=nothing", 1))
	require.ErrorIs(t, err, runtime.KindConnect)
	require.ErrorContains(t, err, "SQLSTATE 42000, native 4060") // which is told behind 18456
	s.Close()
	_, err = runtime.Open(t.Context(), s.DSN())
	require.ErrorIs(t, err, runtime.KindConnect)
}

// TestConnections: several sessions at a time, each with its own state.
func TestConnections(t *testing.T) {
	s := New(t)
	db := open(t, s, runtime.WithPlugin(&freeTDS), runtime.WithPoolSize(8))
	var together, all sync.WaitGroup
	together.Add(8)
	ids := make([]int16, 8)
	for i := range ids {
		all.Go(func() {
			err := db.InTx(t.Context(), func(tx *runtime.Tx) error {
				together.Done()
				together.Wait()
				rows, err := query("SELECT @@SPID", nil, protocol.Int16).Many(t.Context(), tx, nil)
				if err == nil {
					ids[i] = rows[0][0].(int16)
				}
				return err
			})
			require.NoError(t, err)
		})
	}
	all.Wait()
	slices.Sort(ids)
	require.Len(t, slices.Compact(ids), 8)
	db.Close()
	require.Eventually(t, func() bool {
		return !slices.ContainsFunc(s.Sessions(), func(s Session) bool { return s.Open })
	}, patience, tick, "sessions end with their connections")
}

// TestPackets: values are whole, however small the packets are.
func TestPackets(t *testing.T) {
	for _, size := range []int{512, 1000, 4096} {
		s := New(t)
		s.LimitPackets(size)
		long := strings.Repeat("0123456789你", 5_000)
		s.On("SELECT @P1", Rows{Columns: []Column{{Name: "v", Type: NVarchar(Max)}}, Values: [][]any{{long}, {""}, {long}}})
		db := open(t, s)
		got, err := query("SELECT ?", []protocol.Kind{protocol.Text}, protocol.Text).Many(t.Context(), db, []any{long})
		require.NoError(t, err)
		require.Equal(t, [][]any{{long}, {""}, {long}}, got)
		require.Equal(t, long, sent(s, Execute)[0].Params[0].Value)
		sessions := s.Sessions()
		require.Equal(t, size, sessions[len(sessions)-1].PacketSize)
		db.Close()
	}
}

// TestOldProtocols: those that are not spoken here are refused.
func TestOldProtocols(t *testing.T) {
	s := New(t)
	for _, version := range []string{"7.2", "7.3", "7.4"} {
		require.Empty(t, call(t, strings.Replace(s.DSN(), "TDS_Version=7.4", "TDS_Version="+version, 1)))
	}
	for _, version := range []string{"5.0", "7.0", "7.1"} {
		require.Contains(t, call(t, strings.Replace(s.DSN(), "TDS_Version=7.4", "TDS_Version="+version, 1)), "SQLDriverConnect -1")
	}
}
