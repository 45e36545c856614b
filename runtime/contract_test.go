package runtime_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime"
)

// TestContract compiles generated code's side of the contract: a mismatch must
// not compile, and the compiler must say which side to update.
func TestContract(t *testing.T) {
	for _, test := range []struct {
		name   string
		number int
		wanted string // in the compiler's message, "" where the code compiles
	}{
		{"oldest", runtime.MinContract, ""},
		{"newest", runtime.MaxContract, ""},
		{"too old", runtime.MinContract - 1, "runtime\".GeneratedCodeTooOld"},
		{"too new", runtime.MaxContract + 1, "runtime\".RuntimeTooOld"},
	} {
		t.Run(test.name, func(t *testing.T) {
			// A file beside this one, which only this build sees.
			source := filepath.Join(t.TempDir(), "generated.go")
			require.NoError(t, os.WriteFile(source, fmt.Appendf(nil, `package generated

import "github.com/odbcgen/odbcgen/runtime"

const (
	_ = runtime.GeneratedCodeTooOld(%[1]d - runtime.MinContract)
	_ = runtime.RuntimeTooOld(runtime.MaxContract - %[1]d)
)
`, test.number), 0o644))
			here, err := os.Getwd()
			require.NoError(t, err)
			overlay := filepath.Join(t.TempDir(), "overlay.json")
			require.NoError(t, os.WriteFile(overlay, fmt.Appendf(nil, `{"Replace": {%q: %q}}`,
				filepath.Join(here, "internal", "generated", "generated.go"), source), 0o644))
			message, err := exec.Command("go", "build", "-overlay", overlay, "./internal/generated").CombinedOutput()
			if test.wanted == "" {
				require.NoError(t, err, "%s", message)
				return
			}
			require.Error(t, err)
			require.Contains(t, string(message), "overflows")
			require.Contains(t, string(message), test.wanted)
		})
	}
}
