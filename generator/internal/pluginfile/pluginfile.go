// Package pluginfile reads and writes plugins that stand in a YAML file: a database of
// the user's, told by what it has other than one that is built in. The keys are those
// of driver.Plugin, whatever fields that has. It connects to nothing.
package pluginfile

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/yamlnode"
	"github.com/odbcgen/odbcgen/runtime/driver"
)

// Load reads the text of the plugin file called file. What is wrong is added to the
// problems; the plugin is nil then.
func Load(file, text string, problems *diag.List) *driver.Plugin {
	r := &reader{file: file, problems: &diag.List{}}
	p := r.plugin(text)
	problems.AddSource(file, text)
	for _, d := range r.problems.All() {
		problems.Add(d)
	}
	if r.problems.Len() > 0 {
		return nil
	}
	return p
}

// reader reads one file.
type reader struct {
	file     string
	problems *diag.List
}

func (r *reader) plugin(text string) *driver.Plugin {
	documents, err := yamlnode.Parse(text)
	switch {
	case err != nil:
		r.problems.Add(yamlnode.SyntaxError(r.file, text, err))
		return nil
	case len(documents) == 0:
		r.problems.Add(diag.Diagnostic{Pos: diag.Pos{File: r.file}, Message: "the plugin file is empty", Help: "write extends: with the name of a built-in driver, and name:"})
		return nil
	case len(documents) > 1:
		r.problem(documents[1], "", "a second document begins here; a plugin is one")
	}
	root := yamlnode.Resolve(documents[0])
	p := r.extended(root)
	r.mapping("the plugin", "", root, reflect.ValueOf(&p).Elem(), needed[reflect.TypeOf(p)])
	r.checkName(root)
	return &p
}

// problem tells what is wrong with a node.
func (r *reader) problem(n *yaml.Node, help, format string, args ...any) {
	r.problems.Add(diag.Diagnostic{Pos: yamlnode.Pos(r.file, n), Message: fmt.Sprintf(format, args...), Help: help})
}

// extended returns a copy of the plugin that the file extends, without its name. Until
// that is known the other keys are read into the generic one.
func (r *reader) extended(root *yaml.Node) driver.Plugin {
	p := driver.Generic
	if n := yamlnode.Child(root, "extends"); n != nil && n.Kind == yaml.ScalarNode {
		if base, ok := driver.ByName(n.Value); ok {
			p = *base
		} else if n.Tag != "!!null" {
			r.problem(n, yamlnode.OneOf(n.Value, builtIn()), "there is no built-in driver %q to extend", n.Value)
		}
	}
	p.Name = ""
	return p
}

func builtIn() []string {
	var names []string
	for _, p := range driver.BuiltIn() {
		names = append(names, p.BuiltInName())
	}
	return names
}

var name = regexp.MustCompile(`^[a-z][a-z0-9]*([-_][a-z0-9]+)*$`)

// checkName tells of a name that no spec could use.
func (r *reader) checkName(root *yaml.Node) {
	n := yamlnode.Child(root, "name")
	switch {
	case n == nil || n.Kind != yaml.ScalarNode || n.Tag == "!!null":
	case slices.Contains(builtIn(), n.Value):
		r.problem(n, "give it a name of its own; extends: says what it is made of", "%q is the name of a built-in driver", n.Value)
	case !name.MatchString(n.Value):
		r.problem(n, "write small letters and digits, and - or _ between words", "%q cannot be the name of a driver", n.Value)
	}
}

