package runtime

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Procedure is a stored procedure or function with parameters of type P; what comes
// back makes one value of type R. Generated code holds one value for each; it is safe
// for concurrent use and must not be copied or changed.
type Procedure[P, R any] struct {
	Name      string // of the Go method
	Driver    string // plugin that told the columns of Results, see WithDrift; "" where nothing is compared
	Procedure string // its name in the database, with dots where it is qualified
	Params    []ProcedureParam
	// Encode appends one row: a column for each In and InOut parameter, in order.
	Encode func(*protocol.Batch, P)
	// Decode takes one row: a column for each Out, InOut and Return parameter, in order.
	// It is nil where there is none.
	Decode func(*R, *protocol.Batch)
	// Results are those of the call, in order. Those of Cursor parameters come last, in
	// the order of the parameters.
	Results []Set[R]
}

// ProcedureParam is a parameter of a procedure.
type ProcedureParam struct {
	Name      string
	Kind      protocol.Kind
	Direction driver.Direction
	// Width is the most bytes of a text or binary that comes back, 0 where it is not
	// known. It counts where the driver must be given room before the call: a value that
	// is longer is an error then, never cut.
	Width int
}

// Call calls the procedure, once: nothing is tried again. Where the rows of a Cursor
// parameter can be read only in a transaction, there is one around the call, unless db
// is a Tx. Row counts that no set of Results is for are passed over: a procedure may
// have one for each of its statements. Rows for which there is no set are an error, and
// so is a set that does not come. With an error the result is not to be used.
func (p *Procedure[P, R]) Call(ctx context.Context, db Session, params P) (result R, err error) {
	if !p.needsTx(db) {
		return p.call(ctx, db, params)
	}
	err = db.InTx(ctx, func(tx *Tx) (err error) {
		result, err = p.call(ctx, tx, params)
		return err
	}, NoTxRetry())
	return result, named(p.Name, err)
}

// needsTx reports whether there are cursors that end with their transaction, and db is none.
func (p *Procedure[P, R]) needsTx(db Session) bool {
	known, ok := db.(interface{ Plugin() *driver.Plugin })
	if _, open := db.(*Tx); open || !ok {
		return false
	}
	return known.Plugin().Calls.Cursors.Fetch != "" && len(p.only(driver.Cursor)) > 0
}

// only returns the parameters of the directions.
func (p *Procedure[P, R]) only(directions ...driver.Direction) (params []ProcedureParam) {
	for _, param := range p.Params {
		if slices.Contains(directions, param.Direction) {
			params = append(params, param)
		}
	}
	return params
}

func (p *Procedure[P, R]) call(ctx context.Context, db Session, params P) (result R, err error) {
	l, err := db.loan(ctx)
	if err != nil {
		return result, named(p.Name, err)
	}
	c := calling[P, R]{Procedure: p, c: l.physical, into: &result}
	defer func() {
		failed := err != nil
		l.end(ctx, err, func(context.Context) {
			if c.s != nil {
				c.s.done(failed)
			}
		})
	}()
	if err := l.lock(ctx); err != nil {
		return result, named(p.Name, err)
	}
	defer l.mu.Unlock()
	err = named(p.Name, c.run(ctx, params))
	return result, err
}

// calling is a call under way.
type calling[P, R any] struct {
	*Procedure[P, R]
	c    *physical
	s    *statement
	into *R

	sets    []Set[R]           // results to come, without those of cursors that have names
	row     bool               // so is the row of values
	values  *protocol.Batch    // of the parameters that come back
	cursors []sql.Null[string] // names
}

// run makes the call. c.mu must be held.
func (c *calling[P, R]) run(ctx context.Context, params P) error {
	inputs, err := c.encoded(params)
	if err != nil {
		return c.c.operation(c.Name, "bind").wrap(err)
	}
	sh, err := c.shape(ctx)
	if err != nil {
		return err
	}
	encode := func(into *protocol.Batch, _ P) { sh.call.fill(into, inputs) }
	if err := start(ctx, c.c, sh, &c.s, encode, params); err != nil {
		return err
	}
	if err := c.results(ctx, sh.call.form); err != nil {
		return err
	}
	if err := c.bound(sh.call); err != nil {
		return c.s.wrap("decode", err)
	}
	if err := c.decode(); err != nil {
		return c.s.wrap("decode", err)
	}
	return c.fetchCursors(ctx)
}

// encoded returns the values of the parameters that go there.
func (c *calling[P, R]) encoded(params P) (*protocol.Batch, error) {
	b := protocol.NewBatch(specsOf(paramsOf(c.only(driver.In, driver.InOut))), 0)
	if c.Encode != nil {
		c.Encode(b, params)
	}
	b.EndRow()
	return b, b.Err()
}

func paramsOf(of []ProcedureParam) []Param {
	params := make([]Param, len(of))
	for i, p := range of {
		params[i] = Param{Name: p.Name, Kind: p.Kind}
	}
	return params
}

