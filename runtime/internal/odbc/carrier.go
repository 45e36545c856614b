package odbc

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/odbcgen/odbcgen/runtime/internal/odbc/sys"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Form says in which C type cells travel where that is not the one in which a
// Batch holds them.
type Form uint8

// The forms.
const (
	Native  Form = iota // as they lie in the Batch
	Text                // as SQL_C_CHAR
	Int64               // as SQL_C_SBIGINT, range-checked both ways
	Number              // a parameter set of one decimal goes as number where that is exact, else as text
	Float64             // as SQL_C_DOUBLE, range-checked on the way out
	Zoned               // a parameter of kind DateTimeOffset as SQL_C_CHAR, with its offset
)

// carrier is a column of a Batch and the column that the driver sees: the same
// one, or one of another kind whose cells are converted block by block.
type carrier struct {
	column protocol.Column // of the caller's Batch
	bound  protocol.Column // what the driver reads and writes
	zoned  bool            // times are written out with their offsets
	place  int             // of the parameter or result column, from 1
	cType  int16
}

// carry returns the carriers of b's columns for the forms, one each; a form that
// is missing is Native. The Batch between holds the columns that the driver sees
// where they are not b's own, with room for the rows.
func carry(b *protocol.Batch, forms []Form, rows int) (carriers []carrier, between *protocol.Batch) {
	var specs []protocol.ColumnSpec
	for i, c := range b.Columns() {
		if carried(c, formOf(forms, i)) {
			specs = append(specs, protocol.ColumnSpec{Name: c.Name(), Kind: formKinds[forms[i]], Width: TextWidth})
		}
	}
	between = protocol.NewBatch(specs, rows)
	own := between.Columns()
	carriers = make([]carrier, len(b.Columns()))
	for i, c := range b.Columns() {
		bound := c
		if carried(c, formOf(forms, i)) {
			bound, own = own[0], own[1:]
		}
		carriers[i] = carrier{c, bound, formOf(forms, i) == Zoned, i + 1, cTypeOf(bound.Kind())}
	}
	return carriers, between
}

// carried reports whether the driver sees another column: text is text in every form.
func carried(c protocol.Column, form Form) bool {
	_, text := c.(variable)
	return form != Native && !text
}

// formKinds are the kinds of the columns that stand between.
var formKinds = [...]protocol.Kind{Text: protocol.Text, Int64: protocol.Int64, Number: protocol.Text, Float64: protocol.Float64, Zoned: protocol.Text}

// TextWidth is the slot of a number, day or time written out.
const TextWidth = 40

func formOf(forms []Form, i int) Form {
	if i < len(forms) {
		return forms[i]
	}
	return Native
}

// load converts the first rows cells that the driver wrote.
func (c carrier) load(rows int) {
	if c.column == c.bound {
		return
	}
	copy(c.column.Indicators(), c.bound.Indicators()[:rows])
	switch to := c.column.(type) {
	case *protocol.Bools:
		loadBools(to, c.bound, rows)
	case *protocol.Numbers[int8]:
		loadIntegers(to, c.bound, rows)
	case *protocol.Numbers[int16]:
		loadIntegers(to, c.bound, rows)
	case *protocol.Numbers[int32]:
		loadIntegers(to, c.bound, rows)
	case *protocol.Numbers[int64]:
		loadIntegers(to, c.bound, rows)
	case *protocol.Numbers[uint8]:
		loadIntegers(to, c.bound, rows)
	case *protocol.Numbers[uint16]:
		loadIntegers(to, c.bound, rows)
	case *protocol.Numbers[uint32]:
		loadIntegers(to, c.bound, rows)
	case *protocol.Numbers[uint64]:
		loadIntegers(to, c.bound, rows)
	case *protocol.Numbers[float32]:
		loadFloats(to, c.bound, rows)
	case *protocol.Numbers[float64]:
		loadFloats(to, c.bound, rows)
	case *protocol.Dates:
		loadWritten(to, c.bound.(*protocol.Texts), rows, to.Cells, parseDate)
	case *protocol.Timestamps:
		loadWritten(to, c.bound.(*protocol.Texts), rows, to.Cells, parseTimestamp)
	default:
		panic(fmt.Sprintf("odbc: %s is not carried as %s", c.column.Kind(), c.bound.Kind()))
	}
}

type integer interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

