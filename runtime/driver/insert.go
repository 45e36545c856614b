package driver

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Insert is rows to insert into a table, or to update where they are there already.
type Insert struct {
	Table   string // see QualifiedName
	Columns []string
	// Kinds are those of the columns. They are needed where parameters must be told
	// their types, and may be nil elsewhere.
	Kinds []protocol.Kind
	// Rows is how many; 0 is one. Each has a parameter for each column, in order.
	Rows int
	// From is a query for the rows, in place of parameters. It may not be given where an
	// upsert is a MERGE.
	From string
	// Conflict are columns, among Columns, that a row there has the same values in. None:
	// such a row is an error.
	Conflict []string
	// Update are the columns that such a row gets the new values of. Nil is all that are
	// not in Conflict; empty leaves the row as it is.
	Update []string
	// Returning are columns of the rows stored, see Dialect.InsertReturning.
	Returning []string
}

// RowForm is how an INSERT has several rows.
type RowForm uint8

// The forms.
const (
	ValuesOfRows RowForm = iota // VALUES (?), (?)
	RowsFromDual                // SELECT ? FROM dual UNION ALL SELECT ? FROM dual
	OneRow                      // it has one
)

// Upserts says how a row is inserted, or updated when it is there, in one statement.
type Upserts struct {
	Form  UpsertForm
	Merge Merge // of the form MergeRows
	// Once: an INSERT that updates cannot have two rows of one key.
	Once  bool
	Count UpsertCount
	// Recounts are keys of connection strings with which Count may not be true.
	Recounts []string
}

// UpsertForm is the clause for a row that is there.
type UpsertForm uint8

// The forms.
const (
	NoUpsert       UpsertForm = iota // there is none known that is safe from other connections
	OnConflict                       // ON CONFLICT (key) DO UPDATE SET, which needs a unique index of the key
	OnDuplicateKey                   // ON DUPLICATE KEY UPDATE, where any unique index decides
	MergeRows                        // MERGE, which needs no index, and is only as good as the one that there is
)

// Merge is how a MERGE is written. Its table is t, and its rows are s.
type Merge struct {
	Into  string    // what follows INTO, %s is the table
	Rows  MergeForm // after USING
	Types []TypeName
	// Keys is a query for the columns of the unique keys of a table, by its quoted name: a
	// name of the key, and the column. Rows are several where one of these is the key of
	// the upsert, which refuses two that are alike. Without it they never are.
	Keys string
	End  string
}

// MergeForm is how rows of parameters stand behind USING.
type MergeForm uint8

// The forms.
const (
	MergeValues MergeForm = iota // (VALUES (?), (?)) AS s (c)
	MergeSelect                  // (SELECT ? AS c UNION ALL SELECT ?) AS s
	MergeDual                    // (SELECT ? AS c FROM dual UNION ALL SELECT ? FROM dual) s
)

// TypeName is the type to convert a parameter of a kind to.
type TypeName struct {
	Kind protocol.Kind
	Type string
}

// UpsertCount is what a row adds to SQLRowCount.
type UpsertCount uint8

// The counts.
const (
	NotCounted   UpsertCount = iota // nobody knows
	CountedOnce                     // 1 when it is inserted or updated, 0 when it is left as it is
	CountedTwice                    // 1 when it is inserted, 2 when it is changed, 0 when it has the values already
)

// ReturningForm is how an INSERT gives columns of the rows stored.
type ReturningForm uint8

// The forms.
const (
	NoReturning     ReturningForm = iota
	ReturningClause               // RETURNING c
	OutputInserted                // OUTPUT INSERTED.c, which a table with a trigger refuses
	FinalTable                    // SELECT c FROM FINAL TABLE (INSERT …)
	ReturningInto                 // RETURNING c INTO ?, of one row, into output parameters
)

var (
	errNoReturning = errors.New("the database has no INSERT that returns columns: ask for the number of the row with InsertID, or select it by its key")
	errOneReturned = errors.New("the database returns columns of one inserted row, not of several, nor of a MERGE")
	errNoUpsert    = errors.New("the database is not known to have a statement with parameters that inserts or updates a row, safe from other connections")
	errOneRow      = errors.New("an INSERT of the database has one row")
	errMergeFrom   = errors.New("the rows of a MERGE are parameters")
	errNoColumns   = errors.New("there are no columns to insert")
)

// Insert returns the statement, without i.Returning.
func (d Dialect) Insert(i Insert) (string, error) {
	i.Returning = nil
	statement, err := d.InsertReturning(i)
	return statement.SQL, err
}

