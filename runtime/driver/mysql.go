package driver

// MySQL describes MySQL 8 through MySQL Connector/ODBC.
var MySQL = Plugin{
	Name:     "mysql",
	Match:    Match{DBMS: []string{"MySQL"}, Driver: []string{"myodbc"}},
	Describe: Describe{Expressions: true, NotNull: NotNullDescribed, Unsigned: true},
	Dialect: Dialect{
		QuoteOpen: "`", QuoteClose: "`", Pipes: PipesOr,
		Names:   Names{Max: 64, Basic: true, NoEndSpace: true},
		Upserts: Upserts{Form: OnDuplicateKey}, Pages: LimitOffset,
	},
	Lists:   Lists{In: "IN (SELECT NULL FROM DUAL WHERE FALSE)", NotIn: "NOT IN (SELECT NULL FROM DUAL WHERE FALSE)"},
	Faults:  mariadbFaults,
	Catalog: mysqlCatalog,
	Quirks:  Quirks{RebindParams: true},
	// From documents: Connector/ODBC writes OUT parameters into the bound ones since 5.2.2,
	// but for LONGTEXT and LONGBLOB.
	Calls: Calls{
		Procedure: Call{Text: "CALL %s(%s)", Out: "?"},
		Function:  Call{Text: "SELECT %s(%s)", Values: ValuesRow},
		Width:     65535,
	},
	Bulk: Bulk{Strategy: BulkArrays, Rows: 1},
}
