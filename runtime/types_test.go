package runtime_test

import (
	"cmp"
	"flag"
	"fmt"
	"iter"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

var update = flag.Bool("update", false, "rewrite the tables in doc/types.md")

// TestTypes takes every type that a database has through the runtime, in and
// out, and holds the tables of doc/types.md against what happened.
func TestTypes(t *testing.T) {
	onProfiles(t, func(t *testing.T, db database) {
		c, err := db.Conn(t.Context())
		require.NoError(t, err)
		defer c.Close()
		table := strings.Builder{}
		table.WriteString("| SQL type | the driver says | kind | Go type | in | out | remarks |\n|---|---|---|---|---|---|---|\n")
		var types []*typeOn
		script := typeScripts[db.Name]
		for i, test := range typeTests[db.Name] {
			on := &typeOn{typeTest: test, db: db, conn: c, table: fmt.Sprint("t", i)}
			types, script = append(types, on), script+on.script()
		}
		db.exec(t, script)
		complete := true
		for _, on := range types {
			t.Run(on.sql, on.run)
			table.WriteString(on.row())
			complete = complete && on.source != "" // not so where only some were asked for
		}
		if complete && !t.Failed() {
			requireInDocument(t, db.Name, table.String())
		}
	})
}

// requireInDocument compares the table with that of the document, or puts it there.
func requireInDocument(t *testing.T, name, table string) {
	t.Helper()
	const path = "../doc/types.md"
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(text), "<!-- "+name+" -->\n")
	require.True(t, found, name)
	there, after, found := strings.Cut(rest, "<!-- end -->")
	require.True(t, found, name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(before+"<!-- "+name+" -->\n"+table+"<!-- end -->"+after), 0o644))
		return
	}
	require.Equal(t, table, there, "the types have changed: go test ./runtime -run TestTypes -update, and look at the difference")
}

// typeTest is an SQL type and what is to happen with its values.
type typeTest struct {
	sql    string
	kind   protocol.Kind // that the driver or the catalog tells, or else the spec has to
	spec   bool          // the spec says the kind, or another one than the driver
	values []typeValue
	// refused are Go values that cannot be stored, integers also beyond their Go type.
	refused []string
	// unread are SQL literals that can be stored, and are an error when they are read.
	unread []string
	// wrong are SQL literals that are read as another value, out, and nobody notices.
	wrong   []typeValue
	notNull bool
	remark  string
}

// typeValue is an SQL literal and the Go value that it is, written out.
type typeValue struct {
	literal, text string
	out           string // what comes out, where that is another value
	in            string // what the client shows of what went in, where that is not what it shows of the literal
}

// numbers are literals that are written in Go as in SQL.
func numbers(texts ...string) []typeValue {
	all := make([]typeValue, len(texts))
	for i, text := range texts {
		all[i] = typeValue{literal: text, text: text}
	}
	return all
}

// strs are string literals.
func strs(texts ...string) []typeValue {
	all := make([]typeValue, len(texts))
	for i, text := range texts {
		all[i] = typeValue{literal: "'" + text + "'", text: text}
	}
	return all
}

// is gives a literal that is written otherwise in Go.
func is(literal, text string) []typeValue { return []typeValue{{literal: literal, text: text}} }

// reads gives a literal that does not come out as it should.
func reads(literal, text, out string) []typeValue {
	return []typeValue{{literal: literal, text: text, out: out}}
}

// stores gives a value that does not go in as it should, nor then come out.
func stores(literal, text, in, out string) []typeValue {
	return []typeValue{{literal: literal, text: text, in: in, out: out}}
}

func all(values ...[]typeValue) []typeValue {
	var joined []typeValue
	for _, v := range values {
		joined = append(joined, v...)
	}
	return joined
}

// typeOn is a type under test, in a table of its own.
type typeOn struct {
	typeTest
	db     database
	conn   *runtime.Conn
	table  string
	told   runtime.ColumnDescription
	source string // who tells the kind
}

// Rows of a type's table: a literal has an even id, the value from Go the one after
// it; the others begin here.
const (
	nullID    = -1
	unreadID  = 1_000_000
	wrongID   = 1_500_000
	refusedID = 2_000_000
	arrayID   = 3_000_000
)

// script makes the table with the literals.
func (on *typeOn) script() string {
	script := fmt.Sprintf("CREATE TABLE %s (id BIGINT PRIMARY KEY, v %s);\n", on.table, on.sql)
	insert := func(id int, literal string) {
		script += fmt.Sprintf("INSERT INTO %s VALUES (%d, %s);\n", on.table, id, literal)
	}
	for i, v := range on.values {
		insert(2*i, v.literal)
	}
	for i, literal := range on.unread {
		insert(unreadID+i, literal)
	}
	for i, v := range on.wrong {
		insert(wrongID+i, v.literal)
	}
	return script
}

