package testdb

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Null is how [Query] shows NULL. The empty string is "".
const Null = "NULL"

// Exec runs SQL statements, ended by semicolons, with the database's own
// command-line client. A statement that fails ends the test.
func Exec(t testing.TB, db Database, sql string) {
	t.Helper()
	Query(t, db, sql)
}

// Query runs SQL like [Exec] and returns the rows of its one result, each value
// as the client writes it: a boolean is "t" in PostgreSQL and "1" elsewhere.
// Ask for the hex form of binary values.
func Query(t testing.TB, db Database, sql string) [][]string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), clientLimit)
	defer cancel()
	rows, err := db.query(ctx, sql)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// clientLimit is the longest that one call of a client may take.
const clientLimit = time.Minute

func (db Database) query(ctx context.Context, sql string) ([][]string, error) {
	c := clients[db.Name]
	path, err := program(c.program)
	if err != nil {
		return nil, err
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, path, c.arguments(db.DSN)...)
	cmd.Stdin = strings.NewReader(sql)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w\n%s", db.Name, sql, err, stderr.Bytes())
	}
	return c.rows(string(out)), nil
}

// client is a command-line client that reads SQL from its standard input.
type client struct {
	program string
	args    []string // $KEY is the value of KEY in the connection string

	field, row string // what stands between two fields, and between two rows
	end        string // what stands behind the last row
	unescape   *strings.Replacer
}

// ASCII unit and record separators: characters that no test value contains.
const (
	unit   = "\x1f"
	record = "\x1e"
)

// verbatim is for the clients that print values as they are.
var verbatim = strings.NewReplacer()

var clients = map[string]client{
	"sqlite": {
		program: "sqlite3",
		args: []string{"-batch", "-bail", "-init", os.DevNull, "-cmd", ".timeout 10000",
			"-list", "-noheader", "-nullvalue", Null, "-separator", unit, "-newline", record, "$DATABASE"},
		field: unit, row: record, end: record, unescape: verbatim,
	},
	"postgres": {
		program: "psql",
		args: []string{"--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1",
			"--no-align", "--tuples-only", "--pset=null=" + Null, "--field-separator=" + unit, "--record-separator=" + record,
			"postgresql://$UID:$PWD@$SERVER:$PORT/$DATABASE"},
		field: unit, row: record, end: "\n", unescape: verbatim,
	},
	"mariadb": {
		program: "mariadb",
		args: []string{"--no-defaults", "--batch", "--skip-column-names", "--binary-mode", "--default-character-set=utf8mb4",
			"--protocol=tcp", "--host=$SERVER", "--port=$PORT", "--user=$UID", "--password=$PWD", "$DATABASE"},
		field: "\t", row: "\n", end: "\n", unescape: strings.NewReplacer(`\t`, "\t", `\n`, "\n", `\0`, "\x00", `\\`, `\`),
	},
}

func (c client) arguments(dsn string) []string {
	values := map[string]string{}
	for part := range strings.SplitSeq(dsn, ";") {
		key, value, _ := strings.Cut(part, "=")
		values[strings.ToUpper(key)] = value
	}
	args := make([]string, len(c.args))
	for i, arg := range c.args {
		args[i] = os.Expand(arg, func(key string) string { return values[key] })
	}
	return args
}

func (c client) rows(out string) [][]string {
	if out == "" {
		return nil
	}
	var rows [][]string
	for line := range strings.SplitSeq(strings.TrimSuffix(out, c.end), c.row) {
		row := strings.Split(line, c.field)
		for i := range row {
			row[i] = c.unescape.Replace(row[i])
		}
		rows = append(rows, row)
	}
	return rows
}
