package tdsserver

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strings"
	"time"
)

// Values are, by type:
//
//	integers                     int64; any Go integer is taken
//	bit                          bool
//	real, float                  float64
//	decimal, numeric, money      string with all digits of the scale; integers are taken
//	characters, xml              string
//	binary, image                []byte
//	date, datetime, datetime2    time.Time in UTC
//	datetimeoffset               time.Time in its zone
//	time                         time.Duration since midnight
//	uniqueidentifier             string, as 36 characters in upper case
//	NULL                         nil

// value reads what follows the type.
func (in *input) value(t Type, fixed bool) any {
	cell, null := in.cell(t, fixed)
	if null || in.err != nil {
		return nil
	}
	v, err := t.decode(cell)
	if err != nil {
		in.fail(err)
	}
	return v
}

func (in *input) cell(t Type, fixed bool) (cell []byte, null bool) {
	if fixed {
		return in.take(t.size), false
	}
	switch families[t.id].layout {
	case unknownLayout:
		return nil, true
	case shortLayout:
		if t.size == Max {
			return in.pieces()
		}
		n := in.u16()
		if n == 0xFFFF {
			return nil, true
		}
		return in.take(int(n)), false
	case longLayout:
		n := in.u32()
		if n == 0xFFFFFFFF {
			return nil, true
		}
		return in.take(int(n)), false
	case xmlLayout:
		return in.pieces()
	}
	n := in.u8()
	return in.take(int(n)), n == 0
}

const nullPieces, unknownPieces = 1<<64 - 1, 1<<64 - 2

// pieces reads a value that comes in pieces, the last of which is empty.
func (in *input) pieces() (whole []byte, null bool) {
	if in.u64() == nullPieces {
		return nil, true
	}
	whole = []byte{}
	for {
		n := in.u32()
		if n == 0 || in.err != nil {
			return whole, false
		}
		whole = append(whole, in.take(int(n))...)
	}
}

// decode makes a Go value of the bytes of one that is not NULL.
func (t Type) decode(b []byte) (any, error) {
	switch families[t.id].layout {
	case byteLayout:
		if len(b) != t.size {
			return nil, fmt.Errorf("a value of type %s has %d bytes", t, len(b))
		}
	case scaleLayout, dateLayout:
		if len(b) != t.dayBytes()+t.clockBytes()+t.zoneBytes() {
			return nil, fmt.Errorf("a value of type %s has %d bytes", t, len(b))
		}
	}
	switch t.id {
	case idBit:
		return b[0] != 0, nil
	case idInt:
		if t.size == 1 {
			return int64(b[0]), nil
		}
		return signed(b), nil
	case idFloat:
		if t.size == 4 {
			return float64(math.Float32frombits(binary.LittleEndian.Uint32(b))), nil
		}
		return math.Float64frombits(binary.LittleEndian.Uint64(b)), nil
	case idMoney:
		units := signed(b)
		if t.size == 8 { // the upper half comes first
			units = int64(binary.LittleEndian.Uint32(b))<<32 | int64(binary.LittleEndian.Uint32(b[4:]))
		}
		return pointed(big.NewInt(units), 4), nil
	case idDecimal, idNumeric:
		if len(b) < 1 || len(b) > 17 {
			return nil, fmt.Errorf("a value of type %s has %d bytes", t, len(b))
		}
		units := new(big.Int).SetBytes(reversed(b[1:]))
		if b[0] == 0 {
			units.Neg(units)
		}
		return pointed(units, int(t.scale)), nil
	case idDate, idTime, idDateTime2, idDateTimeOffset:
		return t.decodeMoment(b), nil
	case idDateTime:
		if t.size == 4 {
			return epoch1900.AddDate(0, 0, int(binary.LittleEndian.Uint16(b))).Add(time.Duration(binary.LittleEndian.Uint16(b[2:])) * time.Minute), nil
		}
		days, ticks := int32(binary.LittleEndian.Uint32(b)), binary.LittleEndian.Uint32(b[4:])
		return epoch1900.AddDate(0, 0, int(days)).Add(time.Duration(ticks) * 10 * time.Millisecond / 3).Round(time.Millisecond), nil
	case idGUID:
		return guidText(b), nil
	case idChar, idVarchar, idText:
		return fromCP1252(b), nil
	case idNChar, idNVarchar, idNText, idXML:
		if len(b)%2 != 0 {
			return nil, fmt.Errorf("a value of type %s has %d bytes", t, len(b))
		}
		return fromUTF16(b), nil
	}
	return append([]byte{}, b...), nil
}

