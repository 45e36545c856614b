package diag_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/generator/internal/diag"
)

// findings are of all kinds: with and without a place, on several lines, from a
// database, fatal.
func findings() *diag.List {
	var l diag.List
	text := "queries:\n  - sql: |\n      SELECT tilte\n      FROM books\n"
	l.AddSource("q,1.yaml", text)
	l.Add(diag.Diagnostic{
		Pos: l.Sources.Pos("q,1.yaml", strings.Index(text, "tilte"), len("tilte")), Query: "GetBook",
		Message: "no such column: tilte", State: "HY000", Native: 1, Help: "did you mean \"title\"?",
	})
	l.Add(diag.Diagnostic{
		Pos:   l.Sources.Pos("q,1.yaml", strings.Index(text, "SELECT"), len("SELECT tilte\n      FROM books\n")),
		Query: "GetBook", Message: "100% wrong", Help: "write\nit <again>",
	})
	l.Add(diag.Diagnostic{Pos: diag.Pos{File: "q,1.yaml", Line: 4}, Message: "a line"})
	l.Add(diag.Diagnostic{Pos: diag.Pos{File: "z.sql"}, Message: "read: no such file", Fatal: true})
	l.Add(diag.Diagnostic{Message: "interrupted", State: "57014", Fatal: true})
	return &l
}

func TestJSON(t *testing.T) {
	var b strings.Builder
	require.NoError(t, findings().WriteJSON(&b))
	require.Equal(t, `{
  "version": 1,
  "findings": [
    {
      "message": "interrupted",
      "sqlstate": "57014",
      "native": 0,
      "fatal": true
    },
    {
      "file": "q,1.yaml",
      "line": 3,
      "column": 7,
      "endLine": 5,
      "endColumn": 1,
      "query": "GetBook",
      "message": "100% wrong",
      "help": "write\nit <again>",
      "fatal": false
    },
    {
      "file": "q,1.yaml",
      "line": 3,
      "column": 14,
      "endLine": 3,
      "endColumn": 19,
      "query": "GetBook",
      "message": "no such column: tilte",
      "help": "did you mean \"title\"?",
      "sqlstate": "HY000",
      "native": 1,
      "fatal": false
    },
    {
      "file": "q,1.yaml",
      "line": 4,
      "endLine": 4,
      "message": "a line",
      "fatal": false
    },
    {
      "file": "z.sql",
      "message": "read: no such file",
      "fatal": true
    }
  ]
}
`, b.String())
}

func TestJSONOfNothing(t *testing.T) {
	var b strings.Builder
	require.NoError(t, (&diag.List{}).WriteJSON(&b))
	require.Equal(t, "{\n  \"version\": 1,\n  \"findings\": []\n}\n", b.String())
}

func TestGitHub(t *testing.T) {
	var b strings.Builder
	require.NoError(t, findings().WriteGitHub(&b, ""))
	require.Equal(t, `::error title=odbcgen::interrupted (SQLSTATE 57014, native 0)
::error file=q%2C1.yaml,line=3,endLine=5,title=odbcgen%3A query GetBook::100%25 wrong%0Ahelp: write%0Ait <again>
::error file=q%2C1.yaml,line=3,endLine=3,col=14,endColumn=19,title=odbcgen%3A query GetBook::no such column: tilte (SQLSTATE HY000, native 1)%0Ahelp: did you mean "title"?
::error file=q%2C1.yaml,line=4,endLine=4,title=odbcgen::a line
::error file=z.sql,title=odbcgen::read: no such file
`, b.String())
}

func TestGitHubTellsPathsFromTheRoot(t *testing.T) {
	here, err := filepath.Abs(".")
	require.NoError(t, err)
	for root, want := range map[string]string{
		filepath.Dir(here):           "diag/sql/books.sql",
		filepath.Join(here, "other"): "sql/books.sql",
	} {
		var l diag.List
		l.Addf(diag.Pos{File: "sql/books.sql"}, "here")
		var b strings.Builder
		require.NoError(t, l.WriteGitHub(&b, root))
		require.Equal(t, "::error file="+want+",title=odbcgen::here\n", b.String())
	}
}

func TestColors(t *testing.T) {
	var l diag.List
	l.AddSource("f", "\tSELECT tilte")
	l.Add(diag.Diagnostic{Pos: l.Sources.Pos("f", 8, 5), Message: "here", Help: "there"})
	var b strings.Builder
	require.NoError(t, l.WriteText(&b, true))
	require.Equal(t, "\x1b[1mf:1:9: here\x1b[0m\n"+
		"    SELECT tilte\n"+
		"    \x1b[1;31m       ^^^^^\x1b[0m\n"+
		"    \x1b[1;36mhelp:\x1b[0m there\n", b.String())
}

// TestProblemMatcher holds the pattern that doc/diagnostics.md gives to editors
// against what is written.
func TestProblemMatcher(t *testing.T) {
	doc, err := os.ReadFile("../../../doc/diagnostics.md")
	require.NoError(t, err)
	_, task, _ := strings.Cut(string(doc), "A task for VS Code:\n\n```json\n")
	task, _, _ = strings.Cut(task, "```")
	var matcher struct {
		ProblemMatcher struct {
			Pattern struct{ Regexp string }
		}
	}
	require.NoError(t, json.Unmarshal([]byte(task), &matcher))
	pattern, err := regexp.Compile(matcher.ProblemMatcher.Pattern.Regexp)
	require.NoError(t, err)
	var found [][]string
	for _, line := range strings.Split(findings().Err().Error(), "\n") {
		if m := pattern.FindStringSubmatch(line); m != nil {
			found = append(found, m[1:])
		}
	}
	require.Equal(t, [][]string{
		{"q,1.yaml", "3", "7", "query GetBook: 100% wrong"},
		{"q,1.yaml", "3", "14", "query GetBook: no such column: tilte (SQLSTATE HY000, native 1)"},
		{"q,1.yaml", "4", "", "a line"},
	}, found)
	require.Equal(t, []string{`C:\store\q.yaml`, "3", "7", "here"}, pattern.FindStringSubmatch(`C:\store\q.yaml:3:7: here`)[1:])
}
