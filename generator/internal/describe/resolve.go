package describe

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// resolver says of the columns of a query what follows from its text and its
// tables. Where it is not sure it says nothing: no kind, and that NULL can occur.
type resolver struct {
	ctx context.Context
	*statement
	scopes  map[*arm]*scope
	hints   hints
	visited bool     // the hints are there
	views   []string // being read
}

// column is a column of a relation or of a result, with what is known of it.
type column struct {
	name string
	answer
}

// relation is what a table reference stands for.
type relation struct {
	alias   string
	columns []column
	open    bool   // it may have other columns, too
	outer   string // the join that may add rows in which all is NULL, "" for none
}

// scope is where names are looked for.
type scope struct {
	relations []*relation
	merged    []column            // by USING and NATURAL
	with      map[string][]column // what WITH defines, by name in capitals
	items     []output            // of the SELECT list, whose names some databases know elsewhere, too
	stray     bool                // plain columns stand beside an aggregate of all rows
	arm       *arm
	around    *scope
}

// query returns the columns of a query; ok is false where it is not understood.
func (v *resolver) query(q *query, around *scope) (all []column, ok bool) {
	around = v.define(q, around)
	for i, a := range q.arms {
		columns, ok := v.arm(a, around)
		if !ok || i > 0 && len(columns) != len(all) {
			return nil, false
		}
		if i == 0 {
			all = slices.Clone(columns)
			continue
		}
		for k := range all {
			all[k].answer = v.combine(q.operators, i, all[k].answer, columns[k].answer)
		}
	}
	return all, len(q.arms) > 0
}

// combine returns what a set operator makes of a column of both sides. In a row
// of INTERSECT both are the same; EXCEPT takes rows away.
func (v *resolver) combine(operators []string, i int, left, right answer) answer {
	alike := !slices.ContainsFunc(operators, func(op string) bool { return op != operators[0] })
	both := v.unify(left, right)
	both.notNull, both.why = left.notNull && right.notNull, "in all arms of "+operators[i-1]
	switch {
	case alike && operators[0] == "INTERSECT":
		both.notNull = left.notNull || right.notNull
	case alike && (operators[0] == "EXCEPT" || operators[0] == "MINUS"):
		both.notNull = left.notNull
	case !left.notNull:
		both.why = left.why
	case !right.notNull:
		both.why = right.why
	}
	return both
}

// define returns a scope with what a WITH clause defines. A definition may name
// one that comes later, of which nothing is known then.
func (v *resolver) define(q *query, around *scope) *scope {
	if len(q.with) > 1 {
		around = &scope{with: make(map[string][]column), around: around}
		for _, c := range q.with[1:] {
			around.with[strings.ToUpper(c.name)] = nil
		}
	}
	for _, c := range q.with {
		sc := &scope{with: make(map[string][]column), around: around}
		key := strings.ToUpper(c.name)
		if q.recursive || v.d.plugin.Dialect.RecursiveWith {
			sc.with[key] = v.recursive(c, around)
		} else {
			sc.with[key], _ = v.query(c.query, around)
		}
		rename(sc.with[key], c.names)
		around = sc
	}
	return around
}

// recursive returns the columns of a query that may read its own rows. What the
// first arm proves holds as long as it follows from itself for the others.
func (v *resolver) recursive(c commonTable, around *scope) []column {
	first := &query{span: c.query.span, with: c.query.with, arms: c.query.arms[:1]}
	columns, ok := v.query(first, around)
	for range len(columns) + 1 {
		if !ok {
			return nil
		}
		assumed := slices.Clone(columns)
		rename(assumed, c.names)
		clear(v.scopes)
		next, understood := v.query(c.query, &scope{with: map[string][]column{strings.ToUpper(c.name): assumed}, around: around})
		ok = understood && len(next) == len(columns)
		changed := false
		for i := range columns {
			if ok && columns[i].notNull && !next[i].notNull {
				columns[i].answer, changed = next[i].answer, true
			}
		}
		if !changed {
			break
		}
	}
	return columns
}

func rename(columns []column, names []string) {
	for i := range min(len(columns), len(names)) {
		columns[i].name = names[i]
	}
}

