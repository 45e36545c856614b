package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/odbcgen/odbcgen/generator"
)

const (
	progressPatience = time.Second            // what takes less is not worth a line
	progressInterval = 200 * time.Millisecond // between two drawings
)

// progress is a line on a terminal that says how far a run is. It is written again
// and again, first after a second, and gone at the end of the run.
type progress struct {
	w     io.Writer
	width func() int // of the terminal, 0 when not known
	begun time.Time
	ended chan struct{}

	mu    sync.Mutex // guards the following
	at    generator.Progress
	drawn int // runes of the line that is there
}

// newProgress begins to draw; show ends it.
func newProgress(w io.Writer, width func() int) *progress {
	p := &progress{w: w, width: width, begun: time.Now(), ended: make(chan struct{})}
	go p.run()
	return p
}

func (p *progress) run() {
	wait := time.NewTimer(progressPatience)
	defer wait.Stop()
	for {
		select {
		case <-p.ended:
			return
		case <-wait.C:
			wait.Reset(progressInterval)
			p.redraw()
		}
	}
}

// show keeps where the run is, for the next drawing; at the end it removes the line.
func (p *progress) show(at generator.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = at
	if at.Done == at.Total {
		close(p.ended)
		if p.drawn > 0 {
			p.write("")
		}
	}
}

func (p *progress) redraw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at.Done < p.at.Total {
		p.write(describing(p.at, time.Since(p.begun)))
	}
}

// write puts text in the place of the line that is there. p.mu must be held.
func (p *progress) write(text string) {
	if width := p.width(); width > 0 {
		text = cut(text, width-1) // a full line would wrap
	}
	fmt.Fprint(p.w, "\r"+strings.Repeat(" ", p.drawn)+"\r"+text)
	p.drawn = utf8.RuneCountInString(text)
}

func cut(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(runes[:max(n, 0)])
	}
	return text
}

// describing says which query is described, and how long all will take if the rest
// is like those before it.
func describing(at generator.Progress, passed time.Duration) string {
	text := fmt.Sprintf("describing %d/%d %s", at.Done+1, at.Total, at.Name)
	if at.Done == 0 {
		return text
	}
	left := passed / time.Duration(at.Done) * time.Duration(at.Total-at.Done)
	if left > 2*time.Minute {
		return fmt.Sprintf("%s, %.0f min left", text, left.Minutes())
	}
	return fmt.Sprintf("%s, %.0f s left", text, left.Seconds())
}
