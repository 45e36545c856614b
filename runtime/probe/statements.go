package probe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc/sys"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// hostileName is a name that is read as one only where it is quoted, and quoted well.
const hostileName = "odbcgen é你 %s x"

// quotedNames tries the quotes in which a name may stand.
func quotedNames(a *at) error {
	claimed, _ := a.conn.InfoText(sys.InfoIdentifierQuote)
	pairs := [][2]string{{`"`, `"`}, {"`", "`"}, {"[", "]"}}
	var opens, closes []any
	var found []string
	for _, pair := range pairs {
		if a.quotes(pair[0], pair[1]) {
			opens, closes, found = append(opens, pair[0]), append(closes, pair[1]), append(found, pair[0]+"name"+pair[1])
		}
	}
	if len(found) == 0 {
		a.tell(Fact{About: "quoted names", Claimed: claimed, Found: "none of the usual quotes works for a name that is not ASCII and has a quote in it"})
		return nil
	}
	f := Fact{
		About: "quoted names", Claimed: claimed, Found: strings.Join(found, " "),
		Lie: strings.TrimSpace(claimed) != "" && !slices.Contains(opens, any(claimed)),
	}
	open, close := f, f
	open.Path, open.Is = "dialect.quote-open", values(opens...)
	close.Path, close.Is, close.Lie = "dialect.quote-close", values(closes...), false
	if d := a.plugin.Dialect; d.AskQuote && !f.Lie { // a connection takes what it is told
		open.Safe, close.Safe = values(d.QuoteOpen), values(d.QuoteClose)
	}
	a.tell(open)
	a.tell(close)
	return nil
}

// quotes reports whether a hostile name in the quotes is read as one. MySQL takes "name"
// for a text, but not behind a dot.
func (a *at) quotes(open, close string) bool {
	name := fmt.Sprintf(hostileName, close)
	quoted := driver.Dialect{QuoteOpen: open, QuoteClose: close}.Quote(name)
	s, err := a.conn.Prepare(a.ctx, "SELECT q."+quoted+" FROM ("+a.selecting("1 AS "+quoted)+") q", a.reads())
	if err != nil {
		return false
	}
	defer s.Close()
	return s.Execute(a.ctx) == nil && s.Columns() == 1 && s.ColumnName(0) == name
}

// errorsTold asks when an error of a statement is told: what is told late, the generator
// must make the server read by another statement.
func errorsTold(a *at) error {
	if _, err := a.rows(a.selecting("1"), protocol.Int64); err != nil {
		return err // of one that is right
	}
	wrong := []struct{ about, sql string }{
		{"a SELECT that is not SQL", "SELECT (1 FROM"},
		{"a SELECT from a table that is not there", "SELECT a FROM odbcgen_probe_nowhere"},
		{"an INSERT into a table that is not there", "INSERT INTO odbcgen_probe_nowhere (a) VALUES (1)"},
	}
	when, texts, late := []string{}, []string{}, false
	for _, w := range wrong {
		at := a.whenTold(w.sql)
		late = late || at != "prepared"
		when, texts = append(when, w.about+" when it is "+at), append(texts, w.sql)
	}
	f := Fact{About: "errors are told", Found: strings.Join(when, ", "), Path: "describe.check"}
	none, working := values(driver.Check{}), a.workingChecks(texts)
	switch {
	case !late:
		f.Is, f.Safe = none, working
	case len(working) > 0:
		f.Is = working
	default:
		f.Wrong = append(none, values(a.plugin.Describe.Check)...)
	}
	a.tell(f)
	return nil
}

// checkForms are those that databases are known to have, and that store nothing.
var checkForms = []driver.Check{{How: driver.CheckQuoted, Prefix: "PREPARE odbcgen_check FROM "}, {How: driver.CheckPrefix, Prefix: "EXPLAIN "}}