// arm returns the columns of an arm.
func (v *resolver) arm(a *arm, around *scope) ([]column, bool) {
	switch {
	case a.nested != nil:
		return v.query(a.nested, around)
	case a.verb == "VALUES":
		return v.values(a, around)
	}
	sc := v.scope(a, around)
	var all []column
	for _, o := range a.list {
		if o.star {
			columns, ok := v.star(o, sc)
			if !ok {
				return nil, false
			}
			all = append(all, columns...)
			continue
		}
		answer := v.answer(o.e, sc)
		if a.sets && !(o.e.form == callForm && o.e.op == "COUNT") {
			answer.notNull, answer.why = false, "grouped by several sets of columns"
		}
		if sc.stray && v.reading.plain(o.span) { // MariaDB may make NULL of all of it, even of a COALESCE
			answer.notNull, answer.why = false, "beside an aggregate of all rows"
		}
		all = append(all, column{o.name, answer})
	}
	return all, true
}

func (v *resolver) values(a *arm, around *scope) (all []column, ok bool) {
	for i, row := range a.rows {
		if i > 0 && len(row) != len(all) {
			return nil, false
		}
		for k, cell := range row {
			c := v.answer(cell, around)
			if i == 0 {
				all = append(all, column{fmt.Sprintf("column%d", k+1), c})
			} else {
				all[k].answer = v.combine([]string{"VALUES"}, 1, all[k].answer, c)
			}
		}
	}
	return all, len(all) > 0
}

// scope returns where the names of an arm are looked for, with what its joins
// and its WHERE clause prove.
func (v *resolver) scope(a *arm, around *scope) *scope {
	if sc, ok := v.scopes[a]; ok {
		return sc
	}
	sc := &scope{around: around, arm: a, items: a.list}
	v.scopes[a] = sc
	if a.from != nil {
		v.enter(a.from, sc)
	}
	if a.verb != "SELECT" && len(sc.relations) > 0 {
		v.changeView(a, sc.relations[0])
	}
	if a.where != nil && a.verb == "SELECT" {
		v.prove(a.where, isTrue, sc)
	}
	sc.stray = a.verb == "SELECT" && a.list != nil && !a.grouped && v.aggregates(v.ctx, a.span)
	return sc
}

// changeView takes the proofs from a view that is changed: what is stored below it
// need not be in it, and triggers may give other rows.
func (v *resolver) changeView(a *arm, target *relation) {
	t := a.from
	for t.kind != "" {
		t = t.left
	}
	if _, isView, err := v.d.viewText(v.ctx, t.table); t.table != "" && !isView && err == nil {
		return
	}
	for i := range target.columns {
		target.columns[i].notNull, target.columns[i].why = false, "changed through a view"
	}
}

// enter adds the relations of a table reference to the scope.
func (v *resolver) enter(t *reference, sc *scope) {
	if t.kind == "" {
		sc.relations = append(sc.relations, v.relation(t, sc))
		return
	}
	from, fromMerged := len(sc.relations), len(sc.merged)
	v.enter(t.left, sc)
	middle, middleMerged := len(sc.relations), len(sc.merged)
	v.enter(t.right, sc)
	left, right := sc.relations[from:middle], sc.relations[middle:]
	toMerged := len(sc.merged)
	v.merge(t, left, right, sc)
	if t.on != nil {
		v.proveJoin(t, left, right, sc)
	}
	if t.kind == "LEFT" || t.kind == "FULL" || t.doubt {
		putOutside(t, right, sc.merged[middleMerged:toMerged])
	}
	if t.kind == "RIGHT" || t.kind == "FULL" || t.doubt {
		putOutside(t, left, sc.merged[fromMerged:middleMerged])
	}
}

// putOutside notes that a join may add rows in which all of a side is NULL.
func putOutside(t *reference, side []*relation, merged []column) {
	for _, r := range side {
		r.outer = cmp.Or(r.outer, t.kind+" JOIN")
	}
	for i := range merged {
		merged[i].notNull, merged[i].why = false, "outer side of "+t.kind+" JOIN"
	}
}

// merge adds the columns that USING or NATURAL makes one of.
func (v *resolver) merge(t *reference, left, right []*relation, sc *scope) {
	names := t.using
	if t.natural {
		names = common(left, right)
	}
	for _, name := range names {
		l, lok, _ := among(left, "", name)
		r, rok, _ := among(right, "", name)
		m := column{name: name, answer: answer{why: "joined by its name"}}
		if lok && rok && sc.mergedIndex(name) < 0 {
			m.answer = v.unify(l.answer(), r.answer())
			switch m.why = "joined by its name"; t.kind {
			case "LEFT":
				m.notNull = l.answer().notNull
			case "RIGHT":
				m.notNull = r.answer().notNull
			case "FULL":
				m.notNull = l.answer().notNull && r.answer().notNull
			default:
				m.notNull = true
			}
		}
		if i := sc.mergedIndex(name); i >= 0 {
			sc.merged[i] = m
		} else {
			sc.merged = append(sc.merged, m)
		}
	}
}

