package describe

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/spec"
	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
	"github.com/odbcgen/odbcgen/runtime"
)

// failure makes a finding of what the database said about the query.
func (s *statement) failure(ctx context.Context, err error) diag.Diagnostic {
	if interrupted(err) {
		return s.d.said(err) // once for all queries
	}
	x := s.d.refusal(s.reading, s.text.Bound, err)
	f := x.finding(ctx)
	f.Query = s.query.Name.Value
	f.Pos = s.text.BoundPos(x.offset, x.length)
	return f
}

// scriptFailure is a statement of a schema file that the database refused.
func (d *Database) scriptFailure(ctx context.Context, script spec.Schema, statement sqlscan.Statement, err error) diag.Diagnostic {
	if interrupted(err) {
		return d.said(err)
	}
	x := d.refusal(d.read(statement.Text), sqlscan.Bound{SQL: statement.Text}, err)
	f := x.finding(ctx)
	if x.length == len(statement.Text) {
		first, _, _ := strings.Cut(statement.Text, "\n")
		x.length = len(first)
	}
	f.Pos = script.SQL.Pos(statement.Offset+x.offset, x.length)
	return f
}

// bulkFailure is a table of a bulk insert that the database does not show.
func (d *Database) bulkFailure(ctx context.Context, b *spec.Bulk, err error) diag.Diagnostic {
	if interrupted(err) {
		return d.said(err)
	}
	sql := "INSERT INTO " + b.Table.Value
	x := d.refusal(d.read(sql), sqlscan.Bound{SQL: sql}, err)
	f := x.finding(ctx)
	f.Query, f.Pos = b.Name.Value, b.Table.Pos
	return f
}

// said returns a finding with what the database said, without the names that
// driver and driver manager put before it, and without that of our scratch schema.
func (d *Database) said(err error) diag.Diagnostic {
	var e *runtime.Error
	switch {
	case interrupted(err):
		return diag.Diagnostic{Message: "the run was interrupted", Fatal: true}
	case !errors.As(err, &e) || e.Message == "":
		return diag.Diagnostic{Message: err.Error()}
	}
	message := prefixes.ReplaceAllString(strings.TrimSpace(e.Message), "")
	message, _, _ = strings.Cut(message, ";\n") // psqlODBC adds what it has not done
	message = strings.TrimSuffix(strings.TrimPrefix(message, "ERROR: "), ";")
	message = nativeCode.ReplaceAllString(strings.TrimSpace(message), "")
	if d.scratch != "" {
		message = strings.ReplaceAll(message, d.scratch+".", "")
	}
	return diag.Diagnostic{Message: message, State: e.State, Native: e.Native, Fatal: strings.HasPrefix(e.State, "08")}
}

// interrupted tells whether the user or a deadline ended the run.
func interrupted(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// prefixes are [vendor][driver]; SQLite's driver puts the native code behind.
var prefixes, nativeCode = regexp.MustCompile(`^(\[[^\]]*\])*\s*`), regexp.MustCompile(`\s*\(\d+\)$`)

// cannot is a finding about something that a run needs and that err kept it from.
func (d *Database) cannot(pos diag.Pos, what, help string, err error) []diag.Diagnostic {
	f := d.said(err)
	if interrupted(err) {
		return []diag.Diagnostic{f}
	}
	f.Pos, f.Help, f.Fatal = pos, help, true
	first, _, _ := strings.Cut(f.Message, "\n")
	f.Message = "cannot " + what + ": " + first
	return []diag.Diagnostic{f}
}

// connectHelp says what to do about a failed connection.
func connectHelp(connection string, err error) string {
	var e *runtime.Error
	if !errors.As(err, &e) {
		return ""
	}
	if e.State == "IM002" || missing.MatchString(e.Message) {
		return helpDriver(connection)
	}
	for _, c := range connecting {
		if e.State == c.state || c.message.MatchString(e.Message) {
			return c.help
		}
	}
	return "check that the server runs, or that the file is there, and that the connection string leads to it"
}

var missing = regexp.MustCompile(`(?i)can't open lib|data source name not found`)

// connecting are the failures of a connection, by SQLSTATE where one means just
// that, or by message; the first that fits is told.
var connecting = []struct {
	state   string
	message *regexp.Regexp
	help    string
}{
	{"-", regexp.MustCompile(`(?i)could not translate host name|unknown (mysql |mariadb )?server host`), "check the name of the server in the connection string"},
	{"-", regexp.MustCompile(`(?i)unknown database|database "[^"]*" does not exist`), "check the name of the database in the connection string, or create it"},
	{"28000", regexp.MustCompile(`(?i)authentication|password|access denied|role "[^"]*" does not exist|no pg_hba.conf entry`), "check user and password in the connection string"},
	{"-", regexp.MustCompile(`(?i)file is not a database|file is encrypted`), "the connection string leads to a file that is not a database of SQLite"},
}

// helpDriver proposes an installed driver, or a data source, for that of a
// connection string.
func helpDriver(connection string) string {
	m := driverKey.FindStringSubmatch(connection)
	if m == nil {
		return "write Driver=… or DSN=… into the connection string; `odbcgen drivers` lists what is installed"
	}
	list := runtime.InstalledDrivers
	if strings.EqualFold(m[1], "dsn") {
		list = runtime.DataSources
	}
	installed, _ := list()
	var names []string
	for _, s := range installed {
		names = append(names, s.Name)
	}
	help := "the driver or data source is not installed; `odbcgen drivers` lists those that are"
	if near := diag.DidYouMean(strings.TrimSpace(m[2]), names); near != "" {
		return near + "\n" + help
	}
	return help
}

var driverKey = regexp.MustCompile(`(?i)(?:^|;)\s*(driver|dsn|filedsn)\s*=\s*\{?([^;}]*)`)
