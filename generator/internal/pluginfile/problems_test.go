package pluginfile_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/pluginfile"
	"github.com/odbcgen/odbcgen/runtime/driver"
)

// TestProblems: each is told at its place, all at once; testdata has what is told.
func TestProblems(t *testing.T) {
	const head = "extends: generic\nname: clipper\n"
	var told txtar.Archive
	for _, test := range []struct{ name, text string }{
		{"empty", ""},
		{"a list", "- a\n"},
		{"a word", "postgres\n"},
		{"two", head + "---\n" + head},
		{"nothing", "types: []\n"},
		{"extends", "extends: postgers\nname: clipper\n"},
		{"itself", "extends: clipper\nname: clipper\n"},
		{"no name", "extends:\nname:\n"},
		{"names", "extends: generic\nname: mysql\n"},
		{"name of letters", "extends: generic\nname: Clipper 5\n"},
		{"a tab", head + "dialect:\n\tquote-open: '['\n"},
		{"a quote", head + "read-only: 'SELECT 1\n"},
		{"keys", head + "tpyes: []\nDialect: {}\ndialect: {quote: x}\n+name: y\nquirks+: {}\n"},
		{"twice", head + "setup: [a]\nsetup: [b]\n+types: []\ntypes: [{name: a, kind: text}]\nreads: {how: position, how: refetch}\n"},
		{"shapes", head + "setup: SELECT 1\ndialect: [a]\nread-only: {a: b}\ntypes: [a, [b], {kind: {}}]\nmatch: 7\n"},
		{"words", head + "types:\n  - {name: a, kind: txt}\n  - {sql: SQL_VARCHR, kind: text}\n  - {sql: 99999, kind: text}\nbulk: {strategy: Arrays}\nfaults: [{category: kaputt, outcome: done}]\n"},
		{"numbers", head + "bulk: {rows: many, max-markers: 1.5}\ndescribe: {params: 1, scale-bits: -1}\nlists: {max: 99999999999999999999}\nreads: {buffered: yes}\n"},
		{"times", head + "transactions: {lock-timeout: {unit: 5, least: 1}}\n"},
		{"lacks", head + "types: [{name: a}]\nsettings: [{key: a}]\nresults: [{}]\nfaults: [{natives: [1]}]\n"},
		{"formats", head + "transactions: {lock-timeout: {do: SET lock_timeout 5}, modes: SET 100%}\ndatabase: {enter: 'USE %d'}\ndialect: {savepoints: {make: 'SAVE %s %s', back: BACK}}\nbulk: {culprit: [column]}\n"},
		{"small letters", head + "types: [{name: VARCHAR, kind: text}, {name: 'char(4)', kind: text}]\nfaults: [{text: Lost, category: fatal, outcome: unknown}, {states: 4000, category: fatal, outcome: unknown}]\nmatch: {driver: [libX.so]}\nsession: {marks: [SET]}\n"},
		{"aliases", head + "types: &a [*a]\nsetup: &b [x]\nmatch: {dbms: *b}\n"},
		{"contradictions", head + "params: [{kind: float64, sql: 8, form: as-text}, {kind: date, sql: 91, form: as-text}, {kind: timestamp, sql: 93, form: as-zoned}]\nresults: [{kind: float64, form: as-int64}]\n" +
			"dialect: {quote-close: ''}\ntransactions: {lock-timeout: {do: 'SET A %d'}}\nbulk: {rows: -1}\n"},
		{"verbs of built-in drivers", head + "quirks: {cancel-long-by: {cancel: KILL}}\nscratch: {create: CREATE %d, drop: 'DROP %s %s', enter: 'USE %s'}\n"},
		{"null", head + "setup: [~]\nread-only:\nmatch: {dbms: [null]}\n"},
	} {
		var problems diag.List
		require.Nil(t, pluginfile.Load("p.yaml", test.text, &problems), test.name)
		told.Files = append(told.Files, txtar.File{Name: test.name, Data: []byte(problems.Err().Error() + "\n")})
	}
	const path = "testdata/problems.txtar"
	if *update {
		require.NoError(t, os.WriteFile(path, txtar.Format(&told), 0o644))
		return
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(txtar.Format(&told)))
}

// TestKeys: no mapping has a key twice, and no type a word.
func TestKeys(t *testing.T) {
	for _, of := range typesIn(reflect.TypeFor[driver.Plugin]()) {
		words := pluginfile.WordsOf(of)
		if of.Kind() == reflect.Struct {
			for _, f := range pluginfile.FieldsOf(of) {
				words = append(words, f.Key())
			}
		}
		seen := map[string]bool{}
		for _, word := range words {
			require.False(t, seen[word], "%s has %s twice", of, word)
			seen[word] = true
		}
	}
}

// FuzzLoad: no text is too wrong to be told so, and what is right can be written.
func FuzzLoad(f *testing.F) {
	const head = "extends: generic\nname: clipper\n"
	for _, text := range []string{
		"", head, head + "types: &a [*a]\n", head + "+types: [{name: a, kind: text}]\nsetup: [\"a\\n\\tb \\n\"]\n",
		head + "describe: {view-text: |\n  a\n   b\n\n}\n", "? {a: b}\n: c\n", "!!binary extends: x\n<<: {}\n",
		head + "match: {dbms: ['', ' x', \"\\x07\", \"\\u2028\", '- a']}\n", head + "describe:\n  functions: |+\n    a\n\n\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var problems diag.List
		p := pluginfile.Load("p.yaml", text, &problems)
		require.Equal(t, p == nil, problems.Len() > 0)
		_ = problems.Err()
		if p != nil {
			var b strings.Builder
			require.NoError(t, pluginfile.Write(&b, &driver.Generic, p, nil))
			if p.Extends == driver.Generic.Name {
				require.Equal(t, p, load(t, b.String()))
			}
		}
	})
}
