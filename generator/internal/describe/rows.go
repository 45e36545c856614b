package describe

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/spec"
	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Bounds of what is read to hold a query against live data.
const (
	mostRows    = 10_000 // of a run
	mostSamples = 3      // values of a parameter, with each of which the query is run
)

// Rows runs a query against the data that is there, in a transaction that is rolled
// back, and tells where a row contradicts the shape: a NULL where none was said to
// be, a value that is not of the type. Parameters get values that stand in what they
// are compared with. It returns how many rows it has read. ok is false for a
// statement that is not a SELECT alone or takes arrays, which is not run.
func (d *Database) Rows(ctx context.Context, q *spec.Query, shape Shape) (rows int, findings []diag.Diagnostic, ok bool) {
	text := q.TextFor(d.plugin.Name)
	text.Bound = expand(text.Bound, shape.Embeds, d.plugin.Dialect.Quote)
	s := &statement{
		d: d, faults: faults{query: q, text: text},
		reading: d.read(text.Bound.SQL),
	}
	if q.Result.Value == spec.Sets || len(shape.Columns) == 0 || !s.reading.selects() || hasArray(text.Bound.Uses, shape.Params) {
		return 0, nil, false
	}
	r := reality{statement: s, shape: shape, null: make([]int64, len(shape.Columns))}
	err := d.conn.InTx(ctx, func(tx *runtime.Tx) error {
		for _, values := range r.arguments(ctx, tx) {
			if err := r.run(ctx, tx, values); err != nil {
				r.contradicted(err)
				break
			}
		}
		return errRollback
	})
	if !errors.Is(err, errRollback) {
		r.contradicted(err)
	}
	r.nulls()
	return r.rows, s.findings, true
}

// hasArray tells whether a parameter is an array. A list is run with one value.
func hasArray(uses []sqlscan.Use, params []Value) bool {
	for i, v := range params {
		if v.List && !uses[i].List {
			return true
		}
	}
	return false
}

var errRollback = errors.New("nothing is to stay")

