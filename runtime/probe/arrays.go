package probe

import (
	"errors"
	"fmt"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// arrayKinds are those of the tables of these trials: a key, text and bytes.
var arrayKinds = []protocol.Kind{protocol.Int32, protocol.Text, protocol.Binary}

func (a *at) arrayTable() (string, error) {
	return a.table("id <int> NOT NULL, t <text>, b <binary>, PRIMARY KEY (id)")
}

// arrayRows returns rows whose cells have lengths of their own.
func arrayRows(n int) (rows [][]any) {
	for i := range n {
		row := []any{int32(i + 1), pattern(1 + i*3%20), pattern(20 - i*3%20)}
		if i == 3 {
			row[1], row[2] = nil, nil
		}
		rows = append(rows, row)
	}
	return rows
}

// parameterArray sends rows as one parameter array, all of them good.
func parameterArray(a *at) error {
	table, err := a.arrayTable()
	if err != nil {
		return err
	}
	rows := arrayRows(10)
	s, err := a.send("INSERT INTO "+table+" (id, t, b) VALUES (?, ?, ?)", sent{arrayKinds, rows})
	if s != nil {
		defer s.Close()
	}
	f := Fact{About: "a parameter array of 10 rows", Claimed: a.claimOf(infoParamArrayCounts)}
	if err != nil {
		f.Found = "fails: " + cut(err.Error())
		f.arrays(a.plugin, false)
		a.tell(f)
		return a.ended(err)
	}
	affected, countErr := s.Affected()
	processed, bad := s.Processed()
	got, err := a.rows("SELECT id, t, b FROM "+table+" ORDER BY id", arrayKinds...)
	if err != nil {
		return err
	}
	wrong, _ := differences(rows, got)
	f.Found = fmt.Sprintf("%d rows stored, %d processed, %d bad, SQLRowCount %d", len(got), processed, bad, affected)
	if len(wrong) > 0 {
		f.Found += ": " + strings.ReplaceAll(strings.Join(wrong[:min(3, len(wrong))], ", "), "execution", "row")
		f.Lie = true
	}
	f.arrays(a.plugin, len(wrong) == 0)
	a.tell(f)
	if a.plugin.Bulk.Strategy == driver.BulkArrays && len(wrong) == 0 {
		a.tell(countsFact("SQLRowCount of a parameter array", countErr == nil && affected == int64(len(got)), affected, len(got)))
	}
	return nil
}

// arrays says what is to be stated where parameter arrays store what they should, or do
// not. Where the plugin has another strategy, that is its choice.
func (f *Fact) arrays(p *driver.Plugin, good bool) {
	switch {
	case p.Bulk.Strategy != driver.BulkArrays:
	case !good:
		f.Path, f.Is, f.Safe = "bulk.rows", values(1), values(0)
	case p.Bulk.Rows <= 1:
		f.Path, f.Is, f.Safe = "bulk.rows", values(1000), values(0, 1)
	}
}

func countsFact(about string, right bool, affected int64, stored int) Fact {
	f := Fact{About: about, Found: fmt.Sprintf("%d of %d rows stored", affected, stored), Path: "bulk.counts", Is: values(right)}
	if right {
		f.Safe = values(false)
	}
	return f
}

// badRow sends a parameter array of which one row is bad. What matters is that the driver
// says so.
func badRow(a *at) error {
	table, err := a.arrayTable()
	if err != nil {
		return err
	}
	rows := arrayRows(10)
	rows[4][0] = int32(1) // is there twice
	s, err := a.send("INSERT INTO "+table+" (id, t, b) VALUES (?, ?, ?)", sent{arrayKinds, rows})
	if s == nil {
		return err
	}
	said := answer(s.Answered())
	processed, bad := s.Processed()
	states, written := s.ParamStates()
	s.Close()
	if err := a.ended(err); err != nil {
		return err
	}
	stored := a.count(table)
	f := Fact{About: "row 5 of a parameter array of 10 is bad", Found: fmt.Sprintf("%s, %d processed, states %s, %d rows stored", said, processed, statesText(states, written), stored)}
	switch told := err != nil || bad > 0; {
	case !told:
		f.Found += "; nobody is told"
		f.Lie = true
		f.arrays(a.plugin, false)
	default:
		var e *odbc.Error
		if errors.As(err, &e) {
			f.Found += ", " + codes(e)
		}
	}
	a.tell(f)
	return nil
}

func statesText(states []uint16, written []bool) string {
	var text []string
	for i, state := range states {
		if written[i] {
			text = append(text, fmt.Sprint(state))
		} else {
			text = append(text, "-")
		}
	}
	return strings.Join(text, " ")
}

// severalRows sends rows by one INSERT with markers for all of them.
func severalRows(a *at) error {
	table, err := a.arrayTable()
	if err != nil {
		return err
	}
	const about = "INSERT … VALUES of several rows"
	rows := arrayRows(5)
	var flat []any
	var kinds []protocol.Kind
	for _, row := range rows {
		flat, kinds = append(flat, row...), append(kinds, arrayKinds...)
	}
	markers := strings.Repeat(", (?, ?, ?)", len(rows))[2:]
	s, err := a.send("INSERT INTO "+table+" (id, t, b) VALUES "+markers, sent{kinds, [][]any{flat}})
	if s != nil {
		defer s.Close()
	}
	if err != nil {
		f := Fact{About: about, Found: "fails: " + cut(err.Error()), Path: "bulk.strategy", Wrong: values(driver.BulkRows)}
		a.tell(f)
		return a.ended(err)
	}
	affected, _ := s.Affected()
	got, err := a.rows("SELECT id, t, b FROM "+table+" ORDER BY id", arrayKinds...)
	if err != nil {
		return err
	}
	wrong, _ := differences(rows, got)
	if len(wrong) > 0 {
		a.tell(Fact{About: about, Found: strings.Join(wrong, ", "), Lie: true, Path: "bulk.strategy", Wrong: values(driver.BulkRows)})
		return nil
	}
	a.note(about, "stores them all")
	if a.plugin.Bulk.Strategy == driver.BulkRows {
		a.tell(countsFact("SQLRowCount of several rows", affected == int64(len(got)), affected, len(got)))
	}
	return nil
}
