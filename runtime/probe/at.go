package probe

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// at is where a trial is made: a connection of its own, set up as the plugin says.
type at struct {
	*child
	ctx    context.Context
	plugin *driver.Plugin
	conn   *odbc.Conn
	others []*odbc.Conn
	tables []string
}

func (a *at) open() (err error) {
	a.conn, err = a.connect()
	if err == nil && a.plugin.Quirks.CancelApart {
		err = a.conn.CancelApart()
	}
	return err
}

// connect makes a connection.
func (a *at) connect() (*odbc.Conn, error) {
	c, err := odbc.Connect(a.ctx, runtime.Complete(a.Connection, a.plugin))
	if err != nil {
		return nil, err
	}
	if a.plugin.Quirks.Local {
		c.Local()
	}
	if a.plugin.Quirks.NoPlaces {
		c.NoPlaces()
	}
	c.BeginAgain(a.plugin.Transactions.Over)
	for _, sql := range a.plugin.Setup {
		if err := c.ExecDirect(a.ctx, sql); err != nil {
			c.Close()
			return nil, err
		}
	}
	return c, nil
}

// second returns another connection, which is closed with the trial.
func (a *at) second() (*odbc.Conn, error) {
	c, err := a.connect()
	if err == nil {
		a.others = append(a.others, c)
	}
	return c, err
}

// tidyTime is the time that dropping the tables of a trial may take.
const tidyTime = 5 * time.Second

// tidy drops the tables of a trial and closes its connections.
func (a *at) tidy() {
	for _, c := range a.others {
		c.Close()
	}
	if a.conn.Broken() {
		return // the next process drops them
	}
	ctx, stop := context.WithTimeout(context.Background(), tidyTime)
	defer stop()
	if len(a.tables) > 0 {
		a.conn.Rollback(ctx)
		a.conn.SetAutocommit(ctx, true)
	}
	for _, name := range slices.Backward(a.tables) {
		if a.conn.ExecDirect(ctx, "DROP TABLE "+name) == nil {
			a.say(line{Dropped: name})
		}
	}
	a.conn.Close()
}

// dropLeft drops the tables that the process before this one has left.
func dropLeft(a *at) error {
	for _, name := range slices.Backward(a.Tables) {
		if err := a.exec("DROP TABLE " + name); err != nil && a.exec("SELECT COUNT(*) FROM "+name) == nil {
			continue // it is there
		}
		a.say(line{Dropped: name})
	}
	return nil
}

// ownTable finds the names of tables that trials have made.
var ownTable = regexp.MustCompile(`odbcgen_probe_[0-9a-f]{10}`)

// dialect returns the plugin's dialect, with the quotes that the driver names where the
// plugin says so.
func (a *at) dialect() driver.Dialect {
	d := a.plugin.Dialect
	if quote := a.conn.IdentifierQuote(); d.AskQuote && strings.TrimSpace(quote) != "" {
		d.QuoteOpen, d.QuoteClose = quote, quote
	}
	return d
}

// tell says what was found.
func (a *at) tell(f Fact) {
	f.Claimed, f.Found = a.scrub(f.Claimed), ownTable.ReplaceAllString(a.scrub(f.Found), "odbcgen_probe_…")
	a.say(line{Fact: &f})
}

// note says what was found of something that no field states.
func (a *at) note(about, format string, args ...any) {
	a.tell(Fact{About: about, Found: fmt.Sprintf(format, args...)})
}

// table makes a table and returns its name. Its columns are apart by commas, and a word
// in angle brackets is one of columnTypes.
func (a *at) table(columns string) (string, error) {
	for _, word := range words(columns) {
		name, err := a.typeFor(word)
		if err != nil {
			return "", err
		}
		columns = strings.ReplaceAll(columns, "<"+word+">", name)
	}
	return a.create(columns)
}

// notTried is why a trial could not be made. It says nothing of the driver.
type notTried struct{ why error }

func (e notTried) Error() string { return "not tried: " + e.why.Error() }

func (e notTried) Unwrap() error { return e.why }

// skip tells that something was not tried.
func (a *at) skip(about string, why error) {
	if _, ok := errors.AsType[notTried](why); !ok {
		why = notTried{why}
	}
	a.tell(Fact{About: about, Found: cut(why.Error())})
}

func words(columns string) (all []string) {
	for part := range strings.SplitSeq(columns, "<") {
		if word, _, ok := strings.Cut(part, ">"); ok {
			all = append(all, word)
		}
	}
	return all
}

func (a *at) create(columns string) (string, error) {
	var random [5]byte
	rand.Read(random[:])
	name := "odbcgen_probe_" + hex.EncodeToString(random[:])
	a.say(line{Made: name})
	if err := a.exec("CREATE TABLE " + name + " (" + columns + ")"); err != nil {
		if !a.conn.Broken() {
			a.say(line{Dropped: name})
		}
		return "", notTried{fmt.Errorf("CREATE TABLE (%s): %w", columns, err)}
	}
	a.tables = append(a.tables, name)
	return name, nil
}

