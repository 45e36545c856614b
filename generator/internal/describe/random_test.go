package describe_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/generator/internal/describe"
	"github.com/odbcgen/odbcgen/internal/testdb"
)

// TestRandomStatements describes statements made up at random and runs them: no
// column said to be never NULL may have one. Those that a database refuses are
// left out.
func TestRandomStatements(t *testing.T) {
	for _, db := range testdb.All(t) {
		t.Run(db.Name, func(t *testing.T) {
			maker := maker{Rand: rand.New(rand.NewPCG(1, 2)), database: db.Name}
			var statements []*statement
			for range 2000 {
				statements = append(statements, &statement{sql: maker.statement()})
			}
			schema, err := os.ReadFile("testdata/schema/" + db.Name + ".sql")
			require.NoError(t, err)
			testdb.Exec(t, db, string(schema))
			requireAllSound(t, db, statements)
		})
	}
}

// claim is what is said of a statement.
type claim struct {
	sql   string
	never []int // the columns that are never NULL
}

// requireAllSound runs all statements that can be described at once, each behind
// a row with its number.
func requireAllSound(t *testing.T, db testdb.Database, statements []*statement) {
	claims := claimsOf(open(t, db, statements), statements)
	var script strings.Builder
	columns := 0
	for number, c := range claims {
		fmt.Fprintf(&script, "SELECT '%s';\n%s;\n", number, c.sql)
		columns += len(c.never)
	}
	require.Greater(t, len(claims), 100, "too few statements are right")
	require.Greater(t, columns, 100, "too few columns are said to be never NULL")
	const empty = "DELETE FROM author; DELETE FROM book; DELETE FROM pair; DELETE FROM target;\n"
	for _, before := range []string{"", empty} {
		rows := testdb.Query(t, db, "BEGIN;\n"+before+script.String()+"ROLLBACK;\n")
		requireNoNull(t, rows, claims)
	}
}

func claimsOf(d database, statements []*statement) map[string]claim {
	claims := make(map[string]claim)
	for i, s := range statements {
		shape, _ := settled(d.Database, d.query(s))
		if len(shape.Columns) == 0 {
			continue
		}
		claims[fmt.Sprintf("#%d", i)] = claimOf(s.sql, shape)
	}
	return claims
}

func claimOf(sql string, shape describe.Shape) claim {
	c := claim{sql: sql}
	for k, column := range shape.Columns {
		if !column.Null {
			c.never = append(c.never, k)
		}
	}
	return c
}

func requireNoNull(t *testing.T, rows [][]string, claims map[string]claim) {
	var current claim
	for _, row := range rows {
		if c, ok := claims[row[0]]; ok {
			current = c
			continue
		}
		for _, k := range current.never {
			require.NotEqual(t, testdb.Null, row[k], "column %d is said to be never NULL, but it is\n%s", k, current.sql)
		}
	}
}

// maker makes up statements.
type maker struct {
	*rand.Rand
	database string
	aliases  []string // taken in the FROM clause being made
	with     []string // WITH definitions
}

func (m *maker) one(of ...string) string { return of[m.IntN(len(of))] }

var columnsOf = map[string][]string{
	"author": {"id", "name", "born", "mentor_id"}, "book": {"id", "author_id", "title", "pages", "note"},
	"pair": {"a", "b", "note"}, "target": {"id", "title"}, "with_author": {"id", "title", "name"}, "titles": {"id", "title"},
}

var tables = []string{"author", "book", "pair", "target", "with_author", "titles"}

// relation is a table reference, or several joined.
type relation struct {
	sql     string
	columns []string // qualified
}

func (m *maker) statement() string {
	m.aliases, m.with = nil, nil
	sql := m.query(2)
	if m.IntN(8) == 0 {
		sql += m.one(" UNION ALL ", " UNION ", " INTERSECT ", " EXCEPT ") + m.query(0)
	}
	if len(m.with) > 0 {
		sql = "WITH " + strings.Join(m.with, ", ") + " " + sql
	}
	return sql
}