// workingChecks returns the checks by which wrong statements fail, and a right one does not.
func (a *at) workingChecks(wrong []string) (working []json.RawMessage) {
	forms := checkForms
	if own := a.plugin.Describe.Check; own.How != driver.NoCheck && !slices.Contains(forms, own) {
		forms = append(slices.Clone(forms), own)
	}
	for _, c := range forms {
		fails := func(sql string) bool {
			if c.How == driver.CheckQuoted {
				sql = "'" + strings.ReplaceAll(sql, "'", "''") + "'"
			}
			return a.meet(a.conn, c.Prefix+sql) != nil
		}
		passes := func(sql string) bool { return !fails(sql) }
		if passes(a.selecting("1")) && !slices.ContainsFunc(wrong, passes) {
			working = append(working, values(c)...)
		}
	}
	return working
}

func (a *at) whenTold(sql string) string {
	s, err := a.conn.Prepare(a.ctx, sql, a.reads())
	if err != nil {
		return "prepared"
	}
	defer s.Close()
	if s.Execute(a.ctx) != nil {
		return "executed"
	}
	return "neither prepared nor executed"
}

// severalResults runs two statements as one.
func severalResults(a *at) error {
	one := a.selecting("1 AS a")
	f := Fact{About: "several results of one statement", Claimed: a.claimOf(infoMultipleResults)}
	s, err := a.conn.Prepare(a.ctx, one+"; "+one, a.reads())
	if err == nil {
		defer s.Close()
		err = s.Execute(a.ctx)
	}
	if err != nil {
		f.Found, f.Lie = "refused: "+cut(err.Error()), a.yes(infoMultipleResults)
		a.tell(f)
		return nil
	}
	n, empty := 0, 0
	for more := true; more && n+empty < 10; {
		if s.Columns() > 0 {
			n++
		} else {
			empty++
		}
		if more, err = s.NextResult(a.ctx); err != nil {
			return err
		}
	}
	f.Found = fmt.Sprintf("%d of 2", n)
	if empty > 0 {
		f.Found += fmt.Sprintf(", and %d without columns", empty)
	}
	f.Lie = n != 2 && a.yes(infoMultipleResults)
	a.tell(f)
	return nil
}

// describedColumns asks for the columns of a result of which all is known.
func describedColumns(a *at) error {
	table, err := a.table("id <int> NOT NULL, name <text>, PRIMARY KEY (id)")
	if err != nil {
		return err
	}
	s, err := a.conn.Prepare(a.ctx, "SELECT id AS a, name AS b, id + 1 AS c FROM "+table, odbc.StmtOptions{})
	if err != nil {
		return err
	}
	defer s.Close()
	var columns []odbc.Column
	for i := range 3 {
		c, err := s.DescribeColumn(i)
		if err != nil {
			return err
		}
		columns = append(columns, c)
	}
	a.tell(nullability(columns))
	base := columns[0].BaseColumn
	labels := Fact{About: "base column of an aliased one", Found: fmt.Sprintf("%q, where it is %q with alias %q", base, "id", "a"), Path: "describe.labels"}
	switch {
	case strings.EqualFold(base, "a"):
		labels.Is = values(true)
	case strings.EqualFold(base, "id"):
		labels.Is = values(false)
	default:
		labels.Is = values(false, true)
	}
	a.tell(labels)
	tableless := Fact{About: "base table of a column", Found: fmt.Sprintf("%q", columns[0].Table), Path: "describe.tableless", Is: values(columns[0].Table == "")}
	if columns[0].Table != "" {
		tableless.Found = "told"
	}
	a.tell(tableless)
	kind := a.plugin.KindOf(columns[2].TypeName, driver.SQLType(columns[2].Type), false)
	isNumber := kind == protocol.Int32 || kind == protocol.Int64 || kind == protocol.Decimal || kind == protocol.Int16
	expressions := Fact{
		About: "type of id + 1", Found: fmt.Sprintf("%s (%d)", columns[2].TypeName, columns[2].Type), Path: "describe.expressions", Is: values(isNumber),
	}
	if isNumber {
		expressions.Safe = values(false)
	}
	a.tell(expressions)
	a.describedOuter(table)
	return a.describedUnsigned(columns[0])
}

