package plan

import (
	"cmp"
	"go/build"
	"io"
	"path"
	"slices"
	"strings"
	"unicode"
)

// mainFile holds what belongs to no single file of queries.
const mainFile = "db" + suffix

const suffix = ".gen.go"

// fileNames returns the name of the Go file for each file of queries:
// queries.gen.go for queries.yaml, books.sql.gen.go for sql/books.sql. Files
// that would share a name are named after their folders too.
func fileNames(files []SourceFile) []string {
	count := map[string]int{}
	for _, f := range files {
		count[fileStem(path.Base(f.Name))]++
	}
	stems := make([]string, len(files))
	for i, f := range files {
		stems[i] = fileStem(path.Base(f.Name))
		if count[stems[i]] > 1 {
			stems[i] = fileStem(path.Clean(f.Name))
		}
	}
	names := distinct(stems)
	for i := range names {
		names[i] += suffix
	}
	return names
}

// fileStem returns the name of the Go file for source, without its suffix. It is
// in lower case: some file systems hold Books and books for one.
func fileStem(source string) string {
	if ext := path.Ext(source); ext == ".yaml" || ext == ".yml" {
		source = strings.TrimSuffix(source, ext)
	}
	stem := strings.TrimLeft(strings.Map(fileRune, source), "._")
	stem = cmp.Or(stem, "queries")
	if slices.Contains([]string{mainFile, modelsFileName, fakeFileName, pluginFileName}, stem+suffix) || !builtAnywhere(stem+suffix) {
		head, tail, _ := strings.Cut(stem+".", ".")
		stem = strings.TrimSuffix(head+"_queries."+tail, ".")
	}
	return stem
}

func fileRune(r rune) rune {
	if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_.", r) {
		return unicode.ToLower(r)
	}
	return '_'
}

// builtAnywhere reports whether Go compiles a file of that name on every system.
// It compiles orders_windows.sql.gen.go on one only.
func builtAnywhere(name string) bool {
	nowhere := build.Context{
		Compiler: "gc",
		OpenFile: func(string) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader("package x")), nil
		},
	}
	built, err := nowhere.MatchFile("", name)
	return built && err == nil
}
