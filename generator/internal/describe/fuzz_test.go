package describe

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
	"github.com/odbcgen/odbcgen/runtime/driver"
)

// FuzzReading holds that our reading of a statement says something or nothing
// about any text, within its tokens.
func FuzzReading(f *testing.F) {
	for _, seed := range []string{
		"...", "", ";", ")", "(((", "))) ? (((", "SELECT", "SELECT ?", "SELECT *, a.* FROM (", "WITH", "WITH x AS (SELECT ?",
		"SELECT a, b AS c, COUNT(*) OVER (ORDER BY d) FROM t LEFT JOIN u USING (a) WHERE a IN (?, ?) AND b BETWEEN ? AND ? LIMIT ?",
		"INSERT INTO t (a, b) VALUES (?, ?), (?, ?) ON CONFLICT (a) DO UPDATE SET b = ? RETURNING *",
		"INSERT INTO t SELECT ?, CAST(? AS INTEGER), COALESCE(?, 1) FROM s ON DUPLICATE KEY UPDATE a = ?",
		"UPDATE t AS x SET a = ?, b = (SELECT MAX(?) FROM u) WHERE NOT ? <> - (?)",
		"SELECT x IS NOT DISTINCT FROM ?, DISTINCT FROM, FILTER ( OVER FROM a JOIN ON RIGHT JOIN ( AS",
		"WITH RECURSIVE t (a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM t) SELECT CASE WHEN a IS NOT NULL THEN a END FROM (t JOIN u ON (a IN (?, NULL)))",
		"CREATE VIEW v (a) AS SELECT CAST(a AS DECIMAL(3, 1))::text[] FROM t NATURAL LEFT JOIN LATERAL (VALUES (1, (2))) AS v (b, c) WHERE NOT (a, b) = (?, ?)",
		"DELETE FROM t USING u WHERE a BETWEEN ? AND ? RETURNING -a AS minus, EXTRACT(YEAR FROM a), COUNT(*) FILTER (WHERE a) OVER (ROWS ?)",
		"SELECT DISTINCT ON ( FROM t UNION ALL SELECT . . a.b. FROM INTO AS WITH GROUP BY HAVING SUM(SUM(a.b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		r := read(sqlscan.Scan(sqlscan.DialectOf("sqlite"), sql), sql, driver.PipesTight)
		if len(r.tokens) > 60 {
			t.Skip("each token is looked at from each other one")
		}
		r.askMain(t)
		for i := range r.tokens {
			r.askToken(t, i)
		}
		r.with()
		r.outerJoin()
		r.mentions()
		for _, message := range []string{`near "` + sql + `": syntax error`, `for the right syntax to use near '` + sql + `' at line 1`, "incomplete input"} {
			x := refusal{reading: r, bound: sqlscan.Bound{SQL: sql}, complaint: complaintOf(message)}
			x.alike = func(context.Context, sqlscan.Bound) bool { return false }
			x.locate(t.Context())
			require.LessOrEqual(t, x.offset+x.length, max(len(sql), 1))
		}
	})
}

func (r reading) askMain(t *testing.T) {
	main := r.main()
	r.within(t, main, r.fromClause(main))
	for _, item := range r.selectList(main) {
		e := r.expression(item)
		r.within(t, item, e)
		r.reference(e)
		r.plain(item)
	}
	r.view()
	q := r.tree()
	if q == nil {
		return
	}
	v := &resolver{statement: &statement{d: &Database{plugin: &driver.SQLite}, reading: r}}
	for _, a := range q.arms {
		sc := &scope{arm: a, relations: []*relation{{alias: "t", columns: []column{{name: "a"}}}}}
		for _, o := range a.list {
			if o.e != nil {
				r.within(t, o.e.span)
				v.facts(o.e, isTrue, sc)
				v.facts(o.e, notTrue, sc)
			}
		}
	}
}

func (r reading) askToken(t *testing.T, i int) {
	r.counts(i)
	r.within(t, r.scopes(i)...)
	r.aggregate(i)
	r.grouped(r.arm(i))
}

// within requires that spans are empty or of existing tokens.
func (r reading) within(t *testing.T, spans ...span) {
	for _, s := range spans {
		require.True(t, s.empty() || 0 <= s.from && s.to <= len(r.tokens), "%v of %d tokens", s, len(r.tokens))
	}
}
