package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	for _, test := range []struct {
		name   string
		code   string
		totals string
		shows  string
	}{
		{"passing tests", `func TestA(t *testing.T) { t.Run("sub", func(t *testing.T) {}) }`, "2 passed, 0 failed", "ok   example.test "},
		{"a failing test", `func TestA(t *testing.T) {}; func TestB(t *testing.T) { t.Fatal("why it failed") }`, "1 passed, 1 failed", "why it failed"},
		{"a skipped test", `func TestA(t *testing.T) { t.Skip("why it was skipped") }`, "0 passed, 0 failed, 1 skipped", "why it was skipped"},
		{"no test", `func helper(t *testing.T) {}`, "0 passed, 1 failed", "FAIL: no test ran in "},
		{"a build that fails", `func TestA(t *testing.T) { undefinedName() }`, "0 passed, 1 failed", "undefinedName"},
		{"a package that fails outside its tests", `func TestA(t *testing.T) {}; func TestMain(m *testing.M) { m.Run(); panic("out of tests") }`, "1 passed, 1 failed", "out of tests"},
		{"a race", `func TestA(t *testing.T) { x := 0; done := make(chan bool); go func() { x++; close(done) }(); x++; <-done }`, "0 passed, 1 failed", "DATA RACE"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			r := &report{out: &out}
			r.run(module(t, test.code), "-race", "-count=1", "./...")
			require.Equal(t, test.totals, r.String(), "%s", &out)
			require.Contains(t, out.String(), test.shows)
		})
	}
}

func TestRunWithoutModule(t *testing.T) {
	var out bytes.Buffer
	r := &report{out: &out}
	r.run(filepath.Join(t.TempDir(), "nowhere"), "./...")
	require.NotZero(t, r.failed)
	require.Contains(t, out.String(), "nowhere")
}

func TestFuzz(t *testing.T) {
	for _, test := range []struct {
		name   string
		code   string
		totals string
		shows  string
	}{
		{"good targets", `func FuzzA(f *testing.F) { f.Fuzz(func(*testing.T, string) {}) }; func FuzzAB(f *testing.F) { f.Fuzz(func(*testing.T, string) {}) }`,
			"2 passed, 0 failed", "-fuzz=^FuzzAB$"},
		{"a target that fails", `func FuzzA(f *testing.F) { f.Fuzz(func(t *testing.T, s string) { if len(s) > 2 { t.Fatal("long input") } }) }`,
			"0 passed, 1 failed", "long input"},
		{"a build that fails", `func FuzzA(f *testing.F) { undefinedName() }`, "0 passed, 2 failed", "undefinedName"},
		{"no target", `func TestA(t *testing.T) {}`, "0 passed, 1 failed", "FAIL: no fuzz target in "},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			r := &report{out: &out}
			fuzz(r, []string{module(t, test.code)}, fuzzTimes{"": "500x"})
			require.Equal(t, test.totals, r.String(), "%s", &out)
			require.Contains(t, out.String(), test.shows)
		})
	}
}

func TestFuzzTimes(t *testing.T) {
	each := fuzzTimes{"": "30000x"}
	require.NoError(t, each.set("1000x"))
	require.NoError(t, each.set("protocol=20s"))
	require.Equal(t, "20s", each.of(target{pkg: "example.test/runtime/protocol"}))
	require.Equal(t, "1000x", each.of(target{pkg: "example.test/runtime/oldprotocol"}))
}

// TestOutOfTime: what a busy machine makes of a time that is over, and what must not be taken for it.
func TestOutOfTime(t *testing.T) {
	const ended = "=== RUN   FuzzA\nfuzz: elapsed: 20s, execs: 8 (0/sec)\n--- FAIL: FuzzA (20.02s)\n    context deadline exceeded\n"
	require.True(t, outOfTime(ended))
	require.False(t, outOfTime(ended+"    \n    Failing input written to testdata/fuzz/FuzzA/0\n"))
	require.False(t, outOfTime("--- FAIL: TestA (20.02s)\n    context deadline exceeded\n"))
	require.False(t, outOfTime("--- FAIL: FuzzA (0.02s)\n    --- FAIL: FuzzA (0.00s)\n        context deadline exceeded\n"))
}

// module returns the folder of a new module with one test file.
func module(t *testing.T, code string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.test\n\ngo 1.25\n"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a_test.go"), []byte("package a\n\nimport \"testing\"\n\n"+code), 0o644))
	return dir
}

func TestFaults(t *testing.T) {
	good := module(t, `func TestF0_A(t *testing.T) { t.Run("sub", func(t *testing.T) {}) }
func TestF1_B(t *testing.T) {}; func TestF2_C(t *testing.T) {}; func TestF4_D(t *testing.T) { t.Skip("why it was skipped") }; func TestOther(t *testing.T) { t.Fatal("no fault") }`)
	bad := module(t, `func TestF1_E(t *testing.T) { t.Run("sub", func(t *testing.T) { t.Fatal("why it failed") }) }; func TestF50_F(t *testing.T) {}`)
	broken := module(t, `func TestF5_G(t *testing.T) { undefinedName() }`)
	var out bytes.Buffer
	r := &report{out: &out}
	faults(r, []string{good, bad, broken})
	require.Equal(t, "3 passed, 48 failed, 1 skipped", r.String(), "%s", &out)
	lines := out.String()
	for _, want := range []string{
		`(?m)^F0 pass \d+\.\ds any error of a driver$`,
		`(?m)^F1 FAIL \d+\.\ds server killed while rows are read$`,
		`(?m)^F2 pass `, `(?m)^F3 missing 0\.0s session ended while idle$`, `(?m)^F4 skip `, `(?m)^F50 pass `,
		"why it failed", "why it was skipped", "undefinedName",
	} {
		require.Regexp(t, want, lines)
	}
	require.NotContains(t, lines, "no fault")
}
