package generator

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

	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/snapshot"
	"github.com/odbcgen/odbcgen/generator/internal/spec"
)

// A driver that no plugin knows may crash, and would take this process with it. It
// is asked in a child process: the parent writes a request to the child's standard
// input, for the connection string is a secret, and reads lines of reports.

// request is what a child is to ask.
type request struct {
	Spec, Driver, Database string
	Names                  []string // of queries and bulk inserts
}

// report is a line of what a child says: which query it asks about next, or what the
// answer was.
type report struct {
	Asking   string            `json:",omitempty"`
	Answered string            `json:",omitempty"`
	Snapshot json.RawMessage   `json:",omitempty"`
	Findings []diag.Diagnostic `json:",omitempty"`
}

// ServeChild does the work of a child of Generate, see Options.Child: it reads one
// request and writes reports.
func ServeChild(ctx context.Context, in io.Reader, out io.Writer) error {
	var r request
	if err := json.NewDecoder(in).Decode(&r); err != nil {
		return fmt.Errorf("read the request: %w", err)
	}
	d := loadSpec(Options{Spec: r.Spec, Driver: r.Driver, Database: r.Database})
	if len(d.targets()) == 0 {
		return errors.New("the spec is not the one that was read before")
	}
	t, known := d.targets()[0], d.problems.All()
	asked := slices.DeleteFunc(d.questions(t), func(q question) bool { return !slices.Contains(r.Names, q.key.Name) })
	var failed error
	lines := json.NewEncoder(out)
	say := func(line report) { failed = cmp.Or(failed, lines.Encode(line)) }
	asking := Options{Progress: func(p Progress) {
		if p.Name != "" {
			say(report{Asking: p.Name})
		}
	}}
	unreached := d.ask(ctx, asking, t, asked, func(q question, s snapshot.Snapshot, findings []diag.Diagnostic) {
		answer := report{Answered: q.key.Name, Findings: findings}
		if len(findings) == 0 {
			answer.Snapshot = snapshot.Encode(q.key, s)
		}
		say(answer)
	})
	added := slices.DeleteFunc(d.problems.All(), func(p diag.Diagnostic) bool { return slices.Contains(known, p) })
	if about := append(unreached, added...); len(about) > 0 { // no query
		say(report{Findings: about})
	}
	return failed
}

// askInChildren is ask in child processes: after a crash, a new one goes on behind
// the query that it happened at.
func (d *described) askInChildren(ctx context.Context, o Options, t spec.Target, asked []question, told func(question, snapshot.Snapshot, []diag.Diagnostic)) (unreached []diag.Diagnostic) {
	if len(t.Faults) > 0 {
		return t.Faults
	}
	tell := teller(o.Progress, len(asked))
	defer tell("")
	for len(asked) > 0 {
		c := child{asked: asked, told: told, tell: tell}
		crash := c.run(ctx, o, t)
		switch {
		case ctx.Err() != nil: // which kills the child
			return []diag.Diagnostic{{Message: "the run was interrupted", Fatal: true}}
		case crash == nil:
			return d.reaching(c.findings)
		case c.asking == "":
			d.problems.Add(diag.Diagnostic{
				Pos: t.Driver.Pos, Fatal: true, Message: fmt.Sprintf("the ODBC driver crashed when odbcgen connected (%v)", crash),
				Help: "try another version of the driver",
			})
			return nil
		}
		i := slices.IndexFunc(asked, func(q question) bool { return q.key.Name == c.asking })
		told(asked[i], snapshot.Snapshot{}, []diag.Diagnostic{{
			Pos: asked[i].pos(), Query: c.asking, Message: fmt.Sprintf("the ODBC driver crashed when it was asked about this query (%v)", crash),
			Help: "write it another way, or try another version of the driver",
		}})
		asked = asked[i+1:]
	}
	return nil
}

// child is a child process at work.
type child struct {
	asked    []question
	told     func(question, snapshot.Snapshot, []diag.Diagnostic)
	asking   string // what it was asked last, and has not answered
	tell     func(name string)
	findings []diag.Diagnostic // about no query
}

// run lets a child ask, and returns how it died before it was done.
func (c *child) run(ctx context.Context, o Options, t spec.Target) error {
	r := request{Spec: o.Spec, Driver: t.Driver.Value, Database: t.Database.Value}
	if spec.IsPluginFile(o.Driver) {
		r.Driver = o.Driver // the spec may not name the file
	}
	for _, q := range c.asked {
		r.Names = append(r.Names, q.key.Name)
	}
	cmd := exec.CommandContext(ctx, o.Child[0], o.Child[1:]...)
	var last strings.Builder // the Go runtime says there what has happened in C, and much more
	cmd.Stderr = &last
	in, out, err := pipes(cmd)
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return err
	}
	if err := json.NewEncoder(in).Encode(r); err == nil {
		in.Close()
	}
	for lines := bufio.NewReader(out); ; {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		var said report
		if err := json.Unmarshal(line, &said); err == nil {
			c.take(said)
		}
	}
	if err := cmd.Wait(); err != nil {
		why, _, _ := strings.Cut(last.String(), "\n")
		return errors.New(cmp.Or(why, err.Error()))
	}
	return nil
}

func pipes(cmd *exec.Cmd) (in io.WriteCloser, out io.ReadCloser, err error) {
	if in, err = cmd.StdinPipe(); err != nil {
		return nil, nil, err
	}
	out, err = cmd.StdoutPipe()
	return in, out, err
}

// take takes in a report.
func (c *child) take(said report) {
	if c.asking = said.Asking; c.asking != "" {
		c.tell(c.asking)
	}
	if said.Asking == "" && said.Answered == "" {
		c.findings = append(c.findings, said.Findings...)
	}
	for _, q := range c.asked {
		if q.key.Name == said.Answered {
			s, _ := snapshot.Decode(said.Snapshot) // none with findings
			c.told(q, s, said.Findings)
		}
	}
}
