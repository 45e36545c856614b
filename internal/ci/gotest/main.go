// Command gotest runs the tests of modules, then their fuzz targets:
//
//	gotest [-fuzztime [package=]10s|1000x] [-allocations package] [-fuzzonly | -faults] folder ...
//
// Tests run in their short form. With -faults only those of faults run, TestF12_Name,
// in their long form, and one line is shown for each fault, see doc/faults.md.
//
// Each folder is the root of a module. The output of a test is shown when it
// fails. A step that runs no test is a failure: a wrong pattern, folder or build
// tag must not look like success. The last line has the totals; it counts tests
// and subtests, each package that fails outside of its tests, and each step
// that runs none.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	each := fuzzTimes{"": "10000x"}
	flag.Func("fuzztime", "how long, or how often, to run each fuzz target; package=20s is for those of a package alone", each.set)
	allocations := flag.String("allocations", "", "a package of the first module whose tests of allocations also run without the race detector, which allocates")
	fuzzonly := flag.Bool("fuzzonly", false, "run the fuzz targets only")
	faultsonly := flag.Bool("faults", false, "run the tests of faults only")
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	r := &report{out: os.Stdout}
	if *faultsonly {
		faults(r, flag.Args())
	} else {
		test(r, flag.Args(), *fuzzonly, *allocations, each)
	}
	fmt.Println(r.totals)
	if r.failed > 0 {
		os.Exit(1)
	}
}

func test(r *report, modules []string, fuzzonly bool, allocations string, each fuzzTimes) {
	if !fuzzonly {
		for _, module := range modules {
			r.run(module, "-race", "-short", "-count=1", "./...")
		}
		if allocations != "" {
			r.run(modules[0], "-short", "-count=1", "-run=Alloc|Memory", allocations)
		}
	}
	fuzz(r, modules, each)
}
