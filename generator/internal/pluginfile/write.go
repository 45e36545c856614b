package pluginfile

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"

	"github.com/odbcgen/odbcgen/runtime/driver"
)

// Write writes a plugin as a file that extends base: the fields in which it differs, in
// the order of the struct. Comments stand above the keys that they have the path of,
// such as describe.params or types[0] for an entry.
func Write(w io.Writer, base, p *driver.Plugin, comments map[string]string) error {
	made := *p
	made.Extends = base.BuiltInName()
	from := *base
	from.Name, from.Extends = "", ""
	var out writer
	out.comments = comments
	root := out.mapping("", reflect.ValueOf(from), reflect.ValueOf(made), nil)
	e := yaml.NewEncoder(w)
	e.SetIndent(2)
	if err := e.Encode(root); err != nil {
		return fmt.Errorf("write the plugin: %w", err)
	}
	return e.Close()
}

type writer struct{ comments map[string]string }

// mapping returns the fields in which v differs from base, and those that are needed.
func (w *writer) mapping(path string, base, v reflect.Value, needed []string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, f := range fieldsOf(v.Type()) {
		was, is := base.FieldByIndex(f.index), v.FieldByIndex(f.index)
		if same(was, is) && !slices.Contains(needed, f.key) {
			continue
		}
		key, value := w.field(f, join(path, f.key), was, is)
		key.HeadComment = comment(w.comments[join(path, f.key)])
		n.Content = append(n.Content, key, value)
	}
	return n
}

// same reports whether two fields are written alike.
func same(a, b reflect.Value) bool {
	if a.Kind() == reflect.Slice && a.Len() == 0 && b.Len() == 0 {
		return true
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

// field returns key and value of a field. Of a list that only adds to the one of base,
// what it adds is written.
func (w *writer) field(f field, path string, base, v reflect.Value) (key, value *yaml.Node) {
	switch f.of.Kind() {
	case reflect.Slice:
		was, is := base.Len(), v.Len()
		switch {
		case was > 0 && is > was && same(base, v.Slice(is-was, is)):
			return scalar("+" + f.key), w.list(path, v.Slice(0, is-was))
		case was > 0 && is > was && same(base, v.Slice(0, was)):
			return scalar(f.key + "+"), w.list(path, v.Slice(was, is))
		}
		return scalar(f.key), w.list(path, v)
	case reflect.Struct:
		return scalar(f.key), w.mapping(path, base, v, nil)
	}
	return scalar(f.key), one(v)
}

func (w *writer) list(path string, v reflect.Value) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode}
	for i := range v.Len() {
		var item *yaml.Node
		if of := v.Type().Elem(); of.Kind() == reflect.Struct {
			item = w.mapping(path, reflect.Zero(of), v.Index(i), needed[of])
			if flat(item) {
				item.Style = yaml.FlowStyle
			}
		} else {
			item = one(v.Index(i))
		}
		item.HeadComment = comment(w.comments[fmt.Sprintf("%s[%d]", path, i)])
		n.Content = append(n.Content, item)
	}
	if flat(n) && (n.Content == nil || v.Type().Elem().Kind() != reflect.String) {
		n.Style = yaml.FlowStyle
	}
	return n
}

// flat reports whether a node has only short values, which stand in one line.
func flat(n *yaml.Node) bool {
	for _, c := range n.Content {
		if c.HeadComment != "" || c.Kind != yaml.ScalarNode && c.Style&yaml.FlowStyle == 0 || c.Kind == yaml.MappingNode || strings.Contains(c.Value, "\n") {
			return false
		}
	}
	return true
}

// one returns the node of a value that is neither a list nor a mapping.
func one(v reflect.Value) *yaml.Node {
	n := scalar(format(v))
	switch {
	case v.Kind() == reflect.String:
	case v.Kind() == reflect.Bool:
		n.Tag = "!!bool"
	case strings.Trim(n.Value, "-0123456789") == "":
		n.Tag = "!!int"
	}
	return n
}

func scalar(text string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	switch {
	case readable(text):
		n.Style = yaml.LiteralStyle
	case strings.ContainsFunc(text, func(c rune) bool { return !unicode.IsPrint(c) }):
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

// readable reports whether a text of several lines can stand as it is: YAML folds or
// drops some white space.
func readable(text string) bool {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		last := i == len(lines)-1
		if strings.TrimRightFunc(line, unicode.IsSpace) != line || line == "" && !last || i == 0 && strings.TrimSpace(line) != line {
			return false
		}
		for _, c := range line {
			if c != '\t' && !unicode.IsPrint(c) {
				return false
			}
		}
	}
	return len(lines) > 1
}

func comment(text string) string {
	if text == "" {
		return ""
	}
	return "# " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n# ")
}