// common returns the names that columns of both sides have.
func common(left, right []*relation) []string {
	var names []string
	for _, l := range left {
		for _, c := range l.columns {
			for _, r := range right {
				if r.index(c.name) >= 0 && !slices.Contains(names, c.name) {
					names = append(names, c.name)
				}
			}
		}
	}
	return names
}

// index returns the number of the column of the name, -1 for none.
func (r *relation) index(name string) int {
	return slices.IndexFunc(r.columns, func(c column) bool { return name != "" && strings.EqualFold(c.name, name) })
}

// relation returns what a table reference stands for.
func (v *resolver) relation(t *reference, sc *scope) *relation {
	r := &relation{alias: t.alias, open: true}
	switch {
	case t.query != nil:
		within := sc.around
		if t.lateral {
			within = sc
		}
		if columns, ok := v.query(t.query, within); ok {
			r.columns, r.open = slices.Clone(columns), false
		}
	case t.function != "":
		r.columns = v.functionTable(t)
		r.open = t.function != "GENERATE_SERIES"
	default:
		if columns, ok := sc.common(t); ok {
			r.columns, r.open = slices.Clone(columns), columns == nil
		} else if columns, ok := v.tableColumns(t.table); ok {
			r.columns, r.open = slices.Clone(columns), false
		}
	}
	rename(r.columns, t.names)
	return r
}

// functionTable returns the columns of a function that stands where tables do.
func (v *resolver) functionTable(t *reference) []column {
	switch {
	case t.function == "GENERATE_SERIES":
		return []column{{t.alias, answer{notNull: true, why: "GENERATE_SERIES gives no NULL"}}}
	case t.function == "JSON_EACH" || t.function == "JSON_TREE":
		return []column{{"type", answer{Kind: protocol.Text, Source: t.function, notNull: v.d.plugin.Vendor() == "sqlite", why: "a column of " + t.function}}}
	}
	return nil
}

// common returns the columns of what WITH defines under the name of the table, nil
// where they are not known.
func (sc *scope) common(t *reference) ([]column, bool) {
	for ; sc != nil && !t.qualified; sc = sc.around {
		if columns, ok := sc.with[strings.ToUpper(t.last)]; ok {
			return columns, true
		}
	}
	return nil, false
}

// find returns the answer for a column; ok is false where it is not sure which it
// is, or what.
func (sc *scope) find(qualifier, name string) (answer, bool) {
	for ; sc != nil; sc = sc.around {
		if m := sc.mergedIndex(name); m >= 0 && qualifier == "" {
			return sc.seen(sc.merged[m].answer), true
		}
		p, ok, unsure := among(sc.relations, qualifier, name)
		switch {
		case unsure:
			return answer{}, false
		case ok:
			return sc.seen(p.answer()), true
		}
	}
	return answer{}, false
}

// item returns the item of the SELECT list that an alias stands for, nil for
// none: HAVING may name it.
func (sc *scope) item(e *expression) *expression {
	if sc == nil || e.form != columnForm || e.qualifier != "" {
		return nil
	}
	for _, o := range sc.items {
		if strings.EqualFold(o.name, e.name) && o.e != nil && o.e.form != columnForm {
			return o.e
		}
	}
	return nil
}

func (sc *scope) mergedIndex(name string) int {
	return slices.IndexFunc(sc.merged, func(c column) bool { return strings.EqualFold(c.name, name) })
}

// seen is a column as it is seen from the SELECT list.
func (sc *scope) seen(a answer) answer {
	if sc.stray {
		a.notNull, a.why = false, "beside an aggregate of all rows"
	}
	return a
}

// hidden are columns that are in no list of a table's columns.
var hidden = strings.Fields("ROWID OID _ROWID_ CTID XMIN XMAX CMIN CMAX TABLEOID")

// place is where a column is: its number in a relation.
type place struct {
	*relation
	number int
}

