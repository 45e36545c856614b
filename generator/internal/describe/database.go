package describe

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/spec"
	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// Database is a live connection to describe queries on.
type Database struct {
	plugin  *driver.Plugin
	dialect sqlscan.Dialect
	target  spec.Target
	db      *runtime.DB
	conn    *runtime.Conn
	drop    []func() // what Close undoes, in order
	scratch string   // the scratch schema, "" for none or a scratch file

	tables  map[string][]Value               // by the table's name as written in SQL
	catalog map[string][]runtime.TableColumn // by schema and table

	relations map[string][]column // what is read of tables and views, by the name as written
}

// DialectOf returns the spellings of the database of a plugin: those of the vendor, and
// names in the quotes that it has itself.
func DialectOf(p *driver.Plugin) sqlscan.Dialect {
	d := sqlscan.DialectOf(p.Vendor())
	d.BracketQuotes = d.BracketQuotes || p.Dialect.QuoteOpen == "["
	d.BacktickQuotes = d.BacktickQuotes || p.Dialect.QuoteOpen == "`"
	return d
}

// Open connects to a target of the spec, of which the plugin says what is known, or builds a scratch database from the
// schema files for it. Findings say why it could not; the Database is then nil. It
// is nil without findings when a schema file could not be read, or nothing says
// where the database is: the reader of the spec has told that.
func Open(ctx context.Context, s *spec.Spec, target spec.Target, plugin *driver.Plugin) (*Database, []diag.Diagnostic) {
	if len(target.Faults) > 0 {
		return nil, target.Faults
	}
	d := &Database{
		plugin: plugin, dialect: DialectOf(plugin), target: target,
		tables: make(map[string][]Value), catalog: make(map[string][]runtime.TableColumn),
		relations: make(map[string][]column),
	}
	if slices.ContainsFunc(s.SchemaFor(d.plugin.Name), func(script spec.Schema) bool { return script.Unread }) {
		return nil, nil
	}
	if target.Database.Value == "" && (len(s.Schema) == 0 || d.plugin.Scratch.Connection == "") {
		return nil, nil
	}
	findings := d.connect(ctx, s)
	if len(findings) == 0 {
		findings = d.build(ctx, s)
	}
	if len(findings) > 0 {
		d.Close()
		return nil, findings
	}
	return d, nil
}

// Close drops the scratch database and disconnects.
func (d *Database) Close() {
	for i := len(d.drop) - 1; i >= 0; i-- {
		d.drop[i]()
	}
}

// Server returns the names and versions of the DBMS and its driver.
func (d *Database) Server() string {
	s := d.conn.Server()
	return fmt.Sprintf("%s %s, %s %s", s.DBMS, s.Version, path.Base(s.Driver), s.DriverVersion)
}

// Plugin returns what is known of the database.
func (d *Database) Plugin() *driver.Plugin { return d.plugin }

func (d *Database) connect(ctx context.Context, s *spec.Spec) []diag.Diagnostic {
	connection, pos, settings := d.target.Database.Value, d.target.Database.Pos, d.plugin.Describe.Settings
	if len(s.SchemaFor(d.plugin.Name)) > 0 && d.plugin.Scratch.Connection != "" {
		folder, err := os.MkdirTemp("", "odbcgen-")
		if err != nil {
			return d.cannot(pos, "make a folder for a scratch database", "", err)
		}
		d.drop = append(d.drop, func() { os.RemoveAll(folder) })
		connection, pos = fmt.Sprintf(d.plugin.Scratch.Connection, filepath.Join(folder, "scratch.db")), d.target.Driver.Pos
		settings = nil // this one is to be made
	}
	if connection == "" {
		return []diag.Diagnostic{{
			Pos: d.target.Driver.Pos, Message: fmt.Sprintf("no file under schema is for %s, and there is no database", d.plugin.Name),
			Help: "write database: ${NAME}, with an ODBC connection string in the environment variable NAME",
		}}
	}
	var err error
	opts := []runtime.Option{runtime.WithPoolSize(1), runtime.WithSettings(settings...)}
	if d.plugin.Extends != "" {
		opts = append(opts, runtime.WithPlugin(d.plugin))
	}
	if d.db, err = runtime.Open(ctx, connection, opts...); err != nil {
		return d.cannot(pos, "connect to the database", connectHelp(connection, err), err)
	}
	d.drop = append(d.drop, d.db.Close)
	if d.conn, err = d.db.Conn(ctx); err != nil {
		return d.cannot(pos, "connect to the database", connectHelp(connection, err), err)
	}
	d.drop = append(d.drop, d.conn.Close)
	return d.checkPlugin()
}

