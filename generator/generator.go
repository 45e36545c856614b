// Package generator turns a query spec into Go files: it reads the spec, asks
// the database what each query takes and returns, plans the Go code and prints
// it. All that is wrong is told at once, in Diagnostics, and then nothing is
// written. The package prints nothing and decides no exit codes.
package generator

import (
	"cmp"
	"context"
	"os"
	"slices"

	"github.com/odbcgen/odbcgen/generator/internal/describe"
	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/emit"
	"github.com/odbcgen/odbcgen/generator/internal/plan"
	"github.com/odbcgen/odbcgen/generator/internal/pluginfile"
	"github.com/odbcgen/odbcgen/generator/internal/spec"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Contract is the number of the contract with the runtime that generated code
// is written to.
const Contract = plan.Contract

// Options says what to generate from.
type Options struct {
	// Spec is the path of the spec file.
	Spec string
	// Driver and Database stand for what the spec says, when not empty.
	Driver, Database string
	// Refresh asks the database also where there are current snapshots. Offline
	// never asks it.
	Refresh, Offline bool
	// Child is a command line that calls ServeChild with its standard input and
	// output. Drivers that no plugin knows are asked there, since they may crash; nil
	// asks them in this process.
	Child []string
	// Env looks up the ${NAME} of the spec; nil is the process's environment.
	Env func(name string) (string, bool)
	// Progress is told before each query that is described, and at the end; nil
	// is told nothing.
	Progress func(Progress)
}

// Generate reads the spec and returns the files that belong to it, without
// writing any: see Result.Commit. The error is a *Diagnostics.
func Generate(ctx context.Context, o Options) (*Result, error) {
	d := describeSpec(ctx, o)
	if d.spec != nil {
		checkFolder(d.spec.Out, d.problems)
	}
	if err := errorOf(d.problems); err != nil {
		return nil, err
	}
	result, err := d.result()
	if err != nil {
		return nil, err // a bug of ours: what was printed is not Go
	}
	if err := errorOf(d.problems); err != nil {
		return nil, err
	}
	return result, nil
}

// result plans and prints the files, of a spec whose queries are all described. What
// keeps it from that is added to the problems.
func (d *described) result() (*Result, error) {
	pkg, problems := plan.New(d.input())
	for _, p := range problems {
		d.problems.Add(d.diagnostic(p))
	}
	if len(problems) > 0 {
		return nil, nil
	}
	files, err := emit.Files(pkg)
	if err != nil {
		return nil, err
	}
	result, findings := newResult(d.spec.Out.Value, files, d.snapshots)
	d.add(findings)
	result.Notes = d.notes
	return result, nil
}

func (d *described) loader(o Options) spec.Loader {
	l := spec.Loader{Env: o.Env, Driver: o.Driver, Database: o.Database, Plugin: d.readPlugin}
	if l.Env == nil {
		l.Env = os.LookupEnv
	}
	for _, p := range driver.All() {
		l.Drivers = append(l.Drivers, p.Name)
		d.plugins[p.Name] = p
	}
	for _, k := range protocol.Kinds() {
		l.Kinds = append(l.Kinds, k.String())
	}
	return l
}

// readPlugin takes in the plugin of a file.
func (d *described) readPlugin(path, text string, problems *diag.List) (spec.Plugin, bool) {
	p := pluginfile.Load(path, text, problems)
	if p == nil {
		return spec.Plugin{}, false
	}
	d.plugins[p.Name] = p
	return spec.Plugin{Name: p.Name, Scratch: p.Scratch.Connection != "", Dialect: describe.DialectOf(p)}, true
}

// plugin returns what is known of a driver of the spec.
func (d *described) plugin(name string) *driver.Plugin {
	return cmp.Or(d.plugins[name], &driver.Generic)
}

// input joins spec and shapes for the plan.
func (d *described) input() plan.Input {
	in := plan.Input{
		Package: d.spec.Package.Value, Driver: d.spec.Targets[0].Driver.Value, Null: d.nullStyle(), Fake: d.spec.Fake.Value,
	}
	for _, p := range d.spec.Plugins {
		if p.Name != "" { // nothing is known of one with faults, which are told
			in.Plugins = append(in.Plugins, d.plugin(p.Name))
		}
	}
	for _, q := range d.spec.Queries {
		f := sourceFile(&in, q.File)
		f.Queries = append(f.Queries, d.query(q))
	}
	for _, b := range d.spec.Bulks {
		f := sourceFile(&in, b.File)
		f.Bulks = append(f.Bulks, plan.DescribedBulk{
			Name: b.Name.Value, Doc: b.Doc.Value, Table: b.Table.Value, Columns: columns(d.shapes[b.Name.Value].Columns),
			Conflict: texts(b.Conflict), Update: texts(b.Update), NoUpdate: b.NoUpdate,
		})
	}
	for _, p := range d.spec.Procedures {
		f := sourceFile(&in, p.File)
		f.Procedures = append(f.Procedures, d.procedure(p))
	}
	return in
}

func (d *described) nullStyle() plan.NullStyle {
	if d.spec.Null.Value == spec.NullPointer {
		return plan.NullPointer
	}
	return plan.NullSQL
}

// sourceFile returns the file of the name, which it adds at first.
func sourceFile(in *plan.Input, name string) *plan.SourceFile {
	i := slices.IndexFunc(in.Files, func(f plan.SourceFile) bool { return f.Name == name })
	if i < 0 {
		i = len(in.Files)
		in.Files = append(in.Files, plan.SourceFile{Name: name})
	}
	return &in.Files[i]
}

func (d *described) query(q spec.Query) plan.DescribedQuery {
	shape := d.shapes[q.Name.Value]
	planned := plan.DescribedQuery{
		Name: q.Name.Value, Doc: q.Doc.Value, Result: plan.Result(q.Result.Value),
		SQL: shape.Text(d.plugin(d.spec.Targets[0].Driver.Value), q.SQL.Bound), Columns: columns(shape.Columns),
		Frames: d.spec.FramesOf(&q),
	}
	if s := q.Spool; s != nil {
		planned.Spool = &plan.Spool{Threshold: s.Threshold, Dir: s.Dir.Value}
	}
	for i, p := range shape.Params {
		planned.Params = append(planned.Params, plan.Param{
			Number: q.SQL.Bound.Uses[i].Order(), Name: p.Name, Kind: p.Kind, Told: p.Told, Null: p.Null, Reader: p.Reader, List: p.List, SQLType: p.SQLType,
		})
	}
	planned.Dialects = d.dialects(shape, q.Dialects)
	for i, s := range shape.Sets {
		planned.Sets = append(planned.Sets, plan.DescribedSet{
			Name: q.Sets[i].Name.Value, Result: plan.Result(q.Sets[i].Result.Value), Columns: columns(s.Columns),
			SQL: describe.Shape{Columns: s.Columns}.Text(d.plugin(d.spec.Driver.Value), q.Sets[i].SQL.Bound), Dialects: d.dialects(describe.Shape{Columns: s.Columns}, q.Sets[i].Dialects), Params: s.Params,
		})
	}
	for _, e := range shape.Embeds {
		planned.Embeds = append(planned.Embeds, plan.Embed{Name: e.Name, Table: e.Table, From: e.From, Columns: len(e.Columns), Null: e.Null})
	}
	for _, k := range q.Keyset {
		planned.Keyset = append(planned.Keyset, plan.Key{Param: k.Param.Value, Column: k.Column.Value})
	}
	return planned
}

func (d *described) dialects(shape describe.Shape, variants []spec.Dialect) []plan.Dialect {
	var all []plan.Dialect
	for _, variant := range variants {
		text := plan.Dialect{Driver: variant.Driver.Value, SQL: shape.Text(d.plugin(variant.Driver.Value), variant.SQL.Bound)}
		for _, use := range variant.SQL.Bound.Uses {
			text.Params = append(text.Params, use.Name)
		}
		all = append(all, text)
	}
	return all
}

func columns(values []describe.Value) []plan.Column {
	var all []plan.Column
	for _, v := range values {
		all = append(all, plan.Column{Name: v.Name, Kind: v.Kind, Told: v.Told, Null: v.Null, Reader: v.Reader, SQLType: v.SQLType})
	}
	return all
}

// diagnostic gives a problem of the plan its place in the spec.
func (d *described) diagnostic(p plan.Problem) diag.Diagnostic {
	found := diag.Diagnostic{Query: p.Query, Message: p.Message, Help: p.Help}
	if p.Query == "" {
		found.Pos = d.spec.Driver.Pos
	}
	for _, b := range d.spec.Bulks {
		if b.Name.Value == p.Query {
			found.Pos = b.Name.Pos
		}
	}
	for _, q := range d.spec.Queries {
		if q.Name.Value == p.Query {
			found.Pos = placeOf(&q, p.Param)
		}
	}
	for _, called := range d.spec.Procedures {
		if called.Name.Value == p.Query {
			found.Pos = placeOfParam(&called, p.Param)
		}
	}
	return found
}