// describedOuter asks for a column of the outer side of a join. Whoever believes NOT NULL
// must read the joins himself.
func (a *at) describedOuter(table string) {
	const about = "a NOT NULL column of the outer side of a join"
	s, err := a.conn.Prepare(a.ctx, "SELECT b.id FROM "+table+" a LEFT JOIN "+table+" b ON b.id = a.id + 1", odbc.StmtOptions{})
	if err != nil {
		a.skip(about, err)
		return
	}
	defer s.Close()
	c, err := s.DescribeColumn(0)
	switch {
	case err != nil:
		a.skip(about, err)
	case c.NotNull || c.NotNullField:
		a.tell(Fact{About: about, Found: "is told to be NOT NULL", Lie: true})
	default:
		a.note(about, "is told to be one that may be NULL")
	}
}

// nullability says where it is told that a column is never NULL.
func nullability(columns []odbc.Column) Fact {
	f := Fact{About: "a column that is never NULL is told", Path: "describe.not-null"}
	var places []string
	if columns[0].NotNull && !columns[1].NotNull {
		f.Is, places = append(f.Is, values(driver.NotNullDescribed)...), append(places, "by SQLDescribeCol")
	}
	if columns[0].NotNullField && !columns[1].NotNullField {
		f.Is, places = append(f.Is, values(driver.NotNullField)...), append(places, "by SQL_DESC_NULLABLE")
	}
	f.Found, f.Safe = strings.Join(places, ", "), values(driver.NotNullNowhere)
	if len(places) > 0 {
		return f
	}
	f.Found = "nowhere"
	if columns[1].NotNull {
		f.Found = "also of those that may be NULL"
	} else { // what is never told is never told wrong
		f.Safe = values(driver.NotNullDescribed)
	}
	f.Is = values(driver.NotNullNowhere)
	return f
}

// describedUnsigned asks for the sign of integers, where there are any without.
func (a *at) describedUnsigned(signed odbc.Column) error {
	f := Fact{About: "sign of integers", Path: "describe.unsigned"}
	if signed.Unsigned {
		f.Found, f.Is = "an INTEGER is told to have none", values(false)
		a.tell(f)
		return nil
	}
	table, err := a.create("v INTEGER UNSIGNED")
	if err != nil {
		a.skip(f.About, err)
		return nil
	}
	s, err := a.conn.Prepare(a.ctx, "SELECT v FROM "+table, odbc.StmtOptions{})
	if err != nil {
		return err
	}
	defer s.Close()
	negative := a.exec("INSERT INTO "+table+" (v) VALUES (-1)") == nil && a.count(table) == 1
	told := s.IsUnsigned(0)
	switch {
	case told && !negative:
		f.Found, f.Is, f.Safe = "told", values(true), values(false)
	case told:
		f.Found, f.Is = "an INTEGER UNSIGNED is told to have none, and takes -1", values(false)
	default:
		f.Found, f.Is, f.Safe = "not told", values(false), values(true)
	}
	a.tell(f)
	return nil
}

// describedParams asks for the types of parameters of which all is known.
func describedParams(a *at) error {
	table, err := a.table("id <int> NOT NULL, name <text>, amount <decimal>, made <timestamp>")
	if err != nil {
		return err
	}
	f := Fact{About: "types of parameters", Claimed: a.claimOf(infoDescribeParameter), Path: "describe.params"}
	right := true
	var told []string
	for _, q := range []struct {
		sql   string
		kinds [][]protocol.Kind
	}{
		{"INSERT INTO " + table + " (id, name, amount, made) VALUES (?, ?, ?, ?)", [][]protocol.Kind{integers, textual, {protocol.Decimal}, {protocol.Timestamp}}},
		{"SELECT id FROM " + table + " WHERE id = ? AND name = ?", [][]protocol.Kind{integers, textual}},
	} {
		some, ok, err := a.describes(q.sql, q.kinds)
		if err != nil {
			told, right = append(told, cut(err.Error())), false
			break
		}
		told, right = append(told, some), right && ok
	}
	f.Found, f.Is = strings.Join(told, "; "), values(right)
	if right {
		f.Found, f.Safe = "right: "+f.Found, values(false)
	}
	f.Lie = !right && a.yes(infoDescribeParameter)
	a.tell(f)
	return nil
}

