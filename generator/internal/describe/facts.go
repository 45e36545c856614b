package describe

import (
	"slices"
)

// outcome is what a condition is known to be.
type outcome uint8

const (
	isTrue  outcome = iota
	isFalse         // and not NULL
	notTrue         // false or NULL
)

// opposite is what the operand of NOT is.
func (o outcome) opposite() (outcome, bool) {
	switch o {
	case isTrue:
		return isFalse, true
	case isFalse:
		return isTrue, true
	}
	return notTrue, false // NOT NULL is NULL
}

// prove enters into the scope what follows from the outcome of a condition: which
// columns are not NULL there, and so which outer joins have found a row.
func (v *resolver) prove(condition *expression, o outcome, sc *scope) {
	v.enterFacts(v.facts(condition, o, sc), "the condition "+v.reading.text(condition.span)+" says so")
}

// proveJoin enters what the condition of a join proves for the sides that have a
// row only if it holds.
func (v *resolver) proveJoin(t *reference, left, right []*relation, sc *scope) {
	var facts []place
	for _, p := range v.facts(t.on, isTrue, sc) {
		onLeft, onRight := slices.Contains(left, p.relation), slices.Contains(right, p.relation)
		if onLeft && (t.kind == "INNER" || t.kind == "RIGHT") || onRight && (t.kind == "INNER" || t.kind == "LEFT") {
			facts = append(facts, p)
		}
	}
	if !t.doubt {
		v.enterFacts(facts, "joined ON "+v.reading.text(t.on.span))
	}
}

func (v *resolver) enterFacts(facts []place, why string) {
	for _, p := range facts {
		p.outer = ""
		if c := &p.columns[p.number]; !c.notNull {
			c.notNull, c.why = true, why
		}
	}
}

// branch returns the scope of a branch that is taken only with the outcome.
func (v *resolver) branch(condition *expression, o outcome, sc *scope) *scope {
	if sc == nil || len(v.facts(condition, o, sc)) == 0 {
		return sc
	}
	copied := *sc
	copied.relations = make([]*relation, len(sc.relations))
	for i, r := range sc.relations {
		c := *r
		c.columns = slices.Clone(r.columns)
		copied.relations[i] = &c
	}
	v.prove(condition, o, &copied)
	return &copied
}

// facts returns the columns that cannot be NULL if a condition has the outcome.
func (v *resolver) facts(e *expression, o outcome, sc *scope) []place {
	switch {
	case e == nil:
		return nil
	case e.form == columnForm && o != notTrue:
		return v.strict(e, sc)
	case e.form == inForm && (o == isTrue || o == isFalse && e.query == nil): // nothing is IN an empty result
		return v.strict(e.args[0], sc)
	case e.form == betweenForm && o == isTrue:
		return append(append(v.strict(e.args[0], sc), v.strict(e.args[1], sc)...), v.strict(e.args[2], sc)...)
	case e.form == betweenForm && o == isFalse:
		return v.strict(e.args[0], sc)
	case e.form != operatorForm:
		return nil
	}
	switch e.op {
	case "AND", "OR":
		left, right := v.facts(e.args[0], o, sc), v.facts(e.args[1], o, sc)
		if (e.op == "AND") == (o == isTrue) {
			return append(left, right...)
		}
		return slices.DeleteFunc(left, func(p place) bool { return !slices.Contains(right, p) })
	case "NOT":
		if opposite, ok := o.opposite(); ok {
			return v.facts(e.args[0], opposite, sc)
		}
	case "IS NULL":
		if o != isTrue {
			return v.strict(e.args[0], sc)
		}
	case "IS NOT NULL":
		if o == isTrue {
			return v.strict(e.args[0], sc)
		}
	case "=", "==", "<>", "!=", "<", ">", "<=", ">=", "LIKE", "ILIKE":
		if o != notTrue {
			return v.compared(e, o, sc)
		}
	}
	return nil
}

// compared returns the facts of a comparison that is true or false. Rows are
// equal only if no part is NULL; ANY and ALL may compare with nothing.
func (v *resolver) compared(e *expression, o outcome, sc *scope) (all []place) {
	for _, operand := range e.args {
		switch {
		case operand.form == callForm && slices.Contains([]string{"ANY", "ALL", "SOME"}, operand.op):
			return nil
		case operand.form == rowForm && e.op == "=" && o == isTrue:
			for _, part := range operand.args {
				all = append(all, v.strict(part, sc)...)
			}
		case operand.form != rowForm:
			all = append(all, v.strict(operand, sc)...)
		}
	}
	return all
}

// strict returns the columns of the scope without which an expression is NULL.
func (v *resolver) strict(e *expression, sc *scope) (all []place) {
	switch e.form {
	case columnForm:
		if sc == nil || e.qualifier == "" && sc.mergedIndex(e.name) >= 0 {
			return nil
		}
		if p, ok, _ := among(sc.relations, e.qualifier, e.name); ok {
			return []place{p}
		}
		return nil
	case operatorForm:
		if !slices.Contains([]string{"+", "-", "*", "/", "%", "COLLATE"}, e.op) {
			return nil
		}
	case callForm:
		if f, ok := v.d.function(e.op); !ok || f.null != strictly || e.over || e.filter != nil {
			return nil
		}
	case castForm:
	default:
		return nil
	}
	for _, a := range e.args {
		all = append(all, v.strict(a, sc)...)
	}
	return all
}
