package runtime_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// strategiesOf are the ways of a bulk insert that work on the engine. SQLite's
// driver gives each row of an array the length of the first one's bytes, and
// psqlodbc counts only the last row of an array.
func strategiesOf(db database) map[string]driver.Bulk {
	own := db.Plugin().Bulk
	loop, rows, arrays := own, own, own
	loop.Rows = 1
	rows.Strategy, rows.Rows = driver.BulkRows, 50
	arrays.Strategy, arrays.Counts = driver.BulkArrays, false
	all := map[string]driver.Bulk{"own": own, "loop": loop, "rows": rows}
	if db.Name != "sqlite" {
		all["arrays"] = arrays
	}
	return all
}

// byStrategy runs a test with each strategy.
func byStrategy(t *testing.T, db database, test func(t *testing.T, db database)) {
	for name, bulk := range strategiesOf(db) {
		t.Run(name, func(t *testing.T) {
			plugin := *db.Plugin()
			plugin.Bulk = bulk
			other := open(t, db.Database, runtime.WithPlugin(&plugin))
			defer other.Close()
			test(t, other)
		})
	}
}

// member is a row of a table with constraints.
type member struct {
	id     int64
	name   sql.Null[string]
	age    int32
	parent sql.Null[int64]
}

var insertMembers = runtime.Bulk[member]{
	Name: "InsertMembers", Table: "members",
	Columns: []runtime.Column{
		{Name: "id", Kind: protocol.Int64}, {Name: "name", Kind: protocol.Text},
		{Name: "age", Kind: protocol.Int32}, {Name: "parent", Kind: protocol.Int64},
	},
	Encode: func(b *protocol.Batch, m member) {
		b.Int64(0).Append(m.id)
		b.Text(1).AppendNull(m.name)
		b.Int32(2).Append(m.age)
		b.Int64(3).AppendNull(m.parent)
	},
}

func createMembers(t *testing.T, db database) {
	db.exec(t, `CREATE TABLE parents (id BIGINT NOT NULL PRIMARY KEY);
		INSERT INTO parents VALUES (1);
		CREATE TABLE members (id BIGINT PRIMARY KEY, name VARCHAR(10) NOT NULL, age INTEGER CHECK (age < 200), parent BIGINT,
			FOREIGN KEY (parent) REFERENCES parents (id))`)
}

func membersTo(n int) []member {
	members := make([]member, n)
	for i := range members {
		members[i] = member{int64(i + 1), sql.Null[string]{V: "größe", Valid: true}, int32(i % 100), sql.Null[int64]{V: 1, Valid: i%2 == 0}}
	}
	return members
}

var members = ints("Members", "SELECT count(*) AS n FROM members WHERE id >= ?")

func requireMembers(t *testing.T, on runtime.Session, want int64) {
	t.Helper()
	n, err := members.One(t.Context(), on, 0)
	require.NoError(t, err)
	require.Equal(t, want, n)
}

// TestBulkBadRow: whatever is wrong with a row, wherever it stands and however
// rows are sent, the error names the row, with the driver's own words for it.
func TestBulkBadRow(t *testing.T) {
	faults := []struct {
		name   string
		spoil  func(*member)
		column byEngine // that the driver names
		not    string   // engine that has no such constraint
	}{
		{"duplicate", func(m *member) { m.id = 1000 }, byEngine{"sqlite": "id", "postgres": "id"}, ""},
		{"null", func(m *member) { m.name.Valid = false }, byEngine{"": "name"}, ""},
		{"too long", func(m *member) { m.name.V = strings.Repeat("ö", 11) }, byEngine{"mariadb": "name"}, "sqlite"},
		{"check", func(m *member) { m.age = 200 }, byEngine{}, ""},
		{"foreign key", func(m *member) { m.parent = sql.Null[int64]{V: 99, Valid: true} }, byEngine{"postgres": "parent", "mariadb": "parent"}, ""},
	}
	onAll(t, func(t *testing.T, db database) {
		createMembers(t, db)
		db.exec(t, "INSERT INTO members VALUES (1000, 'here', 1, NULL)")
		byStrategy(t, db, func(t *testing.T, db database) {
			for _, fault := range faults {
				if fault.not == db.Name {
					continue
				}
				for _, bad := range [][]int{{1}, {32}, {50}, {51}, {90, 120}, {120}} {
					rows := membersTo(120)
					for _, row := range bad {
						fault.spoil(&rows[row-1])
					}
					result, err := insertMembers.Insert(t.Context(), db, slices.Values(rows), runtime.BulkRows(50))
					e := requireError(t, err, runtime.Error{Query: "InsertMembers", Op: "execute", Row: int64(bad[0]), Column: fault.column.of(db)})
					require.NotEmpty(t, e.Diagnostics, fault.name)
					require.ErrorContains(t, err, fmt.Sprintf("row %d", bad[0]))
					require.Zero(t, result)
					requireMembers(t, db, 1)
				}
			}
		})
	})
}

