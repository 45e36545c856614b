package store_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"

	"example.com/store/setup"
	"example.com/store/store"
)

// The rows of these checks come through a pipe, as they would from another process:
// they are read while they are still written.

func checkGetBookFrames(c *check) {
	isbn := c.shop.Books[0].ISBN.V
	want, err := c.q.GetBook(c.ctx, isbn)
	require.NoError(c, err)
	row(c, want)(store.ReadGetBook(piped(func(w *protocol.Writer) error { return c.q.GetBookFrames(c.ctx, isbn, w) })))
	_, err = store.ReadGetBook(piped(func(w *protocol.Writer) error { return c.q.GetBookFrames(c.ctx, "no such book", w) }))
	require.ErrorIs(c, err, runtime.ErrNoRows)
}

func checkFindBookFrames(c *check) {
	title := c.shop.Books[0].Title
	want, _, err := c.q.FindBook(c.ctx, title)
	require.NoError(c, err)
	found(c, want)(store.ReadFindBook(piped(func(w *protocol.Writer) error { return c.q.FindBookFrames(c.ctx, title, w) })))
	missing[store.FindBookRow](c)(store.ReadFindBook(piped(func(w *protocol.Writer) error { return c.q.FindBookFrames(c.ctx, "no such book", w) })))
}

func checkListBooksFrames(c *check) {
	for _, l := range c.shop.Languages {
		want, err := c.q.ListBooks(c.ctx, l.Code)
		require.NoError(c, err)
		rows(c, want)(store.ReadListBooks(piped(func(w *protocol.Writer) error { return c.q.ListBooksFrames(c.ctx, l.Code, w) })))
	}
}

func checkStreamBooksFrames(c *check) {
	want := drain(c, c.q.StreamBooks(c.ctx))
	require.NotEmpty(c, want)
	equal(c, want, drain(c, store.ReadStreamBooks(piped(func(w *protocol.Writer) error { return c.q.StreamBooksFrames(c.ctx, w) }))))
}

// piped returns the reading end of a pipe into which frames are written. An error of the
// writing end is one of the reading end, too.
func piped(write func(*protocol.Writer) error) io.Reader {
	r, w := io.Pipe()
	go func() { w.CloseWithError(writeFrames(w, write)) }()
	return r
}

// writeFrames writes frames and their end. A result that
// was cut is not closed: it must not look like a whole one.
func writeFrames(to io.Writer, write func(*protocol.Writer) error) error {
	w := protocol.NewWriter(to, protocol.Format{Version: protocol.Packed, Compression: protocol.Zstd})
	if err := write(w); err != nil {
		return err
	}
	return w.Close()
}

// TestFake records queries on SQLite, and replays them without a database.
func TestFake(t *testing.T) {
	db := openSQLite(t)
	require.NoError(t, setup.Create(t.Context(), db))
	require.NoError(t, setup.Fill(t.Context(), db, shop()))
	require.Equal(t, driver.SQLite.Name, db.Plugin().Name)
	queries, isbn := store.New(db), shop().Books[0].ISBN.V

	dir := t.TempDir()
	record(t, dir, "GetBook", func(w *protocol.Writer) error { return queries.GetBookFrames(t.Context(), isbn, w) })
	record(t, dir, "StreamBooks", func(w *protocol.Writer) error { return queries.StreamBooksFrames(t.Context(), w) })
	fake := &store.Fake{Frames: os.DirFS(dir)}

	c := &check{T: t, ctx: t.Context(), q: fake, exact: true}
	want, err := queries.GetBook(t.Context(), isbn)
	require.NoError(t, err)
	row(c, want)(fake.GetBook(t.Context(), isbn))
	equal(c, drain(c, queries.StreamBooks(t.Context())), drain(c, fake.StreamBooks(t.Context())))
	checkStreamBooksFrames(c)

	_, err = fake.CountBooks(t.Context())
	require.ErrorIs(t, err, runtime.ErrNotFaked)
	require.EqualError(t, err, "query CountBooks: connect: not faked: set CountBooksFunc")
	require.Equal(t, []string{"GetBook", "StreamBooks", "StreamBooks", "StreamBooksFrames", "CountBooks"}, fake.Calls())
}

// record writes the frames of a query into the file that a Fake reads.
func record(t *testing.T, dir, query string, write func(*protocol.Writer) error) {
	file, err := os.Create(filepath.Join(dir, query+".frames"))
	require.NoError(t, err)
	defer file.Close()
	require.NoError(t, writeFrames(file, write))
}
