package generator_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/odbcgen/odbcgen/generator"
	"github.com/odbcgen/odbcgen/internal/fakedriver"
	"github.com/odbcgen/odbcgen/internal/golden"
)

// TestUsersDatabase: a database that nobody has heard of is used with a file that tells
// of it, from the describing of its queries to the class of its errors.
func TestUsersDatabase(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/users_database/clipper.txtar")
	require.NoError(t, err)
	dir := t.TempDir()
	golden.UseRepository(t, dir)
	golden.Write(t, filepath.Join(dir, "store"), archive.Files)
	clipper := newClipper(t)
	self, err := os.Executable()
	require.NoError(t, err)
	t.Setenv(asChild, "1")
	t.Setenv("DSN", clipper.DSN())
	o := generator.Options{Spec: filepath.Join(dir, "store", "queries.yaml"), Child: []string{self}}
	result, err := generator.Generate(t.Context(), o)
	require.NoError(t, err)
	require.NoError(t, result.Commit())
	_, err = generator.Check(t.Context(), o, false)
	require.NoError(t, err)

	spec, err := os.ReadFile(o.Spec)
	require.NoError(t, err)
	other := o
	other.Spec = filepath.Join(dir, "other.yaml")
	other.Driver = filepath.Join(dir, "store", "clipper.plugin.yaml") // which this spec does not name
	require.NoError(t, os.WriteFile(other.Spec, []byte(strings.Replace(string(spec), "clipper.plugin.yaml", "generic", 1)), 0o644))
	same, err := generator.Generate(t.Context(), other)
	require.NoError(t, err)
	require.Len(t, files(same), 2)
	require.Equal(t, files(result), files(same))

	clipper.take()
	output := run(t, dir, "go", "run", "./store/cmd", clipper.DSN())
	require.Equal(t, "1 9.9 true größe\n2 0 false \ntrue query AddItem: execute: DBFNTX/1034 the key is there (SQLSTATE HY000, native -803)\n<nil>\n"+
		"ID int64, NOTE text, 3 12\n<nil>\n", output)
	require.Equal(t, []string{
		"SET DELETED ON", "SET LOCKWAIT TO 2", "SELECT ID, PRICE, NOTE FROM [ITEMS] WHERE ID >= ?",
		"MARK [odbcgen_1]", addItem, "BACK TO [odbcgen_1]", "MARK [odbcgen_set]",
		"INSERT INTO [ITEMS] AS t ([ID], [NOTE]) VALUES (?,?),(?,?) ON CONFLICT ([ID]) DO UPDATE SET [NOTE] = excluded.[NOTE]",
		"INSERT INTO [ITEMS] AS t ([ID], [NOTE]) VALUES (?,?) ON CONFLICT ([ID]) DO UPDATE SET [NOTE] = excluded.[NOTE]",
		"DO [RESTOCK] WITH (?)",
		"SET DELETED ON", "LIST FIELDS OF ?", // a procedure may have changed its session, which is another one now
	}, clipper.take())
}

// files returns the contents of files that were generated, but for those named after the
// spec.
func files(r *generator.Result) map[string]string {
	all := map[string]string{}
	for _, f := range r.Files {
		if name := filepath.Base(f.Path); name == "db.gen.go" || name == "plugin.gen.go" {
			all[name] = string(f.Content)
		}
	}
	return all
}

// clipper is a database with types, quotes and errors of its own.
type clipper struct {
	*fakedriver.Driver
	mu   sync.Mutex // guards the following
	sent []string
}

// addItem is a statement that fails.
const addItem = "INSERT INTO [ITEMS] (ID, NOTE) VALUES (?, ?)"

func newClipper(t *testing.T) *clipper {
	c := &clipper{Driver: fakedriver.New(t)}
	c.SetDBMS("Clipper/5.2")
	const number, memo = -4711, -4712
	id := fakedriver.Column{Name: "ID", TypeName: "N(10)", Type: number, Size: 10, NotNull: true}
	price := fakedriver.Column{Name: "PRICE", TypeName: "N$", Type: number, Size: 12, Digits: 2}
	note := fakedriver.Column{Name: "NOTE", TypeName: "MEMO", Type: memo, Size: 100}
	items := fakedriver.Result{Columns: []fakedriver.Column{id, price, note}, Rows: [][]any{{1, "9.90", "größe"}, {2, nil, nil}}}
	c.SetResult("SELECT ID, PRICE, NOTE FROM [ITEMS] WHERE ID >= ?", items)
	c.SetResult("SELECT * FROM [ITEMS]", items)
	c.SetResult("LIST KEYS OF ?", table("object_name index_name non_unique ordinal column_name", []any{"ITEMS", "main", "0", "1", "ID"}))
	c.SetResult("LIST MAIN KEY OF ?", table("object_name key_name ordinal column_name", []any{"ITEMS", "main", "1", "ID"}))
	c.SetResult("LIST FIELDS OF ?", table("object_name column_name type_name sql_type",
		[]any{"ITEMS", "ID", "N(10)", "-4711"}, []any{"ITEMS", "NOTE", "MEMO", "-4712"}))
	c.SetResult("LIST PROGRAMS ?", table("object_name object_type", []any{"RESTOCK", "1"}))
	c.SetResult("LIST ARGUMENTS OF ?", table("object_name column_name type_name direction",
		[]any{"RESTOCK", "ITEM", "MEMO", "1"}, []any{"RESTOCK", "COUNT", "MEMO", "4"}))
	c.SetResult("DO [RESTOCK] WITH (?)", table("COUNT", []any{"12"}))
	c.Script(func(call *fakedriver.Call, a *fakedriver.Answer) {
		switch call.Op {
		case fakedriver.ExecuteDirectly, fakedriver.Execute:
			c.mu.Lock()
			c.sent = append(c.sent, call.SQL)
			c.mu.Unlock()
			if call.SQL == addItem && call.Op == fakedriver.Execute {
				a.Fail("S1000", -803, "DBFNTX/1034 the key is there")
			}
		}
	})
	return c
}

// table is a result of texts.
func table(names string, rows ...[]any) fakedriver.Result {
	var columns []fakedriver.Column
	for name := range strings.FieldsSeq(names) {
		columns = append(columns, fakedriver.Column{Name: name, TypeName: "MEMO", Type: fakedriver.Varchar, Size: 40})
	}
	return fakedriver.Result{Columns: columns, Rows: rows}
}

// take returns what was sent since it was called last.
func (c *clipper) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	sent := c.sent
	c.sent = nil
	return sent
}
