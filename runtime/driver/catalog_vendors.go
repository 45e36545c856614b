package driver

// sqliteCatalog was measured with SQLite 3.40 and sqliteodbc 0.9998. Of the driver's
// functions, SQLTables and SQLColumns leave out temporary and attached tables and
// generated columns, SQLPrimaryKeys puts the key's columns in the table's order,
// SQLForeignKeys has no column where the reference names none, SQLStatistics
// shows a unique index of some rows as one of all, and none has an expression.
var sqliteCatalog = Catalog{
	Fold: IgnoreCase,
	Resolve: `SELECT '', schema FROM pragma_table_list WHERE name = {name} COLLATE NOCASE
ORDER BY schema <> 'temp', schema <> 'main' LIMIT 1`,
	Tables: `SELECT schema AS schema_name, name AS object_name,
	CASE WHEN type = 'view' THEN 'VIEW' WHEN schema = 'temp' THEN 'LOCAL TEMPORARY' ELSE 'TABLE' END AS object_type
FROM pragma_table_list
WHERE type <> 'shadow' AND substr(name, 1, 7) <> 'sqlite_' AND {schema} IN ('', schema) AND ({name} = '' OR name = {name} COLLATE NOCASE)
ORDER BY 1, 2`,
	// The number of a row is a column when that is the key and has no index.
	Columns: `SELECT l.schema AS schema_name, l.name AS object_name, c.name AS column_name, c.type AS type_name, c.cid + 1 AS ordinal,
	CASE WHEN c.type = '' THEN 'varchar' END AS base_type, ` + sqliteType + ` AS sql_type,
	CASE WHEN c."notnull" OR c.pk > 0 AND (l.wr OR l.strict OR l.numbered) THEN 0 ELSE 1 END AS nullable,
	c.dflt_value AS column_default, c.pk > 0 AND l.numbered AS auto_numbered, c.hidden IN (2, 3) AS generated
FROM (SELECT *, type = 'table' AND NOT wr AND NOT EXISTS (SELECT 1 FROM pragma_index_list(t.name, t.schema) AS i WHERE i.origin = 'pk') AS numbered
	FROM pragma_table_list AS t WHERE schema = {schema} AND name = {name} COLLATE NOCASE) AS l
JOIN pragma_table_xinfo(l.name, l.schema) AS c
WHERE c.hidden <> 1 ORDER BY c.cid`,
	PrimaryKey: `SELECT l.schema AS schema_name, l.name AS object_name, c.name AS column_name, c.pk AS ordinal
FROM pragma_table_list AS l JOIN pragma_table_xinfo(l.name, l.schema) AS c
WHERE l.schema = {schema} AND l.name = {name} COLLATE NOCASE AND c.pk > 0 ORDER BY c.pk`,
	ForeignKeys:  sqliteForeignKeys + `l.name = {name} COLLATE NOCASE ORDER BY f.id DESC, f.seq`,
	ReferencedBy: sqliteForeignKeys + `f."table" = {name} COLLATE NOCASE ORDER BY l.name, f.id DESC, f.seq`,
	// With l.schema for the last {schema}, SQLite 3.40 finds nothing.
	Indexes: `SELECT l.schema AS schema_name, l.name AS object_name, i.name AS index_name, NOT i."unique" AS non_unique,
	c.seqno + 1 AS ordinal, c.name AS column_name, CASE WHEN c."desc" THEN 'D' ELSE 'A' END AS sort_order,
	m.sql AS definition, CASE WHEN i.partial AND m.sql IS NULL THEN 'unknown' END AS filter
FROM pragma_table_list AS l JOIN pragma_index_list(l.name, l.schema) AS i JOIN pragma_index_xinfo(i.name, {schema}) AS c ON c.key
LEFT JOIN (SELECT 'temp' AS schema, type, name, sql FROM sqlite_temp_master UNION ALL SELECT 'main', type, name, sql FROM sqlite_master) AS m
	ON m.schema = l.schema AND m.type = 'index' AND m.name = i.name
WHERE l.schema = {schema} AND l.name = {name} COLLATE NOCASE ORDER BY i.name, c.seqno`,
	Procedures: "SELECT '' AS object_name WHERE 0",
	Params:     "SELECT '' AS object_name WHERE 0",
}

