package driver

// Snowflake describes Snowflake through its own driver.
var Snowflake = Plugin{
	Name:     "snowflake",
	Match:    Match{DBMS: []string{"Snowflake"}, Driver: []string{"snowflake"}},
	Describe: Describe{Expressions: true, NotNull: NotNullDescribed},
	Dialect:  Dialect{QuoteOpen: `"`, QuoteClose: `"`},
	Lists:    Lists{In: "IN (SELECT NULL WHERE 1 = 0)", NotIn: "NOT IN (SELECT NULL WHERE 1 = 0)", Max: 2000},
	Quirks:   Quirks{RebindParams: true},
	Bulk:     Bulk{Strategy: BulkArrays, Rows: 1},
}
