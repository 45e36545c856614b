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
	require.Equal(t, "1 9.9 true größe\n2 0 false \ntrue query AddItem: execute: DBFNTX/1034 the key is there (SQLSTATE HY000, native -803)\n<nil>\n", output)
	require.Equal(t, []string{
		"SET DELETED ON", "SET LOCKWAIT TO 2", "SELECT ID, PRICE, NOTE FROM [ITEMS] WHERE ID >= ?",
		"MARK [odbcgen_1]", "INSERT INTO [ITEMS] (ID, NOTE) VALUES (?, ?)", "BACK TO [odbcgen_1]",
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

func newClipper(t *testing.T) *clipper {
	c := &clipper{Driver: fakedriver.New(t)}
	c.SetDBMS("Clipper/5.2")
	const number, memo = -4711, -4712
	id := fakedriver.Column{Name: "ID", TypeName: "N(10)", Type: number, Size: 10, NotNull: true}
	price := fakedriver.Column{Name: "PRICE", TypeName: "N$", Type: number, Size: 12, Digits: 2}
	note := fakedriver.Column{Name: "NOTE", TypeName: "MEMO", Type: memo, Size: 100}
	items := fakedriver.Result{Columns: []fakedriver.Column{id, price, note}, Rows: [][]any{{1, "9.90", "größe"}, {2, nil, nil}}}
	c.SetResult("SELECT ID, PRICE, NOTE FROM [ITEMS] WHERE ID >= ?", items)
	c.Script(func(call *fakedriver.Call, a *fakedriver.Answer) {
		switch call.Op {
		case fakedriver.ExecuteDirectly, fakedriver.Execute:
			c.mu.Lock()
			c.sent = append(c.sent, call.SQL)
			c.mu.Unlock()
			if strings.HasPrefix(call.SQL, "INSERT") && call.Op == fakedriver.Execute {
				a.Fail("S1000", -803, "DBFNTX/1034 the key is there")
			}
		}
	})
	return c
}

// take returns what was sent since it was called last.
func (c *clipper) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	sent := c.sent
	c.sent = nil
	return sent
}
