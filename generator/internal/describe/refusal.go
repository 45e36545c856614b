package describe

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
)

// refusal is a statement that the database refused, being looked into.
type refusal struct {
	d       *Database
	reading reading
	bound   sqlscan.Bound
	found   diag.Diagnostic
	// alike tells whether the database says the same about another text, which is
	// shown to it and not executed.
	alike func(context.Context, sqlscan.Bound) bool
	complaint

	offset, length int // the place in the text that it is about, all of it where nobody knows
	at             int // the token that stands there, or comes next
}

// refusal looks for the place in a statement that err is about.
func (d *Database) refusal(r reading, bound sqlscan.Bound, err error) *refusal {
	x := &refusal{d: d, reading: r, bound: bound, found: d.said(err), length: len(strings.TrimSpace(bound.SQL))}
	x.complaint = complaintOf(x.found.Message)
	x.alike = func(ctx context.Context, other sqlscan.Bound) bool {
		described, err := d.conn.Describe(ctx, other.SQL)
		if err == nil && len(described.Columns) == 0 {
			err = d.check(ctx, other)
		}
		return err != nil && d.said(err).Message == x.found.Message
	}
	return x
}

// finding is what the database said, with advice. It finds the place.
func (x *refusal) finding(ctx context.Context) diag.Diagnostic {
	x.locate(ctx)
	f := x.found
	if before, _, ok := strings.Cut(f.Message, "; check the manual"); ok && x.line > 0 { // which is long, and the place is drawn
		near, _, _ := strings.Cut(x.word, "\n")
		f.Message = fmt.Sprintf("%s near '%s'", before, near)
	}
	f.Message, _, _ = strings.Cut(f.Message, "\n")
	f.Help = x.help(ctx)
	return f
}

// locate finds the place.
func (x *refusal) locate(ctx context.Context) {
	switch x.about {
	case aboutEnd:
		x.locateEnd()
		return
	case aboutRest:
		x.locateRest()
		return
	case aboutParameter:
		if n, _ := strconv.Atoi(x.word); n > 0 && n <= len(x.bound.Uses) {
			x.put(x.bound.Uses[n-1].At, 1)
		}
		return
	case aboutAnything:
		if i := x.remedyPlace(); i < len(x.reading.tokens) {
			x.point(span{i, i + 1})
			return
		}
	}
	if x.word != "" {
		x.locateWord(ctx)
	}
}

// remedyPlace returns the token that the remedy for the message looks for, the
// number of tokens where there is none.
func (x *refusal) remedyPlace() int {
	if a := x.remedy(); a != nil && a.at != nil {
		return x.reading.find(a.at)
	}
	return len(x.reading.tokens)
}

// locateWord finds the word of the message.
func (x *refusal) locateWord(ctx context.Context) {
	if x.about == aboutTable && len(x.reading.occurrences(x.word, aboutTable)) == 0 {
		x.about = aboutAlias // of a star: bk.*
	}
	places := x.reading.occurrences(x.word, x.about)
	if len(places) == 0 {
		places = x.reading.occurrences(x.word, aboutAnything)
	}
	if len(places) > 0 {
		x.point(x.choose(ctx, places))
	} else if i := strings.Index(x.reading.sql, x.word); i >= 0 {
		first, _, _ := strings.Cut(x.word, "\n")
		x.put(i, max(1, len(first)))
	}
}

// find returns the first token that fits, or the number of them.
func (r reading) find(fits func(r reading, i int) bool) int {
	for i := range r.tokens {
		if fits(r, i) {
			return i
		}
	}
	return len(r.tokens)
}

// point sets the place to a name: its last part, or its qualifier where that is not
// known.
func (x *refusal) point(name span) {
	t := x.reading.tokens[name.to-1]
	x.put(t.Offset, len(t.Text))
	if qualifier := x.qualifier(); x.about == aboutColumn && qualifier != "" && !x.reading.qualifies(qualifier) {
		t = x.reading.tokens[x.at-2]
		x.about, x.word, x.at = aboutAlias, qualifier, 0
		x.put(t.Offset, len(t.Text))
	}
}

// qualifies tells whether a table, or something else in the statement, may have a
// name or alias to qualify columns with. A table with an alias has no other name.
func (r reading) qualifies(name string) bool {
	hidden := false
	for _, m := range r.mentions() {
		if strings.EqualFold(m.alias, name) {
			return true
		}
		hidden = hidden || strings.EqualFold(m.name, name)
	}
	return !hidden && r.find(func(r reading, i int) bool {
		return strings.EqualFold(r.name(i), name) && !r.is(i+1, ".") && !r.is(i-1, ".")
	}) < len(r.tokens)
}

