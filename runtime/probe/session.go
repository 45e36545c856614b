package probe

import (
	"cmp"
	"context"
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

// isolationAttributes sets SQL_ATTR_TXN_ISOLATION to all levels.
func isolationAttributes(a *at) error {
	claimed, _ := a.conn.InfoInt(infoTxnIsolation)
	var found []string
	var lie bool
	for i, level := range levels {
		ret := a.conn.TryAttribute(sys.AttrTxnIsolation, 1<<i)
		back, _ := a.conn.Attribute(sys.AttrTxnIsolation)
		text := answer(ret)
		if ret.OK() && back != 1<<i {
			text += fmt.Sprintf(", and reads back as %s", bits(back, levels))
		}
		lie = lie || claimed&(1<<i) != 0 && !ret.OK()
		found = append(found, level+": "+text)
	}
	a.tell(Fact{About: "SQL_ATTR_TXN_ISOLATION", Claimed: a.claimOf(infoTxnIsolation), Found: strings.Join(found, "; "), Lie: lie})
	return nil
}

// rowCounts asks for SQLRowCount.
func rowCounts(a *at) error {
	table, err := a.table("id <int>")
	if err != nil {
		return err
	}
	for _, q := range []struct {
		about, sql string
		rows       int64
	}{
		{"INSERT of a row", "INSERT INTO " + table + " (id) VALUES (1)", 1},
		{"another", "INSERT INTO " + table + " (id) VALUES (2)", 1},
		{"UPDATE of 2 rows", "UPDATE " + table + " SET id = id + 10", 2},
		{"UPDATE of no row", "UPDATE " + table + " SET id = 0 WHERE id < 0", 0},
		{"DELETE of 2 rows", "DELETE FROM " + table, 2},
		{"DELETE of no row", "DELETE FROM " + table, 0},
	} {
		s, err := a.conn.Prepare(a.ctx, q.sql, odbc.StmtOptions{})
		if err != nil {
			return err
		}
		err = s.Execute(a.ctx)
		n, countErr := s.Affected()
		said := answer(s.Answered())
		s.Close()
		if err != nil {
			return err
		}
		f := Fact{About: q.about, Found: fmt.Sprintf("%s, SQLRowCount %d", said, n), Lie: n != q.rows}
		if countErr != nil {
			f.Found = said + ", SQLRowCount fails: " + countErr.Error()
		}
		a.tell(f)
	}
	return nil
}

// transactions rolls back, and fails in the middle.
func transactions(a *at) error {
	table, err := a.table("id <int> NOT NULL, PRIMARY KEY (id)")
	if err != nil {
		return err
	}
	insert := func(id int) error { return a.exec(fmt.Sprintf("INSERT INTO %s (id) VALUES (%d)", table, id)) }
	if err := a.conn.SetAutocommit(a.ctx, false); err != nil {
		return err
	}
	if err := cmpErr(insert(1), a.conn.Rollback(a.ctx)); err != nil {
		return err
	}
	left := a.count(table)
	a.tell(Fact{About: "an INSERT that is rolled back", Claimed: a.claimOf(infoTxnCapable), Found: fmt.Sprintf("%d rows are left", left), Lie: left != 0})
	made, err := a.create("id INTEGER")
	if err != nil {
		a.skip("a CREATE TABLE that is rolled back", err)
	} else {
		a.conn.Rollback(a.ctx)
		text, there := "is undone", a.count(made) >= 0
		if there {
			text = "is there all the same"
		}
		capable, _ := a.conn.InfoInt(infoTxnCapable)
		const all = 2 // SQL_TC_ALL
		a.tell(Fact{About: "a CREATE TABLE that is rolled back", Claimed: a.claimOf(infoTxnCapable), Found: text, Lie: there && capable == all})
		a.conn.Rollback(a.ctx)
	}
	if err := insert(1); err != nil {
		return err
	}
	again, third := insert(1), insert(3)
	commit := a.conn.Commit(a.ctx)
	a.conn.SetAutocommit(a.ctx, true)
	f := Fact{About: "a transaction of which the second of three statements fails", Found: fmt.Sprintf("%d rows of 2 are left", a.count(table))}
	switch {
	case again == nil:
		f.Found = "the second does not fail"
	case third != nil:
		f.Found += ", the third fails: " + cut(third.Error())
	}
	if commit != nil {
		f.Found += ", the commit fails: " + cut(commit.Error())
	}
	f.Lie = commit == nil && third == nil && a.count(table) != 2
	a.tell(f)
	return nil
}

func cmpErr(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

// savepointForms are those that databases are known to have.
var savepointForms = []driver.Savepoints{
	{},
	{Make: "SAVEPOINT %s", Back: "ROLLBACK TO SAVEPOINT %s"},
	{Make: "SAVE TRANSACTION %s", Back: "ROLLBACK TRANSACTION %s"},
	{Make: "SAVEPOINT %s ON ROLLBACK RETAIN CURSORS", Back: "ROLLBACK TO SAVEPOINT %s", Release: "RELEASE SAVEPOINT %s"},
}

// savepoints goes back to one, in all forms.
func savepoints(a *at) error {
	f := Fact{About: "savepoints", Path: "dialect.savepoints"}
	var found []string
	for _, form := range formsFor(a.plugin.Dialect.Savepoints) {
		if len(found) > 0 && form.Plain != a.plugin.Dialect.Savepoints.Plain {
			break
		}
		table, err := a.table("id <int>")
		if err != nil {
			return err
		}
		d := a.dialect()
		d.Savepoints = form
		sp, err := d.Savepoint("odbcgen_probe")
		if err == nil && sp.Make != "" && a.savepoint(table, sp) {
			f.Is = append(f.Is, values(form)...)
			found = append(found, strings.TrimSuffix(strings.Join([]string{sp.Make, sp.Back, sp.Release}, ", "), ", "))
		}
		a.conn.Rollback(a.ctx)
		a.conn.SetAutocommit(a.ctx, true)
		if a.conn.Broken() {
			return odbc.ErrAbandoned
		}
		a.drop(table)
	}
	f.Found = strings.Join(found, "; or ")
	if len(found) == 0 {
		f.Found, f.Is = "none of the forms tried works", values(driver.Savepoints{None: true})
	}
	a.tell(f)
	return nil
}

// formsFor returns the forms that are tried, with the names of those of a plugin, and
// behind them those with plain names, for which no quotes must be known.
func formsFor(own driver.Savepoints) (forms []driver.Savepoints) {
	own.None = false
	for _, plain := range []bool{own.Plain, true} {
		for _, form := range append(slices.Clip(savepointForms), own) {
			form.Max, form.Plain = own.Max, plain
			if !slices.Contains(forms, form) {
				forms = append(forms, form)
			}
		}
	}
	return forms
}

// savepoint reports whether what stands behind a savepoint is undone, and only that.
func (a *at) savepoint(table string, sp driver.Savepoint) bool {
	if a.conn.SetAutocommit(a.ctx, false) != nil {
		return false
	}
	for _, sql := range []string{
		"INSERT INTO " + table + " (id) VALUES (1)", sp.Make, "INSERT INTO " + table + " (id) VALUES (2)", sp.Back,
		"INSERT INTO " + table + " (id) VALUES (3)", sp.Release,
	} {
		if sql != "" && a.exec(sql) != nil {
			return false
		}
	}
	if a.conn.Commit(a.ctx) != nil {
		return false
	}
	rows, err := a.rows("SELECT id FROM "+table+" ORDER BY id", protocol.Int32)
	return err == nil && len(rows) == 2 && rows[0][0] == int32(1) && rows[1][0] == int32(3)
}

// begin begins a transaction of a level, by the SQL of the plugin or else by the attribute.
func (a *at) begin(c *odbc.Conn, level driver.Isolation) error {
	t := a.plugin.Transactions
	if !t.Isolation.Possible() {
		bit := uintptr(1) << (level - driver.ReadUncommitted)
		if ret := c.TryAttribute(sys.AttrTxnIsolation, bit); !ret.OK() {
			return fmt.Errorf("SQL_ATTR_TXN_ISOLATION %s", answer(ret))
		}
	}
	set := ""
	switch {
	case t.Isolation.Mode != "":
		set = fmt.Sprintf(t.Modes, fmt.Sprintf(t.Isolation.Mode, t.Word(level)))
	case t.Isolation.Undo != "":
		if err := c.ExecDirect(a.ctx, fmt.Sprintf(t.Isolation.Do, t.Word(level))); err != nil {
			return err
		}
	case t.Isolation.Do != "":
		set = fmt.Sprintf(t.Isolation.Do, t.Word(level))
	}
	if err := c.SetAutocommit(a.ctx, false); err != nil || set == "" {
		return err
	}
	return c.ExecDirect(a.ctx, set)
}

// isolation looks for what a level must not show: changes that are not committed, and
// changes at the second reading.
func isolation(a *at) error {
	table, err := a.table("id <int> NOT NULL, v <int>, PRIMARY KEY (id)")
	if err != nil {
		return err
	}
	if err := a.exec("INSERT INTO " + table + " (id, v) VALUES (1, 0)"); err != nil {
		return err
	}
	shown := a.allLevels(table)
	f := Fact{About: "isolation", Found: shown.String()}
	for i, s := range shown {
		if level := driver.ReadUncommitted + driver.Isolation(i); s.broken {
			f.Lie = true
			if slices.Contains(a.plugin.Transactions.Levels, level) {
				f.Path, f.Wrong = "transactions.levels", values(a.plugin.Transactions.Levels)
			}
		}
	}
	a.tell(f)
	if len(a.plugin.Transactions.Levels) == 0 {
		a.isolationBySQL(table)
	}
	return nil
}

// shown is what a transaction of a level sees of another one.
type shown struct {
	text   string
	broken bool // that is more than it must
	told   bool // there is such a level
}

type allShown []shown

func (all allShown) String() string {
	var text []string
	for i, s := range all {
		text = append(text, levels[i]+": "+s.text)
	}
	return strings.Join(text, "; ")
}

func (a *at) allLevels(table string) (all allShown) {
	for level := driver.ReadUncommitted; level <= driver.Serializable; level++ {
		all = append(all, a.isolated(table, level))
	}
	return all
}

// Standard SQL's words for the modes of a transaction.
const standardModes = "SET TRANSACTION %s"

var (
	standardIsolation = driver.Temporary{Mode: "ISOLATION LEVEL %s"}
	standardReadOnly  = driver.Temporary{Mode: "READ ONLY"}
)

// isolationBySQL tries the words of the standard, for a plugin that has none.
func (a *at) isolationBySQL(table string) {
	plugin := a.plugin
	defer func() { a.plugin = plugin }()
	with := *plugin
	with.Transactions.Modes, with.Transactions.Isolation = standardModes, standardIsolation
	a.plugin = &with
	all := a.allLevels(table)
	f := Fact{About: fmt.Sprintf("isolation by "+standardModes, standardIsolation.Mode), Found: all.String()}
	committed, repeatable := all[1], all[2]
	if !committed.told || !repeatable.told || repeatable.broken || committed.text == repeatable.text {
		a.tell(f)
		return
	}
	var apart []driver.Isolation
	for i, s := range all {
		if s.told && !s.broken && (i > 0 || s.text != committed.text) {
			apart = append(apart, driver.ReadUncommitted+driver.Isolation(i))
		}
	}
	for _, one := range []struct {
		path     string
		is, none any
	}{
		{"transactions.modes", standardModes, ""}, {"transactions.isolation", standardIsolation, driver.Temporary{}},
		{"transactions.levels", apart, plugin.Transactions.Levels},
	} {
		f.Path, f.Is, f.Safe = one.path, values(one.is), values(one.none)
		a.tell(f)
	}
}

// isolated says what a transaction of the level sees of another one.
func (a *at) isolated(table string, level driver.Isolation) shown {
	writer, err := a.second()
	if err != nil {
		return shown{text: cut(err.Error())}
	}
	reader, err := a.second()
	if err != nil {
		return shown{text: cut(err.Error())}
	}
	defer writer.Close()
	defer reader.Close()
	if err := a.begin(reader, level); err != nil {
		return shown{text: cut(err.Error())}
	}
	read := func() any {
		ctx, stop := context.WithTimeout(a.ctx, time.Second)
		defer stop()
		on := *a
		on.ctx = ctx
		rows, err := on.rowsOn(reader, "SELECT v FROM "+table+" WHERE id = 1", protocol.Int64)
		if err != nil || len(rows) != 1 {
			return nil
		}
		return rows[0][0]
	}
	write := func(c *odbc.Conn) bool {
		ctx, stop := context.WithTimeout(a.ctx, time.Second)
		defer stop()
		return c.ExecDirect(ctx, "UPDATE "+table+" SET v = v + 1 WHERE id = 1") == nil
	}
	before := a.value(table)
	if writer.SetAutocommit(a.ctx, false) != nil || !write(writer) {
		return shown{text: "the other transaction cannot write"}
	}
	dirty := read()
	writer.Rollback(a.ctx)
	broken, words := false, []string{"waits for what is not committed"}
	if dirty != nil {
		words[0] = "does not see what is not committed"
	}
	if before != nil && dirty != nil && dirty != before {
		words[0], broken = "sees what is not committed", level > driver.ReadUncommitted
	}
	if reader.Broken() || writer.Broken() {
		return shown{words[0], broken, true}
	}
	reader.Rollback(a.ctx)
	if err := a.begin(reader, level); err != nil {
		return shown{text: cut(err.Error()), broken: broken}
	}
	first := read()
	writer.SetAutocommit(a.ctx, true)
	written := write(writer)
	second := read()
	switch {
	case !written:
		words = append(words, "keeps others from changing what it has read")
	case first != second:
		words, broken = append(words, "sees changes at the second reading"), broken || level >= driver.RepeatableRead
	default:
		words = append(words, "sees the same at the second reading")
	}
	if !reader.Broken() {
		reader.Rollback(a.ctx)
	}
	return shown{strings.Join(words, ", "), broken, true}
}

// value returns what is stored.
func (a *at) value(table string) any {
	rows, err := a.rows("SELECT v FROM "+table+" WHERE id = 1", protocol.Int64)
	if err != nil || len(rows) != 1 {
		return nil
	}
	return rows[0][0]
}

// readOnly writes in a transaction that must not.
func readOnly(a *at) error {
	t := a.plugin.Transactions
	f := Fact{About: "a write in a read-only transaction", Path: "transactions.read-only", Is: values(t.ReadOnly)}
	known := t.ReadOnly.Possible()
	if !known {
		t.Modes, t.ReadOnly = standardModes, standardReadOnly
		f.About += " by " + fmt.Sprintf(t.Modes, t.ReadOnly.Mode)
	}
	table, err := a.table("id <int>")
	if err != nil {
		return err
	}
	wrote, err := a.writeReadOnly(t, table)
	switch {
	case err != nil && !known:
		a.note("read-only transactions", "the plugin has none, and %s is refused: %s", fmt.Sprintf(t.Modes, t.ReadOnly.Mode), cut(err.Error()))
		return a.ended(err)
	case err != nil:
		return err
	case wrote && known:
		f.Found, f.Is, f.Wrong = "succeeds", nil, values(t.ReadOnly)
	case wrote:
		f.Found = "succeeds"
	default:
		f.Found = "fails"
		if !known {
			f.Is, f.Safe = values(t.ReadOnly), values(driver.Temporary{})
			modes := f
			modes.Path, modes.Is, modes.Safe = "transactions.modes", values(t.Modes), values("")
			a.tell(modes)
		}
	}
	a.tell(f)
	return nil
}

// writeReadOnly writes in a transaction that must not, and reports whether it could.
func (a *at) writeReadOnly(t driver.Transactions, table string) (wrote bool, err error) {
	if t.ReadOnly.Undo != "" {
		if err := a.exec(t.ReadOnly.Do); err != nil {
			return false, err
		}
	}
	if err := a.conn.SetAutocommit(a.ctx, false); err != nil {
		return false, err
	}
	defer a.conn.SetAutocommit(a.ctx, true)
	defer a.conn.Rollback(a.ctx)
	switch {
	case t.ReadOnly.Mode != "":
		err = a.exec(fmt.Sprintf(t.Modes, t.ReadOnly.Mode))
	case t.ReadOnly.Undo == "":
		err = a.exec(t.ReadOnly.Do)
	}
	if err != nil {
		return false, err
	}
	wrote = a.exec("INSERT INTO "+table+" (id) VALUES (1)") == nil
	if t.ReadOnly.Undo != "" {
		a.conn.Rollback(a.ctx)
		a.conn.SetAutocommit(a.ctx, true)
		err = a.exec(t.ReadOnly.Undo)
	}
	return wrote, err
}

// lockWait is the lock timeout that is tried, and lockPatience what it may come to.
const (
	lockWait     = time.Second
	lockPatience = 5 * time.Second
)

// lockTimeout waits for a lock that another transaction holds.
func lockTimeout(a *at) error {
	const about = "a lock timeout of 1 s"
	t := a.plugin.Transactions.LockTimeout
	if !t.Possible() {
		a.note(about, "not tried: the plugin has none")
		return nil
	}
	if key := strings.ToLower(t.Needs.Key); key != "" && strings.Contains(strings.ToLower(a.Connection), key+"=") {
		a.note(about, "not tried: the connection string has %s, which is another one", t.Needs.Key)
		return nil
	}
	table, err := a.table("id <int> NOT NULL, v <int>, PRIMARY KEY (id)")
	if err != nil {
		return err
	}
	if err := a.exec("INSERT INTO " + table + " (id, v) VALUES (1, 0)"); err != nil {
		return err
	}
	write := "UPDATE " + table + " SET v = v + 1 WHERE id = 1"
	holder, err := a.second()
	if err != nil {
		return err
	}
	defer holder.Close()
	if err := cmpErr(holder.SetAutocommit(a.ctx, false), holder.ExecDirect(a.ctx, write)); err != nil {
		return err
	}
	took, err := a.waits(write)
	holder.Rollback(a.ctx)
	f := Fact{About: about, Path: "transactions.lock-timeout"}
	var e *odbc.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		f.Found, f.Wrong = fmt.Sprintf("still waits after %v", lockPatience), values(t)
	case errors.As(err, &e):
		kind := a.classOf(e).Kind
		f.Found = fmt.Sprintf("fails after %.1f s with %s, taken for %s", took.Seconds(), code(a.telling(e)), kind.Error())
		if kind == driver.KindLockTimeout {
			f.Is = values(t)
		} else {
			f.Path, f.Fault = "faults", lockFault(a.telling(e))
		}
	case err != nil:
		return err
	default:
		f.Found, f.Path = "the row that another transaction has changed is changed at once", ""
	}
	a.tell(f)
	return nil
}

// waits executes a statement in a transaction with the lock timeout of the plugin, on a
// connection that may be lost.
func (a *at) waits(sql string) (took time.Duration, err error) {
	c, err := a.second()
	if err != nil {
		return 0, err
	}
	transactions := a.plugin.Transactions
	t := transactions.LockTimeout
	set := fmt.Sprintf(t.Do+t.Mode, max(t.Least, int64(lockWait/cmp.Or(t.Unit, lockWait))))
	if t.Mode != "" {
		set = fmt.Sprintf(transactions.Modes, set)
	}
	if t.Undo != "" {
		err = c.ExecDirect(a.ctx, set)
	}
	err = cmp.Or(err, c.SetAutocommit(a.ctx, false))
	if err == nil && t.Undo == "" {
		err = c.ExecDirect(a.ctx, set)
	}
	if err != nil {
		return 0, fmt.Errorf("set the lock timeout: %s", cut(err.Error())) // not the one that is waited for
	}
	ctx, stop := context.WithTimeout(a.ctx, lockPatience)
	defer stop()
	begun := time.Now()
	err = c.ExecDirect(ctx, sql)
	took = time.Since(begun)
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if !c.Broken() {
		c.Rollback(a.ctx)
	}
	return took, err
}

func lockFault(r odbc.Record) *driver.Fault {
	row := driver.Fault{Class: driver.Class{
		Category: driver.Transient, Kind: driver.KindLockTimeout, Outcome: driver.StatementRolledBack, Scope: driver.ScopeStatement, Action: driver.Keep,
	}}
	if r.Native != 0 {
		row.Natives = []int32{r.Native}
	} else {
		row.States = r.State
	}
	return &row
}
