package tdsserver

import (
	"regexp"
	"slices"
	"strings"
)

// catalog answers the procedures that tell of the server's tables.
func (s *session) catalog(r *Request) ([]Answer, bool) {
	tell := map[string]func(s *session, ask question) Rows{
		"sp_tables": (*session).tellTables, "sp_columns": (*session).tellColumns, "sp_pkeys": (*session).tellKeys,
	}[r.SQL]
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
		if ask.wants("@table_name", t.name) && ask.wants("@table_owner", "dbo") && ask.wants("@table_qualifier", s.state.Database) {
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
			length, precision, scale := c.Type.metrics()
			name, _, _ := strings.Cut(c.Type.String(), "(")
			if c.Identity {
				name += " identity"
			}
			code := c.Type.odbcType()
			null, yes := toByte(!c.NotNull), map[bool]string{true: "NO", false: "YES"}[c.NotNull]
			rows.Values = append(rows.Values, s.placeOf(t, c.Name, code, name, max(precision, length), length, scale, 10, null,
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

// odbcType is the SQL type code that sp_columns tells. For the types that came with SQL
// Server 2008 it is that of nvarchar: the procedure is older.
func (t Type) odbcType() int {
	codes := map[string]int{
		"bit": -7, "tinyint": -6, "smallint": 5, "int": 4, "bigint": -5, "real": 7, "float": 6, "decimal": 3, "numeric": 2,
		"smallmoney": 3, "money": 3, "char": 1, "varchar": 12, "text": -1, "nchar": -8, "nvarchar": -9, "ntext": -10,
		"binary": -2, "varbinary": -3, "image": -4, "uniqueidentifier": -11, "xml": -152, "smalldatetime": 93, "datetime": 93,
	}
	name, _, _ := strings.Cut(t.String(), "(")
	if code, ok := codes[name]; ok {
		return code
	}
	return codes["nvarchar"]
}
