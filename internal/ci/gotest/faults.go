package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// faultTitles are the faults that there must be tests of, by their numbers.
var faultTitles = [...]string{
	"any error of a driver",
	"server killed while rows are read",
	"session ended while a statement runs",
	"session ended while idle",
	"session ended before commit",
	"link stalls",
	"link down without a word",
	"link reset within a bulk insert",
	"slow reader of a long result",
	"cancel request hangs",
	"context ends in each phase",
	"cancelled before the statement starts",
	"cancelled call reports success",
	"late cancel",
	"deadlock",
	"lock timeout, nowait, busy",
	"serialization failure",
	"commit of a failed transaction",
	"transaction left open",
	"session settings left behind",
	"1000 callers, 10 connections",
	"queue overflow",
	"nothing to dial",
	"dial hangs",
	"server restarts under load",
	"single recovery, and Close",
	"failover, read-only server",
	"password rotation",
	"too many sessions",
	"disk full",
	"truncation and growing lengths",
	"invalid text",
	"number and date overflow",
	"NULL in a NOT NULL column",
	"schema drift",
	"huge rows",
	"handle leaks",
	"answers out of step",
	"driver crashes",
	"driver breaks the contract",
	"broken frames",
	"frames that unpack to too much",
	"bad rows in a bulk insert",
	"oversized packet",
	"process stopped for long",
	"Close with a stuck call",
	"all connections expire at once",
	"500 blocked calls",
	"locales and environments",
	"identities are never mixed",
	"histories are linearizable",
}

// fault is what its tests have shown.
type fault struct {
	totals
	seconds float64
	output  string // of the tests that did not pass
}

// faults runs the tests of faults in the modules and shows a line for each fault. It
// passes when all its tests do, of which there must be one.
func faults(r *report, modules []string) {
	found := map[int]*fault{}
	for _, module := range modules {
		findFaults(r, module, found)
	}
	for n := range faultTitles {
		r.showFault(n, found[n])
	}
}

var faultTest = regexp.MustCompile(`^TestF([0-9]+)_[^/]*$`)

// findFaults runs packages one after the other: their tests measure times.
func findFaults(r *report, module string, found map[int]*fault) {
	output := map[string]string{} // by package and test, those of subtests with it
	failed := map[string]bool{}   // packages with a failed test
	args := []string{"-count=1", "-p=1", "-timeout=60m", "-run=^TestF[0-9]+_", "./..."}
	r.goTest(module, args, func(e event) {
		test, _, _ := strings.Cut(e.Test, "/")
		key := e.Package + " " + test
		switch e.Action {
		case "output":
			output[key] += e.Output
		case "fail":
			if failed[e.Package] = failed[e.Package] || e.Test != ""; !failed[e.Package] {
				r.fail("%s\n%s", e.Package, output[key])
			}
			fallthrough
		case "pass", "skip":
			if number := faultTest.FindStringSubmatch(e.Test); number != nil {
				n, _ := strconv.Atoi(number[1])
				if found[n] == nil {
					found[n] = &fault{}
				}
				found[n].add(e, output[key])
			}
		}
	})
}

func (f *fault) add(e event, output string) {
	f.seconds += e.Elapsed
	switch e.Action {
	case "pass":
		f.passed++
		return
	case "fail":
		f.failed++
	case "skip":
		f.skipped++
	}
	f.output += output
}

func (r *report) showFault(n int, f *fault) {
	word := "pass"
	switch {
	case f == nil:
		word, f = "missing", &fault{}
		r.failed++
	case f.failed > 0:
		word = "FAIL"
		r.failed++
	case f.skipped > 0:
		word = "skip"
		r.skipped++
	default:
		r.passed++
	}
	fmt.Fprintf(r.out, "F%d %s %.1fs %s\n%s", n, word, f.seconds, faultTitles[n], f.output)
}