// checkPlugin holds the driver of the spec against the live database.
func (d *Database) checkPlugin() []diag.Diagnostic {
	if s := d.conn.Server(); d.plugin.Extends != "" && len(d.plugin.Match.DBMS) > 0 && !d.plugin.IsFor(s) {
		return []diag.Diagnostic{{
			Pos:     d.target.Driver.Pos,
			Message: fmt.Sprintf("the plugin %s is for %s, the database calls itself %q", d.plugin.Name, strings.Join(d.plugin.Match.DBMS, ", "), s.DBMS),
			Help:    "write that name under match: dbms:, its version under since: if that is older, or connect to another database",
		}}
	}
	live := d.db.Plugin()
	if d.plugin != &driver.Generic && live.Name != d.plugin.Name {
		return []diag.Diagnostic{{
			Pos:     d.target.Driver.Pos,
			Message: fmt.Sprintf("the spec says driver %s, the database calls itself %q", d.plugin.Name, d.conn.Server().DBMS),
			Help:    fmt.Sprintf("write driver: %s, or connect to another database", live.Name),
		}}
	}
	if d.plugin != &driver.Generic { // the one for the driver that there is
		d.plugin = live
	}
	return nil
}

// build makes the scratch place and runs the schema files in it.
func (d *Database) build(ctx context.Context, s *spec.Spec) []diag.Diagnostic {
	scripts := s.SchemaFor(d.plugin.Name)
	if len(scripts) == 0 {
		return nil
	}
	if findings := d.enterScratch(ctx); len(findings) > 0 {
		return findings
	}
	for _, script := range scripts {
		for _, statement := range sqlscan.Split(d.dialect, script.SQL.Text) {
			if d.skips(statement.Text) {
				continue
			}
			if findings := d.checkInside(script, statement); len(findings) > 0 {
				return findings
			}
			text := strings.NewReplacer(d.plugin.Scratch.Synonyms...).Replace(statement.Text)
			if err := d.conn.Exec(ctx, text); err != nil {
				return []diag.Diagnostic{d.scriptFailure(ctx, script, statement, err)}
			}
		}
	}
	return nil
}

// skips tells whether a statement of a schema file is one to leave out.
func (d *Database) skips(statement string) bool {
	words := strings.Join(strings.Fields(statement), " ")
	return slices.ContainsFunc(d.plugin.Scratch.Skip, func(beginning string) bool {
		return len(words) >= len(beginning) && strings.EqualFold(words[:len(beginning)], beginning)
	})
}

// checkInside tells of a statement of a schema file that would make or change what is
// not in the scratch schema.
func (d *Database) checkInside(script spec.Schema, statement sqlscan.Statement) []diag.Diagnostic {
	r := d.read(statement.Text)
	for i, t := range r.tokens {
		if r.depth[i] > 0 || d.plugin.Scratch.Outside == "" || !strings.EqualFold(t.Name(), d.plugin.Scratch.Outside) || !r.is(i+1, ".") || r.is(i-1, ".") {
			continue
		}
		name := r.text(span{i, min(i+3, len(r.tokens))})
		return []diag.Diagnostic{{
			Pos:     script.SQL.Pos(statement.Offset+t.Offset, len(name)),
			Message: fmt.Sprintf("%s is outside of the scratch schema that odbcgen builds", name),
			Help:    "write the name without a schema; or leave schema: out, and name a database that has the tables",
		}}
	}
	return nil
}

func (d *Database) enterScratch(ctx context.Context) []diag.Diagnostic {
	scratch := d.plugin.Scratch
	if scratch.Create == "" {
		if scratch.Connection != "" {
			return nil
		}
		return []diag.Diagnostic{{
			Pos: d.target.Driver.Pos, Message: fmt.Sprintf("odbcgen cannot build a scratch database on driver %s", d.plugin.Name),
			Help: "leave out schema, and write the connection string of a database that has the tables under database",
		}}
	}
	d.scratch = "odbcgen_" + strconv.FormatInt(time.Now().UnixNano(), 36) + strconv.Itoa(os.Getpid())
	name := d.plugin.Dialect.Quote(d.scratch)
	if err := d.conn.Exec(ctx, fmt.Sprintf(scratch.Create, name)); err != nil {
		return d.cannot(d.target.Database.Pos, "make a scratch schema", "the user needs the right to create it, or leave out schema", err)
	}
	d.drop = append(d.drop, func() { d.conn.Exec(context.WithoutCancel(ctx), fmt.Sprintf(scratch.Drop, name)) })
	if err := d.conn.Exec(ctx, fmt.Sprintf(scratch.Enter, name)); err != nil {
		return d.cannot(d.target.Database.Pos, "use the scratch schema", "", err)
	}
	return nil
}

