package probe

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
)

// Report is what a driver claims and what was found.
type Report struct {
	Connection string // without its secrets
	Server     runtime.Server
	Plugin     *driver.Plugin // that the findings are held against
	Scratch    bool
	Claims     []Claim
	Types      []Type
	Results    []Result
	NotTried   []string // trials that need a table
	Left       []string // tables that could not be dropped
}

// Claim is an answer of SQLGetInfo or SQLGetFunctions.
type Claim struct{ Name, Value string }

// Type is a type as SQLGetTypeInfo lists it.
type Type struct {
	Name         string
	Code         driver.SQLType
	Size         int64
	Params       string // what it is created with
	Unsigned     bool
	AutoNumbered bool
}

// Result is what came of a trial.
type Result struct {
	Trial   string
	Facts   []Fact
	Problem string // why it was not made to its end
	Untried bool   // nor begun: what it needs is not there
	Crashed bool   // the process is gone
	Hung    bool   // a call did not end

	over bool
}

// conclude adds what follows from several trials.
func (r *Report) conclude() {
	r.concludeReading()
	for i := range r.Results {
		t := &r.Results[i]
		if !t.Crashed && !t.Hung {
			continue
		}
		if instead, ok := afterDeath[t.Trial]; ok {
			f := instead
			f.Found = t.Problem
			t.Facts = append(t.Facts, f)
		}
	}
}

// afterDeath is what is to be stated of a driver that crashes or hangs in a trial.
var afterDeath = map[string]Fact{
	cancelTrial: {About: "SQLCancel from a second thread", Path: "quirks.cancel-apart", Is: values(true)},
	arraysTrial: {About: "parameter arrays", Path: "bulk.rows", Is: values(1), Safe: values(0)},
	badRowTrial: {About: "a bad row of a parameter array", Path: "bulk.rows", Is: values(1), Safe: values(0)},
}

// died reports whether the driver did not survive the trial, and no field says so.
func (t *Result) died() bool {
	_, stated := afterDeath[t.Trial]
	return (t.Crashed || t.Hung) && !stated
}

// readings are the trials of the ways to read, the best first.
var readings = []struct {
	trial string
	how   driver.Reading
}{
	{"read by position", driver.Position},
	{"read by fetching again", driver.Refetch},
	{"read row by row", driver.RowByRow},
	{"read cell by cell", driver.CellByCell},
}

// concludeReading says which way to read is safe.
func (r *Report) concludeReading() {
	f := Fact{About: "ways to read that cut nothing", Path: "reads.how"}
	var safe []string
	tried := false
	for _, reading := range readings {
		for _, t := range r.Results {
			if t.Trial != reading.trial {
				continue
			}
			tried = tried || !t.Untried
			if t.Problem == "" {
				f.Is = append(f.Is, values(reading.how)...)
				safe = append(safe, strings.TrimPrefix(t.Trial, "read "))
			}
		}
	}
	if !tried {
		return
	}
	f.Found = strings.Join(safe, ", ")
	if len(safe) == 0 {
		f.Found = "none gave back what was sent, which may have been stored wrong: see each of them"
	}
	if len(f.Is) > 1 && r.Plugin.Reads.How == driver.CellByCell && safe[len(safe)-1] == "cell by cell" {
		f.Is, f.Safe = f.Is[:len(f.Is)-1], f.Is[len(f.Is)-1:]
	}
	if r.Plugin.Reads.How == driver.Sized && slices.Contains(safe, "cell by cell") {
		f.Is = append(f.Is, values(driver.Sized)...) // which reads so what a block has no room for
	}
	r.Results = append(r.Results, Result{Trial: "reading", Facts: []Fact{f}, over: true})
}

// Found returns the plugin with all that was found and differs from it, and what was
// found for each field that it has changed, by its path.
func (r *Report) Found() (*driver.Plugin, map[string]string) {
	found, comments := *r.Plugin, map[string]string{}
	found.Name = r.name()
	found.Match = driver.Match{DBMS: []string{r.Server.DBMS}, Driver: []string{strings.ToLower(r.Server.Driver)}}
	comments["name"] = fmt.Sprintf("What odbcgen drivers --probe found of %s %s through %s %s.", r.Server.DBMS, r.Server.Version, r.Server.Driver, r.Server.DriverVersion)
	rows, unwritten := 0, ""
	for _, t := range r.Results {
		for _, f := range t.Facts {
			v := f.Verdict(r.Plugin)
			if v != Contradicts && v != Careful {
				continue
			}
			if !f.apply(&found) {
				unwritten += fmt.Sprintf("\nWrong, and for you to write, %s: %s", f.Path, f.sentence())
				continue
			}
			path := f.Path
			if f.Fault != nil {
				path = fmt.Sprintf("%s[%d]", path, rows) // of those that are added
				rows++
			}
			text := f.sentence()
			if before := comments[path]; before != "" {
				text = before + "; " + text
			}
			comments[path] = wrap(text)
		}
	}
	comments["name"] += wrapLines(unwritten)
	return &found, comments
}

