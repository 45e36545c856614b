// Package yamlnode reads YAML documents as nodes, and tells what is wrong with one in
// the words and with the place that a diagnostic needs. It knows no keys.
package yamlnode

import (
	"errors"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/odbcgen/odbcgen/generator/internal/diag"
)

// Parse returns the root of each YAML document in text.
func Parse(text string) ([]*yaml.Node, error) {
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

// SyntaxError tells an error of the YAML parser. The line in its text is as often that of
// an enclosing block, or counted from 0 (gopkg.in/yaml.v3 3.0.1), so the line told is
// the first one without which, and all below, the text can be parsed.
func SyntaxError(file, text string, err error) diag.Diagnostic {
	lines := strings.SplitAfter(text, "\n")
	good := len(lines) - 1
	for ; good > 0; good-- {
		if _, err := Parse(strings.Join(lines[:good], "")); err == nil {
			break
		}
	}
	d := diag.Diagnostic{Pos: diag.Pos{File: file, Line: good + 1}, Message: syntaxPlace.ReplaceAllString(err.Error(), "YAML: ")}
	for _, h := range syntaxHelp {
		if d.Help == "" && strings.Contains(d.Message, h.message) && h.line.MatchString(lines[good]) {
			d.Help = h.help
		}
	}
	return d
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

// Pos returns the place of a node: all of a scalar on one line, the key a block
// mapping begins with, the sign that begins anything else.
func Pos(file string, n *yaml.Node) diag.Pos {
	p := diag.Pos{File: file, Line: n.Line, Col: n.Column, Len: 1}
	block := n.Style&(yaml.LiteralStyle|yaml.FoldedStyle|yaml.FlowStyle) != 0
	switch {
	case n.Kind == yaml.MappingNode && !block && len(n.Content) > 0:
		return Pos(file, n.Content[0])
	case n.Kind == yaml.ScalarNode && !block && !strings.Contains(n.Value, "\n"):
		p.Len = utf8.RuneCountInString(n.Value)
		if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
			p.Len += 2
		}
	}
	return p
}

// Resolve returns the node an alias stands for, any other node itself.
func Resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// Child returns the value of a key of a mapping, nil when there is none.
func Child(n *yaml.Node, key string) *yaml.Node {
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				return Resolve(n.Content[i+1])
			}
		}
	}
	return nil
}

// Problem tells what is wrong with a node, and what to write instead.
type Problem func(n *yaml.Node, help, format string, args ...any)

// Pairs calls read for each key of a mapping that has a value, in order. It tells
// and returns whether n is a mapping.
func Pairs(problem Problem, what string, n *yaml.Node, read func(key, value *yaml.Node)) bool {
	if !Is(problem, yaml.MappingNode, what, n) {
		return false
	}
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], Resolve(n.Content[i+1])
		line, again := first[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode:
			problem(key, "", "a key of %s is a word, this is a %s", what, Kinds[key.Kind])
		case again:
			problem(key, "", "the key %q is already on line %d", key.Value, line)
		case value.Tag == "!!null":
			problem(key, "give it one, or leave the key out", "the key %q has no value", key.Value)
		default:
			read(key, value)
		}
		first[key.Value] = key.Line
	}
	return true
}

// Kinds are the words for the kinds of nodes.
var Kinds = map[yaml.Kind]string{
	yaml.MappingNode: "mapping", yaml.SequenceNode: "list", yaml.ScalarNode: "single value", yaml.AliasNode: "alias",
}

var kindHelp = map[yaml.Kind]string{
	yaml.MappingNode: "write key: value", yaml.SequenceNode: "begin each entry with a dash and a blank", yaml.ScalarNode: "write one value, in quotes if it has signs of YAML",
}

// Is tells and returns whether a node is of the kind.
func Is(problem Problem, kind yaml.Kind, what string, n *yaml.Node) bool {
	if n.Kind != kind {
		problem(n, kindHelp[kind], "%s must be a %s, not a %s", what, Kinds[kind], Kinds[n.Kind])
	}
	return n.Kind == kind
}

// OneOf returns help for a word that is not among the known ones.
func OneOf(word string, known []string) string {
	all := "it is one of " + strings.Join(known, ", ")
	if near := diag.DidYouMean(word, known); near != "" {
		return near + "\n" + all
	}
	return all
}
