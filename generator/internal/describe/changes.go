package describe

import (
	"fmt"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Changes tells what is different in a later answer to the same question, a line for
// each parameter, column or set; nil when nothing matters.
func Changes(was, is Shape) []string {
	lines := slices.Concat(changedParams(was.Params, is.Params), changedColumns("", "column", was.Columns, is.Columns), changedProcedures(was.Procedures, is.Procedures))
	if len(was.Sets) != len(is.Sets) {
		return append(lines, fmt.Sprintf("%d sets, were %d", len(is.Sets), len(was.Sets)))
	}
	for i := range was.Sets {
		lines = append(lines, changedColumns(fmt.Sprintf("set %d: ", i+1), "column", was.Sets[i].Columns, is.Sets[i].Columns)...)
	}
	return lines
}

// changedParams compares parameters, which have their names from the SQL.
func changedParams(was, is []Value) []string {
	if len(was) != len(is) {
		return []string{fmt.Sprintf("%d parameters, were %d", len(is), len(was))}
	}
	var lines []string
	for i := range was {
		if change := changed(was[i], is[i]); change != "" {
			lines = append(lines, fmt.Sprintf("parameter %q: %s", was[i].Name, change))
		}
	}
	return slices.Compact(lines) // a name may stand twice
}

// changedProcedures compares procedures by their names, and those of one name by their
// order.
func changedProcedures(was, is []Procedure) []string {
	var lines []string
	later := slices.Clone(is)
	for _, p := range was {
		i := slices.IndexFunc(later, func(now Procedure) bool { return now.Name == p.Name })
		if i < 0 {
			lines = append(lines, fmt.Sprintf("procedure %s is gone", p.signature()))
			continue
		}
		now := later[i]
		later = slices.Delete(later, i, i+1)
		for _, change := range changedColumns("", "parameter", p.Params, now.Params) {
			lines = append(lines, fmt.Sprintf("procedure %s: %s", p.Name, change))
		}
	}
	for _, p := range later {
		lines = append(lines, fmt.Sprintf("procedure %s is new", p.signature()))
	}
	return lines
}

// changedColumns compares columns, or the parameters of a procedure, by their names,
// and then their order.
func changedColumns(prefix, noun string, was, is []Value) []string {
	var lines []string
	var kept, order []string
	for _, v := range was {
		now, ok := named(is, v.Name)
		if !ok {
			lines = append(lines, fmt.Sprintf("%s%s %q: is gone (was %s)", prefix, noun, v.Name, v.words()))
			continue
		}
		kept = append(kept, v.Name)
		if change := changed(v, now); change != "" {
			lines = append(lines, fmt.Sprintf("%s%s %q: %s", prefix, noun, v.Name, change))
		}
	}
	for _, v := range is {
		if _, ok := named(was, v.Name); !ok {
			lines = append(lines, fmt.Sprintf("%s%s %q: is new (%s)", prefix, noun, v.Name, v.words()))
			continue
		}
		order = append(order, v.Name)
	}
	if !slices.Equal(kept, order) {
		lines = append(lines, fmt.Sprintf("%sthe order of the %ss is %s, was %s", prefix, noun, strings.Join(order, ", "), strings.Join(kept, ", ")))
	}
	return lines
}

func named(values []Value, name string) (Value, bool) {
	i := slices.IndexFunc(values, func(v Value) bool { return v.Name == name })
	if i < 0 {
		return Value{}, false
	}
	return values[i], true
}

// changed tells how the type of a value has changed, "" for not at all.
func changed(was, is Value) string {
	if was.Kind == is.Kind && was.Null == is.Null && was.SQLType == is.SQLType && was.Direction == is.Direction {
		return ""
	}
	return fmt.Sprintf("is %s, was %s", is.words(), was.words())
}

// words tells the type of a value.
func (v Value) words() string {
	if v.Direction != 0 {
		return strings.TrimSpace(fmt.Sprintf("%s %s %s", v.Direction, v.SQLType, v.Kind))
	}
	kind, null := "of unknown type", "not null"
	if v.Kind != protocol.Invalid {
		kind = v.Kind.String()
	}
	if v.Null {
		null = "null"
	}
	if v.SQLType != "" {
		kind = fmt.Sprintf("%s (%s)", kind, v.SQLType)
	}
	return kind + " " + null
}
