package runtime

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/driver"
)

// segment is what stands between the semicolons of a connection string: a key and
// its value. A value that begins with a brace goes on to its closing one, where a
// doubled one is a part of it.
type segment struct {
	text  string // as it was written
	key   string // in lower case; "" without a "="
	value string // without braces
	whole bool   // a key with a value whose braces are in order
}

// segments yields those of a connection string. Their texts, joined by semicolons,
// are the string.
func segments(connection string) iter.Seq[segment] {
	return func(yield func(segment) bool) {
		for more := true; more; {
			end := segmentLength(connection)
			more = end < len(connection)
			text := connection[:end]
			if more {
				connection = connection[end+1:]
			}
			if !yield(newSegment(text)) {
				return
			}
		}
	}
}

// segmentLength returns the length of the first segment.
func segmentLength(connection string) int {
	end := len(connection)
	if i := strings.IndexByte(connection, ';'); i >= 0 {
		end = i
	}
	key, value, found := strings.Cut(connection[:end], "=")
	if !found || !strings.HasPrefix(strings.TrimLeft(value, " \t"), "{") {
		return end
	}
	start := len(key) + 1 + strings.IndexByte(value, '{')
	close := closingBrace(connection[start:])
	if close < 0 {
		return len(connection)
	}
	end = start + close
	if i := strings.IndexByte(connection[end:], ';'); i >= 0 {
		return end + i
	}
	return len(connection)
}

// closingBrace returns the place of the brace that closes the one that value begins
// with, -1 where none does.
func closingBrace(value string) int {
	for i := 1; i < len(value); i++ {
		if value[i] != '}' {
			continue
		}
		if i+1 == len(value) || value[i+1] != '}' {
			return i
		}
		i++
	}
	return -1
}

func newSegment(text string) segment {
	key, value, found := strings.Cut(text, "=")
	if !found {
		return segment{text: text}
	}
	s := segment{text: text, key: strings.ToLower(strings.TrimSpace(key)), value: strings.Trim(value, " \t"), whole: true}
	if strings.HasPrefix(s.value, "{") {
		s.whole = closingBrace(s.value) == len(s.value)-1
		s.value = strings.ReplaceAll(strings.TrimSuffix(s.value[1:], "}"), "}}", "}")
	}
	return s
}

// ValidateConnectionString says what is wrong with the form of a connection string,
// before a driver sees it. It never shows the string.
func ValidateConnectionString(connection string) error {
	var wrong string
	switch {
	case strings.TrimSpace(connection) == "":
		wrong = `connection string is empty: give one such as "Driver=SQLite3;Database=app.db" or "DSN=name"`
	case strings.ContainsRune(connection, 0):
		wrong = "connection string holds a zero byte: take it out"
	default:
		wrong = malformed(connection)
	}
	if wrong == "" {
		return nil
	}
	return operation{op: "connect"}.wrap(&connectionStringError{wrong})
}

// connectionStringError says what is wrong with a connection string.
type connectionStringError struct{ text string }

func (e *connectionStringError) Error() string { return e.text }

// malformed says which segment is wrong, "" for none.
func malformed(connection string) string {
	pairs, n := 0, 0
	for s := range segments(connection) {
		n++
		switch _, value, _ := strings.Cut(s.text, "="); {
		case s.key != "" && !s.whole && closingBrace(strings.TrimLeft(value, " \t")) < 0:
			return fmt.Sprintf("connection string: the brace of value %d is not closed: end it with }, and write a } inside of it twice", n)
		case s.key != "" && !s.whole:
			return fmt.Sprintf("connection string: something follows the closing brace of value %d: write a } inside of a value twice, and a semicolon after it", n)
		case s.key != "":
			pairs++
		}
	}
	if pairs == 0 {
		return "connection string has no key=value: write one such as DSN=name"
	}
	return ""
}

// Complete returns the connection string by which the runtime connects, given the
// user's own: it has nothing for the pool, and the settings that the plugin adds.
func Complete(connection string, plugin *driver.Plugin) string {
	connection, _ = poolKeys(connection, os.Getenv)
	return withSettings(connection, plugin.Settings)
}

