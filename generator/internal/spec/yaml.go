package spec

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/odbcgen/odbcgen/generator/internal/diag"
)

// document parses the file of the spec and returns its one document, nil with
// problems.
func (r *reader) document() *yaml.Node {
	text, ok := r.read(r.file, diag.Diagnostic{Pos: diag.Pos{File: r.file}, Fatal: true})
	if !ok {
		return nil
	}
	documents, err := parse(text)
	switch {
	case err != nil:
		r.syntax(text, err)
		return nil
	case len(documents) == 0:
		r.add(diag.Diagnostic{Pos: diag.Pos{File: r.file}, Message: "the spec is empty"})
		return nil
	case len(documents) > 1:
		r.problem(documents[1], "", "a second document begins here; a spec is one")
	}
	return resolve(documents[0])
}

// parse returns the root of each YAML document in text.
func parse(text string) ([]*yaml.Node, error) {
	var roots []*yaml.Node
	for d := yaml.NewDecoder(strings.NewReader(text)); ; {
		var document yaml.Node
		switch err := d.Decode(&document); {
		case errors.Is(err, io.EOF):
			return roots, nil
		case err != nil:
			return nil, err
		}
		roots = append(roots, document.Content...)
	}
}

var syntaxPlace = regexp.MustCompile(`^yaml: (line \d+: )?`)

// syntax tells an error of the YAML parser. The line in its text is as often that of
// an enclosing block, or counted from 0 (gopkg.in/yaml.v3 3.0.1), so the line told is
// the first one without which, and all below, the text can be parsed.
func (r *reader) syntax(text string, err error) {
	lines := strings.SplitAfter(text, "\n")
	good := len(lines) - 1
	for ; good > 0; good-- {
		if _, err := parse(strings.Join(lines[:good], "")); err == nil {
			break
		}
	}
	r.problems.AddSource(r.file, hideEverywhere(text)) // nobody knows which line is the connection string
	d := diag.Diagnostic{Pos: diag.Pos{File: r.file, Line: good + 1}, Message: syntaxPlace.ReplaceAllString(err.Error(), "YAML: ")}
	for _, h := range syntaxHelp {
		if d.Help == "" && strings.Contains(d.Message, h.message) && h.line.MatchString(lines[good]) {
			d.Help = h.help
		}
	}
	r.add(d)
}

// syntaxHelp is for messages about a line like another; the first that fits is told.
var syntaxHelp = []struct {
	message string
	line    *regexp.Regexp
	help    string
}{
	{"cannot start any token", regexp.MustCompile(`^\s*\t`), "indent with blanks: YAML does not take tabs"},
	{"unexpected end of stream", regexp.MustCompile(`["']`), "close the quote"},
	{"mapping values are not allowed", regexp.MustCompile(`: .*: `), "a value with a colon and a blank is written in quotes, or below a | on lines of its own"},
	{"expected ',' or ", regexp.MustCompile(``), "close the bracket; a value that begins with one is written in quotes"},
	{"did not find expected", regexp.MustCompile(`: [[{*&!%@]`), "a value that begins with such a sign is written in quotes, or below a | on lines of its own"},
	{"did not find expected", regexp.MustCompile(``), "begin it in the same column as its neighbours"},
	{"mapping values are not allowed", regexp.MustCompile(``), "begin it in the same column as its neighbours"},
	{"could not find expected ':'", regexp.MustCompile(``), "write key: value"},
}

// problem tells what is wrong with a node.
func (r *reader) problem(n *yaml.Node, help, format string, args ...any) {
	r.add(diag.Diagnostic{Pos: r.pos(n), Message: fmt.Sprintf(format, args...), Help: help})
}

// pos returns the place of a node: all of a scalar on one line, the key a block
// mapping begins with, the sign that begins anything else.
func (r *reader) pos(n *yaml.Node) diag.Pos {
	p := diag.Pos{File: r.file, Line: n.Line, Col: n.Column, Len: 1}
	block := n.Style&(yaml.LiteralStyle|yaml.FoldedStyle|yaml.FlowStyle) != 0
	switch {
	case n.Kind == yaml.MappingNode && !block && len(n.Content) > 0:
		return r.pos(n.Content[0])
	case n.Kind == yaml.ScalarNode && !block && !strings.Contains(n.Value, "\n"):
		p.Len = utf8.RuneCountInString(n.Value)
		if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
			p.Len += 2
		}
	}
	return p
}

// resolve returns the node an alias stands for, any other node itself.
func resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// field is a key that a mapping may have.
type field struct {
	key  string
	need bool
	read func(*yaml.Node)
}

