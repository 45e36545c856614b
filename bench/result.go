package main

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"
)

// result is what a scenario on a database came to. Figures are medians; maps
// are by contender.
type result struct {
	Scenario   string             `json:"scenario"`
	Driver     string             `json:"driver"`
	Run        string             `json:"run"` // results of one run have the same
	Rows       int                `json:"rows"`
	Repeat     int                `json:"repeat"`
	Unit       string             `json:"unit"`
	Ours       float64            `json:"ours"`
	Floor      float64            `json:"floor"` // 0 where there is none
	Peers      map[string]float64 `json:"peers"`
	RatioFloor float64            `json:"ratio_floor"` // ours to the floor
	Ratio      map[string]float64 `json:"ratio"`       // ours to each peer
	// Percentiles are of what is timed: a lookup, a query of a few rows, else a
	// turn. Without "by" they are ours.
	P50US         float64            `json:"p50_us"`
	P95US         float64            `json:"p95_us"`
	P99US         float64            `json:"p99_us"`
	RatioP50Floor float64            `json:"ratio_p50_floor"` // time of ours to that of the floor
	P50USBy       map[string]float64 `json:"p50_us_by"`
	P95USBy       map[string]float64 `json:"p95_us_by"`
	P99USBy       map[string]float64 `json:"p99_us_by"`
	// Best are the figures of the fastest turns, for machines with other work.
	Best map[string]float64 `json:"best"`
	// Spread is the distance of the slowest from the fastest turn, as a share of
	// the median.
	Spread     map[string]float64 `json:"spread"`
	PeakRSSMiB int                `json:"peak_rss_mib"` // ours
	PeakRSSBy  map[string]int     `json:"peak_rss_by"`
	// Growth is the peak above that of the process before its first turn.
	GrowthMiB int            `json:"growth_mib"` // ours
	GrowthBy  map[string]int `json:"growth_by"`
	// Allocations are those of Go for one unit, of the contenders in Go.
	Allocations map[string]float64 `json:"allocations_per_unit"`
	// Bytes are those of what is written for a row, where that is what it is about.
	Bytes map[string]float64 `json:"bytes_per_row,omitempty"`
}

func newResult(r run, id string, all []measured) result {
	out := result{
		Scenario: r.scenario.name, Driver: r.db.driver, Run: id, Rows: r.scenario.size.rows, Repeat: r.repeat, Unit: r.scenario.unit,
		Peers: make(map[string]float64), Ratio: make(map[string]float64),
		P50USBy: make(map[string]float64), P95USBy: make(map[string]float64), P99USBy: make(map[string]float64),
		Best: make(map[string]float64), Spread: make(map[string]float64),
		PeakRSSBy: make(map[string]int), GrowthBy: make(map[string]int), Allocations: make(map[string]float64),
	}
	for _, m := range all {
		out.Peers[m.name] = out.add(m, r.scenario)
	}
	out.Ours, out.Floor = out.Peers[ours], out.Peers[floor]
	delete(out.Peers, ours)
	delete(out.Peers, floor)
	out.compare()
	out.P50US, out.P95US, out.P99US = out.P50USBy[ours], out.P95USBy[ours], out.P99USBy[ours]
	out.PeakRSSMiB, out.GrowthMiB = out.PeakRSSBy[ours], out.GrowthBy[ours]
	return out
}

// add adds what a contender's turns came to, and returns its figure.
func (r *result) add(m measured, s scenario) float64 {
	slices.SortFunc(m.turns, func(a, b turn) int { return int(a.took - b.took) })
	fastest, slowest := m.turns[0], m.turns[len(m.turns)-1]
	middle := percentile(m.turns, 50)
	r.Best[m.name] = s.figureOf(fastest)
	r.Spread[m.name] = rounded(float64(slowest.took-fastest.took) / float64(middle.took))
	r.PeakRSSBy[m.name], r.GrowthBy[m.name] = m.peak, m.peak-m.idleMiB
	if middle.mallocs > 0 {
		r.Allocations[m.name] = rounded(float64(middle.mallocs) / float64(s.size.units))
	}
	p50, p95, p99 := percentiles(m.turns, s.size.times)
	r.P50USBy[m.name], r.P95USBy[m.name], r.P99USBy[m.name] = micros(p50), micros(p95), micros(p99)
	return s.figureOf(middle)
}

// figureOf returns the figure of a turn: units a second, unless the scenario has
// another.
func (s scenario) figureOf(t turn) float64 {
	if s.figure != nil {
		return rounded(s.figure(t, s.size))
	}
	return math.Round(float64(s.size.units) / t.took.Seconds())
}

// percentiles returns the medians of the turns' percentiles, or the percentiles
// of turns, which must be sorted, that were timed as a whole.
func percentiles(turns []turn, times int) (p50, p95, p99 time.Duration) {
	if times == 1 {
		return percentile(turns, 50).took, percentile(turns, 95).took, percentile(turns, 99).took
	}
	median := func(of func(turn) time.Duration) time.Duration {
		var all []time.Duration
		for _, t := range turns {
			all = append(all, of(t))
		}
		slices.Sort(all)
		return percentile(all, 50)
	}
	return median(func(t turn) time.Duration { return t.p50 }),
		median(func(t turn) time.Duration { return t.p95 }),
		median(func(t turn) time.Duration { return t.p99 })
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

// compare sets the ratios. Those to a floor that is not there are 0.
func (r *result) compare() {
	for peer, figure := range r.Peers {
		r.Ratio[peer] = rounded(r.Ours / figure)
	}
	if r.Floor > 0 {
		r.RatioFloor = rounded(r.Ours / r.Floor)
		r.RatioP50Floor = rounded(r.P50USBy[ours] / r.P50USBy[floor])
	}
}

// rounded keeps four digits.
func rounded(v float64) float64 {
	short, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64)
	return short
}

// printTable prints one line for each contender.
func printTable(out io.Writer, results []result) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	defer w.Flush()
	fmt.Fprintln(w, "scenario\tdriver\tcontender\tmedian\tbest\tunit\tspread\tours to it\tp50 µs\tpeak MiB\t")
	for _, r := range results {
		for _, name := range slices.Sorted(maps.Keys(r.Best)) {
			figure := r.figure(name)
			fmt.Fprintf(w, "%s\t%s\t%s\t%.0f\t%.0f\t%s\t%.0f %%\t%.2f\t%.1f\t%d\t\n", r.Scenario, r.Driver, name,
				figure, r.Best[name], r.Unit, 100*r.Spread[name], r.Ours/figure, r.P50USBy[name], r.PeakRSSBy[name])
		}
	}
}

// figure returns the figure of a contender, 0 where it took no part.
func (r result) figure(name string) float64 {
	switch name {
	case ours:
		return r.Ours
	case floor:
		return r.Floor
	}
	return r.Peers[name]
}
