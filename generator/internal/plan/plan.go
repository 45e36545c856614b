package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// New plans the package for in. When there are problems it returns all of them,
// and no package.
func New(in Input) (*Package, []Problem) {
	b := &builder{
		null:    nullForms[in.Null],
		driver:  in.Driver,
		methods: map[string]string{"InTx": "the method that runs transactions"},
		fakes:   in.Fake,
		types:   map[string]string{},
		private: newScope(localNames...),
		models:  map[string]model{},
	}
	if in.Fake {
		maps.Copy(b.methods, fakeNames)
	}
	if len(in.Plugins) > 0 || slices.ContainsFunc(in.Files, func(f SourceFile) bool { return len(f.Procedures) > 0 }) {
		b.private.claim("driver") // the package, which their files import
	}
	pkg := &Package{
		Name:     in.Package,
		Doc:      cmp.Or(in.Doc, "Package "+in.Package+" runs queries on a database."),
		Contract: Contract,
		Imports:  slices.Concat(imports, fakeImports, driverImports),
		Main:     mainFile,
	}
	names := fileNames(in.Files)
	for i, src := range in.Files {
		file := File{Name: names[i], Queries: b.file(src)}
		for _, q := range file.Queries {
			pkg.Methods = append(pkg.Methods, q.Method)
			if q.Frames != nil {
				pkg.Methods = append(pkg.Methods, q.Frames.Write)
			}
		}
		pkg.Files = append(pkg.Files, file)
	}
	pkg.Models = b.modelsFile()
	pkg.Plugins = b.plugins(pkg.Name, in.Plugins)
	if in.Fake {
		pkg.Fake = fake(pkg)
	}
	if len(b.problems) > 0 {
		return nil, b.problems
	}
	return pkg, nil
}

// localNames are what generated functions call their own variables. Nothing of
// the package has one of these names, nor those that Go calls by itself.
var localNames = []string{"b", "ctx", "db", "do", "i", "opts", "p", "q", "r", "row", "rows", "tx", "init", "main"}

// builder plans one query after the other, and holds what they share.
type builder struct {
	null     nullForm
	driver   string
	fakes    bool              // there is a Querier for tests, whose fields have names, too
	methods  map[string]string // Go name -> what has it already
	types    map[string]string // exported type or function -> the query that declares it
	private  scope             // names of the variables, functions and private types
	models   map[string]model  // of embedded tables, by Go name
	problems []Problem
	at       Problem // file and name of the query being planned
}

func (b *builder) file(src SourceFile) []Query {
	var queries []Query
	for _, d := range src.Queries {
		b.at = Problem{File: src.Name, Query: d.Name}
		queries = append(queries, b.declare(b.query(d)))
	}
	for _, d := range src.Bulks {
		b.at = Problem{File: src.Name, Query: d.Name}
		queries = append(queries, b.declare(b.bulk(d)))
	}
	for _, d := range src.Procedures {
		b.at = Problem{File: src.Name, Query: d.Name}
		queries = append(queries, b.declare(b.procedure(d)))
	}
	return queries
}

// declare notes what q declares beside its method, of which two queries must not have
// one in common.
func (b *builder) declare(q Query) Query {
	var names []string
	for _, s := range q.Structs {
		names = append(names, s.Name)
	}
	if q.Frames != nil {
		names = append(names, q.Frames.Read.Name)
	}
	for _, name := range names {
		if first, taken := b.types[name]; taken && first != q.Method.Name {
			b.problem(Problem{
				Message: fmt.Sprintf("the Go name %s belongs to query %s", name, first),
				Help:    "give the query or its set another name",
			})
		}
		b.types[name] = q.Method.Name
	}
	return q
}

// query plans one query. What it returns is of no use when it notes a problem.
func (b *builder) query(d DescribedQuery) Query {
	if d.Result == Sets {
		return b.sets(d)
	}
	form := b.result(d)
	q := b.begin(d.Name, "query")
	q.Value.SQL = d.SQL
	q.Value.Driver = b.compared(d)
	q.Value.Dialects = b.dialects(d)
	q.Method.Doc = cmp.Or(d.Doc, q.Method.Name+" "+form.doc)
	q.Method.Verb = form.verb

	types := []Type{b.passParams(&q, d.Params)}
	var row Type
	if form.rows {
		row = b.decodeRows(&q, d.Columns, d.Embeds)
		types = append(types, row)
	}
	if form.reads {
		q.takeLast(&q.Method, "read", Type{Func: true, Args: []Type{row}})
	}
	q.Method.Results = form.results(row)
	q.Value.Type = runtimeType(form.value, types...)
	if len(d.Keyset) > 0 {
		b.page(&q, d)
	}
	if d.Frames {
		b.frames(&q, form)
	}
	if d.Spool != nil {
		q.Value.Spool = d.Spool
		q.Method.Doc += "\n\n" + d.Spool.doc()
	}
	return q
}

// compared returns the driver that the query is compared on at run time, "" where
// it has told nothing of it.
func (b *builder) compared(d DescribedQuery) string {
	if len(d.Columns) > 0 || slices.ContainsFunc(d.Params, func(p Param) bool { return p.Told != protocol.Invalid }) {
		return b.driver
	}
	return ""
}

