package generator

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/generator/internal/describe"
	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/pluginfile"
	"github.com/odbcgen/odbcgen/generator/internal/snapshot"
	"github.com/odbcgen/odbcgen/generator/internal/spec"
	"github.com/odbcgen/odbcgen/runtime/driver"
)

// described is a spec with what its databases say of it, now or in snapshots.
type described struct {
	spec      *spec.Spec // nil when there is none to speak of
	problems  *diag.List
	snapshots *snapshot.Folder          // nil where nothing has been described
	answers   []answers                 // one for each target of the spec
	shapes    map[string]describe.Shape // what all targets agree on, by query or bulk insert
	plugins   map[string]*driver.Plugin // by name, those of files among them
	notes     []string                  // what the user should know, and is no fault
}

// answers are those of one target.
type answers struct {
	driver string
	said   map[string]describe.Shape // without the spec's word, by query or bulk insert
	shapes map[string]describe.Shape // likewise, with it
	asked  map[string]bool           // of which the database was asked now
}

// describeSpec reads the spec and finds out about every query with which nothing is
// wrong yet, so that findings of both kinds come together.
func describeSpec(ctx context.Context, o Options) *described {
	d := loadSpec(o)
	for _, t := range d.targets() {
		d.answers = append(d.answers, d.describe(ctx, o, t))
	}
	d.settleAll()
	return d
}

// describe has the queries described on a target. A database that is not built from
// schema files may have changed, and is asked about all of them; where it cannot be
// reached, current snapshots have the word. One that is built is asked about those
// without.
func (d *described) describe(ctx context.Context, o Options, t spec.Target) answers {
	asked := d.questions(t)
	var unreached []diag.Diagnostic
	if live := len(d.spec.SchemaFor(t.Driver.Value)) == 0; live && !o.Offline {
		a := newAnswers(t)
		if unreached = d.fromDatabase(ctx, o, a, t, asked); unreached == nil {
			return a
		}
	}
	a, left := d.fromSnapshots(t, asked, o.Refresh)
	switch {
	case unreached != nil && len(left) == 0 && ctx.Err() == nil:
		d.note("the %s database was not asked: %s", a.driver, unreached[0].Message)
	case unreached != nil:
		d.add(needed(unreached, asked, left))
	case len(left) > 0 && o.Offline:
		d.add(unanswered(left))
	case len(left) > 0:
		d.add(d.fromDatabase(ctx, o, a, t, left))
	}
	return a
}

// needed tells what a database that cannot be reached is needed for, where snapshots
// do for the rest.
func needed(unreached []diag.Diagnostic, asked, left []question) []diag.Diagnostic {
	if len(left) == len(asked) {
		return unreached
	}
	var names []string
	for _, q := range left {
		names = append(names, q.key.Name)
	}
	const most = 5
	if len(names) > most {
		names = append(names[:most], fmt.Sprintf("%d more", len(left)-most))
	}
	first := unreached[0]
	first.Help = strings.TrimPrefix(first.Help+"\nthere is no current snapshot of "+strings.Join(names, ", "), "\n")
	return append([]diag.Diagnostic{first}, unreached[1:]...)
}

func (d *described) note(format string, args ...any) {
	d.notes = append(d.notes, fmt.Sprintf(format, args...))
}

// settleAll makes one shape for each query of what the targets answered.
func (d *described) settleAll() {
	if len(d.answers) == 0 {
		return
	}
	for _, q := range d.questions(d.spec.Targets[0]) {
		if q.pattern != nil {
			d.expand(q)
			continue
		}
		d.agree(q)
	}
}

// loadSpec reads the spec and its snapshots.
func loadSpec(o Options) *described {
	d := &described{shapes: make(map[string]describe.Shape), plugins: make(map[string]*driver.Plugin)}
	d.spec, d.problems = d.loader(o).Load(o.Spec)
	if d.spec == nil {
		return d
	}
	var err error
	if d.snapshots, err = snapshot.Open(snapshot.FolderFor(o.Spec), d.chosen(o)); err != nil {
		d.problems.Add(diag.Diagnostic{Pos: diag.Pos{File: o.Spec}, Fatal: true, Message: fmt.Sprintf("read the snapshots: %v", err)})
	}
	return d
}

