// Package emit prints a planned package as Go source. It decides nothing: what
// is printed under which name stands in the plan, and the same plan gives the
// same bytes. It writes no files.
package emit

import (
	"bytes"
	"fmt"

	"github.com/dave/jennifer/jen"
	"golang.org/x/tools/imports"

	"github.com/odbcgen/odbcgen/generator/internal/plan"
)

// File is a Go source file.
type File struct {
	Name    string
	Content []byte
}

// Files prints the package: first the file with Queries, then one file for each
// file of queries.
func Files(pkg *plan.Package) ([]File, error) {
	main, err := file(pkg, pkg.Main, mainFile)
	if err != nil {
		return nil, err
	}
	files := []File{main}
	for _, f := range pkg.Files {
		source, err := file(pkg, f.Name, func(out *jen.File, _ *plan.Package) { queriesFile(out, f) })
		if err != nil {
			return nil, err
		}
		files = append(files, source)
	}
	if len(pkg.Models.Structs) > 0 {
		source, err := file(pkg, pkg.Models.Name, func(out *jen.File, _ *plan.Package) {
			for _, s := range pkg.Models.Structs {
				out.Add(structType(s))
				out.Line()
			}
		})
		if err != nil {
			return nil, err
		}
		files = append(files, source)
	}
	if len(pkg.Plugins.All) > 0 {
		source, err := file(pkg, pkg.Plugins.Name, pluginsFile)
		if err != nil {
			return nil, err
		}
		files = append(files, source)
	}
	if pkg.Fake != nil {
		source, err := file(pkg, pkg.Fake.Name, fakeFile)
		if err != nil {
			return nil, err
		}
		files = append(files, source)
	}
	return files, nil
}

// file prints one file, whose declarations declare adds.
func file(pkg *plan.Package, name string, declare func(*jen.File, *plan.Package)) (File, error) {
	out := jen.NewFile(pkg.Name)
	out.NoFormat = true // imports.Process formats it
	for _, i := range pkg.Imports {
		out.ImportName(i.Path, i.Name)
	}
	declare(out, pkg)
	var source bytes.Buffer
	if err := out.Render(&source); err != nil {
		return File{}, fmt.Errorf("print %s: %w", name, err)
	}
	body, err := imports.Process(name, source.Bytes(), &groupImports)
	if err != nil {
		return File{}, fmt.Errorf("print %s: group imports: %w", name, err)
	}
	return File{Name: name, Content: stamp(body)}, nil
}

// groupImports sets the standard library apart from other imports, and changes
// nothing else.
var groupImports = imports.Options{FormatOnly: true, Comments: true, TabIndent: true, TabWidth: 8}