// sqliteType is the type code that the driver has for a declaration.
const sqliteType = `CASE
	WHEN lower(c.type) GLOB 'inter*' THEN 12 WHEN lower(c.type) GLOB 'int*' THEN -5
	WHEN lower(c.type) GLOB 'numeric*' THEN 8 WHEN lower(c.type) GLOB 'tinyint*' THEN -6
	WHEN lower(c.type) GLOB 'smallint*' THEN 5 WHEN lower(c.type) GLOB 'bigint*' THEN -5
	WHEN lower(c.type) GLOB 'mediumint*' THEN -5 WHEN lower(c.type) GLOB 'float*' THEN 8
	WHEN lower(c.type) GLOB 'double*' OR lower(c.type) GLOB 'real*' THEN 8
	WHEN lower(c.type) GLOB 'timestamp*' OR lower(c.type) GLOB 'datetime*' THEN 93
	WHEN lower(c.type) GLOB 'time*' THEN 92 WHEN lower(c.type) GLOB 'date*' THEN 91
	WHEN lower(c.type) GLOB 'text*' OR lower(c.type) GLOB 'memo*' OR lower(c.type) GLOB 'longvarchar*' THEN -1
	WHEN lower(c.type) GLOB 'bool*' OR lower(c.type) GLOB 'bit*' THEN -7
	WHEN lower(c.type) GLOB 'blob*' OR lower(c.type) GLOB 'binary*' THEN -2
	WHEN lower(c.type) GLOB 'varbinary*' THEN -3 WHEN lower(c.type) GLOB 'longvarbinary*' THEN -4
	ELSE 12 END`

const sqliteForeignKeys = `SELECT l.schema AS schema_name, l.name AS object_name, f."from" AS column_name, f.id AS key_number, f.seq + 1 AS ordinal,
	l.schema AS to_schema,
	coalesce((SELECT t.name FROM pragma_table_list AS t WHERE t.schema = l.schema AND t.name = f."table" COLLATE NOCASE), f."table") AS to_object,
	coalesce(f."to", (SELECT p.name FROM pragma_table_xinfo(f."table", l.schema) AS p WHERE p.pk = f.seq + 1)) AS to_column,
	f.on_update AS on_update, f.on_delete AS on_delete
FROM pragma_table_list AS l JOIN pragma_foreign_key_list(l.name, l.schema) AS f
WHERE l.schema = {schema} AND `

