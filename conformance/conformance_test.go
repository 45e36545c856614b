// Package conformance_test holds one table: what the runtime promises, in rows, on
// every database that can be run here, or an emulation of it. The matrix of its
// results is in doc/drivers.md.
//
//	go test .                           # the four engines that need no more than make test does
//	go test -tags gms_pure_go .         # all
//	go test -tags gms_pure_go . -update # and write the matrix
//	go test -tags gms_pure_go . -every  # with the rows that an emulation is known not to run
package conformance_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	update = flag.Bool("update", false, "write the matrix into doc/drivers.md; all engines must run")
	every  = flag.Bool("every", false, "run the rows too that an emulation cannot run")
)

// TestMain ends with the totals.
func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	fmt.Println(total)
	os.Exit(code)
}

// check is a row of the table.
type check struct {
	area, name string
	run        func(*testing.T, *subject)
}

// checks is the table.
var checks = []check{
	{"types", "values of every type, there and back", roundTrips},
	{"types", "types told by describe", described},
	{"types", "what the generator asks", questions},
	{"types", "the text of a view", views},
	{"types", "integers that do not fit are refused", integersThatDoNotFit},
	{"types", "a fraction of a second of a time of day", fractions},
	{"parameters", "values decide rows", parametersDecide},
	{"parameters", "LIKE", patterns},
	{"parameters", "IN a list", someInLists},
	{"parameters", "NOT IN a list", someNotInLists},
	{"parameters", "empty lists", emptyLists},
	{"parameters", "text that could be SQL", hostileText},
	{"NULL", "NULL of every type", nulls},
	{"NULL", "NULL in a column that has none is an error", nullInNotNull},
	{"NULL", "empty text is not NULL", emptyText},
	{"transactions", "commit and rollback", commitAndRollback},
	{"transactions", "savepoints", savepoints},
	{"transactions", "isolation, as the server tells it", isolation},
	{"transactions", "read-only", readOnly},
	{"transactions", "read-only, and a level", readOnlyWithLevel},
	{"transactions", "lock timeout", lockTimeout},
	{"transactions", "a sum that two transactions change", lostUpdates},
	{"results", "blocks around their ends", blocks},
	{"results", "a stream, broken off", brokenOff},
	{"results", "long values", longValues},
	{"results", "pages by key", pages},
	{"results", "pages by number", numberedPages},
	{"results", "several result sets", severalSets},
	{"results", "the number that a row was given", insertID},
	{"results", "columns of the rows inserted", returning},
	{"bulk", "rows of every type", bulkTypes},
	{"bulk", "many rows", bulkRows},
	{"bulk", "a bad row is named, and none is stored", bulkBadRow},
	{"bulk", "chunks that are stored one by one", bulkChunks},
	{"upsert", "a row is inserted, changed, or left", upserts},
	{"upsert", "many rows, and what is told of them", upsertsMany},
	{"upsert", "a bad row is named, and none is changed", upsertsBadRow},
	{"upsert", "the same rows by two connections at once", upsertsAtOnce},
	{"catalog", "tables", listedTables},
	{"catalog", "views", listedViews},
	{"catalog", "columns, their kinds, and NULL", listedColumns},
	{"catalog", "primary and foreign keys", listedKeys},
	{"catalog", "indexes", listedIndexes},
	{"catalog", "types", listedTypes},
	{"catalog", "procedures and their parameters", listedProcedures},
	{"catalog", "lists are forgotten when a table changes", forgottenLists},
	{"procedures", "values both ways, and NULL", procedureValues},
	{"procedures", "a function's value, or a status", procedureReturns},
	{"procedures", "several results of their own kinds", procedureResults},
	{"procedures", "REF CURSOR", procedureCursors},
	{"names", "quoted names with everything in them", quotedNames},
	{"names", "quoted names beyond ASCII", wideNames},
	{"names", "hostile names", hostileNames},
	{"names", "hostile names beyond ASCII", hostileWideNames},
	{"errors", "unique", uniqueViolation},
	{"errors", "not null", notNullViolation},
	{"errors", "foreign key", foreignKeyViolation},
	{"errors", "syntax", syntaxError},
	{"errors", "unknown table", unknownTable},
	{"errors", "unknown column", unknownColumn},
	{"errors", "the connection goes on after each", goesOn},
	{"cancel", "a statement at work", cancelAtWork},
}

