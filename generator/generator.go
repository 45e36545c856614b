// Package generator turns a query spec into Go files: it reads the spec, asks
// the database what each query takes and returns, plans the Go code and prints
// it. All that is wrong is told at once, in Diagnostics, and then nothing is
// written. The package prints nothing and decides no exit codes.
package generator

import (
	"context"
	"os"

	"github.com/odbcgen/odbcgen/generator/internal/describe"
	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/emit"
	"github.com/odbcgen/odbcgen/generator/internal/plan"
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
	// Env looks up the ${NAME} of the spec; nil is the process's environment.
	Env func(name string) (string, bool)
}

// Diagnostics are the findings of a run, in order of file and line. It is an
// error whose text draws all of them.
type Diagnostics struct{ list *diag.List }

// Error draws all findings under their source lines.
func (d *Diagnostics) Error() string { return d.list.Err().Error() }

// Fatal reports whether the run could not do its work (no database, no driver,
// no such file) rather than finding fault with the user's spec.
func (d *Diagnostics) Fatal() bool { return d.list.Fatal() }

// Len returns the number of findings.
func (d *Diagnostics) Len() int { return d.list.Len() }

// errorOf returns the list as an error, nil when it is empty.
func errorOf(list *diag.List) error {
	if list.Len() == 0 {
		return nil
	}
	return &Diagnostics{list}
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
	pkg, problems := plan.New(d.input())
	for _, p := range problems {
		d.problems.Add(d.diagnostic(p))
	}
	if err := errorOf(d.problems); err != nil {
		return nil, err
	}
	files, err := emit.Files(pkg)
	if err != nil {
		return nil, err // a bug of ours: what was printed is not Go
	}
	result, findings := newResult(d.spec.Out.Value, files)
	for _, f := range findings {
		d.problems.Add(f)
	}
	return result, errorOf(d.problems)
}

// described is a spec with what the database said about it.
type described struct {
	spec     *spec.Spec // nil when there is none to speak of
	problems *diag.List
	shapes   map[string]describe.Shape   // by query
	bulks    map[string][]describe.Value // by bulk insert
}

// describeSpec reads the spec and describes every query with which nothing is
// wrong yet, so that findings of both kinds come together.
func describeSpec(ctx context.Context, o Options) *described {
	loader := spec.Loader{Env: o.Env, Driver: o.Driver, Database: o.Database}
	if loader.Env == nil {
		loader.Env = os.LookupEnv
	}
	for _, p := range driver.All() {
		loader.Drivers = append(loader.Drivers, p.Name)
	}
	for _, k := range protocol.Kinds() {
		loader.Kinds = append(loader.Kinds, k.String())
	}
	d := &described{shapes: make(map[string]describe.Shape), bulks: make(map[string][]describe.Value)}
	d.spec, d.problems = loader.Load(o.Spec)
	if d.spec == nil || d.spec.Driver.Value == "" || d.problems.Fatal() {
		return d
	}
	faulty := make(map[string]bool)
	for _, p := range d.problems.All() {
		faulty[p.Query] = true
	}
	db, findings := describe.Open(ctx, d.spec)
	d.add(findings)
	if db == nil {
		return d
	}
	defer db.Close()
	for i := range d.spec.Queries {
		if q := &d.spec.Queries[i]; !faulty[q.Name.Value] && q.SQL.Bound.SQL != "" {
			shape, findings := db.Query(ctx, q)
			d.shapes[q.Name.Value] = shape
			d.add(findings)
		}
	}
	for i := range d.spec.Bulks {
		b := &d.spec.Bulks[i]
		columns, findings := db.Bulk(ctx, b)
		d.bulks[b.Name.Value] = columns
		d.add(findings)
	}
	return d
}

func (d *described) add(findings []diag.Diagnostic) {
	for _, f := range findings {
		d.problems.Add(f)
	}
}

// input joins spec and shapes for the plan.
func (d *described) input() plan.Input {
	in := plan.Input{Package: d.spec.Package.Value}
	if d.spec.Null.Value == spec.NullPointer {
		in.Null = plan.NullPointer
	}
	file := func(name string) *plan.SourceFile {
		for i := range in.Files {
			if in.Files[i].Name == name {
				return &in.Files[i]
			}
		}
		in.Files = append(in.Files, plan.SourceFile{Name: name})
		return &in.Files[len(in.Files)-1]
	}
	for _, q := range d.spec.Queries {
		f := file(q.File)
		f.Queries = append(f.Queries, d.query(q))
	}
	for _, b := range d.spec.Bulks {
		f := file(b.File)
		f.Bulks = append(f.Bulks, plan.DescribedBulk{
			Name: b.Name.Value, Doc: b.Doc.Value, Table: b.Table.Value, Columns: columns(d.bulks[b.Name.Value]),
		})
	}
	return in
}

func (d *described) query(q spec.Query) plan.DescribedQuery {
	shape := d.shapes[q.Name.Value]
	planned := plan.DescribedQuery{
		Name: q.Name.Value, Doc: q.Doc.Value, Result: plan.Result(q.Result.Value),
		SQL: q.SQL.Bound.SQL, Columns: columns(shape.Columns),
	}
	for _, p := range shape.Params {
		planned.Params = append(planned.Params, plan.Param{Name: p.Name, Kind: p.Kind, Null: p.Null, SQLType: p.SQLType})
	}
	for _, variant := range q.Dialects {
		text := plan.Dialect{Driver: variant.Driver.Value, SQL: variant.SQL.Bound.SQL}
		for _, use := range variant.SQL.Bound.Uses {
			text.Params = append(text.Params, use.Name)
		}
		planned.Dialects = append(planned.Dialects, text)
	}
	return planned
}

func columns(values []describe.Value) []plan.Column {
	var all []plan.Column
	for _, v := range values {
		all = append(all, plan.Column{Name: v.Name, Kind: v.Kind, Null: v.Null, SQLType: v.SQLType})
	}
	return all
}

// diagnostic gives a problem of the plan its place in the spec.
func (d *described) diagnostic(p plan.Problem) diag.Diagnostic {
	found := diag.Diagnostic{Query: p.Query, Message: p.Message, Help: p.Help}
	for _, q := range d.spec.Queries {
		if q.Name.Value != p.Query {
			continue
		}
		found.Pos = q.Name.Pos
		for _, use := range q.SQL.Bound.Uses {
			if p.Param != "" && use.Name == p.Param {
				found.Pos = q.SQL.Pos(use.Offset, use.Length)
				break
			}
		}
	}
	for _, b := range d.spec.Bulks {
		if b.Name.Value == p.Query {
			found.Pos = b.Name.Pos
		}
	}
	return found
}