// loadIntegers takes over 64-bit integers, or integers written out.
func loadIntegers[T integer](to *protocol.Numbers[T], from protocol.Column, rows int) {
	if texts, ok := from.(*protocol.Texts); ok {
		loadWritten(to, texts, rows, to.Cells, parseInteger[T])
		return
	}
	for i, v := range from.(*protocol.Numbers[int64]).Cells[:rows] {
		n := T(v)
		to.Cells[i] = n
		if (int64(n) != v || (n < 0) != (v < 0)) && !to.IsNull(i) {
			to.Fail(i, fmt.Errorf("%d does not fit %s", v, to.Kind()))
		}
	}
}

func loadBools(to *protocol.Bools, from protocol.Column, rows int) {
	if texts, ok := from.(*protocol.Texts); ok {
		loadWritten(to, texts, rows, to.Cells, parseBool)
		return
	}
	for i, v := range from.(*protocol.Numbers[int64]).Cells[:rows] {
		to.Cells[i] = uint8(v & 1)
		if v&^1 != 0 && !to.IsNull(i) {
			to.Fail(i, fmt.Errorf("%d is neither 0 nor 1", v))
		}
	}
}

// loadFloats takes over doubles, or numbers written out.
func loadFloats[T float32 | float64](to *protocol.Numbers[T], from protocol.Column, rows int) {
	if texts, ok := from.(*protocol.Texts); ok {
		loadWritten(to, texts, rows, to.Cells, parseFloat[T])
		return
	}
	for i, v := range from.(*protocol.Numbers[float64]).Cells[:rows] {
		to.Cells[i] = T(v)
		if math.IsInf(float64(T(v)), 0) && !math.IsInf(v, 0) && !to.IsNull(i) {
			to.Fail(i, fmt.Errorf("%g does not fit %s", v, to.Kind()))
		}
	}
}

// loadWritten parses the cells of from into cells, which are those of to. The
// text that parse gets lies in the slot: it must keep none of it.
func loadWritten[T any](to protocol.Column, from *protocol.Texts, rows int, cells []T, parse func(string) (T, error)) {
	for i := range rows {
		if from.IsNull(i) {
			continue
		}
		var err error
		if cells[i], err = parse(unsafe.String(unsafe.SliceData(from.Bytes(i)), len(from.Bytes(i)))); err != nil {
			to.Fail(i, err)
		}
	}
}

// parseInteger reads an integer, be it written as a decimal.
func parseInteger[T integer](text string) (n T, err error) {
	if v, ok := plainInteger(text); ok && int64(T(v)) == v && (T(v) < 0) == (v < 0) {
		return T(v), nil
	}
	whole, fraction, _ := strings.Cut(text, ".")
	if strings.Trim(fraction, "0") != "" {
		return 0, fmt.Errorf("%q is not an integer", text)
	}
	bits := int(unsafe.Sizeof(n)) * 8
	if n-1 > 0 { // unsigned
		var u uint64
		u, err = strconv.ParseUint(whole, 10, bits)
		n = T(u)
	} else {
		var i int64
		i, err = strconv.ParseInt(whole, 10, bits)
		n = T(i)
	}
	if err != nil {
		return 0, fmt.Errorf("%q is not an integer that fits %T", text, n)
	}
	return n, nil
}

// plainInteger reads up to 18 digits with or without a minus, the way that almost
// every cell goes.
func plainInteger(text string) (n int64, ok bool) {
	digits := strings.TrimPrefix(text, "-")
	if len(digits) == 0 || len(digits) > 18 {
		return 0, false
	}
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	if len(digits) < len(text) {
		n = -n
	}
	return n, true
}

func parseBool(text string) (uint8, error) {
	n, err := parseInteger[uint8](text)
	if err != nil || n > 1 {
		return 0, fmt.Errorf("%q is neither 0 nor 1", text)
	}
	return n, nil
}

func parseFloat[T float32 | float64](text string) (T, error) {
	var n T
	f, err := strconv.ParseFloat(text, int(unsafe.Sizeof(n))*8)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number that fits %T", text, n)
	}
	return T(f), nil
}

func parseDate(text string) (protocol.DateCell, error) {
	t, err := parseTimestamp(text)
	return protocol.DateCell{Year: t.Year, Month: t.Month, Day: t.Day}, err
}

// parseTimestamp reads a day with or without a time of day, as SQLite's date
// functions accept them. A zone is converted to UTC.
func parseTimestamp(text string) (protocol.TimestampCell, error) {
	if cell, ok := parsePlain(text); ok {
		return cell, nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999 -07:00", time.RFC3339Nano, "2006-01-02 15:04", "2006-01-02T15:04"} {
		if t, err := time.Parse(layout, text); err == nil {
			t = t.UTC()
			return protocol.TimestampCell{
				Year: int16(t.Year()), Month: uint16(t.Month()), Day: uint16(t.Day()),
				Hour: uint16(t.Hour()), Minute: uint16(t.Minute()), Second: uint16(t.Second()),
				Fraction: uint32(t.Nanosecond()),
			}, nil
		}
	}
	return protocol.TimestampCell{}, fmt.Errorf("%q is not a date or timestamp", text)
}

