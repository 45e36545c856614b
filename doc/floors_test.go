// Package doc_test holds the documents against the code.
package doc_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the imports in floors.txt")

const module = "github.com/odbcgen/odbcgen/"

// TestFloors holds floors.txt against the import graph: every package stands on
// a floor, its imports are those written there, and all of them are lower.
func TestFloors(t *testing.T) {
	text, err := os.ReadFile("floors.txt")
	require.NoError(t, err)
	graph := imports(t)
	floors := map[string]string{} // by package
	var wanted strings.Builder
	for line := range strings.Lines(string(text)) {
		floor, rest, ok := strings.Cut(strings.TrimSpace(line), " ")
		name, _, named := strings.Cut(strings.TrimSpace(rest), ":")
		if !ok || !named || strings.HasPrefix(floor, "#") {
			wanted.WriteString(line)
			continue
		}
		floors[name] = floor
		fmt.Fprintf(&wanted, "%s  %s:%s\n", floor, name, graph[name])
	}
	if *update {
		require.NoError(t, os.WriteFile("floors.txt", []byte(wanted.String()), 0o644))
		return
	}
	require.Equal(t, wanted.String(), string(text), "imports have changed: go test ./doc -update, and look at the difference")
	for name, imported := range graph {
		require.Contains(t, floors, name, "the package stands on no floor")
		for below := range strings.FieldsSeq(imported) {
			require.Less(t, floors[below], floors[name], "%s must not import %s", name, below)
		}
	}
}

// imports returns the packages of this module with those of it that they import,
// a blank before each.
func imports(t *testing.T) map[string]string {
	cmd := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./...")
	cmd.Dir = ".."
	out, err := cmd.Output()
	require.NoError(t, err)
	graph := map[string]string{}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		name := strings.TrimPrefix(words[0], module)
		if strings.HasPrefix(name, "internal/") || name == "doc" {
			continue // tests and their tools live outside the house
		}
		graph[name] = ""
		for _, imported := range words[1:] {
			if below, ours := strings.CutPrefix(imported, module); ours {
				graph[name] += " " + below
			}
		}
	}
	return graph
}
