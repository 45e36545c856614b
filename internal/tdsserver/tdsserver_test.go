package tdsserver_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/odbcgen/odbcgen/internal/tdsserver"
	"github.com/odbcgen/odbcgen/runtime"
	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if folder != "" {
		os.RemoveAll(folder)
	}
	os.Exit(code)
}

// folder is where the client is, "" before it is built.
var folder string

const (
	patience = 10 * time.Second
	tick     = time.Millisecond
)

// client builds a program that calls a driver as its standard input says.
var client = sync.OnceValues(func() (program string, err error) {
	if folder, err = os.MkdirTemp("", "tdsserver"); err != nil {
		return "", err
	}
	program = filepath.Join(folder, "client")
	if out, err := exec.Command("gcc", "-O1", "-o", program, "testdata/client.c", "-lodbc").CombinedOutput(); err != nil {
		return "", fmt.Errorf("gcc: %w\n%s", err, out)
	}
	return program, nil
})

// call runs commands of the client, whose words have | between them, and returns what it
// writes.
func call(t *testing.T, dsn string, commands ...string) string {
	t.Helper()
	program, err := client()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), program, dsn)
	cmd.Stdin = strings.NewReader(strings.ReplaceAll(strings.Join(commands, "\n"), "|", "\t"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out) + err.Error()
	}
	return string(out)
}

// lines joins lines, each with its end.
func lines(all ...string) string { return strings.Join(all, "\n") + "\n" }

// open opens a database with one connection unless the options say otherwise. Nothing
// may be left of it when the test ends.
func open(t *testing.T, s *tdsserver.Server, opts ...runtime.Option) *runtime.DB {
	t.Helper()
	db, err := runtime.Open(t.Context(), s.DSN(), append([]runtime.Option{runtime.WithPoolSize(1)}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(func() {
		db.Close()
		require.Eventually(t, func() bool {
			connections, statements := runtime.Handles()
			return connections == 0 && statements == 0
		}, patience, tick, "handles")
	})
	return db
}

// sent returns the requests of a kind that statements of the test have made.
func sent(s *tdsserver.Server, kinds ...tdsserver.Kind) (found []*tdsserver.Request) {
	for _, r := range s.Requests() {
		for _, k := range kinds {
			if r.Kind == k {
				found = append(found, r)
			}
		}
	}
	return found
}

// ended waits for the end of the last session, whose client is gone.
func ended(t *testing.T, s *tdsserver.Server) (last tdsserver.Session) {
	t.Helper()
	require.Eventually(t, func() bool {
		sessions := s.Sessions()
		last = sessions[len(sessions)-1]
		return !last.Open
	}, patience, tick)
	return last
}

// told are the requests so far, each as the procedure that carries it and its text.
func told(s *tdsserver.Server) (all []string) {
	for _, r := range s.Requests() {
		words := []string{r.Kind.String()}
		if r.By != "" {
			words = append(words, r.By)
		}
		all = append(all, strings.TrimSpace(strings.Join(append(words, r.SQL), " ")))
	}
	return all
}

// freeTDS is the plugin that the driver has.
var freeTDS = driver.SQLServerFreeTDS

// with returns the plugin with another way to read.
func with(how driver.Reading) *driver.Plugin {
	p := freeTDS
	p.Reads.How, p.Reads.Stream.How = how, how
	return &p
}

// query is a query for a row of any kinds; a parameter is a value of each kind in params.
func query(sql string, params []protocol.Kind, columns ...protocol.Kind) *runtime.Query[[]any, []any] {
	q := &runtime.Query[[]any, []any]{Name: "Query", SQL: sql, Params: paramsOf(params)}
	for i, k := range columns {
		q.Columns = append(q.Columns, runtime.Column{Name: fmt.Sprintf("c%d", i+1), Kind: k, Null: true})
	}
	q.Encode = appendRow
	q.Decode = func(rows [][]any, b *protocol.Batch) {
		for i := range rows {
			rows[i] = make([]any, len(columns))
			for j, k := range columns {
				if b.Columns()[j].Indicators()[i] != protocol.Null {
					rows[i][j] = cell(b, j, k, i)
				}
			}
		}
	}
	return q
}

func paramsOf(kinds []protocol.Kind) (params []runtime.Param) {
	for i, k := range kinds {
		params = append(params, runtime.Param{Name: fmt.Sprintf("p%d", i+1), Kind: k})
	}
	return params
}

// command is a statement for a value of each kind.
func command(sql string, params ...protocol.Kind) *runtime.Command[[]any] {
	return &runtime.Command[[]any]{Name: "Command", SQL: sql, Params: paramsOf(params), Encode: appendRow}
}
