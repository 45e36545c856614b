package tdsserver

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// catalog answers the procedures that tell of the server's tables.
func (s *session) catalog(r *Request) ([]Answer, bool) {
	tell := map[string]func(s *session, ask question) Rows{
		"sp_tables": (*session).tellTables, "sp_columns": (*session).tellColumns, "sp_pkeys": (*session).tellKeys,
		"sp_fkeys": (*session).tellForeignKeys, "sp_statistics": (*session).tellIndexes,
		"sp_stored_procedures": (*session).tellProcedures, "sp_sproc_columns": (*session).tellArguments,
		"sp_datatype_info": (*session).tellTypes, "sp_datatype_info_100": (*session).tellTypes,
	}[r.SQL[strings.LastIndex(r.SQL, ".")+1:]]
	if tell == nil {
		return nil, false
	}
	s.server.storing.Lock()
	defer s.server.storing.Unlock()
	return []Answer{tell(s, questionOf(r))}, true
}

// question are the parameters of a procedure of the catalog, by name.
type question map[string]string

func questionOf(r *Request) question {
	ask := question{}
	for _, p := range r.Params {
		if text, ok := p.Value.(string); ok {
			ask[strings.ToLower(p.Name)] = text
		}
	}
	return ask
}

// wants reports whether a name is like that of a parameter, as of LIKE.
func (ask question) wants(param, name string) bool {
	like, ok := ask[param]
	if !ok {
		return true
	}
	like = regexp.QuoteMeta(like)
	like = strings.NewReplacer(`\[_\]`, "_", `\[%\]`, "%", `\\_`, "_", `\\%`, "%", "_", ".", "%", ".*").Replace(like)
	matched, err := regexp.MatchString(`(?is)\A`+like+`\z`, name)
	return err == nil && matched
}

// tables are those that are asked for, by name.
func (s *session) tables(ask question) (found []*table) {
	for _, t := range s.server.tables {
		if t.database == s.state.Database && ask.wants("@table_name", t.name) && ask.wants("@table_owner", "dbo") && ask.wants("@table_qualifier", s.state.Database) {
			found = append(found, t)
		}
	}
	slices.SortFunc(found, func(a, b *table) int { return strings.Compare(a.name, b.name) })
	return found
}

// place are the first columns of all answers.
var place = []Column{
	{Name: "TABLE_QUALIFIER", Type: sysname}, {Name: "TABLE_OWNER", Type: sysname}, {Name: "TABLE_NAME", Type: sysname, NotNull: true},
}

func (s *session) placeOf(t *table, rest ...any) []any {
	return append([]any{s.state.Database, "dbo", t.name}, rest...)
}

func (s *session) tellTables(ask question) Rows {
	rows := Rows{Columns: slices.Concat(place, []Column{{Name: "TABLE_TYPE", Type: Varchar(32)}, {Name: "REMARKS", Type: Varchar(254)}})}
	if types := ask["@table_type"]; types != "" && !strings.Contains(types, "'TABLE'") {
		return rows
	}
	for _, t := range s.tables(ask) {
		rows.Values = append(rows.Values, s.placeOf(t, "TABLE", nil))
	}
	return rows
}

func (s *session) tellColumns(ask question) Rows {
	rows := Rows{Columns: slices.Concat(place, []Column{
		{Name: "COLUMN_NAME", Type: sysname, NotNull: true}, {Name: "DATA_TYPE", Type: SmallInt, NotNull: true},
		{Name: "TYPE_NAME", Type: sysname, NotNull: true}, {Name: "PRECISION", Type: Int}, {Name: "LENGTH", Type: Int},
		{Name: "SCALE", Type: SmallInt}, {Name: "RADIX", Type: SmallInt}, {Name: "NULLABLE", Type: SmallInt, NotNull: true},
		{Name: "REMARKS", Type: Varchar(254)}, {Name: "COLUMN_DEF", Type: NVarchar(4000)}, {Name: "SQL_DATA_TYPE", Type: SmallInt, NotNull: true},
		{Name: "SQL_DATETIME_SUB", Type: SmallInt}, {Name: "CHAR_OCTET_LENGTH", Type: Int}, {Name: "ORDINAL_POSITION", Type: Int, NotNull: true},
		{Name: "IS_NULLABLE", Type: Varchar(254)}, {Name: "SS_DATA_TYPE", Type: TinyInt},
	})}
	for _, t := range s.tables(ask) {
		for i, c := range t.columns {
			if !ask.wants("@column_name", c.Name) {
				continue
			}
			length, precision, scale := c.Type.catalogMetrics()
			name := c.Type.name()
			if c.Identity {
				name += " identity"
			}
			code := c.Type.odbcType()
			null, yes := toByte(!c.NotNull), map[bool]string{true: "NO", false: "YES"}[c.NotNull]
			rows.Values = append(rows.Values, s.placeOf(t, c.Name, code, name, precision, length, scale, 10, null,
				nil, nil, code, nil, length, i+1, yes, nil))
		}
	}
	return rows
}

