package runtime_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Book is a row as odbcgen writes it.
type Book struct {
	ISBN  string
	Title string
	Pages int32
}

// booksByPages is a query as odbcgen writes it.
var booksByPages = runtime.Query[int32, Book]{
	Name: "BooksByPages",
	SQL:  "SELECT isbn, title, pages FROM books WHERE pages >= ? ORDER BY pages",
	Params: []runtime.Param{
		{Name: "pages", Kind: protocol.Int32},
	},
	Columns: []runtime.Column{
		{Name: "isbn", Kind: protocol.Text},
		{Name: "title", Kind: protocol.Text},
		{Name: "pages", Kind: protocol.Int32},
	},
	Encode: func(b *protocol.Batch, pages int32) { b.Int32(0).Append(pages) },
	Decode: func(rows []Book, b *protocol.Batch) {
		isbn, title, pages := b.Text(0), b.Text(1), b.Int32(2)
		for i := range rows {
			rows[i] = Book{ISBN: isbn.At(i), Title: title.At(i), Pages: pages.At(i)}
		}
	},
}

// insertBooks is a bulk insert as odbcgen writes it.
var insertBooks = runtime.Bulk[Book]{
	Name: "InsertBooks", Table: "books",
	Columns: []runtime.Column{
		{Name: "isbn", Kind: protocol.Text},
		{Name: "title", Kind: protocol.Text},
		{Name: "pages", Kind: protocol.Int32},
	},
	Encode: func(b *protocol.Batch, book Book) {
		b.Text(0).Append(book.ISBN)
		b.Text(1).Append(book.Title)
		b.Int32(2).Append(book.Pages)
	},
}

// deleteBook is a command as odbcgen writes it.
var deleteBook = runtime.Command[string]{
	Name: "DeleteBook", SQL: "DELETE FROM books WHERE isbn = ?",
	Params: []runtime.Param{{Name: "isbn", Kind: protocol.Text}},
	Encode: func(b *protocol.Batch, isbn string) { b.Text(0).Append(isbn) },
}

var shelf = []Book{{"3-1", "Emil", 208}, {"3-2", "Momo", 304}, {"3-3", "Krabat", 256}}

// openShelf opens a new SQLite database with a few books.
func openShelf(ctx context.Context) (db *runtime.DB, done func()) {
	folder, err := os.MkdirTemp("", "books")
	if err != nil {
		log.Fatal(err)
	}
	db, err = runtime.Open(ctx, "Driver=SQLite3;Database="+filepath.Join(folder, "books.db"))
	if err != nil {
		log.Fatal(err)
	}
	create := runtime.Command[runtime.None]{Name: "Create", SQL: "CREATE TABLE books (isbn VARCHAR(13) PRIMARY KEY, title VARCHAR(200) NOT NULL, pages INTEGER NOT NULL)"}
	if err := create.Exec(ctx, db, runtime.None{}); err != nil {
		log.Fatal(err)
	}
	if _, err := insertBooks.Insert(ctx, db, slices.Values(shelf)); err != nil {
		log.Fatal(err)
	}
	return db, func() {
		db.Close()
		_ = os.RemoveAll(folder)
	}
}

func ExampleOpen() {
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	db, err := runtime.Open(ctx, "Driver=SQLite3;Database="+filepath.Join(folder, "a.db"), runtime.WithPoolSize(2))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	fmt.Println(db.Plugin().Name, db.Stat().Max)
	// Output: sqlite 2
}

func ExampleQuery() {
	ctx := context.Background()
	db, done := openShelf(ctx)
	defer done()
	for book, err := range booksByPages.Stream(ctx, db, 250) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(book.Title, book.Pages)
	}
	book, found, err := booksByPages.Opt(ctx, db, 1000)
	fmt.Println(book, found, err)
	// Output:
	// Krabat 256
	// Momo 304
	// {  0} false <nil>
}

func ExampleCommand() {
	ctx := context.Background()
	db, done := openShelf(ctx)
	defer done()
	for range 2 {
		rows, err := deleteBook.Affected(ctx, db, "3-2")
		fmt.Println(rows, err)
	}
	// Output:
	// 1 <nil>
	// 0 <nil>
}

func ExampleBulk() {
	ctx := context.Background()
	db, done := openShelf(ctx)
	defer done()
	more := []Book{{"3-4", "Jim Knopf", 252}, {"3-2", "Momo again", 304}}
	result, err := insertBooks.Insert(ctx, db, slices.Values(more))
	fmt.Println(result.Rows, err)
	result, err = insertBooks.Insert(ctx, db, slices.Values(more[:1]))
	fmt.Println(result.Rows, err)
	// Output:
	// 0 query InsertBooks: execute row 2: [SQLite]UNIQUE constraint failed: books.isbn (19) (SQLSTATE HY000, native 19)
	// 1 <nil>
}

func ExampleDB_InTx() {
	ctx := context.Background()
	db, done := openShelf(ctx)
	defer done()
	err := db.InTx(ctx, func(tx *runtime.Tx) error {
		if err := deleteBook.Exec(ctx, tx, "3-1"); err != nil {
			return err
		}
		return errors.New("changed my mind")
	})
	fmt.Println(err)
	books, err := booksByPages.Many(ctx, db, 0)
	fmt.Println(len(books), err)
	// Output:
	// changed my mind
	// 3 <nil>
}

