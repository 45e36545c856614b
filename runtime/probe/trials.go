package probe

// trial is a question that is put to the database.
type trial struct {
	name    string
	scratch bool // it makes a table
	run     func(*at) error
}

// Names of trials that are spoken of elsewhere.
const (
	introduction = "introduction"
	tidiness     = "tidiness"
	arraysTrial  = "parameter array"
	badRowTrial  = "bad row in a parameter array"
	cancelTrial  = "cancel"
)

// introducing is made before all others, tidying behind them.
var (
	introducing = trial{introduction, false, introduce}
	tidying     = trial{tidiness, false, dropLeft}
)

// trials are all others, in the order in which they are made: what a driver may not
// survive comes late.
var trials = []trial{
	{"claims", false, claims},
	{"quoted names", false, quotedNames},
	{"errors of statements", false, errorsTold},
	{"unicode", false, unicode},
	{"several results", false, severalResults},
	{"dead connection", false, deadConnection},
	{"isolation attributes", false, isolationAttributes},
	{"described columns", true, describedColumns},
	{"described parameters", true, describedParams},
	{"kinds of errors", true, kindsOfErrors},
	{"row counts", true, rowCounts},
	{"transactions", true, transactions},
	{"savepoints", true, savepoints},
	{"isolation", true, isolation},
	{"read-only transactions", true, readOnly},
	{"lock timeout", true, lockTimeout},
	{"text", true, texts},
	{"numbers", true, numbers},
	{"times", true, times},
	{"not a number", true, notANumber},
	{"unique identifiers", true, uniqueIdentifiers},
	{"long values", true, longValues},
	{"times with offset", true, zonedTimes},
	{"single floats in blocks", true, singleFloats},
	{"warnings instead of errors", true, warnings},
	{"parameters that stay bound", true, staysBound},
	{readings[3].trial, true, reading(3)},
	{readings[2].trial, true, reading(2)},
	{readings[1].trial, true, reading(1)},
	{readings[0].trial, true, reading(0)},
	{"several rows of VALUES", true, severalRows},
	{arraysTrial, true, parameterArray},
	{badRowTrial, true, badRow},
	{"query timeout", false, queryTimeout},
	{cancelTrial, false, cancel},
}

// trialOf returns the trial with the name.
func trialOf(name string) (trial, bool) {
	for _, t := range trials {
		if t.name == name {
			return t, true
		}
	}
	switch name {
	case introduction:
		return introducing, true
	case tidiness:
		return tidying, true
	}
	return trial{}, false
}
