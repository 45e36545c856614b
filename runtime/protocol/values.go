package protocol

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Value is a parameter as it is sent, or what came out of one.
type Value struct {
	Tag  Tag
	Int  int64  // of TagInt32 and TagInt64
	Data []byte // of TagText and TagDecimal in UTF-8, and of TagBinary
}

// Tag says what a Value holds. The numbers are part of the wire format.
type Tag uint8

// The tags. What has none travels as text, as in frames of version 1.
const (
	TagNull    Tag = 0
	TagText    Tag = 1
	TagInt32   Tag = 2
	TagInt64   Tag = 3
	TagDecimal Tag = 4 // a number as text
	TagBinary  Tag = 5
	TagCursor  Tag = 6 // the place of a cursor that comes out
)

// Parameter is a Value with the way it goes.
type Parameter struct {
	Direction Direction
	Value
}

// Direction is the way of a parameter. The numbers are part of the wire format.
type Direction uint8

// The directions.
const (
	In    Direction = 0
	Out   Direction = 1
	InOut Direction = 2
)

// directedMagic begins parameters with directions: DRT1.
var directedMagic = []byte("DRT1")

// smallestValue is the tag and the length.
const smallestValue = 1 + 4

// AppendValues writes values behind dst, one after the other without their number.
// What no reader would take is a *FormatError, and dst is then returned as it was.
func AppendValues(dst []byte, values []Value) ([]byte, error) {
	if len(values) > DefaultLimits.Values {
		return dst, tooManyValues(len(values))
	}
	all := dst
	for i, v := range values {
		var err error
		if all, err = appendValue(all, v); err != nil {
			return dst, formatError(fmt.Sprintf("value %d", i+1), int64(len(all)-len(dst)), err)
		}
	}
	return all, nil
}

func tooManyValues(n int) error {
	return formatError("values", 0, fmt.Errorf("%w: %d, and %d are taken", ErrLimit, n, DefaultLimits.Values))
}

func appendValue(dst []byte, v Value) ([]byte, error) {
	if err := v.check(DefaultLimits.ValueBytes); err != nil {
		return dst, err
	}
	dst = append(dst, byte(v.Tag))
	switch v.Tag {
	case TagInt32:
		return binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(dst, 4), uint32(v.Int)), nil
	case TagInt64:
		return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint32(dst, 8), uint64(v.Int)), nil
	case TagText, TagDecimal, TagBinary:
		return append(binary.LittleEndian.AppendUint32(dst, uint32(len(v.Data))), v.Data...), nil
	}
	return binary.LittleEndian.AppendUint32(dst, 0), nil
}

// check says what is wrong with a Value for every reader.
func (v Value) check(limit int) error {
	if len(v.Data) > limit {
		return fmt.Errorf("%w: %d bytes, and %d are taken", ErrLimit, len(v.Data), limit)
	}
	switch v.Tag {
	case TagNull, TagInt64, TagBinary, TagCursor:
	case TagInt32:
		if int64(int32(v.Int)) != v.Int {
			return fmt.Errorf("%w: %d does not fit 32 bits", ErrCorrupt, v.Int)
		}
	case TagText:
		return checkText(v.Data)
	case TagDecimal:
		return checkNumber(v.Data)
	default:
		return fmt.Errorf("%w: tag %d", ErrCorrupt, v.Tag)
	}
	return nil
}

func checkText(text []byte) error {
	if !utf8.Valid(text) {
		return fmt.Errorf("%w: text that is not UTF-8", ErrCorrupt)
	}
	return nil
}

// checkNumber takes what a database takes for a number: -12.50, .5, 1e3.
func checkNumber(text []byte) error {
	rest, digits := text, 0
	if len(rest) > 0 && (rest[0] == '-' || rest[0] == '+') {
		rest = rest[1:]
	}
	rest, digits = skipDigits(rest)
	if len(rest) > 0 && rest[0] == '.' {
		var behind int
		rest, behind = skipDigits(rest[1:])
		digits += behind
	}
	if digits > 0 && len(rest) > 0 && rest[0]|0x20 == 'e' {
		if rest = rest[1:]; len(rest) > 0 && (rest[0] == '-' || rest[0] == '+') {
			rest = rest[1:]
		}
		if rest, digits = skipDigits(rest); digits > maxExponent {
			digits = 0
		}
	}
	if digits == 0 || len(rest) > 0 {
		return fmt.Errorf("%w: %.40q is not a number", ErrCorrupt, text)
	}
	return nil
}

