package protocol_test

import (
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-sql/civil"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

var formats = map[string]protocol.Format{
	"v1":      {Version: protocol.RowMajor},
	"v2":      {Version: protocol.Columnar},
	"v2-zstd": {Version: protocol.Columnar, Compression: protocol.Zstd},
	"v2-lz4":  {Version: protocol.Columnar, Compression: protocol.LZ4},
}

func TestVectors(t *testing.T) {
	empty := protocol.NewBatch(nil, 0)
	rows := protocol.NewBatch([]protocol.ColumnSpec{{Name: "id", Kind: protocol.Int32}, {Name: "name", Kind: protocol.Text}}, 0)
	rows.Int32(0).Append(7)
	rows.Text(1).Append("Al")
	rows.EndRow()
	rows.Int32(0).AppendPtr(nil)
	rows.Text(1).AppendPtr(nil)
	rows.EndRow()
	numbers := protocol.NewBatch([]protocol.ColumnSpec{{Name: "n", Kind: protocol.Int32}}, 0)
	for n := range int32(30) {
		numbers.Int32(0).Append(n)
		numbers.EndRow()
	}
	for _, test := range []struct {
		name  string
		batch *protocol.Batch
		f     protocol.Format
		exact bool
	}{
		{"01-empty", empty, protocol.Format{}, true},
		{"02-rows", rows, formats["v1"], true},
		{"03-columns", rows, formats["v2"], true},
		{"04-zstd", numbers, formats["v2-zstd"], false}, // libraries compress differently
	} {
		t.Run(test.name, func(t *testing.T) {
			data := vector(t, test.name)
			var d protocol.Decoder
			got, err := d.Decode(data)
			require.NoError(t, err)
			requireSame(t, test.batch, got)
			frame, err := test.f.Append([]byte("before"), test.batch)
			require.NoError(t, err)
			if test.exact {
				require.Equal(t, data, frame[6:])
			}
			got, err = d.Decode(frame[6:])
			require.NoError(t, err)
			requireSame(t, test.batch, got)
		})
	}
}

// TestCompressionAskedFor: a short column is not compressed, and the frame says that it
// might have been.
func TestCompressionAskedFor(t *testing.T) {
	var d protocol.Decoder
	b, err := d.Decode(vector(t, "03-columns"))
	require.NoError(t, err)
	for _, name := range []string{"v2-zstd", "v2-lz4"} {
		frame, err := formats[name].Append(nil, b)
		require.NoError(t, err)
		want := vector(t, "03-columns")
		want[14] = 1
		require.Equal(t, want, frame)
	}
}

func TestF40_BrokenFrameCut(t *testing.T) {
	for _, name := range []string{"01-empty", "02-rows", "03-columns", "04-zstd"} {
		data := vector(t, name)
		for end := range data {
			var d protocol.Decoder
			_, err := d.Decode(data[:end:end])
			require.ErrorIs(t, err, protocol.ErrTruncated, "%s, %d bytes", name, end)
			if end < headerOf(data) {
				continue
			}
			short := slices.Clone(data[:end]) // whose header knows it
			binary.LittleEndian.PutUint32(short[headerOf(data)-4:], uint32(end-headerOf(data)))
			_, err = d.Decode(short)
			require.ErrorIs(t, err, protocol.ErrCorrupt, "%s, %d bytes", name, end)
		}
		var d protocol.Decoder
		_, err := d.Decode(append(data, 0))
		require.ErrorIs(t, err, protocol.ErrCorrupt)
		_, err = d.Decode(data[:len(data):len(data)])
		require.NoError(t, err, "after errors")
	}
}

// headerOf returns the bytes of the header.
func headerOf(frame []byte) int {
	if frame[4] == 1 {
		return 16
	}
	return 19
}

// TestF40_BrokenFrameBits: versions 1 and 2 have no checksum, but a flipped bit is an error or
// another value, or the mark that compression was asked for, or a kind that nobody knows.
func TestF40_BrokenFrameBits(t *testing.T) {
	for name, quiet := range map[string][]int{"02-rows": {22, 23}, "03-columns": {14, 36, 37}} {
		data := vector(t, name)
		var d, other protocol.Decoder
		want, err := d.Decode(data)
		require.NoError(t, err)
		for bit := range 8 * len(data) {
			flipped := slices.Clone(data)
			flipped[bit/8] ^= 1 << (bit % 8)
			got, err := other.Decode(flipped)
			if err != nil {
				var format *protocol.FormatError
				require.ErrorAs(t, err, &format)
				continue
			}
			if slices.Contains(quiet, bit/8) {
				continue
			}
			require.NotEqual(t, cellsOf(want), cellsOf(got), "%s, bit %d", name, bit)
		}
	}
}

// requireSame compares two Batches, of which the second was decoded.
func requireSame(t require.TestingT, want, got *protocol.Batch) {
	require.Equal(t, cellsOf(want), cellsOf(got))
	require.NoError(t, got.Err())
}

// cellsOf returns names, kinds and cells as text.
func cellsOf(b *protocol.Batch) []string {
	var all []string
	for _, c := range b.Columns() {
		var s strings.Builder
		fmt.Fprintf(&s, "%d %q %s:", c.Index(), c.Name(), c.Kind())
		for i, n := range c.Indicators()[:b.Len()] {
			s.WriteByte(' ')
			if n == protocol.Null {
				s.WriteString("NULL")
				continue
			}
			s.WriteString(cellOf(c, i))
		}
		all = append(all, s.String())
	}
	return append(all, fmt.Sprint(b.Len(), " rows"))
}

func cellOf(c protocol.Column, i int) string {
	switch c := c.(type) {
	case *protocol.Numbers[float32]:
		return fmt.Sprint(math.Float32bits(c.Cells[i]))
	case *protocol.Numbers[float64]:
		return fmt.Sprint(math.Float64bits(c.Cells[i]))
	case *protocol.Numbers[int8]:
		return fmt.Sprint(c.Cells[i])
	case *protocol.Numbers[int16]:
		return fmt.Sprint(c.Cells[i])
	case *protocol.Numbers[int32]:
		return fmt.Sprint(c.Cells[i])
	case *protocol.Numbers[int64]:
		return fmt.Sprint(c.Cells[i])
	case *protocol.Numbers[uint8]:
		return fmt.Sprint(c.Cells[i])
	case *protocol.Numbers[uint16]:
		return fmt.Sprint(c.Cells[i])
	case *protocol.Numbers[uint32]:
		return fmt.Sprint(c.Cells[i])
	case *protocol.Numbers[uint64]:
		return fmt.Sprint(c.Cells[i])
	case *protocol.Bools:
		return fmt.Sprint(c.Cells[i])
	case *protocol.Dates:
		return fmt.Sprint(c.Cells[i])
	case *protocol.Timestamps:
		return fmt.Sprint(c.Cells[i])
	case interface{ Bytes(i int) []byte }:
		return fmt.Sprintf("%q", c.Bytes(i))
	}
	panic(fmt.Sprintf("%T", c))
}

// TestRoundTrip sends random rows of all kinds through one Decoder, frame after frame.
func TestRoundTrip(t *testing.T) {
	for name, f := range formats {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				specs := drawSpecs(t)
				d := protocol.Decoder{Columns: specs}
				for range 3 {
					b := drawBatch(t, specs)
					frame, err := f.Append(nil, b)
					require.NoError(t, err)
					got, err := d.Decode(frame)
					require.NoError(t, err)
					requireSame(t, b, got)
					again, err := f.Append(nil, got) // from cells that lie one after the other
					require.NoError(t, err)
					require.Equal(t, frame, again)
					requireKinds(t, frame)
				}
			})
		})
	}
}

