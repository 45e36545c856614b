package probe

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
)

// request is what a child is to try. It goes by standard input, for the connection
// string is a secret.
type request struct {
	Connection string
	Plugin     *driver.Plugin // nil before it is known
	Limit      time.Duration
	Trials     []string
	Tables     []string // to be dropped, of tidiness
}

// line is what a child says: what it tries next, what it has made, or what came of it.
type line struct {
	Trying   string       `json:",omitempty"`
	Made     string       `json:",omitempty"` // a table
	Dropped  string       `json:",omitempty"`
	Server   *odbc.Server `json:",omitempty"`
	Claims   []Claim      `json:",omitempty"`
	Types    []Type       `json:",omitempty"`
	Fact     *Fact        `json:",omitempty"`
	Tried    string       `json:",omitempty"`
	Problem  string       `json:",omitempty"`
	Untried  bool         `json:",omitempty"` // the trial could not be made
	Unending bool         `json:",omitempty"` // it was not over when its time was
}

// run lets a child make trials, up to one at which it dies, and returns what came of the
// last one; nil if there was none.
func (p *parent) run(ctx context.Context, names []string) *Result {
	r := request{Connection: p.Connection, Plugin: p.report.Plugin, Limit: p.limit(), Trials: names, Tables: p.left}
	ctx, kill := context.WithCancel(ctx)
	defer kill()
	cmd := exec.CommandContext(ctx, p.Child[0], p.Child[1:]...)
	var last strings.Builder
	cmd.Stderr = &last
	in, out, err := pipes(cmd)
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return &Result{Problem: err.Error()}
	}
	if err := json.NewEncoder(in).Encode(r); err == nil {
		in.Close()
	}
	watch := time.AfterFunc(2*p.limit(), kill)
	defer watch.Stop()
	var now *Result
	for lines := bufio.NewReader(out); ; {
		text, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		var said line
		if json.Unmarshal(text, &said) == nil {
			watch.Reset(2 * p.limit())
			now = p.take(said, now)
		}
	}
	err = cmd.Wait()
	if now == nil || now.over {
		return now
	}
	now.Crashed = true
	now.Problem = "the driver crashed: " + runtime.Scrub(p.Connection, deathOf(last.String(), err))
	if ctx.Err() != nil {
		now.Problem = fmt.Sprintf("the driver hung: the process had to be ended after %v", 2*p.limit())
	}
	p.report.Results = append(p.report.Results, *now)
	return now
}

func pipes(cmd *exec.Cmd) (in io.WriteCloser, out io.ReadCloser, err error) {
	if in, err = cmd.StdinPipe(); err != nil {
		return nil, nil, err
	}
	out, err = cmd.StdoutPipe()
	return in, out, err
}

// deathOf returns how a process died: the Go runtime says there what has happened in C.
func deathOf(said string, err error) string {
	for word := range strings.Lines(said) {
		if strings.HasPrefix(word, "SIG") || strings.HasPrefix(word, "fatal error") || strings.HasPrefix(word, "signal") {
			return strings.TrimSpace(word)
		}
	}
	why, _, _ := strings.Cut(said, "\n")
	if err == nil {
		err = errors.New("the process ended itself")
	}
	return cmp.Or(why, err.Error())
}

// take takes in a line, and returns the trial that is under way or was made last.
func (p *parent) take(said line, now *Result) *Result {
	switch {
	case said.Trying != "":
		if p.Progress != nil && p.total > 0 {
			p.Progress(said.Trying, len(p.report.Results), p.total)
		}
		return &Result{Trial: said.Trying}
	case said.Made != "":
		p.left = append(p.left, said.Made)
	case said.Dropped != "":
		p.left = slices.DeleteFunc(p.left, func(name string) bool { return name == said.Dropped })
	case said.Server != nil:
		p.report.Server = runtime.Server(*said.Server)
	case said.Claims != nil:
		p.report.Claims = said.Claims
	case said.Types != nil:
		p.report.Types = said.Types
	case said.Fact != nil && now != nil:
		now.Facts = append(now.Facts, *said.Fact)
	case said.Tried != "" && now != nil:
		now.Problem, now.Untried, now.Hung, now.over = said.Problem, said.Untried, said.Unending, true
		p.report.Results = append(p.report.Results, *now)
	}
	return now
}

// ServeChild does the work of a child of Ask: it reads one request and writes what it
// finds.
func ServeChild(ctx context.Context, in io.Reader, out io.Writer) error {
	var r request
	if err := json.NewDecoder(in).Decode(&r); err != nil {
		return fmt.Errorf("read the request: %w", err)
	}
	if r.Plugin == nil {
		r.Plugin = &driver.Generic
	}
	c := &child{request: r, out: json.NewEncoder(out)}
	for _, name := range r.Trials {
		t, ok := trialOf(name)
		if !ok {
			return fmt.Errorf("there is no trial %q", name)
		}
		if !c.try(ctx, t) {
			break // the driver may still be at it, and go on in what comes next
		}
	}
	return c.failed
}

// child makes trials.
type child struct {
	request
	out    *json.Encoder
	names  map[string]string // of types, by word of columnTypes
	failed error
}

func (c *child) say(l line) { c.failed = cmp.Or(c.failed, c.out.Encode(l)) }

// scrub takes the secrets out of a text.
func (c *child) scrub(text string) string { return runtime.Scrub(c.Connection, text) }

// try makes a trial on a connection of its own, and reports whether another one may
// follow in this process.
func (c *child) try(ctx context.Context, t trial) bool {
	c.say(line{Trying: t.name})
	ctx, stop := context.WithTimeout(ctx, c.Limit)
	defer stop()
	a := &at{child: c, ctx: ctx, plugin: c.Plugin}
	err := a.open()
	if err == nil {
		err = t.run(a)
		a.tidy()
	}
	end := line{Tried: t.name}
	var hung bool
	if err != nil {
		hung = errors.Is(err, context.DeadlineExceeded) || errors.Is(err, odbc.ErrAbandoned)
		_, untried := errors.AsType[notTried](err)
		end.Problem, end.Untried, end.Unending = c.scrub(err.Error()), untried && !hung, hung
	}
	if hung {
		end.Problem = fmt.Sprintf("the driver hung: a call did not end within %v, nor when it was cancelled", c.Limit)
	}
	c.say(end)
	return !hung
}
