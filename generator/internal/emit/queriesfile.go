package emit

import (
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/odbcgen/odbcgen/generator/internal/plan"
)

// queriesFile adds the queries of one file.
func queriesFile(out *jen.File, f plan.File) {
	for _, q := range f.Queries {
		for _, declaration := range query(q) {
			out.Add(declaration)
			out.Line()
		}
	}
}

// query prints the declarations of one query.
func query(q plan.Query) []jen.Code {
	var all []jen.Code
	for _, s := range q.Structs {
		all = append(all, structType(s))
	}
	all = append(all, value(q.Value), method(q.Method))
	if q.Frames != nil {
		all = append(all, method(q.Frames.Write), reading(q.Frames.Read))
	}
	all = append(all, setsFunctions(q.Value.Statements)...)
	if q.Encode != nil {
		all = append(all, encoder(q.Encode))
	}
	if q.Output != nil {
		all = append(all, output(q.Output))
	}
	all = append(all, setDecoders(q.Value.Sets)...)
	if q.Decode != nil {
		all = append(all, decoder(q.Decode))
	}
	if q.Advance != nil {
		all = append(all, advance(q.Advance))
	}
	return all
}

func structType(s plan.Struct) jen.Code {
	return doc(s.Doc).Type().Id(s.Name).StructFunc(func(g *jen.Group) {
		for _, f := range s.Fields {
			g.Id(f.Name).Add(goType(f.Type)).Add(remark(f.Comment))
		}
	})
}

// remark prints a comment behind a field, if there is one.
func remark(text string) jen.Code {
	if text == "" {
		return jen.Empty()
	}
	return jen.Comment("// " + text)
}

func goType(t plan.Type) *jen.Statement {
	var args []jen.Code
	for _, a := range t.Args {
		args = append(args, goType(a))
	}
	if t.Func {
		return jen.Func().Params(args...).Error()
	}
	return jen.Op(t.Prefix).Qual(t.Path, t.Name).Types(args...)
}

// value prints the variable that describes a query to the runtime.
func value(v plan.Value) jen.Code {
	return doc(v.Doc).Var().Id(v.Name).Op("=").Add(goType(v.Type)).Add(lines(
		setting("Name", v.Query != "", jen.Lit(v.Query)),
		setting("Table", v.Table != "", jen.Lit(v.Table)),
		setting("SQL", v.SQL != "", sqlLiteral(v.SQL)),
		setting("Driver", v.Driver != "", jen.Lit(v.Driver)),
		setting("Procedure", v.Procedure != "", jen.Lit(v.Procedure)),
		setting("Params", len(v.Params) > 0, slots(paramType(v), v.Params)),
		setting("Columns", len(v.Columns) > 0, slots("Column", v.Columns)),
		setting("Conflict", len(v.Conflict) > 0, names(v.Conflict)),
		setting("Update", len(v.Update) > 0 || v.NoUpdate, names(v.Update)),
		setting("Dialects", len(v.Dialects) > 0, dialects(v.Dialects)),
		setting("Encode", v.Encode != "", jen.Id(v.Encode)),
		setting("Decode", v.Decode != "", jen.Id(v.Decode)),
		spool(v.Spool),
		setting("Statements", len(v.Statements) > 0, statements(v)),
		procedureResults(v),
	))
}

// lines prints the elements of a literal one below the other.
func lines(elements ...jen.Code) *jen.Statement {
	return jen.Custom(jen.Options{Open: "{", Close: "}", Separator: ",", Multi: true}, elements...)
}

// setting prints a field of a literal, and nothing for one that is not set.
func setting(name string, set bool, value jen.Code) jen.Code {
	if !set {
		return jen.Null()
	}
	return jen.Id(name).Op(":").Add(value)
}

// slots prints parameters or columns, as the type of that name in the runtime.
func slots(of string, all []plan.Slot) jen.Code {
	var elements []jen.Code
	for _, s := range all {
		elements = append(elements, jen.Values(
			setting("Name", true, jen.Lit(s.Name)),
			setting("Kind", s.Kind != "", jen.Qual(plan.ProtocolPath, s.Kind)),
			setting("Direction", s.Direction != "", jen.Qual(plan.DriverPath, s.Direction)),
			setting("Width", s.Width > 0, jen.Lit(s.Width)),
			setting("Null", s.Null, jen.True()),
			setting("Reader", s.Reader, jen.True()),
			setting("List", s.List, jen.True()),
			setting("Told", s.Told != "", jen.Qual(plan.ProtocolPath, s.Told)),
			setting("Untold", s.Untold, jen.True()),
		))
	}
	return jen.Index().Qual(plan.RuntimePath, of).Add(lines(elements...))
}

// names prints a slice of strings.
func names(all []string) jen.Code {
	return jen.Index().String().ValuesFunc(func(g *jen.Group) {
		for _, name := range all {
			g.Lit(name)
		}
	})
}

func dialects(all []plan.DialectText) jen.Code {
	var elements []jen.Code
	for _, d := range all {
		elements = append(elements, jen.Values(
			setting("Driver", true, jen.Lit(d.Driver)),
			setting("SQL", true, sqlLiteral(d.SQL)),
		))
	}
	return jen.Index().Qual(plan.RuntimePath, "Dialect").Add(lines(elements...))
}

// sqlLiteral prints SQL between backquotes, so that it can be read and copied;
// what Go cannot write like that it prints quoted, line by line.
func sqlLiteral(sql string) jen.Code {
	if canBackquote(sql) {
		return jen.Op("`" + sql + "`")
	}
	parts := strings.SplitAfter(sql, "\n")
	for i, part := range parts {
		parts[i] = strconv.Quote(part)
	}
	return jen.Op(strings.Join(parts, " +\n"))
}

