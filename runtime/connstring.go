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
	for rest := connection; rest != ""; {
		key, value, found := strings.Cut(rest, "=")
		if !found {
			break
		}
		key = key[strings.LastIndexByte(key, ';')+1:] // words without a value come before it
		keys[strings.ToLower(strings.TrimSpace(key))] = true
		rest = skipValue(value)
	}
	return keys
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
