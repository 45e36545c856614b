package tdsserver

import (
	"encoding/binary"
	"fmt"
)

// Type is the type of a column or parameter. Types can be compared.
type Type struct {
	id               byte // that of the type which can be NULL
	size             int  // bytes; Max; 0 where id and scale say it
	precision, scale byte
}

// Max is the length of varchar(max), nvarchar(max) and varbinary(max).
const Max = -1

// The types without length.
var (
	Bit              = Type{id: idBit, size: 1}
	TinyInt          = Type{id: idInt, size: 1}
	SmallInt         = Type{id: idInt, size: 2}
	Int              = Type{id: idInt, size: 4}
	BigInt           = Type{id: idInt, size: 8}
	Real             = Type{id: idFloat, size: 4}
	Float            = Type{id: idFloat, size: 8}
	SmallMoney       = Type{id: idMoney, size: 4}
	Money            = Type{id: idMoney, size: 8}
	SmallDateTime    = Type{id: idDateTime, size: 4}
	DateTime         = Type{id: idDateTime, size: 8}
	UniqueIdentifier = Type{id: idGUID, size: 16}
	Date             = Type{id: idDate}
	Text             = Type{id: idText, size: 1<<31 - 1}
	NText            = Type{id: idNText, size: 1<<31 - 2}
	Image            = Type{id: idImage, size: 1<<31 - 1}
	XML              = Type{id: idXML, size: Max}
)

// Decimal is decimal(precision, scale).
func Decimal(precision, scale byte) Type { return decimalType(idDecimal, precision, scale) }

// Numeric is numeric(precision, scale).
func Numeric(precision, scale byte) Type { return decimalType(idNumeric, precision, scale) }

func decimalType(id, precision, scale byte) Type {
	size := 17
	for i, most := range []byte{9, 19, 28} {
		if precision <= most {
			size = 5 + 4*i
			break
		}
	}
	return Type{id: id, size: size, precision: precision, scale: scale}
}

// Char is char(n), n in bytes.
func Char(n int) Type { return Type{id: idChar, size: n} }

// Varchar is varchar(n), n in bytes, or varchar(max).
func Varchar(n int) Type { return Type{id: idVarchar, size: n} }

// NChar is nchar(n), n in UTF-16 code units.
func NChar(n int) Type { return Type{id: idNChar, size: 2 * n} }

// NVarchar is nvarchar(n), n in UTF-16 code units, or nvarchar(max).
func NVarchar(n int) Type {
	if n == Max {
		return Type{id: idNVarchar, size: Max}
	}
	return Type{id: idNVarchar, size: 2 * n}
}

// Binary is binary(n).
func Binary(n int) Type { return Type{id: idBinary, size: n} }

// Varbinary is varbinary(n), or varbinary(max).
func Varbinary(n int) Type { return Type{id: idVarbinary, size: n} }

// Time is time(digits).
func Time(digits byte) Type { return Type{id: idTime, scale: digits} }

// DateTime2 is datetime2(digits).
func DateTime2(digits byte) Type { return Type{id: idDateTime2, scale: digits} }

// DateTimeOffset is datetimeoffset(digits).
func DateTimeOffset(digits byte) Type { return Type{id: idDateTimeOffset, scale: digits} }

const (
	idNull           = 0x1F
	idImage          = 0x22
	idText           = 0x23
	idGUID           = 0x24
	idInt            = 0x26
	idDate           = 0x28
	idTime           = 0x29
	idDateTime2      = 0x2A
	idDateTimeOffset = 0x2B
	idNText          = 0x63
	idBit            = 0x68
	idDecimal        = 0x6A
	idNumeric        = 0x6C
	idFloat          = 0x6D
	idMoney          = 0x6E
	idDateTime       = 0x6F
	idVarbinary      = 0xA5
	idVarchar        = 0xA7
	idBinary         = 0xAD
	idChar           = 0xAF
	idNVarchar       = 0xE7
	idNChar          = 0xEF
	idXML            = 0xF1
)