// chosen returns the name of the driver that the run is about, "" for all.
func (d *described) chosen(o Options) string {
	if o.Driver == "" {
		return ""
	}
	return cmp.Or(d.spec.Targets[0].Driver.Value, o.Driver)
}

// targets returns those of the spec, none when there is nothing to ask them.
func (d *described) targets() []spec.Target {
	if d.spec == nil || d.spec.Driver.Value == "" || d.problems.Fatal() {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(d.spec.Targets), func(t spec.Target) bool { return d.plugins[t.Driver.Value] == nil })
}

// question is what a target is asked about: one of the four.
type question struct {
	key       snapshot.Key
	query     *spec.Query
	bulk      *spec.Bulk
	procedure *spec.Procedure
	pattern   *spec.Procedures
}

// questions returns those of the spec that the reader has found no fault with.
func (d *described) questions(t spec.Target) []question {
	faulty := make(map[string]bool)
	for _, p := range d.problems.All() {
		faulty[p.Query] = true
	}
	var all []question
	for i := range d.spec.Queries {
		q := &d.spec.Queries[i]
		if text := q.TextFor(t.Driver.Value); !faulty[q.Name.Value] && q.SQL.Bound.SQL != "" {
			all = append(all, question{key: snapshot.Key{Name: q.Name.Value, Driver: t.Driver.Value, SQL: text.Text, Asked: beside(q)}, query: q})
		}
	}
	for i := range d.spec.Bulks {
		b := &d.spec.Bulks[i]
		if !faulty[b.Name.Value] {
			all = append(all, question{key: snapshot.Key{Name: b.Name.Value, Driver: t.Driver.Value, SQL: insertText(b)}, bulk: b})
		}
	}
	for _, q := range d.procedureQuestions(t) {
		if !faulty[q.key.Name] {
			all = append(all, q)
		}
	}
	return all
}

// beside returns what the answer hangs on beside the text of a query.
func beside(q *spec.Query) string {
	switch q.Result.Value {
	case spec.InsertID, spec.Exec, spec.Affected:
		return q.Result.Value
	}
	return ""
}

func insertText(b *spec.Bulk) string {
	text := "INSERT INTO " + b.Table.Value + " (" + strings.Join(texts(b.Columns), ", ") + ")"
	if len(b.Conflict) > 0 { // whose key is asked for too
		text += " ON CONFLICT (" + strings.Join(texts(b.Conflict), ", ") + ")"
	}
	return text
}

func texts(all []spec.Text) []string {
	var values []string
	for _, t := range all {
		values = append(values, t.Value)
	}
	return values
}

func newAnswers(t spec.Target) answers {
	return answers{
		driver: t.Driver.Value, said: make(map[string]describe.Shape), shapes: make(map[string]describe.Shape), asked: make(map[string]bool),
	}
}

// fromSnapshots answers questions from the snapshots that are current, and returns
// those that are left.
func (d *described) fromSnapshots(t spec.Target, asked []question, refresh bool) (a answers, left []question) {
	a = newAnswers(t)
	fingerprint := d.fingerprint(t)
	current := !refresh && d.snapshots.Current(a.driver, fingerprint)
	d.snapshots.MadeFrom(a.driver, fingerprint)
	for _, q := range asked {
		if s, ok := d.snapshots.Get(q.key); current && ok && q.fits(s.Shape) {
			d.snapshots.Keep(q.key)
			d.take(a, q, s.Shape)
			continue
		}
		left = append(left, q)
	}
	return a, left
}

// fingerprint returns that of what the user has written of the database of a target: the
// schema files, and the plugin.
func (d *described) fingerprint(t spec.Target) string {
	var scripts []string
	for _, script := range d.spec.SchemaFor(t.Driver.Value) {
		scripts = append(scripts, script.SQL.Text)
	}
	if p := d.plugin(t.Driver.Value); p.Extends != "" {
		scripts = append(scripts, d.written(p))
	}
	return snapshot.Fingerprint(scripts...)
}

// written returns what the file of a plugin says, however it is laid out.
func (d *described) written(p *driver.Plugin) string {
	var b strings.Builder
	base, _ := driver.ByName(p.Extends)
	_ = pluginfile.Write(&b, base, p, nil) // a strings.Builder takes everything
	return b.String()
}

