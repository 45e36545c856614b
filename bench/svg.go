package main

import (
	"fmt"
	"html"
	"strings"
)

// canvas is an SVG picture under way. Two kinds of plot need no plotting library.
type canvas struct {
	width, height float64
	body          strings.Builder
}

// colours of contenders, which differ in lightness too.
var colours = map[string]string{
	ours: "#0b5fa5", floor: "#444444", "alexbrainman": "#d1781f", "native": "#3f9a50", "pyodbc": "#b8a1d9",
}

func (c *canvas) line(x1, y1, x2, y2 float64, colour string) {
	fmt.Fprintf(&c.body, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s"/>`+"\n", x1, y1, x2, y2, colour)
}

func (c *canvas) rect(x, y, width, height float64, colour string) {
	fmt.Fprintf(&c.body, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`+"\n", x, y, width, height, colour)
}

// curve draws a line through points and marks each.
func (c *canvas) curve(points [][2]float64, colour string) {
	var through strings.Builder
	for _, p := range points {
		fmt.Fprintf(&through, "%.1f,%.1f ", p[0], p[1])
		fmt.Fprintf(&c.body, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>`+"\n", p[0], p[1], colour)
	}
	fmt.Fprintf(&c.body, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", strings.TrimSpace(through.String()), colour)
}

// text writes with the anchor start, middle or end at x.
func (c *canvas) text(x, y float64, anchor, text string) {
	fmt.Fprintf(&c.body, `<text x="%.1f" y="%.1f" text-anchor="%s">%s</text>`+"\n", x, y, anchor, html.EscapeString(text))
}

// legend names the contenders' colours from x on.
func (c *canvas) legend(x, y float64, contenders []string) {
	for _, name := range contenders {
		c.rect(x, y-9, 10, 10, colours[name])
		c.text(x+14, y, "start", name)
		x += 110
	}
}

func (c *canvas) String() string {
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" font-family="sans-serif" font-size="11">
<rect width="100%%" height="100%%" fill="#ffffff"/>
%s</svg>
`, c.width, c.height, c.width, c.height, c.body.String())
}
