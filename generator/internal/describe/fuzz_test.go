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
		"SELECT DISTINCT ON ( FROM t UNION ALL SELECT . . a.b. FROM INTO AS WITH GROUP BY HAVING SUM(SUM(a.b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		r := read(sqlscan.Scan(sqlscan.DialectOf("sqlite"), sql), sql)
		if len(r.tokens) > 60 {
			t.Skip("each token is looked at from each other one")
		}
		r.askMain(t)
		for i := range r.tokens {
			r.askToken(t, i)
		}
		r.with()
		r.outerJoin()
		r.compound()
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
	r.within(t, main)
	sources, _ := r.sources(r.fromClause(main))
	for _, s := range sources {
		r.defines(s.table)
	}
	for _, item := range r.selectList(main) {
		e := r.expression(item)
		r.within(t, item, e)
		r.reference(e)
		r.castTo(e)
		r.plain(item)
		_, arguments, _ := r.call(e)
		r.within(t, arguments...)
		(&statement{reading: r, d: &Database{plugin: &driver.SQLite}}).neverNull(e)
	}
}

func (r reading) askToken(t *testing.T, i int) {
	p := r.place(r.tokens[i].Offset)
	r.within(t, p.span, p.operand)
	r.within(t, r.scopes(i)...)
	r.source(i, len(r.tokens))
	r.text(p.operand)
	r.aggregate(i)
	r.grouped(r.arm(i))
}

// within requires that spans are empty or of existing tokens.
func (r reading) within(t *testing.T, spans ...span) {
	for _, s := range spans {
		require.True(t, s.empty() || 0 <= s.from && s.to <= len(r.tokens), "%v of %d tokens", s, len(r.tokens))
	}
}
