package spec

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/yamlnode"
)

// document parses the file of the spec and returns its one document, nil with
// problems.
func (r *reader) document() *yaml.Node {
	text, ok := r.read(r.file, diag.Diagnostic{Pos: diag.Pos{File: r.file}, Fatal: true})
	if !ok {
		return nil
	}
	documents, err := yamlnode.Parse(text)
	switch {
	case err != nil:
		r.problems.AddSource(r.file, hideEverywhere(text)) // nobody knows which line is the connection string
		r.add(yamlnode.SyntaxError(r.file, text, err))
		return nil
	case len(documents) == 0:
		r.add(diag.Diagnostic{Pos: diag.Pos{File: r.file}, Message: "the spec is empty"})
		return nil
	case len(documents) > 1:
		r.problem(documents[1], "", "a second document begins here; a spec is one")
	}
	return yamlnode.Resolve(documents[0])
}

// problem tells what is wrong with a node.
func (r *reader) problem(n *yaml.Node, help, format string, args ...any) {
	r.add(diag.Diagnostic{Pos: r.pos(n), Message: fmt.Sprintf(format, args...), Help: help})
}

// pos returns the place of a node.
func (r *reader) pos(n *yaml.Node) diag.Pos { return yamlnode.Pos(r.file, n) }

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
			r.problem(key, yamlnode.OneOf(key.Value, known), "%s has no key %q", what, key.Value)
			return
		}
		values[key.Value] = value
	})
	var missing []string
	for _, f := range fields {
		if value, ok := values[f.key]; ok {
			f.read(value)
		} else if f.need && yamlnode.Child(n, f.key) == nil {
			missing = append(missing, f.key)
		}
	}
	if isMapping && missing != nil {
		r.problem(n, "", "%s lacks %s", what, strings.Join(missing, ", "))
	}
}

func keys(fields []field) []string {
	var known []string
	for _, f := range fields {
		known = append(known, f.key)
	}
	return known
}

// pairs calls read for each key of a mapping that has a value, in order. It tells
// and returns whether n is a mapping.
func (r *reader) pairs(what string, n *yaml.Node, read func(key, value *yaml.Node)) bool {
	return yamlnode.Pairs(r.problem, what, n, read)
}

func (r *reader) is(kind yaml.Kind, what string, n *yaml.Node) bool {
	return yamlnode.Is(r.problem, kind, what, n)
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
		read(yamlnode.Resolve(item))
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
			r.problem(n, yamlnode.OneOf(into.Value, known), "unknown %s %q", what, into.Value)
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
