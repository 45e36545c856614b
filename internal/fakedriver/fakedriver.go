// Package fakedriver builds an ODBC driver that does on demand what no real one
// does. Tests load it through the real driver manager.
package fakedriver

import (
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

//go:embed testdata/driver.c
var source []byte

// Build compiles the driver for a test, and returns an ODBC connection string for it.
func Build(t testing.TB) string {
	t.Helper()
	folder := t.TempDir()
	from, to := filepath.Join(folder, "driver.c"), filepath.Join(folder, "libfake.so")
	if err := os.WriteFile(from, source, 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("gcc", "-shared", "-fPIC", "-O1", "-o", to, from).CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	return "Driver=" + to
}
