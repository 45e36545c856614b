package emit

import (
	"cmp"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/dave/jennifer/jen"

	"github.com/odbcgen/odbcgen/generator/internal/plan"
	"github.com/odbcgen/odbcgen/generator/internal/pluginfile"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// pluginsFile adds the plugins that the user has described.
func pluginsFile(out *jen.File, pkg *plan.Package) {
	for _, p := range pkg.Plugins.All {
		out.Add(doc(p.Doc).Var().Id(p.Name).Op("=").Add(named(reflect.TypeOf(*p.Value)), structLiteral(reflect.ValueOf(*p.Value), lineWidth)))
		out.Line()
	}
}

// The longest literals that stand in one line: rows of a table may be longer.
const (
	lineWidth = 110
	rowWidth  = 220
)

// structLiteral prints the fields of a struct that are not zero. A kind is told always,
// since none means something.
func structLiteral(v reflect.Value, width int) jen.Code {
	var fields []jen.Code
	for i := range v.NumField() {
		if f := v.Field(i); !f.IsZero() || f.Type() == reflect.TypeFor[protocol.Kind]() {
			fields = append(fields, jen.Id(v.Type().Field(i).Name).Op(":").Add(literal(f, width)))
		}
	}
	return braces(fields, width)
}

// braces sets values side by side, or below each other where that is too long.
func braces(values []jen.Code, width int) jen.Code {
	side := jen.Values(values...)
	if text := fmt.Sprintf("%#v", jen.Id("x").Add(side)); len(text) <= width && !strings.Contains(text, "\n") {
		return side
	}
	return jen.Custom(jen.Options{Open: "{", Close: "}", Separator: ",", Multi: true}, values...)
}

// literal prints a value with its type.
func literal(v reflect.Value, width int) jen.Code {
	switch v.Kind() {
	case reflect.Struct:
		return jen.Add(named(v.Type()), structLiteral(v, width))
	case reflect.Slice:
		var items []jen.Code
		for i := range v.Len() {
			if item := v.Index(i); item.Kind() == reflect.Struct {
				items = append(items, structLiteral(item, rowWidth))
			} else {
				items = append(items, literal(item, width))
			}
		}
		return jen.Index().Add(named(v.Type().Elem()), braces(items, width))
	}
	return simple(v)
}

var driverPath = reflect.TypeFor[driver.Plugin]().PkgPath()

// simple prints a value that is one word.
func simple(v reflect.Value) jen.Code {
	if name := pluginfile.Constant(v.Interface()); name != "" {
		return jen.Qual(cmp.Or(v.Type().PkgPath(), driverPath), name) // that of a plain number is of driver
	}
	if d, ok := v.Interface().(time.Duration); ok {
		return duration(d)
	}
	switch v.Kind() {
	case reflect.String:
		if strings.ContainsAny(v.String(), "\"\n") {
			return sqlLiteral(v.String())
		}
		return jen.Lit(v.String())
	case reflect.Bool:
		return jen.Lit(v.Bool())
	}
	return jen.Op(fmt.Sprint(v.Interface()))
}

// duration prints a time in the largest unit that it is a whole number of.
func duration(d time.Duration) jen.Code {
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{time.Hour, "Hour"}, {time.Minute, "Minute"}, {time.Second, "Second"}, {time.Millisecond, "Millisecond"}, {time.Microsecond, "Microsecond"}} {
		switch {
		case d == unit.of:
			return jen.Qual("time", unit.name)
		case d%unit.of == 0:
			return jen.Op(strconv.FormatInt(int64(d/unit.of), 10)).Op("*").Qual("time", unit.name)
		}
	}
	return jen.Op(strconv.FormatInt(int64(d), 10))
}

// named prints the name of a type.
func named(t reflect.Type) jen.Code {
	if t.PkgPath() == "" {
		return jen.Id(t.Name())
	}
	return jen.Qual(t.PkgPath(), t.Name())
}
