package describe

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
	"github.com/odbcgen/odbcgen/runtime"
)

// help says what to write instead, "" where that is not clear.
func (x *refusal) help(ctx context.Context) string {
	switch x.about {
	case aboutColumn:
		return x.helpColumn(ctx)
	case aboutAmbiguous:
		return x.helpAmbiguous(ctx)
	case aboutTable:
		return x.helpTable(ctx)
	case aboutAlias:
		return x.helpAlias()
	case aboutFunction:
		return x.helpFunction(ctx)
	case aboutType:
		return diag.DidYouMean(x.word, castNames())
	case aboutParameter:
		return x.helpParameter()
	case aboutToken, aboutRest, aboutEnd:
		return x.helpSyntax(ctx)
	}
	if a := x.remedy(); a != nil {
		return a.help
	}
	return ""
}

// remedy returns what is known of a message that is about nothing else, or nil.
func (x *refusal) remedy() *remedy {
	i := slices.IndexFunc(remedies, func(r remedy) bool { return r.message.MatchString(x.found.Message) })
	if i < 0 {
		return nil
	}
	return &remedies[i]
}

// remedy is for messages that say what is wrong and not where, or what is right.
type remedy struct {
	message *regexp.Regexp
	at      func(r reading, i int) bool // tells whether token i is the place; nil where the message does
	help    string
}

// remedies are tried in order.
var remedies = []remedy{
	{regexp.MustCompile(`must appear in the GROUP BY clause`), nil, "write the column under GROUP BY too, or inside of an aggregate such as MAX"},
	{regexp.MustCompile(`^LIMIT #,# syntax`), at("LIMIT"), "write LIMIT count OFFSET start"},
	{regexp.MustCompile(`^operator does not exist: .* == `), nil, "write = in the place of =="},
	{regexp.MustCompile(`^operator does not exist: `), nil, "convert one side: CAST(… AS text), or another type"},
	{regexp.MustCompile(`target columns than expressions|expressions than target columns|^\d+ values for \d+ columns|match value count`), at("VALUES", "SELECT"), "write as many values as columns"},
	{regexp.MustCompile(`UNION.* same number|different number of columns`), at("UNION", "INTERSECT", "EXCEPT"), "each SELECT of it has as many columns as the first"},
	{regexp.MustCompile(`not allowed in WHERE|misuse of aggregate|Invalid use of group function`), aggregateInWhere, "a condition on an aggregate is written HAVING, behind GROUP BY"},
	{regexp.MustCompile(`^HAVING clause on a non-aggregate`), at("HAVING"), "write WHERE in the place of HAVING"},
	{regexp.MustCompile(`specified more than once|^Not unique table/alias`), repeatsAlias, "give it another alias"},
}

// at returns a test for the words.
func at(words ...string) func(r reading, i int) bool {
	return func(r reading, i int) bool { return r.is(i, words...) }
}

func doubleEquals(r reading, i int) bool { return r.is(i-1, "=") && r.is(i, "=") }

func aggregateInWhere(r reading, i int) bool {
	where := r.first(r.arm(i), "WHERE")
	return where < i && r.calls(i) && r.is(i, "COUNT", "SUM", "MIN", "MAX", "AVG", "TOTAL", "GROUP_CONCAT", "STRING_AGG", "ARRAY_AGG")
}

func (x *refusal) lastPart() string { return x.word[strings.LastIndex(x.word, ".")+1:] }

