package store_test

import (
	"cmp"
	"database/sql"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/golang-sql/civil"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime"

	"example.com/store/setup"
	"example.com/store/shopdata"
	"example.com/store/store"
)

func checkGetCustomer(c *check) {
	for _, v := range c.shop.Customers {
		row(c, store.GetCustomerRow(v))(c.q.GetCustomer(c.ctx, v.Email))
	}
	_, err := c.q.GetCustomer(c.ctx, "MIN@EXAMPLE.COM")
	require.ErrorIs(c, err, sql.ErrNoRows)
}

// newCustomers have what no customer of the shop has.
var newCustomers = []shopdata.Customer{
	{ID: 1001, Email: "", Name: "", Nickname: some("𝒲𝒾𝓁𝓁𝓎💃🏽"), Points: math.MinInt64, JoinedAt: time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)},
	{
		ID: 1002, Email: "new@example.com", Name: strings.Repeat("🎉", 80), Nickname: some(""),
		Birthday: some(civil.Date{Year: 2000, Month: 2, Day: 29}), Points: math.MaxInt64, Newsletter: true,
		JoinedAt: time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
	},
}

func checkAddCustomer(c *check) {
	for _, v := range newCustomers {
		require.NoError(c, c.q.AddCustomer(c.ctx, store.AddCustomerParams(v)))
	}
	for _, v := range newCustomers {
		row(c, store.GetCustomerRow(v))(c.q.GetCustomer(c.ctx, v.Email))
	}
}

func checkInsertCustomers(c *check) {
	inserted(c, 2)(c.q.InsertCustomers(c.ctx, setup.Rows(newCustomers, func(v shopdata.Customer) store.InsertCustomersRow {
		return store.InsertCustomersRow(v)
	})))
	for _, v := range newCustomers {
		row(c, store.GetCustomerRow(v))(c.q.GetCustomer(c.ctx, v.Email))
	}
}

func checkRename(c *check) {
	v := c.shop.Customers[7]
	for _, nickname := range []sql.Null[string]{some("Zoé"), {}, some("")} {
		v.Name, v.Nickname = "now "+nickname.V, nickname
		affected(c, 1)(c.q.Rename(c.ctx, v.Name, v.Nickname, v.ID))
		row(c, store.GetCustomerRow(v))(c.q.GetCustomer(c.ctx, v.Email))
	}
	affected(c, 0)(c.q.Rename(c.ctx, "nobody", some("no"), -1))
}

func checkTopCustomers(c *check) {
	totals := totals(c)
	spent := map[int64]store.TopCustomersRow{}
	for _, o := range c.shop.Orders {
		s := spent[o.CustomerID]
		s.ID, s.Name = o.CustomerID, byID(c.shop.Customers, o.CustomerID).Name
		s.Orders++
		s.Total = s.Total.Add(totals[o.ID])
		spent[o.CustomerID] = s
	}
	want := []store.TopCustomersRow{}
	for _, s := range spent {
		want = append(want, s)
	}
	slices.SortFunc(want, func(a, b store.TopCustomersRow) int {
		return cmp.Or(b.Total.Cmp(a.Total), cmp.Compare(a.ID, b.ID))
	})
	for _, most := range []int64{0, 1, 20} {
		rows(c, want[:most])(c.q.TopCustomers(c.ctx, most))
	}
}

// totals returns what each order comes to.
func totals(c *check) map[int64]decimal.Decimal {
	totals := map[int64]decimal.Decimal{}
	for _, l := range c.shop.OrderLines {
		totals[l.OrderID] = totals[l.OrderID].Add(amount(l))
	}
	return totals
}

func amount(l shopdata.OrderLine) decimal.Decimal {
	return l.UnitPrice.Mul(decimal.NewFromInt(int64(l.Quantity)))
}