// mapping reads a mapping into a struct. What stands in it already stays where the
// mapping has no key for it, unless the key is needed.
func (r *reader) mapping(what, path string, n *yaml.Node, into reflect.Value, needed []string) {
	fields := fieldsOf(into.Type())
	found := map[string]bool{}
	isMapping := yamlnode.Pairs(r.problem, what, n, func(key, value *yaml.Node) {
		f, where, ok := find(fields, key.Value)
		if !ok {
			known := keysOf(fields)
			r.problem(key, yamlnode.OneOf(key.Value, known), "%s has no key %q", what, key.Value)
			return
		}
		if found[f.key] && where == whole || found[f.key+"="] {
			r.problem(key, "leave one of them out", "%s is replaced and added to", f.key)
		}
		found[f.key], found[f.key+"="] = true, found[f.key+"="] || where == whole
		r.field(f, where, join(path, f.key), value, into.FieldByIndex(f.index))
	})
	if !isMapping {
		return
	}
	var missing []string
	for _, key := range needed {
		if yamlnode.Child(n, key) == nil {
			missing = append(missing, key)
		}
	}
	if missing != nil {
		r.problem(n, "", "%s lacks %s", what, strings.Join(missing, ", "))
	}
	if key, wrong, help := contradiction(into.Interface()); wrong != "" {
		at := n
		if value := yamlnode.Child(n, key); value != nil {
			at = value
		}
		r.problem(at, help, "%s %s", what, wrong)
	}
}

// needed are the keys without which the plugin or an entry of a list, which inherit
// nothing, would mean nothing or by accident something.
var needed = map[reflect.Type][]string{
	reflect.TypeFor[driver.Plugin]():    {"extends", "name"},
	reflect.TypeFor[driver.TypeRule]():  {"kind"},
	reflect.TypeFor[driver.Param]():     {"kind", "sql"},
	reflect.TypeFor[driver.Result]():    {"kind", "form"},
	reflect.TypeFor[driver.Setting]():   {"key", "value"},
	reflect.TypeFor[driver.Attribute](): {"code", "on", "off"},
	reflect.TypeFor[driver.Fault]():     {"category", "outcome"},
}

// placing says what the entries of a list do to those that are inherited.
type placing int

// The placings. The plus of the key stands where the entries go.
const (
	whole  placing = iota // types: the list is this
	before                // +types: these come first
	after                 // types+: these come last
)

// find returns the field of a key as it is written.
func find(fields []field, key string) (field, placing, bool) {
	where := whole
	name := key
	switch {
	case strings.HasPrefix(key, "+"):
		where, name = before, key[1:]
	case strings.HasSuffix(key, "+"):
		where, name = after, key[:len(key)-1]
	}
	i := slices.IndexFunc(fields, func(f field) bool { return f.key == name })
	if i < 0 || where != whole && fields[i].of.Kind() != reflect.Slice {
		return field{}, whole, false
	}
	return fields[i], where, true
}

func join(path, key string) string { return strings.TrimPrefix(path+"."+key, ".") }

// field reads the value of a key.
func (r *reader) field(f field, where placing, path string, n *yaml.Node, into reflect.Value) {
	if f.of.Kind() != reflect.Slice {
		r.value(f.key, path, n, into, nil)
		return
	}
	if !yamlnode.Is(r.problem, yaml.SequenceNode, f.key, n) {
		return
	}
	list := reflect.MakeSlice(f.of, len(n.Content), len(n.Content))
	for i, item := range n.Content {
		r.value("an entry of "+f.key, path, yamlnode.Resolve(item), list.Index(i), needed[f.of.Elem()])
	}
	switch {
	case where == before:
		list = reflect.AppendSlice(list, into)
	case where == after:
		list = reflect.AppendSlice(reflect.AppendSlice(reflect.MakeSlice(f.of, 0, into.Len()+list.Len()), into), list)
	}
	if into.Set(list); list.Len() == 0 {
		into.SetZero()
	}
}

// value reads what is no list.
func (r *reader) value(what, path string, n *yaml.Node, into reflect.Value, needed []string) {
	if into.Kind() == reflect.Struct {
		r.mapping(what, path, n, into, needed)
		return
	}
	if !yamlnode.Is(r.problem, yaml.ScalarNode, what, n) {
		return
	}
	if n.Tag == "!!null" {
		r.problem(n, "write '' for an empty text", "%s has no value", what)
		return
	}
	value, wrong, help := parse(n, into.Type())
	if wrong != "" {
		r.problem(n, help, "%s %s", what, wrong)
		return
	}
	into.Set(value)
	if into.Kind() == reflect.String {
		if wrong, help := check(path, into.String()); wrong != "" {
			r.problem(n, help, "%s %s", what, wrong)
		}
	}
}
