package emit

import (
	"strings"
	"unicode/utf8"

	"github.com/dave/jennifer/jen"
)

// width is the length of a comment line.
const width = 80

// doc begins a declaration with its comment.
func doc(text string) *jen.Statement {
	s := &jen.Statement{}
	for _, line := range wrap(text) {
		s.Comment(line).Line()
	}
	return s
}

// wrap returns text as comment lines. It fills paragraphs; one that is indented
// or a list it leaves as it was written.
func wrap(text string) []string {
	var lines []string
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		if lines != nil {
			lines = append(lines, "//")
		}
		lines = append(lines, wrapParagraph(strings.Trim(paragraph, "\n"))...)
	}
	return lines
}

func wrapParagraph(paragraph string) []string {
	if isLaidOut(paragraph) {
		var lines []string
		for line := range strings.Lines(paragraph) {
			lines = append(lines, strings.TrimRight("// "+line, " \r\n"))
		}
		return lines
	}
	return fill(strings.Fields(paragraph))
}

// isLaidOut reports whether a line of the paragraph begins like code, a list
// item or a heading.
func isLaidOut(paragraph string) bool {
	for line := range strings.Lines(paragraph) {
		if strings.ContainsRune(" \t-*#", rune(line[0])) {
			return true
		}
	}
	return false
}

// fill sets words in lines of at most width characters.
func fill(words []string) []string {
	var lines []string
	line := "//"
	for _, word := range words {
		if line != "//" && utf8.RuneCountInString(line+" "+word) > width {
			lines = append(lines, line)
			line = "//"
		}
		line += " " + word
	}
	return append(lines, line)
}