// withSettings appends the settings whose keys the connection string has not.
func withSettings(connection string, settings []driver.Setting) string {
	keys := connectionKeys(connection)
	for _, s := range settings {
		if !keys[strings.ToLower(s.Key)] {
			connection = strings.TrimRight(connection, "; \t") + ";" + s.Key + "=" + s.Value
		}
	}
	return connection
}

// connectionKeys returns the keys of a connection string in lower case.
func connectionKeys(connection string) map[string]bool {
	keys := make(map[string]bool)
	for s := range segments(connection) {
		if _, _, pair := strings.Cut(s.text, "="); pair {
			keys[s.key] = true
		}
	}
	return keys
}

// connectionValue returns the value of a key, given in lower case; "" without one.
func connectionValue(connection, key string) string {
	for s := range segments(connection) {
		if s.key == key && s.value != "" {
			return s.value
		}
	}
	return ""
}

// poolSettings are what a connection string or the environment says of the pool.
type poolSettings struct {
	Test  *bool  // whether a connection is tested before its use; nil where nobody says
	Query string // what it is tested with; "" where nobody says
}

// The keys and variables that poolKeys reads.
var (
	testKeys  = []string{"pooltestoncheckout", "testoncheckout", "pool_test_on_checkout", "pool_test_on_check_out", "test_on_checkout", "test_on_check_out"}
	queryKeys = []string{"poolhealthcheckquery", "healthcheckquery", "pool_health_check_query", "health_check_query"}
)

const (
	testVariable  = "ODBC_POOL_TEST_ON_CHECKOUT"
	queryVariable = "ODBC_POOL_HEALTH_CHECK_QUERY"
)

// poolKeys takes out of a connection string what is meant for the pool. The last
// key that has a valid value has the word, and the string before the environment.
func poolKeys(connection string, env func(string) string) (rest string, found poolSettings) {
	found = poolSettings{Test: yesOrNo(env(testVariable)), Query: strings.TrimSpace(env(queryVariable))}
	var kept []string
	for s := range segments(connection) {
		value := strings.TrimSpace(s.value)
		switch {
		case slices.Contains(testKeys, s.key):
			if test := yesOrNo(value); test != nil {
				found.Test = test
			}
		case slices.Contains(queryKeys, s.key):
			if value != "" {
				found.Query = value
			}
		default:
			kept = append(kept, s.text)
		}
	}
	return strings.Join(kept, ";"), found
}

// yesOrNo returns nil for a word that is neither.
func yesOrNo(word string) *bool {
	yes := slices.Contains([]string{"1", "true", "yes", "on"}, strings.ToLower(strings.TrimSpace(word)))
	no := slices.Contains([]string{"0", "false", "no", "off"}, strings.ToLower(strings.TrimSpace(word)))
	if yes == no {
		return nil
	}
	return &yes
}

// BackendID names the server and the user that a connection string leads to, as
// server:port:user. Where it says neither, it is the string itself if that holds
// only names of a driver, a data source and a database, and otherwise a hash of
// what Redact leaves of it.
func BackendID(connection string) string {
	var server, port, user string
	named := true
	for s := range segments(connection) {
		named = named && (strings.TrimSpace(s.text) == "" || slices.Contains([]string{"dsn", "driver", "database"}, s.key))
		if s.value == "" || isSecret(s) {
			continue
		}
		switch s.key {
		case "server", "host", "hostname":
			server = s.value
		case "port":
			port = s.value
		case "uid", "user", "username":
			user = s.value
		}
	}
	switch redacted := Redact(connection); {
	case server+port+user != "":
		return server + ":" + port + ":" + user
	case named && redacted == connection:
		return connection
	default:
		sum := sha256.Sum256([]byte(redacted))
		return "sha256:" + hex.EncodeToString(sum[:8])
	}
}

// identity is the same for two connection strings that differ in their database
// only: as whom, how and to which server they connect. It means nothing in another
// process, so that no password can be found from it.
func identity(connection string) string {
	mac := hmac.New(sha256.New, identityKey)
	for s := range segments(connection) {
		switch {
		case s.key == "database" || strings.TrimSpace(s.text) == "":
		case s.key == "":
			fmt.Fprintf(mac, "%q;", s.text)
		default:
			fmt.Fprintf(mac, "%q=%q;", s.key, s.value)
		}
	}
	return hex.EncodeToString(mac.Sum(nil))
}

var identityKey = []byte(rand.Text())
