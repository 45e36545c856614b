package pluginfile_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/generator/internal/pluginfile"
	"github.com/odbcgen/odbcgen/runtime/driver"
)

// TestSchema holds the JSON schema for editors against what Load reads. What it says of a
// key is the comment of the field.
func TestSchema(t *testing.T) {
	s := schemas{comments: comments(t), done: object{}}
	whole := object{
		{"$schema", "http://json-schema.org/draft-07/schema#"},
		{"title", "odbcgen plugin"},
		{"description", "A database for odbcgen: what it has other than one that is built in. A list replaces the one that is inherited; +key puts entries before those, key+ behind them."},
	}
	whole = append(whole, pair{"required", pluginfile.Needed(reflect.TypeFor[driver.Plugin]())})
	whole = append(whole, s.mapping(reflect.TypeFor[driver.Plugin]())...)
	whole = append(whole, pair{"definitions", s.done})
	text, err := json.MarshalIndent(whole, "", "  ")
	require.NoError(t, err)
	text = append(text, '\n')
	const path = root + "/doc/plugin.schema.json"
	if *update {
		require.NoError(t, os.WriteFile(path, text, 0o644))
		return
	}
	have, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(text), string(have), "go test ./generator/internal/pluginfile -update")
}

// object is a JSON object whose keys have an order.
type object []pair

type pair struct {
	key   string
	value any
}

func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	for i, p := range o {
		key, _ := json.Marshal(p.key)
		value, err := json.Marshal(p.value)
		if err != nil {
			return nil, err
		}
		b.WriteString(map[bool]string{true: "{", false: ","}[i == 0])
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	if len(o) == 0 {
		return []byte("{}"), nil
	}
	return append(b.Bytes(), '}'), nil
}

// schemas makes those of types.
type schemas struct {
	comments map[string]string // by type and field: Plugin.Name
	done     object            // definitions, by the name of the type
}

func (s *schemas) mapping(of reflect.Type) object {
	var properties object
	for _, f := range pluginfile.FieldsOf(of) {
		field := of.FieldByIndex(f.Index())
		described := object{{"description", s.comment(of, f.Index())}}
		switch value := s.value(field.Type); {
		case field.Type.Kind() == reflect.Slice:
			list := append(described, pair{"type", "array"}, pair{"items", s.entry(field.Type.Elem())})
			properties = append(properties, pair{f.Key(), list}, pair{"+" + f.Key(), list}, pair{f.Key() + "+", list})
		case f.Key() == "extends":
			properties = append(properties, pair{f.Key(), append(described, pair{"enum", pluginfile.BuiltIn()})})
		case value[0].key == "$ref":
			properties = append(properties, pair{f.Key(), append(described, pair{"allOf", []object{value}})}) // nothing may stand beside $ref
		default:
			properties = append(properties, pair{f.Key(), append(described, value...)})
		}
	}
	m := object{{"type", "object"}, {"additionalProperties", false}}
	return append(m, pair{"properties", properties})
}

// entry returns the schema of an entry of a list, which inherits nothing.
func (s *schemas) entry(of reflect.Type) object {
	if needed := pluginfile.Needed(of); needed != nil {
		return object{{"allOf", []object{s.value(of)}}, {"required", needed}}
	}
	return s.value(of)
}

// comment returns that of a field, which may be one of an embedded struct.
func (s *schemas) comment(of reflect.Type, index []int) string {
	for len(index) > 1 {
		of, index = of.Field(index[0]).Type, index[1:]
	}
	return s.comments[of.Name()+"."+of.Field(index[0]).Name]
}

// value returns the schema of what is no list, or a reference to it.
func (s *schemas) value(of reflect.Type) object {
	if of.Kind() == reflect.Slice {
		return nil
	}
	name := of.Name()
	if of.PkgPath() == "" && of.Kind() != reflect.String {
		return s.form(of)
	}
	if !slices.ContainsFunc(s.done, func(p pair) bool { return p.key == name }) {
		at := len(s.done)
		s.done = append(s.done, pair{name, nil})
		s.done[at].value = s.form(of)
	}
	return object{{"$ref", "#/definitions/" + name}}
}

func (s *schemas) form(of reflect.Type) object {
	words := pluginfile.WordsOf(of)
	switch {
	case of == reflect.TypeFor[driver.SQLType](), words != nil && of.PkgPath() == "":
		return object{{"anyOf", []object{{{"enum", words}}, {{"type", "integer"}}}}}
	case words != nil:
		return object{{"enum", words}}
	case of == reflect.TypeFor[time.Duration]():
		return object{{"type", "string"}, {"examples", []string{"250ms", "1s"}}}
	case of.Kind() == reflect.Bool:
		return object{{"type", "boolean"}}
	case of.Kind() == reflect.String:
		return object{{"type", []string{"string", "number", "boolean"}}} // Load takes them as they are written
	case of.Kind() != reflect.Struct:
		return object{{"type", "integer"}}
	}
	return s.mapping(of)
}

// comments returns those of the fields of all structs of package driver. Fields that have
// none share that of their struct.
func comments(t *testing.T) map[string]string {
	all := map[string]string{}
	for _, file := range sources(t, "driver") {
		for _, d := range file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range g.Specs {
				of, ok := s.(*ast.TypeSpec)
				if !ok {
					continue
				}
				fields, ok := of.Type.(*ast.StructType)
				if !ok {
					continue
				}
				for _, f := range fields.Fields.List {
					for _, name := range f.Names {
						all[of.Name.Name+"."+name.Name] = oneLine(f.Doc.Text(), f.Comment.Text(), g.Doc.Text())
					}
				}
			}
		}
	}
	return all
}

// oneLine returns the first text that there is, in one line.
func oneLine(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return strings.Join(strings.Fields(text), " ")
		}
	}
	return ""
}
