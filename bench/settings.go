package main

import (
	"cmp"
	"fmt"
	"os"
	"regexp"
	"strconv"
)

// settings are what environment variables say; README.md has them all.
type settings struct {
	rows, large, memory, growth  int // rows of people
	wide, texts, numbers         int // rows of these tables
	bulk                         int // rows of an insert of many
	lookups, inserts, checkouts  int // of a turn
	queriesOf1Row, queriesOf1000 int // of a turn
	frames                       int // of a turn, in 32
	repeat                       int // turns that count
	scenario, driver             *regexp.Regexp
	out                          string // folder of what is written, "" for the places of the repository
}

func readSettings() (settings, error) {
	s := settings{out: os.Getenv("BENCH_OUT")}
	for _, n := range []struct {
		variable  string
		otherwise int
		to        *int
	}{
		{"BENCH_ROWS", 300_000, &s.rows},
		{"BENCH_LARGE_ROWS", 3_000_000, &s.large},
		{"BENCH_MEMORY_ROWS", 5_000_000, &s.memory},
		{"BENCH_GROWTH_MAX", 1_000_000, &s.growth},
		{"BENCH_WIDE_ROWS", 10_000, &s.wide},
		{"BENCH_TEXT_ROWS", 30_000, &s.texts},
		{"BENCH_NUMBER_ROWS", 50_000, &s.numbers},
		{"BENCH_BULK_ROWS", 30_000, &s.bulk},
		{"BENCH_LOOKUPS", 5_000, &s.lookups},
		{"BENCH_INSERTS", 2_000, &s.inserts},
		{"BENCH_CHECKOUTS", 100_000, &s.checkouts},
		{"BENCH_QUERIES_1", 5_000, &s.queriesOf1Row},
		{"BENCH_QUERIES_1000", 100, &s.queriesOf1000},
		{"BENCH_FRAMES", 20, &s.frames},
		{"BENCH_REPEAT", 5, &s.repeat},
	} {
		var err error
		if *n.to, err = number(n.variable, n.otherwise); err != nil {
			return s, err
		}
	}
	var err error
	if s.scenario, err = pattern("BENCH_SCENARIO"); err != nil {
		return s, err
	}
	s.driver, err = pattern("BENCH_DRIVER")
	return s, err
}

// number returns the number above 0 that the environment variable holds.
func number(variable string, otherwise int) (int, error) {
	text := cmp.Or(os.Getenv(variable), strconv.Itoa(otherwise))
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%s=%s is not a number above 0", variable, text)
	}
	return n, nil
}

// pattern returns the regular expression that the environment variable holds,
// which must match a name as a whole.
func pattern(variable string) (*regexp.Regexp, error) {
	re, err := regexp.Compile("^(?:" + cmp.Or(os.Getenv(variable), ".*") + ")$")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", variable, err)
	}
	return re, nil
}
