package runtime_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// longDocument is a document whose long values are read.
type longDocument struct {
	id    int64
	text  io.Reader
	bytes io.Reader
	title string
}

var longColumns = []runtime.Column{
	{Name: "id", Kind: protocol.Int64}, {Name: "body", Kind: protocol.Text, Null: true, Reader: true},
	{Name: "data", Kind: protocol.Binary, Null: true, Reader: true}, {Name: "title", Kind: protocol.Text},
}

var longParams = []runtime.Param{
	{Name: "id", Kind: protocol.Int64}, {Name: "body", Kind: protocol.Text, Reader: true},
	{Name: "data", Kind: protocol.Binary, Reader: true}, {Name: "title", Kind: protocol.Text},
}

var insertLong = runtime.Command[longDocument]{
	Name: "InsertLong", SQL: "INSERT INTO documents (id, body, data, title) VALUES (?, ?, ?, ?)",
	Params: longParams,
	Encode: encodeLong,
}

func encodeLong(b *protocol.Batch, d longDocument) {
	b.Int64(0).Append(d.id)
	b.Reader(1).Append(d.text)
	b.Reader(2).Append(d.bytes)
	b.Text(3).Append(d.title)
}

var longDocumentsTo = runtime.Query[int64, longDocument]{
	Name: "LongDocuments", SQL: documents.SQL, Params: documents.Params, Columns: longColumns,
	Encode: documents.Encode,
	Decode: func(rows []longDocument, b *protocol.Batch) {
		id, text, bytes, title := b.Int64(0), b.Reader(1), b.Reader(2), b.Text(3)
		for i := range rows {
			rows[i] = longDocument{id.At(i), text.OrNil(i), bytes.OrNil(i), title.At(i)}
		}
	},
}

// forms are the ways in which a reader may tell its length, or not tell it.
var forms = map[string]func(t *testing.T, b []byte) io.Reader{
	"length": func(_ *testing.T, b []byte) io.Reader { return bytes.NewReader(b) },
	"none":   func(_ *testing.T, b []byte) io.Reader { return iotest.HalfReader(bytes.NewReader(b)) },
	"late":   func(_ *testing.T, b []byte) io.Reader { return iotest.DataErrReader(bytes.NewReader(b)) },
	"file": func(t *testing.T, b []byte) io.Reader {
		path := filepath.Join(t.TempDir(), "value")
		require.NoError(t, os.WriteFile(path, append([]byte("before"), b...), 0o600))
		f, err := os.Open(path)
		require.NoError(t, err)
		t.Cleanup(func() { f.Close() })
		_, err = f.Seek(int64(len("before")), io.SeekStart)
		require.NoError(t, err)
		return f
	},
	"pipe": func(t *testing.T, b []byte) io.Reader {
		r, w, err := os.Pipe()
		require.NoError(t, err)
		written := make(chan struct{})
		go func() {
			defer close(written)
			w.Write(b)
			w.Close()
		}()
		t.Cleanup(func() { <-written; r.Close() })
		return r
	},
}

// pieceEdges are lengths around those of the pieces in which values are sent.
var pieceEdges = []int{0, 1, 5, 256<<10 - 1, 256 << 10, 256<<10 + 1, 600_001}

// TestReaders sends readers of every form and length, with NULL between them, on
// one statement, and reads the rows back whole and by readers.
func TestReaders(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		createDocuments(t, db)
		var want []document
		for form, reader := range forms {
			for _, length := range pieceEdges {
				d := document{int64(len(want)), textOf(len(want), length), bytesOf(len(want), length), form}
				require.NoError(t, insertLong.Exec(t.Context(), db,
					longDocument{d.id, reader(t, []byte(d.text.V)), reader(t, d.bytes.V), d.title}), "%s %d", form, length)
				want = append(want, d)
				null := document{id: int64(len(want)), title: "null"}
				require.NoError(t, insertLong.Exec(t.Context(), db, longDocument{id: null.id, title: null.title}))
				want = append(want, null)
			}
		}
		requireStored(t, db, want)
		got, err := documents.Many(t.Context(), db, int64(len(want)))
		require.NoError(t, err)
		requireDocuments(t, want, got)
		requireDocuments(t, want, readDocuments(t, db.DB, int64(len(want))))

		other := open(t, db.Database, runtime.WithPlugin(&driver.Generic))
		requireDocuments(t, want, readDocuments(t, other.DB, int64(len(want))))
		other.Close()
	})
}

