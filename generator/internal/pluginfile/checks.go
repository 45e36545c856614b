package pluginfile

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// check holds the text of a field against what the runtime makes of it.
func check(path, text string) (wrong, help string) {
	if text == "" {
		return "", ""
	}
	if f, ok := formats[path]; ok {
		return f.check(text)
	}
	if fits, ok := forms[path]; ok {
		return fits(text)
	}
	return likeBuiltIn(path, text)
}

// filling is what is filled into a text.
type filling struct {
	verb string // as it is written
	what string // what stands there then
	with []any  // an example
}

var (
	quoted  = filling{"%s", "the quoted name", []any{`"name"`}}
	seconds = filling{"%d", "the time", []any{int64(1)}}
)

// formats are the fields whose text something is filled into.
var formats = map[string]filling{
	"dialect.savepoints.make":        quoted,
	"dialect.savepoints.back":        quoted,
	"dialect.savepoints.release":     quoted,
	"describe.type-of":               {"%[1]d, %[2]s and %[3]s", "the column's number, the statement and the columns' names", []any{1, "SELECT 1", "c1"}},
	"transactions.modes":             {"%s", "the modes", []any{"READ ONLY"}},
	"transactions.isolation.mode":    {"%s", "the level", []any{"SERIALIZABLE"}},
	"transactions.isolation.do":      {"%s", "the level", []any{"SERIALIZABLE"}},
	"transactions.lock-timeout.mode": seconds,
	"transactions.lock-timeout.do":   seconds,
}

// check tells of a text that fmt could not fill in.
func (f filling) check(text string) (wrong, help string) {
	if filled := fmt.Sprintf(text, f.with...); !strings.Contains(filled, "%!") {
		return "", ""
	}
	return fmt.Sprintf("must have %s where %s goes, and nothing else with a %%", f.verb, f.what), "write %% for a single percent sign"
}

// likeBuiltIn holds a text against those of the built-in plugins: where they have verbs,
// it must have those of one of them.
func likeBuiltIn(path, text string) (wrong, help string) {
	of := examples()[path]
	if len(of) == 0 || slices.ContainsFunc(of, func(e string) bool { return verbs(e) == verbs(text) }) {
		return "", ""
	}
	like := of[slices.IndexFunc(of, func(e string) bool { return verbs(e) != "" })]
	return "has not the same places to fill in as those of built-in drivers", "write " + verbs(like) + " where they do, such as " + like
}

// examples are the texts of built-in plugins, by path, of the fields in which any has
// something to fill in.
var examples = sync.OnceValue(func() map[string][]string {
	all := map[string][]string{}
	for _, p := range driver.BuiltIn() {
		eachText(reflect.ValueOf(*p), "", func(path, text string) {
			if text != "" {
				all[path] = append(all[path], text)
			}
		})
	}
	maps.DeleteFunc(all, func(_ string, texts []string) bool {
		return !slices.ContainsFunc(texts, func(text string) bool { return verbs(text) != "" })
	})
	return all
})

// eachText calls f with the texts of a plugin and the paths of their fields.
func eachText(v reflect.Value, path string, f func(path, text string)) {
	switch v.Kind() {
	case reflect.String:
		f(path, v.String())
	case reflect.Slice:
		for i := range v.Len() {
			eachText(v.Index(i), path, f)
		}
	case reflect.Struct:
		for _, field := range fieldsOf(v.Type()) {
			eachText(v.FieldByIndex(field.index), join(path, field.key), f)
		}
	}
}

var verb = regexp.MustCompile(`%(\[\d\])?[a-z]`)

// verbs returns the verbs of a text in order.
func verbs(text string) string {
	return strings.Join(verb.FindAllString(strings.ReplaceAll(text, "%%", ""), -1), " ")
}

// contradiction tells of fields that are right by themselves, and cannot be together; key
// is one of them.
func contradiction(v any) (key, wrong, help string) {
	switch v := v.(type) {
	case driver.Param:
		if v.Kind != protocol.Invalid && !v.Form.Sends(v.Kind) {
			return "form", fmt.Sprintf("has %s in a form that it cannot be sent in", v.Kind), "leave form out, or look at doc/plugins.md"
		}
	case driver.Result:
		if v.Kind != protocol.Invalid && !v.Form.Reads(v.Kind) {
			return "form", fmt.Sprintf("has %s in a form that it cannot be read in", v.Kind), "write as-is or as-text, or look at doc/plugins.md"
		}
	case driver.Dialect:
		if (v.QuoteOpen == "") != (v.QuoteClose == "") {
			return "quote-open", "has one of quote-open and quote-close, and not the other", "write both"
		}
	case driver.LockTimeout:
		if v.Possible() && v.Unit <= 0 {
			return "unit", "lacks unit", "write unit: 1s or 1ms, what the number stands for"
		}
	}
	return "", "", ""
}

// forms are the fields whose text would never fit anything if it were written otherwise.
var forms = map[string]func(text string) (wrong, help string){
	"types.name":    typeName,
	"faults.states": states,
	"faults.text":   small,
	"session.marks": small,
	"match.driver":  small,
	"bulk.culprit":  place,
}

func small(text string) (wrong, help string) {
	if lower := strings.ToLower(text); lower != text {
		return "must be in small letters", "write " + lower
	}
	return "", ""
}

func typeName(text string) (wrong, help string) {
	bare, _, parentheses := strings.Cut(text, "(")
	if parentheses || strings.TrimSpace(bare) != text {
		return "is compared without parentheses", "write " + strings.ToLower(strings.TrimSpace(bare))
	}
	return small(text)
}

var stateWords = regexp.MustCompile(`^([0-9A-Z]{2}|[0-9A-Z]{5})( ([0-9A-Z]{2}|[0-9A-Z]{5}))*$`)

func states(text string) (wrong, help string) {
	if stateWords.MatchString(text) {
		return "", ""
	}
	return "must be SQLSTATEs, or classes of two characters", "write 23505, or 23 for the whole class, several with a blank between"
}

func place(text string) (wrong, help string) {
	if strings.Count(text, "%s") == 1 {
		return "", ""
	}
	return "must have one %s where the column's name stands", "write what stands around it, such as column '%s'"
}
