package store_test

import (
	"bytes"
	"cmp"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing/iotest"

	"github.com/golang-sql/civil"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"example.com/store/setup"
	"example.com/store/shopdata"
	"example.com/store/store"
)

func some[T any](v T) sql.Null[T] { return sql.Null[T]{V: v, Valid: true} }

// byID returns what has the number; the shop numbers from 1.
func byID[T any](all []T, id int64) T { return all[id-1] }

// from returns what make makes of the values that match.
func from[T, Row any](all []T, match func(T) bool, make func(T) Row) []Row {
	found := []Row{}
	for _, v := range all {
		if match(v) {
			found = append(found, make(v))
		}
	}
	return found
}

func always[T any](T) bool { return true }

func checkGetBook(c *check) {
	for _, b := range c.shop.Books {
		if b.ISBN.Valid {
			row(c, bookRow(b))(c.q.GetBook(c.ctx, b.ISBN.V))
		}
	}
	_, err := c.q.GetBook(c.ctx, "no such book")
	require.ErrorIs(c, err, sql.ErrNoRows)
}

// bookRow is the row of a book with an ISBN.
func bookRow(b shopdata.Book) store.GetBookRow {
	return store.GetBookRow{
		ID: b.ID, ISBN: b.ISBN.V, Title: b.Title, Subtitle: b.Subtitle, Language: b.Language, GenreID: b.GenreID,
		PublisherID: b.PublisherID, Price: b.Price, Pages: b.Pages, Weight: b.Weight, Published: b.Published,
		InPrint: b.InPrint, AddedAt: b.AddedAt, Details: b.Details,
	}
}

func checkFindBook(c *check) {
	for _, b := range c.shop.Books {
		want := store.FindBookRow{ID: b.ID, Title: b.Title}
		if b.PublisherID.Valid {
			p := byID(c.shop.Publishers, b.PublisherID.V)
			want.Publisher, want.City = some(p.Name), p.City
		}
		found(c, want)(c.q.FindBook(c.ctx, b.Title))
	}
	missing[store.FindBookRow](c)(c.q.FindBook(c.ctx, "كتاب لا وجود له"))
}

func checkStreamBooks(c *check) {
	books := slices.SortedFunc(slices.Values(c.shop.Books), func(a, b shopdata.Book) int {
		return cmp.Or(a.AddedAt.Compare(b.AddedAt), cmp.Compare(a.ID, b.ID))
	})
	equal(c, from(books, always, func(b shopdata.Book) store.StreamBooksRow { return store.StreamBooksRow(b) }),
		drain(c, c.q.StreamBooks(c.ctx)))
}

func checkListBooks(c *check) {
	for _, l := range c.shop.Languages {
		rows(c, from(c.shop.Books, isIn(l.Code), func(b shopdata.Book) store.ListBooksRow {
			return store.ListBooksRow{
				ID: b.ID, Title: b.Title, Price: b.Price, Pages: b.Pages, Genre: byID(c.shop.Genres, b.GenreID).Name,
				LanguageName: l.Name, RightToLeft: l.RightToLeft,
			}
		}))(c.q.ListBooks(c.ctx, l.Code))
	}
}

func isIn(languages ...string) func(shopdata.Book) bool {
	return func(b shopdata.Book) bool { return slices.Contains(languages, b.Language) }
}

func checkPageOfBooks(c *check) {
	const size = 7
	for skip := 0; skip < len(c.shop.Books)+size; skip += size {
		page := c.shop.Books[min(skip, len(c.shop.Books)):min(skip+size, len(c.shop.Books))]
		rows(c, from(page, always, func(b shopdata.Book) store.PageOfBooksRow {
			return store.PageOfBooksRow{ID: b.ID, Title: b.Title}
		}))(c.q.PageOfBooks(c.ctx, size, int64(skip)))
	}
}

