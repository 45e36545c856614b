package snapshot_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/generator/internal/describe"
	"github.com/odbcgen/odbcgen/generator/internal/snapshot"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

var (
	getBook = snapshot.Key{Name: "GetBook", Driver: "sqlite", SQL: "SELECT id < 3 AS \"früh\"\nFROM book WHERE id = :id"}
	said    = snapshot.Snapshot{Server: "SQLite 3.40.1, sqlite3odbc.so 0.9998", Shape: describe.Shape{
		Params:  []describe.Value{{Name: "id", Kind: protocol.Int64, Told: protocol.Int32, List: true, SQLType: "INTEGER", Source: "probe id"}},
		Columns: []describe.Value{{Name: "früh", Null: true, NullWhy: "nobody says", Of: "book.früh", Offset: 7, Length: 6}},
		Embeds:  []describe.Embed{{Name: "b", Table: "book", Columns: []string{"id", "name"}, From: 2, Null: true}},
		Procedures: []describe.Procedure{
			{Name: "bank.transfer", Params: []describe.Value{{Name: "amount", Kind: protocol.Decimal, Direction: driver.InOut, SQLType: "NUMERIC", Width: 7}, {Name: "c", Direction: driver.Cursor}}},
			{Name: "bank.balance", Function: true},
		},
		Sets: []describe.Set{{Params: 1, Columns: []describe.Value{{Name: "a", Kind: protocol.Decimal}}}, {}},
	}}
)

// write puts what belongs into the folder there, as generate does.
func write(t *testing.T, f *snapshot.Folder) []string {
	var names []string
	for path, content := range f.Files() {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, content, 0o644))
		names = append(names, filepath.Base(path))
	}
	slices.Sort(names)
	return names
}

func open(t *testing.T, path string) *snapshot.Folder {
	f, err := snapshot.Open(path, "")
	require.NoError(t, err)
	return f
}

// TestRoundTrip reads what was written, byte for byte the same the second time.
func TestRoundTrip(t *testing.T) {
	path := snapshot.FolderFor(filepath.Join(t.TempDir(), "queries.yaml"))
	require.Equal(t, "queries.snapshots", filepath.Base(path))
	f := open(t, path)
	f.Put(getBook, said)
	f.MadeFrom("sqlite", snapshot.Fingerprint("CREATE TABLE book (id INTEGER)"))
	require.Equal(t, []string{"GetBook.sqlite.d767152acb2d.json", "schema.json"}, write(t, f))

	again := open(t, path)
	require.True(t, again.Current("sqlite", snapshot.Fingerprint("CREATE TABLE book (id INTEGER)")))
	require.False(t, again.Current("sqlite", snapshot.Fingerprint("CREATE TABLE book (id BIGINT)")))
	require.False(t, again.Current("sqlite", snapshot.Fingerprint()))
	require.True(t, again.Current("postgres", snapshot.Fingerprint()))
	got, ok := again.Get(getBook)
	require.True(t, ok)
	require.Equal(t, said, got)
	again.Keep(getBook)
	again.MadeFrom("sqlite", snapshot.Fingerprint("CREATE TABLE book (id INTEGER)"))
	require.True(t, reflect.DeepEqual(f.Files(), again.Files()))
	require.Empty(t, again.Stale())
}

// TestKeyIsTheSQL: other SQL or another driver is another snapshot, and the one of
// the old SQL is stale.
func TestKeyIsTheSQL(t *testing.T) {
	path := t.TempDir()
	f := open(t, path)
	f.Put(getBook, said)
	write(t, f)
	require.NoError(t, os.WriteFile(filepath.Join(path, "notes.json"), []byte(`{"mine": true}`), 0o644))

	f = open(t, path)
	changed, other := getBook, getBook
	changed.SQL += " AND TRUE"
	other.Driver = "postgres"
	for _, k := range []snapshot.Key{changed, other} {
		_, ok := f.Get(k)
		require.False(t, ok)
	}
	f.Put(changed, said)
	require.Equal(t, []string{filepath.Join(path, "GetBook.sqlite.d767152acb2d.json")}, f.Stale(), "notes.json is the user's")
}

