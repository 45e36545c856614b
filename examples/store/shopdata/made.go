package shopdata

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/golang-sql/civil"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"
)

// addBooks makes books of the works. Some are older than ISBNs are.
func (s *Shop) addBooks(r *rand.Rand) {
	for i, w := range works {
		id := int64(i + 1)
		s.Books = append(s.Books, Book{
			ID:          id,
			ISBN:        maybe(r, 8, isbn(id)),
			Title:       w.title,
			Subtitle:    known(w.subtitle),
			Language:    w.language,
			GenreID:     w.genre,
			PublisherID: known(w.publisher),
			Price:       decimal.RequireFromString(w.price),
			Pages:       known(w.pages),
			Weight:      maybe(r, 8, float64(w.pages)/700+0.1),
			Published:   date(w.published),
			InPrint:     i%5 != 4,
			AddedAt:     moment(r),
			Details:     maybe(r, 6, details(w)),
		})
		for j, author := range w.authors {
			s.BookAuthors = append(s.BookAuthors, BookAuthor{id, author, int16(j + 1)})
		}
	}
}

// isbn returns the thirteen digits of a made-up book, with their check digit.
func isbn(id int64) string {
	digits := fmt.Sprintf("97831%07d", id*10_007)
	sum := 0
	for i, d := range digits {
		sum += int(d-'0') * (1 + i%2*2)
	}
	return digits + fmt.Sprint((10-sum%10)%10)
}

func details(w work) json.RawMessage {
	return fmt.Appendf(nil, `{"tags": ["%s", "läßt sich lesen 📖"], "pages": %d, "shelf": null}`, w.language, w.pages)
}

// addCovers gives two of three books a picture of up to some hundred kilobytes,
// in which each byte occurs.
func (s *Shop) addCovers(r *rand.Rand) {
	for i, b := range s.Books {
		if i%3 == 2 {
			continue
		}
		c := Cover{BookID: b.ID, MediaType: "image/png", Image: noise(r, 1<<(i%19))}
		if i%2 == 0 {
			c.Thumbnail = some(noise(r, i)) // that of the first book is empty
		}
		s.Covers = append(s.Covers, c)
	}
}

func noise(r *rand.Rand, size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// The customers that every column's limits meet in.
var specialCustomers = []Customer{
	{1, "min@example.com", "O'Brien \\ \"Ö\" % _", some("😀😃😄😁😆😅🤣😂"), date("0001-01-01"), math.MinInt64, true, at("0001-01-01 00:00:00.000001")},
	{2, "max@example.com", "ქეთევან წამებული", some(""), date("9999-12-31"), math.MaxInt64, false, at("9999-12-31 23:59:59.999999")},
	{3, "zero@example.com", "\ttab and space ", null[string](), date(""), 0, false, at("2000-02-29 12:00:00")},
}

func (s *Shop) addCustomers(r *rand.Rand) {
	s.Customers = append(s.Customers, specialCustomers...)
	for id := int64(len(s.Customers)) + 1; id <= customers; id++ {
		given, family := pick(r, givenNames), pick(r, familyNames)
		s.Customers = append(s.Customers, Customer{
			ID:         id,
			Email:      fmt.Sprintf("reader%d@example.com", id),
			Name:       given + " " + family,
			Nickname:   maybe(r, 4, given),
			Birthday:   maybe(r, 7, civil.DateOf(opened.AddDate(-18, 0, -r.IntN(20_000)))),
			Points:     r.Int64N(1 << 40),
			Newsletter: r.IntN(3) == 0,
			JoinedAt:   moment(r),
		})
	}
}

// opened is when the shop opened; the data ends two years later.
var opened = at("2024-01-01 00:00:00")

// moment returns a time of those two years, to the microsecond.
func moment(r *rand.Rand) time.Time {
	return opened.Add(time.Duration(r.Int64N(2*365*24*3600*1e6)) * time.Microsecond)
}

func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

// maybe returns v in so many of ten cases, else NULL.
func maybe[T any](r *rand.Rand, ofTen int, v T) sql.Null[T] {
	if r.IntN(10) >= ofTen {
		return null[T]()
	}
	return some(v)
}

// addOrders adds orders of one to five titles by the first 150 customers; the
// others have not bought anything yet.
func (s *Shop) addOrders(r *rand.Rand) {
	for id := int64(1); id <= orders; id++ {
		o := Order{
			ID:         id,
			Token:      token(r),
			CustomerID: 1 + r.Int64N(150),
			PlacedAt:   moment(r),
			Note:       maybe(r, 3, pick(r, notes)),
		}
		o.ShippedAt = maybe(r, 8, o.PlacedAt.Add(time.Duration(r.Int64N(1e12))*time.Microsecond))
		s.Orders = append(s.Orders, o)
		s.addLines(r, id)
	}
}

// token returns a UUID of version 4; MariaDB looks at the version.
func token(r *rand.Rand) uuid.UUID {
	return must(uuid.NewRandomFromReader(bytes.NewReader(noise(r, len(uuid.UUID{})))))
}

// addLines never sells the last four books.
func (s *Shop) addLines(r *rand.Rand, order int64) {
	first, step := r.IntN(5), 1+r.IntN(6)
	for i := range 1 + r.IntN(5) {
		b := s.Books[first+i*step]
		s.OrderLines = append(s.OrderLines, OrderLine{
			OrderID: order, BookID: b.ID, Quantity: int16(1 + r.IntN(3)), UnitPrice: b.Price,
		})
	}
}

func (s *Shop) addReviews(r *rand.Rand) {
	for id := int64(1); id <= reviews; id++ {
		s.Reviews = append(s.Reviews, Review{
			ID:         id,
			BookID:     pick(r, s.Books).ID,
			CustomerID: pick(r, s.Customers).ID,
			Stars:      int16(1 + r.IntN(5)),
			Headline:   pick(r, headlines),
			Body:       maybe(r, 8, essay(r)),
		})
	}
}

// essay returns words in all scripts: mostly few, sometimes thousands.
func essay(r *rand.Rand) string {
	words := make([]string, 1<<r.IntN(12))
	for i := range words {
		words[i] = pick(r, essayWords)
	}
	return strings.Join(words, " ")
}

func (s *Shop) addPageViews(r *rand.Rand) {
	s.PageViews = make([]PageView, PageViews)
	when := opened
	for i := range s.PageViews {
		when = when.Add(time.Duration(1+r.IntN(500_000_000)) * time.Microsecond)
		s.PageViews[i] = PageView{
			ID:         int64(i + 1),
			BookID:     pick(r, s.Books).ID,
			CustomerID: maybe(r, 4, pick(r, s.Customers).ID),
			ViewedAt:   when,
			Seconds:    float64(1+r.IntN(64*600)) / 64,
			Referrer:   maybe(r, 6, pick(r, referrers)),
		}
	}
}

// addRates adds rates with the 18 digits that the column holds.
func (s *Shop) addRates(r *rand.Rand) {
	for _, currency := range []string{"CHF", "JPY", "VND"} {
		for i := range 10 {
			s.Rates = append(s.Rates, Rate{
				Currency: currency,
				Day:      civil.DateOf(opened.AddDate(0, 0, i)),
				Rate:     decimal.New(1e17+r.Int64N(9e17), -8),
			})
		}
	}
	s.Rates[0].Rate = decimal.RequireFromString("9999999999.99999999")
	s.Rates[1].Rate = decimal.RequireFromString("-0.00000001")
	s.Rates[2].Rate = decimal.RequireFromString("1")
}
