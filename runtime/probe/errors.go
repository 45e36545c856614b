package probe

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// mistake is a statement with an error of a known kind.
type mistake struct {
	sql   string
	kinds []driver.Kind // of which the class must be one, the best first
	words []string      // one of which the message may have
}

// kindsOfErrors makes errors and asks what the plugin makes of them.
func kindsOfErrors(a *at) error {
	parent, err := a.table("id <int> NOT NULL, PRIMARY KEY (id)")
	if err != nil {
		return err
	}
	if err := a.exec("INSERT INTO " + parent + " (id) VALUES (1)"); err != nil {
		return err
	}
	mistakes := []mistake{
		{"INSERT INTO " + parent + " (id) VALUES (1)", []driver.Kind{driver.KindUnique}, []string{"unique", "duplicate"}},
		{"SELECT (1 FROM", []driver.Kind{driver.KindSyntax}, []string{"syntax"}},
		{"SELECT a FROM odbcgen_probe_nowhere", []driver.Kind{driver.KindUnknownObject}, []string{"no such", "not exist", "invalid object", "unknown"}},
	}
	for _, m := range []struct {
		columns, insert string
		kind            driver.Kind
		words           []string
	}{
		{"id <int> NOT NULL, t <text> NOT NULL", "(id, t) VALUES (1, NULL)", driver.KindNotNull, []string{"not null", "null"}},
		{"id <int>, FOREIGN KEY (id) REFERENCES " + parent + " (id)", "(id) VALUES (2)", driver.KindForeignKey, []string{"foreign key"}},
		{"id <int>, CHECK (id > 0)", "(id) VALUES (0)", driver.KindCheck, []string{"check"}},
	} {
		table, err := a.table(m.columns)
		if err != nil {
			a.skip(errorOf(m.kind), err)
			continue
		}
		mistakes = append(mistakes, mistake{"INSERT INTO " + table + " " + m.insert, []driver.Kind{m.kind}, m.words})
	}
	met := make([]*odbc.Error, len(mistakes))
	for i, m := range mistakes {
		err := a.meet(a.conn, m.sql)
		if err != nil && !errors.As(err, &met[i]) {
			return err
		}
	}
	for i, m := range mistakes {
		a.tell(a.classified(m, met[i], slices.Delete(slices.Clone(met), i, i+1)))
	}
	return a.division(parent, met)
}

// meet runs a statement and reads its rows, as an error may come with them.
func (a *at) meet(c *odbc.Conn, sql string) error {
	s, err := c.Prepare(a.ctx, sql, a.reads())
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Execute(a.ctx); err != nil || s.Columns() == 0 {
		return err
	}
	_, err = fetch(a.ctx, s, 100, []protocol.Kind{protocol.Text}, nil)
	return err
}

// classified says what the plugin makes of an error, others being those of other kinds.
func (a *at) classified(m mistake, e *odbc.Error, others []*odbc.Error) Fact {
	f := Fact{About: errorOf(m.kinds[0])}
	if e == nil || len(e.Records) == 0 {
		f.Found, f.Lie = "there is none", true
		return f
	}
	class, first := a.classOf(e), a.telling(e)
	f.Found = fmt.Sprintf("%s, %q, taken for %s", code(first), cut(first.Message), class.Kind.Error())
	if slices.Contains(m.kinds, class.Kind) {
		return f
	}
	row := driver.Fault{
		Natives: []int32{first.Native},
		Class:   driver.Class{Category: driver.Validation, Kind: m.kinds[0], Outcome: driver.StatementRolledBack, Scope: driver.ScopeNone, Action: driver.Keep},
	}
	if first.Native == 0 {
		row.Natives, row.States = nil, first.State
	}
	if word, ok := a.word(m, first, others); ok {
		row.Text, f.Path, f.Fault = word, "faults", &row
	} else {
		f.Found += "; other errors have the same code"
	}
	return f
}

func errorOf(kind driver.Kind) string { return "error of kind " + kind.Error() }

// telling returns the record that tells an error, not that there is one.
func (a *at) telling(e *odbc.Error) odbc.Record {
	for _, r := range e.Records {
		if !slices.Contains(a.plugin.Echoes, r.Native) {
			return r
		}
	}
	return e.Records[0]
}

// classOf returns what the plugin makes of an error.
func (a *at) classOf(e *odbc.Error) driver.Class {
	records := make([]driver.Record, len(e.Records))
	for i, r := range e.Records {
		records[i] = driver.Record{State: r.State, Native: r.Native, Message: r.Message}
	}
	return a.plugin.Classify(driver.Executing, records)
}

// word returns the word that tells an error from others with the same code, "" where
// none has it, and whether there is one.
func (a *at) word(m mistake, r odbc.Record, others []*odbc.Error) (string, bool) {
	var alike []string
	for _, o := range others {
		if o == nil || len(o.Records) == 0 {
			continue
		}
		if other := a.telling(o); other.Native == r.Native && (r.Native != 0 || other.State == r.State) {
			alike = append(alike, strings.ToLower(other.Message))
		}
	}
	if len(alike) == 0 {
		return "", true
	}
	for _, word := range m.words {
		if strings.Contains(strings.ToLower(r.Message), word) && !slices.ContainsFunc(alike, func(text string) bool { return strings.Contains(text, word) }) {
			return word, true
		}
	}
	return "", false
}

// cut returns the beginning of a message.
func cut(message string) string {
	message = strings.Join(strings.Fields(message), " ")
	if len(message) > 120 {
		return strings.ToValidUTF8(message[:120], "") + "…"
	}
	return message
}

// division divides by zero, in a table of one row.
func (a *at) division(one string, others []*odbc.Error) error {
	const about = "1 / 0 of a column"
	f := Fact{About: about}
	rows, err := a.rows("SELECT id / (id - id) FROM "+one, protocol.Text)
	var e *odbc.Error
	switch {
	case errors.As(err, &e):
		f = a.classified(mistake{kinds: []driver.Kind{driver.KindData}}, e, others)
		f.About = about
	case err != nil:
		return err
	case len(rows) == 1 && rows[0][0] == nil:
		f.Found, f.Path, f.Is = "is NULL", "describe.infallible", values(false)
	default:
		f.Found = fmt.Sprintf("is %v", rows)
	}
	a.tell(f)
	return nil
}
