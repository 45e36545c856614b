package generator

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/odbcgen/odbcgen/generator/internal/describe"
	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/snapshot"
	"github.com/odbcgen/odbcgen/generator/internal/spec"
)

// Checked is what a check did beside finding fault.
type Checked struct {
	// Notes say what has not been checked, and why.
	Notes []string
}

// Check holds the generated files and the snapshots that are checked in against the
// spec, and the snapshots against the databases that can be reached. It writes
// nothing. A database whose connection string needs an environment variable that is
// not set is not asked, which is noted; one that does not answer is an error. With
// rows, the queries that only read are run against the data that is there, and rows
// that contradict what was said of them are found, too. The error is a *Diagnostics.
func Check(ctx context.Context, o Options, rows bool) (Checked, error) {
	c := checking{described: loadSpec(o), rows: rows}
	for _, t := range c.targets() {
		c.target(ctx, o, t)
	}
	c.settleAll()
	if !c.problems.Fatal() && c.complete() {
		c.files()
	}
	return Checked{Notes: c.notes}, errorOf(c.problems)
}

// checking is a spec being checked.
type checking struct {
	*described
	rows bool
}

// target holds the snapshots for a target against the spec and the database.
func (c *checking) target(ctx context.Context, o Options, t spec.Target) {
	asked := c.questions(t)
	a, left := c.fromSnapshots(t, asked, false)
	for _, q := range left {
		c.problems.Add(diag.Diagnostic{
			Pos: q.pos(), Query: q.key.Name, Message: "there is no current snapshot for " + a.driver,
			Help: "run `odbcgen generate`, and check in what it writes",
		})
	}
	c.answers = append(c.answers, a)
	switch {
	case o.Offline:
	case len(t.Faults) > 0:
		c.note("the %s database was not asked: %s", a.driver, t.Faults[0].Message)
	default:
		c.drift(ctx, o, t, a, asked)
	}
}

// drift asks the database about everything, and holds what it says against the
// snapshots.
func (c *checking) drift(ctx context.Context, o Options, t spec.Target, a answers, asked []question) {
	c.add(c.ask(ctx, o, t, asked, func(q question, s snapshot.Snapshot, findings []diag.Diagnostic) {
		was, known := a.said[q.key.Name]
		switch {
		case !c.add(findings):
		case !known:
			c.take(a, q, s.Shape)
		default:
			c.add(q.changed(was, s.Shape))
		}
	}))
	if c.rows && !c.problems.Fatal() {
		c.live(ctx, t, a, asked)
	}
}

// live runs queries against the data that is there.
func (c *checking) live(ctx context.Context, t spec.Target, a answers, asked []question) {
	if len(c.spec.SchemaFor(a.driver)) > 0 {
		c.note("the %s database has no rows to look at: it is built from schema:", a.driver)
		return
	}
	db, findings := describe.Open(ctx, c.spec, t, c.plugin(t.Driver.Value))
	c.add(findings)
	if db == nil {
		return
	}
	defer db.Close()
	var run, rows int
	var empty, left []string
	for _, q := range asked {
		shape, known := a.shapes[q.key.Name]
		if q.query == nil || !known {
			continue
		}
		n, findings, ok := db.Rows(ctx, q.query, shape)
		c.add(findings)
		switch {
		case !ok:
			left = append(left, q.key.Name)
			continue
		case n == 0 && len(findings) == 0:
			empty = append(empty, q.key.Name)
		}
		run, rows = run+1, rows+n
	}
	c.note("%d queries were run on %s and gave %d rows", run, a.driver, rows)
	if len(empty) > 0 {
		c.note("no row proves anything of %s", strings.Join(empty, ", "))
	}
	if len(left) > 0 {
		c.note("not run, since they change something or take arrays: %s", strings.Join(left, ", "))
	}
}

// changed tells in one finding what has changed between two answers.
func (q question) changed(was, is describe.Shape) []diag.Diagnostic {
	changes := describe.Changes(was, is)
	if len(changes) == 0 {
		return nil
	}
	return []diag.Diagnostic{{
		Pos: q.pos(), Query: q.key.Name, Message: "the " + q.key.Driver + " database has changed since the snapshot was made",
		Detail: strings.Join(changes, "\n"), Help: "run `odbcgen generate --refresh`, and look at what becomes of the code that calls it",
	}}
}

// complete tells whether it is known of everything what it takes and returns.
func (c *checking) complete() bool {
	return c.spec != nil && len(c.spec.Queries)+len(c.spec.Bulks)+len(c.spec.Procedures)+len(c.spec.Patterns) == len(c.shapes)
}

// files holds the files that lie there against those that would be written.
func (c *checking) files() {
	before := c.problems.Len()
	result, err := c.result()
	if err != nil || result == nil || c.problems.Len() > before {
		if err != nil {
			c.problems.Add(diag.Diagnostic{Message: err.Error(), Fatal: true})
		}
		return
	}
	for _, f := range result.Files {
		if f.Changed {
			c.problems.Add(f.differs())
		}
	}
	for _, path := range result.Stale {
		c.problems.Add(diag.Diagnostic{
			Pos: diag.Pos{File: path}, Message: "the file belongs to the spec no more", Help: "run `odbcgen generate`, which removes it",
		})
	}
}

// differs tells how the file that lies there is different.
func (f File) differs() diag.Diagnostic {
	d := diag.Diagnostic{Pos: diag.Pos{File: f.Path}, Help: "run `odbcgen generate`, and check in what it writes"}
	have, err := os.ReadFile(f.Path)
	if err != nil {
		d.Message = "the generated file is missing"
		return d
	}
	d.Message = "the generated file is stale"
	d.Detail = shortened(string(diff.Diff("there", have, "generated", f.Content)))
	return d
}

// shortened cuts a difference that nobody would read.
func shortened(text string) string {
	const most = 60
	_, text, _ = strings.Cut(text, "\n") // the command that would make it
	lines := strings.SplitAfter(text, "\n")
	if len(lines) <= most {
		return text
	}
	return fmt.Sprintf("%s… and %d lines more", strings.Join(lines[:most], ""), len(lines)-most)
}
