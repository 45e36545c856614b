package main

import (
	"fmt"
	"math"
)

// ratioBars draws how many times as fast as each other contender ours is. The
// axis is logarithmic: a bar to the right says that ours is faster.
func ratioBars(driver string, results []result) string {
	const (
		left, top, right = 150.0, 60.0, 680.0
		bar, gap         = 7.0, 8.0
	)
	height := top + 30
	for _, r := range results {
		height += bar*float64(len(r.others())) + gap
	}
	c := &canvas{width: right + 60, height: height}
	at := func(ratio float64) float64 { return left + (right-left)*(math.Log2(clamped(ratio))+4)/8 }
	c.text(left, 18, "start", "rate of ours to that of other contenders, on "+driver+"; right of the line ours is faster")
	c.legend(left, 36, []string{floor, "alexbrainman", "native", "pyodbc"})
	for power := -4; power <= 4; power++ {
		x := at(math.Exp2(float64(power)))
		c.line(x, top-4, x, height-26, "#dddddd")
		c.text(x, height-12, "middle", ratioLabel(power))
	}
	y := top
	for _, r := range results {
		others := r.others()
		c.text(left-8, y+bar*float64(len(others))/2+4, "end", r.Scenario)
		for _, o := range others {
			from, to := min(at(1), at(o.ratio)), max(at(1), at(o.ratio))
			c.rect(from, y, max(1, to-from), bar-1, colours[o.name])
			y += bar
		}
		y += gap
	}
	c.line(at(1), top-4, at(1), height-26, "#000000")
	return c.String()
}

// ratioLabel writes a power of two.
func ratioLabel(power int) string {
	if power < 0 {
		return fmt.Sprintf("1/%d", 1<<-power)
	}
	return fmt.Sprintf("%d", 1<<power)
}

// clamped keeps a ratio within the axis.
func clamped(ratio float64) float64 { return min(16, max(1.0/16, ratio)) }

// other is another contender than ours.
type other struct {
	name  string
	ratio float64
}

func (r result) others() (all []other) {
	for _, name := range contenderOrder[1:] {
		if figure := r.figure(name); figure > 0 {
			all = append(all, other{name, r.Ours / figure})
		}
	}
	return all
}

// contenderOrder is the order of columns and bars.
var contenderOrder = []string{ours, floor, "alexbrainman", "native", "pyodbc"}
