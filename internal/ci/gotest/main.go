// Command gotest runs the tests of modules, then their fuzz targets:
//
//	gotest [-fuzztime 10s|1000x] [-fuzzonly] folder ...
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
	// A number of executions: at the end of a time, a busy machine makes the go
	// command fail with "context deadline exceeded" though nothing was found.
	fuzztime := flag.String("fuzztime", "30000x", "how long, or how often, to run each fuzz target")
	fuzzonly := flag.Bool("fuzzonly", false, "run the fuzz targets only")
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	r := &report{out: os.Stdout}
	if !*fuzzonly {
		for _, module := range flag.Args() {
			r.run(module, "-race", "-count=1", "./...")
		}
	}
	fuzz(r, flag.Args(), *fuzztime)
	fmt.Println(r.totals)
	if r.failed > 0 {
		os.Exit(1)
	}
}