// readDocuments reads every cell by its reader.
func readDocuments(t *testing.T, db runtime.Session, last int64) (all []document) {
	t.Helper()
	for d, err := range longDocumentsTo.ReadStream(t.Context(), db, last) {
		require.NoError(t, err)
		whole := document{id: d.id, title: d.title}
		if d.text != nil {
			b, err := io.ReadAll(iotest.HalfReader(d.text))
			require.NoError(t, err)
			whole.text = sql.Null[string]{V: string(b), Valid: true}
		}
		if d.bytes != nil {
			var b bytes.Buffer
			_, err := io.Copy(&b, d.bytes)
			require.NoError(t, err)
			whole.bytes = sql.Null[[]byte]{V: b.Bytes(), Valid: true}
		}
		all = append(all, whole)
	}
	return all
}

// TestReadersInQueries: readers as parameters of queries with rows, and of
// commands that count.
func TestReadersInQueries(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		createDocuments(t, db)
		for i := range 3 {
			require.NoError(t, insertLong.Exec(t.Context(), db, longDocument{id: int64(i), text: strings.NewReader("größe"), title: "t"}))
		}
		same := runtime.Query[io.Reader, int64]{
			Name: "Same", SQL: "SELECT count(*) AS n FROM documents WHERE body = ?",
			Params:  []runtime.Param{{Name: "body", Kind: protocol.Text, Reader: true}},
			Columns: []runtime.Column{{Name: "n", Kind: protocol.Int64}},
			Encode:  func(b *protocol.Batch, r io.Reader) { b.Reader(0).Append(r) },
			Decode:  func(rows []int64, b *protocol.Batch) { rows[0] = b.Int64(0).At(0) },
		}
		for _, text := range []string{"größe", "grösse", "größe"} {
			n, err := same.One(t.Context(), db, iotest.OneByteReader(strings.NewReader(text)))
			require.NoError(t, err)
			require.EqualValues(t, map[string]int64{"größe": 3}[text], n)
		}
		change := command("Change", "UPDATE documents SET data = ?", protocol.Binary, func(b *protocol.Batch, r io.Reader) { b.Reader(0).Append(r) })
		change.Params[0].Reader = true
		n, err := change.Affected(t.Context(), db, strings.NewReader("changed"))
		require.NoError(t, err)
		require.EqualValues(t, 3, n)
	})
}

// TestReaderKinds: JSON and XML are read in pieces too.
func TestReaderKinds(t *testing.T) {
	kinds := map[protocol.Kind]struct {
		column byEngine
		value  string
	}{
		protocol.JSON: {byEngine{"": "JSON", "postgres": "JSONB"}, `{"größe": "` + strings.Repeat("Straße ", 50_000) + `"}`},
		protocol.XML:  {byEngine{"": "LONGTEXT", "postgres": "XML"}, "<größe>" + strings.Repeat("Straße ", 50_000) + "</größe>"},
	}
	onAll(t, func(t *testing.T, db database) {
		for kind, at := range kinds {
			db.exec(t, fmt.Sprintf("CREATE TABLE of_%s (v %s)", kind, at.column.of(db)))
			insert := command("Insert", fmt.Sprintf("INSERT INTO of_%s VALUES (?)", kind), kind, func(b *protocol.Batch, r io.Reader) { b.Reader(0).Append(r) })
			insert.Params[0].Reader = true
			require.NoError(t, insert.Exec(t.Context(), db, iotest.HalfReader(strings.NewReader(at.value))), "%s", kind)
			read := runtime.Query[runtime.None, io.Reader]{
				Name: "Read", SQL: fmt.Sprintf("SELECT v FROM of_%s", kind),
				Columns: []runtime.Column{{Name: "v", Kind: kind, Reader: true}},
				Decode:  func(rows []io.Reader, b *protocol.Batch) { rows[0] = b.Reader(0).At(0) },
			}
			require.NoError(t, read.ReadOne(t.Context(), db, runtime.None{}, func(r io.Reader) error {
				got, err := io.ReadAll(r)
				require.True(t, at.value == string(got), "%s", kind)
				return err
			}))
		}
	})
}

