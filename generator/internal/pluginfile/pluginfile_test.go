package pluginfile_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/pluginfile"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// load returns the plugin of a text, which must be right.
func load(t *testing.T, text string) *driver.Plugin {
	t.Helper()
	var problems diag.List
	p := pluginfile.Load("clipper.plugin.yaml", text, &problems)
	require.NoError(t, problems.Err(), text)
	require.NotNil(t, p)
	return p
}

// TestLoad: what the file has stands, all else is inherited.
func TestLoad(t *testing.T) {
	p := load(t, `
extends: postgres
name: cockroach
match: {dbms: [CockroachDB]}
setup+: [SET a TO 1]
+types:
  - {name: inet, kind: text}
  - {sql: -150, kind: invalid}
  - {sql: SQL_TYPE_DATE, kind: date}
params: [{kind: uint64, sql: SQL_NUMERIC, form: as-int64, size: 20, digits: -1}, {kind: decimal, sql: SQL_NUMERIC, size: unlimited, digits: as-written}]
reads:
  buffered: false
  stream: {how: row-by-row, attributes: [{code: -1, on: 18446744073709551615, off: 0}]}
dialect: {quote-open: '[', quote-close: ']', pipes: or, savepoints: {make: 'SAVE %s', back: 'UNDO %s'}}
transactions:
  levels: [read-committed]
  lock-timeout: {do: SET lock_timeout = '%d', unit: 250ms}
  ended-by: [lock-timeout]
quirks: {outdated: {state: 0A000, native: -7}, refuse-nan: true}
faults: [{states: 40001 23, natives: [1, -2], phase: executing, category: connection-lost, kind: disk-full, outcome: not-executed, scope: statement, action: shed}]
bulk: {strategy: rows}
read-only: ''
`)
	want := driver.Postgres
	want.Name, want.Extends = "cockroach", "postgres"
	want.Match.DBMS = []string{"CockroachDB"}
	want.Setup = []string{"SET TIME ZONE 'UTC'", "SET lc_monetary TO 'C'", "SET a TO 1"}
	want.Types = append([]driver.TypeRule{
		{Name: "inet", Kind: protocol.Text}, {SQL: -150}, {SQL: driver.Date, Kind: protocol.Date},
	}, driver.Postgres.Types...)
	want.Params = []driver.Param{
		{Kind: protocol.Uint64, SQL: driver.Numeric, Form: driver.AsInt64, Size: 20, Digits: -1},
		{Kind: protocol.Decimal, SQL: driver.Numeric, Size: driver.Unlimited, Digits: driver.AsWritten},
	}
	want.Reads.Buffered = false
	want.Reads.Stream.How = driver.RowByRow
	want.Reads.Stream.Attributes = []driver.Attribute{{Code: -1, On: ^uintptr(0)}}
	want.Dialect.QuoteOpen, want.Dialect.QuoteClose, want.Dialect.Pipes = "[", "]", driver.PipesOr
	want.Dialect.Savepoints.Make, want.Dialect.Savepoints.Back = "SAVE %s", "UNDO %s"
	want.Transactions.Levels = []driver.Isolation{driver.ReadCommitted}
	want.Transactions.LockTimeout.Do, want.Transactions.LockTimeout.Unit = "SET lock_timeout = '%d'", 250*time.Millisecond
	want.Transactions.EndedBy = []driver.Kind{driver.KindLockTimeout}
	want.Quirks.Outdated, want.Quirks.RefuseNaN = driver.Code{State: "0A000", Native: -7}, true
	want.Faults = []driver.Fault{{
		States: "40001 23", Natives: []int32{1, -2}, Phase: driver.Executing,
		Class: driver.Class{Category: driver.ConnectionLost, Kind: driver.KindDiskFull, Outcome: driver.NotExecuted, Scope: driver.ScopeStatement, Action: driver.Shed},
	}}
	want.Bulk.Strategy = driver.BulkRows
	want.ReadOnly = ""
	require.Equal(t, &want, p)
	require.Equal(t, "SET TIME ZONE 'UTC'", driver.Postgres.Setup[0])
	require.Len(t, driver.Postgres.Setup, 2)
}

// TestWrite: a file has what is other than in the plugin that it extends.
func TestWrite(t *testing.T) {
	p := driver.Postgres
	p.Name = "cockroach"
	p.Types = append([]driver.TypeRule{{Name: "inet", Kind: protocol.Text}}, p.Types...)
	p.Setup = append(p.Setup[:2:2], "SET a TO 1")
	p.Describe.Params = false
	p.Describe.Functions = "SELECT a\n\tFROM b"
	p.Dialect.QuoteOpen = "["
	p.Transactions.LockTimeout.Unit = time.Second
	p.Faults = []driver.Fault{{Text: "no", Class: driver.Class{Category: driver.Transient}}, {States: "08001"}}
	var b strings.Builder
	require.NoError(t, pluginfile.Write(&b, &driver.Postgres, &p, map[string]string{
		"name": "The driver calls itself so.", "describe.params": "asked, and told\nnothing", "faults[1]": "seen once", "faults": "Errors.",
	}))
	require.Equal(t, `# The driver calls itself so.
name: cockroach
extends: postgres
setup+:
  - SET a TO 1
+types:
  - {name: inet, kind: text}
describe:
  # asked, and told
  # nothing
  params: false
  functions: |-
    SELECT a
    	FROM b
dialect:
  quote-open: '['
transactions:
  lock-timeout:
    unit: 1s
# Errors.
faults:
  - {text: no, category: transient, outcome: unknown}
  # seen once
  - {states: "08001", category: fatal, outcome: unknown}
`, b.String())
}

