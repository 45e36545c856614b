package conformance_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

var errOurs = errors.New("ours")

// insertInto is a command for a number.
func insertInto(table string) *runtime.Command[row] {
	return command("INSERT INTO "+table+" (n) VALUES (?)", protocol.Int64)
}

// commitAndRollback: what was committed is there for others, what was not is for nobody.
func commitAndRollback(t *testing.T, s *subject) {
	table := s.numbers(t, 1)
	insert := insertInto(table)
	require.NoError(t, s.InTx(t.Context(), func(tx *runtime.Tx) error { return insert.Exec(t.Context(), tx, row{int64(2)}) }))
	require.ErrorIs(t, s.InTx(t.Context(), func(tx *runtime.Tx) error {
		require.NoError(t, insert.Exec(t.Context(), tx, row{int64(3)}))
		require.Equal(t, []string{"1", "2", "3"}, s.all(t, tx, "SELECT n FROM "+table+" ORDER BY n", protocol.Int64))
		return errOurs
	}), errOurs)
	require.Equal(t, []string{"1", "2"}, s.all(t, s.connect(t), "SELECT n FROM "+table+" ORDER BY n", protocol.Int64))
}

// savepoints: an inner transaction is undone by itself, also after an error of the database.
func savepoints(t *testing.T, s *subject) {
	table := s.numbers(t, 1)
	insert := insertInto(table)
	put := func(tx *runtime.Tx, n int64) error { return insert.Exec(t.Context(), tx, row{n}) }
	require.NoError(t, s.InTx(t.Context(), func(tx *runtime.Tx) error {
		require.ErrorIs(t, tx.InTx(t.Context(), func(tx *runtime.Tx) error { require.NoError(t, put(tx, 2)); return errOurs }), errOurs)
		require.NoError(t, put(tx, 3))
		require.NoError(t, tx.InTx(t.Context(), func(tx *runtime.Tx) error {
			require.NoError(t, put(tx, 4))
			require.ErrorIs(t, tx.InTx(t.Context(), func(tx *runtime.Tx) error { require.NoError(t, put(tx, 5)); return put(tx, 1) }), driver.KindUnique)
			return put(tx, 6)
		}))
		return nil
	}))
	require.Equal(t, []string{"1", "3", "4", "6"}, s.all(t, s, "SELECT n FROM "+table+" ORDER BY n", protocol.Int64))
}

// isolation: each level that the plugin has is confirmed by the server, and ends with the
// transaction; the others are refused.
func isolation(t *testing.T, s *subject) {
	table := s.numbers(t, 1)
	usual := ""
	require.NoError(t, s.InTx(t.Context(), func(tx *runtime.Tx) error { usual = s.told(t, tx, table, ""); return nil }))
	has := s.Plugin().Transactions.Levels
	s.refused = len(has) == 0
	for level := driver.ReadUncommitted; level <= driver.Serializable; level++ {
		err := s.InTx(t.Context(), func(tx *runtime.Tx) error {
			s.told(t, tx, table, level.String())
			return nil
		}, runtime.TxIsolation(level))
		if !slices.Contains(has, level) {
			was := s.refused
			s.refuse(t, err, level.String())
			s.refused = was
			continue
		}
		require.NoError(t, err, level)
		require.NoError(t, s.InTx(t.Context(), func(tx *runtime.Tx) error { s.told(t, tx, table, usual); return nil }))
	}
}

// told returns what the server says of the level of the transaction, and waits for it to
// be the one wanted if there is one.
func (s *subject) told(t *testing.T, tx *runtime.Tx, table, want string) (level string) {
	t.Helper()
	s.all(t, tx, "SELECT n FROM "+table, protocol.Int64) // begins it
	if s.level == "" {
		return ""
	}
	require.Eventually(t, func() bool {
		told := s.all(t, tx, s.level, protocol.Text)
		if len(told) == 1 {
			level = words(told[0])
		}
		return level != "" && (want == "" || level == want)
	}, 10*time.Second, 150*time.Millisecond, "want %s", want)
	return level
}

