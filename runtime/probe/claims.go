package probe

import (
	"fmt"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc/sys"
)

// introduce asks what the connection leads to.
func introduce(a *at) error {
	server := a.conn.Server()
	a.say(line{Server: &server})
	return nil
}

// info is a type of SQLGetInfo.
type info struct {
	name string
	code uint16
	form infoForm
	// words are those of the values, or of the bits where the form is bits.
	words []string
}

// infoForm says what a type of SQLGetInfo gives.
type infoForm uint8

const (
	infoText infoForm = iota
	infoNumber
	infoWord // one of the words, by number
	infoBits
)

// Types of SQLGetInfo that trials ask for too.
const (
	infoDescribeParameter = 10002
	infoParamArrayCounts  = 153
	infoMultipleResults   = 36
	infoTxnCapable        = 46
	infoTxnIsolation      = 72
)

var (
	cases   = []string{"", "upper", "lower", "sensitive", "mixed"}
	cursors = []string{"delete", "close", "preserve"}
	levels  = []string{"READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"}
	usage   = []string{"DML", "procedures", "table definition", "index definition", "privileges"}
)

// infos are what a driver is asked for, in the order in which it is told.
var infos = []info{
	{name: "DRIVER_ODBC_VER", code: 77},
	{name: "DM_VER", code: 171},
	{name: "DATA_SOURCE_READ_ONLY", code: 25},
	{name: "IDENTIFIER_QUOTE_CHAR", code: sys.InfoIdentifierQuote},
	{name: "IDENTIFIER_CASE", code: 28, form: infoWord, words: cases},
	{name: "QUOTED_IDENTIFIER_CASE", code: 93, form: infoWord, words: cases},
	{name: "SPECIAL_CHARACTERS", code: 94},
	{name: "SEARCH_PATTERN_ESCAPE", code: 14},
	{name: "CATALOG_NAME", code: 10003},
	{name: "CATALOG_TERM", code: 42},
	{name: "CATALOG_NAME_SEPARATOR", code: 41},
	{name: "CATALOG_LOCATION", code: 114, form: infoWord, words: []string{"", "start", "end"}},
	{name: "CATALOG_USAGE", code: 92, form: infoBits, words: usage},
	{name: "SCHEMA_TERM", code: 39},
	{name: "SCHEMA_USAGE", code: 91, form: infoBits, words: usage},
	{name: "TABLE_TERM", code: 45},
	{name: "PROCEDURES", code: 21},
	{name: "PROCEDURE_TERM", code: 40},
	{name: "MAX_IDENTIFIER_LEN", code: 10005, form: infoNumber},
	{name: "MAX_CATALOG_NAME_LEN", code: 34, form: infoNumber},
	{name: "MAX_SCHEMA_NAME_LEN", code: 32, form: infoNumber},
	{name: "MAX_TABLE_NAME_LEN", code: 35, form: infoNumber},
	{name: "MAX_COLUMN_NAME_LEN", code: 30, form: infoNumber},
	{name: "MAX_COLUMNS_IN_TABLE", code: 101, form: infoNumber},
	{name: "MAX_COLUMNS_IN_SELECT", code: 100, form: infoNumber},
	{name: "MAX_STATEMENT_LEN", code: 105, form: infoNumber},
	{name: "MAX_ROW_SIZE", code: 104, form: infoNumber},
	{name: "MAX_CONCURRENT_ACTIVITIES", code: 1, form: infoNumber},
	{name: "MAX_DRIVER_CONNECTIONS", code: 0, form: infoNumber},
	{name: "TXN_CAPABLE", code: infoTxnCapable, form: infoWord, words: []string{"none", "DML", "all", "DDL commits", "DDL ignored"}},
	{name: "TXN_ISOLATION_OPTION", code: infoTxnIsolation, form: infoBits, words: levels},
	{name: "DEFAULT_TXN_ISOLATION", code: 26, form: infoBits, words: levels},
	{name: "MULTIPLE_ACTIVE_TXN", code: 37},
	{name: "CURSOR_COMMIT_BEHAVIOR", code: 23, form: infoWord, words: cursors},
	{name: "CURSOR_ROLLBACK_BEHAVIOR", code: 24, form: infoWord, words: cursors},
	{name: "GETDATA_EXTENSIONS", code: sys.InfoGetDataExtensions, form: infoBits, words: []string{"any column", "any order", "block", "bound", "output params"}},
	{name: "SCROLL_OPTIONS", code: 44, form: infoBits, words: []string{"forward only", "keyset driven", "dynamic", "mixed", "static"}},
	{name: "BATCH_SUPPORT", code: 121, form: infoBits, words: []string{"select explicit", "row count explicit", "select procedure", "row count procedure"}},
	{name: "MULT_RESULT_SETS", code: infoMultipleResults},
	{name: "PARAM_ARRAY_ROW_COUNTS", code: infoParamArrayCounts, form: infoWord, words: []string{"", "one each", "one for all"}},
	{name: "PARAM_ARRAY_SELECTS", code: 154, form: infoWord, words: []string{"", "one each", "one for all", "none"}},
	{name: "DESCRIBE_PARAMETER", code: infoDescribeParameter},
	{name: "NEED_LONG_DATA_LEN", code: sys.InfoNeedLongDataLen},
	{name: "ASYNC_MODE", code: 10021, form: infoWord, words: []string{"none", "connection", "statement"}},
	{name: "ORDER_BY_COLUMNS_IN_SELECT", code: 90},
	{name: "EXPRESSIONS_IN_ORDERBY", code: 27},
	{name: "COLUMN_ALIAS", code: 87},
	{name: "NULL_COLLATION", code: 85, form: infoWord, words: []string{"high", "low", "start", "", "end"}},
	{name: "CONCAT_NULL_BEHAVIOR", code: 22, form: infoWord, words: []string{"NULL", "not NULL"}},
}

