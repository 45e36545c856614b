package diag_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/generator/internal/diag"
)

func TestRenderSortsAndDropsRepeats(t *testing.T) {
	var l diag.List
	l.AddSource("q.yaml", "queries:\n  - sql: SELECT tilte FROM books\n")
	l.Add(diag.Diagnostic{Pos: diag.Pos{File: "z.sql"}, Message: "read: no such file", Fatal: true})
	for range 2 {
		l.Add(diag.Diagnostic{Pos: diag.Pos{File: "q.yaml", Line: 2, Col: 17, Len: 5}, Query: "GetBook",
			Message: "no such column: tilte", Help: diag.DidYouMean("tilte", []string{"isbn", "title"})})
	}
	l.Addf(diag.Pos{File: "q.yaml", Line: 1}, "no %s", "version")
	require.Equal(t, 3, l.Len())
	require.True(t, l.Fatal())
	require.EqualError(t, l.Err(), strings.TrimSpace(`
q.yaml:1: no version
    queries:
q.yaml:2:17: query GetBook: no such column: tilte
    - sql: SELECT tilte FROM books
                  ^^^^^
    help: did you mean "title"?
z.sql: read: no such file`))
}

func TestEmptyListIsNoError(t *testing.T) {
	var l diag.List
	require.NoError(t, l.Err())
	require.False(t, l.Fatal())
}

func TestDrawing(t *testing.T) {
	tests := []struct {
		name, text  string
		mark        string // the span, sought in text
		line, caret string
	}{
		{"tabs stay tabs", "\tSELECT\ttilte", "tilte", "SELECT\ttilte", "      \t^^^^^"},
		{"wide runes take two cells", "名前 = 値", "値", "名前 = 値", "       ^^"},
		{"combining marks take none", "cafe\u0301 x", "x", "cafe\u0301 x", "     ^"},
		{"umlauts take one", "größe x", "x", "größe x", "      ^"},
		{"line ends with CR", "a tilte\r\nb", "tilte", "a tilte", "  ^^^^^"},
		{"end of line", "abc", "", "abc", "   ^"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var l diag.List
			l.AddSource("f", tt.text)
			offset := strings.LastIndex(tt.text, tt.mark)
			l.Addf(l.Sources.Pos("f", offset, len(tt.mark)), "here")
			_, drawing, _ := strings.Cut(l.Err().Error(), "\n")
			require.Equal(t, "    "+tt.line+"\n    "+tt.caret, drawing)
		})
	}
}

func TestDrawingOfSeveralLines(t *testing.T) {
	for _, eol := range []string{"\n", "\r\n"} {
		var l diag.List
		text := strings.ReplaceAll("x:\n    a 'one\n\n      two' b\n", "\n", eol)
		l.AddSource("f", text)
		from, to := strings.Index(text, "'one"), strings.Index(text, " b")
		l.Addf(l.Sources.Pos("f", from, to-from), "here")
		require.Equal(t, `f:2:7: here
    a 'one
      ^^^^
    
      two' b
      ^^^^`, l.Err().Error())
	}
}

func TestDrawingOfALongSpanStops(t *testing.T) {
	var l diag.List
	l.AddSource("f", strings.Repeat("x\n", 9))
	l.Addf(l.Sources.Pos("f", 0, 18), "here")
	require.Equal(t, "f:1:1: here\n"+strings.Repeat("    x\n    ^\n", 4)+"    …", l.Err().Error())
}

func TestDrawingOfPlacesOutsideTheText(t *testing.T) {
	var l diag.List
	l.AddSource("f", "ab")
	for _, p := range []diag.Pos{
		{File: "f", Line: 9, Col: 1, Len: 1}, {File: "f", Line: 1, Col: 70, Len: 4}, {File: "f", Line: 1, Len: 3},
		{File: "g", Line: 1, Col: 1}, l.Sources.Pos("f", 99, 99), l.Sources.Pos("f", -1, -1),
	} {
		l.Addf(p, "here")
	}
	require.Error(t, l.Err())
}

func TestNearest(t *testing.T) {
	words := []string{"title", "isbn", "dialects", "sql", "type"}
	for word, want := range map[string]string{
		"tilte": "title", "TITLE": "title", "titel": "title", "isnb": "isbn", "dialect": "dialects",
		"sq": "sql", "tyep": "type", "zzz": "", "": "", "x": "", "books": "",
	} {
		require.Equal(t, want, diag.Nearest(word, words), word)
	}
	require.Empty(t, diag.DidYouMean("zzz", words))
}