// readOne is a query of one long value.
var readOne = runtime.Query[int64, longDocument]{
	Name: "ReadOne", SQL: "SELECT id, body, data, title FROM documents WHERE id = ?", Params: documents.Params,
	Columns: longColumns, Encode: documents.Encode, Decode: longDocumentsTo.Decode,
}

func TestReadOne(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		createDocuments(t, db)
		require.NoError(t, insertLong.Exec(t.Context(), db, longDocument{id: 1, text: strings.NewReader("body"), bytes: strings.NewReader("data"), title: "t"}))
		var kept longDocument
		read := func(d longDocument) error {
			kept = d
			b, err := io.ReadAll(d.bytes)
			require.NoError(t, err)
			require.Equal(t, "data", string(b))
			return err
		}
		require.NoError(t, readOne.ReadOne(t.Context(), db, 1, read))
		_, err := kept.bytes.Read(make([]byte, 10))
		require.ErrorIs(t, err, runtime.ErrRowPassed)

		require.ErrorIs(t, readOne.ReadOne(t.Context(), db, 2, read), runtime.ErrNoRows)
		ok, err := readOne.ReadOpt(t.Context(), db, 2, read)
		require.NoError(t, err)
		require.False(t, ok)
		ok, err = readOne.ReadOpt(t.Context(), db, 1, func(longDocument) error { return errOurs })
		require.Equal(t, errOurs, err)
		require.True(t, ok)

		require.NoError(t, insertLong.Exec(t.Context(), db, longDocument{id: 2, title: "second"}))
		err = longDocumentsTo.ReadOne(t.Context(), db, 2, func(longDocument) error { return nil })
		requireError(t, err, runtime.Error{Query: "LongDocuments", Op: "fetch", Err: runtime.ErrTooManyRows})
		require.Panics(t, func() { readOne.ReadOne(t.Context(), db, 1, func(longDocument) error { panic("ours") }) })
		require.EqualValues(t, 1, db.Stat().Idle)
	}, runtime.WithPoolSize(1))
}

// TestReadersOutOfTurn: cells are read in order, in part or not at all, and only
// while their row is at hand.
func TestReadersOutOfTurn(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		createDocuments(t, db)
		for i := range 4 {
			d := longDocument{int64(i), strings.NewReader(strings.Repeat("text", 50_000)), strings.NewReader(strings.Repeat("data", 50_000)), "t"}
			require.NoError(t, insertLong.Exec(t.Context(), db, d))
		}
		var before longDocument
		for d, err := range longDocumentsTo.ReadStream(t.Context(), db, 4) {
			require.NoError(t, err)
			part := make([]byte, 10)
			if before.text != nil {
				_, err = before.text.Read(part)
				require.ErrorIs(t, err, runtime.ErrRowPassed)
			}
			before = d
			switch d.id {
			case 0:
				continue
			case 1: // of the second alone
				_, err = io.ReadFull(d.bytes, part)
				require.NoError(t, err)
				require.Equal(t, "datadatada", string(part))
				_, err = d.text.Read(part)
				requireError(t, err, runtime.Error{Query: "LongDocuments", Op: "fetch", Err: runtime.ErrColumnPassed})
				continue
			case 2: // a part of each
				_, err = io.ReadFull(d.text, part)
				require.NoError(t, err)
				require.Equal(t, "texttextte", string(part))
			}
			rest, err := io.ReadAll(d.bytes)
			require.NoError(t, err)
			require.Equal(t, strings.Repeat("data", 50_000), string(rest))
			if d.id == 2 {
				break
			}
		}
		again := readDocuments(t, db.DB, 4)
		require.Len(t, again, 4)
		require.Equal(t, strings.Repeat("text", 50_000), again[0].text.V)
		require.EqualValues(t, 1, db.Stat().Idle)
	}, runtime.WithPoolSize(1))
}

