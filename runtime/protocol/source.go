package protocol

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// source writes the cells of a column as versions 1 and 2 have them.
type source struct {
	column     Column
	kind       Kind // on the wire
	indicators []int64
	// value writes the cell of a row, which is not NULL, behind dst, without its length.
	// The most frequent kinds are written without the call.
	value func(dst []byte, i int) ([]byte, error)
	int32 []int32
	int64 []int64
	text  *Variable
}

// sourcesOf refuses a Batch that cannot be written.
func sourcesOf(b *Batch) ([]source, error) {
	if b.err != nil {
		return nil, b.err
	}
	l := DefaultLimits
	if err := l.check(uint64(len(b.columns)), uint64(b.rows)); err != nil {
		return nil, err
	}
	sources := make([]source, len(b.columns))
	for i, c := range b.columns {
		value := valuesOf(c)
		switch {
		case value == nil:
			return nil, columnError(i, c.Name(), 0, fmt.Errorf("%w: a frame has no place for readers; give the column as %s", ErrUnsupported, c.Kind()))
		case len(c.Name()) > math.MaxUint16 || !utf8.ValidString(c.Name()):
			return nil, columnError(i, "", 0, fmt.Errorf("%w: a name is UTF-8 of at most %d bytes", ErrUnsupported, math.MaxUint16))
		}
		sources[i] = source{column: c, kind: wireKind(c.Kind()), indicators: c.Indicators(), value: value}
		sources[i].shorten()
	}
	return sources, nil
}

func (s *source) shorten() {
	switch c := s.column.(type) {
	case *Numbers[int32]:
		s.int32 = c.Cells
	case *Numbers[int64]:
		s.int64 = c.Cells
	case *Binaries: // is not text
	case interface{ variable() *Variable }:
		s.text = c.variable()
	}
}

// wireKind returns the kind of the reference as which cells of kind k travel.
func wireKind(k Kind) Kind {
	switch k {
	case Int8, Uint8, Uint16:
		return Int32
	case Uint32:
		return Int64
	case Uint64:
		return Decimal
	case XML:
		return Text
	}
	return k
}

// wireWidth returns the bytes of a cell of kind k on the wire, 0 where they vary.
func wireWidth(k Kind) int {
	switch k {
	case Int32:
		return 4
	case Int64:
		return 8
	}
	return 0
}

// valuesOf returns what writes a cell of c, nil for a column of readers.
func valuesOf(c Column) func(dst []byte, i int) ([]byte, error) {
	switch c := c.(type) {
	case *Numbers[int8]:
		return in32(c)
	case *Numbers[uint8]:
		return in32(c)
	case *Numbers[uint16]:
		return in32(c)
	case *Numbers[int32]:
		return in32(c)
	case *Numbers[uint32]:
		return in64(c)
	case *Numbers[int64]:
		return in64(c)
	case *Numbers[int16]:
		return func(dst []byte, i int) ([]byte, error) { return strconv.AppendInt(dst, int64(c.Cells[i]), 10), nil }
	case *Numbers[uint64]:
		return func(dst []byte, i int) ([]byte, error) { return strconv.AppendUint(dst, c.Cells[i], 10), nil }
	case *Numbers[float32]:
		return func(dst []byte, i int) ([]byte, error) {
			return strconv.AppendFloat(dst, float64(c.Cells[i]), 'g', -1, 32), nil
		}
	case *Numbers[float64]:
		return func(dst []byte, i int) ([]byte, error) { return appendFloat(dst, c.Cells[i]), nil }
	case *Bools:
		return func(dst []byte, i int) ([]byte, error) { return strconv.AppendBool(dst, c.Cells[i] != 0), nil }
	case *Dates:
		return func(dst []byte, i int) ([]byte, error) { return appendDay(dst, c.Cells[i]) }
	case *Timestamps:
		return func(dst []byte, i int) ([]byte, error) { return appendTime(dst, &c.Cells[i]) }
	case interface{ variable() *Variable }:
		v := c.variable()
		return func(dst []byte, i int) ([]byte, error) { return append(dst, v.cell(i, int(v.indicators[i]))...), nil }
	}
	return nil
}

func (v *Variable) variable() *Variable { return v }

func in32[T int8 | uint8 | uint16 | int32](c *Numbers[T]) func(dst []byte, i int) ([]byte, error) {
	return func(dst []byte, i int) ([]byte, error) {
		return binary.LittleEndian.AppendUint32(dst, uint32(c.Cells[i])), nil
	}
}

