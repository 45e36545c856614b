package probe

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// mixed is text of one, two, three and four bytes a character.
const mixed = "aé你😀"

// unicode reads a literal and a name that are not ASCII.
func unicode(a *at) error {
	rows, err := a.rows(a.selecting("'"+mixed+"'"), protocol.Text)
	if err != nil {
		return err
	}
	f := Fact{About: "a literal that is not ASCII", Found: "comes back as it was"}
	if got := rows[0][0]; got != mixed {
		f.Found, f.Lie = fmt.Sprintf("%q comes back as %q", mixed, got), true
	}
	a.tell(f)
	return nil
}

// back is a value that was sent as a parameter and read back.
type back struct {
	sent, got any
	err       error
	refused   bool // err came when it was sent
}

// same reports whether the value came back as it was.
func (b back) same() bool {
	if b.err != nil {
		return false
	}
	switch sent := b.sent.(type) {
	case decimal.Decimal:
		got, ok := b.got.(decimal.Decimal)
		return ok && got.Equal(sent)
	case time.Time:
		got, ok := b.got.(time.Time)
		return ok && got.Equal(sent)
	}
	return b.got == b.sent
}

func (b back) String() string {
	switch {
	case b.same():
		return "comes back as it was"
	case b.refused:
		return "is refused: " + cut(b.err.Error())
	case b.err != nil:
		return "cannot be read: " + cut(b.err.Error())
	case b.got == nil:
		return "becomes NULL"
	}
	return fmt.Sprintf("comes back as %s", show(b.got))
}

// show writes a value, cut where it is long.
func show(v any) string {
	text := fmt.Sprintf("%v", v)
	if s, ok := v.(string); ok {
		text = fmt.Sprintf("%q", s)
	}
	if len(text) > 60 {
		return strings.ToValidUTF8(text[:60], "") + "…"
	}
	return text
}

// compare sends a value back, and looks for another way where it does not come back as
// it was.
func (a *at) compare(about, column string, kind protocol.Kind, v any) error {
	return a.compareBy(ways, about, column, kind, v)
}

func (a *at) compareBy(ways []driver.Param, about, column string, kind protocol.Kind, v any) error {
	b, err := a.sendBack(column, kind, v)
	if err != nil {
		return err
	}
	f := Fact{About: about, Found: b.String(), Lie: !b.same()}
	if !b.same() {
		if err := a.otherWay(ways, &f, column, kind, v); err != nil {
			return err
		}
	}
	a.tell(f)
	return nil
}

// ways are those in which parameters of a kind may travel, beside that of the plugin.
var ways = []driver.Param{
	{Kind: protocol.Text, SQL: driver.WVarchar},
	{Kind: protocol.Text, SQL: driver.LongVarchar},
	{Kind: protocol.Decimal, SQL: driver.Decimal, Size: 38},
	{Kind: protocol.Decimal, SQL: driver.Varchar},
	{Kind: protocol.Timestamp, SQL: driver.Varchar, Form: driver.AsText},
	{Kind: protocol.Binary, SQL: driver.LongVarbinary},
	{Kind: protocol.Binary, SQL: driver.Varbinary},
	{Kind: protocol.UUID, SQL: driver.GUID},
}

// longWays are those in which long parameters may travel, beside other ones of the kind.
var longWays = []driver.Param{
	{Kind: protocol.Text, Long: driver.WLongVarchar, LongOver: 4000},
	{Kind: protocol.Text, Long: driver.LongVarchar, LongOver: 4000},
	{Kind: protocol.Binary, Long: driver.LongVarbinary, LongOver: 8000},
}

// travelling returns how parameters of a kind travel when they travel in a way.
func travelling(p *driver.Plugin, way driver.Param) driver.Param {
	if way.Long == 0 {
		return way
	}
	rule := p.ParamOf(way.Kind)
	rule.Long, rule.LongOver = way.Long, way.LongOver
	return rule
}

