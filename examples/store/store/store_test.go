package store_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"iter"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"

	"example.com/store/setup"
	"example.com/store/shopdata"
	"example.com/store/store"
)

// checks holds the check of each method of Querier. A check may change what it
// likes: it runs in a transaction that is rolled back.
var checks = map[string]func(*check){
	"AddCover":               checkAddCover,
	"AddCustomer":            checkAddCustomer,
	"AddOrder":               checkAddOrder,
	"AllNames":               checkAllNames,
	"AuthorsOfBook":          checkAuthorsOfBook,
	"Bestsellers":            checkBestsellers,
	"BooksAboveAverage":      checkBooksAboveAverage,
	"BooksBetweenPrices":     checkBooksBetweenPrices,
	"BooksInLanguages":       checkBooksInLanguages,
	"BooksPublished":         checkBooksPublished,
	"BuyersOf":               checkBuyersOf,
	"CancelOrder":            checkCancelOrder,
	"CopyLines":              checkCopyLines,
	"CountBooks":             checkCountBooks,
	"CountPageViews":         checkCountPageViews,
	"FindBook":               checkFindBook,
	"FindBookFrames":         checkFindBookFrames,
	"ForgetPageViews":        checkForgetPageViews,
	"GenreTree":              checkGenreTree,
	"GetBook":                checkGetBook,
	"GetBookFrames":          checkGetBookFrames,
	"GetCover":               checkGetCover,
	"GetCustomer":            checkGetCustomer,
	"GetOrder":               checkGetOrder,
	"IdleCustomers":          checkIdleCustomers,
	"InTx":                   checkInTx,
	"InsertAuthors":          checkInsertAuthors,
	"InsertBookAuthors":      checkInsertBookAuthors,
	"InsertBooks":            checkInsertBooks,
	"InsertCovers":           checkInsertCovers,
	"InsertCustomers":        checkInsertCustomers,
	"InsertGenres":           checkInsertGenres,
	"InsertLanguages":        checkInsertLanguages,
	"InsertOrderLines":       checkInsertOrderLines,
	"InsertOrders":           checkInsertOrders,
	"InsertPageViews":        checkInsertPageViews,
	"InsertPublishers":       checkInsertPublishers,
	"InsertReviews":          checkInsertReviews,
	"InsertÖffnungszeiten":   checkInsertÖffnungszeiten,
	"LanguageStats":          checkLanguageStats,
	"LatestOrder":            checkLatestOrder,
	"LinesOfOrder":           checkLinesOfOrder,
	"Morning":                checkMorning,
	"ListBooks":              checkListBooks,
	"ListBooksFrames":        checkListBooksFrames,
	"OpenOrders":             checkOpenOrders,
	"OrdersBetween":          checkOrdersBetween,
	"PageOfBooks":            checkPageOfBooks,
	"PageViewsBehind":        checkPageViewsBehind,
	"PriceBands":             checkPriceBands,
	"ProlificAuthors":        checkProlificAuthors,
	"PublishersWithoutBooks": checkPublishersWithoutBooks,
	"RankBooks":              checkRankBooks,
	"Rates":                  checkRates,
	"ReadCover":              checkReadCover,
	"Referrers":              checkReferrers,
	"Rename":                 checkRename,
	"SalesOfBook":            checkSalesOfBook,
	"SaveRate":               checkSaveRate,
	"SearchTitles":           checkSearchTitles,
	"SetDetails":             checkSetDetails,
	"SetNote":                checkSetNote,
	"SetPrice":               checkSetPrice,
	"ShipOrders":             checkShipOrders,
	"StreamBooks":            checkStreamBooks,
	"StreamBooksFrames":      checkStreamBooksFrames,
	"StreamCovers":           checkStreamCovers,
	"StreamPageViews":        checkStreamPageViews,
	"StreamReviews":          checkStreamReviews,
	"TopCustomers":           checkTopCustomers,
	"Öffnungszeiten":         checkÖffnungszeiten,
}

// TestQueries runs every query on every database, and holds what it answers
// against the shop.
func TestQueries(t *testing.T) {
	for name, open := range map[string]func(*testing.T) *runtime.DB{
		"sqlite":   openSQLite,
		"postgres": func(t *testing.T) *runtime.DB { return openServer(t, "ODBCGEN_TEST_POSTGRES") },
		"mariadb":  func(t *testing.T) *runtime.DB { return openServer(t, "ODBCGEN_TEST_MARIADB") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			require.Equal(t, name, db.Plugin().Name)
			require.NoError(t, setup.Create(t.Context(), db))
			require.NoError(t, setup.Fill(t.Context(), db, shop()))
			for _, method := range slices.Sorted(maps.Keys(checks)) {
				t.Run(method, func(t *testing.T) { rolledBack(t, db, checks[method]) })
			}
		})
	}
}

// shop is shared: nobody changes it.
var shop = sync.OnceValue(shopdata.New)

