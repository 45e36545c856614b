package probe_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/fakedriver"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/probe"
)

// TestLies: a driver that claims what is not so is found out.
func TestLies(t *testing.T) {
	d := fakedriver.New(t)
	tables := record(d, func(c *fakedriver.Call, a *fakedriver.Answer) {
		switch {
		case c.Op == fakedriver.GetInfo && c.Attribute == 10002:
			a.Text = "Y" // and there is no SQLDescribeParam
		case c.Op == fakedriver.Execute && len(c.Params) > 1: // success, of the first row only
			table := strings.Fields(c.SQL)[2]
			d.SetResult("SELECT COUNT(*) FROM "+table, number(1))
			d.SetResult("SELECT id, t, b FROM "+table+" ORDER BY id", fakedriver.Result{
				Columns: []fakedriver.Column{{Name: "id", Type: fakedriver.Integer}, {Name: "t", Type: fakedriver.Varchar, Size: 100}, {Name: "b", Type: fakedriver.LongVarbinary, Size: 200}},
				Rows:    [][]any{{1, "0", []byte("0.1.2.3.4.5.6.7.8.9.")}},
			})
		}
	})
	d.SetResult("SELECT 'aé你😀'", fakedriver.Result{
		Columns: []fakedriver.Column{{Name: "v", Type: fakedriver.Varchar, Size: 20}}, Rows: [][]any{{"aé??"}},
	})
	believing := driver.Generic
	believing.Describe.Params = true
	believing.Bulk.Rows = 100
	r := ask(t, probe.Options{Connection: d.DSN(), Plugin: &believing, Scratch: true, Limit: 5 * time.Second})

	literal := fact(t, r, "a literal that is not ASCII")
	require.True(t, literal.Lie)
	require.Equal(t, `"aé你😀" comes back as "aé??"`, literal.Found)
	params := fact(t, r, "types of parameters")
	require.True(t, params.Lie)
	require.Equal(t, "DESCRIBE_PARAMETER Y", params.Claimed)
	require.Equal(t, probe.Contradicts, params.Verdict(r.Plugin))
	array := fact(t, r, "a parameter array of 10 rows")
	require.True(t, array.Lie)
	require.Contains(t, array.Found, "1 rows stored, 10 processed, 0 bad, SQLRowCount 10: 1 rows of 10")
	require.Equal(t, probe.Contradicts, array.Verdict(r.Plugin))
	bad := fact(t, r, "row 5 of a parameter array of 10 is bad")
	require.Contains(t, bad.Found, "nobody is told")

	found, comments := r.Found()
	require.Equal(t, "fake", found.Name)
	require.Equal(t, driver.Match{DBMS: []string{"Fake"}, Driver: []string{"libfake.so"}}, found.Match)
	require.False(t, found.Describe.Params)
	require.Equal(t, 1, found.Bulk.Rows)
	require.Contains(t, comments["describe.params"], "the driver says: DESCRIBE_PARAMETER Y")
	require.True(t, believing.Describe.Params, "the plugin itself is not changed")
	tables.requireDropped(t, r)
}

func number(n int) fakedriver.Result {
	return fakedriver.Result{Columns: []fakedriver.Column{{Name: "n", Type: fakedriver.Integer, Size: 10}}, Rows: [][]any{{n}}}
}

// TestCrash: a driver that ends its process is said to have done so, all other trials are
// made, and no table is left.
func TestCrash(t *testing.T) {
	d := fakedriver.New(t)
	tables := record(d, func(c *fakedriver.Call, a *fakedriver.Answer) {
		a.Crash = a.Crash || c.Op == fakedriver.Execute && len(c.Params) == 10
	})
	plugin := driver.Generic
	plugin.Bulk.Rows = 100
	r := ask(t, probe.Options{Connection: d.DSN(), Plugin: &plugin, Scratch: true, Limit: 5 * time.Second})
	for _, name := range []string{"parameter array", "bad row in a parameter array"} {
		crashed := result(t, r, name)
		require.True(t, crashed.Crashed)
		require.Contains(t, crashed.Problem, "the driver crashed: SIGSEGV")
	}
	result(t, r, "cancel") // the last one
	require.GreaterOrEqual(t, r.Contradictions(), 2)
	found, comments := r.Found()
	require.Equal(t, 1, found.Bulk.Rows)
	require.Contains(t, comments["bulk.rows"], "crashed")
	tables.requireDropped(t, r)
}

