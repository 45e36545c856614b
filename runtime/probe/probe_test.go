package probe_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/tdsserver"
	"github.com/odbcgen/odbcgen/internal/testdb"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/probe"
)

// asChild in the environment makes this test the child of one.
const asChild = "ODBCGEN_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(asChild) == "" {
		os.Setenv(asChild, "1") // of the processes that this one starts
		os.Exit(m.Run())
	}
	if err := probe.ServeChild(context.Background(), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// ask asks a driver in children.
func ask(t *testing.T, o probe.Options) *probe.Report {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	o.Child = []string{self}
	r, err := probe.Ask(t.Context(), o)
	require.NoError(t, err)
	var text strings.Builder
	require.NoError(t, r.WriteText(&text))
	t.Log(text.String())
	return r
}

// TestBuiltIn: what is found of the drivers that there are is what the built-in plugins
// say.
func TestBuiltIn(t *testing.T) {
	for _, db := range testdb.All(t) {
		t.Run(db.Name, func(t *testing.T) {
			t.Parallel()
			r := ask(t, probe.Options{Connection: db.DSN, Scratch: true})
			require.Zero(t, r.Contradictions())
		})
	}
	t.Run("freetds", func(t *testing.T) {
		t.Parallel()
		r := ask(t, probe.Options{Connection: sqlserver(t).DSN(), Scratch: true})
		// The test server keeps nobody from seeing what is not committed.
		require.Equal(t, []string{"transactions.levels"}, contradicted(r))
		require.True(t, fact(t, r, "isolation").Lie)
		require.Contains(t, fact(t, r, "SQLCancel from a second thread").Found, "the connection goes on")
		require.Equal(t, `"name" [name]`, fact(t, r, "quoted names").Found)
	})
}

// sqlserver returns a test server with answers to statements without a table.
func sqlserver(t *testing.T) *tdsserver.Server {
	s := tdsserver.New(t)
	s.On("SELECT 'aé你😀'", tdsserver.Rows{ // of code page 1252
		Columns: []tdsserver.Column{{Type: tdsserver.Varchar(5)}}, Values: [][]any{{"aé??"}},
	})
	for _, quotes := range []string{`""`, "[]"} {
		name := "odbcgen é你 " + quotes[1:] + " x"
		quoted := quotes[:1] + strings.ReplaceAll(name, quotes[1:], quotes[1:]+quotes[1:]) + quotes[1:]
		s.On("SELECT q."+quoted+" FROM (SELECT 1 AS "+quoted+") q", tdsserver.Rows{
			Columns: []tdsserver.Column{{Name: name, Type: tdsserver.Int}}, Values: [][]any{{1}},
		})
	}
	s.On("WAITFOR DELAY '00:00:30'", tdsserver.Delay(30*time.Second))
	return s
}

// TestWrong: a plugin that says what is not so is contradicted, and what is found instead
// is what the built-in one says.
func TestWrong(t *testing.T) {
	tests := []struct {
		db    testdb.Database
		right driver.Plugin
		spoil func(*driver.Plugin)
		paths []string
	}{
		{testdb.SQLite(t), driver.SQLite, func(p *driver.Plugin) {
			p.Reads.How = driver.Position
			p.Describe.Params, p.Describe.Expressions, p.Describe.NotNull, p.Describe.Labels = true, true, driver.NotNullDescribed, false
			p.Quirks.RebindBinary, p.Quirks.RefuseZeroBytes, p.Quirks.RefuseNaN = false, false, false
			p.Dialect.Savepoints = driver.Savepoints{Make: "SAVE %s", Back: "BACK %s"}
		}, []string{
			"describe.expressions", "describe.labels", "describe.not-null", "describe.params", "dialect.savepoints",
			"quirks.rebind-binary", "quirks.refuse-nan", "quirks.refuse-zero-bytes", "reads.how",
		}},
		{testdb.Postgres(t), driver.Postgres, func(p *driver.Plugin) {
			p.Describe.Labels, p.Quirks.RefuseZeroBytes, p.Transactions.ReadOnly = true, false, driver.Temporary{Mode: "READ WRITE"}
			p.Dialect.QuoteOpen, p.Dialect.QuoteClose = "`", "`"
			p.Transactions.LockTimeout.Do = "SET LOCAL work_mem = '%dkB'"
		}, []string{"describe.labels", "dialect.quote-close", "dialect.quote-open", "dialect.savepoints", "quirks.refuse-zero-bytes", "transactions.lock-timeout", "transactions.read-only"}},
		{testdb.MariaDB(t), driver.MariaDB, func(p *driver.Plugin) {
			p.Describe.Check, p.Quirks.InfoIsFailure, p.Bulk.Counts = driver.Check{}, false, false
			p.Faults = nil
		}, []string{"describe.check", "faults", "quirks.info-is-failure"}},
	}
	if testing.Short() {
		tests = tests[:1]
	}
	for _, test := range tests {
		t.Run(test.db.Name, func(t *testing.T) {
			t.Parallel()
			wrong := test.right
			test.spoil(&wrong)
			r := ask(t, probe.Options{Connection: test.db.DSN, Plugin: &wrong, Scratch: true})
			require.Equal(t, test.paths, contradicted(r))
		})
	}
}

// contradicted returns the paths of what the plugin has wrong, each once.
func contradicted(r *probe.Report) (paths []string) {
	for _, made := range r.Results {
		for _, f := range made.Facts {
			if f.Verdict(r.Plugin) == probe.Contradicts {
				paths = append(paths, f.Path)
			}
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// TestUnknown: of a database that no plugin is for, what is found is what the plugin that
// was written for it says.
func TestUnknown(t *testing.T) {
	tests := []struct {
		db    testdb.Database
		known driver.Plugin
	}{{testdb.Postgres(t), driver.Postgres}, {testdb.MariaDB(t), driver.MariaDB}}
	if testing.Short() {
		tests = tests[:1]
	}
	for _, test := range tests {
		t.Run(test.db.Name, func(t *testing.T) {
			t.Parallel()
			found, _ := ask(t, probe.Options{Connection: test.db.DSN, Plugin: &driver.Generic, Scratch: true}).Found()
			known := test.known
			require.Equal(t, known.Transactions.Modes, found.Transactions.Modes)
			require.Equal(t, known.Transactions.Isolation, found.Transactions.Isolation)
			require.Equal(t, known.Transactions.ReadOnly, found.Transactions.ReadOnly)
			require.Equal(t, known.Transactions.Levels, found.Transactions.Levels)
			require.Equal(t, known.Describe.Params, found.Describe.Params)
			require.Equal(t, known.Describe.Unsigned, found.Describe.Unsigned)
			require.Equal(t, known.Quirks.InfoIsFailure, found.Quirks.InfoIsFailure)
			require.Equal(t, known.Quirks.RefuseZeroBytes, found.Quirks.RefuseZeroBytes)
			require.Equal(t, known.Reads.How, found.Reads.How)
			require.Equal(t, known.Dialect.Savepoints, found.Dialect.Savepoints)
			require.Equal(t, known.Describe.Check, found.Describe.Check)
		})
	}
}
