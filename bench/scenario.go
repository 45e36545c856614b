package main

import (
	"context"
	"embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// scenario is a piece of work that several contenders do.
type scenario struct {
	name string
	unit string // of the figures: rows of the run for one second
	// prepare fills the database and returns what every contender's work must
	// come to.
	prepare    func(ctx context.Context, db database, rows int) (want fmt.Stringer, err error)
	floor      string   // the C program, below floor/
	arguments  []string // of the C program, behind the connection string
	contenders []contender
}

// contender is one way to do a scenario's work in Go.
type contender struct {
	name string
	// open connects. It runs in a process of the contender's own.
	open func(ctx context.Context, db database) (work, error)
}

// Names of contenders that have columns of their own in the results; all others
// are peers.
const (
	floor = "floor"
	ours  = "ours"
)

// work does the work of a scenario once and returns what it came to.
type work func(context.Context) (fmt.Stringer, error)

// run is a scenario on a database.
type run struct {
	scenario scenario
	db       database
	rows     int
	repeat   int
	folder   string // for what is built
}

// measure lets the contenders take turns, after one turn each that does not count.
func (r run) measure(ctx context.Context) (result, error) {
	want, err := r.scenario.prepare(ctx, r.db, r.rows)
	if err != nil {
		return result{}, fmt.Errorf("prepare: %w", err)
	}
	processes, err := r.start(ctx)
	defer func() {
		for _, p := range processes {
			p.stop()
		}
	}()
	if err != nil {
		return result{}, err
	}
	times := make(map[string][]time.Duration)
	for turn := range 1 + r.repeat {
		for _, p := range processes {
			took, err := p.turn(want.String())
			if err != nil {
				return result{}, fmt.Errorf("%s: %w", p.name, err)
			}
			if turn > 0 {
				times[p.name] = append(times[p.name], took)
			}
		}
	}
	peaks := make(map[string]int)
	for _, p := range processes {
		peaks[p.name] = p.peakMiB()
	}
	return newResult(r, times, peaks), nil
}

// start starts all contenders. It returns those that it has started also when
// one does not start.
func (r run) start(ctx context.Context) ([]*process, error) {
	program, err := buildFloor(ctx, r.scenario.floor, r.folder)
	if err != nil {
		return nil, err
	}
	commands := map[string]*exec.Cmd{floor: exec.CommandContext(ctx, program, slices.Concat([]string{r.db.dsn}, r.scenario.arguments)...)}
	names := []string{floor}
	for _, c := range r.scenario.contenders {
		commands[c.name] = exec.CommandContext(ctx, os.Args[0], r.scenario.name, c.name, r.db.driver, r.db.dsn)
		names = append(names, c.name)
	}
	var started []*process
	for _, name := range names {
		p, err := startProcess(name, commands[name])
		if err != nil {
			return started, fmt.Errorf("start %s: %w", name, err)
		}
		started = append(started, p)
	}
	return started, nil
}

//go:embed floor/*.c
var floorSources embed.FS

// buildFloor compiles the C program and returns its path.
func buildFloor(ctx context.Context, name, folder string) (string, error) {
	source, err := floorSources.Open("floor/" + name + ".c")
	if err != nil {
		return "", err
	}
	defer source.Close()
	program := filepath.Join(folder, name)
	gcc := exec.CommandContext(ctx, "gcc", "-O2", "-o", program, "-x", "c", "-", "-x", "none", "-lodbc")
	gcc.Stdin = io.Reader(source)
	if out, err := gcc.CombinedOutput(); err != nil {
		return "", fmt.Errorf("compile %s.c: %w\n%s", name, err, out)
	}
	return program, nil
}