// layout is how a type says its length, and the lengths of its values.
type layout uint8

const (
	unknownLayout layout = iota
	byteLayout           // a byte for each
	decimalLayout        // a byte for each, with precision and scale
	dateLayout           // a byte for that of the value
	scaleLayout          // the digits of a second, and a byte for that of the value
	shortLayout          // two bytes, or a value in pieces
	longLayout           // four bytes
	xmlLayout            // a value in pieces
)

// family is what types of an id have in common.
type family struct {
	layout    layout
	collated  bool
	name      string         // of the type, with %d for its length
	sized     map[int]string // names by size where there are several
	fixed     map[int]byte   // ids of the types that cannot be NULL, by size
	systemIDs map[int]int32  // numbers in sys.types, by size; 0 is any
}

var families = map[byte]family{
	idImage: {layout: longLayout, name: "image", systemIDs: map[int]int32{0: 34}},
	idText:  {layout: longLayout, collated: true, name: "text", systemIDs: map[int]int32{0: 35}},
	idNText: {layout: longLayout, collated: true, name: "ntext", systemIDs: map[int]int32{0: 99}},
	idGUID:  {layout: byteLayout, name: "uniqueidentifier", systemIDs: map[int]int32{0: 36}},
	idBit:   {layout: byteLayout, name: "bit", fixed: map[int]byte{1: 0x32}, systemIDs: map[int]int32{1: 104}},
	idInt: {
		layout: byteLayout, sized: map[int]string{1: "tinyint", 2: "smallint", 4: "int", 8: "bigint"},
		fixed: map[int]byte{1: 0x30, 2: 0x34, 4: 0x38, 8: 0x7F}, systemIDs: map[int]int32{1: 48, 2: 52, 4: 56, 8: 127},
	},
	idFloat: {
		layout: byteLayout, sized: map[int]string{4: "real", 8: "float"},
		fixed: map[int]byte{4: 0x3B, 8: 0x3E}, systemIDs: map[int]int32{4: 59, 8: 62},
	},
	idMoney: {
		layout: byteLayout, sized: map[int]string{4: "smallmoney", 8: "money"},
		fixed: map[int]byte{4: 0x7A, 8: 0x3C}, systemIDs: map[int]int32{4: 122, 8: 60},
	},
	idDateTime: {
		layout: byteLayout, sized: map[int]string{4: "smalldatetime", 8: "datetime"},
		fixed: map[int]byte{4: 0x3A, 8: 0x3D}, systemIDs: map[int]int32{4: 58, 8: 61},
	},
	idDate:           {layout: dateLayout, name: "date", systemIDs: map[int]int32{0: 40}},
	idTime:           {layout: scaleLayout, name: "time(%d)", systemIDs: map[int]int32{0: 41}},
	idDateTime2:      {layout: scaleLayout, name: "datetime2(%d)", systemIDs: map[int]int32{0: 42}},
	idDateTimeOffset: {layout: scaleLayout, name: "datetimeoffset(%d)", systemIDs: map[int]int32{0: 43}},
	idDecimal:        {layout: decimalLayout, name: "decimal(%d,%d)", systemIDs: map[int]int32{0: 106}},
	idNumeric:        {layout: decimalLayout, name: "numeric(%d,%d)", systemIDs: map[int]int32{0: 108}},
	idVarbinary:      {layout: shortLayout, name: "varbinary(%d)", systemIDs: map[int]int32{0: 165}},
	idBinary:         {layout: shortLayout, name: "binary(%d)", systemIDs: map[int]int32{0: 173}},
	idVarchar:        {layout: shortLayout, collated: true, name: "varchar(%d)", systemIDs: map[int]int32{0: 167}},
	idChar:           {layout: shortLayout, collated: true, name: "char(%d)", systemIDs: map[int]int32{0: 175}},
	idNVarchar:       {layout: shortLayout, collated: true, name: "nvarchar(%d)", systemIDs: map[int]int32{0: 231}},
	idNChar:          {layout: shortLayout, collated: true, name: "nchar(%d)", systemIDs: map[int]int32{0: 239}},
	idXML:            {layout: xmlLayout, name: "xml", systemIDs: map[int]int32{0: 241}},
}

