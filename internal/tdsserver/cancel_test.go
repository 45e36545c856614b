package tdsserver_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	. "github.com/odbcgen/odbcgen/internal/tdsserver"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// TestAttention: the end of a context interrupts what the server does, and the
// connection goes on.
func TestAttention(t *testing.T) {
	for name, answers := range map[string]func(*Pause) []Answer{
		"before rows":  func(p *Pause) []Answer { return []Answer{p, numbers(1)} },
		"behind rows":  func(p *Pause) []Answer { return []Answer{numbers(3), p} },
		"in an update": func(p *Pause) []Answer { return []Answer{p, Affected(1)} },
	} {
		t.Run(name, func(t *testing.T) {
			s := New(t)
			pause := &Pause{}
			s.On("SELECT n FROM slow", answers(pause)...)
			db := open(t, s, runtime.WithPlugin(&freeTDS))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go func() {
				<-pause.Reached()
				cancel()
			}()
			_, err := query("SELECT n FROM slow", nil, protocol.Int32).Many(ctx, db, nil)
			require.ErrorIs(t, err, context.Canceled)
			require.Eventually(t, func() bool { return slices.Contains(told(s), "attention") }, patience, tick)
			rows, err := query("SELECT @@SPID", nil, protocol.Int16).Many(t.Context(), db, nil)
			require.NoError(t, err)
			require.Equal(t, int16(51), rows[0][0], "the connection is the same")
		})
	}
}

// TestDelay: an answer may take its time, and is interrupted as well.
func TestDelay(t *testing.T) {
	s := New(t)
	s.On("SELECT soon", Delay(10*time.Millisecond), numbers(1))
	s.On("SELECT late", Delay(time.Hour), numbers(1))
	db := open(t, s, runtime.WithPlugin(&freeTDS))
	begun := time.Now()
	_, err := query("SELECT soon", nil, protocol.Int32).Many(t.Context(), db, nil)
	require.NoError(t, err)
	require.GreaterOrEqual(t, time.Since(begun), 10*time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = query("SELECT late", nil, protocol.Int32).Many(ctx, db, nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// TestTimeout: the driver interrupts a statement that has a time limit.
func TestTimeout(t *testing.T) {
	s := New(t)
	s.On("SELECT late", &Pause{}, numbers(1))
	require.Equal(t, lines(
		"SQLExecDirect -1", "  HYT00 0 [FreeTDS][SQL Server]Timeout expired", "  HY008 0 [FreeTDS][SQL Server]Operation was cancelled",
		"result of 1 columns, count -1", "row\t51",
	), call(t, s.DSN(), "attribute|statement|0|1", "direct|SELECT late", "direct|SELECT @@SPID"))
	require.Equal(t, []string{"batch SELECT late", "attention", "batch SELECT @@SPID"}, told(s))
}

// TestHalfRead: a result that is not read to its end is ended by an attention.
func TestHalfRead(t *testing.T) {
	s := New(t)
	s.On("SELECT n FROM t", numbers(100_000))
	db := open(t, s, runtime.WithPlugin(&freeTDS))
	for row, err := range query("SELECT n FROM t", nil, protocol.Int32).Stream(t.Context(), db, nil) {
		require.NoError(t, err)
		require.Equal(t, []any{int32(1)}, row)
		break
	}
	require.Contains(t, told(s), "attention")
	got, err := query("SELECT n FROM t", nil, protocol.Int32).Many(t.Context(), db, nil)
	require.NoError(t, err)
	require.Len(t, got, 100_000)
}

// TestLost: a server that is gone in the middle of an answer is an error of the
// connection, and the next call gets another one.
func TestLost(t *testing.T) {
	for name, answers := range map[string][]Answer{
		"at once":     {Disconnect{}},
		"behind rows": {numbers(3), Delay(0), Disconnect{}},
		"told":        {Message{Number: 596, State: 1, Class: 21, Text: "Cannot continue the execution because the session is in the kill state."}},
	} {
		t.Run(name, func(t *testing.T) {
			s := New(t)
			s.On("SELECT n FROM lost", answers...)
			db := open(t, s, runtime.WithPlugin(&freeTDS))
			_, err := query("SELECT n FROM lost", nil, protocol.Int32).Many(t.Context(), db, nil)
			require.True(t, runtime.IsConnectionError(err), "%v", err)
			rows, err := query("SELECT @@SPID", nil, protocol.Int16).Many(t.Context(), db, nil)
			require.NoError(t, err)
			require.Equal(t, int16(52), rows[0][0])
		})
	}
}

// TestDeaf: a server that does not hear an attention holds a call until the connection
// is closed.
func TestDeaf(t *testing.T) {
	s := New(t)
	pause := &Pause{Deaf: true}
	s.On("SELECT n FROM deaf", pause, numbers(1))
	db := open(t, s, runtime.WithPlugin(&freeTDS))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		<-pause.Reached()
		cancel()
	}()
	_, err := query("SELECT n FROM deaf", nil, protocol.Int32).Many(ctx, db, nil)
	require.ErrorIs(t, err, context.Canceled)
	pause.Open()
}

// TestClose: the end of the server ends what waits.
func TestClose(t *testing.T) {
	s := New(t)
	pause := &Pause{}
	s.On("SELECT n FROM slow", pause, numbers(1))
	db := open(t, s, runtime.WithPlugin(&freeTDS))
	go func() {
		<-pause.Reached()
		s.Close()
	}()
	_, err := query("SELECT n FROM slow", nil, protocol.Int32).Many(t.Context(), db, nil)
	require.True(t, runtime.IsConnectionError(err), "%v", err)
	s.Close()
	require.False(t, slices.ContainsFunc(s.Sessions(), func(s Session) bool { return s.Open }))
}
