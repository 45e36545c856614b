package driver

// postgresFaults: psqlODBC 13 passes SQLSTATEs on, but for connecting, where all is
// 08001 with native 101 and only the message tells. Messages are in the language of
// the server; what is not understood is taken for a server that cannot be reached.
// Of rows with texts that fit alike the first has the word.
var postgresFaults = []Fault{
	{States: "08001", Phase: Connecting, Text: "too many clients", Class: fullClass},
	{States: "08001", Phase: Connecting, Text: "too many connections", Class: fullClass}, // for a role or a database
	{States: "08001", Phase: Connecting, Text: "remaining connection slots", Class: fullClass},
	{States: "08001", Phase: Connecting, Text: "the database system is", Class: connectClass}, // starting up, shutting down, in recovery
	{States: "08001", Phase: Connecting, Text: "password authentication failed", Class: authClass},
	{States: "08001", Phase: Connecting, Text: "no password supplied", Class: authClass},
	{States: "08001", Phase: Connecting, Text: "no pg_hba.conf entry", Class: authClass},
	{States: "08001", Phase: Connecting, Text: "is not permitted to log in", Class: authClass},
	{States: "08001", Phase: Connecting, Text: "permission denied for database", Class: authClass},
	{States: "08001", Phase: Connecting, Text: "authentication failed for user", Class: authClass}, // peer, ident, LDAP, certificate
	{States: "08001", Phase: Connecting, Text: "database \"", Class: configClass},                  // "…" does not exist, in any language
	{States: "08001", Phase: Connecting, Text: "role \"", Class: authClass},
	{States: "08001", Phase: Connecting, Text: "could not translate host name", Class: configClass},
	{States: "08001", Phase: Connecting, Text: "timeout expired", Class: slowClass},
	{States: "57014", Text: "statement timeout", Class: Class{Transient, KindDeadline, StatementRolledBack, ScopeNone, Keep}},
	{States: "57014", Text: "lock timeout", Class: waited(KindLockTimeout)},
	{States: "0A000", Text: "cached plan must not change result type", Class: Class{Transient, KindStale, NotExecuted, ScopeStatement, Keep}},
	{States: "HY000", Natives: []int32{1}, Phase: Preparing, Text: "no query has been executed with that handle", Class: Class{ConnectionLost, KindConnection, NotExecuted, ScopeNone, Shed}}, // of 13.02, when the session has ended
	{Natives: []int32{35}, Class: lostClass},
	{States: "57P01", Natives: []int32{35, 108, -1}, Class: lostClass},
	{States: "25P03 57P05", Natives: []int32{35, 108, -1}, Class: idleClass},
}

// mariadbFaults: MariaDB Connector/ODBC 3.1 gives HY000 for most, and the server's or
// the client's own code.
var mariadbFaults = []Fault{
	{Natives: []int32{1053, 1152, 1158, 1159, 1160, 1161, 1927, 2006, 2013, 2014, 2045, 2048, 2055, 4031, 5014}, Class: lostClass},
	{Natives: []int32{2027}, Class: Class{ConnectionLost, KindProtocol, OutcomeUnknown, ScopeNone, Destroy}}, // the driver and the server are out of step
	{Natives: []int32{2002, 2003, 2005, 1129}, Phase: Connecting, Class: connectClass},
	{Natives: []int32{2013}, Phase: Connecting, Class: slowClass},
	{Natives: []int32{2002, 2003}, Class: lostClass},
	{Natives: []int32{1040, 1203, 1226}, Class: fullClass},
	{Natives: []int32{1045, 1044, 1130, 1698, 1820, 1862}, Class: authClass},
	{Natives: []int32{1049}, Phase: Connecting, Class: configClass},
	{Natives: []int32{1213}, Class: again(KindDeadlock)},
	{Natives: []int32{1205}, Class: waited(KindLockTimeout)},
	{Natives: []int32{1020}, Class: again(KindSerialization)}, // record has changed since last read
	{Natives: []int32{1317, 1968}, Class: Class{Fatal, KindCancelled, StatementRolledBack, ScopeNone, Destroy}},
	{Natives: []int32{1969, 3024}, Class: Class{Transient, KindDeadline, StatementRolledBack, ScopeNone, Keep}},
	{Natives: []int32{1290}, Class: invalid(KindUnsupported)}, // by the option that the message names
	{Natives: []int32{1290}, Text: "--read-only", Class: Class{Validation, KindReadOnly, StatementRolledBack, ScopeNone, Reset}},
	{Natives: []int32{1792, 1836}, Class: Class{Validation, KindReadOnly, StatementRolledBack, ScopeNone, Reset}},
	{Natives: []int32{1114, 1021, 28}, Class: diskClass},
	{Natives: []int32{1048, 1364}, Class: invalid(KindNotNull)},
	{Natives: []int32{1062, 1586}, Class: invalid(KindUnique)},
	{Natives: []int32{1216, 1217, 1451, 1452}, Class: invalid(KindForeignKey)},
	{Natives: []int32{4025, 3819}, Class: invalid(KindCheck)},
	{Natives: []int32{1064, 1149}, Class: invalid(KindSyntax)},
	{Natives: []int32{1049, 1052, 1054, 1109, 1146, 1305}, Class: invalid(KindUnknownObject)},
	{Natives: []int32{1142, 1143, 1227, 1370}, Class: invalid(KindPermission)},
	{Natives: []int32{1264, 1265, 1292, 1365, 1366, 1406}, Class: invalid(KindData)},
	{Natives: []int32{1644}, Class: invalid(KindUser)},
	{Natives: []int32{1153}, Class: Class{Validation, KindData, NotExecuted, ScopeNone, Destroy}}, // a packet over max_allowed_packet
}