// lineLength is that of a comment.
const lineLength = 110

func wrapLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, one := range lines {
		lines[i] = wrap(one)
	}
	return strings.Join(lines, "\n")
}

// wrap breaks a text into lines.
func wrap(text string) string {
	var b strings.Builder
	length := 0
	for word := range strings.FieldsSeq(text) {
		if length > 0 && length+len(word) >= lineLength {
			b.WriteByte('\n')
			length = 0
		} else if length > 0 {
			b.WriteByte(' ')
			length++
		}
		b.WriteString(word)
		length += len(word)
	}
	return b.String()
}

// name returns a name for the plugin of what was found, which must not be that of a
// built-in one.
func (r *Report) name() string {
	if r.Plugin.Name != driver.Generic.Name {
		return "probed-" + r.Plugin.Name
	}
	words := strings.FieldsFunc(strings.ToLower(r.Server.DBMS), func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') })
	name := strings.TrimLeft(strings.Join(words, "-"), "0123456789-")
	if _, builtIn := driver.ByName(name); name == "" || builtIn {
		return strings.TrimSuffix("probed-"+name, "-")
	}
	return name
}

// sentence says what was found, and what the driver says.
func (f *Fact) sentence() string {
	text := f.About + ": " + f.Found
	if f.Claimed != "" {
		text += " (the driver says: " + f.Claimed + ")"
	}
	return text
}

// Contradictions returns how much the plugin has wrong, with the trials that the driver
// did not survive.
func (r *Report) Contradictions() (n int) {
	for _, t := range r.Results {
		if t.died() {
			n++
		}
		for _, f := range t.Facts {
			if f.Verdict(r.Plugin) == Contradicts {
				n++
			}
		}
	}
	return n
}

// WriteText writes the report for people.
func (r *Report) WriteText(w io.Writer) error {
	b := &strings.Builder{}
	fmt.Fprintf(b, "%s\n%s %s through %s %s, held against plugin %s\n", r.Connection,
		r.Server.DBMS, r.Server.Version, r.Server.Driver, r.Server.DriverVersion, r.Plugin.Name)
	r.writeClaims(b)
	r.writeTypes(b)
	r.writeResults(b)
	fmt.Fprintf(b, "\nnever tried: %s\n", neverTried)
	if len(r.NotTried) > 0 {
		fmt.Fprintf(b, "not tried, since it takes a table (--scratch): %s\n", strings.Join(r.NotTried, ", "))
	}
	if len(r.Left) > 0 {
		fmt.Fprintf(b, "\ntables that could not be dropped: %s\n", strings.Join(r.Left, ", "))
	}
	fmt.Fprintf(b, "\n%d contradictions\n", r.Contradictions())
	_, err := io.WriteString(w, b.String())
	return err
}

const neverTried = "streams, procedures, speed, a server that goes away, and what only the vendor's SQL can say"

func (r *Report) writeClaims(b *strings.Builder) {
	fmt.Fprintf(b, "\nthe driver claims\n")
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, c := range r.Claims {
		fmt.Fprintf(t, "  %s\t%s\n", c.Name, c.Value)
	}
	t.Flush()
}

func (r *Report) writeTypes(b *strings.Builder) {
	if len(r.Types) == 0 {
		return
	}
	fmt.Fprintf(b, "\ntypes\n")
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, y := range r.Types {
		fmt.Fprintf(t, "  %s\t%d\t%d\t%s\t%s\n", y.Name, y.Code, y.Size, y.Params, y.remarks())
	}
	t.Flush()
}

func (y Type) remarks() string {
	var words []string
	if y.Unsigned {
		words = append(words, "unsigned")
	}
	if y.AutoNumbered {
		words = append(words, "numbered")
	}
	return strings.Join(words, ", ")
}

// marks stand before what was found.
var marks = [...]string{Untold: " ", Agrees: "=", Careful: "~", Contradicts: "!"}

func (r *Report) writeResults(b *strings.Builder) {
	fmt.Fprintf(b, "\nfound (= as the plugin says, ~ the plugin is more careful than need be, ! the plugin is wrong, ? not what was claimed, or sent)\n")
	for _, t := range r.Results {
		if t.Problem != "" {
			mark := marks[Untold]
			if t.died() {
				mark = marks[Contradicts]
			}
			fmt.Fprintf(b, "%s   %s: %s\n", mark, t.Trial, t.Problem)
		}
		for _, f := range t.Facts {
			lie := " "
			if f.Lie {
				lie = "?"
			}
			fmt.Fprintf(b, "%s %s %s", marks[f.Verdict(r.Plugin)], lie, f.sentence())
			if f.Path != "" {
				fmt.Fprintf(b, " [%s]", f.Path)
			}
			b.WriteByte('\n')
		}
	}
}