// TestDocument: what the document shows can be read.
func TestDocument(t *testing.T) {
	doc, err := os.ReadFile(root + "/doc/plugins.md")
	require.NoError(t, err)
	_, text, _ := strings.Cut(string(doc), "```yaml\n")
	text, _, _ = strings.Cut(text, "```")
	require.Equal(t, "cockroach", load(t, text).Name)
}

// TestRoundTrip: what is written is read as it was.
func TestRoundTrip(t *testing.T) {
	for _, base := range driver.BuiltIn() {
		for _, p := range driver.BuiltIn() {
			same(t, base, p)
		}
	}
}

// same requires that a plugin can be written and read.
func same(t *testing.T, base, p *driver.Plugin) {
	t.Helper()
	want := *p
	want.Name, want.Extends = "clipper", base.BuiltInName()
	var b bytes.Buffer
	require.NoError(t, pluginfile.Write(&b, base, &want, nil))
	require.Equal(t, &want, load(t, b.String()), b.String())
}

// TestRoundTripOfAnything: texts of all sorts, and every constant, stand in a file as
// they are.
func TestRoundTripOfAnything(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var p driver.Plugin
		fill(reflect.ValueOf(&p).Elem(), "", random)
		p.Transactions.LockTimeout.Unit++ // at least one
		p.Dialect.QuoteClose = p.Dialect.QuoteOpen
		same(t, driver.BuiltIn()[random.IntN(len(driver.BuiltIn()))], &p)
	}
}

// texts are such as YAML takes for something else.
var texts = []string{
	"", " ", "a", " a ", "~", "null", "yes", "1", "08001", "0x1F", "1e3", "- a", "a: b", "# a", "a #b", "'", `"`, "\\", "{a", "[a]", "*a", "&a", "!a", "|", ">", "%a", "@a", "`a`",
	"\n", "a\nb", "a\n", "\na", "  a\n b", "a\n\n\tb\n", "a \nb", "\t", "a\tb", "\r\n", "\x00", "\x1b", "\u0085", "\u2028", "\ufeff", "größe", "表", "2001-01-01", "---", "...\n", "<<", "=",
}

// fill gives a value random contents, but for texts that are checked.
func fill(v reflect.Value, path string, random *rand.Rand) {
	words := pluginfile.Values(v.Type())
	switch {
	case words != nil:
		v.Set(reflect.ValueOf(words[random.IntN(len(words))]))
	case v.Kind() == reflect.Struct:
		for _, f := range pluginfile.FieldsOf(v.Type()) {
			fill(v.FieldByIndex(f.Index()), strings.TrimPrefix(path+"."+f.Key(), "."), random)
		}
		switch v := v.Addr().Interface().(type) { // not every kind has every form
		case *driver.Param:
			if !v.Form.Sends(v.Kind) {
				v.Form = driver.AsIs
			}
		case *driver.Result:
			if !v.Form.Reads(v.Kind) {
				v.Form = driver.AsIs
			}
		}
	case v.Kind() == reflect.Slice:
		if n := random.IntN(3); n > 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
		}
		for i := range v.Len() {
			fill(v.Index(i), path, random)
		}
	case v.Kind() == reflect.String:
		if !pluginfile.Checked(path) {
			v.SetString(texts[random.IntN(len(texts))])
		} else if path == "bulk.culprit" {
			v.SetString("%s")
		}
	case v.Kind() == reflect.Bool:
		v.SetBool(random.IntN(2) == 0)
	case v.CanInt():
		v.SetInt(int64(random.IntN(100)))
	default:
		v.SetUint(uint64(random.IntN(100)))
	}
}

// TestKinds: every type that a plugin has can stand in a file, and no two of its keys
// are the same.
func TestKinds(t *testing.T) {
	for _, of := range typesIn(reflect.TypeFor[driver.Plugin]()) {
		switch of.Kind() {
		case reflect.Struct, reflect.String, reflect.Bool,
			reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
			reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		case reflect.Slice:
			require.NotEqual(t, reflect.Slice, of.Elem().Kind(), "%s: a list of lists", of)
		default:
			require.Fail(t, "no file can have it", "%s is a %s", of, of.Kind())
		}
	}
}