func checkIdleCustomers(c *check) {
	idle := func(v shopdata.Customer) bool {
		return !slices.ContainsFunc(c.shop.Orders, func(o shopdata.Order) bool { return o.CustomerID == v.ID })
	}
	rows(c, from(c.shop.Customers, idle, func(v shopdata.Customer) store.IdleCustomersRow {
		want := store.IdleCustomersRow{ID: v.ID, Greeting: v.Name}
		if v.Nickname.Valid {
			want.Greeting = v.Nickname.V
		}
		return want
	}))(c.q.IdleCustomers(c.ctx))
}

func checkBuyersOf(c *check) {
	for _, b := range c.shop.Books {
		buyers := map[int64]bool{}
		for _, l := range c.shop.OrderLines {
			if o := byID(c.shop.Orders, l.OrderID); l.BookID == b.ID && o.ShippedAt.Valid {
				buyers[o.CustomerID] = true
			}
		}
		bought := func(v shopdata.Customer) bool { return buyers[v.ID] }
		rows(c, from(c.shop.Customers, bought, func(v shopdata.Customer) store.BuyersOfRow {
			return store.BuyersOfRow{ID: v.ID, Email: v.Email}
		}))(c.q.BuyersOf(c.ctx, b.ID))
	}
}

func checkGetOrder(c *check) {
	totals := totals(c)
	for _, o := range c.shop.Orders {
		found(c, orderRow(o, some(totals[o.ID])))(c.q.GetOrder(c.ctx, o.Token))
	}
	missing[store.GetOrderRow](c)(c.q.GetOrder(c.ctx, newOrder.Token))
}

func orderRow(o shopdata.Order, total sql.Null[decimal.Decimal]) store.GetOrderRow {
	return store.GetOrderRow{
		ID: o.ID, Token: o.Token, CustomerID: o.CustomerID, PlacedAt: o.PlacedAt, ShippedAt: o.ShippedAt, Note: o.Note, Total: total,
	}
}

func checkOpenOrders(c *check) {
	open := func(o shopdata.Order) bool { return !o.ShippedAt.Valid }
	want := from(c.shop.Orders, open, func(o shopdata.Order) store.OpenOrdersRow {
		return store.OpenOrdersRow{ID: o.ID, PlacedAt: o.PlacedAt, Name: byID(c.shop.Customers, o.CustomerID).Name, Note: o.Note}
	})
	slices.SortFunc(want, func(a, b store.OpenOrdersRow) int {
		return cmp.Or(a.PlacedAt.Compare(b.PlacedAt), cmp.Compare(a.ID, b.ID))
	})
	rows(c, want)(c.q.OpenOrders(c.ctx))
}

func checkOrdersBetween(c *check) {
	times := slices.SortedFunc(func(yield func(time.Time) bool) {
		for _, o := range c.shop.Orders {
			if !yield(o.PlacedAt) {
				return
			}
		}
	}, time.Time.Compare)
	for _, span := range [][2]time.Time{
		{times[0], times[len(times)-1]},
		{times[100], times[200]},
		{times[100].Add(time.Microsecond), times[200].Add(time.Microsecond)},
		{times[0].Truncate(time.Second), times[0].Truncate(time.Second).Add(time.Second)},
		{times[5], times[5]},
	} {
		since, before := span[0], span[1]
		between := func(o shopdata.Order) bool { return !o.PlacedAt.Before(since) && o.PlacedAt.Before(before) }
		rows(c, from(c.shop.Orders, between, func(o shopdata.Order) store.OrdersBetweenRow {
			return store.OrdersBetweenRow{ID: o.ID, PlacedAt: o.PlacedAt, ShippedAt: o.ShippedAt}
		}))(c.q.OrdersBetween(c.ctx, since, before))
	}
}

func checkLatestOrder(c *check) {
	for _, v := range c.shop.Customers {
		want, ok := latestOrder(c, v.ID)
		if !ok {
			missing[store.LatestOrderRow](c)(c.q.LatestOrder(c.ctx, v.ID))
			continue
		}
		found(c, want)(c.q.LatestOrder(c.ctx, v.ID))
	}
}