// requireKinds: without columns asked for, a frame has kinds of the reference.
func requireKinds(t *rapid.T, frame []byte) {
	var d protocol.Decoder
	b, err := d.Decode(frame)
	require.NoError(t, err)
	for _, c := range b.Columns() {
		require.LessOrEqual(t, c.Kind(), protocol.Interval)
	}
}

func drawSpecs(t *rapid.T) []protocol.ColumnSpec {
	specs := make([]protocol.ColumnSpec, rapid.IntRange(0, 6).Draw(t, "columns"))
	for i := range specs {
		specs[i] = protocol.ColumnSpec{
			Name: rapid.SampledFrom([]string{"", "id", "名前", "a b", "Größe"}).Draw(t, "name"),
			Kind: rapid.SampledFrom(protocol.Kinds()).Draw(t, "kind"),
		}
	}
	return specs
}

func drawBatch(t *rapid.T, specs []protocol.ColumnSpec) *protocol.Batch {
	b := protocol.NewBatch(specs, 0)
	for range rapid.SampledFrom([]int{0, 1, 3, 40}).Draw(t, "rows") {
		for _, c := range b.Columns() {
			drawCell(t, b, c, rapid.IntRange(0, 4).Draw(t, "null") > 0)
		}
		b.EndRow()
	}
	return b
}