// appendValue appends a value of a column or output parameter, nil for NULL.
func (t Type) appendValue(b []byte, v any, notNull bool) ([]byte, error) {
	f := families[t.id]
	if v == nil {
		if notNull {
			return nil, fmt.Errorf("NULL of type %s that is NOT NULL", t)
		}
		switch {
		case f.layout == xmlLayout || t.size == Max:
			return binary.LittleEndian.AppendUint64(b, nullPieces), nil
		case f.layout == shortLayout:
			return append(b, 0xFF, 0xFF), nil
		}
		return append(b, 0), nil
	}
	cell, err := t.encode(v)
	if err != nil {
		return nil, err
	}
	cell = t.pad(cell)
	if _, fixed := f.fixed[t.size]; fixed && notNull {
		return append(b, cell...), nil
	}
	switch {
	case f.layout == xmlLayout || t.size == Max:
		b = binary.LittleEndian.AppendUint64(b, uint64(len(cell)))
		if len(cell) > 0 {
			b = append(binary.LittleEndian.AppendUint32(b, uint32(len(cell))), cell...)
		}
		return append(b, 0, 0, 0, 0), nil
	case f.layout == shortLayout:
		if len(cell) > t.size {
			return nil, fmt.Errorf("%d bytes for type %s", len(cell), t)
		}
		b = binary.LittleEndian.AppendUint16(b, uint16(len(cell)))
	case f.layout == longLayout:
		b = append(append(b, 16), make([]byte, 16+8)...) // a text pointer, a time stamp
		b = binary.LittleEndian.AppendUint32(b, uint32(len(cell)))
	default:
		b = append(b, byte(len(cell)))
	}
	return append(b, cell...), nil
}

// pad fills values of types with a fixed length.
func (t Type) pad(cell []byte) []byte {
	filling := map[byte]string{idChar: " ", idNChar: " \x00", idBinary: "\x00"}[t.id]
	if missing := t.size - len(cell); filling != "" && missing > 0 {
		return append(cell[:len(cell):len(cell)], strings.Repeat(filling, missing/len(filling))...)
	}
	return cell
}

func (t Type) encode(v any) ([]byte, error) {
	wrong := fmt.Errorf("a %T (%v) for type %s", v, v, t)
	switch t.id {
	case idBit:
		if v, ok := v.(bool); ok {
			return []byte{toByte(v)}, nil
		}
	case idInt:
		if n, ok := integer(v); ok {
			return t.encodeInteger(n)
		}
	case idFloat:
		if n, ok := integer(v); ok {
			v = float64(n)
		}
		if v, ok := v.(float64); ok && t.size == 4 {
			return binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(v))), nil
		} else if ok {
			return binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)), nil
		}
	case idMoney, idDecimal, idNumeric:
		if n, ok := integer(v); ok {
			v = fmt.Sprint(n)
		}
		if v, ok := v.(string); ok {
			return t.encodeDecimal(v)
		}
	case idDate, idDateTime, idDateTime2, idDateTimeOffset:
		if v, ok := v.(time.Time); ok {
			return t.encodeMoment(v), nil
		}
	case idTime:
		if v, ok := v.(time.Duration); ok && v >= 0 && v < 24*time.Hour {
			return t.appendClock(nil, v), nil
		}
	case idGUID:
		if v, ok := v.(string); ok {
			return guidBytes(v)
		}
	case idChar, idVarchar, idText:
		if v, ok := v.(string); ok {
			return toCP1252(v)
		}
	case idNChar, idNVarchar, idNText, idXML:
		if v, ok := v.(string); ok {
			return appendUTF16(nil, v), nil
		}
	case idBinary, idVarbinary, idImage:
		if v, ok := v.([]byte); ok {
			return v, nil
		}
	}
	return nil, wrong
}

