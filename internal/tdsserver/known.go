package tdsserver

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// effect is an answer that changes the session.
type effect func(r *reply)

func (e effect) check() error { return nil }

func (e effect) give(_ context.Context, r *reply) bool {
	e(r)
	return true
}

// known answers the statements that are about the session itself.
func (s *session) known(r *Request) (answers []Answer, ok bool) {
	if answers, ok := s.describes(r); ok {
		return answers, true
	}
	if r.Kind == Procedure {
		return s.catalog(r)
	}
	if strings.HasPrefix(r.SQL, "SELECT i.name, c.name FROM sys.indexes ") {
		return s.tellUnique(r), true
	}
	tokens, unclosed := scan(r.SQL)
	if unclosed != nil {
		return []Answer{*unclosed}, true
	}
	if len(tokens) > 1 && strings.HasPrefix(tokens[0].text, "sp_datatype_info") { // which the driver calls so
		return s.catalog(&Request{SQL: tokens[0].text, Params: []Param{{Name: "@data_type", Value: text(r.SQL, tokens[1:])}}})
	}
	for _, one := range statements(tokens) {
		some, ok := s.statement(text(r.SQL, one))
		if !ok {
			some, ok = s.onTables(r, one)
		}
		if !ok {
			return nil, false
		}
		answers = append(answers, some...)
	}
	return answers, true
}

// statements cuts tokens at semicolons.
func statements(tokens []token) (all [][]token) {
	for {
		end := slices.IndexFunc(tokens, func(t token) bool { return t.kind == signToken && t.text == ";" })
		if end < 0 {
			end = len(tokens)
		}
		if end > 0 {
			all = append(all, tokens[:end])
		}
		if end == len(tokens) {
			return all
		}
		tokens = tokens[end+1:]
	}
}

// text is the SQL of tokens, with single blanks.
func text(sql string, tokens []token) string {
	first, last := tokens[0], tokens[len(tokens)-1]
	end := len(sql)
	if at := strings.IndexByte(sql[last.from:], ';'); at >= 0 && last.kind != textToken && last.kind != nameToken {
		end = last.from + at
	}
	return strings.Join(strings.Fields(sql[first.from:end]), " ")
}

// onTables returns the answer to a statement about tables, if there can be any.
func (s *session) onTables(r *Request, tokens []token) ([]Answer, bool) {
	s.server.storing.Lock()
	defer s.server.storing.Unlock()
	first := strings.ToUpper(tokens[0].text)
	if first == "CREATE" || len(s.server.tables) > 0 && slices.Contains([]string{"DROP", "INSERT", "UPDATE", "DELETE", "MERGE", "SELECT"}, first) {
		if first == "MERGE" && !strings.HasSuffix(strings.TrimSpace(r.SQL), ";") {
			return []Answer{Message{Number: 10713, State: 1, Class: 15, Text: "A MERGE statement must be terminated by a semi-colon (;)."}}, true
		}
		return []Answer{onTables{s, r, tokens}}, true
	}
	return nil, false
}

const name = `(\[(?:[^\]]|\]\])+\]|"[^"]+"|[\pL_#@][\pL\pN_#@$]*)`

// sessionStatements are statements about the session, and what they do.
var sessionStatements = []struct {
	pattern *regexp.Regexp
	do      func(s *session, r *reply, words []string)
}{
	{statementPattern(`SET TRANSACTION ISOLATION LEVEL (READ UNCOMMITTED|READ COMMITTED|REPEATABLE READ|SERIALIZABLE|SNAPSHOT)`),
		func(s *session, _ *reply, words []string) { s.state.Isolation = strings.ToUpper(words[1]) }},
	{statementPattern(`SET LOCK_TIMEOUT (-?\d+)`),
		func(s *session, _ *reply, words []string) { s.state.LockTimeout, _ = strconv.Atoi(words[1]) }},
	{statementPattern(`SET (\w+) (\w+)`),
		func(s *session, _ *reply, words []string) {
			s.state.Settings[strings.ToUpper(words[1])] = strings.ToUpper(words[2])
		}},
}

// transactionStatements are those about the transaction and the database.
var transactionStatements = []struct {
	pattern *regexp.Regexp
	do      func(s *session, r *reply, name string)
}{
	{statementPattern(`BEGIN TRAN(?:SACTION)?(?: ` + name + `)?`), func(s *session, r *reply, _ string) { s.beginTransaction(r) }},
	{statementPattern(`COMMIT(?: WORK| TRAN(?:SACTION)?(?: ` + name + `)?)?`), func(s *session, r *reply, _ string) { s.commit(r) }},
	{statementPattern(`ROLLBACK(?: WORK| TRAN(?:SACTION)?(?: ` + name + `)?)?`), (*session).rollbackTo},
	{statementPattern(`SAVE TRAN(?:SACTION)? ` + name), (*session).saveAs},
	{statementPattern(`USE ` + name), (*session).use},
	{statementPattern(`CREATE DATABASE ` + name), (*session).createDatabase},
	{statementPattern(`DROP DATABASE ` + name), (*session).dropDatabase},
}

func statementPattern(text string) *regexp.Regexp { return regexp.MustCompile(`(?i)\A` + text + `\z`) }

