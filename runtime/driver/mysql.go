package driver

// MySQL describes MySQL 8 through MySQL Connector/ODBC.
var MySQL = Plugin{
	Name:     "mysql",
	Match:    Match{DBMS: []string{"MySQL"}, Driver: []string{"myodbc"}},
	Describe: Describe{Expressions: true, NotNull: NotNullDescribed, Unsigned: true},
	Dialect:  Dialect{QuoteOpen: "`", QuoteClose: "`", Pipes: PipesOr},
	Lists:    Lists{In: "IN (SELECT NULL FROM DUAL WHERE FALSE)", NotIn: "NOT IN (SELECT NULL FROM DUAL WHERE FALSE)"},
	Faults:   mariadbFaults,
	Catalog:  mysqlCatalog,
	Quirks:   Quirks{RebindParams: true},
	Bulk:     Bulk{Strategy: BulkArrays, Rows: 1},
}