// maxExponent are the digits of an exponent that fits 32 bits for certain.
const maxExponent = 9

func skipDigits(text []byte) (rest []byte, digits int) {
	for digits < len(text) && text[digits]-'0' <= 9 {
		digits++
	}
	return text[digits:], digits
}

// ParseValues reads what AppendValues writes; no bytes are no values. The values lie
// in data. Errors are *FormatError.
func ParseValues(data []byte, l Limits) ([]Value, error) {
	in, l := newInput(data, "values"), l.orDefault()
	var values []Value
	for len(in.data) > 0 {
		if len(values) == l.Values {
			in.fail(fmt.Errorf("%w: more than %d", ErrLimit, l.Values))
			break
		}
		in.begin("value", len(values))
		values = append(values, in.value(l))
	}
	if in.err != nil {
		return nil, in.err
	}
	return values, nil
}

func (in *input) value(l Limits) Value {
	v := Value{Tag: Tag(in.u8())}
	if v.Tag > TagCursor {
		in.fail(fmt.Errorf("%w: tag %d", ErrCorrupt, v.Tag))
	}
	data := in.sized(int64(l.ValueBytes))
	switch want := v.Tag.length(); {
	case in.err != nil:
		return Value{}
	case want >= 0 && len(data) != want:
		in.fail(fmt.Errorf("%w: %d bytes in a value of tag %d, which has %d", ErrCorrupt, len(data), v.Tag, want))
		return Value{}
	case v.Tag == TagInt32:
		v.Int = int64(int32(binary.LittleEndian.Uint32(data)))
	case v.Tag == TagInt64:
		v.Int = int64(binary.LittleEndian.Uint64(data))
	case want < 0:
		v.Data = data
	}
	if err := v.check(l.ValueBytes); err != nil {
		in.fail(err)
	}
	return v
}

// length returns the bytes of a value, below 0 where they vary.
func (t Tag) length() int {
	switch t {
	case TagNull, TagCursor:
		return 0
	case TagInt32:
		return 4
	case TagInt64:
		return 8
	}
	return -1
}

// AppendDirected writes parameters with their directions behind dst. Errors are as
// those of AppendValues.
func AppendDirected(dst []byte, parameters []Parameter) ([]byte, error) {
	if len(parameters) > DefaultLimits.Values {
		return dst, tooManyValues(len(parameters))
	}
	all := binary.LittleEndian.AppendUint32(append(dst, directedMagic...), uint32(len(parameters)))
	for i, p := range parameters {
		err := p.Direction.check()
		if err == nil {
			all, err = appendValue(append(all, byte(p.Direction)), p.Value)
		}
		if err != nil {
			return dst, formatError(fmt.Sprintf("parameter %d", i+1), int64(len(all)-len(dst)), err)
		}
	}
	return all, nil
}

func (d Direction) check() error {
	if d > InOut {
		return fmt.Errorf("%w: direction %d", ErrCorrupt, d)
	}
	return nil
}

// ParseDirected reads what AppendDirected writes. The values lie in data. Errors are
// *FormatError.
func ParseDirected(data []byte, l Limits) ([]Parameter, error) {
	in, l := newInput(data, "parameters"), l.orDefault()
	if got := in.bytes(int64(len(directedMagic))); in.err == nil && string(got) != string(directedMagic) {
		in.fail(fmt.Errorf("%w: they begin with % x and not with %s", ErrCorrupt, got, directedMagic))
	}
	parameters := make([]Parameter, in.count(l.Values, 1+smallestValue))
	for i := range parameters {
		in.begin("parameter", i)
		p := Parameter{Direction: Direction(in.u8())}
		if err := p.Direction.check(); err != nil {
			in.fail(err)
		}
		p.Value = in.value(l)
		parameters[i] = p
	}
	if err := in.end(); err != nil {
		return nil, err
	}
	return parameters, nil
}