func latestOrder(c *check, customer int64) (latest store.LatestOrderRow, ok bool) {
	for _, o := range c.shop.Orders {
		if o.CustomerID == customer && !o.PlacedAt.Before(latest.PlacedAt) {
			latest, ok = store.LatestOrderRow{ID: o.ID, PlacedAt: o.PlacedAt}, true
		}
	}
	return latest, ok
}

func checkLinesOfOrder(c *check) {
	for _, o := range c.shop.Orders {
		rows(c, linesOf(c, o.ID))(c.q.LinesOfOrder(c.ctx, o.ID))
	}
}

func linesOf(c *check, order int64) []store.LinesOfOrderRow {
	lines := slices.SortedFunc(slices.Values(c.shop.OrderLines), func(a, b shopdata.OrderLine) int {
		return cmp.Compare(a.BookID, b.BookID)
	})
	of := func(l shopdata.OrderLine) bool { return l.OrderID == order }
	return from(lines, of, func(l shopdata.OrderLine) store.LinesOfOrderRow {
		return store.LinesOfOrderRow{
			Title: byID(c.shop.Books, l.BookID).Title, Quantity: l.Quantity, UnitPrice: l.UnitPrice, Amount: amount(l),
		}
	})
}

// newOrder has no lines.
var newOrder = shopdata.Order{
	ID: 1001, Token: uuid.MustParse("ffffffff-ffff-4fff-bfff-ffffffffffff"), CustomerID: 200,
	PlacedAt: time.Date(2038, 1, 19, 3, 14, 8, 1000, time.UTC),
	Note:     some(strings.Repeat("sehr lang 📏 ", 4000)),
}

func checkAddOrder(c *check) {
	require.NoError(c, c.q.AddOrder(c.ctx, store.AddOrderParams(newOrder)))
	found(c, orderRow(newOrder, sql.Null[decimal.Decimal]{}))(c.q.GetOrder(c.ctx, newOrder.Token))
}

func checkInsertOrders(c *check) {
	inserted(c, 1)(c.q.InsertOrders(c.ctx, slices.Values([]store.InsertOrdersRow{store.InsertOrdersRow(newOrder)})))
	found(c, orderRow(newOrder, sql.Null[decimal.Decimal]{}))(c.q.GetOrder(c.ctx, newOrder.Token))
}

func checkInsertOrderLines(c *check) {
	checkAddOrder(c)
	line := shopdata.OrderLine{OrderID: newOrder.ID, BookID: 31, Quantity: 1, UnitPrice: decimal.RequireFromString("-9999999999.99")}
	inserted(c, 1)(c.q.InsertOrderLines(c.ctx, slices.Values([]store.InsertOrderLinesRow{store.InsertOrderLinesRow(line)})))
	rows(c, []store.LinesOfOrderRow{
		{Title: byID(c.shop.Books, 31).Title, Quantity: 1, UnitPrice: line.UnitPrice, Amount: line.UnitPrice},
	})(c.q.LinesOfOrder(c.ctx, newOrder.ID))
}

func checkCopyLines(c *check) {
	checkAddOrder(c)
	want := linesOf(c, 1)
	affected(c, len(want))(c.q.CopyLines(c.ctx, newOrder.ID, 1))
	rows(c, want)(c.q.LinesOfOrder(c.ctx, newOrder.ID))
	affected(c, 0)(c.q.CopyLines(c.ctx, newOrder.ID, -1))
}

func checkShipOrders(c *check) {
	before := c.shop.Orders[0].PlacedAt
	shippedAt := time.Date(2030, 6, 1, 12, 0, 0, 500_000_000, time.UTC)
	ships := func(o shopdata.Order) bool { return !o.ShippedAt.Valid && o.PlacedAt.Before(before) }
	tokens := from(c.shop.Orders, ships, func(o shopdata.Order) uuid.UUID { return o.Token })
	affected(c, len(tokens))(c.q.ShipOrders(c.ctx, shippedAt, before))
	affected(c, 0)(c.q.ShipOrders(c.ctx, shippedAt, before))
	for _, token := range tokens {
		got, ok, err := c.q.GetOrder(c.ctx, token)
		require.NoError(c, err)
		require.True(c, ok)
		equal(c, some(shippedAt), got.ShippedAt)
	}
	got, err := c.q.OpenOrders(c.ctx)
	require.NoError(c, err)
	require.False(c, slices.ContainsFunc(got, func(o store.OpenOrdersRow) bool { return o.PlacedAt.Before(before) }))
}