func (s *session) tellKeys(ask question) Rows {
	rows := Rows{Columns: slices.Concat(place, []Column{
		{Name: "COLUMN_NAME", Type: sysname, NotNull: true}, {Name: "KEY_SEQ", Type: SmallInt, NotNull: true}, {Name: "PK_NAME", Type: sysname},
	})}
	for _, t := range s.tables(ask) {
		for _, k := range t.keys {
			for i, c := range k.columns {
				if k.primary {
					rows.Values = append(rows.Values, s.placeOf(t, t.columns[c].Name, i+1, t.constraint(k)))
				}
			}
		}
	}
	return rows
}

func (s *session) tellForeignKeys(ask question) Rows {
	rows := Rows{Columns: []Column{
		{Name: "PKTABLE_QUALIFIER", Type: sysname}, {Name: "PKTABLE_OWNER", Type: sysname}, {Name: "PKTABLE_NAME", Type: sysname, NotNull: true},
		{Name: "PKCOLUMN_NAME", Type: sysname, NotNull: true},
		{Name: "FKTABLE_QUALIFIER", Type: sysname}, {Name: "FKTABLE_OWNER", Type: sysname}, {Name: "FKTABLE_NAME", Type: sysname, NotNull: true},
		{Name: "FKCOLUMN_NAME", Type: sysname, NotNull: true}, {Name: "KEY_SEQ", Type: SmallInt, NotNull: true},
		{Name: "UPDATE_RULE", Type: SmallInt}, {Name: "DELETE_RULE", Type: SmallInt}, {Name: "FK_NAME", Type: sysname}, {Name: "PK_NAME", Type: sysname},
		{Name: "DEFERRABILITY", Type: SmallInt},
	}}
	const noAction, notDeferrable = 1, 7
	for _, t := range s.tables(question{}) {
		for i, f := range t.foreign {
			if !ask.wants("@fktable_name", t.name) || !ask.wants("@pktable_name", f.to.name) {
				continue
			}
			for j, c := range f.columns {
				rows.Values = append(rows.Values, []any{
					f.to.database, "dbo", f.to.name, f.to.columns[f.others[j]].Name, t.database, "dbo", t.name, t.columns[c].Name, j + 1,
					noAction, noAction, t.foreignName(i), f.to.primaryName(), notDeferrable,
				})
			}
		}
	}
	return rows
}

// primaryName is the name of the primary key, nil where there is none.
func (t *table) primaryName() any {
	for _, k := range t.keys {
		if k.primary {
			return t.constraint(k)
		}
	}
	return nil
}

func (s *session) tellIndexes(ask question) Rows {
	rows := Rows{Columns: slices.Concat(place, []Column{
		{Name: "NON_UNIQUE", Type: SmallInt}, {Name: "INDEX_QUALIFIER", Type: sysname}, {Name: "INDEX_NAME", Type: sysname},
		{Name: "TYPE", Type: SmallInt, NotNull: true}, {Name: "SEQ_IN_INDEX", Type: SmallInt}, {Name: "COLUMN_NAME", Type: sysname},
		{Name: "COLLATION", Type: Char(1)}, {Name: "CARDINALITY", Type: Int}, {Name: "PAGES", Type: Int}, {Name: "FILTER_CONDITION", Type: Varchar(128)},
	})}
	const statistic, clustered, other = 0, 1, 3
	for _, t := range s.tables(ask) {
		rows.Values = append(rows.Values, s.placeOf(t, nil, nil, nil, statistic, nil, nil, nil, len(t.records), 1, nil))
		for _, k := range t.keys {
			kind := map[bool]int{true: clustered, false: other}[k.primary]
			for i, c := range k.columns {
				rows.Values = append(rows.Values, s.placeOf(t, 0, t.name, t.constraint(k), kind, i+1, t.columns[c].Name, "A", nil, nil, nil))
			}
		}
	}
	return rows
}

