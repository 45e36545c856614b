//go:build cgo && !windows

package sys_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWithoutCgo builds without cgo, as Go does on its own where there is no C
// compiler: one sentence must say what is missing.
func TestWithoutCgo(t *testing.T) {
	cmd := exec.Command("go", "build", ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	message, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(message), "install gcc and the unixODBC headers")
	require.NotContains(t, string(message), "undefined")
}
