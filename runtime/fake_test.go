package runtime_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/fakedriver"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// The tests TestF… are faults that no database has on demand. Each is named after
// what it provokes; the driver of internal/fakedriver does it.

// openFake opens a database behind the driver, with one connection unless the options
// say otherwise. When the test ends nothing may be left in driver or runtime.
func openFake(t *testing.T, d *fakedriver.Driver, opts ...runtime.Option) *runtime.DB {
	t.Helper()
	return openAt(t, d, d.DSN(), opts...)
}

// openAt is openFake by a connection string.
func openAt(t *testing.T, d *fakedriver.Driver, dsn string, opts ...runtime.Option) *runtime.DB {
	t.Helper()
	db, err := runtime.Open(t.Context(), dsn, append([]runtime.Option{runtime.WithPoolSize(1)}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(func() {
		db.Close()
		requireNothingLive(t)
		requireLive(t, d, 0, 0)
	})
	return db
}

// requireLive waits for the driver to have so many connections and statements.
func requireLive(t *testing.T, d *fakedriver.Driver, connections, statements int) {
	t.Helper()
	require.Eventually(t, func() bool {
		c, s := d.Live()
		return c == connections && s == statements
	}, 10*time.Second, time.Millisecond, "connections and statements of the driver")
}

// readings are the ways to read a result, as plugins of a database that is not known
// otherwise.
var readings = map[string]*driver.Plugin{
	"cell by cell": readBy(driver.CellByCell), "refetch": readBy(driver.Refetch),
	"position": readBy(driver.Position), "row by row": readBy(driver.RowByRow), "sized": readBy(driver.Sized),
}

func readBy(how driver.Reading) *driver.Plugin {
	p := driver.Generic
	p.Reads.How, p.Reads.Stream.How = how, how
	return &p
}

// onReadings runs a test for each way to read.
func onReadings(t *testing.T, test func(t *testing.T, d *fakedriver.Driver, db *runtime.DB)) {
	for name, plugin := range readings {
		t.Run(name, func(t *testing.T) {
			d := fakedriver.New(t)
			test(t, d, openFake(t, d, runtime.WithPlugin(plugin)))
		})
	}
}

// words returns a query for one column of text.
func words(name, sql string) *runtime.Query[runtime.None, string] {
	return &runtime.Query[runtime.None, string]{
		Name: name, SQL: sql, Columns: []runtime.Column{{Name: "v", Kind: protocol.Text}},
		Decode: func(rows []string, b *protocol.Batch) {
			for i := range rows {
				rows[i] = b.Text(0).At(i)
			}
		},
	}
}

// rowsOf returns rows of one column.
func rowsOf[T any](values ...T) [][]any {
	rows := make([][]any, len(values))
	for i, v := range values {
		rows[i] = []any{v}
	}
	return rows
}

// integer and text are columns for the driver's results.
var (
	integer = []fakedriver.Column{{Name: "n", TypeName: "BIGINT", Type: fakedriver.BigInt, Size: 19, NotNull: true}}
	text    = []fakedriver.Column{{Name: "v", TypeName: "VARCHAR", Type: fakedriver.Varchar, Size: 15}}
)

// TestFakeReads: the driver gives what it was told to give, however it is read.
func TestFakeReads(t *testing.T) {
	onReadings(t, func(t *testing.T, d *fakedriver.Driver, db *runtime.DB) {
		var numbers []int
		var want []int64
		for i := range 1000 {
			numbers, want = append(numbers, i), append(want, int64(i))
		}
		d.SetResult("SELECT n FROM t", fakedriver.Result{Columns: integer, Rows: rowsOf(numbers...)})
		d.SetResult("SELECT v FROM t", fakedriver.Result{Columns: text, Rows: rowsOf("a", "", "ä€", "short")})
		got, err := ints("Read", "SELECT n FROM t").Many(t.Context(), db, 0)
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, want, collect(t, ints("Read", "SELECT n FROM t").Stream(t.Context(), db, 0)))
		got2, err := words("Words", "SELECT v FROM t").Many(t.Context(), db, runtime.None{})
		require.NoError(t, err)
		require.Equal(t, []string{"a", "", "ä€", "short"}, got2)
		one, err := ints("One", "SELECT ?").One(t.Context(), db, 7)
		require.NoError(t, err)
		require.EqualValues(t, 1, one)
	})
}
