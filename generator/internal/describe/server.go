package describe

import (
	"context"
	"fmt"
	"strings"

	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// preparedKind returns the kind of a parameter as the server names its type,
// Invalid where that has no kind of its own or the server does not tell.
func (s *statement) preparedKind(ctx context.Context, use sqlscan.Use) protocol.Kind {
	if s.prepared == nil {
		s.prepared = s.preparedTypes(ctx)
	}
	for i, u := range s.text.Bound.Uses {
		if u.At == use.At && i < len(s.prepared) {
			return s.d.plugin.KindOf(s.prepared[i], driver.Unknown, false)
		}
	}
	return protocol.Invalid
}

// preparedTypes returns the names of the parameters' types, none where the server
// does not tell them. The statement is read and not planned.
func (s *statement) preparedTypes(ctx context.Context) []string {
	if s.d.plugin.Describe.Undeclared.Query != "" {
		return s.undeclaredTypes(ctx)
	}
	p := s.d.plugin.Describe.Prepared
	none := []string{}
	if p.Prepare == "" || s.d.conn.Exec(ctx, p.Prepare+s.numbered("$%d")) != nil {
		return none
	}
	defer s.d.conn.Exec(ctx, p.Close)
	names, ok, err := s.d.ask(ctx, p.Types)
	if err != nil || !ok {
		return none
	}
	return strings.Fields(names)
}

// undeclaredKinds returns the kinds of all parameters where the server tells them before
// the statement is prepared, text for a type that has none; else none.
func (s *statement) undeclaredKinds(ctx context.Context) []protocol.Kind {
	if s.d.plugin.Describe.Undeclared.Query == "" || len(s.text.Bound.Uses) == 0 {
		return nil
	}
	s.prepared = s.preparedTypes(ctx)
	var kinds []protocol.Kind
	for _, name := range s.prepared {
		kind := s.d.plugin.KindOf(name, driver.Unknown, false)
		if kind == protocol.Invalid {
			kind = protocol.Text
		}
		kinds = append(kinds, kind)
	}
	return kinds
}

// undeclaredTypes is preparedTypes where the server has a query for it.
func (s *statement) undeclaredTypes(ctx context.Context) []string {
	ask := s.d.plugin.Describe.Undeclared
	q := runtime.Query[string, string]{
		Name: "parameters", SQL: ask.Query, Params: []runtime.Param{{Name: "statement", Kind: protocol.Text}},
		Encode: func(b *protocol.Batch, statement string) { b.Text(0).Append(statement) },
		Decode: func(names []string, b *protocol.Batch) {
			for i := range names {
				names[i] = b.Text(ask.Type - 1).Null(i).V
			}
		},
	}
	for i := range ask.Columns {
		q.Columns = append(q.Columns, runtime.Column{Name: fmt.Sprint("c", i+1), Kind: protocol.Text, Null: true})
	}
	names, err := q.Many(ctx, s.d.conn, s.numbered(ask.Marker))
	if err != nil {
		return []string{}
	}
	return names
}

// numbered returns the statement with the form for each marker, %d is its number from 1.
func (s *statement) numbered(form string) string {
	var b strings.Builder
	from := 0
	for i, use := range s.text.Bound.Uses {
		b.WriteString(s.text.Bound.SQL[from:use.At])
		fmt.Fprintf(&b, form, i+1)
		from = use.At + 1
	}
	b.WriteString(s.text.Bound.SQL[from:])
	return b.String()
}

// typeName asks the server for the type of a result column, by its number. No row
// is read: a LIMIT of 0 runs nothing of the query below it, and a statement that
// changes rows cannot stand there.
func (s *statement) typeName(ctx context.Context, column int) (string, bool) {
	if s.d.plugin.Describe.TypeOf == "" || s.columnCount == 0 {
		return "", false
	}
	names := make([]string, s.columnCount)
	for i := range names {
		names[i] = fmt.Sprintf("c%d", i+1)
	}
	sql := fmt.Sprintf(s.d.plugin.Describe.TypeOf, column+1, strings.TrimSuffix(strings.TrimSpace(s.reading.sql), ";")+"\n", strings.Join(names, ", "))
	name, ok, err := s.d.askWithNulls(ctx, sql, len(s.text.Bound.Uses))
	return name, ok && err == nil
}

// describeReturning adds the columns of a RETURNING clause that the driver tells
// only when the statement was executed: those of a SELECT from the table.
func (s *statement) describeReturning(ctx context.Context, described *runtime.Description) error {
	r := s.reading
	arm := r.main()
	returning := r.first(arm, "RETURNING")
	if returning >= arm.to || s.d.plugin.Describe.Returning != driver.ReturningExecuted {
		return nil
	}
	q := r.tree()
	if q == nil || q.arms[0].from == nil || q.arms[0].from.table == "" {
		return nil
	}
	list, err := s.d.conn.Describe(ctx, "SELECT "+r.text(span{returning + 1, arm.to})+" FROM "+r.text(q.arms[0].from.span))
	if err != nil {
		return err
	}
	described.Columns = list.Columns
	return nil
}
