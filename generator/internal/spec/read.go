package spec

import (
	"cmp"
	"fmt"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/odbcgen/odbcgen/generator/internal/diag"
	"github.com/odbcgen/odbcgen/generator/internal/sqlscan"
	"github.com/odbcgen/odbcgen/generator/internal/yamlnode"
)

// readSpec reads the whole spec. The driver comes before all that holds SQL.
func (r *reader) readSpec(n *yaml.Node) {
	r.spec.Out = Text{Value: "."}
	r.spec.Null = Text{Value: NullSQL}
	r.hidePasswords(n)
	r.mapping("the spec", n, r.specFields(yamlnode.Child(n, "databases") != nil))
	r.spec.Out.Value = r.sibling(r.spec.Out.Value)
	r.checkTargets(n)
	if n.Kind == yaml.MappingNode && r.spec.empty() && r.problems.Len() == 0 {
		r.problem(n, "", "the spec has neither queries nor bulk nor procedures")
	}
}

// empty tells whether there is nothing to make a method of.
func (s *Spec) empty() bool {
	return len(s.Queries)+len(s.Bulks)+len(s.Procedures)+len(s.Patterns) == 0
}

func (r *reader) specFields(several bool) []field {
	s := r.spec
	return []field{
		{"version", true, r.version},
		{"package", true, r.identifier("package", &s.Package)},
		{"out", false, r.text("out", &s.Out)},
		{"driver", !several, r.driver},
		{"database", false, func(n *yaml.Node) { r.database(n, r.spec.Driver) }},
		{"databases", false, r.databases},
		{"schema", false, r.schema},
		{"null", false, r.word("null", []string{NullSQL, NullPointer}, &s.Null)},
		{"frames", false, r.bool("frames", &s.Frames)},
		{"fake", false, r.bool("fake", &s.Fake)},
		{"queries", false, func(n *yaml.Node) { r.list("queries", n, r.queryOrFiles) }},
		{"bulk", false, func(n *yaml.Node) { r.list("bulk", n, r.bulk) }},
		{"procedures", false, func(n *yaml.Node) { r.list("procedures", n, r.procedureOrPattern) }},
	}
}

func (r *reader) version(n *yaml.Node) {
	var version Text
	r.text("version", &version)(n)
	if version.Value != "" && version.Value != "1" {
		r.problem(n, "write 1", "version %q is not known", version.Value)
	}
}

func (r *reader) identifier(what string, into *Text) func(*yaml.Node) {
	return func(n *yaml.Node) {
		r.text(what, into)(n)
		if into.Value != "" && !token.IsIdentifier(into.Value) {
			r.problem(n, "write letters, digits and _, and no word of the language", "%s %q is not a Go identifier", what, into.Value)
		}
	}
}

// driver reads the name of a plugin; of one that does not exist nothing is kept.
func (r *reader) driver(n *yaml.Node) {
	into := &r.spec.Driver
	r.text("driver", into)(n)
	if r.Loader.Driver == "" || r.isFile(into.Value) {
		*into = r.known(*into)
	}
	if r.Loader.Driver != "" {
		into.Value = r.chosen()
	}
}

// chosen returns the name of the driver that the Loader has the word about.
func (r *reader) chosen() string {
	if r.isFile(r.Loader.Driver) {
		return r.pluginFile(filepath.ToSlash(filepath.Clean(r.Loader.Driver)), diag.Pos{})
	}
	return r.known(Text{Value: r.Loader.Driver}).Value
}

// known returns a driver that there is, by its name; of one that there is not, it tells,
// and returns none.
func (r *reader) known(driver Text) Text {
	switch {
	case r.isFile(driver.Value):
		driver.Value = r.pluginFile(r.sibling(driver.Value), driver.Pos)
	case driver.Value != "" && r.Drivers != nil && !slices.Contains(r.Drivers, driver.Value) && !r.lacksPlugin():
		r.add(diag.Diagnostic{
			Pos: driver.Pos, Message: fmt.Sprintf("unknown driver %q", driver.Value), Help: yamlnode.OneOf(driver.Value, r.Drivers),
		})
		driver.Value = ""
	}
	return driver
}

// lacksPlugin tells whether a plugin file has faults. Nobody knows then what its name is.
func (r *reader) lacksPlugin() bool {
	return slices.ContainsFunc(r.spec.Plugins, func(p Plugin) bool { return p.Name == "" })
}