func checkSearchTitles(c *check) {
	for pattern, match := range map[string]func(string) bool{
		"%":         func(string) bool { return true },
		"":          func(title string) bool { return title == "" },
		"%ин%":      func(title string) bool { return strings.Contains(title, "ин") },
		"こ_ろ":       func(title string) bool { return title == "こころ" },
		"Koniec%":   func(title string) bool { return strings.HasPrefix(title, "Koniec") },
		"%που δεν%": func(string) bool { return false },
		"🐈%":        func(title string) bool { return strings.HasPrefix(title, "🐈") },
	} {
		rows(c, from(c.shop.Books, func(b shopdata.Book) bool { return match(b.Title) }, func(b shopdata.Book) store.SearchTitlesRow {
			return store.SearchTitlesRow{ID: b.ID, Title: b.Title}
		}))(c.q.SearchTitles(c.ctx, pattern))
	}
}

func checkBooksInLanguages(c *check) {
	id := func(b shopdata.Book) int64 { return b.ID }
	rows(c, from(c.shop.Books, isIn("zh", "ja", "ko"), id))(c.q.BooksInLanguages(c.ctx, "zh", "ja", "ko"))
	rows(c, []int64{})(c.q.BooksInLanguages(c.ctx, "eo", "", "DE"))
}

func checkBooksPublished(c *check) {
	for _, span := range [][2]string{
		{"0001-01-01", "9999-12-31"},
		{"1869-12-01", "1905-10-06"},
		{"1869-12-02", "1905-10-05"},
		{"1905-10-06", "1869-12-01"},
	} {
		earliest, latest := day(c, span[0]), day(c, span[1])
		within := func(b shopdata.Book) bool {
			return b.Published.Valid && !b.Published.V.Before(earliest) && !b.Published.V.After(latest)
		}
		rows(c, from(c.shop.Books, within, func(b shopdata.Book) store.BooksPublishedRow {
			return store.BooksPublishedRow{ID: b.ID, Title: b.Title, Published: b.Published.V}
		}))(c.q.BooksPublished(c.ctx, earliest, latest))
	}
}

func day(c *check, text string) civil.Date {
	d, err := civil.ParseDate(text)
	require.NoError(c, err)
	return d
}

func checkBooksBetweenPrices(c *check) {
	for _, span := range [][2]string{{"6.90", "9.99"}, {"6.91", "9.98"}, {"-0.01", "0"}, {"9999999999.99", "9999999999.99"}} {
		lowest, highest := decimal.RequireFromString(span[0]), decimal.RequireFromString(span[1])
		for _, inPrint := range []bool{true, false} {
			match := func(b shopdata.Book) bool {
				return b.InPrint == inPrint && b.Price.GreaterThanOrEqual(lowest) && b.Price.LessThanOrEqual(highest)
			}
			want := from(c.shop.Books, match, func(b shopdata.Book) store.BooksBetweenPricesRow {
				return store.BooksBetweenPricesRow{ID: b.ID, Title: b.Title, Price: b.Price}
			})
			slices.SortStableFunc(want, func(a, b store.BooksBetweenPricesRow) int { return a.Price.Cmp(b.Price) })
			rows(c, want)(c.q.BooksBetweenPrices(c.ctx, lowest, highest, inPrint))
		}
	}
}

func checkBooksAboveAverage(c *check) {
	above := func(b shopdata.Book) bool {
		worth, books := worthOf(c, b.Language)
		return b.Price.Mul(decimal.NewFromInt(books)).GreaterThan(worth)
	}
	rows(c, from(c.shop.Books, above, func(b shopdata.Book) store.BooksAboveAverageRow {
		return store.BooksAboveAverageRow{ID: b.ID, Title: b.Title, Price: b.Price}
	}))(c.q.BooksAboveAverage(c.ctx))
}

// worthOf returns what the books of a language cost together.
func worthOf(c *check, language string) (worth decimal.Decimal, books int64) {
	for _, b := range c.shop.Books {
		if b.Language == language {
			worth = worth.Add(b.Price)
			books++
		}
	}
	return worth, books
}

func checkAuthorsOfBook(c *check) {
	for _, b := range c.shop.Books {
		by := func(a shopdata.BookAuthor) bool { return a.BookID == b.ID }
		rows(c, from(c.shop.BookAuthors, by, func(a shopdata.BookAuthor) store.AuthorsOfBookRow {
			return store.AuthorsOfBookRow(byID(c.shop.Authors, a.AuthorID))
		}))(c.q.AuthorsOfBook(c.ctx, b.ID))
	}
}