// otherWay looks for a way in which the value comes back: as another parameter, or read
// as text.
func (a *at) otherWay(ways []driver.Param, f *Fact, column string, kind protocol.Kind, v any) error {
	plugin := a.plugin
	defer func() { a.plugin = plugin }()
	comesBack := func(with driver.Plugin) (bool, error) {
		a.plugin = &with
		b, err := a.sendBack(column, kind, v)
		return b.same(), err
	}
	for _, way := range ways {
		if way.Kind != kind {
			continue
		}
		with := *plugin
		with.Params = slices.Concat([]driver.Param{travelling(plugin, way)}, plugin.Params)
		if same, err := comesBack(with); same || err != nil {
			f.Path, f.Param = "params", &way
			return err
		}
	}
	if plugin.FormOf(kind) == driver.AsText {
		return nil
	}
	read := driver.Result{Kind: kind, Form: driver.AsText}
	with := *plugin
	with.Results = slices.Concat([]driver.Result{read}, plugin.Results)
	same, err := comesBack(with)
	if same {
		f.Path, f.Result = "results", &read
	}
	return err
}

// sendBack stores a value as its kind in a column of a type, and reads it.
func (a *at) sendBack(column string, kind protocol.Kind, v any) (back, error) {
	table, err := a.table("v <" + column + ">")
	if err != nil {
		return back{}, err
	}
	defer a.drop(table)
	b := back{sent: v}
	if b.err = a.do("INSERT INTO "+table+" (v) VALUES (?)", sent{[]protocol.Kind{kind}, [][]any{{v}}}); b.err != nil {
		b.refused = true
		return b, a.anew(b.err)
	}
	rows, err := a.rows("SELECT v FROM "+table, kind)
	switch b.err = err; {
	case err != nil:
		return b, a.ended(err)
	case len(rows) != 1:
		b.err = fmt.Errorf("%d rows of 1", len(rows))
	default:
		b.got = rows[0][0]
	}
	return b, nil
}

// anew goes on with another connection behind an error: FreeTDS 1.3.17 refuses all that
// follows a parameter that it could not convert.
func (a *at) anew(err error) error {
	if err := a.ended(err); err != nil {
		return err
	}
	a.others = append(a.others, a.conn)
	return a.open()
}

// ended returns the error if it is the end of the trial, not an answer.
func (a *at) ended(err error) error {
	if a.ctx.Err() != nil || errors.Is(err, odbc.ErrAbandoned) {
		return err
	}
	return nil
}

// texts sends text of all sorts.
func texts(a *at) error {
	for _, t := range []struct{ about, column, text string }{
		{"text that is not ASCII, as parameter", "text", mixed}, {"text that is not ASCII, in a national type", "ntext", mixed},
		{"text of the Basic Multilingual Plane", "ntext", "aé你"}, {"empty text", "text", ""}, {"text with blanks at its end", "text", "a  "},
	} {
		if _, err := a.typeFor(t.column); err != nil && t.column == "ntext" {
			a.skip(t.about, err)
			continue
		}
		if err := a.compare(t.about, t.column, protocol.Text, t.text); err != nil {
			return err
		}
	}
	b, err := a.sendBack("text", protocol.Text, "a\x00b")
	if err != nil {
		return err
	}
	f := Fact{About: "text with a zero byte", Found: b.String(), Path: "quirks.refuse-zero-bytes"}
	f.judge(b)
	a.tell(f)
	return a.compare("bytes", "binary", protocol.Binary, "\x00\xff\x00a")
}

// longValues are longer than what most types for parameters hold.
func longValues(a *at) error {
	if err := a.compareBy(longWays, "a text of 20,000 characters", "long", protocol.Text, pattern(20_000)); err != nil {
		return err
	}
	return a.compareBy(longWays, "20,000 bytes", "bytes", protocol.Binary, pattern(20_000))
}

// zonedTimes sends an instant with its offset, of which the instant must come back.
func zonedTimes(a *at) error {
	zone := time.FixedZone("", -(9*60+30)*60)
	return a.compare("a timestamp with an offset", "zoned", protocol.DateTimeOffset, time.Date(2024, 2, 29, 23, 59, 59, 123_000_000, zone))
}