func integer(v any) (int64, bool) {
	r := reflect.ValueOf(v)
	switch {
	case r.CanInt() && r.Type() != reflect.TypeFor[time.Duration]():
		return r.Int(), true
	case r.CanUint():
		return int64(r.Uint()), r.Uint() <= math.MaxInt64
	}
	return 0, false
}

func (t Type) encodeInteger(n int64) ([]byte, error) {
	b := binary.LittleEndian.AppendUint64(nil, uint64(n))[:t.size]
	if t.size == 1 && n != int64(b[0]) || t.size > 1 && n != signed(b) {
		return nil, fmt.Errorf("%d is out of the range of %s", n, t)
	}
	return b, nil
}

// signed reads an integer of 2, 4 or 8 bytes.
func signed(b []byte) int64 {
	switch len(b) {
	case 2:
		return int64(int16(binary.LittleEndian.Uint16(b)))
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(b)))
	}
	return int64(binary.LittleEndian.Uint64(b))
}

func (t Type) encodeDecimal(text string) ([]byte, error) {
	scale := int(t.scale)
	if t.id == idMoney {
		scale = 4
	}
	whole, fraction, _ := strings.Cut(text, ".")
	if len(fraction) > scale {
		return nil, fmt.Errorf("%s has more digits than %s", text, t)
	}
	units, ok := new(big.Int).SetString(whole+fraction+strings.Repeat("0", scale-len(fraction)), 10)
	if !ok {
		return nil, fmt.Errorf("%q is not a number", text)
	}
	if t.id == idMoney {
		if !units.IsInt64() || t.size == 4 && int64(int32(units.Int64())) != units.Int64() {
			return nil, fmt.Errorf("%s is out of the range of %s", text, t)
		}
		if t.size == 4 {
			return binary.LittleEndian.AppendUint32(nil, uint32(units.Int64())), nil
		}
		upper := binary.LittleEndian.AppendUint32(nil, uint32(units.Int64()>>32))
		return binary.LittleEndian.AppendUint32(upper, uint32(units.Int64())), nil
	}
	if len(new(big.Int).Abs(units).String()) > int(t.precision) {
		return nil, fmt.Errorf("%s is out of the range of %s", text, t)
	}
	magnitude := make([]byte, t.size-1)
	units.FillBytes(magnitude)
	return append([]byte{toByte(units.Sign() >= 0)}, reversed(magnitude)...), nil
}

// pointed writes units of 10^-scale.
func pointed(units *big.Int, scale int) string {
	digits := new(big.Int).Abs(units).String()
	if missing := scale + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	sign := ""
	if units.Sign() < 0 {
		sign = "-"
	}
	if scale == 0 {
		return sign + digits
	}
	return sign + digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
}

var (
	epoch1    = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	epoch1900 = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
)

// decodeMoment reads a clock, a day and a zone, of which a type has some.
func (t Type) decodeMoment(b []byte) any {
	in := input{data: b}
	clock := in.clock(t)
	if t.id == idTime {
		return clock
	}
	day := in.fixed(3)
	moment := epoch1.AddDate(0, 0, int(day[0])|int(day[1])<<8|int(day[2])<<16).Add(clock)
	if t.id != idDateTimeOffset {
		return moment
	}
	return moment.In(time.FixedZone("", 60*int(int16(in.u16()))))
}

