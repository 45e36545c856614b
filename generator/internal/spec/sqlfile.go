package spec

import (
	"cmp"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
	"github.com/odbcgen/odbcgen/generator/internal/yamlnode"
)

// queryFiles is an entry of queries that names files.
type queryFiles struct {
	pattern Text
	skip    []Text          // queries to leave out
	skipped map[string]bool // those of them that were found
}

// files reads the annotated SQL files that match a pattern.
func (r *reader) files(n *yaml.Node, entry queryFiles) {
	pattern := entry.pattern
	if pattern.Value == "" {
		return
	}
	entry.skipped = map[string]bool{}
	r.entry = &entry
	defer func() { r.entry = nil }()
	matches, err := r.Glob(r.sibling(pattern.Value))
	switch {
	case err != nil:
		r.problem(n, "", "match %q: %v", pattern.Value, err)
	case len(matches) == 0:
		r.problem(n, "the pattern is relative to the folder of the spec", "no file matches %q", pattern.Value)
	}
	slices.Sort(matches)
	for _, path := range matches {
		r.sqlFile(filepath.ToSlash(path), diag.Diagnostic{Pos: pattern.Pos})
	}
	for _, name := range entry.skip {
		if !entry.skipped[name.Value] {
			r.problemAt(name.Pos, "take it out of skip", "no file has a query %q to skip", name.Value)
		}
	}
}

// skips tells whether the spec leaves a query of the files out, and notes it.
func (r *reader) skips(name string) bool {
	for _, s := range r.entry.skip {
		if strings.EqualFold(s.Value, name) {
			r.entry.skipped[s.Value] = true
			return true
		}
	}
	return false
}

// sqlFile reads a file, unless it was read: for an earlier pattern or as a schema.
func (r *reader) sqlFile(path string, at diag.Diagnostic) {
	if _, done := r.problems.Sources[path]; done {
		return
	}
	text, ok := r.read(path, at)
	if !ok {
		return
	}
	f := sqlFile{reader: r, path: path, text: text, tokens: sqlscan.Scan(r.dialect(), text)}
	f.readQueries()
}

// sqlFile is an annotated file cut into tokens; the annotations are comments.
type sqlFile struct {
	*reader
	path, text string
	tokens     []sqlscan.Token
}

func (f *sqlFile) readQueries() {
	before := f.untilAnnotation()
	f.checkBefore(before)
	for len(f.tokens) > 0 {
		annotation := f.tokens[0]
		f.tokens = f.tokens[1:]
		tokens := f.untilAnnotation()
		f.readQuery(annotation, tokens, f.above(annotation, before))
		f.query, before = "", tokens
	}
}

// above returns those of the comments before an annotation that stand right above
// it, without an empty line, and behind all SQL.
func (f *sqlFile) above(annotation sqlscan.Token, before []sqlscan.Token) []sqlscan.Token {
	next := annotation
	from := len(before)
	for ; from > 0; from-- {
		t := before[from-1]
		gap := f.text[t.End():next.Offset]
		start := strings.LastIndexByte(f.text[:t.Offset], '\n') + 1
		if t.Kind != sqlscan.Comment || strings.Count(gap, "\n") > 1 || strings.TrimSpace(f.text[start:t.Offset]) != "" {
			break
		}
		next = t
	}
	return before[from:]
}

// untilAnnotation takes the tokens before the next annotation.
func (f *sqlFile) untilAnnotation() []sqlscan.Token {
	n := slices.IndexFunc(f.tokens, f.isAnnotation)
	if n < 0 {
		n = len(f.tokens)
	}
	taken := f.tokens[:n]
	f.tokens = f.tokens[n:]
	return taken
}

// Something like an annotation ends in a :word, so that a comment like
// "-- Note: slow" is none. What stands behind the word of a name: is the user's.
var (
	nameAnnotation = regexp.MustCompile(`^(?:--|#|/\*)\s*name\s*:\s*\w*\s*(?::|\s*$|\*/)`)
	anyAnnotation  = regexp.MustCompile(`^(?:--|#|/\*)\s*(\w+)\s*:\s*(\w+)\s+:(\w+)\s*(?:\s\S.*)?(?:\*/)?$`)
)

func (f *sqlFile) isAnnotation(t sqlscan.Token) bool {
	return t.Kind == sqlscan.Comment && (nameAnnotation.MatchString(t.Text) || anyAnnotation.MatchString(t.Text))
}

// checkBefore tells of SQL that no annotation stands above.
func (f *sqlFile) checkBefore(tokens []sqlscan.Token) {
	const help = "begin each query with a line like -- name: GetBook :one"
	tokens = sqlscan.Significant(tokens)
	switch {
	case len(tokens) > 0:
		f.tell(tokens[0].Offset, len(tokens[0].Text), "SQL without an annotation", help)
	case len(f.tokens) == 0:
		f.add(diag.Diagnostic{Pos: diag.Pos{File: f.path}, Message: "the file has no queries", Help: help})
	}
}

