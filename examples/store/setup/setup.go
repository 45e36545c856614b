// Package setup makes the bookshop: its tables, and all that is in them.
package setup

import (
	"context"
	"iter"

	"github.com/odbcgen/odbcgen/runtime"

	"example.com/store/schema"
	"example.com/store/shopdata"
	"example.com/store/store"
)

// Create creates the tables in an empty database.
func Create(ctx context.Context, db *runtime.DB) error {
	statements, err := schema.Statements(db.Plugin().Name)
	if err != nil {
		return err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, statement := range statements {
		if err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// Fill puts the shop into the tables, all of it or nothing.
func Fill(ctx context.Context, db runtime.Session, shop *shopdata.Shop) error {
	return store.New(db).InTx(ctx, func(q store.Querier) error {
		for _, step := range steps(ctx, q, shop) {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	})
}

// steps returns the inserts in the order that the foreign keys allow. What the
// bulk inserts take is what the shop has, so that Go converts one to the other.
func steps(ctx context.Context, q store.Querier, shop *shopdata.Shop) []func() error {
	return []func() error{
		insert(ctx, q.InsertLanguages, shop.Languages, func(l shopdata.Language) store.InsertLanguagesRow {
			return store.InsertLanguagesRow(l)
		}),
		insert(ctx, q.InsertPublishers, shop.Publishers, func(p shopdata.Publisher) store.InsertPublishersRow {
			return store.InsertPublishersRow(p)
		}),
		insert(ctx, q.InsertGenres, shop.Genres, func(g shopdata.Genre) store.InsertGenresRow {
			return store.InsertGenresRow(g)
		}),
		insert(ctx, q.InsertAuthors, shop.Authors, func(a shopdata.Author) store.InsertAuthorsRow {
			return store.InsertAuthorsRow(a)
		}),
		insert(ctx, q.InsertBooks, shop.Books, func(b shopdata.Book) store.InsertBooksRow {
			return store.InsertBooksRow(b)
		}),
		insert(ctx, q.InsertBookAuthors, shop.BookAuthors, func(a shopdata.BookAuthor) store.InsertBookAuthorsRow {
			return store.InsertBookAuthorsRow(a)
		}),
		insert(ctx, q.InsertCovers, shop.Covers, func(c shopdata.Cover) store.InsertCoversRow {
			return store.InsertCoversRow(c)
		}),
		insert(ctx, q.InsertCustomers, shop.Customers, func(c shopdata.Customer) store.InsertCustomersRow {
			return store.InsertCustomersRow(c)
		}),
		insert(ctx, q.InsertOrders, shop.Orders, func(o shopdata.Order) store.InsertOrdersRow {
			return store.InsertOrdersRow(o)
		}),
		insert(ctx, q.InsertOrderLines, shop.OrderLines, func(l shopdata.OrderLine) store.InsertOrderLinesRow {
			return store.InsertOrderLinesRow(l)
		}),
		insert(ctx, q.InsertReviews, shop.Reviews, func(r shopdata.Review) store.InsertReviewsRow {
			return store.InsertReviewsRow(r)
		}),
		insert(ctx, q.InsertPageViews, shop.PageViews, func(v shopdata.PageView) store.InsertPageViewsRow {
			return store.InsertPageViewsRow(v)
		}),
		insert(ctx, q.InsertÖffnungszeiten, shop.Hours, func(h shopdata.Hours) store.InsertÖffnungszeitenRow {
			return store.InsertÖffnungszeitenRow(h)
		}),
		func() error { return saveRates(ctx, q, shop.Rates) },
	}
}

// insert returns the step that inserts what shopdata has.
func insert[T, Row any](
	ctx context.Context, into func(context.Context, iter.Seq[Row], ...runtime.BulkOption) (runtime.BulkResult, error), all []T, row func(T) Row,
) func() error {
	return func() error {
		_, err := into(ctx, Rows(all, row))
		return err
	}
}

// Rows yields the rows that are made of values, as bulk inserts take them.
func Rows[T, Row any](all []T, row func(T) Row) iter.Seq[Row] {
	return func(yield func(Row) bool) {
		for _, v := range all {
			if !yield(row(v)) {
				return
			}
		}
	}
}

// saveRates has no bulk insert: the type of the column would not be right on
// every database.
func saveRates(ctx context.Context, q store.Querier, rates []shopdata.Rate) error {
	for _, r := range rates {
		if err := q.SaveRate(ctx, r.Currency, r.Day, r.Rate); err != nil {
			return err
		}
	}
	return nil
}