func checkSetNote(c *check) {
	o := c.shop.Orders[0]
	total := some(totals(c)[o.ID])
	for _, note := range []sql.Null[string]{some("تم التسليم ✅"), {}, some("")} {
		o.Note = note
		require.NoError(c, c.q.SetNote(c.ctx, o.Note, o.ID))
		found(c, orderRow(o, total))(c.q.GetOrder(c.ctx, o.Token))
	}
}

func checkCancelOrder(c *check) {
	affected(c, len(linesOf(c, 1)))(c.q.CancelOrder(c.ctx, 1))
	rows(c, []store.LinesOfOrderRow{})(c.q.LinesOfOrder(c.ctx, 1))
	affected(c, 0)(c.q.CancelOrder(c.ctx, 1))
}

func checkBestsellers(c *check) {
	want := []store.BestsellersRow{}
	for _, b := range c.shop.Books {
		if orders, copies, revenue := sales(c, b.ID); orders > 0 {
			want = append(want, store.BestsellersRow{BookID: b.ID, Title: b.Title, Orders: orders, Copies: copies, Revenue: revenue})
		}
	}
	slices.SortStableFunc(want, func(a, b store.BestsellersRow) int { return cmp.Compare(b.Copies, a.Copies) })
	rows(c, want[:5])(c.q.Bestsellers(c.ctx, 5))
	rows(c, want)(c.q.Bestsellers(c.ctx, 1000))
}

func sales(c *check, book int64) (orders, copies int64, revenue decimal.Decimal) {
	for _, l := range c.shop.OrderLines {
		if l.BookID == book {
			orders++
			copies += int64(l.Quantity)
			revenue = revenue.Add(amount(l))
		}
	}
	return orders, copies, revenue
}

func checkSalesOfBook(c *check) {
	for _, b := range c.shop.Books {
		want := store.SalesOfBookRow{Title: b.Title, Language: b.Language}
		if orders, copies, revenue := sales(c, b.ID); orders > 0 {
			want.Orders, want.Copies, want.Revenue = orders, some(copies), some(revenue)
		}
		row(c, want)(c.q.SalesOfBook(c.ctx, b.ID))
	}
}

func checkStreamReviews(c *check) {
	for stars := range int16(7) {
		equal(c, reviewRows(c, c.shop.Reviews, stars), drain(c, c.q.StreamReviews(c.ctx, stars)))
	}
}

func reviewRows(c *check, reviews []shopdata.Review, stars int16) []store.StreamReviewsRow {
	good := func(r shopdata.Review) bool { return r.Stars >= stars }
	return from(reviews, good, func(r shopdata.Review) store.StreamReviewsRow {
		return store.StreamReviewsRow{
			ID: r.ID, Title: byID(c.shop.Books, r.BookID).Title, Name: byID(c.shop.Customers, r.CustomerID).Name,
			Stars: r.Stars, Headline: r.Headline, Body: r.Body,
		}
	})
}

func checkInsertReviews(c *check) {
	var added []shopdata.Review
	for i := range int64(2500) {
		r := byID(c.shop.Reviews, 1+i%300)
		r.ID, r.Stars = 1001+i, 6
		added = append(added, r)
	}
	inserted(c, len(added))(c.q.InsertReviews(c.ctx, setup.Rows(added, func(r shopdata.Review) store.InsertReviewsRow {
		return store.InsertReviewsRow(r)
	})))
	equal(c, reviewRows(c, added, 6), drain(c, c.q.StreamReviews(c.ctx, 6)))
}