// TestConformance runs each row on each engine, and compares the matrix with the one
// of the document.
func TestConformance(t *testing.T) {
	m := newMatrix()
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			s := e.start(t)
			for i, c := range checks {
				m.set(i, e.name, s.check(t, i, c))
			}
			s.requireReasonsUsed(t)
			m.notes[e.name] = noteOf(e.name, s.reasons)
		})
	}
	total = m.totals()
	if t.Failed() {
		return
	}
	text, err := os.ReadFile(document)
	require.NoError(t, err)
	if *update {
		require.Len(t, engines, len(columns), "the matrix is written where all engines run")
		require.NoError(t, os.WriteFile(document, []byte(m.into(t, string(text))), 0o644))
		return
	}
	m.requireSame(t, string(text))
}

// check runs a row, unless the engine cannot, and returns its cell.
func (s *subject) check(t *testing.T, i int, c check) (cell string) {
	cell = failed
	if reason, ok := s.cannot[c.name]; ok && !*every {
		cell = s.note(reason)
	} else if t.Run(c.area+": "+c.name, func(t *testing.T) {
		s.row, s.refused = i, false
		c.run(t, s)
	}) {
		cell = passed
		if s.refused {
			cell = refused
		}
	}
	fmt.Printf("%-10s %-12s %-46s %s\n", s.name, c.area, c.name, cell)
	return cell
}

// The cells of the matrix. What the emulation cannot do has the number of its reason.
const (
	passed  = "yes"
	refused = "refused"
	failed  = "FAILED"
)

// document has the matrix, between two marks.
const (
	document = "../doc/drivers.md"
	begin    = "<!-- conformance:begin -->\n"
	end      = "<!-- conformance:end -->\n"
)

// columns are all engines, in the order of the matrix, run or not.
var columns = []string{"sqlite", "postgres", "mariadb", "mysql8", "sqlserver", "oracle"}

// matrix is a cell for each row and engine.
type matrix struct {
	cells []map[string]string
	notes map[string]string
}

func newMatrix() *matrix {
	m := &matrix{make([]map[string]string, len(checks)), map[string]string{}}
	for i := range m.cells {
		m.cells[i] = map[string]string{}
	}
	return m
}

func (m *matrix) set(row int, engine, cell string) { m.cells[row][engine] = cell }

// totals counts the cells; what an emulation cannot run is in none of the numbers.
func (m *matrix) totals() string {
	counts := map[string]int{}
	for _, row := range m.cells {
		for _, cell := range row {
			counts[cell]++
		}
	}
	return fmt.Sprintf("%d passed, %d failed", counts[passed]+counts[refused], counts[failed])
}

var total = "0 passed, 0 failed"

// into returns the document with the matrix in it.
func (m *matrix) into(t *testing.T, text string) string {
	t.Helper()
	before, rest, found := strings.Cut(text, begin)
	_, after, closed := strings.Cut(rest, end)
	require.True(t, found && closed, "%s has no place for the matrix", document)
	return before + begin + m.markdown() + end + after
}

func (m *matrix) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "| | %s |\n|---|%s\n", strings.Join(columns, " | "), strings.Repeat("---|", len(columns)))
	for i, c := range checks {
		fmt.Fprintf(&b, "| %s: %s |", c.area, c.name)
		for _, engine := range columns {
			fmt.Fprintf(&b, " %s |", m.cells[i][engine])
		}
		b.WriteString("\n")
	}
	for _, engine := range columns {
		b.WriteString(m.notes[engine])
	}
	return b.String()
}

// noteOf is the paragraph with the reasons of an engine, "" where there are none.
func noteOf(engine string, reasons []string) string {
	if len(reasons) == 0 {
		return ""
	}
	text := "\n" + engine + ":"
	for i, reason := range reasons {
		text += fmt.Sprintf(" (%d) %s", i+1, reason)
	}
	return text + "\n"
}

// requireSame compares the columns that were run.
func (m *matrix) requireSame(t *testing.T, text string) {
	t.Helper()
	_, rest, _ := strings.Cut(text, begin)
	table, _, _ := strings.Cut(rest, end)
	there := map[string][]string{}
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		there[cells[0]] = cells[1:]
	}
	for engine, note := range m.notes {
		require.Contains(t, table, note, "%s, the reasons of %s; run with -update", document, engine)
	}
	for i, c := range checks {
		cells := there[c.area+": "+c.name]
		require.Len(t, cells, len(columns), "%s has no row %s; run with -update", document, c.name)
		for k, engine := range columns {
			if cell, ran := m.cells[i][engine]; ran {
				require.Equal(t, cells[k], cell, "%s, %s, %s; run with -update", document, c.name, engine)
			}
		}
	}
}
