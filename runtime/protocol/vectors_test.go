package protocol_test

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// vector returns the bytes of a file in testdata/protocol, which has them as hex with
// spaces and comments.
func vector(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "protocol", name+".hex"))
	require.NoError(t, err)
	digits := regexp.MustCompile(`#.*`).ReplaceAllString(string(text), "")
	data, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
	require.NoError(t, err)
	return data
}
