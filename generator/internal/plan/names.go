package plan

import (
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// initialisms are the words that Go writes in one case. Digits or the s of a
// plural may follow: UTF8, IDs.
var initialisms = wordSet(`ACL API ASCII BIC CPU CSS CSV DB DNS EOF FTP GPS GUID
	HTML HTTP HTTPS IBAN ID IP ISBN ISO ISSN JSON JWT LDAP OS OTP PDF QR RAM REST
	RPC SHA SKU SLA SMS SMTP SQL SSH SSN SSO TCP TLS TTL TV UDP UI UID URI URL UTC
	UTF UUID VAT VIN VM VPN XML XSRF XSS`)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		set[word] = true
	}
	return set
}

// MethodName returns the Go name of a query, which is its own name when Go
// allows it. It is "" when the name has neither letters nor digits.
func MethodName(name string) string {
	if token.IsIdentifier(name) && token.IsExported(name) {
		return name
	}
	return fieldName(name)
}

// fieldName returns the exported Go name for a name in SQL, "" when that has
// neither letters nor digits.
func fieldName(name string) string {
	titled := joinTitles(words(name))
	first, _ := utf8.DecodeRuneInString(titled)
	switch {
	case titled == "" || unicode.IsUpper(first):
		return titled
	case unicode.IsDigit(first):
		return "N" + titled
	}
	return "X" + titled // a letter of a script without case
}

// localName returns the unexported Go name for a name in SQL, "" when that has
// neither letters nor digits. Go may have taken the name: see scope.
func localName(name string) string {
	parts := words(name)
	if len(parts) == 0 {
		return ""
	}
	return unexported(strings.ToLower(parts[0]) + joinTitles(parts[1:]))
}

// unexported returns name with a _ before it where it would be no name, or an
// exported one: a few capitals have no small letter.
func unexported(name string) string {
	if first, _ := utf8.DecodeRuneInString(name); unicode.IsDigit(first) || unicode.IsUpper(first) {
		return "_" + name
	}
	return name
}

// privateName returns the unexported form of an exported Go name: getBook, idList.
func privateName(goName string) string {
	first := split(goName)[0]
	return unexported(strings.ToLower(first) + strings.TrimPrefix(goName, first))
}

// words splits a name and lowers what is written in capitals throughout, as
// Oracle and Db2 do, so that only capitals which mean something are left.
func words(name string) []string {
	if !strings.ContainsFunc(name, unicode.IsLower) {
		name = strings.ToLower(name)
	}
	return split(name)
}

// split splits a name at everything Go does not allow in one and at its capitals.
func split(name string) []string {
	name = strings.Map(dropMark, name)
	var parts []string
	for part := range strings.FieldsFuncSeq(name, separates) {
		parts = append(parts, splitCapitals([]rune(part))...)
	}
	return parts
}

// dropMark removes the accents that stand as characters of their own; without
// their letter Go does not allow them.
func dropMark(r rune) rune {
	if unicode.IsMark(r) {
		return -1
	}
	return r
}

func separates(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

// splitCapitals splits HTTPServerIDs2Go into HTTP, Server, IDs2, Go.
func splitCapitals(part []rune) []string {
	var parts []string
	start := 0
	for i := 1; i < len(part); i++ {
		if beginsWord(part, i) {
			parts = append(parts, string(part[start:i]))
			start = i
		}
	}
	return append(parts, string(part[start:]))
}

func beginsWord(part []rune, i int) bool {
	if !unicode.IsUpper(part[i]) {
		return false
	}
	if !unicode.IsUpper(part[i-1]) {
		return true
	}
	lowerFollows := i+1 < len(part) && unicode.IsLower(part[i+1])
	return lowerFollows && !isPlural(part[i+1:])
}

// isPlural reports whether rest begins with the s of a plural such as IDs.
func isPlural(rest []rune) bool {
	return rest[0] == 's' && (len(rest) == 1 || !unicode.IsLower(rest[1]))
}

func joinTitles(parts []string) string {
	var b strings.Builder
	for _, part := range parts {
		b.WriteString(title(part))
	}
	return b.String()
}

// title returns word as it stands inside a Go name.
func title(word string) string {
	upper := strings.ToUpper(word)
	if initialisms[strings.TrimRightFunc(upper, unicode.IsDigit)] {
		return upper
	}
	if singular, plural := strings.CutSuffix(upper, "S"); plural && initialisms[singular] {
		return singular + "s"
	}
	first, size := utf8.DecodeRuneInString(word)
	return string(unicode.ToUpper(first)) + word[size:]
}

// distinct returns the names with a number behind each that stood before: Name,
// Name2. A name that the list itself has is not made.
func distinct(names []string) []string {
	out := slices.Clone(names)
	used := map[string]bool{}
	for i, name := range names {
		for n := 2; used[out[i]] || (out[i] != name && slices.Contains(names, out[i])); n++ {
			out[i] = name + strconv.Itoa(n)
		}
		used[out[i]] = true
	}
	return out
}

// scope holds the names that are taken in a piece of generated code, beside
// those that Go and the imports take everywhere.
type scope map[string]bool

func newScope(taken ...string) scope {
	s := scope{}
	for _, name := range taken {
		s[name] = true
	}
	return s
}

// free returns name, with a _ behind it while the name is taken.
func (s scope) free(name string) string {
	for s[name] || token.IsKeyword(name) || types.Universe.Lookup(name) != nil || isImport(name) {
		name += "_"
	}
	return name
}

// claim returns a free name and takes it.
func (s scope) claim(name string) string {
	name = s.free(name)
	s[name] = true
	return name
}
