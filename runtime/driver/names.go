package driver

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Names says which names a database takes between quotes. A longer one may be cut
// without a word, and is another name then.
type Names struct {
	Max  int      // the longest, 0 for any length
	Unit NameUnit // that Max counts
	// Never are characters that no name has, and that cannot be quoted.
	Never string
	// Basic: characters beyond U+FFFF are in no name.
	Basic bool
	// NoEndSpace: a space at the end is refused or dropped.
	NoEndSpace bool
}

// NameUnit is what the length of a name is counted in.
type NameUnit uint8

// The units.
const (
	NameCharacters NameUnit = iota
	NameBytes               // of UTF-8
	NameUTF16               // code units of UTF-16
)

// Name writes a name so that it is read as that name, whatever is in it. It refuses
// what the database would not take, or would take for another name.
func (d Dialect) Name(name string) (string, error) {
	if reason := d.refuses(name); reason != "" {
		return "", fmt.Errorf("the name %s %s", shortened(name), reason)
	}
	return d.Quote(name), nil
}

// refuses returns what is wrong with a name, "" for nothing.
func (d Dialect) refuses(name string) string {
	units := [...]string{"characters", "bytes", "UTF-16 units"}
	switch length := d.Names.Unit.count(name); {
	case name == "":
		return "is empty"
	case !utf8.ValidString(name):
		return "is not UTF-8"
	case strings.ContainsRune(name, 0):
		return "has a zero byte"
	case d.Names.Max > 0 && length > d.Names.Max:
		return fmt.Sprintf("has %d %s, and the database takes %d", length, units[d.Names.Unit], d.Names.Max)
	case strings.ContainsAny(name, d.Names.Never):
		return fmt.Sprintf("has one of the characters %s, which the database has in no name", d.Names.Never)
	case d.Names.Basic && strings.ContainsFunc(name, func(r rune) bool { return r > 0xffff }):
		return "has a character beyond U+FFFF, which the database has in no name"
	case d.Names.NoEndSpace && strings.HasSuffix(name, " "):
		return "ends with a space, which the database does not keep"
	case (strings.TrimSpace(d.QuoteOpen) == "" || strings.TrimSpace(d.QuoteClose) == "") && !isPlain(name):
		return "would need quotes, and the driver has none"
	}
	return ""
}

func (u NameUnit) count(name string) int {
	switch u {
	case NameBytes:
		return len(name)
	case NameUTF16:
		return len(utf16.Encode([]rune(name)))
	}
	return utf8.RuneCountInString(name)
}

// isPlain reports whether a name needs no quotes.
func isPlain(name string) bool {
	for i, r := range name {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return true
}

// shortened returns a name as an error shows it.
func shortened(name string) string {
	const most = 80
	if len(name) <= most {
		return fmt.Sprintf("%q", name)
	}
	return fmt.Sprintf("%.*q…", most, name)
}

// QualifiedName writes a name of parts with dots between them, each part as Name does.
// A part that has a dot stands in quotes, as in SQL: those of the database, or double
// ones on all.
func (d Dialect) QualifiedName(name string) (string, error) {
	parts, err := d.Parts(name)
	if err != nil {
		return "", err
	}
	for i, part := range parts {
		if parts[i], err = d.Name(part); err != nil {
			return "", err
		}
	}
	return strings.Join(parts, "."), nil
}

// Parts cuts a qualified name, see QualifiedName, into its parts without quotes.
func (d Dialect) Parts(name string) ([]string, error) {
	var parts []string
	for rest := name; ; {
		part, behind, err := d.part(rest)
		if err != nil {
			return nil, fmt.Errorf("the name %s %w", shortened(name), err)
		}
		parts = append(parts, part)
		if behind == "" {
			return parts, nil
		}
		rest = behind[1:]
	}
}

var (
	errUnclosed = errors.New("has a quote that is not closed; a quote in a name is written twice, between quotes")
	errNoDot    = errors.New("has more than a dot behind a quoted part; a quote in a name is written twice")
)

// part returns the first part of a qualified name, and what is behind, which begins
// with a dot if it is not empty.
func (d Dialect) part(name string) (part, behind string, err error) {
	closing := ""
	for _, quotes := range [][2]string{{d.QuoteOpen, d.QuoteClose}, {`"`, `"`}} {
		if quotes[0] != "" && strings.HasPrefix(name, quotes[0]) {
			name, closing = name[len(quotes[0]):], quotes[1]
			break
		}
	}
	if closing == "" {
		part, _, _ = strings.Cut(name, ".")
		return part, name[len(part):], nil
	}
	part, behind, ok := cutQuoted(name, closing)
	switch {
	case !ok:
		return "", "", errUnclosed
	case behind != "" && behind[0] != '.':
		return "", "", errNoDot
	}
	return part, behind, nil
}

// cutQuoted cuts behind the closing quote of what an opening one stood before.
func cutQuoted(text, closing string) (name, behind string, ok bool) {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, closing)
		b.WriteString(before)
		if !found {
			return "", "", false
		}
		if !strings.HasPrefix(after, closing) {
			return b.String(), after, true
		}
		b.WriteString(closing)
		text = after[len(closing):]
	}
}
