//go:build linux

package runtime_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
)

// TestBudgetRace: two DBs pass the places of a budget to and fro.
func TestBudgetRace(t *testing.T) {
	at := testdb.Postgres(t)
	budget, err := runtime.NewBudget(2)
	require.NoError(t, err)
	one := open(t, at, runtime.WithPoolSize(2), runtime.WithBudget(budget))
	one.exec(t, "CREATE TABLE numbers (n BIGINT)")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	two := open(t, at, runtime.WithPoolSize(2), runtime.WithBudget(budget))
	var users sync.WaitGroup
	for _, db := range []database{one, two, one, two} {
		users.Go(func() {
			for range 100 {
				if _, err := count.One(ctx, db, 1); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	users.Wait()
	one.Close()
	two.Close()
}

// TestBudgetAbandoned: the place of an abandoned connection comes back.
func TestBudgetAbandoned(t *testing.T) {
	at := testdb.Postgres(t)
	testdb.Exec(t, at, "CREATE TABLE numbers (n BIGINT)")
	l, behind := linkTo(t, at)
	budget, err := runtime.NewBudget(1)
	require.NoError(t, err)
	db := open(t, behind, runtime.WithPoolSize(1), runtime.WithBudget(budget))
	_, err = count.One(t.Context(), db, 1)
	require.NoError(t, err)
	ctx, _ := deadlineSoon(t)
	l.stalled.Store(true)
	_, err = count.One(ctx, db, 1)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	l.stalled.Store(false)
	l.mu.Lock()
	for _, c := range l.conns {
		c.Close()
	}
	l.mu.Unlock()
	require.Eventually(t, func() bool {
		underWay, stuck := odbc.Calls()
		return underWay == 0 && stuck == 0
	}, 10*time.Second, 5*time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
	defer cancel()
	_, err = count.One(ctx, db, 1)
	require.NoError(t, err)
	db.Close()
}