func openSQLite(t *testing.T) *runtime.DB {
	return open(t, "Driver=SQLite3;Database="+filepath.Join(t.TempDir(), "store.db"))
}

func open(t *testing.T, dsn string) *runtime.DB {
	db, err := runtime.Open(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(db.Close)
	return db
}

// openServer opens a database of its own on the server that an environment
// variable names, and drops it after the test.
func openServer(t *testing.T, env string) *runtime.DB {
	dsn := os.Getenv(env)
	if dsn == "" {
		t.Fatalf("%s is not set: run make test, which starts the servers", env)
	}
	name := "store_" + strings.ToLower(rand.Text())
	server := open(t, dsn)
	execute(t, server, "CREATE DATABASE "+name)
	t.Cleanup(func() { execute(t, server, "DROP DATABASE "+name) })
	return open(t, database.ReplaceAllString(dsn, "${1}"+name))
}

var database = regexp.MustCompile(`(?i)(\bdatabase=)[^;]*`)

// execute may run when the test's own context is over.
func execute(t *testing.T, db *runtime.DB, sql string) {
	ctx := context.WithoutCancel(t.Context())
	conn, err := db.Conn(ctx)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.Exec(ctx, sql))
}

// errUndo ends the transaction of a check.
var errUndo = errors.New("undo")

func rolledBack(t *testing.T, db *runtime.DB, run func(*check)) {
	err := store.New(db).InTx(t.Context(), func(q store.Querier) error {
		run(&check{T: t, ctx: t.Context(), q: q, shop: shop(), exact: db.Plugin() != &driver.SQLite})
		return errUndo
	})
	require.ErrorIs(t, err, errUndo)
}

// check is the run of one check on one database.
type check struct {
	*testing.T
	ctx  context.Context
	q    store.Querier
	shop *shopdata.Shop
	// exact is false on SQLite: its decimals are doubles, and the driver reads
	// doubles with 15 digits.
	exact bool
}

// rows requires that a query gave these rows and no error.
func rows[T any](c *check, want []T) func([]T, error) {
	return func(got []T, err error) {
		c.Helper()
		require.NoError(c, err)
		equal(c, want, got)
	}
}

// row is rows for one row.
func row[T any](c *check, want T) func(T, error) {
	return func(got T, err error) {
		c.Helper()
		require.NoError(c, err)
		equal(c, want, got)
	}
}

// found is row for a query of a row or none.
func found[T any](c *check, want T) func(T, bool, error) {
	return func(got T, ok bool, err error) {
		c.Helper()
		require.NoError(c, err)
		require.True(c, ok, "there is no row")
		equal(c, want, got)
	}
}

// missing requires that there was no row.
func missing[T any](c *check) func(T, bool, error) {
	return func(got T, ok bool, err error) {
		c.Helper()
		require.NoError(c, err)
		require.False(c, ok, "there is a row: %v", got)
	}
}

// affected requires that so many rows were changed.
func affected(c *check, want int) func(int64, error) {
	return func(got int64, err error) {
		c.Helper()
		require.NoError(c, err)
		require.EqualValues(c, want, got)
	}
}

// inserted requires that so many rows were inserted.
func inserted(c *check, want int) func(runtime.BulkResult, error) {
	return func(got runtime.BulkResult, err error) {
		c.Helper()
		require.NoError(c, err)
		require.Equal(c, runtime.BulkResult{Rows: int64(want), Inserted: int64(want)}, got)
	}
}

// drain returns all that a stream yields.
func drain[T any](c *check, stream iter.Seq2[T, error]) []T {
	c.Helper()
	all := []T{}
	for v, err := range stream {
		require.NoError(c, err)
		all = append(all, v)
	}
	return all
}

// equal requires that got is want, value by value.
func equal[T any](c *check, want, got T) {
	c.Helper()
	if diff := cmp.Diff(want, got, cmp.Comparer(c.sameDecimal), cmp.Comparer(c.sameFloat), cmp.Comparer(bytes.Equal)); diff != "" {
		c.Fatalf("-want +got\n%s", diff)
	}
}

func (c *check) sameDecimal(a, b decimal.Decimal) bool {
	return a.Equal(b) || !c.exact && near(a.InexactFloat64(), b.InexactFloat64())
}

func (c *check) sameFloat(a, b float64) bool {
	return a == b || !c.exact && near(a, b)
}

// near leaves room for 15 digits and for sums taken in another order.
func near(a, b float64) bool {
	return math.Abs(a-b) <= 1e-13*max(math.Abs(a), math.Abs(b))
}

// TestEveryQueryIsChecked reads the generated interface.
func TestEveryQueryIsChecked(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "db.gen.go", nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	var methods []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok || spec.Name.Name != "Querier" {
			return true
		}
		for _, m := range spec.Type.(*ast.InterfaceType).Methods.List {
			methods = append(methods, m.Names[0].Name)
		}
		return false
	})
	require.ElementsMatch(t, methods, slices.Collect(maps.Keys(checks)), fmt.Sprint(len(methods), " methods"))
}
