package driver

import "strings"

// Generic describes a database of which nothing is known: it believes what the
// specification promises about results and nothing about parameters, reads rows
// one at a time and sets nothing.
var Generic = Plugin{
	Name:     "generic",
	Describe: Describe{Expressions: true, NotNull: NotNullDescribed},
	Dialect:  Dialect{QuoteOpen: `"`, QuoteClose: `"`, AskQuote: true},
	Faults:   foreignFaults,
	Lists:    Lists{In: "IN (SELECT NULL WHERE 1 = 0)", NotIn: "NOT IN (SELECT NULL WHERE 1 = 0)", Max: 2000}, // SQL Server takes 2,100
	Quirks:   Quirks{RebindParams: true},
	// Drivers without parameter arrays may say so, or send the first row only.
	Bulk: Bulk{Strategy: BulkArrays, Rows: 1},
}

// All lists the built-in plugins; Generic is the last.
func All() []*Plugin {
	return []*Plugin{&SQLite, &Postgres, &MariaDB, &Generic}
}

// ByName returns the built-in plugin of the name.
func ByName(name string) (*Plugin, bool) {
	for _, p := range All() {
		if p.Name == name {
			return p, true
		}
	}
	return nil, false
}

// ForDBMS returns the built-in plugin for a live connection whose driver
// answers dbms to SQL_DBMS_NAME, Generic when there is none of its own.
func ForDBMS(dbms string) *Plugin {
	for _, p := range All() {
		for _, name := range p.Match.DBMS {
			if strings.EqualFold(name, dbms) {
				return p
			}
		}
	}
	return &Generic
}

// ForLibrary returns the built-in plugin for an installed driver by the name of
// its library, Generic when there is none of its own. It is a guess, for lists:
// a live connection is asked, see ForDBMS.
func ForLibrary(library string) *Plugin {
	library = strings.ToLower(library)
	for _, p := range All() {
		for _, name := range p.Match.Driver {
			if strings.Contains(library, name) {
				return p
			}
		}
	}
	return &Generic
}