var (
	integers = []protocol.Kind{protocol.Int32, protocol.Int64}
	textual  = []protocol.Kind{protocol.Text, protocol.NText}
)

// describes returns the types that parameters are told to have, and whether these are of
// the kinds.
func (a *at) describes(sql string, kinds [][]protocol.Kind) (told string, right bool, err error) {
	s, err := a.conn.Prepare(a.ctx, sql, a.reads())
	if err != nil {
		return "", false, err
	}
	defer s.Close()
	believing := driver.Plugin{Describe: driver.Describe{Params: true}}
	right = true
	var codes []string
	for i, allowed := range kinds {
		d, err := s.DescribeParam(i)
		if err != nil {
			return "", false, err
		}
		kind := believing.ParamKindOf(driver.SQLType(d.Type))
		codes = append(codes, fmt.Sprintf("%s (%d)", kind, d.Type))
		right = right && slices.Contains(allowed, kind)
	}
	return strings.Join(codes, ", "), right, nil
}

// slow are statements that take much longer than a trial waits for them.
var slow = []string{
	"SELECT pg_sleep(30)",
	"SELECT SLEEP(30)",
	"WAITFOR DELAY '00:00:30'",
	"WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 2000000000) SELECT COUNT(*) FROM c",
}

// slowest returns a statement that is slow here, nothing where none is.
func (a *at) slowest() string {
	for _, sql := range slow {
		if a.runs(sql) {
			return sql
		}
	}
	return ""
}

// runs reports whether a statement is still at work after a while.
func (a *at) runs(sql string) bool {
	c, err := a.connect()
	if err != nil {
		return false
	}
	defer c.Close()
	ctx, stop := context.WithTimeout(a.ctx, 300*time.Millisecond)
	defer stop()
	s, err := c.Prepare(ctx, sql, a.reads())
	if err != nil {
		return false
	}
	s.Execute(ctx)
	return ctx.Err() != nil
}

// queryTimeout tries SQL_ATTR_QUERY_TIMEOUT.
func queryTimeout(a *at) error {
	const about = "SQL_ATTR_QUERY_TIMEOUT of 1 s"
	sql := a.slowest()
	if sql == "" {
		a.note(about, "not tried, no statement is known that is slow here")
		return nil
	}
	s, err := a.conn.Prepare(a.ctx, sql, a.reads())
	if err != nil {
		return err
	}
	defer s.Close()
	ret := s.TryAttribute(sys.AttrQueryTimeout, 1)
	ctx, stop := context.WithTimeout(a.ctx, 3*time.Second)
	defer stop()
	begun := time.Now()
	err = s.Execute(ctx)
	f := Fact{About: about, Claimed: "SQLSetStmtAttr " + answer(ret)}
	var e *odbc.Error
	switch {
	case ctx.Err() != nil:
		f.Found, f.Lie = "has no effect", ret == sys.Success
	case errors.As(err, &e):
		f.Found = fmt.Sprintf("ends the statement after %.1f s, %s", time.Since(begun).Seconds(), codes(e))
	default:
		f.Found = fmt.Sprintf("the statement ended after %.1f s without an error", time.Since(begun).Seconds())
	}
	a.tell(f)
	return nil
}

// cancelTime is the time that a statement is given to end once it was cancelled.
const cancelTime = 3 * time.Second

