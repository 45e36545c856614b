package runtime_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/tdsserver"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// The tests TestSQLServer… run on internal/tdsserver through FreeTDS. What the driver sends
// for values of all kinds, and how it reads them, is tested there.

// openSQLServer opens the server's database, with one connection unless the options say
// otherwise, and a table for entries. When the test ends nothing may be left.
func openSQLServer(t *testing.T, s *tdsserver.Server, opts ...runtime.Option) *runtime.DB {
	t.Helper()
	t.Cleanup(func() { requireNothingLive(t) }) // when it is closed
	db := openTDS(t, s, opts...)
	execOn(t, db, "CREATE TABLE entries (id INT PRIMARY KEY, name NVARCHAR(5) NOT NULL, price DECIMAL(38,10), made DATETIMEOFFSET(7))")
	return db
}

// execOn runs a statement on one of db's connections.
func execOn(t *testing.T, db *runtime.DB, sql string) {
	t.Helper()
	require.NoError(t, execOf(sql).Exec(t.Context(), db, runtime.None{}))
}

func execOf(sql string) *runtime.Command[runtime.None] {
	return &runtime.Command[runtime.None]{Name: "Exec", SQL: sql}
}

type posting struct {
	id    int32
	name  string
	price sql.Null[decimal.Decimal]
	made  *time.Time
}

func entriesTo(n int32) (all []posting) {
	for i := int32(1); i <= n; i++ {
		all = append(all, posting{id: i, name: fmt.Sprint(i % 7)})
	}
	return all
}

var addEntries = runtime.Bulk[posting]{
	Name: "AddEntries", Table: "dbo.entries",
	Columns: []runtime.Column{
		{Name: "id", Kind: protocol.Int32}, {Name: "name", Kind: protocol.NText},
		{Name: "price", Kind: protocol.Decimal, Null: true}, {Name: "made", Kind: protocol.DateTimeOffset, Null: true},
	},
	Encode: encodeEntry,
}

var addEntry = runtime.Command[posting]{
	Name: "AddEntry", SQL: "INSERT INTO entries (id, name, price, made) VALUES (?, ?, ?, ?)",
	Params: []runtime.Param{{Name: "id", Kind: protocol.Int32}, {Name: "name", Kind: protocol.NText}, {Name: "price", Kind: protocol.Decimal}, {Name: "made", Kind: protocol.DateTimeOffset}},
	Encode: encodeEntry,
}

func encodeEntry(b *protocol.Batch, e posting) {
	b.Int32(0).Append(e.id)
	b.Text(1).Append(e.name)
	b.Decimal(2).AppendNull(e.price)
	b.Timestamp(3).AppendPtr(e.made)
}

// countEntries counts those whose id is above the parameter.
var countEntries = runtime.Query[int32, int32]{
	Name: "CountEntries", SQL: "SELECT COUNT(*) AS n FROM entries WHERE id > ?",
	Params: []runtime.Param{{Name: "id", Kind: protocol.Int32}}, Columns: []runtime.Column{{Name: "n", Kind: protocol.Int32}},
	Encode: func(b *protocol.Batch, id int32) { b.Int32(0).Append(id) },
	Decode: func(rows []int32, b *protocol.Batch) {
		for i := range rows {
			rows[i] = b.Int32(0).At(i)
		}
	},
}

