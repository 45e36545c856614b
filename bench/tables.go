package main

import (
	"context"
	"iter"
	"strconv"
	"strings"

	"github.com/odbcgen/odbcgen/bench/store"
)

// wide has forty columns.
var wide = &shape[store.StreamWideRow]{
	table:   "wide",
	columns: "id, " + numbered("i") + ", " + numbered("d") + ", " + numbered("t"),
	layout:  "i" + strings.Repeat(" i", 13) + strings.Repeat(" d", 13) + strings.Repeat(" s20", 13),
	row:     wideAt,
	touch: func(sum *checksum, r store.StreamWideRow) {
		sum.addInts(r.ID, r.I1, r.I2, r.I3, r.I4, r.I5, r.I6, r.I7, r.I8, r.I9, r.I10, r.I11, r.I12, r.I13)
		sum.addDoubles(r.D1, r.D2, r.D3, r.D4, r.D5, r.D6, r.D7, r.D8, r.D9, r.D10, r.D11, r.D12, r.D13)
		sum.addTexts(r.T1, r.T2, r.T3, r.T4, r.T5, r.T6, r.T7, r.T8, r.T9, r.T10, r.T11, r.T12, r.T13)
	},
	insert: func(ctx context.Context, q *store.Queries, rows iter.Seq[store.StreamWideRow]) error {
		_, err := q.InsertWide(ctx, converted(rows, func(r store.StreamWideRow) store.InsertWideRow { return store.InsertWideRow(r) }))
		return err
	},
	stream: (*store.Queries).StreamWide,
}

// numbered returns the names letter1 to letter13.
func numbered(letter string) string {
	names := make([]string, 13)
	for i := range names {
		names[i] = letter + strconv.Itoa(i+1)
	}
	return strings.Join(names, ", ")
}

func wideAt(i int) (row store.StreamWideRow) {
	for k, field := range pointers(&row) {
		switch field := field.(type) {
		case *int64:
			*field = int64(i*(k+1) + k)
		case *float64:
			*field = float64(i+k) / 4
		case *string:
			*field = "value " + strconv.Itoa(i*k)
		}
	}
	row.ID = int64(i + 1)
	return row
}

// texts is heavy with text: some 900 bytes a row.
var texts = &shape[store.StreamTextsRow]{
	table:   "texts",
	columns: "id, title, author, summary, body",
	layout:  "i s200 s80 s500 s2000",
	row:     textAt,
	touch: func(sum *checksum, r store.StreamTextsRow) {
		sum.addInts(r.ID)
		sum.addTexts(r.Title, r.Author, r.Summary, r.Body)
	},
	insert: func(ctx context.Context, q *store.Queries, rows iter.Seq[store.StreamTextsRow]) error {
		_, err := q.InsertTexts(ctx, converted(rows, func(r store.StreamTextsRow) store.InsertTextsRow { return store.InsertTextsRow(r) }))
		return err
	},
	stream: (*store.Queries).StreamTexts,
}

var prose = strings.Repeat("Lorem ipsum dolor sit amet, cönsectetur adipiscing elit. ", 30)

func textAt(i int) store.StreamTextsRow {
	return store.StreamTextsRow{
		ID:      int64(i + 1),
		Title:   "On the matter " + strconv.Itoa(i),
		Author:  "José Müller " + strconv.Itoa(i%977),
		Summary: upTo(100 + i%201),
		Body:    upTo(200 + i*7%1001),
	}
}

// upTo returns n bytes of prose, or one more where the last is half a letter.
func upTo(n int) string {
	if prose[n]&0xC0 == 0x80 {
		n++
	}
	return prose[:n]
}

// numbers has nothing else.
var numbers = &shape[store.StreamNumbersRow]{
	table:   "numbers",
	columns: "id, quantity, stock, sold, ordered, weekday, price, cost, weight, height, width, rating",
	layout:  "i i i i i i d d d d d d",
	row:     numbersAt,
	touch: func(sum *checksum, r store.StreamNumbersRow) {
		sum.addInts(r.ID, r.Quantity, r.Stock, r.Sold, r.Ordered, int64(r.Weekday))
		sum.addDoubles(r.Price, r.Cost, r.Weight, r.Height, r.Width, r.Rating)
	},
	insert: func(ctx context.Context, q *store.Queries, rows iter.Seq[store.StreamNumbersRow]) error {
		_, err := q.InsertNumbers(ctx, converted(rows, func(r store.StreamNumbersRow) store.InsertNumbersRow { return store.InsertNumbersRow(r) }))
		return err
	},
	stream: (*store.Queries).StreamNumbers,
}

func numbersAt(i int) store.StreamNumbersRow {
	quarter := func(n int) float64 { return float64(n%1_000_003) / 4 }
	return store.StreamNumbersRow{
		ID: int64(i + 1), Quantity: int64(i % 100), Stock: int64(-7 * i), Sold: int64(i) * 1_000_003, Ordered: int64(i) * -77_777_777, Weekday: int16(i % 7),
		Price: quarter(3 * i), Cost: quarter(5 * i), Weight: -quarter(11 * i), Height: quarter(13 * i), Width: quarter(17 * i), Rating: quarter(i % 21),
	}
}