// selects tells whether the statement only reads, as far as its words say.
func (r reading) selects() bool {
	return r.is(r.main().from, "SELECT") && !r.has("INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "INTO", "CALL", "NEXTVAL")
}

// reality is what running a statement showed.
type reality struct {
	*statement
	shape Shape
	rows  int
	null  []int64 // of each column, the first row with a NULL, from 1; 0 for none
}

// arguments returns the lists of parameters to run the statement with.
func (r *reality) arguments(ctx context.Context, tx *runtime.Tx) [][]reflect.Value {
	uses := r.text.Bound.Uses
	samples := make([][]reflect.Value, len(uses))
	runs := 1
	for i, use := range uses {
		samples[i] = r.samples(ctx, tx, use, r.shape.Params[i])
		runs = max(runs, len(samples[i]))
	}
	lists := make([][]reflect.Value, runs)
	for n := range lists {
		for i := range uses {
			lists[n] = append(lists[n], samples[i][min(n, len(samples[i])-1)])
		}
	}
	return lists
}

// samples returns values for a parameter: those that the expression has that it is
// compared with, or one that is likely to find something.
func (r *reality) samples(ctx context.Context, tx *runtime.Tx, use sqlscan.Use, v Value) []reflect.Value {
	marker := r.reading.marker(use.At)
	if column := r.reading.columnBeside(marker); !column.empty() {
		for _, from := range r.reading.scopes(marker) {
			if found := r.values(ctx, tx, r.selecting(r.reading.text(column), from), v.Kind); len(found) > 0 {
				return found
			}
		}
	}
	return []reflect.Value{likely[v.Kind]}
}

// columnBeside returns the column that token i, or the list that it stands in, is
// compared with; nothing where that is not a plain column.
func (r reading) columnBeside(i int) span {
	for range 2 {
		if operator := r.operatorLeft(i); operator >= 0 {
			end := operator - 1
			for r.is(end, "NOT", "IS", "DISTINCT") {
				end--
			}
			from := end
			for r.is(from-1, ".") && r.name(from-2) != "" {
				from -= 2
			}
			if r.name(end) != "" {
				return span{from, end + 1}
			}
		}
		if operator := r.operatorRight(i); operator >= 0 && r.name(operator+1) != "" {
			if next, _ := r.qualified(operator + 1); !r.is(next, "(") {
				return span{operator + 1, next}
			}
		}
		if i = r.level(i).from - 1; i < 0 {
			break
		}
	}
	return span{}
}

// likely are parameters for which many statements find rows; those of other kinds
// are NULL.
var likely = map[protocol.Kind]reflect.Value{
	protocol.Bool: reflect.ValueOf(true), protocol.Text: reflect.ValueOf("%"), protocol.NText: reflect.ValueOf("%"),
	protocol.Int8: reflect.ValueOf(int8(100)), protocol.Int16: reflect.ValueOf(int16(100)), protocol.Int32: reflect.ValueOf(int32(100)),
	protocol.Int64: reflect.ValueOf(int64(100)), protocol.Float64: reflect.ValueOf(100.0),
}

// values returns some values of the one column of a SELECT without parameters.
func (r *reality) values(ctx context.Context, tx *runtime.Tx, sql string, kind protocol.Kind) []reflect.Value {
	var found []reflect.Value
	q := runtime.Query[runtime.None, reflect.Value]{
		Name: r.query.Name.Value, SQL: sql, Columns: []runtime.Column{{Name: "sample", Kind: kind, Null: true}},
		Decode: func(rows []reflect.Value, b *protocol.Batch) {
			c := ready(b, 0)
			for i := range rows {
				rows[i] = reflect.Value{}
				if c.Indicators()[i] != protocol.Null {
					rows[i] = cell(c, i)
				}
			}
		},
	}
	// A savepoint: a sample that fails must not end the transaction.
	_ = tx.InTx(ctx, func(tx *runtime.Tx) error {
		for v, err := range q.Stream(ctx, tx, runtime.None{}) {
			known := func(other reflect.Value) bool { return reflect.DeepEqual(v.Interface(), other.Interface()) }
			switch {
			case err != nil:
				return err
			case v.IsValid() && !slices.ContainsFunc(found, known):
				found = append(found, v)
			}
			if len(found) == mostSamples {
				break
			}
		}
		return nil
	})
	return found
}

// ready returns column i, ready to be read.
func ready(b *protocol.Batch, i int) protocol.Column {
	if _, texts := b.Columns()[i].(*protocol.Texts); texts {
		return b.Text(i)
	}
	return b.Columns()[i]
}

// cell returns the value of a cell, which is checked by that.
func cell(c protocol.Column, row int) reflect.Value {
	return reflect.ValueOf(c).MethodByName("At").Call([]reflect.Value{reflect.ValueOf(row)})[0]
}

// run executes the statement and looks at its rows.
func (r *reality) run(ctx context.Context, tx *runtime.Tx, values []reflect.Value) error {
	q := runtime.Query[[]reflect.Value, []bool]{
		Name: r.query.Name.Value, SQL: r.text.Bound.SQL, Encode: encode, Decode: decode,
	}
	for _, p := range r.shape.Params {
		q.Params = append(q.Params, runtime.Param{Name: p.Name, Kind: p.Kind})
	}
	for _, c := range r.shape.Columns {
		q.Columns = append(q.Columns, runtime.Column{Name: c.Name, Kind: c.Kind, Null: true})
	}
	read := 0
	for nulls, err := range q.Stream(ctx, tx, values) {
		if err != nil {
			return err
		}
		r.rows++
		for i, null := range nulls {
			if null && r.null[i] == 0 {
				r.null[i] = int64(r.rows)
			}
		}
		if read++; read == mostRows {
			break
		}
	}
	return nil
}

// encode appends a row of parameters; what is not valid is NULL.
func encode(b *protocol.Batch, values []reflect.Value) {
	for i, c := range b.Columns() {
		column := reflect.ValueOf(c)
		if values[i].IsValid() {
			column.MethodByName("Append").Call([]reflect.Value{values[i]})
			continue
		}
		null := column.MethodByName("AppendNull")
		null.Call([]reflect.Value{reflect.Zero(null.Type().In(0))})
	}
}

// decode tells which cells of each row are NULL, and reads all others.
func decode(rows [][]bool, b *protocol.Batch) {
	for i := range rows {
		rows[i] = make([]bool, len(b.Columns()))
	}
	for k := range b.Columns() {
		c := ready(b, k)
		for i := range rows {
			if rows[i][k] = c.Indicators()[i] == protocol.Null; !rows[i][k] {
				cell(c, i)
			}
		}
	}
}

// contradicted tells of an error while the rows were read.
func (r *reality) contradicted(err error) {
	f := r.d.said(err)
	f.Pos, f.Query = r.text.BoundPos(0, len(strings.TrimSpace(r.reading.sql))), r.query.Name.Value
	f.Message, f.Help = "run on live data: "+f.Message, "say the type in the spec, under columns: or params:"
	r.findings = append(r.findings, f)
}

// nulls tells of columns that are NULL and should never be.
func (r *reality) nulls() {
	for i, c := range r.shape.Columns {
		if row := r.null[i]; row > 0 && !c.Null {
			r.findAt(r.query.Name.Pos, fmt.Sprintf("say it in the spec, under columns: %s: {null: true}", c.Name),
				"column %q is said never to be NULL (%s), and is in row %d of live data", c.Name, c.NullWhy, row)
		}
	}
}