// postgresCatalog was measured with PostgreSQL 15 and psqlODBC 13.02. Of the driver's
// functions, none sees a temporary table or a comment, SQLTables calls a materialized
// view MATVIEW when it is asked for views, SQLColumns has the columns of a domain
// that is never NULL for nullable and the text of a generated column for its default,
// gives a numeric without digits 28 of them and counts the columns of all tables
// together, SQLStatistics shows the included columns of an index as indexed, and a
// unique index of some rows as one of all, SQLProcedures has all functions of the
// system, and nothing tells procedures of one name apart.
var postgresCatalog = Catalog{
	Fold:          FoldLower,
	SystemSchemas: []string{"pg_catalog", "information_schema", "pg_toast"},
	Cursors:       []string{"refcursor"},
	Resolve: `SELECT current_database(), n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = {name} AND pg_table_is_visible(c.oid)`,
	ResolveProcedure: `SELECT current_database(), n.nspname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE p.proname = {name} AND p.prokind IN ('f', 'p') AND pg_function_is_visible(p.oid)
ORDER BY array_position(current_schemas(true), n.nspname) LIMIT 1`,
	Tables: `SELECT current_database() AS catalog_name, n.nspname AS schema_name, c.relname AS object_name,
	CASE WHEN c.relkind = 'v' THEN 'VIEW' WHEN c.relkind = 'm' THEN 'MATERIALIZED VIEW' WHEN c.relkind = 'f' THEN 'FOREIGN TABLE'
		WHEN c.relpersistence = 't' THEN 'LOCAL TEMPORARY' ELSE 'TABLE' END AS object_type,
	obj_description(c.oid, 'pg_class') AS remarks
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT pg_is_other_temp_schema(n.oid)
	AND {schema}::text IN ('', n.nspname) AND {name}::text IN ('', c.relname)
ORDER BY 2, 3`,
	Columns: `SELECT current_database() AS catalog_name, n.nspname AS schema_name, c.relname AS object_name, a.attname AS column_name,
	row_number() OVER (ORDER BY a.attnum) AS ordinal,
` + postgresType + `	NOT (a.attnotnull OR b.never) AS nullable,
	CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END AS column_default,
	a.attidentity <> '' OR pg_get_serial_sequence(quote_ident(n.nspname) || '.' || quote_ident(c.relname), a.attname) IS NOT NULL AS auto_numbered,
	a.attgenerated <> '' AS generated, col_description(c.oid, a.attnum) AS remarks
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
` + postgresBase + `CROSS JOIN LATERAL (SELECT greatest(a.atttypmod, b.typmod) AS typmod) AS m
WHERE n.nspname = {schema} AND c.relname = {name} AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum`,
	PrimaryKey: `SELECT current_database() AS catalog_name, n.nspname AS schema_name, c.relname AS object_name, a.attname AS column_name,
	u.ordinal AS ordinal, k.conname AS key_name
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL unnest(k.conkey) WITH ORDINALITY AS u (attnum, ordinal)
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.attnum
WHERE k.contype = 'p' AND n.nspname = {schema} AND c.relname = {name} ORDER BY u.ordinal`,
	ForeignKeys:  postgresForeignKeys + `n.nspname = {schema} AND c.relname = {name} ORDER BY k.conname, u.ordinal`,
	ReferencedBy: postgresForeignKeys + `tn.nspname = {schema} AND tc.relname = {name} ORDER BY n.nspname, c.relname, k.conname, u.ordinal`,
	Indexes: `SELECT current_database() AS catalog_name, n.nspname AS schema_name, c.relname AS object_name, x.relname AS index_name,
	NOT (i.indisunique AND i.indisvalid) AS non_unique, NOT i.indimmediate AS deferrable, o.ordinal AS ordinal, a.attname AS column_name,
	CASE WHEN a.attname IS NULL THEN pg_get_indexdef(i.indexrelid, o.ordinal, true) END AS expression,
	CASE WHEN i.indoption[o.ordinal - 1] & 1 = 1 THEN 'D' ELSE 'A' END AS sort_order,
	pg_get_expr(i.indpred, i.indrelid, true) AS filter
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_class x ON x.oid = i.indexrelid
CROSS JOIN LATERAL generate_series(1, i.indnkeyatts) AS o (ordinal)
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[o.ordinal - 1] AND a.attnum <> 0
WHERE n.nspname = {schema} AND c.relname = {name} ORDER BY x.relname, o.ordinal`,
	Procedures: `SELECT current_database() AS catalog_name, n.nspname AS schema_name, p.proname AS object_name,
	CASE WHEN p.prokind = 'p' THEN 1 ELSE 2 END AS object_type, obj_description(p.oid, 'pg_proc') AS remarks,
	pg_get_function_identity_arguments(p.oid) AS specific_name
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE p.prokind IN ('f', 'p') AND {schema}::text IN ('', n.nspname) AND {name}::text IN ('', p.proname)
ORDER BY 2, 3, 6`,
	// What a function gives is its last row, which has no number.
	Params: `SELECT current_database() AS catalog_name, n.nspname AS schema_name, p.proname AS object_name,
	pg_get_function_identity_arguments(p.oid) AS specific_name, coalesce(u.ordinal, 0) AS ordinal, coalesce(p.proargnames[u.ordinal], '') AS column_name,
	CASE WHEN u.ordinal IS NULL THEN CASE WHEN p.proretset THEN 3 ELSE 5 END
		ELSE CASE p.proargmodes[u.ordinal] WHEN 'o' THEN 4 WHEN 'b' THEN 2 WHEN 't' THEN 3 ELSE 1 END END AS direction,
` + postgresType + `	pg_get_function_arg_default(p.oid, u.ordinal::integer) AS column_default
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
CROSS JOIN LATERAL (
	SELECT type, ordinal FROM unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) WITH ORDINALITY AS a (type, ordinal)
	UNION ALL SELECT p.prorettype, NULL WHERE p.prokind = 'f' AND p.proallargtypes IS NULL AND p.prorettype <> 'void'::regtype
) AS u JOIN pg_type t ON t.oid = u.type
` + postgresBase + `CROSS JOIN LATERAL (SELECT b.typmod AS typmod) AS m
WHERE p.prokind IN ('f', 'p') AND n.nspname = {schema} AND p.proname = {name}
ORDER BY p.oid, u.ordinal`,
}

