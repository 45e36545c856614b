package emit

import (
	"github.com/dave/jennifer/jen"

	"github.com/odbcgen/odbcgen/generator/internal/plan"
)

// advance prints the function that returns the parameters of the next page.
func advance(a *plan.Advance) jen.Code {
	row := jen.Id("row").Add(goType(a.Row))
	if len(a.Keys) == 1 && a.Keys[0].Param == "" {
		return jen.Func().Id(a.Name).Params(jen.Id("_").Add(goType(a.Params)), row).Add(goType(a.Params)).Block(
			jen.Return(key(a.Keys[0])),
		)
	}
	return jen.Func().Id(a.Name).Params(jen.Id("p").Add(goType(a.Params)), row).Add(goType(a.Params)).BlockFunc(func(g *jen.Group) {
		for _, k := range a.Keys {
			g.Id("p").Dot(k.Param).Op("=").Add(key(k))
		}
		g.Return(jen.Id("p"))
	})
}

// key prints the value of a key in the row.
func key(m plan.Move) jen.Code {
	value := jen.Op(m.Prefix).Add(part("row", m.Column))
	if m.Wrap.Name == "" {
		return value
	}
	return goType(m.Wrap).Values(jen.Id("V").Op(":").Add(value), jen.Id("Valid").Op(":").True())
}
