package sqlscan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
)

// signs show the kinds in tests.
var signs = map[sqlscan.Kind]string{
	sqlscan.Bad: "BAD", sqlscan.Symbol: "", sqlscan.Word: "w", sqlscan.QuotedName: "q", sqlscan.String: "s",
	sqlscan.Number: "n", sqlscan.Comment: "c", sqlscan.Variable: "v", sqlscan.Named: "p", sqlscan.Numbered: "p", sqlscan.Question: "p",
}

// show writes tokens as kind and text: w(SELECT) p(:a).
func show(tokens []sqlscan.Token) string {
	var shown []string
	for _, t := range tokens {
		if t.Kind == sqlscan.Symbol {
			shown = append(shown, t.Text)
			continue
		}
		shown = append(shown, fmt.Sprintf("%s(%s)", signs[t.Kind], t.Text))
	}
	return strings.Join(shown, " ")
}

func TestScan(t *testing.T) {
	tests := []struct{ dialect, sql, want string }{
		{"", "SELECT a,b.c FROM t", "w(SELECT) w(a) , w(b) . w(c) w(FROM) w(t)"},
		{"", "größe 名前 _x a1", "w(größe) w(名前) w(_x) w(a1)"},
		{"", "'it''s' 'a:b ? @c'", "s('it''s') s('a:b ? @c')"},
		{"", `"a""b" "c`, `q("a""b") BAD("c)`},
		{"", "'one", "BAD('one)"},
		{"", "a -- b ? 'c\nd", "w(a) c(-- b ? 'c) w(d)"},
		{"", "a -- b\r\nc", "w(a) c(-- b) w(c)"},
		{"", "/* a 'b */ c /* d", "c(/* a 'b */) w(c) BAD(/* d)"},
		{"", "/* /* */ a", "c(/* /* */) w(a)"},
		{"", "N'a' x'ff' B'01' like'x'", "s(N'a') s(x'ff') s(B'01') w(like) s('x')"},
		{"", "1 1.5 .5 1e5 1.5e-3 0x1F 0xe+1 1e 2.", "n(1) n(1.5) n(.5) n(1e5) n(1.5e-3) n(0x1F) n(0xe) + n(1) n(1e) n(2.)"},
		{"", "1-1 a-b", "n(1) - n(1) w(a) - w(b)"},
		{"", "a::int b:: text ::c", "w(a) :: w(int) w(b) :: w(text) :: w(c)"},
		{"", ":a @b ? $1 :größe", "p(:a) p(@b) p(?) p($1) p(:größe)"},
		{"", "x=:a+@b", "w(x) = p(:a) + p(@b)"},
		{"", "(:a,:b)", "( p(:a) , p(:b) )"},
		{"", "@@rowcount @@ x", "v(@@rowcount) @ @ w(x)"},
		{"", "a<@b", "w(a) < p(@b)"},
		{"", "a := 1", "w(a) := n(1)"},
		{"", "a[1:2] a[lo:hi] a[:lo : :hi]", "w(a) [ n(1) : n(2) ] w(a) [ w(lo) : w(hi) ] w(a) [ p(:lo) : p(:hi) ]"},
		{"", "12:30", "n(12) : n(30)"},
		{"", "'u'@host emp@remote", "s('u') @ w(host) w(emp) @ w(remote)"},
		{"", "src:name.first", "w(src) : w(name) . w(first)"},
		{"", "a?|b a??b", "w(a) p(?) | w(b) w(a) p(?) p(?) w(b)"},
		{"", "a||:b a->>'x' a<>b", "w(a) || p(:b) w(a) ->> s('x') w(a) <> w(b)"},
		{"", "v$session $$a$$", "w(v$session) w($$a$$)"},
		{"", "{ts '2024-01-01 12:30:00'} {?= call f(?)}", "{ w(ts) s('2024-01-01 12:30:00') } { p(?) = w(call) w(f) ( p(?) ) }"},
		{"", "a\xffb\x00", "w(a) \xff w(b) \x00"},
		{"", "\ufeffSELECT", "w(SELECT)"},
		{"", ": @ $", ": @ w($)"},

		{"postgres", "$$a 'b ?$$ $t$ $$ $t$ $x", "s($$a 'b ?$$) s($t$ $$ $t$) $ w(x)"},
		{"postgres", "$$a", "BAD($$a)"},
		{"postgres", "$1$2", "p($1) p($2)"},
		{"postgres", `E'a\'b' 'a\'`, `s(E'a\'b') s('a\')`},
		{"postgres", "/* /* */ a */ b", "c(/* /* */ a */) w(b)"},
		{"postgres", "a <@b a@>b a @@c @x a#>'{b}'", "w(a) <@ w(b) w(a) @> w(b) w(a) @@ w(c) p(@x) w(a) #> s('{b}')"},
		{"postgres", "a @? b", "w(a) @ p(?) w(b)"},
		{"postgres", "`", "`"},
		{"postgres", "a$1", "w(a$1)"},

		{"mariadb", `'a\'b' "c\"d" ` + "`e``f`", `s('a\'b') s("c\"d") q(` + "`e``f`)"},
		{"mariadb", "a # b\nc", "w(a) c(# b) w(c)"},
		{"mariadb", "5--3 -- a\n--", "n(5) - - n(3) c(-- a) c(--)"},
		{"mariadb", `'a\`, `BAD('a\)`},
		{"mariadb", "@'x' @a", "@ s('x') p(@a)"},

		{"sqlite", "[a:b] `c?` \"d\"", "q([a:b]) q(`c?`) q(\"d\")"},
		{"sqlserver", "[a]]b] #temp ##all a#b", "q([a]]b]) w(#temp) w(##all) w(a#b)"},
		{"oracle", "q'[it's]' Q'!a'b!' nq'<x>' q'(", "s(q'[it's]') s(Q'!a'b!') s(nq'<x>') BAD(q'()"},
		{"oracle", "q'", "BAD(q')"},
		{"no such driver", "$$", "w($$)"},
	}
	for _, tt := range tests {
		t.Run(tt.dialect+" "+tt.sql, func(t *testing.T) {
			require.Equal(t, tt.want, show(sqlscan.Scan(sqlscan.DialectOf(tt.dialect), tt.sql)))
		})
	}
}

func TestTokenIsAndName(t *testing.T) {
	tokens := sqlscan.Scan(sqlscan.DialectOf("mariadb"), "select 'select' `a``b` :c Order 1 (")
	require.True(t, tokens[0].Is("FROM", "SELECT"))
	require.False(t, tokens[1].Is("SELECT", "'select'"))
	require.True(t, tokens[6].Is("("))
	var names []string
	for _, token := range tokens {
		names = append(names, token.Name())
	}
	require.Equal(t, []string{"select", "", "a`b", "c", "Order", "", ""}, names)
}

func TestMatch(t *testing.T) {
	tokens := sqlscan.Scan(sqlscan.Dialect{}, "f(a[(1)], '(') ) (")
	require.Equal(t, 10, sqlscan.Match(tokens, 1))
	require.Equal(t, 1, sqlscan.Match(tokens, 10))
	require.Equal(t, 7, sqlscan.Match(tokens, 3))
	require.Equal(t, 3, sqlscan.Match(tokens, 7))
	require.Equal(t, -1, sqlscan.Match(tokens, 0))
	require.Equal(t, -1, sqlscan.Match(tokens, 11))
	require.Equal(t, -1, sqlscan.Match(tokens, 12))
}