// isFile tells whether a driver is to be read from a plugin file.
func (r *reader) isFile(driver string) bool { return r.Plugin != nil && IsPluginFile(driver) }

// IsPluginFile reports whether the name of a driver is the path of a plugin file.
func IsPluginFile(driver string) bool {
	ext := filepath.Ext(driver)
	return ext == ".yaml" || ext == ".yml"
}

// pluginFile returns the name of the plugin in a file, "" when there is none. It is read
// once.
func (r *reader) pluginFile(path string, at diag.Pos) string {
	i := slices.IndexFunc(r.spec.Plugins, func(p Plugin) bool { return p.Path == path })
	if i >= 0 {
		return r.spec.Plugins[i].Name
	}
	p := Plugin{Path: path, Scratch: true} // of one that cannot be read no more is told
	if text, ok := r.read(path, diag.Diagnostic{Pos: at}); ok {
		if read, ok := r.Plugin(path, text, r.problems); ok {
			p = read
			p.Path = path
		}
	}
	if other := slices.IndexFunc(r.spec.Plugins, func(o Plugin) bool { return o.Name == p.Name }); p.Name != "" && other >= 0 {
		r.problemAt(at, "give it another name", "the driver %q is already that of %s", p.Name, r.spec.Plugins[other].Path)
		p.Name = ""
	}
	r.spec.Plugins = append(r.spec.Plugins, p)
	if r.Drivers != nil && p.Name != "" {
		r.Drivers = append(slices.Clip(r.Drivers), p.Name)
	}
	return p.Name
}

var variable = regexp.MustCompile(`\$\{(\w+)\}`)

// database reads a connection string. The text with its values is a secret: no
// diagnostic shows it.
func (r *reader) database(n *yaml.Node, driver Text) {
	t := Target{Driver: driver}
	r.text("database", &t.Database)(n)
	if r.Env != nil {
		r.expand(n, &t)
	}
	r.spec.Targets = append(r.spec.Targets, t)
}

// expand puts values in the place of ${NAME}.
func (r *reader) expand(n *yaml.Node, t *Target) {
	written := r.originOf(n, r.pos(n))
	for _, m := range variable.FindAllStringSubmatchIndex(n.Value, -1) {
		name := n.Value[m[2]:m[3]]
		value, ok := r.Env(name)
		if !ok {
			t.Faults = append(t.Faults, diag.Diagnostic{
				Pos: written.pos(m[0], m[1]-m[0]), Fatal: true,
				Message: fmt.Sprintf("the environment variable %s is not set", name),
			})
		}
		t.Database.Value = strings.ReplaceAll(t.Database.Value, "${"+name+"}", value)
	}
	if n.Value != "" && strings.TrimSpace(t.Database.Value) == "" && len(t.Faults) == 0 {
		t.Faults = append(t.Faults, diag.Diagnostic{
			Pos: r.pos(n), Fatal: true, Message: "the connection string is empty", Help: "give the environment variable a value",
		})
	}
}

// databases reads a connection string for each of several drivers. The first of
// them is the driver of the spec.
func (r *reader) databases(n *yaml.Node) {
	if r.spec.Driver.Pos != (diag.Pos{}) || len(r.spec.Targets) > 0 {
		r.problem(n, "write driver and database for one database, databases alone for several", "databases stand beside driver or database")
		return
	}
	for _, value := range n.Content {
		if value.Tag == "!!null" {
			value.Tag = "!!str" // it is to be built from the schema
		}
	}
	r.pairs("databases", n, func(key, value *yaml.Node) {
		driver := r.driverKey(key)
		if r.spec.Driver.Value == "" {
			r.spec.Driver = driver
		}
		if value.Value == "" && value.Kind == yaml.ScalarNode {
			r.spec.Targets = append(r.spec.Targets, Target{Driver: driver})
			return
		}
		r.database(value, driver)
	})
}

// secret is a key of a connection string with a value that nobody else may read.
var secret = regexp.MustCompile(`(?i)\w*(?:pwd|password|passwd|secret|token)["']?\s*[=:]\s*(\{(?:[^}\n]|\}\})*\}?|[^;\n]+)`)

