package sqlscan_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
	"github.com/odbcgen/odbcgen/runtime/driver"
)

// FuzzName: what the runtime writes for a name is one name to the reader of the dialect,
// whatever is in it, and that name.
func FuzzName(f *testing.F) {
	for _, seed := range []string{
		`a`, `a"b`, `""`, "a`b", "``", "a]b", "]]", "[", "a' --", "a\\", `\"`, "; DROP TABLE t; --", "/* a", "*/", "a\nb", "a\r\n", "\u2028", "a\x00", "\xff",
		"ʼ＇＂｀］", "\u202ea", "select", "1a", "a ", " a", "a.b", "😀", "%s%d%!", "$$", "q'[", "?", "{fn x}", ":a", "@a", "#a",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		for _, p := range driver.All() {
			quoted, err := p.Dialect.Name(name)
			if err != nil {
				require.Empty(t, quoted)
				continue
			}
			tokens := sqlscan.Scan(sqlscan.DialectOf(p.Name), "SELECT "+quoted+"."+quoted+" FROM t")
			require.Len(t, tokens, 6, "%s: %s", p.Name, quoted)
			for _, i := range []int{1, 3} {
				require.Equal(t, sqlscan.QuotedName, tokens[i].Kind)
				require.Equal(t, quoted, tokens[i].Text)
				require.Equal(t, name, tokens[i].Name())
			}
			parts, err := p.Dialect.Parts(quoted + "." + quoted)
			require.NoError(t, err)
			require.Equal(t, []string{name, name}, parts)
		}
	})
}