func (q question) fits(s describe.Shape) bool {
	switch {
	case q.procedure != nil || q.pattern != nil:
		return true
	case q.bulk != nil:
		return slices.EqualFunc(q.bulk.Columns, s.Columns, func(c spec.Text, v describe.Value) bool { return c.Value == v.Name })
	}
	return s.Fits(q.query, q.key.Driver)
}

// take has the spec's word on what was said to a question.
func (d *described) take(a answers, q question, said describe.Shape) {
	shape := said
	var findings []diag.Diagnostic
	switch {
	case q.query != nil:
		shape, findings = describe.Settle(q.query, d.plugin(a.driver), said)
	case q.procedure != nil:
		shape, findings = describe.SettleProcedure(q.procedure, d.plugin(a.driver), said)
	}
	if d.add(findings) {
		a.said[q.key.Name], a.shapes[q.key.Name] = said, shape
	}
}

// fromDatabase answers questions from the database of a target. It returns why that
// could not be reached.
func (d *described) fromDatabase(ctx context.Context, o Options, a answers, t spec.Target, asked []question) (unreached []diag.Diagnostic) {
	d.snapshots.MadeFrom(a.driver, d.fingerprint(t))
	return d.ask(ctx, o, t, asked, func(q question, s snapshot.Snapshot, findings []diag.Diagnostic) {
		a.asked[q.key.Name] = true
		if d.add(findings) {
			d.snapshots.Put(q.key, s)
		}
		if len(findings) == 0 || len(s.Shape.Sets) > 0 { // of several statements, some may be described
			d.take(a, q, s.Shape)
		}
	})
}

// ask asks the database of a target, and tells of each question what it said. It
// returns why the database could not be reached.
func (d *described) ask(ctx context.Context, o Options, t spec.Target, asked []question, told func(question, snapshot.Snapshot, []diag.Diagnostic)) (unreached []diag.Diagnostic) {
	if d.plugin(t.Driver.Value).Vendor() == driver.Generic.Name && o.Child != nil {
		return d.askInChildren(ctx, o, t, asked, told)
	}
	db, findings := describe.Open(ctx, d.spec, t, d.plugin(t.Driver.Value))
	if db == nil {
		return d.reaching(findings)
	}
	defer db.Close()
	tell := teller(o.Progress, len(asked))
	for _, q := range asked {
		tell(q.key.Name)
		said, findings := q.ask(ctx, db)
		told(q, snapshot.Snapshot{Server: db.Server(), Shape: said}, findings)
	}
	tell("")
	return nil
}

// reaching returns the findings that say that a database could not be reached; any
// other is one about the spec.
func (d *described) reaching(findings []diag.Diagnostic) []diag.Diagnostic {
	if slices.ContainsFunc(findings, func(f diag.Diagnostic) bool { return !f.Fatal }) {
		d.add(findings)
		return nil
	}
	return findings
}

// unanswered tells that there is no current snapshot for questions.
func unanswered(asked []question) []diag.Diagnostic {
	var all []diag.Diagnostic
	for _, q := range asked {
		all = append(all, diag.Diagnostic{
			Pos: q.pos(), Query: q.key.Name, Message: "there is no current snapshot for " + q.key.Driver,
			Help: "run `odbcgen generate` where the database can be reached, and check in what it writes",
		})
	}
	return all
}

func (q question) pos() diag.Pos {
	switch {
	case q.bulk != nil:
		return q.bulk.Name.Pos
	case q.procedure != nil:
		return q.procedure.Name.Pos
	case q.pattern != nil:
		return q.pattern.Pattern.Pos
	}
	return q.query.Name.Pos
}

func (q question) ask(ctx context.Context, db *describe.Database) (describe.Shape, []diag.Diagnostic) {
	switch {
	case q.bulk != nil:
		columns, findings := db.Bulk(ctx, q.bulk)
		return describe.Shape{Columns: columns}, findings
	case q.procedure != nil:
		return db.Procedure(ctx, q.procedure)
	case q.pattern != nil:
		return db.Procedures(ctx, q.pattern)
	}
	return db.Query(ctx, q.query)
}

// add takes the findings into the problems, and tells whether there are none.
func (d *described) add(findings []diag.Diagnostic) bool {
	for _, f := range findings {
		d.problems.Add(f)
	}
	return len(findings) == 0
}
