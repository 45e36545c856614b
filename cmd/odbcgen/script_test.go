package main

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite what is wanted in testdata")

// TestMain makes this test the command odbcgen of the scripts.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"odbcgen": main})
}

// TestScripts runs the scripts of testdata as a user would. Beside the commands
// of testscript they have
//
//	exits 2 odbcgen …	run a program and require its exit code
//	module	make the current folder a Go module with odbcgen as its tool
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		Setup:               inModules(t),
		Cmds:                commands,
		RequireExplicitExec: true,
		UpdateScripts:       *update,
	})
}

// inModules sets an environment up in which the go command takes a module as it is.
func inModules(t *testing.T) func(*testscript.Env) error {
	goEnv := strings.Fields(outputOf(t, "go", "env", "GOMODCACHE", "GOCACHE"))
	return func(e *testscript.Env) error {
		e.Setenv("GOMODCACHE", goEnv[0])
		e.Setenv("GOCACHE", goEnv[1])
		e.Setenv("GOFLAGS", "-mod=mod -buildvcs=false")
		e.Setenv("GOPROXY", "off")
		e.Setenv("GOWORK", "off")
		return nil
	}
}

func outputOf(t *testing.T, program string, args ...string) string {
	out, err := exec.Command(program, args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

var commands = map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "module": module}

// exits runs a program and holds its exit code against the wanted one.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	code := 0
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

// module writes a go.mod that needs what this repository needs, in the same
// versions, and the repository itself.
func module(ts *testscript.TestScript, _ bool, _ []string) {
	root, err := filepath.Abs("../..")
	ts.Check(err)
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	ts.Check(err)
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	ts.Check(err)
	const path = "github.com/odbcgen/odbcgen"
	own := strings.Replace(string(mod), "module "+path+"\n", "module example.com/shop\n", 1) +
		"\nrequire " + path + " v0.0.0\n\nreplace " + path + " => " + root + "\n\ntool " + path + "/cmd/odbcgen\n"
	ts.Check(os.WriteFile(ts.MkAbs("go.mod"), []byte(own), 0o644))
	ts.Check(os.WriteFile(ts.MkAbs("go.sum"), sum, 0o644))
}