func requireEntries(t *testing.T, on runtime.Session, want int32) {
	t.Helper()
	got, err := countEntries.One(t.Context(), on, 0)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// lastSession is what the server knows of the session that began last.
func lastSession(s *tdsserver.Server) tdsserver.Session {
	sessions := s.Sessions()
	return sessions[len(sessions)-1]
}

// TestSQLServerIsKnown: the plugin is that for the driver, and sets the session up.
func TestSQLServerIsKnown(t *testing.T) {
	s := tdsserver.New(t)
	db, err := runtime.Open(t.Context(), strings.Replace(s.DSN(), ";ClientCharset=UTF-8", "", 1), runtime.WithWritable())
	require.NoError(t, err)
	defer db.Close()
	require.Same(t, &driver.SQLServerFreeTDS, db.Plugin())
	require.Equal(t, map[string]string{"TEXTSIZE": "2147483647"}, lastSession(s).Settings, "and a prepared SET would not last")
	s.On("SELECT N'你'", tdsserver.Rows{Columns: []tdsserver.Column{{Name: "v", Type: tdsserver.NVarchar(5)}}, Values: [][]any{{"你"}}})
	require.Equal(t, "你", cellOf(t, db, "SELECT N'你'"))
}

// TestSQLServerIsolation: the server has the level, and the next transaction another.
func TestSQLServerIsolation(t *testing.T) {
	s := tdsserver.New(t)
	db := openSQLServer(t, s)
	for _, level := range []runtime.Isolation{runtime.ReadUncommitted, runtime.ReadCommitted, runtime.RepeatableRead, runtime.Serializable} {
		require.NoError(t, db.InTx(t.Context(), func(tx *runtime.Tx) error {
			requireEntries(t, tx, 0)
			state := lastSession(s)
			require.Equal(t, level.String(), state.Isolation)
			require.Equal(t, 1, state.Transactions)
			return nil
		}, runtime.TxIsolation(level)))
		require.NoError(t, db.InTx(t.Context(), func(tx *runtime.Tx) error {
			require.Equal(t, "READ COMMITTED", lastSession(s).Isolation)
			return nil
		}))
	}
	require.ErrorIs(t, db.InTx(t.Context(), nil, runtime.TxReadOnly()), runtime.KindUnsupported)
}

// TestSQLServerLockTimeout: the wait is bounded in milliseconds for one transaction.
func TestSQLServerLockTimeout(t *testing.T) {
	s := tdsserver.New(t)
	s.On("UPDATE locked", tdsserver.Error(1222, "Lock request time out period exceeded."))
	db := openSQLServer(t, s)
	for wait, want := range map[time.Duration]int{0: 0, time.Microsecond: 1, 1500 * time.Millisecond: 1500} {
		err := db.InTx(t.Context(), func(tx *runtime.Tx) error {
			require.Equal(t, want, lastSession(s).LockTimeout)
			require.ErrorIs(t, execOf("UPDATE locked").Exec(t.Context(), tx, runtime.None{}), runtime.KindLockTimeout)
			return addEntry.Exec(t.Context(), tx, posting{id: int32(want) + 1, name: "a"}) // the transaction goes on
		}, runtime.TxLockTimeout(wait))
		require.NoError(t, err)
		require.Equal(t, -1, lastSession(s).LockTimeout)
	}
	requireEntries(t, db, 3)
}

// TestSQLServerSavepoints: they nest, and end with their transaction.
func TestSQLServerSavepoints(t *testing.T) {
	s := tdsserver.New(t)
	db := openSQLServer(t, s)
	refusal := errors.New("no")
	add := func(tx *runtime.Tx, id int32) {
		require.NoError(t, addEntry.Exec(t.Context(), tx, posting{id: id, name: "a"}))
	}
	require.NoError(t, db.InTx(t.Context(), func(tx *runtime.Tx) error {
		add(tx, 1)
		require.ErrorIs(t, tx.InTx(t.Context(), func(tx *runtime.Tx) error {
			add(tx, 2)
			require.NoError(t, tx.InTx(t.Context(), func(tx *runtime.Tx) error {
				add(tx, 3)
				return nil
			}))
			require.Equal(t, []string{"odbcgen_1", "odbcgen_2"}, lastSession(s).Savepoints)
			return refusal
		}), refusal)
		return tx.InTx(t.Context(), func(tx *runtime.Tx) error {
			add(tx, 4)
			return nil
		})
	}))
	requireEntries(t, db, 2)
}

// TestSQLServerBulk: rows travel in arrays, and the one that is refused is found, with its
// column.
func TestSQLServerBulk(t *testing.T) {
	for _, c := range []struct {
		row    int64
		spoil  func(*posting)
		kind   error
		column string
	}{
		{},
		{1, func(e *posting) { e.name = "longer" }, runtime.KindData, "name"},
		{1001, func(e *posting) { e.id = 17 }, runtime.KindUnique, ""},
		{1737, func(e *posting) { e.name = "longer" }, runtime.KindData, "name"},
		{2500, func(e *posting) { e.id = 1 }, runtime.KindUnique, ""},
	} {
		t.Run(fmt.Sprint(c.row), func(t *testing.T) {
			s := tdsserver.New(t)
			db := openSQLServer(t, s)
			rows := entriesTo(2500)
			if c.row > 0 {
				c.spoil(&rows[c.row-1])
			}
			result, err := addEntries.Insert(t.Context(), db, slices.Values(rows))
			if c.row == 0 {
				require.NoError(t, err)
				require.EqualValues(t, 2500, result.Rows)
				requireEntries(t, db, 2500)
				return
			}
			var failure *runtime.Error
			require.ErrorAs(t, err, &failure)
			require.ErrorIs(t, err, c.kind)
			require.Equal(t, c.row, failure.Row)
			require.Equal(t, c.column, failure.Column)
			requireEntries(t, db, 0)
		})
	}
}

var (
	deadlock  = tdsserver.Message{Number: 1205, State: 51, Class: 13, Text: "Transaction was deadlocked on lock resources with another process and has been chosen as the deadlock victim. Rerun the transaction."}
	duplicate = tdsserver.Message{Number: 2627, State: 1, Class: 14, Text: "Violation of PRIMARY KEY constraint 'pk'. Cannot insert duplicate key in object 'dbo.t'."}
)

// TestSQLServerEndsTransaction: where the server has ended the transaction, nothing more is
// done in it, nor by itself, and the connection is used again.
func TestSQLServerEndsTransaction(t *testing.T) {
	for name, c := range map[string]struct {
		setting string
		failure tdsserver.Message
		kind    error
	}{
		"deadlock":   {"SET XACT_ABORT OFF", deadlock, runtime.KindDeadlock},
		"XACT_ABORT": {"SET XACT_ABORT ON", duplicate, runtime.KindUnique},
	} {
		t.Run(name, func(t *testing.T) {
			s := tdsserver.New(t)
			s.On("UPDATE met", c.failure)
			plugin := driver.SQLServerFreeTDS
			plugin.Setup = []string{c.setting}
			db := openSQLServer(t, s, runtime.WithPlugin(&plugin))
			session := 0
			err := db.InTx(t.Context(), func(tx *runtime.Tx) error {
				session = lastSession(s).ID
				require.NoError(t, addEntry.Exec(t.Context(), tx, posting{id: 1, name: "a"}))
				require.ErrorIs(t, execOf("UPDATE met").Exec(t.Context(), tx, runtime.None{}), c.kind)
				require.ErrorIs(t, addEntry.Exec(t.Context(), tx, posting{id: 2, name: "a"}), runtime.KindTransaction)
				return nil
			}, runtime.NoTxRetry())
			require.ErrorIs(t, err, runtime.KindTransaction)
			requireEntries(t, db, 0)
			require.NoError(t, addEntry.Exec(t.Context(), db, posting{id: 3, name: "a"}))
			require.Equal(t, session, lastSession(s).ID, "the connection is the same")
			require.Zero(t, lastSession(s).Transactions)
			require.NoError(t, db.InTx(t.Context(), func(tx *runtime.Tx) error {
				return addEntry.Exec(t.Context(), tx, posting{id: 4, name: "a"})
			}))
			requireEntries(t, db, 2)
		})
	}
}

// TestSQLServerGoesOn: most errors end the statement only, and the transaction is committed.
func TestSQLServerGoesOn(t *testing.T) {
	s := tdsserver.New(t)
	db := openSQLServer(t, s)
	require.NoError(t, db.InTx(t.Context(), func(tx *runtime.Tx) error {
		require.NoError(t, addEntry.Exec(t.Context(), tx, posting{id: 1, name: "a"}))
		require.ErrorIs(t, addEntry.Exec(t.Context(), tx, posting{id: 1, name: "a"}), runtime.KindUnique)
		require.ErrorIs(t, execOf("SELECT nothing").Exec(t.Context(), tx, runtime.None{}), runtime.KindUnknownObject)
		return addEntry.Exec(t.Context(), tx, posting{id: 2, name: "a"})
	}))
	requireEntries(t, db, 2)
}

// TestSQLServerDeadlockRetried: the transaction is tried again.
func TestSQLServerDeadlockRetried(t *testing.T) {
	s := tdsserver.New(t)
	db := openSQLServer(t, s)
	tries := 0
	require.NoError(t, db.InTx(t.Context(), func(tx *runtime.Tx) error {
		tries++
		require.NoError(t, addEntry.Exec(t.Context(), tx, posting{id: 1, name: "a"}))
		if tries > 1 {
			return nil
		}
		s.On("UPDATE met", deadlock)
		return execOf("UPDATE met").Exec(t.Context(), tx, runtime.None{})
	}))
	require.Equal(t, 2, tries)
	requireEntries(t, db, 1)
}

// TestSQLServerNumbers: a decimal has all its digits, and a time its offset.
func TestSQLServerNumbers(t *testing.T) {
	s := tdsserver.New(t)
	db := openSQLServer(t, s)
	east := time.FixedZone("", 5*60*60+30*60)
	made := time.Date(2024, 2, 29, 23, 59, 59, 123456700, east)
	for i, price := range []string{"1.2345678901", "-7", "1234567890123456789012345678.0000000001"} {
		sent := posting{id: int32(i + 1), name: "a", price: sql.Null[decimal.Decimal]{V: decimal.RequireFromString(price), Valid: true}, made: &made}
		require.NoError(t, addEntry.Exec(t.Context(), db, sent))
	}
	require.NoError(t, addEntry.Exec(t.Context(), db, posting{id: 4, name: "a"}))
	_, err := addEntries.Insert(t.Context(), db, slices.Values([]posting{
		{id: 5, name: "a", price: sql.Null[decimal.Decimal]{V: decimal.RequireFromString("0.1"), Valid: true}, made: &made},
		{id: 6, name: "a", price: sql.Null[decimal.Decimal]{V: decimal.RequireFromString("0.1234567891"), Valid: true}},
	}))
	require.NoError(t, err)
	read := runtime.Query[runtime.None, [2]string]{Name: "Read", SQL: "SELECT price, made FROM entries ORDER BY id",
		Columns: []runtime.Column{{Name: "price", Kind: protocol.Text, Null: true}, {Name: "made", Kind: protocol.Text, Null: true}},
		Decode: func(rows [][2]string, b *protocol.Batch) {
			for i := range rows {
				rows[i] = [2]string{b.Text(0).Null(i).V, b.Text(1).Null(i).V}
			}
		}}
	got, err := read.Many(t.Context(), db, runtime.None{})
	require.NoError(t, err)
	const told = "2024-02-29 23:59:59.1234567 +05:30"
	require.Equal(t, [][2]string{
		{"1.2345678901", told}, {"-7.0000000000", told}, {"1234567890123456789012345678.0000000001", told}, {},
		{"0.1000000000", told}, {"0.1234567891", ""},
	}, got)
	times := runtime.Query[runtime.None, sql.Null[time.Time]]{Name: "Times", SQL: "SELECT made FROM entries ORDER BY id",
		Columns: []runtime.Column{{Name: "made", Kind: protocol.DateTimeOffset, Null: true}},
		Decode: func(rows []sql.Null[time.Time], b *protocol.Batch) {
			for i := range rows {
				rows[i] = b.Timestamp(0).Null(i)
			}
		}}
	all, err := times.Many(t.Context(), db, runtime.None{})
	require.NoError(t, err)
	require.True(t, all[0].V.Equal(made))
	require.False(t, all[3].Valid)
}

// TestSQLServerLong: a statement that is kept takes short texts and long ones in turn.
func TestSQLServerLong(t *testing.T) {
	s := tdsserver.New(t)
	db := openSQLServer(t, s)
	execOn(t, db, "CREATE TABLE texts (id INT PRIMARY KEY, v NVARCHAR(MAX))")
	add := runtime.Command[string]{Name: "Add", SQL: "INSERT INTO texts (id, v) VALUES (?, ?)",
		Params: []runtime.Param{{Name: "id", Kind: protocol.Int32}, {Name: "v", Kind: protocol.Text}},
		Encode: func(b *protocol.Batch, v string) { b.Int32(0).Append(int32(len(v))); b.Text(1).Append(v) }}
	var want []string
	for _, n := range []int{1, 4000, 4001, 2, 100_000, 3} {
		text := strings.Repeat("x", n)
		require.NoError(t, add.Exec(t.Context(), db, text))
		want = append(want, text)
	}
	slices.Sort(want)
	read := runtime.Query[runtime.None, string]{Name: "Read", SQL: "SELECT v FROM texts ORDER BY id", Columns: []runtime.Column{{Name: "v", Kind: protocol.Text}}, Decode: decodeText}
	got, err := read.Many(t.Context(), db, runtime.None{})
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// TestSQLServerRows: more rows than a block has.
func TestSQLServerRows(t *testing.T) {
	s := tdsserver.New(t)
	db := openSQLServer(t, s)
	_, err := addEntries.Insert(t.Context(), db, slices.Values(entriesTo(3000)))
	require.NoError(t, err)
	page := runtime.Query[[2]int64, int32]{Name: "Page", SQL: "SELECT id FROM entries ORDER BY id OFFSET ? ROWS FETCH NEXT ? ROWS ONLY",
		Params:  []runtime.Param{{Name: "offset", Kind: protocol.Int64}, {Name: "limit", Kind: protocol.Int64}},
		Columns: []runtime.Column{{Name: "id", Kind: protocol.Int32}},
		Encode:  func(b *protocol.Batch, p [2]int64) { b.Int64(0).Append(p[0]); b.Int64(1).Append(p[1]) },
		Decode:  countEntries.Decode}
	got, err := page.Many(t.Context(), db, [2]int64{10, 2900})
	require.NoError(t, err)
	require.Len(t, got, 2900)
	require.EqualValues(t, 11, got[0])
	require.EqualValues(t, 2910, got[2899])
}

// TestSQLServerErrors: the records of an error that only say that there is one have not
// the word.
func TestSQLServerErrors(t *testing.T) {
	s := tdsserver.New(t)
	_, err := runtime.Open(t.Context(), strings.Replace(s.DSN(), "Database=test", "Database=nothing", 1))
	requireNative(t, err, runtime.KindConnect, 4060)
	_, err = runtime.Open(t.Context(), strings.Replace(s.DSN(), tdsserver.Password, "wrong", 1))
	requireNative(t, err, runtime.KindAuth, 18456)
	db := openSQLServer(t, s)
	requireNative(t, execOf("SELECT FROM").Exec(t.Context(), db, runtime.None{}), runtime.KindSyntax, 102) // behind 8180
	requireNative(t, execOf("SELECT a FROM nowhere").Exec(t.Context(), db, runtime.None{}), runtime.KindUnknownObject, 208)
}

func requireNative(t *testing.T, err error, kind runtime.Kind, native int32) {
	t.Helper()
	var failure *runtime.Error
	require.ErrorAs(t, err, &failure)
	require.Equal(t, kind, failure.Kind, "%v", err)
	require.Equal(t, native, failure.Native, "%v", err)
}

// TestSQLServerLost: the connection is told lost, and another one is made.
func TestSQLServerLost(t *testing.T) {
	s := tdsserver.New(t)
	s.On("SELECT lost", tdsserver.Disconnect{})
	db := openSQLServer(t, s)
	err := execOf("SELECT lost").Exec(t.Context(), db, runtime.None{})
	requireNative(t, err, runtime.KindConnection, 20017)
	require.True(t, runtime.IsConnectionError(err))
	requireEntries(t, db, 0)
}

// TestSQLServerCancel: the end of a context interrupts the server, and a server that does
// not hear it, the link.
func TestSQLServerCancel(t *testing.T) {
	for _, deaf := range []bool{false, true} {
		t.Run(fmt.Sprint("deaf ", deaf), func(t *testing.T) {
			s := tdsserver.New(t)
			pause := &tdsserver.Pause{Deaf: deaf}
			defer pause.Open()
			s.On("UPDATE slow", pause, tdsserver.Affected(1))
			db := openSQLServer(t, s)
			session := 0
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go func() {
				<-pause.Reached()
				cancel()
			}()
			err := db.InTx(ctx, func(tx *runtime.Tx) error {
				session = lastSession(s).ID
				return execOf("UPDATE slow").Exec(ctx, tx, runtime.None{})
			})
			require.ErrorIs(t, err, context.Canceled)
			requireEntries(t, db, 0)
			require.Equal(t, !deaf, lastSession(s).ID == session, "the connection is the same")
		})
	}
}

// TestSQLServerSession: a session that a user has changed is not the next one's.
func TestSQLServerSession(t *testing.T) {
	s := tdsserver.New(t)
	db := openSQLServer(t, s)
	for _, statement := range []string{"SET NOCOUNT ON", "SELECT 1 AS n SET LOCK_TIMEOUT 5"} {
		s.On("SELECT 1 AS n SET LOCK_TIMEOUT 5", tdsserver.Affected(0))
		before := lastSession(s).ID
		conn, err := db.Conn(t.Context())
		require.NoError(t, err)
		require.NoError(t, conn.Exec(t.Context(), statement))
		conn.Close()
		requireEntries(t, db, 0)
		require.NotEqual(t, before, lastSession(s).ID, statement)
		require.Equal(t, map[string]string{"TEXTSIZE": "2147483647"}, lastSession(s).Settings)
	}
}

// TestSQLServerScope: what Conn.Exec sets, lasts.
func TestSQLServerScope(t *testing.T) {
	s := tdsserver.New(t)
	s.CreateDatabase("shop")
	db := openSQLServer(t, s)
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.Exec(t.Context(), "SET XACT_ABORT ON"))
	require.NoError(t, conn.Exec(t.Context(), "USE shop"))
	require.Equal(t, "ON", lastSession(s).Settings["XACT_ABORT"])
	require.Equal(t, "shop", lastSession(s).Database)
}

// TestSQLServerErrorFollows: an error behind the first result of a statement fails it,
// however it is run.
func TestSQLServerErrorFollows(t *testing.T) {
	s := tdsserver.New(t)
	rows := tdsserver.Rows{Columns: []tdsserver.Column{{Name: "n", Type: tdsserver.Int, NotNull: true}}, Values: [][]any{{7}}}
	late := tdsserver.Error(50000, "too late")
	s.On("EXEC read_and_fail", rows, late)
	s.On("EXEC write_and_fail", tdsserver.Affected(1), rows, tdsserver.Affected(2), late)
	s.On("EXEC count_and_fail", tdsserver.Affected(1), late)
	s.On("EXEC read_and_write", rows, tdsserver.Affected(2), rows)
	db := openSQLServer(t, s)
	read := func(sql string) *runtime.Query[runtime.None, int32] {
		return &runtime.Query[runtime.None, int32]{Name: "Read", SQL: sql, Columns: []runtime.Column{{Name: "n", Kind: protocol.Int32}}, Decode: countEntries.Decode}
	}
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	for name, run := range map[string]func() error{
		"many": func() error { _, err := read("EXEC read_and_fail").Many(t.Context(), conn, runtime.None{}); return err },
		"one":  func() error { _, err := read("EXEC read_and_fail").One(t.Context(), conn, runtime.None{}); return err },
		"stream": func() (err error) {
			n := 0
			for _, err = range read("EXEC read_and_fail").Stream(t.Context(), conn, runtime.None{}) {
				n++
			}
			require.Equal(t, 2, n, "a row and the error")
			return err
		},
		"exec": func() error { return execOf("EXEC write_and_fail").Exec(t.Context(), conn, runtime.None{}) },
		"affected": func() error {
			_, err := execOf("EXEC count_and_fail").Affected(t.Context(), conn, runtime.None{})
			return err
		},
		"direct": func() error { return conn.Exec(t.Context(), "EXEC write_and_fail") },
	} {
		requireNative(t, run(), runtime.KindUser, 50000)
		n, err := read("EXEC read_and_write").One(t.Context(), conn, runtime.None{})
		require.NoError(t, err, name)
		require.EqualValues(t, 7, n, name)
	}
}