// shape returns the shape of the statement, which is that of the one that is kept.
// What is no procedure any more has failed, and its statement is not.
func (c *calling[P, R]) shape(ctx context.Context) (shape, error) {
	if kept, ok := c.c.statements.Get(c.Procedure); ok {
		sh := kept.shape
		sh.driver, sh.columns = "", nil
		return sh, nil
	}
	name, err := c.c.dialect.QualifiedName(c.Procedure.Procedure)
	if err != nil {
		return shape{}, c.c.operation(c.Name, "prepare").refuse(driver.KindUnknownObject, err)
	}
	form, err := c.form(ctx, name)
	if err != nil {
		return shape{}, err
	}
	b := boundCall{form: form}
	directions := make([]driver.Direction, len(c.Params))
	for i, p := range c.Params {
		directions[i] = p.Direction
		switch {
		case !form.Bound(p.Direction):
		case p.Direction == driver.Return: // whose marker is the first
			b.params = slices.Insert(b.params, 0, p)
		default:
			b.params = append(b.params, p)
		}
	}
	return shape{key: c.Procedure, name: c.Name, sql: form.Statement(name, directions, slices.ContainsFunc(c.Results, hasRows[R])), params: paramsOf(b.params), call: &b}, nil
}

var (
	errNoProcedures = errors.New("the database has no procedures")
	errNoFunctions  = errors.New("the database has no functions that can be called as procedures")
	errNoCursors    = errors.New("the database has no REF CURSOR as a parameter: rows that the procedure selects are results")
)

// form returns how what has the quoted name is called.
func (c *calling[P, R]) form(ctx context.Context, name string) (form driver.Call, err error) {
	calls := c.c.plugin.Calls
	refuse := func(err error) (driver.Call, error) {
		return form, c.c.operation(c.Name, "prepare").refuse(driver.KindUnsupported, err)
	}
	function := len(c.only(driver.Return)) > 0
	switch {
	case calls.Procedure.Text == "":
		return refuse(errNoProcedures)
	case calls.Cursors == driver.Cursors{} && len(c.only(driver.Cursor)) > 0:
		return refuse(errNoCursors)
	case function && calls.Function.Text == "":
		return refuse(errNoFunctions)
	case !function && calls.IsFunction != "":
		is, err := c.c.textLocked(ctx, calls.IsFunction, name)
		if err != nil {
			return form, err
		}
		function = is == "1"
	}
	if function {
		return calls.Function, nil
	}
	return calls.Procedure, nil
}

// boundCall is a statement that calls a procedure.
type boundCall struct {
	form   driver.Call
	params []ProcedureParam // one for each marker
}

// bind says which parameters come back.
func (b *boundCall) bind(types []odbc.Parameter, calls driver.Calls) {
	if b == nil || b.form.Values != driver.ValuesBound {
		return
	}
	for i, p := range b.params {
		if p.Direction == driver.In {
			continue
		}
		if at := slices.IndexFunc(calls.Params, func(rule driver.Param) bool { return rule.Kind == p.Kind }); at >= 0 {
			types[i] = parameterOf(calls.Params[at])
		}
		types[i].Output = odbc.Output{Way: odbc.Back, Width: p.room(calls), Guessed: p.Width == 0}
		if p.Direction == driver.InOut {
			types[i].Output.Way = odbc.Both
		}
		types[i].Size = cmp.Or(types[i].Size, uint64(types[i].Output.Width))
	}
}

// room returns the bytes to set aside for a value.
func (p ProcedureParam) room(calls driver.Calls) int {
	switch p.Kind {
	case protocol.Text, protocol.NText, protocol.JSON, protocol.XML, protocol.Interval, protocol.Binary:
		return cmp.Or(p.Width, calls.Width, maxSlot)
	}
	return slotFor(p.Kind, 0)
}

// fill appends the values that go there, and NULL for the others.
func (b *boundCall) fill(into, inputs *protocol.Batch) {
	from := inputs.Columns()
	for i, p := range b.params {
		if p.Direction == driver.In || p.Direction == driver.InOut {
			into.CopyCell(i, from[0], 0)
			from = from[1:]
			continue
		}
		null := protocol.NewBatch([]protocol.ColumnSpec{{Kind: p.Kind}}, 1).Columns()[0]
		null.Indicators()[0] = protocol.Null
		into.CopyCell(i, null, 0)
	}
}

var (
	errUnexpectedRows = errors.New("the database gave rows where no more were expected")
	errNoValues       = errors.New("the database gave no values of the parameters that come back")
)

// results reads the results to their end.
func (c *calling[P, R]) results(ctx context.Context, form driver.Call) error {
	back, cursors := c.only(driver.Out, driver.InOut, driver.Return), 0
	if c.c.plugin.Calls.Cursors.Fetch != "" {
		cursors = len(c.only(driver.Cursor))
	}
	c.sets = c.Results[:len(c.Results)-cursors]
	c.row = form.Values == driver.ValuesRow && len(back)+cursors > 0
	if len(back) > 0 {
		c.values = protocol.NewBatch(specsOf(paramsOf(back)), 0)
	}
	for more := true; more; {
		err := c.result(ctx)
		if err == nil {
			more, err = c.s.native.NextResult(ctx)
			err = c.s.wrap("fetch", err)
		}
		if err != nil {
			return err
		}
	}
	return c.missing()
}