// check makes the database read a statement that its driver did not send it at
// prepare time. Nothing is executed.
func (d *Database) check(ctx context.Context, bound sqlscan.Bound) error {
	c := d.plugin.Describe.Check
	switch c.How {
	case driver.CheckPrefix:
		return d.conn.Exec(ctx, c.Prefix+withNulls(bound))
	case driver.CheckQuoted:
		return d.conn.Exec(ctx, c.Prefix+"'"+strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(bound.SQL)+"'")
	}
	return nil
}

// withNulls writes NULL for each marker, with the same length of everything else.
func withNulls(bound sqlscan.Bound) string {
	var b strings.Builder
	from := 0
	for _, use := range bound.Uses {
		b.WriteString(bound.SQL[from:use.At] + "NULL")
		from = use.At + 1
	}
	b.WriteString(bound.SQL[from:])
	return b.String()
}

// told returns the type of a column that the driver or the catalog tells, given
// its name in its table.
func (d *Database) told(ctx context.Context, c runtime.ColumnDescription, name string) answer {
	var a answer
	if c.Table != "" || d.plugin.Describe.Expressions {
		a.Kind = d.plugin.KindOf(c.TypeName, c.Type, c.Unsigned)
		a.Source, a.SQLType = "driver", d.sqlType(ctx, c, name)
	}
	if !a.known() && c.Table != "" {
		a = d.listedType(ctx, c, name)
	}
	return a
}

// viewText returns the text of a view; ok is false for a table.
func (d *Database) viewText(ctx context.Context, name string) (text string, ok bool, err error) {
	if d.plugin.Describe.ViewText == "" {
		return "", false, nil
	}
	return d.ask(ctx, d.plugin.Describe.ViewText, name)
}

// ask runs a query of ours for one text; ok is false for no row and for NULL.
func (d *Database) ask(ctx context.Context, text string, arguments ...string) (answer string, ok bool, err error) {
	values := make([]sql.Null[string], len(arguments))
	for i, a := range arguments {
		values[i] = sql.Null[string]{V: a, Valid: true}
	}
	return d.askFor(ctx, text, values)
}

// askWithNulls is ask with NULL for each of n parameters.
func (d *Database) askWithNulls(ctx context.Context, text string, n int) (answer string, ok bool, err error) {
	return d.askFor(ctx, text, make([]sql.Null[string], n))
}

func (d *Database) askFor(ctx context.Context, text string, arguments []sql.Null[string]) (answer string, ok bool, err error) {
	q := runtime.Query[[]sql.Null[string], sql.Null[string]]{
		Name: "catalog", SQL: text,
		Columns: []runtime.Column{{Name: "text", Kind: protocol.Text, Null: true}},
		Encode: func(b *protocol.Batch, all []sql.Null[string]) {
			for i, a := range all {
				b.Text(i).AppendNull(a)
			}
		},
		Decode: func(rows []sql.Null[string], b *protocol.Batch) {
			for i := range rows {
				rows[i] = b.Text(0).Null(i)
			}
		},
	}
	for range arguments {
		q.Params = append(q.Params, runtime.Param{Kind: protocol.Text})
	}
	rows, err := q.Many(ctx, d.conn, arguments)
	if err != nil || len(rows) == 0 {
		return "", false, err
	}
	return rows[0].V, rows[0].Valid, nil
}

// table returns the described columns of a table, as written in SQL.
func (d *Database) table(ctx context.Context, name string) ([]Value, error) {
	if columns, ok := d.tables[name]; ok {
		return columns, nil
	}
	columns, err := d.tableOf(ctx, name)
	if err == nil {
		d.tables[name] = columns
	}
	return columns, err
}

// tablesThere lists the tables of the database, or of the scratch schema. Nothing
// hangs on it: one that cannot be listed has none.
func (d *Database) tablesThere(ctx context.Context) []runtime.Table {
	listed, _ := d.conn.Tables(ctx)
	return slices.DeleteFunc(listed, func(t runtime.Table) bool {
		return d.scratch != "" && t.Schema != d.scratch && t.Catalog != d.scratch
	})
}