// postgresType are the fields of the type t, whose base is b, with the modifier m.
const postgresType = `	t.typname AS type_name, b.typname AS base_type,
	CASE b.typname WHEN 'bool' THEN -7 WHEN 'int2' THEN 5 WHEN 'int4' THEN 4 WHEN 'oid' THEN 4 WHEN 'int8' THEN -5 WHEN 'float4' THEN 7 WHEN 'float8' THEN 6
		WHEN 'numeric' THEN 2 WHEN 'date' THEN 91 WHEN 'time' THEN 92 WHEN 'timestamp' THEN 93 WHEN 'timestamptz' THEN 93
		WHEN 'bytea' THEN -4 WHEN 'uuid' THEN -11 WHEN 'bpchar' THEN 1 WHEN 'text' THEN -1 ELSE 12 END AS sql_type,
	CASE WHEN m.typmod < 0 THEN NULL WHEN b.typname = 'numeric' THEN (m.typmod - 4) >> 16 & 65535
		WHEN b.typname IN ('varchar', 'bpchar') THEN m.typmod - 4 WHEN b.typname IN ('bit', 'varbit') THEN m.typmod END AS column_size,
	CASE WHEN b.typname = 'numeric' AND m.typmod >= 0 THEN (m.typmod - 4 & 2047 # 1024) - 1024
		WHEN b.typname IN ('time', 'timetz', 'timestamp', 'timestamptz') THEN CASE WHEN m.typmod < 0 THEN 6 ELSE m.typmod END END AS digits,
`

// postgresBase is what a domain is made of.
const postgresBase = `CROSS JOIN LATERAL (
	WITH RECURSIVE d AS (
		SELECT t.typname, t.typbasetype, t.typtypmod, t.typnotnull
		UNION ALL SELECT u.typname, u.typbasetype, u.typtypmod, u.typnotnull FROM d JOIN pg_type u ON u.oid = d.typbasetype
	) SELECT max(typname::text) FILTER (WHERE typbasetype = 0) AS typname, max(typtypmod) AS typmod, bool_or(typnotnull) AS never FROM d
) AS b
`

const postgresForeignKeys = `SELECT current_database() AS catalog_name, n.nspname AS schema_name, c.relname AS object_name, a.attname AS column_name,
	current_database() AS to_catalog, tn.nspname AS to_schema, tc.relname AS to_object, ta.attname AS to_column, u.ordinal AS ordinal, k.conname AS key_name,
	CASE k.confupdtype WHEN 'c' THEN 'CASCADE' WHEN 'r' THEN 'RESTRICT' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' ELSE 'NO ACTION' END AS on_update,
	CASE k.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'r' THEN 'RESTRICT' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' ELSE 'NO ACTION' END AS on_delete
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class tc ON tc.oid = k.confrelid JOIN pg_namespace tn ON tn.oid = tc.relnamespace
CROSS JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY AS u (attnum, to_attnum, ordinal)
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.attnum
JOIN pg_attribute ta ON ta.attrelid = tc.oid AND ta.attnum = u.to_attnum
WHERE k.contype = 'f' AND k.conparentid = 0 AND `

