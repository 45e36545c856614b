package driver_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

var update = flag.Bool("update", false, "rewrite what is wanted in testdata")

// TestDialect compares what each vendor's dialect writes, or why it does not, with the
// archives in testdata.
func TestDialect(t *testing.T) {
	for _, p := range driver.All() {
		t.Run(p.Name, func(t *testing.T) {
			path := filepath.Join("testdata", p.Name+".txtar")
			got := txtar.Format(&txtar.Archive{Comment: []byte("What the dialect of " + p.Name + " writes.\n"), Files: written(p)})
			if *update {
				require.NoError(t, os.WriteFile(path, got, 0o644))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, string(want), string(got))
		})
	}
}

var hostile = `a"b]c` + "`d';--"

// inserts are those of the archives.
var inserts = []struct {
	name   string
	insert driver.Insert
}{
	{"insert", driver.Insert{Table: "shop.books", Columns: []string{"isbn", "price"}}},
	{"insert of 3 rows", driver.Insert{Table: "books", Columns: []string{"isbn", "price"}, Rows: 3}},
	{"insert of a query", driver.Insert{Table: "books", Columns: []string{"isbn", "price"}, From: "SELECT a, b FROM c"}},
	{"insert with hostile names", driver.Insert{Table: `"my.` + `""shop"".books"`, Columns: []string{hostile, "größe x"}}},
	{"insert returning", driver.Insert{Table: "books", Columns: []string{"isbn", "price"}, Returning: []string{"id", "isbn"}}},
	{"insert of 3 rows returning", driver.Insert{Table: "books", Columns: []string{"isbn", "price"}, Rows: 3, Returning: []string{"id"}}},
	{"upsert", driver.Insert{Table: "shop.books", Columns: []string{"isbn", "title", "price"}, Conflict: []string{"isbn"}}},
	{"upsert of 3 rows", driver.Insert{Table: "books", Columns: []string{"isbn", "title", "price"}, Rows: 3, Conflict: []string{"isbn"}}},
	{"upsert of some", driver.Insert{Table: "books", Columns: []string{"isbn", "title", "price"}, Conflict: []string{"isbn"}, Update: []string{"price"}}},
	{"upsert of none", driver.Insert{Table: "books", Columns: []string{"isbn", "title", "price"}, Conflict: []string{"isbn"}, Update: []string{}}},
	{"upsert by two", driver.Insert{Table: "books", Columns: []string{"shop", "isbn", "price"}, Conflict: []string{"isbn", "shop"}}},
	{"upsert of the key alone", driver.Insert{Table: "books", Columns: []string{"shop", "isbn"}, Conflict: []string{"isbn", "shop"}}},
	{"upsert with hostile names", driver.Insert{Table: hostile, Columns: []string{hostile, "größe x"}, Conflict: []string{hostile}}},
	{"upsert returning", driver.Insert{Table: "books", Columns: []string{"isbn", "title", "price"}, Conflict: []string{"isbn"}, Returning: []string{"id"}}},
}

// written is what a dialect writes, by what was asked for.
func written(p *driver.Plugin) []txtar.File {
	var files []txtar.File
	add := func(name, text string, err error) {
		if err != nil {
			text = "error: " + err.Error()
		}
		files = append(files, txtar.File{Name: name, Data: []byte(text + "\n")})
	}
	kinds := []protocol.Kind{protocol.Text, protocol.Decimal, protocol.Int64}
	for _, i := range inserts {
		i.insert.Kinds = kinds[:len(i.insert.Columns)]
		s, err := p.Dialect.InsertReturning(i.insert)
		if s.Outs > 0 {
			s.SQL += fmt.Sprintf("\noutput parameters: %d", s.Outs)
		}
		add(i.name, s.SQL, err)
	}
	page, err := p.Dialect.Page("SELECT id, title FROM books -- all", driver.Order{Column: "title", Descending: true}, driver.Order{Column: "id"})
	if page.SkipFirst {
		page.SQL += "\nthe number of rows before is the first parameter of the two"
	}
	add("page", page.SQL, err)
	s, err := p.Dialect.Savepoint("before it")
	add("savepoint", strings.Join([]string{s.Make, s.Back, s.Release}, "\n"), err)
	add("transaction", transaction(p.Transactions), nil)
	return files
}