// TestReaderFails: what a reader does wrong fails the call and stores nothing, and
// the connection goes on.
func TestReaderFails(t *testing.T) {
	temp := t.TempDir() // where readers are copied that do not tell their length
	t.Setenv("TMPDIR", temp)
	long := strings.Repeat("x", 1<<20)
	onAll(t, func(t *testing.T, db database) {
		createDocuments(t, db)
		for name, reader := range map[string]io.Reader{
			"at once":  iotest.ErrReader(errOurs),
			"later":    io.MultiReader(strings.NewReader(long), iotest.ErrReader(errOurs)),
			"cut":      io.MultiReader(strings.NewReader(long), iotest.ErrReader(io.ErrUnexpectedEOF)),
			"with len": lengthened{strings.NewReader(long), len(long) + 1},
			"too long": lengthened{strings.NewReader(long), len(long) - 1},
		} {
			if _, tells := reader.(lengthened); tells && db.Name != "sqlite" {
				continue // nobody asks for the length
			}
			err := insertLong.Exec(t.Context(), db, longDocument{id: 1, text: strings.NewReader("whole"), bytes: reader, title: "t"})
			e := requireError(t, err, runtime.Error{Query: "InsertLong", Op: "execute", Column: "data", Row: 1})
			if name == "later" {
				require.ErrorIs(t, e, errOurs)
			}
		}
		if db.Name != "mariadb" {
			err := insertLong.Exec(t.Context(), db, longDocument{id: 1, text: strings.NewReader(long + "\x00"), title: "t"})
			requireError(t, err, runtime.Error{Query: "InsertLong", Op: "execute", Column: "body", Row: 1})
		}
		require.Panics(t, func() {
			insertLong.Exec(t.Context(), db, longDocument{id: 1, text: io.MultiReader(strings.NewReader(long), panicking{}), title: "t"})
		})
		left, err := os.ReadDir(temp)
		require.NoError(t, err)
		require.Empty(t, left)
		require.Equal(t, [][]string{{"0"}}, db.shown(t, "SELECT count(*) FROM documents"))
		require.EqualValues(t, 1, db.Stat().Idle)

		require.NoError(t, insertLong.Exec(t.Context(), db, longDocument{id: 2, text: strings.NewReader("good"), title: "t"}))
		require.Equal(t, [][]string{{"2", "good"}}, db.shown(t, "SELECT id, body FROM documents"))
	}, runtime.WithPoolSize(1))
}

// lengthened tells another length than it has.
type lengthened struct {
	io.Reader
	length int
}

func (l lengthened) Len() int { return l.length }

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("ours") }

// TestReaderPanicsInQuery: a query with rows takes another way.
func TestReaderPanicsInQuery(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		createDocuments(t, db)
		q := documents
		q.Params = []runtime.Param{{Name: "last", Kind: protocol.Text, Reader: true}}
		q.Encode = func(b *protocol.Batch, _ int64) { b.Reader(0).Append(panicking{}) }
		require.Panics(t, func() { q.Many(t.Context(), db, 1) })
		require.EqualValues(t, 1, db.Stat().Idle)
		got, err := documents.Many(t.Context(), db, 1)
		require.NoError(t, err)
		require.Empty(t, got)
	}, runtime.WithPoolSize(1))
}

// TestReaderFailsInTransaction: the transaction goes on.
func TestReaderFailsInTransaction(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		createDocuments(t, db)
		require.NoError(t, db.InTx(t.Context(), func(tx *runtime.Tx) error {
			require.NoError(t, insertLong.Exec(t.Context(), tx, longDocument{id: 1, title: "t"}))
			later := io.MultiReader(strings.NewReader("some"), iotest.ErrReader(errOurs))
			require.ErrorIs(t, insertLong.Exec(t.Context(), tx, longDocument{id: 2, bytes: later, title: "t"}), errOurs)
			return insertLong.Exec(t.Context(), tx, longDocument{id: 3, title: "t"})
		}))
		require.Equal(t, [][]string{{"1"}, {"3"}}, db.shown(t, "SELECT id FROM documents ORDER BY id"))
	})
}