// hidePasswords puts asterisks in the place of passwords in the text that
// diagnostics are drawn from, under whatever key the connection string stands.
func (r *reader) hidePasswords(root *yaml.Node) {
	for i := 0; root.Kind == yaml.MappingNode && i+1 < len(root.Content); i += 2 {
		n := yamlnode.Resolve(root.Content[i+1])
		if slices.Contains([]string{"queries", "bulk", "procedures", "schema"}, root.Content[i].Value) {
			continue
		}
		written := r.originOf(n, r.pos(n))
		text := []byte(r.problems.Sources[r.file])
		switch hidden := secretBytes(n.Value); {
		case n.Kind != yaml.ScalarNode || len(hidden) > 0 && len(written.pieces) == 0:
			text = []byte(hideEverywhere(string(text)))
		default:
			for _, at := range hidden {
				text[written.offset(at)] = '*'
			}
		}
		r.problems.AddSource(r.file, string(text))
	}
}

// hideEverywhere puts asterisks in the place of all that may be a password.
func hideEverywhere(text string) string {
	hidden := []byte(text)
	for _, at := range secretBytes(text) {
		hidden[at] = '*'
	}
	return string(hidden)
}

// secretBytes returns the places of the bytes of passwords, names of variables not
// among them.
func secretBytes(text string) []int {
	var all []int
	for _, m := range secret.FindAllStringSubmatchIndex(text, -1) {
		value := variable.ReplaceAllStringFunc(text[m[2]:m[3]], func(v string) string { return strings.Repeat("\x00", len(v)) })
		for i := range len(value) {
			if value[i] != 0 {
				all = append(all, m[2]+i)
			}
		}
	}
	return all
}

// checkTargets lets the Loader have its word about the targets, and tells when there
// is neither a database to ask nor a way to build one.
func (r *reader) checkTargets(n *yaml.Node) {
	s := r.spec
	if r.Loader.Driver != "" && yamlnode.Child(n, "databases") != nil {
		one := r.chosen()
		s.Targets = slices.DeleteFunc(s.Targets, func(t Target) bool { return t.Driver.Value != one })
	}
	scratch := r.needsNoServer(s.Driver.Value) && yamlnode.Child(n, "schema") != nil
	if len(s.Targets) == 0 {
		s.Targets = []Target{{Driver: s.Driver}}
		if r.Env != nil && n.Kind == yaml.MappingNode && r.Loader.Database == "" && yamlnode.Child(n, "database") == nil && !scratch {
			r.problem(n, "write an ODBC connection string, database: ${DSN}; with driver: sqlite, schema: is enough",
				"the spec lacks database")
		}
	}
	if r.Loader.Database != "" {
		s.Targets[0].Database.Value, s.Targets[0].Faults = r.Loader.Database, nil
	}
}

// needsNoServer tells whether a scratch database of the driver is a file of its own.
func (r *reader) needsNoServer(driver string) bool {
	return driver == "sqlite" || slices.ContainsFunc(r.spec.Plugins, func(p Plugin) bool { return p.Name == driver && p.Scratch })
}

// schema reads a list of scripts, or one for each of several drivers.
func (r *reader) schema(n *yaml.Node) {
	if n.Kind == yaml.SequenceNode {
		r.scripts(Text{}, n)
		return
	}
	r.pairs("schema", n, func(key, value *yaml.Node) {
		r.scripts(r.driverKey(key), value)
	})
}

// driverKey returns the driver that a key names. One that there is not keeps its word.
func (r *reader) driverKey(key *yaml.Node) Text {
	driver := r.known(Text{key.Value, r.pos(key)})
	driver.Value = cmp.Or(driver.Value, key.Value)
	return driver
}

func (r *reader) scripts(driver Text, n *yaml.Node) {
	r.list("schema", n, func(item *yaml.Node) {
		script := Schema{Driver: driver}
		r.text("a schema file", &script.Path)(item)
		if script.Path.Value == "" {
			return
		}
		for _, file := range r.scriptFiles(r.sibling(script.Path.Value)) {
			script.Path.Value = filepath.ToSlash(file)
			text, ok := r.read(script.Path.Value, diag.Diagnostic{Pos: script.Path.Pos})
			script.SQL, script.Unread = r.fileSQL(script.Path.Value, upPart(text), 0), !ok
			r.spec.Schema = append(r.spec.Schema, script)
		}
	})
}

// fileSQL returns a piece of a file that begins at offset.
func (r *reader) fileSQL(file, text string, offset int) SQL {
	return newSQL(text, origin{file: file, sources: r.problems.Sources, pieces: []piece{{0, offset}}})
}