// columnTypes are names of types, the first that a database takes being used.
var columnTypes = map[string][]string{
	"int":       {"INTEGER", "INT"},
	"bigint":    {"BIGINT", "NUMBER(19)"},
	"smallint":  {"SMALLINT"},
	"text":      {"VARCHAR(100)", "VARCHAR2(100)"},
	"ntext":     {"NVARCHAR(100)", "NVARCHAR2(100)", "NCHAR VARYING(100)"},
	"long":      {"LONGTEXT", "TEXT", "CLOB", "VARCHAR(8000)", "VARCHAR(4000)"},
	"decimal":   {"DECIMAL(30,10)", "NUMERIC(30,10)"},
	"double":    {"DOUBLE PRECISION", "FLOAT"},
	"real":      {"REAL", "FLOAT"},
	"timestamp": {"DATETIME2", "DATETIME(6)", "TIMESTAMP(6)", "TIMESTAMP", "DATETIME"},
	"binary":    {"VARBINARY(200)", "BYTEA", "RAW(200)", "BLOB"},
	"uuid":      {"UUID", "UNIQUEIDENTIFIER"},
	"zoned":     {"DATETIMEOFFSET", "TIMESTAMP WITH TIME ZONE"},
	"bytes":     {"LONGBLOB", "BYTEA", "VARBINARY(MAX)", "BLOB"},
}

// typeFor returns the name of a type.
func (a *at) typeFor(word string) (string, error) {
	if name, ok := a.names[word]; ok {
		return name, nil
	}
	var first error
	for _, name := range columnTypes[word] {
		table, err := a.create("v " + name)
		if err == nil {
			a.drop(table)
			if a.names == nil {
				a.names = map[string]string{}
			}
			a.names[word] = name
			return name, nil
		}
		if first = cmp.Or(first, err); a.ctx.Err() != nil {
			break
		}
	}
	return "", notTried{fmt.Errorf("there is no type for %s, such as %s: %w", word, columnTypes[word][0], errors.Unwrap(first))}
}

func (a *at) drop(table string) {
	if a.exec("DROP TABLE "+table) == nil {
		a.tables = slices.DeleteFunc(a.tables, func(name string) bool { return name == table })
		a.say(line{Dropped: table})
	}
}

// exec runs a statement without parameters.
func (a *at) exec(sql string) error { return a.conn.ExecDirect(a.ctx, sql) }

// count returns the number of rows of a table, -1 where it cannot be read.
func (a *at) count(table string) int64 {
	rows, err := a.rows("SELECT COUNT(*) FROM "+table, protocol.Int64)
	if err != nil || len(rows) != 1 {
		return -1
	}
	n, _ := rows[0][0].(int64)
	return n
}

// rows reads a result, each column as its kind, in the way of the plugin.
func (a *at) rows(sql string, kinds ...protocol.Kind) ([][]any, error) {
	return a.rowsOn(a.conn, sql, kinds...)
}

func (a *at) rowsOn(c *odbc.Conn, sql string, kinds ...protocol.Kind) ([][]any, error) {
	s, err := c.Prepare(a.ctx, sql, a.reads())
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if err := s.Execute(a.ctx); err != nil {
		return nil, err
	}
	forms := make([]odbc.Form, len(kinds))
	for i, kind := range kinds {
		forms[i] = odbc.Form(a.plugin.FormOf(kind))
	}
	return fetch(a.ctx, s, 4000, kinds, forms)
}

// reads returns how the plugin reads results.
func (a *at) reads() odbc.StmtOptions {
	reads := a.plugin.Reads
	return odbc.StmtOptions{Reading: odbc.Reading(reads.How), Fixed: reads.Fixed, Buffered: reads.Buffered}
}

// errFewColumns says that a result is not the one that was asked for.
var errFewColumns = errors.New("the result has too few columns")

// blockRows is the number of rows of a block.
const blockRows = 8

// fetch reads all rows of a result into slots of a width.
func fetch(ctx context.Context, s *odbc.Stmt, width int, kinds []protocol.Kind, forms []odbc.Form) (all [][]any, err error) {
	if s.Columns() < len(kinds) {
		return nil, errFewColumns
	}
	specs := make([]protocol.ColumnSpec, len(kinds))
	for i, kind := range kinds {
		specs[i] = protocol.ColumnSpec{Name: fmt.Sprint("c", i+1), Kind: kind, Width: width}
	}
	// There is room for twice the rows: a driver may write cells eight bytes apart.
	r := s.NewRowset(protocol.NewBatch(specs, 2*blockRows), forms, blockRows)
	defer s.Forget(r)
	for {
		n, last, err := s.Fetch(ctx, r, blockRows)
		if err != nil {
			return nil, err
		}
		r.Load()
		for row := range n {
			cells := make([]any, len(kinds))
			for i := range kinds {
				cells[i] = cellOf(r.Batch(), i, row)
			}
			all = append(all, cells)
		}
		if err := r.Batch().Err(); err != nil {
			return nil, err
		}
		if last {
			return all, nil
		}
	}
}