func checkRankBooks(c *check) {
	rows(c, from(c.shop.Books, always, func(b shopdata.Book) store.RankBooksRow {
		worth, _ := worthOf(c, b.Language)
		place := int64(1)
		for _, o := range c.shop.Books {
			if o.Language == b.Language && (o.Price.GreaterThan(b.Price) || o.Price.Equal(b.Price) && o.ID < b.ID) {
				place++
			}
		}
		return store.RankBooksRow{Language: b.Language, Title: b.Title, Place: place, Worth: worth}
	}))(c.q.RankBooks(c.ctx))
}

func checkPriceBands(c *check) {
	cheap, dear := decimal.RequireFromString("9.99"), decimal.RequireFromString("389.99")
	want := []store.PriceBandsRow{{Band: "cheap"}, {Band: "fair"}, {Band: "dear"}}
	for _, b := range c.shop.Books {
		band := &want[2]
		switch {
		case b.Price.LessThan(cheap):
			band = &want[0]
		case b.Price.LessThan(dear):
			band = &want[1]
		}
		if band.Books == 0 || b.Price.LessThan(band.Lowest) {
			band.Lowest = b.Price
		}
		band.Books++
	}
	rows(c, want)(c.q.PriceBands(c.ctx, cheap, dear))
}

func checkGetCover(c *check) {
	for _, v := range c.shop.Covers {
		found(c, store.GetCoverRow{MediaType: v.MediaType, Image: v.Image, Thumbnail: v.Thumbnail})(c.q.GetCover(c.ctx, v.BookID))
	}
	missing[store.GetCoverRow](c)(c.q.GetCover(c.ctx, 3))
}

func checkAddCover(c *check) {
	image := bytes.Repeat([]byte{0, 0xff, '\''}, 500_000)
	require.NoError(c, c.q.AddCover(c.ctx, store.AddCoverParams{BookID: 3, MediaType: "image/gif", Image: iotest.HalfReader(bytes.NewReader(image))}))
	found(c, store.GetCoverRow{MediaType: "image/gif", Image: image})(c.q.GetCover(c.ctx, 3))
}

func checkReadCover(c *check) {
	for _, v := range c.shop.Covers {
		ok, err := c.q.ReadCover(c.ctx, v.BookID, func(r store.ReadCoverRow) error {
			image, err := io.ReadAll(r.Image)
			require.NoError(c, err)
			got := store.GetCoverRow{MediaType: r.MediaType, Image: image}
			if r.Thumbnail != nil {
				got.Thumbnail.Valid = true
				got.Thumbnail.V, err = io.ReadAll(r.Thumbnail)
			}
			equal(c, store.GetCoverRow{MediaType: v.MediaType, Image: v.Image, Thumbnail: v.Thumbnail}, got)
			return err
		})
		require.NoError(c, err)
		require.True(c, ok)
	}
	ok, err := c.q.ReadCover(c.ctx, 3, nil)
	require.NoError(c, err)
	require.False(c, ok)
}

func checkStreamCovers(c *check) {
	rest := c.shop.Covers
	for row, err := range c.q.StreamCovers(c.ctx) {
		require.NoError(c, err)
		require.Equal(c, rest[0].BookID, row.BookID)
		image, err := io.ReadAll(row.Image)
		require.NoError(c, err)
		equal(c, rest[0].Image, image)
		rest = rest[1:]
	}
	require.Empty(c, rest)
}

func checkSetPrice(c *check) {
	b := c.shop.Books[0]
	b.Price = decimal.RequireFromString("12345678.90")
	affected(c, 1)(c.q.SetPrice(c.ctx, b.Price, b.ISBN.V))
	affected(c, 0)(c.q.SetPrice(c.ctx, b.Price, "no such book"))
	row(c, bookRow(b))(c.q.GetBook(c.ctx, b.ISBN.V))
}