// answer is what is known of the column there, outer joins included.
func (p place) answer() answer {
	a := p.columns[p.number].answer
	if p.outer != "" {
		a.notNull, a.why = false, "outer side of "+p.outer+" "+p.alias
	}
	return a
}

// among looks for a column in some relations. It is unsure where several have it,
// or one may.
func among(relations []*relation, qualifier, name string) (found place, ok, unsure bool) {
	for _, r := range relations {
		if qualifier != "" && !strings.EqualFold(r.alias, qualifier) {
			continue
		}
		hits := 0
		for i, c := range r.columns {
			if strings.EqualFold(c.name, name) {
				unsure = unsure || ok
				found, ok = place{r, i}, true
				hits++
			}
		}
		// A qualified name is the relation's and nothing else's.
		unsure = unsure || hits == 0 && (qualifier != "" || r.open || r.unnamed())
	}
	unsure = unsure || !ok && len(relations) > 0 && slices.Contains(hidden, strings.ToUpper(name))
	return found, ok && !unsure, unsure
}

// unnamed tells whether the database makes up the name of a column.
func (r *relation) unnamed() bool {
	return slices.ContainsFunc(r.columns, func(c column) bool { return c.name == "" })
}

// star returns the columns that a star stands for.
func (v *resolver) star(o output, sc *scope) (all []column, ok bool) {
	if o.of == "" {
		for _, m := range sc.merged {
			all = append(all, column{m.name, sc.seen(m.answer)})
		}
	}
	for _, r := range sc.relations {
		if o.of != "" && !strings.EqualFold(r.alias, o.of) {
			continue
		}
		if ok = !r.open; !ok {
			return nil, false
		}
		for i, c := range r.columns {
			if o.of == "" && sc.mergedIndex(c.name) >= 0 {
				continue
			}
			all = append(all, column{c.name, sc.seen(place{r, i}.answer())})
		}
	}
	for i := range all {
		if sc.arm.sets {
			all[i].notNull, all[i].why = false, "grouped by several sets of columns"
		}
	}
	return all, ok
}

// tableColumns returns the columns of a table or view, named as in SQL.
func (v *resolver) tableColumns(name string) ([]column, bool) {
	if columns, ok := v.d.relations[name]; ok {
		return columns, columns != nil
	}
	if slices.Contains(v.views, name) {
		return nil, false
	}
	columns, err := v.readTable(name)
	v.d.relations[name] = columns
	return columns, err == nil
}

func (v *resolver) readTable(name string) ([]column, error) {
	described, err := v.d.conn.Describe(v.ctx, "SELECT * FROM "+name)
	if err != nil {
		return nil, err
	}
	text, isView, err := v.d.viewText(v.ctx, name)
	var below []column
	if isView {
		below = v.viewColumns(name, text)
	}
	columns := make([]column, len(described.Columns))
	for i, c := range described.Columns {
		if v.d.plugin.Describe.Tableless && !isView && err == nil {
			c.Table = lastPart(name)
		}
		a := v.d.told(v.ctx, c, c.Name)
		switch {
		case len(below) == len(columns):
			a.notNull, a.why = below[i].notNull, below[i].why+", in view "+name
			if !a.known() || !v.d.plugin.Describe.Expressions && below[i].known() {
				a.Kind, a.Source = below[i].Kind, below[i].Source
			}
		case isView || err != nil || !strings.EqualFold(c.Table, lastPart(name)):
			a.why = "a view may give NULL"
		default:
			a.notNull, a.why = v.stored(v.ctx, c, c.Name)
		}
		columns[i] = column{c.Name, a}
	}
	return columns, nil
}

// lastPart returns the last part of a dotted name, without quotes.
func lastPart(name string) string {
	parts := strings.Split(name, ".")
	return strings.Trim(parts[len(parts)-1], "\"`[] ")
}

// viewColumns returns the columns of a view as its text tells, nil where it does
// not.
func (v *resolver) viewColumns(name, text string) []column {
	r := v.d.read(text)
	q, names := r.view()
	if q == nil || slices.ContainsFunc(r.tokens, isMarker) {
		return nil
	}
	inner := &resolver{ctx: v.ctx, statement: &statement{d: v.d, reading: r}, scopes: make(map[*arm]*scope), hints: make(hints), views: append(slices.Clone(v.views), name)}
	columns, ok := inner.query(q, nil)
	if !ok {
		return nil
	}
	rename(columns, names)
	return columns
}