// parsePlain reads YYYY-MM-DD, or YYYY-MM-DD hh:mm:ss with up to nine digits of
// fraction, the way that almost every row goes.
func parsePlain(text string) (cell protocol.TimestampCell, ok bool) {
	if len(text) != 10 && len(text) != 19 && (len(text) < 21 || len(text) > 29) {
		return cell, false
	}
	ok = true
	number := func(from, to int) int {
		n := 0
		for _, c := range []byte(text[from:to]) {
			if c < '0' || c > '9' {
				ok = false
			}
			n = 10*n + int(c-'0')
		}
		return n
	}
	at := func(i int, c byte) { ok = ok && text[i] == c }
	cell.Year, cell.Month, cell.Day = int16(number(0, 4)), uint16(number(5, 7)), uint16(number(8, 10))
	at(4, '-')
	at(7, '-')
	if len(text) == 10 {
		return cell, ok
	}
	cell.Hour, cell.Minute, cell.Second = uint16(number(11, 13)), uint16(number(14, 16)), uint16(number(17, 19))
	at(10, ' ')
	at(13, ':')
	at(16, ':')
	if len(text) > 19 {
		at(19, '.')
		fraction := number(20, len(text))
		for range 29 - len(text) {
			fraction *= 10
		}
		cell.Fraction = uint32(fraction)
	}
	return cell, ok && cell.Hour < 24 && cell.Minute < 60 && cell.Second < 60
}

// store converts rows of the caller's column for the driver to read.
func (c carrier) store(begin, end int) {
	nulls := c.column.Indicators()[begin:end]
	switch from := c.column.(type) {
	case *protocol.Bools:
		storeInts(c.bound, from.Cells[begin:end], nulls)
	case *protocol.Numbers[int8]:
		storeInts(c.bound, from.Cells[begin:end], nulls)
	case *protocol.Numbers[int16]:
		storeInts(c.bound, from.Cells[begin:end], nulls)
	case *protocol.Numbers[int32]:
		storeInts(c.bound, from.Cells[begin:end], nulls)
	case *protocol.Numbers[int64]:
		storeInts(c.bound, from.Cells[begin:end], nulls)
	case *protocol.Numbers[uint8]:
		storeInts(c.bound, from.Cells[begin:end], nulls)
	case *protocol.Numbers[uint16]:
		storeInts(c.bound, from.Cells[begin:end], nulls)
	case *protocol.Numbers[uint32]:
		storeInts(c.bound, from.Cells[begin:end], nulls)
	case *protocol.Numbers[uint64]:
		if c.bound.Kind() == protocol.Int64 {
			refuseLarge(from, begin, end)
		}
		storeInts(c.bound, from.Cells[begin:end], nulls)
	case *protocol.Numbers[float32]:
		storeFloats(c.bound, from.Cells[begin:end], nulls)
	case *protocol.Dates:
		storeText(c.bound, from.Cells[begin:end], nulls)
	case *protocol.Timestamps:
		if c.zoned {
			storeOffsets(c.bound.(*protocol.Texts), from, begin, end)
			return
		}
		storeText(c.bound, from.Cells[begin:end], nulls)
	default:
		panic(fmt.Sprintf("odbc: %s is not carried as %s", c.column.Kind(), c.bound.Kind()))
	}
}

// refuseLarge refuses integers that have no place in 64 bits with a sign.
func refuseLarge(from *protocol.Numbers[uint64], begin, end int) {
	for i := begin; i < end; i++ {
		if v := from.Cells[i]; v > math.MaxInt64 && !from.IsNull(i) {
			from.Fail(i, fmt.Errorf("%d is above the largest integer of this database, %d", v, int64(math.MaxInt64)))
		}
	}
}

// storeInts stores integers as 64-bit ones, or written out.
func storeInts[T integer](bound protocol.Column, cells []T, nulls []int64) {
	if texts, ok := bound.(*protocol.Texts); ok {
		storeDigits(texts, cells, nulls)
		return
	}
	to := bound.(*protocol.Numbers[int64])
	for _, v := range cells {
		to.Append(int64(v))
	}
	copy(to.Indicators(), nulls)
}

