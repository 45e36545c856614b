package spec

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/odbcgen/odbcgen/generator/internal/diag"
)

// FramesOf tells whether the rows of q can be written and read as frames: where its own
// frames says nothing, that of the spec is for all that have rows which frames can hold.
func (s *Spec) FramesOf(q *Query) bool {
	if q.Frames.Set {
		return q.Frames.Value
	}
	return s.Frames.Value && q.rows() && q.reader() == nil
}

// rows tells whether running q gives the rows of one result.
func (q *Query) rows() bool { return slices.Contains([]string{One, Opt, Many, Stream}, q.Result.Value) }

// reader returns the first column of q that is a reader, nil for none.
func (q *Query) reader() *Override {
	i := slices.IndexFunc(q.Columns, func(c Override) bool { return c.Reader.Value })
	if i < 0 {
		return nil
	}
	return &q.Columns[i]
}

// checkFrames tells of frames of a query that can have none.
func (r *reader) checkFrames(q *Query) {
	column := q.reader()
	switch {
	case !q.Frames.Value:
	case !q.rows() && slices.Contains(slices.Concat(results, []string{Sets}), q.Result.Value):
		r.problemAt(q.Frames.Pos, "leave frames out; they are for one, opt, many and stream", "frames hold the rows of one result, which result: %s has not", q.Result.Value)
	case column != nil:
		r.problemAt(q.Frames.Pos, "leave frames out, or reader, where the values are not too long for memory", "frames cannot hold column %q, which is a reader", column.Name.Value)
	}
}

// Spool says how the rows of a stream are kept until they are read.
type Spool struct {
	Pos       diag.Pos
	Threshold int64 // bytes kept in memory, more go to a file; 0 for the default
	Dir       Text  // folder of the file, "" for the default
}

// spool reads yes, no or a mapping.
func (r *reader) spool(n *yaml.Node, q *Query) {
	s := &Spool{Pos: r.pos(n)}
	wanted := Bool{Value: true}
	if n.Kind == yaml.ScalarNode {
		r.bool("spool", &wanted)(n)
	} else {
		r.mapping("spool", n, r.spoolFields(s))
	}
	if wanted.Value {
		q.Spool = s
	}
}

func (r *reader) spoolFields(s *Spool) []field {
	return []field{
		{"threshold", false, r.size("threshold", &s.Threshold)},
		{"dir", false, r.text("dir", &s.Dir)},
	}
}

var (
	size  = regexp.MustCompile(`^(\d+) ?(|B|KiB|MiB|GiB)$`)
	units = map[string]int64{"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
)

// size returns a reader of a number of bytes.
func (r *reader) size(what string, into *int64) func(*yaml.Node) {
	return func(n *yaml.Node) {
		var text Text
		r.text(what, &text)(n)
		if text.Value == "" {
			return
		}
		m := size.FindStringSubmatch(text.Value)
		if m == nil {
			r.problem(n, sizeHelp(text.Value), "%s %q is not a size", what, text.Value)
			return
		}
		number, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil || number == 0 || number > math.MaxInt64/units[m[2]] {
			r.problem(n, "write a size such as 64MiB", "%s %q is out of range", what, text.Value)
			return
		}
		*into = number * units[m[2]]
	}
}

var misspeltSize = regexp.MustCompile(`(?i)^(\d+)\s*([kmg])(?:i?b)?$`)

// sizeHelp returns what was meant by a word for a size, or else how to write one.
func sizeHelp(word string) string {
	if m := misspeltSize.FindStringSubmatch(word); m != nil {
		return "write " + m[1] + strings.ToUpper(m[2]) + "iB"
	}
	return "write a number of bytes, or one with KiB, MiB or GiB, such as 64MiB"
}

// checkSpool tells of a spool of what is not a stream.
func (r *reader) checkSpool(q *Query) {
	if q.Spool == nil {
		return
	}
	column := q.reader()
	switch {
	case q.Result.Value != Stream:
		r.problemAt(q.Spool.Pos, "write result: stream, or leave spool out", "spool belongs to result: stream")
	case len(q.Keyset) > 0:
		r.problemAt(q.Spool.Pos, "leave spool out, or keyset", "a keyset has one page in memory and no connection between two, so there is nothing to spool")
	case column != nil:
		r.problemAt(q.Spool.Pos, "leave spool out, or reader", "a spool cannot hold column %q, which is a reader", column.Name.Value)
	}
}
