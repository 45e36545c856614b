package driver

import "github.com/odbcgen/odbcgen/runtime/protocol"

// SQLType is an ODBC SQL type code.
type SQLType int16

// The type codes of the ODBC specification, Appendix D.
const (
	Unknown       SQLType = 0
	Char          SQLType = 1
	Numeric       SQLType = 2
	Decimal       SQLType = 3
	Integer       SQLType = 4
	SmallInt      SQLType = 5
	Float         SQLType = 6
	Real          SQLType = 7
	Double        SQLType = 8
	Varchar       SQLType = 12
	Date          SQLType = 91
	Time          SQLType = 92
	Timestamp     SQLType = 93
	LongVarchar   SQLType = -1
	Binary        SQLType = -2
	Varbinary     SQLType = -3
	LongVarbinary SQLType = -4
	BigInt        SQLType = -5
	TinyInt       SQLType = -6
	Bit           SQLType = -7
	WChar         SQLType = -8
	WVarchar      SQLType = -9
	WLongVarchar  SQLType = -10
	GUID          SQLType = -11
)

// StandardTypes are the kinds of the standard type codes.
var StandardTypes = []TypeRule{
	{SQL: Char, Kind: protocol.Text},
	{SQL: Varchar, Kind: protocol.Text},
	{SQL: LongVarchar, Kind: protocol.Text},
	{SQL: WChar, Kind: protocol.NText},
	{SQL: WVarchar, Kind: protocol.NText},
	{SQL: WLongVarchar, Kind: protocol.NText},
	{SQL: Bit, Kind: protocol.Bool},
	{SQL: TinyInt, Kind: protocol.Int8},
	{SQL: SmallInt, Kind: protocol.Int16},
	{SQL: Integer, Kind: protocol.Int32},
	{SQL: BigInt, Kind: protocol.Int64},
	{SQL: Real, Kind: protocol.Float32},
	{SQL: Float, Kind: protocol.Float64},
	{SQL: Double, Kind: protocol.Float64},
	{SQL: Numeric, Kind: protocol.Decimal},
	{SQL: Decimal, Kind: protocol.Decimal},
	{SQL: Binary, Kind: protocol.Binary},
	{SQL: Varbinary, Kind: protocol.Binary},
	{SQL: LongVarbinary, Kind: protocol.Binary},
	{SQL: Date, Kind: protocol.Date},
	{SQL: Time, Kind: protocol.Time},
	{SQL: Timestamp, Kind: protocol.Timestamp},
	{SQL: GUID, Kind: protocol.UUID},
}

// StandardParams are how parameters travel where a plugin does not know better.
// Small and unsigned integers go as 64-bit ones: drivers wrap them silently.
var StandardParams = []Param{
	{Kind: protocol.Bool, SQL: Bit, Size: 1},
	{Kind: protocol.Int8, SQL: SmallInt, Form: AsInt64, Size: 5},
	{Kind: protocol.Int16, SQL: SmallInt, Form: AsInt64, Size: 5},
	{Kind: protocol.Int32, SQL: Integer, Form: AsInt64, Size: 10},
	{Kind: protocol.Int64, SQL: BigInt, Size: 19},
	{Kind: protocol.Uint8, SQL: SmallInt, Form: AsInt64, Size: 5},
	{Kind: protocol.Uint16, SQL: Integer, Form: AsInt64, Size: 10},
	{Kind: protocol.Uint32, SQL: BigInt, Form: AsInt64, Size: 19},
	{Kind: protocol.Uint64, SQL: BigInt, Form: AsInt64, Size: 19},
	{Kind: protocol.Float32, SQL: Double, Form: AsFloat64, Size: 15},
	{Kind: protocol.Float64, SQL: Double, Size: 15},
	{Kind: protocol.Decimal, SQL: Varchar},
	{Kind: protocol.Money, SQL: Varchar},
	{Kind: protocol.Binary, SQL: Varbinary},
	{Kind: protocol.Date, SQL: Date, Size: 10},
	{Kind: protocol.Timestamp, SQL: Timestamp, Size: 26, Digits: 6},
	{Kind: protocol.TimestampTZ, SQL: Timestamp, Size: 26, Digits: 6},
	{Kind: protocol.DateTimeOffset, SQL: Timestamp, Size: 26, Digits: 6},
}

// StandardResults are the forms of result cells where a plugin does not know
// better. Integers narrower than 64 bits are range-checked by us: psqlODBC 13
// reads 2024 as the byte 232. SQL_C_FLOAT is not for blocks: sqliteodbc 0.9998
// and MariaDB Connector/ODBC 3.1.15 write its cells eight bytes apart.
var StandardResults = []Result{
	{Kind: protocol.Bool, Form: AsInt64},
	{Kind: protocol.Int8, Form: AsInt64},
	{Kind: protocol.Int16, Form: AsInt64},
	{Kind: protocol.Int32, Form: AsInt64},
	{Kind: protocol.Uint8, Form: AsInt64},
	{Kind: protocol.Uint16, Form: AsInt64},
	{Kind: protocol.Uint32, Form: AsInt64},
	{Kind: protocol.Float32, Form: AsFloat64},
}
