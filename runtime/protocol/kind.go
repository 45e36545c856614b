package protocol

import "fmt"

// Kind says what a column or parameter holds. The numbers are part of the wire
// format and never change; 1 to 19 are those of the reference format, 64 and up
// are ours.
type Kind uint16

// The kinds, each with the Go type that carries it.
const (
	Invalid        Kind = 0  // no kind: the zero value
	Text           Kind = 1  // string, UTF-8
	Int32          Kind = 2  // int32
	Int64          Kind = 3  // int64
	Decimal        Kind = 4  // decimal.Decimal, exact
	Date           Kind = 5  // civil.Date
	Timestamp      Kind = 6  // time.Time, without zone in the database, UTC in Go
	Binary         Kind = 7  // []byte
	NText          Kind = 8  // string; national character types
	TimestampTZ    Kind = 9  // time.Time; an instant
	DateTimeOffset Kind = 10 // time.Time; an instant with its offset
	Time           Kind = 11 // civil.Time, time of day with fraction
	Int16          Kind = 12 // int16
	Bool           Kind = 13 // bool
	Float32        Kind = 14 // float32
	Float64        Kind = 15 // float64
	JSON           Kind = 16 // json.RawMessage
	UUID           Kind = 17 // uuid.UUID
	Money          Kind = 18 // decimal.Decimal
	Interval       Kind = 19 // string, as the database prints it
	Int8           Kind = 64 // int8
	Uint8          Kind = 65 // uint8
	Uint16         Kind = 66 // uint16
	Uint32         Kind = 67 // uint32
	Uint64         Kind = 68 // uint64
	XML            Kind = 69 // string
)

// kinds lists every kind once, in the order in which documents show them.
var kinds = []struct {
	kind Kind
	name string
}{
	{Bool, "bool"},
	{Int8, "int8"}, {Int16, "int16"}, {Int32, "int32"}, {Int64, "int64"},
	{Uint8, "uint8"}, {Uint16, "uint16"}, {Uint32, "uint32"}, {Uint64, "uint64"},
	{Float32, "float32"}, {Float64, "float64"},
	{Decimal, "decimal"}, {Money, "money"},
	{Text, "text"}, {NText, "ntext"}, {JSON, "json"}, {XML, "xml"}, {UUID, "uuid"},
	{Binary, "binary"},
	{Date, "date"}, {Time, "time"}, {Timestamp, "timestamp"},
	{TimestampTZ, "timestamptz"}, {DateTimeOffset, "datetimeoffset"}, {Interval, "interval"},
}

// Kinds returns every kind in the order in which documents show them.
func Kinds() []Kind {
	all := make([]Kind, len(kinds))
	for i, k := range kinds {
		all[i] = k.kind
	}
	return all
}

// ParseKind returns the kind of the given name, as String writes it.
func ParseKind(name string) (Kind, bool) {
	for _, k := range kinds {
		if k.name == name {
			return k.kind, true
		}
	}
	return Invalid, false
}

// String returns the name used in query specs, such as "int64".
func (k Kind) String() string {
	for _, entry := range kinds {
		if entry.kind == k {
			return entry.name
		}
	}
	return fmt.Sprintf("kind(%d)", uint16(k))
}

// Integer reports whether k is a kind of integers, and of unsigned ones.
func (k Kind) Integer() (integer, unsigned bool) {
	switch k {
	case Int8, Int16, Int32, Int64:
		return true, false
	case Uint8, Uint16, Uint32, Uint64:
		return true, true
	}
	return false, false
}