// InsertStatement is an INSERT that returns columns.
type InsertStatement struct {
	SQL string
	// Outs is how many parameters at the end are output parameters. Without any, the
	// columns are a result.
	Outs int
}

// InsertReturning returns the statement, with a result of i.Returning for each row
// that is stored, or with output parameters for them. A row that is left as it is has
// none.
func (d Dialect) InsertReturning(i Insert) (InsertStatement, error) {
	i.Rows = max(i.Rows, 1)
	if err := i.check(); err != nil {
		return InsertStatement{}, err
	}
	parts, err := d.insertParts(i)
	if err != nil {
		return InsertStatement{}, err
	}
	return parts.statement()
}

// check holds the columns against each other.
func (i *Insert) check() error {
	if len(i.Columns) == 0 {
		return errNoColumns
	}
	for n, c := range i.Columns {
		if slices.Contains(i.Columns[:n], c) {
			return fmt.Errorf("the column %q is given twice", c)
		}
	}
	for _, c := range slices.Concat(i.Conflict, i.Update) {
		if !slices.Contains(i.Columns, c) {
			return fmt.Errorf("the column %q is not among those to insert", c)
		}
	}
	for _, c := range i.Update {
		if slices.Contains(i.Conflict, c) {
			return fmt.Errorf("the column %q cannot be updated, the row is found by it", c)
		}
	}
	if len(i.Conflict) == 0 && i.Update != nil {
		return errors.New("columns to update need columns to find the row by")
	}
	return nil
}

// updated returns the columns to update.
func (i *Insert) updated() []string {
	if i.Update != nil {
		return i.Update
	}
	return slices.DeleteFunc(slices.Clone(i.Columns), func(c string) bool { return slices.Contains(i.Conflict, c) })
}

// insertParts are the quoted parts of the statements of an Insert.
type insertParts struct {
	d         Dialect
	i         Insert
	table     string
	columns   string            // with commas
	returning string            // likewise
	quoted    map[string]string // the name of each column
}

func (d Dialect) insertParts(i Insert) (p insertParts, err error) {
	p = insertParts{d: d, i: i, quoted: make(map[string]string)}
	if p.table, err = d.QualifiedName(i.Table); err != nil {
		return p, fmt.Errorf("table: %w", err)
	}
	for _, c := range slices.Concat(i.Columns, i.Returning) {
		if p.quoted[c], err = d.Name(c); err != nil {
			return p, fmt.Errorf("column: %w", err)
		}
	}
	p.columns, p.returning = p.each(i.Columns, "%s"), p.each(i.Returning, "%s")
	return p, nil
}

// each writes columns in a form, in which %s is the quoted name.
func (p insertParts) each(columns []string, form string) string { return p.join(columns, form, ", ") }

func (p insertParts) join(columns []string, form, between string) string {
	items := make([]string, len(columns))
	for n, c := range columns {
		items[n] = strings.ReplaceAll(form, "%s", p.quoted[c])
	}
	return strings.Join(items, between)
}

// statement puts what returns the columns around the INSERT or MERGE, or into it.
func (p insertParts) statement() (InsertStatement, error) {
	write, merges := p.insert, len(p.i.Conflict) > 0 && p.d.Upserts.Form == MergeRows
	if merges {
		write = p.merge
	}
	form := p.d.Returning
	switch {
	case len(p.i.Returning) == 0:
		sql, err := write("")
		return InsertStatement{SQL: sql}, err
	case form == NoReturning:
		return InsertStatement{}, errNoReturning
	case form == OutputInserted:
		sql, err := write(" OUTPUT " + p.each(p.i.Returning, "INSERTED.%s"))
		return InsertStatement{SQL: sql}, err
	case merges, form == ReturningInto && p.i.Rows > 1:
		return InsertStatement{}, errOneReturned
	}
	sql, err := write("")
	switch form {
	case FinalTable:
		return InsertStatement{SQL: "SELECT " + p.returning + " FROM FINAL TABLE (" + sql + ")"}, err
	case ReturningInto:
		outs := strings.Join(slices.Repeat([]string{"?"}, len(p.i.Returning)), ", ")
		return InsertStatement{SQL: sql + " RETURNING " + p.returning + " INTO " + outs, Outs: len(p.i.Returning)}, err
	}
	return InsertStatement{SQL: sql + " RETURNING " + p.returning}, err
}

