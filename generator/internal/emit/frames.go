package emit

import (
	"strconv"

	"github.com/dave/jennifer/jen"

	"github.com/odbcgen/odbcgen/generator/internal/plan"
)

// reading prints the function that reads the rows of a query from frames.
func reading(r plan.Reading) jen.Code {
	from := jen.Id("r").Qual("io", "Reader")
	opts := jen.Id("opts").Op("...").Qual(plan.RuntimePath, "ReadOption")
	return doc(r.Doc).Func().Id(r.Name).Params(from, opts).Add(resultList(r.Results)).Block(
		jen.Return(jen.Id(r.Value).Dot(r.Verb).Call(jen.Id("r"), jen.Id("opts").Op("..."))),
	)
}

// spool prints how rows are kept, and nothing where they are not.
func spool(s *plan.Spool) jen.Code {
	if s == nil {
		return jen.Null()
	}
	return setting("Spool", true, jen.Op("&").Qual(plan.RuntimePath, "Spool").Values(
		setting("Threshold", s.Threshold > 0, threshold(s)),
		setting("Dir", s.Dir != "", jen.Lit(s.Dir)),
	))
}

// threshold prints a number of bytes as people read it.
func threshold(s *plan.Spool) jen.Code {
	n, unit := s.Size()
	number := jen.Op(strconv.FormatInt(n, 10))
	if unit.Shift == 0 {
		return number
	}
	return number.Op("<<").Lit(unit.Shift)
}