// cellOf returns a cell, nil for NULL.
func cellOf(b *protocol.Batch, i, row int) any {
	if b.Columns()[i].Indicators()[row] == protocol.Null {
		return nil
	}
	switch c := b.Columns()[i].(type) {
	case *protocol.Numbers[int16]:
		return c.At(row)
	case *protocol.Numbers[int32]:
		return c.At(row)
	case *protocol.Numbers[int64]:
		return c.At(row)
	case *protocol.Numbers[float32]:
		return c.At(row)
	case *protocol.Numbers[float64]:
		return c.At(row)
	case *protocol.Bools:
		return c.At(row)
	case *protocol.Binaries:
		return string(c.At(row))
	case *protocol.Decimals:
		return c.At(row)
	case *protocol.Timestamps:
		return c.At(row).UTC()
	case *protocol.UUIDs:
		return c.At(row)
	}
	return b.Text(i).At(row)
}

// sent is parameters that travel as the plugin says.
type sent struct {
	kinds []protocol.Kind
	rows  [][]any
}

// batch returns the parameters as a Batch.
func (p sent) batch() *protocol.Batch {
	specs := make([]protocol.ColumnSpec, len(p.kinds))
	for i, kind := range p.kinds {
		specs[i] = protocol.ColumnSpec{Name: fmt.Sprint("p", i+1), Kind: kind, Width: 100}
	}
	b := protocol.NewBatch(specs, 0)
	for _, row := range p.rows {
		appendTo(b, row)
	}
	return b
}

// appendTo appends a row, nil being NULL.
func appendTo(b *protocol.Batch, row []any) {
	for i, v := range row {
		switch c := b.Columns()[i].(type) {
		case *protocol.Numbers[int16]:
			c.AppendPtr(valueOf[int16](v))
		case *protocol.Numbers[int32]:
			c.AppendPtr(valueOf[int32](v))
		case *protocol.Numbers[int64]:
			c.AppendPtr(valueOf[int64](v))
		case *protocol.Numbers[float32]:
			c.AppendPtr(valueOf[float32](v))
		case *protocol.Numbers[float64]:
			c.AppendPtr(valueOf[float64](v))
		case *protocol.Timestamps:
			c.AppendPtr(valueOf[time.Time](v))
		case *protocol.Texts:
			c.AppendPtr(valueOf[string](v))
		case *protocol.Decimals:
			c.AppendPtr(valueOf[decimal.Decimal](v))
		case *protocol.UUIDs:
			c.AppendPtr(valueOf[uuid.UUID](v))
		case *protocol.Binaries:
			if v == nil {
				c.AppendPtr(nil)
			} else {
				c.Append([]byte(v.(string)))
			}
		default:
			panic(fmt.Sprintf("probe: no parameters of %T", c))
		}
	}
	b.EndRow()
}

func valueOf[T any](v any) *T {
	if v == nil {
		return nil
	}
	value := v.(T)
	return &value
}

// params returns how parameters of the kinds travel.
func (a *at) params(kinds []protocol.Kind) []odbc.Parameter {
	types := make([]odbc.Parameter, len(kinds))
	for i, kind := range kinds {
		p := a.plugin.ParamOf(kind)
		types[i] = odbc.Parameter{
			SQLType: int16(p.SQL), Form: odbc.Form(p.Form), Size: p.Size, Digits: p.Digits,
			Long: int16(p.Long), LongOver: p.LongOver, Cut: p.Cut,
		}
	}
	return types
}

// send executes a statement once with all rows: one, or a parameter array. The statement
// is returned with the error too, if it was prepared, and is to be closed.
func (a *at) send(sql string, p sent) (*odbc.Stmt, error) {
	s, err := a.prepare(sql, p.kinds)
	if err != nil {
		return nil, err
	}
	if n := s.Params(); n != len(p.kinds) {
		s.Close()
		return nil, fmt.Errorf("the driver counts %d parameter markers, there are %d", n, len(p.kinds))
	}
	s.BindParams(p.batch(), a.params(p.kinds), odbc.ParamOptions{})
	return s, s.Execute(a.ctx)
}

// prepare prepares a statement with parameters of the kinds as the plugin says.
func (a *at) prepare(sql string, kinds []protocol.Kind) (*odbc.Stmt, error) {
	var o odbc.StmtOptions
	if a.plugin.Quirks.BindFirst {
		o.First = a.params(kinds)
	}
	return a.conn.Prepare(a.ctx, sql, o)
}

// do is send for a statement that nobody asks anything.
func (a *at) do(sql string, p sent) error {
	s, err := a.send(sql, p)
	if s != nil {
		s.Close()
	}
	return err
}

// selecting returns a query for expressions.
func (a *at) selecting(expressions string) string {
	for _, from := range []string{"", " FROM DUAL", " FROM SYSIBM.SYSDUMMY1"} {
		if rows, err := a.rows("SELECT 1"+from, protocol.Int64); err == nil && len(rows) == 1 {
			return "SELECT " + expressions + from
		}
	}
	return "SELECT " + expressions
}
