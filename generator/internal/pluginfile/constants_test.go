package pluginfile_test

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/runtime/driver"
)

var update = flag.Bool("update", false, "rewrite constants.go and the schema")

// root is the folder of the module.
const root = "../../.."

// TestConstants: constants.go has every constant that a file may name, in the order of
// the source.
func TestConstants(t *testing.T) {
	var b bytes.Buffer
	b.WriteString(`package pluginfile

import (
	"reflect"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// constants are those of each type that has any, as the source declares them; go test
// -update rewrites this file.
var constants = map[reflect.Type][]constant{
`)
	for _, pkg := range []string{"protocol", "driver"} {
		writeConstants(&b, pkg, declared(t, pkg))
	}
	b.WriteString("}\n")
	want, err := format.Source(b.Bytes())
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile("constants.go", want, 0o644))
		return
	}
	got, err := os.ReadFile("constants.go")
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "go test ./generator/internal/pluginfile -update")
}

// declaration is a constant and the name of its type.
type declaration struct{ name, of string }

// declared returns the exported constants of a package whose types a plugin has, in order.
func declared(t *testing.T, pkg string) []declaration {
	var all []declaration
	for _, file := range sources(t, pkg) {
		for _, d := range file.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.CONST {
				all = append(all, inBlock(g)...)
			}
		}
	}
	return slices.DeleteFunc(all, func(d declaration) bool {
		return !ast.IsExported(d.name) || !slices.ContainsFunc(typesIn(reflect.TypeFor[driver.Plugin]()), func(t reflect.Type) bool { return t.String() == pkg+"."+d.of })
	})
}

// inBlock returns the constants of a block. One without type and value has those of the
// one before.
func inBlock(g *ast.GenDecl) []declaration {
	var all []declaration
	of := ""
	for _, spec := range g.Specs {
		values := spec.(*ast.ValueSpec)
		if typed, ok := values.Type.(*ast.Ident); ok {
			of = typed.Name
		} else if values.Values != nil {
			of = ""
		}
		for _, name := range values.Names {
			all = append(all, declaration{name.Name, of})
		}
	}
	return all
}

// typesIn returns a type and those of all that it holds.
func typesIn(t reflect.Type) []reflect.Type {
	all := []reflect.Type{t}
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			all = append(all, typesIn(t.Field(i).Type)...)
		}
	case reflect.Slice:
		all = append(all, typesIn(t.Elem())...)
	}
	return all
}

// sources parses the files of a package below runtime, without its tests.
func sources(t *testing.T, pkg string) []*ast.File {
	set := token.NewFileSet()
	var files []*ast.File
	paths, err := filepath.Glob(filepath.Join(root, "runtime", pkg, "*.go"))
	require.NoError(t, err)
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, path, nil, parser.ParseComments)
		require.NoError(t, err)
		files = append(files, file)
	}
	require.NotEmpty(t, files)
	return files
}

func writeConstants(b *bytes.Buffer, pkg string, all []declaration) {
	byType := map[string][]string{}
	var order []string
	for _, c := range all {
		if byType[c.of] == nil {
			order = append(order, c.of)
		}
		byType[c.of] = append(byType[c.of], c.name)
	}
	for _, of := range order {
		fmt.Fprintf(b, "\treflect.TypeFor[%s.%s](): {\n", pkg, of)
		for _, name := range byType[of] {
			fmt.Fprintf(b, "\t\t{%q, %s.%s},\n", name, pkg, name)
		}
		b.WriteString("\t},\n")
	}
}
