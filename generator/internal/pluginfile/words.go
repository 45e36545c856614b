package pluginfile

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/odbcgen/odbcgen/generator/internal/yamlnode"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// constant is one of the constants of a type.
type constant struct {
	name  string // in Go
	value any
}

// numbers are those of the types of fields that take any number, and where some mean
// something else.
var numbers = map[reflect.Type][]constant{
	reflect.TypeFor[uint64](): {{"Unlimited", uint64(driver.Unlimited)}},
	reflect.TypeFor[int16]():  {{"AsWritten", driver.AsWritten}},
}

func constantsOf(t reflect.Type) []constant {
	if number := numbers[t]; number != nil {
		return number
	}
	return constants[t]
}

// Constant returns the name of the constant of package driver or protocol that has the
// value, "" when there is none.
func Constant(value any) string {
	for _, c := range constantsOf(reflect.TypeOf(value)) {
		if c.value == value {
			return c.name
		}
	}
	return ""
}

// wordOf returns what is written for a constant.
func wordOf(t reflect.Type, c constant) string {
	switch value := c.value.(type) {
	case protocol.Kind:
		if value == protocol.Invalid {
			return "invalid"
		}
		return value.String()
	case driver.SQLType:
		return odbcName(c.name)
	}
	return withoutType(t, c.name)
}

// odbcName returns the name of an SQL type in the ODBC specification.
func odbcName(goName string) string {
	switch goName {
	case "Unknown":
		return "SQL_UNKNOWN_TYPE"
	case "Date", "Time", "Timestamp":
		goName = "type_" + goName
	}
	return "SQL_" + strings.ToUpper(goName)
}

// withoutType returns the word for a constant without the beginning that it has of its
// type: arrays for BulkArrays of BulkStrategy.
func withoutType(t reflect.Type, goName string) string {
	for words := strings.Split(keyOf(t.Name()), "-"); len(words) > 0; words = words[:len(words)-1] {
		prefix := strings.Join(words, "-") + "-"
		if rest, ok := strings.CutPrefix(keyOf(goName), prefix); ok {
			return rest
		}
	}
	return keyOf(goName)
}

func wordsOf(t reflect.Type) []string {
	var all []string
	for _, c := range constantsOf(t) {
		all = append(all, wordOf(t, c))
	}
	return all
}

// parse returns the value of a scalar, or what is wrong with it.
func parse(n *yaml.Node, t reflect.Type) (value reflect.Value, wrong, help string) {
	value = reflect.New(t).Elem()
	for _, c := range constantsOf(t) {
		if wordOf(t, c) == n.Value {
			return reflect.ValueOf(c.value), "", ""
		}
	}
	switch {
	case constants[t] != nil:
		return parseCode(n, t)
	case t == reflect.TypeFor[time.Duration]():
		d, err := time.ParseDuration(n.Value)
		if err != nil || d < 0 {
			return value, fmt.Sprintf("must be a time, not %q", n.Value), "write a number with its unit, such as 250ms or 1s"
		}
		value.SetInt(int64(d))
	case t.Kind() == reflect.String:
		value.SetString(n.Value)
	case t.Kind() == reflect.Bool:
		if n.Tag != "!!bool" || !strings.EqualFold(n.Value, "true") && !strings.EqualFold(n.Value, "false") {
			return value, fmt.Sprintf("must be true or false, not %q", n.Value), ""
		}
		value.SetBool(strings.EqualFold(n.Value, "true"))
	case value.CanInt():
		number, err := strconv.ParseInt(n.Value, 10, t.Bits())
		if err != nil {
			return value, notANumber(n.Value, t, ""), ""
		}
		if t.Bits() == 64 && number < 0 { // those of a database's own are shorter
			return value, notANumber(n.Value, t, ", not below 0"), ""
		}
		value.SetInt(number)
	case value.CanUint():
		number, err := strconv.ParseUint(n.Value, 10, t.Bits())
		if err != nil {
			return value, notANumber(n.Value, t, ", not below 0"), ""
		}
		value.SetUint(number)
	default:
		return value, fmt.Sprintf("is a %s, which no file can have", t), ""
	}
	return value, "", ""
}

func notANumber(word string, t reflect.Type, bound string) string {
	return fmt.Sprintf("must be a whole number of %d bits%s, not %q", t.Bits(), bound, word)
}

// parseCode reads what is no word of the type: SQL types have numbers, too, and those of a
// vendor have nothing else.
func parseCode(n *yaml.Node, t reflect.Type) (value reflect.Value, wrong, help string) {
	value = reflect.New(t).Elem()
	help = yamlnode.OneOf(n.Value, wordsOf(t))
	if t == reflect.TypeFor[driver.SQLType]() {
		if number, err := strconv.ParseInt(n.Value, 10, t.Bits()); err == nil {
			value.SetInt(number)
			return value, "", ""
		}
		help += ", or the number that the driver gives"
	}
	return value, fmt.Sprintf("cannot be %q", n.Value), help
}

// format returns what parse reads as the value.
func format(v reflect.Value) string {
	for _, c := range constantsOf(v.Type()) {
		if c.value == v.Interface() {
			return wordOf(v.Type(), c)
		}
	}
	if d, ok := v.Interface().(time.Duration); ok {
		return d.String()
	}
	if v.Kind() == reflect.String {
		return v.String()
	}
	return fmt.Sprint(v.Interface())
}