// judge says whether a value must be refused by us.
func (f *Fact) judge(b back) {
	switch {
	case b.same():
		f.Is, f.Safe = values(false), values(true)
	case b.refused:
		f.Is = values(false, true)
	default:
		f.Is = values(true)
	}
}

// numbers sends numbers at their ends, and those beyond.
func numbers(a *at) error {
	big := decimal.RequireFromString("12345678901234567890.0123456789")
	for _, n := range []struct {
		about, column string
		kind          protocol.Kind
		v             any
	}{
		{"the least 32-bit integer", "int", protocol.Int32, int32(math.MinInt32)},
		{"the largest 64-bit integer", "bigint", protocol.Int64, int64(math.MaxInt64)},
		{"0.1 as double", "double", protocol.Float64, 0.1},
		{"the largest double", "double", protocol.Float64, 1.7976931348623157e308},
		{"a double of 17 digits", "double", protocol.Float64, 0.12345678901234568},
		{"a decimal of 30 digits", "decimal", protocol.Decimal, big},
	} {
		if err := a.compare(n.about, n.column, n.kind, n.v); err != nil {
			return err
		}
	}
	b, err := a.sendBack("smallint", protocol.Int64, int64(70000))
	if err != nil {
		return err
	}
	a.tell(Fact{About: "70000 in a SMALLINT", Found: b.String(), Lie: !b.refused && !b.same()})
	return nil
}

// notANumber sends NaN.
func notANumber(a *at) error {
	b, err := a.sendBack("double", protocol.Float64, math.NaN())
	if err != nil {
		return err
	}
	got, isFloat := b.got.(float64)
	f := Fact{About: "NaN", Path: "quirks.refuse-nan"}
	if f.Found = b.String(); isFloat && math.IsNaN(got) {
		f.Found, f.Is, f.Safe = "comes back as it was", values(false), values(true)
	} else {
		f.judge(b)
	}
	a.tell(f)
	return nil
}

// times sends timestamps of all precisions.
func times(a *at) error {
	whole := time.Date(2024, 2, 29, 23, 59, 59, 0, time.UTC)
	for _, t := range []struct {
		about string
		at    time.Time
	}{
		{"a timestamp", whole}, {"a timestamp with 3 digits of fraction", whole.Add(123 * time.Millisecond)},
		{"a timestamp with 6 digits of fraction", whole.Add(123456 * time.Microsecond)},
		{"a timestamp before 1970", time.Date(1899, 12, 31, 1, 2, 3, 0, time.UTC)},
		{"the last timestamp", time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)},
	} {
		if err := a.compare(t.about, "timestamp", protocol.Timestamp, t.at); err != nil {
			return err
		}
	}
	return nil
}

func uniqueIdentifiers(a *at) error {
	return a.compare("a UUID", "uuid", protocol.UUID, uuid.MustParse("01234567-89ab-4def-8123-456789abcdef"))
}

// singleFloats reads a block of them as SQL_C_FLOAT.
func singleFloats(a *at) error {
	table, err := a.table("v <real>")
	if err != nil {
		return err
	}
	want := []float32{1.5, -2.25, 3.125}
	for _, v := range want {
		if err := a.exec(fmt.Sprintf("INSERT INTO %s (v) VALUES (%v)", table, v)); err != nil {
			return err
		}
	}
	s, err := a.conn.Prepare(a.ctx, "SELECT v FROM "+table+" ORDER BY ABS(v)", odbc.StmtOptions{Reading: odbc.Position})
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Execute(a.ctx); err != nil {
		return err
	}
	rows, err := fetch(a.ctx, s, 100, []protocol.Kind{protocol.Float32}, nil)
	if err != nil {
		return err
	}
	f := Fact{About: "a block of SQL_C_FLOAT", Found: "lies as it should"}
	for i, v := range want {
		if i >= len(rows) || rows[i][0] != v {
			f.Found, f.Lie = "is not cell by cell as it should lie; single floats must be read as doubles", true
		}
	}
	a.tell(f)
	return nil
}

