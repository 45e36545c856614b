package emit_test

import (
	"bytes"
	"flag"
	"fmt"
	"go/format"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"
	"gopkg.in/yaml.v3"

	"github.com/odbcgen/odbcgen/generator/internal/describe"
	"github.com/odbcgen/odbcgen/generator/internal/emit"
	"github.com/odbcgen/odbcgen/generator/internal/plan"
	"github.com/odbcgen/odbcgen/internal/golden"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

var update = flag.Bool("update", false, "rewrite the wanted files in testdata")

// TestGolden holds what is printed against the archives in testdata. Each has
// input.yaml and behind it the wanted files; db.gen.go is held against only
// where it is listed. The archives of wrong input have problems.txt instead.
func TestGolden(t *testing.T) {
	for _, path := range golden.Archives(t) {
		t.Run(golden.Name(path), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			require.NoError(t, err)
			want := archive.Files[1:]
			got := slices.DeleteFunc(generate(t, archive), func(f txtar.File) bool {
				return f.Name == "db.gen.go" && !golden.Lists(want, f.Name)
			})
			if *update {
				archive.Files = append(archive.Files[:1], got...)
				require.NoError(t, os.WriteFile(path, txtar.Format(archive), 0o644))
				return
			}
			require.Equal(t, text(want), text(got))
		})
	}
}

func text(files []txtar.File) string {
	return string(txtar.Format(&txtar.Archive{Files: files}))
}

// generate returns the files for the input of an archive, or its problems.
func generate(t *testing.T, archive *txtar.Archive) []txtar.File {
	pkg, problems := plan.New(readInput(t, archive.Files[0]))
	if len(problems) > 0 {
		require.Nil(t, pkg)
		return []txtar.File{{Name: "problems.txt", Data: lineEach(problems)}}
	}
	files, err := emit.Files(pkg)
	require.NoError(t, err)
	var got []txtar.File
	for _, f := range files {
		requireFormatted(t, f)
		got = append(got, txtar.File{Name: f.Name, Data: f.Content})
	}
	return got
}

func requireFormatted(t *testing.T, f emit.File) {
	formatted, err := format.Source(f.Content)
	require.NoError(t, err)
	require.Equal(t, string(formatted), string(f.Content), "%s is not as gofmt writes it", f.Name)
	require.True(t, emit.Intact(f.Content))
}

func lineEach(problems []plan.Problem) []byte {
	var b bytes.Buffer
	for _, p := range problems {
		fmt.Fprintf(&b, "%s: %s%s: %s\n\thelp: %s\n", p.File, p.Query, place(p), p.Message, p.Help)
	}
	return b.Bytes()
}

func place(p plan.Problem) string {
	switch {
	case p.Param != "":
		return " (parameter " + p.Param + ")"
	case p.Column != 0:
		return fmt.Sprintf(" (column %d)", p.Column)
	}
	return ""
}

// input is plan.Input in YAML. A parameter or column is one string of name, kind
// and SQL type between bars: "price | decimal? | DECIMAL(12,2)", where the
// question mark says that it can be NULL; "body | binary reader" is an io.Reader and
// "ids... | int64" a list. Behind them may stand the kind that the driver told, where
// that is another one, or a dash where it told none.
type input struct {
	Package string
	Doc     string
	Null    string
	Driver  string
	Fake    bool
	Files   []struct {
		Name    string
		Queries []struct {
			Name, Doc, Result, SQL string
			Dialects               []plan.Dialect
			Params, Columns        []string
			Keyset                 []plan.Key
			Frames                 bool
			Spool                  *plan.Spool
			Sets                   []struct {
				Name, Result, SQL string
				Dialects          []plan.Dialect
				Params            int
				Columns           []string
			}
		}
		Bulk []struct {
			Name, Doc, Table string
			Columns          []string
			Conflict, Update []string
			NoUpdate         bool
		}
		Procedures []struct {
			Name, Doc, Procedure string
			Params               []string
			Sets                 []struct {
				Name, Result string
				Columns      []string
			}
		}
	}
}