// mariadbCatalog was measured with MariaDB 10.11 and MariaDB Connector/ODBC 3.1.15. The
// driver's functions list all databases of the server at once, SQLColumns calls a
// numbered column nullable and writes NULL for the default of one that has none,
// SQLPrimaryKeys puts the key's columns in the table's order, SQLStatistics shows an
// index of the beginnings of texts as one of whole texts, and a name beyond the Basic
// Multilingual Plane is an error. Temporary tables are in no list before MariaDB 11.2.
var mariadbCatalog = Catalog{
	SchemaIsCatalog:  true,
	SystemSchemas:    mysqlSystem,
	Resolve:          "SELECT '', DATABASE()",
	ResolveProcedure: "SELECT '', DATABASE()",
	Tables:           mysqlTables,
	Columns:          mysqlColumns + "CASE WHEN c.column_default = 'NULL' THEN NULL ELSE c.column_default END" + mysqlColumnsOf,
	PrimaryKey:       mysqlPrimaryKey,
	ForeignKeys:      mysqlForeignKeys + "k.table_schema = " + mysqlSchema + " AND k.table_name = " + mysqlName + " ORDER BY k.constraint_name, k.ordinal_position",
	ReferencedBy: mysqlForeignKeys + "k.referenced_table_schema = " + mysqlSchema + " AND k.referenced_table_name = " + mysqlName +
		" ORDER BY k.table_schema, k.table_name, k.constraint_name, k.ordinal_position",
	Indexes:    mysqlIndexes + "NULL" + mysqlIndexesOf,
	Procedures: mysqlProcedures,
	Params:     mysqlParams,
}

// mysqlCatalog is from documents, and what differs from MariaDB: the text of a default
// is not quoted, and indexes have expressions.
var mysqlCatalog = Catalog{
	SchemaIsCatalog:  true,
	SystemSchemas:    mysqlSystem,
	Resolve:          mariadbCatalog.Resolve,
	ResolveProcedure: mariadbCatalog.ResolveProcedure,
	Tables:           mysqlTables,
	Columns: mysqlColumns + "CASE WHEN LOCATE('DEFAULT_GENERATED', c.extra) > 0 OR c.numeric_precision IS NOT NULL THEN c.column_default" +
		" ELSE QUOTE(c.column_default) END" + mysqlColumnsOf,
	PrimaryKey:   mysqlPrimaryKey,
	ForeignKeys:  mariadbCatalog.ForeignKeys,
	ReferencedBy: mariadbCatalog.ReferencedBy,
	Indexes:      mysqlIndexes + "s.expression" + mysqlIndexesOf,
	Procedures:   mysqlProcedures,
	Params:       mysqlParams,
}

var mysqlSystem = []string{"information_schema", "mysql", "performance_schema", "sys"}

// Names are of three bytes at most a character; another would be an error of collations.
const (
	mysqlSchema = "CONVERT({schema} USING utf8mb3)"
	mysqlName   = "CONVERT({name} USING utf8mb3)"
)

const mysqlTables = `SELECT t.table_schema AS schema_name, t.table_name AS object_name,
	CASE t.table_type WHEN 'BASE TABLE' THEN 'TABLE' WHEN 'SYSTEM VERSIONED' THEN 'TABLE' WHEN 'TEMPORARY' THEN 'LOCAL TEMPORARY'
		WHEN 'SYSTEM VIEW' THEN 'SYSTEM TABLE' ELSE t.table_type END AS object_type,
	CASE WHEN t.table_type <> 'VIEW' THEN t.table_comment END AS remarks
FROM information_schema.tables t
WHERE t.table_schema = CASE WHEN {schema} = '' THEN DATABASE() ELSE ` + mysqlSchema + ` END AND ({name} = '' OR t.table_name = ` + mysqlName + `)
ORDER BY 1, 2`

const mysqlColumns = `SELECT c.table_schema AS schema_name, c.table_name AS object_name, c.column_name AS column_name, c.ordinal_position AS ordinal,
` + mysqlType + `	LOCATE('unsigned', c.column_type) > 0 OR LOCATE('zerofill', c.column_type) > 0 OR c.data_type = 'year' AS is_unsigned,
	CASE WHEN c.is_nullable = 'NO' THEN 0 ELSE 1 END AS nullable, LOCATE('auto_increment', c.extra) > 0 AS auto_numbered,
	COALESCE(c.generation_expression, '') <> '' AS ` + "`generated`" + `, c.column_comment AS remarks,
	`

