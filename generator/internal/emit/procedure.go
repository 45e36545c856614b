package emit

import (
	"github.com/dave/jennifer/jen"

	"github.com/odbcgen/odbcgen/generator/internal/plan"
)

// paramType returns the type of the parameters of a value, in the runtime.
func paramType(v plan.Value) string {
	if v.Procedure != "" {
		return "ProcedureParam"
	}
	return "Param"
}

// procedureResults prints the sets of a procedure, and nothing where there are none.
func procedureResults(v plan.Value) jen.Code {
	if len(v.Sets) == 0 {
		return jen.Null()
	}
	return setting("Results", true, results(v.Type.Args[1], v.Sets))
}

// output prints the function that puts what came back into the result.
func output(o *plan.Output) jen.Code {
	result := jen.Id("r").Op("*").Add(goType(o.Into))
	return jen.Func().Id(o.Name).Params(result, batch()).BlockFunc(func(g *jen.Group) {
		for i, f := range o.Fields {
			place := jen.Op("*").Id("r")
			if f.Field != "" {
				place = jen.Id("r").Dot(f.Field)
			}
			column := jen.Id("b").Dot(o.Picks[i].Column).Call(jen.Lit(o.Picks[i].Index))
			g.Add(place).Op("=").Add(column).Dot(f.At).Call(jen.Lit(0))
		}
	})
}