// newSQL trims text.
func newSQL(text string, o origin) SQL {
	trimmed := strings.TrimLeftFunc(text, blank)
	return SQL{Text: strings.TrimRightFunc(trimmed, blank), origin: o.without(len(text) - len(trimmed))}
}

func blank(c rune) bool { return unicode.IsSpace(c) || c == '\ufeff' }

// queryOrFiles reads an item of queries.
func (r *reader) queryOrFiles(n *yaml.Node) {
	if yamlnode.Child(n, "files") != nil {
		var entry queryFiles
		r.mapping("an entry with files", n, r.filesFields(&entry))
		r.files(yamlnode.Child(n, "files"), entry)
		return
	}
	q := Query{File: r.file}
	if name := yamlnode.Child(n, "name"); name != nil {
		r.query = name.Value
	}
	r.mapping("a query", n, r.queryFields(&q))
	if n.Kind == yaml.MappingNode {
		r.addQuery(q)
	}
	r.query = ""
}

func (r *reader) filesFields(e *queryFiles) []field {
	return []field{
		{"files", true, r.text("files", &e.pattern)},
		{"skip", false, func(n *yaml.Node) {
			r.list("skip", n, func(item *yaml.Node) {
				var name Text
				r.text("a query to skip", &name)(item)
				e.skip = append(e.skip, name)
			})
		}},
	}
}

func (r *reader) queryFields(q *Query) []field {
	return []field{
		{"name", true, r.exported("name", &q.Name)},
		{"doc", false, r.text("doc", &q.Doc)},
		{"result", true, r.word("result", slices.Concat(results, []string{Sets}), &q.Result)},
		{"sql", true, r.sql("sql", &q.SQL)},
		{"dialects", false, func(n *yaml.Node) { r.dialects(n, q) }},
		{"params", false, func(n *yaml.Node) { r.overrides("params", n, &q.Params) }},
		{"columns", false, func(n *yaml.Node) { r.overrides("columns", n, &q.Columns) }},
		{"sets", false, func(n *yaml.Node) { r.sets(n, &q.Sets) }},
		{"keyset", false, func(n *yaml.Node) { r.keyset(n, q) }},
		{"frames", false, r.bool("frames", &q.Frames)},
		{"spool", false, func(n *yaml.Node) { r.spool(n, q) }},
	}
}

// results are the words of result that annotated files may have too.
var results = []string{One, Opt, Many, Stream, Exec, Affected, InsertID}

// exported returns a reader of the name of a method to write.
func (r *reader) exported(what string, into *Text) func(*yaml.Node) {
	return func(n *yaml.Node) {
		r.text(what, into)(n)
		if into.Value != "" {
			r.checkExported(what, *into)
		}
	}
}

func (r *reader) checkExported(what string, name Text) {
	if token.IsIdentifier(name.Value) && token.IsExported(name.Value) {
		return
	}
	help := "write a capital letter, then letters and digits"
	first, size := utf8.DecodeRuneInString(name.Value)
	if better := string(unicode.ToUpper(first)) + name.Value[size:]; token.IsIdentifier(better) && token.IsExported(better) {
		help = "write " + better
	}
	r.add(diag.Diagnostic{Pos: name.Pos, Message: fmt.Sprintf("%s %q is not an exported Go identifier", what, name.Value), Help: help})
}

// sql returns a reader of a statement; its parameters are found by addQuery.
func (r *reader) sql(what string, into *SQL) func(*yaml.Node) {
	return func(n *yaml.Node) {
		var text Text
		r.text(what, &text)(n)
		if text.Value != "" {
			*into = newSQL(n.Value, r.originOf(n, text.Pos))
		}
	}
}

func (r *reader) dialects(n *yaml.Node, q *Query) {
	r.pairs("dialects", n, func(key, value *yaml.Node) {
		d := Dialect{Driver: r.driverKey(key)}
		r.sql("the text for "+key.Value, &d.SQL)(value)
		if d.SQL.Text != "" {
			q.Dialects = append(q.Dialects, d)
		}
	})
}

// overrides reads a mapping whose values are a type alone or a mapping.
func (r *reader) overrides(what string, n *yaml.Node, into *[]Override) {
	r.pairs(what, n, func(key, value *yaml.Node) {
		o := Override{Name: Text{key.Value, r.pos(key)}}
		if value.Kind == yaml.ScalarNode {
			r.kind(&o.Type)(value)
		} else {
			r.mapping("an entry of "+what, value, r.overrideFields(&o))
		}
		*into = append(*into, o)
	})
}

