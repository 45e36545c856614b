# The tasks of this project; `make` alone lists them.

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

# The runtime calls ODBC through cgo.
export CGO_ENABLED ?= 1

EXAMPLES := $(patsubst %/go.mod,%,$(wildcard examples/*/go.mod))
MODULES  := . faults $(EXAMPLES)

DEPS      := gcc make unixodbc unixodbc-dev libsqliteodbc sqlite3
DEPS_TEST := $(DEPS) odbc-postgresql odbc-mariadb postgresql mariadb-server mariadb-client tdsodbc python3
DEPS_BENCH := $(DEPS_TEST) python3-pyodbc
DEPS_CONFORMANCE := $(DEPS_TEST) libhsqldb-java default-jre-headless

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

# Without version stamps: git refuses to name the commit of somebody else's checkout.
BUILD := go build -buildvcs=false -o bin/

FUZZTIME ?= 1m

.PHONY: help deps deps-test deps-bench modules build tools generate check-generated demo lint vet-windows test truth conformance test-long fuzz faults soak bench bench-generate bench-growth bench-quick clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## install the Debian packages that building and the demo need
	@tools/install $(DEPS)

deps-test: ## install the Debian packages that the tests need, database servers included
	@tools/install $(DEPS_TEST)

deps-bench:
	@tools/install $(DEPS_BENCH)

deps-conformance:
	@tools/install $(DEPS_CONFORMANCE)

modules:
	@for m in $(MODULES); do (cd $$m && timeout 600 go mod download); done

build: deps modules ## build bin/odbcgen
	$(BUILD) ./cmd/odbcgen

tools: modules
	@$(BUILD) ./internal/testdb/withdb ./internal/ci/gotest

generate: deps modules ## generate all generated code
	@for m in $(MODULES); do (cd $$m && go generate ./...); done

check-generated: deps modules build ## check that generating the examples changes nothing
	tools/check-generated $(EXAMPLES)
	@for f in examples/store/store bench/store; do (cd $$f && echo "odbcgen check $$f" && $(CURDIR)/bin/odbcgen check); done

demo: build ## generate and run the example, on SQLite
	cd examples/store && go generate ./... && go run .

lint: deps modules ## check format, go vet and staticcheck; of bench, vet alone
	@files=$$(gofmt -l .); [[ -z $$files ]] || { echo "not formatted by gofmt:" $$files; exit 1; }
	@for m in $(MODULES) conformance; do (cd $$m && echo "lint $$m" && go vet ./... && timeout 600 go run $(STATICCHECK) ./...); done
	@cd bench && echo lint bench && timeout 600 go vet ./...

# Whoever builds for Windows has no C compiler of ours to help them.
vet-windows: modules ## check that all compiles for Windows
	GOOS=windows CGO_ENABLED=0 go vet ./...

test: deps-test lint vet-windows check-generated tools ## run all checks and tests on all databases, and fuzz for a moment
	bin/withdb -- bin/gotest -allocations ./runtime/protocol -fuzztime runtime/protocol=20s $(MODULES) conformance

truth: deps-test tools ## measure how many types and NULLs are told right, see doc/type-truth.md
	@bin/withdb -- go test -count=1 -run TestTruth ./generator/internal/describe -v | grep -E '^(sqlite|postgres|mariadb) |FAIL|wanted|UNSOUND'

# Its module is none of MODULES: make test runs the engines that need nothing more, and
# downloads no other. The tag is one of go-mysql-server, and of the rows for it.
conformance: deps-conformance tools ## run the table of doc/drivers.md on all databases and emulations, and write it
	cd conformance && go test -tags gms_pure_go -c -o ../bin/conformance . && ../bin/withdb -- ../bin/conformance -update

test-long: deps-test tools ## send and read values of 256 MiB, of which make test takes 15
	bin/withdb -- go test -count=1 -run TestLongReaders ./runtime -long

fuzz: deps-test tools ## run each fuzz target for FUZZTIME
	bin/withdb -- bin/gotest -fuzzonly -fuzztime=$(FUZZTIME) $(MODULES)

faults: deps-test tools ## break servers, links and drivers in all ways of doc/faults.md, one line for each
	bin/withdb -- bin/gotest -faults . faults

# As little as possible shall look like a leak: glibc keeps what each of its arenas once held.
soak: export SOAK ?= 10m
soak: export MALLOC_ARENA_MAX ?= 2
soak: deps-test modules ## work on three databases at once while things break, for SOAK (10m, 30s, 8h), see doc/faults.md
	cd faults && go test -count=1 -timeout=0 -run '^TestSoak$$' -v .

bench: deps-bench tools ## measure against the C floor and other drivers, see bench/README.md
	cd bench && go test . && go build -buildvcs=false -o ../bin/ . && ../bin/withdb -- ../bin/bench

# Ten million rows take half an hour and some 10 GB of memory.
bench-generate: deps-bench tools build ## measure odbcgen itself, with 1,000 and 10,000 queries on all databases
	cd bench && go build -buildvcs=false -o ../bin/bench-generate ./generate
	bin/withdb -- bin/bench-generate bin/odbcgen

bench-growth: export BENCH_SCENARIO = growth-.*
bench-growth: export BENCH_GROWTH_MAX = 10000000
bench-growth: bench ## measure growth up to ten million rows, beside the other results

# Sizes with which all is measured within a minute, into bench/quick.
bench-quick: export BENCH_OUT = quick
bench-quick: export BENCH_REPEAT ?= 3
bench-quick: export BENCH_ROWS ?= 5000
bench-quick: export BENCH_LARGE_ROWS ?= 20000
bench-quick: export BENCH_MEMORY_ROWS ?= 20000
bench-quick: export BENCH_GROWTH_MAX ?= 10000
bench-quick: export BENCH_WIDE_ROWS ?= 1000
bench-quick: export BENCH_TEXT_ROWS ?= 1000
bench-quick: export BENCH_NUMBER_ROWS ?= 3000
bench-quick: export BENCH_BULK_ROWS ?= 1000
bench-quick: export BENCH_LOOKUPS ?= 300
bench-quick: export BENCH_INSERTS ?= 100
bench-quick: export BENCH_CHECKOUTS ?= 10000
bench-quick: export BENCH_FRAMES ?= 2
bench-quick: export BENCH_QUERIES_1 ?= 300
bench-quick: export BENCH_QUERIES_1000 ?= 10
bench-quick: bench ## the same with small sizes, for a look

clean: ## remove what was built
	rm -rf bin
