package driver

// Sybase describes SAP (Sybase) Adaptive Server Enterprise.
var Sybase = Plugin{
	Name:     "sybase",
	Match:    Match{DBMS: []string{"Adaptive Server Enterprise", "SQL Server", "ASE"}, Driver: []string{"sybdrvodb"}},
	Describe: Describe{Expressions: true, NotNull: NotNullDescribed},
	Dialect: Dialect{
		QuoteOpen: "[", QuoteClose: "]",
		Savepoints: Savepoints{Make: "SAVE TRANSACTION %s", Back: "ROLLBACK TRANSACTION %s"},
		// From documents: a name with a dot may be taken for a qualified one, and quotes and
		// spaces at the end are removed. A marker may stand in WHERE, SET and VALUES only,
		// which a MERGE of values has no use for, nor an INSERT of several rows.
		Names: Names{Max: 253, Unit: NameBytes, Never: "].", NoEndSpace: true},
		Rows:  OneRow,
	},
	Lists:   Lists{In: "IN (SELECT NULL WHERE 1 = 0)", NotIn: "NOT IN (SELECT NULL WHERE 1 = 0)", Max: 2000},
	Faults:  sybaseFaults,
	Catalog: sybaseCatalog,
	Calls:   escapedCalls,
	Quirks:  Quirks{RebindParams: true},
	Bulk:    Bulk{Strategy: BulkArrays, Rows: 1},
}
