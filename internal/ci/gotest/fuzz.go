package main

import (
	"bytes"
	"runtime"
	"strings"
	"sync"
)

// fuzzTimes are how long, or how often (written 100x), targets run, by the end of
// their package's path; "" is for those of all others.
type fuzzTimes map[string]string

func (f fuzzTimes) set(s string) error {
	pkg, time, of := strings.Cut(s, "=")
	if !of {
		pkg, time = "", s
	}
	f[pkg] = time
	return nil
}

func (f fuzzTimes) of(t target) string {
	for pkg, time := range f {
		if pkg != "" && strings.HasSuffix(t.pkg, "/"+pkg) {
			return time
		}
	}
	return f[""]
}

// fuzz runs each fuzz target of the modules.
func fuzz(r *report, modules []string, each fuzzTimes) {
	var targets []target
	for _, module := range modules {
		targets = append(targets, findTargets(r, module)...)
	}
	if len(targets) == 0 {
		r.fail("no fuzz target in %s", strings.Join(modules, " "))
	}
	var running sync.WaitGroup
	free := make(chan struct{}, runtime.NumCPU())
	for _, t := range targets {
		free <- struct{}{}
		running.Go(func() {
			r.fuzz(t, each.of(t))
			<-free
		})
	}
	running.Wait()
}

// fuzz runs a target on one processor, beside others.
func (r *report) fuzz(t target, time string) {
	var out bytes.Buffer
	one := &report{out: &out}
	one.run(t.module, "-run=^$", "-fuzz=^"+t.name+"$", "-fuzztime="+time, "-fuzzminimizetime=10x", "-parallel=1", t.pkg)
	r.add(one.totals, &out)
}

// target is a fuzz target. The go command takes one per run.
type target struct{ module, pkg, name string }

// findTargets asks for the build of run, so that nothing is compiled twice.
func findTargets(r *report, module string) (found []target) {
	r.goTest(module, []string{"-race", "-list=^Fuzz", "./..."}, func(e event) {
		if name := strings.TrimSpace(e.Output); strings.HasPrefix(name, "Fuzz") {
			found = append(found, target{module, e.Package, name})
		}
		if e.Action == "fail" {
			r.fail("list the fuzz targets of %s", e.Package)
		}
	})
	return found
}
