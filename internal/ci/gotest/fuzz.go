package main

import "strings"

// fuzz runs each fuzz target of the modules for a time, or for a number of
// executions written 100x.
func fuzz(r *report, modules []string, each string) {
	var targets []target
	for _, module := range modules {
		targets = append(targets, findTargets(r, module)...)
	}
	if len(targets) == 0 {
		r.fail("no fuzz target in %s", strings.Join(modules, " "))
	}
	for _, t := range targets {
		r.run(t.module, "-run=^$", "-fuzz=^"+t.name+"$", "-fuzztime="+each, t.pkg)
	}
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