// result reads a result.
func (c *calling[P, R]) result(ctx context.Context) error {
	rows := c.s.native.Columns() > 0
	if rows && c.row && !slices.ContainsFunc(c.sets, hasRows[R]) {
		return c.readValues(ctx)
	}
	if len(c.sets) == 0 {
		if rows {
			return c.s.wrap("fetch", errUnexpectedRows)
		}
		return nil
	}
	set := &c.sets[0]
	switch {
	case rows && !hasRows(*set):
		return ofSet(set.Name, c.s.wrap("fetch", errRowSet))
	case !rows && hasRows(*set):
		return nil
	}
	c.sets = c.sets[1:]
	if !rows {
		return ofSet(set.Name, set.count(c.s, c.into))
	}
	c.s.shape.driver = c.Driver
	c.s.expect(set.Columns)
	return ofSet(set.Name, set.rows(ctx, c.s, c.into))
}

func hasRows[R any](set Set[R]) bool { return len(set.Columns) > 0 }

// readValues reads the row of the values that come back. Nothing is compared with the
// code: a driver may call their types by other names than the catalog.
func (c *calling[P, R]) readValues(ctx context.Context) error {
	c.row = false
	params := c.only(driver.Out, driver.InOut, driver.Return, driver.Cursor)
	columns := make([]Column, len(params))
	for i, p := range params {
		columns[i] = Column{Name: p.Name, Kind: p.Kind, Null: true}
		if p.Direction == driver.Cursor {
			columns[i].Kind = protocol.Text
		}
	}
	row := Set[R]{Columns: columns, Into: Into[R]{
		begin: func(*R) {},
		rows: func(_ *R, b *protocol.Batch) {
			for i, p := range params {
				if p.Direction == driver.Cursor {
					c.cursors = append(c.cursors, b.Text(i).Null(0))
					continue
				}
				c.values.CopyCell(i-len(c.cursors), b.Columns()[i], 0)
			}
		},
		least: 1, most: 1,
	}}
	c.s.shape.driver = ""
	c.s.expect(columns)
	return row.rows(ctx, c.s, c.into)
}

// missing says what did not come.
func (c *calling[P, R]) missing() error {
	switch {
	case len(c.sets) > 0:
		return ofSet(c.sets[0].Name, c.s.wrap("fetch", errFewResults))
	case c.row:
		return c.s.wrap("fetch", errNoValues)
	}
	return nil
}

// bound takes the values that came back in bound parameters.
func (c *calling[P, R]) bound(b *boundCall) error {
	if b.form.Values != driver.ValuesBound || c.values == nil {
		return nil
	}
	if err := c.s.native.Outputs(); err != nil {
		return err
	}
	cells := c.s.params.Columns()
	at, next := 0, len(c.only(driver.Return)) // which is the first
	for _, p := range c.Params {
		marker := next
		switch {
		case p.Direction == driver.Return:
			marker = 0
		case b.form.Bound(p.Direction):
			next++
		}
		if p.Direction == driver.Out || p.Direction == driver.InOut || p.Direction == driver.Return {
			c.values.CopyCell(at, cells[marker], 0)
			at++
		}
	}
	return nil
}

func (c *calling[P, R]) decode() error {
	if c.values == nil || c.Decode == nil {
		return nil
	}
	c.values.EndRow()
	c.values.SetRows(1, 0)
	c.Decode(c.into, c.values)
	return c.values.Err()
}

// errNoCursor says that there is nothing to read the rows from.
var errNoCursor = errors.New("the procedure has opened no cursor for this parameter: it is NULL")

// fetchCursors reads the rows of the cursors that have come back by their names.
func (c *calling[P, R]) fetchCursors(ctx context.Context) error {
	sets := c.Results[len(c.Results)-len(c.cursors):]
	for i, name := range c.cursors {
		if err := c.fetchCursor(ctx, name, &sets[i]); err != nil {
			return ofSet(sets[i].Name, err)
		}
	}
	return nil
}

func (c *calling[P, R]) fetchCursor(ctx context.Context, name sql.Null[string], set *Set[R]) error {
	if !name.Valid {
		return c.s.wrap("fetch", errNoCursor)
	}
	cursors, quoted := c.c.plugin.Calls.Cursors, c.c.dialect.Quote(name.V)
	s, err := c.c.prepare(ctx, shape{name: c.Name, sql: fmt.Sprintf(cursors.Fetch, quoted), driver: c.Driver, columns: set.Columns})
	if err != nil {
		return err
	}
	defer s.native.Close()
	if err := s.native.Execute(ctx); err != nil {
		return s.wrap("execute", err)
	}
	if err := set.rows(ctx, s, c.into); err != nil {
		return err
	}
	return c.c.directLocked(ctx, fmt.Sprintf(cursors.Close, quoted))
}