// TestReaderUsesConnection: while a value is read, its connection can be asked,
// and the value can come from there.
func TestReaderUsesConnection(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		createDocuments(t, db)
		want := document{1, textOf(1, 1<<20), bytesOf(1, 1<<20), "t"}
		_, err := insertDocuments.Insert(t.Context(), db, slices.Values([]document{want}))
		require.NoError(t, err)
		require.NoError(t, db.InTx(t.Context(), func(tx *runtime.Tx) error {
			return readOne.ReadOne(t.Context(), tx, 1, func(d longDocument) error {
				d.id = 2
				return insertLong.Exec(t.Context(), tx, d)
			})
		}))
		got, err := documents.Many(t.Context(), db, 2)
		require.NoError(t, err)
		second := want
		second.id = 2
		requireDocuments(t, []document{want, second}, got)
	})
}

// TestCancelReaders: a context that ends between or during pieces ends the call.
func TestCancelReaders(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		createDocuments(t, db)
		ctx, cancel := context.WithCancel(t.Context())
		err := insertLong.Exec(ctx, db, longDocument{id: 1, text: &cancelling{after: 1 << 20, cancel: cancel}, title: "t"})
		requireError(t, err, runtime.Error{Query: "InsertLong", Op: "execute", Err: context.Canceled})
		require.Equal(t, [][]string{{"0"}}, db.shown(t, "SELECT count(*) FROM documents"))

		require.NoError(t, insertLong.Exec(t.Context(), db, longDocument{id: 1, text: strings.NewReader(strings.Repeat("x", 1<<20)), title: "t"}))
		ctx, cancel = context.WithCancel(t.Context())
		err = readOne.ReadOne(ctx, db, 1, func(d longDocument) error {
			_, err := io.CopyN(io.Discard, d.text, 1000)
			require.NoError(t, err)
			cancel()
			_, err = io.Copy(io.Discard, d.text)
			requireError(t, err, runtime.Error{Query: "ReadOne", Op: "fetch", Err: context.Canceled})
			return nil
		})
		require.ErrorIs(t, err, context.Canceled, "what a reader failed with is not lost")
		require.NoError(t, readOne.ReadOne(t.Context(), db, 1, func(longDocument) error { return nil }))
		require.EqualValues(t, 1, db.Stat().Idle)
	}, runtime.WithPoolSize(1))
}

// TestCancelAfterReader: the statement runs once its last value has been sent.
func TestCancelAfterReader(t *testing.T) {
	slow := byEngine{
		"sqlite":   "SELECT max(i), ? FROM (WITH RECURSIVE c(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM c WHERE i < 1000000000) SELECT i FROM c)",
		"postgres": "SELECT 1, CAST(? AS TEXT) FROM (SELECT pg_sleep(1000)) s",
		"mariadb":  "SELECT sleep(1000), ?",
	}
	onAll(t, func(t *testing.T, db database) {
		createDocuments(t, db)
		insert := command("Insert", "INSERT INTO documents (id, body) "+slow.of(db), protocol.Text, func(b *protocol.Batch, r io.Reader) { b.Reader(0).Append(r) })
		insert.Params[0].Reader = true
		ctx, ended := deadlineSoon(t)
		err := insert.Exec(ctx, db, strings.NewReader("text"))
		require.Less(t, time.Since(ended()), cancelPatience)
		requireError(t, err, runtime.Error{Query: "Insert", Op: "execute", Err: context.DeadlineExceeded})
		require.Equal(t, [][]string{{"0"}}, db.shown(t, "SELECT count(*) FROM documents"))
	}, runtime.WithPoolSize(1))
}

// TestConnectionLostWhileReading: neither handles nor the place in the pool are
// lost with it.
func TestConnectionLostWhileReading(t *testing.T) {
	session := byEngine{"postgres": "SELECT pg_backend_pid() AS n", "mariadb": "SELECT connection_id() AS n"}
	end := byEngine{"postgres": "SELECT pg_terminate_backend(%d)", "mariadb": "KILL CONNECTION %d"}
	onAll(t, func(t *testing.T, db database) {
		createDocuments(t, db)
		if db.Name == "sqlite" {
			return // there is no connection to lose
		}
		conn, err := db.Conn(t.Context())
		require.NoError(t, err)
		defer conn.Close()
		id, err := ints("Session", session.of(db)).One(t.Context(), conn, 0)
		require.NoError(t, err)
		killing := &cancelling{after: 1 << 20, cancel: sync.OnceFunc(func() { db.exec(t, fmt.Sprintf(end.of(db), id)) })}
		err = insertLong.Exec(t.Context(), conn, longDocument{id: 1, bytes: io.LimitReader(killing, 8<<20), title: "t"})
		requireError(t, err, runtime.Error{Query: "InsertLong", Op: "execute"})
		conn.Close()
		require.NoError(t, insertLong.Exec(t.Context(), db, longDocument{id: 2, bytes: strings.NewReader("good"), title: "t"}))
		require.Equal(t, [][]string{{"2"}}, db.shown(t, "SELECT id FROM documents"))
	}, runtime.WithPoolSize(1))
}

