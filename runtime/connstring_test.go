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