func storeDigits[T integer](to *protocol.Texts, cells []T, nulls []int64) {
	var buf [TextWidth]byte
	for i, v := range cells {
		switch {
		case nulls[i] == protocol.Null:
			to.AppendPtr(nil)
		case v < 0:
			to.AppendBytes(strconv.AppendInt(buf[:0], int64(v), 10))
		default:
			to.AppendBytes(strconv.AppendUint(buf[:0], uint64(v), 10))
		}
	}
}

func storeFloats(bound protocol.Column, cells []float32, nulls []int64) {
	to := bound.(*protocol.Numbers[float64])
	for _, v := range cells {
		to.Append(float64(v))
	}
	copy(to.Indicators(), nulls)
}

func storeText[T interface{ AppendTo([]byte) []byte }](bound protocol.Column, cells []T, nulls []int64) {
	to := bound.(*protocol.Texts)
	var buf [TextWidth]byte
	for i, cell := range cells {
		if nulls[i] == protocol.Null {
			to.AppendPtr(nil)
			continue
		}
		to.AppendBytes(cell.AppendTo(buf[:0]))
	}
}

// storeOffsets writes times as the clocks of their offsets show them, with those.
func storeOffsets(to *protocol.Texts, from *protocol.Timestamps, begin, end int) {
	var buf [TextWidth]byte
	for i := begin; i < end; i++ {
		if from.IsNull(i) {
			to.AppendPtr(nil)
			continue
		}
		zone := time.FixedZone("", 60*from.Offset(i))
		to.AppendBytes(from.At(i).In(zone).AppendFormat(buf[:0], "2006-01-02 15:04:05.9999999 -07:00"))
	}
}

// numberOf reports how a decimal's text goes to a database without decimals:
// as an integer, as a double when its digits survive, or not as a number.
func numberOf(text string) (i int64, f float64, kind protocol.Kind) {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return i, 0, protocol.Int64
	}
	digits := 0
	for _, c := range text {
		if c >= '0' && c <= '9' {
			digits++
		}
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && digits <= 15 {
		return 0, f, protocol.Float64
	}
	return 0, 0, protocol.Text
}

// cellsOf returns where the cells of a column begin, and the bytes of one.
func cellsOf(c protocol.Column) (unsafe.Pointer, int) {
	switch c := c.(type) {
	case *protocol.Bools:
		return first(c.Cells)
	case *protocol.Numbers[int8]:
		return first(c.Cells)
	case *protocol.Numbers[int16]:
		return first(c.Cells)
	case *protocol.Numbers[int32]:
		return first(c.Cells)
	case *protocol.Numbers[int64]:
		return first(c.Cells)
	case *protocol.Numbers[uint8]:
		return first(c.Cells)
	case *protocol.Numbers[uint16]:
		return first(c.Cells)
	case *protocol.Numbers[uint32]:
		return first(c.Cells)
	case *protocol.Numbers[uint64]:
		return first(c.Cells)
	case *protocol.Numbers[float32]:
		return first(c.Cells)
	case *protocol.Numbers[float64]:
		return first(c.Cells)
	case *protocol.Dates:
		return first(c.Cells)
	case *protocol.Timestamps:
		return first(c.Cells)
	case variable:
		data, width := c.Slots()
		return unsafe.Pointer(unsafe.SliceData(data)), width
	}
	panic(fmt.Sprintf("odbc: %T cannot be bound", c))
}

func first[T any](cells []T) (unsafe.Pointer, int) {
	var cell T
	return unsafe.Pointer(unsafe.SliceData(cells)), int(unsafe.Sizeof(cell))
}

// cTypes are the C types of the cells as they lie in a Batch; kinds that are
// not listed are text.
var cTypes = map[protocol.Kind]int16{
	protocol.Bool: sys.CBit,
	protocol.Int8: sys.CSTinyInt, protocol.Int16: sys.CSShort, protocol.Int32: sys.CSLong, protocol.Int64: sys.CSBigInt,
	protocol.Uint8: sys.CUTinyInt, protocol.Uint16: sys.CUShort, protocol.Uint32: sys.CULong, protocol.Uint64: sys.CUBigInt,
	protocol.Float32: sys.CFloat, protocol.Float64: sys.CDouble,
	protocol.Binary: sys.CBinary,
	protocol.Date:   sys.CDate, protocol.Timestamp: sys.CTimestamp,
	protocol.TimestampTZ: sys.CTimestamp, protocol.DateTimeOffset: sys.CTimestamp,
}

func cTypeOf(k protocol.Kind) int16 {
	if c, ok := cTypes[k]; ok {
		return c
	}
	return sys.CChar
}
