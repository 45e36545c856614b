package spec

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// scriptFiles returns the files that a word of schema stands for: those of a pattern
// or of a folder in the order of their numbers and names, without those that undo
// migrations; else the file itself.
func (r *reader) scriptFiles(name string) []string {
	pattern := name
	if !strings.ContainsAny(name, "*?[") {
		if path.Ext(name) == ".sql" {
			return []string{name}
		}
		pattern += "/*.sql"
	}
	matches, _ := r.Glob(pattern)
	matches = slices.DeleteFunc(matches, func(file string) bool { return strings.HasSuffix(file, ".down.sql") })
	if len(matches) == 0 {
		return []string{name}
	}
	slices.SortFunc(matches, func(a, b string) int {
		return cmp.Or(cmp.Compare(migrationNumber(a), migrationNumber(b)), cmp.Compare(a, b))
	})
	return matches
}

// migrationNumber returns the number that a file's name begins with, else the greatest.
func migrationNumber(file string) uint64 {
	base := strings.TrimPrefix(strings.ToUpper(path.Base(strings.ReplaceAll(file, `\`, "/"))), "V")
	digits := base[:len(base)-len(strings.TrimLeftFunc(base, unicode.IsDigit))]
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return 1<<64 - 1
	}
	return n
}

// directions are the lines of migration tools that begin the statements to do or to
// undo a migration: goose, sql-migrate, dbmate, rambler; and the one of tern.
var (
	directions = regexp.MustCompile(`(?i)^\s*--\s*(?:\+goose|\+migrate|migrate:|rambler)\s*(up|down)\b`)
	dropBelow  = regexp.MustCompile(`(?i)^\s*----\s*create above\s*/\s*drop below\s*----`)
)

// upPart returns the text of a script with spaces for what undoes a migration, and for
// commands of psql, which pg_dump writes.
func upPart(text string) string {
	up := !slices.ContainsFunc(strings.Split(text, "\n"), directions.MatchString)
	var b strings.Builder
	for line := range strings.Lines(text) {
		switch m := directions.FindStringSubmatch(line); {
		case m != nil:
			up = strings.EqualFold(m[1], "up")
		case dropBelow.MatchString(line):
			up = false
		}
		if up && !strings.HasPrefix(line, `\`) {
			b.WriteString(line)
			continue
		}
		body := strings.TrimRight(line, "\n")
		b.WriteString(strings.Repeat(" ", len(body)) + line[len(body):])
	}
	return b.String()
}
