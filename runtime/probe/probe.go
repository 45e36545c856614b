// Package probe asks a live ODBC driver all that a driver.Plugin states: what it claims,
// and what is found when that is tried. It believes nothing that it can try, and it takes
// no decision: what was found is held against a plugin, and told.
//
// A driver may crash or hang, so all is asked in child processes, see Options.Child.
package probe

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
)

// Options says what is to be asked.
type Options struct {
	// Connection is the connection string.
	Connection string
	// Plugin is what the findings are held against, nil for the built-in plugin of the
	// database.
	Plugin *driver.Plugin
	// Scratch allows tables with names that begin with odbcgen_probe_, which are dropped.
	Scratch bool
	// Child is the command of a process that calls ServeChild.
	Child []string
	// Limit is the time that a trial may take, 0 for 20 s. A child that is silent for
	// twice as long is ended.
	Limit time.Duration
	// Progress is called before each trial, if not nil.
	Progress func(trial string, done, total int)
}

func (o Options) limit() time.Duration {
	if o.Limit == 0 {
		return 20 * time.Second
	}
	return o.Limit
}

// Ask asks the driver. An error says that it could not be asked at all.
func Ask(ctx context.Context, o Options) (*Report, error) {
	if err := runtime.ValidateConnectionString(o.Connection); err != nil {
		return nil, err
	}
	p := &parent{Options: o, report: &Report{Connection: runtime.Redact(o.Connection), Scratch: o.Scratch, Plugin: o.Plugin}}
	if err := p.ask(ctx); err != nil {
		return nil, fmt.Errorf("%s", runtime.Scrub(o.Connection, err.Error()))
	}
	return p.report, nil
}

// parent lets children ask.
type parent struct {
	Options
	report *Report
	total  int
	left   []string // tables that were made and not dropped
}

func (p *parent) ask(ctx context.Context) error {
	if r := p.run(ctx, []string{introduction}); r == nil || r.Problem != "" {
		return p.stopped(ctx, r)
	}
	if p.report.Plugin == nil {
		p.report.Plugin = driver.For(p.report.Server)
	}
	p.report.Results = nil
	names := p.names()
	p.total = len(names)
	for len(names) > 0 {
		before := len(p.report.Results)
		p.run(ctx, names)
		if ctx.Err() != nil {
			break
		}
		made := len(p.report.Results) - before
		if made == 0 {
			return errors.New("the child process says nothing")
		}
		names = names[made:]
	}
	if len(p.left) > 0 {
		tidying := context.WithoutCancel(ctx)
		p.run(tidying, []string{tidiness})
		p.report.Left = p.left
	}
	if ctx.Err() != nil {
		return errors.New("the run was interrupted")
	}
	p.report.conclude()
	return nil
}

func (p *parent) stopped(ctx context.Context, r *Result) error {
	switch {
	case ctx.Err() != nil:
		return errors.New("the run was interrupted")
	case r == nil:
		return errors.New("the child process says nothing")
	}
	return fmt.Errorf("connect: %s", r.Problem)
}

// names returns the trials that are to be made.
func (p *parent) names() (names []string) {
	for _, t := range trials {
		if t.scratch && !p.Scratch {
			p.report.NotTried = append(p.report.NotTried, t.name)
			continue
		}
		names = append(names, t.name)
	}
	return names
}
