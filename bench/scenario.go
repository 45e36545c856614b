package main

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
)

// scenario is a piece of work that several contenders do.
type scenario struct {
	name    string
	unit    string // of the figures
	size    size
	drivers []string        // all when empty
	reads   filler          // the table that is filled before
	want    func() checksum // what a turn comes to
	// inserts is the table that is emptied before each turn, and whose first rows
	// must be there after it.
	inserts    filler
	turns      int // that count; 0 is as the settings say
	contenders []contender
	// figure makes the figure of a turn; nil is units a second.
	figure func(turn, size) float64
	// bytes says how large what is written is, in bytes a row; nil where nobody asks.
	bytes func() (map[string]float64, error)
}

// size is how much a turn is.
type size struct {
	rows  int // of the table or the insert
	times int // the work is done in a turn, timed one by one
	units int // of a turn, as figures count them
}

// contender is one way to do a scenario's work: in Go, or by a program whose
// source is embedded.
type contender struct {
	name      string
	open      func(context.Context, task) (work, error) // connects, in a process of its own
	source    string
	arguments func(task) []string // of the program, behind connection string and times
}

// task is what a contender's process has to do.
type task struct {
	size
	db database
}

// work does the work of a scenario once and adds what it came to.
type work func(context.Context, *checksum) error

// Names of contenders that have columns of their own in the results; all others
// are peers.
const (
	floor = "floor"
	ours  = "ours"
)

// scenarios returns all scenarios, in the order of the document.
func scenarios(s settings) []scenario {
	large := scan("stream-3m", people, rows(s.large), "alexbrainman", "pyodbc")
	memory := scan("stream-memory", people, rows(s.memory), floor, "alexbrainman", "native", "pyodbc")
	memory.drivers = []string{"sqlite", "postgres"}
	memory.turns = 2 // a peak is no median
	all := []scenario{
		scan("query-1", people, queries(1, s.queriesOf1Row)),
		scan("query-1000", people, queries(1000, s.queriesOf1000)),
		scan("stream-300k", people, rows(s.rows)),
		prefetched("stream-300k-prefetched", s.rows),
		many("many-300k", s.rows),
		allocations(s.rows),
		large,
		memory,
		scan("wide", wide, rows(s.wide)),
		scan("text", texts, rows(s.texts)),
		scan("numbers", numbers, rows(s.numbers)),
		lookup("lookup", s.rows, s.lookups),
		lookup("lookup-unprepared", s.rows, s.lookups),
		insertSingle(s.inserts),
		bulkArray(s.bulk),
		bulk("bulk-best", s.bulk),
		bulkParallel(s.bulk),
	}
	for n := 1000; n <= s.growth; n *= 10 {
		all = append(all, scan(growthPrefix+strconv.Itoa(n), people, queries(n, max(1, s.rows/3/n)), "alexbrainman", "pyodbc"))
	}
	return slices.Concat(all, poolCheckouts(s.checkouts), frames(s.frames))
}

const growthPrefix = "growth-"

func rows(n int) size { return queries(n, 1) }

// queries is the size of so many queries of so many rows.
func queries(rows, times int) size { return size{rows, times, rows * times} }

// inOrderOfRows returns the scenarios so that the table they read grows from one
// to the next.
func inOrderOfRows(all []scenario) []scenario {
	return slices.SortedStableFunc(slices.Values(all), func(a, b scenario) int { return cmp.Compare(a.tableRows(), b.tableRows()) })
}

func (s scenario) tableRows() int {
	if s.reads == nil {
		return math.MaxInt // behind all that reads
	}
	return s.size.rows
}

// on says whether the scenario is for the driver.
func (s scenario) on(driver string) bool {
	return len(s.drivers) == 0 || slices.Contains(s.drivers, driver)
}

// without drops contenders that are known well enough from smaller scenarios.
func (s scenario) without(names ...string) scenario {
	s.contenders = slices.DeleteFunc(s.contenders, func(c contender) bool { return slices.Contains(names, c.name) })
	return s
}

func (s scenario) contender(name string) (contender, bool) {
	i := slices.IndexFunc(s.contenders, func(c contender) bool { return c.name == name })
	if i < 0 {
		return contender{}, false
	}
	return s.contenders[i], true
}

// counted is wanted where nothing is read.
func counted(n int) func() checksum {
	return func() checksum { return checksum{rows: uint64(n)} }
}