// warnings are values that a column cannot hold, and of which a driver may say
// SUCCESS_WITH_INFO though it has stored nothing.
func warnings(a *at) error {
	f := Fact{About: "a value that does not fit", Path: "quirks.info-is-failure"}
	var found []string
	var first error
	tried := false
	for _, w := range []struct {
		about, columns string
		kind           protocol.Kind
		v              any
	}{
		{"text that is too long", "v <text>", protocol.Text, strings.Repeat("x", 99) + "yz"},
		{"70000 in a SMALLINT", "v <smallint>", protocol.Int64, int64(70000)},
		{"'b' in an ENUM('a')", "v ENUM('a')", protocol.Text, "b"},
		{"'b' in CHECK (v = 'a')", "v <text>, CHECK (v = 'a')", protocol.Text, "b"},
	} {
		table, err := a.table(w.columns)
		if err != nil {
			first = cmp.Or(first, err)
			found = append(found, w.about+": not tried, there is no such column")
			continue
		}
		tried = true
		s, err := a.send("INSERT INTO "+table+" (v) VALUES (?)", sent{[]protocol.Kind{w.kind}, [][]any{{w.v}}})
		if s == nil {
			return err
		}
		said := answer(s.Answered())
		s.Close()
		stored := a.count(table)
		found = append(found, fmt.Sprintf("%s: %s, %d stored", w.about, said, stored))
		if said == "SUCCESS_WITH_INFO" && stored == 0 {
			f.Is = values(true)
		}
		if said == "SUCCESS" && stored == 0 {
			f.Lie = true
		}
	}
	if !tried {
		return first
	}
	f.Found = strings.Join(found, "; ")
	if f.Is == nil {
		if harmless, err := a.infoOfSuccess(); err != nil || harmless {
			f.Is = values(false) // or a good statement would be an error
		} else {
			f.Is = values(false, true)
		}
	}
	a.tell(f)
	return nil
}

// infoOfSuccess reports whether a statement that does what it should says
// SUCCESS_WITH_INFO.
func (a *at) infoOfSuccess() (bool, error) {
	table, err := a.table("v <text>")
	if err != nil {
		return false, err
	}
	s, err := a.send("INSERT INTO "+table+" (v) VALUES (?)", sent{[]protocol.Kind{protocol.Text}, [][]any{{"a"}}})
	if s != nil {
		defer s.Close()
	}
	return err == nil && answer(s.Answered()) == "SUCCESS_WITH_INFO", err
}

// staysBound executes a statement again and again with other values where the first lay.
func staysBound(a *at) error {
	table, err := a.table("id <int>, t <text>, b <binary>, d <double>")
	if err != nil {
		return err
	}
	kinds := []protocol.Kind{protocol.Int32, protocol.Text, protocol.Binary, protocol.Float64}
	rows := [][]any{{int32(1), "ab", "ab", 1.5}, {int32(2), "abcdef", "abcdef", 2.5}, {int32(3), "a", "a", 3.5}, {int32(4), nil, nil, nil}, {int32(5), "abc", "abc", 5.5}}
	s, err := a.prepare("INSERT INTO "+table+" (id, t, b, d) VALUES (?, ?, ?, ?)", kinds)
	if err != nil {
		return err
	}
	defer s.Close()
	b := sent{kinds, nil}.batch()
	s.BindParams(b, a.params(kinds), odbc.ParamOptions{})
	for _, row := range rows {
		b.Reset()
		appendTo(b, row)
		if err := s.ExecuteRows(a.ctx, 0, 1); err != nil {
			return err
		}
		if err := s.CloseCursor(); err != nil {
			return err
		}
	}
	got, err := a.rows("SELECT id, t, b, d FROM "+table+" ORDER BY id", kinds...)
	if err != nil {
		return err
	}
	wrong, binaryWrong := differences(rows, got)
	f := Fact{About: "parameters that stay bound", Found: "travel as they should", Path: "quirks.rebind-params", Is: values(false), Safe: values(true)}
	if len(wrong) > 0 {
		f.Found = strings.Join(wrong, ", ")
		f.Is, f.Safe = values(true), nil
		if binaryWrong && len(wrong) == strings.Count(f.Found, "bytes") {
			f.Is = values(false, true)
		}
	}
	a.tell(f)
	f.Path, f.Is, f.Safe = "quirks.rebind-binary", values(false), values(true)
	if binaryWrong {
		f.Is, f.Safe = values(true), nil
		if a.plugin.Quirks.RebindParams {
			f.Is = values(false, true)
		}
	}
	a.tell(f)
	return nil
}

