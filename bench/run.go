package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/odbcgen/odbcgen/bench/store"
	"github.com/odbcgen/odbcgen/runtime"
)

// measureAll runs the scenarios on the databases, and writes the results.
func measureAll(ctx context.Context) error {
	s, err := readSettings()
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	databases, err := databasesIn(folder)
	if err != nil {
		return err
	}
	programs, err := buildSources(ctx, folder)
	if err != nil {
		return err
	}
	env, err := describeRun(ctx, databases)
	if err != nil {
		return err
	}
	var results []result
	var failed error // which is no reason to lose the rest
	for _, db := range databases {
		if !s.driver.MatchString(db.driver) {
			continue
		}
		done, err := measureOn(ctx, db, s, programs, env.Run)
		results = append(results, done...)
		failed = errors.Join(failed, err)
	}
	if results == nil && failed == nil {
		return errors.New("BENCH_SCENARIO and BENCH_DRIVER leave nothing to run")
	}
	printTable(os.Stdout, results)
	return errors.Join(failed, publish(s, env, results))
}

// measureOn runs all scenarios on one database. It returns the results also of
// those that come before and behind one that fails.
func measureOn(ctx context.Context, db database, s settings, programs map[string]string, id string) (results []result, failed error) {
	d, err := db.open(ctx)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	filled := make(tables)
	for _, scenario := range inOrderOfRows(scenarios(s)) {
		if !scenario.on(db.driver) || !s.scenario.MatchString(scenario.name) || ctx.Err() != nil {
			continue
		}
		began := time.Now()
		r := run{scenario, db, d, filled, programs, cmp.Or(scenario.turns, s.repeat)}
		contenders, err := r.measure(ctx)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s on %s: %w", scenario.name, db.driver, err))
			continue
		}
		result := newResult(r, id, contenders)
		if scenario.bytes != nil {
			result.Bytes, err = scenario.bytes()
			failed = errors.Join(failed, err)
		}
		results = append(results, result)
		fmt.Fprintf(os.Stderr, "%s on %s: %.1f s\n", scenario.name, db.driver, time.Since(began).Seconds())
	}
	return results, errors.Join(failed, ctx.Err())
}

// run is a scenario on a database.
type run struct {
	scenario scenario
	db       database
	d        *runtime.DB // to fill and empty tables
	filled   tables
	programs map[string]string // paths of programs by source
	repeat   int
}

// measured is what the turns of a contender came to.
type measured struct {
	name          string
	turns         []turn
	idleMiB, peak int // most memory before the first turn, and after the last
}

// measure lets the contenders take turns, after one turn each that does not count.
func (r run) measure(ctx context.Context) ([]measured, error) {
	if err := r.prepare(ctx); err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	processes, err := r.start(ctx)
	defer func() {
		for _, p := range processes {
			p.stop()
		}
	}()
	if err != nil {
		return nil, err
	}
	out := make([]measured, len(processes))
	for i, p := range processes {
		out[i].name, out[i].idleMiB = p.name, p.peakMiB()
	}
	want := r.scenario.want().String()
	for n := range 1 + r.repeat {
		for i, p := range processes {
			t, err := r.turn(ctx, p, want)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", p.name, err)
			}
			if n > 0 {
				out[i].turns = append(out[i].turns, t)
			}
		}
	}
	for i, p := range processes {
		out[i].peak = p.peakMiB()
	}
	return out, nil
}

// prepare fills the table that is read, or makes the one that is filled.
func (r run) prepare(ctx context.Context) error {
	if r.scenario.reads != nil {
		return r.filled.grow(ctx, r.db, r.d, r.scenario.reads, r.scenario.size.rows)
	}
	if r.scenario.inserts == nil {
		return nil
	}
	if err := r.filled.grow(ctx, r.db, r.d, r.scenario.inserts, 0); err != nil {
		return err
	}
	return empty(ctx, r.db, r.d, r.scenario.inserts)
}

// turn lets a process do its work once, on an empty table if it inserts.
func (r run) turn(ctx context.Context, p *process, want string) (turn, error) {
	table := r.scenario.inserts
	if table == nil {
		return p.turn(want)
	}
	if err := empty(ctx, r.db, r.d, table); err != nil {
		return turn{}, err
	}
	t, err := p.turn(want)
	if err != nil {
		return t, err
	}
	return t, r.checkInserted(ctx)
}

// checkInserted reads the rows inserted.
func (r run) checkInserted(ctx context.Context) error {
	var got checksum
	for g, err := range store.New(r.d).StreamGuests(ctx) {
		if err != nil {
			return err
		}
		guests.add(&got, g)
	}
	if want := r.scenario.inserts.sum(r.scenario.size.rows); got != want {
		return fmt.Errorf("left %s in the table, and should %s", got, want)
	}
	return nil
}

// start starts all contenders: the first one, the floor, alone, because it tries
// which size is fastest. It returns those that it has started also when one does
// not start.
func (r run) start(ctx context.Context) (started []*process, err error) {
	ready := 0
	for i, c := range r.scenario.contenders {
		p, err := startProcess(c.name, r.command(ctx, c))
		if err != nil {
			return started, fmt.Errorf("start %s: %w", c.name, err)
		}
		started = append(started, p)
		if i > 0 && i < len(r.scenario.contenders)-1 {
			continue
		}
		for ; ready < len(started); ready++ {
			if err := started[ready].awaitReady(); err != nil {
				return started, fmt.Errorf("start %s: %w", started[ready].name, err)
			}
		}
	}
	return started, nil
}

func (r run) command(ctx context.Context, c contender) *exec.Cmd {
	t := task{r.scenario.size, r.db}
	if c.source == "" {
		return exec.CommandContext(ctx, os.Args[0], r.scenario.name, c.name, r.db.driver, r.db.dsn)
	}
	arguments := slices.Concat([]string{r.db.dsn, text(t.times)}, c.arguments(t))
	return program(ctx, r.programs[c.source], arguments)
}
