package runtime_test

import (
	"strings"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// typeScripts make what the types of a database need.
var typeScripts = map[string]string{
	"postgres": `CREATE EXTENSION citext;
CREATE TYPE mood AS ENUM ('sad', 'größe 😀');
CREATE DOMAIN positive AS integer CHECK (value > 0);
CREATE TYPE pair AS (a integer, b text);
`,
	"mariadb": "SET sql_mode = '';\n",
}

// Texts that break drivers: empty, blanks at the ends, quotes, line ends, and
// characters of one to four bytes.
var oddTexts = all(strs("", " a ", "größe", "漢字", "a\nb\tc"), is("'it''s'", "it's"))

// fiveEmoji fill a column of five characters; six do not fit.
var fiveEmoji, sixEmoji = strings.Repeat("😀", 5), strings.Repeat("😀", 6)

// digits65 has as many digits as the longest decimal of MariaDB.
const digits65 = "12345678901234567890123456789012345.123456789012345678901234567890"

// typeTests are the types of each database.
var typeTests = map[string][]typeTest{
	"sqlite": {
		{sql: "INTEGER", kind: protocol.Int64, values: int64s, unread: []string{"1.5", "'abc'", "''", "x'31'", "9223372036854775808"}},
		{sql: "INT", kind: protocol.Int64, values: int64s},
		{sql: "TINYINT", kind: protocol.Int8, values: numbers("0", "-128", "127"), unread: []string{"-129", "128"}},
		{sql: "SMALLINT", kind: protocol.Int16, values: numbers("-32768", "32767"), unread: []string{"-32769", "32768"}},
		{sql: "MEDIUMINT", kind: protocol.Int64, values: int64s},
		{sql: "BIGINT", kind: protocol.Int64, values: int64s},
		{sql: "UNSIGNED BIG INT", kind: protocol.Int64, values: int64s},
		{sql: "BOOLEAN", kind: protocol.Bool, values: all(is("1", "true"), is("0", "false")), unread: []string{"2", "-1", "'true'"}},
		{sql: "BIT", kind: protocol.Bool, values: all(is("1", "true"), is("0", "false")), unread: []string{"2"}},
		{sql: "REAL", kind: protocol.Float64, values: sqliteFloats, refused: []string{"NaN"}, unread: []string{"1.7976931348623157e308", "'abc'"}},
		{sql: "DOUBLE PRECISION", kind: protocol.Float64, values: sqliteFloats, refused: []string{"NaN"}},
		{sql: "FLOAT", kind: protocol.Float64, values: sqliteFloats, refused: []string{"NaN"}},
		{sql: "REAL", kind: protocol.Float32, spec: true, values: all(numbers("1.5", "-0.25"), is("1.401298464324817e-45", "1e-45"), is("0.10000000149011612", "0.1")), unread: []string{"1e39"}},
		{sql: "DECIMAL(12,2)", kind: protocol.Decimal, values: sqliteDecimals, remark: "SQLite has no decimals: it keeps doubles"},
		{sql: "NUMERIC(65,30)", kind: protocol.Decimal, values: sqliteDecimals},
		{sql: "MONEY", kind: protocol.Money, values: sqliteDecimals},
		{sql: "TEXT", kind: protocol.Decimal, spec: true, values: all(strs("0", "-12.5", digits65), stores("'12.50'", "12.50", "12.5", "12.5"))},
		{sql: "CHAR(5)", kind: protocol.Text, values: all(oddTexts, strs(sixEmoji))},
		{sql: "CHARACTER(20)", kind: protocol.Text, values: oddTexts},
		{sql: "VARCHAR(5)", kind: protocol.Text, values: all(oddTexts, strs(sixEmoji)), refused: []string{"a\x00b"}},
		{sql: "VARYING CHARACTER(255)", kind: protocol.Text, values: oddTexts},
		{sql: "NCHAR(5)", kind: protocol.Text, values: oddTexts},
		{sql: "NVARCHAR(5)", kind: protocol.Text, values: oddTexts},
		{sql: "TEXT", kind: protocol.Text, values: oddTexts, refused: []string{"\x00"}},
		{sql: "CLOB", kind: protocol.Text, values: oddTexts},
		{sql: "BLOB", kind: protocol.Binary, values: hexes("", "00", "61626300ff", "000000")},
		{sql: "BINARY(4)", kind: protocol.Binary, values: hexes("", "00", "61626300ff")},
		{sql: "VARBINARY(4)", kind: protocol.Binary, values: hexes("", "00", "61626300ff")},
		{sql: "LONGVARBINARY", kind: protocol.Binary, values: hexes("", "00", "61626300ff")},
		{sql: "DATE", kind: protocol.Date, values: strs(days...), unread: []string{"'0000-00-00'", "'2023-02-29'", "''", "20240229"}},
		{sql: "TIME", kind: protocol.Time, values: strs("00:00:00", "13:14:15", "23:59:59.999999"), unread: []string{"'24:00:00'", "'-01:00:00'", "''"}},
		{sql: "DATETIME", kind: protocol.Timestamp, values: timestamps, unread: []string{"'0000-00-00 00:00:00'", "'now'", "''"}},
		{sql: "TIMESTAMP(6)", kind: protocol.Timestamp, values: timestamps},
		{sql: "TIMESTAMPTZ", kind: protocol.TimestampTZ, values: timestamps},
		{sql: "TIMESTAMP WITH TIME ZONE", kind: protocol.TimestampTZ, values: timestamps},
		{sql: "JSON", kind: protocol.JSON, values: strs(`{"a": [1, null, "😀"]}`, "null", `"x"`, "")},
		{sql: "JSONB", kind: protocol.JSON, values: strs(`{"a": [1, null, "😀"]}`)},
		{sql: "UUID", kind: protocol.UUID, values: strs(oneUUID), unread: []string{"'x'", "''"}},
		{sql: "GUID", kind: protocol.UUID, values: strs(oneUUID)},
		{sql: "XML", kind: protocol.XML, values: strs("<a>größe</a>")},
		{sql: "INTERVAL", kind: protocol.Interval, values: strs("1 day 02:03:04")},
		{sql: "STRING", kind: protocol.Text, spec: true, values: all(strs("abc"), stores("'007'", "007", "7", "7"))},
		{sql: "", kind: protocol.Text, values: strs("abc", "007")},
	},
	"postgres": {
		{sql: "boolean", kind: protocol.Bool, values: all(is("true", "true"), is("false", "false"))},
		{sql: "smallint", kind: protocol.Int16, values: numbers("-32768", "0", "32767"), refused: []string{"-32769", "32768"}},
		{sql: "integer", kind: protocol.Int32, values: int32s, refused: []string{"-2147483649", "2147483648"}},
		{sql: "bigint", kind: protocol.Int64, values: int64s, refused: []string{"-9223372036854775809", "9223372036854775808"}},
		{sql: "smallserial", kind: protocol.Int16, values: numbers("32767"), notNull: true},
		{sql: "serial", kind: protocol.Int32, values: int32s, notNull: true},
		{sql: "bigserial", kind: protocol.Int64, values: int64s, notNull: true},
		{sql: "oid", kind: protocol.Uint32, values: numbers("0", "4294967295"), refused: []string{"4294967296"}},
		{sql: "real", kind: protocol.Float32, values: all(numbers("1.5", "0.1", "-0.25"), strs("3.4028235e+38", "1e-45", "-0", "NaN", "+Inf", "-Inf"))},
		{sql: "double precision", kind: protocol.Float64, values: all(numbers("0.1", "0.30000000000000004", "1e+300"), strs("1.7976931348623157e+308", "5e-324", "-0", "NaN", "+Inf", "-Inf"))},
		{sql: "numeric", kind: protocol.Decimal, values: numbers("0", "-0.001", "12.50", "100", digits65, "0.000000000000000000000000000001", strings.Repeat("9", 1000)), unread: []string{"'NaN'", "'Infinity'"}},
		{sql: "numeric(65,30)", kind: protocol.Decimal, values: numbers(digits65)},
		{sql: "numeric(10,0)", kind: protocol.Decimal, values: numbers("-9999999999", "9999999999"), refused: []string{"10000000000"}},
		{sql: "numeric(5,-2)", kind: protocol.Decimal, values: numbers("9999900", "-100"), refused: []string{"10000000"}},
		{sql: "numeric(20)", kind: protocol.Uint64, spec: true, values: numbers("0", "18446744073709551615"), unread: []string{"-1", "18446744073709551616"}},
		{sql: "money", kind: protocol.Money, values: numbers("0.00", "-0.50", "1234567.89", "92233720368547758.07", "-92233720368547758.08"), refused: []string{"92233720368547758.08"}},
		{sql: "char(5)", kind: protocol.Text, values: all(strs(fiveEmoji), is("'ab'", "ab   ")), refused: []string{sixEmoji}},
		{sql: `"char"`, kind: protocol.Text, values: strs("x", "")},
		{sql: "name", kind: protocol.Text, values: oddTexts},
		{sql: "varchar(5)", kind: protocol.Text, values: all(oddTexts, strs(fiveEmoji)), refused: []string{sixEmoji, "a\x00b"}},
		{sql: "varchar", kind: protocol.Text, values: oddTexts},
		{sql: "text", kind: protocol.Text, values: all(oddTexts, strs(sixEmoji)), refused: []string{"\x00"}},
		{sql: "citext", kind: protocol.Text, values: strs("Größe", "")},
		{sql: "bytea", kind: protocol.Binary, values: byteas("", "00", "61626300ff", "000000")},
		{sql: "bit(1)", kind: protocol.Text, values: is("B'1'", "1")},
		{sql: "bit(8)", kind: protocol.Text, values: is("B'10000001'", "10000001"), refused: []string{"1", "2"}},
		{sql: "varbit", kind: protocol.Text, values: all(is("B'10000001'", "10000001"), is("B''", ""))},
		{sql: "date", kind: protocol.Date, values: strs(days...), unread: []string{"'infinity'", "'-infinity'", "'10000-01-01'"}, wrong: reads("'0044-03-15 BC'", "", "0044-03-15")},
		{sql: "time", kind: protocol.Time, values: strs("00:00:00", "13:14:15.5", "23:59:59.999999"), unread: []string{"'24:00:00'"}},
		{sql: "time(0)", kind: protocol.Time, values: all(strs("23:59:59"), stores("'13:14:15.5'", "13:14:15.5", "13:14:16", "13:14:16"))},
		{sql: "timetz", kind: protocol.Text, values: strs("13:14:15.123456+02", "00:00:00-11:30")},
		{sql: "timestamp", kind: protocol.Timestamp, values: timestamps, unread: []string{"'-infinity'", "'0044-03-15 12:00:00 BC'"}, wrong: infinity, remark: "years above 9999 read today"},
		{sql: "timestamp(0)", kind: protocol.Timestamp, values: all(is("'2024-02-29 12:00:00'", "2024-02-29T12:00:00Z"), stores("'2024-02-29 12:00:00.5'", "2024-02-29T12:00:00.5Z", "2024-02-29 12:00:01", "2024-02-29T12:00:01Z"))},
		{sql: "timestamptz", kind: protocol.TimestampTZ, values: all(timestamps, is("'2024-03-31 02:30:00 Europe/Berlin'", "2024-03-31T01:30:00Z")), unread: []string{"'-infinity'"}, wrong: infinity, remark: "years above 9999 read today"},
		{sql: "interval", kind: protocol.Text, values: strs("1 year 2 mons 3 days 04:05:06.789", "-00:00:00.000001", "00:00:00")},
		{sql: "interval year to month", kind: protocol.Text, values: strs("1 year 2 mons")},
		{sql: "uuid", kind: protocol.UUID, values: strs(oneUUID)},
		{sql: "json", kind: protocol.JSON, values: strs(`{"a":  [1, null, "😀"]}`, "null", `"x"`), refused: []string{"{", ""}},
		{sql: "jsonb", kind: protocol.JSON, values: strs(`{"a": [1, null, "😀"]}`, "null"), refused: []string{"{"}},
		{sql: "xml", kind: protocol.XML, values: strs("<a>größe</a>"), refused: []string{"<a>"}},
		{sql: "mood", kind: protocol.Text, values: strs("sad", "größe 😀"), refused: []string{"glad"}},
		{sql: "positive", kind: protocol.Int32, values: numbers("1"), refused: []string{"0"}},
		{sql: "integer[]", kind: protocol.Text, values: strs("{1,NULL,-2147483648}", "{}", "{{1,2},{3,4}}"), refused: []string{"{a}"}},
		{sql: "text[]", kind: protocol.Text, values: strs(`{a,"b c",größe,NULL,"","\"\\"}`)},
		{sql: "numeric[]", kind: protocol.Text, values: strs("{" + digits65 + ",NaN}")},
		{sql: "timestamp[]", kind: protocol.Text, values: strs(`{"2024-02-29 13:14:15.123456",infinity}`)},
		{sql: "inet", kind: protocol.Text, values: strs("192.168.0.1", "10.0.0.0/8", "2001:db8::1")},
		{sql: "cidr", kind: protocol.Text, values: strs("10.0.0.0/8", "2001:db8::/32")},
		{sql: "macaddr", kind: protocol.Text, values: strs("08:00:2b:01:02:03")},
		{sql: "macaddr8", kind: protocol.Text, values: strs("08:00:2b:01:02:03:04:05")},
		{sql: "point", kind: protocol.Text, values: strs("(0.1,0.30000000000000004)")},
		{sql: "line", kind: protocol.Text, values: strs("{1,2,3}")},
		{sql: "lseg", kind: protocol.Text, values: strs("[(0,0),(1,1)]")},
		{sql: "box", kind: protocol.Text, values: strs("(1,1),(0,0)")},
		{sql: "path", kind: protocol.Text, values: strs("[(0,0),(1,1)]")},
		{sql: "polygon", kind: protocol.Text, values: strs("((0,0),(1,1),(1,0))")},
		{sql: "circle", kind: protocol.Text, values: strs("<(0,0),1>")},
		{sql: "tsvector", kind: protocol.Text, values: is("'''a'':1 ''größe'':2'", "'a':1 'größe':2")},
		{sql: "tsquery", kind: protocol.Text, values: is("'''a'' & ''b'''", "'a' & 'b'")},
		{sql: "int4range", kind: protocol.Text, values: strs("[1,10)", "empty", "(,)")},
		{sql: "numrange", kind: protocol.Text, values: strs("[1.10,2.2)")},
		{sql: "tsrange", kind: protocol.Text, values: strs(`["2024-02-29 00:00:00","2024-03-01 00:00:00")`)},
		{sql: "daterange", kind: protocol.Text, values: strs("[2024-02-29,2024-03-01)")},
		{sql: "int4multirange", kind: protocol.Text, values: strs("{[1,3),[5,7)}")},
		{sql: "pg_lsn", kind: protocol.Text, values: strs("16/B374D848")},
		{sql: "regclass", kind: protocol.Text, values: strs("pg_class")},
		{sql: "jsonpath", kind: protocol.Text, values: strs(`$."a"`)},
		{sql: "pair", kind: protocol.Text, values: strs(`(1,"a b")`)},
	},
	"mariadb": {
		{sql: "boolean", kind: protocol.Int8, values: numbers("0", "1", "-128", "127")},
		{sql: "boolean", kind: protocol.Bool, spec: true, values: all(is("1", "true"), is("0", "false")), unread: []string{"2", "-1"}},
		{sql: "tinyint", kind: protocol.Int8, values: numbers("-128", "0", "127"), refused: []string{"-129", "128"}},
		{sql: "tinyint unsigned", kind: protocol.Uint8, values: numbers("0", "255"), refused: []string{"-1", "256"}},
		{sql: "smallint", kind: protocol.Int16, values: numbers("-32768", "32767"), refused: []string{"-32769", "32768"}},
		{sql: "smallint unsigned", kind: protocol.Uint16, values: numbers("0", "65535"), refused: []string{"-1", "65536"}},
		{sql: "mediumint", kind: protocol.Int32, values: numbers("-8388608", "8388607"), refused: []string{"-8388609", "8388608"}},
		{sql: "mediumint unsigned", kind: protocol.Uint32, values: numbers("0", "16777215"), refused: []string{"-1", "16777216"}},
		{sql: "int", kind: protocol.Int32, values: int32s, refused: []string{"-2147483649", "2147483648"}},
		{sql: "int unsigned", kind: protocol.Uint32, values: numbers("0", "4294967295"), refused: []string{"-1", "4294967296"}},
		{sql: "int zerofill", kind: protocol.Uint32, values: numbers("0", "4294967295")},
		{sql: "bigint", kind: protocol.Int64, values: int64s, refused: []string{"-9223372036854775809", "9223372036854775808"}},
		{sql: "bigint unsigned", kind: protocol.Uint64, values: numbers("0", "9223372036854775808", "18446744073709551615"), refused: []string{"-1", "18446744073709551616"}},
		{sql: "float", kind: protocol.Float32, values: numbers("1.5", "0.1", "-0.25", "1.6777216e+07", "3.40282e+38", "1e-45"), refused: []string{"NaN", "+Inf"}},
		{sql: "double", kind: protocol.Float64, values: numbers("0.1", "0.30000000000000004", "1e+300", "1.7976931348623157e+308", "5e-324"), refused: []string{"NaN", "+Inf", "-Inf"}},
		{sql: "double unsigned", kind: protocol.Float64, values: numbers("0", "1.5"), refused: []string{"-1"}},
		{sql: "decimal(65,30)", kind: protocol.Decimal, values: numbers(digits65, "-0.001000000000000000000000000000")},
		{sql: "decimal(65,0)", kind: protocol.Decimal, values: numbers(strings.Repeat("9", 65), "-"+strings.Repeat("9", 65)), refused: []string{"1" + strings.Repeat("0", 65)}},
		{sql: "decimal(12,2)", kind: protocol.Decimal, values: all(numbers("0.00", "12.50", "-9999999999.99"), stores("1.005", "1.005", "1.01", "1.01")), refused: []string{"10000000000"}},
		{sql: "decimal(10,2) unsigned", kind: protocol.Decimal, values: numbers("12.50"), refused: []string{"-1"}},
		{sql: "bit(1)", kind: protocol.Bool, values: all(is("b'1'", "true"), is("b'0'", "false"))},
		{sql: "bit(8)", kind: protocol.Binary, values: all(is("b'10000001'", "81"), is("0", "00")), refused: []string{"0100"}},
		{sql: "bit(64)", kind: protocol.Binary, values: is("0xfedcba9876543210", "fedcba9876543210")},
		{sql: "year", kind: protocol.Uint16, values: numbers("1901", "2155", "0"), refused: []string{"1900", "2156"}},
		{sql: "char(5)", kind: protocol.Text, values: all(strs("", fiveEmoji), is("'ab'", "ab")), refused: []string{sixEmoji}},
		{sql: "nchar(5)", kind: protocol.Text, values: strs("größe")},
		{sql: "varchar(5)", kind: protocol.Text, values: all(oddTexts, strs(fiveEmoji)), refused: []string{sixEmoji}},
		{sql: "nvarchar(5)", kind: protocol.Text, values: oddTexts},
		{sql: "varchar(5) character set latin1", kind: protocol.Text, values: strs("größe"), refused: []string{"漢字"}},
		{sql: "tinytext", kind: protocol.Text, values: all(oddTexts, strs(strings.Repeat("😀", 63))), refused: []string{strings.Repeat("😀", 64)}},
		{sql: "text", kind: protocol.Text, values: oddTexts},
		{sql: "mediumtext", kind: protocol.Text, values: oddTexts},
		{sql: "longtext", kind: protocol.Text, values: oddTexts},
		{sql: "binary(4)", kind: protocol.Binary, values: all(hexes("00ff0041"), is("x'61'", "61000000")), refused: []string{"0001020304"}},
		{sql: "varbinary(4)", kind: protocol.Binary, values: hexes("", "00", "00ff0041"), refused: []string{"0001020304"}},
		{sql: "tinyblob", kind: protocol.Binary, values: hexes("", "00", "61626300ff")},
		{sql: "blob", kind: protocol.Binary, values: hexes("", "00", "61626300ff")},
		{sql: "mediumblob", kind: protocol.Binary, values: hexes("", "00", "61626300ff")},
		{sql: "longblob", kind: protocol.Binary, values: hexes("", "00", "61626300ff")},
		{sql: "date", kind: protocol.Date, values: strs(days...), unread: []string{"'0000-00-00'", "'2024-00-00'", "'2024-02-00'"}},
		{sql: "time", kind: protocol.Time, values: strs("00:00:00", "23:59:59"), unread: []string{"'24:00:00'", "'838:59:59'", "'-00:00:01'"}},
		{sql: "time(6)", kind: protocol.Time, values: strs("13:14:15.5", "23:59:59.999999")},
		{sql: "datetime", kind: protocol.Timestamp, values: all(is("'2024-02-29 12:00:00'", "2024-02-29T12:00:00Z"), stores("'2024-02-29 12:00:00.9'", "2024-02-29T12:00:00.9Z", "2024-02-29 12:00:00", "2024-02-29T12:00:00Z"))},
		{sql: "datetime(6)", kind: protocol.Timestamp, values: timestamps, unread: []string{"'2024-00-00 00:00:00'"}, wrong: reads("'0000-00-00 00:00:00'", "", "NULL")},
		{sql: "timestamp null", kind: protocol.Timestamp, values: is("'2038-01-19 03:14:07'", "2038-01-19T03:14:07Z"), refused: []string{"1969-12-31T23:59:59Z", "2038-01-19T03:14:08Z"}},
		{sql: "timestamp(6) null", kind: protocol.TimestampTZ, spec: true, values: all(is("'1970-01-01 00:00:01'", "1970-01-01T00:00:01Z"), is("'2038-01-19 03:14:07.999999'", "2038-01-19T03:14:07.999999Z"))},
		{sql: "enum('a','größe','😀')", kind: protocol.Text, values: strs("a", "größe", "😀"), refused: []string{"b"}},
		{sql: "set('a','größe','😀')", kind: protocol.Text, values: strs("", "a", "a,größe,😀"), refused: []string{"b"}},
		{sql: "json", kind: protocol.Text, values: strs(`{"a":  [1, null, "😀"]}`), refused: []string{"{"}},
		{sql: "json", kind: protocol.JSON, spec: true, values: strs(`{"a":  [1, null, "😀"]}`, "null"), refused: []string{"{"}},
		{sql: "uuid", kind: protocol.Text, values: strs(oneUUID), refused: []string{"x"}},
		{sql: "uuid", kind: protocol.UUID, spec: true, values: strs(oneUUID)},
		{sql: "inet4", kind: protocol.Text, values: strs("192.168.0.1"), refused: []string{"x"}},
		{sql: "inet6", kind: protocol.Text, values: strs("2001:db8::1")},
		{sql: "point", kind: protocol.Binary, values: is("ST_PointFromText('POINT(1 2)')", "000000000101000000000000000000f03f0000000000000040"), refused: []string{"00"}},
	},
}

var (
	int32s = numbers("-2147483648", "-1", "0", "2147483647")
	int64s = numbers("-9223372036854775808", "-1", "0", "9007199254740993", "9223372036854775807")
)

// sqliteFloats: the driver writes doubles with 15 digits.
var sqliteFloats = all(numbers("0.1", "-2.5", "1e+300", "5e-324"), is("9e999", "+Inf"), is("-9e999", "-Inf"),
	reads("0.30000000000000004", "0.30000000000000004", "0.3"), reads("-0.0", "-0", "0"))

// sqliteDecimals: single decimals go as doubles where those hold all digits.
var sqliteDecimals = all(numbers("0", "-0.001", "9999999999.99", "9007199254740993"),
	reads("12.50", "12.50", "12.5"), reads("12345678901234567.25", "12345678901234567.25", "12345678901234568"))

// infinity is told as a time by PostgreSQL's driver, written out too.
var infinity = reads("'infinity'", "", "9999-12-31T23:59:59Z")

// days are at the ends of the calendar, before 1970, and one that few years have.
var days = []string{"0001-01-01", "1582-10-15", "1969-12-31", "2024-02-29", "9999-12-31"}

// timestamps are likewise, and in the hour that Europe leaves out in spring.
var timestamps = all(is("'0001-01-01 00:00:00'", "0001-01-01T00:00:00Z"), is("'9999-12-31 23:59:59.999999'", "9999-12-31T23:59:59.999999Z"),
	is("'1969-12-31 23:59:59.5'", "1969-12-31T23:59:59.5Z"), is("'2024-02-29 13:14:15.123456'", "2024-02-29T13:14:15.123456Z"),
	is("'2024-03-31 02:30:00'", "2024-03-31T02:30:00Z"), is("'2024-01-01 00:00:00.000001'", "2024-01-01T00:00:00.000001Z"))

const oneUUID = "0b6d5d5b-7a9d-4f43-8d2a-6a1f00ff10e7"

// hexes are the binary literals of SQLite and MariaDB, byteas those of PostgreSQL.
func hexes(texts ...string) []typeValue  { return binaries("x'", texts) }
func byteas(texts ...string) []typeValue { return binaries(`'\x`, texts) }

func binaries(open string, texts []string) []typeValue {
	all := make([]typeValue, len(texts))
	for i, text := range texts {
		all[i] = typeValue{literal: open + text + "'", text: text}
	}
	return all
}
