package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"text/tabwriter"
	"time"
)

// result is what a run came to. Figures are medians.
type result struct {
	Scenario   string             `json:"scenario"`
	Driver     string             `json:"driver"`
	Rows       int                `json:"rows"`
	Repeat     int                `json:"repeat"`
	Unit       string             `json:"unit"`
	Ours       float64            `json:"ours"`
	Floor      float64            `json:"floor"`
	Peers      map[string]float64 `json:"peers"`
	RatioFloor float64            `json:"ratio_floor"` // ours to the floor
	Ratio      map[string]float64 `json:"ratio"`       // ours to each peer
	// Best are the figures of the fastest turns, for machines with other work.
	Best map[string]float64 `json:"best"`
	// Spread is the distance of the slowest from the fastest turn, as a share of
	// the median.
	Spread     map[string]float64 `json:"spread"`
	PeakRSSMiB map[string]int     `json:"peak_rss_mib"`
}

func newResult(r run, times map[string][]time.Duration, peaks map[string]int) result {
	out := result{
		Scenario: r.scenario.name, Driver: r.db.driver, Rows: r.rows, Repeat: r.repeat, Unit: r.scenario.unit,
		Peers: make(map[string]float64), Ratio: make(map[string]float64), Best: make(map[string]float64), Spread: make(map[string]float64), PeakRSSMiB: peaks,
	}
	figures := make(map[string]float64)
	for name, took := range times {
		slices.Sort(took)
		middle := took[len(took)/2]
		figures[name] = math.Round(float64(r.rows) / middle.Seconds())
		out.Best[name] = math.Round(float64(r.rows) / took[0].Seconds())
		out.Spread[name] = rounded(float64(took[len(took)-1]-took[0]) / float64(middle))
	}
	out.Floor, out.Ours = figures[floor], figures[ours]
	out.RatioFloor = rounded(out.Ours / out.Floor)
	for _, c := range r.scenario.contenders {
		if c.name != ours {
			out.Peers[c.name] = figures[c.name]
			out.Ratio[c.name] = rounded(out.Ours / figures[c.name])
		}
	}
	return out
}

func rounded(v float64) float64 { return math.Round(v*1000) / 1000 }

// printTable prints one line for each contender.
func printTable(out io.Writer, results []result) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	defer w.Flush()
	fmt.Fprintln(w, "scenario\tdriver\tcontender\tmedian\tbest\tunit\tspread\tours to it\tpeak MiB\t")
	for _, r := range results {
		line := func(name string, figure float64) {
			fmt.Fprintf(w, "%s\t%s\t%s\t%.0f\t%.0f\t%s\t%.0f %%\t%.2f\t%d\t\n",
				r.Scenario, r.Driver, name, figure, r.Best[name], r.Unit, 100*r.Spread[name], r.Ours/figure, r.PeakRSSMiB[name])
		}
		line(floor, r.Floor)
		line(ours, r.Ours)
		for _, peer := range slices.Sorted(maps.Keys(r.Peers)) {
			line(peer, r.Peers[peer])
		}
	}
}

func writeJSON(path string, results []result) error {
	text, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
