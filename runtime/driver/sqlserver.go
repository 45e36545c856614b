package driver

// SQLServer describes Microsoft SQL Server through Microsoft's ODBC Driver 17 and 18.
var SQLServer = Plugin{
	Name:     "sqlserver",
	Match:    Match{DBMS: []string{"Microsoft SQL Server"}, Driver: []string{"msodbcsql", "sqlncli", "sqlsrv32"}},
	Describe: Describe{Expressions: true, NotNull: NotNullDescribed},
	Dialect: Dialect{
		QuoteOpen: "[", QuoteClose: "]",
		Savepoints: Savepoints{Make: "SAVE TRANSACTION %s", Back: "ROLLBACK TRANSACTION %s", Max: 32},
		Names:      Names{Max: 128, Unit: NameUTF16},
		// Without HOLDLOCK two connections may both find that a row is not there.
		Upserts:   Upserts{Form: MergeRows, Merge: Merge{Into: "%s WITH (HOLDLOCK) AS t", End: ";"}},
		Returning: OutputInserted, Pages: OffsetFetch,
	},
	Lists:   Lists{In: "IN (SELECT NULL WHERE 1 = 0)", NotIn: "NOT IN (SELECT NULL WHERE 1 = 0)", Max: 2000}, // the server takes 2,100
	Faults:  sqlserverFaults,
	Catalog: sqlserverCatalog,
	Calls:   microsoftCalls,
	Quirks:  Quirks{RebindParams: true},
	Bulk:    Bulk{Strategy: BulkArrays, Rows: 1},
}

// SQLServerFreeTDS describes Microsoft SQL Server through FreeTDS.
var SQLServerFreeTDS = Plugin{
	Name:     "sqlserver",
	Match:    Match{DBMS: []string{"Microsoft SQL Server"}, Driver: []string{"tdsodbc"}},
	Describe: SQLServer.Describe,
	Dialect:  SQLServer.Dialect,
	Lists:    SQLServer.Lists,
	Faults:   sqlserverFaults,
	Catalog:  sqlserverCatalog,
	Quirks:   Quirks{RebindParams: true},
	Calls:    freeTDSCalls,
	Bulk:     Bulk{Strategy: BulkArrays, Rows: 1},
}