func (f *sqlFile) tell(offset, length int, message, help string) {
	f.add(diag.Diagnostic{Pos: f.problems.Sources.Pos(f.path, offset, length), Message: message, Help: help})
}

// readQuery reads the tokens below an annotation: comments for the doc, then SQL. The
// comments above are for a query that has none below.
func (f *sqlFile) readQuery(annotation sqlscan.Token, tokens, above []sqlscan.Token) {
	q := Query{File: f.path}
	if !f.annotation(annotation, &q) || f.skips(q.Name.Value) {
		return
	}
	f.query = q.Name.Value
	comments := slices.IndexFunc(tokens, func(t sqlscan.Token) bool { return t.Kind != sqlscan.Comment })
	if comments > 0 {
		q.Doc = f.doc(f.marks(&q, tokens[:comments]))
	}
	if len(above) > 0 && q.Doc.Value == "" {
		q.Doc = f.doc(f.marks(&q, above))
	}
	q.SQL = f.statement(annotation, sqlscan.Significant(tokens))
	help, batch := batches[q.Result.Value]
	switch {
	case q.SQL.Text == "": // it is told
	case q.Result.Value == copyFrom, batch:
		f.addBulk(q, help)
	default:
		f.addQuery(q)
	}
}

// annotation reads -- name: GetBook :one.
func (f *sqlFile) annotation(t sqlscan.Token, q *Query) bool {
	m := anyAnnotation.FindStringSubmatchIndex(t.Text)
	if m == nil {
		f.tell(t.Offset, len(t.Text), "the annotation is not complete", "write -- name: GetBook :one")
		return false
	}
	part := func(i int) Text {
		from, to := m[2*i], m[2*i+1]
		return Text{t.Text[from:to], f.problems.Sources.Pos(f.path, t.Offset+from, to-from)}
	}
	if key := part(1); key.Value != "name" {
		f.add(diag.Diagnostic{Pos: key.Pos, Message: "unknown annotation " + key.Value, Help: "write -- name: GetBook :one"})
	}
	q.Name, q.Result = part(2), part(3)
	first, size := utf8.DecodeRuneInString(q.Name.Value)
	q.Name.Value = string(unicode.ToUpper(first)) + q.Name.Value[size:]
	f.checkExported("name", q.Name)
	if !f.skips(q.Name.Value) {
		f.checkResult(q)
	}
	return true
}

// copyFrom is the annotation of an INSERT that becomes a bulk insert.
const copyFrom = "copyfrom"

// commands are the results of annotated files that are spelled as sqlc does.
var commands = map[string]string{"execrows": Affected, "execresult": Affected, "execlastid": InsertID}

// batches are those of sqlc that have no like here, with what to write instead.
var batches = map[string]string{
	"batchexec": "write :exec and call it for each item within InTx; for an INSERT of values, write :copyfrom",
	"batchone":  "write :one and call it for each item within InTx; or :many with WHERE … IN (sqlc.slice(keys))",
	"batchmany": "write :many and call it for each item within InTx; or :many with WHERE … IN (sqlc.slice(keys))",
}

func (f *sqlFile) checkResult(q *Query) {
	if result, ok := commands[q.Result.Value]; ok {
		q.Result.Value = result
	}
	_, batch := batches[q.Result.Value]
	if !batch && q.Result.Value != copyFrom && !slices.Contains(results, q.Result.Value) {
		f.add(diag.Diagnostic{
			Pos: q.Result.Pos, Query: q.Name.Value, Message: "unknown result :" + q.Result.Value,
			Help: yamlnode.OneOf(q.Result.Value, append(slices.Clone(results), "execrows", "execresult", "execlastid", copyFrom)),
		})
	}
}

// mark is a comment that says what a parameter or column is: -- @param name type.
var mark = regexp.MustCompile(`^(?:--|#)\s*@(param|column)\s+(\S+)\s+(\S+)\s*$`)

// marks takes what the comments say of parameters and columns, and returns the other
// comments.
func (f *sqlFile) marks(q *Query, comments []sqlscan.Token) []sqlscan.Token {
	var rest []sqlscan.Token
	for _, c := range comments {
		m := mark.FindStringSubmatchIndex(c.Text)
		if m == nil {
			rest = append(rest, c)
			continue
		}
		part := func(i int) Text {
			return Text{c.Text[m[2*i]:m[2*i+1]], f.problems.Sources.Pos(f.path, c.Offset+m[2*i], m[2*i+1]-m[2*i])}
		}
		into := &q.Params
		if part(1).Value == "column" {
			into = &q.Columns
		}
		*into = append(*into, f.override(part(2), part(3)))
	}
	return rest
}

