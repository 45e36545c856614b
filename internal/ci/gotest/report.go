package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
)

// report shows what go test does, and counts.
type report struct {
	mu  sync.Mutex // guards the others while several runs add to them
	out io.Writer
	totals
}

// totals counts results.
type totals struct{ passed, failed, skipped int }

// String returns the totals as the last line of a run shows them.
func (t totals) String() string {
	s := fmt.Sprintf("%d passed, %d failed", t.passed, t.failed)
	if t.skipped > 0 {
		s += fmt.Sprintf(", %d skipped", t.skipped)
	}
	return s
}

// add adds what a run has counted and shown.
func (r *report) add(t totals, shown io.Reader) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.passed, r.failed, r.skipped = r.passed+t.passed, r.failed+t.failed, r.skipped+t.skipped
	io.Copy(r.out, shown)
}

// run runs go test with args in the folder module.
func (r *report) run(module string, args ...string) {
	before := r.totals
	fmt.Fprintf(r.out, "# %s: go test %s\n", module, strings.Join(args, " "))
	output := map[[2]string]string{} // of package and test, until the test has ended
	failed := map[string]bool{}      // packages with a failed test
	r.goTest(module, args, func(e event) {
		key := [2]string{e.Package, e.Test}
		switch e.Action {
		case "output":
			output[key] += e.Output
		case "pass":
			r.pass(e)
			delete(output, key)
		case "skip":
			r.skip(e, output[key])
		case "fail":
			if outOfTime(output[key]) {
				failed[e.Package] = true // it has told why
				r.pass(e)
				return
			}
			fmt.Fprint(r.out, output[key]) // for a package this ends with the line FAIL
			r.countFailure(e, failed)
		}
	})
	if r.totals == before {
		r.fail("no test ran in %s", module)
	}
}

// outOfTime reports whether a fuzz target has failed only because the time for it was
// over, as the go command has it on a busy machine.
func outOfTime(output string) bool {
	_, after, is := strings.Cut(output, "--- FAIL: Fuzz")
	_, after, _ = strings.Cut(after, "\n")
	return is && strings.TrimSpace(after) == "context deadline exceeded"
}

// fail reports what no test reports.
func (r *report) fail(format string, args ...any) {
	r.failed++
	fmt.Fprintf(r.out, "FAIL: "+format+"\n", args...)
}

func (r *report) pass(e event) {
	if e.Test != "" {
		r.passed++
		return
	}
	fmt.Fprintf(r.out, "ok   %s %.1fs\n", e.Package, e.Elapsed)
}

// skip names the tests skipped; a package without tests is skipped as well.
func (r *report) skip(e event, output string) {
	if e.Test == "" {
		return
	}
	r.skipped++
	fmt.Fprintf(r.out, "skip %s %s\n%s", e.Package, e.Test, output)
}

// countFailure counts a failed package when none of its tests has told of it.
func (r *report) countFailure(e event, failed map[string]bool) {
	if e.Test != "" {
		failed[e.Package] = true
		r.failed++
		return
	}
	if !failed[e.Package] {
		r.failed++
	}
}

// event is one of go test -json; see cmd/test2json.
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

// goTest gives the events of go test with args to each. It shows errors of the
// build, and counts an end as a failure that no event tells of.
func (r *report) goTest(module string, args []string, each func(event)) {
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Dir = module
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		r.fail("go test in %s: %v", module, err)
		return
	}
	if err := cmd.Start(); err != nil {
		r.fail("go test in %s: %v", module, err)
		return
	}
	told := r.read(stdout, each)
	if err := cmd.Wait(); err != nil && !told {
		r.fail("go test in %s: %v", module, err)
	}
}

// read gives the events of stdout to each and says whether a failure was among them.
func (r *report) read(stdout io.Reader, each func(event)) (failure bool) {
	lines := bufio.NewReader(stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return failure
		}
		var e event
		if json.Unmarshal(line, &e) != nil {
			e = event{Action: "build-output", Output: string(line)}
		}
		if e.Action == "build-output" {
			fmt.Fprint(r.out, e.Output)
		}
		failure = failure || e.Action == "fail"
		each(e)
	}
}
