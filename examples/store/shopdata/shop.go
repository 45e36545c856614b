// Package shopdata is a bookshop in many languages, the same on every run. It
// knows neither SQL nor generated code, so that what queries answer can be held
// against it.
//
// The fields of a struct are the columns of its table, in their order.
package shopdata

import (
	"database/sql"
	"encoding/json"
	"math/rand/v2"
	"time"

	"github.com/golang-sql/civil"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"
)

// Shop is all that the shop knows. Each slice is in the order of its keys.
type Shop struct {
	Languages   []Language
	Publishers  []Publisher
	Genres      []Genre
	Authors     []Author
	Books       []Book
	BookAuthors []BookAuthor
	Covers      []Cover
	Customers   []Customer
	Orders      []Order
	OrderLines  []OrderLine
	Reviews     []Review
	PageViews   []PageView
	Rates       []Rate
	Hours       []Hours
}

// Language is one that books are written in.
type Language struct {
	Code        string
	Name        string // in the language itself
	RightToLeft bool
}

// Publisher is a publishing house.
type Publisher struct {
	ID      int64
	Name    string
	City    sql.Null[string]
	Founded sql.Null[int16]
}

// Genre is a node of the tree of genres; a root has no parent.
type Genre struct {
	ID       int64
	ParentID sql.Null[int64]
	Name     string
}

// Author is somebody who wrote a book.
type Author struct {
	ID   int64
	Name string
	Born sql.Null[civil.Date]
	Died sql.Null[civil.Date]
}

// Book is a book that is or was for sale.
type Book struct {
	ID          int64
	ISBN        sql.Null[string]
	Title       string
	Subtitle    sql.Null[string]
	Language    string
	GenreID     int64
	PublisherID sql.Null[int64]
	Price       decimal.Decimal
	Pages       sql.Null[int16]
	Weight      sql.Null[float64] // kg
	Published   sql.Null[civil.Date]
	InPrint     bool
	AddedAt     time.Time
	Details     sql.Null[json.RawMessage]
}

// BookAuthor says that an author wrote a book, maybe with others.
type BookAuthor struct {
	BookID   int64
	AuthorID int64
	Position int16 // from 1
}

// Cover is the picture of a book.
type Cover struct {
	BookID    int64
	MediaType string
	Image     []byte
	Thumbnail sql.Null[[]byte]
}

// Customer is somebody who has an account.
type Customer struct {
	ID         int64
	Email      string
	Name       string
	Nickname   sql.Null[string]
	Birthday   sql.Null[civil.Date]
	Points     int64
	Newsletter bool
	JoinedAt   time.Time
}

// Order is what a customer bought at a time.
type Order struct {
	ID         int64
	Token      uuid.UUID
	CustomerID int64
	PlacedAt   time.Time
	ShippedAt  sql.Null[time.Time]
	Note       sql.Null[string]
}

// OrderLine is one title of an order.
type OrderLine struct {
	OrderID   int64
	BookID    int64
	Quantity  int16
	UnitPrice decimal.Decimal
}

// Review is what a customer says of a book.
type Review struct {
	ID         int64
	BookID     int64
	CustomerID int64
	Stars      int16 // 1 to 5
	Headline   string
	Body       sql.Null[string]
}

// PageView is one look at the page of a book.
type PageView struct {
	ID         int64
	BookID     int64
	CustomerID sql.Null[int64]
	ViewedAt   time.Time
	Seconds    float64 // a multiple of 1/64: sums of it are exact in any order
	Referrer   sql.Null[string]
}

// Rate is what a unit of a currency cost on a day.
type Rate struct {
	Currency string
	Day      civil.Date
	Rate     decimal.Decimal // up to 18 digits
}

// Hours are the opening hours of the branch in Leipzig; none on a day off.
type Hours struct {
	Wochentag int16 // 1 is Monday
	Öffnet    sql.Null[civil.Time]
	Schließt  sql.Null[civil.Time]
	Bemerkung sql.Null[string]
}

// PageViews is how many page views a Shop has.
const PageViews = 240_000

const (
	customers = 200
	orders    = 500
	reviews   = 300
)

// New returns the shop.
func New() *Shop {
	s := &Shop{
		Languages:  languages,
		Publishers: publishers,
		Genres:     genres,
		Authors:    authors,
		Hours:      hours,
	}
	r := rand.New(rand.NewPCG(1749, 1832))
	s.addBooks(r)
	s.addCovers(r)
	s.addCustomers(r)
	s.addOrders(r)
	s.addReviews(r)
	s.addPageViews(r)
	s.addRates(r)
	return s
}