const mysqlColumnsOf = ` AS column_default
FROM information_schema.columns c WHERE c.table_schema = ` + mysqlSchema + ` AND c.table_name = ` + mysqlName + ` ORDER BY c.ordinal_position`

// mysqlType are the fields of the type of a column or parameter c, as the driver has them.
const mysqlType = `	c.data_type AS type_name,
	CASE c.data_type WHEN 'tinyint' THEN -6 WHEN 'smallint' THEN 5 WHEN 'year' THEN 5 WHEN 'mediumint' THEN 4 WHEN 'int' THEN 4 WHEN 'bigint' THEN -5
		WHEN 'float' THEN 7 WHEN 'double' THEN 8 WHEN 'decimal' THEN 3 WHEN 'bit' THEN CASE WHEN c.numeric_precision = 1 THEN -7 ELSE -2 END
		WHEN 'date' THEN 91 WHEN 'time' THEN 92 WHEN 'datetime' THEN 93 WHEN 'timestamp' THEN 93
		WHEN 'binary' THEN -2 WHEN 'varbinary' THEN -3 WHEN 'tinyblob' THEN -4 WHEN 'blob' THEN -4 WHEN 'mediumblob' THEN -4 WHEN 'longblob' THEN -4
		WHEN 'varchar' THEN 12 WHEN 'tinytext' THEN -1 WHEN 'text' THEN -1 WHEN 'mediumtext' THEN -1 WHEN 'longtext' THEN -1
		WHEN 'char' THEN 1 WHEN 'enum' THEN 1 WHEN 'set' THEN 1 WHEN 'uuid' THEN 1 WHEN 'inet4' THEN 1 WHEN 'inet6' THEN 1 WHEN 'json' THEN -1
		ELSE -4 END AS sql_type,
	CASE WHEN c.data_type = 'bit' THEN CEILING(c.numeric_precision / 8) ELSE COALESCE(c.character_maximum_length, c.numeric_precision) END AS column_size,
	COALESCE(c.numeric_scale, c.datetime_precision) AS digits,
`

const mysqlPrimaryKey = `SELECT k.table_schema AS schema_name, k.table_name AS object_name, k.column_name AS column_name,
	k.ordinal_position AS ordinal, k.constraint_name AS key_name
FROM information_schema.key_column_usage k
WHERE k.constraint_name = 'PRIMARY' AND k.table_schema = ` + mysqlSchema + ` AND k.table_name = ` + mysqlName + ` ORDER BY k.ordinal_position`

const mysqlForeignKeys = `SELECT k.table_schema AS schema_name, k.table_name AS object_name, k.column_name AS column_name,
	k.referenced_table_schema AS to_schema, k.referenced_table_name AS to_object, k.referenced_column_name AS to_column,
	k.ordinal_position AS ordinal, k.constraint_name AS key_name, r.update_rule AS on_update, r.delete_rule AS on_delete
FROM information_schema.key_column_usage k JOIN information_schema.referential_constraints r
	ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name AND r.table_name = k.table_name
WHERE k.referenced_table_name IS NOT NULL AND `

const mysqlIndexes = `SELECT s.table_schema AS schema_name, s.table_name AS object_name, s.index_name AS index_name, s.non_unique AS non_unique,
	s.seq_in_index AS ordinal, s.column_name AS column_name, s.collation AS sort_order, s.sub_part AS prefix, `

const mysqlIndexesOf = ` AS expression
FROM information_schema.statistics s WHERE s.table_schema = ` + mysqlSchema + ` AND s.table_name = ` + mysqlName + ` ORDER BY s.index_name, s.seq_in_index`

const mysqlProcedures = `SELECT r.routine_schema AS schema_name, r.routine_name AS object_name, LOWER(r.routine_type) AS specific_name,
	CASE WHEN r.routine_type = 'FUNCTION' THEN 2 ELSE 1 END AS object_type, r.routine_comment AS remarks
FROM information_schema.routines r
WHERE r.routine_type IN ('FUNCTION', 'PROCEDURE') AND r.routine_schema = CASE WHEN {schema} = '' THEN DATABASE() ELSE ` + mysqlSchema + ` END
	AND ({name} = '' OR r.routine_name = ` + mysqlName + `)
ORDER BY 1, 2, 3`