// functions are those that the runtime calls where a driver has them.
var functions = []struct {
	name   string
	number int
}{
	{"SQLDescribeParam", 58}, {"SQLFetchScroll", 1021}, {"SQLSetPos", 68}, {"SQLGetData", 43}, {"SQLMoreResults", 61},
	{"SQLCancel", 5}, {"SQLCancelHandle", 1022}, {"SQLParamData", 48}, {"SQLPutData", 49}, {"SQLNumParams", 63}, {"SQLRowCount", 20},
	{"SQLColAttribute", 6}, {"SQLGetDiagField", 1010}, {"SQLTables", 54}, {"SQLColumns", 40}, {"SQLPrimaryKeys", 65},
	{"SQLForeignKeys", 60}, {"SQLStatistics", 53}, {"SQLProcedures", 67}, {"SQLProcedureColumns", 66}, {"SQLGetTypeInfo", 47},
	{"SQLBulkOperations", 24},
}

// claims asks for all that a driver says of itself.
func claims(a *at) error {
	server := a.conn.Server()
	all := []Claim{
		{"DBMS_NAME", server.DBMS}, {"DBMS_VER", server.Version}, {"DRIVER_NAME", server.Driver}, {"DRIVER_VER", server.DriverVersion},
	}
	for _, i := range infos {
		all = append(all, Claim{i.name, a.scrub(a.claim(i))})
	}
	has, missing := a.conn.Functions(), []string{}
	for _, f := range functions {
		if has != nil && !has(f.number) {
			missing = append(missing, f.name)
		}
	}
	switch {
	case has == nil:
		all = append(all, Claim{"functions", "SQLGetFunctions fails"})
	case len(missing) > 0:
		all = append(all, Claim{"functions missing", strings.Join(missing, ", ")})
	}
	a.say(line{Claims: all})
	types, err := a.conn.DataTypes(a.ctx)
	if err != nil {
		return err
	}
	told := make([]Type, len(types))
	for i, t := range types {
		told[i] = Type{Name: t.Name, Code: driver.SQLType(t.Code), Size: t.Size, Params: t.CreateParams, Unsigned: t.Unsigned, AutoNumbered: t.AutoNumbered}
	}
	a.say(line{Types: told})
	return nil
}

// claim returns what the driver says, in words.
func (a *at) claim(i info) string {
	if i.form == infoText {
		text, ok := a.conn.InfoText(i.code)
		if !ok {
			return "fails"
		}
		return text
	}
	n, ok := a.conn.InfoInt(i.code)
	switch {
	case !ok:
		return "fails"
	case i.form == infoWord && int(n) < len(i.words) && i.words[n] != "":
		return i.words[n]
	case i.form == infoBits:
		return bits(n, i.words)
	}
	return fmt.Sprint(n)
}

func bits(n uint32, names []string) string {
	var set []string
	for i, name := range names {
		if n&(1<<i) != 0 {
			set = append(set, name)
			n &^= 1 << i
		}
	}
	if n != 0 || len(set) == 0 {
		set = append(set, fmt.Sprintf("%#x", n))
	}
	return strings.Join(set, ", ")
}

// claimOf returns what the driver says to the type of SQLGetInfo, in words.
func (a *at) claimOf(code uint16) string {
	i := slices.IndexFunc(infos, func(i info) bool { return i.code == code })
	return infos[i].name + " " + a.claim(infos[i])
}

// yes reports whether the driver answers Y.
func (a *at) yes(code uint16) bool {
	text, ok := a.conn.InfoText(code)
	return ok && strings.EqualFold(text, "Y")
}