// words returns a level as SQL writes it: MySQL's variable has dashes, and SQL Server's
// view numbers.
func words(level string) string {
	if i := slices.Index([]string{"1", "2", "3", "4"}, level); i >= 0 {
		return (driver.ReadUncommitted + driver.Isolation(i)).String()
	}
	return strings.ToUpper(strings.ReplaceAll(level, "-", " "))
}

// readOnly: a write fails, and the next transaction writes.
func readOnly(t *testing.T, s *subject) {
	table := s.numbers(t, 1)
	insert := insertInto(table)
	err := s.InTx(t.Context(), func(tx *runtime.Tx) error {
		require.Equal(t, []string{"1"}, s.all(t, tx, "SELECT n FROM "+table, protocol.Int64))
		return insert.Exec(t.Context(), tx, row{int64(2)})
	}, runtime.TxReadOnly())
	if !s.Plugin().Transactions.ReadOnly.Possible() {
		s.refuse(t, err, "read-only")
		return
	}
	require.ErrorIs(t, err, driver.KindReadOnly)
	require.NoError(t, s.InTx(t.Context(), func(tx *runtime.Tx) error { return insert.Exec(t.Context(), tx, row{int64(3)}) }))
	require.Equal(t, []string{"1", "3"}, s.all(t, s, "SELECT n FROM "+table+" ORDER BY n", protocol.Int64))
}

// readOnlyWithLevel: both hold, or are refused where a transaction can have but one.
func readOnlyWithLevel(t *testing.T, s *subject) {
	table := s.numbers(t, 1)
	can := s.Plugin().Transactions
	err := s.InTx(t.Context(), func(tx *runtime.Tx) error {
		require.Equal(t, []string{"1"}, s.all(t, tx, "SELECT n FROM "+table, protocol.Int64))
		return insertInto(table).Exec(t.Context(), tx, row{int64(2)})
	}, runtime.TxReadOnly(), runtime.TxIsolation(driver.Serializable))
	switch {
	case !can.ReadOnly.Possible():
		s.refuse(t, err, "read-only")
	case can.OneMode:
		s.refuse(t, err, can.ReadOnly.Mode)
	default:
		require.ErrorIs(t, err, driver.KindReadOnly)
	}
	require.Equal(t, []string{"1"}, s.all(t, s, "SELECT n FROM "+table, protocol.Int64))
}

// lockTimeout: who waits for a row gives up in time, and says so.
func lockTimeout(t *testing.T, s *subject) {
	table := s.numbers(t, 1)
	update := command("UPDATE " + table + " SET n = n + 1")
	other := s.connect(t, runtime.WithPoolSize(1))
	require.NoError(t, s.InTx(t.Context(), func(tx *runtime.Tx) error {
		require.NoError(t, update.Exec(t.Context(), tx, nil))
		begun := time.Now()
		err := other.InTx(t.Context(), func(tx *runtime.Tx) error { return update.Exec(t.Context(), tx, nil) }, runtime.TxLockTimeout(300*time.Millisecond))
		if !s.Plugin().Transactions.LockTimeout.Possible() {
			s.refuse(t, err, "lock timeout")
			return nil
		}
		require.ErrorIs(t, err, driver.KindLockTimeout)
		require.Greater(t, time.Since(begun), 250*time.Millisecond)
		require.Less(t, time.Since(begun), 10*time.Second)
		return nil
	}))
	require.NoError(t, update.Exec(t.Context(), other, nil))
}

// lostUpdates: of two transactions that change the same row none is lost, with retries
// where the database asks for them.
func lostUpdates(t *testing.T, s *subject) {
	table := s.numbers(t, 1)
	done := make(chan error, 2)
	for range 2 {
		go func() {
			var err error
			for range 10 {
				if err = s.InTx(t.Context(), func(tx *runtime.Tx) error {
					return command(fmt.Sprintf("UPDATE %s SET n = n + 1", table)).Exec(t.Context(), tx, nil)
				}, runtime.TxRetry(runtime.RetryPolicy{Attempts: 50})); err != nil {
					break
				}
			}
			done <- err
		}()
	}
	require.NoError(t, <-done)
	require.NoError(t, <-done)
	require.Equal(t, []string{"21"}, s.all(t, s, "SELECT n FROM "+table, protocol.Int64))
}
