package driver_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// FuzzQuote: on every vendor a name is refused, or is one part of a qualified name, and
// read back as it was; what else the statement says does not hang on it.
func FuzzQuote(f *testing.F) {
	for _, name := range []string{"a", hostile, `"`, "]]", "``", "a]]", `""."`, "a\x00", "", "＂", "\u202e]", strings.Repeat("]", 64), "%s", "a b "} {
		f.Add(name, "b")
	}
	f.Fuzz(func(t *testing.T, name, other string) {
		for _, p := range driver.All() {
			d := p.Dialect
			quoted, err := d.Name(name)
			if err != nil {
				require.Empty(t, quoted)
				_, err := d.Insert(driver.Insert{Table: "t", Columns: []string{name}})
				require.Error(t, err)
				continue
			}
			parts, err := d.Parts(quoted)
			require.NoError(t, err)
			require.Equal(t, []string{name}, parts)
			second, err := d.Name(other)
			if err != nil || name == other {
				continue
			}
			parts, err = d.Parts(quoted + "." + second)
			require.NoError(t, err)
			require.Equal(t, []string{name, other}, parts)
			requireShape(t, d, name, quoted, other, second)
		}
	})
}

// requireShape: but for names, a statement is the same whatever the names are.
func requireShape(t *testing.T, d driver.Dialect, name, quoted, other, second string) {
	t.Helper()
	write := func(name, other string) (string, error) {
		return d.Insert(driver.Insert{
			Table: `"` + strings.ReplaceAll(name, `"`, `""`) + `"`, Columns: []string{name, other},
			Kinds: []protocol.Kind{protocol.Text, protocol.Int64}, Conflict: []string{name},
		})
	}
	got, err := write(name, other)
	plain, plainErr := write("x1", "x2")
	require.Equal(t, plainErr == nil, err == nil, "%v, %v", plainErr, err)
	if err != nil {
		return
	}
	x1, x2 := d.Quote("x1"), d.Quote("x2")
	require.Equal(t, strings.NewReplacer(x1, quoted, x2, second).Replace(plain), got)
}
