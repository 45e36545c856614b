package runtime

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// hidden stands in the place of a secret.
const hidden = "***"

// Redact returns a connection string that may be shown: the values of its secret
// keys are ***, and so is whatever is no key and value, for that may be the rest of
// a secret whose semicolon or brace was not escaped.
func Redact(connection string) string {
	var shown []string
	quoted := false // a secret began with a quotation mark and has not ended
	for s := range segments(connection) {
		if key, _, _ := strings.Cut(s.text, "="); quoted || s.key == "" && strings.TrimSpace(s.text) != "" {
			s.text = hidden
		} else if isSecret(s) {
			s.text = key + "=" + hidden
			quoted = s.whole && openQuote(s.value)
		}
		shown = append(shown, s.text)
	}
	return strings.Join(shown, ";")
}

// Scrub returns a text, such as a driver's message, without the secrets of the
// connection string.
func Scrub(connection, text string) string { return secretsOf(connection).scrub(text) }

func openQuote(value string) bool {
	return value != "" && strings.ContainsRune(`"'`, rune(value[0])) && (len(value) == 1 || value[len(value)-1] != value[0])
}

// isSecret reports whether a segment's value must not be shown: by its key, or
// because it is malformed, a connection string with a secret, or an address with a
// user's password.
func isSecret(s segment) bool {
	if s.value == "" {
		return s.key != "" && !s.whole
	}
	return secretKey(s.key) || !s.whole || address.MatchString(s.value) || slices.ContainsFunc(nestedKeys.FindAllString(s.value, -1), secretKey)
}

// nestedKeys finds the keys of a connection string, or of an address, in a value.
var nestedKeys = regexp.MustCompile(`[^;{}&?,'"=]*=`)

// address finds user:password@server, and Oracle's user/password@name.
var address = regexp.MustCompile(`[:/][^@]*@`)

// secretKey reports whether a key's values are secrets. Signs in a key do not
// count: client_secret, Client Secret.
func secretKey(key string) bool {
	letters := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, key)
	return slices.Contains(secretKeys, letters) ||
		slices.ContainsFunc(secretParts, func(part string) bool { return strings.Contains(letters, part) })
}

// A key is secret that is one of secretKeys or has one of secretParts in it.
var (
	secretKeys  = []string{"auth", "authorization", "sas", "key", "jwt", "bearer", "pin", "sig", "signature", "sslkey"}
	secretParts = []string{
		"pwd", "pass", "secret", "token", "credential", "connectionstring",
		"apikey", "accesskey", "accountkey", "sharedkey", "primarykey", "secondarykey", "privatekey", "privkey",
		"encryptionkey", "masterkey", "clientkey", "sigkey", "signingkey", "keystring", "keydata", "keycontent",
	}
)

// secrets finds those of a connection string in other texts; nil where it has none.
type secrets struct {
	long  *regexp.Regexp // anywhere
	short *regexp.Regexp // as words
}

// minSecret is the bytes of a secret that is looked for inside of words.
const minSecret = 4

// secretsOf returns the secrets of a connection string, each as it is, as it was
// written, and as it stands in an address.
func secretsOf(connection string) secrets {
	var long, short []string
	for s := range segments(connection) {
		if !isSecret(s) || s.value == "" {
			continue
		}
		_, written, _ := strings.Cut(s.text, "=")
		escaped := strings.ReplaceAll(s.value, "}", "}}")
		for _, form := range []string{s.value, strings.Trim(written, " \t"), escaped, url.QueryEscape(s.value), url.PathEscape(s.value)} {
			form = strings.ToValidUTF8(form, "") // as messages are
			if len(s.value) < minSecret {
				short = append(short, form)
			} else {
				long = append(long, form)
			}
		}
	}
	return secrets{anyOf(long, false), anyOf(short, true)}
}

// anyOf returns what finds the texts in any case, the longest first; nil for none.
func anyOf(texts []string, words bool) *regexp.Regexp {
	if len(texts) == 0 {
		return nil
	}
	slices.SortFunc(texts, func(a, b string) int { return len(b) - len(a) })
	var parts []string
	for _, text := range texts {
		if text == "" {
			continue
		}
		part := regexp.QuoteMeta(text)
		if words && wordSign.MatchString(text[:1]) {
			part = `\b` + part
		}
		if words && wordSign.MatchString(text[len(text)-1:]) {
			part += `\b`
		}
		parts = append(parts, part)
	}
	return regexp.MustCompile(`(?i:` + strings.Join(parts, "|") + `)`)
}

var wordSign = regexp.MustCompile(`\w`)

// scrub puts *** in the place of the secrets in a text.
func (s secrets) scrub(text string) string {
	for _, r := range []*regexp.Regexp{s.long, s.short} {
		if r != nil {
			text = r.ReplaceAllLiteralString(text, hidden)
		}
	}
	return text
}