// helpColumn proposes a column of the tables in the statement, or the right
// qualifier.
func (x *refusal) helpColumn(ctx context.Context) string {
	name, qualifier := x.lastPart(), x.qualifier()
	tables := x.tables()
	if qualifier != "" {
		i := slices.IndexFunc(tables, func(m mention) bool { return strings.EqualFold(m.alias, qualifier) })
		if i < 0 {
			return ""
		}
		own := tables[i : i+1]
		if others := x.having(ctx, tables, name); len(others) > 0 && len(x.having(ctx, own, name)) == 0 {
			return "write " + others[0]
		}
		tables = own
	}
	if slices.Contains(x.columnsOf(ctx, tables), name) {
		return "" // the name is known: it is something else
	}
	if help := x.didYouMean(name, x.columnsOf(ctx, tables)); help != "" {
		return help
	}
	if x.at < len(x.reading.tokens) && strings.HasPrefix(x.reading.tokens[x.at].Text, `"`) {
		return fmt.Sprintf("in double quotes it is a name; a string is written '%s'", name)
	}
	if x.isResult(name) {
		return fmt.Sprintf("%s is a name in the result, which is not known here: write what it stands for", name)
	}
	return x.listColumns(ctx, tables)
}

// tables returns the tables whose columns may stand at the place, all of them where
// none may.
func (x *refusal) tables() []mention {
	all := x.reading.mentions()
	if x.at >= len(x.reading.tokens) {
		return all
	}
	scopes := x.reading.scopes(x.at)
	near := slices.DeleteFunc(slices.Clone(all), func(m mention) bool {
		return !slices.ContainsFunc(scopes, func(s span) bool { return s.from <= m.from && m.from < s.to })
	})
	if len(near) == 0 {
		return all
	}
	return near
}

// qualifier returns what stands before the name at the place, "" for nothing.
func (x *refusal) qualifier() string {
	if x.at < len(x.reading.tokens) && x.reading.is(x.at-1, ".") {
		return x.reading.name(x.at - 2)
	}
	return ""
}

// having returns the name qualified by each of the tables that have such a column.
func (x *refusal) having(ctx context.Context, tables []mention, name string) []string {
	var all []string
	for _, m := range tables {
		for _, known := range x.columnsOf(ctx, []mention{m}) {
			if qualified := m.alias + "." + known; strings.EqualFold(known, name) && !slices.Contains(all, qualified) {
				all = append(all, qualified)
			}
		}
	}
	return all
}

func (x *refusal) columnsOf(ctx context.Context, tables []mention) []string {
	var names []string
	for _, m := range tables {
		columns, err := x.d.table(ctx, m.written)
		for _, c := range columns {
			if err == nil && !slices.Contains(names, c.Name) {
				names = append(names, c.Name)
			}
		}
	}
	return names
}

// didYouMean proposes the nearest name. One that differs in letter case only is
// known to the database with quotes.
func (x *refusal) didYouMean(word string, names []string) string {
	near := diag.Nearest(word, names)
	switch {
	case near == "" || near == word:
		return ""
	case strings.EqualFold(near, word):
		return fmt.Sprintf("write %s: letter case counts in it", x.d.plugin.Dialect.Quote(near))
	}
	return fmt.Sprintf("did you mean %q?", near)
}

// isResult tells whether the name is given to a column of the result.
func (x *refusal) isResult(name string) bool {
	for i := range x.reading.tokens {
		if x.reading.is(i, "AS") && i+1 != x.at && strings.EqualFold(x.reading.name(i+1), name) {
			return true
		}
	}
	return false
}

// listColumns names the columns of a table.
func (x *refusal) listColumns(ctx context.Context, tables []mention) string {
	if len(tables) != 1 {
		return ""
	}
	names := x.columnsOf(ctx, tables)
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("%s has %s", tables[0].name, diag.Few(names))
}

func (x *refusal) helpAmbiguous(ctx context.Context) string {
	if all := x.having(ctx, x.tables(), x.lastPart()); len(all) > 1 {
		return "write " + strings.Join(all, " or ")
	}
	return ""
}