// transaction shows how a transaction gets what is asked of it.
func transaction(can driver.Transactions) string {
	show := func(t driver.Temporary, value ...any) string {
		fill := func(sql string) string {
			if sql == "" || len(value) == 0 {
				return sql
			}
			return fmt.Sprintf(sql, value...)
		}
		switch {
		case !t.Possible():
			return "cannot"
		case t.Mode != "":
			return fmt.Sprintf(can.Modes, fill(t.Mode))
		}
		return strings.Trim(fill(t.Do)+"; "+t.Undo, "; ")
	}
	lines := []string{"read only: " + show(can.ReadOnly), "lock timeout: " + show(can.LockTimeout.Temporary, int64(3*time.Second/max(can.LockTimeout.Unit, 1)))}
	for _, level := range can.Levels {
		lines = append(lines, strings.ToLower(level.String())+": "+show(can.Isolation, can.Word(level)))
	}
	return strings.Join(lines, "\n")
}

// TestOneQuoting: no statement has names in quotes of two databases.
func TestOneQuoting(t *testing.T) {
	for _, p := range driver.All() {
		for _, i := range inserts {
			i.insert.Kinds = []protocol.Kind{protocol.Text, protocol.Decimal, protocol.Int64}[:len(i.insert.Columns)]
			i.insert.Table, i.insert.From = strings.ReplaceAll(i.insert.Table, hostile, "t"), ""
			if strings.HasPrefix(i.insert.Table, `"`) || i.insert.Columns[0] == hostile {
				continue
			}
			s, err := p.Dialect.InsertReturning(i.insert)
			if err != nil {
				continue
			}
			for _, quote := range []string{`"`, "`", "["} {
				require.Equal(t, quote == p.Dialect.QuoteOpen, strings.Contains(s.SQL, quote), "%s: %s", p.Name, s.SQL)
			}
		}
	}
}

func TestInsertRefused(t *testing.T) {
	columns := []string{"a", "b"}
	for _, test := range []struct {
		insert driver.Insert
		want   string
	}{
		{driver.Insert{Table: "t"}, "no columns"},
		{driver.Insert{Table: "", Columns: columns}, `table: the name "" is empty`},
		{driver.Insert{Table: "t", Columns: []string{"a", ""}}, `column: the name "" is empty`},
		{driver.Insert{Table: "t", Columns: []string{"a", "a"}}, `the column "a" is given twice`},
		{driver.Insert{Table: "t", Columns: columns, Conflict: []string{"c"}}, `the column "c" is not among`},
		{driver.Insert{Table: "t", Columns: columns, Conflict: []string{"a"}, Update: []string{"c"}}, `the column "c" is not among`},
		{driver.Insert{Table: "t", Columns: columns, Conflict: []string{"a"}, Update: []string{"a"}}, `the column "a" cannot be updated`},
		{driver.Insert{Table: "t", Columns: columns, Update: []string{"a"}}, "columns to update need"},
		{driver.Insert{Table: "t", Columns: columns, Returning: []string{"\x00"}}, "zero byte"},
	} {
		_, err := driver.Postgres.Dialect.InsertReturning(test.insert)
		require.ErrorContains(t, err, test.want)
	}
	_, err := driver.Db2.Dialect.Insert(driver.Insert{Table: "t", Columns: columns, Conflict: []string{"a"}})
	require.ErrorContains(t, err, `the column "a" must have a type`)
	_, err = driver.SQLServer.Dialect.Insert(driver.Insert{Table: "t", Columns: columns, Conflict: []string{"a"}, From: "SELECT 1, 2"})
	require.ErrorContains(t, err, "are parameters")
	_, err = driver.Postgres.Dialect.Page("SELECT 1")
	require.ErrorContains(t, err, "needs an order")
}