// override reads a type; one that ends in ? can be NULL, one that ends in ! cannot. The
// sign may also stand alone.
func (f *sqlFile) override(name, word Text) Override {
	o := Override{Name: name, Type: word}
	for sign, null := range map[string]bool{"?": true, "!": false} {
		if kind, ok := strings.CutSuffix(word.Value, sign); ok {
			o.Type.Value, o.Null = kind, Bool{Value: null, Set: true, Pos: word.Pos}
		}
	}
	if o.Type.Value != "" && f.Kinds != nil && !slices.Contains(f.Kinds, o.Type.Value) {
		f.add(diag.Diagnostic{Pos: word.Pos, Message: fmt.Sprintf("unknown type %q", o.Type.Value), Help: yamlnode.OneOf(o.Type.Value, f.Kinds)})
		o.Type.Value = ""
	}
	return o
}

// doc joins the comments, without their signs.
func (f *sqlFile) doc(comments []sqlscan.Token) Text {
	if len(comments) == 0 {
		return Text{}
	}
	var lines []string
	for _, c := range comments {
		for _, sign := range []string{"--", "#"} {
			if line, ok := strings.CutPrefix(c.Text, sign); ok {
				lines = append(lines, strings.TrimPrefix(strings.TrimRight(line, " \t"), " "))
			}
		}
	}
	first := comments[0]
	return Text{strings.Join(lines, "\n"), f.problems.Sources.Pos(f.path, first.Offset, len(first.Text))}
}

// statement returns the text of the tokens up to the semicolon.
func (f *sqlFile) statement(annotation sqlscan.Token, tokens []sqlscan.Token) SQL {
	if len(tokens) == 0 {
		f.tell(annotation.Offset, len(annotation.Text), "no SQL stands below the annotation", "")
		return SQL{}
	}
	from, to := tokens[0].Offset, tokens[len(tokens)-1].End()
	statements := sqlscan.Split(f.dialect(), f.text[from:to])
	if len(statements) == 0 {
		return SQL{}
	}
	if len(statements) > 1 {
		second := statements[1]
		first, _, _ := strings.Cut(second.Text, "\n")
		f.tell(from+second.Offset, len(first), "a second statement begins here", "begin it with an annotation of its own")
	}
	return f.fileSQL(f.path, statements[0].Text, from+statements[0].Offset)
}

// addBulk makes a bulk insert of a query for many rows. It tells of one that is none,
// with help for that.
func (f *sqlFile) addBulk(q Query, help string) {
	b, ok := f.bulkOf(q)
	switch {
	case ok && q.Result.Value != "batchone" && q.Result.Value != "batchmany":
		f.spec.Bulks = append(f.spec.Bulks, b)
	case q.Result.Value == copyFrom:
		f.add(diag.Diagnostic{
			Pos: q.SQL.Pos(0, len("INSERT")), Query: q.Name.Value,
			Message: "a bulk insert is INSERT INTO table (column, …) VALUES with a parameter for each column, and nothing else",
			Help:    "write that, or :exec and call it for each row within InTx",
		})
	default:
		f.add(diag.Diagnostic{
			Pos: q.Result.Pos, Query: q.Name.Value, Message: ":" + q.Result.Value + " sends many statements in one message, which ODBC cannot", Help: help,
		})
	}
}

// bulkOf reads INSERT INTO t (a, b) VALUES ($1, $2); ok is false for any other
// statement.
func (f *sqlFile) bulkOf(q Query) (b Bulk, ok bool) {
	b = Bulk{File: q.File, Name: q.Name, Doc: q.Doc}
	tokens := sqlscan.Significant(sqlscan.Scan(f.dialect(), q.SQL.Text))
	at := func(i int) sqlscan.Token { return tokens[min(i, len(tokens)-1)] }
	open := slices.IndexFunc(tokens, func(t sqlscan.Token) bool { return t.Is("(") })
	end := sqlscan.Match(tokens, max(open, 0))
	if open < 3 || end < 0 || !at(0).Is("INSERT") || !at(1).Is("INTO") {
		return b, false
	}
	var names []string
	for _, t := range tokens[2:open] {
		names = append(names, cmp.Or(t.Name(), t.Text))
	}
	b.Table = Text{strings.Join(names, ""), q.SQL.Pos(at(2).Offset, at(open-1).End()-at(2).Offset)}
	for i := open + 1; i < end; i += 2 {
		if at(i).Name() == "" || !at(i+1).Is(",", ")") {
			return b, false
		}
		b.Columns = append(b.Columns, Text{at(i).Name(), q.SQL.Pos(at(i).Offset, len(at(i).Text))})
	}
	bound, _ := sqlscan.Parameters(f.dialect(), q.SQL.Text)
	rest := strings.Join(strings.Fields(bound.SQL[min(at(end).End(), len(bound.SQL)):]), "")
	return b, strings.EqualFold(rest, "VALUES("+strings.TrimSuffix(strings.Repeat("?,", len(b.Columns)), ",")+")")
}