// helpTable proposes a table, or the schema of one.
func (x *refusal) helpTable(ctx context.Context) string {
	tables := x.d.tablesThere(ctx)
	if len(tables) == 0 {
		return "the database has no tables"
	}
	for _, t := range tables {
		switch {
		case !strings.EqualFold(t.Name, x.lastPart()):
		case t.Schema != "" && t.Schema != x.d.scratch:
			return fmt.Sprintf("write %s.%s", t.Schema, t.Name)
		case x.qualifier() != "":
			return fmt.Sprintf("write %s: it is not in %s", t.Name, x.qualifier())
		}
	}
	names := namesOf(tables)
	if help := x.didYouMean(x.lastPart(), names); help != "" {
		return help
	}
	return "the database has " + diag.Few(names)
}

func namesOf(tables []runtime.Table) []string {
	var names []string
	for _, t := range tables {
		names = append(names, t.Name)
	}
	return names
}

// helpAlias proposes a qualifier for one that no table has.
func (x *refusal) helpAlias() string {
	qualifier := x.lastPart()
	var known []string
	for _, m := range x.tables() {
		if strings.EqualFold(m.name, qualifier) {
			return fmt.Sprintf("%s has the alias %s here: write %s.%s", m.name, m.alias, m.alias, x.qualified())
		}
		known = append(known, m.alias)
	}
	if help := diag.DidYouMean(qualifier, known); help != "" || len(known) == 0 {
		return help
	}
	return fmt.Sprintf("no table here is called %s; there is %s", qualifier, diag.Few(known))
}

// qualified returns what stands behind the qualifier at the place.
func (x *refusal) qualified() string {
	if x.at+2 < len(x.reading.tokens) {
		return x.reading.tokens[x.at+2].Text
	}
	return ""
}

func (x *refusal) helpFunction(ctx context.Context) string {
	names := x.d.functionNames(ctx)
	if containsFold(names, x.lastPart()) {
		return "there is a function of this name, which takes other arguments"
	}
	return diag.DidYouMean(x.lastPart(), names)
}

func (x *refusal) helpParameter() string {
	for _, u := range x.bound.Uses {
		if u.At == x.offset && u.Name != "" {
			return fmt.Sprintf("write CAST(:%s AS text), or another type", u.Name)
		}
	}
	return ""
}

// helpSyntax says what a statement lacks at the token where the database stopped
// reading.
func (x *refusal) helpSyntax(ctx context.Context) string {
	switch last := len(x.reading.tokens) - 1; {
	case x.about == aboutEnd && x.length == 1:
		return "this parenthesis is not closed"
	case x.about == aboutEnd && last >= 0:
		return fmt.Sprintf("something is missing behind %s", x.reading.tokens[last].Text)
	}
	for _, m := range mistakes {
		if m.drivers != "" && !slices.Contains(strings.Fields(m.drivers), x.d.plugin.Vendor()) {
			continue
		}
		if m.made(x.reading, x.at) {
			return m.help
		}
	}
	names := append(x.columnsOf(ctx, x.reading.mentions()), namesOf(x.d.tablesThere(ctx))...)
	for _, i := range []int{x.at, x.at - 1} {
		if help := x.helpWord(i, names); help != "" {
			return help
		}
	}
	if r := x.reading; x.at < len(r.tokens) && containsFold(names, r.name(x.at)) && r.name(x.at-1) != "" && r.name(x.at-2) != "" {
		return "is a comma missing before it?"
	}
	return ""
}

