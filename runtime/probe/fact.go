package probe

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/driver"
)

// Fact is one thing that was found.
type Fact struct {
	About   string
	Claimed string // what the driver says of it, "" for nothing
	Found   string
	Lie     bool // what it says is not so

	// Path is the field of driver.Plugin that states it, such as "quirks.info-is-failure";
	// "" where none does.
	Path string
	// Is has the values of the field that are true, the best first.
	Is []json.RawMessage
	// Safe has those that cost something for nothing.
	Safe []json.RawMessage
	// Wrong has those that are not true, where Is has none: nobody can tell which is.
	Wrong []json.RawMessage
	// Fault, Param and Result are rows for the list of Path.
	Fault  *driver.Fault
	Param  *driver.Param
	Result *driver.Result
}

// values makes values of a field.
func values(all ...any) (texts []json.RawMessage) {
	for _, v := range all {
		text, err := json.Marshal(v)
		if err != nil {
			panic(fmt.Sprintf("probe: %T cannot be written: %v", v, err))
		}
		texts = append(texts, text)
	}
	return texts
}

// Verdict is what a fact means for a plugin.
type Verdict uint8

// The verdicts.
const (
	Untold      Verdict = iota // the plugin says nothing of it
	Agrees                     // it says the same
	Careful                    // it is right, and could cost less
	Contradicts                // it is wrong
)

// Verdict holds the fact against a plugin.
func (f *Fact) Verdict(p *driver.Plugin) Verdict {
	switch {
	case f.Path == "":
		return Untold
	case f.Fault != nil || f.Param != nil || f.Result != nil:
		return Contradicts
	}
	field, ok := fieldOf(p, f.Path)
	if !ok {
		return Untold
	}
	stated := values(field.Interface())[0]
	is := func(v json.RawMessage) bool { return bytes.Equal(v, stated) }
	switch {
	case slices.ContainsFunc(f.Is, is):
		return Agrees
	case slices.ContainsFunc(f.Safe, is):
		return Careful
	case len(f.Is) > 0 || slices.ContainsFunc(f.Wrong, is):
		return Contradicts
	case len(f.Wrong) > 0:
		return Agrees
	}
	return Untold
}

// apply writes what was found to a plugin, and reports whether there was anything to
// write.
func (f *Fact) apply(p *driver.Plugin) bool {
	switch {
	case f.Fault != nil:
		p.Faults = append(slices.Clip(p.Faults), *f.Fault)
		return true
	case f.Param != nil: // the first rule for a kind wins
		p.Params = addFirst(p.Params, travelling(p, *f.Param))
		return true
	case f.Result != nil:
		p.Results = addFirst(p.Results, *f.Result)
		return true
	}
	field, ok := fieldOf(p, f.Path)
	return ok && len(f.Is) > 0 && json.Unmarshal(f.Is[0], field.Addr().Interface()) == nil
}

func addFirst[T comparable](rules []T, rule T) []T {
	if slices.Contains(rules, rule) {
		return rules
	}
	return slices.Concat([]T{rule}, rules)
}

// fieldOf returns the field of a plugin at a path.
func fieldOf(p *driver.Plugin, path string) (reflect.Value, bool) {
	at := reflect.ValueOf(p).Elem()
	for word := range strings.SplitSeq(path, ".") {
		if at.Kind() != reflect.Struct {
			return reflect.Value{}, false
		}
		name := strings.ReplaceAll(word, "-", "")
		at = at.FieldByNameFunc(func(field string) bool { return strings.EqualFold(field, name) })
		if !at.IsValid() {
			return reflect.Value{}, false
		}
	}
	return at, true
}
