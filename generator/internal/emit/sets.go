package emit

import (
	"github.com/dave/jennifer/jen"

	"github.com/odbcgen/odbcgen/generator/internal/plan"
)

// statements prints the statements of a query with several results.
func statements(v plan.Value) jen.Code {
	of := v.Type
	of.Name = "SetsStatement"
	var elements []jen.Code
	for _, s := range v.Statements {
		elements = append(elements, lines(
			setting("SQL", true, sqlLiteral(s.SQL)),
			setting("Params", len(s.Params) > 0, slots("Param", s.Params)),
			setting("Dialects", len(s.Dialects) > 0, dialects(s.Dialects)),
			setting("Encode", s.Encode != nil, encoderName(s.Encode)),
			setting("Results", true, results(v.Type.Args[1], s.Sets)),
		))
	}
	return jen.Index().Add(goType(of)).Add(lines(elements...))
}

func encoderName(e *plan.Encoder) jen.Code {
	if e == nil {
		return jen.Null()
	}
	return jen.Id(e.Name)
}

// results prints the results of a statement, for a value of the type into.
func results(into plan.Type, sets []plan.Set) jen.Code {
	var elements []jen.Code
	for _, s := range sets {
		fields := []jen.Code{setting("Name", true, jen.Lit(s.Name))}
		if len(s.Columns) == 0 {
			elements = append(elements, jen.Values(append(fields, setting("Into", s.Into != "", place(s)))...))
			continue
		}
		columns := setting("Columns", true, slots("Column", s.Columns))
		elements = append(elements, lines(append(fields, columns, setting("Into", true, place(s)))...))
	}
	return jen.Index().Qual(plan.RuntimePath, "Set").Types(goType(into)).Add(lines(elements...))
}

// place prints where a result is put.
func place(s plan.Set) jen.Code {
	target := jen.Op("&").Id("s").Dot(s.Field.Name)
	if s.Field.Name == "" {
		target = jen.Id("s")
	}
	field := jen.Func().Params(jen.Id("s").Op("*").Add(goType(s.Of))).Op("*").Add(goType(s.Field.Type)).
		Op("{").Return(target).Op("}") // on one line, unlike Block
	call := jen.Qual(plan.RuntimePath, s.Into)
	if s.Decode == nil {
		return call.Call(field)
	}
	return call.Call(jen.Id(s.Decode.Name), field)
}

// setsFunctions prints the functions that the statements name.
func setsFunctions(all []plan.Statement) []jen.Code {
	var functions []jen.Code
	for _, s := range all {
		if s.Encode != nil {
			functions = append(functions, encoder(s.Encode))
		}
		functions = append(functions, setDecoders(s.Sets)...)
	}
	return functions
}

func setDecoders(sets []plan.Set) []jen.Code {
	var functions []jen.Code
	for _, set := range sets {
		if set.Decode != nil {
			functions = append(functions, decoder(set.Decode))
		}
	}
	return functions
}
