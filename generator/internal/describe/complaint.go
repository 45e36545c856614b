package describe

import (
	"regexp"
	"strconv"
)

// complaint is what a message says, as far as it is understood.
type complaint struct {
	about subject
	word  string // the name or text that it is about
	line  int    // of the statement, from 1; 0 where it does not say
}

// subject is the kind of thing that a message is about.
type subject uint8

const (
	aboutAnything  subject = iota
	aboutColumn            // that is not known
	aboutAmbiguous         // a column that several tables have
	aboutTable             // that is not known
	aboutAlias             // the qualifier of a column, likewise
	aboutFunction          // likewise
	aboutType              // likewise
	aboutParameter         // whose number is given, from 1
	aboutToken             // that does not belong there
	aboutRest              // the text from such a token on, or the beginning of it
	aboutEnd               // the statement is not complete
)

// complaints are the messages of databases; the first that fits is it.
var complaints = []struct {
	about subject
	text  *regexp.Regexp // its first group is the word, its second the line
}{
	{aboutColumn, regexp.MustCompile(`^no such column: (\S+)$`)}, // SQLite
	{aboutColumn, regexp.MustCompile(`has no column named (\S+)$`)},
	{aboutColumn, regexp.MustCompile(`^column "(.+)" of relation ".+" does not exist$`)}, // PostgreSQL
	{aboutColumn, regexp.MustCompile(`^column "?(.+?)"? does not exist$`)},
	{aboutColumn, regexp.MustCompile(`^Unknown column '(.+)' in `)}, // MariaDB
	{aboutColumn, regexp.MustCompile(`^Reference '(.+)' not supported`)},
	{aboutAmbiguous, regexp.MustCompile(`^ambiguous column name: (\S+)$`)},
	{aboutAmbiguous, regexp.MustCompile(`^column reference "(.+)" is ambiguous$`)},
	{aboutAmbiguous, regexp.MustCompile(`^Column '(.+)' in .+ is ambiguous$`)},
	{aboutTable, regexp.MustCompile(`^no such table: (\S+)$`)},
	{aboutTable, regexp.MustCompile(`^relation "(.+)" does not exist$`)},
	{aboutTable, regexp.MustCompile(`^Table '(.+)' doesn't exist`)},
	{aboutTable, regexp.MustCompile(`^Unknown table '(.+)'`)},
	{aboutAlias, regexp.MustCompile(`FROM-clause entry for table "(.+)"$`)},
	{aboutFunction, regexp.MustCompile(`^no such function: (\S+)$`)},
	{aboutFunction, regexp.MustCompile(`(?i)^(?:function|procedure) ([^\s(]+)(?:\(.*\))? does not exist$`)},
	{aboutFunction, regexp.MustCompile(`wrong number of arguments to function (\S+)\(\)$`)},
	{aboutFunction, regexp.MustCompile(`call to native function '(.+)'$`)},
	{aboutType, regexp.MustCompile(`^type "(.+)" does not exist$`)},
	{aboutType, regexp.MustCompile(`^Unknown data type: '(.+)'$`)},
	{aboutParameter, regexp.MustCompile(`^could not determine data type of parameter \$(\d+)$`)},
	{aboutToken, regexp.MustCompile(`(?s)^near "(.+)": syntax error$`)},
	{aboutToken, regexp.MustCompile(`(?s)^syntax error at or near "(.+)"$`)},
	{aboutToken, regexp.MustCompile(`^unrecognized token: "(.+)"$`)},
	{aboutEnd, regexp.MustCompile(`^(?:incomplete input|syntax error at end of input)$`)},
	{aboutRest, regexp.MustCompile(`(?s)for the right syntax to use near '(.*)' at line (\d+)$`)},
	{aboutAnything, regexp.MustCompile(`^operator does not exist: .+ (\S+) `)},
	// Any other message points with quotes, or with a last word behind a colon.
	{aboutAnything, regexp.MustCompile(`"([^"]+)"`)},
	{aboutAnything, regexp.MustCompile(`'([^']+)'`)},
	{aboutAnything, regexp.MustCompile("`([^`]+)`")},
	{aboutAnything, regexp.MustCompile(`: ([^\s:()]+)$`)},
}

// complaintOf reads a message.
func complaintOf(message string) complaint {
	for _, known := range complaints {
		m := known.text.FindStringSubmatch(message)
		if m == nil {
			continue
		}
		c := complaint{about: known.about}
		if len(m) > 1 {
			c.word = m[1]
		}
		if len(m) > 2 {
			c.line, _ = strconv.Atoi(m[2])
		}
		if c.about == aboutRest && c.word == "" {
			c.about = aboutEnd
		}
		return c
	}
	return complaint{}
}