// differences names the cells that are not as they were sent.
func differences(sent, got [][]any) (wrong []string, binaryWrong bool) {
	names := []string{"id", "text", "bytes", "double"}
	if len(got) != len(sent) {
		return []string{fmt.Sprintf("%d rows of %d", len(got), len(sent))}, false
	}
	for i, row := range sent {
		for k, v := range row {
			if got[i][k] != v {
				wrong = append(wrong, fmt.Sprintf("the %s of execution %d are %s, not %s", names[k], i+1, show(got[i][k]), show(v)))
				binaryWrong = binaryWrong || k == 2
			}
		}
	}
	return wrong, binaryWrong
}

// longest is longer than any slot that a result begins with.
const longest = 3500

// reading returns a trial of a way to read: values that are longer than their slots.
func reading(i int) func(*at) error {
	return func(a *at) error {
		table, err := a.table("id <int> NOT NULL, t <long>, b <binary>, PRIMARY KEY (id)")
		if err != nil {
			return err
		}
		var want [][]any
		for id, length := range []int{3, longest, 15, 16, 17, 0, longest / 2, 5, 100, 1, 40} {
			text, bytes := pattern(length), pattern(min(length, 150))
			row := []any{int32(id), text, bytes}
			if id == 7 {
				row[1], row[2] = nil, nil
			}
			want = append(want, row)
			if err := a.do("INSERT INTO "+table+" (id, t, b) VALUES (?, ?, ?)", sent{[]protocol.Kind{protocol.Int32, protocol.Text, protocol.Binary}, [][]any{row}}); err != nil {
				return notTried{fmt.Errorf("what is to be read cannot be stored: %w", err)}
			}
		}
		got, err := a.readBy(readings[i].how, "SELECT id, t, b FROM "+table+" ORDER BY id")
		if err != nil {
			return err
		}
		if wrong, _ := differences(want, got); len(wrong) > 0 {
			return errors.New(strings.ReplaceAll(strings.Join(wrong[:min(len(wrong), 3)], ", "), "execution", "row"))
		}
		return nil
	}
}

// pattern is text whose parts can be told apart.
func pattern(length int) string {
	var b strings.Builder
	for i := 0; b.Len() < length; i++ {
		fmt.Fprintf(&b, "%d.", i)
	}
	return b.String()[:length]
}

// readBy reads a result in a way, into slots that are too short.
func (a *at) readBy(how driver.Reading, sql string) ([][]any, error) {
	s, err := a.conn.Prepare(a.ctx, sql, odbc.StmtOptions{Reading: odbc.Reading(how), Fixed: a.plugin.Reads.Fixed, Buffered: a.plugin.Reads.Buffered})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if got := s.Reading(); got != odbc.Reading(how) {
		return nil, errors.New("the driver refuses the cursor")
	}
	if s.Columns() == 0 { // FreeTDS 1.3.17 with a static cursor
		return nil, errors.New("the driver does not tell the columns of a statement that is prepared")
	}
	if err := s.Execute(a.ctx); err != nil {
		return nil, err
	}
	return fetch(a.ctx, s, 16, []protocol.Kind{protocol.Int32, protocol.Text, protocol.Binary}, []odbc.Form{odbc.Form(a.plugin.FormOf(protocol.Int32))})
}
