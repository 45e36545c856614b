package plan

import "fmt"

// frames adds the method that writes the rows of a query as frames, and the function
// that reads them.
func (b *builder) frames(q *Query, form resultForm) {
	if form.frames.verb == "" {
		return // it has no rows, which is told, or readers
	}
	query := q.Method.Name
	write := q.Method
	write.Name, write.Verb, write.Results = query+"Frames", "Frames", []Type{errorType}
	if q.Advance != nil {
		write.Verb = "PageFrames"
	}
	q.Frames = &Frames{
		Write: write,
		Read:  Reading{Name: "Read" + query, Results: q.Method.Results, Value: q.Method.Value, Verb: form.frames.verb},
	}
	w, r := &q.Frames.Write, &q.Frames.Read
	b.claim(w.Name, fmt.Sprintf("the frames of query %s of %s", b.at.Query, b.at.File), "give one of the queries another name, or write frames: false")
	to := q.takeLast(w, "w", Type{Prefix: "*", Path: ProtocolPath, Name: "Writer"})
	w.Doc = fmt.Sprintf("%s writes the rows of %s to %s as frames, and leaves closing it to the caller.", w.Name, query, to)
	r.Doc = r.Name + " " + fmt.Sprintf(form.frames.doc, query)
}

// doc says what it means for the method.
func (s *Spool) doc() string {
	const all = "All rows are taken off the connection before the first one is yielded, and kept in memory"
	place := "a temporary file"
	if s.Dir != "" {
		place = "a file of " + s.Dir
	}
	if s.Threshold == 0 {
		return all + " or, where they are many, in " + place + "."
	}
	n, u := s.Size()
	return fmt.Sprintf("%s or, from %d %s on, in %s.", all, n, u.Name, place)
}

// Unit is so many bytes, as a power of 2.
type Unit struct {
	Name  string
	Shift int
}

var units = []Unit{{"GiB", 30}, {"MiB", 20}, {"KiB", 10}}

// Size returns the threshold in the largest unit of which it is a multiple.
func (s *Spool) Size() (int64, Unit) {
	for _, u := range units {
		if n := s.Threshold >> u.Shift; n<<u.Shift == s.Threshold {
			return n, u
		}
	}
	return s.Threshold, Unit{Name: "bytes"}
}