// cancelling gives zeros without end, and ends a context after some.
type cancelling struct {
	after  int
	cancel func()
}

func (c *cancelling) Read(p []byte) (int, error) {
	if c.after -= len(p); c.after < 0 {
		c.cancel()
	}
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

// TestReaderNull: NULL in a column that has no place for it.
func TestReaderNull(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		createDocuments(t, db)
		require.NoError(t, insertLong.Exec(t.Context(), db, longDocument{id: 1, title: "t"}))
		q := runtime.Query[runtime.None, io.Reader]{
			Name: "Bodies", SQL: "SELECT body FROM documents",
			Columns: []runtime.Column{{Name: "body", Kind: protocol.Text, Reader: true}},
			Decode:  func(rows []io.Reader, b *protocol.Batch) { rows[0] = b.Reader(0).At(0) },
		}
		err := q.ReadOne(t.Context(), db, runtime.None{}, func(io.Reader) error { return errors.New("called") })
		requireError(t, err, runtime.Error{Query: "Bodies", Op: "decode", Column: "body", Row: 1, Err: protocol.ErrNull})
	})
}

var long = flag.Bool("long", false, "send values of 256 MiB, where the database takes them")

// TestLongReaders sends and reads values that the Go side must not hold.
func TestLongReaders(t *testing.T) {
	onAll(t, func(t *testing.T, db database) {
		createDocuments(t, db)
		length := int64(15 << 20) // MariaDB takes 16 MiB by default
		if *long {
			length = 256 << 20
		}
		if *long && db.Name == "mariadb" { // for connections made from now on
			db.exec(t, "SET GLOBAL max_allowed_packet = 1073741824")
			db.Close()
			db = open(t, db.Database)
			defer db.Close()
		}
		requireBounded(t, db, length, 1)
	})
}

// requireBounded sends a value of the length as bytes and as text, and reads both
// back, with little Go memory.
func requireBounded(t *testing.T, db database, length, id int64) {
	t.Helper()
	for _, text := range []bool{false, true} {
		sent, d := newMade(length), longDocument{id: id, title: "t"}
		if d.bytes = io.Reader(sent); text {
			d.text, d.bytes = d.bytes, nil
			d.id++
		}
		before := allocated()
		require.NoError(t, insertLong.Exec(t.Context(), db, d))
		received := sha256.New()
		require.NoError(t, readOne.ReadOne(t.Context(), db, d.id, func(d longDocument) error {
			from := d.bytes
			if text {
				from = d.text
			}
			n, err := io.Copy(received, from)
			require.Equal(t, length, n)
			return err
		}))
		require.Less(t, allocated()-before, uint64(16<<20))
		require.Equal(t, sent.hash.Sum(nil), received.Sum(nil))
	}
}

func allocated() uint64 {
	var m goruntime.MemStats
	goruntime.ReadMemStats(&m)
	return m.TotalAlloc
}

// made is text made while it is read.
type made struct {
	io.Reader
	hash hash.Hash
}

func newMade(length int64) made {
	h := sha256.New()
	return made{io.TeeReader(io.LimitReader(&numbered{}, length), h), h}
}

// numbered is text without end: blocks of 4 KiB, each with its number.
type numbered struct {
	block [4 << 10]byte
	at    int
	n     uint64
}

func (t *numbered) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if t.at == 0 {
			t.n++
			for i := range t.block {
				t.block[i] = 'a' + byte(t.n>>(i%16*4)&15)
			}
		}
		m := copy(p[n:], t.block[t.at:])
		t.at = (t.at + m) % len(t.block)
		n += m
	}
	return n, nil
}
