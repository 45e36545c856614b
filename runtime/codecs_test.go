package runtime_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/golang-sql/civil"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// codec is how values of a kind are written out.
type codec struct {
	goType string
	put    func(b *protocol.Batch, i int, text *string)
	get    func(b *protocol.Batch, row int) *string
}

func codecOf[T any, C column[T]](pick func(*protocol.Batch, int) C, parse func(string) (T, error), show func(T) string) codec {
	var zero T
	return codec{
		goType: strings.Replace(fmt.Sprintf("%T", zero), "[]uint8", "[]byte", 1),
		put: func(b *protocol.Batch, i int, text *string) {
			if text == nil {
				pick(b, i).AppendPtr(nil)
				return
			}
			v, err := parse(*text)
			if err != nil {
				panic(err)
			}
			pick(b, i).Append(v)
		},
		get: func(b *protocol.Batch, row int) *string {
			v := pick(b, 0).Ptr(row)
			if v == nil {
				return nil
			}
			text := show(*v)
			return &text
		},
	}
}

func signed[T int8 | int16 | int32 | int64](text string) (T, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	return T(n), err
}

func unsigned[T uint8 | uint16 | uint32 | uint64](text string) (T, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	return T(n), err
}

func float[T float32 | float64](text string) (T, error) {
	n, err := strconv.ParseFloat(text, 64)
	return T(n), err
}

func shown[T any](v T) string { return fmt.Sprint(v) }

func showFloat32(v float32) string { return strconv.FormatFloat(float64(v), 'g', -1, 32) }
func showFloat64(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// showDecimal writes all digits, zeros at the end too.
func showDecimal(v decimal.Decimal) string { return v.StringFixed(max(0, -v.Exponent())) }

func showTime(v time.Time) string                 { return v.Format(time.RFC3339Nano) }
func parseAnyTime(text string) (time.Time, error) { return time.Parse(time.RFC3339Nano, text) }
func verbatim(text string) (string, error)        { return text, nil }

var (
	textCodec    = codecOf((*protocol.Batch).Text, verbatim, shown[string])
	decimalCodec = codecOf((*protocol.Batch).Decimal, decimal.NewFromString, showDecimal)
	timeCodec    = codecOf((*protocol.Batch).Timestamp, parseAnyTime, showTime)
)

var codecs = map[protocol.Kind]codec{
	protocol.Bool:  codecOf((*protocol.Batch).Bool, strconv.ParseBool, shown[bool]),
	protocol.Int8:  codecOf((*protocol.Batch).Int8, signed[int8], shown[int8]),
	protocol.Int16: codecOf((*protocol.Batch).Int16, signed[int16], shown[int16]),
	protocol.Int32: codecOf((*protocol.Batch).Int32, signed[int32], shown[int32]),
	protocol.Int64: codecOf((*protocol.Batch).Int64, signed[int64], shown[int64]),

	protocol.Uint8:  codecOf((*protocol.Batch).Uint8, unsigned[uint8], shown[uint8]),
	protocol.Uint16: codecOf((*protocol.Batch).Uint16, unsigned[uint16], shown[uint16]),
	protocol.Uint32: codecOf((*protocol.Batch).Uint32, unsigned[uint32], shown[uint32]),
	protocol.Uint64: codecOf((*protocol.Batch).Uint64, unsigned[uint64], shown[uint64]),

	protocol.Float32: codecOf((*protocol.Batch).Float32, float[float32], showFloat32),
	protocol.Float64: codecOf((*protocol.Batch).Float64, float[float64], showFloat64),
	protocol.Decimal: decimalCodec, protocol.Money: decimalCodec,

	protocol.Text: textCodec, protocol.NText: textCodec, protocol.XML: textCodec, protocol.Interval: textCodec,
	protocol.JSON:   codecOf((*protocol.Batch).JSON, func(text string) (json.RawMessage, error) { return json.RawMessage(text), nil }, func(v json.RawMessage) string { return string(v) }),
	protocol.UUID:   codecOf((*protocol.Batch).UUID, uuid.Parse, uuid.UUID.String),
	protocol.Binary: codecOf((*protocol.Batch).Binary, hex.DecodeString, hex.EncodeToString),

	protocol.Date:      codecOf((*protocol.Batch).Date, civil.ParseDate, civil.Date.String),
	protocol.Time:      codecOf((*protocol.Batch).Time, civil.ParseTime, showClock),
	protocol.Timestamp: timeCodec, protocol.TimestampTZ: timeCodec, protocol.DateTimeOffset: timeCodec,
}

// showClock writes no zeros at the end of the fraction.
func showClock(v civil.Time) string {
	if text := v.String(); v.Nanosecond != 0 {
		return strings.TrimRight(text, "0")
	}
	return v.String()
}
