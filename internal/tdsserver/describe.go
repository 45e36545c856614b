package tdsserver

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

const (
	describeColumns = "sp_describe_first_result_set"
	describeParams  = "sp_describe_undeclared_parameters"
)

// describes answers the two procedures that tell the columns and the parameters of a
// statement, called by name or by EXEC. What they tell is the script's.
func (s *session) describes(r *Request) ([]Answer, bool) {
	procedure, args := r.SQL, r.Values()
	if r.Kind == Procedure {
		procedure = strings.TrimPrefix(procedure, "sys.")
	} else if procedure, args = r.executed(); procedure == "" {
		return nil, false
	}
	if len(args) == 0 || procedure != describeColumns && procedure != describeParams {
		return nil, false
	}
	sql, _ := args[0].(string)
	wanted := &Request{Session: r.Session, Kind: Prepare, By: procedure, SQL: sql, Describing: true}
	if len(args) > 1 {
		wanted.Declared, _ = args[1].(string)
	}
	if !r.Describing {
		s.server.record(*wanted)
	}
	if procedure == describeParams {
		return s.describesParams(wanted), true
	}
	columns, failure := s.columnsOf(wanted)
	if failure != nil && !r.Describing {
		return []Answer{*failure}, true
	}
	return []Answer{columnRows(columns)}, true
}

// describesParams tells the types that the script gives, or else those that tables need.
func (s *session) describesParams(wanted *Request) []Answer {
	if _, params, ok := s.server.find(wanted); ok {
		if _, failure := s.columnsOf(wanted); failure != nil {
			return []Answer{*failure}
		}
		return []Answer{paramRows(params)}
	}
	tokens, unclosed := scan(wanted.SQL)
	if unclosed != nil || len(tokens) == 0 {
		return []Answer{paramRows(nil)}
	}
	s.server.storing.Lock()
	defer s.server.storing.Unlock()
	params, failure := s.undeclared(tokens)
	if failure != nil {
		return []Answer{*failure}
	}
	return []Answer{paramRows(params)}
}

// executed returns the procedure that a statement executes, and its arguments.
func (r *Request) executed() (procedure string, args []any) {
	words := execPattern.FindStringSubmatch(strings.TrimSpace(r.SQL))
	if words == nil {
		return "", nil
	}
	rest := words[2]
	for rest != "" {
		arg := argumentPattern.FindStringSubmatch(rest)
		if arg == nil {
			return "", nil
		}
		args = append(args, r.argument(arg[1]))
		rest = rest[len(arg[0]):]
	}
	return strings.ToLower(words[1]), args
}

var (
	execPattern     = regexp.MustCompile(`(?is)\AEXEC(?:UTE)?\s+(?:sys\.)?(sp_describe_\w+)\s+(.*?);?\z`)
	argumentPattern = regexp.MustCompile(`(?s)\A\s*(?:@\w+\s*=\s*)?(N?'(?:[^']|'')*'|@\w+|-?\d+|NULL|null)\s*(?:,|\z)`)
)

// argument is the value of an argument as it is written.
func (r *Request) argument(text string) any {
	switch {
	case text[0] == '@':
		for i, p := range r.Params {
			if p.Name == text || p.Name == "" && text == fmt.Sprintf("@P%d", i+1) {
				return p.Value
			}
		}
		return nil
	case strings.HasSuffix(text, "'"):
		text = text[strings.IndexByte(text, '\'')+1 : len(text)-1]
		return strings.ReplaceAll(text, "''", "'")
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil
	}
	return n
}

var (
	sysname  = NVarchar(128)
	typeName = NVarchar(256)
)

// columnRows is the answer of sp_describe_first_result_set.
func columnRows(columns []Column) Rows {
	rows := Rows{Columns: []Column{
		{Name: "is_hidden", Type: Bit, NotNull: true},
		{Name: "column_ordinal", Type: Int, NotNull: true},
		{Name: "name", Type: sysname},
		{Name: "is_nullable", Type: Bit, NotNull: true},
		{Name: "system_type_id", Type: Int, NotNull: true},
		{Name: "system_type_name", Type: typeName},
		{Name: "max_length", Type: SmallInt, NotNull: true},
		{Name: "precision", Type: TinyInt, NotNull: true},
		{Name: "scale", Type: TinyInt, NotNull: true},
		{Name: "collation_name", Type: sysname},
		{Name: "user_type_id", Type: Int},
		{Name: "user_type_database", Type: sysname},
		{Name: "user_type_schema", Type: sysname},
		{Name: "user_type_name", Type: sysname},
		{Name: "assembly_qualified_type_name", Type: NVarchar(4000)},
		{Name: "xml_collection_id", Type: Int},
		{Name: "xml_collection_database", Type: sysname},
		{Name: "xml_collection_schema", Type: sysname},
		{Name: "xml_collection_name", Type: sysname},
		{Name: "is_xml_document", Type: Bit, NotNull: true},
		{Name: "is_case_sensitive", Type: Bit, NotNull: true},
		{Name: "is_fixed_length_clr_type", Type: Bit, NotNull: true},
		{Name: "source_server", Type: sysname},
		{Name: "source_database", Type: sysname},
		{Name: "source_schema", Type: sysname},
		{Name: "source_table", Type: sysname},
		{Name: "source_column", Type: sysname},
		{Name: "is_identity_column", Type: Bit},
		{Name: "is_part_of_unique_key", Type: Bit},
		{Name: "is_updateable", Type: Bit},
		{Name: "is_computed_column", Type: Bit},
		{Name: "is_sparse_column_set", Type: Bit},
		{Name: "ordinal_in_order_by_list", Type: SmallInt},
		{Name: "order_by_is_descending", Type: SmallInt},
		{Name: "order_by_list_length", Type: SmallInt},
		{Name: "tds_type_id", Type: Int, NotNull: true},
		{Name: "tds_length", Type: Int, NotNull: true},
		{Name: "tds_collation_id", Type: Int},
		{Name: "tds_collation_sort_id", Type: TinyInt},
	}}
	for i, c := range columns {
		length, precision, scale := c.Type.metrics()
		rows.Values = append(rows.Values, rows.with(map[string]any{
			"column_ordinal": i + 1, "name": orNull(c.Name), "is_nullable": !c.NotNull,
			"system_type_id": c.Type.systemID(), "system_type_name": c.Type.String(),
			"max_length": length, "precision": precision, "scale": scale,
			"source_schema": orNull(c.Schema), "source_table": orNull(c.Table), "source_column": orNull(c.Base),
			"is_identity_column": c.Identity, "is_updateable": !c.Identity,
			"tds_type_id": int(c.Type.appendInfo(nil, c.NotNull)[0]), "tds_length": length,
		}))
	}
	return rows
}

