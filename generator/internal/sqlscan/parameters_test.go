package sqlscan_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
)

func TestParameters(t *testing.T) {
	type use = sqlscan.Use
	tests := []struct {
		name, sql, want string
		uses            []use
	}{
		{"none", "SELECT ':a' -- :b", "SELECT ':a' -- :b", nil},
		{"named", "WHERE a = :a AND b = @b AND a <> :a", "WHERE a = ? AND b = ? AND a <> ?", []use{
			{Name: "a", Offset: 10, Length: 2, At: 10},
			{Name: "b", Offset: 21, Length: 2, At: 20},
			{Name: "a", Offset: 33, Length: 2, At: 31},
		}},
		{"positional", "VALUES (?, ?)", "VALUES (?, ?)", []use{
			{Number: 1, Offset: 8, Length: 1, At: 8}, {Number: 2, Offset: 11, Length: 1, At: 11},
		}},
		{"numbered", "$2 + $1 + $2", "? + ? + ?", []use{
			{Number: 2, Length: 2}, {Number: 1, Offset: 5, Length: 2, At: 4}, {Number: 2, Offset: 10, Length: 2, At: 8},
		}},
		{"sqlc", "sqlc.arg(a) + SQLC.narg( 'b' )::int + sqlc.arg(\"c\")", "? + ?::int + ?", []use{
			{Name: "a", Length: 11}, {Name: "b", Nullable: true, Offset: 14, Length: 16, At: 4}, {Name: "c", Offset: 38, Length: 13, At: 13},
		}},
		{"lists", "a IN (:a...) AND b not in ( sqlc.slice('b') )", "a IN (?) AND b not in ( ? )", []use{
			{Name: "a", List: true, Offset: 6, Length: 5, At: 6}, {Name: "b", List: true, Offset: 28, Length: 15, At: 24},
		}},
		{"named among positional", "a = ? AND b IN (sqlc.slice(b)) AND c = ?", "a = ? AND b IN (?) AND c = ?", []use{
			{Number: 1, Offset: 4, Length: 1, At: 4}, {Name: "b", List: true, Offset: 16, Length: 13, At: 16}, {Number: 2, Offset: 39, Length: 1, At: 27},
		}},
		{"question marks with numbers", "?2 + ?1", "? + ?", []use{
			{Number: 2, Length: 2}, {Number: 1, Offset: 5, Length: 2, At: 4},
		}},
		{"a table named sqlc", "SELECT sqlc.arg FROM sqlc", "SELECT sqlc.arg FROM sqlc", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bound, problems := sqlscan.Parameters(sqlscan.Dialect{}, tt.sql)
			require.Empty(t, problems)
			require.Equal(t, tt.want, bound.SQL)
			require.Equal(t, tt.uses, bound.Uses)
		})
	}
}

func TestPart(t *testing.T) {
	const sql = "a = :first; b = :second AND c = :first; d"
	bound, _ := sqlscan.Parameters(sqlscan.Dialect{}, sql)
	for _, st := range sqlscan.Split(sqlscan.Dialect{}, sql) {
		want, _ := sqlscan.Parameters(sqlscan.Dialect{}, st.Text)
		require.Equal(t, want, bound.Part(st.Offset, len(st.Text)), st.Text)
	}
}

