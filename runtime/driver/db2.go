package driver

// Db2 describes IBM Db2 for Linux, Unix and Windows through its CLI driver.
var Db2 = Plugin{
	Name:     "db2",
	Match:    Match{DBMS: []string{"DB2"}, Driver: []string{"libdb2", "db2cli", "db2odbc"}},
	Describe: Describe{Expressions: true, NotNull: NotNullDescribed},
	Dialect: Dialect{
		QuoteOpen: `"`, QuoteClose: `"`, RecursiveWith: true,
		Savepoints: Savepoints{Make: "SAVEPOINT %s ON ROLLBACK RETAIN CURSORS", Back: "ROLLBACK TO SAVEPOINT %s", Release: "RELEASE SAVEPOINT %s"},
	},
	Lists:  Lists{In: "IN (SELECT CAST(NULL AS VARCHAR(1)) FROM SYSIBM.SYSDUMMY1 WHERE 1 = 0)", NotIn: "NOT IN (SELECT CAST(NULL AS VARCHAR(1)) FROM SYSIBM.SYSDUMMY1 WHERE 1 = 0)"},
	Faults: db2Faults,
	Quirks: Quirks{RebindParams: true},
	Bulk:   Bulk{Strategy: BulkArrays, Rows: 1},
}