func ExampleTxReadOnly() {
	ctx := context.Background()
	db, done := openShelf(ctx)
	defer done()
	err := db.InTx(ctx, func(tx *runtime.Tx) error {
		books, err := booksByPages.Many(ctx, tx, 0)
		if err != nil {
			return err
		}
		return deleteBook.Exec(ctx, tx, books[0].ISBN)
	}, runtime.TxIsolation(runtime.Serializable), runtime.TxReadOnly())
	fmt.Println(errors.Is(err, runtime.KindReadOnly))
	// Output: true
}

// To delete a book twice is to delete it once: that may be tried again even when
// nobody knows whether it was done.
func ExampleRetry() {
	ctx := context.Background()
	db, done := openShelf(ctx)
	defer done()
	policy := runtime.RetryPolicy{Attempts: 5, First: 100 * time.Millisecond, Idempotent: true}
	err := runtime.Retry(ctx, policy, func(ctx context.Context) error {
		return deleteBook.Exec(ctx, db, "3-1")
	})
	var gaveUp *runtime.RetryError
	if errors.As(err, &gaveUp) {
		fmt.Println("tried", gaveUp.Attempts, "times")
	}
	fmt.Println(err)
	// Output: <nil>
}

func ExampleError() {
	ctx := context.Background()
	db, done := openShelf(ctx)
	defer done()
	_, err := insertBooks.Insert(ctx, db, slices.Values(shelf))
	var e *runtime.Error
	if errors.As(err, &e) {
		fmt.Println(e.Query, e.Op, e.Row, e.State, e.Native)
	}
	_, err = booksByPages.One(ctx, db, 1000)
	fmt.Println(errors.Is(err, runtime.ErrNoRows))
	// Output:
	// InsertBooks execute 1 HY000 19
	// true
}

// The table has changed since the code was generated.
func ExampleDriftError() {
	db, done := openShelf(context.Background())
	defer done()
	titles := runtime.Query[runtime.None, string]{
		Name: "Titles", SQL: "SELECT pages FROM books", Driver: "sqlite",
		Columns: []runtime.Column{{Name: "title", Kind: protocol.Text}},
		Decode:  decodeColumn((*protocol.Batch).Text),
	}
	_, err := titles.Many(context.Background(), db, runtime.None{})
	var drift *runtime.DriftError
	if errors.As(err, &drift) {
		for _, change := range drift.Changes {
			fmt.Println(change)
		}
	}
	// Output:
	// column 1 "title" is called "pages"
	// column 1 "title" was text and is int64 (INTEGER)
}

// shelfSets are the results of a query as odbcgen writes it.
type shelfSets struct {
	Deleted int64
	Longest []Book
}

// cleanShelf is a query with several results as odbcgen writes it.
var cleanShelf = runtime.Sets[int32, shelfSets]{
	Name: "CleanShelf",
	Statements: []runtime.SetsStatement[int32, shelfSets]{
		{
			SQL:    "DELETE FROM books WHERE pages < ?",
			Params: booksByPages.Params,
			Encode: booksByPages.Encode,
			Results: []runtime.Set[shelfSets]{
				{Name: "deleted", Into: runtime.IntoCount(func(s *shelfSets) *int64 { return &s.Deleted })},
			},
		},
		{
			SQL: "SELECT isbn, title, pages FROM books ORDER BY pages DESC LIMIT 1",
			Results: []runtime.Set[shelfSets]{
				{
					Name:    "longest",
					Columns: booksByPages.Columns,
					Into:    runtime.IntoSlice(booksByPages.Decode, func(s *shelfSets) *[]Book { return &s.Longest }),
				},
			},
		},
	},
}

func ExampleSets() {
	ctx := context.Background()
	db, done := openShelf(ctx)
	defer done()

	sets, err := cleanShelf.Run(ctx, db, 250)
	fmt.Println(sets.Deleted, sets.Longest, err)
	// Output: 1 [{3-2 Momo 304}] <nil>
}

// twoThickerBooks is a page of a query as odbcgen writes it.
var twoThickerBooks = runtime.Query[int32, Book]{
	Name:   "TwoThickerBooks",
	SQL:    "SELECT isbn, title, pages FROM books WHERE pages > ? ORDER BY pages LIMIT 2",
	Params: booksByPages.Params, Columns: booksByPages.Columns,
	Encode: booksByPages.Encode, Decode: booksByPages.Decode,
}

func ExampleQuery_Pages() {
	ctx := context.Background()
	db, done := openShelf(ctx)
	defer done()

	advance := func(_ int32, last Book) int32 { return last.Pages }
	for book, err := range twoThickerBooks.Pages(ctx, db, 0, advance) {
		fmt.Println(book.Title, err)
	}
	// Output:
	// Emil <nil>
	// Krabat <nil>
	// Momo <nil>
}

func ExampleQuery_Frames() {
	ctx := context.Background()
	db, done := openShelf(ctx)
	defer done()

	var frames bytes.Buffer
	w := protocol.NewWriter(&frames, protocol.Format{Version: protocol.Packed})
	if err := booksByPages.Frames(ctx, db, 250, w); err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	for book, err := range booksByPages.Read(&frames) { // no database is needed
		fmt.Println(book.Title, err)
	}
	// Output:
	// Krabat <nil>
	// Momo <nil>
}