const mysqlParams = `SELECT c.specific_schema AS schema_name, c.specific_name AS object_name, LOWER(c.routine_type) AS specific_name,
	COALESCE(c.parameter_name, '') AS column_name, c.ordinal_position AS ordinal,
	CASE WHEN c.ordinal_position = 0 THEN 5 WHEN c.parameter_mode = 'OUT' THEN 4 WHEN c.parameter_mode = 'INOUT' THEN 2 ELSE 1 END AS direction,
` + mysqlType + `	LOCATE('unsigned', c.dtd_identifier) > 0 OR LOCATE('zerofill', c.dtd_identifier) > 0 OR c.data_type = 'year' AS is_unsigned
FROM information_schema.parameters c WHERE c.specific_schema = ` + mysqlSchema + ` AND c.specific_name = ` + mysqlName + `
ORDER BY c.routine_type, c.ordinal_position`

// sqlserverCatalog is from documents. sp_columns names the type of a numbered column
// "int identity". sp_statistics has no place for the condition of an index.
var sqlserverCatalog = Catalog{
	Fold:             IgnoreCase, // by default: the collation of the database decides
	SystemSchemas:    []string{"sys", "INFORMATION_SCHEMA"},
	AutoNumbered:     []string{"() identity", " identity"},
	Resolve:          "SELECT DB_NAME(), COALESCE(OBJECT_SCHEMA_NAME(OBJECT_ID(QUOTENAME({name}))), SCHEMA_NAME())",
	ResolveProcedure: "SELECT DB_NAME(), COALESCE(OBJECT_SCHEMA_NAME(OBJECT_ID(QUOTENAME({name}))), SCHEMA_NAME())",
}

// sybaseCatalog is from documents.
var sybaseCatalog = Catalog{
	AutoNumbered:     []string{" identity"},
	Resolve:          "SELECT DB_NAME(), USER_NAME(uid) FROM sysobjects WHERE name = {name} AND uid IN (USER_ID(), 1) ORDER BY uid DESC",
	ResolveProcedure: "SELECT DB_NAME(), USER_NAME(uid) FROM sysobjects WHERE name = {name} AND uid IN (USER_ID(), 1) ORDER BY uid DESC",
}

// oracleCatalog is from documents. A synonym is found by its own schema only.
var oracleCatalog = Catalog{
	Fold: FoldUpper,
	SystemSchemas: []string{
		"SYS", "SYSTEM", "AUDSYS", "CTXSYS", "DBSNMP", "DVSYS", "GSMADMIN_INTERNAL", "LBACSYS", "MDSYS", "OJVMSYS", "OLAPSYS", "ORDDATA", "ORDSYS",
		"OUTLN", "PUBLIC", "WMSYS", "XDB",
	},
	Cursors:          []string{"REF CURSOR"},
	Resolve:          "SELECT '', SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA') FROM DUAL",
	ResolveProcedure: "SELECT '', SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA') FROM DUAL",
}

// db2Catalog is from documents.
var db2Catalog = Catalog{
	Fold:             FoldUpper,
	SystemSchemas:    []string{"SYSIBM", "SYSCAT", "SYSSTAT", "SYSFUN", "SYSPROC", "SYSTOOLS", "SYSIBMADM", "SYSIBMINTERNAL", "SYSPUBLIC", "SQLJ", "NULLID"},
	Resolve:          "SELECT '', CURRENT SCHEMA FROM SYSIBM.SYSDUMMY1",
	ResolveProcedure: "SELECT '', CURRENT SCHEMA FROM SYSIBM.SYSDUMMY1",
}

// snowflakeCatalog is from documents. Without a catalog the functions search the whole
// account.
var snowflakeCatalog = Catalog{
	Fold:             FoldUpper,
	SystemSchemas:    []string{"INFORMATION_SCHEMA"},
	Resolve:          "SELECT CURRENT_DATABASE(), CURRENT_SCHEMA()",
	ResolveProcedure: "SELECT CURRENT_DATABASE(), CURRENT_SCHEMA()",
}
