package sqlscan

// Dialect says which spellings a database reads as what. The zero Dialect is
// standard SQL.
type Dialect struct {
	DollarQuotes       bool // $tag$ … $tag$ is a string
	EscapeStrings      bool // E'…' is a string with backslash escapes
	QStrings           bool // q'[…]' is a string
	BackslashEscapes   bool // a backslash in any string hides the next character
	DoubleQuoteStrings bool // "…" is a string, not a name
	BacktickQuotes     bool // `…` is a name
	BracketQuotes      bool // […] is a name
	HashComments       bool // # begins a comment
	HashNames          bool // # may stand in a name: #temp, SESSION#
	DashesNeedSpace    bool // -- is a comment only before white space: 5--3 is arithmetic
	NestedComments     bool // /* … /* … */ … */ is one comment
	SymbolOperators    bool // @>, <@, @@, @?, ?| and ?& are operators
}

// DialectOf returns the dialect of a driver by the name it has in a spec; any other
// name is standard SQL.
func DialectOf(driver string) Dialect { return dialects[driver] }

// Where a database has modes (MySQL's sql_mode, SQL Server's QUOTED_IDENTIFIER),
// the default of a new server stands.
var dialects = map[string]Dialect{
	"sqlite":    {BacktickQuotes: true, BracketQuotes: true},
	"postgres":  {DollarQuotes: true, EscapeStrings: true, NestedComments: true, SymbolOperators: true},
	"mariadb":   {BackslashEscapes: true, DoubleQuoteStrings: true, BacktickQuotes: true, HashComments: true, DashesNeedSpace: true},
	"mysql":     {BackslashEscapes: true, DoubleQuoteStrings: true, BacktickQuotes: true, HashComments: true, DashesNeedSpace: true},
	"sqlserver": {BracketQuotes: true, HashNames: true, NestedComments: true},
	"sybase":    {BracketQuotes: true, HashNames: true, NestedComments: true},
	"oracle":    {QStrings: true, HashNames: true},
	"snowflake": {DollarQuotes: true, BackslashEscapes: true},
}