// mapping reads the fields of a mapping in their order, whatever the order in the
// file, and tells the keys that are unknown, missing or empty.
func (r *reader) mapping(what string, n *yaml.Node, fields []field) {
	values := map[string]*yaml.Node{}
	isMapping := r.pairs(what, n, func(key, value *yaml.Node) {
		if known := keys(fields); !slices.Contains(known, key.Value) {
			r.problem(key, oneOf(key.Value, known), "%s has no key %q", what, key.Value)
			return
		}
		values[key.Value] = value
	})
	var missing []string
	for _, f := range fields {
		if value, ok := values[f.key]; ok {
			f.read(value)
		} else if f.need && child(n, f.key) == nil {
			missing = append(missing, f.key)
		}
	}
	if isMapping && missing != nil {
		r.problem(n, "", "%s lacks %s", what, strings.Join(missing, ", "))
	}
}

// child returns the value of a key of a mapping, nil when there is none.
func child(n *yaml.Node, key string) *yaml.Node {
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				return resolve(n.Content[i+1])
			}
		}
	}
	return nil
}

func keys(fields []field) []string {
	var known []string
	for _, f := range fields {
		known = append(known, f.key)
	}
	return known
}

// oneOf returns help for a word that is not among the known ones.
func oneOf(word string, known []string) string {
	all := "it is one of " + strings.Join(known, ", ")
	if near := diag.DidYouMean(word, known); near != "" {
		return near + "\n" + all
	}
	return all
}

// pairs calls read for each key of a mapping that has a value, in order. It tells
// and returns whether n is a mapping.
func (r *reader) pairs(what string, n *yaml.Node, read func(key, value *yaml.Node)) bool {
	if !r.is(yaml.MappingNode, what, n) {
		return false
	}
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], resolve(n.Content[i+1])
		line, again := first[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode:
			r.problem(key, "", "a key of %s is a word, this is a %s", what, kinds[key.Kind])
		case again:
			r.problem(key, "", "the key %q is already on line %d", key.Value, line)
		case value.Tag == "!!null":
			r.problem(key, "give it one, or leave the key out", "the key %q has no value", key.Value)
		default:
			read(key, value)
		}
		first[key.Value] = key.Line
	}
	return true
}

var kinds = map[yaml.Kind]string{
	yaml.MappingNode: "mapping", yaml.SequenceNode: "list", yaml.ScalarNode: "single value", yaml.AliasNode: "alias",
}

var kindHelp = map[yaml.Kind]string{
	yaml.MappingNode: "write key: value", yaml.SequenceNode: "begin each entry with a dash and a blank", yaml.ScalarNode: "write one value, in quotes if it has signs of YAML",
}

func (r *reader) is(kind yaml.Kind, what string, n *yaml.Node) bool {
	if n.Kind != kind {
		r.problem(n, kindHelp[kind], "%s must be a %s, not a %s", what, kinds[kind], kinds[n.Kind])
	}
	return n.Kind == kind
}

// list calls read for each item of a list.
func (r *reader) list(what string, n *yaml.Node, read func(*yaml.Node)) {
	if !r.is(yaml.SequenceNode, what, n) {
		return
	}
	if len(n.Content) == 0 {
		r.problem(n, "leave the key out, or put something in", "%s is empty", what)
	}
	for _, item := range n.Content {
		read(resolve(item))
	}
}

// text returns a reader of a single value, without white space around it.
func (r *reader) text(what string, into *Text) func(*yaml.Node) {
	return func(n *yaml.Node) {
		switch {
		case !r.is(yaml.ScalarNode, what, n):
		case strings.TrimSpace(n.Value) == "":
			r.problem(n, "", "%s is empty", what)
		default:
			*into = Text{strings.TrimSpace(n.Value), r.pos(n)}
		}
	}
}

// word returns a reader of one of the known words; none known allows any.
func (r *reader) word(what string, known []string, into *Text) func(*yaml.Node) {
	return func(n *yaml.Node) {
		r.text(what, into)(n)
		if into.Value != "" && known != nil && !slices.Contains(known, into.Value) {
			r.problem(n, oneOf(into.Value, known), "unknown %s %q", what, into.Value)
		}
	}
}

// bool reads yes or no in the spellings of YAML 1.2.
func (r *reader) bool(what string, into *Bool) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Tag != "!!bool" {
			r.problem(n, "", "%s must be true or false, not %q", what, n.Value)
			return
		}
		*into = Bool{Value: strings.EqualFold(n.Value, "true"), Set: true, Pos: r.pos(n)}
	}
}
