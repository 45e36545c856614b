package plan

import (
	"go/token"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNames(t *testing.T) {
	for _, test := range []struct{ sql, field, local string }{
		{"title", "Title", "title"},
		{"book_id", "BookID", "bookID"},
		{"id", "ID", "id"},
		{"ids", "IDs", "ids"},
		{"id_2", "ID2", "id2"},
		{"id2", "ID2", "id2"},
		{"image_urls", "ImageURLs", "imageURLs"},
		{"url_of_image", "URLOfImage", "urlOfImage"},
		{"utf8_name", "UTF8Name", "utf8Name"},
		{"is_api", "IsAPI", "isAPI"},
		{"as", "As", "as"},
		{"idea", "Idea", "idea"},

		// Names in camel case, as some schemas have them.
		{"userId", "UserID", "userID"},
		{"UserId", "UserID", "userID"},
		{"userIDs", "UserIDs", "userIDs"},
		{"HTTPServerId", "HTTPServerID", "httpServerID"},
		{"customerVAT", "CustomerVAT", "customerVAT"},
		{"isoB2B", "ISOB2B", "isoB2B"},
		{"user2FACode", "User2FACode", "user2FACode"},

		// Names in capitals, as Oracle and Db2 have them.
		{"BOOK_ID", "BookID", "bookID"},
		{"TITLE", "Title", "title"},
		{"CUSTOMER_NAME2", "CustomerName2", "customerName2"},

		// Expressions, quoted names and other characters.
		{"count(*)", "Count", "count"},
		{"max(price)", "MaxPrice", "maxPrice"},
		{"?column?", "Column", "column"},
		{"order total", "OrderTotal", "orderTotal"},
		{"  a--b__c ", "ABC", "aBC"},
		{"_hidden_", "Hidden", "hidden"},
		{`"quoted"`, "Quoted", "quoted"},
		{"price€", "Price", "price"},
		{"x²", "X", "x"},

		// Digits in front.
		{"2fa", "N2fa", "_2fa"},
		{"1+1", "N11", "_11"},
		{"1st_name", "N1stName", "_1stName"},
		{"٣", "N٣", "_٣"},

		// Letters outside ASCII.
		{"größe", "Größe", "größe"},
		{"GRÖSSE", "Grösse", "grösse"},
		{"élan_vital", "ÉlanVital", "élanVital"},
		{"дата_рождения", "ДатаРождения", "датаРождения"},
		{"名前", "X名前", "名前"},
		{"名前_id", "X名前ID", "名前ID"},
		{"gru\u0308n", "Grun", "grun"}, // an accent of its own
		{"हिन्दी", "Xहनद", "हनद"},

		// Nothing that Go could use.
		{"", "", ""},
		{"*", "", ""},
		{"_", "", ""},
		{"😀", "", ""},
	} {
		require.Equal(t, test.field, fieldName(test.sql), "field for %q", test.sql)
		require.Equal(t, test.local, localName(test.sql), "variable for %q", test.sql)
	}
}

func TestMethodNames(t *testing.T) {
	for name, want := range map[string]string{
		"GetBook":     "GetBook",
		"GetBookById": "GetBookById", // chosen for Go, so it is kept
		"Get_Book":    "Get_Book",
		"get_book":    "GetBook",
		"getBookById": "GetBookByID",
		"größe":       "Größe",
		"名前":          "X名前",
		"get book":    "GetBook",
		"?":           "",
	} {
		require.Equal(t, want, MethodName(name), name)
	}
}

func TestPrivateNames(t *testing.T) {
	for name, want := range map[string]string{
		"GetBook":   "getBook",
		"ID":        "id",
		"IDList":    "idList",
		"IDs":       "ids",
		"HTTPGet":   "httpGet",
		"GetHTTP":   "getHTTP",
		"Get_Book":  "get_Book",
		"GET_BOOK":  "get_BOOK",
		"A":         "a",
		"ABTest":    "abTest",
		"Größe":     "größe",
		"Élan":      "élan",
		"X名前":       "x名前",
		"V2Migrate": "v2Migrate",
	} {
		require.Equal(t, want, privateName(name), name)
	}
}

func TestScope(t *testing.T) {
	s := newScope("ctx", "q")
	for name, want := range map[string]string{
		"isbn":     "isbn",
		"ctx":      "ctx_",
		"q":        "q_",
		"type":     "type_", // a keyword
		"range":    "range_",
		"len":      "len_", // predeclared
		"error":    "error_",
		"string":   "string_",
		"nil":      "nil_",
		"any":      "any_",
		"min":      "min_",
		"clear":    "clear_",
		"iota":     "iota_",
		"time":     "time_", // imports
		"sql":      "sql_",
		"json":     "json_",
		"context":  "context_",
		"uuid":     "uuid_",
		"runtime":  "runtime_",
		"protocol": "protocol_",
		"rows":     "rows", // only where it is taken
	} {
		require.Equal(t, want, s.free(name))
	}
	require.Equal(t, "isbn", s.claim("isbn"))
	require.Equal(t, "isbn_", s.claim("isbn"))
	require.Equal(t, "isbn__", s.claim("isbn"))
	require.Equal(t, "ctx_", s.claim("ctx"))
	require.Equal(t, "ctx__", s.claim("ctx"))
}

func TestDistinct(t *testing.T) {
	for _, test := range []struct{ names, want []string }{
		{[]string{}, []string{}},
		{[]string{"A", "B"}, []string{"A", "B"}},
		{[]string{"A", "A", "A"}, []string{"A", "A2", "A3"}},
		{[]string{"A", "A", "A2"}, []string{"A", "A3", "A2"}},
		{[]string{"A2", "A", "A", "A2"}, []string{"A2", "A", "A3", "A22"}},
	} {
		require.Equal(t, test.want, distinct(test.names))
	}
}

// FuzzNames holds that every name is one that Go allows, and that a local name
// is there when a field name is.
func FuzzNames(f *testing.F) {
	for _, seed := range []string{"book_id", "größe", "名前", "2fa", "ǅ", "ŉ", "İD", "ᾳ", "ﬀ", "٣", "IDs", "a\xffb", "\u0345", "ϔ"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		field, local, method := fieldName(name), localName(name), MethodName(name)
		require.Equal(t, field == "", local == "")
		require.Equal(t, field == "", method == "")
		if field == "" {
			return
		}
		require.True(t, token.IsIdentifier(field) && token.IsExported(field), "field %q for %q", field, name)
		require.True(t, token.IsIdentifier(method) && token.IsExported(method), "method %q for %q", method, name)
		for _, unexported := range []string{newScope().free(local), newScope().free(privateName(method))} {
			require.True(t, token.IsIdentifier(unexported) && !token.IsExported(unexported), "%q for %q", unexported, name)
		}
	})
}
