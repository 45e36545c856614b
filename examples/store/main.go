// Command store shows what generated code can do, on a bookshop in seventeen
// languages:
//
//	go run .
//
// It runs on the database that STORE_DSN names in an ODBC connection string, by
// default on the SQLite file store.db, and makes the shop there when there is
// none.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"time"

	"github.com/odbcgen/odbcgen/runtime"

	"example.com/store/setup"
	"example.com/store/shopdata"
	"example.com/store/store"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "store:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	db, err := runtime.Open(ctx, cmp.Or(os.Getenv("STORE_DSN"), "Driver=SQLite3;Database=store.db"))
	if err != nil {
		return err
	}
	defer db.Close()
	if err := open(ctx, db); err != nil {
		return err
	}
	q := store.New(db)
	for _, show := range []func(context.Context, *store.Queries) error{
		showBook, showShelf, showBestsellers, showPageViews, showTransaction, showMoment, showError,
	} {
		if err := show(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// open greets, and makes the shop when there is none.
func open(ctx context.Context, db *runtime.DB) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	server := conn.Server()
	conn.Close()
	fmt.Printf("The bookshop on %s %s, through %s %s\n", server.DBMS, server.Version, server.Driver, server.DriverVersion)

	books, err := store.New(db).CountBooks(ctx)
	if err != nil { // most likely there are no tables
		if err := setup.Create(ctx, db); err != nil {
			return err
		}
	}
	if books > 0 {
		return nil
	}
	start := time.Now()
	if err := setup.Fill(ctx, db, shopdata.New()); err != nil {
		return err
	}
	fmt.Printf("It is new: all is in place after %.1f s\n", time.Since(start).Seconds())
	return nil
}

func title(text string) { fmt.Printf("\n── %s\n", text) }

// showBook shows single rows, NULL among their values.
func showBook(ctx context.Context, q *store.Queries) error {
	title("One book (FindBook, AuthorsOfBook)")
	for _, name := range []string{"Kinder- und Hausmärchen", "Двенадцать стульев", "源氏物語", "Sjálfstætt fólk"} {
		book, ok, err := q.FindBook(ctx, name)
		if err != nil {
			return err
		}
		if !ok {
			fmt.Printf("%s is sold out\n", name)
			continue
		}
		fmt.Printf("%s, %s\n", book.Title, cmp.Or(book.Publisher.V, "publisher unknown"))
		authors, err := q.AuthorsOfBook(ctx, book.ID)
		if err != nil {
			return err
		}
		for _, a := range authors {
			fmt.Printf("    by %s", a.Name)
			if a.Born.Valid && a.Died.Valid {
				fmt.Printf(" (%v – %v)", a.Born.V, a.Died.V)
			}
			fmt.Println()
		}
	}
	return nil
}

// showShelf shows a join, in several scripts.
func showShelf(ctx context.Context, q *store.Queries) error {
	title("The shelves of some languages (ListBooks)")
	for _, code := range []string{"de", "el", "he", "ja", "hi"} {
		books, err := q.ListBooks(ctx, code)
		if err != nil {
			return err
		}
		for _, b := range books {
			fmt.Printf("%10s  %-12s  %s: %s\n", b.Price.StringFixed(2), b.Genre, b.LanguageName, b.Title)
		}
	}
	return nil
}

// showBestsellers shows a view with aggregates.
func showBestsellers(ctx context.Context, q *store.Queries) error {
	title("Bestsellers (Bestsellers, from a view)")
	books, err := q.Bestsellers(ctx, 5)
	for _, b := range books {
		fmt.Printf("%4d copies in %3d orders %14s  %s\n", b.Copies, b.Orders, b.Revenue.StringFixed(2), b.Title)
	}
	return err
}

// showPageViews adds up a large table row by row while it is fetched.
func showPageViews(ctx context.Context, q *store.Queries) error {
	title("All page views, one by one (StreamPageViews)")
	var rows int
	var read time.Duration
	strangers := 0
	perBook := map[int64]int{}
	start := time.Now()
	for v, err := range q.StreamPageViews(ctx) {
		if err != nil {
			return err
		}
		rows++
		perBook[v.BookID]++
		read += time.Duration(v.Seconds * float64(time.Second))
		if !v.CustomerID.Valid {
			strangers++
		}
	}
	fmt.Println(rate(rows, time.Since(start)))
	fmt.Printf("%d hours of reading, %d views by strangers, most on book %d\n",
		int(read.Hours()), strangers, mostViewed(perBook))
	return nil
}

func mostViewed(perBook map[int64]int) int64 {
	var books []int64
	for id := range perBook {
		books = append(books, id)
	}
	return slices.MaxFunc(books, func(a, b int64) int {
		return cmp.Or(cmp.Compare(perBook[a], perBook[b]), cmp.Compare(b, a))
	})
}

func rate(rows int, took time.Duration) string {
	return fmt.Sprintf("%d rows in %.2f s: %.0f rows/s", rows, took.Seconds(), float64(rows)/took.Seconds())
}

// errChangedMind ends a transaction that shall leave nothing behind.
var errChangedMind = errors.New("changed my mind")

// showTransaction inserts many rows, and takes them back.
func showTransaction(ctx context.Context, q *store.Queries) error {
	title("A bulk insert, rolled back (InTx, InsertPageViews)")
	if err := showCount(ctx, q, "before"); err != nil {
		return err
	}
	err := q.InTx(ctx, func(q store.Querier) error {
		start := time.Now()
		done, err := q.InsertPageViews(ctx, morePageViews)
		if err != nil {
			return err
		}
		fmt.Println("inserted", rate(int(done.Rows), time.Since(start)))
		if err := showCount(ctx, q, "within"); err != nil {
			return err
		}
		return errChangedMind
	})
	if !errors.Is(err, errChangedMind) {
		return err
	}
	return showCount(ctx, q, "after")
}

func showCount(ctx context.Context, q store.Querier, when string) error {
	views, err := q.CountPageViews(ctx)
	fmt.Printf("%-7s %d page views\n", when, views)
	return err
}

// morePageViews yields as many rows again as there are.
func morePageViews(yield func(store.InsertPageViewsRow) bool) {
	now := time.Now()
	for i := range int64(shopdata.PageViews) {
		row := store.InsertPageViewsRow{ID: shopdata.PageViews + 1 + i, BookID: 1 + i%30, ViewedAt: now, Seconds: 1.5}
		if !yield(row) {
			return
		}
	}
}

// showMoment asks for figures that must belong together: other transactions change
// nothing between the two queries, and a mistake here changes nothing at all.
func showMoment(ctx context.Context, q *store.Queries) error {
	title("Two figures of one moment (InTx with options, CountBooks, CountPageViews)")
	var books, views int64
	err := q.InTx(ctx, func(q store.Querier) (err error) {
		if books, err = q.CountBooks(ctx); err != nil {
			return err
		}
		views, err = q.CountPageViews(ctx)
		return err
	}, runtime.TxIsolation(runtime.Serializable), runtime.TxReadOnly())
	if err == nil {
		fmt.Printf("%.0f views a book\n", float64(views)/float64(books))
	}
	return err
}

// showError shows what an error knows.
func showError(ctx context.Context, q *store.Queries) error {
	title("An e-mail address taken twice (AddCustomer)")
	err := q.AddCustomer(ctx, store.AddCustomerParams{
		ID: 1_000_000, Email: "reader42@example.com", Name: "somebody else", JoinedAt: time.Now(),
	})
	var e *runtime.Error
	if !errors.Is(err, runtime.KindUnique) || !errors.As(err, &e) {
		return fmt.Errorf("the address was taken twice: %w", err)
	}
	fmt.Printf("Query        %s\nOp           %s\nDriver       %s\n", e.Query, e.Op, e.Driver)
	fmt.Printf("State        %s\nNative       %d\nMessage      %s\n", e.State, e.Native, e.Message)
	fmt.Printf("Category     %v\nKind         %v\nOutcome      %v\nRetry        %v\n", e.Category, e.Kind, e.Outcome, e.Retry)
	fmt.Printf("Column, Row  %q, %d\n", e.Column, e.Row) // of the values at fault, where that is known
	for i, d := range e.Diagnostics {
		fmt.Printf("Diagnostics  %d: %s/%d %s\n", i+1, d.State, d.Native, d.Message)
	}
	return nil
}
