package emit

import (
	"github.com/dave/jennifer/jen"

	"github.com/odbcgen/odbcgen/generator/internal/plan"
)

// fakeFile adds the Querier for tests.
func fakeFile(out *jen.File, pkg *plan.Package) {
	f := pkg.Fake
	for _, declaration := range []jen.Code{
		doc("Held by the compiler: a Fake can stand where Queries does.").
			Var().Id("_").Id("Querier").Op("=").Parens(jen.Op("*").Id("Fake")).Call(jen.Nil()),
		fakeType(f),
		calls(),
		called(),
	} {
		out.Add(declaration)
		out.Line()
	}
	for _, m := range f.Methods {
		out.Add(fakeMethod(m))
		out.Line()
	}
	out.Add(fakeInTx())
}

// fakeType prints the struct, with a field for each method.
func fakeType(f *plan.Fake) jen.Code {
	return doc(f.Doc).Type().Id("Fake").StructFunc(func(g *jen.Group) {
		if f.Frames {
			g.Comment("Frames are recordings, in files such as GetBook.frames for a query GetBook.")
			g.Id("Frames").Qual("io/fs", "FS")
			g.Line()
		}
		for _, m := range f.Methods {
			g.Id(m.Field).Func().Add(parameters(m.Method))
		}
		g.Id("InTxFunc").Func().Add(inTxParameters())
		g.Line()
		g.Id("mu").Qual("sync", "Mutex")
		g.Id("calls").Index().String().Comment("// guarded by mu")
	})
}

// calls prints the method that tells what was called.
func calls() jen.Code {
	return doc("Calls returns the names of the methods called so far, in order.").
		Func().Params(fakeReceiver()).Id("Calls").Params().Index().String().Block(
		lock(), unlock(),
		jen.Return(jen.Qual("slices", "Clone").Call(jen.Id("q").Dot("calls"))),
	)
}

func fakeReceiver() *jen.Statement { return jen.Id("q").Op("*").Id("Fake") }

func lock() jen.Code { return jen.Id("q").Dot("mu").Dot("Lock").Call() }

func unlock() jen.Code { return jen.Defer().Id("q").Dot("mu").Dot("Unlock").Call() }

// called prints the method that notes a call.
func called() jen.Code {
	list := jen.Id("q").Dot("calls")
	return jen.Func().Params(fakeReceiver()).Id("called").Params(jen.Id("method").String()).Block(
		lock(), unlock(),
		list.Clone().Op("=").Append(list.Clone(), jen.Id("method")),
	)
}

// fakeMethod prints a method of the fake.
func fakeMethod(m plan.FakeMethod) jen.Code {
	args := []jen.Code{jen.Id("ctx")}
	for _, a := range m.Method.Args {
		arg := jen.Id(a.Name)
		if a.Name == m.Method.Options {
			arg.Op("...")
		}
		args = append(args, arg)
	}
	return doc(m.Doc).Func().Params(fakeReceiver()).Add(signature(m.Method)).Block(
		jen.Id("q").Dot("called").Call(jen.Lit(m.Method.Name)),
		callField(m.Field, args),
		jen.Return(otherwise(m, args)),
	)
}

// callField prints the call of the function of a field, if there is one.
func callField(name string, args []jen.Code) jen.Code {
	field := jen.Id("q").Dot(name)
	return jen.If(field.Clone().Op("!=").Nil()).Block(jen.Return(field.Clone().Call(args...)))
}

// otherwise prints what a method does without a function.
func otherwise(m plan.FakeMethod, args []jen.Code) jen.Code {
	recording := jen.Qual(plan.RuntimePath, "Recording").Call(jen.Id("q").Dot("Frames"), jen.Lit(m.Query))
	switch {
	case m.Read != "":
		return jen.Id(m.Read).Call(recording)
	case m.Query != "":
		return jen.Id(m.Method.Value).Dot("Copy").Call(args[len(args)-1], recording)
	}
	nobody := jen.Qual(plan.RuntimePath, "NotFaked").Call(jen.Lit(m.Field))
	return jen.Id("New").Call(nobody).Dot(m.Method.Name).Call(args...)
}

// fakeInTx prints the method that runs what a transaction would.
func fakeInTx() jen.Code {
	args := []jen.Code{jen.Id("ctx"), jen.Id("do"), jen.Id("opts").Op("...")}
	return doc("InTx calls InTxFunc, or else do with the fake itself.").
		Func().Params(fakeReceiver()).Id("InTx").Add(inTxParameters()).Block(
		jen.Id("q").Dot("called").Call(jen.Lit("InTx")),
		callField("InTxFunc", args),
		jen.Return(jen.Id("do").Call(jen.Id("q"))),
	)
}
