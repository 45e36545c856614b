package main

import (
	"fmt"
	"math"
)

// growthCurve draws the nanoseconds for a row over the rows of a result, which
// results are in order of. Both axes are logarithmic.
func growthCurve(driver string, results []result) string {
	const left, top, right, bottom = 70.0, 60.0, 560.0, 320.0
	c := &canvas{width: right + 40, height: bottom + 50}
	c.text(left, 18, "start", "ns a row over rows of the result, on "+driver)
	lowest, highest := decades(results)
	first, last := float64(results[0].Rows), float64(results[len(results)-1].Rows)
	x := func(rows float64) float64 {
		return left + (right-left)*math.Log10(rows/first)/max(1, math.Log10(last/first))
	}
	y := func(ns float64) float64 {
		return bottom - (bottom-top)*math.Log10(ns/lowest)/math.Log10(highest/lowest)
	}
	for ns := lowest; ns <= highest*1.001; ns *= 10 {
		c.line(left, y(ns), right, y(ns), "#dddddd")
		c.text(left-8, y(ns)+4, "end", fmt.Sprintf("%.0f", ns))
	}
	var drawn []string
	for _, name := range contenderOrder {
		var points [][2]float64
		for _, r := range results {
			if figure := r.figure(name); figure > 0 {
				points = append(points, [2]float64{x(float64(r.Rows)), y(1e9 / figure)})
			}
		}
		if points != nil {
			c.curve(points, colours[name])
			drawn = append(drawn, name)
		}
	}
	c.legend(left, 36, drawn)
	for _, r := range results {
		c.text(x(float64(r.Rows)), bottom+20, "middle", fmt.Sprintf("%d", r.Rows))
	}
	return c.String()
}

// decades returns the powers of ten around all figures, in nanoseconds a row.
func decades(results []result) (lowest, highest float64) {
	lowest, highest = math.Inf(1), 0
	for _, r := range results {
		for _, name := range contenderOrder {
			if figure := r.figure(name); figure > 0 {
				lowest, highest = min(lowest, 1e9/figure), max(highest, 1e9/figure)
			}
		}
	}
	lowest = math.Pow10(int(math.Floor(math.Log10(lowest))))
	return lowest, max(10*lowest, math.Pow10(int(math.Ceil(math.Log10(highest)))))
}