// paramRows is the answer of sp_describe_undeclared_parameters.
func paramRows(params []Type) Rows {
	rows := Rows{Columns: []Column{
		{Name: "parameter_ordinal", Type: Int, NotNull: true},
		{Name: "name", Type: sysname, NotNull: true},
		{Name: "suggested_system_type_id", Type: Int, NotNull: true},
		{Name: "suggested_system_type_name", Type: typeName},
		{Name: "suggested_max_length", Type: SmallInt, NotNull: true},
		{Name: "suggested_precision", Type: TinyInt, NotNull: true},
		{Name: "suggested_scale", Type: TinyInt, NotNull: true},
		{Name: "suggested_user_type_id", Type: Int},
		{Name: "suggested_user_type_database", Type: sysname},
		{Name: "suggested_user_type_schema", Type: sysname},
		{Name: "suggested_user_type_name", Type: sysname},
		{Name: "suggested_assembly_qualified_type_name", Type: NVarchar(4000)},
		{Name: "suggested_xml_collection_id", Type: Int},
		{Name: "suggested_xml_collection_database", Type: sysname},
		{Name: "suggested_xml_collection_schema", Type: sysname},
		{Name: "suggested_xml_collection_name", Type: sysname},
		{Name: "suggested_is_xml_document", Type: Bit, NotNull: true},
		{Name: "suggested_is_case_sensitive", Type: Bit, NotNull: true},
		{Name: "suggested_is_fixed_length_clr_type", Type: Bit, NotNull: true},
		{Name: "suggested_is_input", Type: Bit, NotNull: true},
		{Name: "suggested_is_output", Type: Bit, NotNull: true},
		{Name: "formal_parameter_name", Type: sysname},
		{Name: "suggested_tds_type_id", Type: Int, NotNull: true},
		{Name: "suggested_tds_length", Type: Int, NotNull: true},
	}}
	for i, t := range params {
		length, precision, scale := t.metrics()
		rows.Values = append(rows.Values, rows.with(map[string]any{
			"parameter_ordinal": i + 1, "name": fmt.Sprintf("@P%d", i+1),
			"suggested_system_type_id": t.systemID(), "suggested_system_type_name": t.String(),
			"suggested_max_length": length, "suggested_precision": precision, "suggested_scale": scale,
			"suggested_is_input": true, "suggested_tds_type_id": int(t.id), "suggested_tds_length": length,
		}))
	}
	return rows
}

// with makes a row of the values by column; what is not given is NULL, or false.
func (rows Rows) with(values map[string]any) []any {
	row := make([]any, len(rows.Columns))
	for i, c := range rows.Columns {
		row[i] = values[c.Name]
		if row[i] == nil && c.NotNull && c.Type == Bit {
			row[i] = false
		}
	}
	return row
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// metrics are length, precision and scale of a type as sys.columns has them.
func (t Type) metrics() (length, precision, scale int) {
	type metric [3]int
	whole := map[string]metric{
		"bit": {1, 1, 0}, "tinyint": {1, 3, 0}, "smallint": {2, 5, 0}, "int": {4, 10, 0}, "bigint": {8, 19, 0},
		"real": {4, 24, 0}, "float": {8, 53, 0}, "smallmoney": {4, 10, 4}, "money": {8, 19, 4},
		"smalldatetime": {4, 16, 0}, "datetime": {8, 23, 3}, "date": {3, 10, 0}, "uniqueidentifier": {16, 0, 0},
		"text": {16, 0, 0}, "ntext": {16, 0, 0}, "image": {16, 0, 0},
	}
	if m, ok := whole[t.String()]; ok {
		return m[0], m[1], m[2]
	}
	digits, point := int(t.scale), 0
	if digits > 0 {
		point = 1
	}
	switch t.id {
	case idDecimal, idNumeric:
		return t.size, int(t.precision), digits
	case idTime:
		return t.clockBytes(), 8 + point + digits, digits
	case idDateTime2:
		return t.clockBytes() + 3, 19 + point + digits, digits
	case idDateTimeOffset:
		return t.clockBytes() + 5, 26 + point + digits, digits
	}
	return t.size, 0, 0
}
