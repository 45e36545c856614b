package main

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestNewResult(t *testing.T) {
	r := run{scenario: scenario{name: "s", unit: "rows/s", size: size{rows: 10, times: 2, units: 20}}, db: database{driver: "sqlite"}, repeat: 3}
	turns := func(ms ...time.Duration) (all []turn) {
		for _, m := range ms {
			all = append(all, turn{took: m * time.Millisecond, p50: m * time.Microsecond, p95: 2 * m * time.Microsecond, mallocs: 40})
		}
		return all
	}
	got := newResult(r, "now", []measured{
		{name: floor, turns: turns(10, 30, 20), idleMiB: 1, peak: 4},
		{name: ours, turns: turns(40, 20, 25), idleMiB: 5, peak: 20},
		{name: "native", turns: turns(50, 50, 50)},
	})
	require.Equal(t, 800.0, got.Ours)
	require.Equal(t, 1000.0, got.Floor)
	require.Equal(t, map[string]float64{"native": 400}, got.Peers)
	require.Equal(t, 0.8, got.RatioFloor)
	require.Equal(t, map[string]float64{"native": 2}, got.Ratio)
	require.Equal(t, 25.0, got.P50US)
	require.Equal(t, 50.0, got.P95US)
	require.Equal(t, 1.25, got.RatioP50Floor)
	require.Equal(t, map[string]float64{floor: 2000, ours: 1000, "native": 400}, got.Best)
	require.Equal(t, map[string]float64{floor: 1, ours: 0.8, "native": 0}, got.Spread)
	require.Equal(t, 20, got.PeakRSSMiB)
	require.Equal(t, 15, got.GrowthMiB)
	require.Equal(t, 2.0, got.Allocations[ours])
}

// TestPercentilesOfTurns: what is timed as a whole has the percentiles of turns.
func TestPercentilesOfTurns(t *testing.T) {
	p50, p95, p99 := percentiles([]turn{{took: 1}, {took: 2}, {took: 3}}, 1)
	require.Equal(t, []time.Duration{2, 2, 2}, []time.Duration{p50, p95, p99})
}

// TestNoFloor: a ratio to what is not there is 0, which JSON can tell.
func TestNoFloor(t *testing.T) {
	got := newResult(run{scenario: scenario{size: size{units: 1}}}, "now", []measured{{name: ours, turns: []turn{{took: 1}}}})
	require.Zero(t, got.RatioFloor)
	require.Zero(t, got.RatioP50Floor)
}

func TestMerge(t *testing.T) {
	order := []scenario{{name: "a"}, {name: "b"}}
	older := []result{{Scenario: "b", Driver: "sqlite", Run: "1"}, {Scenario: "gone", Driver: "sqlite", Run: "1"}, {Scenario: "a", Driver: "mariadb", Run: "1"}}
	newer := []result{{Scenario: "b", Driver: "sqlite", Run: "2"}, {Scenario: "a", Driver: "sqlite", Run: "2"}}
	require.Equal(t, []result{
		{Scenario: "a", Driver: "sqlite", Run: "2"}, {Scenario: "a", Driver: "mariadb", Run: "1"},
		{Scenario: "b", Driver: "sqlite", Run: "2"}, {Scenario: "gone", Driver: "sqlite", Run: "1"},
	}, merge(older, newer, order))
	require.Equal(t, []environment{{Run: "2"}}, runsOf(newer, []environment{{Run: "1"}, {Run: "2"}}))
}

func TestParseTurn(t *testing.T) {
	got, sum, err := parseTurn("5 1 2 3 4 " + checksum{rows: 7}.String())
	require.NoError(t, err)
	require.Equal(t, turn{took: 5, p50: 1, p95: 2, p99: 3, mallocs: 4}, got)
	require.Equal(t, checksum{rows: 7}.String(), sum)
	for _, wrong := range []string{"", "5 1 2 3 4", "5 1 2 x 4 rows=1"} {
		_, _, err := parseTurn(wrong)
		require.Error(t, err, wrong)
	}
}

// TestScenarios: names and contenders are what results have columns for.
func TestScenarios(t *testing.T) {
	s, err := readSettings()
	require.NoError(t, err)
	names := make(map[string]bool)
	for _, scenario := range scenarios(s) {
		require.False(t, names[scenario.name], scenario.name)
		names[scenario.name] = true
		_, ok := scenario.contender(ours)
		require.True(t, ok, scenario.name)
		for _, c := range scenario.contenders {
			require.Contains(t, slices.Concat(contenderOrder, frameOrder), c.name)
			require.NotEqual(t, c.open == nil, c.source == "", "%s of %s", c.name, scenario.name)
		}
	}
}

// TestPlots: plots are well-formed, whatever the figures.
func TestPlots(t *testing.T) {
	results := []result{
		{Scenario: "growth-1000 & <more>", Rows: 1000, Ours: 1000, Floor: 2e9, Peers: map[string]float64{"native": 3}},
		{Scenario: "growth-10000", Rows: 10000, Ours: 5, Floor: 0},
	}
	for _, plot := range []string{ratioBars("sqlite", results), growthCurve("sqlite", results), growthCurve("sqlite", results[:1])} {
		requireXML(t, plot)
		require.NotContains(t, plot, "NaN")
		require.NotContains(t, plot, "Inf")
	}
}

func requireXML(t *testing.T, text string) {
	t.Helper()
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
	}
}

func TestBytesOf(t *testing.T) {
	for n := range 40 {
		var want uint64
		text := strings.Repeat("\xff\x80z\x00", 10)[:n]
		for _, b := range []byte(text) {
			want += uint64(b)
		}
		require.Equal(t, want, bytesOf(text), n)
	}
}

func TestGrouped(t *testing.T) {
	for v, want := range map[float64]string{0.123: "0.123", 9.876: "9.88", 42.7: "43", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		require.Equal(t, want, grouped(v))
	}
}