// statement returns the answer to one statement, which has single blanks.
func (s *session) statement(sql string) ([]Answer, bool) {
	if words := onCount.FindStringSubmatch(sql); words != nil {
		chosen := words[2]
		if (words[1] == "=") == s.inTransaction() {
			chosen = words[3]
		}
		switch {
		case onCount.MatchString(chosen):
			return nil, false
		case chosen == "":
			return nil, true
		}
		return s.statement(chosen)
	}
	if words := raised.FindStringSubmatch(sql); words != nil {
		return []Answer{Error(50000, words[1])}, true
	}
	for _, known := range sessionStatements {
		if words := known.pattern.FindStringSubmatch(sql); words != nil {
			return []Answer{effect(func(r *reply) { s.update(func() { known.do(s, r, words) }); r.succeed() })}, true
		}
	}
	for _, known := range transactionStatements {
		if words := known.pattern.FindStringSubmatch(sql); words != nil {
			return []Answer{effect(func(r *reply) { known.do(s, r, unquoted(words[1])); r.succeed() })}, true
		}
	}
	if words := selectPattern.FindStringSubmatch(sql); words != nil {
		return s.selected(words[1], strings.Trim(words[2], "[]\""))
	}
	return nil, false
}

// unquoted is a name without its brackets or quotes.
func unquoted(name string) string {
	if tokens, _ := scan(name); len(tokens) == 1 {
		return tokens[0].text
	}
	return name
}

var (
	onCount       = statementPattern(`IF @@TRANCOUNT ?(>|<>|!=|=) ?0 (.*?)(?: ELSE (.*))?`)
	raised        = statementPattern(`RAISERROR ?\(N?'([^']*)', ?16, ?1\)`)
	selectPattern = statementPattern(`SELECT (.*?)(?: AS ` + name + `)?`)
)

func (s *session) rollbackTo(r *reply, name string) { s.rollback(r, name) }

func (s *session) saveAs(r *reply, name string) { s.save(r, name) }

func (s *session) use(r *reply, name string) {
	if !s.server.hasDatabase(name) {
		s.refuse(r, Message{Number: 911, State: 1, Class: 16, Text: "Database '" + name + "' does not exist. Make sure that the name is entered correctly."})
		return
	}
	before := s.state.Database
	s.update(func() { s.state.Database = name })
	r.changed(changeDatabase, name, before)
	r.message(Message{Number: 5701, State: 2, Text: "Changed database context to '" + name + "'."})
}

func (s *session) createDatabase(r *reply, name string) {
	if s.server.hasDatabase(name) {
		s.refuse(r, Error(1801, "Database '"+name+"' already exists. Choose a different database name."))
		return
	}
	s.server.CreateDatabase(name)
}

func (s *session) dropDatabase(r *reply, name string) {
	switch {
	case !s.server.hasDatabase(name):
		s.refuse(r, Message{Number: 3701, State: 1, Class: 11, Text: "Cannot drop the database '" + name + "', because it does not exist or you do not have permission."})
	case slices.ContainsFunc(s.server.Sessions(), func(one Session) bool { return one.Open && strings.EqualFold(one.Database, name) }):
		s.refuse(r, Error(3702, "Cannot drop database \""+name+"\" because it is currently in use."))
	default:
		s.server.dropDatabase(name)
	}
}

// selected answers a SELECT of one expression about the session.
func (s *session) selected(expression, name string) ([]Answer, bool) {
	column := Column{Name: name, Type: Int}
	var value any
	switch strings.ToUpper(expression) {
	case "1":
		value = 1
	case "@@TRANCOUNT":
		value = s.state.Transactions
	case "XACT_STATE()":
		column.Type, value = SmallInt, toByte(s.inTransaction())
	case "@@SPID":
		column.Type, value = SmallInt, s.state.ID
	case "@@LOCK_TIMEOUT":
		value = s.state.LockTimeout
	case "CASE DATABASEPROPERTYEX(DB_NAME(), 'UPDATEABILITY') WHEN 'READ_WRITE' THEN 0 ELSE 1 END":
		value = 0
	case "DB_NAME()":
		column.Type, value = NVarchar(128), s.state.Database
	case "SUSER_SNAME()":
		column.Type, value = NVarchar(128), s.state.User
	case "@@VERSION":
		column.Type, value = NVarchar(300), "Microsoft SQL Server 2019 (tdsserver) - 15.0.4096.0"
	case "TRANSACTION_ISOLATION_LEVEL FROM SYS.DM_EXEC_SESSIONS WHERE SESSION_ID = @@SPID":
		column = Column{Name: "transaction_isolation_level", Type: SmallInt, NotNull: true}
		value = slices.Index(isolations, s.state.Isolation)
	case "M.DEFINITION FROM SYS.SQL_MODULES AS M WHERE M.OBJECT_ID = OBJECT_ID(@P1, 'V')": // there are no views
		return []Answer{Rows{Columns: []Column{{Name: "definition", Type: NVarchar(Max)}}}}, true
	default:
		return nil, false
	}
	return []Answer{Rows{Columns: []Column{column}, Values: [][]any{{value}}}}, true
}
