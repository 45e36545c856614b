package generator

import (
	"fmt"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/generator/internal/describe"
	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/plan"
	"github.com/odbcgen/odbcgen/generator/internal/snapshot"
	"github.com/odbcgen/odbcgen/generator/internal/spec"
)

// procedureQuestions returns those about procedures.
func (d *described) procedureQuestions(t spec.Target) []question {
	var all []question
	key := func(name, procedure string) snapshot.Key {
		return snapshot.Key{Name: name, Driver: t.Driver.Value, SQL: "CALL " + procedure}
	}
	for i := range d.spec.Procedures {
		if p := &d.spec.Procedures[i]; p.Procedure.Value != "" {
			all = append(all, question{key: key(p.Name.Value, p.Procedure.Value), procedure: p})
		}
	}
	for i := range d.spec.Patterns {
		p := &d.spec.Patterns[i]
		all = append(all, question{key: key(p.Label(), p.Pattern.Value), pattern: p})
	}
	return all
}

// expand makes a procedure of the spec of each that the targets have of a pattern.
func (d *described) expand(q question) {
	e := expansion{described: d, question: q}
	for _, answers := range d.answers {
		said, ok := answers.shapes[q.key.Name]
		if !ok {
			return
		}
		e.said = append(e.said, said)
	}
	d.shapes[q.key.Name] = e.said[0]
	e.checkSkipped()
	for _, name := range e.names() {
		e.procedure(name)
	}
	d.add(e.findings)
}

// expansion makes procedures of a pattern.
type expansion struct {
	*described
	question
	said     []describe.Shape // one for each target
	findings []diag.Diagnostic
}

func (e *expansion) find(help, format string, args ...any) {
	e.findings = append(e.findings, diag.Diagnostic{Pos: e.pos(), Query: e.key.Name, Message: fmt.Sprintf(format, args...), Help: help})
}

// checkSkipped tells of procedures to leave out that there are not.
func (e *expansion) checkSkipped() {
	var all []string
	for _, said := range e.said {
		for _, p := range said.Procedures {
			all = append(all, e.last(p.Name))
		}
	}
	slices.Sort(all)
	for _, skip := range e.pattern.Skip {
		if !slices.ContainsFunc(all, func(name string) bool { return strings.EqualFold(name, skip.Value) }) {
			e.findings = append(e.findings, diag.Diagnostic{
				Pos: skip.Pos, Query: e.key.Name, Message: fmt.Sprintf("the pattern has no procedure %q", skip.Value),
				Help: diag.NearOrFew(skip.Value, "it", slices.Compact(all)),
			})
		}
	}
}

// last returns the name of a procedure without the qualifier of the pattern.
func (e *expansion) last(name string) string {
	qualifier, _ := e.pattern.Parts()
	return strings.TrimPrefix(name, qualifier+".")
}

// names returns the procedures that become methods, in order: those that the spec
// neither leaves out nor has an entry for.
func (e *expansion) names() []string {
	var names []string
	for _, said := range e.said {
		for _, p := range said.Procedures {
			is := func(name string) bool { return strings.EqualFold(name, p.Name) }
			written := slices.ContainsFunc(e.spec.Procedures, func(own spec.Procedure) bool { return is(own.Procedure.Value) })
			if !e.pattern.Skips(e.last(p.Name)) && !written && !slices.ContainsFunc(names, is) {
				names = append(names, p.Name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// procedure makes a procedure of that name, or tells what keeps it from that.
func (e *expansion) procedure(name string) {
	p := spec.Procedure{
		File: e.pattern.File, Name: spec.Text{Value: plan.MethodName(e.last(name)), Pos: e.pos()},
		Procedure: spec.Text{Value: name, Pos: e.pos()},
	}
	if !e.named(p) {
		return
	}
	before := len(e.findings)
	for i, said := range e.said {
		e.settle(p, e.answers[i], said)
	}
	if len(e.findings) > before {
		return
	}
	e.spec.Procedures = append(e.spec.Procedures, p)
	e.agree(question{key: snapshot.Key{Name: p.Name.Value}, procedure: &p})
}

// named tells whether p has a name in Go that is free.
func (e *expansion) named(p spec.Procedure) bool {
	const own = "give it an entry with another name, or write it under skip"
	name := p.Name.Value
	switch _, taken := e.shapes[name]; {
	case name == "":
		e.find(own, "the name of procedure %q has no letters", p.Procedure.Value)
	case taken:
		e.find(own, "procedure %s would be %s in Go, which is taken", p.Procedure.Value, name)
	default:
		return true
	}
	return false
}

// settle takes what a target said of p, with whose name nothing is wrong.
func (e *expansion) settle(p spec.Procedure, a answers, said describe.Shape) {
	const own = "give it an entry of its own, or write it under skip"
	said.Procedures = slices.DeleteFunc(slices.Clone(said.Procedures), func(one describe.Procedure) bool {
		return !strings.EqualFold(one.Name, p.Procedure.Value)
	})
	switch len(said.Procedures) {
	case 0:
		e.find("write it under skip", "procedure %s is missing on %s", p.Procedure.Value, a.driver)
		return
	case 1:
	default:
		e.find("give it an entry of its own, whose params are those of the one that is meant, or write it under skip",
			"the database has %d procedures %s", len(said.Procedures), p.Procedure.Value)
		return
	}
	shape, findings := describe.SettleProcedure(&p, e.plugin(a.driver), said)
	for _, f := range findings {
		e.find(own, "procedure %s: %s", p.Procedure.Value, f.Message)
	}
	a.shapes[p.Name.Value] = shape
	a.asked[p.Name.Value] = a.asked[e.key.Name]
}

// procedure joins a procedure of the spec and its shape for the plan.
func (d *described) procedure(p spec.Procedure) plan.DescribedProcedure {
	shape := d.shapes[p.Name.Value]
	planned := plan.DescribedProcedure{Name: p.Name.Value, Doc: p.Doc.Value, Procedure: p.Procedure.Value}
	if len(shape.Procedures) > 0 { // as the catalog spells it
		planned.Procedure = shape.Procedures[0].Name
	}
	for _, v := range shape.Params {
		planned.Params = append(planned.Params, plan.ProcedureParam{
			Name: v.Name, Kind: v.Kind, Null: v.Null, NullBack: v.NullBack, SQLType: v.SQLType, Direction: v.Direction, Width: v.Width,
		})
	}
	for i, set := range p.Sets {
		planned.Sets = append(planned.Sets, plan.DescribedSet{
			Name: set.Name.Value, Result: plan.Result(set.Result.Value), Columns: columns(shape.Sets[i].Columns),
		})
	}
	return planned
}

func (d *described) explainProcedure(p spec.Procedure, shape describe.Shape) Explained {
	e := Explained{Name: p.Name.Value, Snapshot: d.kept(p.Name.Value), Params: d.values(shape.Params)}
	for i, set := range p.Sets {
		e.Sets = append(e.Sets, ExplainedSet{set.Name.Value, set.Result.Value, d.values(shape.Sets[i].Columns)})
	}
	return e
}

// placeOfParam returns where the spec has a parameter of a procedure, or the place of
// the procedure.
func placeOfParam(p *spec.Procedure, name string) diag.Pos {
	for _, param := range append(slices.Clip(p.Params), p.Return) {
		if param.Name.Value != "" && strings.EqualFold(param.Name.Value, name) {
			return param.Name.Pos
		}
	}
	return p.Name.Pos
}
