package runtime

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
)

func TestRedact(t *testing.T) {
	for connection, want := range map[string]string{
		"":                                      "",
		"Driver=d;Server=s;UID=u;PWD=p;Port=1;": "Driver=d;Server=s;UID=u;PWD=***;Port=1;",
		" Driver = {a;b} ; pwd = {p}};UID=x} ; UID = u": " Driver = {a;b} ; pwd =***; UID = u",
		"PWD=;UID=u":                     "PWD=;UID=u",
		"Trusted_Connection=yes":         "Trusted_Connection=yes",
		"Authentication=ActiveDirectory": "Authentication=ActiveDirectory",
		"KeepAlive=1;FKSupport=1":        "KeepAlive=1;FKSupport=1",
		"PWD=a;b;UID=u":                  "PWD=***;***;UID=u", // a semicolon without braces
		`PWD="a;UID=b";Server=s`:         "PWD=***;***;***",   // braces are ODBC's quotes
		"PWD={a}b;c;UID=u":               "PWD=***;***;UID=u",
		"PWD={a;UID=u":                   "PWD=***",
		"UID={u;PWD=p":                   "UID=***",
		"Options={PWD=p;a=b}":            "Options=***",
		"Options={a=b;c=d}":              "Options={a=b;c=d}",
		"Server=tcp://u:p@host":          "Server=***",
		"DBQ=scott/tiger@orcl":           "DBQ=***",
		"UID=me@example.org":             "UID=me@example.org",
		"secret":                         "***",
		"{PWD}=p":                        "{PWD}=***",
		"P W D=p;Client Secret=c;SAS=s":  "P W D=***;Client Secret=***;SAS=***",
		"private_key_file_pwd=x;Proxy-Password=y;ssl.key.passphrase=z": "private_key_file_pwd=***;Proxy-Password=***;ssl.key.passphrase=***",
	} {
		require.Equal(t, want, Redact(connection))
	}
	for key := range strings.FieldsSeq("pwd password passwd secret token apikey api_key accesstoken access_token authorization auth sas sastoken sas_token connectionstring primarykey secondarykey") {
		for _, key := range []string{key, strings.ToUpper(key), " " + key + " "} {
			require.Equal(t, "UID=u;"+key+"=***;a=b", Redact("UID=u;"+key+"={p;q}}};a=b"))
		}
	}
}

// FuzzRedact: a secret never shows, whatever stands around it.
func FuzzRedact(f *testing.F) {
	f.Add("Driver=d", "p;w}d", "UID=u;", uint8(0))
	f.Add("Driver={d", "}", "}", uint8(3))
	f.Add("a={x", "{s}", "}};b={", uint8(7))
	f.Add(`a="`, `"p"`, `"`, uint8(9))
	keys := append(append([]string{}, secretKeys...), secretParts...)
	f.Fuzz(func(t *testing.T, before, secret, after string, key uint8) {
		const mark = "mArKeD"
		before, after = strings.ReplaceAll(before, mark, ""), strings.ReplaceAll(after, mark, "")
		value := strings.ReplaceAll(mark+secret+mark, "}", "}}")
		connection := before + ";" + keys[int(key)%len(keys)] + "={" + value + "};" + after
		require.NotContains(t, Redact(connection), mark)
		require.NotContains(t, BackendID(connection), mark)
		if err := ValidateConnectionString(connection); err != nil {
			require.NotContains(t, err.Error(), mark)
		}
		require.Equal(t, Redact(connection), Redact(Redact(connection)))
	})
}

// TestScrub: the secrets of a connection string, in what a driver may say.
func TestScrub(t *testing.T) {
	const password = `p}ä;S3 cret%`
	long := secretsOf("UID=user;PWD={" + strings.ReplaceAll(password, "}", "}}") + "};APIKey=abcdef")
	for _, form := range []string{password, strings.ToUpper(password), strings.ReplaceAll(password, "}", "}}"), url.QueryEscape(password), url.PathEscape(password), strings.ToLower(url.QueryEscape(password)), "ABCDEF"} {
		require.Equal(t, "login of user with '***' failed", long.scrub("login of user with '"+form+"' failed"))
		require.Equal(t, "x***x", long.scrub("x"+form+"x"))
	}
	short := secretsOf("UID=user;PWD=p")
	require.Equal(t, `no "***" in public.***, pp, up`, short.scrub(`no "p" in public.p, pp, up`))
	require.Equal(t, "nothing here", secretsOf("UID=user;PWD=").scrub("nothing here"))
	require.Equal(t, "a*** b", secretsOf("PWD=\xff\xfexyz").scrub("axyz b"), "as messages are, without what is no text")
}

// TestScrubbedErrors: a password that is a word of a message hides there, and the
// message is understood all the same.
func TestScrubbedErrors(t *testing.T) {
	for _, test := range []struct {
		password, message string
		kind              Kind
	}{
		{"password", `FATAL: password authentication failed for user "u"`, KindAuth},
		{"database", `FATAL: database "nix" does not exist`, KindConfig},
		{"too many", `FATAL: sorry, too many clients already`, KindCapacity},
	} {
		records := []odbc.Record{{State: "01000", Message: "with PWD={" + test.password + "}"}, {State: "08001", Native: 101, Message: test.message}}
		o := operation{op: "connect", plugin: &driver.Postgres, secrets: secretsOf("UID=u;PWD={" + test.password + "}")}
		err := o.wrap(&odbc.Error{Call: "SQLDriverConnect", Records: records})
		require.ErrorIs(t, err, test.kind)
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), test.password)
	}
	ended := operation{op: "connect", secrets: secretsOf("PWD=context")}.wrap(context.Canceled)
	require.ErrorIs(t, ended, context.Canceled)
}
