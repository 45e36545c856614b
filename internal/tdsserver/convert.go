package tdsserver

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// convert makes a value of a type out of one of another. What cannot be is an error of
// SQL Server's.
func (t Type) convert(v any) (any, *Message) {
	if v == nil {
		return nil, nil
	}
	switch t.id {
	case idChar, idVarchar, idText, idNChar, idNVarchar, idNText, idXML:
		return t.convertText(textOf(v))
	case idBinary, idVarbinary, idImage:
		if b, ok := v.([]byte); ok {
			return b, t.fits(len(b))
		}
	case idDate, idTime, idDateTime, idDateTime2, idDateTimeOffset:
		return t.convertMoment(v)
	case idGUID:
		if b, err := guidBytes(textOf(v)); err == nil {
			return guidText(b), nil
		}
		return nil, failure(8169, "Conversion failed when converting from a character string to uniqueidentifier.")
	case idFloat:
		if f, ok := number(v); ok {
			n, _ := f.Float64()
			return t.stored(n)
		}
	case idBit:
		if f, ok := number(v); ok {
			return f.Sign() != 0, nil
		}
		if b, err := strconv.ParseBool(textOf(v)); err == nil {
			return b, nil
		}
	case idInt:
		if f, ok := number(v); ok {
			n := new(big.Int).Quo(f.Num(), f.Denom())
			if !n.IsInt64() {
				return nil, failure(8115, "Arithmetic overflow error converting expression to data type "+t.String()+".")
			}
			return t.stored(n.Int64())
		}
	case idDecimal, idNumeric, idMoney:
		if f, ok := number(v); ok {
			scale := int(t.scale)
			if t.id == idMoney {
				scale = 4
			}
			return t.stored(f.FloatString(scale))
		}
	}
	return nil, failure(245, fmt.Sprintf("Conversion failed when converting the value '%.100s' to data type %s.", textOf(v), t))
}

func failure(number int, text string) *Message {
	m := Error(number, text)
	return &m
}

// stored returns a value as it is when it has been stored.
func (t Type) stored(v any) (any, *Message) {
	b, err := t.encode(v)
	if err != nil {
		return nil, failure(8115, "Arithmetic overflow error converting expression to data type "+t.String()+".")
	}
	if v, err = t.decode(b); err != nil {
		return nil, failure(50000, err.Error())
	}
	return v, nil
}

func (t Type) convertText(s string) (any, *Message) {
	if t.id == idChar || t.id == idVarchar || t.id == idText { // what is not in the code page is lost
		s = strings.Map(func(r rune) rune {
			if _, err := toCP1252(string(r)); err != nil {
				return '?'
			}
			return r
		}, s)
	}
	b, err := t.encode(s)
	if err != nil {
		return nil, failure(50000, err.Error())
	}
	if m := t.fits(len(b)); m != nil {
		return nil, m
	}
	v, err := t.decode(t.pad(b))
	if err != nil {
		return nil, failure(50000, err.Error())
	}
	return v, nil
}

func (t Type) fits(n int) *Message {
	if t.size == Max || n <= t.size {
		return nil
	}
	return failure(2628, "String or binary data would be truncated in the table.")
}

func (t Type) convertMoment(v any) (any, *Message) {
	switch w := v.(type) {
	case time.Duration:
		if t.id != idTime {
			v = epoch1900.Add(w)
		}
	case time.Time:
		if t.id == idTime {
			v = clockOf(w)
		}
	case string:
		parsed, ok := parseMoment(w)
		if !ok {
			return nil, failure(241, "Conversion failed when converting date and/or time from character string.")
		}
		return t.convertMoment(parsed)
	}
	if w, ok := v.(time.Time); ok && !t.reaches(w.Year()) {
		return nil, failure(242, "The conversion of a data type to a "+t.String()+" data type resulted in an out-of-range value.")
	}
	return t.stored(v)
}

// reaches reports whether the type has days of a year.
func (t Type) reaches(year int) bool {
	switch t {
	case SmallDateTime:
		return year >= 1900 && year < 2079
	case DateTime:
		return year >= 1753 && year <= 9999
	}
	return year >= 1 && year <= 9999
}

func clockOf(v time.Time) time.Duration {
	return time.Duration(v.Hour())*time.Hour + time.Duration(v.Minute())*time.Minute + time.Duration(v.Second())*time.Second + time.Duration(v.Nanosecond())
}

func parseMoment(s string) (any, bool) {
	for _, layout := range []string{
		"2006-01-02", "2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04:05",
		"2006-01-02 15:04:05 -07:00", "2006-01-02 15:04:05-07:00", "2006-01-02T15:04:05Z07:00",
	} {
		if v, err := time.Parse(layout, s); err == nil {
			return v, true
		}
	}
	if v, err := time.Parse("15:04:05", s); err == nil {
		return clockOf(v), true
	}
	return nil, false
}

// number returns the value of what is a number, or is written like one.
func number(v any) (*big.Rat, bool) {
	switch v := v.(type) {
	case *big.Rat:
		return v, true
	case bool:
		return big.NewRat(int64(toByte(v)), 1), true
	case int64:
		return new(big.Rat).SetInt64(v), true
	case float64:
		f := new(big.Rat)
		return f, f.SetFloat64(v) != nil
	case string:
		if len(v) > 100 || strings.ContainsAny(v, "/_xXpP") {
			return nil, false
		}
		if strings.ContainsAny(v, "eE") { // not with the digits of 1e999999
			f, err := strconv.ParseFloat(v, 64)
			if err != nil {
				return nil, false
			}
			return number(f)
		}
		return new(big.Rat).SetString(strings.TrimSpace(v))
	}
	return nil, false
}

// textOf is a value as CAST writes it.
func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.Itoa(int(toByte(v)))
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case []byte:
		return strings.ToUpper(hex.EncodeToString(v))
	case time.Time:
		return v.Format("2006-01-02 15:04:05.9999999")
	case time.Duration:
		return epoch1900.Add(v).Format("15:04:05.9999999")
	}
	return fmt.Sprint(v)
}

// compare orders two values, the first of which is of the type. Texts have no case, and
// blanks at their ends do not count, as in the collation.
func (t Type) compare(a, b any) (int, *Message) {
	switch t.id {
	case idBit, idInt, idFloat, idDecimal, idNumeric, idMoney:
		x, _ := number(a)
		y, ok := number(b)
		if !ok {
			return 0, failure(245, fmt.Sprintf("Conversion failed when converting the value '%.100s' to data type %s.", textOf(b), t))
		}
		return x.Cmp(y), nil
	case idDate, idTime, idDateTime, idDateTime2, idDateTimeOffset:
		other, m := t.convert(b)
		if m != nil {
			return 0, m
		}
		if v, ok := a.(time.Duration); ok {
			return cmp.Compare(v, other.(time.Duration)), nil
		}
		return a.(time.Time).Compare(other.(time.Time)), nil
	case idBinary, idVarbinary, idImage:
		other, _ := b.([]byte)
		return bytes.Compare(a.([]byte), other), nil
	}
	return strings.Compare(collated(textOf(a)), collated(textOf(b))), nil
}

func collated(s string) string { return strings.ToLower(strings.TrimRight(s, " ")) }