// cancel cancels a statement by SQLCancel on itself, from a second thread.
func cancel(a *at) error {
	// One that was survived is no proof: sqliteodbc 0.9998 corrupts its heap now and then.
	f := Fact{About: "SQLCancel from a second thread", Path: "quirks.cancel-apart", Is: values(false, true)}
	sql := a.slowest()
	if sql == "" {
		a.note(f.About, "not tried, no statement is known that is slow here")
		return nil
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	s, err := c.Prepare(a.ctx, sql, a.reads())
	if err != nil {
		return err
	}
	took, err := cancelled(s)
	if errors.Is(err, errGoesOn) { // and the connection cannot even be closed
		a.tell(Fact{About: f.About, Found: fmt.Sprintf("does not end the statement within %v", cancelTime), Lie: true})
		return odbc.ErrAbandoned
	}
	defer c.Close()
	f.Found = fmt.Sprintf("ends the statement after %v", took.Round(time.Millisecond))
	s.Close()
	var e *odbc.Error
	action := driver.Keep
	if _, err := a.rowsOn(c, a.selecting("1"), protocol.Int64); err != nil {
		f.Found += "; the connection is of no use any more: " + cut(err.Error())
		action = driver.Destroy
	} else {
		f.Found += "; the connection goes on"
	}
	a.tell(f)
	if !errors.As(err, &e) || len(e.Records) == 0 {
		a.note("error of a cancelled statement", "there is none")
		return nil
	}
	a.tell(a.cancelFault(e, action))
	return nil
}

// cancelFault says what the plugin makes of the error of a cancelled statement.
func (a *at) cancelFault(e *odbc.Error, action driver.Action) Fact {
	kind := a.classOf(e).Kind
	f := Fact{About: "error of a cancelled statement", Found: codes(e) + ", taken for " + kind.Error()}
	if kind == driver.KindCancelled || kind == driver.KindDeadline {
		return f
	}
	row := driver.Fault{Class: driver.Class{Category: driver.Fatal, Kind: driver.KindCancelled, Outcome: driver.StatementRolledBack, Action: action}}
	if native := e.Records[0].Native; native != 0 {
		row.Natives = []int32{native}
	} else {
		row.States = e.Records[0].State
	}
	f.Path, f.Fault = "faults", &row
	return f
}

var errGoesOn = errors.New("the statement goes on")

// cancelled executes a slow statement, cancels it, and returns how long that took and
// what the execution came to.
func cancelled(s *odbc.Stmt) (took time.Duration, err error) {
	ended := make(chan error, 1)
	go func() { ended <- s.Execute(context.Background()) }()
	select {
	case err := <-ended:
		return 0, err
	case <-time.After(cancelTime / 6): // it may not have begun
	}
	begun := time.Now()
	for pause := 10 * time.Millisecond; time.Since(begun) < cancelTime; pause *= 2 {
		s.CancelFrom()
		select {
		case err := <-ended:
			return time.Since(begun), err
		case <-time.After(pause):
		}
	}
	return 0, errGoesOn
}

// deadConnection asks for SQL_ATTR_CONNECTION_DEAD of a connection that lives. Whether
// the driver asks the server cannot be tried from here.
func deadConnection(a *at) error {
	value, ret := a.conn.Attribute(sys.AttrConnectionDead)
	f := Fact{About: "SQL_ATTR_CONNECTION_DEAD of a live connection", Found: fmt.Sprintf("%s, %d", answer(ret), value)}
	if f.Lie = ret.OK() && value == sys.Dead; f.Lie {
		f.Found = "says that it is dead"
	}
	if !ret.OK() || f.Lie {
		f.Path, f.Wrong = "quirks.probe", values("") // something must ask the server
	}
	a.tell(f)
	return nil
}

// answer returns a return code in words.
func answer(ret sys.Return) string {
	switch ret {
	case sys.Success:
		return "SUCCESS"
	case sys.SuccessWithInfo:
		return "SUCCESS_WITH_INFO"
	case sys.NoData:
		return "NO_DATA"
	case sys.Error:
		return "ERROR"
	}
	return fmt.Sprint(int(ret))
}

// codes returns the codes of an error.
func codes(e *odbc.Error) string {
	if len(e.Records) == 0 {
		return "without a diagnostic record"
	}
	return code(e.Records[0])
}

func code(r odbc.Record) string { return fmt.Sprintf("SQLSTATE %s, native %d", r.State, r.Native) }
