package runtime

import (
	"strings"

	"github.com/odbcgen/odbcgen/runtime/driver"
)

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

// connectionKeys returns the keys of a connection string in lower case. A value
// in braces may hold semicolons, and a closing brace twice.
func connectionKeys(connection string) map[string]bool {
	keys := make(map[string]bool)
	eachKey(connection, func(key, _ string) { keys[key] = true })
	return keys
}

// connectionValue returns the value of a key, given in lower case; "" without one.
func connectionValue(connection, key string) (value string) {
	eachKey(connection, func(k, v string) {
		if k == key && value == "" {
			value = v
		}
	})
	return value
}

// eachKey calls visit for each key, in lower case, and its value without braces.
func eachKey(connection string, visit func(key, value string)) {
	for rest := connection; rest != ""; {
		key, value, found := strings.Cut(rest, "=")
		if !found {
			break
		}
		key = key[strings.LastIndexByte(key, ';')+1:] // words without a value come before it
		rest = skipValue(value)
		visit(strings.ToLower(strings.TrimSpace(key)), plainValue(strings.TrimSuffix(value, rest)))
	}
}

// plainValue returns a value without what ends it and its braces.
func plainValue(written string) string {
	value := strings.Trim(strings.TrimRight(written, "; \t"), " \t")
	if inside, braces := strings.CutPrefix(value, "{"); braces {
		return strings.ReplaceAll(strings.TrimSuffix(inside, "}"), "}}", "}")
	}
	return value
}

// skipValue returns what follows the value that rest begins with.
func skipValue(rest string) string {
	rest = strings.TrimLeft(rest, " \t")
	if !strings.HasPrefix(rest, "{") {
		_, rest, _ = strings.Cut(rest, ";")
		return rest
	}
	for i := 1; i < len(rest); i++ {
		if rest[i] != '}' {
			continue
		}
		if i+1 < len(rest) && rest[i+1] == '}' {
			i++
			continue
		}
		_, rest, _ = strings.Cut(rest[i:], ";")
		return rest
	}
	return ""
}