func readInput(t *testing.T, f txtar.File) plan.Input {
	require.Equal(t, "input.yaml", f.Name)
	var in input
	decoder := yaml.NewDecoder(bytes.NewReader(f.Data))
	decoder.KnownFields(true)
	require.NoError(t, decoder.Decode(&in))

	out := plan.Input{Package: in.Package, Doc: in.Doc, Driver: in.Driver, Fake: in.Fake}
	if in.Null == "pointer" {
		out.Null = plan.NullPointer
	}
	for _, f := range in.Files {
		source := plan.SourceFile{Name: f.Name}
		for _, q := range f.Queries {
			described := plan.DescribedQuery{
				Name: q.Name, Doc: q.Doc, Result: plan.Result(q.Result),
				SQL: strings.TrimSpace(q.SQL), Dialects: q.Dialects,
				Columns: readColumns(t, q.Columns), Frames: q.Frames, Spool: q.Spool,
			}
			for _, c := range readColumns(t, q.Params) {
				name, list := strings.CutSuffix(c.Name, "...")
				described.Params = append(described.Params, plan.Param{Name: name, List: list, Kind: c.Kind, Told: c.Told, Null: c.Null, Reader: c.Reader, SQLType: c.SQLType})
			}
			described.Keyset = q.Keyset
			for _, s := range q.Sets {
				described.Sets = append(described.Sets, plan.DescribedSet{
					Name: s.Name, Result: plan.Result(s.Result), SQL: strings.TrimSpace(s.SQL), Dialects: s.Dialects,
					Params: s.Params, Columns: readColumns(t, s.Columns),
				})
			}
			source.Queries = append(source.Queries, described)
		}
		for _, b := range f.Bulk {
			source.Bulks = append(source.Bulks, plan.DescribedBulk{
				Name: b.Name, Doc: b.Doc, Table: b.Table, Columns: readColumns(t, b.Columns),
				Conflict: b.Conflict, Update: b.Update, NoUpdate: b.NoUpdate,
			})
		}
		for _, p := range f.Procedures {
			described := plan.DescribedProcedure{Name: p.Name, Doc: p.Doc, Procedure: p.Procedure}
			for _, param := range p.Params {
				described.Params = append(described.Params, readProcedureParam(t, param))
			}
			for _, s := range p.Sets {
				described.Sets = append(described.Sets, plan.DescribedSet{Name: s.Name, Result: plan.Result(s.Result), Columns: readColumns(t, s.Columns)})
			}
			source.Procedures = append(source.Procedures, described)
		}
		out.Files = append(out.Files, source)
	}
	return out
}

func readColumns(t *testing.T, all []string) []plan.Column {
	var columns []plan.Column
	for _, s := range all {
		parts := strings.Split(s+"| | |", "|")
		kindName, reader := strings.CutSuffix(strings.TrimSpace(parts[1]), " reader")
		kindName, null := strings.CutSuffix(kindName, "?")
		kind, known := protocol.ParseKind(kindName)
		require.True(t, known || kindName == "", "%q is not a kind", kindName)
		told, known := protocol.ParseKind(strings.TrimSpace(parts[3]))
		if !known && strings.TrimSpace(parts[3]) == "" {
			told = kind
		}
		columns = append(columns, plan.Column{
			Name: strings.TrimSpace(parts[0]), Kind: kind, Told: told, Null: null, Reader: reader, SQLType: strings.TrimSpace(parts[2]),
		})
	}
	return columns
}

func readProcedureParam(t *testing.T, s string) plan.ProcedureParam {
	direction, rest, _ := strings.Cut(s, " ")
	width := strings.TrimSpace(strings.Split(rest+"| | |", "|")[3])
	c := readColumns(t, []string{strings.TrimSuffix(rest, width)})[0]
	p := plan.ProcedureParam{Name: c.Name, Kind: c.Kind, Null: c.Null, NullBack: c.Null, SQLType: c.SQLType, Direction: describe.ParseDirection(direction)}
	require.NotZero(t, p.Direction, s)
	if p.Direction == driver.InOut {
		p.Null = false
	}
	p.Width, _ = strconv.Atoi(width)
	return p
}
