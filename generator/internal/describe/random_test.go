package describe_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

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
		c := claim{sql: s.sql}
		for k, column := range shape.Columns {
			if !column.Null {
				c.never = append(c.never, k)
			}
		}
		claims[fmt.Sprintf("#%d", i)] = c
	}
	return claims
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
		sql += " WHERE " + m.one(from.columns...) + m.one(" IS NULL", " IS NOT NULL")
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
	switch m.IntN(16) {
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
	}
	return column + m.one("", "", " AS id", " renamed"), true
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
		on = " ON " + m.text(left) + " = " + m.text(right)
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
	return fmt.Sprintf("SELECT %s AS %s, %s AS %s FROM %s", m.one(from.columns...), names[0], m.one(from.columns...), names[1], from.sql)
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