// TestBulkBadRowInTransaction: the transaction goes on after the rows are taken
// apart, with all that was done before.
func TestBulkBadRowInTransaction(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		createMembers(t, db)
		byStrategy(t, db, func(t *testing.T, db database) {
			all := membersTo(200)
			err := db.InTx(t.Context(), func(tx *runtime.Tx) error {
				_, err := insertMembers.Insert(t.Context(), tx, slices.Values(all[:100]))
				require.NoError(t, err)
				_, err = insertMembers.Insert(t.Context(), tx, slices.Values(slices.Concat(all[100:], all[50:])))
				requireError(t, err, runtime.Error{Query: "InsertMembers", Op: "execute", Row: 101, Column: byEngine{"": "id", "mariadb": ""}.of(db)})
				requireMembers(t, tx, 100)
				_, err = insertMembers.Insert(t.Context(), tx, slices.Values(all[100:]))
				require.NoError(t, err)
				requireMembers(t, tx, 200)
				return errOurs
			})
			require.ErrorIs(t, err, errOurs)
			requireMembers(t, db, 0)
		})
	})
}

// TestBulkSilentLoss: rows that the database leaves out without an error are one.
func TestBulkSilentLoss(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		tables := byEngine{
			"sqlite": "CREATE TABLE members (id BIGINT PRIMARY KEY ON CONFLICT IGNORE, name TEXT, age INT, parent BIGINT)",
			"postgres": `CREATE TABLE members (id BIGINT, name TEXT, age INT, parent BIGINT);
				CREATE FUNCTION leave_out() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.id = 700 THEN RETURN NULL; END IF; RETURN NEW; END';
				CREATE TRIGGER leave_out BEFORE INSERT ON members FOR EACH ROW EXECUTE FUNCTION leave_out()`,
			"mariadb": "CREATE TABLE members (id BIGINT PRIMARY KEY, name TEXT, age INT, parent BIGINT)", // which has no way
		}
		db.exec(t, tables.of(db))
		rows := membersTo(1000)
		if db.Name != "postgres" {
			rows[699].id = 699
		}
		result, err := insertMembers.Insert(t.Context(), db, slices.Values(rows))
		requireError(t, err, runtime.Error{Query: "InsertMembers", Op: "execute", Row: 700})
		require.ErrorContains(t, err, "row 700")
		require.Zero(t, result)
		requireMembers(t, db, 0)
	})
}

// TestBulkRefusedWithoutAWord: MariaDB's driver calls an array with a value that
// is not in an ENUM a success, and stores nothing.
func TestBulkRefusedWithoutAWord(t *testing.T) {
	sizes := runtime.Bulk[string]{
		Name: "InsertSizes", Table: "sizes", Columns: []runtime.Column{{Name: "size", Kind: protocol.Text}},
		Encode: func(b *protocol.Batch, size string) { b.Text(0).Append(size) },
	}
	checked := byEngine{
		"":         "CREATE TABLE sizes (size TEXT CHECK (size IN ('s', 'm')))",
		"mariadb":  "CREATE TABLE sizes (size ENUM('s', 'm'))",
		"postgres": "CREATE TYPE some_size AS ENUM ('s', 'm'); CREATE TABLE sizes (size some_size)",
	}
	onAll(t, func(t *testing.T, db database) {
		db.exec(t, checked.of(db))
		for _, rows := range [][]string{{"s", "xl", "m"}, {"xl"}, {"s", "m", "s", "m", "xl"}} {
			result, err := sizes.Insert(t.Context(), db, slices.Values(rows))
			var e *runtime.Error
			require.ErrorAs(t, err, &e)
			require.EqualValues(t, slices.Index(rows, "xl")+1, e.Row, "%v", err)
			require.Zero(t, result)
			require.Equal(t, [][]string{{"0"}}, db.shown(t, "SELECT count(*) FROM sizes"))
		}
	})
}