// sqliteFaults: sqliteodbc says HY000 for everything, and SQLite's code. Which
// constraint failed stands in the message only, in English always.
var sqliteFaults = []Fault{
	{Natives: []int32{1, 25}, Class: invalid(KindSyntax)},
	{Natives: []int32{1}, Text: "no such", Class: invalid(KindUnknownObject)},
	{Natives: []int32{1}, Text: "has no column named", Class: invalid(KindUnknownObject)},
	{Natives: []int32{1}, Text: "ambiguous column name", Class: invalid(KindUnknownObject)},
	{Natives: []int32{18, 20}, Class: invalid(KindData)},
	{Natives: []int32{3, 23}, Class: invalid(KindPermission)},
	{Natives: []int32{5}, Class: waited(KindLockTimeout)},
	{Natives: []int32{6}, Class: waited(KindLockTimeout)},
	{Natives: []int32{7}, Class: Class{Fatal, KindCapacity, StatementRolledBack, ScopeNone, Destroy}},
	{Natives: []int32{8}, Class: Class{Validation, KindReadOnly, StatementRolledBack, ScopeNone, Keep}},
	{Natives: []int32{9}, Class: Class{Fatal, KindCancelled, StatementRolledBack, ScopeNone, Keep}},
	{Natives: []int32{10}, Class: Class{Fatal, KindCorrupt, OutcomeUnknown, ScopeNone, Destroy}},
	{Natives: []int32{11, 26}, Class: Class{Fatal, KindCorrupt, NotExecuted, ScopeNone, Destroy}},
	{Natives: []int32{13}, Class: diskClass},
	{Natives: []int32{14}, Class: Class{Fatal, KindConfig, StatementRolledBack, ScopeNone, Destroy}}, // a journal, say
	{Natives: []int32{17}, Class: Class{Transient, KindStale, NotExecuted, ScopeStatement, Keep}},
	{Natives: []int32{19}, Class: invalid(KindConstraint)},
	{Natives: []int32{19}, Text: "unique constraint failed", Class: invalid(KindUnique)},
	{Natives: []int32{19}, Text: "not null constraint failed", Class: invalid(KindNotNull)},
	{Natives: []int32{19}, Text: "foreign key constraint failed", Class: invalid(KindForeignKey)},
	{Natives: []int32{19}, Text: "check constraint failed", Class: invalid(KindCheck)},
}

