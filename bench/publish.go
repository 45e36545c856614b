package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// publish writes results, environments, the document and its plots. Results of
// earlier runs stay where this one has none.
func publish(s settings, env environment, newer []result) error {
	at := placesFor(s.out)
	var older []result
	var runs []environment
	if err := readJSON(at.results, &older); err != nil {
		return err
	}
	if err := readJSON(at.runs, &runs); err != nil {
		return err
	}
	results := merge(older, newer, scenarios(s))
	runs = runsOf(results, append(runs, env))
	if err := os.MkdirAll(at.plots, 0o755); err != nil {
		return err
	}
	if err := writeJSON(at.results, results); err != nil {
		return err
	}
	if err := writeJSON(at.runs, runs); err != nil {
		return err
	}
	d := document{results: results, runs: runs, plots: at.plots}
	if err := d.plot(); err != nil {
		return err
	}
	return os.WriteFile(at.document, []byte(d.text()), 0o644)
}

// places are the paths of what is written.
type places struct{ results, runs, document, plots string }

func placesFor(out string) places {
	if out == "" {
		return places{"results.json", "runs.json", filepath.Join("..", "doc", "benchmarks.md"), filepath.Join("..", "doc", "benchmarks")}
	}
	return places{filepath.Join(out, "results.json"), filepath.Join(out, "runs.json"), filepath.Join(out, "benchmarks.md"), filepath.Join(out, "benchmarks")}
}

// readJSON reads a file that may not be there.
func readJSON(path string, to any) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, to); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

// merge puts new results in the place of older ones of the same scenario and
// driver, and all in the order of the scenarios.
func merge(older, newer []result, order []scenario) []result {
	all := slices.DeleteFunc(slices.Clone(older), func(o result) bool {
		return slices.ContainsFunc(newer, func(n result) bool { return n.Scenario == o.Scenario && n.Driver == o.Driver })
	})
	all = append(all, newer...)
	place := func(r result) int {
		i := slices.IndexFunc(order, func(s scenario) bool { return s.name == r.Scenario })
		if i < 0 {
			i = len(order)
		}
		return 10*i + slices.Index(drivers, r.Driver)
	}
	slices.SortStableFunc(all, func(a, b result) int { return place(a) - place(b) })
	return all
}

// drivers are the names of the databases in the order of the document.
var drivers = []string{"sqlite", "postgres", "mariadb"}

// runsOf returns the runs that have results.
func runsOf(results []result, runs []environment) []environment {
	return slices.DeleteFunc(runs, func(e environment) bool {
		return !slices.ContainsFunc(results, func(r result) bool { return r.Run == e.Run })
	})
}

func writeJSON(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
