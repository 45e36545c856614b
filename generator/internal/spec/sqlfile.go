package spec

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
)

// files reads the annotated SQL files that match a pattern.
func (r *reader) files(n *yaml.Node) {
	var pattern Text
	r.text("files", &pattern)(n)
	if pattern.Value == "" {
		return
	}
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
		f.readQuery(annotation, f.untilAnnotation())
		f.query = ""
	}
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
// "-- Note: slow" is none.
var (
	nameAnnotation = regexp.MustCompile(`^--\s*name\s*:`)
	anyAnnotation  = regexp.MustCompile(`^--\s*(\w+)\s*:\s*(\S+)\s+:(\w+)\s*$`)
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

// readQuery reads the tokens below an annotation: comments for the doc, then SQL.
func (f *sqlFile) readQuery(annotation sqlscan.Token, tokens []sqlscan.Token) {
	q := Query{File: f.path}
	if !f.annotation(annotation, &q) {
		return
	}
	f.query = q.Name.Value
	comments := slices.IndexFunc(tokens, func(t sqlscan.Token) bool { return t.Kind != sqlscan.Comment })
	if comments > 0 {
		q.Doc = f.doc(tokens[:comments])
	}
	q.SQL = f.statement(annotation, sqlscan.Significant(tokens))
	f.addQuery(q)
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
	f.checkExported("name", q.Name)
	f.checkResult(q)
	return true
}

// commands are the results of annotated files that are spelled as sqlc does.
var commands = map[string]string{"execrows": Affected}

func (f *sqlFile) checkResult(q *Query) {
	if result, ok := commands[q.Result.Value]; ok {
		q.Result.Value = result
	}
	if !slices.Contains(results, q.Result.Value) {
		f.add(diag.Diagnostic{
			Pos: q.Result.Pos, Query: q.Name.Value, Message: "unknown result :" + q.Result.Value,
			Help: oneOf(q.Result.Value, append(slices.Clone(results), "execrows")),
		})
	}
}

// doc joins the line comments.
func (f *sqlFile) doc(comments []sqlscan.Token) Text {
	var lines []string
	for _, c := range comments {
		if line, ok := strings.CutPrefix(c.Text, "--"); ok {
			lines = append(lines, strings.TrimPrefix(strings.TrimRight(line, " \t"), " "))
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