func (t Type) encodeMoment(v time.Time) []byte {
	if t.id != idDateTimeOffset { // of others, what the clock shows is stored
		v = time.Date(v.Year(), v.Month(), v.Day(), v.Hour(), v.Minute(), v.Second(), v.Nanosecond(), time.UTC)
	}
	_, east := v.Zone()
	v = v.UTC()
	midnight := v.Truncate(24 * time.Hour)
	days := func(since time.Time) int { return int((midnight.Unix() - since.Unix()) / (24 * 60 * 60)) }
	if t.id == idDateTime {
		if t.size == 4 {
			b := binary.LittleEndian.AppendUint16(nil, uint16(days(epoch1900)))
			return binary.LittleEndian.AppendUint16(b, uint16(v.Sub(midnight)/time.Minute))
		}
		b := binary.LittleEndian.AppendUint32(nil, uint32(days(epoch1900)))
		return binary.LittleEndian.AppendUint32(b, uint32((v.Sub(midnight)*3+5*time.Millisecond)/(10*time.Millisecond)))
	}
	b := t.appendClock(nil, v.Sub(midnight))
	day := days(epoch1)
	b = append(b, byte(day), byte(day>>8), byte(day>>16))
	if t.id == idDateTimeOffset {
		b = binary.LittleEndian.AppendUint16(b, uint16(east/60))
	}
	return b
}

func (in *input) clock(t Type) time.Duration {
	var units int64
	for i, b := range in.fixed(t.clockBytes()) {
		units |= int64(b) << (8 * i)
	}
	return time.Duration(units) * t.clockUnit()
}

// appendClock appends a time of day, cut to the digits of the type.
func (t Type) appendClock(b []byte, v time.Duration) []byte {
	if t.id == idDate {
		return b
	}
	return append(b, binary.LittleEndian.AppendUint64(nil, uint64(v/t.clockUnit()))[:t.clockBytes()]...)
}

func (t Type) clockUnit() time.Duration {
	unit := time.Second
	for range t.scale {
		unit /= 10
	}
	return unit
}

func (t Type) clockBytes() int {
	switch {
	case t.id == idDate:
		return 0
	case t.scale <= 2:
		return 3
	case t.scale <= 4:
		return 4
	}
	return 5
}

func (t Type) dayBytes() int {
	if t.id == idTime {
		return 0
	}
	return 3
}

func (t Type) zoneBytes() int {
	if t.id == idDateTimeOffset {
		return 2
	}
	return 0
}

// guidOrder says where the bytes of a GUID as written stand on the wire.
var guidOrder = [16]int{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15}

func guidText(b []byte) string {
	var written [16]byte
	for i, at := range guidOrder {
		written[i] = b[at]
	}
	s := strings.ToUpper(hex.EncodeToString(written[:]))
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

func guidBytes(s string) ([]byte, error) {
	written, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(written) != 16 {
		return nil, fmt.Errorf("%q is not a uniqueidentifier", s)
	}
	b := make([]byte, 16)
	for i, at := range guidOrder {
		b[at] = written[i]
	}
	return b, nil
}

// cp1252 are the characters 0x80 to 0x9F of the code page; its others are those of
// Unicode.
var cp1252 = []rune("€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ")

func fromCP1252(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		if c >= 0x80 && c < 0xA0 {
			s.WriteRune(cp1252[c-0x80])
		} else {
			s.WriteRune(rune(c))
		}
	}
	return s.String()
}

func toCP1252(s string) ([]byte, error) {
	b := make([]byte, 0, len(s))
next:
	for _, r := range s {
		for i, special := range cp1252 {
			if r == special {
				b = append(b, byte(0x80+i))
				continue next
			}
		}
		if r > 0xFF || r >= 0x80 && r < 0xA0 {
			return nil, fmt.Errorf("%q is not in code page 1252", r)
		}
		b = append(b, byte(r))
	}
	return b, nil
}

func toByte(v bool) byte {
	if v {
		return 1
	}
	return 0
}

func reversed(b []byte) []byte {
	r := make([]byte, len(b))
	for i, c := range b {
		r[len(b)-1-i] = c
	}
	return r
}