func TestParameterProblems(t *testing.T) {
	tests := []struct{ name, dialect, sql, at, message string }{
		{"positional and numbered", "", "a = ? AND b = $1", "$1", "numbered parameters do not mix with positional ones"},
		{"a gap", "", "a = $1 AND b = $3", "$3", "parameter $3 has none before it"},
		{"number zero", "", "a = $0", "$0", "parameter $0 has none before it"},
		{"a huge number", "", "a = $99999999999999999999", "$99999999999999999999", "parameter $65536 has none before it"},
		{"doubled question mark", "", "a ?? 'b'", "??", "an ODBC driver reads the question mark in ?? as a parameter"},
		{"any key", "postgres", "a ?| b", "?|", "an ODBC driver reads the question mark in ?| as a parameter"},
		{"string", "", "a = 'b\nc", "'b", "the quote or comment that begins here does not end"},
		{"comment", "", "a /* ?", "/* ?", "the quote or comment that begins here does not end"},
		{"a list among others", "", "a IN (1, sqlc.slice(b))", "sqlc.slice(b)", "the list \"b\" does not stand alone in IN (…)"},
		{"a list elsewhere", "", "a = :b...", ":b...", "the list \"b\" does not stand alone in IN (…)"},
		{"a comment before a list", "", "a IN /* b */ (:b...)", "a", "a comment in IN (…), or a text with ?... in it, hides where the list stands"},
		{"a text like a list", "", "a IN (:b...) AND c = '?...'", "a", "a comment in IN (…), or a text with ?... in it, hides where the list stands"},
		{"another macro", "", "sqlc.nembed(b)", "sqlc.nembed", "sqlc.nembed is not supported"},
		{"empty macro", "", "a = sqlc.arg()", "sqlc.arg", "sqlc.arg wants one name"},
		{"empty name", "", "a = sqlc.arg('')", "sqlc.arg", "sqlc.arg wants one name"},
		{"two names", "", "a = sqlc.narg(b, c)", "sqlc.narg", "sqlc.narg wants one name"},
		{"macro at the end", "", "a = sqlc.arg(", "sqlc.arg", "sqlc.arg wants one name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, problems := sqlscan.Parameters(sqlscan.DialectOf(tt.dialect), tt.sql)
			require.Len(t, problems, 1)
			require.Equal(t, tt.message, problems[0].Message)
			require.Equal(t, tt.at, tt.sql[problems[0].Offset:][:problems[0].Length])
		})
	}
}

func TestQuestionMarkBeforeBars(t *testing.T) {
	for _, dialect := range []string{"postgres", "sqlite"} {
		bound, problems := sqlscan.Parameters(sqlscan.DialectOf(dialect), "SELECT ?||'x', ? | 1, ? & 2")
		require.Empty(t, problems)
		require.Len(t, bound.Uses, 3)
	}
}

func TestOriginal(t *testing.T) {
	const sql = "SELECT :first, sqlc.arg(second) FROM t"
	bound, _ := sqlscan.Parameters(sqlscan.Dialect{}, sql)
	require.Equal(t, "SELECT ?, ? FROM t", bound.SQL)
	for _, part := range []string{"SELECT", ", ", "FROM", "t"} {
		require.Equal(t, strings.LastIndex(sql, part), bound.Original(strings.LastIndex(bound.SQL, part)), part)
	}
	require.Equal(t, strings.Index(sql, ":first"), bound.Original(7))
	require.Equal(t, strings.Index(sql, "sqlc"), bound.Original(10))
	require.Equal(t, len(sql), bound.Original(len(bound.SQL)))
}

func TestEmbeds(t *testing.T) {
	const sql = "SELECT sqlc.embed(b), :n AS n, sqlc.embed(\"A\"), a.id FROM b JOIN \"A\" ON a.b IN (:ids...)"
	bound, problems := sqlscan.Parameters(sqlscan.Dialect{}, sql)
	require.Empty(t, problems)
	require.Equal(t, "SELECT b.*, ? AS n, \"A\".*, a.id FROM b JOIN \"A\" ON a.b IN (?)", bound.SQL)
	expanded := bound.Expand(func(i int) string { return []string{"b.id, b.title", `"A".x`}[i] })
	require.Equal(t, "SELECT b.id, b.title, ? AS n, \"A\".x, a.id FROM b JOIN \"A\" ON a.b IN (?...)", expanded.Template())
	for _, b := range []sqlscan.Bound{bound, expanded} {
		for _, part := range []string{"SELECT", " AS n", "a.id", "FROM", "ON"} {
			require.Equal(t, strings.Index(sql, part), b.Original(strings.Index(b.SQL, part)), part)
		}
		require.Equal(t, strings.Index(sql, "sqlc"), b.Original(strings.Index(b.SQL, "b.")))
		require.Equal(t, len(sql), b.Original(len(b.SQL)))
	}
	require.Equal(t, "a.id FROM b JOIN \"A\" ON a.b IN (?)", bound.Part(strings.Index(sql, "a.id"), len(sql)-strings.Index(sql, "a.id")).SQL)
}