// query is a SELECT with joins of some depth.
func (m *maker) query(depth int) string {
	outer := m.aliases
	m.aliases = nil
	from := m.relation(depth)
	var items, plain []string
	for range 1 + m.IntN(4) {
		item, isPlain := m.item(from)
		items = append(items, item)
		if isPlain {
			plain = append(plain, item)
		}
	}
	sql := "SELECT " + m.one("", "", "DISTINCT ") + strings.Join(items, ", ") + " FROM " + from.sql
	if m.IntN(4) == 0 {
		sql += " WHERE " + m.condition(from, 2)
	}
	m.aliases = outer
	return sql + m.group(plain)
}

func (m *maker) group(plain []string) string {
	if len(plain) == 0 || m.IntN(3) > 0 {
		return ""
	}
	by := strings.Join(plain, ", ")
	switch {
	case m.database == "postgres" && m.IntN(2) == 0:
		return " GROUP BY " + m.one("ROLLUP", "CUBE") + " (" + by + ")"
	case m.database == "mariadb" && m.IntN(2) == 0:
		return " GROUP BY " + by + " WITH ROLLUP"
	}
	return " GROUP BY " + by
}

func (m *maker) item(from relation) (sql string, plain bool) {
	column := m.one(from.columns...)
	alias, name, _ := strings.Cut(column, ".")
	switch m.IntN(24) {
	case 0:
		return "*", false
	case 1, 2:
		return alias + ".*", false
	case 3:
		return name, true
	case 4:
		return "COUNT(*)", false
	case 5:
		return m.one("MAX", "MIN", "COUNT", "SUM") + "(" + column + ")" + m.one("", " OVER ()", " OVER ()", " + 1"), false
	case 6:
		return "COALESCE(" + m.text(from) + ", " + m.text(from) + ")", false
	case 7:
		return "(" + column + ")", true
	case 8:
		return "(SELECT " + m.one("MAX(", "COUNT(", "(") + column + ") FROM " + m.one("pair p", "titles p", "(SELECT 1 AS one) p") + " LIMIT 1)", false
	case 9:
		return column + m.one(" + 1", " || 'x'", " IS NULL", " = 1"), false
	case 10, 11:
		return m.number(from, 2), false
	case 12, 13:
		return m.words(from, 2), false
	case 14:
		return m.condition(from, 2), false
	case 15:
		return m.one("SUM", "MIN", "MAX", "COUNT", "AVG") + "(" + m.number(from, 1) + ")" + m.window(), false
	case 16:
		return m.one("FIRST_VALUE", "LAST_VALUE", "LAG", "LEAD", "MAX", "NTH_VALUE") + "(" + m.words(from, 1) + ")" + m.window(), false
	case 17:
		return m.subquery(from), false
	}
	return column + m.one("", "", " AS id", " renamed"), true
}

// window makes a window function of an aggregate, or not.
func (m *maker) window() string {
	return m.one("", "", " OVER ()", " OVER (ORDER BY 1)", " OVER (PARTITION BY 1)", " OVER (ORDER BY 1 ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING)")
}

