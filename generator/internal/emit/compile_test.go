package emit_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/odbcgen/odbcgen/generator/internal/plan"
	"github.com/odbcgen/odbcgen/internal/golden"
	"github.com/odbcgen/odbcgen/runtime" // a change there makes the results of these tests stale
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
	requireVetted(t, dir)
}

// TestOlderContractsCompile compiles what older generators wrote, for each contract
// that the runtime says it keeps.
func TestOlderContractsCompile(t *testing.T) {
	dir := t.TempDir()
	golden.UseRepository(t, dir)
	for contract := runtime.MinContract; contract < plan.Contract; contract++ {
		archive, err := txtar.ParseFile(fmt.Sprintf("testdata/contract/%d.txtar", contract))
		require.NoError(t, err)
		golden.Write(t, filepath.Join(dir, fmt.Sprintf("contract%d", contract)), archive.Files)
	}
	requireVetted(t, dir)
}

func requireVetted(t *testing.T, dir string) {
	t.Helper()
	vet := exec.Command("go", "vet", "./...")
	vet.Dir = dir
	vet.Env = golden.Environ()
	output, err := vet.CombinedOutput()
	require.NoError(t, err, "%s", output)
}