// drawCell appends a cell as a driver would write it. The memory of a NULL holds something.
func drawCell(t *rapid.T, b *protocol.Batch, c protocol.Column, valid bool) {
	switch c := c.(type) {
	case *protocol.Numbers[int8]:
		drawNumber(t, c, rapid.Int8(), valid)
	case *protocol.Numbers[int16]:
		drawNumber(t, c, rapid.Int16(), valid)
	case *protocol.Numbers[int32]:
		drawNumber(t, c, rapid.Int32(), valid)
	case *protocol.Numbers[int64]:
		drawNumber(t, c, rapid.Int64(), valid)
	case *protocol.Numbers[uint8]:
		drawNumber(t, c, rapid.Uint8(), valid)
	case *protocol.Numbers[uint16]:
		drawNumber(t, c, rapid.Uint16(), valid)
	case *protocol.Numbers[uint32]:
		drawNumber(t, c, rapid.Uint32(), valid)
	case *protocol.Numbers[uint64]:
		drawNumber(t, c, rapid.Uint64(), valid)
	case *protocol.Numbers[float32]:
		drawNumber(t, c, rapid.OneOf(rapid.Float32(), rapid.SampledFrom([]float32{float32(math.NaN()), float32(math.Inf(-1))})), valid)
	case *protocol.Numbers[float64]:
		drawNumber(t, c, rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{math.NaN(), math.Inf(1)})), valid)
	case *protocol.Bools:
		v := rapid.Bool().Draw(t, "cell")
		c.AppendNull(nullable(v, valid))
	case *protocol.Dates:
		c.AppendNull(nullable(civil.Date{Year: 1, Month: 1, Day: 1}, valid))
		c.Cells[b.Len()] = drawDay(t)
	case *protocol.Timestamps:
		day := drawDay(t)
		c.AppendNull(nullable(time.Unix(0, 0), valid))
		c.Cells[b.Len()] = protocol.TimestampCell{
			Year: day.Year, Month: day.Month, Day: day.Day,
			Hour: rapid.Uint16Range(0, 23).Draw(t, "h"), Minute: rapid.Uint16Range(0, 59).Draw(t, "m"), Second: rapid.Uint16Range(0, 61).Draw(t, "s"),
			Fraction: rapid.OneOf(rapid.Just(uint32(0)), rapid.Uint32Range(0, 999_999_999), rapid.SampledFrom([]uint32{120_000_000, 1000, 1})).Draw(t, "f"),
		}
	case *protocol.Binaries:
		c.AppendNull(nullable(rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "cell"), valid))
	case *protocol.JSONs:
		c.AppendNull(nullable(json.RawMessage(drawText(t)), valid))
	case *protocol.Texts:
		c.AppendNull(nullable(drawText(t), valid))
	case *protocol.Decimals:
		c.AppendNull(nullable(rapid.SampledFrom(decimals).Draw(t, "cell"), valid))
	case *protocol.UUIDs:
		c.AppendNull(nullable(uuids[rapid.IntRange(0, 1).Draw(t, "cell")], valid))
	case *protocol.Times:
		c.AppendNull(nullable(rapid.SampledFrom(times).Draw(t, "cell"), valid))
	default:
		require.Fail(t, fmt.Sprintf("%T", c))
	}
}

func drawNumber[T protocol.Number](t *rapid.T, c *protocol.Numbers[T], g *rapid.Generator[T], valid bool) {
	c.AppendNull(nullable(g.Draw(t, "cell"), valid))
}

func nullable[T any](v T, valid bool) sql.Null[T] { return sql.Null[T]{V: v, Valid: valid} }

// drawDay returns days too that no calendar has.
func drawDay(t *rapid.T) protocol.DateCell {
	return protocol.DateCell{
		Year:  rapid.Int16Range(0, 9999).Draw(t, "y"),
		Month: rapid.Uint16Range(0, 12).Draw(t, "m"),
		Day:   rapid.Uint16Range(0, 31).Draw(t, "d"),
	}
}

func drawText(t *rapid.T) string {
	return rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "a\x00b", "你好", strings.Repeat("long ", 60)})).Draw(t, "cell")
}

var (
	decimals = []decimal.Decimal{decimal.RequireFromString("0"), decimal.RequireFromString("-12.50"), decimal.RequireFromString("123456789012345678901234567890.123456789")}
	uuids    = []uuid.UUID{{}, uuid.MustParse("6ba7b810-9dad-11d1-80b4-00c04fd430c8")}
	times    = []civil.Time{{}, {Hour: 23, Minute: 59, Second: 59, Nanosecond: 999_999_000}, {Hour: 1, Nanosecond: 500_000_000}}
)