// result returns how the query is run, and how a command is run when its result
// is not one that it can have.
func (b *builder) result(d DescribedQuery) resultForm {
	form, known := resultForms[d.Result]
	if reading, ok := readingForms[d.Result]; ok && slices.ContainsFunc(d.Columns, func(c Column) bool { return c.Reader }) {
		form = reading
	}
	switch {
	case !known:
		b.problem(Problem{
			Message: fmt.Sprintf("result %q is not known", d.Result),
			Help:    "write one, opt, many, stream, exec, affected, insertid or sets",
		})
	case form.rows && len(d.Columns) == 0:
		b.problem(Problem{
			Message: fmt.Sprintf("result %q needs columns, and the SQL returns none", d.Result),
			Help:    "write result: exec, or result: affected for the number of rows changed",
		})
	default:
		return form
	}
	return resultForms[Exec]
}

// takeLast gives a method one more argument, which it passes on, and returns its name.
func (q *Query) takeLast(m *Method, name string, t Type) string {
	taken := newScope("ctx", "q", q.Value.Name)
	for _, a := range m.Args {
		taken[a.Name] = true
	}
	name = taken.free(name)
	m.With = append(slices.Clip(m.With), name)
	m.Args = append(slices.Clip(m.Args), Field{Name: name, Type: t})
	return name
}

// begin returns the Query with what every query and bulk insert has.
func (b *builder) begin(name, noun string) Query {
	goName := b.method(name)
	value := b.private.claim(privateName(goName))
	return Query{
		Value:  Value{Name: value, Doc: value + " is the " + noun + " " + goName + ".", Query: goName},
		Method: Method{Name: goName, Value: value},
	}
}

// method returns the Go name of a query.
func (b *builder) method(name string) string {
	goName := MethodName(name)
	if goName == "" {
		b.problem(Problem{
			Message: fmt.Sprintf("the name %q has no letters", name),
			Help:    "give it a name that Go allows, such as GetBook",
		})
		return "Unnamed"
	}
	b.claim(goName, fmt.Sprintf("query %s of %s", name, b.at.File), "give it another name")
	return goName
}

// claim takes the name of a method for an owner, and that of its field of the fake.
func (b *builder) claim(goName, owner, help string) {
	claimed := map[string]string{goName: owner}
	if b.fakes {
		claimed[fakeField(goName)] = "the fake of " + owner
	}
	for _, name := range slices.Sorted(maps.Keys(claimed)) {
		if first, taken := b.methods[name]; taken {
			b.problem(Problem{Message: fmt.Sprintf("the Go name %s belongs to %s", name, first), Help: help})
			return
		}
	}
	maps.Copy(b.methods, claimed)
}

// dialects holds each dialect against the query: its parameters are encoded as
// those of the query are, so they must stand in the same order.
func (b *builder) dialects(d DescribedQuery) []DialectText {
	var want []string
	for _, p := range d.Params {
		want = append(want, p.Name)
	}
	var texts []DialectText
	for _, dialect := range d.Dialects {
		if !slices.Equal(dialect.Params, want) {
			b.problem(Problem{
				Message: fmt.Sprintf("the SQL for %s has the parameters (%s), the main text has (%s)",
					dialect.Driver, strings.Join(dialect.Params, ", "), strings.Join(want, ", ")),
				Help: "use the same parameters in the same order",
			})
		}
		texts = append(texts, DialectText{Driver: dialect.Driver, SQL: dialect.SQL})
	}
	return texts
}

func (b *builder) bulk(d DescribedBulk) Query {
	if len(d.Columns) == 0 {
		b.problem(Problem{
			Message: "names no columns to insert",
			Help:    "list them under columns:",
		})
	}
	q := b.begin(d.Name, "bulk insert")
	q.Value.Table, q.Value.Conflict, q.Value.Update, q.Value.NoUpdate = d.Table, d.Conflict, d.Update, d.NoUpdate
	row := b.encodeRows(&q, d.Columns)
	q.Value.Type = runtimeType("Bulk", row)
	q.Method.Doc = cmp.Or(d.Doc, q.Method.Name+" "+whatBulkDoes(d)+".")
	options := runtimeType("BulkOption")
	options.Prefix = "..."
	q.Method.Args = []Field{
		{Name: "rows", Type: Type{Path: "iter", Name: "Seq", Args: []Type{row}}},
		{Name: "opts", Type: options},
	}
	q.Method.Results = []Type{runtimeType("BulkResult"), errorType}
	q.Method.Verb = "Insert"
	q.Method.Pass = Argument{Name: "rows"}
	q.Method.Options = "opts"
	return q
}

// whatBulkDoes says what a bulk insert does, for the doc of its method.
func whatBulkDoes(d DescribedBulk) string {
	insert := "inserts rows into " + d.Table
	if len(d.Conflict) == 0 {
		return insert
	}
	insert += ". Where there is a row with the same " + and(d.Conflict) + ", it "
	update := d.Update
	if len(update) == 0 {
		for _, c := range d.Columns {
			if !slices.Contains(d.Conflict, c.Name) {
				update = append(update, c.Name)
			}
		}
	}
	if d.NoUpdate {
		return insert + "leaves that as it is"
	}
	return insert + "updates its " + and(update)
}

// and joins words as a sentence does.
func and(words []string) string {
	last := len(words) - 1
	if last <= 0 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// problem notes p of the query being planned.
func (b *builder) problem(p Problem) {
	p.File, p.Query = b.at.File, b.at.Query
	b.problems = append(b.problems, p)
}
