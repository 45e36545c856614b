package sqlscan_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
)

// dialectOf makes a dialect of bits, so that the fuzzer reaches every mixture.
func dialectOf(bits uint16) sqlscan.Dialect {
	on := func(i int) bool { return bits>>i&1 == 1 }
	return sqlscan.Dialect{
		DollarQuotes: on(0), EscapeStrings: on(1), QStrings: on(2), BackslashEscapes: on(3), DoubleQuoteStrings: on(4), BacktickQuotes: on(5),
		BracketQuotes: on(6), HashComments: on(7), HashNames: on(8), DashesNeedSpace: on(9), NestedComments: on(10), SymbolOperators: on(11),
	}
}

var seeds = []string{
	"SELECT a, 'b''c' FROM \"d\" WHERE e = :f AND g = @h -- i\n", "/* a /* b */ */ ? $1 $$c$$ $t$ d $t$",
	"sqlc.arg(a)1 sqlc.narg('b'):c@d", "E'\\'' q'[x]' N'y' `z` [w] #v\n @@u ::t a[b:c] ?? ?| @? :=",
	"CREATE TRIGGER t BEGIN SELECT CASE 1 WHEN 2 THEN 3 END; END; SELECT 4;;", "\xff\x00é 1e+5 .5 0x1 '",
	"sqlc.arg(a)1e'\\':b", "sqlc.embed(a), sqlc.slice(b) IN (:a...) ?1 :b ?", "$sqlc.arg(a)$ :a?:b", "--:a\n5--sqlc.arg(a)",
}

func FuzzScan(f *testing.F) {
	for _, seed := range seeds {
		f.Add(uint16(0), seed)
		f.Add(^uint16(0), seed)
	}
	f.Fuzz(func(t *testing.T, bits uint16, sql string) {
		end := 0
		for _, token := range sqlscan.Scan(dialectOf(bits), sql) {
			require.NotEmpty(t, token.Text)
			require.GreaterOrEqual(t, token.Offset, end, "offsets are monotone")
			require.Empty(t, strings.TrimFunc(sql[end:token.Offset], blank), "gaps are white space")
			require.Equal(t, sql[token.Offset:token.End()], token.Text, "texts join to the input")
			end = token.End()
		}
		require.Empty(t, strings.TrimFunc(sql[end:], blank))
	})
}

func blank(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' }

func FuzzSplit(f *testing.F) {
	for _, seed := range seeds {
		f.Add(uint16(0), seed)
		f.Add(^uint16(0), seed)
	}
	f.Fuzz(func(t *testing.T, bits uint16, script string) {
		d := dialectOf(bits)
		d.DashesNeedSpace = false // else -- becomes a comment when a statement ends behind it
		end, tokens := 0, 0
		for _, s := range sqlscan.Split(d, script) {
			require.GreaterOrEqual(t, s.Offset, end)
			require.Equal(t, script[s.Offset:s.Offset+len(s.Text)], s.Text)
			require.Len(t, sqlscan.Split(d, s.Text), 1, "a statement is one statement")
			end = s.Offset + len(s.Text)
			tokens += len(withoutSemicolons(sqlscan.Scan(d, s.Text)))
		}
		require.Equal(t, len(withoutSemicolons(sqlscan.Scan(d, script))), tokens, "nothing is lost")
	})
}

func withoutSemicolons(tokens []sqlscan.Token) []sqlscan.Token {
	var kept []sqlscan.Token
	for _, t := range sqlscan.Significant(tokens) {
		if !t.Is(";") {
			kept = append(kept, t)
		}
	}
	return kept
}

func FuzzParameters(f *testing.F) {
	for _, seed := range seeds {
		f.Add(uint16(0), seed)
		f.Add(^uint16(0), seed)
	}
	f.Fuzz(func(t *testing.T, bits uint16, sql string) {
		if len(sql) > 1000 {
			t.Skip("the walk over all offsets is quadratic")
		}
		d := dialectOf(bits)
		bound, problems := sqlscan.Parameters(d, sql)
		for _, p := range problems {
			require.LessOrEqual(t, p.Offset+p.Length, len(sql))
		}
		questions := 0
		for _, token := range sqlscan.Scan(d, bound.SQL) {
			if token.Kind == sqlscan.Question {
				require.Less(t, questions, len(bound.Uses))
				require.Equal(t, bound.Uses[questions].At, token.Offset)
				questions++
			}
		}
		require.Len(t, bound.Uses, questions, "the new text has one ? for each use")
		last := 0
		for at := range len(bound.SQL) + 1 {
			original := bound.Original(at)
			require.GreaterOrEqual(t, original, last)
			require.LessOrEqual(t, original, len(sql))
			last = original
		}
	})
}