func containsFold(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

// mistakes are seen from the token at which a statement became wrong. The first
// that was made is told.
var mistakes = []struct {
	drivers string // whose databases do not know it, "" for all
	made    func(r reading, i int) bool
	help    string
}{
	{"", func(r reading, i int) bool {
		return r.is(i-1, ",") && (r.is(i, "FROM", "WHERE", ")") || i == len(r.tokens))
	}, "take away the comma before it"},
	{"", func(r reading, i int) bool { return r.is(i-1, ",") && r.is(i, ",") || r.is(i-2, ",") && r.is(i-1, ",") }, "take away one of the commas"},
	{"", doubleEquals, "write = in the place of =="},
	{"", func(r reading, i int) bool { return r.is(i, "&") && r.is(i+1, "&") || r.is(i-1, "&") && r.is(i, "&") }, "write AND in the place of &&"},
	{"", func(r reading, i int) bool { return r.is(i-1, "TOP") }, "write LIMIT at the end in the place of TOP"},
	{"", func(r reading, _ int) bool { return r.is(0, "DELETE") && !r.has("FROM") }, "write DELETE FROM"},
	{"", func(r reading, i int) bool {
		return i > 0 && i < len(r.tokens) && r.tokens[i].Kind == sqlscan.Word && r.is(i-1, r.tokens[i].Text)
	}, "the word is there twice: take one away"},
	{"", func(r reading, i int) bool { return r.is(i, ")") && sqlscan.Match(r.tokens, i) < 0 && r.depth[i] < 0 }, "no parenthesis is open here: take this one away"},
	{"postgres", func(r reading, i int) bool { return r.has("`") }, "write names in double quotes, which are backticks elsewhere"},
	{"postgres mariadb", func(r reading, i int) bool { return r.is(i, "[") || r.is(i-1, "[") }, "brackets around names are those of other databases: leave them out"},
	{"mariadb", func(r reading, i int) bool { return i < len(r.tokens) && strings.HasPrefix(r.tokens[i].Text, `"`) }, "in double quotes it is a string; a name is written in backticks"},
	{"sqlite mariadb", func(r reading, i int) bool { return r.is(i, ":") || r.is(i, "::") }, "write CAST(… AS type) in the place of ::"},
	{"sqlite mariadb", func(r reading, i int) bool { return r.is(i, "ILIKE") }, "write LIKE, on LOWER(…) if letter case counts"},
	{"mariadb", func(r reading, i int) bool { return r.is(i, "RETURNING") && r.is(0, "UPDATE") }, "MariaDB has RETURNING for INSERT and DELETE only: read the rows with another query"},
	{"mariadb", func(r reading, i int) bool { return r.is(i, "CONFLICT") }, "write ON DUPLICATE KEY UPDATE"},
	{"sqlite postgres", func(r reading, i int) bool { return r.is(i, "DUPLICATE") }, "write ON CONFLICT (…) DO UPDATE SET"},
	{"", func(r reading, i int) bool { return r.is(i, ")") && r.is(i-1, "(") && r.is(i-2, "IN") }, "a list of none is no list: write at least one value"},
}

// helpWord looks whether token i is a word of SQL that is misspelt, or used as one
// of the names.
func (x *refusal) helpWord(i int, names []string) string {
	if i < 0 || i >= len(x.reading.tokens) || x.reading.tokens[i].Kind != sqlscan.Word {
		return ""
	}
	word := x.reading.tokens[i].Text
	near := diag.Nearest(word, keywords)
	switch exact, named := strings.EqualFold(near, word), containsFold(names, word); {
	case exact && named:
		return fmt.Sprintf("%s is a word of SQL; as a name it is written %s", word, x.d.plugin.Dialect.Quote(word))
	case !exact && !named && near != "" && len(word) > 3:
		return fmt.Sprintf("did you mean %s in the place of %s?", near, word)
	}
	return ""
}

// keywords are words that are misspelt or taken for names.
var keywords = strings.Fields(`SELECT FROM WHERE GROUP HAVING ORDER LIMIT OFFSET UNION RETURNING SET VALUES JOIN INNER LEFT RIGHT
	DISTINCT INSERT INTO UPDATE DELETE BETWEEN TABLE COLUMN INDEX KEY REFERENCES USER CHECK DEFAULT CREATE PRIMARY UNIQUE CONSTRAINT
	TO END CASE WHEN GRANT DESC ASC USING NATURAL CROSS OUTER FOREIGN ALL AND OR ON AS IN LIKE RANK ROWS WINDOW OVER OF READ WRITE`)