// fixedTypes are the types that cannot be NULL, by their ids.
var fixedTypes = func() map[byte]Type {
	types := map[byte]Type{}
	for id, f := range families {
		for size, fixed := range f.fixed {
			types[fixed] = Type{id: id, size: size}
		}
	}
	return types
}()

// String is the type as it is written in SQL.
func (t Type) String() string {
	f := families[t.id]
	switch {
	case f.sized != nil:
		return f.sized[t.size]
	case f.layout == decimalLayout:
		return fmt.Sprintf(f.name, t.precision, t.scale)
	case f.layout == scaleLayout:
		return fmt.Sprintf(f.name, t.scale)
	case f.layout != shortLayout:
		return f.name
	case t.size == Max:
		return f.name[:len(f.name)-len("(%d)")] + "(max)"
	case t.id == idNVarchar || t.id == idNChar:
		return fmt.Sprintf(f.name, t.size/2)
	}
	return fmt.Sprintf(f.name, t.size)
}

// systemID is the type's number in sys.types.
func (t Type) systemID() int32 {
	f := families[t.id]
	if id, ok := f.systemIDs[t.size]; ok {
		return id
	}
	return f.systemIDs[0]
}

// collation is Latin1_General_CI_AS with code page 1252.
var collation = []byte{0x09, 0x04, 0xD0, 0x00, 0x34}

// appendInfo appends what stands before values of the type.
func (t Type) appendInfo(b []byte, notNull bool) []byte {
	f := families[t.id]
	if fixed, ok := f.fixed[t.size]; ok && notNull {
		return append(b, fixed)
	}
	b = append(b, t.id)
	switch f.layout {
	case byteLayout:
		b = append(b, byte(t.size))
	case decimalLayout:
		b = append(b, byte(t.size), t.precision, t.scale)
	case scaleLayout:
		b = append(b, t.scale)
	case shortLayout:
		b = binary.LittleEndian.AppendUint16(b, uint16(t.size))
	case longLayout:
		b = binary.LittleEndian.AppendUint32(b, uint32(t.size))
	case xmlLayout:
		b = append(b, 0)
	}
	if f.collated {
		b = append(b, collation...)
	}
	return b
}

// typeInfo reads what stands before a value; fixed says that it can only be one that
// is not NULL, without a length.
func (in *input) typeInfo() (t Type, fixed bool) {
	id := in.u8()
	if t, ok := fixedTypes[id]; ok {
		return t, true
	}
	f := families[id]
	t = Type{id: id}
	switch f.layout {
	case byteLayout:
		t.size = int(in.u8())
		if _, ok := f.systemIDs[t.size]; !ok && t != UniqueIdentifier {
			in.fail(fmt.Errorf("type 0x%02X of %d bytes", id, t.size))
		}
	case decimalLayout:
		in.u8()
		t = decimalType(id, in.u8(), in.u8())
	case scaleLayout:
		t.scale = in.u8()
	case shortLayout:
		if t.size = int(in.u16()); t.size == 0xFFFF {
			t.size = Max
		}
	case longLayout:
		t.size = int(in.u32())
	case xmlLayout:
		t.size = Max
		if in.u8() != 0 {
			in.fail(fmt.Errorf("an XML schema is not supported"))
		}
	case unknownLayout:
		if id != idNull {
			in.fail(fmt.Errorf("type 0x%02X is not supported", id))
		}
	}
	if t.precision > 38 || t.scale > 38 || f.layout == scaleLayout && t.scale > 7 {
		in.fail(fmt.Errorf("type 0x%02X with %d digits", id, t.scale))
	}
	if f.collated {
		in.take(len(collation))
	}
	return t, false
}
