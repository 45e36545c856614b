package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	goruntime "runtime"
	"slices"
	"time"
)

// serve is the process of a contender in Go: arguments are scenario, contender,
// driver and connection string.
func serve(ctx context.Context, arguments []string) error {
	if len(arguments) != 4 {
		return errors.New("usage: bench, without arguments")
	}
	t := task{db: database{driver: arguments[2], dsn: arguments[3]}}
	do, err := openContender(ctx, arguments[0], arguments[1], &t)
	if err != nil {
		return fmt.Errorf("%s of %s on %s: %w", arguments[1], arguments[0], t.db.driver, err)
	}
	fmt.Println("ready")
	laps := make([]time.Duration, t.times)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		took, sum, err := takeTurn(ctx, do, laps)
		if err != nil {
			return fmt.Errorf("%s of %s on %s: %w", arguments[1], arguments[0], t.db.driver, err)
		}
		fmt.Println(took.took.Nanoseconds(), took.p50.Nanoseconds(), took.p95.Nanoseconds(), took.p99.Nanoseconds(), took.mallocs, sum)
	}
	return nil
}

func openContender(ctx context.Context, scenarioName, name string, t *task) (work, error) {
	s, err := readSettings()
	if err != nil {
		return nil, err
	}
	for _, scenario := range scenarios(s) {
		if c, ok := scenario.contender(name); ok && scenario.name == scenarioName {
			t.size = scenario.size
			return c.open(ctx, *t)
		}
	}
	return nil, errors.New("there is no such contender")
}

// takeTurn does the work once for each lap.
func takeTurn(ctx context.Context, do work, laps []time.Duration) (t turn, sum checksum, err error) {
	before := mallocs()
	for i := range laps {
		begin := time.Now()
		if err := do(ctx, &sum); err != nil {
			return t, sum, err
		}
		laps[i] = time.Since(begin)
		t.took += laps[i]
	}
	t.mallocs = mallocs() - before
	slices.Sort(laps)
	t.p50, t.p95, t.p99 = percentile(laps, 50), percentile(laps, 95), percentile(laps, 99)
	return t, sum, nil
}

// percentile returns one of the sorted values.
func percentile[T any](sorted []T, percent int) T { return sorted[(len(sorted)-1)*percent/100] }

// mallocs returns how often this process has allocated memory of Go.
func mallocs() uint64 {
	var stats goruntime.MemStats
	goruntime.ReadMemStats(&stats)
	return stats.Mallocs
}