// TestOneDriver: a run about one driver leaves the snapshots of others alone.
func TestOneDriver(t *testing.T) {
	path := t.TempDir()
	f := open(t, path)
	postgres := getBook
	postgres.Driver = "postgres"
	f.Put(getBook, said)
	f.Put(postgres, said)
	f.MadeFrom("sqlite", "1")
	f.MadeFrom("postgres", "1")
	write(t, f)
	f, err := snapshot.Open(path, "postgres")
	require.NoError(t, err)
	f.MadeFrom("postgres", "2")
	require.Equal(t, "{\n  \"postgres\": \"2\",\n  \"sqlite\": \"1\"\n}\n", string(f.Files()[filepath.Join(path, "schema.json")]))
	stale := f.Stale()
	require.Len(t, stale, 1)
	require.Contains(t, stale[0], "GetBook.postgres.")

	f = open(t, path) // the spec is for one database now
	f.Keep(getBook)
	f.MadeFrom("sqlite", "1")
	require.Len(t, f.Stale(), 1)
	require.Equal(t, "{\n  \"sqlite\": \"1\"\n}\n", string(f.Files()[filepath.Join(path, "schema.json")]))
}

// TestServerVersion: the same answer of another version of the server changes no
// file.
func TestServerVersion(t *testing.T) {
	path := t.TempDir()
	f := open(t, path)
	f.Put(getBook, said)
	write(t, f)
	f = open(t, path)
	newer := said
	newer.Server = "SQLite 3.46.0, sqlite3odbc.so 0.99991"
	f.Put(getBook, newer)
	got := f.Files()
	require.Len(t, got, 1)
	for _, content := range got {
		require.Contains(t, string(content), "3.40.1")
	}
	newer.Shape.Columns = nil
	f.Put(getBook, newer)
	for _, content := range f.Files() {
		require.Contains(t, string(content), "3.46.0")
	}
}

// TestUnreadable: a snapshot that a merge has broken, or of a format to come, answers
// nothing.
func TestUnreadable(t *testing.T) {
	for _, content := range []string{
		"", "<<<<<<< HEAD\n", `{"odbcgen": 2}`, `{"odbcgen": 1, "columns": [{"name": "a", "type": "nonsense"}]}`,
		`{"odbcgen": 1, "params": [{"type": 3}]}`, `{"odbcgen": 1, "sets": [{"columns": [{"type": "nonsense"}]}]}`,
	} {
		path := t.TempDir()
		f := open(t, path)
		f.Put(getBook, said)
		for _, name := range write(t, f) {
			require.NoError(t, os.WriteFile(filepath.Join(path, name), []byte(content), 0o644))
		}
		f = open(t, path)
		_, ok := f.Get(getBook)
		require.False(t, ok, content)
		f.Put(getBook, said)
		write(t, f)
		_, ok = open(t, path).Get(getBook)
		require.True(t, ok)
	}
}

// FuzzGet reads any file: it answers, or says that it does not, and what it answers
// is written as it was read.
func FuzzGet(f *testing.F) {
	folder, err := snapshot.Open(f.TempDir(), "")
	require.NoError(f, err)
	folder.Put(getBook, said)
	for _, content := range folder.Files() {
		f.Add(content)
	}
	f.Add([]byte(`{"odbcgen": 1, "columns": [{"at": [1]}]}`))
	path := f.TempDir()
	name := filepath.Join(path, "GetBook.sqlite.d767152acb2d.json")
	f.Fuzz(func(t *testing.T, content []byte) {
		require.NoError(t, os.WriteFile(name, content, 0o644))
		read := open(t, path)
		s, ok := read.Get(getBook)
		if !ok {
			return
		}
		require.NoError(t, os.Remove(name))
		read = open(t, path)
		read.Put(getBook, s)
		write(t, read)
		again, ok := open(t, path).Get(getBook)
		require.True(t, ok)
		require.Equal(t, s, again)
	})
}
