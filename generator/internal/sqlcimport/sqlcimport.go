// Package sqlcimport makes specs of the configuration of sqlc. It reads the
// configuration and the annotations of the queries; it asks no database, and whether
// a query can be generated it leaves to the generator.
package sqlcimport

import (
	"cmp"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Import is what was made of a configuration.
type Import struct {
	Specs []Spec
	Notes []Note // in the order of the configuration
}

// Spec is a spec to be written.
type Spec struct {
	Path    string
	Content []byte
	Driver  string
	Files   int // with queries
	Queries int
}

// Note says what became of a piece of the configuration, or of a query.
type Note struct {
	File  string
	Line  int
	Taken bool // it is in the spec, or so anyway
	Text  string
}

// Read reads the configuration of sqlc at path, for specs in the folder out.
func Read(file, out string) (*Import, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	r := &reader{file: file, folder: filepath.Dir(file), out: out, result: &Import{}}
	if len(document.Content) == 0 {
		return nil, fmt.Errorf("%s: the configuration is empty", file)
	}
	root := document.Content[0]
	blocks := r.blocks(root)
	if len(blocks) == 0 {
		return nil, fmt.Errorf("%s: there is nothing under sql (version 2) or packages (version 1) that odbcgen could take", file)
	}
	r.common(root)
	for i, b := range blocks {
		b.name = name(blocks, i)
		file := "queries.yaml"
		if len(blocks) > 1 {
			file = "queries." + b.name + ".yaml"
		}
		r.add(b, file)
	}
	return r.result, nil
}

// reader makes specs of one configuration.
type reader struct {
	file, folder, out string
	result            *Import
}

func (r *reader) note(n *yaml.Node, taken bool, format string, args ...any) {
	r.result.Notes = append(r.result.Notes, Note{r.file, n.Line, taken, fmt.Sprintf(format, args...)})
}

// block is one set of queries.
type block struct {
	node            *yaml.Node
	driver          string
	pkg, out        string // of the code that sqlc writes
	queries, schema []string
	goOptions       *yaml.Node // emit_… and the like, nil for none
	null            string     // word of the spec, "" for the default
	name            string     // sets it apart
}

// drivers are ours for the engines of sqlc.
var drivers = map[string]string{"sqlite": "sqlite", "postgresql": "postgres", "mysql": "mariadb"}

// blocks returns the sets of queries that odbcgen has a driver for.
func (r *reader) blocks(root *yaml.Node) []block {
	var all []block
	for _, n := range items(child(root, "packages")) {
		b := block{node: n, pkg: text(n, "name"), out: text(n, "path"), goOptions: n}
		all = r.append(all, b, cmp.Or(text(n, "engine"), "postgresql"))
	}
	for _, n := range items(child(root, "sql")) {
		b := block{node: n, goOptions: child(child(n, "gen"), "go")}
		b.pkg, b.out = text(b.goOptions, "package"), text(b.goOptions, "out")
		if b.goOptions == nil {
			b.pkg, b.out = "store", "store"
		}
		all = r.append(all, b, text(n, "engine"))
	}
	return all
}

func (r *reader) append(all []block, b block, engine string) []block {
	driver, ok := drivers[engine]
	if !ok {
		r.note(b.node, false, "engine %q is none that odbcgen has a driver for; the block is left out", engine)
		return all
	}
	if b.goOptions == nil {
		r.note(b.node, false, "this block writes no Go with sqlc itself; its spec writes the package %s", b.pkg)
	}
	b.driver = driver
	b.out = cmp.Or(b.out, b.pkg, ".")
	b.pkg = cmp.Or(b.pkg, path.Base(filepath.ToSlash(b.out)))
	b.queries, b.schema = texts(child(b.node, "queries")), texts(child(b.node, "schema"))
	return append(all, b)
}

// name gives a block the name that sets it apart from the others.
func name(blocks []block, i int) string {
	parts := []string{blocks[i].pkg, blocks[i].driver, blocks[i].out}
	for n := 1; n < len(parts); n++ {
		same := 0
		for _, other := range blocks {
			if slices.Equal([]string{other.pkg, other.driver, other.out}[:n], parts[:n]) {
				same++
			}
		}
		if same == 1 {
			return strings.Join(parts[:n], ".")
		}
	}
	return fmt.Sprintf("%s.%d", parts[0], i+1)
}

// common tells of what the configuration says for all blocks.
func (r *reader) common(root *yaml.Node) {
	overrides := child(root, "overrides")
	if of := child(overrides, "go"); of != nil { // version 2
		r.overrides(child(of, "overrides"))
		r.rename(child(of, "rename"))
	} else {
		r.overrides(overrides)
	}
	r.rename(child(root, "rename"))
	if n := child(root, "rules"); n != nil {
		r.note(n, false, "rules: odbcgen has none")
	}
}

func (r *reader) rename(n *yaml.Node) {
	if n != nil {
		r.note(n, false, "rename: fields are named after their columns; write AS in the SQL for another name")
	}
}

// ownTypes are those that odbcgen takes by itself for columns of the fitting types.
var ownTypes = regexp.MustCompile(`^(github\.com/google/uuid\.(Null)?UUID|github\.com/shopspring/decimal\.(Null)?Decimal|encoding/json\.RawMessage|(database/sql\.Null)?[Tt]ime(\.Time)?|(u?int\d*|float64|float32|string|bool|\[\]byte)|database/sql\.Null\w+|github\.com/jackc/pgx/v5/pgtype\.\w+)$`)

func (r *reader) overrides(n *yaml.Node) {
	for _, o := range items(n) {
		goType := child(o, "go_type")
		name := ""
		switch {
		case goType == nil:
		case goType.Kind == yaml.ScalarNode:
			name = goType.Value
		default:
			name = strings.TrimPrefix(text(goType, "import")+"."+text(goType, "type"), ".")
		}
		what := cmp.Or(text(o, "column"), text(o, "db_type"))
		if ownTypes.MatchString(strings.TrimPrefix(name, "*")) {
			r.note(o, true, "override of %s: odbcgen has types of its own for uuid, decimal, json and times, and integers as wide as the column; see odbcgen describe", what)
			continue
		}
		r.note(o, false, "override of %s: there are no fields of the type %s; convert where you call", what, name)
	}
}

// add makes the spec of a block.
func (r *reader) add(b block, name string) {
	r.options(&b)
	s := Spec{Path: filepath.Join(r.out, name), Driver: b.driver}
	var files []string
	skip := map[string][]string{}
	for _, q := range b.queries {
		pattern := r.pattern(q)
		files = append(files, pattern)
		skip[pattern] = r.queries(&s, b, q)
	}
	s.Content = r.render(b, files, skip)
	r.result.Specs = append(r.result.Specs, s)
	if b.driver != "sqlite" {
		r.result.Notes = append(r.result.Notes, Note{File: s.Path, Taken: true, Text: fmt.Sprintf("set %s to an ODBC connection string of a %s database where odbcgen may make a scratch schema", variable(b), b.driver)})
	}
}

// pattern returns the files of a word under queries, for a spec.
func (r *reader) pattern(name string) string {
	if info, err := os.Stat(filepath.Join(r.folder, name)); err == nil && info.IsDir() {
		return r.relative(name) + "/*.sql"
	}
	return r.relative(name)
}

// relative returns a path of the configuration as one that begins at the spec.
func (r *reader) relative(name string) string {
	if filepath.IsAbs(name) {
		return filepath.ToSlash(name)
	}
	relative, err := filepath.Rel(r.out, filepath.Join(r.folder, name))
	if err != nil {
		relative = filepath.Join(r.folder, name)
	}
	return filepath.ToSlash(relative)
}

// annotation is what begins a query.
var annotation = regexp.MustCompile(`^\s*(?:--|#|/\*)\s*name:\s*(\w+)\s+:(\w+)`)

// queries counts those of a word under queries, tells what becomes of those whose
// annotation means something else here, and returns those to skip.
func (r *reader) queries(s *Spec, b block, name string) (skip []string) {
	matches, _ := filepath.Glob(filepath.FromSlash(filepath.Join(r.out, filepath.FromSlash(r.pattern(name)))))
	for _, file := range matches {
		content, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		s.Files++
		lines := strings.Split(string(content), "\n")
		for i, line := range lines {
			m := annotation.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			s.Queries++
			tell := func(taken bool, format string, args ...any) {
				r.result.Notes = append(r.result.Notes, Note{file, i + 1, taken, m[1] + ": " + fmt.Sprintf(format, args...)})
			}
			switch word := m[2]; {
			case word == "batchexec" && plainInsert.MatchString(below(lines[i+1:])):
				tell(true, ":batchexec of an INSERT of values becomes a bulk insert, which takes an iterator of rows")
			case strings.HasPrefix(word, "batch"):
				skip = append(skip, m[1])
				tell(false, ":%s sends many statements in one message, which ODBC cannot; left out with skip. %s", word, batchHelp[word])
			case word == "execlastid" && b.driver == "postgres":
				skip = append(skip, m[1])
				tell(false, ":execlastid: PostgreSQL tells no last number; left out with skip. Write RETURNING id, and :one")
			case word == "execresult":
				tell(true, ":execresult becomes the number of rows changed")
			case word == "copyfrom":
				tell(true, ":copyfrom becomes a bulk insert, which takes an iterator of rows")
			}
		}
	}
	if len(matches) == 0 {
		r.result.Notes = append(r.result.Notes, Note{r.file, b.node.Line, false, fmt.Sprintf("queries: no file matches %s", name)})
	}
	return skip
}

// plainInsert is an INSERT of parameters alone.
var plainInsert = regexp.MustCompile(`(?is)^\s*INSERT\s+INTO\s+[^()]+\([^()]*\)\s*VALUES\s*\((\s*(\$\d+|\?\d*|[@:]\w+|sqlc\.n?arg\([^()]*\))\s*,?)+\)\s*;?\s*$`)

// below returns the statement below an annotation.
func below(lines []string) string {
	var statement []string
	for _, line := range lines {
		if strings.HasPrefix(strings.TrimSpace(line), "--") {
			if len(statement) > 0 {
				break
			}
			continue
		}
		statement = append(statement, line)
		if strings.Contains(line, ";") {
			break
		}
	}
	return strings.Join(statement, "\n")
}

var batchHelp = map[string]string{
	"batchexec": "Write :exec and call it within InTx; for an INSERT of values, :copyfrom",
	"batchone":  "Write :one and call it within InTx, or :many with WHERE … IN (sqlc.slice(keys))",
	"batchmany": "Write :many and call it within InTx, or :many with WHERE … IN (sqlc.slice(keys))",
}

// variable returns the environment variable with the connection string.
func variable(b block) string {
	return strings.ToUpper(strings.ReplaceAll(b.name, ".", "_")) + "_DSN"
}

// render writes the spec.
func (r *reader) render(b block, files []string, skip map[string][]string) []byte {
	var s strings.Builder
	fmt.Fprintf(&s, "# Made of %s by odbcgen import. It is yours now: see queries.example.yaml of odbcgen\n# for all that can be written here.\n", filepath.ToSlash(r.relative(filepath.Base(r.file))))
	fmt.Fprintf(&s, "version: 1\npackage: %s\n", scalar(b.pkg))
	fmt.Fprintf(&s, "# Beside the code of sqlc, whose types have the same names.\nout: %s\n", scalar(r.relative(path.Join(filepath.ToSlash(b.out), "odbc"))))
	fmt.Fprintf(&s, "driver: %s\n", b.driver)
	if b.driver != "sqlite" || len(b.schema) == 0 {
		fmt.Fprintf(&s, "database: ${%s}\n", variable(b))
	}
	if len(b.schema) > 0 {
		s.WriteString("schema:\n")
		for _, name := range b.schema {
			fmt.Fprintf(&s, "  - %s\n", scalar(r.relative(name)))
		}
	}
	if b.null != "" {
		fmt.Fprintf(&s, "null: %s\n", b.null)
	}
	s.WriteString("queries:\n")
	for _, pattern := range slices.Compact(files) {
		fmt.Fprintf(&s, "  - files: %s\n", scalar(pattern))
		if len(skip[pattern]) > 0 {
			fmt.Fprintf(&s, "    skip: [%s]\n", strings.Join(skip[pattern], ", "))
		}
	}
	return []byte(s.String())
}

// scalar writes a word of YAML, in quotes where it must be.
func scalar(s string) string {
	written, err := yaml.Marshal(s)
	if err != nil {
		return strconv.Quote(s)
	}
	return strings.TrimSpace(string(written))
}

func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func items(n *yaml.Node) []*yaml.Node {
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	return n.Content
}

func text(n *yaml.Node, key string) string {
	if value := child(n, key); value != nil && value.Kind == yaml.ScalarNode {
		return value.Value
	}
	return ""
}

// texts returns a single value or a list of them.
func texts(n *yaml.Node) []string {
	if n != nil && n.Kind == yaml.ScalarNode {
		return []string{n.Value}
	}
	var all []string
	for _, item := range items(n) {
		all = append(all, item.Value)
	}
	return all
}
