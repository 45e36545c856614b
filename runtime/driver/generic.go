package driver

import (
	"slices"
	"strconv"
	"strings"
)

// Generic describes a database of which nothing is known: it believes what the
// specification promises about results and nothing about parameters, reads rows
// one at a time and sets nothing.
var Generic = Plugin{
	Name:     "generic",
	Describe: Describe{Expressions: true, NotNull: NotNullDescribed},
	Dialect:  Dialect{QuoteOpen: `"`, QuoteClose: `"`, AskQuote: true},
	Lists:    Lists{In: "IN (SELECT NULL WHERE 1 = 0)", NotIn: "NOT IN (SELECT NULL WHERE 1 = 0)", Max: 2000}, // SQL Server takes 2,100
	Quirks:   Quirks{RebindParams: true},
	Calls:    escapedCalls,
	// Drivers without parameter arrays may say so, or send the first row only.
	Bulk: Bulk{Strategy: BulkArrays, Rows: 1},
}

// All lists the built-in plugins, one of each name; Generic is the last.
func All() []*Plugin {
	return []*Plugin{&SQLite, &Postgres, &MariaDB, &MySQL, &SQLServer, &Sybase, &Oracle, &Db2, &Snowflake, &Generic}
}

// variants are for other drivers of databases that All has.
var variants = []*Plugin{&SQLServerFreeTDS, &MySQLMariaDB}

// BuiltIn lists all built-in plugins: those of All, and those for other drivers of their
// databases.
func BuiltIn() []*Plugin { return slices.Concat(All(), variants) }

// ByName returns the built-in plugin of the name, that for the usual driver where there
// are several. For another one the driver stands behind a slash, see BuiltInName.
func ByName(name string) (*Plugin, bool) {
	for _, p := range BuiltIn() {
		if p.BuiltInName() == name {
			return p, true
		}
	}
	return nil, false
}

// BuiltInName returns the name of a built-in plugin that no other has, such as sqlserver
// and sqlserver/tdsodbc.
func (p *Plugin) BuiltInName() string {
	if slices.Contains(variants, p) {
		return p.Name + "/" + p.Match.Driver[0]
	}
	return p.Name
}

// For returns the built-in plugin for a live connection: that for its database and
// driver, or for the usual driver of that database, or Generic.
func For(s Server) *Plugin {
	best := &Generic
	for _, p := range BuiltIn() {
		if !p.IsFor(s) {
			continue
		}
		if p.isOf(s.Driver) {
			return p
		}
		if best == &Generic {
			best = p
		}
	}
	return best
}

// IsFor reports whether the plugin is for the database, and not for newer versions only.
func (p *Plugin) IsFor(s Server) bool {
	dbms, _, _ := strings.Cut(s.DBMS, "/") // DB2/LINUXX8664
	return slices.ContainsFunc(p.Match.DBMS, func(name string) bool { return strings.EqualFold(name, dbms) }) &&
		!older(s.Version, p.Match.Since) && !(p.isOf(s.Driver) && older(s.DriverVersion, p.Match.DriverSince))
}

// older compares versions of numbers with dots between, 03.01.0015. One that is not
// known is not older.
func older(version, since string) bool {
	if version == "" || since == "" {
		return false
	}
	have, want := strings.Split(version, "."), strings.Split(since, ".")
	for i := range min(len(have), len(want)) {
		h, err := strconv.Atoi(have[i])
		w, _ := strconv.Atoi(want[i])
		if err != nil || h != w {
			return err == nil && h < w
		}
	}
	return false
}

// ForLibrary returns the built-in plugin for an installed driver by the name of
// its library, Generic when there is none of its own. It is a guess, for lists:
// a live connection is asked, see For.
func ForLibrary(library string) *Plugin {
	for _, p := range BuiltIn() {
		if p.isOf(library) {
			return p
		}
	}
	return &Generic
}

// isOf reports whether the plugin is for the driver in the file.
func (p *Plugin) isOf(library string) bool {
	library = strings.ToLower(library)
	return slices.ContainsFunc(p.Match.Driver, func(part string) bool { return strings.Contains(library, part) })
}