// ParseParameters reads parameters of either form: those without directions go in. It
// tells the forms apart by their first bytes, with which no Value begins.
func ParseParameters(data []byte, l Limits) ([]Parameter, error) {
	if len(data) >= 8 && string(data[:4]) == string(directedMagic) {
		return ParseDirected(data, l)
	}
	values, err := ParseValues(data, l)
	if err != nil {
		return nil, err
	}
	parameters := make([]Parameter, len(values))
	for i, v := range values {
		parameters[i].Value = v
	}
	return parameters, nil
}

// ValuesOf returns the cells of a row as values. Numbers go as numbers and bytes as
// bytes: Bool, Int8, Uint8, Int16, Uint16 and Int32 as TagInt32, Uint32 and Int64 as
// TagInt64, Uint64, Decimal and Money as TagDecimal, Binary as TagBinary; all others go
// as the text of frames of version 1. A cell that cannot be sent is a *CellError.
func ValuesOf(b *Batch, row int) ([]Value, error) {
	values := make([]Value, len(b.columns))
	for i, c := range b.columns {
		v, err := valueOf(c, row)
		if err == nil {
			err = v.check(DefaultLimits.ValueBytes)
		}
		if err != nil {
			return nil, &CellError{Column: c.Name(), Index: i, Row: b.base + int64(row), Err: err}
		}
		values[i] = v
	}
	return values, nil
}

func valueOf(c Column, row int) (Value, error) {
	tag, write := taggedOf(c)
	switch {
	case write == nil:
		return Value{}, errLongValue
	case c.Indicators()[row] == Null:
		return Value{}, nil
	}
	data, err := write(nil, row)
	switch {
	case err != nil:
		return Value{}, err
	case tag == TagInt32:
		return Value{Tag: tag, Int: int64(int32(binary.LittleEndian.Uint32(data)))}, nil
	case tag == TagInt64:
		return Value{Tag: tag, Int: int64(binary.LittleEndian.Uint64(data))}, nil
	}
	return Value{Tag: tag, Data: data}, nil
}

var errLongValue = errors.New("a value that is read in pieces cannot be sent as a whole: give the column without reader")

// taggedOf returns how cells of a column are sent, and what writes one behind dst; nil
// for a column of readers.
func taggedOf(c Column) (Tag, func(dst []byte, row int) ([]byte, error)) {
	switch c := c.(type) {
	case *Bools:
		return TagInt32, func(dst []byte, row int) ([]byte, error) {
			return binary.LittleEndian.AppendUint32(dst, uint32(c.Cells[row])), nil
		}
	case *Numbers[int16]:
		return TagInt32, func(dst []byte, row int) ([]byte, error) {
			return binary.LittleEndian.AppendUint32(dst, uint32(c.Cells[row])), nil
		}
	case *Decimals:
		return TagDecimal, func(dst []byte, row int) ([]byte, error) { return appendAmount(dst, c, row) }
	}
	return tagOf(wireKind(c.Kind())), valuesOf(c)
}

// tagOf returns the tag of a kind of the reference.
func tagOf(k Kind) Tag {
	switch k {
	case Int32:
		return TagInt32
	case Int64:
		return TagInt64
	case Decimal:
		return TagDecimal
	case Binary:
		return TagBinary
	}
	return TagText
}

// appendAmount leaves out the currency. It makes no number of it, which could be one of a
// billion digits.
func appendAmount(dst []byte, c *Decimals, row int) ([]byte, error) {
	text := c.Bytes(row)
	if !bytes.ContainsRune(text, '$') {
		return append(dst, text...), nil
	}
	text = bytes.Map(func(r rune) rune {
		if r == '$' || r == ',' {
			return -1
		}
		return r
	}, text)
	return append(dst, text...), checkNumber(text)
}