// canBackquote reports whether sql, which may have several lines, can stand
// between backquotes.
func canBackquote(sql string) bool {
	for line := range strings.SplitSeq(sql, "\n") {
		if !strconv.CanBackquote(line) {
			return false
		}
	}
	return true
}

// method prints the method that runs a query.
func method(m plan.Method) jen.Code {
	given := []jen.Code{jen.Id("ctx"), jen.Id("q").Dot("db"), argument(m.Pass)}
	for _, name := range m.With {
		given = append(given, jen.Id(name))
	}
	if m.Options != "" {
		given = append(given, jen.Id(m.Options).Op("..."))
	}
	call := jen.Id(m.Value).Dot(m.Verb).Call(given...)
	declared := doc(m.Doc).Func().Params(receiver()).Add(signature(m))
	if m.Drop {
		return declared.Block(jen.List(jen.Id("_"), jen.Id("err")).Op(":=").Add(call), jen.Return(jen.Id("err")))
	}
	return declared.Block(jen.Return(call))
}

func signature(m plan.Method) *jen.Statement {
	return jen.Id(m.Name).Add(parameters(m))
}

// parameters prints what a method takes and returns.
func parameters(m plan.Method) *jen.Statement {
	args := []jen.Code{context()}
	for _, a := range m.Args {
		args = append(args, jen.Id(a.Name).Add(goType(a.Type)))
	}
	return jen.Params(args...).Add(resultList(m.Results))
}

// resultList prints results, a single one without parentheses.
func resultList(results []plan.Type) jen.Code {
	if len(results) == 1 {
		return goType(results[0])
	}
	var all []jen.Code
	for _, r := range results {
		all = append(all, goType(r))
	}
	return jen.Params(all...)
}

func argument(a plan.Argument) jen.Code {
	if a.Name != "" {
		return jen.Id(a.Name)
	}
	return goType(a.Type).ValuesFunc(func(g *jen.Group) {
		for _, s := range a.Fields {
			g.Id(s.Field).Op(":").Id(s.Name)
		}
	})
}

// encoder prints the function that writes parameters to a batch.
func encoder(e *plan.Encoder) jen.Code {
	arg := jen.Id(e.Arg.Name).Add(goType(e.Arg.Type))
	return jen.Func().Id(e.Name).Params(batch(), arg).BlockFunc(func(g *jen.Group) {
		for _, c := range e.Cells {
			value, column := part(e.Arg.Name, c.Field), jen.Id("b").Dot(c.Column).Call(jen.Lit(c.Index))
			if c.Each == "" {
				g.Add(column.Dot(c.Append).Call(value))
				continue
			}
			g.For(jen.List(jen.Id("_"), jen.Id(c.Each)).Op(":=").Range().Add(value)).Block(
				column.Dot(c.Append).Call(jen.Id(c.Each)),
			)
		}
	})
}

func batch() *jen.Statement { return jen.Id("b").Op("*").Qual(plan.ProtocolPath, "Batch") }

// part prints a field of a variable, or the variable itself.
func part(variable, field string) jen.Code {
	if field == "" {
		return jen.Id(variable)
	}
	return jen.Id(variable).Dot(field)
}

// decoder prints the function that turns a batch into rows.
func decoder(d *plan.Decoder) jen.Code {
	rows := jen.Id("rows").Index().Add(goType(d.Row))
	return jen.Func().Id(d.Name).Params(rows, batch()).BlockFunc(func(g *jen.Group) {
		for _, line := range d.Picks {
			g.Add(pick(line))
		}
		g.For(jen.Id("i").Op(":=").Range().Id("rows")).BlockFunc(func(g *jen.Group) {
			g.Add(rowAt()).Op("=").Add(row(d))
			for _, c := range d.Cells {
				if len(c.Any) > 0 {
					g.Add(pointed(c))
				}
			}
		})
	})
}

func rowAt() *jen.Statement { return jen.Id("rows").Index(jen.Id("i")) }

// pointed prints what sets a pointer where there is a value to point at.
func pointed(c plan.Read) jen.Code {
	present := &jen.Statement{}
	for i, column := range c.Any {
		if i > 0 {
			present.Op("||")
		}
		present.Op("!").Id(column).Dot("IsNull").Call(jen.Id("i"))
	}
	place := rowAt()
	if c.Field != "" {
		place = place.Dot(c.Field)
	}
	return jen.If(present).Block(place.Op("=").Op("&").Add(cell(c)))
}

// pick prints the assignment that names columns of the batch.
func pick(line []plan.Pick) jen.Code {
	var names, columns []jen.Code
	for _, p := range line {
		names = append(names, jen.Id(p.Name))
		columns = append(columns, jen.Id("b").Dot(p.Column).Call(jen.Lit(p.Index)))
	}
	return jen.List(names...).Op(":=").List(columns...)
}

// row prints what row i becomes: its only cell, or a literal of all cells but those
// that are set behind it.
func row(d *plan.Decoder) jen.Code {
	var fields []jen.Code
	for _, c := range d.Cells {
		value := cell(c)
		switch {
		case c.Field == "" && len(c.Any) > 0:
			return jen.Nil()
		case c.Field == "":
			return value
		case len(c.Any) == 0:
			fields = append(fields, jen.Id(c.Field).Op(":").Add(value))
		}
	}
	return goType(d.Row).Add(lines(fields...))
}

// cell prints a value of row i.
func cell(c plan.Read) jen.Code {
	if len(c.Cells) == 0 {
		return jen.Id(c.From).Dot(c.At).Call(jen.Id("i"))
	}
	var fields []jen.Code
	for _, part := range c.Cells {
		fields = append(fields, jen.Id(part.Field).Op(":").Add(cell(part)))
	}
	return goType(c.Type).Add(lines(fields...))
}