// functionNames lists the functions of the database where there is a query that
// does.
func (d *Database) functionNames(ctx context.Context) []string {
	if d.plugin.Describe.Functions == "" {
		return nil
	}
	list := runtime.Query[runtime.None, string]{
		Name: "functions", SQL: d.plugin.Describe.Functions,
		Columns: []runtime.Column{{Name: "name", Kind: protocol.Text}},
		Encode:  func(*protocol.Batch, runtime.None) {},
		Decode: func(names []string, b *protocol.Batch) {
			for i := range names {
				names[i] = b.Text(0).At(i)
			}
		},
	}
	names, _ := list.Many(ctx, d.conn, runtime.None{})
	return names
}

// catalogColumn returns what the catalog lists for a column.
func (d *Database) catalogColumn(ctx context.Context, schema, table, name string) (runtime.TableColumn, bool) {
	key := schema + "\x00" + table
	columns, ok := d.catalog[key]
	if !ok {
		columns, _ = d.conn.TableColumns(ctx, schema, table) // a catalog that does not answer proves nothing
		d.catalog[key] = columns
	}
	for _, c := range columns {
		if strings.EqualFold(c.Name, name) {
			return c, true
		}
	}
	return runtime.TableColumn{}, false
}

// catalogNotNull tells whether the catalog says that a column is never NULL, by
// its name in its table.
func (d *Database) catalogNotNull(ctx context.Context, c runtime.ColumnDescription, name string) bool {
	listed, ok := d.catalogColumn(ctx, c.Schema, c.Table, name)
	return ok && (listed.NotNull || listed.PrimaryKey && d.keyNotNull(ctx, c.Table, name))
}

// keyNotNull tells whether a column of a primary key is never NULL. In SQLite it
// may be, unless it is the row id, which then goes by its name.
func (d *Database) keyNotNull(ctx context.Context, table, name string) bool {
	if d.plugin.Vendor() != "sqlite" {
		return true
	}
	described, err := d.conn.Describe(ctx, "SELECT rowid FROM "+d.plugin.Dialect.Quote(table))
	return err == nil && strings.EqualFold(described.Columns[0].Name, name)
}

// sqlType returns the type of a column, named as in its table, as the database
// writes it.
func (d *Database) sqlType(ctx context.Context, c runtime.ColumnDescription, column string) string {
	name := strings.ToUpper(c.TypeName)
	if d.plugin.Describe.Labels {
		return d.declaration(ctx, c, column)
	}
	switch kind := d.plugin.KindOf(c.TypeName, c.Type, c.Unsigned); {
	case kind == protocol.Invalid:
		return "" // the name is one that hides the type
	case kind == protocol.Decimal:
		digits := int(c.Digits)
		if bits := d.plugin.Describe.ScaleBits; bits > 0 && digits >= 1<<(bits-1) {
			digits -= 1 << bits
		}
		return fmt.Sprintf("%s(%d,%d)", name, c.Size, digits)
	case (c.Type == driver.Char || c.Type == driver.Varchar) && c.Size > 0 && c.Size < 1<<16:
		return fmt.Sprintf("%s(%d)", name, c.Size)
	}
	return name
}

// listedType types a column by the catalog, where the driver hides its type when
// it describes a statement.
func (d *Database) listedType(ctx context.Context, c runtime.ColumnDescription, column string) answer {
	listed, ok := d.catalogColumn(ctx, c.Schema, c.Table, column)
	if !ok {
		return answer{}
	}
	return answer{Kind: d.plugin.KindOf(listed.TypeName, c.Type, c.Unsigned), SQLType: strings.ToUpper(listed.TypeName), Source: "catalog"}
}

// declaration returns the whole type of a column from the catalog. A column of
// the name with another type is another column, renamed on the way.
func (d *Database) declaration(ctx context.Context, c runtime.ColumnDescription, column string) string {
	listed, ok := d.catalogColumn(ctx, c.Schema, c.Table, column)
	if word, _, _ := strings.Cut(listed.TypeName, "("); ok && strings.EqualFold(strings.TrimSpace(word), strings.TrimSpace(c.TypeName)) {
		return strings.ToUpper(listed.TypeName)
	}
	return strings.ToUpper(c.TypeName)
}
