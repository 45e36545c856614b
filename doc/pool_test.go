package doc_test

import (
	"os"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/pool"
)

// TestPool: pool.md names every option and every count of the pool.
func TestPool(t *testing.T) {
	text, err := os.ReadFile("pool.md")
	require.NoError(t, err)
	for _, of := range []reflect.Type{reflect.TypeFor[pool.Options](), reflect.TypeFor[pool.Counts](), reflect.TypeFor[pool.Stat]()} {
		for field := range of.Fields() {
			if !field.Anonymous {
				require.Contains(t, string(text), "`"+field.Name, of)
			}
		}
	}
}