// TestBulkWait: no row is at fault where another transaction is waited for, and
// the wait is not repeated.
func TestBulkWait(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		createMembers(t, db)
		impatient := open(t, db.Database, runtime.WithSettings(driver.Setting{Key: "Timeout", Value: "200"}))
		defer impatient.Close()
		conn, err := impatient.Conn(t.Context())
		require.NoError(t, err)
		defer conn.Close()
		if patience := (byEngine{"postgres": "SET lock_timeout = 200", "mariadb": "SET innodb_lock_wait_timeout = 1"}).of(db); patience != "" {
			require.NoError(t, conn.Exec(t.Context(), patience))
		}
		require.NoError(t, db.InTx(t.Context(), func(tx *runtime.Tx) error {
			_, err := insertMembers.Insert(t.Context(), tx, slices.Values(membersTo(1)))
			require.NoError(t, err)
			start := time.Now()
			_, err = insertMembers.Insert(t.Context(), conn, slices.Values(membersTo(100)))
			requireError(t, err, runtime.Error{Query: "InsertMembers", Op: "execute"})
			require.Less(t, time.Since(start), 4*time.Second, "%v", err)
			return nil
		}))
		requireMembers(t, db, 1)
	})
}

// TestBulkMarkers: a set of a wide table is cut to the markers of a statement.
func TestBulkMarkers(t *testing.T) {
	const columns, rows = 200, 700
	wide := runtime.Bulk[int64]{Name: "InsertWide", Table: "wide", Encode: func(b *protocol.Batch, n int64) {
		for i := range columns {
			b.Int64(i).Append(n * int64(i))
		}
	}}
	var names []string
	for i := range columns {
		name := fmt.Sprintf("c%d", i)
		names = append(names, name+" BIGINT")
		wide.Columns = append(wide.Columns, runtime.Column{Name: name, Kind: protocol.Int64})
	}
	onAll(t, func(t *testing.T, db database) {
		db.exec(t, "CREATE TABLE wide ("+strings.Join(names, ", ")+")")
		result, err := wide.Insert(t.Context(), db, countTo(rows), runtime.BulkRows(rows))
		require.NoError(t, err)
		require.EqualValues(t, rows, result.Rows)
		require.Equal(t, [][]string{{"700", "244650", "48685350"}}, db.shown(t, "SELECT count(*), sum(c1), sum(c199) FROM wide"))
	})
}

// countTo yields 0 to n-1.
func countTo(n int64) func(func(int64) bool) {
	return func(yield func(int64) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// TestBulkMissing: the database's own error tells of a table or column that is
// not there.
func TestBulkMissing(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		_, err := insertMembers.Insert(t.Context(), db, slices.Values(membersTo(3)))
		var e *runtime.Error
		require.ErrorAs(t, err, &e)
		require.NotEmpty(t, e.Diagnostics)
		require.Contains(t, e.Message, "members")
		db.exec(t, "CREATE TABLE members (id BIGINT, name TEXT, age INT)")
		_, err = insertMembers.Insert(t.Context(), db, slices.Values(membersTo(3)))
		require.ErrorAs(t, err, &e)
		require.Contains(t, e.Message, "parent")
	})
}

// TestBulkDeadlockInTx: a Tx whose bulk insert was the victim of a deadlock does not commit.
func TestBulkDeadlockInTx(t *testing.T) {
	onOne(t, "mariadb", testdb.MariaDB(t), func(t *testing.T, db database) {
		withNumbers(t, db, 0)
		db.exec(t, "CREATE TABLE accounts (id BIGINT PRIMARY KEY, n BIGINT)")
		db.exec(t, "INSERT INTO accounts VALUES (1, 0), (2, 0)")
		bulk := &runtime.Bulk[int64]{Name: "Odd", Table: "numbers", Columns: []runtime.Column{{Name: "n", Kind: protocol.Int64}}, Encode: encodeInt64}
		update := command("Update", "UPDATE accounts SET n = n + 1 WHERE id = ?", protocol.Int64, encodeInt64)
		locked, waits := make(chan struct{}), make(chan struct{})
		var other sync.WaitGroup
		other.Go(func() {
			err := db.InTx(t.Context(), func(tx *runtime.Tx) error {
				many := make([]int64, 2000)
				for i := range many {
					many[i] = int64(i + 1)
				}
				if _, err := bulk.Insert(t.Context(), tx, slices.Values(many)); err != nil {
					return err
				}
				close(locked)
				<-waits
				return update.Exec(t.Context(), tx, 1)
			}, runtime.NoTxRetry())
			t.Log("other", err)
		})
		<-locked
		var failed error
		err := db.InTx(t.Context(), func(tx *runtime.Tx) error {
			require.NoError(t, update.Exec(t.Context(), tx, 1))
			other.Go(func() {
				defer close(waits)
				require.Eventually(t, func() bool {
					return db.shown(t, "SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'")[0][0] != "0"
				}, time.Minute, 5*time.Millisecond)
			})
			_, failed = bulk.Insert(t.Context(), tx, slices.Values([]int64{5, 6}))
			return nil
		}, runtime.NoTxRetry())
		other.Wait()
		require.Error(t, failed)
		require.Error(t, err, "the commit of a transaction that is no more")
	})
}
