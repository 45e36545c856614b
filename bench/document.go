package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// document is the text that tells the results.
type document struct {
	results []result
	runs    []environment
	plots   string // folder of the plots
	pages   strings.Builder
}

// plot writes the plots of every driver that has results for them.
func (d *document) plot() error {
	for _, driver := range drivers {
		if all := d.of(driver, comparable); len(all) > 0 {
			if err := os.WriteFile(filepath.Join(d.plots, "ratios-"+driver+".svg"), []byte(ratioBars(driver, all)), 0o644); err != nil {
				return err
			}
		}
		if all := d.of(driver, isGrowth); len(all) > 1 {
			if err := os.WriteFile(filepath.Join(d.plots, "growth-"+driver+".svg"), []byte(growthCurve(driver, all)), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

func isGrowth(r result) bool { return strings.HasPrefix(r.Scenario, growthPrefix) }

// comparable says whether more is better, and somebody is there to compare with.
func comparable(r result) bool {
	return !isGrowth(r) && !isFrame(r) && strings.HasSuffix(r.Unit, "/s") && len(r.others()) > 0
}

func (d *document) of(driver string, is func(result) bool) (all []result) {
	for _, r := range d.results {
		if r.Driver == driver && is(r) {
			all = append(all, r)
		}
	}
	return all
}

func (d *document) print(format string, values ...any) { fmt.Fprintf(&d.pages, format+"\n", values...) }

func (d *document) text() string {
	d.print(`# Benchmarks

Written by ` + "`make bench`" + `; a change by hand is lost with the next run. [bench/README.md](../bench/README.md)
says what is measured and how, [bench/results.json](../bench/results.json) has all figures.

Contenders take turns in one run, each in a process of its own, on the same data; all must come to the same
checksum. A figure is the median of the turns. Beside it stands ours to it: 2.00 says that ours is twice as
fast. Compare within a line: the machine had other work too.
`)
	d.environments()
	d.ratios()
	d.rates()
	d.latencies()
	d.growth()
	d.memory()
	d.allocations()
	d.frames()
	return d.pages.String()
}

func (d *document) environments() {
	d.print("## Runs\n")
	for _, e := range d.runs {
		d.print("- %s: %s, %d cores, Linux %s, %s; %s.", e.Run, e.CPU, e.Cores, e.Kernel, e.Go, strings.Join(e.Versions, ", "))
	}
	d.print("")
}

func (d *document) ratios() {
	d.print("## Ratios\n")
	d.pictures("ratios", comparable, 1)
}

// pictures shows the plots of the drivers that have enough results for them.
func (d *document) pictures(name string, is func(result) bool, least int) {
	for _, driver := range drivers {
		if len(d.of(driver, is)) >= least {
			d.print("![%s on %s](benchmarks/%s-%s.svg)\n", name, driver, name, driver)
		}
	}
}

func (d *document) rates() {
	d.print("## Rates\n")
	d.print("In pool-checkout the floor is jackc/puddle with nothing in it and alexbrainman the pool of database/sql;")
	d.print("the rows are goroutines. In many-300k the floor does not keep the rows. In bulk scenarios the floor has")
	d.print("parameter arrays of 1000 in one transaction, native is the driver's fastest way.\n")
	d.table([]string{"scenario", "driver", "rows", "unit"}, contenderOrder, func(r result) []string {
		if isGrowth(r) || isFrame(r) || r.Unit == allocationUnit {
			return nil
		}
		cells := []string{r.Scenario, r.Driver, grouped(float64(r.Rows)), r.Unit}
		for _, name := range contenderOrder {
			cells = append(cells, r.cell(name))
		}
		return cells
	})
}

// cell shows a contender's figure, and ours to it.
func (r result) cell(name string) string {
	figure := r.figure(name)
	switch {
	case figure == 0:
		return "–"
	case name == ours:
		return grouped(figure)
	}
	return fmt.Sprintf("%s (%.2f)", grouped(figure), r.Ours/figure)
}

func (d *document) latencies() {
	d.print("## Latencies\n")
	d.print("Microseconds of one operation: 50th / 95th / 99th percentile. Ours to floor compares medians: less is better.\n")
	d.table([]string{"scenario", "driver"}, append([]string{"ours to floor"}, contenderOrder...), func(r result) []string {
		if !slices.Contains(timedOneByOne, r.Scenario) {
			return nil
		}
		cells := []string{r.Scenario, r.Driver, fmt.Sprintf("%.2f", r.RatioP50Floor)}
		for _, name := range contenderOrder {
			cells = append(cells, fmt.Sprintf("%.1f / %.1f / %.1f", r.P50USBy[name], r.P95USBy[name], r.P99USBy[name]))
		}
		return cells
	})
}

// timedOneByOne are the scenarios with many operations in a turn.
var timedOneByOne = []string{"query-1", "query-1000", "lookup", "lookup-unprepared", "insert-single"}

func (d *document) growth() {
	d.print("## Growth\n")
	d.print("Nanoseconds a row, for results of more and more rows.\n")
	d.table([]string{"driver", "rows"}, []string{ours, floor, "native"}, func(r result) []string {
		if !isGrowth(r) {
			return nil
		}
		cells := []string{r.Driver, grouped(float64(r.Rows))}
		for _, name := range []string{ours, floor, "native"} {
			cells = append(cells, grouped(1e9/r.figure(name)))
		}
		return cells
	})
	d.pictures("growth", isGrowth, 2)
}

func (d *document) memory() {
	d.print("## Memory\n")
	d.print("Peak memory in MiB of the contender's process, and how much of it came after it had connected. Here stands")
	d.print("what a result of many rows takes; the server's memory is not counted, on SQLite it is the process's own.\n")
	d.table([]string{"scenario", "driver", "rows"}, contenderOrder, func(r result) []string {
		if !slices.Contains([]string{"stream-300k", "many-300k", "stream-3m", "stream-memory", "bulk-best"}, r.Scenario) {
			return nil
		}
		cells := []string{r.Scenario, r.Driver, grouped(float64(r.Rows))}
		for _, name := range contenderOrder {
			cells = append(cells, r.memoryCell(name))
		}
		return cells
	})
}

func (r result) memoryCell(name string) string {
	if peak, ok := r.PeakRSSBy[name]; ok {
		return fmt.Sprintf("%d (+%d)", peak, r.GrowthBy[name])
	}
	return "–"
}

func (d *document) allocations() {
	d.print("## Allocations of Go\n")
	d.print("Allocations for 1000 rows of stream-300k. A text column costs an allocation a value in most drivers.\n")
	d.table([]string{"driver", "rows"}, []string{ours, "alexbrainman", "native"}, func(r result) []string {
		if r.Unit != allocationUnit {
			return nil
		}
		return []string{r.Driver, grouped(float64(r.Rows)), grouped(r.Ours), grouped(r.Peers["alexbrainman"]), grouped(r.Peers["native"])}
	})
}

func (d *document) frames() {
	d.print("## Frames\n")
	d.print("Rows a second to frames of results and back, blocks of 4,096 rows. The floor copies the bytes of our frame when")
	d.print("it is not compressed, from and to memory beyond the caches; `cached` from and to the same place. Arrow is the")
	d.print("stream format of apache/arrow-go, which has no checksums and takes text as it is. Without a suffix it is version 3.")
	d.print("`encode` begins with a block as a cursor leaves it, of which Arrow makes a record batch; `relay` with what each has")
	d.print("in its own form, ours with a decoded Batch, which is written as the frame that it came as (with zstd as it was")
	d.print("compressed), Arrow with a record batch; `read` is `decode`, and every value touched, where ours has copied the")
	d.print("text out of the frame, to be kept.\n")
	d.table([]string{"scenario"}, append(slices.Clone(frameOrder), "bytes a row", "of arrow"), func(r result) []string {
		if !isFrame(r) {
			return nil
		}
		cells := []string{strings.TrimPrefix(r.Scenario, framePrefix)}
		for _, name := range frameOrder {
			cells = append(cells, r.cell(name))
		}
		for _, name := range []string{ours, "arrow"} {
			bytes := "–"
			if r.Bytes[name] > 0 {
				bytes = fmt.Sprintf("%.1f", r.Bytes[name])
			}
			cells = append(cells, bytes)
		}
		return cells
	})
}

// frameOrder are the contenders in the scenarios of frames.
var frameOrder = []string{ours, floor, "cached", "arrow"}

func isFrame(r result) bool { return strings.HasPrefix(r.Scenario, framePrefix) }

// table prints a line for every result of which cells makes one.
func (d *document) table(words, numbers []string, cells func(result) []string) {
	d.print("| %s |", strings.Join(append(slices.Clone(words), numbers...), " | "))
	d.print("|%s%s", strings.Repeat("---|", len(words)), strings.Repeat("---:|", len(numbers)))
	for _, r := range d.results {
		if line := cells(r); line != nil {
			d.print("| %s |", strings.Join(line, " | "))
		}
	}
	d.print("")
}

// grouped writes a number with its thousands apart, small ones with a digit more.
func grouped(v float64) string {
	if v < 10 {
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	digits := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