// put sets the place.
func (x *refusal) put(offset, length int) {
	x.offset, x.length = offset, length
	for x.at < len(x.reading.tokens) && x.reading.tokens[x.at].End() <= offset {
		x.at++
	}
}

// locateEnd puts the place at a parenthesis that is not closed, or behind the text.
func (x *refusal) locateEnd() {
	x.put(len(strings.TrimSpace(x.reading.sql)), 0)
	for i := range x.reading.tokens {
		if x.reading.is(i, "(") && sqlscan.Match(x.reading.tokens, i) < 0 {
			x.offset, x.length = x.reading.tokens[i].Offset, 1
		}
	}
}

// locateRest puts the place where the rest of the statement begins that MariaDB
// shows, some 80 characters of it.
func (x *refusal) locateRest() {
	sql := strings.TrimRight(x.reading.sql, " \t\r\n;")
	text := strings.TrimRight(strings.TrimSuffix(x.word, "..."), " \t\r\n;")
	at := len(sql) - len(text)
	if !strings.HasSuffix(sql, text) {
		line := lineOffset(sql, x.line)
		if at = strings.Index(sql[line:], text); at < 0 {
			return
		}
		at += line
	}
	x.put(at, 0)
	if x.reading.is(x.at-2, ",") && x.reading.is(x.at-1, ",") { // the second one is read when it is refused
		x.at--
	}
	if x.at < len(x.reading.tokens) {
		x.offset, x.length = x.reading.tokens[x.at].Offset, len(x.reading.tokens[x.at].Text)
	}
}

// lineOffset returns where a line begins, counted from 1.
func lineOffset(text string, line int) int {
	offset := 0
	for range line - 1 {
		offset += strings.IndexByte(text[offset:], '\n') + 1
	}
	return offset
}

// occurrences returns where the statement has a word, dotted or not, that means a
// thing of the kind. Databases write schemas before names that have none: parts are
// left out from the first on until there is a place.
func (r reading) occurrences(word string, about subject) []span {
	parts := strings.Split(word, ".")
	if strings.Trim(word, ".0123456789") == "" {
		parts = []string{word}
	}
	for ; len(parts) > 0; parts = parts[1:] {
		var all []span
		for i := range r.tokens {
			s := span{i, i + 2*len(parts) - 1}
			if r.spells(i, parts) && r.means(s, about) {
				all = append(all, s)
			}
		}
		if all != nil {
			return all
		}
	}
	return nil
}

// spells tells whether the parts stand at token i, with dots between them.
func (r reading) spells(i int, parts []string) bool {
	for k, part := range parts {
		at := i + 2*k
		if at >= len(r.tokens) || k > 0 && !r.is(at-1, ".") {
			return false
		}
		t := r.tokens[at]
		text := t.Kind == sqlscan.String && strings.EqualFold(strings.Trim(t.Text, `'"`), part)
		if !text && !strings.EqualFold(t.Text, part) && (t.Name() == "" || !strings.EqualFold(t.Name(), part)) {
			return false
		}
	}
	return true
}

// means tells whether a name can be that of a thing of the kind, where it stands.
func (r reading) means(s span, about subject) bool {
	switch about {
	case aboutColumn:
		return !r.is(s.to, "(", ".") && !r.is(s.from-1, "AS") && !r.mentioned(s)
	case aboutAmbiguous:
		return !r.is(s.to, "(", ".") && !r.is(s.from-1, ".", "AS")
	case aboutTable:
		return r.mentioned(s)
	case aboutAlias:
		return r.is(s.to, ".")
	case aboutFunction:
		return r.is(s.to, "(")
	}
	return true
}

// choose returns the one of several places that a message is about, the first
// where that cannot be found out.
func (x *refusal) choose(ctx context.Context, places []span) span {
	if len(places) == 1 {
		return places[0]
	}
	for i, place := range places {
		var same bool
		if x.about == aboutToken { // read up to here, the statement is refused alike
			end := x.reading.tokens[place.to-1].End()
			same = x.alike(ctx, x.bound.Part(0, x.bound.Original(end)))
		} else { // refused alike without the others
			same = x.alike(ctx, x.withNulls(slices.Delete(slices.Clone(places), i, i+1)))
		}
		if same {
			return place
		}
	}
	return places[0]
}

// withNulls returns the statement with NULL in some places.
func (x *refusal) withNulls(places []span) sqlscan.Bound {
	sql := x.bound.SQL
	uses := slices.Clone(x.bound.Uses)
	for i := len(places) - 1; i >= 0; i-- {
		offset, length := x.reading.extent(places[i])
		sql = sql[:offset] + "NULL" + sql[offset+length:]
		for k := range uses {
			if uses[k].At > offset {
				uses[k].At += len("NULL") - length
			}
		}
	}
	return sqlscan.Bound{SQL: sql, Uses: uses}
}