// tellUnique answers a query for the columns of the unique keys of a table, whose name is
// the parameter.
func (s *session) tellUnique(r *Request) []Answer {
	rows := Rows{Columns: []Column{{Name: "name", Type: sysname}, {Name: "name", Type: sysname}}}
	s.server.storing.Lock()
	defer s.server.storing.Unlock()
	for _, p := range r.Params {
		tokens, _ := scan(textOf(p.Value))
		if len(tokens) == 0 {
			continue
		}
		t := s.server.tables[s.key(tokens[len(tokens)-1].text)]
		if t == nil {
			continue
		}
		for _, k := range t.keys {
			for _, c := range k.columns {
				rows.Values = append(rows.Values, []any{t.constraint(k), t.columns[c].Name})
			}
		}
	}
	return []Answer{rows}
}

func (s *session) tellProcedures(ask question) Rows {
	rows := Rows{Columns: []Column{
		{Name: "PROCEDURE_QUALIFIER", Type: sysname}, {Name: "PROCEDURE_OWNER", Type: sysname}, {Name: "PROCEDURE_NAME", Type: NVarchar(134), NotNull: true},
		{Name: "NUM_INPUT_PARAMS", Type: Int}, {Name: "NUM_OUTPUT_PARAMS", Type: Int}, {Name: "NUM_RESULT_SETS", Type: Int},
		{Name: "REMARKS", Type: Varchar(254)}, {Name: "PROCEDURE_TYPE", Type: SmallInt},
	}}
	const unknown, returns = -1, 2
	for _, p := range s.server.procedures {
		if ask.wants("@sp_name", p.name) {
			rows.Values = append(rows.Values, []any{s.state.Database, "dbo", p.name + ";1", unknown, unknown, unknown, nil, returns})
		}
	}
	return rows
}

func (s *session) tellArguments(ask question) Rows {
	rows := Rows{Columns: []Column{
		{Name: "PROCEDURE_QUALIFIER", Type: sysname}, {Name: "PROCEDURE_OWNER", Type: sysname}, {Name: "PROCEDURE_NAME", Type: NVarchar(134), NotNull: true},
		{Name: "COLUMN_NAME", Type: sysname, NotNull: true}, {Name: "COLUMN_TYPE", Type: SmallInt, NotNull: true}, {Name: "DATA_TYPE", Type: SmallInt, NotNull: true},
		{Name: "TYPE_NAME", Type: sysname, NotNull: true}, {Name: "PRECISION", Type: Int}, {Name: "LENGTH", Type: Int}, {Name: "SCALE", Type: SmallInt},
		{Name: "RADIX", Type: SmallInt}, {Name: "NULLABLE", Type: SmallInt, NotNull: true}, {Name: "REMARKS", Type: Varchar(254)},
		{Name: "COLUMN_DEF", Type: NVarchar(4000)}, {Name: "SQL_DATA_TYPE", Type: SmallInt, NotNull: true}, {Name: "SQL_DATETIME_SUB", Type: SmallInt},
		{Name: "CHAR_OCTET_LENGTH", Type: Int}, {Name: "ORDINAL_POSITION", Type: Int, NotNull: true}, {Name: "IS_NULLABLE", Type: Varchar(254)},
		{Name: "SS_DATA_TYPE", Type: TinyInt},
	}}
	const in, inOut, returned = 1, 2, 5
	for _, p := range s.server.procedures {
		if !ask.wants("@procedure_name", p.name) {
			continue
		}
		for i, a := range append([]Argument{{Name: "@RETURN_VALUE", Type: Int}}, p.arguments...) {
			direction, null := in, 1
			switch {
			case i == 0:
				direction, null = returned, 0
			case a.Out: // an output parameter takes a value, too
				direction = inOut
			}
			length, precision, scale := a.Type.catalogMetrics()
			code, yes := a.Type.odbcType(), map[int]string{0: "NO", 1: "YES"}[null]
			rows.Values = append(rows.Values, []any{s.state.Database, "dbo", p.name + ";1", a.Name, direction, code, a.Type.name(), precision, length, scale, 10, null,
				nil, nil, code, nil, length, i, yes, nil})
		}
	}
	return rows
}

