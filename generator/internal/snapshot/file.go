package snapshot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/odbcgen/odbcgen/generator/internal/describe"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// file is a snapshot as it is written.
type file struct {
	Odbcgen    int         `json:"odbcgen"` // format
	Name       string      `json:"name"`
	Driver     string      `json:"driver"`
	Server     string      `json:"server"`
	SQL        string      `json:"sql"`
	Params     []value     `json:"params,omitempty"`
	Columns    []value     `json:"columns,omitempty"`
	Sets       []set       `json:"sets,omitempty"`
	Embeds     []embed     `json:"embeds,omitempty"`
	Procedures []procedure `json:"procedures,omitempty"`
}

// procedure is a describe.Procedure.
type procedure struct {
	Name     string  `json:"name"`
	Function bool    `json:"function,omitempty"`
	Params   []value `json:"params,omitempty"`
}

// embed is a describe.Embed.
type embed struct {
	Name    string   `json:"name"`
	Table   string   `json:"table"`
	Columns []string `json:"columns"`
	From    int      `json:"from"`
	Null    bool     `json:"null,omitempty"`
	Quoted  bool     `json:"quoted,omitempty"`
}

type set struct {
	Params  int     `json:"params"`
	Columns []value `json:"columns,omitempty"`
}

type value struct {
	Name      string `json:"name"`
	Type      string `json:"type,omitempty"` // none where nobody tells
	Told      string `json:"told,omitempty"` // by the driver, where that is not the type; untold for nothing
	Null      bool   `json:"null,omitempty"`
	NullWhy   string `json:"nullWhy,omitempty"`
	Of        string `json:"of,omitempty"`
	List      bool   `json:"list,omitempty"`
	SQLType   string `json:"sqlType,omitempty"`
	Source    string `json:"source,omitempty"`
	Direction string `json:"direction,omitempty"` // of a parameter of a procedure
	Width     int    `json:"width,omitempty"`
	At        []int  `json:"at,omitempty"` // offset and length in the SQL, of one without a type
}

// Encode returns the file of a snapshot.
func Encode(k Key, s Snapshot) []byte {
	f := file{
		Odbcgen: format, Name: k.Name, Driver: k.Driver, Server: s.Server, SQL: k.SQL,
		Params: written(s.Shape.Params), Columns: written(s.Shape.Columns),
	}
	for _, each := range s.Shape.Sets {
		f.Sets = append(f.Sets, set{each.Params, written(each.Columns)})
	}
	for _, e := range s.Shape.Embeds {
		f.Embeds = append(f.Embeds, embed(e))
	}
	for _, p := range s.Shape.Procedures {
		f.Procedures = append(f.Procedures, procedure{p.Name, p.Function, written(p.Params)})
	}
	return toJSON(f)
}

func written(values []describe.Value) []value {
	var all []value
	for _, v := range values {
		w := value{Name: v.Name, Null: v.Null, NullWhy: v.NullWhy, Of: v.Of, List: v.List, SQLType: v.SQLType, Source: v.Source}
		if v.Kind != protocol.Invalid {
			w.Type = v.Kind.String()
		}
		if v.Told != v.Kind {
			w.Told = untold
			if v.Told != protocol.Invalid {
				w.Told = v.Told.String()
			}
		}
		if v.Direction != 0 {
			w.Direction, w.Width = v.Direction.String(), v.Width
		}
		if v.Length > 0 {
			w.At = []int{v.Offset, v.Length}
		}
		all = append(all, w)
	}
	return all
}

const untold = "-"

func toJSON(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // SQL is full of < and >
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		panic(err) // there is nothing in it that could fail
	}
	return b.Bytes()
}

// Decode reads the file of a snapshot.
func Decode(content []byte) (Snapshot, error) {
	f, err := parse(content)
	if err != nil {
		return Snapshot{}, err
	}
	s := Snapshot{Server: f.Server}
	if s.Shape.Params, err = read(f.Params); err != nil {
		return s, err
	}
	if s.Shape.Columns, err = read(f.Columns); err != nil {
		return s, err
	}
	for _, e := range f.Embeds {
		s.Shape.Embeds = append(s.Shape.Embeds, describe.Embed(e))
	}
	for _, p := range f.Procedures {
		params, err := read(p.Params)
		if err != nil {
			return s, err
		}
		s.Shape.Procedures = append(s.Shape.Procedures, describe.Procedure{Name: p.Name, Function: p.Function, Params: params})
	}
	for _, each := range f.Sets {
		columns, err := read(each.Columns)
		if err != nil {
			return s, err
		}
		s.Shape.Sets = append(s.Shape.Sets, describe.Set{Params: each.Params, Columns: columns})
	}
	return s, nil
}

func parse(content []byte) (file, error) {
	var f file
	if err := json.Unmarshal(content, &f); err != nil {
		return f, err
	}
	if f.Odbcgen != format {
		return f, fmt.Errorf("format %d", f.Odbcgen)
	}
	return f, nil
}

func read(values []value) ([]describe.Value, error) {
	var all []describe.Value
	for _, w := range values {
		v := describe.Value{Name: w.Name, Null: w.Null, NullWhy: w.NullWhy, Of: w.Of, List: w.List, SQLType: w.SQLType, Source: w.Source, Width: w.Width}
		var err error
		if v.Kind, err = kindOf(w.Type); err != nil {
			return nil, err
		}
		v.Told = v.Kind
		if w.Told != "" {
			if v.Told, err = kindOf(strings.TrimPrefix(w.Told, untold)); err != nil {
				return nil, err
			}
		}
		if v.Direction = describe.ParseDirection(w.Direction); v.Direction == 0 && w.Direction != "" {
			return nil, fmt.Errorf("unknown direction %q", w.Direction)
		}
		if len(w.At) == 2 {
			v.Offset, v.Length = w.At[0], w.At[1]
		}
		all = append(all, v)
	}
	return all, nil
}

// kindOf returns the kind of a word, Invalid for none.
func kindOf(word string) (protocol.Kind, error) {
	kind, ok := protocol.ParseKind(word)
	if !ok && word != "" {
		return kind, fmt.Errorf("unknown type %q", word)
	}
	return kind, nil
}
