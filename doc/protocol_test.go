package doc_test

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// TestProtocol: protocol.md has every kind with its number and every limit, and its
// examples are the vectors, byte for byte.
func TestProtocol(t *testing.T) {
	text, err := os.ReadFile("protocol.md")
	require.NoError(t, err)
	for _, kind := range protocol.Kinds() {
		require.Contains(t, string(text), fmt.Sprintf("| `%s` | %d |", kind, kind))
	}
	for field := range reflect.TypeFor[protocol.Limits]().Fields() {
		require.Contains(t, string(text), "| `"+field.Name+"` |")
	}
	examples := regexp.MustCompile("(?s)```\n# (\\d\\d-[a-z0-9-]+): (.*?)```").FindAllStringSubmatch(string(text), -1)
	require.GreaterOrEqual(t, len(examples), 16)
	for _, example := range examples {
		vector, err := os.ReadFile(filepath.Join("../testdata/protocol", example[1]+".hex"))
		require.NoError(t, err)
		require.Equal(t, bytesIn(t, string(vector)), bytesIn(t, "# "+example[2]), example[1])
	}
}

// bytesIn decodes hexadecimal digits with white space and comments between them.
func bytesIn(t *testing.T, text string) []byte {
	digits := regexp.MustCompile(`#.*|\s`).ReplaceAllString(text, "")
	data, err := hex.DecodeString(digits)
	require.NoError(t, err)
	return data
}
