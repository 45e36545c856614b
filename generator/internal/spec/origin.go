package spec

import (
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/odbcgen/odbcgen/generator/internal/diag"
)

// origin says which bytes of a file a text was made of.
type origin struct {
	file    string
	sources diag.Sources
	pieces  []piece  // by offset; none when the text is not found again in the file
	node    diag.Pos // the place to tell without pieces
}

// piece is a part of the text that stands in the file byte by byte, up to the next.
type piece struct{ text, file int }

// pos returns the place of length bytes of the text from offset on.
func (o origin) pos(offset, length int) diag.Pos {
	if len(o.pieces) == 0 {
		return o.node
	}
	from := o.offset(offset)
	if length <= 0 {
		return o.sources.Pos(o.file, from, 0)
	}
	return o.sources.Pos(o.file, from, o.offset(offset+length-1)+1-from)
}

// offset returns the offset in the file of an offset in the text.
func (o origin) offset(offset int) int {
	at := o.pieces[0]
	for _, p := range o.pieces {
		if p.text <= offset {
			at = p
		}
	}
	return at.file + offset - at.text
}

// without returns the origin of the text without its first n bytes.
func (o origin) without(n int) origin {
	moved := make([]piece, len(o.pieces))
	for i, p := range o.pieces {
		moved[i] = piece{p.text - n, p.file}
	}
	o.pieces = moved
	return o
}

// originOf finds the value of a scalar again in its file. One with escapes other than
// of quotes, backslashes and white space is not found.
func (r *reader) originOf(n *yaml.Node, at diag.Pos) origin {
	a := aligner{value: n.Value, file: r.problems.Sources[at.File], j: r.lineStart(n.Line), style: n.Style}
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		a.j = r.lineStart(n.Line + 1)
	} else {
		a.skipProperties(n.Column)
	}
	return origin{file: at.File, sources: r.problems.Sources, node: at, pieces: a.pieces()}
}

// lineStart returns the offset of a line of the spec, counted from 1.
func (r *reader) lineStart(line int) int {
	if r.lines == nil {
		r.lines = []int{0}
		for i, c := range []byte(r.problems.Sources[r.spec.Path]) {
			if c == '\n' {
				r.lines = append(r.lines, i+1)
			}
		}
	}
	return r.lines[min(line, len(r.lines))-1]
}

// aligner walks through a value and the file it is written in, side by side. They
// may differ in white space (YAML removes indentation and folds lines) and, between
// quotes, in escapes.
type aligner struct {
	value, file string
	i, j        int // where it stands in value and file
	style       yaml.Style
}

// skipProperties goes from the start of a line to the content of a scalar at a
// column: behind anchor, tag and opening quote.
func (a *aligner) skipProperties(column int) {
	for range column - 1 {
		_, size := utf8.DecodeRuneInString(a.file[a.j:])
		a.j += size
	}
	for a.at("&") || a.at("!") {
		for a.j < len(a.file) && !isBlank(a.file[a.j]) {
			a.j++
		}
		a.skipBlank()
	}
	if a.style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		a.j++
	}
}

func (a *aligner) at(sign string) bool { return a.j < len(a.file) && a.file[a.j:a.j+1] == sign }

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// skipBlank goes to the next character of the file that is not white space, nor an
// escape that stands for it.
func (a *aligner) skipBlank() {
	for a.j < len(a.file) {
		switch {
		case isBlank(a.file[a.j]):
			a.j++
		case a.style&yaml.DoubleQuotedStyle != 0 && a.at(`\`) && strings.ContainsAny(a.file[a.j+1:min(a.j+2, len(a.file))], "ntr \t\r\n"):
			a.j += 2
		default:
			return
		}
	}
}

// pieces returns nil when the value does not stand in the file.
func (a *aligner) pieces() []piece {
	var found []piece
	for ; a.i < len(a.value); a.i++ {
		if isBlank(a.value[a.i]) {
			continue
		}
		if a.i == 0 || isBlank(a.value[a.i-1]) {
			a.skipBlank()
		}
		if !a.skipEscape() {
			return nil
		}
		if last := len(found) - 1; last < 0 || found[last].file-found[last].text != a.j-a.i {
			found = append(found, piece{a.i, a.j})
		}
		a.j++
	}
	return found
}

// skipEscape goes behind the sign that escapes the next character of the value, if
// there is one, and tells whether that character comes then.
func (a *aligner) skipEscape() bool {
	next := a.value[a.i : a.i+1]
	switch {
	case a.style&yaml.SingleQuotedStyle != 0 && next == "'",
		a.style&yaml.DoubleQuotedStyle != 0 && a.at(`\`):
		a.j++
	}
	return a.at(next)
}
