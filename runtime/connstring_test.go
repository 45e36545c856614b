package runtime

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/driver"
)

func TestConnectionKeys(t *testing.T) {
	for connection, want := range map[string][]string{
		"":                                    {},
		"Driver=SQLite3;Database=/a b/c.db":   {"driver", "database"},
		"DSN=x;":                              {"dsn"},
		" Driver = {a;b} ; PWD={p}};UID=x};;": {"driver", "pwd"},
		"PWD=a=b;UID=c":                       {"pwd", "uid"},
		"PWD={};UID=c":                        {"pwd", "uid"},
		"Trusted;BigInt=0":                    {"bigint"},
		"PWD={open;BigInt=0":                  {"pwd"},
		"größe={ä};x=1":                       {"größe", "x"},
	} {
		keys := connectionKeys(connection)
		got := []string{}
		for key := range keys {
			got = append(got, key)
		}
		require.ElementsMatch(t, want, got, connection)
	}
}

// FuzzWithSettings: what the user has set stays, what is missing is added once,
// and a second time changes nothing.
func FuzzWithSettings(f *testing.F) {
	for _, seed := range []string{"", "Driver={a;b};PWD={p}}w};bigint=0", "DSN=x; ;", "PWD={open", "a=b=c;;FKSupport={1};", "BigInt", "BigInt=0", ";=;"} {
		f.Add(seed)
	}
	settings := []driver.Setting{{Key: "BigInt", Value: "1"}, {Key: "FKSupport", Value: "1"}}
	f.Fuzz(func(t *testing.T, connection string) {
		full := withSettings(connection, settings)
		require.True(t, strings.HasPrefix(full, strings.TrimRight(connection, "; \t")))
		before := connectionKeys(connection)
		for _, s := range settings {
			own := before[strings.ToLower(s.Key)]
			require.Equal(t, !own, strings.Count(full, ";"+s.Key+"="+s.Value) > strings.Count(connection, ";"+s.Key+"="+s.Value), "%q", full)
		}
		if strings.ContainsAny(connection, "{}") {
			return // an open brace takes all that follows
		}
		require.Equal(t, full, withSettings(full, settings))
	})
}

// TestPoolKeys: what is meant for the pool is taken out, the rest stays as it is.
func TestPoolKeys(t *testing.T) {
	yes, no := new(bool), new(bool)
	*yes = true
	for _, test := range []struct {
		connection, rest string
		test             *bool
		query            string
	}{
		{"DSN=x", "DSN=x", nil, ""},
		{"DSN=x;", "DSN=x;", nil, ""},
		{"DSN=x;PoolTestOnCheckout=0", "DSN=x", no, ""},
		{"DSN=x;PoolTestOnCheckout=0;", "DSN=x;", no, ""},
		{"TestOnCheckout=yes;DSN=x", "DSN=x", yes, ""},
		{" pool_test_on_checkout = {ON} ;DSN= x ;; A = {b;c} ", "DSN= x ;; A = {b;c} ", yes, ""},
		{"Pool_Test_On_Check_Out=off;DSN=x", "DSN=x", no, ""},
		{"test_on_checkout=TRUE;DSN=x", "DSN=x", yes, ""},
		{"TEST_ON_CHECK_OUT=False;DSN=x", "DSN=x", no, ""},
		{"TestOnCheckout=1;DSN=x;PoolTestOnCheckout=no", "DSN=x", no, ""},
		{"TestOnCheckout=1;DSN=x;PoolTestOnCheckout=perhaps", "DSN=x", yes, ""},
		{"TestOnCheckout=2;DSN=x", "DSN=x", nil, ""},
		{"TestOnCheckout=;DSN=x", "DSN=x", nil, ""},
		{"PWD={a;TestOnCheckout=0;b}};c};DSN=x", "PWD={a;TestOnCheckout=0;b}};c};DSN=x", nil, ""},
		{"NotTestOnCheckout=1;DSN=x", "NotTestOnCheckout=1;DSN=x", nil, ""},
		{"HealthCheckQuery={SELECT ';' FROM a};DSN=x", "DSN=x", nil, "SELECT ';' FROM a"},
		{"PoolHealthCheckQuery=SELECT 2;DSN=x;pool_health_check_query=", "DSN=x", nil, "SELECT 2"},
		{"health_check_query=SELECT 1;DSN=x;HEALTHCHECKQUERY=SELECT 3", "DSN=x", nil, "SELECT 3"},
	} {
		rest, found := poolKeys(test.connection, func(string) string { return "" })
		require.Equal(t, test.rest, rest, test.connection)
		require.Equal(t, poolSettings{test.test, test.query}, found, test.connection)
	}
}

