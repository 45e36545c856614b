package describe

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/spec"
	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
	"github.com/odbcgen/odbcgen/runtime"
)

// failure makes a finding of what the database said about the query.
func (s *statement) failure(ctx context.Context, err error) diag.Diagnostic {
	message := plainMessage(err)
	f := diag.Diagnostic{Query: s.query.Name.Value, Message: message, Fatal: connectionLost(err)}
	offset, length, word := locate(s.reading, message)
	f.Pos = s.text.BoundPos(offset, length)
	f.Help = s.suggest(ctx, word)
	return f
}

// plainMessage returns what the database said, without the names that driver
// and driver manager put before it, and its codes behind.
func plainMessage(err error) string {
	var e *runtime.Error
	if !errors.As(err, &e) || e.Message == "" {
		return err.Error()
	}
	message := prefixes.ReplaceAllString(strings.TrimSpace(e.Message), "")
	message, _, _ = strings.Cut(message, "\n") // PostgreSQL adds a drawing of its own
	message = strings.TrimSuffix(strings.TrimPrefix(message, "ERROR: "), ";")
	message = nativeCode.ReplaceAllString(strings.TrimSpace(message), "")
	return fmt.Sprintf("%s (SQLSTATE %s, native %d)", message, e.State, e.Native)
}

// prefixes are [vendor][driver]; SQLite's driver puts the native code behind.
var prefixes, nativeCode = regexp.MustCompile(`^(\[[^\]]*\])*\s*`), regexp.MustCompile(`\s*\(\d+\)$`)

func connectionLost(err error) bool {
	var e *runtime.Error
	return errors.As(err, &e) && strings.HasPrefix(e.State, "08")
}

// quoted finds the words that a message points at: in any quotes, or last
// behind a colon, as SQLite has them.
var quoted = regexp.MustCompile("\"([^\"]+)\"|'([^']+)'|`([^`]+)`|(?:: |named )([^\\s:()]+)(?:\\s|$)")

// locate returns the place in the SQL that a message is about, all of it where
// it does not say, and the word that it names.
func locate(r reading, message string) (offset, length int, word string) {
	for _, match := range quoted.FindAllStringSubmatch(message, -1) {
		word := strings.Join(match[1:], "")
		if offset, length, ok := r.find(word); ok {
			return offset, length, word
		}
	}
	return 0, len(strings.TrimSpace(r.sql)), ""
}

// find returns the place of a word, or of the last part of a dotted one, or of
// the text that a message quotes from the SQL.
func (r reading) find(word string) (offset, length int, ok bool) {
	parts := strings.Split(word, ".")
	for _, name := range []string{word, parts[len(parts)-1]} {
		for _, t := range r.tokens {
			if strings.EqualFold(t.Text, name) || t.Name() != "" && strings.EqualFold(t.Name(), name) {
				return t.Offset, len(t.Text), true
			}
		}
	}
	if i := strings.Index(r.sql, word); i >= 0 {
		first, _, _ := strings.Cut(word, "\n")
		return i, max(1, len(first)), true
	}
	return 0, 0, false
}

// suggest proposes a name for one that the database does not know, from the
// columns of the tables in the statement.
func (s *statement) suggest(ctx context.Context, word string) string {
	if word == "" {
		return ""
	}
	parts := strings.Split(word, ".")
	var names []string
	for _, table := range s.reading.tables() {
		columns, err := s.d.table(ctx, table)
		for _, c := range columns {
			if err == nil && !slices.Contains(names, c.Name) {
				names = append(names, c.Name)
			}
		}
	}
	if slices.Contains(names, parts[len(parts)-1]) {
		return "" // the name is known: it is something else
	}
	return diag.DidYouMean(parts[len(parts)-1], names)
}

// tables returns the names, as written, that stand where tables do.
func (r reading) tables() []string {
	var all []string
	for i := range r.tokens {
		from := r.fromClause(r.arm(i))
		listed := r.is(i, ",") && from.from < i && i < from.to
		if !listed && !r.is(i, "FROM", "JOIN", "UPDATE", "INTO") {
			continue
		}
		if next, name := r.qualified(i + 1); name != "" && next <= len(r.tokens) {
			all = append(all, r.text(span{i + 1, next}))
		}
	}
	return all
}

// connectHelp says what to do about a failed connection.
func connectHelp(err error) string {
	var e *runtime.Error
	if !errors.As(err, &e) {
		return ""
	}
	text := strings.ToLower(e.Message)
	switch {
	case e.State == "IM002" || strings.Contains(text, "can't open lib") || strings.Contains(text, "data source name not found"):
		return "the driver or data source is not installed; `odbcgen drivers` lists those that are"
	case e.State == "28000" || strings.Contains(text, "authentication") || strings.Contains(text, "password"):
		return "check user and password in the connection string"
	}
	return "check that the server runs, or that the file is there, and that the connection string leads to it"
}

// scriptFailure is a statement of a schema file that the database refused.
func (d *Database) scriptFailure(script spec.Schema, statement sqlscan.Statement, err error) diag.Diagnostic {
	message := plainMessage(err)
	offset, length, _ := locate(read(sqlscan.Scan(d.dialect, statement.Text), statement.Text), message)
	if length == len(statement.Text) {
		first, _, _ := strings.Cut(statement.Text, "\n")
		length = len(first)
	}
	return diag.Diagnostic{Pos: script.SQL.Pos(statement.Offset+offset, length), Message: message, Fatal: connectionLost(err)}
}