func checkSetDetails(c *check) {
	b := c.shop.Books[0]
	for _, details := range []sql.Null[json.RawMessage]{some(json.RawMessage(`{"ü": [1, null, "\n"]}`)), {}, some(json.RawMessage(`null`))} {
		b.Details = details
		require.NoError(c, c.q.SetDetails(c.ctx, b.Details, b.ID))
		row(c, bookRow(b))(c.q.GetBook(c.ctx, b.ISBN.V))
	}
}

func checkCountBooks(c *check) {
	row(c, int64(len(c.shop.Books)))(c.q.CountBooks(c.ctx))
}

func checkLanguageStats(c *check) {
	rows(c, from(c.shop.Languages, always, languageStats(c)))(c.q.LanguageStats(c.ctx))
}

func languageStats(c *check) func(shopdata.Language) store.LanguageStatsRow {
	return func(l shopdata.Language) store.LanguageStatsRow {
		want := store.LanguageStatsRow{Code: l.Code, Name: l.Name, RightToLeft: l.RightToLeft}
		for _, b := range c.shop.Books {
			if b.Language != l.Code {
				continue
			}
			if want.Books == 0 || b.Price.LessThan(want.Cheapest.V) {
				want.Cheapest = some(b.Price)
			}
			if b.Published.Valid && (!want.Latest.Valid || b.Published.V.After(want.Latest.V)) {
				want.Latest = b.Published
			}
			want.Books++
		}
		return want
	}
}

func checkGenreTree(c *check) {
	for _, root := range c.shop.Genres {
		want := []store.GenreTreeRow{}
		for _, g := range c.shop.Genres {
			if depth, ok := depthBelow(c, root.ID, g); ok {
				want = append(want, store.GenreTreeRow{ID: g.ID, ParentID: g.ParentID, Name: g.Name, Depth: depth})
			}
		}
		rows(c, want)(c.q.GenreTree(c.ctx, root.ID))
	}
}

func depthBelow(c *check, root int64, g shopdata.Genre) (depth int64, ok bool) {
	for g.ID != root {
		if !g.ParentID.Valid {
			return 0, false
		}
		g = byID(c.shop.Genres, g.ParentID.V)
		depth++
	}
	return depth, true
}

func checkProlificAuthors(c *check) {
	books := map[int64]int64{}
	for _, w := range c.shop.BookAuthors {
		books[w.AuthorID]++
	}
	for atLeast := range int64(4) {
		prolific := func(a shopdata.Author) bool { return books[a.ID] >= max(atLeast, 1) }
		rows(c, from(c.shop.Authors, prolific, func(a shopdata.Author) store.ProlificAuthorsRow {
			return store.ProlificAuthorsRow{ID: a.ID, Name: a.Name, Books: books[a.ID]}
		}))(c.q.ProlificAuthors(c.ctx, atLeast))
	}
}

func checkAllNames(c *check) {
	want := from(c.shop.Authors, always, func(a shopdata.Author) store.AllNamesRow {
		return store.AllNamesRow{ID: a.ID, Name: a.Name, Role: "author"}
	})
	inCity := func(p shopdata.Publisher) bool { return p.City.Valid }
	want = append(want, from(c.shop.Publishers, inCity, func(p shopdata.Publisher) store.AllNamesRow {
		return store.AllNamesRow{ID: p.ID, Name: p.Name, Role: "publisher"}
	})...)
	rows(c, want)(c.q.AllNames(c.ctx))
}

func checkPublishersWithoutBooks(c *check) {
	without := func(p shopdata.Publisher) bool {
		return !slices.ContainsFunc(c.shop.Books, func(b shopdata.Book) bool { return b.PublisherID == some(p.ID) })
	}
	rows(c, from(c.shop.Publishers, without, func(p shopdata.Publisher) store.PublishersWithoutBooksRow {
		return store.PublishersWithoutBooksRow(p)
	}))(c.q.PublishersWithoutBooks(c.ctx))
}