func in64[T uint32 | int64](c *Numbers[T]) func(dst []byte, i int) ([]byte, error) {
	return func(dst []byte, i int) ([]byte, error) {
		return binary.LittleEndian.AppendUint64(dst, uint64(c.Cells[i])), nil
	}
}

var errTooLate = errors.New("only the years 0 to 9999 can be written as text")

// appendDay writes days that no calendar has too, such as MariaDB's 0000-00-00.
func appendDay(dst []byte, c DateCell) ([]byte, error) {
	if uint16(c.Year) > 9999 || c.Month > 12 || c.Day > 31 {
		return dst, fmt.Errorf("%d-%d-%d: %w", c.Year, c.Month, c.Day, errTooLate)
	}
	return c.AppendTo(dst), nil
}

// appendTime writes what AppendTo does, in less time, and nine digits where that would
// leave nanoseconds out.
func appendTime(dst []byte, c *TimestampCell) ([]byte, error) {
	switch {
	case uint16(c.Year) > 9999 || c.Month > 12 || c.Day > 31:
		return appendDay(dst, DateCell{c.Year, c.Month, c.Day})
	case c.Hour > 23 || c.Minute > 59 || c.Second > 61 || c.Fraction >= 1e9:
		return dst, fmt.Errorf("%d:%d:%d.%09d is no time of day", c.Hour, c.Minute, c.Second, c.Fraction)
	}
	start := len(dst)
	dst = append(dst, "0000-00-00 00:00:00.000000000"...)
	b := dst[start : start+29]
	put2(b[0:], uint32(c.Year)/100)
	put2(b[2:], uint32(c.Year)%100)
	put2(b[5:], uint32(c.Month))
	put2(b[8:], uint32(c.Day))
	put2(b[11:], uint32(c.Hour))
	put2(b[14:], uint32(c.Minute))
	put2(b[17:], uint32(c.Second))
	if c.Fraction == 0 {
		return dst[:start+19], nil
	}
	micros, nanos := c.Fraction/1000, c.Fraction%1000
	put2(b[20:], micros/10000)
	put2(b[22:], micros/100%100)
	put2(b[24:], micros%100)
	if nanos > 0 {
		b[26] += byte(nanos / 100)
		put2(b[27:], nanos%100)
		return dst, nil
	}
	return bytes.TrimRight(dst[:start+26], "0"), nil
}

// put2 writes two digits.
func put2(b []byte, n uint32) {
	b[1] = '0' + byte(n%10)
	b[0] = '0' + byte(n/10)
}

// appendCell writes a cell that is not NULL, with its length.
func (s *source) appendCell(dst []byte, i int) ([]byte, error) {
	if s.text != nil {
		cell := s.text.cell(i, int(s.indicators[i]))
		if !isASCII(cell) && !utf8.Valid(cell) {
			return dst, errors.New("not UTF-8")
		}
		n := len(cell)
		dst = append(append(dst, 0, byte(n), byte(n>>8), byte(n>>16), byte(n>>24)), cell...)
		return dst, cellFits(n)
	}
	dst = append(dst, 0, 0, 0, 0, 0)
	start := len(dst)
	dst, err := s.value(dst, i)
	if err != nil {
		return dst, err
	}
	binary.LittleEndian.PutUint32(dst[start-4:], uint32(len(dst)-start))
	return dst, cellFits(len(dst) - start)
}

// cellFits refuses a cell that decoders of the defaults would refuse.
func cellFits(length int) error {
	if length > DefaultLimits.Cell {
		return fmt.Errorf("%w: %d bytes, a cell has at most %d", ErrLimit, length, DefaultLimits.Cell)
	}
	return nil
}

// appendBare writes all cells of a column of integers, which have no length in version 2.
func (s *source) appendBare(dst []byte, rows int) []byte {
	switch {
	case s.int32 != nil:
		for i, n := range s.indicators[:rows] {
			if n == Null {
				dst = append(dst, 1)
				continue
			}
			dst = binary.LittleEndian.AppendUint32(append(dst, 0), uint32(s.int32[i]))
		}
	case s.int64 != nil:
		for i, n := range s.indicators[:rows] {
			if n == Null {
				dst = append(dst, 1)
				continue
			}
			dst = binary.LittleEndian.AppendUint64(append(dst, 0), uint64(s.int64[i]))
		}
	default:
		for i, n := range s.indicators[:rows] {
			if n == Null {
				dst = append(dst, 1)
				continue
			}
			dst, _ = s.value(append(dst, 0), i)
		}
	}
	return dst
}

// fail returns the error of the cell of row i.
func (s *source) fail(b *Batch, i int, err error) error {
	return &CellError{Column: s.column.Name(), Index: s.column.Index(), Row: b.base + int64(i), Err: err}
}
