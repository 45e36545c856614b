package plan

// Fake is the Go file of a Querier for tests.
type Fake struct {
	Name    string
	Doc     string
	Frames  bool // some of the methods can read what was recorded
	Methods []FakeMethod
}

// FakeMethod is a method of the fake. It calls the function of a field; where that is
// not set, the rows come from the recording of Query, which Read reads and Copy copies.
type FakeMethod struct {
	Doc    string
	Method Method
	Field  string
	Query  string // "" where nothing is recorded
	Read   string // name of the function; "" for the method that writes frames
}

// fakeFileName holds the fake.
const fakeFileName = "fake" + suffix

// fakeNames are the names of Fake that no query may have.
var fakeNames = map[string]string{
	"Calls":    "the method of Fake that tells what was called",
	"Frames":   "the field of Fake that has the recordings",
	"InTxFunc": "the field of Fake for InTx",
}

// fakeField returns the name of the field for a method.
func fakeField(method string) string { return method + "Func" }

// fake plans the fake of a package whose queries are planned.
func fake(pkg *Package) *Fake {
	f := &Fake{Name: fakeFileName, Doc: "Fake is a Querier for tests. A method calls the function of its field; where that is nil, "}
	for _, file := range pkg.Files {
		for _, q := range file.Queries {
			f.Methods = append(f.Methods, fakeMethods(q)...)
			f.Frames = f.Frames || q.Frames != nil
		}
	}
	if f.Frames {
		f.Doc += "it gives the rows that are recorded in Frames, or "
	}
	f.Doc += "it fails. It may be used at the same time from many goroutines, once its fields are set."
	return f
}

// fakeMethods plans those of a query.
func fakeMethods(q Query) []FakeMethod {
	name := q.Method.Name
	m := FakeMethod{Method: q.Method, Field: fakeField(name)}
	m.Doc = name + " calls " + m.Field
	if q.Frames == nil {
		m.Doc += "."
		return []FakeMethod{m}
	}
	m.Doc += ", or reads " + name + ".frames."
	m.Query, m.Read = name, q.Frames.Read.Name
	w := FakeMethod{Method: q.Frames.Write, Field: fakeField(q.Frames.Write.Name), Query: name}
	w.Doc = w.Method.Name + " calls " + w.Field + ", or copies " + name + ".frames."
	return []FakeMethod{m, w}
}
