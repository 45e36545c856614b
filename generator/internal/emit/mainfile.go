package emit

import (
	"github.com/dave/jennifer/jen"

	"github.com/odbcgen/odbcgen/generator/internal/plan"
)

// mainFile adds what a package has once.
func mainFile(out *jen.File, pkg *plan.Package) {
	for _, line := range wrap(pkg.Doc) {
		out.PackageComment(line)
	}
	out.Add(contractCheck(pkg.Contract))
	out.Line()
	out.Add(querier(pkg.Methods))
	out.Line()
	out.Add(queries())
	out.Line()
	out.Add(newQueries())
	out.Line()
	out.Add(inTx())
}

// contractCheck prints constants that overflow when generated code and runtime
// do not belong together.
func contractCheck(contract int) jen.Code {
	runtime := func(name string) *jen.Statement { return jen.Qual(plan.RuntimePath, name) }
	return doc("Held by the compiler: the runtime knows this generated code, and this code the runtime.").
		Const().Defs(
		jen.Id("_").Op("=").Add(runtime("GeneratedCodeTooOld")).Call(jen.Lit(contract).Op("-").Add(runtime("MinContract"))),
		jen.Id("_").Op("=").Add(runtime("RuntimeTooOld")).Call(runtime("MaxContract").Op("-").Lit(contract)),
	)
}

// querier prints the interface of all methods.
func querier(methods []plan.Method) jen.Code {
	return doc("Querier is what Queries does; a test can put its own in place.").
		Type().Id("Querier").InterfaceFunc(func(g *jen.Group) {
		for _, m := range methods {
			g.Add(signature(m))
		}
		g.Add(inTxSignature())
	})
}

func inTxSignature() *jen.Statement { return jen.Id("InTx").Add(inTxParameters()) }

func inTxParameters() *jen.Statement {
	do := jen.Id("do").Func().Params(jen.Id("Querier")).Error()
	opts := jen.Id("opts").Op("...").Qual(plan.RuntimePath, "TxOption")
	return jen.Params(context(), do, opts).Error()
}

func context() *jen.Statement { return jen.Id("ctx").Qual("context", "Context") }

// queries prints the type that has the methods.
func queries() jen.Code {
	return doc("Queries runs the queries of this package on a database, a connection or a transaction.").
		Type().Id("Queries").Struct(jen.Id("db").Qual(plan.RuntimePath, "Session"))
}

// newQueries prints the constructor of Queries.
func newQueries() jen.Code {
	return doc("New returns Queries that run on db: a *runtime.DB, *runtime.Conn or *runtime.Tx.").
		Func().Id("New").Params(jen.Id("db").Qual(plan.RuntimePath, "Session")).Op("*").Id("Queries").Block(
		jen.Return(jen.Op("&").Id("Queries").Values(jen.Id("db").Op(":").Id("db"))),
	)
}

// inTx prints the method that runs a transaction.
func inTx() jen.Code {
	do := jen.Func().Params(jen.Id("tx").Op("*").Qual(plan.RuntimePath, "Tx")).Error().Block(
		jen.Return(jen.Id("do").Call(jen.Id("New").Call(jen.Id("tx")))),
	)
	return doc("InTx runs do in one transaction, which is committed when do returns nil and rolled back otherwise. " +
		"After a deadlock or a serialization failure do runs again, in a new one: what it does outside of the transaction, " +
		"it may do more than once. runtime.NoTxRetry has it run once only. On a *runtime.Tx it is a savepoint.").
		Func().Params(receiver()).Add(inTxSignature()).Block(
		jen.Return(jen.Id("q").Dot("db").Dot("InTx").Call(jen.Id("ctx"), do, jen.Id("opts").Op("..."))),
	)
}

func receiver() *jen.Statement { return jen.Id("q").Op("*").Id("Queries") }