func TestName(t *testing.T) {
	long := strings.Repeat("ö", 64)
	for _, test := range []struct {
		plugin *driver.Plugin
		name   string
		want   string // an error where it has no quotes
	}{
		{&driver.Postgres, `a"b`, `"a""b"`},
		{&driver.MariaDB, "a`b", "`a``b`"},
		{&driver.SQLServer, "a]b[c", "[a]]b[c]"},
		{&driver.SQLite, "%s %d", `"%s %d"`},
		{&driver.Postgres, strings.Repeat("a", 63), `"` + strings.Repeat("a", 63) + `"`},
		{&driver.Postgres, long, "has 128 bytes, and the database takes 63"},
		{&driver.MariaDB, long, "`" + long + "`"},
		{&driver.MariaDB, long + "x", "has 65 characters, and the database takes 64"},
		{&driver.MariaDB, "a😀", "beyond U+FFFF"},
		{&driver.MariaDB, "a ", "ends with a space"},
		{&driver.SQLServer, strings.Repeat("😀", 64), "[" + strings.Repeat("😀", 64) + "]"},
		{&driver.SQLServer, strings.Repeat("😀", 65), "has 130 UTF-16 units, and the database takes 128"},
		{&driver.Oracle, `a"b`, `has one of the characters "`},
		{&driver.Sybase, "a.b", `has one of the characters ".`},
		{&driver.SQLite, strings.Repeat("a", 5000), `"` + strings.Repeat("a", 5000) + `"`},
		{&driver.SQLite, "", "is empty"},
		{&driver.SQLite, "a\x00b", "has a zero byte"},
		{&driver.SQLite, "a\xffb", "is not UTF-8"},
	} {
		got, err := test.plugin.Dialect.Name(test.name)
		if err != nil {
			require.Empty(t, got)
			require.ErrorContains(t, err, test.want)
			continue
		}
		require.Equal(t, test.want, got)
	}
	none := driver.Dialect{QuoteOpen: " ", QuoteClose: " "} // as SQL_IDENTIFIER_QUOTE_CHAR says
	_, err := none.Name("books; DROP TABLE books")
	require.ErrorContains(t, err, "would need quotes")
	_, err = driver.Dialect{QuoteOpen: "["}.Name("a; DROP TABLE books")
	require.ErrorContains(t, err, "would need quotes")
	plain, err := none.Name("books")
	require.NoError(t, err)
	require.Equal(t, "books", strings.TrimSpace(plain))
	_, err = driver.SQLServer.Dialect.Savepoint(strings.Repeat("s", 33))
	require.ErrorContains(t, err, "savepoint: ")
}

func TestQualifiedName(t *testing.T) {
	for _, test := range []struct {
		dialect driver.Dialect
		name    string
		want    string // an error where it has no quotes
	}{
		{driver.Postgres.Dialect, "größe.x y", `"größe"."x y"`},
		{driver.Postgres.Dialect, `"a.b".c`, `"a.b"."c"`},
		{driver.Postgres.Dialect, `a."b""."`, `"a"."b""."`},
		{driver.MariaDB.Dialect, "`a.b`.c", "`a.b`.`c`"},
		{driver.MariaDB.Dialect, `"a.b".c`, "`a.b`.`c`"},
		{driver.SQLServer.Dialect, "[a.]]b].dbo.c", "[a.]]b].[dbo].[c]"},
		{driver.Postgres.Dialect, "[a.b]", `"[a"."b]"`},
		{driver.Postgres.Dialect, "a..b", "is empty"},
		{driver.Postgres.Dialect, "a.", "is empty"},
		{driver.Postgres.Dialect, `"a"b`, "more than a dot"},
		{driver.Postgres.Dialect, `"a`, "not closed"},
		{driver.Postgres.Dialect, `""`, "is empty"},
	} {
		got, err := test.dialect.QualifiedName(test.name)
		if err != nil {
			require.Empty(t, got)
			require.ErrorContains(t, err, test.want)
			continue
		}
		require.Equal(t, test.want, got)
	}
}