// insert returns the INSERT, with output before its rows.
func (p insertParts) insert(output string) (string, error) {
	rows, err := p.rows()
	if err != nil {
		return "", err
	}
	clause, err := p.conflict()
	table := p.table
	if clause != "" && p.d.Upserts.Form == OnConflict {
		table += " AS t" // it may have the name excluded
	}
	return "INSERT INTO " + table + " (" + p.columns + ")" + output + " " + rows + clause, err
}

// rows returns the rows of the INSERT.
func (p insertParts) rows() (string, error) {
	markers := strings.Join(slices.Repeat([]string{"?"}, len(p.i.Columns)), ",")
	several := func(row, between string) string {
		return strings.Join(slices.Repeat([]string{row}, p.i.Rows), between)
	}
	switch {
	case p.i.From != "":
		return p.i.From, nil
	case p.i.Rows == 1, p.d.Rows == ValuesOfRows:
		return "VALUES " + several("("+markers+")", ","), nil
	case p.d.Rows == RowsFromDual:
		return several("SELECT "+markers+" FROM dual", " UNION ALL "), nil
	}
	return "", errOneRow
}

// conflict returns what an INSERT does about a row that is there.
func (p insertParts) conflict() (string, error) {
	update := p.i.updated()
	switch form := p.d.Upserts.Form; {
	case len(p.i.Conflict) == 0:
		return "", nil
	case form == OnConflict && len(update) == 0:
		return " ON CONFLICT (" + p.each(p.i.Conflict, "%s") + ") DO NOTHING", nil
	case form == OnConflict:
		return " ON CONFLICT (" + p.each(p.i.Conflict, "%s") + ") DO UPDATE SET " + p.each(update, "%s = excluded.%s"), nil
	case form == OnDuplicateKey && len(update) == 0:
		return " ON DUPLICATE KEY UPDATE " + p.each(p.i.Conflict[:1], "%s = %s"), nil // which IGNORE would be but for other errors
	case form == OnDuplicateKey:
		return " ON DUPLICATE KEY UPDATE " + p.each(update, "%s = VALUES(%s)"), nil // MySQL 5.7 has no other
	}
	return "", errNoUpsert
}

// merge returns the MERGE, with output at its end.
func (p insertParts) merge(output string) (string, error) {
	if p.i.From != "" {
		return "", errMergeFrom
	}
	source, err := p.source()
	if err != nil {
		return "", err
	}
	known := p.d.Upserts.Merge
	var b strings.Builder
	fmt.Fprintf(&b, "MERGE INTO "+known.Into+" USING %s ON (%s)", p.table, source, p.join(p.i.Conflict, "t.%s = s.%s", " AND "))
	if update := p.i.updated(); len(update) > 0 {
		b.WriteString(" WHEN MATCHED THEN UPDATE SET " + p.each(update, "%s = s.%s"))
	}
	fmt.Fprintf(&b, " WHEN NOT MATCHED THEN INSERT (%s) VALUES (%s)%s%s", p.columns, p.each(p.i.Columns, "s.%s"), output, known.End)
	return b.String(), nil
}

// source returns the rows of the MERGE.
func (p insertParts) source() (string, error) {
	markers := make([]string, len(p.i.Columns))
	named := make([]string, len(p.i.Columns))
	for n, c := range p.i.Columns {
		marker, err := p.marker(n)
		if err != nil {
			return "", err
		}
		markers[n], named[n] = marker, marker+" AS "+p.quoted[c]
	}
	row, first := strings.Join(markers, ", "), strings.Join(named, ", ")
	more := func(row string) string { return strings.Repeat(row, p.i.Rows-1) }
	switch p.d.Upserts.Merge.Rows {
	case MergeDual:
		return "(SELECT " + first + " FROM dual" + more(" UNION ALL SELECT "+row+" FROM dual") + ") s", nil
	case MergeSelect:
		return "(SELECT " + first + more(" UNION ALL SELECT "+row) + ") AS s", nil
	}
	return "(VALUES (" + row + ")" + more(", ("+row+")") + ") AS s (" + p.columns + ")", nil
}

// marker returns the parameter for a column.
func (p insertParts) marker(n int) (string, error) {
	types := p.d.Upserts.Merge.Types
	if len(types) == 0 {
		return "?", nil
	}
	kind := protocol.Invalid
	if n < len(p.i.Kinds) {
		kind = p.i.Kinds[n]
	}
	for _, t := range types {
		if t.Kind == kind {
			return "CAST(? AS " + t.Type + ")", nil
		}
	}
	return "", fmt.Errorf("the column %q must have a type that the database can be told in a MERGE, and %s is none", p.i.Columns[n], kind)
}