// TestHang: a driver that never answers is given up, wherever it hangs.
func TestHang(t *testing.T) {
	for name, gate := range map[string]*fakedriver.Gate{
		"in a call that can be cancelled": {Op: fakedriver.Execute, When: func(c *fakedriver.Call) bool { return len(c.Params) == 10 }, Deaf: true},
		"in one that cannot":              {Op: fakedriver.GetInfo, When: func(c *fakedriver.Call) bool { return c.Attribute == 10002 }, Deaf: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := fakedriver.New(t)
			tables := record(d, nil)
			d.Wait(gate)
			t.Cleanup(gate.Open)
			r := ask(t, probe.Options{Connection: d.HiddenDSN(), Scratch: true, Limit: time.Second})
			var hung []string
			for _, made := range r.Results {
				if made.Crashed || made.Hung {
					require.Contains(t, made.Problem, "the driver hung")
					hung = append(hung, made.Trial)
				}
			}
			if gate.Op == fakedriver.Execute {
				require.Equal(t, []string{"parameter array", "bad row in a parameter array"}, hung)
			} else {
				require.Equal(t, []string{"claims", "described parameters"}, hung)
			}
			tables.requireDropped(t, r)
		})
	}
}

// TestSecrets: no password of the connection string is told.
func TestSecrets(t *testing.T) {
	const secret = "Tr0ub4dor"
	d := fakedriver.New(t)
	d.Script(func(c *fakedriver.Call, a *fakedriver.Answer) {
		if c.Op == fakedriver.Prepare || c.Op == fakedriver.ExecuteDirectly {
			a.Fail("HY000", 1, "no, "+secret+" says")
		}
		if c.Op == fakedriver.GetInfo && c.Attribute == 14 {
			a.Text = secret
		}
	})
	r := ask(t, probe.Options{Connection: d.DSN() + ";UID=me;PWD=" + secret, Scratch: true, Limit: 5 * time.Second})
	require.NotContains(t, text(t, r), secret)
	require.Contains(t, text(t, r), "no, *** says")
	for _, made := range r.Results { // nothing is believed of a driver that refuses all
		for _, f := range made.Facts {
			require.NotEqual(t, probe.Agrees, f.Verdict(r.Plugin), f.About)
		}
	}
	_, comments := r.Found()
	require.NotContains(t, fmt.Sprint(comments), secret)
}

// tables are those that were made and dropped.
type tables struct {
	mu            sync.Mutex
	made, dropped []string
}

// record makes a driver remember tables, and answer by a script.
func record(d *fakedriver.Driver, script func(*fakedriver.Call, *fakedriver.Answer)) *tables {
	var all tables
	d.Script(func(c *fakedriver.Call, a *fakedriver.Answer) {
		words := strings.Fields(c.SQL)
		if c.Op == fakedriver.ExecuteDirectly && len(words) > 2 && words[1] == "TABLE" {
			all.mu.Lock()
			defer all.mu.Unlock()
			if words[0] == "CREATE" {
				all.made = append(all.made, words[2])
			} else {
				all.dropped = append(all.dropped, words[2])
			}
		}
		if script != nil {
			script(c, a)
		}
	})
	return &all
}

func (all *tables) requireDropped(t *testing.T, r *probe.Report) {
	t.Helper()
	require.Empty(t, r.Left)
	require.NotEmpty(t, all.made)
	require.ElementsMatch(t, all.made, all.dropped)
}

func text(t *testing.T, r *probe.Report) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, r.WriteText(&b))
	return b.String()
}

// fact returns what was found of something.
func fact(t *testing.T, r *probe.Report, about string) *probe.Fact {
	t.Helper()
	for _, made := range r.Results {
		for i := range made.Facts {
			if made.Facts[i].About == about {
				return &made.Facts[i]
			}
		}
	}
	require.Fail(t, "nothing was found of "+about)
	return nil
}

func result(t *testing.T, r *probe.Report, trial string) probe.Result {
	t.Helper()
	for _, made := range r.Results {
		if made.Trial == trial {
			return made
		}
	}
	require.Fail(t, "there was no trial "+trial)
	return probe.Result{}
}