func (s *session) tellTypes(ask question) Rows {
	code, _, _ := strings.Cut(ask["@data_type"], ",")
	rows := Rows{Columns: []Column{
		{Name: "TYPE_NAME", Type: sysname, NotNull: true}, {Name: "DATA_TYPE", Type: SmallInt, NotNull: true}, {Name: "PRECISION", Type: Int},
		{Name: "LITERAL_PREFIX", Type: Varchar(32)}, {Name: "LITERAL_SUFFIX", Type: Varchar(32)}, {Name: "CREATE_PARAMS", Type: Varchar(32)},
		{Name: "NULLABLE", Type: SmallInt, NotNull: true}, {Name: "CASE_SENSITIVE", Type: SmallInt, NotNull: true}, {Name: "SEARCHABLE", Type: SmallInt, NotNull: true},
		{Name: "UNSIGNED_ATTRIBUTE", Type: SmallInt}, {Name: "MONEY", Type: SmallInt, NotNull: true}, {Name: "AUTO_INCREMENT", Type: SmallInt},
		{Name: "LOCAL_TYPE_NAME", Type: sysname}, {Name: "MINIMUM_SCALE", Type: SmallInt}, {Name: "MAXIMUM_SCALE", Type: SmallInt},
		{Name: "SQL_DATA_TYPE", Type: SmallInt, NotNull: true}, {Name: "SQL_DATETIME_SUB", Type: SmallInt}, {Name: "NUM_PREC_RADIX", Type: Int},
		{Name: "INTERVAL_PRECISION", Type: SmallInt}, {Name: "USERTYPE", Type: SmallInt},
	}}
	for _, t := range []Type{
		DateTimeOffset(7), Time(7), XML, UniqueIdentifier, NText, NVarchar(4000), NChar(4000), Bit, TinyInt, BigInt, Image, Varbinary(8000), Binary(8000),
		Text, Char(8000), Numeric(38, 0), Decimal(38, 0), Money, SmallMoney, Int, SmallInt, Float, Real, DateTime2(7), DateTime, SmallDateTime, Date, Varchar(8000),
	} {
		if code != "0" && code != strconv.Itoa(t.odbcType()) {
			continue
		}
		_, precision, _ := t.catalogMetrics()
		var prefix, unsigned any
		if families[t.id].collated {
			prefix = "'"
		}
		if t.id == idInt {
			unsigned = toByte(t == TinyInt)
		}
		money := toByte(t.id == idMoney)
		rows.Values = append(rows.Values, []any{t.name(), t.odbcType(), precision, prefix, prefix, nil, 1, 0, 3, unsigned, money, nil, t.name(), nil, nil, t.odbcType(), nil, nil, nil, 0})
	}
	return rows
}

// name is the type without its numbers.
func (t Type) name() string {
	name, _, _ := strings.Cut(t.String(), "(")
	return name
}

// catalogMetrics are length, precision and scale as the catalog tells them: a text has its
// characters for precision.
func (t Type) catalogMetrics() (length, precision, scale int) {
	length, precision, scale = t.metrics()
	switch {
	case t.id == idNChar || t.id == idNVarchar:
		return length, max(0, length/2), scale
	case precision == 0:
		return length, length, scale
	}
	return length, precision, scale
}

// odbcType is the SQL type code that sp_columns tells. For the types that came with SQL
// Server 2008 it is that of nvarchar: the procedure is older.
func (t Type) odbcType() int {
	codes := map[string]int{
		"bit": -7, "tinyint": -6, "smallint": 5, "int": 4, "bigint": -5, "real": 7, "float": 6, "decimal": 3, "numeric": 2,
		"smallmoney": 3, "money": 3, "char": 1, "varchar": 12, "text": -1, "nchar": -8, "nvarchar": -9, "ntext": -10,
		"binary": -2, "varbinary": -3, "image": -4, "uniqueidentifier": -11, "xml": -152, "smalldatetime": 93, "datetime": 93,
	}
	if code, ok := codes[t.name()]; ok {
		return code
	}
	return codes["nvarchar"]
}