func (on *typeOn) run(t *testing.T) {
	on.describe(t)
	if !on.notNull {
		require.NoError(t, on.write(t, on.kind, nullID, nil))
	}
	for i, v := range on.values {
		require.NoError(t, on.write(t, on.kind, int64(2*i+1), &v.text), v.literal)
	}
	for _, text := range on.refused {
		on.refuse(t, text)
	}
	on.writeArray(t)
	on.compare(t)
	for i, v := range on.wrong {
		on.requireRead(t, int64(wrongID+i), v.out)
	}
	for i, literal := range on.unread {
		got, err := on.read(t, int64(unreadID+i))
		if err == nil {
			t.Errorf("%s reads %s", literal, show(got))
			continue
		}
		requireError(t, err, runtime.Error{Query: "Read", Op: "decode", Column: "v", Row: 1})
	}
}

func (on *typeOn) describe(t *testing.T) {
	d, err := on.conn.Describe(t.Context(), "SELECT v FROM "+on.table)
	require.NoError(t, err)
	on.told = d.Columns[0]
	kind := on.db.Plugin().KindOf(on.told.TypeName, on.told.Type, on.told.Unsigned)
	on.source = "driver"
	if kind == protocol.Invalid {
		columns, err := on.conn.TableColumns(t.Context(), "", on.table)
		require.NoError(t, err)
		kind = on.db.Plugin().KindOf(columns[1].TypeName, on.told.Type, on.told.Unsigned)
		on.source = "catalog"
	}
	if on.spec {
		require.NotEqual(t, on.kind, kind)
		on.source = "spec"
		return
	}
	require.Equal(t, on.kind.String(), kind.String())
}

// refuse sends a value that must not be stored, an integer in a type that holds
// it in any case.
func (on *typeOn) refuse(t *testing.T, text string) {
	kind := on.kind
	if integer, _ := kind.Integer(); integer {
		kind = protocol.Decimal
	}
	if err := on.write(t, kind, refusedID, &text); err == nil {
		t.Errorf("%s is not refused", text)
	}
}

// compare holds what the engine's own client shows of a literal against what it
// shows of the same value from Go, and reads both.
func (on *typeOn) compare(t *testing.T) {
	v := "v"
	if on.kind == protocol.Binary {
		v = fmt.Sprintf(hexOf.of(on.db), "v")
	}
	there := map[string]string{}
	for _, row := range on.db.shown(t, fmt.Sprintf("SELECT id, %s FROM %s", v, on.table)) {
		there[row[0]] = row[1]
	}
	require.NotContains(t, there, fmt.Sprint(refusedID))
	if !on.notNull {
		require.Equal(t, testdb.Null, there[fmt.Sprint(nullID)])
		got, err := on.read(t, nullID)
		require.NoError(t, err)
		require.Nil(t, got)
	}
	for i, v := range on.values {
		literal, in, out := there[fmt.Sprint(2*i)], there[fmt.Sprint(2*i+1)], cmp.Or(v.out, v.text)
		if want := cmp.Or(v.in, literal); in != want {
			t.Errorf("%s is stored as %s, not as %s", v.text, in, want)
		}
		on.requireRead(t, int64(2*i+1), out)
		if array := there[fmt.Sprint(arrayID+i)]; array != in && array != literal { // SQLite takes a single decimal for a number
			t.Errorf("%s in an array is stored as %s, not as %s", v.text, array, in)
		}
		if v.in != "" && literal != v.in { // the literal is stored as it should be
			out = v.text
		}
		on.requireRead(t, int64(2*i), out)
	}
}

func (on *typeOn) requireRead(t *testing.T, id int64, want string) {
	got, err := on.read(t, id)
	if err != nil {
		t.Errorf("%s, row %d: %v", want, id, err)
	} else if show(got) != want {
		t.Errorf("row %d reads %s instead of %s", id, show(got), want)
	}
}

func show(text *string) string {
	if text == nil {
		return testdb.Null
	}
	return *text
}

func (on *typeOn) write(t *testing.T, kind protocol.Kind, id int64, text *string) error {
	insert := runtime.Command[*string]{
		Name: "Write", SQL: fmt.Sprintf("INSERT INTO %s (id, v) VALUES (?, ?)", on.table),
		Params: []runtime.Param{{Name: "id", Kind: protocol.Int64}, {Name: "v", Kind: kind}},
		Encode: func(b *protocol.Batch, text *string) {
			b.Int64(0).Append(id)
			codecs[kind].put(b, 1, text)
		},
	}
	return insert.Exec(t.Context(), on.conn, text)
}