// named returns a column whose name says that it is of the type, "" for none.
func (m *maker) named(r relation, names string) string {
	var all []string
	for _, c := range r.columns {
		if _, name, _ := strings.Cut(c, "."); strings.Contains(" "+names+" ", " "+name+" ") {
			all = append(all, c)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return m.one(all...)
}

// number is an expression with a number.
func (m *maker) number(r relation, depth int) string {
	column := m.named(r, "id author_id mentor_id pages a b")
	if depth == 0 || column == "" {
		return m.one(cmp.Or(column, "1"), cmp.Or(column, "NULL"), "2")
	}
	a, b := m.number(r, depth-1), m.number(r, depth-1)
	switch m.IntN(14) {
	case 0, 1:
		if m.database == "postgres" { // where 0 divides nothing
			return "(" + a + m.one(" + ", " - ", " * ", " / 2 + ", " % 2 - ") + b + ")"
		}
		return "(" + a + m.one(" + ", " - ", " * ", " / ", " % ") + b + ")"
	case 2:
		return m.caseOf(r, a, b, depth)
	case 3:
		return "COALESCE(" + a + ", " + b + ")"
	case 4:
		return "NULLIF(" + a + ", " + b + ")"
	case 5:
		return m.one("ABS(", "-(", "LENGTH(CAST(") + a + m.one(")", ") + 1", " AS CHAR(5)))")
	case 6:
		return "LENGTH(" + m.words(r, depth-1) + ")"
	case 7:
		if m.database == "sqlite" {
			return m.one("MAX", "MIN", "IIF") + "(" + m.one(a, m.condition(r, 0)) + ", " + b + ", " + a + ")"
		}
		return m.one("GREATEST", "LEAST") + "(" + a + ", " + b + ")"
	case 8:
		return "(SELECT " + m.one("COUNT(*)", "MAX(p.a)", "p.a", "COUNT(p.a) + "+a, "COALESCE(MAX(p.b), 0)", "SUM("+a+")") + " FROM pair p" +
			m.one("", " WHERE p.a = "+b, " GROUP BY p.a") + " LIMIT 1)"
	case 9:
		return "CAST(" + a + " AS " + m.one("DECIMAL(10,2)", "CHAR(9)") + ")"
	}
	return column
}

// words is an expression with a text.
func (m *maker) words(r relation, depth int) string {
	column := m.named(r, "name title note")
	if depth == 0 || column == "" {
		return m.one(cmp.Or(column, "'x'"), cmp.Or(column, "NULL"), "''")
	}
	a, b := m.words(r, depth-1), m.words(r, depth-1)
	switch m.IntN(9) {
	case 0:
		return m.one("UPPER", "LOWER", "TRIM", "LTRIM") + "(" + a + ")"
	case 1:
		return "SUBSTR(" + a + ", 1, 2)"
	case 2:
		return "REPLACE(" + a + ", 'x', " + b + ")"
	case 3:
		return m.caseOf(r, a, b, depth)
	case 4:
		return m.one("COALESCE", "NULLIF") + "(" + a + ", " + b + ")"
	case 5:
		if m.database == "mariadb" {
			return m.one("CONCAT", "IFNULL") + "(" + a + ", " + b + ")"
		}
		return "(" + a + " || " + b + ")"
	}
	return column
}

func (m *maker) caseOf(r relation, a, b string, depth int) string {
	switch m.IntN(4) {
	case 0:
		return "CASE " + a + " WHEN " + b + " THEN " + a + m.one(" ELSE "+b, "") + " END"
	case 1:
		column := m.one(r.columns...)
		return "CASE WHEN " + column + m.one(" IS NULL", " IS NOT NULL") + " THEN " + m.one(a, column) + " ELSE " + m.one(b, column) + " END"
	}
	return "CASE WHEN " + m.condition(r, depth-1) + " THEN " + a + m.one(" ELSE "+b, "") + " END"
}

// condition is an expression with a truth value.
func (m *maker) condition(r relation, depth int) string {
	not := m.one("", "", "NOT ")
	if depth == 0 {
		return m.one(r.columns...) + m.one(" IS NULL", " IS NOT NULL")
	}
	switch m.IntN(9) {
	case 0, 1:
		return not + "(" + m.condition(r, depth-1) + m.one(" AND ", " OR ") + m.condition(r, depth-1) + ")"
	case 2:
		return not + m.number(r, depth-1) + m.one(" = ", " <> ", " > ", " <= ") + m.number(r, depth-1)
	case 3:
		return m.words(r, depth-1) + " " + not + m.one("LIKE", "IN") + " (" + m.words(r, depth-1) + ")"
	case 4:
		return m.number(r, depth-1) + " " + not + "BETWEEN " + m.number(r, 0) + " AND " + m.number(r, 0)
	case 5:
		return m.number(r, depth-1) + " " + not + "IN (" + m.one("SELECT p.a FROM pair p", "SELECT id FROM author", "SELECT id FROM author WHERE id = 77", "1, 2", "1, NULL") + ")"
	case 6:
		return not + "EXISTS (SELECT 1 FROM pair p WHERE p.a = " + m.number(r, 0) + ")"
	}
	return m.one(r.columns...) + m.one(" IS NULL", " IS NOT NULL")
}

// subquery is a query that is a value.
func (m *maker) subquery(r relation) string {
	item := m.one("COUNT(*)", "MAX(t.id)", "t.id", "1", "COUNT("+m.one(r.columns...)+")", m.number(r, 1))
	return "(SELECT " + item + m.one(" FROM target t", " FROM author t", " FROM titles t LEFT JOIN pair p ON p.a = t.id", "") +
		m.one("", " WHERE "+m.condition(r, 0), " GROUP BY t.id", " HAVING COUNT(*) > 9") + m.one(" LIMIT 1", " LIMIT 1", " LIMIT 1 OFFSET 1") + ")"
}

func (m *maker) relation(depth int) relation {
	if depth == 0 || m.IntN(5) == 0 {
		return m.table(depth)
	}
	left, right := m.relation(depth-1), m.relation(depth-1)
	both := relation{columns: append(left.columns, right.columns...)}
	join := m.one(",", "JOIN", "INNER JOIN", "CROSS JOIN", "LEFT JOIN", "LEFT OUTER JOIN", "LEFT /**/ JOIN", "RIGHT JOIN", "FULL JOIN", "NATURAL LEFT JOIN", "NATURAL JOIN")
	on := ""
	if !strings.Contains(join, ",") && !strings.Contains(join, "CROSS") && !strings.Contains(join, "NATURAL") {
		switch kind := m.IntN(3); {
		case strings.Contains(join, "FULL"): // PostgreSQL has it for equality only
			on = " ON " + m.text(left) + " = " + m.text(right)
		case kind == 0:
			on = " ON " + m.number(left, 0) + " = " + m.number(right, 0)
		case kind == 1:
			on = " ON " + m.condition(both, 2)
		default:
			on = " ON " + m.text(left) + " = " + m.text(right)
		}
	}
	if m.IntN(4) == 0 {
		right.sql = "(" + right.sql + ")"
	}
	both.sql = left.sql + " " + join + " " + right.sql + on
	return both
}

// text is a column as a text: those of all types can be compared.
func (m *maker) text(r relation) string { return "CAST(" + m.one(r.columns...) + " AS CHAR(20))" }

func (m *maker) table(depth int) relation {
	name := m.one(tables...)
	alias := m.alias()
	columns := columnsOf[name]
	sql := name + m.one(" AS ", " ") + alias
	if depth > 0 && m.IntN(2) == 0 {
		columns = []string{"id", "x"}
		inner := m.inner(columns)
		if sql = "(" + inner + ") " + alias; m.IntN(2) == 0 {
			m.with = append(m.with, alias+" AS ("+inner+")")
			sql = alias
		}
	}
	r := relation{sql: sql}
	for _, c := range columns {
		r.columns = append(r.columns, alias+"."+c)
	}
	return r
}

// inner is a query with two columns of the names.
func (m *maker) inner(names []string) string {
	outer := m.aliases
	m.aliases = nil
	from := m.relation(1)
	m.aliases = outer
	sql := fmt.Sprintf("SELECT %s AS %s, %s AS %s FROM %s", m.one(from.columns...), names[0], m.one(from.columns...), names[1], from.sql)
	switch m.IntN(6) {
	case 0:
		sql += m.one(" UNION ALL ", " UNION ", " EXCEPT ", " INTERSECT ") + "SELECT id, " + m.one("id", "title", "NULL") + " FROM titles"
	case 1:
		sql += " WHERE " + m.condition(from, 1)
	}
	return sql
}

// alias is often the name of another table.
func (m *maker) alias() string {
	for {
		alias := m.one("author", "book", "pair", "target", "titles", "x", "y", "z")
		if !strings.Contains(strings.Join(m.aliases, " ")+" ", alias+" ") {
			m.aliases = append(m.aliases, alias)
			return alias
		}
	}
}
