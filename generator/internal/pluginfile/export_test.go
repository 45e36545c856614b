package pluginfile

import "reflect"

// FieldsOf, WordsOf, Key and Index let tests see the keys.
func FieldsOf(t reflect.Type) []field { return fieldsOf(t) }

func WordsOf(t reflect.Type) []string { return wordsOf(t) }

func (f field) Key() string { return f.key }

func (f field) Index() []int { return f.index }

// Checked tells whether the text of a field is checked.
func Checked(path string) bool {
	_, format := formats[path]
	_, form := forms[path]
	return format || form || examples()[path] != nil
}

// Needed returns the keys that a mapping must have.
func Needed(t reflect.Type) []string { return needed[t] }

// BuiltIn returns the names of what can be extended.
func BuiltIn() []string { return builtIn() }

// Values returns the constants of a type.
func Values(t reflect.Type) []any {
	var all []any
	for _, c := range constants[t] {
		all = append(all, c.value)
	}
	return all
}