func checkInsertLanguages(c *check) {
	added := []shopdata.Language{{Code: "zz1", Name: strings.Repeat("🗣", 40)}, {Code: "zz2", RightToLeft: true}}
	inserted(c, 2)(c.q.InsertLanguages(c.ctx, setup.Rows(added, func(l shopdata.Language) store.InsertLanguagesRow {
		return store.InsertLanguagesRow(l)
	})))
	rows(c, from(append(slices.Clip(c.shop.Languages), added...), always, languageStats(c)))(c.q.LanguageStats(c.ctx))
}

func checkInsertPublishers(c *check) {
	added := []shopdata.Publisher{
		{ID: 101, Name: "", City: some(""), Founded: some[int16](-32768)},
		{ID: 102, Name: "Ж", Founded: some[int16](32767)},
	}
	inserted(c, 2)(c.q.InsertPublishers(c.ctx, setup.Rows(added, func(p shopdata.Publisher) store.InsertPublishersRow {
		return store.InsertPublishersRow(p)
	})))
	want := []store.PublishersWithoutBooksRow{
		store.PublishersWithoutBooksRow(added[0]), store.PublishersWithoutBooksRow(added[1]),
	}
	got, err := c.q.PublishersWithoutBooks(c.ctx)
	require.NoError(c, err)
	equal(c, want, got[len(got)-2:])
}

func checkInsertGenres(c *check) {
	added := []store.InsertGenresRow{{ID: 101, Name: "new"}, {ID: 102, ParentID: some[int64](101), Name: "newer"}}
	inserted(c, 2)(c.q.InsertGenres(c.ctx, slices.Values(added)))
	rows(c, []store.GenreTreeRow{
		{ID: 101, Name: "new"},
		{ID: 102, ParentID: some[int64](101), Name: "newer", Depth: 1},
	})(c.q.GenreTree(c.ctx, 101))
}

func checkInsertAuthors(c *check) {
	added := []store.InsertAuthorsRow{
		{ID: 101, Name: "Nobody"},
		{ID: 102, Name: "Somebody", Born: some(day(c, "2000-02-29")), Died: some(day(c, "9999-12-31"))},
	}
	inserted(c, 2)(c.q.InsertAuthors(c.ctx, slices.Values(added)))
	const anonymous = 32
	inserted(c, 2)(c.q.InsertBookAuthors(c.ctx, slices.Values([]store.InsertBookAuthorsRow{
		{BookID: anonymous, AuthorID: 102, Position: 32767}, {BookID: anonymous, AuthorID: 101, Position: -32768},
	})))
	rows(c, []store.AuthorsOfBookRow{store.AuthorsOfBookRow(added[0]), store.AuthorsOfBookRow(added[1])})(c.q.AuthorsOfBook(c.ctx, anonymous))
}

func checkInsertBookAuthors(c *check) {
	inserted(c, 0)(c.q.InsertBookAuthors(c.ctx, slices.Values([]store.InsertBookAuthorsRow{})))
	checkInsertAuthors(c)
}

func checkInsertBooks(c *check) {
	added := slices.Clone(c.shop.Books)
	for i := range added {
		added[i].ID += 1000
		added[i].ISBN = some(fmt.Sprint("new ", i))
	}
	inserted(c, len(added))(c.q.InsertBooks(c.ctx, setup.Rows(added, func(b shopdata.Book) store.InsertBooksRow {
		return store.InsertBooksRow(b)
	})))
	for _, b := range added {
		row(c, bookRow(b))(c.q.GetBook(c.ctx, b.ISBN.V))
	}
}

func checkInsertCovers(c *check) {
	added := []store.InsertCoversRow{
		{BookID: 3, MediaType: "image/gif", Image: []byte{0}, Thumbnail: some(bytes.Repeat([]byte{0, 0xff, '\''}, 500_000))},
		{BookID: 6, MediaType: "", Image: []byte{}},
	}
	inserted(c, 2)(c.q.InsertCovers(c.ctx, slices.Values(added)))
	for _, v := range added {
		found(c, store.GetCoverRow{MediaType: v.MediaType, Image: v.Image, Thumbnail: v.Thumbnail})(c.q.GetCover(c.ctx, v.BookID))
	}
}
