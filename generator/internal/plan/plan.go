package plan

import (
	"cmp"
	"fmt"
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
		types:   map[string]string{},
		private: newScope(localNames...),
		models:  map[string]model{},
	}
	pkg := &Package{
		Name:     in.Package,
		Doc:      cmp.Or(in.Doc, "Package "+in.Package+" runs queries on a database."),
		Contract: Contract,
		Imports:  imports,
		Main:     mainFile,
	}
	names := fileNames(in.Files)
	for i, src := range in.Files {
		file := File{Name: names[i], Queries: b.file(src)}
		for _, q := range file.Queries {
			pkg.Methods = append(pkg.Methods, q.Method)
		}
		pkg.Files = append(pkg.Files, file)
	}
	pkg.Models = b.modelsFile()
	if len(b.problems) > 0 {
		return nil, b.problems
	}
	return pkg, nil
}

// localNames are what generated functions call their own variables. Nothing of
// the package has one of these names, nor those that Go calls by itself.
var localNames = []string{"b", "ctx", "db", "do", "i", "p", "q", "row", "rows", "tx", "init", "main"}

// builder plans one query after the other, and holds what they share.
type builder struct {
	null     nullForm
	driver   string
	methods  map[string]string // Go name -> what has it already
	types    map[string]string // exported type -> the query that declares it
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
	return queries
}

// declare notes the types of q, of which two queries must not have one in common.
func (b *builder) declare(q Query) Query {
	for _, s := range q.Structs {
		if first, taken := b.types[s.Name]; taken && first != q.Method.Name {
			b.problem(Problem{
				Message: fmt.Sprintf("the Go type %s belongs to query %s", s.Name, first),
				Help:    "give the query or its set another name",
			})
		}
		b.types[s.Name] = q.Method.Name
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
		b.takeRead(&q, row)
	}
	q.Method.Results = form.results(row)
	q.Value.Type = runtimeType(form.value, types...)
	if len(d.Keyset) > 0 {
		b.page(&q, d)
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

// takeRead makes the method take a function that reads the row.
func (b *builder) takeRead(q *Query, row Type) {
	taken := newScope("ctx", "q", q.Value.Name)
	for _, a := range q.Method.Args {
		taken[a.Name] = true
	}
	q.Method.With = taken.free("read")
	q.Method.Args = append(q.Method.Args, Field{Name: q.Method.With, Type: Type{Func: true, Args: []Type{row}}})
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
	goName := methodName(name)
	if goName == "" {
		b.problem(Problem{
			Message: fmt.Sprintf("the name %q has no letters", name),
			Help:    "give it a name that Go allows, such as GetBook",
		})
		return "Unnamed"
	}
	if first, taken := b.methods[goName]; taken {
		b.problem(Problem{
			Message: fmt.Sprintf("the Go name %s belongs to %s", goName, first),
			Help:    "give it another name",
		})
		return goName
	}
	b.methods[goName] = fmt.Sprintf("query %s of %s", name, b.at.File)
	return goName
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
	q.Value.Table = d.Table
	row := b.encodeRows(&q, d.Columns)
	q.Value.Type = runtimeType("Bulk", row)
	q.Method.Doc = cmp.Or(d.Doc, q.Method.Name+" inserts rows into "+d.Table+".")
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

// problem notes p of the query being planned.
func (b *builder) problem(p Problem) {
	p.File, p.Query = b.at.File, b.at.Query
	b.problems = append(b.problems, p)
}
