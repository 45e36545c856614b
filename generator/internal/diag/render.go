package diag

import (
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLines is how many lines of a long span are drawn.
const maxLines = 4

// WriteText draws the diagnostics of the list in order, with colours when the
// reader is a terminal:
//
//	queries.yaml:12:7: query GetBook: no such column: tilte
//	    SELECT isbn, tilte FROM books
//	                 ^^^^^
//	    help: did you mean "title"?
func (l *List) WriteText(w io.Writer, colored bool) error {
	c := colors{}
	if colored {
		c = terminalColors
	}
	var b strings.Builder
	for _, d := range l.All() {
		b.WriteString(c.head.paint(d.String()) + "\n")
		for _, line := range l.Sources.draw(d.Pos, c.carets) {
			b.WriteString("    " + line + "\n")
		}
		if d.Detail != "" {
			b.WriteString("    " + strings.ReplaceAll(strings.TrimSuffix(d.Detail, "\n"), "\n", "\n    ") + "\n")
		}
		if d.Help != "" {
			b.WriteString("    " + c.help.paint("help:") + " " + strings.ReplaceAll(d.Help, "\n", "\n          ") + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// colors are those of the parts of a drawing.
type colors struct{ head, carets, help color }

var terminalColors = colors{head: "1", carets: "1;31", help: "1;36"} // bold, red, cyan

// color holds the parameters of the control function SGR (ECMA-48); "" is none.
type color string

func (c color) paint(text string) string {
	if c == "" {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}

// Sources holds the texts of files by the name they have in a Pos.
type Sources map[string]string

// Pos returns the place of length bytes from the byte offset of a file on.
func (s Sources) Pos(file string, offset, length int) Pos {
	text := s[file]
	offset = min(max(offset, 0), len(text))
	end := min(offset+max(length, 0), len(text))
	lineStart := strings.LastIndexByte(text[:offset], '\n') + 1
	return Pos{
		File: file,
		Line: strings.Count(text[:offset], "\n") + 1,
		Col:  utf8.RuneCountInString(text[lineStart:offset]) + 1,
		Len:  utf8.RuneCountInString(text[offset:end]),
	}
}

// draw returns the lines of the span, each with its carets below it, without the
// indentation they share.
func (s Sources) draw(p Pos, marks color) []string {
	lines := s.from(p)
	if len(lines) == 0 {
		return nil
	}
	indent := indentation(lines)
	var drawn []string
	col := p.Col
	for i, line := range lines {
		if i == maxLines {
			return append(drawn, "…")
		}
		text := strings.TrimSuffix(line, "\r")
		drawn = append(drawn, text[min(indent, len(text)):])
		if p.Col > 0 && (i == 0 || strings.TrimSpace(text) != "") {
			drawn = append(drawn, marks.paint(carets([]rune(text), indent, col-1, p.Len)))
		}
		p.Len -= utf8.RuneCountInString(line) + 1 - (col - 1)
		col = 1
	}
	return drawn
}

// from returns the lines that the span touches, at least its first.
func (s Sources) from(p Pos) []string {
	lines := strings.Split(s[p.File], "\n")
	if p.Line < 1 || p.Line > len(lines) {
		return nil
	}
	lines = lines[p.Line-1:]
	left := p.Len + max(p.Col-1, 0)
	for i, line := range lines {
		left -= utf8.RuneCountInString(line) + 1
		if left <= 0 {
			return lines[:i+1]
		}
	}
	return lines
}

// end returns line and column behind the span, 0 where its place is not known.
func (s Sources) end(p Pos) (line, col int) {
	if line, col = p.Line, p.Col; col == 0 {
		return line, 0
	}
	left := p.Len
	for _, text := range s.from(p) {
		rest := utf8.RuneCountInString(text) + 1 - (col - 1) // with the line end
		if left < rest {
			break
		}
		line, col, left = line+1, 1, left-rest
	}
	return line, col + left
}

// indentation returns how many bytes of white space all lines begin with,
// blank lines aside.
func indentation(lines []string) int {
	shared := -1
	for _, line := range lines {
		n := len(line) - len(strings.TrimLeft(line, " \t"))
		if strings.TrimSpace(line) != "" && (shared < 0 || n < shared) {
			shared = n
		}
	}
	return max(shared, 0)
}

// carets returns the line below line[indent:]: blanks up to the rune col, then one
// caret for each cell of the next n runes, one at least. Tabs stay tabs, so that
// any tab width lines up; the blanks a line of a longer span begins with get none.
func carets(line []rune, indent, col, n int) string {
	var b strings.Builder
	end := min(col+n, len(line))
	text := false
	for i := indent; i < end; i++ {
		text = text || i >= col && !unicode.IsSpace(line[i])
		b.WriteString(cell(line[i], i >= col && text))
	}
	if !text && col >= indent {
		b.WriteString(strings.Repeat(" ", max(col-max(end, indent), 0)) + "^")
	}
	return strings.TrimRight(b.String(), " \t")
}

// cell returns what stands below r: blanks or carets of its width.
func cell(r rune, marked bool) string {
	mark := " "
	if marked {
		mark = "^"
	}
	switch {
	case r == '\t':
		return "\t"
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return ""
	case unicode.Is(wide, r):
		return mark + mark
	}
	return mark
}

// wide holds the runes that terminals draw two cells wide: the blocks in which
// East_Asian_Width (Unicode Standard Annex 11) is W or F throughout, or nearly.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x1100, Hi: 0x115f, Stride: 1}, // Hangul Jamo, leading
		{Lo: 0x2e80, Hi: 0x303e, Stride: 1}, // CJK radicals and punctuation
		{Lo: 0x3041, Hi: 0xa4cf, Stride: 1}, // kana, CJK, Yi
		{Lo: 0xac00, Hi: 0xd7a3, Stride: 1}, // Hangul syllables
		{Lo: 0xf900, Hi: 0xfaff, Stride: 1}, // CJK compatibility
		{Lo: 0xfe30, Hi: 0xfe6f, Stride: 1}, // CJK compatibility forms
		{Lo: 0xff01, Hi: 0xff60, Stride: 1}, // full-width forms
		{Lo: 0xffe0, Hi: 0xffe6, Stride: 1}, // full-width signs
	},
	R32: []unicode.Range32{
		{Lo: 0x1f300, Hi: 0x1f64f, Stride: 1}, // pictographs, emoticons
		{Lo: 0x1f900, Hi: 0x1f9ff, Stride: 1}, // more pictographs
		{Lo: 0x20000, Hi: 0x3fffd, Stride: 1}, // CJK extensions
	},
}
