package faults_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

const mega = 1 << 20

// TestF8_SlowReader: the memory of a stream does not grow with its rows, however
// slowly they are taken, and a cancelled one ends at once.
func TestF8_SlowReader(t *testing.T) {
	rows := 1_000_000
	if testing.Short() {
		rows = 200_000
	}
	for _, at := range []testdb.Database{testdb.Postgres(t), testdb.SQLite(t)} { // MariaDB's driver reads whole results
		t.Run(at.Name, func(t *testing.T) {
			leavesNothing(t, 4)
			db := open(t, at)
			db.withNumbers(t, rows)
			wide := texts("Wide", map[string]string{
				"postgres": "SELECT repeat('x', 200) || n AS s FROM numbers",
				"sqlite":   "SELECT printf('%0200d', n) AS s FROM numbers",
			}[at.Name])
			var early, late int
			read := 0
			for _, err := range wide.Stream(t.Context(), db, 0) {
				require.NoError(t, err)
				if read++; read%1000 == 0 {
					time.Sleep(time.Millisecond) // which is the fault
				}
				switch read {
				case rows / 10:
					early = resident(t)
				case rows - 1:
					late = resident(t)
				}
			}
			require.Equal(t, rows, read)
			t.Logf("resident %d MB after a tenth, %d MB at the end", early/mega, late/mega)
			require.Less(t, late-early, 16*mega)
			requireCancelled(t, db, wide)
		})
	}
}

// requireCancelled cancels a stream within its rows.
func requireCancelled(t *testing.T, db database, q *runtime.Query[int64, string]) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	var at time.Time
	read := 0
	for _, err := range q.Stream(ctx, db, 0) {
		last = err
		if read++; read == 20_000 {
			at = time.Now()
			cancel()
		}
	}
	require.Less(t, time.Since(at), 100*time.Millisecond)
	require.ErrorIs(t, last, context.Canceled)
}

// resident returns the bytes of memory that the process has.
func resident(t testing.TB) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	require.NoError(t, err)
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	require.NoError(t, err)
	return pages * os.Getpagesize()
}

// TestF35_HugeRows: a long value comes as a whole or not at all, and so does a row of
// very many columns.
func TestF35_HugeRows(t *testing.T) {
	length := int64(256 * mega)
	if testing.Short() {
		length = 64 * mega
	}
	onServers(t, func(t *testing.T, e engine) {
		at := e.shared(t)
		leavesNothing(t, 4)
		db := open(t, at, sized(1))
		before := resident(t)
		s, err := texts("Huge", "SELECT repeat('x', ?) AS s").One(t.Context(), db, length)
		if e.name == "mariadb" { // whose function gives NULL above max_allowed_packet
			require.Error(t, err)
		} else {
			require.NoError(t, err)
			require.Len(t, s, int(length))
			require.Equal(t, strings.Count(s, "x"), len(s))
		}
		grown := int64(resident(t) - before)
		t.Logf("%d MB for a value of %d MB", grown/mega, length/mega)
		require.Less(t, grown, 12*length) // as the driver has it, as we take it, and garbage
		db.serves(t)
	})
	t.Run("1600 columns", func(t *testing.T) {
		at := testdb.Postgres(t)
		leavesNothing(t, 4)
		db := open(t, at)
		var items []string
		q := ints("Wide", "")
		q.Columns = nil
		for i := range 1600 {
			items = append(items, fmt.Sprintf("%d AS c%d", i, i))
			q.Columns = append(q.Columns, runtime.Column{Name: fmt.Sprint("c", i), Kind: protocol.Int64})
		}
		// Not of a table: psqlODBC 13.02 needs 12 s to look up so many columns in the catalog.
		q.SQL = "SELECT " + strings.Join(items, ", ")
		q.Decode = func(rows []int64, b *protocol.Batch) {
			for i := range rows {
				for c := range q.Columns {
					rows[i] += b.Int64(c).At(i)
				}
			}
		}
		sum, err := q.One(t.Context(), db, 0)
		require.NoError(t, err)
		require.EqualValues(t, 1600*1599/2, sum)
	})
}

// TestF29_DiskFull: an insert that finds no room leaves none of its rows, and the
// connection is in order.
func TestF29_DiskFull(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		at := testdb.SQLite(t)
		leavesNothing(t, 4)
		db := open(t, at)
		newLedger(t, db)
		c, err := db.Conn(t.Context())
		require.NoError(t, err)
		defer c.Close()
		require.NoError(t, c.Exec(t.Context(), "PRAGMA max_page_count = 20"))
		fillDisk(t, db, c)
	})
	t.Run("postgres", func(t *testing.T) {
		if os.Geteuid() != 0 {
			t.Skip("only root can make a small disk")
		}
		server := testdb.OwnPostgres(t)
		at := server.Fresh(t)
		leavesNothing(t, 4)
		db := open(t, at)
		place := smallDisk(t, server)
		db.exec(t, "CREATE TABLESPACE small LOCATION '"+place+"'")
		db.exec(t, "CREATE TABLE entries (n BIGINT NOT NULL) TABLESPACE small")
		fillDisk(t, db, db.DB)
		db.exec(t, "DROP TABLE entries")
		db.exec(t, "DROP TABLESPACE small")
	})
}

// fillDisk inserts more rows than there is room for.
func fillDisk(t *testing.T, db database, session runtime.Session) {
	t.Helper()
	_, err := insertEntries.Insert(t.Context(), session, numbersTo(200_000))
	requireKind(t, err, runtime.Fatal, driver.KindDiskFull)
	require.False(t, runtime.IsRetryable(err))
	n, err := ints("Count", "SELECT count(*) AS n FROM entries").One(t.Context(), session, 0)
	require.NoError(t, err)
	require.Zero(t, n)
	if db.Name == "postgres" { // where dead rows take their room until a vacuum
		db.exec(t, "TRUNCATE entries")
	}
	require.NoError(t, insertEntry.Exec(t.Context(), session, 1))
	require.Equal(t, [][]string{{"1"}}, db.shown(t, "SELECT n FROM entries"))
}