func checkStreamPageViews(c *check) {
	i := 0
	for v, err := range c.q.StreamPageViews(c.ctx) {
		require.NoError(c, err)
		if want := store.StreamPageViewsRow(c.shop.PageViews[i]); v != want {
			equal(c, want, v)
		}
		i++
	}
	require.Len(c, c.shop.PageViews, i)
}

func checkCountPageViews(c *check) {
	row(c, int64(shopdata.PageViews))(c.q.CountPageViews(c.ctx))
}

func checkReferrers(c *check) {
	want := []store.ReferrersRow{}
	index := map[sql.Null[string]]int{}
	customers := map[sql.Null[string]]map[int64]bool{}
	for _, v := range c.shop.PageViews {
		i, seen := index[v.Referrer]
		if !seen {
			i = len(want)
			index[v.Referrer], customers[v.Referrer] = i, map[int64]bool{}
			want = append(want, store.ReferrersRow{Referrer: v.Referrer})
		}
		want[i].Views++
		want[i].Seconds += v.Seconds
		if v.CustomerID.Valid {
			customers[v.Referrer][v.CustomerID.V] = true
		}
	}
	for i := range want {
		want[i].Customers = int64(len(customers[want[i].Referrer]))
		want[i].Average = want[i].Seconds / float64(want[i].Views)
	}
	rows(c, want)(c.q.Referrers(c.ctx))
}

func checkForgetPageViews(c *check) {
	const kept = 1000
	first := len(c.shop.PageViews) - kept
	affected(c, first)(c.q.ForgetPageViews(c.ctx, c.shop.PageViews[first].ViewedAt))
	equal(c, viewRows(c.shop.PageViews[first:]), drain(c, c.q.StreamPageViews(c.ctx)))
}

func viewRows(views []shopdata.PageView) []store.StreamPageViewsRow {
	return from(views, always, func(v shopdata.PageView) store.StreamPageViewsRow { return store.StreamPageViewsRow(v) })
}

func checkInsertPageViews(c *check) {
	affected(c, shopdata.PageViews)(c.q.ForgetPageViews(c.ctx, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)))
	added := slices.Clone(c.shop.PageViews[:3001])
	for i := range added {
		added[i].ID = math.MaxInt64 - int64(len(added)) + int64(i)
		added[i].Seconds = 1 / float64(i+3) // all digits
	}
	inserted(c, len(added))(c.q.InsertPageViews(c.ctx, setup.Rows(added, func(v shopdata.PageView) store.InsertPageViewsRow {
		return store.InsertPageViewsRow(v)
	})))
	equal(c, viewRows(added), drain(c, c.q.StreamPageViews(c.ctx)))
}

func checkRates(c *check) {
	c.exact = true // SQLite keeps the rates as text
	for _, currency := range []string{"CHF", "JPY", "VND", "XXX"} {
		of := func(r shopdata.Rate) bool { return r.Currency == currency }
		rows(c, from(c.shop.Rates, of, func(r shopdata.Rate) store.RatesRow {
			return store.RatesRow{Day: r.Day, Rate: r.Rate}
		}))(c.q.Rates(c.ctx, currency))
	}
}

func checkSaveRate(c *check) {
	c.exact = true
	want := []store.RatesRow{}
	for i, rate := range []string{"0.00000001", "-9999999999.99999999", "1234567890.12345678", "0"} {
		want = append(want, store.RatesRow{Day: civil.Date{Year: 2000, Month: 1, Day: 1 + i}, Rate: decimal.RequireFromString(rate)})
		require.NoError(c, c.q.SaveRate(c.ctx, "XXX", want[i].Day, decimal.RequireFromString("1.5")))
		require.NoError(c, c.q.SaveRate(c.ctx, "XXX", want[i].Day, want[i].Rate))
	}
	rows(c, want)(c.q.Rates(c.ctx, "XXX"))
}

func checkÖffnungszeiten(c *check) {
	rows(c, hoursRows(c.shop.Hours))(c.q.Öffnungszeiten(c.ctx))
}

