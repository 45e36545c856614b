package emit_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	_ "github.com/odbcgen/odbcgen/runtime" // a change there makes the result of this test stale

	"github.com/odbcgen/odbcgen/internal/golden"
)

// TestGoldenCompiles compiles and vets what is printed for every archive, all at
// once, in a module of its own as a user would have it.
func TestGoldenCompiles(t *testing.T) {
	dir := t.TempDir()
	golden.UseRepository(t, dir)
	for _, path := range golden.Archives(t) {
		archive, err := txtar.ParseFile(path)
		require.NoError(t, err)
		golden.Write(t, filepath.Join(dir, golden.Name(path)), generate(t, archive))
	}
	vet := exec.Command("go", "vet", "./...")
	vet.Dir = dir
	vet.Env = golden.Environ()
	output, err := vet.CombinedOutput()
	require.NoError(t, err, "%s", output)
}
