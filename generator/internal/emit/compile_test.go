package emit_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	_ "github.com/odbcgen/odbcgen/runtime" // a change there makes the result of this test stale
)

const module = "github.com/odbcgen/odbcgen"

// TestGoldenCompiles compiles and vets what is printed for every archive, all at
// once, in a module of its own as a user would have it.
func TestGoldenCompiles(t *testing.T) {
	dir := t.TempDir()
	useRepository(t, dir)
	for _, path := range archives(t) {
		archive, err := txtar.ParseFile(path)
		require.NoError(t, err)
		for _, f := range generate(t, archive) {
			writeFile(t, filepath.Join(dir, name(path), f.Name), f.Data)
		}
	}
	vet := exec.Command("go", "vet", "./...")
	vet.Dir = dir
	vet.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	output, err := vet.CombinedOutput()
	require.NoError(t, err, "%s", output)
}

// useRepository makes dir a module that needs what the repository needs, in the
// same versions, and the repository itself.
func useRepository(t *testing.T, dir string) {
	root, err := filepath.Abs("../../..")
	require.NoError(t, err)
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	require.NoError(t, err)
	own := strings.Replace(string(mod), "module "+module+"\n", "module goldens\n", 1)
	own += "\nrequire " + module + " v0.0.0\n\nreplace " + module + " => " + root + "\n"
	writeFile(t, filepath.Join(dir, "go.mod"), []byte(own))
	writeFile(t, filepath.Join(dir, "go.sum"), sum)
}

func writeFile(t *testing.T, path string, data []byte) {
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, data, 0o644))
}