// sqlserverFaults: FreeTDS and Microsoft's driver both pass the codes of the server on; SQLSTATE
// is 42000 for most. Codes of db-lib, which FreeTDS has for what it meets itself, begin at 20000.
var sqlserverFaults = []Fault{
	{Natives: []int32{1205}, Class: again(KindDeadlock)},
	{Natives: []int32{3960, 41301, 41302, 41305, 41325, 41839}, Class: again(KindSerialization)},
	{Natives: []int32{1222, 1204}, Class: waited(KindLockTimeout)},
	// 4060 is a database that does not exist, too. Documents of Azure SQL have it among the
	// errors that pass, while a database moves; tries are counted.
	{Natives: []int32{4060, 4221, 42108, 42109}, Class: connectClass},
	{Natives: []int32{20, 4060, 4221, 40143, 40197, 40540, 40613, 42108, 42109}, Phase: Connecting, Class: connectClass},
	{Natives: []int32{10928, 10929, 40501, 49918, 49919, 49920}, Class: Class{Transient, KindCapacity, NotExecuted, ScopeStatement, Keep}},
	{Natives: []int32{10928, 10929, 40501, 49918, 49919, 49920}, Phase: Connecting, Class: fullClass},
	// The service or the link broke off: what was sent may have been done.
	{Natives: []int32{20, 64, 121, 233, 997, 10053, 10054, 10060, 40143, 40197, 40540, 40613, 49977, 49983, 20006, 20009, 20017, 20047}, Class: lostClass},
	{Natives: []int32{20003}, Class: Class{Transient, KindDeadline, OutcomeUnknown, ScopeNone, Destroy}},
	{Natives: []int32{20003}, Phase: Connecting, Class: slowClass},
	{Natives: []int32{18452, 18456, 18470, 18486, 18487, 18488, 20014}, Class: authClass}, // which 18456 says beside any cause
	{Natives: []int32{2601, 2627}, Class: invalid(KindUnique)},
	{Natives: []int32{547}, Class: invalid(KindForeignKey)},
	{Natives: []int32{547}, Text: "check constraint", Class: invalid(KindCheck)},
	{Natives: []int32{515}, Class: invalid(KindNotNull)},
	{Natives: []int32{220, 232, 241, 242, 245, 248, 517, 544, 8114, 8115, 8152, 8169, 2628}, Class: invalid(KindData)},
	{Natives: []int32{229, 230}, Class: invalid(KindPermission)},
	{Natives: []int32{102, 105, 156, 170, 1060, 10713}, Class: invalid(KindSyntax)},
	{Natives: []int32{207, 208, 209, 911, 2812, 3701}, Class: invalid(KindUnknownObject)},
	{Natives: []int32{50000}, Class: invalid(KindUser)},
	// A trigger has ended the transaction, or an error that it has caught.
	{Natives: []int32{3609, 3930, 3998}, Class: Class{Fatal, KindTransaction, TransactionRolledBack, ScopeNone, Reset}},
	{Natives: []int32{3906}, Class: Class{Validation, KindReadOnly, StatementRolledBack, ScopeNone, Reset}},
	{Natives: []int32{1105, 9002}, Class: diskClass},
}

// oracleFaults are the numbers of ORA-…, from Oracle's documents.
var oracleFaults = []Fault{
	{Natives: []int32{22, 28, 31, 45, 378, 600, 602, 603, 609, 1012, 1041, 1043, 1089, 1092, 2396, 2399, 3113, 3114, 3122, 3135, 12153, 12537, 12547, 12570, 12583, 27146, 28511, 56600, 376, 1033, 1034, 1090, 1115, 12514, 12571, 12757, 16456}, Class: lostClass},
	{Natives: []int32{12514, 12170, 12541, 12543}, Phase: Connecting, Class: connectClass},
	{Natives: []int32{12516, 12519, 12520, 20}, Phase: Connecting, Class: fullClass},
	{Natives: []int32{3136, 3156, 12161}, Class: Class{Transient, KindDeadline, OutcomeUnknown, ScopeNone, Destroy}},
	// Only the statement is undone: the rest of the transaction is the client's to end.
	{Natives: []int32{60}, Class: Class{Transient, KindDeadlock, StatementRolledBack, ScopeTransaction, Reset}},
	{Natives: []int32{8177, 1555}, Class: Class{Transient, KindSerialization, StatementRolledBack, ScopeTransaction, Reset}},
	{Natives: []int32{54, 30006}, Class: waited(KindLockTimeout)},
	{Natives: []int32{1}, Class: invalid(KindUnique)},
	{Natives: []int32{1400, 1407}, Class: invalid(KindNotNull)},
	{Natives: []int32{2290}, Class: invalid(KindCheck)},
	{Natives: []int32{2291, 2292}, Class: invalid(KindForeignKey)},
	{Natives: []int32{1426, 1438, 1476, 1722, 1830, 1840, 1841, 1843, 1847, 1858, 1861, 6502, 12899}, Class: invalid(KindData)},
	{Natives: []int32{900, 905, 906, 907, 911, 917, 920, 921, 923, 933, 936, 1756, 1795}, Class: invalid(KindSyntax)},
	{Natives: []int32{904, 918, 942, 2289, 4043, 6576}, Class: invalid(KindUnknownObject)},
	{Natives: []int32{1031, 1720}, Class: invalid(KindPermission)},
	{Natives: []int32{1456, 16000}, Class: Class{Validation, KindReadOnly, StatementRolledBack, ScopeNone, Reset}},
	{Natives: []int32{1453}, Class: Class{Validation, KindTransaction, NotExecuted, ScopeNone, Keep}}, // SET TRANSACTION comes first
	{Natives: []int32{51, 2049, 4021}, Class: waited(KindLockTimeout)},
	{Natives: []int32{4020}, Class: Class{Transient, KindDeadlock, StatementRolledBack, ScopeTransaction, Reset}}, // of objects
	{Natives: []int32{4061, 4068}, Class: Class{Transient, KindStale, NotExecuted, ScopeStatement, Keep}},         // a package's state is discarded
	{Natives: []int32{1536, 1652, 1653, 1654, 1658, 1691, 30036}, Class: diskClass},
	{Natives: []int32{4030, 4031}, Class: Class{Transient, KindCapacity, StatementRolledBack, ScopeStatement, Keep}},
	{Text: "ora-20", Class: invalid(KindUser)}, // RAISE_APPLICATION_ERROR: 20000 to 20999
	{Natives: []int32{1013}, Class: Class{Fatal, KindCancelled, StatementRolledBack, ScopeNone, Keep}},
	{Natives: []int32{1017, 28000, 28001}, Class: authClass},
	{Natives: []int32{1017, 28000, 28001}, Phase: Connecting, Class: authClass},
}

