package driver

// Oracle describes Oracle Database through its own driver.
var Oracle = Plugin{
	Name:     "oracle",
	Match:    Match{DBMS: []string{"Oracle"}, Driver: []string{"sqora"}},
	Describe: Describe{Expressions: true, NotNull: NotNullDescribed},
	Dialect: Dialect{
		QuoteOpen: `"`, QuoteClose: `"`, RecursiveWith: true,
		Savepoints: Savepoints{Make: "SAVEPOINT %s", Back: "ROLLBACK TO SAVEPOINT %s"},
		// From documents. Names without quotes are upper case to the database, so that those
		// given here must be, of such tables and columns.
		Names: Names{Max: 128, Unit: NameBytes, Never: `"`}, // 30 before 12.2
		Rows:  RowsFromDual,
		// Of two connections that insert the same row, the unique index refuses one.
		Upserts:   Upserts{Form: MergeRows, Merge: Merge{Into: "%s t", Rows: MergeDual}},
		Returning: ReturningInto, Pages: OffsetFetch,
	},
	Lists:   Lists{In: "IN (SELECT NULL FROM DUAL WHERE 1 = 0)", NotIn: "NOT IN (SELECT NULL FROM DUAL WHERE 1 = 0)", Max: 1000},
	Faults:  oracleFaults,
	Catalog: oracleCatalog,
	// From documents: what a REF CURSOR of the call gives is a result, and it is left out
	// of the parameters. 32,767 bytes are the longest text of PL/SQL.
	Calls: Calls{
		Procedure: escapedCalls.Procedure, Function: escapedCalls.Function,
		Width: 32767, Cursors: Cursors{Results: true},
	},
	Quirks: Quirks{RebindParams: true},
	Bulk:   Bulk{Strategy: BulkArrays, Rows: 1},
}