// writeArray inserts all values at once.
func (on *typeOn) writeArray(t *testing.T) {
	insert := runtime.Bulk[int]{
		Name: "Array", Table: on.table, Columns: []runtime.Column{{Name: "id", Kind: protocol.Int64}, {Name: "v", Kind: on.kind}},
		Encode: func(b *protocol.Batch, i int) {
			b.Int64(0).Append(int64(arrayID + i))
			codecs[on.kind].put(b, 1, &on.values[i].text)
		},
	}
	_, err := insert.Insert(t.Context(), on.conn, indexes(len(on.values)))
	require.NoError(t, err)
}

func indexes(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 0; i < n && yield(i); i++ {
		}
	}
}

func (on *typeOn) read(t *testing.T, id int64) (*string, error) {
	told := on.db.Plugin().KindOf(on.told.TypeName, on.told.Type, on.told.Unsigned)
	query := runtime.Query[runtime.None, *string]{
		Name: "Read", SQL: fmt.Sprintf("SELECT v FROM %s WHERE id = %d", on.table, id), Driver: on.db.Name,
		Columns: []runtime.Column{{Name: "v", Kind: on.kind, Null: true, Told: told, Untold: told == protocol.Invalid}},
		Decode: func(rows []*string, b *protocol.Batch) {
			for i := range rows {
				rows[i] = codecs[on.kind].get(b, i)
			}
		},
	}
	return query.One(t.Context(), on.conn, runtime.None{})
}

// row is the type's line of the document.
func (on *typeOn) row() string {
	var in, out, remarks []string
	for _, v := range on.values {
		if v.in != "" {
			in = append(in, fmt.Sprintf("`%s` is stored as `%s`", v.text, v.in))
		}
		if v.out != "" {
			out = append(out, fmt.Sprintf("`%s` reads `%s`", v.text, v.out))
		}
	}
	for _, v := range on.wrong {
		out = append(out, fmt.Sprintf("`%s` reads `%s`", v.literal, v.out))
	}
	if len(on.refused) > 0 {
		remarks = append(remarks, "refused: "+listed(on.refused))
	}
	if len(on.unread) > 0 {
		remarks = append(remarks, "an error when read: "+listed(on.unread))
	}
	if on.remark != "" {
		remarks = append(remarks, on.remark)
	}
	kind := on.kind.String()
	if on.source != "driver" {
		kind += " (" + on.source + ")"
	}
	told := fmt.Sprintf("%s, %s", cmp.Or(on.told.TypeName, "(no name)"), sqlTypeNames[on.told.Type])
	cells := []string{cmp.Or(on.sql, "(none)"), told, kind, codecs[on.kind].goType, exactly(in), exactly(out), strings.Join(remarks, "; ")}
	for i, cell := range cells {
		cells[i] = strings.ReplaceAll(cell, "|", `\|`)
	}
	return "| " + strings.Join(cells, " | ") + " |\n"
}

// listed quotes values that would not show, and shortens the long.
func listed(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		if v == "" || strings.ContainsRune(v, 0) {
			v = strconv.Quote(v)
		}
		if runes := []rune(v); len(runes) > 40 {
			v = fmt.Sprintf("%s… (%d characters)", string(runes[:10]), len(runes))
		}
		quoted[i] = "`" + v + "`"
	}
	return strings.Join(quoted, ", ")
}

func exactly(losses []string) string {
	if len(losses) == 0 {
		return "exact"
	}
	return strings.Join(losses, "; ")
}

var sqlTypeNames = map[driver.SQLType]string{
	driver.Char: "CHAR", driver.Varchar: "VARCHAR", driver.LongVarchar: "LONGVARCHAR",
	driver.WChar: "WCHAR", driver.WVarchar: "WVARCHAR", driver.WLongVarchar: "WLONGVARCHAR",
	driver.Bit: "BIT", driver.TinyInt: "TINYINT", driver.SmallInt: "SMALLINT", driver.Integer: "INTEGER", driver.BigInt: "BIGINT",
	driver.Real: "REAL", driver.Float: "FLOAT", driver.Double: "DOUBLE", driver.Numeric: "NUMERIC", driver.Decimal: "DECIMAL",
	driver.Binary: "BINARY", driver.Varbinary: "VARBINARY", driver.LongVarbinary: "LONGVARBINARY",
	driver.Date: "TYPE_DATE", driver.Time: "TYPE_TIME", driver.Timestamp: "TYPE_TIMESTAMP", driver.GUID: "GUID",
}
