package pluginfile

import (
	"reflect"
	"strings"
	"unicode"
)

// field is a key of a mapping and the field of a struct that it is for.
type field struct {
	key   string
	index []int
	of    reflect.Type
}

// fieldsOf returns the fields of a struct in their order; those of an embedded one are
// among them.
func fieldsOf(t reflect.Type) []field {
	var all []field
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.Anonymous {
			all = append(all, field{key: keyOf(f.Name), index: []int{i}, of: f.Type})
			continue
		}
		for _, inner := range fieldsOf(f.Type) {
			inner.index = append([]int{i}, inner.index...)
			all = append(all, inner)
		}
	}
	return all
}

func keysOf(fields []field) []string {
	var all []string
	for _, f := range fields {
		all = append(all, f.key)
	}
	return all
}

// keyOf returns the word for a name in Go: insert-id for InsertID.
func keyOf(goName string) string {
	letters := []rune(strings.ReplaceAll(goName, "NaN", "Nan"))
	var b strings.Builder
	for i, c := range letters {
		afterSmall := i > 0 && !unicode.IsUpper(letters[i-1])
		beforeSmall := i+1 < len(letters) && unicode.IsLower(letters[i+1])
		if i > 0 && unicode.IsUpper(c) && (afterSmall || beforeSmall) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}