// db2Faults are SQLCODEs, from IBM's documents.
var db2Faults = []Fault{
	{Natives: []int32{-911}, Class: again(KindDeadlock)},
	{Natives: []int32{-913}, Class: waited(KindLockTimeout)},
	{Natives: []int32{-1035, -1218, -30080, -30081}, Class: lostClass},
	{Natives: []int32{-904, -971}, Class: Class{Transient, KindCapacity, StatementRolledBack, ScopeStatement, Keep}},
	{Natives: []int32{-803}, Class: invalid(KindUnique)},
	{Natives: []int32{-407}, Class: invalid(KindNotNull)},
	{Natives: []int32{-530, -531, -532}, Class: invalid(KindForeignKey)},
	{Natives: []int32{-543, -544, -545}, Class: invalid(KindCheck)},
	{Natives: []int32{-603, -667}, Class: invalid(KindConstraint)},
}

// sybaseFaults are from the documents of Adaptive Server Enterprise.
var sybaseFaults = []Fault{
	{Natives: []int32{1205}, Class: again(KindDeadlock)},
	{Natives: []int32{12205}, Class: waited(KindLockTimeout)},
	{Natives: []int32{921, 1105, 1204}, Class: Class{Transient, KindCapacity, StatementRolledBack, ScopeStatement, Keep}},
	{Natives: []int32{4002}, Class: authClass},
	{Natives: []int32{2601, 2615}, Class: invalid(KindUnique)},
	{Natives: []int32{546, 547}, Class: invalid(KindForeignKey)},
	{Natives: []int32{548}, Class: invalid(KindCheck)},
	{Natives: []int32{233, 515}, Class: invalid(KindNotNull)},
	{Natives: []int32{220, 247, 249}, Class: invalid(KindData)},
	{Natives: []int32{102, 156}, Class: invalid(KindSyntax)},
	{Natives: []int32{207, 208, 209, 2812}, Class: invalid(KindUnknownObject)},
	{Natives: []int32{229, 230}, Class: invalid(KindPermission)},
}

// snowflakeFaults are from Snowflake's documents.
var snowflakeFaults = []Fault{
	{Natives: []int32{390100, 390101, 390102, 390103, 390104, 390144, 390422}, Phase: Connecting, Class: authClass},
	{Natives: []int32{390110, 390111, 390112, 390114, 390195}, Class: lostClass}, // the session, or its token, is no more
	{Natives: []int32{604}, Class: Class{Fatal, KindCancelled, StatementRolledBack, ScopeNone, Keep}},
	{Natives: []int32{630}, Class: Class{Transient, KindDeadline, StatementRolledBack, ScopeNone, Keep}},
	{Natives: []int32{625}, Class: waited(KindLockTimeout)}, // the statement waited for a lock too long, or was a deadlock's victim
	{Natives: []int32{1003}, Class: invalid(KindSyntax)},
	{Natives: []int32{904, 2003, 2043}, Class: invalid(KindUnknownObject)},
	{Natives: []int32{100072}, Class: invalid(KindNotNull)},
	{Natives: []int32{100035, 100038, 100040, 100046, 100051, 100078, 100096, 100132}, Class: invalid(KindData)},
	{Natives: []int32{3001}, Class: invalid(KindPermission)},
}