// kind returns a reader of a type. Those of SQL and Go have other names.
func (r *reader) kind(into *Text) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if other := otherKinds[strings.ToLower(n.Value)]; other != "" && r.Kinds != nil && !slices.Contains(r.Kinds, n.Value) {
			r.problem(n, "write "+other, "unknown type %q", n.Value)
			return
		}
		r.word("type", r.Kinds, into)(n)
	}
}

var otherKinds = map[string]string{
	"int": "int64", "integer": "int64", "bigint": "int64", "smallint": "int16", "tinyint": "int8", "float": "float64",
	"double": "float64", "real": "float32", "numeric": "decimal", "number": "decimal", "string": "text", "varchar": "text",
	"char": "text", "nvarchar": "ntext", "bytes": "binary", "blob": "binary", "bytea": "binary", "boolean": "bool", "bit": "bool",
	"datetime": "timestamp", "jsonb": "json", "guid": "uuid",
}

func (r *reader) overrideFields(o *Override) []field {
	return []field{
		{"type", false, r.kind(&o.Type)},
		{"null", false, r.bool("null", &o.Null)},
		{"reader", false, r.bool("reader", &o.Reader)},
	}
}

// bulk reads an item of bulk.
func (r *reader) bulk(n *yaml.Node) {
	b := Bulk{File: r.file}
	if name := yamlnode.Child(n, "name"); name != nil {
		r.query = name.Value
	}
	r.mapping("a bulk insert", n, r.bulkFields(&b))
	r.checkUpsert(n, b)
	if n.Kind == yaml.MappingNode {
		r.spec.Bulks = append(r.spec.Bulks, b)
	}
	r.query = ""
}

func (r *reader) bulkFields(b *Bulk) []field {
	return []field{
		{"name", true, r.exported("name", &b.Name)},
		{"doc", false, r.text("doc", &b.Doc)},
		{"table", true, r.text("table", &b.Table)},
		{"columns", true, r.bulkColumns("columns", &b.Columns)},
		{"conflict", false, r.bulkColumns("conflict", &b.Conflict)},
		{"update", false, func(n *yaml.Node) {
			if b.NoUpdate = n.Kind == yaml.ScalarNode && n.Value == updateNone; !b.NoUpdate {
				r.bulkColumns("update", &b.Update)(n)
			}
		}},
	}
}

// updateNone stands for the columns of update where a row that is there stays as it is.
const updateNone = "none"

func (r *reader) bulkColumns(what string, into *[]Text) func(*yaml.Node) {
	return func(n *yaml.Node) {
		r.list(what, n, func(item *yaml.Node) {
			var column Text
			r.text("a column", &column)(item)
			switch {
			case column.Value == "":
			case has(*into, column.Value):
				r.problem(item, "", "the column %q is given twice", column.Value)
			default:
				*into = append(*into, column)
			}
		})
	}
}

func has(columns []Text, name string) bool {
	return slices.ContainsFunc(columns, func(c Text) bool { return c.Value == name })
}

// checkUpsert holds the columns of an upsert against those to insert.
func (r *reader) checkUpsert(n *yaml.Node, b Bulk) {
	columns := make([]string, len(b.Columns))
	for i, c := range b.Columns {
		columns[i] = c.Value
	}
	for _, c := range slices.Concat(b.Conflict, b.Update) {
		if !has(b.Columns, c.Value) {
			r.problemAt(c.Pos, diag.NearOrFew(c.Value, "columns", columns), "the column %q is not among columns", c.Value)
		}
	}
	for _, c := range b.Update {
		if has(b.Conflict, c.Value) {
			r.problemAt(c.Pos, "take it out of update: it has the value already", "the column %q cannot be updated, the row is found by it", c.Value)
		}
	}
	update := yamlnode.Child(n, "update")
	switch {
	case update != nil && len(b.Conflict) == 0 && yamlnode.Child(n, "conflict") == nil:
		r.problem(update, "write conflict: and the columns of a unique key", "update needs the columns by which a row is found")
	case update == nil && len(b.Conflict) > 0 && len(b.Conflict) == len(b.Columns):
		r.problem(yamlnode.Child(n, "conflict"), "write update: none, and a row that is there stays as it is", "there is no column left to update")
	}
}

// dialect returns the spellings of the driver of the spec.
func (r *reader) dialect() sqlscan.Dialect { return r.spec.DialectOf(r.spec.Driver.Value) }