func hoursRows(hours []shopdata.Hours) []store.ÖffnungszeitenRow {
	return from(hours, always, func(h shopdata.Hours) store.ÖffnungszeitenRow { return store.ÖffnungszeitenRow(h) })
}

func checkInsertÖffnungszeiten(c *check) {
	added := shopdata.Hours{Wochentag: 8, Öffnet: some(civil.Time{}), Schließt: some(civil.Time{Hour: 23, Minute: 59, Second: 59})}
	inserted(c, 1)(c.q.InsertÖffnungszeiten(c.ctx, slices.Values([]store.InsertÖffnungszeitenRow{store.InsertÖffnungszeitenRow(added)})))
	rows(c, hoursRows(append(slices.Clip(c.shop.Hours), added)))(c.q.Öffnungszeiten(c.ctx))
}

func checkInTx(c *check) {
	o := c.shop.Orders[0]
	total := some(totals(c)[o.ID])
	require.NoError(c, c.q.InTx(c.ctx, func(q store.Querier) error { return q.SetNote(c.ctx, some("kept"), o.ID) }))
	failed := errors.New("failed")
	require.Equal(c, failed, c.q.InTx(c.ctx, func(q store.Querier) error {
		require.NoError(c, q.SetNote(c.ctx, some("lost"), o.ID))
		return failed
	}))
	require.Error(c, c.q.InTx(c.ctx, func(q store.Querier) error {
		require.NoError(c, q.SetNote(c.ctx, some("lost, too"), o.ID))
		return q.AddOrder(c.ctx, store.AddOrderParams(o)) // the number is taken
	}))
	none := func(store.Querier) error { return nil }
	require.NoError(c, c.q.InTx(c.ctx, none, runtime.NoTxRetry()))
	require.ErrorIs(c, c.q.InTx(c.ctx, none, runtime.TxReadOnly()), runtime.KindUnsupported) // the check is in a transaction
	o.Note = some("kept")
	found(c, orderRow(o, total))(c.q.GetOrder(c.ctx, o.Token))
}

func checkPageViewsBehind(c *check) {
	views := c.shop.PageViews
	for _, left := range []int{0, 1, 1000, 2500} {
		behind := len(views) - left
		equal(c, from(views[behind:], always, func(v shopdata.PageView) store.PageViewsBehindRow {
			return store.PageViewsBehindRow{ID: v.ID, BookID: v.BookID, ViewedAt: v.ViewedAt}
		}), drain(c, c.q.PageViewsBehind(c.ctx, int64(behind))))
	}
}

func checkMorning(c *check) {
	const most, forgotten = 3, 200_000
	newest := slices.SortedFunc(slices.Values(c.shop.Books), func(a, b shopdata.Book) int {
		return -cmp.Or(a.AddedAt.Compare(b.AddedAt), cmp.Compare(a.ID, b.ID))
	})
	winner := slices.MaxFunc(c.shop.Customers, func(a, b shopdata.Customer) int {
		return cmp.Or(cmp.Compare(a.Points, b.Points), cmp.Compare(b.ID, a.ID))
	})
	left := c.shop.PageViews[forgotten:]
	known := from(left, func(v shopdata.PageView) bool { return v.CustomerID.Valid }, func(v shopdata.PageView) int64 { return v.ID })
	want := store.MorningSets{
		Forgotten: forgotten,
		Newest: from(newest[:most], always, func(b shopdata.Book) store.MorningNewestRow {
			return store.MorningNewestRow{ID: b.ID, Title: b.Title, ISBN: b.ISBN, Published: b.Published}
		}),
		Winner: &store.MorningWinnerRow{Name: winner.Name, Nickname: winner.Nickname},
		Counts: store.MorningCountsRow{Views: int64(len(left)), Known: int64(len(known))},
	}
	row(c, want)(c.q.Morning(c.ctx, forgotten, most, winner.Points-1))
	want.Forgotten, want.Newest, want.Winner = 0, []store.MorningNewestRow{}, nil
	row(c, want)(c.q.Morning(c.ctx, forgotten, 0, winner.Points))
}