// TestPoolVariables: the connection string before the environment.
func TestPoolVariables(t *testing.T) {
	env := map[string]string{testVariable: " No ", queryVariable: "SELECT 7"}
	variable := func(name string) string { return env[name] }
	for connection, want := range map[string]bool{"DSN=x": false, "DSN=x;TestOnCheckout=on": true, "DSN=x;TestOnCheckout=maybe": false} {
		_, found := poolKeys(connection, variable)
		require.NotNil(t, found.Test, connection)
		require.Equal(t, want, *found.Test, connection)
		require.Equal(t, "SELECT 7", found.Query)
	}
	_, found := poolKeys("DSN=x;HealthCheckQuery=SELECT 8", variable)
	require.Equal(t, "SELECT 8", found.Query)
	env[testVariable] = "perhaps"
	_, found = poolKeys("DSN=x", variable)
	require.Nil(t, found.Test)
}

// FuzzPoolKeys: nothing but whole segments goes, and never twice.
func FuzzPoolKeys(f *testing.F) {
	for _, seed := range []string{"DSN=x;TestOnCheckout=1;", "PWD={;TestOnCheckout=0", ";;", "TestOnCheckout=1;TestOnCheckout={0", "HealthCheckQuery={a;b}}}=;x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, connection string) {
		var texts []string
		for s := range segments(connection) {
			texts = append(texts, s.text)
		}
		require.Equal(t, connection, strings.Join(texts, ";"))
		none := func(string) string { return "" }
		rest, _ := poolKeys(connection, none)
		again, found := poolKeys(rest, none)
		require.Equal(t, rest, again)
		require.Equal(t, poolSettings{}, found)
		for s := range segments(rest) {
			require.Contains(t, append(texts, ""), s.text)
		}
	})
}

func TestBackendID(t *testing.T) {
	for connection, want := range map[string]string{
		"Driver={SQL Server};Server=localhost;Port=1433;Database=myDb;UID=sa;PWD=secret": "localhost:1433:sa",
		"Server=host;Database=db1;UID=u":                                                 "host::u",
		"DSN=MyDSN":                                                                      "DSN=MyDSN",
		"Hostname=myserver;Port=5432;Username=myuser":                                    "myserver:5432:myuser",
		" HOST = {a;b} ; user={u}}v} ;Server=":                                           "a;b::u}v",
		"Server=a;Host=b;UID=x;User=;PWD={;Server=c;UID=}":                               "b::x",
		"Driver=SQLite3;Database=/tmp/a.db;":                                             "Driver=SQLite3;Database=/tmp/a.db;",
	} {
		require.Equal(t, want, BackendID(connection))
	}
	require.Regexp(t, `^sha256:[0-9a-f]{16}$`, BackendID("DSN=MyDSN;PWD=secret"))
	require.Regexp(t, `^sha256:[0-9a-f]{16}$`, BackendID("DSN=MyDSN;Whatever=secret"))
	require.Regexp(t, `^sha256:[0-9a-f]{16}$`, BackendID("DSN={MyDSN;PWD=secret"))
	require.NotEqual(t, BackendID("DSN=MyDSN;Whatever=a"), BackendID("DSN=MyDSN;Whatever=b"))
	require.NotContains(t, BackendID("Server=tcp://u:secret@h;Port=1"), "secret")
}

// TestIdentity: the database alone may differ.
func TestIdentity(t *testing.T) {
	const connection = "Driver=d;Server=s;UID=u;PWD={p;1};Database=a"
	same := identity(connection)
	for _, other := range []string{"Driver=d;Server=s;UID=u;PWD={p;1};Database=b", "driver = {d};SERVER=s;Database={c;d};UID=u;PWD={p;1};", "Driver=d;Server=s;UID=u;PWD={p;1}"} {
		require.Equal(t, same, identity(other), other)
	}
	for _, other := range []string{"Driver=d;Server=s;UID=u;PWD={p;2};Database=a", "Driver=d;Server=s;UID=v;PWD={p;1};Database=a", "Driver=e;Server=s;UID=u;PWD={p;1};Database=a", connection + ";Role=r", "Driver=d;Server=s;UID=u;PWD=p;1"} {
		require.NotEqual(t, same, identity(other), other)
	}
	require.NotContains(t, same, "p;1")
}

func TestValidateConnectionString(t *testing.T) {
	for _, good := range []string{"DSN=x", "DSN=x;", " Driver = {a;b} ; PWD={p}};UID=x};;", "PWD={};UID=c", "PWD=a{b;UID=c"} {
		require.NoError(t, ValidateConnectionString(good), good)
	}
	for bad, advice := range map[string]string{
		"":                      "is empty",
		"  \t":                  "is empty",
		"s3cret":                "no key=value",
		";;s3cret;":             "no key=value",
		"=s3cret":               "no key=value",
		"DSN=x\x00;PWD=s3cret":  "zero byte",
		"DSN=x;PWD={s3cret":     "value 2 is not closed",
		"DSN=x;PWD={s3}cret":    "follows the closing brace of value 2",
		"DSN=x;PWD={s3cret}};a": "value 2 is not closed",
	} {
		err := ValidateConnectionString(bad)
		require.ErrorContains(t, err, advice, bad)
		require.NotContains(t, err.Error(), "s3")
		require.ErrorIs(t, err, KindConfig)
		require.Equal(t, Validation, CategoryOf(err))
		var e *Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, NotSent, e.Outcome)
		require.False(t, IsConnectionError(err))
	}
}
