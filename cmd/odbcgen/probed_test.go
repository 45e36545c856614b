package main

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/fakedriver"
	"github.com/odbcgen/odbcgen/internal/tdsserver"
	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
)

// TestProbed: a database that no plugin is said to be for is used with what was found of
// its driver, by all drivers that there are.
func TestProbed(t *testing.T) {
	databases := append(testdb.All(t), testdb.Database{Name: "freetds", DSN: tdsserver.New(t).DSN()})
	if testing.Short() {
		databases = databases[len(databases)-1:]
	}
	for _, db := range databases {
		t.Run(db.Name, func(t *testing.T) {
			t.Parallel()
			create(t, db.DSN, "CREATE TABLE items (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40), amount DECIMAL(12,2))")
			runOn(t, db.DSN, "testdata/probed.txtar")
		})
	}
}

func create(t *testing.T, dsn, table string) {
	t.Helper()
	db, err := runtime.Open(t.Context(), dsn)
	require.NoError(t, err)
	defer db.Close()
	require.NoError(t, (&runtime.Command[runtime.None]{Name: "create", SQL: table}).Exec(t.Context(), db, runtime.None{}))
}

// runOn runs a script of a database.
func runOn(t *testing.T, dsn, script string) {
	testscript.Run(t, testscript.Params{
		Files: []string{script},
		Setup: func(e *testscript.Env) error {
			e.Setenv("DSN", dsn)
			return inModules(t)(e)
		},
		Cmds:                commands,
		RequireExplicitExec: true,
	})
}

// TestProbedLies: a driver that stores the first row of a parameter array, and says that
// it stored all, gets its rows one at a time.
func TestProbedLies(t *testing.T) {
	d := fakedriver.New(t)
	text := func(name string) fakedriver.Column {
		return fakedriver.Column{Name: name, Type: fakedriver.Varchar, Size: 100}
	}
	id := fakedriver.Column{Name: "id", Type: fakedriver.Integer, Size: 10, NotNull: true}
	items := fakedriver.Result{Columns: []fakedriver.Column{id, text("name")}, Rows: [][]any{{1, "a"}}}
	d.SetResult(`SELECT * FROM "items"`, items)
	d.SetResult("SELECT id, name FROM items WHERE id >= ?", items)
	var inserted, most atomic.Int64
	d.Script(func(c *fakedriver.Call, a *fakedriver.Answer) {
		switch {
		case c.Op == fakedriver.GetInfo && c.Attribute == 10002:
			a.Text = "Y" // and there is no SQLDescribeParam
		case c.Op != fakedriver.Execute:
		case strings.HasPrefix(c.SQL, `INSERT INTO "items"`):
			inserted.Add(int64(len(c.Params)))
			most.Store(max(most.Load(), int64(len(c.Params))))
		case len(c.Params) > 1:
			d.SetResult("SELECT id, t, b FROM "+strings.Fields(c.SQL)[2]+" ORDER BY id", fakedriver.Result{
				Columns: []fakedriver.Column{id, text("t"), text("b")}, Rows: [][]any{{1, "0", "0.1.2.3.4.5.6.7.8.9."}},
			})
		}
	})
	t.Run("script", func(t *testing.T) { runOn(t, d.DSN(), "testdata/probed_lies.txtar") }) // which is over behind it
	require.EqualValues(t, 3, inserted.Load())
	require.EqualValues(t, 1, most.Load())
}
